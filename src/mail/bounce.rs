//! Bounces: delivery status notifications (RFC 3464) and what Exchange, Postfix, qmail, Gmail,
//! Exim, OVH, Free and Orange send in their place.
//!
//! Owns whether a mail is one and what it says. Whether it speaks of a mail of ours is for the
//! desk to know.

use std::sync::LazyLock;

use regex::Regex;

use super::content::{Content, Report};
use super::envelope::Envelope;
use super::header::{self, Fields};
use super::{Bounce, limits};
use crate::mail::pattern::pattern;

/// Everything the judgement needs.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    pub fields: &'a Fields<'a>,
    pub envelope: &'a Envelope,
    pub content: &'a Content,
    /// `type/subtype` of the message.
    pub content_type: &'a str,
    /// The whole body as text.
    pub text: &'a str,
}

/// What the notification says, one entry a recipient; empty when this is none.
pub fn read(evidence: Evidence<'_>) -> Vec<Bounce> {
    let statuses: Vec<&Report> = evidence
        .content
        .reports
        .iter()
        .filter(|report| report.content_type.ends_with("delivery-status"))
        .collect();
    let from_machine = is_from_machine(evidence);
    let mut bounces = Vec::new();
    if evidence.content_type == "multipart/report" || from_machine {
        for report in &statuses {
            bounces.extend(recipients(&report.text));
            if bounces.len() >= limits::BOUNCES {
                break;
            }
        }
    }
    bounces.truncate(limits::BOUNCES);
    let announced = announces(evidence);
    if bounces.is_empty() {
        if !from_machine || (!announced && statuses.is_empty()) {
            return Vec::new();
        }
        bounces = free_form(evidence);
    }
    let original = original_id(evidence);
    let delayed = is_delay(evidence);
    let (status, diagnostic) = (status_in(evidence.text), diagnostic_in(evidence.text));
    let single = bounces.len() == 1;
    for bounce in &mut bounces {
        bounce.original_message_id = original.clone();
        if bounce.action.is_none() {
            bounce.action = Some(if delayed { "delayed" } else { "failed" }.to_owned());
        }
        if single {
            bounce.status = bounce.status.take().or_else(|| status.clone());
            bounce.diagnostic = bounce.diagnostic.take().or_else(|| diagnostic.clone());
        }
    }
    // A success report is no bounce, but a machine's word all the same.
    bounces
}

/// Senders that no person uses, or the null path.
fn is_from_machine(evidence: Evidence<'_>) -> bool {
    const LOCALS: [&str; 9] = [
        "mailer-daemon",
        "mailerdaemon",
        "mail-daemon",
        "postmaster",
        "mdaemon",
        "mail-delivery-subsystem",
        "microsoftexchange",
        "bounce",
        "bounces",
    ];
    let null_path = evidence.envelope.return_path.as_deref() == Some("");
    null_path
        || evidence.envelope.from.first().is_some_and(|from| {
            let key = from.key();
            let local = key.split('@').next().unwrap_or_default();
            LOCALS.iter().any(|known| {
                local == *known || (*known == "microsoftexchange" && local.starts_with(known))
            }) || from.name.as_deref().is_some_and(|name| {
                let name = name.to_lowercase();
                ["mail delivery", "mailer-daemon", "microsoft outlook"]
                    .iter()
                    .any(|known| name.starts_with(known))
                    && local.is_empty()
            })
        })
        || evidence.fields.has("X-Failed-Recipients")
}

static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)
        undeliver | non[-\ ]?deliver | undelivered | delivery\ (status|failure|has\ failed|delayed|report|problem|incomplete|notification)
        | mail\ delivery | delivery\ to .* (failed|delayed) | failure\ notice | returned\ (mail|to\ sender) | mail\ system\ error | could\ not\ be\ delivered
        | message\ (delayed|delivery|status) | not\ delivered | warning:\ (message|could\ not\ send)
        | n.a\ pas\ pu\ [êe]tre\ (remis|distribu|livr|d[ée]livr|transmis|envoy) | ^non\ remis | non[-\ ]d[ée]livr | non\ distribu | ne\ peut\ (pas\ )?[êe]tre\ (remis|distribu|livr|d[ée]livr) | [ée]chec\ de\ (la\ )?(remise|distribution|livraison|l.envoi)
        | (remise|distribution|livraison)\ (retard|diff[ée]r) | retour\ de\ (votre\ )?(mail|courri|message) | (notification|avis)\ (d.[ée]tat\ )?de\ (remise|distribution|non)
        | message\ retard | unzustellbar | nicht\ zugestellt | zustellung\ (fehlgeschlagen|verz) | mail\ konnte\ nicht",
    )
});

