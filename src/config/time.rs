//! The small languages of working time: hours, terms, closures.

use chrono::{Duration, NaiveDate};
use serde::Deserialize;

use super::value::Delay;
use crate::desk::calendar::{self, DAY_MINUTES};

/// Working days of two years: no term of a desk is longer.
const LONGEST_WORKING_DAYS: u32 = 500;

/// Days of the longest closure; a longer one is a slip in a year.
const LONGEST_CLOSURE_DAYS: i64 = 366;

/// `"48h"`, `"16 working hours"`, `"2 working days"`, `"never"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Term {
    /// That long.
    After(calendar::Term),
    /// Not at all.
    Never,
}

impl Term {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [number, "working", unit] = words.as_slice() else {
            if words.contains(&"working") {
                return Err(wrong_term(text));
            }
            return match Delay::parse(text)? {
                Delay::After(time) => Ok(Self::After(calendar::Term::After(time))),
                Delay::Never => Ok(Self::Never),
            };
        };
        let number: u32 = number.parse().map_err(|_| wrong_term(text))?;
        match *unit {
            "day" | "days" if number <= LONGEST_WORKING_DAYS => {
                Ok(Self::After(calendar::Term::WorkingDays(number)))
            }
            "hour" | "hours" if number <= LONGEST_WORKING_DAYS * 24 => Ok(Self::After(
                calendar::Term::WorkingTime(Duration::hours(i64::from(number))),
            )),
            "day" | "days" | "hour" | "hours" => Err(format!(
                "\"{text}\" is longer than {LONGEST_WORKING_DAYS} working days; write \"never\" where that is meant"
            )),
            _ => Err(wrong_term(text)),
        }
    }

    /// `None` for never.
    pub fn term(self) -> Option<calendar::Term> {
        match self {
            Self::After(term) => Some(term),
            Self::Never => None,
        }
    }
}

fn wrong_term(text: &str) -> String {
    format!(
        "\"{text}\" is not a term: \"48h\", \"15d\", \"2 working days\" or \"16 working hours\" is expected"
    )
}

impl TryFrom<String> for Term {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

/// `"mon-fri 08:00-18:00"`, `"mon-thu 8:30-12:00 13:30-17:30; fri 8:30-12:00"`, `"always"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Hours(pub calendar::Hours);

impl Hours {
    /// Monday to Friday, eight to six.
    pub fn usual() -> Self {
        let mut week: [Vec<(u32, u32)>; 7] = Default::default();
        for day in &mut week[..5] {
            day.push((8 * 60, 18 * 60));
        }
        Self(calendar::Hours { week })
    }

    /// Reads them.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "always" {
            return Ok(Self(calendar::Hours::always()));
        }
        let wrong = || {
            format!(
                "\"{text}\" does not say hours: days and times are expected, as in \"mon-fri 08:00-12:00 13:30-18:00\", or \"always\""
            )
        };
        let mut week: [Vec<(u32, u32)>; 7] = Default::default();
        for part in text.split(';') {
            let mut words = part.split_whitespace();
            let days = days(words.next().unwrap_or_default()).ok_or_else(wrong)?;
            let spans: Vec<(u32, u32)> = words
                .map(|times| {
                    let (from, to) = times.split_once('-')?;
                    Some((minute(from)?, minute(to)?)).filter(|(from, to)| from < to)
                })
                .collect::<Option<_>>()
                .ok_or_else(wrong)?;
            if spans.is_empty() {
                return Err(wrong());
            }
            for (open, hours) in days.into_iter().zip(&mut week) {
                if open {
                    hours.extend(&spans);
                }
            }
        }
        for hours in &mut week {
            hours.sort_unstable();
            if hours.windows(2).any(|pair| pair[0].1 > pair[1].0) {
                return Err(format!("\"{text}\": hours of one day overlap"));
            }
        }
        Ok(Self(calendar::Hours { week }))
    }
}

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

