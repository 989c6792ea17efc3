//! What an element looks like, as far as reading needs it: hidden or shown, block or inline, with a
//! margin or without. Rendering belongs to `html`.

use super::line::Nature;
use super::token::Tag;

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

/// Reads what the name and attributes of an element say of its appearance; whether the element has a margin.
pub(super) fn read(style: &mut Style, name: &str, tag: &Tag<'_>) -> bool {
    if !tag.has_attributes() && !is_block(name) {
        style.hidden |= is_never_text(name);
        return false;
    }
    let css: String = tag
        .attribute("style")
        .unwrap_or_default()
        .chars()
        .take(2_000)
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    style.hidden |= is_never_text(name)
        || css.contains("display:none")
        // A button for everybody but Outlook says both.
        || (css.contains("mso-hide:all") && !css.contains("display:inline") && !css.contains("display:block"))
        || css.contains("visibility:hidden")
        || (css.contains("max-height:0") && css.contains("overflow:hidden"))
        || tag.attribute("hidden").is_some();
    if let Some(size) = value(&css, "font-size:") {
        let number: String = size
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        // An inner element may set a size again: grids of newsletters do.
        style.no_size = number.parse() == Ok(0.0_f32);
    }
    if let Some(space) = value(&css, "white-space:") {
        style.pre = space.starts_with("pre") || space.starts_with("break-spaces");
    }
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
            let margin = value(&css, "margin:").or_else(|| value(&css, "margin-bottom:"));
            let is_tight = margin.is_some_and(|m| m.starts_with('0'))
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
