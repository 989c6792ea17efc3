//! What the pages of the knowledge base say.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::Serialize;

use super::super::frame::Visitor;
use super::super::status;
use super::PATH;
use crate::desk::Policy;
use crate::knowledge::render::{self, Links};
use crate::knowledge::snippet::Piece;
use crate::knowledge::spaces::unbroken;
use crate::knowledge::{self, Article, Audience, Question, encoded};
use crate::mail::days;
use crate::service::knowledge::Knowledge;

/// Up to so many articles are listed under their categories at once; more are a page for each
/// category.
const LISTED_AT_ONCE: usize = 60;

/// An article in a list.
#[derive(Debug, Serialize)]
pub struct Entry {
    title: String,
    link: String,
    /// Another language than the page's.
    lang: Option<String>,
    /// For whom it is, when it is not for everybody.
    only: Option<&'static str>,
}

/// A category in a list.
#[derive(Debug, Serialize)]
pub struct Category {
    name: String,
    link: String,
    count: usize,
    articles: Vec<Entry>,
}

/// The list.
#[derive(Debug, Serialize)]
pub struct Index {
    /// The category at hand, from the widest, each with its link.
    path: Vec<(String, String)>,
    faq: Vec<Entry>,
    categories: Vec<Category>,
    /// Articles of the category itself.
    articles: Vec<Entry>,
    empty: bool,
}

/// An article that was found.
#[derive(Debug, Serialize)]
pub struct Found {
    title: Vec<Piece>,
    excerpt: Vec<Piece>,
    category: String,
    link: String,
    lang: Option<String>,
    /// For whom it is, when it is not for everybody.
    only: Option<&'static str>,
}

/// A document of an article (S2.53).
#[derive(Debug, Serialize)]
struct Document {
    name: String,
    link: String,
    /// It is a file to be kept, not a page elsewhere.
    file: bool,
    entity: Option<String>,
    heading: Option<String>,
    date: Option<String>,
    /// For the whole record alone.
    kind: &'static str,
    tag: Option<String>,
    day: Option<String>,
}

/// The documents of an article, and which of their columns hold anything.
#[derive(Debug, Serialize)]
struct Documents {
    rows: Vec<Document>,
    entities: bool,
    headings: bool,
    dates: bool,
}

impl Documents {
    fn of(rows: Vec<Document>) -> Self {
        Self {
            entities: rows.iter().any(|row| row.entity.is_some()),
            headings: rows.iter().any(|row| row.heading.is_some()),
            dates: rows.iter().any(|row| row.date.is_some()),
            rows,
        }
    }
}

#[derive(Debug, Serialize)]
struct Revision {
    date: String,
    version: Option<String>,
    author: Option<String>,
    change: String,
}

/// An article with all its fields.
#[derive(Debug, Serialize)]
pub struct Shown {
    title: String,
    lang: Option<String>,
    here: String,
    path: Vec<(String, String)>,
    html: String,
    authors: String,
    approver: Option<String>,
    audience: &'static str,
    scope: String,
    reference: Option<String>,
    version: Option<String>,
    created: Option<String>,
    updated: Option<String>,
    /// The same as the record has them: 20-11-2013 15:42.
    created_on: Option<String>,
    updated_on: Option<String>,
    review: Option<String>,
    stale: bool,
    views: u64,
    faq: bool,
    related: Vec<Entry>,
    documents: Documents,
    history: Vec<Revision>,
}

/// On whose page an article is shown, and what for.
#[derive(Debug)]
pub struct Place {
    /// What its reader may read.
    pub reader: Audience,
    /// Before the name of an article.
    pub articles: String,
    /// Before the path of a file.
    pub files: String,
    /// « Cela m'a aidé » closes the reader's request: its reference.
    pub closes: Option<String>,
}

impl Place {
    /// An article at its own address.
    pub fn of(reader: Audience) -> Self {
        Self {
            reader,
            articles: format!("{PATH}/a/"),
            files: format!("{PATH}/fichiers/"),
            closes: None,
        }
    }

    /// Where an article is shown from here.
    pub fn link(&self, slug: &str, visitor: &Visitor) -> String {
        visitor.link(&self.path(slug), &[])
    }

