//! The desk in a real browser: by keyboard alone, with hostile tickets, and as axe-core sees it.

use std::time::Duration;

use crate::browser::{Canary, hostile_ticket};
use crate::chrome::Chrome;
use crate::desk::{Attached, CAMILLE, Desk, MARIE};
use crate::road::{DOT, is_accessible, url};
use crate::staff::{KARIM, link};

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
    assert!(page.contains("Le ticket est à vous"), "{page}");
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
    assert!(page.contains("Par quelle voie"), "{page}");
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
    desk.request("Le son de la salle B206", "Les haut-parleurs.", &[])
        .await;
    let mut chrome = Chrome::open(1280, 900).await;
    for path in ["/desk/sign-in", "/desk/sign-in?lang=en"] {
        is_accessible(&mut chrome, &url(&desk, path)).await;
    }
    let asked = link(&mut desk, KARIM).await;
    is_accessible(&mut chrome, &url(&desk, &asked)).await;

    let mut chrome = signed_in(&mut desk, CAMILLE).await;
    desk.count().await;
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
    // On a phone, tables fit as they are, and the days open at the latest.
    for width in [320, 390] {
        chrome.size(width, 900).await;
        chrome.go(&url(&desk, statistics)).await;
        let opened = "document.querySelectorAll('details').forEach(d => d.open = true)";
        chrome.evaluate(opened).await;
        let cut = "[...document.querySelectorAll('.scroll:not(.latest)')]\
            .filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent).join()";
        assert_eq!(chrome.evaluate(cut).await, "", "{width} pixels");
        let latest = "[...document.querySelectorAll('.latest rect')].pop().getBoundingClientRect()";
        let shown = format!("{latest}.left >= 0 && {latest}.right <= innerWidth");
        assert_eq!(chrome.evaluate(&shown).await, true, "{width} pixels");
        // Bars that lie are drawn for the width that there is.
        let bars = "[...document.querySelectorAll('.narrow')].map(one => one.checkVisibility() && \
            one.getBoundingClientRect().right <= innerWidth && \
            [...one.querySelectorAll('rect')].some(bar => bar.getBoundingClientRect().width > 100))";
        let bars = chrome.evaluate(&format!("JSON.stringify({bars})")).await;
        let bars: Vec<bool> = serde_json::from_str(bars.as_str().expect("text")).expect("booleans");
        assert!(
            !bars.is_empty() && bars.iter().all(|drawn| *drawn),
            "{bars:?}"
        );
        assert_eq!(
            chrome.violations().await,
            Vec::<String>::new(),
            "{width} pixels"
        );
    }
    chrome.size(1280, 900).await;
    chrome.go(&url(&desk, "/desk/1")).await;
    chrome
        .evaluate_and_go("document.querySelector('button[value=take]').click()")
        .await;
    chrome.tab_to("#text").await;
    chrome.write("Une note pour les collègues.").await;
    chrome
        .evaluate_and_go("document.querySelector('button[value=note]').click()")
        .await;
    for path in ["/desk/1", "/desk/1?lang=en"] {
        is_accessible(&mut chrome, &url(&desk, path)).await;
    }
}

/// What stands below something else leaves room to it; labels of filters are on one line.
#[tokio::test(flavor = "multi_thread")]
async fn boxes_keep_apart_and_labels_stand_in_line() {
    let mut desk = Desk::open_held("30s").await;
    desk.request("URGENT écran noir", "Client bloqué.", &[])
        .await;
    let mut chrome = signed_in(&mut desk, CAMILLE).await;
    chrome.go(&url(&desk, "/desk/1")).await;
    chrome
        .evaluate_and_go("document.querySelector('button[value=take]').click()")
        .await;
    for width in [320, 1280] {
        chrome.size(width, 900).await;
        for (above, below) in [
            ("p.marks", ".done"),
            (".done", ".undo"),
            (".undo", ".columns"),
            (".minor", ".ticket-about"),
        ] {
            // Beside each other, nothing touches.
            let gap = format!(
                "(() => {{ const box = name => document.querySelector(name).getBoundingClientRect(); \
                 const [above, below] = [box('{above}'), box('{below}')]; \
                 return below.left >= above.right ? 99 : below.top - above.bottom; }})()"
            );
            let gap = chrome.evaluate(&gap).await;
            let pixels = gap.as_f64().expect("a number");
            assert!(pixels >= 8.0, "{above}, {below}: {pixels} at {width}");
        }
    }
    chrome.go(&url(&desk, "/desk?view=all")).await;
    let tops = "[...document.querySelectorAll('.filters label')]\
        .map(one => Math.round(one.getBoundingClientRect().top))";
    let tops = chrome.evaluate(&format!("JSON.stringify({tops})")).await;
    let tops: Vec<i64> = serde_json::from_str(tops.as_str().expect("text")).expect("numbers");
    assert!(tops.len() > 1, "{tops:?}");
    assert!(tops.iter().all(|top| *top == tops[0]), "{tops:?}");
}
