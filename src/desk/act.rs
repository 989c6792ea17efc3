//! What an operator does from the command line.

use super::draft::Draft;
use super::lifecycle::{self, Step};
use super::major;
use super::{Action, Deed, Kind, tell};
use crate::ticket::{Status, What};

/// Decides about one action. What cannot be done is said in [`super::Decision::why`], and changes
/// nothing.
pub fn act(draft: &mut Draft<'_>, action: &Action) {
    let id = action.ticket;
    let Some(ticket) = draft.ticket(id) else {
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
        Deed::Resolve(text) => (Step::Resolve, Kind::Resolved, text),
        Deed::Close(text) => (Step::Close, Kind::Closed, text),
        Deed::Reopen(text) => (Step::Reopen, Kind::Reopened, text),
    };
    let (step, kind, text) = step;
    match lifecycle::next(status, step, "en") {
        Ok(to) => {
            lifecycle::set(draft, id, actor.clone(), to, text.clone());
            let words = text.as_ref().map(|text| tell::Words {
                text: text.clone(),
                author: actor.who.clone(),
                files: Vec::new(),
            });
            tell::public(draft, id, kind, words.as_ref(), "");
            major::spread(draft, id, &actor, Some(step), words.as_ref());
        }
        Err(why) => draft.decision.why = why,
    }
}
