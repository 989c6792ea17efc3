//! One connection to the relay, from the TCP handshake to QUIT: RFC 5321 as a client speaks it,
//! every step with its limit. Which connection a mail takes is for `pool`.
//!
//! [`Progress`] is the heart of it. It is set when the last byte behind the final dot is given to
//! the kernel, or to TLS, and by nothing else. A write that failed or never finished did not give
//! it: the server cannot have seen the end of the mail. (With TLS the last record carries that
//! byte; a record that is not there to its end cannot be decrypted.)

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use futures_util::FutureExt;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::answer::{self, Answer};
use super::verdict::{self, Step};
use super::{Envelope, Login, Outcome, Settings, Tls, address, body, login};

/// How long each step may take before the attempt counts as failed. RFC 5321 4.5.3.2 gives
/// minimums; ours are its figures where a patient wait can save a duplicate, and shorter where
/// nothing is lost but an attempt, since the next one is a minute away.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Looking up the name, the TCP handshake, the TLS handshake: each.
    pub connect: Duration,
    /// The greeting. RFC: 5 minutes, for servers that are too busy to speak; a relay that needs
    /// more than one (tarpits and postscreen wait for seconds) is better left alone for a while.
    pub greeting: Duration,
    /// EHLO, AUTH, RSET, MAIL, RCPT, DATA. RFC: 5 minutes for MAIL and RCPT, behind which stand
    /// look-ups and milters.
    pub command: Duration,
    /// Giving the next piece of the message to a slow network. RFC: 3 minutes.
    pub block: Duration,
    /// All steps of one mail up to the final dot: a tarpit that stays just below the limit of
    /// each step holds a connection no longer than this.
    pub before_dot: Duration,
    /// The answer to the final dot. RFC: 10 minutes, since giving up earlier makes duplicates.
    pub final_dot: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(30),
            greeting: Duration::from_secs(60),
            command: Duration::from_secs(5 * 60),
            block: Duration::from_secs(3 * 60),
            before_dot: BEFORE_DOT_LIMIT,
            final_dot: FINAL_DOT_LIMIT,
        }
    }
}

/// For RSET after a refusal, a polite QUIT, and a server's last words after it broke off our
/// message. No mail depends on any of them.
const COURTESY: Duration = Duration::from_secs(2);
/// Name, TLS and login together; with the steps of `Timeouts` a tarpit could take an hour.
pub(super) const LOGIN_LIMIT: Duration = Duration::from_secs(5 * 60);
/// The default of [`Timeouts::before_dot`]: a 50 MB mail over a line of 1 Mbit/s, just.
pub(super) const BEFORE_DOT_LIMIT: Duration = Duration::from_secs(10 * 60);
/// The default of [`Timeouts::final_dot`].
pub(super) const FINAL_DOT_LIMIT: Duration = Duration::from_secs(10 * 60);

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

/// A socket in clear or in TLS.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A connection that has said EHLO and, where configured, has TLS and is logged in.
pub(super) struct Connection {
    wire: BufReader<Box<dyn Wire>>,
    abilities: Abilities,
    timeouts: Timeouts,
    deadline: Instant,
    /// When it was made.
    pub opened_at: Instant,
    /// When it was last put aside for another mail.
    pub used_at: Instant,
    /// Mails sent over it.
    pub mails: u32,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("abilities", &self.abilities)
            .field("mails", &self.mails)
            .finish_non_exhaustive()
    }
}

/// What the server said to EHLO.
#[derive(Debug, Default)]
struct Abilities {
    start_tls: bool,
    pipelining: bool,
    eight_bit: bool,
    international: bool,
    /// `Some(0)`: announced, without a limit.
    size: Option<usize>,
    auth: Vec<String>,
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
    /// Connects, protects, greets and logs in.
    ///
    /// # Errors
    /// Nothing here concerns a mail: whatever goes wrong, no mail was sent.
    pub async fn open(
        settings: &Settings,
        tls: Option<&Arc<rustls::ClientConfig>>,
    ) -> anyhow::Result<Connection> {
        let name = format!("{}:{}", settings.host, settings.port);
        timeout(LOGIN_LIMIT, open(settings, tls))
            .await
            .unwrap_or_else(|_| Err(anyhow!("no login after {LOGIN_LIMIT:?}")))
            .with_context(|| name)
    }

    /// What the server can do that matters to us: `"SIZE 10240000, PIPELINING, 8BITMIME"`.
    pub fn describe(&self) -> String {
        let mut words = Vec::new();
        if let Some(size) = self.abilities.size.filter(|size| *size > 0) {
            words.push(format!("SIZE {size}"));
        }
        for (has, word) in [
            (self.abilities.pipelining, "PIPELINING"),
            (self.abilities.eight_bit, "8BITMIME"),
            (self.abilities.international, "SMTPUTF8"),
        ] {
            if has {
                words.push(word.to_owned());
            }
        }
        words.join(", ")
    }

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

