//! `Content-Type` and `Content-Disposition` with their parameters (RFC 2045 §5.1, RFC 2231).
//!
//! Owns the loose reading of `value; name=text; name*0*=utf-8''te; name*1=xt`.

use super::{charset, encoded_word, header, limits, transfer};
use std::collections::BTreeMap;

/// A value and its parameters.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// What stands before the first semicolon, lower case.
    pub value: String,
    /// Names are lower case; the first of several wins.
    parameters: BTreeMap<String, String>,
    /// The same parameter came twice with different values.
    pub conflicting: bool,
}

impl Parameters {
    /// A parameter, decoded.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

/// Parameters beyond these are noise.
const MAX_PARAMETERS: usize = 100;

/// Reads a field value.
pub fn parse(field: &[u8]) -> Parameters {
    let field = without_comments(field);
    let mut pieces = split(&field).into_iter();
    let value = pieces.next().unwrap_or_default();
    let value = String::from_utf8_lossy(value.trim_ascii()).to_ascii_lowercase();
    let mut out = Parameters {
        // "text/plain charset=…" without a semicolon.
        value: value
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .trim_matches('"')
            .to_owned(),
        ..Parameters::default()
    };
    let mut pieces: Vec<&[u8]> = pieces.collect();
    let tail;
    if let Some(rest) = value.split_once(char::is_whitespace).map(|(_, rest)| rest) {
        tail = rest.as_bytes().to_vec();
        pieces.push(&tail);
    }
    let mut continued: BTreeMap<String, BTreeMap<u32, (bool, Vec<u8>)>> = BTreeMap::new();
    let mut extended: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for piece in pieces.into_iter().take(MAX_PARAMETERS) {
        let Some(equals) = memchr::memchr(b'=', piece) else {
            continue;
        };
        let name = String::from_utf8_lossy(piece.get(..equals).unwrap_or_default().trim_ascii())
            .to_ascii_lowercase();
        let raw = unquote(piece.get(equals + 1..).unwrap_or_default().trim_ascii());
        match name.split_once('*') {
            None => {
                let text = encoded_word::decode(&raw);
                match out.parameters.get(&name) {
                    None => {
                        out.parameters.insert(name, text);
                    }
                    Some(known) if *known != text => out.conflicting = true,
                    Some(_) => {}
                }
            }
            Some((base, "")) => {
                extended.entry(base.to_owned()).or_insert(raw);
            }
            Some((base, index)) => {
                let (index, is_extended) = index
                    .strip_suffix('*')
                    .map_or((index, false), |i| (i, true));
                if let Ok(index) = index.parse() {
                    continued
                        .entry(base.to_owned())
                        .or_default()
                        .entry(index)
                        .or_insert((is_extended, raw));
                }
            }
        }
    }
    // RFC 2231 forms say more than the plain fallback beside them.
    for (name, pieces) in continued {
        let mut bytes = Vec::new();
        let mut label = None;
        for (position, (is_extended, raw)) in pieces.values().enumerate() {
            let mut raw: &[u8] = raw;
            if position == 0 && *is_extended {
                let (found, rest) = language(raw);
                label = found;
                raw = rest;
            }
            if *is_extended {
                bytes.extend_from_slice(&transfer::hex_escapes(raw, b'%'));
            } else {
                bytes.extend_from_slice(raw);
            }
        }
        let text = match label {
            Some(label) => encoded_word::clean(&charset::decode(&bytes, Some(&label))),
            None => encoded_word::decode(&bytes),
        };
        out.parameters.insert(name, text);
    }
    for (name, raw) in extended {
        let (label, rest) = language(&raw);
        let bytes = transfer::hex_escapes(rest, b'%');
        let text = encoded_word::clean(&charset::decode(&bytes, label.as_deref()));
        out.parameters.insert(name, text);
    }
    for text in out.parameters.values_mut() {
        *text = header::limited(std::mem::take(text), limits::NAME_CHARS);
    }
    out
}

/// `charset'language'text` of RFC 2231 §4.
fn language(raw: &[u8]) -> (Option<String>, &[u8]) {
    let mut parts = raw.splitn(3, |byte| *byte == b'\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(label), Some(_), Some(rest)) if label.len() < 60 => {
            let label = String::from_utf8_lossy(label).into_owned();
            (Some(label).filter(|label| !label.is_empty()), rest)
        }
        _ => (None, raw),
    }
}

