//! Processing: every mail is settled once, and one that cannot be hurts only itself.

use guichet::mail::authenticity::Authenticity;
use guichet::store::InboxState;
use guichet::ticket::InboxId;

use super::*;

fn ids(mails: &[InboxMail]) -> Vec<i64> {
    mails.iter().map(|mail| mail.id.0).collect()
}

async fn state(store: &Store, id: i64) -> InboxState {
    let row = store.inbox_show(InboxId(id)).await.expect("read");
    row.expect("there").state
}

#[tokio::test]
async fn a_mail_becomes_a_ticket_with_all_that_follows() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["Imprimante en panne"]).await;
    assert_eq!(ids, [TicketId(1)]);
    drop(store);
    let store = open(directory.path());
    let ticket = store
        .ticket(TicketId(1))
        .await
        .expect("read")
        .expect("there");
    assert_eq!(ticket.title, "Imprimante en panne");
    let events = store.events(TicketId(1)).await.expect("read");
    let kinds: Vec<_> = events.iter().map(|(_, event)| event.what.kind()).collect();
    assert_eq!(kinds, ["opened", "mail"]);
    let row = store
        .inbox_show(InboxId(1))
        .await
        .expect("read")
        .expect("there");
    assert_eq!(row.state, InboxState::Filed);
    assert_eq!(row.ticket, Some(TicketId(1)));
    assert_eq!(row.why, "a new request");
    assert_eq!(row.authenticity.as_deref(), Some("pass"));
    let (of, person) = store
        .person(PersonId(1))
        .await
        .expect("read")
        .expect("there");
    assert_eq!((of.id, person.who), (TicketId(1), camille()));
    let known = store
        .known(
            Question {
                message_ids: ["1@example.org".to_owned(), "n1@desk.example.org".to_owned()].into(),
                notices: [NoticeId(1)].into(),
                ..Question::default()
            },
            at(0),
        )
        .await
        .expect("known");
    assert_eq!(
        known.threads["1@example.org"],
        [(TicketId(1), Thread::Incoming, None)]
    );
    assert_eq!(
        known.threads["n1@desk.example.org"],
        [(TicketId(1), Thread::Outgoing, Some(NoticeId(1)))]
    );
    assert_eq!(known.tickets[&TicketId(1)], ticket);
    let told = &known.notices[&NoticeId(1)];
    assert_eq!(told.recipient, "Camille.Leger@example.org");
    assert_eq!(told.kind, Kind::Acknowledgement);
    assert_eq!(told.notice, None);
    let next = (known.next_ticket, known.next_notice, known.next_person);
    assert_eq!(next, (2, 2, 2));
    assert_sound(&store).await;
}

#[tokio::test]
async fn a_decision_sees_what_the_one_before_it_wrote() {
    let directory = directory();
    let store = open(directory.path());
    accept(&store, 1, "la même chose").await;
    let mut again = incoming(2, "la même chose");
    again
        .bytes
        .extend_from_slice(b"Received: by another way\r\n");
    store.accept(vec![again]).await.expect("accepted");
    let mails = next_mails(&store, at(0)).await;
    let inputs = mails.iter().map(input).collect();
    let results = store.settle(inputs, at(0), desk).await.expect("settled");
    assert_eq!(results.len(), 2);
    assert_eq!(state(&store, 1).await, InboxState::Filed);
    let row = store
        .inbox_show(InboxId(2))
        .await
        .expect("read")
        .expect("there");
    assert_eq!(row.state, InboxState::Duplicate);
    assert_eq!(row.duplicate_of, Some(InboxId(1)));
    assert_eq!(row.ticket, Some(TicketId(1)));
}

