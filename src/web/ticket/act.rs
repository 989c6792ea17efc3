//! What a person of a ticket does on its page. What may be done is decided by `desk`; the page only
//! offers what makes sense.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::{Seen, Typed, see_ticket, shown};
use crate::desk::{Action, Deed};
use crate::service::submit::{Form as Sent, Submitted};
use crate::ticket::{Actor, Part, Person, PersonId, Role, Status};
use crate::token;
use crate::web::form::{self, Form};
use crate::web::frame::Visitor;
use crate::web::{Site, link, see, unavailable};

/// What the page offers to its reader.
#[derive(Debug, Serialize)]
pub struct Offers {
    /// A new follow-up.
    add: bool,
    /// The solution is to be judged.
    judge: bool,
}

/// Staff looks at the page of a requester, and acts elsewhere.
fn is_staff(person: PersonId) -> bool {
    token::is_staff_number(person.0)
}

/// Only who has the trouble judges (RELIABILITY T15).
fn decides(person: &Person) -> bool {
    !is_staff(person.id) && matches!(person.part, Part::Requester | Part::Beneficiary)
}

/// What `seen` may do now.
pub fn offers(seen: &Seen) -> Offers {
    Offers {
        add: !is_staff(seen.person.id),
        judge: decides(&seen.person) && seen.ticket.status == Status::Resolved,
    }
}

/// What was just done, in words.
pub fn done(visitor: &Visitor) -> Option<&'static str> {
    let (french, english) = match visitor.done.as_deref()? {
        "suivi" => (
            "Votre message est enregistré ; le service en est averti.",
            "Your message is recorded; the team is told.",
        ),
        "accepte" => (
            "Merci : la solution est validée et la demande close.",
            "Thank you: the solution is accepted and the request closed.",
        ),
        _ => return None,
    };
    Some(super::super::status::pick(
        visitor.language,
        french,
        english,
    ))
}

/// A form of the page, with what it belongs to.
async fn sent(
    site: &Site,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<(Seen, String, Form), Response> {
    let token = path.map(|Path(token)| token).unwrap_or_default();
    // The link first: nobody else sends anything here.
    let seen = see_ticket(site, visitor, &token).await?;
    if is_staff(seen.person.id) {
        return Err(link::not_found(site, &seen.visitor));
    }
    let form = form::read(site, &seen.visitor, request).await?;
    Ok((seen, token, form))
}

/// [Ajouter un nouveau suivi] → « Description » → [Ajouter] (row M4).
pub async fn add(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let (seen, token, mut form) = match sent(&site, visitor, path, request).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let text = form.get("description").to_owned();
    let files = std::mem::take(&mut form.files);
    if text.is_empty() && files.is_empty() {
        let error = seen.visitor.pick(
            "Écrivez votre message, ou joignez un fichier.",
            "Write your message, or attach a file.",
        );
        let typed = Typed {
            form: "add",
            error: error.to_owned(),
            text,
            number: form.get("number").to_owned(),
        };
        return shown(
            &site,
            &seen,
            &token,
            StatusCode::UNPROCESSABLE_ENTITY,
            &typed,
        );
    }
    let policy = &site.service.rules().policy;
    let number = form.get("number").to_owned();
    let mut sent = Sent::on(policy, &seen.ticket, seen.person.who.clone(), number, text);
    sent.files = files;
    match site.service.submit(sent).await {
        Ok(Submitted::Kept(..)) => see(&format!("/t/{token}?fait=suivi")),
        Ok(Submitted::NoRoom | Submitted::NoAddress) => unavailable(&site, &seen.visitor),
        Err(error) => {
            let id = seen.ticket.id;
            tracing::error!(ticket.id = %id, "A follow-up to ticket {id} cannot be kept: {error:#}");
            unavailable(&site, &seen.visitor)
        }
    }
}

/// The solution holds: closed for good (S4.31).
pub async fn accept(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let (seen, token, form) = match sent(&site, visitor, path, request).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    if !form.is_ticked("confirme") {
        let error = seen.visitor.pick(
            "Cochez la case pour valider la solution.",
            "Tick the box to accept the solution.",
        );
        let typed = Typed {
            form: "accept",
            error: error.to_owned(),
            ..Typed::default()
        };
        return shown(
            &site,
            &seen,
            &token,
            StatusCode::UNPROCESSABLE_ENTITY,
            &typed,
        );
    }
    act(&site, &seen, &token, Deed::Accept, "accepte").await
}

/// Does it and shows the page again; what cannot be done (any more) is seen there.
async fn act(site: &Site, seen: &Seen, token: &str, what: Deed, done: &str) -> Response {
    let id = seen.ticket.id;
    let action = Action {
        ticket: id,
        actor: Actor {
            role: match seen.person.part {
                Part::Requester => Role::Requester,
                Part::Beneficiary => Role::Beneficiary,
                Part::Observer => Role::Observer,
                Part::Contributor => Role::Contributor,
            },
            who: Some(seen.person.who.clone()),
        },
        what,
    };
    match site.service.act(action).await {
        Ok(decision) if decision.changed.is_empty() => see(&format!("/t/{token}")),
        Ok(_) => see(&format!("/t/{token}?fait={done}")),
        Err(error) => {
            tracing::error!(ticket.id = %id, "What was asked on the page of ticket {id} cannot be done: {error:#}");
            unavailable(site, &seen.visitor)
        }
    }
}
