//! Going through a run again: what its record knows is not done a second time.
//!
//! A run that was begun before goes through its story from the first line. Where the record tells what came of an
//! effect, a check, a question, that is taken for the thing itself; the entries are met in the very order in which
//! they were written, so that branches that ran beside each other fail and are cancelled as they were. Where the
//! record ends, the run is live again. Nothing live happens before all entries were met: a story that does not
//! lead to them is not the one that was recorded, and is refused.

pub mod forget;
pub mod history;
mod meet;
pub(super) mod values;

pub(super) use meet::Line;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use super::event::{Event, ScopeInfo, ScopeStatus};
use crate::host::Cancel;
use crate::journal::{Position, Recorded};
use history::{History, Step};

/// Nothing in going through a record takes time: a branch that waits longer for its turn waits for ever.
const NO_PROGRESS: Duration = Duration::from_secs(10);

/// Why a branch does not become live.
pub(super) enum NotLive {
    /// The run is being taken back: its story ends here.
    TakenBack,
    /// It was cancelled while it waited.
    Cancelled,
    /// The record holds what the story does not lead to.
    Diverged(String),
}

/// See the module. A run that is new has an empty one.
#[derive(Default)]
pub(super) struct Replay {
    history: RefCell<History>,
    /// The story is not gone on with, but taken back.
    takes_back: Cell<bool>,
    /// The record is behind us: what happens is told and recorded again.
    live: Cell<bool>,
    met: Notify,
    held_back: RefCell<HeldBack>,
}

/// What observers are not told while the record is gone through.
#[derive(Default)]
struct HeldBack {
    start: Option<Event>,
    open: Vec<Rc<ScopeInfo>>,
    passed: usize,
    /// What happened meanwhile all the same.
    meanwhile: Vec<Event>,
}

impl Replay {
    /// Of a new run: there is nothing to go through.
    pub(super) fn of_nothing() -> Self {
        Self { live: Cell::new(true), ..Self::default() }
    }

    /// Of a run that was begun before.
    pub(super) fn new(history: History, takes_back: bool) -> Self {
        Self { history: RefCell::new(history), takes_back: Cell::new(takes_back), ..Self::default() }
    }

    /// Whether the record is behind us.
    pub(super) fn is_live(&self) -> bool {
        self.live.get()
    }

    /// Whether the story is to end where its record does.
    pub(super) fn takes_back(&self) -> bool {
        self.takes_back.get()
    }

    /// Whether there is anything left to meet for whoever is on a line: for what comes after the story, of its own;
    /// for the story, of anything.
    pub(super) fn is_over_for(&self, line: &str) -> bool {
        let history = self.history.borrow();
        let is_later = |section: &&str| forget::is_of_the_end(section) || history.rollback.is_some();
        match forget::section_of(line).filter(is_later).map(|section| history.later_order.get(section)) {
            Some(Some(own)) => own.is_empty(),
            Some(None) => history.order.is_empty(),
            None => history.order.is_empty() && history.later_order.values().all(VecDeque::is_empty),
        }
    }

    /// Whether the story was met to its end, and the record goes on with what runs at the end of the run.
    pub(super) fn end_follows(&self) -> bool {
        let history = self.history.borrow();
        !self.takes_back()
            && history.order.is_empty()
            && history.later_order.keys().any(|section| forget::is_of_the_end(section))
    }

    /// Whether what is left belongs to a rollback.
    fn story_is_over(&self) -> bool {
        let history = self.history.borrow();
        match (history.order.front(), history.rollback) {
            (None, _) => true,
            (Some(next), Some(rollback)) => *next > rollback,
            (Some(_), None) => false,
        }
    }

    /// Whether the story was met to its end, and the record goes on with a rollback.
    pub(super) fn rollback_follows(&self) -> bool {
        self.has_rollback() && self.story_is_over()
    }

    /// Whether the record tells of a rollback.
    pub(super) fn has_rollback(&self) -> bool {
        self.history.borrow().rollback.is_some()
    }

    /// What happened at a place, once it is its turn; for an intent also what came of it, if that is known.
    ///
    /// # Errors
    /// What the record holds and the story does not lead to.
    pub(super) async fn meet(&self, pos: &Position) -> Result<Option<Recorded>, String> {
        let Some(mut step) = self.take(pos) else { return Ok(None) };
        if let Some(outcome) = step.outcome.take() {
            self.history.borrow_mut().outcomes.insert(pos.clone(), outcome);
        }
        self.turn(&pos.line, step.number).await?;
        Ok(Some(step.into_what()))
    }

