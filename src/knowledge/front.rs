//! The front matter of an article: TOML between two lines `+++`. Each key is judged on its own, so that
//! all mistakes are told at once, each with its line and what to write instead.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::link::{self, Target};
use super::{Article, Audience, Document, Place, Problem, Related, Revision};

/// The line around the front matter.
const FENCE: &str = "+++";

const KEYS: &[&str] = &[
    "title",
    "category",
    "authors",
    "approver",
    "audience",
    "scope",
    "reference",
    "version",
    "created",
    "updated",
    "review",
    "faq",
    "related",
    "documents",
    "history",
    "language",
    "words",
];

const DOCUMENT_KEYS: &[&str] = &["name", "entity", "file", "link", "heading", "tag", "date"];

const REVISION_KEYS: &[&str] = &["date", "version", "author", "change"];

/// Reads the text of `slug`.md. `language` is that of articles which name none.
///
/// # Errors
/// All that is wrong with it; then it is no article.
pub fn parse(slug: &str, text: &str, language: &str) -> Result<Article, Vec<Problem>> {
    let file = format!("{slug}.md");
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let (front, body, body_line) = split(&text).map_err(|(line, message)| {
        vec![Problem {
            file: file.clone(),
            line: Some(line),
            message: message.to_owned(),
        }]
    })?;
    let mut judge = Judge {
        file,
        front,
        problems: Vec::new(),
    };
    let (table, errors) = DeTable::parse_recoverable(front);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        judge.wrong(at, format!("this is no TOML: {}", error.message()));
    }
    // What cannot be read is missing from the table, which would be told as well.
    if judge.problems.is_empty() {
        let empty = Article {
            slug: slug.to_owned(),
            title: String::new(),
            category: Vec::new(),
            authors: Vec::new(),
            approver: None,
            audience: Audience::Public,
            scope: Vec::new(),
            reference: None,
            version: None,
            created: None,
            updated: None,
            review: None,
            faq: false,
            related: Vec::new(),
            documents: Vec::new(),
            history: Vec::new(),
            language: language.to_owned(),
            words: Vec::new(),
            body: body.to_owned(),
            body_line,
        };
        let article = judge.article(empty, table.get_ref());
        if judge.problems.is_empty() {
            return Ok(article);
        }
    }
    judge.problems.sort();
    Err(judge.problems)
}

type Value<'a> = Spanned<DeValue<'a>>;

/// Reads values, and gathers what is wrong with them.
struct Judge<'a> {
    file: String,
    front: &'a str,
    problems: Vec<Problem>,
}

