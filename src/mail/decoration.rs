//! Which files nobody meant to send: logos, pixels, drawing ghosts, signatures of programs.
//!
//! Owns the judgement of one file by its own looks. What a sender repeats is learned elsewhere. A
//! wrong judgement hides a file behind a fold, it deletes nothing; still a screenshot is worth more
//! than a clean page, so doubt shows the file.

/// Logos are small files; a screenshot in a logo's size is a very small one.
const LOGO_BYTES: usize = 48 * 1024;
/// Above this height in pixels an image is not a logo by its size alone.
const LOGO_HEIGHT: u32 = 110;
/// Icons of networks and flags.
const ICON_SIDE: u32 = 64;
/// Lines, spacers and tracking pixels.
const LINE_SIDE: u32 = 8;

/// Words in file names that signature makers and newsletters give.
const NAMES: [&str; 26] = [
    "logo",
    "signature",
    "facebook",
    "linkedin",
    "twitter",
    "instagram",
    "youtube",
    "tiktok",
    "mastodon",
    "bluesky",
    "banner",
    "banniere",
    "bannière",
    "bandeau",
    "footer",
    "icone",
    "icon_",
    "icon-",
    "icon.",
    "spacer",
    "pixel",
    "tracking",
    "emoticon",
    "smiley",
    "divider",
    "separator",
];

/// Whether a file is decoration. `placed`: it stands inside of the text (`cid:`, inline).
pub fn is_decoration(name: Option<&str>, content_type: &str, placed: bool, bytes: &[u8]) -> bool {
    let name = name.unwrap_or_default().to_lowercase();
    let ghost = matches!(
        content_type,
        "application/pkcs7-signature"
            | "application/x-pkcs7-signature"
            | "application/pgp-signature"
            | "application/pgp-keys"
            | "application/pgp-encrypted"
            | "application/applefile"
            | "application/x-mso"
            | "image/x-emz"
            | "image/x-wmz"
    ) || matches!(
        name.as_str(),
        "smime.p7s"
            | "oledata.mso"
            | "themedata.thmx"
            | "colorschememapping.xml"
            | "filelist.xml"
            | "editdata.mso"
            | ".ds_store"
    ) || [".wmz", ".emz"].iter().any(|end| name.ends_with(end));
    if ghost {
        return true;
    }
    if !content_type.starts_with("image/") {
        return false;
    }
    match dimensions(bytes) {
        Some((width, height)) => {
            let (short, long) = (width.min(height), width.max(height));
            short <= LINE_SIDE
                || (placed && long <= ICON_SIDE)
                || (placed
                    && bytes.len() <= LOGO_BYTES
                    && (height <= LOGO_HEIGHT && width <= 5 * LOGO_HEIGHT))
                || (placed
                    && bytes.len() <= 2 * LOGO_BYTES
                    && NAMES.iter().any(|word| name.contains(word)))
        }
        None => {
            bytes.len() < 100
                || (placed
                    && bytes.len() <= LOGO_BYTES
                    && NAMES.iter().any(|word| name.contains(word)))
        }
    }
}

/// Width and height of a PNG, GIF, BMP or JPEG, from its first bytes.
fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let be32 = |at: usize| {
        bytes
            .get(at..at + 4)?
            .try_into()
            .ok()
            .map(u32::from_be_bytes)
    };
    let le16 = |at: usize| {
        bytes
            .get(at..at + 2)?
            .try_into()
            .ok()
            .map(u16::from_le_bytes)
            .map(u32::from)
    };
    let le32 = |at: usize| {
        bytes
            .get(at..at + 4)?
            .try_into()
            .ok()
            .map(i32::from_le_bytes)
            .map(i32::unsigned_abs)
    };
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some((be32(16)?, be32(20)?));
    }
    if bytes.starts_with(b"GIF8") {
        return Some((le16(6)?, le16(8)?));
    }
    if bytes.starts_with(b"BM") {
        return Some((le32(18)?, le32(22)?));
    }
    if bytes.starts_with(b"\xff\xd8") {
        return jpeg(bytes);
    }
    None
}

/// Walks the segments of a JPEG to its frame header.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let be16 = |at: usize| {
        bytes
            .get(at..at + 2)?
            .try_into()
            .ok()
            .map(u16::from_be_bytes)
            .map(u32::from)
    };
    let mut at = 2;
    // No camera writes so many segments before the frame.
    for _ in 0..500 {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xff => at += 1,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Some((be16(at + 7)?, be16(at + 5)?));
            }
            0xd0..=0xd8 | 0x01 => at += 2,
            _ => at += 2 + usize::try_from(be16(at + 2)?).ok()?.max(2),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::is_decoration;

    fn png(width: u32, height: u32, size: usize) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.resize(size, 7);
        bytes
    }

    #[test]
    fn logos_hide_and_screenshots_show() {
        let judge =
            |name, placed, bytes: &[u8]| is_decoration(Some(name), "image/png", placed, bytes);
        assert!(judge("image001.png", true, &png(220, 80, 6_000)));
        assert!(judge("image002.png", true, &png(32, 32, 900)));
        assert!(judge("open.gif", false, &png(1, 1, 80)));
        assert!(judge("logo-mairie.png", true, &png(600, 200, 40_000)));
        assert!(!judge("image001.png", true, &png(1280, 720, 90_000)));
        assert!(!judge("image001.png", true, &png(420, 180, 9_000)));
        assert!(!judge("logo-mairie.png", false, &png(600, 200, 40_000)));
        assert!(is_decoration(
            Some("oledata.mso"),
            "application/octet-stream",
            true,
            b"x"
        ));
        assert!(is_decoration(
            None,
            "application/pgp-signature",
            false,
            b"x"
        ));
        assert!(!is_decoration(Some("x.pdf"), "application/pdf", false, b""));
    }
}
