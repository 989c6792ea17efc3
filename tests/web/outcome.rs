//! What the desk's page of a ticket says: what a button did, what to know before answering, and the history.

use chrono::Duration;

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http::Answer;
use crate::staff::{Browser, KARIM};

/// What the page says after a button.
async fn said(desk: &Desk, browser: &Browser, fields: &[(&str, &str)]) -> String {
    let done = browser.press(desk, "/desk/1", fields).await;
    told_at(desk, browser, &done).await
}

/// The same, where the answer to the button leads.
async fn told_at(desk: &Desk, browser: &Browser, done: &Answer) -> String {
    assert_eq!(done.status, 303, "{}", done.text());
    let page = browser.page(desk, done.header("location")).await;
    let said = page.split("class=\"done\"").nth(1).expect("an answer");
    let said = said.split("</div>").next().expect("its end");
    let words = said
        .split('>')
        .skip(2)
        .map(|part| part.split('<').next().unwrap_or_default());
    words.collect::<String>().replace("&#39;", "'")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_says_in_sentences_what_it_did_and_which_mails_leave() {
    let mut desk = Desk::open_held("30s").await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    desk.wait(Duration::seconds(20));
    for (fields, sentences) in [
        (
            vec![("act", "take")],
            "C’est fait. Le ticket est à vous. Un courriel part aussitôt pour Marie Durand : avis de prise en charge.",
        ),
        (
            vec![("act", "answer-wait"), ("text", "Quel modèle ?")],
            "C’est fait. Le ticket attend le demandeur. Un courriel partira à 9 h 31 pour Marie Durand : votre réponse ; d’ici là, vous pouvez l’annuler.",
        ),
        (vec![("act", "undo")], "C’est fait. "),
        (
            vec![("act", "assign"), ("argument", KARIM)],
            "C’est fait. Confié à Karim Benali, qui est prévenu. Un courriel part aussitôt pour Karim Benali : annonce d’attribution. Un courriel part aussitôt pour Marie Durand : avis de prise en charge.",
        ),
        (
            vec![
                ("act", "priority"),
                ("argument", "high"),
                ("text", "Le doyen."),
            ],
            "C’est fait. Priorité haute. Note interne, le demandeur ne la voit pas.",
        ),
        (vec![("act", "close")], "C’est fait. Le ticket est clos. "),
    ] {
        let said = said(&desk, &camille, &fields).await;
        assert!(said.starts_with(sentences), "{fields:?}: {said}");
        assert!(!said.contains('#'), "{said}");
        desk.wait(Duration::seconds(40));
        desk.settle().await;
    }
    // Refused, it names the button to press first.
    let page = camille.page(&desk, "/desk/1").await;
    let stale = [("act", "pause"), ("argument", "2026-12-24")];
    let refused = camille.press_on(&desk, &page, "/desk/1", &stale).await;
    assert_eq!(refused.status, 409);
    let page = refused.text().replace('\u{a0}', " ").replace("&#39;", "'");
    assert!(
        page.contains("Le ticket est résolu ou clos : « Rouvrir » d'abord."),
        "{page}"
    );
}

/// Two windows show the same ticket as it was: the answer to the second is not about the first, and a
/// form that is sent twice is answered as the first time.
#[tokio::test(flavor = "multi_thread")]
async fn only_what_this_button_did_is_told() {
    let mut desk = Desk::open_held("30s").await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    desk.wait(Duration::minutes(2));
    desk.settle().await;
    let window = camille.page(&desk, "/desk/1").await;
    let note = [("act", "note"), ("text", "Vu avec l'atelier.")];
    let resolve = [("act", "resolve"), ("text", "Câble changé.")];
    let noted = camille.press_on(&desk, &window, "/desk/1", &note).await;
    desk.wait(Duration::seconds(5));
    let resolved = camille.press_on(&desk, &window, "/desk/1", &resolve).await;
    let told = "C’est fait. Le ticket est résolu. Un courriel partira à 9 h 32 pour Marie Durand : avis de résolution ; d’ici là, vous pouvez l’annuler.";
    assert_eq!(told_at(&desk, &camille, &resolved).await, told);
    desk.wait(Duration::seconds(1));
    let again = camille.press_on(&desk, &window, "/desk/1", &resolve).await;
    assert_eq!(told_at(&desk, &camille, &again).await, told);
    // The address of an earlier answer tells of that.
    assert_eq!(
        told_at(&desk, &camille, &noted).await,
        "C’est fait. Note interne, le demandeur ne la voit pas."
    );
    // What was undone since is not told as done.
    camille.press(&desk, "/desk/1", &[("act", "undo")]).await;
    assert_eq!(
        told_at(&desk, &camille, &resolved).await,
        "C’est fait. Vous l’avez annulé depuis."
    );
}

/// Outside hours the desk's own notices wait for the morning, whatever else they wait for.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_of_the_evening_leaves_in_the_morning() {
    let mut desk = Desk::open_coalescing("2m").await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    desk.wait(Duration::hours(12));
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    assert_eq!(
        said(&desk, &camille, &[("act", "take")]).await,
        "C’est fait. Le ticket est à vous. Un courriel partira demain à 8 h pour Marie Durand : avis de prise en charge."
    );
}

