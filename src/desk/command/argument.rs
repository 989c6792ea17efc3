//! The arguments of commands: ticket numbers, addresses, levels, dates as people write them. A
//! date stays as it was written until it is carried out, since only then there is a today.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};
use regex::Regex;

use crate::mail::text::fold_accents;
use crate::ticket::{Awaited, Level, TicketId};
use crate::zone::Zone;

/// A time to come, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// `2h`.
    Hours(u32),
    /// `3j`, `demain`.
    Days(u32),
    /// `2s`: weeks.
    Weeks(u32),
    /// `lundi`: the next one, never today.
    Weekday(Weekday),
    /// `12/09`: the next such day; `12/09/2027`.
    Date {
        /// 1–31.
        day: u32,
        /// 1–12.
        month: u32,
        /// When it was said.
        year: Option<i32>,
    },
}

/// Days are meant from this hour on, local time.
const MORNING_HOUR: u32 = 8;

/// No pause is longer: 3 years.
const LONGEST_DAYS: u32 = 1100;

static COUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(\d{1,4}) ?(h|heures?|hours?|j|jours?|d|days?|s|sem|semaines?|w|weeks?|mois|months?)$",
    )
    .expect("a literal pattern")
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(\d{1,2}) ?[/.-] ?(\d{1,2})(?: ?[/.-] ?(\d{4}|\d{2}))?$")
        .expect("a literal pattern")
});

static ISO_DATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(\d{4})-(\d{1,2})-(\d{1,2})$").expect("a literal pattern"));

static NAMED_DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(\d{1,2})(?:er|st|nd|rd|th)? ([a-z]+)\.?(?: (\d{4}))?$")
        .expect("a literal pattern")
});

/// The first three or four letters tell a month in both languages.
const MONTHS: [&[&str]; 12] = [
    &["jan"],
    &["fev", "feb"],
    &["mar"],
    &["avr", "apr"],
    &["mai", "may"],
    &["juin", "jun"],
    &["juil", "jul"],
    &["aou", "aug"],
    &["sep"],
    &["oct"],
    &["nov"],
    &["dec"],
];

const NUMBERS: [(&str, u32); 22] = [
    ("un", 1),
    ("une", 1),
    ("deux", 2),
    ("trois", 3),
    ("quatre", 4),
    ("cinq", 5),
    ("six", 6),
    ("sept", 7),
    ("huit", 8),
    ("neuf", 9),
    ("dix", 10),
    ("quinze", 15),
    ("a", 1),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
];

const WEEKDAYS: [(&str, &str); 7] = [
    ("lundi", "monday"),
    ("mardi", "tuesday"),
    ("mercredi", "wednesday"),
    ("jeudi", "thursday"),
    ("vendredi", "friday"),
    ("samedi", "saturday"),
    ("dimanche", "sunday"),
];

