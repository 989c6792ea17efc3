//! Mails to people outside the desk that a technician's command causes: a third party (row G11), the
//! requester of a mail that was split (row C11) or of a call that was noted (row E16); and links for
//! whoever asked for one on the page.

use super::super::asked::Listed;
use super::super::draft::Draft;
use super::super::policy::Technician;
use super::super::{Automation, Kind, Notice, Visit};
use super::{Words, about, about_nothing, to_person};
use crate::mail::Address;
use crate::ticket::{Part, Person, TicketId};
use crate::token::Purpose;

/// A technician's words to a third party: from the team's address, nothing of the ticket but its
/// title and reference.
pub fn partner(draft: &mut Draft<'_>, id: TicketId, with: &Address, words: &Words) {
    let mut notice = about(draft, id, Kind::Partner, with.clone());
    let known = draft.ticket(id).and_then(|ticket| {
        let mut partners = ticket.ties.partners.iter();
        partners.find(|partner| partner.who.key() == with.key())
    });
    notice.in_reply_to = known.and_then(|partner| partner.last_message_id.clone());
    notice.purpose = Purpose::Partner;
    notice.automation = Automation::Person;
    notice.close_at = None;
    notice.text = Some(words.text.clone());
    notice.files.clone_from(&words.files);
    notice.author = by_name(words.author.as_ref());
    draft.notify(notice);
}

/// To the requester: which tickets his mail became, and which of his requests the first one keeps.
pub fn split(draft: &mut Draft<'_>, id: TicketId, tickets: &[TicketId], stays: Option<String>) {
    let Some(requester) = requester(draft, id) else {
        return;
    };
    let mut listed: Vec<Listed> = tickets
        .iter()
        .filter_map(|id| draft.ticket(*id))
        .map(|ticket| Listed {
            who: None,
            owner: None,
            ..Listed::of(ticket, ticket.requester().map(|person| person.id))
        })
        .collect();
    if let (Some(first), Some(title)) = (listed.first_mut(), stays) {
        first.title = title;
    }
    let notice = Notice {
        listed,
        ..to_person(draft, id, Kind::Split, &requester)
    };
    draft.notify(notice);
}

/// To the requester: the call that was noted for him, what was answered, and where it stands: one
/// mail.
pub fn call(
    draft: &mut Draft<'_>,
    id: TicketId,
    request: &str,
    answer: &str,
    technician: &Technician,
) {
    let Some(requester) = requester(draft, id) else {
        return;
    };
    if technician.has_address(&requester.who.address) {
        return;
    }
    let mut notice = to_person(draft, id, Kind::Call, &requester);
    notice.lines = request.lines().map(str::to_owned).collect();
    notice.text = Some(answer.to_owned()).filter(|text| !text.is_empty());
    notice.author = by_name(Some(&technician.who()));
    notice.automation = Automation::Person;
    notice.in_reply_to = None;
    draft.notify(notice);
}

fn requester(draft: &Draft<'_>, id: TicketId) -> Option<Person> {
    let ticket = draft.ticket(id)?;
    let known = ticket
        .people
        .iter()
        .find(|person| person.part == Part::Requester)?;
    Some(known.clone()).filter(|person| !person.who.address.is_empty())
}

/// People outside see a name, never a technician's own address.
fn by_name(author: Option<&Address>) -> Option<Address> {
    author.map(|author| Address {
        name: author.name.clone(),
        address: String::new(),
    })
}

/// To whoever reads a mailbox: a link of his own. The first team's address is as good as any to
/// write from.
pub fn mailbox(draft: &mut Draft<'_>, kind: Kind, visit: Visit, listed: Vec<Listed>) {
    let to = Address {
        name: None,
        address: visit.address.clone(),
    };
    let mut notice = about_nothing(draft, kind, to);
    notice.language.clone_from(&visit.language);
    notice.expires_at = Some(visit.until);
    notice.visit = Some(visit);
    notice.listed = listed;
    draft.notify(notice);
}
