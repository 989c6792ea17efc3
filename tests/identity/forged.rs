//! Forged mails of every kind (RELIABILITY T12–T15), as a matrix: who it says it is from, what it
//! carries to point at a ticket, what is said of its sender. Nothing runs, nothing of it is shown to
//! a requester, nobody whose name was used is written to.

use std::collections::BTreeMap;

use chrono::Duration;
use guichet::desk::Kind;
use guichet::store::InboxState;
use guichet::ticket::{Part, Status, What};
use guichet::token::{Keys, Purpose, RecipientTag, Reply};

use super::desk::{CAMILLE, Desk, Draft, KARIM, KEY, MARIE, Sent, id_of, latest};

const RESULTS: &str = "[authentication]\nmode = \"results\"\nauthserv_id = \"mx.example.org\"\nown_hosts = [\"mx.example.org\"]\n[limits]\nsender_per_hour = 0\nsender_per_day = 0\ndomain_per_hour = 0\ntotal_per_hour = 0\ntechnician_per_hour = 0\n";
const NONE: &str = "[limits]\nsender_per_hour = 0\nsender_per_day = 0\ndomain_per_hour = 0\ntotal_per_hour = 0\ntechnician_per_hour = 0\n";

/// Ways to look like Camille; true when the address really is hers.
const AUTHORS: [(&str, &str, bool); 14] = [
    (
        "plain",
        "From: Camille Martin <camille.martin@example.org>\r\n",
        true,
    ),
    ("capitals", "From: CAMILLE.MARTIN@EXAMPLE.ORG\r\n", true),
    (
        "group",
        "From: Support: camille.martin@example.org;\r\n",
        true,
    ),
    (
        "name",
        "From: \"camille.martin@example.org\" <x@evil.example>\r\n",
        false,
    ),
    (
        "encoded-name",
        "From: =?utf-8?Q?Camille_Martin_=3Ccamille=2Emartin=40example=2Eorg=3E?= <x@evil.example>\r\n",
        false,
    ),
    (
        "comment",
        "From: x@evil.example (camille.martin@example.org)\r\n",
        false,
    ),
    (
        "reply-to",
        "From: x@evil.example\r\nReply-To: camille.martin@example.org\r\n",
        false,
    ),
    (
        "sender",
        "From: x@evil.example\r\nSender: camille.martin@example.org\r\n",
        false,
    ),
    (
        "two-in-one",
        "From: camille.martin@example.org, x@evil.example\r\n",
        true,
    ),
    (
        "two-fields",
        "From: Camille <camille.martin@example.org>\r\nFrom: x@evil.example\r\n",
        true,
    ),
    (
        "two-reversed",
        "From: x@evil.example\r\nFrom: Camille <camille.martin@example.org>\r\n",
        false,
    ),
    (
        "digit-for-letter",
        "From: Camille Martin <camille.martin@examp1e.org>\r\n",
        false,
    ),
    (
        "cyrillic",
        "From: Camille Martin <с\u{430}mille.martin@example.org>\r\n",
        false,
    ),
    (
        "idn",
        "From: Camille Martin <camille.martin@ex\u{430}mple.org>\r\n",
        false,
    ),
];

const BORDER: &str = "Received: from x (x [192.0.2.7]) by mx.example.org with ESMTP; Mon, 23 Nov 2026 10:00:00 +0100\r\n";
const FORGED: &str = "Authentication-Results: mx.example.org; dkim=pass header.d=example.org; dmarc=pass header.from=example.org\r\n";

/// What stands above and below, and whether the border server disowns the sender.
fn verdicts() -> Vec<(&'static str, String, String, bool)> {
    let said = |what: &str| format!("Authentication-Results: mx.example.org; {what}\r\n");
    vec![
        ("nothing", BORDER.to_owned(), String::new(), false),
        ("forged-below", BORDER.to_owned(), FORGED.to_owned(), false),
        (
            "forged-below-with-hop",
            BORDER.to_owned(),
            format!("{BORDER}{FORGED}"),
            false,
        ),
        (
            "other-server-above",
            format!(
                "Authentication-Results: mx.evil.example; dmarc=pass header.from=example.org\r\n{BORDER}"
            ),
            String::new(),
            false,
        ),
        (
            "fail",
            format!("{}{BORDER}", said("dmarc=fail header.from=example.org")),
            FORGED.to_owned(),
            true,
        ),
        (
            "somebody-else-passes",
            format!(
                "{}{BORDER}",
                said("dkim=pass header.d=evil.example; dmarc=pass header.from=evil.example")
            ),
            String::new(),
            false,
        ),
        (
            "spf-alone",
            format!("{}{BORDER}", said("spf=pass smtp.mailfrom=example.org")),
            String::new(),
            false,
        ),
    ]
}

