//! What rustyline asks while somebody types: completion, hints, colours, whether a line is the last, all by what the prompt was given.

use std::borrow::Cow;
use std::sync::Arc;

use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::assist::Assist;
use super::command;

/// See the module. Without anything given it is silent, as at the questions of a runbook.
#[derive(Default)]
pub(in crate::cli) struct Typist {
    /// What the open prompt was given.
    pub(in crate::cli) assist: Option<Arc<Assist>>,
}

impl Completer for Typist {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.assist.as_ref().map_or_else(|| (pos, Vec::new()), |assist| assist.complete(&line[..pos])))
    }
}

impl Hinter for Typist {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<String> {
        // In the middle of a line it would push what is behind it about.
        self.assist.as_ref().filter(|_| pos == line.len())?.hint(line).map(|hint| format!("  {hint}"))
    }
}

impl Highlighter for Typist {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        self.assist.as_ref().map_or(Cow::Borrowed(line), |assist| assist.highlight(line))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        self.assist.as_ref().map_or(Cow::Borrowed(hint), |assist| assist.dim(hint))
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.assist.is_some()
    }
}

impl Validator for Typist {
    /// Enter begins another line as long as something is open, so that a block is edited as one.
    fn validate(&self, typed: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let is_unfinished = self.assist.is_some() && command::is_unfinished(typed.input());
        Ok(if is_unfinished { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Helper for Typist {}
