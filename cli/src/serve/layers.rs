//! Who has the last word: a flag, the environment, the file, or nobody but the defaults.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use clap::ArgMatches;
use serde::Serialize;
use toml::de::{DeTable, DeValue};

use super::draft::Draft;
use super::keys::{KEYS, Key, key};
use super::value::{Shape, Written};
use crate::output::read_text;

/// Where a value comes from, in the order in which they overrule each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "from", content = "at", rename_all = "lowercase")]
pub(super) enum Source {
    Default,
    /// File and line.
    File(String),
    /// The variable.
    Environment(&'static str),
    /// The flag.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => write!(f, "file {place}"),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::Flag(flag) => write!(f, "flag --{flag}"),
        }
    }
}

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// The key, if it is about one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) key: &'static str,
    #[serde(flatten)]
    pub(super) source: Source,
    pub(super) reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source, self.key) {
            (Source::Default, "") => f.write_str(&self.reason),
            (Source::Default, key) => write!(f, "{key}: {}", self.reason),
            (source, "") => write!(f, "{source}: {}", self.reason),
            (source, key) => write!(f, "{key} ({source}): {}", self.reason),
        }
    }
}

/// What one place says, by key.
type Layer = BTreeMap<&'static str, (Written, Source)>;

/// All that was configured, with where it came from.
pub(super) struct Layers {
    pub(super) draft: Draft,
    pub(super) sources: BTreeMap<&'static str, Source>,
    pub(super) problems: Vec<Problem>,
}

impl Layers {
    /// Defaults, then the file, the environment, and the flags.
    pub(super) fn gather(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<OsString>,
        flags: &ArgMatches,
    ) -> Self {
        let mut all = Self { draft: Draft::default(), sources: BTreeMap::new(), problems: Vec::new() };
        if let Some(path) = file {
            let (layer, problems) = from_file(path);
            all.problems.extend(problems);
            all.put(layer);
        }
        let (layer, problems) = from_environment(environment);
        all.problems.extend(problems);
        all.put(layer);
        all.put(from_flags(flags));
        all
    }

    fn put(&mut self, layer: Layer) {
        for key in KEYS.iter() {
            let Some((written, source)) = layer.get(key.name) else { continue };
            if let Err(reason) = (key.set)(&mut self.draft, written) {
                self.say(key.name, source.clone(), reason);
            }
            self.sources.insert(key.name, source.clone());
        }
    }

    /// Where the value of a key comes from.
    pub(super) fn source(&self, key: &str) -> Source {
        self.sources.get(key).cloned().unwrap_or(Source::Default)
    }

    /// A key of a section that was given, if any was: one of the layer with the last word.
    pub(super) fn given_in(&self, section: &str) -> Option<&'static str> {
        let given =
            self.sources.iter().filter(|(name, _)| key(name).is_some_and(|key| key.section() == section));
        given.max_by_key(|(_, source)| *source).map(|(name, _)| *name)
    }

    /// Something is wrong with the value of a key.
    pub(super) fn refuse(&mut self, key: &'static str, reason: impl ToString) {
        self.say(key, self.source(key), reason);
    }

    fn say(&mut self, key: &'static str, source: Source, reason: impl ToString) {
        self.problems.push(Problem { key, source, reason: reason.to_string() });
    }
}

fn from_file(path: &Path) -> (Layer, Vec<Problem>) {
    let (mut layer, mut problems) = (Layer::new(), Vec::new());
    let problem = |key, place: String, reason: &str| Problem {
        key,
        source: Source::File(place),
        reason: reason.to_owned(),
    };
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) => {
            let reason = error.to_string();
            return (layer, vec![Problem { key: "", source: Source::Default, reason }]);
        }
    };
    let place = |at: usize| format!("{}:{}", path.display(), line(&text, at));
    let table = match DeTable::parse(&text) {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            return (layer, vec![problem("", place(at), error.message())]);
        }
    };
    let mut entry = |name: String, at: usize, value: &DeValue<'_>| {
        let Some(key) = key(&name) else {
            return problems.push(problem("", place(at), &format!("there is no key `{name}`")));
        };
        match written(value) {
            Some(written) => drop(layer.insert(key.name, (written, Source::File(place(at))))),
            None => problems.push(problem(
                key.name,
                place(at),
                "must be a text, a number, true, false, or a list",
            )),
        }
    };
    for (name, value) in table.get_ref() {
        let (name, at) = (name.get_ref(), name.span().start);
        match value.get_ref() {
            DeValue::Table(section) if key(name).is_none() => {
                for (inner, value) in section {
                    entry(format!("{name}.{}", inner.get_ref()), inner.span().start, value.get_ref());
                }
                if section.is_empty() && !KEYS.iter().any(|key| key.section() == name) {
                    entry(name.to_string(), at, value.get_ref());
                }
            }
            value => entry(name.to_string(), at, value),
        }
    }
    (layer, problems)
}

/// As it would be written in a variable, so that there is one way to read a value.
fn written(value: &DeValue<'_>) -> Option<Written> {
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(answer) => Some(answer.to_string()),
        _ => None,
    };
    match value {
        DeValue::Array(list) => {
            list.iter().map(|value| one(value.get_ref())).collect::<Option<_>>().map(Written::Many)
        }
        value => one(value).map(Written::One),
    }
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// An empty variable is one that is not set: that is what is left of it in many places where variables are passed on.
fn from_environment(environment: impl Fn(&str) -> Option<OsString>) -> (Layer, Vec<Problem>) {
    let (mut layer, mut problems) = (Layer::new(), Vec::new());
    for Key { name, variable, shape, .. } in KEYS.iter() {
        let Some(value) = environment(variable).filter(|value| !value.is_empty()) else { continue };
        let source = Source::Environment(variable);
        let Ok(value) = value.into_string() else {
            problems.push(Problem { key: name, source, reason: "is not UTF-8".to_owned() });
            continue;
        };
        let written = match shape {
            Shape::Many => Written::Many(value.split(',').map(|part| part.trim().to_owned()).collect()),
            Shape::One | Shape::Switch => Written::One(value),
        };
        layer.insert(name, (written, source));
    }
    (layer, problems)
}

fn from_flags(flags: &ArgMatches) -> Layer {
    let given = KEYS.iter().filter_map(|key| {
        let written = match key.shape {
            Shape::Switch => flags.get_flag(key.name).then(|| Written::One("true".to_owned())),
            Shape::One => flags.get_one::<String>(key.name).cloned().map(Written::One),
            Shape::Many => {
                flags.get_many::<String>(key.name).map(|all| Written::Many(all.cloned().collect()))
            }
        };
        Some((key.name, (written?, Source::Flag(key.flag.to_owned()))))
    });
    given.collect()
}

#[cfg(test)]
mod tests;
