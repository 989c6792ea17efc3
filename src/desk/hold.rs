//! For a moment, what a technician's mail says to requesters is kept: its author can take it back (row
//! G4), and what follows within that moment leaves with it as one mail (row F8). An automatic
//! notice may be joined or dropped when the ticket has moved on; a person's words never are.

use chrono::{DateTime, Utc};

use super::draft::Draft;
use super::{Automation, Kind, Notice, kept};
use crate::ticket::Part;

/// Gives what was just decided for requesters, from the notice at `from` on, a moment before it
/// leaves. What leaves at once takes along what was waiting.
pub fn keep(draft: &mut Draft<'_>, from: usize) {
    let mut notices = draft.decision.notices.split_off(from);
    for notice in &mut notices {
        let waits = rank(notice.kind).is_some()
            || matches!(notice.kind, Kind::Lowered | Kind::Partner | Kind::Call)
                && notice.automation == Automation::Person;
        if notice.kind.is_internal() || notice.due_at.is_some() || !waits {
            continue;
        }
        let moment = match notice.automation {
            Automation::Person => draft.policy.hold_replies,
            // The same mail answers: what it brings leaves with it, and an answer to a request is no notice.
            Automation::Replied => chrono::Duration::zero(),
            Automation::Generated => draft.policy.coalesce,
        };
        if moment > chrono::Duration::zero() {
            notice.due_at = Some(draft.now + moment);
            notice.held = true;
        } else if rank(notice.kind).is_some() {
            let waiting: Vec<Notice> = beside(draft, notice)
                .filter(|other| other.automation != Automation::Person)
                .cloned()
                .collect();
            take_kind(draft, notice, &waiting);
            let waiting = waiting.iter().map(|other| other.id);
            draft.decision.settled_notices.extend(waiting);
            introduce(draft, notice);
        }
    }
    draft.decision.notices.extend(notices);
}

/// Who reads somebody's words about a request need no longer be told, when working hours begin, that he
/// follows it. That it was made for him, or is no longer his, he learns before them.
fn introduce(draft: &mut Draft<'_>, notice: &Notice) {
    if notice.automation != Automation::Person {
        return;
    }
    let introductions = draft.known.held.iter().filter(|other| {
        other.kind == Kind::Following
            && other.quiet
            && other.ticket == notice.ticket
            && other.to.key() == notice.to.key()
            && !draft.decision.settled_notices.contains(&other.id)
    });
    for other in introductions.cloned().collect::<Vec<_>>() {
        draft.decision.settled_notices.push(other.id);
        if kept::is_over(draft, &other) || only_follows(draft, &other) {
            continue;
        }
        let first = kept::leaving(draft, other);
        draft.decision.notices.push(first);
    }
}

/// The notice says no more than that its recipient follows.
fn only_follows(draft: &Draft<'_>, notice: &Notice) -> bool {
    let person = notice
        .ticket
        .and_then(|id| draft.ticket(id))
        .and_then(|ticket| {
            ticket
                .people
                .iter()
                .find(|one| Some(one.id) == notice.link_for)
        });
    notice.lines.is_empty() && person.is_none_or(|person| person.part == Part::Observer)
}

/// The notices of the same ticket and recipient that are held, or wait for working hours, and can be
/// joined, others than this one, not yet settled here.
fn beside<'d>(draft: &'d Draft<'_>, notice: &Notice) -> impl Iterator<Item = &'d Notice> {
    let (id, ticket, recipient) = (notice.id, notice.ticket, notice.to.key());
    draft.known.held.iter().filter(move |other| {
        (other.held || other.quiet)
            && rank(other.kind).is_some()
            && other.id != id
            && other.ticket == ticket
            && other.to.key() == recipient
            && !draft.decision.settled_notices.contains(&other.id)
    })
}

