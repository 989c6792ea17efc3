//! The pages that belong to no ticket: home, help, the accessibility statement. All that they say of
//! this desk comes from its configuration.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::frame::{self, Visitor};
use super::{Site, page, view};
use crate::config::Conformity;
use crate::desk::Policy;
use crate::desk::calendar::Term;

pub const TEMPLATES: &[(&str, &str)] = &[
    ("home.html", include_str!("web-templates/home.html")),
    ("help.html", include_str!("web-templates/help.html")),
    (
        "statement.html",
        include_str!("web-templates/statement.html"),
    ),
];

pub fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(home))
        .route("/aide", get(help))
        .route("/accessibilite", get(statement))
}

/// An address that people write to (S2.36).
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Listed {
    address: String,
    /// A pattern is no address that could be written to.
    writable: bool,
    about: Option<String>,
    team: Option<String>,
    recommended: bool,
}

/// How a team is reached otherwise.
#[derive(Debug, Serialize)]
struct Phone {
    team: String,
    contact: Option<String>,
    /// Outside working hours (row J9).
    on_call: Option<String>,
}

/// The addresses, the recommended ones first (S2.5); a pattern only where it says what it is for.
fn listed(policy: &Policy, language: &str) -> Vec<Listed> {
    let patterns = policy.addresses.iter();
    let mut listed: Vec<Listed> = patterns
        .map(|pattern| (pattern, pattern.about.as_deref()))
        .map(|(pattern, about)| Listed {
            address: pattern.written.clone(),
            writable: !pattern.written.contains(['*', '?']),
            about: about.map(|about| view::unbroken(about, language)),
            team: policy.team(&pattern.team).map(|team| team.name.clone()),
            recommended: pattern.recommended,
        })
        .filter(|listed| listed.writable || listed.about.is_some())
        .collect();
    listed.sort_by_key(|listed| !listed.recommended);
    listed
}

/// How long a resolution waits for its requester, when all teams agree.
fn closes_after(policy: &Policy, language: &str) -> Option<String> {
    let mut terms = policy.teams.iter().map(|team| team.auto_close_after);
    let first = terms.next()??;
    let same = terms.all(|term| term == Some(first));
    same.then(|| in_words(first, language))
}

fn in_words(term: Term, language: &str) -> String {
    let (count, one, many) = match term {
        Term::After(time) if time.num_days() > 2 => {
            (time.num_days(), ("jour", "day"), ("jours", "days"))
        }
        Term::After(time) => (time.num_hours(), ("heure", "hour"), ("heures", "hours")),
        Term::WorkingTime(time) => (
            time.num_hours(),
            ("heure ouvrée", "working hour"),
            ("heures ouvrées", "working hours"),
        ),
        Term::WorkingDays(days) => (
            days.into(),
            ("jour ouvré", "working day"),
            ("jours ouvrés", "working days"),
        ),
    };
    let (french, english) = if count == 1 { one } else { many };
    format!(
        "{count}\u{a0}{}",
        super::status::pick(language, french, english)
    )
}

async fn home(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let mut context = frame::context(&site, &visitor);
    let rules = site.service.rules();
    let mut listed = listed(&rules.policy, visitor.language);
    if listed.iter().any(|listed| listed.recommended) {
        listed.retain(|listed| listed.recommended);
    }
    listed.retain(|listed| listed.writable);
    context.insert("addresses", &listed);
    let gone = visitor.done.as_deref() == Some("plus-suivre");
    context.insert("gone", &gone);
    page(StatusCode::OK, "home.html", &context)
}

async fn help(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let mut context = frame::context(&site, &visitor);
    let policy = &site.service.rules().policy;
    context.insert("addresses", &listed(policy, visitor.language));
    context.insert("closes_after", &closes_after(policy, visitor.language));
    let phones: Vec<Phone> = policy
        .teams
        .iter()
        .filter(|team| team.contact.is_some() || team.on_call.is_some())
        .map(|team| Phone {
            team: team.name.clone(),
            contact: team.contact.clone(),
            on_call: team.on_call.clone(),
        })
        .collect();
    context.insert("phones", &phones);
    page(StatusCode::OK, "help.html", &context)
}

async fn statement(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let mut context = frame::context(&site, &visitor);
    let current = site.service.current();
    let facts = &current.settings.web.accessibility;
    let conformity = match facts.conformity {
        Conformity::Full => "full",
        Conformity::Partial => "partial",
        Conformity::Not => "none",
    };
    context.insert("conformity", conformity);
    context.insert("audited", &facts.audited);
    context.insert("exceptions", &facts.exceptions);
    context.insert("drawn_up", &facts.drawn_up);
    context.insert("contact", &facts.contact);
    context.insert("base_url", &current.settings.policy.base_url);
    page(StatusCode::OK, "statement.html", &context)
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    #[test]
    fn one_day_is_a_day() {
        for (term, french, english) in [
            (Term::After(Duration::days(15)), "15 jours", "15 days"),
            (Term::After(Duration::hours(48)), "48 heures", "48 hours"),
            (Term::After(Duration::hours(1)), "1 heure", "1 hour"),
            (Term::WorkingDays(1), "1 jour ouvré", "1 working day"),
            (
                Term::WorkingTime(Duration::hours(1)),
                "1 heure ouvrée",
                "1 working hour",
            ),
        ] {
            let shown = |language| in_words(term, language).replace('\u{a0}', " ");
            assert_eq!((&*shown("fr"), &*shown("en")), (french, english));
        }
    }
}
