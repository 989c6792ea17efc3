//! The front matter of an article: TOML between two lines `+++`, every mistake with its line.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::Deserialize;
use toml::value::Datetime;

use super::link::{self, Target};
use super::{Article, Audience, Document, Place, Problem, Revision};

/// The line around the front matter.
const FENCE: &str = "+++";

/// The front matter as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    title: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    authors: Vec<String>,
    approver: Option<String>,
    audience: Option<String>,
    #[serde(default)]
    scope: Vec<String>,
    reference: Option<String>,
    version: Option<String>,
    created: Option<Datetime>,
    updated: Option<Datetime>,
    review: Option<Datetime>,
    #[serde(default)]
    faq: bool,
    #[serde(default)]
    related: Vec<String>,
    #[serde(default)]
    documents: Vec<WrittenDocument>,
    #[serde(default)]
    history: Vec<WrittenRevision>,
    language: Option<String>,
    #[serde(default)]
    words: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDocument {
    name: Option<String>,
    entity: Option<String>,
    file: Option<String>,
    link: Option<String>,
    heading: Option<String>,
    tag: Option<String>,
    date: Option<Datetime>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRevision {
    date: Datetime,
    version: Option<String>,
    author: Option<String>,
    change: String,
}

/// Reads the text of `slug`.md. `language` is that of articles which name none.
///
/// # Errors
/// All that is wrong with it; then it is no article.
pub fn parse(slug: &str, text: &str, language: &str) -> Result<Article, Vec<Problem>> {
    let file = format!("{slug}.md");
    let problem = |line: Option<usize>, message: String| Problem {
        file: file.clone(),
        line,
        message,
    };
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let (front, body, body_line) =
        split(&text).map_err(|(line, message)| vec![problem(Some(line), message.to_owned())])?;
    let written: Front = toml::from_str(front).map_err(|error| {
        // The fence is the first line.
        let line = error
            .span()
            .map_or(1, |span| 2 + lines_before(front, span.start));
        vec![problem(Some(line), error.message().to_owned())]
    })?;
    let key_line = |key: &str| {
        let found = front.lines().position(|line| {
            line.trim_start()
                .strip_prefix(key)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        });
        Some(found.map_or(1, |line| line + 2))
    };
    let mut problems = Vec::new();
    if written.title.trim().is_empty() {
        problems.push(problem(key_line("title"), "title: it is empty".to_owned()));
    }
    let audience = match written.audience.as_deref() {
        None | Some("public") => Audience::Public,
        Some("internal") => Audience::Internal,
        Some("technicians") => Audience::Technicians,
        Some(other) => {
            problems.push(problem(
                key_line("audience"),
                format!(
                    "audience: \"{other}\" is none of \"public\", \"internal\", \"technicians\""
                ),
            ));
            // Nobody reads it by mistake.
            Audience::Technicians
        }
    };
    let language = written.language.unwrap_or_else(|| language.to_owned());
    if !matches!(language.as_str(), "fr" | "en") {
        problems.push(problem(
            key_line("language"),
            format!("language: \"{language}\" is none of \"fr\", \"en\""),
        ));
    }
    let mut article = Article {
        slug: slug.to_owned(),
        title: written.title.trim().to_owned(),
        category: path(&written.category),
        authors: written.authors,
        approver: written.approver,
        audience,
        scope: written.scope,
        reference: written.reference,
        version: written.version,
        created: None,
        updated: None,
        review: None,
        faq: written.faq,
        related: Vec::new(),
        documents: Vec::new(),
        history: Vec::new(),
        language,
        words: written.words,
        body: body.to_owned(),
        body_line,
    };
    for (key, written, at) in [
        ("created", &written.created, &mut article.created),
        ("updated", &written.updated, &mut article.updated),
    ] {
        match written.as_ref().map(date_time) {
            Some(None) => problems.push(problem(key_line(key), no_date(key))),
            Some(found) => *at = found,
            None => {}
        }
    }
    match written.review.as_ref().map(date_time) {
        Some(None) => problems.push(problem(key_line("review"), no_date("review"))),
        found => article.review = found.flatten().map(|at| at.date()),
    }
    let folder = article.folder().to_owned();
    for related in &written.related {
        let related = format!("{}.md", related.trim().trim_end_matches(".md"));
        match link::target(&folder, &related) {
            Target::Article(slug) => article.related.push(slug),
            _ => problems.push(problem(
                key_line("related"),
                format!("related: \"{related}\" is no article of the folder"),
            )),
        }
    }
    for written in written.documents {
        match document(&folder, written) {
            Ok(document) => article.documents.push(document),
            Err(message) => {
                problems.push(problem(key_line("file"), format!("documents: {message}")))
            }
        }
    }
    for written in written.history {
        match date_time(&written.date) {
            Some(at) => article.history.push(Revision {
                date: at.date(),
                version: written.version,
                author: written.author,
                change: written.change,
            }),
            None => problems.push(problem(key_line("date"), no_date("history.date"))),
        }
    }
    article
        .history
        .sort_by_key(|revision| std::cmp::Reverse(revision.date));
    if problems.is_empty() {
        Ok(article)
    } else {
        Err(problems)
    }
}

/// Front matter, text, and the line on which the text begins.
fn split(text: &str) -> Result<(&str, &str, usize), (usize, &'static str)> {
    let rest = text.strip_prefix(FENCE).and_then(|rest| {
        let (first, rest) = rest.split_once('\n')?;
        first.trim().is_empty().then_some(rest)
    });
    let Some(rest) = rest else {
        return Err((
            1,
            if text.starts_with("---") {
                "its front matter is YAML: write it in TOML, between two lines +++"
            } else {
                "no front matter: the first line is +++, then at least title = \"…\", then a line +++"
            },
        ));
    };
    let mut at = 0;
    for (number, line) in rest.split_inclusive('\n').enumerate() {
        if line.trim_end() == FENCE {
            return Ok((&rest[..at], &rest[at + line.len()..], number + 3));
        }
        at += line.len();
    }
    Err((
        1,
        "the front matter has no end: a second line +++ is missing",
    ))
}

/// « Assistance informatique > Réseau », with `>` or `/`.
fn path(written: &str) -> Vec<String> {
    let sign = if written.contains('>') { '>' } else { '/' };
    written
        .split(sign)
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|part| !part.is_empty())
        .collect()
}

