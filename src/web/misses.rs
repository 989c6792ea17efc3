//! Counts wrong links by client, so that guessing is slow (T20: 10 a minute, then 429).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::client::network;

/// Wrong links a client may try in a minute.
const LIMIT: u32 = 10;

const WINDOW: Duration = Duration::from_secs(60);

/// Clients remembered; beyond that the oldest windows are forgotten, so that memory is bounded.
const CLIENTS: usize = 10_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Misses(Mutex<HashMap<IpAddr, (Instant, u32)>>);

impl Misses {
    /// This client has tried too many wrong links lately.
    pub fn is_over(&self, client: IpAddr) -> bool {
        let misses = self.0.lock().unwrap_or_else(|e| e.into_inner());
        misses
            .get(&network(client))
            .is_some_and(|(since, count)| since.elapsed() < WINDOW && *count >= LIMIT)
    }

    /// Counts a wrong link.
    pub fn count(&self, client: IpAddr) {
        let mut misses = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if misses.len() >= CLIENTS {
            misses.retain(|_, (since, _)| since.elapsed() < WINDOW);
        }
        if misses.len() >= CLIENTS {
            misses.clear();
        }
        let entry = misses.entry(network(client)).or_insert((Instant::now(), 0));
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
        let misses = Misses::default();
        let client: IpAddr = "192.0.2.7".parse().expect("an address");
        for _ in 0..10 {
            assert!(!misses.is_over(client));
            misses.count(client);
        }
        assert!(misses.is_over(client));
        assert!(!misses.is_over("192.0.2.8".parse().expect("an address")));
    }
}
