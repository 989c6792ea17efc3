//! From text and variables to `Config`. Every key is judged on its own against [`KEYS`], with its
//! line; what is wrong is reported and left out, so that the rest can still be judged. The
//! `config` crate then lays the variables over the file.

use std::collections::{BTreeMap, BTreeSet};

use config::{ConfigError, Map, Source, Value, ValueKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Plain, Shape, has_under, names_under};
use super::problem::{Origin, Problem, did_you_mean};
use super::written::Config;

/// What the variables of the desk begin with.
pub const VARIABLE_PREFIX: &str = "GUICHET_";

/// Variables that are not keys: the command line reads them.
const OTHER_VARIABLES: &[&str] = &["GUICHET_CONFIG", "GUICHET_LOG"];

/// A configuration as written, where each of its keys stands, and what was wrong so far.
#[derive(Debug, Default)]
pub struct Reading {
    /// What was good.
    pub config: Config,
    /// What was not.
    pub problems: Vec<Problem>,
    /// What works and should not stay so.
    pub warnings: Vec<String>,
    origins: BTreeMap<String, Origin>,
    /// Keys that were there and were left out.
    refused: BTreeSet<String>,
}

impl Reading {
    /// Reads the text of a file and the variables laid over it.
    pub fn of(text: &str, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut reading = Self::default();
        let lines = Lines::of(text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let origin = error
                .span()
                .map_or(Origin::File, |span| lines.origin(span.start));
            reading.report(origin, "", error.message().to_owned());
        }
        let file = reading.table(&lines, "", "", document.get_ref());
        let mut builder = config::Config::builder().add_source(Tree(file));
        for (name, value) in variables {
            let Some((path, value)) = reading.variable(&name, &value) else {
                continue;
            };
            builder = match builder.set_override(&path, value) {
                Ok(builder) => builder,
                Err(error) => {
                    reading.report(Origin::Variable(name), &path, error.to_string());
                    return reading;
                }
            };
        }
        match builder.build().and_then(config::Config::try_deserialize) {
            Ok(config) => reading.config = config,
            // The keys were judged one by one: this is a key that the list and `Config` differ on.
            Err(error) => reading.report(Origin::File, "", error.to_string()),
        }
        reading
    }

    /// Records a mistake about a key, where the key stands, else where its table stands.
    pub fn wrong(&mut self, path: &str, message: impl Into<String>) {
        let origin = self.origin(path);
        self.report(origin, path, message.into());
    }

    /// Records that a needed key is missing, unless it is there and was refused already.
    pub fn missing(&mut self, path: &str, message: &str) {
        let part_of = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        if !self
            .refused
            .iter()
            .any(|refused| part_of(refused, path) || part_of(path, refused))
        {
            self.wrong(path, message);
        }
    }

    /// Records a mistake about a key that is left out.
    fn refuse(&mut self, path: &str, message: String) {
        self.wrong(path, message);
        self.refused.insert(path.to_owned());
    }

    fn origin(&self, path: &str) -> Origin {
        let mut path = path;
        loop {
            if let Some(origin) = self.origins.get(path) {
                return origin.clone();
            }
            match path.rfind(['.', '[']) {
                Some(at) => path = &path[..at],
                None => return Origin::File,
            }
        }
    }

    fn report(&mut self, origin: Origin, path: &str, message: String) {
        self.problems.push(Problem {
            origin,
            path: path.to_owned(),
            message,
        });
    }

