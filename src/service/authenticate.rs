//! Who is proven, where that takes asking the sender's domain: mode `dkim`, our own check of
//! signatures (RFC 6376) and of their alignment with `From` (DMARC, RFC 9989). DNS may be waited
//! for here and nowhere else; what does not answer is asked again later, then nobody knows.
//!
//! The library's types stay in this file. What it is not trusted with: a signature with `l=` is
//! never believed (its tail can be written by anybody), nor one that leaves `From` or `Subject`
//! unsigned, nor SHA-1; a message with several `From` addresses proves nobody. SPF cannot be
//! repeated from a mailbox, so a domain that publishes a policy is expected to sign.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use mail_auth::common::crypto::Algorithm;
use mail_auth::dkim::Signature;
use mail_auth::dmarc::Policy;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts,
};
use mail_auth::hickory_resolver::net::{DnsError, NetError};
use mail_auth::hickory_resolver::proto::rr::RecordType;
use mail_auth::hickory_resolver::system_conf::read_system_conf;
use mail_auth::{AuthenticatedMessage, DkimResult, DmarcResult, MessageAuthenticator, SpfOutput};

use super::Rules;
use crate::desk::policy::Authentication;
use crate::mail::authenticity::{self, Authenticity};
use crate::store::InboxMail;

/// One question to a name server, and how often it is put.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
const TRIES: usize = 2;

/// All questions about one mail: the others of its batch wait for it.
const MAIL_LIMIT: Duration = Duration::from_secs(6);

/// Signatures of one mail that are looked at; forwarders add some, flooders hundreds.
const SIGNATURES: usize = 5;

/// Longer than that no mail waits for its sender's name servers: a resolver is back by then, and
/// a person waits for an answer.
pub const PATIENCE: TimeDelta = TimeDelta::hours(2);

/// What is known of a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Settled.
    Known(Authenticity),
    /// A name server did not answer, and why.
    Later(String),
}

/// Asks name servers; cheap to clone.
#[derive(Clone)]
pub struct Names(MessageAuthenticator);

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

impl Names {
    /// By this resolver, else by those of the system.
    ///
    /// # Errors
    /// When the system names no resolver.
    pub fn new(resolver: Option<SocketAddr>) -> Result<Self> {
        let (config, mut options) = match resolver {
            Some(address) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                let connections = connections.map(|mut connection| {
                    connection.port = address.port();
                    connection
                });
                let server = NameServerConfig::new(address.ip(), true, connections.to_vec());
                let config = ResolverConfig::from_name_servers(vec![server]);
                (config, ResolverOpts::default())
            }
            None => read_system_conf().context("reading the resolvers of the system")?,
        };
        options.timeout = ANSWER_LIMIT;
        options.attempts = TRIES;
        options.edns0 = true;
        Ok(Self(
            MessageAuthenticator::new(config, options).context("preparing the resolver")?,
        ))
    }

    /// Asks for something that always has an answer; the answer in words.
    ///
    /// # Errors
    /// When no resolver answers.
    pub async fn probe(&self) -> Result<()> {
        let asked = self.0.resolver().lookup("org.", RecordType::NS);
        match tokio::time::timeout(MAIL_LIMIT, asked).await {
            // "There is none" is an answer.
            Ok(Ok(_) | Err(NetError::Dns(DnsError::NoRecordsFound(_)))) => Ok(()),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => anyhow::bail!("no answer within {} s", MAIL_LIMIT.as_secs()),
        }
    }

    /// Judges a message by its signatures and the policy of its author's domain.
    async fn judge(&self, raw: &[u8]) -> Verdict {
        let raw = with_crlf(raw);
        let Some(domain) = authenticity::author_domain(&raw) else {
            return Verdict::Known(Authenticity::None);
        };
        // Strict: what has `l=` is not read as a signature at all.
        let Some(mut message) = AuthenticatedMessage::parse_with_opts(&raw, None, true) else {
            return Verdict::Known(Authenticity::None);
        };
        // Whoever reads `From` otherwise than we do would judge somebody else.
        let [from] = message.from.as_slice() else {
            return Verdict::Known(Authenticity::None);
        };
        let read = from.rsplit_once('@').map_or("", |(_, domain)| domain);
        if !ascii(read).eq_ignore_ascii_case(&ascii(&domain)) {
            return Verdict::Known(Authenticity::None);
        }
        let has_subject = message
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(b"Subject"));
        message
            .dkim_headers
            .retain(|header| is_fit(&header.header, &domain, has_subject));
        message.dkim_headers.truncate(SIGNATURES);

        let signatures = self.0.verify_dkim(&message).await;
        let spf = SpfOutput::default();
        let parameters = DmarcParameters::new(&message, &signatures, &domain, &spf);
        let dmarc = self.0.verify_dmarc(parameters).await;
        match dmarc.dkim_result() {
            DmarcResult::Pass => return Verdict::Known(Authenticity::Pass),
            DmarcResult::TempError(error) => return Verdict::Later(error.to_string()),
            DmarcResult::Fail(_) | DmarcResult::PermError(_) | DmarcResult::None => {}
        }
        if dmarc.dmarc_record().is_some() {
            return Verdict::Known(match dmarc.policy() {
                Policy::Reject | Policy::Quarantine => Authenticity::Fail,
                Policy::None | Policy::Unspecified => Authenticity::None,
            });
        }
        // Without a policy, a good signature of the domain is proof enough.
        let mut why = None;
        for signature in &signatures {
            match signature.result() {
                DkimResult::Pass if signature.signature().is_some() => {
                    return Verdict::Known(Authenticity::Pass);
                }
                DkimResult::TempError(error) => why = Some(error.to_string()),
                DkimResult::Pass
                | DkimResult::Neutral(_)
                | DkimResult::Fail(_)
                | DkimResult::PermError(_)
                | DkimResult::None => {}
            }
        }
        why.map_or(Verdict::Known(Authenticity::None), Verdict::Later)
    }
}

