//! The desk in a real browser: by keyboard alone, with hostile tickets, and as axe-core sees it. With
//! `SHOW=folder`, pictures of the pages are put there, to be looked at.

use std::time::Duration;

use crate::browser::{Canary, hostile_ticket};
use crate::chrome::Chrome;
use crate::desk::{Attached, CAMILLE, Desk, MARIE};
use crate::road::is_accessible;
use crate::staff::{KARIM, link};

/// The smallest picture that is one.
const DOT: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

fn url(desk: &Desk, path: &str) -> String {
    format!("http://{}{path}", desk.address)
}

/// Signs in with keys alone: the address, the link of the mail, the box, the button.
pub async fn signed_in(desk: &mut Desk, address: &str) -> Chrome {
    let link = link(desk, address).await;
    let mut chrome = Chrome::open(1280, 900).await;
    chrome.go(&url(desk, &link)).await;
    chrome.tab_to("input[name=me]").await;
    chrome.press("Space").await;
    chrome.tab_to("form button").await;
    chrome.press_and_go("Enter").await;
    assert!(chrome.document().await.contains("Pot commun"));
    chrome
}

/// What axe finds wrong with the page, on a phone and on a desk, light and dark, and what does not fit
/// on it. With `SHOW`, pictures as well.
async fn look(chrome: &mut Chrome, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (scheme, width) in [
        ("light", 320),
        ("dark", 320),
        ("light", 1000),
        ("dark", 1000),
    ] {
        chrome.colours(scheme).await;
        chrome.size(width, 900).await;
        let wrong = chrome.violations().await;
        found.extend(
            wrong
                .into_iter()
                .map(|line| format!("{name}, {scheme}, {width} px: {line}")),
        );
        let taken = chrome
            .evaluate("document.documentElement.scrollWidth")
            .await;
        if taken != width {
            found.push(format!("{name}: {taken} px wide on a screen of {width}"));
        }
        picture(chrome, &format!("{name}-{scheme}-{width}")).await;
    }
    found
}

