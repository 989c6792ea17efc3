//! Writes one [`Settlement`]: what was decided about a mail, the tickets, their events, who is
//! told, and the bytes that go out.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Settlement, copy, deliver, habits, health, knowledge, known, look, mailboxes, millis, number,
    process, reports, session,
};
use crate::desk::{
    Automation, Changed, Decision, Disposition, Input, Notice, Pending, PendingState, Thread, Timer,
};
use crate::mail::Digest;
use crate::notification::Outgoing;
use crate::ticket::{
    Event, InboxId, Level, Nature, NoticeId, Part, Person, Status, Ticket, TicketId, What,
};

/// Minutes that counts of automatic mails are kept for: a day, and one for good measure.
const COUNTED_MINUTES: i64 = 2 * 24 * 60;

/// The words of events, by their ids, still to be indexed.
pub(super) type Words = Vec<(i64, String)>;

/// Indexes words, after those of a batch are written and savepoints released: FTS5 writes a segment at each
/// savepoint, and merges them later, which cost more than all other tables together.
pub(super) fn index(connection: &Connection, words: &Words) -> Result<()> {
    let mut statement =
        connection.prepare_cached(r"INSERT INTO words (rowid, text) VALUES (?1, ?2)")?;
    for (event, words) in words {
        statement.execute(params![event, words])?;
    }
    Ok(())
}

/// Writes everything that follows from `input`, except for the words, which are returned.
pub(super) fn write(
    connection: &Connection,
    input: &Input,
    settlement: &Settlement,
    now: DateTime<Utc>,
) -> Result<Words> {
    let decision = &settlement.decision;
    let mut words = Words::new();
    // Asked first: closing a ticket takes its date away.
    let held = copy::may_have_been_said(connection, input)?;
    for changed in &decision.changed {
        write_ticket(connection, changed, &mut words)?;
    }
    for id in &decision.settled_notices {
        drop_notice(connection, *id)?;
    }
    for slug in &decision.helped {
        knowledge::helped(connection, slug)?;
    }
    for absence in &decision.absences {
        look::write_absence(connection, absence)?;
    }
    for notice in &decision.notices {
        write_notice(connection, notice, now)?;
        session::write_sign_in(connection, notice, now)?;
    }
    for (message_id, ticket, thread) in &decision.message_ids {
        write_message_id(connection, message_id, *ticket, *thread, None)?;
    }
    for (notice, line) in &decision.executed {
        connection
            .prepare_cached(
                r"INSERT INTO executed (notice, line, at) VALUES (?1, ?2, ?3)
                  ON CONFLICT (notice, line) DO NOTHING",
            )?
            .execute(params![notice.0, line, millis(now)])?;
    }
    for pending in &decision.pending {
        write_pending(connection, pending)?;
    }
    for (notice, state) in &decision.answered {
        write_answer(connection, *notice, *state)?;
    }
    for outgoing in &settlement.outgoing {
        write_outgoing(connection, outgoing, held, now)?;
    }
    if let Some(learned) = &decision.learned {
        habits::learn(connection, learned)?;
    }
    match input {
        Input::Mail(arrival) => {
            let verdict = Some(process::verdict_token(arrival.authenticity));
            let content = Content {
                digest: arrival.mail.content_digest.as_ref(),
                dated: known::dated(arrival.mail.date),
                verdict,
            };
            write_disposition(connection, arrival.inbox, decision, &content, now)?;
        }
        Input::Poison { inbox, .. } => {
            let unread = Content::default();
            write_disposition(connection, *inbox, decision, &unread, now)?;
        }
        Input::Delivery(delivery) => deliver::reported(connection, delivery)?,
        Input::Timer(Timer::Alert { told, over, .. }) => {
            health::write_alert(connection, told, over, now)?;
        }
        Input::Timer(Timer::Report(report)) => reports::write(connection, report)?,
        Input::Visit(visit) if !decision.notices.is_empty() => {
            mailboxes::visited(connection, visit.mailbox, visit.errand, now)?;
        }
        Input::Action(_)
        | Input::Visit(_)
        | Input::SignIn(_)
        | Input::Timer(Timer::Ticket(_) | Timer::Due(_)) => {}
    }
    Ok(words)
}

/// What reading a mail told the inbox; nothing of a mail that could not be read.
#[derive(Default)]
struct Content<'a> {
    digest: Option<&'a Digest>,
    dated: i64,
    verdict: Option<&'a str>,
}

