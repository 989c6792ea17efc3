//! Killed at every named point: a run that records the points must pass all of [`POINTS`] and no
//! other; then the daemon dies once at each, starts again, drains, and the checker looks.

use std::collections::BTreeSet;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crate::desk::{Desk, Road, was_killed};
use crate::mails::{self, Class};

/// Larger than what is kept in the database, so that the file of the raw bytes is written.
const LARGE: usize = 900_000;

/// Desks that die side by side.
const LANES: usize = 4;

/// Every point that the roads of this test pass.
const POINTS: &[&str] = &[
    "accepting-mails.begun",
    "accepting-mails.committed",
    "accepting-mails.written",
    "filing-mails.begun",
    "filing-mails.committed",
    "filing-mails.written",
    "imap-body.after",
    "imap-body.before",
    "imap-connect.after",
    "imap-connect.before",
    "imap-create.after",
    "imap-create.before",
    "imap-done.after",
    "imap-done.before",
    "imap-idle.after",
    "imap-idle.before",
    "imap-list.after",
    "imap-list.before",
    "imap-login.after",
    "imap-login.before",
    "imap-logout.after",
    "imap-logout.before",
    "imap-noop.after",
    "imap-noop.before",
    "imap-select.after",
    "imap-select.before",
    "imap-subscribe.after",
    "imap-subscribe.before",
    "imap-uid-copy.after",
    "imap-uid-copy.before",
    "imap-uid-expunge.after",
    "imap-uid-expunge.before",
    "imap-uid-fetch.after",
    "imap-uid-fetch.before",
    "imap-uid-move.after",
    "imap-uid-move.before",
    "imap-uid-search.after",
    "imap-uid-search.before",
    "imap-uid-store.after",
    "imap-uid-store.before",
    "maildir-file.after",
    "maildir-file.before",
    "noting-accounts.begun",
    "noting-accounts.committed",
    "noting-accounts.written",
    "noting-an-account.begun",
    "noting-an-account.committed",
    "noting-an-account.written",
    "raw-file.renamed",
    "raw-file.synced",
    "raw-file.written",
    "reading.after",
    "reading.before",
    "settling.begun",
    "settling.committed",
    "settling.written",
    "smtp-connect.after",
    "smtp-connect.before",
    "smtp-ehlo.after",
    "smtp-ehlo.before",
    "smtp-envelope.after",
    "smtp-envelope.before",
    "smtp-message.answered",
    "smtp-message.sent",
    "smtp-quit.after",
    "smtp-quit.before",
    "smtp-rset.after",
    "smtp-rset.before",
    "taking-mails.begun",
    "taking-mails.committed",
    "taking-mails.written",
    "taking-notifications.begun",
    "taking-notifications.committed",
    "taking-notifications.written",
    "taking-over.begun",
    "taking-over.committed",
    "taking-over.written",
    "writing-down-deliveries.begun",
    "writing-down-deliveries.committed",
    "writing-down-deliveries.written",
];

/// A mail of each kind on each road.
fn put_all(desk: &mut Desk, large: bool) {
    let first = desk.next_id();
    desk.put(Road::Move, mails::mail(first, Class::Person, 700));
    desk.put(Road::Move, mails::mail(first + 1, Class::Automatic, 0));
    desk.put(Road::Copy, mails::mail(first + 2, Class::Person, 0));
    desk.put(Road::Maildir, mails::mail(first + 3, Class::Person, 0));
    if large {
        desk.put(Road::Move, mails::mail(first + 4, Class::Person, LARGE));
    }
}

/// A later mail for points behind a wait, and an answer to what was sent.
fn put_more(desk: &mut Desk) {
    let id = desk.next_id();
    let received = desk.sink.received();
    let answerable = desk.injected.iter().rev().find_map(|mail| {
        let told = received.iter().find(|sent| sent.to.contains(&mail.from))?;
        (mail.class == Class::Person).then(|| mails::reply(id, mail, told))
    });
    match answerable {
        Some(reply) => desk.put(Road::Move, reply),
        None => desk.put(Road::Move, mails::mail(id, Class::Person, 0)),
    }
}

/// The folder of things done goes, so that it is made again.
fn forget_target(desk: &Desk) {
    let target = desk.dovecot.maildir("support").join(".Trait&AOk-s");
    let _ = std::fs::remove_dir_all(target);
}

async fn record(desk: &mut Desk) -> BTreeSet<String> {
    let record = desk.path("points");
    let file = record.to_str().expect("UTF-8").to_owned();
    put_all(desk, true);
    desk.start(&[("FAULT_RECORD", &file)]);
    desk.quiet(Duration::from_secs(30)).await;
    put_more(desk);
    let id = desk.next_id();
    desk.put(Road::Move, mails::mail(id, Class::Refused, 0));
    desk.quiet(Duration::from_secs(30)).await;
    desk.prove("the recording run").await;
    std::fs::read_to_string(record)
        .expect("points were recorded")
        .lines()
        .map(str::to_owned)
        .collect()
}

/// How the daemon ended, unless it comes to rest first, however long a busy machine takes for that.
async fn dies_or_rests(desk: &mut Desk) -> Option<ExitStatus> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(30) {
        if let Some(ended) = desk.ended(Duration::from_millis(60)).await {
            return Some(ended);
        }
        if desk.is_quiet().await {
            // The point may be the very next thing.
            return desk.ended(Duration::from_millis(200)).await;
        }
    }
    None
}

async fn die_at(desk: &mut Desk, point: &str) {
    if point.starts_with("imap-create") || point.starts_with("imap-subscribe") {
        forget_target(desk);
    }
    if point.starts_with("smtp-rset") {
        let id = desk.next_id();
        desk.put(Road::Move, mails::mail(id, Class::Refused, 0));
    }
    put_all(desk, point.starts_with("raw-file"));
    let fault = format!("{point}:1");
    desk.start(&[("FAULT_POINT", &fault)]);
    let mut ended = dies_or_rests(desk).await;
    if ended.is_none() {
        // It stands behind a wait: something must come, or the end.
        put_more(desk);
        ended = dies_or_rests(desk).await;
    }
    if ended.is_none() {
        desk.terminate();
        ended = desk.ended(Duration::from_secs(12)).await;
    }
    let ended = ended.unwrap_or_else(|| panic!("{point}: still running\n{}", desk.log()));
    assert!(was_killed(ended), "{point}: ended {ended}\n{}", desk.log());
    desk.start(&[]);
    desk.prove(point).await;
}

pub async fn killed_at_every_point_nothing_is_lost_or_doubled() {
    let mut desk = Desk::new(true).await;
    let recorded = record(&mut desk).await;
    let known: BTreeSet<String> = POINTS.iter().map(|&point| point.to_owned()).collect();
    let missing: Vec<_> = known.difference(&recorded).collect();
    let unknown: Vec<_> = recorded.difference(&known).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "not passed: {missing:#?}\nnot in the list: {unknown:#?}"
    );
    drop(desk);
    // Side by side: most of the time goes by waiting.
    let lanes = (0..LANES).map(|lane| {
        tokio::spawn(async move {
            let mut desk = Desk::new(true).await;
            for point in POINTS.iter().skip(lane).step_by(LANES) {
                die_at(&mut desk, point).await;
            }
            let report = desk.check().await.expect("checked after each");
            let points = POINTS.iter().skip(lane).step_by(LANES).count();
            crate::report("F1 F3", &format!("killed at {points} points: {report:?}"));
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.expect("every point holds");
    }
}
