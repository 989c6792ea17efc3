//! A desk that has nothing to do: how soon it listens, what memory it takes, what it costs.

use std::time::Duration;

use crate::desk::{self, Desk, Setup};
use crate::drain;
use crate::mix;
use crate::servers::{self, Sink};
use crate::support::dovecot::Dovecot;
use crate::tap::Tap;

/// Starts, and the size of the program.
pub fn start(rounds: usize) {
    let users = ["repos".to_owned()];
    let folder = tempfile::tempdir().expect("a folder");
    let dovecot = Dovecot::start();
    let sink = Sink::start();
    servers::user(&dovecot, &users[0]);
    let mut times = Vec::new();
    for _ in 0..=rounds {
        let tap = Tap::start(dovecot.imap);
        let (config, _) = desk::configure(
            folder.path(),
            &Setup {
                dovecot: &dovecot,
                users: &users,
                imap_port: tap.port,
                tls: false,
                smtp_port: sink.port,
            },
        );
        let desk = Desk::start(&config, &[]);
        times.push((tap.wait_for_idles(1) - desk.started).as_secs_f64() * 1000.0);
        std::thread::sleep(Duration::from_millis(200));
        desk.stop();
    }
    let first = times.remove(0);
    println!(
        "start to first IDLE: {:.0} ms (median of {rounds}; at most 50); {first:.0} ms with a new database",
        drain::median(times)
    );
    let program = env!("CARGO_BIN_EXE_guichet");
    let size = std::fs::metadata(program).map_or(0, |file| file.len());
    println!("binary: {:.1} MB (at most 20)", size as f64 / 1e6);
}

/// What a desk has done before it rests again: all of its code for mails was used, and its caches are full.
const WORK: usize = 500;

/// How soon it rests.
const CALM: Duration = Duration::from_secs(15);

/// So many accounts in IDLE for so long, just started and after some work.
pub fn accounts(count: usize, seconds: u64) {
    let users: Vec<String> = (0..count).map(|number| format!("repos{number}")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let dovecot = Dovecot::start();
    servers::calm(&dovecot);
    let sink = Sink::start();
    for user in &users {
        servers::user(&dovecot, user);
    }
    let tap = Tap::start(dovecot.imap);
    let (config, _) = desk::configure(
        folder.path(),
        &Setup {
            dovecot: &dovecot,
            users: &users,
            imap_port: tap.port,
            tls: false,
            smtp_port: sink.port,
        },
    );
    let mut desk = Desk::start(&config, &[]);
    tap.wait_for_idles(count);
    std::thread::sleep(Duration::from_secs(2));
    let (before, ..) = desk.usage();
    std::thread::sleep(Duration::from_secs(seconds));
    let (after, now, most) = desk.usage();
    let limit = match count {
        1 => " (at most 15)",
        10 => " (at most 25)",
        _ => "",
    };
    println!(
        "{count} accounts in IDLE: {now:.1} MiB resident{limit}, at most {most:.1}; {:.2} % of a core over {seconds} s (at most 1)",
        (after - before) * 100.0 / seconds as f64
    );
    drain::fill(&dovecot, &users[0], "travail", WORK);
    desk.wait_for(&dovecot, &users[0], WORK);
    let (_, busy, _) = desk.usage();
    std::thread::sleep(CALM);
    let (_, now, most) = desk.usage();
    println!(
        "  {now:.1} MiB resident {} s after {WORK} mails, {busy:.1} when they were done, at most {most:.1}",
        CALM.as_secs()
    );
    desk.stop();
}

/// Large mails, many of them: what is in memory follows the largest, not the mailbox.
pub fn large(mails: usize, megabytes: usize) {
    let users = ["lourd".to_owned()];
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
    let mut largest = 0;
    for number in 0..mails {
        let mail = mix::large("lourd", number, megabytes << 20);
        largest = largest.max(mail.len());
        dovecot.deliver(&users[0], &mail);
    }
    let mut desk = Desk::start(&config, &[]);
    let ended = desk.wait_for(&dovecot, &users[0], mails);
    let (.., most) = desk.usage();
    let largest = largest as f64 / f64::from(1 << 20);
    println!(
        "{mails} mails of {largest:.1} MiB drained in {:.1} s: at most {most:.0} MiB resident (at most {:.0}: 64 and three times the largest)",
        (ended - desk.started).as_secs_f64(),
        64.0 + 3.0 * largest
    );
    desk.stop();
}
