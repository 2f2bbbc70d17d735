//! What all branches of one run share.

use std::cell::{Cell, OnceCell, RefCell};
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use super::branch::Branch;
use super::dispatcher::Dispatcher;
use super::event::{Event, Observer, ScopeId};
use super::outcome::Left;
use super::replay::{Line, Replay};
use super::selection::Selection;
use super::steer::{Deed, Stepping};
use super::undo::{Order, UndoList};
use super::unit::Unit;
use crate::analysis::Program;
use crate::analysis::program::Finally;
use crate::eval::Globals;
use crate::eval::expr::RunField;
use crate::host::{Cancel, Host};
use crate::journal::{Groups, Recorded};
use crate::mask::Mask;
use crate::value::Value;

/// How lists kept for the report are bounded, so that memory does not grow with the number of steps.
pub(super) const KEPT: usize = 200;

/// One run.
pub(super) struct Run {
    pub(super) id: Arc<str>,
    pub(super) started: jiff::Timestamp,
    pub(super) begun: Duration,
    pub(super) actor: String,
    pub(super) groups: Groups,
    pub(super) host: Rc<dyn Host>,
    pub(super) dispatcher: Rc<dyn Dispatcher>,
    pub(super) observer: Rc<dyn Observer>,
    pub(super) selection: Selection,
    pub(super) control: Rc<Control>,
    pub(super) root: UndoList,
    pub(super) totals: Totals,
    pub(super) mask: Mask,
    /// Environment variables of ours that hold secrets of the runbook: no process inherits them.
    pub(super) withheld: RefCell<Vec<String>>,
    pub(super) replay: Replay,
    /// What was done by those who step through it.
    pub(super) deeds: RefCell<Vec<Deed>>,
    /// How it is stepped through, if it is.
    pub(super) stepping: Option<Stepping>,
    /// The program that was typed last of those that declare something, and its globals.
    typed: RefCell<Option<(Arc<Program>, Rc<Globals>)>>,
    /// Held while background processes are started late.
    pub(super) waking: tokio::sync::Mutex<()>,
    /// `finally` blocks of scopes that a rollback left: they run when it is over, innermost first.
    pub(super) deferred: RefCell<Vec<(Finally, Branch)>>,
    scratch: OnceCell<PathBuf>,
    orders: Cell<Order>,
    scopes: Cell<ScopeId>,
}

thread_local! {
    /// The run of this thread, for the moment in which rbk itself cannot go on.
    static LATEST: RefCell<Weak<Run>> = const { RefCell::new(Weak::new()) };
}

/// What takes back the changes of the run on this thread, newest first, in words; as much of it as can be read
/// in the middle of anything. `None`: no run.
pub fn last_words() -> Option<Vec<String>> {
    let run = LATEST.with(|latest| latest.try_borrow().ok()?.upgrade())?;
    Some(run.root.texts_if_readable())
}

/// What the report counts and lists.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) done: Cell<usize>,
    pub(super) skipped: Cell<usize>,
    pub(super) failed_checks: Cell<usize>,
    pub(super) accepted: RefCell<Vec<String>>,
    pub(super) taken_back: RefCell<Vec<String>>,
    pub(super) left: RefCell<Vec<Left>>,
    /// Steps that changed something and say no way back, in the order of what is armed.
    pub(super) without_inverse: RefCell<Vec<(Order, String)>>,
    /// What the runbook itself says cannot be, or need not be, taken back.
    pub(super) stays: RefCell<Vec<String>>,
    pub(super) in_doubt: RefCell<Vec<String>>,
}

/// Adds to a list of the report unless it is there or the list is full.
pub(super) fn keep(list: &RefCell<Vec<String>>, line: String) {
    let mut list = list.borrow_mut();
    if list.len() < KEPT && !list.contains(&line) {
        list.push(line);
    }
}

/// The signal by which a person stops what runs.
const BY_HAND: &str = "SIGINT";

/// How a run is stopped from outside.
#[derive(Default)]
pub struct Control {
    /// Ends the run's own work.
    pub(super) cancel: Cancel,
    /// Ends a rollback.
    pub(super) rollback: Cancel,
    pub(super) taking_back: Cell<bool>,
    asked: Cell<u32>,
    /// Steps that can be stopped without stopping the run, because somebody steps through it.
    steps: RefCell<Vec<(u64, Cancel)>>,
    begun: Cell<u64>,
    /// Stops at which somebody is asked just now.
    stops: Cell<u32>,
    /// The run that it stops.
    run: RefCell<Weak<Run>>,
}

