//! RTF bodies of `winmail.dat`: decompression (MS-OXRTFCP) and plain text.
//!
//! Owns just enough RTF to read what was written: paragraphs, characters, Unicode escapes. HTML that
//! was wrapped in RTF (MS-OXRTFEX) comes out as its text.

use super::{charset, limits};

/// The dictionary that every stream starts with.
const PRELOAD: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Undoes the compression; `None` when the header makes no sense. Bounded by
/// [`limits::RTF_BYTES`].
pub fn decompress(bytes: &[u8]) -> Option<Vec<u8>> {
    let word = |at: usize| {
        bytes
            .get(at..at + 4)?
            .try_into()
            .ok()
            .map(u32::from_le_bytes)
    };
    let size = usize::try_from(word(4)?).ok()?.min(limits::RTF_BYTES);
    let input = bytes.get(16..)?;
    match word(8)? {
        0x414c_454d => return Some(input.get(..size).unwrap_or(input).to_vec()),
        0x7546_5a4c => {}
        _ => return None,
    }
    let mut dictionary = [b' '; 4096];
    dictionary
        .get_mut(..PRELOAD.len())?
        .copy_from_slice(PRELOAD);
    let mut write = PRELOAD.len();
    let mut out = Vec::with_capacity(size.min(64 * 1024));
    let mut input = input.iter().copied();
    'stream: while let Some(control) = input.next() {
        for bit in 0..8 {
            if out.len() >= size {
                break 'stream;
            }
            if control >> bit & 1 == 0 {
                let Some(byte) = input.next() else {
                    break 'stream;
                };
                out.push(byte);
                if let Some(slot) = dictionary.get_mut(write) {
                    *slot = byte;
                }
                write = (write + 1) % 4096;
            } else {
                let (Some(high), Some(low)) = (input.next(), input.next()) else {
                    break 'stream;
                };
                let offset = usize::from(high) << 4 | usize::from(low >> 4);
                if offset == write {
                    break 'stream;
                }
                for step in 0..usize::from(low & 15) + 2 {
                    let byte = dictionary
                        .get((offset + step) % 4096)
                        .copied()
                        .unwrap_or(b' ');
                    out.push(byte);
                    if let Some(slot) = dictionary.get_mut(write) {
                        *slot = byte;
                    }
                    write = (write + 1) % 4096;
                }
            }
        }
    }
    out.truncate(size);
    Some(out)
}

/// The text of an RTF document.
pub fn text(rtf: &[u8]) -> String {
    let mut out = String::new();
    // One entry a group: whether its text is hidden.
    let mut groups: Vec<bool> = vec![false];
    let mut depth_beyond = 0_usize;
    let mut page = "cp1252".to_owned();
    let mut skip = 0_usize;
    let mut bytes: Vec<u8> = Vec::new();
    // The first half of a character beyond 16 bits.
    let mut high: Option<u32> = None;
    let mut at = 0;
    while let Some(&byte) = rtf.get(at) {
        at += 1;
        let hidden = groups.last().copied().unwrap_or(false);
        match byte {
            b'{' if groups.len() < 500 => groups.push(hidden),
            b'{' => depth_beyond += 1,
            b'}' if depth_beyond > 0 => depth_beyond -= 1,
            b'}' if groups.len() > 1 => {
                groups.pop();
            }
            b'}' => {}
            b'\\' => {
                let Some(&next) = rtf.get(at) else { break };
                at += 1;
                if !next.is_ascii_alphabetic() {
                    match next {
                        b'\'' => {
                            let digits = rtf
                                .get(at..at + 2)
                                .and_then(|two| std::str::from_utf8(two).ok());
                            at += 2;
                            if let Some(value) =
                                digits.and_then(|two| u8::from_str_radix(two, 16).ok())
                            {
                                if skip > 0 {
                                    skip -= 1;
                                } else if !hidden {
                                    bytes.push(value);
                                }
                            }
                        }
                        b'*' => {
                            // Destinations that a reader may not know hold no text.
                            if let Some(group) = groups.last_mut() {
                                *group = true;
                            }
                        }
                        b'~' if !hidden => bytes.push(b' '),
                        b'\\' | b'{' | b'}' if !hidden => bytes.push(next),
                        _ => {}
                    }
                    continue;
                }
                let start = at - 1;
                while rtf.get(at).is_some_and(u8::is_ascii_alphabetic) && at - start < 40 {
                    at += 1;
                }
                let word = rtf.get(start..at).unwrap_or_default();
                let number_start = at;
                if rtf.get(at) == Some(&b'-') {
                    at += 1;
                }
                while rtf.get(at).is_some_and(u8::is_ascii_digit) && at - number_start < 11 {
                    at += 1;
                }
                let number: Option<i32> = rtf
                    .get(number_start..at)
                    .and_then(|digits| std::str::from_utf8(digits).ok())
                    .and_then(|digits| digits.parse().ok());
                if rtf.get(at) == Some(&b' ') {
                    at += 1;
                }
                match word {
                    b"par" | b"line" | b"row" if !hidden => bytes.push(b'\n'),
                    b"tab" | b"cell" if !hidden => bytes.push(b'\t'),
                    b"ansicpg" => {
                        if let Some(number) = number {
                            page = format!("cp{number}");
                        }
                    }
                    b"fonttbl" | b"colortbl" | b"stylesheet" | b"info" | b"pict" | b"header"
                    | b"footer" => {
                        if let Some(group) = groups.last_mut() {
                            *group = true;
                        }
                    }
                    b"u" if !hidden => {
                        out.push_str(&charset::decode(&bytes, Some(&page)));
                        bytes.clear();
                        // Signed 16 bits (RTF 1.9, "Unicode RTF").
                        let code = number.unwrap_or(0).rem_euclid(0x1_0000);
                        let code = u32::try_from(code).unwrap_or(0xfffd);
                        let whole = match (high.take(), code) {
                            (Some(high), 0xdc00..=0xdfff) => {
                                0x1_0000 + ((high - 0xd800) << 10) + (code - 0xdc00)
                            }
                            _ => code,
                        };
                        if (0xd800..=0xdbff).contains(&whole) {
                            high = Some(whole);
                        } else {
                            out.push(char::from_u32(whole).unwrap_or('\u{fffd}'));
                        }
                        skip = 1;
                    }
                    _ => {}
                }
            }
            b'\r' | b'\n' => {}
            _ if skip > 0 => skip -= 1,
            byte if !hidden => bytes.push(byte),
            _ => {}
        }
        if bytes.len() + out.len() > limits::RTF_BYTES {
            break;
        }
    }
    out.push_str(&charset::decode(&bytes, Some(&page)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read() {
        let rtf = b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}\\f0 D\\'e9j\\'e0 \\u8364? 10 \\u-10179?\\u-8704?\\par vu\\par{\\*\\x hidden}}";
        assert_eq!(text(rtf), "Déjà € 10 😀\nvu\n");
    }

    #[test]
    fn the_example_of_the_specification_is_decompressed() {
        let bytes = b"\x2d\x00\x00\x00\x2b\x00\x00\x00\x4c\x5a\x46\x75\xf1\xc5\xc7\xa7\x03\x00\x0a\x00\x72\x63\x70\x67\x31\x32\x35\x42\x32\x0a\xf3\x20\x68\x65\x6c\x09\x00\x20\x62\x77\x05\xb0\x6c\x64\x7d\x0a\x80\x0f\xa0";
        let rtf = decompress(bytes).expect("it is compressed");
        assert_eq!(rtf, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
        assert_eq!(text(&rtf), "hello world");
    }
}
