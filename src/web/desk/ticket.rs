//! One ticket, with everything that staff knows of it, and its files.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::{Site, download, form, page, unavailable, view};
use super::entry::{self, Entry};
use super::identity::Staff;
use super::{act, frame, list, outcome, words};
use crate::desk::{self, Policy, lifecycle};
use crate::store::Announced;
use crate::ticket::{Event, Level, Person, Status, Ticket, TicketId, Withdrawn};

/// May be opened by this technician: his team has it or follows it, or it is his.
pub fn may_see(staff: &Staff, ticket: &Ticket) -> bool {
    desk::may_open(&staff.technician, ticket)
}

/// A ticket as staff sees it.
pub struct Seen {
    pub ticket: Ticket,
    pub events: Vec<(i64, Event)>,
    /// Others that it hangs together with, and how.
    others: Vec<(String, Ticket)>,
    claims: Option<String>,
    /// What a form did that was sent from the page, when this is its answer.
    done: Option<Done>,
}

/// What a technician's form did.
pub struct Done {
    /// When: all that one form does is of one moment.
    pub at: DateTime<Utc>,
    /// The mails that leave by it.
    pub mails: Vec<Announced>,
}

impl Seen {
    /// The latest event that the page shows.
    pub fn latest(&self) -> i64 {
        self.events.last().map_or(0, |(id, _)| *id)
    }
}

/// Opens a ticket, or gives the page that says why not: the same for one of another team and for
/// none at all.
pub async fn open(site: &Site, staff: &Staff, number: &str) -> Result<Seen, Response> {
    let Ok(id) = number.parse() else {
        return Err(missing(site, staff, number));
    };
    match read(site, staff, TicketId(id)).await {
        Ok(Some(seen)) => Ok(seen),
        Ok(None) => Err(missing(site, staff, number)),
        Err(error) => {
            tracing::error!(ticket.id = %id, "The desk's page of ticket {id} cannot be read: {error:#}");
            Err(unavailable(site, &staff.visitor))
        }
    }
}

fn missing(site: &Site, staff: &Staff, number: &str) -> Response {
    let mut context = frame::context(site, staff, "list");
    context.insert("number", number);
    page(StatusCode::NOT_FOUND, "desk/missing.html", &context)
}

async fn read(site: &Site, staff: &Staff, id: TicketId) -> Result<Option<Seen>> {
    let store = site.service.store();
    let found = store.ticket(id).await?;
    let Some(ticket) = found.filter(|ticket| may_see(staff, ticket)) else {
        return Ok(None);
    };
    let events = store.events(id).await?;
    let language = staff.visitor.language;
    let mut others = Vec::new();
    let ties = &ticket.ties;
    let tied = ties.tickets().map(|other| {
        let how = if Some(other) == ties.merged_into {
            ("Continue dans", "Goes on in")
        } else if ties.absorbed.contains(&other) {
            ("Reprend", "Goes on for")
        } else if Some(other) == ties.child_of {
            ("Partie de l’incident majeur", "Part of major incident")
        } else {
            ("Incident majeur de", "Major incident of")
        };
        (how, other)
    });
    // Tied and linked, it is told once.
    let linked = ticket.linked.iter();
    let linked = linked.filter(|other| !ties.tickets().any(|tied| tied == **other));
    let linked = linked.map(|other| (("Lié à", "Linked with"), *other));
    for ((french, english), other) in tied.chain(linked) {
        let how = staff.visitor.pick(french, english);
        if let Some(other) = store.ticket(other).await? {
            others.push((how.to_owned(), other));
        }
    }
    let requester = ticket.requester().map(|person| person.who.address.clone());
    let directory = &site.service.rules().policy.directory;
    let addresses = directory.addresses_of(&requester.unwrap_or_default());
    let now = site.service.now();
    let claims = store.claims(addresses.into_iter().collect(), now).await?;
    Ok(Some(Seen {
        ticket,
        events,
        others,
        claims: (claims.claimed > 0).then(|| claims.sentence(language)),
        done: None,
    }))
}

/// What the form did that was carried out at this moment: nothing of what he did before or since, in this
/// window or another.
async fn done(site: &Site, staff: &Staff, seen: &Seen, at: DateTime<Utc>) -> Result<Done> {
    let mails = match outcome::own(seen, staff, at).next() {
        Some(event) => {
            let store = site.service.store();
            store.announced(seen.ticket.id, event.at).await?
        }
        None => Vec::new(),
    };
    Ok(Done { at, mails })
}

pub async fn show(
    State(site): State<Arc<Site>>,
    staff: Staff,
    path: Result<Path<String>, PathRejection>,
    Query(parameters): Query<HashMap<String, String>>,
) -> Response {
    let number = path.map(|Path(number)| number).unwrap_or_default();
    let mut seen = match open(&site, &staff, &number).await {
        Ok(seen) => seen,
        Err(response) => return response,
    };
    let at = parameters.get("done").and_then(|done| done.parse().ok());
    if let Some(at) = at.and_then(DateTime::from_timestamp_millis) {
        seen.done = match done(&site, &staff, &seen, at).await {
            Ok(done) => Some(done),
            Err(error) => {
                let id = seen.ticket.id;
                tracing::error!(ticket.id = %id, "What was told of ticket {id} cannot be read: {error:#}");
                return unavailable(&site, &staff.visitor);
            }
        };
    }
    shown(&site, &staff, &seen, StatusCode::OK, &act::Typed::default())
}

