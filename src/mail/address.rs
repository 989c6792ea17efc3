//! Addresses and message ids (RFC 5322 §3.4 and §3.6.4), as they arrive.
//!
//! Owns one linear pass over a field: groups, comments, quoted strings, missing brackets and raw
//! 8-bit names. Decoding of names is left to [`super::encoded_word`].

use super::{Address, encoded_word, header, limits};

/// The mailboxes of one field value, groups flattened. At most [`limits::ADDRESSES`].
pub fn list(value: &[u8]) -> Vec<Address> {
    let mut scan = Scan::default();
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        if scan.done.len() >= limits::ADDRESSES {
            return scan.done;
        }
        match byte {
            b'"' => {
                // A quote that never ends is an ordinary character.
                match quoted_end(value, at) {
                    Some(end) => {
                        scan.quoted(value.get(at..end).unwrap_or_default());
                        at = end;
                        continue;
                    }
                    None => scan.byte(byte),
                }
            }
            b'(' => match comment_end(value, at) {
                Some(end) => {
                    scan.comment(value.get(at + 1..end - 1).unwrap_or_default());
                    at = end;
                    continue;
                }
                None => {
                    // Nothing behind an open comment can be told from it.
                    scan.comment(value.get(at + 1..).unwrap_or_default());
                    break;
                }
            },
            b'<' => {
                if scan.angle.is_some() {
                    // No comma: the next mailbox all the same.
                    scan.finish();
                }
                let tail = value.get(at + 1..).unwrap_or_default();
                let end = angle_end(tail);
                scan.angle = Some(tail.get(..end).unwrap_or_default().to_vec());
                at += 1 + end;
                if value.get(at) == Some(&b'>') {
                    at += 1;
                }
                continue;
            }
            b',' | b';' => scan.finish(),
            b':' if scan.angle.is_none() && !scan.phrase_is_address() => {
                // The name of a group; its members follow.
                scan.reset();
            }
            byte => scan.byte(byte),
        }
        at += 1;
    }
    scan.finish();
    scan.done
}

#[derive(Default)]
struct Scan {
    done: Vec<Address>,
    /// Words outside of angle brackets, quotes kept where they may be a local part.
    phrase: Vec<u8>,
    /// The same with quoting undone: the name.
    name: Vec<u8>,
    angle: Option<Vec<u8>>,
    comment: Option<Vec<u8>>,
}

impl Scan {
    fn byte(&mut self, byte: u8) {
        self.phrase.push(byte);
        self.name.push(byte);
    }

    fn quoted(&mut self, quoted: &[u8]) {
        self.phrase.extend_from_slice(quoted);
        let inner = quoted
            .get(1..quoted.len().saturating_sub(1))
            .unwrap_or_default();
        self.name.extend_from_slice(&unescape(inner));
    }

    fn comment(&mut self, comment: &[u8]) {
        if self.comment.is_none() {
            self.comment = Some(unescape(comment));
        }
        self.byte(b' ');
    }

    fn phrase_is_address(&self) -> bool {
        self.phrase.contains(&b'@')
    }

    fn reset(&mut self) {
        self.phrase.clear();
        self.name.clear();
        self.angle = None;
        self.comment = None;
    }

    fn finish(&mut self) {
        let name = encoded_word::decode(self.name.trim_ascii());
        let comment = self
            .comment
            .take()
            .map(|comment| encoded_word::decode(&comment));
        let (name, address) = match self.angle.take() {
            Some(angle) => {
                let inner = spec(&angle);
                if inner.is_empty() && self.phrase_is_address() {
                    // `joe@example.org <>`
                    (None, spec(&self.phrase))
                } else {
                    (Some(name), inner)
                }
            }
            None if self.phrase_is_address() => match words_around(self.phrase.trim_ascii()) {
                Some(mut found) => {
                    let last = found.pop().unwrap_or_default();
                    self.done.append(&mut found);
                    (last.name, last.address)
                }
                None => (None, spec(&self.phrase)),
            },
            // Words without any address: a name is all there is.
            None if !name.is_empty() => (Some(name), String::new()),
            // A comment on nothing, as behind the end of a group.
            None => (None, String::new()),
        };
        self.reset();
        let bare = name.is_none() && address.is_empty();
        let name = name
            .map(|name| name.trim_matches(['"', '\'', ' ']).trim().to_owned())
            .filter(|name| !name.is_empty())
            .or(comment.filter(|comment| !comment.is_empty()))
            .map(|name| header::limited(name, limits::NAME_CHARS));
        if !bare && (name.is_some() || !address.is_empty()) {
            self.done.push(Address { name, address });
        }
    }
}

