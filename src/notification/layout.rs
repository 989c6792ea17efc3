//! The look of a rendered text: prose is wrapped, what a person wrote is left as it was.
//!
//! Templates are written a paragraph a line. In the text part, prose is wrapped here, while lines
//! that came from a person are marked before rendering and kept: an error message that was pasted
//! in is worth its exact lines (S0.31). In the HTML part the filter [`to_html`] keeps line breaks
//! and indentation without letting any markup through.

/// Columns of prose in the text part.
const COLUMNS: usize = 76;

/// Stands before each line that is kept as it is. No text contains it: [`clean`] removes controls.
const KEPT: char = '\u{1}';

/// A text of several lines without control characters, its lines ended by `\n`, without blank
/// lines around it; `None` when nothing is left.
pub fn clean(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text
        .chars()
        .filter(|character| !character.is_control() || matches!(character, '\n' | '\t'))
        .collect();
    let lines: Vec<&str> = text.split('\n').map(str::trim_end).collect();
    let first = lines.iter().position(|line| !line.is_empty())?;
    let last = lines.iter().rposition(|line| !line.is_empty())?;
    lines.get(first..=last).map(|lines| lines.join("\n"))
}

/// Marks every line as one to keep.
pub fn keep(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split('\n') {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push(KEPT);
        out.push_str(line);
    }
    out
}

/// Wraps prose, keeps kept lines, leaves at most one blank line in a row and none around.
pub fn lay_out(rendered: &str) -> String {
    let mut out = String::with_capacity(rendered.len() + rendered.len() / 40);
    let mut blank = false;
    for line in rendered.lines() {
        let kept = line.contains(KEPT);
        if !kept && line.trim().is_empty() {
            blank = true;
            continue;
        }
        if blank && !out.is_empty() {
            out.push('\n');
        }
        blank = false;
        if kept {
            out.extend(line.chars().filter(|&character| character != KEPT));
            out.push('\n');
        } else {
            wrap(&mut out, line.trim_end());
        }
    }
    out
}

/// Breaks at blanks only; following lines stand under the first word of a list entry.
fn wrap(out: &mut String, line: &str) {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let text = &line[indent..];
    let hang = if text.starts_with("- ") { 2 } else { 0 };
    let mut column = indent;
    out.push_str(&" ".repeat(indent));
    for (index, word) in words(text).into_iter().enumerate() {
        let width = word.chars().count();
        if index > 0 {
            if column + 1 + width > COLUMNS && column > indent + hang {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                out.push_str(&" ".repeat(indent + hang));
                column = indent + hang;
            } else {
                out.push(' ');
                column += 1;
            }
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
}

/// The pieces between which a line may break: not before the punctuation that French sets apart, not
/// inside « quotes » beside them, not inside « 9 h 00 ».
fn words(text: &str) -> Vec<&str> {
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    for word in text.split(' ') {
        let end = start + word.len();
        let before = pieces.last().and_then(|&(from, to)| text.get(from..to));
        let joined = matches!(word, ":" | ";" | "?" | "!" | "»" | "»." | "»," | "–" | "h")
            || before.is_some_and(|before| before.ends_with('«') || before.ends_with(" h"));
        match pieces.last_mut() {
            Some(last) if joined => last.1 = end,
            _ => pieces.push((start, end)),
        }
        start = end + 1;
    }
    pieces
        .into_iter()
        .filter_map(|(from, to)| text.get(from..to))
        .collect()
}

/// Text as HTML: everything escaped, line breaks and runs of blanks kept, web addresses made links
/// that lead where they say.
pub fn to_html(text: &str) -> String {
    let mut html = Html::default();
    let mut rest = text;
    while let Some((before, address, after)) = web_address(rest) {
        html.text(before);
        html.out.push_str("<a href=\"");
        html.text(address);
        html.out.push_str("\" style=\"color:#1f4e79;\">");
        html.text(address);
        html.out.push_str("</a>");
        rest = after;
    }
    html.text(rest);
    html.out
}

struct Html {
    out: String,
    /// At the start of a line.
    start: bool,
    /// After a blank that was written as one.
    blank: bool,
}

impl Default for Html {
    fn default() -> Self {
        Self {
            out: String::new(),
            start: true,
            blank: false,
        }
    }
}

impl Html {
    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '\n' => self.out.push_str("<br>\n"),
                ' ' | '\t' if self.start || self.blank => self.out.push_str("&nbsp;"),
                '\t' => self.out.push_str(" &nbsp;"),
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                _ => self.out.push(character),
            }
            let blank = matches!(character, ' ' | '\t');
            self.start = character == '\n' || (self.start && blank);
            self.blank = blank && !self.blank;
        }
    }
}

