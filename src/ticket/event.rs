//! One entry of a ticket's timeline.

use super::*;

/// In which capacity somebody acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Opened the ticket.
    Requester,
    /// Has the trouble.
    Beneficiary,
    /// Follows it.
    Observer,
    /// Was put in copy, or replied to a forwarded notification.
    Contributor,
    /// Answers it.
    Technician,
    /// The command line.
    Operator,
    /// A machine elsewhere: monitoring, an absence, a mail server.
    Robot,
    /// The desk itself.
    Desk,
}

impl Role {
    /// The token of the command line's JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Beneficiary => "beneficiary",
            Self::Observer => "observer",
            Self::Contributor => "contributor",
            Self::Technician => "technician",
            Self::Operator => "operator",
            Self::Robot => "robot",
            Self::Desk => "desk",
        }
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// In which capacity.
    pub role: Role,
    /// Name and address; `None` for the desk.
    pub who: Option<Address>,
}

impl Actor {
    /// The desk itself.
    pub fn desk() -> Self {
        Self {
            role: Role::Desk,
            who: None,
        }
    }
}

/// One entry of a ticket's append-only timeline (row E18).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When the desk took note of it.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// Requesters see it, on the page and in mails.
    pub public: bool,
    /// What happened.
    pub what: What,
}

/// What was taken back before anything of it had left: by whom (folded), and when he had done it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withdrawn(Vec<(DateTime<Utc>, String)>);

