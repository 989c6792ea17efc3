//! Commands that nothing proves wait for one word from the technician's own mailbox.

use chrono::Duration;
use guichet::ticket::Status;

use super::desk::{CAMILLE, Desk, Draft, KARIM, MARIE, Sent, id_of, latest};

const RESULTS: &str = "[authentication]\nmode = \"results\"\nauthserv_id = \"mx.example.org\"\n";
const FROM: &str = "Camille Martin <camille.martin@example.org>";

/// A desk with one ticket of Marie's, and the id of Camille's notification.
async fn begin(tables: &str) -> (Desk, String) {
    let desk = Desk::open("", tables);
    desk.receive(Draft::default().write()).await;
    let sent = desk.sent();
    let told = id_of(latest(&sent, CAMILLE));
    (desk, told)
}

async fn write(desk: &Desk, id: &str, answers: &str, body: &str) -> Vec<Sent> {
    from(desk, FROM, id, answers, body).await
}

async fn from(desk: &Desk, from: &str, id: &str, answers: &str, body: &str) -> Vec<Sent> {
    let id = format!("{id}@poste.example.org");
    let draft = Draft {
        from,
        message_id: &id,
        answers,
        body,
        subject: "Re: Écran noir",
        ..Draft::default()
    };
    desk.receive(draft.write()).await;
    desk.sent()
}

fn is_confirmation(sent: &Sent) -> bool {
    let subject = sent.mail.subject.as_deref().unwrap_or_default();
    subject.contains("À confirmer")
}

