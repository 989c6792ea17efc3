//! A ticket made from another one: a copy, or one request of several. Same people, same team,
//! linked. Staff hears of it as of any new ticket; its requester is told by the command that makes it.

use super::draft::Draft;
use super::tell::{self, Words};
use super::{Kind, assign};
use crate::ticket::{
    Actor, Event, File, Part, Person, Reference, Role, Status, Ticket, TicketId, Ties, What,
};

/// What the new one says.
#[derive(Clone, Debug, Default)]
pub struct Like {
    pub title: String,
    pub text: String,
    pub files: Vec<File>,
    /// Where it comes from, in words.
    pub why: String,
}

/// Opens it; returns its number.
pub fn spawn(draft: &mut Draft<'_>, from: &Ticket, like: Like) -> TicketId {
    let id = draft.take_ticket();
    let ticket = Ticket {
        id,
        reference: Reference {
            prefix: from.reference.prefix.clone(),
            number: id,
        },
        title: like.title,
        status: Status::Open,
        status_since: draft.now,
        close_at: None,
        technician: None,
        people: Vec::new(),
        why: vec![like.why.clone()],
        linked: Vec::new(),
        // Its mails are a conversation of their own.
        origin_message_id: None,
        last_message_id: None,
        created_at: draft.now,
        updated_at: draft.now,
        reopened: 0,
        ties: Ties::default(),
        ..from.clone()
    };
    let requester = from.requester().map(|person| person.who.clone());
    let actor = Actor {
        role: Role::Requester,
        who: requester,
    };
    draft.open(ticket, Actor::desk());
    for person in from
        .people
        .iter()
        .filter(|person| person.part != Part::Contributor)
    {
        let person = Person {
            id: draft.take_person(),
            generation: 0,
            ..person.clone()
        };
        draft.event(id, Actor::desk(), false, What::Person { person });
    }
    let words = Words {
        text: like.text.clone(),
        author: actor.who.clone(),
        files: like.files.clone(),
    };
    let mail = What::Mail {
        text: like.text,
        folded: String::new(),
        files: like.files,
        inbox: None,
        message_id: None,
        automatic: None,
        thanks: false,
        remarks: Vec::new(),
    };
    draft.event(id, actor, true, mail);
    draft.link(id, from.id, &like.why);
    let lines: Vec<String> = assign::assign(draft, id).into_iter().collect();
    tell::staff(draft, id, Kind::TeamNew, &words, &lines, None);
    id
}

/// What the requester wrote first.
pub fn first_mail(draft: &Draft<'_>, id: TicketId) -> Words {
    mails_of_requester(draft, id).next().unwrap_or_default()
}

/// What the requester wrote last, thanks aside.
pub fn last_mail(draft: &Draft<'_>, id: TicketId) -> Words {
    mails_of_requester(draft, id).last().unwrap_or_default()
}

fn mails_of_requester(draft: &Draft<'_>, id: TicketId) -> impl Iterator<Item = Words> {
    let events = draft.known.timelines.get(&id);
    events.into_iter().flatten().filter_map(words_of)
}

fn words_of(event: &Event) -> Option<Words> {
    match &event.what {
        What::Mail {
            text,
            files,
            thanks: false,
            automatic: None,
            ..
        } if matches!(event.actor.role, Role::Requester | Role::Beneficiary) => Some(Words {
            text: text.clone(),
            author: event.actor.who.clone(),
            files: files.clone(),
        }),
        _ => None,
    }
}