/// A desk with Marie's ticket 1, a month old, and her ticket 2; and what points at them.
async fn besieged(tables: &str) -> (Desk, Vec<(&'static str, String)>) {
    let desk = Desk::open("", tables);
    let proven = |draft: Draft<'_>| {
        let result =
            "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n";
        [result.as_bytes(), &draft.write()].concat()
    };
    desk.receive(proven(Draft::default())).await;
    let old = desk.sent();
    desk.pass(Duration::days(31));
    desk.receive(proven(Draft {
        message_id: "m2@poste.example.org",
        subject: "Imprimante",
        body: "L'imprimante du B104 bourre.",
        ..Draft::default()
    }))
    .await;
    let new = desk.sent();
    let keys = Keys::parse(&Keys::file_text(&KEY)).expect("keys");
    let other_keys = Keys::parse(&Keys::file_text(&[9; 32])).expect("keys");
    let own = id_of(latest(&new, CAMILLE));
    let made = |keys: &Keys, purpose, ticket, notice, to: &str| {
        let reply = Reply {
            purpose,
            ticket,
            notice,
            recipient: RecipientTag::of(to),
        };
        format!(
            "guichet.{}.{}@example.org",
            keys.instance(),
            reply.seal(keys)
        )
    };
    let (head, domain) = own.split_once('@').expect("an id");
    let flip = |at: usize| {
        let mut head: Vec<char> = head.chars().collect();
        let at = head.len() - 1 - at;
        head[at] = if head[at] == 'q' { 'r' } else { 'q' };
        format!("{}@{domain}", head.into_iter().collect::<String>())
    };
    let carriers = vec![
        ("no-token", String::new()),
        ("known-message", "m2@poste.example.org".to_owned()),
        ("expired", id_of(latest(&old, CAMILLE))),
        ("another-recipients", id_of(latest(&new, KARIM))),
        ("requesters", id_of(latest(&new, MARIE))),
        (
            "another-tickets",
            made(&keys, Purpose::Technician, 1, 2, KARIM),
        ),
        (
            "never-issued",
            made(&keys, Purpose::Technician, 2, 9_999, CAMILLE),
        ),
        (
            "another-instances",
            made(&other_keys, Purpose::Technician, 2, 5, CAMILLE),
        ),
        ("truncated", format!("{}@{domain}", &head[..head.len() - 1])),
        ("flipped-last", flip(0)),
        ("flipped-middle", flip(20)),
        ("her-own", own),
    ];
    (desk, carriers)
}

fn acknowledgements<'a>(sent: &'a [Sent], to: &str) -> Vec<&'a Sent> {
    let is_ack = |sent: &&Sent| {
        let subject = sent.mail.subject.as_deref().unwrap_or_default();
        sent.to == to && subject.contains("Enregistrement")
    };
    sent.iter().filter(is_ack).collect()
}

/// Nothing was carried out, and nothing that strangers wrote became part of the conversation.
async fn unharmed(desk: &Desk, cases: &BTreeMap<i64, String>) {
    for id in [1, 2] {
        let ticket = desk.ticket(id).await;
        assert_eq!(ticket.status, Status::Open, "ticket {id}");
        assert_eq!(ticket.technician, None, "ticket {id}");
        for person in &ticket.people {
            let outsider = person.who.key() != MARIE;
            assert!(!outsider || person.part == Part::Contributor, "{person:?}");
        }
        let mut own = 0;
        for event in desk.events(id).await {
            match &event.what {
                What::Command { line, done, .. } => assert!(!done, "{line} ran on ticket {id}"),
                What::Mail { inbox, .. } if event.public => {
                    own += 1;
                    let case = inbox.and_then(|inbox| cases.get(&inbox.0));
                    assert_eq!(case, None, "joined the conversation of ticket {id}");
                }
                _ => {}
            }
        }
        assert_eq!(own, 1, "Marie's own mail is there");
    }
}

