//! Figures as pages: charts, each with its table beside it, and CSV.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Serialize;

use super::super::{Site, page, unavailable, view};
use super::frame::{self, Choice};
use super::identity::Staff;
use super::list;
use crate::desk::Policy;
use crate::desk::policy::Rank;
use crate::mail::text::fold_accents;
use crate::notification::date;
use crate::service::statistics as station;
use crate::statistics::{self, Csv, Figures, Question, Table};
use crate::zone::Zone;

mod chart;

use chart::Chart;

/// Days shown at first.
const USUAL_DAYS: u64 = 30;

/// Days of the longest period that is shown at once.
const LONGEST_DAYS: u64 = 731;

/// A cell, and the head of its column.
#[derive(Serialize)]
struct Shown {
    shown: String,
    column: String,
}

/// Columns that fit on a phone.
const COLUMNS_OF_A_PHONE: usize = 2;

#[derive(Serialize)]
struct Section {
    id: &'static str,
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<Shown>>,
    /// Too many columns for a phone: there, each row is a list.
    wide: bool,
    note: Option<String>,
    chart: Option<Chart>,
    /// The table is long, and its chart tells it.
    folded: bool,
    csv: String,
    excel: String,
}

/// What was asked for.
struct Asked {
    question: Question,
    team: Option<String>,
    /// The period was put right.
    problem: Option<&'static str>,
}

/// Teams whose figures somebody may see: his own; an administrator's are all.
fn teams_of(staff: &Staff, policy: &Policy) -> Vec<String> {
    let all = staff.technician.rank == Rank::Admin;
    let teams = policy.teams.iter().map(|team| team.id.clone());
    teams
        .filter(|id| all || staff.technician.teams.contains(id))
        .collect()
}

