//! Who is told what: one function for each occasion, all built on one notice.

use super::draft::Draft;
use super::policy::{Team, Technician};
use super::{Automation, Because, Exchange, Kind, Notice, limits, people, words};
use crate::mail::Address;
use crate::ticket::{
    Actor, File, Part, Person, PersonId, Reference, Ticket, TicketId, What, Withdrawn,
};
use crate::token::{self, Purpose};

mod answer;
mod monthly;
mod outward;
mod team;

pub use answer::{answer, looked_up, no_answer, on_return, sign_in, third_party};
pub use monthly::monthly;
pub use outward::{call, mailbox, partner, split};
pub use team::*;

/// Earlier words that a notification to staff repeats, and how much of each.
const EXCHANGES: usize = 4;
const EXCHANGE_CHARACTERS: usize = 600;

/// What somebody wrote, to be passed on.
#[derive(Clone, Debug, Default)]
pub struct Words {
    pub text: String,
    /// As the recipient may know him.
    pub author: Option<Address>,
    pub files: Vec<File>,
}

/// A notice about a ticket with nothing in it yet.
fn about(draft: &mut Draft<'_>, id: TicketId, kind: Kind, to: Address) -> Notice {
    let notice = draft.take_notice();
    let team = draft.team(id);
    let ticket = draft.ticket(id);
    let from = ticket
        .and_then(|ticket| ticket.sent_to.clone())
        .or_else(|| team.map(|team| team.from.clone()))
        .unwrap_or_default();
    let language = ticket
        .map(|ticket| ticket.language.clone())
        .unwrap_or_else(|| draft.policy.language.clone());
    let in_reply_to = ticket.and_then(|ticket| {
        ticket
            .last_message_id
            .clone()
            .or_else(|| ticket.origin_message_id.clone())
    });
    let close_at = ticket.and_then(|ticket| ticket.close_at);
    Notice {
        id: notice,
        ticket: Some(id),
        kind,
        to,
        link_for: None,
        language,
        purpose: Purpose::Requester,
        automation: Automation::Generated,
        from: Address {
            name: team.map(|team| team.name.clone()),
            address: from,
        },
        text: None,
        author: None,
        files: Vec::new(),
        in_reply_to,
        bare: false,
        urgent: false,
        on_call: None,
        close_at,
        continues: None,
        oversize: None,
        lines: Vec::new(),
        due_at: None,
        over_limit: false,
        expires_at: None,
        caused_by: None,
        listed: Vec::new(),
        look: None,
        because: None,
        asks_marks: false,
        quiet: false,
        held: false,
        exchanges: Vec::new(),
        visit: None,
        landing: None,
        monthly: None,
        enclosed: None,
    }
}

/// A notice about no ticket, from the desk: the first team's address is as good as any to write from.
fn about_nothing(draft: &mut Draft<'_>, kind: Kind, to: Address) -> Notice {
    // No ticket has this number.
    let mut notice = about(draft, TicketId(0), kind, to);
    notice.ticket = None;
    if let Some(team) = draft.policy.teams.first() {
        notice.from = Address {
            name: Some(draft.policy.desk_name.clone()),
            address: team.from.clone(),
        };
    }
    notice
}

/// A notice to somebody of a ticket.
pub fn to_person(draft: &mut Draft<'_>, id: TicketId, kind: Kind, person: &Person) -> Notice {
    let to = Address {
        name: person.who.name.clone(),
        address: person
            .reply_to
            .clone()
            .unwrap_or_else(|| person.who.address.clone()),
    };
    let mut notice = about(draft, id, kind, to);
    notice.link_for = Some(person.id);
    notice
}

/// A notice to a technician.
pub fn to_technician(
    draft: &mut Draft<'_>,
    id: TicketId,
    kind: Kind,
    technician: &Technician,
    purpose: Purpose,
) -> Notice {
    let mut notice = about(draft, id, kind, technician.who());
    notice.language = technician.language.clone();
    notice.purpose = purpose;
    notice.link_for = Some(PersonId(token::staff_number(&notice.to.address)));
    if matches!(
        kind,
        Kind::TeamNew | Kind::TeamReply | Kind::TeamObserver | Kind::TeamGiven | Kind::TeamAlert
    ) {
        notice.exchanges = exchanges(draft, id);
    }
    notice
}

