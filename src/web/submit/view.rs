//! What the pages of the form show.

use std::collections::BTreeMap;

use serde::Serialize;

use super::typed::{Mistakes, Typed, UNKNOWN, question_field};
use crate::desk::form::{Effect, NO, QuestionKind, YES, one_line};
use crate::desk::policy::{Category, Policy};
use crate::mail::Address;
use crate::notification::date;
use crate::store::DraftFile;
use crate::ticket::Nature;
use crate::web::form::at_most;
use crate::web::status::pick;
use crate::web::view::unbroken;

/// So many categories fit on one page with everything else; of more, one is chosen first.
const FITS: usize = 7;

/// The form, as one page shows it.
#[derive(Debug, Serialize)]
pub struct Shown<'a> {
    /// Its number.
    number: &'a str,
    typed: &'a Typed,
    mistakes: Vec<Mistake<'a>>,
    /// Sentences by field.
    wrong: &'a Mistakes,
    /// A category is chosen first, on a page of its own.
    first: bool,
    /// Something is typed already.
    kept: bool,
    /// It was: it stands there alone.
    alone: bool,
    groups: Vec<Group>,
    teams: Vec<Choice>,
    effects: Vec<Choice>,
    files: Vec<File>,
    /// Who it is, when that is known.
    author: Option<Author>,
    internal_only: bool,
    upload: String,
    token: &'a str,
    /// Articles are shown while it is typed.
    suggests: bool,
}

/// Beside the summary of mistakes: a link to the field.
#[derive(Debug, Serialize)]
struct Mistake<'a> {
    id: String,
    /// The question of a category that it is about: its sentence does not say.
    question: Option<String>,
    sentence: &'a str,
}

#[derive(Debug, Serialize)]
struct Author {
    name: Option<String>,
    address: String,
}

#[derive(Debug, Serialize)]
struct Group {
    title: &'static str,
    entries: Vec<Entry>,
}

/// A category.
#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    name: String,
    explanation: Option<String>,
    warning: Option<String>,
    /// Token of its type; empty when its author says it.
    nature: &'static str,
    /// It is for whichever service.
    any_team: bool,
    checked: bool,
    questions: Vec<Asked>,
}

/// A question of a category.
#[derive(Debug, Serialize)]
struct Asked {
    id: String,
    label: String,
    kind: &'static str,
    required: bool,
    help: Option<String>,
    value: String,
    choices: Vec<Choice>,
    wrong: Option<String>,
}

#[derive(Debug, Serialize)]
struct Choice {
    value: String,
    label: String,
    /// Beside it.
    note: Option<String>,
    checked: bool,
}

/// A file that is kept already.
#[derive(Debug, Serialize)]
pub struct File {
    id: i64,
    name: String,
    size: String,
}

/// What a form stands in.
pub struct Surroundings<'a> {
    pub policy: &'a Policy,
    pub language: &'a str,
    pub number: &'a str,
    pub author: Option<&'a Address>,
    pub internal_only: bool,
    /// Bytes of all files.
    pub upload: u64,
    /// Proves that the form is the author's, where a proxy says who he is.
    pub token: &'a str,
    pub suggests: bool,
    /// Something is kept under the number.
    pub kept: bool,
}

/// The form with what was typed, and what was wrong with it.
pub fn form<'a>(
    surroundings: &Surroundings<'a>,
    typed: &'a Typed,
    wrong: &'a Mistakes,
    files: &[DraftFile],
) -> Shown<'a> {
    let Surroundings {
        policy, language, ..
    } = *surroundings;
    let many = policy.categories.len() > FITS;
    let chosen = !typed.category.is_empty()
        && (typed.category(policy).is_some() || typed.category == UNKNOWN);
    let alone = many && chosen;
    Shown {
        number: surroundings.number,
        typed,
        mistakes: mistakes(policy, wrong),
        wrong,
        first: many && !chosen,
        kept: surroundings.kept,
        alone,
        groups: groups(policy, language, typed, wrong, alone),
        teams: teams(policy, typed),
        effects: Effect::ALL
            .into_iter()
            .map(|effect| Choice {
                value: effect.as_str().to_owned(),
                label: effect.sentence(language),
                note: Some(policy.level_name(effect.level(), language).to_owned()),
                checked: typed.effect == effect.as_str(),
            })
            .collect(),
        files: self::files(files, language),
        author: surroundings.author.map(|author| Author {
            name: author.name.clone(),
            address: author.address.clone(),
        }),
        internal_only: surroundings.internal_only,
        upload: at_most(surroundings.upload, language),
        token: surroundings.token,
        suggests: surroundings.suggests,
    }
}

