//! A real SMTP server on loopback that keeps what it accepts, and misbehaves as told.
//!
//! It speaks enough of RFC 5321 to be pleasant to any client, records every mail with its envelope
//! and every command as it came, and has a list of [`Fault`]s: at this step, for this recipient,
//! so many times, do that.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// How the server is to be. `Script::default()` is a pleasant one, in clear, without login.
#[derive(Clone)]
pub struct Script {
    /// Where to listen on 127.0.0.1; 0: any free port. A server that comes back after a failure
    /// is given the port of the one before it.
    pub port: u16,
    pub protection: Protection,
    /// What ends a message.
    pub end_of_data: EndOfData,
    /// Sent on connection, as is.
    pub greeting: Vec<u8>,
    /// What EHLO offers beside STARTTLS and AUTH, a keyword with its parameters each; bytes,
    /// since servers send anything.
    pub extensions: Vec<Vec<u8>>,
    /// Who may send; `None`: everybody.
    pub auth: Option<Auth>,
    /// Sent in clear right behind the answer to STARTTLS, in the same packet.
    pub injected: Vec<u8>,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            port: 0,
            protection: Protection::None,
            end_of_data: EndOfData::Strict,
            greeting: b"220 sink.example ESMTP ready\r\n".to_vec(),
            extensions: [
                "PIPELINING",
                "8BITMIME",
                "SMTPUTF8",
                "SIZE 52428800",
                "HELP",
            ]
            .map(|word| word.as_bytes().to_vec())
            .to_vec(),
            auth: None,
            injected: Vec::new(),
        }
    }
}

#[derive(Clone)]
pub enum Protection {
    None,
    Implicit(Arc<rustls::ServerConfig>),
    StartTls(Arc<rustls::ServerConfig>),
}

/// Where a server sees the end of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndOfData {
    /// CRLF, dot, CRLF and nothing else.
    Strict,
    /// A dot alone between any two of CR, LF, CRLF: the servers behind SMTP smuggling.
    Sloppy,
}

#[derive(Clone)]
pub struct Auth {
    /// As announced: `["PLAIN", "LOGIN"]`, `["XOAUTH2"]`.
    pub mechanisms: Vec<&'static str>,
    pub user: String,
    /// The password, or the token.
    pub secret: String,
}

/// Where a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Connect,
    Ehlo,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the first kilobyte of the message, long before its end.
    Message,
    Dot,
    Rset,
    Noop,
    Quit,
}

#[derive(Debug, Clone)]
pub enum Act {
    /// Say this, with its code, and go on. At `Dot` the mail is accepted if it starts with 2.
    Answer(String),
    /// Say this and hang up; as above.
    AnswerAndHangUp(String),
    /// Hang up without a word. At `Dot` the mail is not accepted.
    HangUp,
    /// At `Dot`: accept the mail, then hang up without a word.
    AcceptAndHangUp,
    /// Wait, then go on as usual.
    Wait(Duration),
    /// Say nothing any more, but keep the connection.
    Stall,
}

#[derive(Debug, Clone)]
pub struct Fault {
    pub step: Step,
    /// Only in a transaction with this recipient (from RCPT on).
    pub recipient: Option<String>,
    /// How often; then the fault is gone.
    pub times: usize,
    pub act: Act,
}

impl Fault {
    pub fn always(step: Step, act: Act) -> Fault {
        Fault::times(usize::MAX, step, act)
    }

    pub fn once(step: Step, act: Act) -> Fault {
        Fault::times(1, step, act)
    }

    pub fn times(times: usize, step: Step, act: Act) -> Fault {
        Fault {
            step,
            recipient: None,
            times,
            act,
        }
    }

    pub fn to(self, recipient: &str) -> Fault {
        Fault {
            recipient: Some(recipient.to_owned()),
            ..self
        }
    }
}

/// A mail that the server accepted.
#[derive(Debug, Clone)]
pub struct Received {
    /// What stood in MAIL FROM between the angle brackets.
    pub from: String,
    /// The parameters of MAIL: `SIZE=…`, `SMTPUTF8`.
    pub parameters: String,
    pub to: Vec<String>,
    /// The message, dots unstuffed.
    pub bytes: Vec<u8>,
    /// The message as it came, the end of data included.
    pub wire: Vec<u8>,
    pub at: Instant,
    /// Counted from 0.
    pub connection: usize,
    pub in_tls: bool,
    /// Who had logged in.
    pub user: Option<String>,
}

/// The server; it stops when dropped.
pub struct Sink {
    address: SocketAddr,
    shared: Arc<Shared>,
    // Dropping it ends the accept loop, and with it all connections.
    _tasks: JoinSet<()>,
}

