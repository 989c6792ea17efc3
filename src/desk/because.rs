//! What made a notice necessary.

use serde::{Deserialize, Serialize};

/// What made a notice necessary, when its kind alone does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// The requester accepted the solution.
    Accepted,
    /// He refused it.
    Refused,
    /// He refused it without a reason.
    RefusedSilently,
    /// He asked for more.
    Complement,
    /// He never answered.
    Unanswered,
    /// Its closing date came.
    Expired,
    /// The ticket that it continues was closed too long ago.
    Old,
    /// The subject was a new one.
    NewSubject,
    /// An article that was offered solved it.
    Helped,
    /// It is none of the team's business.
    OutOfScope,
    /// He calls urgent what was not.
    Urgent,
}

impl Because {
    /// The word that templates know it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::RefusedSilently => "refused-silently",
            Self::Complement => "complement",
            Self::Unanswered => "unanswered",
            Self::Expired => "expired",
            Self::Old => "old",
            Self::NewSubject => "new-subject",
            Self::Helped => "helped",
            Self::OutOfScope => "out-of-scope",
            Self::Urgent => "urgent",
        }
    }
}
