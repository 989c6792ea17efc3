//! The bytes of one mail (RFC 5322, 2045–2046): fields, a text, its HTML, files.
//!
//! The tree of parts and the base64 of files are `lettre`'s. Four things are not: the boundaries, which
//! it would draw by chance (the same input must give the same bytes); the fields of the mail,
//! which come from [`super::header`] because lettre's refuse what they cannot parse and panic on a
//! line end in a display name (RUSTSEC-2026-0564), while a notification is never refused; the
//! names of files, which older clients want in both forms; and quoted-printable, which here also
//! hides a dot or `From ` at the start of a line from careless relays.

use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Body, MultiPart, SinglePart};

use super::header::{Fields, Line, octet};

/// Octets of a quoted-printable line (RFC 2045 §6.7).
const BODY_LINE_OCTETS: usize = 76;

/// A file to send along.
#[derive(Clone, Debug)]
pub struct Enclosure {
    /// Its name.
    pub name: Line,
    /// `type/subtype`; what is not of that form becomes `application/octet-stream`.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Writes the mail: `fields` first, then `text` and `html` as alternatives, then the files.
///
/// `seed` makes the boundaries: the same for the same mail, unknown to who wrote its contents.
pub fn write(
    fields: Fields,
    text: &str,
    html: &str,
    enclosures: &[Enclosure],
    seed: &str,
) -> Vec<u8> {
    let alternative = MultiPart::alternative()
        .boundary(format!("=_a_{seed}"))
        .singlepart(written(ContentType::TEXT_PLAIN, text))
        .singlepart(written(ContentType::TEXT_HTML, html));
    let tree = if enclosures.is_empty() {
        alternative
    } else {
        let mixed = mixed(seed).multipart(alternative);
        enclose(mixed, enclosures)
    };
    finish(fields, &tree)
}

/// Writes a mail of plain text and files.
pub fn write_plain(fields: Fields, text: &str, enclosures: &[Enclosure], seed: &str) -> Vec<u8> {
    let mixed = mixed(seed).singlepart(written(ContentType::TEXT_PLAIN, text));
    finish(fields, &enclose(mixed, enclosures))
}

fn mixed(seed: &str) -> MultiPart {
    MultiPart::mixed().boundary(format!("=_m_{seed}")).build()
}

fn enclose(mixed: MultiPart, enclosures: &[Enclosure]) -> MultiPart {
    enclosures.iter().fold(mixed, |mixed, enclosure| {
        mixed.singlepart(enclosed(enclosure))
    })
}

fn finish(mut fields: Fields, tree: &MultiPart) -> Vec<u8> {
    fields.tokens("MIME-Version", "1.0");
    let mut out = fields.as_str().as_bytes().to_vec();
    out.extend_from_slice(&tree.formatted());
    out
}

fn written(kind: ContentType, text: &str) -> SinglePart {
    let mut encoded = String::new();
    quoted_printable(&mut encoded, text);
    // The last line end belongs to the boundary (RFC 2046 §5.1.1), which lettre writes.
    encoded.truncate(encoded.len().saturating_sub("\r\n".len()));
    let body = Body::dangerous_pre_encoded(
        encoded.into_bytes(),
        ContentTransferEncoding::QuotedPrintable,
    );
    SinglePart::builder().content_type(kind).body(body)
}

fn enclosed(enclosure: &Enclosure) -> SinglePart {
    let mut fields = Fields::default();
    fields.file(content_type(&enclosure.content_type), &enclosure.name);
    let value = |name: &str| fields.value(name).unwrap_or_default().to_owned();
    let body = Body::new_with_encoding(enclosure.bytes.clone(), ContentTransferEncoding::Base64)
        .unwrap_or_else(Body::new);
    SinglePart::builder()
        .header(FileType(value("Content-Type")))
        .header(FileDisposition(value("Content-Disposition")))
        .body(body)
}

/// `Content-Type` of a file, its name included, encoded and folded by [`Fields`].
#[derive(Clone)]
struct FileType(String);

/// `Content-Disposition` of a file, likewise.
#[derive(Clone)]
struct FileDisposition(String);

impl Header for FileType {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Type")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), self.0.clone())
    }
}

impl Header for FileDisposition {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Disposition")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), self.0.clone())
    }
}

/// The type as announced, when it is one and may be sent in base64: a message or a multipart may
/// not (RFC 2045 §6.4), and a reader would open what was only to be kept. What the desk wrote itself says
/// its charset: without it a reader may guess another.
fn content_type(announced: &str) -> &str {
    let token = |part: &str| {
        !part.is_empty()
            && part.len() <= 60
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".+-_".contains(&byte))
    };
    let bare = announced.strip_suffix("; charset=utf-8");
    match bare.unwrap_or(announced).split_once('/') {
        Some((kind, subtype))
            if token(kind) && token(subtype) && !matches!(kind, "message" | "multipart") =>
        {
            announced
        }
        _ => "application/octet-stream",
    }
}

/// Quoted-printable (RFC 2045 §6.7) of a text whose lines end in `\n`. A line that starts with a
/// dot, or with `From `, is encoded there, so that no mailbox format and no careless relay
/// changes it.
fn quoted_printable(out: &mut String, text: &str) {
    out.reserve(text.len() + text.len() / 4);
    for line in text.trim_end_matches('\n').split('\n') {
        let line = line.trim_end_matches('\r');
        let bytes = line.as_bytes();
        let mut length = 0;
        for (index, &byte) in bytes.iter().enumerate() {
            let last = index + 1 == bytes.len();
            let plain = match byte {
                b' ' | b'\t' => !last,
                b'=' => false,
                b'.' => length > 0,
                b'F' => length > 0 || !line.get(index..).is_some_and(|r| r.starts_with("From ")),
                b'!'..=b'~' => true,
                _ => false,
            };
            let width = if plain { 1 } else { 3 };
            // One column is kept for the `=` of a soft line break.
            if length + width > BODY_LINE_OCTETS - 1 {
                out.push_str("=\r\n");
                length = 0;
            }
            // A soft break may have moved a dot to the start of a line.
            if plain && !(length == 0 && byte == b'.') {
                out.push(char::from(byte));
                length += 1;
            } else {
                out.extend(octet('=', byte));
                length += 3;
            }
        }
        out.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_survives_dots_from_lines_and_trailing_blanks() {
        let mut out = String::new();
        let text = format!(".\nFrom here\nété = x \n{}.\n", "a".repeat(75));
        quoted_printable(&mut out, &text);
        assert_eq!(
            out,
            format!(
                "=2E\r\n=46rom here\r\n=C3=A9t=C3=A9 =3D x=20\r\n{}=\r\n=2E\r\n",
                "a".repeat(75)
            )
        );
    }

    #[test]
    fn a_message_is_never_sent_in_base64_as_a_message() {
        assert_eq!(content_type("image/png"), "image/png");
        let own = "text/markdown; charset=utf-8";
        assert_eq!(content_type(own), own);
        for bad in [
            "message/rfc822",
            "text/plain\r\nBcc: x",
            "text",
            "a/b; c=d",
            "/",
        ] {
            assert_eq!(content_type(bad), "application/octet-stream");
        }
    }
}
