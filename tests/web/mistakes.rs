//! What the desk's pages say when something is wrong: at its field, with the focus there, nothing of what
//! was typed lost; and as axe-core sees it.

use crate::chrome::Chrome;
use crate::desk::{CAMILLE, Desk, MARIE};
use crate::road::{is_accessible, url};
use crate::staff::link;
use crate::technician::signed_in;

/// Sends a form of the page as it stands, whatever its fields ask for, and gives what has the focus then;
/// axe-core finds nothing on that page.
async fn mistaken(chrome: &mut Chrome, button: &str) -> String {
    let press = format!(
        "(() => {{ const button = document.querySelector('{button}'); \
         button.form.noValidate = true; button.form.requestSubmit(button); }})()"
    );
    chrome.evaluate_and_go(&press).await;
    assert_eq!(chrome.violations().await, Vec::<String>::new(), "{button}");
    let focus = chrome.evaluate("document.activeElement.id || document.activeElement.name");
    let focus = focus.await;
    focus.as_str().unwrap_or_default().to_owned()
}

/// What is marked as wrong: each field's id, and what is said beside it.
async fn marked(chrome: &mut Chrome) -> Vec<(String, String)> {
    let marked = "JSON.stringify([...document.querySelectorAll('[aria-invalid=true]')].map(one => \
         [one.id || one.name, document.getElementById(one.getAttribute('aria-describedby')).textContent]))";
    let marked = chrome.evaluate(marked).await;
    serde_json::from_str(marked.as_str().expect("text")).expect("pairs")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn signing_in_says_what_is_wrong_and_keeps_what_was_typed() {
    let mut desk = Desk::open().await;
    let mut chrome = Chrome::open(1000, 800).await;
    let sign_in = url(&desk, "/desk/sign-in?vers=/desk/1&lang=fr");
    chrome.go(&sign_in).await;
    chrome.focus("#address").await;
    chrome.write("camille.martin").await;
    assert_eq!(mistaken(&mut chrome, "main form button").await, "address");
    let [(field, said)] = &marked(&mut chrome).await[..] else {
        panic!("one field is wrong");
    };
    assert_eq!(field, "address");
    assert!(said.contains("Une adresse est attendue"), "{said}");
    let value = "document.getElementById('address').value";
    assert_eq!(chrome.evaluate(value).await, "camille.martin");
    // It is put right where it stands.
    let corrected = "document.getElementById('address').value += '@example.org'; ''";
    chrome.evaluate(corrected).await;
    chrome.press_and_go("Enter").await;
    assert!(
        chrome
            .document()
            .await
            .contains("Consultez votre messagerie")
    );
    assert_eq!(chrome.violations().await, Vec::<String>::new());

    desk.settle().await;
    let unticked = link(&mut desk, CAMILLE).await;
    chrome.go(&url(&desk, &unticked)).await;
    assert_eq!(mistaken(&mut chrome, "main form button").await, "me");
    let marks = marked(&mut chrome).await;
    assert_eq!(marks.len(), 1, "{marks:?}");
    chrome.press("Space").await;
    chrome.tab_to("main form button").await;
    chrome.press_and_go("Enter").await;
    // Another browser finds it used.
    let mut chrome = Chrome::open(1000, 800).await;
    is_accessible(&mut chrome, &url(&desk, &unticked)).await;
    let focus = "document.activeElement.className";
    assert_eq!(chrome.evaluate(focus).await, "problem");
    // Too many ask from one address.
    chrome.go(&sign_in).await;
    for _ in 0..8 {
        crate::http::submit(desk.address, "/desk/sign-in", &[("address", MARIE)]).await;
    }
    chrome.focus("#address").await;
    chrome.write(CAMILLE).await;
    mistaken(&mut chrome, "main form button").await;
    assert_eq!(chrome.evaluate(focus).await, "problem");
    assert_eq!(chrome.evaluate(value).await, CAMILLE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_mistake_on_a_ticket_is_said_at_its_field() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let mut chrome = signed_in(&mut desk, CAMILLE).await;
    let ticket = url(&desk, "/desk/1");
    chrome.go(&ticket).await;
    let taken = "document.querySelector('button[value=take]').click()";
    chrome.evaluate_and_go(taken).await;
    for (button, wrong, said) in [
        ("resolve", "text", "Écrivez la solution"),
        ("answer", "text", "Écrivez votre réponse"),
        ("note", "text", "Écrivez la note"),
        ("merge", "other", "Pas de ticket 77"),
        ("assign", "technician", "personne@example.org"),
        ("remove", "follower", "personne@example.org"),
    ] {
        chrome.go(&ticket).await;
        let fill = "document.getElementById('other').value = '77'; \
            document.getElementById('follower').value = 'personne@example.org'; \
            document.getElementById('technician').append(new Option('x', 'personne@example.org', true, true)); ''";
        chrome.evaluate(fill).await;
        let focus = mistaken(&mut chrome, &format!("button[value={button}]")).await;
        assert_eq!(focus, "problem", "{button}");
        let marks = marked(&mut chrome).await;
        let [(field, beside)] = &marks[..] else {
            panic!("{button}: {marks:?}");
        };
        assert_eq!(field, wrong);
        assert!(beside.contains(said), "{button}: {beside}");
        // What is said above leads there.
        chrome.tab_to("#problem a").await;
        chrome.press("Enter").await;
        let there = format!("location.hash === '#{wrong}'");
        assert_eq!(chrome.evaluate(&there).await, true, "{button}");
    }

    // What others did meanwhile is no mistake of a field; the words are there.
    chrome.go(&ticket).await;
    desk.reply("Marie Durand", MARIE, "C'est revenu.").await;
    chrome.focus("#text").await;
    chrome.write("Essayez l'autre prise.").await;
    let focus = mistaken(&mut chrome, "button[value=resolve]").await;
    assert_eq!(focus, "problem");
    assert!(marked(&mut chrome).await.is_empty());
    let words = "document.getElementById('text').value";
    assert_eq!(chrome.evaluate(words).await, "Essayez l'autre prise.");

    // The button is gone by now: its words are given back above.
    chrome.go(&ticket).await;
    desk.reply("Karim Benali", crate::staff::KARIM, "#clore")
        .await;
    chrome
        .evaluate("document.getElementById('until').value = '2026-12-24'; ''")
        .await;
    let focus = mistaken(&mut chrome, "button[value=pause]").await;
    assert_eq!(focus, "problem");
    let page = chrome.document().await;
    assert!(page.contains("Ce que vous aviez écrit"), "{page}");
    assert!(page.contains("2026-12-24"), "{page}");

    // The session ended while somebody was writing.
    chrome.go(&ticket).await;
    chrome.focus("#text").await;
    chrome.write("Une longue réponse.").await;
    let now = desk.service.now();
    let all = guichet::store::Revoked::Technician(CAMILLE.to_owned());
    desk.service
        .store()
        .end_sessions(all, now)
        .await
        .expect("ended");
    mistaken(&mut chrome, "button[value=answer]").await;
    let page = chrome.document().await;
    assert!(page.contains("Your session has ended"), "{page}");
    assert!(page.contains("Une longue réponse."), "{page}");
}
