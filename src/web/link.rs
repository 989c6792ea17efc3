//! The link of a page: which ticket, which person, and what that person may see of it. A wrong link
//! and the link of another ticket get the same answer (T20).

use std::sync::Arc;

use anyhow::Result;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::frame::{self, Visitor};
use super::{Site, form, page, see, unavailable, wait};
use crate::desk::Policy;
use crate::desk::policy::Technician;
use crate::mail::Address;
use crate::ticket::{Event, Part, Person, PersonId, Ticket, TicketId};
use crate::token::{self, Errand, Page};

/// Wrong links that a client may try in a minute.
pub const MISSES_PER_MINUTE: u32 = 10;

/// New links that a client may ask for in a minute: a whole institution may be behind one address.
pub const RENEWALS_PER_MINUTE: u32 = 30;

/// The same answer whatever was wrong with the link.
pub fn not_found(site: &Site, visitor: &Visitor) -> Response {
    missing(site, visitor, StatusCode::NOT_FOUND, &Missing::default())
}

/// The same to who does with an address what it is not for.
pub fn not_taken(site: &Site, visitor: &Visitor) -> Response {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    missing(site, visitor, status, &Missing::default())
}

/// The link was too old for the form that was sent with it; what was written into it is given back.
pub fn old_with_words(site: &Site, visitor: &Visitor, words: &str) -> Response {
    let why = Missing {
        old: true,
        words,
        ..Missing::default()
    };
    missing(site, visitor, StatusCode::GONE, &why)
}

/// What the page of a link that opens nothing says.
#[derive(Default)]
struct Missing<'a> {
    /// It is too old: the one reason that is told.
    old: bool,
    /// A new one was asked for and the box was not ticked.
    unticked: bool,
    /// What was written on the page behind it.
    words: &'a str,
}

/// The page that says that a link opens nothing.
fn missing(site: &Site, visitor: &Visitor, status: StatusCode, why: &Missing<'_>) -> Response {
    // A new link is asked for at the address of the old one.
    let rest = visitor.path.strip_prefix("/t/").unwrap_or_default();
    let (token, below) = rest
        .split_once('/')
        .map_or((rest, false), |(token, _)| (token, true));
    let mut context = frame::context(site, visitor);
    context.insert("renewable", &!token.is_empty());
    context.insert("renew_at", &below.then(|| format!("/t/{token}")));
    context.insert("old", &why.old);
    context.insert("unticked", &why.unticked);
    context.insert("words", why.words);
    page(status, "missing.html", &context)
}

/// A link that was replaced by a later one is asked for again: by mail, to the one it was for. What is
/// answered does not depend on whether there is such a person.
pub async fn renew(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let token = path.map(|Path(token)| token).unwrap_or_default();
    let form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    if !form.is_ticked("confirme") {
        let why = Missing {
            old: matches!(open(&site, &token).await, Ok(Opened::Old)),
            unticked: true,
            ..Missing::default()
        };
        return missing(&site, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &why);
    }
    if site.renewals.is_over(visitor.address) {
        return too_many(&site, &visitor);
    }
    site.renewals.count(visitor.address);
    let answer = see(&format!("/mes-demandes/envoye{}", visitor.query()));
    // Beside the answer, which takes the same time in every case.
    tokio::spawn(async move {
        let sent = async {
            let Some((ticket, address)) = once_of(&site, &token).await? else {
                return Ok(false);
            };
            let service = &site.service;
            service
                .send_link(
                    Errand::Requests,
                    &address,
                    Some(ticket.id),
                    &ticket.language,
                )
                .await
        };
        if let Err(error) = sent.await {
            tracing::error!("A new link cannot be sent: {error:#}");
        }
    });
    answer
}

