//! How the desk is doing, and what operations have to hear of (row O4): an account that fails, a
//! ledger that disagrees with its server, a mailbox that fell silent, mail that does not move, a disk
//! that fills. Each has a patience, so that what mends itself is nobody's alarm. The rules are pure:
//! `guichet health` and the alerts see the same.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};

use super::space;
use crate::desk::Policy;
use crate::desk::calendar::Calendar;
use crate::store::{AccountState, Store, Waiting};
use crate::zone::Zone;

/// A server that restarts, a network that blinks: nobody is woken for less (fault F16).
const ACCOUNT_PATIENCE: Duration = Duration::minutes(5);

/// A mail that the server lists and does not give is asked for again every few minutes.
const LEDGER_PATIENCE: Duration = Duration::minutes(15);

/// Greylisting holds a mail back for a quarter of an hour; a relay that works needs no hour.
const OUTBOX_PATIENCE: Duration = Duration::hours(1);

/// A mail is processed within a second, and rests between its attempts for seconds.
const INBOX_PATIENCE: Duration = Duration::minutes(15);

/// So many times the usual gap between two mails, and a mailbox is silent.
const SILENCE_FACTOR: i64 = 3;

/// No mailbox is silent within this: a busy one may rest over lunch.
const SILENCE_LEAST: Duration = Duration::hours(1);

/// Gaps are learned from mails no older than this.
const HABITS: Duration = Duration::days(28);

/// Fewer gaps say nothing about what is usual.
const GAPS_NEEDED: usize = 20;

/// Of all gaps so many percent are no longer than the usual one.
const USUAL_PERCENT: usize = 95;

/// What is wrong, for longer than its patience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// An account cannot be watched.
    AccountDown {
        account: String,
        since: DateTime<Utc>,
        why: String,
    },
    /// Its server lists mails that the ledger does not know.
    Unknown {
        account: String,
        mails: u64,
        since: DateTime<Utc>,
    },
    /// No mail has come for far longer than usual, office hours counted.
    Silent {
        account: String,
        last: DateTime<Utc>,
        usual_minutes: i64,
    },
    /// Mails wait to be processed.
    InboxOld { oldest: DateTime<Utc> },
    /// Notifications wait to be sent.
    OutboxOld { oldest: DateTime<Utc> },
    /// Notifications wait for an operator, after a copy was put back.
    Held { notifications: u64 },
    /// Too little room: no mail is taken in.
    DiskFull { free: u64, least: u64 },
}

impl Problem {
    /// The same problem has the same name for as long as it lasts.
    pub fn name(&self) -> String {
        match self {
            Self::AccountDown { account, .. } => format!("account-down {account}"),
            Self::Unknown { account, .. } => format!("unknown-mails {account}"),
            Self::Silent { account, .. } => format!("silent {account}"),
            Self::InboxOld { .. } => "inbox-old".to_owned(),
            Self::OutboxOld { .. } => "outbox-old".to_owned(),
            Self::Held { .. } => "outbox-held".to_owned(),
            Self::DiskFull { .. } => "disk-full".to_owned(),
        }
    }

    /// The account that it is about.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::AccountDown { account, .. }
            | Self::Unknown { account, .. }
            | Self::Silent { account, .. } => Some(account),
            Self::InboxOld { .. }
            | Self::OutboxOld { .. }
            | Self::Held { .. }
            | Self::DiskFull { .. } => None,
        }
    }

    /// In a sentence with its remedy.
    pub fn sentence(&self, language: &str, zone: Zone) -> String {
        let at = |time: &DateTime<Utc>| time.with_timezone(&zone).format("%Y-%m-%d %H:%M");
        let french = language != "en";
        match self {
            Self::AccountDown {
                account,
                since,
                why,
            } if french => format!(
                "le compte « {account} » est en panne depuis {} : {why}. Voir « guichet check ».",
                at(since)
            ),
            Self::AccountDown {
                account,
                since,
                why,
            } => format!(
                "account \"{account}\" has failed since {}: {why}. See guichet check.",
                at(since)
            ),
            Self::Unknown {
                account,
                mails,
                since,
            } if french => format!(
                "le serveur du compte « {account} » annonce {mails} message(s) qu'il ne donne pas, depuis {} : ils ne sont pas encore des demandes.",
                at(since)
            ),
            Self::Unknown {
                account,
                mails,
                since,
            } => format!(
                "the server of account \"{account}\" lists {mails} mails that it does not give, since {}: they are no tickets yet.",
                at(since)
            ),
            Self::Silent {
                account,
                last,
                usual_minutes,
            } if french => format!(
                "aucun message au compte « {account} » depuis {} ; d'habitude il en vient un toutes les {usual_minutes} minutes ouvrées au plus. La boîte reçoit-elle encore ?",
                at(last)
            ),
            Self::Silent {
                account,
                last,
                usual_minutes,
            } => format!(
                "no mail to account \"{account}\" since {}; usually one comes every {usual_minutes} office minutes at most. Does the mailbox still receive?",
                at(last)
            ),
            Self::InboxOld { oldest } if french => format!(
                "un message attend d'être traité depuis {}. Voir « guichet inbox list --state new ».",
                at(oldest)
            ),
            Self::InboxOld { oldest } => format!(
                "a mail has waited to be processed since {}. See guichet inbox list --state new.",
                at(oldest)
            ),
            Self::OutboxOld { oldest } if french => format!(
                "un envoi attend depuis {}. Voir « guichet outbox list --state queued,uncertain ».",
                at(oldest)
            ),
            Self::OutboxOld { oldest } => format!(
                "a notification has waited since {}. See guichet outbox list --state queued,uncertain.",
                at(oldest)
            ),
            Self::Held { notifications } if french => format!(
                "{notifications} envoi(s) retenu(s) après la restauration d'une copie : ils sont peut-être déjà partis. Voir « guichet outbox list --state held », puis « outbox release » ou « outbox discard »."
            ),
            Self::Held { notifications } => format!(
                "{notifications} notifications are held after a copy was put back: they may have left before. See guichet outbox list --state held, then outbox release or outbox discard."
            ),
            Self::DiskFull { free, least } if french => format!(
                "{} Mo libres, moins que min_free ({} Mo) : aucun message n'est pris tant que la place manque.",
                free >> 20,
                least >> 20
            ),
            Self::DiskFull { free, least } => format!(
                "{} MB free, less than min_free ({} MB): no mail is taken in until there is room.",
                free >> 20,
                least >> 20
            ),
        }
    }
}

