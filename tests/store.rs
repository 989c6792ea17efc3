//! The store on real files: what is kept, through crashes, bad decisions and other processes.
//! Here are the small desk that the stories share, and the store's own doings; the stations have a
//! file each.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use guichet::desk::{
    Arrival, Automation, Changed, Decision, Disposition, Input, Kind, Notice, Question, Thread,
};
use guichet::mail::{Address, Mail};
use guichet::notification::Outgoing;
use guichet::store::{
    Accepted, InboxMail, Incoming, Lookup, Origin, Settled, Settlement, Store, Tried,
};
use guichet::ticket::{
    Actor, Event, Level, NoticeId, Part, Person, PersonId, Reference, Role, Status, Ticket,
    TicketId, What,
};
use tempfile::TempDir;

#[path = "store/deliver.rs"]
mod deliver;
#[path = "store/operate.rs"]
mod operate;
#[path = "store/process.rs"]
mod process;
#[path = "store/receive.rs"]
mod receive;

const LEASE: Duration = Duration::from_secs(300);

/// Nine o'clock of a Monday, and some seconds.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_442_000, 0).expect("a time") + TimeDelta::seconds(seconds)
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn open(directory: &Path) -> Store {
    Store::open(directory).expect("the store opens")
}

/// A mail of the INBOX under UIDVALIDITY 7.
fn incoming(uid: u32, words: &str) -> Incoming {
    Incoming {
        account: "support".to_owned(),
        origin: Origin::Imap {
            folder: "INBOX".to_owned(),
            uid_validity: 7,
            uid,
        },
        recipient: None,
        sender: None,
        received_at: at(0),
        bytes: format!("Subject: {words}\r\n\r\n{words}\r\n").into_bytes(),
        oversize: None,
        proven: None,
    }
}

async fn accept(store: &Store, uid: u32, words: &str) -> Accepted {
    let accepted = store.accept(vec![incoming(uid, words)]).await;
    accepted.expect("accepted").remove(0)
}

async fn next_mails(store: &Store, now: DateTime<Utc>) -> Vec<InboxMail> {
    some_mails(store, (100, 1 << 20), Tried::Also, now).await
}

/// At most so many mails and bytes.
async fn some_mails(
    store: &Store,
    (limit, bytes): (usize, u64),
    tried: Tried,
    now: DateTime<Utc>,
) -> Vec<InboxMail> {
    let taken = store.take_mails(limit, bytes, tried, LEASE, now);
    let taken = taken.await.expect("taken");
    let size = taken.bytes();
    let mails = store.load(taken).await.expect("mails");
    let loaded: usize = mails.iter().map(|mail| mail.bytes.len()).sum();
    assert_eq!(loaded as u64, size, "room is asked for what is loaded");
    mails
}

/// The subject, as the small desk reads it.
fn subject(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("Subject: ").to_owned()
}

fn input(mail: &InboxMail) -> Input {
    let subject = subject(&mail.bytes);
    Input::Mail(Box::new(Arrival {
        inbox: mail.id,
        account: mail.account.clone(),
        recipient: mail.recipient.clone(),
        sender: mail.sender.clone(),
        received_at: mail.received_at,
        mail: Mail {
            message_id: Some(format!("{}@example.org", mail.id)),
            content_digest: Some(guichet::mail::Digest::of(subject.as_bytes())),
            title: subject.clone(),
            reply: subject,
            ..Mail::default()
        },
        digest: mail.digest,
        authenticity: guichet::mail::authenticity::Authenticity::Pass,
        oversize: mail.oversize,
        released: mail.released,
        submission: mail.submission.clone(),
        offered: Vec::new(),
    }))
}

fn camille() -> Address {
    Address {
        name: Some("Camille Léger".to_owned()),
        address: "Camille.Leger@example.org".to_owned(),
    }
}

