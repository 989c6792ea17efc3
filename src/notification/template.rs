//! The words of the notifications: files of `mail-templates/`, embedded, overridable.
//!
//! `<lang>/<kind>.txt` holds the headers we choose (`Subject:`, and `Name:` for the name of the
//! mail, shown as its heading), a blank line, and the text body; `<lang>/<kind>.html` stands beside
//! it and extends `<lang>/base.html`. Files whose name starts with `_` are parts to include.
//! Layers, the later wins: the embedded files, the folders given to [`Templates::load`] in order,
//! and for one team `teams/<team>/` in each of those folders.
//!
//! A template is code of the operator; what a mail says reaches it as a variable only, so that
//! `{{ config }}` in a subject is printed as it stands (RELIABILITY T11).

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::header::Line;
use super::words::Words;
use crate::desk::Kind;

mod embedded;
mod problem;
mod set;
mod source;

pub use embedded::EMBEDDED;
pub use problem::TemplateProblem;

use set::Set;
use source::{Layer, embedded_layer, read_layer, subfolders};

/// Languages to fall back on, after the one wanted and the default of the instance.
const FALLBACK: [&str; 2] = ["fr", "en"];

/// Compiled templates, of the instance and of each team that has its own.
#[derive(Debug)]
pub struct Templates {
    common: Set,
    teams: BTreeMap<String, Set>,
}

impl Default for Templates {
    fn default() -> Self {
        Self::embedded()
    }
}

/// A mail in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// Its subject in the style "titled".
    pub subject: Line,
    /// Its text, wrapped.
    pub text: String,
    /// Its HTML.
    pub html: String,
}

impl Templates {
    /// The templates of the binary.
    pub fn embedded() -> Self {
        Self {
            common: Set::embedded(),
            teams: BTreeMap::new(),
        }
    }

    /// The templates of the binary under those of `folders`; a folder that does not exist is
    /// empty. The only place of this module that reads files: at start and on reload.
    ///
    /// # Errors
    /// Everything that is wrong, in order of files and lines: a file that cannot be read, a name
    /// that is no kind, a header that is missing, what does not compile, and what does not render
    /// with sample data.
    pub fn load(folders: &[PathBuf]) -> Result<Self, Vec<TemplateProblem>> {
        let mut problems = Vec::new();
        let mut own = Layer::new();
        for folder in folders {
            own.extend(read_layer(folder, &mut problems));
        }
        let is_embedded = own.is_empty();
        let mut common = embedded_layer();
        common.extend(own);
        let mut teams: BTreeMap<String, Layer> = BTreeMap::new();
        for folder in folders {
            for (team, path) in subfolders(&folder.join("teams"), &mut problems) {
                teams
                    .entry(team)
                    .or_insert_with(|| common.clone())
                    .extend(read_layer(&path, &mut problems));
            }
        }
        let templates = Self {
            common: match is_embedded {
                true => Set::embedded(),
                false => Set::compile(&common, &mut problems),
            },
            teams: teams
                .into_iter()
                .map(|(team, layer)| (team, Set::compile(&layer, &mut problems)))
                .collect(),
        };
        problems.sort();
        problems.dedup();
        if problems.is_empty() {
            Ok(templates)
        } else {
            Err(problems)
        }
    }

    /// Compiles what mails in this language need, unless it is compiled already: the first mail takes
    /// longer otherwise.
    pub fn get_ready(&self, language: &str) {
        // A language without templates is told by whoever writes in it.
        let _ = self.common.tera(language);
    }

    /// Whether they are.
    pub fn is_ready(&self, language: &str) -> bool {
        self.common.is_compiled(language)
    }

    /// Teams that have templates of their own, by id: `check` compares them with those configured.
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        self.teams.keys().map(String::as_str)
    }

    /// The language that a mail of this kind is written in: the one wanted (`fr-CA` finds `fr`),
    /// else the default, else French, else English.
    pub fn language(&self, team: Option<&str>, kind: Kind, wanted: &str, default: &str) -> String {
        let set = self.set(team);
        [wanted, default]
            .into_iter()
            .chain(FALLBACK)
            .flat_map(|language| {
                [
                    language,
                    language.split(['-', '_']).next().unwrap_or(language),
                ]
            })
            .find(|language| set.complete.contains(&(language.to_lowercase(), kind)))
            .unwrap_or(FALLBACK[0])
            .to_lowercase()
    }

    /// Writes a mail.
    ///
    /// # Errors
    /// What tera says; the caller has other words.
    pub fn write(&self, team: Option<&str>, words: &Words) -> Result<Wording, tera::Error> {
        self.set(team).write(words)
    }

    fn set(&self, team: Option<&str>) -> &Set {
        team.and_then(|team| self.teams.get(team))
            .unwrap_or(&self.common)
    }
}
