//! Reading mails: sizes first, then whole bodies in sets, or the beginning of one that is too large.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_imap::imap_proto::{AttributeValue, Response};
use chrono::{DateTime, Utc};

use super::{Error, Kind, Session, uids};
use crate::fault;

/// Longest time for one set of bodies. A slow server is told from a dead one by its silence; this bounds one that trickles.
const SET_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Slack per mail over the size that was named: RFC822.SIZE is an estimate on some servers (Exchange).
const SIZE_SLACK: u64 = 1 << 20;

/// Size taken for a mail whose size the server did not name or not readably (4 GiB and more).
const UNKNOWN_SIZE: u64 = u32::MAX as u64;

/// A mail on the server, before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its number in the folder, valid with the folder's UIDVALIDITY.
    pub uid: u32,
    /// Bytes, as the server says (RFC822.SIZE); 4 GiB where it does not say.
    pub size: u64,
    /// When it reached the server (INTERNALDATE).
    pub internal_date: Option<DateTime<Utc>>,
}

/// A mail that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its number in the folder.
    pub uid: u32,
    /// When it reached the server (INTERNALDATE).
    pub internal_date: Option<DateTime<Utc>>,
    /// The message as it is on the server, or its beginning (see [`Session::fetch_head`]).
    pub bytes: Vec<u8>,
}

/// What became of a set of mails that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bodies {
    /// Whole mails, in the order of their UIDs.
    pub mails: Vec<Fetched>,
    /// UIDs that were asked for and that the server no longer knows.
    pub missing: Vec<u32>,
    /// Mails that are there and that the server would not give. Ask again later.
    pub refused: Vec<Refusal>,
}

/// A mail that the server would not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its number in the folder.
    pub uid: u32,
    /// The server's words.
    pub why: String,
}

impl Session {
    /// Size and date of mails in the open folder, in the order of their UIDs. Mails that are gone are left out.
    pub async fn sizes_and_dates(&mut self, uids: &[u32]) -> Result<Vec<Listed>, Error> {
        let wanted: BTreeSet<u32> = uids.iter().copied().collect();
        let mut listed = BTreeMap::new();
        for set in uids::written(wanted.iter().copied()) {
            let command = format!("UID FETCH {set} (UID RFC822.SIZE INTERNALDATE)");
            self.wire
                .command(&command, |response| {
                    let Response::Fetch(_, attributes) = response else {
                        return;
                    };
                    let mail = read(attributes);
                    // A FETCH without the date is news about flags, not our answer.
                    if let (Some(uid), true) = (mail.uid, mail.dated)
                        && wanted.contains(&uid)
                    {
                        listed.insert(
                            uid,
                            Listed {
                                uid,
                                size: mail.size.unwrap_or(UNKNOWN_SIZE),
                                internal_date: mail.internal_date,
                            },
                        );
                    }
                })
                .await?;
        }
        Ok(listed.into_values().collect())
    }

    /// Reads whole mails without marking them. The caller bounds memory by the sizes in `set` (see [`super::sets`]); a
    /// body far above its size ends the session. An error means that nothing was read: what had come before it is dropped.
    pub async fn fetch(&mut self, set: &[Listed]) -> Result<Bodies, Error> {
        let mut bodies = Bodies::default();
        match self.fetch_set(set).await {
            Ok(mails) => bodies.take(set, mails),
            Err(error) if error.kind == Kind::CommandRefused && set.len() > 1 => {
                // One mail that vanished or cannot be read makes some servers answer NO to all of them.
                for mail in set {
                    let alone = std::slice::from_ref(mail);
                    match self.fetch_set(alone).await {
                        Ok(mails) => bodies.take(alone, mails),
                        Err(error) => bodies.refuse(mail.uid, error)?,
                    }
                }
            }
            Err(error) => match set {
                [mail] => bodies.refuse(mail.uid, error)?,
                _ => return Err(error),
            },
        }
        bodies.mails.sort_unstable_by_key(|mail| mail.uid);
        Ok(bodies)
    }

    /// Reads the first `limit` bytes of a mail that is too large to be read whole: its headers, and its text where that
    /// comes first, as it nearly always does. `None` when the mail is gone.
    pub async fn fetch_head(&mut self, uid: u32, limit: u32) -> Result<Option<Fetched>, Error> {
        let command = format!("UID FETCH {uid} (UID INTERNALDATE BODY.PEEK[]<0.{limit}>)");
        let bound = u64::from(limit) + SIZE_SLACK;
        let mut mails = self.bodies(&command, &[uid], (bound, bound)).await?;
        let mut head = mails.remove(&uid);
        if let Some(head) = &mut head {
            // A server that does not know partial fetches may send more, within the slack.
            head.bytes.truncate(limit as usize);
        }
        Ok(head)
    }

