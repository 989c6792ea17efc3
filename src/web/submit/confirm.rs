//! The word of whoever reads the mailbox (row I10). Opening the link shows what waits for it and
//! changes nothing; a choice and a button send it, so that what opens links by itself, or presses
//! every button, sends nothing (T21). What was sent stays sent, however often the link is used.

use std::sync::Arc;

use anyhow::Result;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request as Http, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::keep::too_many;
use super::{Outcome, draft_id, send, typed_of, view};
use crate::desk::urgency;
use crate::mail::Address;
use crate::store::{DraftState, Kept, Mailbox, WaitingDraft};
use crate::ticket::{InboxId, Part, What};
use crate::token::{self, Errand, Page, Visit};
use crate::web::form;
use crate::web::frame::{self, Visitor};
use crate::web::{Site, link, page, see, status, unavailable};

/// A request that waits, or was sent.
#[derive(Debug, Serialize)]
struct Shown {
    /// Name of its field.
    field: String,
    when: String,
    summary: Option<view::Summary>,
    became: Option<Became>,
    sent: bool,
}

/// The ticket that a request became.
#[derive(Debug, Serialize)]
pub struct Became {
    reference: String,
    title: String,
    /// The service that has it.
    team: Option<String>,
    /// Who answers now, when it is urgent and nobody is there: as the acknowledgement says.
    on_call: Option<String>,
    link: Option<String>,
    /// It went on with a request that was open (row C12).
    pub joined: bool,
}

/// The mailbox that a link names, when it holds: not too old, not revoked.
///
/// # Errors
/// The page that says why not.
pub async fn opened(
    site: &Site,
    visitor: &Visitor,
    token: &str,
    errand: Errand,
) -> Result<Mailbox, Response> {
    let rules = site.service.rules();
    let now = site.service.now().timestamp().div_euclid(60);
    let Some(visit) = Visit::open(&rules.keys, token) else {
        return Err(link::missed(site, visitor, || ended(site, visitor, errand)));
    };
    let found = match visit.errand == errand && now <= visit.until {
        false => None,
        true => match site.service.store().known_mailbox(visit.mailbox).await {
            Ok(mailbox) => mailbox.filter(|mailbox| mailbox.generation == visit.generation),
            Err(error) => {
                tracing::error!("A link cannot be looked up: {error:#}");
                return Err(unavailable(site, visitor));
            }
        },
    };
    found.ok_or_else(|| ended(site, visitor, errand))
}

/// A link that holds no more, or never did: how to get another.
fn ended(site: &Site, visitor: &Visitor, errand: Errand) -> Response {
    let mut context = frame::context(site, visitor);
    let errand = match errand {
        Errand::Confirm => "confirm",
        Errand::Requests => "requests",
    };
    context.insert("errand", errand);
    page(StatusCode::NOT_FOUND, "submit/ended.html", &context)
}

/// The ticket that a request became, with the page of its author.
pub async fn became(site: &Site, inbox: InboxId, author: &Address) -> Option<Became> {
    let store = site.service.store();
    let row = store.inbox_show(inbox).await.ok()??;
    let ticket = store.ticket(row.ticket?).await.ok()??;
    let person = ticket
        .person(&author.address)
        .filter(|person| person.part != Part::Contributor);
    let rules = site.service.rules();
    let keys = &rules.keys;
    let team = rules.policy.team(&ticket.team);
    // The first words of a ticket are those of the mail that opened it.
    let events = store.events(ticket.id).await.ok()?;
    let opened = events.iter().find_map(|(_, event)| match event.what {
        What::Mail { inbox, .. } => inbox,
        _ => None,
    });
    let on_call = team
        .filter(|_| urgency::can_lower(&ticket))
        .and_then(|team| team.on_duty(site.service.now()));
    Some(Became {
        reference: ticket.reference.to_string(),
        title: ticket.title.clone(),
        team: team.map(|team| team.name.clone()),
        on_call: on_call.map(str::to_owned),
        joined: opened.is_some_and(|opened| opened != inbox),
        link: person.map(|person| {
            let page = Page {
                ticket: ticket.id.0,
                person: person.id.0,
                generation: person.generation,
                issued: token::day(site.service.now().timestamp()),
            };
            format!("/t/{}", page.seal(keys))
        }),
    })
}

/// The name of the field of a request; its id is no secret, but no page needs it whole.
fn field(id: &str) -> String {
    format!("demande-{}", id.get(..16).unwrap_or(id))
}

fn of(mailbox: &Mailbox, name: &str) -> Address {
    Address {
        name: Some(name.trim().to_owned()).filter(|name| !name.is_empty()),
        address: mailbox.address.clone(),
    }
}

pub async fn show(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    let token = path.map(|Path(token)| token).unwrap_or_default();
    let mailbox = match opened(&site, &visitor, &token, Errand::Confirm).await {
        Ok(mailbox) => mailbox,
        Err(response) => return response,
    };
    shown(&site, &visitor, &token, &mailbox, StatusCode::OK, &[]).await
}

