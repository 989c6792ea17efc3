//! Reads the original of a forwarded mail out of its block of header lines.

use chrono::FixedOffset;

use super::date;
use super::header::Block;
use super::line::{Line, join_quoted};
use super::words::email;
use crate::mail::pattern::regex;
use crate::mail::{Address, Forwarded};

regex!(
    FORWARD,
    r"(?i)^\s*(?:\[[^\]]{1,40}\]\s*)*(?:tr|fw|fwd|wg|rv|enc|doorst|i|vs|vb|pd)\s*(?:\[\d+\])?\s*[:：]"
);
regex!(
    REPLY,
    r"(?i)^\s*(?:\[[^\]]{1,40}\]\s*)*(?:re|ré|rép|aw|antw|r|rif|sv|res|odp)\s*(?:\[\d+\])?\s*[:：]"
);

/// The subject says that the mail is a forward: « TR: », "FW:" and their like come first.
pub(super) fn is_forward(subject: Option<&str>) -> bool {
    subject.is_some_and(|subject| FORWARD.is_match(subject))
}

/// The subject says that the mail is a reply.
pub(super) fn is_reply(subject: Option<&str>) -> bool {
    subject.is_some_and(|subject| REPLY.is_match(subject))
}

/// The original whose header is `block` and whose text is `rest`.
///
/// `zone` is that of dates without one: who forwards it read them on his own clock.
pub(super) fn read(block: Option<&Block>, rest: &[Line], zone: Option<FixedOffset>) -> Forwarded {
    let quote = rest
        .iter()
        .filter(|line| !line.is_blank())
        .map(|line| line.quote)
        .min()
        .unwrap_or(0);
    Forwarded {
        from: block.and_then(|block| block.from.as_deref()).map(address),
        date: block
            .and_then(|block| block.date.as_deref())
            .and_then(|date| date::read(date, zone)),
        subject: block.and_then(|block| block.subject.clone()),
        message_id: None,
        text: join_quoted(rest, |own| own.saturating_sub(quote)),
    }
}

/// A sender as clients write it: `Jean <jean@example.org>`, `Jean [mailto:jean@example.org]`,
/// `"Jean" <jean@example.org<mailto:jean@example.org>>`, `jean@example.org`, `Jean`.
fn address(text: &str) -> Address {
    let clean = |text: &str| -> Option<String> {
        let text = text.trim_matches(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '"' | '\'' | '<' | '>' | '[' | ']' | '(' | ')' | '*' | ',' | ';'
                )
        });
        let text = text.strip_suffix("mailto:").unwrap_or(text);
        let text = text.trim_matches(|c: char| c.is_whitespace() || "\"'<[(".contains(c));
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        (!text.is_empty()).then_some(text)
    };
    // `mailto:` belongs to the pattern of an address, not to the address.
    match email(text) {
        Some((at, found)) => {
            let (before, _) = text.split_at(at);
            let name = clean(before).filter(|name| !name.eq_ignore_ascii_case("mailto"));
            Address {
                name,
                address: found.trim_end_matches(['.', '>']).to_owned(),
            }
        }
        None => Address {
            name: clean(text),
            address: String::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_as_clients_write_them() {
        for (text, name, mail) in [
            (
                "Jean Dupont <jean@example.org>",
                Some("Jean Dupont"),
                "jean@example.org",
            ),
            (
                "Jean Dupont [mailto:jean@example.org]",
                Some("Jean Dupont"),
                "jean@example.org",
            ),
            (
                "\"Dupont, Jean\" <jean@example.org<mailto:jean@example.org>>",
                Some("Dupont, Jean"),
                "jean@example.org",
            ),
            (
                "Jean Dupont (jean@example.org)",
                Some("Jean Dupont"),
                "jean@example.org",
            ),
            ("jean@example.org", None, "jean@example.org"),
            ("<mailto:jean@example.org>", None, "jean@example.org"),
            ("Jean Dupont", Some("Jean Dupont"), ""),
        ] {
            let read = address(text);
            assert_eq!(
                (read.name.as_deref(), read.address.as_str()),
                (name, mail),
                "{text}"
            );
        }
    }

    #[test]
    fn prefixes() {
        for subject in [
            "TR: x",
            "Tr : x",
            "FW: x",
            "Fwd: Re: x",
            "WG: x",
            "[EXT] TR: x",
            "I: x",
            "RV: x",
            "ENC: x",
        ] {
            assert!(is_forward(Some(subject)), "{subject}");
        }
        for subject in ["RE: TR: x", "Re: x", "Travaux : x", "Info: x", "x", ""] {
            assert!(!is_forward(Some(subject)), "{subject}");
        }
        assert!(
            is_reply(Some("RE: x")) && is_reply(Some("Ré : x")) && !is_reply(Some("Réunion : x"))
        );
    }
}
