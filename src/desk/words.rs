//! The few sentences that the desk itself puts on a timeline, in the two languages it speaks, and how it
//! says a day: in one form, wherever it stands.

use chrono::{DateTime, Datelike, NaiveDate, Utc, Weekday};
use chrono_tz::Tz;

/// The sentence in `language`; French unless it is English.
pub fn pick(language: &str, french: impl Into<String>, english: impl Into<String>) -> String {
    if language == "en" {
        english.into()
    } else {
        french.into()
    }
}

/// The desk has templates for this language.
pub fn is_spoken(language: &str) -> bool {
    matches!(language, "fr" | "en")
}

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

fn month_name(day: NaiveDate) -> &'static str {
    MONTHS[day.month0() as usize % 12]
}

/// The month of a day as people say it, « novembre 2026 ».
pub fn month(day: NaiveDate, language: &str) -> String {
    match language {
        "en" => day.format("%B %Y").to_string(),
        _ => format!("{} {}", month_name(day), day.year()),
    }
}

/// A date without its year, « 1er décembre ».
fn short_date(day: NaiveDate, language: &str) -> String {
    if language == "en" {
        return day.format("%-d %B").to_string();
    }
    let first = if day.day() == 1 { "er" } else { "" };
    format!("{}{first} {}", day.day(), month_name(day))
}

/// A date, « 1er décembre 2026 ».
pub fn date(day: NaiveDate, language: &str) -> String {
    format!("{} {}", short_date(day, language), day.year())
}

/// A time of today as people say it, « 10 h 42 »; of another day, with its date.
pub fn clock(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, language: &str) -> String {
    let (local, today) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let time = local.format(if language == "en" {
        "%-H:%M"
    } else {
        "%-H h %M"
    });
    if local.date_naive() == today.date_naive() {
        time.to_string()
    } else {
        let on = pick(language, "le", "on");
        format!("{time} {on} {}", short_date(local.date_naive(), language))
    }
}

/// A time to come as people say it: « à 18 h », « demain à 8 h », « lundi à 8 h », « le 4 janvier à 8 h ».
pub fn coming(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, language: &str) -> String {
    let (local, today) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let days = (local.date_naive() - today.date_naive()).num_days();
    let time = match (language, local.format("%M").to_string().as_str()) {
        ("en", _) => format!("at {}", local.format("%-H:%M")),
        (_, "00") => format!("à {}", local.format("%-H h")),
        _ => format!("à {}", local.format("%-H h %M")),
    };
    let date = match (days, language) {
        (..=0, _) => return time,
        (1, "en") => "tomorrow".to_owned(),
        (1, _) => "demain".to_owned(),
        (2..=6, _) => day(at, zone, language)
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_owned(),
        _ => {
            let on = pick(language, "le", "on");
            format!("{on} {}", short_date(local.date_naive(), language))
        }
    };
    format!("{date} {time}")
}

/// A day as people say it, « lundi 30 novembre 2026 ».
pub fn day(at: DateTime<Utc>, zone: Tz, language: &str) -> String {
    let day = at.with_timezone(&zone).date_naive();
    let name = match (language, day.weekday()) {
        ("en", _) => return format!("{} {}", day.format("%A"), date(day, language)),
        (_, Weekday::Mon) => "lundi",
        (_, Weekday::Tue) => "mardi",
        (_, Weekday::Wed) => "mercredi",
        (_, Weekday::Thu) => "jeudi",
        (_, Weekday::Fri) => "vendredi",
        (_, Weekday::Sat) => "samedi",
        (_, Weekday::Sun) => "dimanche",
    };
    format!("{name} {}", date(day, language))
}
