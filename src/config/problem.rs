//! What is wrong with a configuration, and where: gathered, never one at a time.

use std::path::PathBuf;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The file as a whole: something is missing from it.
    File,
    /// A line of the file, from 1.
    Line(usize),
    /// An environment variable.
    Variable(String),
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub origin: Origin,
    /// The key, as `accounts[0].team`; empty when there is none.
    pub path: String,
    /// What is wrong, and the remedy where there is one.
    pub message: String,
}

/// All the mistakes of a configuration, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file.
    pub file: PathBuf,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl Problems {
    /// The lines, `config.toml:12: accounts[0].team: no team "dsj" (did you mean "dsi"?)`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.problems.iter().map(|problem| {
            let place = match &problem.origin {
                Origin::File => self.file.display().to_string(),
                Origin::Line(line) => format!("{}:{line}", self.file.display()),
                Origin::Variable(name) => format!("variable {name}"),
            };
            if problem.path.is_empty() {
                format!("{place}: {}", problem.message)
            } else {
                format!("{place}: {}: {}", problem.path, problem.message)
            }
        })
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, line) in self.lines().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&line)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// ` (did you mean "dsi"?)`, or nothing when no word is near.
pub fn did_you_mean<'a>(written: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(written, word), word))
        // A third of the word may be wrong, so that "dsj" finds "dsi" and "foo" finds nothing.
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min()
        .map(|(_, word)| format!(" (did you mean \"{word}\"?)"))
        .unwrap_or_default()
}
