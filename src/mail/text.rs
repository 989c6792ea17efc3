//! The text of a mail: what the person wrote now, and what is history, signature or forwarded.
//!
//! Everything becomes lines first (`line`, `html`), each with what the HTML said of it. Then the
//! rules on text (`history`, `header`, `signature`) decide the fate of every line, in the same way
//! for both bodies. When the rules would leave nothing, they are taken back one by one: a reply
//! may be too long, never empty.

mod accents;
mod date;
mod fate;
mod forward;
mod header;
mod history;
mod html;
mod language;
mod line;
mod link;
mod phone;
mod phrases;
mod signature;
mod structure;
mod style;
mod table;
mod thanks;
mod token;
mod urgency;
mod words;

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::Forwarded;
use super::lines::{is_composed, line_feeds};
use fate::take_apart;
use line::{History, Line, Nature};

pub use accents::fold_accents;
pub use language::language;
pub use phone::phone;
pub use phrases::is_closing;
pub use thanks::{is_thanks, lone_reaction};
pub use urgency::claims_urgency;
pub use words::is_greeting;
pub(super) use words::{fold, is_longer};

/// Bytes of a body that are read: a novel has one million, a screenshot pasted as `data:` three.
/// What follows is left to the raw message.
const BODY_BYTES: usize = 8 << 20;

/// The bodies of a mail, decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bodies<'a> {
    /// The `text/plain` body, when it is real.
    pub plain: Option<&'a str>,
    /// The `text/html` body, as written.
    pub html: Option<&'a str>,
    /// The decoded subject: tells a forward from a reply.
    pub subject: Option<&'a str>,
    /// The name of who wrote it: a line that says nothing else is the beginning of a signature.
    pub sender_name: Option<&'a str>,
    /// The mail names one that it answers (`In-Reply-To`, `References`). Forwards do so, too.
    pub answers: bool,
    /// Where the sender's clock stands: the zone of dates that name none.
    pub zone: Option<chrono::FixedOffset>,
    /// The content ids of images that are decoration: no placeholder stands for them.
    pub ornaments: &'a [&'a str],
}

/// A mail's text, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The whole body as text.
    pub text: String,
    /// What this person wrote now; never empty when something was written. The original of a
    /// forward is left out, unless nothing was written above it. What somebody else wrote always
    /// stands behind `>` here.
    pub reply: String,
    /// History and signature that `reply` left out.
    pub folded: String,
    /// The signature alone, with what stands below it.
    pub signature: String,
    /// The original of a forward.
    pub forwarded: Option<Forwarded>,
}

/// Takes the bodies apart. Total; linear in their size.
pub fn split(bodies: &Bodies<'_>) -> Written {
    let plain = bodies.plain.map(clean).filter(|text| !line::is_blank(text));
    let html = bodies.html.map(clean).filter(|text| !line::is_blank(text));
    match (plain, html) {
        (None, None) => Written::default(),
        (Some(plain), None) => take_apart(line::lines(&plain), bodies, Some(&plain)),
        (None, Some(html)) => take_apart(html::render(&html, bodies.ornaments), bodies, None),
        (Some(plain), Some(html)) => {
            let rendered = html::render(&html, bodies.ornaments);
            if knows_more(&rendered) && says_the_same(&plain, &rendered) {
                take_apart(rendered, bodies, Some(&plain))
            } else {
                take_apart(line::lines(&plain), bodies, Some(&plain))
            }
        }
    }
}

/// An HTML body as readable text. Never blank when the body holds words. Linear in its size.
pub fn html_to_text(html: &str) -> String {
    line::join(&html::render(&clean(html), &[]))
}

/// NFC, line ends as `\n`, without NUL.
fn clean(text: &str) -> Cow<'_, str> {
    let text = text
        .get(..text.floor_char_boundary(BODY_BYTES))
        .unwrap_or(text);
    let text = line_feeds(text);
    if is_composed(&text) {
        text
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// The HTML says where the history or the signature is.
fn knows_more(lines: &[Line]) -> bool {
    lines.iter().any(|line| {
        line.history == History::Begins
            || line.quote > 0
            || matches!(line.nature, Nature::Attribution | Nature::Signature)
    })
}

/// Whether nearly all words of the HTML body stand in the plain one. When they do not, one of the
/// two is not what the person saw, and the plain one is shown.
fn says_the_same(plain: &str, rendered: &[Line]) -> bool {
    let words: std::collections::HashSet<&str> = plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let (mut known, mut all) = (0_usize, 0_usize);
    for word in rendered
        .iter()
        .flat_map(|line| line.text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .take(20_000)
    {
        all += 1;
        known += usize::from(words.contains(word));
    }
    known * 10 >= all * 7
}

#[cfg(test)]
mod tests;
