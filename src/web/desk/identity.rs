//! Who is signed in: by a session's cookie, or by a proxy that has asked already. The secret of a session
//! is known to the browser alone; here is its digest.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};

use super::super::frame::Visitor;
use super::super::submit::Proven;
use super::super::{Site, unavailable};
use super::sign_in;
use crate::desk::policy::{Rank, Technician};
use crate::mail::Digest;
use crate::store::SessionId;
use crate::ticket::{Actor, Role};

/// Bytes of a session's secret.
const SECRET_BYTES: usize = 32;

/// Somebody who may see the desk.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Who.
    pub technician: Technician,
    /// His session; a proxy needs none.
    pub session: Option<SessionId>,
    /// What every form of his carries, so that no other page can send one in his name.
    pub form_token: String,
    /// His language, unless he chose another.
    pub visitor: Visitor,
}

impl Staff {
    /// As the one who does something.
    pub fn actor(&self) -> Actor {
        Actor {
            role: Role::Technician,
            who: Some(self.technician.who()),
        }
    }

    /// Leads a team, or administers the desk.
    pub fn is_lead(&self) -> bool {
        match self.technician.rank {
            Rank::Lead | Rank::Admin => true,
            Rank::Technician => false,
        }
    }
}

impl FromRequestParts<Arc<Site>> for Staff {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Response> {
        let Ok(visitor) = Visitor::from_request_parts(parts, site).await;
        match signed_in(site, parts, &visitor).await {
            Ok(Some(staff)) => Ok(staff),
            Ok(None) => Err(sign_in::needed(site, &visitor, parts)),
            Err(error) => {
                tracing::error!("A session cannot be looked up: {error:#}");
                Err(unavailable(site, &visitor))
            }
        }
    }
}

/// Who sends this request, when he is signed in and still a technician of the configuration.
///
/// # Errors
/// When his session cannot be looked up.
pub async fn signed_in(
    site: &Arc<Site>,
    parts: &mut Parts,
    visitor: &Visitor,
) -> anyhow::Result<Option<Staff>> {
    let current = site.service.current();
    let policy = &current.rules.policy;
    let staff = |technician: &Technician, session, secret: &str| Staff {
        technician: technician.clone(),
        session,
        form_token: form_token(secret),
        visitor: visitor.clone().speaking(&technician.language),
    };
    let Ok(Proven(proven)) = Proven::from_request_parts(parts, site).await;
    if let Some(technician) = proven.and_then(|who| policy.technician(&who.address)) {
        // The proxy signs him in and out; a secret of this process holds a form to him.
        let secret = format!("{} {}", site.secret, technician.who().key());
        return Ok(Some(staff(technician, None, &secret)));
    }
    let Some(secret) = cookie(&parts.headers, &policy.base_url) else {
        return Ok(None);
    };
    let now = site.service.now();
    let session = site.service.store().session(digest(&secret), now).await?;
    Ok(session.and_then(|session| {
        let technician = policy.technician(&session.address)?;
        Some(staff(technician, Some(session.id), &secret))
    }))
}

/// A new secret.
///
/// # Errors
/// When the system gives no random numbers.
pub fn secret() -> anyhow::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    Ok(HEXLOWER.encode(&bytes))
}

/// What is kept of a secret.
pub fn digest(secret: &str) -> Digest {
    Digest::of(secret.as_bytes())
}

fn form_token(secret: &str) -> String {
    let digest = Digest::of(format!("form/1 {secret}").as_bytes());
    HEXLOWER.encode(digest.0.get(..16).unwrap_or_default())
}

/// `__Host-` makes browsers insist on HTTPS, this host and the whole of it.
fn cookie_name(base_url: &str) -> &'static str {
    match base_url.starts_with("https://") {
        true => "__Host-guichet",
        false => "guichet",
    }
}

/// The secret that the browser holds.
fn cookie(headers: &HeaderMap, base_url: &str) -> Option<String> {
    let name = cookie_name(base_url);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, secret)| *known == name && secret.len() == SECRET_BYTES * 2)
        .map(|(_, secret)| secret.to_owned())
}

/// Gives the browser a secret; an empty one takes it away.
pub fn set_cookie(base_url: &str, secret: &str) -> String {
    let name = cookie_name(base_url);
    let mut cookie = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict");
    if base_url.starts_with("https://") {
        cookie.push_str("; Secure");
    }
    if secret.is_empty() {
        cookie.push_str("; Max-Age=0");
    }
    cookie
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_the_browsers_alone() {
        assert_eq!(
            set_cookie("https://guichet.example.org", "abc"),
            "__Host-guichet=abc; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            set_cookie("http://127.0.0.1:8080", ""),
            "guichet=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        );
        let secret = secret().expect("random");
        let mut headers = HeaderMap::new();
        let sent = format!("a=b; __Host-guichet={secret}; guichet=short");
        headers.insert(header::COOKIE, sent.parse().expect("a header"));
        assert_eq!(cookie(&headers, "https://x.example"), Some(secret));
        assert_eq!(cookie(&headers, "http://x.example"), None);
    }
}
