//! `guichet health`: how the running desk is doing, for people and for a monitoring program. It reads
//! what the desk writes down and contacts nobody; the rules are those of the alerts to operations.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;

use super::finding::{self, Finding};
use super::{Context, FAILED, print};
use crate::config::Settings;
use crate::service::health::{Observed, Problem};
use crate::store::{self, Counts, Store};

/// Say how the running desk is doing
///
/// One line for each account (is it watched, does the ledger know all that the server lists, when
/// did the last mail come), for what waits in the inbox and the outbox, for the disk. Contacts no
/// server; `guichet check` does.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet health\n  guichet health --json\n\nExit code: 0 all is well, 1 something is wrong, 78 the configuration is."
)]
pub struct Arguments {
    /// Print JSON: [{"name","ok","detail","remedy"}]
    #[arg(long)]
    json: bool,
}

/// Looks at everything.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    let findings = super::block_on(look(&settings))?;
    finding::print(&findings, arguments.json)?;
    let well = findings.iter().all(|finding| finding.ok);
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

async fn look(settings: &Settings) -> anyhow::Result<Vec<Finding>> {
    let store = Store::open_existing(&settings.data_dir)?;
    let observed =
        Observed::look(&store, &settings.data_dir, settings.min_free, Utc::now()).await?;
    let counts = store.counts().await?;
    let problems = observed.problems(&settings.policy);
    let mut findings = vec![if store::is_running(&settings.data_dir) {
        Finding::good("desk", "running")
    } else {
        Finding::bad(
            "desk",
            "not running; what follows is as it was left",
            "systemctl start guichet",
        )
    }];
    for account in &settings.accounts {
        let about = |problem: &Problem| problem.account() == Some(&account.name);
        findings.push(finding(
            settings,
            &format!("account {}", account.name),
            account_line(settings, &observed, &counts, &account.name),
            problems.iter().filter(|problem| about(problem)),
        ));
    }
    let zone = settings.policy.timezone;
    let waits = |what: &str, count: u64, oldest: Option<DateTime<Utc>>| match oldest {
        None => "nothing waits".to_owned(),
        Some(at) => format!(
            "{count} {what} wait, the oldest since {}",
            print::time(at, zone)
        ),
    };
    let of = |state: &str, counts: &std::collections::BTreeMap<String, u64>| {
        counts.get(state).copied().unwrap_or_default()
    };
    findings.push(finding(
        settings,
        "inbox",
        format!(
            "{}; {} in quarantine",
            waits(
                "mails",
                of("new", &counts.inbox),
                observed.waiting.oldest_mail
            ),
            of("quarantined", &counts.inbox)
        ),
        problems
            .iter()
            .filter(|problem| matches!(problem, Problem::InboxOld { .. })),
    ));
    let queued = ["queued", "sending", "uncertain"];
    let queued = queued.iter().map(|state| of(state, &counts.outbox)).sum();
    findings.push(finding(
        settings,
        "outbox",
        format!(
            "{}; {} could not be delivered, {} held",
            waits(
                "notifications",
                queued,
                observed.waiting.oldest_notification
            ),
            of("failed", &counts.outbox) + of("given-up", &counts.outbox),
            observed.waiting.held
        ),
        problems
            .iter()
            .filter(|problem| matches!(problem, Problem::OutboxOld { .. } | Problem::Held { .. })),
    ));
    let free = match observed.free {
        Some(free) => format!("{} MB free", free >> 20),
        None => "the system does not say how much is free".to_owned(),
    };
    findings.push(finding(
        settings,
        "disk",
        format!("{}, {free}", settings.data_dir.display()),
        problems
            .iter()
            .filter(|problem| matches!(problem, Problem::DiskFull { .. })),
    ));
    Ok(findings)
}

fn finding<'a>(
    settings: &Settings,
    name: &str,
    detail: String,
    problems: impl Iterator<Item = &'a Problem>,
) -> Finding {
    let said: Vec<String> = problems
        .map(|problem| problem.sentence("en", settings.policy.timezone))
        .collect();
    if said.is_empty() {
        Finding::good(name, detail)
    } else {
        Finding::bad(name, detail, said.join(" "))
    }
}

fn account_line(settings: &Settings, observed: &Observed, counts: &Counts, name: &str) -> String {
    let policy = &settings.policy;
    let time = |at: DateTime<Utc>| print::time(at, policy.timezone);
    let Some(state) = observed.accounts.get(name) else {
        return "not watched yet".to_owned();
    };
    let mut said = vec![match &state.problem {
        None if state.up => format!("watched since {}", time(state.since)),
        None => format!("connecting since {}", time(state.since)),
        Some(problem) => format!("failing since {}: {problem}", time(state.since)),
    }];
    if let Some(at) = state.looked_at {
        let known = match state.unknown {
            0 => "all in the ledger".to_owned(),
            unknown => format!("{unknown} not in the ledger"),
        };
        said.push(format!("{} mails at {}, {known}", state.listed, time(at)));
    }
    if let Some(unfiled) = counts.accounts.get(name).map(|one| one.unfiled)
        && unfiled > 0
    {
        said.push(format!("{unfiled} taken and not filed there"));
    }
    if let Some(last) = observed.arrivals.get(name).and_then(|times| times.last()) {
        said.push(format!("last mail {}", time(*last)));
    }
    if let Some(minutes) = observed.usual_gap(policy, name) {
        said.push(format!("usually one every {minutes} office minutes"));
    }
    said.join(", ")
}
