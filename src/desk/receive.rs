//! What a mail does: it opens a ticket, joins one, or is kept aside where somebody can see it.

use super::access::{Access, Sender, access};
use super::automatic;
use super::draft::Draft;
use super::locate::{self, Pointer};
use super::open::{self, Opening, add_copied, add_mail, remember_ids};
use super::policy::{Authentication, Policy};
use super::route::{self, Route};
use super::{Arrival, Disposition, Kind, Learned, lifecycle, staff, tell, words};
use crate::mail::authenticity::Authenticity;
use crate::mail::habits;
use crate::ticket::{Actor, InboxId, Part, Person, Role, Status, Ticket, TicketId, What};
use crate::token::{Keys, Purpose, RecipientTag};

/// Decides about one mail.
pub fn receive(draft: &mut Draft<'_>, keys: &Keys, arrival: &Arrival) {
    let policy = draft.policy;
    let known = draft.known;
    let route = route::route(policy, arrival);

    if let Some((of, ticket)) = known.duplicate_of
        && !arrival.released
    {
        return second_copy(draft, arrival, &route, of, ticket);
    }

    let folded = fold(draft, arrival);
    let arrival = folded.as_ref().unwrap_or(arrival);
    let pointer = locate::locate(policy, keys, arrival, known);
    let mut kind = automatic::class(policy, keys, arrival);
    if arrival.released {
        kind = None;
    }
    if let Some(kind) = kind {
        return automatic::receive(draft, keys, arrival, &route, pointer, kind);
    }
    let by_token = pointer
        .as_ref()
        .is_some_and(|pointer| pointer.token.is_some());
    if arrival.mail.spam && !arrival.released && !by_token {
        return draft.dispose(
            Disposition::Quarantined,
            "marked as spam by the border server: waits in quarantine, without acknowledgement",
        );
    }
    match pointer {
        Some(pointer) => point(draft, arrival, &route, pointer),
        None => fresh(draft, arrival, &route),
    }
}

/// Learns how a person's mails end, and folds away what he always repeats; `None` when there is
/// nothing to fold.
fn fold(draft: &mut Draft<'_>, arrival: &Arrival) -> Option<Arrival> {
    let mail = &arrival.mail;
    if mail.automatic.is_some() {
        return None;
    }
    let sender = mail.sender()?.key();
    let (tail, images) = (habits::tail(mail), habits::ornaments(mail));
    if !(tail.is_empty() && images.is_empty()) {
        draft.decision.learned = Some(Learned {
            sender,
            tail,
            images,
        });
    }
    let known = &draft.known.habits;
    if known.tails.is_empty() && known.images.is_empty() {
        return None;
    }
    Some(Arrival {
        mail: habits::fold(mail, known),
        ..arrival.clone()
    })
}

/// A mail that could not be read three times: kept aside with its bytes, operations are told.
pub fn quarantine_poison(draft: &mut Draft<'_>, inbox: InboxId, why: &str) {
    draft.dispose(Disposition::Quarantined, why);
    let language = draft.policy.language.clone();
    tell::operations(
        draft,
        None,
        vec![words::pick(
            &language,
            format!(
                "Le message {inbox} n'a pas pu être traité ({why}). Il est en quarantaine, rien n'est perdu : guichet inbox show {inbox}"
            ),
            format!(
                "Mail {inbox} could not be processed ({why}). It is in quarantine, nothing is lost: guichet inbox show {inbox}"
            ),
        )],
    );
}

/// The same mail by another way (rows C3, D14): recorded, and a team that it also reached follows.
fn second_copy(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    route: &Route,
    of: InboxId,
    ticket: Option<TicketId>,
) {
    let why = words::pick(
        &draft.policy.language,
        format!(
            "Même message que l'entrée {of}, arrivé par le compte « {} ».",
            arrival.account
        ),
        format!(
            "The same mail as entry {of}, come through account \"{}\".",
            arrival.account
        ),
    );
    let sender = arrival.mail.sender().cloned().unwrap_or_default();
    if let Some(id) = ticket
        && let Some(known) = draft.ticket(id).cloned()
    {
        let words = tell::Words {
            text: arrival.mail.reply.clone(),
            author: Some(sender.clone()),
            files: open::files_of(arrival),
        };
        let mut teams = vec![route.lead.clone()];
        teams.extend(route.observers.iter().cloned());
        for team in teams {
            if team != known.team && !known.observing_teams.contains(&team) {
                let event = What::TeamObserves { team: team.clone() };
                draft.event(id, Actor::desk(), false, event);
                tell::observing_team(draft, id, &team, &words, Some(&sender.address));
            }
        }
    }
    draft.duplicate(arrival.inbox, of, ticket, &why);
}

/// A mail that points at no ticket.
fn fresh(draft: &mut Draft<'_>, arrival: &Arrival, route: &Route) {
    let opening = Opening {
        unverified: arrival.authenticity == Authenticity::Fail,
        why: reused_id(draft, arrival),
        ..Opening::default()
    };
    open::open(draft, arrival, route, opening);
}

