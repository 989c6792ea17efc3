//! `guichet explain`: what would be done with a mail, and why. Writes nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;
use serde::Serialize;

use super::json::{Person, words};
use super::{Context, Usage, print};
use crate::config::{Settings, existing_keys};
use crate::desk::{self, Decision, Disposition, Input, Known};
use crate::mail::Digest;
use crate::notification::Templates;
use crate::service::authenticate::PATIENCE;
use crate::service::knowledge::Knowledge;
use crate::service::{Rules, Understood, understand};
use crate::store::{InboxMail, Store};
use crate::ticket::{InboxId, TicketId};
use crate::token::{KEY_BYTES, Keys};

/// Say what would be done with a mail, and why
///
/// Reads the mail as the desk would, looks up what the desk knows, decides, and prints the
/// decision. Nothing is written and nothing is sent.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet explain mail.eml\n  guichet inbox show 12 --raw | guichet explain -\n  guichet explain --account iut --recipient support.iut@example.org mail.eml --json"
)]
pub struct Arguments {
    /// The raw message; - reads it from standard input
    file: PathBuf,
    /// Account that it would come through [default: the first of the configuration]
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Envelope recipient
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
    /// Envelope sender
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Explanation {
    from: Person,
    subject: Option<String>,
    automatic: Option<String>,
    authenticity: String,
    disposition: Option<&'static str>,
    ticket: Option<String>,
    new: bool,
    why: String,
    ticket_why: Vec<String>,
    events: Vec<Said>,
    notices: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Said {
    ticket: String,
    kind: &'static str,
    public: bool,
    text: Option<String>,
}

#[derive(Debug, Serialize)]
struct Told {
    kind: &'static str,
    to: String,
    due_at: Option<String>,
}

/// Explains.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    let raw = super::read_input(&arguments.file)?;
    let account = account(&settings, arguments.account.as_deref())?;
    super::block_on(async {
        let rules = rules(&settings)?;
        let now = Utc::now();
        let mail = InboxMail {
            id: InboxId(0),
            account,
            recipient: arguments.recipient.clone(),
            sender: arguments.sender.clone(),
            received_at: now,
            digest: Digest::of(&raw),
            oversize: (raw.len() as u64 > settings.max_message).then_some(raw.len() as u64),
            bytes: raw,
            proven: None,
            released: false,
            attempts: 1,
            authenticity: None,
            names_asked_since: None,
            submission: None,
        };
        let input = match understand(&rules, mail, now).await {
            Understood::Input(input) => *input,
            Understood::Later(why) => anyhow::bail!(
                "the name servers of the sender do not answer ({why}): the desk would ask again for {} hours, then take the sender for unknown",
                PATIENCE.num_hours()
            ),
            Understood::Not => anyhow::bail!(
                "the mail cannot be read; the desk would try three times, then put it in quarantine"
            ),
        };
        let question = desk::question(&rules.policy, &rules.keys, &input);
        // A desk that never ran knows nothing, and counts from one.
        let known = if settings.database().exists() {
            let store = Store::open_existing(&settings.data_dir)?;
            store.known(question, now).await?
        } else {
            Known {
                next_ticket: 1,
                next_notice: 1,
                next_person: 1,
                ..Known::default()
            }
        };
        let decision = desk::decide(&rules.policy, &rules.keys, &input, &known, now);
        let explanation = explanation(&rules, &input, &known, &decision);
        if arguments.json {
            print::json(&explanation)?;
        } else {
            print::text(&print::harmless(&explanation.text()))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn account(settings: &Settings, asked: Option<&str>) -> anyhow::Result<String> {
    match asked {
        None => Ok(settings
            .accounts
            .first()
            .context("the configuration has no account")?
            .name
            .clone()),
        Some(name) if settings.account(name).is_some() => Ok(name.to_owned()),
        Some(name) => {
            let names = settings
                .accounts
                .iter()
                .map(|account| account.name.as_str());
            let hint = crate::config::problem::did_you_mean(name, names);
            Err(Usage(format!("no account \"{name}\" in the configuration{hint}")).into())
        }
    }
}

/// The rules, without making a key file: before the first start no token can be ours.
fn rules(settings: &Settings) -> anyhow::Result<Rules> {
    let keys = match existing_keys(&settings.key_file)? {
        Some(keys) => keys,
        None => Keys::parse(&Keys::file_text(&[0; KEY_BYTES])).map_err(anyhow::Error::msg)?,
    };
    Ok(Rules {
        policy: settings.policy.clone(),
        templates: Templates::default(),
        keys,
        names: Rules::names(settings)?,
        knowledge: Arc::new(Knowledge::load(settings)?),
    })
}

fn explanation(rules: &Rules, input: &Input, known: &Known, decision: &Decision) -> Explanation {
    let zone = rules.policy.timezone;
    let reference = |id: &TicketId| {
        decision
            .changed
            .iter()
            .map(|changed| &changed.ticket)
            .chain(known.tickets.values())
            .find(|ticket| ticket.id == *id)
            .map_or_else(|| id.to_string(), |ticket| ticket.reference.to_string())
    };
    let (disposition, ticket) = match &decision.disposition {
        Some(Disposition::Filed(id)) => (Some("ticket"), Some(*id)),
        Some(Disposition::Duplicate(_, id)) => (Some("duplicate"), *id),
        Some(Disposition::Ignored) => (Some("ignored"), None),
        Some(Disposition::Quarantined) => (Some("quarantined"), None),
        None => (None, None),
    };
    let new = ticket.is_some_and(|id| !known.tickets.contains_key(&id));
    let arrival = match input {
        Input::Mail(arrival) => Some(arrival),
        _ => None,
    };
    let mut seen = BTreeSet::from([decision.why.clone()]);
    Explanation {
        from: Person::of(arrival.and_then(|arrival| arrival.mail.sender())),
        subject: arrival.and_then(|arrival| arrival.mail.subject.clone()),
        automatic: arrival
            .and_then(|arrival| arrival.mail.automatic.as_ref())
            .map(token),
        authenticity: arrival.map_or_else(String::new, |arrival| token(&arrival.authenticity)),
        disposition,
        ticket: ticket.as_ref().map(reference),
        new,
        why: decision.why.clone(),
        ticket_why: decision
            .changed
            .iter()
            .filter(|changed| Some(changed.ticket.id) == ticket && new)
            .flat_map(|changed| changed.ticket.why.clone())
            .filter(|why| seen.insert(why.clone()))
            .collect(),
        events: decision
            .changed
            .iter()
            .flat_map(|changed| {
                changed.events.iter().map(|event| Said {
                    ticket: changed.ticket.reference.to_string(),
                    kind: event.what.kind(),
                    public: event.public,
                    text: words(&event.what),
                })
            })
            .collect(),
        notices: decision
            .notices
            .iter()
            .map(|notice| Told {
                kind: notice.kind.as_str(),
                to: notice.to.address.clone(),
                due_at: notice.due_at.map(|at| print::rfc3339(at, zone)),
            })
            .collect(),
    }
}

impl Explanation {
    fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |label: &str, value: &str| {
            out.push_str(&format!("{label:<14}{value}\n"));
        };
        line("from", &self.from.shown());
        line("subject", self.subject.as_deref().unwrap_or("(none)"));
        line("sender", &format!("authenticity {}", self.authenticity));
        if let Some(automatic) = &self.automatic {
            line("automatic", automatic);
        }
        let becomes = match (self.disposition, &self.ticket) {
            (Some("ticket"), Some(ticket)) if self.new => format!("new ticket {ticket}"),
            (Some("ticket"), Some(ticket)) => format!("part of ticket {ticket}"),
            (Some(word), Some(ticket)) => format!("{word}, ticket {ticket}"),
            (Some(word), None) => word.to_owned(),
            (None, _) => "nothing".to_owned(),
        };
        line("becomes", &becomes);
        for why in std::iter::once(&self.why)
            .chain(&self.ticket_why)
            .filter(|why| !why.is_empty())
        {
            line("because", why);
        }
        for event in &self.events {
            let text = event.text.as_deref().unwrap_or_default();
            let first = text.lines().next().unwrap_or_default();
            line(
                "event",
                &format!("{}: {}: {first}", event.ticket, event.kind),
            );
        }
        for notice in &self.notices {
            let due = notice
                .due_at
                .as_ref()
                .map_or_else(String::new, |at| format!(", at {at}"));
            line("tells", &format!("{} to {}{due}", notice.kind, notice.to));
        }
        out
    }
}

/// The token of a value that serialises as one word.
fn token(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => other.map(|value| value.to_string()).unwrap_or_default(),
    }
}
