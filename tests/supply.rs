//! What we build on (T27): packages of one registry, of licences that we may use, without those that
//! must not come in, and with every known advisory explained for the very version that is locked.
//! `cargo deny check` says the same and more, with the database of advisories; this needs no network.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn file(name: &str) -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = std::fs::read_to_string(path).expect("it is there");
    text.parse().expect("TOML")
}

fn list<'a>(table: &'a toml::Table, section: &str, key: &str) -> &'a [toml::Value] {
    table[section][key].as_array().expect("a list")
}

fn text<'a>(value: &'a toml::Value, key: &str) -> &'a str {
    value
        .get(key)
        .and_then(toml::Value::as_str)
        .unwrap_or_default()
}

fn locked() -> toml::Table {
    file("Cargo.lock")
}

#[test]
fn every_package_is_from_the_registry_that_is_allowed() {
    let (deny, lock) = (file("deny.toml"), locked());
    let allowed: Vec<_> = list(&deny, "sources", "allow-registry")
        .iter()
        .filter_map(toml::Value::as_str)
        .map(|index| format!("registry+{index}"))
        .collect();
    let packages = lock["package"].as_array().expect("packages");
    assert!(packages.len() > 100);
    for package in packages {
        let name = text(package, "name");
        let source = text(package, "source");
        if name == "guichet" {
            assert_eq!(source, "");
            continue;
        }
        assert!(
            allowed.iter().any(|index| index == source),
            "{name}: {source}"
        );
        assert_eq!(text(package, "checksum").len(), 64, "{name}");
    }
}

#[test]
fn what_is_banned_is_not_there() {
    let (deny, lock) = (file("deny.toml"), locked());
    let packages = lock["package"].as_array().expect("packages");
    for banned in list(&deny, "bans", "deny") {
        let name = text(banned, "name");
        assert!(!name.is_empty() && !text(banned, "reason").is_empty());
        assert!(
            packages.iter().all(|package| text(package, "name") != name),
            "{name} is banned: {}",
            text(banned, "reason")
        );
    }
}

/// A version that changes may have mended the advisory, or our reason may no longer hold.
#[test]
fn every_advisory_is_about_the_version_that_is_locked() {
    let (deny, lock) = (file("deny.toml"), locked());
    let packages = lock["package"].as_array().expect("packages");
    for advisory in list(&deny, "advisories", "ignore") {
        let (id, reason) = (text(advisory, "id"), text(advisory, "reason"));
        assert!(id.starts_with("RUSTSEC-"), "{id}");
        let (subject, why) = reason.split_once(": ").expect("package and version first");
        let (name, version) = subject.split_once(' ').expect("package and version first");
        assert!(why.len() > 40, "{id}: say why it does no harm");
        assert!(
            packages.iter().any(|package| {
                text(package, "name") == name && text(package, "version") == version
            }),
            "{id}: {subject} is not locked any more: look at the advisory again"
        );
    }
}

/// Whether a licence expression (SPDX) can be satisfied by what is allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let expression = expression.replace('/', " OR ");
    // Ours are simple: alternatives of licences, or conjunctions of bracketed alternatives.
    expression.split(" AND ").all(|part| {
        part.trim_matches(['(', ')'])
            .split(" OR ")
            .any(|licence| allowed.contains(licence.trim_matches(['(', ')'])))
    })
}

#[test]
fn every_licence_is_one_that_is_allowed() {
    let deny = file("deny.toml");
    let allowed: BTreeSet<&str> = list(&deny, "licenses", "allow")
        .iter()
        .filter_map(toml::Value::as_str)
        .collect();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs this test");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 100);
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(
            is_allowed(licence, &allowed),
            "{} {}: {licence}",
            package["name"],
            package["version"]
        );
    }
    assert!(!is_allowed("GPL-3.0-only", &allowed));
    assert!(!is_allowed("MIT AND GPL-3.0-only", &allowed));
    assert!(is_allowed(
        "(MIT OR GPL-3.0-only) AND Unicode-3.0",
        &allowed
    ));
}
