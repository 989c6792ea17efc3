//! Days and hours as people say them, in French and English: in one form, wherever the desk says one.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike, Weekday};

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

/// The month of a day, « novembre 2026 ».
pub fn month(day: NaiveDate, language: &str) -> String {
    match language {
        "en" => day.format("%B %Y").to_string(),
        _ => format!("{} {}", month_name(day), day.year()),
    }
}

/// A date without its year, « 1er décembre ».
pub fn short_date(day: NaiveDate, language: &str) -> String {
    if language == "en" {
        return day.format("%-d %B").to_string();
    }
    let first = if day.day() == 1 { "er" } else { "" };
    format!("{}{first} {}", day.day(), month_name(day))
}

/// A date, « 1er décembre 2026 », "1 December 2026".
pub fn date(day: NaiveDate, language: &str) -> String {
    format!("{} {}", short_date(day, language), day.year())
}

/// A day, « mardi 1er décembre 2026 », "Tuesday 1 December 2026".
pub fn day(day: NaiveDate, language: &str) -> String {
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

/// A moment, « mardi 1er décembre 2026 à 14 h 05 », "Tuesday 1 December 2026 at 14:05".
pub fn moment(at: NaiveDateTime, language: &str) -> String {
    let day = day(at.date(), language);
    match language {
        "en" => format!("{day} at {}", at.format("%H:%M")),
        _ => format!("{day} à {} h {:02}", at.hour(), at.minute()),
    }
}
