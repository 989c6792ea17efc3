//! A full mailbox, until every ticket is committed, every acknowledgement accepted and every mail
//! moved; beside it `mbsync` on the same mailbox.

use std::path::Path;

use crate::desk::{self, Desk, Setup};
use crate::mix::{self, Kind};
use crate::servers::{self, Postfix, Sink};
use crate::support::dovecot::{Dovecot, free_port};

/// What one run came to.
#[derive(Clone, Copy, Debug)]
pub struct Drained {
    pub seconds: f64,
    pub mails: usize,
    /// CPU of the desk, milliseconds a mail.
    pub cpu: f64,
    /// How many times as fast as `mbsync`; 0 when that was not asked.
    pub ratio: f64,
}

impl Drained {
    pub fn rate(&self) -> f64 {
        self.mails as f64 / self.seconds
    }
}

/// Rounds against `mbsync`, and their median. Nothing of a round is deleted before the last one is over:
/// ext4 passes over what was deleted within minutes, one inode after the other, and `mbsync`, which makes a
/// file for each mail, took three times as long after half a dozen runs as in the first.
pub fn rounds(rounds: usize, mails: usize, tls: bool, under: &str) {
    let (mut runs, _kept): (Vec<Drained>, Vec<Place>) =
        (0..rounds).map(|_| once(mails, tls, true, under)).unzip();
    runs.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
    if let Some(middle) = runs.get(runs.len() / 2) {
        println!(
            "backlog: {:.2} times as fast as mbsync with fsync (median of {rounds}; at least 1.0), CPU {:.2} ms a mail (at most 1)",
            middle.ratio, middle.cpu
        );
    }
}

/// In clear and over TLS in turn, and the ratio of the medians.
pub fn tls(rounds: usize, mails: usize) {
    let (mut clear, mut tls, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        for (with_tls, seconds) in [(false, &mut clear), (true, &mut tls)] {
            let (drained, place) = once(mails, with_tls, false, "");
            seconds.push(drained.seconds);
            kept.push(place);
        }
    }
    println!(
        "TLS: {:.2} times slower (medians of {rounds}; at most 1.3)",
        median(tls) / median(clear)
    );
}

pub fn median(mut list: Vec<f64>) -> f64 {
    list.sort_by(f64::total_cmp);
    list.get(list.len() / 2).copied().unwrap_or(0.0)
}

/// Where a run left its files.
struct Place {
    _folder: tempfile::TempDir,
    _dovecot: Dovecot,
}

/// One run in a fresh folder.
fn once(count: usize, tls: bool, compare: bool, under: &str) -> (Drained, Place) {
    let folder = tempfile::tempdir().expect("a folder");
    let dovecot = Dovecot::start();
    let sink = Sink::start();
    let user = "drain";
    servers::user(&dovecot, user);
    let (config, _) = desk::configure(
        folder.path(),
        &Setup {
            dovecot: &dovecot,
            users: &[user.to_owned()],
            imap_port: if tls { dovecot.imaps } else { dovecot.imap },
            tls,
            smtp_port: sink.port,
        },
    );
    let bytes = fill(&dovecot, user, "mesure", count);
    // What was delivered is on the disk before anybody is measured who must wait for the disk.
    rustix::fs::sync();
    let other = compare.then(|| servers::mbsync(&dovecot, user, folder.path()));
    rustix::fs::sync();
    let mut drained = drain(&config, &dovecot, user, (count, bytes), under);
    if let Some((seconds, cpu)) = other {
        drained.ratio = seconds / drained.seconds;
        println!(
            "  mbsync: {seconds:.2} s: {:.0} mails/s, CPU {:.2} ms a mail; ratio {:.2}",
            count as f64 / seconds,
            cpu * 1000.0 / count as f64,
            drained.ratio
        );
    }
    let place = Place {
        _folder: folder,
        _dovecot: dovecot,
    };
    (drained, place)
}

