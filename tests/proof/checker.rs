//! The checker: offline, after quiet. It knows what was put in, reads the database with the desk's
//! own verbs, and has every byte string that the mail server accepted. It returns what does not
//! hold; nothing is repaired and nothing is taken on trust.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use guichet::mail::Digest;
use guichet::store::{InboxRow, InboxState, OutboxRow, OutboxState, Store, TicketFilter};

use crate::mails::{Class, Injected, id_of};
use crate::support::sink::Received;

/// What was counted when everything holds.
#[derive(Debug, Default, Clone)]
pub struct Report {
    pub mails: usize,
    pub tickets: usize,
    pub duplicates: usize,
    pub ignored: usize,
    pub quarantined: usize,
    pub sent: usize,
    /// Copies beyond the first.
    pub copies: usize,
}

/// Holds the database of `data` and what was accepted against what was put in.
///
/// # Errors
/// All that does not hold.
pub async fn check(
    data: &Path,
    injected: &[Injected],
    received: &[Received],
    cuts: &[Instant],
) -> Result<Report, Vec<String>> {
    let mut wrong = Vec::new();
    match Store::open_existing(data) {
        Ok(store) => match look(&store, injected, received, cuts, &mut wrong).await {
            Ok(report) if wrong.is_empty() => return Ok(report),
            Ok(_) => {}
            Err(error) => wrong.push(format!("the database cannot be read: {error:#}")),
        },
        Err(error) => wrong.push(format!("the database cannot be opened: {error:#}")),
    }
    Err(wrong)
}

async fn look(
    store: &Store,
    injected: &[Injected],
    received: &[Received],
    cuts: &[Instant],
    wrong: &mut Vec<String>,
) -> anyhow::Result<Report> {
    for line in store.integrity_check().await? {
        wrong.push(format!("integrity: {line}"));
    }
    for line in store.audit().await? {
        wrong.push(format!("audit: {line}"));
    }
    let rows = kept(store, injected, wrong).await?;
    let injected = &heirs(injected, &rows);
    let outbox = store.outbox_list(None, None, 0).await?;
    let mut report = mails(injected, &rows, wrong);
    report.tickets = tickets(store, injected, &rows, wrong).await?;
    copies(&outbox, received, cuts, &mut report, wrong);
    answers(injected, &rows, &outbox, received, wrong);
    Ok(report)
}

/// The inbox by test id: each mail there once, whole.
async fn kept(
    store: &Store,
    injected: &[Injected],
    wrong: &mut Vec<String>,
) -> anyhow::Result<BTreeMap<usize, InboxRow>> {
    let by_id: BTreeMap<usize, &Injected> = injected.iter().map(|mail| (mail.id, mail)).collect();
    let mut rows = BTreeMap::new();
    for row in store.inbox_list(None, 0).await? {
        let raw = store.raw(row.id).await?.unwrap_or_default();
        let Some(mail) = id_of(&raw).and_then(|id| by_id.get(&id)) else {
            wrong.push(format!("inbox {} is nobody's mail", row.id));
            continue;
        };
        if Digest::of(&raw) != Digest::of(&mail.bytes) {
            wrong.push(format!("mail {} is not what was put in", mail.id));
        }
        if let Some(before) = rows.insert(mail.id, row) {
            wrong.push(format!("mail {} is kept twice: {}", mail.id, before.id));
        }
    }
    Ok(rows)
}

/// Killed three times over one mail: it is set aside, whoever wrote it (I7).
fn is_poisoned(row: &InboxRow) -> bool {
    row.state == InboxState::Quarantined && row.attempts >= 3
}

/// When a mail was set aside, or rested while the desk was killed over it, the first copy of it that was
/// not opens the ticket in its stead, and answers belong there.
fn heirs(injected: &[Injected], rows: &BTreeMap<usize, InboxRow>) -> Vec<Injected> {
    let mut heirs: BTreeMap<usize, usize> = BTreeMap::new();
    for mail in injected {
        let Class::Duplicate(of) = mail.class else {
            continue;
        };
        let (Some(original), Some(copy)) = (rows.get(&of), rows.get(&mail.id)) else {
            continue;
        };
        let overtook = original.duplicate_of == Some(copy.id);
        if copy.state == InboxState::Filed && (is_poisoned(original) || overtook) {
            heirs.entry(of).or_insert(mail.id);
        }
    }
    let mut injected = injected.to_vec();
    for mail in &mut injected {
        mail.class = match mail.class {
            Class::Duplicate(of) if heirs.get(&of) == Some(&mail.id) => Class::Person,
            // Of the same content one is a duplicate; it does not matter which.
            Class::Person if heirs.contains_key(&mail.id) => Class::Duplicate(heirs[&mail.id]),
            Class::Reply(to) => Class::Reply(heirs.get(&to).copied().unwrap_or(to)),
            ref class => class.clone(),
        };
    }
    injected
}

