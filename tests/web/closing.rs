//! What requesters are shown of an end: the solution is what was written with it, and what they accepted
//! stands.

use chrono::Duration;
use guichet::ticket::Status;

use crate::acting::submit;
use crate::desk::{CAMILLE, Desk, MARIE};
use crate::staff::Browser;
use crate::submit::plain;

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_message_is_no_solution() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let question = [("act", "answer"), ("text", "Quel est le modèle ?")];
    camille.press(&desk, "/desk/1", &question).await;
    desk.wait(Duration::minutes(5));
    // The button promises an answer.
    for (act, asked) in [
        ("resolve", "Écrivez la solution"),
        ("answer-wait", "Écrivez ce que vous attendez"),
    ] {
        let answer = camille
            .press(&desk, "/desk/1", &[("act", act), ("text", " ")])
            .await;
        assert_eq!(answer.status, 422, "{}", answer.text());
        assert!(answer.text().contains(asked), "{}", answer.text());
        assert_eq!(desk.ticket(1).await.status, Status::Open);
    }
    // Who means it may say so, as by mail.
    let wordless = [("act", "answer"), ("text", "#resolu")];
    camille.press(&desk, "/desk/1", &wordless).await;
    desk.settle().await;
    assert_eq!(desk.ticket(1).await.status, Status::Resolved);
    let page = plain(&desk.page().await);
    assert!(
        page.contains("Elle a été résolue sans explication."),
        "{page}"
    );
    assert!(!page.contains("class=\"solution\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_requester_accepted_is_not_undone() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    desk.wait(Duration::minutes(1));
    let solved = [("act", "resolve"), ("text", "Câble changé.")];
    camille.press(&desk, "/desk/1", &solved).await;
    desk.settle().await;
    let page = plain(&camille.page(&desk, "/desk/1").await);
    assert!(
        page.contains("Annuler la réponse et la résolution"),
        "{page}"
    );
    let accept = format!("{}/valider", desk.link(MARIE));
    submit(&mut desk, &accept, &[("confirme", "1")]).await;
    assert!(desk.ticket(1).await.accepted);

    let page = plain(&camille.page(&desk, "/desk/1").await);
    assert!(!page.contains("value=\"undo\""), "{page}");
    let undone = camille.press(&desk, "/desk/1", &[("act", "undo")]).await;
    assert_eq!(undone.status, 409, "{}", undone.text());
    let ticket = desk.ticket(1).await;
    assert_eq!((ticket.status, ticket.accepted), (Status::Closed, true));
    let page = desk.page().await;
    assert!(!page.contains("Dernière modification annulée"), "{page}");
}

/// What is written in a ticket that was accepted before can be taken back until it leaves, as the page says.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_after_the_acceptance_can_be_taken_back() {
    let mut desk = Desk::open_held("30s").await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let solved = [("act", "resolve"), ("text", "Câble changé.")];
    camille.press(&desk, "/desk/1", &solved).await;
    desk.wait(Duration::minutes(2));
    desk.settle().await;
    let accept = format!("{}/valider", desk.link(MARIE));
    submit(&mut desk, &accept, &[("confirme", "1")]).await;
    desk.wait(Duration::minutes(20));
    desk.settle().await;

    let answer = [("act", "answer"), ("text", "Gardez l'ancien câble.")];
    camille.press(&desk, "/desk/1", &answer).await;
    let page = plain(&camille.page(&desk, "/desk/1").await);
    for shown in ["annulable jusque-là", "Annuler la réponse"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let undone = camille.press(&desk, "/desk/1", &[("act", "undo")]).await;
    assert_eq!(undone.status, 303, "{}", undone.text());
    desk.wait(Duration::minutes(2));
    desk.settle().await;
    let ticket = desk.ticket(1).await;
    assert_eq!((ticket.status, ticket.accepted), (Status::Closed, true));
    assert!(!desk.latest(MARIE).text.contains("Gardez"), "it never left");
    assert!(!desk.page().await.contains("Gardez"));
}

/// Both numbers reach who calls, the one that was typed first.
#[tokio::test(flavor = "multi_thread")]
async fn the_number_that_was_typed_stands_before_that_of_the_directory() {
    let people = format!("address;name;phone\n{MARIE};Marie Durand;02 31 56 55 10\n");
    let mut desk = Desk::open_beside("annuaire.csv", &people, crate::submit::CATEGORIES).await;
    let fields = [
        ("categorie", "poste"),
        ("titre", "Écran noir"),
        ("details", "Rien ne s'affiche."),
        ("effet", "hindered"),
        ("telephone", "06 11 22 33 44"),
        ("adresse", MARIE),
    ];
    let here = crate::submit::typed(&desk, &fields, &[]).await;
    crate::http::submit(desk.address, &here, &[]).await;
    desk.settle().await;
    let link = desk.link(MARIE);
    let page = desk.get(&link).await.text();
    let field = crate::submit::choices(&page).remove(0);
    submit(&mut desk, &link, &[(field.as_str(), "envoyer")]).await;
    let told = crate::submit::flat(&desk.latest(CAMILLE).text);
    assert!(
        told.contains("Téléphone : 06 11 22 33 44 (annuaire : 02 31 56 55 10)"),
        "{told}"
    );
}
