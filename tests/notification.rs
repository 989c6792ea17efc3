//! What goes out: every kind, in every language, as bytes that mail programs read back.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};
use guichet::desk::policy::{
    Authentication, Hours, Limits, Policy, Rank, SubjectStyle, Team, Technician,
};
use guichet::desk::{Automation, Kind, Notice};
use guichet::mail::{Address, Attachment, Digest};
use guichet::notification::{Outgoing, Stationery, Templates, render};
use guichet::ticket::{
    File, InboxId, Level, NoticeId, Part, Person, PersonId, Reference, Status, Ticket, TicketId,
};
use guichet::token::{
    KEY_BYTES, Keys, Page, Purpose, Reply, marker_tokens, message_id_token, plus_token,
};
use mail_parser::{HeaderValue, MessageParser, MimeHeaders};

static EMBEDDED: LazyLock<Templates> = LazyLock::new(Templates::embedded);

const LANGUAGES: [&str; 2] = ["fr", "en"];

// A desk

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("RFC 3339")
}

fn now() -> DateTime<Utc> {
    at("2026-11-23T13:05:09Z")
}

fn keys() -> Keys {
    Keys::parse(&Keys::file_text(&[7; KEY_BYTES])).expect("well formed")
}

fn address(name: &str, address: &str) -> Address {
    Address {
        name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        address: address.to_owned(),
    }
}

fn policy() -> Policy {
    let team = |id: &str, name: &str, contact: Option<&str>| Team {
        id: id.to_owned(),
        name: name.to_owned(),
        from: format!("{id}@example.org"),
        prefix: id.to_uppercase(),
        auto_close_after: Some(Duration::days(15)),
        on_call: None,
        hours: Hours {
            days: [true, true, true, true, true, false, false],
            from_minute: 480,
            to_minute: 1080,
        },
        contact: contact.map(str::to_owned),
    };
    Policy {
        language: "fr".to_owned(),
        timezone: chrono_tz::Europe::Paris,
        base_url: "https://support.example.org".to_owned(),
        desk_name: "Guichet numérique".to_owned(),
        internal_domains: vec!["example.org".to_owned()],
        plus_addressing: false,
        operations: Some("root@example.org".to_owned()),
        subject_style: SubjectStyle::Titled,
        authentication: Authentication::None,
        pass_is_enough: false,
        limits: Limits::default(),
        hold_replies: Duration::seconds(30),
        reopen_within: Duration::days(30),
        attach_up_to: 100_000,
        return_path: None,
        teams: vec![
            team("dsi", "DSI – Support", Some("02 31 56 60 00, bâtiment B")),
            team("scolarite", "Scolarité", None),
        ],
        addresses: Vec::new(),
        technicians: vec![Technician {
            name: "Camille Martin".to_owned(),
            addresses: vec!["camille.martin@example.org".to_owned()],
            teams: vec!["dsi".to_owned()],
            rank: Rank::Technician,
            phone: Some("02 31 56 60 12".to_owned()),
            language: "fr".to_owned(),
        }],
        accounts: Vec::new(),
    }
}

fn ticket() -> Ticket {
    Ticket {
        id: TicketId(1042),
        reference: Reference {
            prefix: "DSI".to_owned(),
            number: TicketId(1042),
        },
        title: "Plus d'accès à la scolarité".to_owned(),
        status: Status::Open,
        status_since: at("2026-11-23T13:05:00Z"),
        close_at: None,
        urgency: Level::High,
        priority: Level::Normal,
        team: "dsi".to_owned(),
        observing_teams: vec!["scolarite".to_owned()],
        technician: Some(address("Camille Martin", "camille.martin@example.org")),
        people: vec![Person {
            id: PersonId(5),
            part: Part::Requester,
            who: address("Jeanne Dupont", "jeanne.dupont@example.org"),
            generation: 2,
        }],
        language: "fr".to_owned(),
        sent_to: Some("support@example.org".to_owned()),
        account: "support".to_owned(),
        verified: true,
        why: vec!["To : support@example.org → DSI – Support".to_owned()],
        linked: Vec::new(),
        origin_message_id: Some("first@client.example.org".to_owned()),
        last_message_id: Some("second@client.example.org".to_owned()),
        created_at: at("2026-11-23T13:05:00Z"),
        updated_at: at("2026-11-23T13:05:00Z"),
        reopened: 0,
    }
}

