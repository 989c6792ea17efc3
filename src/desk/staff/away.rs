//! `#absent`: until a day, replies in his tickets go to the team as well, and on his return a mail
//! tells what happened (row F15). `#present` ends it early, `#annuler` takes it back.

use chrono::{DateTime, Duration, Utc};

use super::super::asked::Absence;
use super::super::command::When;
use super::super::draft::Draft;
use super::super::policy::Technician;
use super::super::{tell, words};
use super::reply::Outcome;
use super::undo::UNDO_MINUTES;

/// Writes it down; said again, with another day, it goes on.
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
    let since = draft.absence(technician).map(|absence| absence.since);
    let since = since.unwrap_or(draft.now);
    note(draft, technician, since, until);
    tell::on_return(draft, technician, since, until);
    let day = words::day(until, zone, language);
    let until = match when {
        When::Hours(_) => words::clock(until, draft.now, zone, language),
        When::Days(_) | When::Weeks(_) | When::Weekday(_) | When::Date { .. } => day,
    };
    Outcome::Done(words::pick(
        language,
        format!(
            "absence notée, retour : {until} ; d'ici là, les réponses dans vos tickets vont aussi à votre équipe ; un récapitulatif vous attendra ; de retour plus tôt : #present"
        ),
        format!(
            "absence noted, back: {until}; until then replies in your tickets go to your team as well; a summary will be waiting; back earlier: #back"
        ),
    ))
}

/// He is back before the day that he named; the summary comes now.
pub fn back(draft: &mut Draft<'_>, technician: &Technician) -> Outcome {
    let language = &technician.language;
    let Some(absence) = draft.absence(technician) else {
        return Outcome::Refused(words::pick(
            language,
            "aucune absence n'est notée à votre nom",
            "no absence of yours is noted",
        ));
    };
    note(draft, technician, absence.since, draft.now);
    tell::on_return(draft, technician, absence.since, draft.now);
    Outcome::Done(words::pick(
        language,
        "bon retour : vos tickets ne vont plus qu'à vous ; le récapitulatif de votre absence part à l'instant",
        "welcome back: your tickets are yours alone again; the summary of your absence is on its way",
    ))
}

/// `#annuler`: as if what he noted at that moment had not been said, and no summary comes. The day that a
/// later one replaced is not known any more.
pub fn undo(draft: &mut Draft<'_>, technician: &Technician, noted: DateTime<Utc>) -> Outcome {
    let language = &technician.language;
    let began = draft.absence(technician).map(|absence| absence.since);
    let young = draft.now - noted <= Duration::minutes(UNDO_MINUTES);
    if began != Some(noted) || !young {
        return Outcome::Refused(words::pick(
            language,
            "le nouveau jour de votre absence ne se défait pas : #absent suivi du jour voulu, ou #present si vous êtes là",
            "the new day of your absence cannot be undone: #away with the day you want, or #back if you are here",
        ));
    }
    note(draft, technician, draft.now, draft.now);
    Outcome::Done(words::pick(
        language,
        "votre absence n'est plus notée",
        "your absence is no longer noted",
    ))
}

fn note(
    draft: &mut Draft<'_>,
    technician: &Technician,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) {
    let absence = Absence {
        address: technician.who().key(),
        since,
        until,
    };
    draft.decision.absences.push(absence);
}
