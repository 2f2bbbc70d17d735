//! Control flow as data.

use super::failure::{Failure, FailureKind};
use crate::value::Value;

/// How a statement or block ended.
#[derive(Debug)]
pub(super) enum Flow {
    /// On to the next statement.
    Next,
    /// `break`
    Break,
    /// `skip`
    Skip(Option<String>),
    /// `return`
    Return(Value),
    /// A failure on its way up to the innermost scope with a policy.
    Fail(Box<Failure>),
    /// A failure that ends the run where it stands; nobody is asked any more.
    Stop(Box<Failure>),
    /// A failure that takes the run back; nobody is asked any more.
    Rollback(Box<Failure>),
    /// `finish`
    Finish(String),
    /// The run needs a person who is not there.
    Pause(Box<Failure>),
    /// How a handler ended.
    Handler(HandlerEnd),
}

/// The words that end a handler.
#[derive(Debug)]
pub(super) enum HandlerEnd {
    /// `retry`, at most so many times
    Retry(i64),
    /// `continue`
    Continue,
    /// `undo`
    Undo,
    /// `rollback`
    Rollback,
    /// `stop`
    Stop,
}

impl Flow {
    /// `fail`: where only a run will know whether it comes to that, a plan goes on with the other ways.
    pub(super) fn is_a_way_out(&self) -> bool {
        matches!(self, Self::Fail(failure) if failure.kind == FailureKind::Fail)
    }

    /// The failure it carries.
    pub(super) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Fail(failure) | Self::Stop(failure) | Self::Rollback(failure) | Self::Pause(failure) => Some(failure),
            Self::Next | Self::Break | Self::Skip(_) | Self::Return(_) | Self::Finish(_) | Self::Handler(_) => None,
        }
    }
}
