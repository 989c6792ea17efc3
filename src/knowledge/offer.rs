//! All articles, and which of them answer a text that was not written to search for them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::fold::{self, stem, stems};
use super::snippet::{self, Piece, Wanted};
use super::{Article, Audience, render};

/// An article as it is offered to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// Its name in links.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// How sure it is that it answers, of 100.
    pub score: u32,
}

/// From here on an article is shown beside a form that is being filled in: a wrong one costs a
/// glance.
pub const WORTH_SHOWING: u32 = 35;

/// From here on an article is offered in an acknowledgement.
pub const WORTH_OFFERING: u32 = 55;

/// From here on an article answers the requests of a category that the instance leaves to articles.
pub const SURE: u32 = 75;

/// A word of the subject says what a mail is about; one of its text may be by the way.
const IN_SUBJECT: f64 = 1.0;
const IN_TEXT: f64 = 0.6;

/// Words of a text that are looked at: the beginning says what it is about.
const LOOKED_AT: usize = 120;

/// What the words that an author chose count alone; the rest counts by how much of the subject the
/// article knows.
const OWN_WORDS: f64 = 0.4;

/// A word of the subject that stands in the article's text only.
const IN_BODY: f64 = 0.5;

/// A word that no article holds, against one that few hold: a name, a room, a typing mistake.
const UNKNOWN: f64 = 0.5;

/// An article in another language than the writer's is better than none, and no more.
const OTHER_LANGUAGE: f64 = 0.8;

/// Fewer articles tell nothing of how rare a word is.
const FEWEST: f64 = 20.0;

/// Letters of a word in which one may be wrong.
const LONG_WORD: usize = 6;

/// Characters and words of a question that are looked at.
const LONGEST_QUESTION: usize = 300;
const MOST_WORDS: usize = 12;

/// Words of one question for which near ones are looked for.
const MOST_MENDED: usize = 4;

/// All articles, ready to be compared.
#[derive(Debug, Default)]
pub struct Library {
    articles: Vec<Article>,
    prepared: Vec<Prepared>,
    by_slug: BTreeMap<String, usize>,
    /// In how many articles a stem occurs.
    frequency: BTreeMap<String, u32>,
    /// The words as they are written, with their stems: for those who mistype them.
    forms: BTreeMap<String, String>,
    /// Which articles have a stem in their title or their words.
    keys: BTreeMap<String, Vec<usize>>,
}

/// An article's words.
#[derive(Debug, Default)]
struct Prepared {
    title: BTreeSet<String>,
    phrases: Vec<BTreeSet<String>>,
    body: BTreeSet<String>,
    text: String,
}

/// What the index is made of; each a text of words with blanks between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Stems of the title.
    pub title: String,
    /// Stems of the words that the author chose, and of the category.
    pub words: String,
    /// Stems of the text.
    pub body: String,
    /// The words as they are written, folded: for the word that is being typed.
    pub forms: String,
}

/// What somebody looks for: each word with all that counts as it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// For each word its stems, or, where no article has them, those that differ by a letter.
    pub words: Vec<Vec<String>>,
    /// The last word, when it may still be being typed: folded, without its ending.
    pub beginning: Option<String>,
}

impl Question {
    /// Nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.beginning.is_none()
    }

    /// For marking.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            stems: self.words.iter().flatten().cloned().collect(),
            beginning: self.beginning.clone(),
        }
    }
}

impl Library {
    /// Prepares the articles.
    pub fn new(mut articles: Vec<Article>) -> Self {
        articles.sort_by(|a, b| a.slug.cmp(&b.slug));
        let mut library = Self::default();
        for (at, article) in articles.iter().enumerate() {
            let prepared = prepare(article);
            let mut all: BTreeSet<&String> = prepared.title.iter().chain(&prepared.body).collect();
            all.extend(prepared.phrases.iter().flatten());
            for stem in all {
                *library.frequency.entry(stem.clone()).or_default() += 1;
            }
            let keys: BTreeSet<&String> = prepared
                .title
                .iter()
                .chain(prepared.phrases.iter().flatten())
                .collect();
            for stem in keys {
                library.keys.entry(stem.clone()).or_default().push(at);
            }
            let written = format!(
                "{} {} {}",
                article.title,
                article.words.join(" "),
                prepared.text
            );
            for word in fold::words(&written) {
                if word.folded.chars().count() + 1 >= LONG_WORD {
                    let stem = stem(&word.folded, &article.language);
                    library.forms.insert(word.folded, stem);
                }
            }
            library.by_slug.insert(article.slug.clone(), at);
            library.prepared.push(prepared);
        }
        library.articles = articles;
        library
    }