/// Cuts at semicolons outside of quotes.
fn split(field: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let (mut start, mut i, mut quoted) = (0, 0, false);
    while let Some(byte) = field.get(i) {
        match byte {
            b'\\' if quoted => i += 1,
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                out.push(field.get(start..i).unwrap_or_default());
                start = i + 1;
            }
            _ => {}
        }
        i += 1;
        if out.len() > MAX_PARAMETERS {
            break;
        }
    }
    out.push(field.get(start..).unwrap_or_default());
    out
}

fn unquote(raw: &[u8]) -> Vec<u8> {
    let Some(inner) = raw.strip_prefix(b"\"") else {
        return raw.strip_suffix(b"\"").unwrap_or(raw).to_vec();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut i = 0;
    while let Some(byte) = inner.get(i) {
        match byte {
            // A backslash before a letter is a Windows path of a careless client.
            b'\\' if matches!(inner.get(i + 1), Some(b'"' | b'\\')) => {
                i += 1;
                out.extend(inner.get(i));
            }
            b'"' => break,
            byte => out.push(*byte),
        }
        i += 1;
    }
    out
}

/// Takes `(comments)` outside of quotes away. File names with brackets are kept: a comment only
/// counts behind white space or at the start, and not inside a parameter's value.
fn without_comments(field: &[u8]) -> Vec<u8> {
    if memchr::memchr(b'(', field).is_none() {
        return field.to_vec();
    }
    let mut out = Vec::with_capacity(field.len());
    let (mut i, mut quoted, mut depth) = (0, false, 0_usize);
    let mut in_value = false;
    while let Some(&byte) = field.get(i) {
        match byte {
            b'\\' if quoted || depth > 0 => {
                if depth == 0 {
                    out.push(byte);
                    out.extend(field.get(i + 1));
                }
                i += 1;
            }
            b'"' if depth == 0 => {
                quoted = !quoted;
                out.push(byte);
            }
            b'(' if depth > 0 || (!quoted && !in_value) => depth += 1,
            b')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            _ => {
                match byte {
                    b'=' if !quoted => in_value = true,
                    b';' if !quoted => in_value = false,
                    _ => {}
                }
                out.push(byte);
            }
        }
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn parameters_are_read_in_all_their_forms() {
        for (field, name, expected) in [
            ("text/plain; charset=\"utf-8\"", "charset", "utf-8"),
            ("a/b; name=plain name.txt", "name", "plain name.txt"),
            ("a/b; name=\"a;b \\\"c\\\".txt\"", "name", "a;b \"c\".txt"),
            (
                "a/b; name=\"=?utf-8?Q?r=C3=A9sum=C3=A9.pdf?=\"",
                "name",
                "résumé.pdf",
            ),
            (
                "attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf",
                "filename",
                "résumé.pdf",
            ),
            (
                "attachment; filename=\"x.pdf\"; filename*=iso-8859-1'fr'r%E9.pdf",
                "filename",
                "ré.pdf",
            ),
            (
                "attachment; filename*0*=utf-8''r%C3; filename*1*=%A9s; filename*2=\"um.pdf\"",
                "filename",
                "résum.pdf",
            ),
            (
                "attachment; filename*1=\"b.pdf\"; filename*0=\"a\"",
                "filename",
                "ab.pdf",
            ),
            (
                "attachment; filename=photo (1).png",
                "filename",
                "photo (1).png",
            ),
            ("text/plain (comment; charset=x); charset=y", "charset", "y"),
            ("a/b; name=\"C:\\temp\\x.txt\"", "name", "C:\\temp\\x.txt"),
        ] {
            assert_eq!(parse(field.as_bytes()).get(name), Some(expected), "{field}");
        }
        assert_eq!(parse(b"Text/HTML charset=x").value, "text/html");
        assert!(parse(b"a/b; boundary=x; boundary=y").conflicting);
    }
}
