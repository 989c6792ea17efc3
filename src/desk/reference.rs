//! Ticket references in a subject: `[SUP-1042]`, and what clients and people make of it.

use std::sync::LazyLock;

use regex::Regex;

use crate::ticket::TicketId;

/// A reference, brackets or not, the dash as any dash, a space or `#`.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(\[\s*)?\b([a-z][a-z0-9]{0,15})\s?[-‐‑–—#]\s?#?([0-9]{1,12})\b(\s*\])?")
        .expect("a literal pattern")
});

/// A reference or a number and nothing else, as people type it.
static TYPED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^(?:ticket|demande|request|réf\.?|ref\.?|n[o°]|numéro|number)?\s*:?\s*
          [\[\#]?\s*(?:([a-z][a-z0-9]{0,15})(?:\s?[-‐‑–—\#]\s?|\s)\#?)?([0-9]{1,12})\s*\]?$",
    )
    .expect("a literal pattern")
});

/// `RE:`, `TR :`, `Fwd:`, `AW:`, `[Externe]` … at the start of a subject.
static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\s*(?:(?:re|ré|rép|tr|fw|fwd|aw|wg|rv|sv|antw|enc|rif|res)(?:\s?\[[0-9]+\])?\s?[::]
          |\[(?:externe?|ext|external|spam\??)\])\s*",
    )
    .expect("a literal pattern")
});

/// The tickets that a subject names, in order. With brackets any prefix of letters counts when it
/// is one of `prefixes`; so it does without brackets.
pub fn in_subject(subject: &str, prefixes: &[String]) -> Vec<TicketId> {
    let mut found = Vec::new();
    // Nearly all subjects have none, and the pattern is a slow one.
    if !subject.contains(|c: char| c.is_ascii_digit()) {
        return found;
    }
    for captures in REFERENCE.captures_iter(subject) {
        let prefix = &captures[2];
        let known = prefixes
            .iter()
            .any(|known| known.eq_ignore_ascii_case(prefix));
        if let Ok(number) = captures[3].parse::<i64>()
            && known
            && !found.contains(&TicketId(number))
        {
            found.push(TicketId(number));
        }
    }
    found
}

/// The ticket whose number is all that somebody typed: `1042`, `#1042`, `[DSI-1042]`, « ticket
/// DSI-1042 ». Without brackets the prefix must be one of `prefixes`: `VLAN-12` is no ticket.
pub fn typed(text: &str, prefixes: &[String]) -> Option<TicketId> {
    let found = TYPED.captures(text.trim())?;
    let bracketed = text.contains('[') && text.contains(']');
    let known = found.get(1).is_none_or(|prefix| {
        let prefix = prefix.as_str();
        bracketed
            || prefixes
                .iter()
                .any(|known| known.eq_ignore_ascii_case(prefix))
    });
    found[2].parse().ok().filter(|_| known).map(TicketId)
}

/// The subject without bracketed references of these prefixes.
pub fn without_references(subject: &str, prefixes: &[String]) -> String {
    if !subject.contains('[') {
        return one_spaced(subject);
    }
    let kept = REFERENCE.replace_all(subject, |captures: &regex::Captures<'_>| {
        let ours = captures.get(1).is_some()
            && prefixes
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&captures[2]));
        if ours {
            String::new()
        } else {
            captures[0].to_owned()
        }
    });
    one_spaced(&kept)
}

fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The subject without reply and forward prefixes; the whole of it when nothing would be left.
pub fn bare_subject(subject: &str) -> &str {
    let mut rest = subject.trim();
    // Nearly all subjects have none.
    if !rest.contains([':', ':', ']']) {
        return rest;
    }
    while let Some(prefix) = PREFIX.find(rest) {
        let next = &rest[prefix.end()..];
        if next.trim().is_empty() {
            break;
        }
        rest = next;
    }
    rest.trim()
}

/// The subject looks like an answer to something: it has a reply prefix.
pub fn is_reply(subject: &str) -> bool {
    PREFIX.is_match(subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_however_they_are_written() {
        let prefixes = ["SUP".to_owned(), "DSI".to_owned()];
        for subject in [
            "[SUP-1042] Imprimante",
            "RE: TR : [Externe] Imprimante [sup-1042]",
            "Re: SUP-1042 Imprimante",
            "Imprimante (SUP‑1042)",
            "Re : [ SUP - 1042 ]",
            "SUP#1042",
        ] {
            assert_eq!(
                in_subject(subject, &prefixes),
                [TicketId(1042)],
                "{subject}"
            );
        }
        for subject in [
            "[#1042]",
            "COVID-19",
            "Salle B-204",
            "SUP 1042 ?",
            "XSUP-1042",
            "SUP-",
        ] {
            assert_eq!(in_subject(subject, &prefixes), [], "{subject}");
        }
        assert_eq!(
            in_subject("[DSI-7] suite de [SUP-9]", &prefixes),
            [TicketId(7), TicketId(9)]
        );
    }

    #[test]
    fn a_typed_reference_is_a_number() {
        let prefixes = ["DSI".to_owned(), "C5".to_owned()];
        for (text, number) in [
            ("1042", Some(1042)),
            (" #12 ", Some(12)),
            ("[DSI-1042]", Some(1042)),
            ("dsi-7", Some(7)),
            ("C5‑12", Some(12)),
            ("DSI 7", Some(7)),
            ("ticket DSI-7", Some(7)),
            ("n° 7", Some(7)),
            ("[OLD-9]", Some(9)),
            ("vlan-12", None),
            ("imprimante 3", None),
            ("dsi-12 hier", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(typed(text, &prefixes), number.map(TicketId), "{text}");
        }
    }

    #[test]
    fn prefixes_go_and_the_subject_stays() {
        assert_eq!(bare_subject("RE: TR : [Externe] Imprimante"), "Imprimante");
        assert_eq!(bare_subject("Re[2]: Imprimante"), "Imprimante");
        assert_eq!(bare_subject("Re:"), "Re:");
        assert_eq!(
            bare_subject("Retour de prêt : vidéoprojecteur"),
            "Retour de prêt : vidéoprojecteur"
        );
        assert!(is_reply("Ré : x") && !is_reply("Réparation : x"));
    }
}
