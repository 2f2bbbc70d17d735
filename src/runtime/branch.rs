//! One line of execution: its names, its deadline, what surrounds it, what it armed.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::background::Running;
use super::deadline::Deadline;
use super::event::{Event, ScopeId, ScopeInfo};
use super::failure::{Failure, FailureKind};
use super::flow::Flow;
use super::monitor::Samples;
use super::replay::Line;
use super::run::Run;
use super::undo::{Order, Pending, UndoList};
use super::unit::{Code, Unit, size};
use crate::analysis::program::{Block, Scope};
use crate::catalog::Surroundings;
use crate::eval::expr::{RunField, SlotId};
use crate::eval::{self, EvalError, Expr, Frame, RunInfo};
use crate::host::{Cancel, Host};
use crate::journal::{Position, Recorded};
use crate::source::Span;
use crate::value::Value;

/// See the module.
pub(super) struct Branch {
    pub(super) run: Rc<Run>,
    pub(super) unit: Unit,
    /// The story's frame, and one for each action or check that is being run in it.
    pub(super) frames: Vec<Frame>,
    /// Whose names each of them holds.
    pub(super) codes: Vec<Code>,
    pub(super) cancel: Cancel,
    pub(super) deadline: Option<Rc<Deadline>>,
    pub(super) surroundings: Rc<Surroundings>,
    pub(super) undo: UndoList,
    pub(super) pending: Vec<Rc<Pending>>,
    pub(super) path: Vec<Arc<str>>,
    pub(super) scope: Rc<ScopeInfo>,
    /// Where the innermost scope began.
    pub(super) scope_began: Option<Position>,
    pub(super) attempt: u32,
    /// What takes back the effects that run here is already said: actions need not arm their own inverse.
    pub(super) covered: bool,
    /// What runs here returns a secret: what it writes is not shown.
    pub(super) hushed: bool,
    /// Named by `--only`, or inside of what is.
    pub(super) selected: bool,
    /// The body of a background process: its end is not its effect.
    pub(super) in_background: bool,
    /// Where it stands in the story.
    pub(super) line: Line,
    /// A check, a monitor, a guard: only what comes of it steers the story, not what it does.
    pub(super) observes: bool,
    /// It takes back.
    pub(super) in_rollback: bool,
    /// Somebody steps through it: it has stops.
    pub(super) stepped: bool,
    /// What runs was typed: no flag leaves it out.
    pub(super) typed: bool,
    /// A failure on its way up stopped at the step that failed.
    pub(super) asked_about: bool,
    /// What runs came to its end before, well or not: nothing new happens in it.
    pub(super) closed: Option<bool>,
    /// Names that a step would have bound which was left out by hand.
    pub(super) lost: Vec<SlotId>,
    /// How the run leaves the stop at which it stands, whatever is said there.
    pub(super) leaves: Option<Box<Flow>>,
    /// The step that ended last.
    pub(super) last_step: Option<Arc<Scope>>,
    /// An effect of the current step changed something.
    pub(super) changed: bool,
    /// Scopes around here whose failure was accepted.
    pub(super) accepted: Vec<ScopeId>,
    /// What was armed in these spans of time belongs to earlier tries of a scope around here.
    pub(super) earlier_tries: Vec<(Order, Order)>,
    /// Keys of effects whose answer was lost: where in the source, in which scopes.
    pub(super) doubtful: Vec<(Span, Vec<Arc<str>>, String)>,
    /// A failure that leaves the innermost scope will have the run taken back.
    pub(super) rolls_back: bool,
    /// A failure that leaves the innermost scope will have somebody asked.
    pub(super) asks: bool,
    pub(super) samples: Option<Samples>,
    /// Until when what is being asked may be answered.
    pub(super) answer_by: Option<jiff::Timestamp>,
    /// What finds out whether the effects around here happened, the innermost last.
    pub(super) probes: Vec<Block>,
    pub(super) backgrounds: Rc<RefCell<Vec<Rc<Running>>>>,
    /// What was armed when the innermost phase began.
    pub(super) phase_began: Order,
}

struct RunFields<'a> {
    run: &'a Run,
    attempt: u32,
    line: &'a Line,
    observes: bool,
}

impl RunInfo for RunFields<'_> {
    fn field(&self, field: RunField) -> Value {
        if field == RunField::Elapsed && !self.observes {
            return self.run.clock(self.line);
        }
        self.run.field(field, self.attempt)
    }
}

