//! What was over a limit and is due (row F5): together in one mail, so that a flood of causes is
//! no flood of mails, and nothing is left out.

use super::draft::Draft;
use super::{Automation, Kind, Notice, kept, words};
use crate::ticket::Status;
use crate::token::Purpose;

/// So few notices to a technician go one by one: each is there to be replied to.
const FEW: usize = 5;

/// Lets a notice go that was over a limit, with the others that wait for the same reason and
/// recipient, due or not: one digest an hour, not one a notice.
pub fn let_go(draft: &mut Draft<'_>, notice: Notice) {
    let others: Vec<Notice> = draft
        .known
        .kept
        .iter()
        .filter(|other| other.id != notice.id && goes_with(other, &notice))
        .cloned()
        .collect();
    // What would tell what is no longer so is left out.
    let (over, others): (Vec<Notice>, Vec<Notice>) = others
        .into_iter()
        .partition(|other| kept::is_over(draft, other));
    draft
        .decision
        .settled_notices
        .extend(over.iter().map(|over| over.id));
    let internal = notice.kind.is_internal();
    let alone = notice.kind == Kind::Confirm || others.is_empty();
    if alone || internal && others.len() < FEW {
        let with = if alone { Vec::new() } else { others };
        for notice in std::iter::once(notice).chain(with) {
            draft.decision.settled_notices.push(notice.id);
            let notice = kept::leaving(draft, notice);
            draft.decision.notices.push(notice);
        }
        return;
    }
    let mut all = vec![notice];
    all.extend(others);
    let gone = all.iter().map(|notice| notice.id);
    draft.decision.settled_notices.extend(gone);
    let digest = if internal {
        for_staff(draft, all)
    } else {
        for_requester(draft, all)
    };
    draft.decision.notices.extend(digest);
}

fn goes_with(other: &Notice, notice: &Notice) -> bool {
    other.over_limit
        && other.automation != Automation::Person
        && other.kind != Kind::Confirm
        && other.kind.is_internal() == notice.kind.is_internal()
        && other.to.key() == notice.to.key()
}

/// Where his requests stand.
fn for_requester(draft: &Draft<'_>, all: Vec<Notice>) -> Option<Notice> {
    let mut lines: Vec<String> = Vec::new();
    for notice in &all {
        // A digest that was itself over a limit.
        let more = if notice.kind == Kind::Digest {
            notice.lines.clone()
        } else {
            state_line(draft, notice).into_iter().collect()
        };
        for line in more {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    let bare = all.iter().any(|notice| notice.bare);
    let first = all.into_iter().next()?;
    Some(Notice {
        kind: Kind::Digest,
        lines,
        text: None,
        files: Vec::new(),
        bare,
        due_at: None,
        over_limit: false,
        ..first
    })
}

fn state_line(draft: &Draft<'_>, notice: &Notice) -> Option<String> {
    let ticket = notice.ticket.and_then(|id| draft.ticket(id))?;
    let state = words::pick(
        &notice.language,
        status_in_french(ticket.status),
        ticket.status.as_str(),
    );
    // To somebody who is not authenticated nothing of what was written is repeated (A3).
    Some(if notice.bare {
        format!("[{}] ({state})", ticket.reference)
    } else {
        format!("[{}] {} ({state})", ticket.reference, ticket.title)
    })
}

/// What happened in which ticket, and through whom.
fn for_staff(draft: &Draft<'_>, all: Vec<Notice>) -> Option<Notice> {
    let mut lines: Vec<String> = Vec::new();
    for notice in &all {
        if matches!(notice.kind, Kind::TeamDigest | Kind::Operations) {
            lines.extend(notice.lines.iter().cloned());
            continue;
        }
        let what = occasion(notice);
        let ticket = notice.ticket.and_then(|id| draft.ticket(id));
        let about = ticket.map_or(what.clone(), |ticket| {
            format!("[{}] {what} : {}", ticket.reference, ticket.title)
        });
        let who = notice.author.as_ref().map(|author| {
            let name = author.name.as_ref().filter(|name| !name.is_empty());
            name.unwrap_or(&author.address).clone()
        });
        let line = match who {
            Some(who) => format!("{about} — {who}"),
            None => about,
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let first = all.into_iter().next()?;
    Some(Notice {
        kind: Kind::TeamDigest,
        ticket: None,
        purpose: Purpose::Note,
        automation: Automation::Generated,
        lines,
        link_for: None,
        text: None,
        author: None,
        files: Vec::new(),
        in_reply_to: None,
        due_at: None,
        over_limit: false,
        caused_by: None,
        ..first
    })
}

/// What a notice to a technician is about, in a word or two.
fn occasion(notice: &Notice) -> String {
    let (french, english) = match notice.kind {
        Kind::TeamNew => ("Nouvelle demande", "New request"),
        Kind::TeamReply => ("Message", "Message"),
        Kind::TeamObserver => ("Nouvelle demande, en copie", "New request, in copy"),
        Kind::TeamGiven => ("Ticket confié", "Ticket given to you"),
        Kind::Transcript => ("Vos commandes", "Your commands"),
        _ => ("À vérifier", "To look at"),
    };
    words::pick(&notice.language, french, english)
}

fn status_in_french(status: Status) -> &'static str {
    match status {
        Status::Open => "ouverte",
        Status::Waiting { .. } => "en attente",
        Status::Paused { .. } => "en pause",
        Status::Resolved => "résolue",
        Status::Closed => "close",
    }
}
