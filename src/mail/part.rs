//! The parts of a message: a tree in one linear pass (RFC 2046 §5.1).
//!
//! Owns where each part begins and ends, and its headers; leaves its meaning to others.
//!
//! Why not `mail_parser::MessageParser` on the whole message: it recurses on attached mails (50,000
//! of them, in 2 MB, overflow any stack when dropped), searches to the end of the message for each
//! unclosed boundary (quadratic), takes a boundary for found in the middle of a line or as the
//! beginning of a longer one, and gives a broken base64 file up as text. A pre-scan that knew all of
//! that would be this walk. So the walk is here, with its bounds, and that library does what it
//! does best, on one value at a time.

use super::header::{self, Collector, Fields};
use super::limits;
use super::parameter::{self, Parameters};
use super::transfer::{self, Encoding};
use std::borrow::Cow;
use std::ops::Range;

/// What a part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes.
    Leaf,
    /// Parts, in [`Part::children`].
    Multipart,
    /// A mail of its own, as the only child.
    Message,
}

/// One part of the tree.
#[derive(Debug)]
pub struct Part<'a> {
    /// Its own fields; those of the message for the root.
    pub fields: Fields<'a>,
    /// Lower-case `type/subtype`, with the default of RFC 2045 §5.2 when nothing usable is said.
    pub content_type: String,
    /// Whether `content_type` was said rather than supposed.
    pub typed: bool,
    /// Parameters of `Content-Type`.
    pub parameters: Parameters,
    /// `Content-Disposition`.
    pub disposition: Parameters,
    /// How the body is encoded.
    pub encoding: Encoding,
    /// Where the body stands in the message.
    pub body: Range<usize>,
    pub kind: Kind,
    pub children: Vec<usize>,
    /// Whether the delimiter that ends a multipart was seen.
    pub closed: bool,
    depth: usize,
    message_depth: usize,
}

/// A message taken apart.
#[derive(Debug)]
pub struct Tree<'a> {
    raw: &'a [u8],
    parts: Vec<Part<'a>>,
    /// What was wrong.
    pub defects: Vec<&'static str>,
}

impl<'a> Tree<'a> {
    /// The message itself.
    pub fn root(&self) -> &Part<'a> {
        // The walk always adds the root first.
        &self.parts[0]
    }

    /// A part by number; numbers come from [`Part::children`].
    pub fn part(&self, number: usize) -> Option<&Part<'a>> {
        self.parts.get(number)
    }

    /// The body as it stands in the message.
    pub fn raw(&self, part: &Part<'a>) -> &'a [u8] {
        self.raw.get(part.body.clone()).unwrap_or_default()
    }

    /// The decoded body; the claim is true when the encoding was broken.
    pub fn bytes(&self, part: &Part<'a>) -> (Cow<'a, [u8]>, bool) {
        transfer::decode(self.raw(part), part.encoding)
    }
}

struct Container {
    part: usize,
    boundary: Vec<u8>,
    /// Parts inside are mails unless they say otherwise.
    digest: bool,
}

enum State<'a> {
    Headers(Collector<'a>),
    Body,
    /// Before the first or behind the last delimiter of the innermost container.
    Between,
}

/// Takes a message apart. Linear; bounded by [`limits`].
pub fn walk(raw: &[u8]) -> Tree<'_> {
    let mut walk = Walk {
        tree: Tree {
            raw,
            parts: Vec::new(),
            defects: Vec::new(),
        },
        containers: Vec::new(),
        current: 0,
        state: State::Headers(Collector::default()),
    };
    walk.open(0, 0, 0, false);
    let mut at = 0;
    let mut full = false;
    while at < raw.len() {
        let end = memchr::memchr(b'\n', raw.get(at..).unwrap_or_default())
            .map_or(raw.len(), |i| at + i + 1);
        let line = raw.get(at..end).unwrap_or_default();
        match walk.delimiter(line) {
            Some((level, last)) => {
                if !last && walk.tree.parts.len() >= limits::PARTS {
                    walk.tree
                        .defects
                        .push("too many parts: the rest is not read");
                    walk.end_part(at);
                    full = true;
                    break;
                }
                walk.delimit(level, last, at, end);
            }
            None => walk.line(at, end),
        }
        at = end;
    }
    if !full {
        walk.end_part(raw.len());
    }
    walk.finish(at.min(raw.len()))
}

