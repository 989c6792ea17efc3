//! Mails that come one by one: how long from the server's word to the acknowledgement accepted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::desk::{self, Desk, Setup};
use crate::mix::{self, Kind};
use crate::servers;
use crate::support::dovecot::Dovecot;
use crate::support::sink::Sink;
use crate::tap::Tap;

pub fn run(per_second: u32, seconds: u32, under: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let dovecot = Dovecot::start();
    let sink = runtime.block_on(Sink::start());
    let user = "latency";
    servers::user(&dovecot, user);
    let tap = Tap::start(dovecot.imap);
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
    let under: Vec<&str> = under.split_whitespace().collect();
    let mut desk = Desk::start(&config, &under);
    tap.wait_for_idles(1);
    std::thread::sleep(Duration::from_secs(1));
    let count = usize::try_from(per_second * seconds).unwrap_or(0);
    let mails = mix::mails("seul", Kind::Mix, count);
    let pause = Duration::from_secs(1) / per_second;
    let begun = Instant::now();
    let mut delivered = Vec::new();
    for (number, mail) in mails.iter().enumerate() {
        let due = begun + pause * u32::try_from(number).unwrap_or(0);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        dovecot.deliver(user, mail);
        delivered.push(Instant::now());
    }
    desk.wait_for(&dovecot, user, count);
    let (cpu, ..) = desk.usage();
    // An answer to an open ticket is not acknowledged each time: the first mail of each person is.
    let mut accepted: BTreeMap<String, Instant> = BTreeMap::new();
    for received in sink.received() {
        for to in &received.to {
            accepted.entry(to.clone()).or_insert(received.at);
        }
    }
    let exists = tap.heard().exists.clone();
    let (mut whole, mut ours) = (Vec::new(), Vec::new());
    for (number, at) in delivered.iter().enumerate() {
        let Some(answered) = accepted.get(&format!("personne.seul.{number}@etu.univ-exemple.fr"))
        else {
            continue;
        };
        whole.push(*answered - *at);
        // The first word after the delivery: never later than the one that told of this mail.
        if let Some(told) = exists.iter().find(|told| *told > at && *told <= answered) {
            ours.push(*answered - *told);
        }
    }
    println!(
        "{per_second} mails/s for {seconds} s: {} acknowledged, {} EXISTS, {} MOVE or STORE, CPU {:.2} ms a mail",
        whole.len(),
        exists.len(),
        tap.heard().moves,
        cpu * 1000.0 / count as f64
    );
    told("from the delivery", whole);
    told("from EXISTS", ours);
    desk.stop();
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| {
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times
            .get(index)
            .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    println!(
        "  {what}: {} measured, p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, at most {:.1} ms",
        times.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    );
}
