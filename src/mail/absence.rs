//! Whether a text announces that its writer is away, and until when.
//!
//! Owns the words of absences, in subjects and in bodies; `absence/clause` reads a body clause by
//! clause. Whether the mail is a machine's is for `automatic` to say.

mod clause;

use std::borrow::Cow;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate};
use regex::Regex;

use crate::mail::pattern::pattern;

/// What the judgement needs of a mail.
#[derive(Clone, Copy)]
pub struct Notice<'a> {
    pub subject: &'a str,
    /// What was written now.
    pub text: &'a str,
    /// The mail names one that it answers.
    pub answers: bool,
    /// The subject begins with "Re:" or its kind.
    pub prefixed: bool,
    /// It brings something that is no decoration.
    pub has_files: bool,
}

impl Notice<'_> {
    /// An absence for certain: by its subject, by subject and body together, or by a body that says
    /// nothing else. A bare "Je suis absent jusqu'à lundi" is what a person answers, and "Réponse
    /// automatique Outlook à configurer" what one asks.
    pub fn is_certain(&self) -> bool {
        let opening = unquoted(opening(self.text));
        let asks = opening.contains('?');
        let absent = ABSENCE_BODY.is_match(&opening);
        // "Auto: RE: …" is a machine, "RE: Réponse automatique : …" a person who answers one.
        if ABSENCE_SUBJECT.is_match(self.subject) {
            return self.answers || absent || !asks;
        }
        if ABSENCE_TITLE.is_match(self.subject) {
            return absent && !asks;
        }
        let by_subject = self.answers
            && absent
            && !self.prefixed
            && !asks
            && ABSENCE_HINT.is_match(self.subject)
            && ABSENCE_ADVICE.is_match(&opening);
        by_subject
            || (self.answers || self.prefixed) && !self.has_files && clause::is_notice(self.text)
    }

    /// One sign of an absence: enough for a mail that is a machine's for other reasons.
    pub fn is_possible(&self) -> bool {
        ABSENCE_SUBJECT.is_match(self.subject)
            || ABSENCE_TITLE.is_match(self.subject)
            || ABSENCE_BODY.is_match(opening(self.text))
    }
}

/// Subjects that only machines write: the word, a colon, and what they answer.
static ABSENCE_SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?ix)^\W*(?:{ABSENCE_WORDS})\s*[:\]]|^\s*auto\s*:\s*(?:re|r[ée]p|r[ée]f|tr|aw|sv|fwd?)\s*:"
    ))
});

/// The same words as the whole subject: people write them too when they ask how it works.
static ABSENCE_TITLE: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"(?ix)^\W*(?:{ABSENCE_WORDS})\W*$")));

/// How answering machines call themselves, for patterns that ignore case and white space.
const ABSENCE_WORDS: &str = r"
      r[ée]ponse\ automatique | r[ée]ponse\ auto | automatic\ reply | automatische\ antwort
    | automatisch\ antwoord | risposta\ automatica | respuesta\ autom[áa]tica | resposta\ autom[áa]tica
    | auto(?:matic|mated)?[-\ ]?(?:reply|response|responder|respond)
    | out[-\ ]of[-\ ](?:the[-\ ])?office(?:[-\ ](?:auto[-\ ]?)?(?:reply|message|notification|response))?
    | absence\ du\ bureau | absent(?:e|\(e\))?\ du\ bureau | (?:message|notification|avis|r[ée]ponse)\ (?:automatique\ )?d.absence
    | abwesenheits(?:notiz|meldung|nachricht|benachrichtigung|assistent) | automatische\ abwesenheits\w+
    | vacation\ (?:reply|response|message|notice) | accus[ée]\ de\ r[ée]ception\ automatique";

/// Subjects that a person may write too; the body must agree.
static ABSENCE_HINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(absen(ce|te?s?)|cong[ée]s?|vacances|out of (the )?office|ooo|on leave|away|abwesen|urlaub|nicht im b[üu]ro)",
    )
});

static ABSENCE_BODY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)
          je\ (suis|serai)\ (actuellement\ |momentan[ée]ment\ )?(absente?|en\ cong[ée]s?|en\ vacances|en\ d[ée]placement|indisponible)
        | absente?\ (du\ bureau\ )?(jusqu|du\ \d|ce\ jour)
        | i\ (am|will\ be|'m)\ (currently\ )?(out\ of\ (the\ )?office|away|on\ (annual\ |parental\ )?leave|on\ vacation|on\ holiday)
        | out\ of\ (the\ )?office\ (until|from|till)|back\ (in\ the\ office\ )?on\ 
        | ich\ bin\ .{0,60}(nicht\ im\ (b[üu]ro|haus)|abwesend|im\ urlaub|nicht\ erreichbar|au[ßs]er\ haus)",
    )
});

