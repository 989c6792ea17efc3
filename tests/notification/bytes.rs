//! The bytes: headers, carriers of the token, threads, files.

use guichet::desk::Automation;
use guichet::desk::Kind;
use guichet::desk::policy::SubjectStyle;
use guichet::notification::Outgoing;
use guichet::ticket::{Part, Person, PersonId};
use guichet::token::{Page, Reply, day, marker_tokens, message_id_token, plus_token};
use mail_parser::{HeaderValue, MessageParser};

use crate::desk::*;
use crate::reading::*;

#[test]
fn every_kind_reads_back_in_every_language_with_all_its_headers() {
    let keys = keys();
    for language in LANGUAGES {
        for kind in Kind::ALL {
            let notice = notice(kind, language);
            let outgoing = write(&notice);
            let read = read(&outgoing);
            let name = format!("{language} {kind:?}\n{}", read.raw);
            assert_eq!(outgoing.envelope_from, "support@example.org", "{name}");
            assert_eq!(outgoing.envelope_to, notice.to.address, "{name}");
            assert_eq!(
                read.header("Message-ID"),
                Some(format!("<{}>", outgoing.message_id).as_str())
            );
            let token = message_id_token(&outgoing.message_id, keys.instance()).expect("a token");
            let reply = Reply::open(&keys, token).expect("ours");
            assert_eq!(reply.purpose, notice.purpose);
            assert_eq!(reply.ticket, notice.ticket.map_or(0, |ticket| ticket.0));
            assert_eq!(reply.notice, 77);
            assert_eq!(
                read.header("Date"),
                Some("Mon, 23 Nov 2026 13:05:09 +0000"),
                "{name}"
            );
            assert_eq!(read.header("X-Guichet-Instance"), Some(keys.instance()));
            assert_eq!(
                read.header("Auto-Submitted"),
                match notice.automation {
                    Automation::Replied => Some("auto-replied"),
                    Automation::Generated => Some("auto-generated"),
                    Automation::Person => None,
                }
            );
            let automatic = notice.automation != Automation::Person;
            assert_eq!(read.header("X-Auto-Response-Suppress").is_some(), automatic);
            assert_eq!(read.header("Precedence").is_some(), kind == Kind::Digest);
            assert_eq!(read.header("List-Unsubscribe"), None);
            assert_eq!(read.header("MIME-Version"), Some("1.0"));

            let replied = !matches!(
                kind,
                Kind::Operations
                    | Kind::Digest
                    | Kind::TeamDigest
                    | Kind::TeamThanks
                    | Kind::Answer
                    | Kind::Submission
                    | Kind::Requests
                    | Kind::SignIn
                    | Kind::Report
                    | Kind::Review
            );
            let line = guichet::notification::words::reply_line(language);
            for body in [&read.text, &plain(&read.html)] {
                assert_eq!(body.contains(line), replied, "{name}");
                let tokens = marker_tokens(body);
                assert_eq!(tokens.len(), usize::from(replied), "{body}");
                assert!(tokens.iter().all(|found| found == token), "{name}");
            }
            if replied {
                assert!(read.text.starts_with(line), "{name}");
                assert!(
                    read.text.trim_end().ends_with(token),
                    "the marker is last\n{}",
                    read.text
                );
            }
            assert_eq!(outgoing.text.trim_end(), read.text.trim_end());
            assert!(read.html.len() <= 40_000, "{kind:?}: {}", read.html.len());
            assert!(!read.html.contains("src="), "nothing remote");
            assert!(!read.html.contains("url("), "nothing remote");
            for line in read.text.lines().filter(|line| !WRITTEN.contains(line)) {
                // A link cannot be broken; quoted-printable does that on the way.
                let link = ["mailto:", "https://"]
                    .iter()
                    .any(|way| line.trim_start().starts_with(way));
                assert!(link || line.chars().count() <= 78, "{line}");
            }
            assert!(!read.text.contains("{{") && !read.text.contains("{%"));
            assert!(!read.html.contains("{{") && !read.html.contains("{%"));
            if notice.text.is_some() {
                assert!(read.text.contains(WRITTEN), "{}", read.text);
                assert!(read.html.contains("&lt;scolarite&gt; &amp;"), "{name}");
            }
        }
    }
}

#[test]
fn the_same_notice_gives_the_same_bytes() {
    for kind in Kind::ALL {
        assert_eq!(write(&notice(kind, "fr")), write(&notice(kind, "fr")));
    }
}

#[test]
fn a_mail_links_the_page_of_its_recipient() {
    let read = read(&write(&notice(Kind::Acknowledgement, "fr")));
    let start = read
        .text
        .find("https://support.example.org/t/")
        .expect("a link");
    let link = read.text[start..].lines().next().expect("a line");
    let token = link.rsplit('/').next().expect("a token");
    assert_eq!(
        Page::open(&keys(), token),
        Some(Page {
            ticket: 1042,
            person: 5,
            generation: 2,
            issued: day(now().timestamp()),
        })
    );
    assert!(read.html.contains(&format!("href=\"{link}\"")) || read.html.contains(token));

    let staff = read_notice(Kind::TeamNew);
    assert!(!staff.text.contains("/t/"));
}

