//! Dates and sizes in words, as people read them in mails and on the page.

use chrono::{DateTime, Utc};

use crate::desk::words;
use crate::mail::days;
use crate::zone::Zone;

/// A moment in words: « lundi 23 novembre 2026 à 14 h 05 », "Monday 23 November 2026 at 14:05",
/// and `2026-11-23 14:05` in languages that the desk does not speak itself.
pub fn moment(at: DateTime<Utc>, zone: Zone, language: &str) -> String {
    let local = at.with_timezone(&zone).naive_local();
    match words::is_spoken(language) {
        true => days::moment(local, language),
        false => local.format("%Y-%m-%d %H:%M").to_string(),
    }
}

/// A day in words: « mardi 1er décembre 2026 », "Tuesday 1 December 2026".
pub fn day(at: DateTime<Utc>, zone: Zone, language: &str) -> String {
    let local = at.with_timezone(&zone).date_naive();
    match words::is_spoken(language) {
        true => days::day(local, language),
        false => local.format("%Y-%m-%d").to_string(),
    }
}

/// A size in words: « 1,2 Mo », "1.2 MB"; powers of ten, one decimal below ten.
pub fn size(bytes: u64, language: &str) -> String {
    let units = match language {
        "fr" => ["octet", "octets", "ko", "Mo", "Go"],
        _ => ["byte", "bytes", "kB", "MB", "GB"],
    };
    let (thousands, unit) = match bytes {
        0..1_000 => {
            let unit = if bytes < 2 { units[0] } else { units[1] };
            return format!("{bytes} {unit}");
        }
        1_000..1_000_000 => (bytes * 10 / 1_000, units[2]),
        1_000_000..1_000_000_000 => (bytes / 100_000, units[3]),
        _ => (bytes / 100_000_000, units[4]),
    };
    let comma = if language == "fr" { ',' } else { '.' };
    match (thousands / 10, thousands % 10) {
        (whole, tenth) if whole < 10 && tenth > 0 => format!("{whole}{comma}{tenth} {unit}"),
        (whole, _) => format!("{whole} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_words_and_in_the_zone() {
        let table = [
            (
                "2026-11-23T13:05:00Z",
                "lundi 23 novembre 2026 à 14 h 05",
                "Monday 23 November 2026 at 14:05",
            ),
            (
                "2026-12-08T08:00:00Z",
                "mardi 8 décembre 2026 à 9 h 00",
                "Tuesday 8 December 2026 at 09:00",
            ),
            (
                "2026-07-31T22:30:00Z",
                "samedi 1er août 2026 à 0 h 30",
                "Saturday 1 August 2026 at 00:30",
            ),
            (
                "2027-02-28T22:59:59Z",
                "dimanche 28 février 2027 à 23 h 59",
                "Sunday 28 February 2027 at 23:59",
            ),
        ];
        for (at, french, english) in table {
            let at = at.parse().expect("RFC 3339");
            assert_eq!(moment(at, crate::zone::Zone::paris(), "fr"), french);
            assert_eq!(moment(at, crate::zone::Zone::paris(), "en"), english);
        }
        let at = "2026-11-23T13:05:00Z".parse().expect("RFC 3339");
        assert_eq!(
            moment(at, Zone::named("UTC").expect("a zone"), "de"),
            "2026-11-23 13:05"
        );
    }

    #[test]
    fn sizes_are_short() {
        let table = [
            (0, "0 octet", "0 byte"),
            (1, "1 octet", "1 byte"),
            (999, "999 octets", "999 bytes"),
            (1_000, "1 ko", "1 kB"),
            (1_540, "1,5 ko", "1.5 kB"),
            (48_213, "48 ko", "48 kB"),
            (1_234_567, "1,2 Mo", "1.2 MB"),
            (52_428_800, "52 Mo", "52 MB"),
            (3_900_000_000, "3,9 Go", "3.9 GB"),
        ];
        for (bytes, french, english) in table {
            assert_eq!(size(bytes, "fr"), french);
            assert_eq!(size(bytes, "en"), english);
        }
    }
}
