//! The bytes of one mail (RFC 5322, 2045–2046): fields, a text, its HTML, files.
//!
//! Written here rather than with `lettre`'s builder, which draws random boundaries, lets words that
//! look encoded pass through, refuses what it cannot parse (a notification is never refused), and
//! panics on a line end in a display name (RUSTSEC-2026-0564). What is left to write is small: the
//! same input gives the same bytes, every line is 7-bit, ends in CRLF and has at most 78 octets.

use data_encoding::BASE64;

use super::header::{Fields, Line};

/// Octets of a quoted-printable or base64 line (RFC 2045 §6.7, §6.8).
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
    mut fields: Fields,
    text: &str,
    html: &str,
    enclosures: &[Enclosure],
    seed: &str,
) -> Vec<u8> {
    fields.tokens("MIME-Version", "1.0");
    let alternative = format!("=_a_{seed}");
    let mixed = format!("=_m_{seed}");
    let mut out = String::new();
    if enclosures.is_empty() {
        multipart(&mut fields, "alternative", &alternative);
        out.push_str(fields.as_str());
        out.push_str("\r\n");
        alternatives(&mut out, text, html, &alternative);
    } else {
        multipart(&mut fields, "mixed", &mixed);
        out.push_str(fields.as_str());
        out.push_str(&format!("\r\n--{mixed}\r\n"));
        let mut inner = Fields::default();
        multipart(&mut inner, "alternative", &alternative);
        out.push_str(inner.as_str());
        out.push_str("\r\n");
        alternatives(&mut out, text, html, &alternative);
        for enclosure in enclosures {
            out.push_str(&format!("--{mixed}\r\n"));
            enclose(&mut out, enclosure);
        }
        out.push_str(&format!("--{mixed}--\r\n"));
    }
    out.into_bytes()
}

fn multipart(fields: &mut Fields, kind: &str, boundary: &str) {
    fields.tokens(
        "Content-Type",
        &format!("multipart/{kind}; boundary=\"{boundary}\""),
    );
}

fn alternatives(out: &mut String, text: &str, html: &str, boundary: &str) {
    for (kind, body) in [("plain", text), ("html", html)] {
        out.push_str(&format!(
            "--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        ));
        quoted_printable(out, body);
    }
    out.push_str(&format!("--{boundary}--\r\n"));
}

fn enclose(out: &mut String, enclosure: &Enclosure) {
    let mut fields = Fields::default();
    fields
        .file(content_type(&enclosure.content_type), &enclosure.name)
        .tokens("Content-Transfer-Encoding", "base64");
    out.push_str(fields.as_str());
    out.push_str("\r\n");
    // 57 bytes are 76 characters.
    for chunk in enclosure.bytes.chunks(BODY_LINE_OCTETS / 4 * 3) {
        BASE64.encode_append(chunk, out);
        out.push_str("\r\n");
    }
}

/// The type as announced, when it is one and may be sent in base64: a message or a multipart may
/// not (RFC 2045 §6.4), and a reader would open what was only to be kept.
fn content_type(announced: &str) -> &str {
    let token = |part: &str| {
        !part.is_empty()
            && part.len() <= 60
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".+-_".contains(&byte))
    };
    match announced.split_once('/') {
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
                out.push_str(&format!("={byte:02X}"));
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