#[test]
fn subjects_name_the_mail_or_thread_as_configured() {
    let subjects = [
        (
            Kind::Acknowledgement,
            "[DSI-1042] Enregistrement de votre demande : Plus d'accès à la scolarité",
        ),
        (
            Kind::Taken,
            "[DSI-1042] Prise en charge de votre demande : Plus d'accès à la scolarité",
        ),
        (
            Kind::FollowUp,
            "[DSI-1042] Suivi de la demande : Plus d'accès à la scolarité",
        ),
        (
            Kind::TeamNew,
            "[DSI-1042] Nouvelle demande urgente : Plus d'accès à la scolarité",
        ),
        (
            Kind::TeamReply,
            "[DSI-1042] Message de Jeanne Dupont : Plus d'accès à la scolarité",
        ),
        (
            Kind::Operations,
            "Guichet numérique : intervention nécessaire",
        ),
    ];
    for (kind, subject) in subjects {
        assert_eq!(read_notice(kind).subject, subject);
    }
    let mut threaded = policy();
    threaded.subject_style = SubjectStyle::Threaded;
    let mail = read(&write_with(
        &threaded,
        &notice(Kind::Acknowledgement, "fr"),
        &ticket(),
    ));
    assert_eq!(mail.subject, "Re: Plus d'accès à la scolarité [DSI-1042]");
    assert!(mail.text.contains("\nEnregistrement de votre demande\n"));
    let mut bare = notice(Kind::Acknowledgement, "fr");
    bare.bare = true;
    let mail = read(&write_with(&threaded, &bare, &ticket()));
    assert_eq!(mail.subject, "[DSI-1042] Enregistrement de votre demande");
}

#[test]
fn an_observer_is_not_told_that_it_is_his_request() {
    let mut ticket = ticket();
    ticket.people.push(Person {
        id: PersonId(6),
        part: Part::Observer,
        who: address("Ali Benali", "ali.benali@example.org"),
        reply_to: None,
        generation: 0,
    });
    for language in LANGUAGES {
        for kind in [
            Kind::Taken,
            Kind::FollowUp,
            Kind::Resolved,
            Kind::Closed,
            Kind::Reopened,
        ] {
            let mut notice = notice(kind, language);
            notice.to = address("Ali Benali", "ali.benali@example.org");
            notice.link_for = Some(PersonId(6));
            let mail = read(&write_with(&policy(), &notice, &ticket));
            for part in [&mail.subject, &mail.text, &plain(&mail.html)] {
                let part = part.to_lowercase();
                assert!(!part.contains("votre demande"), "{part}");
                assert!(!part.contains("your request"), "{part}");
            }
        }
    }
}

#[test]
fn nobody_owns_a_new_ticket() {
    let mut ticket = ticket();
    ticket.technician = None;
    let mail = read(&write_with(
        &policy(),
        &notice(Kind::TeamNew, "fr"),
        &ticket,
    ));
    assert!(
        mail.text
            .contains("Prise en charge : personne pour l'instant")
    );
}

#[test]
fn a_bare_acknowledgement_repeats_nothing_of_what_was_written() {
    let mut bare = notice(Kind::Acknowledgement, "fr");
    bare.bare = true;
    bare.to = address("Achetez maintenant", "victim@elsewhere.example");
    bare.text = Some("Achetez".to_owned());
    bare.author = Some(address("Achetez", "victim@elsewhere.example"));
    let mut ticket = ticket();
    ticket.title = "Achetez !".to_owned();
    let mail = read(&write_with(&policy(), &bare, &ticket));
    for part in [&mail.raw, &mail.text, &mail.html, &mail.subject] {
        for word in ["Achetez", "capture", "journal"] {
            assert!(!part.contains(word), "{part}");
        }
    }
    assert_eq!(mail.header("To"), Some("victim@elsewhere.example"));
    assert!(mail.text.contains("DSI-1042"));
    assert!(mail.text.contains("https://support.example.org/t/"));
}

