//! « Mes demandes » (S1.13–S1.18, rows M2, M6): somebody's requests behind a link that only his mailbox
//! gets, or at once where a proxy says who he is. Whether an address has requests here is told to its
//! mailbox alone: the page answers the same in every case, before anything was looked up.

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request as Http, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::frame::{self, Visitor};
use super::submit::{Proven, opened};
use super::{Site, form, link, page, see, status, unavailable};
use crate::desk::reference;
use crate::notification::header::AddrSpec;
use crate::ticket::{Part, Person, Ticket, TicketId};
use crate::token::{self, Errand, Page};

pub const TEMPLATES: &[(&str, &str)] = &[
    ("mine/ask.html", include_str!("web-templates/mine/ask.html")),
    (
        "mine/asked.html",
        include_str!("web-templates/mine/asked.html"),
    ),
    (
        "mine/list.html",
        include_str!("web-templates/mine/list.html"),
    ),
    (
        "mine/revoked.html",
        include_str!("web-templates/mine/revoked.html"),
    ),
];

/// Requests on one page.
const ON_A_PAGE: usize = 20;

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/mes-demandes", get(front).post(ask))
        .route("/mes-demandes/envoye", get(asked))
        .route("/d/{token}", get(list))
        .route("/d/{token}/fermer", post(revoke))
}

/// Which page of the list.
#[derive(Debug, Default, Deserialize)]
struct Which {
    /// `toutes`; otherwise those that are not closed.
    #[serde(default)]
    etat: String,
    /// Those before this one.
    avant: Option<i64>,
    /// Those of a service that this person reads, by its place among them (row H5).
    service: Option<usize>,
}

/// Whose requests may be listed.
#[derive(Debug, Serialize)]
struct Whose {
    /// The service; `None`: one's own.
    service: Option<String>,
    link: String,
    shown: bool,
}

/// A request in the list.
#[derive(Debug, Serialize)]
struct Row {
    reference: String,
    title: String,
    status: String,
    token: &'static str,
    /// He is awaited.
    awaits: bool,
    opened: String,
    link: String,
    /// Whose it is, when it is somebody else's.
    of: Option<String>,
}

async fn front(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Proven(author): Proven,
    which: Result<Query<Which>, QueryRejection>,
) -> Response {
    let which = which.map(|Query(which)| which).unwrap_or_default();
    match author {
        Some(author) => {
            shown(
                &site,
                &visitor,
                &author.address,
                &which,
                None,
                StatusCode::OK,
            )
            .await
        }
        None => {
            let context = front_context(&site, &visitor);
            page(StatusCode::OK, "mine/ask.html", &context)
        }
    }
}

/// With a reference as this desk gives them.
fn front_context(site: &Site, visitor: &Visitor) -> tera::Context {
    let rules = site.service.rules();
    let prefix = rules.policy.teams.first().map(|team| team.prefix.as_str());
    let mut context = frame::context(site, visitor);
    context.insert("example", &format!("{}-1042", prefix.unwrap_or("DSI")));
    context
}

/// Sends the link, when there is something behind it. What is answered does not depend on that, nor on
/// how long it takes to find out.
async fn ask(State(site): State<Arc<Site>>, visitor: Visitor, request: Http) -> Response {
    let form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let written = form.get("adresse");
    let Some(address) = AddrSpec::parse(written) else {
        let mut context = front_context(&site, &visitor);
        context.insert("address", written);
        context.insert("reference", form.get("reference"));
        context.insert("wrong", &true);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return page(status, "mine/ask.html", &context);
    };
    let rules = site.service.rules();
    let ticket = reference::typed(form.get("reference"), &rules.policy.prefixes());
    let service = site.service.clone();
    let language = visitor.language;
    tokio::spawn(async move {
        let sent = service
            .send_link(Errand::Requests, address.as_str(), ticket, language)
            .await;
        if let Err(error) = sent {
            tracing::error!("The link to somebody's requests cannot be sent: {error:#}");
        }
    });
    see(&format!("/mes-demandes/envoye{}", visitor.query()))
}

async fn asked(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let context = frame::context(&site, &visitor);
    page(StatusCode::OK, "mine/asked.html", &context)
}

async fn list(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
    which: Result<Query<Which>, QueryRejection>,
) -> Response {
    let token = path.map(|Path(token)| token).unwrap_or_default();
    let which = which.map(|Query(which)| which).unwrap_or_default();
    match opened(&site, &visitor, &token, Errand::Requests).await {
        Ok(mailbox) => {
            let (address, token) = (&mailbox.address, Some(&*token));
            shown(&site, &visitor, address, &which, token, StatusCode::OK).await
        }
        Err(response) => response,
    }
}