#[derive(Serialize)]
struct ShownPerson {
    part: &'static str,
    name: String,
    address: String,
    phone: Option<String>,
    place: Option<String>,
}

#[derive(Serialize)]
struct Other {
    how: String,
    reference: String,
    title: String,
    status: &'static str,
    /// None for one of another team.
    link: Option<String>,
}

/// The page; `typed` is what a form that is shown again held.
pub fn shown(
    site: &Site,
    staff: &Staff,
    seen: &Seen,
    status: StatusCode,
    typed: &act::Typed,
) -> Response {
    let rules = site.service.rules();
    let policy = &rules.policy;
    let (language, now) = (staff.visitor.language, site.service.now());
    let ticket = &seen.ticket;
    let here = format!("/desk/{}", ticket.id);
    let withdrawn = Withdrawn::of(seen.events.iter().map(|(_, event)| event));
    let ended = entry::ended_links(&seen.events);
    let writer = entry::Writer {
        policy,
        language,
        now,
        here: &here,
        withdrawn: &withdrawn,
        ended: &ended,
        offered: &ticket.offered,
        seen: typed.seen,
    };
    let entries: Vec<Entry> = seen
        .events
        .iter()
        .map(|(id, event)| writer.entry(*id, event))
        .collect();
    let (minor, entries): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.minor);
    let mut context = frame::context(site, staff, "ticket");
    context.insert("here", &staff.visitor.link(&here, &[]));
    context.insert("reference", &ticket.reference.to_string());
    context.insert("title", &ticket.title);
    context.insert("status", words::status(ticket.status, language));
    context.insert("status_token", ticket.status.as_str());
    context.insert("since", &words::ago(ticket.status_since, now, language));
    context.insert("facts", &facts(policy, seen, staff, now));
    context.insert("people", &people(policy, ticket, language));
    context.insert("others", &others(seen, staff));
    let merged = (seen.others.iter()).find(|(_, other)| Some(other.id) == ticket.ties.merged_into);
    context.insert(
        "merged",
        &merged.map(|(how, other)| tied(how, other, staff)),
    );
    context.insert("late", &list::is_late(policy, ticket, now));
    context.insert("high", &(ticket.priority == Level::High));
    context.insert("unverified", &!ticket.verified);
    context.insert(
        "claim",
        &ticket.claim.map(|claim| words::claim(claim, language)),
    );
    context.insert("claims", &seen.claims);
    let why = ticket.why.iter();
    let why: Vec<String> = why.map(|one| view::unbroken(one, language)).collect();
    context.insert("why", &why);
    context.insert("entries", &entries);
    context.insert("minor", &minor);
    let done = seen.done.as_ref();
    let lines = done.map(|done| outcome::sentences(policy, seen, done, staff, now));
    context.insert("was_done", &lines.is_some());
    context.insert("done", &lines.unwrap_or_default());
    let over = lifecycle::closed_for_good(ticket, policy, now, language);
    context.insert("closed_for_good", &over);
    context.insert("typed", typed);
    context.insert("seen", &seen.latest());
    let offers = act::offers(policy, seen, staff, now);
    context.insert("left_over", &offers.left_over(typed));
    context.insert("at_field", &offers.at_field(typed));
    context.insert("offers", &offers);
    let upload = site.service.current().settings.web.max_upload;
    context.insert("max_upload", &form::at_most(upload, language));
    page(status, "desk/ticket.html", &context)
}

#[derive(Serialize)]
struct Fact {
    label: &'static str,
    value: String,
}

