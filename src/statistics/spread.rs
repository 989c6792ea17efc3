//! Durations of many tickets: half take no longer than the median, nine of ten no longer than p90.

use serde::Serialize;

/// Of working minutes, by the nearest rank: each figure is one that some ticket really had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// How many there are.
    pub n: usize,
    /// The median; `None` of none.
    pub median: Option<u32>,
    /// The ninth decile.
    pub p90: Option<u32>,
}

impl Spread {
    /// Of these.
    pub fn of(mut minutes: Vec<u32>) -> Self {
        minutes.sort_unstable();
        let rank = |percent: usize| {
            let place = (minutes.len() * percent).div_ceil(100).max(1);
            minutes.get(place - 1).copied()
        };
        Self {
            n: minutes.len(),
            median: rank(50),
            p90: rank(90),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        let spread = |minutes: &[u32]| {
            let spread = Spread::of(minutes.to_vec());
            (spread.n, spread.median, spread.p90)
        };
        assert_eq!(spread(&[]), (0, None, None));
        assert_eq!(spread(&[7]), (1, Some(7), Some(7)));
        assert_eq!(spread(&[30, 10, 20]), (3, Some(20), Some(30)));
        assert_eq!(spread(&[4, 3, 2, 1]), (4, Some(2), Some(4)));
        let ten: Vec<u32> = (1..=10).collect();
        assert_eq!(spread(&ten), (10, Some(5), Some(9)));
    }
}
