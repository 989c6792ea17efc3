//! Killed at random times under load. The short form runs with the tests; `tests/soak` runs the long
//! one by setting `PROOF_KILLS`, `PROOF_MAILS` and `PROOF_SEED`.

use std::time::{Duration, Instant};

use crate::desk::{Desk, Road};
use crate::mails::{self, Class, Injected};

const KILLS: usize = 100;
const MAILS: usize = 1000;

/// A generator that can be repeated (xorshift64*).
pub struct Chance(u64);

impl Chance {
    /// From a seed of any kind.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit
    }
}

pub fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number"))
    })
}

/// 10 % replies where somebody can be answered, 10 % of machines, 2 % malformed, 2 % once more; of
/// the others 30 % have a file.
pub fn next(desk: &Desk, chance: &mut Chance) -> Injected {
    let id = desk.next_id();
    let person = |mail: &&Injected| mail.class == Class::Person;
    match chance.below(100) {
        0..10 => mails::mail(id, Class::Automatic, 0),
        10..12 => mails::mail(id, Class::Poison, 0),
        12..14 => {
            let at = chance.below(id.max(1) as u64) as usize;
            let original = desk.injected.iter().skip(at).find(person);
            match original {
                Some(original) => mails::again(id, original),
                None => mails::mail(id, Class::Person, 0),
            }
        }
        14..24 => {
            let received = desk.sink.received();
            let at = chance.below(received.len().max(1) as u64) as usize;
            let told = received.get(at);
            let original = told.and_then(|told| {
                let author = |mail: &&Injected| told.to.contains(&mail.from);
                desk.injected.iter().filter(person).find(author)
            });
            match (told, original) {
                (Some(told), Some(original)) => mails::reply(id, original, told),
                _ => mails::mail(id, Class::Person, 0),
            }
        }
        24..47 => mails::mail(id, Class::Person, 500 + chance.below(40_000) as usize),
        _ => mails::mail(id, Class::Person, 0),
    }
}

pub async fn killed_at_random_times_nothing_is_lost_or_doubled() {
    let kills = number("PROOF_KILLS", KILLS);
    let count = number("PROOF_MAILS", MAILS);
    let seed = number("PROOF_SEED", 20_261_123);
    let mut chance = Chance::new(seed as u64);
    let mut desk = Desk::new(false).await;
    let started = Instant::now();
    let reach = desk.reach().await;
    let mut alive = 0;
    for kill in 0..kills {
        desk.start(&[]);
        // Some of the mails come before the daemon is up, the others beneath it.
        let share = count * (kill + 1) / kills;
        while desk.next_id() < share {
            let mail = next(&desk, &mut chance);
            desk.put(Road::Move, mail);
        }
        let pause = chance.below(reach.as_millis() as u64);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        alive += usize::from(desk.kill());
        if kill % 100 == 99 {
            println!("{} of {kills} kills", kill + 1);
        }
    }
    assert_eq!(alive, kills, "it never dies by itself: {}", desk.log());
    let before = desk.sink.received().len();
    desk.start(&[]);
    let report = desk.prove(&format!("seed {seed}")).await;
    let seconds = started.elapsed().as_secs();
    let what = format!("{kills} kills over {count} mails, seed {seed}, {seconds} s: {report:?}");
    crate::report("F2", &what);
    assert_eq!(report.mails, count);
    assert!(
        before * 10 > report.sent,
        "the kills came before anything was sent: {before}"
    );
}