impl Asked {
    fn of(
        parameters: &HashMap<String, String>,
        staff: &Staff,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Self {
        let today = now.with_timezone(&policy.timezone).date_naive();
        let day = |name: &str| -> Option<NaiveDate> { parameters.get(name)?.trim().parse().ok() };
        let to = day("to").unwrap_or(today).min(today);
        let back = |days: u64| to.checked_sub_days(Days::new(days - 1)).unwrap_or(to);
        let mut from = day("from").unwrap_or_else(|| back(USUAL_DAYS));
        let mut problem = None;
        if from > to {
            from = back(USUAL_DAYS);
            problem = Some(staff.visitor.pick(
                "Le premier jour doit précéder le dernier : voici les trente derniers jours.",
                "The first day must come before the last: here are the latest thirty days.",
            ));
        }
        if from < back(LONGEST_DAYS) {
            from = back(LONGEST_DAYS);
            problem = Some(staff.visitor.pick(
                "Deux ans au plus sont montrés à la fois.",
                "Two years at most are shown at once.",
            ));
        }
        let own = teams_of(staff, policy);
        let team = parameters
            .get("team")
            .filter(|id| own.contains(id))
            .cloned();
        Self {
            question: Question {
                from,
                to,
                teams: team.clone().map_or(own, |team| vec![team]),
                individuals: staff.is_lead() && policy.individual_statistics,
            },
            team,
            problem,
        }
    }

    /// Where a table, or all of them, are as CSV; for Excel or for other programs.
    fn link(&self, staff: &Staff, table: &str, for_excel: bool) -> String {
        let (from, to) = (self.question.from, self.question.to);
        staff.visitor.link(
            "/desk/statistics.csv",
            &[
                ("from", &from.to_string()),
                ("to", &to.to_string()),
                ("team", self.team.as_deref().unwrap_or_default()),
                ("table", table),
                ("excel", if for_excel { "1" } else { "" }),
            ],
        )
    }
}

pub async fn show(
    State(site): State<Arc<Site>>,
    staff: Staff,
    Query(parameters): list::Parameters,
) -> Response {
    let rules = site.service.rules();
    let asked = Asked::of(&parameters, &staff, &rules.policy, site.service.now());
    match figures(&site, &asked).await {
        Ok(figures) => {
            let context = drawn(&site, &staff, &asked, &figures);
            page(StatusCode::OK, "desk/statistics.html", &context)
        }
        Err(error) => {
            tracing::error!("Figures cannot be drawn up: {error:#}");
            unavailable(&site, &staff.visitor)
        }
    }
}

async fn figures(site: &Site, asked: &Asked) -> Result<Arc<Figures>> {
    station::shown(&site.service, &asked.question).await
}

fn drawn(site: &Site, staff: &Staff, asked: &Asked, figures: &Figures) -> tera::Context {
    let rules = site.service.rules();
    let policy = &rules.policy;
    let language = staff.visitor.language;
    let mut context = frame::context(site, staff, "statistics");
    let sections: Vec<Section> = statistics::tables(figures, language)
        .into_iter()
        .map(|table| section(table, staff, asked))
        .collect();
    let own = teams_of(staff, policy);
    let choices: Vec<Choice> = own
        .iter()
        .filter_map(|id| policy.team(id))
        .map(|team| Choice::new(&team.id, &team.name, asked.team.as_ref() == Some(&team.id)))
        .collect();
    let zone = policy.timezone;
    context.insert("sections", &sections);
    context.insert("from", &asked.question.from.to_string());
    context.insert("to", &asked.question.to.to_string());
    context.insert("from_shown", &shown(asked.question.from, zone, language));
    context.insert("to_shown", &shown(asked.question.to, zone, language));
    context.insert("problem", &asked.problem);
    context.insert("teams", &Some(choices).filter(|teams| teams.len() > 1));
    context.insert("team_names", &figures.teams.join(", "));
    context.insert("all_csv", &asked.link(staff, "", false));
    context.insert("all_excel", &asked.link(staff, "", true));
    context.insert("individuals", &figures.technicians.is_some());
    context.insert("counts_individuals", &policy.individual_statistics);
    context
}

/// A day in words.
fn shown(day: NaiveDate, zone: Zone, language: &str) -> String {
    // Noon is on that day in every zone of the desk.
    let noon = day.and_hms_opt(12, 0, 0).unwrap_or_default();
    let at = noon.and_local_timezone(zone).earliest();
    at.map_or_else(
        || day.to_string(),
        |at| date::day(at.to_utc(), zone, language),
    )
}

fn section(table: Table, staff: &Staff, asked: &Asked) -> Section {
    let language = staff.visitor.language;
    let chart = match table.id {
        "volume" => chart::columns(&table, language),
        "categories" | "channels" | "proposals" | "subjects" | "sites" | "applications" => {
            chart::lines(&table, language)
        }
        _ => None,
    };
    let rows = table.rows.iter().map(|row| {
        let cells = row.iter().zip(&table.head);
        let cells = cells.map(|(cell, column)| Shown {
            shown: cell.shown(language),
            column: column.clone(),
        });
        cells.collect()
    });
    Section {
        id: table.id,
        rows: rows.collect(),
        wide: table.head.len() > COLUMNS_OF_A_PHONE,
        folded: chart.is_some() && table.id == "volume",
        chart,
        csv: asked.link(staff, table.id, false),
        excel: asked.link(staff, table.id, true),
        title: table.title,
        head: table.head,
        note: table.note.map(|note| view::unbroken(&note, language)),
    }
}

pub async fn export(
    State(site): State<Arc<Site>>,
    staff: Staff,
    Query(parameters): list::Parameters,
) -> Response {
    let rules = site.service.rules();
    let asked = Asked::of(&parameters, &staff, &rules.policy, site.service.now());
    let figures = match figures(&site, &asked).await {
        Ok(figures) => figures,
        Err(error) => {
            tracing::error!("Figures cannot be drawn up: {error:#}");
            return unavailable(&site, &staff.visitor);
        }
    };
    let mut tables = statistics::tables(&figures, staff.visitor.language);
    let wanted = parameters
        .get("table")
        .map(String::as_str)
        .unwrap_or_default();
    let known = tables.iter().any(|table| table.id == wanted);
    if known {
        tables.retain(|table| table.id == wanted);
    }
    let excel = parameters.get("excel").is_some_and(|excel| excel == "1");
    let language = staff.visitor.language;
    let form = match excel {
        true => Csv::Spreadsheet(language),
        false => Csv::Plain,
    };
    let one = tables.first().filter(|_| known);
    let name = match (one, excel && language != "en") {
        (Some(table), true) => format!("statistiques-{}", slug(&table.title)),
        (None, true) => "statistiques".to_owned(),
        (Some(table), false) => table.id.to_owned(),
        (None, false) => "statistics".to_owned(),
    };
    let (from, to) = (asked.question.from, asked.question.to);
    let disposition = format!("attachment; filename=\"{name}-{from}-{to}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, statistics::csv(&tables, form)).into_response()
}

/// A title as a part of a file's name: « Délais, en heures ouvrées » is `delais-en-heures-ouvrees`.
fn slug(title: &str) -> String {
    let folded = fold_accents(title);
    let words = folded.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}