/// What was seen of the desk at one moment.
#[derive(Clone, Debug)]
pub struct Observed {
    /// When.
    pub now: DateTime<Utc>,
    /// Each account, as the running desk sees it.
    pub accounts: BTreeMap<String, AccountState>,
    /// When its mails came, rising.
    pub arrivals: BTreeMap<String, Vec<DateTime<Utc>>>,
    /// What waits.
    pub waiting: Waiting,
    /// Bytes free on the disk, when the system says.
    pub free: Option<u64>,
    /// Bytes that have to be.
    pub min_free: u64,
}

impl Observed {
    /// Looks at the database and the disk.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn look(
        store: &Store,
        data_dir: &Path,
        min_free: u64,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        Ok(Self {
            now,
            accounts: store.account_states().await?,
            arrivals: store.arrivals(now - HABITS).await?,
            waiting: store.waiting().await?,
            free: space::free_bytes(data_dir),
            min_free,
        })
    }

    /// What is wrong for longer than its patience.
    pub fn problems(&self, policy: &Policy) -> Vec<Problem> {
        let mut problems = Vec::new();
        let lasts = |since: DateTime<Utc>, patience: Duration| self.now - since > patience;
        for (name, state) in &self.accounts {
            if !state.up && lasts(state.since, ACCOUNT_PATIENCE) {
                problems.push(Problem::AccountDown {
                    account: name.clone(),
                    since: state.since,
                    why: state.problem.clone().unwrap_or_default(),
                });
            }
            if let Some(since) = state.behind_since.filter(|at| lasts(*at, LEDGER_PATIENCE)) {
                problems.push(Problem::Unknown {
                    account: name.clone(),
                    mails: state.unknown,
                    since,
                });
            }
            // A mailbox that cannot be read is not silent.
            if state.up {
                problems.extend(self.silence(policy, name));
            }
        }
        if let Some(oldest) = self
            .waiting
            .oldest_mail
            .filter(|at| lasts(*at, INBOX_PATIENCE))
        {
            problems.push(Problem::InboxOld { oldest });
        }
        if let Some(oldest) = self
            .waiting
            .oldest_notification
            .filter(|at| lasts(*at, OUTBOX_PATIENCE))
        {
            problems.push(Problem::OutboxOld { oldest });
        }
        if self.waiting.held > 0 {
            problems.push(Problem::Held {
                notifications: self.waiting.held,
            });
        }
        if let Some(free) = self.free.filter(|free| *free < self.min_free) {
            problems.push(Problem::DiskFull {
                free,
                least: self.min_free,
            });
        }
        problems
    }

    /// The usual gap between two mails of an account in office minutes, once it is known.
    pub fn usual_gap(&self, policy: &Policy, account: &str) -> Option<i64> {
        let calendar = calendar_of(policy, account)?;
        let times = self.arrivals.get(account)?;
        let mut gaps: Vec<i64> = times
            .iter()
            .zip(times.iter().skip(1))
            .map(|(from, to)| calendar.between(*from, *to).num_minutes())
            .collect();
        if gaps.len() < GAPS_NEEDED {
            return None;
        }
        gaps.sort_unstable();
        gaps.get((gaps.len() - 1) * USUAL_PERCENT / 100).copied()
    }

    fn silence(&self, policy: &Policy, account: &str) -> Option<Problem> {
        let usual_minutes = self.usual_gap(policy, account)?;
        let last = *self.arrivals.get(account)?.last()?;
        let calendar = calendar_of(policy, account)?;
        let silent = calendar.between(last, self.now).num_minutes();
        let limit = (SILENCE_FACTOR * usual_minutes).max(SILENCE_LEAST.num_minutes());
        (silent > limit).then(|| Problem::Silent {
            account: account.to_owned(),
            last,
            usual_minutes,
        })
    }
}

