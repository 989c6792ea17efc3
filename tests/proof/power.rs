//! F4, F5: the power is cut under load, and what was not synced is gone; and one run is cut at every
//! moment at which somebody is told something.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use guichet::store::Store;

use crate::desk::{Desk, Road, Setup};
use crate::disk::{Disk, Line, Mercy, What};
use crate::mails::{self, Class};
use crate::random::{self, Chance};
use crate::support::dovecot::Dovecot;
use crate::support::sink::Sink;

const CUTS: usize = 24;

async fn desk() -> Desk {
    let setup = Setup {
        in_clear: true,
        ..Setup::default()
    };
    Desk::with(Dovecot::start(), Sink::start().await, setup)
}

/// F5: what the desk told a server survives whatever the disk loses.
pub async fn power_cuts_under_load_lose_and_double_nothing() {
    let cuts = random::number("PROOF_CUTS", CUTS);
    let seed = random::number("PROOF_SEED", 20_261_125);
    let mut chance = Chance::new(seed as u64);
    let mut desk = desk().await;
    let started = Instant::now();
    let reach = desk.reach().await;
    let mut lost = 0;
    for cut in 0..cuts {
        for _ in 0..8 {
            let mail = random::next(&desk, &mut chance);
            desk.put(Road::Move, mail);
        }
        if cut % 6 == 5 {
            // Larger than what the database keeps.
            let id = desk.next_id();
            desk.put(Road::Move, mails::mail(id, Class::Person, 900_000));
        }
        desk.start_traced(&[]);
        let pause = chance.below(reach.as_millis() as u64);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let mercy = match cut % 4 {
            0 => Mercy::None,
            1 => Mercy::All,
            _ => Mercy::Chance(chance.below(u64::MAX)),
        };
        lost += desk.cut_power(mercy);
        if cut % 50 == 49 {
            println!("{} of {cuts} power cuts", cut + 1);
        }
    }
    desk.start(&[]);
    let report = desk.prove(&format!("seed {seed}")).await;
    let seconds = started.elapsed().as_secs();
    let what = format!(
        "{cuts} power cuts, {lost} changes not synced, seed {seed}, {seconds} s: {report:?}"
    );
    crate::report("F5", &what);
    assert!(lost > 0, "the cuts took nothing");
}

/// What the desk had told others when it came to a line of the trace.
#[derive(Default)]
struct Told {
    /// UIDs that it moved.
    moved: BTreeSet<u32>,
    /// `Message-ID`s of what it sent.
    sent: BTreeSet<String>,
}

impl Told {
    fn hear(&mut self, line: &Line) -> bool {
        let What::Sent(bytes) = &line.what else {
            return false;
        };
        let text = String::from_utf8_lossy(bytes);
        let (moved, sent) = (self.moved.len(), self.sent.len());
        for command in text.lines() {
            let words: Vec<&str> = command.split(' ').collect();
            if let [_, "UID", "MOVE", set, ..] = words[..] {
                for range in set.split(',') {
                    let (first, last) = range.split_once(':').unwrap_or((range, range));
                    let number = |text: &str| text.parse::<u32>().expect("a UID");
                    self.moved.extend(number(first)..=number(last));
                }
            }
            if let Some(id) = command.strip_prefix("Message-ID: ") {
                self.sent.insert(id.trim_matches(['<', '>']).to_owned());
            }
        }
        self.moved.len() + self.sent.len() > moved + sent
    }

    /// What of it a disk does not know.
    async fn unknown_to(&self, data: &Path) -> Vec<String> {
        let store = match Store::open(data) {
            Ok(store) => store,
            Err(error) => return vec![format!("it cannot be opened: {error:#}")],
        };
        let mut wrong = store.integrity_check().await.expect("readable");
        wrong.extend(store.audit().await.expect("readable"));
        let database = rusqlite::Connection::open(data.join("guichet.db")).expect("opened");
        let has = |sql: &str, value: &dyn rusqlite::ToSql| -> bool {
            database
                .query_row(sql, [value], |row| row.get(0))
                .expect("asked")
        };
        for uid in &self.moved {
            let kept = "SELECT EXISTS (SELECT 1 FROM ledger JOIN inbox ON inbox.id = ledger.inbox
                        JOIN raw ON raw.digest = inbox.digest WHERE uid = ?1)";
            if !has(kept, uid) {
                wrong.push(format!("{uid} was moved and is not kept"));
            }
        }
        for id in &self.sent {
            if !has(
                "SELECT EXISTS (SELECT 1 FROM outbox WHERE message_id = ?1)",
                id,
            ) {
                wrong.push(format!("{id} was sent and is not known"));
            }
        }
        wrong
    }
}

/// Cuts a trace at every line at which something is told, and at some others; returns how many
/// cuts that were and what did not hold.
async fn cut_everywhere(mut disk: Disk, lines: &[Line], data: &Path) -> (usize, Vec<String>) {
    let mut told = Told::default();
    let (mut cuts, mut wrong) = (0, Vec::new());
    for (position, line) in lines.iter().enumerate() {
        disk.apply(position, line);
        // Before anything is told the database may not even be there.
        let tells = told.hear(line);
        if told.moved.is_empty() || !tells && position % 17 != 0 {
            continue;
        }
        let mercy = [Mercy::None, Mercy::Chance(position as u64)][usize::from(!tells)];
        disk.after_cut(mercy, data);
        cuts += 1;
        let unknown = told.unknown_to(data).await;
        if wrong.is_empty() && !unknown.is_empty() {
            let before = lines[..=position].iter().rev().take(70).rev();
            wrong.extend(before.map(ToString::to_string));
        }
        wrong.extend(
            unknown
                .into_iter()
                .map(|what| format!("line {position}: {what}")),
        );
    }
    (cuts, wrong)
}

/// One run beneath strace, cut everywhere.
async fn cut_run(variables: &[(&str, &str)]) -> (usize, Vec<String>) {
    let mut desk = desk().await;
    for id in 0..12 {
        let bulk = match id {
            5 => 900_000,
            _ if id % 4 == 1 => 3000,
            _ => 0,
        };
        desk.put(Road::Move, mails::mail(id, Class::Person, bulk));
    }
    desk.start_traced(variables);
    assert!(desk.quiet(Duration::from_secs(40)).await, "{}", desk.log());
    for id in 12..16 {
        desk.put(Road::Move, mails::mail(id, Class::Person, 0));
        assert!(desk.quiet(Duration::from_secs(20)).await, "{}", desk.log());
    }
    let (disk, lines) = desk.trace();
    let elsewhere = tempfile::tempdir().expect("a folder");
    // A folder of the same name below another: the paths of the trace are those of the desk.
    let (cuts, wrong) = cut_everywhere(disk, &lines, &elsewhere.path().join("data")).await;
    (cuts, wrong)
}

/// F4, F5: no MOVE and no message leaves before what it rests on is on the disk.
pub async fn whatever_was_told_is_on_the_disk() {
    let (cuts, wrong) = cut_run(&[]).await;
    crate::report(
        "F4",
        &format!("one run cut at {cuts} moments: all that was told is there"),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(cuts >= 30, "{cuts} cuts only");
}

/// The same fails when the desk does not wait for the disk.
pub async fn a_commit_that_does_not_reach_the_disk_is_noticed() {
    let (_, wrong) = cut_run(&[("FAULT_BREAK", "commit-on-disk")]).await;
    assert!(
        wrong.iter().any(|line| line.contains("is not kept")),
        "{wrong:#?}"
    );
}