fn file(name: &str, content_type: &str, bytes: &[u8]) -> File {
    File {
        inbox: InboxId(9),
        attachment: Attachment {
            name: Some(name.to_owned()),
            content_type: content_type.to_owned(),
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
            inline: false,
            content_id: None,
            decoration: false,
        },
    }
}

const WRITTEN: &str = "Bonjour,\n\nDepuis ce matin :\n\n    ERREUR 0x80070005 : accès refusé <scolarite> & \"apogée\" sur le poste PC-B-204, veuillez contacter votre administrateur\n\nMerci d'avance\nJeanne";

fn notice(kind: Kind, language: &str) -> Notice {
    let staff = kind.is_internal();
    let answer = matches!(kind, Kind::FollowUp | Kind::Resolved);
    let written = answer || staff;
    Notice {
        id: NoticeId(77),
        ticket: (!matches!(kind, Kind::Operations)).then_some(TicketId(1042)),
        kind,
        to: if staff {
            address("Camille Martin", "camille.martin@example.org")
        } else {
            address("Jeanne Dupont", "jeanne.dupont@example.org")
        },
        link_for: (!staff).then_some(PersonId(5)),
        language: language.to_owned(),
        purpose: match kind {
            Kind::TeamObserver | Kind::TeamAlert | Kind::Transcript | Kind::Operations => {
                Purpose::Note
            }
            _ if staff => Purpose::Technician,
            _ => Purpose::Requester,
        },
        automation: match kind {
            Kind::Acknowledgement => Automation::Replied,
            _ if answer => Automation::Person,
            _ => Automation::Generated,
        },
        from: address("DSI – Support", "support@example.org"),
        text: written.then(|| WRITTEN.to_owned()),
        author: if answer {
            Some(address("Camille Martin", ""))
        } else {
            staff.then(|| address("Jeanne Dupont", "jeanne.dupont@example.org"))
        },
        files: vec![
            file("capture d'écran.png", "image/png", &[1; 48_213]),
            file("journal.log", "text/plain", &[b'x'; 90_000]),
        ],
        in_reply_to: Some("second@client.example.org".to_owned()),
        bare: false,
        urgent: kind == Kind::Acknowledgement,
        on_call: (kind == Kind::Acknowledgement).then(|| "02 31 00 00 00".to_owned()),
        close_at: (kind == Kind::Resolved).then(|| at("2026-12-08T08:00:00Z")),
        continues: None,
        oversize: None,
        lines: match kind {
            Kind::Transcript => vec!["✔ #prendre : la demande est à vous".to_owned(), "✘ #resoul : commande inconnue, vouliez-vous dire #resolu ?".to_owned()],
            Kind::TeamAlert => vec!["Le message à jeanne.dupont@example.org n'a pas pu être remis : 550 5.1.1 utilisateur inconnu".to_owned()],
            Kind::Operations => vec!["Un message a été mis de côté : il n'a pas pu être lu (3 essais).".to_owned()],
            Kind::Digest => vec!["DSI-1042 : Plus d'accès à la scolarité".to_owned(), "DSI-1043 : Imprimante".to_owned()],
            _ => Vec::new(),
        },
        due_at: None,
        caused_by: None,
    }
}

fn bytes_of(file: &File) -> Option<Vec<u8>> {
    let byte = if file.attachment.content_type == "image/png" {
        1
    } else {
        b'x'
    };
    Some(vec![byte; file.attachment.size as usize])
}

fn write_with(policy: &Policy, notice: &Notice, ticket: &Ticket) -> Outgoing {
    let stationery = Stationery {
        policy,
        templates: &EMBEDDED,
        keys: &keys(),
    };
    let ticket = notice.ticket.map(|_| ticket);
    render(stationery, notice, ticket, &bytes_of, now())
}

fn write(notice: &Notice) -> Outgoing {
    write_with(&policy(), notice, &ticket())
}

// Reading back

struct Read {
    raw: String,
    headers: Vec<(String, String)>,
    subject: String,
    text: String,
    html: String,
    files: Vec<(String, String, Vec<u8>)>,
}

