//! The dispatcher of a real run: the journal before and after, the world in between.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::dispatcher::{Asked, Dispatcher, Intended, Performed};
use super::person::{Person, Question};
use crate::catalog::command::RunCommand;
use crate::catalog::{Action, ActionError, Call, Inverse};
use crate::host::{Cancel, Host, LocalFuture};
use crate::journal::{ArmedEntry, Ending, Entry, Journal, JournalError, Recorded, Sequence};
use crate::value::Value;

/// See the module.
pub struct Live {
    host: Rc<dyn Host>,
    journal: Rc<dyn Journal>,
    person: Rc<dyn Person>,
    run_command: RunCommand,
    effects: Cell<Sequence>,
}

impl Live {
    /// Over these parts.
    pub fn new(host: Rc<dyn Host>, journal: Rc<dyn Journal>, person: Rc<dyn Person>, run_command: RunCommand) -> Self {
        Self { host, journal, person, run_command, effects: Cell::new(0) }
    }

    async fn write(&self, event: Recorded) -> Result<(), JournalError> {
        let entry = Entry { at: self.host.now(), event };
        self.journal.write(&entry).await
    }
}

impl Dispatcher for Live {
    fn intend<'a>(&'a self, intended: Intended<'a>) -> LocalFuture<'a, Result<Sequence, JournalError>> {
        Box::pin(async move {
            let effect = self.effects.get() + 1;
            self.effects.set(effect);
            self.write(Recorded::Intent {
                effect,
                path: intended.path.to_vec(),
                attempt: intended.attempt,
                action: intended.action.into(),
                summary: intended.summary.to_owned(),
                class: intended.class,
                armed: intended.armed,
            })
            .await?;
            Ok(effect)
        })
    }

    fn perform<'a>(
        &'a self,
        what: &'a Performed<'a>,
        call: &'a Call<'a>,
    ) -> LocalFuture<'a, Result<Value, ActionError>> {
        match what {
            Performed::Native(action) => (action.run)(call),
            Performed::Command(line, options) => (self.run_command)(line, options, call),
        }
    }

    fn conclude(
        &self,
        effect: Sequence,
        ending: Ending,
        armed: Vec<ArmedEntry>,
    ) -> LocalFuture<'_, Result<(), JournalError>> {
        Box::pin(self.write(Recorded::Outcome { effect, ending, armed }))
    }

    fn capture<'a>(
        &'a self,
        action: &'static Action,
        call: &'a Call<'a>,
    ) -> LocalFuture<'a, Result<Value, ActionError>> {
        match &action.inverse {
            Inverse::Captured { capture, .. } => capture(call),
            Inverse::NotNeeded | Inverse::None(_) => Box::pin(std::future::ready(Ok(Value::Null))),
        }
    }

    fn restore<'a>(
        &'a self,
        action: &'static Action,
        call: &'a Call<'a>,
        captured: &'a Value,
    ) -> LocalFuture<'a, Result<(), ActionError>> {
        match &action.inverse {
            Inverse::Captured { restore, .. } => restore(call, captured),
            Inverse::NotNeeded | Inverse::None(_) => Box::pin(std::future::ready(Ok(()))),
        }
    }

    fn discard<'a>(&'a self, action: &'static Action, call: &'a Call<'a>, captured: &'a Value) -> LocalFuture<'a, ()> {
        match &action.inverse {
            Inverse::Captured { discard, .. } => discard(call, captured),
            Inverse::NotNeeded | Inverse::None(_) => Box::pin(std::future::ready(())),
        }
    }

    fn record(&self, event: Recorded) -> LocalFuture<'_, Result<(), JournalError>> {
        Box::pin(self.write(event))
    }

    fn ask<'a>(&'a self, question: &'a Question, cancel: &'a Cancel) -> LocalFuture<'a, Asked> {
        Box::pin(async move {
            match self.person.ask(question, cancel).await {
                Some(answer) => Asked::Answered(answer),
                None => Asked::Nobody,
            }
        })
    }

    fn wait<'a>(&'a self, duration: Duration, cancel: &'a Cancel) -> LocalFuture<'a, ()> {
        self.host.sleep(duration, cancel)
    }

    fn time_passes(&self) -> bool {
        true
    }
}
