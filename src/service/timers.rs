//! Rings when something is due: a ticket to close, to remind of or to wake, a notice that was kept for
//! later; and deletes what was typed into the form and not sent. What is due is computed from stored dates, so downtime only makes it late, once.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::{Service, conclude};
use crate::desk::{Input, Timer};

/// The clock may jump and another process may write; so look at least this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// After a failure of the database.
const PAUSE: Duration = Duration::from_secs(5);

/// The loop.
pub async fn station(service: Service) -> Result<()> {
    while !service.is_stopping() {
        let pause = match once(&service).await {
            Ok(0) => until_next(&service).await,
            Ok(_) => continue,
            Err(error) => {
                tracing::error!("Timers wait: {error:#}");
                PAUSE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = service.inner.bells.timers.notified() => {}
            () = service.stopped() => {}
        }
    }
    Ok(())
}

async fn until_next(service: &Service) -> Duration {
    match service.store().next_due().await {
        Ok(Some(at)) => (at - service.now())
            .to_std()
            .unwrap_or(Duration::ZERO)
            .clamp(Duration::from_millis(50), LOOK_EVERY),
        Ok(None) | Err(_) => LOOK_EVERY,
    }
}

/// Does what is due now; returns how many things that were.
pub async fn once(service: &Service) -> Result<usize> {
    let now = service.now();
    service.store().expire_drafts(now).await?;
    let due = service.store().due(now).await?;
    let inputs: Vec<Input> = due
        .tickets
        .into_iter()
        .map(Timer::Ticket)
        .chain(due.notices.into_iter().map(Timer::Due))
        .map(Input::Timer)
        .collect();
    let count = inputs.len();
    if count == 0 {
        return Ok(0);
    }
    let rules: Arc<_> = service.rules();
    let settled = service
        .store()
        .settle(inputs, now, move |input, lookup| {
            conclude(&rules, input, lookup, now)
        })
        .await?;
    for failed in settled.iter().filter_map(|result| result.as_ref().err()) {
        tracing::error!("A timer failed and is tried again: {failed:#}");
    }
    service.inner.bells.outbox.notify_one();
    // Failed ones stay due; counting them would spin.
    Ok(settled.iter().filter(|result| result.is_ok()).count())
}
