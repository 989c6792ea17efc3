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
        Channel::Page => chosen(policy, opening(events)),
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
    let questions: Vec<_> = site_questions(policy).collect();
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
fn site_questions(policy: &Policy) -> impl Iterator<Item = (&Question, &[String])> {
    let questions = policy.categories.iter().flat_map(|one| &one.questions);
    questions.filter_map(|question| match &question.kind {
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

/// The answer to such a question, as the form writes it below the description.
fn chosen(policy: &Policy, text: &str) -> Option<String> {
    let sign = [' ', '\u{a0}', '\u{202f}', ':'];
    site_questions(policy)
        .find_map(|(question, choices)| {
            let label = question.label.trim_end_matches(sign);
            let mut answers = text.lines().filter_map(|line| line.strip_prefix(label));
            answers.find_map(|answer| {
                let answer = answer.trim_matches(sign);
                let known = choices.iter().map(|choice| choice.trim());
                known.into_iter().find(|known| *known == answer)
            })
        })
        .map(str::to_owned)
}
