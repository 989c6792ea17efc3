//! What can be done about a ticket: each button writes the reply that a technician could have mailed,
//! command lines and words, and `desk` decides about that. A form says which event was the latest on
//! its page; when others did something since, it comes back with its words and what is new.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::form::{self, Form};
use super::super::frame::Visitor;
use super::super::{Site, page, see, unavailable};
use super::frame::Choice;
use super::identity::Staff;
use super::ticket::{self, Seen};
use super::{outcome, sign_in, words};
use crate::desk::words::pick;
use crate::desk::{self, Action, Decision, Deed, Policy, Written};
use crate::service::submit::Form as Submission;
use crate::ticket::{Event, File, Level, Nature, Status, TicketId};

/// What was typed into a form that is shown again, and what was wrong with it.
#[derive(Debug, Default, Serialize)]
pub struct Typed {
    /// The button.
    pub act: String,
    pub error: String,
    pub text: String,
    /// What follows a command.
    pub argument: String,
    pub canned: String,
    /// It came with files, which a browser does not send a second time.
    pub files: bool,
    /// The latest event of the page that it was typed on.
    pub seen: Option<i64>,
    /// What was typed is what is wrong, not what happened meanwhile.
    pub wrong: bool,
}

/// Which forms the page shows.
#[derive(Debug, Serialize)]
pub struct Offers {
    /// It is nobody's: [Ouvrir pour traiter].
    take: bool,
    /// Answers and what changes it: he follows it, or may all the same.
    edit: bool,
    /// Who follows it, when that is another.
    owner: Option<String>,
    /// Something is left to do.
    alive: bool,
    resolve: bool,
    close: bool,
    reopen: bool,
    lower: bool,
    /// His latest act can be taken back: which.
    undo: Option<String>,
    /// How long answers can be taken back, in seconds.
    hold: i64,
    canned: Vec<Choice>,
    technicians: Vec<Choice>,
    teams: Vec<Choice>,
    categories: Vec<Choice>,
    natures: Vec<Choice>,
    levels: Vec<Choice>,
}

impl Offers {
    /// The page has a form with this button.
    fn shows(&self, act: &str) -> bool {
        match act {
            "take" => self.take,
            "undo" => self.undo.is_some(),
            "note" => true,
            "answer" => self.edit,
            "resolve" | "answer-wait" => self.edit && self.resolve,
            "wait" | "wait-third-party" | "pause" | "assign" | "give-back" | "team" => {
                self.edit && self.alive
            }
            "category" => self.edit && !self.categories.is_empty(),
            "nature" | "priority" | "merge" | "link" | "add" | "remove" => self.edit,
            "lower" => self.edit && self.lower,
            "close" | "out-of-scope" => self.edit && self.close,
            "reopen" => self.edit && self.reopen,
            _ => false,
        }
    }

    /// The field that holds what is wrong, by its id.
    pub fn at_field(&self, typed: &Typed) -> Option<&'static str> {
        let field = match typed.act.as_str() {
            "answer" | "answer-wait" | "resolve" | "note" => "text",
            "pause" => "until",
            "assign" => "technician",
            "team" => "team",
            "category" => "category",
            "nature" => "nature",
            "priority" => "reason",
            "lower" => "lower",
            "merge" | "link" => "other",
            "close" => "closing",
            "out-of-scope" => "scope",
            "add" | "remove" => "follower",
            _ => return None,
        };
        Some(field).filter(|_| typed.wrong && self.shows(&typed.act))
    }

    /// Words of a form that the page does not show any more, because the ticket is another by now:
    /// they are given back all the same.
    pub fn left_over<'a>(&self, typed: &'a Typed) -> Option<&'a str> {
        let words = match typed.text.is_empty() {
            true => &typed.argument,
            false => &typed.text,
        };
        Some(words.as_str()).filter(|words| !words.is_empty() && !self.shows(&typed.act))
    }
}