/// Addresses without brackets among words: `Joe Doe joe@example.org`. Two of them in a row are two,
/// so that nobody hides behind the other. `None` when white space stands inside of an address.
fn words_around(phrase: &[u8]) -> Option<Vec<Address>> {
    let text = encoded_word::decode(phrase);
    let words: Vec<&str> = text.split_whitespace().collect();
    let inside = |word: &&str| word.starts_with(['@', '.']) || word.ends_with(['@', '.']);
    if text.contains('"') || words.len() < 2 || words.iter().any(inside) {
        return None;
    }
    let (addresses, names): (Vec<&str>, Vec<&str>) =
        words.into_iter().partition(|word| word.contains('@'));
    let name = Some(names.join(" ")).filter(|name| !name.is_empty());
    let addresses = addresses.into_iter().take(limits::ADDRESSES);
    let found = addresses.map(|address| Address {
        name: name.clone(),
        address: bounded(address.trim_matches(['\'', '"']).to_owned()),
    });
    Some(found.collect())
}

/// An `addr-spec`: routes, comments and white space outside of quotes dropped.
fn spec(raw: &[u8]) -> String {
    let raw = raw.trim_ascii();
    // RFC 5322 §4.4: `@relay,@other:user@host`.
    let raw = match raw.first() {
        Some(b'@') => raw
            .iter()
            .position(|byte| *byte == b':')
            .and_then(|at| raw.get(at + 1..))
            .unwrap_or(raw),
        _ => raw,
    };
    let raw = raw.strip_prefix(b"mailto:").unwrap_or(raw);
    let mut kept = Vec::with_capacity(raw.len().min(limits::ADDRESS_BYTES));
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        match byte {
            b'"' => {
                let end = quoted_end(raw, at).unwrap_or(at + 1);
                kept.extend_from_slice(raw.get(at..end).unwrap_or_default());
                at = end;
                continue;
            }
            b'(' => {
                at = comment_end(raw, at).unwrap_or(raw.len());
                continue;
            }
            b'<' | b'>' => {}
            byte if byte.is_ascii_whitespace() || byte.is_ascii_control() => {}
            byte => kept.push(byte),
        }
        at += 1;
    }
    // No encoded words in an address (RFC 2047 §5): what a border server does not see there proves
    // nothing here.
    let text = encoded_word::clean(&super::charset::decode(&kept, None));
    bounded(text.trim_matches(['\'', '.', ' ']).to_owned())
}

/// An address that no server could take is cut for display; it will match nobody.
fn bounded(mut address: String) -> String {
    if address.len() > limits::ADDRESS_BYTES {
        let end = address.floor_char_boundary(limits::ADDRESS_BYTES);
        address.truncate(end);
    }
    address
}

fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut escaped = false;
    for byte in raw {
        if *byte == b'\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            out.push(*byte);
        }
    }
    out
}

/// The position behind the quote that closes the one at `at`.
fn quoted_end(value: &[u8], at: usize) -> Option<usize> {
    let mut i = at + 1;
    loop {
        match value.get(i)? {
            b'\\' => i += 2,
            b'"' => return Some(i + 1),
            _ => i += 1,
        }
    }
}

