//! The policy of URGENT (S0.20–S0.23, rows J1–J3): what is claimed and what is decided are two
//! things; a claim is confirmed by a word, lowered with a reason and the way to object, counted,
//! and never punished by a machine.

use super::draft::Draft;
use super::tell::{self, Words};
use super::{Kind, classify, words};
use crate::mail::text::fold_accents;
use crate::ticket::{Actor, Claim, Level, Status, Ticket, TicketId, What};

/// Days that claims are counted over.
pub const COUNTED_DAYS: i64 = 30;

/// What somebody claimed in [`COUNTED_DAYS`], and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Tickets called URGENT.
    pub claimed: u32,
    /// Of which one of the criteria was confirmed.
    pub confirmed: u32,
    /// Of which lowered by the team.
    pub lowered: u32,
    /// Of which the requester objected to that.
    pub disputed: u32,
}

impl Claims {
    /// « 3 demandes URGENT en 30 jours, 1 confirmée, 1 déclassée ».
    pub fn sentence(self, language: &str) -> String {
        let plural = |count: u32| if count > 1 { "s" } else { "" };
        let mut french = format!(
            "{} demande{} URGENT en {COUNTED_DAYS} jours",
            self.claimed,
            plural(self.claimed)
        );
        let mut english = format!(
            "{} URGENT request{} in {COUNTED_DAYS} days",
            self.claimed,
            plural(self.claimed)
        );
        for (count, word, in_english) in [
            (self.confirmed, "confirmée", "confirmed"),
            (self.lowered, "déclassée", "lowered"),
            (self.disputed, "contestée", "disputed"),
        ] {
            if count > 0 {
                french.push_str(&format!(", {count} {word}{}", plural(count)));
                english.push_str(&format!(", {count} {in_english}"));
            }
        }
        words::pick(language, french, english)
    }
}

/// The claim of a mail that opens a ticket; a line for staff.
pub fn claimed(draft: &mut Draft<'_>, id: TicketId, text: &str) -> Vec<String> {
    step(draft, id, Actor::desk(), Claim::Claimed, None);
    let language = draft.policy.language.clone();
    let mut claims = draft.known.claims;
    claims.claimed += 1;
    let mut lines = vec![words::pick(
        &language,
        format!("Demandeur : {}.", claims.sentence("fr")),
        format!("Requester: {}.", claims.sentence("en")),
    )];
    if let Some(cue) = cue(text) {
        lines.push(words::pick(
            &language,
            format!("Le texte appuie l'urgence : « {cue} »."),
            format!("The text supports the claim: \"{cue}\"."),
        ));
    }
    lines
}

/// What a mail claims that joins an open ticket (row C12): it counts as if it had opened one. Lines for
/// staff. `chosen`: what is stopped was chosen in the form, which says which of the criteria holds.
pub fn joined(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    text: &str,
    chosen: bool,
) -> Vec<String> {
    let Some(ticket) = draft.ticket(id).cloned() else {
        return Vec::new();
    };
    let mut lines = match ticket.claim {
        None => claimed(draft, id, text),
        Some(Claim::Lowered) => vec![words::pick(
            &draft.policy.language,
            "L'urgence avait été déclassée ; ce message la déclare de nouveau. #priorite haute rétablit la priorité.",
            "The urgency had been lowered; this mail claims it again. #priority high restores it.",
        )],
        Some(Claim::Claimed | Claim::Confirmed | Claim::Disputed) => Vec::new(),
    };
    if chosen && draft.ticket(id).is_some_and(is_open) {
        lines.push(confirm(draft, id, actor));
    }
    let impact = (ticket.category.as_ref())
        .and_then(|category| draft.policy.category(category))
        .map(|category| category.impact)
        .unwrap_or_default();
    let priority = classify::priority(Level::High, impact);
    if ticket.claim.is_none() && ticket.priority != priority {
        if ticket.priority_decided {
            lines.push(words::pick(
                &draft.policy.language,
                "La priorité reste celle que l'équipe a décidée : #priorite haute la relève.",
                "The priority stays the one that the team decided: #priority high raises it.",
            ));
        } else {
            draft.event(id, Actor::desk(), false, What::Priority { priority });
        }
    }
    lines
}

/// Words of a text that support a claim (row J2), folded, with how they are shown.
const CUES: [(&str, &str); 14] = [
    ("client bloque", "client bloqué"),
    ("clients bloques", "clients bloqués"),
    ("clients sont bloques", "clients sont bloqués"),
    ("bloquant pour un client", "bloquant pour un client"),
    ("plus rien ne marche", "plus rien ne marche"),
    ("plus rien ne fonctionne", "plus rien ne fonctionne"),
    ("ne peux plus travailler", "ne peux plus travailler"),
    ("ne pouvons plus travailler", "ne pouvons plus travailler"),
    ("ne peut plus travailler", "ne peut plus travailler"),
    ("empeche de travailler", "empêche de travailler"),
    ("arret de production", "arrêt de production"),
    ("production arretee", "production arrêtée"),
    ("cannot work", "cannot work"),
    ("customer is blocked", "customer is blocked"),
];

fn cue(text: &str) -> Option<&'static str> {
    let head: String = text.chars().take(4_000).collect();
    let folded = fold_accents(&head).replace('’', "'");
    CUES.into_iter()
        .find(|(cue, _)| folded.contains(cue))
        .map(|(_, shown)| shown)
}

/// Answers that confirm a claim, folded, without signs.
const CONFIRMATIONS: [&str; 24] = [
    "oui",
    "oui confirme",
    "oui c'est urgent",
    "oui urgent",
    "oui bloquant",
    "oui c'est bloquant",
    "oui je confirme",
    "confirme",
    "confirmee",
    "confirmer",
    "je confirme",
    "je le confirme",
    "je confirme l'urgence",
    "urgence confirmee",
    "bloquant",
    "c'est bloquant",
    "client bloque",
    "bloquant pour un client",
    "je ne peux plus travailler",
    "yes",
    "yes confirmed",
    "confirmed",
    "i confirm",
    "blocking",
];

