//! What the processing station asks: mails to read, and the one transaction in which everything is
//! decided and written.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Durability, Lookup, Scope, Store, count, deliver, millis, record, time, writer};
use crate::desk::{Decision, Input, Submission};
use crate::fault;
use crate::mail::Digest;
use crate::mail::authenticity::Authenticity;
use crate::notification::Outgoing;
use crate::ticket::InboxId;

/// A mail that was tried so often is poison: it is quarantined unread (contract I7).
const ATTEMPTS: u32 = 3;

/// How long a mail rests whose settlement failed: what made it fail may pass.
const REST: Duration = Duration::from_secs(10);

/// Between two questions to name servers that do not answer: the first time, and at most.
const SHORTEST_WAIT: Duration = Duration::from_secs(30);
/// Longer, and the wait would be taken for that of a clock that was ahead (`lease_mails`).
const LONGEST_WAIT: Duration = Duration::from_mins(8);

/// A mail to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxMail {
    /// Its row.
    pub id: InboxId,
    /// The account it came through.
    pub account: String,
    /// Envelope recipient, when known.
    pub recipient: Option<String>,
    /// Envelope sender, when known; `Some("")` is the null path.
    pub sender: Option<String>,
    /// When it reached the mailbox.
    pub received_at: DateTime<Utc>,
    /// The message; its header alone when it is too large.
    pub bytes: Vec<u8>,
    /// Digest of `bytes`.
    pub digest: Digest,
    /// Its size on the server in bytes, when it was too large to fetch whole.
    pub oversize: Option<u64>,
    /// The address whose owner is proven to be its author.
    pub proven: Option<String>,
    /// An operator released it: it is a person's mail.
    pub released: bool,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// The verdict on its sender, when an earlier attempt came that far.
    pub authenticity: Option<Authenticity>,
    /// Since when name servers do not answer about its sender.
    pub names_asked_since: Option<DateTime<Utc>>,
    /// It was written on the page, and what its form asked.
    pub submission: Option<Submission>,
}

/// Mails that were taken, and are still to be loaded: who loads them has room for them.
#[derive(Debug, Default)]
pub struct Taken {
    mails: Vec<InboxMail>,
    bytes: u64,
}

impl Taken {
    /// Raw bytes of all of them.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether there was nothing to take.
    pub fn is_empty(&self) -> bool {
        self.mails.is_empty()
    }
}

/// Which mails are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// Those before the first one that was tried before: to be read beside others.
    Not,
    /// Whatever comes first.
    Also,
}

/// What is to be written for one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// What was decided.
    pub decision: Decision,
    /// The notices that are due now, written.
    pub outgoing: Vec<Outgoing>,
}

/// What became of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was decided and written.
    Done(Box<Settlement>),
    /// The mail, or the delivery, was settled before; nothing was asked or written.
    Before,
}

impl Store {
    /// Takes mails to read, oldest first, at most `limit` and about `max_bytes`, for the time of
    /// `lease`; their attempt is counted before anybody looks at them (C). A mail that was tried
    /// before comes alone, so that it can hurt only itself, and not at all with [`Tried::Not`]; after
    /// three attempts it comes no more and is among [`Store::poisoned`].
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn take_mails(
        &self,
        limit: usize,
        max_bytes: u64,
        tried: Tried,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Taken> {
        self.write(Durability::Killproof, "taking mails", move |connection| {
            lease_mails(connection, limit, max_bytes, tried, lease, now)
        })
        .await
    }

    /// Loads the bytes of mails that were taken. A mail whose bytes cannot be read is left out and logged;
    /// its attempt counts.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(&self, taken: Taken) -> Result<Vec<InboxMail>> {
        self.read("reading mails", move |connection, raw| {
            let mut mails = Vec::with_capacity(taken.mails.len());
            for mut mail in taken.mails {
                match raw.load(connection, &mail.digest) {
                    Ok(Some(bytes)) => {
                        mail.bytes = bytes;
                        mails.push(mail);
                    }
                    Ok(None) => {
                        tracing::error!(inbox.id = %mail.id, "Mail {} has no bytes", mail.id);
                    }
                    Err(error) => {
                        tracing::error!(inbox.id = %mail.id, "Mail {}: {error:#}", mail.id);
                    }
                }
            }
            Ok(mails)
        })
        .await
    }

