//! Who gets a new ticket (S2.22, S3.13, S4.21): nobody until somebody takes it, whose turn it is, or
//! whoever has the least; an address may name its technicians.

use super::draft::Draft;
use super::policy::{Assignment, Policy, Technician};
use super::words;
use crate::ticket::{Actor, TicketId, What};

/// What a technician has on his desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Tickets that are not resolved.
    pub open: u32,
    /// Number of the latest ticket that is his; 0 when he never had one.
    pub latest: i64,
}

/// The registered addresses (folded) of technicians whose load decides.
pub fn asked(policy: &Policy) -> impl Iterator<Item = String> {
    policy
        .technicians
        .iter()
        .filter(|technician| {
            let gives = |team: &String| {
                policy
                    .team(team)
                    .is_some_and(|team| team.assignment != Assignment::Pool)
            };
            technician.teams.iter().any(gives)
        })
        .map(|technician| technician.who().key())
}

/// Gives a ticket of nobody to somebody, when its team or its address says so; the line for him.
pub fn assign(draft: &mut Draft<'_>, id: TicketId) -> Option<String> {
    let policy = draft.policy;
    let ticket = draft.ticket(id)?;
    if ticket.technician.is_some() {
        return None;
    }
    let team = policy.team(&ticket.team)?;
    let named = named(policy, &ticket.team, &ticket.named);
    let by_address = !named.is_empty();
    let candidates: Vec<&Technician> = if by_address {
        named
    } else {
        policy.technicians_of(&team.id).collect()
    };
    let mut present = candidates
        .into_iter()
        .filter(|technician| !draft.is_away(technician));
    let load = |technician: &Technician| {
        let key = technician.who().key();
        draft.known.loads.get(&key).copied().unwrap_or_default()
    };
    // Of equals the first of the configuration, which `min_by_key` gives.
    let chosen = match team.assignment {
        Assignment::Pool => match (present.next(), present.next()) {
            (Some(one), None) if by_address => Some(one),
            _ => None,
        },
        Assignment::RoundRobin => present.min_by_key(|one| load(one).latest),
        Assignment::LeastLoaded => present.min_by_key(|one| (load(one).open, load(one).latest)),
    }?;
    let language = &chosen.language;
    let line = match team.assignment {
        Assignment::Pool => words::pick(
            language,
            "Ce ticket vous est confié : il a été envoyé à une adresse dont vous avez la charge.",
            "This ticket is yours: it was sent to an address that you look after.",
        ),
        Assignment::RoundRobin => words::pick(
            language,
            "Ce ticket vous est confié : c'est votre tour.",
            "This ticket is yours: it is your turn.",
        ),
        Assignment::LeastLoaded => {
            let open = load(chosen).open;
            words::pick(
                language,
                match open {
                    0 => "Ce ticket vous est confié : vous n'en aviez aucun d'ouvert.".to_owned(),
                    1 => "Ce ticket vous est confié : vous n'en aviez qu'un d'ouvert.".to_owned(),
                    open => format!(
                        "Ce ticket vous est confié : vous en aviez {open} d'ouverts, le moins de l'équipe."
                    ),
                },
                format!("This ticket is yours: you had {open} open, the fewest of the team."),
            )
        }
    };
    let technician = Some(chosen.who());
    draft.event(id, Actor::desk(), true, What::Assigned { technician });
    Some(line)
}

/// The technicians that the address of a ticket names, as long as they are of its team.
pub fn named<'a>(policy: &'a Policy, team: &str, addresses: &[String]) -> Vec<&'a Technician> {
    addresses
        .iter()
        .filter_map(|address| policy.technician(address))
        .filter(|technician| technician.teams.iter().any(|own| own == team))
        .collect()
}
