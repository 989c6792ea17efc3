//! `#absent`: until a day, replies in his tickets go to the team as well, and on his return a mail
//! tells what happened (row F15).

use super::super::asked::Absence;
use super::super::command::When;
use super::super::draft::Draft;
use super::super::policy::Technician;
use super::super::{tell, words};
use super::reply::Outcome;

/// Writes it down.
pub fn away(draft: &mut Draft<'_>, technician: &Technician, when: When) -> Outcome {
    let language = &technician.language;
    let zone = draft.policy.timezone;
    let Some(until) = when.resolve(draft.now, zone) else {
        return Outcome::Refused(words::pick(
            language,
            "cette date est passée, ou trop lointaine",
            "that date has passed, or is too far away",
        ));
    };
    let absence = Absence {
        address: technician.who().key(),
        since: draft.now,
        until,
    };
    draft.decision.absences.push(absence);
    tell::on_return(draft, technician, draft.now, until);
    let day = words::day(until, zone, language);
    let until = match when {
        When::Hours(_) => words::clock(until, draft.now, zone, language),
        When::Days(_) | When::Weeks(_) | When::Weekday(_) | When::Date { .. } => day,
    };
    Outcome::Done(words::pick(
        language,
        format!(
            "absence notée, retour : {until} ; d'ici là, les réponses dans vos tickets vont aussi à votre équipe ; un récapitulatif vous attendra"
        ),
        format!(
            "absence noted, back: {until}; until then replies in your tickets go to your team as well; a summary will be waiting"
        ),
    ))
}