    async fn fetch_set(&mut self, set: &[Listed]) -> Result<BTreeMap<u32, Fetched>, Error> {
        let bound = |mail: &Listed| mail.size.saturating_mul(2).saturating_add(SIZE_SLACK);
        let wanted: Vec<u32> = set.iter().map(|mail| mail.uid).collect();
        let mut mails = BTreeMap::new();
        for written in uids::written(wanted.iter().copied()) {
            let largest = set.iter().map(bound).max().unwrap_or_default();
            let total = set.iter().map(bound).fold(0, u64::saturating_add);
            let command = format!("UID FETCH {written} (UID INTERNALDATE BODY.PEEK[])");
            mails.append(&mut self.bodies(&command, &wanted, (largest, total)).await?);
        }
        // A mail that is being removed may still come, as nothing. Only a mail that was listed as empty is empty.
        let is_empty = |uid: &u32| set.iter().any(|mail| mail.uid == *uid && mail.size == 0);
        mails.retain(|uid, mail| !mail.bytes.is_empty() || is_empty(uid));
        Ok(mails)
    }

    async fn bodies(
        &mut self,
        command: &str,
        wanted: &[u32],
        bounds: (u64, u64),
    ) -> Result<BTreeMap<u32, Fetched>, Error> {
        let mut mails = BTreeMap::new();
        self.wire
            .command_for_bodies(command, bounds, SET_LIMIT, |response| {
                let Response::Fetch(_, attributes) = response else {
                    return;
                };
                let mail = read(attributes);
                if let (Some(uid), Some(bytes)) = (mail.uid, mail.body)
                    && wanted.contains(&uid)
                {
                    mails.insert(
                        uid,
                        Fetched {
                            uid,
                            internal_date: mail.internal_date,
                            bytes: kept(bytes).to_vec(),
                        },
                    );
                }
            })
            .await?;
        Ok(mails)
    }
}

/// All of it, unless the proof of the proof wants a desk that keeps half a literal.
fn kept(bytes: &[u8]) -> &[u8] {
    match bytes.get(..bytes.len() / 2) {
        Some(half) if half.len() > 400 && fault::is_broken("whole-literals") => half,
        _ => bytes,
    }
}

impl Bodies {
    fn take(&mut self, asked: &[Listed], mut mails: BTreeMap<u32, Fetched>) {
        for mail in asked {
            match mails.remove(&mail.uid) {
                Some(fetched) => self.mails.push(fetched),
                None => self.missing.push(mail.uid),
            }
        }
    }

    fn refuse(&mut self, uid: u32, error: Error) -> Result<(), Error> {
        if error.kind != Kind::CommandRefused {
            return Err(error);
        }
        let why = error.what().to_owned();
        // RFC 5530: the mail went away while it was asked for.
        if why.to_ascii_uppercase().contains("[EXPUNGEISSUED]") {
            self.missing.push(uid);
        } else {
            self.refused.push(Refusal { uid, why });
        }
        Ok(())
    }
}

/// One FETCH response, as far as we ask.
#[derive(Default)]
struct Attributes<'a> {
    uid: Option<u32>,
    size: Option<u64>,
    dated: bool,
    internal_date: Option<DateTime<Utc>>,
    body: Option<&'a [u8]>,
}

fn read<'a>(attributes: &'a [AttributeValue<'_>]) -> Attributes<'a> {
    let mut mail = Attributes::default();
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(uid) => mail.uid = Some(*uid),
            AttributeValue::Rfc822Size(size) => mail.size = Some(u64::from(*size)),
            AttributeValue::InternalDate(date) => {
                mail.dated = true;
                mail.internal_date = internal_date(date);
            }
            AttributeValue::BodySection {
                section: None,
                index: None | Some(0),
                data: Some(data),
            } => mail.body = Some(data),
            _ => {}
        }
    }
    mail
}

/// `17-Jul-1996 02:44:25 -0700`; the day may be padded with a space.
fn internal_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(text.trim(), "%d-%b-%Y %H:%M:%S %z")
        .ok()
        .map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_server_are_read() {
        let read = |text| internal_date(text).map(|date| date.to_rfc3339());
        let summer = Some("1996-07-17T09:44:25+00:00".to_owned());
        assert_eq!(read("17-Jul-1996 02:44:25 -0700"), summer);
        let padded = Some("2026-01-01T00:00:00+00:00".to_owned());
        assert_eq!(read(" 1-Jan-2026 01:00:00 +0100"), padded);
        assert_eq!(read("yesterday"), None);
    }
}
