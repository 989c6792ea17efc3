//! Something to be told to one recipient: its kind, how automatic it is, and everything that its
//! wording needs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Because, Landing, Listed, Look, Monthly, Visit};
use crate::mail::Address;
use crate::ticket::{File, NoticeId, TicketId};

/// The kinds of notification; each is a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// « Enregistrement de votre demande ».
    Acknowledgement,
    /// « Prise en charge » : who takes care of it.
    Taken,
    /// « Suivi de la demande » : a technician's answer.
    FollowUp,
    /// Resolved, with the date of automatic closure.
    Resolved,
    /// Closed.
    Closed,
    /// Opened again.
    Reopened,
    /// The category was put right, or could not be: which there are (rows C5, C6).
    Classified,
    /// A claim of urgency was lowered: which rule, and how to object (row J3).
    Lowered,
    /// To an observer or a beneficiary: what he takes part in, and how to stop (rows F9, H1).
    Following,
    /// To an observer who stopped following.
    Unfollowed,
    /// To technicians: a new ticket of their team.
    TeamNew,
    /// To technicians: the requester (or somebody of the ticket) wrote.
    TeamReply,
    /// To technicians of a further team that was written to: who leads.
    TeamObserver,
    /// To a technician, or to those of a team: a colleague gives them a ticket.
    TeamGiven,
    /// To a technician: what his commands did.
    Transcript,
    /// To a technician: whether commands in his name are his.
    Confirm,
    /// To technicians: something staff should look at (a notification could not be delivered, a
    /// sender could not be verified).
    TeamAlert,
    /// To operations: the desk itself is ill, a mail was quarantined, a limit was reached.
    Operations,
    /// Automatic mails over the limit, gathered in one.
    Digest,
    /// Notices to a technician over the limit, gathered in one.
    TeamDigest,
    /// To a technician: what he asked for by mail (row G8).
    Answer,
    /// To a third party, apart from the conversation with the requester (row G11).
    Partner,
    /// Several requests of one mail have a ticket each now (row C11).
    Split,
    /// A call was noted, with what was answered (row E16).
    Call,
    /// An answer of the requester is awaited (row E4).
    Reminder,
    /// Put aside until a date (row E5).
    Paused,
    /// A mail about a matter that is open joined its ticket (row C12).
    Joined,
    /// A low mark: what went wrong? (row K5)
    LowMark,
    /// To a technician: thanks, marks.
    TeamThanks,
    /// To whoever reads a mailbox: a request was typed into the form with this address (row I10).
    Submission,
    /// « Mes demandes » : the links to what somebody has here (rows M2, M6).
    Requests,
    /// To a technician: the link that opens the desk in a browser.
    SignIn,
    /// To whom a team names: how its month was (row N1).
    Report,
    /// To the author of articles: which of them should be read again (row L6).
    Review,
}

impl Kind {
    /// Every kind, for checks and tables.
    pub const ALL: [Self; 34] = [
        Self::Acknowledgement,
        Self::Taken,
        Self::FollowUp,
        Self::Resolved,
        Self::Closed,
        Self::Reopened,
        Self::Classified,
        Self::Lowered,
        Self::Following,
        Self::Unfollowed,
        Self::TeamNew,
        Self::TeamReply,
        Self::TeamObserver,
        Self::TeamGiven,
        Self::Transcript,
        Self::Confirm,
        Self::TeamAlert,
        Self::Operations,
        Self::Digest,
        Self::TeamDigest,
        Self::Answer,
        Self::Partner,
        Self::Split,
        Self::Call,
        Self::Reminder,
        Self::Paused,
        Self::Joined,
        Self::LowMark,
        Self::TeamThanks,
        Self::Submission,
        Self::Requests,
        Self::SignIn,
        Self::Report,
        Self::Review,
    ];

    /// The name of its template.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledgement => "acknowledgement",
            Self::Taken => "taken",
            Self::FollowUp => "follow-up",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Classified => "classified",
            Self::Lowered => "lowered",
            Self::Following => "following",
            Self::Unfollowed => "unfollowed",
            Self::TeamNew => "team-new",
            Self::TeamReply => "team-reply",
            Self::TeamObserver => "team-observer",
            Self::TeamGiven => "team-given",
            Self::Transcript => "transcript",
            Self::Confirm => "confirm",
            Self::TeamAlert => "team-alert",
            Self::Operations => "operations",
            Self::Digest => "digest",
            Self::TeamDigest => "team-digest",
            Self::Answer => "answer",
            Self::Partner => "partner",
            Self::Split => "split",
            Self::Call => "call",
            Self::Reminder => "reminder",
            Self::Paused => "paused",
            Self::Joined => "joined",
            Self::LowMark => "low-mark",
            Self::TeamThanks => "team-thanks",
            Self::Submission => "submission",
            Self::Requests => "requests",
            Self::SignIn => "sign-in",
            Self::Report => "report",
            Self::Review => "review",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Goes to staff: technicians or operations.
    pub fn is_internal(self) -> bool {
        match self {
            Self::Acknowledgement
            | Self::Taken
            | Self::FollowUp
            | Self::Resolved
            | Self::Closed
            | Self::Reopened
            | Self::Classified
            | Self::Lowered
            | Self::Following
            | Self::Unfollowed
            | Self::Digest
            | Self::Reminder
            | Self::Paused
            | Self::Joined
            | Self::LowMark
            | Self::Partner
            | Self::Split
            | Self::Submission
            | Self::Requests
            | Self::Call => false,
            Self::TeamNew
            | Self::TeamReply
            | Self::TeamObserver
            | Self::TeamGiven
            | Self::Transcript
            | Self::Confirm
            | Self::TeamAlert
            | Self::TeamDigest
            | Self::Operations
            | Self::TeamThanks
            | Self::SignIn
            | Self::Report
            | Self::Review
            | Self::Answer => true,
        }
    }
}