fn write_disposition(
    connection: &Connection,
    inbox: InboxId,
    decision: &Decision,
    content: &Content<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let disposition = decision
        .disposition
        .as_ref()
        .with_context(|| format!("nothing was decided about mail {inbox}"))?;
    let (state, ticket, duplicate_of) = match disposition {
        Disposition::Filed(ticket) => ("filed", Some(*ticket), None),
        Disposition::Duplicate(of, ticket) => ("duplicate", *ticket, Some(*of)),
        Disposition::Ignored => ("ignored", None, None),
        Disposition::Quarantined => ("quarantined", None, None),
    };
    let rows = connection
        .prepare_cached(
            r"UPDATE inbox SET state = ?2, ticket = ?3, duplicate_of = ?4, why = ?5, content = ?6,
                     dated = ?9, settled_at = ?7, authenticity = coalesce(?8, authenticity), lease_until = 0
              WHERE id = ?1 AND state = 'new'",
        )?
        .execute(params![
            inbox.0,
            state,
            ticket.map(|id| id.0),
            duplicate_of.map(|id| id.0),
            decision.why,
            content.digest.map(|digest| digest.0),
            millis(now),
            content.verdict,
            content.dated
        ])?;
    ensure!(rows == 1, "mail {inbox} could not be settled");
    Ok(())
}

fn write_ticket(connection: &Connection, changed: &Changed, found: &mut Words) -> Result<()> {
    let ticket = &changed.ticket;
    let opens = matches!(
        changed.events.first().map(|event| &event.what),
        Some(What::Opened(_))
    );
    let sql = if opens {
        r"INSERT INTO tickets (id, reference, status, team, technician, requester, due_at,
                               created_at, updated_at, ticket, rank, since, category, alive,
                               suggestion)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
    } else {
        r"UPDATE tickets SET reference = ?2, status = ?3, team = ?4, technician = ?5,
                 requester = ?6, due_at = ?7, created_at = ?8, updated_at = ?9, ticket = ?10,
                 rank = ?11, since = ?12, category = ?13, alive = ?14, suggestion = ?15
          WHERE id = ?1"
    };
    let technician = ticket.technician.as_ref().map(|who| who.key());
    let requester = ticket.requester().map(|person| person.who.key());
    let rows = connection
        .prepare_cached(sql)?
        .execute(params![
            ticket.id.0,
            ticket.reference.to_string(),
            ticket.status.as_str(),
            ticket.team,
            technician.unwrap_or_default(),
            requester.unwrap_or_default(),
            ticket.due_at().map(millis),
            millis(ticket.created_at),
            millis(ticket.updated_at),
            serde_json::to_string(ticket)?,
            rank(ticket.priority),
            millis(ticket.status_since),
            ticket.category.as_deref().unwrap_or_default(),
            is_alive(ticket),
            ticket.nature == Nature::Suggestion
        ])
        .with_context(|| format!("writing ticket {}", ticket.id))?;
    ensure!(rows == 1, "there is no ticket {}", ticket.id);
    look::write_major(connection, ticket)?;
    write_observers(connection, ticket, opens)?;
    for event in &changed.events {
        let id = write_event(connection, ticket, event)?;
        let words = words(event);
        if !words.is_empty() {
            found.push((id, words));
        }
        match &event.what {
            What::Opened(opened) => {
                for person in &opened.people {
                    write_person(connection, ticket.id, person)?;
                }
            }
            What::Person { person } => write_person(connection, ticket.id, person)?,
            What::Mail { .. }
            | What::Note { .. }
            | What::Status { .. }
            | What::Assigned { .. }
            | What::Team { .. }
            | What::TeamObserves { .. }
            | What::Priority { .. }
            | What::Classified { .. }
            | What::Phone { .. }
            | What::Urgency { .. }
            | What::Reminded { .. }
            | What::Verdict { .. }
            | What::Thanks { .. }
            | What::Rated { .. }
            | What::MarksAsked
            | What::Linked { .. }
            | What::Related { .. }
            | What::Major { .. }
            | What::Aside { .. }
            | What::Command { .. }
            | What::Undone { .. }
            | What::Asked { .. }
            | What::Notified { .. }
            | What::Delivery { .. }
            | What::Duplicate { .. }
            | What::Alert { .. } => {}
        }
    }
    mailboxes::follow(connection, ticket)
}

/// The teams that only observe a ticket, with what their lists ask of it.
fn write_observers(connection: &Connection, ticket: &Ticket, is_new: bool) -> Result<()> {
    if !is_new {
        connection
            .prepare_cached(r"DELETE FROM observed WHERE id = ?1")?
            .execute(params![ticket.id.0])?;
    }
    for team in &ticket.observing_teams {
        connection
            .prepare_cached(
                r"INSERT INTO observed (id, team, status, category, updated_at)
                  VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id, team) DO NOTHING",
            )?
            .execute(params![
                ticket.id.0,
                team,
                ticket.status.as_str(),
                ticket.category.as_deref().unwrap_or_default(),
                millis(ticket.updated_at)
            ])?;
    }
    Ok(())
}

