//! `guichet links`: the links to their requests that people were sent by mail.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::ticket::act::decide;
use super::{Context, FAILED, Usage, print};
use crate::desk::{Action, Deed, Input};
use crate::service::Rules;
use crate::store::Store;
use crate::ticket::{Actor, Part, Role, Ticket};

/// Tickets looked up at once.
const AT_ONCE: usize = 100;

/// End the links to requests that somebody was sent
///
/// After a mailbox was stolen, or a mail with its link was passed around. Whoever the requests are of
/// gets a new link with the next mail about them, or by asking on the page.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet links revoke marie.durand@example.org\n  guichet links revoke marie.durand@example.org --ticket DSI-1042"
)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// End the links that were sent to an address: those to its requests, and to the list of them
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Revoke {
    /// Whose; all addresses that the directory has of this person count
    address: String,
    /// Only those to this request; the list stays open
    #[arg(long, value_name = "REFERENCE")]
    ticket: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Revoked {
    requests: usize,
    lists: usize,
}

/// Does what was asked.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    let What::Revoke(revoke) = &arguments.what;
    if !revoke.address.contains('@') {
        return Err(Usage(format!("\"{}\" is not an address", revoke.address)).into());
    }
    super::block_on(async {
        let store = Store::open_existing(&settings.data_dir)?;
        let addresses = settings.policy.directory.addresses_of(&revoke.address);
        let (tickets, lists) = match &revoke.ticket {
            Some(reference) => {
                let ticket = super::ticket::find(&store, reference).await?;
                (with_absorbed(&store, ticket).await?, 0)
            }
            None => {
                if settings.policy.read_by(&revoke.address).next().is_some() {
                    // The requests that he reads hang on the generation of his mailboxes.
                    for address in &addresses {
                        store.mailbox(address).await?;
                    }
                }
                (
                    all(&store, &addresses).await?,
                    store.revoke_mailboxes(addresses.clone()).await?,
                )
            }
        };
        let rules = Arc::new(Rules::load(&settings)?);
        let mut requests = 0;
        for ticket in &tickets {
            requests += end(&rules, &store, ticket, &addresses).await?;
        }
        if revoke.json {
            print::json(&Revoked { requests, lists })?;
        } else {
            print::text(&format!("links to {requests} requests ended\n"))?;
        }
        let nothing = requests + lists == 0;
        Ok(ExitCode::from(if nothing { FAILED } else { 0 }))
    })
}

/// All tickets of a person, the latest first.
async fn all(store: &Store, addresses: &[String]) -> anyhow::Result<Vec<Ticket>> {
    let mut tickets: Vec<Ticket> = Vec::new();
    loop {
        let before = tickets.last().map(|ticket| ticket.id);
        let page = store.tickets_of(addresses.to_vec(), false, before, AT_ONCE);
        let page = page.await?;
        if page.is_empty() {
            return Ok(tickets);
        }
        tickets.extend(page);
    }
}

/// A ticket, and those that were merged into it: their links lead to it.
async fn with_absorbed(store: &Store, ticket: Ticket) -> anyhow::Result<Vec<Ticket>> {
    let mut tickets = vec![ticket];
    let mut next = 0;
    while let Some(ticket) = tickets.get(next) {
        for id in ticket.ties.absorbed.clone() {
            if !tickets.iter().any(|known| known.id == id) {
                tickets.extend(store.ticket(id).await?);
            }
        }
        next += 1;
    }
    Ok(tickets)
}

/// Ends the links to one ticket; returns 1 when there were any.
async fn end(
    rules: &Arc<Rules>,
    store: &Store,
    ticket: &Ticket,
    addresses: &[String],
) -> anyhow::Result<usize> {
    let people = ticket.people.iter();
    let known = people
        .filter(|person| person.part != Part::Contributor && addresses.contains(&person.who.key()));
    let mut ended = 0;
    for person in known {
        let input = Input::Action(Action {
            ticket: ticket.id,
            actor: Actor {
                role: Role::Operator,
                who: None,
            },
            what: Deed::EndLinks(person.who.address.clone()),
        });
        let decision = decide(rules, store, input).await?;
        if !decision.changed.is_empty() {
            ended = 1;
        }
    }
    Ok(ended)
}