fn document(folder: &str, written: WrittenDocument) -> Result<Document, String> {
    let (place, named) = match (written.file, written.link) {
        (Some(file), None) => {
            let path =
                link::path_in_folder(folder, &file).map_err(|why| format!("\"{file}\": {why}"))?;
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            (Place::File(path), name)
        }
        (None, Some(link)) => match link::target(folder, &link) {
            Target::Elsewhere(link) => (Place::Link(link.clone()), link),
            _ => {
                return Err(format!(
                    "\"{link}\": a link begins with https:// or http://"
                ));
            }
        },
        _ => return Err("each has either file or link".to_owned()),
    };
    Ok(Document {
        name: written.name.unwrap_or(named),
        entity: written.entity,
        place,
        heading: written.heading,
        tag: written.tag,
        date: written
            .date
            .as_ref()
            .and_then(date_time)
            .map(|at| at.date()),
    })
}

fn date_time(written: &Datetime) -> Option<NaiveDateTime> {
    let date = written.date?;
    let day = NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())?;
    let time = match written.time {
        Some(time) => NaiveTime::from_hms_opt(
            time.hour.into(),
            time.minute.into(),
            time.second.unwrap_or(0).into(),
        )?,
        None => NaiveTime::MIN,
    };
    Some(day.and_time(time))
}

fn no_date(key: &str) -> String {
    format!("{key}: a date is written 2026-11-30 or 2026-11-30T15:42, without quotes")
}

fn lines_before(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before.matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fields_are_read() {
        let article = parse(
            "reseau/vpn",
            "\u{feff}+++\r\ntitle = \"Se connecter au VPN\"\r\ncategory = \"Assistance informatique > Réseau\"\nauthors = [\"Camille Martin\"]\ncreated = 2013-11-20T15:42:00\nupdated = 2018-02-13\nreview = 2027-01-31\nfaq = true\nrelated = [\"wifi.md\", \"/mot-de-passe\"]\naudience = \"internal\"\n[[documents]]\nfile = \"guide.pdf\"\n[[history]]\ndate = 2018-02-13\nchange = \"Nouveau client\"\n+++\nLe texte.\n",
            "fr",
        )
        .expect("an article");
        assert_eq!(article.category, ["Assistance informatique", "Réseau"]);
        assert_eq!(
            article.created.map(super::super::date_and_time).as_deref(),
            Some("20-11-2013 15:42")
        );
        assert_eq!(
            article.updated.map(super::super::date_and_time).as_deref(),
            Some("13-02-2018")
        );
        assert_eq!(article.related, ["reseau/wifi", "mot-de-passe"]);
        assert_eq!(
            article.documents[0].place,
            Place::File("reseau/guide.pdf".to_owned())
        );
        assert_eq!(
            (article.body.as_str(), article.body_line),
            ("Le texte.\n", 17)
        );
        let day = |text: &str| text.parse().expect("a date");
        assert!(!article.is_stale(day("2027-01-31")) && article.is_stale(day("2027-02-01")));
    }

    #[test]
    fn every_mistake_has_its_line() {
        for (text, line, said) in [
            ("Bonjour", 1, "no front matter"),
            ("---\ntitle: x\n---\n", 1, "YAML"),
            ("+++\ntitle = \"x\"\n", 1, "no end"),
            ("+++\ncategory = \"x\"\n+++\n", 2, "title"),
            ("+++\ntitle = \"x\"\ntitel = \"y\"\n+++\n", 3, "titel"),
            ("+++\ntitle = \"x\"\n\nfaq = \"oui\"\n+++\n", 4, "boolean"),
            (
                "+++\ntitle = \"x\"\naudience = \"tous\"\n+++\n",
                3,
                "\"public\"",
            ),
            ("+++\ntitle = \"x\"\nreview = 2026-02-31\n+++\n", 3, ""),
            (
                "+++\ntitle = \"x\"\nrelated = [\"../x.md\"]\n+++\n",
                3,
                "no article of the folder",
            ),
            (
                "+++\ntitle = \"x\"\n[[documents]]\nfile = \"../x.pdf\"\n+++\n",
                4,
                "`..`",
            ),
            (
                "+++\ntitle = \"x\"\n[[documents]]\nlink = \"javascript:x\"\n+++\n",
                1,
                "https",
            ),
            ("+++\ntitle = \"\"\n+++\n", 2, "empty"),
        ] {
            let problems = parse("a", text, "fr").expect_err(text);
            assert_eq!(problems[0].line, Some(line), "{text}: {problems:?}");
            assert!(problems[0].message.contains(said), "{text}: {problems:?}");
        }
    }
}
