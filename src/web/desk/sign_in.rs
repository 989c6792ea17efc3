//! Signing in: an address, a mail with a link, a page with a button (so that what opens links does not
//! spend them), a session. And signing out, here or everywhere.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use chrono::Duration;

use super::super::frame::Visitor;
use super::super::{Site, form, frame, page, see, unavailable};
use super::identity::{self, Staff};
use crate::desk::{Input, LANDING, Landing, SignIn};
use crate::service::Service;
use crate::store::Revoked;
use crate::ticket::NoticeId;
use crate::token;

/// Links that one client may ask for in a minute.
pub const ASKED_PER_MINUTE: u32 = 5;

/// No further link goes to a technician while one that he was sent so lately is unused, whoever asked for
/// it: it opens the desk as well as another, and nobody can keep him out by asking.
const UNUSED_FOR: Duration = Duration::minutes(5);

/// Characters of an address (RFC 3696, erratum 1690: 64, the sign and 255).
const LONGEST_ADDRESS: usize = 320;

/// Parameters of a page, the one that says where to go afterwards among them.
type Parameters = Query<HashMap<String, String>>;

/// What the page says.
fn told(site: &Site, visitor: &Visitor, status: StatusCode, step: &str) -> Response {
    told_on_the_way(site, visitor, status, step, None)
}

/// The same to somebody who wants to see a page afterwards.
fn told_on_the_way(
    site: &Site,
    visitor: &Visitor,
    status: StatusCode,
    step: &str,
    landing: Option<&Landing>,
) -> Response {
    asked_again(site, visitor, status, step, landing, "")
}

/// The same, with the address that was typed.
fn asked_again(
    site: &Site,
    visitor: &Visitor,
    status: StatusCode,
    step: &str,
    landing: Option<&Landing>,
    address: &str,
) -> Response {
    let mut context = frame::context(site, visitor);
    context.insert("step", step);
    context.insert("address", address);
    context.insert("landing", &landing.map(Landing::as_str));
    context.insert("landing_field", LANDING);
    let path = landing.map(Landing::as_str).unwrap_or_default();
    context.insert("sign_in", &link(visitor, path));
    page(status, "desk/sign-in.html", &context)
}

/// The page to see afterwards that a link or a form names.
fn landing(named: Option<&String>) -> Option<Landing> {
    named.and_then(|path| Landing::parse(path))
}

/// Where one signs in to see the page of this path.
pub fn link(visitor: &Visitor, path: &str) -> String {
    let landing = Landing::parse(path);
    let landing = landing.as_ref().map(Landing::as_str).unwrap_or_default();
    visitor.link("/desk/sign-in", &[(LANDING, landing)])
}

/// Asks for the address.
pub async fn show(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Query(parameters): Parameters,
) -> Response {
    let landing = landing(parameters.get(LANDING));
    told_on_the_way(&site, &visitor, StatusCode::OK, "ask", landing.as_ref())
}

/// Takes the address. The answer is the same whoever it is, and as quick: whether a mail is sent is
/// found out afterwards.
pub async fn ask(State(site): State<Arc<Site>>, visitor: Visitor, request: Request) -> Response {
    let form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let landing = Landing::parse(form.get(LANDING));
    let address = form.get("address").to_owned();
    // A mistyped address comes back to be corrected.
    let again = |status, step| {
        let typed: String = address.chars().take(LONGEST_ADDRESS).collect();
        asked_again(&site, &visitor, status, step, landing.as_ref(), &typed)
    };
    if site.sign_ins.is_over(visitor.address) {
        return again(StatusCode::TOO_MANY_REQUESTS, "too-many");
    }
    site.sign_ins.count(visitor.address);
    if !address.contains('@') || address.len() > LONGEST_ADDRESS {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "no-address");
    }
    let service = site.service.clone();
    let answer = told_on_the_way(&site, &visitor, StatusCode::OK, "sent", landing.as_ref());
    let asked = SignIn { address, landing };
    tokio::spawn(async move {
        if let Err(error) = send(&service, asked).await {
            tracing::error!("A link to sign in cannot be sent: {error:#}");
        }
    });
    answer
}

async fn send(service: &Service, asked: SignIn) -> anyhow::Result<()> {
    let rules = service.rules();
    let Some(technician) = rules.policy.technician(&asked.address) else {
        return Ok(());
    };
    let key = technician.who().key();
    let since = service.now() - UNUSED_FOR;
    if service.store().unused_sign_ins(&key, since).await? > 0 {
        return Ok(());
    }
    service.decide(Input::SignIn(asked)).await?;
    Ok(())
}