/// What is offered of this ticket, to this technician.
pub fn offers(policy: &Policy, seen: &Seen, staff: &Staff, now: DateTime<Utc>) -> Offers {
    let ticket = &seen.ticket;
    let language = staff.visitor.language;
    let done = matches!(ticket.status, Status::Resolved | Status::Closed);
    let owner = ticket.technician.as_ref();
    let own = owner.is_some_and(|owner| staff.technician.has_address(&owner.address));
    let canned = policy.canned.iter();
    let history: Vec<&Event> = seen.events.iter().map(|(_, event)| event).collect();
    let technicians = policy.technicians_of(&ticket.team);
    Offers {
        take: owner.is_none() && !done,
        edit: owner.is_some() || done,
        owner: owner
            .filter(|_| !own)
            .map(|owner| words::name(owner).to_owned()),
        alive: !done,
        resolve: !done,
        close: ticket.status != Status::Closed,
        reopen: ticket.status != Status::Open,
        lower: desk::urgency::can_lower(ticket),
        undo: desk::to_undo(&history, &staff.technician, now, policy.hold_replies)
            .map(|done| words::undoing(done, policy.timezone, now, language)),
        hold: policy.hold_replies.num_seconds(),
        canned: canned
            .filter(|canned| canned.language == ticket.language)
            .map(|canned| Choice::new(&canned.name, &canned.title, false))
            .collect(),
        technicians: technicians
            .map(|one| {
                let address = one.who().address;
                let chosen = owner.is_some_and(|owner| one.has_address(&owner.address));
                Choice::new(&address, &one.name, chosen)
            })
            .collect(),
        teams: policy
            .teams
            .iter()
            .map(|team| Choice::new(&team.id, &team.name, team.id == ticket.team))
            .collect(),
        categories: policy
            .categories
            .iter()
            .map(|one| {
                let chosen = ticket.category.as_deref() == Some(one.id.as_str());
                Choice::new(&one.id, &one.full_name(), chosen)
            })
            .collect(),
        natures: [Nature::Incident, Nature::Request]
            .into_iter()
            .map(|nature| {
                let label = words::nature(nature, language);
                Choice::new(nature.as_str(), label, ticket.nature == nature)
            })
            .collect(),
        levels: [Level::High, Level::Normal, Level::Low]
            .into_iter()
            .map(|level| {
                let label = policy.level_name(level, language);
                Choice::new(level.as_str(), label, ticket.priority == level)
            })
            .collect(),
    }
}

/// The command lines of a button, and whether the words are for the requester; `None`: no such
/// button. What stands after a command is on its line.
fn lines(form: &Form) -> Option<Vec<String>> {
    let argument = one_line(form.get("argument"));
    let with = |command: &str| vec![format!("{command} {argument}").trim_end().to_owned()];
    let plain = |command: &str| vec![command.to_owned()];
    let mut lines = match form.get("act") {
        "take" => plain("#prendre"),
        "answer" => Vec::new(),
        "answer-wait" => plain("#attente demandeur"),
        "resolve" => plain("#resolu"),
        "note" => plain("#note"),
        "wait" => plain("#attente demandeur"),
        "wait-third-party" => plain("#attente tiers"),
        "pause" => with("#pause"),
        "close" => plain("#clore"),
        "reopen" => plain("#rouvrir"),
        "assign" => with("#affecter"),
        "give-back" => plain("#affecter personne"),
        "team" => with("#equipe"),
        "category" => with("#categorie"),
        "nature" if argument == "request" => plain("#demande"),
        "nature" => plain("#incident"),
        "priority" => match argument.as_str() {
            "high" => plain("#priorite haute"),
            "low" => plain("#priorite faible"),
            _ => plain("#priorite normale"),
        },
        "lower" => with("#declasser"),
        "out-of-scope" => with("#horsperimetre"),
        "merge" => with("#fusionner"),
        "link" => with("#lier"),
        "add" => with("#ajouter"),
        "remove" => with("#retirer"),
        "undo" => plain("#annuler"),
        _ => return None,
    };
    let canned = one_line(form.get("canned"));
    if !canned.is_empty() && matches!(form.get("act"), "answer" | "answer-wait" | "resolve") {
        lines.push(format!("#modele {canned}"));
    }
    // The reason of a priority is for staff.
    if form.get("act") == "priority" && !form.get("text").is_empty() {
        lines.push("#note".to_owned());
    }
    Some(lines)
}

