//! `guichet check`: what is wrong before it matters. One line each, ✔ or ✘ with the remedy.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{CONFIGURATION, Context, FAILED, print};
use crate::config::{Settings, existing_keys};

/// Say what is wrong with this installation
///
/// Reads the configuration, the templates and the key, looks at folders and rights, opens the
/// database, logs in to every mailbox and to the SMTP server. It sends nothing and changes nothing.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet check\n  guichet --config /etc/guichet/config.toml check --json\n\nExit code: 0 all is well, 1 something is wrong, 78 the configuration is."
)]
pub struct Arguments {
    /// Print JSON: [{"name","ok","detail","remedy"}]
    #[arg(long)]
    json: bool,
    /// Do not contact any server
    #[arg(long)]
    offline: bool,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    name: String,
    ok: bool,
    detail: String,
    remedy: Option<String>,
}

impl Finding {
    fn good(name: &str, detail: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            ok: true,
            detail: detail.into(),
            remedy: None,
        }
    }

    fn bad(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            ok: false,
            detail: detail.into(),
            remedy: Some(remedy.into()),
        }
    }
}

/// Looks at everything.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (findings, code) = match context.settings() {
        Err(problems) => {
            let findings = problems
                .lines()
                .map(|line| Finding::bad("configuration", line, "correct the line"))
                .collect();
            (findings, CONFIGURATION)
        }
        Ok(settings) => {
            let findings = local(&settings);
            let code = if findings.iter().all(|finding| finding.ok) {
                0
            } else {
                FAILED
            };
            (findings, code)
        }
    };
    if arguments.json {
        print::json(&findings)?;
    } else {
        print::text(&lines(&findings))?;
    }
    Ok(ExitCode::from(code))
}

fn lines(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let mark = if finding.ok { '✔' } else { '✘' };
        let line = format!("{mark} {}: {}", finding.name, finding.detail);
        out.push_str(&print::harmless(&line).replace('\n', " "));
        if let Some(remedy) = &finding.remedy {
            out.push_str(&format!(" → {}", print::harmless(remedy)));
        }
        out.push('\n');
    }
    out
}

/// What can be seen from here: files, folders, rights.
fn local(settings: &Settings) -> Vec<Finding> {
    let policy = &settings.policy;
    vec![
        Finding::good(
            "configuration",
            format!(
                "{}: {} accounts, {} teams, {} addresses, {} technicians",
                settings.file.display(),
                settings.accounts.len(),
                policy.teams.len(),
                policy.addresses.len(),
                policy.technicians.len()
            ),
        ),
        key(&settings.key_file),
        data_folder(settings),
        user(),
    ]
}

fn key(path: &Path) -> Finding {
    let name = "key";
    match existing_keys(path) {
        Ok(Some(keys)) => Finding::good(
            name,
            format!("{}, instance {}", path.display(), keys.instance()),
        ),
        Ok(None) => Finding::good(name, format!("{} is made on first start", path.display())),
        Err(error) => Finding::bad(name, format!("{error:#}"), "restore it from the backup"),
    }
}

fn data_folder(settings: &Settings) -> Finding {
    let name = "data";
    let folder = &settings.data_dir;
    let shown = folder.display();
    let metadata = match std::fs::metadata(folder) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Finding::good(name, format!("{shown} is made on first start"));
        }
        Err(error) => {
            return Finding::bad(
                name,
                format!("{shown}: {error}"),
                "run check as the user of the desk",
            );
        }
    };
    if !metadata.is_dir() {
        return Finding::bad(name, format!("{shown} is not a folder"), "change data_dir");
    }
    if metadata.mode() & 0o007 != 0 {
        return Finding::bad(
            name,
            format!(
                "{shown} is open to everybody (mode {:03o})",
                metadata.mode() & 0o777
            ),
            format!("chmod 700 {shown}"),
        );
    }
    let writable = rustix::fs::access(
        folder,
        rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK,
    );
    if writable.is_err() {
        return Finding::bad(
            name,
            format!("{shown} is not writable for this user"),
            "run check as the user of the desk, or chown the folder to it",
        );
    }
    match rustix::fs::statvfs(folder) {
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize);
            let megabytes = free >> 20;
            if free < settings.min_free {
                Finding::bad(
                    name,
                    format!("{shown} has {megabytes} MB free, less than min_free"),
                    "make room, or lower min_free",
                )
            } else {
                Finding::good(name, format!("{shown}, {megabytes} MB free"))
            }
        }
        Err(error) => Finding::bad(name, format!("{shown}: {error}"), "look at the file system"),
    }
}

fn user() -> Finding {
    let name = "user";
    if rustix::process::geteuid().is_root() {
        Finding::bad(
            name,
            "this is root; the desk needs no such rights",
            "run check and the desk as a user of its own",
        )
    } else {
        Finding::good(name, format!("uid {}", rustix::process::geteuid().as_raw()))
    }
}
