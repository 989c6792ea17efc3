//! `guichet outbox`: notifications on their way, and those that did not get there.

use std::collections::BTreeMap;
use std::process::ExitCode;

use chrono::Utc;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Context, FAILED, Usage, print, ticket};
use crate::store::{OutboxId, OutboxRow, OutboxState, Store};
use crate::ticket::TicketId;

/// Look at notifications, send failed ones again
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet outbox list --state failed,given-up\n  guichet outbox list --ticket DSI-1042 --json\n  guichet outbox waiting\n  guichet outbox retry 17 18\n  guichet outbox retry --failed\n  guichet outbox release --all"
)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List notifications, oldest first
    List(List),
    /// List notices that were decided and wait: over [limits], for office hours, or to be taken back
    Waiting(Waiting),
    /// Send notifications again that failed or were given up, or wait for their next attempt
    Retry(Retry),
    /// Send notifications that are held since a copy of the database was put back
    Release(Held),
    /// Give up notifications that are held: they left before, or are no longer wanted
    Discard(Held),
}

#[derive(Debug, Args)]
struct List {
    /// Only these: queued, sending, uncertain, held, sent, failed, given-up
    #[arg(long, value_delimiter = ',', value_name = "STATE", value_parser = state)]
    state: Vec<OutboxState>,
    /// Only those of this ticket
    #[arg(long, value_name = "REFERENCE")]
    ticket: Option<String>,
    /// Only the latest so many; 0 is all
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Waiting {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Retry {
    /// Their numbers
    #[arg(required_unless_present = "failed", value_name = "NUMBER")]
    ids: Vec<i64>,
    /// All that failed or were given up
    #[arg(long, conflicts_with = "ids")]
    failed: bool,
}

#[derive(Debug, Args)]
struct Held {
    /// Their numbers
    #[arg(required_unless_present = "all", value_name = "NUMBER")]
    ids: Vec<i64>,
    /// All that are held
    #[arg(long, conflicts_with = "ids")]
    all: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    id: i64,
    ticket: Option<String>,
    kind: String,
    from: String,
    to: String,
    message_id: String,
    state: &'static str,
    attempts: u32,
    uncertain: u32,
    size: u64,
    created_at: String,
    next_at: Option<String>,
    sent_at: Option<String>,
    answer: Option<String>,
}

/// Does what was asked.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    super::block_on(async {
        let store = Store::open_existing(&settings.data_dir)?;
        match &arguments.what {
            What::List(list) => self::list(&store, settings.policy.timezone, list).await,
            What::Waiting(arguments) => waiting(&store, settings.policy.timezone, arguments).await,
            What::Retry(retry) => self::retry(&store, retry).await,
            What::Release(held) => {
                let ids = self::held(&store, held).await?;
                store.outbox_release(ids.clone(), Utc::now()).await?;
                say(&ids, "leaves now")
            }
            What::Discard(held) => {
                let ids = self::held(&store, held).await?;
                store.outbox_discard(ids.clone()).await?;
                say(&ids, "is given up")
            }
        }
    })
}

async fn list(store: &Store, zone: crate::zone::Zone, list: &List) -> anyhow::Result<ExitCode> {
    let ticket = match &list.ticket {
        Some(reference) => Some(ticket::find(store, reference).await?.id),
        None => None,
    };
    let rows = rows(store, &list.state, ticket, list.limit).await?;
    let mut references = References::default();
    let mut out = Vec::new();
    for row in rows {
        let over = matches!(
            row.state,
            OutboxState::Sent | OutboxState::Failed | OutboxState::GivenUp
        );
        out.push(Row {
            id: row.id.0,
            ticket: references.of(store, row.ticket).await?,
            kind: row.kind,
            from: row.from,
            to: row.to,
            message_id: row.message_id,
            state: row.state.as_str(),
            attempts: row.attempts,
            uncertain: row.uncertain,
            size: row.size,
            created_at: print::rfc3339(row.created_at, zone),
            next_at: (!over).then(|| print::rfc3339(row.next_at, zone)),
            sent_at: row.sent_at.map(|at| print::rfc3339(at, zone)),
            answer: Some(row.answer).filter(|answer| !answer.is_empty()),
        });
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
                row.ticket.unwrap_or_else(|| "-".to_owned()),
                row.kind,
                row.to,
                row.attempts.to_string(),
                row.next_at
                    .or(row.sent_at)
                    .unwrap_or_else(|| "-".to_owned()),
                row.answer.unwrap_or_default(),
            ]
        })
        .collect();
    let head = [
        "NUMBER",
        "STATE",
        "TICKET",
        "KIND",
        "TO",
        "TRIED",
        "NEXT/SENT",
        "ANSWER",
    ];
    print::text(&print::columns(&head, &rows))?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Serialize)]
