//! What conditions around a place make known there.

use std::sync::Arc;

use super::super::facts;
use super::Lower;
use crate::syntax::tree;

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

    /// Whether a path is known not to be null here.
    pub(super) fn is_known(&self, path: &str) -> bool {
        self.names.narrowed.iter().any(|paths| paths.contains(path))
    }
}
