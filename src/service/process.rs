//! The second station: reads what is in the inbox, decides, and writes the outcome, one
//! transaction a batch. Reading happens before, outside the transaction.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesOrdered, StreamExt};

use super::authenticate::{Verdict, authenticate};
use super::{Rules, Service, conclude, reading};
use crate::desk::policy::Authentication;
use crate::desk::{Arrival, Disposition, Input};
use crate::mail::Mail;
use crate::mail::authenticity::Authenticity;
use crate::store::{InboxMail, Settled, Tried};
use crate::ticket::InboxId;

/// Mails of one batch; with one commit a batch the cost of `fsync` is spread thin.
const BATCH_MAILS: usize = 100;

/// Raw bytes of one batch: bounds the memory, whatever the inbox holds.
const BATCH_BYTES: u64 = 4 << 20;

/// A mail is read and decided in milliseconds; a lease this long only ends after a crash.
const LEASE: Duration = Duration::from_secs(300);

/// Without a bell, look this often: another process may have released a mail.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Words are tidied and memory is given back when no mail has come for [`LOOK_EVERY`], and so often beside
/// that.
const REST_EVERY: Duration = Duration::from_secs(60);

/// How long words are tidied of each minute in which there are always mails.
const BUSY_TIDYING: Duration = Duration::from_millis(500);

/// Mails that could not even be handed to a reader come again after that.
const REST: chrono::Duration = chrono::Duration::seconds(30);

/// Batches that are taken and read while one is settled: the thread that writes takes the second one while
/// the first is read, and neither waits for the other.
const AHEAD: usize = 2;

/// Mails that were taken and read, to be settled together.
struct Batch {
    rules: Arc<Rules>,
    inputs: Vec<Input>,
    /// How many were taken, those that could not be read included, those that wait for name servers not.
    count: usize,
    /// None of them was tried before.
    fresh: bool,
}

impl Batch {
    /// Takes another one in that is of the same kind, unless that is too many mails for one commit.
    fn join(&mut self, other: Self) -> Result<(), Self> {
        let many = self.inputs.len() + other.inputs.len() > BATCH_MAILS;
        if many || !(self.fresh && other.fresh && Arc::ptr_eq(&self.rules, &other.rules)) {
            return Err(other);
        }
        self.inputs.extend(other.inputs);
        self.count += other.count;
        Ok(())
    }
}

/// The loop: while mails are settled, the next ones are read. Only mails that were never tried are read
/// ahead, and only beside others of their kind: a mail that was tried before can hurt only itself.
pub async fn station(service: Service) -> Result<()> {
    let mut taking = FuturesOrdered::new();
    let mut ahead: VecDeque<Batch> = VecDeque::new();
    let mut settling: Option<BoxFuture<'_, ()>> = None;
    // Whether there is reason to look for more; whether what is under way was tried before, or may have been.
    let (mut look, mut alone) = (true, false);
    let (mut worked, mut rested) = (false, Instant::now());
    loop {
        if settling.is_none()
            && let Some(batch) = next_batch(&mut ahead)
        {
            settling = Some(Box::pin(settle(&service, batch)));
        }
        let idle = settling.is_none() && taking.is_empty();
        let room = idle || !alone && taking.len() + ahead.len() < AHEAD;
        if look && room && !service.is_stopping() {
            alone = idle;
            let tried = if idle { Tried::Also } else { Tried::Not };
            let service = &service;
            taking.push_back(async move { (tried, take(service, tried).await) });
        }
        if taking.is_empty() && settling.is_none() {
            if service.is_stopping() {
                return Ok(());
            }
            wait(&service, &mut worked, &mut rested).await;
            look = true;
            continue;
        }
        // What is taken is taken before the thread that writes is busy with the next batch.
        tokio::select! {
            biased;
            Some((tried, taken)) = taking.next() => match taken {
                Ok(Some(batch)) => {
                    worked = true;
                    alone = !batch.fresh;
                    // All of a batch may wait for name servers.
                    ahead.extend((!batch.inputs.is_empty()).then_some(batch));
                }
                Ok(None) if tried == Tried::Also => {
                    alone = false;
                    look = nothing_left(&service).await;
                }
                // One that was tried before waits until nothing else is under way.
                Ok(None) => look = settling.is_none() && taking.is_empty() && ahead.is_empty(),
                Err(error) => {
                    tracing::error!("Processing waits: {error:#}");
                    look = false;
                }
            },
            () = of(&mut settling) => {
                settling = None;
                look = true;
                // Where mails wait for hours, the pieces of the index of words would be thousands.
                if rested.elapsed() >= REST_EVERY {
                    tokio::select! {
                        () = tidy(&service) => {}
                        () = tokio::time::sleep(BUSY_TIDYING) => {}
                        () = service.stopped() => {}
                    }
                    rested = Instant::now();
                }
            }
            () = service.inner.bells.inbox.notified(), if !look => look = true,
        }
    }
}

