//! Content-Transfer-Encoding (RFC 2045 §6) and uuencode, undone without ever giving up.
//!
//! Owns bytes to bytes. Broken input gives what can be had, and a claim that it was broken.

use mail_parser::decoders::base64::base64_decode;
use std::borrow::Cow;

/// How a body says it is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Identity,
    Base64,
    QuotedPrintable,
    Uuencode,
}

impl Encoding {
    /// Reads the field as written; `None` for a value that no standard knows.
    pub fn parse(value: &str) -> Option<Self> {
        let token = value
            .split([';', '('])
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches(['"', '.']);
        let token: String = token
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_ascii_lowercase();
        Some(match token.as_str() {
            "base64" | "base-64" | "b64" => Self::Base64,
            "quoted-printable" | "quotedprintable" | "qp" => Self::QuotedPrintable,
            "x-uuencode" | "uuencode" | "x-uue" | "uue" => Self::Uuencode,
            "" | "7bit" | "7-bit" | "8bit" | "8-bit" | "binary" | "none" | "plain" => {
                Self::Identity
            }
            _ => return None,
        })
    }
}

/// Undoes `encoding`; the claim is true when the input did not keep to it.
pub fn decode(bytes: &[u8], encoding: Encoding) -> (Cow<'_, [u8]>, bool) {
    match encoding {
        Encoding::Identity => (Cow::Borrowed(bytes), false),
        Encoding::Base64 => {
            let (decoded, broken) = base64(bytes);
            if broken && is_prose(bytes) {
                return (Cow::Borrowed(bytes), true);
            }
            (Cow::Owned(decoded), broken)
        }
        Encoding::QuotedPrintable => (Cow::Owned(quoted_printable(bytes)), false),
        Encoding::Uuencode => match uuencode(bytes) {
            Some(file) => (Cow::Owned(file.bytes), false),
            None => (Cow::Borrowed(bytes), true),
        },
    }
}

/// Words between blanks, where base64 has none: a label on text that never was encoded.
fn is_prose(bytes: &[u8]) -> bool {
    let line = |line: &[u8]| {
        let words = line.trim_ascii().split(|byte| *byte == b' ');
        words.filter(|word| !word.is_empty()).count() > 2
    };
    let (lines, prose) = bytes
        .split(|byte| *byte == b'\n')
        .filter(|content| !content.trim_ascii().is_empty())
        .take(100)
        .fold((0_usize, 0_usize), |(all, prose), content| {
            (all + 1, prose + usize::from(line(content)))
        });
    prose * 2 > lines
}

/// Decodes base64, skipping what is none; the claim is true when something was skipped.
pub fn base64(bytes: &[u8]) -> (Vec<u8>, bool) {
    match base64_decode(bytes) {
        Some(decoded) => (decoded, false),
        None => {
            // Only the alphabet is kept. Line feeds, junk and the odd footer go.
            let kept: Vec<u8> = bytes
                .iter()
                .copied()
                .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
                .collect();
            (base64_decode(&kept).unwrap_or_default(), true)
        }
    }
}

/// Decodes quoted-printable. A broken escape stays as it is, as RFC 2045 §6.7 advises.
pub fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let (content, ending): (&[u8], &[u8]) = match line {
            [content @ .., b'\r', b'\n'] => (content, b"\r\n"),
            [content @ .., b'\n'] => (content, b"\n"),
            content => (content, b""),
        };
        // Blanks at the end of a line are added by transports.
        let content = if ending.is_empty() {
            content
        } else {
            content.trim_ascii_end()
        };
        match content {
            [content @ .., b'='] => out.extend_from_slice(&hex_escapes(content, b'=')),
            content => {
                if memchr::memchr(b'=', content).is_some() {
                    out.extend_from_slice(&hex_escapes(content, b'='));
                } else {
                    out.extend_from_slice(content);
                }
                out.extend_from_slice(ending);
            }
        }
    }
    out
}

