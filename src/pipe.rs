//! How `guichet deliver` hands a mail to the daemon: a framing over a Unix socket. It knows bytes
//! and who may write to the socket; what a mail means and when it is safe is for the handler.
//!
//! One connection carries one mail. The client writes the length of a JSON header (four bytes, big
//! endian), the header, the length of the mail (eight bytes, big endian) and the mail. The daemon
//! answers one line: `stored`, `later <why>` or `refused <why>`. A connection that ends without an
//! answer means later: nothing is known, and the client's mail server still has the mail.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

/// Mode of the socket: the group's members may deliver.
const SOCKET_MODE: u32 = 0o660;

/// Bytes of a header: three short texts.
const HEADER_BYTES: u32 = 64 << 10;

/// Bytes read at a time, so that a length that was only claimed costs no memory.
const CHUNK_BYTES: usize = 64 << 10;

/// Mails taken at the same time: each is held in memory. Others wait in the socket's queue.
const AT_ONCE: usize = 4;

/// A client that is silent for longer is left: mail servers write at once.
const SILENCE: Duration = Duration::from_secs(60);

/// After an `accept` that failed (no file descriptor is left, say).
const BREATH: Duration = Duration::from_secs(1);

/// Who hands over what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Account of the configuration.
    pub account: String,
    /// Envelope recipient.
    pub recipient: Option<String>,
    /// Envelope sender; `Some("")` is the null path.
    pub sender: Option<String>,
}

/// What became of the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is durable here.
    Stored,
    /// Not now: the one who has it should try again.
    Later(String),
    /// Never: it is too large.
    Refused(String),
}

impl Answer {
    fn line(&self) -> String {
        let (word, why) = match self {
            Self::Stored => ("stored", ""),
            Self::Later(why) => ("later ", why.as_str()),
            Self::Refused(why) => ("refused ", why.as_str()),
        };
        let why: String = why
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        format!("{word}{why}\n")
    }

    fn parse(line: &str) -> Option<Self> {
        let line = line.strip_suffix('\n')?;
        if line == "stored" {
            return Some(Self::Stored);
        }
        let (word, why) = line.split_once(' ')?;
        match word {
            "later" => Some(Self::Later(why.to_owned())),
            "refused" => Some(Self::Refused(why.to_owned())),
            _ => None,
        }
    }
}

/// Opens the socket, mode 0660 and of that group. A socket that a dead daemon left is replaced;
/// that only one daemon runs on this data is for the caller to know.
///
/// # Errors
/// When the socket or its folder cannot be made, or there is no such group, or this user may not
/// give the socket to it.
pub fn listen(socket: &Path, group: Option<&str>) -> std::io::Result<UnixListener> {
    if let Some(folder) = socket.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    if let Some(group) = group {
        std::os::unix::fs::chown(socket, None, Some(group_id(group)?))?;
    }
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(SOCKET_MODE))?;
    Ok(listener)
}

