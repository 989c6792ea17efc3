//! A day among robots (RELIABILITY part 2, T17, G11): each answers what it gets, as its kind does,
//! with the headers of the polite and without; the desk is real, the day is simulated.
//! `UPDATE=1` writes the table of `docs/automatic-mail.md` anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, Duration, Timelike, Utc};
use guichet::ticket::TicketId;

use super::desk::{CAMILLE, Desk, Draft, KARIM, Sent, id_of};

/// What a robot writes.
#[derive(Clone, Debug, Default)]
struct Words {
    subject: String,
    answers: String,
    headers: String,
    body: String,
}

/// How a robot answers a mail of ours; `None`: not at all.
type Habit = fn(&Sent) -> Option<Words>;

struct Robot {
    /// As in the table.
    name: &'static str,
    address: &'static str,
    /// Minutes between a mail of ours and its answer.
    delay: i64,
    /// What it sends by itself: minutes after midnight, and words.
    begins: Vec<(i64, Words)>,
    answers: Habit,
}

fn words(subject: &str, headers: &str, body: &str) -> Words {
    Words {
        subject: subject.to_owned(),
        headers: headers.to_owned(),
        body: body.to_owned(),
        ..Words::default()
    }
}

/// A request by a person, which starts it all.
fn request() -> Vec<(i64, Words)> {
    vec![(
        5,
        words(
            "Accès au dépôt",
            "",
            "Bonjour,\nje n'ai plus accès au dépôt.\nMerci d'avance",
        ),
    )]
}

fn every(minutes: i64, from: i64, count: i64, of: &Words) -> Vec<(i64, Words)> {
    (0..count)
        .map(|number| {
            let mut words = of.clone();
            let _ = write!(words.body, "\n({number})");
            (from + minutes * number, words)
        })
        .collect()
}

fn subject(sent: &Sent) -> &str {
    sent.mail.subject.as_deref().unwrap_or_default()
}

fn reply(sent: &Sent, subject: String, headers: &str, body: &str) -> Option<Words> {
    Some(Words {
        subject,
        answers: id_of(&sent.mail),
        headers: headers.to_owned(),
        body: body.to_owned(),
    })
}

fn fresh(subject: &str, body: &str) -> Option<Words> {
    Some(words(subject, "", body))
}

fn silent(_: &Sent) -> Option<Words> {
    None
}

/// A delivery status notification about a mail of ours (RFC 3464).
fn report(sent: &Sent, action: &str, status: &str) -> Option<Words> {
    let id = id_of(&sent.mail);
    Some(Words {
        subject: "Undelivered Mail Returned to Sender".to_owned(),
        headers: "Return-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"limite\"\r\n".to_owned(),
        body: format!(
            "--limite\nContent-Type: text/plain\n\nThis is the mail system. Your message could not be delivered.\n\
             --limite\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n\n\
             --limite\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{id}>\n--limite--", sent.to),
        ..Words::default()
    })
}