/// A robot that gives every mail the same id (contract I3): the mail is a new one all the same.
fn reused_id(draft: &Draft<'_>, arrival: &Arrival) -> Vec<String> {
    let known = arrival
        .mail
        .message_id
        .as_ref()
        .is_some_and(|id| draft.known.threads.contains_key(id));
    if known {
        vec![words::pick(
            &draft.policy.language,
            "Son Message-ID a déjà servi pour un autre contenu : message distinct.",
            "Its Message-ID was used before with other contents: a mail of its own.",
        )]
    } else {
        Vec::new()
    }
}

/// Who the sender is to a ticket.
fn sender_of(policy: &Policy, ticket: &Ticket, arrival: &Arrival, pointer: &Pointer) -> Sender {
    let Some(sender) = arrival.mail.sender() else {
        return Sender::Stranger;
    };
    let technician = policy.technician(&sender.address);
    let of_ticket = ticket.people.iter().any(|person| {
        person.who.key() == sender.key()
            || person
                .reply_to
                .as_ref()
                .is_some_and(|reply_to| reply_to.trim().to_lowercase() == sender.key())
    });
    if let Some(technician) = technician {
        match &pointer.token {
            // A technician may be a requester too: the mail he answers says which he is here.
            Some(token) if token.purpose == Purpose::Requester && of_ticket => {
                return Sender::OfTicket;
            }
            Some(token)
                if token.purpose != Purpose::Requester
                    && technician
                        .addresses
                        .iter()
                        .any(|address| RecipientTag::of(address) == token.recipient) =>
            {
                return Sender::Technician;
            }
            _ => {}
        }
        let of_team = technician
            .teams
            .iter()
            .any(|team| *team == ticket.team || ticket.observing_teams.contains(team));
        if of_team && !of_ticket {
            return Sender::Technician;
        }
    }
    if of_ticket {
        Sender::OfTicket
    } else {
        Sender::Stranger
    }
}

/// A mail that points at a ticket: the table says what it may do.
fn point(draft: &mut Draft<'_>, arrival: &Arrival, route: &Route, mut pointer: Pointer) {
    let policy = draft.policy;
    let Some(ticket) = draft.ticket(pointer.ticket).cloned() else {
        return fresh(draft, arrival, route);
    };
    let sender = sender_of(policy, &ticket, arrival, &pointer);
    if sender == Sender::Technician && !staff::token_is_his(draft, arrival, &pointer) {
        // Somebody else's token, or one that is too old to command, is no token.
        pointer.carrier = super::access::Carrier::Thread;
    }
    let can_authenticate = policy.authentication != Authentication::None;
    let verdict = access(
        sender,
        pointer.carrier,
        arrival.authenticity,
        can_authenticate,
        policy.pass_is_enough,
    );
    match verdict {
        Access::Join if is_over(draft, &ticket) => {
            let opening = Opening {
                why: vec![words::pick(
                    &policy.language,
                    format!(
                        "Le ticket {} est clos depuis trop longtemps pour rouvrir : nouveau ticket lié.",
                        ticket.reference
                    ),
                    format!(
                        "Ticket {} has been closed for too long to reopen: a new, linked one.",
                        ticket.reference
                    ),
                )],
                linked: Some(ticket.id),
                continues: Some(ticket.reference.clone()),
                title: Some(ticket.title.clone()),
                ..Opening::default()
            };
            // The team that knew the matter takes it up again.
            let route = Route {
                lead: ticket.team.clone(),
                sent_to: ticket.sent_to.clone(),
                ..route.clone()
            };
            open::open(draft, arrival, &route, opening);
        }
        Access::Join => join(draft, arrival, &ticket, &pointer),
        Access::JoinAsContributor => join_as_contributor(draft, arrival, &ticket, &pointer),
        Access::Command => staff::answer(draft, arrival, &ticket, &pointer, staff::Commands::Run),
        Access::AnswerOnly => {
            staff::answer(draft, arrival, &ticket, &pointer, staff::Commands::Wait);
        }
        Access::Note => staff::note(draft, arrival, &ticket, &pointer),
        Access::NewLinked => {
            let opening = Opening {
                why: vec![words::pick(
                    &policy.language,
                    format!(
                        "Désigne {} sans y avoir part : nouveau ticket lié, pour l'équipe.",
                        ticket.reference
                    ),
                    format!(
                        "Points at {} without being part of it: a new ticket, linked for staff.",
                        ticket.reference
                    ),
                )],
                linked: Some(ticket.id),
                ..Opening::default()
            };
            open::open(draft, arrival, route, opening);
        }
        Access::NewUnverified => {
            let opening = Opening {
                why: vec![words::pick(
                    &policy.language,
                    format!(
                        "Désigne {} mais l'expéditeur n'a pas pu être vérifié : ticket à part.",
                        ticket.reference
                    ),
                    format!(
                        "Points at {} but its sender could not be verified: a ticket of its own.",
                        ticket.reference
                    ),
                )],
                linked: Some(ticket.id),
                unverified: true,
                ..Opening::default()
            };
            let new = open::open(draft, arrival, route, opening);
            let who = arrival.mail.sender().map(|sender| sender.address.clone());
            let text = words::pick(
                &policy.language,
                format!(
                    "Un message non vérifié au nom de {} désigne ce ticket ; il est à part, dans le ticket {new}.",
                    who.clone().unwrap_or_default()
                ),
                format!(
                    "An unverified mail in the name of {} points at this ticket; it is kept apart, in ticket {new}.",
                    who.unwrap_or_default()
                ),
            );
            draft.event(
                ticket.id,
                Actor::desk(),
                false,
                What::Alert { text: text.clone() },
            );
            tell::staff(
                draft,
                ticket.id,
                Kind::TeamAlert,
                &tell::Words::default(),
                &[text],
                None,
            );
        }
    }
}

