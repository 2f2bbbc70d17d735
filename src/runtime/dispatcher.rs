//! The one object through which every effect goes. Running, planning and testing differ in it
//! and in nothing else.

use std::sync::Arc;
use std::time::Duration;

use super::person::{Answer, Question};
use crate::catalog::command::{CommandLine, CommandOptions};
use crate::catalog::{Action, ActionError, Args, Call, Effect};
use crate::host::{Cancel, LocalFuture};
use crate::journal::{ArmedEntry, Ending, JournalError, Recorded, Sequence};
use crate::value::Value;

/// What an effect consists of.
pub enum Performed<'a> {
    /// A native action; its arguments are in the call.
    Native(&'static Action),
    /// A command.
    Command(&'a CommandLine, &'a CommandOptions),
}

/// An effect that is about to happen.
pub struct Intended<'a> {
    /// Titles of the scopes around it.
    pub path: &'a [Arc<str>],
    /// From one.
    pub attempt: u32,
    /// `http.post`, or `$`.
    pub action: &'a str,
    /// One line of what it does.
    pub summary: &'a str,
    /// What it does to the world.
    pub class: Effect,
    /// What was armed for it.
    pub armed: Vec<ArmedEntry>,
}

/// Carries effects out, or pretends to.
pub trait Dispatcher {
    /// Records that a changing effect is about to run. When this returns, it may.
    fn intend<'a>(&'a self, intended: Intended<'a>) -> LocalFuture<'a, Result<Sequence, JournalError>>;

    /// Runs an effect.
    fn perform<'a>(
        &'a self,
        what: &'a Performed<'a>,
        call: &'a Call<'a>,
    ) -> LocalFuture<'a, Result<Value, ActionError>>;

    /// Records how a changing effect ended.
    fn conclude(
        &self,
        effect: Sequence,
        ending: Ending,
        armed: Vec<ArmedEntry>,
    ) -> LocalFuture<'_, Result<(), JournalError>>;

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

    /// Records anything else.
    fn record(&self, event: Recorded) -> LocalFuture<'_, Result<(), JournalError>>;

    /// Asks a person. `Ok(None)`: nobody is there.
    fn ask<'a>(&'a self, question: &'a Question, cancel: &'a Cancel) -> LocalFuture<'a, Asked>;

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
