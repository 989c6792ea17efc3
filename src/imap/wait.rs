//! Waiting for new mail: IDLE where the server has it, NOOP elsewhere.

use std::time::Duration;

use async_imap::imap_proto::Response;
use tokio::time::{Instant, sleep_until};

use super::{Error, Kind, Session};
use crate::fault;

/// How soon the server must take up IDLE and answer our DONE; a connection that cannot is dead, whatever TCP thinks.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// How often a server without IDLE is asked.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// Why a wait ended. Each time the session can be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Mail came.
    NewMail,
    /// The time was up: have a look all the same, some servers forget to tell.
    Timeout,
    /// The caller's own bell rang.
    Called,
}

impl Session {
    /// Waits until mail comes, at most `longest`, or until `bell` is done. Returns at once when mail came since the last
    /// [`Session::search_all`] began. What the server says to keep the line open ("Still here") does not lengthen the
    /// wait. Five minutes are a good `longest`: the ceiling of the protocol is 29, and a connection that died
    /// unnoticed is found at the end of the wait.
    pub async fn wait(
        &mut self,
        longest: Duration,
        bell: impl Future<Output = ()>,
    ) -> Result<Woken, Error> {
        if self.wire.arrived {
            return Ok(Woken::NewMail);
        }
        let deadline = Instant::now() + longest;
        tokio::pin!(bell);
        if self.capabilities().idle() {
            self.idle(deadline, bell).await
        } else {
            self.poll(deadline, bell).await
        }
    }

    async fn idle(
        &mut self,
        deadline: Instant,
        mut bell: impl Future<Output = ()> + Unpin,
    ) -> Result<Woken, Error> {
        let tag = self.wire.send("IDLE").await?;
        let started = Instant::now() + ANSWER_LIMIT;
        loop {
            let step = self.wire.next(started, ANSWER_LIMIT, Step::read).await?;
            let (kind, what) = match step {
                Some(Step::Told) => continue,
                Some(Step::Idling) => break,
                Some(Step::Ended) => (Kind::Protocol, "the server refuses IDLE"),
                None => (Kind::Network, "the server does not take up IDLE"),
            };
            return Err(self.wire.give_up(kind, what));
        }
        fault::imap("IDLE", "after");
        let woken = loop {
            if self.wire.arrived {
                break Woken::NewMail;
            }
            // `next` keeps what it has received when the bell interrupts it.
            let silence = deadline.saturating_duration_since(Instant::now());
            tokio::select! {
                step = self.wire.next(deadline, silence, Step::read) => match step? {
                    None => break Woken::Timeout,
                    Some(Step::Told | Step::Idling) => {}
                    Some(Step::Ended) => {
                        let what = "the server ended IDLE by itself";
                        return Err(self.wire.give_up(Kind::Protocol, what));
                    }
                },
                () = &mut bell => break Woken::Called,
            }
        };
        fault::imap("DONE", "before");
        self.wire.write("DONE\r\n").await?;
        let ended = self
            .wire
            .finish(&tag, Instant::now() + ANSWER_LIMIT, |_| {});
        ended.await?;
        fault::imap("DONE", "after");
        Ok(woken)
    }

    async fn poll(
        &mut self,
        deadline: Instant,
        mut bell: impl Future<Output = ()> + Unpin,
    ) -> Result<Woken, Error> {
        loop {
            let next = deadline.min(Instant::now() + POLL_INTERVAL);
            let called = tokio::select! {
                () = sleep_until(next) => false,
                () = &mut bell => true,
            };
            if called {
                return Ok(Woken::Called);
            }
            self.wire.command("NOOP", |_| {}).await?;
            if self.wire.arrived {
                return Ok(Woken::NewMail);
            }
            if Instant::now() >= deadline {
                return Ok(Woken::Timeout);
            }
        }
    }
}

/// What a response means to IDLE.
enum Step {
    /// `+ idling`.
    Idling,
    /// News, or "Still here".
    Told,
    /// A tagged status: IDLE is over.
    Ended,
}

impl Step {
    fn read(response: &Response<'_>) -> Self {
        match response {
            Response::Continue(_) => Self::Idling,
            // Only one command is ever under way, so the tag is that of IDLE.
            Response::Done { .. } => Self::Ended,
            _ => Self::Told,
        }
    }
}
