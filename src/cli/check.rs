//! `guichet check`: what is wrong before it matters. One line each, ✔ or ✘ with the remedy.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitCode;

use chrono::Utc;
use clap::Args;

mod calendar;

use super::finding::{self, Finding};
use super::{CONFIGURATION, Context, FAILED};
use crate::config::{Settings, existing_keys};
use crate::desk::policy::Authentication;
use crate::notification::Templates;
use crate::service::Rules;
use crate::service::knowledge::Knowledge;
use crate::service::visit::{self, Visit};
use crate::store::Store;

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

/// Looks at everything.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (findings, code) = match context.settings() {
        Err(problems) => {
            let findings = problems
                .lines()
                .map(|line| Finding::bad("configuration", line, "correct it there"))
                .collect();
            (findings, CONFIGURATION)
        }
        Ok(settings) => {
            let mut findings = local(&settings);
            super::block_on(async {
                findings.extend(database(&settings).await);
                if !arguments.offline {
                    findings.extend(servers(&settings).await);
                }
                Ok(())
            })?;
            let code = if findings.iter().all(|finding| finding.ok) {
                0
            } else {
                FAILED
            };
            (findings, code)
        }
    };
    finding::print(&findings, arguments.json)?;
    Ok(ExitCode::from(code))
}

/// What can be seen from here: files, folders, rights.
fn local(settings: &Settings) -> Vec<Finding> {
    let policy = &settings.policy;
    let mut findings = vec![
        Finding::good(
            "configuration",
            format!(
                "{}: accounts {}, teams {}, addresses {}, technicians {}",
                settings.file.display(),
                settings.accounts.len(),
                policy.teams.len(),
                policy.addresses.len(),
                policy.technicians.len()
            ),
        ),
        authentication(settings),
    ];
    findings.extend(settings.warnings.iter().map(|warning| {
        let (what, remedy) = warning.split_once(": ").unwrap_or((warning, "mend it"));
        Finding::bad("secret", what, remedy)
    }));
    findings.extend(directory(settings));
    findings.extend(knowledge(settings));
    findings.extend(templates(settings));
    findings.extend(calendar::look(policy, Utc::now()));
    findings.push(key(&settings.key_file));
    findings.push(data_folder(settings));
    findings.push(user());
    findings
}

/// The directory of people: how many, and each row that was left out.
fn directory(settings: &Settings) -> Vec<Finding> {
    let Some(file) = &settings.directory else {
        return Vec::new();
    };
    let people = settings.policy.directory.len();
    let mut findings = vec![Finding::good(
        "directory",
        format!("{}: people {people}", file.path.display()),
    )];
    findings.extend(file.mistakes.iter().map(|mistake| {
        Finding::bad(
            "directory",
            mistake,
            "correct the row there; it is left out",
        )
    }));
    findings
}

/// The articles: how many, each mistake, and how many wait for a review.
fn knowledge(settings: &Settings) -> Vec<Finding> {
    let name = "knowledge";
    let Some(folder) = &settings.knowledge else {
        return Vec::new();
    };
    let knowledge = match Knowledge::load(settings) {
        Ok(knowledge) => knowledge,
        Err(error) => {
            return vec![Finding::bad(name, format!("{error:#}"), "free some memory")];
        }
    };
    let articles = knowledge.library().articles();
    let today = Utc::now()
        .with_timezone(&settings.policy.timezone)
        .date_naive();
    let stale = articles.iter().filter(|article| article.is_stale(today));
    let stale = stale.count();
    let mut findings = vec![Finding::good(
        name,
        format!(
            "{}: articles {}, past their review date {stale}{}",
            folder.display(),
            articles.len(),
            if stale > 0 {
                " (guichet knowledge list --stale)"
            } else {
                ""
            }
        ),
    )];
    findings.extend(
        knowledge
            .problems()
            .iter()
            .map(|problem| Finding::bad(name, problem.to_string(), "correct it there")),
    );
    findings
}

fn authentication(settings: &Settings) -> Finding {
    let name = "authentication";
    match &settings.policy.authentication {
        Authentication::Results {
            authserv_id,
            own_hosts,
            ..
        } => Finding::good(
            name,
            format!(
                "senders are believed by the Authentication-Results of {authserv_id}, {} own hosts",
                own_hosts.len()
            ),
        ),
        Authentication::Dkim { .. } => Finding::good(
            name,
            format!(
                "dkim: senders are believed by their own domain's signature, asked of {}",
                match settings.resolver {
                    Some(resolver) => resolver.to_string(),
                    None => "the system's name servers".to_owned(),
                }
            ),
        ),
        Authentication::None => Finding::good(
            name,
            "none: no sender is ever proven, technicians command by replying to their notifications",
        ),
    }
}

