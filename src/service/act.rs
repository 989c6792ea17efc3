//! What is done with a button: decided at once, with what is known now.

use anyhow::{Context, Result};

use super::{Service, conclude};
use crate::desk::{Action, Decision, Input};
use crate::store::Settled;

impl Service {
    /// Decides about one action and writes what follows from it. What cannot be done changes nothing:
    /// then [`Decision::changed`] is empty and [`Decision::why`] says why.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn act(&self, action: Action) -> Result<Decision> {
        self.decide(Input::Action(action)).await
    }

    /// Decides about one input that is no mail, and writes what follows from it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn decide(&self, input: Input) -> Result<Decision> {
        let rules = self.rules();
        let now = self.now();
        let settled = self
            .store()
            .settle(vec![input], now, move |input, lookup| {
                conclude(&rules, input, lookup, now)
            })
            .await?
            .into_iter()
            .next()
            .context("the store gave no answer")??;
        self.ring();
        match settled {
            Settled::Done(settlement) => Ok(settlement.decision),
            Settled::Before => Ok(Decision::default()),
        }
    }
}
