//! What a requester's page says beside the status: what it is about, for whom, how urgent, until when; and
//! that what he wrote leads where he meant (rows I6, I8, M3, M7).

use crate::acting::submit;
use crate::desk::{CAMILLE, Desk, MARIE};
use crate::staff::Browser;

const CATEGORY: &str = r#"
[[categories]]
id = "ecran"
name = "Écrans"
words = ["écran"]
type = "incident"
[[categories.questions]]
label = "Numéro du poste"
kind = "text"
[[categories.questions]]
label = "Depuis quand ?"
kind = "text"
"#;

async fn page(desk: &Desk, link: &str) -> String {
    let page = desk.get(link).await;
    assert_eq!(page.status, 200);
    page.text().replace("&nbsp;", " ").replace('\u{a0}', " ")
}

fn fact(label: &str, value: &str) -> String {
    format!("<dt>{label}</dt><dd>{value}</dd>")
}

#[tokio::test(flavor = "multi_thread")]
async fn category_questions_and_due_date_are_on_the_page_as_in_the_mail() {
    let mut desk = Desk::open_with(CATEGORY).await;
    desk.request("Écran noir", "Mon écran reste noir.", &[])
        .await;
    let link = desk.link(MARIE);
    let shown = page(&desk, &link).await;
    assert!(
        shown.contains(&fact("Nature", "Incident, Écrans")),
        "{shown}"
    );
    assert!(
        shown.contains("Pour avancer plus vite, précisez"),
        "{shown}"
    );
    assert!(
        shown.contains("<li>Numéro du poste</li><li>Depuis quand ?</li>"),
        "{shown}"
    );
    // Two working days from Monday, half past nine.
    let due = fact(
        "Réponse attendue avant",
        "mercredi 25 novembre 2026 à 9 h 30",
    );
    assert!(shown.contains(&due), "{shown}");
    let english = page(&desk, &format!("{link}?lang=en")).await;
    let due = fact(
        "Answer expected before",
        "Wednesday 25 November 2026 at 09:30",
    );
    for said in [
        due,
        fact("Type", "Incident, Écrans"),
        "To go faster, tell us:".to_owned(),
    ] {
        assert!(english.contains(&said), "{said}\n{english}");
    }
    // Once it is said, it is not asked any more; once the team waits, nothing is expected of it.
    submit(
        &mut desk,
        &format!("{link}/suivi"),
        &[("description", "Poste 12.")],
    )
    .await;
    let shown = page(&desk, &link).await;
    assert!(!shown.contains("Numéro du poste"), "{shown}");
    desk.wait(chrono::Duration::days(3));
    let late = fact(
        "En retard, était attendue avant",
        "mercredi 25 novembre 2026 à 9 h 30",
    );
    let shown = page(&desk, &link).await;
    assert!(shown.contains(&late), "{shown}");
    desk.reply("Camille Martin", CAMILLE, "De quelle couleur ?\n\n#attente")
        .await;
    let shown = page(&desk, &link).await;
    assert!(!shown.contains("attendue avant"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_may_keep_its_due_date_to_itself() {
    let mut desk = Desk::open_team("show_deadline = false").await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let shown = page(&desk, &desk.link(MARIE)).await;
    assert!(!shown.contains("attendue avant"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_two_people_reads_who_asked_and_for_whom() {
    let mut desk = Desk::open().await;
    let body = "Bonjour,\n\nPour : jeanne.dupont@example.org\n\nElle ne reçoit plus ses messages.";
    desk.request("Messagerie", body, &[]).await;
    let shown = page(&desk, &desk.link(MARIE)).await;
    assert!(
        shown.contains(&fact("Pour", "jeanne.dupont@example.org")),
        "{shown}"
    );
    assert!(!shown.contains("Demandée par"), "{shown}");
    let shown = page(&desk, &desk.link("jeanne.dupont@example.org")).await;
    assert!(shown.contains(&fact("Pour", "vous")), "{shown}");
    assert!(
        shown.contains(&fact("Demandée par", "Marie Durand")),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lowered_urgency_says_why_and_how_to_object() {
    let mut desk = Desk::open().await;
    desk.request("URGENT imprimante", "Elle clignote.", &[])
        .await;
    let link = desk.link(MARIE);
    let shown = page(&desk, &link).await;
    assert!(shown.contains(&fact("Urgence", "haute")), "{shown}");
    desk.reply(
        "Camille Martin",
        CAMILLE,
        "#declasser un seul poste est touché",
    )
    .await;
    let shown = page(&desk, &link).await;
    let lowered = "haute, passée en priorité normale : un seul poste est touché";
    assert!(shown.contains(&fact("Urgence", lowered)), "{shown}");
    let way = "Répondez à notre message « Priorité de votre demande » en disant pourquoi";
    assert!(shown.contains(way), "{shown}");
    let english = page(&desk, &format!("{link}?lang=en")).await;
    assert!(
        english.contains("given normal priority: un seul poste"),
        "{english}"
    );
    // Who objected need not be told how.
    desk.reply("Marie Durand", MARIE, "Tout l'étage est touché.")
        .await;
    let shown = page(&desk, &link).await;
    assert!(shown.contains(lowered) && !shown.contains(way), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn web_addresses_are_links_on_both_sides_and_nothing_else_is() {
    let mut desk = Desk::open().await;
    let body = "Voir https://wiki.example.org/a?b=1&c=2 et javascript:alert(1) <b>ici</b>.";
    desk.request("Imprimante", body, &[]).await;
    desk.reply(
        "Camille Martin",
        CAMILLE,
        "Lisez http://aide.example.org, merci.\n\n#attente",
    )
    .await;
    let anchor =
        |to: &str| format!("<a href=\"{to}\" rel=\"noopener noreferrer nofollow\">{to}</a>");
    let requester = page(&desk, &desk.link(MARIE)).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let desk_page = camille.page(&desk, "/desk/1").await;
    for shown in [requester, desk_page] {
        for said in [
            anchor("https://wiki.example.org/a?b=1&amp;c=2"),
            format!("{}, merci.", anchor("http://aide.example.org")),
            "javascript:alert(1) &lt;b&gt;ici".to_owned(),
        ] {
            assert!(shown.contains(&said), "{said}\n{shown}");
        }
    }
}
