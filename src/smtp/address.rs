//! Which addresses may stand in an envelope. An address comes from strangers; what passes here
//! cannot end the command that carries it, nor add a parameter or a second recipient to it.
//! Whether anybody lives there is the relay's to say.

use super::Outcome;

/// RFC 5321 4.5.3.1.3: a path has at most 256 octets, its angle brackets included.
const LONGEST_BYTES: usize = 254;

/// Whether the address needs SMTPUTF8 (RFC 6531).
pub(super) fn is_international(address: &str) -> bool {
    !address.is_ascii()
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
    // `@relay,@other:user@domain` is the source route of RFC 821: nobody means it today.
    if local.starts_with('@') {
        return Err("a source route");
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