fn announces(evidence: Evidence<'_>) -> bool {
    evidence.fields.has("X-Failed-Recipients")
        || evidence
            .envelope
            .subject
            .as_deref()
            .is_some_and(|subject| SUBJECT.is_match(subject))
        || head(evidence.text).contains("qmail-send program")
}

/// The beginning of a text, where programs say what happened.
fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(6_000)).unwrap_or(text)
}

static DELAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)\bdelay | \bretard[ée] | diff[ée]r[ée] | still\ (be\ )?(trying|being) | not\ yet\ been\ delivered | will\ (be\ re(tried|try)|keep\ trying|retry|continue\ trying)
        | temporarily\ deferred | warning:\ (message|could) | nouvelle\ tentative | sera\ (retent|r[ée]essay) | verz[öo]ger | you\ do\ not\ need\ to\ resend",
    )
});

fn is_delay(evidence: Evidence<'_>) -> bool {
    evidence
        .envelope
        .subject
        .as_deref()
        .is_some_and(|subject| DELAY.is_match(subject))
        || DELAY.is_match(head(evidence.text))
            && !head(evidence.text).to_lowercase().contains("permanent")
}

/// The per-recipient groups of RFC 3464 §2.3.
fn recipients(report: &str) -> Vec<Bounce> {
    let mut out = Vec::new();
    let mut open: Option<Bounce> = None;
    let mut original: Option<String> = None;
    let mut last: Option<&str> = None;
    for line in report.lines().take(limits::MACHINE_LINES) {
        if line.trim().is_empty() {
            finish(&mut out, &mut open, &mut original);
            last = None;
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if last == Some("diagnostic-code")
                && let Some(Bounce {
                    diagnostic: Some(text),
                    ..
                }) = &mut open
            {
                text.push(' ');
                text.push_str(line.trim());
            }
            continue;
        }
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        last = None;
        match name.trim().to_ascii_lowercase().as_str() {
            "final-recipient" => {
                // Some programs leave the blank line between recipients out.
                if open
                    .as_ref()
                    .is_some_and(|bounce| bounce.recipient.is_some())
                {
                    finish(&mut out, &mut open, &mut original);
                }
                open.get_or_insert_default().recipient = mailbox(value);
            }
            "original-recipient" => original = mailbox(value),
            "action" => {
                let word = value
                    .split(|c: char| !c.is_ascii_alphabetic())
                    .next()
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                open.get_or_insert_default().action = Some(word).filter(|word| !word.is_empty());
            }
            "status" => open.get_or_insert_default().status = status_in(value),
            "diagnostic-code" => {
                last = Some("diagnostic-code");
                let text = value.split_once(';').map_or(value, |(_, text)| text.trim());
                open.get_or_insert_default().diagnostic = Some(text.to_owned());
            }
            _ => {}
        }
    }
    finish(&mut out, &mut open, &mut original);
    out.truncate(limits::BOUNCES);
    out
}

fn finish(out: &mut Vec<Bounce>, open: &mut Option<Bounce>, original: &mut Option<String>) {
    let original = original.take();
    let Some(mut bounce) = open.take() else {
        return;
    };
    // Who we wrote to says more than who an alias became.
    if original
        .as_deref()
        .is_some_and(|address| address.contains('@'))
    {
        bounce.recipient = original;
    }
    bounce.diagnostic = bounce
        .diagnostic
        .map(|text| header::limited(super::encoded_word::clean(&text), limits::NAME_CHARS))
        .filter(|text| !text.is_empty());
    if bounce.recipient.is_some() || bounce.status.is_some() || bounce.action.is_some() {
        out.push(bounce);
    }
}

/// `rfc822; joe@example.org`, with or without type and brackets.
fn mailbox(value: &str) -> Option<String> {
    let value = value.split_once(';').map_or(value, |(_, value)| value);
    let value = value.trim().trim_matches(['<', '>', '"']).trim();
    let value = value.strip_prefix("mailto:").unwrap_or(value);
    Some(header::limited(value.to_owned(), limits::ADDRESS_BYTES)).filter(|value| !value.is_empty())
}

