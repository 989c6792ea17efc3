//! Bodies: their charset, their limits, and what was written into a text that is none.

use super::files::{Bytes, Found};
use super::{Visit, cut};
use crate::mail::file::media_type;
use crate::mail::lines::{lines, unflow};
use crate::mail::part::Part;
use crate::mail::piece::Piece;
use crate::mail::{charset, limits, pgp, transfer};
use std::borrow::Cow;

impl Visit {
    pub(super) fn body(&mut self, part: &Part<'_>, bytes: &[u8]) -> Vec<Piece> {
        let is_html = part.content_type == "text/html";
        let label = part
            .parameters
            .get("charset")
            .filter(|label| !label.is_empty());
        if let Some(label) = label
            && !charset::is_known(label)
        {
            self.defect("a charset is unknown or refused");
        }
        let (used, limit) = if is_html {
            (&mut self.content.html_bytes, limits::HTML_BYTES)
        } else {
            (&mut self.content.text_bytes, limits::TEXT_BYTES)
        };
        let kept = cut(bytes, limit.saturating_sub(*used));
        *used += kept.len();
        if kept.len() < bytes.len() {
            self.defect("a text is too long: its end is not shown");
        }
        let label: Option<Cow<'_, str>> = label
            .map(Cow::Borrowed)
            .or_else(|| if is_html { meta_charset(kept) } else { None });
        let text = charset::decode(kept, label.as_deref());
        let mut text = lines(&text);
        if is_html {
            return vec![Piece {
                plain: None,
                html: Some(text),
            }];
        }
        if part
            .parameters
            .get("format")
            .is_some_and(|format| format.eq_ignore_ascii_case("flowed"))
        {
            let delete = part
                .parameters
                .get("delsp")
                .is_some_and(|value| value.eq_ignore_ascii_case("yes"));
            text = unflow(&text, delete);
        }
        if let Some(inner) = pgp::unwrap_signed(&text) {
            self.remark(pgp::SIGNED);
            text = inner;
        } else if pgp::is_encrypted(&text) {
            self.remark(pgp::ENCRYPTED);
        }
        let mut files = 0;
        while memchr::memmem::find(text.as_bytes(), b"begin ").is_some()
            && files < 50
            && let Some(file) = transfer::uuencode(text.as_bytes())
        {
            files += 1;
            let found = Found {
                content_type: media_type(&file.name).to_owned(),
                name: Some(file.name),
                content_id: None,
                inline: false,
            };
            self.add(found, &Bytes::new(&file.bytes));
            // The range ends at line ends, so it cuts no character.
            if text.is_char_boundary(file.range.start) && text.is_char_boundary(file.range.end) {
                text.replace_range(file.range, "");
            } else {
                break;
            }
        }
        vec![Piece {
            plain: Some(text),
            html: None,
        }]
    }
}

/// The charset that an HTML page declares for itself.
fn meta_charset(bytes: &[u8]) -> Option<Cow<'static, str>> {
    let head = cut(bytes, 2048).to_ascii_lowercase();
    let at = memchr::memmem::find(&head, b"charset=")? + b"charset=".len();
    let label: Vec<u8> = head
        .get(at..)?
        .iter()
        .copied()
        .skip_while(|byte| matches!(byte, b'"' | b'\'' | b' '))
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .collect();
    Some(Cow::Owned(String::from_utf8(label).ok()?))
}