/// What a request to stop led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopping {
    /// What runs is being ended.
    Gracefully,
    /// Only the step that runs is being ended: somebody steps through the run, and is asked.
    Step,
    /// Nothing: the run stands at a stop, and somebody is asked.
    Stands,
    /// A rollback goes on; once more suspends it.
    RollbackGoesOn,
    /// It was asked before: end at once.
    AtOnce,
}

impl Control {
    /// Somebody pressed Ctrl-C, or the system asks us to go.
    pub fn stop(&self) -> Stopping {
        self.stop_by("stop")
    }

    /// The same, told what it was: `SIGINT`.
    pub fn stop_by(&self, what: &str) -> Stopping {
        if what == BY_HAND && self.stop_steps() {
            return Stopping::Step;
        }
        if what == BY_HAND && self.stops.get() > 0 && self.steps.borrow().is_empty() {
            return Stopping::Stands;
        }
        let asked = self.asked.get() + 1;
        self.asked.set(asked);
        if let Some(run) = self.run.borrow().upgrade() {
            run.note(Recorded::StopAsked { what: what.to_owned(), times: asked });
        }
        if self.taking_back.get() {
            if asked > 1 {
                self.rollback.cancel();
                return Stopping::AtOnce;
            }
            return Stopping::RollbackGoesOn;
        }
        self.cancel.cancel();
        if asked > 1 { Stopping::AtOnce } else { Stopping::Gracefully }
    }

    /// Stops the steps that run. `false`: there is none, or they are being stopped already.
    fn stop_steps(&self) -> bool {
        let steps = self.steps.borrow().clone();
        let running: Vec<&Cancel> = steps.iter().map(|(_, step)| step).filter(|step| !step.is_cancelled()).collect();
        for step in &running {
            step.cancel();
        }
        !running.is_empty()
    }

    /// A step begins that can be stopped by itself. Gives what [`end_step`](Self::end_step) wants.
    pub(super) fn begin_step(&self, step: &Cancel) -> u64 {
        let number = self.begun.replace(self.begun.get() + 1);
        self.steps.borrow_mut().push((number, step.clone()));
        number
    }

    /// The run stands at a stop, or does not any more.
    pub(super) fn stands(&self, stands: bool) {
        let stops = self.stops.get();
        self.stops.set(if stands { stops + 1 } else { stops.saturating_sub(1) });
    }

    pub(super) fn end_step(&self, number: u64) {
        self.steps.borrow_mut().retain(|(other, _)| *other != number);
    }

    /// Whether it was asked before the rollback began.
    pub(super) fn was_asked(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// From here on a request to stop concerns the rollback, and counts anew.
    pub(super) fn begin_rollback(&self) {
        self.taking_back.set(true);
        self.asked.set(0);
    }
}

impl Run {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn new(
        id: Arc<str>,
        actor: String,
        groups: Groups,
        host: Rc<dyn Host>,
        dispatcher: Rc<dyn Dispatcher>,
        observer: Rc<dyn Observer>,
        selection: Selection,
        control: Rc<Control>,
        replay: Replay,
        stepping: Option<Stepping>,
    ) -> Rc<Self> {
        let mask = crate::mask::current();
        mask.forget();
        let run = Rc::new(Self {
            id,
            started: replay.started().unwrap_or_else(|| host.now()),
            begun: host.monotonic(),
            actor,
            groups,
            host,
            dispatcher,
            observer,
            selection,
            control,
            root: UndoList::default(),
            totals: Totals::default(),
            mask,
            withheld: RefCell::default(),
            replay,
            deeds: RefCell::default(),
            stepping,
            typed: RefCell::default(),
            waking: tokio::sync::Mutex::default(),
            deferred: RefCell::default(),
            scratch: OnceCell::new(),
            orders: Cell::new(1),
            scopes: Cell::new(1),
        });
        *run.control.run.borrow_mut() = Rc::downgrade(&run);
        LATEST.with(|latest| *latest.borrow_mut() = Rc::downgrade(&run));
        run
    }

    pub(super) fn emit(&self, event: &Event) {
        if let Event::Failed { failure, next } = event {
            let failure = Box::new(super::replay::values::failure_entry(failure));
            self.note(Recorded::Failed { failure, next: next.clone() });
        }
        if !self.replay.holds_back(event) {
            self.tell(event);
        }
    }

