//! Cuts HTML into tags and text in one pass, as the browsers do where it matters for mail.
//!
//! It knows nothing of what tags mean: that belongs to `html`. A general HTML parser is not used,
//! on purpose: building a tree is quadratic on the nesting and misnesting that a stranger may send,
//! and html5ever's own tokenizer compares every attribute of a tag with all those before it.
//! Here every byte is looked at a bounded number of times, whatever the bytes.

use std::borrow::Cow;

/// Attributes kept of one tag. Office writes about twenty; the rest of a longer list is passed over.
const ATTRIBUTES: usize = 40;

/// Bytes looked at for a named or numeric character reference (the longest name has 31 letters).
const REFERENCE_BYTES: usize = 33;

/// A piece of HTML.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<name …>`; the name is as written.
    Open(Tag<'a>),
    /// `</name>`; the name is as written.
    Close(&'a str),
    /// Characters between tags, references not yet decoded.
    Text(&'a str),
    /// The content of a closed `<style>` or `<script>`: written for no reader.
    Code,
    /// `<!-- … -->`, without the fences.
    Comment(&'a str),
}

/// An opening tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// As written.
    pub name: &'a str,
    /// `<br/>`.
    pub self_closing: bool,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Tag<'a> {
    pub(super) fn has_attributes(&self) -> bool {
        !self.attributes.is_empty()
    }

    /// The decoded value of the first attribute of that (lower case) name.
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.written(name).map(decode)
    }

    /// The same as it is written.
    pub(super) fn written(&self, name: &str) -> Option<&'a str> {
        self.attributes
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

/// The tokens of `html`, in order.
pub(super) struct Tokens<'a> {
    html: &'a str,
    at: usize,
    /// Inside an element whose content is not markup, until its closing tag.
    raw: Option<&'static str>,
    /// No `-->` lies ahead: found once, so that a million `<!--` are not a million searches.
    no_comment_end: bool,
    /// No `>` lies ahead: what looks like a tag is text.
    no_tag_end: bool,
    /// No `"`, no `'` lies ahead: a value that begins with one is not quoted.
    no_quote_end: [bool; 2],
    /// The same for the closing tag of each raw element.
    no_raw_end: [bool; RAW.len()],
}

/// Elements whose content is text for the browser, never tags.
const RAW: [&str; 6] = ["style", "script", "title", "textarea", "xmp", "noframes"];

/// Cuts `html` into tokens.
pub(super) fn tokens(html: &str) -> Tokens<'_> {
    Tokens {
        html,
        at: 0,
        raw: None,
        no_comment_end: false,
        no_tag_end: false,
        no_quote_end: [false; 2],
        no_raw_end: [false; RAW.len()],
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.raw.take()
            && let Some(text) = self.raw_text(name)
        {
            return Some(text);
        }
        let rest = self.html.get(self.at..).filter(|rest| !rest.is_empty())?;
        if !rest.starts_with('<') {
            return Some(self.text(rest));
        }
        let bytes = rest.as_bytes();
        if !self.no_tag_end && memchr(b'>', bytes, 1).is_none() {
            self.no_tag_end = true;
        }
        if self.no_tag_end && !rest.starts_with("<!--") {
            return Some(self.text(rest));
        }
        match bytes.get(1) {
            Some(b'!' | b'?') => Some(self.comment(rest)),
            Some(b'/') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => {
                Some(self.close(rest))
            }
            Some(letter) if letter.is_ascii_alphabetic() => Some(self.open(rest)),
            _ => Some(self.text(rest)),
        }
    }
}