/// Whom a link was for, in whatever generation and however old: his address.
async fn once_of(site: &Site, token: &str) -> Result<Option<(Ticket, String)>> {
    let rules = site.service.rules();
    let Some(page) = Page::open(&rules.keys, token) else {
        return Ok(None);
    };
    let Some(ticket) = site.service.store().ticket(TicketId(page.ticket)).await? else {
        return Ok(None);
    };
    let person = match token::is_reader_number(page.person) {
        true => reader(&rules.policy, &ticket, |address| {
            token::reader_number(address) == page.person
        }),
        false => ticket
            .people
            .iter()
            .find(|person| person.id.0 == page.person && person.part != Part::Contributor)
            .cloned(),
    };
    Ok(person.map(|person| (ticket, person.who.address)))
}

/// This client tried too many links that open nothing.
fn too_many(site: &Site, visitor: &Visitor) -> Response {
    wait(
        site,
        visitor,
        StatusCode::TOO_MANY_REQUESTS,
        "Trop de liens qui n’ouvrent rien ont été essayés depuis votre adresse\u{a0}; réessayez dans une minute.",
        "Too many links that open nothing were tried from your address; try again in a minute.",
    )
}

/// The link of this client is none of ours: `answer` says so, until he has tried too many. A link that
/// opens something, or once did, is neither counted nor kept out: a whole institution may be behind
/// one address, and who guesses there must not lock the others out.
pub fn missed(site: &Site, visitor: &Visitor, answer: impl FnOnce() -> Response) -> Response {
    if site.misses.is_over(visitor.address) {
        return too_many(site, visitor);
    }
    site.misses.count(visitor.address);
    answer()
}

/// What a link opens.
enum Opened {
    /// The page of this person.
    Page(Box<Ticket>, Box<Person>),
    /// Nothing any more: it is too old.
    Old,
    /// Nothing any more to staff, who sign in and see more there.
    OldOfStaff(TicketId),
    /// Nothing any more, though we wrote it: it was withdrawn.
    Nothing,
    /// Nothing: we never wrote it.
    Foreign,
}

/// Opens the link, or says why not: a wrong one, too many of those from this client, an old one.
///
/// # Errors
/// The page that says so.
pub async fn opened(
    site: &Site,
    visitor: &Visitor,
    token: &str,
) -> Result<(Ticket, Person), Response> {
    match open(site, token).await {
        Ok(Opened::Page(ticket, person)) => Ok((*ticket, *person)),
        Ok(Opened::Old) => Err(old_with_words(site, visitor, "")),
        Ok(Opened::OldOfStaff(ticket)) => Err(see(&visitor.link(&format!("/desk/{ticket}"), &[]))),
        Ok(Opened::Nothing) => Err(not_found(site, visitor)),
        Ok(Opened::Foreign) => Err(missed(site, visitor, || not_found(site, visitor))),
        Err(error) => {
            tracing::error!("A page cannot be read: {error:#}");
            Err(unavailable(site, visitor))
        }
    }
}

/// Looks up what a link names, and whether it holds.
async fn open(site: &Site, token: &str) -> Result<Opened> {
    let current = site.service.current();
    let Some(page) = Page::open(&current.rules.keys, token) else {
        return Ok(Opened::Foreign);
    };
    let Some((ticket, person)) = named(site, &page).await? else {
        return Ok(Opened::Nothing);
    };
    let today = token::day(site.service.now().timestamp());
    let longest = current.settings.web.links_for;
    if longest.is_none_or(|longest| today - page.issued <= longest.num_days()) {
        return Ok(Opened::Page(Box::new(ticket), Box::new(person)));
    }
    Ok(match token::is_staff_number(page.person) {
        true => Opened::OldOfStaff(ticket.id),
        false => Opened::Old,
    })
}

