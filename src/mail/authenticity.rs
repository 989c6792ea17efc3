//! Who is proven: what the border server says about a message (RFC 8601), and only that server.
//!
//! Owns the reading of `Authentication-Results` above the first hop that is not ours. What follows
//! from it (contract S1, DESIGN of the table "who may do what") belongs to `desk`.

use super::address;
use super::header::{self, Fields};
use serde::{Deserialize, Serialize};

/// Whether the address in `From` is who sent the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authenticity {
    /// Proven by the domain of the address.
    Pass,
    /// The domain of the address disowns it.
    Fail,
    /// Nobody knows.
    #[default]
    None,
}

impl Authenticity {
    /// `pass`, `fail` or `none`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::None => "none",
        }
    }

    /// Reads what [`Authenticity::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "pass" => Some(Self::Pass),
            "fail" => Some(Self::Fail),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

impl std::fmt::Display for Authenticity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Judges a message by the word of the border server.
///
/// `authserv_id` is how that server names itself; `own_hosts` are the hosts whose `Received` fields
/// are ours; `trusted_submission` are hosts (names or addresses) that only let proven users submit.
/// Hosts compare without case; a leading dot means every host below that domain.
///
/// Only fields above the first `Received` of somebody else are believed: everything below can be
/// written by the sender. Several addresses in `From` prove nothing (contract S1).
pub fn from_results(
    raw: &[u8],
    authserv_id: &str,
    own_hosts: &[String],
    trusted_submission: &[String],
) -> Authenticity {
    let fields = header::read(raw);
    let Some(domain) = sole_domain(&fields) else {
        return Authenticity::None;
    };
    let mut submitted = false;
    for field in fields.iter() {
        if field.is("Received") {
            let value = field.text();
            let hop = Hop::parse(&value);
            if !hop.by.is_some_and(|by| matches(by, own_hosts)) {
                break;
            }
            if hop
                .sources
                .iter()
                .any(|source| matches(source, trusted_submission))
            {
                submitted = true;
            }
            // The hop into our house: what stands below was written outside, or by the
            // submission host, whose word is given above.
            if !hop.sources.iter().any(|source| matches(source, own_hosts)) {
                // Fields below this one belong to another host.
                if submitted {
                    return Authenticity::Pass;
                }
                break;
            }
        } else if field.is("Authentication-Results") && !authserv_id.is_empty() {
            let results = Results::parse(&field.value());
            if results.authserv_id.eq_ignore_ascii_case(authserv_id) {
                return match results.verdict(&domain) {
                    Authenticity::None if submitted => Authenticity::Pass,
                    verdict => verdict,
                };
            }
        }
    }
    if submitted {
        Authenticity::Pass
    } else {
        Authenticity::None
    }
}

/// The domain of the only address of the only `From` field.
fn sole_domain(fields: &Fields<'_>) -> Option<String> {
    let mut from = fields.all("From");
    let (Some(field), None) = (from.next(), from.next()) else {
        return None;
    };
    let addresses = address::list(&field.value());
    let [address] = addresses.as_slice() else {
        return None;
    };
    Some(address.domain()).filter(|domain| !domain.is_empty())
}

fn matches(host: &str, known: &[String]) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    known.iter().any(|known| {
        let known = known.trim_end_matches('.').to_ascii_lowercase();
        match known.strip_prefix('.') {
            Some(domain) => host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.')),
            None => host == known,
        }
    })
}

/// The hosts of a `Received` field (RFC 5321 §4.4).
struct Hop<'a> {
    by: Option<&'a str>,
    /// What the receiving host saw: the names and addresses in the brackets behind `from`. The word
    /// right after `from` is what the sender said of itself and only counts in brackets.
    sources: Vec<&'a str>,
}

