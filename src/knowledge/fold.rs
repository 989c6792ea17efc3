//! Words as they are compared: without accents, case, ligatures, apostrophes, plural and endings.
//! The same function makes the index and reads the question, so that « réinitialisée » finds
//! « Réinitialiser ».
//!
//! Folding comes before stemming: people type without accents, and the stemmer would treat `é` and `e`
//! apart. What that costs is mended in two places, the feminine participle (`-ée`) and a few words
//! whose forms have no common beginning.

use std::ops::Range;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words longer than this are no words; they are compared by their beginning.
const LONGEST_WORD: usize = 40;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, in bytes.
    pub at: Range<usize>,
    /// Without accents, case and ligatures.
    pub folded: String,
}

/// The words of a text, in order. `-`, `'` and all other signs part words.
pub fn words(text: &str) -> impl Iterator<Item = Word> + '_ {
    let is_part = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    let mut rest = 0;
    std::iter::from_fn(move || {
        let begin = rest + text.get(rest..)?.find(is_part)?;
        let length = text[begin..]
            .find(|c: char| !is_part(c))
            .unwrap_or(text.len() - begin);
        rest = begin + length;
        Some(Word {
            at: begin..rest,
            folded: plain(&text[begin..rest]),
        })
    })
}

/// « Œuvre » → `oeuvre`.
fn plain(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for c in word.nfkd().flat_map(char::to_lowercase) {
        match c {
            'œ' => plain.push_str("oe"),
            'æ' => plain.push_str("ae"),
            'ß' => plain.push_str("ss"),
            // What the compatibility forms leave (a circled letter, a fraction) may not be a letter.
            c if c.is_alphanumeric() => plain.push(c),
            _ => {}
        }
        if plain.len() >= LONGEST_WORD {
            break;
        }
    }
    plain
}

/// Forms of one word that no rule brings together.
const SAME: &[(&str, &str)] = &[
    ("connexion", "connect"),
    ("connex", "connect"),
    ("deconnexion", "deconnect"),
    ("deconnex", "deconnect"),
    ("travaux", "travail"),
    ("nouvel", "nouveau"),
    ("acced", "acces"),
    ("acce", "acces"),
    ("acc", "acces"),
    ("mdp", "motdepasse"),
    ("password", "motdepasse"),
    ("passwords", "motdepasse"),
];

/// The stem of a folded word, in the language of its text.
pub fn stem(folded: &str, language: &str) -> String {
    // A number, a code: it has no endings.
    if folded.chars().count() < 4 || folded.chars().any(|c| !c.is_ascii_lowercase()) {
        return same(folded).to_owned();
    }
    if let Some((_, stem)) = SAME.iter().find(|(form, _)| *form == folded) {
        return (*stem).to_owned();
    }
    let (algorithm, word) = match language {
        "en" => (Algorithm::English, folded.to_owned()),
        _ => (Algorithm::French, without_feminine(folded)),
    };
    let stem = Stemmer::create(algorithm).stem(&word).into_owned();
    let stem = same(&stem);
    // « oublié », « oublier »: `oubl`, `oubli`.
    let short = stem.trim_end_matches(['e', 'i']);
    same(if short.len() >= 3 { short } else { stem }).to_owned()
}

fn same(stem: &str) -> &str {
    SAME.iter()
        .find(|(form, _)| *form == stem)
        .map_or(stem, |(_, to)| to)
}

/// « oubliée », « oubliées » → `oublie`.
fn without_feminine(folded: &str) -> String {
    let bare = folded.trim_end_matches('s');
    match bare.strip_suffix("ee") {
        Some(root) if root.len() >= 3 => format!("{root}e"),
        _ => folded.to_owned(),
    }
}

/// The stems of a question, whose language nobody knows: in French and, where it differs, in
/// English.
pub fn stems(folded: &str) -> Vec<String> {
    let french = stem(folded, "fr");
    let english = stem(folded, "en");
    if french == english {
        vec![french]
    } else {
        vec![french, english]
    }
}

/// Words that tell nothing: grammar, in French and English, folded.
const GRAMMAR: &[&str] = &[
    "a", "about", "afin", "ai", "all", "alors", "am", "an", "and", "apres", "are", "as", "at",
    "au", "aussi", "aux", "avec", "avez", "avoir", "avons", "be", "because", "been", "but", "by",
    "c", "ca", "can", "car", "ce", "cela", "ces", "cet", "cette", "ci", "comme", "comment",
    "could", "d", "dans", "de", "depuis", "des", "do", "does", "donc", "du", "elle", "elles", "en",
    "encore", "entre", "es", "est", "et", "etait", "ete", "etes", "etre", "eux", "faire", "fait",
    "faut", "for", "from", "had", "has", "have", "how", "i", "if", "il", "ils", "in", "is", "it",
    "its", "j", "je", "l", "la", "le", "les", "leur", "leurs", "lors", "lui", "m", "ma", "mais",
    "me", "mes", "moi", "mon", "my", "n", "ne", "ni", "no", "nos", "not", "notre", "nous", "of",
    "on", "ont", "or", "ou", "our", "par", "parce", "pas", "peu", "peut", "peux", "plus", "pour",
    "pourquoi", "pouvez", "qu", "quand", "que", "quel", "quelle", "quelles", "quels", "qui",
    "quoi", "s", "sa", "sans", "se", "ses", "si", "so", "son", "sont", "suis", "sur", "t", "ta",
    "te", "tes", "that", "the", "their", "there", "they", "this", "to", "toi", "ton", "tous",
    "tout", "toute", "toutes", "tres", "tu", "un", "une", "up", "vers", "via", "vos", "votre",
    "vous", "was", "we", "what", "when", "which", "why", "will", "with", "y", "you", "your",
    "yours",
];

