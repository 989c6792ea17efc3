//! `guichet ticket`: look at tickets, and act on them as the operator. Every change goes through
//! `decide`, like a mail or a button.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::Utc;
use clap::{Args, Subcommand, ValueEnum};

use super::{Context, FAILED, Usage, json, print};
use crate::config::Settings;
use crate::desk::urgency::Claims;
use crate::desk::{Action, Deed, Input, Policy};
use crate::mail::Address;
use crate::service::{Rules, conclude};
use crate::store::{Settled, Store, TicketFilter};
use crate::ticket::{Actor, Event, Role, Status, Ticket, TicketId};

/// Look at tickets and act on them
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet ticket list --status open,waiting --team dsi\n  guichet ticket show DSI-1042\n  guichet ticket resolve DSI-1042 --message \"C'est réparé.\"\n  guichet ticket list --json | jq -r '.[].reference'"
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
    /// Add an internal note
    Note(Note),
    /// Give the ticket to a technician, and tell the requester
    Assign(Assign),
    /// Resolve the ticket, and tell the requester
    Resolve(Say),
    /// Close the ticket, and tell the requester
    Close(Say),
    /// Open the ticket again, and tell the requester
    Reopen(Say),
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

#[derive(Debug, Args)]
struct Note {
    /// Reference or number
    reference: String,
    /// The note; - reads it from standard input
    text: String,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
struct Assign {
    /// Reference or number
    reference: String,
    /// Technician of the configuration, by name or address
    technician: String,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
struct Say {
    /// Reference or number
    reference: String,
    /// What to tell the requester; - reads it from standard input
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
struct By {
    /// In whose name: a technician of the configuration, or any name [default: the operator]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print the ticket as JSON afterwards, as `show` does
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
                self::show(&settings, &store, &ticket, show.json).await
            }
            What::Search(search) => self::search(&settings, &store, search).await,
            What::Note(note) => {
                let deed = Deed::Note(given(&note.text)?);
                act(&settings, &store, &note.reference, deed, &note.by).await
            }
            What::Assign(assign) => {
                let technician = technician(&settings.policy, &assign.technician)?;
                let deed = Deed::Assign(technician);
                act(&settings, &store, &assign.reference, deed, &assign.by).await
            }
            What::Resolve(say) => {
                let deed = Deed::Resolve(say.text()?);
                act(&settings, &store, &say.reference, deed, &say.by).await
            }
            What::Close(say) => {
                let deed = Deed::Close(say.text()?);
                act(&settings, &store, &say.reference, deed, &say.by).await
            }
            What::Reopen(say) => {
                let deed = Deed::Reopen(say.text()?);
                act(&settings, &store, &say.reference, deed, &say.by).await
            }
        }
    })
}

impl Say {
    fn text(&self) -> anyhow::Result<Option<String>> {
        self.message.as_deref().map(given).transpose()
    }
}

