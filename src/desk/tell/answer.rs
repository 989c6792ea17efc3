//! Mails to one technician that answer what he asked, or tell what he missed.

use chrono::{DateTime, Utc};

use super::super::asked::{Found, Listed, Look};
use super::super::draft::Draft;
use super::super::policy::Technician;
use super::super::{Automation, Kind, Landing, Notice, words};
use super::team::{outside, responsible};
use super::{Words, about_nothing, to_technician as to_technician_about};
use crate::mail::Address;
use crate::ticket::{PersonId, TicketId};
use crate::token::{self, Purpose};

/// About no ticket in particular, from the first of his teams.
fn to_technician(draft: &mut Draft<'_>, technician: &Technician) -> Notice {
    let policy = draft.policy;
    let mut notice = about_nothing(draft, Kind::Answer, technician.who());
    notice.purpose = Purpose::Note;
    notice.language.clone_from(&technician.language);
    if let Some(team) = technician.teams.iter().find_map(|team| policy.team(team)) {
        notice.from = Address {
            name: Some(team.name.clone()),
            address: team.from.clone(),
        };
    }
    notice
}

/// What he asked for.
pub fn answer(
    draft: &mut Draft<'_>,
    technician: &Technician,
    in_reply_to: Option<&str>,
    heading: String,
    listed: Vec<Listed>,
    text: Option<String>,
) {
    let notice = Notice {
        automation: Automation::Replied,
        in_reply_to: in_reply_to.map(str::to_owned),
        lines: vec![heading],
        listed,
        text,
        ..to_technician(draft, technician)
    };
    draft.notify(notice);
}

/// The link that opens the desk in a browser, good until then.
pub fn sign_in(
    draft: &mut Draft<'_>,
    technician: &Technician,
    until: DateTime<Utc>,
    landing: Option<Landing>,
) {
    let notice = Notice {
        kind: Kind::SignIn,
        automation: Automation::Replied,
        expires_at: Some(until),
        landing,
        ..to_technician(draft, technician)
    };
    draft.notify(notice);
}

/// His question cannot be answered: anybody may have asked in his name.
pub fn no_answer(
    draft: &mut Draft<'_>,
    technician: &Technician,
    in_reply_to: Option<&str>,
    text: String,
) {
    let heading = words::pick(
        &technician.language,
        "Votre question reste sans réponse",
        "Your question is not answered",
    );
    let notice = Notice {
        automation: Automation::Replied,
        in_reply_to: in_reply_to.map(str::to_owned),
        lines: vec![heading],
        text: Some(text),
        caused_by: Some(technician.who().key()),
        ..to_technician(draft, technician)
    };
    draft.notify(notice);
}

/// A third party's mail: a reply to this stays internal (row G11).
pub fn third_party(
    draft: &mut Draft<'_>,
    id: TicketId,
    words: &Words,
    lines: &[String],
    caused_by: Option<&str>,
) {
    for technician in responsible(draft, id) {
        let mut notice = to_technician_about(draft, id, Kind::TeamReply, technician, Purpose::Note);
        notice.text = Some(words.text.clone());
        notice.author.clone_from(&words.author);
        notice.files.clone_from(&words.files);
        notice.lines = lines.to_vec();
        notice.caused_by = outside(draft, caused_by);
        draft.notify(notice);
    }
}

/// What happened while he was away, told on his return (row F15).
pub fn on_return(
    draft: &mut Draft<'_>,
    technician: &Technician,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) {
    let heading = words::pick(
        &technician.language,
        "Pendant votre absence",
        "While you were away",
    );
    let notice = Notice {
        lines: vec![heading],
        look: Some(Look::Since {
            address: technician.who().key(),
            since,
        }),
        due_at: Some(until),
        ..to_technician(draft, technician)
    };
    draft.notify(notice);
}

/// A notice that waited to look something up is due.
pub fn looked_up(draft: &Draft<'_>, notice: Notice) -> Notice {
    let nothing = Found::default();
    let found = notice
        .look
        .as_ref()
        .and_then(|look| draft.known.looked.get(look))
        .unwrap_or(&nothing);
    let link_for = Some(PersonId(token::staff_number(&notice.to.address)));
    let listed: Vec<Listed> = found
        .tickets
        .iter()
        .map(|ticket| Listed::of(ticket, link_for))
        .collect();
    let language = &notice.language;
    let text = match found.count {
        0 => words::pick(
            language,
            "Bon retour. Rien n'a bougé dans vos tickets.",
            "Welcome back. Nothing happened in your tickets.",
        ),
        1 => words::pick(
            language,
            "Bon retour. Un de vos tickets a bougé ; les réponses des demandeurs ont aussi été remises à votre équipe.",
            "Welcome back. Something happened in one of your tickets; the requesters' answers went to your team as well.",
        ),
        count => words::pick(
            language,
            format!(
                "Bon retour. {count} de vos tickets ont bougé ; les réponses des demandeurs ont aussi été remises à votre équipe."
            ),
            format!(
                "Welcome back. Something happened in {count} of your tickets; the requesters' answers went to your team as well."
            ),
        ),
    };
    Notice {
        listed,
        text: Some(text),
        look: None,
        ..notice
    }
}