fn read(outgoing: &Outgoing) -> Read {
    let raw = String::from_utf8(outgoing.bytes.clone()).expect("7-bit");
    assert!(raw.is_ascii());
    assert!(!raw.contains('\0'));
    assert_eq!(raw.matches('\n').count(), raw.matches("\r\n").count());
    assert_eq!(raw.matches('\r').count(), raw.matches("\r\n").count());
    for line in raw.lines() {
        assert!(line.len() <= 130, "{line}");
        assert!(!line.starts_with('.'), "{line}");
    }
    let message = MessageParser::default()
        .parse(&outgoing.bytes)
        .expect("a message");
    let (head, _) = raw.split_once("\r\n\r\n").expect("a head");
    let headers = head
        .replace("\r\n ", " ")
        .lines()
        .map(|line| {
            let (name, value) = line.split_once(": ").expect("a field");
            (name.to_owned(), value.to_owned())
        })
        .collect();
    Read {
        headers,
        subject: message.subject().expect("a subject").to_owned(),
        text: message.body_text(0).expect("a text").replace("\r\n", "\n"),
        html: message.body_html(0).expect("HTML").replace("\r\n", "\n"),
        files: message
            .attachments()
            .map(|part| {
                let kind = part.content_type().expect("a type");
                let subtype = kind.subtype().unwrap_or_default();
                (
                    part.attachment_name().unwrap_or_default().to_owned(),
                    format!("{}/{subtype}", kind.ctype()),
                    part.contents().to_vec(),
                )
            })
            .collect(),
        raw,
    }
}

impl Read {
    fn header(&self, name: &str) -> Option<&str> {
        let found: Vec<&str> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        assert!(found.len() <= 1, "{name} stands {} times", found.len());
        found.first().copied()
    }
}

/// The HTML as a reader without HTML would see it.
fn plain(html: &str) -> String {
    let (_, body) = html.split_once("<body").expect("a body");
    let mut out = String::new();
    let mut inside = true;
    for character in body.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => out.push(character),
            _ => {}
        }
    }
    out
}

// Templates

#[test]
fn embedded_templates_have_no_problem() {
    let templates = Templates::load(&[]).unwrap_or_else(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", problems.join("\n"))
    });
    for language in LANGUAGES {
        for kind in Kind::ALL {
            assert_eq!(templates.language(None, kind, language, "fr"), language);
        }
    }
    let fallback = |wanted, default| templates.language(None, Kind::Taken, wanted, default);
    assert_eq!(fallback("en-GB", "fr"), "en");
    assert_eq!(fallback("de", "en"), "en");
    assert_eq!(fallback("de", "it"), "fr");
}

#[test]
fn embedded_templates_are_those_of_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mail-templates");
    let mut found = Vec::new();
    for language in std::fs::read_dir(&folder).expect("the folder") {
        let language = language.expect("an entry").file_name();
        if language == "README.md" {
            continue;
        }
        for file in std::fs::read_dir(folder.join(&language)).expect("a folder") {
            let file = file.expect("an entry").file_name();
            found.push(format!("{}/{}", language.display(), file.display()));
        }
    }
    found.sort();
    let mut embedded: Vec<String> = guichet::notification::template::EMBEDDED
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    embedded.sort();
    assert_eq!(found, embedded);
}