#[tokio::test]
async fn a_bad_decision_or_a_panic_undoes_itself_alone() {
    let directory = directory();
    let store = open(directory.path());
    for (uid, words) in [
        (1, "un"),
        (2, "fails"),
        (3, "trois"),
        (4, "panics"),
        (5, "wrong"),
    ] {
        accept(&store, uid, words).await;
    }
    let mails = next_mails(&store, at(0)).await;
    let inputs: Vec<_> = mails.iter().map(input).collect();
    let results = store
        .settle(inputs.clone(), at(0), |input, lookup| {
            let mut settlement = desk(input, lookup)?;
            let Input::Mail(arrival) = input else {
                unreachable!("mails only")
            };
            match arrival.mail.title.as_str() {
                "fails" => anyhow::bail!("no decision"),
                "panics" => panic!("a mistake of ours"),
                // Bytes for a notice that was never decided: refused after the ticket was written.
                "wrong" => settlement.outgoing[0].notice = NoticeId(4711),
                _ => {}
            }
            Ok(settlement)
        })
        .await
        .expect("settled");
    let went: Vec<_> = results.iter().map(|result| result.is_ok()).collect();
    assert_eq!(went, [true, false, true, false, false]);
    let panic = results[3].as_ref().expect_err("it panicked");
    assert!(panic.to_string().contains("a mistake of ours"), "{panic:#}");
    // No number is lost to those that failed, and nothing of them is left.
    let tickets = store.tickets(Default::default()).await.expect("listed");
    let mut titles: Vec<_> = tickets
        .iter()
        .map(|ticket| (ticket.id.0, &*ticket.title))
        .collect();
    titles.sort_unstable();
    assert_eq!(titles, [(1, "un"), (2, "trois")]);
    let outbox = store.outbox_list(None, None, 0).await.expect("listed");
    assert_eq!(outbox.len(), 2);
    assert_sound(&store).await;
    let row = store
        .inbox_show(InboxId(2))
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        (row.state, row.error.as_str()),
        (InboxState::New, "no decision")
    );
    assert_eq!(row.attempts, 1, "the attempt stays counted");
    // They rest, then come again alone.
    assert_eq!(next_mails(&store, at(1)).await, []);
    assert_eq!(ids(&next_mails(&store, at(60)).await), [2]);
    assert_eq!(ids(&next_mails(&store, at(60)).await), [4]);
    // What is settled is not settled twice.
    let again = store.settle(inputs[..1].to_vec(), at(60), desk).await;
    let again = again.expect("settled").remove(0).expect("no error");
    assert_eq!(again, Settled::Before);
}

#[tokio::test]
async fn a_crash_while_reading_costs_an_attempt_and_the_third_is_the_last() {
    let directory = directory();
    let mut store = open(directory.path());
    accept(&store, 1, "poison").await;
    accept(&store, 2, "bon").await;
    assert_eq!(ids(&next_mails(&store, at(0)).await), [1, 2]);
    for attempt in 2..=3 {
        drop(store);
        store = open(directory.path());
        let leftovers = store.take_over(at(0)).await.expect("taken over");
        assert_eq!(leftovers.mails, if attempt == 2 { 2 } else { 1 });
        // Each alone, so that the good one comes through whatever the other does. Before the last
        // attempt the desk has been at work for a while: somebody who kills it is not the mail.
        let now = if attempt == 2 {
            at(0)
        } else {
            assert_eq!(next_mails(&store, at(0)).await, []);
            at(60)
        };
        let mails = next_mails(&store, now).await;
        assert_eq!(ids(&mails), [1]);
        assert_eq!(mails[0].attempts, attempt);
        if attempt == 2 {
            let good = next_mails(&store, at(0)).await;
            assert_eq!(ids(&good), [2]);
            let settled = store.settle(vec![input(&good[0])], at(0), desk).await;
            settled.expect("settled").remove(0).expect("decided");
            assert_eq!(state(&store, 2).await, InboxState::Filed);
        }
    }
    drop(store);
    let store = open(directory.path());
    store.take_over(at(0)).await.expect("taken over");
    assert_eq!(next_mails(&store, at(0)).await, []);
    let poison = store.poisoned(at(0)).await.expect("looked");
    assert_eq!(poison, [(InboxId(1), String::new())]);
    let inputs = vec![Input::Poison {
        inbox: InboxId(1),
        why: "it stopped the desk three times".to_owned(),
    }];
    let settled = store
        .settle(inputs, at(0), |_, _| {
            Ok(Settlement {
                decision: Decision {
                    disposition: Some(Disposition::Quarantined),
                    why: "it stopped the desk three times".to_owned(),
                    ..Decision::default()
                },
                outgoing: Vec::new(),
            })
        })
        .await;
    settled.expect("settled").remove(0).expect("quarantined");
    assert_eq!(state(&store, 1).await, InboxState::Quarantined);
    let raw = store.raw(InboxId(1)).await.expect("read").expect("kept");
    assert_eq!(subject(&raw), "poison");
    // An operator may try it once more, when the fault is mended.
    store.inbox_retry(InboxId(1)).await.expect("set going");
    assert_eq!(ids(&next_mails(&store, at(0)).await), [1]);
}

#[tokio::test]
async fn a_lease_keeps_a_mail_for_its_time() {
    let directory = directory();
    let store = open(directory.path());
    accept(&store, 1, "un").await;
    assert_eq!(ids(&next_mails(&store, at(0)).await), [1]);
    assert_eq!(next_mails(&store, at(299)).await, []);
    let next = store.next_mail_at().await.expect("read");
    assert_eq!(next, Some(at(300)));
    assert_eq!(ids(&next_mails(&store, at(300)).await), [1]);
    // Given back without having been tried, its attempt does not count.
    let back = store.give_back(vec![InboxId(1)], at(300));
    back.await.expect("given back");
    assert_eq!(next_mails(&store, at(300)).await[0].attempts, 2);
}

