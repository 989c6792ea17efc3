//! Sets of UIDs: how they are written in a command and how a backlog is cut into pieces.

use super::Listed;

/// Longest set in one command. RFC 7162 section 4 lets servers stop reading a command line at 8192 bytes.
const SET_LENGTH: usize = 4_000;

/// Cuts a listing into sets that are fetched together: at most `bytes` (by the sizes that the server named) and `mails` each,
/// in the same order. A mail larger than `bytes` makes a set of its own.
pub fn sets(listed: &[Listed], bytes: u64, mails: usize) -> Vec<&[Listed]> {
    let mut sets = Vec::new();
    let mut rest = listed;
    while !rest.is_empty() {
        let mut total = 0_u64;
        let fitting = rest
            .iter()
            .take(mails.max(1))
            .take_while(|mail| {
                total = total.saturating_add(mail.size);
                total <= bytes
            })
            .count()
            .max(1);
        let (set, later) = rest.split_at(fitting);
        sets.push(set);
        rest = later;
    }
    sets
}

/// UIDs as the protocol writes them, neighbours joined (`1:4,9`), in as many sets as lines are long.
pub(super) fn written(uids: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut uids: Vec<u32> = uids.into_iter().collect();
    uids.sort_unstable();
    uids.dedup();
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => runs.push((uid, uid)),
        }
    }
    let mut sets: Vec<String> = Vec::new();
    for (first, last) in runs {
        let run = if first == last {
            first.to_string()
        } else {
            format!("{first}:{last}")
        };
        match sets.last_mut() {
            Some(set) if set.len() + run.len() < SET_LENGTH => {
                set.push(',');
                set.push_str(&run);
            }
            _ => sets.push(run),
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(sizes: &[u64]) -> Vec<Listed> {
        sizes
            .iter()
            .zip(1..)
            .map(|(size, uid)| Listed {
                uid,
                size: *size,
                internal_date: None,
            })
            .collect()
    }

    #[test]
    fn neighbours_are_joined() {
        assert_eq!(written([9, 1, 2, 3, 3, 7]), ["1:3,7,9"]);
        assert_eq!(written([u32::MAX, u32::MAX - 1]), ["4294967294:4294967295"]);
        assert!(written([]).is_empty());
    }

    #[test]
    fn long_sets_are_cut() {
        let sets = written((0..5_000).map(|n| n * 2));
        assert!(sets.len() > 1);
        assert!(sets.iter().all(|set| set.len() <= SET_LENGTH));
        let count: usize = sets.iter().map(|set| set.split(',').count()).sum();
        assert_eq!(count, 5_000);
    }

    #[test]
    fn a_backlog_is_cut_by_size_and_number() {
        let listed = listing(&[10, 10, 100, 10, 10, 10]);
        let cut: Vec<Vec<u32>> = sets(&listed, 30, 2)
            .into_iter()
            .map(|set| set.iter().map(|mail| mail.uid).collect())
            .collect();
        assert_eq!(cut, [vec![1, 2], vec![3], vec![4, 5], vec![6]]);
    }
}