    /// All of them, by slug.
    pub fn articles(&self) -> &[Article] {
        &self.articles
    }

    /// The article of that name.
    pub fn article(&self, slug: &str) -> Option<&Article> {
        self.articles.get(*self.by_slug.get(slug)?)
    }

    /// What the index is made of, article by article.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.articles
            .iter()
            .zip(&self.prepared)
            .map(|(article, prepared)| entry(article, prepared))
    }

    /// What somebody looks for who typed `text`.
    pub fn question(&self, text: &str) -> Question {
        let text = text
            .get(..text.floor_char_boundary(LONGEST_QUESTION))
            .unwrap_or(text);
        let words: Vec<fold::Word> = fold::words(text).take(MOST_WORDS).collect();
        let mut question = Question {
            words: Vec::new(),
            // A word is whole once something stands behind it.
            beginning: words
                .last()
                .filter(|word| word.at.end == text.len() && word.folded.chars().count() >= 2)
                .map(|word| word.folded.clone()),
        };
        let mut mended = 0;
        for word in words {
            let typed = question.beginning.as_ref() == Some(&word.folded);
            if fold::is_grammar(&word.folded) && !typed {
                continue;
            }
            let found = self.looked_for(&word.folded, &mut mended);
            question.words.push(found);
        }
        question
    }

    /// The stems of known words that differ from a long one by a letter.
    fn near(&self, folded: &str) -> Vec<String> {
        if folded.chars().count() < LONG_WORD {
            return Vec::new();
        }
        // Nobody mistypes the first letter, or hardly anybody.
        let first: String = folded.chars().take(1).collect();
        let near: BTreeSet<&String> = self
            .forms
            .range(first.clone()..)
            .take_while(|(known, _)| known.starts_with(&first))
            .filter(|(known, _)| known.len().abs_diff(folded.len()) <= 1)
            .filter(|(known, _)| strsim::damerau_levenshtein(known, folded) == 1)
            .map(|(_, stem)| stem)
            .take(3)
            .collect();
        near.into_iter().cloned().collect()
    }

    /// The stems that a word is looked for by; those of near words when no article has them.
    fn looked_for(&self, folded: &str, mended: &mut usize) -> Vec<String> {
        let mut found = stems(folded);
        if found.iter().all(|stem| !self.frequency.contains_key(stem)) && *mended < MOST_MENDED {
            *mended += 1;
            found.extend(self.near(folded));
        }
        found
    }

    /// The title of an article and the best place of its text, the words of the question marked.
    pub fn excerpt(&self, article: &Article, question: &Question) -> (Vec<Piece>, Vec<Piece>) {
        let wanted = question.wanted();
        let text = self
            .by_slug
            .get(&article.slug)
            .and_then(|at| self.prepared.get(*at))
            .map_or("", |prepared| prepared.text.as_str());
        (
            snippet::marked(&article.title, &wanted),
            snippet::excerpt(text, &wanted),
        )
    }

    /// The articles that answer a mail, or what is being typed into a form, the surest first: at most
    /// `count`, none below `least`, none that `reader` may not read.
    pub fn offer(
        &self,
        subject: &str,
        text: &str,
        language: &str,
        reader: Audience,
        least: u32,
        count: usize,
    ) -> Vec<Offered> {
        let subject = self.telling(subject, MOST_WORDS * 2);
        let mut said: BTreeMap<&String, f64> = BTreeMap::new();
        let text = self.telling(text, LOOKED_AT);
        said.extend(text.iter().flatten().map(|stem| (stem, IN_TEXT)));
        said.extend(subject.iter().flatten().map(|stem| (stem, IN_SUBJECT)));
        let candidates: BTreeSet<usize> = said
            .keys()
            .filter_map(|stem| self.keys.get(*stem))
            .flatten()
            .copied()
            .collect();
        let mut offered: Vec<Offered> = candidates
            .into_iter()
            .filter_map(|at| {
                let article = self.articles.get(at)?;
                if !reader.may_read(article.audience) {
                    return None;
                }
                let mut score = self.score(self.prepared.get(at)?, &subject, &said);
                if article.language != language {
                    score *= OTHER_LANGUAGE;
                }
                // From 0 to 100: nothing is lost.
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "0 to 100"
                )]
                let score = (score * 100.0).round() as u32;
                (score >= least).then(|| Offered {
                    slug: article.slug.clone(),
                    title: article.title.clone(),
                    score,
                })
            })
            .collect();
        // The same in another language helps nobody who has it in his own.
        let own = |offered: &Offered| {
            self.article(&offered.slug)
                .is_some_and(|article| article.language == language)
        };
        if offered.iter().any(own) {
            offered.retain(own);
        }
        offered.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.slug.cmp(&b.slug)));
        offered.truncate(count);
        offered
    }

    /// The words of a text that tell something, each with its stems; mistyped ones mended.
    fn telling(&self, text: &str, most: usize) -> Vec<Vec<String>> {
        let mut mended = 0;
        fold::words(text)
            .take(most)
            .filter(|word| !fold::is_grammar(&word.folded) && !fold::is_chat(&word.folded))
            .filter(|word| !word.folded.chars().all(|c| c.is_ascii_digit()))
            .map(|word| self.looked_for(&word.folded, &mut mended))
            .collect()
    }

    /// From 0 to 1.
    fn score(
        &self,
        article: &Prepared,
        subject: &[Vec<String>],
        said: &BTreeMap<&String, f64>,
    ) -> f64 {
        let covered = |phrase: &BTreeSet<String>| {
            let all: f64 = phrase.iter().map(|stem| self.weight(stem)).sum();
            let there: f64 = phrase
                .iter()
                .filter_map(|stem| Some(self.weight(stem) * said.get(stem)?))
                .sum();
            if all > 0.0 { there / all } else { 0.0 }
        };
        // A synonym counts whole or not at all; of a title people say the half.
        let whole = article
            .phrases
            .iter()
            .filter(|phrase| phrase.iter().all(|stem| said.contains_key(stem)))
            .map(covered);
        let own = whole.fold(covered(&article.title), f64::max);
        let is_key = |stem: &String| {
            article.title.contains(stem)
                || article.phrases.iter().any(|phrase| phrase.contains(stem))
        };
        let (mut all, mut known) = (0.0, 0.0);
        for word in subject {
            let weight = word
                .iter()
                .map(|stem| self.weight(stem))
                .fold(0.0, f64::max);
            all += weight;
            if word.iter().any(is_key) {
                known += weight;
            } else if word.iter().any(|stem| article.body.contains(stem)) {
                known += weight * IN_BODY;
            }
        }
        let cover = if all > 0.0 { known / all } else { IN_BODY };
        own * (OWN_WORDS + (1.0 - OWN_WORDS) * cover)
    }

    /// How much a stem tells: the fewer articles have it, the more.
    fn weight(&self, stem: &str) -> f64 {
        let all = f64::from(u32::try_from(self.articles.len()).unwrap_or(u32::MAX)).max(FEWEST);
        match self.frequency.get(stem) {
            Some(count) => (1.0 + all / (1.0 + f64::from(*count))).ln(),
            None => (1.0 + all).ln() * UNKNOWN,
        }
    }
}

