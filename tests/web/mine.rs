//! « Mes demandes »: whose link it is sees the list, and nobody learns who has requests here (rows M2,
//! M6, S1.13–S1.18).

use chrono::Duration;
use guichet::desk::Deed;

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http;

fn plain(text: &str) -> String {
    text.replace("&nbsp;", " ")
        .replace(['\u{a0}', '\u{202f}'], " ")
        .replace("&#39;", "'")
}

/// Asks for a link and lets the desk do what follows.
async fn ask(desk: &mut Desk, fields: &[(&str, &str)]) -> http::Answer {
    let answer = http::submit(desk.address, "/mes-demandes", fields).await;
    // It is answered before anything is looked up.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    desk.settle().await;
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_the_same_whether_or_not_somebody_has_requests() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    let acknowledged = desk.latest(MARIE).message_id.clone();
    let first = ask(&mut desk, &[("adresse", "personne@example.org")]).await;
    assert_eq!(first.status, 303);
    assert!(!desk.was_told("personne@example.org"));
    for fields in [
        [("adresse", MARIE), ("reference", "DSI-1")],
        [("adresse", MARIE), ("reference", "DSI-99")],
        [
            ("adresse", "autre@dehors.example.net"),
            ("reference", "DSI-1"),
        ],
        [("adresse", "support@example.org"), ("reference", "")],
        [("adresse", CAMILLE), ("reference", "x'; --")],
    ] {
        let answer = ask(&mut desk, &fields).await;
        assert_eq!(answer.without_date(), first.without_date(), "{fields:?}");
    }
    assert!(!desk.was_told("autre@dehors.example.net"));
    let page = desk.get(first.header("location")).await;
    assert_eq!(page.status, 200);
    let page = plain(&page.text());
    assert!(page.contains("Si cette adresse a des demandes"), "{page}");
    assert_ne!(desk.latest(MARIE).message_id, acknowledged);
    let wrong = ask(&mut desk, &[("adresse", "marie")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("value=\"marie\""), "{}", wrong.text());
}

/// Links that an operator ended are replaced at once: who asks need not wait for ten minutes.
#[tokio::test(flavor = "multi_thread")]
async fn after_an_operator_ended_the_links_a_new_one_is_sent_at_once() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    ask(&mut desk, &[("adresse", MARIE)]).await;
    let link = desk.link(MARIE);
    assert!(link.starts_with("/d/"), "{link}");
    let sent = desk.latest(MARIE).message_id.clone();
    ask(&mut desk, &[("adresse", MARIE)]).await;
    assert_eq!(desk.latest(MARIE).message_id, sent, "one in ten minutes");
    let said = tokio::process::Command::new(env!("CARGO_BIN_EXE_guichet"))
        .arg("--config")
        .arg(desk.config())
        .args(["links", "revoke", MARIE])
        .output()
        .await
        .expect("it runs");
    assert!(said.status.success(), "{said:?}");
    assert_eq!(desk.get(&link).await.status, 404);
    ask(&mut desk, &[("adresse", MARIE)]).await;
    assert_ne!(desk.latest(MARIE).message_id, sent);
    assert_eq!(desk.get(&desk.link(MARIE)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lists_ones_own_requests_and_ends() {
    let mut desk = Desk::open().await;
    for number in 1..=23 {
        desk.request(
            &format!("Sujet {number} {}", "abc".repeat(number)),
            "Bonjour.",
            &[],
        )
        .await;
        desk.wait(Duration::hours(1));
    }
    let headers = format!(
        "From: Zoé <zoe@example.org>\nTo: support@example.org\nCc: {MARIE}, x@dehors.example.net\nSubject: Celui de Zoe"
    );
    desk.mail(&headers, "Bonjour.", &[]).await;
    desk.operate(Deed::Close(None)).await;

    ask(
        &mut desk,
        &[("adresse", &MARIE.to_uppercase()), ("reference", "[dsi-2]")],
    )
    .await;
    let mail = desk.latest(MARIE).clone();
    assert_eq!(mail.subject.as_deref(), Some("Vos demandes"));
    let at = |words: &str| {
        mail.text
            .find(words)
            .unwrap_or_else(|| panic!("{words}: {}", mail.text))
    };
    assert!(
        at("[DSI-2]") < at("[DSI-24]"),
        "what was asked for comes first"
    );
    let link = desk.link(MARIE);
    assert!(link.starts_with("/d/"), "{link}");
    let watch = desk.watch();
    let page = plain(&desk.get(&link).await.text());
    assert_eq!(page.matches("class=\"reference\"").count(), 20, "{page}");
    for words in [
        "DSI-24",
        "faite par Zoé",
        "Ouverte : elle attend un technicien",
        "En cours",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    let older = page
        .split("href=\"")
        .find(|part| part.contains("avant="))
        .expect("a further page");
    let older = older
        .split('"')
        .next()
        .expect("a link")
        .replace("&amp;", "&");
    let page = plain(&desk.get(&older).await.text());
    assert!(
        page.contains("DSI-2<") && !page.contains("DSI-1<"),
        "the closed one is left out\n{page}"
    );
    assert!(page.contains("Les plus récentes"), "{page}");
    let page = plain(
        &desk
            .get(&format!("{link}?etat=toutes&avant=3"))
            .await
            .text(),
    );
    assert!(
        page.contains("DSI-1<") && page.contains("Close depuis"),
        "{page}"
    );
    // Each leads to the page of the ticket.
    let ticket = page
        .split("href=\"")
        .find(|part| part.starts_with("/t/"))
        .expect("a ticket");
    let ticket = ticket.split('"').next().expect("a link");
    assert_eq!(desk.get(ticket).await.status, 200);
    assert!(!watch.something_was_written());

    // Somebody in copy from elsewhere has no list.
    ask(&mut desk, &[("adresse", "x@dehors.example.net")]).await;
    assert!(!desk.was_told("x@dehors.example.net"));

    // A closed list is closed for earlier links too; a machine that presses buttons closes nothing.
    let close = format!("{link}/fermer");
    let answer = http::submit(desk.address, &close, &[]).await;
    assert_eq!(answer.status, 422);
    let answer = plain(&answer.text());
    assert!(
        answer.contains("Rien n’a été fermé : cochez d’abord la case."),
        "{answer}"
    );
    assert!(answer.contains("<details class=\"act\" open>"), "{answer}");
    assert_eq!(desk.get(&link).await.status, 200);
    let answer = http::submit(desk.address, &close, &[("confirme", "1")]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(desk.get(&link).await.status, 404);
    // Who closed it may have another at once.
    ask(&mut desk, &[("adresse", MARIE)]).await;
    let fresh = desk.link(MARIE);
    assert_ne!(fresh, link);
    assert_eq!(desk.get(&fresh).await.status, 200);
    desk.wait(Duration::days(30) + Duration::minutes(2));
    let ended = desk.get(&fresh).await;
    assert_eq!(ended.status, 404);
    assert!(
        ended.text().contains("Recevoir un nouveau lien"),
        "{}",
        ended.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_link_in_ten_minutes_and_it_follows_the_person() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante", "Elle clignote.", &[]).await;
    ask(&mut desk, &[("adresse", MARIE)]).await;
    let first = desk.latest(MARIE).message_id.clone();
    for _ in 0..3 {
        ask(&mut desk, &[("adresse", MARIE)]).await;
    }
    assert_eq!(desk.latest(MARIE).message_id, first);
    // Once she has no part in it any more, the list is empty.
    let link = desk.link(MARIE);
    desk.wait(Duration::minutes(10));
    ask(&mut desk, &[("adresse", MARIE)]).await;
    assert_ne!(desk.latest(MARIE).message_id, first);
    assert_eq!(
        desk.get(&link).await.status,
        200,
        "an earlier one still opens"
    );
}

/// Row H5: a secretary who was named reads the requests of her service, and does nothing with them.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_named_reads_the_requests_of_a_service_and_only_reads() {
    const CHEF: &str = "chef@example.org";
    let people = "mail;nom;service\n\
                  marie.durand@example.org;Marie Durand;Chimie\n\
                  paul@example.org;Paul Petit;Scolarité\n";
    let services = format!("[[services]]\nname = \"Chimie\"\nreaders = [\"{CHEF}\"]\n");
    let mut desk = Desk::open_beside("annuaire.csv", people, &services).await;
    desk.request("Imprimante du labo", "Elle clignote.", &[])
        .await;
    let paul = "From: Paul Petit <paul@example.org>\nTo: support@example.org\nSubject: Notes";
    desk.mail(paul, "Les notes ne s'affichent plus.", &[]).await;
    ask(&mut desk, &[("adresse", CHEF)]).await;
    let list = desk.link(CHEF);
    let own = desk.get(&list).await.text();
    assert!(!own.contains("Imprimante"), "{own}");
    let service = desk.get(&format!("{list}?service=0")).await.text();
    assert!(service.contains("Imprimante du labo"), "{service}");
    assert!(!service.contains("Notes"), "of another service");
    let at = service.find("/t/").expect("a link");
    let link = service[at..].split('"').next().expect("ended").to_owned();
    let page = desk.get(&link).await.text();
    assert!(page.contains("Elle clignote."), "{page}");
    assert!(!page.contains("<form method=\"post\""), "{page}");
    for action in ["suivi", "valider", "ne-plus-suivre"] {
        let answer = http::submit(
            desk.address,
            &format!("{link}/{action}"),
            &[("confirme", "1"), ("description", "x")],
        )
        .await;
        assert_eq!(answer.status, 404, "{action}");
    }
    // Closing the list ends the links to what she read there.
    let close = format!("{list}/fermer");
    let closed = http::submit(desk.address, &close, &[("confirme", "1")]).await;
    assert_eq!(closed.status, 200, "{}", closed.text());
    assert_eq!(desk.get(&link).await.status, 404);
    ask(&mut desk, &[("adresse", CHEF)]).await;
    let fresh = format!("{}?service=0", desk.link(CHEF));
    let fresh = desk.get(&fresh).await.text();
    let at = fresh.find("/t/").expect("a link");
    let fresh = fresh[at..].split('"').next().expect("ended").to_owned();
    assert_eq!(desk.get(&fresh).await.status, 200);
    // Somebody of the service who was not named has the own requests and no others.
    ask(&mut desk, &[("adresse", MARIE)]).await;
    let list = desk.link(MARIE);
    assert!(list.starts_with("/d/"), "{list}");
    let marie = desk.get(&format!("{list}?service=0")).await;
    assert_eq!(marie.status, 200);
    let marie = marie.text();
    assert!(marie.contains("Imprimante du labo"), "{marie}");
    assert!(!marie.contains("Service Chimie"), "{marie}");
}
