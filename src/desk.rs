//! Decides what a mail, an action, a timer or a delivery means. No IO, no clock: everything known
//! is an argument, everything wanted is part of a [`Decision`]. Reading rows belongs to `store`,
//! wording to `notification`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::knowledge::Offered;
use crate::mail::authenticity::Authenticity;
use crate::mail::{Digest, Mail, SenderHabits};
use crate::ticket::{Event, InboxId, NoticeId, Ticket, TicketId};
use crate::token::{Errand, Keys};

mod access;
mod act;
mod apart;
mod asked;
mod assign;
mod automatic;
mod because;
pub mod calendar;
pub mod classify;
pub mod command;
mod confirm;
mod declared;
mod deliver;
mod digest;
pub mod directory;
mod draft;
mod duplicate;
pub mod form;
mod hold;
mod join;
mod kept;
pub mod lexicon;
pub mod lifecycle;
mod limits;
mod locate;
mod major;
mod notice;
mod occasion;
mod open;
mod partner;
mod past;
pub mod people;
pub mod policy;
mod question;
mod quiet;
mod receive;
mod reclassify;
pub mod reference;
mod report;
mod requests;
mod route;
mod selfhelp;
mod short;
mod sign_in;
pub mod similar;
mod spawn;
mod staff;
mod submission;
mod tell;
mod timer;
pub mod urgency;
mod verdict;
mod visit;
pub mod words;

pub use act::{Action, Deed, Written};
pub use asked::{Absence, Found, LISTED, Listed, Look, Recent, Troubles};
pub use assign::Load;
pub use because::Because;
pub use command::{VERBS, Verb};
pub use confirm::{Pending, PendingState};
pub use duplicate::within as duplicate_within;
pub use notice::{Automation, Enclosed, Exchange, Kind, Notice};
pub use past::Past;
pub use policy::Policy;
pub use question::question;
pub use quiet::leaves as notice_leaves;
pub use report::{Letter, Monthly, Report, Row, Section};
pub use route::is_ours;
pub use selfhelp::retold as retold_of_article;
pub use sign_in::{LANDING, Landing, SignIn};
pub use staff::{may_open, to_undo};
pub use submission::Submission;
pub use visit::{Visit, WAIT as VISIT_WAIT};

/// A mail that was accepted, read and authenticated.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Its row.
    pub inbox: InboxId,
    /// The account it came through.
    pub account: String,
    /// Envelope recipient, when the way it came says so (`guichet deliver --recipient`).
    pub recipient: Option<String>,
    /// Envelope sender, when known (`guichet deliver --sender`); `Some("")` is the null path. A mail that
    /// names no sender is taken to be his.
    pub sender: Option<String>,
    /// When it reached the mailbox (INTERNALDATE), else when it was accepted. Deadlines count
    /// from here, not from its `Date` (row B10).
    pub received_at: DateTime<Utc>,
    /// What was understood of it.
    pub mail: Mail,
    /// Digest of the raw bytes.
    pub digest: Digest,
    /// Whether its sender is who he says.
    pub authenticity: Authenticity,
    /// Its size on the server when it was too large to fetch whole, in bytes.
    pub oversize: Option<u64>,
    /// An operator released it from the ignored or the quarantine: it is a person's mail.
    pub released: bool,
    /// It was written on the page, and what its form asked.
    pub submission: Option<Submission>,
    /// Articles that may answer it, the surest first (row L3).
    pub offered: Vec<Offered>,
}

/// Time has come for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Something of a ticket is due: its closure, a reminder, the end of its pause.
    Ticket(TicketId),
    /// A notice that was kept for later is due.
    Due(NoticeId),
    /// The desk itself has been ill for long enough that operations are told, or is well again
    /// (row O4).
    Alert {
        /// What is told, by names that the store keeps until it is over.
        told: BTreeSet<String>,
        /// What is over.
        over: BTreeSet<String>,
        /// What to say of both.
        lines: Vec<String>,
    },
    /// A month is over, and what is told of it was drawn up.
    Report(Report),
}

/// What became of a notification, when it is worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Whose ticket.
    pub ticket: TicketId,
    /// Which notice.
    pub notice: NoticeId,
    /// To whom.
    pub recipient: String,
    /// How it went.
    pub outcome: DeliveryOutcome,
}

/// How a delivery went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The server refused it for good (5xx).
    Failed(String),
    /// The final dot was sent and no answer came; it is sent again (contract O2).
    Uncertain(String),
    /// Five days have passed.
    GivenUp(String),
}

