//! The style sheet, the script, the icon and the logo: the same for everybody, and no request elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::frame::Visitor;
use super::{Site, link};

/// The style of all pages, one file a module.
const STYLES: &[&str] = &[
    include_str!("web-templates/style.css"),
    include_str!("web-templates/ticket.css"),
    include_str!("web-templates/knowledge/knowledge.css"),
    include_str!("web-templates/submit/submit.css"),
    include_str!("web-templates/mine/mine.css"),
    include_str!("web-templates/desk/desk.css"),
];

/// The scripts of all pages; they all work without.
const SCRIPTS: &[&str] = &[
    include_str!("web-templates/script.js"),
    include_str!("web-templates/submit/submit.js"),
];

const AN_HOUR: &str = "max-age=3600";

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/style.css", get(style))
        .route("/script.js", get(script))
        .route("/logo", get(logo))
        .route("/icon.svg", get(icon))
        .route("/favicon.ico", get(no_other_icon))
}

async fn style(State(site): State<Arc<Site>>) -> Response {
    let current = site.service.current();
    let web = &current.settings.web;
    let mut sheet = STYLES.concat();
    // After ours, so that it holds; the configuration takes nothing but `#rrggbb`.
    if let Some(colour) = &web.colour {
        sheet.push_str(&format!(
            "@media (prefers-color-scheme: light) {{ :root {{ --accent: {colour}; }} }}\n"
        ));
    }
    if let Some(colour) = &web.colour_dark {
        sheet.push_str(&format!(
            "@media (prefers-color-scheme: dark) {{ :root {{ --accent: {colour}; }} }}\n"
        ));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, AN_HOUR),
    ];
    (headers, sheet).into_response()
}

async fn script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, AN_HOUR),
    ];
    (headers, SCRIPTS.concat()).into_response()
}

/// Beside the title of a page: a service window.
async fn icon() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, AN_HOUR),
    ];
    (headers, include_str!("web-templates/icon.svg")).into_response()
}

/// Programmes ask for it by habit, whatever a page says: that is no wrong link.
async fn no_other_icon() -> Response {
    let headers = [(header::CACHE_CONTROL, AN_HOUR)];
    (StatusCode::NO_CONTENT, headers).into_response()
}

async fn logo(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let current = site.service.current();
    let Some(logo) = &current.settings.web.logo else {
        return link::not_found(&site, &visitor);
    };
    let headers = [
        (header::CONTENT_TYPE, logo.kind),
        (header::CACHE_CONTROL, AN_HOUR),
        // An SVG that is opened by itself runs nothing.
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        ),
    ];
    (headers, logo.bytes.clone()).into_response()
}
