//! The page of a ticket and its files, behind the link of one person.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;

use super::frame::Visitor;
use super::{Site, download, form, frame, link, page, unavailable, view};
use crate::ticket::{Event, Person, Ticket};

mod act;
mod facts;
mod offers;

pub const TEMPLATES: &[(&str, &str)] = &[
    ("ticket.html", include_str!("web-templates/ticket.html")),
    (
        "ticket-acts.html",
        include_str!("web-templates/ticket-acts.html"),
    ),
    (
        "ticket-files.html",
        include_str!("web-templates/ticket-files.html"),
    ),
];

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/t/{token}", get(show).post(link::renew))
        .route("/t/{token}/suivi", post(act::add))
        .route("/t/{token}/valider", post(act::accept))
        .route("/t/{token}/refuser", post(act::refuse))
        .route("/t/{token}/noter", post(act::rate))
        .route("/t/{token}/ne-plus-suivre", post(act::unfollow))
        .route("/t/{token}/{event}/{number}/{name}", get(file))
}

/// A ticket as one person sees it.
struct Seen {
    ticket: Ticket,
    person: Person,
    events: Vec<(i64, Event)>,
    visitor: Visitor,
}

/// Opens a link with the events that its person may know of.
async fn see_ticket(site: &Site, visitor: Visitor, token: &str) -> Result<Seen, Response> {
    let (ticket, person) = link::opened(site, &visitor, token).await?;
    let visitor = visitor.speaking(&ticket.language);
    match link::timeline(site, &ticket, &person).await {
        Ok(events) => Ok(Seen {
            events: view::settled(&site.service.rules().policy, events, site.service.now()),
            ticket,
            person,
            visitor,
        }),
        Err(error) => {
            tracing::error!(ticket.id = %ticket.id, "The page of ticket {} cannot be read: {error:#}", ticket.id);
            Err(unavailable(site, &visitor))
        }
    }
}

async fn show(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    // What is not even text is a wrong link like any other.
    let token = path.map(|Path(token)| token).unwrap_or_default();
    let seen = match see_ticket(&site, visitor, &token).await {
        Ok(seen) => seen,
        Err(response) => return response,
    };
    shown(&site, &seen, &token, StatusCode::OK, &Typed::default())
}

/// What was typed into a form that is shown again, and what was wrong with it.
#[derive(Debug, Default, Serialize)]
struct Typed {
    /// The form.
    form: &'static str,
    error: String,
    text: String,
    number: String,
    speed: String,
    answers: String,
}

/// The page.
fn shown(site: &Site, seen: &Seen, token: &str, status: StatusCode, typed: &Typed) -> Response {
    let mut context = frame::context(site, &seen.visitor);
    let rules = site.service.rules();
    context.extend(view::ticket(
        &rules.policy,
        &seen.ticket,
        &seen.person,
        &seen.events,
        token,
        seen.visitor.language,
        site.service.now(),
    ));
    let thanks = offers::helped(seen).filter(|_| seen.visitor.done.as_deref() == Some("aide"));
    let thanks = thanks.map(|article| {
        let reference = &seen.ticket.reference;
        let article = view::typeset(article, seen.visitor.language);
        match seen.visitor.language {
            "en" => format!("Thank you: request {reference} is closed. {article}"),
            _ => format!("Merci\u{a0}: la demande {reference} est close. {article}"),
        }
    });
    let done = thanks.or_else(|| act::done(&seen.visitor, &seen.ticket).map(str::to_owned));
    context.insert("done", &done);
    context.insert("here", &format!("/t/{token}"));
    let offers = offers::offers(&rules.policy, seen, site.service.now());
    context.insert("offers", &offers);
    let now = site.service.now();
    context.insert("facts", &facts::facts(&rules.policy, seen, now));
    context.insert("questions", &facts::questions(&rules.policy, seen));
    let may_object = facts::may_object(&rules.policy, seen, now);
    context.insert("may_object", &may_object);
    let upload = site.service.current().settings.web.max_upload;
    let upload = form::at_most(upload, seen.visitor.language);
    context.insert("max_upload", &upload);
    context.insert("typed", typed);
    context.insert("number", &form::number());
    page(status, "ticket.html", &context)
}

async fn file(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<(String, String, String, String)>, PathRejection>,
) -> Response {
    // The name at the end is for the browser; the numbers say which file.
    let (token, event, number, _name) = path.map(|Path(parts)| parts).unwrap_or_default();
    let seen = match see_ticket(&site, visitor, &token).await {
        Ok(seen) => seen,
        Err(response) => return response,
    };
    let id = seen.ticket.id;
    let found =
        event
            .parse()
            .ok()
            .zip(number.parse().ok())
            .and_then(|(wanted, number): (i64, usize)| {
                seen.events
                    .iter()
                    .find(|(id, event)| *id == wanted && view::may_see(&seen.person, event))
                    .and_then(|(_, event)| event.what.files().get(number))
            });
    let Some(found) = found else {
        return link::not_found(&site, &seen.visitor);
    };
    let held = match download::room(&site, &seen.visitor, found.attachment.size).await {
        Ok(held) => held,
        Err(response) => return response,
    };
    match site.service.store().file_bytes(found).await {
        Ok(Some(bytes)) => download::answer(found.attachment.name.as_deref(), bytes, held),
        Ok(None) => link::not_found(&site, &seen.visitor),
        Err(error) => {
            tracing::error!(ticket.id = %id, "A file of ticket {id} cannot be read: {error:#}");
            unavailable(&site, &seen.visitor)
        }
    }
}
