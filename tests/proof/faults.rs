//! Faults of the world around the desk (the numbers are those of `docs/crash-safety.md`): servers
//! that hang up, mailboxes that are made anew, a database that somebody else holds.

use std::time::{Duration, Instant};

use crate::desk::{Desk, Road, Setup};
use crate::mails::{self, Class, Injected};
use crate::random::number;
use crate::support::dovecot::Dovecot;
use crate::support::proxy::{Proxy, Trick};
use crate::support::sink::{Act, Fault, Sink, Step};

fn put_persons(desk: &mut Desk, count: usize, bulk: usize) {
    for _ in 0..count {
        let id = desk.next_id();
        desk.put(Road::Move, mails::mail(id, Class::Person, bulk));
    }
}

/// F11, F12: everything comes again under new UIDs, once from a restored mailbox and once with
/// another UIDVALIDITY.
pub async fn a_mailbox_that_is_restored_or_made_anew_brings_nothing_twice() {
    let mails = number("PROOF_RESTORED_MAILS", 60);
    let times = number("PROOF_RESTORES", 3);
    let mut desk = Desk::new(false).await;
    put_persons(&mut desk, mails, 300);
    desk.start(&[]);
    desk.prove("the first time").await;
    let mut longest = Duration::ZERO;
    for time in 0..times {
        // Every third time the mailbox is the same, and its mails come back.
        if time % 3 > 0 {
            let validity = &(4711 + time).to_string();
            desk.dovecot.doveadm(&[
                "mailbox",
                "update",
                "-u",
                "support",
                "--uid-validity",
                validity,
                "INBOX",
            ]);
        }
        for mail in &desk.injected {
            desk.dovecot.deliver("support", &mail.bytes);
        }
        let started = Instant::now();
        desk.start(&[]);
        let report = desk.prove(&format!("time {time}")).await;
        longest = longest.max(started.elapsed());
        assert_eq!((report.tickets, report.copies), (mails, 0));
    }
    let what = format!(
        "{times} times {mails} mails again, the longest {longest:?}: no copy, no second ticket"
    );
    crate::report("F11 F12", &what);
}

/// F13: another client moves mails away while they are fetched, and back again.
pub async fn mails_that_are_moved_away_during_the_fetch_are_taken_when_they_return() {
    let mut desk = Desk::new(false).await;
    desk.dovecot
        .doveadm(&["mailbox", "create", "-u", "support", "Ailleurs"]);
    put_persons(&mut desk, 200, 20_000);
    let away = [
        "move", "-u", "support", "Ailleurs", "mailbox", "INBOX", "ALL",
    ];
    let back = [
        "move", "-u", "support", "INBOX", "mailbox", "Ailleurs", "ALL",
    ];
    desk.start(&[]);
    // The desk moves mails meanwhile: one that both want is somebody's, and the command says so.
    for _ in 0..8 {
        let _ = desk.dovecot.try_doveadm(&away);
        let _ = desk.dovecot.try_doveadm(&back);
    }
    let all_back = (0..20).any(|_| desk.dovecot.try_doveadm(&back).is_ok());
    assert!(all_back, "some stay away");
    let report = desk.prove("moved to and fro").await;
    assert_eq!((report.tickets, report.copies), (200, 0));
}