/// What a ticket is.
fn facts(policy: &Policy, seen: &Seen, staff: &Staff, now: DateTime<Utc>) -> Vec<Fact> {
    let ticket = &seen.ticket;
    let language = staff.visitor.language;
    let pick = |french, english| super::super::status::pick(language, french, english);
    let name = |id: &String| policy.team_name(id).to_owned();
    let mut facts: Vec<(&'static str, String)> = vec![(pick("Équipe", "Team"), name(&ticket.team))];
    if !ticket.observing_teams.is_empty() {
        let names: Vec<String> = ticket.observing_teams.iter().map(name).collect();
        facts.push((
            pick("Aussi informées", "Informed as well"),
            names.join(", "),
        ));
    }
    let technician = ticket.technician.as_ref();
    let nobody = || pick("personne", "nobody").to_owned();
    let owner = technician.map_or_else(nobody, |who| words::name(who).to_owned());
    facts.push((pick("Suivi par", "Followed by"), owner));
    let category = ticket
        .category
        .as_deref()
        .and_then(|id| policy.category(id));
    let nature = words::nature(ticket.nature, language);
    facts.push((
        pick("Nature", "Type"),
        match category {
            Some(category) => format!("{nature}, {}", category.full_name()),
            None => nature.to_owned(),
        },
    ));
    let priority = policy.level_name(ticket.priority, language);
    let urgency = policy.level_name(ticket.urgency, language);
    facts.push((
        pick("Priorité", "Priority"),
        match (ticket.priority == ticket.urgency, language) {
            (true, _) => priority.to_owned(),
            (false, "en") => format!("{priority} (claimed: {urgency})"),
            (false, _) => format!("{priority} (déclarée : {urgency})"),
        },
    ));
    facts.push((
        pick("Ouvert", "Opened"),
        entry::moment(policy, ticket.created_at, language),
    ));
    if let Some(due) = ticket.due_at() {
        let label = match ticket.status {
            Status::Paused { .. } => pick("Reprise", "Wakes up"),
            Status::Waiting { .. } => pick("Rappel", "Reminder"),
            Status::Open | Status::Resolved | Status::Closed => pick("Clôture", "Closes"),
        };
        facts.push((label, entry::moment(policy, due, language)));
    }
    if let Some(late) = lifecycle::late_at(ticket, policy) {
        let label = match late <= now {
            true => pick("En retard depuis", "Late since"),
            false => pick("À traiter avant", "To be done by"),
        };
        facts.push((label, entry::moment(policy, late, language)));
    }
    if let Some(phone) = &ticket.phone {
        facts.push((pick("Téléphone indiqué", "Phone given"), phone.clone()));
    }
    for (label, count) in [
        (pick("Rouvert", "Reopened"), ticket.reopened),
        (
            pick("Solutions refusées", "Solutions refused"),
            ticket.refusals,
        ),
    ] {
        if count > 0 {
            facts.push((label, count.to_string()));
        }
    }
    if let Some(marks) = ticket.marks {
        let (speed, answers) = (marks.speed, marks.answers);
        facts.push((
            pick("Notes", "Marks"),
            match language {
                "en" => format!("time {speed}/5, answers {answers}/5"),
                _ => format!("durée {speed}/5, réponses {answers}/5"),
            },
        ));
    }
    let facts = facts.into_iter();
    facts.map(|(label, value)| Fact { label, value }).collect()
}

fn people(policy: &Policy, ticket: &Ticket, language: &str) -> Vec<ShownPerson> {
    let shown = |person: &Person| {
        let entry = policy.directory.entry(&person.who.address);
        let place = entry.map(|entry| {
            let parts = [entry.service.clone(), entry.site.clone()];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        });
        ShownPerson {
            part: words::part(person.part, language),
            name: words::name(&person.who).to_owned(),
            address: person.who.address.clone(),
            phone: entry.and_then(|entry| entry.phone.clone()),
            place: place.filter(|place| !place.is_empty()),
        }
    };
    ticket.people.iter().map(shown).collect()
}

fn others(seen: &Seen, staff: &Staff) -> Vec<Other> {
    let others = seen.others.iter();
    others.map(|(how, other)| tied(how, other, staff)).collect()
}

fn tied(how: &str, other: &Ticket, staff: &Staff) -> Other {
    let mine = may_see(staff, other);
    let title = Some(other.title.clone()).filter(|_| mine);
    Other {
        how: how.to_owned(),
        reference: other.reference.to_string(),
        title: title.unwrap_or_default(),
        status: words::status(other.status, staff.visitor.language),
        link: mine.then(|| staff.visitor.link(&format!("/desk/{}", other.id), &[])),
    }
}

pub async fn file(
    State(site): State<Arc<Site>>,
    staff: Staff,
    path: Result<Path<(String, String, String, String)>, PathRejection>,
) -> Response {
    // The name at the end is for the browser; the numbers say which file.
    let (number, event, file, _name) = path.map(|Path(parts)| parts).unwrap_or_default();
    let seen = match open(&site, &staff, &number).await {
        Ok(seen) => seen,
        Err(response) => return response,
    };
    let found =
        event
            .parse()
            .ok()
            .zip(file.parse().ok())
            .and_then(|(wanted, file): (i64, usize)| {
                let event = seen.events.iter().find(|(id, _)| *id == wanted);
                event.and_then(|(_, event)| event.what.files().get(file))
            });
    let Some(found) = found else {
        return missing(&site, &staff, &number);
    };
    let held = match download::room(&site, &staff.visitor, found.attachment.size).await {
        Ok(held) => held,
        Err(response) => return response,
    };
    match site.service.store().file_bytes(found).await {
        Ok(Some(bytes)) => download::answer(found.attachment.name.as_deref(), bytes, held),
        Ok(None) => missing(&site, &staff, &number),
        Err(error) => {
            let id = seen.ticket.id;
            tracing::error!(ticket.id = %id, "A file of ticket {id} cannot be read: {error:#}");
            unavailable(&site, &staff.visitor)
        }
    }
}
