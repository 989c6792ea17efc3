//! Where the trouble of a ticket is and which applications it names (row N2): what recurs beside its words.

use crate::desk::Policy;
use crate::desk::classify;
use crate::desk::form::{Question, QuestionKind};
use crate::mail::text::fold_accents;
use crate::ticket::{Channel, Event, Ticket, What};

/// A question of the form whose label begins with one of these asks for the site.
const ASKS_FOR_SITE: [&str; 2] = ["site", "campus"];

/// Where the trouble is: what was chosen in the form, else where the directory has who has it.
pub fn site(policy: &Policy, ticket: &Ticket, events: &[Event]) -> Option<String> {
    let chosen = match ticket.channel {
        Channel::Page => chosen(questions(policy, ticket, events), opening(events)),
        Channel::Mail | Channel::Phone => None,
    };
    let people = [ticket.beneficiary(), ticket.requester()];
    let mut entries = people.into_iter().flatten().filter_map(|person| {
        let entry = policy.directory.entry(&person.who.address)?;
        entry.site.clone()
    });
    chosen.or_else(|| entries.next())
}

/// Those of the configuration that its title or its first words name.
pub fn applications(policy: &Policy, ticket: &Ticket, events: &[Event]) -> Vec<String> {
    let named = classify::named(&policy.applications, &ticket.title, opening(events));
    named.map(|term| term.written.clone()).collect()
}

/// Names all that this depends on in the rules of the instance.
pub fn rules(policy: &Policy) -> String {
    let categories = policy.categories.iter();
    let questions: Vec<_> = categories
        .flat_map(|one| site_questions(&one.questions).map(move |asked| (&one.id, asked)))
        .collect();
    format!("{:?} {questions:?}", policy.applications)
}

/// The words that opened it.
fn opening(events: &[Event]) -> &str {
    let texts = events.iter().filter_map(|event| match &event.what {
        What::Mail { text, .. } => Some(text.as_str()),
        _ => None,
    });
    texts.into_iter().next().unwrap_or_default()
}

/// Questions that ask for the site, with the answers that they offer: what anybody could write there
/// would be a site each time.
fn site_questions<'a>(
    questions: impl IntoIterator<Item = &'a Question>,
) -> impl Iterator<Item = (&'a Question, &'a [String])> {
    questions
        .into_iter()
        .filter_map(|question| match &question.kind {
            QuestionKind::Choice(choices) if asks_for_site(&question.label) => {
                Some((question, choices.as_slice()))
            }
            _ => None,
        })
}

fn asks_for_site(label: &str) -> bool {
    let folded = fold_accents(label);
    let first = folded.split(|c: char| !c.is_alphanumeric()).next();
    first.is_some_and(|first| ASKS_FOR_SITE.contains(&first))
}

/// The answer to one of these questions, as the form writes it below the description: the last line that is
/// one, for somebody may have written such a line himself.
fn chosen<'a>(questions: impl Iterator<Item = &'a Question>, text: &str) -> Option<String> {
    let sign = [' ', '\u{a0}', '\u{202f}', ':', '?'];
    site_questions(questions).find_map(|(question, choices)| {
        let label = question.label.trim_end_matches(sign);
        let lines = text.lines().rev();
        let mut answers = lines.filter_map(|line| line.strip_prefix(label));
        answers.find_map(|answer| {
            let answer = answer.trim_matches(sign);
            let mut known = choices.iter().map(|choice| choice.trim());
            known.find(|known| *known == answer).map(str::to_owned)
        })
    })
}

/// What the form asked: the questions of the category that it was opened in, then of that of now.
fn questions<'a>(
    policy: &'a Policy,
    ticket: &'a Ticket,
    events: &'a [Event],
) -> impl Iterator<Item = &'a Question> {
    let opened = events.iter().find_map(|event| match &event.what {
        What::Opened(opened) => opened.category.as_deref(),
        _ => None,
    });
    let categories = opened.into_iter().chain(ticket.category.as_deref());
    categories
        .filter_map(|id| policy.category(id))
        .flat_map(|category| &category.questions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(label: &str, choices: &[&str]) -> Question {
        let choices = choices.iter().map(|one| (*one).to_owned()).collect();
        Question {
            label: label.to_owned(),
            kind: QuestionKind::Choice(choices),
            required: false,
            help: None,
        }
    }

    #[test]
    fn a_site_is_what_the_form_asked_and_no_sentence_of_the_description() {
        let text = "Rien ne marche.\nSite : Nord\nSite : Ouest\n\nSite\u{a0}? Sud";
        let sites = question("Site ?", &["Nord", "Sud"]);
        let others = question("Modèle ?", &["Nord", "Sud"]);
        for (asked, site) in [
            (vec![&sites], Some("Sud")),
            (vec![&others, &sites], Some("Sud")),
            (vec![&others], None),
            (vec![], None),
        ] {
            assert_eq!(chosen(asked.into_iter(), text).as_deref(), site);
        }
    }
}