#[tokio::test]
async fn mails_come_in_order_and_bounded_by_number_and_bytes() {
    let directory = directory();
    let store = open(directory.path());
    for uid in 1..=6 {
        accept(&store, uid, &"x".repeat(100)).await;
    }
    // All the same bytes: one mail.
    assert_eq!(ids(&next_mails(&store, at(0)).await), [1]);
    for uid in 11..=16 {
        accept(&store, uid, &format!("{uid}{}", "x".repeat(400))).await;
    }
    let some = async |most| ids(&some_mails(&store, most, Tried::Also, at(0)).await);
    assert_eq!(some((2, 1 << 20)).await, [2, 3]);
    assert_eq!(some((9, 2000)).await, [4, 5], "two fit");
    assert_eq!(some((9, 10)).await, [6], "at least one");
}

#[tokio::test]
async fn what_was_tried_is_not_read_beside_others_and_not_overtaken() {
    let directory = directory();
    let store = open(directory.path());
    accept(&store, 1, "un").await;
    assert_eq!(ids(&next_mails(&store, at(0)).await), [1]);
    accept(&store, 2, "deux").await;
    let beside = async || ids(&some_mails(&store, (100, 1 << 20), Tried::Not, at(300)).await);
    assert!(beside().await.is_empty());
    assert_eq!(ids(&next_mails(&store, at(300)).await), [1]);
    assert_eq!(beside().await, [2]);
}

#[tokio::test]
async fn a_verdict_is_kept_for_the_next_attempt() {
    let directory = directory();
    let store = open(directory.path());
    accept(&store, 1, "un").await;
    assert_eq!(next_mails(&store, at(0)).await[0].authenticity, None);
    let kept = store.authenticated(vec![(InboxId(1), Authenticity::Fail)]);
    kept.await.expect("kept");
    let again = next_mails(&store, at(300)).await;
    assert_eq!(again[0].authenticity, Some(Authenticity::Fail));
}

#[tokio::test]
async fn an_attempt_is_counted_in_the_file_before_the_mail_is_handed_out() {
    let directory = directory();
    let store = open(directory.path());
    accept(&store, 1, "un").await;
    next_mails(&store, at(0)).await;
    let other = rusqlite::Connection::open(directory.path().join("guichet.db")).expect("opened");
    let attempts: i64 = other
        .query_row("SELECT attempts FROM inbox WHERE id = 1", [], |row| {
            row.get(0)
        })
        .expect("read");
    assert_eq!(attempts, 1);
}

/// What happens to the ticket, as the small desk would write it.
async fn change(store: &Store, id: TicketId, seconds: i64, what: What) {
    let mut ticket = store.ticket(id).await.expect("read").expect("there");
    let event = event(seconds, what);
    ticket.apply(&event);
    let settlement = Settlement {
        decision: Decision {
            changed: vec![Changed {
                ticket,
                events: vec![event],
            }],
            ..Decision::default()
        },
        outgoing: Vec::new(),
    };
    settle(store, at(seconds), settlement).await;
}

#[tokio::test]
async fn timers_are_due_when_they_say() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un", "deux"]).await;
    assert_eq!(store.next_due().await.expect("read"), None);
    let resolved = |close_at| What::Status {
        to: Status::Resolved,
        close_at,
        remind_at: None,
        reason: None,
    };
    change(&store, ids[0], 10, resolved(Some(at(1000)))).await;
    change(&store, ids[1], 10, resolved(None)).await;
    let mut kept = notice(10, ids[1], Kind::FollowUp);
    kept.due_at = Some(at(500));
    settle(&store, at(20), saying(vec![kept.clone()])).await;
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.next_due().await.expect("read"), Some(at(500)));
    let due = store.due(at(499)).await.expect("read");
    assert_eq!((due.tickets, due.notices), (vec![], vec![]));
    let due = store.due(at(1000)).await.expect("read");
    assert_eq!(due.tickets, [ids[0]]);
    assert_eq!(due.notices, [NoticeId(10)]);
    // The notice can be looked up as it was kept; once it is said there is nothing to say again.
    let results = store
        .settle(vec![nothing()], at(1000), |_, lookup| {
            let told = lookup.notice(NoticeId(10))?.expect("there");
            let mut kept = told.notice.expect("kept");
            kept.due_at = None;
            let mut settlement = saying(vec![kept]);
            settlement.decision.settled_notices = vec![NoticeId(10)];
            Ok(settlement)
        })
        .await;
    results.expect("settled").remove(0).expect("said");
    let closed = What::Status {
        to: Status::Closed,
        close_at: None,
        remind_at: None,
        reason: None,
    };
    change(&store, ids[0], 1000, closed).await;
    let due = store.due(at(9000)).await.expect("read");
    assert_eq!((due.tickets, due.notices), (vec![], vec![]));
    assert_eq!(store.next_due().await.expect("read"), None);
    let known = store.known(
        Question {
            notices: [NoticeId(10)].into(),
            ..Question::default()
        },
        at(1000),
    );
    assert_eq!(
        known.await.expect("read").notices[&NoticeId(10)].notice,
        None
    );
    let outbox = store
        .outbox_list(None, Some(ids[1]), 0)
        .await
        .expect("listed");
    assert_eq!(outbox[0].notice, NoticeId(10));
    assert_sound(&store).await;
}

