//! Operating: what is found, listed, released; and how the command line works beside the daemon.

use guichet::store::{InboxState, Listing, Sought, TeamOf, TicketFilter, View};
use guichet::ticket::{InboxId, Nature};

use super::*;

fn titles(tickets: &[Ticket]) -> Vec<&str> {
    let mut titles: Vec<_> = tickets.iter().map(|ticket| &*ticket.title).collect();
    titles.sort_unstable();
    titles
}

#[tokio::test]
async fn a_search_looks_everywhere_and_minds_no_accent() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(
        &store,
        &["L'équipe n'a plus d'accès", "Écran noir", "Accès wifi"],
    )
    .await;
    let found = async |text: &str| {
        let tickets = store.search(text, 0).await.expect("searched");
        let sought = Sought {
            teams: vec!["dsi".to_owned()],
            limit: 10,
            ..Sought::default()
        };
        if !text.contains('@') {
            let hits = store.find(text, sought).await.expect("searched");
            assert_eq!(titles(&hits.tickets), titles(&tickets), "the page: {text}");
            assert!(!hits.cut);
        }
        titles(&tickets).join(" | ")
    };
    assert_eq!(found("equipe").await, "L'équipe n'a plus d'accès");
    assert_eq!(found("ÉCRAN").await, "Écran noir");
    assert_eq!(
        found("acces").await,
        "Accès wifi | L'équipe n'a plus d'accès"
    );
    assert_eq!(found("accès wi").await, "Accès wifi");
    assert_eq!(found("l'équipe").await, "L'équipe n'a plus d'accès");
    assert_eq!(found("DSI-2").await, "Écran noir");
    assert_eq!(found("camille.leger@example.org noir").await, "Écran noir");
    for nonsense in [
        "",
        "  ",
        "\"",
        "* OR",
        "AND (",
        "noir\"",
        "-",
        "écran NEAR/2 wifi\0",
    ] {
        let found = store.search(nonsense, 0).await;
        found.unwrap_or_else(|error| panic!("{nonsense:?}: {error:#}"));
    }
    // Words of one ticket may stand in different events.
    let mut ticket = store.ticket(ids[1]).await.expect("read").expect("there");
    let note = event(
        5,
        What::Note {
            text: "Dalle à changer".to_owned(),
            files: Vec::new(),
            inbox: None,
            why: None,
        },
    );
    ticket.apply(&note);
    let changed = vec![Changed {
        ticket,
        events: vec![note],
    }];
    let settlement = Settlement {
        decision: Decision {
            changed,
            ..Decision::default()
        },
        outgoing: Vec::new(),
    };
    settle(&store, at(5), settlement).await;
    assert_eq!(found("dalle écran").await, "Écran noir");
    assert_eq!(found("dalle wifi").await, "");
    assert_eq!(store.search("acces", 1).await.expect("searched").len(), 1);
}

/// Row I4: nothing of a suggestion is late, and the report of its month has it.
#[tokio::test]
async fn a_suggestion_is_never_late() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["Une borne à l'accueil", "Écran noir"]).await;
    let late = async || {
        let listing = Listing {
            view: View::Late,
            teams: vec![TeamOf {
                id: "dsi".to_owned(),
                late_before: at(3600),
            }],
            with_own: false,
            technician: String::new(),
            status: None,
            category: None,
            after: None,
            limit: 10,
        };
        let counts = store.count_lists(vec![listing.clone()]).await;
        let listed = store.list(listing).await.expect("listed");
        assert_eq!(
            counts.expect("counted"),
            [u32::try_from(listed.tickets.len()).expect("few")]
        );
        titles(&listed.tickets).join(" | ")
    };
    let month = async |from: i64, to: i64| {
        let suggestions = store.suggestions("dsi", at(from), at(to)).await;
        suggestions.expect("listed").len()
    };
    assert_eq!(late().await, "Une borne à l'accueil | Écran noir");
    assert_eq!(month(-1, 1).await, 0);
    let mut ticket = store.ticket(ids[0]).await.expect("read").expect("there");
    let classified = event(
        5,
        What::Classified {
            nature: Nature::Suggestion,
            category: None,
            why: String::new(),
        },
    );
    ticket.apply(&classified);
    let changed = vec![Changed {
        ticket,
        events: vec![classified],
    }];
    let settlement = Settlement {
        decision: Decision {
            changed,
            ..Decision::default()
        },
        outgoing: Vec::new(),
    };
    settle(&store, at(5), settlement).await;
    assert_eq!(late().await, "Écran noir");
    assert_eq!((month(-1, 1).await, month(1, 9).await), (1, 0));
}

