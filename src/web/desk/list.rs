//! The lists: pool, mine, waiting, late, all, with filters, pages and a search.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::status::pick;
use super::super::{Site, page, see, unavailable};
use super::frame::{self, Choice};
use super::identity::Staff;
use super::words;
use crate::desk::{Policy, reference};
use crate::store::{COUNTED, Listing, Place, Sought, TeamOf, View};
use crate::ticket::{Claim, Level, Nature, Status, Ticket};

/// Tickets of a page.
const PAGE: usize = 50;

/// What of a search is read.
const SEARCH_CHARACTERS: usize = 200;

pub type Parameters = Query<HashMap<String, String>>;

#[derive(Serialize)]
struct Tab {
    label: &'static str,
    link: String,
    count: Option<String>,
    current: bool,
}

#[derive(Serialize)]
struct Row {
    link: String,
    reference: String,
    title: String,
    requester: String,
    technician: Option<String>,
    team: String,
    category: Option<String>,
    status: &'static str,
    status_token: &'static str,
    claim: Option<&'static str>,
    high: bool,
    late: bool,
    unverified: bool,
    /// Since when it stands like that, short; and for machines.
    since: String,
    since_at: String,
}

/// What was asked for.
struct Asked {
    view: View,
    team: Option<String>,
    status: Option<String>,
    category: Option<String>,
    text: String,
    after: Option<Place>,
}

impl Asked {
    fn of(parameters: &HashMap<String, String>, staff: &Staff, policy: &Policy) -> Self {
        let given = |name: &str| parameters.get(name).map(|value| value.trim());
        let some = |name: &str| given(name).filter(|value| !value.is_empty());
        let view = View::ALL
            .into_iter()
            .find(|view| given("view") == Some(view.as_str()));
        let is_status = |value: &&str| words::STATUSES.iter().any(|(token, ..)| token == value);
        Self {
            view: view.unwrap_or_default(),
            team: some("team")
                .filter(|id| staff.technician.teams.iter().any(|team| team == id))
                .map(str::to_owned),
            status: some("status").filter(is_status).map(str::to_owned),
            category: some("category")
                .filter(|id| policy.category(id).is_some())
                .map(str::to_owned),
            text: given("q")
                .unwrap_or_default()
                .chars()
                .take(SEARCH_CHARACTERS)
                .collect(),
            after: given("after").and_then(place),
        }
    }

    /// The team that was chosen, else all of his.
    fn teams<'a>(&'a self, staff: &'a Staff) -> &'a [String] {
        match &self.team {
            Some(team) => std::slice::from_ref(team),
            None => staff.technician.teams.as_slice(),
        }
    }

    fn listing(&self, view: View, staff: &Staff, policy: &Policy, now: DateTime<Utc>) -> Listing {
        Listing {
            view,
            teams: self
                .teams(staff)
                .iter()
                .map(|id| TeamOf {
                    id: id.clone(),
                    late_before: late_before(policy, id, now),
                })
                .collect(),
            with_own: self.team.is_none(),
            technician: staff.technician.who().key(),
            status: self.status.clone().filter(|_| view == View::All),
            category: self.category.clone(),
            after: self.after.filter(|_| view == self.view),
            limit: PAGE,
        }
    }

    fn link(&self, staff: &Staff, view: View, after: Option<Place>) -> String {
        let after = after.map(|Place(first, second, id)| format!("{first}.{second}.{id}"));
        let status = self.status.as_deref().filter(|_| view == View::All);
        staff.visitor.link(
            "/desk",
            &[
                ("view", view.as_str()),
                ("team", self.team.as_deref().unwrap_or_default()),
                ("status", status.unwrap_or_default()),
                ("category", self.category.as_deref().unwrap_or_default()),
                ("after", after.as_deref().unwrap_or_default()),
            ],
        )
    }
}

/// A place as it stands in a link.
fn place(written: &str) -> Option<Place> {
    let mut numbers = written.split('.').map(str::parse);
    let place = Place(
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
    );
    numbers.next().is_none().then_some(place)
}

/// What has been open since before that is late.
fn late_before(policy: &Policy, team: &str, now: DateTime<Utc>) -> DateTime<Utc> {
    let begun = policy
        .team(team)
        .and_then(|team| Some(team.calendar.begun_before(now, team.late_after?)));
    begun.unwrap_or(DateTime::UNIX_EPOCH)
}

/// An open ticket whose team has had it for too long; a suggestion has all the time.
pub fn is_late(policy: &Policy, ticket: &Ticket, now: DateTime<Utc>) -> bool {
    ticket.status == Status::Open
        && ticket.nature != Nature::Suggestion
        && ticket.status_since < late_before(policy, &ticket.team, now)
}

fn name_of(view: View, language: &str) -> &'static str {
    match view {
        View::Pool => pick(language, "Pot commun", "Pool"),
        View::Mine => pick(language, "Mes tickets", "Mine"),
        View::Waiting => pick(language, "En attente", "Waiting"),
        View::Late => pick(language, "En retard", "Late"),
        View::All => pick(language, "Tous", "All"),
    }
}