/// A signature that would prove something if it is good: of the author's domain, over what says
/// who writes and about what.
fn is_fit(signature: &Signature, domain: &str, has_subject: bool) -> bool {
    let signs = |name: &str| {
        signature
            .h
            .iter()
            .any(|signed| signed.eq_ignore_ascii_case(name))
    };
    !matches!(signature.a, Algorithm::RsaSha1)
        && signs("From")
        && (!has_subject || signs("Subject"))
        && authenticity::aligned(&ascii(&signature.d), &ascii(domain))
}

/// The name as DNS has it.
fn ascii(domain: &str) -> Cow<'_, str> {
    idna::domain_to_ascii(domain).map_or(Cow::Borrowed(domain), Cow::Owned)
}

/// The message with the line ends that were signed: a Maildir holds it with the system's.
fn with_crlf(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\r', raw).is_some() || memchr::memchr(b'\n', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 32);
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(line) => {
                out.extend_from_slice(line);
                out.extend_from_slice(b"\r\n");
            }
            None => out.extend_from_slice(line),
        }
    }
    Cow::Owned(out)
}

/// Who wrote a mail, as far as it can be known. `sender` is the address of its author.
pub async fn authenticate(
    rules: &Rules,
    mail: &InboxMail,
    sender: Option<&str>,
    now: DateTime<Utc>,
) -> Verdict {
    if let Some(verdict) = mail.authenticity {
        return Verdict::Known(verdict);
    }
    if mail.proven.is_some() && mail.proven.as_deref() == sender {
        return Verdict::Known(Authenticity::Pass);
    }
    match &rules.policy.authentication {
        Authentication::Results {
            authserv_id,
            own_hosts,
            trusted_submission,
        } => Verdict::Known(authenticity::from_results(
            &mail.bytes,
            authserv_id,
            own_hosts,
            trusted_submission,
        )),
        Authentication::Dkim {
            own_hosts,
            trusted_submission,
            ..
        } => {
            let submitted =
                authenticity::from_results(&mail.bytes, "", own_hosts, trusted_submission);
            if submitted == Authenticity::Pass {
                return Verdict::Known(submitted);
            }
            // Of a mail that is too large only the beginning is here: its signature cannot hold.
            if mail.oversize.is_some() {
                return Verdict::Known(Authenticity::None);
            }
            let verdict = ask(rules, &mail.bytes).await;
            let since = mail.names_asked_since.unwrap_or(now);
            match verdict {
                Verdict::Later(_) if now - since >= PATIENCE => Verdict::Known(Authenticity::None),
                verdict => verdict,
            }
        }
        Authentication::None => Verdict::Known(Authenticity::None),
    }
}

async fn ask(rules: &Rules, raw: &[u8]) -> Verdict {
    let Some(names) = rules.names.clone() else {
        return Verdict::Known(Authenticity::None);
    };
    // A task of its own: hashing is slow, and a panic over hostile input stays there.
    let raw = raw.to_vec();
    let judged =
        tokio::spawn(async move { tokio::time::timeout(MAIL_LIMIT, names.judge(&raw)).await });
    match judged.await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(_)) => Verdict::Later(format!("no answer within {} s", MAIL_LIMIT.as_secs())),
        Err(error) => {
            tracing::error!(
                "A signature could not be checked, its sender is taken for unknown: {error}"
            );
            Verdict::Known(Authenticity::None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_those_that_were_signed() {
        assert_eq!(with_crlf(b"a: b\n\nc"), &b"a: b\r\n\r\nc"[..]);
        assert!(matches!(with_crlf(b"a: b\r\n\r\nc\n"), Cow::Borrowed(_)));
        assert!(matches!(with_crlf(b"abc"), Cow::Borrowed(_)));
    }
}
