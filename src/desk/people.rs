//! The people of a ticket (rows H1–H4, F9): who declared it, who has the trouble, who follows it,
//! who is told what, and how that changes.

use super::draft::Draft;
use super::policy::{CcObservers, Policy};
use super::route::is_ours;
use super::{Arrival, Kind, tell, words};
use crate::mail::authenticity::Authenticity;
use crate::mail::{Address, Mail};
use crate::ticket::{Actor, Part, Person, Ticket, TicketId, What};

/// People in copy who follow at once; a mail with more is a mailing, and its readers a circle that
/// nobody chose.
const COPIED: usize = 10;

/// To whom of a ticket a kind of mail goes (row H1): the table of `docs/architecture.md`, "Who is
/// told what". Each gets a mail of his own, with his own link.
pub fn addressees(kind: Kind) -> &'static [Part] {
    use Part::{Beneficiary, Observer, Requester};
    match kind {
        // Whoever wrote learns that it arrived, and answers for what he claimed and chose.
        Kind::Acknowledgement | Kind::Classified | Kind::Lowered | Kind::Split | Kind::Call => {
            &[Requester]
        }
        // Whoever has the trouble is asked and answered; who declared it stays informed.
        Kind::Taken
        | Kind::FollowUp
        | Kind::Resolved
        | Kind::Closed
        | Kind::Reopened
        | Kind::Paused => &[Beneficiary, Requester, Observer],
        // Only those who can answer and judge are asked.
        Kind::Reminder | Kind::LowMark => &[Beneficiary, Requester],
        Kind::Following => &[Beneficiary, Observer],
        // To somebody who has just become a contributor.
        Kind::Unfollowed => &[],
        // By recipient, not by ticket.
        Kind::Digest | Kind::Joined | Kind::Submission | Kind::Requests => &[],
        Kind::TeamNew
        | Kind::TeamReply
        | Kind::TeamObserver
        | Kind::TeamGiven
        | Kind::Transcript
        | Kind::Confirm
        | Kind::TeamAlert
        | Kind::TeamDigest
        | Kind::TeamThanks
        | Kind::SignIn
        | Kind::Report
        | Kind::Review
        | Kind::Answer
        | Kind::Partner
        | Kind::Operations => &[],
    }
}

/// May accept, refuse, reopen or close by a reply: observers and contributors never do (T15).
pub fn decides(part: Part) -> bool {
    match part {
        Part::Requester | Part::Beneficiary => true,
        Part::Observer | Part::Contributor => false,
    }
}

/// The person of a ticket who has this address, or another one of the same person (row H4).
pub fn person_of<'a>(policy: &Policy, ticket: &'a Ticket, address: &str) -> Option<&'a Person> {
    ticket.person(address).or_else(|| {
        ticket
            .people
            .iter()
            .find(|person| policy.directory.is_same(&person.who.address, address))
    })
}

/// A distribution list or a machine: it follows nothing.
pub fn is_list(address: &str, mail: &Mail) -> bool {
    let folded = address.trim().to_lowercase();
    let Some((local, domain)) = folded.split_once('@') else {
        return true;
    };
    let of_this_mail = mail
        .list_id
        .as_ref()
        .is_some_and(|list| *list == format!("{local}.{domain}"));
    let label = domain.split('.').next().unwrap_or_default();
    let host = matches!(
        label,
        "listes" | "liste" | "lists" | "list" | "groupes" | "sympa"
    ) || matches!(domain, "googlegroups.com" | "groups.io");
    let name = [
        "liste-",
        "list-",
        "tous-",
        "all-",
        "noreply",
        "no-reply",
        "ne-pas-repondre",
        "nepasrepondre",
        "mailer-daemon",
        "postmaster",
    ]
    .iter()
    .any(|start| local.starts_with(start))
        || ["-list", "-liste", "-request", "-bounces"]
            .iter()
            .any(|end| local.ends_with(end));
    of_this_mail || host || name
}

/// The sender may name others: his word is believed.
pub fn is_trusted(policy: &Policy, arrival: &Arrival) -> bool {
    let internal = arrival
        .mail
        .sender()
        .is_some_and(|sender| policy.is_internal(&sender.address));
    match arrival.authenticity {
        Authenticity::Pass => true,
        Authenticity::None => internal,
        Authenticity::Fail => false,
    }
}

/// Those in To and Cc of a mail of `by` become part of the ticket: observers when the policy says so
/// and the writer decides about the ticket, contributors otherwise. Ourselves, staff of the team
/// and lists are left out.
pub fn add_copied(draft: &mut Draft<'_>, id: TicketId, arrival: &Arrival, by: Part) {
    let policy = draft.policy;
    let mail = &arrival.mail;
    let observes = decides(by) && is_trusted(policy, arrival);
    let mut copied: Vec<Address> = Vec::new();
    for who in mail.to.iter().chain(&mail.cc) {
        let known = draft
            .ticket(id)
            .is_some_and(|ticket| person_of(policy, ticket, &who.address).is_some());
        if known
            || !who.address.contains('@')
            || is_ours(policy, &who.address)
            || policy.technician(&who.address).is_some()
            || copied.iter().any(|other| other.key() == who.key())
        {
            continue;
        }
        copied.push(who.clone());
    }
    let circle = copied.len() <= COPIED;
    for who in copied {
        let follows = observes
            && circle
            && !is_list(&who.address, mail)
            && match policy.cc_observers {
                CcObservers::Internal => policy.is_internal(&who.address),
                CcObservers::Always => true,
                CcObservers::Never => false,
            };
        let part = if follows {
            Part::Observer
        } else {
            Part::Contributor
        };
        let person = join(draft, id, Actor::desk(), part, named(policy, who));
        if follows {
            tell::following(draft, id, &person, arrival.mail.sender());
        }
    }
}

