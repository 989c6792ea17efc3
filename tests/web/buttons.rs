//! The buttons of a ticket at the desk: what they do, what happens when two press at once or one presses
//! twice, and that no word is lost.

use chrono::Duration;
use guichet::ticket::Status;

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http;
use crate::staff::{Browser, KARIM, events, hidden};
use crate::submit::plain;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_to_open_it_has_it_and_the_other_is_told_who() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let karim = Browser::sign_in(&mut desk, KARIM).await;
    let (hers, his) = (
        camille.page(&desk, "/desk/1").await,
        karim.page(&desk, "/desk/1").await,
    );
    assert!(hers.contains("Ouvrir pour traiter"), "{hers}");
    let take = [("act", "take")];
    let (one, other) = tokio::join!(
        camille.press_on(&desk, &hers, "/desk/1", &take),
        karim.press_on(&desk, &his, "/desk/1", &take),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "one wins");
    let owner = desk.ticket(1).await.technician.expect("somebody's");
    let lost = if one.status == 409 { &one } else { &other };
    let text = lost.text().replace('\u{a0}', " ");
    let name = owner.name.expect("named");
    assert!(text.contains(&format!("Déjà pris par {name}")), "{text}");
    assert_eq!(events(&desk, "assigned").await.len(), 1);
    desk.settle().await;
    assert!(desk.latest(MARIE).text.contains(&name));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leaves_as_by_mail_and_can_be_taken_back() {
    let mut desk = Desk::open_held("30s").await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    desk.settle().await;
    let taken = desk.latest(MARIE).message_id.clone();
    desk.wait(Duration::minutes(1));
    let answer = [
        ("act", "resolve"),
        ("text", "Changé le câble.\r\nBonne journée."),
    ];
    let done = camille.press(&desk, "/desk/1", &answer).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let page = camille.page(&desk, done.header("location")).await;
    assert!(page.contains("Le ticket est résolu."), "{page}");
    assert!(page.contains("annulable jusque-là"), "{page}");
    desk.settle().await;
    assert_eq!(desk.latest(MARIE).message_id, taken, "still held");
    assert!(
        !desk
            .get(&desk.link(MARIE))
            .await
            .text()
            .contains("Changé le câble")
    );

    let undone = camille.press(&desk, "/desk/1", &[("act", "undo")]).await;
    assert_eq!(undone.status, 303, "{}", undone.text());
    assert_eq!(desk.ticket(1).await.status, Status::Open);
    let page = camille.page(&desk, "/desk/1").await;
    assert!(page.contains("ce texte n’est jamais parti"), "{page}");

    camille.press(&desk, "/desk/1", &answer).await;
    desk.wait(Duration::seconds(31));
    desk.settle().await;
    let mail = desk.latest(MARIE);
    assert!(
        mail.text.contains("Changé le câble.\nBonne journée."),
        "{}",
        mail.text
    );
    assert!(mail.text.contains("Camille Martin"), "{}", mail.text);
    assert_eq!(desk.ticket(1).await.status, Status::Resolved);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_did_meanwhile_is_read_first_and_no_word_is_lost() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let before = camille.page(&desk, "/desk/1").await;
    desk.wait(Duration::minutes(5));
    desk.reply("Marie Durand", MARIE, "En fait, c'est le câble rouge !")
        .await;
    let told = desk.latest(MARIE).message_id.clone();

    let words = [("act", "answer"), ("text", "Essayez un autre <câble>.")];
    let refused = camille.press_on(&desk, &before, "/desk/1", &words).await;
    let text = refused.text().replace('\u{a0}', " ");
    assert_eq!(refused.status, 409);
    assert!(text.contains("Marie Durand a écrit à"), "{text}");
    assert!(
        text.contains("Essayez un autre &lt;câble&gt;.</textarea>"),
        "{text}"
    );
    assert!(text.contains("le câble rouge"), "{text}");
    desk.settle().await;
    assert_eq!(desk.latest(MARIE).message_id, told, "nothing was sent");

    // Sent again from the page that shows it; twice, as an impatient finger does.
    let sent = camille.press_on(&desk, &text, "/desk/1", &words).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let twice = camille.press_on(&desk, &text, "/desk/1", &words).await;
    assert_eq!(twice.status, 303, "{}", twice.text());
    let answers = events(&desk, "mail").await;
    let same = answers
        .iter()
        .filter(|what| what.text().is_some_and(|text| text.contains("<câble>")));
    assert_eq!(same.count(), 1);
}

