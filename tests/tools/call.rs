//! A call of a tool, and its arguments read as strictly as the tool does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What a call ends with when it fails.
pub(crate) struct Failure {
    pub(crate) status: i32,
    pub(crate) message: String,
}

pub(crate) fn failed(status: i32, message: impl Into<String>) -> Failure {
    Failure { status, message: message.into() }
}

/// How a command of a tool is played, with its arguments read.
pub(crate) type Verb = fn(&mut Call, &Given) -> Result<(), Failure>;

/// A call on its way.
pub(crate) struct Call {
    pub(crate) words: Vec<String>,
    pub(crate) stdin: String,
    pub(crate) state: Value,
    pub(crate) folder: PathBuf,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) status: i32,
    /// It goes on, and takes connections on this port, until it is ended.
    pub(crate) listens: Option<u16>,
}

impl Call {
    pub(crate) fn new(words: Vec<String>, stdin: String, state: Value, folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { words, stdin, state, folder, out: String::new(), err: String::new(), status: 0, listens: None }
    }

    /// A line of its output.
    pub(crate) fn say(&mut self, line: impl AsRef<str>) {
        self.out.push_str(line.as_ref());
        self.out.push('\n');
    }

    /// JSON as its output.
    pub(crate) fn say_json(&mut self, value: &Value) {
        self.out.push_str(&serde_json::to_string_pretty(value).unwrap());
        self.out.push('\n');
    }

    /// A part of the state, made if it is not there.
    pub(crate) fn part(&mut self, path: &[&str]) -> &mut Value {
        let mut at = &mut self.state;
        for name in path {
            if !at[*name].is_object() && !at[*name].is_array() {
                at[*name] = serde_json::json!({});
            }
            at = &mut at[*name];
        }
        at
    }

    /// The next number of a kind, from 1: ids that are the same in every run.
    pub(crate) fn next(&mut self, kind: &str) -> u64 {
        let counter = &mut self.state["counters"][kind];
        let next = counter.as_u64().unwrap_or(0) + 1;
        *counter = next.into();
        next
    }
}

/// Which options a command takes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Takes {
    /// Options with a value, each with its short name or the same again: `("--output", "-o")`.
    pub(crate) values: &'static [(&'static str, &'static str)],
    /// Options without one.
    pub(crate) switches: &'static [&'static str],
}

/// Arguments as they were read.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) words: Vec<String>,
    /// By the long name.
    pub(crate) values: BTreeMap<&'static str, Vec<String>>,
    pub(crate) switches: BTreeMap<&'static str, bool>,
    /// What stands behind `--`.
    pub(crate) rest: Vec<String>,
}

/// What is wrong with an argument.
pub(crate) enum Wrong {
    Unknown(String),
    NeedsValue(String),
}

impl Takes {
    pub(crate) fn read(self, words: &[String]) -> Result<Given, Wrong> {
        let mut given = Given::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                given.rest.extend(words.cloned());
                break;
            }
            if word == "-" || !word.starts_with('-') {
                given.words.push(word.clone());
                continue;
            }
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            if let Some((long, _)) = self.values.iter().find(|(long, short)| *long == name || *short == name) {
                let value = inline.or_else(|| words.next().cloned());
                let value = value.ok_or_else(|| Wrong::NeedsValue(name.to_owned()))?;
                given.values.entry(long).or_default().push(value);
            } else if let Some(switch) = self.switches.iter().find(|switch| **switch == name) {
                given.switches.insert(switch, inline.as_deref() != Some("false"));
            } else if let Some(plain) =
                self.switches.iter().find(|switch| name.strip_prefix("--no-") == switch.strip_prefix("--"))
            {
                given.switches.insert(plain, false);
            } else {
                return Err(Wrong::Unknown(name.to_owned()));
            }
        }
        Ok(given)
    }
}

impl Given {
    /// The last value of an option.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.last().map(String::as_str)
    }

    /// All its values.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a switch is on.
    pub(crate) fn on(&self, name: &str) -> bool {
        self.switches.get(name).copied().unwrap_or(false)
    }

    /// What a switch was set to, if it was.
    pub(crate) fn switch(&self, name: &str) -> Option<bool> {
        self.switches.get(name).copied()
    }

    /// The word at a place.
    pub(crate) fn word(&self, at: usize) -> Option<&str> {
        self.words.get(at).map(String::as_str)
    }
}