fn notice(id: i64, ticket: TicketId, kind: Kind) -> Notice {
    Notice {
        id: NoticeId(id),
        ticket: Some(ticket),
        kind,
        to: camille(),
        link_for: None,
        language: "fr".to_owned(),
        purpose: guichet::token::Purpose::Requester,
        automation: Automation::Replied,
        from: Address::default(),
        text: None,
        author: None,
        files: Vec::new(),
        in_reply_to: None,
        bare: false,
        urgent: false,
        on_call: None,
        close_at: None,
        continues: None,
        oversize: None,
        lines: Vec::new(),
        due_at: None,
        over_limit: false,
        expires_at: None,
        caused_by: None,
        listed: Vec::new(),
        look: None,
        because: None,
        asks_marks: false,
        quiet: false,
        held: false,
        exchanges: Vec::new(),
        visit: None,
        landing: None,
        monthly: None,
        enclosed: None,
    }
}

fn written(notice: &Notice) -> Outgoing {
    Outgoing {
        notice: notice.id,
        ticket: notice.ticket,
        kind: notice.kind,
        envelope_from: "support@example.org".to_owned(),
        envelope_to: notice.to.address.clone(),
        message_id: format!("n{}@desk.example.org", notice.id),
        bytes: format!("Subject: {}\r\n\r\n", notice.id).into_bytes(),
        text: format!("Notice {}", notice.id),
    }
}

/// A settlement that says these notices, now or when they are due.
fn saying(notices: Vec<Notice>) -> Settlement {
    Settlement {
        outgoing: notices
            .iter()
            .filter(|notice| notice.due_at.is_none())
            .map(written)
            .collect(),
        decision: Decision {
            notices,
            ..Decision::default()
        },
    }
}

fn new_ticket(arrival: &Arrival, id: i64, person: i64) -> Ticket {
    Ticket {
        id: TicketId(id),
        reference: Reference {
            prefix: "DSI".to_owned(),
            number: TicketId(id),
        },
        title: arrival.mail.title.clone(),
        status: Status::Open,
        status_since: at(0),
        close_at: None,
        urgency: Level::Normal,
        priority: Level::Normal,
        team: "dsi".to_owned(),
        observing_teams: Vec::new(),
        technician: None,
        people: vec![Person {
            id: PersonId(person),
            part: Part::Requester,
            who: camille(),
            reply_to: None,
            generation: 1,
        }],
        language: "fr".to_owned(),
        sent_to: None,
        account: arrival.account.clone(),
        automatic: false,
        verified: true,
        why: vec!["it came to the only team".to_owned()],
        linked: Vec::new(),
        origin_message_id: arrival.mail.message_id.clone(),
        last_message_id: arrival.mail.message_id.clone(),
        created_at: at(0),
        updated_at: at(0),
        reopened: 0,
        ties: guichet::ticket::Ties::default(),
        nature: Default::default(),
        channel: guichet::ticket::Channel::Mail,
        category: None,
        reclassified: 0,
        claim: None,
        priority_decided: false,
        named: Vec::new(),
        phone: None,
        phone_typed: false,
        remind_at: None,
        reminders: 0,
        refusals: 0,
        complements: 0,
        accepted: false,
        thanks: 0,
        marks: None,
        marks_asked: false,
        offered: Vec::new(),
    }
}

fn event(seconds: i64, what: What) -> Event {
    Event {
        at: at(seconds),
        actor: Actor {
            role: Role::Requester,
            who: Some(camille()),
        },
        public: true,
        what,
    }
}

fn wrote(arrival: &Arrival) -> What {
    What::Mail {
        text: arrival.mail.reply.clone(),
        folded: String::new(),
        files: Vec::new(),
        inbox: Some(arrival.inbox),
        message_id: arrival.mail.message_id.clone(),
        automatic: None,
        thanks: false,
        remarks: Vec::new(),
    }
}

