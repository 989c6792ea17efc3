//! From a host name to a protected connection that has greeted us.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::guard::Socket;
use super::lines::Lines;
use super::{Error, Kind, Settings, Tls, login};
use crate::tls;

/// Longest wait for one address of the host; a blackholed IPv6 address must not eat the whole attempt.
const ADDRESS_LIMIT: Duration = Duration::from_secs(10);

/// Longest wait for the resolver.
const RESOLVE_LIMIT: Duration = Duration::from_secs(15);

/// Longest TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(20);

/// Connects, greets and protects, as configured. `Ok((lines, true))` when the server took us for logged in
/// already (PREAUTH).
pub(super) async fn connect(settings: &Settings) -> Result<(Lines, bool), Error> {
    let place: Arc<str> = settings.place().into();
    let fail = |kind, what: String| Error::new(kind, &place, what);
    let socket = open(settings, &place).await?;
    match settings.tls {
        Tls::Implicit => {
            let socket = protect(Box::new(socket), settings, &place).await?;
            let mut lines = Lines::new(socket, Arc::clone(&place));
            let logged_in = lines.greeting().await?;
            Ok((lines, logged_in))
        }
        Tls::StartTls => {
            let mut lines = Lines::new(Box::new(socket), Arc::clone(&place));
            if lines.greeting().await? {
                // RFC 3501 6.2.1: STARTTLS is only possible before the login, so this server can never protect us.
                return Err(fail(
                    Kind::NoStartTls,
                    "the server skips the login (PREAUTH) and with it STARTTLS".to_owned(),
                ));
            }
            let socket = start_tls(lines, settings, &place).await?;
            Ok((Lines::new(socket, place), false))
        }
        Tls::None => {
            let peer = socket
                .peer_addr()
                .map_err(|error| fail(Kind::Network, format!("connection lost: {error}")))?;
            if !is_this_machine(peer) {
                if !settings.allow_plaintext {
                    return Err(fail(
                        Kind::PlaintextRefused,
                        format!(
                            "tls = \"none\" would show the password to the network on the way to {peer}; use \"implicit\" or \"starttls\""
                        ),
                    ));
                }
                tracing::warn!("{place}: the password and all mail travel in clear to {peer}");
            }
            let mut lines = Lines::new(Box::new(socket), place);
            let logged_in = lines.greeting().await?;
            Ok((lines, logged_in))
        }
    }
}

/// Whether what is sent there stays on this machine.
fn is_this_machine(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

async fn open(settings: &Settings, place: &str) -> Result<TcpStream, Error> {
    let fail = |what: String| Error::new(Kind::Network, place, what);
    let addresses = timeout(
        RESOLVE_LIMIT,
        lookup_host((settings.host.as_str(), settings.port)),
    )
    .await
    .map_err(|_| fail("the resolver does not answer".to_owned()))?
    .map_err(|error| fail(format!("the host is not found: {error}")))?;
    let mut last = "the host has no address".to_owned();
    for address in addresses {
        match timeout(ADDRESS_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => {
                // Commands are small and each waits for its answer.
                let _ = socket.set_nodelay(true);
                return Ok(socket);
            }
            Ok(Err(error)) => last = format!("no connection to {address}: {error}"),
            Err(_) => last = format!("no connection to {address} within {ADDRESS_LIMIT:?}"),
        }
    }
    Err(fail(last))
}

async fn start_tls(
    mut lines: Lines,
    settings: &Settings,
    place: &str,
) -> Result<Box<dyn Socket>, Error> {
    if !login::capabilities(&mut lines).await?.has("STARTTLS") {
        return Err(lines.fail(Kind::NoStartTls, "the server does not offer STARTTLS"));
    }
    let answer = lines.exchange("STARTTLS").await?;
    if answer.status != "OK" {
        return Err(lines.fail(
            Kind::NoStartTls,
            format!("the server refuses STARTTLS: {}", answer.text),
        ));
    }
    if lines.guard.has_unread() {
        // Whatever follows in clear was not said by the server under TLS (CVE-2011-0411 and its kin).
        return Err(lines.fail(
            Kind::NoStartTls,
            "something was slipped in between STARTTLS and the handshake",
        ));
    }
    protect(lines.guard.into_socket(), settings, place).await
}

async fn protect(
    socket: Box<dyn Socket>,
    settings: &Settings,
    place: &str,
) -> Result<Box<dyn Socket>, Error> {
    let fail = |what: String| Error::new(Kind::Tls, place, what);
    let name = tls::server_name(&settings.host).map_err(|error| fail(error.to_string()))?;
    let ca_file = settings.ca_file.clone();
    let config = tokio::task::spawn_blocking(move || tls::client_config(ca_file.as_deref()))
        .await
        .map_err(|error| fail(error.to_string()))?
        .map_err(|error| fail(error.to_string()))?;
    let handshake = TlsConnector::from(config).connect(name, socket);
    match timeout(HANDSHAKE_LIMIT, handshake).await {
        Ok(Ok(protected)) => Ok(Box::new(protected)),
        Ok(Err(error)) => Err(fail(tls::explain(&error))),
        Err(_) => Err(fail(format!("no TLS handshake within {HANDSHAKE_LIMIT:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_this_machine() {
        let is_here = |peer: &str| is_this_machine(peer.parse().expect("an address"));
        assert!(is_here("127.0.0.1:143"));
        assert!(is_here("127.8.9.1:143"));
        assert!(is_here("[::1]:143"));
        assert!(is_here("[::ffff:127.0.0.1]:143"));
        assert!(!is_here("192.0.2.1:143"));
        assert!(!is_here("[2001:db8::1]:143"));
        assert!(!is_here("0.0.0.0:143"));
    }
}
