//! What a requester says of a solution, and of how it came about.

use serde::{Deserialize, Serialize};

/// What a requester says of a resolution (rows E8, E13, S4.31–S4.33).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The solution holds: closed for good.
    Accepted,
    /// It does not.
    Refused,
    /// Something is to be added (S3.28).
    Complement,
    /// An article that was offered solved it (row L3).
    Helped,
}

impl Verdict {
    /// The English token of the command line's JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Complement => "complement",
            Self::Helped => "helped",
        }
    }
}

/// Marks from 1 to 5 (S4.35).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Marks {
    /// For the time it took.
    pub speed: u8,
    /// For the answers.
    pub answers: u8,
}

impl Marks {
    /// Marks within their bounds; `None` otherwise.
    pub fn new(speed: u8, answers: u8) -> Option<Self> {
        let good = |mark: u8| (1..=5).contains(&mark);
        (good(speed) && good(answers)).then_some(Self { speed, answers })
    }

    /// One of them says that something went wrong (row K5).
    pub fn is_low(self) -> bool {
        self.speed.min(self.answers) <= 2
    }
}
