//! Header fields of what goes out: values that cannot hold a line end, encoded and folded
//! (RFC 5322 §2.2.3, RFC 2047, RFC 2231).
//!
//! A stranger chooses titles, names and file names, so every value passes through [`Line`] before
//! it comes near a header (RELIABILITY O5, T10). Anything that is not plain ASCII, and anything
//! that looks like an encoded word (`=?…?=`), is encoded, so that nobody downstream decodes a line
//! end, or a name, out of it.

/// Octets of a header line that are not exceeded where the text can be broken (RFC 5322 §2.1.1).
const LINE_OCTETS: usize = 76;

/// Octets of encoded text in one encoded word: with `=?utf-8?Q?`, `?=` and the longest name of a
/// field that has any (`Reply-To`), the line stays under the 76 of RFC 2047 §2.
const WORD_OCTETS: usize = 52;

/// Characters of a header value: nothing that people read is longer.
const VALUE_CHARACTERS: usize = 500;

/// Octets of a `Message-ID` that is still referred to; it must fit a line (RFC 5322 §2.1.1).
const MESSAGE_ID_OCTETS: usize = 250;

/// One line of text: no CR, LF, NUL or other control character, no character that turns the
/// direction of writing, blanks collapsed, at most 500 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// What is left of `text` on one line.
    pub fn new(text: &str) -> Self {
        let mut line = String::with_capacity(text.len().min(VALUE_CHARACTERS));
        let mut count = 0;
        for character in text.chars() {
            let character = if is_unwanted(character) || character == ' ' {
                if line.is_empty() || line.ends_with(' ') {
                    continue;
                }
                ' '
            } else {
                character
            };
            if count == VALUE_CHARACTERS {
                line.push('…');
                break;
            }
            count += 1;
            line.push(character);
        }
        line.truncate(line.trim_end().len());
        Self(line)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, when there is any.
    pub fn into_text(self) -> Option<String> {
        Some(self.0).filter(|text| !text.is_empty())
    }
}

/// Controls, line and paragraph separators, and the marks that turn the direction of writing
/// (Unicode bidirectional overrides and isolates), which make a name look like another.
fn is_unwanted(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An address that may stand in a header and in an envelope: printable ASCII, one `@`, no
/// character with a meaning in a header, within the lengths of RFC 5321 §4.5.3.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddrSpec(String);

impl AddrSpec {
    /// Takes the address; `None` when it could be read as anything else, as quoted local parts and
    /// addresses beyond ASCII can.
    pub fn parse(address: &str) -> Option<Self> {
        let (local, domain) = address.trim().split_once('@')?;
        let usable = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b"()<>[]:;@\\,\"".contains(&byte))
        };
        (usable(local) && usable(domain) && local.len() <= 64 && domain.len() <= 255)
            .then(|| Self(format!("{local}@{domain}")))
    }

    /// `local@domain`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `local+token@domain`; `None` when the local part would be longer than servers take.
    pub fn plus(&self, token: &str) -> Option<Self> {
        let (local, domain) = self.0.split_once('@')?;
        Self::parse(&format!("{local}+{token}@{domain}"))
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

/// A `Message-ID` that can be written between angle brackets; `None` for one that could break out.
pub fn message_id(id: &str) -> Option<&str> {
    let id = id.trim();
    let usable = !id.is_empty()
        && id.len() <= MESSAGE_ID_OCTETS
        && id
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte));
    usable.then_some(id)
}

/// Header fields in the order they were added.
#[derive(Clone, Debug, Default)]
pub struct Fields(String);

impl Fields {
    /// Adds a field whose value we wrote ourselves, word by word: folded at its blanks.
    pub fn tokens(&mut self, name: &'static str, value: &str) -> &mut Self {
        let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
        self.fold(name, &words)
    }

    /// Adds an unstructured field.
    pub fn text(&mut self, name: &'static str, value: &Line) -> &mut Self {
        if needs_encoding(value.as_str()) {
            self.fold(name, &encoded_words(value.as_str()))
        } else {
            self.tokens(name, value.as_str())
        }
    }

