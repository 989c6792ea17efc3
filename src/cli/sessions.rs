//! `guichet sessions`: browsers in which technicians are signed in.

use std::process::ExitCode;

use chrono::Utc;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Context, FAILED, Usage, print};
use crate::store::{Revoked, Session, SessionId, Store};

/// Look at technicians' sessions in browsers, end them
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet sessions list\n  guichet sessions revoke 17\n  guichet sessions revoke --technician camille.martin@example.org\n  guichet sessions revoke --all"
)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List sessions, the latest first
    List(List),
    /// End sessions; links to sign in that were not used yet end with them
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct List {
    /// Those that are over as well
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Revoke {
    /// Its number
    #[arg(value_name = "NUMBER")]
    id: Option<i64>,
    /// All of this technician, by address
    #[arg(long, value_name = "ADDRESS")]
    technician: Option<String>,
    /// All
    #[arg(long)]
    all: bool,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    technician: String,
    open: bool,
    since: String,
    last_used: String,
    until: String,
}

/// Does what was asked.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    let policy = &settings.policy;
    let now = Utc::now();
    super::block_on(async {
        let store = Store::open_existing(&settings.data_dir)?;
        match &arguments.what {
            What::List(list) => {
                let sessions = store.sessions(list.all, now).await?;
                let row = |session: &Session| Row {
                    id: session.id.0,
                    technician: session.address.clone(),
                    // Who left the configuration gets in no more.
                    open: session.is_open(now) && policy.technician(&session.address).is_some(),
                    since: print::time(session.created_at, policy.timezone),
                    last_used: print::time(session.seen_at, policy.timezone),
                    until: print::time(session.until, policy.timezone),
                };
                let rows: Vec<Row> = sessions.iter().map(row).collect();
                if list.json {
                    print::json(&rows)?;
                } else {
                    print::text(&columns(&rows))?;
                }
                Ok(ExitCode::SUCCESS)
            }
            What::Revoke(revoke) => {
                let which = revoke.which(|address| {
                    let technician = policy.technician(address);
                    technician.map(|technician| technician.who().key())
                })?;
                let ended = store.end_sessions(which, now).await?;
                print::text(&format!("{ended} ended\n"))?;
                let missing = revoke.id.is_some() && ended == 0;
                Ok(ExitCode::from(if missing { FAILED } else { 0 }))
            }
        }
    })
}

impl Revoke {
    fn which(&self, registered: impl Fn(&str) -> Option<String>) -> Result<Revoked, Usage> {
        match (self.id, &self.technician) {
            (Some(id), _) => Ok(Revoked::Session(SessionId(id))),
            // One who left the configuration may still have some.
            (None, Some(address)) if address.contains('@') => Ok(Revoked::Technician(
                registered(address).unwrap_or_else(|| address.clone()),
            )),
            (None, Some(address)) => Err(Usage(format!("\"{address}\" is not an address"))),
            (None, None) => Ok(Revoked::Everybody),
        }
    }
}

fn columns(rows: &[Row]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.id.to_string(),
                row.technician.clone(),
                if row.open { "open" } else { "over" }.to_owned(),
                row.since.clone(),
                row.last_used.clone(),
                row.until.clone(),
            ]
        })
        .collect();
    let head = ["ID", "TECHNICIAN", "STATE", "SINCE", "LAST USED", "UNTIL"];
    print::columns(&head, &rows)
}
