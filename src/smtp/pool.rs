//! Hands each mail to a transport, and keeps a few connections to the relay between mails. What
//! is said on a connection belongs to `connection` and `transaction`.
//!
//! A kept connection may have died unseen. When it fails before the final dot, the mail is tried
//! once more on a fresh one, at once: certainly no copy was sent. Behind the dot there is no
//! second try; the caller decides.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use anyhow::ensure;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::connection::Connection;
use super::transaction::{Health, Progress};
use super::{Envelope, Outcome, Settings, Tls, Transport, address, folder};

/// An idle connection is closed after this. Servers hang up after 30 seconds (qmail under load) to
/// 5 minutes (Postfix); we want to be the first, politely.
const IDLE_LIMIT: Duration = Duration::from_secs(20);
/// A connection is replaced after this, however busy: a relay behind a load balancer would
/// otherwise keep us on one machine for ever, and a renewed certificate would never be looked at.
const AGE_LIMIT: Duration = Duration::from_secs(5 * 60);
/// And after this many mails; usual limits of relays are 100 (Postfix as a client) and more.
const MAILS_PER_CONNECTION: u32 = 100;

/// Sends mails by one transport. Cheap to clone; clones share the connections.
#[derive(Debug, Clone)]
pub struct Sender {
    inner: Arc<Inner>,
}

#[derive(Debug)]
enum Inner {
    Relay(Box<Relay>),
    Folder(std::path::PathBuf),
    Memory(Arc<Mutex<Vec<Envelope>>>),
}

#[derive(Debug)]
struct Relay {
    settings: Settings,
    tls: Option<Arc<rustls::ClientConfig>>,
    free: Semaphore,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The most recently used is last, and is taken first: the others may grow old and go.
    idle: Vec<Connection>,
    has_closer: bool,
}

impl Sender {
    /// Prepares a transport; opens nothing.
    ///
    /// # Errors
    /// A CA file that cannot be used, or a name for EHLO that is none.
    pub fn new(transport: Transport) -> anyhow::Result<Sender> {
        let inner = match transport {
            Transport::Smtp(settings) => Inner::Relay(Box::new(Relay::new(*settings)?)),
            Transport::Maildir(root) => Inner::Folder(root),
            Transport::Memory(list) => Inner::Memory(list),
        };
        Ok(Sender {
            inner: Arc::new(inner),
        })
    }

    /// Makes one attempt. Never fails: whatever happens is an [`Outcome`]. An envelope whose
    /// addresses could say more than an address is refused before anything is opened. When the
    /// future is dropped, the attempt ends with it, on either side of the dot.
    pub async fn send(&self, envelope: &Envelope) -> Outcome {
        if let Err(refusal) = address::check(&envelope.from, &envelope.to) {
            return refusal;
        }
        match &*self.inner {
            Inner::Relay(relay) => {
                // Closed never; if it were, the attempt would only go on unlimited.
                let _permit = relay.free.acquire().await;
                let progress = Progress::default();
                let attempt = send_by(relay.task(), envelope.clone(), progress.clone());
                guarded(&progress, attempt).await
            }
            Inner::Folder(root) => {
                let (root, envelope) = (root.clone(), envelope.clone());
                tokio::task::spawn_blocking(move || folder::deliver(&root, &envelope))
                    .await
                    .unwrap_or_else(|error| Outcome::Later(fault(error)))
            }
            Inner::Memory(list) => {
                let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
                list.push(envelope.clone());
                Outcome::Sent {
                    answer: "250 kept in memory".to_owned(),
                }
            }
        }
    }

    /// For `guichet check`: connects, protects, logs in, asks for a sign of life; sends nothing.
    /// Says in one line what was found.
    ///
    /// # Errors
    /// The first thing that would keep a mail from being sent.
    pub async fn check(&self) -> anyhow::Result<String> {
        match &*self.inner {
            Inner::Relay(relay) => {
                let settings = &relay.settings;
                let mut connection = Connection::open(settings, relay.tls.as_ref()).await?;
                connection.noop().await?;
                let protection = match settings.tls {
                    Tls::Implicit => "TLS",
                    Tls::StartTls => "STARTTLS",
                    Tls::None => "in clear",
                };
                let login = match &settings.login {
                    Some(login) => format!("logged in as {}", login.user),
                    None => "no login".to_owned(),
                };
                let abilities = connection.describe();
                connection.quit().await;
                let (host, port) = (&settings.host, settings.port);
                Ok(format!("{host}:{port}, {protection}, {login}; {abilities}"))
            }
            Inner::Folder(root) => folder::check(root),
            Inner::Memory(_) => Ok("kept in memory".to_owned()),
        }
    }

    /// Takes leave of the relay: every idle connection is closed with QUIT. Sending opens new ones.
    pub async fn close(&self) {
        if let Inner::Relay(relay) = &*self.inner {
            let idle = std::mem::take(&mut lock(&relay.kept).idle);
            let mut goodbyes = JoinSet::new();
            for connection in idle {
                goodbyes.spawn(connection.quit());
            }
            goodbyes.join_all().await;
        }
    }
}

