//! The form for new requests: « Soumettre une demande d'assistance », « Signaler un problème »
//! (S1.19–S1.24, S4.16–S4.20, rows I1–I10). What is typed is kept on our side from the first press of
//! the button, so that a mistake, a look at the articles or a confirmation by mail loses nothing; what
//! is not sent is deleted. A request that is sent becomes a mail in the inbox.
//!
//! The number that a form carries is the secret that its request is kept under.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request as Http, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::frame::{self, Visitor};
use super::{Site, form, knowledge, link, page, see, unavailable};
use crate::config::FormFor;
use crate::mail::Address;
use crate::store::{Draft, DraftFile, DraftState, Kept};
use crate::token::form_proof;

mod confirm;
mod identity;
mod keep;
mod send;
mod typed;
mod view;

pub use confirm::opened;
pub use identity::Proven;
use keep::{draft_id, file_of, gone, is_number, keep, kept, too_many, typed_of};
use send::{Outcome, ask, send};
use typed::{Mistakes, Typed};

pub const TEMPLATES: &[(&str, &str)] = &[
    (
        "submit/form.html",
        include_str!("web-templates/submit/form.html"),
    ),
    (
        "submit/categories.html",
        include_str!("web-templates/submit/categories.html"),
    ),
    (
        "submit/fields.html",
        include_str!("web-templates/submit/fields.html"),
    ),
    (
        "submit/read-again.html",
        include_str!("web-templates/submit/read-again.html"),
    ),
    (
        "submit/mailbox.html",
        include_str!("web-templates/submit/mailbox.html"),
    ),
    (
        "submit/sent.html",
        include_str!("web-templates/submit/sent.html"),
    ),
    (
        "submit/became.html",
        include_str!("web-templates/submit/became.html"),
    ),
    (
        "submit/confirm-title.html",
        include_str!("web-templates/submit/confirm-title.html"),
    ),
    (
        "submit/confirm.html",
        include_str!("web-templates/submit/confirm.html"),
    ),
    (
        "submit/ended.html",
        include_str!("web-templates/submit/ended.html"),
    ),
    (
        "submit/summary.html",
        include_str!("web-templates/submit/summary.html"),
    ),
];

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/demande", get(blank).post(take))
        .route("/demande/{number}", get(again).post(go_on))
        .route("/c/{token}", get(confirm::show).post(confirm::act))
}

/// What the address of the form may say.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// The category that was chosen.
    #[serde(default)]
    categorie: String,
    /// The request that goes on to be typed.
    #[serde(default)]
    brouillon: String,
    /// Its category is to be chosen anew, or was not chosen where it should have been.
    #[serde(default)]
    choix: String,
}

/// What [`Asked::choix`] says when its button was pressed; anything else asks for the choice.
const CHOSEN: &str = "fait";

/// One look at the form.
struct Look<'a> {
    site: &'a Site,
    visitor: &'a Visitor,
    author: Option<&'a Address>,
}

impl Look<'_> {
    fn internal_only(&self) -> bool {
        self.site.service.current().settings.web.form == FormFor::Internal
    }

    /// The form itself.
    fn form(
        &self,
        status: StatusCode,
        number: &str,
        typed: &Typed,
        wrong: &Mistakes,
        files: &[DraftFile],
    ) -> Response {
        let rules = self.site.service.rules();
        let token = self
            .author
            .map(|author| form_proof(&rules.keys, number, &author.address))
            .unwrap_or_default();
        let surroundings = view::Surroundings {
            policy: &rules.policy,
            language: self.visitor.language,
            number,
            author: self.author,
            internal_only: self.internal_only(),
            upload: self.site.service.current().settings.web.max_upload,
            token: &token,
            suggests: rules.knowledge.is_there(),
            kept: *typed != Typed::blank(self.visitor.language) || !files.is_empty(),
        };
        let mut context = frame::context(self.site, self.visitor);
        let shown = view::form(&surroundings, typed, wrong, files);
        context.insert("form", &shown);
        page(status, "submit/form.html", &context)
    }

    fn failed(&self, error: &anyhow::Error) -> Response {
        tracing::error!("A request of the form cannot be kept: {error:#}");
        unavailable(self.site, self.visitor)
    }
}

fn is_off(site: &Site) -> bool {
    site.service.current().settings.web.form == FormFor::Off
}

async fn blank(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Proven(author): Proven,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    if is_off(&site) {
        return link::not_found(&site, &visitor);
    }
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let look = Look {
        site: &site,
        visitor: &visitor,
        author: author.as_ref(),
    };
    if is_number(&asked.brouillon) {
        let id = draft_id(&asked.brouillon);
        match site
            .service
            .store()
            .draft(&id, false, site.service.now())
            .await
        {
            Ok(Some(draft)) if draft.state == DraftState::Typed => {
                let mut typed = typed_of(&draft.content);
                typed.language = visitor.language.to_owned();
                let wrong = asked.chosen(&site, &visitor, &mut typed);
                let status = status_of(&wrong);
                return look.form(status, &asked.brouillon, &typed, &wrong, &draft.files);
            }
            Ok(_) => {}
            Err(error) => return look.failed(&error),
        }
    }
    let mut typed = Typed::blank(visitor.language);
    let wrong = asked.chosen(&site, &visitor, &mut typed);
    look.form(status_of(&wrong), &form::number(), &typed, &wrong, &[])
}

