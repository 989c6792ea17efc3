//! Recognises for whom somebody writes (row H2): « Pour : Nom », « bénéficiaire : », « pour le compte
//! de ». Careful: what is not plainly a person is nobody, and the acknowledgement says what was
//! understood.

use std::sync::LazyLock;

use regex::Regex;

use super::directory::name_key;
use super::people::is_list;
use super::policy::Policy;
use super::route::is_ours;
use crate::mail::text::fold_accents;
use crate::mail::{Address, Mail};

/// Lines from the top that may say so.
const LINES: usize = 12;

/// Characters of a person as written.
const LONGEST: usize = 100;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is fixed and has a test")
}

// « Pour : Jeanne Dupont » alone on its line.
static FOR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^[\s*•\-]*(?:(?:demande|ticket|intervention)\s+)?(?:pour|for)\s*:\s*(\S.*)$")
});
// « Bénéficiaire : Jeanne Dupont ».
static BENEFICIARY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^[\s*•\-]*(?:b[ée]n[ée]ficiaire|beneficiary)\s*:\s*(\S.*)$"));
// « je vous écris pour le compte de ma collègue Jeanne Dupont ».
static BEHALF: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:pour\s+le\s+compte\s+d(?:e\s+|['’]\s*)|on\s+behalf\s+of\s+)(\S[^\n]*)")
});
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[\p{L}\p{N}._%+'\-]+@[\p{L}\p{N}.\-]+\.\p{L}{2,}"));
// Words between « de » and the name.
static RELATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:(?:ma|mon|notre|une?|my|our|the)\s+)?(?:coll[èe]gues?|confr[èe]re|chef(?:fe)?|responsable|directeur|directrice|stagiaire|assistante?|colleague|boss|manager)\s*,?\s*",
    )
});

static IN_COPY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:en\s+copie|en\s+cc|in\s+copy|in\s+cc)\b"));

/// How sure a phrase is that a person follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sure {
    /// « Pour : » may be anything: the name must be somebody known.
    Known,
    /// « Bénéficiaire : » names a person.
    Named,
    /// « pour le compte de »: a person, or the one in copy.
    Behalf,
}

/// The one that a mail declares to have the trouble; an unknown address is empty.
pub fn beneficiary(policy: &Policy, mail: &Mail) -> Option<Address> {
    let lines = || mail.reply.lines().take(LINES);
    for (regex, sure) in [
        (&BENEFICIARY, Sure::Named),
        (&FOR, Sure::Known),
        (&BEHALF, Sure::Behalf),
    ] {
        for line in lines() {
            let Some(written) = regex.captures(line).and_then(|found| found.get(1)) else {
                continue;
            };
            if let Some(who) = resolve(policy, mail, written.as_str(), sure) {
                return is_another(policy, mail, &who).then_some(who);
            }
        }
    }
    None
}

/// The person that a line of a correction names: « Pour : x », « bénéficiaire x ».
pub fn named_in(policy: &Policy, mail: &Mail, line: &str) -> Option<Address> {
    let (written, sure) = [(&BENEFICIARY, Sure::Named), (&FOR, Sure::Named)]
        .into_iter()
        .find_map(|(regex, sure)| {
            Some((regex.captures(line)?.get(1)?.as_str().to_owned(), sure))
        })?;
    resolve(policy, mail, &written, sure)
}

/// Somebody else than the sender, and not the desk.
fn is_another(policy: &Policy, mail: &Mail, who: &Address) -> bool {
    let sender = mail.sender().cloned().unwrap_or_default();
    let same_name = sender
        .name
        .as_deref()
        .zip(who.name.as_deref())
        .is_some_and(|(one, other)| name_key(one) == name_key(other));
    let himself = policy.directory.is_same(&sender.address, &who.address)
        || same_name && who.address.is_empty();
    !himself && !is_ours(policy, &who.address)
}

