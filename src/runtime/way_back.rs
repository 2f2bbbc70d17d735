//! What a rollback will not take back: found when a scope ends, told when the run does.

use super::branch::Branch;
use super::event::ScopeStatus;
use super::run::{KEPT, keep};
use super::undo::Order;
use crate::analysis::program::{Scope, ScopeBody};

impl Branch {
    /// Notes for the end what a rollback will not take back, and whether the runbook says so itself.
    pub(super) fn note_the_way_back(&mut self, scope: &Scope, since: Order) {
        if let Some(why) = &scope.modifiers.irreversible {
            let why = self.text(why).unwrap_or_default();
            keep(&self.run.totals.stays, format!("{}: {why}", self.path.join(" / ")));
        } else if !self.has_way_back(scope, since) {
            self.note_without_inverse();
        }
    }

    /// Whether anything was armed since the scope began, or stands armed around it.
    fn has_way_back(&self, scope: &Scope, since: Order) -> bool {
        scope.clauses.undo.is_some()
            || !self.pending.is_empty()
            || self.undo.newest_first().first().is_some_and(|armed| armed.order >= since)
    }

    /// Remembers that something changed with nothing to take it back.
    fn note_without_inverse(&self) {
        let order = self.run.next_order();
        let mut list = self.run.totals.without_inverse.borrow_mut();
        let line = self.path.join(" / ");
        if list.len() < KEPT && !list.iter().any(|(_, known)| *known == line) {
            list.push((order, line));
        }
    }
}

/// Whether a scope that ended so may have left the world changed. Of what a person was to do by hand only that
/// counts which he says is done.
pub(super) fn is_change(scope: &Scope, status: ScopeStatus) -> bool {
    match scope.kind {
        ScopeBody::Step(_) => true,
        ScopeBody::Manual { .. } => status == ScopeStatus::Passed,
        ScopeBody::Phase(_)
        | ScopeBody::Check(_)
        | ScopeBody::CheckUse(..)
        | ScopeBody::Monitor { .. }
        | ScopeBody::Guard { .. }
        | ScopeBody::Checklist(_)
        | ScopeBody::Confirm
        | ScopeBody::Choose(_)
        | ScopeBody::Approve { .. }
        | ScopeBody::Call { .. } => false,
    }
}
