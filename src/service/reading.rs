//! The threads that read mails: as many as there are processors, the same as long as the service lives.
//! Each pattern keeps memory to work in for up to eight threads, which it never gives back: mails that
//! are read wherever the runtime has a thread to spare take all eight, one after the other.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, Once, mpsc};

use anyhow::{Context, Result, ensure};
use tokio::sync::mpsc::unbounded_channel;

use super::Rules;
use crate::fault;
use crate::mail::{self, Mail};
use crate::store::InboxMail;

/// More than that only wait for the thread that writes.
const MOST: usize = 8;

/// How far the threads that read stand back behind the others (nice).
const BEHIND: i32 = 5;

/// A mail with a bit of everything that reading looks for.
const SAMPLE: &str = "\
From: Marie Durand <marie.durand@example.org>\r\n\
To: support@example.org\r\n\
Subject: RE: Imprimante\r\n\
Content-Type: text/plain; charset=utf-8\r\n\
\r\n\
Bonjour,\r\n\
\r\n\
elle ne marche toujours pas, merci de rappeler au 02 31 11 22 33.\r\n\
\r\n\
Cordialement,\r\n\
--\x20\r\n\
Marie Durand\r\n\
Scolarité, tél. 02 31 11 22 33\r\n\
\r\n\
Le 12/03/2026 à 10:30, Support <support@example.org> a écrit :\r\n\
> Bonjour,\r\n";

/// A mail, and what was read of it: nothing when the reader failed.
pub(super) type Read = (InboxMail, Option<Mail>);

type Job = Box<dyn FnOnce() + Send>;

/// The way to the threads; they end with it.
#[derive(Debug)]
pub(super) struct Reading {
    jobs: mpsc::Sender<Job>,
    patterns: Once,
}

impl Reading {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has none to give.
    pub(super) fn start() -> Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads.min(MOST) {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new()
                .name("reading".to_owned())
                .spawn(move || run(&waiting))
                .context("starting a thread that reads")?;
        }
        Ok(Self {
            jobs,
            patterns: Once::new(),
        })
    }

    /// Compiles patterns and templates while mail is on its way, unless they are: a desk that waits has
    /// neither, and they take longer than the mail. Templates are new after a reload.
    pub(super) fn get_ready(&self, rules: &Arc<Rules>) {
        self.patterns.call_once(|| {
            self.begin(Box::new(|| drop(mail::read(SAMPLE.as_bytes()))));
        });
        if !rules.templates.is_ready(&rules.policy.language) {
            let rules = Arc::clone(rules);
            self.begin(Box::new(move || {
                rules.templates.get_ready(&rules.policy.language);
            }));
        }
    }

    /// Whoever sends mails finds out when the threads are gone.
    fn begin(&self, job: Job) {
        let _ = self.jobs.send(job);
    }

    /// Reads mails; the answers are in their order.
    ///
    /// # Errors
    /// When the threads are gone.
    pub(super) async fn read(&self, mails: Vec<InboxMail>) -> Result<Vec<Read>> {
        let count = mails.len();
        let (answer, mut answers) = unbounded_channel();
        for (place, mail) in mails.into_iter().enumerate() {
            let answer = answer.clone();
            let job: Job = Box::new(move || {
                // Nobody waits any more when the desk stops meanwhile.
                let _ = answer.send((place, read(mail)));
            });
            if self.jobs.send(job).is_err() {
                break;
            }
        }
        drop(answer);
        let mut read = Vec::with_capacity(count);
        while let Some(one) = answers.recv().await {
            read.push(one);
        }
        ensure!(read.len() == count, "the threads that read are gone");
        read.sort_unstable_by_key(|(place, _)| *place);
        Ok(read.into_iter().map(|(_, read)| read).collect())
    }
}

fn run(waiting: &Mutex<mpsc::Receiver<Job>>) {
    // There are several of us and one thread that writes, for which everybody waits (on Linux, nice is a
    // thread's own). Refused or not, mails are read.
    if let Err(error) = rustix::process::setpriority_process(None, BEHIND) {
        tracing::debug!("The threads that read mails do not stand back: {error}");
    }
    loop {
        let job = waiting.lock().unwrap_or_else(|e| e.into_inner()).recv();
        let Ok(job) = job else {
            return;
        };
        // A panic takes down its job, not the thread: whoever waits for it is told.
        let _ = std::panic::catch_unwind(AssertUnwindSafe(job));
    }
}

/// Reads a mail; a panic of the reader must not take the batch down.
pub(super) fn read(mail: InboxMail) -> Read {
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| {
        fault::point("reading", "before");
        let read = mail::read(&mail.bytes);
        fault::point("reading", "after");
        read
    }));
    (mail, read.ok())
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::mail::Digest;
    use crate::ticket::InboxId;

    #[tokio::test]
    async fn a_panic_takes_no_thread_along() {
        let reading = Reading::start().expect("threads");
        for _ in 0..4 * MOST {
            reading.begin(Box::new(|| panic!("a job that fails, on purpose")));
        }
        let (answer, mut answers) = unbounded_channel();
        reading.begin(Box::new(move || {
            answer.send("still here").expect("somebody waits");
        }));
        assert_eq!(answers.recv().await, Some("still here"));
        let read = reading.read(Vec::new()).await.expect("nothing to read");
        assert!(read.is_empty());
    }

    #[tokio::test]
    async fn answers_are_in_the_order_of_the_mails() {
        let reading = Reading::start().expect("threads");
        // The first takes longest: with two threads the others are read before it.
        let mails = (0..20).map(|number| {
            let lines = if number == 0 { 20_000 } else { 1 };
            let bytes = format!(
                "From: a@example.org\r\n\r\n{}",
                "Bonjour.\r\n".repeat(lines)
            );
            InboxMail {
                id: InboxId(number),
                account: String::new(),
                recipient: None,
                sender: None,
                received_at: Utc::now(),
                digest: Digest::of(bytes.as_bytes()),
                bytes: bytes.into_bytes(),
                oversize: None,
                proven: None,
                released: false,
                attempts: 1,
                authenticity: None,
                names_asked_since: None,
                submission: None,
            }
        });
        let read = reading.read(mails.collect()).await.expect("read");
        let ids: Vec<_> = read.iter().map(|(mail, _)| mail.id.0).collect();
        assert_eq!(ids, Vec::from_iter(0..20));
        assert!(read.iter().all(|(_, mail)| mail.is_some()));
    }
}
