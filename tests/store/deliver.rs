//! Delivering: in order, the same bytes each time, and nothing forgotten.

use guichet::desk::{Delivery, DeliveryOutcome};
use guichet::store::{Delivered, Leased, OutboxId, OutboxState};

use super::*;

async fn next(store: &Store, now: DateTime<Utc>) -> Vec<Leased> {
    let leased = store.next_outgoing(100, LEASE, now).await;
    leased.expect("notifications")
}

fn notices(leased: &[Leased]) -> Vec<i64> {
    leased.iter().map(|one| one.notice.0).collect()
}

async fn report(store: &Store, id: OutboxId, outcome: Delivered, now: DateTime<Utc>) {
    let reported = store.delivered(vec![(id, outcome)], now).await;
    reported.expect("written down");
}

fn sent() -> Delivered {
    Delivered::Sent {
        answer: "250 queued".to_owned(),
    }
}

fn later(seconds: i64) -> Delivered {
    Delivered::Later {
        why: "451 busy".to_owned(),
        next_at: at(seconds),
    }
}

#[tokio::test]
async fn what_was_sent_keeps_its_name_and_drops_its_bytes() {
    let directory = directory();
    let store = open(directory.path());
    opened(&store, &["un"]).await;
    let leased = next(&store, at(0)).await;
    assert_eq!(leased[0].to, "Camille.Leger@example.org");
    assert_eq!(leased[0].bytes, b"Subject: 1\r\n\r\n");
    assert_eq!(leased[0].first_tried_at, at(0));
    report(&store, leased[0].id, sent(), at(1)).await;
    assert_eq!(next(&store, at(9999)).await, []);
    assert_eq!(store.next_outgoing_at().await.expect("read"), None);
    let row = store
        .outbox_list(None, None, 0)
        .await
        .expect("listed")
        .remove(0);
    assert_eq!(row.state, OutboxState::Sent);
    assert_eq!(row.text, "Notice 1");
    assert_eq!(row.digest, guichet::mail::Digest::of(b"Subject: 1\r\n\r\n"));
    assert_eq!(
        (row.sent_at, row.answer.as_str()),
        (Some(at(1)), "250 queued")
    );
    let other = rusqlite::Connection::open(directory.path().join("guichet.db")).expect("opened");
    let kept: i64 = other
        .query_row("SELECT sum(length(bytes)) FROM outbox", [], |row| {
            row.get(0)
        })
        .expect("read");
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn mails_to_one_person_about_one_ticket_keep_their_order() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un", "deux"]).await;
    settle(
        &store,
        at(1),
        saying(vec![notice(10, ids[0], Kind::FollowUp)]),
    )
    .await;
    let mut to_another = notice(11, ids[0], Kind::FollowUp);
    to_another.to.address = "somebody@example.org".to_owned();
    settle(&store, at(2), saying(vec![to_another])).await;
    // The acknowledgements of both tickets, and the other person; the follow-up waits.
    let leased = next(&store, at(3)).await;
    assert_eq!(notices(&leased), [1, 2, 11]);
    assert_eq!(next(&store, at(3)).await, []);
    report(&store, leased[0].id, later(600), at(4)).await;
    assert_eq!(
        next(&store, at(5)).await,
        [],
        "it waits for the retry as well"
    );
    let when = store.next_outgoing_at().await.expect("read");
    assert_eq!(
        when,
        Some(at(303)),
        "the others' lease; no timer fires for one that waits"
    );
    report(&store, leased[1].id, sent(), at(6)).await;
    report(&store, leased[2].id, sent(), at(6)).await;
    let when = store.next_outgoing_at().await.expect("read");
    assert_eq!(when, Some(at(600)));
    let again = next(&store, at(600)).await;
    assert_eq!(notices(&again), [1]);
    assert_eq!((again[0].attempts, again[0].first_tried_at), (2, at(3)));
    report(&store, again[0].id, sent(), at(601)).await;
    assert_eq!(notices(&next(&store, at(601)).await), [10]);
}

#[tokio::test]
async fn a_refused_mail_does_not_hold_up_the_next() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un"]).await;
    settle(
        &store,
        at(1),
        saying(vec![notice(10, ids[0], Kind::FollowUp)]),
    )
    .await;
    let leased = next(&store, at(2)).await;
    let never = Delivered::Never {
        why: "550 no such user".to_owned(),
    };
    report(&store, leased[0].id, never, at(3)).await;
    assert_eq!(notices(&next(&store, at(3)).await), [10]);
}

#[tokio::test]
async fn an_answer_that_is_held_is_not_overtaken() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un"]).await;
    let acknowledgement = next(&store, at(0)).await.remove(0);
    report(&store, acknowledgement.id, sent(), at(0)).await;
    let mut held = notice(10, ids[0], Kind::FollowUp);
    held.automation = Automation::Person;
    held.due_at = Some(at(60));
    let mut closed = notice(11, ids[0], Kind::Closed);
    closed.automation = Automation::Generated;
    settle(&store, at(1), saying(vec![held.clone(), closed])).await;
    assert_eq!(next(&store, at(30)).await, []);
    held.due_at = None;
    let mut settlement = saying(vec![held]);
    settlement.decision.settled_notices = vec![NoticeId(10)];
    settle(&store, at(60), settlement).await;
    let answer = next(&store, at(60)).await;
    assert_eq!(notices(&answer), [10]);
    report(&store, answer[0].id, sent(), at(61)).await;
    assert_eq!(notices(&next(&store, at(61)).await), [11]);
}

