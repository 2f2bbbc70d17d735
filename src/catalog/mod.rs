//! What an action *is*: one declaration that the interpreter, the analysis, plans, tests,
//! `rbk doc` and editors all read. No action is known here.

pub mod command;
mod effect;
mod registry;
mod signature;
pub mod target;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use effect::Effect;
pub use registry::Registry;
pub use signature::{ParamSignature, Signature};

use crate::host::{Cancel, Hop, Host, LocalFuture, Stream, Target};
use crate::value::Value;

/// A native action. Every field is written; in particular the effect has no default.
#[derive(Debug)]
pub struct Action {
    /// `http.get`
    pub name: &'static str,
    /// One line, a verb first: "Ask a server".
    pub summary: &'static str,
    /// A paragraph or two of Markdown.
    pub details: &'static str,
    /// What it does to the world.
    pub effect: Effect,
    /// In the order in which they may be given without a name.
    pub params: &'static [Param],
    /// A type as in the language: `{ status: int, json: any }`.
    pub returns: &'static str,
    /// Statements that parse, plan and run on the fake host.
    pub examples: &'static [&'static str],
    /// One line for plans and progress: `GET https://…`.
    pub show: fn(&Args) -> String,
    /// Does it.
    pub run: for<'a> fn(&'a Call<'a>) -> LocalFuture<'a, Result<Value, ActionError>>,
    /// Whether doing it twice with these arguments leaves the world as doing it once does: then a run that was
    /// killed in the middle does it again instead of asking. Of a read: whether it returns the same again, if nothing
    /// changed; a token of chance does not.
    pub repeatable: fn(&Args) -> bool,
    /// Takes it back.
    pub inverse: Inverse,
    /// One line of the raw answer a result was read from: `answered 200 in 84 ms: {…}`.
    pub evidence: fn(&Value) -> Option<String>,
}

/// How an action is taken back.
#[derive(Debug)]
pub enum Inverse {
    /// It changes nothing.
    NotNeeded,
    /// It cannot be taken back; the reason, for people.
    None(&'static str),
    /// What `capture` read before the action is what `restore` puts back.
    Captured {
        /// Reads what will be changed. Must not change anything.
        capture: for<'a> fn(&'a Call<'a>) -> LocalFuture<'a, Result<Value, ActionError>>,
        /// Puts it back.
        restore: for<'a> fn(&'a Call<'a>, &'a Value) -> LocalFuture<'a, Result<(), ActionError>>,
        /// One line: `write the old content of app.conf back`.
        show: fn(&Args, &Value) -> String,
        /// Clears away what `capture` or the action kept for `restore`, when the run ended well and nothing will be taken back.
        discard: for<'a> fn(&'a Call<'a>, &'a Value) -> LocalFuture<'a, ()>,
    },
}

/// A parameter of a native action.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// A type as in the language.
    pub ty: &'static str,
    /// An expression of the language; `None` is a required parameter.
    pub default: Option<&'static str>,
    /// One line.
    pub doc: &'static str,
}

/// The arguments of a call, one for each parameter, defaults filled in.
#[derive(Clone, Debug)]
pub struct Args {
    names: &'static [Param],
    values: Vec<Value>,
}

impl Args {
    /// One value for each of `names`.
    pub fn new(names: &'static [Param], values: Vec<Value>) -> Self {
        debug_assert_eq!(names.len(), values.len());
        Self { names, values }
    }

    /// The value of a parameter, `null` if the action has none of that name.
    pub fn get(&self, name: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.names.iter().position(|param| param.name == name).map_or(&NULL, |at| &self.values[at])
    }

    /// All of them with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.names.iter().map(|param| param.name).zip(&self.values)
    }
}

