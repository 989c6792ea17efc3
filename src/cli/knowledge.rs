//! `guichet knowledge`: the articles, what is wrong with them, and what a search finds.

use std::process::ExitCode;

use chrono::Utc;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::finding::{self, Finding};
use super::{Context, FAILED, print};
use crate::config::Settings;
use crate::knowledge::{Article, Audience};
use crate::service::knowledge::Knowledge;
use crate::store::Store;

/// List, search and check the articles of the knowledge base
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  guichet knowledge list --stale\n  guichet knowledge search mot de passe\n  guichet knowledge check\n\nExit code of check: 0 all is well, 1 something is wrong."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the articles, with how often they were read and helped
    List {
        /// Only those whose review date has passed
        #[arg(long)]
        stale: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Search as on the page, in all articles whatever their audience
    Search {
        /// What to look for
        #[arg(required = true)]
        text: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what is wrong with the articles, with file and line
    Check {
        /// Print JSON: [{"name","ok","detail","remedy"}]
        #[arg(long)]
        json: bool,
    },
}

/// An article of a list.
#[derive(Debug, Serialize)]
struct Row {
    slug: String,
    title: String,
    category: String,
    audience: &'static str,
    authors: Vec<String>,
    updated: Option<String>,
    review: Option<String>,
    stale: bool,
    views: u64,
    helped: u64,
}

/// Does it.
pub fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = context.settings_without_secrets()?;
    anyhow::ensure!(
        settings.knowledge.is_some(),
        "the configuration has no [knowledge] with a folder: docs/knowledge.md"
    );
    let knowledge = Knowledge::load(&settings)?;
    match &arguments.command {
        Command::List { stale, json } => list(&settings, &knowledge, *stale, *json),
        Command::Search { text, json } => search(&settings, &knowledge, &text.join(" "), *json),
        Command::Check { json } => check(&knowledge, *json),
    }
}

fn list(
    settings: &Settings,
    knowledge: &Knowledge,
    stale: bool,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let today = Utc::now()
        .with_timezone(&settings.policy.timezone)
        .date_naive();
    let articles = knowledge.library().articles().iter();
    let articles: Vec<&Article> = articles
        .filter(|article| !stale || article.is_stale(today))
        .collect();
    let rows = rows(settings, &articles)?;
    if json {
        print::json(&rows)?;
    } else if rows.is_empty() {
        print::text(if stale {
            "No article is past its review date.\n"
        } else {
            "No articles.\n"
        })?;
    } else {
        print::text(&print::harmless(&lines(&rows)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn search(
    settings: &Settings,
    knowledge: &Knowledge,
    text: &str,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let language = &settings.policy.language;
    let (_, found) = knowledge.search(text, language, Audience::Technicians)?;
    let rows = rows(settings, &found)?;
    if json {
        print::json(&rows)?;
    } else if rows.is_empty() {
        print::text("Nothing was found.\n")?;
    } else {
        print::text(&print::harmless(&lines(&rows)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn check(knowledge: &Knowledge, json: bool) -> anyhow::Result<ExitCode> {
    let count = knowledge.library().articles().len();
    let mut findings = vec![Finding::good("knowledge", format!("articles {count}"))];
    findings.extend(
        knowledge
            .problems()
            .iter()
            .map(|problem| Finding::bad("knowledge", problem.to_string(), "correct it there")),
    );
    finding::print(&findings, json)?;
    Ok(match knowledge.problems() {
        [] => ExitCode::SUCCESS,
        _ => ExitCode::from(FAILED),
    })
}

/// With the counts, when the desk has ever run.
fn rows(settings: &Settings, articles: &[&Article]) -> anyhow::Result<Vec<Row>> {
    let counts = match settings.database().exists() {
        false => Default::default(),
        true => super::block_on(async {
            let store = Store::open_existing(&settings.data_dir)?;
            store.article_counts(None).await
        })?,
    };
    let today = Utc::now()
        .with_timezone(&settings.policy.timezone)
        .date_naive();
    let rows = articles.iter().map(|article| {
        let counts = counts.get(&article.slug).copied().unwrap_or_default();
        Row {
            slug: article.slug.clone(),
            title: article.title.clone(),
            category: article.category_path(),
            audience: article.audience.as_str(),
            authors: article.authors.clone(),
            updated: article.updated.map(|at| at.date().to_string()),
            review: article.review.map(|date| date.to_string()),
            stale: article.is_stale(today),
            views: counts.views,
            helped: counts.helped,
        }
    });
    Ok(rows.collect())
}

fn lines(rows: &[Row]) -> String {
    let mut out = String::new();
    for row in rows {
        let review = match (&row.review, row.stale) {
            (Some(date), true) => format!(", to be reviewed since {date}"),
            (Some(date), false) => format!(", review {date}"),
            (None, _) => String::new(),
        };
        let authors = match row.authors.as_slice() {
            [] => String::new(),
            authors => format!(" – {}", authors.join(", ")),
        };
        out.push_str(&format!(
            "{}.md  {}{authors} ({}; read {}, helped {}{review})\n",
            row.slug, row.title, row.audience, row.views, row.helped
        ));
    }
    out
}
