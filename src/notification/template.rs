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

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tera::{Context, ErrorKind, Kwargs, State, Tera, Value};

use super::header::Line;
use super::layout;
use super::sample;
use super::words::Words;
use crate::desk::Kind;

mod embedded;

pub use embedded::EMBEDDED;

/// Languages to fall back on, after the one wanted and the default of the instance.
const FALLBACK: [&str; 2] = ["fr", "en"];

/// Blocks that a frame gives to the mails that extend it.
const BLOCKS: [&str; 3] = ["heading", "content", "foot"];

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

/// One file before it is compiled.
#[derive(Clone, Debug)]
struct Source {
    file: PathBuf,
    text: String,
}

/// `<lang>/<file>` → its source.
type Layer = BTreeMap<String, Source>;

impl Templates {
    /// The templates of the binary.
    pub fn embedded() -> Self {
        Self {
            common: Set::compile(&embedded_layer(), &mut Vec::new()),
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
        let mut common = embedded_layer();
        for folder in folders {
            common.extend(read_layer(folder, &mut problems));
        }
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
            common: Set::compile(&common, &mut problems),
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

/// Templates that see each other.
#[derive(Debug)]
struct Set {
    tera: Tera,
    complete: BTreeSet<(String, Kind)>,
}

impl Set {
    fn compile(layer: &Layer, problems: &mut Vec<TemplateProblem>) -> Self {
        let mut tera = Tera::new();
        tera.autoescape_on([".html"]);
        tera.register_filter("lines", lines);
        let mut set = Self {
            tera,
            complete: BTreeSet::new(),
        };
        let mut pieces: Vec<(String, String)> = Vec::new();
        for (name, source) in layer {
            match kind_of(name) {
                Some(_) if name.ends_with(".txt") => match split(source) {
                    Ok(split) => {
                        let stem = name.trim_end_matches(".txt");
                        pieces.push((format!("{stem}.subject"), split.subject));
                        pieces.push((format!("{stem}.name"), split.name));
                        pieces.push((name.clone(), split.body));
                    }
                    Err(problem) => problems.push(problem),
                },
                _ if name.ends_with("/base.html") => {
                    pieces.push((name.clone(), frame(name, source, problems)));
                }
                _ => pieces.push((name.clone(), source.text.clone())),
            }
        }
        let all = pieces
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        if set.tera.add_raw_templates(all).is_err() {
            set.compile_one_by_one(&pieces, layer, problems);
            return set;
        }
        set.check(layer, problems);
        set
    }

    /// Finds what of the pieces does not compile: first what is alone, then what needs others.
    fn compile_one_by_one(
        &mut self,
        pieces: &[(String, String)],
        layer: &Layer,
        problems: &mut Vec<TemplateProblem>,
    ) {
        let mut left: Vec<&(String, String)> = pieces.iter().collect();
        loop {
            let mut refused = Vec::new();
            let before = left.len();
            for piece in left {
                if let Err(error) = self.tera.add_raw_template(&piece.0, &piece.1) {
                    refused.push((piece, error));
                }
            }
            if refused.is_empty() {
                return;
            }
            if refused.len() == before {
                for (piece, error) in refused {
                    problems.push(problem(layer, &piece.0, &error));
                }
                return;
            }
            left = refused.into_iter().map(|(piece, _)| piece).collect();
        }
    }

    /// Renders everything once: a wrong variable is found at start, not in a mail.
    fn check(&mut self, layer: &Layer, problems: &mut Vec<TemplateProblem>) {
        let known = sample::variables();
        for (name, source) in layer {
            for variable in self.tera.get_template_variables(name).unwrap_or_default() {
                if !known.contains(variable) {
                    let line = line_of(&source.text, variable);
                    // Included and extended files are named when it is their turn.
                    if let Some(line) = line {
                        problems.push(TemplateProblem {
                            file: source.file.clone(),
                            line,
                            message: format!("unknown variable `{variable}`"),
                        });
                    }
                }
            }
            let Some((language, kind)) = kind_of(name) else {
                continue;
            };
            let stem = format!("{language}/{}", kind.as_str());
            let other = if name.ends_with(".txt") {
                "html"
            } else {
                "txt"
            };
            if !layer.contains_key(&format!("{stem}.{other}")) {
                problems.push(TemplateProblem {
                    file: source.file.clone(),
                    line: 1,
                    message: format!("there is no {}.{other} beside it", kind.as_str()),
                });
                continue;
            }
            if name.ends_with(".html") {
                continue;
            }
            let before = problems.len();
            for words in sample::all(&language, kind) {
                self.check_sample(layer, &stem, &words, problems);
            }
            if problems.len() == before {
                self.complete.insert((language, kind));
            }
        }
    }

    fn check_sample(
        &self,
        layer: &Layer,
        stem: &str,
        words: &Words,
        problems: &mut Vec<TemplateProblem>,
    ) {
        match self.write_as(stem, words) {
            Err(error) => problems.push(problem(layer, &format!("{stem}.txt"), &error)),
            Ok(wording) => {
                for (ending, body) in [("txt", &wording.text), ("html", &wording.html)] {
                    let needed = [("marker", &words.marker), ("reply_line", &words.reply_line)];
                    for (variable, value) in needed {
                        let missing = value.as_ref().is_some_and(|value| !body.contains(value));
                        if let Some(source) = layer.get(&format!("{stem}.{ending}"))
                            && missing
                        {
                            problems.push(TemplateProblem {
                                file: source.file.clone(),
                                line: 1,
                                message: format!(
                                    "it does not print {{{{ {variable} }}}}, which replies need"
                                ),
                            });
                        }
                    }
                }
            }
        }
    }

    fn write(&self, words: &Words) -> Result<Wording, tera::Error> {
        self.write_as(&format!("{}/{}", words.language, words.kind), words)
    }

    fn write_as(&self, stem: &str, words: &Words) -> Result<Wording, tera::Error> {
        let mut context = Context::from_serialize(words)?;
        let name = Line::new(&self.tera.render(&format!("{stem}.name"), &context)?);
        context.insert("name", name.as_str());
        let subject = Line::new(&self.tera.render(&format!("{stem}.subject"), &context)?);
        let html = self.tera.render(&format!("{stem}.html"), &context)?;
        context.insert("text", &words.text.as_deref().map(layout::keep));
        let text = self.tera.render(&format!("{stem}.txt"), &context)?;
        Ok(Wording {
            subject,
            text: layout::lay_out(&text),
            html: html.trim_start().to_owned(),
        })
    }
}

/// The filter `lines`: a text of several lines as HTML.
fn lines(text: &str, _: Kwargs, _: &State<'_>) -> Value {
    Value::safe_string(&layout::to_html(text))
}

/// `fr/taken.txt` → `fr`, taken; `None` for frames and parts.
fn kind_of(name: &str) -> Option<(String, Kind)> {
    let (language, file) = name.split_once('/')?;
    let (stem, _) = file.rsplit_once('.')?;
    Some((language.to_owned(), Kind::parse(stem)?))
}

struct Split {
    subject: String,
    name: String,
    body: String,
}

/// Separates the headers from the body. Each piece keeps its line numbers.
fn split(source: &Source) -> Result<Split, TemplateProblem> {
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

/// Where tera's error is. The pieces of one `.txt` are one file.
fn problem(layer: &Layer, piece: &str, error: &tera::Error) -> TemplateProblem {
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

/// The text of a frame. One that lacks a block is told once and replaced by the embedded one, so
/// that not every mail that extends it is told as well.
fn frame(name: &str, source: &Source, problems: &mut Vec<TemplateProblem>) -> String {
    let missing: Vec<&str> = BLOCKS
        .into_iter()
        .filter(|block| !has_block(&source.text, block))
        .collect();
    if missing.is_empty() {
        return source.text.clone();
    }
    problems.push(TemplateProblem {
        file: source.file.clone(),
        line: 1,
        message: format!("it does not define the blocks {}", missing.join(", ")),
    });
    let embedded = |wanted: &str| EMBEDDED.iter().find(|(name, _)| *name == wanted);
    embedded(name)
        .or_else(|| embedded("en/base.html"))
        .map_or_else(String::new, |(_, text)| (*text).to_owned())
}

fn has_block(text: &str, block: &str) -> bool {
    text.split("{%").any(|tag| {
        let tag = tag.trim_start_matches('-').trim_start();
        let name = tag.strip_prefix("block").unwrap_or_default().trim_start();
        name.strip_prefix(block)
            .is_some_and(|rest| rest.starts_with([' ', '-', '%']))
    })
}

/// The first line with this word in it.
fn line_of(text: &str, word: &str) -> Option<usize> {
    text.lines()
        .position(|line| {
            line.split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|found| found == word)
        })
        .map(|index| index + 1)
}

fn embedded_layer() -> Layer {
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

fn read_layer(folder: &Path, problems: &mut Vec<TemplateProblem>) -> Layer {
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

fn subfolders(folder: &Path, problems: &mut Vec<TemplateProblem>) -> Vec<(String, PathBuf)> {
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
