//! How much may be typed, and for how long it is kept: by networks, by the limits of the desk, in time.

use chrono::Duration;

use crate::desk::Desk;
use crate::http;
use crate::submit::{CATEGORIES, LEAST, desk, go_on, plain, send, typed, with};

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_limited_by_their_network_and_by_what_waits() {
    let desk = desk().await;
    for _ in 0..60 {
        typed(&desk, &LEAST, &[]).await;
    }
    let answer = send(&desk, &LEAST, &[]).await;
    assert_eq!(answer.status, 422);
    let page = plain(&answer.text());
    assert!(page.contains("réessayez dans une heure"), "{page}");
    assert!(page.contains("value=\"Écran noir\""), "{page}");
    desk.wait(Duration::hours(1) + Duration::minutes(1));
    typed(&desk, &LEAST, &[]).await;
}

/// Over the limits of the desk no link leaves, and the request waits for a better moment.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_limits_hold_back_is_said() {
    let mut desk = Desk::open_with(&format!("{CATEGORIES}\n[limits]\ntotal_per_hour = 1\n")).await;
    let first = typed(&desk, &LEAST, &[]).await;
    go_on(&mut desk, &first).await;
    let other = with(&[("adresse", "zoe@example.org")]);
    let here = typed(&desk, &other, &[]).await;
    let answer = go_on(&mut desk, &here).await;
    assert_eq!(answer.status, 429);
    let page = plain(&answer.text());
    assert!(page.contains("Trop de messages partent"), "{page}");
    assert!(page.contains("value=\"Écran noir\""), "{page}");
    assert!(!desk.was_told("zoe@example.org"));
    desk.wait(Duration::minutes(65));
    let answer = go_on(&mut desk, &here).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(desk.was_told("zoe@example.org"));
}

/// Each correction may ask another mailbox, so it counts as a request of its network's.
#[tokio::test(flavor = "multi_thread")]
async fn corrections_are_limited_as_requests_are() {
    let mut desk = desk().await;
    for _ in 0..56 {
        typed(&desk, &LEAST, &[]).await;
    }
    let mut here = typed(&desk, &LEAST, &[]).await;
    for turn in 0.. {
        go_on(&mut desk, &here).await;
        let answer = http::submit(desk.address, &here, &[("quoi", "corriger")]).await;
        if answer.status == 429 {
            assert_eq!(turn, 3, "57 were begun, 60 may be");
            assert!(plain(&answer.text()).contains("réessayez dans une heure"));
            break;
        }
        let number = number_of(answer.header("location"));
        let address = format!("personne{turn}@example.org");
        let other = with(&[("adresse", &address), ("number", &number)]);
        here = typed(&desk, &other, &[]).await;
    }
}

fn number_of(form: &str) -> String {
    let number = form.split("brouillon=").nth(1).unwrap_or_default();
    number
        .split(['#', '&'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Two hours count from the last press, and what is gone by then is said by name.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_lives_two_hours_after_it_was_last_kept_and_lost_files_are_named() {
    let desk = desk().await;
    let file: [(&str, &str, &[u8]); 1] = [("photo.png", "image/png", b"\x89PNG\r\n\x1a\nabc")];
    let here = typed(&desk, &LEAST, &file).await;
    let page = plain(&desk.get(&here).await.text());
    assert!(page.contains("gardée ici deux heures"), "{page}");
    let number = here.rsplit('/').next().expect("a number").to_owned();
    let again = with(&[("number", &number)]);
    desk.wait(Duration::minutes(100));
    assert_eq!(typed(&desk, &again, &[]).await, here);
    desk.wait(Duration::minutes(100));
    assert_eq!(desk.get(&here).await.status, 200);
    let form = desk
        .get(&format!("/demande?brouillon={number}"))
        .await
        .text();
    let at = form.find("name=\"garde\" value=\"").expect("its file") + 20;
    let kept = form[at..].split('"').next().expect("a value").to_owned();
    desk.wait(Duration::minutes(30));
    let ended = desk.get(&here).await;
    assert_eq!(ended.status, 404);
    assert!(plain(&ended.text()).contains("effacé au bout de deux heures"));
    let mut late = again.clone();
    late.push(("garde", &kept));
    let answer = send(&desk, &late, &[]).await;
    assert_eq!(answer.status, 422);
    let page = plain(&answer.text());
    assert!(
        page.contains("joignez-les de nouveau : photo.png"),
        "{page}"
    );
    assert!(page.contains("value=\"Écran noir\""), "{page}");
    typed(&desk, &again, &[]).await;
}

/// Whoever types asks often; a machine that never stops is answered no more, and keeps nobody from the form.
#[tokio::test(flavor = "multi_thread")]
async fn articles_are_suggested_so_often_in_a_minute() {
    let desk = desk().await;
    let host = desk.address;
    let ask = |last: bool| {
        let connection = if last { "close" } else { "keep-alive" };
        format!(
            "POST /articles/proposes HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\nConnection: {connection}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\ntitre="
        )
    };
    // Without waiting for answers, so that all of it happens within a minute on any machine.
    let a_hundred: String = (1..=100).map(|number| ask(number == 100)).collect();
    for _ in 0..12 {
        let answers = http::send(host, a_hundred.as_bytes()).await;
        assert_eq!(answers.status, 200);
        let answers = answers.text();
        assert_eq!(
            answers.matches("HTTP/1.1 200").count(),
            99,
            "{answers:.2000}"
        );
    }
    let refused = http::submit(host, "/articles/proposes", &[("titre", "")]).await;
    assert_eq!(refused.status, 429);
    typed(&desk, &LEAST, &[]).await;
}
