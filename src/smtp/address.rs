//! Which addresses may stand in an envelope. An address comes from strangers; what passes here
//! cannot end the command that carries it, nor add a parameter or a second recipient to it.
//! Whether anybody lives there is the relay's to say.

use super::Outcome;

/// RFC 5321 4.5.3.1.3: a path has at most 256 octets, its angle brackets included.
const LONGEST_BYTES: usize = 254;

/// The address with its domain in ASCII (`université.example` is `xn--universit-j4a.example`), for a
/// server without SMTPUTF8 (RFC 6531). `None` when that is not all it takes: a local part beyond
/// ASCII, or a domain that has no such form.
pub(super) fn in_ascii(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let spelled = format!("{local}@{}", idna::domain_to_ascii_strict(domain).ok()?);
    // Compatibility forms (a fullwidth `＞`) become ASCII on the way: look again.
    (spelled.is_ascii() && check_one(&spelled).is_ok()).then_some(spelled)
}

/// Refuses an envelope that must not touch the wire.
pub(super) fn check(from: &str, to: &str) -> Result<(), Outcome> {
    // The null path is the only return path that is no address.
    if !from.is_empty() {
        check_one(from).map_err(|why| refused("return path", why))?;
    }
    check_one(to).map_err(|why| refused("recipient", why))
}

/// RFC 3463: 5.1.3 is the status of a mailbox whose syntax is wrong.
fn refused(which: &str, why: &str) -> Outcome {
    Outcome::Never {
        code: 501,
        text: format!("5.1.3 not tried: the {which} is no usable address ({why})"),
    }
}

fn check_one(address: &str) -> Result<(), &'static str> {
    if address.len() > LONGEST_BYTES {
        return Err("longer than 254 bytes");
    }
    let hostile = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>');
    if address.contains(hostile) {
        return Err("a blank, a control character or an angle bracket in it");
    }
    let Some((local, domain)) = address.rsplit_once('@') else {
        return Err("no @ in it");
    };
    if local.is_empty() || domain.is_empty() {
        return Err("nothing before or after the @");
    }
    // `@relay,@other:user@domain` is the source route of RFC 821: nobody means it today. Elsewhere
    // a second @ is for quoted local parts.
    if local.contains('@') && !local.starts_with('"') {
        return Err("two @ in it");
    }
    let literal = domain.starts_with('[') && domain.ends_with(']');
    let allowed = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') || !c.is_ascii()
            // RFC 5321 4.1.3: [192.0.2.1], [IPv6:2001:db8::1]
            || (literal && matches!(c, '[' | ']' | ':'))
    };
    if !domain.chars().all(allowed) {
        return Err("no domain after the @");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_people_have() {
        for to in [
            "a@b",
            "camille.martin+guichet@example.org",
            "o'neil@example.org",
            "\"odd.but=legal\"@example.org",
            "élodie@université.example",
            "user@[192.0.2.1]",
            "user@[IPv6:2001:db8::1]",
            "x%y@example.org",
        ] {
            assert_eq!(check("", to), Ok(()), "{to}");
            assert_eq!(check(to, "a@b"), Ok(()), "{to}");
        }
    }

    #[test]
    fn a_domain_can_be_written_in_ascii_and_a_local_part_cannot() {
        let spelled = in_ascii("info@universit\u{e9}.example");
        assert_eq!(spelled.as_deref(), Some("info@xn--universit-j4a.example"));
        assert_eq!(in_ascii("a@b.example").as_deref(), Some("a@b.example"));
        assert_eq!(in_ascii("\u{e9}lodie@b.example"), None);
        for hostile in ["a@b\u{ff1e}c", "a@b\u{ff1e}\u{ff1c}c", "a@\u{ff20}c"] {
            assert_eq!(in_ascii(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn addresses_that_would_write_on_the_wire() {
        for to in [
            "",
            "nobody",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b\r\nRCPT TO:<v@x>",
            "a@b\nDATA",
            "a@b\rDATA",
            "\"a\r\nRCPT TO:<v>\"@x",
            "a@b>",
            "<a@b>",
            "a@b> SIZE=1",
            "a@b\0",
            "a@b\u{85}c",
            "a@b\u{2028}c",
            "a\u{a0}b@c",
            "@relay,@other:user@x",
            "a@b@c",
            "a@b,c",
            "a@b;c",
            "a@b(comment)",
            "a@[192.0.2.1",
            &format!("{}@b", "x".repeat(300)),
        ] {
            let outcome = check("", to).expect_err(to);
            assert!(
                matches!(outcome, Outcome::Never { code: 501, .. }),
                "{to:?}: {outcome:?}"
            );
            if !to.is_empty() {
                check(to, "a@b").expect_err(to);
            }
        }
    }
}