impl Withdrawn {
    /// All that these events take back.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let taken_back = |event: &Event| match &event.what {
            What::Undone {
                done_at,
                withdrawn: true,
                ..
            } => Some((*done_at, event.actor.who.as_ref()?.key())),
            _ => None,
        };
        Self(events.into_iter().filter_map(taken_back).collect())
    }

    /// This event was taken back.
    pub fn holds(&self, event: &Event) -> bool {
        self.0.iter().any(|(at, who)| {
            let actor = event.actor.who.as_ref();
            *at == event.at && actor.is_some_and(|actor| actor.key() == *who)
        })
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum What {
    /// The ticket as it was opened; the first event of every chain.
    Opened(Box<Ticket>),
    /// A mail (or a text given by other means) joined the ticket. Public: it is part of the
    /// conversation with the requester.
    Mail {
        /// What was written now.
        text: String,
        /// History and signature, folded.
        folded: String,
        /// Files.
        files: Vec<File>,
        /// The inbox row; `None` when it did not come by mail.
        inbox: Option<InboxId>,
        /// Its `Message-ID`.
        message_id: Option<String>,
        /// `None`: a person.
        automatic: Option<Automatic>,
        /// It was only thanks (row E9).
        thanks: bool,
        /// One line a remark: an invitation, an encrypted message, who could not be verified.
        remarks: Vec<String>,
    },
    /// An internal note.
    Note {
        /// The note.
        text: String,
        /// Files.
        files: Vec<File>,
        /// The inbox row, when it came by mail.
        inbox: Option<InboxId>,
        /// Why it is a note when its author may have meant otherwise.
        why: Option<String>,
    },
    /// The status changed.
    Status {
        /// New status.
        to: Status,
        /// When it closes by itself.
        close_at: Option<DateTime<Utc>>,
        /// When its requester is reminded.
        #[serde(default)]
        remind_at: Option<DateTime<Utc>>,
        /// In words.
        reason: Option<String>,
    },
    /// Somebody owns it now, or nobody.
    Assigned {
        /// Name and registered address.
        technician: Option<Address>,
    },
    /// Another team leads.
    Team {
        /// Its id.
        team: String,
    },
    /// A further team was written to (row C3).
    TeamObserves {
        /// Its id.
        team: String,
    },
    /// Somebody joined, or changed part.
    Person {
        /// As they are now.
        person: Person,
    },
    /// The team decided a priority.
    Priority {
        /// The decided one.
        priority: Level,
    },
    /// Its type and category were put right (row C6).
    Classified {
        /// Incident, request or suggestion.
        nature: Nature,
        /// The category's id.
        category: Option<String>,
        /// In words.
        why: String,
    },
    /// The requester typed into a form where to call back.
    Phone {
        /// The number.
        number: String,
    },
    /// A step of a claim of urgency (rows J2, J3).
    Urgency {
        /// Which.
        step: Claim,
        /// In words.
        reason: Option<String>,
    },
    /// The requester was reminded that an answer is awaited.
    Reminded {
        /// How many reminders that makes.
        number: u32,
        /// When the next one is due, or the resolution without an answer.
        next_at: Option<DateTime<Utc>>,
    },
    /// The requester accepted or refused the solution, or asked for more.
    Verdict {
        /// Which.
        verdict: Verdict,
        /// Why, in his words.
        reason: Option<String>,
    },
    /// Thanks or a reaction: they change nothing, and are not lost.
    Thanks {
        /// The emoji, when it was one.
        reaction: Option<String>,
        /// It was a friendly one.
        content: bool,
    },
    /// The requester gave marks.
    Rated {
        /// The marks.
        marks: Marks,
        /// What he said of them.
        comment: Option<String>,
    },
    /// The requester was asked for marks.
    MarksAsked,
    /// A link to another ticket.
    Linked {
        /// The other.
        ticket: TicketId,
        /// Why, for staff.
        why: String,
    },
    /// What it is to another ticket, or is no more.
    Related {
        /// The other.
        to: TicketId,
        /// What it is to it.
        relation: Relation,
        /// False: no more.
        on: bool,
    },
    /// It is a major incident, or is no more (row E15).
    Major {
        /// False: no more.
        on: bool,
    },
    /// A mail to, or from, a third party; never part of the conversation with the requester
    /// (row G11).
    Aside {
        /// The third party.
        with: Address,
        /// To him; else from him.
        sent: bool,
        /// What was written.
        text: String,
        /// Files.
        files: Vec<File>,
        /// The inbox row.
        inbox: Option<InboxId>,
        /// The number of his own ticket, when he tells it (row D12).
        number: Option<String>,
        /// Its `Message-ID`.
        message_id: Option<String>,
    },
    /// A command of a technician.
    Command {
        /// As written.
        line: String,
        /// What came of it.
        done: bool,
        /// In words.
        answer: String,
    },
    /// What a technician did at a moment is undone (row G4).
    Undone {
        /// When it was done.
        done_at: DateTime<Utc>,
        /// Nothing of it had left: its requester never saw it and never will.
        withdrawn: bool,
        /// The ticket as it stands now.
        ticket: Box<Ticket>,
    },
    /// An answer is kept as a note until its author says that it shall leave (row G10).
    Asked {
        /// The notice that asks him.
        notice: NoticeId,
        /// The mail that was kept.
        inbox: InboxId,
        /// Its commands, as written.
        lines: Vec<String>,
    },
    /// Somebody was, or will be, told.
    Notified {
        /// The notice.
        notice: NoticeId,
        /// Its kind, as in template names.
        notification: String,
        /// Address.
        recipient: String,
    },
    /// What became of a notification.
    Delivery {
        /// The notice.
        notice: NoticeId,
        /// Address.
        recipient: String,
        /// `failed`, `uncertain`, `bounced`, `delayed`, `given-up`.
        outcome: String,
        /// What the server said.
        detail: String,
    },
    /// The same mail came again by another way (row D14).
    Duplicate {
        /// The later inbox row.
        inbox: InboxId,
        /// What was the same.
        why: String,
    },
    /// Something staff should look at: a sender that could not be verified.
    Alert {
        /// In words.
        text: String,
    },
}

impl What {
    /// The token of the command line's JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Mail { .. } => "mail",
            Self::Note { .. } => "note",
            Self::Status { .. } => "status",
            Self::Assigned { .. } => "assigned",
            Self::Team { .. } | Self::TeamObserves { .. } => "team",
            Self::Person { .. } => "person",
            Self::Priority { .. } => "priority",
            Self::Classified { .. } => "classified",
            Self::Phone { .. } => "phone",
            Self::Urgency { .. } => "urgency",
            Self::Reminded { .. } => "reminder",
            Self::Verdict { .. } => "verdict",
            Self::Thanks { .. } => "thanks",
            Self::Rated { .. } | Self::MarksAsked => "rating",
            Self::Linked { .. } => "linked",
            Self::Related { .. } => "related",
            Self::Major { .. } => "major",
            Self::Aside { .. } => "aside",
            Self::Command { .. } => "command",
            Self::Undone { .. } => "undone",
            Self::Asked { .. } => "asked",
            Self::Notified { .. } => "notification",
            Self::Delivery { .. } => "delivery",
            Self::Duplicate { .. } => "duplicate",
            Self::Alert { .. } => "alert",
        }
    }

    /// The words of it: what a person wrote, when somebody did.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Mail { text, .. }
            | Self::Note { text, .. }
            | Self::Aside { text, .. }
            | Self::Alert { text } => Some(text),
            Self::Status { reason, .. }
            | Self::Verdict { reason, .. }
            | Self::Urgency { reason, .. } => reason.as_deref(),
            Self::Rated { comment, .. } => comment.as_deref(),
            _ => None,
        }
    }

    /// The files of it.
    pub fn files(&self) -> &[File] {
        match self {
            Self::Mail { files, .. } | Self::Note { files, .. } | Self::Aside { files, .. } => {
                files
            }
            _ => &[],
        }
    }
}