impl<'a> Tokens<'a> {
    /// Text up to the next `<` that may begin a tag and is not the first character.
    fn text(&mut self, rest: &'a str) -> Token<'a> {
        let bytes = rest.as_bytes();
        let mut from = 1;
        let end = loop {
            match memchr(b'<', bytes, from) {
                None => break rest.len(),
                Some(at) => match bytes.get(at + 1) {
                    Some(b'!' | b'?' | b'/') => break at,
                    Some(letter) if letter.is_ascii_alphabetic() => break at,
                    _ => from = at + 1,
                },
            }
        };
        self.at += end;
        Token::Text(rest.get(..end).unwrap_or(rest))
    }

    /// `<!-- … -->`, `<!doctype …>`, `<![if …]>`, `<?xml …>`.
    fn comment(&mut self, rest: &'a str) -> Token<'a> {
        if let Some(body) = rest.strip_prefix("<!--") {
            // `<!-->` and `<!--->` are empty comments.
            let early = if body.starts_with('>') {
                Some((0, 1))
            } else if body.starts_with("->") {
                Some((0, 2))
            } else {
                None
            };
            let end = early.or_else(|| {
                (!self.no_comment_end)
                    .then(|| body.find("-->"))
                    .flatten()
                    .map(|end| (end, end + 3))
            });
            if let Some((end, next)) = end {
                self.at += 4 + next;
                return Token::Comment(body.get(..end).unwrap_or_default());
            }
            // Never closed: only the opening is passed over, so that nothing of a mail is lost.
            self.no_comment_end = true;
            self.at += 4;
            return Token::Comment("");
        }
        let end = memchr(b'>', rest.as_bytes(), 0);
        self.at += end.map_or(rest.len(), |end| end + 1);
        Token::Comment("")
    }

    fn close(&mut self, rest: &'a str) -> Token<'a> {
        let name = name(rest.get(2..).unwrap_or_default());
        let end = memchr(b'>', rest.as_bytes(), 0);
        self.at += end.map_or(rest.len(), |end| end + 1);
        Token::Close(name)
    }

    fn open(&mut self, rest: &'a str) -> Token<'a> {
        let name = name(rest.get(1..).unwrap_or_default());
        let bytes = rest.as_bytes();
        let mut at = 1 + name.len();
        let mut attributes = Vec::new();
        let mut self_closing = false;
        loop {
            at = skip(bytes, at, |byte| byte.is_ascii_whitespace() || byte == b'/');
            match bytes.get(at) {
                None => break,
                Some(b'>') => {
                    self_closing = at > 0 && bytes.get(at - 1) == Some(&b'/');
                    at += 1;
                    break;
                }
                Some(_) => {}
            }
            let key_start = at;
            at = skip(bytes, at + 1, |byte| {
                !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'>' | b'=')
            });
            let key = rest.get(key_start..at).unwrap_or_default();
            let after = skip(bytes, at, |byte| byte.is_ascii_whitespace());
            let mut value = "";
            if bytes.get(after) == Some(&b'=') {
                at = skip(bytes, after + 1, |byte| byte.is_ascii_whitespace());
                let quoted = match bytes.get(at) {
                    Some(b'"') => self.quote_end(0, b'"', bytes, at + 1),
                    Some(b'\'') => self.quote_end(1, b'\'', bytes, at + 1),
                    _ => None,
                };
                let (start, end, next) = match quoted {
                    Some(end) => (at + 1, end, end + 1),
                    None => {
                        let end = skip(bytes, at, |byte| {
                            !byte.is_ascii_whitespace() && byte != b'>'
                        });
                        (at, end, end)
                    }
                };
                value = rest.get(start..end).unwrap_or_default();
                at = next;
            } else {
                at = after;
            }
            if attributes.len() < ATTRIBUTES {
                attributes.push((key, value));
            }
        }
        self.at += at.min(rest.len());
        if !self_closing {
            self.raw = RAW.into_iter().find(|raw| raw.eq_ignore_ascii_case(name));
        }
        Token::Open(Tag {
            name,
            self_closing,
            attributes,
        })
    }

    /// Where a quoted value ends. A quote that is never closed quotes nothing: browsers would lose
    /// the rest of the mail.
    fn quote_end(&mut self, which: usize, quote: u8, bytes: &[u8], from: usize) -> Option<usize> {
        let flag = self.no_quote_end.get_mut(which)?;
        if *flag {
            return None;
        }
        let end = memchr(quote, bytes, from);
        *flag = end.is_none();
        end
    }

    /// The content of a raw element; `None` when it is empty or never closed.
    fn raw_text(&mut self, name: &'static str) -> Option<Token<'a>> {
        let index = RAW.iter().position(|raw| *raw == name)?;
        if self.no_raw_end.get(index).copied().unwrap_or(true) {
            return None;
        }
        let rest = self.html.get(self.at..)?;
        let bytes = rest.as_bytes();
        let mut from = 0;
        while let Some(at) = memchr(b'<', bytes, from) {
            let tail = bytes.get(at + 1..).unwrap_or_default();
            if let [b'/', tail @ ..] = tail
                && tail
                    .get(..name.len())
                    .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
            {
                self.at += at;
                let token = if matches!(name, "style" | "script") {
                    Token::Code
                } else {
                    Token::Text(rest.get(..at).unwrap_or_default())
                };
                return (at > 0).then_some(token);
            }
            from = at + 1;
        }
        if let Some(flag) = self.no_raw_end.get_mut(index) {
            *flag = true;
        }
        None
    }
}

/// Decodes character references (`&eacute;`, `&#233;`, `&#xE9;`); what is none stays as written.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, reference) = rest.split_at(at);
        out.push_str(before);
        let length = reference
            .bytes()
            .skip(1)
            .take(REFERENCE_BYTES)
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
            .count();
        let end = 1 + length;
        let closed = reference.as_bytes().get(end) == Some(&b';');
        match reference
            .get(1..end)
            .and_then(|name| character(name, closed))
        {
            Some(decoded) => {
                out.push_str(&decoded);
                rest = reference
                    .get(end + usize::from(closed)..)
                    .unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = reference.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What a reference stands for. Without its semicolon only the few names are taken that old
/// clients leave open and that no query string of an address looks like.
fn character(name: &str, closed: bool) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        }
        .ok()?;
        return Some(match code {
            // The references of windows-1252 that browsers honour (HTML, "numeric character
            // reference end state").
            0x80..=0x9F => {
                let byte = [u8::try_from(code).ok()?];
                encoding_rs::WINDOWS_1252.decode(&byte).0.into_owned()
            }
            0 => '\u{FFFD}'.to_string(),
            _ => char::from_u32(code).unwrap_or('\u{FFFD}').to_string(),
        });
    }
    if name.is_empty() || !(closed || matches!(name, "nbsp" | "amp" | "lt" | "gt" | "quot")) {
        return None;
    }
    let reference = format!("&{name};");
    let mut decoded = String::new();
    mail_parser::decoders::html::add_html_token(&mut decoded, reference.as_bytes(), false);
    (decoded != reference).then_some(decoded)
}

/// The tag name that `rest` begins with.
fn name(rest: &str) -> &str {
    let end = skip(rest.as_bytes(), 0, |byte| {
        !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'>')
    });
    rest.get(..end).unwrap_or_default()
}

/// The first position from `from` whose byte does not satisfy `pass`.
fn skip(bytes: &[u8], from: usize, pass: impl Fn(u8) -> bool) -> usize {
    let from = from.min(bytes.len());
    bytes
        .iter()
        .skip(from)
        .position(|byte| !pass(*byte))
        .map_or(bytes.len(), |found| from + found)
}

/// The first position from `from` of `byte`.
fn memchr(byte: u8, bytes: &[u8], from: usize) -> Option<usize> {
    let tail = bytes.get(from..)?;
    memchr::memchr(byte, tail).map(|found| from + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_as_browsers_find_them() {
        let html =
            "a <b class='x y' DATA-k=1 hidden>1 < 2</B><br/><!-- c --><![if !mso]>z<![endif]>";
        let seen: Vec<_> = tokens(html).collect();
        let [
            Token::Text("a "),
            Token::Open(b),
            Token::Text("1 < 2"),
            Token::Close("B"),
            Token::Open(br),
            Token::Comment(" c "),
            Token::Comment(""),
            Token::Text("z"),
            Token::Comment(""),
        ] = seen.as_slice()
        else {
            panic!("{seen:?}")
        };
        assert_eq!(b.attribute("class").as_deref(), Some("x y"));
        assert_eq!(b.attribute("data-k").as_deref(), Some("1"));
        assert_eq!(b.attribute("hidden").as_deref(), Some(""));
        assert_eq!(b.attribute("href"), None);
        assert!(br.self_closing);
    }

    #[test]
    fn what_is_never_closed_hides_nothing() {
        for html in [
            "<style>x",
            "<!-- x",
            "<script>x",
            "<title>x",
            "<p x",
            "<a href=\"u>x",
        ] {
            let text: String = tokens(html)
                .filter_map(|token| match token {
                    Token::Text(text) => Some(text),
                    _ => None,
                })
                .collect();
            assert!(text.ends_with('x'), "{html}: {text}");
        }
    }

    #[test]
    fn style_is_not_markup() {
        let seen: Vec<_> = tokens("<style>a < b <p> </style>c").collect();
        assert_eq!(seen.len(), 4, "{seen:?}");
        assert_eq!(seen.last(), Some(&Token::Text("c")));
    }

    #[test]
    fn references_are_decoded() {
        for (written, meant) in [
            ("caf&eacute; &amp; th&#233; &#xE9;", "café & thé é"),
            ("&nbsp", "\u{a0}"),
            ("&#146;&#150;", "’–"),
            ("a&b &unknown; &;", "a&b &unknown; &;"),
            ("?a=1&copy=2", "?a=1&copy=2"),
            ("&lt;jean@example.org&gt;", "<jean@example.org>"),
            ("&#x110000; &#0;", "\u{FFFD} \u{FFFD}"),
        ] {
            assert_eq!(decode(written), meant);
        }
    }
}
