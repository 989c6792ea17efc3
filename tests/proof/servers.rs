//! Faults of the servers around the desk that last: a connection that is dead and does not say so, a
//! server that says goodbye, a password that is wrong, mails that somebody else deletes, hostile mails
//! among a thousand, headers that want to write the log.

use std::time::{Duration, Instant};

use crate::desk::{Desk, Road, Setup};
use crate::mails::{self, Class, Injected};
use crate::support::dovecot::Dovecot;
use crate::support::proxy::{Proxy, Trick};
use crate::support::sink::Sink;

fn put_persons(desk: &mut Desk, count: usize, bulk: usize) {
    for _ in 0..count {
        let id = desk.next_id();
        desk.put(Road::Move, mails::mail(id, Class::Person, bulk));
    }
}

/// F15: in the middle of IDLE nothing passes any more and nothing is closed. The renewal finds out.
pub async fn a_dead_idle_is_found_at_its_renewal() {
    const RENEWAL: Duration = Duration::from_secs(6);
    // The server has 15 s for the answer to DONE; then a connection, and a second of back-off.
    const WORST: Duration = Duration::from_secs(6 + 15 + 6);
    let dovecot = Dovecot::start();
    let proxy = Proxy::start(dovecot.imaps, Trick::None).await;
    let setup = Setup {
        imap_port: Some(proxy.port),
        account: format!("idle = \"{}s\"\n", RENEWAL.as_secs()),
        ..Setup::default()
    };
    let mut desk = Desk::with(dovecot, Sink::start().await, setup);
    put_persons(&mut desk, 1, 0);
    desk.start(&[]);
    assert!(desk.quiet(Duration::from_secs(20)).await, "{}", desk.log());
    tokio::time::sleep(Duration::from_millis(500)).await;
    proxy.stall_open();
    put_persons(&mut desk, 1, 0);
    let stalled = Instant::now();
    assert!(desk.quiet(WORST).await, "{}", desk.log());
    let what = format!(
        "IDLE of {RENEWAL:?} dead, new mail seen after {:?}",
        stalled.elapsed()
    );
    crate::report("F15", &what);
    let report = desk.prove("after the dead line").await;
    assert_eq!((report.tickets, report.copies), (2, 0));
}