/// A button that promises words, pressed without any: what is missing, before it is asked whether it can be done. By mail `#resolu` alone stands,
/// for who writes that means it.
fn unsaid(form: &Form) -> Option<(&'static str, &'static str)> {
    let empty = form.get("text").trim().is_empty()
        && form.get("canned").trim().is_empty()
        && form.files.is_empty();
    match form.get("act") {
        "answer" if empty => Some(("Écrivez votre réponse.", "Write your answer.")),
        "note" if empty => Some(("Écrivez la note.", "Write the note.")),
        "resolve" if empty => Some((
            "Écrivez la solution : le demandeur la reçoit, puis la valide ou la refuse.",
            "Write the solution: the requester receives it, and accepts or refuses it.",
        )),
        "answer-wait" if empty => Some((
            "Écrivez ce que vous attendez du demandeur.",
            "Write what you wait for from the requester.",
        )),
        _ => None,
    }
}

/// A second line would be a second command.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The reply that the form stands for.
fn written(form: &Form) -> Option<String> {
    let lines = lines(form)?;
    let text = form.get("text").replace("\r\n", "\n");
    Some(match lines.is_empty() {
        true => text,
        false => format!("{}\n\n{text}", lines.join("\n"))
            .trim_end()
            .to_owned(),
    })
}

/// Why nothing was done, for somebody who pressed a button: the command lines that it wrote are not
/// repeated, those that he typed himself are.
fn refused(form: &Form, why: &str, language: &str) -> String {
    let pressed = lines(form).unwrap_or_default();
    let said = why.lines().map(|said| {
        let (line, answer) = said.split_once(" — ").unwrap_or_default();
        match line.starts_with('#') {
            true if pressed.iter().any(|pressed| pressed == line) => {
                words::sentence(&words::with_buttons(answer, language))
            }
            true => words::sentence(&pick(
                language,
                format!("« {line} » : {answer}"),
                format!("\"{line}\": {answer}"),
            )),
            false => words::sentence(&words::with_buttons(said, language)),
        }
    });
    said.collect::<Vec<_>>().join(" ")
}

/// What is refused is what he typed: a command line among his words, or what follows the button's.
fn is_typed(form: &Form, why: &str) -> bool {
    let pressed = lines(form).unwrap_or_default();
    why.lines().any(|said| {
        let line = said.split_once(" — ").map_or("", |(line, _)| line);
        let is_button = pressed.iter().any(|pressed| pressed == line);
        line.starts_with('#') && (!is_button || !form.get("argument").trim().is_empty())
    })
}

