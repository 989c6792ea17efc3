//! A file of a ticket, given so that nothing of it runs (S5, T18, T19).

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::frame::Visitor;
use super::room::Held;
use super::{Site, wait};

/// Bytes of files on their way to browsers at once: whoever reads slowly, or not at all, fills his part
/// of this and not the memory.
pub const BYTES_IN_FLIGHT: usize = 192 << 20;

/// Bytes given to a connection at a time.
const CHUNK: usize = 64 << 10;

/// Room for a file of so many bytes on its way to this visitor.
///
/// # Errors
/// The page that says that too many are on their way.
pub async fn room(site: &Site, visitor: &Visitor, bytes: u64) -> Result<Held, Response> {
    let held = site.downloads.take(visitor.address, bytes).await;
    held.ok_or_else(|| {
        wait(
            site,
            visitor,
            StatusCode::SERVICE_UNAVAILABLE,
            "Beaucoup de fichiers partent en ce moment, depuis ce site ou vers votre adresse\u{a0}; le vôtre est toujours là, réessayez dans une minute.",
            "Many files are on their way right now, from this site or to your address; yours is still there, try again in a minute.",
        )
    })
}

/// The file as a download. Its type is what its first bytes say, for pictures and PDF; everything
/// else is just bytes, whatever the sender called it.
pub fn answer(name: Option<&str>, bytes: Vec<u8>, held: Held) -> Response {
    let kind = sniff(&bytes).unwrap_or("application/octet-stream");
    let disposition = disposition(name.unwrap_or("fichier"));
    (
        [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CONTENT_LENGTH, bytes.len().to_string()),
            (
                header::CONTENT_SECURITY_POLICY,
                "sandbox; default-src 'none'".to_owned(),
            ),
        ],
        body(bytes, held),
    )
        .into_response()
}

/// The bytes piece by piece; the room is given back with the last one.
fn body(bytes: Vec<u8>, held: Held) -> Body {
    let left = (Bytes::from(bytes), held);
    Body::from_stream(stream::unfold(left, |(mut left, held)| async move {
        if left.is_empty() {
            return None;
        }
        let piece = left.split_to(left.len().min(CHUNK));
        Some((Ok::<_, Infallible>(piece), (left, held)))
    }))
}

/// The type of harmless kinds, by their first bytes.
pub fn sniff(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("application/pdf"),
        _ => None,
    }
}

/// `Content-Disposition` (RFC 6266): an ASCII name for old clients, the real one in UTF-8.
fn disposition(name: &str) -> String {
    let name = safe_name(name);
    let ascii: String = name
        .chars()
        .map(|c| {
            if c.is_ascii() && c != '"' && c != '\\' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let encoded = super::frame::encoded(&name);
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

/// A name that every file system takes and that hides nothing: no path, no control or direction
/// characters, no leading dot, no reserved name, not too long, its extension kept.
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .map(|c| if "<>:\"|?*;".contains(c) { '_' } else { c })
        .collect();
    clean = clean.trim().trim_matches('.').trim().to_owned();
    let stem = clean.split('.').next().unwrap_or_default().to_uppercase();
    let reserved = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")));
    if clean.is_empty() || reserved {
        clean.insert_str(0, "fichier-");
    }
    const LONGEST: usize = 120;
    if clean.chars().count() > LONGEST {
        let extension: String = clean
            .rsplit_once('.')
            .map(|(_, extension)| extension.chars().take(10).collect())
            .unwrap_or_default();
        let stem: String = clean.chars().take(LONGEST - 11).collect();
        clean = if extension.is_empty() {
            stem
        } else {
            format!("{stem}.{extension}")
        };
    }
    clean
}

/// Zero-width and direction characters: they make a name look like another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_harmless() {
        for (name, safe) in [
            ("../../etc/passwd", "passwd"),
            (r"C:\x\devis.pdf", "devis.pdf"),
            (".htaccess", "htaccess"),
            ("\u{200b}.htaccess", "htaccess"),
            ("photo\u{202e}gnp.exe", "photognp.exe"),
            ("CON", "fichier-CON"),
            ("com1.txt", "fichier-com1.txt"),
            ("", "fichier-"),
            ("a\r\nSet-Cookie: x=1", "aSet-Cookie_ x=1"),
            ("évaluation été.xlsx", "évaluation été.xlsx"),
        ] {
            assert_eq!(safe_name(name), safe);
        }
        let long = format!("{}.pdf", "a".repeat(4000));
        assert!(safe_name(&long).len() <= 124 && safe_name(&long).ends_with(".pdf"));
        let header = disposition("x\"; filename=evil\r\n.png");
        assert!(
            !header.contains(['\r', '\n']) && header.matches("filename=\"").count() == 1,
            "{header}"
        );
    }

    #[test]
    fn only_harmless_kinds_keep_a_type() {
        assert_eq!(sniff(b"\x89PNG\r\n"), Some("image/png"));
        assert_eq!(sniff(b"%PDF-1.7"), Some("application/pdf"));
        assert_eq!(sniff(b"<svg onload=alert(1)>"), None);
        assert_eq!(sniff(b"<html>"), None);
    }
}