fn robots() -> Vec<Robot> {
    let robot = |name, address, delay, begins, answers: Habit| Robot {
        name,
        address,
        delay,
        begins,
        answers,
    };
    let alert = "Auto-Submitted: auto-generated\r\n";
    let list = "List-Id: <annonces.listes.example>\r\nPrecedence: list\r\n";
    let calendar = "Content-Type: text/calendar; method=REPLY; charset=utf-8\r\n";
    let event = "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:1\nSUMMARY:Point\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example\nEND:VEVENT\nEND:VCALENDAR";
    let abuse =
        "Content-Type: multipart/report; report-type=feedback-report; boundary=\"limite\"\r\n";
    let abuse_body = "--limite\nContent-Type: text/plain\n\nAn abuse report.\n--limite\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n--limite--";
    vec![
        robot(
            "absence, avec en-tête",
            "absent@ville.example",
            0,
            request(),
            |sent| {
                reply(
                    sent,
                    format!("Re: {}", subject(sent)),
                    "Auto-Submitted: auto-replied\r\n",
                    "Je suis en congé.",
                )
            },
        ),
        robot(
            "absence, sans en-tête",
            "absent2@ville.example",
            0,
            request(),
            |sent| {
                reply(
                    sent,
                    format!("Absence : {}", subject(sent)),
                    "",
                    "Je suis absent du bureau jusqu'au 4 janvier.",
                )
            },
        ),
        robot(
            "absence inconnue, sans en-tête ni fil",
            "absent3@ville.example",
            1,
            request(),
            |_| fresh("Poza biurem", "Dzień dobry, nie ma mnie, wracam wkrótce."),
        ),
        robot("guichet OTRS", "aide@otrs.example", 2, request(), |sent| {
            reply(
                sent,
                format!("[Ticket#2026112310000017] RE: {}", subject(sent)),
                "X-OTRS-Loop: yes\r\nPrecedence: bulk\r\nAuto-Submitted: auto-replied\r\n",
                "Votre message a été reçu.",
            )
        }),
        robot(
            "guichet sans en-tête, cite notre référence",
            "aide@prestataire.example",
            2,
            request(),
            |sent| {
                fresh(
                    &format!("Votre demande 4711 : {}", subject(sent)),
                    "Nous avons bien reçu votre message et revenons vers vous.",
                )
            },
        ),
        robot(
            "guichet sans en-tête, numéro nouveau",
            "contact@boutique.example",
            3,
            request(),
            |sent| {
                fresh(
                    &format!("Demande n°{}", sent.raw.len()),
                    "Merci de votre message, il porte un nouveau numéro chez nous.",
                )
            },
        ),
        robot(
            "guichet « répondez au-dessus de cette ligne »",
            "support@nuage.example",
            1,
            request(),
            |sent| {
                reply(
                    sent,
                    format!("[Nuage] Re: {}", subject(sent)),
                    "",
                    "##- Please type your reply above this line -##\n\nYour request (8812) has been received and is being reviewed by our support staff.",
                )
            },
        ),
        robot(
            "accusé renvoyé : boîte inconnue",
            "parti@ville.example",
            0,
            request(),
            |sent| report(sent, "failed", "5.1.1"),
        ),
        robot(
            "remise retardée",
            "lent@ville.example",
            240,
            request(),
            |sent| report(sent, "delayed", "4.4.1"),
        ),
        robot(
            "double renvoi",
            "mailer-daemon@relais.example",
            0,
            every(
                60,
                20,
                12,
                &words(
                    "Undelivered Mail Returned to Sender",
                    "Return-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"limite\"\r\n",
                    "--limite\nContent-Type: text/plain\n\nfailed\n--limite\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; mailer-daemon@ailleurs.example\nAction: failed\nStatus: 5.0.0\n--limite--",
                ),
            ),
            silent,
        ),
        robot(
            "« Auto-Submitted: no »",
            "machine@usine.example",
            1,
            request(),
            |sent| {
                reply(
                    sent,
                    format!("Re: {}", subject(sent)),
                    "Auto-Submitted: no\r\n",
                    "Bien reçu, message suivant.",
                )
            },
        ),
        robot(
            "liste de diffusion",
            "annonces@listes.example",
            0,
            every(
                45,
                30,
                20,
                &words("[annonces] Séminaire", list, "Le séminaire de jeudi."),
            ),
            silent,
        ),
        robot(
            "notre propre adresse en expéditeur",
            "support@example.org",
            0,
            every(60, 40, 12, &words("Test", "", "Un test.")),
            |sent| reply(sent, format!("Re: {}", subject(sent)), "", "Un test."),
        ),
        robot(
            "robot « ne pas répondre »",
            "no-reply@banque.example",
            1,
            request(),
            |_| {
                fresh(
                    "Ne répondez pas à ce message",
                    "Cette adresse n'est pas lue.",
                )
            },
        ),
        robot(
            "robot muet sur sa nature, un quart d'heure après",
            "info@musee.example",
            16,
            request(),
            |_| {
                fresh(
                    "Merci",
                    "Votre message est arrivé dans notre boîte et sera lu par quelqu'un.",
                )
            },
        ),
        robot(
            "défi anti-spam",
            "gardien@filtre.example",
            1,
            request(),
            |sent| {
                reply(
                    sent,
                    format!("Confirmez votre envoi : {}", subject(sent)),
                    "",
                    "Pour que votre message soit remis, cliquez ici : https://filtre.example/c/1",
                )
            },
        ),
        robot(
            "surveillance",
            "nagios@infra.example",
            0,
            every(
                10,
                0,
                140,
                &words("PROBLEM: disk on db1", alert, "CRITICAL 97 %"),
            ),
            silent,
        ),
        robot(
            "réponses d'agenda",
            "agenda@ville.example",
            0,
            every(90, 15, 8, &words("Accepté : Point", calendar, event)),
            silent,
        ),
        robot(
            "numériseur",
            "numeriseur@example.org",
            0,
            every(
                30,
                8 * 60,
                18,
                &words("Numérisation", "", "Document numérisé."),
            ),
            silent,
        ),
        robot(
            "télécopieur",
            "fax@passerelle.example",
            0,
            every(
                12,
                9 * 60,
                30,
                &words("Fax de 0231000000", "", "Fax reçu, 2 pages."),
            ),
            silent,
        ),
        robot(
            "lettre d'information",
            "lettre@editeur.example",
            0,
            every(
                120,
                0,
                12,
                &words(
                    "Nos offres",
                    "List-Unsubscribe: <https://editeur.example/u>\r\n",
                    "Nos offres.",
                ),
            ),
            silent,
        ),
        robot(
            "rapport d'abus",
            "abuse@fournisseur.example",
            0,
            every(100, 0, 10, &words("Abuse report", abuse, abuse_body)),
            silent,
        ),
        robot(
            "boucle : renvoi vers nous, objet réécrit",
            "renvoi@ville.example",
            1,
            request(),
            |sent| {
                let text = sent.mail.text.clone();
                fresh(&format!("[SPAM?] TR: {}", subject(sent)), &text)
            },
        ),
        robot(
            "accusé de lecture",
            "lecteur@ville.example",
            3,
            request(),
            |sent| {
                reply(
                    sent,
                    format!("Lu : {}", subject(sent)),
                    "Content-Type: multipart/report; report-type=disposition-notification; boundary=\"limite\"\r\n",
                    "--limite\nContent-Type: text/plain\n\nLu.\n--limite\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; lecteur@ville.example\nDisposition: manual-action/MDN-sent-manually; displayed\n--limite--",
                )
            },
        ),
    ]
}

