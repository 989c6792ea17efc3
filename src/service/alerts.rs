//! The station that looks at the desk itself: writes down how accounts are doing, for
//! `guichet health`, and tells operations what is wrong, once, once a day while it lasts, and when it
//! is over (row O4).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::health::{Observed, Problem};
use super::{Service, conclude};
use crate::desk::{Input, Timer, words};
use crate::store::AccountState;

/// How accounts are doing is written down when it changes: `guichet health` is at most so late.
const NOTE_EVERY: Duration = Duration::from_secs(5);

/// An account that is as it was is written down this often, with the time of the last look.
const REFRESH: chrono::Duration = chrono::Duration::minutes(1);

/// How often the rules are asked.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What lasts is told again after this.
const REMIND_AFTER: chrono::Duration = chrono::Duration::hours(24);

/// The loop.
pub async fn station(service: Service) -> Result<()> {
    let mut noted: Option<BTreeMap<String, AccountState>> = None;
    // Not at once: accounts that connect now would be called down.
    let mut next_look = Instant::now() + LOOK_EVERY;
    while !service.is_stopping() {
        if let Err(error) = note(&service, &mut noted).await {
            tracing::error!("How accounts are doing could not be written down: {error:#}");
        }
        if Instant::now() >= next_look {
            next_look = Instant::now() + LOOK_EVERY;
            if let Err(error) = once(&service).await {
                tracing::error!("How the desk is doing could not be looked at: {error:#}");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(NOTE_EVERY) => {}
            () = service.stopped() => {}
        }
    }
    Ok(())
}

async fn note(service: &Service, noted: &mut Option<BTreeMap<String, AccountState>>) -> Result<()> {
    let states = service.accounts();
    let is_as_noted = noted.as_ref().is_some_and(|noted| {
        noted.len() == states.len()
            && noted
                .iter()
                .zip(&states)
                .all(|((name, old), (other, new))| {
                    let same = AccountState {
                        looked_at: old.looked_at,
                        ..new.clone()
                    };
                    let fresh = match (old.looked_at, new.looked_at) {
                        (Some(old), Some(new)) => new - old < REFRESH,
                        (old, new) => old == new,
                    };
                    name == other && same == *old && fresh
                })
    });
    if !is_as_noted {
        service.store().note_accounts(states.clone()).await?;
        *noted = Some(states);
    }
    Ok(())
}

/// Asks the rules and tells what is new.
pub async fn once(service: &Service) -> Result<()> {
    let now = service.now();
    let current = service.current();
    let settings = &current.settings;
    let mut observed =
        Observed::look(service.store(), &settings.data_dir, settings.min_free, now).await?;
    observed.accounts = service.accounts();
    let problems = observed.problems(&settings.policy);
    let told = service.store().alerts().await?;
    let Some(alert) = alert(&problems, &told, now, &settings.policy) else {
        return Ok(());
    };
    if let Timer::Alert { lines, .. } = &alert {
        for line in lines {
            tracing::error!("The desk needs attention: {line}");
        }
    }
    let rules = service.rules();
    let settled = service
        .store()
        .settle(vec![Input::Timer(alert)], now, move |input, lookup| {
            conclude(&rules, input, lookup, now)
        })
        .await?;
    for result in settled {
        result?;
    }
    service.inner.bells.outbox.notify_one();
    Ok(())
}

/// What is new, what lasts for another day, and what is over.
fn alert(
    problems: &[Problem],
    told: &BTreeMap<String, DateTime<Utc>>,
    now: DateTime<Utc>,
    policy: &crate::desk::Policy,
) -> Option<Timer> {
    let names: BTreeSet<String> = problems.iter().map(Problem::name).collect();
    let mut lines = Vec::new();
    let mut tell = BTreeSet::new();
    for problem in problems {
        let name = problem.name();
        let is_new = told.get(&name).is_none_or(|at| now - *at > REMIND_AFTER);
        if is_new {
            lines.push(problem.sentence(&policy.language, policy.timezone));
            tell.insert(name);
        }
    }
    let over: BTreeSet<String> = told
        .keys()
        .filter(|name| !names.contains(*name))
        .cloned()
        .collect();
    lines.extend(over.iter().map(|name| is_over(name, &policy.language)));
    (!lines.is_empty()).then_some(Timer::Alert {
        told: tell,
        over,
        lines,
    })
}

/// That a problem of this name is over.
fn is_over(name: &str, language: &str) -> String {
    let (what, account) = name.split_once(' ').unwrap_or((name, ""));
    match what {
        "account-down" => words::pick(
            language,
            format!("le compte « {account} » fonctionne de nouveau."),
            format!("account \"{account}\" works again."),
        ),
        "unknown-mails" => words::pick(
            language,
            format!("tous les messages du compte « {account} » sont pris."),
            format!("all mails of account \"{account}\" are taken."),
        ),
        "silent" => words::pick(
            language,
            format!("le compte « {account} » reçoit de nouveau des messages."),
            format!("account \"{account}\" receives mails again."),
        ),
        "inbox-old" => words::pick(
            language,
            "les messages sont de nouveau traités.",
            "mails are processed again.",
        ),
        "outbox-old" => words::pick(
            language,
            "les envois partent de nouveau.",
            "notifications leave again.",
        ),
        "outbox-held" => words::pick(
            language,
            "plus aucun envoi n'est retenu.",
            "no notification is held any more.",
        ),
        // Of this program or an older one.
        _ => words::pick(language, "la place ne manque plus.", "there is room again."),
    }
}