#[tokio::test]
async fn tickets_are_listed_by_what_they_are() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un", "deux"]).await;
    let mut ticket = store.ticket(ids[0]).await.expect("read").expect("there");
    let technician = Address {
        name: None,
        address: "Tech@example.org".to_owned(),
    };
    let event = event(
        9,
        What::Assigned {
            technician: Some(technician),
        },
    );
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
    settle(&store, at(9), settlement).await;
    let list = async |filter: TicketFilter| {
        let tickets = store.tickets(filter).await.expect("listed");
        tickets.iter().map(|ticket| ticket.id.0).collect::<Vec<_>>()
    };
    let all = TicketFilter::default();
    assert_eq!(list(all.clone()).await, [1, 2], "the last changed first");
    let some = |text: &str| Some(text.to_owned());
    let of_technician = TicketFilter {
        technician: some("TECH@example.org"),
        ..all.clone()
    };
    assert_eq!(list(of_technician).await, [1]);
    let of_requester = TicketFilter {
        requester: some("camille.leger@example.org"),
        limit: 1,
        ..all.clone()
    };
    assert_eq!(list(of_requester).await, [1]);
    let closed = TicketFilter {
        status: some("closed"),
        ..all.clone()
    };
    assert_eq!(list(closed).await, [0; 0]);
    let open = TicketFilter {
        status: some("open"),
        team: some("dsi"),
        ..all
    };
    assert_eq!(list(open).await, [1, 2]);
}

#[tokio::test]
async fn an_ignored_mail_is_listed_and_can_be_released() {
    let directory = directory();
    let store = open(directory.path());
    accept(&store, 1, "Absence du bureau").await;
    let mails = next_mails(&store, at(0)).await;
    let settled = store
        .settle(vec![input(&mails[0])], at(0), |_, _| {
            Ok(Settlement {
                decision: Decision {
                    disposition: Some(Disposition::Ignored),
                    why: "an absence".to_owned(),
                    ..Decision::default()
                },
                outgoing: Vec::new(),
            })
        })
        .await;
    settled.expect("settled").remove(0).expect("ignored");
    let ignored = store.inbox_list(Some(InboxState::Ignored), 0).await;
    assert_eq!(ignored.expect("listed")[0].why, "an absence");
    let retry = store.inbox_retry(InboxId(1)).await.expect_err("not so");
    assert!(format!("{retry:#}").contains("is ignored"), "{retry:#}");
    // The command line, beside the daemon.
    let beside = Store::open_existing(directory.path()).expect("opened");
    beside.inbox_release(InboxId(1)).await.expect("released");
    let mails = next_mails(&store, at(0)).await;
    assert!(mails[0].released);
    assert_eq!(mails[0].attempts, 1);
    let settled = store.settle(vec![input(&mails[0])], at(0), desk).await;
    settled.expect("settled").remove(0).expect("filed");
    let error = beside.inbox_release(InboxId(1)).await.expect_err("filed");
    assert!(format!("{error:#}").contains("is filed"), "{error:#}");
    beside
        .inbox_release(InboxId(99))
        .await
        .expect_err("there is none");
}

#[tokio::test]
async fn counts_say_what_waits() {
    let directory = directory();
    let store = open(directory.path());
    store.first_start("support", at(0)).await.expect("noted");
    opened(&store, &["un"]).await;
    accept(&store, 77, "attend").await;
    let counts = store.counts().await.expect("counted");
    assert_eq!(counts.inbox["new"], 1);
    assert_eq!(counts.inbox["filed"], 1);
    assert_eq!(counts.oldest_mail, Some(at(0)));
    assert_eq!(counts.outbox["queued"], 1);
    assert_eq!(counts.oldest_notification, Some(at(0)));
    assert_eq!(counts.tickets["open"], 1);
    assert_eq!(counts.accounts["support"].unfiled, 2);
}

#[tokio::test]
async fn revoking_links_raises_the_generation_of_one_person() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["un"]).await;
    let mut ticket = store.ticket(ids[0]).await.expect("read").expect("there");
    let mut person = ticket.people[0].clone();
    person.generation += 1;
    let event = event(9, What::Person { person });
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
    settle(&store, at(9), settlement).await;
    let (_, person) = store
        .person(PersonId(1))
        .await
        .expect("read")
        .expect("there");
    assert_eq!(person.generation, 2);
    assert_eq!(store.person(PersonId(2)).await.expect("read"), None);
    assert_sound(&store).await;
}
