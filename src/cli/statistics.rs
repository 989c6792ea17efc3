//! `guichet statistics`: the figures of the page, for scripts and reports.

use std::process::ExitCode;
use std::sync::Arc;

use chrono::{Days, NaiveDate, Utc};
use clap::Args;
use serde::Serialize;

use super::{Context, Usage, print};
use crate::config::Settings;
use crate::service::statistics as station;
use crate::statistics::{self, Csv, Figures, Question, Table};
use crate::store::Store;

/// Days of the period without `--from`.
const USUAL_DAYS: u64 = 30;

/// Show the figures of a period
///
/// Of the tickets that were opened in it: volume, times, marks, URGENT, by team and category. Times
/// are working time of the teams; figures of single technicians are shown from five tickets on, and only when
/// `desk.individual_statistics` allows them.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet statistics --from 2026-11-01 --to 2026-11-30\n  guichet statistics --team dsi --csv > november.csv\n  guichet statistics --csv --table categories\n  guichet statistics --json | jq .figures.first_answer"
)]
pub struct Arguments {
    /// First day [default: 30 days up to the last]
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<NaiveDate>,
    /// Last day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<NaiveDate>,
    /// Only this team
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// Only this table
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV; durations are working minutes
    #[arg(long)]
    csv: bool,
    /// Write the CSV for Excel: byte order mark, text in quotes, units in the heads
    #[arg(long, requires = "csv")]
    bom: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    figures: &'a Figures,
    tables: &'a [Table],
}

/// Prints them.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    let question = question(&settings, arguments)?;
    let policy = Arc::new(settings.policy.clone());
    let figures = super::block_on(async {
        let store = Store::open_existing(&settings.data_dir)?;
        station::figures_now(&store, &policy, &question).await
    })?;
    let mut tables = statistics::tables(&figures, "en");
    if let Some(name) = &arguments.table {
        let names: Vec<&str> = tables.iter().map(|table| table.id).collect();
        if !names.contains(&name.as_str()) {
            let names = names.join(", ");
            return Err(Usage(format!("no table \"{name}\": {names}")).into());
        }
        tables.retain(|table| table.id == name);
    }
    if arguments.json {
        print::json(&Answer {
            figures: &figures,
            tables: &tables,
        })?;
    } else if arguments.csv {
        let form = match arguments.bom {
            true => Csv::Spreadsheet("en"),
            false => Csv::Plain,
        };
        print::bytes(&statistics::csv(&tables, form))?;
    } else {
        for table in &tables {
            print::text(&print::harmless(&text(table)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn question(settings: &Settings, arguments: &Arguments) -> anyhow::Result<Question> {
    let policy = &settings.policy;
    let today = Utc::now().with_timezone(&policy.timezone).date_naive();
    let to = arguments.to.unwrap_or(today);
    let usual = to.checked_sub_days(Days::new(USUAL_DAYS - 1));
    let from = arguments.from.or(usual).unwrap_or(to);
    if from > to {
        return Err(Usage(format!("--from {from} is after --to {to}")).into());
    }
    if let Some(team) = &arguments.team
        && policy.team(team).is_none()
    {
        return Err(Usage(format!("no team \"{team}\" in the configuration")).into());
    }
    let all = || policy.teams.iter().map(|team| team.id.clone()).collect();
    Ok(Question {
        from,
        to,
        teams: arguments.team.clone().map_or_else(all, |team| vec![team]),
        individuals: policy.individual_statistics,
    })
}

/// A table for people to read.
fn text(table: &Table) -> String {
    let shown: Vec<Vec<String>> = std::iter::once(table.head.clone())
        .chain(table.rows.iter().map(|row| {
            let cells = row.iter();
            cells.map(|cell| cell.shown("en")).collect()
        }))
        .collect();
    let width = |column: usize| {
        let cells = shown.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut out = format!("{}\n", table.title);
    for row in &shown {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let pad = width(column).saturating_sub(cell.chars().count());
            let pad = " ".repeat(pad);
            // Names to the left, figures to the right.
            line.push_str(&match column {
                0 => format!(" {cell}{pad}"),
                _ => format!("  {pad}{cell}"),
            });
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push('\n');
    out
}