impl When {
    /// Reads one, `jusqu'au` and the like before it allowed.
    pub fn parse(written: &str) -> Option<Self> {
        let folded = fold_accents(written).replace('’', "'");
        let mut text = folded.trim().trim_end_matches(['.', '!']).trim();
        // A day is meant from its morning on, whatever is said of the hour.
        for tail in [" au matin", " matin", " inclus", " compris", " morning"] {
            text = text.strip_suffix(tail).unwrap_or(text).trim_end();
        }
        for lead in [
            "jusqu'au ",
            "jusqu'a ",
            "jusque ",
            "pendant ",
            "pour ",
            "for ",
            "d'ici ",
            "dans ",
            "in ",
            "until ",
            "till ",
            "au ",
            "le ",
            "on ",
            "to ",
        ] {
            text = text.strip_prefix(lead).unwrap_or(text).trim_start();
        }
        match text {
            "demain" | "tomorrow" => return Some(Self::Days(1)),
            "apres-demain" | "apres demain" => return Some(Self::Days(2)),
            "la semaine prochaine" | "semaine prochaine" | "next week" => {
                return Some(Self::Weekday(Weekday::Mon));
            }
            _ => {}
        }
        // `une semaine`, `deux jours`.
        let counted = match text.split_once(' ') {
            Some((number, unit)) => NUMBERS
                .iter()
                .find(|(word, _)| *word == number)
                .map(|(_, number)| format!("{number} {unit}")),
            None => None,
        };
        let text = counted.as_deref().unwrap_or(text);
        let day_name = text
            .trim_start_matches("next ")
            .trim_end_matches(" prochain");
        if let Some(at) = WEEKDAYS
            .iter()
            .position(|(french, english)| day_name == *french || day_name == *english)
        {
            return Weekday::try_from(u8::try_from(at).ok()?)
                .ok()
                .map(Self::Weekday);
        }
        // `lundi 7 décembre`: the date says it all.
        let text = match text.split_once(' ') {
            Some((day, date)) if WEEKDAYS.iter().any(|(fr, en)| day == *fr || day == *en) => date,
            _ => text,
        };
        if let Some(found) = COUNT.captures(text) {
            let number: u32 = found[1].parse().ok()?;
            let (when, days) = match found[2].chars().next()? {
                'h' => (Self::Hours(number), number / 24),
                'j' | 'd' => (Self::Days(number), number),
                'm' => (
                    Self::Days(number.saturating_mul(30)),
                    number.saturating_mul(30),
                ),
                _ => (Self::Weeks(number), number.saturating_mul(7)),
            };
            return (number > 0 && days <= LONGEST_DAYS).then_some(when);
        }
        let (day, month, year) = if let Some(found) = DATE.captures(text) {
            let year = found
                .get(3)
                .and_then(|year| year.as_str().parse::<i32>().ok());
            let year = year.map(|year| if year < 100 { 2000 + year } else { year });
            (found[1].parse().ok()?, found[2].parse().ok()?, year)
        } else if let Some(found) = ISO_DATE.captures(text) {
            let year = found[1].parse().ok()?;
            (found[3].parse().ok()?, found[2].parse().ok()?, Some(year))
        } else {
            let found = NAMED_DATE.captures(text)?;
            let month = MONTHS
                .iter()
                .position(|starts| starts.iter().any(|start| found[2].starts_with(start)))?;
            let year = found.get(3).and_then(|year| year.as_str().parse().ok());
            (found[1].parse().ok()?, u32::try_from(month).ok()? + 1, year)
        };
        // A leap year, so that 29/02 is a date.
        NaiveDate::from_ymd_opt(year.unwrap_or(2028), month, day)?;
        Some(Self::Date { day, month, year })
    }

    /// The moment meant, seen from `now`; `None` when it has passed or is too far away.
    pub fn resolve(self, now: DateTime<Utc>, timezone: Zone) -> Option<DateTime<Utc>> {
        let today = now.with_timezone(&timezone).date_naive();
        let day = match self {
            Self::Hours(hours) => {
                return now.checked_add_signed(chrono::Duration::hours(i64::from(hours)));
            }
            Self::Days(days) => today.checked_add_days(Days::new(u64::from(days)))?,
            Self::Weeks(weeks) => today.checked_add_days(Days::new(u64::from(weeks) * 7))?,
            Self::Weekday(weekday) => {
                let ahead = (weekday.num_days_from_monday() + 7
                    - today.weekday().num_days_from_monday())
                    % 7;
                let ahead = if ahead == 0 { 7 } else { ahead };
                today.checked_add_days(Days::new(u64::from(ahead)))?
            }
            Self::Date {
                day,
                month,
                year: Some(year),
            } => NaiveDate::from_ymd_opt(year, month, day)?,
            Self::Date {
                day,
                month,
                year: None,
            } => (today.year()..today.year() + 5)
                .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day))
                .find(|date| *date > today)?,
        };
        if day <= today || (day - today).num_days() > i64::from(LONGEST_DAYS) {
            return None;
        }
        let morning = day.and_time(NaiveTime::from_hms_opt(MORNING_HOUR, 0, 0)?);
        morning
            .and_local_timezone(timezone)
            .earliest()
            .map(|local| local.with_timezone(&Utc))
    }
}

