//! The form for new requests: « Soumettre une demande d'assistance », « Signaler un problème »
//! (S1.19–S1.24, S4.16–S4.20, rows I1–I10). What is typed is kept on our side from the first press of
//! the button, so that a mistake, a look at the articles or a confirmation by mail loses nothing; what
//! is not sent is deleted. A request that is sent becomes a mail in the inbox.
//!
//! The number that a form carries is the secret that its request is kept under.

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request as Http, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::frame::{self, Visitor};
use super::{Site, client, form, link, page, see, unavailable};
use crate::config::FormFor;
use crate::mail::Address;
use crate::notification::header::Line;
use crate::service::submit::{Enclosure, Form as Sent, Submitted};
use crate::store::{Draft, DraftFile, DraftState, Kept};
use crate::token::{Errand, form_proof};

mod confirm;
mod identity;
mod typed;
mod view;

pub use confirm::opened;
pub use identity::Proven;
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

/// Files of one request.
const FILES: usize = 20;

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
}

/// A number as [`form::number`] makes it.
fn is_number(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a request is kept under: who reads the database does not have the numbers.
fn draft_id(number: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, number.as_bytes());
    data_encoding::HEXLOWER.encode(digest.as_ref())
}

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
        };
        let mut context = frame::context(self.site, self.visitor);
        let shown = view::form(&surroundings, typed, wrong, files);
        context.insert("form", &shown);
        page(self.site, status, "submit/form.html", &context)
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
                let none = Mistakes::new();
                return look.form(
                    StatusCode::OK,
                    &asked.brouillon,
                    &typed,
                    &none,
                    &draft.files,
                );
            }
            Ok(_) => {}
            Err(error) => return look.failed(&error),
        }
    }
    let typed = Typed {
        category: asked.categorie,
        language: visitor.language.to_owned(),
        ..Typed::default()
    };
    look.form(
        StatusCode::OK,
        &form::number(),
        &typed,
        &Mistakes::new(),
        &[],
    )
}

/// What was typed, from its column; only a damaged database holds what cannot be read.
fn typed_of(content: &str) -> Typed {
    serde_json::from_str(content).unwrap_or_default()
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
    let mut wrong = typed
        .judge(&rules.policy, author.is_some(), look.internal_only())
        .err()
        .unwrap_or_default();
    let ours = author.as_ref().is_none_or(|author| {
        form.get("preuve") == form_proof(&rules.keys, &number, &author.address)
    });
    if !ours {
        wrong.insert(
            "formulaire".to_owned(),
            visitor
                .pick(
                    "Ce formulaire a été ouvert par quelqu'un d'autre, ou il y a trop longtemps : relisez-le et envoyez-le de nouveau.",
                    "This form was opened by somebody else, or too long ago: read it again and send it once more.",
                )
                .to_owned(),
        );
        number = form::number();
    }
    let files: Vec<DraftFile> = form.files.into_iter().map(file_of).collect();
    // A machine that submits all forms leaves nothing behind (T21).
    let blank = typed.title.is_empty() && typed.details.is_empty();
    if !blank || !files.is_empty() || !dropped.is_empty() {
        match keep(&look, &number, &typed, files, dropped, &mut wrong).await {
            Ok(()) => {}
            Err(response) => return response,
        }
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
    see(&format!("/demande/{number}{}", visitor.query()))
}

fn file_of(file: Enclosure) -> DraftFile {
    DraftFile {
        id: 0,
        name: file.name.as_str().to_owned(),
        content_type: file.content_type,
        size: file.bytes.len() as u64,
        bytes: file.bytes,
    }
}

/// Keeps what was typed. What cannot be kept is one more mistake: nothing that was typed is lost.
async fn keep(
    look: &Look<'_>,
    number: &str,
    typed: &Typed,
    mut files: Vec<DraftFile>,
    dropped: Vec<i64>,
    wrong: &mut Mistakes,
) -> Result<(), Response> {
    let (site, visitor) = (look.site, look.visitor);
    let store = site.service.store();
    let now = site.service.now();
    let id = draft_id(number);
    let before = store.draft(&id, false, now).await;
    let before = before.map_err(|error| look.failed(&error))?;
    let limit = site.service.current().settings.web.max_upload;
    let there = before.into_iter().flat_map(|draft| draft.files);
    let there: Vec<DraftFile> = there.filter(|file| !dropped.contains(&file.id)).collect();
    let bytes: u64 = there.iter().chain(&files).map(|file| file.size).sum();
    if bytes > limit || there.len() + files.len() > FILES {
        let size = |language| crate::notification::date::size(limit, language);
        let (french, english) = (size("fr"), size("en"));
        wrong.insert(
            "fichiers".to_owned(),
            visitor
                .pick(
                    &format!("Trop de fichiers : {FILES} au plus, et {french} en tout. Les derniers n'ont pas été gardés."),
                    &format!("Too many files: {FILES} at most, and {english} in all. The last ones were not kept."),
                )
                .to_owned(),
        );
        files.clear();
    }
    let network = client::network(visitor.address).to_string();
    let content = serde_json::to_string(typed).map_err(|error| look.failed(&error.into()))?;
    let kept = store
        .keep_draft(&id, &network, content, files, dropped, now)
        .await
        .map_err(|error| look.failed(&error))?;
    let (french, english) = match kept {
        Kept::Yes => return Ok(()),
        // What waits for a word or was sent stays as it is; its page says so.
        Kept::Asked | Kept::Sent(_) => {
            return Err(see(&format!("/demande/{number}{}", visitor.query())));
        }
        Kept::TooMany => (
            "Trop de demandes ont été commencées depuis votre réseau ; réessayez dans une heure, ou écrivez-nous.",
            "Too many requests were begun from your network; try again in an hour, or write to us.",
        ),
        Kept::Full => (
            "Le formulaire reçoit trop de demandes en ce moment ; réessayez plus tard, ou écrivez-nous.",
            "The form receives too many requests right now; try again later, or write to us.",
        ),
    };
    let sentence = visitor.pick(french, english).to_owned();
    wrong.insert("formulaire".to_owned(), sentence);
    Ok(())
}

/// A request that is kept, by its number.
async fn kept(
    site: &Site,
    visitor: &Visitor,
    number: &str,
    bytes: bool,
) -> Result<Draft, Response> {
    if site.misses.is_over(visitor.address) {
        return Err(link::too_many());
    }
    let now = site.service.now();
    match site
        .service
        .store()
        .draft(&draft_id(number), bytes, now)
        .await
    {
        Ok(Some(draft)) => Ok(draft),
        Ok(None) => {
            site.misses.count(visitor.address);
            Err(link::not_found(site, visitor))
        }
        Err(error) => {
            tracing::error!("A request of the form cannot be read: {error:#}");
            Err(unavailable(site, visitor))
        }
    }
}

/// The page of a request that is kept: read it again, open your mailbox, it is sent.
async fn again(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Proven(author): Proven,
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
            context.insert("became", &shown);
            "submit/sent.html"
        }
        DraftState::Asked => {
            context.insert("address", &typed.address);
            "submit/mailbox.html"
        }
        DraftState::Typed => {
            let internal_only = site.service.current().settings.web.form == FormFor::Internal;
            let judged = typed.judge(&rules.policy, author.is_some(), internal_only);
            let Ok(request) = judged else {
                return see(&format!("/demande?brouillon={number}"));
            };
            let by = author.as_ref();
            let summary = view::summary(&rules.policy, &typed, request.text, &draft.files, by);
            context.insert("summary", &summary);
            let proof = author
                .as_ref()
                .map(|author| form_proof(&rules.keys, &number, &author.address));
            context.insert("token", &proof.unwrap_or_default());
            context.insert("proven", &author.is_some());
            "submit/read-again.html"
        }
    };
    page(&site, StatusCode::OK, template, &context)
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
    if draft.state != DraftState::Typed || is_off(&site) {
        return see(&here);
    }
    let look = Look {
        site: &site,
        visitor: &visitor,
        author: author.as_ref(),
    };
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