/// What is under way, if anything is.
async fn of(work: &mut Option<BoxFuture<'_, ()>>) {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

/// What is settled next: of what was read, as much as goes into one commit.
fn next_batch(ahead: &mut VecDeque<Batch>) -> Option<Batch> {
    let mut batch = ahead.pop_front()?;
    while let Some(next) = ahead.pop_front() {
        if let Err(next) = batch.join(next) {
            ahead.push_front(next);
            break;
        }
    }
    Some(batch)
}

/// With nothing left to take, looks for mails that were tried too often; whether there were some.
async fn nothing_left(service: &Service) -> bool {
    match set_aside(service).await {
        Ok(count) => count > 0,
        Err(error) => {
            tracing::error!("Processing waits: {error:#}");
            false
        }
    }
}

/// Waits for mail; a desk that has had nothing to do for a while rests.
async fn wait(service: &Service, worked: &mut bool, rested: &mut Instant) {
    tokio::select! {
        () = tokio::time::sleep(LOOK_EVERY) => {}
        () = service.inner.bells.inbox.notified() => return,
        () = service.stopped() => return,
    }
    // The pages of the web write words and fill memory as well.
    if *worked || rested.elapsed() >= REST_EVERY {
        tokio::select! {
            () = rest(service) => (*worked, *rested) = (false, Instant::now()),
            // A mail does not wait for it.
            () = service.inner.bells.inbox.notified() => {}
            () = service.stopped() => {}
        }
    }
}

/// What a desk does when it has nothing to do.
async fn rest(service: &Service) {
    tidy(service).await;
    if let Err(error) = service.store().rest().await {
        tracing::warn!("Memory is not given back: {error:#}");
    }
}

/// Tidies the index of words.
async fn tidy(service: &Service) {
    loop {
        match service.store().tidy_words().await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!("The index of words is not tidied: {error:#}");
                return;
            }
        }
    }
}

/// Processes one batch; returns how many mails that were.
pub async fn once(service: &Service) -> Result<usize> {
    match take(service, Tried::Also).await? {
        Some(batch) => {
            let count = batch.count;
            settle(service, batch).await;
            Ok(count)
        }
        None => set_aside(service).await,
    }
}

/// Takes mails from the inbox, counts their attempt (C), and reads them.
async fn take(service: &Service, tried: Tried) -> Result<Option<Batch>> {
    let now = service.now();
    let taken = service
        .store()
        .take_mails(BATCH_MAILS, BATCH_BYTES, tried, LEASE, now)
        .await?;
    if taken.is_empty() {
        return Ok(None);
    }
    let rules = service.rules();
    service.inner.reading.get_ready(&rules);
    let in_memory = service.inner.budget.take(taken.bytes()).await;
    let mails = service.store().load(taken).await?;
    let ids: Vec<InboxId> = mails.iter().map(|mail| mail.id).collect();
    let fresh = mails.iter().all(|mail| mail.attempts <= 1);
    let understood = match understand_all(service, &rules, mails, now).await {
        Ok(understood) => understood,
        Err(error) => {
            // It was not the mails' fault.
            service.store().give_back(ids, now + REST).await?;
            return Err(error);
        }
    };
    drop(in_memory);
    let mut inputs = Vec::new();
    let mut later = Vec::new();
    let mut count = 0;
    for (id, understood) in understood {
        match understood {
            Understood::Input(input) => inputs.push(*input),
            Understood::Later(why) => {
                tracing::warn!(inbox.id = %id, "Mail {id} waits for the name servers of its sender: {why}");
                later.push((id, why));
                continue;
            }
            Understood::Not => {
                tracing::error!(inbox.id = %id, "Mail {id} could not be read; it is tried again");
            }
        }
        count += 1;
    }
    if !later.is_empty() {
        service.store().wait_for_names(later, now).await?;
    }
    if matches!(rules.policy.authentication, Authentication::Dkim { .. }) {
        let verdicts = inputs.iter().filter_map(verdict).collect();
        service.store().authenticated(verdicts).await?;
    }
    Ok(Some(Batch {
        rules,
        inputs,
        count,
        fresh,
    }))
}