/// The link of a token that could still be spent.
async fn good(
    site: &Site,
    visitor: &Visitor,
    token: &str,
    landing: Option<&Landing>,
) -> Result<NoticeId, Response> {
    let used = || told_on_the_way(site, visitor, StatusCode::GONE, "used", landing);
    let rules = site.service.rules();
    let Some(link) = token::SignIn::open(&rules.keys, token) else {
        return Err(super::super::link::missed(site, visitor, used));
    };
    let notice = NoticeId(link.notice);
    let now = site.service.now();
    match site.service.store().can_sign_in(notice, now).await {
        Ok(true) if link.until > now.timestamp() => Ok(notice),
        Ok(_) => Err(used()),
        Err(error) => {
            tracing::error!("A link to sign in cannot be looked up: {error:#}");
            Err(unavailable(site, visitor))
        }
    }
}

/// Shows the button. Opening the link changes nothing.
pub async fn confirm(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
    Query(parameters): Parameters,
) -> Response {
    let token = path.map(|Path(token)| token).unwrap_or_default();
    let landing = landing(parameters.get(LANDING));
    match good(&site, &visitor, &token, landing.as_ref()).await {
        Ok(_) => told(&site, &visitor, StatusCode::OK, "confirm"),
        Err(response) => response,
    }
}

/// Spends the link.
pub async fn open(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
    Query(parameters): Parameters,
    request: Request,
) -> Response {
    let token = path.map(|Path(token)| token).unwrap_or_default();
    let form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let landing = landing(parameters.get(LANDING));
    let notice = match good(&site, &visitor, &token, landing.as_ref()).await {
        Ok(notice) => notice,
        Err(response) => return response,
    };
    // A machine that submits every form it finds ticks no box.
    if !form.is_ticked("me") {
        return told(
            &site,
            &visitor,
            StatusCode::UNPROCESSABLE_ENTITY,
            "unticked",
        );
    }
    match session(&site, notice).await {
        Ok(Some(cookie)) => {
            let page = landing.as_ref().map_or("/desk", Landing::as_str);
            let mut response = see(&visitor.link(page, &[]));
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Ok(None) => {
            let status = StatusCode::GONE;
            told_on_the_way(&site, &visitor, status, "used", landing.as_ref())
        }
        Err(error) => {
            tracing::error!("A session cannot be opened: {error:#}");
            unavailable(&site, &visitor)
        }
    }
}

async fn session(site: &Site, link: NoticeId) -> anyhow::Result<Option<HeaderValue>> {
    let secret = identity::secret()?;
    let now = site.service.now();
    let store = site.service.store();
    let opened = store
        .open_session(link, identity::digest(&secret), now)
        .await?;
    let base_url = &site.service.rules().policy.base_url;
    match opened {
        Some(_) => Ok(Some(identity::set_cookie(base_url, &secret).parse()?)),
        None => Ok(None),
    }
}

/// Ends the session, or all of the technician's.
pub async fn close(State(site): State<Arc<Site>>, staff: Staff, request: Request) -> Response {
    let visitor = &staff.visitor;
    let form = match form::read(&site, visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    if form.get("token") != staff.form_token {
        return told(&site, visitor, StatusCode::FORBIDDEN, "foreign");
    }
    let which = match (form.get("everywhere"), staff.session) {
        ("", Some(session)) => Revoked::Session(session),
        _ => Revoked::Technician(staff.technician.who().key()),
    };
    let now = site.service.now();
    if let Err(error) = site.service.store().end_sessions(which, now).await {
        tracing::error!("A session cannot be ended: {error:#}");
        return unavailable(&site, visitor);
    }
    let mut response = told(&site, visitor, StatusCode::OK, "closed");
    let base_url = &site.service.rules().policy.base_url;
    if let Ok(cookie) = identity::set_cookie(base_url, "").parse() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The answer to who is not signed in. A browser that follows a link from another site, a webmail,
/// holds the cookie back (`SameSite=Strict`): a page that asks again by itself brings it.
pub fn needed(site: &Site, visitor: &Visitor, parts: &Parts) -> Response {
    let from_elsewhere = parts
        .headers
        .get("sec-fetch-site")
        .is_some_and(|from| from == "cross-site" || from == "same-site");
    if parts.method != Method::GET {
        let landing = Landing::parse(visitor.page());
        let status = StatusCode::UNAUTHORIZED;
        return told_on_the_way(site, visitor, status, "ask", landing.as_ref());
    }
    if from_elsewhere {
        let mut context = frame::context(site, visitor);
        context.insert("step", "again");
        let here = parts.uri.path_and_query().map(PathAndQuery::as_str);
        context.insert("here", here.unwrap_or(&visitor.path));
        return page(StatusCode::OK, "desk/sign-in.html", &context);
    }
    see(&link(visitor, &visitor.path))
}