async fn besiege(tables: &str, authenticates: bool) -> usize {
    let (desk, carriers) = besieged(tables).await;
    let mut raws = Vec::new();
    let mut names = Vec::new();
    for (author, from, hers) in AUTHORS {
        for (verdict, above, below, fails) in verdicts() {
            for (carrier, id) in &carriers {
                // Where nobody can be authenticated, her address with her own token is she.
                if !authenticates && hers && *carrier == "her-own" {
                    continue;
                }
                let name = format!("{author} / {verdict} / {carrier}");
                let number = raws.len();
                let message_id = format!("x{number}@evil.example");
                let raw = Draft {
                    above: &format!("{above}{from}"),
                    from: "",
                    subject: "Re: [DSI-2] Imprimante [#1] [DSI-1]",
                    message_id: &message_id,
                    answers: id,
                    below: &below,
                    body: &format!("#prendre\n#clore\nMot de l'intrus {number}"),
                    ..Draft::default()
                }
                .write();
                raws.push(raw);
                names.push((name, hers && fails));
            }
        }
    }
    let count = raws.len();
    let ids = desk.accept(raws).await;
    desk.settle().await;
    let cases = ids
        .iter()
        .zip(&names)
        .map(|(id, (name, _))| (id.0, name.clone()))
        .collect();
    unharmed(&desk, &cases).await;
    for (id, (name, disowned)) in ids.iter().zip(&names) {
        let row = desk.row(*id).await;
        assert!(
            matches!(row.state, InboxState::Filed | InboxState::Duplicate),
            "{name}: {:?}, {}",
            row.state,
            row.why
        );
        if authenticates && *disowned && !name.starts_with("two-") {
            assert_eq!(row.authenticity.as_deref(), Some("fail"), "{name}");
            let ticket = desk.ticket(row.ticket.expect("filed").0).await;
            assert!(!ticket.verified && ticket.id.0 > 2, "{name}: kept apart");
            let told = desk.events(ticket.id.0).await.into_iter().any(|event| {
                matches!(event.what, What::Notified { ref notification, .. } if notification == Kind::Acknowledgement.as_str())
            });
            assert!(!told, "{name}: an acknowledgement to a spoofed address");
        }
    }
    let sent = desk.sent();
    assert_eq!(
        acknowledgements(&sent, MARIE).len(),
        0,
        "Marie wrote none of them"
    );
    let leaked = sent.iter().filter(|sent| sent.to == MARIE);
    for sent in leaked {
        assert!(!sent.mail.text.contains("intrus"), "{}", sent.mail.text);
    }
    desk.check().await;
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_forged_commands_or_joins_where_senders_are_authenticated() {
    let count = besiege(RESULTS, true).await;
    assert!(count >= 1000, "{count}");
    println!("{count} forged mails with authentication: 0 commands, 0 joined");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_forged_commands_or_joins_where_nobody_can_be() {
    let count = besiege(NONE, false).await;
    assert!(count >= 1000, "{count}");
    println!("{count} forged mails without authentication: 0 commands, 0 joined");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_honest_command_mails_run_once_each() {
    let desk = Desk::open("", RESULTS);
    let pass = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n";
    for number in 1..=50 {
        let id = format!("m{number}@poste.example.org");
        let body = format!("Demande {number}.");
        let from = format!("Personne {number} <personne{number}@example.org>");
        let request = Draft {
            above: pass,
            from: &from,
            message_id: &id,
            body: &body,
            ..Draft::default()
        };
        desk.receive(request.write()).await;
    }
    let told: Vec<String> = desk
        .sent()
        .iter()
        // Fifty people with one trouble: the desk also proposes a major incident, once.
        .filter(|sent| {
            let subject = sent.mail.subject.as_deref().unwrap_or_default();
            sent.to == CAMILLE && subject.contains("Nouvelle demande")
        })
        .map(|sent| id_of(&sent.mail))
        .collect();
    assert_eq!(told.len(), 50);
    for (number, told) in told.iter().enumerate() {
        let id = format!("r{number}@poste.example.org");
        let reply = Draft {
            above: pass,
            from: "Camille Martin <camille.martin@example.org>",
            message_id: &id,
            answers: told,
            body: "#prendre\n#attente\nQuel est votre bureau ?",
            ..Draft::default()
        }
        .write();
        desk.receive(reply.clone()).await;
        // The server delivers it once more, by another way.
        let again = [
            b"Received: from a by b with SMTP; Mon, 23 Nov 2026 10:00:00 +0100\r\n".to_vec(),
            reply,
        ]
        .concat();
        let again = [pass.as_bytes(), &again].concat();
        let row = desk.receive(again).await;
        assert_eq!(row.state, InboxState::Duplicate, "{}", row.why);
    }
    for number in 1..=50 {
        assert_eq!(
            desk.executed(number).await,
            ["#prendre", "#attente"],
            "ticket {number}"
        );
    }
    desk.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_other_desks_and_our_own_set_nothing() {
    let desk = Desk::open("", NONE);
    let instance = Keys::parse(&Keys::file_text(&KEY)).expect("keys");
    desk.receive(Draft::default().write()).await;
    desk.sent();
    let smuggled = String::from(
        "X-Zammad-Ticket-Id: 1\r\nX-Zammad-Ticket-State: closed\r\nX-Zammad-Customer-Email: x@evil.example\r\n\
         RT-Send-Cc: victime@ailleurs.example\r\nRT-Ticket: 1\r\nX-RT-Loop-Prevention: example\r\n\
         X-Guichet-Ticket: 1\r\nX-Guichet-Status: closed\r\nX-OTRS-State: closed\r\nX-OTRS-Owner: x\r\n\
         X-Original-Authentication: pass\r\nErrors-To: victime@ailleurs.example\r\n",
    );
    let row = desk
        .receive(
            Draft {
                from: "x@evil.example",
                message_id: "x1@evil.example",
                below: &smuggled,
                ..Draft::default()
            }
            .write(),
        )
        .await;
    assert_eq!(row.ticket.map(|id| id.0), Some(2), "a ticket of its own");
    // Our own mark on a stranger's mail makes it a machine's, nothing more.
    let mark = format!("X-Guichet-Instance: {}\r\n", instance.instance());
    desk.receive(
        Draft {
            from: "x@evil.example",
            message_id: "x2@evil.example",
            answers: "m1@poste.example.org",
            below: &mark,
            body: "#clore",
            ..Draft::default()
        }
        .write(),
    )
    .await;
    assert_eq!(desk.ticket(1).await.status, Status::Open);
    let to: Vec<String> = desk.sent().into_iter().map(|sent| sent.to).collect();
    assert!(!to.iter().any(|to| to.contains("ailleurs")), "{to:?}");
    desk.check().await;
}

/// T15: somebody has a robot write to the desk, to read its answer on the page.
#[tokio::test(flavor = "multi_thread")]
async fn a_robots_code_is_seen_by_staff_alone() {
    let desk = Desk::open("plus_addressing = true", NONE);
    // Whoever wants the code opens a ticket and copies a friend.
    let own = Draft {
        from: "Voleur <voleur@evil.example>",
        below: "Cc: complice@evil.example\r\n",
        ..Draft::default()
    };
    desk.receive(own.write()).await;
    let sent = desk.sent();
    let ack = latest(&sent, "voleur@evil.example").clone();
    let reply_to = ack
        .reply_to
        .first()
        .expect("plus addressing")
        .address
        .clone();
    assert!(reply_to.contains('+'), "{reply_to}");
    let robot = |id: &'static str, to: String, below: &'static str| {
        Draft {
            from: "Messagerie <noreply@chat.example>",
            to: &to,
            subject: "Votre code de vérification",
            message_id: id,
            below,
            body: "Votre code : 815 442",
            ..Draft::default()
        }
        .write()
    };
    desk.receive(robot(
        "a@chat.example",
        reply_to.clone(),
        "Auto-Submitted: auto-generated\r\n",
    ))
    .await;
    desk.receive(robot("b@chat.example", reply_to, "")).await;
    desk.receive(robot(
        "c@chat.example",
        "support@example.org".to_owned(),
        "",
    ))
    .await;
    for event in desk.events(1).await {
        let text = event.what.text().unwrap_or_default();
        assert!(
            !(event.public && text.contains("815 442")),
            "on the page of the thief"
        );
    }
    for sent in desk.sent() {
        let outside = sent.to.ends_with("evil.example") || sent.to.ends_with("chat.example");
        assert!(
            !(outside && sent.mail.text.contains("815 442")),
            "{}",
            sent.to
        );
        assert_ne!(
            sent.to, "complice@evil.example",
            "who is in copy is told nothing"
        );
    }
    // The friend in copy may add; he reads nothing.
    let friend = desk.ticket(1).await;
    let friend = friend.person("complice@evil.example").expect("in copy");
    assert_eq!(friend.part, Part::Contributor);
    desk.check().await;
}
