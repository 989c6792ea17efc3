//! Which team a mail goes to, and why (rows C1, C3): the addresses it was sent to, against the
//! patterns of the configuration.

use super::policy::{Policy, without_plus};
use super::{Arrival, words};

/// Where a mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The team that leads.
    pub lead: String,
    /// Further teams that were written to, in order, without the lead.
    pub observers: Vec<String>,
    /// The address that the sender wrote to, when it is one of the lead's: answers leave from it.
    pub sent_to: Option<String>,
    /// Why, in words.
    pub why: Vec<String>,
    /// Technicians that the address names.
    pub technicians: Vec<String>,
}

/// Finds the teams of a mail: the first match in To leads, then Cc, whichever copy arrives first;
/// when neither matches, the envelope (told by the pipe, else the topmost of Delivered-To,
/// X-Original-To, Envelope-To); else the account's team.
pub fn route(policy: &Policy, arrival: &Arrival) -> Route {
    let mail = &arrival.mail;
    let language = &policy.language;
    let to = words::pick(language, "À", "To");
    let envelope_of = words::pick(language, "enveloppe", "envelope");
    let visible = (mail
        .to
        .iter()
        .map(|one| (to.as_str(), one.address.as_str())))
    .chain(mail.cc.iter().map(|cc| ("Cc", cc.address.as_str())));
    let envelope = (arrival.recipient.iter().map(String::as_str))
        .chain(mail.delivered_to.iter().map(String::as_str))
        .map(|address| (envelope_of.as_str(), address));

    let mut matches: Vec<(&str, &str, &str, &str)> = visible
        .filter_map(|(field, address)| {
            let pattern = policy.pattern(address)?;
            Some((
                field,
                address,
                pattern.team.as_str(),
                pattern.written.as_str(),
            ))
        })
        .collect();
    if matches.is_empty() {
        matches = envelope
            .filter_map(|(field, address)| {
                let pattern = policy.pattern(address)?;
                Some((
                    field,
                    address,
                    pattern.team.as_str(),
                    pattern.written.as_str(),
                ))
            })
            .take(1)
            .collect();
    }

    let Some(&(field, address, lead, pattern)) = matches.first() else {
        let team = policy
            .accounts
            .iter()
            .find(|account| account.name == arrival.account)
            .map(|account| account.team.clone())
            .or_else(|| policy.teams.first().map(|team| team.id.clone()))
            .unwrap_or_default();
        let name = policy.team_name(&team);
        let why = words::pick(
            &policy.language,
            format!(
                "Équipe {name} : aucune adresse connue dans À, Cc ni dans l'enveloppe, c'est l'équipe du compte « {} ».",
                arrival.account
            ),
            format!(
                "Team {name}: no known address in To, Cc or the envelope; it is the team of account \"{}\".",
                arrival.account
            ),
        );
        return Route {
            lead: team,
            observers: Vec::new(),
            sent_to: None,
            why: vec![why],
            technicians: Vec::new(),
        };
    };

    let name = policy.team_name(lead);
    let mut why = vec![match arrival.submission {
        // Nobody wrote to the address that the mail made of a form bears.
        Some(_) => words::pick(
            &policy.language,
            format!("Équipe {name} : demande déposée par le formulaire."),
            format!("Team {name}: sent through the form."),
        ),
        None => words::pick(
            &policy.language,
            format!("Équipe {name} : écrit à {address} ({field}), règle « {pattern} »."),
            format!("Team {name}: sent to {address} ({field}), rule \"{pattern}\"."),
        ),
    }];
    let mut observers: Vec<String> = Vec::new();
    for &(field, address, team, _) in &matches {
        if team != lead && !observers.iter().any(|known| known == team) {
            observers.push(team.to_owned());
            let name = policy.team_name(team);
            why.push(words::pick(
                &policy.language,
                format!("L'équipe {name} suit : {address} est aussi destinataire ({field})."),
                format!("Team {name} observes: {address} was written to as well ({field})."),
            ));
        }
    }
    Route {
        lead: lead.to_owned(),
        observers,
        sent_to: Some(without_plus(address)),
        why,
        technicians: policy
            .pattern(address)
            .map(|pattern| pattern.technicians.clone())
            .unwrap_or_default(),
    }
}

/// The address is one of the desk's own: it routes to a team, or a team writes from it.
pub fn is_ours(policy: &Policy, address: &str) -> bool {
    let plain = without_plus(address);
    policy.pattern(&plain).is_some()
        || policy
            .teams
            .iter()
            .any(|team| team.from.to_lowercase() == plain)
        || policy
            .return_path
            .as_ref()
            .is_some_and(|path| path.to_lowercase() == plain)
}
