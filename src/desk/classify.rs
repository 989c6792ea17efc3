//! What a mail is about (rows C5, J4): the programme or the error that it names finds the category.
//! Pure and explainable: a sentence says which words did it.
//!
//! Words are compared without accents, case, plural and small typing mistakes. The subject weighs
//! more than the text; a tie or a weak sign finds nothing, because a wrong category costs more than
//! none. A category of a client counts only where the client is named.

use super::policy::{Category, Policy};
use super::words;
use crate::mail::text::fold_accents;
use crate::ticket::{Impact, Level, Nature};

/// Weights: a word of the subject, of the text; one that was typed wrong counts less.
const SUBJECT: u32 = 12;
const BODY: u32 = 4;
const TYPED_WRONG: (u32, u32) = (3, 4);

/// The least that finds a category: one word of the text, typed right.
const ENOUGH: u32 = BODY;

/// Words of a text that are looked at: the beginning says what it is about.
const LOOKED_AT: usize = 300;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The category's id.
    pub category: Option<String>,
    pub nature: Nature,
    /// One sentence for staff; `None` when there is nothing to explain.
    pub why: Option<String>,
}

/// A word or phrase that a category is known by, prepared for comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As written.
    pub written: String,
    tokens: Vec<String>,
}

impl Term {
    /// Prepares a word or phrase; `None` when nothing of it can be compared.
    pub fn new(written: &str) -> Option<Self> {
        let tokens = tokens(written, usize::MAX);
        (!tokens.is_empty()).then(|| Self {
            written: written.trim().to_owned(),
            tokens,
        })
    }

    /// Both are found by the same words.
    pub fn same(&self, other: &Self) -> bool {
        self.tokens == other.tokens
    }
}

/// Finds what a mail to `team` is about.
pub fn classify(policy: &Policy, team: &str, subject: &str, body: &str) -> Found {
    let language = &policy.language;
    let subject_words = tokens(subject, LOOKED_AT);
    let body_words = tokens(body, LOOKED_AT);
    let mut best: Option<(u32, &Category, Vec<String>)> = None;
    let mut second: Option<(u32, &Category)> = None;
    for category in &policy.categories {
        if category.team.as_deref().is_some_and(|own| own != team) {
            continue;
        }
        let Some((score, named)) = score(category, &subject_words, &body_words) else {
            continue;
        };
        match &best {
            Some((highest, _, _)) if *highest >= score => {
                if second.is_none_or(|(known, _)| known < score) {
                    second = Some((score, category));
                }
            }
            _ => {
                second = best
                    .as_ref()
                    .map(|(score, category, _)| (*score, *category));
                best = Some((score, category, named));
            }
        }
    }
    let by_words = nature_of(subject, body);
    let Some((score, category, named)) = best else {
        return Found {
            category: None,
            nature: by_words,
            why: None,
        };
    };
    // Nearly as good is a tie: a fifth is one synonym more or less.
    if let Some((near, other)) = second
        && near * 5 > score * 4
    {
        return Found {
            category: None,
            nature: by_words,
            why: Some(words::pick(
                language,
                format!(
                    "Pas de catégorie : « {} » et « {} » conviennent autant l'une que l'autre.",
                    category.name, other.name
                ),
                format!(
                    "No category: \"{}\" and \"{}\" fit equally well.",
                    category.name, other.name
                ),
            )),
        };
    }
    let named = named.join(", ");
    Found {
        category: Some(category.id.clone()),
        nature: category.nature.unwrap_or(by_words),
        why: Some(words::pick(
            language,
            format!(
                "Catégorie « {} » : le message nomme {named}.",
                category.name
            ),
            format!("Category \"{}\": the mail names {named}.", category.name),
        )),
    }
}

/// How well a category fits, and the words that say so; `None` when it does not.
fn score(category: &Category, subject: &[String], body: &[String]) -> Option<(u32, Vec<String>)> {
    let mut total = 0;
    let mut named = Vec::new();
    if let Some(client) = &category.client {
        let points = points(client, subject, body)?;
        total += points;
        named.push(format!("« {} »", client.written));
    }
    let mut of_words = 0;
    for term in &category.terms {
        if let Some(points) = points(term, subject, body) {
            of_words += points;
            named.push(format!("« {} »", term.written));
        }
    }
    (of_words >= ENOUGH).then_some((total + of_words, named))
}

/// Those of these words and phrases that a text holds.
pub fn named<'a>(
    terms: &'a [Term],
    subject: &str,
    body: &str,
) -> impl Iterator<Item = &'a Term> + use<'a> {
    let (subject, body) = match terms {
        [] => (Vec::new(), Vec::new()),
        _ => (tokens(subject, LOOKED_AT), tokens(body, LOOKED_AT)),
    };
    let holds = move |term: &&Term| points(term, &subject, &body) >= Some(ENOUGH);
    terms.iter().filter(holds)
}

