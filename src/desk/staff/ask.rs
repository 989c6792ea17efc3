//! Questions answered by mail: `#aide`, `#liste`, `#mes tickets`, `#cherche`, `#ticket` (row G8).
//! Each is answered by a mail of its own, about the technician's own teams only.

use chrono::{DateTime, Utc};

use super::super::asked::{Found, Listed, Look};
use super::super::command::{self, Command, VERBS};
use super::super::draft::Draft;
use super::super::policy::{Policy, Technician};
use super::super::tell;
use super::super::{Question, words};
use super::reply::Outcome;
use crate::ticket::{Event, PersonId, Role, Status, Ticket, TicketId, What};
use crate::token;
use crate::zone::Zone;

/// Entries of a timeline that an answer shows, and characters of each.
const ENTRIES: usize = 60;
const ENTRY_CHARACTERS: usize = 1200;

/// Notes what the commands of a technician's reply have to look up.
pub fn ask(technician: &Technician, reply: &str, question: &mut Question) {
    let (lines, _) = command::parse(reply);
    for line in lines {
        let Ok(command) = line.command else { continue };
        question.looks.extend(look(technician, &command));
        match command {
            Command::Merge(id) | Command::Link(id) => {
                question.tickets.insert(id);
            }
            Command::Show(id) => {
                question.tickets.insert(id);
                question.timelines = true;
            }
            Command::Major(ids) => question.tickets.extend(ids),
            Command::Split(_) | Command::Duplicate => question.timelines = true,
            _ => {}
        }
    }
}

fn look(technician: &Technician, command: &Command) -> Option<Look> {
    match command {
        Command::List => Some(Look::Open {
            teams: technician.teams.clone(),
        }),
        Command::Mine => Some(Look::Mine {
            address: technician.who().key(),
        }),
        Command::Search(text) => Some(Look::Search {
            text: text.clone(),
            teams: technician.teams.clone(),
        }),
        _ => None,
    }
}

/// It asks and changes nothing: it may be asked again, and needs no ticket.
pub fn is_question(command: &Command) -> bool {
    matches!(
        command,
        Command::Help | Command::List | Command::Mine | Command::Search(_) | Command::Show(_)
    )
}

/// The technician works for a team of the ticket.
pub fn may_see(technician: &Technician, ticket: &Ticket) -> bool {
    technician
        .teams
        .iter()
        .any(|team| *team == ticket.team || ticket.observing_teams.contains(team))
}