struct Shared {
    script: Script,
    state: Mutex<State>,
    accepted: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    faults: Vec<Fault>,
    commands: Vec<String>,
    connections: usize,
    open: usize,
}

impl Sink {
    /// A pleasant server, in clear.
    pub async fn start() -> Sink {
        Sink::with(Script::default()).await
    }

    pub async fn with(script: Script) -> Sink {
        let listener = TcpListener::bind(("127.0.0.1", script.port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script,
            state: Mutex::default(),
            accepted: watch::Sender::new(0),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&shared)));
        Sink {
            address,
            shared,
            _tasks: tasks,
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Adds a fault; the first that fits is taken.
    pub fn fault(&self, fault: Fault) {
        self.shared.state().faults.push(fault);
    }

    /// The server is pleasant again.
    pub fn mend(&self) {
        self.shared.state().faults.clear();
    }

    /// What was accepted so far, in order.
    pub fn received(&self) -> Vec<Received> {
        self.shared.state().received.clone()
    }

    /// Waits until so many mails were accepted, for ten seconds at most.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let mut accepted = self.shared.accepted.subscribe();
        let enough = accepted.wait_for(|seen| *seen >= count);
        if tokio::time::timeout(Duration::from_secs(10), enough)
            .await
            .is_err()
        {
            let seen = self.received().len();
            panic!("the sink waited for {count} mails and has {seen}");
        }
        self.received()
    }

