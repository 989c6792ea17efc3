//! A desk with one ticket, and notices of every kind about it.

use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};
use guichet::desk::calendar::{Calendar, Term};
use guichet::desk::policy::{
    Authentication, Limits, Policy, Rank, SubjectStyle, Team, Technician, Thanks,
};
use guichet::desk::{Automation, Enclosed, Kind, Listed, Monthly, Notice, Row, Section, Visit};
use guichet::mail::{Address, Attachment, Digest};
use guichet::notification::{Outgoing, Stationery, Templates, render};
use guichet::ticket::{
    File, InboxId, Level, NoticeId, Part, Person, PersonId, Reference, Status, Ticket, TicketId,
};
use guichet::token::{Errand, KEY_BYTES, Keys, Purpose};

pub static EMBEDDED: LazyLock<Templates> = LazyLock::new(Templates::embedded);

pub const LANGUAGES: [&str; 2] = ["fr", "en"];

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("RFC 3339")
}

pub fn now() -> DateTime<Utc> {
    at("2026-11-23T13:05:09Z")
}

pub fn keys() -> Keys {
    Keys::parse(&Keys::file_text(&[7; KEY_BYTES])).expect("well formed")
}

pub fn address(name: &str, address: &str) -> Address {
    Address {
        name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        address: address.to_owned(),
    }
}

pub fn policy() -> Policy {
    let team = |id: &str, name: &str, contact: Option<&str>| Team {
        id: id.to_owned(),
        name: name.to_owned(),
        from: format!("{id}@example.org"),
        prefix: id.to_uppercase(),
        auto_close_after: Some(Term::After(Duration::days(15))),
        reminders: Vec::new(),
        resolve_after: None,
        late_after: None,
        show_deadline: true,
        on_call: None,
        calendar: Calendar::always(guichet::zone::Zone::paris()),
        contact: contact.map(str::to_owned),
        assignment: Default::default(),
        report_to: Vec::new(),
    };
    Policy {
        canned: Vec::new(),
        remind_authors: true,
        individual_statistics: true,
        applications: Vec::new(),
        language: "fr".to_owned(),
        services: Vec::new(),
        timezone: guichet::zone::Zone::paris(),
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
        coalesce: Duration::seconds(90),
        ask_marks_every: Duration::zero(),
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
            only_failures: false,
            thanks: Thanks::Digest,
        }],
        accounts: Vec::new(),
        categories: Vec::new(),
        urgency_labels: None,
        directory: Default::default(),
        cc_observers: Default::default(),
    }
}

pub fn ticket() -> Ticket {
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
            reply_to: None,
            generation: 2,
        }],
        language: "fr".to_owned(),
        sent_to: Some("support@example.org".to_owned()),
        account: "support".to_owned(),
        automatic: false,
        verified: true,
        why: vec!["To : support@example.org → DSI – Support".to_owned()],
        linked: Vec::new(),
        origin_message_id: Some("first@client.example.org".to_owned()),
        last_message_id: Some("second@client.example.org".to_owned()),
        created_at: at("2026-11-23T13:05:00Z"),
        updated_at: at("2026-11-23T13:05:00Z"),
        reopened: 0,
        ties: guichet::ticket::Ties::default(),
        nature: Default::default(),
        channel: guichet::ticket::Channel::Mail,
        category: None,
        reclassified: 0,
        claim: None,
        priority_decided: false,
        named: Vec::new(),
        phone: None,
        phone_typed: false,
        remind_at: None,
        reminders: 0,
        refusals: 0,
        complements: 0,
        accepted: false,
        thanks: 0,
        marks: None,
        marks_asked: false,
        offered: Vec::new(),
    }
}

