//! Bytes of some charset to text.
//!
//! Owns the order of belief: what was declared, a byte-order mark, valid UTF-8, windows-1252. The
//! result is always text: no charset is an error, a strange one is a defect at most.

use encoding_rs::{Encoding, GB18030, UTF_8, WINDOWS_1252};
use std::borrow::Cow;

/// Decodes `bytes`. `declared` is the label of a `charset` parameter, as written.
pub fn decode<'a>(bytes: &'a [u8], declared: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
        // A mark wins over the label: nobody writes one by accident.
        return encoding
            .decode_without_bom_handling(bytes.get(bom..).unwrap_or_default())
            .0;
    }
    let declared = declared.and_then(named);
    match declared {
        // ISO-2022-JP is 7-bit like ASCII: its escapes decide, so the label goes first.
        Some(encoding) if encoding != UTF_8 => {
            // Latin labels are the default of careless programs, and no Latin text reads as UTF-8
            // by accident.
            if encoding == WINDOWS_1252
                && let Ok(utf8) = std::str::from_utf8(bytes)
            {
                return Cow::Borrowed(utf8);
            }
            let (text, malformed) = encoding.decode_without_bom_handling(bytes);
            // A label that its own bytes contradict is a converter's leftover.
            if malformed
                && encoding != encoding_rs::ISO_2022_JP
                && let Ok(utf8) = std::str::from_utf8(bytes)
            {
                return Cow::Borrowed(utf8);
            }
            text
        }
        Some(_) | None => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) if declared.is_some() && mostly_utf8(bytes) => String::from_utf8_lossy(bytes),
            Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        },
    }
}

/// Whether a label names a charset that can be read. UTF-7 is not: it exists to smuggle markup.
pub fn is_known(label: &str) -> bool {
    named(label).is_some()
}

/// The encoding of a label, with the spellings that no registry knows.
fn named(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().trim_matches(['"', '\'']).trim();
    if let Some(encoding) = Encoding::for_label_no_replacement(label.as_bytes()) {
        // GB2312 mails use characters of its successors; the superset reads all of them.
        return Some(if encoding == encoding_rs::GBK {
            GB18030
        } else {
            encoding
        });
    }
    let folded: String = label
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if let Some(page) = folded
        .strip_prefix("cp")
        .or_else(|| folded.strip_prefix("windows"))
        .or_else(|| folded.strip_prefix("win"))
    {
        return match page {
            "932" | "31j" => Some(encoding_rs::SHIFT_JIS),
            "936" => Some(GB18030),
            "949" => Some(encoding_rs::EUC_KR),
            "950" => Some(encoding_rs::BIG5),
            "65001" => Some(UTF_8),
            _ => Encoding::for_label(format!("windows-{page}").as_bytes()),
        };
    }
    match folded.as_str() {
        "utf" | "unicode11utf8" | "utf8mb4" | "utf8n" => Some(UTF_8),
        "ansi" | "default" | "usascii" | "ascii8bit" => Some(WINDOWS_1252),
        "gb" | "gb2312" | "hzgb2312" => Some(GB18030),
        "iso2022jp" | "iso2022jp1" | "iso2022jp2" | "iso2022jpms" | "cp50220" | "cp50221" => {
            Some(encoding_rs::ISO_2022_JP)
        }
        "ksc56011987" | "ksc5601" => Some(encoding_rs::EUC_KR),
        _ => {
            // "iso8859_15", "ISO8859-1", "8859-1".
            let number = folded
                .strip_prefix("iso")
                .unwrap_or(&folded)
                .strip_prefix("8859")?;
            Encoding::for_label(format!("iso-8859-{number}").as_bytes())
        }
    }
}

/// Declared UTF-8 with a few broken bytes (a cut in the middle of a character) stays UTF-8.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn the_order_of_belief_holds() {
        assert_eq!(decode("é".as_bytes(), None), "é");
        assert_eq!(decode(b"\xe9t\xe9", None), "été");
        assert_eq!(decode(b"\x80 10", Some("iso-8859-1")), "€ 10");
        assert_eq!(decode(b"\xe9", Some("utf-8")), "é");
        assert_eq!(decode(b"\xef\xbb\xbf\xc3\xa9", Some("iso-8859-1")), "é");
        assert_eq!(decode(b"\xff\xfea\x00", None), "a");
        assert_eq!(decode("é".as_bytes(), Some("us-ascii")), "é");
        assert_eq!(decode(b"\xc4\xe3\xba\xc3", Some("GB2312")), "你好");
        assert_eq!(decode(b"\xf0\xd2\xc9", Some("KOI8-R")), "При");
        assert_eq!(decode(b"\xa4", Some("ISO8859_15")), "€");
        assert_eq!(decode(b"\x1b$B$\"\x1b(B", Some("ISO-2022-JP")), "あ");
        assert_eq!(decode(b"+AOk-", Some("utf-7")), "+AOk-");
        assert_eq!(decode("été é".as_bytes(), Some("utf8")), "été é");
        assert_eq!(
            decode(b"\xc3\xa9t\xc3\xa9\xff", Some("utf-8")),
            "été\u{fffd}"
        );
    }
}
