//! `#annuler` on a ticket on which others hang (row E15): what the same mail did to the parts of a major
//! incident, or to what was merged here, is undone with it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::super::draft::Draft;
use super::super::{Kind, tell, words};
use super::reply::Reply;
use super::undo::{is_own, notified, set_back};
use crate::ticket::{NoticeId, Role, Status, Ticket, TicketId, What};

impl Reply<'_> {
    /// Sets back what hangs on a ticket, as far as nobody has changed it since; sentences for the
    /// transcript.
    pub fn undo_hanging(
        &self,
        draft: &mut Draft<'_>,
        of: &Ticket,
        at: DateTime<Utc>,
    ) -> Vec<String> {
        let (mut undone, mut stay) = (Vec::new(), Vec::new());
        for other in of.ties.children.iter().chain(&of.ties.absorbed) {
            let Some(reference) = draft.ticket(*other).map(|one| one.reference.to_string()) else {
                continue;
            };
            match self.undo_one(draft, *other, at) {
                Some(true) => undone.push(reference),
                Some(false) => stay.push(reference),
                None => {}
            }
        }
        let language = &self.technician.language;
        let (undone, stay) = (undone.join(", "), stay.join(", "));
        let said = [
            (!undone.is_empty()).then(|| {
                words::pick(
                    language,
                    format!("de même pour {undone}"),
                    format!("the same for {undone}"),
                )
            }),
            (!stay.is_empty()).then(|| {
                words::pick(
                    language,
                    format!("{stay} : ce qui y a changé depuis reste"),
                    format!("{stay}: what has changed there since stays"),
                )
            }),
        ];
        said.into_iter().flatten().collect()
    }

    /// Whether all that the mail of that moment did to another ticket is undone; `None`: it did nothing
    /// there.
    fn undo_one(&self, draft: &mut Draft<'_>, id: TicketId, at: DateTime<Utc>) -> Option<bool> {
        let known = draft.known;
        let history = known.history.get(&id)?;
        let of_it = |event: &crate::ticket::Event| {
            event.at == at && (is_own(event, self.technician) || event.actor.role == Role::Desk)
        };
        history
            .iter()
            .find(|event| event.at == at && is_own(event, self.technician))?;
        let first = history.iter().position(of_it)?;
        let last = history.iter().rposition(of_it)?;
        let done = history.get(first..=last)?;
        let before = Ticket::fold(history.get(..first)?)?;
        let after = Ticket::fold(history.get(..=last)?)?;
        let now = draft.ticket(id).cloned()?;
        let told: BTreeMap<NoticeId, Option<Kind>> = done.iter().filter_map(notified).collect();
        let held: Vec<NoticeId> = (known.held.iter().map(|notice| notice.id))
            .filter(|id| told.contains_key(id))
            .collect();
        let left = told
            .iter()
            .any(|(id, kind)| kind.is_some_and(|kind| !kind.is_internal()) && !held.contains(id));
        draft.decision.settled_notices.extend(held);
        let back = set_back(&before, &after, &now);
        let what = What::Undone {
            done_at: at,
            withdrawn: !left,
            ticket: Box::new(back.ticket),
        };
        draft.event(id, self.actor.clone(), left, what);
        let is_done = |status| matches!(status, Status::Resolved | Status::Closed);
        let reopened = draft.ticket(id).is_some_and(|one| !is_done(one.status));
        if left && is_done(after.status) && reopened {
            let own = self.technician.who().address;
            tell::public(draft, id, Kind::Reopened, None, &own);
        }
        Some(!back.stays)
    }
}
