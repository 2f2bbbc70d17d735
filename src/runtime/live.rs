//! The dispatcher of a real run: the journal before and after, the world in between.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::Either;

use super::dispatcher::{Asked, Dispatcher, Performed};
use super::person::{Answer, Person, Question};
use crate::catalog::command::RunCommand;
use crate::catalog::{Action, ActionError, Call, Inverse};
use crate::host::{Cancel, Host, LocalFuture};
use crate::journal::{Entry, JournalError, Position, Record, Recorded};
use crate::value::Value;

/// Between two looks for answers from elsewhere.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// See the module.
pub struct Live {
    host: Rc<dyn Host>,
    record: Rc<dyn Record>,
    person: Rc<dyn Person>,
    elsewhere: Rc<dyn Elsewhere>,
    run_command: RunCommand,
}

/// Answers that come from another terminal or machine.
pub trait Elsewhere {
    /// Whether one is there.
    fn look<'a>(&'a self, question: &'a Question, at: &'a Position) -> LocalFuture<'a, Option<Answer>>;
}

/// Nobody answers from elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct NobodyElsewhere;

impl Elsewhere for NobodyElsewhere {
    fn look<'a>(&'a self, _: &'a Question, _: &'a Position) -> LocalFuture<'a, Option<Answer>> {
        Box::pin(std::future::ready(None))
    }
}

impl Live {
    /// Over these parts.
    pub fn new(
        host: Rc<dyn Host>,
        record: Rc<dyn Record>,
        person: Rc<dyn Person>,
        elsewhere: Rc<dyn Elsewhere>,
        run_command: RunCommand,
    ) -> Self {
        Self { host, record, person, elsewhere, run_command }
    }

    fn entry(&self, event: Recorded) -> Entry {
        Entry { at: self.host.now(), event }
    }
}

impl Dispatcher for Live {
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
        self.record.write(self.entry(event))
    }

    fn note(&self, event: Recorded) {
        self.record.note(self.entry(event));
    }

    fn fence(&self) -> u64 {
        self.record.fence()
    }

    fn ask<'a>(&'a self, question: &'a Question, at: &'a Position, cancel: &'a Cancel) -> LocalFuture<'a, Asked> {
        Box::pin(async move {
            let until_answered = cancel.child();
            let mut here = self.person.ask(question, &until_answered);
            loop {
                if let Some(answer) = self.elsewhere.look(question, at).await {
                    until_answered.cancel();
                    here.await;
                    return Asked::Answered(answer);
                }
                let later = self.host.sleep(LOOK_AGAIN, &until_answered);
                here = match futures_util::future::select(here, later).await {
                    Either::Left((answer, _)) => return answer.map_or(Asked::Nobody, Asked::Answered),
                    Either::Right(((), here)) => here,
                };
                if cancel.is_cancelled() {
                    return here.await.map_or(Asked::Nobody, Asked::Answered);
                }
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