struct Walk<'a> {
    tree: Tree<'a>,
    containers: Vec<Container>,
    /// The part whose headers or body are being read.
    current: usize,
    state: State<'a>,
}

impl<'a> Walk<'a> {
    fn open(&mut self, at: usize, depth: usize, message_depth: usize, digest: bool) {
        self.current = self.tree.parts.len();
        self.tree.parts.push(Part {
            fields: Fields::default(),
            content_type: if digest {
                "message/rfc822"
            } else {
                "text/plain"
            }
            .to_owned(),
            typed: false,
            parameters: Parameters::default(),
            disposition: Parameters::default(),
            encoding: Encoding::Identity,
            body: at..at,
            kind: Kind::Leaf,
            children: Vec::new(),
            closed: false,
            depth,
            message_depth,
        });
        self.state = State::Headers(Collector::default());
    }

    /// The container that a line delimits, innermost first, and whether it ends it.
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let line = line.strip_prefix(b"--")?;
        let line = line.trim_ascii_end();
        self.containers
            .iter()
            .enumerate()
            .rev()
            .find_map(|(level, container)| {
                let rest = line.strip_prefix(container.boundary.as_slice())?;
                match rest {
                    b"" => Some((level, false)),
                    b"--" => Some((level, true)),
                    _ => None,
                }
            })
    }

    fn delimit(&mut self, level: usize, last: bool, at: usize, end: usize) {
        self.end_part(at);
        for container in self.containers.drain(level + 1..) {
            if let Some(part) = self.tree.parts.get_mut(container.part) {
                part.body.end = at;
            }
        }
        let Some(container) = self.containers.get(level) else {
            return;
        };
        let parent = container.part;
        if last {
            if let Some(part) = self.tree.parts.get_mut(parent) {
                part.closed = true;
                part.body.end = end;
            }
            self.containers.truncate(level);
            self.current = parent;
            self.state = State::Between;
        } else {
            let digest = container.digest;
            let (depth, message_depth) = self
                .tree
                .parts
                .get(parent)
                .map_or((0, 0), |part| (part.depth + 1, part.message_depth));
            self.open(end, depth, message_depth, digest);
            let child = self.current;
            if let Some(part) = self.tree.parts.get_mut(parent) {
                part.children.push(child);
            }
        }
    }

    fn line(&mut self, at: usize, end: usize) {
        let raw = self.tree.raw;
        if let State::Headers(collector) = &mut self.state {
            match collector.line(raw, at, end) {
                header::Line::Header => {}
                header::Line::Blank => self.body(end),
                header::Line::Body => self.body(at),
            }
        }
    }

    /// The headers of the current part are over; its body starts at `at`.
    fn body(&mut self, at: usize) {
        let raw = self.tree.raw;
        let State::Headers(collector) = std::mem::replace(&mut self.state, State::Body) else {
            return;
        };
        let fields = collector.finish(raw);
        if fields.cut {
            self.tree
                .defects
                .push("too many or too long header fields: not all are read");
        }
        let Some(part) = self.tree.parts.get_mut(self.current) else {
            return;
        };
        describe(part, &fields, &mut self.tree.defects);
        part.fields = fields;
        part.body = at..at;
        let (depth, message_depth) = (part.depth, part.message_depth);
        if part.content_type.starts_with("multipart/") {
            let boundary = part
                .parameters
                .get("boundary")
                .map(str::trim_end)
                .filter(|boundary| !boundary.is_empty());
            let boundary = match boundary {
                Some(boundary) => Some(boundary.as_bytes().to_vec()),
                None => {
                    self.tree.defects.push("multipart without a boundary");
                    guessed_boundary(raw.get(at..).unwrap_or_default())
                }
            };
            if depth >= limits::DEPTH {
                self.tree
                    .defects
                    .push("parts are nested too deep: the inner ones are not read");
            } else if let Some(boundary) = boundary {
                part.kind = Kind::Multipart;
                let digest = part.content_type == "multipart/digest";
                self.containers.push(Container {
                    part: self.current,
                    boundary,
                    digest,
                });
                self.state = State::Between;
                return;
            }
            part.content_type = "text/plain".to_owned();
        } else if is_message(&part.content_type) && part.encoding == Encoding::Identity {
            if depth >= limits::DEPTH || message_depth >= limits::MESSAGE_DEPTH {
                self.tree
                    .defects
                    .push("attached mails are nested too deep: the inner ones are kept as files");
            } else {
                part.kind = Kind::Message;
                let parent = self.current;
                self.open(at, depth + 1, message_depth + 1, false);
                let child = self.current;
                if let Some(part) = self.tree.parts.get_mut(parent) {
                    part.children.push(child);
                }
            }
        }
    }

    /// The current leaf ends before the line at `at`.
    fn end_part(&mut self, at: usize) {
        if matches!(self.state, State::Headers(_)) {
            // A part without a blank line: no body.
            self.body(at);
        }
        let raw = self.tree.raw;
        // The line break before a delimiter belongs to the delimiter (RFC 2046 §5.1.1).
        let mut end = at;
        if !self.containers.is_empty()
            && at < raw.len()
            && end > 0
            && raw.get(end - 1) == Some(&b'\n')
        {
            end -= 1;
            if end > 0 && raw.get(end - 1) == Some(&b'\r') {
                end -= 1;
            }
        }
        match self.state {
            State::Headers(_) | State::Body => {
                // Headers: a mail in a mail that has none either.
                let mut number = self.current;
                if let Some(part) = self.tree.parts.get_mut(number) {
                    part.body.end = end.max(part.body.start);
                }
                // The mails around it end with it.
                while let Some(parent) = self.tree.parts.iter().rposition(|part| {
                    part.kind == Kind::Message && part.children.last() == Some(&number)
                }) {
                    if let Some(part) = self.tree.parts.get_mut(parent) {
                        part.body.end = end.max(part.body.start);
                    }
                    number = parent;
                }
            }
            State::Between => {}
        }
        self.state = State::Between;
    }

    fn finish(mut self, end: usize) -> Tree<'a> {
        if !self.containers.is_empty() {
            self.tree
                .defects
                .push("a multipart is not closed: the message may be truncated");
        }
        for container in self.containers.drain(..) {
            if let Some(part) = self.tree.parts.get_mut(container.part) {
                part.body.end = end;
            }
        }
        // A mail that was attached reaches as far as what it holds.
        for number in (0..self.tree.parts.len()).rev() {
            let Some(part) = self.tree.parts.get(number) else {
                continue;
            };
            let inner = part
                .children
                .iter()
                .filter_map(|child| self.tree.parts.get(*child))
                .map(|child| child.body.end)
                .max();
            let kind = part.kind;
            if let Some(part) = self.tree.parts.get_mut(number) {
                if kind == Kind::Message {
                    part.body.end = part.body.end.max(inner.unwrap_or(0));
                }
                if kind == Kind::Multipart && part.children.is_empty() {
                    // A boundary that never comes: what is there is text.
                    part.kind = Kind::Leaf;
                    part.content_type = "text/plain".to_owned();
                    part.body.end = part.body.end.max(part.body.start);
                    self.tree
                        .defects
                        .push("multipart without any part: read as text");
                }
            }
        }
        self.tree
    }
}

