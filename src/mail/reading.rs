//! Puts a [`Mail`] together from what the other files of `mail` understand.
//!
//! Owns the order of the steps and the choice of the bodies; every judgement is made elsewhere.

use super::content::{self, Content, Message, Piece};
use super::envelope::Envelope;
use super::part::{self, Tree};
use super::text::{self, Bodies, Written};
use super::{Automatic, Digest, Forwarded, Mail, automatic, bounce, header, limits};
use std::borrow::Cow;
use std::collections::HashSet;

/// Attached mails whose text is taken apart; the others are files.
const READ_MESSAGES: usize = 20;

/// Characters of a title that is made from the text.
const TITLE_CHARS: usize = 80;

/// What stands where neither a subject nor a text says anything.
const NO_SUBJECT: &str = "(sans objet)";

/// Understands a message.
pub fn read(bytes: &[u8]) -> Mail {
    let bytes = with_line_feeds(bytes);
    let tree = part::walk(&bytes);
    let root = tree.root();
    let envelope = Envelope::read(&root.fields);
    let mut content = content::read(&tree);
    let content_digest = content_digest(&tree, &content);
    let subject = envelope.subject.clone();
    let (mut plain, html) = bodies(&content.pieces);
    if plain.is_none() && html.is_none() && !content.reports.is_empty() {
        // A report without a word for people: its own words are better than a blank.
        let texts: Vec<&str> = content
            .reports
            .iter()
            .map(|report| report.text.as_str())
            .collect();
        plain = Some(texts.join("\n"));
    }
    if let (Some(plain), Some(html)) = (&plain, &html)
        && differs(plain, html)
    {
        content
            .defects
            .push("the plain and the HTML text differ: the plain one is shown".to_owned());
    }
    let written = text::split(&Bodies {
        plain: plain.as_deref(),
        html: html.as_deref(),
        subject: subject.as_deref(),
    });
    mark_placed(&mut content, html.as_deref());
    if html.is_none() && written.text.trim().is_empty() {
        // Nothing but pictures: they are what was meant.
        for file in &mut content.files {
            file.decoration &= !file.content_type.starts_with("image/");
        }
    }
    let forwarded = written
        .forwarded
        .clone()
        .or_else(|| attached_original(&mut content));
    let bounces = bounce::read(bounce::Evidence {
        fields: &root.fields,
        envelope: &envelope,
        content: &content,
        content_type: &root.content_type,
        text: &written.text,
    });
    let report_type = (root.content_type == "multipart/report").then(|| {
        root.parameters
            .get("report-type")
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    });
    let automatic = automatic::judge(automatic::Evidence {
        fields: &root.fields,
        envelope: &envelope,
        content: &content,
        report_type: report_type.as_deref(),
        is_bounce: !bounces.is_empty(),
        reply: &written.reply,
        forwards: written.forwarded.is_some(),
    });
    let absent_until = match automatic {
        Some(Automatic::AutoReplied) => automatic::absent_until(&written.reply, envelope.date),
        _ => None,
    };
    let mut remarks: Vec<String> = content
        .calendars
        .iter()
        .map(super::calendar::Event::remark)
        .take(limits::REMARKS)
        .collect();
    remarks.append(&mut content.remarks);
    remarks.truncate(limits::REMARKS);
    let title = title(subject.as_deref(), &written, &remarks);
    let mut defects: Vec<String> = envelope
        .defects
        .iter()
        .map(|defect| (*defect).to_owned())
        .collect();
    defects.append(&mut content.defects);
    defects.dedup();
    defects.truncate(limits::DEFECTS);
    let forwarded = if automatic == Some(Automatic::Bounce) {
        None
    } else {
        forwarded
    };
    Mail {
        message_id: envelope.message_id,
        in_reply_to: envelope.in_reply_to,
        references: envelope.references,
        date: envelope.date,
        from: envelope.from,
        reply_to: envelope.reply_to,
        to: envelope.to,
        cc: envelope.cc,
        delivered_to: envelope.delivered_to,
        return_path: envelope.return_path,
        subject,
        title,
        text: written.text,
        html: html.is_some(),
        reply: written.reply,
        folded: written.folded,
        language: None,
        attachments: content.files,
        automatic,
        bounces: if automatic == Some(Automatic::Bounce) {
            bounces
        } else {
            Vec::new()
        },
        absent_until,
        thanks: false,
        reaction: content.reaction,
        urgent: false,
        importance: envelope.importance,
        forwarded,
        list_id: envelope.list_id,
        spam: envelope.spam,
        remarks,
        defects,
        content_digest: Some(content_digest),
    }
}

/// The decoded bytes of a file, by digest.
pub fn extract(bytes: &[u8], sha256: &Digest) -> Option<Vec<u8>> {
    let bytes = with_line_feeds(bytes);
    content::find(&part::walk(&bytes), sha256)
}

/// A message whose lines end with CR alone gets line feeds.
fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    let head = bytes.get(..4096).unwrap_or(bytes);
    if memchr::memchr(b'\n', head).is_none()
        && memchr::memchr(b'\r', head).is_some()
        && memchr::memchr(b'\n', bytes).is_none()
    {
        return Cow::Owned(
            bytes
                .iter()
                .map(|byte| if *byte == b'\r' { b'\n' } else { *byte })
                .collect(),
        );
    }
    Cow::Borrowed(bytes)
}

