//! What is written when a list item begins, and when a link or a table row ends.

use super::{Renderer, What};
use crate::mail::text::{link, table};

impl Renderer<'_> {
    /// The mark of a list item.
    pub(super) fn item(&mut self) {
        if self.is_hidden() {
            return;
        }
        let lists = usize::from(self.style().lists.min(8));
        let list = self
            .stack
            .iter_mut()
            .rev()
            .find_map(|open| match &mut open.what {
                What::List(number) => Some(number),
                _ => None,
            });
        let mark = match list {
            Some(0) | None => "- ".to_owned(),
            Some(number) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
        };
        let indent = "  ".repeat(lists.saturating_sub(1));
        self.mark = Some(format!("{indent}{mark}"));
    }

    /// Word writes `·`, `o`, `§` or a number and a run of spaces before an item.
    pub(super) fn word_mark(&mut self, line: usize, offset: usize) {
        if self.lines.len() != line {
            return;
        }
        let Some(current) = self.current.as_mut() else {
            return;
        };
        let Some(mark) = current.text.get(offset..) else {
            return;
        };
        let mark = mark.trim();
        let mark = if mark.chars().count() == 1 && !mark.starts_with(|c: char| c.is_ascii_digit()) {
            "-".to_owned()
        } else {
            mark.to_owned()
        };
        current.text.truncate(offset);
        current.text.push_str(&mark);
        current.text.push(' ');
    }

    /// Writes the address of a link beside a label that does not say it.
    pub(super) fn link(&mut self, href: Option<&str>, line: usize, offset: usize) {
        let Some(href) = href.filter(|_| !self.is_hidden()) else {
            return;
        };
        let label = match &self.current {
            Some(current) if self.lines.len() == line => current.text.get(offset..),
            Some(current) => Some(current.text.as_str()),
            None if self.lines.len() > line => self.lines.last().map(|line| line.text.as_str()),
            None => None,
        };
        let Some(address) = label.and_then(|label| link::address(label.trim(), href)) else {
            return;
        };
        let shown = format!(" <{address}>");
        if let Some(current) = self.current.as_mut() {
            current.text.truncate(current.text.trim_end().len());
        }
        match (self.current.as_mut(), self.lines.last_mut()) {
            (Some(current), _) => current.text.push_str(&shown),
            (None, Some(last)) => last.text.push_str(&shown),
            (None, None) => {}
        }
    }

    /// Shows a row whose cells are short on one line.
    pub(super) fn row(&mut self) {
        let Some((start, cells)) = self.rows.pop() else {
            return;
        };
        if table::join(&mut self.lines, start, &cells) {
            self.blank = false;
        }
    }
}
