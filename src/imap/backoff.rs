//! How long to leave a failing account alone. Pure: the caller sleeps, and brings the chance.

use std::time::Duration;

use super::Kind;

/// First pause after a failure of the network; doubles from there.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause while the server does not answer: new mail waits at most this long once it is back.
const NETWORK_CEILING: Duration = Duration::from_secs(60);

/// First pause after a refused login. A wrong password does not mend itself within seconds, and
/// servers lock accounts that are tried too often.
const REFUSED_FIRST_PAUSE: Duration = Duration::from_secs(30);

/// Longest pause while the login is refused: four attempts an hour keep any server calm.
const REFUSED_CEILING: Duration = Duration::from_secs(15 * 60);

/// Share of the pause that chance may add or take, so that many accounts of one server do not all
/// come back in the same second.
const JITTER: f64 = 0.2;

/// The back-off of one account: from 1 second to 60 for the network, from 30 seconds to 15 minutes for a
/// refused login, each ±20 %.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backoff {
    network_failures: u32,
    refusals: u32,
}

impl Backoff {
    /// The pause before the next attempt after a failure of this `kind`. `jitter` is drawn by the caller, evenly
    /// from 0 to 1 (0.5 changes nothing; values outside are brought inside).
    pub fn after(&mut self, kind: Kind, jitter: f64) -> Duration {
        let (failures, first, ceiling) = match kind {
            Kind::LoginRefused | Kind::Credential | Kind::PlaintextRefused | Kind::NoStartTls => {
                (&mut self.refusals, REFUSED_FIRST_PAUSE, REFUSED_CEILING)
            }
            Kind::Network
            | Kind::Tls
            | Kind::FolderMissing
            | Kind::CommandRefused
            | Kind::Protocol => (&mut self.network_failures, FIRST_PAUSE, NETWORK_CEILING),
        };
        let doublings = (*failures).min(10);
        *failures = failures.saturating_add(1);
        let pause = first.saturating_mul(1 << doublings).min(ceiling);
        pause.mul_f64(1.0 + JITTER * (2.0 * jitter.clamp(0.0, 1.0) - 1.0))
    }

    /// The account works again: the next failure starts from the shortest pause.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Failures in a row since the last success, for the log and `check`.
    pub fn failures(&self) -> u32 {
        self.network_failures.saturating_add(self.refusals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(kind: Kind, jitter: f64) -> Vec<u64> {
        let mut backoff = Backoff::default();
        (0..9)
            .map(|_| backoff.after(kind, jitter).as_secs())
            .collect()
    }

    #[test]
    fn the_network_is_tried_again_within_a_minute() {
        assert_eq!(pauses(Kind::Network, 0.5), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_refused_login_ends_at_a_quarter_of_an_hour() {
        assert_eq!(
            pauses(Kind::LoginRefused, 0.5),
            [30, 60, 120, 240, 480, 900, 900, 900, 900]
        );
    }

    #[test]
    fn chance_spreads_the_attempts() {
        assert_eq!(pauses(Kind::Network, 0.0)[8], 48);
        assert_eq!(pauses(Kind::Network, 1.0)[8], 72);
        assert_eq!(pauses(Kind::Network, f64::MAX)[8], 72);
    }

    #[test]
    fn a_success_starts_over() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.after(Kind::Network, 0.5);
        }
        assert_eq!(backoff.failures(), 5);
        backoff.reset();
        assert_eq!(backoff.after(Kind::Network, 0.5), FIRST_PAUSE);
    }
}