/// Whether a part is a mail of its own.
pub fn is_message(content_type: &str) -> bool {
    matches!(
        content_type,
        "message/rfc822" | "message/global" | "message/news"
    )
}

fn describe(part: &mut Part<'_>, fields: &Fields<'_>, defects: &mut Vec<&'static str>) {
    let mut types = fields
        .all("Content-Type")
        .map(|field| parameter::parse(&field.value()));
    if let Some(mut parameters) = types.next() {
        let mut usable = usable_type(&parameters.value);
        for other in types {
            defects.push("several Content-Type fields: the first usable one counts");
            if usable.is_none() && usable_type(&other.value).is_some() {
                usable = usable_type(&other.value);
                parameters = other;
            }
        }
        if parameters.conflicting {
            defects.push("a parameter is given twice: the first one counts");
        }
        match usable {
            Some(value) => {
                part.content_type = value;
                part.typed = true;
            }
            None => defects.push("Content-Type makes no sense"),
        }
        part.parameters = parameters;
    }
    if let Some(field) = fields.first("Content-Disposition") {
        part.disposition = parameter::parse(&field.value());
    }
    if let Some(field) = fields.first("Content-Transfer-Encoding") {
        match Encoding::parse(&String::from_utf8_lossy(&field.value())) {
            Some(encoding) => part.encoding = encoding,
            None => defects.push("Content-Transfer-Encoding makes no sense"),
        }
    }
    // RFC 2045 §6.4: containers are never encoded. Programs that encode one mean its leaves.
    if part.content_type.starts_with("multipart/") {
        part.encoding = Encoding::Identity;
    }
}