/// What was said of a ticket before, the latest first: a notification suffices alone (row F11).
fn exchanges(draft: &Draft<'_>, id: TicketId) -> Vec<Exchange> {
    let Some(events) = draft.known.history.get(&id) else {
        return Vec::new();
    };
    let withdrawn = Withdrawn::of(events);
    events
        .iter()
        .rev()
        .filter(|event| !withdrawn.holds(event))
        .filter_map(|event| {
            let (text, internal) = match &event.what {
                What::Mail {
                    text,
                    automatic: None,
                    ..
                } => (text, !event.public),
                What::Note { text, .. } | What::Aside { text, .. } => (text, true),
                _ => return None,
            };
            let author = event.actor.who.as_ref()?;
            let to = match &event.what {
                What::Aside {
                    with, sent: true, ..
                } => format!(" → {}", with.address),
                _ => String::new(),
            };
            let mut text: String = text.chars().take(EXCHANGE_CHARACTERS + 1).collect();
            if text.chars().count() > EXCHANGE_CHARACTERS {
                text.truncate(text.char_indices().nth_back(0).map_or(0, |(at, _)| at));
                text.push('…');
            }
            (!text.trim().is_empty()).then(|| Exchange {
                at: event.at,
                author: author
                    .name
                    .clone()
                    .unwrap_or_else(|| author.address.clone())
                    + &to,
                text,
                internal,
            })
        })
        .take(EXCHANGES)
        .collect()
}

/// What the acknowledgement has to say beside the number and the link.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged {
    pub bare: bool,
    /// It waits for a digest.
    pub late: bool,
    pub urgent: bool,
    /// Which of the criteria holds has been said.
    pub confirmed: bool,
    pub oversize: Option<u64>,
    pub continues: Option<Reference>,
    pub because: Option<Because>,
    pub files: Vec<File>,
    pub message_id: Option<String>,
    /// It is a part of a major incident (row E15).
    pub known_incident: bool,
    /// Who made the request in the recipient's name, who has written nothing himself.
    pub by: Option<Address>,
}

impl Acknowledged {
    /// To somebody in whose name a technician has put the ticket.
    pub fn of(technician: &Technician) -> Self {
        Self {
            by: Some(technician.who()),
            ..Self::default()
        }
    }
}

/// « Enregistrement de votre demande ».
pub fn acknowledge(draft: &mut Draft<'_>, id: TicketId, what: Acknowledged) {
    let Some(requester) = draft
        .ticket(id)
        .and_then(|ticket| ticket.requester())
        .cloned()
    else {
        return;
    };
    if requester.who.address.is_empty() {
        return;
    }
    let on_call = draft
        .team(id)
        .filter(|_| what.urgent)
        .and_then(|team| team.on_duty(draft.now))
        .map(str::to_owned);
    let language = draft
        .ticket(id)
        .map_or_else(String::new, |ticket| ticket.language.clone());
    let lines = what.known_incident.then(|| {
        super::words::pick(
            &language,
            "Cet incident est connu et nous y travaillons : vous recevrez la réponse dès qu'il y en aura une, vous n'avez rien d'autre à faire.",
            "We know of this incident and are working on it: you will be told as soon as there is news, there is nothing else to do.",
        )
    });
    let notice = Notice {
        automation: Automation::Replied,
        lines: lines.into_iter().collect(),
        author: what.by.map(|by| Address {
            address: String::new(),
            ..by
        }),
        bare: what.bare,
        urgent: what.urgent && !what.confirmed,
        oversize: what.oversize,
        continues: what.continues,
        because: what.because,
        files: what.files,
        in_reply_to: what.message_id,
        on_call,
        caused_by: Some(requester.who.key()),
        over_limit: what.late,
        due_at: what.late.then(|| limits::later(draft.now)),
        ..to_person(draft, id, Kind::Acknowledgement, &requester)
    };
    draft.notify(notice);
}