/// The most urgent first.
fn rank(priority: Level) -> i64 {
    match priority {
        Level::High => 0,
        Level::Normal => 1,
        Level::Low => 2,
    }
}

/// There is something left to do, under this number.
fn is_alive(ticket: &Ticket) -> bool {
    let done = matches!(ticket.status, Status::Resolved | Status::Closed);
    !done && ticket.ties.merged_into.is_none()
}

fn write_event(connection: &Connection, ticket: &Ticket, event: &Event) -> Result<i64> {
    connection
        .prepare_cached(
            r"INSERT INTO events (ticket, at, kind, public, event) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            ticket.id.0,
            millis(event.at),
            event.what.kind(),
            event.public,
            serde_json::to_string(event)?
        ])?;
    Ok(connection.last_insert_rowid())
}

/// What a search finds an event by.
fn words(event: &Event) -> String {
    let mut words = Vec::new();
    match &event.what {
        What::Opened(ticket) => {
            words.push(ticket.reference.to_string());
            words.push(ticket.title.clone());
            for person in &ticket.people {
                words.extend(person.who.name.clone());
                words.push(person.who.address.clone());
            }
        }
        What::Person { person } => {
            words.extend(person.who.name.clone());
            words.push(person.who.address.clone());
        }
        what => {
            words.extend(what.text().map(str::to_owned));
            words.extend(
                what.files()
                    .iter()
                    .filter_map(|file| file.attachment.name.clone()),
            );
        }
    }
    words.join("\n")
}

fn write_person(connection: &Connection, ticket: TicketId, person: &Person) -> Result<()> {
    let rows = connection
        .prepare_cached(
            r"INSERT INTO people (id, ticket, address, part) VALUES (?1, ?2, ?3, ?4)
              ON CONFLICT (id) DO UPDATE SET address = excluded.address, part = excluded.part
              WHERE ticket = excluded.ticket",
        )?
        .execute(params![
            person.id.0,
            ticket.0,
            person.who.key(),
            part_token(person.part)
        ])?;
    ensure!(
        rows == 1,
        "person {} is of another ticket than {ticket}",
        person.id
    );
    Ok(())
}

fn part_token(part: Part) -> &'static str {
    match part {
        Part::Requester => "requester",
        Part::Beneficiary => "beneficiary",
        Part::Observer => "observer",
        Part::Contributor => "contributor",
    }
}

fn drop_notice(connection: &Connection, id: NoticeId) -> Result<()> {
    connection
        .prepare_cached(r"UPDATE notices SET state = 'dropped' WHERE id = ?1 AND state = 'kept'")?
        .execute(params![id.0])?;
    Ok(())
}

fn write_notice(connection: &Connection, notice: &Notice, now: DateTime<Utc>) -> Result<()> {
    let (state, json) = match notice.due_at {
        Some(_) => ("kept", serde_json::to_string(notice)?),
        None => ("said", String::new()),
    };
    let automatic = match notice.automation {
        Automation::Replied | Automation::Generated => true,
        Automation::Person => false,
    };
    let rows = connection
        .prepare_cached(
            r"INSERT INTO notices (id, ticket, kind, recipient, addressed, caused_by, internal,
                                   automatic, at, due_at, state, notice)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
              ON CONFLICT (id) DO UPDATE SET
                  at = excluded.at, due_at = excluded.due_at, state = excluded.state,
                  kind = excluded.kind, automatic = excluded.automatic, notice = excluded.notice
              WHERE state <> 'said' AND recipient = excluded.recipient",
        )?
        .execute(params![
            notice.id.0,
            notice.ticket.map(|id| id.0),
            notice.kind.as_str(),
            notice.to.key(),
            notice.to.address,
            notice.caused_by.as_deref().unwrap_or_default(),
            notice.kind.is_internal(),
            automatic,
            millis(now),
            notice.due_at.map(millis),
            state,
            json
        ])?;
    ensure!(rows == 1, "notice {} was said before", notice.id);
    if automatic && notice.due_at.is_none() {
        count_said(connection, &notice.to.key(), notice.kind.is_internal(), now)?;
        if let (true, Some(cause)) = (notice.kind.is_internal(), &notice.caused_by) {
            count_caused(connection, cause, &notice.to.key(), now)?;
        }
    }
    Ok(())
}

/// Counts a notice to staff by the outside address that caused it (contract A2).
fn count_caused(
    connection: &Connection,
    cause: &str,
    recipient: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    connection
        .prepare_cached(
            r"INSERT INTO said (scope, whom, minute, mails) VALUES ('caused', ?1, ?2, 1)
              ON CONFLICT (scope, whom, minute) DO UPDATE SET mails = mails + 1",
        )?
        .execute(params![
            known::cause_and_recipient(cause, recipient),
            millis(now).div_euclid(60_000)
        ])?;
    Ok(())
}

