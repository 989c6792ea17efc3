//! What a person of a ticket does on its page. Words and files become a mail; a button is an action.
//! What may be done is decided by `desk`; the page only offers what makes sense (`offers`).

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::offers::only_reads;
use super::{Seen, Typed, see_ticket, shown};
use crate::desk::{Action, Deed, lifecycle};
use crate::service::submit::{Enclosure, Form as Sent, Submitted};
use crate::ticket::{Actor, Marks, Status, Ticket, What};
use crate::web::form::{self, Form};
use crate::web::frame::Visitor;
use crate::web::{Site, link, see, unavailable};

/// The link of a page, as the path has it; what is not even text is a wrong link like any other.
type Token = Result<Path<String>, PathRejection>;

/// A form of the page, with what it belongs to.
struct Post {
    seen: Seen,
    token: String,
    form: Form,
}

impl Post {
    async fn read(
        site: &Site,
        visitor: Visitor,
        path: Token,
        request: Request,
    ) -> Result<Self, Response> {
        let token = path.map(|Path(token)| token).unwrap_or_default();
        // The link first: nobody else sends anything here.
        let seen = match see_ticket(site, visitor.clone(), &token).await {
            Ok(seen) => seen,
            // It grew old while its reader wrote: what he wrote is given back.
            Err(response) if response.status() == StatusCode::GONE => {
                let form = form::read(site, &visitor, request).await?;
                return Err(link::old_with_words(
                    site,
                    &visitor,
                    form.get("description"),
                ));
            }
            Err(response) => return Err(response),
        };
        if only_reads(&seen.person) {
            return Err(link::not_found(site, &seen.visitor));
        }
        let form = form::read(site, &seen.visitor, request).await?;
        Ok(Self { seen, token, form })
    }

    /// Words and files as a message of the reader's.
    fn words(&self, site: &Site, text: String, files: Vec<Enclosure>) -> Sent {
        let policy = &site.service.rules().policy;
        let number = self.form.get("number").to_owned();
        let author = self.seen.person.who.clone();
        let mut sent = Sent::on(policy, &self.seen.ticket, author, number, text);
        sent.files = files;
        sent
    }

    /// What was typed into a form of the page, and what is wrong with it.
    fn typed(&self, form: &'static str, french: &str, english: &str) -> Typed {
        Typed {
            form,
            error: self.seen.visitor.pick(french, english).to_owned(),
            number: self.form.get("number").to_owned(),
            text: self.form.get("description").to_owned(),
            speed: self.form.get("duree").to_owned(),
            answers: self.form.get("reponses").to_owned(),
        }
    }

    /// The page again, with what was typed and what is missing.
    fn again(&self, site: &Site, form: &'static str, french: &str, english: &str) -> Response {
        let typed = self.typed(form, french, english);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        shown(site, &self.seen, &self.token, status, &typed)
    }

    /// Nothing was done. Words that came with it are not thrown away: the page has them in the form for
    /// a follow-up, unless they are on it already, word for word, because the form was sent twice.
    async fn declined(&self, site: &Site) -> Response {
        let words = self.form.get("description").replace("\r\n", "\n");
        if words.is_empty() {
            return self.done("rien");
        }
        // As it is by now: somebody else changed it since this page was shown.
        let visitor = self.seen.visitor.clone();
        let seen = match see_ticket(site, visitor, &self.token).await {
            Ok(seen) => seen,
            Err(response) => return response,
        };
        let own = seen.events.iter().filter(|(_, event)| {
            let who = event.actor.who.as_ref();
            who.is_some_and(|who| who.key() == seen.person.who.key())
        });
        let mut said = own.map(|(_, event)| match &event.what {
            What::Verdict { reason, .. } => reason.as_deref(),
            What::Rated { comment, .. } => comment.as_deref(),
            What::Mail { text, .. } => Some(text.as_str()),
            _ => None,
        });
        if said.any(|said| said.map(str::trim) == Some(words.as_str())) {
            return self.done("rien");
        }
        let typed = self.typed(
            "add",
            "L’état de la demande ne permet plus cette action\u{a0}: rien n’a été fait. Votre texte est gardé ci-dessous\u{a0}: vous pouvez l’envoyer comme nouveau suivi.",
            "The state of the request no longer allows this: nothing was done. Your text is kept below: you can send it as a follow-up.",
        );
        shown(site, &seen, &self.token, StatusCode::CONFLICT, &typed)
    }

