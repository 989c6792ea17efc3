//! One command at a time, read until its tagged status. A session whose answer was not read to the end is not used
//! again: what is left in the stream would be taken for the answer to the next command.
//!
//! async-imap parses; sending and judging is done here, because its own verbs ignore a tagged NO and take a lost
//! connection for the end of a list.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_imap::Client;
use async_imap::imap_proto::{MailboxDatum, Outcome, Response, ResponseCode, Status};
use futures_util::FutureExt;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use super::guard::Guard;
use super::lines::Lines;
use super::{Error, Kind};
use crate::fault;

/// A server that sends nothing for so long in the middle of an answer is gone.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);

/// Longest time for a command without bodies: a SEARCH in a huge mailbox takes its time.
pub(super) const COMMAND_LIMIT: Duration = Duration::from_secs(180);

/// The connection after the login.
#[derive(Debug)]
pub(super) struct Wire {
    client: Client<Guard>,
    pub place: Arc<str>,
    tag: u32,
    state: State,
    bye: Option<String>,
    /// Mails in the selected folder, as far as the server told.
    pub exists: u32,
    /// Mail came since this was last set to false.
    pub arrived: bool,
    /// Mail went since this was last set to false, so numbers in sequence have moved.
    pub expunged: bool,
    /// Set by SELECT; another one later ends the session.
    pub uid_validity: Option<u32>,
}

#[derive(Debug)]
enum State {
    Ready,
    /// A command was sent and its answer not yet read whole.
    Busy,
    Dead(Error),
}

impl Wire {
    pub(super) fn new(lines: Lines) -> Self {
        Self {
            client: Client::new(lines.guard),
            place: lines.place,
            tag: 0,
            state: State::Ready,
            bye: None,
            exists: 0,
            arrived: false,
            expunged: false,
            uid_validity: None,
        }
    }

    pub(super) fn is_usable(&self) -> bool {
        matches!(self.state, State::Ready)
    }