/// How a notification says that it is automatic (RFC 3834 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Automation {
    /// `Auto-Submitted: auto-replied`: the acknowledgement.
    Replied,
    /// `Auto-Submitted: auto-generated`: notices.
    Generated,
    /// None: a person wrote it.
    Person,
}

/// Something to be told to one recipient. Everything that its wording needs is here or in the
/// ticket, so that it can be written now or when it is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Number, unique in the instance; part of its `Message-ID`.
    pub id: NoticeId,
    /// The ticket; `None` for operations.
    pub ticket: Option<TicketId>,
    /// Kind.
    pub kind: Kind,
    /// To whom.
    pub to: Address,
    /// Whose page it links to: the person of the ticket with this address, when there is one.
    pub link_for: Option<crate::ticket::PersonId>,
    /// Language of the wording.
    pub language: String,
    /// What replying to it may do.
    pub purpose: crate::token::Purpose,
    /// How automatic it is.
    pub automation: Automation,
    /// Address that it leaves from: one of the team's.
    pub from: Address,
    /// What a person wrote, when it carries that: a technician's answer, a requester's mail.
    pub text: Option<String>,
    /// Who wrote `text`, as the recipient may know him: name only for a technician.
    pub author: Option<Address>,
    /// Files to send along or to list.
    pub files: Vec<File>,
    /// `Message-ID` that it answers.
    pub in_reply_to: Option<String>,
    /// Number and link only, nothing of what was written (contract A3).
    pub bare: bool,
    /// Claimed urgent: the two criteria are repeated (S0.21).
    pub urgent: bool,
    /// On-call number to print (row J9).
    pub on_call: Option<String>,
    /// When the ticket closes by itself.
    pub close_at: Option<DateTime<Utc>>,
    /// Another ticket to mention: the closed one that this continues.
    pub continues: Option<crate::ticket::Reference>,
    /// The mail was too large to be taken whole: its size in bytes.
    pub oversize: Option<u64>,
    /// Lines of a transcript, an alert, a digest.
    pub lines: Vec<String>,
    /// When it is due; `None`: now.
    pub due_at: Option<DateTime<Utc>>,
    /// It waits because of `[limits]`, and goes into a digest.
    #[serde(default)]
    pub over_limit: bool,
    /// Until when a confirmation counts.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// The address that caused it and proves nothing, for the limits.
    pub caused_by: Option<String>,
    /// Tickets that it lists.
    #[serde(default)]
    pub listed: Vec<Listed>,
    /// What to look up, and list, when it is due.
    #[serde(default)]
    pub look: Option<Look>,
    /// What made it necessary.
    #[serde(default)]
    pub because: Option<Because>,
    /// Marks are asked for (row K6).
    #[serde(default)]
    pub asks_marks: bool,
    /// It waits for working hours, not for a limit: it leaves by itself, not in a digest.
    #[serde(default)]
    pub quiet: bool,
    /// It waits for a moment only, so that it can be taken back or joined with others (rows F8,
    /// G4).
    #[serde(default)]
    pub held: bool,
    /// To staff: what was said of the ticket before, the latest first (row F11).
    #[serde(default)]
    pub exchanges: Vec<Exchange>,
    /// Whose own page it links to, apart from any ticket.
    #[serde(default)]
    pub visit: Option<Visit>,
    /// The page that signing in leads to.
    #[serde(default)]
    pub landing: Option<Landing>,
    /// A file that the desk itself wrote, to send along.
    #[serde(default)]
    pub enclosed: Option<Enclosed>,
    /// What a monthly mail says.
    #[serde(default)]
    pub monthly: Option<Monthly>,
}

/// A text that goes along as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed {
    /// Its name.
    pub name: String,
    /// Its contents.
    pub text: String,
}

impl Enclosed {
    /// What it is, by the ending of its name.
    pub fn content_type(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("csv") => "text/csv; charset=utf-8",
            _ => "text/markdown; charset=utf-8",
        }
    }
}

/// What somebody said of a ticket before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a name, else an address.
    pub author: String,
    /// The beginning of it.
    pub text: String,
    /// A note: the requester never saw it.
    pub internal: bool,
}
