//! How a branch meets the record: where it stands in the story, and what happened there before.

use std::cell::Cell;
use std::sync::Arc;

use super::NotLive;
use crate::journal::{Position, Recorded};
use crate::runtime::branch::Branch;
use crate::runtime::failure::FailureKind;
use crate::runtime::flow::Flow;
use crate::source::Span;

/// Where a branch stands in the story: see [`Position`].
#[derive(Clone, Debug)]
pub(in crate::runtime) struct Line {
    name: Arc<str>,
    next: Cell<u32>,
}

impl Line {
    /// One with this name, at its beginning.
    pub(in crate::runtime) fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), next: Cell::new(0) }
    }

    /// What it is called.
    pub(in crate::runtime) fn name(&self) -> &str {
        &self.name
    }

    /// The next place on it.
    pub(in crate::runtime) fn position(&self) -> Position {
        Position { line: Arc::clone(&self.name), at: self.next.replace(self.next.get() + 1) }
    }

    /// The run's own.
    pub(in crate::runtime) fn of_the_run() -> Self {
        Self::new("0")
    }

    /// The next place on it, not taken.
    pub(in crate::runtime) fn ahead(&self) -> Position {
        Position { line: Arc::clone(&self.name), at: self.next.get() }
    }

    /// One that leaves at a place.
    pub(in crate::runtime) fn leaving(pos: &Position, what: &str) -> Self {
        Self::new(format!("{}/{}{what}", pos.line, pos.at))
    }

    /// The `finally` of the run.
    pub(in crate::runtime) fn of_the_end() -> Self {
        Self::new(format!("0/{}", super::forget::AT_THE_END))
    }

    /// The `count`th of those that waited for a rollback to be over.
    pub(in crate::runtime) fn at_the_end(count: usize) -> Self {
        Self::new(format!("0/{}.{count}", super::forget::AT_THE_END))
    }
}

impl Branch {
    /// The next place on the branch's line.
    pub(in crate::runtime) fn position(&self) -> Position {
        self.line.position()
    }

    /// Leaves the line for another; what it gives is to be put back as [`line`](Branch::line).
    pub(in crate::runtime) fn leave_line(&mut self, what: &str) -> Line {
        let pos = self.position();
        std::mem::replace(&mut self.line, Line::leaving(&pos, what))
    }

    /// From here on only what comes of it all steers the story. What it gives goes to [`observed`](Branch::observed).
    pub(in crate::runtime) fn observe(&mut self) -> (Line, bool) {
        let line = self.leave_line("o");
        (line, std::mem::replace(&mut self.observes, true))
    }

    /// The same for what is asked about the effect at a place: that has no place of its own in the story.
    pub(in crate::runtime) fn observe_at(&mut self, pos: &Position) -> (Line, bool) {
        let line = std::mem::replace(&mut self.line, Line::leaving(pos, "o"));
        (line, std::mem::replace(&mut self.observes, true))
    }

    /// Back to what was before [`observe`](Branch::observe).
    pub(in crate::runtime) fn observed(&mut self, (line, observes): (Line, bool)) {
        self.line = line;
        self.observes = observes;
    }

    /// What happened at a place before. `Ok(None)`: nothing, and from here on the run is live; or it is a place of
    /// which only what comes of it is on record.
    ///
    /// # Errors
    /// The flow to leave with, when nothing may happen here.
    pub(in crate::runtime) async fn recall(&mut self, pos: &Position, span: Span) -> Result<Option<Recorded>, Flow> {
        if self.observes || self.is_live() {
            return Ok(None);
        }
        let run = std::rc::Rc::clone(&self.run);
        match run.replay.meet(pos).await {
            Ok(Some(met)) => Ok(Some(met)),
            Ok(None) => self.go_live(span).await.map(|()| None),
            Err(what) => Err(self.diverged(span, &what)),
        }
    }

    /// Whether the record is behind us: for what comes after the story, its own.
    pub(in crate::runtime) fn is_live(&self) -> bool {
        self.run.replay.is_live() && self.run.replay.is_over_for(self.line.name())
    }

    /// Waits until the record is behind us.
    ///
    /// # Errors
    /// The flow to leave with, when nothing may happen any more.
    pub(in crate::runtime) async fn go_live(&mut self, span: Span) -> Result<(), Flow> {
        if self.is_live() {
            return Ok(());
        }
        if self.closed.is_some() {
            // Whatever it would do now, it did not then.
            return Err(self.cancelled(span));
        }
        let run = std::rc::Rc::clone(&self.run);
        match run.replay.becomes_live(self.line.name(), &self.cancel, self.in_rollback).await {
            Ok(()) => {
                run.go_live();
                self.wake_backgrounds().await
            }
            Err(NotLive::Cancelled) => Err(self.cancelled(span)),
            Err(NotLive::TakenBack) => {
                let message = format!("{} takes the run back", run.replay.by().unwrap_or_else(|| run.actor.clone()));
                Err(Flow::Rollback(self.failure(FailureKind::Cancelled, span, message)))
            }
            Err(NotLive::Diverged(what)) => Err(self.diverged(span, &what)),
        }
    }

    /// The story does not lead to what the record holds.
    pub(in crate::runtime) fn diverged(&self, span: Span, what: &str) -> Flow {
        let message = format!("the record holds what this story does not lead to: {what}");
        let mut failure = self.failure(FailureKind::Journal, span, message);
        failure.diagnostic.help =
            Some("nothing was executed: resume it with the version of rbk that began it, and without edits".to_owned());
        Flow::Stop(failure)
    }
}