struct WaitingRow {
    notice: i64,
    ticket: Option<String>,
    kind: String,
    to: String,
    due_at: String,
    why: &'static str,
}

async fn waiting(
    store: &Store,
    zone: crate::zone::Zone,
    arguments: &Waiting,
) -> anyhow::Result<ExitCode> {
    let mut references = References::default();
    let mut out = Vec::new();
    for row in store.kept_notices().await? {
        out.push(WaitingRow {
            notice: row.notice.0,
            ticket: references.of(store, row.ticket).await?,
            kind: row.kind,
            to: row.to,
            due_at: print::rfc3339(row.due_at, zone),
            why: if row.over_limit { "limits" } else { "later" },
        });
    }
    if arguments.json {
        print::json(&out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = out
        .into_iter()
        .map(|row| {
            let ticket = row.ticket.unwrap_or_else(|| "-".to_owned());
            let why = row.why.to_owned();
            vec![
                row.notice.to_string(),
                ticket,
                row.kind,
                row.to,
                row.due_at,
                why,
            ]
        })
        .collect();
    let head = ["NOTICE", "TICKET", "KIND", "TO", "DUE", "WHY"];
    print::text(&print::columns(&head, &rows))?;
    Ok(ExitCode::SUCCESS)
}

async fn retry(store: &Store, retry: &Retry) -> anyhow::Result<ExitCode> {
    let ids: Vec<OutboxId> = if retry.failed {
        let states = [OutboxState::Failed, OutboxState::GivenUp];
        let rows = rows(store, &states, None, 0).await?;
        rows.into_iter().map(|row| row.id).collect()
    } else {
        retry.ids.iter().copied().map(OutboxId).collect()
    };
    let mut code = ExitCode::SUCCESS;
    for id in ids {
        match store.outbox_retry(id, Utc::now()).await {
            Ok(()) => print::text(&format!("{}: is sent again\n", id.0))?,
            Err(error) => {
                eprintln!("guichet: {}: {error:#}", id.0);
                code = ExitCode::from(FAILED);
            }
        }
    }
    Ok(code)
}

async fn held(store: &Store, held: &Held) -> anyhow::Result<Vec<OutboxId>> {
    if held.all {
        let rows = rows(store, &[OutboxState::Held], None, 0).await?;
        return Ok(rows.into_iter().map(|row| row.id).collect());
    }
    Ok(held.ids.iter().copied().map(OutboxId).collect())
}

fn say(ids: &[OutboxId], what: &str) -> anyhow::Result<ExitCode> {
    let lines: String = ids.iter().map(|id| format!("{id}: {what}\n")).collect();
    print::text(&lines)?;
    Ok(ExitCode::SUCCESS)
}

/// The rows in these states (all without any), oldest first.
async fn rows(
    store: &Store,
    states: &[OutboxState],
    ticket: Option<TicketId>,
    limit: usize,
) -> anyhow::Result<Vec<OutboxRow>> {
    let mut rows = match states {
        [] => store.outbox_list(None, ticket, limit).await?,
        states => {
            let mut rows = Vec::new();
            for state in states {
                rows.extend(store.outbox_list(Some(*state), ticket, limit).await?);
            }
            rows
        }
    };
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// References of tickets, each looked up once.
#[derive(Debug, Default)]
pub struct References(BTreeMap<TicketId, Option<String>>);

impl References {
    /// The reference of a ticket.
    pub async fn of(
        &mut self,
        store: &Store,
        ticket: Option<TicketId>,
    ) -> anyhow::Result<Option<String>> {
        let Some(id) = ticket else { return Ok(None) };
        if let Some(known) = self.0.get(&id) {
            return Ok(known.clone());
        }
        let reference = store
            .ticket(id)
            .await?
            .map(|ticket| ticket.reference.to_string());
        self.0.insert(id, reference.clone());
        Ok(reference)
    }
}

fn state(token: &str) -> Result<OutboxState, Usage> {
    OutboxState::parse(token).ok_or_else(|| {
        let all: Vec<_> = OutboxState::ALL
            .iter()
            .map(|state| state.as_str())
            .collect();
        Usage(format!("one of {} is expected", all.join(", ")))
    })
}
