//! Steering: somebody steps through a run, and is asked at each of its stops how it goes on.
//!
//! A run that is stepped through has a stop before each step and each statement, after each step that failed, and at
//! the end of its story. Each stop takes a place on the line of the story, whether anybody is asked there or not, and
//! what is done at it stands in the record on a line that leaves at that place. So a run that is resumed finds
//! everything again where it was done: what was typed is read and run once more, by the same walker, out of the
//! record; and where the record ends, somebody is asked again.
//!
//! Who is asked is a [`Steering`]: the stepper of the command line, or a test. It holds the walker by a [`Held`], and
//! through that looks at names, runs what is typed, and takes back.

mod deeds;
mod held;
mod story;
mod typed;
mod walk;

use std::rc::Rc;
use std::sync::Arc;

use super::event::ScopeId;
use super::failure::Failure;
use crate::analysis::Program;
use crate::analysis::program::{OnFail, Scope, StmtKind};
use crate::analysis::typed::Typing;
use crate::analysis::within;
use crate::host::LocalFuture;
use crate::source::Span;
use crate::value::Value;

pub use held::{Held, Name, Ran};
pub use story::{Deed, Did};
pub(super) use walk::After;

/// What a run that is stepped through needs besides its program.
#[derive(Clone)]
pub struct Stepping {
    /// Reads what is typed, and what was.
    pub typing: Rc<Typing>,
    /// Who steps; nobody where such a run only goes on.
    pub steering: Option<Rc<dyn Steering>>,
}

/// Somebody who steps through a run.
pub trait Steering {
    /// Whether to stop here. Asked at each stop.
    fn stops(&self, held: &mut Held<'_>) -> bool;

    /// The run stands still until this says how it goes on.
    fn hold<'a>(&'a self, held: &'a mut Held<'_>) -> LocalFuture<'a, Go>;

    /// A step has passed, and bound these names.
    fn bound(&self, scope: ScopeId, names: Vec<(Arc<str>, Value)>);
}

/// How a run goes on from a stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Go {
    /// As the runbook says: what comes next is done; a failure goes its way.
    On,
    /// The step is left out, for a reason.
    Skip(String),
    /// The step that failed runs again.
    Again,
    /// The failure is accepted, for a reason, and the run goes on behind the step.
    Accept(String),
    /// The run is left.
    Leave(Leaving),
}

/// How a run is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// It waits to be gone on with.
    Pause,
    /// It ends as it stands.
    Stand,
    /// It is taken back.
    Rollback,
}

impl Leaving {
    /// As the record has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Stand => "leave",
            Self::Rollback => "roll back",
        }
    }
}

/// Where a run stops.
#[derive(Clone, Copy)]
pub enum Stop<'a> {
    /// Before a step, a check, a question.
    Step {
        /// Which.
        scope: &'a Arc<Scope>,
        /// Its title, values put in.
        title: &'a str,
    },
    /// Before a statement.
    Statement(Span),
    /// Behind a step that failed, before its failure goes its way.
    Failed {
        /// Which.
        scope: &'a Arc<Scope>,
        /// Why.
        failure: &'a Failure,
    },
    /// At the end of the story.
    End(Span),
}

impl Stop<'_> {
    /// Where that is in the source.
    pub fn span(&self) -> Span {
        match self {
            Self::Step { scope, .. } | Self::Failed { scope, .. } => scope.span,
            Self::Statement(span) | Self::End(span) => *span,
        }
    }
}

/// Whether some failure of a runbook is for a person to decide about.
pub fn asks(program: &Program) -> bool {
    within::any(&program.body, &|stmt| match &stmt.kind {
        StmtKind::Scope(scope) | StmtKind::Person(scope) | StmtKind::CallRunbook(scope) => {
            matches!(scope.clauses.on_fail, Some(OnFail::Ask))
        }
        _ => false,
    })
}
