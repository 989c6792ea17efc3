//! Bytes in, a mail out: never a panic, never a line break where a header could be injected, and
//! every file that is listed can be had.
//!
//! `cargo +nightly fuzz run read -- -max_total_time=600 -max_len=65536 -timeout=2 -rss_limit_mb=1024`
#![no_main]

use guichet::mail::{self, Digest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = mail::read(bytes);
    let one_line = |text: &str| !text.contains(['\r', '\n', '\0']);
    for address in read.from.iter().chain(&read.reply_to).chain(&read.to).chain(&read.cc) {
        assert!(one_line(&address.address) && address.name.as_deref().is_none_or(one_line));
    }
    assert!(read.subject.as_deref().is_none_or(one_line) && one_line(&read.title));
    assert!(!read.title.trim().is_empty());
    assert!(!read.text.contains(['\r', '\0']) && !read.reply.contains(['\r', '\0']));
    for file in &read.attachments {
        let found = mail::extract(bytes, &file.sha256).expect("what is listed is found");
        assert_eq!(Digest::of(&found), file.sha256);
    }
    let own = ["mx.example".to_owned()];
    mail::authenticity::from_results(bytes, "mx.example", &own, &own);
});
