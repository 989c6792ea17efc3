//! Who somebody is, where a proxy of ours has signed him in (CAS, Trustelem, OpenID Connect: row I10).
//! Its headers count from the addresses in `web.trusted_proxies` alone; from anywhere else they are
//! words like any others.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::config::IdentityHeader;
use crate::mail::Address;
use crate::notification::header::{AddrSpec, Line};
use crate::web::Site;

/// The person that a trusted proxy names, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven(pub Option<Address>);

impl FromRequestParts<Arc<Site>> for Proven {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Infallible> {
        let current = site.service.current();
        let web = &current.settings.web;
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let trusted =
            peer.is_some_and(|ConnectInfo(peer)| web.trusted_proxies.contains(&peer.ip()));
        let identity = web.identity.as_ref().filter(|_| trusted);
        Ok(Self(
            identity.and_then(|identity| named(identity, &parts.headers)),
        ))
    }
}

/// Two headers of that name are a mistake of the proxy's, or somebody else's header beside its own.
fn only(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let value = String::from_utf8(value.as_bytes().to_vec()).ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn named(identity: &IdentityHeader, headers: &HeaderMap) -> Option<Address> {
    let value = only(headers, &identity.address)?;
    let written = match (&identity.domain, value.contains('@')) {
        (_, true) => value,
        (Some(domain), false) => format!("{value}@{domain}"),
        (None, false) => return None,
    };
    let address = AddrSpec::parse(&written)?.as_str().to_lowercase();
    let name = identity
        .name
        .as_deref()
        .and_then(|name| only(headers, name));
    Some(Address {
        name: name.and_then(|name| Line::new(&name).into_text()),
        address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_an_address_or_becomes_one() {
        let identity = |domain: Option<&str>| IdentityHeader {
            address: "Remote-User".to_owned(),
            name: Some("Remote-Name".to_owned()),
            domain: domain.map(str::to_owned),
        };
        let headers = |pairs: &[(&'static str, &[u8])]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                let value = axum::http::HeaderValue::from_bytes(value).expect("a value");
                headers.append(*name, value);
            }
            headers
        };
        let who = |identity: &IdentityHeader, pairs: &[(&'static str, &[u8])]| {
            named(identity, &headers(pairs)).map(|who| (who.address, who.name))
        };
        let with = identity(Some("example.org"));
        let without = identity(None);
        let zoe = || Some("Zoé Léger".to_owned());
        let full: &[(&str, &[u8])] = &[
            ("remote-user", b"Zoe@Example.org"),
            ("remote-name", "Zoé Léger".as_bytes()),
        ];
        assert_eq!(
            who(&without, full),
            Some(("zoe@example.org".to_owned(), zoe()))
        );
        assert_eq!(
            who(&with, &[("remote-user", b"zleger")]),
            Some(("zleger@example.org".to_owned(), None))
        );
        for wrong in [
            &[] as &[(&str, &[u8])],
            &[("remote-user", b"")],
            &[("remote-user", b"zleger\xff")],
            &[("remote-user", b"a b")],
            &[("remote-user", b"zleger"), ("remote-user", b"admin")],
        ] {
            assert_eq!(who(&with, wrong), None, "{wrong:?}");
        }
        assert_eq!(who(&without, &[("remote-user", b"zleger")]), None);
    }
}
