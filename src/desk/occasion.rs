//! Who is told of what happens by itself, or of what a requester says of a solution: reminders, the end
//! of a pause, thanks, marks, a repeated request.

use chrono::{DateTime, Utc};

use super::draft::Draft;
use super::policy::{Technician, Thanks};
use super::tell::{self, Words};
use super::{Automation, Because, Kind, urgency, words};
use crate::ticket::{Marks, Part, Person, Ticket, TicketId};
use crate::token::Purpose;

/// Characters of a thanks that a technician's digest repeats.
const THANKS_CHARACTERS: usize = 300;

/// To the requester and those who follow, with what made it necessary. What answers a mail of the
/// requester is said to do so (RFC 3834), and does not wait for working hours.
pub fn public(draft: &mut Draft<'_>, id: TicketId, kind: Kind, because: Because) {
    let answers = match because {
        Because::Accepted
        | Because::Refused
        | Because::RefusedSilently
        | Because::Complement
        | Because::Old
        | Because::NewSubject
        | Because::Helped
        | Because::Urgent => true,
        Because::Unanswered | Because::Expired | Because::OutOfScope => false,
    };
    tell::public_as(draft, id, kind, None, "", Some(because), |notice| {
        if answers {
            notice.automation = Automation::Replied;
        }
    });
}

/// The people who are asked and who judge: who opened it and who has the trouble.
fn askers(draft: &Draft<'_>, id: TicketId) -> Vec<Person> {
    let Some(ticket) = draft.ticket(id) else {
        return Vec::new();
    };
    ticket
        .people
        .iter()
        .filter(|person| match person.part {
            Part::Requester | Part::Beneficiary => true,
            Part::Observer | Part::Contributor => false,
        })
        .filter(|person| !person.who.address.is_empty())
        .cloned()
        .collect()
}

/// An answer is awaited: the question once more (row E4). `ends_at`: the date on which the ticket is
/// resolved without.
pub fn remind(draft: &mut Draft<'_>, id: TicketId, ends_at: Option<DateTime<Utc>>) {
    let said = draft.known.past.get(&id).and_then(|past| past.said.clone());
    for person in askers(draft, id) {
        let mut notice = tell::to_person(draft, id, Kind::Reminder, &person);
        notice.text.clone_from(&said);
        notice.close_at = ends_at;
        draft.notify(notice);
    }
}

/// A pause is over: to the owner, else to everybody of the team.
pub fn woken(draft: &mut Draft<'_>, id: TicketId) {
    let line = words::pick(
        &draft.policy.language,
        "La pause est terminée : le ticket est de nouveau ouvert, c'est le moment de le reprendre.",
        "The pause is over: the ticket is open again, it is time to take it up.",
    );
    let nothing = Words::default();
    tell::staff(draft, id, Kind::TeamAlert, &nothing, &[line], None);
}

/// A third party has not answered: to the owner, else to everybody of the team.
pub fn third_party_silent(draft: &mut Draft<'_>, ticket: &Ticket) {
    let policy = draft.policy;
    let whom: Vec<String> = (ticket.ties.partners.iter())
        .map(|partner| partner.who.address.clone())
        .collect();
    let all = whom.join(", ");
    let (french, english) = match whom.last() {
        None => (("un tiers", "adresse"), ("a third party", "address")),
        Some(last) => ((all.as_str(), last.as_str()), (all.as_str(), last.as_str())),
    };
    let since = |language| words::day(ticket.status_since, policy.timezone, language);
    let line = words::pick(
        &policy.language,
        format!(
            "Ce ticket attend {} depuis le {}, sans réponse. Pour relancer : #tiers {} et votre texte ; pour ne plus attendre : #rouvrir.",
            french.0,
            since("fr"),
            french.1,
        ),
        format!(
            "This ticket has waited for {} since {}, without an answer. To ask again: #partner {} and your text; to wait no more: #reopen.",
            english.0,
            since("en"),
            english.1,
        ),
    );
    tell::staff(
        draft,
        ticket.id,
        Kind::TeamAlert,
        &Words::default(),
        &[line],
        None,
    );
}

/// The same request came again and was joined: its sender should know (row C12), and what an
/// acknowledgement says of `urgent` words.
pub fn joined(
    draft: &mut Draft<'_>,
    id: TicketId,
    sender: &str,
    message_id: Option<&str>,
    urgent: bool,
) {
    let on_call = draft
        .team(id)
        .filter(|_| urgent)
        .and_then(|team| team.on_duty(draft.now))
        .map(str::to_owned);
    let unconfirmed = urgent && draft.ticket(id).is_some_and(urgency::is_open);
    let person = draft
        .ticket(id)
        .and_then(|ticket| ticket.person(sender))
        .filter(|person| person.part != Part::Contributor)
        .cloned();
    if let Some(person) = person {
        let mut notice = tell::to_person(draft, id, Kind::Joined, &person);
        notice.automation = Automation::Replied;
        notice.in_reply_to = message_id.map(str::to_owned);
        notice.caused_by = Some(person.who.key());
        notice.urgent = unconfirmed;
        notice.on_call = on_call;
        draft.notify(notice);
    }
}

/// A low mark: what went wrong (row K5)?
pub fn low_mark(draft: &mut Draft<'_>, id: TicketId, rater: &str) {
    let person = draft
        .ticket(id)
        .and_then(|ticket| ticket.person(rater))
        .cloned();
    if let Some(person) = person {
        let mut notice = tell::to_person(draft, id, Kind::LowMark, &person);
        notice.automation = Automation::Replied;
        draft.notify(notice);
    }
}

/// Something kind, for the technician whom it is meant for: the owner of the ticket (rows E9, E10). While
/// nobody has it, the team reads it in its next digest.
pub fn kind_words(draft: &mut Draft<'_>, id: TicketId, words: &Words, marks: Option<Marks>) {
    let policy = draft.policy;
    let Some(ticket) = draft.ticket(id) else {
        return;
    };
    let title = format!("[{}] {}", ticket.reference, ticket.title);
    let owned = ticket.technician.is_some();
    let those = match &ticket.technician {
        Some(owner) => policy.technician(&owner.address).into_iter().collect(),
        None => tell::responsible(draft, id),
    };
    for technician in those {
        let due_at = match technician.thanks {
            Thanks::Never => continue,
            Thanks::Now if owned => None,
            Thanks::Now | Thanks::Digest => draft.team(id).map(|team| {
                let calendar = &team.calendar;
                calendar.next_open(calendar.tomorrow(draft.now))
            }),
        };
        let line = kind_line(technician, &title, words, marks);
        let mut notice =
            tell::to_technician(draft, id, Kind::TeamThanks, technician, Purpose::Note);
        notice.lines = vec![line];
        notice.due_at = due_at;
        draft.notify(notice);
    }
}

fn kind_line(technician: &Technician, ticket: &str, said: &Words, marks: Option<Marks>) -> String {
    let language = &technician.language;
    let who = said
        .author
        .as_ref()
        .map(|who| who.name.clone().unwrap_or_else(|| who.address.clone()))
        .unwrap_or_default();
    let text: String = said
        .text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(THANKS_CHARACTERS)
        .collect();
    let mut line = format!("{ticket} – {who}");
    if !text.is_empty() {
        line.push_str(&words::pick(
            language,
            format!(" : « {text} »"),
            format!(": \"{text}\""),
        ));
    }
    if let Some(Marks { speed, answers }) = marks {
        line.push_str(&words::pick(
            language,
            format!(" (délai {speed}/5, réponses {answers}/5)"),
            format!(" (speed {speed}/5, answers {answers}/5)"),
        ));
    }
    line
}
