//! Turns an HTML body into lines of readable text, in one pass over its tags.
//!
//! Written for mail rather than taken from a library because the lines must also say what the
//! structure knew: what is quoted, where the history begins, what a client appended as signature.
//! It builds no tree and keeps a bounded stack, so that a bomb of nested or misnested tags costs
//! no more than its length. What it shows is never blank when the body has words: what was hidden
//! is shown rather than nothing.

mod element;
mod image;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::line::{self, History, Line, Nature};
use super::structure::{self, Role};
use super::style::{self, Style, Styles, is_block, is_never_text, is_void};
use super::token::{self, Tag, Token};

/// Open elements that are remembered. Outlook nests about forty; a hundred quotations of quotations
/// stay below this.
const DEPTH: usize = 160;

/// Lines that are made of one body; the rest is not shown (the raw message is kept).
const LINES: usize = 200_000;

/// Renders `html`. Empty only when the body holds no characters at all.
///
/// `ornaments` are the content ids of images that are not worth a word, whatever their size.
pub(super) fn render(html: &str, ornaments: &[&str]) -> Vec<Line> {
    let has_something = |token: Token<'_>| match token {
        Token::Text(text) => !line::is_blank(text),
        Token::Open(tag) => tag.name.eq_ignore_ascii_case("img"),
        Token::Close(_) | Token::Code | Token::Comment(_) => false,
    };
    for show in [Show::Seen, Show::Hidden, Show::Everything] {
        let lines = Renderer::new(show, ornaments).render(html);
        if lines.iter().any(|line| !line.is_blank()) {
            return lines;
        }
        if show == Show::Seen && !token::tokens(html).any(has_something) {
            break;
        }
    }
    Vec::new()
}

/// What is shown, in the order in which it is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    /// What a client shows.
    Seen,
    /// Hidden text and the alternative texts of images as well.
    Hidden,
    /// All characters that are not part of a tag or of a style sheet.
    Everything,
}

/// An element that is open.
struct Open {
    key: Key,
    is_block: bool,
    is_never_text: bool,
    style: Style,
    what: What,
}

/// The first characters of a lower case tag name, made for comparing quickly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u128);

impl Key {
    fn of(name: &str) -> Self {
        let mut bytes = [0; 16];
        for (slot, byte) in bytes.iter_mut().zip(name.bytes()) {
            *slot = byte;
        }
        Self(u128::from_le_bytes(bytes))
    }
}

/// What is to be done when an element closes.
enum What {
    Inline,
    /// A block: what follows stands on a new line, after a blank one if it has a margin.
    Block {
        margin: bool,
    },
    /// A list: the number of the next item, 0 for bullets.
    List(u32),
    Item,
    Row,
    Cell,
    /// A link and where its label begins (line, offset).
    Link(Option<String>, usize, usize),
    /// A list mark as Word writes it, and where it begins.
    WordMark(usize, usize),
}

struct Renderer<'a> {
    show: Show,
    ornaments: &'a [&'a str],
    lines: Vec<Line>,
    /// The line being written; `None` when nothing began.
    current: Option<Line>,
    space: bool,
    blank: bool,
    history: History,
    /// The mark of a list item whose text did not begin yet.
    mark: Option<String>,
    stack: Vec<Open>,
    styles: Styles<'a>,
    /// How many elements of each name are open, so that an end without a beginning costs nothing.
    counts: BTreeMap<Key, usize>,
    /// Elements opened beyond the depth that is remembered.
    beyond: usize,
    /// Of each open row: the first line, and the first line of each cell.
    rows: Vec<(usize, Vec<usize>)>,
}