#[test]
fn every_variable_is_in_the_readme() {
    let readme = include_str!("../mail-templates/README.md");
    let words = serde_json::to_value(guichet::notification::Words::default()).expect("an object");
    for name in words.as_object().expect("an object").keys() {
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn an_instance_and_a_team_have_words_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        std::fs::write(path, text).expect("written");
    };
    put(
        "fr/taken.txt",
        "Subject: [{{ reference }}] Pour {{ desk_name }}\n\n{{ reply_line }}\nNous voilà.\n{{ marker }}\n",
    );
    put(
        "teams/scolarite/fr/taken.txt",
        "Subject: [{{ reference }}] La scolarité\n\n{{ reply_line }}\nAu secrétariat.\n{{ marker }}\n",
    );
    put(
        "teams/scolarite/fr/base.html",
        "<html><body><b>{{ reply_line }}</b>{% block heading %}{% endblock %}{% block content %}{% endblock %}{% block foot %}{% endblock %}{{ marker }}</body></html>",
    );
    put("it/LEGGIMI", "not a template");
    let templates = Templates::load(&[folder.path().to_owned()]).expect("no problem");
    let policy = policy();
    let keys = keys();
    let stationery = Stationery {
        policy: &policy,
        templates: &templates,
        keys: &keys,
    };
    let notice = notice(Kind::Taken, "fr");
    let mut ticket = ticket();
    let own = read(&render(
        stationery,
        &notice,
        Some(&ticket),
        &bytes_of,
        now(),
    ));
    assert_eq!(own.subject, "[DSI-1042] Pour Guichet numérique");
    assert!(own.text.contains("Nous voilà."));
    assert!(own.html.contains("s'occupe désormais"));
    ticket.team = "scolarite".to_owned();
    let team = read(&render(
        stationery,
        &notice,
        Some(&ticket),
        &bytes_of,
        now(),
    ));
    assert_eq!(team.subject, "[DSI-1042] La scolarité");
    assert!(team.html.starts_with("<html><body><b>-- Répondez"));
    assert_eq!(templates.teams().collect::<Vec<_>>(), ["scolarite"]);
}

#[test]
fn what_is_wrong_with_a_template_is_told_with_file_and_line() {
    let cases = [
        (
            "fr/taken.txt",
            "Subject: x\n\n{{ reply_line }} {{ marker }}\n\n{{ titre }}\n",
            5,
            "titre",
        ),
        (
            "fr/taken.txt",
            "Subject: x\n\n{{ reply_line }} {{ marker }}\n{% if nothing %}x{% endif %}\n",
            4,
            "unknown variable `nothing`",
        ),
        (
            "fr/taken.txt",
            "Subject: x\n\n{{ reply_line }} {{ marker }}\n\n{{ team.nom }}\n",
            5,
            "nom",
        ),
        ("fr/taken.txt", "Subject: {{ title\n\nx\n", 1, ""),
        (
            "fr/taken.txt",
            "Name: x\nSubject: {{ titel }}\n\n{{ reply_line }} {{ marker }}\n",
            2,
            "titel",
        ),
        ("fr/taken.txt", "Subject: x\nBcc: y\n\nx\n", 2, "`Bcc`"),
        ("fr/taken.txt", "Name: x\n\nx\n", 1, "Subject"),
        ("fr/taken.txt", "Subject: x\n", 1, "blank line"),
        (
            "fr/taken.txt",
            "Subject: x\n\n{{ reply_line }}\n",
            1,
            "marker",
        ),
        (
            "fr/taken.html",
            "{% extends \"fr/base.html\" %}\n{% block content %}\n{% if title %}\n{% endblock %}\n",
            4,
            "",
        ),
        (
            "fr/taken.html",
            "\n{% extends \"fr/bas.html\" %}\n",
            2,
            "bas.html",
        ),
        (
            "fr/base.html",
            "{% block heading %}{% endblock %}{%- block foot -%}{% endblock %}\n{{ oops }}{{ reply_line }}{{ marker }}{% block content %}{% endblock %}",
            2,
            "oops",
        ),
        (
            "fr/base.html",
            "{% block heading %}{% endblock %}{% block content %}{% endblock %}",
            1,
            "it does not define the blocks foot",
        ),
        (
            "fr/taken.html",
            "{% extends \"fr/base.html\" %}\n{% block body %}x{% endblock %}\n",
            2,
            "`body` is not defined",
        ),
        ("fr/acknowledgment.txt", "Subject: x\n\nx\n", 1, "no kind"),
        (
            "de/taken.txt",
            "Subject: x\n\n{{ reply_line }}{{ marker }}\n",
            1,
            "taken.html",
        ),
        (
            "teams/dsi/fr/taken.txt",
            "Subject: x\n\n\n{{ x }}\n",
            4,
            "x",
        ),
    ];
    for (name, text, line, message) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        std::fs::write(&path, text).expect("written");
        let problems = Templates::load(&[folder.path().to_owned()]).expect_err(text);
        let found = problems
            .iter()
            .any(|p| p.file == path && p.line == line && p.message.contains(message));
        assert!(found, "{name}\n{text}\n{problems:#?}");
        let elsewhere: Vec<&PathBuf> = problems
            .iter()
            .map(|problem| &problem.file)
            .filter(|file| **file != path)
            .collect();
        assert!(elsewhere.is_empty(), "{problems:#?}");
    }
}

