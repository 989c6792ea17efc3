//! What a ticket is about, and how a claim of urgency stands.

use serde::{Deserialize, Serialize};

/// Something broken, something wanted, or an idea (S0.9, S4.10, S1.41).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    /// Something does not work; also what nobody could tell (S3.11, "incident banalisé").
    #[default]
    Incident,
    /// A service is asked for.
    Request,
    /// A remark on the service itself.
    Suggestion,
}

impl Nature {
    /// The English token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Request => "request",
            Self::Suggestion => "suggestion",
        }
    }
}

/// How a request reached the desk (row N5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// A mail.
    #[default]
    Mail,
    /// A form of the page.
    Page,
    /// A phone call that a technician logged.
    Phone,
}

impl Channel {
    /// The English token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Page => "page",
            Self::Phone => "phone",
        }
    }
}

/// How many are stopped by troubles of a category (row J4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// One person; also when nobody said.
    #[default]
    Person,
    /// A service.
    Service,
    /// A whole site.
    Site,
}

/// How a claim of urgency stands, and a step of its history (rows J1–J3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// URGENT was written.
    Claimed,
    /// One of the two criteria was confirmed by a word.
    Confirmed,
    /// The team lowered it.
    Lowered,
    /// The requester objects to that.
    Disputed,
}

impl Claim {
    /// Every step, in order.
    pub const ALL: [Self; 4] = [
        Self::Claimed,
        Self::Confirmed,
        Self::Lowered,
        Self::Disputed,
    ];

    /// The English token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Confirmed => "confirmed",
            Self::Lowered => "lowered",
            Self::Disputed => "disputed",
        }
    }
}