#[derive(Default)]
struct Tally {
    received: usize,
    answered: usize,
    acknowledged: usize,
    /// When we wrote to it.
    at: Vec<DateTime<Utc>>,
}

struct Day {
    desk: Desk,
    /// Another desk of the same software, with its own key; its requester is ours.
    other: Desk,
    robots: Vec<Robot>,
    due: BTreeMap<(DateTime<Utc>, usize), (String, Vec<u8>)>,
    number: usize,
    tally: BTreeMap<String, Tally>,
    /// Mails from and to peers, by hour.
    hours: BTreeMap<i64, (usize, usize)>,
    acknowledged: BTreeMap<(String, String), usize>,
    staff: BTreeMap<(String, i64), usize>,
}

const OTHER: &str = "guichet@autre.example";

impl Day {
    fn write(&mut self, at: DateTime<Utc>, from: &str, words: Words) {
        self.number += 1;
        let id = format!(
            "r{}@{}",
            self.number,
            from.rsplit('@').next().unwrap_or_default()
        );
        let raw = Draft {
            from,
            subject: &words.subject,
            message_id: &id,
            answers: &words.answers,
            below: &words.headers,
            body: &words.body,
            ..Draft::default()
        }
        .write();
        let mut raw = String::from_utf8(raw).expect("text");
        if words.headers.contains("Content-Type:") {
            raw = raw.replacen("Content-Type: text/plain; charset=utf-8\r\n", "", 1);
        }
        self.due
            .insert((at, self.number), (from.to_owned(), raw.into_bytes()));
    }

    async fn run(&mut self, until: DateTime<Utc>) {
        // The clock of the desk moves on between mails as well, every five minutes.
        while self.desk.now() < until {
            let next = self.desk.now() + Duration::minutes(5);
            let now = match self.due.first_key_value() {
                Some(((at, _), _)) if *at <= next => (*at).max(self.desk.now()),
                _ => next,
            };
            self.desk.clock.set(now);
            self.other.clock.set(now);
            if let Some(entry) = self.due.first_entry()
                && entry.key().0 <= now
            {
                let (from, raw) = entry.remove();
                self.tally.entry(from).or_default().received += 1;
                self.hours.entry(now.timestamp() / 3600).or_default().0 += 1;
                self.desk.accept(vec![raw]).await;
            }
            self.desk.settle().await;
            self.collect(now).await;
        }
    }

