//! Reads the dates that clients write above a quoted or forwarded message, in the language of
//! their user.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

use super::words::fold;
use crate::mail::pattern::regex;

regex!(ISO, r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b");
regex!(NUMERIC, r"\b(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})\b");
regex!(
    DAY_MONTH,
    r"\b(\d{1,2})(?:er|st|nd|rd|th)?\.?(?:-| de | )\s?([\p{L}]{3,12})\.?,?(?:-| de | del | )\s?(\d{4})\b"
);
regex!(
    MONTH_DAY,
    r"\b([\p{L}]{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b"
);
regex!(
    TIME,
    r"\b(\d{1,2})\s?(?:[:h]|\buhr\b)\s?(\d{2})(?::(\d{2}))?\s*([ap])?\.?(?:m\b)?"
);
regex!(ZONE, r"(?:\b(?:utc|gmt)\s?)?([+-])(\d{1,2}):?(\d{2})?\b");

/// The moment that `text` names; when it names no zone it is taken as of `default`, else as UTC.
pub(super) fn read(text: &str, default: Option<FixedOffset>) -> Option<DateTime<FixedOffset>> {
    if let Ok(date) = DateTime::parse_from_rfc2822(text.trim()) {
        return Some(date);
    }
    let folded = fold(text);
    let (date, rest) = day(&folded)?;
    let (time, rest) = time(rest)
        .or_else(|| time(&folded))
        .unwrap_or((NaiveTime::MIN, rest));
    NaiveDateTime::new(date, time)
        .and_local_timezone(zone(rest, default))
        .single()
}

/// The day, and what follows it.
fn day(text: &str) -> Option<(NaiveDate, &str)> {
    let after = |end: usize| text.get(end..).unwrap_or_default();
    if let Some(found) = ISO.captures(text) {
        let (whole, [year, month, day]) = (found.get(0)?, found.extract().1);
        let date =
            NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        return Some((date?, after(whole.end())));
    }
    if let Some(found) = DAY_MONTH.captures(text) {
        let (whole, [day, name, year]) = (found.get(0)?, found.extract().1);
        if let Some(month) = month(name) {
            let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month, day.parse().ok()?);
            return Some((date?, after(whole.end())));
        }
    }
    if let Some(found) = MONTH_DAY.captures(text) {
        let (whole, [name, day, year]) = (found.get(0)?, found.extract().1);
        if let Some(month) = month(name) {
            let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month, day.parse().ok()?);
            return Some((date?, after(whole.end())));
        }
    }
    let found = NUMERIC.captures(text)?;
    let (whole, [first, second, year]) = (found.get(0)?, found.extract().1);
    let (first, second): (u32, u32) = (first.parse().ok()?, second.parse().ok()?);
    let year: i32 = year.parse().ok()?;
    let year = if year < 100 { 2000 + year } else { year };
    // Americans write the month first, and are known by their clock.
    let american = text.contains(" am") || text.contains(" pm");
    let (day, month) = if american && first <= 12 || second > 12 {
        (second, first)
    } else {
        (first, second)
    };
    Some((
        NaiveDate::from_ymd_opt(year, month, day)?,
        after(whole.end()),
    ))
}

/// The time of day, and what follows it.
fn time(text: &str) -> Option<(NaiveTime, &str)> {
    let found = TIME.captures(text)?;
    let number = |index: usize| {
        found
            .get(index)
            .and_then(|part| part.as_str().parse::<u32>().ok())
    };
    let hour = number(1)?;
    let hour = match found.get(4).map(|half| half.as_str()) {
        Some("p") if hour < 12 => hour + 12,
        Some("a") if hour == 12 => 0,
        _ => hour,
    };
    let time = NaiveTime::from_hms_opt(hour, number(2)?, number(3).unwrap_or(0))?;
    Some((time, text.get(found.get(0)?.end()..).unwrap_or_default()))
}