static STATUS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|\.?$|\.\s)"));

fn status_in(text: &str) -> Option<String> {
    STATUS
        .captures(head(text))
        .and_then(|found| found.get(1))
        .map(|found| found.as_str().to_owned())
}

static DIAGNOSTIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?m)(?:^|[\s#<('":])((?:[45]\d\d[ \-](?:#?[45]\.\d{1,3}\.\d{1,3}|[A-Za-z<]).*))$"#)
});

fn diagnostic_in(text: &str) -> Option<String> {
    let found = DIAGNOSTIC.captures(head(text))?.get(1)?.as_str();
    let found = found.trim_end_matches([')', '\'', '"', '.', ' ']);
    Some(header::limited(found.to_owned(), limits::NAME_CHARS))
}

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"[A-Za-z0-9_.+=~!#$%&'*/?^`{|}-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"#)
});

/// What programs say that do not keep to RFC 3464: the recipient stands in a header or near the top.
fn free_form(evidence: Evidence<'_>) -> Vec<Bounce> {
    let mut named: Vec<String> = Vec::new();
    for field in evidence.fields.all("X-Failed-Recipients") {
        named.extend(
            ADDRESS
                .find_iter(&field.text())
                .map(|found| found.as_str().to_owned()),
        );
    }
    if named.is_empty() {
        let own: Vec<String> = evidence
            .envelope
            .from
            .iter()
            .chain(&evidence.envelope.to)
            .map(super::Address::key)
            .collect();
        let text = before_copy(head(evidence.text));
        let candidates = ADDRESS
            .find_iter(text)
            .map(|found| found.as_str().trim_matches(['\'', '.']).to_owned());
        named = candidates
            .filter(|address| {
                let key = address.to_lowercase();
                !own.contains(&key)
                    && !key.starts_with("postmaster@")
                    && !key.starts_with("mailer-daemon@")
            })
            .take(1)
            .collect();
    }
    if named.is_empty() {
        return vec![Bounce::default()];
    }
    named.dedup();
    named.truncate(limits::BOUNCES);
    named
        .into_iter()
        .map(|recipient| Bounce {
            recipient: Some(recipient),
            ..Bounce::default()
        })
        .collect()
}

/// The notification without the copy of the original below it.
fn before_copy(text: &str) -> &str {
    const MARKS: [&str; 6] = [
        "--- Below this line is a copy",
        "------ This is a copy of",
        "----- Original message -----",
        "----- Message original",
        "--- The header of the original message",
        "Original message headers:",
    ];
    MARKS
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .and_then(|at| text.get(..at))
        .unwrap_or(text)
}

static MESSAGE_ID: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?im)^[ \t>]*(?:X-Original-)?Message-ID:\s*<([^<>\s]{1,900})>"));

/// The id of the mail that came back: attached, its headers, a copy in the text, or what it answers.
fn original_id(evidence: Evidence<'_>) -> Option<String> {
    let attached = evidence
        .content
        .messages
        .iter()
        .find_map(|message| message.envelope.message_id.clone());
    attached
        .or_else(|| {
            evidence.content.reports.iter().find_map(|report| {
                let found = header::read(report.text.as_bytes());
                ["Message-ID", "X-Original-Message-ID", "Original-Message-ID"]
                    .iter()
                    .find_map(|name| {
                        let value = found.text(name)?;
                        super::address::ids(value.as_bytes()).into_iter().next()
                    })
            })
        })
        .or_else(|| {
            MESSAGE_ID
                .captures(evidence.text)
                .and_then(|found| found.get(1))
                .map(|found| found.as_str().to_owned())
        })
        .or_else(|| evidence.envelope.in_reply_to.first().cloned())
        .or_else(|| evidence.envelope.references.last().cloned())
}

#[cfg(test)]
mod tests {
    use crate::mail::{self, Automatic};

    /// `recipient status action diagnostic original` of the first bounce.
    fn bounce(raw: &str) -> Option<String> {
        let mail = mail::read(raw.as_bytes());
        let bounce = mail.bounces.first()?;
        assert_eq!(mail.automatic, Some(Automatic::Bounce));
        let parts = [
            &bounce.recipient,
            &bounce.status,
            &bounce.action,
            &bounce.diagnostic,
            &bounce.original_message_id,
        ];
        Some(parts.map(|part| part.as_deref().unwrap_or("-")).join(" | "))
    }

