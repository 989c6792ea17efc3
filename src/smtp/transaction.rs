//! One mail over one connection: MAIL, RCPT, DATA, the message, the answer, and what the answer
//! means for the connection. What it means for the mail is for `verdict`.
//!
//! [`Progress`] is the heart of it. It is set when the last byte behind the final dot is given to
//! the kernel, or to TLS, and by nothing else. A write that failed or never finished did not give
//! it: the server cannot have seen the end of the mail. (With TLS the last record carries that
//! byte; a record that is not there to its end cannot be decrypted.)

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{anyhow, ensure};
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use super::answer::{self, Answer};
use super::connection::{COURTESY, Connection, limited};
use super::verdict::{self, Step};
use super::{Envelope, Outcome, address, body};
use crate::fault;

/// Whether the last byte of the current mail has left our hands. Shared with whoever must judge
/// when the sending task dies.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Arc<AtomicBool>);

impl Progress {
    /// True once the server may have accepted the mail.
    pub fn is_past_the_dot(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn begin(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    pub(super) fn pass_the_dot(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What can be done with a connection after a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// Another mail may follow.
    Usable,
    /// To be dropped.
    Broken,
}

/// Why a transaction did not end with a yes.
enum Stop {
    /// The server said no.
    Refused(Step, Answer),
    /// The server said no, and the session cannot go on.
    RefusedAndBroken(Step, Answer),
    /// The mail does not fit this server; nothing was said about it.
    Unfit(Outcome),
    /// The network, or a server that does not speak SMTP.
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Stop {
        Stop::Broken(error)
    }
}

impl Connection {
    /// Sends one mail. The addresses have been checked.
    pub async fn send(&mut self, envelope: &Envelope, progress: &Progress) -> (Outcome, Health) {
        progress.begin();
        self.deadline = Instant::now() + self.timeouts.before_dot;
        match self.transact(envelope, progress).await {
            Ok(answer) => {
                self.mails += 1;
                let answer = answer.text();
                (Outcome::Sent { answer }, Health::Usable)
            }
            Err(Stop::Unfit(outcome)) => (outcome, Health::Usable),
            Err(Stop::Refused(step, answer)) => {
                let outcome = verdict::of_refusal(step, &answer);
                // 421: the server closes. Otherwise the next mail finds a clean slate; a server
                // that takes its time over that is not worth keeping this outcome back.
                let is_clean = answer.code != 421 && limited(COURTESY, self.reset()).await.is_ok();
                let health = if is_clean {
                    Health::Usable
                } else {
                    Health::Broken
                };
                (outcome, health)
            }
            Err(Stop::RefusedAndBroken(step, answer)) => {
                (verdict::of_refusal(step, &answer), Health::Broken)
            }
            Err(Stop::Broken(error)) if progress.is_past_the_dot() => {
                let why = format!("no answer to the final dot: {error:#}");
                (Outcome::Uncertain(why), Health::Broken)
            }
            Err(Stop::Broken(error)) => (Outcome::Later(format!("{error:#}")), Health::Broken),
        }
    }

    async fn transact(&mut self, envelope: &Envelope, progress: &Progress) -> Result<Answer, Stop> {
        let tidy = body::normalised(&envelope.bytes);
        let commands = self.commands(envelope, &tidy)?;
        fault::point("smtp envelope", "before");
        if self.abilities.pipelining {
            self.ask_at_once(&commands).await?;
        } else {
            self.ask_in_turn(&commands).await?;
        }
        fault::point("smtp envelope", "after");
        let message = body::stuffed(&tidy);
        if let Err(error) = self.write_message(&message, progress).await {
            return Err(self.last_words(error).await);
        }
        fault::point("smtp message", "sent");
        let answer = limited(self.timeouts.final_dot, answer::read(&mut self.wire)).await?;
        fault::point("smtp message", "answered");
        match answer.code {
            200..300 => Ok(answer),
            // Not an answer to the end of a message; what became of it is unknown.
            300..400 => Err(Stop::Broken(anyhow!("it answered {}", answer.text()))),
            421 => Err(Stop::RefusedAndBroken(Step::Message, answer)),
            _ => Err(Stop::Refused(Step::Message, answer)),
        }
    }

    /// MAIL, RCPT and DATA for this server, or why it cannot be.
    fn commands(&self, envelope: &Envelope, message: &[u8]) -> Result<[(Step, String); 3], Stop> {
        let abilities = &self.abilities;
        // Without SMTPUTF8 a domain can still be written in ASCII, a local part cannot.
        let spell = |address: &str| {
            if abilities.international || address.is_ascii() {
                Some(address.to_owned())
            } else {
                address::in_ascii(address)
            }
        };
        let (Some(from), Some(to)) = (spell(&envelope.from), spell(&envelope.to)) else {
            return Err(Stop::Unfit(Outcome::Never {
                code: 553,
                text: "5.6.7 not tried: the address has letters beyond ASCII, and the server \
                       does not offer SMTPUTF8"
                    .to_owned(),
            }));
        };
        let mut mail = format!("MAIL FROM:<{from}>");
        // RFC 1870 counts the message without stuffed dots and without its end.
        if let Some(limit) = abilities.size {
            if limit > 0 && message.len() > limit {
                return Err(Stop::Unfit(Outcome::Never {
                    code: 552,
                    text: format!(
                        "5.3.4 not tried: the mail has {} bytes, the server takes {limit}",
                        message.len()
                    ),
                }));
            }
            mail.push_str(&format!(" SIZE={}", message.len()));
        }
        // To a server without 8BITMIME such a mail goes unannounced, as every MTA does it:
        // refusing it helps nobody, and ours are 7-bit anyway.
        if abilities.eight_bit && !message.is_ascii() {
            mail.push_str(" BODY=8BITMIME");
        }
        if !from.is_ascii() || !to.is_ascii() {
            mail.push_str(" SMTPUTF8");
        }
        mail.push_str("\r\n");
        Ok([
            (Step::Mail, mail),
            (Step::Rcpt, format!("RCPT TO:<{to}>\r\n")),
            (Step::Data, "DATA\r\n".to_owned()),
        ])
    }

    async fn ask_in_turn(&mut self, commands: &[(Step, String)]) -> Result<(), Stop> {
        for (step, command) in commands {
            let answer = self.command(command).await?;
            if !is_yes(*step, &answer) {
                return Err(Stop::Refused(*step, answer));
            }
        }
        Ok(())
    }

    /// RFC 2920: three commands in one packet, three answers; all are read, whatever they say.
    async fn ask_at_once(&mut self, commands: &[(Step, String)]) -> Result<(), Stop> {
        let together: String = commands.iter().map(|(_, command)| &**command).collect();
        self.write(together.as_bytes()).await?;
        let mut refusal: Option<(Step, Answer)> = None;
        for (step, _) in commands {
            match (self.answer().await, refusal.take()) {
                (Ok(answer), None) if is_yes(*step, &answer) => {}
                // It hung up right after a no: the no counts.
                (Ok(answer), None) if answer.code == 421 => {
                    return Err(Stop::RefusedAndBroken(*step, answer));
                }
                (Ok(answer), None) => refusal = Some((*step, answer)),
                (Err(error), None) => return Err(Stop::Broken(error)),
                (Err(_), Some((first, no))) => return Err(Stop::RefusedAndBroken(first, no)),
                // "Go on" although it has no recipient: it waits for a message that must not
                // come, not even an empty one.
                (Ok(answer), Some((first, no))) if *step == Step::Data && answer.code == 354 => {
                    return Err(Stop::RefusedAndBroken(first, no));
                }
                (Ok(_), Some(first)) => refusal = Some(first),
            }
        }
        match refusal {
            None => Ok(()),
            Some((step, answer)) => Err(Stop::Refused(step, answer)),
        }
    }

    /// Message and final dot, in as few writes as the socket allows.
    async fn write_message(&mut self, message: &[u8], progress: &Progress) -> anyhow::Result<()> {
        self.expect_silence()?;
        let mut rest = message;
        while !rest.is_empty() {
            let limit = self.remaining(self.timeouts.block)?;
            let written = limited(limit, async { Ok(self.wire.write(rest).await?) }).await?;
            ensure!(written > 0, "the server takes no more");
            rest = rest.get(written..).unwrap_or_default();
            if rest.is_empty() {
                progress.pass_the_dot();
            }
        }
        limited(self.timeouts.block, async { Ok(self.wire.flush().await?) }).await
    }

    /// A server that breaks off our message may have said why before it hung up.
    async fn last_words(&mut self, error: anyhow::Error) -> Stop {
        match limited(COURTESY, answer::read(&mut self.wire)).await {
            Ok(answer) if answer.code >= 400 => Stop::RefusedAndBroken(Step::Message, answer),
            Ok(_) | Err(_) => Stop::Broken(error.context("in the middle of the message")),
        }
    }

    async fn reset(&mut self) -> anyhow::Result<()> {
        fault::point("smtp rset", "before");
        let answer = self.command("RSET\r\n").await?;
        fault::point("smtp rset", "after");
        ensure!(answer.is_positive(), "RSET: {}", answer.text());
        Ok(())
    }
}

/// A 354 to DATA, 2xx to the others.
fn is_yes(step: Step, answer: &Answer) -> bool {
    match step {
        Step::Data => answer.code == 354,
        Step::Mail | Step::Rcpt | Step::Message => answer.is_positive(),
    }
}