/// To somebody who follows, or has the trouble, because `by` said so: what he takes part in.
pub fn following(draft: &mut Draft<'_>, id: TicketId, person: &Person, by: Option<&Address>) {
    if person.who.address.is_empty() {
        return;
    }
    // Who made the request for somebody is its requester, whoever wrote it down.
    let requester = draft.ticket(id).and_then(|ticket| ticket.requester());
    let by = match person.part {
        Part::Beneficiary => requester.map(|requester| requester.who.clone()),
        Part::Requester | Part::Observer | Part::Contributor => by.cloned(),
    };
    let mut notice = to_person(draft, id, Kind::Following, person);
    // He never wrote: the requester's mails are not in his mailbox.
    notice.in_reply_to = None;
    notice.author = by.map(|by| Address {
        name: by.name.or(Some(by.address)),
        address: String::new(),
    });
    draft.notify(notice);
}

/// To who was its requester until now: it goes on in somebody else's name, and he follows it.
pub fn handed_on(draft: &mut Draft<'_>, id: TicketId, person: &Person, by: Option<&Address>) {
    let shown = |who: &Address| who.name.clone().unwrap_or_else(|| who.address.clone());
    let now = draft.ticket(id).and_then(|ticket| ticket.requester());
    let now = now.map(|now| shown(&now.who)).unwrap_or_default();
    let mut notice = to_person(draft, id, Kind::Following, person);
    // A technician's own address is none of his business.
    let by = by.and_then(|by| by.name.clone());
    notice.lines = vec![words::pick(
        &notice.language,
        match &by {
            Some(by) => {
                format!("{by} a attribué à {now} la demande enregistrée jusqu'ici à votre nom.")
            }
            None => format!("La demande enregistrée à votre nom a été attribuée à {now}."),
        },
        match &by {
            Some(by) => format!("{by} has moved your request to {now}'s name."),
            None => format!("The request that was in your name is now in that of {now}."),
        },
    )];
    draft.notify(notice);
}

/// To an observer who stopped following.
pub fn unfollowed(draft: &mut Draft<'_>, id: TicketId, person: &Person, message_id: Option<&str>) {
    let mut notice = to_person(draft, id, Kind::Unfollowed, person);
    notice.link_for = None;
    notice.automation = Automation::Replied;
    notice.in_reply_to = message_id.map(str::to_owned);
    draft.notify(notice);
}

/// « Classement de votre demande » : put right, or, with `names`, which categories there are. `replied`: it
/// answers a mail of the requester, and waits for nothing.
pub fn classified(draft: &mut Draft<'_>, id: TicketId, replied: bool, names: Option<Vec<String>>) {
    let Some(requester) = draft
        .ticket(id)
        .and_then(|ticket| ticket.requester())
        .filter(|requester| !requester.who.address.is_empty())
        .cloned()
    else {
        return;
    };
    let mut notice = to_person(draft, id, Kind::Classified, &requester);
    if replied {
        notice.automation = Automation::Replied;
    }
    notice.lines = names.unwrap_or_default();
    draft.notify(notice);
}

/// To those of the ticket whom this kind of mail is for: one mail each.
pub fn public(
    draft: &mut Draft<'_>,
    id: TicketId,
    kind: Kind,
    words: Option<&Words>,
    except: &str,
) {
    public_as(draft, id, kind, words, except, None, |_| {});
}