/// Somebody follows from now on, because a person said so. `Err` says why not, in `language`.
pub fn add_observer(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    who: Address,
    language: &str,
) -> Result<(), String> {
    let policy = draft.policy;
    let ticket = ticket(draft, id, language)?;
    let address = who.address.clone();
    if is_ours(policy, &address) || is_list(&address, &Mail::default()) {
        return Err(words::pick(
            language,
            format!("{address} est une liste ou une adresse du service : elle ne peut pas suivre"),
            format!("{address} is a list or an address of the service: it cannot follow"),
        ));
    }
    let known = person_of(policy, ticket, &address).cloned();
    if known
        .as_ref()
        .is_some_and(|known| known.part != Part::Contributor)
    {
        return Err(words::pick(
            language,
            format!("{address} est déjà informé des suites"),
            format!("{address} is told what happens already"),
        ));
    }
    let by = actor.who.clone();
    let person = becomes(draft, id, actor, known, Part::Observer, who);
    tell::following(draft, id, &person, by.as_ref());
    Ok(())
}

/// Somebody no longer follows: his link ends, he may still add to the ticket. `Err` says why not.
pub fn remove_observer(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    address: &str,
    language: &str,
) -> Result<Person, String> {
    let policy = draft.policy;
    let found = draft
        .ticket(id)
        .and_then(|ticket| person_of(policy, ticket, address))
        .filter(|person| person.part == Part::Observer)
        .cloned();
    match found {
        Some(person) => Ok(let_go(draft, id, actor, person)),
        None => Err(words::pick(
            language,
            format!("{address} ne suit pas ce ticket"),
            format!("{address} does not follow this ticket"),
        )),
    }
}

/// The one who has the trouble is another than the one who wrote (row H1). Somebody known by name
/// alone has an empty address. `Err` says why not.
pub fn set_beneficiary(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    who: Address,
    language: &str,
) -> Result<(), String> {
    let policy = draft.policy;
    let ticket = ticket(draft, id, language)?;
    if is_ours(policy, &who.address) {
        return Err(words::pick(
            language,
            format!("{} est une adresse du service", who.address),
            format!("{} is an address of the service", who.address),
        ));
    }
    let before = ticket.beneficiary().cloned();
    let known = person_of(policy, ticket, &who.address).cloned();
    match known.as_ref().map(|known| known.part) {
        // « Pour : moi »: nobody else has the trouble.
        Some(Part::Requester) => {
            no_beneficiary(draft, id, actor);
            return Ok(());
        }
        Some(Part::Beneficiary) => return Ok(()),
        Some(Part::Observer | Part::Contributor) | None => {}
    }
    if let Some(before) = before {
        let_go(draft, id, actor.clone(), before);
    }
    let by = actor.who.clone();
    let person = becomes(draft, id, actor, known, Part::Beneficiary, who);
    let himself = by
        .as_ref()
        .is_some_and(|by| policy.directory.is_same(&by.address, &person.who.address));
    if !himself {
        tell::following(draft, id, &person, by.as_ref());
    }
    Ok(())
}

/// « pour moi »: whoever wrote has the trouble. Whether that changed anything.
pub fn no_beneficiary(draft: &mut Draft<'_>, id: TicketId, actor: Actor) -> bool {
    let before = draft
        .ticket(id)
        .and_then(|ticket| ticket.beneficiary())
        .cloned();
    match before {
        Some(before) => {
            let_go(draft, id, actor, before);
            true
        }
        None => false,
    }
}

/// The ticket is somebody else's request from now on (rows G6, H3): every later mail goes there;
/// the one before follows, unless it was staff who wrote for him, or a machine. Whether he neither wrote nor followed
/// before, and so learns of it by an acknowledgement; `Err` says why not.
pub fn set_requester(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    who: Address,
    language: &str,
) -> Result<bool, String> {
    let policy = draft.policy;
    let ticket = ticket(draft, id, language)?;
    if !who.address.contains('@') || is_ours(policy, &who.address) {
        return Err(words::pick(
            language,
            format!("{} ne peut pas être le demandeur", who.address),
            format!("{} cannot be the requester", who.address),
        ));
    }
    let before = ticket.requester().cloned();
    let machine = ticket.automatic;
    let known = person_of(policy, ticket, &who.address).cloned();
    if known.as_ref().map(|known| known.part) == Some(Part::Requester) {
        return Err(words::pick(
            language,
            format!("{} est déjà le demandeur", who.address),
            format!("{} is the requester already", who.address),
        ));
    }
    let is_new = known
        .as_ref()
        .is_none_or(|known| known.part == Part::Contributor);
    let mut former = None;
    if let Some(before) = before {
        let staff = policy.technician(&before.who.address).is_some();
        // Who has no address follows nothing, and a machine reads nothing.
        if staff || machine || before.who.address.is_empty() {
            let_go(draft, id, actor.clone(), before);
        } else {
            change(draft, id, actor.clone(), before.clone(), Part::Observer);
            former = Some(before).filter(|before| was_told(draft, id, before));
        }
    }
    let by = actor.who.clone();
    becomes(draft, id, actor, known, Part::Requester, who);
    if let Some(former) = former {
        tell::handed_on(draft, id, &former, by.as_ref());
    }
    Ok(is_new)
}

