//! The desk in a browser, for technicians and leads: lists, a ticket with all that staff knows, what can
//! be done about it, statistics. Mail stays enough; everything here acts through `desk::decide`, by the
//! rules that hold for a technician's mail.
//!
//! Who is asking is settled by [`identity::Staff`] before a page does anything; a technician sees the
//! tickets of his own teams and his own.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::Site;

mod act;
mod entry;
mod frame;
mod identity;
mod list;
mod outcome;
mod sign_in;
mod statistics;
mod ticket;
mod words;

pub use identity::{secret, signed_in};
pub use sign_in::ASKED_PER_MINUTE;

pub const TEMPLATES: &[(&str, &str)] = &[
    (
        "desk/frame.html",
        include_str!("web-templates/desk/frame.html"),
    ),
    (
        "desk/list.html",
        include_str!("web-templates/desk/list.html"),
    ),
    (
        "desk/ticket.html",
        include_str!("web-templates/desk/ticket.html"),
    ),
    (
        "desk/hidden.html",
        include_str!("web-templates/desk/hidden.html"),
    ),
    (
        "desk/choice.html",
        include_str!("web-templates/desk/choice.html"),
    ),
    (
        "desk/missing.html",
        include_str!("web-templates/desk/missing.html"),
    ),
    (
        "desk/ended.html",
        include_str!("web-templates/desk/ended.html"),
    ),
    (
        "desk/sign-in.html",
        include_str!("web-templates/desk/sign-in.html"),
    ),
    (
        "desk/statistics.html",
        include_str!("web-templates/desk/statistics.html"),
    ),
];

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/desk", get(list::show))
        .route("/desk/sign-in", get(sign_in::show).post(sign_in::ask))
        .route(
            "/desk/sign-in/{token}",
            get(sign_in::confirm).post(sign_in::open),
        )
        .route("/desk/sign-out", post(sign_in::close))
        .route("/desk/statistics", get(statistics::show))
        .route("/desk/statistics.csv", get(statistics::export))
        .route("/desk/{number}", get(ticket::show).post(act::reply))
        .route("/desk/{number}/{event}/{file}/{name}", get(ticket::file))
}
