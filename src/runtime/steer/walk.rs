//! The stops of a branch, and what is done about what is said at them.

use std::rc::Rc;
use std::sync::Arc;

use super::{Did, Go, Held, Leaving, Stop};
use crate::analysis::program::{Scope, ScopeBody, Stmt, StmtKind};
use crate::eval::expr::SlotId;
use crate::host::Cancel;
use crate::journal::{Position, Recorded, Steer};
use crate::runtime::branch::Branch;
use crate::runtime::event::{Event, ScopeInfo, ScopeStatus};
use crate::runtime::failure::{Failure, FailureKind};
use crate::runtime::flow::Flow;
use crate::runtime::replay::Line;
use crate::runtime::run::Run;
use crate::source::Span;

/// What becomes of a step that is over.
pub(in crate::runtime) enum After {
    /// Its flow goes on.
    Leave(Flow),
    /// Its failure is accepted.
    Accept(Box<Failure>),
    /// It runs again.
    Again,
}

impl Branch {
    /// Whether the story has stops here: not in what only looks, takes back, or runs in an action or another runbook.
    pub(in crate::runtime) fn has_stops(&self) -> bool {
        self.stepped && !self.observes && !self.in_rollback && !self.in_background && self.frames.len() == 1
    }

    /// Before a step, a check, a question. `Ok(Some(why))`: it is left out.
    pub(in crate::runtime) async fn stop_before(
        &mut self,
        scope: &Arc<Scope>,
        title: &str,
    ) -> Result<Option<String>, Flow> {
        if !self.has_stops() || matches!(scope.kind, ScopeBody::Phase(_) | ScopeBody::Guard { .. }) {
            return Ok(None);
        }
        match self.stop(Stop::Step { scope, title }).await? {
            Go::Skip(why) => {
                self.lost.extend(&scope.binds);
                Ok(Some(why))
            }
            _ => Ok(None),
        }
    }

    /// Before a statement that is no step.
    pub(in crate::runtime) async fn stop_at(&mut self, stmt: &Stmt) -> Result<(), Flow> {
        let has_own = matches!(stmt.kind, StmtKind::Scope(_) | StmtKind::Person(_) | StmtKind::CallRunbook(_));
        if !self.has_stops() || has_own {
            return Ok(());
        }
        self.stop(Stop::Statement(stmt.span)).await.map(drop)
    }

    /// Where the story ends.
    pub(in crate::runtime) async fn stop_at_the_end(&mut self) -> Result<(), Flow> {
        if !self.has_stops() {
            return Ok(());
        }
        let main = self.unit.program.main;
        let length = self.unit.program.sources.get(main).text.len();
        let end = u32::try_from(length).unwrap_or(u32::MAX);
        self.stop(Stop::End(Span::new(main, end, end))).await.map(drop)
    }

    /// Behind a step, if it failed.
    pub(in crate::runtime) async fn stop_after(&mut self, scope: &Arc<Scope>, flow: Flow) -> After {
        let is_step = !matches!(scope.kind, ScopeBody::Phase(_));
        let failure = match flow {
            Flow::Fail(failure) if is_step && self.has_stops() && failure.kind != FailureKind::Journal => failure,
            flow => return After::Leave(flow),
        };
        let ends_all = self.cancel.is_cancelled();
        if ends_all || std::mem::replace(&mut self.asked_about, true) {
            return After::Leave(Flow::Fail(failure));
        }
        match self.stop(Stop::Failed { scope, failure: &failure }).await {
            Ok(Go::Again) => After::Again,
            Ok(Go::Accept(why)) => {
                self.lost.extend(&scope.binds);
                let next = format!("accepted by hand: {why}");
                self.emit(&Event::Failed { failure: Rc::new((*failure).clone()), next });
                After::Accept(failure)
            }
            Ok(_) => After::Leave(Flow::Fail(failure)),
            Err(flow) => After::Leave(flow),
        }
    }

    /// A step is over: it is the one that can run again, and what it bound can be shown.
    pub(in crate::runtime) fn remember_step(&mut self, scope: &Arc<Scope>, info: &ScopeInfo, status: ScopeStatus) {
        if !self.has_stops() || matches!(scope.kind, ScopeBody::Phase(_)) {
            return;
        }
        self.last_step = Some(Arc::clone(scope));
        let Some(steering) = self.run.stepping.as_ref().and_then(|stepping| stepping.steering.clone()) else { return };
        if status == ScopeStatus::Passed {
            let named = |slot: &SlotId| {
                let info = self.name_info(*slot)?;
                let value = self.get(*slot)?;
                (!info.name.starts_with('$')).then(|| (Arc::clone(&info.name), value.clone()))
            };
            steering.bound(info.id, scope.binds.iter().filter_map(named).collect());
        }
    }

    /// Runs what can be stopped by hand without stopping the run.
    pub(in crate::runtime) async fn stoppable<F>(&mut self, body: F) -> Flow
    where
        F: AsyncFnOnce(&mut Branch) -> Flow,
    {
        let run = Rc::clone(&self.run);
        let pos = self.position();
        let inner = self.cancel.child();
        let outer = std::mem::replace(&mut self.cancel, inner.clone());
        let number = run.control.begin_step(&inner);
        let flow = {
            let mut work = std::pin::pin!(body(self));
            tokio::select! {
                biased;
                flow = &mut work => flow,
                () = stopped(&run, &inner, &pos) => {
                    if !outer.is_cancelled() {
                        run.note(Recorded::StepStopped { pos });
                    }
                    inner.cancel();
                    work.await
                }
            }
        };
        run.control.end_step(number);
        self.cancel = outer;
        flow
    }