/// Decides about the mails of a batch and writes the outcome (D); what could not be written is given back.
async fn settle(service: &Service, batch: Batch) {
    let Batch { rules, inputs, .. } = batch;
    let now = service.now();
    let ids: Vec<_> = inputs.iter().map(inbox_id).collect();
    let places = AtomicI64::new(0);
    let settled = service
        .store()
        .settle(inputs, now, move |input, lookup| {
            // Each mail has a moment of its own: what one did is told from what the next one did.
            let place = places.fetch_add(1, Ordering::Relaxed);
            conclude(
                &rules,
                input,
                lookup,
                now + chrono::Duration::milliseconds(place),
            )
        })
        .await;
    let settled = match settled {
        Ok(settled) => settled,
        Err(error) => {
            tracing::error!("Processing waits: {error:#}");
            give_back(service, ids.into_iter().flatten().collect()).await;
            return;
        }
    };
    for (id, result) in ids.into_iter().flatten().zip(settled) {
        match result {
            Ok(Settled::Before) => {}
            Ok(Settled::Done(settled)) => {
                match &settled.decision.disposition {
                    Some(Disposition::Filed(ticket)) => {
                        tracing::info!(inbox.id = %id, ticket.id = %ticket, "Mail {id} is part of ticket {ticket}");
                    }
                    other => tracing::info!(inbox.id = %id, "Mail {id}: {}", word(other.as_ref())),
                }
                let waiting = settled
                    .decision
                    .notices
                    .iter()
                    .filter(|notice| notice.over_limit);
                let waiting = waiting.count();
                if waiting > 0 {
                    tracing::warn!(inbox.id = %id, "Mail {id}: {waiting} notices over [limits] wait for an hour");
                }
            }
            Err(error) => {
                tracing::error!(inbox.id = %id, "Mail {id} could not be processed, it is tried again: {error:#}");
            }
        }
    }
    service.inner.bells.outbox.notify_one();
    service.inner.bells.timers.notify_one();
}

/// Reads mails, then judges their senders, all at once. The answers are in the order of the mails.
async fn understand_all(
    service: &Service,
    rules: &Rules,
    mails: Vec<InboxMail>,
    now: DateTime<Utc>,
) -> Result<Vec<(InboxId, Understood)>> {
    let read = service.inner.reading.read(mails).await?;
    let judged = read.into_iter().map(|(mail, read)| async move {
        let id = mail.id;
        (id, judge(rules, mail, read, now).await)
    });
    Ok(futures_util::future::join_all(judged).await)
}

/// The disk took nothing: that was not the mails' fault. They come again as soon as it does.
async fn give_back(service: &Service, mails: Vec<InboxId>) {
    while !service.is_stopping() {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = service.stopped() => {}
        }
        if let Err(error) = service
            .store()
            .give_back(mails.clone(), service.now())
            .await
        {
            tracing::error!("Processing still waits: {error:#}");
        } else {
            return;
        }
    }
}

/// Mails that failed three times go to the quarantine, unread and with their bytes (contract I7).
async fn set_aside(service: &Service) -> Result<usize> {
    let now = service.now();
    let poisoned = service.store().poisoned(now).await?;
    if poisoned.is_empty() {
        return Ok(0);
    }
    let inputs: Vec<Input> = poisoned
        .into_iter()
        .map(|(inbox, why)| {
            tracing::error!(inbox.id = %inbox, "Mail {inbox} failed three times and goes to the quarantine");
            Input::Poison { inbox, why }
        })
        .collect();
    let rules = service.rules();
    let settled = service
        .store()
        .settle(inputs, now, move |input, lookup| {
            conclude(&rules, input, lookup, now)
        })
        .await?;
    service.inner.bells.outbox.notify_one();
    Ok(settled.iter().filter(|result| result.is_ok()).count())
}

fn word(disposition: Option<&Disposition>) -> &'static str {
    match disposition {
        Some(Disposition::Filed(_)) => "part of a ticket",
        Some(Disposition::Duplicate(..)) => "recorded as a duplicate",
        Some(Disposition::Ignored) => "ignored, kept and listed",
        Some(Disposition::Quarantined) => "in quarantine, kept and listed",
        None => "nothing to do",
    }
}

/// Keys change and answers expire: what was found out is kept for a later attempt.
fn verdict(input: &Input) -> Option<(InboxId, Authenticity)> {
    match input {
        Input::Mail(arrival) => Some((arrival.inbox, arrival.authenticity)),
        Input::Poison { .. }
        | Input::Action(_)
        | Input::Visit(_)
        | Input::SignIn(_)
        | Input::Timer(_)
        | Input::Delivery(_) => None,
    }
}