    /// Adds a field that names one mailbox.
    pub fn mailbox(
        &mut self,
        name: &'static str,
        display: Option<&Line>,
        address: &AddrSpec,
    ) -> &mut Self {
        let address = format!("<{}>", address.as_str());
        let display = display.map(Line::as_str).filter(|text| !text.is_empty());
        let Some(display) = display else {
            return self.tokens(name, address.trim_matches(['<', '>']));
        };
        let mut words = if needs_encoding(display) {
            encoded_words(display)
        } else if display
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" -'_".contains(&byte))
        {
            display.split(' ').map(str::to_owned).collect()
        } else {
            let quoted = display.replace('\\', "\\\\").replace('"', "\\\"");
            vec![format!("\"{quoted}\"")]
        };
        words.push(address);
        self.fold(name, &words)
    }

    /// Adds `Content-Type` and `Content-Disposition` of a file. A name beyond plain ASCII is written
    /// twice, as mail programs expect it: in the disposition as RFC 2231 has it, and in the type
    /// as encoded words, which RFC 2047 §5 does not allow there but older Outlooks read.
    pub fn file(&mut self, content_type: &str, name: &Line) -> &mut Self {
        let name = name.as_str();
        let plain = name.len() <= 60
            && !needs_encoding(name)
            && !name.bytes().any(|byte| b"\"\\".contains(&byte));
        if plain {
            self.fold(
                "Content-Type",
                &[format!("{content_type};"), format!("name=\"{name}\"")],
            );
            return self.fold(
                "Content-Disposition",
                &["attachment;".to_owned(), format!("filename=\"{name}\"")],
            );
        }
        let quoted = format!("name=\"{}\"", encoded_words(name).join(" "));
        let words =
            std::iter::once(format!("{content_type};")).chain(quoted.split(' ').map(str::to_owned));
        self.fold("Content-Type", &words.collect::<Vec<_>>());
        let pieces = percent_encoded(name);
        let last = pieces.len().saturating_sub(1);
        let mut words = vec!["attachment;".to_owned()];
        for (index, piece) in pieces.iter().enumerate() {
            let charset = if index == 0 { "utf-8''" } else { "" };
            let number = if last > 0 {
                format!("*{index}")
            } else {
                String::new()
            };
            let end = if index == last { "" } else { ";" };
            words.push(format!("filename{number}*={charset}{piece}{end}"));
        }
        self.fold("Content-Disposition", &words)
    }

    /// The fields, each ended by CRLF.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of a field as folded, without its line end; the first of that name.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut start = 0;
        // A field goes on while the next line begins with a blank.
        for (at, _) in self.0.match_indices("\r\n") {
            if self
                .0
                .get(at + 2..)
                .is_some_and(|rest| rest.starts_with(' '))
            {
                continue;
            }
            let field = self.0.get(start..at)?;
            if let Some((known, value)) = field.split_once(": ")
                && known.eq_ignore_ascii_case(name)
            {
                return Some(value);
            }
            start = at + 2;
        }
        None
    }

    fn fold(&mut self, name: &'static str, words: &[impl AsRef<str>]) -> &mut Self {
        self.0.push_str(name);
        self.0.push(':');
        let mut length = name.len() + 1;
        for (index, word) in words.iter().map(AsRef::as_ref).enumerate() {
            if index > 0 && length + 1 + word.len() > LINE_OCTETS {
                self.0.push_str("\r\n");
                length = 0;
            }
            self.0.push(' ');
            self.0.push_str(word);
            length += 1 + word.len();
        }
        self.0.push_str("\r\n");
        self
    }
}

/// Beyond ASCII, taken for an encoded word by a reader, or a word too long to fold.
fn needs_encoding(text: &str) -> bool {
    !text.is_ascii() || text.contains("=?") || text.split(' ').any(|word| word.len() > 60)
}

