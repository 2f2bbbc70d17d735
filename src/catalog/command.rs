//! What a `$` command is when all its values are known.

use std::time::Duration;

use super::{ActionError, Call};
use crate::host::LocalFuture;
use crate::value::Value;

/// The environment variable in which a command finds its idempotency key.
pub const KEY_VARIABLE: &str = "RBK_IDEMPOTENCY_KEY";

/// The environment variable by which what a `background` starts is known as such: the id of its run.
pub const BACKGROUND_VARIABLE: &str = "RBK_BACKGROUND";

/// A command ready to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLine {
    /// A program and its arguments.
    Direct(Vec<String>),
    /// A script for the shell, every value in it quoted.
    Script(String),
}

/// How a command is run besides its text.
#[derive(Clone, Debug, Default)]
pub struct CommandOptions {
    /// What it reads; nothing if `None`.
    pub stdin: Option<String>,
    /// Exit codes that are no failure; only 0 if empty.
    pub ok: Vec<i64>,
    /// Every exit code is a value: `try $ …`.
    pub tried: bool,
    /// Its own deadline.
    pub timeout: Option<Duration>,
}

/// Runs commands: given to the run time by the composition root. The arguments of the [`Call`] are not used.
pub type RunCommand =
    for<'a> fn(&'a CommandLine, &'a CommandOptions, &'a Call<'a>) -> LocalFuture<'a, Result<Value, ActionError>>;