/// Answers one question by a mail of its own.
pub fn answer(
    draft: &mut Draft<'_>,
    technician: &Technician,
    command: &Command,
    in_reply_to: Option<&str>,
) -> Outcome {
    let language = &technician.language;
    let link_for = Some(PersonId(token::staff_number(&technician.who().address)));
    let sent = words::pick(
        language,
        "réponse envoyée à part",
        "answered by a mail of its own",
    );
    if let Command::Show(id) = command {
        let Some(ticket) = draft
            .ticket(*id)
            .filter(|ticket| may_see(technician, ticket))
        else {
            return Outcome::Refused(no_such_ticket(*id, language));
        };
        let heading = words::pick(
            language,
            format!("Le ticket {}", ticket.reference),
            format!("Ticket {}", ticket.reference),
        );
        let listed = vec![Listed::of(ticket, link_for)];
        let text = timeline(draft, ticket, language);
        tell::answer(draft, technician, in_reply_to, heading, listed, Some(text));
        return Outcome::Done(sent);
    }
    if *command == Command::Help {
        let heading = words::pick(language, "Toutes les commandes", "All commands");
        let text = help(language);
        tell::answer(
            draft,
            technician,
            in_reply_to,
            heading,
            Vec::new(),
            Some(text),
        );
        return Outcome::Done(sent);
    }
    let nothing = Found::default();
    let found = look(technician, command)
        .and_then(|look| draft.known.looked.get(&look))
        .unwrap_or(&nothing);
    let count = found.count;
    let shown = match found.more {
        true => words::pick(
            language,
            format!("plus de {count}"),
            format!("more than {count}"),
        ),
        false => count.to_string(),
    };
    let heading = match command {
        Command::Mine => words::pick(
            language,
            format!("Vos tickets ({count})"),
            format!("Your tickets ({count})"),
        ),
        Command::Search(text) => words::pick(
            language,
            format!("Recherche « {text} » ({shown})"),
            format!("Search \"{text}\" ({shown})"),
        ),
        _ => words::pick(
            language,
            format!("Tickets en cours de vos équipes ({count})"),
            format!("Tickets of your teams that are not done ({count})"),
        ),
    };
    let listed: Vec<Listed> = found
        .tickets
        .iter()
        .map(|ticket| Listed::of(ticket, link_for))
        .collect();
    let text = match count - listed.len() {
        _ if count == 0 => Some(words::pick(language, "Rien trouvé.", "Nothing was found.")),
        0 if !found.more => None,
        _ if found.more => Some(words::pick(
            language,
            "Il y en a d'autres, plus anciens : précisez avec #cherche.",
            "There are more, older ones: narrow it down with #search.",
        )),
        more => Some(words::pick(
            language,
            format!("Et {more} de plus, plus anciens : précisez avec #cherche."),
            format!("And {more} more, older ones: narrow it down with #search."),
        )),
    };
    tell::answer(draft, technician, in_reply_to, heading, listed, text);
    Outcome::Done(sent)
}

/// What to say of a number that is none of his.
pub fn no_such_ticket(id: TicketId, language: &str) -> String {
    words::pick(
        language,
        format!("pas de ticket {id} dans vos équipes"),
        format!("no ticket {id} in your teams"),
    )
}

