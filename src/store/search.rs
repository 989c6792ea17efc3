//! Which tickets hold some words. What that costs does not grow with the desk: each word is looked for in
//! the latest events that hold it, and a beginning is written out to the words that begin so, because
//! FTS5 reads all events that a beginning stands for before it gives the first (62 ms for two common words
//! among 20,000 tickets, and ten times that among 200,000).

use std::collections::BTreeSet;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, params};

use crate::mail::text::fold_accents;

/// Events that a word is looked for in, the latest.
const EVENTS: i64 = 1500;

/// Words of a search that count; a longer text is not a search.
const WORDS: usize = 16;

/// Words that a beginning is written out to. Of one or two letters, which begin too many, only the word
/// itself is looked for; a longer one that begins more stands for words that are each rare.
const WRITTEN_OUT: usize = 128;

/// A beginning of so many letters has an index of its own (`prefix = '3'`).
const INDEXED: usize = 3;

/// Tickets in which the common words of a search are looked for, where other words of it are rare.
const LOOKED_INTO: usize = 100;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The newest first.
    pub tickets: Vec<i64>,
    /// Older ones may hold the words as well: they are too common to look at all.
    pub cut: bool,
}

/// The words of a text, as FTS5 takes them.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .take(WORDS)
        .map(|word| word.replace('"', " ").replace('\0', ""))
}

/// The words that the index holds, on this connection.
pub(super) fn prepare(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab(main, words, instance)",
    )?;
    Ok(())
}

/// Puts pieces of the index of words together, as far as `pages` of it go; whether there is more to do
/// (https://sqlite.org/fts5.html, "The 'merge' Command").
pub(super) fn tidy(connection: &Connection, pages: u32) -> Result<bool> {
    let before = connection.total_changes();
    connection
        .prepare_cached(r"INSERT INTO words (words, rank) VALUES ('merge', ?1)")?
        .execute([pages])?;
    // The command itself counts as one.
    Ok(connection.total_changes() - before >= 2)
}

/// Tickets that hold every word, or its beginning.
pub(super) fn tickets(connection: &Connection, text: &str) -> Result<Found> {
    let mut rare: Option<BTreeSet<i64>> = None;
    let mut common: Vec<(String, BTreeSet<i64>)> = Vec::new();
    for word in words(text) {
        let (question, tickets, whole) = one(connection, &word)?;
        match whole {
            true => rare = Some(both(rare, tickets)),
            false => common.push((question, tickets)),
        }
    }
    let Some(rare) = rare else {
        let sets = common.into_iter().map(|(_, tickets)| tickets);
        let all = sets.fold(None, |all, tickets| Some(both(all, tickets)));
        return Ok(Found {
            cut: all.is_some(),
            tickets: all.unwrap_or_default().into_iter().rev().collect(),
        });
    };
    if common.is_empty() {
        return Ok(Found {
            tickets: rare.into_iter().rev().collect(),
            cut: false,
        });
    }
    let mut found = Found {
        cut: rare.len() > LOOKED_INTO,
        ..Found::default()
    };
    for ticket in rare.into_iter().rev().take(LOOKED_INTO) {
        let mut holds = true;
        for (question, latest) in &common {
            holds = holds && (latest.contains(&ticket) || holds_it(connection, ticket, question)?);
        }
        found.tickets.extend(holds.then_some(ticket));
    }
    Ok(found)
}

fn both(one: Option<BTreeSet<i64>>, other: BTreeSet<i64>) -> BTreeSet<i64> {
    match one {
        None => other,
        Some(one) => one.intersection(&other).copied().collect(),
    }
}