impl<'a> Hop<'a> {
    fn parse(value: &'a str) -> Self {
        // The date is no host.
        let value = value.rsplit_once(';').map_or(value, |(hop, _)| hop);
        let mut by = None;
        let mut sources = Vec::new();
        let mut depth = 0_usize;
        let mut from_part = false;
        let mut previous = "";
        let mut start = None;
        let mut tokens: Vec<(&str, usize)> = Vec::new();
        for (at, c) in value.char_indices() {
            let separator = c.is_whitespace() || matches!(c, '(' | ')');
            if separator {
                if let Some(start) = start.take() {
                    tokens.push((value.get(start..at).unwrap_or_default(), depth));
                }
            } else if start.is_none() {
                start = Some(at);
            }
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if let Some(start) = start {
            tokens.push((value.get(start..).unwrap_or_default(), depth));
        }
        for (token, depth) in tokens {
            if depth == 0 {
                match previous.to_ascii_lowercase().as_str() {
                    "by" if by.is_none() => by = Some(token),
                    _ => {}
                }
                match token.to_ascii_lowercase().as_str() {
                    "from" if by.is_none() => from_part = true,
                    "by" | "with" | "id" | "for" | "via" => from_part = false,
                    _ => {}
                }
                previous = token;
            } else if from_part {
                let token = token.trim_matches(['[', ']', ',', ';']);
                let token = token.strip_prefix("IPv6:").unwrap_or(token);
                let token = token
                    .strip_prefix("HELO")
                    .or_else(|| token.strip_prefix("EHLO"))
                    .unwrap_or(token);
                // "(helo=name)" repeats what the sender said.
                if !token.contains('=') && !token.is_empty() && token != "unknown" {
                    sources.push(token);
                }
            }
        }
        Self { by, sources }
    }
}

/// An `Authentication-Results` field, taken apart.
#[derive(Debug, Default)]
struct Results {
    authserv_id: String,
    methods: Vec<Method>,
}

#[derive(Debug, Default)]
struct Method {
    name: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Results {
    fn parse(value: &[u8]) -> Self {
        let text = String::from_utf8_lossy(value);
        let text = without_comments(&text);
        let mut pieces = quoted_split(&text).into_iter();
        let authserv_id = pieces.next().unwrap_or_default();
        // A version may follow the id.
        let authserv_id = authserv_id
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .trim_matches('"')
            .to_owned();
        let mut methods = Vec::new();
        for piece in pieces.take(100) {
            let mut words = piece.split_whitespace();
            let Some((name, result)) = words.next().and_then(|word| word.split_once('=')) else {
                continue;
            };
            // "dkim/1=pass" names a version.
            let name = name
                .split('/')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            let properties = words
                .filter_map(|word| word.split_once('='))
                .map(|(name, value)| {
                    (
                        name.to_ascii_lowercase(),
                        value.trim_matches('"').to_owned(),
                    )
                })
                .collect();
            methods.push(Method {
                name,
                result: result.to_ascii_lowercase(),
                properties,
            });
        }
        Self {
            authserv_id,
            methods,
        }
    }

    fn verdict(&self, domain: &str) -> Authenticity {
        let mut dkim = false;
        let mut dmarc = Authenticity::None;
        for method in &self.methods {
            match (method.name.as_str(), method.result.as_str()) {
                ("dmarc", "pass") => {
                    // Where the server says for whom it passed, it must be this domain.
                    let from = method.property("header.from");
                    if from
                        .is_none_or(|from| aligned(from.rsplit('@').next().unwrap_or(from), domain))
                        && dmarc == Authenticity::None
                    {
                        dmarc = Authenticity::Pass;
                    }
                }
                ("dmarc", "fail") => dmarc = Authenticity::Fail,
                ("dkim", "pass") => {
                    let signer = method.property("header.d").or_else(|| {
                        method
                            .property("header.i")
                            .map(|identity| identity.rsplit('@').next().unwrap_or(identity))
                    });
                    dkim |= signer.is_some_and(|signer| aligned(signer, domain));
                }
                _ => {}
            }
        }
        match dmarc {
            Authenticity::None if dkim => Authenticity::Pass,
            verdict => verdict,
        }
    }
}

impl Method {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Relaxed alignment (RFC 7489 §3.1.1) without a list of public suffixes: the same domain, or one
/// the parent of the other, the parent with a dot of its own and no well-known second level.
fn aligned(signer: &str, domain: &str) -> bool {
    let signer = signer.trim_end_matches('.').to_ascii_lowercase();
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let below = |child: &str, parent: &str| {
        child
            .strip_suffix(parent)
            .is_some_and(|rest| rest.ends_with('.'))
            && is_registrable(parent)
    };
    signer == domain || below(&domain, &signer) || below(&signer, &domain)
}

/// Whether a domain belongs to somebody rather than to a registry.
fn is_registrable(domain: &str) -> bool {
    const SECOND_LEVELS: [&str; 22] = [
        "co", "com", "org", "net", "gov", "gouv", "ac", "edu", "asso", "nom", "ltd", "plc", "or",
        "ne", "go", "tm", "prd", "presse", "sch", "mil", "in", "gob",
    ];
    let mut labels = domain.rsplit('.');
    let (Some(top), Some(second)) = (labels.next(), labels.next()) else {
        return false;
    };
    labels.next().is_some() || !(top.len() == 2 && SECOND_LEVELS.contains(&second))
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for c in text.chars() {
        if escaped {
            escaped = false;
            if depth == 0 {
                out.push(c);
            }
            continue;
        }
        match c {
            '\\' => escaped = true,
            '"' if depth == 0 => {
                quoted = !quoted;
                out.push(c);
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => depth -= 1,
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// Cuts at semicolons outside of quotes; blanks in quotes become underscores, so that a quoted
/// string stays one word and cannot pretend to be several.
fn quoted_split(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ';' if !quoted => out.push(String::new()),
            c => {
                if let Some(last) = out.last_mut() {
                    last.push(if quoted && (c.is_whitespace() || c == '=') {
                        '_'
                    } else {
                        c
                    });
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(header: &str) -> Authenticity {
        from_results(
            format!("{header}\r\n\r\nbody").as_bytes(),
            "mx.ville.fr",
            &["mx.ville.fr".to_owned(), "store.ville.fr".to_owned()],
            &["10.0.0.25".to_owned(), "webmail.ville.fr".to_owned()],
        )
    }

    const OUTSIDE: &str = "Received: from mail.agence.fr (mail.agence.fr [192.0.2.7]) by mx.ville.fr with ESMTPS; Mon, 1 Jun 2026 10:00:00 +0200";
    const INSIDE: &str = "Received: from mx.ville.fr (mx.ville.fr [10.0.0.2]) by store.ville.fr with LMTP; Mon, 1 Jun 2026 10:00:01 +0200";
    const FROM: &str = "From: Zoé <zoe@agence.fr>";

    #[test]
    fn only_the_border_server_is_believed() {
        use Authenticity::{Fail, None, Pass};
        for (results, expected) in [
            ("mx.ville.fr; dmarc=pass header.from=agence.fr", Pass),
            (
                "MX.ville.fr 1; spf=pass smtp.mailfrom=agence.fr; dmarc=fail (p=none) header.from=agence.fr",
                Fail,
            ),
            (
                "mx.ville.fr; dkim=pass header.d=agence.fr header.s=s1",
                Pass,
            ),
            ("mx.ville.fr; dkim=pass header.d=news.agence.fr", Pass),
            ("mx.ville.fr; dkim=pass header.i=@agence.fr", Pass),
            ("mx.ville.fr; dkim=pass header.d=evil.fr", None),
            ("mx.ville.fr; dkim=pass header.d=fr", None),
            (
                "mx.ville.fr; dkim=fail header.d=agence.fr; dkim=pass header.d=esp.example",
                None,
            ),
            (
                "mx.ville.fr; dkim=pass header.d=agence.fr; dmarc=fail header.from=agence.fr",
                Fail,
            ),
            ("mx.ville.fr; spf=pass smtp.mailfrom=zoe@agence.fr", None),
            ("mx.ville.fr; dmarc=pass header.from=evil.fr", None),
            ("mx.ville.fr; none", None),
            ("mx.ville.fr (dmarc=pass); spf=none", None),
            (
                "mx.ville.fr; spf=fail reason=\"x; dmarc=pass header.from=agence.fr\"",
                None,
            ),
            ("evil.fr; dmarc=pass header.from=agence.fr", None),
            (
                "mx.ville.fr.evil.fr; dmarc=pass header.from=agence.fr",
                None,
            ),
        ] {
            assert_eq!(
                judge(&format!(
                    "Authentication-Results: {results}\r\n{OUTSIDE}\r\n{FROM}"
                )),
                expected,
                "{results}"
            );
        }
    }

    #[test]
    fn forged_fields_below_the_border_are_nothing() {
        let forged = "Authentication-Results: mx.ville.fr; dmarc=pass header.from=agence.fr";
        assert_eq!(
            judge(&format!("{OUTSIDE}\r\n{forged}\r\n{FROM}")),
            Authenticity::None
        );
        assert_eq!(
            judge(&format!("{INSIDE}\r\n{OUTSIDE}\r\n{forged}\r\n{FROM}")),
            Authenticity::None
        );
        let fail = "Authentication-Results: mx.ville.fr; dmarc=fail header.from=agence.fr";
        assert_eq!(
            judge(&format!("{fail}\r\n{forged}\r\n{OUTSIDE}\r\n{FROM}")),
            Authenticity::Fail
        );
        assert_eq!(
            judge(&format!("{INSIDE}\r\n{forged}\r\n{OUTSIDE}\r\n{FROM}")),
            Authenticity::Pass
        );
        // A forged hop of ours below a foreign one does not reopen the door.
        let foreign = "Received: from x (x [198.51.100.1]) by relay.example with SMTP; Mon, 1 Jun 2026 10:00:00 +0200";
        assert_eq!(
            judge(&format!(
                "{OUTSIDE}\r\n{foreign}\r\n{INSIDE}\r\n{forged}\r\n{FROM}"
            )),
            Authenticity::None
        );
    }

    #[test]
    fn several_senders_prove_nothing() {
        let pass = "Authentication-Results: mx.ville.fr; dmarc=pass";
        assert_eq!(
            judge(&format!("{pass}\r\nFrom: a@agence.fr, b@agence.fr")),
            Authenticity::None
        );
        assert_eq!(
            judge(&format!("{pass}\r\n{FROM}\r\n{FROM}")),
            Authenticity::None
        );
        assert_eq!(judge(pass), Authenticity::None);
        assert_eq!(judge(&format!("{pass}\r\n{FROM}")), Authenticity::Pass);
    }

    #[test]
    fn trusted_submission_counts_where_our_host_saw_it() {
        let seen = "Received: from poste12 (unknown [10.0.0.25]) by mx.ville.fr with ESMTPSA; Mon, 1 Jun 2026 10:00:00 +0200";
        assert_eq!(judge(&format!("{seen}\r\n{FROM}")), Authenticity::Pass);
        assert_eq!(
            judge(&format!("{INSIDE}\r\n{seen}\r\n{FROM}")),
            Authenticity::Pass
        );
        let said = "Received: from webmail.ville.fr (evil.example [192.0.2.66]) by mx.ville.fr with ESMTP; Mon, 1 Jun 2026 10:00:00 +0200";
        assert_eq!(judge(&format!("{said}\r\n{FROM}")), Authenticity::None);
        assert_eq!(
            judge(&format!("{OUTSIDE}\r\n{seen}\r\n{FROM}")),
            Authenticity::None
        );
    }
}
