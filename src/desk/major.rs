//! Major incidents (row E15): many tickets, one cause, one answer, one resolution.

use super::draft::Draft;
use super::lifecycle::{self, Step, Turn};
use super::similar::Matter;
use super::tell::{self, Words};
use super::{Kind, words};
use crate::ticket::{Actor, Relation, Role, TicketId, What};

/// So many people with the same trouble within half an hour are worth a word to the team.
const PEOPLE: usize = 4;

/// The major incident of a team that a new subject is about.
pub fn known(draft: &Draft<'_>, title: &str) -> Option<TicketId> {
    let prefixes = draft.policy.prefixes();
    let matter = Matter::of(title, &prefixes);
    let mut majors = draft.known.troubles.majors.iter().copied();
    majors.find(|id| {
        draft
            .ticket(*id)
            .is_some_and(|major| matter.is_similar(&Matter::of(&major.title, &prefixes)))
    })
}

/// Makes one ticket a part of a major incident.
pub fn adopt(draft: &mut Draft<'_>, major: TicketId, child: TicketId, actor: &Actor) {
    for (one, to, relation) in [
        (child, major, Relation::ChildOf),
        (major, child, Relation::Child),
    ] {
        let related = What::Related {
            to,
            relation,
            on: true,
        };
        draft.event(one, actor.clone(), false, related);
    }
}

/// A new ticket may be one of many: when it makes the number full, the team hears of it, once, with
/// the ticket itself.
pub fn propose(draft: &mut Draft<'_>, id: TicketId) -> Option<String> {
    let ticket = draft.ticket(id).cloned()?;
    let prefixes = draft.policy.prefixes();
    let matter = Matter::of(&ticket.title, &prefixes);
    let mut people: Vec<String> = ticket
        .requester()
        .map(|person| person.who.key())
        .into_iter()
        .collect();
    let mut numbers = Vec::new();
    for recent in &draft.known.troubles.recent {
        if recent.ticket != id && matter.is_similar(&Matter::of(&recent.title, &prefixes)) {
            if !people.contains(&recent.requester) {
                people.push(recent.requester.clone());
            }
            numbers.push(recent.ticket.to_string());
        }
    }
    if people.len() != PEOPLE {
        return None;
    }
    let numbers = numbers.join(" ");
    let text = words::pick(
        &draft.policy.language,
        format!(
            "Incident majeur ? {PEOPLE} personnes signalent la même chose en moins d'une demi-heure (« {} »). Pour réunir leurs tickets à celui-ci, répondez : #majeur {numbers}",
            ticket.title
        ),
        format!(
            "A major incident? {PEOPLE} people report the same within half an hour (\"{}\"). To group their tickets here, reply: #major {numbers}",
            ticket.title
        ),
    );
    draft.event(id, Actor::desk(), false, What::Alert { text: text.clone() });
    Some(text)
}

/// What a technician did to a ticket is done to those that hang on it: the children of a major
/// incident get the answer and the status; a ticket of somebody else that was merged here gets the
/// status alone.
pub fn spread(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: &Actor,
    step: Option<Step>,
    words: Option<&Words>,
) {
    let Some(ticket) = draft.ticket(id).cloned() else {
        return;
    };
    let requester = ticket.requester().map(|person| person.who.key());
    let children = ticket.ties.children.iter().map(|child| (*child, words));
    let merged = ticket.ties.absorbed.iter().map(|other| (*other, None));
    let others: Vec<(TicketId, Option<&Words>)> = children
        .chain(merged.filter(|(other, _)| {
            let of = draft.ticket(*other).and_then(|other| other.requester());
            of.map(|person| person.who.key()) != requester
        }))
        .collect();
    for (other, words) in others {
        let Some(status) = draft.ticket(other).map(|other| other.status) else {
            continue;
        };
        if let Some(words) = words {
            let mail = What::Mail {
                text: words.text.clone(),
                folded: String::new(),
                files: words.files.clone(),
                inbox: None,
                message_id: None,
                automatic: None,
                thanks: false,
                remarks: Vec::new(),
            };
            draft.event(other, actor.clone(), true, mail);
        }
        let to = step.and_then(|step| lifecycle::next(status, step, "en").ok());
        if let Some(to) = to {
            lifecycle::set(draft, other, actor.clone(), to, None);
        }
        // That the others wait as well says nothing to their people.
        let turn = to.and(step).and_then(Step::turn);
        let kind = (turn.filter(|turn| *turn != Turn::Paused))
            .map(Turn::kind)
            .or_else(|| words.map(|_| Kind::FollowUp));
        if let Some(kind) = kind {
            let by = actor
                .who
                .as_ref()
                .filter(|_| actor.role == Role::Technician);
            let nobody = Words {
                author: by.cloned(),
                ..Words::default()
            };
            let except = by.map(|who| who.address.clone()).unwrap_or_default();
            tell::public(draft, other, kind, Some(words.unwrap_or(&nobody)), &except);
        }
    }
}
