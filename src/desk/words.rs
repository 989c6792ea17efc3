//! The few sentences that the desk itself puts on a timeline, in the two languages it speaks.

/// The sentence in `language`; French unless it is English.
pub fn pick(language: &str, french: impl Into<String>, english: impl Into<String>) -> String {
    if language == "en" {
        english.into()
    } else {
        french.into()
    }
}

/// The desk has templates for this language.
pub fn is_spoken(language: &str) -> bool {
    matches!(language, "fr" | "en")
}
