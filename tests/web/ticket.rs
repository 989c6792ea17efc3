//! What a requester reads on the page, from the first mail to the closure.

use chrono::Duration;
use guichet::desk::Deed;

use crate::desk::{CAMILLE, Desk, MARIE};

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_the_acknowledgement_tells_the_whole_story() {
    let mut desk = Desk::open().await;
    desk.request(
        "Imprimante du bureau B204 hors ligne",
        "Bonjour,\n\nle voyant orange clignote.\n\n-- \nMarie Durand\nPoste 5512\n",
        &[],
    )
    .await;
    let link = desk.link(MARIE);
    let page = desk.page().await;
    shows(
        &page,
        &[
            "<html lang=\"fr\">",
            "DSI-1",
            "<h1>Imprimante du bureau B204 hors ligne</h1>",
            "Ouverte : elle attend un technicien depuis aujourd",
            "le voyant orange clignote.",
            "<strong>Vous</strong>",
            "DSI – Support",
            "02 31 56 55 55",
            "lundi 23 novembre 2026 à 9 h 30",
            "Texte cité et signature",
        ],
    );

    desk.reply("Camille Martin", CAMILLE, "#prendre").await;
    desk.wait(Duration::days(1));
    let page = desk.page().await;
    shows(
        &page,
        &[
            "Ouverte : nous nous en occupons depuis hier",
            "Camille Martin",
        ],
    );

    desk.reply(
        "Camille Martin",
        CAMILLE,
        "Bonjour Marie, quelle adresse IP affiche-t-elle ?\n\n#attente",
    )
    .await;
    desk.wait(Duration::days(2));
    let page = desk.page().await;
    shows(
        &page,
        &[
            "En attente de votre réponse depuis mardi",
            "Sans réponse de votre part, elle sera considérée comme résolue le",
            "quelle adresse IP affiche-t-elle ?",
            "Lire notre dernier message",
            "<strong>Camille Martin</strong>",
        ],
    );

    desk.reply("Marie Durand", MARIE, "Elle affiche 0.0.0.0.")
        .await;
    desk.reply(
        "Camille Martin",
        CAMILLE,
        "#note\nVerrou secret : le commutateur du 2e est mort.",
    )
    .await;
    desk.operate(Deed::Note("Note secrète de l'exploitation.".to_owned()))
        .await;
    desk.reply("Camille Martin", CAMILLE, "#attente tiers")
        .await;
    let page = desk.page().await;
    shows(
        &page,
        &["En attente d’un autre intervenant", "Elle affiche 0.0.0.0."],
    );

    desk.reply(
        "Camille Martin",
        CAMILLE,
        "#resolu\n\nLe commutateur est remplacé.",
    )
    .await;
    let page = desk.page().await;
    shows(
        &page,
        &[
            "Résolue depuis aujourd",
            "Le commutateur est remplacé.",
            "elle sera close automatiquement le vendredi 11 décembre 2026 à 9 h 30",
        ],
    );

    // Looked at on a Saturday it is still there: closures leave in working hours (row E7).
    desk.wait(Duration::days(16));
    desk.settle().await;
    shows(
        &desk.page().await,
        &["elle sera close automatiquement le lundi 14 décembre 2026 à 8 h 00"],
    );
    desk.wait(Duration::days(2));
    desk.settle().await;
    let page = desk.page().await;
    shows(&page, &["Close depuis", "Si le même problème revient"]);
    assert_eq!(
        desk.get(&link).await.status,
        200,
        "the link of the first mail and that of the last"
    );

    for hidden in [
        "secret",
        "secrète",
        "commutateur du 2e",
        "#prendre",
        "#note",
        "#attente",
        CAMILLE,
        "règle",
        "notification",
    ] {
        assert!(!page.contains(hidden), "{hidden} is internal:\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_english_is_followed_in_english() {
    let mut desk = Desk::open().await;
    desk.request(
        "The projector in room C5-112 does not start",
        "Hello,\n\nthe projector has not been working since this morning and I have a lecture at noon. Could somebody please have a look?\n\nThank you,\nMarie\n",
        &[],
    )
    .await;
    shows(
        &desk.page().await,
        &[
            "<html lang=\"en\">",
            "Open: waiting for a technician since today",
            "Description",
            "Recorded",
        ],
    );
    desk.reply("Camille Martin", CAMILLE, "Is it plugged in?\n\n#wait")
        .await;
    shows(
        &desk.page().await,
        &[
            "Waiting for your answer since today",
            "Read our latest message",
            "Conversation",
        ],
    );
    desk.reply(
        "Camille Martin",
        CAMILLE,
        "The lamp was replaced.\n\n#resolved",
    )
    .await;
    shows(
        &desk.page().await,
        &[
            "Resolved since today",
            "Without an answer it closes by itself on",
        ],
    );
}

/// Somebody in copy may add to the ticket, for staff; a machine's answer is no message of anybody.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_and_machines_send_is_for_staff_alone() {
    let mut desk = Desk::open().await;
    let headers = format!(
        "From: Marie Durand <{MARIE}>\nTo: support@example.org\nCc: Fournisseur <aide@fournisseur.example.net>\nSubject: Devis en attente"
    );
    desk.mail(
        &headers,
        "Voici la demande, le fournisseur est en copie.",
        &[],
    )
    .await;
    let reference = "[DSI-1] Devis en attente";
    let ticket = desk.ticket(1).await;
    assert!(
        ticket.person("aide@fournisseur.example.net").is_some(),
        "put in copy"
    );
    desk.mail(
        &format!("From: Fournisseur <aide@fournisseur.example.net>\nTo: support@example.org\nSubject: {reference}\nIn-Reply-To: <1@test.example.org>"),
        "Votre code de vérification est 481516.",
        &[],
    )
    .await;
    desk.mail(
        &format!("From: Robot <noreply@slack.example.com>\nTo: support@example.org\nSubject: {reference}\nAuto-Submitted: auto-generated\nIn-Reply-To: <1@test.example.org>"),
        "Your confirmation code is 2342.",
        &[],
    )
    .await;
    let events = desk
        .service
        .store()
        .events(ticket.id)
        .await
        .expect("readable");
    let kept = events.iter().filter(|(_, event)| {
        event
            .what
            .text()
            .is_some_and(|text| text.contains("481516"))
    });
    assert_eq!(kept.count(), 1, "the ticket has it");
    let page = desk.page().await;
    shows(&page, &["Voici la demande"]);
    for hidden in ["481516", "2342", "slack"] {
        assert!(
            !page.contains(hidden),
            "{hidden} is not Marie's business:\n{page}"
        );
    }
    assert!(
        !desk.was_told("aide@fournisseur.example.net"),
        "no mail, so no link"
    );
}

pub fn shows(page: &str, words: &[&str]) {
    for word in words {
        assert!(page.contains(word), "{word:?} is not in:\n{page}");
    }
}
