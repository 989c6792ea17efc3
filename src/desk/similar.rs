//! Whether two subjects speak of the same matter: for the same person's second mail (row C12), for
//! the same trouble of many (row E15), and for a reply that is about something else (row D10).
//!
//! Words, without accents, reply marks, references and what every subject to a help desk holds
//! ("problème", "demande", "urgent"). Numbers tell rooms and machines apart, so they must agree. In
//! doubt two subjects are not similar: a mail that is joined wrongly is read late.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use super::reference;
use crate::mail::text::fold_accents;

/// Share of the words of both that must be common.
const ENOUGH: f64 = 0.6;

/// Letters of a word in which one slip is forgiven.
const LONG_WORD: usize = 5;

/// Words that tell nothing about a matter, that it fails and since when included: « ENT inaccessible » is what
/// « L'ENT ne répond pas ce matin » is; singular, without accents.
const EMPTY: &str = "\
    a ai aide an and apres as at au aucun aujourd aussi aux avec avoir bonjour bonsoir by c ca car ce cela ces cet cette \
    chez comme concernant d dans de demande depuis des do does du due elle en encore est et etre fait faire fonctionne fonctionnent for fw fwd \
    from hello help hi hs hui i il impossible in inaccessible indisponible information informatique is issue it j je jour l la le les leur lors ma \
    madame mais marche marchent matin me merci mes mon monsieur monter my n ne no nos not notre nouveau objet nouvelle of on ou our panne par \
    pas petit please plus pm pour probleme qu que question qui rappel re relance repond repondent request s sa sans se ses si signaler \
    signalement soucis souci son sos sujet suite support sur svp stp t ta te the there ticket to tous tout toute tr \
    toujours tres un une urgence urgent urgente vers via vos votre vous want with y your";

static EMPTY_WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| EMPTY.split_whitespace().collect());

/// What tells a subject apart: its words and numbers. Made once for a subject that is compared with
/// several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matter {
    words: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

impl Matter {
    /// What a subject speaks of; references with one of `prefixes` tell nothing.
    pub fn of(subject: &str, prefixes: &[String]) -> Self {
        let mut matter = Self::default();
        for token in tokens(&telling(subject, prefixes)) {
            match token {
                Token::Number(number) => matter.numbers.insert(fold_accents(number)),
                Token::Word { folded, .. } => matter.words.insert(folded),
            };
        }
        matter
    }

    /// The two are about the same thing.
    pub fn is_similar(&self, other: &Self) -> bool {
        if self.words.is_empty() || other.words.is_empty() || self.numbers != other.numbers {
            return false;
        }
        likeness(self, other) >= ENOUGH
    }
}

/// The words of a subject that tell what it is about: singular, lower case, as accented.
pub fn words(subject: &str, prefixes: &[String]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for token in tokens(&telling(subject, prefixes)) {
        if let Token::Word { written, .. } = token
            && written.chars().count() > 2
            && !words.iter().any(|word| word == written)
        {
            words.push(written.to_owned());
        }
    }
    words
}

/// What of a subject is its author's, in lower case.
fn telling(subject: &str, prefixes: &[String]) -> String {
    let bare = reference::without_references(subject, prefixes);
    reference::bare_subject(&bare).to_lowercase()
}

/// What a subject is made of.
enum Token<'a> {
    /// As written.
    Number(&'a str),
    /// In the singular: as accented, and without accents.
    Word { written: &'a str, folded: String },
}

/// The words and numbers of a subject, in order, without those that every subject to a help desk holds.
fn tokens(telling: &str) -> impl Iterator<Item = Token<'_>> {
    let words = telling.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).filter_map(|word| {
        if has_digit(word) {
            return Some(Token::Number(word));
        }
        let mut folded = fold_accents(word);
        if EMPTY_WORDS.contains(folded.as_str()) {
            return None;
        }
        let written = singular(word);
        // The ending is a letter that folds to itself.
        folded.truncate(folded.len() - (word.len() - written.len()));
        (!EMPTY_WORDS.contains(folded.as_str())).then_some(Token::Word { written, folded })
    })
}

fn has_digit(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
}

/// `later` is clearly about something else than `first`: it says something, and no word of it is
/// in the other.
pub fn is_another_matter(first: &str, later: &str, prefixes: &[String]) -> bool {
    let (first, later) = (Matter::of(first, prefixes), Matter::of(later, prefixes));
    let says_something =
        later.words.len() >= 2 || !later.words.is_empty() && !later.numbers.is_empty();
    says_something && !first.words.is_empty() && likeness(&first, &later) == 0.0
}