/// On an English page all of it is English, whatever the language of the technician's mails.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_in_the_language_of_the_page() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    desk.wait(Duration::seconds(20));
    let page = camille.page(&desk, "/desk/1?lang=en").await;
    let take = [("act", "take")];
    let taken = camille
        .press_on(&desk, &page, "/desk/1?lang=en", &take)
        .await;
    assert_eq!(
        told_at(&desk, &camille, &taken).await,
        "Done. The ticket is yours. A mail leaves at once for Marie Durand: notice of who takes care of it."
    );
    // So is a refusal.
    let page = camille.page(&desk, "/desk/1?lang=en").await;
    let merge = [("act", "merge"), ("argument", "77")];
    let refused = camille
        .press_on(&desk, &page, "/desk/1?lang=en", &merge)
        .await;
    assert_eq!(refused.status, 409);
    let page = refused.text();
    assert!(page.contains("No ticket 77 in your teams."), "{page}");
    // The other language does not repeat it.
    let page = camille.page(&desk, taken.header("location")).await;
    assert!(page.contains("href=\"?lang=fr\""), "{page}");
}

/// Nobody hears of a change by mail where there is nobody to write to.
#[tokio::test(flavor = "multi_thread")]
async fn that_no_mail_leaves_is_said() {
    let mut desk = Desk::open().await;
    desk.mail(
        "To: support@example.org\nSubject: Alarme",
        "Disque plein.",
        &[],
    )
    .await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    desk.wait(Duration::seconds(20));
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    desk.wait(Duration::seconds(20));
    let said = said(&desk, &camille, &[("act", "close")]).await;
    assert_eq!(
        said,
        "C’est fait. Le ticket est clos. Aucun courriel ne part."
    );
}

/// What is closed for good says so before somebody answers in it, on the page as by mail.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_a_ticket_that_is_closed_for_good_is_warned_of() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    camille
        .press(
            &desk,
            "/desk/1",
            &[("act", "resolve"), ("text", "Câble changé.")],
        )
        .await;
    desk.settle().await;
    let warning = "ce ticket est clos définitivement";
    let page = camille.page(&desk, "/desk/1").await;
    assert!(!page.contains(warning), "{page}");
    desk.reply("Marie Durand", MARIE, "J'accepte la solution.")
        .await;
    let page = camille.page(&desk, "/desk/1").await;
    assert!(
        page.contains("Le demandeur a validé la solution : ce ticket est clos définitivement."),
        "{page}"
    );
    assert!(
        page.contains("aria-describedby=\"closed-for-good\""),
        "{page}"
    );
    let english = camille.page(&desk, "/desk/1?lang=en").await;
    assert!(
        english.contains("this ticket is closed for good"),
        "{english}"
    );
    // Opened again, it is as any other.
    camille.press(&desk, "/desk/1", &[("act", "reopen")]).await;
    let page = camille.page(&desk, "/desk/1").await;
    assert!(!page.contains(warning), "{page}");
}

/// The words, the refusal with its reason, the reopening: as it happened.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_stands_before_what_follows_from_it() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    desk.reply("Camille Martin", CAMILLE, "#resolu\n\nCâble changé.")
        .await;
    desk.wait(Duration::minutes(5));
    desk.reply(
        "Marie Durand",
        MARIE,
        "Non, l'écran ne marche toujours pas.",
    )
    .await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let page = camille.page(&desk, "/desk/1").await;
    let timeline = page.split("class=\"timeline\"").nth(1).expect("a history");
    let places = [
        "toujours pas.",
        "Solution refusée :",
        "Ouvert : Solution refusée",
    ]
    .map(|words| {
        timeline
            .find(words)
            .unwrap_or_else(|| panic!("{words}: {timeline}"))
    });
    assert!(places.is_sorted(), "{places:?}: {timeline}");
}

/// Nobody wrote to the address that a form's mail bears; teams have names.
#[tokio::test(flavor = "multi_thread")]
async fn why_it_is_here_is_true_of_mails_and_forms() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let page = camille.page(&desk, "/desk/1").await;
    assert!(
        page.contains("Équipe DSI – Support : écrit à support@example.org"),
        "{page}"
    );
    assert!(!page.contains("Équipe dsi"), "{page}");
    desk.form("Souris", "Elle ne bouge plus.").await;
    let page = camille.page(&desk, "/desk/2").await;
    assert!(
        page.contains("Équipe DSI – Support : demande déposée par le formulaire."),
        "{page}"
    );
    assert!(!page.contains("écrit à"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_in_plain_words() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    camille.press(&desk, "/desk/1", &[("act", "take")]).await;
    let high = [("act", "priority"), ("argument", "high")];
    camille.press(&desk, "/desk/1", &high).await;
    for (page, shown) in [
        (
            "/desk/1",
            ["Accusé de réception pour", "Avis de prise en charge pour"],
        ),
        (
            "/desk/1?lang=en",
            ["Acknowledgement to", "Notice of who takes care of it to"],
        ),
    ] {
        let page = camille.page(&desk, page).await;
        let history = page.split("class=\"minor\"").nth(1).expect("notices");
        let history = history.split("</details>").next().expect("its end");
        for words in shown {
            assert!(history.contains(words), "{words}: {history}");
        }
        for name in [
            "acknowledgement »",
            "team-new",
            "#prendre",
            "#priorite",
            "✔",
        ] {
            assert!(!history.contains(name), "{name}: {history}");
        }
    }
}
