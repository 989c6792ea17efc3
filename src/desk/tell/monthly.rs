//! The mails of a month.

use super::super::draft::Draft;
use super::super::report::Letter;
use super::about_nothing;
use crate::mail::Address;
use crate::token::Purpose;

/// One mail of a report, from the team that it is about.
pub fn monthly(draft: &mut Draft<'_>, letter: &Letter) {
    let mut notice = about_nothing(draft, letter.kind, letter.to.clone());
    let team = letter.team.as_deref();
    if let Some(team) = team.and_then(|id| draft.policy.team(id)) {
        notice.from = Address {
            name: Some(team.name.clone()),
            address: team.from.clone(),
        };
    }
    notice.in_reply_to = None;
    notice.purpose = Purpose::Note;
    notice.language.clone_from(&letter.language);
    notice.listed.clone_from(&letter.suggestions);
    notice.enclosed.clone_from(&letter.enclosed);
    notice.monthly = Some(letter.monthly.clone());
    draft.notify(notice);
}
