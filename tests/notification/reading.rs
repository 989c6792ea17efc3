//! Reads our own bytes back, as a mail program does.

use guichet::desk::Kind;
use guichet::notification::Outgoing;
use mail_parser::{MessageParser, MimeHeaders};

use crate::desk::{notice, write};

pub struct Read {
    pub raw: String,
    pub headers: Vec<(String, String)>,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub files: Vec<(String, String, Vec<u8>)>,
}

pub fn read(outgoing: &Outgoing) -> Read {
    let raw = String::from_utf8(outgoing.bytes.clone()).expect("7-bit");
    assert!(raw.is_ascii());
    assert!(!raw.contains('\0'));
    assert_eq!(raw.matches('\n').count(), raw.matches("\r\n").count());
    assert_eq!(raw.matches('\r').count(), raw.matches("\r\n").count());
    for line in raw.lines() {
        assert!(line.len() <= 130, "{line}");
        assert!(!line.starts_with('.'), "{line}");
    }
    let message = MessageParser::default()
        .parse(&outgoing.bytes)
        .expect("a message");
    let (head, _) = raw.split_once("\r\n\r\n").expect("a head");
    let headers = head
        .replace("\r\n ", " ")
        .lines()
        .map(|line| {
            let (name, value) = line
                .split_once(": ")
                .unwrap_or_else(|| panic!("a field: {line:?}"));
            (name.to_owned(), value.to_owned())
        })
        .collect();
    Read {
        headers,
        subject: message.subject().expect("a subject").to_owned(),
        text: message.body_text(0).expect("a text").replace("\r\n", "\n"),
        html: message.body_html(0).expect("HTML").replace("\r\n", "\n"),
        files: message
            .attachments()
            .map(|part| {
                let kind = part.content_type().expect("a type");
                let subtype = kind.subtype().unwrap_or_default();
                (
                    part.attachment_name().unwrap_or_default().to_owned(),
                    format!("{}/{subtype}", kind.ctype()),
                    part.contents().to_vec(),
                )
            })
            .collect(),
        raw,
    }
}

impl Read {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found: Vec<&str> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        assert!(found.len() <= 1, "{name} stands {} times", found.len());
        found.first().copied()
    }
}

/// The HTML as a reader without HTML would see it.
pub fn plain(html: &str) -> String {
    let (_, body) = html.split_once("<body").expect("a body");
    let mut out = String::new();
    let mut inside = true;
    for character in body.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => out.push(character),
            _ => {}
        }
    }
    out
}

/// A notice of this kind, written and read back.
pub fn read_notice(kind: Kind) -> Read {
    read(&write(&notice(kind, "fr")))
}
