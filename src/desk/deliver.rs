//! What became of a notification, noted on its ticket; a failure is told to staff (contract O4).

use super::draft::Draft;
use super::{Delivery, DeliveryOutcome, automatic};
use crate::ticket::{Actor, What};

/// Notes a delivery.
pub fn note(draft: &mut Draft<'_>, delivery: &Delivery) {
    let (outcome, detail, lost) = match &delivery.outcome {
        DeliveryOutcome::Failed(detail) => ("failed", detail, true),
        DeliveryOutcome::GivenUp(detail) => ("given-up", detail, true),
        DeliveryOutcome::Uncertain(detail) => ("uncertain", detail, false),
    };
    if draft.ticket(delivery.ticket).is_none() {
        return;
    }
    draft.event(
        delivery.ticket,
        Actor::desk(),
        false,
        What::Delivery {
            notice: delivery.notice,
            recipient: delivery.recipient.clone(),
            outcome: outcome.to_owned(),
            detail: detail.clone(),
        },
    );
    if lost {
        let kind = draft
            .known
            .notices
            .get(&delivery.notice)
            .map(|told| told.kind);
        automatic::undeliverable(draft, delivery.ticket, kind, &delivery.recipient, detail);
    }
}
