//! The whole road in a real browser, from a mail to a solution that is accepted: with JavaScript and
//! without, by keyboard alone; what a scanner does that clicks and submits everything; and what
//! axe-core says of every page (RGAA, WCAG AA).

use std::path::{Path, PathBuf};
use std::time::Duration;

use guichet::ticket::{Marks, Role, Status, TicketId, What};
use tokio::task::JoinHandle;

use crate::chrome::Chrome;
use crate::desk::{Attached, CAMILLE, Desk, MARIE};

/// The smallest picture that is one.
pub const DOT: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// Lets the desk work beside the browser until it is dropped.
pub struct Working(JoinHandle<()>);

impl Working {
    pub fn beside(desk: &Desk) -> Self {
        let service = desk.service.clone();
        Self(tokio::spawn(async move {
            loop {
                service.settle_all().await.expect("the desk works");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }))
    }
}

impl Working {
    /// Lets it finish what it has in hand, so that no mail is left on its way.
    pub async fn finish(self) {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub fn url(desk: &Desk, path: &str) -> String {
    format!("http://{}{path}", desk.address)
}

async fn mails(desk: &Desk) -> Vec<(Role, String, Vec<String>)> {
    let events = desk.service.store().events(TicketId(1)).await;
    let events = events.expect("readable").into_iter();
    events
        .filter_map(|(_, event)| match event.what {
            What::Mail { text, files, .. } => {
                let names = files
                    .into_iter()
                    .map(|file| file.attachment.name.unwrap_or_default());
                Some((event.actor.role, text, names.collect()))
            }
            _ => None,
        })
        .collect()
}

pub fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("writable");
    path
}

/// From a mail to an accepted solution, the focus set where a pointer would click.
async fn the_road(scripts: bool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let capture = file(&folder, "capture.gif", DOT);
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    desk.reply("Camille Martin", CAMILLE, "De quelle couleur ?\n\n#attente")
        .await;
    let mut chrome = Chrome::open(360, 800).await;
    chrome.scripts(scripts).await;
    let working = Working::beside(&desk);

    chrome.go(&url(&desk, &desk.link(MARIE))).await;
    let page = chrome.document().await;
    assert!(page.contains("En attente de votre réponse"), "{page}");
    // The desk waits for an answer, so the form is open.
    chrome.focus("#add-text").await;
    chrome.write("En rouge.").await;
    chrome.choose("#add-files", &[&capture]).await;
    chrome.focus("#suivi button").await;
    chrome.press_and_go("Enter").await;
    let page = chrome.document().await;
    assert!(page.contains("Votre message est enregistré"), "{page}");
    assert!(page.contains("capture.gif"), "{page}");
    let written = mails(&desk).await;
    let expected = (
        Role::Requester,
        "En rouge.".to_owned(),
        vec!["capture.gif".to_owned()],
    );
    assert_eq!(written.last(), Some(&expected));
    drop(working);

    desk.settle().await;
    desk.reply("Camille Martin", CAMILLE, "C'est réparé.\n\n#resolu")
        .await;
    let working = Working::beside(&desk);
    chrome.go(&url(&desk, &desk.link(MARIE))).await;
    // Pressed before the box is ticked.
    chrome.focus("[action*=valider] button").await;
    chrome.press_and_go("Enter").await;
    let page = chrome.document().await;
    assert!(page.contains("Cochez la case"), "{page}");
    chrome.focus("[action*=valider] [name=confirme]").await;
    chrome.press("Space").await;
    chrome.focus("[action*=valider] button").await;
    chrome.press_and_go("Enter").await;
    let page = chrome.document().await;
    assert!(page.contains("la solution est validée"), "{page}");

    chrome.focus("[name=duree][value='5']").await;
    chrome.press("Space").await;
    chrome.focus("[name=reponses][value='4']").await;
    chrome.press("Space").await;
    chrome.focus("[action*=noter] button").await;
    chrome.press_and_go("Enter").await;
    drop(working);
    let ticket = desk.ticket(1).await;
    assert_eq!((ticket.status, ticket.accepted), (Status::Closed, true));
    assert_eq!(ticket.marks, Marks::new(5, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_a_mail_to_an_accepted_solution_without_javascript() {
    the_road(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_a_mail_to_an_accepted_solution_with_javascript() {
    the_road(true).await;
}

/// Presses Tab until the focus is there: what cannot be reached so is out of reach for some.
pub async fn tab_to(chrome: &mut Chrome, selector: &str) {
    for _ in 0..60 {
        chrome.press("Tab").await;
        let there = format!("document.activeElement.matches(\"{selector}\")");
        if chrome.evaluate(&there).await == true {
            let ring = "getComputedStyle(document.activeElement).outlineStyle";
            assert_eq!(
                chrome.evaluate(ring).await,
                "solid",
                "{selector} shows its focus"
            );
            return;
        }
    }
    panic!("{selector} cannot be reached by keyboard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_can_be_done_by_keyboard_alone() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let mut chrome = Chrome::open(1000, 800).await;
    let working = Working::beside(&desk);
    chrome.go(&url(&desk, &desk.link(MARIE))).await;
    tab_to(&mut chrome, "a.skip").await;
    chrome.press("Enter").await;
    tab_to(&mut chrome, "#suivi > summary").await;
    chrome.press("Enter").await;
    tab_to(&mut chrome, "#add-text").await;
    chrome.write("Depuis lundi.").await;
    tab_to(&mut chrome, "#suivi button").await;
    chrome.press_and_go("Enter").await;
    drop(working);
    let last = mails(&desk).await.pop().expect("a message");
    assert_eq!(last.1, "Depuis lundi.");

    desk.settle().await;
    desk.reply("Camille Martin", CAMILLE, "C'est réparé.\n\n#resolu")
        .await;
    let working = Working::beside(&desk);
    chrome.go(&url(&desk, &desk.link(MARIE))).await;
    tab_to(&mut chrome, "#refuser > summary").await;
    chrome.press("Space").await;
    tab_to(&mut chrome, "#refuse-text").await;
    chrome.write("Elle clignote encore.").await;
    tab_to(&mut chrome, "#refuser button").await;
    chrome.press_and_go("Space").await;
    drop(working);
    assert_eq!(desk.ticket(1).await.status, Status::Open);

    desk.settle().await;
    desk.reply("Camille Martin", CAMILLE, "Remplacée.\n\n#resolu")
        .await;
    let working = Working::beside(&desk);
    chrome.go(&url(&desk, &desk.link(MARIE))).await;
    tab_to(&mut chrome, "[name=duree]").await;
    chrome.press("Space").await;
    for _ in 0..4 {
        chrome.press("ArrowRight").await;
    }
    tab_to(&mut chrome, "[name=reponses]").await;
    chrome.press("Space").await;
    chrome.press("ArrowRight").await;
    chrome.press("ArrowRight").await;
    tab_to(&mut chrome, "[action*=noter] button").await;
    chrome.press_and_go("Enter").await;
    drop(working);
    assert_eq!(desk.ticket(1).await.marks, Marks::new(5, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_screenshot_is_pasted_and_a_file_dropped() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let mut chrome = Chrome::open(1000, 800).await;
    let working = Working::beside(&desk);
    chrome.go(&url(&desk, &desk.link(MARIE))).await;
    let given = |event: &str, name: &str| {
        format!(
            "(() => {{
                const data = new DataTransfer();
                data.items.add(new File(['abc'], '{name}', {{type: 'image/png'}}));
                const area = document.querySelector('#add-text');
                area.dispatchEvent(new {event});
            }})()"
        )
    };
    let pasted = given(
        "ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})",
        "image.png",
    );
    chrome.evaluate(&pasted).await;
    let dropped = given(
        "DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})",
        "plan.png",
    );
    chrome.evaluate(&dropped).await;
    let listed = "document.querySelector('.chosen').textContent";
    assert_eq!(chrome.evaluate(listed).await, "image.pngplan.png");
    chrome
        .evaluate("document.querySelector('#suivi').open = true")
        .await;
    // Pressed twice in haste: sent once.
    let haste = "(() => { const button = document.querySelector('#suivi button'); button.click(); button.click(); })()";
    chrome.evaluate_and_go(haste).await;
    drop(working);
    desk.settle().await;
    let written = mails(&desk).await;
    assert_eq!(written.len(), 2, "{written:?}");
    assert_eq!(written[1].2, ["image.png", "plan.png"]);
}

/// A sending that its author stopped leaves the page where it was: after a while its button works again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_form_whose_sending_was_stopped_can_be_sent_again() {
    let desk = Desk::open().await;
    let mut chrome = Chrome::open(1000, 800).await;
    chrome.go(&url(&desk, "/mes-demandes")).await;
    // Stopped as soon as it is sent; the clock is held in the hand.
    let stopped = "(() => {
        window.setTimeout = (what, after) => { window.later = [what, after]; };
        const form = document.querySelector('main form');
        form.noValidate = true;
        window.sent = 0;
        window.addEventListener('submit', event => {
            if (!event.defaultPrevented) window.sent += 1;
            event.preventDefault();
        });
        form.querySelector('button').click();
        form.querySelector('button').click();
        return window.sent;
    })()";
    assert_eq!(chrome.evaluate(stopped).await, 1, "once in haste");
    let again = "(() => {
        const [what, after] = window.later;
        if (after > 20000) return 'too long';
        what();
        document.querySelector('main form button').click();
        return window.sent;
    })()";
    assert_eq!(chrome.evaluate(again).await, 2);
}

/// Buttons of each form, as the numbers of form and button; -1 for a form without.
const BUTTONS: &str = "[...document.forms].flatMap((form, at) => {
    const all = [...form.elements].map((element, number) => [element, number]);
    const buttons = all.filter(([element]) => element.type === 'submit' || element.type === 'image');
    return buttons.length ? buttons.map(([, number]) => [at, number]) : [[at, -1]];
})";