/// I1, I7: every mail is in exactly one place, the right one for its class.
fn mails(
    injected: &[Injected],
    rows: &BTreeMap<usize, InboxRow>,
    wrong: &mut Vec<String>,
) -> Report {
    let mut report = Report {
        mails: injected.len(),
        ..Report::default()
    };
    for mail in injected {
        let Some(row) = rows.get(&mail.id) else {
            if mail.class == Class::Deleted {
                continue;
            }
            wrong.push(format!("mail {} ({:?}) is lost", mail.id, mail.class));
            continue;
        };
        let ticket_of = |id: usize| rows.get(&id).and_then(|row| row.ticket);
        match row.state {
            InboxState::New => wrong.push(format!("mail {} is not settled", mail.id)),
            InboxState::Filed if row.ticket.is_none() => {
                wrong.push(format!("mail {} is filed in no ticket", mail.id));
            }
            InboxState::Filed => {}
            InboxState::Duplicate => report.duplicates += 1,
            InboxState::Ignored => report.ignored += 1,
            InboxState::Quarantined => report.quarantined += 1,
        }
        let poisoned = is_poisoned(row);
        let settled_well = match &mail.class {
            Class::Person | Class::Refused | Class::Deleted => {
                row.state == InboxState::Filed || poisoned
            }
            Class::Reply(to) => {
                row.state == InboxState::Filed && row.ticket == ticket_of(*to) || poisoned
            }
            Class::Duplicate(_) => row.state == InboxState::Duplicate || poisoned,
            Class::Automatic | Class::Poison => true,
        };
        if !settled_well && row.state != InboxState::New {
            wrong.push(format!(
                "mail {} ({:?}) is {} in ticket {:?}: {}",
                mail.id,
                mail.class,
                row.state.as_str(),
                row.ticket,
                row.why
            ));
        }
    }
    report
}

/// I6: a ticket for each mail that opens one, none beside, references unique.
async fn tickets(
    store: &Store,
    injected: &[Injected],
    rows: &BTreeMap<usize, InboxRow>,
    wrong: &mut Vec<String>,
) -> anyhow::Result<usize> {
    let tickets = store.tickets(TicketFilter::default()).await?;
    let references: BTreeSet<String> = tickets
        .iter()
        .map(|ticket| ticket.reference.to_string())
        .collect();
    if references.len() != tickets.len() {
        wrong.push(format!(
            "{} references for {} tickets",
            references.len(),
            tickets.len()
        ));
    }
    let openings: Vec<_> = injected
        .iter()
        .filter(|mail| !matches!(mail.class, Class::Reply(_) | Class::Duplicate(_)))
        .filter_map(|mail| rows.get(&mail.id)?.ticket)
        .collect();
    let opened: BTreeSet<_> = openings.iter().copied().collect();
    if opened.len() != openings.len() {
        wrong.push("two mails opened one ticket".to_owned());
    }
    for ticket in &tickets {
        if !opened.contains(&ticket.id) {
            wrong.push(format!("ticket {} was opened by no mail", ticket.id));
        }
    }
    if opened.len() != tickets.len() {
        wrong.push(format!(
            "{} mails opened {} tickets",
            opened.len(),
            tickets.len()
        ));
    }
    Ok(tickets.len())
}

/// O1–O3: what left is what the outbox says, byte for byte; 1 ≤ copies ≤ 1 + attempts that ended
/// without an answer.
fn copies(
    outbox: &[OutboxRow],
    received: &[Received],
    cuts: &[Instant],
    report: &mut Report,
    wrong: &mut Vec<String>,
) {
    let mut left: BTreeMap<(String, String), Vec<&Received>> = BTreeMap::new();
    for mail in received {
        let id = guichet::mail::read(&mail.bytes)
            .message_id
            .unwrap_or_default();
        for to in &mail.to {
            let copies = left.entry((id.clone(), to.clone())).or_default();
            copies.push(mail);
        }
    }
    for row in outbox {
        let copies = left
            .remove(&(row.message_id.clone(), row.to.clone()))
            .unwrap_or_default();
        // The attempt itself is not synced before it is made: a power cut may take its count along.
        let times = copies.iter().map(|mail| mail.at);
        let (first, last) = (times.clone().min(), times.max());
        let forgotten = cuts
            .iter()
            .filter(|cut| first.is_some_and(|at| at < **cut) && last.is_some_and(|at| **cut < at))
            .count();
        let (least, most) = match row.state {
            OutboxState::Sent => (1, 1 + row.uncertain as usize + forgotten),
            OutboxState::Failed => (0, row.uncertain as usize),
            OutboxState::Queued
            | OutboxState::Sending
            | OutboxState::Uncertain
            | OutboxState::Held
            | OutboxState::GivenUp => {
                wrong.push(format!("notification {} is {}", row.id, row.state.as_str()));
                continue;
            }
        };
        if copies.len() < least || copies.len() > most {
            wrong.push(format!(
                "notification {} to {} was accepted {} times, not {least} to {most}",
                row.id,
                row.to,
                copies.len()
            ));
        }
        report.sent += usize::from(!copies.is_empty());
        report.copies += copies.len().saturating_sub(1);
        if copies
            .iter()
            .any(|mail| Digest::of(&mail.bytes) != row.digest)
        {
            wrong.push(format!(
                "notification {} left with other bytes than were kept",
                row.id
            ));
        }
    }
    for (id, to) in left.keys() {
        wrong.push(format!("the outbox does not know {id} to {to}"));
    }
}

/// Every person is told once, with one message; no machine is told anything (A1).
fn answers(
    injected: &[Injected],
    rows: &BTreeMap<usize, InboxRow>,
    outbox: &[OutboxRow],
    received: &[Received],
    wrong: &mut Vec<String>,
) {
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for row in outbox {
        *told.entry(row.to.as_str()).or_default() += 1;
    }
    for mail in injected {
        let messages = told.get(mail.from.as_str()).copied().unwrap_or_default();
        let filed = rows
            .get(&mail.id)
            .is_some_and(|row| row.state == InboxState::Filed);
        match mail.class {
            Class::Person | Class::Refused | Class::Deleted if filed && messages != 1 => {
                wrong.push(format!(
                    "{} is owed one acknowledgement and {messages} were written",
                    mail.from
                ));
            }
            Class::Automatic
                if messages > 0 || received.iter().any(|sent| sent.to.contains(&mail.from)) =>
            {
                wrong.push(format!("the machine {} was answered", mail.from));
            }
            _ => {}
        }
    }
}
