//! What was done in a session, in order, for whoever writes it down as a runbook.

use std::sync::Arc;

use super::{Stop, deeds};
use crate::runtime::branch::Branch;
use crate::source::Span;

/// Something that was done at a stop.
#[derive(Clone, Debug)]
pub struct Deed {
    /// The statement of the story at which that was; none at its end.
    pub at: Option<Span>,
    /// It was done when that statement had run, and not before.
    pub behind: bool,
    /// What.
    pub did: Did,
}

/// What was done.
#[derive(Clone, Debug)]
pub enum Did {
    /// Something was typed, and run.
    Typed {
        /// As typed.
        text: String,
        /// It is made a step of this title where it stands alone.
        title: Option<String>,
        /// It only looked, and bound nothing.
        looked: bool,
        /// It gave a name another value.
        sets: bool,
        /// Why it failed, if it did.
        failed: Option<String>,
    },
    /// A step was left out.
    Skipped(String),
    /// The failure of a step was accepted.
    Accepted(String),
    /// Changes were taken back: titles of the scopes in which each was made, where nothing of those is armed any more.
    Undone(Vec<Vec<Arc<str>>>),
    /// A step of the story ran once more.
    Again(Span),
}

impl Branch {
    /// Keeps what was done at a stop.
    pub(super) fn remember(&self, stop: Stop<'_>, did: Did) {
        let program = &self.unit.program;
        let (at, behind) = match stop {
            Stop::Step { scope, .. } => (deeds::statement_of(program, scope), false),
            Stop::Failed { scope, .. } => (deeds::statement_of(program, scope), true),
            Stop::Statement(span) => (Some(span), false),
            Stop::End(_) => (None, true),
        };
        self.run.deeds.borrow_mut().push(Deed { at, behind, did });
    }
}
