//! Elements without content: line ends, drawn lines, images.

use super::{Renderer, Show};
use crate::mail::text::line::{History, Nature};
use crate::mail::text::structure::{self, Role};
use crate::mail::text::token::Tag;

impl<'a> Renderer<'a> {
    pub(super) fn void(&mut self, name: &str, tag: &Tag<'a>) {
        match name {
            "br" => {
                let css = self.styles.of(tag);
                if let Some(Role::Signature) = structure::role(name, tag, &css) {
                    self.flush();
                }
                if !self.is_hidden() {
                    self.newline();
                }
            }
            "hr" if !self.is_hidden() => {
                self.flush();
                let css = self.styles.of(tag);
                let role = structure::role(name, tag, &css);
                self.push("________________________________");
                if let Some(line) = self.current.as_mut().filter(|line| line.quote == 0) {
                    match role {
                        Some(Role::History) => line.history = History::Begins,
                        _ if line.history == History::No => line.history = History::Perhaps,
                        _ => {}
                    }
                }
                self.flush();
            }
            "img" => self.image(tag),
            _ => {}
        }
    }

    /// An emoji stands for itself, a screenshot for its place; a logo is not worth a word.
    fn image(&mut self, tag: &Tag<'_>) {
        let alt = tag.attribute("alt").unwrap_or_default();
        let alt = alt.trim();
        if self.is_hidden() {
            return;
        }
        let is_emoji = !alt.is_empty()
            && alt.chars().count() <= 12
            && alt.chars().all(|c| !c.is_ascii() && !c.is_alphabetic());
        if is_emoji {
            self.push(alt);
            return;
        }
        if self.show != Show::Seen {
            self.push(if alt.is_empty() { "[image]" } else { alt });
            self.space = true;
            return;
        }
        let source = tag.attribute("src").unwrap_or_default();
        let is_ours = ["cid:", "data:", "blob:", "file:"].iter().any(|scheme| {
            source
                .get(..scheme.len())
                .is_some_and(|s| s.eq_ignore_ascii_case(scheme))
        });
        // A file that is known as a logo or a pixel.
        let is_ornament = source
            .get(4..)
            .is_some_and(|id| self.ornaments.contains(&id) && source.starts_with("cid:"));
        let side = |name: &str| {
            tag.attribute(name)
                .and_then(|value| value.trim().trim_end_matches("px").parse::<f32>().ok())
        };
        let is_large = match (side("width"), side("height")) {
            (None, None) => true,
            (width, height) => width.unwrap_or(0.0) >= 300.0 || height.unwrap_or(0.0) >= 200.0,
        };
        if is_ours && is_large && !is_ornament && self.style().nature != Nature::Signature {
            let is_name = alt.len() <= 80 && alt.contains('.') && !alt.contains(['\n', ':', '/']);
            if is_name {
                self.push(&format!("[image: {alt}]"));
            } else {
                self.push("[image]");
            }
            self.space = true;
        }
    }
}