pub fn file(name: &str, content_type: &str, bytes: &[u8]) -> File {
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

pub const WRITTEN: &str = "Bonjour,\n\nDepuis ce matin :\n\n    ERREUR 0x80070005 : accès refusé <scolarite> & \"apogée\" sur le poste PC-B-204, veuillez contacter votre administrateur\n\nMerci d'avance\nJeanne";

pub fn notice(kind: Kind, language: &str) -> Notice {
    let staff = kind.is_internal();
    let answer = matches!(kind, Kind::FollowUp | Kind::Resolved);
    let written = answer || staff;
    Notice {
        id: NoticeId(77),
        ticket: (!matches!(kind, Kind::Operations | Kind::TeamDigest | Kind::SignIn) && errand(kind).is_none() && monthly(kind, language).is_none()).then_some(TicketId(1042)),
        kind,
        to: if staff {
            address("Camille Martin", "camille.martin@example.org")
        } else {
            address("Jeanne Dupont", "jeanne.dupont@example.org")
        },
        link_for: (!staff).then_some(PersonId(5)),
        language: language.to_owned(),
        purpose: match kind {
            Kind::TeamObserver
            | Kind::TeamAlert
            | Kind::TeamDigest
            | Kind::Transcript
            | Kind::Report
            | Kind::Review
            | Kind::Operations => Purpose::Note,
            Kind::Confirm => Purpose::Confirm,
            _ if staff => Purpose::Technician,
            _ => Purpose::Requester,
        },
        automation: match kind {
            Kind::Acknowledgement => Automation::Replied,
            _ if answer => Automation::Person,
            _ => Automation::Generated,
        },
        from: address("DSI – Support", "support@example.org"),
        text: (written && !matches!(kind, Kind::TeamDigest | Kind::TeamThanks | Kind::SignIn) && monthly(kind, language).is_none()).then(|| WRITTEN.to_owned()),
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
            Kind::TeamGiven => vec!["Karim Benali vous confie ce ticket.".to_owned()],
            Kind::Lowered => vec!["un seul poste est touché".to_owned()],
            Kind::Operations => vec!["Un message a été mis de côté : il n'a pas pu être lu (3 essais).".to_owned()],
            Kind::Confirm => vec!["#prendre".to_owned(), "#resolu".to_owned()],
            Kind::TeamDigest => vec!["[DSI-1042] Nouvelle demande : Plus d'accès à la scolarité — Jeanne Dupont".to_owned(), "[DSI-1043] Message : Imprimante — Paul Petit".to_owned()],
            Kind::Digest => vec!["DSI-1042 : Plus d'accès à la scolarité".to_owned(), "DSI-1043 : Imprimante".to_owned()],
            Kind::TeamThanks => vec!["[DSI-1042] Plus d'accès à la scolarité – Jeanne Dupont : « Merci beaucoup ! »".to_owned()],
            _ => Vec::new(),
        },
        due_at: None,
        over_limit: false,
        expires_at: (matches!(kind, Kind::Confirm | Kind::SignIn) || errand(kind).is_some()).then(|| at("2026-11-24T09:05:00Z")),
        caused_by: None,
        listed: match kind {
            Kind::Requests => vec![Listed::of(&ticket(), Some(PersonId(5)))],
            Kind::Report => vec![Listed {
                title: "Une borne près de l'accueil".to_owned(),
                ..Listed::of(&ticket(), Some(PersonId(guichet::token::staff_number("camille.martin@example.org"))))
            }],
            _ => Vec::new(),
        },
        look: None,
        because: None,
        asks_marks: kind == Kind::Closed,
        quiet: false,
        held: false,
        exchanges: Vec::new(),
        enclosed: (kind == Kind::Report).then(|| Enclosed {
            name: "bilan-dsi-2026-10.csv".to_owned(),
            text: "table,line,column,value\r\nsummary,Ouvertes,Nombre,42\r\n".to_owned(),
        }),
        visit: errand(kind).map(|errand| visit(errand, language)),
        landing: None,
        monthly: monthly(kind, language),
    }
}

