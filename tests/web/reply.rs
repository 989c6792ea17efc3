//! What a technician types on the page of a ticket: what it shares with a mail, and what it does not.

use guichet::ticket::TicketId;

use crate::desk::{CAMILLE, Desk};
use crate::staff::Browser;

async fn events(desk: &Desk) -> usize {
    let events = desk.service.store().events(TicketId(1)).await;
    events.expect("readable").len()
}

/// An impatient finger, or a browser that sends a form again, does nothing twice, whatever the form.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_form_sent_twice_counts_once() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    for fields in [
        vec![("act", "note"), ("text", "Voir avec Karim.")],
        vec![("act", "answer"), ("text", "Bonjour."), ("canned", "vpn")],
        vec![
            ("act", "answer"),
            ("text", "#tiers aide@editeur.fr\n\nUn devis ?"),
        ],
        vec![("act", "priority"), ("argument", "high")],
        vec![("act", "undo")],
    ] {
        let page = camille.page(&desk, "/desk/1").await;
        let before = events(&desk).await;
        let first = camille.press_on(&desk, &page, "/desk/1", &fields).await;
        assert_eq!(first.status, 303, "{fields:?}: {}", first.text());
        let after = events(&desk).await;
        assert!(after > before, "{fields:?}");
        let again = camille.press_on(&desk, &page, "/desk/1", &fields).await;
        assert_eq!(again.status, 303, "{fields:?}: {}", again.text());
        assert_eq!(events(&desk).await, after, "{fields:?}");
    }
    // Other words are another answer, and so are fewer.
    let page = camille.page(&desk, "/desk/1").await;
    for text in ["Un.", "Un. Et deux.", "Un."] {
        let before = events(&desk).await;
        let fields = [("act", "note"), ("text", text)];
        camille.press_on(&desk, &page, "/desk/1", &fields).await;
        assert!(events(&desk).await > before, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_is_refused_where_sending_is_what_a_button_does() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let before = events(&desk).await;
    let fields = [("act", "answer"), ("text", "#test\n#resolu\n\nRéparé.")];
    let refused = camille.press(&desk, "/desk/1", &fields).await;
    assert_eq!(refused.status, 409);
    let text = refused.text();
    assert!(text.contains("emploie par courriel"), "{text}");
    assert!(text.contains("Réparé.</textarea>"), "{text}");
    assert_eq!(events(&desk).await, before);
}

/// The file that a command makes comes by mail, as if the command had.
#[tokio::test(flavor = "multi_thread")]
async fn a_draft_of_an_article_comes_by_mail() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let fields = [
        ("act", "resolve"),
        ("text", "#kb\n\nLe câble était débranché."),
    ];
    let done = camille.press(&desk, "/desk/1", &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    desk.settle().await;
    let mail = desk.latest(CAMILLE);
    let names: Vec<_> = mail
        .attachments
        .iter()
        .filter_map(|file| file.name.clone())
        .collect();
    assert!(
        names.iter().any(|name| name.ends_with(".md")),
        "{names:?}: {}",
        mail.text
    );
}
