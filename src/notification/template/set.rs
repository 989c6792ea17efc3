//! Templates that see each other: compiled strictly, tried with samples, rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use tera::{Context, Kwargs, State, Tera, Value};

use super::problem::{line_of, problem};
use super::source::{Layer, Source, embedded_layer, kind_of, split};
use super::{EMBEDDED, TemplateProblem, Wording};
use crate::desk::Kind;
use crate::notification::header::Line;
use crate::notification::words::Words;
use crate::notification::{layout, sample};

/// Blocks that a frame gives to the mails that extend it.
const BLOCKS: [&str; 3] = ["heading", "content", "foot"];

/// Templates that see each other.
#[derive(Debug)]
pub(super) struct Set {
    engine: Engine,
    /// Kinds that can be written, by language.
    pub(super) complete: BTreeSet<(String, Kind)>,
}

/// What renders.
#[derive(Debug)]
enum Engine {
    /// Files of an operator among those of the binary.
    Own(Box<Tera>),
    /// The files of the binary alone, by language: each is compiled when the first mail in it is written.
    Embedded(BTreeMap<String, OnceLock<Tera>>),
}

impl Set {
    /// Those of the binary: its tests have tried them, so that a start need not.
    pub(super) fn embedded() -> Self {
        let complete: BTreeSet<(String, Kind)> = EMBEDDED
            .iter()
            .filter_map(|(name, _)| kind_of(name))
            .collect();
        let languages = complete.iter().map(|(language, _)| language.clone());
        Self {
            engine: Engine::Embedded(languages.map(|name| (name, OnceLock::new())).collect()),
            complete,
        }
    }

    /// Those of a layer with files of an operator: compiled, and tried with samples.
    pub(super) fn compile(layer: &Layer, problems: &mut Vec<TemplateProblem>) -> Self {
        let mut tera = empty();
        let is_whole = add(&mut tera, layer, problems);
        let mut set = Self {
            engine: Engine::Own(Box::new(tera)),
            complete: BTreeSet::new(),
        };
        if is_whole {
            set.complete = set.check(layer, problems);
        }
        set
    }

    /// Whether this language need not be compiled any more.
    pub(super) fn is_compiled(&self, language: &str) -> bool {
        match &self.engine {
            Engine::Own(_) => true,
            Engine::Embedded(languages) => languages
                .get(language)
                .is_none_or(|tera| tera.get().is_some()),
        }
    }

    /// What renders this language.
    pub(super) fn tera(&self, language: &str) -> Result<&Tera, tera::Error> {
        match &self.engine {
            Engine::Own(tera) => Ok(tera),
            Engine::Embedded(languages) => languages
                .get(language)
                .map(|tera| tera.get_or_init(|| embedded_in(language)))
                .ok_or_else(|| tera::Error::message(format!("no templates in `{language}`"))),
        }
    }

    /// Renders everything once: a wrong variable is found at start, not in a mail. Returns the kinds
    /// that can be written, by language.
    fn check(
        &self,
        layer: &Layer,
        problems: &mut Vec<TemplateProblem>,
    ) -> BTreeSet<(String, Kind)> {
        let mut complete = BTreeSet::new();
        let known = sample::variables();
        for (name, source) in layer {
            let Ok(tera) = self.tera(name.split('/').next().unwrap_or_default()) else {
                continue;
            };
            for variable in tera.get_template_variables(name).unwrap_or_default() {
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
                complete.insert((language, kind));
            }
        }
        complete
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

    pub(super) fn write(&self, words: &Words) -> Result<Wording, tera::Error> {
        self.write_as(&format!("{}/{}", words.language, words.kind), words)
    }

    fn write_as(&self, stem: &str, words: &Words) -> Result<Wording, tera::Error> {
        let tera = self.tera(&words.language)?;
        let mut context = Context::from_serialize(words)?;
        let name = Line::new(&tera.render(&format!("{stem}.name"), &context)?);
        context.insert("name", name.as_str());
        let subject = Line::new(&tera.render(&format!("{stem}.subject"), &context)?);
        for (date, value) in [
            ("created_at", &words.created_at),
            ("close_at", &words.close_at),
            ("since", &words.since),
            ("until", &words.until),
        ] {
            context.insert(date, &value.as_deref().map(unbroken));
        }
        let html = tera.render(&format!("{stem}.html"), &context)?;
        for (date, value) in [
            ("created_at", &words.created_at),
            ("close_at", &words.close_at),
            ("since", &words.since),
            ("until", &words.until),
        ] {
            context.insert(date, value);
        }
        context.insert("text", &words.text.as_deref().map(layout::keep));
        let text = tera.render(&format!("{stem}.txt"), &context)?;
        Ok(Wording {
            subject,
            text: layout::lay_out(&text),
            html: html.trim_start().to_owned(),
        })
    }
}

fn empty() -> Tera {
    let mut tera = Tera::new();
    tera.autoescape_on([".html"]);
    tera.register_filter("lines", lines);
    tera
}

/// The files of the binary in this language; they name none of another.
fn embedded_in(language: &str) -> Tera {
    let mut layer = embedded_layer();
    layer.retain(|name, _| name.split('/').next() == Some(language));
    let mut tera = empty();
    let mut problems = Vec::new();
    let is_whole = add(&mut tera, &layer, &mut problems);
    debug_assert!(is_whole && problems.is_empty(), "{problems:?}");
    tera
}

/// Whether all of it compiles.
fn add(tera: &mut Tera, layer: &Layer, problems: &mut Vec<TemplateProblem>) -> bool {
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
    if tera.add_raw_templates(all).is_ok() {
        return true;
    }
    compile_one_by_one(tera, &pieces, layer, problems);
    false
}

/// Finds what of the pieces does not compile: first what is alone, then what needs others.
fn compile_one_by_one(
    tera: &mut Tera,
    pieces: &[(String, String)],
    layer: &Layer,
    problems: &mut Vec<TemplateProblem>,
) {
    let mut left: Vec<&(String, String)> = pieces.iter().collect();
    loop {
        let mut refused = Vec::new();
        let before = left.len();
        for piece in left {
            if let Err(error) = tera.add_raw_template(&piece.0, &piece.1) {
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

/// A date that is not broken inside « 14 h 05 »; the text part keeps plain blanks, `layout` knows.
fn unbroken(date: &str) -> String {
    date.replace(" h ", "\u{a0}h\u{a0}")
}

/// The filter `lines`: a text of several lines as HTML.
fn lines(text: &str, _: Kwargs, _: &State<'_>) -> Value {
    Value::safe_string(&layout::to_html(text))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_of_the_binary_pass_what_those_of_operators_must() {
        let mut problems = Vec::new();
        let tried = Set::compile(&embedded_layer(), &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(tried.complete, Set::embedded().complete);
    }
}
