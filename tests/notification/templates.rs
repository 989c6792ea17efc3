//! Templates: embedded, overridden, wrong.

use std::path::{Path, PathBuf};

use guichet::desk::Kind;
use guichet::notification::Templates;
use guichet::notification::{Stationery, render};
use guichet::token::{Reply, marker_tokens};

use crate::desk::*;
use crate::reading::*;

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
        // Canned answers are text of another kind; the configuration compares them.
        if language == "README.md" || language == "canned" {
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
    let readme = include_str!("../../mail-templates/README.md");
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
        // These answer nothing and are not answered.
        if !matches!(
            kind,
            Kind::Digest | Kind::TeamDigest | Kind::TeamThanks | Kind::Answer
        ) {
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
