//! The ledger: which places of a mailbox are known, and which mails are still to be filed on the
//! server. It, not flags and not dates, says what was processed (contract I4).

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{Durability, Store, millis, time};

/// What is still to be done in an IMAP folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Accepted, and not yet moved or flagged on the server.
    pub unfiled: Vec<u32>,
    /// A COPY was sent and its answer is not known: look into the target before repeating it.
    pub copying: Vec<u32>,
    /// Copied; what remains is to remove the original.
    pub copied: Vec<u32>,
}

/// What is known of a Maildir.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaildirLedger {
    /// Names that need no reading.
    pub known: BTreeSet<String>,
    /// Accepted, and not yet moved from `new` to `cur`.
    pub unfiled: Vec<String>,
}

impl Store {
    /// What is still to be done in a folder under this UIDVALIDITY.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unfinished(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
    ) -> Result<Unfinished> {
        let (account, folder) = (account.to_owned(), folder.to_owned());
        self.read("reading the ledger", move |connection, _| {
            let mut unfinished = Unfinished::default();
            let mut statement = connection.prepare_cached(
                r"SELECT uid, state FROM ledger INDEXED BY ledger_unfinished
                  WHERE account = ?1 AND folder = ?2 AND uid_validity = ?3
                    AND (state = 'unfiled' OR state = 'copying' OR state = 'copied') ORDER BY uid",
            )?;
            let mut rows = statement.query(params![account, folder, uid_validity])?;
            while let Some(row) = rows.next()? {
                let uid = row.get(0)?;
                match row.get_ref(1)?.as_str()? {
                    "unfiled" => unfinished.unfiled.push(uid),
                    "copying" => unfinished.copying.push(uid),
                    _ => unfinished.copied.push(uid),
                }
            }
            Ok(unfinished)
        })
        .await
    }

    /// Those of `uids` that need no fetch: they were accepted or left alone. What is asked is what the
    /// server lists; the ledger itself holds every mail there ever was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn known_uids(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
    ) -> Result<Vec<u32>> {
        let (account, folder) = (account.to_owned(), folder.to_owned());
        self.read("reading the ledger", move |connection, _| {
            let mut statement = connection.prepare_cached(
                r"SELECT 1 FROM ledger
                  WHERE account = ?1 AND folder = ?2 AND uid_validity = ?3 AND uid = ?4",
            )?;
            let mut known = Vec::new();
            for uid in uids {
                if statement.exists(params![account, folder, uid_validity, uid])? {
                    known.push(uid);
                }
            }
            Ok(known)
        })
        .await
    }

    /// Enters messages that are older than the desk's first start, and leaves them alone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn leave(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
    ) -> Result<()> {
        let (account, folder) = (account.to_owned(), folder.to_owned());
        self.write(Durability::Durable, "leaving mails", move |connection| {
            let mut statement = connection.prepare_cached(
                r"INSERT INTO ledger (account, folder, uid_validity, uid, state)
                  VALUES (?1, ?2, ?3, ?4, 'left')
                  ON CONFLICT (account, folder, uid_validity, uid) DO NOTHING",
            )?;
            for uid in &uids {
                statement.execute(params![account, folder, uid_validity, uid])?;
            }
            Ok(())
        })
        .await
    }

    /// When this account was first watched; `now` when that is now.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn first_start(&self, account: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
        let account = account.to_owned();
        self.write(
            Durability::Durable,
            "noting an account",
            move |connection| {
                connection.execute(
                    r"INSERT INTO accounts (name, first_start) VALUES (?1, ?2)
                  ON CONFLICT (name) DO NOTHING",
                    params![account, millis(now)],
                )?;
                Ok(time(connection.query_row(
                    r"SELECT first_start FROM accounts WHERE name = ?1",
                    params![account],
                    |row| row.get(0),
                )?))
            },
        )
        .await
    }

    /// The server has moved or flagged these messages (B).
    ///
    /// # Errors
    /// When the database cannot be written, or one of them was never accepted.
    pub async fn filed(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
    ) -> Result<()> {
        self.mark(account, folder, uid_validity, uids, "filed")
            .await
    }

    /// A COPY of these messages is about to be sent, for servers without MOVE. A crash from here on
    /// shows them in [`Unfinished::copying`].
    ///
    /// # Errors
    /// When the database cannot be written, or one of them was never accepted.
    pub async fn copy_started(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
    ) -> Result<()> {
        self.mark(account, folder, uid_validity, uids, "copying")
            .await
    }

    /// The server has copied these messages; what remains is to remove the originals.
    ///
    /// # Errors
    /// When the database cannot be written, or one of them was never accepted.
    pub async fn copy_done(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
    ) -> Result<()> {
        self.mark(account, folder, uid_validity, uids, "copied")
            .await
    }

    async fn mark(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
        state: &'static str,
    ) -> Result<()> {
        let (account, folder) = (account.to_owned(), folder.to_owned());
        self.write(Durability::Killproof, "filing mails", move |connection| {
            let mut statement = connection.prepare_cached(
                r"UPDATE ledger SET state = ?5
                  WHERE account = ?1 AND folder = ?2 AND uid_validity = ?3 AND uid = ?4
                    AND inbox IS NOT NULL",
            )?;
            for uid in &uids {
                let rows = statement.execute(params![account, folder, uid_validity, uid, state])?;
                ensure!(rows == 1, "uid {uid} of \"{folder}\" was never accepted");
            }
            Ok(())
        })
        .await
    }

    /// What is known of a Maildir.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn maildir_ledger(&self, account: &str) -> Result<MaildirLedger> {
        let account = account.to_owned();
        self.read("reading the ledger", move |connection, _| {
            let mut ledger = MaildirLedger::default();
            let mut statement = connection
                .prepare_cached(r"SELECT name, state FROM maildir_ledger WHERE account = ?1")?;
            let mut rows = statement.query(params![account])?;
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                if row.get_ref(1)?.as_str()? == "unfiled" {
                    ledger.unfiled.push(name.clone());
                }
                ledger.known.insert(name);
            }
            Ok(ledger)
        })
        .await
    }

    /// Enters files of a Maildir that are older than the desk's first start, and leaves them alone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn maildir_leave(&self, account: &str, names: Vec<String>) -> Result<()> {
        let account = account.to_owned();
        self.write(Durability::Durable, "leaving mails", move |connection| {
            let mut statement = connection.prepare_cached(
                r"INSERT INTO maildir_ledger (account, name, state) VALUES (?1, ?2, 'left')
                  ON CONFLICT (account, name) DO NOTHING",
            )?;
            for name in &names {
                statement.execute(params![account, name])?;
            }
            Ok(())
        })
        .await
    }

    /// These files were moved from `new` to `cur` (B).
    ///
    /// # Errors
    /// When the database cannot be written, or one of them was never accepted.
    pub async fn maildir_filed(&self, account: &str, names: Vec<String>) -> Result<()> {
        let account = account.to_owned();
        self.write(Durability::Killproof, "filing mails", move |connection| {
            let mut statement = connection.prepare_cached(
                r"UPDATE maildir_ledger SET state = 'filed'
                  WHERE account = ?1 AND name = ?2 AND inbox IS NOT NULL",
            )?;
            for name in &names {
                let rows = statement.execute(params![account, name])?;
                ensure!(rows == 1, "the file {name} was never accepted");
            }
            Ok(())
        })
        .await
    }
}
