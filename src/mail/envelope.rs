//! The header of a message, understood: who, to whom, when, about what, in answer to what.
//!
//! Owns the choice between several or broken fields of one name. Whether a person wrote it belongs
//! to [`super::automatic`].

use super::header::{Field, Fields};
use super::{Address, Importance, address, date, limits};
use chrono::{DateTime, FixedOffset};

/// The fields of a header that everybody asks for. See [`super::Mail`] for each.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    pub date: Option<DateTime<FixedOffset>>,
    pub from: Vec<Address>,
    pub reply_to: Vec<Address>,
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub delivered_to: Vec<String>,
    pub return_path: Option<String>,
    pub subject: Option<String>,
    pub importance: Option<Importance>,
    pub list_id: Option<String>,
    pub spam: bool,
    /// One line each, in English.
    pub defects: Vec<&'static str>,
}

impl Envelope {
    /// Reads the fields of a message.
    pub fn read(fields: &Fields<'_>) -> Self {
        let mut defects = Vec::new();
        let from = addresses(fields, "From");
        match fields.all("From").count() {
            0 => defects.push("no From field"),
            1 => {}
            _ => defects.push("several From fields"),
        }
        if fields.has("From") && !from.iter().any(|address| address.address.contains('@')) {
            defects.push("From has no usable address");
        }
        if from
            .iter()
            .filter(|address| !address.address.is_empty())
            .count()
            > 1
        {
            defects.push("several addresses in From");
        }
        if fields.all("Message-ID").count() > 1 {
            defects.push("several Message-ID fields: the first usable one counts");
        }
        let message_id = fields
            .all("Message-ID")
            .find_map(|field| ids(field).into_iter().next().or_else(|| bare_id(field)));
        if message_id.is_none() {
            defects.push("no usable Message-ID");
        }
        let written = fields.text("Date");
        let date = fields
            .all("Date")
            .find_map(|field| date::parse(&field.text()));
        match (&written, date) {
            (None, _) => defects.push("no Date"),
            (Some(_), None) => defects.push("Date makes no sense"),
            (Some(_), Some(_)) => {}
        }
        if fields.all("Subject").count() > 1 {
            defects.push("several Subject fields: the first one that is not empty counts");
        }
        if fields.odd_lines {
            defects.push("lines in the header that are no field");
        }
        Self {
            message_id,
            in_reply_to: all_ids(fields, "In-Reply-To"),
            references: all_ids(fields, "References"),
            date,
            from,
            reply_to: addresses(fields, "Reply-To"),
            to: addresses(fields, "To"),
            cc: addresses(fields, "Cc"),
            delivered_to: delivered_to(fields),
            return_path: fields.first("Return-Path").map(|field| {
                let found = address::list(&field.value()).into_iter().next();
                found.map(|address| address.address).unwrap_or_default()
            }),
            subject: fields.text("Subject"),
            importance: importance(fields),
            list_id: list_id(fields),
            spam: is_spam(fields),
            defects,
        }
    }
}

fn addresses(fields: &Fields<'_>, name: &str) -> Vec<Address> {
    let mut out: Vec<Address> = Vec::new();
    for field in fields.all(name) {
        out.extend(address::list(&field.value()));
        if out.len() >= limits::ADDRESSES {
            out.truncate(limits::ADDRESSES);
            break;
        }
    }
    out
}

fn ids(field: &Field<'_>) -> Vec<String> {
    address::ids(&field.value())
}

/// An id without brackets or `@`, as programs write it that never read RFC 5322.
fn bare_id(field: &Field<'_>) -> Option<String> {
    let text = field.text();
    let id = text
        .split_whitespace()
        .next()?
        .trim_matches(['<', '>'])
        .to_owned();
    (!id.is_empty() && id.len() <= limits::ID_BYTES).then_some(id)
}

fn all_ids(fields: &Fields<'_>, name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for id in fields.all(name).take(20).flat_map(ids) {
        if !out.contains(&id) && out.len() < limits::IDS {
            out.push(id);
        }
    }
    out
}

fn delivered_to(fields: &Fields<'_>) -> Vec<String> {
    const NAMES: [&str; 5] = [
        "Delivered-To",
        "X-Original-To",
        "Envelope-To",
        "X-Delivered-To",
        "X-Envelope-To",
    ];
    let mut out: Vec<String> = Vec::new();
    for field in fields
        .iter()
        .filter(|field| NAMES.iter().any(|name| field.is(name)))
    {
        for found in address::list(&field.value()) {
            if !found.address.is_empty() && !out.contains(&found.address) && out.len() < 50 {
                out.push(found.address);
            }
        }
    }
    out
}

fn importance(fields: &Fields<'_>) -> Option<Importance> {
    let value = |name| fields.text(name).map(|text| text.to_ascii_lowercase());
    let rated = |text: String| match text.trim().chars().next() {
        Some('1' | '2') => Some(Importance::High),
        Some('4' | '5') => Some(Importance::Low),
        _ => None,
    };
    let worded = |text: String| match text.trim() {
        "high" | "urgent" => Some(Importance::High),
        "low" | "non-urgent" => Some(Importance::Low),
        _ => None,
    };
    value("Importance")
        .and_then(worded)
        .or_else(|| value("X-Priority").and_then(rated))
        .or_else(|| value("X-MSMail-Priority").and_then(worded))
        .or_else(|| value("Priority").and_then(worded))
}

fn list_id(fields: &Fields<'_>) -> Option<String> {
    let text = fields.text("List-Id")?;
    let id = match text.rsplit_once('<') {
        Some((_, id)) => id.split('>').next().unwrap_or_default(),
        None => text.as_str(),
    };
    Some(id.trim().to_lowercase()).filter(|id| !id.is_empty())
}

/// What the border said. Only words that mean "spam" count; a score is the border's own business.
fn is_spam(fields: &Fields<'_>) -> bool {
    let starts = |name: &str, word: &str| {
        fields
            .text(name)
            .is_some_and(|text| text.trim_start().to_ascii_lowercase().starts_with(word))
    };
    // Exchange: 5 and 6 are spam, 7 to 9 high confidence.
    let level = |name: &str| {
        fields
            .text(name)
            .and_then(|text| text.trim().parse::<i32>().ok())
            .is_some_and(|scl| scl >= 5)
    };
    starts("X-Spam-Flag", "yes")
        || starts("X-Spam-Status", "yes")
        || starts("X-Spam", "yes")
        || starts("X-Bogosity", "spam")
        || starts("X-Ovh-Spam-Status", "spam")
        || level("X-MS-Exchange-Organization-SCL")
        || fields
            .text("X-Forefront-Antispam-Report")
            .is_some_and(|text| {
                text.contains("SFV:SPM")
                    || text.contains("CAT:SPM")
                    || text.contains("CAT:HSPM")
                    || text.contains("CAT:PHSH")
                    || text.contains("CAT:HPHISH")
            })
}
