//! Faults of the clock and of time: it jumps a day ahead and back, summer ends, the relay is down for a
//! day, an account fails for a while and operations are told. A debug build reads by how much its
//! clock is wrong.

use std::time::Duration;

use chrono::{TimeZone, Utc};
use guichet::store::Store;

use crate::desk::{Desk, Road};
use crate::mails::{self, Class};
use crate::support::sink::{Act, Fault, Step};

const HOUR: i64 = 3600;

fn put_persons(desk: &mut Desk, count: usize) {
    for _ in 0..count {
        let id = desk.next_id();
        desk.put(Road::Move, mails::mail(id, Class::Person, 0));
    }
}

fn set_clock(desk: &Desk, seconds: i64) {
    let draft = desk.path("clock.new");
    std::fs::write(&draft, seconds.to_string()).expect("writable");
    std::fs::rename(&draft, desk.path("clock")).expect("writable");
}

fn start(desk: &mut Desk) {
    set_clock(desk, 0);
    let clock = desk.path("clock").display().to_string();
    desk.start(&[("FAULT_CLOCK", &clock)]);
}

/// F24: ahead by a day and back, the night in which summer ends: no storm, and nothing stands still.
pub async fn a_clock_that_jumps_neither_storms_nor_stands_still() {
    let mut desk = Desk::new(false).await;
    start(&mut desk);
    // The second 02:30 in Paris of that night.
    let summer_ends = Utc.with_ymd_and_hms(2026, 10, 25, 1, 30, 0).unwrap();
    let to_that_night = (summer_ends - Utc::now()).num_seconds();
    for error in [0, 24 * HOUR, 0, -24 * HOUR, 0, to_that_night] {
        // A row that waits for its second attempt meanwhile has a date of the other time.
        let later = Act::Answer("451 4.7.1 Greylisted, come again".to_owned());
        desk.sink.fault(Fault::once(Step::Rcpt, later));
        put_persons(&mut desk, 5);
        tokio::time::sleep(Duration::from_millis(1500)).await;
        set_clock(&desk, error);
        put_persons(&mut desk, 5);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    // The greylisted of the last jumps come within their minute.
    let quiet = desk.quiet(Duration::from_secs(80)).await;
    assert!(quiet, "{}", desk.log());
    let report = desk.prove("after the jumps").await;
    assert_eq!((report.tickets, report.copies), (60, 0));
    crate::report(
        "F24",
        &format!("a day ahead, back, a day behind, the end of summer: {report:?}"),
    );
}

/// F19: the relay is down for a day; then all leaves, in order, and operations know.
pub async fn a_relay_that_is_down_for_a_day_is_waited_for() {
    let mails = crate::random::number("PROOF_BACKLOG", 60);
    let mut desk = Desk::new(false).await;
    desk.sink.fault(Fault::always(Step::Connect, Act::HangUp));
    put_persons(&mut desk, mails);
    start(&mut desk);
    desk.up("the relay is down").await;
    for hours in [0, 6, 12, 18, 24] {
        set_clock(&desk, hours * HOUR);
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert!(desk.sink.received().is_empty());
    }
    // A busy machine takes its time for many.
    for _ in 0..120 {
        let store = Store::open_existing(desk.data()).expect("there");
        if store
            .outbox_list(None, None, 0)
            .await
            .expect("listed")
            .len()
            >= mails
        {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let health = desk.command(&["health"]);
    let said = String::from_utf8_lossy(&health.stdout).into_owned();
    // Operations are told within half a minute, by a mail that waits like the others.
    for _ in 0..60 {
        let store = Store::open_existing(desk.data()).expect("there");
        let rows = store.outbox_list(None, None, 0).await.expect("listed");
        if rows.len() > mails {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let waits = |count: usize| said.contains(&format!("{count} notifications wait"));
    assert!(waits(mails) || waits(mails + 1), "{said}");
    desk.sink.mend();
    // The attempt of an hour ago was in vain; the next one is due an hour later at most.
    set_clock(&desk, 26 * HOUR);
    assert!(desk.quiet(Duration::from_secs(40)).await, "{}", desk.log());
    let report = desk.prove("the relay is back").await;
    assert_eq!((report.tickets, report.copies), (mails, 0));
    crate::report("F19", &format!("no relay for 26 hours: {report:?}"));
    let alerts = desk.alerts();
    assert!(
        alerts
            .iter()
            .any(|text| text.contains("un envoi attend depuis")),
        "{alerts:#?}"
    );
}

/// Row O4: an account that fails is told to operations once, after five minutes, and its return.
pub async fn operations_are_told_of_an_account_that_fails_and_of_its_return() {
    let mut desk = Desk::new(false).await;
    put_persons(&mut desk, 2);
    start(&mut desk);
    assert!(desk.quiet(Duration::from_secs(20)).await, "{}", desk.log());
    assert!(desk.command(&["health"]).status.success(), "{}", desk.log());
    desk.dovecot.stop();
    for _ in 0..60 {
        if desk.log().contains("no connection to") {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(desk.alerts().is_empty());
    set_clock(&desk, 6 * 60);
    told(&desk, 1, "le compte « support » est en panne").await;
    let health = desk.command(&["health"]);
    let said = String::from_utf8_lossy(&health.stdout).into_owned();
    assert!(said.contains("account support: failing since"), "{said}");
    desk.dovecot.launch();
    told(&desk, 2, "le compte « support » fonctionne de nouveau").await;
    let report = desk.prove("after the alerts").await;
    assert_eq!((report.tickets, report.sent), (2, 4));
}

async fn told(desk: &Desk, count: usize, what: &str) {
    for _ in 0..90 {
        if desk.alerts().len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let alerts = desk.alerts();
    assert_eq!(alerts.len(), count, "{alerts:#?}\n{}", desk.log());
    assert!(alerts[count - 1].contains(what), "{alerts:#?}");
}
