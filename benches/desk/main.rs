//! How fast the desk is: `cargo bench --bench desk -- drain` and the like; `docs/performance.md`
//! says what each measures and what came out. Real servers on loopback: a private Dovecot, the
//! `smtp-sink` of Postfix, `mbsync` to compare with in the same run.

#[path = "../../tests/support/mod.rs"]
mod support;

mod desk;
mod latency;
mod mix;
mod tap;

use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};

use desk::{Desk, Setup, Sink};
use mix::Kind;
use support::dovecot::Dovecot;

#[derive(Parser)]
struct Arguments {
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    bench_of: Option<Bench>,
}

#[derive(Subcommand)]
enum Bench {
    /// A full mailbox, until every ticket is committed, every mail accepted and moved
    Drain {
        #[arg(long, default_value_t = 2000)]
        mails: usize,
        /// Mails of a history that are taken in first, unmeasured
        #[arg(long, default_value_t = 0)]
        history: usize,
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// IMAP over TLS
        #[arg(long)]
        tls: bool,
        /// Runs the desk under a command, as in "strace -f -c -o trace"
        #[arg(long, default_value = "")]
        under: String,
    },
    /// From `* EXISTS` to the acknowledgement accepted
    Latency {
        #[arg(long, default_value_t = 1)]
        per_second: u32,
        #[arg(long, default_value_t = 30)]
        seconds: u32,
        #[arg(long, default_value = "")]
        under: String,
    },
    /// `mail::read` beside the bare parser
    Read {
        #[arg(long, default_value_t = 2000)]
        mails: usize,
    },
    /// Start to the first IDLE, and the memory of a desk that has nothing to do
    Idle,
}

fn main() {
    let arguments = Arguments::parse();
    let Some(bench) = arguments.bench_of else {
        // Plain `cargo bench`: no servers asked for, so none started.
        println!("say which: drain, latency, read, idle (see docs/performance.md)");
        return;
    };
    match bench {
        Bench::Drain {
            mails,
            history,
            rounds,
            tls,
            under,
        } => {
            for _ in 0..rounds {
                drain(mails, history, tls, &under);
            }
        }
        Bench::Latency {
            per_second,
            seconds,
            under,
        } => latency::run(per_second, seconds, &under),
        Bench::Read { mails } => read(mails),
        Bench::Idle => idle(),
    }
}

fn words(under: &str) -> Vec<&str> {
    under.split_whitespace().collect()
}

fn drain(count: usize, history: usize, tls: bool, under: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let dovecot = Dovecot::start();
    let sink = Sink::start();
    let user = "drain";
    desk::user(&dovecot, user);
    let config = desk::configure(
        folder.path(),
        &Setup {
            dovecot: &dovecot,
            user,
            imap_port: if tls { dovecot.imaps } else { dovecot.imap },
            tls,
            smtp_port: sink.port,
        },
    );
    if history > 0 {
        for mail in mix::mails("histoire", Kind::History, history) {
            dovecot.deliver(user, &mail);
        }
        let mut before = Desk::start(&config, &[]);
        let (begun, started) = (Instant::now(), before.started);
        let ended = before.wait_for(&dovecot, user, history);
        println!(
            "history: {history} mails, {} tickets in {:.1} s ({:.0} mails/s)",
            before.count("SELECT count(*) FROM tickets"),
            begun.elapsed().as_secs_f64(),
            rate(history, ended - started)
        );
        before.stop();
    }
    let mails = mix::mails("mesure", Kind::Mix, count);
    let bytes: usize = mails.iter().map(Vec::len).sum();
    for mail in &mails {
        dovecot.deliver(user, mail);
    }
    drop(mails);
    // Dovecot's index is made by whoever comes first: neither of the two.
    dovecot.doveadm(&["mailbox", "status", "-u", user, "messages vsize", "INBOX"]);
    dovecot.doveadm(&["fetch", "-u", user, "uid", "mailbox", "INBOX", "uid", "1"]);
    let (other, other_cpu) = desk::mbsync(&dovecot, user, folder.path());
    let mut desk = Desk::start(&config, &words(under));
    let started = desk.started;
    let ended = desk.wait_for(&dovecot, user, history + count);
    let took = ended - started;
    let (cpu, _, most) = desk.usage();
    let mib = bytes as f64 / f64::from(1 << 20);
    println!(
        "drain{}: {count} mails, {mib:.0} MiB in {:.2} s: {:.0} mails/s, {:.1} MiB/s, CPU {:.2} ms a mail, at most {most:.0} MiB resident; {} tickets, {} notifications",
        if tls { " (TLS)" } else { "" },
        took.as_secs_f64(),
        rate(count, took),
        mib / took.as_secs_f64(),
        cpu * 1000.0 / count as f64,
        desk.count("SELECT count(*) FROM tickets"),
        desk.count("SELECT count(*) FROM outbox WHERE state = 'sent'"),
    );
    println!(
        "mbsync: {:.2} s: {:.0} mails/s, CPU {:.2} ms a mail; ratio {:.2}",
        other,
        count as f64 / other,
        other_cpu * 1000.0 / count as f64,
        other / took.as_secs_f64(),
    );
    desk.stop();
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn read(count: usize) {
    let mails = mix::mails("mesure", Kind::Mix, count);
    let bytes: usize = mails.iter().map(Vec::len).sum();
    println!(
        "{count} mails, mean {:.1} KB",
        bytes as f64 / count as f64 / 1000.0
    );
    for _ in 0..3 {
        let begun = Instant::now();
        for mail in &mails {
            std::hint::black_box(guichet::mail::read(mail));
        }
        let ours = begun.elapsed();
        let begun = Instant::now();
        for mail in &mails {
            std::hint::black_box(mail_parser::MessageParser::default().parse(mail.as_slice()));
        }
        let bare = begun.elapsed();
        let ms = |took: Duration| took.as_secs_f64() * 1000.0 / count as f64;
        println!(
            "mail::read {:.3} ms a mail, mail-parser {:.3} ms, {:.2} times",
            ms(ours),
            ms(bare),
            ms(ours) / ms(bare)
        );
    }
}

fn idle() {
    let folder = tempfile::tempdir().expect("a folder");
    let dovecot = Dovecot::start();
    let sink = Sink::start();
    desk::user(&dovecot, "idle");
    for round in ["first start", "second start", "third start"] {
        let tap = tap::Tap::start(dovecot.imap);
        let config = desk::configure(
            folder.path(),
            &Setup {
                dovecot: &dovecot,
                user: "idle",
                imap_port: tap.port,
                tls: false,
                smtp_port: sink.port,
            },
        );
        let desk = Desk::start(&config, &[]);
        let idle = tap.wait_for_idle();
        std::thread::sleep(Duration::from_secs(2));
        let (cpu, now, most) = desk.usage();
        println!(
            "{round}: first IDLE after {:.0} ms; {now:.1} MiB resident, at most {most:.1}; CPU {cpu:.2} s",
            (idle - desk.started).as_secs_f64() * 1000.0
        );
        desk.stop();
    }
    let program = env!("CARGO_BIN_EXE_guichet");
    let size = std::fs::metadata(program).map_or(0, |file| file.len());
    println!("binary: {:.1} MB", size as f64 / 1e6);
}
