//! What comes again and again: words that pile up among the tickets that no category describes, proposed as
//! categories (S1.32, row I3), and the subjects that do within a category (row N2).

use std::collections::BTreeMap;

use serde::Serialize;

use super::Fact;
use crate::desk::{Policy, similar};
use crate::mail::text::fold_accents;

/// Fewer tickets are no pile.
const FEWEST: usize = 3;

/// Proposals shown.
const SHOWN: usize = 10;

/// A category that could be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The words that its tickets have in common.
    pub words: String,
    /// How many there are.
    pub tickets: usize,
}

/// What comes again within a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Name of the category.
    pub category: String,
    /// The words that its tickets have in common, beside those of the category.
    pub words: String,
    /// How many there are.
    pub tickets: usize,
}

/// The largest first; what has no category, or one that left the configuration, has none.
pub fn subjects<'a>(policy: &Policy, facts: impl Iterator<Item = &'a Fact>) -> Vec<Subject> {
    let mut of: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        if let Some(category) = &fact.category {
            of.entry(category).or_default().push(fact);
        }
    }
    let mut subjects = Vec::new();
    for (id, facts) in of {
        let Some(category) = policy.category(id) else {
            continue;
        };
        let name = category.full_name();
        let terms = category.terms.iter().map(|term| term.written.as_str());
        let own: Vec<String> = terms
            .chain([name.as_str()])
            .flat_map(|words| similar::words(words, &[]))
            .map(|word| fold_accents(&word))
            .collect();
        let piles = piles(facts.into_iter(), &own).into_iter();
        subjects.extend(piles.map(|pile| Subject {
            category: name.clone(),
            words: pile.words,
            tickets: pile.tickets,
        }));
    }
    // Stable: those of a category stay in order.
    subjects.sort_by_key(|subject| std::cmp::Reverse(subject.tickets));
    subjects.truncate(SHOWN);
    subjects
}

/// The largest pile first; a ticket is in one of them.
pub fn proposals<'a>(facts: impl Iterator<Item = &'a Fact>) -> Vec<Proposal> {
    piles(facts, &[])
}

/// Tickets by the words that they have in common, without words that say nothing here.
fn piles<'a>(facts: impl Iterator<Item = &'a Fact>, without: &[String]) -> Vec<Proposal> {
    let mut left: Vec<&[String]> = facts.map(|fact| fact.subject.as_slice()).collect();
    let mut proposals = Vec::new();
    while proposals.len() < SHOWN {
        let Some((word, count)) = most_common(&left, without) else {
            break;
        };
        if count < FEWEST {
            break;
        }
        let (pile, rest): (Vec<&[String]>, Vec<&[String]>) =
            left.iter().partition(|subject| holds(subject, &word));
        left = rest;
        let mut common = vec![word.clone()];
        // A second word when most of them share it.
        let second = most_common(&pile, &[without, std::slice::from_ref(&word)].concat());
        common.extend(
            second
                .filter(|(_, count)| count * 2 > pile.len())
                .map(|(word, _)| word),
        );
        proposals.push(Proposal {
            words: written(&pile, &common),
            tickets: pile.len(),
        });
    }
    proposals
}

/// The folded word that most of the subjects hold, other than these; the first by alphabet of equals.
fn most_common(subjects: &[&[String]], without: &[String]) -> Option<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for subject in subjects {
        let mut words: Vec<String> = subject.iter().map(|word| fold_accents(word)).collect();
        words.sort_unstable();
        words.dedup();
        for word in words.into_iter().filter(|word| !without.contains(word)) {
            *counts.entry(word).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .reduce(|best, other| if other.1 > best.1 { other } else { best })
}

fn holds(subject: &[String], folded: &str) -> bool {
    subject.iter().any(|word| fold_accents(word) == folded)
}

/// The words in the order of the first subject that holds them all, with its accents.
fn written(pile: &[&[String]], common: &[String]) -> String {
    let whole = pile
        .iter()
        .find(|subject| common.iter().all(|word| holds(subject, word)));
    let words = whole.copied().unwrap_or_default().iter();
    let shown: Vec<&str> = words
        .filter(|word| common.contains(&fold_accents(word)))
        .map(String::as_str)
        .collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What all tickets of a category say is no subject within it.
    #[test]
    fn words_of_the_category_make_no_pile() {
        let facts: Vec<Fact> = [
            "Imprimante hors ligne",
            "L'imprimante du 2e est hors ligne",
            "Imprimante hors ligne depuis lundi",
            "Imprimante : bourrage",
        ]
        .iter()
        .map(|title| Fact {
            subject: similar::words(title, &[]),
            ..Fact::default()
        })
        .collect();
        let found = piles(facts.iter(), &["imprimante".to_owned()]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].words.as_str(), found[0].tickets),
            ("hors ligne", 3)
        );
    }

    #[test]
    fn what_comes_again_is_proposed_with_its_count() {
        let facts: Vec<Fact> = [
            "Badge parking refusé",
            "Mon badge du parking ne marche plus",
            "Problème de badges parking",
            "Badgé au parking : rien",
            "Télécommande du projecteur",
            "La télécommande de la salle 3",
            "Télécommandes perdues",
            "Chaise cassée",
        ]
        .iter()
        .map(|title| Fact {
            subject: similar::words(title, &[]),
            ..Fact::default()
        })
        .collect();
        let found: Vec<(String, usize)> = proposals(facts.iter())
            .into_iter()
            .map(|proposal| (proposal.words, proposal.tickets))
            .collect();
        assert_eq!(
            found,
            [
                ("badge parking".to_owned(), 4),
                ("télécommande".to_owned(), 3)
            ]
        );
    }
}