    fn table(
        &mut self,
        lines: &Lines,
        pattern: &str,
        path: &str,
        table: &DeTable<'_>,
    ) -> Map<String, Value> {
        let mut out = Map::new();
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            let child_pattern = join(pattern, name);
            let child_path = join(path, name);
            let origin = lines.origin(key.span().start);
            let known = Shape::of(&child_pattern).is_some()
                || has_under(&child_pattern, ".")
                || has_under(&child_pattern, "[].");
            if !known {
                let hint = did_you_mean(name, names_under(pattern));
                self.report(origin, &child_path, format!("unknown key{hint}"));
                continue;
            }
            self.origins.insert(child_path.clone(), origin);
            if let Some(value) = self.value(lines, &child_pattern, &child_path, value) {
                out.insert(name.to_owned(), value);
            }
        }
        out
    }

    fn value(
        &mut self,
        lines: &Lines,
        pattern: &str,
        path: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Value> {
        match value.get_ref() {
            DeValue::Table(table) if has_under(pattern, ".") => {
                let table = self.table(lines, pattern, path, table);
                Some(Value::new(None, ValueKind::Table(table)))
            }
            DeValue::Array(entries) if has_under(pattern, "[].") => {
                let mut list = Vec::new();
                for (index, entry) in entries.iter().enumerate() {
                    let entry_path = format!("{path}[{index}]");
                    let origin = lines.origin(entry.span().start);
                    self.origins.insert(entry_path.clone(), origin);
                    let DeValue::Table(table) = entry.get_ref() else {
                        self.refuse(&entry_path, "a table is expected".to_owned());
                        list.push(Value::new(None, ValueKind::Table(Map::new())));
                        continue;
                    };
                    let table = self.table(lines, &format!("{pattern}[]"), &entry_path, table);
                    list.push(Value::new(None, ValueKind::Table(table)));
                }
                Some(Value::new(None, ValueKind::Array(list)))
            }
            other => {
                let Some(shape) = Shape::of(pattern) else {
                    let expected = if has_under(pattern, "[].") {
                        format!("a list of tables is expected, as in [[{path}]]")
                    } else {
                        format!("a table is expected, as in [{path}]")
                    };
                    self.refuse(path, format!("{expected}, not {}", found(other)));
                    return None;
                };
                let Some(plain) = plain(other) else {
                    let expected = shape.check(&Plain::Number(-1)).err().unwrap_or_default();
                    self.refuse(path, format!("{expected}, not {}", found(other)));
                    return None;
                };
                match shape.check(&plain) {
                    Ok(()) => Some(plain.into_value()),
                    Err(message) => {
                        self.refuse(path, message);
                        None
                    }
                }
            }
        }
    }

    /// The key that a variable sets and its value; `None` when it is none of ours or wrong.
    fn variable(&mut self, name: &str, text: &str) -> Option<(String, Value)> {
        let key = name.strip_prefix(VARIABLE_PREFIX)?;
        if OTHER_VARIABLES.contains(&name) {
            return None;
        }
        let origin = Origin::Variable(name.to_owned());
        let mut pattern = String::new();
        let mut path = String::new();
        for part in key.to_lowercase().split("__") {
            if part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty() {
                path = format!("{path}[{part}]");
                pattern.push_str("[]");
                if !self.origins.contains_key(&path) {
                    self.report(
                        origin,
                        "",
                        format!("the file has no {path}; a variable changes entries, it adds none"),
                    );
                    return None;
                }
            } else {
                path = join(&path, part);
                pattern = join(&pattern, part);
            }
        }
        let Some(shape) = Shape::of(&pattern) else {
            let names: Vec<String> = KEYS.iter().map(|(path, _)| variable_name(path)).collect();
            let hint = did_you_mean(name, names.iter().map(String::as_str));
            self.report(origin, "", format!("unknown variable{hint}"));
            return None;
        };
        match shape.read(text) {
            Ok(plain) => {
                self.origins.insert(path.clone(), origin);
                Some((path, plain.into_value()))
            }
            Err(message) => {
                self.report(origin, &path, message);
                None
            }
        }
    }
}

/// `smtp.port` → `GUICHET_SMTP__PORT`; an entry of a list is shown as 0.
pub fn variable_name(path: &str) -> String {
    let path = path.replace("[]", "__0").replace('.', "__");
    format!("{VARIABLE_PREFIX}{}", path.to_uppercase())
}

impl Plain {
    fn into_value(self) -> Value {
        let kind = match self {
            Self::Text(text) => ValueKind::String(text),
            Self::Number(number) => ValueKind::I64(number),
            Self::Flag(flag) => ValueKind::Boolean(flag),
            Self::Texts(texts) => ValueKind::Array(
                texts
                    .into_iter()
                    .map(|text| Value::new(None, ValueKind::String(text)))
                    .collect(),
            ),
        };
        Value::new(None, kind)
    }
}

/// The good part of a file, as a source of the `config` crate.
#[derive(Clone, Debug)]
struct Tree(Map<String, Value>);

impl Source for Tree {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(
            std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
        )
    }

    fn origin(&self, offset: usize) -> Origin {
        Origin::Line(self.0.partition_point(|start| *start <= offset))
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The value on its own; `None` when no key takes one of that kind.
fn plain(value: &DeValue<'_>) -> Option<Plain> {
    match value {
        DeValue::String(text) => Some(Plain::Text(text.to_string())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(Plain::Number),
        DeValue::Boolean(flag) => Some(Plain::Flag(*flag)),
        DeValue::Array(entries) => entries
            .iter()
            .map(|entry| entry.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Plain::Texts),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
