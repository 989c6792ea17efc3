//! The `Date` field (RFC 5322 §3.3 and what else is written there).

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeZone};

/// Years in which a mail can have been written. Outside, a clock was wrong or somebody jokes; the
/// desk then goes by arrival.
const YEARS: std::ops::RangeInclusive<i32> = 1969..=2100;

/// Reads a date; `None` when there is none to be had or it is absurd.
pub fn parse(text: &str) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    let date = exact(text).or_else(|| loose(text))?;
    YEARS.contains(&date.year()).then_some(date)
}

fn exact(text: &str) -> Option<DateTime<FixedOffset>> {
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.get(4..5) == Some("-") {
        return DateTime::parse_from_rfc3339(text).ok();
    }
    DateTime::parse_from_rfc2822(text).ok()
}

/// Day, month by name, year, time and zone, wherever they stand.
fn loose(text: &str) -> Option<DateTime<FixedOffset>> {
    let mut day = None;
    let mut month = None;
    let mut year = None;
    let mut time = None;
    let mut offset = None;
    let text: String = without_comments(text);
    // "09 : 55 : 06" is one time.
    let text = text.split(':').map(str::trim).collect::<Vec<_>>().join(":");
    // The day of the week goes first: "mar., 4 août" is a Tuesday, not March.
    let text = match text.split_once(',') {
        Some((word, rest)) if word.chars().all(|c| c.is_alphabetic() || c == '.') => rest,
        _ => &text,
    };
    for token in text
        .split([' ', '\t', ',', '/'])
        .flat_map(split_dashes)
        .filter(|token| !token.is_empty())
        .take(30)
    {
        let lower = token.to_ascii_lowercase();
        if token.contains(':') && time.is_none() {
            let mut numbers = token.split([':', '.']).map(|n| n.parse::<u32>().ok());
            let (hour, minute) = (numbers.next()??, numbers.next()??);
            time = Some((hour, minute, numbers.next().flatten().unwrap_or(0).min(59)));
        } else if let Some(found) = month_of(&lower) {
            month = month.or(Some(found));
        } else if let Some(seconds) = zone(token) {
            offset = offset.or(Some(seconds));
        } else if let Ok(number) = token.parse::<i32>() {
            match number {
                1..=31 if day.is_none() && token.len() <= 2 => day = u32::try_from(number).ok(),
                _ if year.is_none() => {
                    // RFC 5322 §4.3: years of two and three digits.
                    year = Some(match (token.len(), number) {
                        (..=2, 0..=49) => 2000 + number,
                        (..=3, _) => 1900 + number,
                        _ => number,
                    });
                }
                _ => {}
            }
        }
    }
    let (hour, minute, second) = time.unwrap_or((0, 0, 0));
    let local = NaiveDate::from_ymd_opt(year?, month?, day?)?.and_hms_opt(hour, minute, second)?;
    FixedOffset::east_opt(offset.unwrap_or(0))?
        .from_local_datetime(&local)
        .single()
}

/// "03-Apr-2005" has dashes between words, "-0500" has one before digits.
fn split_dashes(token: &str) -> Vec<&str> {
    if token.starts_with('-') || token.contains(':') {
        vec![token]
    } else {
        token.split('-').collect()
    }
}

fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' if depth > 0 => {
                    depth -= 1;
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

/// The month of an English, French or German name or its beginning, lower case.
pub fn month_of(word: &str) -> Option<u32> {
    let word = word.trim_end_matches('.');
    if word.chars().count() < 3 || !word.chars().all(char::is_alphabetic) {
        return None;
    }
    const NAMES: [&[&str]; 12] = [
        &["january", "janvier", "januar", "jänner"],
        &["february", "février", "fevrier", "februar"],
        &["march", "mars", "märz", "maerz", "mrz"],
        &["april", "avril", "avr"],
        &["may", "mai"],
        &["june", "juin", "juni"],
        &["july", "juillet", "juli"],
        &["august", "août", "aout"],
        &["september", "septembre"],
        &["october", "octobre", "oktober"],
        &["november", "novembre"],
        &["december", "décembre", "decembre", "dezember"],
    ];
    let found = NAMES.iter().position(|names| {
        names
            .iter()
            .any(|name| *name == word || (name.starts_with(word) && word.chars().count() <= 5))
    })?;
    u32::try_from(found + 1).ok()
}

fn zone(token: &str) -> Option<i32> {
    if let Some(sign) = token
        .starts_with('+')
        .then_some(1)
        .or(token.starts_with('-').then_some(-1))
    {
        let digits = token.get(1..)?;
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number: i32 = digits.parse().ok()?;
        let seconds = number / 100 * 3600 + number % 100 * 60;
        // An impossible zone is taken for none.
        return Some(if seconds < 86_400 { sign * seconds } else { 0 });
    }
    let hours = match token.to_ascii_uppercase().as_str() {
        "UT" | "UTC" | "GMT" | "Z" | "WET" => 0,
        "CET" | "MEZ" | "BST" | "WEST" => 1,
        "CEST" | "MESZ" | "EET" => 2,
        "EST" => -5,
        "EDT" => -4,
        "CST" => -6,
        "CDT" => -5,
        "MST" => -7,
        "MDT" | "PST" => {
            if token.eq_ignore_ascii_case("MDT") {
                -6
            } else {
                -8
            }
        }
        "PDT" => -7,
        _ => return None,
    };
    Some(hours * 3600)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_are_read_as_they_are_written() {
        for (text, expected) in [
            (
                "Fri, 21 Nov 1997 09:55:06 -0600",
                Some("1997-11-21T09:55:06-06:00"),
            ),
            (
                "Tue, 1 Jul 2003 10:52:37 +0200 (CEST)",
                Some("2003-07-01T10:52:37+02:00"),
            ),
            ("21 Nov 97 09:55:06 GMT", Some("1997-11-21T09:55:06+00:00")),
            (
                "Thu,\t13 Feb 1969 23:32 -0330 (Newfoundland Time)",
                Some("1969-02-13T23:32:00-03:30"),
            ),
            (
                "Mon, 03-Apr-2005 10:00:00 -0500",
                Some("2005-04-03T10:00:00-05:00"),
            ),
            (
                "2026-03-04T10:00:00+01:00",
                Some("2026-03-04T10:00:00+01:00"),
            ),
            (
                "Wed Mar  4 10:00:00 2026",
                Some("2026-03-04T10:00:00+00:00"),
            ),
            (
                "mer., 4 mars 2026 10:00:00 +0100",
                Some("2026-03-04T10:00:00+01:00"),
            ),
            ("Fri, 21 Nov 9997 09:55:06 -0600", None),
            ("Fri, 32 Nov 1997 25:55:06 -0600", None),
            (
                "mar., 4 août 2026 10:00:00 +0200",
                Some("2026-08-04T10:00:00+02:00"),
            ),
            (
                "Fri, 21 Nov 1997 09(c):   55  :  06 -0600",
                Some("1997-11-21T09:55:06-06:00"),
            ),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(
                parse(text).map(|date| date.to_rfc3339()).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
