//! An IMAP server that misbehaves: what it says must become an error in good time, never an empty mailbox, a hang, a
//! panic of the whole or a full memory.

mod support;

use std::future::pending;
use std::time::Duration;

use guichet::imap::{Error, Kind, Listed, Session, Woken};
use support::script::{Answer, Script};

const LONG: Duration = Duration::from_secs(60);

fn says(command: &'static str, answer: &str) -> Vec<Answer> {
    vec![(command, answer.to_owned())]
}

async fn open(script: &Script) -> Result<Session, Error> {
    let mut session = Session::connect(&script.settings()).await?;
    session.select("INBOX").await?;
    Ok(session)
}

fn listed(uid: u32, size: u64) -> Listed {
    Listed {
        uid,
        size,
        internal_date: None,
    }
}

#[tokio::test]
async fn a_search_that_failed_is_no_empty_mailbox() {
    for (answer, kind) in [
        ("TAG NO not now\r\n", Kind::CommandRefused),
        ("TAG BAD what\r\n", Kind::CommandRefused),
        (
            "* SEARCH\r\nTAG NO [SERVERBUG] sorry\r\n",
            Kind::CommandRefused,
        ),
        ("* SEARCH 1", Kind::Network),
        ("* BYE bed time\r\n* SEARCH", Kind::Network),
        // The server counts two mails and lists none.
        ("* SEARCH\r\nTAG OK\r\n", Kind::Protocol),
        ("TAG OK\r\n", Kind::Protocol),
        ("* SEARCH 1 two\r\nTAG OK\r\n", Kind::Protocol),
        ("* SEARCH 99999999999\r\nTAG OK\r\n", Kind::Protocol),
    ] {
        let script = Script::start(says("UID SEARCH", answer)).await;
        let mut session = open(&script).await.expect("a session");
        let error = session.search_all().await.expect_err(answer);
        assert_eq!(error.kind, kind, "{answer:?}: {error}");
        assert_eq!(
            session.is_usable(),
            kind == Kind::CommandRefused,
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_folder_without_identity_is_refused() {
    let script = Script::start(says("SELECT", "* 2 EXISTS\r\nTAG OK\r\n")).await;
    let error = open(&script).await.expect_err("no UIDVALIDITY");
    assert_eq!(error.kind, Kind::Protocol, "{error}");
}

#[tokio::test]
async fn a_folder_that_changes_its_identity_ends_the_session() {
    let answer = "* OK [UIDVALIDITY 8] surprise\r\n* SEARCH 1 2\r\nTAG OK\r\n";
    let script = Script::start(says("UID SEARCH", answer)).await;
    let mut session = open(&script).await.expect("a session");
    let error = session.search_all().await.expect_err("another folder");
    assert!(error.to_string().contains("UIDVALIDITY"), "{error}");
    assert!(!session.is_usable());
}

#[tokio::test]
async fn what_the_parser_cannot_read_is_an_error() {
    for answer in [
        // Both make imap-proto 0.17 panic.
        "* 1 FETCH (UID 1 INTERNALDATE NIL)\r\nTAG OK\r\n",
        "* OK [ALERT]é\r\nTAG OK\r\n",
        "* 1 FETCH (UID 1 BODY[] {x}\r\n)\r\nTAG OK\r\n",
        "* WHAT IS THIS\r\nTAG OK\r\n",
        "\0\0\0\r\nTAG OK\r\n",
        "220 smtp.example.org ESMTP\r\n",
    ] {
        let script = Script::start(says("UID FETCH", answer)).await;
        let mut session = open(&script).await.expect("a session");
        let error = session.fetch(&[listed(1, 10), listed(2, 10)]).await;
        let error = error.expect_err(answer);
        assert_eq!(error.kind, Kind::Protocol, "{answer:?}: {error}");
        assert!(error.to_string().len() < 500, "{error}");
    }
}

#[tokio::test]
async fn absurd_sizes_are_refused_when_they_are_announced() {
    // Enough follows to fill memory if it were believed; the connection would stay open for it.
    for size in [
        "4294967295",
        "536870912",
        "99999999999999999999999",
        "3000000",
    ] {
        let answer = format!("* 1 FETCH (UID 1 BODY[] {{{size}}}\r\nx\r\n");
        let script = Script::start(says("UID FETCH", &answer)).await;
        let mut session = open(&script).await.expect("a session");
        let error = session.fetch(&[listed(1, 1_000)]).await.expect_err(size);
        assert_eq!(error.kind, Kind::Protocol, "{size}: {error}");
    }
}

#[tokio::test]
async fn a_flood_ends() {
    let line = format!("* OK {}\r\n", "x".repeat(60_000));
    for flood in [line.repeat(1_000), "x".repeat(2 << 20) + "\r\n"] {
        let script = Script::start(says("NOOP", &flood)).await;
        let mut session = open(&script).await.expect("a session");
        let error = session.search_all().await.expect_err("a flood");
        assert_eq!(error.kind, Kind::Protocol, "{error}");
    }
    for greeting in [
        "* OK ".to_owned() + &"x".repeat(10 << 20),
        "\0".repeat(1 << 20),
    ] {
        let script = Script::start_with(greeting, vec![]).await;
        let error = open(&script).await.expect_err("an endless greeting");
        assert_eq!(error.kind, Kind::Network, "{error}");
    }
}

#[tokio::test]
async fn nesting_without_end_does_not_reach_the_parser() {
    // imap-proto descends into it by recursion; without a limit this test dies of its stack.
    for start in ["* 1 FETCH (BODYSTRUCTURE ", "* 1 FETCH (BODY ", "* LIST "] {
        let answer = format!("{start}{}\r\nTAG OK\r\n", "(".repeat(900_000));
        let script = Script::start(says("UID FETCH", &answer)).await;
        let mut session = open(&script).await.expect("a session");
        let error = session.fetch(&[listed(1, 10)]).await.expect_err("too deep");
        assert_eq!(error.kind, Kind::Protocol, "{error}");
    }
}

#[tokio::test]
async fn only_what_was_asked_for_is_taken() {
    let answer = "* 3 FETCH (UID 3 BODY[] {5}\r\nother)\r\n\
                  * 1 FETCH (FLAGS (\\Seen))\r\n\
                  * 2 FETCH (BODY[] {5}\r\nnoone)\r\n\
                  * 1 FETCH (UID 1 BODY[HEADER] {5}\r\nheads BODY[] {5}\r\nwhole)\r\n\
                  * 2 FETCH (UID 2 BODY[] NIL)\r\nTAG OK\r\n";
    let script = Script::start(says("UID FETCH", answer)).await;
    let mut session = open(&script).await.expect("a session");
    let bodies = session
        .fetch(&[listed(1, 5), listed(2, 5)])
        .await
        .expect("bodies");
    let mails: Vec<_> = bodies
        .mails
        .iter()
        .map(|mail| (mail.uid, mail.bytes.as_slice()))
        .collect();
    assert_eq!(mails, [(1, b"whole".as_slice())]);
    assert_eq!(bodies.missing, [2]);
}

#[tokio::test]
async fn an_empty_mail_is_a_mail_when_it_was_listed_so() {
    let answer = "* 1 FETCH (UID 1 BODY[] \"\")\r\n* 2 FETCH (UID 2 BODY[] \"\")\r\nTAG OK\r\n";
    let script = Script::start(says("UID FETCH", answer)).await;
    let mut session = open(&script).await.expect("a session");
    let bodies = session
        .fetch(&[listed(1, 0), listed(2, 9)])
        .await
        .expect("bodies");
    let mails: Vec<_> = bodies.mails.iter().map(|mail| mail.uid).collect();
    assert_eq!((mails, bodies.missing), (vec![1], vec![2]));
}

#[tokio::test]
async fn what_nobody_has_listed_ends_the_wait_at_once() {
    let script = Script::start(vec![]).await;
    let mut session = open(&script).await.expect("a session");
    let woken = session.wait(LONG, pending()).await.expect("a wait");
    assert_eq!(woken, Woken::NewMail);
}

#[tokio::test]
async fn one_mail_that_the_server_will_not_give_holds_up_no_other() {
    let script = Script::start(vec![
        ("UID FETCH 1:2 ", "TAG NO some are broken\r\n".to_owned()),
        ("UID FETCH 1 ", "TAG NO input/output error\r\n".to_owned()),
        (
            "UID FETCH 2 ",
            "* 2 FETCH (UID 2 BODY[] {2}\r\nok)\r\nTAG OK\r\n".to_owned(),
        ),
    ])
    .await;
    let mut session = open(&script).await.expect("a session");
    let bodies = session
        .fetch(&[listed(1, 2), listed(2, 2)])
        .await
        .expect("bodies");
    assert_eq!(bodies.mails.len(), 1);
    assert!(bodies.missing.is_empty());
    assert_eq!(bodies.refused.len(), 1);
    assert!(
        bodies.refused[0].why.contains("input/output"),
        "{:?}",
        bodies.refused
    );
}

#[tokio::test]
async fn a_mail_whose_size_is_not_named_is_taken_for_large() {
    let answer = "* 1 FETCH (UID 1 RFC822.SIZE 5000000000 INTERNALDATE \"01-Jan-2026 10:00:00 +0000\")\r\n\
                  TAG OK\r\n";
    let script = Script::start(says("UID FETCH", answer)).await;
    let mut session = open(&script).await.expect("a session");
    let listed = session.sizes_and_dates(&[1]).await.expect("sizes");
    assert_eq!(listed.len(), 1);
    assert!(listed[0].size > 4_000_000_000);
}

#[tokio::test]
async fn a_refused_login_says_why() {
    for (answer, kind, text) in [
        (
            "TAG NO [AUTHENTICATIONFAILED] no\r\n",
            Kind::LoginRefused,
            "[AUTHENTICATIONFAILED] no",
        ),
        ("TAG NO [UNAVAILABLE] later\r\n", Kind::Network, "later"),
        ("* BYE too many\r\n", Kind::Network, "too many"),
        ("TAG BAD no\r\n", Kind::LoginRefused, "no"),
        // How Google and Microsoft explain a refused token: an answer is expected before the NO.
        (
            "+ eyJzdGF0dXMiOiI0MDEifQ==\r\nTAG NO\r\n",
            Kind::LoginRefused,
            r#"{"status":"401"}"#,
        ),
    ] {
        let script = Script::start(says("AUTHENTICATE", answer)).await;
        let error = open(&script).await.expect_err(answer);
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.to_string().contains(text), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn idle_that_is_not_kept_is_an_error() {
    for (answer, kind) in [
        ("TAG BAD no\r\n", Kind::Protocol),
        ("+ idling\r\nTAG OK done already\r\n", Kind::Protocol),
        ("+ idling\r\n* BYE going down\r\n*", Kind::Network),
        ("+ idling\r\n* 5", Kind::Network),
    ] {
        let script = Script::start(says("IDLE", answer)).await;
        let mut session = open(&script).await.expect("a session");
        session.search_all().await.expect("a listing");
        let error = session.wait(LONG, pending()).await.expect_err(answer);
        assert_eq!(error.kind, kind, "{answer:?}: {error}");
        assert!(!session.is_usable());
    }
}

#[tokio::test]
async fn something_else_than_imap_is_told() {
    let script = Script::start_with("220 smtp.example.org ESMTP\r\n".to_owned(), vec![]).await;
    let error = open(&script).await.expect_err("not IMAP");
    assert_eq!(error.kind, Kind::Protocol, "{error}");
    let script = Script::start_with("* BYE too many connections\r\n".to_owned(), vec![]).await;
    let error = open(&script).await.expect_err("sent away");
    assert_eq!(error.kind, Kind::Network, "{error}");
}