    fn take(&self, pos: &Position) -> Option<Step> {
        let mut history = self.history.borrow_mut();
        let steps = history.lines.get_mut(&pos.line)?;
        let at = steps.iter().position(|step| step.at == pos.at)?;
        steps.remove(at)
    }

    /// Whether the record tells of something on the same line, or in what left it, after a place.
    pub(super) fn goes_on_after(&self, pos: &Position) -> bool {
        let history = self.history.borrow();
        let below = format!("{}/", pos.line);
        history.lines.iter().any(|(line, steps)| {
            let later = *line == pos.line && steps.iter().any(|step| step.at > pos.at);
            later || line.strip_prefix(&below).is_some_and(|part| forget::place_of(part) > pos.at && !steps.is_empty())
        })
    }

    /// Whether the record tells of something at a place that was not met yet.
    pub(super) fn has(&self, pos: &Position) -> bool {
        self.history.borrow().lines.get(&pos.line).is_some_and(|steps| steps.iter().any(|step| step.at == pos.at))
    }

    /// Whether what was done at a place ended well; `None` if it did not end, or its end was met.
    pub(super) fn ends(&self, pos: &Position) -> Option<bool> {
        let history = self.history.borrow();
        let (_, entry) = history.outcomes.get(pos)?;
        Some(matches!(entry.event, Recorded::SteeredEnded { failure: None, .. }))
    }

    /// Whether the record goes on behind a place, on its line or on those which that one left.
    pub(super) fn goes_on_behind(&self, pos: &Position) -> bool {
        let around = forget::lines_around(&pos.line).filter_map(|line| {
            let (parent, at) = line.rsplit_once('/').map(|(parent, part)| (parent, forget::place_of(part)))?;
            Some(Position { line: parent.into(), at })
        });
        std::iter::once(pos.clone()).chain(around).any(|pos| self.goes_on_after(&pos))
    }

    /// What the clock of the run showed at a place. Evaluating waits for nobody, so it is met out of turn.
    pub(super) fn meet_clock(&self, pos: &Position) -> Option<Duration> {
        let step = self.take(pos)?;
        self.history.borrow_mut().order_of(&pos.line).retain(|number| *number != step.number);
        self.met.notify_waiters();
        match step.into_what() {
            Recorded::ClockRead { elapsed, .. } => Some(elapsed),
            _ => None,
        }
    }

    /// What came of an intent that was met, once it is its turn.
    ///
    /// # Errors
    /// What the record holds and the story does not lead to.
    pub(super) async fn meet_outcome(&self, pos: &Position) -> Result<Option<Recorded>, String> {
        let outcome = self.history.borrow_mut().outcomes.remove(pos);
        let Some((number, entry)) = outcome else { return Ok(None) };
        self.turn(&pos.line, number).await?;
        Ok(Some(std::rc::Rc::unwrap_or_clone(entry).event))
    }

    /// Waits until everything before this entry was met, and meets it.
    async fn turn(&self, line: &str, number: u64) -> Result<(), String> {
        loop {
            let met = self.met.notified();
            let mut met = std::pin::pin!(met);
            met.as_mut().enable();
            if self.history.borrow_mut().order_of(line).front().is_none_or(|next| *next >= number) {
                break;
            }
            tokio::select! {
                () = met => {}
                () = tokio::time::sleep(NO_PROGRESS) => return Err(self.not_met(line)),
            }
        }
        let mut history = self.history.borrow_mut();
        let order = history.order_of(line);
        if order.front() == Some(&number) {
            order.pop_front();
        }
        drop(history);
        self.met.notify_waiters();
        Ok(())
    }

