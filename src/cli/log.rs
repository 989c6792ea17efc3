//! Where the log goes: the journal when systemd listens, text on standard error elsewhere. One
//! event is one line, whatever a stranger put into it.

use std::io::Write;
use std::os::unix::fs::MetadataExt;

use anyhow::Context;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt};

/// Bytes of one line of text: syslog daemons cut or split longer ones.
const LINE_BYTES: usize = 4096;

/// Characters of one value in such a line.
const VALUE_CHARACTERS: usize = 1000;

/// Starts logging. `filter` as asked for, else `RUST_LOG`, else `info` for a daemon and `warn` for
/// a command.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(filter: Option<&str>, daemon: bool) -> anyhow::Result<()> {
    let usual = if daemon { "info" } else { "warn" };
    let asked = filter
        .map(str::to_owned)
        .or_else(|| std::env::var("RUST_LOG").ok())
        .filter(|asked| !asked.is_empty());
    let filter = asked.as_deref().unwrap_or(usual);
    let filter = EnvFilter::builder()
        .parse(filter)
        .with_context(|| format!("reading the log filter \"{filter}\""))?;
    let registry = tracing_subscriber::registry().with(filter);
    if daemon && journal_listens() {
        // A journal that went away since is no reason not to start: text goes to the same place.
        if let Ok(journal) = tracing_journald::layer() {
            return Ok(registry.with(journal).try_init()?);
        }
    }
    let fields = debug_fn(|writer, field, value| {
        let text = one_line(&format!("{value:?}"));
        if field.name() == "message" {
            write!(writer, "{text}")
        } else {
            write!(writer, "{field}={text}")
        }
    })
    .delimited(" ");
    let layer = fmt::layer()
        .with_writer(|| Line(std::io::stderr()))
        .with_ansi(false)
        .with_target(false)
        .fmt_fields(fields);
    Ok(registry.with(layer).try_init()?)
}

/// Standard error is the journal: `JOURNAL_STREAM` names its device and inode.
fn journal_listens() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    std::fs::metadata("/proc/self/fd/2")
        .is_ok_and(|metadata| stream == format!("{}:{}", metadata.dev(), metadata.ino()))
}

/// The text without anything that ends a line, moves a cursor or turns the writing around.
fn one_line(text: &str) -> String {
    let mut out = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == VALUE_CHARACTERS {
            out.push('…');
            break;
        }
        let unsafe_to_print = c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c);
        if unsafe_to_print {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// A writer of lines of at most [`LINE_BYTES`].
struct Line<W>(W);

impl<W: Write> Write for Line<W> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        if buffer.len() <= LINE_BYTES {
            self.0.write_all(buffer)?;
        } else {
            let mut end = LINE_BYTES - "…\n".len();
            // Not inside a character: a continuation byte is 10xxxxxx.
            while buffer.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
                end -= 1;
            }
            self.0.write_all(buffer.get(..end).unwrap_or_default())?;
            self.0.write_all("…\n".as_bytes())?;
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_stays_in_its_line() {
        assert_eq!(
            one_line("a\r\nINFO forged \u{1b}[31m\u{202e}é"),
            "a\\r\\nINFO forged \\u{1b}[31m\\u{202e}é"
        );
        assert_eq!(one_line(&"x".repeat(1_000_000)).chars().count(), 1001);
    }

    #[test]
    fn a_line_ends_at_four_kilobytes_between_characters() {
        let mut out = Vec::new();
        let text = format!("{}\n", "é".repeat(5000));
        Line(&mut out).write_all(text.as_bytes()).expect("a vector");
        let out = String::from_utf8(out).expect("whole characters");
        assert!(
            out.len() <= LINE_BYTES && out.ends_with("…\n"),
            "{}",
            out.len()
        );
    }
}