/// The position behind the bracket that closes the comment at `at`.
fn comment_end(value: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut i = at;
    loop {
        match value.get(i)? {
            b'\\' => i += 1,
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
        i += 1;
    }
}

/// Where `>` ends what `<` began, quotes respected; else the next comma or the end.
fn angle_end(tail: &[u8]) -> usize {
    let mut i = 0;
    while let Some(byte) = tail.get(i) {
        match byte {
            b'>' => return i,
            b'"' => match quoted_end(tail, i) {
                Some(end) => {
                    i = end;
                    continue;
                }
                None => i += 1,
            },
            b'<' => return i,
            _ => i += 1,
        }
    }
    tail.iter()
        .position(|byte| *byte == b',')
        .unwrap_or(tail.len())
}

/// The ids of `Message-ID`, `In-Reply-To` or `References`, without angle brackets.
pub fn ids(value: &[u8]) -> Vec<String> {
    let text = super::charset::decode(value, None);
    let mut out: Vec<String> = Vec::new();
    let mut rest: &str = &text;
    if rest.contains('<') {
        while let Some(start) = rest.find('<') {
            rest = rest.get(start + 1..).unwrap_or_default();
            let end = rest.find(['>', '<']).unwrap_or(rest.len());
            push_id(&mut out, rest.get(..end).unwrap_or_default());
            rest = rest.get(end..).unwrap_or_default().trim_start_matches('>');
            if out.len() > limits::IDS {
                // The root of the thread stays, the newest stay.
                out.remove(1);
            }
        }
    } else {
        for word in rest
            .split([' ', '\t', ',', ';'])
            .filter(|word| word.contains('@'))
        {
            push_id(&mut out, word);
            if out.len() > limits::IDS {
                out.remove(1);
            }
        }
    }
    out
}

fn push_id(out: &mut Vec<String>, raw: &str) {
    // White space inside of an id is folding.
    let id: String = raw
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect();
    let id = id.trim_matches('"');
    if !id.is_empty() && id.len() <= limits::ID_BYTES && !out.iter().any(|known| known == id) {
        out.push(id.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(value: &str) -> Vec<(Option<String>, String)> {
        list(value.as_bytes())
            .into_iter()
            .map(|a| (a.name, a.address))
            .collect()
    }

    #[test]
    fn addresses_are_read_as_they_arrive() {
        for (value, expected) in [
            ("joe@example.org", vec![(None, "joe@example.org")]),
            (
                "Joe <joe@example.org>",
                vec![(Some("Joe"), "joe@example.org")],
            ),
            (
                "\"Doe, Joe\" <joe@example.org>, a@b.c",
                vec![(Some("Doe, Joe"), "joe@example.org"), (None, "a@b.c")],
            ),
            (
                "A Group(x):Chris <c@a.test>,joe@where.test;",
                vec![(Some("Chris"), "c@a.test"), (None, "joe@where.test")],
            ),
            ("undisclosed-recipients:;", vec![]),
            (
                "joe@example.org (Joe \\) Doe)",
                vec![(Some("Joe ) Doe"), "joe@example.org")],
            ),
            ("\"a b\"@example.org", vec![(None, "\"a b\"@example.org")]),
            (
                "Pete(A wonderful \\) chap) <pete(his account)@silly.test(his host)>",
                vec![(Some("Pete"), "pete@silly.test")],
            ),
            (
                "<@relay,@two:joe@example.org>",
                vec![(None, "joe@example.org")],
            ),
            (
                "=?utf-8?Q?Mar=C3=A9chal=2C_Zo=C3=A9?= <z@b.fr>",
                vec![(Some("Maréchal, Zoé"), "z@b.fr")],
            ),
            ("joe @ example . org", vec![(None, "joe@example.org")]),
            (
                "Joe Doe joe@example.org",
                vec![(Some("Joe Doe"), "joe@example.org")],
            ),
            ("jdöe@mächine.example", vec![(None, "jdöe@mächine.example")]),
            ("Helpdesk", vec![(Some("Helpdesk"), "")]),
            (
                "Joe <joe@example.org",
                vec![(Some("Joe"), "joe@example.org")],
            ),
            (
                "'joe@example.org' <joe@example.org>",
                vec![(Some("joe@example.org"), "joe@example.org")],
            ),
            (
                "a@good.test b@evil.test",
                vec![(None, "a@good.test"), (None, "b@evil.test")],
            ),
            (
                "<a@good.test> <b@evil.test>",
                vec![(None, "a@good.test"), (None, "b@evil.test")],
            ),
            ("(empty)Undisclosed recipients :(nobody) ; (end)", vec![]),
            ("", vec![]),
            (",,;", vec![]),
            ("<>", vec![]),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(n, a)| (n.map(str::to_owned), a.to_owned()))
                .collect();
            assert_eq!(flat(value), expected, "{value}");
        }
    }

    #[test]
    fn ids_lose_their_brackets_and_nothing_else() {
        assert_eq!(ids(b"<a@b> <c@d>\t<a@b>"), ["a@b", "c@d"]);
        assert_eq!(ids(b"a@b"), ["a@b"]);
        assert_eq!(ids(b"Your message of Monday <x@y>"), ["x@y"]);
        assert_eq!(ids(b"<>"), Vec::<String>::new());
        assert_eq!(ids(b"<a@b"), ["a@b"]);
    }
}
