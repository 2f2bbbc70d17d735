//! What is done at a stop: statements that are typed, the step before once more, taking back. Each is on record before
//! it begins, and runs on a line of its own.

use std::rc::Rc;
use std::sync::Arc;

use super::{Did, Stop, deeds};
use crate::analysis::program::Block;
use crate::analysis::typed::{Bound, For, Typed, Typing, Wrong, title};
use crate::catalog::Effect;
use crate::eval::Expr;
use crate::eval::expr::SlotId;
use crate::journal::{Position, Recorded, Steer};
use crate::runtime::branch::Branch;
use crate::runtime::event::Event;
use crate::runtime::failure::{Failure, FailureKind};
use crate::runtime::flow::Flow;
use crate::runtime::replay::Line;
use crate::runtime::run::keep;
use crate::runtime::undo::{Armed, Node};
use crate::runtime::unit::{Code, Unit};
use crate::value::Value;

/// What came of something done at a stop: it failed, and the run stands where it stood.
pub(super) type Came = Result<(), Rc<Failure>>;

impl Branch {
    pub(super) fn typing(&self) -> Option<Rc<Typing>> {
        self.run.stepping.as_ref().map(|stepping| Rc::clone(&stepping.typing))
    }

    /// The names that are bound and can be seen from a stop.
    pub(super) fn bound(&self, stop: Stop<'_>) -> Vec<Bound> {
        let Some(typing) = self.typing() else { return Vec::new() };
        let names = typing.names();
        let frame = &self.frames[0];
        let visible = (0..).zip(&names).filter_map(|(slot, info)| {
            let value = frame.get(slot)?;
            let sees = typing.sees(info, Some(stop.span()).filter(|_| !matches!(stop, Stop::End(_))));
            sees.then_some(Bound { slot, present: !matches!(value, Value::Null) })
        });
        visible.collect()
    }

    /// Reads a text at a stop.
    pub(super) fn read_at(&self, stop: Stop<'_>, text: &str, wanted: For) -> Option<Result<Typed, Wrong>> {
        Some(self.typing()?.read(text, wanted, &self.bound(stop)))
    }

    /// Runs what was typed, for the first time.
    pub(super) async fn run_typed(
        &mut self,
        stop: Stop<'_>,
        text: &str,
        sets: bool,
        typed: &Typed,
    ) -> Result<Came, Flow> {
        let pos = self.position();
        let text = text.to_owned();
        let steer = if sets { Steer::Set { text: text.clone() } } else { Steer::Type { text: text.clone() } };
        let by = self.run.host.actor();
        match self.record(Recorded::Steered { pos: pos.clone(), by, steer }, stop.span()).await {
            Flow::Next => self.perform_typed(stop, pos, &text, sets, typed).await,
            flow => Err(flow),
        }
    }

    /// Runs what was typed before.
    pub(super) async fn typed_again(
        &mut self,
        stop: Stop<'_>,
        pos: Position,
        text: &str,
        sets: bool,
    ) -> Result<(), Flow> {
        let wanted = if sets { For::Setting } else { For::Running };
        match self.read_at(stop, text, wanted) {
            Some(Ok(typed)) => self.perform_typed(stop, pos, text, sets, &typed).await.map(drop),
            _ => Err(self.diverged(stop.span(), &format!("what was typed: {}", title(text)))),
        }
    }

    async fn perform_typed(
        &mut self,
        stop: Stop<'_>,
        pos: Position,
        text: &str,
        sets: bool,
        typed: &Typed,
    ) -> Result<Came, Flow> {
        if let Some(typing) = self.typing() {
            let first = typing.names().len();
            typing.accept(typed);
            // What was only looked at left values in places that are bound anew now.
            let count = self.frames[0].size();
            let stale: Vec<SlotId> = (first..count).filter_map(|slot| SlotId::try_from(slot).ok()).collect();
            self.clear(&stale);
        }
        let what = title(text);
        let came = self
            .on_its_line(stop, pos, &what, async |branch| branch.typed_block(typed, &typed.program.body).await)
            .await?;
        self.remember(
            stop,
            Did::Typed {
                text: text.to_owned(),
                title: typed.step.clone(),
                looked: typed.shows.is_some() && !typed.declares && !typed.effect.is_some_and(Effect::is_changing),
                sets,
                failed: came.as_ref().err().map(|failure| failure.message().to_owned()),
            },
        );
        Ok(came)
    }

    /// Runs a block of what was typed.
    async fn typed_block(&mut self, typed: &Typed, block: &Block) -> Flow {
        let unit = self.typed_unit(typed);
        let program = Arc::clone(&unit.program);
        let outer = std::mem::replace(&mut self.unit, unit);
        let code = std::mem::replace(&mut self.codes[0], Code::Story(program));
        let (around, stepped) = (std::mem::replace(&mut self.typed, true), self.stepped);
        self.stepped = false;
        let flow = self.stoppable(async |branch| branch.block(block).await).await;
        (self.typed, self.stepped) = (around, stepped);
        self.unit = outer;
        self.codes[0] = code;
        flow
    }