/// Closed for longer than a reply may reopen (row D10).
fn is_over(draft: &Draft<'_>, ticket: &Ticket) -> bool {
    ticket.status == Status::Closed && draft.now - ticket.status_since > draft.policy.reopen_within
}

/// A mail of somebody of the ticket.
fn join(draft: &mut Draft<'_>, arrival: &Arrival, ticket: &Ticket, pointer: &Pointer) {
    let id = ticket.id;
    let sender = arrival.mail.sender().cloned().unwrap_or_default();
    let person = ticket
        .person(&sender.address)
        .or_else(|| {
            ticket.people.iter().find(|person| {
                person
                    .reply_to
                    .as_ref()
                    .is_some_and(|to| to.to_lowercase() == sender.key())
            })
        })
        .cloned();
    let part = person.map_or(Part::Contributor, |person| person.part);
    let role = match part {
        Part::Requester => Role::Requester,
        Part::Beneficiary => Role::Beneficiary,
        Part::Observer => Role::Observer,
        Part::Contributor => Role::Contributor,
    };
    let actor = Actor {
        role,
        who: Some(sender.clone()),
    };
    let takes_part = part != Part::Contributor;
    let words = add_mail(
        draft,
        id,
        arrival,
        actor.clone(),
        takes_part,
        None,
        Vec::new(),
    );
    if takes_part {
        add_copied(draft, id, arrival);
    }
    remember_ids(draft, id, arrival);
    draft.dispose(Disposition::Filed(id), pointer.why.clone());
    if let Some(size) = arrival.oversize {
        let message_id = arrival.mail.message_id.as_deref();
        tell::too_large(draft, id, &sender.address, size, message_id);
    }

    if arrival.mail.thanks || arrival.mail.reaction.is_some() {
        // Thanks change nothing and disturb nobody (rows E9, E10); they are on the timeline.
        return;
    }
    let mut lines = Vec::new();
    let requester = matches!(part, Part::Requester | Part::Beneficiary);
    if takes_part && let Some(to) = lifecycle::after_reply(ticket.status, requester) {
        let was_done = matches!(ticket.status, Status::Resolved | Status::Closed);
        let reason = words::pick(
            &draft.policy.language,
            "Réponse du demandeur.",
            "Answer of the requester.",
        );
        lifecycle::set(draft, id, actor, to, Some(reason));
        if was_done {
            tell::public(draft, id, Kind::Reopened, None, "");
            lines.push(words::pick(
                &draft.policy.language,
                "Le ticket est rouvert par cette réponse.",
                "This answer reopened the ticket.",
            ));
        }
    }
    tell::staff(
        draft,
        id,
        Kind::TeamReply,
        &words,
        &lines,
        Some(&sender.address),
    );
}

/// Somebody to whom a notification was forwarded: his words are for staff (DESIGN "People").
fn join_as_contributor(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    ticket: &Ticket,
    pointer: &Pointer,
) {
    let id = ticket.id;
    let sender = arrival.mail.sender().cloned().unwrap_or_default();
    let remark = words::pick(
        &draft.policy.language,
        format!(
            "{} n'avait pas part à ce ticket : une notification lui a été transférée.",
            sender.address
        ),
        format!(
            "{} was not part of this ticket: a notification was forwarded to them.",
            sender.address
        ),
    );
    let actor = Actor {
        role: Role::Contributor,
        who: Some(sender.clone()),
    };
    let words = add_mail(draft, id, arrival, actor, false, None, vec![remark.clone()]);
    if ticket.person(&sender.address).is_none() && !sender.address.is_empty() {
        let person = Person {
            id: draft.take_person(),
            part: Part::Contributor,
            who: sender.clone(),
            reply_to: None,
            generation: 0,
        };
        draft.event(id, Actor::desk(), false, What::Person { person });
    }
    remember_ids(draft, id, arrival);
    draft.dispose(Disposition::Filed(id), pointer.why.clone());
    if !(arrival.mail.thanks || arrival.mail.reaction.is_some()) {
        tell::staff(
            draft,
            id,
            Kind::TeamReply,
            &words,
            &[remark],
            Some(&sender.address),
        );
    }
}
