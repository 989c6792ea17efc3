//! The house stays in order: dependencies go one way, modules are in the map, files are small,
//! the pure part is pure.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may use, beside itself. `tls` is what `imap` and `smtp` share.
const MAY_USE: &[(&str, &[&str])] = &[
    ("fault", &[]),
    ("token", &[]),
    ("zone", &[]),
    ("mail", &["token"]),
    ("knowledge", &[]),
    ("ticket", &["token", "mail", "knowledge"]),
    ("desk", &["token", "zone", "mail", "knowledge", "ticket"]),
    (
        "notification",
        &["token", "zone", "mail", "knowledge", "ticket", "desk"],
    ),
    ("statistics", &["zone", "mail", "ticket", "desk"]),
    (
        "store",
        &[
            "fault",
            "token",
            "mail",
            "knowledge",
            "ticket",
            "desk",
            "statistics",
            "notification",
        ],
    ),
    ("tls", &[]),
    ("imap", &["fault", "tls"]),
    ("maildir", &[]),
    ("smtp", &["fault", "tls"]),
    ("pipe", &[]),
    ("config", &["token", "zone", "mail", "ticket", "desk"]),
    (
        "service",
        &[
            "fault",
            "token",
            "zone",
            "mail",
            "knowledge",
            "ticket",
            "desk",
            "statistics",
            "notification",
            "store",
            "imap",
            "maildir",
            "smtp",
            "pipe",
            "config",
        ],
    ),
    (
        "web",
        &[
            "token",
            "zone",
            "mail",
            "knowledge",
            "ticket",
            "desk",
            "statistics",
            "notification",
            "store",
            "config",
            "service",
        ],
    ),
    (
        "demo",
        &[
            "mail", "ticket", "maildir", "config", "service", "store", "web",
        ],
    ),
    (
        "cli",
        &[
            "token",
            "zone",
            "mail",
            "knowledge",
            "ticket",
            "desk",
            "statistics",
            "notification",
            "store",
            "config",
            "service",
            "web",
            "demo",
            "pipe",
        ],
    ),
    ("main", &["cli"]),
];

/// Modules that do no IO, read no clock and know no database.
const PURE: &[&str] = &[
    "token",
    "zone",
    "mail",
    "knowledge",
    "ticket",
    "desk",
    "statistics",
    "notification",
];

/// Lines of the longest source file. A file that needs more has two roles.
const LINES: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files with one of these endings below a folder, in order.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(PathBuf, String)> {
    files(&root().join("src"), &["rs"])
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("readable");
            let path = path.strip_prefix(root()).expect("below").to_owned();
            (path, text)
        })
        .collect()
}

/// `src/store/read.rs` → `store`.
fn module(path: &Path) -> String {
    let first = path.components().nth(1).expect("below src").as_os_str();
    let name = first.to_str().expect("UTF-8");
    name.strip_suffix(".rs").unwrap_or(name).to_owned()
}

/// The part of a source before its tests.
fn before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or(text)
}

