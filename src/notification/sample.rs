//! Mails to try templates with: those in which everything is said, for each occasion, one in which as
//! little as possible is, one in the bare form. A template that renders with all of them renders.

use std::collections::BTreeSet;

use super::words::{
    Article, Category, File, Listed, Report, Requester, Row, Section, Team, Technician, Words,
    replies, reply_line,
};
use crate::desk::Kind;

/// The samples of a kind.
pub fn all(language: &str, kind: Kind) -> Vec<Words> {
    let spare = Words {
        bare: false,
        ..spare(language, kind)
    };
    let bare = Words {
        bare: true,
        link: full(language, kind).link,
        ..spare.clone()
    };
    let mut samples = vec![full(language, kind), spare, bare];
    samples.extend(
        [
            "accepted",
            "complement",
            "unanswered",
            "new-subject",
            "helped",
            "out-of-scope",
        ]
        .map(|because| Words {
            because,
            observer: false,
            ..full(language, kind)
        }),
    );
    samples
}

/// The names that templates may use.
pub fn variables() -> BTreeSet<String> {
    serde_json::to_value(Words::default())
        .ok()
        .and_then(|value| value.as_object().map(|map| map.keys().cloned().collect()))
        .unwrap_or_default()
}

fn full(language: &str, kind: Kind) -> Words {
    let date = Some("lundi 23 novembre 2026 à 14 h 05".to_owned());
    Words {
        heading: true,
        title: Some("Imprimante <3> & {{ config }}".to_owned()),
        link: Some("https://support.example.org/t/abc".to_owned()),
        observer: true,
        person: true,
        author: Some("Camille Martin".to_owned()),
        text: Some("Bonjour,\n\n  <b>ligne</b>\nfin".to_owned()),
        files: vec![
            File {
                name: "capture.png".to_owned(),
                size: "48 ko".to_owned(),
                sent: true,
            },
            File {
                name: "film.mp4".to_owned(),
                size: "40 Mo".to_owned(),
                sent: false,
            },
        ],
        files_left: true,
        team: Some(Team {
            name: "DSI – Support".to_owned(),
            address: "support@example.org".to_owned(),
            contact: Some("02 31 00 00 00".to_owned()),
        }),
        technician: Some(Technician {
            name: "Camille Martin".to_owned(),
            phone: Some("02 31 00 00 01".to_owned()),
        }),
        requester: Some(Requester {
            name: "Jeanne Dupont".to_owned(),
            address: "jeanne.dupont@example.org".to_owned(),
            phone: Some("02 31 56 55 10".to_owned()),
            place: Some("Scolarité, Campus 2".to_owned()),
        }),
        nature: "request",
        category: Some(Category {
            name: "Bytel – Arrêt production".to_owned(),
            explanation: Some("Impossible de se connecter.".to_owned()),
            warning: Some("Prévenez la DSI avant le client.".to_owned()),
        }),
        reclassified: 1,
        questions: vec!["Numéro du poste".to_owned()],
        priority: "normal",
        claim: "lowered",
        beneficiary: Some(Requester {
            name: "Paul Petit".to_owned(),
            address: "paul.petit@example.org".to_owned(),
            phone: Some("02 31 56 55 11".to_owned()),
            place: Some("Accueil".to_owned()),
        }),
        for_you: true,
        followers: vec!["Anne Leroy".to_owned()],
        unfollow: Some("mailto:support@example.org?subject=Ne%20plus%20suivre".to_owned()),
        why: vec!["support@example.org → DSI".to_owned()],
        urgency: "high",
        urgency_label: "haute".to_owned(),
        observing: vec!["Scolarité".to_owned()],
        unverified: true,
        reopened: 2,
        refusals: 2,
        since: date.clone(),
        until: date.clone(),
        because: "refused",
        actions: vec![super::staff::Action {
            label: "Prendre".to_owned(),
            link: "mailto:support@example.org?subject=a&body=b".to_owned(),
        }],
        crib: super::staff::crib(language),
        exchanges: vec![super::staff::Said {
            author: "Jeanne <Dupont>".to_owned(),
            when: "lundi 23 novembre 2026 à 14 h 05".to_owned(),
            text: "Bonjour,\n<b>ligne</b>".to_owned(),
            internal: true,
        }],
        accept_link: Some("mailto:support@example.org?subject=a&body=b".to_owned()),
        refuse_link: Some("mailto:support@example.org?subject=a&body=c".to_owned()),
        asks_marks: true,
        articles: vec![Article {
            title: "Imprimante <3> : bourrage & toner".to_owned(),
            link: "https://support.example.org/t/abc/articles/impression".to_owned(),
        }],
        helped_link: Some("mailto:support@example.org?subject=a&body=e".to_owned()),
        marks_link: Some("mailto:support@example.org?subject=a&body=d".to_owned()),
        created_at: date.clone(),
        urgent: true,
        on_call: Some("02 31 00 00 00".to_owned()),
        close_at: date.clone(),
        expires_at: date,
        continues: Some("DSI-7".to_owned()),
        oversize: Some("60 Mo".to_owned()),
        lines: vec!["✔ #prendre : fait".to_owned()],
        tickets: vec![Listed {
            reference: "DSI-1042".to_owned(),
            title: "Imprimante <3>".to_owned(),
            status: "open",
            since: "lundi 23 novembre 2026 à 14 h 05".to_owned(),
            who: Some("Jeanne Dupont".to_owned()),
            owner: Some("Camille Martin".to_owned()),
            link: Some("https://support.example.org/t/abc".to_owned()),
        }],
        partner_number: Some("[GLPI #0001234]".to_owned()),
        report: Some(Report {
            about: "DSI – Support".to_owned(),
            month: "novembre 2026".to_owned(),
            sections: vec![Section {
                title: "Par <catégorie>".to_owned(),
                rows: vec![Row {
                    label: "Imprimante <3> & {{ config }}".to_owned(),
                    value: "12 (mois précédent\u{a0}: 9)".to_owned(),
                    link: Some("https://support.example.org/articles/a/impression".to_owned()),
                }],
                note: Some("En heures ouvrées.".to_owned()),
            }],
            enclosed: true,
        }),
        ..spare(language, kind)
    }
}

fn spare(language: &str, kind: Kind) -> Words {
    let replied = replies(kind);
    Words {
        language: language.to_owned(),
        kind: kind.as_str(),
        reply_line: replied.then(|| reply_line(language).to_owned()),
        marker: replied.then(|| "Réf. [DSI-1042] · guichet:abcdefgh".to_owned()),
        desk_name: "Guichet".to_owned(),
        reference: replied.then(|| "DSI-1042".to_owned()),
        purpose: if kind.is_internal() {
            "technician"
        } else {
            "requester"
        },
        urgency: "normal",
        urgency_label: "normale".to_owned(),
        priority: "normal",
        priority_label: "normale".to_owned(),
        nature: "incident",
        status: "open",
        ..Words::default()
    }
}