/// A held notice is due: it leaves with all that waited beside it, as one mail, unless somebody's words
/// are still being held; then it waits for them.
pub fn let_go(draft: &mut Draft<'_>, mut notice: Notice) {
    if rank(notice.kind).is_none() {
        (notice.due_at, notice.held) = (None, false);
        return draft.decision.notices.push(notice);
    }
    let others: Vec<Notice> = beside(draft, &notice).cloned().collect();
    let waits = |other: &Notice| other.due_at.is_some_and(|at| at > draft.now);
    let by_person = notice.automation == Automation::Person;
    let joins_words = |other: &Notice| {
        other.automation == Automation::Person && (!by_person || same_author(other, &notice))
    };
    let until: Option<DateTime<Utc>> = others
        .iter()
        .filter(|other| joins_words(other) && waits(other))
        .filter_map(|other| other.due_at)
        .max();
    if let Some(until) = until {
        let due_at = Some(until);
        return draft.decision.notices.push(Notice { due_at, ..notice });
    }
    let mut all: Vec<Notice> = others
        .into_iter()
        .filter(|other| other.automation != Automation::Person || joins_words(other))
        .collect();
    all.push(notice);
    all.sort_by_key(|one| one.id);
    // With nobody's words, what no longer holds is not said.
    let words = all
        .iter()
        .position(|one| one.automation == Automation::Person);
    draft
        .decision
        .settled_notices
        .extend(all.iter().map(|one| one.id));
    let (first, rest) = match words {
        Some(at) => {
            let first = all.remove(at);
            (first, all)
        }
        None => {
            all.retain(|one| !kept::is_over(draft, one));
            let Some(last) = all.pop() else {
                return;
            };
            (last, all)
        }
    };
    let one_mail = joined(draft, first, rest);
    introduce(draft, &one_mail);
    // What leaves is not dropped.
    draft
        .decision
        .settled_notices
        .retain(|id| *id != one_mail.id);
    draft.decision.notices.push(one_mail);
}

fn same_author(a: &Notice, b: &Notice) -> bool {
    let name = |notice: &Notice| notice.author.as_ref().and_then(|who| who.name.clone());
    name(a) == name(b)
}

/// One mail for all: the words of each in order, under the strongest kind that still holds.
fn joined(draft: &Draft<'_>, first: Notice, others: Vec<Notice>) -> Notice {
    let mut one = first;
    take_kind(draft, &mut one, &others);
    for other in others {
        if other.automation != Automation::Person {
            continue;
        }
        one.text = match (one.text.take(), other.text) {
            (Some(before), Some(after)) => Some(format!("{before}\n\n{after}")),
            (before, after) => before.or(after),
        };
        one.files.extend(other.files);
        // The latest is the one whose identity the mail has, so that the order of outbox rows holds.
        one.id = one.id.max(other.id);
    }
    if let Some(ticket) = one.ticket.and_then(|id| draft.ticket(id)) {
        one.close_at = ticket.close_at;
    }
    Notice {
        due_at: None,
        held: false,
        ..one
    }
}

/// Gives a notice the kind that it has together with these, and what goes with that kind: why, and the
/// request for marks, which was counted as made.
fn take_kind(draft: &Draft<'_>, one: &mut Notice, others: &[Notice]) {
    let kind = strongest(draft, one, others.iter().map(|other| other.kind));
    let mut winners = others.iter().filter(|other| other.kind == kind);
    one.asks_marks |= winners.clone().any(|other| other.asks_marks);
    if one.kind != kind {
        one.because = winners.next_back().and_then(|other| other.because);
    }
    one.kind = kind;
}

/// The strongest of these kinds that is true of the ticket as it stands; words are at least a
/// follow-up.
fn strongest(draft: &Draft<'_>, notice: &Notice, others: impl Iterator<Item = Kind>) -> Kind {
    let holds = |kind: &Kind| {
        let automatic = Notice {
            kind: *kind,
            automation: Automation::Generated,
            ..notice.clone()
        };
        !kept::is_over(draft, &automatic)
    };
    let fallback = if notice.automation == Automation::Person {
        Kind::FollowUp
    } else {
        notice.kind
    };
    others
        .chain([notice.kind])
        .filter(|kind| rank(*kind).is_some())
        .filter(holds)
        // That it was taken says less than words do.
        .chain((notice.automation == Automation::Person).then_some(Kind::FollowUp))
        .max_by_key(|kind| rank(*kind))
        .unwrap_or(fallback)
}

/// How much a kind says; `None`: it is never joined with others.
fn rank(kind: Kind) -> Option<u8> {
    match kind {
        Kind::Taken => Some(0),
        Kind::FollowUp => Some(1),
        Kind::Paused => Some(2),
        Kind::Reopened => Some(3),
        Kind::Resolved => Some(4),
        Kind::Closed => Some(5),
        Kind::Acknowledgement
        | Kind::Classified
        | Kind::Lowered
        | Kind::Following
        | Kind::Unfollowed
        | Kind::Reminder
        | Kind::Joined
        | Kind::LowMark
        | Kind::TeamNew
        | Kind::TeamReply
        | Kind::TeamObserver
        | Kind::TeamGiven
        | Kind::Transcript
        | Kind::TeamAlert
        | Kind::TeamThanks
        | Kind::SignIn
        | Kind::Report
        | Kind::Review
        | Kind::Operations
        | Kind::Digest
        | Kind::Confirm
        | Kind::TeamDigest
        | Kind::Answer
        | Kind::Partner
        | Kind::Split
        | Kind::Submission
        | Kind::Requests
        | Kind::Call => None,
    }
}