fn templates(settings: &Settings) -> Vec<Finding> {
    let name = "templates";
    match Templates::load(&settings.template_dirs) {
        Ok(templates) => {
            let mut findings: Vec<Finding> = templates
                .teams()
                .filter(|team| settings.policy.team(team).is_none())
                .map(|team| {
                    Finding::bad(
                        name,
                        format!("there are templates for team \"{team}\", which does not exist"),
                        "rename the folder, or add the team",
                    )
                })
                .collect();
            if findings.is_empty() {
                findings.push(Finding::good(
                    name,
                    match settings.template_dirs.len() {
                        0 => "the built-in ones".to_owned(),
                        folders => format!("{folders} folders over the built-in ones"),
                    },
                ));
            }
            findings
        }
        Err(problems) => problems
            .iter()
            .map(|problem| Finding::bad(name, problem.to_string(), "correct the template"))
            .collect(),
    }
}

/// What the database says of itself, and what waits in it.
async fn database(settings: &Settings) -> Vec<Finding> {
    let name = "database";
    if !settings.database().exists() {
        let shown = settings.database().display().to_string();
        return vec![Finding::good(
            name,
            format!("{shown} is made on first start"),
        )];
    }
    let looked = async {
        let store = Store::open_existing(&settings.data_dir)?;
        let mut wrong = store.integrity_check().await?;
        wrong.extend(store.audit().await?);
        anyhow::Ok((wrong, store.counts().await?))
    };
    let (wrong, counts) = match looked.await {
        Ok(looked) => looked,
        Err(error) => {
            return vec![Finding::bad(
                name,
                format!("{error:#}"),
                "run check as the user of the desk; if that is it already, look at the disk",
            )];
        }
    };
    let mut findings: Vec<Finding> = wrong
        .into_iter()
        .map(|wrong| Finding::bad(name, wrong, "stop the desk and restore the backup"))
        .collect();
    let sum = |of: &std::collections::BTreeMap<String, u64>| of.values().sum::<u64>();
    if findings.is_empty() {
        findings.push(Finding::good(
            name,
            format!(
                "sound, {} tickets, {} mails, {} notifications",
                sum(&counts.tickets),
                sum(&counts.inbox),
                sum(&counts.outbox)
            ),
        ));
    }
    let of = |states: &std::collections::BTreeMap<String, u64>, state: &str| {
        states.get(state).copied().unwrap_or_default()
    };
    let failed = of(&counts.outbox, "failed") + of(&counts.outbox, "given-up");
    if failed > 0 {
        findings.push(Finding::bad(
            "outbox",
            format!("{failed} notifications could not be delivered"),
            "guichet outbox list --state failed,given-up",
        ));
    }
    if counts.kept > 0 {
        findings.push(Finding::good(
            "notices",
            format!(
                "{} notices wait for their time: guichet outbox waiting",
                counts.kept
            ),
        ));
    }
    let quarantined = of(&counts.inbox, "quarantined");
    if quarantined > 0 {
        findings.push(Finding::good(
            "inbox",
            format!("{quarantined} mails in quarantine: guichet inbox list"),
        ));
    }
    for (account, counts) in &counts.accounts {
        if counts.left > 0 {
            findings.push(Finding::good(
                &format!("account {account}"),
                format!(
                    "{} mails older than first_start_age were left alone",
                    counts.left
                ),
            ));
        }
    }
    findings
}

/// Every server is visited, all at once: one that does not answer holds up no other.
async fn servers(settings: &Settings) -> Vec<Finding> {
    let now = Utc::now();
    let accounts = settings.accounts.iter().map(|account| async move {
        let name = format!("account {}", account.name);
        of_visit(&name, visit::visit_account(account, now).await)
    });
    let names = async { names(settings).await };
    let outlet = async { of_visit("smtp", visit::visit_outlet(&settings.outlet).await) };
    let (mut findings, outlet, names) =
        futures_util::future::join3(futures_util::future::join_all(accounts), outlet, names).await;
    findings.push(outlet);
    findings.extend(names);
    findings
}

/// Mode `dkim` is worth nothing without a name server.
async fn names(settings: &Settings) -> Option<Finding> {
    let name = "resolver";
    let asked = async {
        match Rules::names(settings)? {
            Some(names) => names.probe().await.map(|()| true),
            None => Ok(false),
        }
    };
    match asked.await {
        Ok(false) => None,
        Ok(true) => Some(Finding::good(name, "a name server answers")),
        Err(error) => Some(Finding::bad(
            name,
            format!("{error:#}"),
            "set authentication.resolver to a name server that this machine may ask; until then mails wait for two hours, then their senders are unknown",
        )),
    }
}

fn of_visit(name: &str, visit: Visit) -> Finding {
    match visit.remedy {
        None => Finding::good(name, visit.detail),
        Some(remedy) => Finding::bad(name, visit.detail, remedy),
    }
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
    // Said, not counted as wrong: an operator looks as root, and a container knows nobody else.
    if rustix::process::geteuid().is_root() {
        Finding::good(name, "this is root: the desk itself needs no such rights")
    } else {
        Finding::good(name, format!("uid {}", rustix::process::geteuid().as_raw()))
    }
}
