//! The pages that belong to no ticket: home, help, the accessibility statement.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::frame::{self, Visitor};
use super::{Site, page};

pub const TEMPLATES: &[(&str, &str)] = &[("home.html", include_str!("web-templates/home.html"))];

pub fn routes() -> Router<Arc<Site>> {
    Router::new().route("/", get(home))
}

async fn home(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let context = frame::context(&site, &visitor);
    page(&site, StatusCode::OK, "home.html", &context)
}
