//! Keeps the figures up with the events, a little behind and out of the way: nobody waits for them.

use std::time::Duration;

use anyhow::Result;

use super::Service;
use crate::desk::Policy;
use crate::statistics::{self, Fact, Figures, Question};
use crate::store::Store;

/// How often figures are brought up to date.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Between two batches of a backlog, so that mails go first.
const BREATH: Duration = Duration::from_millis(200);

/// The loop.
pub async fn station(service: Service) -> Result<()> {
    while !service.is_stopping() {
        let pause = match once(&service).await {
            Ok(0) => LOOK_EVERY,
            Ok(_) => BREATH,
            Err(error) => {
                tracing::error!("Figures wait: {error:#}");
                LOOK_EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = service.stopped() => {}
        }
    }
    Ok(())
}

/// Counts one batch; returns how many tickets that were.
pub async fn once(service: &Service) -> Result<usize> {
    let rules = service.rules();
    count(service.store(), &rules.policy).await
}

/// Counts all that is left: for the command line.
///
/// # Errors
/// When the database fails.
pub async fn catch_up(store: &Store, policy: &Policy) -> Result<()> {
    while count(store, policy).await? > 0 {}
    Ok(())
}

/// The figures of a period, of what is counted so far.
///
/// # Errors
/// When the database fails.
pub async fn figures(store: &Store, policy: &Policy, question: &Question) -> Result<Figures> {
    let zone = policy.timezone;
    let of = async |question: &Question| {
        let (from, to) = question.moments(zone);
        store.facts(question.teams.clone(), from, to).await
    };
    let (facts, before) = (of(question).await?, of(&question.before()).await?);
    Ok(statistics::figures(policy, question, &facts, &before))
}

async fn count(store: &Store, policy: &Policy) -> Result<usize> {
    let rules = statistics::rules(policy);
    let uncounted = store.uncounted(&rules).await?;
    if uncounted.up_to == uncounted.after {
        return Ok(0);
    }
    let facts: Vec<_> = uncounted
        .tickets
        .iter()
        .filter_map(|(id, events)| Some((*id, Fact::of(policy, events)?)))
        .collect();
    let count = uncounted.tickets.len();
    store
        .write_facts(&rules, uncounted.after, uncounted.up_to, facts)
        .await?;
    Ok(count)
}
