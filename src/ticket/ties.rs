//! How a ticket hangs together with others, and with people outside the desk.

use serde::{Deserialize, Serialize};

use super::TicketId;
use crate::mail::Address;

/// What one ticket is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// It goes on in the other (row E14).
    MergedInto,
    /// It goes on for the other: the same requester's, shown with it.
    Absorbed,
    /// The other is a part of this major incident (row E15).
    Child,
    /// It is a part of the other, a major incident.
    ChildOf,
}

impl Relation {
    /// The English token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MergedInto => "merged-into",
            Self::Absorbed => "absorbed",
            Self::Child => "child",
            Self::ChildOf => "child-of",
        }
    }
}

/// A third party who was written to about a ticket (row G11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// Name and address.
    pub who: Address,
    /// His own ticket's number, as he writes it in subjects: `[GLPI #0001234]` (row D12).
    #[serde(default)]
    pub number: Option<String>,
    /// `Message-ID` of his latest mail: what the next one to him answers.
    #[serde(default)]
    pub last_message_id: Option<String>,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ties {
    /// It goes on there; its number is an alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<TicketId>,
    /// Those that go on here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absorbed: Vec<TicketId>,
    /// It is a major incident.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub major: bool,
    /// The tickets of a major incident.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<TicketId>,
    /// The major incident that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_of: Option<TicketId>,
    /// Third parties who were written to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<Partner>,
}

impl Ties {
    /// Sets or undoes one relation.
    pub fn relate(&mut self, to: TicketId, relation: Relation, on: bool) {
        let one = |known: &mut Option<TicketId>| {
            if on {
                *known = Some(to);
            } else if *known == Some(to) {
                *known = None;
            }
        };
        let many = |known: &mut Vec<TicketId>| {
            known.retain(|id| *id != to);
            if on {
                known.push(to);
            }
        };
        match relation {
            Relation::MergedInto => one(&mut self.merged_into),
            Relation::ChildOf => one(&mut self.child_of),
            Relation::Absorbed => many(&mut self.absorbed),
            Relation::Child => many(&mut self.children),
        }
    }

    /// Notes what was written to, or by, a third party.
    pub fn heard(&mut self, with: &Address, number: Option<&String>, message_id: Option<&String>) {
        let at = self
            .partners
            .iter()
            .position(|known| known.who.key() == with.key());
        let at = at.unwrap_or_else(|| {
            self.partners.push(Partner {
                who: with.clone(),
                number: None,
                last_message_id: None,
            });
            self.partners.len() - 1
        });
        // `at` was found, or is the last of a list that is not empty.
        if let Some(partner) = self.partners.get_mut(at) {
            partner.number = number.cloned().or_else(|| partner.number.take());
            partner.last_message_id = message_id
                .cloned()
                .or_else(|| partner.last_message_id.take());
        }
    }

    /// Every ticket that this one hangs together with.
    pub fn tickets(&self) -> impl Iterator<Item = TicketId> + '_ {
        (self.merged_into.into_iter())
            .chain(self.absorbed.iter().copied())
            .chain(self.children.iter().copied())
            .chain(self.child_of)
    }
}