    /// The page again, with a word of what was done.
    fn done(&self, what: &str) -> Response {
        let page = format!("/t/{}", self.token);
        see(&self.seen.visitor.link(&page, &[("fait", what)]))
    }

    /// Does it; what cannot be done (any more) is seen on the page.
    async fn act(self, site: &Site, what: Deed, done: &str) -> Response {
        let Seen {
            ticket,
            person,
            visitor,
            ..
        } = &self.seen;
        let id = ticket.id;
        let leaves = what == Deed::Unfollow;
        let actor = Actor {
            role: person.part.role(),
            who: Some(person.who.clone()),
        };
        let ticket = id;
        match site
            .service
            .act(Action {
                ticket,
                actor,
                what,
            })
            .await
        {
            Ok(decision) if decision.changed.is_empty() => self.declined(site).await,
            // The link has ended with it.
            Ok(_) if leaves => see(&visitor.link("/", &[("fait", "plus-suivre")])),
            Ok(_) => self.done(done),
            Err(error) => {
                tracing::error!(ticket.id = %id, "What was asked on the page of ticket {id} cannot be done: {error:#}");
                unavailable(site, visitor)
            }
        }
    }
}

/// What was just done, in words. The page's address says it, which anybody may write: what the ticket
/// itself denies was not done.
pub fn done(visitor: &Visitor, ticket: &Ticket) -> Option<&'static str> {
    let done = visitor.done.as_deref()?;
    let over = matches!(ticket.status, Status::Resolved | Status::Closed);
    let holds = match done {
        "valide" => ticket.accepted,
        "refuse" => !over && ticket.reopened > 0,
        "note" => ticket.marks.is_some(),
        _ => true,
    };
    let (french, english) = match done {
        _ if !holds => return None,
        "suivi" => (
            "Votre message est enregistré\u{a0}; le service en est averti.",
            "Your message is recorded; the team is told.",
        ),
        "liee" => (
            "Votre message est enregistré\u{a0}: une nouvelle demande, liée à celle-ci, est ouverte. Vous recevez sa référence et son lien par courriel.",
            "Your message is recorded: a new request, linked to this one, is open. You receive its reference and its link by mail.",
        ),
        "valide" => (
            "Merci\u{a0}: la solution est validée et la demande close.",
            "Thank you: the solution is accepted and the request closed.",
        ),
        "refuse" => (
            "La demande est rouverte\u{a0}; votre explication est la première chose que le technicien lira.",
            "The request is open again; your explanation is the first thing that the technician will read.",
        ),
        "note" => (
            "Merci, votre avis est enregistré.",
            "Thank you, your opinion is recorded.",
        ),
        "rien" => (
            "Rien n’a changé\u{a0}: c’était déjà fait, ou l’état de la demande ne le permet plus.",
            "Nothing has changed: it was done already, or the state of the request no longer allows it.",
        ),
        _ => return None,
    };
    Some(match visitor.language {
        "en" => english,
        _ => french,
    })
}

/// [Ajouter un nouveau suivi] → « Description » → [Ajouter] (row M4).
pub async fn add(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Token,
    request: Request,
) -> Response {
    let mut post = match Post::read(&site, visitor, path, request).await {
        Ok(post) => post,
        Err(response) => return response,
    };
    let text = post.form.get("description").to_owned();
    let files = std::mem::take(&mut post.form.files);
    if text.is_empty() && files.is_empty() {
        return post.again(
            &site,
            "add",
            "Écrivez votre message, ou joignez un fichier.",
            "Write your message, or attach a file.",
        );
    }
    let rules = site.service.rules();
    let ticket = &post.seen.ticket;
    let goes_on = lifecycle::is_final(ticket, &rules.policy, site.service.now());
    let sent = post.words(&site, text, files);
    match site.service.submit(sent).await {
        Ok(Submitted::Kept(..)) => post.done(if goes_on { "liee" } else { "suivi" }),
        Ok(Submitted::NoAddress) => post.again(
            &site,
            "add",
            "Votre adresse ne permet pas d’écrire ici\u{a0}: répondez à l’un de nos messages.",
            "Your address does not allow writing here: reply to one of our mails.",
        ),
        Ok(Submitted::NoRoom) => unavailable(&site, &post.seen.visitor),
        Err(error) => {
            let id = ticket.id;
            tracing::error!(ticket.id = %id, "A follow-up to ticket {id} cannot be kept: {error:#}");
            unavailable(&site, &post.seen.visitor)
        }
    }
}

