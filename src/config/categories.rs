//! `[[categories]]`: what tickets are about, with the words that tell.

use crate::desk::classify::Term;
use crate::desk::form::{Question, QuestionKind};
use crate::desk::policy::{Articles, Category};
use crate::ticket::{Impact, Nature};

use super::compile::list;
use super::reading::Reading;
use super::rules::{known_team, own_id};
use super::written::{self, Config};

/// The categories, in order.
pub fn categories(reading: &mut Reading, config: &Config) -> Vec<Category> {
    let mut categories: Vec<Category> = Vec::new();
    for (index, written) in config.categories.iter().enumerate() {
        let at = format!("categories[{index}]");
        let before = categories.iter().map(|category| category.id.as_str());
        let id = own_id(reading, &at, "category", written.id.as_deref(), before);
        let team = written
            .team
            .as_deref()
            .map(|team| known_team(reading, &format!("{at}.team"), Some(team)));
        let client = written.client.as_deref().and_then(Term::new);
        let mut terms: Vec<Term> = Vec::new();
        for word in list(written.words.as_ref()) {
            let path = format!("{at}.words");
            let Some(term) = Term::new(word) else {
                reading.wrong(
                    &path,
                    format!("\"{word}\" holds no word that could be looked for"),
                );
                continue;
            };
            if let Some(other) = same_word(&categories, &term, &client, &team) {
                reading.wrong(
                    &path,
                    format!("\"{word}\" is a word of category \"{other}\" as well: it could tell neither"),
                );
            }
            terms.push(term);
        }
        // Its own name is a word for it; where nothing else is known, the only one.
        let name = written.name.clone().unwrap_or(id.clone());
        for own in [&name, &id] {
            if let Some(term) = Term::new(own)
                && !terms.iter().any(|known| known.same(&term))
                && same_word(&categories, &term, &client, &team).is_none()
            {
                terms.push(term);
            }
        }
        categories.push(Category {
            questions: questions(reading, &at, &written.questions),
            name,
            explanation: written.explanation.clone(),
            warning: written.warning.clone(),
            team,
            client,
            nature: written.r#type.as_deref().map(|token| match token {
                "request" => Nature::Request,
                "suggestion" => Nature::Suggestion,
                _ => Nature::Incident,
            }),
            impact: match written.impact.as_deref() {
                Some("service") => Impact::Service,
                Some("site") => Impact::Site,
                _ => Impact::Person,
            },
            terms,
            articles: match written.articles.as_deref() {
                Some("answer") => Articles::Answer,
                Some("never") => Articles::Never,
                _ => Articles::Offer,
            },
            id,
        });
    }
    categories
}

/// Questions of one category; a form with more is not filled in.
const QUESTIONS: usize = 12;

/// The questions that the form asks in one category, in order.
fn questions(reading: &mut Reading, at: &str, written: &[written::Question]) -> Vec<Question> {
    if written.len() > QUESTIONS {
        reading.wrong(
            &format!("{at}.questions[{QUESTIONS}]"),
            format!("more than {QUESTIONS} questions: nobody fills in such a form, make two categories of it"),
        );
    }
    let mut questions: Vec<Question> = Vec::new();
    for (index, written) in written.iter().enumerate() {
        let at = format!("{at}.questions[{index}]");
        let label = written.label.as_deref().unwrap_or_default().trim();
        if label.is_empty() {
            reading.missing(&format!("{at}.label"), "label is missing: what is asked");
        } else if questions.iter().any(|known| known.label == label) {
            reading.wrong(
                &format!("{at}.label"),
                format!("a second question \"{label}\" in this category"),
            );
        }
        let choices = list(written.choices.as_ref());
        let kind = match written.kind.as_deref() {
            Some("choice") => {
                if choices.len() < 2 {
                    reading.wrong(
                        &at,
                        "kind = \"choice\" needs choices, two at least, as in choices = [\"A\", \"B\"]",
                    );
                }
                QuestionKind::Choice(choices.to_vec())
            }
            Some("long") => QuestionKind::Long,
            Some("date") => QuestionKind::Date,
            Some("yes-no") => QuestionKind::YesNo,
            _ => QuestionKind::Text,
        };
        if !choices.is_empty() && !matches!(kind, QuestionKind::Choice(_)) {
            reading.wrong(
                &format!("{at}.choices"),
                "choices are for kind = \"choice\" alone",
            );
        }
        questions.push(Question {
            label: label.to_owned(),
            kind,
            required: written.required.unwrap_or(false),
            help: written.help.clone(),
        });
    }
    questions
}

/// The category that has this word already, where both could be meant: for the same client, and
/// for the same team or any.
fn same_word<'a>(
    categories: &'a [Category],
    term: &Term,
    client: &Option<Term>,
    team: &Option<String>,
) -> Option<&'a str> {
    categories
        .iter()
        .filter(|category| category.client == *client)
        .filter(|category| category.team.is_none() || team.is_none() || category.team == *team)
        .find(|category| category.terms.iter().any(|known| known.same(term)))
        .map(|category| category.id.as_str())
}

/// Applications whose tickets are counted, each once.
pub fn applications(reading: &mut Reading, config: &Config) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for name in list(config.desk.applications.as_ref()) {
        match Term::new(name) {
            Some(term) if terms.iter().any(|known| known.same(&term)) => reading.wrong(
                "desk.applications",
                format!("\"{name}\" is there twice: its tickets would count twice"),
            ),
            Some(term) => terms.push(term),
            None => reading.wrong(
                "desk.applications",
                format!("\"{name}\" holds no word that could be looked for"),
            ),
        }
    }
    terms
}
