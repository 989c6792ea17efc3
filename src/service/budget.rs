//! Bounds the raw mail that is in memory at once, in bytes and over all accounts: what is taken
//! from a server until it is committed, what is read until it is understood. However full the
//! mailboxes are and however many there are, memory follows the largest mail.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Raw bytes in memory at once; a mail that is larger has it all for itself.
const BYTES: u64 = 12 << 20;

/// Bytes of one permit: a semaphore counts to 2^29 on small machines.
const UNIT: u64 = 1 << 10;

/// What is free.
#[derive(Clone, Debug)]
pub struct Budget {
    free: Arc<Semaphore>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            free: Arc::new(Semaphore::new(units(BYTES) as usize)),
        }
    }
}

impl Budget {
    /// Waits until `bytes` are free; they are again when the answer is dropped. Whoever holds some
    /// must not wait for more, except beside the work that gives them back.
    pub async fn take(&self, bytes: u64) -> OwnedSemaphorePermit {
        Arc::clone(&self.free)
            .acquire_many_owned(units(bytes))
            .await
            .expect("the semaphore is never closed")
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.min(BYTES).div_ceil(UNIT)).expect("at most the whole budget")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mail_larger_than_the_budget_has_it_for_itself() {
        let budget = Budget::default();
        let small = budget.take(1000).await;
        let waiting = budget.take(1 << 40);
        tokio::pin!(waiting);
        let early = tokio::time::timeout(std::time::Duration::from_millis(20), &mut waiting).await;
        assert!(early.is_err(), "a small one is in memory");
        drop(small);
        let large = waiting.await;
        assert_eq!(budget.free.available_permits(), 0);
        drop(large);
        drop(budget.take(BYTES).await);
    }
}