/// Words that may stand before a ticket's number.
const JOINING: [&str; 18] = [
    "et", "and", "&", "+", "avec", "with", "dans", "into", "à", "a", "au", "to", "le", "ticket",
    "tickets", "n°", "no", "numéro",
];

/// Who is waited for; `None` when it is neither. « #attente réponse de l'éditeur ».
pub fn awaited(folded: &str) -> Option<Awaited> {
    let mut of = Awaited::Requester;
    let folded = folded.replace('’', "'");
    for word in folded
        .split([' ', '\'', '-'])
        .filter(|word| !word.is_empty())
    {
        match word {
            "demandeur" | "demandeuse" | "usager" | "usagere" | "utilisateur" | "utilisatrice"
            | "client" | "requester" | "user" | "reponse" | "retour" | "infos" | "information"
            | "informations" | "precision" | "precisions" | "sa" | "son" | "de" | "du" | "d"
            | "des" | "la" | "le" | "l" | "un" | "une" | "part" | "for" | "from" | "the" | "of"
            | "party" | "answer" | "reply" => {}
            "tiers" | "third" | "fournisseur" | "editeur" | "prestataire" | "partenaire"
            | "constructeur" | "vendor" | "supplier" | "partner" => of = Awaited::ThirdParty,
            _ => return None,
        }
    }
    Some(of)
}

/// « #absent fin »: it is over.
pub fn is_end(folded: &str) -> bool {
    matches!(
        folded,
        "fin" | "fini" | "finie" | "termine" | "terminee" | "end" | "over" | "ended" | "non" | "no"
    )
}

/// A name without the word that people put before it: « #affecter à Karim », « @karim ».
pub fn bare_name(written: &str) -> String {
    let mut name = written.trim();
    for lead in [
        "à ",
        "a ",
        "À ",
        "vers ",
        "to ",
        "l'équipe ",
        "l’équipe ",
        "l'equipe ",
        "@",
    ] {
        name = name.strip_prefix(lead).unwrap_or(name).trim_start();
    }
    name.to_owned()
}

/// `123`, `#123`, `DSI-123`, `[DSI-123]`; several, with commas, blanks or "et" between.
pub fn tickets(written: &str) -> Option<Vec<TicketId>> {
    let mut found = Vec::new();
    for word in written
        .split([' ', ',', ';', '\t'])
        .filter(|word| !word.is_empty())
    {
        if JOINING.contains(&word.to_lowercase().as_str()) {
            continue;
        }
        let word = word.trim_matches(['[', ']', '#', '.']);
        let digits = word.rsplit(['-', '‐', '‑', '–', '#']).next()?;
        let number: i64 = digits.parse().ok()?;
        (number > 0).then(|| found.push(TicketId(number)))?;
    }
    (!found.is_empty()).then_some(found)
}

/// `haute`, `normale`, `faible` and their English names.
pub fn level(folded: &str) -> Option<Level> {
    match folded.trim() {
        "haute" | "haut" | "elevee" | "eleve" | "forte" | "urgente" | "high" => Some(Level::High),
        "normale" | "normal" | "moyenne" | "moyen" | "medium" => Some(Level::Normal),
        "faible" | "basse" | "bas" | "low" => Some(Level::Low),
        _ => None,
    }
}