    async fn collect(&mut self, now: DateTime<Utc>) {
        for sent in self.desk.sent() {
            let hour = now.timestamp() / 3600;
            if sent.to == CAMILLE || sent.to == KARIM || sent.to.starts_with("exploitation@") {
                *self.staff.entry((sent.to.clone(), hour)).or_default() += 1;
                // His mailbox is gone: every notice comes back.
                if sent.to == KARIM {
                    let words = report(&sent, "failed", "5.1.1").expect("a report");
                    self.write(now, "mailer-daemon@example.org", words);
                }
                continue;
            }
            let tally = self.tally.entry(sent.to.clone()).or_default();
            tally.answered += 1;
            tally.at.push(now);
            if subject(&sent).contains("Enregistrement") {
                tally.acknowledged += 1;
                let reference = subject(&sent).split([']', '[']).nth(1).unwrap_or_default();
                let key = (sent.to.clone(), reference.to_owned());
                *self.acknowledged.entry(key).or_default() += 1;
            }
            self.hours.entry(hour).or_default().1 += 1;
            if sent.to == OTHER {
                self.other.receive(sent.raw.clone()).await;
            }
            let robot = self.robots.iter().find(|robot| robot.address == sent.to);
            let answer = robot.and_then(|robot| Some((robot.delay, (robot.answers)(&sent)?)));
            if let Some((delay, words)) = answer {
                self.write(now + Duration::minutes(delay), &sent.to, words);
            }
        }
        for sent in self.other.sent() {
            // What the other desk says to us comes in as it is.
            if sent.to == "support@example.org" {
                self.number += 1;
                self.due
                    .insert((now, self.number), (OTHER.to_owned(), sent.raw));
            }
        }
    }

    /// The tickets of one chain: those that are linked, directly or not.
    async fn chains(&self) -> BTreeMap<String, TicketId> {
        let tickets = self.desk.tickets().await;
        let mut chain: BTreeMap<TicketId, TicketId> = BTreeMap::new();
        for ticket in &tickets {
            let first = ticket.linked.iter().filter_map(|id| chain.get(id)).min();
            let first = first.copied().unwrap_or(ticket.id);
            chain.insert(ticket.id, first);
        }
        tickets
            .iter()
            .map(|ticket| (ticket.reference.to_string(), chain[&ticket.id]))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_among_robots_stays_quiet() {
    let desk = Desk::open("", "");
    let other = Desk::open_as(OTHER, [9; 32], "", "");
    let start = desk.now() - Duration::hours(8);
    desk.clock.set(start);
    other.clock.set(start);
    let robots = robots();
    assert!(robots.len() >= 20);
    let mut day = Day {
        desk,
        other,
        robots,
        due: BTreeMap::new(),
        number: 0,
        tally: BTreeMap::new(),
        hours: BTreeMap::new(),
        acknowledged: BTreeMap::new(),
        staff: BTreeMap::new(),
    };
    let begins: Vec<(i64, &str, Words)> = day
        .robots
        .iter()
        .flat_map(|robot| {
            robot
                .begins
                .iter()
                .map(|(at, words)| (*at, robot.address, words.clone()))
        })
        .collect();
    for (at, address, words) in begins {
        day.write(start + Duration::minutes(at), address, words);
    }
    // The other desk is written to in our name: it acknowledges, to us.
    let draft = Draft {
        from: "DSI <support@example.org>",
        to: OTHER,
        ..Draft::default()
    };
    day.other.receive(draft.write()).await;
    day.collect(start).await;
    day.run(start + Duration::hours(24)).await;

    let mut table = String::from(
        "| robot | mails from it | mails to it | of them acknowledgements |\n|---|---|---|---|\n",
    );
    for robot in &day.robots {
        let empty = Tally::default();
        let tally = day.tally.get(robot.address).unwrap_or(&empty);
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} |",
            robot.name, tally.received, tally.answered, tally.acknowledged
        );
    }
    let other = &day.tally[OTHER];
    let _ = writeln!(
        table,
        "| un autre Guichet | {} | {} | {} |",
        other.received, other.answered, other.acknowledged
    );
    let busiest = |who: &str| {
        let hours = day.staff.iter().filter(|((to, _), _)| to == who);
        hours.map(|(_, count)| *count).max().unwrap_or_default()
    };
    let total: (usize, usize) = day
        .hours
        .values()
        .fold((0, 0), |sum, hour| (sum.0 + hour.0, sum.1 + hour.1));
    let _ = writeln!(
        table,
        "\nIn all {} mails came in and {} went out to their senders; in no hour did more go out than came in. The busiest hour of a\ntechnician had {} notices (limit 60), of operations {}.",
        total.0,
        total.1,
        busiest(CAMILLE).max(busiest(KARIM)),
        busiest("exploitation@example.org")
    );
    println!("{table}");

