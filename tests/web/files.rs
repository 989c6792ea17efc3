//! Files come back byte for byte, as downloads that nothing of runs (S5, T18, T19).

use crate::desk::{Attached, Desk};

const PNG: &[u8] = include_bytes!("../../src/demo/screenshot.png");

/// The links of the files on a page, in order, each once.
pub fn links(page: &str) -> Vec<String> {
    page.match_indices("<a href=\"/t/")
        .map(|(at, _)| {
            let rest = &page[at + "<a href=\"".len()..];
            let end = rest.find('"').expect("the attribute ends");
            rest[..end].replace("&#x2F;", "/")
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_and_types_are_right() {
    let mut desk = Desk::open().await;
    let every: Vec<u8> = (0..=255_u8).cycle().take(300_000).collect();
    let script = format!("<script>alert(1)</script>{}", " ".repeat(200));
    let script = script.as_bytes();
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\" viewBox=\"0 0 1200 1200\"><text>a drawing</text></svg>";
    // Pictures too small to be one would be taken for decoration.
    let jpeg = [b"\xff\xd8\xff\xe0".as_slice(), &[0; 200]].concat();
    let gif = [b"GIF89a".as_slice(), &[7; 200]].concat();
    let bytes = "application/octet-stream";
    let cases: [(&str, &str, &[u8], &str); 10] = [
        ("capture.png", "image/png", PNG, "image/png"),
        ("photo.jpg", "image/jpeg", &jpeg, "image/jpeg"),
        ("anim.gif", "image/gif", &gif, "image/gif"),
        (
            "devis.pdf",
            "application/pdf",
            b"%PDF-1.7 ...",
            "application/pdf",
        ),
        ("page.html", "text/html", script, bytes),
        ("dessin.svg", "image/svg+xml", svg, bytes),
        // The bytes decide, whatever the sender says.
        ("faux.png", "image/png", script, bytes),
        ("vrai.html", "text/html", PNG, "image/png"),
        ("grand.bin", bytes, &every, bytes),
        // A tracking pixel is folded away, last on the page, and still there.
        ("pixel.gif", "image/gif", b"GIF89a-a-pixel", "image/gif"),
    ];
    let files: Vec<Attached<'_>> = cases
        .iter()
        .map(|(name, kind, bytes, _)| Attached { name, kind, bytes })
        .collect();
    desk.request("Des fichiers", "Voici.", &files).await;
    let links = links(&desk.page().await);
    assert_eq!(links.len(), cases.len(), "{links:#?}");
    for (link, (name, _, bytes, kind)) in links.iter().zip(&cases) {
        let answer = desk.get(link).await;
        assert_eq!(answer.status, 200, "{name}");
        assert!(answer.body == *bytes, "{name} is byte for byte the same");
        assert_eq!(answer.header("content-type"), *kind, "{name}");
        assert_eq!(answer.header("content-length"), bytes.len().to_string());
        assert_eq!(
            answer.header("content-disposition"),
            format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}")
        );
        assert_eq!(
            answer.header("content-security-policy"),
            "sandbox; default-src 'none'"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    // Another event, another number, another ticket's link: nothing.
    let end = links[0].split('/').count() - 3;
    let mut parts: Vec<&str> = links[0].split('/').collect();
    parts[end + 1] = "77";
    assert_eq!(desk.get(&parts.join("/")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_harmless() {
    let mut desk = Desk::open().await;
    let long = format!("{}.pdf", "a".repeat(4096));
    let names = [
        "../../etc/passwd",
        r"C:\Windows\system32\cmd.exe",
        ".htaccess",
        "\u{200b}.htaccess",
        "a\0.png",
        "CON",
        &long,
        "photo\u{202e}gnp.exe",
        "x\"; filename=evil.exe",
        "a\r\nSet-Cookie: session=1\r\n\r\n<script>",
        "\"><img src=x onerror=alert(1)>.png",
        "..",
        "~/.ssh/authorized_keys",
        "a%2f..%2f..%2fb.txt",
        "évaluation d'été ☀.xlsx",
    ];
    let files: Vec<Attached<'_>> = names
        .iter()
        .map(|name| Attached {
            name,
            kind: "application/octet-stream",
            bytes: b"harmless",
        })
        .collect();
    desk.request("Des noms", "Voici.", &files).await;
    let page = desk.page().await;
    let links = links(&page);
    assert_eq!(links.len(), names.len(), "{page}");
    for (link, name) in links.iter().zip(names) {
        assert!(link.is_ascii() && !link.ends_with("/.."), "{name}: {link}");
        let answer = desk.get(link).await;
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (200, &b"harmless"[..]),
            "{name}"
        );
        assert_eq!(answer.header("set-cookie"), "");
        let disposition = answer.header("content-disposition");
        let rest = disposition
            .strip_prefix("attachment; filename=\"")
            .unwrap_or_else(|| panic!("{disposition}"));
        let (plain, rest) = rest.split_once('"').expect("it ends");
        let coded = rest
            .strip_prefix("; filename*=UTF-8''")
            .expect("then the name in UTF-8");
        assert!(
            coded
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"%._-".contains(&b))
        );
        assert!(coded.len() < 400 && plain.len() < 200, "{name}");
        assert!(
            !plain.starts_with(['.', ' ']) && !plain.is_empty(),
            "{name}: {plain}"
        );
        assert!(
            !plain.contains(['/', '\\', '<', '>', ':', '|', '*', '?']),
            "{plain}"
        );
        assert!(!plain.bytes().any(|b| b < 32), "{plain}");
        assert!(
            !coded.contains("%E2%80%AE") && !coded.contains("%E2%80%8B"),
            "{coded}"
        );
        assert!(!plain.eq_ignore_ascii_case("con"), "{plain}");
    }
    assert!(!page.contains("<img src=x"), "{page}");
    assert!(page.contains("évaluation d&#39;été ☀.xlsx"), "{page}");
}