/// A small desk: a mail opens a ticket and is acknowledged; the same content again is a duplicate.
fn desk(input: &Input, lookup: &Lookup<'_>) -> anyhow::Result<Settlement> {
    let Input::Mail(arrival) = input else {
        anyhow::bail!("the small desk knows mails only");
    };
    let known = lookup.known(&Question {
        content: arrival
            .mail
            .content_digest
            .map(|digest| (digest, arrival.mail.date)),
        inbox: Some(arrival.inbox),
        ..Question::default()
    })?;
    if let Some((earlier, ticket)) = known.duplicate_of {
        return Ok(Settlement {
            decision: Decision {
                disposition: Some(Disposition::Duplicate(earlier, ticket)),
                why: "the same content came before".to_owned(),
                ..Decision::default()
            },
            outgoing: Vec::new(),
        });
    }
    let opened = new_ticket(arrival, known.next_ticket, known.next_person);
    let id = opened.id;
    let events = vec![
        event(0, What::Opened(Box::new(opened))),
        event(0, wrote(arrival)),
    ];
    let ticket = Ticket::fold(&events).expect("it begins with its opening");
    let message_id = arrival.mail.message_id.clone().expect("the desk gave one");
    let mut settlement = saying(vec![notice(known.next_notice, id, Kind::Acknowledgement)]);
    settlement.decision.disposition = Some(Disposition::Filed(id));
    settlement.decision.why = "a new request".to_owned();
    settlement.decision.changed = vec![Changed { ticket, events }];
    settlement.decision.message_ids = vec![(message_id, id, Thread::Incoming)];
    Ok(settlement)
}

/// Accepts mails of these subjects and has the small desk settle them, in one transaction.
async fn opened(store: &Store, subjects: &[&str]) -> Vec<TicketId> {
    let incoming = subjects.iter().map(|subject| {
        let uid = guichet::mail::Digest::of(subject.as_bytes()).0;
        incoming(u32::from_be_bytes([0, uid[0], uid[1], uid[2]]) + 1, subject)
    });
    let accepted = store.accept(incoming.collect()).await;
    assert_eq!(accepted.expect("accepted").len(), subjects.len());
    let mails = next_mails(store, at(0)).await;
    let results = store
        .settle(mails.iter().map(input).collect(), at(0), desk)
        .await
        .expect("settled");
    results
        .into_iter()
        .map(|result| match result.expect("decided") {
            Settled::Done(settlement) => settlement.decision.changed[0].ticket.id,
            Settled::Before => panic!("settled before"),
        })
        .collect()
}

/// An input for settlements that are about no mail.
fn nothing() -> Input {
    Input::Timer(guichet::desk::Timer::Due(NoticeId(0)))
}

async fn settle(store: &Store, now: DateTime<Utc>, settlement: Settlement) {
    let results = store
        .settle(vec![nothing()], now, move |_, _| Ok(settlement.clone()))
        .await
        .expect("settled");
    for result in results {
        result.expect("written");
    }
}

/// What a database of one version must never hold: found wrong by the store's own checks.
async fn assert_sound(store: &Store) {
    assert_eq!(store.audit().await.expect("audited"), Vec::<String>::new());
    let wrong = store.integrity_check().await.expect("checked");
    assert_eq!(wrong, Vec::<String>::new());
}

/// Transactions in the write-ahead log: frames that carry the size of the database after a commit
/// (<https://www.sqlite.org/fileformat2.html#walformat>).
fn commits(directory: &Path) -> usize {
    let log = std::fs::read(directory.join("guichet.db-wal")).expect("a log");
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().expect("four bytes"));
    let (page, salt) = (number(8) as usize, &log[16..24]);
    (32..log.len())
        .step_by(24 + page)
        .filter(|at| log[at + 8..at + 16] == *salt && number(at + 4) > 0)
        .count()
}

#[tokio::test]
async fn a_newer_database_is_refused_in_plain_words() {
    let directory = directory();
    drop(open(directory.path()));
    let path = directory.path().join("guichet.db");
    rusqlite::Connection::open(&path)
        .and_then(|connection| connection.pragma_update(None, "user_version", 99))
        .expect("a newer version");
    let error = Store::open(directory.path()).expect_err("refused");
    assert!(
        error
            .to_string()
            .contains("newer version of guichet (tables 99"),
        "{error:#}"
    );
    Store::open_existing(directory.path()).expect_err("refused beside a daemon as well");
}

#[tokio::test]
async fn the_command_line_makes_no_database() {
    let directory = directory();
    let error = Store::open_existing(directory.path()).expect_err("nothing there");
    assert!(error.to_string().contains("no database"), "{error:#}");
    assert_eq!(
        std::fs::read_dir(directory.path()).expect("read").count(),
        0
    );
}