/// The ticket and the person that a link names, when it was not revoked.
async fn named(site: &Site, page: &Page) -> Result<Option<(Ticket, Person)>> {
    let rules = site.service.rules();
    let Some(ticket) = site.service.store().ticket(TicketId(page.ticket)).await? else {
        return Ok(None);
    };
    if token::is_staff_number(page.person) {
        // Staff sees here what the requester sees; the link ends with the technician's entry in
        // the configuration.
        let technician = rules.policy.technicians.iter().map(Technician::who);
        let person = technician
            .filter(|who| token::staff_number(&who.address) == page.person)
            .map(|who| Person {
                id: PersonId(page.person),
                part: Part::Observer,
                who,
                reply_to: None,
                generation: 0,
            })
            .next();
        let ticket = survivor(site, ticket).await?;
        return Ok(person.map(|person| (ticket, person)));
    }
    if token::is_reader_number(page.person) {
        let person = reader(&rules.policy, &ticket, |address| {
            token::reader_number(address) == page.person
        });
        let Some(person) = person else {
            return Ok(None);
        };
        let generation = reader_generation(site, &person.who.address).await?;
        let holds = generation == page.generation;
        return Ok(holds.then_some((ticket, person)));
    }
    let person = ticket
        .people
        .iter()
        .find(|person| person.id.0 == page.person)
        .filter(|person| person.generation == page.generation && person.part != Part::Contributor)
        .cloned();
    let Some(person) = person else {
        return Ok(None);
    };
    // The number of a ticket that was merged is an alias, for those who have a part in what goes on
    // (row E14); others see their own request, as before.
    let goes_on = survivor(site, ticket.clone()).await?;
    let there = goes_on
        .person(&person.who.address)
        .filter(|there| there.part != Part::Contributor)
        .cloned();
    Ok(Some(match there {
        Some(there) => (goes_on, there),
        None => (ticket, person),
    }))
}

/// The one of those who read the requests of a service that `is_meant`, when this is one of them
/// (row H5).
pub fn reader(policy: &Policy, ticket: &Ticket, is_meant: impl Fn(&str) -> bool) -> Option<Person> {
    let readers = policy.services.iter().flat_map(|of| &of.addresses);
    let address = readers
        .filter(|address| is_meant(address))
        .find(|address| policy.reads(address, ticket))?;
    let entry = policy.directory.entry(address);
    Some(Person {
        id: PersonId(token::reader_number(address)),
        part: Part::Observer,
        who: Address {
            name: entry.and_then(|entry| entry.name.clone()),
            address: address.clone(),
        },
        reply_to: None,
        generation: 0,
    })
}

/// The generation of the links of somebody who reads the requests of a service: that of the list that
/// he finds them in, so that closing the list ends them as well.
pub async fn reader_generation(site: &Site, address: &str) -> Result<i64> {
    let mailbox = site.service.store().mailbox_of(address).await?;
    Ok(mailbox.map_or(0, |mailbox| mailbox.generation))
}

/// Where a ticket goes on.
async fn survivor(site: &Site, mut ticket: Ticket) -> Result<Ticket> {
    let mut seen = vec![ticket.id];
    while let Some(next) = ticket.ties.merged_into.filter(|next| !seen.contains(next)) {
        seen.push(next);
        match site.service.store().ticket(next).await? {
            Some(found) => ticket = found,
            None => break,
        }
    }
    Ok(ticket)
}

/// The events of a ticket, with those of what was merged into it and is this person's as well, in
/// the order they happened.
pub async fn timeline(site: &Site, ticket: &Ticket, person: &Person) -> Result<Vec<(i64, Event)>> {
    let store = site.service.store();
    let mut events = store.events(ticket.id).await?;
    let staff = token::is_staff_number(person.id.0);
    for id in &ticket.ties.absorbed {
        let Some(other) = store.ticket(*id).await? else {
            continue;
        };
        let of = |ticket: &Ticket| ticket.requester().map(|person| person.who.key());
        let theirs = other
            .person(&person.who.address)
            .is_some_and(|person| person.part != Part::Contributor);
        if staff || theirs && of(&other) == of(ticket) {
            events.extend(store.events(*id).await?);
        }
    }
    events.sort_by_key(|(id, event)| (event.at, *id));
    Ok(events)
}
