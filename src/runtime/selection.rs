//! Which parts of a runbook are to run: `--from`, `--until`, `--only`, and `rbk check`.

use std::cell::Cell;
use std::sync::Arc;

/// What was selected on the command line.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Begin with this one.
    pub from: Option<String>,
    /// End after this one.
    pub until: Option<String>,
    /// Only these.
    pub only: Vec<String>,
    /// Only checks.
    pub checks_only: bool,
    begun: Cell<bool>,
    over: Cell<bool>,
}

impl Selection {
    /// What the command line says.
    pub fn new(from: Option<String>, until: Option<String>, only: Vec<String>, checks_only: bool) -> Self {
        let begun = Cell::new(from.is_none());
        Self { from, until, only, checks_only, begun, over: Cell::new(false) }
    }

    /// Everything named in it, to be looked up before the run.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.from.iter().chain(&self.until).chain(&self.only).map(String::as_str)
    }

    /// Whether a scope is to run. To be asked once for each, in order.
    pub(super) fn wants(&self, path: &[Arc<str>], inside_selected: bool) -> bool {
        if self.from.as_deref().is_some_and(|from| is_named(path, from)) {
            self.begun.set(true);
        }
        self.begun.get()
            && !self.over.get()
            && (self.only.is_empty() || inside_selected || self.only.iter().any(|name| is_named(path, name)))
    }

    /// Whether a scope is one of those named by `--only`.
    pub(super) fn names_scope(&self, path: &[Arc<str>]) -> bool {
        self.only.iter().any(|name| is_named(path, name))
    }

    /// A scope is over.
    pub(super) fn ended(&self, path: &[Arc<str>]) {
        if self.until.as_deref().is_some_and(|until| is_named(path, until)) {
            self.over.set(true);
        }
    }
}

/// Whether a scope is meant by `Title` or by `Phase/Title`.
pub fn is_named(path: &[Arc<str>], name: &str) -> bool {
    let Some(last) = path.last() else { return false };
    last.eq_ignore_ascii_case(name)
        || path.len() > 1 && path.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/").eq_ignore_ascii_case(name)
}
