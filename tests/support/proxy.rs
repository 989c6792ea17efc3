//! A TCP proxy on loopback that does to a connection what networks and attackers do: rewrite what the server says, cut
//! after so many bytes, or stop forwarding without closing.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What happens to the bytes that come from the server.
#[derive(Debug, Clone)]
pub enum Trick {
    /// They pass.
    None,
    /// This text is replaced by that, where it comes in one piece.
    Replace(&'static str, &'static str),
}

/// A running proxy; each connection to it becomes one to the server.
#[derive(Debug)]
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    stalled: AtomicBool,
    /// Connections with a lower number are stalled; so many were made.
    dead_below: AtomicUsize,
    connections: AtomicUsize,
    released: Notify,
    passed: AtomicUsize,
    cut_at: AtomicUsize,
}

impl Proxy {
    pub async fn start(server: u16, trick: Trick) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("loopback has free ports");
        let port = listener.local_addr().map(|address| address.port());
        let shared = Arc::new(Shared {
            stalled: AtomicBool::new(false),
            dead_below: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            released: Notify::new(),
            passed: AtomicUsize::new(0),
            cut_at: AtomicUsize::new(usize::MAX),
        });
        let task = {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await;
                    if let Ok(server) = server {
                        tokio::spawn(join(client, server, trick.clone(), Arc::clone(&shared)));
                    }
                }
            })
        };
        Self {
            port: port.expect("a bound port"),
            shared,
            task,
        }
    }

    /// From now on nothing passes in either direction and nothing is closed.
    pub fn stall(&self) {
        self.shared.stalled.store(true, Ordering::SeqCst);
    }

    /// From now on nothing passes on the connections that are open, and nothing is closed; later
    /// ones work.
    pub fn stall_open(&self) {
        let open = self.connections();
        self.shared.dead_below.store(open, Ordering::SeqCst);
    }

    /// Connections that were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The connection is closed after so many more bytes from the server.
    pub fn cut_after(&self, bytes: usize) {
        self.shared
            .cut_at
            .store(self.passed() + bytes, Ordering::SeqCst);
    }

    /// Bytes that came from the server so far.
    pub fn passed(&self) -> usize {
        self.shared.passed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn join(client: TcpStream, server: TcpStream, trick: Trick, shared: Arc<Shared>) {
    let number = shared.connections.fetch_add(1, Ordering::SeqCst);
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let upstream = {
        let shared = Arc::clone(&shared);
        async move {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                shared.gate(number).await;
                if to_server.write_all(&buffer[..length]).await.is_err() {
                    break;
                }
            }
        }
    };
    let downstream = async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            shared.gate(number).await;
            let before = shared.passed.fetch_add(length, Ordering::SeqCst);
            let left = shared.cut_at.load(Ordering::SeqCst).saturating_sub(before);
            let bytes = &buffer[..length.min(left)];
            let bytes = match &trick {
                Trick::None => bytes.to_vec(),
                Trick::Replace(text, by) => String::from_utf8_lossy(bytes)
                    .replace(text, by)
                    .into_bytes(),
            };
            if to_client.write_all(&bytes).await.is_err() || left <= length {
                break;
            }
        }
    };
    tokio::select! {
        () = upstream => {}
        () = downstream => {}
    }
}

impl Shared {
    async fn gate(&self, connection: usize) {
        while self.stalled.load(Ordering::SeqCst)
            || connection < self.dead_below.load(Ordering::SeqCst)
        {
            self.released.notified().await;
        }
    }
}