    /// Says goodbye, without insisting.
    pub async fn quit(mut self) {
        let goodbye = async {
            self.write(b"QUIT\r\n").await?;
            answer::read(&mut self.wire).await?;
            self.wire.get_mut().shutdown().await?;
            anyhow::Ok(())
        };
        // Whether it answers is of no interest: the connection is done with.
        let _ = timeout(COURTESY, goodbye).await;
    }

    /// Asks whether the connection is alive.
    pub async fn noop(&mut self) -> anyhow::Result<()> {
        self.deadline = Instant::now() + self.timeouts.before_dot;
        let answer = self.command("NOOP\r\n").await?;
        ensure!(answer.is_positive(), "NOOP: {}", answer.text());
        Ok(())
    }

    async fn transact(&mut self, envelope: &Envelope, progress: &Progress) -> Result<Answer, Stop> {
        let tidy = body::normalised(&envelope.bytes);
        let commands = self.commands(envelope, &tidy)?;
        if self.abilities.pipelining {
            self.ask_at_once(&commands).await?;
        } else {
            self.ask_in_turn(&commands).await?;
        }
        let message = body::stuffed(&tidy);
        if let Err(error) = self.write_message(&message, progress).await {
            return Err(self.last_words(error).await);
        }
        let answer = limited(self.timeouts.final_dot, answer::read(&mut self.wire)).await?;
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
        let answer = self.command("RSET\r\n").await?;
        ensure!(answer.is_positive(), "RSET: {}", answer.text());
        Ok(())
    }

    /// One command, one answer.
    async fn command(&mut self, command: &str) -> anyhow::Result<Answer> {
        self.write(command.as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> anyhow::Result<Answer> {
        let limit = self.remaining(self.timeouts.command)?;
        limited(limit, answer::read(&mut self.wire)).await
    }

    async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.expect_silence()?;
        let limit = self.remaining(self.timeouts.command)?;
        limited(limit, async {
            self.wire.write_all(bytes).await?;
            Ok(self.wire.flush().await?)
        })
        .await
        .context("writing to the server")
    }

    /// An answer to nothing would be taken for the answer to what comes next, and in the end a
    /// mail for sent that was not. Also tells at once when the server has hung up in the meantime.
    fn expect_silence(&mut self) -> anyhow::Result<()> {
        match self.wire.fill_buf().now_or_never() {
            None => Ok(()),
            Some(Ok([])) => bail!("the server closed the connection"),
            Some(Ok(unasked)) => {
                let start = unasked.get(..80).unwrap_or(unasked);
                bail!("the server spoke unasked: {}", start.escape_ascii())
            }
            Some(Err(error)) => Err(error.into()),
        }
    }

    fn remaining(&self, step: Duration) -> anyhow::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        ensure!(!left.is_zero(), "the server is too slow altogether");
        Ok(step.min(left))
    }
}

/// A 354 to DATA, 2xx to the others.
fn is_yes(step: Step, answer: &Answer) -> bool {
    match step {
        Step::Data => answer.code == 354,
        Step::Mail | Step::Rcpt | Step::Message => answer.is_positive(),
    }
}

async fn limited<T>(
    limit: Duration,
    step: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    timeout(limit, step)
        .await
        .unwrap_or_else(|_| Err(anyhow!("no answer within {limit:?}")))
}

async fn open(
    settings: &Settings,
    tls: Option<&Arc<rustls::ClientConfig>>,
) -> anyhow::Result<Connection> {
    let timeouts = settings.timeouts;
    let host = settings.host.as_str();
    let socket = limited(timeouts.connect, async {
        Ok(TcpStream::connect((host, settings.port)).await?)
    })
    .await
    .context("connecting")?;
    let peer = socket.peer_addr()?.ip().to_canonical();
    // Judged by where the connection really goes, before anything is said.
    ensure!(
        settings.tls != Tls::None || settings.allow_plaintext || peer.is_loopback(),
        "refusing to speak in clear to {peer}, which is not this machine: set tls, or \
         allow_plaintext if the network in between is yours"
    );
    // Each step is one write and waits for its answer: Nagle would only add delay.
    socket.set_nodelay(true)?;
    let hello = match &settings.hello {
        Some(name) => name.clone(),
        None => match socket.local_addr()?.ip().to_canonical() {
            std::net::IpAddr::V4(ip) => format!("[{ip}]"),
            std::net::IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
        },
    };
    let mut wire: Box<dyn Wire> = Box::new(socket);
    if settings.tls == Tls::Implicit {
        wire = protect(wire, settings, tls).await?;
    }
    let now = Instant::now();
    let mut connection = Connection {
        wire: BufReader::new(wire),
        abilities: Abilities::default(),
        timeouts,
        deadline: now + LOGIN_LIMIT,
        opened_at: now,
        used_at: now,
        mails: 0,
    };
    let greeting = limited(timeouts.greeting, answer::read(&mut connection.wire))
        .await
        .context("waiting for the greeting")?;
    ensure!(
        greeting.code == 220,
        "the server does not want us now: {}",
        greeting.text()
    );
    connection.greet(&hello).await?;
    if settings.tls == Tls::StartTls {
        connection = connection.start_tls(settings, tls, &hello).await?;
    }
    if let Some(login) = &settings.login {
        connection.log_in(login).await?;
    }
    Ok(connection)
}

