//! Finds the articles of the knowledge base that hold some words, and counts how often they are read.
//!
//! The index is an FTS5 table in memory, made anew from the files when they change. It is nothing
//! that could be lost: the files are the record, they are in git, and two thousand articles are
//! read and indexed in a second. So several daemons need not agree on one index, the backup does
//! not grow, no migration ever touches it, and a crash cannot leave it behind the files. What it
//! costs is memory (a few kilobytes an article) and that second at each start. An index in the
//! database file would save both, and would have to be kept in step with files that change outside
//! every transaction.
//!
//! The counts (read, helped) are no more in the files than votes are in a law: they are two columns
//! of a table, added to in batches.

use std::collections::BTreeMap;
use std::sync::Mutex;

use anyhow::{Context, Result};
use rusqlite::{Connection, params};

use super::{Durability, Store, count, number};
use crate::knowledge::{Library, Question};

/// How much a word of the title counts, of the synonyms, of the text, and one that only begins so.
const WEIGHTS: &str = "8.0, 6.0, 1.0, 0.5";

/// Articles of one answer.
const MOST_FOUND: u32 = 200;

/// How often an article was read, and how often somebody said that it helped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArticleCounts {
    /// « vues ».
    pub views: u64,
    /// « cela m'a aidé ».
    pub helped: u64,
}

/// The index of a library.
pub struct ArticleIndex {
    // A search takes a millisecond or two: less than a second connection would cost to keep.
    connection: Mutex<Connection>,
}

impl std::fmt::Debug for ArticleIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ArticleIndex")
    }
}

impl ArticleIndex {
    /// Indexes all articles.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn of(library: &Library) -> Result<Self> {
        let mut connection = Connection::open_in_memory().context("opening an index in memory")?;
        // The texts are in the library: the index holds only where the words are.
        connection.execute_batch(
            r"CREATE VIRTUAL TABLE articles USING fts5 (
                  title, words, body, forms,
                  content = '', prefix = '2 3 4', tokenize = 'unicode61 remove_diacritics 0')",
        )?;
        let tx = connection.transaction()?;
        {
            let mut statement = tx.prepare(
                r"INSERT INTO articles (rowid, title, words, body, forms)
                  VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for (number, entry) in library.entries().enumerate() {
                let row = i64::try_from(number).context("too many articles")?;
                statement.execute(params![
                    row,
                    entry.title,
                    entry.words,
                    entry.body,
                    entry.forms
                ])?;
            }
        }
        tx.commit()?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// The articles that hold all the words, the best first, then those that hold some (`false`);
    /// by their place in the library.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn search(&self, question: &Question) -> Result<Vec<(usize, bool)>> {
        let words = terms(question);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let connection = self.connection.lock().unwrap_or_else(|e| e.into_inner());
        let all = matching(&connection, &words.join(" AND "))?;
        let mut found: Vec<(usize, bool)> = all.iter().map(|article| (*article, true)).collect();
        let most = usize::try_from(MOST_FOUND)?;
        if words.len() > 1 && found.len() < most {
            let some = matching(&connection, &words.join(" OR "))?;
            let new = some.into_iter().filter(|article| !all.contains(article));
            found.extend(new.map(|article| (article, false)));
        }
        found.truncate(most);
        Ok(found)
    }
}

fn matching(connection: &Connection, query: &str) -> Result<Vec<usize>> {
    let sql = format!(
        r"SELECT rowid FROM articles WHERE articles MATCH ?1
          ORDER BY bm25(articles, {WEIGHTS}), rowid LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![query, MOST_FOUND], |row| row.get::<_, i64>(0))?;
    rows.map(|row| usize::try_from(row?).context("an article's number"))
        .collect()
}

/// Each word as FTS5 reads it. Words are letters and digits only; in quotes they are never taken
/// for an operator.
fn terms(question: &Question) -> Vec<String> {
    let quoted = |word: &String| format!("\"{}\"", word.replace('"', ""));
    let mut terms: Vec<Vec<String>> = question
        .words
        .iter()
        .map(|stems| stems.iter().map(quoted).collect())
        .collect();
    if let Some(beginning) = &question.beginning {
        let typed = format!("{} *", quoted(beginning));
        match terms.last_mut() {
            Some(last) => last.push(typed),
            None => terms.push(vec![typed]),
        }
    }
    terms
        .iter()
        .map(|alternatives| format!("({})", alternatives.join(" OR ")))
        .collect()
}

/// An article solved something.
pub(super) fn helped(connection: &Connection, slug: &str) -> Result<()> {
    let once = ArticleCounts {
        views: 0,
        helped: 1,
    };
    add(connection, slug, once)
}

fn add(connection: &Connection, slug: &str, counts: ArticleCounts) -> Result<()> {
    connection
        .prepare_cached(
            r"INSERT INTO articles (slug, views, helped) VALUES (?1, ?2, ?3)
              ON CONFLICT (slug) DO UPDATE
              SET views = views + excluded.views, helped = helped + excluded.helped",
        )?
        .execute(params![slug, number(counts.views), number(counts.helped)])?;
    Ok(())
}

impl Store {
    /// Adds to the counts of articles, by slug.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn count_articles(&self, counts: BTreeMap<String, ArticleCounts>) -> Result<()> {
        self.write(
            Durability::Killproof,
            "counting articles",
            move |connection| {
                for (slug, counts) in &counts {
                    add(connection, slug, *counts)?;
                }
                Ok(())
            },
        )
        .await
    }

    /// The counts of one article, or of all that have any, by slug.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn article_counts(
        &self,
        slug: Option<String>,
    ) -> Result<BTreeMap<String, ArticleCounts>> {
        self.read("reading the counts of articles", move |connection, _| {
            let mut statement = connection.prepare_cached(
                r"SELECT slug, views, helped FROM articles WHERE ?1 IS NULL OR slug = ?1",
            )?;
            let rows = statement.query_map(params![slug], |row| {
                let counts = ArticleCounts {
                    views: count(row.get(1)?),
                    helped: count(row.get(2)?),
                };
                Ok((row.get(0)?, counts))
            })?;
            rows.map(|row| row.context("a row of articles")).collect()
        })
        .await
    }
}