/// A call of an action: what it is given and what surrounds it.
pub struct Call<'a> {
    /// Its arguments.
    pub args: &'a Args,
    /// The world.
    pub host: &'a dyn Host,
    /// Ends the call.
    pub cancel: &'a Cancel,
    /// `on` and `with` around it.
    pub surroundings: &'a Surroundings,
    /// Live output.
    pub output: &'a dyn Fn(Stream, &[u8]),
    /// Makes a second try of the same effect known as such to the other side.
    pub idempotency_key: Option<&'a str>,
    /// What is left of the innermost deadline.
    pub time_left: Option<Duration>,
    /// What a process learns of the run: `RBK_RUN_ID`, `RBK_STEP`.
    pub context: Vec<(&'static str, String)>,
    /// How long a process may take to end itself when it is stopped.
    pub grace: Duration,
    /// What the action's inverse needs was captured before: the inverse may be asked for. Where it was not, as in
    /// a step with an `undo` of its own, nothing is to be kept.
    pub is_captured: bool,
    /// What it returns is a secret: what it writes is not shown, nor kept anywhere.
    pub is_secret: bool,
    /// Variables of our environment that a process does not inherit.
    pub withheld: Vec<String>,
}

/// `on …` and `with …` around a statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    /// Where commands run and relative paths begin on this machine.
    pub dir: Option<PathBuf>,
    /// The way to where commands run, if that is not here.
    pub places: Vec<Place>,
    /// Environment variables of commands, the innermost last. Values may be secret.
    pub vars: Vec<(Arc<str>, Exposed)>,
}

/// A step on the way to where commands run.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Where it leads; `None` if only a run will know.
    pub target: Option<Target>,
    /// For people: `ssh deploy@web-1`.
    pub shown: String,
    /// Where commands run there.
    pub dir: Option<PathBuf>,
    /// How many variables were set around it: what leads there has those.
    pub vars_around: usize,
}

impl Surroundings {
    /// The way for people: `ssh deploy@web-1, docker shop`; `None` if it is here.
    pub fn way(&self) -> Option<String> {
        let shown: Vec<&str> = self.places.iter().map(|place| place.shown.as_str()).collect();
        (!shown.is_empty()).then(|| shown.join(", "))
    }

    /// The way to where a command runs, without the environment that it gets there; `None` if only a run will know.
    pub fn hops(&self) -> Option<Vec<Hop>> {
        let next = self.places.iter().skip(1).map(Some).chain([None]);
        let hops = self.places.iter().zip(next).map(|(place, next)| {
            // What leads on from a place has what was set around the next one.
            let env = next.map_or_else(BTreeMap::new, |next| self.env(next.vars_around));
            Some(Hop { target: place.target.clone()?, dir: place.dir.clone(), env })
        });
        hops.collect()
    }

    /// The first so many variables, the innermost counting.
    pub fn env(&self, first: usize) -> BTreeMap<String, String> {
        self.vars.iter().take(first).map(|(name, value)| (name.to_string(), value.text.to_string())).collect()
    }

    /// Whether it is known where commands run.
    pub fn is_known(&self) -> bool {
        self.places.iter().all(|place| place.target.is_some())
    }
}

/// A text for a process, and whether it may be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Exposed {
    /// The text.
    pub text: Arc<str>,
    /// Whether it must not be shown.
    pub secret: bool,
}

impl std::fmt::Debug for Exposed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.secret { "•••" } else { &self.text })
    }
}

/// How an action failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ActionError {
    /// What happened, in words.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What the other side said, for people.
    pub output: Option<String>,
    /// Whether something may have happened all the same.
    pub certainty: Certainty,
    /// What it returned nevertheless: the value of a `try`.
    pub value: Option<Value>,
}

/// Whether a failed effect happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It failed, and that is all.
    Failed,
    /// Nobody knows: the answer was lost, or it was cancelled on its way.
    InDoubt,
    /// It was cancelled before it could have had an effect.
    NotBegun,
}

impl ActionError {
    /// A definite failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, output: None, certainty: Certainty::Failed, value: None }
    }

    /// A failure after which nobody knows whether it happened.
    pub fn in_doubt(message: impl Into<String>) -> Self {
        Self { certainty: Certainty::InDoubt, ..Self::failed(message) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what the other side said.
    #[must_use]
    pub fn output(mut self, output: impl Into<String>) -> Self {
        self.output = Some(output.into());
        self
    }
}
