//! Stands between the socket and async-imap and counts what the server sends, because async-imap buffers whatever is
//! announced, up to 512 MiB, parses a long line again with each 4 KiB that arrive, and descends into parentheses by
//! recursion until the stack ends and the whole process with it.
//!
//! It follows the framing of RFC 3501: lines, and `{n}` at the end of a line announcing n bytes of literal, which are not
//! counted as line. Where the parser might see no literal (in text, in quotes, in nested lists), an announcement is
//! refused, so that nothing can hide from the count; no answer that we ask for has one there.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};

/// Longest response, without its literals. A window of 20,000 UIDs in a SEARCH takes 220 KB.
const LINE_LIMIT: u64 = 1 << 20;

/// Read from the socket at once, in bytes: async-imap asks for 4 KiB at a time.
const READ_AHEAD: usize = 64 << 10;

/// What one command may bring, unless it says otherwise: far more than any listing of ours, far less than memory.
const ANSWER_LIMIT: u64 = 32 << 20;

/// Literals outside bodies: folder names and the like.
const SMALL_LITERAL: u64 = 64 << 10;

/// Most opening parentheses in a response. What we ask for has three; imap-proto needs stack for each that is nested.
const LISTS_LIMIT: u32 = 100;

/// A connection in clear or not; the rest of the module does not care which.
pub(super) trait Socket: AsyncRead + AsyncWrite + std::fmt::Debug + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + std::fmt::Debug + Send + Unpin> Socket for T {}

/// The counted connection.
#[derive(Debug)]
pub(super) struct Guard {
    socket: BufReader<Box<dyn Socket>>,
    received: u64,
    answer_left: u64,
    literal_limit: u64,
    framing: Framing,
}

impl Guard {
    pub(super) fn new(socket: Box<dyn Socket>) -> Self {
        Self {
            socket: BufReader::with_capacity(READ_AHEAD, socket),
            received: 0,
            answer_left: ANSWER_LIMIT,
            literal_limit: SMALL_LITERAL,
            framing: Framing::default(),
        }
    }

    /// Starts the count for an answer of the common sort.
    pub(super) fn expect_answer(&mut self) {
        self.expect_bodies(SMALL_LITERAL, 0);
    }

    /// Starts the count for an answer that carries literals of up to `largest` bytes, `total` together.
    pub(super) fn expect_bodies(&mut self, largest: u64, total: u64) {
        self.literal_limit = largest.max(SMALL_LITERAL);
        self.answer_left = ANSWER_LIMIT.saturating_add(total);
    }

    /// Bytes handed on so far: whether the server is slow or silent shows in this.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Whether bytes arrived that nobody asked for yet.
    pub(super) fn has_unread(&self) -> bool {
        !self.socket.buffer().is_empty()
    }

    /// The bare connection; what was read ahead is dropped.
    pub(super) fn into_socket(self) -> Box<dyn Socket> {
        self.socket.into_inner()
    }

    fn count(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        self.received += length;
        self.answer_left = self
            .answer_left
            .checked_sub(length)
            .ok_or_else(|| absurd("the answer never ends".to_owned()))?;
        self.framing.follow(bytes, self.literal_limit)
    }
}

impl AsyncRead for Guard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        let fresh = buf.filled().get(before..).unwrap_or_default();
        Poll::Ready(self.count(fresh))
    }
}

impl AsyncWrite for Guard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// Where in a response the last byte was.
#[derive(Debug, Default)]
struct Framing {
    line: u64,
    start: [u8; 10],
    /// Opening parentheses, wherever they are: the parser's idea of a quoted string may be another.
    lists: u32,
    /// Parentheses open outside quotes.
    depth: u32,
    quotes: Quotes,
    before: u8,
    literal_left: u64,
    mark: Mark,
    /// Whether the mark began where the parser sees a literal, too.
    mark_counts: bool,
}

/// Whether a quoted string is open.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    #[default]
    Outside,
    Inside,
    /// Behind a backslash.
    Escaped,
}

/// How much of `{n}` CR LF was seen.
#[derive(Debug, Default, Clone, Copy)]
enum Mark {
    #[default]
    Text,
    Digits(u64),
    Closed(u64),
    Return(u64),
}

