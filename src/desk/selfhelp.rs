//! Articles that answer a request without a person (rows L3, L4): offered with the acknowledgement,
//! never instead of it. One plain word of the requester closes; silence closes nothing that no person has
//! read: it hands the request to the team.

use super::draft::Draft;
use super::lexicon;
use super::lifecycle::{self, Step, Writer};
use super::policy::{Articles, Policy};
use super::tell::{self, Words};
use super::verdict::Said;
use super::{Arrival, Because, Kind, occasion, words};
use crate::knowledge::{Offered, SURE};
use crate::ticket::{Actor, Awaited, Role, Status, Ticket, TicketId, Verdict, What};

/// What the category of a request leaves to articles.
fn leaves(policy: &Policy, category: Option<&str>) -> Articles {
    category
        .and_then(|category| policy.category(category))
        .map(|category| category.articles)
        .unwrap_or_default()
}

/// The articles that the acknowledgement of a new request offers.
pub fn offered(policy: &Policy, arrival: &Arrival, category: Option<&str>) -> Vec<Offered> {
    match leaves(policy, category) {
        Articles::Never => Vec::new(),
        Articles::Offer | Articles::Answer => arrival.offered.clone(),
    }
}

/// A request of a category that is left to articles, and one that surely answers it: the requester has
/// the next word. Whatever he writes opens it again, so nobody is left alone.
pub fn answer(draft: &mut Draft<'_>, id: TicketId) -> Option<String> {
    let policy = draft.policy;
    let ticket = draft.ticket(id)?;
    let sure = ticket.offered.first().filter(|first| first.score >= SURE)?;
    if leaves(policy, ticket.category.as_deref()) != Articles::Answer
        || ticket.claim.is_some()
        || ticket.status != Status::Open
        // There must be a day on which the team takes it up all the same.
        || lifecycle::reminders(draft, id, draft.now).is_empty()
    {
        return None;
    }
    let title = sure.title.clone();
    let waits = Status::Waiting {
        of: Awaited::Requester,
    };
    let reason = answered(&title, &ticket.language);
    lifecycle::set(draft, id, Actor::desk(), waits, Some(reason));
    Some(words::pick(
        &policy.language,
        format!(
            "Répondu par l'article « {title} », comme sa catégorie le veut : en attente du demandeur, dont toute réponse rouvre le ticket."
        ),
        format!(
            "Answered by the article \"{title}\", as its category wants: the requester has the next word, and any reply of theirs opens the ticket."
        ),
    ))
}

fn answered(title: &str, language: &str) -> String {
    words::pick(
        language,
        format!("Un article y répond : « {title} »."),
        format!("An article answers it: \"{title}\"."),
    )
}

fn solved(title: Option<&str>, language: &str) -> String {
    match title {
        Some(title) => words::pick(
            language,
            format!("Résolu par l'article « {title} »."),
            format!("Solved by the article \"{title}\"."),
        ),
        None => words::pick(
            language,
            "Résolu par un article proposé.",
            "Solved by an article that was offered.",
        ),
    }
}

/// What was said of an offered article in the language of the requester, in that of a technician; `None`:
/// it is another sentence.
pub fn retold(said: &str, offered: &[Offered], language: &str) -> Option<String> {
    let is =
        |sentence: &dyn Fn(&str) -> String| ["fr", "en"].iter().any(|one| sentence(one) == said);
    let titles = || offered.iter().map(|article| article.title.as_str());
    if let Some(title) = titles().find(|title| is(&|one| answered(title, one))) {
        return Some(answered(title, language));
    }
    let mut solutions = titles().map(Some).chain([None]);
    let title = solutions.find(|title| is(&|one| solved(*title, one)))?;
    Some(solved(title, language))
}

/// Its requester is silent about the article that answered it, and no person has read it.
pub fn is_unread(draft: &Draft<'_>, ticket: &Ticket) -> bool {
    let events = draft.known.history.get(&ticket.id).into_iter().flatten();
    let waits = Status::Waiting {
        of: Awaited::Requester,
    };
    // What began the wait, and every new date of it: the desk alone, or somebody has looked at it.
    let mut said = events
        .rev()
        .filter_map(|event| match &event.what {
            What::Status { to, .. } => Some((*to, event.actor.role)),
            What::Undone { ticket, .. } => Some((ticket.status, event.actor.role)),
            _ => None,
        })
        .take_while(|(to, _)| *to == waits)
        .peekable();
    !ticket.offered.is_empty()
        && said.peek().is_some()
        && said.all(|(_, role)| role == Role::Desk)
        && may_be(draft, ticket)
}

