//! The page behind the link: what a requester sees of a ticket. Server-rendered, read-only, works
//! without JavaScript. GET never writes; a wrong ticket and a wrong token look the same (T20).
//!
//! The link is the key: no request is logged here, and no message of ours holds a path.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::desk::policy::Technician;
use crate::service::Service;
use crate::ticket::{Event, Part, Person, PersonId, Ticket, TicketId};
use crate::token::{self, Page};

mod client;
mod connection;
mod download;
mod misses;
mod status;
mod view;

use misses::Misses;

/// What every handler is given.
struct Site {
    service: Service,
    misses: Misses,
    /// Bytes of files that may be in memory on their way to browsers.
    downloads: Arc<Semaphore>,
    pages: tera::Tera,
}

/// Serves the pages until `shutdown`.
///
/// # Errors
/// When the built-in templates are wrong.
pub async fn serve(
    service: Service,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let site = Arc::new(Site {
        service: service.clone(),
        misses: Misses::default(),
        downloads: Arc::new(Semaphore::new(download::BYTES_IN_FLIGHT)),
        pages: view::pages()?,
    });
    let router = Router::new()
        .route("/", get(home))
        .route("/style.css", get(style))
        .route("/robots.txt", get(robots))
        .route("/t/{token}", get(ticket))
        .route("/t/{token}/{event}/{number}/{name}", get(file))
        .fallback(missing)
        .layer(middleware::from_fn(guard))
        .with_state(site);
    let is_proxy = |address| {
        let current = service.current();
        current.settings.web.trusted_proxies.contains(&address)
    };
    connection::serve(listener, router, is_proxy, shutdown).await;
    Ok(())
}

/// Headers of every answer: nothing is loaded from elsewhere, nothing runs, nothing is kept,
/// indexed or told to others (T20, S5).
async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex, nofollow"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        headers
            .entry(header::HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn home(State(site): State<Arc<Site>>) -> Response {
    page(
        &site,
        StatusCode::OK,
        "home.html",
        &view::home(&site.service),
    )
}

async fn style() -> Response {
    (
        [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "max-age=3600"),
        ],
        include_str!("web/web-templates/style.css"),
    )
        .into_response()
}

async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /\n"
}

async fn missing(State(site): State<Arc<Site>>) -> Response {
    not_found(&site)
}

/// The desk itself has a trouble; the link may be good.
fn unavailable(site: &Site) -> Response {
    let mut response = page(
        site,
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable.html",
        &view::home(&site.service),
    );
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    response
}

/// The same answer whatever was wrong with the link.
fn not_found(site: &Site) -> Response {
    page(
        site,
        StatusCode::NOT_FOUND,
        "missing.html",
        &view::home(&site.service),
    )
}

fn page(site: &Site, status: StatusCode, template: &str, context: &tera::Context) -> Response {
    match site.pages.render(template, context) {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!("A page cannot be rendered: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The ticket and the person that a link names, when it holds.
async fn open(site: &Site, token: &str) -> Result<Option<(Ticket, Person)>> {
    let rules = site.service.rules();
    let Some(page) = Page::open(&rules.keys, token) else {
        return Ok(None);
    };
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
async fn timeline(site: &Site, ticket: &Ticket, person: &Person) -> Result<Vec<(i64, Event)>> {
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

/// Opens the link, or says why not: too many wrong ones from this client, or a wrong one.
async fn opened(
    site: &Site,
    headers: &HeaderMap,
    peer: SocketAddr,
    token: &str,
) -> Result<(Ticket, Person), Response> {
    let current = site.service.current();
    let client = client::address(peer.ip(), headers, &current.settings.web.trusted_proxies);
    if site.misses.is_over(client) {
        let mut response = (
            StatusCode::TOO_MANY_REQUESTS,
            "Trop de liens inconnus depuis votre adresse ; réessayez dans une minute.\n\
             Too many unknown links from your address; try again in a minute.\n",
        )
            .into_response();
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        return Err(response);
    }
    match open(site, token).await {
        Ok(Some(found)) => Ok(found),
        Ok(None) => {
            site.misses.count(client);
            Err(not_found(site))
        }
        Err(error) => {
            tracing::error!("A page cannot be read: {error:#}");
            Err(unavailable(site))
        }
    }
}

async fn ticket(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    // What is not even text is a wrong link like any other.
    let token = path.map(|Path(token)| token).unwrap_or_default();
    let (ticket, person) = match opened(&site, &headers, peer, &token).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let events = match timeline(&site, &ticket, &person).await {
        Ok(events) => events,
        Err(error) => {
            tracing::error!(ticket.id = %ticket.id, "The page of ticket {} cannot be read: {error:#}", ticket.id);
            return unavailable(&site);
        }
    };
    let rules = site.service.rules();
    let events = view::settled(&rules.policy, events, site.service.now());
    let context = view::ticket(
        &rules.policy,
        &ticket,
        &person,
        &events,
        &token,
        site.service.now(),
    );
    page(&site, StatusCode::OK, "ticket.html", &context)
}

async fn file(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    path: Result<Path<(String, String, String, String)>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    // The name at the end is for the browser; the numbers say which file.
    let (token, event, number, _name) = path.map(|Path(parts)| parts).unwrap_or_default();
    let (ticket, person) = match opened(&site, &headers, peer, &token).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let events = match timeline(&site, &ticket, &person).await {
        Ok(events) => events,
        Err(error) => {
            tracing::error!(ticket.id = %ticket.id, "The files of ticket {} cannot be listed: {error:#}", ticket.id);
            return unavailable(&site);
        }
    };
    let events = view::settled(&site.service.rules().policy, events, site.service.now());
    let found =
        event
            .parse()
            .ok()
            .zip(number.parse().ok())
            .and_then(|(wanted, number): (i64, usize)| {
                events
                    .iter()
                    .find(|(id, event)| *id == wanted && view::may_see(&person, event))
                    .and_then(|(_, event)| event.what.files().get(number))
            });
    let Some(found) = found else {
        return not_found(&site);
    };
    let Some(held) = download::room(&site.downloads, found.attachment.size).await else {
        return unavailable(&site);
    };
    match site.service.store().file_bytes(found).await {
        Ok(Some(bytes)) => download::answer(&found.attachment, bytes, held),
        Ok(None) => not_found(&site),
        Err(error) => {
            tracing::error!(ticket.id = %ticket.id, "A file of ticket {} cannot be read: {error:#}", ticket.id);
            unavailable(&site)
        }
    }
}
