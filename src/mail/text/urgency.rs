//! Whether a subject claims urgency (row C4).

use super::words::fold;
use crate::mail::pattern::regex;

// Words that claim it, in the languages of the desk's users; plural « urgences » is a ward.
regex!(
    URGENT,
    concat!(
        r"\b(?:urgent|urgente|urgents|urgentes|urgence|urgentissime|urgently|urgency|urgt|dringend|",
        r"dringende|eilt|spoed|asap)\b",
    )
);
// A word that is also half of many names (emergency exit, department): a claim when it stands alone.
regex!(
    LABEL,
    r"^(?:(?:re|tr|fwd?|aw|wg) ?: ?)*[\[(!\s]*(?:emergency|notfall|emergencia|emergenza)\s*(?:[\])!:]|- |$)"
);
// What takes the claim back when it stands right before the word.
regex!(
    DENIED,
    concat!(
        r"(?:\b(?:non|pas|peu|rien|guere|est plus|moins|sans|aucune?|jamais|not|nothing|none|isn'?t|no|never|nicht|kein|",
        r"keine|niet|geen|nada|hors)(?: (?:du tout|tres|trop|vraiment|si|tant|plus|forcement|",
        r"encore|super|hyper|bien|particulierement|la moindre|grande?|une|un|d'|de|an|a|that|very|really|so|sehr|mucho|muy|caractere|",
        r"l'))*[ '\-]*(?:d')?)$",
    )
);
// « d'urgence » as the name of a thing.
regex!(
    THING,
    concat!(
        r"\b(?:arrets?|boutons?|numeros?|issues?|sorties?|eclairages?|telephones?|plans?|",
        r"contacts?|medecins?|medecine|services?|appels?|cellules?|procedures?|etat|trousses?|",
        r"kits?|acces|hebergements?|lignes?|coups? de poing|ouvertures?|freins?|alimentation|",
        r"groupes?|reunions?|fonds|aides?|logements?|niveaux?|degres?|escalier|porte|consigne|",
        // « gestes d'urgence », « soins d'urgence »
        r"\p{L}{3,}[sx]|",
        r"dispositif) (?:d'|de l'|de )$",
    )
);

/// Whether the subject says that it is urgent: « URGENT », `[URGENT]`, « très urgent »,
/// « urgence »; not « non urgent », « pas urgent », « arrêt d'urgence », « urgentiste ».
pub fn claims_urgency(subject: &str) -> bool {
    let head: String = subject.chars().take(1_000).collect();
    let folded = fold(&head).replace(['_', '*', '#'], " ");
    LABEL.is_match(&folded)
        || URGENT.find_iter(&folded).any(|found| {
            let (before, _) = folded.split_at(found.start());
            !DENIED.is_match(before) && !THING.is_match(before)
        })
}

#[cfg(test)]
mod tests {
    use super::claims_urgency;

    #[test]
    fn claimed() {
        for subject in [
            "URGENT",
            "urgent",
            "[URGENT] imprimante",
            "URGENT: plus d'accès",
            "Urgent ! PC bloqué",
            "Demande très urgente",
            "TRES URGENT",
            "très urgent : salle 12",
            "Re: URGENT serveur",
            "(urgent)",
            "urgence",
            "Urgence paie",
            "URGENCE – badge",
            "À traiter d'urgence",
            "besoin en urgence d'un câble",
            "c'est urgentissime",
            "Demandes urgentes",
            "_URGENT_ mot de passe",
            "Urgent: server down",
            "Need help ASAP",
            "DRINGEND: Drucker defekt",
            "Impresora rota, urgente",
            "plus d'Internet - urgent",
            "U\u{301}RGENT",
            "de plus en plus urgent",
            "[EMERGENCY] storage down",
            "urgt : plus de badge",
            "Re: Emergency: no network",
        ] {
            assert!(claims_urgency(subject), "{subject}");
        }
    }

    #[test]
    fn not_claimed() {
        for subject in [
            "",
            "imprimante",
            "non urgent",
            "Non-urgent : changement de souris",
            "[NON URGENT] écran",
            "pas urgent",
            "Pas très urgent",
            "pas du tout urgent",
            "pas d'urgence",
            "sans urgence",
            "aucune urgence : commande de toner",
            "peu urgent",
            "ce n'est plus urgent",
            "ce n'est pas une urgence",
            "not urgent",
            "Not that urgent",
            "isn't urgent",
            "nicht dringend",
            "Dr Martin, urgentiste",
            "Bouton d'arrêt d'urgence de l'atelier",
            "éclairage d'urgence HS",
            "issue d’urgence",
            "Service des urgences : PC en panne",
            "insurgent",
            "Emergency exit light",
            "Pas la moindre urgence",
            "New laptop for the emergency department",
            "divergente",
        ] {
            assert!(!claims_urgency(subject), "{subject}");
        }
    }
}