/// All that can make a ticket change.
#[derive(Clone, Debug)]
pub enum Input {
    /// A mail.
    Mail(Box<Arrival>),
    /// A mail that could not be read three times: it becomes an entry without its contents.
    Poison {
        /// Its row.
        inbox: InboxId,
        /// What happened, for operators.
        why: String,
    },
    /// An action.
    Action(Action),
    /// Somebody on the page asks for a link that only his mailbox gets.
    Visit(Visit),
    /// A timer.
    Timer(Timer),
    /// A delivery.
    Delivery(Delivery),
    /// Somebody wants to open the desk in a browser.
    SignIn(SignIn),
}

/// What to look up before deciding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// `Message-ID`s, known in or out, or ever referred to (rows D2, D3).
    pub message_ids: BTreeSet<String>,
    /// Tickets by number.
    pub tickets: BTreeSet<TicketId>,
    /// Notices by number.
    pub notices: BTreeSet<NoticeId>,
    /// Addresses (folded) whose automatic mails are counted.
    pub addresses: BTreeSet<String>,
    /// Outside addresses (folded) whose mails may cause notices to staff.
    pub causes: BTreeSet<String>,
    /// The sender (folded) whose habits matter, and the small images of his mail (rows B3, B4).
    pub habits_of: Option<(String, BTreeSet<Digest>)>,
    /// Content digest and `Date`, to recognise the same mail come twice: the digest holds the date.
    pub content: Option<(Digest, Option<DateTime<FixedOffset>>)>,
    /// Requests for confirmation, by notice.
    pub pending: BTreeSet<NoticeId>,
    /// The row that asks, left out of the search for duplicates.
    pub inbox: Option<InboxId>,
    /// What a technician asks for.
    pub looks: BTreeSet<Look>,
    /// The timelines of the tickets found matter.
    pub timelines: bool,
    /// A team whose trouble of the hour matters.
    pub troubles_of: Option<String>,
    /// Requesters (folded) whose claims of urgency are counted together (row J3).
    pub claims_of: BTreeSet<String>,
    /// Technicians (registered address, folded) whose load decides who gets a ticket.
    pub loads_of: BTreeSet<String>,
    /// The requester (folded) whose open tickets of the last days matter (row C12).
    pub recent_of: Option<String>,
    /// The report of which it matters whether it was told.
    pub report: Option<String>,
    /// The mailbox whose last link matters.
    pub mailbox: Option<(i64, Errand)>,
    /// Tickets of which it matters what was said last, and whether it arrived.
    pub past_of: BTreeSet<TicketId>,
    /// It matters whether the requesters of these tickets were asked for marks in this time (row K6).
    pub marks_within: Option<chrono::Duration>,
    /// A ticket and an event of it: what happened there later matters.
    pub later: Option<(TicketId, i64)>,
    /// How many of the latest events of the tickets that are pointed at; with any, their kept
    /// notices as well.
    pub history: u32,
}

/// How a known `Message-ID` belongs to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thread {
    /// A mail that came in.
    Incoming,
    /// A notification that went out.
    Outgoing,
    /// Only referred to: an ancestor that the desk never received.
    Phantom,
}

/// A notification that went, or will go, out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The ticket.
    pub ticket: TicketId,
    /// Its kind.
    pub kind: Kind,
    /// To whom, as addressed.
    pub recipient: String,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// The notice itself, for one that was kept for later.
    pub notice: Option<Notice>,
}

/// Automatic mails already decided, for the limits (contract A2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// In the last hour.
    pub hour: u32,
    /// In the last day.
    pub day: u32,
    /// In the last ten minutes.
    pub ten_minutes: u32,
}

