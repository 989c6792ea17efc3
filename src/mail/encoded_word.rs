//! Header bytes to text: RFC 2047 encoded words, as sloppy clients write them.
//!
//! Owns the decoding of unstructured text, display names and file names. Adjacent words of one
//! charset are joined *before* decoding, because clients cut inside a character; raw 8-bit bytes
//! follow the order of belief of [`super::charset`].

use super::{charset, transfer};
use std::borrow::Cow;

/// Decodes a header value whose folding was undone. The result holds no CR, LF or NUL.
pub fn decode(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    // Bytes of a run of adjacent words that share a charset, not yet decoded.
    let mut run: Option<(String, Vec<u8>)> = None;
    let mut rest = value;
    let mut text_start = value;
    while let Some(at) = find(rest, b"=?") {
        let candidate = rest.get(at..).unwrap_or_default();
        let Some((charset, bytes, used)) = word(candidate) else {
            rest = candidate.get(2..).unwrap_or_default();
            continue;
        };
        let before = text_start
            .get(..text_start.len() - candidate.len())
            .unwrap_or_default();
        let blank = before.iter().all(u8::is_ascii_whitespace);
        let after_word = text_start.len() < value.len();
        match &mut run {
            Some((label, joined))
                if blank
                    && label.eq_ignore_ascii_case(&charset)
                    // A new escape starts anew: no character was cut there.
                    && !bytes.starts_with(b"\x1b") =>
            {
                joined.extend_from_slice(&bytes);
            }
            _ => {
                flush(&mut out, run.take());
                // White space between two words belongs to the encoding, not to the text.
                if !(blank && after_word) {
                    out.push_str(&plain(before));
                }
                run = Some((charset, bytes));
            }
        }
        rest = candidate.get(used..).unwrap_or_default();
        text_start = rest;
    }
    flush(&mut out, run);
    out.push_str(&plain(text_start));
    clean(&out)
}

/// Replaces what a header value must not hold by blanks, and trims.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push('\t'),
            // Bidirectional overrides turn "exe.fdp" around for the reader.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

fn flush(out: &mut String, run: Option<(String, Vec<u8>)>) {
    if let Some((label, bytes)) = run {
        out.push_str(&charset::decode(&bytes, Some(&label)));
    }
}

fn plain(bytes: &[u8]) -> Cow<'_, str> {
    charset::decode(bytes, None)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// Reads one encoded word at the start of `input`: charset, decoded bytes, length used.
///
/// Looser than RFC 2047: blanks inside the text, a missing charset, any length.
fn word(input: &[u8]) -> Option<(String, Vec<u8>, usize)> {
    let body = input.strip_prefix(b"=?")?;
    let charset_len = body.iter().take(60).position(|byte| *byte == b'?')?;
    let label = body.get(..charset_len)?;
    if label.iter().any(|byte| !byte.is_ascii_graphic()) {
        return None;
    }
    // RFC 2231 §5: a language after an asterisk.
    let label = String::from_utf8_lossy(label);
    let label = label.split('*').next().unwrap_or_default().to_owned();
    let encoding = body.get(charset_len + 1)?.to_ascii_lowercase();
    if body.get(charset_len + 2) != Some(&b'?') {
        return None;
    }
    let text = body.get(charset_len + 3..)?;
    let end = word_end(text)?;
    let payload = text.get(..end)?;
    let bytes = match encoding {
        b'b' => transfer::base64(payload).0,
        b'q' => {
            let spaced: Vec<u8> = payload
                .iter()
                .map(|byte| if *byte == b'_' { b' ' } else { *byte })
                .collect();
            transfer::hex_escapes(&spaced, b'=')
        }
        _ => return None,
    };
    Some((label, bytes, 2 + charset_len + 3 + end + 2))
}

/// Where `?=` ends the word. `=?utf-8?q?=?=` style text makes the first one doubtful only when it
/// is followed by two hexadecimal digits.
fn word_end(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + find(text.get(from..)?, b"?=")?;
        let tail = text.get(at + 2..).unwrap_or_default();
        let escaped =
            matches!(tail, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() && at == 0);
        if !escaped {
            return Some(at);
        }
        from = at + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn words_are_read_as_clients_write_them() {
        for (value, expected) in [
            (&b"plain subject"[..], "plain subject"),
            (
                b"=?utf-8?q?Probl=C3=A8me_d'acc=C3=A8s?=",
                "Problème d'accès",
            ),
            (b"=?utf-8?B?w6k=?= =?utf-8?B?w6k=?=", "éé"),
            (b"=?utf-8?B?w6k=?= et =?utf-8?B?w6k=?=", "é et é"),
            (b"=?utf-8?Q?caf=C3?= =?UTF-8?Q?=A9?=", "café"),
            (b"Re: =?iso-8859-1?Q?=E9t=E9?= fini", "Re: été fini"),
            (b"\"=?utf-8?Q?Mar=C3=A9chal?=\"", "\"Maréchal\""),
            (b"=?utf8?Q?=C3=A9?=", "é"),
            (b"=?utf-8?Q?a b c?=", "a b c"),
            (
                b"=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=  =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=",
                "テストテスト",
            ),
            (b"acc\xe8s", "accès"),
            (b"acc\xc3\xa8s", "accès"),
            (b"=?unknown?Q?a=E9?=", "aé"),
            (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
            (b"=?utf-8?Q?a=0D=0ABcc:_v?=", "a Bcc: v"),
            (b"=?utf-8?q?un?= =?iso-8859-1?q?_deux=E9?=", "un deuxé"),
            (b"=?", "=?"),
            (b"=?utf-8?q?never ends", "=?utf-8?q?never ends"),
        ] {
            assert_eq!(decode(value), expected);
        }
    }
}
