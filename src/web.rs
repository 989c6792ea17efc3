//! The page behind the link: what a requester sees of a ticket. Server-rendered, read-only, works
//! without JavaScript. GET never writes; a wrong ticket and a wrong token look the same (T20).

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::service::Service;
use crate::ticket::{Part, Person, Ticket, TicketId};
use crate::token::Page;

mod client;
mod download;
mod misses;
mod view;

use misses::Misses;

/// What every handler is given.
struct Site {
    service: Service,
    misses: Misses,
    pages: tera::Tera,
}

/// Serves the pages until `shutdown`.
///
/// # Errors
/// When the built-in templates are wrong, or the listener fails.
pub async fn serve(
    service: Service,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let site = Arc::new(Site {
        service,
        misses: Misses::default(),
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
    axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(shutdown)
    .await?;
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
        ("permissions-policy", "interest-cohort=()"),
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
        include_str!("web/templates/style.css"),
    )
        .into_response()
}

async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /\n"
}

async fn missing(State(site): State<Arc<Site>>) -> Response {
    not_found(&site)
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
async fn open(site: &Site, token: &str) -> Option<(Ticket, Person)> {
    let rules = site.service.rules();
    let page = Page::open(&rules.keys, token)?;
    let ticket = match site.service.store().ticket(TicketId(page.ticket)).await {
        Ok(ticket) => ticket?,
        Err(error) => {
            tracing::error!("A page cannot be read: {error:#}");
            return None;
        }
    };
    let person = ticket
        .people
        .iter()
        .find(|person| person.id.0 == page.person)?
        .clone();
    let holds = person.generation == page.generation && person.part != Part::Contributor;
    holds.then_some((ticket, person))
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
        Some(found) => Ok(found),
        None => {
            site.misses.count(client);
            Err(not_found(site))
        }
    }
}

async fn ticket(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (ticket, person) = match opened(&site, &headers, peer, &token).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let events = match site.service.store().events(ticket.id).await {
        Ok(events) => events,
        Err(error) => {
            tracing::error!(ticket.id = %ticket.id, "The page of ticket {} cannot be read: {error:#}", ticket.id);
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let rules = site.service.rules();
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
    Path((token, event, number, _name)): Path<(String, i64, usize, String)>,
    headers: HeaderMap,
) -> Response {
    let (ticket, _) = match opened(&site, &headers, peer, &token).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let Ok(events) = site.service.store().events(ticket.id).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let found = events
        .iter()
        .find(|(id, known)| *id == event && known.public)
        .and_then(|(_, event)| event.what.files().get(number));
    let Some(found) = found else {
        return not_found(&site);
    };
    match site.service.store().file_bytes(found).await {
        Ok(Some(bytes)) => download::answer(&found.attachment, bytes),
        Ok(None) => not_found(&site),
        Err(error) => {
            tracing::error!(ticket.id = %ticket.id, "A file of ticket {} cannot be read: {error:#}", ticket.id);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
