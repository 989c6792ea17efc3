//! Tells how a month was when it is over (rows I3, I4, L6, N1): to whom a team names, and to the authors
//! of articles that somebody should read again. Written once for a month, by the first working morning
//! at which the desk runs; of months that passed while it was away only the latest is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::NaiveDate;

use super::{Rules, Service, conclude, statistics as station};
use crate::desk::policy::{Policy, Team};
use crate::desk::words::pick;
use crate::desk::{Enclosed, Input, Kind, Letter, Listed, Monthly, Report, Timer};
use crate::mail::{Address, days};
use crate::statistics::{self, Csv, Figures, Question};
use crate::store::ArticleCounts;
use crate::ticket::{PersonId, Ticket};
use crate::token;

mod articles;

/// A report may be so late.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Suggestions listed; the number of all of them is told.
const SUGGESTIONS: usize = 40;

/// The loop.
pub async fn station(service: Service) -> Result<()> {
    while !service.is_stopping() {
        if let Err(error) = once(&service).await {
            tracing::error!("The month waits to be told: {error:#}");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = service.stopped() => {}
        }
    }
    Ok(())
}

/// Tells what is due now; returns how many reports that were.
pub async fn once(service: &Service) -> Result<usize> {
    let now = service.now();
    let rules = service.rules();
    let due = |calendar| Report::month_due(calendar, now);
    let mut teams: Vec<(&Team, NaiveDate)> = Vec::new();
    for team in &rules.policy.teams {
        let month = due(&team.calendar).filter(|_| !team.report_to.is_empty());
        teams.extend(month.map(|month| (team, month)));
    }
    let reminds = rules.policy.remind_authors && rules.knowledge.is_there();
    let first = rules.policy.teams.first().filter(|_| reminds);
    let articles = first.and_then(|team| due(&team.calendar));
    if teams.is_empty() && articles.is_none() {
        return Ok(0);
    }
    let told = service.store().reported().await?;
    let is_new = |name: &str, month| told.get(name).is_none_or(|told| *told < month);
    let mut reports = Vec::new();
    if let Some(month) = articles.filter(|month| is_new(Report::ARTICLES, *month)) {
        let today = now.with_timezone(&rules.policy.timezone).date_naive();
        let articles = rules.knowledge.library().articles();
        reports.push(Report {
            name: Report::ARTICLES.to_owned(),
            month,
            letters: articles::reminders(&rules.policy, articles, today, month),
        });
    }
    for (team, month) in teams {
        let name = Report::of_team(&team.id);
        if is_new(&name, month) {
            reports.push(Report {
                letters: of_team(service, &rules, team, month).await?,
                name,
                month,
            });
        }
    }
    let count = reports.len();
    if count == 0 {
        return Ok(0);
    }
    let inputs = reports.into_iter().map(Timer::Report).map(Input::Timer);
    let settled = service
        .store()
        .settle(inputs.collect(), now, move |input, lookup| {
            conclude(&rules, input, lookup, now)
        })
        .await?;
    for result in settled {
        result?;
    }
    service.inner.bells.outbox.notify_one();
    Ok(count)
}

/// What is drawn up once for all who are told of a team.
struct Month<'a> {
    policy: &'a Policy,
    team: &'a Team,
    question: Question,
    figures: Figures,
    suggestions: Vec<Ticket>,
    articles: &'a [crate::knowledge::Article],
    counts: BTreeMap<String, ArticleCounts>,
    today: NaiveDate,
}

async fn of_team(
    service: &Service,
    rules: &Rules,
    team: &Team,
    month: NaiveDate,
) -> Result<Vec<Letter>> {
    let policy = Arc::new(rules.policy.clone());
    let next = month.checked_add_months(chrono::Months::new(1));
    let question = Question {
        from: month,
        to: next.and_then(|next| next.pred_opt()).unwrap_or(month),
        teams: vec![team.id.clone()],
        individuals: false,
    };
    let store = service.store();
    let figures = station::figures_now(store, &policy, &question).await?;
    // A desk that is new, or a team that nobody writes to, has nothing to tell.
    if figures.opened == 0 && figures.opened_before == 0 {
        return Ok(Vec::new());
    }
    let (from, to) = question.moments(policy.timezone);
    let month = Month {
        policy: &rules.policy,
        team,
        suggestions: store.suggestions(&team.id, from, to).await?,
        articles: rules.knowledge.library().articles(),
        counts: store.article_counts(None).await?,
        today: service.now().with_timezone(&policy.timezone).date_naive(),
        question,
        figures,
    };
    Ok(team.report_to.iter().map(|to| month.letter(to)).collect())
}

impl Month<'_> {
    fn letter(&self, to: &str) -> Letter {
        let technician = self.policy.technician(to);
        let language = technician.map_or(&self.policy.language, |one| &one.language);
        let mut sections = statistics::sections(&self.figures, language);
        sections.extend(articles::sections(self, language));
        // Who signs in to the desk for this team has its pages.
        let colleague = technician.filter(|one| one.teams.contains(&self.team.id));
        let link_for = colleague.map(|one| PersonId(token::staff_number(&one.who().address)));
        let suggestions = self.suggestions.iter().take(SUGGESTIONS);
        Letter {
            kind: Kind::Report,
            to: technician.map_or_else(
                || Address {
                    name: None,
                    address: to.to_owned(),
                },
                |one| Address {
                    address: to.to_owned(),
                    ..one.who()
                },
            ),
            language: language.clone(),
            team: Some(self.team.id.clone()),
            monthly: Monthly {
                about: self.team.name.clone(),
                month: days::month(self.question.from, language),
                sections,
                page: colleague.map(|_| self.page()),
            },
            suggestions: suggestions
                .map(|ticket| Listed {
                    who: None,
                    ..Listed::of(ticket, link_for)
                })
                .collect(),
            enclosed: Some(self.file(language)),
        }
    }

    /// The same period on the page of the figures.
    fn page(&self) -> String {
        let base = self.policy.base_url.trim_end_matches('/');
        let (Question { from, to, .. }, team) = (&self.question, &self.team.id);
        format!("{base}/desk/statistics?from={from}&to={to}&team={team}")
    }

    /// All figures, for a spreadsheet.
    fn file(&self, language: &str) -> Enclosed {
        let tables = statistics::tables(&self.figures, language);
        let name = pick(language, "bilan", "report");
        let month = self.question.from.format("%Y-%m");
        let csv = statistics::csv(&tables, Csv::Spreadsheet(language));
        Enclosed {
            name: format!("{name}-{}-{month}.csv", self.team.id),
            text: String::from_utf8_lossy(&csv).into_owned(),
        }
    }
}
