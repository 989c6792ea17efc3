//! The form and « Mes demandes » in a real browser: with JavaScript and without, by keyboard alone, as a
//! scanner, and with axe-core (RGAA, WCAG AA).

use std::path::Path;
use std::time::Duration;

use guichet::ticket::{Level, Nature};

use crate::chrome::Chrome;
use crate::desk::{Desk, MARIE};
use crate::road::{DOT, Working, file, is_accessible, scan, tab_to, url};
use crate::submit::CATEGORIES;

/// With articles, so that some are shown.
async fn desk() -> Desk {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/knowledge");
    let lines = format!(
        "{CATEGORIES}\n[knowledge]\nfolder = \"{}\"",
        folder.display()
    );
    Desk::open_with(&lines).await
}

/// Waits for something that a script does.
pub async fn until(chrome: &mut Chrome, expression: &str) {
    for _ in 0..200 {
        if chrome.evaluate(expression).await == true {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{expression} never holds: {}", chrome.document().await);
}

/// From an empty form to a ticket, the focus set where a pointer would click.
async fn the_road(scripts: bool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let capture = file(&folder, "capture.gif", DOT);
    let mut desk = desk().await;
    let mut chrome = Chrome::open(360, 800).await;
    chrome.scripts(scripts).await;
    let working = Working::beside(&desk);
    chrome.go(&url(&desk, "/demande?lang=fr")).await;
    chrome.focus("#c-pret").await;
    chrome.press("Space").await;
    chrome.focus("#titre").await;
    chrome.write("Se connecter au VPN").await;
    chrome.focus("#details").await;
    chrome.write("Je souhaite un portable pour le VPN.").await;
    if scripts {
        until(
            &mut chrome,
            "document.querySelector('#suggestions').textContent.includes('VPN')",
        )
        .await;
        let opens = "document.querySelector('#suggestions a').target";
        assert_eq!(
            chrome.evaluate(opens).await,
            "_blank",
            "what was typed stays"
        );
    }
    chrome.choose("#files", &[&capture]).await;
    chrome.focus("#adresse").await;
    chrome.write(MARIE).await;
    chrome.focus("form.request > p button").await;
    chrome.press_and_go("Enter").await;
    // The date is missing; all else is still there.
    let page = chrome.document().await;
    assert!(page.contains("À corriger"), "{page}");
    assert!(page.contains("q-pret-0-error"), "{page}");
    assert!(page.contains("Retirer"), "the file is kept\n{page}");
    chrome.focus("#q-pret-0").await;
    chrome.write("24/12/2026").await;
    chrome
        .evaluate("document.querySelector('#q-pret-0').value = '2026-12-24'")
        .await;
    chrome.focus("form.request > p button").await;
    chrome.press_and_go("Enter").await;
    let page = chrome.document().await;
    assert!(page.contains("Relisez votre demande"), "{page}");
    assert!(
        page.contains("Ceci peut vous aider"),
        "without a script as well\n{page}"
    );
    assert!(page.contains("capture.gif"), "{page}");
    chrome.focus("form.ways button").await;
    chrome.press_and_go("Enter").await;
    let page = chrome.document().await;
    assert!(page.contains("ouvrez votre messagerie"), "{page}");
    working.finish().await;
    desk.settle().await;
    let link = desk.link(MARIE);
    let working = Working::beside(&desk);
    chrome.go(&url(&desk, &format!("{link}?lang=fr"))).await;
    chrome.focus("[value=envoyer]").await;
    chrome.press("Space").await;
    chrome.focus("main form button").await;
    chrome.press_and_go("Enter").await;
    let page = chrome.document().await;
    assert!(page.contains("DSI-1"), "{page}");
    drop(working);
    let ticket = desk.ticket(1).await;
    assert_eq!(
        (ticket.nature, ticket.urgency),
        (Nature::Request, Level::Normal)
    );
    assert_eq!(ticket.category.as_deref(), Some("pret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_an_empty_form_to_a_ticket_without_javascript() {
    the_road(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_an_empty_form_to_a_ticket_with_javascript() {
    the_road(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_can_be_made_by_keyboard_alone() {
    let mut desk = desk().await;
    let mut chrome = Chrome::open(1000, 800).await;
    let working = Working::beside(&desk);
    chrome.go(&url(&desk, "/demande")).await;
    tab_to(&mut chrome, "[name=categorie]").await;
    chrome.press("Space").await;
    tab_to(&mut chrome, "#titre").await;
    chrome.write("Écran noir").await;
    tab_to(&mut chrome, "#details").await;
    chrome.write("Rien ne s'affiche.").await;
    tab_to(&mut chrome, "[name=effet]").await;
    chrome.press("Space").await;
    chrome.press("ArrowRight").await;
    tab_to(&mut chrome, "#adresse").await;
    chrome.write(MARIE).await;
    tab_to(&mut chrome, "form.request > p button").await;
    chrome.press_and_go("Enter").await;
    tab_to(&mut chrome, "form.ways button").await;
    chrome.press_and_go("Enter").await;
    working.finish().await;
    desk.settle().await;
    let link = desk.link(MARIE);
    let working = Working::beside(&desk);
    chrome.go(&url(&desk, &link)).await;
    tab_to(&mut chrome, "[value=envoyer]").await;
    chrome.press("Space").await;
    tab_to(&mut chrome, "main form button").await;
    chrome.press_and_go("Enter").await;
    drop(working);
    assert_eq!(desk.ticket(1).await.title, "Écran noir");
}

/// What only some need is not in the way of the others, script or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_form_shows_what_its_choices_ask_for() {
    let desk = desk().await;
    let mut chrome = Chrome::open(1000, 800).await;
    chrome.go(&url(&desk, "/demande")).await;
    for (choose, shown, hidden) in [
        ("#c-poste", "#effet", "#q-pret-0"),
        ("#c-poste", "#liens", ".of-request"),
        ("#c-pret", "#q-pret-0", "#nature"),
        // What describes a breakdown is not asked of who orders something.
        ("#c-pret", ".of-request", "#effet"),
        ("#c-pret", "#titre", "#liens"),
        ("#c-pret", "#details", "#details-help"),
        ("#c-idee", "#titre", "#effet"),
        // Nor of who has an idea.
        ("#c-idee", ".of-suggestion", "#titre-help"),
        ("#c-idee", "#details", "#details-help"),
        ("#c-idee", "#telephone", "#liens"),
        ("#c-idee", "#files", "#pour-autre"),
        ("#c--", "#nature", "#q-pret-0"),
        ("#pour-autre", "#beneficiaire", "#q-pret-0"),
        ("[name=pour][value=moi]", "#titre", "#beneficiaire"),
    ] {
        chrome
            .evaluate(&format!("document.querySelector('{choose}').click()"))
            .await;
        for (selector, expected) in [(shown, true), (hidden, false)] {
            let visible = format!("document.querySelector('{selector}').checkVisibility()");
            assert_eq!(
                chrome.evaluate(&visible).await,
                expected,
                "{choose}: {selector}"
            );
        }
    }
}

/// Where the keyboard is when a page comes back with a mistake: at the mistake, not at the top.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_mistake_has_the_focus() {
    let mut desk = desk().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    desk.reply(
        "Camille Martin",
        crate::desk::CAMILLE,
        "Réparée.\n\n#resolu",
    )
    .await;
    let ticket = desk.link(MARIE);
    let mut chrome = Chrome::open(1000, 800).await;
    for (page, form, focused) in [
        ("/demande", "form.request", "mistakes"),
        ("/mes-demandes", "main form", "adresse"),
        (&*ticket, "form[action*=suivi]", "add-text"),
        (&*ticket, "form[action*=refuser]", "refuse-text"),
        (&*ticket, "form[action*=valider]", "accept"),
        (&*ticket, "form[action*=noter]", "rate-error"),
    ] {
        chrome.go(&url(&desk, page)).await;
        let submit = format!("document.querySelector('{form}').submit()");
        chrome.evaluate_and_go(&submit).await;
        let focus = chrome.evaluate("document.activeElement.id").await;
        assert_eq!(focus, focused, "{page} {form}");
    }
    // Its lines lead to the fields.
    chrome.go(&url(&desk, "/demande")).await;
    chrome
        .evaluate_and_go("document.querySelector('form.request').submit()")
        .await;
    chrome.tab_to("#mistakes a[href='#titre']").await;
    chrome.press("Enter").await;
    until(&mut chrome, "document.activeElement.id === 'titre'").await;
}

/// Sends a request up to the mail that asks for a word.
async fn asked(desk: &mut Desk, title: &str) -> String {
    let number = guichet_number(desk).await;
    let fields = [
        ("number", &*number),
        ("categorie", "poste"),
        ("titre", title),
        ("details", "Le VPN ne fonctionne plus. <b>gras</b>"),
        ("effet", "client"),
        ("telephone", "02 31 56 55 10"),
        ("adresse", MARIE),
    ];
    let answer = crate::http::submit(desk.address, "/demande", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").to_owned()
}

async fn guichet_number(desk: &Desk) -> String {
    crate::acting::number(&desk.get("/demande").await.text())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn axe_finds_nothing_on_the_form_and_the_lists() {
    let mut desk = desk().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let mut chrome = Chrome::open(1000, 900).await;
    let typed = asked(&mut desk, "Plus de VPN").await;
    let waiting = asked(&mut desk, "Plus de réseau").await;
    crate::http::submit(desk.address, &waiting, &[]).await;
    desk.settle().await;
    let confirm = desk.link(MARIE);
    crate::http::submit(desk.address, "/mes-demandes", &[("adresse", MARIE)]).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    desk.settle().await;
    let list = desk.link(MARIE);
    for page in [
        "/demande",
        "/demande?categorie=pret&lang=en",
        &*typed,
        &*waiting,
        &*confirm,
        "/mes-demandes",
        "/mes-demandes/envoye?lang=en",
        &*list,
        &*format!("{list}?etat=toutes&lang=en"),
        "/c/x",
        "/d/x?lang=en",
    ] {
        is_accessible(&mut chrome, &url(&desk, page)).await;
    }
    // What is wrong is said beside its field.
    for (page, form) in [("/demande", "form.request"), ("/mes-demandes", "main form")] {
        chrome.go(&url(&desk, page)).await;
        let submit = format!("document.querySelector('{form}').submit()");
        chrome.evaluate_and_go(&submit).await;
        assert!(chrome.document().await.contains("aria-invalid"), "{page}");
        let found = chrome.violations().await;
        assert_eq!(found, Vec::<String>::new(), "{page}");
    }
    // While it is typed.
    chrome.go(&url(&desk, "/demande")).await;
    chrome.focus("#titre").await;
    chrome.write("Se connecter au VPN").await;
    until(
        &mut chrome,
        "!document.querySelector('#suggestions').hidden",
    )
    .await;
    assert_eq!(chrome.violations().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_scanner_that_presses_every_button_sends_and_ends_nothing() {
    let mut desk = desk().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let waiting = asked(&mut desk, "Écran noir").await;
    crate::http::submit(desk.address, &waiting, &[]).await;
    desk.settle().await;
    let confirm = desk.link(MARIE);
    crate::http::submit(desk.address, "/mes-demandes", &[("adresse", MARIE)]).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    desk.settle().await;
    let list = desk.link(MARIE);
    let subject = "Arrivée d'un collègue : création de compte";
    desk.request(subject, "Bonjour, que faut-il faire ?", &[])
        .await;
    let told = desk.latest(MARIE).text.clone();
    let article = told
        .split_whitespace()
        .find_map(|word| {
            word.contains("/articles/")
                .then(|| word.split_once("/t/"))?
        })
        .map(|(_, rest)| format!("/t/{rest}"))
        .unwrap_or_else(|| panic!("no article: {told}"));
    let mut chrome = Chrome::open(1000, 900).await;
    chrome.pass_for_a_person().await;
    let watch = desk.watch();
    let mut submitted = 0;
    for page in [&confirm, &list, &article] {
        submitted += scan(&mut chrome, &url(&desk, page)).await;
    }
    assert!(submitted >= 4, "{submitted} buttons");
    assert!(!watch.something_was_written());
    // That they were looked at is counted later, and nothing else.
    guichet::service::knowledge::readers::flush(&desk.service).await;
    let counts = desk.service.store().article_counts(None).await;
    let counts = counts.expect("counts");
    assert!(counts.values().any(|count| count.views > 0));
    assert!(counts.values().all(|count| count.helped == 0), "{counts:?}");
    desk.settle().await;
    assert_eq!(desk.get(&list).await.status, 200);
    let page = desk.get(&confirm).await.text();
    assert_eq!(crate::submit::choices(&page).len(), 1, "it still waits");
}
