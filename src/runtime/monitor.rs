//! Monitors and guards: samples over time, and the signs on which they trip.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::block::attempt;
use super::branch::Branch;
use super::event::{Event, ScopeStatus};
use super::failure::{Failure, FailureKind, spoken};
use super::flow::Flow;
use super::replay::{Line, values};
use crate::analysis::program::{Block, FailWhen, Lasting, Scope, ScopeBody, Stmt};
use crate::journal::{Position, Recorded};
use crate::value::Value;

/// Between samples when the runbook does not say.
const EVERY: Duration = Duration::from_secs(30);

/// So many samples in a row without any data are no watching.
const NO_DATA: u32 = 3;

/// How long a sample may take at least, however often they are taken.
const LEAST_PATIENCE: Duration = Duration::from_secs(60);

/// What is remembered from one sample to the next.
#[derive(Default)]
pub(super) struct Samples {
    signs: Vec<Sign>,
    seen: Option<String>,
}

/// One `fail_when` or `warn_when`.
#[derive(Clone, Default)]
struct Sign {
    bad_since: Option<Duration>,
    bad_in_a_row: usize,
    told: bool,
}

impl Branch {
    pub(super) async fn monitor(&mut self, scope: &Scope, body: &Block) -> Flow {
        let duration = match &scope.modifiers.duration {
            Some(duration) => attempt!(self.duration(duration)),
            None => Duration::ZERO,
        };
        self.watch(scope, body, Some(duration)).await
    }

    /// Takes samples: for so long, or until something ends it.
    async fn watch(&mut self, scope: &Scope, body: &Block, duration: Option<Duration>) -> Flow {
        let every = match &scope.modifiers.every {
            Some(every) => attempt!(self.duration(every)),
            None => EVERY,
        };
        let begun = self.host().monotonic();
        let outer = self.samples.replace(Samples::default());
        let flow = self.sample_again_and_again(scope, body, begun, every, duration).await;
        self.samples = outer;
        flow
    }

    async fn sample_again_and_again(
        &mut self,
        scope: &Scope,
        body: &Block,
        begun: Duration,
        every: Duration,
        duration: Option<Duration>,
    ) -> Flow {
        // A sample that hangs is as good as the ones that could have been taken meanwhile: none.
        let patience = (every * NO_DATA).max(LEAST_PATIENCE);
        let mut without_data = 0;
        let mut count = 0;
        loop {
            let at = self.host().monotonic();
            count += 1;
            let (flow, hangs) = self.under_deadline(patience, async |branch| branch.block(body).await).await;
            let mut nothing = None;
            match flow {
                Flow::Next | Flow::Skip(_) => without_data = 0,
                Flow::Fail(failure) if hangs && !self.cancel.is_cancelled() => {
                    return Flow::Fail(self.no_answer(scope, &failure, patience));
                }
                Flow::Fail(failure)
                    if failure.kind.is_worth_another_try()
                        && !matches!(failure.kind, FailureKind::Tripped | FailureKind::Inconclusive) =>
                {
                    without_data += 1;
                    if without_data == NO_DATA {
                        return Flow::Fail(self.inconclusive(scope, &failure));
                    }
                    nothing = Some(format!("no data: {}", failure.message()));
                }
                flow => return flow,
            }
            let now = self.host().monotonic();
            let elapsed = now.saturating_sub(begun);
            let seen = self.samples.as_mut().and_then(|samples| samples.seen.take());
            let seen = nothing.or(seen);
            let info = Rc::clone(&self.scope);
            self.emit(&Event::Progress { scope: info, attempt: count, seen, elapsed, limit: duration });
            if !self.run.dispatcher.time_passes() || duration.is_some_and(|duration| elapsed >= duration) {
                return Flow::Next;
            }
            let mut pause = (at + every).saturating_sub(now);
            if let Some(duration) = duration {
                pause = pause.min(duration.saturating_sub(elapsed));
            }
            self.run.dispatcher.wait(pause, &self.cancel).await;
            if self.cancel.is_cancelled() {
                return self.cancelled(scope.span);
            }
        }
    }

