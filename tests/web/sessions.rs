//! Who gets into the desk in a browser, for how long, and that nobody learns or does anything on the way.

use chrono::Duration;
use guichet::store::Revoked;

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http::{self, Answer};
use crate::staff::{Browser, KARIM, asked, hidden, link, secret, wanted};

async fn ask(desk: &Desk, address: &str) -> Answer {
    http::submit(desk.address, "/desk/sign-in", &[("address", address)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_the_desk_once_and_only_for_who_presses_its_button() {
    let mut desk = Desk::open().await;
    let link = link(&mut desk, CAMILLE).await;
    assert_eq!(
        desk.latest(CAMILLE).subject.as_deref(),
        Some("Guichet numérique : votre lien de connexion")
    );

    // A scanner opens it, and submits what it finds.
    let watch = desk.watch();
    let opened = desk.get(&link).await;
    assert_eq!(opened.status, 200);
    assert!(opened.text().contains("Ouvrir ma session"));
    let scanned = http::submit(desk.address, &link, &[]).await;
    assert_eq!(scanned.status, 422, "{}", scanned.text());
    assert!(!watch.something_was_written());

    let first = http::submit(desk.address, &link, &[("me", "1")]).await;
    assert_eq!(first.status, 303, "{}", first.text());
    let cookie = first.header("set-cookie").to_owned();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let again = http::submit(desk.address, &link, &[("me", "1")]).await;
    assert_eq!(again.status, 410);
    assert_eq!(again.header("set-cookie"), "");
    assert_eq!(desk.get(&link).await.status, 410);
    let camille = Browser {
        cookie: secret(&first),
    };
    assert!(
        camille
            .page(&desk, "/desk")
            .await
            .contains("Camille Martin")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_to_the_page_that_was_wanted_and_never_elsewhere() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    // The mail of a new ticket leads to the desk; who is not signed in is asked first.
    assert_eq!(desk.link(CAMILLE), "/desk/1");
    let needed = desk.get("/desk/1").await;
    assert_eq!(needed.status, 303);
    assert_eq!(needed.header("location"), "/desk/sign-in?vers=%2Fdesk%2F1");
    let page = desk.get(needed.header("location")).await.text();
    assert_eq!(hidden(&page, "vers"), "/desk/1");
    let link = wanted(&mut desk, CAMILLE, "/desk/1").await;
    assert!(link.ends_with("?vers=/desk/1"), "{link}");
    let opened = http::submit(desk.address, &link, &[("me", "1")]).await;
    assert_eq!((opened.status, opened.header("location")), (303, "/desk/1"));

    // Whoever makes the form, or the link, say something else.
    for wrong in ["//evil.example/desk/1", "https://evil.example", "/t/abc"] {
        let page = desk
            .get(&format!("/desk/sign-in?vers={wrong}"))
            .await
            .text();
        assert_eq!(hidden(&page, "vers"), "", "{page}");
        desk.wait(Duration::minutes(1));
        let link = wanted(&mut desk, KARIM, wrong).await;
        assert!(!link.contains("vers"), "{link}");
        let link = format!("{link}?vers={wrong}");
        let opened = http::submit(desk.address, &link, &[("me", "1")]).await;
        assert_eq!((opened.status, opened.header("location")), (303, "/desk"));
    }
}

/// Whoever asks in a technician's name sends him one link, which is good: he is never kept out.
#[tokio::test(flavor = "multi_thread")]
async fn asking_in_somebodys_name_keeps_him_out_of_nothing() {
    let mut desk = Desk::open().await;
    let first = link(&mut desk, CAMILLE).await;
    let count = asked(&desk);
    ask(&desk, CAMILLE).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(asked(&desk), count, "one that is unused is enough");
    let opened = http::submit(desk.address, &first, &[("me", "1")]).await;
    assert_eq!(opened.status, 303);
    // Used, or five minutes old: the next one leaves.
    let second = link(&mut desk, CAMILLE).await;
    assert_ne!(second, first);
    desk.wait(Duration::minutes(6));
    assert_ne!(link(&mut desk, CAMILLE).await, second);
    // What was wanted is not forgotten on the way.
    let used = http::submit(
        desk.address,
        &format!("{first}?vers=/desk/1"),
        &[("me", "1")],
    )
    .await;
    assert_eq!(used.status, 410);
    assert_eq!(hidden(&used.text(), "vers"), "/desk/1");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_who_is_a_technician() {
    let mut desk = Desk::open().await;
    let known = ask(&desk, CAMILLE).await;
    let unknown = ask(&desk, "personne@example.org").await;
    assert_eq!(known.without_date(), unknown.without_date());
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    desk.settle().await;
    assert!(desk.was_told(CAMILLE));
    assert!(!desk.was_told("personne@example.org"));
    // One client asks five times in a minute.
    for _ in 0..3 {
        assert_eq!(ask(&desk, "personne@example.org").await.status, 200);
    }
    assert_eq!(ask(&desk, CAMILLE).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_or_invented_link_opens_nothing() {
    let mut desk = Desk::open().await;
    let old = link(&mut desk, CAMILLE).await;
    desk.wait(Duration::minutes(16));
    assert_eq!(desk.get(&old).await.status, 410);
    let late = http::submit(desk.address, &old, &[("me", "1")]).await;
    assert_eq!(late.status, 410);
    let mut invented = old.clone();
    let last = invented.pop().expect("a letter");
    invented.push(if last == 'a' { 'b' } else { 'a' });
    assert_eq!(desk.get(&invented).await.status, 410);
    // The link of a page opens no session.
    desk.request("Écran noir", "Bonjour", &[]).await;
    let page = desk.link(MARIE).replace("/t/", "/desk/sign-in/");
    assert_eq!(desk.get(&page).await.status, 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_by_time_by_hand_and_with_the_configuration() {
    let mut desk = Desk::open().await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let status = async |desk: &Desk, browser: &Browser| browser.get(desk, "/desk").await.status;
    desk.wait(Duration::minutes(50));
    assert_eq!(status(&desk, &camille).await, 200);
    desk.wait(Duration::minutes(50));
    assert_eq!(status(&desk, &camille).await, 200, "it was used in between");
    desk.wait(Duration::minutes(61));
    assert_eq!(status(&desk, &camille).await, 303, "an hour without a page");

    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    for _ in 0..9 {
        desk.wait(Duration::minutes(50));
        assert_eq!(status(&desk, &camille).await, 200);
    }
    desk.wait(Duration::minutes(40));
    assert_eq!(status(&desk, &camille).await, 303, "eight hours");

    let here = Browser::sign_in(&mut desk, CAMILLE).await;
    let there = Browser::sign_in(&mut desk, CAMILLE).await;
    let page = here.page(&desk, "/desk").await;
    let closed = here.press_on(&desk, &page, "/desk/sign-out", &[]).await;
    assert_eq!(closed.status, 200, "{}", closed.text());
    assert_eq!(status(&desk, &here).await, 303);
    assert_eq!(status(&desk, &there).await, 200);
    let other = Browser::sign_in(&mut desk, CAMILLE).await;
    let page = other.page(&desk, "/desk").await;
    let everywhere = [("everywhere", "1")];
    other
        .press_on(&desk, &page, "/desk/sign-out", &everywhere)
        .await;
    assert_eq!(there.page_or_none(&desk).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_revoked_or_leaves_the_team_is_out_at_once() {
    let mut desk = Desk::open().await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let unspent = link(&mut desk, CAMILLE).await;
    let karim = Browser::sign_in(&mut desk, KARIM).await;
    let store = desk.service.store();
    let ended = store.end_sessions(Revoked::Technician(CAMILLE.to_owned()), desk.now());
    assert_eq!(ended.await.expect("ended"), 1);
    assert_eq!(camille.page_or_none(&desk).await, None);
    let spent = http::submit(desk.address, &unspent, &[("me", "1")]).await;
    assert_eq!(spent.status, 410, "links end with the sessions");
    assert!(karim.page_or_none(&desk).await.is_some());

    let mut settings = desk.service.current().settings.clone();
    settings
        .policy
        .technicians
        .retain(|technician| !technician.has_address(KARIM));
    desk.service.reload(settings).expect("reloaded");
    assert_eq!(karim.page_or_none(&desk).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_page_does_nothing() {
    let mut desk = Desk::open().await;
    desk.request("Écran noir", "L'écran reste noir.", &[]).await;
    let camille = Browser::sign_in(&mut desk, CAMILLE).await;
    let page = camille.page(&desk, "/desk/1").await;
    let watch = desk.watch();
    let token = hidden(&page, "token");
    let body = http::encoded(&[("act", "take"), ("token", &token)]);
    for headers in [
        vec![
            ("Sec-Fetch-Site", "cross-site"),
            ("Cookie", camille.cookie.as_str()),
        ],
        vec![
            ("Sec-Fetch-Site", "same-site"),
            ("Cookie", camille.cookie.as_str()),
        ],
        vec![
            ("Origin", "https://evil.example"),
            ("Cookie", camille.cookie.as_str()),
        ],
    ] {
        let answer = http::post(
            desk.address,
            "/desk/1",
            &headers,
            http::FORM,
            body.as_bytes(),
        );
        assert_eq!(answer.await.status, 403, "{headers:?}");
    }
    // Without its token, whatever the browser says of where it comes from.
    let headers = [("Cookie", camille.cookie.as_str())];
    let body = http::encoded(&[("act", "take"), ("token", "0123")]);
    let forged = http::post(
        desk.address,
        "/desk/1",
        &headers,
        http::FORM,
        body.as_bytes(),
    )
    .await;
    assert_eq!(forged.status, 403);
    let out = http::post(
        desk.address,
        "/desk/sign-out",
        &headers,
        http::FORM,
        b"token=1",
    )
    .await;
    assert_eq!(out.status, 403);
    assert!(!watch.something_was_written());
    assert_eq!(desk.ticket(1).await.technician, None);
    assert!(camille.page_or_none(&desk).await.is_some());

    // A session that has ended gives the words back.
    desk.wait(Duration::hours(2));
    let body = http::encoded(&[
        ("act", "answer"),
        ("token", &token),
        ("text", "Mes mots <b>"),
    ]);
    let ended = http::post(
        desk.address,
        "/desk/1",
        &headers,
        http::FORM,
        body.as_bytes(),
    )
    .await;
    assert_eq!(ended.status, 401);
    assert!(
        ended.text().contains("Mes mots &lt;b&gt;</textarea>"),
        "{}",
        ended.text()
    );
    // What stands in the field of a command is somebody's sentence as well.
    let scope = "Adressez-vous aux ressources humaines.";
    let fields = [("act", "out-of-scope"), ("argument", scope)];
    let body = http::encoded(&fields);
    let body = body.as_bytes();
    let ended = http::post(desk.address, "/desk/1", &headers, http::FORM, body).await;
    assert!(ended.text().contains(scope), "{}", ended.text());
}
