//! Bounds on the work of one statement, so that no expression goes on for ever or too deep.

use super::error::EvalError;
use crate::source::Span;

/// Steps of one statement unless said otherwise; some seconds of work.
pub const DEFAULT_STEPS: u64 = 50_000_000;

/// Calls of the runbook's own functions within each other.
pub(super) const MAX_CALLS: u32 = 200;

/// Bytes of stack an evaluation may take: half of what the smallest of our threads have.
const MAX_STACK: usize = 1 << 20;

/// What is left of the work of one statement.
#[derive(Clone, Debug)]
pub struct Budget {
    steps: u64,
    pub(super) calls: u32,
    /// Where the stack was when the outermost expression began.
    base: usize,
}

impl Budget {
    /// So many steps.
    pub const fn new(steps: u64) -> Self {
        Self { steps, calls: 0, base: 0 }
    }

    /// One step of work.
    #[inline]
    pub(super) fn step(&mut self, span: Span) -> Result<(), EvalError> {
        match self.steps.checked_sub(1) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(too_much(span)),
        }
    }

    /// Begins to measure the stack anew: called where an expression is entered from outside.
    pub(super) fn enter(&mut self) -> usize {
        std::mem::replace(&mut self.base, here())
    }

    /// Goes on measuring from where the expression around it began.
    pub(super) fn leave(&mut self, outer: usize) {
        self.base = outer;
    }

    /// Refuses to go deeper than the stack allows. The depth of an expression is bounded when it is read;
    /// that of functions calling each other only here.
    #[inline]
    pub(super) fn deeper(&self, span: Span) -> Result<(), EvalError> {
        if self.base.saturating_sub(here()) > MAX_STACK { Err(too_deep(span)) } else { Ok(()) }
    }
}

/// Where the stack is now; it grows downwards.
#[inline]
fn here() -> usize {
    let marker = 0_u8;
    (&raw const marker).addr()
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(DEFAULT_STEPS)
    }
}

#[cold]
fn too_much(span: Span) -> EvalError {
    let help = "a statement may take 50 million; leave heavy work to a command";
    EvalError::limit(span, "this takes too many steps to compute", help)
}

#[cold]
pub(super) fn too_deep(span: Span) -> EvalError {
    let help = "a function that calls itself must come to an end; to go through a list use `.map` or `.fold`";
    EvalError::limit(span, "this is nested too deep to compute", help)
}