/// What a term counts; longer phrases say more.
fn points(term: &Term, subject: &[String], body: &[String]) -> Option<u32> {
    let length = u32::try_from(term.tokens.len()).unwrap_or(1);
    let weigh = |weight: u32, exact: bool| {
        let (of, all) = if exact { (1, 1) } else { TYPED_WRONG };
        weight * length * of / all
    };
    let in_subject = occurs(&term.tokens, subject).map(|exact| weigh(SUBJECT, exact));
    let in_body = occurs(&term.tokens, body).map(|exact| weigh(BODY, exact));
    in_subject.max(in_body)
}

/// Whether the tokens follow each other in the text; `Some(true)` when typed right.
fn occurs(term: &[String], text: &[String]) -> Option<bool> {
    let mut found = None;
    for window in text.windows(term.len()) {
        let mut exact = true;
        let all = window.iter().zip(term).all(|(word, wanted)| {
            let same = word == wanted;
            exact &= same;
            same || is_mistyped(word, wanted)
        });
        if all && exact {
            return Some(true);
        }
        if all {
            found = Some(false);
        }
    }
    found
}

/// One slip in a longer word, two in a very long one; never in the first letter, which people get
/// right, so that « porte » is no « poste ».
fn is_mistyped(word: &str, wanted: &str) -> bool {
    let length = wanted.chars().count();
    let allowed = match length {
        0..=5 => return false,
        6..=8 => 1,
        _ => 2,
    };
    word.chars().count().abs_diff(length) <= allowed
        && word.chars().next() == wanted.chars().next()
        && strsim::osa_distance(word, wanted) <= allowed
}

/// The comparable words of a text, at most `limit`: folded, singular, without the small ones.
fn tokens(text: &str, limit: usize) -> Vec<String> {
    let mut tokens = Vec::new();
    // Line by line: the rest of a long text need not be folded.
    for line in text.lines() {
        let folded = fold_accents(line);
        let words = folded
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty() && !SMALL.contains(word));
        tokens.extend(words.take(limit - tokens.len()).map(singular));
        if tokens.len() == limit {
            break;
        }
    }
    tokens
}

/// Articles and the like: « connexion à l'internet » is « connexion internet ».
const SMALL: [&str; 26] = [
    "a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ma", "mes",
    "mon", "sur", "un", "une", "of", "on", "the", "to", "my", "s", "vers",
];

/// « journaux » → `journal`, « réseaux » → `reseau`, « souris » stays what it is on both sides.
fn singular(word: &str) -> String {
    if word.len() > 4
        && let Some(stem) = word.strip_suffix("aux")
        && !word.ends_with("eaux")
    {
        return format!("{stem}al");
    }
    if word.len() > 3
        && let Some(stem) = word.strip_suffix(['s', 'x'])
        && !stem.ends_with('s')
    {
        return stem.to_owned();
    }
    word.to_owned()
}

/// Phrases of somebody who asks for a service, folded.
const ASKS: [&str; 20] = [
    "demande d",
    "je souhaite",
    "nous souhaite",
    "je voudrais",
    "nous voudrions",
    "j'aimerais",
    "serait il possible",
    "est il possible",
    "serait-il possible",
    "est-il possible",
    "besoin d",
    "merci d'installer",
    "installation d",
    "creation d",
    "ouverture d'un compte",
    "would like",
    "request for",
    "could i have",
    "please install",
    "we need a",
];

/// Phrases of somebody to whom something happened, folded.
const SUFFERS: [&str; 26] = [
    "ne marche",
    "ne fonctionne",
    "marche plus",
    "marche pas",
    "fonctionne plus",
    "fonctionne pas",
    "n'arrive p",
    "ne s'ouvre",
    "ne repond",
    "en panne",
    "panne d",
    "erreur",
    "impossible d",
    "bloqu",
    "plante",
    "probleme",
    "souci",
    "bug",
    "incident",
    "plus d'acces",
    "plus acces",
    "does not work",
    "doesn't work",
    "broken",
    "error",
    "cannot",
];

/// Incident or request, by the words; an incident when they say both or nothing (S3.11).
pub fn nature_of(subject: &str, body: &str) -> Nature {
    let head: String = body.chars().take(2_000).collect();
    let text = fold_accents(&format!("{subject}\n{head}")).replace('’', "'");
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
    if says(&ASKS) && !says(&SUFFERS) {
        Nature::Request
    } else {
        Nature::Incident
    }
}