    /// Waits until no connection is open, for ten seconds at most.
    pub async fn wait_until_closed(&self) {
        for _ in 0..500 {
            if self.open_connections() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{} connections are still open", self.open_connections());
    }

    /// Every command line that came, oldest first, without its line end.
    pub fn commands(&self) -> Vec<String> {
        self.shared.state().commands.clone()
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// How many are open now.
    pub fn open_connections(&self) -> usize {
        self.shared.state().open
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn take_fault(&self, step: Step, recipients: &[String]) -> Option<Act> {
        let mut state = self.state();
        let index = state.faults.iter().position(|fault| {
            fault.step == step
                && fault.times > 0
                && fault
                    .recipient
                    .as_ref()
                    .is_none_or(|to| recipients.contains(to))
        })?;
        state.faults[index].times -= 1;
        Some(state.faults[index].act.clone())
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut sessions = JoinSet::new();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let connection = {
            let mut state = shared.state();
            state.connections += 1;
            state.open += 1;
            state.connections - 1
        };
        let shared = Arc::clone(&shared);
        sessions.spawn(async move {
            // A client may vanish at any time: that ends a session, not the server.
            let _ = serve(socket, &shared, connection).await;
            shared.state().open -= 1;
        });
    }
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

struct Session<'a> {
    shared: &'a Shared,
    wire: BufReader<Box<dyn Wire>>,
    connection: usize,
    in_tls: bool,
    user: Option<String>,
    from: Option<(String, String)>,
    to: Vec<String>,
}

/// What a step of a session gives: `Err` ends it: the client went, or a fault says so.
type Said = std::io::Result<()>;

fn hang_up() -> std::io::Error {
    std::io::Error::other("hanging up as told")
}

async fn serve(socket: TcpStream, shared: &Shared, connection: usize) -> Said {
    socket.set_nodelay(true)?;
    let (wire, in_tls): (Box<dyn Wire>, bool) = match &shared.script.protection {
        Protection::Implicit(config) => {
            let acceptor = TlsAcceptor::from(Arc::clone(config));
            (Box::new(acceptor.accept(socket).await?), true)
        }
        Protection::None | Protection::StartTls(_) => (Box::new(socket), false),
    };
    let mut session = Session {
        shared,
        wire: BufReader::new(wire),
        connection,
        in_tls,
        user: None,
        from: None,
        to: Vec::new(),
    };
    if session.spoiled(Step::Connect).await? {
        return Ok(());
    }
    session.wire.write_all(&shared.script.greeting).await?;
    session.wire.flush().await?;
    session.converse().await
}

impl Session<'_> {
    async fn converse(&mut self) -> Said {
        loop {
            let line = self.read_line().await?;
            self.shared.state().commands.push(line.clone());
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.ehlo().await?,
                "HELO" => self.answer("250 sink.example").await?,
                "STARTTLS" => self.start_tls().await?,
                "AUTH" => self.auth(argument).await?,
                "MAIL" => self.mail(argument).await?,
                "RCPT" => self.rcpt(argument).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    self.forget();
                    if !self.spoiled(Step::Rset).await? {
                        self.answer("250 2.0.0 Ok").await?;
                    }
                }
                "NOOP" => {
                    if !self.spoiled(Step::Noop).await? {
                        self.answer("250 2.0.0 Ok").await?;
                    }
                }
                "QUIT" => {
                    if !self.spoiled(Step::Quit).await? {
                        self.answer("221 2.0.0 Bye").await?;
                    }
                    return Ok(());
                }
                _ => self.answer("500 5.5.2 What?").await?,
            }
        }
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn ehlo(&mut self) -> Said {
        self.forget();
        if self.spoiled(Step::Ehlo).await? {
            return Ok(());
        }
        let script = &self.shared.script;
        let mut lines = vec![b"sink.example".to_vec()];
        lines.extend(script.extensions.iter().cloned());
        if matches!(script.protection, Protection::StartTls(_)) && !self.in_tls {
            lines.push(b"STARTTLS".to_vec());
        }
        if let Some(auth) = &script.auth {
            lines.push(format!("AUTH {}", auth.mechanisms.join(" ")).into_bytes());
        }
        let mut text = Vec::new();
        let last = lines.len() - 1;
        for (index, line) in lines.iter().enumerate() {
            text.extend_from_slice(if index == last { b"250 " } else { b"250-" });
            text.extend_from_slice(line);
            text.extend_from_slice(b"\r\n");
        }
        self.wire.write_all(&text).await?;
        self.wire.flush().await
    }

    async fn start_tls(&mut self) -> Said {
        let Protection::StartTls(config) = &self.shared.script.protection else {
            return self.answer("502 5.5.1 Not here").await;
        };
        let mut text = b"220 2.0.0 Go ahead\r\n".to_vec();
        text.extend_from_slice(&self.shared.script.injected);
        self.wire.write_all(&text).await?;
        self.wire.flush().await?;
        let (client, server) = tokio::io::duplex(1);
        drop(client);
        let clear = std::mem::replace(&mut self.wire, BufReader::new(Box::new(server)));
        let acceptor = TlsAcceptor::from(Arc::clone(config));
        let stream = acceptor.accept(clear.into_inner()).await?;
        self.wire = BufReader::new(Box::new(stream));
        self.in_tls = true;
        self.user = None;
        self.forget();
        Ok(())
    }

    async fn auth(&mut self, argument: &str) -> Said {
        if self.spoiled(Step::Auth).await? {
            return Ok(());
        }
        let Some(auth) = self.shared.script.auth.clone() else {
            return self.answer("502 5.5.1 No login here").await;
        };
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        if !auth.mechanisms.contains(&mechanism) {
            return self.answer("504 5.5.4 Unknown mechanism").await;
        }
        let (user, secret) = (auth.user.as_str(), auth.secret.as_str());
        let is_right = match mechanism {
            "PLAIN" => {
                let proof = if initial.is_empty() {
                    self.challenge("").await?
                } else {
                    decode(initial)
                };
                proof == format!("\0{user}\0{secret}")
            }
            "LOGIN" => {
                let name = self.challenge("Nom d'utilisateur :").await?;
                let password = self.challenge("Mot de passe :").await?;
                name == user && password == secret
            }
            "XOAUTH2" => {
                let right = format!("user={user}\x01auth=Bearer {secret}\x01\x01");
                let is_right = decode(initial) == right;
                if !is_right {
                    self.challenge(r#"{"status":"401"}"#).await?;
                }
                is_right
            }
            _ => false,
        };
        if !is_right {
            return self.answer("535 5.7.8 Authentication failed").await;
        }
        self.user = Some(user.to_owned());
        self.answer("235 2.7.0 Welcome").await
    }

    async fn challenge(&mut self, text: &str) -> std::io::Result<String> {
        let question = format!("334 {}", BASE64.encode(text.as_bytes()));
        self.answer(&question).await?;
        Ok(decode(&self.read_line().await?))
    }

    async fn mail(&mut self, argument: &str) -> Said {
        if self.shared.script.auth.is_some() && self.user.is_none() {
            return self.answer("530 5.7.0 Authentication required").await;
        }
        if self.spoiled(Step::Mail).await? {
            return Ok(());
        }
        if self.from.is_some() {
            return self.answer("503 5.5.1 Nested MAIL").await;
        }
        match path(argument, "FROM:") {
            Some((from, parameters)) => {
                self.from = Some((from, parameters));
                self.answer("250 2.1.0 Ok").await
            }
            None => self.answer("501 5.5.4 Syntax").await,
        }
    }

    async fn rcpt(&mut self, argument: &str) -> Said {
        let Some((to, _)) = path(argument, "TO:") else {
            return self.answer("501 5.1.3 Syntax").await;
        };
        if self.from.is_none() {
            return self.answer("503 5.5.1 MAIL first").await;
        }
        self.to.push(to);
        if self.spoiled(Step::Rcpt).await? {
            // Whatever was said, this one is not accepted.
            self.to.pop();
            return Ok(());
        }
        self.answer("250 2.1.5 Ok").await
    }

    async fn data(&mut self) -> Said {
        if self.spoiled(Step::Data).await? {
            return Ok(());
        }
        if self.to.is_empty() {
            return self.answer("554 5.5.1 No valid recipients").await;
        }
        self.answer("354 Go on").await?;
        let (bytes, wire) = self.read_message().await?;
        let to = std::mem::take(&mut self.to);
        let (from, parameters) = self.from.take().unwrap_or_default();
        let received = Received {
            from,
            parameters,
            to,
            bytes,
            wire,
            at: Instant::now(),
            connection: self.connection,
            in_tls: self.in_tls,
            user: self.user.clone(),
        };
        match self.shared.take_fault(Step::Dot, &received.to) {
            None => {}
            Some(Act::HangUp) => return Err(hang_up()),
            Some(Act::AcceptAndHangUp) => {
                self.accept(received);
                return Err(hang_up());
            }
            Some(Act::Answer(text)) => {
                if text.starts_with('2') {
                    self.accept(received);
                }
                return self.answer(&text).await;
            }
            Some(Act::AnswerAndHangUp(text)) => {
                if text.starts_with('2') {
                    self.accept(received);
                }
                self.answer(&text).await?;
                return Err(hang_up());
            }
            Some(Act::Wait(time)) => tokio::time::sleep(time).await,
            Some(Act::Stall) => {
                self.accept(received);
                return std::future::pending().await;
            }
        }
        let id = self.accept(received);
        self.answer(&format!("250 2.0.0 Ok: queued as {id}")).await
    }

    fn accept(&self, received: Received) -> usize {
        let mut state = self.shared.state();
        state.received.push(received);
        let count = state.received.len();
        drop(state);
        self.shared.accepted.send_replace(count);
        count
    }

    async fn read_message(&mut self) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
        let mut wire = Vec::new();
        let mut bytes = Vec::new();
        let mut line_starts_at = 0;
        loop {
            let byte = self.wire.read_u8().await?;
            wire.push(byte);
            if wire.len() == 1024 {
                match self.shared.take_fault(Step::Message, &self.to) {
                    Some(Act::HangUp) => return Err(hang_up()),
                    Some(Act::AnswerAndHangUp(text)) => {
                        self.answer(&text).await?;
                        return Err(hang_up());
                    }
                    Some(Act::Stall) => return std::future::pending().await,
                    Some(Act::Wait(time)) => tokio::time::sleep(time).await,
                    None | Some(Act::Answer(_) | Act::AcceptAndHangUp) => {}
                }
            }
            let line_ends = match self.shared.script.end_of_data {
                EndOfData::Strict => wire.ends_with(b"\r\n"),
                EndOfData::Sloppy if byte == b'\r' => {
                    // CRLF is one end of line: look what comes.
                    match self.wire.fill_buf().await?.first() {
                        Some(b'\n') => false,
                        Some(_) | None => true,
                    }
                }
                EndOfData::Sloppy => byte == b'\n',
            };
            if !line_ends {
                continue;
            }
            let line = &wire[line_starts_at..];
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if text == b"." {
                return Ok((bytes, wire));
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            line_starts_at = wire.len();
        }
    }

    /// Whether a fault has answered already.
    async fn spoiled(&mut self, step: Step) -> std::io::Result<bool> {
        match self.shared.take_fault(step, &self.to) {
            None => Ok(false),
            Some(Act::Answer(text)) => {
                self.answer(&text).await?;
                Ok(true)
            }
            Some(Act::AnswerAndHangUp(text)) => {
                self.answer(&text).await?;
                Err(hang_up())
            }
            Some(Act::HangUp | Act::AcceptAndHangUp) => Err(hang_up()),
            Some(Act::Wait(time)) => {
                tokio::time::sleep(time).await;
                Ok(false)
            }
            Some(Act::Stall) => std::future::pending().await,
        }
    }

    async fn answer(&mut self, text: &str) -> Said {
        self.wire
            .write_all(format!("{text}\r\n").as_bytes())
            .await?;
        self.wire.flush().await
    }

    async fn read_line(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        if self.wire.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&line);
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// `FROM:<a@b> SIZE=1` → `a@b`, `SIZE=1`.
fn path(argument: &str, keyword: &str) -> Option<(String, String)> {
    let rest = argument.get(keyword.len()..)?;
    if !argument.is_char_boundary(keyword.len())
        || !argument[..keyword.len()].eq_ignore_ascii_case(keyword)
    {
        return None;
    }
    let (path, parameters) = rest.strip_prefix('<')?.split_once('>')?;
    Some((path.to_owned(), parameters.trim().to_owned()))
}

fn decode(text: &str) -> String {
    let bytes = BASE64.decode(text.as_bytes()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