/// The same, with what made it necessary and what else its occasion changes.
pub fn public_as(
    draft: &mut Draft<'_>,
    id: TicketId,
    kind: Kind,
    words: Option<&Words>,
    except: &str,
    because: Option<Because>,
    change: impl Fn(&mut Notice),
) {
    let Some(ticket) = draft.ticket(id) else {
        return;
    };
    let asks_marks = asks_marks(ticket, kind, because) && !draft.known.marks_asked.contains(&id);
    let except = except.trim().to_lowercase();
    let people: Vec<Person> = ticket
        .people
        .iter()
        .filter(|person| people::addressees(kind).contains(&person.part))
        .filter(|person| !person.who.address.is_empty() && person.who.key() != except)
        .cloned()
        .collect();
    let of_robot = ticket.automatic;
    for person in people {
        let mut notice = to_person(draft, id, kind, &person);
        notice.author = draft
            .ticket(id)
            .and_then(|ticket| ticket.technician.clone());
        if let Some(words) = words {
            notice.text = Some(words.text.clone()).filter(|text| !text.is_empty());
            notice.files.clone_from(&words.files);
            // Words are of who wrote them, not of whose ticket it is.
            let owner = notice.author.filter(|_| words.text.is_empty());
            notice.author = words.author.clone().or(owner);
            if notice.text.is_some() || !notice.files.is_empty() {
                notice.automation = Automation::Person;
            }
        }
        // Requesters see a name, never a technician's own address.
        if let Some(author) = &mut notice.author {
            author.address.clear();
        }
        if notice.automation == Automation::Person
            && let (Some(author), Some(team)) = (&notice.author, speaks_for(draft, id, &except))
            && let Some(name) = &author.name
        {
            notice.from.name = Some(format!("{name} – {}", team.name));
        }
        notice.because = because;
        notice.asks_marks =
            asks_marks && matches!(person.part, Part::Requester | Part::Beneficiary);
        change(&mut notice);
        // A machine is not told that its ticket moves on; a person's words do reach it.
        if of_robot && person.part == Part::Requester && notice.automation != Automation::Person {
            continue;
        }
        draft.notify(notice);
    }
    if asks_marks {
        draft.event(id, Actor::desk(), false, What::MarksAsked);
    }
}

/// The team that somebody's words are of: that of the ticket, or his own when he has just passed it on.
fn speaks_for<'d>(draft: &'d Draft<'_>, id: TicketId, author: &str) -> Option<&'d Team> {
    let team = draft.team(id)?;
    let policy = draft.policy;
    let his = policy.technician(author).map(|author| &author.teams);
    let elsewhere = his.filter(|his| !his.contains(&team.id));
    let own = elsewhere.and_then(|his| policy.teams.iter().find(|team| his.contains(&team.id)));
    Some(own.unwrap_or(team))
}

/// Marks are asked for once, when a person has helped and it is over, or was said not to be (S4.35,
/// row K6).
fn asks_marks(ticket: &Ticket, kind: Kind, because: Option<Because>) -> bool {
    let occasion = match kind {
        Kind::Closed => !matches!(because, Some(Because::OutOfScope | Because::Helped)),
        Kind::Reopened => because == Some(Because::Refused),
        _ => false,
    };
    occasion
        && ticket.technician.is_some()
        && ticket.marks.is_none()
        && !ticket.marks_asked
        && !ticket.automatic
        && ticket.verified
}

/// To somebody of a ticket, in answer to a line that was for the desk: what came of it.
pub fn receipt(
    draft: &mut Draft<'_>,
    id: TicketId,
    who: &str,
    message_id: Option<&str>,
    text: String,
) {
    let person = (draft.ticket(id)).and_then(|ticket| people::person_of(draft.policy, ticket, who));
    let Some(person) = person.cloned() else {
        return;
    };
    let mut notice = to_person(draft, id, Kind::FollowUp, &person);
    notice.text = Some(text);
    notice.automation = Automation::Replied;
    notice.in_reply_to = message_id.map(str::to_owned);
    notice.caused_by = Some(person.who.key());
    draft.notify(notice);
}

/// To somebody whose mail joined a ticket and was too large to be taken whole.
pub fn too_large(
    draft: &mut Draft<'_>,
    id: TicketId,
    sender: &str,
    size: u64,
    message_id: Option<&str>,
) {
    let Some(person) = draft
        .ticket(id)
        .and_then(|ticket| ticket.person(sender))
        .filter(|person| person.part != Part::Contributor)
        .cloned()
    else {
        return;
    };
    let mut notice = to_person(draft, id, Kind::FollowUp, &person);
    let size = size.div_ceil(1_000_000);
    notice.text = Some(words::pick(
        &notice.language,
        format!(
            "Votre message de {size} Mo est trop volumineux pour être repris en entier : nous avons son texte, pas ses pièces jointes. Si elles nous sont utiles, envoyez-les en plusieurs messages plus légers, ou donnez-nous un lien de dépôt."
        ),
        format!(
            "Your mail of {size} MB is too large to be taken whole: we have its text, not its files. If we need them, please send them in several smaller mails, or give us a link."
        ),
    ));
    notice.automation = Automation::Replied;
    notice.in_reply_to = message_id.map(str::to_owned);
    draft.notify(notice);
}
