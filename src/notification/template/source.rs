//! The files that templates are compiled from: read, named, taken apart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{EMBEDDED, TemplateProblem};
use crate::desk::Kind;

/// One file before it is compiled.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) file: PathBuf,
    pub(super) text: String,
}

/// `<lang>/<file>` → its source.
pub(super) type Layer = BTreeMap<String, Source>;

/// `fr/taken.txt` → `fr`, taken; `None` for frames and parts.
pub(super) fn kind_of(name: &str) -> Option<(String, Kind)> {
    let (language, file) = name.split_once('/')?;
    let (stem, _) = file.rsplit_once('.')?;
    Some((language.to_owned(), Kind::parse(stem)?))
}

/// The pieces of one `.txt`.
pub(super) struct Split {
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) body: String,
}

/// Separates the headers from the body. Each piece keeps its line numbers.
pub(super) fn split(source: &Source) -> Result<Split, TemplateProblem> {
    let problem = |line: usize, message: String| TemplateProblem {
        file: source.file.clone(),
        line,
        message,
    };
    let (mut subject, mut name, mut body) = (None, None, None);
    let mut offset = 0;
    for (index, line) in source.text.split_inclusive('\n').enumerate() {
        offset += line.len();
        let above = "\n".repeat(index);
        let line = line.trim_end();
        if line.is_empty() {
            let rest = source.text.get(offset..).unwrap_or_default();
            body = Some(format!("{above}\n{rest}"));
            break;
        }
        let (header, value) = line.split_once(':').unwrap_or((line, ""));
        let value = format!("{above}{}", value.trim_start());
        match header {
            "Subject" => subject = Some(value),
            "Name" => name = Some(value),
            _ => {
                let message = format!("`{header}` is not a header here: Subject and Name are");
                return Err(problem(index + 1, message));
            }
        }
    }
    let subject = subject.ok_or_else(|| problem(1, "there is no `Subject:` line".to_owned()))?;
    let body =
        body.ok_or_else(|| problem(1, "there is no blank line after the headers".to_owned()))?;
    Ok(Split {
        name: name.unwrap_or_default(),
        subject,
        body,
    })
}

/// The files of the binary.
pub(super) fn embedded_layer() -> Layer {
    EMBEDDED
        .iter()
        .map(|(name, text)| {
            let source = Source {
                file: Path::new("mail-templates").join(name),
                text: (*text).to_owned(),
            };
            ((*name).to_owned(), source)
        })
        .collect()
}

/// The files of `<folder>/<lang>/`.
pub(super) fn read_layer(folder: &Path, problems: &mut Vec<TemplateProblem>) -> Layer {
    let mut layer = Layer::new();
    for (language, path) in subfolders(folder, problems) {
        if language == "teams" {
            continue;
        }
        for (file, is_folder) in entries(&path, problems) {
            let path = path.join(&file);
            let (stem, ending) = file.rsplit_once('.').unwrap_or((&file, ""));
            if is_folder || !matches!(ending, "txt" | "html") {
                continue;
            }
            if Kind::parse(stem).is_none() && stem != "base" && !stem.starts_with('_') {
                problems.push(TemplateProblem {
                    file: path,
                    line: 1,
                    message: format!(
                        "`{stem}` is no kind of notification; a part to include starts with `_`"
                    ),
                });
                continue;
            }
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    layer.insert(format!("{language}/{file}"), Source { file: path, text });
                }
                Err(error) => problems.push(unreadable(&path, &error)),
            }
        }
    }
    layer
}

/// The folders in a folder, by name.
pub(super) fn subfolders(
    folder: &Path,
    problems: &mut Vec<TemplateProblem>,
) -> Vec<(String, PathBuf)> {
    entries(folder, problems)
        .into_iter()
        .filter(|(name, is_folder)| *is_folder && !name.starts_with('.'))
        .map(|(name, _)| (name.clone(), folder.join(name)))
        .collect()
}

/// Names in a folder, in order, and whether they are folders; nothing when it does not exist.
fn entries(folder: &Path, problems: &mut Vec<TemplateProblem>) -> Vec<(String, bool)> {
    let read = match std::fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(unreadable(folder, &error));
            return Vec::new();
        }
    };
    let mut names: Vec<(String, bool)> = read
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some((name, entry.path().is_dir()))
        })
        .collect();
    names.sort();
    names
}

fn unreadable(path: &Path, error: &std::io::Error) -> TemplateProblem {
    TemplateProblem {
        file: path.to_owned(),
        line: 1,
        message: format!("it cannot be read: {error}"),
    }
}