#[tokio::test]
async fn a_crash_while_sending_is_uncertain_and_is_sent_again_at_once() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un"]).await;
    let first = next(&store, at(0)).await;
    drop(store);
    let store = open(directory.path());
    let leftovers = store.take_over(at(5)).await.expect("taken over");
    assert_eq!(leftovers.notifications, 1);
    let again = next(&store, at(5)).await;
    assert_eq!(again[0].bytes, first[0].bytes);
    assert_eq!(again[0].message_id, first[0].message_id);
    assert_eq!((again[0].attempts, again[0].uncertain), (2, 1));
    // The ticket is told, once.
    let reports = store.unreported(10).await.expect("read");
    assert_eq!(
        reports,
        [Delivery {
            ticket: ids[0],
            notice: NoticeId(1),
            recipient: "Camille.Leger@example.org".to_owned(),
            outcome: DeliveryOutcome::Uncertain("interrupted while it was being sent".to_owned()),
        }]
    );
    let inputs = vec![Input::Delivery(reports[0].clone()); 2];
    let results = store
        .settle(inputs, at(6), |_, _| Ok(Settlement::default()))
        .await
        .expect("settled");
    assert!(matches!(results[0], Ok(Settled::Done(_))), "{results:?}");
    assert!(matches!(results[1], Ok(Settled::Before)), "{results:?}");
    assert_eq!(store.unreported(10).await.expect("read"), []);
    assert_eq!(store.counts().await.expect("counted").uncertain, 1);
    report(&store, again[0].id, sent(), at(7)).await;
}

#[tokio::test]
async fn a_lease_that_runs_out_is_an_attempt_without_an_answer() {
    let directory = directory();
    let store = open(directory.path());
    opened(&store, &["un"]).await;
    let first = next(&store, at(0)).await.remove(0);
    assert_eq!(next(&store, at(299)).await, []);
    let again = next(&store, at(300)).await.remove(0);
    assert_eq!((again.attempts, again.uncertain), (2, 1));
    // The first attempt's answer comes after all: it is the truth.
    report(&store, first.id, sent(), at(301)).await;
    let late = store.delivered(vec![(again.id, later(400))], at(302)).await;
    late.expect_err("it was sent; nothing makes it go again");
    assert_eq!(next(&store, at(9999)).await, []);
}

#[tokio::test]
async fn what_was_taken_and_not_tried_is_due_again_and_does_not_count() {
    let directory = directory();
    let store = open(directory.path());
    opened(&store, &["un"]).await;
    let first = next(&store, at(0)).await.remove(0);
    report(&store, first.id, Delivered::Untried, at(1)).await;
    let again = next(&store, at(1)).await.remove(0);
    assert_eq!((again.attempts, again.uncertain), (1, 0));
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(store.unreported(10).await.expect("read"), []);
}

#[tokio::test]
async fn every_way_of_failing_is_reported_and_can_be_retried() {
    let directory = directory();
    let store = open(directory.path());
    opened(&store, &["un", "deux", "trois"]).await;
    let leased = next(&store, at(0)).await;
    let failed = Delivered::Never {
        why: "550 no such user".to_owned(),
    };
    let uncertain = Delivered::Uncertain {
        why: "connection lost".to_owned(),
        next_at: at(60),
    };
    let ends = vec![
        (leased[0].id, failed),
        (leased[1].id, uncertain),
        (leased[2].id, later(10)),
    ];
    store.delivered(ends, at(1)).await.expect("written down");
    let third = next(&store, at(10)).await.remove(0);
    report(&store, third.id, Delivered::GivenUp, at(11)).await;
    let outcomes: Vec<_> = store
        .unreported(10)
        .await
        .expect("read")
        .into_iter()
        .map(|delivery| delivery.outcome)
        .collect();
    assert_eq!(
        outcomes,
        [
            DeliveryOutcome::Failed("550 no such user".to_owned()),
            DeliveryOutcome::Uncertain("connection lost".to_owned()),
            DeliveryOutcome::GivenUp("451 busy".to_owned()),
        ]
    );
    for id in [leased[0].id, leased[2].id] {
        store.outbox_retry(id, at(20)).await.expect("set going");
    }
    let again = next(&store, at(20)).await;
    assert_eq!(notices(&again), [1, 3]);
    assert_eq!(
        again[0].bytes, leased[0].bytes,
        "what failed kept its bytes"
    );
    assert_eq!(again[0].first_tried_at, at(20), "the five days begin anew");
    report(&store, leased[0].id, sent(), at(21)).await;
    let error = store.outbox_retry(leased[0].id, at(22)).await;
    let error = error.expect_err("it was sent");
    assert!(format!("{error:#}").contains("was sent"), "{error:#}");
}

#[tokio::test]
async fn a_notice_is_written_to_a_recipient_once() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un"]).await;
    let mut again = written(&notice(1, ids[0], Kind::Acknowledgement));
    again.bytes = b"other bytes".to_vec();
    let settlement = Settlement {
        decision: Decision::default(),
        outgoing: vec![again],
    };
    settle(&store, at(1), settlement).await;
    let leased = next(&store, at(2)).await;
    assert_eq!(leased.len(), 1);
    assert_eq!(
        leased[0].bytes, b"Subject: 1\r\n\r\n",
        "the first bytes stay"
    );
}
