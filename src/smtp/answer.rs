//! Reads a server's answers: bounded, and lenient, because behind the final dot an answer that we
//! fail to understand is a mail that is sent twice. What an answer means is for `verdict`.

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// Bytes of one answer, all lines together. EHLO of a talkative server is one kilobyte; some
/// policy servers write an essay. A server that goes on beyond this is ill.
const LONGEST_ANSWER_BYTES: usize = 64 * 1024;
/// Bytes kept of one line. RFC 5321 4.5.3.1.5 allows 512; the rest of a longer one is read and
/// dropped, since its code says enough.
const KEPT_LINE_BYTES: usize = 1000;
/// Characters of an answer that are passed on, to be stored and shown.
const LONGEST_TEXT_CHARS: usize = 400;

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// Three digits, 200 to 599.
    pub code: u16,
    /// What follows the code on each line, without control characters; lines may be blank.
    pub lines: Vec<String>,
}

impl Answer {
    /// 2xx.
    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The code and the text as one printable line of bounded length.
    pub fn text(&self) -> String {
        let mut text = self.code.to_string();
        for word in self.lines.iter().flat_map(|line| line.split_whitespace()) {
            text.push(' ');
            text.push_str(word);
        }
        if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT_CHARS) {
            text.truncate(end);
            text.push('…');
        }
        text
    }

    /// The enhanced status (RFC 3463), when the first line starts with one: `5.1.1`.
    pub fn status(&self) -> Option<&str> {
        let word = self.lines.first()?.split_whitespace().next()?;
        let mut parts = word.split('.');
        let mut numbers = 0;
        let numeric = parts.all(|part| {
            numbers += 1;
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        });
        (numeric && numbers == 3).then_some(word)
    }
}

/// Reads one answer. Where the codes of its lines differ, the last one counts, as with Postfix;
/// lines without anything in them are passed over.
///
/// # Errors
/// The connection ended or failed, or what came is no SMTP; the caller cannot go on with it.
pub(super) async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> anyhow::Result<Answer> {
    let mut budget = LONGEST_ANSWER_BYTES;
    let mut lines = Vec::new();
    loop {
        let line = read_line(stream, &mut budget).await?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let (code, more, text) = parse(&line)
            .with_context(|| format!("the server's answer is no SMTP: \"{}\"", printable(&line)))?;
        lines.push(printable(text));
        if !more {
            return Ok(Answer { code, lines });
        }
    }
}

async fn read_line(
    stream: &mut (impl AsyncBufRead + Unpin),
    budget: &mut usize,
) -> anyhow::Result<Vec<u8>> {
    let mut line = Vec::new();
    loop {
        let available = stream.fill_buf().await.context("reading from the server")?;
        if available.is_empty() {
            bail!("the server closed the connection");
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(available.len(), |index| index + 1);
        ensure!(taken <= *budget, "the server's answer does not end");
        *budget -= taken;
        let room = KEPT_LINE_BYTES.saturating_sub(line.len());
        line.extend(available.iter().take(taken.min(room)));
        stream.consume(taken);
        if end.is_some() {
            return Ok(line);
        }
    }
}

/// Code, whether more lines follow, text.
fn parse(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = line else {
        return None;
    };
    let digit = |byte: &u8| u16::from(byte - b'0');
    let code = 100 * digit(a) + 10 * digit(b) + digit(c);
    match rest {
        [b'-', text @ ..] => Some((code, true, text)),
        [b' ' | b'\t' | b'\r' | b'\n', ..] | [] => Some((code, false, rest)),
        _ => None,
    }
}

/// As text that can be stored and logged: one line, no control characters.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(KEPT_LINE_BYTES)
        .collect();
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(bytes: &[u8]) -> anyhow::Result<Answer> {
        read(&mut &bytes[..]).await
    }

    #[tokio::test]
    async fn usual_answers() -> anyhow::Result<()> {
        let one = answer(b"250 2.0.0 Ok: queued as 4711\r\n").await?;
        assert_eq!(one.text(), "250 2.0.0 Ok: queued as 4711");
        assert_eq!(one.status(), Some("2.0.0"));
        let many = answer(b"250-mx.example.org\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n").await?;
        assert_eq!(many.lines, ["mx.example.org", "SIZE 1000", "AUTH PLAIN"]);
        assert_eq!(answer(b"250\r\n").await?.code, 250);
        assert_eq!(answer(b"354\n").await?.code, 354);
        assert_eq!(answer(b"250 10.0.0.1 knows you\r\n").await?.status(), None);
        Ok(())
    }

    #[tokio::test]
    async fn strange_answers_are_still_answers() -> anyhow::Result<()> {
        let blank = answer(b"250-\r\n250- \r\n\r\n \t\r\n250 HELP\r\n").await?;
        assert_eq!(blank.lines, ["", "", "HELP"]);
        let latin1 = answer(b"250 Message accept\xe9\r\n").await?;
        assert_eq!(latin1.text(), "250 Message accept\u{fffd}");
        let mixed = answer(b"250-no\r\n550 yes\r\n").await?;
        assert_eq!(mixed.code, 550);
        let controls = answer(b"550 a\x1b[31m\x07b\0c\rd\r\n").await?;
        assert_eq!(controls.text(), "550 a [31m b c d");
        let mut long = b"250 ".to_vec();
        long.resize(30_000, b'x');
        long.extend_from_slice(b"\r\n");
        let long = answer(&long).await?;
        assert_eq!(long.code, 250);
        assert!(long.text().chars().count() <= LONGEST_TEXT_CHARS + 1);
        Ok(())
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error_and_no_panic() {
        for bytes in [
            &b""[..],
            b"250",
            b"250-more\r\n",
            b"HTTP/1.1 400 Bad Request\r\n",
            b"99\r\n",
            b"150 x\r\n",
            b"650 x\r\n",
            b"25x x\r\n",
            b"2500 x\r\n",
            b"\xff\xfe\r\n",
            &[b'2'; 1_000_000],
            &b"250-x\r\n".repeat(100_000),
            &b"\r\n".repeat(100_000),
        ] {
            assert!(answer(bytes).await.is_err());
        }
    }
}