#[test]
fn names_and_addresses_come_home_with_and_without_plus_addressing() {
    let decoded = |outgoing: &Outgoing, header: &'static str| {
        let message = MessageParser::default()
            .parse(&outgoing.bytes)
            .expect("a message");
        match message.header(header) {
            Some(HeaderValue::Address(list)) => {
                let first = list.first().expect("one");
                (
                    first.name().map(str::to_owned),
                    first.address().expect("an address").to_owned(),
                )
            }
            other => panic!("{header}: {other:?}"),
        }
    };
    let answer = notice(Kind::FollowUp, "fr");
    let mail = write(&answer);
    let from = decoded(&mail, "From");
    assert_eq!(from.0.as_deref(), Some("Camille Martin – DSI – Support"));
    assert_eq!(from.1, "support@example.org");
    assert_eq!(decoded(&mail, "Reply-To").1, "support@example.org");
    assert!(!String::from_utf8_lossy(&mail.bytes).contains("camille.martin@"));
    let taken = write(&notice(Kind::Taken, "fr"));
    assert_eq!(decoded(&taken, "From").0.as_deref(), Some("DSI – Support"));

    let mut plus = policy();
    plus.plus_addressing = true;
    let mail = write_with(&plus, &answer, &ticket());
    let reply_to = decoded(&mail, "Reply-To").1;
    let token = plus_token(&reply_to).expect("a token");
    assert_eq!(Reply::open(&keys(), token).expect("ours").notice, 77);
    assert_eq!(mail.envelope_from, reply_to);
    plus.return_path = Some("bounces@example.org".to_owned());
    let mail = write_with(&plus, &answer, &ticket());
    assert_eq!(mail.envelope_from, "bounces@example.org");

    // A local part that would be longer than 64 octets: headers carry the token alone.
    let mut long = answer;
    long.from.address = "iut.caen.assistance.informatique@example.org".to_owned();
    let mail = write_with(&plus, &long, &ticket());
    assert_eq!(decoded(&mail, "Reply-To").1, long.from.address);
}

#[test]
fn mails_of_a_ticket_thread_for_requesters_and_for_technicians() {
    let mail = read_notice(Kind::FollowUp);
    assert_eq!(
        mail.header("References"),
        Some("<first@client.example.org> <second@client.example.org>")
    );
    assert_eq!(
        mail.header("In-Reply-To"),
        Some("<second@client.example.org>")
    );
    let anchor = format!("<guichet.{}.ticket.1042@example.org>", keys().instance());
    let mut new = notice(Kind::TeamNew, "fr");
    new.in_reply_to = None;
    let mail = read(&write(&new));
    assert_eq!(mail.header("References"), Some(anchor.as_str()));
    let mut orphan = ticket();
    orphan.origin_message_id = None;
    orphan.last_message_id = None;
    let mut taken = notice(Kind::Taken, "fr");
    taken.in_reply_to = None;
    let mail = read(&write_with(&policy(), &taken, &orphan));
    assert_eq!(mail.header("References"), Some(anchor.as_str()));
}

#[test]
fn files_go_along_where_they_should() {
    let answer = read_notice(Kind::FollowUp);
    assert_eq!(answer.files.len(), 2);
    assert_eq!(answer.files[0].0, "capture d'écran.png");
    assert_eq!(answer.files[0].1, "image/png");
    assert_eq!(answer.files[0].2, vec![1; 48_213]);
    assert_eq!(answer.files[1].2, vec![b'x'; 90_000]);

    // To technicians, up to 100 kB: the second is listed only.
    let new = read_notice(Kind::TeamNew);
    assert_eq!(new.files.len(), 1);
    assert!(new.text.contains("- capture d'écran.png (48 ko)\n"));
    assert!(new.text.contains("- journal.log (90 ko) – non transmise"));

    let acknowledgement = read_notice(Kind::Acknowledgement);
    assert!(acknowledgement.files.is_empty());
    assert!(acknowledgement.text.contains("- journal.log (90 ko)\n"));

    let mut logo = notice(Kind::FollowUp, "fr");
    logo.files[0].attachment.decoration = true;
    let mail = read(&write(&logo));
    assert_eq!(mail.files.len(), 1);
    assert!(!mail.text.contains("capture"));
}

#[test]
fn a_thousand_files_are_counted_not_all_listed() {
    let mut many = notice(Kind::Acknowledgement, "fr");
    many.files = (0..1_000)
        .map(|number| {
            file(
                &format!("{number:03} {}.txt", "x".repeat(200)),
                "text/plain",
                b"xx",
            )
        })
        .collect();
    let mail = read(&write(&many));
    assert!(mail.text.contains("- 049\n"));
    assert!(!mail.text.contains("- 050"));
    assert!(mail.text.contains("- … et 950 de plus (1,9 ko)"));
    assert!(mail.html.len() <= 40_000, "{}", mail.html.len());
}

#[test]
fn a_very_long_text_is_cut_and_goes_along_whole() {
    let mut long = notice(Kind::TeamNew, "fr");
    let text = "Une ligne <b>du journal</b> d'un serveur\n".repeat(5_000);
    long.text = Some(text.clone());
    long.files.clear();
    let mail = read(&write(&long));
    assert!(
        mail.text
            .contains("(La suite est dans le fichier joint message.txt.)")
    );
    assert!(mail.text.contains("#prendre"));
    assert!(mail.html.len() < 60_000, "{}", mail.html.len());
    assert_eq!(mail.files.len(), 1);
    assert_eq!(mail.files[0].0, "message.txt");
    assert_eq!(String::from_utf8_lossy(&mail.files[0].2), text.trim_end());
}