#[tokio::test]
async fn a_notice_that_is_no_longer_wanted_is_never_due() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un"]).await;
    let mut kept = notice(10, ids[0], Kind::FollowUp);
    kept.due_at = Some(at(500));
    settle(&store, at(0), saying(vec![kept])).await;
    let settlement = Settlement {
        decision: Decision {
            settled_notices: vec![NoticeId(10)],
            ..Decision::default()
        },
        outgoing: Vec::new(),
    };
    settle(&store, at(1), settlement).await;
    assert_eq!(store.due(at(9999)).await.expect("read").notices, []);
}

#[tokio::test]
async fn automatic_mails_are_counted_for_the_limits() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un"]).await;
    let say = async |id: i64, seconds: i64, to: &str, kind: Kind, automation: Automation| {
        let mut notice = notice(id, ids[0], kind);
        notice.to.address = to.to_owned();
        notice.automation = automation;
        settle(&store, at(seconds), saying(vec![notice])).await;
    };
    let (person, technician) = ("Ana@Outside.example", "tech@inside.example");
    say(10, 0, person, Kind::Acknowledgement, Automation::Replied).await;
    say(11, 50 * 60, person, Kind::Resolved, Automation::Generated).await;
    say(12, 59 * 60, person, Kind::FollowUp, Automation::Person).await;
    say(
        13,
        59 * 60,
        "bo@outside.example",
        Kind::Resolved,
        Automation::Generated,
    )
    .await;
    say(
        14,
        59 * 60,
        technician,
        Kind::TeamNew,
        Automation::Generated,
    )
    .await;
    let mut kept = notice(15, ids[0], Kind::Resolved);
    kept.to.address = person.to_owned();
    kept.due_at = Some(at(99_999));
    settle(&store, at(59 * 60), saying(vec![kept])).await;
    let question = Question {
        addresses: ["ana@outside.example".to_owned(), technician.to_owned()].into(),
        ..Question::default()
    };
    let known = store
        .known(question.clone(), at(59 * 60 + 59))
        .await
        .expect("known");
    let sent = |hour, day, ten_minutes| guichet::desk::Sent {
        hour,
        day,
        ten_minutes,
    };
    assert_eq!(known.sent_to["ana@outside.example"], sent(2, 2, 1));
    assert_eq!(known.sent_to_domain["outside.example"], sent(3, 3, 2));
    assert_eq!(known.sent_to[technician], sent(1, 1, 1));
    // One acknowledgement is of `opened`; what goes to staff is not counted in all.
    assert_eq!(known.sent_in_all, sent(4, 4, 2));
    let known = store
        .known(question.clone(), at(60 * 60))
        .await
        .expect("known");
    assert_eq!(known.sent_to["ana@outside.example"], sent(1, 2, 0));
    let known = store.known(question, at(25 * 3600)).await.expect("known");
    assert_eq!(known.sent_to["ana@outside.example"], sent(0, 0, 0));
}

#[tokio::test]
async fn a_command_is_remembered_once_per_notice_and_line() {
    let directory = directory();
    let store = open(directory.path());
    let settlement = Settlement {
        decision: Decision {
            executed: vec![(NoticeId(3), "#resolu".to_owned()); 2],
            ..Decision::default()
        },
        outgoing: Vec::new(),
    };
    settle(&store, at(0), settlement.clone()).await;
    settle(&store, at(1), settlement).await;
    let known = store.known(
        Question {
            notices: [NoticeId(3), NoticeId(4)].into(),
            ..Question::default()
        },
        at(1),
    );
    let executed = known.await.expect("known").executed;
    assert_eq!(executed, [(NoticeId(3), "#resolu".to_owned())].into());
}

#[tokio::test]
async fn the_audit_finds_a_ticket_that_is_not_its_events() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un", "deux"]).await;
    let mut ticket = store.ticket(ids[0]).await.expect("read").expect("there");
    ticket.title = "changed behind the events".to_owned();
    let settlement = Settlement {
        decision: Decision {
            changed: vec![Changed {
                ticket,
                events: Vec::new(),
            }],
            ..Decision::default()
        },
        outgoing: Vec::new(),
    };
    settle(&store, at(1), settlement).await;
    let wrong = store.audit().await.expect("audited");
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(
        wrong[0].contains("ticket 1") && wrong[0].contains("title"),
        "{wrong:?}"
    );
}
