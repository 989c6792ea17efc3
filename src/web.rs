//! The pages: what a requester sees of a ticket and does about it, without an account, beside mail.
//! Server-rendered, works without JavaScript. GET never writes; a wrong ticket and a wrong token
//! look the same (T20); every change goes through `desk::decide`.
//!
//! A page is a module with `routes()`, its templates and its style, joined here. It is given a
//! `frame::Visitor`, puts its words into a `frame::context` and ends with `page`; a form is read
//! with `form::read` and answered with `see`.
//!
//! The link is the key: no request is logged here, and no message of ours holds a path.

use std::sync::{Arc, LazyLock};

use anyhow::Result;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::service::Service;

mod client;
mod connection;
mod desk;
mod download;
mod form;
mod frame;
mod home;
mod knowledge;
mod link;
mod mine;
mod prose;
mod rate;
mod room;
mod status;
mod style;
mod submit;
mod ticket;
mod view;

use frame::Visitor;
use rate::Rate;
use room::Room;

/// What every handler is given.
struct Site {
    service: Service,
    /// Wrong links, by client.
    misses: Rate,
    /// New links that were asked for, by client.
    renewals: Rate,
    /// Forms sent, by client.
    forms: Rate,
    /// Articles asked for while a form is typed, by client.
    questions: Rate,
    /// Links to sign in that were asked for, by client.
    sign_ins: Rate,
    /// Known to nobody outside of this process.
    secret: String,
    /// Bytes of files that may be in memory on their way to browsers.
    downloads: Room,
    /// For forms with files on their way from browsers.
    uploads: Room,
    /// For forms of words alone.
    words: Room,
}

/// The built-in pages of all modules.
const TEMPLATES: &[&[(&str, &str)]] = &[
    frame::TEMPLATES,
    home::TEMPLATES,
    knowledge::TEMPLATES,
    ticket::TEMPLATES,
    submit::TEMPLATES,
    mine::TEMPLATES,
    desk::TEMPLATES,
];

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
        misses: Rate::new(link::MISSES_PER_MINUTE),
        renewals: Rate::new(link::RENEWALS_PER_MINUTE),
        forms: Rate::new(form::FORMS_PER_MINUTE),
        questions: Rate::new(knowledge::QUESTIONS_PER_MINUTE),
        sign_ins: Rate::new(desk::ASKED_PER_MINUTE),
        secret: desk::secret()?,
        downloads: Room::new(download::BYTES_IN_FLIGHT),
        uploads: Room::new(form::BYTES_IN_FLIGHT),
        words: Room::new(form::WORDS_IN_FLIGHT),
    });
    let router = Router::new()
        .merge(style::routes())
        .merge(home::routes())
        .merge(knowledge::routes())
        .merge(ticket::routes())
        .merge(submit::routes())
        .merge(mine::routes())
        .merge(desk::routes())
        .route("/robots.txt", get(robots))
        .fallback(missing)
        .method_not_allowed_fallback(not_taken)
        .layer(middleware::from_fn(guard))
        .with_state(site);
    let is_proxy = |address| {
        let current = service.current();
        current.settings.web.trusted_proxies.contains(&address)
    };
    connection::serve(listener, router, is_proxy, shutdown).await;
    Ok(())
}

/// Compiled when the first page is asked for: a desk whose pages nobody opens does without.
static PAGES: LazyLock<Result<tera::Tera, tera::Error>> = LazyLock::new(pages);

fn pages() -> Result<tera::Tera, tera::Error> {
    let mut tera = tera::Tera::default();
    tera.autoescape_on(vec![".html"]);
    tera.register_filter("linked", prose::linked);
    tera.add_raw_templates(TEMPLATES.iter().copied().flatten().copied())?;
    Ok(tera)
}

/// Headers of every answer: nothing is loaded from elsewhere, no script runs but ours, forms go
/// nowhere else, nothing is kept, indexed or told to others (T20, S5).
async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
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

async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /\n"
}

async fn missing(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    link::not_found(&site, &visitor)
}

/// An address that takes only the form of a page is looked at: that page is there. Anything else that
/// an address does not take opens nothing.
async fn not_taken(State(site): State<Arc<Site>>, visitor: Visitor, method: Method) -> Response {
    let page = visitor.page();
    if page != visitor.path && (method == Method::GET || method == Method::HEAD) {
        return see(&visitor.link(page, &[]));
    }
    link::not_taken(&site, &visitor)
}

/// The desk itself has a trouble; what was asked for may be there.
fn unavailable(site: &Site, visitor: &Visitor) -> Response {
    let context = frame::context(site, visitor);
    let status = StatusCode::SERVICE_UNAVAILABLE;
    in_a_minute(page(status, "unavailable.html", &context))
}

/// There is too much of something just now; what was asked for is there in a minute.
fn wait(
    site: &Site,
    visitor: &Visitor,
    status: StatusCode,
    french: &str,
    english: &str,
) -> Response {
    let mut context = frame::context(site, visitor);
    context.insert("message", visitor.pick(french, english));
    in_a_minute(page(status, "wait.html", &context))
}

fn in_a_minute(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    response
}

/// A page from its template.
fn page(status: StatusCode, template: &str, context: &tera::Context) -> Response {
    let told = |error: &tera::Error| {
        tracing::error!("A page cannot be rendered: {error}");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    };
    match PAGES.as_ref() {
        Ok(pages) => match pages.render(template, context) {
            Ok(text) => (status, Html(text)).into_response(),
            Err(error) => told(&error),
        },
        Err(error) => told(error),
    }
}

/// The answer to a form that was taken: look there (303), so that reloading sends nothing again.
fn see(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(path) => (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_built_in_pages_compile() {
        super::pages().expect("they compile");
    }
}
