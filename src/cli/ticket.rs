//! `guichet ticket`: look at tickets, and act on them as the operator.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};

use super::{Context, Usage, json, print};
use crate::config::Settings;
use crate::store::{Store, TicketFilter};
use crate::ticket::{Ticket, TicketId};

pub mod act;
mod show;

/// Look at tickets and act on them
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet ticket list --status open,waiting --team dsi\n  guichet ticket show DSI-1042\n  guichet ticket resolve DSI-1042 --message \"C'est réparé.\"\n  guichet ticket pause DSI-1042 --until 2026-12-04\n  guichet ticket refuse DSI-1042 --message \"Toujours en panne\" --by \"Camille Martin\"\n  guichet ticket list --json | jq -r '.[].reference'"
)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List tickets, oldest first
    List(List),
    /// Show one ticket with its timeline
    Show(Show),
    /// Find tickets that hold all the words, oldest first
    Search(Search),
    #[command(flatten)]
    Act(act::Act),
}

#[derive(Debug, Args)]
struct List {
    /// Only these statuses
    #[arg(long, value_delimiter = ',', value_name = "STATUS")]
    status: Vec<StatusName>,
    /// Only this team
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// Only this technician's, by name or address
    #[arg(long, value_name = "WHO")]
    technician: Option<String>,
    /// Only those opened by this address
    #[arg(long, value_name = "ADDRESS")]
    requester: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StatusName {
    Open,
    Waiting,
    Paused,
    Resolved,
    Closed,
}

#[derive(Debug, Args)]
struct Show {
    /// Reference or number: DSI-1042, 1042
    reference: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Search {
    /// What to look for: each word, or its beginning, wherever in the ticket
    #[arg(required = true)]
    words: Vec<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_name = "NUMBER")]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    super::block_on(async {
        let store = Store::open_existing(&settings.data_dir)?;
        match &arguments.what {
            What::List(list) => self::list(&settings, &store, list).await,
            What::Show(show) => {
                let ticket = find(&store, &show.reference).await?;
                show::show(&settings, &store, &ticket, show.json).await
            }
            What::Search(search) => self::search(&settings, &store, search).await,
            What::Act(act) => act.run(&settings, &store).await,
        }
    })
}

async fn list(settings: &Settings, store: &Store, list: &List) -> anyhow::Result<ExitCode> {
    if let Some(team) = &list.team
        && settings.policy.team(team).is_none()
    {
        return Err(Usage(format!("no team \"{team}\" in the configuration")).into());
    }
    let technician = match &list.technician {
        Some(who) => Some(act::technician(&settings.policy, who)?),
        None => None,
    };
    let filter = TicketFilter {
        team: list.team.clone(),
        technician,
        requester: list.requester.clone(),
        ..TicketFilter::default()
    };
    let mut tickets = store.tickets(filter).await?;
    if !list.status.is_empty() {
        tickets.retain(|ticket| {
            list.status
                .iter()
                .filter_map(ValueEnum::to_possible_value)
                .any(|status| status.get_name() == ticket.status.as_str())
        });
    }
    print_tickets(settings, tickets, list.json)
}

async fn search(settings: &Settings, store: &Store, search: &Search) -> anyhow::Result<ExitCode> {
    let tickets = store.search(&search.words.join(" "), search.limit).await?;
    print_tickets(settings, tickets, search.json)
}

fn print_tickets(
    settings: &Settings,
    mut tickets: Vec<Ticket>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    tickets.sort_by_key(|ticket| (ticket.created_at, ticket.id));
    let zone = settings.policy.timezone;
    if as_json {
        let tickets: Vec<_> = tickets
            .iter()
            .map(|ticket| json::Ticket::of(ticket, zone))
            .collect();
        print::json(&tickets)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = tickets
        .iter()
        .map(|ticket| {
            vec![
                ticket.reference.to_string(),
                ticket.status.as_str().to_owned(),
                ticket.urgency.as_str().to_owned(),
                ticket.team.clone(),
                ticket
                    .technician
                    .as_ref()
                    .map_or("-".to_owned(), |technician| {
                        show::name(technician).to_owned()
                    }),
                print::time(ticket.updated_at, zone),
                ticket.title.clone(),
            ]
        })
        .collect();
    let head = [
        "REFERENCE",
        "STATUS",
        "URGENCY",
        "TEAM",
        "TECHNICIAN",
        "UPDATED",
        "SUBJECT",
    ];
    print::text(&print::columns(&head, &rows))?;
    Ok(ExitCode::SUCCESS)
}

/// The ticket that a reference means; its number counts, whatever team it is with now.
pub async fn find(store: &Store, reference: &str) -> anyhow::Result<Ticket> {
    let plain = reference.trim().trim_matches(['[', ']', '#']);
    let number = plain.rsplit('-').next().unwrap_or(plain);
    let id: i64 = number.parse().map_err(|_| {
        Usage(format!(
            "\"{reference}\" is not a reference, as in DSI-1042"
        ))
    })?;
    store
        .ticket(TicketId(id))
        .await?
        .with_context(|| format!("there is no ticket {reference}"))
}
