//! Whose request it is: the peer's address, or what a trusted proxy says.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// The client's address. `X-Forwarded-For` counts only from a trusted proxy, and of it only the
/// last address that is not itself a trusted proxy: what stands before can be invented.
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer) {
        return peer;
    }
    headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|part| part.trim().parse::<IpAddr>().ok())
        .map(|address| address.to_canonical())
        .rfind(|address| !trusted.contains(address))
        .unwrap_or(peer)
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
}