/// Common words among all words, numbers counted as words.
#[expect(clippy::cast_precision_loss, reason = "a subject has few words")]
fn likeness(a: &Matter, b: &Matter) -> f64 {
    let common = a
        .words
        .iter()
        .filter(|word| b.words.iter().any(|other| is_same_word(word, other)))
        .count()
        + a.numbers.intersection(&b.numbers).count();
    let all = a.words.len() + b.words.len() + a.numbers.union(&b.numbers).count();
    let all = all.saturating_sub(common - a.numbers.intersection(&b.numbers).count());
    if all == 0 {
        return 0.0;
    }
    common as f64 / all as f64
}

/// The same word, one slip of the finger forgiven in a long one.
fn is_same_word(a: &str, b: &str) -> bool {
    let long = a.chars().count() >= LONG_WORD && b.chars().count() >= LONG_WORD;
    a == b || long && strsim::osa_distance(a, b) <= 1
}

/// "imprimantes" → "imprimante"; "cours" and "accès" keep their s on both sides alike.
fn singular(word: &str) -> &str {
    match word.strip_suffix(['s', 'x']) {
        Some(stem) if stem.chars().count() >= 4 => stem,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes() -> [String; 2] {
        ["DSI".to_owned(), "C5".to_owned()]
    }

    fn is_similar(a: &str, b: &str, prefixes: &[String]) -> bool {
        Matter::of(a, prefixes).is_similar(&Matter::of(b, prefixes))
    }

    #[test]
    fn the_same_matter_in_other_words() {
        for (a, b) in [
            ("Imprimante en panne", "RE: Imprimante toujours en panne !!"),
            ("Imprimante en panne", "imprimantes en panne"),
            (
                "Vidéoprojecteur salle C5-112",
                "URGENT - Videoprojecteur salle C5-112",
            ),
            (
                "Vidéoprojecteur de la salle 12",
                "Tr : vidéoprojeteur salle 12",
            ),
            ("[DSI-12] Accès Moodle refusé", "Accès à Moodle refusé"),
            (
                "Problème de connexion eduroam",
                "Connexion eduroam : relance",
            ),
            ("Mot de passe oublié", "mot de passe oublie svp"),
            ("Printer broken", "Re: printer is broken"),
            ("ENT inaccessible", "L'ENT ne répond pas"),
            ("ENT inaccessible ce matin", "ENT ne répond plus"),
        ] {
            assert!(is_similar(a, b, &prefixes()), "{a} / {b}");
            assert!(is_similar(b, a, &prefixes()), "{b} / {a}");
            assert!(!is_another_matter(a, b, &prefixes()), "{a} / {b}");
        }
    }

    #[test]
    fn another_matter() {
        for (a, b) in [
            ("Imprimante salle 112", "Imprimante salle 113"),
            ("Vidéoprojecteur C5-112", "Vidéoprojecteur C5-113"),
            ("Imprimante en panne", "Vidéoprojecteur en panne"),
            ("Problème", "Problème"),
            ("Demande d'aide urgente", "Demande d'aide"),
            ("", ""),
            ("Re:", "Re:"),
            (
                "Imprimante",
                "Imprimante de Paul et écran de Marie à changer",
            ),
            ("Bonjour", "Bonjour"),
        ] {
            assert!(!is_similar(a, b, &prefixes()), "{a} / {b}");
            assert!(!is_similar(b, a, &prefixes()), "{b} / {a}");
        }
    }

    #[test]
    fn a_clearly_new_subject() {
        for (first, later) in [
            ("Imprimante en panne", "Réservation de salle pour jeudi"),
            ("Imprimante en panne", "RE: Licence Matlab à renouveler"),
        ] {
            assert!(
                is_another_matter(first, later, &prefixes()),
                "{first} / {later}"
            );
        }
        for (first, later) in [
            ("Imprimante en panne", "Re: Imprimante en panne"),
            (
                "Imprimante en panne",
                "[DSI-12] Résolution de votre demande : Imprimante en panne",
            ),
            ("Imprimante en panne", "Toujours en panne"),
            ("Imprimante en panne", "Urgent"),
            ("Imprimante en panne", ""),
            ("(sans objet)", "Imprimante du couloir en panne"),
        ] {
            // What says nothing, or the same, is no new subject.
            assert!(
                !is_another_matter(first, later, &prefixes()),
                "{first} / {later}"
            );
        }
    }
}