/// The priority that a claim and an impact give (row J4; S4.14: a site without network is urgent
/// whoever says so).
pub fn priority(claimed: Level, impact: Impact) -> Level {
    match (impact, claimed) {
        (Impact::Person, claimed) => claimed,
        (Impact::Service, Level::Low) | (Impact::Site, Level::Low) => Level::Normal,
        (Impact::Service, claimed) => claimed,
        (Impact::Site, Level::Normal | Level::High) => Level::High,
    }
}

/// The category that is called so: by id, name or one of its words, spelt right.
pub fn exact<'a>(policy: &'a Policy, name: &str) -> Option<&'a Category> {
    let wanted = tokens(name, LOOKED_AT);
    if wanted.is_empty() {
        return None;
    }
    let same = |text: &str| tokens(text, LOOKED_AT) == wanted;
    let only = |fits: &dyn Fn(&Category) -> bool| {
        let mut found = policy.categories.iter().filter(|category| fits(category));
        match (found.next(), found.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        }
    };
    only(&|category| same(&category.id) || same(&category.name) || same(&category.full_name()))
        .or_else(|| only(&|category| category.terms.iter().any(|term| term.tokens == wanted)))
}

/// The category that somebody names: by id or name, by one of its words, else the nearest
/// spelling. `Err` holds those that it could be.
pub fn by_name<'a>(policy: &'a Policy, name: &str) -> Result<&'a Category, Vec<&'a Category>> {
    let wanted = tokens(name, LOOKED_AT);
    if wanted.is_empty() {
        return Err(Vec::new());
    }
    if let Some(one) = exact(policy, name) {
        return Ok(one);
    }
    let part: Vec<&Category> = policy
        .categories
        .iter()
        .filter(|category| occurs(&wanted, &tokens(&category.full_name(), LOOKED_AT)).is_some())
        .collect();
    match part.as_slice() {
        [one] => Ok(one),
        [] => {
            let wanted = wanted.join(" ");
            let near: Vec<&Category> = policy
                .categories
                .iter()
                .filter(|category| {
                    let near = |text: &str| {
                        let text = tokens(text, LOOKED_AT).join(" ");
                        let allowed = (wanted.chars().count() / 4).clamp(1, 3);
                        strsim::osa_distance(&text, &wanted) <= allowed
                    };
                    near(&category.id) || near(&category.name)
                })
                .collect();
            match near.as_slice() {
                [one] => Ok(one),
                _ => Err(near),
            }
        }
        _ => Err(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn singular_of(words: &str) -> String {
        tokens(words, 100).join(" ")
    }

    #[test]
    fn plurals_and_articles_do_not_count() {
        assert_eq!(singular_of("les journaux"), "journal");
        assert_eq!(singular_of("Réseaux"), "reseau");
        assert_eq!(
            singular_of("l'accès à l'Internet"),
            singular_of("acces internet")
        );
        assert_eq!(singular_of("CRM"), "crm");
    }

    #[test]
    fn a_slip_is_forgiven_in_long_words_only() {
        assert!(is_mistyped("imprimente", "imprimante"));
        assert!(is_mistyped("calvier", "clavier"));
        assert!(!is_mistyped("porte", "poste"));
        assert!(!is_mistyped("masque", "casque"));
    }

    #[test]
    fn requests_and_incidents_are_told_by_their_words() {
        for (text, nature) in [
            ("Je souhaite un second écran", Nature::Request),
            ("Demande d'installation de Python", Nature::Request),
            ("Serait-il possible d'avoir un badge ?", Nature::Request),
            (
                "Mon écran ne s'allume plus, il est en panne",
                Nature::Incident,
            ),
            (
                "J'ai besoin d'aide, Hermès affiche une erreur",
                Nature::Incident,
            ),
            ("I would like a second screen", Nature::Request),
            ("Bonjour", Nature::Incident),
        ] {
            assert_eq!(nature_of("", text), nature, "{text}");
        }
    }

    /// Row J4, as printed in `docs/configuration.md`.
    #[test]
    fn every_cell_of_the_priority_table() {
        use Level::{High, Low, Normal};
        let rows = [
            (Impact::Person, [Low, Normal, High]),
            (Impact::Service, [Normal, Normal, High]),
            (Impact::Site, [Normal, High, High]),
        ];
        for (impact, expected) in rows {
            for (claimed, expected) in [Low, Normal, High].into_iter().zip(expected) {
                assert_eq!(
                    priority(claimed, impact),
                    expected,
                    "{impact:?} {claimed:?}"
                );
            }
        }
    }
}