/// A page of the list; `token` is that of the link it is behind. It is not all right when somebody
/// wanted to close it and ticked no box.
async fn shown(
    site: &Site,
    visitor: &Visitor,
    address: &str,
    which: &Which,
    token: Option<&str>,
    status: StatusCode,
) -> Response {
    let rules = site.service.rules();
    let policy = &rules.policy;
    let services: Vec<&str> = policy
        .read_by(address)
        .map(|of| of.service.as_str())
        .collect();
    let place = which.service.filter(|place| *place < services.len());
    let service = place.and_then(|place| services.get(place));
    let addresses = match service {
        Some(service) => policy.directory.addresses_of_service(service),
        None => policy.directory.addresses_of(address),
    };
    let open_only = which.etat != "toutes";
    let before = which.avant.map(TicketId);
    let found = site
        .service
        .store()
        .tickets_of(addresses.clone(), open_only, before, ON_A_PAGE + 1)
        .await;
    let mut tickets = match found {
        Ok(tickets) => tickets,
        Err(error) => {
            tracing::error!("Somebody's requests cannot be listed: {error:#}");
            return unavailable(site, visitor);
        }
    };
    let more = tickets.len() > ON_A_PAGE;
    tickets.truncate(ON_A_PAGE);
    let mut rows = Vec::new();
    for ticket in &tickets {
        let row = match service {
            Some(_) => read_row(site, visitor, ticket, address).await,
            None => Ok(own_row(site, visitor, ticket, &addresses)),
        };
        match row {
            Ok(row) => rows.extend(row),
            Err(error) => {
                tracing::error!("Somebody's requests cannot be listed: {error:#}");
                return unavailable(site, visitor);
            }
        }
    }
    let here = match token {
        Some(token) => format!("/d/{token}"),
        None => "/mes-demandes".to_owned(),
    };
    let link_of = |place: Option<usize>, etat: &str, before: Option<TicketId>| {
        let place = place.map(|place| place.to_string()).unwrap_or_default();
        let before = before.map(|id| id.to_string()).unwrap_or_default();
        let parameters = [("etat", etat), ("service", &place), ("avant", &before)];
        visitor.link(&here, &parameters)
    };
    let link_to = |etat: &str, before: Option<TicketId>| link_of(place, etat, before);
    let etat = if open_only { "ouvertes" } else { "toutes" };
    let all = [None].into_iter().chain((0..services.len()).map(Some));
    let whose: Vec<Whose> = all
        .map(|one| Whose {
            service: one.and_then(|place| Some((*services.get(place)?).to_owned())),
            link: link_of(one, etat, None),
            shown: one == place,
        })
        .collect();
    let last = tickets.last().map(|ticket| ticket.id).filter(|_| more);
    let mut context = frame::context(site, visitor);
    context.insert("address", address);
    context.insert("whose", &whose);
    context.insert("service", &service);
    context.insert("rows", &rows);
    context.insert("open_only", &open_only);
    context.insert("first", &before.is_none());
    context.insert("link_open", &link_to("ouvertes", None));
    context.insert("link_all", &link_to("toutes", None));
    context.insert("link_newest", &link_to(etat, None));
    context.insert("link_older", &last.map(|id| link_to(etat, Some(id))));
    context.insert("revoke", &token.map(|token| format!("/d/{token}/fermer")));
    context.insert("unticked", &!status.is_success());
    page(status, "mine/list.html", &context)
}

/// A request that somebody of these addresses has a part in.
fn own_row(site: &Site, visitor: &Visitor, ticket: &Ticket, addresses: &[String]) -> Option<Row> {
    let mut people = ticket.people.iter();
    let person = people
        .find(|person| person.part != Part::Contributor && addresses.contains(&person.who.key()))?;
    Some(row(site, visitor, ticket, person))
}

/// A request that `reader` may read.
async fn read_row(
    site: &Site,
    visitor: &Visitor,
    ticket: &Ticket,
    reader: &str,
) -> Result<Option<Row>> {
    let rules = site.service.rules();
    let person = link::reader(&rules.policy, ticket, |address| {
        rules.policy.directory.is_same(address, reader)
    });
    let Some(mut person) = person else {
        return Ok(None);
    };
    person.generation = link::reader_generation(site, &person.who.address).await?;
    Ok(Some(row(site, visitor, ticket, &person)))
}

fn row(site: &Site, visitor: &Visitor, ticket: &Ticket, person: &Person) -> Row {
    let rules = site.service.rules();
    let zone = rules.policy.timezone;
    let language = visitor.language;
    let page = Page {
        ticket: ticket.id.0,
        person: person.id.0,
        generation: person.generation,
        issued: token::day(site.service.now().timestamp()),
    };
    let requester = ticket.requester().filter(|other| other.id != person.id);
    Row {
        reference: ticket.reference.to_string(),
        title: ticket.title.clone(),
        status: status::status(ticket, person, language, zone, site.service.now()),
        token: ticket.status.as_str(),
        awaits: status::awaits(ticket, person),
        opened: status::moment(ticket.created_at, zone, language),
        link: format!("/t/{}{}", page.seal(&rules.keys), visitor.query()),
        of: requester.map(|other| {
            let name = other.who.name.clone();
            name.unwrap_or_else(|| other.who.address.clone())
        }),
    }
}

/// Ends all links to somebody's requests that are out, those to the requests that he reads among them.
async fn close(site: &Site, address: &str) -> Result<()> {
    let rules = site.service.rules();
    let store = site.service.store();
    let addresses = rules.policy.directory.addresses_of(address);
    if rules.policy.read_by(address).next().is_some() {
        // What he reads hangs on the generation of each of his mailboxes.
        for address in &addresses {
            store.mailbox(address).await?;
        }
    }
    store.revoke_mailboxes(addresses).await?;
    Ok(())
}

/// « Fermer la liste ».
async fn revoke(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
    request: Http,
) -> Response {
    let token = path.map(|Path(token)| token).unwrap_or_default();
    let mailbox = match opened(&site, &visitor, &token, Errand::Requests).await {
        Ok(mailbox) => mailbox,
        Err(response) => return response,
    };
    let form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    if !form.is_ticked("confirme") {
        let (address, token) = (&mailbox.address, Some(&*token));
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return shown(&site, &visitor, address, &Which::default(), token, status).await;
    }
    match close(&site, &mailbox.address).await {
        Ok(()) => {
            let context = frame::context(&site, &visitor);
            page(StatusCode::OK, "mine/revoked.html", &context)
        }
        Err(error) => {
            tracing::error!("Links cannot be revoked: {error:#}");
            unavailable(&site, &visitor)
        }
    }
}