/// Then the team reads it.
pub fn hand_over(draft: &mut Draft<'_>, id: TicketId) {
    let language = draft.policy.language.clone();
    let reason = words::pick(
        &language,
        "Sans nouvelles du demandeur après l'article proposé : une personne lit la demande.",
        "No news of the requester after the article that was offered: a person reads the request.",
    );
    lifecycle::set(draft, id, Actor::desk(), Status::Open, Some(reason));
    let line = words::pick(
        &language,
        "Un article avait répondu à cette demande, son demandeur n'en a rien dit : elle est ouverte, à lire par une personne. S'il suffisait, #clore.",
        "An article had answered this request and its requester said nothing: it is open, for a person to read. If the article was enough, #close.",
    );
    tell::staff(draft, id, Kind::TeamAlert, &Words::default(), &[line], None);
}

/// The requester says plainly that an article solved it, before anybody else has answered.
pub fn is_solved(draft: &Draft<'_>, ticket: &Ticket, said: &Said) -> bool {
    said.writer == Writer::Requester
        && !said.has_files
        && said.reaction.is_none()
        && may_be(draft, ticket)
        && lexicon::helped(&said.words.text)
}

/// Articles were offered, and no person has answered: then it can only be an article that helped.
fn may_be(draft: &Draft<'_>, ticket: &Ticket) -> bool {
    let open = matches!(
        ticket.status,
        Status::Open
            | Status::Waiting {
                of: Awaited::Requester
            }
    );
    let mut events = draft.known.history.get(&ticket.id).into_iter().flatten();
    let answered = events.any(|event| {
        event.public
            && matches!(event.what, What::Mail { .. })
            && matches!(event.actor.role, Role::Technician | Role::Operator)
    });
    open && !ticket.offered.is_empty() && !answered
}

/// Closes what an article solved; `slug`, when it is known which. Whoever would have worked on it hears
/// that it is done.
///
/// # Errors
/// Why it cannot be, for operators.
pub fn solve(
    draft: &mut Draft<'_>,
    ticket: &Ticket,
    actor: Actor,
    slug: Option<&str>,
    said: &Words,
) -> Result<(), String> {
    let id = ticket.id;
    if !may_be(draft, ticket) {
        return Err("no article was offered, or somebody has answered since".to_owned());
    }
    let article = match (slug, ticket.offered.as_slice()) {
        (Some(slug), offered) => offered.iter().find(|article| article.slug == slug),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    if slug.is_some() && article.is_none() {
        return Err("that article was not offered".to_owned());
    }
    let to = lifecycle::next(ticket.status, Step::Close, "en")?;
    let reason = |language: &str| solved(article.map(|article| article.title.as_str()), language);
    let because = reason(&ticket.language);
    let verdict = What::Verdict {
        verdict: Verdict::Helped,
        reason: Some(because.clone()),
    };
    draft.event(id, actor.clone(), true, verdict);
    lifecycle::set(draft, id, actor, to, Some(because));
    draft
        .decision
        .helped
        .extend(article.map(|article| article.slug.clone()));
    occasion::public(draft, id, Kind::Closed, Because::Helped);
    let language = draft.policy.language.clone();
    let line = words::pick(
        &language,
        format!(
            "{} Le ticket est clos, il n'y a rien à faire.",
            reason(&language)
        ),
        format!(
            "{} The ticket is closed, there is nothing to do.",
            reason(&language)
        ),
    );
    let cause = said.author.as_ref().map(|who| who.address.clone());
    tell::staff(draft, id, Kind::TeamReply, said, &[line], cause.as_deref());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_of_an_article_is_said_again_in_another_language() {
        let offered = [Offered {
            slug: "comptes/mot-de-passe".to_owned(),
            title: "Mot de passe oublié".to_owned(),
            score: 90,
        }];
        for (said, again) in [
            (
                "Solved by the article \"Mot de passe oublié\".",
                Some("Résolu par l'article « Mot de passe oublié »."),
            ),
            (
                "An article answers it: \"Mot de passe oublié\".",
                Some("Un article y répond : « Mot de passe oublié »."),
            ),
            (
                "Solved by an article that was offered.",
                Some("Résolu par un article proposé."),
            ),
            ("Solved by the article \"Another\".", None),
            ("Le lien ne s'ouvre pas.", None),
        ] {
            assert_eq!(retold(said, &offered, "fr").as_deref(), again, "{said}");
        }
    }
}
