//! Floods: ten thousand victims of a relay attack, ten thousand guesses, one busy hour for staff.

use std::collections::BTreeMap;

use chrono::Duration;
use guichet::desk::{self, Arrival, Disposition, Input};
use guichet::mail::authenticity::Authenticity;
use guichet::mail::{self, Digest};
use guichet::ticket::{InboxId, TicketId};

use super::desk::{CAMILLE, Desk, Draft, MARIE};

const VICTIMS: usize = 10_000;

/// What the attacker wants to reach his victims, wherever he can write it.
const BAIT: [&str; 5] = ["Gagnez", "argent-facile", "Bandit", "appât", "facture.exe"];

fn bait(number: usize) -> Vec<u8> {
    let from = format!(
        "Bandit Gagnez <victime{number}@domaine{}.example>",
        number % 700
    );
    let id = format!("k{number}@envoi.example");
    let file = "Content-Type: multipart/mixed; boundary=\"limite\"\r\n";
    let body = format!(
        "--limite\nContent-Type: text/plain; charset=utf-8\n\nGagnez ici : https://argent-facile.example/{number} appât\n--limite\nContent-Type: application/octet-stream; name=\"facture.exe\"\nContent-Disposition: attachment; filename=\"facture.exe\"\n\nMZ\n--limite--"
    );
    let raw = Draft {
        from: &from,
        subject: "Gagnez https://argent-facile.example appât",
        message_id: &id,
        body: &body,
        ..Draft::default()
    }
    .write();
    let text = String::from_utf8(raw).expect("text");
    text.replacen("Content-Type: text/plain; charset=utf-8\r\n", file, 1)
        .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_attack_reaches_few_and_says_nothing_of_its_own() {
    let desk = Desk::open("", "[limits]\ntotal_per_hour = 200\n");
    for first in (0..VICTIMS).step_by(1000) {
        desk.accept((first..first + 1000).map(bait).collect()).await;
        desk.settle().await;
        desk.pass(Duration::minutes(5));
    }
    let tickets = desk.tickets().await.len();
    assert_eq!(tickets, VICTIMS, "every mail is a ticket");
    let sent = desk.sent();
    let victims: Vec<_> = sent
        .iter()
        .filter(|sent| sent.to.starts_with("victime"))
        .collect();
    assert_eq!(
        victims.len(),
        200,
        "as many as the bucket holds, in 50 minutes"
    );
    for sent in &victims {
        let raw = String::from_utf8_lossy(&sent.raw);
        for word in BAIT {
            assert!(!raw.contains(word), "{word} in {raw}");
            let read = format!(
                "{:?} {:?} {}",
                sent.mail.subject, sent.mail.to, sent.mail.text
            );
            assert!(!read.contains(word), "{word} in {read}");
        }
        assert!(sent.mail.attachments.is_empty());
        assert!(sent.mail.text.contains("[DSI-"), "the number is there");
    }
    // Staff: each technician within the budget, the rest waits; operations know.
    let mut staff: BTreeMap<&str, usize> = BTreeMap::new();
    for sent in &sent {
        *staff.entry(sent.to.as_str()).or_default() += 1;
    }
    assert!(staff[CAMILLE] <= 60, "{}", staff[CAMILLE]);
    assert_eq!(staff["exploitation@example.org"], 1, "told once an hour");
    let held = desk.service.store().kept_notices().await.expect("readable");
    let waiting = held
        .iter()
        .filter(|held| held.kind == "acknowledgement")
        .count();
    assert_eq!(waiting + victims.len(), VICTIMS, "nothing was dropped");
    println!(
        "{VICTIMS} mails: {} acknowledgements, {waiting} held, {} mails to each technician",
        victims.len(),
        staff[CAMILLE]
    );
    desk.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_guesses_find_no_ticket() {
    let desk = Desk::open("", "");
    for number in 0..20 {
        let id = format!("m{number}@poste.example.org");
        let body = format!("Demande {number}");
        let from = format!("Personne {number} <personne{number}@example.org>");
        let draft = Draft {
            from: &from,
            message_id: &id,
            body: &body,
            ..Draft::default()
        };
        desk.receive(draft.write()).await;
    }
    let sent = desk.sent();
    let ours: Vec<String> = sent
        .iter()
        .filter_map(|sent| sent.mail.message_id.clone())
        .collect();
    let (rules, now) = (desk.service.rules(), desk.now());
    let mut pointed = 0;
    for number in 1..=9999_usize {
        // A reference, the bare number, an id as ours would look, one of ours with another end.
        let subject = format!("Re: [DSI-{number}] [#{number}] suite");
        let template = &ours[number % ours.len()];
        let (head, domain) = template.split_once('@').expect("an id");
        let guess = format!("{}{number:04}@{domain}", &head[..head.len() - 4]);
        let predicted = guess.replace(|c: char| c.is_ascii_digit(), "b");
        let raw = Draft {
            from: "Devin <devin@evil.example>",
            subject: &subject,
            message_id: "guess@evil.example",
            answers: &predicted,
            ..Draft::default()
        }
        .write();
        let input = Input::Mail(Box::new(Arrival {
            inbox: InboxId(1_000_000),
            account: "support".to_owned(),
            recipient: None,
            sender: None,
            received_at: now,
            digest: Digest::of(&raw),
            mail: mail::read(&raw),
            authenticity: Authenticity::Pass,
            oversize: None,
            released: false,
            submission: None,
            offered: Vec::new(),
        }));
        let question = desk::question(&rules.policy, &rules.keys, &input);
        let known = desk
            .service
            .store()
            .known(question, now)
            .await
            .expect("known");
        pointed += usize::from(!known.tickets.is_empty());
        let decision = desk::decide(&rules.policy, &rules.keys, &input, &known, now);
        assert_eq!(
            decision.disposition,
            Some(Disposition::Filed(TicketId(21))),
            "guess {number} opens a ticket of its own"
        );
        for changed in &decision.changed {
            let attached = changed
                .events
                .iter()
                .filter(|event| event.what.kind() == "mail")
                .count();
            assert!(
                changed.ticket.id == TicketId(21) || attached == 0,
                "guess {number}"
            );
        }
    }
    assert_eq!(
        pointed, 20,
        "only the numbers that exist are even looked at"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_tickets_leaves_room_for_an_answer_and_ends_in_one_digest() {
    let desk = Desk::open("", "[limits]\ntechnician_per_hour = 20\n");
    desk.receive(Draft::default().write()).await;
    let flood = (0..100).map(|number| {
        let from = format!("Personne {number} <p{number}@d{number}.example>");
        let id = format!("f{number}@d.example");
        let subject = format!("Demande {number}");
        Draft {
            from: &from,
            message_id: &id,
            subject: &subject,
            ..Draft::default()
        }
        .write()
    });
    desk.accept(flood.collect()).await;
    desk.settle().await;
    let sent = desk.sent();
    let camille = sent.iter().filter(|sent| sent.to == CAMILLE).count();
    assert_eq!(
        camille, 15,
        "three quarters of the budget are for new tickets"
    );
    // Marie's answer still gets through.
    let ack = sent
        .iter()
        .find(|sent| sent.to == MARIE)
        .expect("acknowledged");
    let answer = Draft {
        message_id: "m2@poste.example.org",
        answers: ack.mail.message_id.as_deref().expect("ours have one"),
        body: "C'est le bureau B104.",
        ..Draft::default()
    };
    desk.receive(answer.write()).await;
    let sent = desk.sent();
    assert!(
        sent.iter()
            .any(|sent| sent.to == CAMILLE && sent.mail.text.contains("B104"))
    );
    // An hour later: the rest, in one mail.
    desk.pass(Duration::minutes(61));
    desk.settle().await;
    let sent = desk.sent();
    let camille: Vec<_> = sent.iter().filter(|sent| sent.to == CAMILLE).collect();
    assert_eq!(camille.len(), 1, "{camille:?}");
    let digest = &camille[0].mail;
    assert!(
        digest
            .text
            .contains("Nouvelle demande : Demande 20 — Personne 20"),
        "{}",
        digest.text
    );
    assert!(
        digest.text.contains("… et "),
        "long, so it tells how many more: {}",
        digest.text
    );
    let held = desk.service.store().kept_notices().await.expect("readable");
    assert!(
        held.iter().all(|held| held.to != CAMILLE),
        "nothing is left"
    );
    desk.check().await;
}