    async fn stop(&mut self, stop: Stop<'_>) -> Result<Go, Flow> {
        let pos = self.position();
        let line = std::mem::replace(&mut self.line, Line::leaving(&pos, "s"));
        let go = self.at_stop(stop, &pos).await;
        self.line = line;
        match &go {
            Ok(Go::Skip(why)) => self.remember(stop, Did::Skipped(why.clone())),
            Ok(Go::Accept(why)) => self.remember(stop, Did::Accepted(why.clone())),
            Ok(Go::On | Go::Again | Go::Leave(_)) | Err(_) => {}
        }
        go
    }

    async fn at_stop(&mut self, stop: Stop<'_>, place: &Position) -> Result<Go, Flow> {
        while self.run.replay.has(&self.line.ahead()) {
            let pos = self.position();
            let Some(Recorded::Steered { steer, .. }) = self.recall(&pos, stop.span()).await? else {
                return Err(self.diverged(stop.span(), "something else than what was done at a stop"));
            };
            if let Some(go) = self.steered(stop, pos, steer).await? {
                return Ok(go);
            }
        }
        let Some(steering) = self.run.stepping.as_ref().and_then(|stepping| stepping.steering.clone()) else {
            return Ok(Go::On);
        };
        if !self.is_live() && self.run.replay.goes_on_behind(place) {
            return Ok(Go::On);
        }
        if !steering.stops(&mut Held::new(self, stop)) {
            return Ok(Go::On);
        }
        self.go_live(stop.span()).await?;
        let still = self.deadline.as_ref().map(|deadline| deadline.stand_still(&self.run.host));
        let control = Rc::clone(&self.run.control);
        control.stands(true);
        let go = steering.hold(&mut Held::new(self, stop)).await;
        control.stands(false);
        drop(still);
        self.decided(stop, go).await
    }

    /// What was said is put on record.
    async fn decided(&mut self, stop: Stop<'_>, go: Go) -> Result<Go, Flow> {
        if let Some(flow) = self.leaves.take() {
            return Err(*flow);
        }
        let steer = match &go {
            _ if self.cancel.is_cancelled() => Steer::Leave { how: "stop".to_owned() },
            Go::On => return Ok(go),
            Go::Skip(why) => Steer::Skip { why: why.clone() },
            Go::Again => Steer::Again,
            Go::Accept(why) => Steer::Accept { why: why.clone() },
            Go::Leave(how) => Steer::Leave { how: how.name().to_owned() },
        };
        let pos = self.position();
        let by = self.run.host.actor();
        match self.record(Recorded::Steered { pos, by: by.clone(), steer }, stop.span()).await {
            Flow::Next => {}
            flow => return Err(flow),
        }
        if self.cancel.is_cancelled() {
            return Err(self.cancelled(stop.span()));
        }
        match go {
            Go::Leave(how) => Err(self.left(stop, how, &by)),
            go => Ok(go),
        }
    }

    fn left(&self, stop: Stop<'_>, how: Leaving, by: &str) -> Flow {
        // What failed before somebody left is what it ends with.
        if let (Leaving::Stand, Stop::Failed { failure, .. }) = (how, &stop) {
            return Flow::Stop(Box::new((*failure).clone()));
        }
        let failure = |what: &str| self.failure(FailureKind::Left, stop.span(), format!("{what} by {by}"));
        match how {
            Leaving::Pause => Flow::Pause(failure("paused")),
            Leaving::Stand => Flow::Stop(failure("left as it stands")),
            Leaving::Rollback => Flow::Rollback(failure("taken back")),
        }
    }

    /// What is on record of a stop is done again. `None`: the run stood at the same stop after it.
    async fn steered(&mut self, stop: Stop<'_>, pos: Position, steer: Steer) -> Result<Option<Go>, Flow> {
        match steer {
            Steer::Type { text } => self.typed_again(stop, pos, &text, false).await.map(|()| None),
            Steer::Set { text } => self.typed_again(stop, pos, &text, true).await.map(|()| None),
            Steer::Again if matches!(stop, Stop::Failed { .. }) => Ok(Some(Go::Again)),
            Steer::Again => self.again(stop, pos).await.map(|_| None),
            Steer::Undo { count } => self.take_back_newest(stop, pos, count).await.map(|_| None),
            Steer::Skip { why } => Ok(Some(Go::Skip(why))),
            Steer::Accept { why } => Ok(Some(Go::Accept(why))),
            Steer::Leave { how } => {
                let by = self.run.actor.clone();
                let known = [Leaving::Pause, Leaving::Stand, Leaving::Rollback].into_iter();
                match known.into_iter().find(|leaving| leaving.name() == how) {
                    Some(how) => Err(self.left(stop, how, &by)),
                    None => Err(self.cancelled(stop.span())),
                }
            }
        }
    }
}

/// Returns when a step is stopped by hand, or in the moment in which it was so before.
async fn stopped(run: &Run, step: &Cancel, pos: &Position) {
    if matches!(run.replay.meet(pos).await, Ok(Some(_))) {
        return;
    }
    step.cancelled().await;
}
