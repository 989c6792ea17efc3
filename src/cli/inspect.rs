//! `guichet inspect`: what was understood of a mail, for operators and for other programs.
//!
//! Owns the words of the printout and the JSON contract; understands nothing itself. Any bytes
//! whatsoever end with exit code 0.

use crate::mail::{self, Address, Attachment, Bounce, Mail};
use anyhow::Context;
use serde::Serialize;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Shows what was understood of a mail.
#[derive(clap::Args, Debug)]
pub struct Inspect {
    /// A mail (.eml), `-` for standard input, or a folder of mails
    #[arg(value_name = "FILE|DIR|-")]
    pub path: PathBuf,
    /// Print JSON: one object, or one a line with "file" for a folder
    #[arg(long)]
    pub json: bool,
}

/// Runs the command. `prefixes` are the prefixes of ticket references that the settings know
/// (`DSI` of `DSI-1042`).
///
/// # Errors
/// When the file or folder cannot be read or standard output is closed; never because of what a
/// mail holds.
pub fn run(args: &Inspect, prefixes: &[String]) -> anyhow::Result<ExitCode> {
    let stdout = std::io::stdout();
    let mut out = std::io::BufWriter::new(stdout.lock());
    if args.path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .context("reading standard input")?;
        show(&bytes, args.json, prefixes, &mut out)?;
    } else if args.path.is_dir() {
        folder(&args.path, args.json, prefixes, &mut out)?;
    } else {
        let bytes = std::fs::read(&args.path)
            .with_context(|| format!("reading {}", args.path.display()))?;
        show(&bytes, args.json, prefixes, &mut out)?;
    }
    out.flush().context("writing to standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// Writes what was understood of one mail.
///
/// # Errors
/// When `out` does not take it.
pub fn show(
    bytes: &[u8],
    json: bool,
    prefixes: &[String],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mail = mail::read(bytes);
    if json {
        serde_json::to_writer(&mut *out, &View::of(&mail, prefixes, None))?;
        writeln!(out)?;
    } else {
        out.write_all(readable(&mail, prefixes).as_bytes())?;
    }
    Ok(())
}

/// Writes what was understood of every file of a folder and the folders in it, in order of names.
///
/// # Errors
/// When the folder cannot be read or `out` does not take it. A file that cannot be read is a line
/// with its name and an error.
pub fn folder(
    path: &Path,
    json: bool,
    prefixes: &[String],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    for file in files(path)? {
        let name = file
            .strip_prefix(path)
            .unwrap_or(&file)
            .to_string_lossy()
            .into_owned();
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) => {
                if json {
                    serde_json::to_writer(
                        &mut *out,
                        &serde_json::json!({ "file": name, "error": error.to_string() }),
                    )?;
                    writeln!(out)?;
                } else {
                    writeln!(out, "== {name}\n{error}\n")?;
                }
                continue;
            }
        };
        let mail = mail::read(&bytes);
        if json {
            serde_json::to_writer(&mut *out, &View::of(&mail, prefixes, Some(&name)))?;
            writeln!(out)?;
        } else {
            writeln!(out, "== {name}")?;
            out.write_all(readable(&mail, prefixes).as_bytes())?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Folders in folders that are followed; a link in a circle ends there.
const FOLDER_DEPTH: usize = 16;

fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        for entry in
            std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?
        {
            let path = entry
                .with_context(|| format!("reading {}", folder.display()))?
                .path();
            if path.is_dir() {
                if depth < FOLDER_DEPTH {
                    open.push((path, depth + 1));
                }
            } else {
                out.push(path);
            }
        }
    }
    out.sort();
    Ok(out)
}

/// The reference of a ticket in a subject: `[DSI-1042]` with any prefix, or `DSI-1042` with one
/// that is known. The last one counts: a forwarded subject collects them.
pub fn ticket_reference(subject: &str, prefixes: &[String]) -> Option<String> {
    let mut found = None;
    for (at, _) in subject.match_indices('-') {
        let before = subject.get(..at)?;
        let prefix_start = before
            .char_indices()
            .rev()
            .take_while(|(_, c)| c.is_ascii_alphanumeric())
            .last()
            .map(|(at, _)| at);
        let Some(prefix_start) = prefix_start else {
            continue;
        };
        let prefix = before.get(prefix_start..)?;
        let rest = subject.get(at + 1..)?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let next = rest
            .get(digits.len()..)
            .and_then(|rest| rest.chars().next());
        if digits.is_empty()
            || digits.len() > 12
            || prefix.len() > 16
            || !prefix.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            continue;
        }
        let bracketed = before.get(..prefix_start)?.ends_with('[') && next == Some(']');
        let known = prefixes
            .iter()
            .any(|known| known.eq_ignore_ascii_case(prefix))
            && !before
                .get(..prefix_start)?
                .ends_with(|c: char| c.is_alphanumeric() || c == '-')
            && !next.is_some_and(|c| c.is_alphanumeric() || c == '-');
        if bracketed || known {
            found = Some(format!("{}-{digits}", prefix.to_ascii_uppercase()));
        }
    }
    found
}

