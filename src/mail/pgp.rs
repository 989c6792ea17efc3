//! OpenPGP in mail: what is signed is read, what is encrypted says so. Nothing is verified.

/// Remark of a signed mail.
pub const SIGNED: &str = "Message signé (OpenPGP) : signature non vérifiée.";
/// Remark of an encrypted mail.
pub const ENCRYPTED: &str = "Message chiffré (OpenPGP) : son contenu ne peut pas être lu ici.";

const SIGNED_BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE_BEGIN: &str = "-----BEGIN PGP SIGNATURE-----";
const SIGNATURE_END: &str = "-----END PGP SIGNATURE-----";

/// The text of a clear-signed message (RFC 9580 §7) with what stands around it; `None` when there is
/// none.
pub fn unwrap_signed(text: &str) -> Option<String> {
    let start = text.find(SIGNED_BEGIN)?;
    // A quoted one belongs to the history.
    if start > 0 && !text.get(..start)?.ends_with('\n') {
        return None;
    }
    let before = text.get(..start)?;
    let rest = text.get(start + SIGNED_BEGIN.len()..)?;
    let signature = rest.find(SIGNATURE_BEGIN)?;
    // Armour headers ("Hash: SHA256") end with a blank line.
    let body = rest.get(..signature)?;
    let body = body.split_once("\n\n").map_or(body, |(_, body)| body);
    let after = rest.get(signature..)?;
    let after = after
        .split_once(SIGNATURE_END)
        .map_or("", |(_, after)| after);
    let mut out = before.to_owned();
    for line in body.split_inclusive('\n') {
        out.push_str(line.strip_prefix("- ").unwrap_or(line));
    }
    out.push_str(after.strip_prefix('\n').unwrap_or(after));
    Some(out)
}

/// Whether a text is an encrypted block.
pub fn is_encrypted(text: &str) -> bool {
    text.lines()
        .take(200)
        .any(|line| line.trim_end() == "-----BEGIN PGP MESSAGE-----")
}

#[cfg(test)]
mod tests {
    use super::unwrap_signed;

    #[test]
    fn clear_signed_text_is_unwrapped() {
        let text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nBonjour,\n- -- \nZoé\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n";
        assert_eq!(unwrap_signed(text).as_deref(), Some("Bonjour,\n-- \nZoé\n"));
        assert_eq!(unwrap_signed("Bonjour"), None);
        assert_eq!(
            unwrap_signed("> -----BEGIN PGP SIGNED MESSAGE-----\n-----BEGIN PGP SIGNATURE-----"),
            None
        );
    }
}