/// F16: the server goes and comes back; the password is wrong and is corrected.
pub async fn a_server_that_goes_is_called_again_and_a_refused_login_is_not_hammered() {
    let mut desk = Desk::new(false).await;
    put_persons(&mut desk, 3, 0);
    desk.start(&[]);
    assert!(desk.quiet(Duration::from_secs(20)).await, "{}", desk.log());
    desk.dovecot.stop();
    put_persons(&mut desk, 3, 0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    desk.dovecot.launch();
    assert!(desk.quiet(Duration::from_secs(20)).await, "{}", desk.log());
    desk.stop().await;

    let password = std::fs::read(desk.path("password")).expect("there");
    std::fs::write(desk.path("password"), "faux").expect("writable");
    put_persons(&mut desk, 3, 0);
    let before = desk.dovecot.log().matches("auth failed").count();
    desk.start(&[]);
    // The second attempt comes after 30 s, 24 with luck; the pauses beyond are tested by themselves.
    tokio::time::sleep(Duration::from_secs(22)).await;
    let attempts = desk.dovecot.log().matches("auth failed").count() - before;
    assert_eq!(attempts, 1, "{}", desk.dovecot.log());
    std::fs::write(desk.path("password"), password).expect("writable");
    let id = desk.id().to_string();
    let _ = std::process::Command::new("kill")
        .args(["-HUP", &id])
        .status();
    assert!(desk.quiet(Duration::from_secs(10)).await, "{}", desk.log());
    let report = desk.prove("with the right password").await;
    assert_eq!((report.tickets, report.copies), (9, 0));
}

/// F13: another client deletes mails while they are fetched. What it deleted before we had it is not
/// ours; nothing else is missing, and what we took is whole.
pub async fn mails_that_somebody_deletes_during_the_fetch_harm_no_other() {
    const MAILS: usize = 200;
    let mut desk = Desk::new(false).await;
    for id in 0..MAILS {
        let class = if id % 5 == 0 {
            Class::Deleted
        } else {
            Class::Person
        };
        desk.put(Road::Move, mails::mail(id, class, 20_000));
    }
    desk.start(&[]);
    let expunge = ["expunge", "-u", "support", "mailbox", "INBOX", "SUBJECT"];
    desk.dovecot
        .doveadm(&[&expunge[..], &[mails::DELETED]].concat());
    let report = desk.prove("deleted meanwhile").await;
    assert!(report.tickets >= MAILS * 4 / 5, "{report:?}");
    assert_eq!(report.copies, 0);
}

/// F26: hostile mails among a thousand; the others do not wait for them.
pub async fn hostile_mails_do_not_hold_up_a_thousand_others() {
    const MAILS: usize = 1000;
    let hostile: Vec<(&str, Vec<u8>)> = vec![
        (
            "nested 50,000 times",
            b"Content-Type: message/rfc822\r\n\r\n".repeat(50_000),
        ),
        (
            "20,000 parts that never end",
            (0..20_000)
                .flat_map(|n| {
                    format!(
                        "--b{n}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n",
                        n + 1
                    )
                    .into_bytes()
                })
                .collect(),
        ),
        ("200,000 headers", b"X-A: b\r\n".repeat(200_000)),
        (
            "100,000 recipients",
            format!("To: {}\r\n\r\n", "a@example.org, ".repeat(100_000)).into_bytes(),
        ),
        (
            "HTML without end",
            [
                b"Content-Type: text/html\r\n\r\n".as_slice(),
                &b"<div><blockquote>".repeat(40_000),
            ]
            .concat(),
        ),
        (
            "a million quotes",
            [b"\r\n".as_slice(), &b">".repeat(1_000_000)].concat(),
        ),
    ];
    let mut desk = Desk::new(false).await;
    let mut malformed = hostile.len();
    for id in 0..MAILS {
        let mail = match hostile.get(id / 20).filter(|_| id % 20 == 10) {
            Some((_, bytes)) => {
                let mail = mails::mail(id, Class::Poison, 0);
                let head = format!(
                    "X-Test-Id: {id}\r\nFrom: {}\r\nSubject: Demande {id}\r\n",
                    mail.from
                );
                let bytes = [head.as_bytes(), bytes].concat();
                Injected { bytes, ..mail }
            }
            None if id % 20 == 3 => {
                malformed += 1;
                mails::mail(id, Class::Poison, 0)
            }
            None => mails::mail(id, Class::Person, 0),
        };
        desk.put(Road::Move, mail);
    }
    let started = Instant::now();
    desk.start(&[]);
    assert!(desk.quiet(Duration::from_secs(90)).await, "{}", desk.log());
    let elapsed = started.elapsed();
    let report = desk.prove("hostile mails").await;
    assert_eq!(report.mails, MAILS);
    let what = format!(
        "{MAILS} mails, {malformed} malformed or hostile, all done in {elapsed:?}: {report:?}"
    );
    crate::report("F26", &what);
}

/// T23: whatever a header says, each event is one line, of at most 4 kB, with nothing in it that moves
/// a cursor.
pub async fn no_header_writes_into_the_log() {
    const FORGED: &str = "2026-11-23T10:00:00Z ERROR guichet: forged";
    let values = [
        format!("a\r\n {FORGED}"),
        format!("a\r{FORGED}"),
        format!("a\n{FORGED}"),
        format!("a\u{1b}[2J\u{1b}[31m{FORGED}\u{7}\u{0}"),
        format!("\u{2028}{FORGED}\u{202e}\u{85}"),
        format!(
            "=?utf-8?B?{}?=",
            data_encoding::BASE64.encode(format!("x\r\n{FORGED}").as_bytes())
        ),
        "é".repeat(500_000),
    ];
    let fields = [
        "From",
        "To",
        "Cc",
        "Reply-To",
        "Subject",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Date",
        "Content-Type",
        "Auto-Submitted",
        "List-Id",
        "Return-Path",
        "Authentication-Results",
        "Received",
    ];
    let mut desk = Desk::new(false).await;
    for value in &values {
        for field in fields {
            let id = desk.next_id();
            let mail = mails::mail(id, Class::Poison, 0);
            let from = &mail.from;
            let mut head = format!("X-Test-Id: {id}\r\n{field}: {value}\r\n");
            if field != "From" {
                head.push_str(&format!("From: {value} <{from}>\r\n"));
            }
            let bytes = format!("{head}\r\nBonjour {id}\r\n").into_bytes();
            desk.put(Road::Move, Injected { bytes, ..mail });
        }
    }
    desk.start(&[("GUICHET_LOG", "trace")]);
    assert!(desk.quiet(Duration::from_secs(60)).await, "{}", desk.log());
    desk.stop().await;
    let log = std::fs::read(desk.path("log")).expect("a log");
    let log = String::from_utf8(log).expect("whole characters");
    let begins =
        regex::Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z +(TRACE|DEBUG|INFO|WARN|ERROR) ")
            .expect("a pattern");
    // Lines end with LF alone: what else ends one must not be there.
    for line in log.split('\n').filter(|line| !line.is_empty()) {
        assert!(begins.is_match(line), "not an event: {line}");
        assert!(line.len() < 4096, "{} bytes: {line}", line.len());
        assert!(
            !line
                .chars()
                .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}')),
            "{line:?}"
        );
    }
    assert!(
        log.lines().count() > values.len() * fields.len(),
        "hardly a log"
    );
}
