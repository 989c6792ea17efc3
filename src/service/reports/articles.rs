//! What a month says of the articles: which of them somebody should read again, and which are read and
//! help nobody (row L6).

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::Month;
use crate::desk::directory::name_key;
use crate::desk::policy::{Policy, Technician};
use crate::desk::words::pick;
use crate::desk::{Kind, Letter, Monthly, Row, Section, is_ours};
use crate::knowledge::{self, Article};
use crate::mail::{Address, days};

/// Read by fewer people, an article cannot be blamed for having helped none of them.
const READ_BY_MANY: u64 = 20;

/// Articles named in one part; of more, the number is told.
const NAMED: usize = 15;

/// The parts of a team's report: the articles of its technicians, and those of nobody on the desk.
pub fn sections(month: &Month<'_>, language: &str) -> Vec<Section> {
    let (policy, team) = (month.policy, &month.team.id);
    let of_team = |article: &&&Article| {
        let mut teams = (article.authors.iter())
            .filter_map(|name| technician(policy, name))
            .flat_map(|author| &author.teams)
            .peekable();
        teams.peek().is_none() || teams.any(|of| of == team)
    };
    let all: Vec<&Article> = month.articles.iter().collect();
    let own: Vec<&Article> = all.iter().filter(of_team).copied().collect();

    let mut stale: Vec<&Article> = own.clone();
    stale.retain(|article| article.is_stale(month.today));
    stale.sort_by_key(|article| article.review);
    let stale = part(policy, &stale, language, |article| {
        let mut value = since(article, language);
        if !article.authors.is_empty() {
            value.push_str(&format!(", {}", article.authors.join(", ")));
        }
        value
    });

    let count = |article: &Article| month.counts.get(&article.slug).copied().unwrap_or_default();
    let mut idle: Vec<&Article> = own;
    idle.retain(|article| {
        let counts = count(article);
        counts.helped == 0 && counts.views >= READ_BY_MANY
    });
    idle.sort_by_key(|article| std::cmp::Reverse(count(article).views));
    let idle = part(policy, &idle, language, |article| {
        let views = count(article).views;
        pick(
            language,
            format!("{views} vues, jamais « Cela m'a aidé »"),
            format!("read {views} times, never \"it helped\""),
        )
    });
    [
        Section {
            title: pick(language, "Articles à relire", "Articles to read again"),
            ..stale
        },
        Section {
            title: pick(
                language,
                "Articles lus, qui n'ont aidé personne",
                "Articles that are read and helped nobody",
            ),
            ..idle
        },
    ]
    .into_iter()
    .filter(|section| !section.rows.is_empty())
    .collect()
}

/// To each author whose address is known: which of his articles somebody should read again.
pub fn reminders(
    policy: &Policy,
    articles: &[Article],
    today: NaiveDate,
    month: NaiveDate,
) -> Vec<Letter> {
    let mut of: BTreeMap<String, (Author, Vec<&Article>)> = BTreeMap::new();
    for article in articles.iter().filter(|article| article.is_stale(today)) {
        for author in article
            .authors
            .iter()
            .filter_map(|name| author(policy, name))
        {
            let key = author.who.key();
            let (_, articles) = of.entry(key).or_insert((author, Vec::new()));
            articles.push(article);
        }
    }
    let letter = |(author, mut articles): (Author, Vec<&Article>)| {
        articles.sort_by_key(|article| article.review);
        articles.dedup_by(|one, other| one.slug == other.slug);
        let language = author.language;
        let articles = part(policy, &articles, &language, |article| {
            since(article, &language)
        });
        Letter {
            kind: Kind::Review,
            to: author.who,
            team: author.team,
            monthly: Monthly {
                about: String::new(),
                month: days::month(month, &language),
                sections: vec![Section {
                    title: pick(&language, "Vos articles", "Your articles"),
                    ..articles
                }],
                page: None,
            },
            suggestions: Vec::new(),
            enclosed: None,
            language,
        }
    };
    of.into_values().map(letter).collect()
}

/// An author who can be written to.
struct Author {
    who: Address,
    language: String,
    team: Option<String>,
}

/// The author of this name: a technician, else somebody of the directory; nobody when two are called so.
fn author(policy: &Policy, name: &str) -> Option<Author> {
    if let Some(technician) = technician(policy, name) {
        return Some(Author {
            who: technician.who(),
            language: technician.language.clone(),
            team: technician.teams.first().cloned(),
        });
    }
    let entry = policy.directory.named(name)?;
    let who = entry.who();
    let reached = !who.address.is_empty() && !is_ours(policy, &who.address);
    reached.then(|| Author {
        who,
        language: entry.language.clone().unwrap_or(policy.language.clone()),
        team: None,
    })
}

fn technician<'a>(policy: &'a Policy, name: &str) -> Option<&'a Technician> {
    let key = name_key(name);
    let mut named = policy.technicians.iter();
    let found = named.find(|technician| name_key(&technician.name) == key)?;
    named
        .all(|technician| name_key(&technician.name) != key)
        .then_some(found)
}

/// Articles with their pages, without a title.
fn part(
    policy: &Policy,
    articles: &[&Article],
    language: &str,
    value: impl Fn(&Article) -> String,
) -> Section {
    let base = policy.base_url.trim_end_matches('/');
    let rows = articles.iter().take(NAMED).map(|article| Row {
        label: article.title.clone(),
        value: value(article),
        link: Some(format!(
            "{base}/articles/a/{}",
            knowledge::encoded(&article.slug)
        )),
    });
    let more = articles.len().saturating_sub(NAMED);
    Section {
        title: String::new(),
        rows: rows.collect(),
        note: (more > 0).then(|| {
            pick(
                language,
                format!("Et {more} de plus."),
                format!("And {more} more."),
            )
        }),
    }
}

/// « à relire depuis le 3 novembre 2026 ».
fn since(article: &Article, language: &str) -> String {
    let Some(review) = article.review else {
        return String::new();
    };
    let month = days::month(review, language);
    match (review.day(), language) {
        (day, "en") => format!("to be read again since {day} {month}"),
        (1, _) => format!("à relire depuis le 1er {month}"),
        (day, _) => format!("à relire depuis le {day} {month}"),
    }
}