async fn protect(
    wire: Box<dyn Wire>,
    settings: &Settings,
    tls: Option<&Arc<rustls::ClientConfig>>,
) -> anyhow::Result<Box<dyn Wire>> {
    let config = tls.context("no TLS configuration")?;
    let name = ServerName::try_from(settings.host.clone())
        .with_context(|| format!("\"{}\" cannot stand in a certificate", settings.host))?;
    let connector = TlsConnector::from(Arc::clone(config));
    let stream = limited(settings.timeouts.connect, async {
        Ok(connector.connect(name, wire).await?)
    })
    .await
    .context("agreeing on TLS")?;
    Ok(Box::new(stream))
}

impl Connection {
    async fn greet(&mut self, hello: &str) -> anyhow::Result<()> {
        let answer = self.command(&format!("EHLO {hello}\r\n")).await?;
        // RFC 5321 3.2: a server that does not know EHLO may know HELO.
        if matches!(answer.code, 500 | 502 | 504) {
            let answer = self.command(&format!("HELO {hello}\r\n")).await?;
            ensure!(answer.is_positive(), "HELO: {}", answer.text());
            self.abilities = Abilities::default();
            return Ok(());
        }
        ensure!(answer.is_positive(), "EHLO: {}", answer.text());
        self.abilities = Abilities::read(&answer);
        Ok(())
    }

    async fn start_tls(
        mut self,
        settings: &Settings,
        tls: Option<&Arc<rustls::ClientConfig>>,
        hello: &str,
    ) -> anyhow::Result<Connection> {
        ensure!(
            self.abilities.start_tls,
            "the server does not offer STARTTLS (any more): somebody in between may have removed \
             it, so nothing is sent"
        );
        let answer = self.command("STARTTLS\r\n").await?;
        ensure!(answer.code == 220, "STARTTLS: {}", answer.text());
        // What came in clear behind the answer would be read as if it had come through TLS.
        self.expect_silence()
            .context("something was slipped in before TLS")?;
        let wire = protect(self.wire.into_inner(), settings, tls).await?;
        let mut connection = Connection {
            wire: BufReader::new(wire),
            ..self
        };
        // RFC 3207 4.2: what was said in clear is forgotten; the new answer replaces it.
        connection.greet(hello).await?;
        Ok(connection)
    }

    async fn log_in(&mut self, login: &Login) -> anyhow::Result<()> {
        let dialogue = login::prepare(login, &self.abilities.auth).await?;
        let mut answer = self.command(dialogue.command.reveal()).await?;
        for word in dialogue.answers {
            if answer.code != 334 {
                break;
            }
            answer = self.command(word.reveal()).await?;
        }
        let mechanism = dialogue.mechanism;
        match answer.code {
            200..300 => Ok(()),
            334 => bail!("login ({mechanism}): the server asks for more than there is to say"),
            _ => bail!("login ({mechanism}) refused: {}", answer.text()),
        }
    }
}

impl Abilities {
    fn read(ehlo: &Answer) -> Abilities {
        let mut abilities = Abilities::default();
        // The first line is the server's name and greeting.
        for line in ehlo.lines.iter().skip(1) {
            // "AUTH=LOGIN" is how servers of the last century spelled it.
            let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
            let Some(keyword) = words.next() else {
                continue;
            };
            match keyword.to_ascii_uppercase().as_str() {
                "STARTTLS" => abilities.start_tls = true,
                "PIPELINING" => abilities.pipelining = true,
                "8BITMIME" => abilities.eight_bit = true,
                "SMTPUTF8" => abilities.international = true,
                // RFC 1870: no figure, or zero, is no limit; one we cannot read is none either.
                "SIZE" => {
                    let limit = words.next().and_then(|word| word.parse().ok());
                    abilities.size = Some(limit.unwrap_or(0));
                }
                "AUTH" => abilities.auth.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        abilities
    }
}