/// `"2026-12-24..2027-01-03"`, both days closed, or one day.
///
/// # Errors
/// A sentence that says what was expected.
pub fn closure(text: &str) -> Result<(NaiveDate, NaiveDate), String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let day = |text: &str| {
        text.trim().parse::<NaiveDate>().map_err(|_| {
            format!(
                "\"{}\" is not a date: \"2026-12-24..2027-01-03\" or \"2026-05-15\" is expected",
                text.trim()
            )
        })
    };
    let (first, last) = (day(first)?, day(last)?);
    match (last - first).num_days() {
        0..LONGEST_CLOSURE_DAYS => Ok((first, last)),
        days if days < 0 => Err(format!("\"{text}\" ends before it begins")),
        _ => Err(format!("\"{text}\" is longer than a year")),
    }
}

/// `mon-fri`, `mon,wed`, which days those are.
fn days(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        if first > last {
            return None;
        }
        for open in days.iter_mut().take(last + 1).skip(first) {
            *open = true;
        }
    }
    Some(days)
}

fn day(text: &str) -> Option<usize> {
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .iter()
        .position(|day| *day == text)
}

fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let hour: u32 = hour.parse().ok()?;
    let minute: u32 = minute.parse().ok().filter(|minute| *minute < 60)?;
    let total = hour.checked_mul(60)? + minute;
    (hour <= 24 && total <= DAY_MINUTES).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_or_refused() {
        use calendar::Term::{After, WorkingDays, WorkingTime};
        for (text, expected) in [
            ("48h", After(Duration::hours(48))),
            ("2 working days", WorkingDays(2)),
            ("1 working day", WorkingDays(1)),
            (" 16  working hours ", WorkingTime(Duration::hours(16))),
        ] {
            assert_eq!(Term::parse(text), Ok(Term::After(expected)), "{text}");
        }
        assert_eq!(Term::parse("never"), Ok(Term::Never));
        for wrong in [
            "",
            "2 days",
            "two working days",
            "2 working",
            "2 working weeks",
            "-1 working days",
            "501 working days",
            "99999999999 working hours",
        ] {
            assert!(Term::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hours_name_days_and_minutes() {
        assert_eq!(Hours::parse("mon-fri 08:00-18:00"), Ok(Hours::usual()));
        let some = Hours::parse("mon,wed-thu 9:00-12:30 13:30-17:00; fri 9:00-12:00")
            .expect("well formed")
            .0;
        let long = vec![(540, 750), (810, 1020)];
        assert_eq!(some.week[0], long);
        assert_eq!(some.week[1], []);
        assert_eq!((&some.week[2], &some.week[3]), (&long, &long));
        assert_eq!(some.week[4], [(540, 720)]);
        let whole = Hours::parse("mon-sun 00:00-24:00").expect("well formed");
        assert_eq!(Hours::parse("always"), Ok(whole));
        for wrong in [
            "",
            "mon",
            "fri-mon 8:00-9:00",
            "mon 9:00-8:00",
            "mon 8:60-9:00",
            "mon 8-9",
            "mon 8:00-12:00 11:00-13:00",
            "mon 8:00-12:00; mon 11:00-13:00",
            "mon 8:00-25:00",
            "8:00-12:00",
        ] {
            assert!(Hours::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn closures_have_a_first_and_a_last_day() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(
            closure("2026-12-24..2027-01-03"),
            Ok((day("2026-12-24"), day("2027-01-03")))
        );
        assert_eq!(
            closure(" 2026-05-15 "),
            Ok((day("2026-05-15"), day("2026-05-15")))
        );
        for wrong in [
            "",
            "noël",
            "24/12/2026",
            "2026-12-24..",
            "2027-01-03..2026-12-24",
            "2026-02-30",
            "2026-12-24..2028-01-03",
        ] {
            assert!(closure(wrong).is_err(), "{wrong}");
        }
    }
}