#[tokio::test]
async fn a_second_daemon_does_not_start_beside_the_first() {
    let directory = directory();
    let first = open(directory.path());
    first.take_over(at(0)).await.expect("the first");
    let second = open(directory.path());
    let error = second.take_over(at(0)).await.expect_err("the second");
    assert!(error.to_string().contains("another guichet"), "{error:#}");
    drop(first);
    // A child that another test starts holds all handles between its fork and its exec.
    let mut taken = second.take_over(at(0)).await;
    for _ in 0..100 {
        if taken.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        taken = second.take_over(at(0)).await;
    }
    taken.expect("after the first");
}

#[tokio::test]
async fn requests_that_wait_together_are_committed_together() {
    let directory = directory();
    let store = open(directory.path());
    accept(&store, 1, "before").await;
    // Another process holds the database: requests pile up behind the first.
    let other = rusqlite::Connection::open(directory.path().join("guichet.db")).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    let before = commits(directory.path());
    let mut requests = tokio::task::JoinSet::new();
    for uid in 2..102 {
        let store = store.clone();
        requests.spawn(async move { accept(&store, uid, &format!("mail {uid}")).await });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(requests.len(), 100);
    assert!(
        requests.try_join_next().is_none(),
        "none is answered before it is kept"
    );
    other.execute_batch("COMMIT").expect("released");
    let accepted = requests.join_all().await;
    assert!(accepted.iter().all(|one| matches!(one, Accepted::New(_))));
    let commits = commits(directory.path()) - before;
    assert!(
        (1..=2).contains(&commits),
        "{commits} commits for 100 requests"
    );
}

#[tokio::test]
async fn a_reader_does_not_wait_for_a_writer() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["Imprimante"]).await;
    let other = rusqlite::Connection::open(directory.path().join("guichet.db")).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    let writing = tokio::spawn({
        let store = store.clone();
        async move { accept(&store, 9, "waits").await }
    });
    let ticket = store.ticket(ids[0]).await.expect("read").expect("there");
    assert_eq!(ticket.title, "Imprimante");
    assert!(!writing.is_finished());
    other.execute_batch("ROLLBACK").expect("released");
    assert!(matches!(writing.await.expect("done"), Accepted::New(_)));
}

#[tokio::test]
async fn a_copy_is_a_whole_database() {
    let directory = directory();
    let store = open(directory.path());
    let ids = opened(&store, &["Écran noir"]).await;
    let elsewhere = self::directory();
    let copied = store
        .back_up(elsewhere.path(), at(0))
        .await
        .expect("copied");
    assert_eq!(copied.files, 0);
    let restored = open(elsewhere.path());
    assert_sound(&restored).await;
    let ticket = restored.ticket(ids[0]).await.expect("read").expect("there");
    assert_eq!(Some(ticket), store.ticket(ids[0]).await.expect("read"));
}

/// The daemon that [`a_killed_process_keeps_what_it_answered`] kills: accepts, settles and delivers
/// until then, and says each step once the store has answered.
#[tokio::test]
#[ignore = "is run, and killed, by another test"]
async fn works_until_it_is_killed() {
    let Some(directory) = std::env::var_os("GUICHET_TEST_DIRECTORY") else {
        return;
    };
    let store = open(Path::new(&directory));
    store.take_over(at(0)).await.expect("taken over");
    let first = store
        .counts()
        .await
        .expect("counted")
        .inbox
        .values()
        .sum::<u64>() as u32;
    for uid in first + 1.. {
        let id = accept(&store, uid, &format!("mail {uid}")).await.id();
        println!("\naccepted {uid} {id}");
        let mails = next_mails(&store, at(0)).await;
        let inputs = mails.iter().map(input).collect();
        for result in store.settle(inputs, at(0), desk).await.expect("settled") {
            if let Settled::Done(settlement) = result.expect("decided") {
                println!("\nopened {}", settlement.decision.changed[0].ticket.id);
            }
        }
        for leased in store.next_outgoing(9, LEASE, at(0)).await.expect("taken") {
            println!("\nsending {}", leased.notice);
            let sent = guichet::store::Delivered::Sent {
                answer: String::new(),
            };
            let written_down = store.delivered(vec![(leased.id, sent)], at(0)).await;
            written_down.expect("written down");
            println!("\nsent {}", leased.notice);
        }
    }
}

