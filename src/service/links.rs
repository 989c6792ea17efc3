//! Sends links by mail to whoever asks for one on the page by his address: they prove that the mailbox
//! is his, and are shown nowhere else.

use anyhow::Result;

use super::Service;
use crate::desk::{Input, VISIT_WAIT, Visit};
use crate::ticket::TicketId;
use crate::token::Errand;

impl Service {
    /// Sends the link of an errand to this address, unless one was sent a moment ago. `false`: none is
    /// out, because of `[limits]`, or because there is nothing behind it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn send_link(
        &self,
        errand: Errand,
        address: &str,
        ticket: Option<TicketId>,
        language: &str,
    ) -> Result<bool> {
        let rules = self.rules();
        // Strangers type what they like: only those who would be sent something get a row.
        if errand == Errand::Requests {
            let addresses = rules.policy.directory.addresses_of(address);
            let reads = rules.policy.read_by(address).next().is_some();
            if !reads && !self.store().has_tickets(addresses).await? {
                return Ok(false);
            }
        }
        let now = self.now();
        let mailbox = self.store().mailbox(address).await?;
        let visit = Visit {
            errand,
            mailbox: mailbox.id,
            generation: mailbox.generation,
            address: mailbox.address,
            ticket,
            language: language.to_owned(),
            until: Visit::end(errand, now),
        };
        let decision = self.decide(Input::Visit(visit)).await?;
        if !decision.notices.is_empty() {
            return Ok(true);
        }
        let last = self.store().visited_at(mailbox.id, errand).await?;
        Ok(last.is_some_and(|last| now < last + VISIT_WAIT))
    }
}