/// Counts an automatic mail for the limits; those to staff only by their recipient.
fn count_said(
    connection: &Connection,
    recipient: &str,
    internal: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let minute = millis(now).div_euclid(60_000);
    let mut statement = connection.prepare_cached(
        r"INSERT INTO said (scope, whom, minute, mails) VALUES (?1, ?2, ?3, 1)
          ON CONFLICT (scope, whom, minute) DO UPDATE SET mails = mails + 1",
    )?;
    statement.execute(params!["to", recipient, minute])?;
    if !internal {
        let domain = recipient.rsplit_once('@').map_or("", |(_, domain)| domain);
        statement.execute(params!["domain", domain, minute])?;
        statement.execute(params!["all", "", minute])?;
    }
    connection
        .prepare_cached(r"DELETE FROM said WHERE minute < ?1")?
        .execute(params![minute - COUNTED_MINUTES])?;
    Ok(())
}

fn write_pending(connection: &Connection, pending: &Pending) -> Result<()> {
    connection
        .prepare_cached(
            r"INSERT INTO pending (notice, ticket, inbox, answers, internal, until)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            pending.notice.0,
            pending.ticket.0,
            pending.inbox.0,
            pending.answers.map(|id| id.0),
            pending.internal,
            millis(pending.until)
        ])?;
    Ok(())
}

/// The word of its author counts once.
fn write_answer(connection: &Connection, notice: NoticeId, state: PendingState) -> Result<()> {
    let token = match state {
        PendingState::Waiting => "waiting",
        PendingState::Confirmed => "confirmed",
        PendingState::Refused => "refused",
    };
    let rows = connection
        .prepare_cached(r"UPDATE pending SET state = ?2 WHERE notice = ?1 AND state = 'waiting'")?
        .execute(params![notice.0, token])?;
    ensure!(rows == 1, "confirmation {notice} was answered before");
    Ok(())
}

fn write_message_id(
    connection: &Connection,
    message_id: &str,
    ticket: TicketId,
    thread: Thread,
    notice: Option<NoticeId>,
) -> Result<()> {
    let thread = match thread {
        Thread::Incoming => "incoming",
        Thread::Outgoing => "outgoing",
        Thread::Phantom => "phantom",
    };
    connection
        .prepare_cached(
            r"INSERT INTO message_ids (message_id, ticket, thread, notice) VALUES (?1, ?2, ?3, ?4)
              ON CONFLICT (message_id, ticket, thread) DO NOTHING",
        )?
        .execute(params![message_id, ticket.0, thread, notice.map(|id| id.0)])?;
    Ok(())
}

pub(super) fn write_outgoing(
    connection: &Connection,
    outgoing: &Outgoing,
    held: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    say_kept(connection, outgoing.notice, now)?;
    if let Some(ticket) = outgoing.ticket {
        let notice = Some(outgoing.notice);
        write_message_id(
            connection,
            &outgoing.message_id,
            ticket,
            Thread::Outgoing,
            notice,
        )?;
    }
    // A notice that was written before stays as it was written (contract O1).
    connection
        .prepare_cached(
            r"INSERT INTO outbox (notice, ticket, kind, sender, recipient, whom, message_id, digest,
                                  size, bytes, text, created_at, next_at, held)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?13)
              ON CONFLICT (notice, recipient) DO NOTHING",
        )?
        .execute(params![
            outgoing.notice.0,
            outgoing.ticket.map(|id| id.0),
            outgoing.kind.as_str(),
            outgoing.envelope_from,
            outgoing.envelope_to,
            outgoing.envelope_to.trim().to_lowercase(),
            outgoing.message_id,
            Digest::of(&outgoing.bytes).0,
            number(outgoing.bytes.len() as u64),
            outgoing.bytes,
            outgoing.text,
            millis(now),
            held
        ])?;
    Ok(())
}

/// A notice that was kept until now is said now.
fn say_kept(connection: &Connection, id: NoticeId, now: DateTime<Utc>) -> Result<()> {
    // Most were not kept: RETURNING makes SQLite prepare for the worst, so ask first.
    let was_kept: bool = connection
        .prepare_cached(r"SELECT EXISTS (SELECT 1 FROM notices WHERE id = ?1 AND state <> 'said')")?
        .query_row(params![id.0], |row| row.get(0))?;
    if !was_kept {
        return Ok(());
    }
    let said: Option<(String, bool, bool)> = connection
        .prepare_cached(
            r"UPDATE notices SET state = 'said', at = ?2, due_at = NULL, notice = ''
              WHERE id = ?1 AND state <> 'said' RETURNING recipient, internal, automatic",
        )?
        .query_row(params![id.0, millis(now)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    if let Some((recipient, internal, true)) = said {
        count_said(connection, &recipient, internal, now)?;
    }
    Ok(())
}
