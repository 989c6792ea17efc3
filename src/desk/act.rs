//! What is done by other means than a mail: on the command line, and by the buttons of a page.

use chrono::{DateTime, Utc};

use super::draft::Draft;
use super::lexicon::Opinion;
use super::lifecycle::{self, Step};
use super::major;
use super::tell::Words;
use super::verdict;
use super::{Kind, people, selfhelp, staff, tell};
use crate::ticket::{Actor, Awaited, File, Marks, Role, Status, Ticket, TicketId, What};

/// Something done by other means than a mail: on the command line, on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The ticket.
    pub ticket: TicketId,
    /// Who does it.
    pub actor: Actor,
    /// What.
    pub what: Deed,
}

/// What an [`Action`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Adds an internal note.
    Note(String),
    /// Gives the ticket to a technician, by registered address.
    Assign(String),
    /// Resolves it, with a public answer when there is one.
    Resolve(Option<String>),
    /// Closes it, with a public word when there is one.
    Close(Option<String>),
    /// Opens it again.
    Reopen(Option<String>),
    /// Waits for somebody.
    Wait(Awaited),
    /// Puts it aside until then.
    Pause(DateTime<Utc>),
    /// The requester accepts the solution.
    Accept,
    /// He refuses it, and says why.
    Refuse(String),
    /// An article that was offered solved it: which.
    Helped(String),
    /// He gives marks.
    Rate(Marks, Option<String>),
    /// Somebody who follows does so no longer.
    Unfollow,
    /// The links to the page that this address was sent open nothing any more.
    EndLinks(String),
    /// A technician's reply, written on the page.
    Reply(Written),
}

/// What a technician wrote on the page: words and command lines, as in a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// As written.
    pub text: String,
    /// Files, of a mail that is in the inbox.
    pub files: Vec<File>,
    /// The latest event that he had before him; what others did since is to be read first.
    pub seen: i64,
    /// Whoever does this needs to have read nothing first: he takes the ticket, gives up what he did,
    /// leaves a note.
    pub regardless: bool,
    /// What is answered to it is in this language, that of the page; empty: in his.
    pub language: String,
}

/// Decides about one action. What cannot be done is said in [`super::Decision::why`], and changes
/// nothing.
pub fn act(draft: &mut Draft<'_>, action: &Action) {
    let id = action.ticket;
    let Some(ticket) = draft.ticket(id).cloned() else {
        draft.decision.why = format!("there is no ticket {id}");
        return;
    };
    let status = ticket.status;
    let actor = action.actor.clone();
    let step = match &action.what {
        Deed::Note(text) => {
            let note = What::Note {
                text: text.clone(),
                files: Vec::new(),
                inbox: None,
                why: None,
            };
            return draft.event(id, actor, false, note);
        }
        Deed::Assign(address) => {
            let Some(technician) = draft.policy.technician(address) else {
                draft.decision.why = format!("{address} is not a technician of the configuration");
                return;
            };
            if matches!(status, Status::Resolved | Status::Closed) {
                draft.decision.why = format!(
                    "the ticket is {}: reopen it before giving it to somebody",
                    status.as_str()
                );
                return;
            }
            let assigned = What::Assigned {
                technician: Some(technician.who()),
            };
            let by = actor.who.clone();
            draft.event(id, actor, true, assigned);
            tell::assigned(draft, id, technician, by.as_ref());
            return tell::public(draft, id, Kind::Taken, None, &technician.who().address);
        }
        Deed::EndLinks(address) => {
            if let Err(why) = people::end_links(draft, &ticket, actor, address) {
                draft.decision.why = why;
            }
            return;
        }
        Deed::Resolve(text) => (Step::Resolve, text.as_ref()),
        Deed::Close(text) => (Step::Close, text.as_ref()),
        Deed::Reopen(text) => (Step::Reopen, text.as_ref()),
        Deed::Wait(of) => (Step::Wait(*of), None),
        Deed::Pause(until) => (Step::Pause(*until), None),
        Deed::Reply(written) => return staff::write(draft, &ticket, &actor, written),
        Deed::Accept | Deed::Helped(_) | Deed::Refuse(_) | Deed::Rate(..) | Deed::Unfollow => {
            return of_requester(draft, &ticket, actor, &action.what);
        }
    };
    let (step, text) = step;
    match lifecycle::next(status, step, "en") {
        Ok(to) => {
            lifecycle::set(draft, id, actor.clone(), to, text.cloned());
            let words = text.map(|text| Words {
                text: text.clone(),
                author: actor.who.clone(),
                files: Vec::new(),
            });
            if let Some(turn) = step.turn() {
                tell::public(draft, id, turn.kind(), words.as_ref(), "");
            }
            major::spread(draft, id, &actor, Some(step), words.as_ref());
        }
        Err(why) => draft.decision.why = why,
    }
}