/// Some mail about the ticket was for him.
fn was_told(draft: &Draft<'_>, id: TicketId, person: &Person) -> bool {
    let mut events = draft.known.history.get(&id).into_iter().flatten();
    let address = person.reply_to.as_ref().unwrap_or(&person.who.address);
    events.any(|event| match &event.what {
        What::Notified {
            notification,
            recipient,
            ..
        } => {
            recipient.eq_ignore_ascii_case(address)
                && Kind::parse(notification).is_some_and(|kind| !kind.is_internal())
        }
        _ => false,
    })
}

/// With the name that the directory knows, when the mail told none.
pub fn named(policy: &Policy, who: Address) -> Address {
    if who.name.is_some() {
        return who;
    }
    let name = policy
        .directory
        .entry(&who.address)
        .and_then(|entry| entry.name.clone());
    Address { name, ..who }
}

fn ticket<'d>(draft: &'d Draft<'_>, id: TicketId, language: &str) -> Result<&'d Ticket, String> {
    draft.ticket(id).ok_or_else(|| {
        words::pick(
            language,
            "le ticket n'existe pas",
            "there is no such ticket",
        )
    })
}

/// Whoever is known takes another part; whoever is not joins.
fn becomes(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    known: Option<Person>,
    part: Part,
    who: Address,
) -> Person {
    match known {
        Some(known) => change(draft, id, actor, known, part),
        None => join(draft, id, actor, part, named(draft.policy, who)),
    }
}

fn join(draft: &mut Draft<'_>, id: TicketId, actor: Actor, part: Part, who: Address) -> Person {
    let person = Person {
        id: draft.take_person(),
        part,
        who,
        reply_to: None,
        generation: 0,
    };
    let event = What::Person {
        person: person.clone(),
    };
    draft.event(id, actor, false, event);
    person
}

fn change(draft: &mut Draft<'_>, id: TicketId, actor: Actor, person: Person, part: Part) -> Person {
    let person = Person { part, ..person };
    let event = What::Person {
        person: person.clone(),
    };
    draft.event(id, actor, false, event);
    person
}

/// Ends the links to the page that somebody of the ticket was sent; the next mail brings a new one.
///
/// # Errors
/// Why not.
pub fn end_links(
    draft: &mut Draft<'_>,
    ticket: &Ticket,
    actor: Actor,
    address: &str,
) -> Result<(), String> {
    let person = ticket
        .person(address)
        .filter(|person| person.part != Part::Contributor)
        .ok_or_else(|| format!("{address} was sent no link to this ticket"))?;
    let part = person.part;
    let person = Person {
        generation: person.generation + 1,
        ..person.clone()
    };
    change(draft, ticket.id, actor, person, part);
    Ok(())
}

/// Takes part no longer: may add to the ticket, gets nothing, and his link has ended.
fn let_go(draft: &mut Draft<'_>, id: TicketId, actor: Actor, person: Person) -> Person {
    let person = Person {
        generation: person.generation + 1,
        ..person
    };
    change(draft, id, actor, person, Part::Contributor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_machines_follow_nothing() {
        let mut mail = Mail::default();
        for address in [
            "tous-dsi@example.org",
            "personnel@listes.example.org",
            "noreply@example.com",
            "labo@googlegroups.com",
            "dev-list@example.org",
            "not an address",
        ] {
            assert!(is_list(address, &mail), "{address}");
        }
        assert!(!is_list("listenois.paul@example.org", &mail));
        assert!(!is_list("marie.durand@example.org", &mail));
        mail.list_id = Some("labo.example.org".to_owned());
        assert!(is_list("labo@example.org", &mail));
    }

    #[test]
    fn whoever_has_the_trouble_gets_what_is_asked_and_answered() {
        for kind in Kind::ALL {
            let parts = addressees(kind);
            assert_eq!(kind.is_internal(), kind.is_internal() && parts.is_empty());
            assert!(!parts.contains(&Part::Contributor), "{kind:?}");
        }
        for kind in [Kind::FollowUp, Kind::Resolved, Kind::Taken] {
            assert!(addressees(kind).contains(&Part::Beneficiary), "{kind:?}");
            assert!(addressees(kind).contains(&Part::Requester), "{kind:?}");
        }
        assert_eq!(addressees(Kind::Acknowledgement), [Part::Requester]);
    }
}