fn resolve(policy: &Policy, mail: &Mail, written: &str, sure: Sure) -> Option<Address> {
    let written: String = written.chars().take(LONGEST).collect();
    if let Some(found) = ADDRESS.find(&written) {
        let address = found.as_str().trim_end_matches('.').to_owned();
        let before = written.get(..found.start()).unwrap_or_default();
        let name = name_in(before.trim_end_matches([' ', '<', '(', ',', ':', '-']));
        let copied = mail.to.iter().chain(&mail.cc);
        let known = copied
            .filter(|who| who.key() == address.to_lowercase())
            .find_map(|who| who.name.clone());
        let name = name
            .map(|name| name.text)
            .or(known)
            .or_else(|| policy.directory.entry(&address)?.name.clone());
        return Some(Address { name, address });
    }
    let stripped = match sure {
        Sure::Behalf => RELATION.replace(&written, "").into_owned(),
        Sure::Known | Sure::Named => written.clone(),
    };
    let Some(name) = name_in(&stripped) else {
        // « de ma collègue », « de la personne en copie »: not « de mon service ».
        let points = RELATION.is_match(&written) || IN_COPY.is_match(&written);
        return (sure == Sure::Behalf && points).then(|| only_colleague(policy, mail))?;
    };
    let known = copied(policy, mail, &name.text)
        .or_else(|| policy.directory.named(&name.text).map(|entry| entry.who()));
    match (known, sure) {
        (Some(who), _) => Some(who),
        (None, Sure::Known) if !name.titled && !is_full_name(&name.text) => None,
        (None, _) => Some(Address {
            name: Some(name.text),
            address: String::new(),
        }),
    }
}

/// First and last name of a person whom nobody knows, each with its capital; a place or a service is
/// written so as well, and has a word that says what it is.
fn is_full_name(written: &str) -> bool {
    const THINGS: [&str; 33] = [
        "amphi",
        "atelier",
        "batiment",
        "bureau",
        "campus",
        "centre",
        "cours",
        "departement",
        "direction",
        "ecole",
        "equipe",
        "faculte",
        "formation",
        "groupe",
        "imprimante",
        "importante",
        "info",
        "information",
        "institut",
        "labo",
        "laboratoire",
        "licence",
        "master",
        "plateau",
        "pole",
        "poste",
        "projet",
        "reunion",
        "salle",
        "scolarite",
        "serveur",
        "service",
        "site",
    ];
    let words: Vec<&str> = written.split_whitespace().collect();
    let capital = |word: &&str| word.starts_with(char::is_uppercase);
    let thing = |word: &&str| THINGS.contains(&fold_accents(word).to_lowercase().as_str());
    (2..=4).contains(&words.len()) && words.iter().all(capital) && !words.iter().any(thing)
}

/// The one in To or Cc of that name, by name or by address.
fn copied(policy: &Policy, mail: &Mail, name: &str) -> Option<Address> {
    let wanted = name_key(name);
    let words: Vec<&str> = wanted.split(' ').collect();
    let has = |text: &str| {
        let key = name_key(text);
        let own: Vec<&str> = key.split(' ').collect();
        words.iter().all(|word| own.contains(word))
    };
    let mut found = others(policy, mail).filter(|who| {
        who.name.as_deref().is_some_and(has)
            || has(who.address.split('@').next().unwrap_or_default())
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one.clone()),
        _ => None,
    }
}

/// The only colleague in copy.
fn only_colleague(policy: &Policy, mail: &Mail) -> Option<Address> {
    let mut colleagues = others(policy, mail).filter(|who| policy.is_internal(&who.address));
    match (colleagues.next(), colleagues.next()) {
        (Some(one), None) => Some(one.clone()),
        _ => None,
    }
}

fn others<'a>(policy: &'a Policy, mail: &'a Mail) -> impl Iterator<Item = &'a Address> {
    mail.to
        .iter()
        .chain(&mail.cc)
        .filter(|who| who.address.contains('@'))
        .filter(|who| !is_ours(policy, &who.address) && !is_list(&who.address, mail))
}

/// A name as written.
struct Name {
    text: String,
    /// After « M. », « Mme »: one word is enough.
    titled: bool,
}