fn zone(text: &str, default: Option<FixedOffset>) -> FixedOffset {
    let named = || {
        let hours = if text.contains("cest") || text.contains("heure d'ete d'europe centrale") {
            2
        } else {
            i32::from(text.contains("cet") || text.contains("heure normale d'europe centrale"))
        };
        let is_utc = text.contains("utc") || text.contains("gmt");
        (hours > 0 || is_utc)
            .then(|| FixedOffset::east_opt(hours * 3600))
            .flatten()
    };
    let numbered = || {
        let found = ZONE.captures(text)?;
        let hours: i32 = found.get(2)?.as_str().parse().ok()?;
        let minutes: i32 = found
            .get(3)
            .map_or(Some(0), |part| part.as_str().parse().ok())?;
        let seconds = hours * 3600 + minutes * 60;
        FixedOffset::east_opt(if found.get(1)?.as_str() == "-" {
            -seconds
        } else {
            seconds
        })
    };
    numbered()
        .or_else(named)
        .or(default)
        .unwrap_or_else(|| FixedOffset::east_opt(0).expect("no offset is an offset"))
}

/// The month of a folded name or its beginning.
fn month(name: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "ene", "gen"],
        &["fev", "feb", "fevr"],
        &["mars", "mar", "marz", "maart", "mrt", "marc"],
        &["avr", "apr", "abr"],
        &["mai", "may", "mag", "mei"],
        &["juin", "jun", "giu", "juni"],
        &["juil", "jul", "lug", "juli"],
        &["aou", "aug", "ago"],
        &["sep", "set"],
        &["oct", "okt", "ott", "out"],
        &["nov"],
        &["dec", "dez", "dic"],
    ];
    MONTHS
        .iter()
        .position(|names| names.iter().any(|start| name.starts_with(start)))
        .and_then(|index| u32::try_from(index + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_real_clients() {
        for (text, expected) in [
            ("lundi 4 mars 2024 10:12", "2024-03-04T10:12:00+00:00"),
            ("lun. 4 mars 2024 à 10:12", "2024-03-04T10:12:00+00:00"),
            ("4 mars 2024 à 10:12:33 UTC+1", "2024-03-04T10:12:33+01:00"),
            ("jeudi 1er août 2024 à 9h05", "2024-08-01T09:05:00+00:00"),
            (
                "Monday, March 4, 2024 10:12 AM",
                "2024-03-04T10:12:00+00:00",
            ),
            ("Mon, Mar 4, 2024 at 2:12 PM", "2024-03-04T14:12:00+00:00"),
            (
                "Mon, 4 Mar 2024 10:12:00 +0100",
                "2024-03-04T10:12:00+01:00",
            ),
            ("Montag, 4. März 2024 10:12", "2024-03-04T10:12:00+00:00"),
            (
                "lunes, 4 de marzo de 2024 10:12",
                "2024-03-04T10:12:00+00:00",
            ),
            ("lunedì 4 marzo 2024 10:12", "2024-03-04T10:12:00+00:00"),
            ("maandag 4 maart 2024 10:12", "2024-03-04T10:12:00+00:00"),
            (
                "segunda-feira, 4 de março de 2024 10:12",
                "2024-03-04T10:12:00+00:00",
            ),
            ("04/03/2024 10:12", "2024-03-04T10:12:00+00:00"),
            ("3/14/2024 2:05 PM", "2024-03-14T14:05:00+00:00"),
            ("23/06/24  10:46  (GMT+01:00)", "2024-06-23T10:46:00+01:00"),
            ("2024-03-04 10:12", "2024-03-04T10:12:00+00:00"),
            ("11 juillet 2024", "2024-07-11T00:00:00+00:00"),
            ("3 juin 2024 à 08:00:00 UTC+2", "2024-06-03T08:00:00+02:00"),
        ] {
            let read = read(text, None).map(|date| date.to_rfc3339());
            assert_eq!(read.as_deref(), Some(expected), "{text}");
        }
        for text in ["", "hier", "32/13/2024", "10:12"] {
            assert_eq!(read(text, None), None, "{text}");
        }
    }
}
