//! The text of a mail: what the person wrote now, and what is history, signature or forwarded.

use super::Forwarded;

/// The bodies of a mail, decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bodies<'a> {
    /// The `text/plain` body, when it is real.
    pub plain: Option<&'a str>,
    /// The `text/html` body, as written.
    pub html: Option<&'a str>,
    /// The decoded subject: tells a forward from a reply.
    pub subject: Option<&'a str>,
}

/// A mail's text, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The whole body as text.
    pub text: String,
    /// What this person wrote now; never empty when something was written.
    pub reply: String,
    /// History and signature that `reply` left out.
    pub folded: String,
    /// The original of a forward.
    pub forwarded: Option<Forwarded>,
}

/// Takes the bodies apart. Total; linear in their size.
pub fn split(bodies: &Bodies<'_>) -> Written {
    let text = bodies.plain.or(bodies.html).unwrap_or_default().to_owned();
    Written {
        reply: text.clone(),
        text,
        ..Written::default()
    }
}

/// Lower case without accents, for comparing words: « Résolu » → `resolu`.
pub fn fold_accents(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}
