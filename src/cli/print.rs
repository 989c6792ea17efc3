//! How answers look: errors, JSON, times, columns.

use std::io::{IsTerminal, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::config::Problems;
use crate::zone::Zone;

/// Says what went wrong, with the chain of reasons, on standard error.
pub fn error(error: &anyhow::Error) {
    match error.downcast_ref::<Problems>() {
        // One line each, as compilers do, so that editors find the place.
        Some(problems) => eprintln!("{problems}"),
        None => eprintln!("guichet: {error:#}"),
    }
}

/// Prints JSON on standard output. A reader that went away is no error.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    self::text(&text)
}

/// Prints text on standard output. A reader that went away is no error.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn text(text: &str) -> anyhow::Result<()> {
    bytes(text.as_bytes())
}

/// Prints bytes on standard output. A reader that went away is no error.
///
/// # Errors
/// When they cannot be written for another reason.
pub fn bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// For scripts: RFC 3339 in the zone of the desk.
pub fn rfc3339(at: DateTime<Utc>, zone: Zone) -> String {
    at.with_timezone(&zone)
        .to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// For people: `2026-11-23 11:45` in the zone of the desk.
pub fn time(at: DateTime<Utc>, zone: Zone) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

/// Text that a stranger wrote, safe for a terminal: nothing in it moves the cursor or colours.
/// Line ends and tabs stay.
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Rows in aligned columns. The last column is as long as it is.
pub fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|name| name.chars().count()).collect();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| harmless(cell).replace(['\n', '\t'], " "))
                .collect()
        })
        .collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(cells) {
            line.push_str(cell);
            let pad = width.saturating_sub(cell.chars().count());
            line.extend(std::iter::repeat_n(' ', pad + 2));
        }
        format!("{}\n", line.trim_end())
    };
    let mut out = String::new();
    // The head is for eyes; scripts that cut columns get rows only, and better take --json.
    if std::io::stdout().is_terminal() {
        out.push_str(&line(&mut head.iter().copied()));
    }
    for row in &rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    out
}
