//! Counts what a client does in a minute: wrong links, so that guessing is slow (T20: 10, then 429),
//! and forms sent (T21).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::client::network;

const WINDOW: Duration = Duration::from_secs(60);

/// Clients remembered; beyond that the oldest windows are forgotten, so that memory is bounded.
const CLIENTS: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub struct Rate {
    limit: u32,
    counts: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl Rate {
    /// At most `limit` in a minute.
    pub fn new(limit: u32) -> Self {
        Self {
            limit,
            counts: Mutex::default(),
        }
    }

    /// This client has done it too often lately.
    pub fn is_over(&self, client: IpAddr) -> bool {
        let counts = self.counts.lock().unwrap_or_else(|e| e.into_inner());
        counts
            .get(&network(client))
            .is_some_and(|(since, count)| since.elapsed() < WINDOW && *count >= self.limit)
    }

    /// Counts once more.
    pub fn count(&self, client: IpAddr) {
        let mut counts = self.counts.lock().unwrap_or_else(|e| e.into_inner());
        if counts.len() >= CLIENTS {
            counts.retain(|_, (since, _)| since.elapsed() < WINDOW);
        }
        if counts.len() >= CLIENTS {
            counts.clear();
        }
        let entry = counts.entry(network(client)).or_insert((Instant::now(), 0));
        if entry.0.elapsed() >= WINDOW {
            *entry = (Instant::now(), 0);
        }
        entry.1 += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_wrong_link_waits() {
        let misses = Rate::new(10);
        let client: IpAddr = "192.0.2.7".parse().expect("an address");
        for _ in 0..10 {
            assert!(!misses.is_over(client));
            misses.count(client);
        }
        assert!(misses.is_over(client));
        assert!(!misses.is_over("192.0.2.8".parse().expect("an address")));
    }
}
