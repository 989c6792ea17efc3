//! A line of a body with what its HTML said of it, the common ground of all rules on text.

use std::cell::OnceCell;

use super::words::{fold, greets};

/// Characters of a line that rules look at. What a rule seeks is near the beginning of a line,
/// and a megabyte without a line break must not be searched by every rule.
const LOOKED_AT: usize = 400;

/// Lines that are told apart; what follows is one line with line ends in it.
const LINES: usize = 200_000;

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Without line end and quote marks.
    pub text: String,
    /// How many times the line is quoted: `>` marks, or enclosing quotations in HTML.
    pub quote: u8,
    /// What the line is, as far as the HTML said so.
    pub nature: Nature,
    /// Whether the HTML says that the history begins with this line.
    pub history: History,
    /// `head` folded, once it was asked for. The text does not change any more by then.
    folded: OnceCell<String>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Nature {
    /// Nothing is known.
    #[default]
    Text,
    /// Code or an error message: never a quote mark, never a signature.
    Verbatim,
    /// "Le … a écrit :".
    Attribution,
    /// Written by the client, under the text.
    Signature,
}

/// Whether the history begins here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum History {
    /// Nothing says so.
    #[default]
    No,
    /// A horizontal rule: it does if a header block follows.
    Perhaps,
    /// The border that Outlook draws above a header block, whatever the language of that.
    Probably,
    /// The client says so.
    Begins,
}

impl Line {
    /// A line of which the HTML says how it is quoted, what it is, and what begins with it.
    pub(super) fn new(text: String, quote: u8, nature: Nature, history: History) -> Self {
        Self {
            text,
            quote,
            nature,
            history,
            folded: OnceCell::new(),
        }
    }

    /// An empty one.
    pub(super) fn blank(quote: u8, nature: Nature) -> Self {
        Self::new(String::new(), quote, nature, History::No)
    }

    /// The same, as the one who was quoted wrote it.
    pub(super) fn unquoted(&self) -> Self {
        Self {
            quote: 0,
            ..self.clone()
        }
    }

    /// Nothing but white space.
    pub(super) fn is_blank(&self) -> bool {
        is_blank(&self.text)
    }

    /// What rules look at: trimmed, not longer than a rule needs.
    pub(super) fn head(&self) -> &str {
        head(&self.text)
    }

    /// What rules compare: the same, folded. Many rules look at a line, and it is folded once.
    pub(super) fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(self.head()))
    }

    /// Nothing but a greeting.
    pub(super) fn is_greeting(&self) -> bool {
        greets(self.head(), || self.folded())
    }

    /// Part of a quotation.
    pub(super) fn is_quoted(&self) -> bool {
        self.quote > 0
    }
}

/// `text` trimmed and not longer than rules need.
pub(super) fn head(text: &str) -> &str {
    let text = text.trim_matches(is_space);
    if text.len() <= LOOKED_AT {
        return text;
    }
    match text.char_indices().nth(LOOKED_AT) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

/// White space, or a character that shows nothing.
pub(super) fn is_space(character: char) -> bool {
    if character.is_ascii() {
        return matches!(character, '\t'..='\r' | ' ');
    }
    character.is_whitespace()
        || matches!(
            character,
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}' | '\u{34F}'
        )
}

/// Nothing but white space and characters that show nothing.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// Cuts a plain text body into lines, counting the `>` marks.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let rest = text.match_indices('\n').nth(LINES).map(|(at, _)| at + 1);
    let (text, rest) = text.split_at(rest.unwrap_or(text.len()));
    let mut lines: Vec<Line> = text
        .lines()
        .map(|line| {
            if is_group_wise(line) {
                return Line {
                    text: line.trim().to_owned(),
                    nature: Nature::Attribution,
                    history: History::Begins,
                    ..Line::default()
                };
            }
            let (quote, rest) = unquote(line);
            Line {
                text: rest.to_owned(),
                quote,
                ..Line::default()
            }
        })
        .collect();
    fence(&mut lines);
    unbreak(&mut lines);
    if !rest.is_empty() {
        lines.push(Line {
            text: rest.to_owned(),
            ..Line::default()
        });
    }
    lines
}