/// Replaces `mark` and two hexadecimal digits by their byte; everything else stays.
pub fn hex_escapes(bytes: &[u8], mark: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(mark, rest) {
        let (before, tail) = rest.split_at(at);
        out.extend_from_slice(before);
        let digits = tail.get(1).zip(tail.get(2)).and_then(|(high, low)| {
            let high = char::from(*high).to_digit(16)?;
            let low = char::from(*low).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        });
        match digits {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(3..).unwrap_or_default();
            }
            None => {
                out.push(mark);
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

/// A file between `begin 644 name` and `end`.
pub struct UuFile {
    /// The name of the `begin` line.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// Where in the input it stood.
    pub range: std::ops::Range<usize>,
}

/// Finds the first uuencoded file in `bytes`.
pub fn uuencode(bytes: &[u8]) -> Option<UuFile> {
    let mut at = 0;
    let mut file: Option<UuFile> = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        let line = line.trim_ascii_end();
        match &mut file {
            None => {
                let Some(rest) = line.strip_prefix(b"begin ") else {
                    continue;
                };
                let mode = rest
                    .iter()
                    .take_while(|byte| (b'0'..=b'7').contains(byte))
                    .count();
                if !(3..=4).contains(&mode) || rest.get(mode) != Some(&b' ') {
                    continue;
                }
                let name = super::encoded_word::decode(rest.get(mode + 1..).unwrap_or_default());
                file = Some(UuFile {
                    name,
                    bytes: Vec::new(),
                    range: start..at,
                });
            }
            Some(open) => {
                open.range.end = at;
                if line == b"end" {
                    return file;
                }
                let Some((count, data)) = line.split_first() else {
                    continue;
                };
                // A length above 45 or below the blank: this is prose, not a file.
                if !(b' '..=b'`').contains(count) {
                    return None;
                }
                let length = usize::from((count - b' ') & 0x3f);
                let before = open.bytes.len();
                for group in data.chunks(4) {
                    let sextet = |i: usize| {
                        u32::from(group.get(i).copied().unwrap_or(b' ').wrapping_sub(b' ') & 0x3f)
                    };
                    let word = sextet(0) << 18 | sextet(1) << 12 | sextet(2) << 6 | sextet(3);
                    open.bytes
                        .extend_from_slice(word.to_be_bytes().get(1..).unwrap_or_default());
                }
                open.bytes.truncate(before + length);
            }
        }
    }
    // A file that was cut off; one line of prose behind "begin" is none.
    file.filter(|file| file.bytes.len() >= 45)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_encodings_give_what_can_be_had() {
        assert_eq!(base64(b"w6k="), ("é".as_bytes().to_vec(), false));
        let (text, broken) = decode(b"Ceci est du texte.", Encoding::Base64);
        assert_eq!((text.as_ref(), broken), (&b"Ceci est du texte."[..], true));
        assert_eq!(base64(b"w6\x00!k="), ("é".as_bytes().to_vec(), true));
        assert_eq!(
            quoted_printable(b"a=\r\nb=C3=A9=ZZ =\nc  \r\n"),
            "abé=ZZ c\r\n".as_bytes()
        );
        assert_eq!(quoted_printable(b"cut=C"), b"cut=C");
        let file =
            uuencode(b"hello\nbegin 644 a.txt\n#0V%T\n`\nend\nbye\n").expect("a file is there");
        assert_eq!(
            (file.name.as_str(), file.bytes.as_slice()),
            ("a.txt", &b"Cat"[..])
        );
        assert!(uuencode(b"begin 644 is a nice word").is_none());
    }

    #[test]
    fn names_of_encodings_are_read_loosely() {
        assert_eq!(Encoding::parse(" Base64; x"), Some(Encoding::Base64));
        assert_eq!(
            Encoding::parse("quoted-printable (yes)"),
            Some(Encoding::QuotedPrintable)
        );
        assert_eq!(Encoding::parse("7-bit"), Some(Encoding::Identity));
        assert_eq!(Encoding::parse("text/html"), None);
    }
}