/// Opens every link of a page and presses every button of each of its forms as it stands, past what
/// the browser would ask for.
pub async fn scan(chrome: &mut Chrome, start: &str) -> usize {
    let mut seen = vec![start.to_owned()];
    let mut next = 0;
    let mut submitted = 0;
    while next < seen.len() {
        let page = seen[next].clone();
        next += 1;
        chrome.go(&page).await;
        let links = "[...document.links].map(a => a.href).filter(h => h.startsWith(location.origin) && !h.includes('#') && !document.querySelector('[download][href=\"' + new URL(h).pathname + '\"]'))";
        let links = chrome.evaluate(links).await;
        for link in links.as_array().expect("a list") {
            let link = link.as_str().expect("a link").to_owned();
            if !seen.contains(&link) && seen.len() < 60 {
                seen.push(link);
            }
        }
        let buttons = chrome.evaluate(BUTTONS).await;
        for button in buttons.as_array().expect("a list") {
            chrome.go(&page).await;
            // In whatever is folded, too.
            let press = format!(
                "(([at, number]) => {{
                    document.querySelectorAll('details').forEach(d => d.open = true);
                    const form = document.forms[at];
                    form.noValidate = true;
                    if (number < 0) form.submit();
                    else form.requestSubmit(form.elements[number]);
                }})({button})"
            );
            chrome.evaluate_and_go(&press).await;
            let status = "performance.getEntriesByType('navigation')[0].responseStatus";
            let status = chrome.evaluate(status).await;
            assert_ne!(status, 429, "{page}, {button}: it was not looked at");
            submitted += 1;
        }
    }
    submitted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_scanner_that_opens_every_link_and_submits_every_form_changes_nothing() {
    let mut desk = Desk::open().await;
    let headers = format!(
        "From: Marie Durand <{MARIE}>\nTo: support@example.org\nCc: Paul <paul@example.org>\nSubject: Imprimante"
    );
    let note = Attached {
        name: "note.txt",
        kind: "text/plain",
        bytes: b"abc",
    };
    desk.mail(&headers, "Elle clignote.", &[note]).await;
    let mut chrome = Chrome::open(1000, 800).await;
    let mut submitted = 0;
    for step in [
        "De quelle couleur ?\n\n#attente",
        "Réparée.\n\n#resolu",
        "#clore",
    ] {
        desk.reply("Camille Martin", CAMILLE, step).await;
        let before = desk.ticket(1).await;
        let watch = desk.watch();
        for address in [MARIE, "paul@example.org"] {
            submitted += scan(&mut chrome, &url(&desk, &desk.link(address))).await;
        }
        assert!(!watch.something_was_written(), "after {step}");
        assert_eq!(desk.ticket(1).await, before);
    }
    // Of a link that opens nothing, too.
    let watch = desk.watch();
    submitted += scan(&mut chrome, &url(&desk, "/t/x")).await;
    assert!(!watch.something_was_written());
    assert!(submitted >= 10, "{submitted} buttons");
    // Nor is the link of a technician spent, or his desk opened.
    let link = crate::staff::link(&mut desk, CAMILLE).await;
    let watch = desk.watch();
    assert!(scan(&mut chrome, &url(&desk, &link)).await >= 1);
    assert!(!watch.something_was_written());
    assert_eq!(desk.get(&link).await.status, 200, "it is still good");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn axe_finds_nothing_on_any_page() {
    let mut desk = Desk::open().await;
    let capture = Attached {
        name: "capture.gif",
        kind: "image/gif",
        bytes: DOT,
    };
    let headers = format!(
        "From: Marie Durand <{MARIE}>\nTo: support@example.org\nCc: Paul <paul@example.org>\nSubject: Imprimante"
    );
    desk.mail(&headers, "Elle clignote.", &[capture]).await;
    let mut chrome = Chrome::open(1000, 900).await;
    let pages = [
        "/",
        "/?lang=en",
        "/aide",
        "/aide?lang=en",
        "/accessibilite",
        "/accessibilite?lang=en",
        "/demande",
        "/demande?lang=en",
        "/mes-demandes",
        "/mes-demandes/envoye?lang=en",
        "/rien",
        "/t/x",
    ];
    // It finds what is there to be found.
    chrome.go(&url(&desk, "/")).await;
    let wrong = "document.body.insertAdjacentHTML('beforeend', '<img src=\"/logo\">')";
    chrome.evaluate(wrong).await;
    let found = chrome.violations().await;
    assert!(
        found.iter().any(|line| line.starts_with("image-alt")),
        "{found:?}"
    );
    for page in pages {
        is_accessible(&mut chrome, &url(&desk, page)).await;
    }
    for step in [
        "De quelle couleur ?\n\n#attente",
        "Réparée.\n\n#resolu",
        "#clore",
    ] {
        desk.reply("Camille Martin", CAMILLE, step).await;
        let link = url(&desk, &desk.link(MARIE));
        is_accessible(&mut chrome, &link).await;
        is_accessible(&mut chrome, &format!("{link}?lang=en&fait=suivi")).await;
    }
    is_accessible(&mut chrome, &url(&desk, &desk.link("paul@example.org"))).await;
    // What is wrong is said beside its field.
    chrome.go(&url(&desk, &desk.link(MARIE))).await;
    for form in ["suivi", "noter", "refuser"] {
        let submit = format!("document.querySelector('form[action*={form}]').submit()");
        chrome.evaluate_and_go(&submit).await;
        assert!(chrome.document().await.contains("aria-invalid") || form == "noter");
        let found = chrome.violations().await;
        assert_eq!(found, Vec::<String>::new(), "{form}");
    }
}

/// On a phone and on a desk, light and dark, folded and unfolded; and nothing is wider than the window.
/// With `SHOW=folder`, pictures are put there, to be looked at.
pub async fn is_accessible(chrome: &mut Chrome, page: &str) {
    for (width, scheme) in [
        (320, "light"),
        (320, "dark"),
        (1000, "light"),
        (1000, "dark"),
    ] {
        chrome.size(width, 900).await;
        chrome.colours(scheme).await;
        chrome.go(page).await;
        let opened = "document.querySelectorAll('details').forEach(d => d.open = true)";
        chrome.evaluate(opened).await;
        let found = chrome.violations().await;
        assert_eq!(
            found,
            Vec::<String>::new(),
            "{page}, {width} pixels, {scheme}"
        );
        let wide = chrome
            .evaluate("document.documentElement.scrollWidth")
            .await;
        assert_eq!(wide, width, "{page} is wider than {width} pixels");
        if let Some(folder) = std::env::var_os("SHOW") {
            let path = page.splitn(4, '/').last().unwrap_or_default();
            let name: String = path
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(40)
                .collect();
            let to = Path::new(&folder).join(format!("{name}-{scheme}-{width}.png"));
            std::fs::write(to, chrome.picture().await).expect("written");
        }
    }
}
