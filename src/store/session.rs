//! Technicians' sessions on the pages: links that open one, and the browsers that hold one. What is
//! kept of a secret is its digest.

use anyhow::{Result, ensure};
use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Durability, Store, millis, time};
use crate::desk::{Kind, Notice};
use crate::mail::Digest;
use crate::ticket::NoticeId;

/// A session ends after that long, whatever happens in it.
const LONGEST: Duration = Duration::hours(8);

/// And after that long without a page.
const IDLE: Duration = Duration::hours(1);

/// That a session is in use is written down so often at most: each time costs a commit.
const NOTED_EVERY: Duration = Duration::minutes(2);

/// Links and sessions that are over are kept for operators to look at, then dropped.
const KEPT: Duration = Duration::days(30);

/// Number of a session, as `guichet sessions` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(pub i64);

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A browser in which somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Number.
    pub id: SessionId,
    /// Registered address of the technician, folded.
    pub address: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to a few minutes.
    pub seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub until: DateTime<Utc>,
    /// When somebody ended it before.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Session {
    /// It still opens the desk.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && now < self.until && now - self.seen_at < IDLE
    }
}

/// Which sessions to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// One.
    Session(SessionId),
    /// All of a technician's, by registered address.
    Technician(String),
    /// All.
    Everybody,
}

impl Store {
    /// How many links to sign in were sent to this address (folded) since, and not used.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unused_sign_ins(&self, address: &str, since: DateTime<Utc>) -> Result<u32> {
        let address = address.to_owned();
        self.read("counting links to sign in", move |connection, _| {
            Ok(connection
                .prepare_cached(
                    r"SELECT count(*) FROM sign_ins
                      WHERE address = ?1 AND at > ?2 AND used_at IS NULL",
                )?
                .query_row(params![address, millis(since)], |row| row.get(0))?)
        })
        .await
    }

    /// Spends a link: opens a session for whom it was sent to, once and in time, and says for whom.
    /// `None`: it was spent before, or is too old.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn open_session(
        &self,
        link: NoticeId,
        secret: Digest,
        now: DateTime<Utc>,
    ) -> Result<Option<String>> {
        self.write(Durability::Durable, "signing in", move |connection| {
            let address: Option<String> = connection
                .prepare_cached(
                    r"UPDATE sign_ins SET used_at = ?2
                      WHERE notice = ?1 AND used_at IS NULL AND until > ?2 RETURNING address",
                )?
                .query_row(params![link.0, millis(now)], |row| row.get(0))
                .optional()?;
            if let Some(address) = &address {
                connection
                    .prepare_cached(
                        r"INSERT INTO sessions (secret, address, created_at, seen_at, until)
                          VALUES (?1, ?2, ?3, ?3, ?4)",
                    )?
                    .execute(params![
                        secret.0,
                        address,
                        millis(now),
                        millis(now + LONGEST)
                    ])?;
            }
            Ok(address)
        })
        .await
    }

    /// Whether a link could still be spent.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn can_sign_in(&self, link: NoticeId, now: DateTime<Utc>) -> Result<bool> {
        self.read("looking at a link to sign in", move |connection, _| {
            Ok(connection
                .prepare_cached(
                    r"SELECT EXISTS (SELECT 1 FROM sign_ins
                                     WHERE notice = ?1 AND used_at IS NULL AND until > ?2)",
                )?
                .query_row(params![link.0, millis(now)], |row| row.get(0))?)
        })
        .await
    }

    /// The session of this secret, when it is open.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn session(&self, secret: Digest, now: DateTime<Utc>) -> Result<Option<Session>> {
        let found = self
            .read("reading a session", move |connection, _| {
                let sql = format!("{SELECT} WHERE secret = ?1");
                Ok(connection
                    .prepare_cached(&sql)?
                    .query_row(params![secret.0], session)
                    .optional()?)
            })
            .await?;
        let Some(session) = found.filter(|session| session.is_open(now)) else {
            return Ok(None);
        };
        if now - session.seen_at >= NOTED_EVERY {
            let id = session.id;
            self.write(
                Durability::Killproof,
                "noting a session",
                move |connection| {
                    connection
                        .prepare_cached(
                            r"UPDATE sessions SET seen_at = max(seen_at, ?2) WHERE id = ?1",
                        )?
                        .execute(params![id.0, millis(now)])?;
                    Ok(())
                },
            )
            .await?;
        }
        Ok(Some(session))
    }

    /// Sessions, the latest first; those that are over as well with `all`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sessions(&self, all: bool, now: DateTime<Utc>) -> Result<Vec<Session>> {
        self.read("listing sessions", move |connection, _| {
            let sql = format!("{SELECT} ORDER BY id DESC");
            let mut statement = connection.prepare(&sql)?;
            let sessions: Vec<Session> = statement
                .query_map([], session)?
                .collect::<rusqlite::Result<_>>()?;
            Ok(sessions
                .into_iter()
                .filter(|session| all || session.is_open(now))
                .collect())
        })
        .await
    }

    /// Ends sessions; links that were sent and not spent yet open none any more. Returns how many
    /// ended.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn end_sessions(&self, which: Revoked, now: DateTime<Utc>) -> Result<usize> {
        self.write(Durability::Durable, "ending sessions", move |connection| {
            let (id, address) = match &which {
                Revoked::Session(id) => (Some(id.0), None),
                Revoked::Technician(address) => (None, Some(address.trim().to_lowercase())),
                Revoked::Everybody => (None, None),
            };
            let (now, idle) = (millis(now), millis(now - IDLE));
            if id.is_none() {
                connection
                    .prepare_cached(
                        r"UPDATE sign_ins SET used_at = ?2
                          WHERE used_at IS NULL AND (?1 IS NULL OR address = ?1)",
                    )?
                    .execute(params![address, now])?;
            }
            Ok(connection
                .prepare_cached(
                    r"UPDATE sessions SET ended_at = ?3
                      WHERE ended_at IS NULL AND until > ?3 AND seen_at > ?4
                        AND (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR address = ?2)",
                )?
                .execute(params![id, address, now, idle])?)
        })
        .await
    }
}

const SELECT: &str = r"SELECT id, address, created_at, seen_at, until, ended_at FROM sessions";

fn session(row: &rusqlite::Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId(row.get(0)?),
        address: row.get(1)?,
        created_at: time(row.get(2)?),
        seen_at: time(row.get(3)?),
        until: time(row.get(4)?),
        ended_at: row.get::<_, Option<i64>>(5)?.map(time),
    })
}

/// Keeps a link to sign in that was decided, and forgets what is long over.
pub(super) fn write_sign_in(
    connection: &Connection,
    notice: &Notice,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(until) = notice.expires_at.filter(|_| notice.kind == Kind::SignIn) else {
        return Ok(());
    };
    let rows = connection
        .prepare_cached(
            r"INSERT INTO sign_ins (notice, address, at, until) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            notice.id.0,
            notice.to.key(),
            millis(now),
            millis(until)
        ])?;
    ensure!(rows == 1, "link {} to sign in was not kept", notice.id);
    let over = millis(now - KEPT);
    connection
        .prepare_cached(r"DELETE FROM sign_ins WHERE until < ?1")?
        .execute(params![over])?;
    connection
        .prepare_cached(r"DELETE FROM sessions WHERE until < ?1")?
        .execute(params![over])?;
    Ok(())
}
