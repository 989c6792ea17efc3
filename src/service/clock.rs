//! What time it is: the system's clock, or one that a test turns by hand.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, Utc};

use crate::fault;

/// See the module.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's.
    System,
    /// One that only moves when it is told to.
    ByHand(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that shows `time` until it is set.
    pub fn by_hand(time: DateTime<Utc>) -> Self {
        Self::ByHand(Arc::new(Mutex::new(time)))
    }

    /// What time it is.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now() + Duration::seconds(fault::clock_error()),
            Self::ByHand(time) => *time.lock().unwrap_or_else(|e| e.into_inner()),
        }
    }

    /// Sets a clock by hand; the system's is left alone.
    pub fn set(&self, to: DateTime<Utc>) {
        if let Self::ByHand(time) = self {
            *time.lock().unwrap_or_else(|e| e.into_inner()) = to;
        }
    }
}