/// The whole language, a line a verb.
fn help(language: &str) -> String {
    let french = language != "en";
    let lines = VERBS.iter().map(|verb| {
        let (usage, help) = if french {
            (verb.usage.0, verb.help.0)
        } else {
            (verb.usage.1, verb.help.1)
        };
        format!("{usage}\n    {help}")
    });
    let lead = words::pick(
        language,
        "Une par ligne, au début ou à la fin de la réponse ; majuscules et accents ne comptent pas.\n",
        "One a line, at the beginning or the end of the reply; capitals and accents do not count.\n",
    );
    std::iter::once(lead)
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The timeline of a ticket in words, what it absorbed among it, oldest first.
fn timeline(draft: &Draft<'_>, ticket: &Ticket, language: &str) -> String {
    let policy = draft.policy;
    let own = std::iter::once(ticket.id).chain(ticket.ties.absorbed.iter().copied());
    let mut events: Vec<&Event> = own
        .filter_map(|id| draft.known.timelines.get(&id))
        .flatten()
        .collect();
    events.sort_by_key(|event| event.at);
    let entries: Vec<String> = events
        .into_iter()
        .filter_map(|event| entry(policy, event, language))
        .collect();
    let skipped = entries.len().saturating_sub(ENTRIES);
    let mut text = facts(draft, ticket, language);
    if skipped > 0 {
        text.push_str(&words::pick(
            language,
            format!("\n[… {skipped} entrées plus anciennes sur la page …]\n"),
            format!("\n[… {skipped} older entries on the page …]\n"),
        ));
    }
    for entry in entries.into_iter().skip(skipped) {
        text.push('\n');
        text.push_str(&entry);
        text.push('\n');
    }
    text
}

/// What hangs together with it.
fn facts(draft: &Draft<'_>, ticket: &Ticket, language: &str) -> String {
    let reference = |id: &TicketId| {
        draft
            .ticket(*id)
            .map_or_else(|| id.to_string(), |other| other.reference.to_string())
    };
    let all = |ids: &[TicketId]| ids.iter().map(reference).collect::<Vec<_>>().join(", ");
    let ties = &ticket.ties;
    let mut lines = Vec::new();
    let mut say = |french: &str, english: &str, what: String| {
        if !what.is_empty() {
            lines.push(format!("{} {what}", words::pick(language, french, english)));
        }
    };
    say("Lié à :", "Linked with:", all(&ticket.linked));
    say(
        "Réuni à :",
        "Merged into:",
        all(ties.merged_into.as_slice()),
    );
    say("Réunit :", "Holds:", all(&ties.absorbed));
    say(
        "Fait partie de l'incident majeur :",
        "Part of the major incident:",
        all(ties.child_of.as_slice()),
    );
    if ties.major {
        say("Incident majeur :", "Major incident:", all(&ties.children));
    }
    let partners = ties.partners.iter().map(|partner| match &partner.number {
        Some(number) => format!("{} ({number})", partner.who.address),
        None => partner.who.address.clone(),
    });
    say(
        "Tiers :",
        "Third parties:",
        partners.collect::<Vec<_>>().join(", "),
    );
    if lines.is_empty() {
        String::new()
    } else {
        format!("{}\n", lines.join("\n"))
    }
}

fn entry(policy: &Policy, event: &Event, language: &str) -> Option<String> {
    let say = |french: &str, english: &str| words::pick(language, french, english);
    let who = event
        .actor
        .who
        .as_ref()
        .map(|who| who.name.clone().unwrap_or_else(|| who.address.clone()))
        .unwrap_or_default();
    let when = moment(event.at, policy.timezone);
    let (head, text) = match &event.what {
        What::Mail { text, .. } if event.actor.role == Role::Technician => (
            say("réponse au demandeur", "answer to the requester"),
            text.as_str(),
        ),
        What::Mail { text, .. } => (say("message", "mail"), text.as_str()),
        What::Note { text, .. } => (say("note interne", "internal note"), text.as_str()),
        What::Aside {
            with, sent, text, ..
        } => {
            let way = if *sent {
                say("au tiers", "to third party")
            } else {
                say("du tiers", "from third party")
            };
            (format!("{way} {}", with.address), text.as_str())
        }
        What::Alert { text } => (say("à vérifier", "to look at"), text.as_str()),
        What::Status { to, reason, .. } => {
            (status(*to, language), reason.as_deref().unwrap_or_default())
        }
        What::Assigned { technician } => {
            let name = technician
                .as_ref()
                .map(|who| who.name.clone().unwrap_or_else(|| who.address.clone()));
            let nobody = say("personne", "nobody");
            let head = say("pris en charge par", "taken by");
            (format!("{head} {}", name.unwrap_or(nobody)), "")
        }
        What::Team { team } => (format!("{} {team}", say("équipe", "team")), ""),
        What::Priority { priority } => {
            let level = policy.level_name(*priority, language);
            (format!("{} {level}", say("priorité", "priority")), "")
        }
        _ => return None,
    };
    let mut shown: String = text.trim().chars().take(ENTRY_CHARACTERS).collect();
    if text.trim().chars().nth(ENTRY_CHARACTERS).is_some() {
        shown.push('…');
    }
    let head = if who.is_empty() {
        format!("— {when} · {head}")
    } else {
        format!("— {when} · {who} · {head}")
    };
    Some(if shown.is_empty() {
        head
    } else {
        format!("{head}\n{shown}")
    })
}

fn moment(at: DateTime<Utc>, zone: Zone) -> String {
    at.with_timezone(&zone).format("%d/%m/%Y %H:%M").to_string()
}

fn status(status: Status, language: &str) -> String {
    let french = match status {
        Status::Open => "ouvert",
        Status::Waiting { .. } => "en attente",
        Status::Paused { .. } => "en pause",
        Status::Resolved => "résolu",
        Status::Closed => "clos",
    };
    words::pick(language, french, status.as_str())
}
