//! How a reverse proxy says who somebody is (row I10), as used.

use std::net::IpAddr;

use super::reading::Reading;
use super::settings::IdentityHeader;
use super::written::Config;

/// How a proxy says who somebody is: nobody else may say it.
pub fn identity(
    reading: &mut Reading,
    config: &Config,
    trusted: &[IpAddr],
) -> Option<IdentityHeader> {
    let web = &config.web;
    for (key, value) in [
        ("web.identity_header", &web.identity_header),
        ("web.identity_name_header", &web.identity_name_header),
    ] {
        let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if let Some(name) = value.as_deref().filter(|name| !is_name(name)) {
            reading.wrong(
                key,
                format!("\"{name}\" is not the name of a header, as in \"Remote-User\""),
            );
        }
    }
    let Some(address) = web.identity_header.clone() else {
        for (key, value) in [
            ("web.identity_name_header", &web.identity_name_header),
            ("web.identity_domain", &web.identity_domain),
        ] {
            if value.is_some() {
                reading.wrong(key, "has no meaning without web.identity_header");
            }
        }
        return None;
    };
    if trusted.is_empty() {
        reading.wrong(
            "web.identity_header",
            "a header that anybody could send: name the proxy that sets it in web.trusted_proxies",
        );
    }
    let domain = web.identity_domain.as_deref();
    if let Some(domain) = domain.filter(|domain| domain.contains('@') || !domain.contains('.')) {
        reading.wrong(
            "web.identity_domain",
            format!("\"{domain}\" is not a domain, as in \"example.org\""),
        );
    }
    Some(IdentityHeader {
        address,
        name: web.identity_name_header.clone(),
        domain: domain.map(str::to_lowercase),
    })
}