fn usable_type(value: &str) -> Option<String> {
    match value {
        "text" => return Some("text/plain".to_owned()),
        "html" => return Some("text/html".to_owned()),
        _ => {}
    }
    let (main, sub) = value.split_once('/')?;
    let token = |s: &str| {
        !s.is_empty()
            && s.len() < 128
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    (token(main) && token(sub)).then(|| value.to_owned())
}

/// The first line that looks like a delimiter: a field or a blank line follows it.
fn guessed_boundary(body: &[u8]) -> Option<Vec<u8>> {
    let mut lines = body.split(|byte| *byte == b'\n').take(200).peekable();
    while let Some(line) = lines.next() {
        let Some(boundary) = line.strip_prefix(b"--").map(<[u8]>::trim_ascii_end) else {
            continue;
        };
        let next = lines.peek().map_or(&b""[..], |next| next.trim_ascii());
        let follows = next
            .get(..8)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"content-"))
            || (next.is_empty() && boundary.len() >= 4);
        if follows && (1..=100).contains(&boundary.len()) && !boundary.contains(&b' ') {
            return Some(boundary.to_vec());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(raw: &str) -> Vec<(String, String)> {
        let tree = walk(raw.as_bytes());
        tree.parts
            .iter()
            .filter(|part| part.kind == Kind::Leaf)
            .map(|part| {
                (
                    part.content_type.clone(),
                    String::from_utf8_lossy(tree.raw(part)).into_owned(),
                )
            })
            .collect()
    }

    fn own(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    }

    #[test]
    fn parts_end_where_delimiters_stand() {
        let raw = "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\none\r\n--b-longer\r\n\r\n--b \r\nContent-Type: text/html\r\n\r\ntwo\r\n--b--\r\nepilogue";
        assert_eq!(
            leaves(raw),
            own(&[
                ("text/plain", "one\r\n--b-longer\r\n"),
                ("text/html", "two")
            ])
        );
    }

    #[test]
    fn unclosed_and_nested_parts_are_read() {
        let raw = "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\na\n--o\nContent-Type: message/rfc822\n\nSubject: x\n\ninner\n--o--\n";
        assert_eq!(
            leaves(raw),
            own(&[("text/plain", "a"), ("text/plain", "inner")])
        );
        let tree = walk(raw.as_bytes());
        let message = tree
            .parts
            .iter()
            .find(|part| part.kind == Kind::Message)
            .expect("there is one");
        assert_eq!(tree.raw(message), b"Subject: x\n\ninner");
        assert_eq!(
            leaves("Content-Type: multipart/mixed; boundary=o\n\n--o\n\ncut of"),
            own(&[("text/plain", "cut of")])
        );
        assert_eq!(
            leaves("Content-Type: multipart/mixed; boundary=o\n\njust text\n"),
            own(&[("text/plain", "just text\n")])
        );
        assert_eq!(
            leaves("Content-Type: multipart/mixed\n\n--guess\n\nx\n--guess--\n"),
            own(&[("text/plain", "x")])
        );
        assert_eq!(
            leaves("no header at all\n"),
            own(&[("text/plain", "no header at all\n")])
        );
        assert_eq!(leaves(""), own(&[("text/plain", "")]));
    }
}