/// How FTS5 is asked for a word, the tickets of the latest events that hold it, and whether those are all.
fn one(connection: &Connection, word: &str) -> Result<(String, BTreeSet<i64>, bool)> {
    let exact = format!("\"{word}\"");
    let folded = fold_accents(word);
    let plain = folded.chars().all(|c| c.is_ascii_alphanumeric())
        // The index knows œ as a letter of its own.
        && folded.chars().count() == word.chars().count();
    let question = match folded.len() {
        0..INDEXED if plain => written_out(connection, &folded)?.unwrap_or(exact),
        INDEXED if plain => format!("{exact}*"),
        _ if plain => written_out(connection, &folded)?.unwrap_or(format!("{exact}*")),
        // Several words for the index, « l'imprimante », or in a script of which little is known here: a
        // beginning is read only where the whole is not common by itself.
        _ if latest(connection, &exact)?.1 => format!("{exact}*"),
        _ => exact,
    };
    let (tickets, whole) = latest(connection, &question)?;
    Ok((question, tickets, whole))
}

/// The words that begin so, one or the other; `None` of none, or of too many.
fn written_out(connection: &Connection, beginning: &str) -> Result<Option<String>> {
    // One word after the other: a range would be read whole, with all that the index holds of each.
    let mut statement =
        connection.prepare_cached(r"SELECT term FROM temp.terms WHERE term >= ?1 LIMIT 1")?;
    let mut words: Vec<String> = Vec::new();
    let mut from = beginning.to_owned();
    while let Some(word) = statement
        .query_row(params![from], |row| row.get::<_, String>(0))
        .optional()?
        .filter(|word| word.starts_with(beginning))
    {
        if words.len() == WRITTEN_OUT {
            return Ok(None);
        }
        // No word holds a control character: this is before all that follow.
        from = format!("{word}\u{1}");
        words.push(format!("\"{word}\""));
    }
    Ok((!words.is_empty()).then(|| words.join(" OR ")))
}