/// An octet in two hexadecimal digits behind a sign: `=C3` (RFC 2045 §6.7, RFC 2047 §4.2), `%C3` (RFC 2231 §4,
/// RFC 3986 §2.1).
pub(super) fn octet(sign: char, octet: u8) -> [char; 3] {
    let digit =
        |half: u8| char::from_digit(half.into(), 16).map_or('0', |d| d.to_ascii_uppercase());
    [sign, digit(octet >> 4), digit(octet & 15)]
}

/// The text as encoded words, cut between characters. The "Q" encoding keeps French legible in the
/// source; its letters are the few that are also allowed in display names (RFC 2047 §5 (3)).
fn encoded_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut buffer = [0; 4];
    for character in text.chars() {
        let mut piece = String::new();
        for byte in character.encode_utf8(&mut buffer).bytes() {
            match byte {
                b' ' => piece.push('_'),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'*' | b'+' | b'-' | b'/' => {
                    piece.push(char::from(byte));
                }
                _ => piece.extend(octet('=', byte)),
            }
        }
        if word.len() + piece.len() > WORD_OCTETS {
            words.push(std::mem::take(&mut word));
        }
        word.push_str(&piece);
    }
    words.push(word);
    words
        .into_iter()
        .map(|word| format!("=?utf-8?Q?{word}?="))
        .collect()
}

/// Percent-encoded pieces (RFC 2231 §4), cut between characters, short enough to fold.
fn percent_encoded(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut buffer = [0; 4];
    for character in text.chars() {
        let mut encoded = String::new();
        for byte in character.encode_utf8(&mut buffer).bytes() {
            if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                encoded.extend(octet('%', byte));
            }
        }
        if let Some(piece) = pieces.last_mut() {
            if piece.len() + encoded.len() <= WORD_OCTETS - 4 {
                piece.push_str(&encoded);
            } else {
                pieces.push(encoded);
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_no_line_end_control_or_direction_mark() {
        let hostile = "a\r\nBcc: v@x\0\u{85}\u{2028}b\u{202e}c\td\u{7f}";
        assert_eq!(Line::new(hostile).as_str(), "a Bcc: v@x b c d");
        assert_eq!(Line::new("\r\n \0").into_text(), None);
        assert_eq!(Line::new(&"é".repeat(600)).as_str().chars().count(), 501);
    }

    #[test]
    fn an_address_is_taken_whole_or_not_at_all() {
        assert!(AddrSpec::parse("j.dupont+a@example.org").is_some());
        for bad in [
            "\"a\\r\\nRCPT TO:<v>\"@x",
            "a\r\nRCPT TO:<v>@x",
            "a b@x",
            "a@b@c",
            "a@b,c@d",
            "françois@example.org",
            "@x",
            "a@",
            "",
        ] {
            assert_eq!(AddrSpec::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn fields_are_encoded_and_folded() {
        let mut fields = Fields::default();
        fields.text("Subject", &Line::new("Été =?utf-8?B?DQpCY2M6?="));
        fields.text("Subject", &Line::new("plain words"));
        fields.mailbox(
            "From",
            Some(&Line::new("Dupont, \"Jo\" <v@x>")),
            &AddrSpec::parse("a@b.c").expect("plain"),
        );
        assert_eq!(
            fields.as_str(),
            "Subject: =?utf-8?Q?=C3=89t=C3=A9_=3D=3Futf-8=3FB=3FDQpCY2M6=3F=3D?=\r\n\
             Subject: plain words\r\n\
             From: \"Dupont, \\\"Jo\\\" <v@x>\" <a@b.c>\r\n"
        );
        let mut long = Fields::default();
        long.text("Subject", &Line::new(&"é ".repeat(250)));
        long.text("Subject", &Line::new(&"x".repeat(500)));
        long.file("image/png", &Line::new(&"né\"e\r\n".repeat(60)));
        assert!(
            long.as_str().lines().all(|line| line.len() <= 78),
            "{long:?}"
        );
        assert!(long.as_str().is_ascii());
    }
}
