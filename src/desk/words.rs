//! The few sentences that the desk itself puts on a timeline, in the two languages it speaks.

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

/// The month of a day as people say it, « novembre 2026 ».
pub fn month(day: chrono::NaiveDate, language: &str) -> String {
    use chrono::Datelike;
    if language == "en" {
        return day.format("%B %Y").to_string();
    }
    let name = match day.month() {
        1 => "janvier",
        2 => "février",
        3 => "mars",
        4 => "avril",
        5 => "mai",
        6 => "juin",
        7 => "juillet",
        8 => "août",
        9 => "septembre",
        10 => "octobre",
        11 => "novembre",
        _ => "décembre",
    };
    format!("{name} {}", day.year())
}

/// A time of today as people say it, « 10 h 42 »; of another day, with its date.
pub fn clock(
    at: chrono::DateTime<chrono::Utc>,
    now: chrono::DateTime<chrono::Utc>,
    zone: chrono_tz::Tz,
    language: &str,
) -> String {
    let (local, today) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let time = local.format(if language == "en" {
        "%-H:%M"
    } else {
        "%-H h %M"
    });
    if local.date_naive() == today.date_naive() {
        time.to_string()
    } else if language == "en" {
        format!("{time} on {}", local.format("%-d %B"))
    } else {
        format!("{time} le {}", local.format("%d/%m"))
    }
}

/// A time to come as people say it: « à 18 h », « demain à 8 h », « lundi à 8 h », « le 04/01 à 8 h ».
pub fn coming(
    at: chrono::DateTime<chrono::Utc>,
    now: chrono::DateTime<chrono::Utc>,
    zone: chrono_tz::Tz,
    language: &str,
) -> String {
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
        (_, "en") => format!("on {}", local.format("%-d %B")),
        _ => format!("le {}", local.format("%d/%m")),
    };
    format!("{date} {time}")
}

/// A day as people say it, « lundi 30/11/2026 ».
pub fn day(at: chrono::DateTime<chrono::Utc>, zone: chrono_tz::Tz, language: &str) -> String {
    use chrono::Datelike;
    let local = at.with_timezone(&zone);
    if language == "en" {
        return local.format("%A %-d %B %Y").to_string();
    }
    let name = match local.weekday() {
        chrono::Weekday::Mon => "lundi",
        chrono::Weekday::Tue => "mardi",
        chrono::Weekday::Wed => "mercredi",
        chrono::Weekday::Thu => "jeudi",
        chrono::Weekday::Fri => "vendredi",
        chrono::Weekday::Sat => "samedi",
        chrono::Weekday::Sun => "dimanche",
    };
    format!("{name} {}", local.format("%d/%m/%Y"))
}
