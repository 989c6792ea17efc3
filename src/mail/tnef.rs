//! `winmail.dat`: Outlook's own envelope (MS-OXTNEF), unpacked.
//!
//! Owns a bounded, linear reading of the attribute stream and of the property lists that hold long
//! names and bodies. Checksums are not believed: gateways rewrite files and forget them. A damaged
//! stream gives what stands before the damage.

use super::{charset, encoded_word, file, limits, lines, rtf};

const SIGNATURE: &[u8] = &[0x78, 0x9f, 0x3e, 0x22];

/// Attributes (MS-OXTNEF §2.1.3.2), type in the high half.
const OEM_CODE_PAGE: u32 = 0x0006_9007;
const BODY: u32 = 0x0002_800c;
const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
const ATTACHMENT_DATA: u32 = 0x0006_800f;
const ATTACHMENT_TITLE: u32 = 0x0001_8010;
const ATTACHMENT_RENDERING: u32 = 0x0006_9002;
const ATTACHMENT_PROPERTIES: u32 = 0x0006_9005;
const TRANSPORT_FILENAME: u32 = 0x0006_9001;

/// Properties (MS-OXPROPS).
const PR_BODY: u16 = 0x1000;
const PR_RTF_COMPRESSED: u16 = 0x1009;
const PR_BODY_HTML: u16 = 0x1013;
const PR_INTERNET_CODE_PAGE: u16 = 0x3fde;
const PR_ATTACH_DATA: u16 = 0x3701;
const PR_ATTACH_FILENAME: u16 = 0x3704;
const PR_ATTACH_LONG_FILENAME: u16 = 0x3707;
const PR_DISPLAY_NAME: u16 = 0x3001;
const PR_ATTACH_MIME_TAG: u16 = 0x370e;
const PR_ATTACH_CONTENT_ID: u16 = 0x3712;

/// A file of the envelope.
#[derive(Debug, Default)]
pub struct File {
    pub name: Option<String>,
    pub content_type: Option<String>,
    pub content_id: Option<String>,
    pub bytes: Vec<u8>,
}

/// What an envelope held.
#[derive(Debug, Default)]
pub struct Unpacked {
    pub plain: Option<String>,
    pub html: Option<String>,
    pub files: Vec<File>,
    /// The stream ended before its time.
    pub damaged: bool,
}

/// Whether these bytes are such an envelope, whatever their name and type.
pub fn is_tnef(bytes: &[u8]) -> bool {
    bytes.starts_with(SIGNATURE)
}

/// Unpacks an envelope.
pub fn unpack(bytes: &[u8]) -> Unpacked {
    let mut out = Unpacked::default();
    let mut rest = bytes.get(6..).unwrap_or_default();
    let mut code_page: Option<u32> = None;
    let mut attributes = 0;
    while !rest.is_empty() {
        attributes += 1;
        let Some((id, data, after)) = attribute(rest) else {
            out.damaged = true;
            break;
        };
        if attributes > limits::TNEF_ITEMS {
            out.damaged = true;
            break;
        }
        rest = after;
        match id {
            OEM_CODE_PAGE => code_page = u32_at(data, 0),
            BODY => out.plain = Some(text(data, code_page)),
            MESSAGE_PROPERTIES => message(data, code_page, &mut out),
            ATTACHMENT_RENDERING => out.files.push(File::default()),
            ATTACHMENT_TITLE | TRANSPORT_FILENAME => {
                if let Some(file) = out.files.last_mut()
                    && file.name.is_none()
                {
                    file.name = name(&text(data, code_page));
                }
            }
            ATTACHMENT_DATA => {
                if let Some(file) = out.files.last_mut() {
                    file.bytes = data.to_vec();
                }
            }
            ATTACHMENT_PROPERTIES => {
                if let Some(file) = out.files.last_mut() {
                    attachment(data, code_page, file);
                }
            }
            _ => {}
        }
    }
    for file in &mut out.files {
        if file.content_type.is_none() {
            file.content_type =
                Some(file::media_type(file.name.as_deref().unwrap_or_default()).to_owned());
        }
    }
    // Rendering data without a file: a drawing's ghost.
    out.files
        .retain(|file| !file.bytes.is_empty() || file.name.is_some());
    out
}