    fn inconclusive(&self, scope: &Scope, last: &Failure) -> Box<Failure> {
        let word = scope.kind.word();
        let message = format!(
            "{word} \"{}\" saw nothing: {NO_DATA} samples in a row gave no data. The last: {}",
            self.scope.title,
            last.message()
        );
        let mut failure = self.failure(FailureKind::Inconclusive, last.diagnostic.span(), message);
        failure.evidence.clone_from(&last.evidence);
        failure.output.clone_from(&last.output);
        failure
    }

    fn no_answer(&self, scope: &Scope, stopped: &Failure, waited: Duration) -> Box<Failure> {
        let message = format!(
            "{} \"{}\" saw nothing: a sample had no answer in {}",
            scope.kind.word(),
            scope.name,
            spoken(waited)
        );
        let mut failure = self.failure(FailureKind::Inconclusive, stopped.diagnostic.span(), message);
        failure.evidence.clone_from(&stopped.evidence);
        failure
    }

    /// `fail_when`, `warn_when`: a reading that fails inside counts as a bad sample.
    pub(super) async fn bad_sign(&mut self, sign: &FailWhen) -> Flow {
        let mut failed_reading = None;
        match self.block(&sign.before).await {
            Flow::Next => {}
            Flow::Fail(failure) if failure.kind.is_worth_another_try() => failed_reading = Some(failure),
            flow => return flow,
        }
        let bad = if failed_reading.is_some() {
            true
        } else {
            match self.eval(&sign.condition) {
                Ok(Value::Bool(bad)) => bad,
                Ok(Value::Unknown(_)) => false,
                Ok(other) => return Flow::Fail(self.no_condition(&sign.condition, &other)),
                Err(failure) => {
                    failed_reading = Some(failure);
                    true
                }
            }
        };
        let seen = match &failed_reading {
            Some(failure) => Some(failure.message().to_owned()),
            None => self.seen(&sign.condition, false),
        };
        let needed = match &sign.lasting {
            Lasting::Once => Needed::Times(1),
            Lasting::For(duration) => Needed::For(attempt!(self.duration(duration))),
            Lasting::Times(count) => Needed::Times(attempt!(self.count(count))),
        };
        let now = self.host().monotonic();
        let Some(samples) = &mut self.samples else { return Flow::Next };
        if samples.signs.len() <= sign.index {
            samples.signs.resize(sign.index + 1, Sign::default());
        }
        if samples.seen.is_none() || bad {
            // What is as it should be needs no comparison.
            samples.seen = seen.as_deref().map(|seen| match seen.split_once(" (want") {
                Some((value, _)) if !bad => value.to_owned(),
                _ => seen.to_owned(),
            });
        }
        let state = &mut samples.signs[sign.index];
        if !bad {
            *state = Sign::default();
            return Flow::Next;
        }
        let since = *state.bad_since.get_or_insert(now);
        state.bad_in_a_row += 1;
        let (tripped, lasted) = match needed {
            Needed::For(duration) => {
                let lasted = now.saturating_sub(since);
                (lasted >= duration, format!("for {}", spoken(lasted)))
            }
            Needed::Times(count) => {
                (state.bad_in_a_row >= count.max(1), format!("{} times in a row", state.bad_in_a_row))
            }
        };
        if !tripped || state.told && sign.warns {
            return Flow::Next;
        }
        state.told = true;
        self.tripped(sign, failed_reading, seen, &lasted)
    }

    fn tripped(&mut self, sign: &FailWhen, reading: Option<Box<Failure>>, seen: Option<String>, lasted: &str) -> Flow {
        let source = self.unit.program.sources.text(sign.condition.span);
        let source = source.split_whitespace().collect::<Vec<_>>().join(" ");
        let how_long = if matches!(sign.lasting, Lasting::Once) { String::new() } else { format!(" {lasted}") };
        let message = match &seen {
            Some(seen) => format!("`{source}`{how_long}: {seen}"),
            None => format!("`{source}`{how_long}"),
        };
        if sign.warns {
            self.emit(&Event::Warning(message));
            return Flow::Next;
        }
        let mut failure = self.failure(FailureKind::Tripped, sign.condition.span, message);
        match reading {
            Some(reading) => {
                failure.evidence = reading.evidence;
                failure.output = reading.output;
            }
            None => failure.evidence = self.evidence(&sign.condition),
        }
        failure.seen = seen;
        Flow::Fail(failure)
    }