async fn list(settings: &Settings, store: &Store, list: &List) -> anyhow::Result<ExitCode> {
    if let Some(team) = &list.team
        && settings.policy.team(team).is_none()
    {
        return Err(Usage(format!("no team \"{team}\" in the configuration")).into());
    }
    let technician = match &list.technician {
        Some(who) => Some(technician(&settings.policy, who)?),
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
                    .map_or("-".to_owned(), |technician| name(technician).to_owned()),
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

async fn show(
    settings: &Settings,
    store: &Store,
    ticket: &Ticket,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let zone = settings.policy.timezone;
    let events: Vec<Event> = store
        .events(ticket.id)
        .await?
        .into_iter()
        .map(|(_, event)| event)
        .collect();
    let mut linked = Vec::new();
    for id in &ticket.linked {
        if let Some(other) = store.ticket(*id).await? {
            linked.push(other.reference.to_string());
        }
    }
    let requester = ticket.requester().map(|person| person.who.address.clone());
    let directory = &settings.policy.directory;
    let addresses = directory.addresses_of(&requester.unwrap_or_default());
    let claims = store
        .claims(addresses.into_iter().collect(), Utc::now())
        .await?;
    if as_json {
        print::json(&json::Whole::of(ticket, &linked, &events, claims, zone))?;
    } else {
        print::text(&whole(ticket, &linked, &events, claims, zone))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A ticket for people to read.
fn whole(
    ticket: &Ticket,
    linked: &[String],
    events: &[Event],
    claims: Claims,
    zone: chrono_tz::Tz,
) -> String {
    let mut out = format!("[{}] {}\n\n", ticket.reference, ticket.title);
    let mut line = |label: &str, value: String| {
        out.push_str(&format!("{label:<12}{value}\n"));
    };
    line(
        "status",
        format!(
            "{}{} since {}",
            ticket.status.as_str(),
            match ticket.status {
                Status::Waiting { of } => format!(" for the {}", of.as_str()),
                Status::Open | Status::Paused { .. } | Status::Resolved | Status::Closed => {
                    String::new()
                }
            },
            print::time(ticket.status_since, zone)
        ),
    );
    if let Some(at) = ticket.due_at() {
        let label = match ticket.status {
            Status::Paused { .. } => "wakes up",
            Status::Waiting { .. } => "reminder",
            Status::Open | Status::Resolved | Status::Closed => "closes",
        };
        line(label, print::time(at, zone));
    }
    if let Some(marks) = ticket.marks {
        let marks = format!("speed {}, answers {} (of 5)", marks.speed, marks.answers);
        line("rating", marks);
    }
    for (label, count) in [
        ("reopened", ticket.reopened),
        ("refused", ticket.refusals),
        ("complements", ticket.complements),
        ("thanks", ticket.thanks),
    ] {
        if count > 0 {
            line(label, count.to_string());
        }
    }
    if ticket.accepted {
        line("accepted", "by the requester".to_owned());
    }
    line(
        "urgency",
        format!(
            "{} (priority {})",
            ticket.urgency.as_str(),
            ticket.priority.as_str()
        ),
    );
    if claims.claimed > 0 {
        line("requester", claims.sentence("en"));
    }
    line(
        "about",
        match &ticket.category {
            Some(category) => format!("{}, {category}", ticket.nature.as_str()),
            None => ticket.nature.as_str().to_owned(),
        },
    );
    line("team", ticket.team.clone());
    if !ticket.observing_teams.is_empty() {
        line("observing", ticket.observing_teams.join(", "));
    }
    if let Some(technician) = &ticket.technician {
        line("technician", both(technician));
    }
    for person in &ticket.people {
        let part = format!("{:?}", person.part).to_lowercase();
        line(&part, both(&person.who));
    }
    line("created", print::time(ticket.created_at, zone));
    if !linked.is_empty() {
        line("linked", linked.join(", "));
    }
    for why in &ticket.why {
        line("why", why.clone());
    }
    for event in events {
        let who = match &event.actor.who {
            Some(who) => format!("{} ({})", name(who), event.actor.role.as_str()),
            None => event.actor.role.as_str().to_owned(),
        };
        let hidden = if event.public { "" } else { ", internal" };
        out.push_str(&format!(
            "\n{}  {}  {who}{hidden}\n",
            print::time(event.at, zone),
            event.what.kind(),
        ));
        for line in json::words(&event.what)
            .iter()
            .flat_map(|text| text.lines())
        {
            out.push_str(&format!("    {line}\n"));
        }
        for file in event.what.files() {
            out.push_str(&format!(
                "    + {} ({}, {} bytes)\n",
                file.attachment.name.as_deref().unwrap_or("unnamed"),
                file.attachment.content_type,
                file.attachment.size
            ));
        }
    }
    print::harmless(&out)
}

async fn act(
    settings: &Settings,
    store: &Store,
    reference: &str,
    deed: Deed,
    by: &By,
) -> anyhow::Result<ExitCode> {
    let ticket = find(store, reference).await?;
    let actor = Actor {
        role: Role::Operator,
        who: by.by.as_ref().map(|name| {
            settings
                .policy
                .technicians
                .iter()
                .find(|technician| technician.name == *name || technician.has_address(name))
                .map_or_else(
                    || Address {
                        name: Some(name.clone()),
                        address: String::new(),
                    },
                    |technician| technician.who(),
                )
        }),
    };
    let rules = Arc::new(Rules::load(settings)?);
    let input = Input::Action(Action {
        ticket: ticket.id,
        actor,
        what: deed,
    });
    let now = Utc::now();
    let settled = store
        .settle(vec![input], now, move |input, lookup| {
            conclude(&rules, input, lookup, now)
        })
        .await?
        .into_iter()
        .next()
        .context("the store gave no answer")??;
    let Settled::Done(settlement) = settled else {
        anyhow::bail!("it was done before");
    };
    if settlement.decision.changed.is_empty() {
        eprintln!("guichet: {}: {}", ticket.reference, settlement.decision.why);
        return Ok(ExitCode::from(FAILED));
    }
    let ticket = find(store, reference).await?;
    if by.json {
        return show(settings, store, &ticket, true).await;
    }
    print::text(&format!(
        "{}: {}\n",
        ticket.reference,
        ticket.status.as_str()
    ))?;
    for notice in &settlement.decision.notices {
        let line = format!("  {} to {}\n", notice.kind.as_str(), notice.to.address);
        print::text(&print::harmless(&line))?;
    }
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

/// The registered address of a technician given by name or address.
fn technician(policy: &Policy, who: &str) -> anyhow::Result<String> {
    let folded = who.trim().to_lowercase();
    let found = policy
        .technicians
        .iter()
        .find(|technician| {
            technician.has_address(&folded) || technician.name.to_lowercase() == folded
        })
        .and_then(|technician| technician.addresses.first());
    match found {
        Some(address) => Ok(address.clone()),
        None => {
            let names = policy.technicians.iter().map(|other| other.name.as_str());
            let hint = crate::config::problem::did_you_mean(who, names);
            Err(Usage(format!(
                "no technician \"{who}\" in the configuration{hint}"
            ))
            .into())
        }
    }
}

/// The text itself, or what standard input holds.
fn given(text: &str) -> anyhow::Result<String> {
    let text = if text == "-" {
        let mut text = String::new();
        std::io::stdin()
            .lock()
            .read_to_string(&mut text)
            .context("reading the text")?;
        text
    } else {
        text.to_owned()
    };
    let text = text.trim_end();
    if text.trim().is_empty() {
        return Err(Usage("the text is empty".to_owned()).into());
    }
    Ok(text.to_owned())
}

fn name(who: &Address) -> &str {
    who.name.as_deref().unwrap_or(&who.address)
}

fn both(who: &Address) -> String {
    match &who.name {
        Some(name) if !who.address.is_empty() => format!("{name} <{}>", who.address),
        Some(name) => name.clone(),
        None => who.address.clone(),
    }
}
