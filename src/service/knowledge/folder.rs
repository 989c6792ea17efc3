//! The folder of the articles on the disk. Nothing outside it is ever read, whatever its links say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::knowledge::Problem;

/// An article, or a file that belongs to one, in bytes.
const LARGEST_ARTICLE: u64 = 512 << 10;
const LARGEST_FILE: u64 = 20 << 20;

/// Files of a folder, and folders one in another: more is a mistake (a whole disk).
const MOST_FILES: usize = 50_000;
const DEEPEST: usize = 12;

/// The files below `root`, by their path there with `/`, with size and time. Hidden files, and those
/// whose name begins with `_`, are left alone.
pub fn walk(
    root: &Path,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, (u64, Option<SystemTime>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(String::new(), 0_usize)];
    while let Some((folder, depth)) = folders.pop() {
        let mut wrong = |file: &str, message: String| {
            problems.push(Problem {
                file: file.to_owned(),
                line: None,
                message,
            });
        };
        let entries = match std::fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) => {
                wrong(&folder, format!("the folder cannot be read: {error}"));
                continue;
            }
        };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                wrong(
                    &entry.file_name().to_string_lossy(),
                    "its name is not UTF-8: rename it".to_owned(),
                );
                continue;
            };
            if name.starts_with(['.', '_']) {
                continue;
            }
            let path = match folder.as_str() {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                if depth < DEEPEST {
                    folders.push((path, depth + 1));
                } else {
                    wrong(&path, format!("more than {DEEPEST} folders one in another"));
                }
                continue;
            }
            if found.len() >= MOST_FILES {
                wrong(
                    &path,
                    format!("more than {MOST_FILES} files: is this the right folder?"),
                );
                return found;
            }
            match resolved(root, &path).and_then(|real| {
                let metadata = std::fs::metadata(&real).map_err(|error| error.to_string())?;
                if metadata.is_file() {
                    Ok((metadata.len(), metadata.modified().ok()))
                } else {
                    Err("a link to a folder is not followed: move the folder here".to_owned())
                }
            }) {
                Ok(stamp) => {
                    found.insert(path, stamp);
                }
                Err(message) => wrong(&path, message),
            }
        }
    }
    found
}

/// Where a file of the folder really is.
///
/// # Errors
/// When it is not there, or a link leads out of the folder.
fn resolved(root: &Path, path: &str) -> Result<PathBuf, String> {
    let inside = root.canonicalize().map_err(|error| error.to_string())?;
    let real = inside
        .join(path)
        .canonicalize()
        .map_err(|error| error.to_string())?;
    if real.starts_with(&inside) {
        Ok(real)
    } else {
        Err("a link leads out of the folder: put the file itself there".to_owned())
    }
}

/// The text of an article.
pub fn text(root: &Path, path: &str) -> Result<String, String> {
    let bytes = limited(root, path, LARGEST_ARTICLE)?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8: save it as UTF-8".to_owned())
}

/// The size of a file, when it is inside.
pub fn size(root: &Path, path: &str) -> Option<u64> {
    Some(std::fs::metadata(resolved(root, path).ok()?).ok()?.len())
}

/// The bytes of a file.
pub fn bytes(root: &Path, path: &str) -> Result<Vec<u8>, String> {
    limited(root, path, LARGEST_FILE)
}

fn limited(root: &Path, path: &str, largest: u64) -> Result<Vec<u8>, String> {
    let real = resolved(root, path)?;
    let size = std::fs::metadata(&real)
        .map_err(|error| error.to_string())?
        .len();
    if size > largest {
        return Err(format!("{size} bytes, the largest allowed is {largest}"));
    }
    std::fs::read(&real).map_err(|error| error.to_string())
}