/// What stands before the first web address, the address, and what follows. Punctuation at its end
/// belongs to the sentence.
pub fn web_address(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.match_indices("http").map(|(at, _)| at).find(|&at| {
        let (before, after) = text.split_at(at);
        (after.starts_with("http://") || after.starts_with("https://"))
            && !before.ends_with(|c: char| c.is_alphanumeric())
    })?;
    let (before, rest) = text.split_at(start);
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '«' | '»'))
        .unwrap_or(rest.len());
    let (address, _) = rest.split_at(end);
    let address = address.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\'']);
    let (address, after) = rest.split_at(address.len());
    Some((before, address, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_and_what_was_written_is_not() {
        let long = "mot ".repeat(40);
        let written = format!("  {long}fin\n\n\n  x");
        let rendered = format!("\n\n- {long}\n\n\n\n{}\nfin\n\n", keep(&written));
        let text = lay_out(&rendered);
        assert!(text.contains(&written), "{text}");
        assert!(text.starts_with("- mot"), "{text}");
        assert!(text.contains("\n  mot"), "{text}");
        for line in text.lines().filter(|line| !line.contains("fin")) {
            assert!(line.chars().count() <= COLUMNS, "{line}");
        }
        assert!(text.ends_with("x\nfin\n"), "{text}");
        assert!(!text.contains(KEPT));
    }

    #[test]
    fn french_punctuation_stays_with_its_word() {
        assert_eq!(
            words("Et « oui » : à 9 h 00 ?"),
            ["Et", "« oui » :", "à", "9 h 00 ?"]
        );
    }

    #[test]
    fn cleaning_keeps_lines_and_drops_controls() {
        assert_eq!(
            clean("\r\n\r\n  a\rb\0\u{1}\u{85}\r\n\tc  \n\n").as_deref(),
            Some("  a\nb\n\tc")
        );
        assert_eq!(clean("\r\n \n\0"), None);
    }

    #[test]
    fn html_shows_markup_instead_of_obeying_it() {
        assert_eq!(
            to_html("<b a='\"'>\n  x  &  y"),
            "&lt;b a=&#39;&quot;&#39;&gt;<br>\n&nbsp;&nbsp;x &nbsp;&amp; &nbsp;y"
        );
    }

    #[test]
    fn web_addresses_lead_where_they_say() {
        let link = |to: &str| format!("<a href=\"{to}\" style=\"color:#1f4e79;\">{to}</a>");
        let table = [
            (
                "Voir https://a.example/b?c=1&d=2, merci",
                format!("Voir {}, merci", link("https://a.example/b?c=1&amp;d=2")),
            ),
            (
                "(http://a.example)\n<https://b.example>",
                format!(
                    "({})<br>\n&lt;{}&gt;",
                    link("http://a.example"),
                    link("https://b.example")
                ),
            ),
            (
                "http://a.example/'onclick='x",
                link("http://a.example/&#39;onclick=&#39;x"),
            ),
            (
                "javascript:alert(1) xhttps://a.example http https:/",
                "javascript:alert(1) xhttps://a.example http https:/".to_owned(),
            ),
        ];
        for (text, html) in table {
            assert_eq!(to_html(text), html);
        }
    }
}
