//! Lines of text as the rest of the house expects them.
//!
//! Owns line ends, Unicode normalisation and `format=flowed` (RFC 3676).

/// NFC, lines that end with `\n`, no NUL, no byte-order mark.
pub fn lines(text: &str) -> String {
    use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\r', '\0', '\u{feff}']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let mut chars = tail.chars();
        match chars.next() {
            Some('\r') if !tail.starts_with("\r\n") => out.push('\n'),
            _ => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    if out.is_ascii() || is_nfc_quick(out.chars()) == IsNormalized::Yes {
        return out;
    }
    // A base with thousands of accents is an attack on the sorting that NFC does.
    if out.chars().fold((0_usize, 0_usize), longest_marks).0 > 64 {
        return out;
    }
    out.nfc().collect()
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