pub async fn show(
    State(site): State<Arc<Site>>,
    staff: Staff,
    Query(parameters): Parameters,
) -> Response {
    let rules = site.service.rules();
    let asked = Asked::of(&parameters, &staff, &rules.policy);
    if let Some(id) = reference::typed(&asked.text, &rules.policy.prefixes())
        && let Ok(Some(ticket)) = site.service.store().ticket(id).await
        && super::ticket::may_see(&staff, &ticket)
    {
        return see(&staff.visitor.link(&format!("/desk/{id}"), &[]));
    }
    match listed(&site, &staff, &asked).await {
        Ok(context) => page(StatusCode::OK, "desk/list.html", &context),
        Err(error) => {
            tracing::error!("A list cannot be read: {error:#}");
            unavailable(&site, &staff.visitor)
        }
    }
}

async fn listed(site: &Site, staff: &Staff, asked: &Asked) -> Result<tera::Context> {
    let rules = site.service.rules();
    let policy = &rules.policy;
    let (now, language) = (site.service.now(), staff.visitor.language);
    let store = site.service.store();
    let mut context = frame::context(site, staff, "list");
    let searches = !asked.text.is_empty();

    let counted = [View::Pool, View::Mine, View::Waiting, View::Late];
    let listings = counted.map(|view| asked.listing(view, staff, policy, now));
    let counts = store.count_lists(listings.to_vec()).await?;
    let tabs: Vec<Tab> = View::ALL
        .into_iter()
        .map(|view| {
            let place = counted.iter().position(|counted| *counted == view);
            let count = place.and_then(|place| counts.get(place));
            Tab {
                label: name_of(view, language),
                link: asked.link(staff, view, None),
                count: count.map(|count| match *count {
                    COUNTED.. => format!("{COUNTED}+"),
                    count => count.to_string(),
                }),
                current: view == asked.view && !searches,
            }
        })
        .collect();

    let tickets = if searches {
        let sought = Sought {
            teams: asked.teams(staff).to_vec(),
            technician: asked.team.is_none().then(|| staff.technician.who().key()),
            addresses: policy.directory.addresses_of(&asked.text),
            status: asked.status.clone().filter(|_| asked.view == View::All),
            category: asked.category.clone(),
            limit: PAGE,
        };
        let hits = store.find(&asked.text, sought).await?;
        context.insert("cut", &hits.cut);
        context.insert("next", &None::<String>);
        hits.tickets
    } else {
        let page = store
            .list(asked.listing(asked.view, staff, policy, now))
            .await?;
        let next = page.next.map(|at| asked.link(staff, asked.view, Some(at)));
        context.insert("cut", &false);
        context.insert("next", &next);
        page.tickets
    };
    let rows: Vec<Row> = tickets
        .iter()
        .map(|ticket| row(policy, ticket, staff, now))
        .collect();
    let first = asked.link(staff, asked.view, None);
    context.insert("first", &asked.after.map(|_| first.clone()));
    context.insert("view", asked.view.as_str());
    context.insert("title", name_of(asked.view, language));
    context.insert("tabs", &tabs);
    context.insert("rows", &rows);
    context.insert("q", &asked.text);
    context.insert("teams", &teams(policy, staff, asked));
    context.insert("categories", &categories(policy, asked));
    context.insert("statuses", &statuses(asked, language));
    Ok(context)
}

fn row(policy: &Policy, ticket: &Ticket, staff: &Staff, now: DateTime<Utc>) -> Row {
    let language = staff.visitor.language;
    let requester = ticket.requester().map(|person| words::name(&person.who));
    let technician = ticket.technician.as_ref().map(words::name);
    let category = ticket.category.as_deref();
    let open_claim = ticket.claim.filter(|claim| *claim != Claim::Lowered);
    Row {
        link: staff.visitor.link(&format!("/desk/{}", ticket.id), &[]),
        reference: ticket.reference.to_string(),
        title: ticket.title.clone(),
        requester: requester.unwrap_or_default().to_owned(),
        technician: technician.map(str::to_owned),
        team: policy.team_name(&ticket.team).to_owned(),
        category: category
            .and_then(|id| policy.category(id))
            .map(|category| category.full_name()),
        status: words::status(ticket.status, language),
        status_token: ticket.status.as_str(),
        claim: open_claim.map(|claim| words::claim(claim, language)),
        high: ticket.priority == Level::High,
        late: is_late(policy, ticket, now),
        unverified: !ticket.verified,
        since: words::ago(ticket.status_since, now, language),
        since_at: ticket.status_since.to_rfc3339(),
    }
}

fn teams(policy: &Policy, staff: &Staff, asked: &Asked) -> Vec<Choice> {
    let own = staff.technician.teams.iter();
    let teams: Vec<Choice> = own
        .filter_map(|id| policy.team(id))
        .map(|team| Choice::new(&team.id, &team.name, asked.team.as_ref() == Some(&team.id)))
        .collect();
    // There is nothing to choose of one.
    if teams.len() > 1 { teams } else { Vec::new() }
}

fn categories(policy: &Policy, asked: &Asked) -> Vec<Choice> {
    let categories = policy.categories.iter();
    categories
        .map(|category| {
            let chosen = asked.category.as_ref() == Some(&category.id);
            Choice::new(&category.id, &category.full_name(), chosen)
        })
        .collect()
}

fn statuses(asked: &Asked, language: &str) -> Vec<Choice> {
    if asked.view != View::All {
        return Vec::new();
    }
    let statuses = words::STATUSES.iter();
    statuses
        .map(|(token, french, english)| {
            let label = pick(language, french, english);
            Choice::new(token, label, asked.status.as_deref() == Some(token))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_as_it_went() {
        assert_eq!(place("1.-20.300"), Some(Place(1, -20, 300)));
        for wrong in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "a.b.c",
            "1.2.99999999999999999999",
        ] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
