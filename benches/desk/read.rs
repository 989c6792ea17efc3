//! `mail::read` beside the bare parser, in one thread.

use std::hint::black_box;
use std::time::{Duration, Instant};

use mail_parser::MessageParser;

use crate::drain::median;
use crate::mix::{self, Kind};

pub fn run(count: usize, rounds: usize) {
    let mails = mix::mails("mesure", Kind::Mix, count);
    let bytes: usize = mails.iter().map(Vec::len).sum();
    let ms = |took: Duration| took.as_secs_f64() * 1000.0 / count as f64;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let begun = Instant::now();
        for mail in &mails {
            black_box(guichet::mail::read(mail));
        }
        ours.push(ms(begun.elapsed()));
        let begun = Instant::now();
        for mail in &mails {
            black_box(MessageParser::default().parse(mail.as_slice()));
        }
        bare.push(ms(begun.elapsed()));
    }
    let (ours, bare) = (median(ours), median(bare));
    println!(
        "read: {count} mails of {:.1} KB on average: mail::read {ours:.3} ms a mail, mail-parser {bare:.3} ms, {:.2} times (at most 1.5)",
        bytes as f64 / count as f64 / 1000.0,
        ours / bare
    );
}
