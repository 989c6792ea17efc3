//! The third station: leases what is due in the outbox, sends it, and writes the outcome. The
//! attempt is counted before it is made; unknown means later (contract O2–O4). One mail is written
//! down as soon as it is answered; of many, those answered together are written down together, so
//! that a backlog does not pay an `fsync` a mail.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::{Service, conclude, convert};
use crate::desk::Input;
use crate::fault;
use crate::smtp::{self, Envelope, Outcome, Sender};
use crate::store::{Delivered, Leased, OutboxId};

/// Mails in hand at once: enough to keep every connection busy while others are leased and the
/// outcomes of yet others are written.
const IN_HAND: usize = 64;

/// A mail in hand that has not had its turn by then, behind a relay that takes its time, is given
/// back untried: its lease must not run out while it is being sent.
const TURN_LIMIT: Duration = Duration::from_secs(600);

/// Outcomes written in one transaction.
const WRITTEN_AT_ONCE: usize = 32;

/// While more mails are under way, an outcome waits so long for others: a death in between sends
/// those mails again, so it is short.
const GATHERING: Duration = Duration::from_millis(10);

/// Deliveries noted in one transaction.
const REPORTED_AT_ONCE: usize = 100;

/// Without a bell, look this often: a retry may be due, another process may have asked for one.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Between two attempts to write an outcome down, at first; then longer, to [`LOOK_EVERY`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// How an attempt ended, and whether its ticket has to be told.
struct Ended {
    id: OutboxId,
    outcome: Delivered,
    noteworthy: bool,
}

/// The loop.
pub async fn station(service: Service) -> Result<()> {
    let mut sender = Arc::new(sender(&service)?);
    let mut reloaded = service.inner.reloaded.subscribe();
    let turns = Arc::new(Semaphore::new(smtp::CONNECTIONS));
    let mut sending: JoinSet<Result<Option<Ended>>> = JoinSet::new();
    let mut ended: Vec<Ended> = Vec::new();
    let mut stubborn: JoinSet<Result<()>> = JoinSet::new();
    let mut write_at = Instant::now();
    let mut may_be_due = true;
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
        let is_due = !ended.is_empty()
            && (sending.is_empty() || ended.len() >= WRITTEN_AT_ONCE || Instant::now() >= write_at);
        if is_due {
            write_down(&service, &mut ended, &mut stubborn).await;
            // The next mail to the same person of the same ticket may go now.
            may_be_due = true;
        }
        let has_room = sending.len() <= IN_HAND / 2;
        if may_be_due && has_room {
            let room = IN_HAND - sending.len();
            let leased = match lease(&service, room).await {
                Ok(leased) => leased,
                Err(error) => {
                    tracing::error!("Sending waits: {error:#}");
                    Vec::new()
                }
            };
            may_be_due = !leased.is_empty();
            for mail in leased {
                let (sender, turns) = (Arc::clone(&sender), Arc::clone(&turns));
                sending.spawn(send(service.clone(), sender, turns, mail));
            }
            continue;
        }
        tokio::select! {
            Some(done) = sending.join_next(), if !sending.is_empty() => {
                if ended.is_empty() {
                    write_at = Instant::now() + GATHERING;
                }
                ended.extend(outcome_of(done));
            }
            Some(written) = stubborn.join_next(), if !stubborn.is_empty() => log(written),
            () = tokio::time::sleep_until(write_at), if !ended.is_empty() => {}
            () = tokio::time::sleep(LOOK_EVERY), if has_room => may_be_due = true,
            () = service.inner.bells.outbox.notified(), if has_room => may_be_due = true,
            () = service.stopped() => {}
        }
    }
    // Every started send is finished: its outcome is worth more than a second saved.
    while let Some(done) = sending.join_next().await {
        ended.extend(outcome_of(done));
        write_down(&service, &mut ended, &mut stubborn).await;
    }
    write_down(&service, &mut ended, &mut stubborn).await;
    while let Some(written) = stubborn.join_next().await {
        log(written);
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
        if let Some(ended) = attempt(service, sender, mail).await? {
            insist(service.clone(), ended, service.now()).await?;
        }
        count += 1;
    }
    Ok(count)
}