impl Relay {
    fn new(settings: Settings) -> anyhow::Result<Relay> {
        if let Some(name) = &settings.hello {
            let is_name = |c: char| c.is_ascii_alphanumeric() || ".-_[]:".contains(c);
            ensure!(
                !name.is_empty() && name.chars().all(is_name),
                "\"{name}\" cannot be a name in EHLO"
            );
        }
        let tls = match settings.tls {
            Tls::Implicit | Tls::StartTls => {
                Some(crate::tls::client_config(settings.ca_file.as_deref())?)
            }
            Tls::None => None,
        };
        Ok(Relay {
            free: Semaphore::new(settings.connections.max(1)),
            kept: Arc::default(),
            settings,
            tls,
        })
    }

    /// What the task of one attempt needs.
    fn task(&self) -> Task {
        Task {
            settings: self.settings.clone(),
            tls: self.tls.clone(),
            kept: Arc::clone(&self.kept),
        }
    }
}

/// One attempt's own handles, since a task may outlive a borrow.
struct Task {
    settings: Settings,
    tls: Option<Arc<rustls::ClientConfig>>,
    kept: Arc<Mutex<Kept>>,
}

async fn send_by(task: Task, envelope: Envelope, progress: Progress) -> Outcome {
    if let Some(mut connection) = take(&task.kept) {
        let (outcome, health) = connection.send(&envelope, &progress).await;
        match (&outcome, health) {
            // It had died, or said 421: certainly not sent, so a fresh one may try at once.
            (Outcome::Later(_), Health::Broken) => {}
            (_, Health::Broken) => return outcome,
            (_, Health::Usable) => {
                keep(&task.kept, connection);
                return outcome;
            }
        }
    }
    let mut connection = match Connection::open(&task.settings, task.tls.as_ref()).await {
        Ok(connection) => connection,
        Err(error) => return Outcome::Later(format!("{error:#}")),
    };
    let (outcome, health) = connection.send(&envelope, &progress).await;
    if health == Health::Usable {
        keep(&task.kept, connection);
    }
    outcome
}

/// Runs one attempt in a task of its own: a panic in it becomes an outcome, by how far it came.
async fn guarded(
    progress: &Progress,
    attempt: impl Future<Output = Outcome> + Send + 'static,
) -> Outcome {
    // A set and not a bare task: dropping it ends the task.
    let mut task = JoinSet::new();
    task.spawn(attempt);
    match task.join_next().await {
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) if progress.is_past_the_dot() => Outcome::Uncertain(fault(error)),
        Some(Err(error)) => Outcome::Later(fault(error)),
        None => Outcome::Later("the attempt vanished".to_owned()),
    }
}

fn fault(error: JoinError) -> String {
    format!("a fault of the desk itself: {error}")
}

fn lock(kept: &Mutex<Kept>) -> std::sync::MutexGuard<'_, Kept> {
    // Nothing is done under the lock that could leave the list half changed.
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(kept: &Mutex<Kept>) -> Option<Connection> {
    let mut kept = lock(kept);
    // The old ones are left to the closer.
    kept.idle.pop_if(|connection| !is_worn(connection))
}

fn is_worn(connection: &Connection) -> bool {
    connection.used_at.elapsed() >= IDLE_LIMIT
        || connection.opened_at.elapsed() >= AGE_LIMIT
        || connection.mails >= MAILS_PER_CONNECTION
}

fn keep(kept: &Arc<Mutex<Kept>>, mut connection: Connection) {
    connection.used_at = Instant::now();
    if is_worn(&connection) {
        tokio::spawn(connection.quit());
        return;
    }
    let mut list = lock(kept);
    list.idle.push(connection);
    if !list.has_closer {
        list.has_closer = true;
        tokio::spawn(close_idle(Arc::downgrade(kept)));
    }
}

/// Closes connections as they grow old, until none is left or the sender is gone.
async fn close_idle(kept: Weak<Mutex<Kept>>) {
    loop {
        tokio::time::sleep(IDLE_LIMIT / 4).await;
        let Some(kept) = kept.upgrade() else {
            return;
        };
        let worn: Vec<Connection> = {
            let mut kept = lock(&kept);
            let worn = kept.idle.extract_if(.., |one| is_worn(one)).collect();
            if kept.idle.is_empty() {
                kept.has_closer = false;
            }
            worn
        };
        drop(kept);
        for connection in worn {
            connection.quit().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_before_the_dot_is_later_and_behind_it_uncertain() {
        let progress = Progress::default();
        let outcome = guarded(&progress, async { panic!("lost its head") }).await;
        assert!(matches!(outcome, Outcome::Later(_)), "{outcome:?}");

        let within = progress.clone();
        let outcome = guarded(&progress, async move {
            within.pass_the_dot();
            panic!("lost its head")
        })
        .await;
        assert!(matches!(outcome, Outcome::Uncertain(_)), "{outcome:?}");
    }
}