/// The reply says nothing but that the claim holds.
pub fn is_confirmation(reply: &str) -> bool {
    let folded = fold_accents(reply).replace('’', "'");
    let said = folded
        .split(|c: char| !(c.is_alphanumeric() || c == '\''))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let said = ["bonjour ", "bonsoir ", "hello "]
        .iter()
        .find_map(|greeting| said.strip_prefix(greeting))
        .unwrap_or(&said);
    let said = [" merci", " cordialement", " thanks"]
        .iter()
        .find_map(|ending| said.strip_suffix(ending))
        .unwrap_or(said);
    CONFIRMATIONS.contains(&said)
}

/// The claim is there and nobody has judged it yet.
pub fn is_open(ticket: &Ticket) -> bool {
    ticket.urgency == Level::High
        && ticket.claim == Some(Claim::Claimed)
        // « oui » to a resolution is a verdict.
        && !matches!(ticket.status, Status::Resolved | Status::Closed)
}

/// The requester confirmed it; the line for staff.
pub fn confirm(draft: &mut Draft<'_>, id: TicketId, actor: Actor) -> String {
    step(draft, id, actor, Claim::Confirmed, None);
    words::pick(
        &draft.policy.language,
        "L'urgence est confirmée par le demandeur.",
        "The requester confirmed the urgency.",
    )
}

/// The requester objects to a lowering; the line for staff.
pub fn dispute(draft: &mut Draft<'_>, id: TicketId, actor: Actor) -> String {
    step(draft, id, actor, Claim::Disputed, None);
    words::pick(
        &draft.policy.language,
        "CONTESTATION : le demandeur conteste le déclassement de sa demande. #priorite haute rétablit la priorité.",
        "OBJECTION: the requester objects to the lowering of the request. #priority high restores it.",
    )
}

/// There is a claim to lower.
pub fn can_lower(ticket: &Ticket) -> bool {
    ticket.urgency == Level::High && ticket.claim != Some(Claim::Lowered)
}

/// Lowers a claim to the normal priority, whatever the category would give: a person decided.
/// `Err` says why it does not apply, in `language`.
pub fn lower(
    draft: &mut Draft<'_>,
    id: TicketId,
    actor: Actor,
    reason: &str,
    language: &str,
) -> Result<(), String> {
    let refuse = |french: &str, english: &str| Err(words::pick(language, french, english));
    let reason = reason.trim();
    let Some(ticket) = draft.ticket(id) else {
        return refuse("le ticket n'existe pas", "there is no such ticket");
    };
    if reason.is_empty() {
        return refuse(
            "il manque la raison, elle est dite au demandeur : #declasser un seul poste est touché",
            "the reason is missing, the requester is told it: #lower a single desk is concerned",
        );
    }
    if ticket.urgency != Level::High {
        return refuse(
            "le ticket n'a pas été déclaré urgent ; pour changer sa priorité : #priorite",
            "the ticket was not called urgent; to change its priority: #priority",
        );
    }
    if ticket.claim == Some(Claim::Lowered) {
        return refuse("le ticket est déjà déclassé", "it was lowered already");
    }
    step(
        draft,
        id,
        actor.clone(),
        Claim::Lowered,
        Some(reason.to_owned()),
    );
    let priority = Level::Normal;
    draft.event(id, actor, false, What::Priority { priority });
    Ok(())
}

/// « Votre demande passe en priorité normale » : the rule, the reason, how to object; and what its
/// author says beside, for that is one mail (row F8).
pub fn tell_lowered(draft: &mut Draft<'_>, id: TicketId, reason: &str, words: &Words) {
    let reason = reason.trim();
    tell::public_as(draft, id, Kind::Lowered, Some(words), "", None, |notice| {
        notice.lines = vec![reason.to_owned()];
    });
}

fn step(draft: &mut Draft<'_>, id: TicketId, actor: Actor, step: Claim, reason: Option<String>) {
    draft.event(id, actor, false, What::Urgency { step, reason });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_confirms() {
        for reply in [
            "confirmé",
            "Confirmé.",
            "Oui, bloquant",
            "OUI",
            "Bonjour, oui, je confirme. Merci",
            "C’est bloquant !",
            "yes",
        ] {
            assert!(is_confirmation(reply), "{reply}");
        }
        for reply in [
            "",
            "Oui mais cela peut attendre",
            "Je ne confirme pas",
            "Non",
            "Merci",
            "Oui, j'ai redémarré le poste et rien n'a changé",
        ] {
            assert!(!is_confirmation(reply), "{reply}");
        }
    }

    #[test]
    fn the_sentence_says_what_is_not_zero() {
        let claims = Claims {
            claimed: 3,
            confirmed: 0,
            lowered: 1,
            disputed: 0,
        };
        assert_eq!(
            claims.sentence("fr"),
            "3 demandes URGENT en 30 jours, 1 déclassée"
        );
        assert_eq!(
            claims.sentence("en"),
            "3 URGENT requests in 30 days, 1 lowered"
        );
        let one = Claims {
            claimed: 1,
            ..Claims::default()
        };
        assert_eq!(one.sentence("fr"), "1 demande URGENT en 30 jours");
    }

    #[test]
    fn cues_are_found_whatever_the_accents() {
        assert_eq!(
            cue("Nos CLIENTS SONT BLOQUES"),
            Some("clients sont bloqués")
        );
        assert_eq!(cue("Mon écran clignote"), None);
    }
}