/// The solution holds: closed for good (S4.31).
pub async fn accept(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Token,
    request: Request,
) -> Response {
    let post = match Post::read(&site, visitor, path, request).await {
        Ok(post) => post,
        Err(response) => return response,
    };
    if !post.form.is_ticked("confirme") {
        return post.again(
            &site,
            "accept",
            "Cochez la case pour valider la solution.",
            "Tick the box to accept the solution.",
        );
    }
    post.act(&site, Deed::Accept, "valide").await
}

/// The solution does not hold, or the trouble is back; the reason is needed (S4.33).
pub async fn refuse(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Token,
    request: Request,
) -> Response {
    let mut post = match Post::read(&site, visitor, path, request).await {
        Ok(post) => post,
        Err(response) => return response,
    };
    let reason = post.form.get("description").replace("\r\n", "\n");
    if reason.is_empty() {
        return post.again(
            &site,
            "refuse",
            "Expliquez la raison\u{a0}: c’est elle qui permettra de vous répondre.",
            "Explain why: that is what makes an answer possible.",
        );
    }
    let files = std::mem::take(&mut post.form.files);
    if files.is_empty() {
        return post.act(&site, Deed::Refuse(reason), "refuse").await;
    }
    // They come after the refusal: before it, they would only ask for more. Sent twice, the second
    // refusal does nothing, and the files are the same message.
    let visitor = post.seen.visitor.clone();
    let id = post.seen.ticket.id;
    let sent = post.words(&site, String::new(), files);
    let response = post.act(&site, Deed::Refuse(reason), "refuse").await;
    if response.status() != StatusCode::SEE_OTHER {
        return response;
    }
    match site.service.submit(sent).await {
        Ok(Submitted::Kept(..)) => response,
        Ok(Submitted::NoRoom | Submitted::NoAddress) => unavailable(&site, &visitor),
        Err(error) => {
            tracing::error!(ticket.id = %id, "The files of a refusal of ticket {id} cannot be kept: {error:#}");
            unavailable(&site, &visitor)
        }
    }
}

/// Two marks from 1 to 5, and a comment (rows K1, K5).
pub async fn rate(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Token,
    request: Request,
) -> Response {
    let post = match Post::read(&site, visitor, path, request).await {
        Ok(post) => post,
        Err(response) => return response,
    };
    let mark = |name| post.form.get(name).parse().ok();
    let marks = mark("duree").zip(mark("reponses"));
    let Some(marks) = marks.and_then(|(speed, answers)| Marks::new(speed, answers)) else {
        return post.again(
            &site,
            "rate",
            "Choisissez une note de 1 à 5 pour chacune des deux lignes.",
            "Choose a mark from 1 to 5 on both lines.",
        );
    };
    let comment = post.form.get("description").replace("\r\n", "\n");
    // The question why was answered with nothing.
    if post.form.get("pourquoi") == "1" && comment.is_empty() {
        return post.again(
            &site,
            "why",
            "Écrivez en quelques mots ce qui n’a pas convenu.",
            "Say in a few words what went wrong.",
        );
    }
    let comment = Some(comment).filter(|comment| !comment.is_empty());
    post.act(&site, Deed::Rate(marks, comment), "note").await
}

/// « Ne plus suivre », for who only follows.
pub async fn unfollow(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Token,
    request: Request,
) -> Response {
    let post = match Post::read(&site, visitor, path, request).await {
        Ok(post) => post,
        Err(response) => return response,
    };
    if !post.form.is_ticked("confirme") {
        return post.again(
            &site,
            "unfollow",
            "Cochez la case pour ne plus suivre cette demande.",
            "Tick the box to follow this request no longer.",
        );
    }
    post.act(&site, Deed::Unfollow, "rien").await
}
