//! How people write: what `mail::habits` needs to fold a signature that no rule knows.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use rusqlite::{Connection, params};

use crate::desk::Learned;
use crate::mail::{Digest, SenderHabits};

/// Tails kept of one sender: `mail::fold` wants three alike, and people change their signature.
const TAILS: i64 = 10;

/// A small image is an ornament once it came in so many earlier mails, or from so many people of
/// one organisation.
const OFTEN: i64 = 2;

/// What is remembered of a sender, as far as it touches `images`.
pub(super) fn of(
    connection: &Connection,
    sender: &str,
    images: &BTreeSet<Digest>,
) -> Result<SenderHabits> {
    let mut habits = SenderHabits::default();
    let mut statement = connection
        .prepare_cached(r"SELECT tail FROM tails WHERE sender = ?1 ORDER BY id DESC LIMIT ?2")?;
    let mut rows = statement.query(params![sender, TAILS])?;
    while let Some(row) = rows.next()? {
        let tail = serde_json::from_str(row.get_ref(0)?.as_str()?).context("reading a tail")?;
        habits.tails.push(tail);
    }
    for image in images {
        let (mine, people): (i64, i64) = connection
            .prepare_cached(
                r"SELECT coalesce(sum(mails) FILTER (WHERE sender = ?3), 0), count(*)
                  FROM ornaments WHERE domain = ?1 AND image = ?2",
            )?
            .query_row(params![domain(sender), image.0, sender], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        if mine >= OFTEN || people >= OFTEN {
            habits.images.insert(*image);
        }
    }
    Ok(habits)
}

/// Remembers a mail.
pub(super) fn learn(connection: &Connection, learned: &Learned) -> Result<()> {
    if !learned.tail.is_empty() {
        let tail = serde_json::to_string(&learned.tail).context("writing a tail")?;
        connection
            .prepare_cached(r"INSERT INTO tails (sender, tail) VALUES (?1, ?2)")?
            .execute(params![learned.sender, tail])?;
        connection
            .prepare_cached(
                r"DELETE FROM tails WHERE sender = ?1 AND id <= (
                      SELECT id FROM tails WHERE sender = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            )?
            .execute(params![learned.sender, TAILS])?;
    }
    for image in &learned.images {
        connection
            .prepare_cached(
                r"INSERT INTO ornaments (domain, image, sender, mails) VALUES (?1, ?2, ?3, 1)
                  ON CONFLICT (domain, image, sender) DO UPDATE SET mails = mails + 1",
            )?
            .execute(params![domain(&learned.sender), image.0, learned.sender])?;
    }
    Ok(())
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}