/// Delivers the mix and has the server index it; returns its bytes.
pub fn fill(dovecot: &Dovecot, user: &str, run: &str, count: usize) -> usize {
    let mails = mix::mails(run, Kind::Mix, count);
    for mail in &mails {
        dovecot.deliver(user, mail);
    }
    // Dovecot's index is made by whoever comes first: by nobody who is measured.
    dovecot.doveadm(&["mailbox", "status", "-u", user, "messages vsize", "INBOX"]);
    dovecot.doveadm(&["fetch", "-u", user, "uid", "mailbox", "INBOX", "uid", "1"]);
    mails.iter().map(Vec::len).sum()
}

/// Starts the desk on a mailbox that is full, and stops it once that is empty.
pub fn drain(
    config: &Path,
    dovecot: &Dovecot,
    user: &str,
    (mails, bytes): (usize, usize),
    under: &str,
) -> Drained {
    let under: Vec<&str> = under.split_whitespace().collect();
    let mut desk = Desk::start(config, &under);
    let ended = desk.wait_for(dovecot, user, mails);
    let (cpu, _, most) = desk.usage();
    let drained = Drained {
        seconds: (ended - desk.started).as_secs_f64(),
        mails,
        cpu: cpu * 1000.0 / mails as f64,
        ratio: 0.0,
    };
    let mib = bytes as f64 / f64::from(1 << 20);
    println!(
        "  desk: {mails} mails, {mib:.0} MiB in {:.2} s: {:.0} mails/s, {:.1} MiB/s, CPU {:.2} ms a mail, at most {most:.0} MiB resident",
        drained.seconds,
        drained.rate(),
        mib / drained.seconds,
        drained.cpu,
    );
    desk.stop();
    drained
}

/// Into a real Postfix: while the mailbox is drained, and a queue that had to wait for it.
pub fn postfix(count: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let dovecot = Dovecot::start();
    let user = "drain";
    servers::user(&dovecot, user);
    let port = free_port();
    let (config, _) = desk::configure(
        folder.path(),
        &Setup {
            dovecot: &dovecot,
            users: &[user.to_owned()],
            imap_port: dovecot.imap,
            tls: false,
            smtp_port: port,
        },
    );
    fill(&dovecot, user, "ensemble", count);
    let postfix = Postfix::start(port);
    let mut desk = Desk::start(&config, &[]);
    let taken = desk.wait_for_intake(&dovecot, user, count) - desk.started;
    let early = desk.count(ACCEPTED);
    desk.wait_for(&dovecot, user, count);
    println!(
        "postfix while draining: {count} mails taken in and moved after {:.2} s ({:.0} mails/s), {early} acknowledgements accepted by then; {}",
        taken.as_secs_f64(),
        count as f64 / taken.as_secs_f64(),
        acknowledgements(&desk, 0),
    );
    desk.stop();
    drop(postfix);

    fill(&dovecot, user, "attente", count);
    let mut desk = Desk::start(&config, &[]);
    let before = desk.count(ACCEPTED);
    let taken = desk.wait_for_intake(&dovecot, user, count) - desk.started;
    desk.stop();
    println!(
        "postfix away: {count} mails taken in and moved after {:.2} s ({:.0} mails/s)",
        taken.as_secs_f64(),
        count as f64 / taken.as_secs_f64(),
    );
    // The next attempts are due now, not in a minute.
    desk::change(
        folder.path(),
        "UPDATE outbox SET next_at = 0 WHERE state = 'queued'",
    );
    let _postfix = Postfix::start(port);
    let mut desk = Desk::start(&config, &[]);
    desk.wait_for(&dovecot, user, 0);
    println!(
        "postfix, a queue that waited: {} (at least 600)",
        acknowledgements(&desk, before)
    );
    desk.stop();
}

const ACCEPTED: &str = "SELECT count(*) FROM outbox WHERE state = 'sent'";

/// Those accepted behind the first `before`, from the first to the last.
fn acknowledgements(desk: &Desk, before: i64) -> String {
    let accepted = desk.count(ACCEPTED) - before;
    let took = desk.count(&format!(
        "SELECT max(sent_at) - min(sent_at) FROM
           (SELECT sent_at FROM outbox WHERE state = 'sent' ORDER BY sent_at LIMIT -1 OFFSET {before})"
    ));
    format!(
        "{accepted} acknowledgements in {:.2} s, {:.0} a second",
        took as f64 / 1000.0,
        accepted as f64 * 1000.0 / took.max(1) as f64
    )
}
