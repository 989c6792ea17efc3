//! Links that begin a reply with its words filled in (RFC 6068). They do nothing by being fetched, so a
//! link scanner cannot accept a solution (rows G7, K2): a person still has to press "send".
//!
//! A mail program starts a new message from such a link, without `In-Reply-To`; so the last line of
//! the body is our marker, which finds the ticket (row D11).

use super::header::octet;

/// A `mailto:` link.
pub fn link(to: &str, subject: &str, body: &str) -> String {
    let body = body.replace("\r\n", "\n").replace('\n', "\r\n");
    format!(
        "mailto:{}?subject={}&body={}",
        encode(to, b"@+"),
        encode(subject, b""),
        encode(&body, b"")
    )
}

/// Everything but letters, digits and `-._~` is written in percent, save `kept`.
fn encode(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(octet('%', byte));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_survives_any_words() {
        assert_eq!(
            link(
                "support+abc@example.org",
                "Re: [DSI-1] Écran & \"câble\"",
                "J'accepte.\n\nRéf."
            ),
            "mailto:support+abc@example.org?subject=Re%3A%20%5BDSI-1%5D%20%C3%89cran%20%26%20%22c%C3%A2ble%22\
             &body=J%27accepte.%0D%0A%0D%0AR%C3%A9f."
        );
    }
}