/// What the store answers to a [`Question`].
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The tickets asked for, and those of the ids and notices asked for.
    pub tickets: BTreeMap<TicketId, Ticket>,
    /// Where the ids belong; an ancestor may be shared by several tickets.
    pub threads: BTreeMap<String, Vec<(TicketId, Thread, Option<NoticeId>)>>,
    /// The notices asked for.
    pub notices: BTreeMap<NoticeId, Told>,
    /// Commands already executed, by notice and line (once per token and line).
    pub executed: BTreeSet<(NoticeId, String)>,
    /// Mails that wait for the word of their author, by the notice that asks; the mail itself, read
    /// again, while it waits.
    pub pending: BTreeMap<NoticeId, (Pending, PendingState, Option<Box<Arrival>>)>,
    /// An earlier row with the same content, and its ticket.
    pub duplicate_of: Option<(InboxId, Option<TicketId>)>,
    /// Tickets whose requester was asked for marks lately, of whichever ticket.
    pub marks_asked: BTreeSet<TicketId>,
    /// What the sender asked for repeats from mail to mail.
    pub habits: SenderHabits,
    /// Automatic mails by recipient address (folded).
    pub sent_to: BTreeMap<String, Sent>,
    /// Automatic mails by recipient domain.
    pub sent_to_domain: BTreeMap<String, Sent>,
    /// Automatic mails to requesters in all.
    pub sent_in_all: Sent,
    /// Notices kept for the recipients of the notices asked for, due or not, in order.
    pub kept: Vec<Notice>,
    /// Notices to staff, by the outside address that caused them and the recipient (both folded).
    pub caused: BTreeMap<(String, String), Sent>,
    /// What was looked for.
    pub looked: BTreeMap<Look, Found>,
    /// The timelines of the tickets, when they were asked for.
    pub timelines: BTreeMap<TicketId, Vec<Event>>,
    /// The trouble of the hour.
    pub troubles: Troubles,
    /// Technicians who are away, by registered address (folded).
    pub away: BTreeMap<String, Absence>,
    /// What the requesters asked for claimed lately.
    pub claims: urgency::Claims,
    /// What the technicians asked for have on their desks.
    pub loads: BTreeMap<String, Load>,
    /// Tickets of the sender that are open and were opened in the last days, the latest first.
    pub recent: Vec<TicketId>,
    /// The latest month of which the report asked for was told, by its first day.
    pub reported: Option<NaiveDate>,
    /// When the mailbox asked for was last sent a link of that kind.
    pub visited_at: Option<DateTime<Utc>>,
    /// What was said of the tickets asked for.
    pub past: BTreeMap<TicketId, Past>,
    /// The latest events of the tickets pointed at, the earliest first.
    pub history: BTreeMap<TicketId, Vec<Event>>,
    /// What happened after the event asked about, in order.
    pub later: Vec<Event>,
    /// Notices of those tickets that are kept for later, in order.
    pub held: Vec<Notice>,
    /// The number the next ticket gets.
    pub next_ticket: i64,
    /// The number the next notice gets.
    pub next_notice: i64,
    /// The number the next person gets.
    pub next_person: i64,
}

/// What becomes of the mail itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It is part of a ticket.
    Filed(TicketId),
    /// It is the same as an earlier one, recorded on its ticket.
    Duplicate(InboxId, Option<TicketId>),
    /// Kept, listed, releasable; no ticket.
    Ignored,
    /// Kept, listed, releasable; marked as spam or unreadable.
    Quarantined,
}

/// A change of one ticket: its state after the events, and the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The fold of all its events, these included.
    pub ticket: Ticket,
    /// The new events, in order.
    pub events: Vec<Event>,
}

/// How a person's mail ended and which small images it carried (rows B3, B4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// The sender, folded.
    pub sender: String,
    /// See [`crate::mail::habits::tail`].
    pub tail: Vec<String>,
    /// See [`crate::mail::habits::ornaments`].
    pub images: Vec<Digest>,
}

/// What was decided; written by `store` in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What becomes of the mail; `None` for other inputs.
    pub disposition: Option<Disposition>,
    /// One sentence: why, for operators (`guichet explain`, `inbox show`).
    pub why: String,
    /// Tickets that change, each once.
    pub changed: Vec<Changed>,
    /// Ids to remember, and how they belong.
    pub message_ids: Vec<(String, TicketId, Thread)>,
    /// What to tell, in order.
    pub notices: Vec<Notice>,
    /// Commands that were executed, to be executed once only.
    pub executed: Vec<(NoticeId, String)>,
    /// Mails that wait for the word of their author.
    pub pending: Vec<Pending>,
    /// Those that waited until now, by the notice that asked.
    pub answered: Vec<(NoticeId, PendingState)>,
    /// Notices kept for later that are no longer wanted, or are sent now.
    pub settled_notices: Vec<NoticeId>,
    /// What to remember of how a person writes.
    pub learned: Option<Learned>,
    /// Technicians who will be away, or are back.
    pub absences: Vec<Absence>,
    /// Articles that solved something, by slug.
    pub helped: Vec<String>,
}

/// Decides. Total: every input has an outcome that somebody can see.
pub fn decide(
    policy: &Policy,
    keys: &Keys,
    input: &Input,
    known: &Known,
    now: DateTime<Utc>,
) -> Decision {
    let mut draft = draft::Draft::new(policy, known, now);
    match input {
        Input::Mail(arrival) => receive::receive(&mut draft, keys, arrival),
        Input::Poison { inbox, why } => receive::quarantine_poison(&mut draft, *inbox, why),
        Input::Action(action) => act::act(&mut draft, action),
        Input::Visit(visit) => visit::send(&mut draft, visit),
        Input::Timer(timer) => timer::ring(&mut draft, timer),
        Input::Delivery(delivery) => deliver::note(&mut draft, delivery),
        Input::SignIn(asked) => sign_in::answer(&mut draft, asked),
    }
    quiet::hold(&mut draft);
    limits::hold_back(&mut draft);
    draft.finish()
}
