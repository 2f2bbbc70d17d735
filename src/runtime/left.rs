//! What an rbk that was killed left running: over before anybody decides about it.
//!
//! `kill -9` ends rbk, and not the command that it had started. As long as that runs, nobody can say what came of
//! it: a probe looks too early, and whoever runs it again has it twice. So it is given a moment to come to its end;
//! then a person says whether it is waited for or ended. A rollback ends it, as it would have ended it before.

use std::rc::Rc;
use std::time::Duration;

use super::act::{GRACE, Performance};
use super::branch::Branch;
use super::event::Event;
use super::failure::FailureKind;
use super::flow::Flow;
use super::person::{Question, QuestionKind};
use super::run::Run;
use crate::analysis::program::Act;
use crate::catalog::Call;
use crate::catalog::command::{BACKGROUND_VARIABLE, KEY_VARIABLE};
use crate::host::{LeftRunning, Process};
use crate::source::Span;

/// The answers about what is still running.
const WAIT: &str = "wait until it ends";
const END: &str = "end it";

/// What most commands need to come to their end by themselves.
const MOMENT: Duration = Duration::from_secs(3);
/// Between two looks; each time twice as long, up to the last.
const LOOK: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

impl Run {
    /// Ends what was to live beside the run, and outlived it: it is started again where it is needed.
    pub(super) async fn end_backgrounds_left(&self) {
        self.end_left(BACKGROUND_VARIABLE, &self.id).await;
    }

    async fn end_left(&self, variable: &str, value: &str) {
        let remaining = self.host.end_left_running(variable, value, GRACE).await;
        if remaining > 0 {
            let left = told(&self.host.left_running(variable, value));
            let text = format!("still running from before, and cannot be ended: {left}");
            self.emit_in_any_case(Event::Warning(text));
        }
    }
}

impl Branch {
    /// Ends what is left running of an effect, whatever that interrupts.
    pub(super) async fn end_what_is_left(&mut self, performance: &Performance<'_>) {
        let Some(key) = performance.call.idempotency_key else { return };
        let left = self.left_of(performance, key).await;
        if left.is_empty() {
            return;
        }
        let run = Rc::clone(&self.run);
        let text = format!("still running from before, and ended now: {}", told(&left));
        run.emit_in_any_case(Event::Warning(text));
        // Where it runs first: what leads there would leave it running.
        if let Some(way) = way_of(performance)
            && let Some(why) = self.host().end_left_running_there(&way, KEY_VARIABLE, key, GRACE).await
        {
            run.emit_in_any_case(Event::Warning(why));
        }
        run.end_left(KEY_VARIABLE, key).await;
    }

    /// What is left running of an effect, here and where it was sent.
    async fn left_of(&self, performance: &Performance<'_>, key: &str) -> Vec<LeftRunning> {
        let mut left = self.host().left_running(KEY_VARIABLE, key);
        if let Some(way) = way_of(performance) {
            match self.host().left_running_there(&way, KEY_VARIABLE, key).await {
                Ok(there) => left.extend(there),
                Err(why) => {
                    let text = format!("whether it still runs cannot be seen: {}: {why}", performance.summary);
                    self.run.emit_in_any_case(Event::Warning(text));
                }
            }
        }
        left
    }

    /// Returns when nothing of an effect runs any more that began before.
    ///
    /// # Errors
    /// The flow to leave with: nobody said what to do about it, or the run is stopped.
    pub(super) async fn until_nothing_is_left(&mut self, performance: &Performance<'_>, act: &Act) -> Result<(), Flow> {
        let Some(key) = performance.call.idempotency_key else { return Ok(()) };
        let left = self.left_of(performance, key).await;
        if left.is_empty() {
            return Ok(());
        }
        self.emit(&Event::Note(format!("still running from before: {}", told(&left))));
        if self.ends_within(key, Some(MOMENT), performance, act.span).await? {
            return Ok(());
        }
        let question = Question {
            kind: QuestionKind::Choose([WAIT, END].map(str::to_owned).to_vec()),
            text: format!("This is still running from before: {}", performance.summary),
            details: vec![told(&self.left_of(performance, key).await)],
            path: self.path.clone(),
            answer_by: None,
        };
        let Some(answer) = self.ask(&question, act.span).await? else { return Ok(()) };
        match answer.text.as_str() {
            WAIT => self.ends_within(key, None, performance, act.span).await.map(drop),
            END => {
                self.end_what_is_left(performance).await;
                Ok(())
            }
            other => {
                let message = format!("\"{other}\" is none of the answers: {WAIT}, {END}");
                Err(Flow::Fail(self.failure(FailureKind::Refused, act.span, message)))
            }
        }
    }

    /// Whether it ends in time. It is ended when the run is stopped, as if it were ours.
    async fn ends_within(
        &mut self,
        key: &str,
        limit: Option<Duration>,
        performance: &Performance<'_>,
        span: Span,
    ) -> Result<bool, Flow> {
        let begun = self.host().monotonic();
        let mut pause = LOOK.0;
        while !self.left_of(performance, key).await.is_empty() {
            let waited = self.host().monotonic().saturating_sub(begun);
            if limit.is_some_and(|limit| waited >= limit) {
                return Ok(false);
            }
            self.run.dispatcher.wait(pause, &self.cancel).await;
            if self.cancel.is_cancelled() {
                self.end_what_is_left(performance).await;
                return Err(self.cancelled(span));
            }
            pause = (pause * 2).min(LOOK.1);
        }
        Ok(true)
    }
}

/// The way to where an effect was sent; `None` if it ran here.
fn way_of(performance: &Performance<'_>) -> Option<Process> {
    let Call { surroundings, withheld, .. } = performance.call;
    let on = surroundings.hops().filter(|hops| !hops.is_empty())?;
    let env = surroundings.env(surroundings.places.first()?.vars_around);
    Some(Process { on, env, dir: surroundings.dir.clone(), withheld: withheld.clone(), ..Process::default() })
}

/// `process 4711: psql -f migrate.sql`
fn told(left: &[LeftRunning]) -> String {
    let mask = crate::mask::current();
    let one = |one: &LeftRunning| format!("process {}: {}", one.pid, mask.hide(&one.command));
    left.iter().map(one).collect::<Vec<_>>().join(", ")
}
