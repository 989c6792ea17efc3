//! The few sentences that the desk itself puts on a timeline, in the two languages it speaks, and its
//! days and times to come.

use chrono::{DateTime, Utc};

use crate::mail::days;
use crate::zone::Zone;

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

/// A time of today as people say it, « 10 h 42 »; of another day, with its date.
pub fn clock(at: DateTime<Utc>, now: DateTime<Utc>, zone: Zone, language: &str) -> String {
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
        format!(
            "{time} {on} {}",
            days::short_date(local.date_naive(), language)
        )
    }
}

/// A time to come as people say it: « à 18 h », « demain à 8 h », « lundi à 8 h », « le 4 janvier à 8 h ».
pub fn coming(at: DateTime<Utc>, now: DateTime<Utc>, zone: Zone, language: &str) -> String {
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
            format!("{on} {}", days::short_date(local.date_naive(), language))
        }
    };
    format!("{date} {time}")
}

/// A day as people say it, « lundi 30 novembre 2026 ».
pub fn day(at: DateTime<Utc>, zone: Zone, language: &str) -> String {
    days::day(at.with_timezone(&zone).date_naive(), language)
}
