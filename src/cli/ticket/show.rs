//! One ticket with its timeline, for people and for scripts.

use std::process::ExitCode;

use chrono::Utc;

use super::super::{json, print};
use crate::config::Settings;
use crate::desk::urgency::Claims;
use crate::mail::Address;
use crate::store::Store;
use crate::ticket::{Event, Status, Ticket};

/// Prints a ticket with its timeline.
pub async fn show(
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
    zone: crate::zone::Zone,
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

/// A name, else the address.
pub fn name(who: &Address) -> &str {
    who.name.as_deref().unwrap_or(&who.address)
}

fn both(who: &Address) -> String {
    match &who.name {
        Some(name) if !who.address.is_empty() => format!("{name} <{}>", who.address),
        Some(name) => name.clone(),
        None => who.address.clone(),
    }
}
