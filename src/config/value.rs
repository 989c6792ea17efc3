//! The small languages of values: delays, sizes, address patterns.

use chrono::Duration;
use regex::Regex;
use serde::Deserialize;

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
