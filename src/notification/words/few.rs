//! Long lists: the first entries, and how many more there are.

use super::{File, date, shown};
use crate::desk::Notice;

/// Files and lines that a mail lists; of more, the number is told.
const LISTED: usize = 50;

/// The files of a mail, and of the others how many there are.
pub fn few_files(mut files: Vec<File>, notice: &Notice, language: &str) -> Vec<File> {
    let Some(more) = files.len().checked_sub(LISTED).filter(|&more| more > 0) else {
        return files;
    };
    let sent = files.iter().skip(LISTED).all(|file| file.sent);
    let left = shown(notice).skip(LISTED);
    let bytes = left.map(|file| file.attachment.size).sum();
    files.truncate(LISTED);
    files.push(File {
        name: match language {
            "fr" => format!("… et {more} de plus"),
            _ => format!("… and {more} more"),
        },
        size: date::size(bytes, language),
        sent,
    });
    files
}

/// The lines of a mail, and of the others how many there are.
pub fn few_lines(mut lines: Vec<String>, language: &str) -> Vec<String> {
    if let Some(more) = lines.len().checked_sub(LISTED).filter(|&more| more > 0) {
        lines.truncate(LISTED);
        lines.push(match language {
            "fr" => format!("… et {more} de plus"),
            _ => format!("… and {more} more"),
        });
    }
    lines
}
