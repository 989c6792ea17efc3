//! Canned answers (row G9): `canned/<lang>/<name>.txt` of the binary, under those of the folders of
//! `template_dirs`; the later wins. Plain text with a few variables in double braces, under a line
//! `Title:` that says what the desk's page calls it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::reading::Reading;
use crate::desk::policy::Canned;
use crate::mail::text::fold_accents;

/// Language, name and text of those of the binary.
const EMBEDDED: &[(&str, &str, &str)] = &[
    (
        "en",
        "password",
        include_str!("../../mail-templates/canned/en/password.txt"),
    ),
    (
        "en",
        "vpn",
        include_str!("../../mail-templates/canned/en/vpn.txt"),
    ),
    (
        "fr",
        "mot-de-passe",
        include_str!("../../mail-templates/canned/fr/mot-de-passe.txt"),
    ),
    (
        "fr",
        "vpn",
        include_str!("../../mail-templates/canned/fr/vpn.txt"),
    ),
];

/// Reads them all, in order of language and name.
pub fn load(reading: &mut Reading, folders: &[PathBuf]) -> Vec<Canned> {
    let mut texts: BTreeMap<(String, String), String> = EMBEDDED
        .iter()
        .map(|(language, name, text)| {
            let key = ((*language).to_owned(), (*name).to_owned());
            (key, (*text).to_owned())
        })
        .collect();
    for folder in folders {
        for (language, path) in entries(&folder.join("canned")) {
            for (file, path) in entries(&path) {
                let Some(name) = file.strip_suffix(".txt") else {
                    continue;
                };
                match std::fs::read_to_string(&path) {
                    Ok(text) => {
                        check(reading, &path, &text);
                        let name = fold_accents(name).to_lowercase();
                        texts.insert((language.clone(), name), text);
                    }
                    Err(error) => {
                        let message = format!("{} cannot be read: {error}", path.display());
                        reading.wrong("template_dirs", message);
                    }
                }
            }
        }
    }
    texts
        .into_iter()
        .map(|((language, name), file)| {
            let (title, text) = parts(&name, &file);
            Canned {
                language,
                name,
                title,
                text,
            }
        })
        .collect()
}

/// Its title and its text; the title of one that has none is made of its name.
fn parts(name: &str, file: &str) -> (String, String) {
    let (first, rest) = file.split_once('\n').unwrap_or((file, ""));
    match first.strip_prefix("Title:").map(str::trim) {
        Some(title) if !title.is_empty() => (title.to_owned(), rest.trim_start().to_owned()),
        _ => {
            let words = name.replace(['-', '_'], " ");
            let mut letters = words.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            (first.chain(letters.clone()).collect(), file.to_owned())
        }
    }
}

fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut entries: Vec<(String, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .filter(|(name, _)| !name.starts_with('.'))
        .collect();
    entries.sort();
    entries
}

/// A variable that nobody fills in would be sent to a requester as a gap.
fn check(reading: &mut Reading, path: &Path, text: &str) {
    for (number, line) in text.lines().enumerate() {
        for piece in line.split("{{").skip(1) {
            let name = piece.split_once("}}").map(|(name, _)| name.trim());
            if !name.is_some_and(|name| Canned::VARIABLES.contains(&name)) {
                let message = format!(
                    "{}, line {}: `{{{{{}` is not filled in; {} are",
                    path.display(),
                    number + 1,
                    piece.split("}}").next().unwrap_or_default(),
                    Canned::VARIABLES
                        .map(|name| format!("{{{{ {name} }}}}"))
                        .join(", ")
                );
                reading.wrong("template_dirs", message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_binary_are_those_of_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mail-templates/canned");
        let mut found = Vec::new();
        for (language, path) in entries(&folder) {
            for (file, _) in entries(&path) {
                let name = file.strip_suffix(".txt").expect("a text");
                found.push((language.clone(), name.to_owned()));
            }
        }
        let known: Vec<(String, String)> = EMBEDDED
            .iter()
            .map(|(language, name, _)| ((*language).to_owned(), (*name).to_owned()))
            .collect();
        assert_eq!(found, known);
    }

    #[test]
    fn a_canned_answer_has_a_title() {
        let with = parts("vpn", "Title: Connexion par VPN\n\nBonjour,\n");
        assert_eq!(
            with,
            ("Connexion par VPN".to_owned(), "Bonjour,\n".to_owned())
        );
        let without = parts("mot-de-passe", "Bonjour,\n");
        assert_eq!(without.0, "Mot de passe");
        assert_eq!(without.1, "Bonjour,\n", "nothing of it is lost");
    }

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        let canned = Canned {
            language: "fr".to_owned(),
            name: "x".to_owned(),
            title: "X".to_owned(),
            text: "Bonjour {{ requester }}, [{{reference}}] {{ technician }} {{".to_owned(),
        };
        assert_eq!(
            canned.fill("{{ technician }}", "DSI-1", "Camille"),
            "Bonjour {{ technician }}, [DSI-1] Camille {{"
        );
        assert_eq!(canned.fill("", "DSI-1", "C"), "Bonjour, [DSI-1] C {{");
    }
}