// Bytes

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

            let replied = !matches!(kind, Kind::Operations | Kind::Digest);
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
                assert!(line.chars().count() <= 78, "{line}");
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
            generation: 2
        })
    );
    assert!(read.html.contains(&format!("href=\"{link}\"")) || read.html.contains(token));

    let staff = read_notice(Kind::TeamNew);
    assert!(!staff.text.contains("/t/"));
}

fn read_notice(kind: Kind) -> Read {
    read(&write(&notice(kind, "fr")))
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

#[test]
fn a_template_that_fails_gives_a_plain_mail_that_says_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("fr")).expect("created");
    // No sample has this title: only the mail itself finds the mistake.
    let text = "Subject: x\n\n{{ reply_line }}{% if title == \"boom\" %}{{ team.nom }}{% endif %}{{ marker }}\n";
    for kind in Kind::ALL {
        let name = format!("fr/{}.txt", kind.as_str());
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let templates = Templates::load(&[folder.path().to_owned()]).expect("no problem");
    let (policy, keys, mut ticket) = (policy(), keys(), ticket());
    "boom".clone_into(&mut ticket.title);
    let stationery = Stationery {
        policy: &policy,
        templates: &templates,
        keys: &keys,
    };
    for kind in Kind::ALL {
        let notice = notice(kind, "fr");
        let Some(id) = notice.ticket else { continue };
        let outgoing = render(stationery, &notice, Some(&ticket), &bytes_of, now());
        let mail = read(&outgoing);
        assert!(mail.subject.starts_with("[DSI-1042] "), "{}", mail.subject);
        assert!(mail.subject.ends_with(" : boom"), "{}", mail.subject);
        for said in notice.text.iter().chain(&notice.lines) {
            assert!(
                unwrapped(&mail.text).contains(&unwrapped(said)),
                "{}",
                mail.text
            );
        }
        if kind != Kind::Digest {
            let token = marker_tokens(&mail.text);
            let reply = Reply::open(&keys, &token[0]).expect("ours");
            assert_eq!(reply.ticket, id.0);
        }
        assert!(mail.html.contains("DSI – Support"));
    }
}

fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

// What strangers try

const HOSTILE: [&str; 12] = [
    "a\r\nBcc: v@x",
    "a\nBcc: v@x\n.\n",
    "a\r.\rQUIT\r",
    "\n.\r\nMAIL FROM:<v@x>",
    "=?utf-8?B?DQpCY2M6IHZAeA==?=",
    "=?utf-8?Q?=0D=0ABcc:_v@x?=",
    "{{ config }} {{7*7}}",
    "{% include \"/etc/passwd\" %}{# x #}",
    "<script>alert(1)</script>\"'><img src=x>",
    "\0\u{1}\u{85}\u{2028}\u{202e}gpj.exe",
    "\" <v@x>, \"",
    "\u{1f600}\u{301}é\\\"",
];

