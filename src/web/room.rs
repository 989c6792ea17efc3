//! Room in memory for what browsers send and fetch: all share it, and no client takes it from the others. Forms
//! of words alone have a room of their own, so that whoever sends large files, or pretends to, keeps
//! nobody from writing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::client::network;

/// How long a form or a download waits for others.
const PATIENCE: Duration = Duration::from_secs(20);

/// Of the room, one client has at most a part in so many.
const PARTS: usize = 4;

/// Clients remembered before those that hold nothing are forgotten.
const CLIENTS: usize = 1_000;

/// See the module.
#[derive(Debug)]
pub struct Room {
    bytes: usize,
    all: Arc<Semaphore>,
    of: Mutex<HashMap<IpAddr, Weak<Semaphore>>>,
}

/// A piece of the room, until it is dropped.
#[derive(Debug)]
pub struct Held {
    _of_client: (Arc<Semaphore>, OwnedSemaphorePermit),
    _of_all: OwnedSemaphorePermit,
}

impl Room {
    /// For so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self {
            bytes,
            all: Arc::new(Semaphore::new(bytes)),
            of: Mutex::default(),
        }
    }

    /// Takes a piece once there is one; `None` when there was none for a while. What is larger
    /// than a client's part takes all of that part, and as much of the room as it needs.
    pub async fn take(&self, client: IpAddr, bytes: u64) -> Option<Held> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let own = self.part(client);
        let taking = async {
            let of_client = permits(&own, bytes.min(self.bytes / PARTS)).await?;
            let of_all = permits(&self.all, bytes.min(self.bytes)).await?;
            Some(Held {
                _of_client: (Arc::clone(&own), of_client),
                _of_all: of_all,
            })
        };
        tokio::time::timeout(PATIENCE, taking).await.ok()?
    }

    fn part(&self, client: IpAddr) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(|e| e.into_inner());
        if of.len() >= CLIENTS {
            of.retain(|_, part| part.strong_count() > 0);
        }
        let network = network(client);
        if let Some(part) = of.get(&network).and_then(Weak::upgrade) {
            return part;
        }
        let part = Arc::new(Semaphore::new(self.bytes / PARTS));
        of.insert(network, Arc::downgrade(&part));
        part
    }
}

async fn permits(room: &Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    Arc::clone(room).acquire_many_owned(bytes).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_client_leaves_room_for_the_others() {
        let room = Room::new(1_000);
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let (one, same, other) = (ip("2001:db8::1"), ip("2001:db8::2"), ip("192.0.2.1"));
        let held = room.take(one, 200).await.expect("room");
        assert!(room.take(same, 100).await.is_none(), "its part is 250");
        let large = room.take(other, 700).await.expect("alone it may be large");
        assert!(room.take(ip("192.0.2.2"), 200).await.is_none(), "full");
        drop((held, large));
        assert!(room.take(same, 250).await.is_some());
        assert!(room.take(other, 5_000).await.is_some(), "never for ever");
    }
}