    /// The same, where its reader is thanked.
    pub fn thanks(&self, slug: &str, visitor: &Visitor) -> String {
        let link = visitor.link(&self.path(slug), &[("fait", "aide")]);
        format!("{link}#avis")
    }

    fn path(&self, slug: &str) -> String {
        format!("{}{}", self.articles, encoded(slug))
    }
}

/// An article's own address.
pub fn article_link(slug: &str, visitor: &Visitor) -> String {
    visitor.link(&format!("{PATH}/a/{}", encoded(slug)), &[])
}

fn category_link(path: &[String], visitor: &Visitor) -> String {
    visitor.link(PATH, &[("categorie", &path.join(" > "))])
}

fn other_language(article: &Article, visitor: &Visitor) -> Option<String> {
    (article.language != visitor.language).then(|| article.language.clone())
}

fn only(article: &Article, visitor: &Visitor) -> Option<&'static str> {
    match article.audience {
        Audience::Public => None,
        Audience::Internal => Some(visitor.pick("Personnel", "Staff")),
        Audience::Technicians => Some(visitor.pick("Techniciens", "Technicians")),
    }
}

fn entry(article: &Article, visitor: &Visitor) -> Entry {
    Entry {
        title: unbroken(&article.title, &article.language),
        link: article_link(&article.slug, visitor),
        lang: other_language(article, visitor),
        only: only(article, visitor),
    }
}

/// The articles of a category, or all; `None` when there is no such category for this reader.
pub fn index(
    knowledge: &Knowledge,
    visitor: &Visitor,
    reader: Audience,
    category: &str,
) -> Option<Index> {
    let wanted: Vec<&str> = category
        .split('>')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let mut articles: Vec<&Article> = knowledge
        .library()
        .articles()
        .iter()
        .filter(|article| reader.may_read(article.audience))
        .filter(|article| {
            article.category.len() >= wanted.len()
                && article.category.iter().zip(&wanted).all(|(a, b)| a == b)
        })
        .collect();
    if articles.is_empty() && !wanted.is_empty() {
        return None;
    }
    articles.sort_by_key(|article| {
        let name = crate::mail::text::fold_accents(&article.title);
        (article.language != visitor.language, name)
    });
    let faq = articles.iter().filter(|article| article.faq);
    let faq: Vec<Entry> = match wanted.is_empty() {
        true => faq.map(|article| entry(article, visitor)).collect(),
        false => Vec::new(),
    };
    let listed = articles.len() <= LISTED_AT_ONCE;
    // The reader's language first: its categories were put there first.
    let mut order: Vec<&[String]> = Vec::new();
    let mut below: BTreeMap<&[String], Vec<&Article>> = BTreeMap::new();
    let mut own = Vec::new();
    for article in &articles {
        let deep = match listed {
            true => article.category.len(),
            false => wanted.len() + 1,
        };
        match article.category.get(..deep) {
            Some(path) if path.len() > wanted.len() => {
                if !below.contains_key(path) {
                    order.push(path);
                }
                below.entry(path).or_default().push(article);
            }
            _ => own.push(entry(article, visitor)),
        }
    }
    order.sort_by_key(|path| {
        let other = below.get(path).is_some_and(|articles| {
            articles
                .iter()
                .all(|article| article.language != visitor.language)
        });
        (other, *path)
    });
    let categories = order
        .into_iter()
        .map(|path| {
            let inside = below.remove(path).unwrap_or_default();
            Category {
                name: path.get(wanted.len()..).unwrap_or_default().join(" › "),
                link: category_link(path, visitor),
                count: inside.len(),
                articles: match listed {
                    true => inside
                        .iter()
                        .map(|article| entry(article, visitor))
                        .collect(),
                    false => Vec::new(),
                },
            }
        })
        .collect();
    let path: Vec<String> = wanted.iter().map(|part| (*part).to_owned()).collect();
    Some(Index {
        path: trail(&path, visitor),
        faq,
        categories,
        articles: own,
        empty: articles.is_empty(),
    })
}

/// Each step of a category's path with its link.
fn trail(path: &[String], visitor: &Visitor) -> Vec<(String, String)> {
    (1..=path.len())
        .filter_map(|deep| {
            let part = path.get(..deep)?;
            Some((part.last()?.clone(), category_link(part, visitor)))
        })
        .collect()
}