impl Branch {
    /// The first branch of a unit.
    pub(super) fn new(run: &Rc<Run>, unit: Unit, cancel: Cancel, undo: UndoList) -> Self {
        let place = String::new();
        let scope = ScopeInfo { id: 0, parent: None, depth: 0, kind: "run", title: String::new(), effect: None, place };
        let frame = Frame::new(size(&unit.program.frame));
        Self {
            run: Rc::clone(run),
            codes: vec![Code::Story(Arc::clone(&unit.program))],
            unit,
            frames: vec![frame],
            cancel,
            deadline: None,
            surroundings: Rc::default(),
            undo,
            pending: Vec::new(),
            path: Vec::new(),
            scope: Rc::new(scope),
            scope_began: None,
            attempt: 1,
            covered: false,
            hushed: false,
            selected: false,
            in_background: false,
            line: Line::of_the_run(),
            observes: false,
            in_rollback: false,
            stepped: false,
            typed: false,
            asked_about: false,
            closed: None,
            lost: Vec::new(),
            leaves: None,
            last_step: None,
            changed: false,
            accepted: Vec::new(),
            doubtful: Vec::new(),
            earlier_tries: Vec::new(),
            rolls_back: false,
            asks: false,
            samples: None,
            answer_by: None,
            probes: Vec::new(),
            backgrounds: Rc::default(),
            phase_began: 0,
        }
    }

    /// One that begins with the same names and ends with this one or before it.
    pub(super) fn fork(&self, undo: UndoList, line: Line) -> Self {
        Self {
            run: Rc::clone(&self.run),
            unit: self.unit.clone(),
            frames: self.frames.clone(),
            codes: self.codes.clone(),
            cancel: self.cancel.child(),
            deadline: self.deadline.clone(),
            surroundings: Rc::clone(&self.surroundings),
            undo,
            pending: self.pending.clone(),
            path: self.path.clone(),
            scope: Rc::clone(&self.scope),
            scope_began: self.scope_began.clone(),
            attempt: self.attempt,
            covered: self.covered,
            hushed: self.hushed,
            selected: self.selected,
            in_background: self.in_background,
            line,
            observes: self.observes,
            in_rollback: self.in_rollback,
            stepped: self.stepped,
            typed: self.typed,
            asked_about: false,
            closed: self.closed,
            lost: self.lost.clone(),
            leaves: None,
            last_step: None,
            changed: false,
            accepted: Vec::new(),
            doubtful: Vec::new(),
            earlier_tries: self.earlier_tries.clone(),
            rolls_back: self.rolls_back,
            asks: self.asks,
            samples: None,
            answer_by: None,
            probes: self.probes.clone(),
            backgrounds: Rc::clone(&self.backgrounds),
            phase_began: self.phase_began,
        }
    }

    pub(super) fn host(&self) -> &dyn Host {
        self.run.host.as_ref()
    }

    pub(super) fn emit(&self, event: &Event) {
        self.run.emit(event);
    }

    /// Enters the code of an action, a check or a called runbook.
    pub(super) fn push_frame(&mut self, frame: Frame, code: Code) {
        self.frames.push(frame);
        self.codes.push(code);
    }

    /// Leaves it.
    pub(super) fn pop_frame(&mut self) {
        self.frames.pop();
        self.codes.pop();
    }

    fn frame_index(&self) -> usize {
        self.frames.len() - 1
    }

    /// The frame of the code that runs.
    pub(super) fn frame(&mut self) -> &mut Frame {
        let at = self.frame_index();
        &mut self.frames[at]
    }

    pub(super) fn get(&self, slot: SlotId) -> Option<&Value> {
        self.frames[self.frame_index()].get(slot)
    }

    pub(super) fn set(&mut self, slot: SlotId, value: Value) {
        self.frame().set(slot, value);
    }

    pub(super) fn clear(&mut self, slots: &[SlotId]) {
        let frame = self.frame();
        for slot in slots {
            frame.clear(*slot);
        }
    }