/// One address, as mail programs paste it: `x@y`, `<x@y>`, `Nom <x@y>`, `x@y <mailto:x@y>`.
pub fn address(written: &str) -> Option<crate::mail::Address> {
    let written = written.trim().replace("mailto:", "");
    let start = written
        .split([' ', '<', '>', '(', ')', '[', ']', ',', ';', '"'])
        .find(|word| word.contains('@'))?;
    let (local, domain) = start.split_once('@')?;
    let good = !local.is_empty() && domain.contains('.') && !domain.contains('@');
    let name = written
        .split('<')
        .next()
        .filter(|name| written.contains('<') && !name.contains('@'))
        .map(|name| name.trim().trim_matches('"').to_owned())
        .filter(|name| !name.is_empty());
    good.then(|| crate::mail::Address {
        name,
        address: start.trim_end_matches('.').to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paris(text: &str) -> DateTime<Utc> {
        let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time");
        naive
            .and_local_timezone(crate::zone::Zone::paris())
            .earliest()
            .expect("it exists")
            .with_timezone(&Utc)
    }

    #[test]
    fn a_time_to_come_is_read_as_people_write_it() {
        // A Wednesday.
        let now = paris("2026-11-25 17:00");
        for (written, expected) in [
            ("3j", "2026-11-28 08:00"),
            ("dans 3 jours", "2026-11-28 08:00"),
            ("2h", "2026-11-25 19:00"),
            ("1 semaine", "2026-12-02 08:00"),
            ("lundi", "2026-11-30 08:00"),
            ("mercredi prochain", "2026-12-02 08:00"),
            ("demain", "2026-11-26 08:00"),
            ("12/09", "2027-09-12 08:00"),
            ("jusqu’au 24/12", "2026-12-24 08:00"),
            ("24.12.26", "2026-12-24 08:00"),
            ("le 1er décembre", "2026-12-01 08:00"),
            ("until August 24", ""),
            ("24 août", "2027-08-24 08:00"),
            ("2026-12-24", "2026-12-24 08:00"),
            ("next monday", "2026-11-30 08:00"),
            ("jusqu'à lundi", "2026-11-30 08:00"),
            ("lundi matin", "2026-11-30 08:00"),
            ("jusqu’au lundi 7 décembre inclus", "2026-12-07 08:00"),
            ("lundi 07/12", "2026-12-07 08:00"),
            ("une semaine", "2026-12-02 08:00"),
            ("dans une semaine", "2026-12-02 08:00"),
            ("dans huit jours", "2026-12-03 08:00"),
            ("sept jours", "2026-12-02 08:00"),
            ("dans neuf jours", "2026-12-04 08:00"),
            ("in a week", "2026-12-02 08:00"),
            ("pendant deux jours", "2026-11-27 08:00"),
            ("15 jours", "2026-12-10 08:00"),
            ("1 mois", "2026-12-25 08:00"),
            // Passed, impossible or not a time.
            ("12/09/2025", ""),
            ("31/02", ""),
            ("0j", ""),
            ("bientôt", ""),
        ] {
            let got =
                When::parse(written).and_then(|when| when.resolve(now, crate::zone::Zone::paris()));
            let expected = (!expected.is_empty()).then(|| paris(expected));
            assert_eq!(got, expected, "{written}");
        }
    }

    #[test]
    fn tickets_and_addresses_are_read_as_they_are_pasted() {
        let ids = |numbers: &[i64]| Some(numbers.iter().copied().map(TicketId).collect::<Vec<_>>());
        assert_eq!(tickets("123"), ids(&[123]));
        assert_eq!(tickets("#12, DSI-13 et [C5-14]"), ids(&[12, 13, 14]));
        assert_eq!(tickets("avec DSI-12"), ids(&[12]));
        assert_eq!(tickets("le ticket n° 12"), ids(&[12]));
        assert_eq!(tickets("la panne"), None);
        assert_eq!(tickets(""), None);
        let read = |text: &str| address(text).map(|address| (address.name, address.address));
        assert_eq!(read("x@y.fr"), Some((None, "x@y.fr".to_owned())));
        assert_eq!(
            read("Jean Dupont <jean@y.fr>"),
            Some((Some("Jean Dupont".to_owned()), "jean@y.fr".to_owned()))
        );
        assert_eq!(
            read("x@y.fr <mailto:x@y.fr>"),
            Some((None, "x@y.fr".to_owned()))
        );
        assert_eq!(read("jean"), None);
        assert_eq!(read("x@y"), None);
    }
}
