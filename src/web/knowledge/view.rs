//! What the pages of the knowledge base say.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::super::frame::Visitor;
use super::PATH;
use crate::desk::Policy;
use crate::knowledge::render::{self, Links};
use crate::knowledge::snippet::Piece;
use crate::knowledge::{self, Article, Audience, Question, date_and_time, encoded};
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
    entity: Option<String>,
    file: Option<String>,
    link: Option<String>,
    heading: Option<String>,
    kind: &'static str,
    tag: Option<String>,
    date: Option<String>,
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
    review: Option<String>,
    stale: bool,
    views: u64,
    faq: bool,
    related: Vec<Entry>,
    documents: Vec<Document>,
    history: Vec<Revision>,
}

/// On whose page an article is shown, and what for.
#[derive(Debug)]
pub struct Place {
    /// What its reader may read.
    pub reader: Audience,
    /// Before the name of an article, and behind it.
    pub articles: (String, &'static str),
    /// Before the path of a file.
    pub files: String,
    /// « Cela m'a aidé » closes the reader's request: its reference.
    pub closes: Option<String>,
}

impl Place {
    /// An article at its own address.
    pub fn of(reader: Audience, visitor: &Visitor) -> Self {
        Self {
            reader,
            articles: (format!("{PATH}/a/"), visitor.query()),
            files: format!("{PATH}/fichiers/"),
            closes: None,
        }
    }

    /// Where an article is shown from here.
    pub fn link(&self, slug: &str) -> String {
        let (before, behind) = &self.articles;
        format!("{before}{}{behind}", encoded(slug))
    }
}

/// An article's own address.
pub fn article_link(slug: &str, visitor: &Visitor) -> String {
    format!("{PATH}/a/{}{}", encoded(slug), visitor.query())
}

fn category_link(path: &[String], visitor: &Visitor) -> String {
    let path: String = path.join(" > ");
    // Everything but plain letters: `&` and `=` would end the value.
    let value: String = encoded(&path).replace('/', "%2F");
    match visitor.query() {
        "" => format!("{PATH}?categorie={value}"),
        query => format!("{PATH}{query}&categorie={value}"),
    }
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
        title: article.title.clone(),
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
    let (title, excerpt) = knowledge.library().excerpt(article, question);
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
        articles: place.articles.0.clone(),
        files: place.files.clone(),
    };
    let related = article
        .related
        .iter()
        .filter_map(|related| knowledge.library().article(&related.slug))
        .filter(|other| place.reader.may_read(other.audience))
        .map(|other| Entry {
            link: place.link(&other.slug),
            ..entry(other, visitor)
        })
        .collect();
    let day = |date: NaiveDate| date.format("%d-%m-%Y").to_string();
    Shown {
        title: article.title.clone(),
        lang: other_language(article, visitor),
        here: place.link(&article.slug),
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
        created: article.created.map(date_and_time),
        updated: article.updated.map(date_and_time),
        review: article.review.map(day),
        stale: article.is_stale(today),
        views,
        faq: article.faq,
        related,
        documents: article
            .documents
            .iter()
            .map(|document| {
                let (file, link) = match &document.place {
                    knowledge::Place::File(path) => (Some(path.clone()), None),
                    knowledge::Place::Link(link) => (None, Some(link.clone())),
                };
                Document {
                    name: document.name.clone(),
                    entity: document.entity.clone(),
                    kind: match &file {
                        Some(path) => kind(path),
                        None => "text/html",
                    },
                    file: file.map(|path| format!("{}{}", place.files, encoded(&path))),
                    link,
                    heading: document.heading.clone(),
                    tag: document.tag.clone(),
                    date: document.date.map(day),
                }
            })
            .collect(),
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

/// « Type MIME », by the ending of a name.
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
