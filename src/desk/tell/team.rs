//! What technicians and operations are told.

use chrono::{DateTime, Utc};

use super::super::draft::Draft;
use super::super::lifecycle::{Step, Turn};
use super::super::policy::Technician;
use super::super::{Automation, Because, Enclosed, Kind, assign, words};
use super::{Words, about, about_nothing, to_technician};
use crate::mail::Address;
use crate::ticket::{NoticeId, TicketId};
use crate::token::Purpose;

/// To the technicians of the team that leads, or to the one who owns the ticket.
pub fn staff(
    draft: &mut Draft<'_>,
    id: TicketId,
    kind: Kind,
    words: &Words,
    lines: &[String],
    caused_by: Option<&str>,
) {
    staff_as(draft, id, kind, words, lines, caused_by, None);
}

/// The same, with what made it necessary.
pub fn staff_as(
    draft: &mut Draft<'_>,
    id: TicketId,
    kind: Kind,
    words: &Words,
    lines: &[String],
    caused_by: Option<&str>,
    because: Option<Because>,
) {
    let author = words.author.as_ref().map(Address::key).unwrap_or_default();
    for technician in responsible(draft, id) {
        if technician.has_address(&author) {
            continue;
        }
        let mut notice = to_technician(draft, id, kind, technician, Purpose::Technician);
        notice.text = Some(words.text.clone());
        notice.author.clone_from(&words.author);
        notice.files.clone_from(&words.files);
        notice.lines = lines.to_vec();
        notice.caused_by = outside(draft, caused_by);
        notice.because = because;
        draft.notify(notice);
    }
}

/// The owner, when he still is a technician; else everybody of the team who is there. While the
/// owner is away both (row F15).
pub fn responsible<'a>(draft: &Draft<'a>, id: TicketId) -> Vec<&'a Technician> {
    let policy = draft.policy;
    let Some(ticket) = draft.ticket(id) else {
        return Vec::new();
    };
    let owner = ticket
        .technician
        .as_ref()
        .and_then(|owner| policy.technician(&owner.address));
    let there = |technician: &&'a Technician| !draft.is_away(technician);
    match owner {
        Some(owner) if there(&owner) => vec![owner],
        owner => {
            let named = assign::named(policy, &ticket.team, &ticket.named);
            if owner.is_none() && !named.is_empty() {
                return named;
            }
            let team = ticket.team.clone();
            let of_team = |one: &&'a Technician| one.teams.contains(&team);
            let team: Vec<&'a Technician> = policy.technicians.iter().filter(of_team).collect();
            let mut those: Vec<&'a Technician> = team.iter().copied().filter(there).collect();
            // Nobody is there: everybody is told rather than nobody.
            if those.is_empty() {
                those = team;
            }
            let known = |owner: &Technician| those.iter().any(|one| one.who() == owner.who());
            let missing = owner.filter(|owner| !known(owner));
            missing.into_iter().chain(those.clone()).collect()
        }
    }
}

/// To the technicians of a further team: who leads (row C3). Those of the lead know already.
pub fn observing_team(
    draft: &mut Draft<'_>,
    id: TicketId,
    team: &str,
    words: &Words,
    caused_by: Option<&str>,
) {
    let policy = draft.policy;
    let lead = draft.ticket(id).map(|ticket| ticket.team.clone());
    for technician in policy.technicians.iter() {
        let of_team = technician.teams.iter().any(|known| known == team);
        let of_lead = technician
            .teams
            .iter()
            .any(|known| Some(known) == lead.as_ref());
        if !of_team || of_lead {
            continue;
        }
        let mut notice = to_technician(
            draft,
            id,
            Kind::TeamObserver,
            technician,
            Purpose::Technician,
        );
        notice.text = Some(words.text.clone());
        notice.author.clone_from(&words.author);
        notice.files.clone_from(&words.files);
        notice.caused_by = outside(draft, caused_by);
        draft.notify(notice);
    }
}

/// The cause, when it is not of our own people.
pub(super) fn outside(draft: &Draft<'_>, caused_by: Option<&str>) -> Option<String> {
    caused_by
        .filter(|address| !address.is_empty() && !draft.policy.is_internal(address))
        .map(|address| address.trim().to_lowercase())
}