/// Code lines, comments left out.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The modules that a text names after `crate::`, with the line.
fn uses(text: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (number, line) in code(text) {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            if let Some(group) = rest.strip_prefix('{') {
                // rustfmt keeps groups of the crate's root on one line or one name a line; both
                // begin each module's name after a blank, a brace or a comma.
                let mut depth = 0;
                for part in group.split_inclusive(['{', '}', ',']) {
                    if depth == 0 {
                        used.push((number, word(part.trim())));
                    }
                    depth += part.matches('{').count();
                    depth = depth.saturating_sub(part.matches('}').count());
                }
            } else {
                used.push((number, word(rest)));
            }
        }
    }
    used.retain(|(_, name)| !name.is_empty());
    used
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn dependencies_go_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, text) in sources() {
        let module = module(&path);
        if module == "lib" {
            continue;
        }
        let Some(may_use) = allowed.get(module.as_str()) else {
            wrong.push(format!("{}: no rule for module {module}", path.display()));
            continue;
        };
        // Tests may use what they check against.
        for (line, used) in uses(before_tests(&text)) {
            seen += 1;
            if used != module
                && allowed.contains_key(used.as_str())
                && !may_use.contains(&used.as_str())
            {
                wrong.push(format!(
                    "{}:{line}: {module} must not use {used}",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        seen > 100,
        "only {seen} uses were read: the reader is broken"
    );
}

#[test]
fn the_reader_of_uses_finds_groups_and_paths() {
    let text = "use crate::{config::Settings, mail::{self, Mail}, store};\nfn f() -> crate::desk::X {}\n// crate::web\n";
    let found: Vec<String> = uses(text).into_iter().map(|(_, name)| name).collect();
    assert_eq!(found, ["config", "mail", "store", "desk"]);
}

#[test]
fn the_pure_part_is_pure() {
    let words = [
        "async ",
        ".await",
        "Utc::now",
        "Local::now",
        "Instant::now",
        "SystemTime",
        "Connection",
        "SystemRandom",
        "std::net",
        "tokio",
        "rusqlite",
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if !PURE.contains(&module(&path).as_str()) {
            continue;
        }
        for (line, code) in code(before_tests(&text)) {
            for word in words.iter().filter(|word| code.contains(**word)) {
                wrong.push(format!("{}:{line}: {word}", path.display()));
            }
            // Templates are read from their folders at start, and nowhere else.
            if code.contains("std::fs") && !path.starts_with("src/notification/template") {
                wrong.push(format!("{}:{line}: std::fs", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_sql_is_in_the_store() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if module(&path) == "store" {
            continue;
        }
        for (line, code) in code(&text) {
            if code.contains("rusqlite") || code.contains("SELECT ") && code.contains(" FROM ") {
                wrong.push(format!("{}:{line}: {code}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_is_on_the_map() {
    let map = fs::read_to_string(root().join("docs/architecture.md")).expect("the map");
    let mut missing = Vec::new();
    for (path, _) in sources() {
        let name = module(&path);
        let entry = format!("`{name}`");
        if name != "lib" && name != "main" && !map.contains(&entry) {
            missing.push(entry);
        }
    }
    missing.dedup();
    assert!(
        missing.is_empty(),
        "docs/architecture.md does not mention {missing:?}"
    );
}

#[test]
fn files_are_small_and_say_what_they_own() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let count = before_tests(&text).lines().count();
        // Tests in a file of their own may be long lists of cases.
        if count > LINES && !path.ends_with("tests.rs") {
            wrong.push(format!("{}: {count} lines", path.display()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!(
                "{}: does not open with what it owns",
                path.display()
            ));
        }
        if path.ends_with("mod.rs") {
            wrong.push(format!("{}: modules are x.rs beside x/", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_for_later_or_points_elsewhere() {
    // Written in two parts, so that this file does not hold them itself.
    let later = ["TO", "FIX", "XX"].map(|word| match word {
        "TO" => format!("{word}DO"),
        "FIX" => format!("{word}ME"),
        other => format!("{other}X"),
    });
    let elsewhere = [["/wor", "k/"], ["../sh", "ared"], ["/tm", "p/"]].map(|parts| parts.concat());
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "docs", "packaging", "benches"] {
        let folder = root().join(folder);
        if !folder.is_dir() {
            continue;
        }
        for path in files(&folder, &["rs", "md", "toml", "html", "txt", "service"]) {
            let text = fs::read_to_string(&path).expect("UTF-8");
            for (number, line) in text.lines().enumerate() {
                let place = format!("{}:{}", path.display(), number + 1);
                for word in &later {
                    if line
                        .split(|c: char| !c.is_ascii_alphanumeric())
                        .any(|found| found == word)
                    {
                        wrong.push(format!("{place}: {word}"));
                    }
                }
                for foreign in elsewhere.iter().filter(|foreign| line.contains(*foreign)) {
                    wrong.push(format!("{place}: {foreign}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
