//! Replays the seeds of the fuzz targets (`fuzz/seeds/<target>/`): what the fuzzer starts from, and
//! every input that once was a finding, holds in an ordinary build too.

#[path = "../fuzz/properties.rs"]
mod properties;

use std::fs;
use std::path::{Path, PathBuf};

type Check = fn(&[u8]);

/// Each target with what it checks; the test below holds the list against the folders.
const TARGETS: [(&str, Check); 8] = [
    ("address", properties::address),
    ("authentication_results", properties::authentication_results),
    ("command", properties::command),
    ("delivery_report", properties::delivery_report),
    ("html", properties::html),
    ("read", properties::read),
    ("reply", properties::reply),
    ("token", properties::token),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The names in a folder without their extension, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("an entry").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

#[test]
fn every_target_has_seeds_and_is_replayed() {
    let replayed: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names(&root().join("fuzz_targets")), replayed);
    assert_eq!(names(&root().join("seeds")), replayed);
}

#[test]
fn seeds_hold_what_is_promised() {
    for (target, check) in TARGETS {
        let mut count = 0;
        for entry in fs::read_dir(root().join("seeds").join(target)).expect("seeds") {
            let path = entry.expect("an entry").path();
            let bytes = fs::read(&path).expect("readable");
            let held = std::panic::catch_unwind(|| check(&bytes));
            assert!(held.is_ok(), "{}", path.display());
            count += 1;
        }
        assert!(count >= 5, "{target}: only {count} seeds");
    }
}