/// The plain and the HTML body. A plain one that only excuses itself is none.
fn bodies(pieces: &[Piece]) -> (Option<String>, Option<String>) {
    let html = content::joined_html(pieces).filter(|html| !html.trim().is_empty());
    let plain =
        content::joined_plain(pieces).filter(|plain| content::is_real(plain, html.as_deref()));
    (plain, html)
}

/// Whether two forms of a text have little in common: one may be meant for filters, the other for
/// eyes.
fn differs(plain: &str, html: &str) -> bool {
    const COMPARED: usize = 20_000;
    let words = |text: &str| -> HashSet<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.chars().count() > 3)
            .take(500)
            .map(str::to_lowercase)
            .collect()
    };
    let left = words(
        plain
            .get(..plain.floor_char_boundary(COMPARED))
            .unwrap_or(plain),
    );
    // Letters without blanks: a word of the plain text is a piece of them.
    let right = content::html_words(html, COMPARED * 4).to_lowercase();
    left.len() >= 5
        && left
            .iter()
            .filter(|word| right.contains(word.as_str()))
            .count()
            * 3
            < left.len()
}

/// Files that the HTML shows by `cid:` are inline, whatever their disposition says.
fn mark_placed(content: &mut Content, html: Option<&str>) {
    let Some(html) = html else { return };
    let mut placed: HashSet<String> = HashSet::new();
    for at in memchr::memmem::find_iter(html.as_bytes(), b"cid:").take(limits::ATTACHMENTS) {
        let id: String = html
            .get(at + 4..)
            .unwrap_or_default()
            .chars()
            .take(limits::ID_BYTES)
            .take_while(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '>' | ')' | '<'))
            .collect();
        let decoded = super::transfer::hex_escapes(id.as_bytes(), b'%');
        placed.insert(String::from_utf8_lossy(&decoded).into_owned());
        placed.insert(id);
    }
    for file in &mut content.files {
        if file
            .content_id
            .as_ref()
            .is_some_and(|id| placed.contains(id))
        {
            file.inline = true;
        }
    }
}

/// The original of a mail that was forwarded as an attachment: the first that is not returned by a
/// machine. The others are named in a remark each.
fn attached_original(content: &mut Content) -> Option<Forwarded> {
    let mut first = None;
    let mut remarks = Vec::new();
    for message in content
        .messages
        .iter()
        .filter(|message| !message.returned)
        .take(READ_MESSAGES)
    {
        if first.is_none() {
            first = Some(forwarded(message));
        } else {
            let subject = message.envelope.subject.as_deref().unwrap_or(NO_SUBJECT);
            let from = message
                .envelope
                .from
                .first()
                .map(|from| from.name.clone().unwrap_or_else(|| from.address.clone()));
            remarks.push(match from {
                Some(from) => format!("Message joint : « {subject} », de {from}"),
                None => format!("Message joint : « {subject} »"),
            });
        }
    }
    content.remarks.append(&mut remarks);
    first
}

fn forwarded(message: &Message) -> Forwarded {
    let (plain, html) = bodies(&message.pieces);
    let subject = message.envelope.subject.clone();
    let written = text::split(&Bodies {
        plain: plain.as_deref(),
        html: html.as_deref(),
        subject: subject.as_deref(),
    });
    Forwarded {
        from: message
            .envelope
            .from
            .iter()
            .find(|from| !from.address.is_empty())
            .cloned(),
        date: message.envelope.date,
        subject,
        message_id: message.envelope.message_id.clone(),
        text: written.text,
    }
}

/// The subject, else the first line that says something, else what came.
fn title(subject: Option<&str>, written: &Written, remarks: &[String]) -> String {
    if let Some(subject) = subject.map(str::trim).filter(|subject| !subject.is_empty()) {
        return subject.to_owned();
    }
    let meaningful = |line: &&str| {
        let letters = line.chars().filter(|c| c.is_alphabetic()).count();
        let word = line.trim_end_matches([',', '!', '.', ' ']).to_lowercase();
        let greeting = [
            "bonjour",
            "bonsoir",
            "salut",
            "hello",
            "hi",
            "hallo",
            "guten tag",
            "madame",
            "monsieur",
            "dear",
            "cher",
            "chère",
        ]
        .iter()
        .any(|greeting| {
            word == *greeting
                || (word.starts_with(greeting) && word.split_whitespace().count() <= 3)
        });
        letters >= 3 && !greeting
    };
    let line = written
        .reply
        .lines()
        .map(str::trim)
        .find(meaningful)
        .or_else(|| written.text.lines().map(str::trim).find(meaningful));
    match line
        .map(|line| header::limited(super::encoded_word::clean(line), TITLE_CHARS))
        .or_else(|| remarks.first().cloned())
    {
        Some(line) if !line.is_empty() => line,
        _ => NO_SUBJECT.to_owned(),
    }
}

/// What makes two deliveries the same mail.
fn content_digest(tree: &Tree<'_>, content: &Content) -> Digest {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for name in ["From", "Date", "Subject", "Message-ID"] {
        for field in tree.root().fields.all(name) {
            // Relays fold lines anew; white space is not content.
            let value: Vec<u8> = field
                .value()
                .iter()
                .copied()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            context.update(name.as_bytes());
            context.update(&value);
            context.update(&[0]);
        }
    }
    for digest in &content.identity {
        context.update(&digest.0);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    Digest(out)
}