    /// The same for what is no part of the story: it is told once the record is behind us.
    pub(super) fn emit_in_any_case(&self, event: Event) {
        if let Some(event) = self.replay.keeps(event) {
            self.tell(&event);
        }
    }

    fn tell(&self, event: &Event) {
        if self.mask.is_empty() {
            self.observer.observe(event);
        } else {
            self.observer.observe(&super::hide::event(&self.mask, event));
        }
    }

    /// The record is behind us: observers learn what they have missed.
    pub(super) fn go_live(&self) {
        for event in self.replay.go_live() {
            self.tell(&event);
        }
    }

    /// An entry without the secrets that this run has seen.
    pub(super) fn masked(&self, event: Recorded) -> Recorded {
        if self.mask.is_empty() {
            return event;
        }
        let hidden = serde_json::to_value(&event).and_then(|mut tree| {
            self.mask.hide_json(&mut tree);
            serde_json::from_value(tree)
        });
        // What cannot be written as JSON cannot be recorded either: the store says so.
        hidden.unwrap_or(event)
    }

    /// Adds to the record what may share the commit of the next that must be durable.
    pub(super) fn note(&self, event: Recorded) {
        if self.replay.is_live() {
            self.dispatcher.note(self.masked(event));
        }
    }

    pub(super) fn next_order(&self) -> Order {
        self.orders.replace(self.orders.get() + 1)
    }

    pub(super) fn next_scope(&self) -> ScopeId {
        self.scopes.replace(self.scopes.get() + 1)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.replay.elapsed_before() + self.host.monotonic().saturating_sub(self.begun)
    }

    /// The globals of what was typed: those of the story, unless something was declared at the prompt.
    pub(super) fn globals_of(&self, typed: &Arc<Program>, story: &Unit) -> Rc<Globals> {
        if typed.globals.len() == story.program.globals.len() {
            return Rc::clone(&story.globals);
        }
        let (program, globals) = self.typed.take().unwrap_or((Arc::clone(&story.program), Rc::clone(&story.globals)));
        let globals = if program.globals.len() == typed.globals.len() {
            globals
        } else {
            Rc::new(super::inputs::carried_over(typed, &program, &globals))
        };
        *self.typed.borrow_mut() = Some((Arc::clone(typed), Rc::clone(&globals)));
        globals
    }

    /// A field of `run`. The scratch folder is made when it is first asked for.
    pub(super) fn field(&self, field: RunField, attempt: u32) -> Value {
        match field {
            RunField::Id => Value::Str(Arc::clone(&self.id)),
            RunField::Dir => Value::str(self.scratch_dir().to_string_lossy().into_owned()),
            RunField::Actor => Value::str(self.actor.as_str()),
            RunField::Started => Value::Instant(self.started),
            RunField::Elapsed => Value::Duration(i64::try_from(self.elapsed().as_nanos()).unwrap_or(i64::MAX)),
            RunField::Attempt => Value::Int(i64::from(attempt)),
        }
    }

    /// `run.elapsed`, as it was at this place of the story.
    pub(super) fn clock(&self, line: &Line) -> Value {
        let pos = line.position();
        let elapsed = self.replay.meet_clock(&pos).unwrap_or_else(|| {
            let elapsed = self.elapsed();
            self.note(Recorded::ClockRead { pos, elapsed });
            elapsed
        });
        Value::Duration(i64::try_from(elapsed.as_nanos()).unwrap_or(i64::MAX))
    }

    fn scratch_dir(&self) -> &PathBuf {
        self.scratch.get_or_init(|| {
            let before = self.replay.scratch().map(PathBuf::from);
            if let Some(before) = before.filter(|path| matches!(self.host.files().metadata(path), Ok(Some(_)))) {
                return before;
            }
            let dir = self.host.files().scratch_dir();
            let dir = dir.unwrap_or_else(|_| PathBuf::from("/nonexistent/rbk-scratch"));
            // Noted even while the record is gone through: it is where the steps that follow find it.
            self.dispatcher.note(Recorded::Scratch { path: dir.to_string_lossy().into_owned() });
            dir
        })
    }

    /// Removes the scratch folder.
    pub(super) fn clean_up(&self) {
        if let Some(dir) = self.scratch.get() {
            let _ = self.host.files().remove(dir);
        }
    }
}
