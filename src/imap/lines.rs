//! The conversation before and around the login, line by line: greeting, CAPABILITY, STARTTLS, NAMESPACE.
//!
//! async-imap's parser is left out of it on purpose: it drops what it has read ahead, so bytes injected before the
//! TLS handshake would go unnoticed; it cannot read NAMESPACE; and it hides the code of a refused login.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::guard::{Guard, Socket};
use super::{Error, Kind};

/// Longest wait for one answer around the login. Servers delay refused logins by up to 15 seconds.
const ANSWER_LIMIT: Duration = Duration::from_secs(45);

/// Longest line before the mailbox is open; a CAPABILITY line has about 1 KB.
const LINE_LIMIT: usize = 16 << 10;

/// Most lines that may come before the awaited one.
const LINES_LIMIT: usize = 200;

/// A connection read line by line.
pub(super) struct Lines {
    pub guard: Guard,
    pub place: Arc<str>,
    tag: u32,
}

/// What came back to one command.
pub(super) struct Answer {
    /// The `* …` lines that came before.
    pub untagged: Vec<String>,
    /// `OK`, `NO` or `BAD`, in capitals.
    pub status: String,
    /// What follows, code included.
    pub text: String,
}

/// What a line is for somebody who waits for the answer to one command.
pub(super) enum Line {
    Untagged(String),
    Continue(String),
    Tagged { status: String, text: String },
}

impl Lines {
    pub(super) fn new(socket: Box<dyn Socket>, place: Arc<str>) -> Self {
        Self {
            guard: Guard::new(socket),
            place,
            tag: 0,
        }
    }

    /// Reads the greeting. `Ok(true)` when the server takes us for logged in already (PREAUTH).
    pub(super) async fn greeting(&mut self) -> Result<bool, Error> {
        let line = self.line().await?;
        let mut words = line.splitn(3, ' ');
        let star = words.next();
        let word = words.next().unwrap_or_default().to_ascii_uppercase();
        match (star, word.as_str()) {
            (Some("*"), "OK") => Ok(false),
            (Some("*"), "PREAUTH") => Ok(true),
            (Some("*"), "BYE") => {
                let why = words.next().unwrap_or_default();
                Err(self.fail(Kind::Network, format!("the server sends us away: {why}")))
            }
            _ => Err(self.fail(Kind::Protocol, format!("no IMAP greeting: {line:.80?}"))),
        }
    }

    /// Sends one command and collects its answer, whatever the status.
    pub(super) async fn exchange(&mut self, command: &str) -> Result<Answer, Error> {
        let tag = self.send(command).await?;
        let mut untagged = Vec::new();
        loop {
            match self.answer(&tag).await? {
                Line::Untagged(line) => untagged.push(line),
                Line::Continue(text) => {
                    return Err(self.fail(
                        Kind::Protocol,
                        format!("asks for more than we have: {text:.80}"),
                    ));
                }
                Line::Tagged { status, text } => {
                    return Ok(Answer {
                        untagged,
                        status,
                        text,
                    });
                }
            }
            if untagged.len() > LINES_LIMIT {
                return Err(self.fail(Kind::Protocol, "the answer never ends"));
            }
        }
    }

    /// Sends a command; its tag is what [`Lines::answer`] wants.
    pub(super) async fn send(&mut self, command: &str) -> Result<String, Error> {
        self.tag += 1;
        let tag = format!("L{}", self.tag);
        self.write(format!("{tag} {command}\r\n").as_bytes())
            .await?;
        Ok(tag)
    }

    /// Sends bytes as they are.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.guard.expect_answer();
        let sent = timeout(ANSWER_LIMIT, async {
            self.guard.write_all(bytes).await?;
            self.guard.flush().await
        })
        .await;
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.fail(Kind::Network, format!("connection lost: {error}"))),
            Err(_) => Err(self.silent()),
        }
    }

    /// The next line, read for what it means to the command with this tag.
    pub(super) async fn answer(&mut self, tag: &str) -> Result<Line, Error> {
        let line = self.line().await?;
        if let Some(text) = line.strip_prefix('+') {
            return Ok(Line::Continue(text.trim_start().to_owned()));
        }
        let (first, rest) = line.split_once(' ').unwrap_or((&line, ""));
        if first == tag {
            let (status, text) = rest.split_once(' ').unwrap_or((rest, ""));
            return Ok(Line::Tagged {
                status: status.to_ascii_uppercase(),
                text: text.to_owned(),
            });
        }
        if first != "*" {
            return Err(self.fail(Kind::Protocol, format!("not an IMAP answer: {line:.80?}")));
        }
        if rest
            .get(..4)
            .is_some_and(|word| word.eq_ignore_ascii_case("BYE "))
        {
            let why = rest.get(4..).unwrap_or_default();
            return Err(self.fail(Kind::Network, format!("the server sends us away: {why}")));
        }
        Ok(Line::Untagged(line))
    }

    async fn line(&mut self) -> Result<String, Error> {
        let mut line = Vec::new();
        let read = timeout(ANSWER_LIMIT, async {
            loop {
                // The guard reads ahead into its buffer, so a byte at a time costs nothing.
                match self.guard.read_u8().await? {
                    b'\n' => return Ok(()),
                    byte => line.push(byte),
                }
                if line.len() > LINE_LIMIT {
                    return Err(std::io::Error::other("a line without end"));
                }
            }
        })
        .await;
        match read {
            Ok(Ok(())) => {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                Ok(String::from_utf8_lossy(&line).into_owned())
            }
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Err(self.fail(Kind::Network, "the server closed the connection"))
            }
            Ok(Err(error)) => Err(self.fail(Kind::Network, format!("connection lost: {error}"))),
            Err(_) => Err(self.silent()),
        }
    }

    fn silent(&self) -> Error {
        let seconds = ANSWER_LIMIT.as_secs();
        self.fail(Kind::Network, format!("no answer within {seconds} s"))
    }

    pub(super) fn fail(&self, kind: Kind, what: impl Into<String>) -> Error {
        Error::new(kind, &self.place, what)
    }
}