fn latest(connection: &Connection, question: &str) -> Result<(BTreeSet<i64>, bool)> {
    let mut statement = connection.prepare_cached(
        r"SELECT events.ticket FROM
              (SELECT rowid AS found FROM words WHERE words MATCH ?1 ORDER BY rowid DESC LIMIT ?2)
              JOIN events ON events.id = found",
    )?;
    let tickets: Vec<i64> = statement
        .query_map(params![question, EVENTS], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let whole = i64::try_from(tickets.len()).unwrap_or(i64::MAX) < EVENTS;
    Ok((tickets.into_iter().collect(), whole))
}

/// Some event of the ticket holds it.
fn holds_it(connection: &Connection, ticket: i64, question: &str) -> Result<bool> {
    let mut events = connection.prepare_cached(r"SELECT id FROM events WHERE ticket = ?1")?;
    let mut holds = connection.prepare_cached(
        r"SELECT EXISTS (SELECT 1 FROM words WHERE words MATCH ?1 AND rowid = ?2)",
    )?;
    let mut rows = events.query(params![ticket])?;
    while let Some(row) = rows.next()? {
        let event: i64 = row.get(0)?;
        if holds.query_row(params![question, event], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations;

    /// So many tickets, each of one event that begins with « Bonjour »; what else the first one says.
    fn desk(tickets: i64, first: &str) -> (tempfile::TempDir, Connection) {
        let directory = tempfile::tempdir().expect("a folder");
        let path = directory.path().join("guichet.db");
        let mut connection = crate::store::connect(&path).expect("a database");
        migrations::bring_up_to_date(&mut connection, &path).expect("its tables");
        prepare(&connection).expect("the words of the index");
        connection
            .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN")
            .expect("begun");
        for ticket in 1..=tickets {
            connection
                .execute(
                    r"INSERT INTO events (ticket, at, kind, public, event) VALUES (?1, 0, 'mail', 1, '')",
                    params![ticket],
                )
                .expect("an event");
            let more = if ticket == 1 { first } else { "imprimante" };
            connection
                .execute(
                    r"INSERT INTO words (rowid, text) VALUES (?1, ?2)",
                    params![
                        connection.last_insert_rowid(),
                        format!("Bonjour, {more} n{ticket}")
                    ],
                )
                .expect("its words");
        }
        connection.execute_batch("COMMIT").expect("written");
        (directory, connection)
    }

    #[test]
    fn a_common_word_is_looked_for_in_the_latest_events_and_with_a_rare_one_everywhere() {
        let (_directory, connection) = desk(EVENTS + 10, "l'équipe du cœur");
        let found = |text: &str| {
            let found = tickets(&connection, text).expect("searched");
            (
                found.tickets.len(),
                found.tickets.first().copied(),
                found.cut,
            )
        };
        let bound = usize::try_from(EVENTS).expect("small");
        let newest = Some(EVENTS + 10);
        for common in ["bonjour", "Bonj", "bonjour imprim", "BONJOUR imprimante"] {
            assert_eq!(found(common), (bound, newest, true), "{common}");
        }
        // The first ticket is beyond that bound.
        for rare in [
            "équipe",
            "EQUIP",
            "bonjour équipe",
            "equip bonj",
            "l'équipe",
            "l'équi bonjour",
            "cœur",
            "du",
            "d",
            "n1 l'équipe",
        ] {
            assert_eq!(found(rare), (1, Some(1), false), "{rare}");
        }
        let late = EVENTS + 9;
        assert_eq!(found(&format!("n{late}")).1, Some(late));
        for none in ["", "di", "imprimante équipe", "coeur", "\"", "*", "AND ("] {
            assert_eq!(found(none), (0, None, false), "{none:?}");
        }
    }

    /// Each commit leaves a piece of the index: they are put together when somebody says so, and before there
    /// are too many.
    #[test]
    fn pieces_of_the_index_are_put_together() {
        let (_directory, connection) = desk(10, "équipe");
        let write = |event: i64| {
            connection
                .execute(
                    r"INSERT INTO words (rowid, text) VALUES (?1, 'clavier')",
                    [event],
                )
                .expect("written");
        };
        let pieces = || -> i64 {
            connection
                .query_row("SELECT count(DISTINCT segid) FROM words_idx", [], |row| {
                    row.get(0)
                })
                .expect("counted")
        };
        let found = || -> i64 {
            connection
                .query_row(
                    r"SELECT count(*) FROM words WHERE words MATCH 'clavier'",
                    [],
                    |row| row.get(0),
                )
                .expect("found")
        };
        (101..=140).for_each(write);
        assert_eq!(
            (pieces(), found()),
            (41, 40),
            "nothing is done while mails come"
        );
        let mut steps = 0;
        while tidy(&connection, 200).expect("tidied") {
            steps += 1;
            assert!(steps < 100, "it ends");
        }
        assert!(
            steps > 0 && pieces() < 4,
            "{steps} steps, {} pieces",
            pieces()
        );
        assert_eq!(found(), 40);
        (201..=500).for_each(write);
        assert!(pieces() < 2 * 64, "{} pieces", pieces());
        assert_eq!(found(), 340);
    }

    #[test]
    fn a_beginning_is_written_out_unless_it_stands_for_too_much() {
        let (_directory, connection) = desk(2000, "imprime");
        let asked = |word: &str| one(&connection, word).expect("asked").0;
        assert_eq!(asked("Imprim"), "\"imprimante\" OR \"imprime\"");
        assert_eq!(
            asked("n199"),
            "\"n199\" OR \"n1990\" OR \"n1991\" OR \"n1992\" OR \"n1993\" OR \"n1994\" OR \"n1995\" OR \"n1996\" OR \"n1997\" OR \"n1998\" OR \"n1999\""
        );
        assert_eq!(asked("bon"), "\"bon\"*");
        assert_eq!(asked("n1"), "\"n1\"");
        assert_eq!(asked("l'imprim"), "\"l'imprim\"*");
        assert_eq!(asked("zzzz"), "\"zzzz\"*");
    }
}
