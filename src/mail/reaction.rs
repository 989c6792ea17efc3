//! Emoji reactions as clients send them (row E10).
//!
//! Owns the structured forms. A reply of one lone emoji belongs to [`super::text`].

use std::sync::LazyLock;

use regex::Regex;

use crate::mail::pattern::pattern;

/// The emoji of Gmail's `text/vnd.google.email-reaction+json`: `{"emoji": "👍", "version": 1}`.
pub fn gmail(bytes: &[u8]) -> Option<String> {
    if bytes.len() > 10_000 {
        return None;
    }
    let json: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    emoji(json.get("emoji")?.as_str()?)
}

static OUTLOOK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s*(?:\[(?P<word>[a-z _-]{2,20})\]|(?P<emoji>[^\p{L}0-9\s\[]{1,12}))?\s*\S.{0,120}?\s(?:reacted\s+to\s+(?:your|a)\s+message|a\s+réagi\s+à\s+(?:votre|un)\s+message|hat\s+auf\s+(?:ihre|eine)\s+nachricht\s+reagiert)\s*:?\s*$",
    )
});

/// The emoji of the mail that Outlook sends to people whose server knows no reactions:
/// "[like] Zoé Martin reacted to your message:" above the quoted message.
pub fn outlook(text: &str) -> Option<String> {
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    if line.len() > 400 {
        return None;
    }
    let found = OUTLOOK.captures(line)?;
    if let Some(symbol) = found.name("emoji").and_then(|found| emoji(found.as_str())) {
        return Some(symbol);
    }
    let word = found
        .name("word")
        .map(|found| found.as_str().to_lowercase());
    let symbol = match word.as_deref().unwrap_or_default() {
        "heart" | "love" | "coeur" | "cœur" => "❤️",
        "laugh" | "laughing" | "rire" => "😆",
        "celebrate" | "celebration" | "fête" => "🎉",
        "surprised" | "surprise" => "😮",
        "sad" | "triste" => "😢",
        "clap" | "applause" => "👏",
        // "like" and whatever comes next: a reaction is a nod.
        _ => "👍",
    };
    Some(symbol.to_owned())
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
    use super::{gmail, outlook};

    #[test]
    fn outlook_says_who_reacted() {
        for (text, expected) in [
            (
                "[like]  Owen Hughes reacted to your message:\n____\nFrom: x",
                Some("👍"),
            ),
            (
                "\n[heart] Inès Carpentier a réagi à votre message :\n",
                Some("❤️"),
            ),
            ("👍 Thomas Girard a réagi à votre message :\n", Some("👍")),
            ("Zoé Martin hat auf Ihre Nachricht reagiert:", Some("👍")),
            ("Personne n'a réagi à votre message : est-ce normal ?", None),
            (
                "Bonjour,\n[like] Owen Hughes reacted to your message:",
                None,
            ),
        ] {
            assert_eq!(outlook(text).as_deref(), expected, "{text}");
        }
    }

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
