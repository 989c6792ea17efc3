//! The verbs of the technician's language: one table, from which the grammar, the help and the
//! crib of the mails are made. French first; every verb has English aliases; accents and case do
//! not count (they are folded before comparison).

/// One verb.
#[derive(Debug, PartialEq, Eq)]
pub struct Verb {
    /// Its French name, folded; also the name that hints offer.
    pub name: &'static str,
    /// Its English name, offered to English-speaking technicians.
    pub english: &'static str,
    /// Other spellings, folded.
    pub aliases: &'static [&'static str],
    /// How it is written, with its argument: in French, in English.
    pub usage: (&'static str, &'static str),
    /// What it does: in French, in English.
    pub help: (&'static str, &'static str),
}

/// Every verb, in the order of the help.
pub const VERBS: &[Verb] = &[
    Verb {
        name: "prendre",
        english: "take",
        aliases: &["prends", "je prends", "pris en charge", "claim", "mine"],
        usage: ("#prendre", "#take"),
        help: ("je m'occupe du ticket", "the ticket is mine"),
    },
    Verb {
        name: "affecter",
        english: "assign",
        aliases: &["affecte", "assigner", "attribuer", "confier", "a"],
        usage: ("#affecter dupont", "#assign dupont"),
        help: (
            "le confie à un collègue, par nom ou adresse",
            "gives it to a colleague, by name or address",
        ),
    },
    Verb {
        name: "equipe",
        english: "team",
        aliases: &["transferer", "transfert", "move"],
        usage: ("#equipe c5", "#team c5"),
        help: ("le passe à une autre équipe", "passes it to another team"),
    },
    Verb {
        name: "note",
        english: "internal",
        aliases: &["interne", "notes"],
        usage: ("#note", "#internal"),
        help: ("ce message reste interne", "this mail stays internal"),
    },
    Verb {
        name: "attente",
        english: "wait",
        aliases: &[
            "attend",
            "attends",
            "en attente",
            "mise en attente",
            "mettre en attente",
            "waiting",
            "pending",
        ],
        usage: ("#attente [demandeur|tiers]", "#wait [requester|third]"),
        help: (
            "en attente du demandeur, ou d'un tiers",
            "waits for the requester, or for a third party",
        ),
    },
    Verb {
        name: "pause",
        english: "snooze",
        aliases: &[
            "en pause",
            "mise en pause",
            "mettre en pause",
            "frigo",
            "paused",
        ],
        usage: ("#pause 12/09 | 3j | lundi", "#snooze 12/09 | 3d | monday"),
        help: (
            "en pause jusqu'à cette date, puis de retour",
            "paused until then, and back again",
        ),
    },
    Verb {
        name: "resolu",
        english: "resolved",
        aliases: &["resolue", "resoudre", "resolve", "solved"],
        usage: ("#resolu", "#resolved"),
        help: (
            "résolu ; le texte est la solution",
            "resolved; the text is the solution",
        ),
    },
    Verb {
        name: "clore",
        english: "close",
        aliases: &["clos", "cloture", "cloturer", "fermer", "ferme", "closed"],
        usage: ("#clore", "#close"),
        help: ("clos", "closed"),
    },
    Verb {
        name: "rouvrir",
        english: "reopen",
        aliases: &["reouvrir", "rouvre", "open"],
        usage: ("#rouvrir", "#reopen"),
        help: ("de nouveau ouvert", "open again"),
    },
    Verb {
        name: "priorite",
        english: "priority",
        aliases: &["prio"],
        usage: (
            "#priorite haute|normale|faible",
            "#priority high|normal|low",
        ),
        help: (
            "priorité décidée par l'équipe",
            "priority as decided by the team",
        ),
    },
    Verb {
        name: "declasser",
        english: "downgrade",
        aliases: &["declasse", "declassement"],
        usage: ("#declasser raison", "#downgrade reason"),
        help: (
            "retire l'urgence et le dit au demandeur, avec la raison",
            "lowers the urgency and tells the requester why",
        ),
    },
    Verb {
        name: "categorie",
        english: "category",
        aliases: &["cat", "classer"],
        usage: ("#categorie CRM", "#category CRM"),
        help: ("classe le ticket", "files the ticket under a category"),
    },
    Verb {
        name: "incident",
        english: "incident",
        aliases: &["panne"],
        usage: ("#incident", "#incident"),
        help: ("c'est un incident", "it is an incident"),
    },
    Verb {
        name: "demande",
        english: "request",
        aliases: &["demande de service", "service request"],
        usage: ("#demande", "#request"),
        help: ("c'est une demande de service", "it is a service request"),
    },
    Verb {
        name: "horsperimetre",
        english: "outofscope",
        aliases: &[
            "hors perimetre",
            "hors-perimetre",
            "out of scope",
            "out-of-scope",
        ],
        usage: ("#horsperimetre raison", "#outofscope reason"),
        help: (
            "clos, hors de notre périmètre, avec une phrase pour le demandeur",
            "closed as out of scope, with a sentence to the requester",
        ),
    },
    Verb {
        name: "fusionner",
        english: "merge",
        aliases: &["fusion", "fusionne"],
        usage: ("#fusionner 123", "#merge 123"),
        help: (
            "réunit ce ticket au ticket 123, qui continue",
            "joins this ticket to ticket 123, which goes on",
        ),
    },
    Verb {
        name: "scinder",
        english: "split",
        aliases: &["scinde", "separer"],
        usage: ("#scinder [2 3]", "#split [2 3]"),
        help: (
            "fait un ticket de chaque demande du message, ou des points cités",
            "makes a ticket of each request of the mail, or of the points named",
        ),
    },
    Verb {
        name: "lier",
        english: "link",
        aliases: &["lie", "lien"],
        usage: ("#lier 123", "#link 123"),
        help: ("lie les deux tickets", "links the two tickets"),
    },
    Verb {
        name: "pour",
        english: "for",
        aliases: &["demandeur"],
        usage: ("#pour x@y.fr", "#for x@y.fr"),
        help: (
            "le demandeur est cette personne",
            "that person is the requester",
        ),
    },
    Verb {
        name: "beneficiaire",
        english: "beneficiary",
        aliases: &["benef"],
        usage: ("#beneficiaire x@y.fr", "#beneficiary x@y.fr"),
        help: (
            "la personne qui a le souci",
            "the person who has the trouble",
        ),
    },
    Verb {
        name: "ajouter",
        english: "add",
        aliases: &["ajoute", "observateur", "cc"],
        usage: ("#ajouter x@y.fr", "#add x@y.fr"),
        help: (
            "cette personne suit le ticket",
            "that person follows the ticket",
        ),
    },
    Verb {
        name: "retirer",
        english: "remove",
        aliases: &["retire", "enlever"],
        usage: ("#retirer x@y.fr", "#remove x@y.fr"),
        help: (
            "cette personne ne le suit plus",
            "that person follows it no more",
        ),
    },
    Verb {
        name: "tiers",
        english: "partner",
        aliases: &["partenaire", "fournisseur", "third party"],
        usage: (
            "#tiers partenaire@editeur.fr",
            "#partner partner@vendor.com",
        ),
        help: (
            "écrit à un tiers, à part ; ses réponses sont des notes",
            "writes to a third party, apart; the answers are notes",
        ),
    },
    Verb {
        name: "tel",
        english: "call",
        aliases: &["appel", "telephone", "phone"],
        usage: ("#tel", "#call"),
        help: (
            "consigne un appel ; sous une ligne ---, la réponse donnée",
            "logs a call; below a line ---, the answer that was given",
        ),
    },
    Verb {
        name: "modele",
        english: "canned",
        aliases: &["template"],
        usage: ("#modele vpn", "#canned vpn"),
        help: ("insère une réponse type", "inserts a canned answer"),
    },
    Verb {
        name: "kb",
        english: "kb",
        aliases: &["article", "connaissance", "knowledge"],
        usage: ("#kb", "#kb"),
        help: (
            "fait de la solution un brouillon d'article, sans les données du demandeur",
            "drafts an article from the solution, without the requester's data",
        ),
    },
    Verb {
        name: "majeur",
        english: "major",
        aliases: &["incident majeur", "major incident"],
        usage: ("#majeur [101 102]", "#major [101 102]"),
        help: (
            "incident majeur : une réponse et une résolution pour tous",
            "major incident: one answer and one resolution for all",
        ),
    },
    Verb {
        name: "absent",
        english: "away",
        aliases: &["absente", "absence", "conges"],
        usage: ("#absent jusqu'au 24/08", "#away until 24/08"),
        help: (
            "mes tickets reviennent à l'équipe jusqu'à mon retour ; #absent fin y met un terme",
            "my tickets go back to the team until I return; #away over ends it",
        ),
    },
    Verb {
        name: "present",
        english: "back",
        aliases: &["presente", "de retour", "i am back"],
        usage: ("#present", "#back"),
        help: (
            "je suis revenu plus tôt que prévu",
            "I am back earlier than I said",
        ),
    },
    Verb {
        name: "annuler",
        english: "undo",
        aliases: &["annule", "cancel"],
        usage: ("#annuler", "#undo"),
        help: (
            "reprend ou défait, pendant dix minutes",
            "takes back or undoes, for ten minutes",
        ),
    },
    Verb {
        name: "envoyer",
        english: "send",
        aliases: &["envoie", "envoyez", "oui", "yes"],
        usage: ("#envoyer", "#send"),
        help: (
            "envoie la réponse que le guichet a retenue parce qu'un collègue s'en occupait déjà",
            "sends the answer that was kept because a colleague was at it already",
        ),
    },
    Verb {
        name: "test",
        english: "dryrun",
        aliases: &["essai", "dry run", "dry-run"],
        usage: ("#test", "#dryrun"),
        help: (
            "montre ce qui se passerait, sans rien faire",
            "shows what would happen, and does nothing",
        ),
    },
    Verb {
        name: "dupliquer",
        english: "duplicate",
        aliases: &["duplique", "copier", "copy"],
        usage: ("#dupliquer", "#duplicate"),
        help: (
            "ouvre un second ticket pareil, lié",
            "opens a second ticket like it, linked",
        ),
    },
    Verb {
        name: "aide",
        english: "help",
        aliases: &["commandes", "commands"],
        usage: ("#aide", "#help"),
        help: (
            "tout le langage, par retour",
            "the whole language, by return",
        ),
    },
    Verb {
        name: "liste",
        english: "list",
        aliases: &["lister"],
        usage: ("#liste", "#list"),
        help: (
            "les tickets ouverts de mes équipes",
            "the open tickets of my teams",
        ),
    },
    Verb {
        name: "mes tickets",
        english: "my tickets",
        aliases: &["mestickets", "mes-tickets", "mytickets"],
        usage: ("#mes tickets", "#my tickets"),
        help: ("les tickets que je suis", "the tickets that are mine"),
    },
    Verb {
        name: "cherche",
        english: "search",
        aliases: &["chercher", "recherche", "rechercher", "find"],
        usage: ("#cherche imprimante", "#search printer"),
        help: ("cherche dans les tickets", "searches the tickets"),
    },
    Verb {
        name: "ticket",
        english: "ticket",
        aliases: &["voir", "montrer", "show"],
        usage: ("#ticket 123", "#ticket 123"),
        help: ("montre un ticket entier", "shows a whole ticket"),
    },
];

/// The verb with this French name.
#[cfg(test)]
pub fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

impl Verb {
    /// Every spelling that is understood.
    pub fn spellings(&self) -> impl Iterator<Item = &'static str> {
        [self.name, self.english]
            .into_iter()
            .chain(self.aliases.iter().copied())
    }
}