/// To a technician to whom somebody else gave the ticket: he may never have heard of it.
pub fn assigned(
    draft: &mut Draft<'_>,
    id: TicketId,
    technician: &Technician,
    by: Option<&Address>,
) {
    let who = by
        .and_then(|by| by.name.clone().or_else(|| Some(by.address.clone())))
        .filter(|who| !who.is_empty());
    let line = match who {
        Some(who) => words::pick(
            &technician.language,
            format!("{who} vous confie ce ticket."),
            format!("{who} gave you this ticket."),
        ),
        None => words::pick(
            &technician.language,
            "Ce ticket vous est confié.",
            "This ticket was given to you.",
        ),
    };
    given(draft, id, technician, line);
}

fn given(draft: &mut Draft<'_>, id: TicketId, technician: &Technician, line: String) {
    let mut notice = to_technician(draft, id, Kind::TeamGiven, technician, Purpose::Technician);
    notice.lines = vec![line];
    draft.notify(notice);
}

/// To the owner of a ticket: a colleague answered its requester, changed where it stands, or left a note.
/// One who is given the ticket by the same mail, from the notice at `from` on, reads it there (row F8).
pub fn owner(
    draft: &mut Draft<'_>,
    id: TicketId,
    writer: &Technician,
    words: &Words,
    (public, step): (bool, Option<Step>),
    from: usize,
) {
    let policy = draft.policy;
    let owner = draft
        .ticket(id)
        .and_then(|ticket| ticket.technician.as_ref())
        .and_then(|owner| policy.technician(&owner.address))
        .filter(|owner| owner.who() != writer.who());
    let Some(owner) = owner else { return };
    let says = !words.text.is_empty() || !words.files.is_empty();
    let internal = says && !public;
    // What its author can take back is told when it leaves.
    let held = !internal && draft.policy.hold_replies > chrono::Duration::zero();
    let leaves_at = held.then(|| draft.now + draft.policy.hold_replies);
    // A reply to something internal stays internal (row F10).
    let purpose = if internal {
        Purpose::Note
    } else {
        Purpose::Technician
    };
    let mut told = draft.decision.notices.iter_mut().skip(from);
    let given =
        told.find(|notice| notice.kind == Kind::TeamGiven && notice.to.key() == owner.who().key());
    let line = deed(
        writer,
        step,
        (public, internal),
        given.is_some(),
        &owner.language,
    );
    if let Some(given) = given {
        given.text = Some(words.text.clone());
        given.author.clone_from(&words.author);
        given.files.clone_from(&words.files);
        given.purpose = purpose;
        given.lines.push(line);
        (given.due_at, given.held) = (leaves_at, held);
        return;
    }
    let kind = match says {
        true => Kind::TeamReply,
        false => Kind::TeamAlert,
    };
    let mut notice = to_technician(draft, id, kind, owner, purpose);
    if says {
        notice.text = Some(words.text.clone());
        notice.author.clone_from(&words.author);
        notice.files.clone_from(&words.files);
    }
    notice.lines = vec![line];
    (notice.due_at, notice.held) = (leaves_at, held);
    draft.notify(notice);
}

/// Those who are given a ticket by the same mail, from the notice at `from` on, read there what its author
/// wrote: a note for them, or his answer to the requester.
pub fn newcomers(draft: &mut Draft<'_>, id: TicketId, words: &Words, public: bool, from: usize) {
    if words.text.is_empty() && words.files.is_empty() {
        return;
    }
    let hold = draft.policy.hold_replies;
    let due_at = (public && hold > chrono::Duration::zero()).then(|| draft.now + hold);
    let told = draft.decision.notices.iter_mut().skip(from);
    for notice in told.filter(|notice| {
        notice.kind == Kind::TeamGiven && notice.ticket == Some(id) && notice.text.is_none()
    }) {
        notice.text = Some(words.text.clone());
        notice.author.clone_from(&words.author);
        notice.files.clone_from(&words.files);
        if let Some(due_at) = due_at {
            (notice.due_at, notice.held) = (Some(due_at), true);
        }
        let language = draft.policy.technician(&notice.to.address);
        let language = language.map_or("", |technician| technician.language.as_str());
        notice.lines.push(if public {
            words::pick(
                language,
                "Ce texte est sa réponse au demandeur.",
                "This text is the answer to the requester.",
            )
        } else {
            notice.purpose = Purpose::Note;
            of_note(language)
        });
    }
}

