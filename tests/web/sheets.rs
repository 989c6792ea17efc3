//! Contact sheets for `docs/screenshots`: each page on a phone and on a desk, light and dark, side by side.
//!
//! `cargo test --test web sheets -- --ignored` takes them anew, as `pictures` says.

use std::path::Path;

use data_encoding::BASE64;

use crate::chrome::Chrome;
use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http;
use crate::road::url;
use crate::submit::{CATEGORIES, LEAST, go_on, typed};

/// How much smaller than the page its picture is.
const SCALE: f64 = 0.4;

/// The pages of a sheet below one another, each in its four looks.
async fn sheet(chrome: &mut Chrome, desk: &Desk, name: &str, pages: &[&str]) {
    let mut rows = String::new();
    for page in pages {
        rows.push_str("<div>");
        for (width, scheme) in [
            (360, "light"),
            (360, "dark"),
            (1000, "light"),
            (1000, "dark"),
        ] {
            chrome.size(width, 800).await;
            chrome.colours(scheme).await;
            chrome.go(&url(desk, page)).await;
            let picture = BASE64.encode(&chrome.picture().await);
            let shown = f64::from(width) * SCALE;
            rows.push_str(&format!(
                "<img src=\"data:image/png;base64,{picture}\" width=\"{shown}\">"
            ));
        }
        rows.push_str("</div>");
    }
    chrome.go("about:blank").await;
    chrome.colours("light").await;
    chrome.size(1160, 400).await;
    let style = "body{margin:12px;background:#8a8f98}div{display:flex;gap:12px;align-items:flex-start;margin-bottom:12px}img{display:block}";
    let put = format!(
        "(async () => {{
            document.body.innerHTML = '<style>{style}</style>' + {};
            await Promise.all([...document.images].map(image => image.decode()));
        }})()",
        serde_json::Value::String(rows)
    );
    chrome.evaluate(&put).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots");
    let to = folder.join(format!("planche-{name}.png"));
    std::fs::write(to, chrome.picture().await).expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "writes the pictures of the documentation"]
async fn take_the_contact_sheets() {
    let articles = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/knowledge");
    let tables = format!(
        "{CATEGORIES}\n[knowledge]\nfolder = \"{}\"",
        articles.display()
    );
    let mut desk = Desk::open_with(&tables).await;
    let mut chrome = Chrome::open(1000, 800).await;
    let read = [
        "/articles/a/comptes/mot-de-passe?lang=fr",
        "/articles/recherche?q=imprimante&lang=fr",
    ];
    sheet(&mut chrome, &desk, "articles", &read).await;
    let many: String = (1..10)
        .map(|number| format!("[[categories]]\nid = \"c{number}\"\nname = \"Sujet n° {number}\"\nexplanation = \"Ce qu'il faut savoir avant de le choisir.\"\n"))
        .collect();
    let other = Desk::open_with(&many).await;
    sheet(&mut chrome, &other, "categories", &["/demande?lang=fr"]).await;
    // Read again, then the mailbox, then the word of its author.
    let first = typed(&desk, &LEAST, &[]).await;
    let second = typed(&desk, &LEAST, &[("plan.txt", "text/plain", b"abc")]).await;
    go_on(&mut desk, &second).await;
    let confirm = format!("{}?lang=fr", desk.link(MARIE));
    let (first, second) = (format!("{first}?lang=fr"), format!("{second}?lang=fr"));
    sheet(&mut chrome, &desk, "envoi", &[&first, &second, &confirm]).await;
    desk.request("Imprimante hors ligne", "Elle clignote en rouge.", &[])
        .await;
    desk.reply(
        "Camille Martin",
        CAMILLE,
        "De quelle couleur est le voyant ?\n\n#attente",
    )
    .await;
    let ticket = format!("{}?lang=fr", desk.link(MARIE));
    sheet(&mut chrome, &desk, "demande", &[&ticket]).await;
    http::submit(desk.address, "/mes-demandes", &[("adresse", MARIE)]).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    desk.settle().await;
    let list = format!("{}?lang=fr", desk.link(MARIE));
    let pages = ["/mes-demandes?lang=fr", &*list];
    sheet(&mut chrome, &desk, "mes-demandes", &pages).await;
}