    /// Mails that were tried three times and never settled, and why as far as it is known; each is
    /// to be settled as [`Input::Poison`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn poisoned(&self, now: DateTime<Utc>) -> Result<Vec<(InboxId, String)>> {
        self.read("looking for poison", move |connection, _| {
            let mut statement = connection.prepare_cached(
                r"SELECT id, error FROM inbox
                  WHERE state = 'new' AND attempts >= ?1 AND lease_until <= ?2 ORDER BY id",
            )?;
            let rows = statement.query_map(params![ATTEMPTS, millis(now)], |row| {
                Ok((InboxId(row.get(0)?), row.get(1)?))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Keeps verdicts on senders, so that a later attempt need not ask again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn authenticated(&self, verdicts: Vec<(InboxId, Authenticity)>) -> Result<()> {
        self.write(
            Durability::Killproof,
            "keeping verdicts",
            move |connection| {
                for (id, verdict) in &verdicts {
                    write_verdict(connection, *id, *verdict)?;
                }
                Ok(())
            },
        )
        .await
    }

    /// Gives mails back that were taken and not tried, at a stop or while a name server is away:
    /// their attempt does not count. They come again from `again_at` on.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn give_back(&self, mails: Vec<InboxId>, again_at: DateTime<Utc>) -> Result<()> {
        self.write(
            Durability::Killproof,
            "giving mails back",
            move |connection| {
                let mut statement = connection.prepare_cached(
                    r"UPDATE inbox SET attempts = max(attempts - 1, 0), lease_until = ?2
                  WHERE id = ?1 AND state = 'new'",
                )?;
                for id in &mails {
                    statement.execute(params![id.0, millis(again_at)])?;
                }
                Ok(())
            },
        )
        .await
    }

    /// Gives mails back whose sender could not be judged since a name server does not answer, and why:
    /// the attempt does not count. They come again after as long as they have waited, within bounds:
    /// the pause doubles each time.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn wait_for_names(
        &self,
        mails: Vec<(InboxId, String)>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.write(
            Durability::Killproof,
            "waiting for name servers",
            move |connection| {
                let mut statement = connection.prepare_cached(
                    r"UPDATE inbox SET attempts = max(attempts - 1, 0), error = ?3,
                             names_asked_since = coalesce(names_asked_since, ?2),
                             lease_until = ?2 + min(max(?2 - coalesce(names_asked_since, ?2), ?4), ?5)
                      WHERE id = ?1 AND state = 'new'",
                )?;
                for (id, why) in &mails {
                    statement.execute(params![
                        id.0,
                        millis(now),
                        format!("waits for the name servers of its sender: {why}"),
                        SHORTEST_WAIT.as_millis() as i64,
                        LONGEST_WAIT.as_millis() as i64
                    ])?;
                }
                Ok(())
            },
        )
        .await
    }

    /// Decides and writes, in one durable transaction (D): for each input `decide` is called with
    /// what it may look up, and what it wants is written, or, when either fails or panics, nothing
    /// of it. The results are in the order of the inputs; an input sees what those before it wrote.
    /// When one of several fails, all are decided anew, each undone by itself: `decide` may be asked twice.
    /// A mail that fails rests for a while and comes again.
    ///
    /// # Errors
    /// When the transaction as a whole failed; nothing was written.
    pub async fn settle<F>(
        &self,
        inputs: Vec<Input>,
        now: DateTime<Utc>,
        decide: F,
    ) -> Result<Vec<Result<Settled>>>
    where
        F: Fn(&Input, &Lookup<'_>) -> Result<Settlement> + Send + 'static,
    {
        if fault::is_broken("one-transaction") {
            return self.settle_in_two(inputs, now, decide).await;
        }
        let raw = self.inner.raw.clone();
        let what = "settling";
        let work = move |connection: &Connection| {
            let one = |input: &Input| {
                if !is_open(connection, input)? {
                    return Ok((Settled::Before, record::Words::new()));
                }
                let settlement = decide(input, &Lookup::new(connection, &raw, now))?;
                let words = record::write(connection, input, &settlement, now)?;
                Ok((Settled::Done(Box::new(settlement)), words))
            };
            // A savepoint keeps a copy of each page that a mail touches, for a failure that hardly
            // ever comes: so without them first.
            if let Some(settled) = all_or_none(connection, &inputs, &one)? {
                return Ok(settled);
            }
            let mut results = Vec::with_capacity(inputs.len());
            let mut words = record::Words::new();
            for input in &inputs {
                match writer::in_savepoint(connection, || one(input)) {
                    Ok((settled, mut found)) => {
                        words.append(&mut found);
                        results.push(Ok(settled));
                    }
                    Err(error) if connection.is_autocommit() => return Err(error),
                    Err(error) => {
                        rest(connection, input, &error, now)?;
                        results.push(Err(error));
                    }
                }
            }
            record::index(connection, &words)?;
            Ok(results)
        };
        self.inner
            .writer
            .write(what, Durability::Durable, Scope::Own, work)
            .await
            .context(what)
    }

    /// The outbox apart from its cause; only for the proof of the proof.
    async fn settle_in_two<F>(
        &self,
        inputs: Vec<Input>,
        now: DateTime<Utc>,
        decide: F,
    ) -> Result<Vec<Result<Settled>>>
    where
        F: Fn(&Input, &Lookup<'_>) -> Result<Settlement> + Send + 'static,
    {
        let raw = self.inner.raw.clone();
        let (settled, outgoing) = self
            .write(Durability::Durable, "settling", move |connection| {
                let (mut settled, mut outgoing) = (Vec::new(), Vec::new());
                for input in &inputs {
                    if !is_open(connection, input)? {
                        settled.push(Ok(Settled::Before));
                        continue;
                    }
                    let mut settlement = decide(input, &Lookup::new(connection, &raw, now))?;
                    outgoing.append(&mut settlement.outgoing);
                    let words = record::write(connection, input, &settlement, now)?;
                    record::index(connection, &words)?;
                    settled.push(Ok(Settled::Done(Box::new(settlement))));
                }
                Ok((settled, outgoing))
            })
            .await?;
        self.write(Durability::Durable, "settling late", move |connection| {
            for mail in &outgoing {
                record::write_outgoing(connection, mail, false, now)?;
            }
            Ok(())
        })
        .await?;
        Ok(settled)
    }

    /// When [`Store::take_mails`] or [`Store::poisoned`] has something next; may be in the past.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next_mail_at(&self) -> Result<Option<DateTime<Utc>>> {
        self.read("looking for the next mail", |connection, _| {
            let earliest: Option<i64> = connection.query_row(
                r"SELECT min(lease_until) FROM inbox INDEXED BY inbox_new WHERE state = 'new'",
                [],
                |row| row.get(0),
            )?;
            Ok(earliest.map(time))
        })
        .await
    }
}

/// Ends the leases of the run before; the attempts stay counted. A mail that was alone when the
/// desk died rests before its last attempt: what kills the desk then, after it has been at work
/// for a while, is the mail, not somebody who kills the desk again and again.
pub(super) fn end_leases(connection: &Connection, now: DateTime<Utc>) -> Result<usize> {
    let rest = millis(now) + i64::try_from(REST.as_millis()).unwrap_or(0);
    Ok(connection.execute(
        r"UPDATE inbox SET lease_until = iif(attempts = ?1, ?2, 0)
          WHERE state = 'new' AND lease_until > 0",
        params![ATTEMPTS - 1, rest],
    )?)
}

fn lease_mails(
    connection: &Connection,
    limit: usize,
    max_bytes: u64,
    tried: Tried,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<Taken> {
    // A lease that ends so late was written while the clock was ahead (fault F24).
    let longest = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 4);
    connection
        .prepare_cached(
            r"UPDATE inbox INDEXED BY inbox_new SET lease_until = ?1
              WHERE state = 'new' AND lease_until > ?1 + 2 * ?2",
        )?
        .execute(params![millis(now), longest])?;
    let mut statement = connection.prepare_cached(
        r"SELECT inbox.id, account, recipient, sender, received_at, inbox.digest, oversize, proven,
                 released, attempts, authenticity, size, names_asked_since, fields
          FROM inbox JOIN raw ON raw.id = inbox.raw
               LEFT JOIN submissions ON submissions.inbox = inbox.id
          WHERE state = 'new' AND attempts < ?1 AND lease_until <= ?2 ORDER BY inbox.id",
    )?;
    let mut rows = statement.query(params![ATTEMPTS, millis(now)])?;
    let mut mails = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let attempts: u32 = row.get(9)?;
        if attempts > 0 && tried == Tried::Not {
            break;
        }
        let size = count(row.get(11)?);
        let full = attempts > 0 || bytes + size > max_bytes;
        if !mails.is_empty() && full || mails.len() >= limit {
            break;
        }
        bytes += size;
        let authenticity: Option<String> = row.get(10)?;
        mails.push(InboxMail {
            id: InboxId(row.get(0)?),
            account: row.get(1)?,
            recipient: row.get(2)?,
            sender: row.get(3)?,
            received_at: time(row.get(4)?),
            bytes: Vec::new(),
            digest: Digest(row.get(5)?),
            oversize: row.get::<_, Option<i64>>(6)?.map(count),
            proven: row.get(7)?,
            released: row.get(8)?,
            attempts: attempts + 1,
            authenticity: authenticity.as_deref().and_then(verdict),
            names_asked_since: row.get::<_, Option<i64>>(12)?.map(time),
            submission: super::receive::submission(row.get(13)?),
        });
        if attempts > 0 {
            break;
        }
    }
    let until = millis(now) + i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
    let mut statement = connection.prepare_cached(
        r"UPDATE inbox SET attempts = attempts + ?3, lease_until = ?2
          WHERE id = ?1 AND state = 'new'",
    )?;
    let counted = i64::from(!fault::is_broken("attempt-counted-before"));
    for mail in &mails {
        let rows = statement.execute(params![mail.id.0, until, counted])?;
        ensure!(rows == 1, "mail {} could not be taken", mail.id);
    }
    Ok(Taken { mails, bytes })
}

/// Settles all inputs in the transaction that is open, or gives it back empty when one of them fails
/// or panics: which one is found out with savepoints.
fn all_or_none(
    connection: &Connection,
    inputs: &[Input],
    one: &dyn Fn(&Input) -> Result<(Settled, record::Words)>,
) -> Result<Option<Vec<Result<Settled>>>> {
    let all = writer::caught(|| {
        let mut results = Vec::with_capacity(inputs.len());
        let mut words = record::Words::new();
        for input in inputs {
            let (settled, mut found) = one(input)?;
            words.append(&mut found);
            results.push(Ok(settled));
        }
        record::index(connection, &words)?;
        Ok(results)
    });
    match all {
        Ok(results) => Ok(Some(results)),
        Err(error) if connection.is_autocommit() => Err(error),
        Err(_) => {
            connection.execute_batch("ROLLBACK; BEGIN IMMEDIATE")?;
            Ok(None)
        }
    }
}

/// Whether this input is still to be settled: two processes may have taken the same one.
fn is_open(connection: &Connection, input: &Input) -> Result<bool> {
    match input {
        Input::Mail(arrival) => is_new(connection, arrival.inbox),
        Input::Poison { inbox, .. } => is_new(connection, *inbox),
        Input::Delivery(delivery) => deliver::is_unreported(connection, delivery),
        Input::Action(_) | Input::Visit(_) | Input::SignIn(_) | Input::Timer(_) => Ok(true),
    }
}

fn is_new(connection: &Connection, id: InboxId) -> Result<bool> {
    connection
        .prepare_cached(r"SELECT state = 'new' FROM inbox WHERE id = ?1")?
        .query_row(params![id.0], |row| row.get(0))
        .optional()?
        .with_context(|| format!("there is no mail {id}"))
}

/// Lets a mail rest that could not be settled, and writes down why.
fn rest(
    connection: &Connection,
    input: &Input,
    error: &anyhow::Error,
    now: DateTime<Utc>,
) -> Result<()> {
    let id = match input {
        Input::Mail(arrival) => arrival.inbox,
        Input::Poison { inbox, .. } => *inbox,
        Input::Action(_)
        | Input::Visit(_)
        | Input::SignIn(_)
        | Input::Timer(_)
        | Input::Delivery(_) => return Ok(()),
    };
    let until = millis(now) + i64::try_from(REST.as_millis()).unwrap_or(0);
    connection
        .prepare_cached(
            r"UPDATE inbox SET error = ?2, lease_until = ?3 WHERE id = ?1 AND state = 'new'",
        )?
        .execute(params![id.0, format!("{error:#}"), until])?;
    Ok(())
}

fn write_verdict(connection: &Connection, id: InboxId, verdict: Authenticity) -> Result<()> {
    let rows = connection
        .prepare_cached(r"UPDATE inbox SET authenticity = ?2 WHERE id = ?1")?
        .execute(params![id.0, verdict_token(verdict)])?;
    ensure!(rows == 1, "there is no mail {id}");
    Ok(())
}

pub(super) fn verdict_token(verdict: Authenticity) -> &'static str {
    match verdict {
        Authenticity::Pass => "pass",
        Authenticity::Fail => "fail",
        Authenticity::None => "none",
    }
}

pub(super) fn verdict(token: &str) -> Option<Authenticity> {
    match token {
        "pass" => Some(Authenticity::Pass),
        "fail" => Some(Authenticity::Fail),
        "none" => Some(Authenticity::None),
        _ => None,
    }
}
