//! What an element looks like, as far as reading needs it: hidden or shown, block or inline, with a
//! margin or without. Rendering belongs to `html`.

use std::collections::HashMap;

use super::line::Nature;
use super::token::{self, Tag};

/// What an element hands down to what it holds.
#[derive(Clone, Copy, Default)]
pub(super) struct Style {
    pub hidden: bool,
    /// Characters of size 0.
    pub no_size: bool,
    /// White space is kept.
    pub pre: bool,
    pub quote: u8,
    pub nature: Nature,
    /// Lists around it.
    pub lists: u8,
}

/// Different `style` attributes of a body that are remembered.
const REMEMBERED: usize = 256;

/// What a `style` attribute says, as far as reading needs it.
#[derive(Clone, Copy, Default)]
pub(super) struct Css {
    is_hidden: bool,
    /// Whether the characters have the size 0.
    no_size: Option<bool>,
    pre: Option<bool>,
    is_tight: bool,
    /// Word's mark of a list item.
    pub is_word_mark: bool,
    /// A bar at the left.
    pub has_bar: bool,
    /// Outlook's line at the top.
    pub is_ruled: bool,
}

impl Css {
    /// Reads a decoded attribute.
    pub(super) fn of(style: &str) -> Self {
        let css: String = style
            .chars()
            .take(2_000)
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let has = |property: &str| css.contains(property);
        // A button for everybody but Outlook says both.
        let is_hidden_by_word =
            has("mso-hide:all") && !has("display:inline") && !has("display:block");
        let no_size = value(&css, "font-size:").map(|size| {
            let number: String = size
                .chars()
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            // An inner element may set a size again: grids of newsletters do.
            number.parse() == Ok(0.0_f32)
        });
        let pre = value(&css, "white-space:")
            .map(|space| space.starts_with("pre") || space.starts_with("break-spaces"));
        let margin = value(&css, "margin:").or_else(|| value(&css, "margin-bottom:"));
        Self {
            is_hidden: has("display:none")
                || is_hidden_by_word
                || has("visibility:hidden")
                || (has("max-height:0") && has("overflow:hidden")),
            no_size,
            pre,
            is_tight: margin.is_some_and(|m| m.starts_with('0')),
            is_word_mark: has("mso-list:ignore"),
            has_bar: (has("border-left:") && !has("border-left:none"))
                || has("border-left-width:")
                || has("border-left-style:solid"),
            is_ruled: has("border-top:solid") && (has("padding:3.0pt") || has("padding:3pt")),
        }
    }
}

/// The `style` attributes of a body: Outlook writes the same few hundreds of times.
#[derive(Default)]
pub(super) struct Styles<'a> {
    known: HashMap<&'a str, Css>,
}

impl<'a> Styles<'a> {
    pub(super) fn of(&mut self, tag: &Tag<'a>) -> Css {
        let Some(written) = tag.written("style") else {
            return Css::default();
        };
        if let Some(css) = self.known.get(written) {
            return *css;
        }
        let css = Css::of(&token::decode(written));
        if self.known.len() < REMEMBERED {
            self.known.insert(written, css);
        }
        css
    }
}

/// Reads what the name and attributes of an element say of its appearance; whether the element has a margin.
pub(super) fn read(style: &mut Style, name: &str, tag: &Tag<'_>, css: &Css) -> bool {
    if !tag.has_attributes() && !is_block(name) {
        style.hidden |= is_never_text(name);
        return false;
    }
    style.hidden |= is_never_text(name) || css.is_hidden || tag.written("hidden").is_some();
    style.no_size = css.no_size.unwrap_or(style.no_size);
    style.pre = css.pre.unwrap_or(style.pre);
    if matches!(name, "pre" | "listing") {
        style.pre = true;
        let class = tag.attribute("class").unwrap_or_default();
        if style.nature == Nature::Text && !class.contains("moz-") {
            style.nature = Nature::Verbatim;
        }
    }
    match name {
        "p" => {
            let class = tag.attribute("class").unwrap_or_default();
            let is_tight = css.is_tight
                || class.contains("MsoNormal")
                || class.contains("MsoPlainText")
                || class.contains("MsoList");
            !is_tight
        }
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dl" | "pre" | "blockquote" => true,
        _ => false,
    }
}

/// Elements that stand on their own lines.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "head"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "html"
            | "legend"
            | "li"
            | "listing"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
            | "caption"
    )
}

/// Elements that never hold anything.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "basefont"
            | "bgsound"
            | "br"
            | "col"
            | "embed"
            | "frame"
            | "hr"
            | "img"
            | "input"
            | "keygen"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
            | "v:imagedata"
            | "v:fill"
            | "v:stroke"
            | "v:f"
            | "v:path"
            | "o:lock"
    )
}

/// Elements whose characters are not written for a reader.
pub(super) fn is_never_text(name: &str) -> bool {
    matches!(
        name,
        "head"
            | "style"
            | "script"
            | "title"
            | "template"
            | "xml"
            | "noframes"
            | "object"
            | "select"
            | "svg"
            | "math"
            | "map"
    )
}

/// The value of a property in compacted style text.
fn value<'a>(css: &'a str, property: &str) -> Option<&'a str> {
    let mut rest = css;
    loop {
        let at = rest.find(property)?;
        let (before, found) = rest.split_at(at);
        let found = found.get(property.len()..)?;
        if before.is_empty() || before.ends_with([';', '"', '\'']) {
            return Some(found.split(';').next().unwrap_or(found));
        }
        rest = found;
    }
}