/// The JSON contract.
#[derive(Serialize)]
struct View<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    message_id: Option<&'a str>,
    in_reply_to: &'a [String],
    references: &'a [String],
    date: Option<String>,
    from: Option<AddressView<'a>>,
    reply_to: Vec<AddressView<'a>>,
    to: Vec<AddressView<'a>>,
    cc: Vec<AddressView<'a>>,
    subject: Option<&'a str>,
    title: &'a str,
    text: &'a str,
    html: bool,
    reply: &'a str,
    folded: &'a str,
    language: Option<&'a str>,
    attachments: &'a [Attachment],
    auto_reply: Option<mail::Automatic>,
    absent_until: Option<chrono::NaiveDate>,
    bounce: Option<&'a Bounce>,
    bounces: &'a [Bounce],
    thanks: bool,
    reaction: Option<&'a str>,
    urgent: bool,
    importance: Option<mail::Importance>,
    ticket_ref: Option<String>,
    forwarded: Option<ForwardedView<'a>>,
    delivered_to: &'a [String],
    return_path: Option<&'a str>,
    list_id: Option<&'a str>,
    spam: bool,
    remarks: &'a [String],
    defects: &'a [String],
}

#[derive(Serialize)]
struct AddressView<'a> {
    name: Option<&'a str>,
    address: Option<&'a str>,
}

#[derive(Serialize)]
struct ForwardedView<'a> {
    from: Option<AddressView<'a>>,
    date: Option<String>,
    subject: Option<&'a str>,
    message_id: Option<&'a str>,
    text: &'a str,
}

impl<'a> AddressView<'a> {
    fn of(address: &'a Address) -> Self {
        Self {
            name: address.name.as_deref(),
            address: Some(address.address.as_str()).filter(|address| !address.is_empty()),
        }
    }

    fn list(addresses: &'a [Address]) -> Vec<Self> {
        addresses.iter().map(Self::of).collect()
    }
}

impl<'a> View<'a> {
    fn of(mail: &'a Mail, prefixes: &[String], file: Option<&'a str>) -> Self {
        Self {
            file,
            message_id: mail.message_id.as_deref(),
            in_reply_to: &mail.in_reply_to,
            references: &mail.references,
            date: mail.date.map(|date| date.to_rfc3339()),
            from: mail.sender().or(mail.from.first()).map(AddressView::of),
            reply_to: AddressView::list(&mail.reply_to),
            to: AddressView::list(&mail.to),
            cc: AddressView::list(&mail.cc),
            subject: mail.subject.as_deref(),
            title: &mail.title,
            text: &mail.text,
            html: mail.html,
            reply: &mail.reply,
            folded: &mail.folded,
            language: mail.language.as_deref(),
            attachments: &mail.attachments,
            auto_reply: mail.automatic,
            absent_until: mail.absent_until,
            bounce: mail.bounces.first(),
            bounces: &mail.bounces,
            thanks: mail.thanks,
            reaction: mail.reaction.as_deref(),
            urgent: mail.urgent,
            importance: mail.importance,
            ticket_ref: mail
                .subject
                .as_deref()
                .and_then(|subject| ticket_reference(subject, prefixes)),
            forwarded: mail.forwarded.as_ref().map(|forwarded| ForwardedView {
                from: forwarded.from.as_ref().map(AddressView::of),
                date: forwarded.date.map(|date| date.to_rfc3339()),
                subject: forwarded.subject.as_deref(),
                message_id: forwarded.message_id.as_deref(),
                text: &forwarded.text,
            }),
            delivered_to: &mail.delivered_to,
            return_path: mail.return_path.as_deref(),
            list_id: mail.list_id.as_deref(),
            spam: mail.spam,
            remarks: &mail.remarks,
            defects: &mail.defects,
        }
    }
}

