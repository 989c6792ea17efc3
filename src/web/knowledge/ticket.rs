//! An article behind the link of a request: it was offered for it, so it may be one for the people of
//! the institution only, and « Cela m'a aidé » closes the request (row L3).

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;

use super::view::Place;
use super::{Did, count, give, readable, show};
use crate::desk::{Action, Deed};
use crate::knowledge::Audience;
use crate::service::knowledge::correspondent;
use crate::ticket::{Actor, Part, Person, Role, Status, Ticket};
use crate::token;
use crate::web::frame::Visitor;
use crate::web::{Site, form, link, see, unavailable};

/// Whose link it is, and what he may do there.
struct Opened {
    token: String,
    slug: String,
    ticket: Ticket,
    person: Person,
    visitor: Visitor,
    place: Place,
}

async fn opened(
    site: &Site,
    visitor: Visitor,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Opened, Response> {
    let (token, slug) = path.map(|Path(parts)| parts).unwrap_or_default();
    let (ticket, person) = link::opened(site, &visitor, &token).await?;
    let visitor = visitor.speaking(&ticket.language);
    let staff = token::is_staff_number(person.id.0);
    let reader = if staff {
        Audience::Technicians
    } else {
        let policy = &site.service.rules().policy;
        correspondent(policy, &person.who.address, person.reply_to.as_deref())
    };
    let waits = matches!(ticket.status, Status::Open | Status::Waiting { .. });
    let closes = !staff
        && waits
        && matches!(person.part, Part::Requester | Part::Beneficiary)
        && ticket.offered.iter().any(|article| article.slug == slug);
    let place = Place {
        reader,
        articles: format!("/t/{token}/articles/"),
        files: format!("/t/{token}/articles-fichiers/"),
        closes: closes.then(|| ticket.reference.to_string()),
    };
    Ok(Opened {
        token,
        slug,
        ticket,
        person,
        visitor,
        place,
    })
}

pub async fn article(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    method: Method,
    headers: HeaderMap,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Response {
    let opened = match opened(&site, visitor, path).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let (visitor, place) = (&opened.visitor, &opened.place);
    if method == Method::GET && !token::is_staff_number(opened.person.id.0) {
        count(
            &site,
            visitor,
            &headers,
            place.reader,
            &opened.slug,
            Did::Read,
        );
    }
    show(&site, visitor, &opened.slug, place, StatusCode::OK).await
}

pub async fn file(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Response {
    match opened(&site, visitor, path).await {
        Ok(opened) => give(&site, &opened.visitor, opened.slug, opened.place.reader).await,
        Err(response) => response,
    }
}

/// « Cela m'a aidé »: it counts, and the request is closed, when the box is ticked, which no scanner does.
pub async fn helped(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    headers: HeaderMap,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    let opened = match opened(&site, visitor, path).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let Opened {
        token,
        slug,
        ticket,
        person,
        visitor,
        place,
    } = opened;
    let form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    if readable(&site.service.rules().knowledge, &slug, place.reader).is_none() {
        return link::not_found(&site, &visitor);
    }
    if !form.is_ticked("confirme") {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show(&site, &visitor, &slug, &place, status).await;
    }
    if place.closes.is_none() {
        count(&site, &visitor, &headers, place.reader, &slug, Did::Helped);
        return see(&place.thanks(&slug, &visitor));
    }
    let action = Action {
        ticket: ticket.id,
        actor: Actor {
            role: match person.part {
                Part::Beneficiary => Role::Beneficiary,
                Part::Requester | Part::Observer | Part::Contributor => Role::Requester,
            },
            who: Some(person.who),
        },
        what: Deed::Helped(slug),
    };
    match site.service.act(action).await {
        // What cannot be done any more is seen on the page of the request.
        Ok(_) => see(&visitor.link(&format!("/t/{token}"), &[("fait", "aide")])),
        Err(error) => {
            tracing::error!(ticket.id = %ticket.id, "Ticket {} cannot be closed by its article: {error:#}", ticket.id);
            unavailable(&site, &visitor)
        }
    }
}