    #[test]
    fn standard_reports_are_read() {
        let raw = "From: MAILER-DAEMON@relais.ville.fr (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

This is the mail system at host relais.ville.fr.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relais.ville.fr

Final-Recipient: rfc822; marie@agence.fr
Original-Recipient: rfc822;marie.dupont@agence.fr
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <marie@agence.fr>:
    User unknown

Final-Recipient: rfc822; luc@agence.fr
Action: delayed (will retry)
Status: 4.2.2 (mailbox full)
--b
Content-Type: text/rfc822-headers

Message-ID: <ours@ville.fr>
--b--
";
        assert_eq!(
            bounce(raw).as_deref(),
            Some(
                "marie.dupont@agence.fr | 5.1.1 | failed | 550 5.1.1 <marie@agence.fr>: User unknown | ours@ville.fr"
            )
        );
        let second = &mail::read(raw.as_bytes()).bounces[1];
        assert_eq!(
            (second.action.as_deref(), second.status.as_deref()),
            (Some("delayed"), Some("4.2.2"))
        );
    }

    #[test]
    fn other_forms_are_read() {
        for (raw, expected) in [
            (
                "From: MAILER-DAEMON@ovh.net\nReturn-Path: <>\nSubject: failure notice\n\nHi. This is the qmail-send program at ovh.net.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<marie@agence.fr>:\nRemote host said: 550 5.1.1 <marie@agence.fr>: Recipient address rejected\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <support@ville.fr>\nMessage-ID: <ours@ville.fr>\n",
                "marie@agence.fr | 5.1.1 | failed | 550 5.1.1 <marie@agence.fr>: Recipient address rejected | ours@ville.fr",
            ),
            (
                "From: Mailer-Daemon@srv.fr\nX-Failed-Recipients: marie@agence.fr\nAuto-Submitted: auto-replied\nSubject: Mail delivery failed: returning message to sender\n\nThis is a permanent error. The following address(es) failed:\n\n  marie@agence.fr\n    SMTP error from remote mail server after RCPT TO:<marie@agence.fr>:\n    550 5.1.1 User unknown\n\n------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: <ours@ville.fr>\n",
                "marie@agence.fr | 5.1.1 | failed | 550 5.1.1 User unknown | ours@ville.fr",
            ),
            (
                "From: Mailer-Daemon@srv.fr\nAuto-Submitted: auto-replied\nSubject: Warning: message 1abc delayed 24 hours\n\nA message that you sent has not yet been delivered.\n\n  marie@agence.fr\n    Delay reason: Connection timed out\n",
                "marie@agence.fr | - | delayed | - | -",
            ),
            (
                "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae@ville.onmicrosoft.com>\nSubject: Non remis : Votre ticket [DSI-1]\nIn-Reply-To: <ours@ville.fr>\n\nÉchec de la remise à ces destinataires ou groupes :\n\nmarie@agence.fr<mailto:marie@agence.fr>\nRemote server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found'\n",
                "marie@agence.fr | 5.1.10 | failed | 550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found | ours@ville.fr",
            ),
            (
                "From: postmaster@free.fr\nReturn-Path: <>\nSubject: Message non distribué\n\nVotre message n'a pas pu être remis à marie@free.fr : boîte pleine (552 5.2.2 mailbox full).\n",
                "marie@free.fr | 5.2.2 | failed | 552 5.2.2 mailbox full | -",
            ),
            (
                "From: Mail Delivery System <MAILER-DAEMON@orange.fr>\nSubject: Retour de votre message\n\nVotre message à <marie@orange.fr> n'a pas pu être livré.\n550 5.1.1 Adresse d au moins un destinataire invalide. OFR_416\n",
                "marie@orange.fr | 5.1.1 | failed | 550 5.1.1 Adresse d au moins un destinataire invalide. OFR_416 | -",
            ),
        ] {
            assert_eq!(bounce(raw).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn people_who_speak_of_bounces_are_people() {
        for raw in [
            "From: zoe@ville.fr\nSubject: Undelivered Mail Returned to Sender\n\nJe reçois ça : 550 5.1.1 <marie@agence.fr>\n",
            "From: zoe@ville.fr\nSubject: TR: failure notice\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nque faire ?\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; x@y.fr\nAction: failed\n--b--\n",
        ] {
            assert_eq!(bounce(raw), None);
            assert_eq!(mail::read(raw.as_bytes()).automatic, None);
        }
    }
}