/// What stands in a field of the page: between the tags of a text area, or as its value.
fn held(page: &str, id: &str) -> String {
    let field = page.split(&format!("id=\"{id}\"")).nth(1);
    let field = field.unwrap_or_else(|| panic!("no field {id}: {page}"));
    let (tag, rest) = field.split_once('>').expect("the end of the tag");
    match tag.split_once("value=\"") {
        Some((_, value)) => value.split('"').next().unwrap_or_default().to_owned(),
        None => rest.split("</").next().unwrap_or_default().to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_into_one_form_stays_in_it() {
    let mut desk = Desk::open().await;
    desk.request("URGENT écran noir", "Client bloqué.", &[])
        .await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let before = camille.page(&desk, "/desk/1").await;
    desk.wait(Duration::minutes(5));
    desk.reply("Marie Durand", MARIE, "En fait, c'est le câble.")
        .await;
    let fields = [
        "text", "reason", "lower", "closing", "scope", "other", "follower",
    ];
    for (act, name, typed, field) in [
        ("priority", "text", "le doyen s'agace", "reason"),
        ("lower", "argument", "un seul poste", "lower"),
        ("close", "text", "Bonne continuation", "closing"),
        ("out-of-scope", "argument", "voyez la scolarité", "scope"),
        ("merge", "argument", "77", "other"),
        ("add", "argument", "paul@example.org", "follower"),
        ("resolve", "text", "Changé.", "text"),
    ] {
        let form = [("act", act), (name, typed)];
        let refused = camille.press_on(&desk, &before, "/desk/1", &form).await;
        assert_eq!(refused.status, 409, "{act}");
        let page = refused.text().replace("&#39;", "'");
        for other in fields {
            let expected = if other == field { typed } else { "" };
            assert_eq!(held(&page, other), expected, "{act}, {other}: {page}");
        }
    }
    let chosen = [("act", "assign"), ("argument", KARIM)];
    let page = camille.press_on(&desk, &before, "/desk/1", &chosen).await;
    let option = format!("<option value=\"{KARIM}\" selected>");
    assert!(page.text().contains(&option), "{}", page.text());

    // Its form is gone with what the ticket was: the words are given back all the same.
    let karim = Browser::sign_in(&mut desk, KARIM).await;
    karim.press(&desk, "/desk/1", &[("act", "close")]).await;
    let form = [("act", "close"), ("text", "Bonne continuation")];
    let refused = camille.press_on(&desk, &before, "/desk/1", &form).await;
    assert_eq!(refused.status, 409);
    let page = refused.text();
    assert!(page.contains("Ce que vous aviez écrit"), "{page}");
    assert!(page.contains("Bonne continuation"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_a_form_came_back_without_are_asked_for_again() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let before = camille.page(&desk, "/desk/1").await;
    desk.wait(Duration::minutes(5));
    desk.reply("Marie Durand", MARIE, "En fait, c'est le câble.")
        .await;
    let (token, seen) = (hidden(&before, "token"), hidden(&before, "seen"));
    let fields = [
        ("token", &*token),
        ("seen", &seen),
        ("act", "answer"),
        ("text", "Voyez l'image."),
    ];
    let (kind, body) = http::multipart(&fields, &[("a.gif", "image/gif", b"GIF89a")]);
    let headers = [
        ("Sec-Fetch-Site", "same-origin"),
        ("Cookie", &*camille.cookie),
    ];
    let answer = http::post(desk.address, "/desk/1", &headers, &kind, &body).await;
    assert_eq!(answer.status, 409);
    let page = answer.text();
    assert!(page.contains("Joignez de nouveau vos fichiers"), "{page}");
    assert_eq!(held(&page, "text").replace("&#39;", "'"), "Voyez l'image.");
    assert!(!before.contains("Joignez de nouveau"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_button_does_what_its_command_does() {
    let mut desk = Desk::open().await;
    desk.request("URGENT imprimante en panne", "Client bloqué.", &[])
        .await;
    desk.request("Imprimante du deuxième", "Encore une.", &[])
        .await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let press = async |desk: &Desk, fields: &[(&str, &str)]| {
        let answer = camille.press(desk, "/desk/1", fields).await;
        assert_eq!(answer.status, 303, "{fields:?}: {}", answer.text());
    };
    press(&desk, &[("act", "note"), ("text", "Déjà vu hier.")]).await;
    assert_eq!(
        desk.ticket(1).await.technician,
        None,
        "a note takes nothing"
    );
    press(&desk, &[("act", "take")]).await;
    press(&desk, &[("act", "wait-third-party")]).await;
    assert_eq!(desk.ticket(1).await.status.as_str(), "waiting");
    press(&desk, &[("act", "pause"), ("argument", "2026-12-04")]).await;
    assert_eq!(desk.ticket(1).await.status.as_str(), "paused");
    press(&desk, &[("act", "reopen")]).await;
    press(&desk, &[("act", "lower"), ("argument", "un seul poste")]).await;
    assert_eq!(desk.ticket(1).await.priority.as_str(), "normal");
    press(
        &desk,
        &[
            ("act", "priority"),
            ("argument", "high"),
            ("text", "le doyen attend"),
        ],
    )
    .await;
    assert_eq!(desk.ticket(1).await.priority.as_str(), "high");
    press(&desk, &[("act", "nature"), ("argument", "request")]).await;
    press(
        &desk,
        &[("act", "add"), ("argument", "paul.petit@example.org")],
    )
    .await;
    press(&desk, &[("act", "link"), ("argument", "2")]).await;
    press(&desk, &[("act", "assign"), ("argument", KARIM)]).await;
    let ticket = desk.ticket(1).await;
    assert_eq!(ticket.technician.expect("given").address, KARIM);
    press(&desk, &[("act", "close"), ("text", "Réparée.")]).await;
    assert_eq!(desk.ticket(1).await.status, Status::Closed);
    let merged = camille.press(&desk, "/desk/2", &[("act", "take")]).await;
    assert_eq!(merged.status, 303);
    let refused = camille
        .press(&desk, "/desk/2", &[("act", "merge"), ("argument", "1")])
        .await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.text().contains("rouvrez-le d"),
        "{}",
        refused.text()
    );

    let page = camille.page(&desk, "/desk/1").await;
    for shown in [
        "Note interne, le demandeur ne la voit pas",
        "le doyen attend",
        "URGENT déclassé : un seul poste",
        "Observateur",
        "paul.petit@example.org",
        "Lié à",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    // What is internal stays so.
    let public = desk.page().await;
    assert!(!public.contains("le doyen attend") && !public.contains("Déjà vu hier"));
}

/// A button names what it takes back, and is there only when something can be taken back; a merged ticket
/// says at its head where it goes on, once.
#[tokio::test(flavor = "multi_thread")]
async fn ties_are_told_once_and_the_undoing_names_them() {
    let mut desk = Desk::open().await;
    desk.request("Imprimante en panne", "Rien ne sort.", &[])
        .await;
    desk.request("Scanner muet", "Il ne répond plus.", &[])
        .await;
    desk.wait(Duration::minutes(11));
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    camille.press(&desk, "/desk/2", &[("act", "take")]).await;
    desk.wait(Duration::minutes(11));
    for fields in [
        [("act", "add"), ("argument", "chef@lointaine.example.com")],
        [("act", "link"), ("argument", "1")],
    ] {
        let done = camille.press(&desk, "/desk/2", &fields).await;
        let page = plain(&camille.page(&desk, done.header("location")).await);
        assert!(!page.contains("value=\"undo\""), "{fields:?}: {page}");
        assert!(!page.contains("Chef@"), "{page}");
    }
    let merge = [("act", "merge"), ("argument", "1")];
    camille.press(&desk, "/desk/2", &merge).await;
    let page = plain(&camille.page(&desk, "/desk/2").await);
    assert!(page.contains("Annuler la fusion"), "{page}");
    let head = "Ce ticket a été fusionné : la suite est dans <a href=\"/desk/1\">DSI-1 Imprimante";
    assert!(page.contains(head), "{page}");
    let aside = page.split("Autres tickets").nth(1).expect("others");
    assert_eq!(aside.matches("DSI-1").count(), 1, "{aside}");
}

/// Who was told of a technician reads that he has it no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_was_given_back_waits_for_somebody() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    camille
        .press(&desk, "/desk/1", &[("act", "give-back")])
        .await;
    desk.settle().await;
    let page = plain(&desk.page().await);
    let (before, after) = page
        .split_once("Camille Martin s’occupe de votre demande.")
        .expect("she had it");
    assert!(after.contains("Remise au service"), "{before}{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pressed_twice_a_canned_answer_and_a_note_count_once() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    for (form, kind, words) in [
        (
            vec![("act", "answer"), ("canned", "vpn"), ("text", "Voici.")],
            "mail",
            "Voici.",
        ),
        (
            vec![("act", "answer"), ("canned", "mot-de-passe")],
            "mail",
            "Mot de passe oublié",
        ),
        (
            vec![("act", "note"), ("text", "Vu hier.")],
            "note",
            "Vu hier.",
        ),
    ] {
        desk.wait(Duration::minutes(1));
        let page = camille.page(&desk, "/desk/1").await;
        for _ in 0..2 {
            let answer = camille.press_on(&desk, &page, "/desk/1", &form).await;
            assert_eq!(answer.status, 303, "{form:?}: {}", answer.text());
            desk.wait(Duration::seconds(2));
        }
        let said = events(&desk, kind).await;
        let same = said
            .iter()
            .filter(|what| what.text().is_some_and(|text| text.contains(words)));
        assert_eq!(same.count(), 1, "{form:?}");
    }
}