impl Judge<'_> {
    /// The line of a place in the front matter; the fence is the first.
    fn line(&self, at: usize) -> usize {
        let before = self.front.get(..at).unwrap_or(self.front);
        2 + before.matches('\n').count()
    }

    fn wrong(&mut self, at: usize, message: String) {
        self.problems.push(Problem {
            file: self.file.clone(),
            line: Some(self.line(at)),
            message,
        });
    }

    fn expected(&mut self, key: &str, value: &Value<'_>, remedy: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.wrong(
            value.span().start,
            format!("{key}: write {remedy}, not {found}"),
        );
    }

    fn unknown(&mut self, at: usize, name: &str, known: &[&str]) {
        let near = known
            .iter()
            .map(|key| (strsim::damerau_levenshtein(name, key), *key))
            .filter(|(distance, key)| *distance <= (key.len() / 3).max(1))
            .min();
        let remedy = match near {
            Some((_, key)) => format!("did you mean \"{key}\"?"),
            None => format!("the keys are {}", known.join(", ")),
        };
        self.wrong(at, format!("{name}: there is no such key; {remedy}"));
    }

    fn text(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        let text = value.get_ref().as_str().map(|text| text.trim().to_owned());
        if text.is_none() {
            self.expected(key, value, "a text between quotes");
        }
        text
    }

    fn texts(&mut self, key: &str, value: &Value<'_>) -> Vec<(usize, String)> {
        let entries = value.get_ref().as_array().map(|entries| {
            let texts = entries.iter().map(|entry| {
                let text = entry.get_ref().as_str()?.trim().to_owned();
                Some((entry.span().start, text))
            });
            texts.collect::<Option<Vec<_>>>()
        });
        let Some(Some(texts)) = entries else {
            self.expected(key, value, "a list of texts, [\"…\", \"…\"]");
            return Vec::new();
        };
        texts
    }

    fn words(&mut self, key: &str, value: &Value<'_>) -> Vec<String> {
        let texts = self.texts(key, value).into_iter();
        texts.map(|(_, text)| text).collect()
    }

    fn date(&mut self, key: &str, value: &Value<'_>) -> Option<NaiveDateTime> {
        let date = value.get_ref().as_datetime().and_then(date_time);
        if date.is_none() {
            self.wrong(
                value.span().start,
                format!("{key}: a date is written 2026-11-30 or 2026-11-30T15:42, without quotes"),
            );
        }
        date
    }

    /// The tables of `[[key]]`, each with where it begins.
    fn tables<'t>(&mut self, key: &str, value: &'t Value<'t>) -> Vec<(usize, &'t DeTable<'t>)> {
        let entries = value.get_ref().as_array().map(|entries| {
            let tables = entries.iter();
            let tables = tables.map(|entry| match entry.get_ref() {
                DeValue::Table(table) => Some((entry.span().start, table)),
                _ => None,
            });
            tables.collect::<Option<Vec<_>>>()
        });
        let Some(Some(tables)) = entries else {
            self.expected(key, value, &format!("a table for each, below [[{key}]]"));
            return Vec::new();
        };
        tables
    }

    fn article(&mut self, mut article: Article, table: &DeTable<'_>) -> Article {
        let folder = article.folder().to_owned();
        if !table.contains_key("title") {
            self.wrong(0, "title: it is missing; write title = \"…\"".to_owned());
        }
        for (name, value) in table {
            let (at, key) = (name.span().start, name.get_ref().as_ref());
            match key {
                "title" => {
                    article.title = self.text(key, value).unwrap_or_default();
                    if value.get_ref().as_str().is_some() && article.title.is_empty() {
                        let message = "title: it is empty; write what the article answers";
                        self.wrong(at, message.to_owned());
                    }
                }
                "category" => article.category = path(&self.text(key, value).unwrap_or_default()),
                "authors" => article.authors = self.words(key, value),
                "approver" => article.approver = self.text(key, value),
                "audience" => article.audience = self.audience(value),
                "scope" => article.scope = self.words(key, value),
                "reference" => article.reference = self.text(key, value),
                "version" => article.version = self.text(key, value),
                "created" => article.created = self.date(key, value),
                "updated" => article.updated = self.date(key, value),
                "review" => article.review = self.date(key, value).map(|at| at.date()),
                "faq" => match value.get_ref().as_bool() {
                    Some(faq) => article.faq = faq,
                    None => self.expected(key, value, "true or false, without quotes"),
                },
                "related" => article.related = self.related(&folder, value),
                "documents" => {
                    for (at, table) in self.tables(key, value) {
                        article.documents.extend(self.document(&folder, at, table));
                    }
                }
                "history" => {
                    for (at, table) in self.tables(key, value) {
                        article.history.extend(self.revision(at, table));
                    }
                }
                "language" => match self.text(key, value) {
                    Some(language) if matches!(language.as_str(), "fr" | "en") => {
                        article.language = language;
                    }
                    Some(other) => self.wrong(
                        value.span().start,
                        format!("language: \"{other}\" is none of \"fr\", \"en\""),
                    ),
                    None => {}
                },
                "words" => article.words = self.words(key, value),
                _ => self.unknown(at, key, KEYS),
            }
        }
        article
            .history
            .sort_by_key(|revision| std::cmp::Reverse(revision.date));
        article
    }

    fn audience(&mut self, value: &Value<'_>) -> Audience {
        match self.text("audience", value).as_deref() {
            Some("public") => Audience::Public,
            Some("internal") => Audience::Internal,
            Some("technicians") => Audience::Technicians,
            Some(other) => {
                self.wrong(
                    value.span().start,
                    format!(
                        "audience: \"{other}\" is none of \"public\", \"internal\", \"technicians\""
                    ),
                );
                // Nobody reads it by mistake.
                Audience::Technicians
            }
            None => Audience::Technicians,
        }
    }

    fn related(&mut self, folder: &str, value: &Value<'_>) -> Vec<Related> {
        let mut all = Vec::new();
        for (at, text) in self.texts("related", value) {
            let written = format!("{}.md", text.trim_end_matches(".md"));
            match link::target(folder, &written) {
                Target::Article(slug) => all.push(Related {
                    slug,
                    line: self.line(at),
                }),
                _ => self.wrong(
                    at,
                    format!(
                        "related: \"{text}\" is no article of the folder; write its file, from the top with a leading /"
                    ),
                ),
            }
        }
        all
    }

    fn document(&mut self, folder: &str, at: usize, table: &DeTable<'_>) -> Option<Document> {
        let mut place = None;
        let mut document = Document {
            name: String::new(),
            entity: None,
            place: Place::Link(String::new()),
            heading: None,
            tag: None,
            date: None,
            line: self.line(at),
        };
        let mut places = 0;
        for (name, value) in table {
            let (at, key) = (name.span().start, name.get_ref().as_ref());
            match key {
                "name" => document.name = self.text(key, value).unwrap_or_default(),
                "entity" => document.entity = self.text(key, value),
                "heading" => document.heading = self.text(key, value),
                "tag" => document.tag = self.text(key, value),
                "date" => document.date = self.date(key, value).map(|at| at.date()),
                "file" | "link" => {
                    places += 1;
                    let Some(written) = self.text(key, value) else {
                        continue;
                    };
                    document.line = self.line(at);
                    match located(folder, key, &written) {
                        Ok(found) => place = Some(found),
                        Err(why) => self.wrong(at, format!("documents: \"{written}\": {why}")),
                    }
                }
                _ => self.unknown(at, key, DOCUMENT_KEYS),
            }
        }
        if places != 1 {
            let message =
                "documents: each has one place; write either file = \"…\" or link = \"…\"";
            self.wrong(at, message.to_owned());
        }
        document.place = place?;
        if document.name.is_empty() {
            document.name = match &document.place {
                Place::File(path) => path.rsplit('/').next().unwrap_or_default().to_owned(),
                Place::Link(link) => link.clone(),
            };
        }
        Some(document)
    }

    fn revision(&mut self, at: usize, table: &DeTable<'_>) -> Option<Revision> {
        let (mut date, mut change) = (None, None);
        let (mut version, mut author) = (None, None);
        for (name, value) in table {
            let (at, key) = (name.span().start, name.get_ref().as_ref());
            match key {
                "date" => date = self.date(key, value).map(|at| at.date()),
                "version" => version = self.text(key, value),
                "author" => author = self.text(key, value),
                "change" => change = self.text(key, value),
                _ => self.unknown(at, key, REVISION_KEYS),
            }
        }
        for (key, remedy) in [("date", "date = 2026-11-30"), ("change", "change = \"…\"")] {
            if !table.contains_key(key) {
                self.wrong(at, format!("history: {key} is missing; write {remedy}"));
            }
        }
        Some(Revision {
            date: date?,
            version,
            author,
            change: change?,
        })
    }
}

