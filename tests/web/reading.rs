//! The articles in a real browser, as axe-core sees them (RGAA, WCAG AA): on a phone and on a desk, light
//! and dark, in French and in English, for everybody, behind the link of a mail and for technicians.

use std::path::Path;

use crate::chrome::Chrome;
use crate::desk::{CAMILLE, Desk, MARIE};
use crate::road::{is_accessible, url};
use crate::technician::signed_in;

async fn desk() -> Desk {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/knowledge");
    Desk::open_with(&format!("[knowledge]\nfolder = \"{}\"", folder.display())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn axe_finds_nothing_on_the_articles() {
    let desk = desk().await;
    let mut chrome = Chrome::open(1000, 900).await;
    for page in [
        "/articles",
        "/articles?lang=en",
        "/articles?categorie=Assistance%20informatique",
        "/articles/recherche",
        "/articles/recherche?q=imprimante",
        "/articles/recherche?q=zzzz&lang=en",
        // With all that an article can have, then with little, past its review, in English.
        "/articles/a/reseau/vpn",
        "/articles/a/reseau/vpn?lang=en",
        "/articles/a/notes/demandes-informatiques",
        "/articles/a/impression/numeriser",
        "/articles/a/english/password?lang=en",
        "/articles/a/comptes/mot-de-passe?fait=aide",
        "/articles/a/rien",
    ] {
        is_accessible(&mut chrome, &url(&desk, page)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn axe_finds_nothing_where_an_article_closes_a_request() {
    let mut desk = desk().await;
    let subject = "Arrivée d'un collègue : création de compte";
    desk.request(subject, "Bonjour, que faut-il faire ?", &[])
        .await;
    let article = format!(
        "{}/articles/interne/accueil-nouvel-arrivant",
        desk.link(MARIE).split("/articles/").next().expect("a link")
    );
    let mut chrome = Chrome::open(1000, 900).await;
    is_accessible(&mut chrome, &url(&desk, &article)).await;
    is_accessible(&mut chrome, &url(&desk, &format!("{article}?lang=en"))).await;
    // Its button pressed before its box is ticked.
    chrome.go(&url(&desk, &article)).await;
    let submit = "document.querySelector('form[method=post]').submit()";
    chrome.evaluate_and_go(submit).await;
    assert!(chrome.document().await.contains("Cochez la case"));
    assert_eq!(chrome.violations().await, Vec::<String>::new());

    let mut chrome = signed_in(&mut desk, CAMILLE).await;
    for page in ["/articles", "/articles/a/interne/serveurs-impression"] {
        is_accessible(&mut chrome, &url(&desk, page)).await;
    }
}
