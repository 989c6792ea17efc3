//! Which functions a desk runs, written down for the linker (`packaging/order.ld`): those of a desk
//! that waits and those that mails need lie side by side then. What lies between is mapped with them,
//! sixteen pages at a time, and counts as memory of the desk.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::desk::{self, Desk, Setup};
use crate::drain;
use crate::servers::{self, Sink};
use crate::support::dovecot::Dovecot;

/// Enough for each kind of mail of the mix.
const MAILS: usize = 300;

/// The stations look for work every few seconds, and everything takes forty times as long.
const CALM: Duration = Duration::from_secs(30);

/// Writes the list; needs valgrind, and a program with its symbols.
pub fn write(list: &Path) {
    let users = ["ordre".to_owned()];
    let folder = tempfile::tempdir().expect("a folder");
    let dovecot = Dovecot::start();
    let sink = Sink::start();
    servers::user(&dovecot, &users[0]);
    let (config, _) = desk::configure(
        folder.path(),
        &Setup {
            dovecot: &dovecot,
            users: &users,
            imap_port: dovecot.imap,
            tls: false,
            smtp_port: sink.port,
        },
    );
    let run = |mails: usize| {
        let seen = folder.path().join("functions");
        let out = format!("--callgrind-out-file={}", seen.display());
        let under = ["valgrind", "--tool=callgrind", "--demangle=no", &out];
        drain::fill(&dovecot, &users[0], "ordre", mails);
        let mut desk = Desk::start(&config, &under);
        desk.wait_for(&dovecot, &users[0], mails);
        std::thread::sleep(CALM);
        desk.stop();
        functions(&fs::read_to_string(seen).expect("valgrind wrote it"))
    };
    let waiting = run(0);
    assert!(
        waiting.len() > 1000,
        "the program has no symbols: set CARGO_PROFILE_BENCH_STRIP=none"
    );
    let working: BTreeSet<String> = run(MAILS).difference(&waiting).cloned().collect();
    let text = format!(
        "/* Functions that a desk runs, first when it waits, then when mails come, without the hashes of their\n   \
         names; between them all that the compiler thinks unlikely. Written by the bench `order` (docs/performance.md), read by build.rs. */\n\
         SECTIONS {{\n.text.used : {{\n{}*(.text.unlikely.*)\n{}}}\n}}\nINSERT BEFORE .text;\n",
        group(&waiting),
        group(&working)
    );
    fs::write(list, text).expect("writable");
    println!(
        "{}: {} functions of a desk that waits, {} more for mails",
        list.display(),
        waiting.len(),
        working.len()
    );
}

/// The patterns of the program's own functions in what callgrind wrote: `ob=(2) …/libc.so.6` is the file
/// that the functions behind it are in, `fn=(7) name` one of them, `cob` and `cfn` what it calls; a
/// name is written out once, then told by its number.
fn functions(written: &str) -> BTreeSet<String> {
    let (mut files, mut names) = (BTreeMap::new(), BTreeMap::new());
    let mut found = BTreeSet::new();
    let mut is_ours = false;
    for line in written.lines() {
        let Some((what, rest)) = line.split_once("=(") else {
            continue;
        };
        let Some((number, name)) = rest.split_once(')') else {
            continue;
        };
        let known = match what {
            "ob" | "cob" => &mut files,
            "fn" | "cfn" => &mut names,
            _ => continue,
        };
        let known = known.entry(number).or_insert(name.trim());
        match what {
            // Valgrind knows a file by its `.text`: what is beside it is of "???".
            "ob" => is_ours = !known.contains(".so"),
            "fn" if is_ours && !known.starts_with(['0', '(']) => {
                found.insert(pattern(known));
            }
            _ => {}
        }
    }
    found
}

/// A name without what a compiler or another version changes in it: the hash at its end
/// (`…17h0123456789abcdefE`), the numbers of crates (`Cs1AbC_`), and callgrind's count of calls
/// within each other (`'2`).
fn pattern(name: &str) -> String {
    let name = name.split('\'').next().unwrap_or(name);
    // Link-time optimisation numbers copies: `…E.3898`.
    if let Some((start, hash)) = name.rsplit_once("17h")
        && hash.split('E').next().is_some_and(|hash| hash.len() == 16)
    {
        return format!("{start}17h*");
    }
    if !name.starts_with("_R") {
        return name.to_owned();
    }
    let mut pieces = name.split("Cs");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('_') {
            Some((number, rest)) if number.chars().all(|c| c.is_ascii_alphanumeric()) => {
                let _ = write!(out, "Cs*_{rest}");
            }
            _ => {
                let _ = write!(out, "Cs{piece}");
            }
        }
    }
    out
}

/// Sections of one group: each function has its own.
fn group(patterns: &BTreeSet<String>) -> String {
    let mut out = String::from("*(\n");
    for pattern in patterns {
        let _ = writeln!(out, ".text.{pattern}");
    }
    out.push_str(")\n");
    out
}
