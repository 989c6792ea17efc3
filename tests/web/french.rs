//! How the pages of requesters are set: spaces that do not break before and inside French signs, one kind of
//! apostrophe, one form of dates and hours; in every template, every sentence of the code, and on the pages.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono::Duration;
use regex::Regex;

use crate::desk::{CAMILLE, Desk, MARIE};
use crate::http;
use crate::submit::{choices, go_on, post, typed};

static BREAKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\S [:;?!»](?:\W|$)|« "));
static STRAIGHT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\p{L}'\p{L}"));
static NUMERIC: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{4}\b|\b\d{1,2}:\d\d\b|\d h \d"));
static CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{%.*?%\}|\{#.*?#\}"));
static SHOWN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{\{.*?\}\}"));
/// What people typed, to be sent again, and what is typed into terminals.
static AS_TYPED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"<(?:textarea|pre)\b.*?</(?:textarea|pre)>"));
static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"<[^>]*>"));

fn pattern(text: &str) -> Regex {
    Regex::new(&format!("(?s){text}")).expect("a pattern")
}

/// What is wrong with words, each with what stands around it.
fn faults(words: &str) -> Vec<String> {
    let around = |at: usize| {
        let before = words[..at].char_indices().rev().nth(30);
        let from = before.map_or(0, |(from, _)| from);
        words[from..].chars().take(60).collect::<String>()
    };
    [&*BREAKS, &*STRAIGHT]
        .into_iter()
        .flat_map(|wrong| wrong.find_iter(words))
        .map(|found| around(found.start()))
        .collect()
}

#[test]
fn what_is_wrong_is_found() {
    for wrong in [
        "Pourquoi ?",
        "Non : rien.",
        "« oui\u{a0}»",
        "«\u{a0}oui »",
        "l'avis",
    ] {
        assert_eq!(faults(wrong).len(), 1, "{wrong}");
    }
    let right = "Pourquoi\u{a0}? «\u{a0}L’avis\u{a0}»\u{a0}: https://a.example/?q='x'";
    assert_eq!(faults(right), Vec::<String>::new());
    for wrong in ["le 24/12/2026", "à 9:05", "à 9 h 05"] {
        assert!(NUMERIC.is_match(wrong), "{wrong}");
    }
}

/// Files below a folder of the sources, but those of the desk's own pages.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        let name = path.file_name().and_then(|name| name.to_str());
        if matches!(name, Some("desk" | "desk.rs")) {
            continue;
        }
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|is| is == ending) {
            found.push(path);
        }
    }
}

fn below(folder: &str, ending: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&root.join(folder), ending, &mut found);
    assert!(found.len() > 10, "{folder}: {found:?}");
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            (path.display().to_string(), text)
        })
        .collect()
}