    /// Runs something of the evaluator on the current frame.
    pub(super) fn with_evaluator<T>(&mut self, f: impl FnOnce(&mut eval::Context<'_>) -> T) -> T {
        let fields = RunFields { run: &self.run, attempt: self.attempt, line: &self.line, observes: self.observes };
        let at = self.frames.len() - 1;
        let mut context =
            eval::Context::new(&mut self.frames[at], &self.unit.globals, &self.unit.program.functions, &fields);
        f(&mut context)
    }

    /// The value of an expression.
    pub(super) fn eval(&mut self, expr: &Expr) -> Result<Value, Box<Failure>> {
        self.with_evaluator(|context| context.eval(expr)).map_err(|error| self.not_computed(error))
    }

    /// A failed evaluation, with its place.
    pub(super) fn not_computed(&self, error: EvalError) -> Box<Failure> {
        let fault = error.into_fault();
        let mut failure = self.failure(FailureKind::Expression, fault.span, fault.message);
        failure.diagnostic.help = fault.help.map(|help| self.run.mask.hidden(help));
        failure
    }

    /// A failure in the code that runs.
    pub(super) fn failure(&self, kind: FailureKind, span: Span, message: impl Into<String>) -> Box<Failure> {
        let message = self.run.mask.hidden(message.into());
        let mut failure = Failure::new(kind, &self.unit.program.sources, span, message);
        failure.path.clone_from(&self.path);
        failure
    }

    /// What a statement ends with when the work was cancelled before it.
    pub(super) fn cancelled(&self, span: Span) -> Flow {
        Flow::Fail(self.failure(FailureKind::Cancelled, span, "stopped before it was done"))
    }

    /// A text for people.
    pub(super) fn text(&mut self, expr: &Expr) -> Result<String, Box<Failure>> {
        self.with_evaluator(|context| context.shown(expr)).map_err(|error| self.not_computed(error))
    }

    /// A length of time; negative ones count as none.
    pub(super) fn duration(&mut self, expr: &Expr) -> Result<Duration, Box<Failure>> {
        match self.eval(expr)? {
            Value::Duration(nanoseconds) => Ok(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0))),
            Value::Unknown(_) => Ok(Duration::ZERO),
            other => {
                let message = format!("a duration is needed here, and this is {}", other.inspect());
                Err(self.failure(FailureKind::Expression, expr.span, message))
            }
        }
    }

    /// A whole number, not negative.
    pub(super) fn count(&mut self, expr: &Expr) -> Result<usize, Box<Failure>> {
        match self.eval(expr)? {
            Value::Int(n) if n >= 0 => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
            Value::Unknown(_) => Ok(0),
            other => {
                let message = format!("a whole number is needed here, and this is {}", other.inspect());
                Err(self.failure(FailureKind::Expression, expr.span, message))
            }
        }
    }

    /// What is left of the innermost deadline.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.deadline.as_ref().map(|deadline| deadline.left(self.host().monotonic()))
    }

    /// Runs `body` for at most `limit`. When the time is over the work is cancelled, and waited for:
    /// nothing of it runs any more when this returns. The second value tells whether that happened.
    pub(super) async fn under_deadline<F>(&mut self, limit: Duration, body: F) -> (Flow, bool)
    where
        F: AsyncFnOnce(&mut Branch) -> Flow,
    {
        let run = Rc::clone(&self.run);
        let host = Rc::clone(&run.host);
        let pos = (!self.observes).then(|| self.position());
        let deadline = Deadline::new(limit, host.monotonic(), self.deadline.clone());
        let inner = self.cancel.child();
        let outer_cancel = std::mem::replace(&mut self.cancel, inner.clone());
        let outer_deadline = self.deadline.replace(Rc::clone(&deadline));
        let result = {
            let work = body(self);
            let mut work = std::pin::pin!(work);
            tokio::select! {
                biased;
                flow = &mut work => (flow, false),
                () = passed(&run, &deadline, pos.as_ref()) => {
                    if let Some(pos) = pos {
                        run.note(Recorded::DeadlinePassed { pos });
                    }
                    inner.cancel();
                    (work.await, true)
                }
            }
        };
        self.cancel = outer_cancel;
        self.deadline = outer_deadline;
        result
    }
}

/// Returns when a deadline passes, or in the moment in which it did so before.
async fn passed(run: &Run, deadline: &Deadline, pos: Option<&Position>) {
    if let Some(pos) = pos
        && matches!(run.replay.meet(pos).await, Ok(Some(_)))
    {
        return;
    }
    deadline.passed(run.host.as_ref()).await;
}
