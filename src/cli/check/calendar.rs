//! Working hours: what `check` says of them. A wrong year in a closure would silence the desk for as long.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::Finding;
use crate::cli::print;
use crate::desk::Policy;
use crate::desk::calendar::Calendar;

/// A closure that is longer is a slip more often than a holiday, in days.
const LONG_CLOSURE_DAYS: i64 = 45;

/// A team that is away for longer than this is told of, in days.
const LONG_ABSENCE_DAYS: i64 = 31;

/// Days looked ahead for a day off.
const AHEAD_DAYS: u64 = 366;

/// One finding a team, and what is odd.
pub fn look(policy: &Policy, now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = policy
        .teams
        .iter()
        .map(|team| hours(&team.id, &team.calendar, now))
        .collect();
    let mut seen: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for closure in policy.teams.iter().flat_map(|team| &team.calendar.closures) {
        let (first, last) = *closure;
        let days = (last - first).num_days() + 1;
        if seen.contains(closure) {
            continue;
        }
        if days > LONG_CLOSURE_DAYS {
            findings.push(Finding::bad(
                "calendar",
                format!("the closure {first}..{last} lasts {days} days"),
                "look at its years in calendar.closures",
            ));
        } else if seen.iter().any(|(from, to)| *from <= last && first <= *to) {
            findings.push(Finding::bad(
                "calendar",
                format!("the closure {first}..{last} overlaps another"),
                "make one of the two in calendar.closures",
            ));
        }
        seen.push(*closure);
    }
    let today = now.date_naive();
    if !seen.is_empty() && seen.iter().all(|(_, last)| *last < today) {
        findings.push(Finding::good(
            "calendar",
            "all closures are in the past: those to come belong in calendar.closures",
        ));
    }
    findings
}

fn hours(team: &str, calendar: &Calendar, now: DateTime<Utc>) -> Finding {
    let name = format!("hours {team}");
    let opens = calendar.next_open(now);
    if !calendar.is_open(opens) {
        return Finding::bad(
            &name,
            "no hour is open in the next three years",
            "look at hours and calendar.closures",
        );
    }
    if (opens - now).num_days() > LONG_ABSENCE_DAYS {
        return Finding::bad(
            &name,
            format!("closed until {}", print::time(opens, calendar.timezone)),
            "look at the years in calendar.closures",
        );
    }
    let state = if opens == now {
        "open now".to_owned()
    } else {
        format!("opens {}", print::time(opens, calendar.timezone))
    };
    let today = now.with_timezone(&calendar.timezone).date_naive();
    let off = (0..AHEAD_DAYS)
        .filter_map(|days| today.checked_add_days(Days::new(days)))
        .find(|day| calendar.is_day_off(*day));
    Finding::good(
        &name,
        match off {
            Some(day) => format!("{state}, next day off {day}"),
            None => format!("{state}, no day off"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::calendar::{Holidays, Hours};

    fn calendar(closures: &[(&str, &str)]) -> Calendar {
        let day = |text: &str| text.parse().expect("a date");
        Calendar {
            holidays: Holidays::France,
            hours: Hours::always(),
            closures: closures
                .iter()
                .map(|(first, last)| (day(first), day(last)))
                .collect(),
            ..Calendar::always(crate::zone::Zone::paris())
        }
    }

    #[test]
    fn hours_are_told_and_a_wrong_year_is_seen() {
        let now = "2026-11-25T09:00:00Z".parse().expect("a moment");
        let good = hours("dsi", &calendar(&[]), now);
        assert!(good.ok);
        assert_eq!(good.detail, "open now, next day off 2026-12-25");
        let wrong = hours("dsi", &calendar(&[("2026-11-20", "2027-01-03")]), now);
        assert!(!wrong.ok, "{}", wrong.detail);
        let never = Calendar {
            hours: Hours::default(),
            ..calendar(&[])
        };
        assert!(!hours("dsi", &never, now).ok);
    }
}
