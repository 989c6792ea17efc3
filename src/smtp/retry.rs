//! When to try again what was not sent. Pure: the caller brings the clock.

use chrono::{DateTime, TimeDelta, Utc};

/// Minutes after the first attempts. Greylisting lets a mail through after one to five minutes;
/// a relay that restarts is back within fifteen.
const FIRST_DELAYS_MINUTES: [i64; 3] = [1, 5, 15];
/// Minutes after all later ones: somebody who waits for an answer should have it within the hour
/// in which the relay came back.
const LATER_DELAY_MINUTES: i64 = 60;
/// How long a mail is tried before the desk gives up: RFC 5321 4.5.4.1 asks for four or five days.
const GIVE_UP_AFTER_DAYS: i64 = 5;

/// When the next attempt is due, after `attempts` (counted from one) of which the first was made
/// at `first_tried_at` and the last has just failed, at `now`. `None`: the five days are over. The
/// last attempt is made at their very end.
pub fn next_attempt(
    attempts: u32,
    first_tried_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let end = first_tried_at + TimeDelta::days(GIVE_UP_AFTER_DAYS);
    if now >= end {
        return None;
    }
    let minutes = usize::try_from(attempts.saturating_sub(1))
        .ok()
        .and_then(|index| FIRST_DELAYS_MINUTES.get(index).copied())
        .unwrap_or(LATER_DELAY_MINUTES);
    Some((now + TimeDelta::minutes(minutes)).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn a_failing_mail_is_tried_at_1_6_21_81_minutes_then_hourly_for_five_days() {
        let (mut now, mut times) = (at(0), Vec::new());
        for attempts in 1.. {
            let Some(next) = next_attempt(attempts, at(0), now) else {
                break;
            };
            assert!(next > now);
            times.push((next - at(0)).num_minutes());
            now = next;
        }
        assert_eq!(times[..6], [1, 6, 21, 81, 141, 201]);
        assert_eq!(times.last(), Some(&(5 * 24 * 60)));
        assert_eq!(times.len(), 3 + 120);
    }

    #[test]
    fn after_five_days_of_downtime_there_is_no_other_attempt() {
        assert_eq!(next_attempt(1, at(0), at(5 * 24 * 60)), None);
        assert_eq!(next_attempt(1, at(0), at(90 * 24 * 60)), None);
    }

    #[test]
    fn a_clock_set_back_only_delays() {
        assert_eq!(next_attempt(2, at(600), at(0)), Some(at(5)));
        assert_eq!(next_attempt(0, at(0), at(0)), Some(at(1)));
        assert_eq!(next_attempt(u32::MAX, at(0), at(10)), Some(at(70)));
    }
}
