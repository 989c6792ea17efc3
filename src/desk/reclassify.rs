//! A wrong category is put right, never held against anybody (rows C6, E17): the ticket changes
//! team when the category says which, and the requester is told once how to choose.

use super::classify;
use super::draft::Draft;
use super::policy::Category;
use super::tell;
use super::{Kind, quiet, words};
use crate::ticket::{Actor, Nature, Role, TicketId, What};

/// Gives the ticket another category. Says what changed, for the one who asked; `ends`: the same mail makes
/// an end of the ticket.
pub fn category(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    category: &Category,
    ends: bool,
    language: &str,
) -> String {
    let nature = category
        .nature
        .or_else(|| draft.ticket(id).map(|ticket| ticket.nature))
        .unwrap_or_default();
    let known = draft
        .ticket(id)
        .is_some_and(|ticket| ticket.category.as_deref() == Some(category.id.as_str()));
    if known {
        return words::pick(
            language,
            format!("déjà classé en « {} »", category.name),
            format!("already in \"{}\"", category.name),
        );
    }
    let id_of = Some(category.id.clone());
    classified(draft, id, actor.clone(), nature, id_of);
    let moved = category
        .team
        .as_deref()
        .filter(|team| draft.policy.team(team).is_some())
        .filter(|team| draft.ticket(id).is_some_and(|ticket| ticket.team != *team))
        .map(str::to_owned);
    if let Some(team) = &moved {
        move_to(draft, id, actor.clone(), team);
    }
    // What waits for working hours would be overtaken by the end, and is not announced.
    let overtaken = ends && quiet::until(draft, id).is_some();
    let tells = tells_requester(draft, id, &actor) && !overtaken;
    if tells {
        tell::classified(draft, id, is_of_ticket(&actor), None);
    }
    let mut answer = words::pick(
        language,
        format!("classé en « {} »", category.name),
        format!("now in \"{}\"", category.name),
    );
    if let Some(team) = moved.and_then(|team| draft.policy.team(&team)) {
        answer.push_str(&words::pick(
            language,
            format!(", confié à l'équipe {}", team.name),
            format!(", given to team {}", team.name),
        ));
    }
    if tells {
        let told = quiet::told(draft, id, false, language);
        answer.push_str(&format!(", {told}"));
    }
    answer
}

/// Says that it is an incident, a request or a suggestion.
pub fn nature(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    nature: Nature,
    language: &str,
) -> String {
    let Some(ticket) = draft.ticket(id) else {
        return String::new();
    };
    let word = in_words(nature, language);
    if ticket.nature == nature {
        return words::pick(
            language,
            format!("c'est déjà noté : {word}"),
            format!("noted already: {word}"),
        );
    }
    let category = ticket.category.clone();
    let by_requester = is_of_ticket(&actor);
    classified(draft, id, actor, nature, category);
    if by_requester {
        tell::classified(draft, id, true, None);
    }
    words::pick(
        language,
        format!("le ticket est désormais : {word}"),
        format!("the ticket is now: {word}"),
    )
}

/// « incident », « demande », « suggestion ».
pub fn in_words(nature: Nature, language: &str) -> String {
    match nature {
        Nature::Incident => words::pick(language, "incident", "incident"),
        Nature::Request => words::pick(language, "demande", "request"),
        Nature::Suggestion => words::pick(language, "suggestion", "suggestion"),
    }
}

/// Another team takes over: it is told, and an owner who is not one of it lets go.
pub fn move_to(draft: &mut Draft<'_>, id: TicketId, actor: Actor, team: &str) {
    let policy = draft.policy;
    let Some(ticket) = draft.ticket(id).cloned() else {
        return;
    };
    let from = policy
        .team(&ticket.team)
        .map_or(ticket.team.clone(), |team| team.name.clone());
    draft.event(
        id,
        actor.clone(),
        true,
        What::Team {
            team: team.to_owned(),
        },
    );
    let leaves = ticket.technician.as_ref().is_some_and(|owner| {
        !policy
            .technicians_of(team)
            .any(|technician| technician.has_address(&owner.address))
    });
    if leaves {
        draft.event(id, actor, true, What::Assigned { technician: None });
    }
    let line = words::pick(
        &policy.language,
        format!(
            "Ce ticket vient de l'équipe {from} : sa catégorie a été corrigée. La page ci-dessous en montre l'historique."
        ),
        format!(
            "This ticket comes from team {from}: its category was put right. The page below shows its history."
        ),
    );
    let nothing = tell::Words::default();
    tell::staff(draft, id, Kind::TeamAlert, &nothing, &[line], None);
}

fn classified(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    nature: Nature,
    category: Option<String>,
) {
    let policy = draft.policy;
    let found = category.as_deref().and_then(|id| policy.category(id));
    let language = draft
        .ticket(id)
        .map_or_else(|| policy.language.clone(), |ticket| ticket.language.clone());
    let word = in_words(nature, &language);
    let why = match found {
        Some(category) => words::pick(
            &language,
            format!("Demande reclassée : {word}, « {} ».", category.name),
            format!("Request put into: {word}, \"{}\".", category.name),
        ),
        None => words::pick(
            &language,
            format!("Demande reclassée : {word}."),
            format!("Request put into: {word}."),
        ),
    };
    let impact = found.map(|category| category.impact).unwrap_or_default();
    draft.event(
        id,
        actor,
        true,
        What::Classified {
            nature,
            category,
            why,
        },
    );
    let priority = draft.ticket(id).and_then(|ticket| {
        let priority = classify::priority(ticket.urgency, impact);
        (!ticket.priority_decided && ticket.priority != priority).then_some(priority)
    });
    if let Some(priority) = priority {
        draft.event(id, Actor::desk(), false, What::Priority { priority });
    }
}

/// The requester hears of his own correction, and once of a technician's.
fn tells_requester(draft: &Draft<'_>, id: TicketId, actor: &Actor) -> bool {
    is_of_ticket(actor)
        || draft
            .ticket(id)
            .is_some_and(|ticket| ticket.reclassified == 1 && !ticket.automatic)
}

fn is_of_ticket(actor: &Actor) -> bool {
    matches!(actor.role, Role::Requester | Role::Beneficiary)
}
