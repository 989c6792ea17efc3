//! Keeps the figures up with the events, a little behind and out of the way: nobody waits for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Rules, Service};
use crate::desk::Policy;
use crate::statistics::{self, Fact, Figures, Question};
use crate::store::Store;
use crate::ticket::Event;

/// How often figures are brought up to date.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Between two batches of a backlog, so that mails go first.
const BREATH: Duration = Duration::from_millis(200);

/// Figures that take no longer are drawn up whenever something was counted.
const QUICK: Duration = Duration::from_millis(10);

/// Figures that take longer may be so old while newer ones are drawn up.
const STALE: Duration = Duration::from_secs(10 * 60);

/// Questions whose figures are kept.
const KEPT: usize = 32;

/// Figures that were drawn up. Those of years among many tickets take a second, and whoever looks at them
/// looks again.
#[derive(Debug, Default)]
pub struct Drawn(Mutex<HashMap<Question, Kept>>);

#[derive(Clone, Debug)]
struct Kept {
    figures: Arc<Figures>,
    /// Of these rules, and counted up to this event.
    rules: Arc<Rules>,
    counted: i64,
    at: Instant,
    took: Duration,
    /// Somebody draws up newer ones.
    renewed: bool,
}

impl Drawn {
    /// What is kept, and whether whoever asks shall renew it.
    fn kept(&self, question: &Question, rules: &Arc<Rules>, counted: i64) -> Option<(Kept, bool)> {
        let mut drawn = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let kept = drawn.get_mut(question)?;
        if !Arc::ptr_eq(&kept.rules, rules) {
            return None;
        }
        if kept.counted == counted {
            return Some((kept.clone(), false));
        }
        if kept.took <= QUICK || kept.at.elapsed() > STALE {
            return None;
        }
        let renews = !std::mem::replace(&mut kept.renewed, true);
        Some((kept.clone(), renews))
    }

    fn keep(&self, question: &Question, kept: Kept) {
        let mut drawn = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if drawn.len() >= KEPT && !drawn.contains_key(question) {
            let oldest = drawn.iter().min_by_key(|(_, kept)| kept.at);
            if let Some(oldest) = oldest.map(|(question, _)| question.clone()) {
                drawn.remove(&oldest);
            }
        }
        drawn.insert(question.clone(), kept);
    }
}

/// The figures of a period for a page: as they are now, or, where drawing them up takes long, as they were
/// a moment ago.
///
/// # Errors
/// When the database fails.
pub async fn shown(service: &Service, question: &Question) -> Result<Arc<Figures>> {
    let rules = service.rules();
    let method = statistics::rules(&rules.policy);
    let counted = service.store().counted(&method).await?;
    if let Some((kept, renews)) = service.inner.drawn.kept(question, &rules, counted) {
        if renews {
            let (service, question) = (service.clone(), question.clone());
            tokio::spawn(async move {
                if let Err(error) = draw_up(&service, &question, rules, counted).await {
                    tracing::error!("Figures stay as they were: {error:#}");
                }
            });
        }
        return Ok(kept.figures);
    }
    draw_up(service, question, rules, counted).await
}

async fn draw_up(
    service: &Service,
    question: &Question,
    rules: Arc<Rules>,
    counted: i64,
) -> Result<Arc<Figures>> {
    let begun = Instant::now();
    let drawn = figures(service.store(), &rules.policy, question).await?;
    let figures = Arc::new(drawn);
    let kept = Kept {
        figures: Arc::clone(&figures),
        rules,
        counted,
        at: Instant::now(),
        took: begun.elapsed(),
        renewed: false,
    };
    service.inner.drawn.keep(question, kept);
    Ok(figures)
}

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

/// Counts all that is left, where no daemon does: for the benches.
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

/// The figures of a period as they are now, by whoever has another configuration than the daemon, or
/// none beside him: only the daemon keeps what it counts.
///
/// # Errors
/// When the database fails.
pub async fn figures_now(
    store: &Store,
    policy: &Arc<Policy>,
    question: &Question,
) -> Result<Figures> {
    let rules = statistics::rules(policy);
    let of = async |question: &Question| {
        let (from, to) = question.moments(policy.timezone);
        let policy = Arc::clone(policy);
        let fact = move |events: &[Event]| Fact::of(&policy, events);
        store
            .facts_now(&rules, question.teams.clone(), from, to, fact)
            .await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::service::Clock;

    #[test]
    fn what_takes_long_is_shown_as_it_was_and_renewed_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        let text = include_str!("../../fixtures/scenarios/config.toml");
        std::fs::write(&path, text).expect("writable");
        let settings = Config::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let service = Service::open(settings.clone(), Clock::System).expect("opened");
        let rules = service.rules();
        let question = |teams: &str| Question {
            from: "2026-11-01".parse().expect("a day"),
            to: "2026-11-30".parse().expect("a day"),
            teams: vec![teams.to_owned()],
            individuals: false,
        };
        let drawn = Drawn::default();
        let keep = |took: Duration| {
            let kept = Kept {
                figures: Arc::default(),
                rules: Arc::clone(&rules),
                counted: 7,
                at: Instant::now(),
                took,
                renewed: false,
            };
            drawn.keep(&question("dsi"), kept);
        };
        let found = |counted| {
            let found = drawn.kept(&question("dsi"), &rules, counted);
            found.map(|(_, renews)| renews)
        };
        assert_eq!(found(7), None);
        keep(Duration::from_millis(1));
        assert_eq!(found(7), Some(false), "nothing happened since");
        assert_eq!(found(8), None, "it is soon made anew");
        keep(Duration::from_secs(1));
        assert_eq!((found(8), found(8)), (Some(true), Some(false)));
        assert_eq!(drawn.kept(&question("c5"), &rules, 7).map(|_| ()), None);
        service.reload(settings).expect("loaded");
        let newer = drawn.kept(&question("dsi"), &service.rules(), 7);
        assert!(newer.is_none(), "names and hours may be others");
        for number in 0..2 * KEPT {
            let kept = drawn.0.lock().expect("sound")[&question("dsi")].clone();
            drawn.keep(
                &question("dsi"),
                Kept {
                    at: Instant::now(),
                    ..kept.clone()
                },
            );
            drawn.keep(&question(&number.to_string()), kept);
        }
        assert_eq!(drawn.0.lock().expect("sound").len(), KEPT);
    }
}