#[test]
fn nothing_a_stranger_writes_becomes_a_header_a_recipient_or_a_template() {
    let ours = [
        "From",
        "Reply-To",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "Precedence",
        "X-Guichet-Instance",
        "MIME-Version",
        "Content-Type",
    ];
    let long = "é\r\n".repeat(3_000);
    for hostile in HOSTILE.into_iter().chain([long.as_str()]) {
        for kind in Kind::ALL {
            let mut ticket = ticket();
            hostile.clone_into(&mut ticket.title);
            ticket.why = vec![hostile.to_owned()];
            ticket.people[0].who = address(hostile, "jeanne.dupont@example.org");
            ticket.technician = Some(address(hostile, "x@example.org"));
            ticket.origin_message_id = Some(format!("x>{hostile}"));
            ticket.last_message_id = Some(hostile.to_owned());
            let mut notice = notice(kind, "fr");
            notice.to.name = Some(hostile.to_owned());
            notice.author = Some(address(hostile, hostile));
            notice.text = Some(hostile.to_owned());
            notice.in_reply_to = Some(hostile.to_owned());
            notice.lines = vec![hostile.to_owned()];
            notice.files[0].attachment.name = Some(hostile.to_owned());
            notice.files[0].attachment.content_type = hostile.to_owned();
            let outgoing = write_with(&policy(), &notice, &ticket);
            let mail = read(&outgoing);
            for (name, _) in &mail.headers {
                assert!(ours.contains(&name.as_str()), "{name}\n{}", mail.raw);
            }
            for name in ours {
                mail.header(name);
            }
            assert_eq!(outgoing.envelope_to, notice.to.address);
            let message = MessageParser::default()
                .parse(&outgoing.bytes)
                .expect("a message");
            let to = message.to().expect("a recipient");
            assert_eq!(to.iter().count(), 1, "{}", mail.raw);
            assert_eq!(
                to.first().and_then(|to| to.address()),
                Some(notice.to.address.as_str())
            );
            assert!(message.bcc().is_none());
            assert!(!mail.html.contains("<script"), "{}", mail.html);
            assert!(!mail.html.contains("<img"), "{}", mail.html);
            assert!(!mail.text.contains("49"), "{}", mail.text);
            assert!(!mail.text.contains("root:x"), "{}", mail.text);
            if hostile.contains("config") && kind == Kind::TeamNew {
                assert!(mail.subject.ends_with(": {{ config }} {{7*7}}"));
                assert!(mail.text.contains("{{ config }} {{7*7}}"));
                assert!(mail.html.contains("{{ config }} {{7*7}}"));
            }
        }
    }
}

#[test]
fn an_address_that_could_break_out_is_no_recipient() {
    for hostile in [
        "\"a\r\nRCPT TO:<v>\"@x",
        "a@x\r\nBcc: v@x",
        "a@x, v@x",
        "<a@x> <v@x>",
        "",
    ] {
        let mut notice = notice(Kind::FollowUp, "fr");
        hostile.clone_into(&mut notice.to.address);
        let outgoing = write(&notice);
        assert!(!outgoing.envelope_to.contains(['\r', '\n', '\0']));
        let mail = read(&outgoing);
        assert_eq!(mail.header("To"), Some("undisclosed-recipients:;"));
        assert_eq!(mail.header("Bcc"), None);
    }
}

// What it looks like

/// The mails of `fixtures/notifications/`, whole. `UPDATE_EXPECT=1` writes them anew.
#[test]
fn mails_read_as_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/notifications");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut bare = notice(Kind::Acknowledgement, "fr");
    bare.bare = true;
    let mut cases = vec![("fr-acknowledgement-bare".to_owned(), bare)];
    for kind in Kind::ALL {
        cases.push((format!("fr-{}", kind.as_str()), notice(kind, "fr")));
    }
    for kind in [Kind::Acknowledgement, Kind::Resolved, Kind::TeamNew] {
        cases.push((format!("en-{}", kind.as_str()), notice(kind, "en")));
    }
    let mut different = Vec::new();
    for (name, notice) in cases {
        let outgoing = write(&notice);
        let mail = read(&outgoing);
        let mut seen = String::new();
        seen.push_str(&format!("Envelope-From: {}\n", outgoing.envelope_from));
        seen.push_str(&format!("Envelope-To: {}\n", outgoing.envelope_to));
        for (name, value) in &mail.headers {
            let value = if name == "Subject" {
                &mail.subject
            } else {
                value
            };
            seen.push_str(&format!("{name}: {value}\n"));
        }
        for (name, kind, bytes) in &mail.files {
            seen.push_str(&format!("File: {name} ({kind}, {} bytes)\n", bytes.len()));
        }
        seen.push_str(&format!("\n{}\n", mail.text));
        let path = folder.join(format!("{name}.txt"));
        if update {
            std::fs::create_dir_all(&folder).expect("created");
            std::fs::write(&path, &seen).expect("written");
        } else if std::fs::read_to_string(&path).ok().as_deref() != Some(seen.as_str()) {
            different.push(format!("--- {}\n{seen}", path.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