#[tokio::test]
async fn a_killed_process_keeps_what_it_answered() {
    use std::io::{BufRead, BufReader};
    let directory = directory();
    let mut said: Vec<String> = Vec::new();
    // Killed at the next line after so many: at every kind of step in turn.
    for lines in [1, 4, 6, 9, 11, 15, 17, 30] {
        let mut child = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args([
                "--exact",
                "works_until_it_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .env("GUICHET_TEST_DIRECTORY", directory.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("started");
        let mut output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let told = |line: &String| line.split(' ').count() >= 2 && !line.starts_with("running");
        said.extend(
            output
                .by_ref()
                .map_while(Result::ok)
                .filter(told)
                .take(lines),
        );
        child.kill().expect("killed");
        // What it said between the last line and its death counts as well.
        said.extend(output.map_while(Result::ok).filter(told));
        child.wait().expect("ended");
    }
    let store = open(directory.path());
    store.take_over(at(1)).await.expect("taken over");
    assert_sound(&store).await;
    let said = |what: &str| -> Vec<i64> {
        let lines = said.iter().filter_map(|line| line.strip_prefix(what));
        lines
            .map(|rest| rest.rsplit(' ').next().and_then(|id| id.parse().ok()))
            .map(|id| id.expect("a whole line"))
            .collect()
    };
    let accepted = said("accepted ");
    assert!(accepted.len() >= 16, "it worked: {accepted:?}");
    let inbox = store.inbox_list(None, 0).await.expect("listed");
    for id in &accepted {
        assert!(inbox.iter().any(|row| row.id.0 == *id), "mail {id} is lost");
    }
    let outbox = store.outbox_list(None, None, 0).await.expect("listed");
    for ticket in said("opened ") {
        let ticket = TicketId(ticket);
        assert!(store.ticket(ticket).await.expect("read").is_some());
        let acknowledgements = outbox.iter().filter(|row| row.ticket == Some(ticket));
        assert_eq!(acknowledgements.count(), 1);
    }
    // A notification is sent again only if its sender died before it could write down the end.
    let sent = said("sent ");
    for notice in &sent {
        let times = said("sending ").iter().filter(|id| *id == notice).count();
        let row = outbox.iter().find(|row| row.notice.0 == *notice);
        let row = row.expect("written");
        assert_eq!(row.state, guichet::store::OutboxState::Sent);
        assert!(
            times as u32 <= 1 + row.uncertain,
            "notice {notice}, {times} times"
        );
    }
}

/// A copy is opened as any database; the desk that goes on with it holds what may have left (F28).
#[tokio::test]
async fn a_desk_that_goes_on_with_a_copy_holds_what_may_have_left() {
    let directory = directory();
    let store = open(directory.path());
    store.take_over(at(0)).await.expect("taken over");
    let ids = opened(&store, &["Écran noir"]).await;
    let elsewhere = self::directory();
    store
        .back_up(elsewhere.path(), at(1))
        .await
        .expect("copied");
    let copy = open(elsewhere.path());
    let restored = copy.take_over(at(2)).await.expect("taken over");
    let outbox = copy.outbox_list(None, None, 0).await.expect("listed");
    assert!(!outbox.is_empty());
    assert_eq!(restored.held, outbox.len());
    assert!(
        outbox
            .iter()
            .all(|row| row.state == guichet::store::OutboxState::Held)
    );
    assert_eq!(
        copy.next_outgoing(9, LEASE, at(2)).await.expect("asked"),
        []
    );
    assert_eq!(
        copy.waiting().await.expect("asked").held,
        outbox.len() as u64
    );
    let later = opened(&copy, &["Souris"]).await;
    assert_eq!(later[0].0, ids[0].0 + 1001, "numbers are skipped");
    // It is a copy once: the next start is an ordinary one.
    drop(copy);
    let copy = open(elsewhere.path());
    let again = copy.take_over(at(3)).await.expect("taken over");
    assert_eq!(again.held, 0);
    // The original never was one.
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.take_over(at(3)).await.expect("taken over").held, 0);
    assert_eq!(store.restored().await.expect("asked"), None);
}