/// Fields in the order of the page; the questions of a category follow it.
const ORDER: [&str; 12] = [
    "formulaire",
    "categorie",
    "q-",
    "titre",
    "details",
    "effet",
    "beneficiaire",
    "beneficiaire-adresse",
    "telephone",
    "fichiers",
    "liens",
    "nom",
];

fn mistakes<'a>(policy: &Policy, wrong: &'a Mistakes) -> Vec<Mistake<'a>> {
    let labels: BTreeMap<String, &str> = policy
        .categories
        .iter()
        .flat_map(|category| {
            let questions = category.questions.iter().enumerate();
            questions.map(|(number, question)| {
                (
                    question_field(&category.id, number),
                    question.label.as_str(),
                )
            })
        })
        .collect();
    let place = |field: &str| {
        let field = if field.starts_with("q-") { "q-" } else { field };
        let place = ORDER.iter().position(|known| *known == field);
        place.unwrap_or(ORDER.len())
    };
    let mut mistakes: Vec<Mistake<'_>> = wrong
        .iter()
        .map(|(field, sentence)| Mistake {
            id: field.clone(),
            question: labels.get(field).map(|label| (*label).to_owned()),
            sentence,
        })
        .collect();
    mistakes.sort_by_key(|mistake| place(&mistake.id));
    mistakes
}

/// The files of a request that waits.
pub fn files(files: &[DraftFile], language: &str) -> Vec<File> {
    files
        .iter()
        .map(|file| File {
            id: file.id,
            name: file.name.clone(),
            size: date::size(file.size, language),
        })
        .collect()
}

/// What is broken, what can be asked for, what could be better: in this order, and each only when
/// there is something.
fn groups(
    policy: &Policy,
    language: &str,
    typed: &Typed,
    wrong: &Mistakes,
    alone: bool,
) -> Vec<Group> {
    let of = |nature: Nature| {
        let categories = policy.categories.iter();
        let mut entries: Vec<Entry> = categories
            .filter(|category| category.nature.unwrap_or_default() == nature)
            .map(|category| entry(category, typed, wrong))
            .collect();
        if nature == Nature::Incident {
            entries.push(unknown(language, typed));
        }
        entries.retain(|entry| !alone || entry.checked);
        entries
    };
    [
        (
            Nature::Incident,
            pick(language, "Signaler un problème", "Report a problem"),
        ),
        (
            Nature::Request,
            pick(
                language,
                "Faire une demande de service",
                "Request a service",
            ),
        ),
        (
            Nature::Suggestion,
            pick(language, "Faire une suggestion", "Make a suggestion"),
        ),
    ]
    .into_iter()
    .map(|(nature, title)| Group {
        title,
        entries: of(nature),
    })
    .filter(|group| !group.entries.is_empty())
    .collect()
}

