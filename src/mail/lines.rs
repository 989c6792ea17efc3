//! Lines of text as the rest of the house expects them.
//!
//! Owns line ends, Unicode normalisation and `format=flowed` (RFC 3676).

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// NFC, lines that end with `\n`, no NUL, no byte-order mark.
pub fn lines(text: &str) -> String {
    let out = line_feeds(text).into_owned();
    if is_composed(&out) {
        return out;
    }
    // A base with thousands of accents is an attack on the sorting that NFC does.
    if out.chars().fold((0_usize, 0_usize), longest_marks).0 > 64 {
        return out;
    }
    out.nfc().collect()
}

/// Line ends as `\n`, without NUL and byte-order marks.
pub(super) fn line_feeds(text: &str) -> Cow<'_, str> {
    let next = |text: &str, from: usize| {
        let found = memchr::memchr3(b'\r', b'\0', BYTE_ORDER_MARK, text.as_bytes().get(from..)?);
        found.map(|at| from + at)
    };
    let Some(mut found) = next(text, 0) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        // All three are first bytes of a character.
        let (before, tail) = rest.split_at(found);
        let mut chars = tail.chars();
        let character = chars.next();
        let from = match character {
            Some('\r' | '\0' | '\u{feff}') => {
                out.push_str(before);
                if character == Some('\r') && !tail.starts_with("\r\n") {
                    out.push('\n');
                }
                rest = chars.as_str();
                0
            }
            _ => found + tail.len() - chars.as_str().len(),
        };
        match next(rest, from) {
            Some(at) => found = at,
            None => break,
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The first byte of `\u{feff}` and of its neighbours.
const BYTE_ORDER_MARK: u8 = 0xEF;

/// Whether a text is in NFC for certain.
pub(super) fn is_composed(text: &str) -> bool {
    is_plainly_composed(text.as_bytes()) || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

/// The same, without the tables: nothing from U+0300 but the punctuation that people write.
fn is_plainly_composed(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = first_of_marks(rest) {
        let [0xE2, 0x80, 0x90..=0xBF, after @ ..] = rest.get(at..).unwrap_or_default() else {
            return false;
        };
        rest = after;
    }
    true
}

/// Where the first byte of a character from U+0300 stands: one of `0xCC` or more.
fn first_of_marks(bytes: &[u8]) -> Option<usize> {
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    const ADDED: u64 = u64::from_ne_bytes([0x80 - 0x4C; 8]);
    let (eights, _) = bytes.as_chunks::<8>();
    let passed = eights.iter().take_while(|eight| {
        // Eight bytes at once: a byte has its high bit, and the rest of it is 0x4C or more.
        let eight = u64::from_ne_bytes(**eight);
        eight & (((eight & !HIGH) + ADDED) & HIGH) == 0
    });
    let from = passed.count() * 8;
    let at = bytes.get(from..)?.iter().position(|byte| *byte >= 0xCC)?;
    Some(from + at)
}

fn longest_marks((longest, run): (usize, usize), c: char) -> (usize, usize) {
    let run = if unicode_normalization::char::is_combining_mark(c) {
        run + 1
    } else {
        0
    };
    (longest.max(run), run)
}

/// RFC 3676: joins the lines that end with a blank; quote marks and signatures keep theirs.
pub fn unflow(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        let content = line.get(depth..).unwrap_or_default();
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        match open {
            Some(known) if known == depth && !signature => out.push_str(content),
            _ => {
                if open.is_some() {
                    out.push('\n');
                }
                if depth > 0 {
                    out.push_str(&">".repeat(depth));
                    out.push(' ');
                    out.push_str(content);
                } else {
                    out.push_str(content);
                }
            }
        }
        if content.ends_with(' ') && !signature {
            open = Some(depth);
            if delete_space {
                out.pop();
            }
        } else {
            open = None;
            out.push('\n');
        }
    }
    // Every line got its end, the last one had none.
    if out.ends_with('\n') {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plainly_composed_is() {
        let plain = ('\0'..=char::MAX).filter(|c| is_plainly_composed(c.to_string().as_bytes()));
        let text: String = plain.flat_map(|c| ['e', c]).collect();
        assert!(text.contains('é') && text.contains('’'));
        assert_eq!(is_nfc_quick(text.chars()), IsNormalized::Yes);
    }

    #[test]
    fn the_first_mark_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for before in 0..20 {
                let mut bytes = vec![b'a'; before];
                bytes.push(byte);
                bytes.resize(27, 0xCB);
                let found = (byte >= 0xCC).then_some(before);
                assert_eq!(first_of_marks(&bytes), found, "{byte:#x} behind {before}");
            }
        }
    }

    #[test]
    fn line_ends_become_line_feeds() {
        for (written, read) in [
            ("a\r\nb\rc\n", "a\nb\nc\n"),
            ("\u{feff}a\0b\u{ff0c}\u{feff}", "ab\u{ff0c}"),
            ("\r\r\n\u{ff0c}\r", "\n\n\u{ff0c}\n"),
            ("a\u{ff0c}b", "a\u{ff0c}b"),
        ] {
            assert_eq!(line_feeds(written), read);
        }
    }
}
