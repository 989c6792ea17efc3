//! Emoji reactions as clients send them (row E10).
//!
//! Owns the structured forms. A reply of one lone emoji belongs to [`super::text`].

/// The emoji of Gmail's `text/vnd.google.email-reaction+json`: `{"emoji": "👍", "version": 1}`.
pub fn gmail(bytes: &[u8]) -> Option<String> {
    if bytes.len() > 10_000 {
        return None;
    }
    let json: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    emoji(json.get("emoji")?.as_str()?)
}

/// A short string of symbols: what may stand as a reaction.
fn emoji(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty()
        && text.chars().count() <= 12
        && !text
            .chars()
            .any(|c| c.is_alphanumeric() && !c.is_ascii_digit() || c.is_control());
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::gmail;

    #[test]
    fn only_an_emoji_is_a_reaction() {
        assert_eq!(
            gmail("{\"emoji\":\"❤️\",\"version\":1}".as_bytes()).as_deref(),
            Some("❤️")
        );
        assert_eq!(gmail(b"{\"emoji\":\"<script>\"}"), None);
        assert_eq!(gmail(b"not json"), None);
    }
}