/// Words that everybody who writes to a help desk uses, whatever the matter is.
const CHAT: &[&str] = &[
    "aide",
    "aider",
    "ainsi",
    "apres",
    "arrive",
    "arrivons",
    "assistance",
    "aujourd",
    "avance",
    "besoin",
    "bien",
    "bonjour",
    "bonsoir",
    "cause",
    "chez",
    "cordialement",
    "demande",
    "demander",
    "depuis",
    "deja",
    "dear",
    "demain",
    "dernier",
    "derniere",
    "difficulte",
    "difficultes",
    "encore",
    "equipe",
    "erreur",
    "error",
    "essaye",
    "essaie",
    "faites",
    "fonctionne",
    "fonctionnent",
    "fonctionner",
    "fois",
    "hello",
    "help",
    "heure",
    "heures",
    "hier",
    "hui",
    "impossible",
    "incident",
    "issue",
    "jour",
    "jours",
    "longer",
    "madame",
    "marche",
    "marchent",
    "matin",
    "merci",
    "message",
    "minutes",
    "moment",
    "monsieur",
    "need",
    "normal",
    "panne",
    "parvient",
    "parviens",
    "permet",
    "please",
    "possible",
    "pourriez",
    "pouvoir",
    "probleme",
    "problemes",
    "problem",
    "quelqu",
    "question",
    "regards",
    "rien",
    "salut",
    "semaine",
    "service",
    "soir",
    "souci",
    "soucis",
    "souhaite",
    "support",
    "svp",
    "thank",
    "thanks",
    "ticket",
    "toujours",
    "trouve",
    "urgent",
    "urgence",
    "utilise",
    "veuillez",
    "voudrais",
    "work",
    "working",
    "works",
    "would",
];

/// Grammar: it tells nothing.
pub fn is_grammar(folded: &str) -> bool {
    GRAMMAR.binary_search(&folded).is_ok() || folded.chars().count() < 2 && !is_number(folded)
}

/// What everybody writes to a help desk: it tells nothing of the matter.
pub fn is_chat(folded: &str) -> bool {
    CHAT.contains(&folded)
}

fn is_number(folded: &str) -> bool {
    folded.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(word: &str) -> String {
        let word = words(word).next().expect("a word");
        stem(&word.folded, "fr")
    }

    #[test]
    fn forms_of_a_word_are_one() {
        for forms in [
            &[
                "imprimante",
                "Imprimantes",
                "IMPRIMER",
                "imprimée",
                "imprimees",
                "imprimé",
            ][..],
            &["réinitialiser", "reinitialisation", "Réinitialisée"],
            &["oublié", "oubliée", "oublier", "OUBLIE"],
            &["bloqué", "bloquée", "bloquer", "bloques"],
            &["réseau", "reseaux", "Réseaux"],
            &["connexion", "connecter", "Connexions", "connecté"],
            &["activer", "activation", "activée"],
            &["fichier", "fichiers"],
            &["nouveau", "nouvelle", "nouveaux"],
            &["accès", "acces", "accéder"],
            &["journal", "journaux"],
            &["cœur", "coeur", "Cœurs"],
            &["partagé", "partager", "partages"],
        ] {
            for form in forms {
                assert_eq!(one(form), one(forms[0]), "{form}");
            }
        }
        for (one_word, other) in [
            ("imprimante", "imprévu"),
            ("poste", "postuler"),
            ("compte", "comptoir"),
            ("clé", "clavier"),
        ] {
            assert_ne!(one(one_word), one(other), "{one_word}, {other}");
        }
    }

    #[test]
    fn words_stand_where_they_are() {
        let text = "L’imprimante HP-4200 : « File\u{301}e », ﬁchier 𝐗 ①½ et 日本語";
        let found: Vec<Word> = words(text).collect();
        let folded: Vec<&str> = found.iter().map(|word| word.folded.as_str()).collect();
        assert_eq!(
            folded,
            [
                "l",
                "imprimante",
                "hp",
                "4200",
                "filee",
                "fichier",
                "x",
                "112",
                "et",
                "日本語"
            ]
        );
        for word in &found {
            assert!(text.get(word.at.clone()).is_some());
        }
        let long = "a".repeat(100_000);
        assert_eq!(words(&long).next().expect("one").folded.len(), LONGEST_WORD);
    }

    #[test]
    fn the_lists_are_sorted_and_folded() {
        assert!(GRAMMAR.is_sorted());
        for word in GRAMMAR.iter().chain(CHAT) {
            assert_eq!(plain(word), *word);
        }
    }
}