    /// Runs the rest of a block with a guard beside it. A trip cancels the rest, and is waited for.
    pub(super) async fn guarded(&mut self, scope: &Arc<Scope>, rest: &[Stmt]) -> Flow {
        let ScopeBody::Guard { body } = &scope.kind else { return self.rest(rest).await };
        if self.run.selection.checks_only {
            return self.rest(rest).await;
        }
        if let Some(when) = &scope.modifiers.when {
            match attempt!(self.eval(when)) {
                Value::Bool(false) => return self.rest(rest).await,
                Value::Bool(true) | Value::Unknown(_) => {}
                other => return Flow::Fail(self.no_condition(when, &other)),
            }
        }
        let title = attempt!(self.text(&scope.title));
        let pos = self.position();
        let mut watcher = self.fork(self.undo.clone(), Line::leaving(&pos, "g"));
        watcher.observes = true;
        watcher.path.push(Arc::clone(&scope.name));
        watcher.begin_guard(scope, title);
        let begun = self.host().monotonic();
        let info = Rc::clone(&watcher.scope);
        let watching = watcher.cancel.clone();

        let run = Rc::clone(&self.run);
        let guarded = self.cancel.child();
        let outer = std::mem::replace(&mut self.cancel, guarded.clone());
        let flow = {
            let work = self.rest(rest);
            let mut work = std::pin::pin!(work);
            let watch = watcher.watch_from_here(scope, body, &pos);
            let mut watch = std::pin::pin!(watch);
            tokio::select! {
                biased;
                flow = &mut work => {
                    watching.cancel();
                    let _ = watch.await;
                    flow
                }
                trip = &mut watch => match trip {
                    Flow::Fail(failure) if failure.kind != FailureKind::Cancelled => {
                        let told = Box::new(values::failure_entry(&failure));
                        run.note(Recorded::Tripped { pos: pos.clone(), failure: told });
                        guarded.cancel();
                        let in_doubt = work.await.failure().is_some_and(|stopped| stopped.in_doubt);
                        let mut failure = failure;
                        failure.in_doubt |= in_doubt;
                        Flow::Fail(failure)
                    }
                    _ => work.await,
                },
            }
        };
        self.cancel = outer;
        let status = match &flow {
            Flow::Fail(failure) if matches!(failure.kind, FailureKind::Tripped | FailureKind::Inconclusive) => {
                ScopeStatus::Failed
            }
            _ => ScopeStatus::Passed,
        };
        let elapsed = self.host().monotonic().saturating_sub(begun);
        self.emit(&Event::ScopeEnded { scope: info, status, elapsed, detail: None });
        flow
    }

    /// Watches once the record of the run is behind it, unless that tells that it tripped.
    async fn watch_from_here(&mut self, scope: &Scope, body: &Block, pos: &Position) -> Flow {
        let run = Rc::clone(&self.run);
        match run.replay.meet(pos).await {
            Ok(Some(Recorded::Tripped { failure, .. })) => {
                Flow::Fail(values::failure(&failure, &self.unit.program.sources))
            }
            Ok(Some(_)) => self.diverged(scope.span, "something else than a guard"),
            // What is guarded learns of it by itself.
            Err(_) => Flow::Next,
            Ok(None) => match run.replay.becomes_live(&pos.line, &self.cancel, false).await {
                Ok(()) => self.watch(scope, body, None).await,
                // What is guarded learns why by itself.
                Err(_) => Flow::Next,
            },
        }
    }

    fn begin_guard(&mut self, scope: &Scope, title: String) {
        let info = self.describe(scope, title);
        self.emit(&Event::ScopeStarted(Rc::clone(&info)));
        self.scope = info;
    }
}

enum Needed {
    For(Duration),
    Times(usize),
}