/// What the page of a request offers: the same as a reply by mail does.
fn of_requester(draft: &mut Draft<'_>, ticket: &Ticket, mut actor: Actor, what: &Deed) {
    let id = ticket.id;
    // By the name that the ticket knows.
    if let Some(who) = &mut actor.who
        && let Some(person) = ticket.person(&who.address)
    {
        who.clone_from(&person.who);
    }
    let judges = verdict::may_judge(ticket, &actor);
    let said = |text: &str| Words {
        text: text.to_owned(),
        author: actor.who.clone(),
        files: Vec::new(),
    };
    let step = match what {
        Deed::Helped(slug) => {
            let solved = match judges {
                true => selfhelp::solve(draft, ticket, actor.clone(), Some(slug), &said("")),
                false => Err("only the requester says so".to_owned()),
            };
            if let Err(why) = solved {
                draft.decision.why = why;
            }
            return;
        }
        Deed::Accept => Step::Accept,
        Deed::Refuse(_) => Step::Refuse,
        Deed::Rate(marks, comment) => {
            let done = matches!(ticket.status, Status::Resolved | Status::Closed);
            if !(judges && done) {
                draft.decision.why =
                    "marks are for the requester to give, of a ticket that is resolved".to_owned();
                return;
            }
            return rate(draft, ticket, actor, *marks, comment.as_deref());
        }
        Deed::Unfollow => return unfollow(draft, ticket, actor),
        Deed::Note(_)
        | Deed::Assign(_)
        | Deed::Resolve(_)
        | Deed::Close(_)
        | Deed::Reopen(_)
        | Deed::Wait(_)
        | Deed::Pause(_)
        | Deed::EndLinks(_)
        | Deed::Reply(_) => return,
    };
    if !judges {
        draft.decision.why = "the solution is for the requester to judge".to_owned();
        return;
    }
    if let Err(why) = lifecycle::next(ticket.status, step, "en") {
        draft.decision.why = why;
        return;
    }
    match what {
        Deed::Refuse(reason) if reason.trim().is_empty() => {
            draft.decision.why = "a refusal needs its reason".to_owned();
        }
        Deed::Refuse(_) if lifecycle::is_final(ticket, draft.policy, draft.now) => {
            draft.decision.why = "it is closed for good: a new request goes on".to_owned();
        }
        Deed::Refuse(reason) => {
            // An operator passes on what the requester said: the verdict holds it, and it is no
            // word of the desk's to him.
            if actor.role != Role::Operator {
                add_words(draft, ticket, &actor, reason);
            }
            let words = said(reason);
            verdict::judge(draft, id, actor, words, Some(Opinion::Fails), Vec::new());
        }
        _ => {
            let words = said("");
            verdict::accept(draft, id, actor, &words, None);
        }
    }
}

/// « ne plus suivre », as by mail.
fn unfollow(draft: &mut Draft<'_>, ticket: &Ticket, actor: Actor) {
    let address = actor.who.as_ref().map(|who| who.address.clone());
    let address = address.unwrap_or_default();
    match people::remove_observer(draft, ticket.id, actor, &address, "en") {
        Ok(person) => tell::unfollowed(draft, ticket.id, &person, None),
        Err(why) => draft.decision.why = why,
    }
}

/// Marks given on the page, which asks there why one is low.
fn rate(draft: &mut Draft<'_>, ticket: &Ticket, actor: Actor, marks: Marks, comment: Option<&str>) {
    let id = ticket.id;
    let comment = comment.map(str::trim).filter(|comment| !comment.is_empty());
    let events = draft.known.history.get(&id).into_iter().flatten();
    let mut given = events.filter_map(|event| match &event.what {
        What::Rated { marks, comment } => Some((*marks, comment.as_deref())),
        _ => None,
    });
    if given.next_back() == Some((marks, comment)) {
        draft.decision.why = "these marks were given already".to_owned();
        return;
    }
    let words = Words {
        text: comment.unwrap_or_default().to_owned(),
        author: actor.who.clone(),
        files: Vec::new(),
    };
    verdict::rate_on_page(draft, ticket, actor, words, marks);
}

/// Puts what somebody wrote on the page on the timeline, as a mail would be.
fn add_words(draft: &mut Draft<'_>, ticket: &Ticket, actor: &Actor, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    let public = actor.role != Role::Contributor;
    let what = What::Mail {
        text: text.to_owned(),
        folded: String::new(),
        files: Vec::new(),
        inbox: None,
        message_id: None,
        automatic: None,
        thanks: false,
        remarks: Vec::new(),
    };
    draft.event(ticket.id, actor.clone(), public, what);
}