/// The name that a text begins with: two to four words with a capital, or one after a title.
fn name_in(text: &str) -> Option<Name> {
    const TITLES: [&str; 16] = [
        "m",
        "mr",
        "mme",
        "mlle",
        "monsieur",
        "madame",
        "mademoiselle",
        "dr",
        "docteur",
        "pr",
        "professeur",
        "mrs",
        "ms",
        "prof",
        "me",
        "maitre",
    ];
    const PARTICLES: [&str; 9] = ["de", "du", "des", "la", "le", "van", "von", "el", "ben"];
    let mut words: Vec<&str> = Vec::new();
    let mut titled = false;
    for word in text.split_whitespace() {
        let bare = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        let folded = bare.to_lowercase();
        if words.is_empty() && TITLES.contains(&folded.as_str()) {
            titled = true;
            continue;
        }
        let is_name = bare.chars().next().is_some_and(char::is_uppercase)
            && bare
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'));
        let is_particle = !words.is_empty() && PARTICLES.contains(&folded.as_str());
        if !(is_name || is_particle) {
            break;
        }
        words.push(bare);
        // A sign after the word ends the name.
        if bare.len() < word.len() || words.len() == 5 {
            break;
        }
    }
    while words
        .last()
        .is_some_and(|last| PARTICLES.contains(&last.to_lowercase().as_str()))
    {
        words.pop();
    }
    let enough = if titled { 1 } else { 2 };
    (words.len() >= enough && words.len() <= 4).then(|| Name {
        text: words.join(" "),
        titled,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;
    use crate::desk::directory::{Directory, Entry};

    fn policy() -> Policy {
        let text = r#"
base_url = "https://guichet.example.org"
smtp = { maildir = "out" }
[[accounts]]
name = "support"
team = "dsi"
pipe = true
[[teams]]
id = "dsi"
from = "support@example.org"
"#;
        // No key file is there yet: only secrets that are wrong are refused.
        let mut policy = Config::compile(text, Path::new("nowhere/config.toml"), [])
            .unwrap_or_else(|problems| panic!("{problems}"))
            .policy;
        policy.directory = Arc::new(Directory::new(vec![Entry {
            addresses: vec!["jeanne.dupont@example.org".to_owned()],
            name: Some("Jeanne Dupont".to_owned()),
            ..Entry::default()
        }]));
        policy
    }

    fn address(text: &str) -> Address {
        let (name, address) = text.rsplit_once(' ').unwrap_or(("", text));
        Address {
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            address: address.to_owned(),
        }
    }

    fn mail(reply: &str, cc: &[&str]) -> Mail {
        Mail {
            from: vec![address("Marie Durand marie.durand@example.org")],
            to: vec![address("support@example.org")],
            cc: cc.iter().map(|who| address(who)).collect(),
            reply: reply.to_owned(),
            ..Mail::default()
        }
    }

    /// What is written, who is in copy, and who has the trouble: name, address.
    #[test]
    fn whom_somebody_writes_for() {
        let policy = policy();
        let paul = "Paul Petit paul.petit@example.org";
        let luc = "Luc Vidal luc@editeur.example.com";
        for (written, cc, expected) in [
            // By name: in copy, in the directory, or plainly said to be the beneficiary.
            (
                "Pour : Paul Petit",
                &[paul][..],
                Some(("Paul Petit", "paul.petit@example.org")),
            ),
            (
                "Pour : DUPONT Jeanne",
                &[],
                Some(("Jeanne Dupont", "jeanne.dupont@example.org")),
            ),
            ("Pour : Anne Leroy", &[], Some(("Anne Leroy", ""))),
            ("Pour : Salle Poincaré", &[], None),
            ("Pour : Service Scolarité", &[], None),
            ("Bénéficiaire : Anne Leroy", &[], Some(("Anne Leroy", ""))),
            ("Pour : Mme Leroy, bureau 12", &[], Some(("Leroy", ""))),
            (
                "Bonjour,\n\nDemande pour : Mme Petit\n",
                &[paul],
                Some(("Paul Petit", "paul.petit@example.org")),
            ),
            // By address.
            (
                "Pour : Luc <luc@editeur.example.com>",
                &[luc],
                Some(("Luc Vidal", "luc@editeur.example.com")),
            ),
            (
                "beneficiary: jeanne.dupont@example.org",
                &[],
                Some(("Jeanne Dupont", "jeanne.dupont@example.org")),
            ),
            // On behalf of.
            (
                "J'écris pour le compte de ma collègue Jeanne Dupont, absente.",
                &[],
                Some(("Jeanne Dupont", "jeanne.dupont@example.org")),
            ),
            (
                "J'écris pour le compte de ma collègue en copie.",
                &[paul, luc],
                Some(("Paul Petit", "paul.petit@example.org")),
            ),
            (
                "I am writing on behalf of Paul Petit.",
                &[paul],
                Some(("Paul Petit", "paul.petit@example.org")),
            ),
            // Nobody.
            ("Pour : information", &[paul], None),
            ("Pour : Information Importante", &[paul], None),
            ("Pour Paul Petit", &[paul], None),
            ("Bénéficiaire : Marie Durand", &[], None),
            ("Pour : support@example.org", &[], None),
            ("J'écris pour le compte de mon service.", &[paul], None),
            ("C'est pour : demain", &[paul], None),
        ] {
            let found = beneficiary(&policy, &mail(written, cc));
            let found = found.as_ref().map(|who| {
                (
                    who.name.as_deref().unwrap_or_default(),
                    who.address.as_str(),
                )
            });
            assert_eq!(found, expected, "{written}");
        }
    }
}