impl Framing {
    fn follow(&mut self, mut bytes: &[u8], literal_limit: u64) -> io::Result<()> {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.literal_left > 0 {
                let skipped = self.literal_left.min(bytes.len() as u64);
                self.literal_left -= skipped;
                bytes = bytes.get(skipped as usize..).unwrap_or_default();
                continue;
            }
            bytes = rest;
            self.step(byte, literal_limit)?;
        }
        Ok(())
    }

    fn step(&mut self, byte: u8, literal_limit: u64) -> io::Result<()> {
        if let Some(place) = usize::try_from(self.line)
            .ok()
            .and_then(|line| self.start.get_mut(line))
        {
            *place = byte;
        }
        self.line += 1;
        if self.line > LINE_LIMIT {
            return Err(absurd(format!(
                "a response of more than {LINE_LIMIT} bytes"
            )));
        }
        let announced = match (self.mark, byte) {
            (Mark::Return(n), b'\n') => Some(n),
            _ => None,
        };
        self.mark = match (self.mark, byte) {
            (_, b'{') => {
                self.mark_counts = self.may_announce();
                Mark::Digits(0)
            }
            (Mark::Digits(n), b'0'..=b'9') => {
                Mark::Digits(n.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
            }
            (Mark::Digits(n), b'}') => Mark::Closed(n),
            (Mark::Closed(n), b'\r') => Mark::Return(n),
            _ => Mark::Text,
        };
        self.count(byte)?;
        match announced {
            Some(_) if !self.mark_counts => Err(absurd("a literal where none belongs".to_owned())),
            Some(n) if n > literal_limit => Err(absurd(format!(
                "a literal of {n} bytes was announced, at most {literal_limit} expected"
            ))),
            Some(n) => {
                self.literal_left = n;
                Ok(())
            }
            None if byte != b'\n' => Ok(()),
            None if self.is_data() && self.quotes != Quotes::Outside => {
                Err(absurd("a quoted string without end".to_owned()))
            }
            None => {
                *self = Self::default();
                Ok(())
            }
        }
    }

    fn count(&mut self, byte: u8) -> io::Result<()> {
        self.lists += u32::from(byte == b'(');
        if self.lists > LISTS_LIMIT {
            return Err(absurd(format!(
                "a response of more than {LISTS_LIMIT} lists"
            )));
        }
        match (self.quotes, byte) {
            (Quotes::Inside, b'\\') => self.quotes = Quotes::Escaped,
            (Quotes::Inside, b'"') => self.quotes = Quotes::Outside,
            (Quotes::Inside, _) => {}
            (Quotes::Escaped, _) => self.quotes = Quotes::Inside,
            (Quotes::Outside, b'"') if self.is_data() && !matches!(self.before, b' ' | b'(') => {
                return Err(absurd("a quote within a word".to_owned()));
            }
            (Quotes::Outside, b'"') => self.quotes = Quotes::Inside,
            (Quotes::Outside, b'(') => self.depth += 1,
            (Quotes::Outside, b')') => self.depth = self.depth.saturating_sub(1),
            (Quotes::Outside, _) => {}
        }
        self.before = byte;
        Ok(())
    }

    /// Whether a literal may begin here: the value of an item of FETCH, or a name in LIST.
    fn may_announce(&self) -> bool {
        self.is_data() && self.before == b' ' && self.quotes == Quotes::Outside && self.depth <= 1
    }

    /// Whether the response is data rather than a status with text, in which anything may stand.
    fn is_data(&self) -> bool {
        let Some(rest) = self.start.strip_prefix(b"* ") else {
            return false;
        };
        let word = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
        let is = |status: &[u8]| word.eq_ignore_ascii_case(status);
        !(is(b"OK") || is(b"NO") || is(b"BAD") || is(b"BYE") || is(b"PREAUTH"))
    }
}

fn absurd(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(pieces: &[&[u8]], limit: u64) -> io::Result<Framing> {
        let mut framing = Framing::default();
        for piece in pieces {
            framing.follow(piece, limit)?;
        }
        Ok(framing)
    }

    #[test]
    fn a_literal_is_counted_across_pieces_and_is_not_line() {
        let framing = follow(
            &[
                b"* 1 FETCH (BODY[] {1",
                b"0}\r",
                b"\n0123{9999}\r",
                b")\r\n",
            ],
            10,
        )
        .expect("in order");
        assert_eq!(framing.literal_left, 0);
        assert_eq!(framing.line, 0, "the response ended");
    }

    #[test]
    fn an_absurd_literal_is_refused_when_announced() {
        let error = follow(&[b"* 1 FETCH (BODY[] {4294967295}\r\n"], 1 << 20);
        assert!(error.is_err());
        let error = follow(
            &[b"* 1 FETCH (BODY[] {99999999999999999999999}\r\n"],
            1 << 20,
        );
        assert!(error.is_err());
    }

    #[test]
    fn lists_are_counted_per_response() {
        let deep = b"(".repeat(LISTS_LIMIT as usize);
        assert!(follow(&[&deep, b"\r\n", &deep, b")\r\n"], 10).is_ok());
        assert!(follow(&[&deep, b"("], 10).is_err());
    }

    #[test]
    fn what_servers_say_passes() {
        for line in [
            "* LIST (\\HasNoChildren) \"/\" {3}\r\na\"b\r\n",
            "* LIST (\\HasNoChildren) \"\\\\\" \"a\\\"b\"\r\n",
            "* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n",
            "* 1 FETCH (FLAGS (\\Seen) UID 1 INTERNALDATE \" 1-Jan-2026 00:00:00 +0000\" BODY[] {2}\r\n(()\r\n",
            "* OK it's a 19\" screen {curly} \"\r\n",
            "g1 OK [COPYUID 1 1:2 3:4] said \"so\r\n",
            "+ idling\r\n",
        ] {
            let framing = follow(&[line.as_bytes()], 10).expect(line);
            assert_eq!((framing.line, framing.lists), (0, 0), "{line}");
        }
    }

    #[test]
    fn nothing_hides_behind_a_literal_that_the_parser_does_not_see() {
        for line in [
            "* OK {9}\r\n",
            "* ok [BADCHARSET ({9}\r\n",
            "+ {9}\r\n",
            "g1 OK {9}\r\n",
            "* 1 FETCH (X a{9}\r\n",
            "* 1 FETCH (X (a {9}\r\n",
            "* 1 FETCH (X a( {9}\r\n",
            "* 1 FETCH (X \"a {9}\r\n",
            "* 1 FETCH (X a\" Y \"b {9}\r\n",
            "* 1 FETCH (X a\r\nb {9}\r\n",
        ] {
            assert!(follow(&[line.as_bytes()], 10).is_err(), "{line}");
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let long = vec![b'x'; LINE_LIMIT as usize];
        assert!(follow(&[&long], 10).is_ok());
        assert!(follow(&[&long, b"x"], 10).is_err());
    }
}