    /// Waits until the record is behind whoever is on a line; before that nothing new may happen. `in_rollback`: for
    /// a compensation.
    pub(super) async fn becomes_live(&self, line: &str, cancel: &Cancel, in_rollback: bool) -> Result<(), NotLive> {
        loop {
            let met = self.met.notified();
            let mut met = std::pin::pin!(met);
            met.as_mut().enable();
            let is_over = self.is_over_for(line);
            if is_over && self.live.get() {
                return Ok(());
            }
            if cancel.is_cancelled() {
                return Err(NotLive::Cancelled);
            }
            let is_of_the_end = forget::section_of(line).is_some_and(forget::is_of_the_end);
            if self.takes_back() && !in_rollback && !is_of_the_end && self.story_is_over() {
                return Err(NotLive::TakenBack);
            }
            if is_over {
                return Ok(());
            }
            tokio::select! {
                () = met => {}
                () = cancel.cancelled() => return Err(NotLive::Cancelled),
                () = tokio::time::sleep(NO_PROGRESS) => return Err(NotLive::Diverged(self.not_met(line))),
            }
        }
    }

    /// What the story did not lead to.
    fn not_met(&self, line: &str) -> String {
        let mut history = self.history.borrow_mut();
        let next = history.order_of(line).front().copied().unwrap_or_default();
        let step = history.lines.values().flatten().find(|step| step.number == next);
        match step.map(Step::what) {
            Some(Recorded::Intent { summary, .. } | Recorded::Read { summary, .. }) => summary.clone(),
            Some(Recorded::Answered { question, .. }) => format!("the answer to \"{question}\""),
            Some(_) | None => format!("entry {next}"),
        }
    }

    /// Whether a compensation did its work before.
    pub(super) fn was_taken_back(&self, compensation: &Position) -> bool {
        self.history.borrow().taken_back.contains(compensation)
    }

    /// Whether the beginning of a scope is on record.
    pub(super) fn has_begun(&self, scope: &Position) -> bool {
        self.history.borrow().began.contains(scope)
    }

    /// Whether the good end of a scope is on record.
    pub(super) fn has_ended_well(&self, scope: &Position) -> bool {
        self.history.borrow().ended_well.contains(scope)
    }

    /// For how long the run ran before.
    pub(super) fn elapsed_before(&self) -> Duration {
        self.history.borrow().elapsed
    }

    /// When the run was started, if that was before.
    pub(super) fn started(&self) -> Option<jiff::Timestamp> {
        self.history.borrow().started
    }

    /// Who takes it back, if somebody did before.
    pub(super) fn by(&self) -> Option<String> {
        self.history.borrow().by_hand.clone()
    }

    /// The scratch folder that it had.
    pub(super) fn scratch(&self) -> Option<String> {
        self.history.borrow().scratch.clone()
    }

    /// Keeps an event from observers while the record is gone through. Tells whether it did.
    pub(super) fn holds_back(&self, event: &Event) -> bool {
        if self.live.get() {
            return false;
        }
        let mut held = self.held_back.borrow_mut();
        match event {
            Event::RunStarted { .. } => held.start = Some(event.clone()),
            Event::ScopeStarted(scope) => held.open.push(Rc::clone(scope)),
            Event::ScopeEnded { scope, status, .. } => {
                held.open.retain(|open| open.id != scope.id);
                held.passed += usize::from(*status == ScopeStatus::Passed && scope.kind != "phase");
            }
            Event::RunEnded(_) => return false,
            _ => {}
        }
        true
    }

    /// Keeps for observers what happens while the record is gone through. Gives it back if it need not be kept.
    pub(super) fn keeps(&self, event: Event) -> Option<Event> {
        if self.live.get() {
            return Some(event);
        }
        self.held_back.borrow_mut().meanwhile.push(event);
        None
    }

    /// From here on everything is told and recorded. Gives what observers have missed; once.
    pub(super) fn go_live(&self) -> Vec<Event> {
        if self.live.replace(true) {
            return Vec::new();
        }
        self.met.notify_waiters();
        let HeldBack { start, open, passed, meanwhile } = self.held_back.take();
        let mut events: Vec<Event> = start.into_iter().collect();
        let history = self.history.borrow();
        let steps = if passed == 1 { "1 step or check was" } else { &*format!("{passed} steps and checks were") };
        let how = if self.takes_back() { "taken back" } else { "resumed" };
        events.push(Event::Note(format!("{how}: {steps} done before")));
        for text in &history.given_back {
            events.push(Event::Warning(format!("given back when the run stopped, and not borrowed any more: {text}")));
        }
        events.extend(open.into_iter().map(Event::ScopeStarted));
        events.extend(meanwhile);
        events
    }
}
