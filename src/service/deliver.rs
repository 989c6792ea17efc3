//! The third station: leases what is due in the outbox, sends it, and writes the outcome. The
//! attempt is counted before it is made; unknown means later (contract O2–O4).

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use tokio::task::JoinSet;

use super::{Service, conclude, convert};
use crate::desk::Input;
use crate::fault;
use crate::smtp::{self, Envelope, Outcome, Sender};
use crate::store::{Delivered, Leased, OutboxId};

/// Mails in hand at once: enough to keep every connection busy while outcomes are written.
const IN_HAND: usize = 16;

/// Deliveries noted in one transaction.
const REPORTED_AT_ONCE: usize = 100;

/// Without a bell, look this often: a retry may be due, another process may have asked for one.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Between two attempts to write an outcome down, at first; then longer, to [`LOOK_EVERY`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The loop.
pub async fn station(service: Service) -> Result<()> {
    let mut sender = Arc::new(sender(&service)?);
    let mut reloaded = service.inner.reloaded.subscribe();
    let mut sending: JoinSet<Result<()>> = JoinSet::new();
    if let Err(error) = report(&service).await {
        tracing::error!("Deliveries of the last run could not be noted: {error:#}");
    }
    loop {
        if reloaded.has_changed().unwrap_or(false) {
            reloaded.mark_unchanged();
            match self::sender(&service) {
                Ok(new) => sender = Arc::new(new),
                Err(error) => tracing::error!("The way out stays as it was: {error:#}"),
            }
        }
        if service.is_stopping() {
            break;
        }
        let room = IN_HAND.saturating_sub(sending.len());
        let leased = match lease(&service, room).await {
            Ok(leased) => leased,
            Err(error) => {
                tracing::error!("Sending waits: {error:#}");
                Vec::new()
            }
        };
        let full = room == 0;
        let found = !leased.is_empty();
        for mail in leased {
            sending.spawn(send(service.clone(), Arc::clone(&sender), mail));
        }
        if found {
            continue;
        }
        tokio::select! {
            Some(done) = sending.join_next(), if !sending.is_empty() => log(done),
            () = tokio::time::sleep(LOOK_EVERY), if !full => {}
            () = service.inner.bells.outbox.notified(), if !full => {}
            () = service.stopped() => {}
        }
    }
    // Every started send is finished: its outcome is worth more than a second saved.
    while let Some(done) = sending.join_next().await {
        log(done);
    }
    sender.close().await;
    Ok(())
}

/// The way out as configured.
pub fn sender(service: &Service) -> Result<Sender> {
    Sender::new(convert::transport(&service.current().settings.outlet))
}

/// Sends what is due now; returns how many mails that were.
pub async fn once(service: &Service, sender: &Sender) -> Result<usize> {
    let mut count = 0;
    for mail in lease(service, IN_HAND).await? {
        attempt(service, sender, mail).await?;
        count += 1;
    }
    Ok(count)
}

async fn lease(service: &Service, room: usize) -> Result<Vec<Leased>> {
    if room == 0 {
        return Ok(Vec::new());
    }
    service
        .store()
        .next_outgoing(room, smtp::LONGEST_SEND, service.now())
        .await
}

fn log(done: std::result::Result<Result<()>, tokio::task::JoinError>) {
    match done {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::error!("The outcome of a notification could not be written: {error:#}");
        }
        Err(error) => tracing::error!("A send was interrupted: {error}"),
    }
}

/// Notes on their tickets the deliveries that went wrong; what was not noted before a crash is
/// noted after it.
pub async fn report(service: &Service) -> Result<()> {
    loop {
        let deliveries = service.store().unreported(REPORTED_AT_ONCE).await?;
        if deliveries.is_empty() {
            return Ok(());
        }
        let now = service.now();
        let rules = service.rules();
        let inputs = deliveries.into_iter().map(Input::Delivery).collect();
        let settled = service
            .store()
            .settle(inputs, now, move |input, lookup| {
                conclude(&rules, input, lookup, now)
            })
            .await?;
        for result in settled {
            result?;
        }
    }
}

/// Another date on the same mail; only for the proof of the proof.
fn again(bytes: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(bytes)
        .replacen("\r\nDate: ", "\r\nX-Again: yes\r\nDate: ", 1)
        .into_bytes()
}

/// Writes down an outcome, again and again while the disk does not take it: forgetting what a server
/// said would send a second copy. At a stop it is left uncertain.
async fn write_down(
    service: &Service,
    id: OutboxId,
    outcome: Delivered,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut pause = FIRST_PAUSE;
    loop {
        let written = service.store().delivered(vec![(id, outcome.clone())], now);
        match written.await {
            Err(error) if !service.is_stopping() => {
                tracing::error!(
                    outbox.id = %id,
                    "The outcome of notification {id} cannot be written yet: {error:#}"
                );
            }
            done => return done,
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = service.stopped() => {}
        }
        pause = (pause * 2).min(LOOK_EVERY);
    }
}

async fn send(service: Service, sender: Arc<Sender>, mail: Leased) -> Result<()> {
    attempt(&service, &sender, mail).await
}

async fn attempt(service: &Service, sender: &Sender, mut mail: Leased) -> Result<()> {
    if mail.attempts > 1 && fault::is_broken("same-bytes-again") {
        mail.bytes = again(&mail.bytes);
    }
    let early = fault::is_broken("sent-after-answer");
    if early {
        let answer = String::new();
        let sent = vec![(mail.id, Delivered::Sent { answer })];
        service.store().delivered(sent, service.now()).await?;
    }
    let envelope = Envelope {
        id: mail.id.0,
        from: mail.from.clone(),
        to: mail.to.clone(),
        bytes: mail.bytes.clone().into(),
    };
    let outcome = sender.send(&envelope).await;
    if early {
        return Ok(());
    }
    let now = service.now();
    let next_at = smtp::retry::next_attempt(mail.attempts, mail.first_tried_at, now);
    let id = mail.id.0;
    let (delivered, noteworthy) = match outcome {
        Outcome::Sent { answer } => {
            tracing::info!(outbox.id = id, "Notification {id} accepted: {answer}");
            (Delivered::Sent { answer }, false)
        }
        Outcome::Never { code, text } => {
            // The text of a server's answer starts with its code already.
            let why = if text.starts_with(&code.to_string()) {
                text
            } else {
                format!("{code} {text}")
            };
            tracing::warn!(outbox.id = id, "Notification {id} refused for good: {why}");
            (Delivered::Never { why }, true)
        }
        Outcome::Later(why) => match next_at {
            Some(next_at) => {
                tracing::warn!(outbox.id = id, "Notification {id} not sent yet: {why}");
                (Delivered::Later { why, next_at }, false)
            }
            None => {
                tracing::error!(
                    outbox.id = id,
                    "Notification {id} is given up after five days: {why}"
                );
                (Delivered::GivenUp, true)
            }
        },
        Outcome::Uncertain(why) => {
            tracing::warn!(
                outbox.id = id,
                "Notification {id} may or may not have been accepted, it is sent again: {why}"
            );
            match next_at {
                Some(next_at) => (Delivered::Uncertain { why, next_at }, true),
                None => (Delivered::GivenUp, true),
            }
        }
    };
    write_down(service, mail.id, delivered, now).await?;
    if noteworthy {
        report(service).await?;
    }
    service.inner.bells.outbox.notify_one();
    Ok(())
}
