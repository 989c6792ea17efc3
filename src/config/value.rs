//! The small languages of values: delays, sizes, hours, address patterns.

use chrono::Duration;
use regex::Regex;
use serde::Deserialize;

use crate::desk::policy;

/// Days in ten years: no delay of a desk is longer, and dates stay far from overflow.
const LONGEST_DAYS: i64 = 3660;

/// `"30s"`, `"15m"`, `"48h"`, `"15d"`, `"2w"` or `"never"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Delay {
    /// That long.
    After(Duration),
    /// Not at all.
    Never,
}

impl Delay {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "never" {
            return Ok(Self::Never);
        }
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = &text[digits.len()..];
        let wrong = || {
            format!(
                "\"{text}\" is not a delay: a number and s, m, h, d or w is expected, as in \"15d\""
            )
        };
        let number: i64 = digits.trim().parse().map_err(|_| wrong())?;
        let seconds: i64 = match unit {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return Err(wrong()),
        };
        let total = number.checked_mul(seconds).ok_or_else(wrong)?;
        if total < 0 {
            return Err(wrong());
        }
        if total > LONGEST_DAYS * 86_400 {
            return Err(format!(
                "\"{text}\" is longer than ten years; write \"never\" where that is meant"
            ));
        }
        Ok(Self::After(Duration::seconds(total)))
    }

    /// `None` for never.
    pub fn duration(self) -> Option<Duration> {
        match self {
            Self::After(duration) => Some(duration),
            Self::Never => None,
        }
    }
}

impl TryFrom<String> for Delay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

/// A number of bytes: `"256MB"`; 1 MB is 1024 × 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Size(pub u64);

impl Size {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = text[digits.len()..].to_ascii_uppercase();
        let wrong = || {
            format!(
                "\"{text}\" is not a size: a number and kB, MB or GB is expected, as in \"50MB\""
            )
        };
        let number: u64 = digits.trim().parse().map_err(|_| wrong())?;
        let unit: u64 = match unit.as_str() {
            "B" => 1,
            "K" | "KB" => 1 << 10,
            "M" | "MB" => 1 << 20,
            "G" | "GB" => 1 << 30,
            _ => return Err(wrong()),
        };
        number.checked_mul(unit).map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

/// `"mon-fri 08:00-18:00"`, `"mon,wed,fri 9:00-12:30"`, `"always"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Hours(pub policy::Hours);

impl Hours {
    /// Monday to Friday, eight to six.
    pub fn usual() -> Self {
        Self(policy::Hours {
            days: [true, true, true, true, true, false, false],
            from_minute: 8 * 60,
            to_minute: 18 * 60,
        })
    }

    /// Reads them.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "always" {
            return Ok(Self(policy::Hours {
                days: [true; 7],
                from_minute: 0,
                to_minute: 24 * 60,
            }));
        }
        let wrong = || {
            format!(
                "\"{text}\" does not say hours: days and times are expected, as in \"mon-fri 08:00-18:00\", or \"always\""
            )
        };
        let (written_days, times) = text.split_once(' ').ok_or_else(wrong)?;
        let mut days = [false; 7];
        for part in written_days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let first = day(first).ok_or_else(wrong)?;
            let last = day(last).ok_or_else(wrong)?;
            if first > last {
                return Err(wrong());
            }
            for (index, open) in days.iter_mut().enumerate() {
                *open |= (first..=last).contains(&index);
            }
        }
        let (from, to) = times.trim().split_once('-').ok_or_else(wrong)?;
        let from_minute = minute(from).ok_or_else(wrong)?;
        let to_minute = minute(to).ok_or_else(wrong)?;
        if from_minute >= to_minute {
            return Err(wrong());
        }
        Ok(Self(policy::Hours {
            days,
            from_minute,
            to_minute,
        }))
    }
}

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