impl<'a> Renderer<'a> {
    fn new(show: Show, ornaments: &'a [&'a str]) -> Self {
        Self {
            show,
            ornaments,
            lines: Vec::new(),
            current: None,
            space: false,
            blank: false,
            history: History::No,
            mark: None,
            stack: Vec::new(),
            styles: Styles::default(),
            counts: BTreeMap::new(),
            beyond: 0,
            rows: Vec::new(),
        }
    }

    fn render(mut self, html: &'a str) -> Vec<Line> {
        for token in token::tokens(html) {
            if self.lines.len() >= LINES {
                break;
            }
            match token {
                Token::Text(text) => self.text(text),
                Token::Open(tag) => self.open(&tag),
                Token::Close(name) => self.close(&name.to_ascii_lowercase()),
                Token::Code => {}
                Token::Comment(text) => {
                    // Samsung and Gmail's Android client put nothing else above the history.
                    if text.trim().eq_ignore_ascii_case("originalmessage") {
                        self.flush();
                        self.history = History::Begins;
                    }
                }
            }
        }
        while !self.stack.is_empty() {
            self.pop();
        }
        self.flush();
        // A message that is one <pre> is a plain text in disguise, not code.
        if self
            .lines
            .iter()
            .all(|line| line.is_blank() || line.nature == Nature::Verbatim)
        {
            let text = self
                .lines
                .iter()
                .map(|line| line.text.as_str())
                .collect::<Vec<_>>()
                .join("\n");
            return line::lines(&text);
        }
        self.lines
    }

    fn style(&self) -> Style {
        self.stack.last().map(|open| open.style).unwrap_or_default()
    }

    fn is_hidden(&self) -> bool {
        let style = self.style();
        match self.show {
            Show::Seen => style.hidden || style.no_size,
            Show::Hidden => self.stack.iter().any(|open| open.is_never_text),
            Show::Everything => false,
        }
    }

    fn text(&mut self, text: &str) {
        if self.is_hidden() {
            return;
        }
        let text = token::decode(text);
        if self.style().pre {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    self.newline();
                }
                let line = line.trim_end_matches('\r');
                if !line.is_empty() {
                    self.push(line);
                }
            }
            return;
        }
        let is_blank = |byte: u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b'\x0c');
        // Asked once: a search in each short word costs more than the words themselves.
        let has_hard_space = text.contains('\u{a0}');
        let mut rest = text.as_ref();
        while !rest.is_empty() {
            let end = rest.bytes().position(is_blank);
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            if has_hard_space && word.contains('\u{a0}') {
                self.push(&word.replace('\u{a0}', " "));
            } else if !word.is_empty() {
                self.push(word);
            }
            self.space |= end.is_some() && self.current.is_some();
            rest = after.get(1..).unwrap_or_default();
        }
    }

    /// Adds to the current line, which begins here if it did not.
    fn push(&mut self, text: &str) {
        let style = self.style();
        if self.current.is_none() {
            if std::mem::take(&mut self.blank) && self.lines.last().is_some_and(|l| !l.is_blank()) {
                let quote = self
                    .lines
                    .last()
                    .map_or(0, |last| last.quote.min(style.quote));
                self.lines.push(Line::blank(quote, Nature::Text));
            }
            self.space = false;
        }
        let (history, mark) = (&mut self.history, &mut self.mark);
        let line = self.current.get_or_insert_with(|| {
            Line::new(
                mark.take().unwrap_or_default(),
                style.quote,
                style.nature,
                std::mem::take(history),
            )
        });
        if std::mem::take(&mut self.space) && !line.text.ends_with(' ') {
            line.text.push(' ');
        }
        line.text.push_str(text);
    }

    /// Ends the current line, if one began.
    fn flush(&mut self) {
        self.space = false;
        if let Some(mut line) = self.current.take() {
            line.text.truncate(line.text.trim_end().len());
            self.lines.push(line);
        }
    }

    /// Ends the current line; a blank one if none began.
    fn newline(&mut self) {
        if self.current.is_none() {
            let style = self.style();
            let blank = self
                .lines
                .iter()
                .rev()
                .take_while(|l| l.is_blank())
                .take(3)
                .count();
            if blank < 2 {
                self.lines.push(Line::blank(style.quote, style.nature));
            }
        }
        self.flush();
    }

    fn open(&mut self, tag: &Tag<'a>) {
        let name = tag.name.to_ascii_lowercase();
        if is_void(&name) {
            self.void(&name, tag);
            return;
        }
        self.imply(&name);
        let css = self.styles.of(tag);
        let role = structure::role(&name, tag, &css);
        let mut style = self.style();
        let margin = style::read(&mut style, &name, tag, &css);
        if is_block(&name) || matches!(role, Some(Role::Quote)) {
            self.flush();
        }
        let quoted = style.quote > 0;
        match role {
            Some(Role::Quote) => {
                style.quote = style.quote.saturating_add(1);
                style.nature = Nature::Text;
            }
            Some(Role::Attribution) => style.nature = Nature::Attribution,
            Some(Role::Signature) => style.nature = Nature::Signature,
            Some(Role::History) if !quoted => {
                self.flush();
                self.history = History::Begins;
            }
            Some(Role::Rule) if !quoted && self.history == History::No => {
                self.history = History::Probably;
            }
            Some(Role::History | Role::Rule | Role::WordMark) | None => {}
        }
        let what = match name.as_str() {
            "a" => What::Link(
                tag.attribute("href").map(Cow::into_owned),
                self.lines.len(),
                self.current.as_ref().map_or(0, |line| line.text.len()),
            ),
            _ if matches!(role, Some(Role::WordMark)) => What::WordMark(
                self.lines.len(),
                self.current.as_ref().map_or(0, |line| line.text.len()),
            ),
            "ul" | "menu" | "dir" | "ol" => {
                style.lists = style.lists.saturating_add(1);
                let number = tag
                    .attribute("start")
                    .and_then(|start| start.trim().parse().ok())
                    .unwrap_or(1);
                What::List(if name == "ol" { number } else { 0 })
            }
            "li" => What::Item,
            "tr" => What::Row,
            "td" | "th" => What::Cell,
            _ if is_block(&name) => What::Block { margin },
            _ => What::Inline,
        };
        if margin && self.mark.is_none() {
            self.blank = true;
        }
        match what {
            What::List(_) if style.lists == 1 => self.blank = true,
            What::Row => self.rows.push((self.lines.len(), Vec::new())),
            What::Cell => {
                self.blank = false;
                let first = self.lines.len();
                if let Some((_, cells)) = self.rows.last_mut() {
                    cells.push(first);
                }
            }
            _ => {}
        }
        if self.stack.len() < DEPTH {
            let is_item = matches!(what, What::Item);
            let key = Key::of(&name);
            *self.counts.entry(key).or_default() += 1;
            self.stack.push(Open {
                key,
                is_block: is_block(&name),
                is_never_text: is_never_text(&name),
                style,
                what,
            });
            if is_item {
                self.item();
            }
        } else {
            self.beyond += 1;
        }
        if self.rows.len() > DEPTH {
            self.rows.pop();
        }
    }

    /// Closes what the opening of `name` closes without saying so.
    fn imply(&mut self, name: &str) {
        let (closes, within): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol", "menu", "dir"]),
            "td" | "th" => (&["td", "th"], &["tr", "table"]),
            "tr" => (&["tr"], &["table"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl"]),
            "body" => (&["head"], &[]),
            "p" | "div" | "ul" | "ol" | "table" | "blockquote" | "pre" | "hr" | "h1" | "h2"
            | "h3" => (&["p"], &["td", "th", "div", "blockquote", "li", "body"]),
            _ => return,
        };
        if !closes.iter().any(|name| self.is_open(name)) {
            return;
        }
        let among = |key: Key, names: &[&str]| names.iter().any(|name| Key::of(name) == key);
        let found = self
            .stack
            .iter()
            .rposition(|open| open.is_block && (among(open.key, closes) || among(open.key, within)))
            .filter(|at| {
                self.stack
                    .get(*at)
                    .is_some_and(|open| among(open.key, closes))
            });
        if let Some(at) = found {
            self.close_to(at);
        }
    }

    fn close(&mut self, name: &str) {
        if name == "br" {
            self.newline();
            return;
        }
        if self.beyond > 0 && !is_void(name) {
            self.beyond -= 1;
            if is_block(name) {
                self.flush();
            }
            return;
        }
        let block = is_block(name);
        if !self.is_open(name) {
            if block {
                self.flush();
            }
            return;
        }
        let key = Key::of(name);
        let is_table_part = matches!(name, "table" | "tr" | "td" | "th" | "tbody" | "thead");
        let found = self
            .stack
            .iter()
            .rposition(|open| {
                open.key == key
                    // An inline end closes no block, and only a table part leaves a cell.
                    || (!block && open.is_block)
                    || (!is_table_part && matches!(open.what, What::Cell))
            })
            .filter(|at| self.stack.get(*at).is_some_and(|open| open.key == key));
        match found {
            Some(at) => self.close_to(at),
            None if block => self.flush(),
            None => {}
        }
    }

    fn close_to(&mut self, at: usize) {
        while self.stack.len() > at {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(open) = self.stack.last() else {
            return;
        };
        let lists = open.style.lists;
        // The element is still on the stack while its end is written.
        match &open.what {
            What::Inline => {}
            What::Block { margin } => {
                let margin = *margin;
                self.flush();
                self.blank |= margin;
            }
            What::Item => {
                self.flush();
                self.mark = None;
            }
            What::Cell => self.flush(),
            What::List(_) => {
                self.flush();
                self.blank |= lists == 1;
            }
            What::Row => {
                self.flush();
                self.row();
            }
            What::Link(href, line, offset) => {
                let (href, line, offset) = (href.clone(), *line, *offset);
                self.link(href.as_deref(), line, offset);
            }
            What::WordMark(line, offset) => {
                let (line, offset) = (*line, *offset);
                self.word_mark(line, offset);
            }
        }
        if let Some(open) = self.stack.pop()
            && let Some(count) = self.counts.get_mut(&open.key)
        {
            *count = count.saturating_sub(1);
        }
    }

    fn is_open(&self, name: &str) -> bool {
        self.counts
            .get(&Key::of(name))
            .is_some_and(|count| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::join;
    use super::render;

    fn text(html: &str) -> String {
        join(&render(html, &[]))
    }

    #[test]
    fn reads_as_a_person_would_see_it() {
        for (html, seen) in [
            ("a<br>b<br/><br>c", "a\nb\n\nc"),
            ("<p>a</p><p>b</p>", "a\n\nb"),
            (
                "<div>a</div><div><br></div><div>b<br></div><div>c</div>",
                "a\n\nb\nc",
            ),
            (
                "<p class=MsoNormal>Bonjour,<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>\
                 <p class=MsoNormal>Mon poste\nne d&eacute;marre\r\nplus.<o:p></o:p></p>",
                "Bonjour,\n\nMon poste ne démarre plus.",
            ),
            (
                "<ul><li>un<li>deux<ol><li>x</li><li>y</li></ol></ul>fin",
                "- un\n- deux\n  1. x\n  2. y\n\nfin",
            ),
            (
                "<table><tr><td><p>Poste</p></td><td><p>État</p></td></tr><tr><td>PC-12</td><td></td><td>HS</td></tr></table>",
                "Poste | État\nPC-12 |  | HS",
            ),
            (
                "<table><tr><td>a<br>b</td><td>c</td></tr></table>",
                "a\nb\nc",
            ),
            (
                "voir <a href='https://example.org/x'>ici</a>, merci",
                "voir ici <https://example.org/x>, merci",
            ),
            (
                "<a href='https://www.example.org/'>example.org</a>",
                "example.org",
            ),
            (
                "<a href='mailto:a@example.org'>a@example.org</a>",
                "a@example.org",
            ),
            (
                "<a href='mailto:a@example.org'>Anne</a>",
                "Anne <a@example.org>",
            ),
            (
                "<a href='javascript:x'>Anne</a> <a href='#haut'>haut</a>",
                "Anne haut",
            ),
            ("<pre>a\n   b  c\n</pre>d", "a\n   b  c\n\nd"),
            ("<div style='white-space: pre-wrap'>a\n b</div>", "a\n b"),
            ("a <b>b</b><i>c</i> d", "a bc d"),
            ("un&nbsp;: deux", "un : deux"),
            (
                "<p>x <img alt='👍' src='https://e.example/1.png'></p>",
                "x 👍",
            ),
            (
                "<p>Voici<br><img src='cid:1' alt='capture.png' width=600></p>",
                "Voici\n[image: capture.png]",
            ),
            ("Merci <img src='cid:logo' width=90 height=40>", "Merci"),
            (
                "<p class=MsoListParagraph><![if !supportLists]><span style='mso-list:Ignore'>·<span>&nbsp;&nbsp; \
                 </span></span><![endif]>imprimante</p>",
                "- imprimante",
            ),
        ] {
            assert_eq!(text(html), seen, "{html}");
        }
    }

    #[test]
    fn what_is_hidden_stays_hidden() {
        for hidden in [
            "<div style='display: none'>x</div>",
            "<span style=\"font-size:0px\">x</span>",
            "<div style='MSO-HIDE:ALL'>x</div>",
            "<style>p {x}</style>",
            "<script>x</script>",
            "<head><title>x</title><meta y>x</head>",
            "<!--[if mso]><p>x</p><![endif]-->",
            "<!-- x -->",
            "<xml><w:x>x</w:x></xml>",
            "<div hidden>x</div>",
        ] {
            assert_eq!(
                text(&format!("<html>{hidden}<body>vu</body>")),
                "vu",
                "{hidden}"
            );
        }
        assert_eq!(
            text("<div style='font-size:0'><p style='font-size:12px'>vu</p></div>"),
            "vu"
        );
        assert_eq!(text("<![if !mso]>vu<![endif]>"), "vu");
    }

    #[test]
    fn never_blank_when_there_are_words() {
        for (html, seen) in [
            ("<div style='display:none'>caché</div>", "caché"),
            ("<img src='https://e.example/a.png' alt='Offre'>", "Offre"),
            ("<title>Objet</title>", "Objet"),
            ("<select><option>un</select>", "un"),
            ("<img src='https://e.example/a.png'>", "[image]"),
        ] {
            assert_eq!(text(html), seen, "{html}");
        }
        assert_eq!(text("<p> &nbsp; </p>"), "");
    }

    #[test]
    fn quotations_are_counted() {
        let lines = render(
            "oui<blockquote type=cite>a<blockquote type='cite'>b</blockquote></blockquote>\
             <blockquote style='margin:0 0 0 40px'>indenté</blockquote>",
            &[],
        );
        let seen: Vec<_> = lines
            .iter()
            .filter(|line| !line.is_blank())
            .map(|line| (line.quote, line.text.as_str()))
            .collect();
        assert_eq!(seen, [(0, "oui"), (1, "a"), (2, "b"), (0, "indenté")]);
    }

    #[test]
    fn bombs_are_read_in_one_pass() {
        let divs = "<div>".repeat(40_000);
        let quotes = format!("{}x", "<blockquote type=cite>".repeat(40));
        let tags = "<b><table><tr><td></div></i>".repeat(30_000);
        let attributes = format!("<p {}>x", "a=1 b ".repeat(100_000));
        for html in [format!("{divs}x"), quotes, format!("{tags}x"), attributes] {
            assert!(text(&html).ends_with('x'));
        }
        for unfinished in [
            "<!--",
            "<a href=\"",
            "<",
            "&",
            "<style>",
            "</",
            "<br>",
            "<p>a<li>",
        ] {
            let _ = render(&unfinished.repeat(100_000), &[]);
        }
    }
}
