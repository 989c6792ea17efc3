//! Figures from the event log (rows N1–N6, K4): what happened to each ticket becomes a [`Fact`], facts
//! of a period become [`Figures`], figures become [`Table`]s for the page, the file and the command
//! line. Pure: the same events always give the same figures, so that they can be computed anew.
//!
//! A fact holds no requester: figures stay when people are removed (row N6).

use crate::desk::Policy;
use crate::mail::Digest;

mod about;
mod export;
mod fact;
mod figures;
mod recurrence;
mod report;
mod spread;
mod table;

pub use export::{Csv, csv};
pub use fact::{Fact, Spent};
pub use figures::{Compared, Figures, Marked, OfTechnician, Question, figures};
pub use recurrence::{Proposal, Subject};
pub use report::sections;
pub use spread::Spread;
pub use table::{Cell, Table, tables};

/// How facts are made of events: when this changes, they are made anew.
const METHOD: u32 = 4;

/// Names all that facts depend on beside their events: the method, when each team works, what is no
/// word of a subject, the service and the site of each address, and which applications are counted.
pub fn rules(policy: &Policy) -> String {
    let teams = policy.teams.iter();
    let hours: Vec<_> = teams.map(|team| (&team.id, &team.calendar)).collect();
    let (zone, prefixes) = (policy.timezone, policy.prefixes());
    let (places, about) = (policy.directory.places(), about::rules(policy));
    let all = format!("{METHOD} {hours:?} {zone} {prefixes:?} {places} {about}");
    Digest::of(all.as_bytes()).to_string()
}

/// Below so many, figures of a single technician are not shown (row K4).
pub const FEWEST_OF_A_PERSON: usize = 5;