fn prepare(article: &Article) -> Prepared {
    let of = |text: &str| -> BTreeSet<String> {
        fold::words(text)
            .filter(|word| !fold::is_grammar(&word.folded))
            .map(|word| stem(&word.folded, &article.language))
            .collect()
    };
    // « en panne » tells nothing of a mail either.
    let telling = |text: &str| -> BTreeSet<String> {
        fold::words(text)
            .filter(|word| !fold::is_grammar(&word.folded) && !fold::is_chat(&word.folded))
            .map(|word| stem(&word.folded, &article.language))
            .collect()
    };
    let text = render::text(article);
    Prepared {
        title: telling(&article.title),
        phrases: article
            .words
            .iter()
            .map(|phrase| telling(phrase))
            .filter(|phrase| !phrase.is_empty())
            .collect(),
        body: of(&text),
        text,
    }
}

fn entry(article: &Article, prepared: &Prepared) -> Entry {
    let stemmed = |text: &str| -> String {
        fold::words(text)
            .map(|word| stem(&word.folded, &article.language))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let named = format!(
        "{} {} {}",
        article.words.join(" "),
        article.category.join(" "),
        article.reference.as_deref().unwrap_or_default()
    );
    let everything = format!("{} {named} {}", article.title, prepared.text);
    let forms: BTreeSet<String> = fold::words(&everything).map(|word| word.folded).collect();
    Entry {
        title: stemmed(&article.title),
        words: stemmed(&named),
        body: stemmed(&prepared.text),
        forms: forms.into_iter().collect::<Vec<_>>().join(" "),
    }
}