/// Of a text that is for staff alone.
fn of_note(language: &str) -> String {
    words::pick(
        language,
        "Note interne : le demandeur ne la voit pas, et votre réponse à ce message restera interne elle aussi.",
        "Internal note: the requester does not see it, and your reply to this mail will stay internal as well.",
    )
}

/// What a colleague did, to the owner: since long, or `given` it by the same mail.
fn deed(
    writer: &Technician,
    step: Option<Step>,
    (public, internal): (bool, bool),
    given: bool,
    language: &str,
) -> String {
    let name = &writer.name;
    let (french_is, english_is) = match given {
        true => ("est désormais à votre nom", "is now in your name"),
        false => ("reste à votre nom", "stays in your name"),
    };
    let done = step.and_then(Step::turn).map(|turn| match turn {
        Turn::Resolved => ("a résolu ce ticket", "resolved this ticket"),
        Turn::Closed => ("a clos ce ticket", "closed this ticket"),
        Turn::Reopened => ("a rouvert ce ticket", "reopened this ticket"),
        Turn::Paused => ("a mis ce ticket en pause", "paused this ticket"),
    });
    let of_note = of_note(language);
    match (done, public) {
        (Some((french, english)), false) if internal => words::pick(
            language,
            format!("{name} {french}, qui {french_is}. {of_note}"),
            format!("{name} {english}, which {english_is}. {of_note}"),
        ),
        (Some((french, english)), true) => words::pick(
            language,
            format!(
                "{name} {french} ; ce texte est sa réponse au demandeur, et le ticket {french_is}."
            ),
            format!(
                "{name} {english}; this text is the answer to the requester, and the ticket {english_is}."
            ),
        ),
        (Some((french, english)), false) => words::pick(
            language,
            format!("{name} {french}, qui {french_is}."),
            format!("{name} {english}, which {english_is}."),
        ),
        (None, true) if given => words::pick(
            language,
            "Ce texte est sa réponse au demandeur.",
            "This text is the answer to the requester.",
        ),
        (None, true) => words::pick(
            language,
            "Votre collègue répond au demandeur ; le ticket reste à vous.",
            "Your colleague answers the requester; the ticket stays yours.",
        ),
        (None, false) => of_note,
    }
}

/// To one technician: something about a ticket.
pub fn alert(draft: &mut Draft<'_>, id: TicketId, technician: &Technician, lines: Vec<String>) {
    let mut notice = to_technician(draft, id, Kind::TeamAlert, technician, Purpose::Technician);
    notice.lines = lines;
    draft.notify(notice);
}

/// To those who are responsible for a ticket now, but not to who made them so.
pub fn colleagues(draft: &mut Draft<'_>, id: TicketId, by: &Technician, line: &str) {
    for technician in responsible(draft, id) {
        if technician.who() != by.who() {
            given(draft, id, technician, line.to_owned());
        }
    }
}

/// To a technician: what his commands did.
pub fn transcript(
    draft: &mut Draft<'_>,
    id: TicketId,
    technician: &Technician,
    in_reply_to: Option<&str>,
    lines: Vec<String>,
) {
    transcript_with(draft, id, technician, in_reply_to, lines, None);
}

/// A transcript with a file that a command made.
pub fn transcript_with(
    draft: &mut Draft<'_>,
    id: TicketId,
    technician: &Technician,
    in_reply_to: Option<&str>,
    lines: Vec<String>,
    enclosed: Option<Enclosed>,
) {
    // The latest mail of the conversation is the one that gets replied to: it must not be a trap.
    let mut notice = to_technician(draft, id, Kind::Transcript, technician, Purpose::Technician);
    notice.lines = lines;
    notice.enclosed = enclosed;
    notice.automation = Automation::Replied;
    notice.in_reply_to = in_reply_to.map(str::to_owned);
    draft.notify(notice);
}

