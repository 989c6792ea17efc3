//! The knowledge base: articles as they are written (Markdown with front matter), what is shown of
//! them, and which of them answer what somebody asks. Pure: reading the folder is `service`'s
//! business, finding words in the texts `store`'s, showing pages `web`'s.
//!
//! Two ways lead to an article, with one way of folding words ([`fold`]). Who *searches* is given
//! whatever holds his words, by the index of `store`. Who writes for another reason, a mail or a
//! form, is *offered* an article only when the words that its author chose (title and synonyms) are
//! what the text is about ([`Library::offer`]): an offer that misses costs more than none.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};

pub mod draft;
pub mod fold;
mod front;
mod link;
mod offer;
pub mod render;
pub mod snippet;
pub mod spaces;

pub use front::parse;
pub use link::encoded;
pub use offer::{Entry, Library, Offered, Question, SURE, WORTH_OFFERING, WORTH_SHOWING};

/// Who may read an article, from the widest circle to the smallest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Everybody.
    #[default]
    Public,
    /// People of the institution.
    Internal,
    /// Technicians.
    Technicians,
}

impl Audience {
    /// The word of the front matter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Technicians => "technicians",
        }
    }

    /// Somebody of this circle may read what is for `of`.
    pub fn may_read(self, of: Self) -> bool {
        of <= self
    }
}

/// A document that belongs to an article (S2.53).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// « Nom ».
    pub name: String,
    /// « Entité ».
    pub entity: Option<String>,
    /// Where it is.
    pub place: Place,
    /// « Rubrique ».
    pub heading: Option<String>,
    /// « Balise ».
    pub tag: Option<String>,
    /// « Date ».
    pub date: Option<NaiveDate>,
    /// The line of the file on which it is named.
    pub line: usize,
}

/// Another article that an article names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Its slug.
    pub slug: String,
    /// The line of the file on which it is named.
    pub line: usize,
}

/// Where a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file of the folder, by its path there.
    File(String),
    /// Elsewhere on the web.
    Link(String),
}

/// An entry of an article's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// When.
    pub date: NaiveDate,
    /// The version that it made.
    pub version: Option<String>,
    /// Who.
    pub author: Option<String>,
    /// What changed.
    pub change: String,
}

/// An article, as its file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// Its file, from the folder, without `.md`: its name in links, counts and the log.
    pub slug: String,
    /// « Sujet ».
    pub title: String,
    /// « Catégorie », from the widest.
    pub category: Vec<String>,
    /// « Rédacteur ».
    pub authors: Vec<String>,
    /// Who approved it.
    pub approver: Option<String>,
    /// Who may read it.
    pub audience: Audience,
    /// For which companies or sites; empty: all (S0.4).
    pub scope: Vec<String>,
    /// « Réf ».
    pub reference: Option<String>,
    /// « Version ».
    pub version: Option<String>,
    /// « Créé le ».
    pub created: Option<NaiveDateTime>,
    /// « Dernière mise à jour le ».
    pub updated: Option<NaiveDateTime>,
    /// When somebody should look whether it is still true.
    pub review: Option<NaiveDate>,
    /// « Cet élément fait partie de la FAQ ».
    pub faq: bool,
    /// « Éléments associés ».
    pub related: Vec<Related>,
    /// « Documents ».
    pub documents: Vec<Document>,
    /// « Historique », the latest first.
    pub history: Vec<Revision>,
    /// Its language.
    pub language: String,
    /// What people call it: synonyms, error messages, names of programmes.
    pub words: Vec<String>,
    /// The text, in Markdown.
    pub body: String,
    /// The line of the file on which the text begins.
    pub body_line: usize,
}

impl Article {
    /// Its review date has passed.
    pub fn is_stale(&self, today: NaiveDate) -> bool {
        self.review.is_some_and(|review| review < today)
    }

    /// Its category as a path, « Assistance informatique > Réseau ».
    pub fn category_path(&self) -> String {
        self.category.join(" > ")
    }

    /// The folder of its file, from the folder of the articles; empty at the top.
    fn folder(&self) -> &str {
        self.slug.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The files of the folder that it shows or gives, by their path there.
    pub fn files(&self) -> Vec<String> {
        let mut files = render::files(self);
        files.extend(
            self.documents
                .iter()
                .filter_map(|document| match &document.place {
                    Place::File(path) => Some(path.clone()),
                    Place::Link(_) => None,
                }),
        );
        files.sort();
        files.dedup();
        files
    }
}

/// A mistake in the folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, from the folder.
    pub file: String,
    /// The line, from 1; `None`: the file as a whole.
    pub line: Option<usize>,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// What is wrong between articles: links to others and to files that are not there. `exists` tells
/// whether the folder holds a file.
pub fn cross_check(articles: &[Article], exists: &dyn Fn(&str) -> bool) -> Vec<Problem> {
    let known: BTreeMap<&str, Audience> = articles
        .iter()
        .map(|article| (article.slug.as_str(), article.audience))
        .collect();
    let mut problems = Vec::new();
    for article in articles {
        let mut wrong = |line, message| {
            problems.push(Problem {
                file: format!("{}.md", article.slug),
                line: Some(line),
                message,
            });
        };
        for related in &article.related {
            if !known.contains_key(related.slug.as_str()) {
                let message = format!(
                    "related: no article \"{}.md\": correct the name, or take it out",
                    related.slug
                );
                wrong(related.line, message);
            }
        }
        for document in &article.documents {
            if let Place::File(path) = &document.place
                && !exists(path)
            {
                let message = format!(
                    "documents: no file \"{path}\" in the folder: correct its path, or put it there"
                );
                wrong(document.line, message);
            }
        }
        for (line, message) in render::mistakes(article, exists, &|slug| known.contains_key(slug)) {
            wrong(line, message);
        }
    }
    problems
}