/// What machines add to an absence: whom to ask, that nobody reads.
static ABSENCE_ADVICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)\b(urgen|dringend|contact|wenden\ sie|en\ mon\ absence|[àa]\ mon\ retour|on\ my\ return|during\ my\ absence|when\ i\ (?:return|am\ back)|ne\ sera\ pas\ (?:lu|transf)|limited\ access)",
    )
});

/// The beginning of what was written: machines come to the point.
pub fn opening(reply: &str) -> &str {
    reply
        .get(..reply.floor_char_boundary(3_000))
        .unwrap_or(reply)
}

/// Without what stands between quotation marks: the words of an absence that somebody asks for.
fn unquoted(text: &str) -> Cow<'_, str> {
    static QUOTED: LazyLock<Regex> = LazyLock::new(|| pattern("«[^»]*»|“[^”]*”|\"[^\"]*\""));
    QUOTED.replace_all(text, " ")
}

static UNTIL: LazyLock<Regex> = LazyLock::new(|| {
    const MONTHS: &str = r"\p{L}{3,10}\.?";
    let day = r"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)\s*,?\s*(?:den\s+|the\s+)?)?";
    let lead = r"(?:jusqu.?\s?(?:au|à|a)|(?:de\s+)?retour\s+(?:prévu\s+)?(?:le|au\s+bureau\s+le|:)|reviens\s+le|reviendrai\s+le|\bau|until|till|through|(?:back|return(?:ing)?)(?:\s+(?:in|to)\s+(?:the\s+)?office)?\s+on|\bto|bis(?:\s+(?:zum|einschließlich))?|ab(?:\s+dem)?|zurück\s+am)";
    pattern(&format!(
        r"(?i){lead}\s+(?:le\s+|the\s+)?{day}(?:(?P<y1>\d{{4}})-(?P<m1>\d{{1,2}})-(?P<d1>\d{{1,2}})|(?P<d2>\d{{1,2}})[/.](?P<m2>\d{{1,2}})(?:[/.](?P<y2>\d{{2,4}}))?|(?P<d3>\d{{1,2}})(?:er|st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<m3>{MONTHS})(?:\s+(?P<y3>\d{{4}}))?|(?P<m4>{MONTHS})\s+(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y4>\d{{4}}))?)"
    ))
});

/// The day until which an absence lasts, or on which it ends: the latest that the text names. Days
/// without a year are the next ones after `written`.
pub fn until(text: &str, written: Option<DateTime<FixedOffset>>) -> Option<NaiveDate> {
    let written = written.map(|written| written.date_naive());
    UNTIL
        .captures_iter(opening(text))
        .take(20)
        .filter_map(|found| {
            let number = |name: &str| {
                found
                    .name(name)
                    .and_then(|found| found.as_str().parse::<u32>().ok())
            };
            let day = ["d1", "d2", "d3", "d4"]
                .iter()
                .find_map(|name| number(name))?;
            let month = ["m1", "m2"]
                .iter()
                .find_map(|name| number(name))
                .or_else(|| {
                    ["m3", "m4"]
                        .iter()
                        .find_map(|name| found.name(name))
                        .and_then(|word| super::date::month_of(&word.as_str().to_lowercase()))
                })?;
            let year = ["y1", "y2", "y3", "y4"]
                .iter()
                .find_map(|name| number(name))
                .map(|year| if year < 100 { 2000 + year } else { year });
            match (year, written) {
                (Some(year), _) => NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day),
                (None, Some(written)) => {
                    let this = NaiveDate::from_ymd_opt(written.year(), month, day)?;
                    if this < written.checked_sub_days(Days::new(31))? {
                        NaiveDate::from_ymd_opt(written.year() + 1, month, day)
                    } else {
                        Some(this)
                    }
                }
                (None, None) => None,
            }
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_absence_is_read() {
        let written = chrono::DateTime::parse_from_rfc3339("2026-12-20T10:00:00+01:00").ok();
        for (text, expected) in [
            (
                "Je suis absent jusqu'au 12 mars 2027 inclus.",
                Some("2027-03-12"),
            ),
            ("Absente du 21/12/2026 au 04/01/2027.", Some("2027-01-04")),
            ("De retour le lundi 4 janvier.", Some("2027-01-04")),
            ("en congés jusqu’au 23 décembre", Some("2026-12-23")),
            (
                "I am out of the office until January 4th, 2027.",
                Some("2027-01-04"),
            ),
            ("I will be back on Monday, 4 January.", Some("2027-01-04")),
            (
                "Ich bin bis zum 4. Januar 2027 nicht im Büro.",
                Some("2027-01-04"),
            ),
            ("bis 04.01.2027", Some("2027-01-04")),
            ("jusqu'au 1er février", Some("2027-02-01")),
            ("Je suis absent.", None),
        ] {
            assert_eq!(
                until(text, written).map(|day| day.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
