//! Invitations and their answers (RFC 5545, RFC 5546) as one line in French.
//!
//! Owns the reading of the first event of a calendar object. The desk acts on none of it.

use super::{days, encoded_word, header, limits};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// What a calendar object is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Request,
    Accepted,
    Declined,
    Tentative,
    Cancel,
    Counter,
    /// A published event, or an answer that says nothing.
    Publish,
}

/// The first event of a calendar object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub method: Method,
    pub summary: Option<String>,
    start: Option<Start>,
    pub location: Option<String>,
    /// Who answers, of a reply.
    pub attendee: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Day(NaiveDate),
    Local(NaiveDateTime),
    Utc(NaiveDateTime),
}

impl Event {
    /// Whether this answers an invitation of ours rather than inviting.
    pub fn is_answer(&self) -> bool {
        matches!(
            self.method,
            Method::Accepted | Method::Declined | Method::Tentative | Method::Counter
        )
    }

    /// The line that a ticket shows.
    pub fn remark(&self) -> String {
        let what = match self.method {
            Method::Request => "Invitation",
            Method::Accepted => "Invitation acceptée",
            Method::Declined => "Invitation refusée",
            Method::Tentative => "Invitation acceptée provisoirement",
            Method::Cancel => "Rendez-vous annulé",
            Method::Counter => "Autre horaire proposé",
            Method::Publish => "Rendez-vous",
        };
        let mut line = format!(
            "{what} : {}",
            self.summary.as_deref().unwrap_or("(sans titre)")
        );
        if let Some(start) = self.start {
            line.push_str(", ");
            line.push_str(&french(start));
        }
        if let Some(location) = &self.location {
            line.push_str(", à ");
            line.push_str(location);
        }
        if self.is_answer()
            && let Some(attendee) = &self.attendee
        {
            line.push_str(" (");
            line.push_str(attendee);
            line.push(')');
        }
        line
    }
}

fn french(start: Start) -> String {
    match start {
        Start::Day(date) => format!("le {}", days::day(date, "fr")),
        Start::Local(at) => format!("le {}", days::moment(at, "fr")),
        Start::Utc(at) => format!("le {} (temps universel)", days::moment(at, "fr")),
    }
}

/// Reads the first event; `None` when there is none.
pub fn read(text: &str) -> Option<Event> {
    let mut method = None;
    let mut answer = None;
    let mut event: Option<Event> = None;
    let mut nested = 0_usize;
    for line in unfolded(text) {
        let Some((name, parameters, value)) = property(&line) else {
            continue;
        };
        match name.as_str() {
            "METHOD" => method = Some(value.trim().to_ascii_uppercase()),
            "BEGIN" if value.trim().eq_ignore_ascii_case("VEVENT") && event.is_none() => {
                event = Some(Event {
                    method: Method::Publish,
                    summary: None,
                    start: None,
                    location: None,
                    attendee: None,
                });
            }
            // An alarm or a time zone has a start of its own.
            "BEGIN" if event.is_some() => nested += 1,
            "END" if nested > 0 => nested -= 1,
            "END" if event.is_some() && value.trim().eq_ignore_ascii_case("VEVENT") => break,
            _ if nested > 0 => {}
            _ => {
                let Some(event) = &mut event else { continue };
                match name.as_str() {
                    "SUMMARY" => event.summary = words(value),
                    "LOCATION" => event.location = words(value),
                    "DTSTART" => event.start = start(value.trim()),
                    "ATTENDEE" if answer.is_none() => {
                        answer = parameter(parameters, "PARTSTAT")
                            .map(|status| status.to_ascii_uppercase());
                        event.attendee =
                            parameter(parameters, "CN").map(str::to_owned).or_else(|| {
                                words(
                                    value
                                        .trim()
                                        .trim_start_matches("mailto:")
                                        .trim_start_matches("MAILTO:"),
                                )
                            });
                    }
                    _ => {}
                }
            }
        }
    }
    let mut event = event?;
    event.method = match method.as_deref() {
        Some("REQUEST") => Method::Request,
        Some("CANCEL") => Method::Cancel,
        Some("COUNTER") => Method::Counter,
        Some("REPLY") => match answer.as_deref() {
            Some("ACCEPTED") => Method::Accepted,
            Some("DECLINED") => Method::Declined,
            Some("TENTATIVE") => Method::Tentative,
            _ => Method::Publish,
        },
        _ => Method::Publish,
    };
    Some(event)
}

/// Lines with their folding undone (RFC 5545 §3.1).
fn unfolded(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines().take(limits::MACHINE_LINES) {
        match (line.strip_prefix([' ', '\t']), out.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => out.push(line.to_owned()),
        }
    }
    out
}

/// `NAME;PARAMETERS:VALUE`, quotes respected.
fn property(line: &str) -> Option<(String, &str, &str)> {
    let mut quoted = false;
    let colon = line.char_indices().find_map(|(at, c)| {
        if c == '"' {
            quoted = !quoted;
        }
        (c == ':' && !quoted).then_some(at)
    })?;
    let (head, value) = line.split_at(colon);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some((
        name.trim().to_ascii_uppercase(),
        parameters,
        value.get(1..)?,
    ))
}

fn parameter<'a>(parameters: &'a str, wanted: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case(wanted)
            .then(|| value.trim().trim_matches('"'))
    })
}

/// A text value with its escapes undone, in one line.
fn words(value: &str) -> Option<String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push_str(", "),
                Some(c) => out.push(c),
                None => {}
            },
            c => out.push(c),
        }
    }
    let text = header::limited(encoded_word::clean(&out), 200);
    Some(text).filter(|text| !text.is_empty())
}

fn start(value: &str) -> Option<Start> {
    let date = NaiveDate::parse_from_str(value.get(..8)?, "%Y%m%d").ok()?;
    let Some(time) = value.get(8..).and_then(|rest| rest.strip_prefix('T')) else {
        return Some(Start::Day(date));
    };
    let time_of_day = NaiveTime::parse_from_str(time.get(..6)?, "%H%M%S").ok()?;
    let at = date.and_time(time_of_day);
    Some(if time.ends_with('Z') {
        Start::Utc(at)
    } else {
        Start::Local(at)
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn an_invitation_is_one_line() {
        let text = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nDTSTART:16010101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nSUMMARY:Point\\, réseau\r\n et Wi-Fi\r\nDTSTART;TZID=Romance Standard Time:20260601T093000\r\nLOCATION:Salle 3\r\nBEGIN:VALARM\r\nDTSTART:19700101T000000\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR";
        let event = read(text).expect("there is one");
        assert_eq!(
            event.remark(),
            "Invitation : Point, réseauet Wi-Fi, le lundi 1er juin 2026 à 9 h 30, à Salle 3"
        );
    }

    #[test]
    fn an_answer_says_who_and_what() {
        let text = "METHOD:REPLY\nBEGIN:VEVENT\nATTENDEE;PARTSTAT=DECLINED;CN=\"Zoé: Martin\":mailto:z@a.fr\nDTSTART:20260604T080000Z\nSUMMARY:Point\nEND:VEVENT";
        let event = read(text).expect("there is one");
        assert!(event.is_answer());
        assert_eq!(
            event.remark(),
            "Invitation refusée : Point, le jeudi 4 juin 2026 à 8 h 00 (temps universel) (Zoé: Martin)"
        );
        assert_eq!(read("no calendar"), None);
    }
}