fn status_of(wrong: &Mistakes) -> StatusCode {
    match wrong.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl Asked {
    /// Puts the category that was chosen into the request; what fits of the earlier one's answers goes
    /// along. Nothing chosen where a choice was asked for is a mistake.
    fn chosen(&self, site: &Site, visitor: &Visitor, typed: &mut Typed) -> Mistakes {
        let mut wrong = Mistakes::new();
        if !self.categorie.is_empty() || !self.choix.is_empty() {
            typed.choose(&site.service.rules().policy, &self.categorie);
        }
        if self.categorie.is_empty() && self.choix == CHOSEN {
            let sentence = visitor.pick(typed::NO_CATEGORY.0, typed::NO_CATEGORY.1);
            wrong.insert("categorie".to_owned(), sentence.to_owned());
        }
        wrong
    }
}

/// Takes what was typed: keeps it, then shows what is wrong, or goes on.
async fn take(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Proven(author): Proven,
    request: Http,
) -> Response {
    if is_off(&site) {
        return link::not_found(&site, &visitor);
    }
    let form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let rules = site.service.rules();
    let look = Look {
        site: &site,
        visitor: &visitor,
        author: author.as_ref(),
    };
    let mut number = form.get("number").to_owned();
    if !is_number(&number) {
        number = form::number();
    }
    let typed = Typed::of(&form, &rules.policy, visitor.language);
    let dropped: Vec<i64> = form
        .all("retirer")
        .filter_map(|id| id.parse().ok())
        .collect();
    // « Choisir une autre catégorie » takes along what is typed so far, however much is missing.
    let elsewhere = form.get("autre") == "1";
    let judged = typed.judge(&rules.policy, author.is_some(), look.internal_only());
    let mut wrong = match elsewhere {
        true => Mistakes::new(),
        false => judged.err().unwrap_or_default(),
    };
    let ours = author.as_ref().is_none_or(|author| {
        form.get("preuve") == form_proof(&rules.keys, &number, &author.address)
    });
    if !ours {
        wrong.insert(
            "formulaire".to_owned(),
            visitor
                .pick(
                    "Ce formulaire a été ouvert par quelqu’un d’autre, ou il y a trop longtemps\u{a0}: relisez-le et envoyez-le de nouveau.",
                    "This form was opened by somebody else, or too long ago: read it again and send it once more.",
                )
                .to_owned(),
        );
        number = form::number();
    }
    let id = draft_id(&number);
    let before = match site
        .service
        .store()
        .draft(&id, false, site.service.now())
        .await
    {
        Ok(before) => before,
        Err(error) => return look.failed(&error),
    };
    if before.is_none() {
        let there: Vec<&str> = form
            .all("garde")
            .filter_map(|file| file.split_once(' '))
            .filter(|(id, _)| id.parse().is_ok_and(|id| !dropped.contains(&id)))
            .map(|(_, name)| name)
            .collect();
        gone(&visitor, &there, &mut wrong);
    }
    let files: Vec<DraftFile> = form.files.into_iter().map(file_of).collect();
    // The page itself carries words that need a correction; files it cannot.
    let carried = !wrong.is_empty() && files.is_empty() && dropped.is_empty();
    if !carried
        && let Err(response) = keep(&look, &number, &typed, files, dropped, &mut wrong).await
    {
        return response;
    }
    if !wrong.is_empty() {
        let id = draft_id(&number);
        let kept = site.service.store().draft(&id, false, site.service.now());
        let files = match kept.await {
            Ok(draft) => draft.map(|draft| draft.files).unwrap_or_default(),
            Err(error) => return look.failed(&error),
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return look.form(status, &number, &typed, &wrong, &files);
    }
    if elsewhere {
        let asked = [("brouillon", number.as_str()), ("choix", "autre")];
        return see(&visitor.link("/demande", &asked));
    }
    see(&format!("/demande/{number}{}", visitor.query()))
}

/// The page of a request that is kept: read it again, open your mailbox, it is sent.
async fn again(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Proven(author): Proven,
    reader: knowledge::Reader,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    let number = path.map(|Path(number)| number).unwrap_or_default();
    let draft = match kept(&site, &visitor, &number, false).await {
        Ok(draft) => draft,
        Err(response) => return response,
    };
    let rules = site.service.rules();
    let typed = typed_of(&draft.content);
    let mut context = frame::context(&site, &visitor);
    context.insert("number", &number);
    let template = match draft.state {
        DraftState::Sent(inbox) => {
            // Whoever typed it need not be whoever reads the mailbox: that one knows the reference.
            let shown = match &author {
                Some(author) => confirm::became(&site, inbox, author).await,
                None => None,
            };
            // The page itself says it, in its title as well.
            let joined = shown.as_ref().is_some_and(|became| became.joined);
            context.insert("joined", &joined);
            context.insert("became", &shown);
            "submit/sent.html"
        }
        DraftState::Asked => {
            context.insert("address", &typed.address);
            let sent_again = visitor.done.as_deref() == Some("renvoye");
            context.insert("sent_again", &sent_again);
            context.insert("problem", "");
            "submit/mailbox.html"
        }
        DraftState::Typed => {
            let internal_only = site.service.current().settings.web.form == FormFor::Internal;
            let judged = typed.judge(&rules.policy, author.is_some(), internal_only);
            let Ok(request) = judged else {
                return see(&visitor.link("/demande", &[("brouillon", &number)]));
            };
            let by = author.as_ref();
            let summary = view::summary(&rules.policy, &typed, request.text, &draft.files, by);
            context.insert("summary", &summary);
            let proof = author
                .as_ref()
                .map(|author| form_proof(&rules.keys, &number, &author.address));
            context.insert("token", &proof.unwrap_or_default());
            context.insert("proven", &author.is_some());
            let articles =
                knowledge::suggestions(&site, &visitor, reader, &typed.title, &typed.details).await;
            context.insert("articles", &articles);
            "submit/read-again.html"
        }
    };
    page(StatusCode::OK, template, &context)
}

/// Sends a request that was read again, or lets it wait for its author's word.
async fn go_on(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Proven(author): Proven,
    path: Result<Path<String>, PathRejection>,
    request: Http,
) -> Response {
    let number = path.map(|Path(number)| number).unwrap_or_default();
    let form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let draft = match kept(&site, &visitor, &number, true).await {
        Ok(draft) => draft,
        Err(response) => return response,
    };
    let here = format!("/demande/{number}{}", visitor.query());
    let look = Look {
        site: &site,
        visitor: &visitor,
        author: author.as_ref(),
    };
    if draft.state == DraftState::Asked && !is_off(&site) {
        return waits(&look, &number, &draft, form.get("quoi")).await;
    }
    if draft.state != DraftState::Typed || is_off(&site) {
        return see(&here);
    }
    let rules = site.service.rules();
    let typed = typed_of(&draft.content);
    match author.clone() {
        Some(author) => {
            if form.get("preuve") != form_proof(&rules.keys, &number, &author.address) {
                return see(&here);
            }
            match send(&site, &draft, &typed, author).await {
                Ok(Outcome::Sent) => see(&here),
                Ok(Outcome::Not(problem)) => {
                    let wrong = Mistakes::from([("formulaire".to_owned(), problem)]);
                    let status = StatusCode::SERVICE_UNAVAILABLE;
                    look.form(status, &number, &typed, &wrong, &draft.files)
                }
                Err(error) => look.failed(&error),
            }
        }
        None => match ask(&look, &draft, &typed).await {
            Ok(None) => see(&here),
            Ok(Some(problem)) => {
                let wrong = Mistakes::from([("formulaire".to_owned(), problem)]);
                let status = StatusCode::TOO_MANY_REQUESTS;
                look.form(status, &number, &typed, &wrong, &draft.files)
            }
            Err(error) => look.failed(&error),
        },
    }
}

/// What whoever typed a request may still do while it waits for the word of a mailbox, which may not be
/// his: correct the address, or let the mail be sent once more.
async fn waits(look: &Look<'_>, number: &str, draft: &Draft, what: &str) -> Response {
    let (site, visitor) = (look.site, look.visitor);
    let here = format!("/demande/{number}");
    let problem = match what {
        "corriger" => {
            let anew = form::number();
            let store = site.service.store();
            let now = site.service.now();
            match store.retype_draft(&draft.id, &draft_id(&anew), now).await {
                Ok(Some(Kept::Yes)) => {
                    let form = visitor.link("/demande", &[("brouillon", &anew)]);
                    return see(&format!("{form}#adresse"));
                }
                Ok(Some(_)) => too_many(visitor),
                // Its author has just sent or deleted it.
                Ok(None) => return see(&visitor.link(&here, &[])),
                Err(error) => return look.failed(&error),
            }
        }
        "renvoyer" => match ask(look, draft, &typed_of(&draft.content)).await {
            Ok(None) => return see(&visitor.link(&here, &[("fait", "renvoye")])),
            Ok(Some(problem)) => problem,
            Err(error) => return look.failed(&error),
        },
        // Sent twice.
        _ => return see(&visitor.link(&here, &[])),
    };
    let mut context = frame::context(site, visitor);
    context.insert("number", number);
    context.insert("address", &typed_of(&draft.content).address);
    context.insert("problem", &problem);
    let status = StatusCode::TOO_MANY_REQUESTS;
    page(status, "submit/mailbox.html", &context)
}
