//! The list of files, and the identity of a message by what it holds.

use super::{Place, Visit};
use crate::mail::file::{content_id, name};
use crate::mail::part::{self, Part};
use crate::mail::{Attachment, Digest, decoration, header, limits};

/// A file as it is found.
pub(super) struct Found {
    pub(super) name: Option<String>,
    pub(super) content_type: String,
    pub(super) content_id: Option<String>,
    pub(super) inline: bool,
}

impl Visit {
    pub(super) fn message_file(&mut self, part: &Part<'_>, bytes: &[u8]) {
        let name = name(part).or_else(|| {
            let subject = header::read(bytes)
                .text("Subject")
                .unwrap_or_else(|| "message".to_owned());
            Some(format!("{subject}.eml"))
        });
        let content_type = if part::is_message(&part.content_type) {
            part.content_type.clone()
        } else {
            "message/rfc822".to_owned()
        };
        let inline = part.disposition.value == "inline";
        self.add(
            Found {
                name,
                content_type,
                content_id: content_id(part),
                inline,
            },
            bytes,
        );
    }

    pub(super) fn file(
        &mut self,
        part: &Part<'_>,
        name: Option<String>,
        bytes: &[u8],
        place: Place,
    ) {
        let inline = part.disposition.value == "inline"
            || (place.related && part.disposition.value.is_empty());
        let found = Found {
            name,
            content_type: part.content_type.clone(),
            content_id: content_id(part),
            inline,
        };
        self.add(found, bytes);
    }

    pub(super) fn add(&mut self, found: Found, bytes: &[u8]) {
        if self.content.files.len() >= limits::ATTACHMENTS {
            self.defect("too many files: not all are listed");
            return;
        }
        let sha256 = Digest::of(bytes);
        if self.wanted == Some(sha256) && self.found.is_none() {
            self.found = Some(bytes.to_vec());
        }
        let decoration = decoration::is_decoration(
            found.name.as_deref(),
            &found.content_type,
            found.content_id.is_some() || found.inline,
            bytes,
        );
        self.content.files.push(Attachment {
            name: found.name,
            content_type: found.content_type,
            size: bytes.len() as u64,
            sha256,
            inline: found.inline,
            content_id: found.content_id,
            decoration,
        });
    }

    pub(super) fn identify(&mut self, content_type: &str, bytes: &[u8]) {
        let digest = if content_type.starts_with("text/") && bytes.len() <= limits::HTML_BYTES {
            let text: Vec<u8> = bytes
                .iter()
                .copied()
                .filter(|byte| *byte != b'\r')
                .collect();
            Digest::of(text.trim_ascii())
        } else {
            Digest::of(bytes)
        };
        self.content.identity.push(digest);
    }
}