async fn lease(service: &Service, room: usize) -> Result<Vec<Leased>> {
    service
        .store()
        .next_outgoing(room, TURN_LIMIT + smtp::LONGEST_SEND, service.now())
        .await
}

fn log(written: std::result::Result<Result<()>, JoinError>) {
    match written {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::error!("The outcome of a notification is left uncertain: {error:#}");
        }
        Err(error) => tracing::error!("An outcome was not written: {error}"),
    }
}

fn outcome_of(done: std::result::Result<Result<Option<Ended>>, JoinError>) -> Option<Ended> {
    match done {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => {
            tracing::error!("A notification could not be sent: {error:#}");
            None
        }
        Err(error) => {
            tracing::error!("A send was interrupted: {error}");
            None
        }
    }
}

/// Writes outcomes (F): together, and each by itself when they cannot be written, so that none
/// takes the others with it and none holds up what is still to be sent.
async fn write_down(service: &Service, ended: &mut Vec<Ended>, stubborn: &mut JoinSet<Result<()>>) {
    if ended.is_empty() {
        return;
    }
    let now = service.now();
    let outcomes = ended
        .iter()
        .map(|one| (one.id, one.outcome.clone()))
        .collect();
    match service.store().delivered(outcomes, now).await {
        Ok(()) => {
            let noteworthy = ended.drain(..).any(|one| one.noteworthy);
            if noteworthy && let Err(error) = report(service).await {
                tracing::error!("Deliveries could not be noted: {error:#}");
            }
        }
        Err(error) => {
            tracing::error!("Outcomes cannot be written yet: {error:#}");
            for one in ended.drain(..) {
                stubborn.spawn(insist(service.clone(), one, now));
            }
        }
    }
}

/// Writes down an outcome, again and again while the disk does not take it: forgetting what a server
/// said would send a second copy. At a stop it is left uncertain.
async fn insist(service: Service, ended: Ended, now: DateTime<Utc>) -> Result<()> {
    let (id, mut pause) = (ended.id, FIRST_PAUSE);
    loop {
        let written = service
            .store()
            .delivered(vec![(id, ended.outcome.clone())], now);
        match written.await {
            Err(error) if !service.is_stopping() => {
                tracing::error!(
                    outbox.id = %id,
                    "The outcome of notification {id} cannot be written yet: {error:#}"
                );
            }
            Err(error) => return Err(error),
            Ok(()) => break,
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = service.stopped() => {}
        }
        pause = (pause * 2).min(LOOK_EVERY);
    }
    if ended.noteworthy {
        report(&service).await?;
    }
    service.inner.bells.outbox.notify_one();
    Ok(())
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

/// Makes an attempt when a connection is free for it; one that has not begun when the desk stops
/// is given back.
async fn send(
    service: Service,
    sender: Arc<Sender>,
    turns: Arc<Semaphore>,
    mail: Leased,
) -> Result<Option<Ended>> {
    let turn = tokio::select! {
        biased;
        () = service.stopped() => None,
        turn = tokio::time::timeout(TURN_LIMIT, turns.acquire()) => turn.ok(),
    };
    if turn.is_none() {
        return Ok(Some(Ended {
            id: mail.id,
            outcome: Delivered::Untried,
            noteworthy: false,
        }));
    }
    attempt(&service, &sender, mail).await
}

/// Makes one attempt; `None` when its outcome is written already.
async fn attempt(service: &Service, sender: &Sender, mut mail: Leased) -> Result<Option<Ended>> {
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
        from: mail.from,
        to: mail.to,
        bytes: mail.bytes.into(),
    };
    let outcome = sender.send(&envelope).await;
    if early {
        return Ok(None);
    }
    let now = service.now();
    let next_at = smtp::retry::next_attempt(mail.attempts, mail.first_tried_at, now);
    let id = mail.id.0;
    let (outcome, noteworthy) = match outcome {
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
    Ok(Some(Ended {
        id: mail.id,
        outcome,
        noteworthy,
    }))
}
