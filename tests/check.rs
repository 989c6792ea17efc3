//! `guichet check` against real servers: what works is said in one line, what does not with its
//! remedy, and one dead server hides no other.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::dovecot::{Dovecot, PASSWORD, free_port};
use support::sink::Sink;

fn secret(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its mode");
}

/// The findings by name, and the exit code.
fn check(folder: &Path) -> (Vec<(String, bool, String)>, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_guichet"))
        .args(["--config", "config.toml", "check", "--json"])
        .env_clear()
        .current_dir(folder)
        .output()
        .expect("it runs");
    let findings: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = findings
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| {
            let said = format!("{} → {}", finding["detail"], finding["remedy"]);
            let name = finding["name"].as_str().expect("a name").to_owned();
            (name, finding["ok"] == true, said)
        })
        .collect();
    (findings, output.status.code())
}

fn found<'a>(findings: &'a [(String, bool, String)], name: &str) -> (bool, &'a str) {
    let (_, ok, said) = findings
        .iter()
        .find(|(found, _, _)| found == name)
        .unwrap_or_else(|| panic!("no {name} in {findings:?}"));
    (*ok, said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_server_is_visited_and_each_failure_has_a_remedy() {
    let dovecot = Dovecot::start();
    for user in ["good", "wrong-password"] {
        dovecot.user(user);
    }
    dovecot.deliver("good", b"Subject: a\r\n\r\nb\r\n");
    let sink = Sink::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    secret(&root.join("password"), PASSWORD);
    secret(&root.join("other"), "not the password");
    let account = |name: &str, port: u16, password: &str, more: &str| {
        format!(
            r#"
[[accounts]]
name = "{name}"
team = "dsi"
imap = {{ host = "localhost", port = {port}, tls = "implicit", user = "{name}", password_file = "{password}", {more} }}
"#
        )
    };
    let ca = format!("ca_file = {:?}", dovecot.path("cert.pem"));
    let config = format!(
        r#"
base_url = "http://127.0.0.1:8080"
[smtp]
host = "127.0.0.1"
port = {}
[[teams]]
id = "dsi"
from = "support@example.org"
{}{}{}{}"#,
        sink.port(),
        account("good", dovecot.imaps, "password", &ca),
        account("wrong-password", dovecot.imaps, "other", &ca),
        account(
            "untrusted",
            dovecot.imaps,
            "password",
            "insecure_plaintext = false"
        ),
        account("nobody-there", free_port(), "password", &ca),
    );
    fs::write(root.join("config.toml"), &config).expect("written");
    let at = root.to_owned();
    let (findings, code) = tokio::task::spawn_blocking(move || check(&at))
        .await
        .expect("no panic");
    assert_eq!(code, Some(1), "{findings:?}");

    let (ok, said) = found(&findings, "account good");
    assert!(ok && said.contains("TLS, IDLE, MOVE"), "{said}");
    assert!(
        said.contains("1 mails in") && said.contains("made when needed"),
        "{said}"
    );
    let (ok, said) = found(&findings, "account wrong-password");
    assert!(!ok && said.contains("correct user and password"), "{said}");
    let (ok, said) = found(&findings, "account untrusted");
    assert!(!ok && said.contains("ca_file"), "{said}");
    let (ok, said) = found(&findings, "account nobody-there");
    assert!(!ok && said.contains("is the server up"), "{said}");
    let (ok, said) = found(&findings, "smtp");
    assert!(ok && said.contains("127.0.0.1"), "{said}");
    assert!(sink.received().is_empty(), "nothing was sent");
    assert_eq!(dovecot.count("good", ""), 1, "nothing was taken");

    drop(sink);
    let at = root.to_owned();
    let (findings, _) = tokio::task::spawn_blocking(move || check(&at))
        .await
        .expect("no panic");
    let (ok, said) = found(&findings, "smtp");
    assert!(!ok && said.contains("correct [smtp]"), "{said}");
}
