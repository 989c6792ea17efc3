//! The list of files, and the identity of a message by what it holds.

use super::{Place, Visit};
use crate::mail::file::{content_id, name};
use crate::mail::part::{self, Part};
use crate::mail::{Attachment, Digest, decoration, header, limits};
use std::cell::OnceCell;

/// The bytes of a part, and their digest once it was asked for: of a file it is asked twice.
pub(super) struct Bytes<'a> {
    pub(super) all: &'a [u8],
    digest: OnceCell<Digest>,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(all: &'a [u8]) -> Self {
        Self {
            all,
            digest: OnceCell::new(),
        }
    }

    fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| Digest::of(self.all))
    }
}

/// A file as it is found.
pub(super) struct Found {
    pub(super) name: Option<String>,
    pub(super) content_type: String,
    pub(super) content_id: Option<String>,
    pub(super) inline: bool,
}

impl Visit {
    pub(super) fn message_file(&mut self, part: &Part<'_>, bytes: &Bytes<'_>) {
        let name = name(part).or_else(|| {
            let subject = header::read(bytes.all)
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
        bytes: &Bytes<'_>,
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

    pub(super) fn add(&mut self, found: Found, bytes: &Bytes<'_>) {
        if self.content.files.len() >= limits::ATTACHMENTS {
            self.defect("too many files: not all are listed");
            return;
        }
        let sha256 = bytes.digest();
        if self.wanted == Some(sha256) && self.found.is_none() {
            self.found = Some(bytes.all.to_vec());
        }
        let decoration = decoration::is_decoration(
            found.name.as_deref(),
            &found.content_type,
            found.content_id.is_some() || found.inline,
            bytes.all,
        );
        self.content.files.push(Attachment {
            name: found.name,
            content_type: found.content_type,
            size: bytes.all.len() as u64,
            sha256,
            inline: found.inline,
            content_id: found.content_id,
            decoration,
        });
    }

    pub(super) fn identify(&mut self, content_type: &str, bytes: &Bytes<'_>) {
        if self.wanted.is_some() {
            return;
        }
        let is_text = content_type.starts_with("text/") && bytes.all.len() <= limits::HTML_BYTES;
        let digest = if is_text && memchr::memchr(b'\r', bytes.all).is_some() {
            let mut text = Vec::with_capacity(bytes.all.len());
            let mut rest = bytes.all;
            while let Some(at) = memchr::memchr(b'\r', rest) {
                let (before, after) = rest.split_at(at);
                text.extend_from_slice(before);
                rest = after.get(1..).unwrap_or_default();
            }
            text.extend_from_slice(rest);
            Digest::of(text.trim_ascii())
        } else if is_text {
            Digest::of(bytes.all.trim_ascii())
        } else {
            bytes.digest()
        };
        self.content.identity.push(digest);
    }
}