/// Serves until it is dropped. `limit` is the largest mail, in bytes; `handler` answers for one
/// mail, `Stored` only when it is durable. A connection in hand when this is dropped gets no
/// answer, and its client tries again.
pub async fn serve<H, F>(listener: UnixListener, limit: u64, handler: H)
where
    H: Fn(Envelope, Vec<u8>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let place = Arc::clone(&places)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let handler = handler.clone();
                connections.spawn(async move {
                    let _place = place;
                    if let Err(error) = talk(stream, limit, handler).await {
                        tracing::warn!(%error, "A delivery through the socket broke off");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "The socket could not be accepted from");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

async fn talk<H, F>(mut stream: UnixStream, limit: u64, handler: H) -> std::io::Result<()>
where
    H: Fn(Envelope, Vec<u8>) -> F,
    F: Future<Output = Answer>,
{
    let answer = match receive(&mut stream, limit).await? {
        Ok((envelope, raw)) => handler(envelope, raw).await,
        Err(answer) => answer,
    };
    within(stream.write_all(answer.line().as_bytes())).await?;
    within(stream.shutdown()).await
}

/// Reads one frame, or says what to answer instead.
async fn receive(
    stream: &mut UnixStream,
    limit: u64,
) -> std::io::Result<Result<(Envelope, Vec<u8>), Answer>> {
    let length = within(stream.read_u32()).await?;
    if length > HEADER_BYTES {
        return Ok(Err(Answer::Later(format!("a header of {length} bytes"))));
    }
    let header = read_exactly(stream, u64::from(length)).await?;
    let envelope = match serde_json::from_slice(&header) {
        Ok(envelope) => envelope,
        Err(error) => return Ok(Err(Answer::Later(format!("the header: {error}")))),
    };
    let length = within(stream.read_u64()).await?;
    if length > limit {
        let why = format!("a mail of {length} bytes, more than {limit}");
        return Ok(Err(Answer::Refused(why)));
    }
    let raw = read_exactly(stream, length).await?;
    Ok(Ok((envelope, raw)))
}

async fn read_exactly(stream: &mut UnixStream, length: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = length;
    while left > 0 {
        let want = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let part = chunk.get_mut(..want).unwrap_or_default();
        let count = within(stream.read(part)).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(part.get(..count).unwrap_or_default());
        left -= count as u64;
    }
    Ok(bytes)
}

async fn within<T>(io: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    tokio::time::timeout(SILENCE, io)
        .await
        .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}

/// Hands a mail over and waits for the answer, at most `patience` for each step.
///
/// # Errors
/// When there is no daemon, or no clear answer from it: it is unknown whether the mail is stored,
/// and it must be handed over again.
pub fn submit(
    socket: &Path,
    envelope: &Envelope,
    raw: &[u8],
    patience: Duration,
) -> std::io::Result<Answer> {
    let mut stream = BlockingStream::connect(socket)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let header = serde_json::to_vec(envelope)?;
    let length = u32::try_from(header.len()).map_err(std::io::Error::other)?;
    let mut head = length.to_be_bytes().to_vec();
    head.extend_from_slice(&header);
    head.extend_from_slice(&(raw.len() as u64).to_be_bytes());
    let written = stream.write_all(&head).and_then(|()| stream.write_all(raw));
    // The daemon may answer and hang up before it has read all: what it said counts.
    let mut line = String::new();
    let read = BufReader::new(&stream).read_line(&mut line);
    match Answer::parse(&line) {
        Some(answer) => Ok(answer),
        None => {
            written?;
            read?;
            Err(std::io::Error::new(
                std::io::ErrorKind::UnexpectedEof,
                "the desk gave no answer",
            ))
        }
    }
}

/// The number of a group in `/etc/group`, or the number itself.
fn group_id(name: &str) -> std::io::Result<u32> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let groups = std::fs::read_to_string("/etc/group")?;
    groups
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let found = fields.next()?;
            let id = fields.nth(1)?;
            (found == name).then(|| id.parse().ok())?
        })
        .next()
        .ok_or_else(|| {
            std::io::Error::new(
                std::io::ErrorKind::NotFound,
                format!("no group \"{name}\" in /etc/group"),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            account: "support".to_owned(),
            recipient: Some("support@example.org".to_owned()),
            sender: Some(String::new()),
        }
    }

    async fn submitted(socket: &Path, raw: Vec<u8>) -> std::io::Result<Answer> {
        let socket = socket.to_owned();
        tokio::task::spawn_blocking(move || {
            submit(&socket, &envelope(), &raw, Duration::from_secs(20))
        })
        .await
        .expect("no panic")
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_mail_arrives_whole_and_the_answer_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("deliver.sock");
        let listener = listen(&socket, None).expect("a socket");
        let mode = std::fs::metadata(&socket).expect("there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o660);
        let taken = Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = Arc::clone(&taken);
        let server = tokio::spawn(serve(listener, 1 << 20, move |envelope, raw: Vec<u8>| {
            let seen = Arc::clone(&seen);
            async move {
                if raw.starts_with(b"full") {
                    return Answer::Later("no room\r\nstored".to_owned());
                }
                seen.lock().expect("unpoisoned").push((envelope, raw));
                Answer::Stored
            }
        }));
        let raw: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let answer = submitted(&socket, raw.clone()).await.expect("an answer");
        assert_eq!(answer, Answer::Stored);
        assert_eq!(*taken.lock().expect("unpoisoned"), [(envelope(), raw)]);
        let answer = submitted(&socket, b"full".to_vec())
            .await
            .expect("an answer");
        assert_eq!(answer, Answer::Later("no room  stored".to_owned()));
        let answer = submitted(&socket, vec![b'x'; (1 << 20) + 1]).await;
        assert!(matches!(answer, Ok(Answer::Refused(_))), "{answer:?}");
        server.abort();
        let _ = server.await;
        assert!(submitted(&socket, b"late".to_vec()).await.is_err());
        // A second daemon takes the place of the dead one's socket.
        listen(&socket, None).expect("replaced");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_daemon_that_hangs_up_has_not_stored() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("deliver.sock");
        let listener = listen(&socket, None).expect("a socket");
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            drop(stream);
        });
        let answer = submitted(&socket, vec![b'x'; 1 << 20]).await;
        assert!(answer.is_err(), "{answer:?}");
        server.await.expect("no panic");
    }

    #[test]
    fn an_unknown_group_is_named() {
        let error = group_id("no-such-group-here").expect_err("unknown");
        assert!(error.to_string().contains("no-such-group-here"), "{error}");
        assert_eq!(group_id("0").expect("a number"), 0);
    }
}
