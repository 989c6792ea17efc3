//! S/MIME (RFC 8551): what is signed is unwrapped and read, what is encrypted says so.
//!
//! Owns a bounded walk over the DER or BER of a CMS `ContentInfo` (RFC 5652 §3 and §5). Nothing is
//! verified: the point is that an opaque-signed mail never shows as a blank.

/// Remark of a signed mail.
pub const SIGNED: &str = "Message signé (S/MIME) : signature non vérifiée.";
/// Remark of an encrypted mail.
pub const ENCRYPTED: &str = "Message chiffré (S/MIME) : son contenu ne peut pas être lu ici.";

/// What a CMS object holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// The signed MIME entity.
    Signed(Vec<u8>),
    /// Enveloped or authenticated-enveloped data.
    Encrypted,
    /// Certificates only, or nothing that can be read.
    Other,
}

/// `1.2.840.113549.1.7.2`
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// `1.2.840.113549.1.7.3`
const ENVELOPED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
/// `1.2.840.113549.1.9.16.1.23`
const AUTH_ENVELOPED_DATA: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17,
];

/// Strings of strings: BER senders cut contents into pieces, one level deep.
const STRING_DEPTH: usize = 4;

/// Opens a CMS object.
pub fn open(bytes: &[u8]) -> Opened {
    content(bytes).unwrap_or(Opened::Other)
}

fn content(bytes: &[u8]) -> Option<Opened> {
    let mut info = Reader { rest: bytes }.enter(0x30)?;
    let kind = info.expect(0x06)?;
    if kind == ENVELOPED_DATA || kind == AUTH_ENVELOPED_DATA {
        return Some(Opened::Encrypted);
    }
    if kind != SIGNED_DATA {
        return None;
    }
    let mut signed = info.enter(0xa0)?.enter(0x30)?;
    signed.expect(0x02)?;
    signed.skip()?;
    let mut encapsulated = signed.enter(0x30)?;
    encapsulated.expect(0x06)?;
    let mut wrapped = encapsulated.enter(0xa0)?;
    let mut out = Vec::new();
    wrapped.octets(&mut out, STRING_DEPTH)?;
    Some(Opened::Signed(out))
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Tag, length (`None`: indefinite) and the start of the contents.
    fn head(&self) -> Option<(u8, Option<usize>, &'a [u8])> {
        let (&tag, rest) = self.rest.split_first()?;
        let (&first, rest) = rest.split_first()?;
        match first {
            0x80 => Some((tag, None, rest)),
            0..0x80 => Some((tag, Some(usize::from(first)), rest)),
            _ => {
                let count = usize::from(first & 0x7f);
                if count > 4 {
                    return None;
                }
                let length = rest
                    .get(..count)?
                    .iter()
                    .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
                Some((tag, Some(length), rest.get(count..)?))
            }
        }
    }

    /// The inside of a constructed element, and steps behind it. Of an indefinite one the inside
    /// reaches to the end of the input: its readers know what they look for.
    fn enter(&mut self, wanted: u8) -> Option<Reader<'a>> {
        let (tag, length, contents) = self.head()?;
        if tag != wanted {
            return None;
        }
        let end = length.unwrap_or(contents.len()).min(contents.len());
        self.rest = contents.get(end..)?;
        Some(Reader {
            rest: contents.get(..end)?,
        })
    }

    /// The contents of a primitive element.
    fn expect(&mut self, wanted: u8) -> Option<&'a [u8]> {
        let (tag, length, contents) = self.head()?;
        if tag != wanted {
            return None;
        }
        let (inside, rest) = contents.split_at_checked(length?)?;
        self.rest = rest;
        Some(inside)
    }

    /// Steps over one element, whatever it holds; iterative.
    fn skip(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            let (tag, length, contents) = self.head()?;
            match length {
                Some(length) => self.rest = contents.get(length..)?,
                None => {
                    open += 1;
                    self.rest = contents;
                }
            }
            if tag == 0 && length == Some(0) {
                open = open.checked_sub(1)?;
            }
            if open == 0 {
                return Some(());
            }
        }
    }

    /// Appends the octets of a string, in one piece or many. A cut one gives what is there.
    fn octets(&mut self, out: &mut Vec<u8>, depth: usize) -> Option<()> {
        let (tag, length, contents) = self.head()?;
        let end = length.unwrap_or(contents.len()).min(contents.len());
        let inside = contents.get(..end)?;
        match tag {
            0x04 => {
                length?;
                out.extend_from_slice(inside);
                self.rest = contents.get(end..)?;
            }
            0x24 if depth > 0 => {
                let mut pieces = Reader { rest: inside };
                while !pieces.rest.is_empty() && !pieces.rest.starts_with(&[0, 0]) {
                    if pieces.octets(out, depth - 1).is_none() {
                        break;
                    }
                }
                self.rest = match length {
                    Some(_) => contents.get(end..)?,
                    None => pieces.rest.get(2..).unwrap_or_default(),
                };
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, inside: &[u8]) -> Vec<u8> {
        let mut out = vec![tag, 0x82];
        out.extend(
            u16::try_from(inside.len())
                .expect("tests are small")
                .to_be_bytes(),
        );
        out.extend(inside);
        out
    }

    fn signed(octets: &[u8]) -> Vec<u8> {
        let data = [
            &[0x06, 9][..],
            &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01],
        ]
        .concat();
        let encapsulated = element(0x30, &[data, element(0xa0, octets)].concat());
        let body = element(
            0x30,
            &[vec![2, 1, 1], element(0x31, &[]), encapsulated].concat(),
        );
        element(
            0x30,
            &[[&[0x06, 9][..], SIGNED_DATA].concat(), element(0xa0, &body)].concat(),
        )
    }

    #[test]
    fn signed_contents_are_found_in_one_piece_or_many() {
        let mail = b"Content-Type: text/plain\r\n\r\nBonjour";
        assert_eq!(
            open(&signed(&element(0x04, mail))),
            Opened::Signed(mail.to_vec())
        );
        let (a, b) = mail.split_at(10);
        let pieces = [
            vec![0x24, 0x80],
            element(0x04, a),
            element(0x04, b),
            vec![0, 0],
        ]
        .concat();
        assert_eq!(open(&signed(&pieces)), Opened::Signed(mail.to_vec()));
        let enveloped = element(
            0x30,
            &[
                [&[0x06, 9][..], ENVELOPED_DATA].concat(),
                element(0xa0, &[]),
            ]
            .concat(),
        );
        assert_eq!(open(&enveloped), Opened::Encrypted);
        assert_eq!(open(b""), Opened::Other);
        assert_eq!(open(&[0x30, 0x80, 0x06, 0xff]), Opened::Other);
    }
}