    for (address, tally) in &day.tally {
        assert!(
            tally.answered <= 20,
            "{address}: {} mails in a day",
            tally.answered
        );
        assert!(
            tally.answered <= tally.received,
            "{address}: {} out, {} in",
            tally.answered,
            tally.received
        );
        for at in &tally.at {
            let within = tally
                .at
                .iter()
                .filter(|other| **other <= *at && *at - **other < Duration::hours(1));
            assert!(
                within.count() <= 6,
                "{address}: more than five and a digest within an hour of {at}"
            );
        }
    }
    // Whoever says what he is gets nothing, after the person who wrote first.
    for name in [
        "absence, avec en-tête",
        "guichet OTRS",
        "accusé renvoyé : boîte inconnue",
        "remise retardée",
        "accusé de lecture",
    ] {
        let robot = day
            .robots
            .iter()
            .find(|robot| robot.name == name)
            .expect("in the list");
        assert_eq!(day.tally[robot.address].answered, 1, "{name}");
        assert!(day.tally[robot.address].received >= 2, "{name} answered");
    }
    for name in [
        "double renvoi",
        "liste de diffusion",
        "notre propre adresse en expéditeur",
        "surveillance",
        "réponses d'agenda",
        "lettre d'information",
        "rapport d'abus",
    ] {
        let robot = day
            .robots
            .iter()
            .find(|robot| robot.name == name)
            .expect("in the list");
        assert_eq!(day.tally[robot.address].answered, 0, "{name}");
        assert!(day.tally[robot.address].received >= 8, "{name}");
    }
    for (hour, (received, sent)) in &day.hours {
        assert!(sent <= received, "hour {hour}: {sent} out, {received} in");
    }
    for ((who, hour), count) in &day.staff {
        let limit = if who.starts_with("exploitation@") {
            7
        } else {
            61
        };
        assert!(*count <= limit, "{who}: {count} notices in hour {hour}");
    }
    let chains = day.chains().await;
    let mut by_chain: BTreeMap<(&str, TicketId), usize> = BTreeMap::new();
    for ((address, reference), count) in &day.acknowledged {
        *by_chain.entry((address, chains[reference])).or_default() += count;
    }
    for ((address, chain), count) in by_chain {
        assert!(
            count <= 2,
            "{address}: {count} acknowledgements in the chain of ticket {chain}"
        );
    }
    // Quiet is not deaf: every robot's first mail is kept where somebody sees it.
    let seen: BTreeSet<String> = day
        .desk
        .tickets()
        .await
        .iter()
        .filter_map(|ticket| ticket.requester().map(|person| person.who.key()))
        .collect();
    for robot in day.robots.iter().filter(|robot| robot.begins.len() == 1) {
        assert!(
            seen.contains(robot.address),
            "{} has its ticket",
            robot.name
        );
    }
    assert_eq!(day.desk.now().hour(), 0, "a whole day");
    day.desk.check().await;
    compare_with_the_documentation(&table);
}

fn compare_with_the_documentation(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/automatic-mail.md");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let marks = ("<!-- robots -->\n", "<!-- /robots -->");
    let (Some(from), Some(to)) = (text.find(marks.0), text.find(marks.1)) else {
        panic!("{} has no place for the table", path.display());
    };
    let from = from + marks.0.len();
    if std::env::var_os("UPDATE").is_some() {
        let new = format!("{}{table}{}", &text[..from], &text[to..]);
        std::fs::write(path, new).expect("writable");
    } else {
        assert_eq!(
            &text[from..to],
            table,
            "docs/automatic-mail.md tells of another day"
        );
    }
}
