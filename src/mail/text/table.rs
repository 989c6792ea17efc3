//! Shows a row of a table on one line when its cells are short, as a person would copy it.

use super::line::{History, Line, Nature};

/// Characters of a row that is shown on one line.
const ROW: usize = 400;

/// Joins the lines from `start` on, of a row whose cells begin at the lines `cells`. Whether it did:
/// a cell of several lines is left alone, for it is a column of a page.
pub(super) fn join(lines: &mut Vec<Line>, start: usize, cells: &[usize]) -> bool {
    let end = lines.len();
    if cells.len() < 2 {
        return false;
    }
    let mut texts = Vec::new();
    let mut model: Option<Line> = None;
    let mut length = 0;
    for (index, from) in cells.iter().enumerate() {
        let to = cells.get(index + 1).copied().unwrap_or(end);
        let mut shown = lines
            .get(*from..to)
            .unwrap_or_default()
            .iter()
            .filter(|line| !line.is_blank());
        let first = shown.next();
        if shown.next().is_some() {
            return false;
        }
        if let Some(line) = first {
            length += line.text.len();
            if length > ROW || line.nature == Nature::Attribution {
                return false;
            }
            match &model {
                Some(model) if model.quote != line.quote || line.history != History::No => {
                    return false;
                }
                Some(_) => {}
                None => model = Some(line.clone()),
            }
        }
        texts.push(first.map_or("", |line| line.text.trim()));
    }
    let Some(model) = model else {
        return false;
    };
    while texts.last() == Some(&"") {
        texts.pop();
    }
    let filled = texts.iter().filter(|text| !text.is_empty()).count();
    let text = if filled < 2 {
        texts.concat()
    } else {
        texts.join(" | ")
    };
    lines.truncate(start);
    lines.push(Line::new(text, model.quote, model.nature, model.history));
    true
}
