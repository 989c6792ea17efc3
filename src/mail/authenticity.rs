//! Who is proven: what the border server says about a message (RFC 8601), and only that server.
//!
//! Owns the reading of `Authentication-Results` above the first hop that is not ours. Our own check
//! of signatures asks name servers and belongs to `service`. What follows from the verdict (contract S1, DESIGN of the table "who may do what") belongs to `desk`.

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

/// The domain of the only address of the only `From` field of a message; several prove nobody.
pub fn author_domain(raw: &[u8]) -> Option<String> {
    sole_domain(&header::read(raw))
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
    /// What the receiving host saw: names and addresses in the comment behind `from`. The word
    /// right after `from`, and what follows HELO, is what the sender said of itself.
    sources: Vec<&'a str>,
}

impl<'a> Hop<'a> {
    fn parse(value: &'a str) -> Self {
        // The date is no host.
        let value = value.rsplit_once(';').map_or(value, |(hop, _)| hop);
        let mut by = None;
        let mut sources = Vec::new();
        let mut previous = "";
        for piece in pieces(value) {
            match piece {
                Piece::Word(word) => {
                    if previous.eq_ignore_ascii_case("by") && by.is_none() {
                        by = Some(word);
                    }
                    previous = word;
                }
                Piece::Comment(comment) if by.is_none() && sources.is_empty() => {
                    if !previous.eq_ignore_ascii_case("by") {
                        sources = seen(comment);
                    }
                }
                Piece::Comment(_) => {}
            }
        }
        Self { by, sources }
    }
}

/// The hosts of a comment behind `from`; none unless it holds the address of the connection.
fn seen(comment: &str) -> Vec<&str> {
    let words = || {
        comment
            .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ',' | ';'))
            .map(|word| word.strip_prefix("IPv6:").unwrap_or(word))
            .filter(|word| !word.is_empty())
    };
    let is_address = |word: &&str| word.parse::<core::net::IpAddr>().is_ok();
    let said = words()
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("helo") || word.eq_ignore_ascii_case("ehlo"));
    if said || !words().any(|word| is_address(&word)) {
        return Vec::new();
    }
    // sendmail: the name does not lead back to the address.
    let forged = comment.contains("may be forged");
    // "helo=name" repeats what the sender said.
    words()
        .filter(|word| !word.contains('=') && (!forged || is_address(word)))
        .collect()
}

enum Piece<'a> {
    Word(&'a str),
    /// Without its outer brackets.
    Comment(&'a str),
}

/// Words and comments of a structured field.
fn pieces(value: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in value.char_indices() {
        let ends_word = depth == 0 && (c.is_whitespace() || c == '(');
        if ends_word {
            let word = value.get(start..at).unwrap_or_default();
            if !word.is_empty() {
                out.push(Piece::Word(word));
            }
            start = at + c.len_utf8();
        }
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    out.push(Piece::Comment(value.get(start..at).unwrap_or_default()));
                    start = at + 1;
                }
            }
            _ => {}
        }
    }
    if depth == 0 {
        let word = value.get(start..).unwrap_or_default();
        if !word.is_empty() {
            out.push(Piece::Word(word));
        }
    }
    out
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
pub fn aligned(signer: &str, domain: &str) -> bool {
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
        for said in [
            "from unknown (HELO webmail.ville.fr) (192.0.2.66) by mx.ville.fr with SMTP",
            "from evil (webmail.ville.fr [192.0.2.66] (may be forged)) by mx.ville.fr with ESMTP",
            "from [10.0.0.25] (unknown [192.0.2.66]) by mx.ville.fr with ESMTP",
            "from x ([192.0.2.66] helo=webmail.ville.fr) by mx.ville.fr with esmtp",
            "from x (y [192.0.2.66]) (Authenticated sender: 10.0.0.25) by mx.ville.fr with ESMTPSA",
            "from x (y [192.0.2.66]) by mx.ville.fr (10.0.0.25) with ESMTP",
            "from x (webmail.ville.fr) by mx.ville.fr with ESMTP",
        ] {
            assert_eq!(
                judge(&format!(
                    "Received: {said}; Mon, 1 Jun 2026 10:00:00 +0200\r\n{FROM}"
                )),
                Authenticity::None,
                "{said}"
            );
        }
        for seen in [
            "from webmail (webmail.ville.fr [10.0.0.9]) by mx.ville.fr with ESMTP",
            "from unknown (HELO poste12) (10.0.0.25) by mx.ville.fr with SMTP",
            "from x ([10.0.0.25] helo=poste12) by mx.ville.fr with esmtpsa",
        ] {
            assert_eq!(
                judge(&format!(
                    "Received: {seen}; Mon, 1 Jun 2026 10:00:00 +0200\r\n{FROM}"
                )),
                Authenticity::Pass,
                "{seen}"
            );
        }
        assert_eq!(
            judge(&format!("{OUTSIDE}\r\n{seen}\r\n{FROM}")),
            Authenticity::None
        );
    }
}
