//! What goes out once a month: how the month was, to whom a team names (rows I3, I4, N1), and which of
//! his articles somebody should read again, to their author (row L6). What it says is drawn up outside
//! the transaction, because figures take their time; whether it has been said is asked inside, so that a
//! month is told once, and after a long downtime only the latest.

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::draft::Draft;
use super::{Enclosed, Kind, Listed, tell};
use crate::mail::Address;

/// Nobody reads a month's figures in the night: a team that is always there gets them at eight.
const HOUR: i64 = 8;

/// What is to be told of one month, all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it is about, as the store keeps it: [`Report::of_team`], [`Report::ARTICLES`].
    pub name: String,
    /// First day of the month.
    pub month: NaiveDate,
    /// The mails; none when there is nothing to say.
    pub letters: Vec<Letter>,
}

/// One mail of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// [`Kind::Report`] or [`Kind::Review`].
    pub kind: Kind,
    /// To whom.
    pub to: Address,
    /// In which language.
    pub language: String,
    /// The team whose name and address it comes from; the first without.
    pub team: Option<String>,
    /// What it says.
    pub monthly: Monthly,
    /// The suggestions of the month.
    pub suggestions: Vec<Listed>,
    /// The figures as a file.
    pub enclosed: Option<Enclosed>,
}

/// What a mail of a report says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monthly {
    /// What it is about: the name of a team; empty: of nothing in particular.
    pub about: String,
    /// The month in words.
    pub month: String,
    /// Its parts, in order.
    pub sections: Vec<Section>,
    /// Where there is more, for who may open it.
    pub page: Option<String>,
}

/// A part under a title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Title.
    pub title: String,
    /// Lines.
    pub rows: Vec<Row>,
    /// What is to be known to read it.
    pub note: Option<String>,
}

/// A line: what, and how much of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What.
    pub label: String,
    /// How much, or when.
    pub value: String,
    /// Its page.
    pub link: Option<String>,
}

impl Report {
    /// The articles that their authors should read again.
    pub const ARTICLES: &'static str = "articles";

    /// How the month of this team was.
    pub fn of_team(id: &str) -> String {
        format!("team {id}")
    }

    /// When the month was over at the latest, wherever one lives.
    pub fn over(&self) -> DateTime<Utc> {
        let next = self.month.checked_add_months(Months::new(1));
        let next = next.unwrap_or(self.month).and_time(NaiveTime::MIN);
        next.and_utc() + Duration::hours(HOUR)
    }

    /// The month that is to be told now by somebody who works at these times, by its first day: the last
    /// one, from the first opening of this one on and only when somebody is there.
    pub fn month_due(calendar: &Calendar, now: DateTime<Utc>) -> Option<NaiveDate> {
        let today = now.with_timezone(&calendar.timezone).date_naive();
        let first = today.with_day(1)?;
        let last = first.pred_opt()?.with_day(1)?;
        let morning = calendar.begins(first) + Duration::hours(HOUR);
        (now >= calendar.next_open(morning) && calendar.is_open(now)).then_some(last)
    }
}

/// Tells it, unless that month, or a later one, has been told.
pub fn send(draft: &mut Draft<'_>, report: &Report) {
    if draft
        .known
        .reported
        .is_some_and(|told| told >= report.month)
    {
        return;
    }
    for letter in &report.letters {
        tell::monthly(draft, letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(calendar: &Calendar, at: &str) -> Option<String> {
        let now: DateTime<Utc> = at.parse().expect("a moment");
        Report::month_due(calendar, now).map(|month| month.to_string())
    }

    #[test]
    fn a_month_is_due_when_the_next_one_has_begun_and_somebody_is_there() {
        let mut calendar = Calendar::always(crate::zone::Zone::paris());
        let november = Some("2026-11-01".to_owned());
        assert_eq!(due(&calendar, "2026-12-01T06:59:00Z"), None);
        assert_eq!(due(&calendar, "2026-12-01T07:00:00Z"), november);
        assert_eq!(due(&calendar, "2026-12-31T22:59:00Z"), november);
        // From Monday to Friday; the 1st of August 2026 is a Saturday.
        calendar.hours.week = std::array::from_fn(|day| match day {
            0..5 => vec![(9 * 60, 17 * 60)],
            _ => Vec::new(),
        });
        let july = Some("2026-07-01".to_owned());
        assert_eq!(due(&calendar, "2026-08-01T10:00:00Z"), None);
        assert_eq!(due(&calendar, "2026-08-03T06:59:00Z"), None);
        assert_eq!(due(&calendar, "2026-08-03T07:00:00Z"), july);
        // After a downtime, in the night: it waits for the morning.
        assert_eq!(due(&calendar, "2026-08-18T21:00:00Z"), None);
        assert_eq!(due(&calendar, "2026-08-19T07:00:00Z"), july);
    }
}
