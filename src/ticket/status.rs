//! Statuses and levels, and their tokens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Who is awaited while a ticket waits (S3.19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaited {
    /// The requester.
    Requester,
    /// Somebody else: a supplier, another service.
    ThirdParty,
}

impl Awaited {
    /// The English token of the command line's JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::ThirdParty => "third-party",
        }
    }
}

/// Where a ticket stands (row E1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum Status {
    /// Ouvert.
    Open,
    /// En attente: of whom.
    Waiting {
        /// Who is to answer.
        of: Awaited,
    },
    /// En pause: until when.
    Paused {
        /// When it wakes up.
        until: DateTime<Utc>,
    },
    /// Résolu.
    Resolved,
    /// Clos.
    Closed,
}

impl Status {
    /// The English token of the command line's JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting { .. } => "waiting",
            Self::Paused { .. } => "paused",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }
}

/// Three levels, for urgency (claimed) and priority (decided).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Faible.
    Low,
    /// Normale.
    #[default]
    Normal,
    /// Élevée.
    High,
}

impl Level {
    /// The English token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}
