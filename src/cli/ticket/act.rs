//! What an operator does to a ticket, in his own name or somebody's: through `decide`, like a mail or
//! a button. What a requester says by phone (accepted, refused, marks) is recorded as passed on by him.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::Utc;
use clap::{Args, Subcommand, ValueEnum};

use super::super::{FAILED, Usage, print};
use super::{find, show};
use crate::config::Settings;
use crate::desk::command::When;
use crate::desk::{Action, Decision, Deed, Input, Policy};
use crate::mail::Address;
use crate::service::{Rules, conclude};
use crate::store::{Settled, Store};
use crate::ticket::{Actor, Awaited, Marks, Role};

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Act {
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
    /// Wait for the requester, who is reminded, or for somebody else
    Wait(Wait),
    /// Put the ticket aside until a day, and tell the requester
    Pause(Pause),
    /// Close the ticket for good: the requester said that the solution works
    Accept(Accept),
    /// Open the ticket again: the requester said that the solution does not work
    Refuse(Refuse),
    /// Keep the marks that the requester gave by other means
    Rate(Rate),
}

#[derive(Debug, Args)]
pub struct Note {
    /// Reference or number
    reference: String,
    /// The note; - reads it from standard input
    text: String,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Assign {
    /// Reference or number
    reference: String,
    /// Technician of the configuration, by name or address
    technician: String,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Say {
    /// Reference or number
    reference: String,
    /// What to tell the requester; - reads it from standard input
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Wait {
    /// Reference or number
    reference: String,
    /// Whom the desk waits for
    #[arg(long = "for", default_value = "requester", value_name = "WHO")]
    of: Of,
    #[command(flatten)]
    by: By,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Of {
    Requester,
    ThirdParty,
}

#[derive(Debug, Args)]
pub struct Pause {
    /// Reference or number
    reference: String,
    /// Until then, in the morning: 2026-12-04, tomorrow, monday, 3d, 2w
    #[arg(long, value_name = "DAY")]
    until: String,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Accept {
    /// Reference or number
    reference: String,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Refuse {
    /// Reference or number
    reference: String,
    /// The requester's reason; - reads it from standard input
    #[arg(long, short, value_name = "TEXT")]
    message: String,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct Rate {
    /// Reference or number
    reference: String,
    /// Mark for the time it took, from 1 to 5
    #[arg(long, value_name = "MARK", value_parser = clap::value_parser!(u8).range(1..=5))]
    time: u8,
    /// Mark for the answers given, from 1 to 5
    #[arg(long, value_name = "MARK", value_parser = clap::value_parser!(u8).range(1..=5))]
    answers: u8,
    /// What the requester said of it; - reads it from standard input
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
pub struct By {
    /// In whose name: a technician of the configuration, or any name [default: the operator]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print the ticket as JSON afterwards, as `show` does
    #[arg(long)]
    json: bool,
}

impl Act {
    /// Does it.
    pub async fn run(&self, settings: &Settings, store: &Store) -> anyhow::Result<ExitCode> {
        match self {
            Self::Note(note) => {
                let deed = Deed::Note(given(&note.text)?);
                act(settings, store, &note.reference, deed, &note.by).await
            }
            Self::Assign(assign) => {
                let technician = technician(&settings.policy, &assign.technician)?;
                let deed = Deed::Assign(technician);
                act(settings, store, &assign.reference, deed, &assign.by).await
            }
            Self::Resolve(say) => {
                let deed = Deed::Resolve(say.text()?);
                act(settings, store, &say.reference, deed, &say.by).await
            }
            Self::Close(say) => {
                let deed = Deed::Close(say.text()?);
                act(settings, store, &say.reference, deed, &say.by).await
            }
            Self::Reopen(say) => {
                let deed = Deed::Reopen(say.text()?);
                act(settings, store, &say.reference, deed, &say.by).await
            }
            Self::Wait(wait) => {
                let deed = Deed::Wait(match wait.of {
                    Of::Requester => Awaited::Requester,
                    Of::ThirdParty => Awaited::ThirdParty,
                });
                act(settings, store, &wait.reference, deed, &wait.by).await
            }
            Self::Pause(pause) => {
                let deed = Deed::Pause(moment(&settings.policy, &pause.until)?);
                act(settings, store, &pause.reference, deed, &pause.by).await
            }
            Self::Accept(accept) => {
                act(settings, store, &accept.reference, Deed::Accept, &accept.by).await
            }
            Self::Refuse(refuse) => {
                let deed = Deed::Refuse(given(&refuse.message)?);
                act(settings, store, &refuse.reference, deed, &refuse.by).await
            }
            Self::Rate(rate) => {
                let marks = Marks::new(rate.time, rate.answers).context("marks are from 1 to 5")?;
                let comment = rate.message.as_deref().map(given).transpose()?;
                let deed = Deed::Rate(marks, comment);
                act(settings, store, &rate.reference, deed, &rate.by).await
            }
        }
    }
}

impl Say {
    fn text(&self) -> anyhow::Result<Option<String>> {
        self.message.as_deref().map(given).transpose()
    }
}

/// The moment that somebody means by a day.
fn moment(policy: &Policy, day: &str) -> anyhow::Result<chrono::DateTime<Utc>> {
    let when = When::parse(day).ok_or_else(|| {
        Usage(format!(
            "\"{day}\" is not a day, as in 2026-12-04, monday or 3d"
        ))
    })?;
    let moment = when.resolve(Utc::now(), policy.timezone);
    Ok(moment.ok_or_else(|| Usage(format!("{day} has passed, or is too far away")))?)
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
    let input = Input::Action(Action {
        ticket: ticket.id,
        actor,
        what: deed,
    });
    let rules = Arc::new(Rules::load(settings)?);
    let decision = decide(&rules, store, input).await?;
    if decision.changed.is_empty() {
        eprintln!("guichet: {}: {}", ticket.reference, decision.why);
        return Ok(ExitCode::from(FAILED));
    }
    let ticket = find(store, reference).await?;
    if by.json {
        return show::show(settings, store, &ticket, true).await;
    }
    print::text(&format!(
        "{}: {}\n",
        ticket.reference,
        ticket.status.as_str()
    ))?;
    for notice in &decision.notices {
        let line = format!("  {} to {}\n", notice.kind.as_str(), notice.to.address);
        print::text(&print::harmless(&line))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Decides beside the daemon, as it would.
pub async fn decide(rules: &Arc<Rules>, store: &Store, input: Input) -> anyhow::Result<Decision> {
    let rules = Arc::clone(rules);
    let now = Utc::now();
    let settled = store
        .settle(vec![input], now, move |input, lookup| {
            conclude(&rules, input, lookup, now)
        })
        .await?
        .into_iter()
        .next()
        .context("the store gave no answer")??;
    match settled {
        Settled::Done(settlement) => Ok(settlement.decision),
        Settled::Before => anyhow::bail!("it was done before"),
    }
}

/// The registered address of a technician given by name or address.
pub fn technician(policy: &Policy, who: &str) -> anyhow::Result<String> {
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