/// F14: the connection ends after so many bytes of what the server sends, swept over a session.
pub async fn a_connection_cut_anywhere_leaves_no_half_mail() {
    let cuts = number("PROOF_LITERAL_CUTS", 40);
    let dovecot = Dovecot::start();
    let proxy = Proxy::start(dovecot.imaps, Trick::None).await;
    let sink = Sink::start().await;
    let mut desk = Desk::with(
        dovecot,
        sink,
        Setup {
            imap_port: Some(proxy.port),
            ..Setup::default()
        },
    );
    for cut in 0..cuts {
        put_persons(&mut desk, 1, 24_000);
        // The handshake and the login are some 3 kB, the mail 33 kB.
        let length = 500 + cut * 37_000 / cuts;
        proxy.cut_after(length);
        let before = proxy.passed();
        desk.start(&[]);
        // On a busy machine the start takes seconds.
        for _ in 0..1500 {
            if proxy.passed() > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The last lengths may be longer than a session is.
        for _ in 0..100 {
            if proxy.passed() >= before + length {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(proxy.passed() > before, "nothing passed: {}", desk.log());
        desk.kill();
    }
    proxy.cut_after(usize::MAX / 4);
    desk.start(&[]);
    let report = desk.prove("cut and joined").await;
    assert_eq!(report.tickets, cuts);
    crate::report("F14", &format!("{cuts} connections cut: {report:?}"));
}

/// F17: the server accepts and the answer is lost; F18: greylisting, a pause, a closed connection.
pub async fn lost_answers_cost_one_copy_each_and_refusals_for_now_cost_none() {
    let cuts = number("PROOF_LOST_ANSWERS", 30);
    let mails = 2 * cuts;
    let mut desk = Desk::new(false).await;
    let sink = &desk.sink;
    sink.fault(Fault::times(cuts, Step::Dot, Act::AcceptAndHangUp));
    let later = Act::Answer("451 4.7.1 Greylisted, come again".to_owned());
    sink.fault(Fault::times(8, Step::Rcpt, later));
    let closing = Act::AnswerAndHangUp("421 4.3.2 Closing".to_owned());
    sink.fault(Fault::times(5, Step::Mail, closing));
    sink.fault(Fault::times(3, Step::Message, Act::HangUp));
    sink.fault(Fault::times(
        5,
        Step::Data,
        Act::Wait(Duration::from_secs(2)),
    ));
    put_persons(&mut desk, mails, 0);
    desk.start(&[]);
    // The second attempt comes after a minute.
    assert!(
        desk.quiet(Duration::from_secs(200)).await,
        "never quiet: {}",
        desk.log()
    );
    let report = desk.prove("after the retries").await;
    assert_eq!((report.sent, report.copies), (mails, cuts));
    crate::report(
        "F17 F18",
        &format!("{cuts} answers lost, 21 put off: {report:?}"),
    );
}

/// F20–F22: delivered twice, the same `Message-ID` on something else, none, an empty and an absurd one.
pub async fn no_message_id_is_trusted_and_none_is_needed() {
    let mut desk = Desk::new(false).await;
    put_persons(&mut desk, 1, 0);
    let first = desk.injected[0].clone();
    desk.put(Road::Move, mails::again(1, &first));
    desk.put(Road::Move, mails::same_message_id(2, &first));
    let fields = [
        String::new(),
        "Message-ID:\r\n".to_owned(),
        "Message-ID: <>\r\n".to_owned(),
        format!("Message-ID: <{}@example.org>\r\n", "a".repeat(10_000)),
        "Message-ID: <clé été@exemple.fr>\r\n".to_owned(),
    ];
    for field in fields {
        let id = desk.next_id();
        let mail = mails::mail(id, Class::Person, 0);
        let own = format!("Message-ID: <demande-{id}@poste.example.org>\r\n");
        let text = String::from_utf8_lossy(&mail.bytes).replace(&own, &field);
        let bytes = text.into_bytes();
        assert_ne!(bytes, mail.bytes);
        desk.put(Road::Move, Injected { bytes, ..mail });
    }
    desk.start(&[]);
    let report = desk.prove("strange identities").await;
    assert_eq!((report.mails, report.tickets, report.duplicates), (8, 7, 1));
}

/// F25: SIGTERM under load ends within ten seconds and leaves nothing uncertain.
pub async fn stopped_under_load_it_ends_in_time_and_leaves_nothing_uncertain() {
    let mut desk = Desk::new(false).await;
    let stops = number("PROOF_STOPS", 15);
    for stop in 0..stops {
        put_persons(&mut desk, 12, 2000);
        desk.start(&[]);
        desk.up("under load").await;
        tokio::time::sleep(Duration::from_millis(60 * (stop % 15) as u64)).await;
        desk.stop().await;
    }
    desk.start(&[]);
    let report = desk.prove("after the stops").await;
    assert_eq!((report.tickets, report.copies), (12 * stops, 0));
    crate::report("F25", &format!("{stops} stops under load: {report:?}"));
}

/// F10: another process holds the database; the desk waits and goes on.
pub async fn a_locked_database_is_waited_for() {
    let mut desk = Desk::new(false).await;
    put_persons(&mut desk, 5, 0);
    desk.start(&[]);
    assert!(desk.quiet(Duration::from_secs(30)).await, "{}", desk.log());
    let holder =
        rusqlite::Connection::open(desk.data().join("guichet.db")).expect("the database is there");
    holder
        .busy_timeout(Duration::from_secs(10))
        .expect("a setting");
    holder.execute_batch("BEGIN EXCLUSIVE").expect("held");
    put_persons(&mut desk, 40, 0);
    let seconds = number("PROOF_LOCK_SECONDS", 8);
    tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
    assert_eq!(desk.sink.received().len(), 5, "nothing can be written");
    holder.execute_batch("COMMIT").expect("released");
    drop(holder);
    let released = Instant::now();
    assert!(
        desk.quiet(Duration::from_secs(15)).await,
        "it does not go on: {}",
        desk.log()
    );
    let elapsed = released.elapsed();
    let report = desk.prove("after the lock").await;
    assert_eq!((report.tickets, report.copies), (45, 0));
    crate::report(
        "F10",
        &format!("locked for {seconds} s, all done {elapsed:?} later: {report:?}"),
    );
}