/// Level, id, length, data, checksum.
fn attribute(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let level = bytes.first()?;
    if !(1..=2).contains(level) {
        return None;
    }
    let id = u32_at(bytes, 1)?;
    let length = usize::try_from(u32_at(bytes, 5)?).ok()?;
    let data = bytes.get(9..)?.get(..length)?;
    Some((id, data, bytes.get(9 + length + 2..).unwrap_or_default()))
}

fn message(data: &[u8], code_page: Option<u32>, out: &mut Unpacked) {
    let mut rtf = None;
    let mut html = None;
    let mut page = None;
    for (id, value) in properties(data) {
        match (id, value) {
            (PR_BODY, Value::Text(text)) => out.plain = Some(text),
            (PR_BODY, Value::Bytes(bytes)) => out.plain = Some(self::text(bytes, code_page)),
            (PR_BODY_HTML, Value::Bytes(bytes)) => html = Some(bytes),
            (PR_BODY_HTML, Value::Text(text)) => out.html = Some(lines::lines(&text)),
            (PR_RTF_COMPRESSED, Value::Bytes(bytes)) => rtf = Some(bytes),
            (PR_INTERNET_CODE_PAGE, Value::Number(number)) => page = Some(number),
            _ => {}
        }
    }
    if let Some(bytes) = html {
        let bytes = bytes.get(..limits::HTML_BYTES).unwrap_or(bytes);
        let label = page.map(|page| format!("cp{page}"));
        out.html = Some(lines::lines(&charset::decode(bytes, label.as_deref())));
    }
    if out.html.is_none()
        && out
            .plain
            .as_deref()
            .is_none_or(|plain| plain.trim().is_empty())
        && let Some(bytes) = rtf
    {
        out.plain = rtf::decompress(bytes).map(|rtf| lines::lines(&rtf::text(&rtf)));
    }
}

fn attachment(data: &[u8], code_page: Option<u32>, file: &mut File) {
    let mut short = None;
    let mut display = None;
    for (id, value) in properties(data) {
        let as_text = |value: Value<'_>| match value {
            Value::Text(text) => Some(text),
            Value::Bytes(bytes) => Some(text(bytes, code_page)),
            Value::Number(_) => None,
        };
        match id {
            PR_ATTACH_LONG_FILENAME => {
                if let Some(name) = as_text(value).as_deref().and_then(name) {
                    file.name = Some(name);
                }
            }
            PR_ATTACH_FILENAME => short = as_text(value).as_deref().and_then(name),
            PR_DISPLAY_NAME => display = as_text(value).as_deref().and_then(name),
            PR_ATTACH_MIME_TAG => {
                file.content_type = as_text(value)
                    .map(|tag| tag.trim().to_ascii_lowercase())
                    .filter(|tag| {
                        tag.contains('/')
                            && tag.len() < 128
                            && tag.bytes().all(|byte| byte.is_ascii_graphic())
                    });
            }
            PR_ATTACH_CONTENT_ID => {
                file.content_id = as_text(value)
                    .map(|id| encoded_word::clean(id.trim_matches(['<', '>'])))
                    .filter(|id| !id.is_empty());
            }
            PR_ATTACH_DATA if file.bytes.is_empty() => {
                // An embedded object begins with the id of its interface.
                if let Value::Bytes(bytes) = value {
                    file.bytes = bytes.to_vec();
                }
            }
            _ => {}
        }
    }
    if file.name.is_none() {
        file.name = short.or(display);
    }
}

enum Value<'a> {
    Bytes(&'a [u8]),
    Text(String),
    Number(u32),
}

