//! The bodies of a message, joined, and which form of a text is real.
//!
//! Owns the choice between plain and HTML forms of the same words.

/// One body: the same text once or in two forms.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    pub plain: Option<String>,
    pub html: Option<String>,
}

/// All pieces as one plain text; `None` when one of them has no plain form.
pub fn joined_plain(pieces: &[Piece]) -> Option<String> {
    let texts: Option<Vec<&str>> = pieces.iter().map(|piece| piece.plain.as_deref()).collect();
    let texts = texts.filter(|texts| !texts.is_empty())?;
    if let [one] = texts.as_slice() {
        return Some((*one).to_owned());
    }
    let mut out = String::new();
    for text in texts.into_iter().filter(|text| !text.trim().is_empty()) {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(text);
    }
    Some(out)
}

/// All pieces as one HTML text; `None` when there is no piece.
pub fn joined_html(pieces: &[Piece]) -> Option<String> {
    if let [one] = pieces {
        return one.html.clone();
    }
    if !pieces.iter().any(|piece| piece.html.is_some()) {
        return None;
    }
    let mut out = String::new();
    for piece in pieces {
        match (&piece.html, &piece.plain) {
            (Some(html), _) => out.push_str(html),
            (None, Some(plain)) if !plain.trim().is_empty() => {
                out.push_str("<div>");
                for line in plain.trim_end().split('\n') {
                    for c in line.chars() {
                        match c {
                            '&' => out.push_str("&amp;"),
                            '<' => out.push_str("&lt;"),
                            '>' => out.push_str("&gt;"),
                            c => out.push(c),
                        }
                    }
                    out.push_str("<br>\n");
                }
                out.push_str("</div>\n");
            }
            (None, _) => {}
        }
    }
    Some(out)
}

/// Letters and digits of HTML without its tags, the first few thousand.
pub fn html_words(html: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut rest = html;
    while out.len() < limit {
        let text = rest.split('<').next().unwrap_or_default();
        let mut entity = false;
        for c in text.chars() {
            match c {
                // "&nbsp;" is no word.
                '&' => entity = true,
                c if entity && !c.is_ascii_alphanumeric() && c != '#' => entity = c == '&',
                c if !entity && c.is_alphanumeric() => out.push(c),
                _ => {}
            }
            if out.len() >= limit {
                break;
            }
        }
        rest = rest.get(text.len()..).unwrap_or_default();
        let lower = rest
            .get(..rest.floor_char_boundary(8))
            .unwrap_or_default()
            .to_ascii_lowercase();
        let skipped = ["<style", "<script", "<title", "<!--"]
            .into_iter()
            .find(|tag| lower.starts_with(tag));
        let end = match skipped {
            Some("<!--") => rest.find("-->").map(|at| at + 3),
            Some(tag) => {
                let close = tag.trim_start_matches('<');
                memchr::memmem::find_iter(rest.as_bytes(), b"</")
                    .map(|at| at + 2)
                    .find(|at| {
                        rest.as_bytes()
                            .get(*at..at + close.len())
                            .is_some_and(|found| found.eq_ignore_ascii_case(close.as_bytes()))
                    })
            }
            None => rest.find('>').map(|at| at + 1),
        };
        match end {
            Some(end) => rest = rest.get(end..).unwrap_or_default(),
            None => break,
        }
    }
    out
}

/// Whether two forms hold the same words, by their beginnings.
pub fn same_words(plain: &str, html: &str) -> bool {
    const COMPARED: usize = 200;
    let left: String = plain
        .chars()
        .filter(|c| c.is_alphanumeric())
        .take(COMPARED)
        .collect();
    let right: String = html_words(html, COMPARED * 4)
        .chars()
        .take(COMPARED)
        .collect();
    !left.is_empty()
        && left
            .chars()
            .zip(right.chars())
            .filter(|(a, b)| a == b)
            .count()
            * 10
            >= left.chars().count() * 9
}

/// Whether a plain form is more than "your client does not support HTML".
pub fn is_real(plain: &str, html: Option<&str>) -> bool {
    const SOME: usize = 400;
    let Some(html) = html else { return true };
    let letters = plain.chars().filter(|c| c.is_alphanumeric());
    let letters = letters.take(SOME + 1).count();
    if letters == 0 {
        // An emoji is a text too; emptiness is not, where the HTML has more.
        return plain.chars().any(|c| !c.is_whitespace() && !c.is_ascii())
            || html_words(html, 1).is_empty();
    }
    if letters > SOME {
        return true;
    }
    let lower = plain.to_lowercase();
    let excuse = lower.contains("html")
        && [
            "support",
            "capable",
            "prend pas en charge",
            "affich",
            "view",
            "unterstütz",
            "anzeig",
            "compatible",
            "lire",
            "read",
            "version",
        ]
        .iter()
        .any(|word| lower.contains(word));
    let html_letters = html_words(html, letters.saturating_mul(8).max(400))
        .chars()
        .count();
    !(excuse && html_letters > letters) && html_letters < letters.saturating_mul(8).max(400)
}