/// The lines as a text: quote marks written, at most one blank line in a row beyond two.
pub(super) fn join<'a>(lines: impl IntoIterator<Item = &'a Line>) -> String {
    join_quoted(lines, |quote| quote)
}

/// The same, each line quoted as `quote` makes of how it is.
pub(super) fn join_quoted<'a>(
    lines: impl IntoIterator<Item = &'a Line>,
    quote: impl Fn(u8) -> u8,
) -> String {
    let mut out = String::new();
    for line in lines {
        let quote = quote(line.quote);
        for _ in 0..quote {
            out.push('>');
        }
        let text = line.text.trim_end();
        if quote > 0 && !text.is_empty() {
            out.push(' ');
        }
        out.push_str(text);
        out.push('\n');
    }
    trim(&out).to_owned()
}

/// Without blank lines at both ends; the indentation of the first line is kept.
pub(super) fn trim(text: &str) -> &str {
    let text = text.trim_end_matches(is_space);
    let start = text
        .char_indices()
        .find(|(_, character)| !is_space(*character))
        .map_or(text.len(), |(at, _)| at);
    let line = text
        .get(..start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at + 1);
    text.get(line..).unwrap_or_default()
}

/// GroupWise's `>>> Jean <jean@example.org> 18/11/26 09:00 >>>`: what follows is not marked.
fn is_group_wise(line: &str) -> bool {
    line.strip_prefix(">>> ")
        .and_then(|rest| rest.trim_end().strip_suffix(" >>>"))
        .is_some_and(|rest| {
            let is_dated = rest.ends_with(|c: char| c.is_ascii_digit() || c == 'M');
            rest.len() <= 200 && rest.contains('@') && is_dated
        })
}

/// The quote marks of a line, and what follows them. `>From ` of old mailboxes is a quote too:
/// nothing tells it apart.
fn unquote(line: &str) -> (u8, &str) {
    let mut rest = line;
    let mut quote: u8 = 0;
    loop {
        let bare = rest.trim_start_matches([' ', '\u{a0}']);
        let indent = rest.len() - bare.len();
        match bare.strip_prefix('>') {
            // Up to three spaces: a deeper `>` is a table or code.
            Some(after) if indent <= 3 => {
                quote = quote.saturating_add(1);
                rest = after;
            }
            _ => break,
        }
    }
    if quote > 0 {
        rest = rest.strip_prefix(' ').unwrap_or(rest);
    }
    (quote, rest)
}

/// Joins `<jean@example.org` and `>:` again, which a client wrapped between them: the second is no
/// quotation.
fn unbreak(lines: &mut [Line]) {
    for at in 1..lines.len() {
        let is_broken = lines
            .get(at)
            .is_some_and(|line| line.quote == 1 && line.text.starts_with([':', ',']))
            && lines.get(at - 1).is_some_and(|above| {
                above.quote == 0 && above.text.rfind('<') > above.text.rfind('>')
            });
        if is_broken && let Some(line) = lines.get_mut(at) {
            line.quote = 0;
            line.text.insert(0, '>');
        }
    }
}

/// Marks what stands between two lines of three backquotes as verbatim.
fn fence(lines: &mut [Line]) {
    let mut open = None;
    for at in 0..lines.len() {
        let Some(line) = lines.get(at) else { break };
        if !line.text.trim_start().starts_with("```") {
            continue;
        }
        match open.take() {
            None => open = Some(at),
            Some(from) => {
                for line in lines.get_mut(from..=at).into_iter().flatten() {
                    line.nature = Nature::Verbatim;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quote_marks_are_counted() {
        for (line, quote, rest) in [
            ("> a", 1, "a"),
            (">> a", 2, "a"),
            ("> > a", 2, "a"),
            (">a", 1, "a"),
            (" > a", 1, "a"),
            ("        > a", 0, "        > a"),
            (">", 1, ""),
            (">    indented", 1, "   indented"),
            ("a > b", 0, "a > b"),
        ] {
            assert_eq!(unquote(line), (quote, rest), "{line:?}");
        }
    }

    #[test]
    fn ends_are_trimmed_but_not_the_indentation() {
        assert_eq!(trim("\n \n   a\n b \n\n"), "   a\n b");
        assert_eq!(trim(" \n \u{200b}"), "");
    }
}