pub async fn reply(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let number = path.map(|Path(number)| number).unwrap_or_default();
    let (mut parts, body) = request.into_parts();
    let staff = Staff::from_request_parts(&mut parts, &site).await;
    let request = Request::from_parts(parts, body);
    let mut form = match form::read(&site, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    // A session that ended while somebody was writing loses no word.
    let Ok(staff) = staff else {
        return ended(&site, &visitor, &form);
    };
    let seen = match ticket::open(&site, &staff, &number).await {
        Ok(seen) => seen,
        Err(response) => return response,
    };
    let mut typed = Typed {
        act: form.get("act").to_owned(),
        error: String::new(),
        text: form.get("text").to_owned(),
        argument: form.get("argument").to_owned(),
        canned: form.get("canned").to_owned(),
        files: !form.files.is_empty(),
        seen: form.get("seen").parse().ok(),
        wrong: false,
    };
    if form.get("token") != staff.form_token {
        let why = staff.visitor.pick(
            "Cette page était trop ancienne : rien n’a été fait. Vérifiez, puis envoyez de nouveau.",
            "This page was too old: nothing was done. Check, then send again.",
        );
        return again(&site, &staff, &seen, typed, StatusCode::FORBIDDEN, why);
    }
    if let Some((french, english)) = unsaid(&form) {
        let why = staff.visitor.pick(french, english);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        typed.wrong = true;
        return again(&site, &staff, &seen, typed, status, why);
    }
    let Some(text) = written(&form) else {
        let why = staff.visitor.pick("Action inconnue.", "Unknown action.");
        return again(&site, &staff, &seen, typed, StatusCode::BAD_REQUEST, why);
    };
    let files = match attached(&site, &staff, &seen, &mut form).await {
        Ok(files) => files,
        Err(response) => return response,
    };
    let action = Action {
        ticket: seen.ticket.id,
        actor: staff.actor(),
        what: Deed::Reply(Written {
            text,
            files,
            // A form that does not say has seen nothing.
            seen: typed.seen.unwrap_or_default(),
            regardless: matches!(typed.act.as_str(), "take" | "undo" | "note"),
            language: staff.visitor.language.to_owned(),
        }),
    };
    match site.service.act(action).await {
        Ok(decision) if !decision.changed.is_empty() || decision.why.is_empty() => {
            let id = seen.ticket.id;
            let at = match done_at(&decision, id) {
                Some(at) => Some(at),
                // Sent twice, it was done the first time, perhaps just now.
                None if decision.notices.is_empty() => {
                    let seen = ticket::open(&site, &staff, &number).await;
                    let since = typed.seen.unwrap_or_default();
                    seen.ok()
                        .and_then(|seen| outcome::latest(&seen, &staff, since))
                }
                None => None,
            };
            let done = at.map_or(0, |at| at.timestamp_millis()).to_string();
            let path = format!("/desk/{id}");
            see(&staff.visitor.link(&path, &[("done", &done)]))
        }
        Ok(decision) => match ticket::open(&site, &staff, &number).await {
            Ok(seen) => {
                typed.wrong = is_typed(&form, &decision.why);
                let why = refused(&form, &decision.why, staff.visitor.language);
                again(&site, &staff, &seen, typed, StatusCode::CONFLICT, &why)
            }
            Err(response) => response,
        },
        Err(error) => {
            let id = seen.ticket.id;
            tracing::error!(ticket.id = %id, "Nothing could be done about ticket {id}: {error:#}");
            unavailable(&site, &staff.visitor)
        }
    }
}

/// When the ticket changed by this decision.
fn done_at(decision: &Decision, id: TicketId) -> Option<DateTime<Utc>> {
    let mut changed = decision.changed.iter();
    let changed = changed.find(|changed| changed.ticket.id == id)?;
    changed.events.last().map(|event| event.at)
}

/// The files of the form, kept; the answer comes after them.
async fn attached(
    site: &Site,
    staff: &Staff,
    seen: &Seen,
    form: &mut Form,
) -> Result<Vec<File>, Response> {
    let rules = site.service.rules();
    let number = form.get("seen").to_owned();
    let text = form.get("text").to_owned();
    let who = staff.technician.who();
    let mut submitted = Submission::on(&rules.policy, &seen.ticket, who, number, text);
    submitted.files = std::mem::take(&mut form.files);
    match site.service.attach(seen.ticket.id, submitted).await {
        Ok(Some(files)) => Ok(files),
        Ok(None) => Err(unavailable(site, &staff.visitor)),
        Err(error) => {
            let id = seen.ticket.id;
            tracing::error!(ticket.id = %id, "Files for ticket {id} cannot be kept: {error:#}");
            Err(unavailable(site, &staff.visitor))
        }
    }
}

/// The page with the form as it was.
fn again(
    site: &Site,
    staff: &Staff,
    seen: &Seen,
    mut typed: Typed,
    status: StatusCode,
    why: &str,
) -> Response {
    typed.error = why.to_owned();
    ticket::shown(site, staff, seen, status, &typed)
}

fn ended(site: &Site, visitor: &Visitor, form: &Form) -> Response {
    let mut context = super::super::frame::context(site, visitor);
    // What stands after a command may be a sentence for the requester.
    let words = [form.get("argument"), form.get("text")];
    let words: Vec<&str> = words
        .into_iter()
        .filter(|words| !words.is_empty())
        .collect();
    context.insert("text", &words.join("\n\n"));
    context.insert("files", &!form.files.is_empty());
    context.insert("sign_in", &sign_in::link(visitor, &visitor.path));
    page(StatusCode::UNAUTHORIZED, "desk/ended.html", &context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_buttons_and_not_the_commands_behind_them() {
        for (fields, why, said) in [
            (
                vec![("act", "resolve"), ("text", "Voici.")],
                "#resolu — le ticket est clos : #rouvrir d'abord",
                "Le ticket est clos : « Rouvrir » d'abord.",
            ),
            (
                vec![("act", "answer"), ("text", "#scinder\n\nVoici.")],
                "#scinder — le message n'énumère rien : par exemple #scinder 2 3",
                "« #scinder » : le message n'énumère rien : par exemple #scinder 2 3.",
            ),
            (
                vec![("act", "answer"), ("text", "Voici.")],
                "Marie a écrit à 9 h 31 : relisez, puis envoyez",
                "Marie a écrit à 9 h 31 : relisez, puis envoyez.",
            ),
        ] {
            assert_eq!(refused(&Form::of(&fields), why, "fr"), said);
        }
    }

    /// A field is marked when what it holds is wrong, and not when the ticket changed meanwhile.
    #[test]
    fn what_was_typed_is_told_from_what_happened() {
        for (fields, why, typed) in [
            (
                vec![("act", "resolve"), ("text", "Voici.")],
                "#resolu — le ticket est clos : #rouvrir d'abord",
                false,
            ),
            (
                vec![("act", "answer"), ("text", "#scinder\n\nVoici.")],
                "#scinder — le message n'énumère rien",
                true,
            ),
            (
                vec![("act", "merge"), ("argument", "77")],
                "#fusionner 77 — aucun ticket 77 dans vos équipes",
                true,
            ),
            (
                vec![("act", "answer"), ("text", "Voici.")],
                "Marie a écrit à 9 h 31 : relisez, puis envoyez",
                false,
            ),
        ] {
            assert_eq!(is_typed(&Form::of(&fields), why), typed, "{why}");
        }
    }

    #[test]
    fn a_button_is_the_reply_that_could_have_been_mailed() {
        for (fields, reply) in [
            (vec![("act", "take")], Some("#prendre")),
            (
                vec![("act", "answer"), ("text", "Bonjour,\r\nc’est fait.")],
                Some("Bonjour,\nc’est fait."),
            ),
            (
                vec![("act", "resolve"), ("text", "Réparé."), ("canned", "vpn")],
                Some("#resolu\n#modele vpn\n\nRéparé."),
            ),
            (
                vec![("act", "lower"), ("argument", "un poste\n#clore")],
                Some("#declasser un poste #clore"),
            ),
            (
                vec![
                    ("act", "priority"),
                    ("argument", "high"),
                    ("text", "le doyen"),
                ],
                Some("#priorite haute\n#note\n\nle doyen"),
            ),
            (vec![("act", "erase")], None),
        ] {
            let form = Form::of(&fields);
            assert_eq!(written(&form).as_deref(), reply, "{fields:?}");
        }
    }
}