/// The working time of the account's team.
fn calendar_of<'a>(policy: &'a Policy, account: &str) -> Option<&'a Calendar> {
    let account = policy.accounts.iter().find(|known| known.name == account)?;
    policy.team(&account.team).map(|team| &team.calendar)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    /// A team that works from eight to six, from Monday to Friday.
    fn policy() -> Policy {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config.toml");
        let text = r#"
            base_url = "http://127.0.0.1:8080"
            timezone = "Europe/Paris"
            [smtp]
            maildir = "out"
            [[accounts]]
            name = "support"
            team = "dsi"
            pipe = true
            [[teams]]
            id = "dsi"
            name = "DSI"
            from = "support@example.org"
            prefix = "DSI"
            hours = "mon-fri 08:00-18:00"
        "#;
        std::fs::write(&file, text).expect("our folder");
        let settings = crate::config::Config::load_without_secrets(&file);
        settings.expect("it is right").policy
    }

    /// Mails every twenty minutes from nine to five of a Monday, looked at later.
    fn observed(account: &str, now: &str) -> Observed {
        let first = at("2026-11-23T08:00:00Z");
        let arrivals = (0..25).map(|n| first + Duration::minutes(20 * n)).collect();
        let state = AccountState {
            up: true,
            since: first,
            problem: None,
            looked_at: Some(first),
            listed: 3,
            unknown: 0,
            behind_since: None,
        };
        Observed {
            now: at(now),
            accounts: BTreeMap::from([(account.to_owned(), state)]),
            arrivals: BTreeMap::from([(account.to_owned(), arrivals)]),
            waiting: Waiting::default(),
            free: Some(10),
            min_free: 10,
        }
    }

    fn names(observed: &Observed, policy: &Policy) -> Vec<String> {
        observed
            .problems(policy)
            .iter()
            .map(Problem::name)
            .collect()
    }

    #[test]
    fn a_mailbox_is_silent_after_three_times_the_usual_gap_of_office_hours() {
        let policy = policy();
        let account = policy.accounts[0].name.clone();
        let at = |now: &str| names(&observed(&account, now), &policy);
        // The last mail came at 17:00 in Paris.
        assert_eq!(
            observed(&account, "2026-11-23T17:00:00Z").usual_gap(&policy, &account),
            Some(20)
        );
        assert!(at("2026-11-23T16:55:00Z").is_empty());
        assert!(
            at("2026-11-24T06:30:00Z").is_empty(),
            "nobody writes at night"
        );
        assert_eq!(at("2026-11-24T08:30:00Z"), [format!("silent {account}")]);
        let mut down = observed(&account, "2026-11-24T08:30:00Z");
        down.accounts
            .values_mut()
            .for_each(|state| state.up = false);
        assert_eq!(names(&down, &policy), [format!("account-down {account}")]);
        let mut young = observed(&account, "2026-11-24T08:30:00Z");
        young
            .arrivals
            .values_mut()
            .for_each(|times| times.truncate(20));
        assert!(names(&young, &policy).is_empty(), "too few to know");
    }

    #[test]
    fn what_mends_itself_is_nobodys_alarm() {
        let policy = policy();
        let account = policy.accounts[0].name.clone();
        let mut seen = observed(&account, "2026-11-23T16:05:00Z");
        let ago = |minutes| Some(seen.now - Duration::minutes(minutes));
        let (short, long) = (ago(14), ago(16));
        for (since, expected) in [
            (short, vec![]),
            (long, vec![format!("unknown-mails {account}")]),
        ] {
            let mut seen = seen.clone();
            for state in seen.accounts.values_mut() {
                state.behind_since = since;
                state.unknown = 2;
            }
            assert_eq!(names(&seen, &policy), expected);
        }
        seen.waiting = Waiting {
            oldest_mail: Some(seen.now - Duration::minutes(14)),
            oldest_notification: Some(seen.now - Duration::minutes(59)),
            held: 0,
        };
        assert!(names(&seen, &policy).is_empty());
        seen.waiting = Waiting {
            oldest_mail: Some(seen.now - Duration::minutes(16)),
            oldest_notification: Some(seen.now - Duration::minutes(61)),
            held: 4,
        };
        seen.free = Some(9);
        assert_eq!(
            names(&seen, &policy),
            ["inbox-old", "outbox-old", "outbox-held", "disk-full"]
        );
    }
}
