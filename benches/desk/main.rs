//! How fast the desk is: `cargo bench --bench desk -- drain` and the like; `docs/performance.md`
//! says what each measures and what came out. Real servers on loopback: a private Dovecot, the
//! `smtp-sink` of Postfix and Postfix itself, `mbsync` to compare with in the same run.

#[path = "../../tests/support/mod.rs"]
mod support;

mod cost;
mod desk;
mod drain;
mod growth;
mod history;
mod latency;
mod mix;
mod order;
mod pages;
mod read;
mod rest;
mod servers;
mod tap;

use std::path::Path;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    /// Given by cargo, behind all else.
    #[arg(long, hide = true, global = true)]
    bench: bool,
    #[command(subcommand)]
    bench_of: Option<Bench>,
}

#[derive(Subcommand)]
enum Bench {
    /// A little of everything, in a minute
    Quick,
    /// A full mailbox, until every ticket is committed, every mail accepted and moved; mbsync beside it
    Drain {
        #[arg(long, default_value_t = 2000)]
        mails: usize,
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// IMAP over TLS
        #[arg(long)]
        tls: bool,
        /// Runs the desk under a command, as in "strace -f -c -o trace"
        #[arg(long, default_value = "")]
        under: String,
    },
    /// The same in clear and over TLS, in turn
    Tls {
        #[arg(long, default_value_t = 2000)]
        mails: usize,
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// Into a real Postfix (as root)
    Postfix {
        #[arg(long, default_value_t = 2000)]
        mails: usize,
    },
    /// From `* EXISTS` to the acknowledgement accepted
    Latency {
        #[arg(long, default_value_t = 1)]
        per_second: u32,
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        #[arg(long, default_value = "")]
        under: String,
    },
    /// What a mail costs in fsyncs, MOVEs, connections and writes (with strace)
    Cost {
        #[arg(long, default_value_t = 30)]
        singles: usize,
        #[arg(long, default_value_t = 2000)]
        backlog: usize,
    },
    /// Start to first IDLE, memory and CPU of a desk that has nothing to do
    Rest {
        /// Seconds to watch the CPU
        #[arg(long, default_value_t = 30)]
        seconds: u64,
    },
    /// Memory while large mails are drained
    Memory {
        #[arg(long, default_value_t = 20)]
        mails: usize,
        #[arg(long, default_value_t = 25)]
        megabytes: usize,
    },
    /// The same mails into an empty database and into one with a history
    Growth {
        #[arg(long, default_value_t = 200_000)]
        tickets: usize,
        /// Keep the history in this folder, and take it from there the next time
        #[arg(long)]
        at: Option<std::path::PathBuf>,
        #[arg(long, default_value_t = 2000)]
        mails: usize,
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// The pages of a desk with a history, over HTTP
    Pages {
        #[arg(long, default_value_t = 200_000)]
        tickets: usize,
        /// Of each page
        #[arg(long, default_value_t = 300)]
        looks: usize,
        /// As for growth
        #[arg(long)]
        at: Option<std::path::PathBuf>,
    },
    /// `mail::read` beside the bare parser
    Read {
        #[arg(long, default_value_t = 2000)]
        mails: usize,
        #[arg(long, default_value_t = 5)]
        rounds: usize,
    },
    /// Writes packaging/order.ld: which functions the linker puts side by side (needs valgrind)
    Order,
}

fn main() {
    let arguments = Arguments::parse();
    let Some(bench) = arguments.bench_of else {
        // Plain `cargo bench`: no servers asked for, so none started.
        println!(
            "say which: quick, drain, tls, postfix, latency, cost, rest, memory, growth, pages, read, order (see docs/performance.md)"
        );
        return;
    };
    match bench {
        Bench::Quick => quick(),
        Bench::Drain {
            mails,
            rounds,
            tls,
            under,
        } => drain::rounds(rounds, mails, tls, &under),
        Bench::Tls { mails, rounds } => drain::tls(rounds, mails),
        Bench::Postfix { mails } => drain::postfix(mails),
        Bench::Latency {
            per_second,
            seconds,
            under,
        } => latency::run(per_second, seconds, &under),
        Bench::Cost { singles, backlog } => cost::run(singles, backlog),
        Bench::Rest { seconds } => {
            rest::start(5);
            for accounts in [1, 10, 100] {
                rest::accounts(accounts, seconds);
            }
        }
        Bench::Memory { mails, megabytes } => rest::large(mails, megabytes),
        Bench::Growth {
            tickets,
            at,
            mails,
            rounds,
        } => growth::run(tickets, mails, rounds, at.as_deref()),
        Bench::Pages { tickets, looks, at } => growth::pages(tickets, looks, at.as_deref()),
        Bench::Read { mails, rounds } => read::run(mails, rounds),
        Bench::Order => order::write(Path::new("packaging/order.ld")),
    }
}

/// Small numbers say little about fractions of a millisecond, and much about a road that broke.
fn quick() {
    read::run(400, 3);
    drain::rounds(1, 1000, false, "");
    latency::run(5, 5, "");
    cost::run(5, 400);
    rest::start(3);
    rest::accounts(1, 2);
    growth::run(2_000, 400, 1, None);
}
