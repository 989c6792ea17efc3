//! What the store knows of the words that went out before.

use chrono::{DateTime, Utc};

/// What was said of a ticket before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The latest words of a technician to the requester.
    pub said: Option<String>,
    /// The notices of its present resolution: to whom (folded), and when his server had it.
    pub resolution: Vec<(String, Option<DateTime<Utc>>)>,
}