fn entry(category: &Category, typed: &Typed, wrong: &Mistakes) -> Entry {
    let checked = typed.category == category.id;
    let set = |words: &str| unbroken(words, &typed.language);
    let questions = category.questions.iter().enumerate();
    Entry {
        id: category.id.clone(),
        name: category.full_name(),
        explanation: category.explanation.as_deref().map(set),
        warning: category.warning.as_deref().map(set),
        nature: category.nature.map(Nature::as_str).unwrap_or_default(),
        any_team: category.team.is_none(),
        checked,
        questions: questions
            .map(|(number, question)| {
                let id = question_field(&category.id, number);
                let given = typed.answers.get(&number).filter(|_| checked);
                let value = given.cloned().unwrap_or_default();
                let (kind, choices) = match &question.kind {
                    QuestionKind::Text => ("text", Vec::new()),
                    QuestionKind::Long => ("long", Vec::new()),
                    QuestionKind::Date => ("date", Vec::new()),
                    QuestionKind::Choice(choices) => {
                        let choices = choices.iter().map(|choice| (&**choice, &**choice));
                        ("choice", offered(choices, &value))
                    }
                    QuestionKind::YesNo => {
                        let yes = pick(&typed.language, "Oui", "Yes");
                        let no = pick(&typed.language, "Non", "No");
                        (
                            "yes-no",
                            offered([(YES, yes), (NO, no)].into_iter(), &value),
                        )
                    }
                };
                Asked {
                    wrong: wrong.get(&id).filter(|_| checked).cloned(),
                    label: set(&question.label),
                    kind,
                    required: question.required,
                    help: question.help.as_deref().map(set),
                    value,
                    choices,
                    id,
                }
            })
            .collect(),
    }
}

fn offered<'a>(choices: impl Iterator<Item = (&'a str, &'a str)>, given: &str) -> Vec<Choice> {
    choices
        .map(|(value, label)| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            note: None,
            checked: value == given,
        })
        .collect()
}

/// For whoever finds nothing: a wrong category costs nothing, and neither does none (S1.31).
fn unknown(language: &str, typed: &Typed) -> Entry {
    Entry {
        id: UNKNOWN.to_owned(),
        name: pick(language, "Je ne sais pas", "I do not know").to_owned(),
        explanation: Some(
            pick(
                language,
                "Décrivez votre demande\u{a0}: nous trouverons la bonne catégorie.",
                "Describe your request: we will find the right category.",
            )
            .to_owned(),
        ),
        warning: None,
        nature: "",
        any_team: true,
        checked: typed.category == UNKNOWN,
        questions: Vec::new(),
    }
}

/// The services that one can turn to, when there are several.
fn teams(policy: &Policy, typed: &Typed) -> Vec<Choice> {
    if policy.teams.len() < 2 {
        return Vec::new();
    }
    let teams = policy.teams.iter();
    teams
        .map(|team| Choice {
            value: team.id.clone(),
            label: team.name.clone(),
            note: None,
            checked: typed.team == team.id,
        })
        .collect()
}

/// A request as its author reads it again before it is sent.
#[derive(Debug, Serialize)]
pub struct Summary {
    title: String,
    /// Category, with its client.
    category: Option<String>,
    warning: Option<String>,
    text: String,
    urgency: Option<String>,
    beneficiary: Option<String>,
    phone: Option<String>,
    name: Option<String>,
    address: String,
    files: Vec<File>,
}

/// The summary of what was typed; `text` is what the request says.
pub fn summary(
    policy: &Policy,
    typed: &Typed,
    text: String,
    files: &[DraftFile],
    author: Option<&Address>,
) -> Summary {
    let language = &typed.language;
    let category = typed.category(policy);
    let effect = typed.effect(policy);
    let beneficiary = [&typed.beneficiary, &typed.beneficiary_address];
    let beneficiary: Vec<&str> = beneficiary
        .into_iter()
        .map(|part| part.trim())
        .filter(|part| typed.for_other && !part.is_empty())
        .collect();
    Summary {
        title: typed.title.trim().to_owned(),
        category: category.map(Category::full_name),
        warning: category
            .and_then(|category| category.warning.as_deref())
            .map(|words| unbroken(words, language)),
        text,
        urgency: effect.map(|effect| policy.level_name(effect.level(), language).to_owned()),
        beneficiary: Some(beneficiary.join(", ")).filter(|text| !text.is_empty()),
        phone: Some(typed.phone.trim().to_owned()).filter(|phone| !phone.is_empty()),
        name: author.map_or_else(
            || Some(one_line(&typed.name)).filter(|name| !name.is_empty()),
            |author| author.name.clone(),
        ),
        address: author.map_or_else(
            || typed.address.trim().to_owned(),
            |author| author.address.clone(),
        ),
        files: self::files(files, language),
    }
}