/// Compiles an address pattern: `*` is any run of characters, `?` any one, neither crosses the
/// `@`. The whole folded address must match.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn address_pattern(written: &str) -> Result<Regex, String> {
    let folded = written.trim().to_lowercase();
    let (local, domain) = folded
        .split_once('@')
        .ok_or_else(|| format!("\"{written}\" has no @"))?;
    if local.is_empty() || domain.is_empty() || domain.contains('@') {
        return Err(format!(
            "\"{written}\" is not an address: something@somewhere is expected, with * and ? as wildcards"
        ));
    }
    if folded
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || "<>()[]{}|\\,;:\"^$".contains(c))
    {
        return Err(format!(
            "\"{written}\" is not an address pattern: only * and ? are wildcards"
        ));
    }
    let mut expression = String::from("^");
    for c in folded.chars() {
        match c {
            '*' => expression.push_str("[^@]*"),
            '?' => expression.push_str("[^@]"),
            c => expression.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    expression.push('$');
    Regex::new(&expression).map_err(|error| format!("\"{written}\": {error}"))
}

/// Judges a plain address: one `@`, no blank, no wildcard, nothing that a header could trip over.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn address(written: &str) -> Result<String, String> {
    let trimmed = written.trim();
    let good = trimmed.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    }) && !trimmed
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"*?".contains(c));
    if good {
        Ok(trimmed.to_owned())
    } else {
        Err(format!("\"{written}\" is not an e-mail address"))
    }
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
    let total = hour * 60 + minute;
    (hour <= 24 && total <= 24 * 60).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_and_sizes_are_read_or_refused() {
        assert_eq!(Delay::parse("15d"), Ok(Delay::After(Duration::days(15))));
        assert_eq!(Delay::parse("48h"), Ok(Delay::After(Duration::days(2))));
        assert_eq!(Delay::parse("never"), Ok(Delay::Never));
        for wrong in [
            "",
            "15",
            "d",
            "-1d",
            "1y",
            "99999999999999999999d",
            "4000d",
            "é",
        ] {
            assert!(Delay::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Size::parse("50MB"), Ok(Size(50 << 20)));
        assert_eq!(Size::parse("1 kB"), Ok(Size(1024)));
        for wrong in ["50", "MB", "-1MB", "1TB", "99999999999GB"] {
            assert!(Size::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hours_name_days_and_minutes() {
        assert_eq!(Hours::parse("mon-fri 08:00-18:00"), Ok(Hours::usual()));
        let some = Hours::parse("mon,wed-thu 9:00-12:30")
            .expect("well formed")
            .0;
        assert_eq!(some.days, [true, false, true, true, false, false, false]);
        assert_eq!((some.from_minute, some.to_minute), (540, 750));
        for wrong in [
            "",
            "mon",
            "fri-mon 8:00-9:00",
            "mon 9:00-8:00",
            "mon 8:60-9:00",
            "mon 8-9",
        ] {
            assert!(Hours::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn patterns_match_whole_addresses_only() {
        let campus = address_pattern("dsi.support.c?@Example.org").expect("well formed");
        assert!(campus.is_match("dsi.support.c5@example.org"));
        assert!(!campus.is_match("dsi.support.c55@example.org"));
        assert!(!campus.is_match("dsi.support.c@example.org"));
        assert!(!campus.is_match("x.dsi.support.c5@example.org"));
        assert!(!campus.is_match("dsi.support.c5@example.org.evil.test"));
        let school = address_pattern("scolarite.*@example.org").expect("well formed");
        assert!(school.is_match("scolarite.droit@example.org"));
        assert!(!school.is_match("scolarite.x@evil.test@example.org"));
        assert!(!school.is_match("scolariteXdroit@example.org"));
        for wrong in [
            "support",
            "@example.org",
            "a@",
            "a@b@c",
            "a b@c.org",
            "(a+)+@c.org",
        ] {
            assert!(address_pattern(wrong).is_err(), "{wrong}");
        }
    }
}