/// What was understood, for a person at a terminal.
pub fn readable(mail: &Mail, prefixes: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = |label: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("{label:<12}{}", visible(&value)));
        }
    };
    let people =
        |addresses: &[Address]| addresses.iter().map(person).collect::<Vec<_>>().join(", ");
    line("From", people(&mail.from));
    line("Reply-To", people(&mail.reply_to));
    line("To", people(&mail.to));
    line("Cc", people(&mail.cc));
    line(
        "Date",
        mail.date.map(|date| date.to_rfc3339()).unwrap_or_default(),
    );
    line(
        "Subject",
        mail.subject
            .clone()
            .unwrap_or_else(|| format!("(none; title: {})", mail.title)),
    );
    line("Message-ID", mail.message_id.clone().unwrap_or_default());
    line(
        "Answers",
        mail.in_reply_to
            .iter()
            .chain(mail.references.last())
            .cloned()
            .collect::<Vec<_>>()
            .join(" "),
    );
    line(
        "Ticket",
        mail.subject
            .as_deref()
            .and_then(|subject| ticket_reference(subject, prefixes))
            .unwrap_or_default(),
    );
    let kind = serde_json::to_value(mail.automatic)
        .ok()
        .and_then(|kind| kind.as_str().map(str::to_owned));
    line("Written by", kind.unwrap_or_else(|| "a person".to_owned()));
    line(
        "Absent until",
        mail.absent_until
            .map(|day| format!(" {day}"))
            .unwrap_or_default(),
    );
    line("Language", mail.language.clone().unwrap_or_default());
    let claims = [
        mail.thanks.then(|| "thanks".to_owned()),
        mail.reaction
            .clone()
            .map(|reaction| format!("reaction {reaction}")),
        mail.urgent.then(|| "says it is urgent".to_owned()),
        mail.spam.then(|| "marked as spam".to_owned()),
    ];
    line(
        "Claims",
        claims.into_iter().flatten().collect::<Vec<_>>().join(", "),
    );
    for bounce in &mail.bounces {
        let parts = [
            &bounce.action,
            &bounce.recipient,
            &bounce.status,
            &bounce.diagnostic,
            &bounce.original_message_id,
        ];
        line(
            "Bounce",
            parts
                .into_iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(" · "),
        );
    }
    for remark in &mail.remarks {
        line("Remark", remark.clone());
    }
    for file in &mail.attachments {
        let mut marks = String::new();
        if file.inline {
            marks.push_str(", inline");
        }
        if file.decoration {
            marks.push_str(", decoration");
        }
        line(
            "File",
            format!(
                "{} ({}, {} bytes{marks})",
                file.name.as_deref().unwrap_or("(no name)"),
                file.content_type,
                file.size
            ),
        );
    }
    if let Some(forwarded) = &mail.forwarded {
        let from = forwarded.from.as_ref().map(person).unwrap_or_default();
        line(
            "Forwards",
            format!(
                "{from} · {}",
                forwarded.subject.as_deref().unwrap_or_default()
            ),
        );
    }
    for defect in &mail.defects {
        line("Defect", defect.clone());
    }
    let mut out = lines.join("\n");
    for (heading, text) in [("Reply", &mail.reply), ("Folded", &mail.folded)] {
        if !text.trim().is_empty() {
            out.push_str(&format!("\n\n-- {heading} --\n"));
            for text_line in text.trim_end().split('\n') {
                out.push_str(&visible(text_line));
                out.push('\n');
            }
        }
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

fn person(address: &Address) -> String {
    match &address.name {
        Some(name) => format!("{name} <{}>", address.address),
        None => address.address.clone(),
    }
}

/// Nothing that a terminal would obey.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_bracketed_or_known() {
        let known = ["SUP".to_owned()];
        for (subject, expected) in [
            ("Re: [DSI-1042] Écran noir", Some("DSI-1042")),
            ("RE: sup-12 écran", Some("SUP-12")),
            ("ISO-8859 et UTF-8", None),
            ("[a-b] [DSI-x]", None),
            ("TR: [DSI-1] [DSI-2] x", Some("DSI-2")),
            ("é-1 [é-1]", None),
        ] {
            assert_eq!(
                ticket_reference(subject, &known).as_deref(),
                expected,
                "{subject}"
            );
        }
    }

    #[test]
    fn any_bytes_are_shown() {
        for bytes in [&b""[..], b"\xff\xfe\x00", b"From: a@b\r\n\r\n\x1b[31mred"] {
            for json in [true, false] {
                let mut out = Vec::new();
                show(bytes, json, &[], &mut out).expect("memory takes it");
                assert!(out.ends_with(b"\n"));
                assert!(!out.contains(&0x1b));
            }
        }
    }
}