/// An article that was found.
pub fn found(
    knowledge: &Knowledge,
    article: &Article,
    question: &Question,
    visitor: &Visitor,
) -> Found {
    let (mut title, mut excerpt) = knowledge.library().excerpt(article, question);
    for piece in title.iter_mut().chain(&mut excerpt) {
        piece.text = unbroken(&piece.text, &article.language);
    }
    Found {
        title,
        excerpt,
        category: article.category.join(" › "),
        link: article_link(&article.slug, visitor),
        lang: other_language(article, visitor),
        only: only(article, visitor),
    }
}

/// An article for its page.
pub fn article(
    knowledge: &Knowledge,
    article: &Article,
    visitor: &Visitor,
    place: &Place,
    views: u64,
    today: NaiveDate,
) -> Shown {
    let links = Links {
        articles: place.articles.clone(),
        files: place.files.clone(),
    };
    let related = article
        .related
        .iter()
        .filter_map(|related| knowledge.library().article(&related.slug))
        .filter(|other| place.reader.may_read(other.audience))
        .map(|other| Entry {
            link: place.link(&other.slug, visitor),
            ..entry(other, visitor)
        })
        .collect();
    let day = |date: NaiveDate| days::date(date, visitor.language);
    // A date alone was written as midnight.
    let moment = |at: NaiveDateTime| match at.time() {
        NaiveTime::MIN => day(at.date()),
        time => {
            let time = status::time(time, visitor.language);
            format!("{} {} {time}", day(at.date()), visitor.pick("à", "at"))
        }
    };
    Shown {
        title: unbroken(&article.title, &article.language),
        lang: other_language(article, visitor),
        here: place.link(&article.slug, visitor),
        path: trail(&article.category, visitor),
        html: render::html(article, &links),
        authors: article.authors.join(", "),
        approver: article.approver.clone(),
        audience: only(article, visitor).unwrap_or(visitor.pick("Tous", "Everybody")),
        scope: match article.scope.as_slice() {
            [] => visitor.pick("Toutes", "All").to_owned(),
            scope => scope.join(", "),
        },
        reference: article.reference.clone(),
        version: article.version.clone(),
        created: article.created.map(moment),
        updated: article.updated.map(moment),
        created_on: article.created.map(recorded),
        updated_on: article.updated.map(recorded),
        review: article.review.map(day),
        stale: article.is_stale(today),
        views,
        faq: article.faq,
        related,
        documents: Documents::of(
            article
                .documents
                .iter()
                .map(|document| {
                    let (link, file) = match &document.place {
                        knowledge::Place::File(path) => {
                            (format!("{}{}", place.files, encoded(path)), true)
                        }
                        knowledge::Place::Link(link) => (link.clone(), false),
                    };
                    Document {
                        name: document.name.clone(),
                        link,
                        file,
                        entity: document.entity.clone(),
                        heading: document.heading.clone(),
                        date: document.date.map(day),
                        kind: match &document.place {
                            knowledge::Place::File(path) => kind(path),
                            knowledge::Place::Link(_) => "text/html",
                        },
                        tag: document.tag.clone(),
                        day: document.date.map(|date| recorded(date.into())),
                    }
                })
                .collect(),
        ),
        history: article
            .history
            .iter()
            .map(|revision| Revision {
                date: day(revision.date),
                version: revision.version.clone(),
                author: revision.author.clone(),
                change: revision.change.clone(),
            })
            .collect(),
    }
}

/// A date, with its time when that was written, as the knowledge bases have it that articles come from.
fn recorded(at: NaiveDateTime) -> String {
    let form = match at.time() {
        NaiveTime::MIN => "%d-%m-%Y",
        _ => "%d-%m-%Y %H:%M",
    };
    at.format(form).to_string()
}

/// The type of a document, by the ending of its name.
fn kind(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "odt" => "application/vnd.oasis.opendocument.text",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// Where to write when no article helps: the first team's address.
pub fn write_to(policy: &Policy) -> Option<String> {
    policy.teams.first().map(|team| team.from.clone())
}