/// Where a document is: `key` is `file` or `link`.
fn located(folder: &str, key: &str, written: &str) -> Result<Place, &'static str> {
    if key == "file" {
        return link::path_in_folder(folder, written).map(Place::File);
    }
    match link::target(folder, written) {
        Target::Elsewhere(link) => Ok(Place::Link(link)),
        _ => Err("a link begins with https:// or http://"),
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
            article.created.map(|at| at.to_string()).as_deref(),
            Some("2013-11-20 15:42:00")
        );
        assert_eq!(
            article.updated.map(|at| at.to_string()).as_deref(),
            Some("2018-02-13 00:00:00")
        );
        let related = article.related.iter();
        let related: Vec<(&str, usize)> = related
            .map(|related| (related.slug.as_str(), related.line))
            .collect();
        assert_eq!(related, [("reseau/wifi", 9), ("mot-de-passe", 9)]);
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
            (
                "+++\ntitle = \"x\"\ntitel = \"y\"\n+++\n",
                3,
                "titel: there is no such key; did you mean \"title\"?",
            ),
            (
                "+++\ntitle = \"x\"\n\nfaq = \"oui\"\n+++\n",
                4,
                "true or false",
            ),
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
                4,
                "https",
            ),
            (
                "+++\ntitle = \"x\"\n[[documents]]\nfile = \"a.pdf\"\n[[documents]]\nname = \"y\"\n+++\n",
                5,
                "either file",
            ),
            (
                "+++\ntitle = \"x\"\n[[documents]]\nfile = \"a.pdf\"\n\n[[documents]]\nfile = \"../x.pdf\"\n+++\n",
                7,
                "`..`",
            ),
            (
                "+++\ntitle = \"x\"\nrelated = [\n  \"a.md\",\n  \"../x.md\",\n]\n+++\n",
                5,
                "../x.md",
            ),
            (
                "+++\ntitle = \"x\"\n[[history]]\ndate = 2026-01-01\nchange = \"a\"\n[[history]]\ndate = \"hier\"\nchange = \"b\"\n+++\n",
                7,
                "without quotes",
            ),
            (
                "+++\ntitle = \"x\"\n[[history]]\ndate = 2026-01-01\n+++\n",
                3,
                "change is missing",
            ),
            ("+++\ntitle = \"x\"\nauthors = \"Moi\"\n+++\n", 3, "[\"…\""),
            (
                "+++\ntitle = \"x\"\nversion = 3\n+++\n",
                3,
                "between quotes",
            ),
            ("+++\ntitle = \"x\"\ncategory = Réseau\n+++\n", 3, "TOML"),
            ("+++\ntitle = \"x\"\ntitle = \"y\"\n+++\n", 3, "TOML"),
            ("+++\ntitle = \"\"\n+++\n", 2, "empty"),
        ] {
            let problems = parse("a", text, "fr").expect_err(text);
            assert_eq!(problems[0].line, Some(line), "{text}: {problems:?}");
            assert!(problems[0].message.contains(said), "{text}: {problems:?}");
        }
    }
    #[test]
    fn all_mistakes_are_told_at_once_in_their_order() {
        let text =
            "+++\nfaq = 1\ntitel = \"x\"\n[[documents]]\nfile = \"a.pdf\"\ndate = \"x\"\n+++\n";
        let problems = parse("dossier/a", text, "fr").expect_err("four mistakes");
        let lines: Vec<Option<usize>> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(2), Some(2), Some(3), Some(6)], "{problems:?}");
        assert_eq!(
            problems[0].to_string(),
            "dossier/a.md:2: faq: write true or false, without quotes, not a number"
        );
    }
}
