//! What conditions around a place make known there.

use std::sync::Arc;

use super::super::facts;
use super::Lower;
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::tree;
use crate::value::Type;

impl Lower<'_, '_, '_> {
    /// What a condition shows not to be null where it holds: `x != null and …`.
    pub(super) fn narrow(&mut self, condition: &tree::Expr) -> Option<()> {
        self.narrow_where(condition, true)
    }

    /// The same where it does not hold.
    pub(super) fn narrow_unless(&mut self, condition: &tree::Expr) -> Option<()> {
        self.narrow_where(condition, false)
    }

    fn narrow_where(&mut self, condition: &tree::Expr, holds: bool) -> Option<()> {
        let mut paths = Vec::new();
        facts::not_null(condition, holds, &mut paths);
        if paths.is_empty() {
            return None;
        }
        self.names.narrowed.push(paths.into_iter().collect());
        Some(())
    }

    /// From here to the end of the block the condition is known to hold, or not to.
    pub(super) fn learn(&mut self, condition: &tree::Expr, holds: bool) {
        let mut paths = Vec::new();
        facts::not_null(condition, holds, &mut paths);
        if let Some(known) = self.names.narrowed.last_mut() {
            known.extend(paths);
        }
    }

    pub(super) fn widen(&mut self, narrowed: Option<()>) {
        if narrowed.is_some() {
            self.names.narrowed.pop();
        }
    }

    /// The conditions that hold where `condition` does, as written: those that are the same all over the run.
    pub(super) fn assumed(&self, condition: &tree::Expr) -> Vec<Arc<str>> {
        let mut parts = Vec::new();
        facts::conjuncts(condition, &mut parts);
        let mut texts: Vec<Arc<str>> =
            vec![condition].into_iter().chain(parts).filter_map(|part| self.stable(part)).collect();
        texts.dedup();
        texts
    }

    /// A condition as written, if its outcome is the same wherever it stands.
    pub(super) fn stable(&self, condition: &tree::Expr) -> Option<Arc<str>> {
        let mut names = Vec::new();
        facts::plain_names(condition, &mut names)?;
        let changes = |name: &&str| **name == *"run" || self.names.find(name).is_some_and(|binding| binding.mutable);
        (!names.iter().any(changes)).then(|| self.source(condition.span).into())
    }

    /// What a function returns; one that looks at the run has nothing to look at before that.
    pub(super) fn returned_by(&mut self, function: u32, span: Span) -> Type {
        if self.declared.look_at_run.contains(&function) {
            let name = Arc::clone(&self.declared.functions[function as usize].0);
            self.looks_at_run(&format!("`{name}` looks at `run`, which"), span);
        }
        self.declared.function_types.get(&function).cloned().unwrap_or(Type::Any)
    }

    /// Something here is known only in the run.
    pub(super) fn looks_at_run(&mut self, what: &str, span: Span) {
        self.declared.looks_at_run = true;
        if self.early {
            let place = self.pure_only.unwrap_or("this");
            let message = format!("{what} is not there yet when {place} is computed: that is before the run");
            let help = "bind it in the phase or step that needs it: there `let started = run.started` is fine";
            self.report(Diagnostic::error(&code::UNKNOWN_NAME, span, message, "too early").help(help));
        }
    }

    /// Whether a path is known not to be null here.
    pub(super) fn is_known(&self, path: &str) -> bool {
        self.names.narrowed.iter().any(|paths| paths.contains(path))
    }
}