/// What a monthly mail says; `None` for the others.
fn monthly(kind: Kind, language: &str) -> Option<Monthly> {
    let pick = |french: &str, english: &str| guichet::desk::words::pick(language, french, english);
    let row = |french: &str, english: &str, value: String| Row {
        label: pick(french, english),
        value,
        link: None,
    };
    let report = || {
        vec![
            Section {
                title: pick("En bref", "In brief"),
                rows: vec![
                    row(
                        "Demandes reçues",
                        "Requests",
                        pick("42 (36 le mois précédent)", "42 (36 the month before)"),
                    ),
                    row("dont suggestions", "of which suggestions", "1".to_owned()),
                    row(
                        "Résolues ou closes à ce jour",
                        "Resolved or closed by now",
                        "38".to_owned(),
                    ),
                ],
                note: None,
            },
            Section {
                title: pick("Délais", "Times"),
                rows: vec![row(
                    "Première réponse d'une personne",
                    "First answer of a person",
                    pick(
                        "médiane 1\u{a0}h\u{a0}20, 9 sur 10 en moins de 6\u{a0}h\u{a0}00 (38 demandes)",
                        "median 1\u{a0}h\u{a0}20\u{a0}min, 9 of 10 within 6\u{a0}h\u{a0}00\u{a0}min (38 requests)",
                    ),
                )],
                note: Some(pick(
                    "En heures ouvrées du service ; les suggestions et les machines n'y comptent pas.",
                    "In working hours of the team; suggestions and machines do not count.",
                )),
            },
            Section {
                title: pick("Catégories à envisager", "Categories to consider"),
                rows: vec![row(
                    "badge <parking>",
                    "badge <parking>",
                    pick("4 demandes", "4 requests"),
                )],
                note: None,
            },
        ]
    };
    let review = || {
        vec![Section {
            title: pick("Vos articles", "Your articles"),
            rows: vec![Row {
                label: "Se connecter au Wi-Fi".to_owned(),
                value: pick(
                    "à relire depuis le 3 novembre 2026",
                    "to be read again since 3 November 2026",
                ),
                link: Some("https://guichet.example.org/articles/a/reseau/wifi".to_owned()),
            }],
            note: None,
        }]
    };
    let (about, sections, page) = match kind {
        Kind::Report => ("DSI – Support", report(), Some("https://guichet.example.org/desk/statistics?from=2026-10-01&to=2026-10-31&team=dsi".to_owned())),
        Kind::Review => ("", review(), None),
        _ => return None,
    };
    Some(Monthly {
        about: about.to_owned(),
        month: pick("octobre 2026", "October 2026"),
        sections,
        page,
    })
}

/// What a link by address opens; `None` for what concerns a ticket.
fn errand(kind: Kind) -> Option<Errand> {
    match kind {
        Kind::Submission => Some(Errand::Confirm),
        Kind::Requests => Some(Errand::Requests),
        _ => None,
    }
}

fn visit(errand: Errand, language: &str) -> Visit {
    Visit {
        errand,
        mailbox: 12,
        generation: 0,
        address: "jeanne.dupont@example.org".to_owned(),
        ticket: None,
        language: language.to_owned(),
        until: at("2026-11-24T09:05:00Z"),
    }
}

pub fn bytes_of(file: &File) -> Option<Vec<u8>> {
    let byte = if file.attachment.content_type == "image/png" {
        1
    } else {
        b'x'
    };
    Some(vec![byte; file.attachment.size as usize])
}

pub fn write_with(policy: &Policy, notice: &Notice, ticket: &Ticket) -> Outgoing {
    let stationery = Stationery {
        policy,
        templates: &EMBEDDED,
        keys: &keys(),
    };
    let ticket = notice.ticket.map(|_| ticket);
    render(stationery, notice, ticket, &bytes_of, now())
}

pub fn write(notice: &Notice) -> Outgoing {
    write_with(&policy(), notice, &ticket())
}
