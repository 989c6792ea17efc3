//! Reads every mail of `fixtures/mails` and compares it with the expected reading beside it.
//!
//! Owns the comparison and its report; what a key means is in `fixtures/mails/README.md`. A mail
//! that is read otherwise than expected gets a `<name>.failed` beside it that says what differs;
//! the file goes away by itself once the reading is right again.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, panic};

use chrono::{DateTime, FixedOffset};
use guichet::mail::{self, Mail};
use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization as _;

/// Fewer mails than this and something went missing.
const MAILS_AT_LEAST: usize = 900;

/// Keys that describe the mail for human readers and are not compared.
const NOTES: [&str; 1] = ["note"];

#[test]
fn every_mail_is_read_as_expected() {
    let mut failures = Vec::new();
    let mails = mails();
    for path in &mails {
        let differences = match expected(path) {
            Ok(expected) => compare_mail(path, &expected),
            Err(trouble) => vec![trouble],
        };
        let report = path.with_extension("failed");
        if differences.is_empty() {
            // Nothing to remove is the usual case.
            let _ = fs::remove_file(&report);
        } else {
            fs::write(&report, differences.join("\n")).expect("fixtures can be written to");
            failures.push(short(path));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} mails are read otherwise than expected; see the .failed file beside each:\n{}",
        failures.len(),
        mails.len(),
        failures.join("\n")
    );
}

#[test]
fn what_was_written_is_never_lost() {
    let mut lost = Vec::new();
    for path in mails() {
        let Some(mail) = read(&path) else { continue };
        let written = !fold(&mail.text).is_empty();
        if written && fold(&mail.reply).is_empty() {
            lost.push(short(&path));
        }
        assert!(!fold(&mail.title).is_empty(), "no title: {}", short(&path));
    }
    assert!(
        lost.is_empty(),
        "mails with a text but no reply:\n{}",
        lost.join("\n")
    );
}

#[test]
fn the_corpus_is_whole() {
    let mails: BTreeSet<PathBuf> = mails().into_iter().collect();
    assert!(
        mails.len() >= MAILS_AT_LEAST,
        "only {} mails, at least {MAILS_AT_LEAST} are promised",
        mails.len()
    );
    let orphans: Vec<String> = files("json")
        .iter()
        .filter(|path| !mails.contains(&path.with_extension("eml")))
        .map(|path| short(path))
        .collect();
    assert!(
        orphans.is_empty(),
        "readings without a mail:\n{}",
        orphans.join("\n")
    );
    let silent: Vec<String> = mails
        .iter()
        .filter(|path| {
            !expected(path).is_ok_and(|keys| {
                keys.contains_key("auto_reply") || keys.contains_key("auto_reply_any")
            })
        })
        .map(|path| short(path))
        .collect();
    assert!(
        silent.is_empty(),
        "readings that do not say whether a person wrote (auto_reply):\n{}",
        silent.join("\n")
    );
}

/// All mails, sorted by path.
fn mails() -> Vec<PathBuf> {
    files("eml")
}

/// All files below `fixtures/mails` with this extension, sorted by path.
fn files(extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the corpus is in the repository") {
            let path = entry.expect("a folder of the repository").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|known| known == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mails")
}

