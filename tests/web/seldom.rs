//! Pages that one sees when something is out of the ordinary, as axe-core sees them (RGAA, WCAG AA): what
//! was sent, refused, came too late or cannot be shown; lists that are closed; many categories.

use chrono::Duration;

use crate::chrome::Chrome;
use crate::desk::{Desk, MARIE};
use crate::form::until;
use crate::http;
use crate::road::{is_accessible, url};
use crate::submit::{CATEGORIES, LEAST, choices, go_on, post, typed, with};

/// What a browser shows now, without asking for it again: on a phone and on a desk, light and dark.
async fn is_clean(chrome: &mut Chrome, says: &str) {
    let page = chrome.document().await;
    assert!(page.contains(says), "{says}\n{page}");
    for (width, scheme) in [
        (320, "light"),
        (320, "dark"),
        (1000, "light"),
        (1000, "dark"),
    ] {
        chrome.size(width, 900).await;
        chrome.colours(scheme).await;
        let opened = "document.querySelectorAll('details').forEach(d => d.open = true)";
        chrome.evaluate(opened).await;
        let found = chrome.violations().await;
        assert_eq!(found, Vec::<String>::new(), "{says}, {width}, {scheme}");
        let wide = "document.documentElement.scrollWidth";
        assert_eq!(chrome.evaluate(wide).await, width, "{says} is too wide");
    }
}

/// Submits a form as it stands.
async fn submit(chrome: &mut Chrome, form: &str) {
    let submit = format!("document.querySelector('{form}').submit()");
    chrome.evaluate_and_go(&submit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn axe_finds_nothing_on_what_becomes_of_a_request() {
    let mut desk = Desk::open_with(CATEGORIES).await;
    let mut chrome = Chrome::open(1000, 900).await;
    // A file that is kept in the form.
    let here = typed(&desk, &LEAST, &[("plan.txt", "text/plain", b"abc")]).await;
    let number = here.rsplit('/').next().expect("a number");
    let number = number.split('?').next().unwrap_or_default();
    let form = format!("/demande?brouillon={number}");
    assert!(desk.get(&form).await.text().contains("plan.txt"));
    is_accessible(&mut chrome, &url(&desk, &form)).await;
    // Two wait, one is sent, then the other.
    go_on(&mut desk, &here).await;
    let other = typed(&desk, &with(&[("titre", "Clavier muet")]), &[]).await;
    go_on(&mut desk, &other).await;
    let link = desk.link(MARIE);
    let fields = choices(&desk.get(&link).await.text());
    assert_eq!(fields.len(), 2);
    for (field, title) in [
        (
            &fields[0],
            "<h1>Une autre demande attend votre confirmation</h1>",
        ),
        (&fields[1], "<h1>Vos demandes sont envoyées</h1>"),
    ] {
        post(&mut desk, &link, Vec::new(), &[(field, "envoyer")]).await;
        desk.settle().await;
        let page = desk.get(&link).await.text();
        assert!(page.contains(title), "{title}\n{page}");
        is_accessible(&mut chrome, &url(&desk, &link)).await;
        is_accessible(&mut chrome, &url(&desk, &format!("{link}?lang=en"))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn axe_finds_nothing_where_many_categories_are_chosen_from() {
    let many: String = (0..9)
        .map(|number| format!("[[categories]]\nid = \"c{number}\"\nname = \"Sujet {number}\"\nexplanation = \"Ce qu'il faut savoir.\"\n"))
        .collect();
    let desk = Desk::open_with(&many).await;
    let mut chrome = Chrome::open(1000, 900).await;
    for page in [
        "/demande",
        "/demande?categorie=c3&choix=fait",
        "/demande?choix=fait&lang=en",
    ] {
        is_accessible(&mut chrome, &url(&desk, page)).await;
    }
    // Nothing was typed, so nothing is said to be kept.
    chrome
        .go(&url(&desk, "/demande?categorie=c3&choix=fait&lang=fr"))
        .await;
    submit(&mut chrome, "form.request").await;
    is_clean(&mut chrome, "À remplir").await;
    assert!(!chrome.document().await.contains("n’est perdu"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn axe_finds_nothing_on_what_is_over_refused_or_out_of_reach() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let ticket = desk.link(MARIE);
    http::submit(desk.address, "/mes-demandes", &[("adresse", MARIE)]).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    desk.settle().await;
    let list = url(&desk, &format!("{}?lang=fr", desk.link(MARIE)));
    let mut chrome = Chrome::open(1000, 900).await;
    chrome.go(&list).await;
    submit(&mut chrome, "form[action*=fermer]").await;
    is_clean(&mut chrome, "cochez d’abord la case").await;
    chrome.go(&list).await;
    let tick = "document.querySelector('form[action*=fermer] [name=confirme]').checked = true";
    chrome.evaluate(tick).await;
    submit(&mut chrome, "form[action*=fermer]").await;
    is_clean(&mut chrome, "La liste est fermée").await;
    // What an address does not take.
    let wrong = "(() => { const form = document.createElement('form'); form.method = 'post'; form.action = '/aide?lang=fr'; document.body.append(form); form.submit(); })()";
    chrome.evaluate_and_go(wrong).await;
    is_clean(&mut chrome, "Ce lien n’ouvre rien").await;
    // Too much text: it is refused, and still there when one goes back, unfolded.
    chrome.go(&url(&desk, &ticket)).await;
    let long = "document.querySelector('#add-text').value = 'x'.repeat(30 << 20)";
    chrome.evaluate(long).await;
    submit(&mut chrome, "form[action*=suivi]").await;
    is_clean(&mut chrome, "Envoi impossible").await;
    chrome.go(&url(&desk, &ticket)).await;
    chrome.focus("#suivi > summary").await;
    chrome.press("Enter").await;
    chrome.focus("#add-text").await;
    chrome.write("Elle clignote toujours.").await;
    let folded = "document.querySelector('#suivi').open = false";
    chrome.evaluate(folded).await;
    chrome.evaluate_and_go("location.href = '/aide'").await;
    // Kept whole by the browser or made anew, what was typed is seen.
    chrome.evaluate("history.back()").await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    until(
        &mut chrome,
        "document.querySelector('#add-text')?.value === 'Elle clignote toujours.'",
    )
    .await;
    until(&mut chrome, "document.querySelector('#suivi').open").await;
    // The link grows old meanwhile.
    desk.wait(Duration::days(400));
    submit(&mut chrome, "form[action*=suivi]").await;
    is_clean(&mut chrome, "Elle clignote toujours.").await;
    is_clean(&mut chrome, "Ce lien est trop ancien").await;
    // Too many that open nothing.
    for _ in 0..10 {
        desk.get("/t/x").await;
    }
    chrome.go(&url(&desk, "/t/x?lang=fr")).await;
    is_clean(&mut chrome, "Réessayez dans une minute").await;
    chrome.go(&url(&desk, "/t/x?lang=en")).await;
    is_clean(&mut chrome, "Try again in a minute").await;
    // The desk itself has a trouble.
    let database = rusqlite::Connection::open(desk.database()).expect("the database opens");
    let broken = "ALTER TABLE tickets RENAME TO gone";
    database.execute(broken, []).expect("renamed");
    chrome.go(&url(&desk, &format!("{ticket}?lang=fr"))).await;
    is_clean(&mut chrome, "ne peut pas être affichée").await;
}
