//! What can be wrong with a template, and where.

use std::path::PathBuf;

use tera::ErrorKind;

use super::source::Layer;

/// Something wrong with a template, for `check`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateProblem {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, in a sentence.
    pub message: String,
}

impl std::fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

/// Where tera's error is. The pieces of one `.txt` are one file.
pub(super) fn problem(layer: &Layer, piece: &str, error: &tera::Error) -> TemplateProblem {
    let (piece, line, message) = match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let file = Some(report.filename()).filter(|name| !name.is_empty());
            (
                file.unwrap_or(piece),
                Some(report.span().start_line),
                report.message().to_owned(),
            )
        }
        // Some errors of inheritance come as a finished report: ` --> fr/taken.html:2:10`.
        _ => {
            let message = error.to_string();
            let line = message
                .split_once(&format!("--> {piece}:"))
                .and_then(|(_, rest)| rest.split(':').next()?.parse().ok());
            let message = message.lines().next().unwrap_or_default().to_owned();
            (piece, line, message)
        }
    };
    let name = match piece.rsplit_once('.') {
        Some((stem, "subject" | "name")) => format!("{stem}.txt"),
        _ => piece.to_owned(),
    };
    let source = layer.get(&name);
    let line = line.or_else(|| {
        let text = &source?.text;
        line_of(text, "extends").or_else(|| line_of(text, "include"))
    });
    TemplateProblem {
        file: source.map_or_else(|| PathBuf::from(&name), |source| source.file.clone()),
        line: line.unwrap_or(1).max(1),
        message,
    }
}

/// The first line with this word in it.
pub(super) fn line_of(text: &str, word: &str) -> Option<usize> {
    text.lines()
        .position(|line| {
            line.split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|found| found == word)
        })
        .map(|index| index + 1)
}