/// Asks the mailbox that was typed; `Some`: why that cannot be now.
async fn ask(look: &Look<'_>, draft: &Draft, typed: &Typed) -> Result<Option<String>> {
    let (site, visitor) = (look.site, look.visitor);
    let rules = site.service.rules();
    let judged = typed.judge(&rules.policy, false, look.internal_only());
    let Some(address) = typed.author_address().filter(|_| judged.is_ok()) else {
        return Ok(Some(
            visitor
                .pick(
                    "Votre demande est incomplète : complétez-la, puis envoyez-la de nouveau.",
                    "Your request is not complete: complete it, then send it again.",
                )
                .to_owned(),
        ));
    };
    let now = site.service.now();
    let until = crate::desk::Visit::end(Errand::Confirm, now);
    let store = site.service.store();
    if !store
        .ask_draft(&draft.id, &address.address, until, now)
        .await?
    {
        return Ok(Some(
            visitor
                .pick(
                    "Plusieurs demandes attendent déjà d'être confirmées avec cette adresse : ouvrez notre dernier message, confirmez-les ou effacez-les, puis réessayez.",
                    "Several requests with this address wait for their confirmation already: open our latest mail, confirm or delete them, then try again.",
                )
                .to_owned(),
        ));
    }
    let language = visitor.language;
    site.service
        .send_link(Errand::Confirm, &address.address, None, language)
        .await?;
    Ok(None)
}

/// What became of sending.
pub(super) enum Outcome {
    Sent,
    /// Why not, in words.
    Not(String),
}

/// Puts a request into the inbox. Its author is proven.
pub(super) async fn send(
    site: &Site,
    draft: &Draft,
    typed: &Typed,
    author: Address,
) -> Result<Outcome> {
    let rules = site.service.rules();
    let no = |french: &str, english: &str| {
        Ok(Outcome::Not(
            super::status::pick(&typed.language, french, english).to_owned(),
        ))
    };
    let Ok(request) = typed.judge(&rules.policy, true, false) else {
        return no(
            "Le formulaire a changé entre-temps : complétez votre demande, puis envoyez-la de nouveau.",
            "The form has changed meanwhile: complete your request, then send it again.",
        );
    };
    let files = draft.files.iter().map(|file| Enclosure {
        name: Line::new(&file.name),
        content_type: file.content_type.clone(),
        bytes: file.bytes.clone(),
    });
    let sent = Sent {
        number: draft.id.clone(),
        author,
        account: request.account,
        to: request.to,
        subject: request.title,
        text: request.text,
        files: files.collect(),
        submission: request.submission,
    };
    match site.service.submit(sent).await? {
        Submitted::Kept(inbox, _) => {
            site.service.store().sent_draft(&draft.id, inbox).await?;
            Ok(Outcome::Sent)
        }
        Submitted::NoRoom => no(
            "Le service ne peut rien enregistrer pour le moment. Votre demande est gardée ici : réessayez dans quelques minutes.",
            "The desk cannot record anything right now. Your request is kept here: try again in a few minutes.",
        ),
        Submitted::NoAddress => no(
            "Votre adresse ne peut pas recevoir de courriel.",
            "Your address cannot receive mail.",
        ),
    }
}
