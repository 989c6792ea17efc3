//! What a mail costs the disk and the servers, counted in system calls with strace: how often
//! something is forced to the disk, how many MOVEs, connections and writes there are.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::desk::{self, Desk, Setup};
use crate::drain;
use crate::mix::{self, Kind};
use crate::servers;
use crate::support::dovecot::Dovecot;
use crate::support::sink::Sink;
use crate::tap::Tap;

/// What is counted.
#[derive(Debug, Default)]
struct Calls {
    /// fsync and fdatasync of the write-ahead log: commits that survive a power cut.
    commits: usize,
    /// The same of anything else: checkpoints, large mails in files, directories.
    other_syncs: usize,
    /// Writes to the mail relay.
    smtp_writes: usize,
    /// TCP_NODELAY set.
    no_delay: usize,
}

/// Mails one at a time, then a full mailbox.
pub fn run(singles: usize, backlog: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let under = format!(
        "strace -f --seccomp-bpf -yy -s 0 -e trace=fsync,fdatasync,write,writev,sendto,sendmsg,setsockopt -o {}",
        trace.display()
    );
    let under: Vec<&str> = under.split_whitespace().collect();
    let dovecot = Dovecot::start();
    let sink = runtime.block_on(Sink::start());
    let tap = Tap::start(dovecot.imap);
    let user = "prix";
    servers::user(&dovecot, user);
    let (config, _) = desk::configure(
        folder.path(),
        &Setup {
            dovecot: &dovecot,
            users: &[user.to_owned()],
            imap_port: tap.port,
            tls: false,
            smtp_port: sink.port(),
        },
    );

    // Singly: the next one comes when the last one is answered.
    let mut desk = Desk::start(&config, &under);
    tap.wait_for_idles(1);
    let before = read(&trace, sink.port());
    for (number, mail) in mix::mails("seul", Kind::Mix, singles).iter().enumerate() {
        dovecot.deliver(user, mail);
        desk.wait_for(&dovecot, user, number + 1);
        std::thread::sleep(Duration::from_millis(50));
    }
    let (moves, sent) = (tap.heard().moves, sink.received().len());
    desk.stop();
    let calls = read(&trace, sink.port());
    let each = |calls: usize| calls as f64 / singles as f64;
    println!(
        "singly: {:.2} fsync-bearing commits a mail (at most 4), {:.2} other syncs (checkpoints, files), {:.2} MOVEs",
        each(calls.commits - before.commits),
        each(calls.other_syncs - before.other_syncs),
        each(moves),
    );
    println!(
        "  SMTP: {sent} mails over {} connections, {:.2} writes a mail; TCP_NODELAY set on {} sockets",
        sink.connections(),
        calls.smtp_writes as f64 / sent.max(1) as f64,
        calls.no_delay
    );

    // A backlog.
    let (moves, connections) = (tap.heard().moves, sink.connections());
    drain::fill(&dovecot, user, "pile", backlog);
    let mut desk = Desk::start(&config, &under);
    desk.wait_for(&dovecot, user, backlog);
    let moves = tap.heard().moves - moves;
    let sent = sink.received().len() - sent;
    desk.stop();
    let calls = read(&trace, sink.port());
    let each = |calls: usize| calls as f64 / backlog as f64;
    println!(
        "backlog of {backlog}: {:.3} fsync-bearing commits a mail (at most 0.3), {:.3} other syncs, {moves} MOVEs ({:.0} mails each)",
        each(calls.commits),
        each(calls.other_syncs),
        backlog as f64 / moves.max(1) as f64
    );
    println!(
        "  SMTP: {sent} mails over {} connections, {:.2} writes a mail",
        sink.connections() - connections,
        calls.smtp_writes as f64 / sent.max(1) as f64
    );
}

fn read(trace: &Path, smtp: u16) -> Calls {
    let text = fs::read(trace).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut calls = Calls::default();
    let relay = format!(":{smtp}]>");
    for line in text.lines() {
        // The process, then the call; what was interrupted goes on in a line of its own.
        let Some((_, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        let Some((name, rest)) = call.split_once('(') else {
            continue;
        };
        match name {
            "fsync" | "fdatasync" if rest.contains("guichet.db-wal") => calls.commits += 1,
            "fsync" | "fdatasync" => calls.other_syncs += 1,
            "setsockopt" if rest.contains("TCP_NODELAY") => calls.no_delay += 1,
            "write" | "writev" | "sendto" | "sendmsg" if rest.contains(&relay) => {
                calls.smtp_writes += 1;
            }
            _ => {}
        }
    }
    calls
}
