//! The checker must fail when the desk is wrong: nine promises are broken on purpose, one at a time,
//! and each is noticed, by the reason it should be. The same runs with the promise kept are clean.

use std::time::Duration;

use crate::desk::{Desk, Road, was_killed};
use crate::mails::{self, Class};

/// How long a broken desk may take to show that it will not come to rest.
const PATIENCE: Duration = Duration::from_secs(6);

/// Runs the daemon until it dies at `point`; with a promise broken if one is named.
async fn run_to(desk: &mut Desk, broken: &str, point: &str) {
    desk.start(&[("FAULT_BREAK", broken), ("FAULT_POINT", point)]);
    let ended = desk.ended(Duration::from_secs(20)).await;
    let ended = ended.unwrap_or_else(|| panic!("{point} is not reached\n{}", desk.log()));
    assert!(was_killed(ended), "{ended}: {}", desk.log());
}

/// What the checker says after a drain.
async fn verdict(desk: &mut Desk, broken: &str) -> Vec<String> {
    desk.start(&[("FAULT_BREAK", broken)]);
    desk.quiet(PATIENCE).await;
    desk.kill();
    desk.check().await.err().unwrap_or_default()
}

fn put_persons(desk: &mut Desk, count: usize, bulk: usize) {
    for _ in 0..count {
        let id = desk.next_id();
        desk.put(Road::Move, mails::mail(id, Class::Person, bulk));
    }
}

/// The same run with the promise broken and kept; the reason why the first fails.
async fn noticed<R>(promise: &str, reason: &str, run: R)
where
    R: AsyncFn(&mut Desk, &str) -> Vec<String>,
{
    let mut desk = Desk::new(false).await;
    let wrong = run(&mut desk, promise).await;
    assert!(
        wrong.iter().any(|line| line.contains(reason)),
        "{promise} broken, and the checker says {wrong:#?}\n{}",
        desk.log()
    );
    let mut desk = Desk::new(false).await;
    let wrong = run(&mut desk, "").await;
    assert!(
        wrong.is_empty(),
        "{promise} kept, and the checker says {wrong:#?}\n{}",
        desk.log()
    );
}

pub async fn a_mail_filed_before_it_is_accepted_is_noticed() {
    noticed("file-after-accept", "is lost", async |desk, broken| {
        put_persons(desk, 3, 0);
        run_to(desk, broken, "accepting-mails.begun:1").await;
        verdict(desk, broken).await
    })
    .await;
}

pub async fn identity_by_message_id_is_noticed() {
    noticed("identity-by-bytes", "is lost", async |desk, broken| {
        put_persons(desk, 1, 0);
        desk.start(&[("FAULT_BREAK", broken)]);
        assert!(desk.quiet(PATIENCE).await, "{}", desk.log());
        desk.kill();
        let other = mails::same_message_id(1, &desk.injected[0]);
        desk.put(Road::Move, other);
        verdict(desk, broken).await
    })
    .await;
}

pub async fn other_bytes_on_the_second_attempt_are_noticed() {
    noticed("same-bytes-again", "other bytes", async |desk, broken| {
        put_persons(desk, 1, 0);
        run_to(desk, broken, "smtp-message.answered:1").await;
        verdict(desk, broken).await
    })
    .await;
}

pub async fn a_cursor_that_skips_is_noticed() {
    noticed("cursor-by-ledger", "is lost", async |desk, broken| {
        put_persons(desk, 2, 0);
        verdict(desk, broken).await
    })
    .await;
}

pub async fn sent_before_sending_is_noticed() {
    noticed(
        "sent-after-answer",
        "accepted 0 times",
        async |desk, broken| {
            put_persons(desk, 1, 0);
            run_to(desk, broken, "smtp-envelope.before:1").await;
            verdict(desk, broken).await
        },
    )
    .await;
}

pub async fn an_attempt_that_is_not_counted_is_noticed() {
    noticed(
        "attempt-counted-before",
        "is not settled",
        async |desk, broken| {
            // A mail that kills whoever reads it.
            put_persons(desk, 1, 0);
            // The last attempt comes after a rest of ten seconds.
            for _ in 0..3 {
                run_to(desk, broken, "reading.before:1").await;
            }
            desk.start(&[("FAULT_BREAK", broken), ("FAULT_POINT", "reading.before:1")]);
            desk.quiet(PATIENCE).await;
            desk.kill();
            desk.check().await.err().unwrap_or_default()
        },
    )
    .await;
}

pub async fn an_outbox_outside_the_transaction_is_noticed() {
    noticed("one-transaction", "0 were written", async |desk, broken| {
        put_persons(desk, 1, 0);
        run_to(desk, broken, "settling.committed:1").await;
        verdict(desk, broken).await
    })
    .await;
}

pub async fn half_a_literal_is_noticed() {
    noticed(
        "whole-literals",
        "not what was put in",
        async |desk, broken| {
            put_persons(desk, 1, 4000);
            verdict(desk, broken).await
        },
    )
    .await;
}

pub async fn an_uncertain_notification_that_is_forgotten_is_noticed() {
    noticed(
        "uncertain-again",
        "accepted 0 times",
        async |desk, broken| {
            put_persons(desk, 1, 0);
            run_to(desk, broken, "smtp-connect.before:1").await;
            verdict(desk, broken).await
        },
    )
    .await;
}
