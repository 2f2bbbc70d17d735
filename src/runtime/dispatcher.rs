//! The one object through which every effect goes. Running, planning and testing differ in it
//! and in nothing else.

use std::time::Duration;

use super::person::{Answer, Question};
use crate::catalog::command::{CommandLine, CommandOptions};
use crate::catalog::{Action, ActionError, Args, Call};
use crate::host::{Cancel, LocalFuture};
use crate::journal::{JournalError, Position, Recorded};
use crate::value::Value;

/// What an effect consists of.
pub enum Performed<'a> {
    /// A native action; its arguments are in the call.
    Native(&'static Action),
    /// A command.
    Command(&'a CommandLine, &'a CommandOptions),
}

/// Carries effects out, or pretends to.
pub trait Dispatcher {
    /// Runs an effect.
    fn perform<'a>(
        &'a self,
        what: &'a Performed<'a>,
        call: &'a Call<'a>,
    ) -> LocalFuture<'a, Result<Value, ActionError>>;

    /// Reads what an action is about to change.
    fn capture<'a>(
        &'a self,
        action: &'static Action,
        call: &'a Call<'a>,
    ) -> LocalFuture<'a, Result<Value, ActionError>>;

    /// Puts back what was captured.
    fn restore<'a>(
        &'a self,
        action: &'static Action,
        call: &'a Call<'a>,
        captured: &'a Value,
    ) -> LocalFuture<'a, Result<(), ActionError>>;

    /// Clears away what was kept for that.
    fn discard<'a>(&'a self, action: &'static Action, call: &'a Call<'a>, captured: &'a Value) -> LocalFuture<'a, ()>;

    /// Records what must be on record before anything else happens: see [`Recorded::must_be_durable`].
    fn record(&self, event: Recorded) -> LocalFuture<'_, Result<(), JournalError>>;

    /// Records what may share the commit of the next that must.
    fn note(&self, event: Recorded);

    /// The number that fences off those who held the record before.
    fn fence(&self) -> u64;

    /// Asks a person: here, or one who leaves the answer with the record from elsewhere.
    fn ask<'a>(&'a self, question: &'a Question, at: &'a Position, cancel: &'a Cancel) -> LocalFuture<'a, Asked>;

    /// Lets time pass.
    fn wait<'a>(&'a self, duration: Duration, cancel: &'a Cancel) -> LocalFuture<'a, ()>;

    /// Whether time passes at all: without it a monitor takes one sample, and a guard one look.
    fn time_passes(&self) -> bool;

    /// A one-line form of the arguments for people, values that are not known shown as such.
    fn show(&self, what: &Performed<'_>, args: &Args) -> String {
        match what {
            Performed::Native(action) => (action.show)(args),
            Performed::Command(CommandLine::Direct(words), _) => {
                let words: Vec<String> = words.iter().map(|word| super::wording::word(word)).collect();
                format!("$ {}", words.join(" "))
            }
            Performed::Command(CommandLine::Script(script), _) => format!("$ {script}"),
        }
    }
}

/// What came of a question.
#[derive(Clone, Debug)]
pub enum Asked {
    /// An answer.
    Answered(Answer),
    /// Nobody is there to answer.
    Nobody,
    /// Only a run will know.
    Unknown,
}