/// To a technician about a mail that is perhaps not his; limited, unlike a transcript, for anybody
/// can cause it.
pub fn remark(
    draft: &mut Draft<'_>,
    id: TicketId,
    technician: &Technician,
    in_reply_to: Option<&str>,
    lines: Vec<String>,
) {
    let mut notice = to_technician(draft, id, Kind::Transcript, technician, Purpose::Technician);
    notice.lines = lines;
    notice.automation = Automation::Replied;
    notice.in_reply_to = in_reply_to.map(str::to_owned);
    notice.caused_by = Some(technician.who().key());
    draft.notify(notice);
}

/// Asks a technician, at his registered address, whether commands are his.
pub fn confirm(
    draft: &mut Draft<'_>,
    id: TicketId,
    technician: &Technician,
    in_reply_to: Option<&str>,
    words: Words,
    commands: Vec<String>,
    until: DateTime<Utc>,
) -> NoticeId {
    let mut notice = to_technician(draft, id, Kind::Confirm, technician, Purpose::Confirm);
    notice.text = Some(words.text);
    notice.author = words.author;
    notice.lines = commands;
    notice.expires_at = Some(until);
    notice.automation = Automation::Replied;
    notice.in_reply_to = in_reply_to.map(str::to_owned);
    notice.caused_by = Some(technician.who().key());
    let number = notice.id;
    draft.notify(notice);
    number
}

/// To a technician, when his word has not come until then: nothing of his mail was carried out, and the
/// ticket that it opened is in his name.
pub fn unconfirmed(
    draft: &mut Draft<'_>,
    id: TicketId,
    technician: &Technician,
    until: DateTime<Utc>,
) {
    let mut notice = to_technician(draft, id, Kind::TeamAlert, technician, Purpose::Technician);
    notice.lines = vec![words::pick(
        &technician.language,
        "Votre confirmation n'est pas venue : les commandes du message qui a ouvert ce ticket n'ont pas été exécutées, et c'est vous qui en êtes le demandeur. S'il est pour quelqu'un d'autre, répondez #pour suivi de son adresse, avec les commandes voulues ; s'il n'est pas de vous, dites-le à votre équipe.",
        "Your confirmation has not come: the commands of the mail that opened this ticket were not carried out, and its requester is you. If it is for somebody else, reply #for with the address, and the commands you want; if it is not yours, tell your team.",
    )];
    notice.due_at = Some(until);
    notice.expires_at = Some(until);
    notice.caused_by = Some(technician.who().key());
    draft.notify(notice);
}

/// To a technician: a transcript that asks him something about what he wrote.
pub fn question(
    draft: &mut Draft<'_>,
    id: TicketId,
    technician: &Technician,
    in_reply_to: Option<&str>,
    lines: Vec<String>,
    text: &str,
) -> NoticeId {
    let mut notice = to_technician(draft, id, Kind::Transcript, technician, Purpose::Technician);
    notice.lines = lines;
    notice.text = Some(text.to_owned());
    notice.automation = Automation::Replied;
    notice.in_reply_to = in_reply_to.map(str::to_owned);
    let asked = notice.id;
    draft.notify(notice);
    asked
}

/// To operations, when somebody is named: about a ticket or about the desk itself.
pub fn operations(draft: &mut Draft<'_>, ticket: Option<TicketId>, lines: Vec<String>) {
    to_operations(draft, ticket, lines, None);
}

/// The same about something that can happen often, through `cause`: limited by it.
pub fn operations_of(
    draft: &mut Draft<'_>,
    ticket: Option<TicketId>,
    lines: Vec<String>,
    cause: &str,
) {
    to_operations(draft, ticket, lines, Some(cause.trim().to_lowercase()));
}

fn to_operations(
    draft: &mut Draft<'_>,
    ticket: Option<TicketId>,
    lines: Vec<String>,
    caused_by: Option<String>,
) {
    let Some(address) = draft.policy.operations.clone() else {
        return;
    };
    let to = Address {
        name: None,
        address,
    };
    let mut notice = match ticket {
        Some(id) => about(draft, id, Kind::Operations, to),
        None => about_nothing(draft, Kind::Operations, to),
    };
    notice.in_reply_to = None;
    notice.language = draft.policy.language.clone();
    notice.purpose = Purpose::Note;
    notice.lines = lines;
    notice.caused_by = caused_by;
    draft.notify(notice);
}
