//! One connection to the relay, from the TCP handshake to QUIT: RFC 5321 as a client speaks it,
//! every step with its limit. A mail's way over it is for `transaction`, which connection a mail
//! takes for `pool`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use futures_util::FutureExt;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::answer::{self, Answer};
use super::{Login, Settings, Tls, login};
use crate::fault;

/// How long each step may take before the attempt counts as failed. RFC 5321 4.5.3.2 gives
/// minimums; ours are its figures where a patient wait can save a duplicate, and shorter where
/// nothing is lost but an attempt, since the next one is a minute away.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Looking up the name, the TCP handshake with one of its addresses, the TLS handshake: each.
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
pub(super) const COURTESY: Duration = Duration::from_secs(2);
/// Name, TLS and login together; with the steps of `Timeouts` a tarpit could take an hour.
pub(super) const LOGIN_LIMIT: Duration = Duration::from_secs(5 * 60);
/// The default of [`Timeouts::before_dot`]: a 50 MB mail over a line of 1 Mbit/s, just.
pub(super) const BEFORE_DOT_LIMIT: Duration = Duration::from_secs(10 * 60);
/// The default of [`Timeouts::final_dot`].
pub(super) const FINAL_DOT_LIMIT: Duration = Duration::from_secs(10 * 60);

/// A socket in clear or in TLS.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A connection that has said EHLO and, where configured, has TLS and is logged in.
pub(super) struct Connection {
    /// The bytes; what is read ahead is kept here, so nothing else reads.
    pub wire: BufReader<Box<dyn Wire>>,
    /// What the server can do.
    pub abilities: Abilities,
    /// The limits of the steps.
    pub timeouts: Timeouts,
    /// When the steps together must be over: the login, later each mail up to its dot.
    pub deadline: Instant,
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
pub(super) struct Abilities {
    start_tls: bool,
    /// Several commands may go at once (RFC 2920).
    pub pipelining: bool,
    /// 8BITMIME
    pub eight_bit: bool,
    /// SMTPUTF8
    pub international: bool,
    /// `Some(0)`: announced, without a limit.
    pub size: Option<usize>,
    auth: Vec<String>,
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

    /// Says goodbye, without insisting.
    pub async fn quit(mut self) {
        fault::point("smtp quit", "before");
        let goodbye = async {
            self.write(b"QUIT\r\n").await?;
            answer::read(&mut self.wire).await?;
            fault::point("smtp quit", "after");
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

    /// One command, one answer.
    pub async fn command(&mut self, command: &str) -> anyhow::Result<Answer> {
        self.write(command.as_bytes()).await?;
        self.answer().await
    }

    /// The next answer, within the limit of a command.
    pub async fn answer(&mut self) -> anyhow::Result<Answer> {
        let limit = self.remaining(self.timeouts.command)?;
        limited(limit, answer::read(&mut self.wire)).await
    }

    /// Writes commands, within the limit of one.
    pub async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
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
    pub fn expect_silence(&mut self) -> anyhow::Result<()> {
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

    /// The limit of a step, cut by what the steps together have left.
    pub fn remaining(&self, step: Duration) -> anyhow::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        ensure!(!left.is_zero(), "the server is too slow altogether");
        Ok(step.min(left))
    }
}

/// A step that fails when it takes longer.
pub(super) async fn limited<T>(
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
    fault::point("smtp connect", "before");
    let socket = reach(host, settings.port, timeouts.connect)
        .await
        .context("connecting")?;
    fault::point("smtp connect", "after");
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

/// Tries every address of the host, each for as long as the limit: where packets to the first one
/// vanish (half-configured IPv6), the second may do.
async fn reach(host: &str, port: u16, limit: Duration) -> anyhow::Result<TcpStream> {
    let addresses = limited(limit, async {
        Ok(tokio::net::lookup_host((host, port)).await?)
    })
    .await?;
    let mut trouble = anyhow!("the name has no address");
    for address in addresses {
        match limited(limit, async { Ok(TcpStream::connect(address).await?) }).await {
            Ok(socket) => return Ok(socket),
            Err(error) => trouble = error,
        }
    }
    Err(trouble)
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
        fault::point("smtp ehlo", "before");
        let answer = self.command(&format!("EHLO {hello}\r\n")).await?;
        fault::point("smtp ehlo", "after");
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