/// `outlook/reply.eml`: enough to find it.
fn short(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

/// The expected reading beside a mail.
fn expected(path: &Path) -> Result<Map<String, Value>, String> {
    let beside = path.with_extension("json");
    let bytes = fs::read(&beside).map_err(|error| format!("no expected reading: {error}"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", short(&beside)))
}

/// Reads a mail; `None` when that panicked, so that one bad mail does not hide the others.
fn read(path: &Path) -> Option<Mail> {
    let bytes = fs::read(path).expect("just listed");
    panic::catch_unwind(|| mail::read(&bytes)).ok()
}

fn compare_mail(path: &Path, expected: &Map<String, Value>) -> Vec<String> {
    match read(path) {
        Some(mail) => compare_object("", expected, &reading(&mail)),
        None => vec!["reading panicked".to_owned()],
    }
}

/// The mail under the keys of the `inspect` contract, beside the names of its own fields.
fn reading(mail: &Mail) -> Value {
    let mut value = serde_json::to_value(mail).expect("a mail is plain data");
    let Some(keys) = value.as_object_mut() else {
        return Value::Null;
    };
    let from = mail.sender().or_else(|| mail.from.first());
    keys.insert("from_all".to_owned(), json!(mail.from));
    keys.insert("from".to_owned(), json!(from));
    keys.insert("auto_reply".to_owned(), json!(mail.automatic));
    let forwarded = mail
        .forwarded
        .as_ref()
        .map_or("", |original| &original.text);
    keys.insert(
        "content".to_owned(),
        json!(format!("{}\n{forwarded}", mail.reply)),
    );
    keys.insert("bounce".to_owned(), json!(mail.bounces.first()));
    value
}

/// Compares the keys that are stated; what is not stated is not asked.
fn compare_object(at: &str, expected: &Map<String, Value>, read: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    for (key, wanted) in expected {
        if NOTES.contains(&key.as_str()) {
            continue;
        }
        let place = if at.is_empty() {
            key.clone()
        } else {
            format!("{at}.{key}")
        };
        differences.extend(compare_key(&place, key, wanted, read));
    }
    differences
}

fn compare_key(place: &str, key: &str, wanted: &Value, read: &Value) -> Vec<String> {
    let of = |suffix: &str| key.strip_suffix(suffix).and_then(|base| read.get(base));
    let each = wanted.as_array().map_or(&[][..], Vec::as_slice);
    if let Some(got) = read.get(key) {
        return compare(place, wanted, got);
    }
    if let Some(got) = of("_any") {
        return if each.iter().any(|one| compare("", one, got).is_empty()) {
            Vec::new()
        } else {
            vec![difference(place, wanted, got)]
        };
    }
    if let Some(got) = of("_contains") {
        let missing: Vec<&Value> = each.iter().filter(|part| !contains(got, part)).collect();
        return if missing.is_empty() {
            Vec::new()
        } else {
            vec![difference(place, &json!(missing), got)]
        };
    }
    if let Some(got) = of("_lacks") {
        let present: Vec<&Value> = each.iter().filter(|part| contains(got, part)).collect();
        return if present.is_empty() {
            Vec::new()
        } else {
            vec![difference(place, &json!(present), got)]
        };
    }
    if let Some(got) = of("_present") {
        let present = match got {
            Value::Null => false,
            Value::String(text) => !fold(text).is_empty(),
            Value::Array(each) => !each.is_empty(),
            _ => true,
        };
        return if json!(present) == *wanted {
            Vec::new()
        } else {
            vec![difference(place, wanted, got)]
        };
    }
    if let Some(got) = of("_include") {
        let have = got.as_array().map_or(&[][..], Vec::as_slice);
        let missing: Vec<&Value> = each
            .iter()
            .filter(|one| !have.iter().any(|got| compare("", one, got).is_empty()))
            .collect();
        return if missing.is_empty() {
            Vec::new()
        } else {
            vec![difference(place, &json!(missing), got)]
        };
    }
    vec![format!("{place}: a mail has no such key")]
}

/// Objects by their stated keys, lists element by element, texts folded, dates as instants (or
/// as a prefix, when only the day or the local time is stated).
fn compare(place: &str, wanted: &Value, got: &Value) -> Vec<String> {
    let same = match (wanted, got) {
        (Value::Object(keys), Value::Object(_)) => return compare_object(place, keys, got),
        (Value::Array(wanted), Value::Array(have)) if wanted.len() == have.len() => {
            return wanted
                .iter()
                .zip(have)
                .enumerate()
                .flat_map(|(index, (one, got))| compare(&format!("{place}[{index}]"), one, got))
                .collect();
        }
        (Value::String(wanted), Value::String(got)) => {
            fold(wanted) == fold(got)
                || match (instant(wanted), instant(got)) {
                    (Some(wanted), Some(got)) => wanted == got,
                    (None, Some(_)) => {
                        wanted.len() >= "2026-11-16".len() && got.starts_with(wanted.as_str())
                    }
                    _ => false,
                }
        }
        _ => wanted == got,
    };
    if same {
        Vec::new()
    } else {
        vec![difference(place, wanted, got)]
    }
}

fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}

/// Whether a text, or one text of a list, has this in it.
fn contains(got: &Value, part: &Value) -> bool {
    let part = fold(part.as_str().unwrap_or_default());
    match got {
        Value::String(text) => fold(text).contains(&part),
        Value::Array(texts) => texts.iter().any(|text| contains(text, &json!(part))),
        _ => false,
    }
}

fn difference(place: &str, wanted: &Value, got: &Value) -> String {
    let mut out = format!("== {place}\n");
    for (title, value) in [("expected", wanted), ("read", got)] {
        let text = match value {
            Value::String(text) => text.clone(),
            other => serde_json::to_string_pretty(other).unwrap_or_default(),
        };
        let _ = writeln!(out, "-- {title}\n{text}");
    }
    if let (Value::String(wanted), Value::String(got)) = (wanted, got) {
        let (wanted, got) = (fold(wanted), fold(got));
        let same = wanted
            .chars()
            .zip(got.chars())
            .take_while(|(one, other)| one == other)
            .count();
        let rest = |text: &str| text.chars().skip(same).take(60).collect::<String>();
        let _ = writeln!(
            out,
            "-- first difference\nexpected {:?}\nread     {:?}",
            rest(&wanted),
            rest(&got)
        );
    }
    out
}

/// Composed, without invisible characters, white space as single blanks.
fn fold(text: &str) -> String {
    let seen: String = text
        .nfc()
        .filter(|letter| !"\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}".contains(*letter))
        .collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}