#[tokio::test(flavor = "multi_thread")]
async fn confirmed_it_is_carried_out_once_as_it_was_written() {
    let (desk, told) = begin(RESULTS).await;
    let sent = write(&desk, "c1", &told, "#resolu\nLe câble était débranché.").await;
    let asked: Vec<&str> = sent.iter().map(|sent| sent.to.as_str()).collect();
    assert_eq!(
        asked,
        [CAMILLE],
        "only she is asked, at her registered address"
    );
    assert!(is_confirmation(&sent[0]));
    let question = &sent[0].mail;
    assert!(question.text.contains("#resolu"), "{}", question.text);
    assert!(question.text.contains("câble"), "{}", question.text);
    let words: Vec<&str> = question.text.split_whitespace().collect();
    let limit = "avant le mardi 24 novembre 2026 à 9 h 00";
    assert!(words.join(" ").contains(limit), "{}", question.text);
    assert_eq!(desk.executed(1).await, Vec::<String>::new());
    assert_eq!(desk.ticket(1).await.status, Status::Open);
    let note =
        desk.events(1).await.into_iter().any(|event| {
            !event.public && event.what.text().is_some_and(|text| text.contains("câble"))
        });
    assert!(note, "staff sees it meanwhile");

    let question = id_of(question);
    desk.pass(Duration::hours(3));
    let sent = write(&desk, "c2", &question, "Oui.").await;
    assert_eq!(desk.ticket(1).await.status, Status::Resolved);
    let solution = latest(&sent, MARIE);
    assert!(
        solution.text.contains("Le câble était débranché."),
        "{}",
        solution.text
    );
    assert!(!solution.text.contains("#resolu"), "{}", solution.text);
    assert!(
        sent.iter().any(|sent| sent.to == CAMILLE),
        "she hears what was done"
    );

    let sent = write(&desk, "c3", &question, "Oui, je confirme").await;
    assert!(
        sent.iter().all(|sent| sent.to == CAMILLE),
        "nothing happens twice"
    );
    let done = desk.executed(1).await;
    assert_eq!(done.iter().filter(|line| *line == "#resolu").count(), 1);
    desk.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unconfirmed_it_stays_a_note() {
    let (desk, told) = begin(RESULTS).await;
    let sent = write(&desk, "c1", &told, "#clore\nAu revoir.").await;
    let question = id_of(latest(&sent, CAMILLE));
    desk.pass(Duration::hours(25));
    let sent = write(&desk, "c2", &question, "oui").await;
    assert!(latest(&sent, CAMILLE).text.contains("trop tard"));
    assert_eq!(desk.ticket(1).await.status, Status::Open);
    let kept = desk.events(1).await.into_iter().any(|event| {
        event
            .what
            .text()
            .is_some_and(|text| text.contains("Au revoir."))
    });
    assert!(kept);
    desk.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disowned_it_is_an_alert() {
    let (desk, told) = begin(RESULTS).await;
    let sent = write(&desk, "c1", &told, "#clore").await;
    let question = id_of(latest(&sent, CAMILLE));
    let sent = write(&desk, "c2", &question, "Non, je ne peux pas venir lundi").await;
    // That is no answer to the question; the same again, plainly.
    assert!(!sent.iter().any(|sent| sent.to == KARIM), "{sent:?}");
    let sent = write(&desk, "c3", &question, "Non").await;
    let alert = latest(&sent, KARIM);
    assert!(alert.text.contains("n'a pas écrit"), "{}", alert.text);
    let sent = write(&desk, "c4", &question, "oui").await;
    assert!(latest(&sent, CAMILLE).text.contains("déjà répondu non"));
    assert_eq!(desk.ticket(1).await.status, Status::Open);
    desk.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_and_nothing_else_confirms() {
    let (desk, told) = begin(RESULTS).await;
    let sent = write(&desk, "c1", &told, "#clore").await;
    let question = id_of(latest(&sent, CAMILLE));
    // A colleague, the requester, a stranger with the very token.
    for (number, who) in [
        "Karim Benali <karim.benali@example.org>",
        "Marie Durand <marie.durand@example.org>",
        "x@evil.example",
        "\"camille.martin@example.org\" <x@evil.example>",
    ]
    .into_iter()
    .enumerate()
    {
        from(&desk, who, &format!("d{number}"), &question, "oui").await;
        assert_eq!(desk.ticket(1).await.status, Status::Open, "{who}");
    }
    // Her own machine, with and without the header of RFC 3834.
    write(
        &desk,
        "e1",
        &question,
        "Oui, je suis absente jusqu'au 4 janvier.",
    )
    .await;
    let absent = Draft {
        from: FROM,
        message_id: "e2@poste.example.org",
        answers: &question,
        below: "Auto-Submitted: auto-replied\r\n",
        body: "oui",
        ..Draft::default()
    };
    desk.receive(absent.write()).await;
    // Her address, disowned by its domain.
    let forged = Draft {
        above: "Authentication-Results: mx.example.org; dmarc=fail header.from=example.org\r\n",
        from: FROM,
        message_id: "e3@poste.example.org",
        answers: &question,
        body: "oui",
        ..Draft::default()
    };
    desk.receive(forged.write()).await;
    assert_eq!(desk.ticket(1).await.status, Status::Open);
    assert_eq!(desk.executed(1).await, Vec::<String>::new());
    desk.sent();
    // She herself still can.
    write(&desk, "f1", &question, "oui").await;
    assert_eq!(desk.ticket(1).await.status, Status::Closed);
    desk.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_can_be_proven_a_mail_without_a_token_of_hers_waits_too() {
    let (desk, _) = begin("").await;
    let first = "m1@poste.example.org";
    let sent = write(&desk, "c1", first, "#prendre").await;
    assert!(is_confirmation(&sent[0]));
    let question = id_of(&sent[0].mail);
    write(&desk, "c2", &question, "oui").await;
    let owner = desk.ticket(1).await.technician;
    assert_eq!(owner.map(|owner| owner.address), Some(CAMILLE.to_owned()));
    // Without a command there is nothing to confirm: a note, and she is told so.
    let sent = write(&desk, "c3", first, "Je passe demain.").await;
    assert!(!is_confirmation(&sent[0]));
    assert!(sent.iter().all(|sent| sent.to == CAMILLE));
    // A flood in her name asks her five times an hour, and no more.
    for number in 0..30 {
        write(&desk, &format!("g{number}"), first, "#clore").await;
    }
    let held = desk.service.store().kept_notices().await.expect("readable");
    let confirmations = held.iter().filter(|held| held.kind == "confirm").count();
    assert!(confirmations >= 25, "{confirmations} of 30 wait");
    assert!(
        held.iter()
            .all(|held| held.over_limit && held.to == CAMILLE)
    );
    desk.check().await;
}