fn inbox_id(input: &Input) -> Option<InboxId> {
    match input {
        Input::Mail(arrival) => Some(arrival.inbox),
        Input::Poison { inbox, .. } => Some(*inbox),
        Input::Action(_)
        | Input::Visit(_)
        | Input::SignIn(_)
        | Input::Timer(_)
        | Input::Delivery(_) => None,
    }
}

/// What became of reading a mail.
#[derive(Debug)]
pub enum Understood {
    /// It was read, and its sender judged.
    Input(Box<Input>),
    /// Who wrote it is not known yet, and why.
    Later(String),
    /// The reader failed; it counts as an attempt.
    Not,
}

/// Reads and authenticates one mail of the inbox.
pub async fn understand(rules: &Rules, mail: InboxMail, now: DateTime<Utc>) -> Understood {
    match tokio::task::spawn_blocking(move || reading::read(mail)).await {
        Ok((mail, read)) => judge(rules, mail, read, now).await,
        Err(_) => Understood::Not,
    }
}

async fn judge(
    rules: &Rules,
    mail: InboxMail,
    read: Option<Mail>,
    now: DateTime<Utc>,
) -> Understood {
    let Some(read) = read else {
        return Understood::Not;
    };
    let sender = read.sender().map(crate::mail::Address::key);
    let authenticity = match authenticate(rules, &mail, sender.as_deref(), now).await {
        Verdict::Known(authenticity) => authenticity,
        Verdict::Later(why) => return Understood::Later(why),
    };
    // It proves no more than a `From` would; somebody can be answered.
    let read = read.or_from(mail.sender.as_deref());
    let read = match &mail.submission {
        Some(submission) => submission.written(read),
        None => read,
    };
    Understood::Input(Box::new(Input::Mail(Box::new(Arrival {
        inbox: mail.id,
        account: mail.account,
        recipient: mail.recipient,
        sender: mail.sender,
        received_at: mail.received_at,
        offered: rules.knowledge.for_mail(&rules.policy, &read, authenticity),
        mail: read,
        digest: mail.digest,
        authenticity,
        oversize: mail.oversize,
        released: mail.released,
        submission: mail.submission,
    }))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::service::Clock;
    use crate::store::{InboxState, Incoming, Origin};

    /// Mails of a backlog, some of which were tried before, as after a crash.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_backlog_is_settled_in_its_order_whatever_was_tried_before() {
        const TRIED: usize = 30;
        const MAILS: usize = 300;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        let config = include_str!("../../fixtures/scenarios/config.toml");
        std::fs::write(&path, config).expect("writable");
        let settings = Config::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let service = Service::open(settings, Clock::System).expect("opened");
        let mails = (0..MAILS).map(|number| Incoming {
            account: "support".to_owned(),
            origin: Origin::Maildir {
                name: number.to_string(),
            },
            recipient: None,
            sender: None,
            received_at: service.now(),
            bytes: format!(
                "From: p{number}@example.org\r\nTo: support@example.org\r\nSubject: Panne de l'objet {number}\r\n\
                 Message-ID: <{number}@example.org>\r\n\r\nBonjour, l'objet {number} est en panne.\r\n"
            )
            .into_bytes(),
            oversize: None,
            proven: None,
        });
        let store = service.store();
        store.accept(mails.collect()).await.expect("accepted");
        let at_once = Duration::ZERO;
        let taken = store.take_mails(TRIED, u64::MAX, Tried::Also, at_once, service.now());
        assert!(!taken.await.expect("taken").is_empty());

        let station = tokio::spawn(station(service.clone()));
        let left = async || {
            let new = store.inbox_list(Some(InboxState::New), MAILS).await;
            new.expect("listed").len()
        };
        for _ in 0..600 {
            if left().await == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        service.inner.stop.send_replace(true);
        station.await.expect("no panic").expect("ended");
        let mut rows = store.inbox_list(None, MAILS).await.expect("listed");
        rows.reverse();
        let tickets: Vec<i64> = rows
            .iter()
            .filter_map(|row| row.ticket)
            .map(|id| id.0)
            .collect();
        assert_eq!(tickets.len(), MAILS, "each is in a ticket of its own");
        assert!(tickets.is_sorted_by(|one, next| one < next), "{tickets:?}");
        let attempts = |tried: usize| if tried < TRIED { 2 } else { 1 };
        for (place, row) in rows.iter().enumerate() {
            assert_eq!(row.attempts, attempts(place), "mail {place}");
        }
    }
}
