//! `guichet inbox`: mails that became no ticket, and every other one. Nothing that came is ever
//! deleted here.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::json::Person;
use super::outbox::References;
use super::{Context, FAILED, Usage, print};
use crate::mail;
use crate::store::{InboxRow, InboxState, Store};
use crate::ticket::InboxId;

/// Look at mails that became no ticket, let them through
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet inbox list\n  guichet inbox list --state all --json\n  guichet inbox show 12\n  guichet inbox show 12 --raw > mail.eml\n  guichet inbox release 12"
)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List mails, oldest first: those ignored or in quarantine, unless told otherwise
    List(List),
    /// Show one mail: where it came from and what became of it
    Show(Show),
    /// Process mails in quarantine, or that keep failing, once more
    Retry(Ids),
    /// Process ignored mails or mails in quarantine as those of a person
    Release(Ids),
}

#[derive(Debug, Args)]
struct List {
    /// Only these: new, filed, duplicate, ignored, quarantined, or all
    #[arg(long, value_delimiter = ',', value_name = "STATE", value_parser = state,
          default_value = "ignored,quarantined")]
    state: Vec<Wanted>,
    /// Only the latest so many of each state; 0 is all
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    One(InboxState),
    All,
}

#[derive(Debug, Args)]
struct Show {
    /// Its number
    id: i64,
    /// Print the raw message itself
    #[arg(long, conflicts_with = "json")]
    raw: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Ids {
    /// Their numbers
    #[arg(required = true, value_name = "NUMBER")]
    ids: Vec<i64>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: i64,
    account: String,
    origin: String,
    from: Person,
    subject: Option<String>,
    recipient: Option<String>,
    sender: Option<String>,
    received_at: String,
    size: u64,
    oversize: Option<u64>,
    digest: String,
    state: &'static str,
    attempts: u32,
    released: bool,
    authenticity: Option<String>,
    ticket: Option<String>,
    duplicate_of: Option<i64>,
    why: Option<String>,
    error: Option<String>,
}

/// Does what was asked.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    let zone = settings.policy.timezone;
    super::block_on(async {
        let store = Store::open_existing(&settings.data_dir)?;
        match &arguments.what {
            What::List(list) => self::list(&store, zone, list).await,
            What::Show(show) => self::show(&store, zone, show).await,
            What::Retry(ids) => {
                let mut code = ExitCode::SUCCESS;
                for id in &ids.ids {
                    let done = store.inbox_retry(InboxId(*id)).await;
                    code = said(*id, done, "is processed again", code)?;
                }
                Ok(code)
            }
            What::Release(ids) => {
                let mut code = ExitCode::SUCCESS;
                for id in &ids.ids {
                    let done = store.inbox_release(InboxId(*id)).await;
                    code = said(*id, done, "is processed as a person's mail", code)?;
                }
                Ok(code)
            }
        }
    })
}

async fn list(store: &Store, zone: crate::zone::Zone, list: &List) -> anyhow::Result<ExitCode> {
    let mut rows = Vec::new();
    if list.state.contains(&Wanted::All) {
        rows = store.inbox_list(None, list.limit).await?;
    } else {
        for wanted in &list.state {
            if let Wanted::One(state) = wanted {
                rows.extend(store.inbox_list(Some(*state), list.limit).await?);
            }
        }
    }
    rows.sort_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
    let mut references = References::default();
    let mut out = Vec::new();
    for row in rows {
        out.push(whole(store, &mut references, zone, row).await?);
    }
    if list.json {
        print::json(&out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = out
        .into_iter()
        .map(|row| {
            vec![
                row.id.to_string(),
                row.state.to_owned(),
                row.account,
                row.received_at,
                row.from.shown(),
                row.subject.unwrap_or_else(|| "-".to_owned()),
                row.error.or(row.why).unwrap_or_default(),
            ]
        })
        .collect();
    let head = [
        "NUMBER", "STATE", "ACCOUNT", "RECEIVED", "FROM", "SUBJECT", "WHY",
    ];
    print::text(&print::columns(&head, &rows))?;
    Ok(ExitCode::SUCCESS)
}

async fn show(store: &Store, zone: crate::zone::Zone, show: &Show) -> anyhow::Result<ExitCode> {
    let id = InboxId(show.id);
    let row = store
        .inbox_show(id)
        .await?
        .with_context(|| format!("there is no mail {id}"))?;
    if show.raw {
        let raw = store.raw(id).await?;
        print::bytes(&raw.with_context(|| format!("the bytes of mail {id} are missing"))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = whole(store, &mut References::default(), zone, row).await?;
    if show.json {
        print::json(&row)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = store
        .raw(id)
        .await?
        .map(|raw| mail::read(&raw).text)
        .unwrap_or_default();
    let mut out = String::new();
    let mut line = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            out.push_str(&format!("{label:<14}{value}\n"));
        }
    };
    line("number", Some(row.id.to_string()));
    line("state", Some(row.state.to_owned()));
    line("why", row.why);
    line("error", row.error);
    line("ticket", row.ticket);
    line("duplicate of", row.duplicate_of.map(|id| id.to_string()));
    line("account", Some(format!("{} ({})", row.account, row.origin)));
    line("received", Some(row.received_at));
    line("from", Some(row.from.shown()));
    line("sender", row.sender);
    line("recipient", row.recipient);
    line("authenticity", row.authenticity);
    line("size", Some(format!("{} bytes", row.size)));
    line(
        "on server",
        row.oversize.map(|size| format!("{size} bytes")),
    );
    line("subject", row.subject);
    out.push_str(&format!("\n{}\n", text.trim_end()));
    print::text(&print::harmless(&out))?;
    Ok(ExitCode::SUCCESS)
}

async fn whole(
    store: &Store,
    references: &mut References,
    zone: crate::zone::Zone,
    row: InboxRow,
) -> anyhow::Result<Row> {
    // Bytes that are missing make a row without author and subject, not an error: the row is what
    // an operator needs to see then.
    let read = store.raw(row.id).await.ok().flatten();
    let read = read.map(|raw| mail::read(&raw));
    Ok(Row {
        id: row.id.0,
        account: row.account,
        origin: row.origin,
        from: Person::of(read.as_ref().and_then(mail::Mail::sender)),
        subject: read.and_then(|mail| mail.subject),
        recipient: row.recipient,
        sender: row.sender,
        received_at: print::rfc3339(row.received_at, zone),
        size: row.size,
        oversize: row.oversize,
        digest: row.digest.to_string(),
        state: row.state.as_str(),
        attempts: row.attempts,
        released: row.released,
        authenticity: row.authenticity,
        ticket: references.of(store, row.ticket).await?,
        duplicate_of: row.duplicate_of.map(|id| id.0),
        why: Some(row.why).filter(|why| !why.is_empty()),
        error: Some(row.error).filter(|error| !error.is_empty()),
    })
}

fn said(id: i64, done: anyhow::Result<()>, what: &str, code: ExitCode) -> anyhow::Result<ExitCode> {
    match done {
        Ok(()) => {
            print::text(&format!("{id}: {what}\n"))?;
            Ok(code)
        }
        Err(error) => {
            eprintln!("guichet: {id}: {error:#}");
            Ok(ExitCode::from(FAILED))
        }
    }
}

fn state(token: &str) -> Result<Wanted, Usage> {
    if token == "all" {
        return Ok(Wanted::All);
    }
    InboxState::parse(token).map(Wanted::One).ok_or_else(|| {
        let all: Vec<_> = InboxState::ALL.iter().map(|state| state.as_str()).collect();
        Usage(format!("one of {} or all is expected", all.join(", ")))
    })
}
