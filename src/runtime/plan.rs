//! The dispatcher of a plan: nothing is executed, and what only a run will know stays unknown.

use std::time::Duration;

use super::dispatcher::{Asked, Dispatcher, Performed};
use super::person::Question;
use crate::catalog::command::RunCommand;
use crate::catalog::{Action, ActionError, Call};
use crate::host::{Cancel, LocalFuture};
use crate::journal::{JournalError, Position, Recorded};
use crate::value::{Type, Value};

/// See the module.
pub struct Plan {
    /// Runs what only reads: `--probe`.
    probe: Option<RunCommand>,
}

impl Plan {
    /// Executes nothing at all.
    pub const fn new() -> Self {
        Self { probe: None }
    }

    /// Runs native actions and commands that only read.
    pub const fn probing(run_command: RunCommand) -> Self {
        Self { probe: Some(run_command) }
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self::new()
    }
}

fn done<'a, T: 'a>(value: T) -> LocalFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl Dispatcher for Plan {
    fn perform<'a>(
        &'a self,
        what: &'a Performed<'a>,
        call: &'a Call<'a>,
    ) -> LocalFuture<'a, Result<Value, ActionError>> {
        let known = call.surroundings.is_known() && !call.args.iter().any(|(_, value)| value.is_unknown());
        match (what, self.probe) {
            (Performed::Native(action), Some(_)) if !action.effect.is_changing() && known => (action.run)(call),
            (Performed::Command(line, options), Some(run_command)) if known && call.idempotency_key.is_none() => {
                run_command(line, options, call)
            }
            _ => done(Ok(Value::Unknown(Type::Any))),
        }
    }

    fn capture<'a>(&'a self, _: &'static Action, _: &'a Call<'a>) -> LocalFuture<'a, Result<Value, ActionError>> {
        done(Ok(Value::Unknown(Type::Any)))
    }

    fn restore<'a>(
        &'a self,
        _: &'static Action,
        _: &'a Call<'a>,
        _: &'a Value,
    ) -> LocalFuture<'a, Result<(), ActionError>> {
        done(Ok(()))
    }

    fn discard<'a>(&'a self, _: &'static Action, _: &'a Call<'a>, _: &'a Value) -> LocalFuture<'a, ()> {
        done(())
    }

    fn record(&self, _: Recorded) -> LocalFuture<'_, Result<(), JournalError>> {
        done(Ok(()))
    }

    fn note(&self, _: Recorded) {}

    fn fence(&self) -> u64 {
        0
    }

    fn ask<'a>(&'a self, _: &'a Question, _: &'a Position, _: &'a Cancel) -> LocalFuture<'a, Asked> {
        done(Asked::Unknown)
    }

    fn wait<'a>(&'a self, _: Duration, _: &'a Cancel) -> LocalFuture<'a, ()> {
        done(())
    }

    fn time_passes(&self) -> bool {
        false
    }
}
