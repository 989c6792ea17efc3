//! Whose request it is: the peer's address, or what a trusted proxy says.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// The client's address. `X-Forwarded-For` counts only from a trusted proxy, and of it only the
/// last address that is not itself a trusted proxy: what stands before can be invented. So can what
/// stands before something that is no address: then only the peer is known.
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer) {
        return peer;
    }
    let values = headers.get_all("x-forwarded-for").iter();
    let parts: Vec<&str> = values
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    for part in parts.into_iter().rev() {
        match parsed(part) {
            Some(address) if trusted.contains(&address) => {}
            Some(address) => return address,
            None => return peer,
        }
    }
    peer
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn parsed(part: &str) -> Option<IpAddr> {
    let bare = part
        .strip_prefix('[')
        .and_then(|part| part.strip_suffix(']'));
    let address = match bare.unwrap_or(part).parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => part.parse::<SocketAddr>().ok()?.ip(),
    };
    Some(address.to_canonical())
}

/// What is counted as one client: an IPv4 address, or a whole IPv6 /64, which one client owns.
pub fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V6(address) => {
            let mask = u128::MAX << 64;
            IpAddr::V6((u128::from(address) & mask).into())
        }
        IpAddr::V4(_) => client,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            "9.9.9.9, ::ffff:192.0.2.7, ::ffff:127.0.0.1"
                .parse()
                .expect("a header"),
        );
        let trusted = [ip("127.0.0.1")];
        assert_eq!(
            address(ip("127.0.0.1"), &headers, &trusted),
            ip("192.0.2.7")
        );
        assert_eq!(
            address(ip("198.51.100.1"), &headers, &trusted),
            ip("198.51.100.1")
        );
        assert_eq!(address(ip("127.0.0.1"), &headers, &[]), ip("127.0.0.1"));
    }

    /// Some proxies write a port; what the client itself put before it counts no more for that.
    #[test]
    fn what_a_client_invents_does_not_count_however_the_proxy_writes() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let peer = ip("127.0.0.1");
        for (written, client) in [
            ("9.9.9.9, 198.51.100.7:4711", "198.51.100.7"),
            ("9.9.9.9, [2001:db8::1]:80", "2001:db8::1"),
            ("9.9.9.9, [2001:db8::1]", "2001:db8::1"),
            ("9.9.9.9, 198.51.100.7:4711, 127.0.0.1:80,", "198.51.100.7"),
            ("9.9.9.9, unknown", "127.0.0.1"),
            ("9.9.9.9, _hidden, 127.0.0.1", "127.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", written.parse().expect("a header"));
            assert_eq!(address(peer, &headers, &[peer]), ip(client), "{written}");
        }
    }
}