#[test]
fn templates_are_set_well() {
    let mut wrong = Vec::new();
    let mails = below("mail-templates/fr", "html");
    // Mails keep to one kind of apostrophe, too: the one that people type.
    let typed = |text: &str| text.replace('\'', "’");
    let mails = mails.into_iter().map(|(path, text)| (path, typed(&text)));
    for (path, text) in below("src/web/web-templates", "html")
        .into_iter()
        .chain(mails)
    {
        let text = SHOWN.replace_all(&text, "x");
        let text = CODE.replace_all(&text, "");
        let text = TAG.replace_all(&text, "").replace("&nbsp;", "\u{a0}");
        wrong.extend(
            faults(&text)
                .into_iter()
                .map(|fault| format!("{path}: {fault}")),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
    for (path, text) in below("mail-templates/fr", "html") {
        assert!(!text.contains('’'), "{path} has two kinds of apostrophes");
    }
}

/// What stands between double quotes on the lines of code: no comments, logs or tests.
fn sentences(code: &str) -> impl Iterator<Item = &str> {
    let code = code
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    let lines = code.lines().map(str::trim_start);
    lines
        .filter(|line| !line.starts_with("//") && !line.contains("tracing::"))
        // Of pieces between quotes each second one is quoted; the sign by itself opens nothing.
        .flat_map(|line| line.split("'\"'"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
}

#[test]
fn sentences_of_the_code_are_set_well() {
    let mut all = below("src/web", "rs");
    let form = concat!(env!("CARGO_MANIFEST_DIR"), "/src/desk/form.rs");
    all.push((
        form.to_owned(),
        std::fs::read_to_string(form).expect("UTF-8"),
    ));
    let mut wrong = Vec::new();
    let mut read = 0;
    for (path, code) in &all {
        for sentence in sentences(code).filter(|sentence| sentence.contains(' ')) {
            read += 1;
            let found = faults(&sentence.replace("\\u{a0}", "\u{a0}"));
            wrong.extend(found.into_iter().map(|fault| format!("{path}: {fault}")));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(read > 200, "{read} sentences");
}

/// The words of a page, its title and its `main`.
fn words(page: &str) -> String {
    let page = AS_TYPED.replace_all(page, "");
    TAG.replace_all(&page, "\n")
        .replace("&nbsp;", "\u{a0}")
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// Words of the institution and of people that are set well themselves.
const TABLES: &str = r#"
[[categories]]
id = "poste"
name = "Poste de travail"
explanation = "Un écran noir ? Un clavier muet ?"
warning = "Attention : ne débranchez rien !"
type = "incident"
[[categories.questions]]
label = "Est-ce urgent ?"
kind = "yes-no"
help = "« Oui » ou « non » ; rien d’autre."
[[addresses]]
pattern = "aide@example.org"
team = "dsi"
about = "Une question ? Écrivez : nous lisons."
"#;

const ARTICLE: &str = "+++\ntitle = \"Écran noir\"\ncategory = \"Postes\"\nauthors = [\"Zoé\"]\ncreated = 2020-03-17T18:02:00\nupdated = 2026-09-14\nreview = 2026-10-01\nversion = \"3\"\nfaq = true\n[[documents]]\nlink = \"https://a.example/\"\nname = \"Notice\"\ndate = 2026-09-14\n[[history]]\ndate = 2026-09-14\nchange = \"Relu\"\n+++\nÉteignez : rallumez. « Rien » ?\n\n    a : b\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_requesters_are_set_well_whatever_they_say() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("ecran.md"), ARTICLE).expect("writable");
    let tables = format!(
        "{TABLES}\n[knowledge]\nfolder = \"{}\"",
        folder.path().display()
    );
    let mut desk = Desk::open_with(&tables).await;
    let mut seen: Vec<(String, String)> = Vec::new();
    for path in [
        "/",
        "/?fait=plus-suivre",
        "/aide",
        "/accessibilite",
        "/articles",
        "/articles?categorie=Postes",
        "/articles/a/ecran",
        "/articles/a/ecran?fait=aide",
        "/articles/recherche",
        "/articles/recherche?q=noir",
        "/articles/recherche?q=zzz",
        "/demande",
        "/demande?categorie=poste",
        "/demande?choix=fait",
        "/mes-demandes",
        "/mes-demandes/envoye",
        "/rien",
        "/t/x",
        "/c/x",
        "/d/x",
        "/demande/x",
    ] {
        seen.push((path.to_owned(), desk.get(path).await.text()));
    }
    let article = desk.get("/articles/a/ecran").await.text();
    assert!(article.contains("<code>a : b"), "code stays: {article}");
    let article = words(&article);
    for date in [
        "17 mars 2020 à 18\u{a0}h\u{a0}02",
        "14 septembre 2026\u{a0}: Relu",
    ] {
        assert!(article.contains(date), "{date}: {article}");
    }
    for (path, fields) in [
        (
            "/demande",
            &[
                ("adresse", "x"),
                ("telephone", "1"),
                ("liens", "x"),
                ("pour", "autre"),
            ][..],
        ),
        ("/mes-demandes", &[]),
        ("/t/x", &[]),
    ] {
        let page = http::submit(desk.address, path, fields).await;
        seen.push((format!("{path}, sent"), page.text()));
    }
    // The form, as far as its ticket.
    let fields = [
        ("categorie", "poste"),
        ("titre", "Clavier muet"),
        ("details", "Rien à faire."),
        ("effet", "everybody"),
        ("q-poste-0", "yes"),
        ("adresse", MARIE),
    ];
    desk.wait(Duration::hours(12));
    let here = typed(&desk, &fields, &[]).await;
    seen.push(("read again".to_owned(), desk.get(&here).await.text()));
    go_on(&mut desk, &here).await;
    seen.push(("mailbox".to_owned(), desk.get(&here).await.text()));
    let link = desk.link(MARIE);
    let page = desk.get(&link).await.text();
    let field = choices(&page);
    seen.push(("to confirm".to_owned(), page));
    let unchosen = post(&mut desk, &link, Vec::new(), &[]).await;
    seen.push(("not chosen".to_owned(), unchosen.text()));
    post(&mut desk, &link, Vec::new(), &[(&field[0], "envoyer")]).await;
    seen.push(("confirmed".to_owned(), desk.get(&link).await.text()));
    // Its life.
    let link = desk.link(MARIE);
    for (step, done) in [
        ("#prendre", "suivi"),
        ("Quelle couleur\u{a0}?\n\n#attente", "suivi"),
        ("#attente tiers", "suivi"),
        ("#pause 24/12/2026", "suivi"),
        ("#resolu\n\nRallumé.", "refuser"),
        ("#clore", "noter"),
    ] {
        desk.reply("Camille Martin", CAMILLE, step).await;
        seen.push((step.to_owned(), desk.get(&link).await.text()));
        seen.push((
            done.to_owned(),
            desk.get(&format!("{link}?fait={done}")).await.text(),
        ));
        for form in ["suivi", "valider", "refuser", "noter"] {
            let answer = http::submit(desk.address, &format!("{link}/{form}"), &[]).await;
            seen.push((format!("{step}, {form}"), answer.text()));
        }
    }
    http::submit(desk.address, "/mes-demandes", &[("adresse", MARIE)]).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    desk.settle().await;
    let list = desk.link(MARIE);
    for path in [list.clone(), format!("{list}?etat=toutes")] {
        seen.push((path.clone(), desk.get(&path).await.text()));
    }
    let resolved = seen.iter().find(|(what, _)| what.starts_with("#resolu"));
    let resolved = words(&resolved.expect("seen").1);
    for said in [
        "Rallumé.",
        "Est-ce urgent",
        "En attente d’un autre intervenant",
    ] {
        assert!(resolved.contains(said), "{said}: {resolved}");
    }
    let mut wrong = Vec::new();
    for (what, page) in &seen {
        // The record of an article has its dates as they were where it comes from.
        let (before, record) = page.split_once("class=\"record\"").unwrap_or((page, ""));
        let after = record
            .split_once("</details>")
            .map_or("", |(_, after)| after);
        let words = words(&format!("{before}>{after}"));
        let dates = NUMERIC
            .find_iter(&words)
            .map(|found| found.as_str().to_owned());
        let found = faults(&words).into_iter().chain(dates);
        wrong.extend(found.map(|fault| format!("{what}: {fault}")));
    }
    assert_eq!(wrong, Vec::<String>::new());
}
