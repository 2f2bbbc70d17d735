//! How a run ended, told honestly.

use std::sync::Arc;
use std::time::Duration;

use super::failure::Failure;
use crate::value::Value;

/// The endings of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All of it was done.
    Succeeded,
    /// It ended itself early, and that is no failure.
    Finished,
    /// It failed and stands where it stopped.
    Failed,
    /// It failed, and all that changed was taken back, but for what the runbook itself gives up.
    RolledBack,
    /// It failed, and not all could be taken back.
    RollbackIncomplete,
    /// It waits for a person.
    Paused,
    /// Somebody stopped it.
    Interrupted,
}

impl Status {
    /// As `outcome.status` and the record have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Finished => "finished early",
            Self::Failed => "failed",
            Self::RolledBack => "rolled back",
            Self::RollbackIncomplete => "rollback incomplete",
            Self::Paused => "paused",
            Self::Interrupted => "interrupted",
        }
    }

    /// The exit code of `rbk run`.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Succeeded | Self::Finished => 0,
            Self::Failed | Self::Interrupted => 1,
            Self::RolledBack => 3,
            Self::RollbackIncomplete => 4,
            Self::Paused => 5,
        }
    }
}

/// What is said at the end.
#[derive(Debug)]
pub struct Report {
    /// The run's id.
    pub run: Arc<str>,
    /// How it ended.
    pub status: Status,
    /// Why it failed, or why it ended early.
    pub failure: Option<Failure>,
    /// `finish "why"`
    pub reason: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
    /// How many steps and checks ended well.
    pub done: usize,
    /// How many were skipped.
    pub skipped: usize,
    /// Failures the runbook accepted, one line each.
    pub accepted: Vec<String>,
    /// What was taken back, in the order in which it was.
    pub taken_back: Vec<String>,
    /// Compensations that failed or were left, and why.
    pub left: Vec<Left>,
    /// Compensations still armed: what a rollback would do, newest first.
    pub armed: Vec<String>,
    /// Steps that changed something and say no way back.
    pub without_inverse: Vec<String>,
    /// What the runbook itself says cannot be, or need not be, taken back: `irreversible`, a point of no return, `disarm`.
    pub stays: Vec<String>,
    /// Effects nobody knows the outcome of.
    pub in_doubt: Vec<String>,
}

/// A compensation that did not do its work.
#[derive(Clone, Debug)]
pub struct Left {
    /// What it was to do.
    pub what: String,
    /// Why it did not.
    pub why: String,
    /// Its source, as commands a person can type.
    pub commands: String,
}

impl Report {
    /// As `outcome` is bound in `finally`.
    pub fn to_value(&self) -> Value {
        outcome_value(self.status, self.failure.as_ref())
    }
}

/// `outcome`, before the report is whole.
pub fn outcome_value(status: Status, failure: Option<&Failure>) -> Value {
    Value::record([("status", Value::str(status.name())), ("failure", failure.map_or(Value::Null, Failure::to_value))])
}
