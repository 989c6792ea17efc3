//! Working time of the teams: `[calendar]`, `hours`, and what waits for how long.

use chrono::NaiveDate;

use crate::config::compile::list;
use crate::config::reading::Reading;
use crate::config::time::{self, Hours, Term};
use crate::config::written::{self, Config};
use crate::desk::calendar::{self, Calendar, Holidays};
use crate::zone::Zone;

/// When an unanswered question is asked again.
const REMINDERS: [calendar::Term; 2] = [
    calendar::Term::WorkingDays(3),
    calendar::Term::WorkingDays(7),
];

/// When the ticket is resolved for want of an answer.
const RESOLVE_AFTER: calendar::Term = calendar::Term::WorkingDays(10);

/// The closures of the institution.
pub fn closures(reading: &mut Reading, config: &Config) -> Vec<(NaiveDate, NaiveDate)> {
    let mut closures = Vec::new();
    for text in list(config.calendar.closures.as_ref()) {
        match time::closure(text) {
            Ok(closure) => closures.push(closure),
            Err(message) => reading.wrong("calendar.closures", message),
        }
    }
    closures
}

/// When a team is there. Hours of `"always"` know no day off.
pub fn calendar(
    config: &Config,
    team: &written::Team,
    closures: &[(NaiveDate, NaiveDate)],
    timezone: Zone,
) -> Calendar {
    let hours = team.hours.clone().unwrap_or_else(Hours::usual).0;
    if hours == calendar::Hours::always() {
        return Calendar::always(timezone);
    }
    let holidays = team.holidays.as_ref().or(config.calendar.holidays.as_ref());
    Calendar {
        timezone,
        hours,
        holidays: match holidays.map(String::as_str) {
            Some("none") => Holidays::None,
            Some("alsace-moselle") => Holidays::AlsaceMoselle,
            _ => Holidays::France,
        },
        closures: closures.to_vec(),
    }
}

/// What a team sends while a ticket waits for its requester: reminders, and when it resolves.
pub struct Waiting {
    /// Reminders, each from the beginning of the wait.
    pub reminders: Vec<calendar::Term>,
    /// Resolved for want of an answer, likewise; `None`: never.
    pub resolve_after: Option<calendar::Term>,
}

/// Reads them, and sees that they are in order.
pub fn waiting(
    reading: &mut Reading,
    at: &str,
    team: &written::Team,
    calendar: &Calendar,
) -> Waiting {
    let reminders = match &team.reminders {
        None => REMINDERS.to_vec(),
        Some(written) => written
            .list()
            .iter()
            .filter_map(|text| Term::parse(text).ok()?.term())
            .collect(),
    };
    let resolve_after = match team.resolve_after {
        Some(term) => term.term(),
        None => Some(RESOLVE_AFTER),
    };
    // By any day without a holiday near; the order of terms is what matters.
    let start = calendar.next_open(
        NaiveDate::from_ymd_opt(2026, 3, 2)
            .unwrap_or_default()
            .and_time(chrono::NaiveTime::MIN)
            .and_utc(),
    );
    let date = |term: &calendar::Term| calendar.add(start, *term);
    if reminders
        .windows(2)
        .any(|two| date(&two[0]) >= date(&two[1]))
    {
        reading.wrong(
            &format!("{at}.reminders"),
            "each reminder must come after the one before, all count from the beginning of the wait",
        );
    }
    if let (Some(last), Some(resolve)) = (reminders.last(), &resolve_after)
        && date(last) >= date(resolve)
    {
        let key = if team.resolve_after.is_some() {
            "resolve_after"
        } else {
            "reminders"
        };
        reading.wrong(
            &format!("{at}.{key}"),
            "resolve_after must come after the last reminder (10 working days unless it is set; \"never\" for no such end)",
        );
    }
    Waiting {
        reminders,
        resolve_after,
    }
}
