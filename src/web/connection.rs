//! Connections of browsers: taken, limited, ended. A client that dawdles or opens many at once
//! costs little and keeps nobody else out (T21). What is asked on them is the router's business.
//!
//! `axum::serve` would take connections too, but without a limit on how many and how long.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::client;

/// Connections at once; further ones wait in the system's queue. Half of the usual limit of 1024
/// open files, so that the mail keeps its share.
const CONNECTIONS: usize = 512;

/// Connections at once from one network, which is far more than a browser opens.
const CONNECTIONS_OF_ONE: usize = 64;

/// How long a client may take to send a request's head; also how long it may stay idle.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// How long a connection may last in all: enough for the largest file on a slow line.
const CONNECTION_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long running answers may take when the service stops (it has 10 s for everything).
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A request's head, in bytes; more is refused with 431.
const HEAD_BYTES: usize = 16 * 1024;

/// A pause after a failure to accept, such as too many open files: it does not mend by hurry.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves `router` until `shutdown`, then lets running answers finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    is_proxy: impl Fn(IpAddr) -> bool,
    shutdown: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let crowd = Arc::new(Crowd::default());
    let running = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stream, peer, permit) = tokio::select! {
            () = &mut shutdown => break,
            taken = take(&listener, &room) => match taken {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::warn!("The page cannot take a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        // A proxy brings many clients, and it is the proxy that limits them.
        let near = peer.ip().is_loopback() || is_proxy(peer.ip());
        let place = if near {
            None
        } else {
            match Crowd::enter(&crowd, peer.ip()) {
                Some(place) => Some(place),
                None => continue,
            }
        };
        let connection = converse(stream, peer, router.clone(), running.watcher());
        tokio::spawn(async move {
            let _held = (permit, place);
            // Ends by dropping the connection, whatever is under way.
            let _ = tokio::time::timeout(CONNECTION_LIMIT, connection).await;
        });
    }
    drop(listener);
    if tokio::time::timeout(STOP_LIMIT, running.shutdown())
        .await
        .is_err()
    {
        tracing::info!("A page was still being read when the service stopped");
    }
}

async fn take(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, canonical(peer), permit))
}

/// A socket that listens on IPv6 for both says an IPv4 client as `::ffff:192.0.2.7`, which is no
/// address that anybody writes into a configuration.
fn canonical(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

async fn converse(stream: TcpStream, peer: SocketAddr, router: Router, watcher: Watcher) {
    // Answers are small; without this the last piece waits for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = router.layer(Extension(ConnectInfo(peer)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    // A client that went away or spoke no HTTP is nobody's concern.
    let _ = watcher.watch(connection).await;
}

/// How many connections each network has open.
#[derive(Debug, Default)]
struct Crowd(Mutex<HashMap<IpAddr, usize>>);

/// One connection of a network, for as long as it is held.
#[derive(Debug)]
struct Held {
    crowd: Arc<Crowd>,
    network: IpAddr,
}

impl Crowd {
    /// `None`: that network has enough.
    fn enter(crowd: &Arc<Self>, client: IpAddr) -> Option<Held> {
        let network = client::network(client);
        let mut open = crowd.0.lock().unwrap_or_else(|e| e.into_inner());
        let count = open.entry(network).or_insert(0);
        if *count >= CONNECTIONS_OF_ONE {
            return None;
        }
        *count += 1;
        Some(Held {
            crowd: Arc::clone(crowd),
            network,
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = self.crowd.0.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(count) = open.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Behind `listen = "[::]:8080"`, a proxy on IPv4 is the one that the configuration names.
    #[test]
    fn a_peer_has_one_address_whichever_socket_took_it() {
        for (seen, meant) in [
            ("[::ffff:192.0.2.7]:443", "192.0.2.7:443"),
            ("192.0.2.7:443", "192.0.2.7:443"),
            ("[2001:db8::7]:443", "[2001:db8::7]:443"),
        ] {
            let seen: SocketAddr = seen.parse().expect("an address");
            assert_eq!(canonical(seen).to_string(), meant);
        }
    }

    #[test]
    fn one_network_does_not_take_every_place() {
        let crowd = Arc::new(Crowd::default());
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let mut held: Vec<Held> = (0..CONNECTIONS_OF_ONE)
            .map(|i| Crowd::enter(&crowd, ip(&format!("2001:db8::{i:x}"))).expect("a place"))
            .collect();
        assert!(Crowd::enter(&crowd, ip("2001:db8::ffff")).is_none());
        assert!(Crowd::enter(&crowd, ip("2001:db8:0:1::1")).is_some());
        held.pop();
        assert!(Crowd::enter(&crowd, ip("2001:db8::ffff")).is_some());
        drop(held);
        assert!(crowd.0.lock().expect("not poisoned").is_empty());
    }
}