/// The properties of a list (MS-OXTNEF §2.1.3.4) until the first one that makes no sense.
fn properties(data: &[u8]) -> Vec<(u16, Value<'_>)> {
    let mut out = Vec::new();
    let mut cursor = Cursor { rest: data };
    let count = cursor.u32().unwrap_or(0);
    for _ in 0..count {
        if out.len() >= limits::TNEF_ITEMS || cursor.property(&mut out).is_none() {
            break;
        }
    }
    out
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// Bytes with their length before them, padded to four.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let taken = self.take(length)?;
        let padding = (4 - length % 4) % 4;
        self.take(padding.min(self.rest.len()))?;
        Some(taken)
    }

    fn property(&mut self, out: &mut Vec<(u16, Value<'a>)>) -> Option<()> {
        let kind = self.u16()?;
        let id = self.u16()?;
        if id >= 0x8000 {
            // A named property: its set, then a number or a name.
            self.take(16)?;
            match self.u32()? {
                0 => {
                    self.u32()?;
                }
                _ => {
                    self.sized()?;
                }
            }
        }
        let several = kind & 0x1000 != 0;
        let base = kind & 0x0fff;
        let counted = several || matches!(base, 0x001e | 0x001f | 0x0102 | 0x000d);
        let count = if counted { self.u32()? } else { 1 };
        for index in 0..count {
            let value = match base {
                0x0002 | 0x000b => {
                    let number = self.u16()?;
                    self.take(2)?;
                    Value::Number(u32::from(number))
                }
                0x0003 | 0x0004 | 0x000a => Value::Number(self.u32()?),
                0x0005..=0x0007 | 0x0014 | 0x0040 => {
                    self.take(8)?;
                    Value::Number(0)
                }
                0x0048 => {
                    self.take(16)?;
                    Value::Number(0)
                }
                0x001f => {
                    let bytes = self.sized()?;
                    let text = charset::decode(bytes, Some("utf-16le"));
                    Value::Text(lines::lines(&text))
                }
                0x001e | 0x0102 | 0x000d => {
                    let bytes = self.sized()?;
                    // The interface id of an object stands before it.
                    Value::Bytes(if base == 0x000d {
                        bytes.get(16..).unwrap_or_default()
                    } else {
                        bytes
                    })
                }
                _ => return None,
            };
            if index == 0 {
                out.push((id, value));
            }
        }
        Some(())
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)?
        .try_into()
        .ok()
        .map(u32::from_le_bytes)
}

/// Text of the code page of the sender's machine, up to its NUL.
fn text(bytes: &[u8], code_page: Option<u32>) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let bytes = bytes.get(..limits::TEXT_BYTES).unwrap_or(bytes);
    let label = code_page.map(|page| format!("cp{page}"));
    lines::lines(&charset::decode(bytes, label.as_deref()))
}

fn name(text: &str) -> Option<String> {
    let name = encoded_word::clean(text);
    Some(super::header::limited(name, limits::NAME_CHARS)).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
        let mut out = vec![level];
        out.extend(id.to_le_bytes());
        out.extend(
            u32::try_from(data.len())
                .expect("tests are small")
                .to_le_bytes(),
        );
        out.extend(data);
        out.extend([0, 0]);
        out
    }

    #[test]
    fn files_and_bodies_are_unpacked() {
        let mut properties = 2_u32.to_le_bytes().to_vec();
        for (id, text) in [
            (PR_ATTACH_LONG_FILENAME, "résumé long.txt\0"),
            (PR_ATTACH_MIME_TAG, "text/plain\0"),
        ] {
            let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            properties.extend(0x001f_u16.to_le_bytes());
            properties.extend(id.to_le_bytes());
            properties.extend(1_u32.to_le_bytes());
            properties.extend(
                u32::try_from(utf16.len())
                    .expect("tests are small")
                    .to_le_bytes(),
            );
            properties.extend(&utf16);
            properties.extend(vec![0; (4 - utf16.len() % 4) % 4]);
        }
        let bytes = [
            SIGNATURE.to_vec(),
            vec![1, 0],
            attribute(1, OEM_CODE_PAGE, &[0xe4, 4, 0, 0, 0, 0, 0, 0]),
            attribute(1, BODY, b"D\xe9j\xe0 vu\r\n\0"),
            attribute(2, ATTACHMENT_RENDERING, &[0; 14]),
            attribute(2, ATTACHMENT_TITLE, b"RESUME~1.TXT\0"),
            attribute(2, ATTACHMENT_DATA, b"contents"),
            attribute(2, ATTACHMENT_PROPERTIES, &properties),
        ]
        .concat();
        let unpacked = unpack(&bytes);
        assert!(!unpacked.damaged);
        assert_eq!(unpacked.plain.as_deref(), Some("Déjà vu\n"));
        let file = unpacked.files.first().expect("one file");
        assert_eq!(file.name.as_deref(), Some("résumé long.txt"));
        assert_eq!(file.content_type.as_deref(), Some("text/plain"));
        assert_eq!(file.bytes, b"contents");
        for end in 0..bytes.len() {
            unpack(bytes.get(..end).expect("within"));
        }
    }
}