/// A picture of the page, when they are wanted.
async fn picture(chrome: &mut Chrome, name: &str) {
    let Some(folder) = std::env::var_os("SHOW") else {
        return;
    };
    let bytes = chrome.picture().await;
    let path = std::path::Path::new(&folder).join(format!("{name}.png"));
    std::fs::write(path, bytes).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_taken_and_answered_by_keyboard_with_a_file() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let mut chrome = signed_in(&mut desk, CAMILLE).await;
    chrome.tab_to(".tickets a").await;
    chrome.press_and_go("Enter").await;
    chrome.tab_to("button[value=take]").await;
    chrome.press_and_go("Enter").await;
    let page = chrome.document().await;
    assert!(page.contains("le ticket est à vous"), "{page}");
    assert_eq!(
        desk.ticket(1).await.technician.expect("hers").address,
        CAMILLE
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("câble.gif");
    std::fs::write(&path, DOT).expect("written");
    chrome.tab_to("#text").await;
    chrome.write("Branchez ce câble-ci.").await;
    chrome.choose("#files", &[&path]).await;
    chrome.tab_to("button[value=resolve]").await;
    chrome.press_and_go("Enter").await;
    desk.settle().await;
    let mail = desk.latest(MARIE);
    assert!(mail.text.contains("Branchez ce câble-ci."), "{}", mail.text);
    let names: Vec<_> = mail
        .attachments
        .iter()
        .filter_map(|file| file.name.clone())
        .collect();
    assert_eq!(names, ["câble.gif"]);
    // On both pages, and whole.
    let link = desk.link(MARIE);
    assert!(desk.get(&link).await.text().contains("câble.gif"));
    let page = chrome.document().await;
    assert!(page.contains("câble.gif"), "{page}");
    let fetched = chrome
        .evaluate("fetch(document.querySelector('.files a').href).then(a => a.arrayBuffer()).then(b => b.byteLength)")
        .await;
    assert_eq!(fetched, DOT.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_stranger_wrote_runs_at_the_desk() {
    let canary = Canary::open().await;
    let corpus = canary.corpus();
    let mut desk = hostile_ticket(&corpus).await;
    let mut chrome = signed_in(&mut desk, CAMILLE).await;
    let statistics = "/desk/statistics?from=2026-11-01&to=2026-11-30";
    desk.count().await;
    for path in [
        "/desk",
        "/desk?view=all",
        "/desk?q=script",
        "/desk/1",
        statistics,
    ] {
        chrome.go(&url(&desk, path)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let title = chrome.evaluate("document.title").await;
        assert_ne!(title, "PWNED", "{path}");
    }
    assert_eq!(canary.calls(), Vec::<String>::new());
    let page = chrome.document().await;
    assert!(!page.contains("503"), "{page}");
    // It is all there, to be read: as text, not as elements.
    chrome.go(&url(&desk, "/desk/1")).await;
    let read = chrome.evaluate("document.body.textContent").await;
    let read = read.as_str().expect("text");
    for shown in corpus
        .iter()
        .filter(|text| !text.contains(char::is_control))
    {
        assert!(read.contains(shown.as_str()), "{shown}");
    }
    chrome.go(&url(&desk, "/desk?view=all")).await;
    let read = chrome.evaluate("document.body.textContent").await;
    let read = read.as_str().expect("text");
    assert!(read.contains(&corpus[12]), "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_on_the_pages_of_the_desk() {
    let mut desk = Desk::open().await;
    let dot = [Attached {
        name: "écran.gif",
        kind: "image/gif",
        bytes: DOT,
    }];
    desk.request(
        "URGENT écran noir",
        "L'écran reste noir, client bloqué.",
        &dot,
    )
    .await;
    desk.request(
        "Plus de son en salle B204",
        "Les haut-parleurs sont muets.",
        &[],
    )
    .await;
    let mut chrome = Chrome::open(1280, 900).await;
    let mut found = Vec::new();
    for (name, path) in [
        ("sign-in", "/desk/sign-in"),
        ("sign-in-en", "/desk/sign-in?lang=en"),
    ] {
        chrome.go(&url(&desk, path)).await;
        found.extend(look(&mut chrome, name).await);
    }
    let asked = link(&mut desk, KARIM).await;
    chrome.go(&url(&desk, &asked)).await;
    found.extend(look(&mut chrome, "confirm").await);

    let mut chrome = signed_in(&mut desk, CAMILLE).await;
    desk.count().await;
    let statistics = "/desk/statistics?from=2026-11-10&to=2026-11-23";
    for (name, path) in [
        ("list", "/desk"),
        ("list-all-en", "/desk?view=all&lang=en"),
        ("search", "/desk?q=ecran"),
        ("pool-ticket", "/desk/1"),
        ("missing", "/desk/77"),
        ("statistics", statistics),
        ("statistics-en", &format!("{statistics}&lang=en")),
    ] {
        chrome.go(&url(&desk, path)).await;
        found.extend(look(&mut chrome, name).await);
    }
    chrome.go(&url(&desk, "/desk/1")).await;
    chrome
        .evaluate_and_go("document.querySelector('button[value=take]').click()")
        .await;
    chrome.tab_to("#text").await;
    chrome.write("Une note pour les collègues.").await;
    chrome
        .evaluate_and_go("document.querySelector('button[value=note]').click()")
        .await;
    for (name, path) in [
        ("own-ticket", "/desk/1"),
        ("own-ticket-en", "/desk/1?lang=en"),
    ] {
        chrome.go(&url(&desk, path)).await;
        chrome
            .evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            .await;
        found.extend(look(&mut chrome, name).await);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// On a phone as well, and on dark ground.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn axe_finds_nothing_on_lists_and_figures_on_a_phone() {
    let mut desk = Desk::open().await;
    desk.request("URGENT écran noir", "L'écran reste noir.", &[])
        .await;
    desk.request("Plus de son en salle B204", "Les haut-parleurs.", &[])
        .await;
    desk.request("Plus de son en salle B205", "Les haut-parleurs.", &[])
        .await;
    desk.request("Le son de la salle B206", "Les haut-parleurs.", &[])
        .await;
    let mut chrome = signed_in(&mut desk, CAMILLE).await;
    let rules = desk.service.rules();
    let counted = guichet::service::statistics::catch_up(desk.service.store(), &rules.policy);
    counted.await.expect("counted");
    let statistics = "/desk/statistics?from=2026-11-10&to=2026-11-23";
    for path in [
        "/desk",
        "/desk?view=all&lang=en",
        "/desk?q=ecran",
        "/desk/1",
        "/desk/77",
        statistics,
        &format!("{statistics}&lang=en"),
        "/desk/statistics?from=2025-01-01&to=2026-11-23",
    ] {
        is_accessible(&mut chrome, &url(&desk, path)).await;
    }
}