    /// The globals are those of the run, as long as nothing was declared anew.
    fn typed_unit(&self, typed: &Typed) -> Unit {
        let story = &self.unit;
        let globals = self.run.globals_of(&typed.program, story);
        Unit { program: Arc::clone(&typed.program), globals, ..story.clone() }
    }

    /// The value of an expression that was typed.
    pub(super) fn typed_value(&mut self, typed: &Typed, expr: &Expr) -> Result<Value, Box<Failure>> {
        let unit = self.typed_unit(typed);
        let outer = std::mem::replace(&mut self.unit, unit);
        let value = self.eval(expr);
        self.unit = outer;
        value
    }

    /// Runs the step before once more. `None`: there is none.
    pub(super) async fn again(&mut self, stop: Stop<'_>, pos: Position) -> Result<Came, Flow> {
        let Some(step) = self.last_step.clone() else {
            return Err(self.diverged(stop.span(), "a step that ran again"));
        };
        let what = step.name.to_string();
        let came = self
            .on_its_line(stop, pos, &what, async |branch| {
                let stepped = std::mem::replace(&mut branch.stepped, false);
                let flow = branch.stoppable(async |branch| branch.scope(&step).await).await;
                branch.stepped = stepped;
                flow
            })
            .await;
        if let Some(span) = deeds::statement_of(&self.unit.program, &step) {
            self.remember(stop, Did::Again(span));
        }
        self.last_step = Some(step);
        came
    }

    /// Takes back the newest of what is armed.
    pub(super) async fn take_back_newest(&mut self, stop: Stop<'_>, pos: Position, count: usize) -> Result<Came, Flow> {
        let run = Rc::clone(&self.run);
        let by = self.run.actor.clone();
        let failure = self.failure(FailureKind::Refused, stop.span(), format!("taken back by {by}"));
        let what = "undo".to_owned();
        self.on_its_line(stop, pos, &what, async |branch| {
            let newest = branch.newest(count);
            let nodes: Vec<Node> = newest.iter().rev().cloned().map(Node::One).collect();
            run.root.forget(&nodes);
            let rest = run.root.newest_first();
            let is_whole = |armed: &&Rc<Armed>| rest.iter().all(|other| other.path != armed.path);
            let paths = newest.iter().filter(is_whole).map(|armed| armed.path.clone()).collect();
            branch.remember(stop, Did::Undone(paths));
            let left = run.totals.left.borrow().len();
            run.take_back(nodes, &failure).await;
            match run.totals.left.borrow().get(left) {
                None => Flow::Next,
                Some(left) => {
                    let message = format!("not taken back: {}: {}", left.what, left.why);
                    Flow::Fail(branch.failure(FailureKind::Action, stop.span(), message))
                }
            }
        })
        .await
    }

    /// The newest of what is armed, newest first.
    pub(super) fn newest(&self, count: usize) -> Vec<Rc<Armed>> {
        self.run.root.newest_first().into_iter().take(count).collect()
    }

    /// Does something on the line that leaves where it was put on record, and records its end.
    async fn on_its_line<F>(&mut self, stop: Stop<'_>, pos: Position, what: &str, body: F) -> Result<Came, Flow>
    where
        F: AsyncFnOnce(&mut Branch) -> Flow,
    {
        let run = Rc::clone(&self.run);
        let line = std::mem::replace(&mut self.line, Line::leaving(&pos, "t"));
        let is_closed = self.closed.or_else(|| run.replay.ends(&pos));
        let closed = std::mem::replace(&mut self.closed, is_closed);
        let asked_about = self.asked_about;
        let flow = body(self).await;
        self.asked_about = asked_about;
        self.closed = closed;
        self.line = line;
        let came = match flow {
            Flow::Next | Flow::Break | Flow::Skip(_) | Flow::Return(_) | Flow::Handler(_) => Ok(()),
            Flow::Fail(failure) if !self.cancel.is_cancelled() => {
                let failure = Rc::new(*failure);
                let next = "the session goes on".to_owned();
                self.emit(&Event::Failed { failure: Rc::clone(&failure), next });
                keep(&run.totals.accepted, format!("{what}: {}", failure.message()));
                Err(failure)
            }
            flow @ (Flow::Fail(_) | Flow::Stop(_) | Flow::Rollback(_) | Flow::Finish(_) | Flow::Pause(_)) => {
                return Err(flow);
            }
        };
        match run.replay.meet_outcome(&pos).await {
            Ok(Some(_)) => Ok(came),
            Ok(None) => {
                let failure = came.as_ref().err().map(|failure| failure.message().to_owned());
                self.go_live(stop.span()).await?;
                run.note(Recorded::SteeredEnded { pos, failure });
                Ok(came)
            }
            Err(what) => Err(self.diverged(stop.span(), &what)),
        }
    }
}
