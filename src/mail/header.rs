//! Header fields: where they stand, their raw values, and the loose forms of them that arrive.
//!
//! Owns the cutting of a header block into fields, bounded and linear. What a value means belongs
//! to [`super::address`], [`super::parameter`], [`super::encoded_word`] and [`super::date`].

use super::limits;
use std::borrow::Cow;

/// One field, unfolded on demand.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Field<'a> {
    /// Whether this field is called `name`, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value with its folding undone, trimmed, without CR, LF or NUL.
    pub fn value(&self) -> Cow<'a, [u8]> {
        let trimmed = self.value.trim_ascii();
        if memchr::memchr3(b'\r', b'\n', 0, trimmed).is_none() {
            return Cow::Borrowed(trimmed);
        }
        // Folding is a line break before white space (RFC 5322 §2.2.3): the break goes, the white
        // space stays. A line break without any becomes a blank.
        let mut out = Vec::with_capacity(trimmed.len());
        for (i, byte) in trimmed.iter().enumerate() {
            match byte {
                b'\r' | b'\n' | 0 => {
                    let next = trimmed.get(i + 1).copied().unwrap_or(b' ');
                    if !next.is_ascii_whitespace()
                        && !out.last().is_some_and(u8::is_ascii_whitespace)
                    {
                        out.push(b' ');
                    }
                }
                byte => out.push(*byte),
            }
        }
        Cow::Owned(out)
    }

    /// The value as text: encoded words decoded, controls replaced.
    pub fn text(&self) -> String {
        let text = super::encoded_word::decode(&self.value());
        limited(text, limits::NAME_CHARS)
    }
}

/// Cuts a text after so many characters.
pub fn limited(mut text: String, chars: usize) -> String {
    if text.len() > chars
        && let Some((at, _)) = text.char_indices().nth(chars)
    {
        text.truncate(at);
    }
    text
}

/// The fields of one header block, in order.
#[derive(Clone, Debug, Default)]
pub struct Fields<'a> {
    fields: Vec<Field<'a>>,
    /// Some fields, or some bytes of a field, were not read.
    pub cut: bool,
    /// Lines that are no field stood among the fields.
    pub odd_lines: bool,
}

impl<'a> Fields<'a> {
    /// All fields, topmost first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Field<'a>> {
        self.fields.iter()
    }

    /// All fields of this name, topmost first.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Field<'a>> {
        self.fields.iter().filter(move |field| field.is(name))
    }

    /// The first field of this name that is not empty, else the first.
    pub fn first(&self, name: &str) -> Option<&Field<'a>> {
        let named = || self.fields.iter().filter(|field| field.is(name));
        named()
            .find(|field| !field.value.trim_ascii().is_empty())
            .or_else(|| named().next())
    }

    /// The decoded text of the first field of this name; `None` when it is missing or empty.
    pub fn text(&self, name: &str) -> Option<String> {
        self.first(name)
            .map(Field::text)
            .filter(|text| !text.is_empty())
    }

    /// Whether a field of this name is there.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Whether there is no field at all.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Collects fields line by line; used by the walk over the parts.
#[derive(Debug, Default)]
pub struct Collector<'a> {
    fields: Fields<'a>,
    /// Start of the open field and of its value in the message.
    open: Option<(usize, usize, usize)>,
    end: usize,
    bytes: usize,
}

/// What a line of a header block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A field, its continuation, or junk between fields.
    Header,
    /// The blank line after which the body starts.
    Blank,
    /// No field though none was seen before: the body starts here, without a header.
    Body,
}

impl<'a> Collector<'a> {
    /// Takes the line `raw[start..end]`, line break included.
    pub fn line(&mut self, raw: &'a [u8], start: usize, end: usize) -> Line {
        let line = raw.get(start..end).unwrap_or_default();
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        if content.is_empty() {
            return Line::Blank;
        }
        if content
            .first()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t'))
        {
            if self.open.is_some() {
                self.end = start + content.len();
                return Line::Header;
            }
            if content.trim_ascii().is_empty() {
                return Line::Blank;
            }
        }
        let colon = memchr::memchr(
            b':',
            content.get(..content.len().min(256)).unwrap_or_default(),
        );
        let name = colon
            .and_then(|colon| content.get(..colon))
            .map(<[u8]>::trim_ascii);
        match name {
            Some(name)
                if !name.is_empty()
                    && name
                        .iter()
                        .all(|byte| byte.is_ascii_graphic() || *byte >= 0x80) =>
            {
                self.close(raw);
                let colon = colon.unwrap_or_default();
                self.open = Some((start, start + colon, start + colon + 1));
                self.end = start + content.len();
                Line::Header
            }
            _ if self.open.is_none() && self.fields.is_empty() => {
                // The "From " line of a mailbox file is no field, but no body either.
                if content.starts_with(b"From ") || content.starts_with(b">From ") {
                    return Line::Header;
                }
                Line::Body
            }
            _ => {
                // A line that was cut without white space belongs to the field above it.
                self.fields.odd_lines = true;
                self.end = start + content.len();
                Line::Header
            }
        }
    }

    fn close(&mut self, raw: &'a [u8]) {
        let Some((start, colon, value)) = self.open.take() else {
            return;
        };
        if self.fields.fields.len() >= limits::FIELDS || self.bytes > limits::HEADER_BYTES {
            self.fields.cut = true;
            return;
        }
        let mut end = self.end.max(value);
        if end - value > limits::FIELD_BYTES {
            end = value + limits::FIELD_BYTES;
            self.fields.cut = true;
        }
        self.bytes += end - start;
        self.fields.fields.push(Field {
            name: raw.get(start..colon).unwrap_or_default().trim_ascii(),
            value: raw.get(value..end).unwrap_or_default(),
        });
    }

    /// The fields that were seen.
    pub fn finish(mut self, raw: &'a [u8]) -> Fields<'a> {
        self.close(raw);
        self.fields
    }
}

/// Reads the header block at the start of `raw`.
pub fn read(raw: &[u8]) -> Fields<'_> {
    let mut collector = Collector::default();
    let mut at = 0;
    while at < raw.len() {
        let end = memchr::memchr(b'\n', raw.get(at..).unwrap_or_default())
            .map_or(raw.len(), |i| at + i + 1);
        if collector.line(raw, at, end) != Line::Header {
            break;
        }
        at = end;
    }
    collector.finish(raw)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn fields_are_unfolded_and_found() {
        let fields = read(
            b"From x y\r\nSubject: a\r\n b\r\nX-Odd : c\r\nnonsense line\r\nTo: d\r\n\r\nBody: no",
        );
        assert_eq!(fields.text("subject").as_deref(), Some("a b"));
        assert_eq!(fields.text("X-Odd").as_deref(), Some("c nonsense line"));
        assert_eq!(fields.text("To").as_deref(), Some("d"));
        assert!(!fields.has("Body"));
        assert!(fields.odd_lines);
    }
}
