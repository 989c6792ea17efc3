//! The spaces of French: they belong to the sign that they stand before, and do not break.

/// French sets a space before some signs; a line must not begin with one. In
/// English nothing changes.
pub fn unbroken(text: &str, language: &str) -> String {
    if language == "en" {
        return text.to_owned();
    }
    [':', ';', '?', '!', '»']
        .into_iter()
        .fold(text.replace("«\u{20}", "«\u{a0}"), |text, sign| {
            text.replace(&format!("\u{20}{sign}"), &format!("\u{a0}{sign}"))
        })
}