async fn shown(
    site: &Site,
    visitor: &Visitor,
    token: &str,
    mailbox: &Mailbox,
    code: StatusCode,
    problems: &[String],
) -> Response {
    let requests = match requests(site, visitor, mailbox).await {
        Ok(requests) => requests,
        Err(error) => {
            tracing::error!("Requests that wait cannot be listed: {error:#}");
            return unavailable(site, visitor);
        }
    };
    let mut context = frame::context(site, visitor);
    let waiting = requests.iter().filter(|request| !request.sent).count();
    context.insert("waiting", &waiting);
    context.insert("sent", &(requests.len() - waiting));
    let joined = |request: &Shown| request.became.as_ref().is_some_and(|became| became.joined);
    context.insert(
        "joined",
        &(requests.len() == 1 && requests.iter().all(joined)),
    );
    context.insert("requests", &requests);
    context.insert("problems", problems);
    context.insert("here", &format!("/c/{token}"));
    context.insert("address", &mailbox.address);
    page(code, "submit/confirm.html", &context)
}

async fn requests(site: &Site, visitor: &Visitor, mailbox: &Mailbox) -> Result<Vec<Shown>> {
    let rules = site.service.rules();
    let now = site.service.now();
    let store = site.service.store();
    let mut shown = Vec::new();
    for draft in store.drafts_of(&mailbox.address, now).await? {
        let (summary, became, sent) = match draft.state {
            DraftState::Sent(inbox) => (None, became(site, inbox, &of(mailbox, "")).await, true),
            DraftState::Typed | DraftState::Asked => {
                let typed = typed_of(&draft.content);
                let files = store.draft(&draft.id, false, now).await?;
                let files = files.map(|draft| draft.files).unwrap_or_default();
                let request = typed.judge(&rules.policy, true, false);
                let text = request.map_or_else(|_| typed.details.clone(), |request| request.text);
                let by = of(mailbox, &typed.name);
                let summary = view::summary(&rules.policy, &typed, text, &files, Some(&by));
                (Some(summary), None, false)
            }
        };
        shown.push(Shown {
            field: field(&draft.id),
            when: status::moment(draft.created_at, rules.policy.timezone, visitor.language),
            summary,
            became,
            sent,
        });
    }
    Ok(shown)
}

pub async fn act(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
    request: Http,
) -> Response {
    let token = path.map(|Path(token)| token).unwrap_or_default();
    // The link first: nobody else sends anything here.
    let mailbox = match opened(&site, &visitor, &token, Errand::Confirm).await {
        Ok(mailbox) => mailbox,
        Err(response) => return response,
    };
    let form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    match decided(&site, &visitor, &mailbox, &form).await {
        Ok(Decided {
            change: Some(number),
            ..
        }) => see(&visitor.link("/demande", &[("brouillon", &number)])),
        Ok(Decided { problems, .. }) if problems.is_empty() => {
            see(&format!("/c/{token}{}", visitor.query()))
        }
        Ok(Decided { problems, .. }) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            shown(&site, &visitor, &token, &mailbox, status, &problems).await
        }
        Err(error) => {
            tracing::error!("A request cannot be sent: {error:#}");
            unavailable(&site, &visitor)
        }
    }
}

/// What became of the choices.
#[derive(Default)]
struct Decided {
    /// What could not be done, in words.
    problems: Vec<String>,
    /// The number of a request that is to be changed before it is sent.
    change: Option<String>,
}

/// Does what was chosen for each request.
async fn decided(
    site: &Site,
    visitor: &Visitor,
    mailbox: &Mailbox,
    form: &form::Form,
) -> Result<Decided> {
    let now = site.service.now();
    let store = site.service.store();
    let waiting: Vec<WaitingDraft> = store.drafts_of(&mailbox.address, now).await?;
    let waiting: Vec<&WaitingDraft> = waiting
        .iter()
        .filter(|draft| draft.state == DraftState::Asked)
        .collect();
    let mut done = Decided::default();
    let mut chosen = 0;
    for draft in &waiting {
        match form.get(&field(&draft.id)) {
            "envoyer" => {
                let Some(whole) = store.draft(&draft.id, true, now).await? else {
                    continue;
                };
                let typed = typed_of(&whole.content);
                let author = of(mailbox, &typed.name);
                match send(site, &whole, &typed, author).await? {
                    Outcome::Sent => {}
                    Outcome::Not(problem) => done.problems.push(problem),
                }
            }
            // One is changed at a time: the others wait as they are.
            "modifier" if done.change.is_none() => {
                let number = form::number();
                match store
                    .retype_draft(&draft.id, &draft_id(&number), now)
                    .await?
                {
                    Some(Kept::Yes) => done.change = Some(number),
                    Some(_) => done.problems.push(too_many(visitor)),
                    None => {}
                }
            }
            "effacer" => store.forget_draft(&draft.id).await?,
            _ => continue,
        }
        chosen += 1;
    }
    if chosen == 0 && !waiting.is_empty() {
        let sentence = visitor.pick(
            "Choisissez d’abord\u{a0}: envoyer la demande, la modifier, ou l’effacer.",
            "Choose first: send the request, change it, or delete it.",
        );
        done.problems.push(sentence.to_owned());
    }
    Ok(done)
}