    /// Sends a command and reads its whole answer; `on` sees each response, the tagged one included. NO and BAD are
    /// errors that leave the session usable; every other error ends it.
    pub(super) async fn command(
        &mut self,
        command: &str,
        on: impl FnMut(&Response<'_>),
    ) -> Result<(), Error> {
        let tag = self.send(command).await?;
        let done = self.finish(&tag, Instant::now() + COMMAND_LIMIT, on).await;
        fault::imap(command, "after");
        done
    }

    /// The same for an answer with bodies: literals of up to `largest` bytes, `total` together, within `limit`.
    pub(super) async fn command_for_bodies(
        &mut self,
        command: &str,
        (largest, total): (u64, u64),
        limit: Duration,
        on: impl FnMut(&Response<'_>),
    ) -> Result<(), Error> {
        let tag = self.send(command).await?;
        self.client.get_mut().expect_bodies(largest, total);
        let done = self.finish(&tag, Instant::now() + limit, on).await;
        fault::imap(command, "after");
        done
    }

    /// Sends a command and returns its tag; from here on the session is busy until [`Wire::finish`].
    pub(super) async fn send(&mut self, command: &str) -> Result<String, Error> {
        match &self.state {
            State::Ready => {}
            State::Busy => {
                let error = self.fail(Kind::Network, "the last answer was not read to its end");
                return Err(self.bury(error));
            }
            State::Dead(error) => return Err(error.clone()),
        }
        fault::imap(command, "before");
        self.tag += 1;
        let tag = format!("g{}", self.tag);
        self.state = State::Busy;
        self.write(&format!("{tag} {command}\r\n")).await?;
        Ok(tag)
    }

    /// Writes a line that is no command of its own.
    pub(super) async fn write(&mut self, line: &str) -> Result<(), Error> {
        let guard = self.client.get_mut();
        guard.expect_answer();
        let sent = timeout(SILENCE_LIMIT, async {
            guard.write_all(line.as_bytes()).await?;
            guard.flush().await
        })
        .await;
        let what = match sent {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => format!("connection lost: {error}"),
            Err(_) => format!("the server took nothing for {SILENCE_LIMIT:?}"),
        };
        let error = self.fail(Kind::Network, what);
        Err(self.bury(error))
    }

    /// Reads until the tagged status of this command.
    pub(super) async fn finish(
        &mut self,
        tag: &str,
        deadline: Instant,
        mut on: impl FnMut(&Response<'_>),
    ) -> Result<(), Error> {
        let place = Arc::clone(&self.place);
        loop {
            let read = |response: &Response<'_>| {
                on(response);
                match response {
                    Response::Done {
                        tag: theirs,
                        status,
                        outcome,
                    } if theirs.0 == tag => Some(verdict(&place, status, outcome)),
                    _ => None,
                }
            };
            match self.next(deadline, SILENCE_LIMIT, read).await? {
                Some(None) => {}
                Some(Some(verdict)) => {
                    self.state = State::Ready;
                    return verdict;
                }
                None => return Err(self.give_up(Kind::Network, "the answer took too long")),
            }
        }
    }

    /// What `read` makes of the next response, or `None` at the deadline; a server that sends not one byte for `silence` is gone. Nothing
    /// that was received is lost when the wait ends.
    pub(super) async fn next<T>(
        &mut self,
        deadline: Instant,
        silence: Duration,
        read: impl FnOnce(&Response<'_>) -> T,
    ) -> Result<Option<T>, Error> {
        let mut heard = Instant::now();
        loop {
            let before = self.client.get_ref().received();
            let until = deadline.min(heard + silence);
            // The parser of this version panics on a few malformed answers (INTERNALDATE NIL, "[ALERT]é").
            let response = AssertUnwindSafe(self.client.read_response()).catch_unwind();
            let error = match tokio::time::timeout_at(until, response).await {
                Ok(Ok(Ok(Some(response)))) => {
                    self.note(response.parsed())?;
                    return Ok(Some(read(response.parsed())));
                }
                Ok(Ok(Ok(None))) => self.lost("the server closed the connection"),
                Ok(Ok(Err(error))) if error.kind() == std::io::ErrorKind::Other => self.fail(
                    Kind::Protocol,
                    // The parser's text holds the whole input; its beginning tells enough.
                    format!("the answer is not understood: {:.300}", error.to_string()),
                ),
                Ok(Ok(Err(error))) if error.kind() == std::io::ErrorKind::InvalidData => {
                    self.fail(Kind::Protocol, format!("the answer is absurd: {error}"))
                }
                Ok(Ok(Err(error))) => self.lost(&format!("connection lost: {error}")),
                Ok(Err(_)) => self.fail(Kind::Protocol, "the answer breaks the parser"),
                Err(_) if Instant::now() >= deadline => return Ok(None),
                Err(_) if self.client.get_ref().received() > before => {
                    heard = Instant::now();
                    continue;
                }
                Err(_) => self.lost(&format!("no answer for {silence:?}")),
            };
            return Err(self.bury(error));
        }
    }

    /// What the server tells by the way, in any answer.
    fn note(&mut self, response: &Response<'_>) -> Result<(), Error> {
        match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => {
                self.arrived |= *count > self.exists;
                self.exists = *count;
            }
            Response::Expunge(_) => {
                self.exists = self.exists.saturating_sub(1);
                self.expunged = true;
            }
            Response::Vanished { .. } => self.expunged = true,
            Response::Data {
                status: Status::Bye,
                outcome,
            } => self.bye = Some(said(outcome)),
            Response::Data {
                outcome:
                    Outcome {
                        code: Some(ResponseCode::UidValidity(now)),
                        ..
                    },
                ..
            } if self.uid_validity.is_some_and(|before| before != *now) => {
                let error = self.fail(
                    Kind::Network,
                    "the folder was made anew under our feet (UIDVALIDITY changed)",
                );
                return Err(self.bury(error));
            }
            _ => {}
        }
        Ok(())
    }

    fn lost(&self, what: &str) -> Error {
        match &self.bye {
            Some(bye) => self.fail(Kind::Network, format!("the server said goodbye: {bye}")),
            None => self.fail(Kind::Network, what),
        }
    }

    fn bury(&mut self, error: Error) -> Error {
        self.state = State::Dead(error.clone());
        error
    }

    /// Ends the session for a reason found outside; the error comes back for the caller.
    pub(super) fn give_up(&mut self, kind: Kind, what: impl Into<String>) -> Error {
        let error = self.fail(kind, what);
        self.bury(error)
    }

    pub(super) fn fail(&self, kind: Kind, what: impl Into<String>) -> Error {
        Error::new(kind, &self.place, what)
    }
}

fn verdict(place: &str, status: &Status, outcome: &Outcome<'_>) -> Result<(), Error> {
    let said = said(outcome);
    let missing = matches!(outcome.code, Some(ResponseCode::TryCreate))
        || said.to_ascii_uppercase().starts_with("[NONEXISTENT]");
    let (kind, what) = match status {
        Status::Ok => return Ok(()),
        Status::No if missing => (Kind::FolderMissing, said),
        Status::No => (Kind::CommandRefused, format!("the server refuses: {said}")),
        Status::Bad | Status::Bye | Status::PreAuth => (
            Kind::CommandRefused,
            format!("the server does not know what we want: {said}"),
        ),
    };
    Err(Error::new(kind, place, what))
}

fn said(outcome: &Outcome<'_>) -> String {
    let text = outcome.information.as_deref().unwrap_or("no reason given");
    text.chars().take(200).collect()
}
