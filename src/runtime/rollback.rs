//! Taking back: every armed compensation, newest first, under a clock and a cancellation of its own.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;

use super::background::end_all;
use super::branch::Branch;
use super::event::{Event, ScopeInfo, ScopeStatus};
use super::failure::{Failure, FailureKind};
use super::flow::Flow;
use super::outcome::Left;
use super::person::{Question, QuestionKind};
use super::replay::Line;
use super::run::{Run, keep};
use super::undo::{Armed, Node, Order, UndoList, Work, flatten, nodes};
use crate::analysis::program::Compensation;
use crate::catalog::{Args, Call};
use crate::host::{Cancel, LocalFuture};
use crate::journal::Recorded;

impl Run {
    /// Runs what is armed in these nodes. What cannot be taken back is in the report, with the reason.
    pub(super) async fn take_back(self: &Rc<Self>, armed: Vec<Node>, failure: &Failure) {
        let mut all = Vec::new();
        flatten(&armed, &mut all);
        let twice = repeated(&all);
        self.emit(&Event::RollbackStarted { compensations: all.len() - twice.len() });
        self.newest_first(&armed, failure, &twice).await;
    }

    fn newest_first<'a>(
        self: &'a Rc<Self>,
        armed: &'a [Node],
        failure: &'a Failure,
        twice: &'a [Order],
    ) -> LocalFuture<'a, ()> {
        Box::pin(async move {
            for node in armed.iter().rev() {
                match node {
                    Node::One(one) if twice.contains(&one.order) => {}
                    Node::One(one) => self.compensate(one, failure).await,
                    Node::Parallel(_, lists) => {
                        join_all(lists.iter().map(|list| async move {
                            self.newest_first(&nodes(list), failure, twice).await;
                        }))
                        .await;
                    }
                }
            }
        })
    }

    /// Runs one compensation, with its own tries and deadline.
    pub(super) async fn compensate(self: &Rc<Self>, armed: &Rc<Armed>, failure: &Failure) {
        let mut branch = Branch::new(self, armed.unit.clone(), self.control.rollback.child(), UndoList::default());
        branch.frames = vec![armed.frame()];
        branch.codes = vec![armed.code.clone()];
        branch.surroundings = Rc::clone(&armed.surroundings);
        branch.path.clone_from(&armed.path);
        branch.covered = true;
        branch.in_rollback = true;
        branch.line = Line::leaving(&armed.id, "u");
        let title = armed.text.clone();
        if self.replay.was_taken_back(&armed.id) {
            keep(&self.totals.taken_back, format!("{}: {title}", armed.path.join(" / ")));
            return;
        }
        let info = Rc::new(ScopeInfo {
            id: self.next_scope(),
            parent: None,
            depth: 1,
            kind: if armed.is_restore() { "restore" } else { "undo" },
            title: title.clone(),
            effect: None,
            place: branch.unit.program.sources.place_line(armed.span()),
        });
        branch.scope = Rc::clone(&info);
        self.emit(&Event::ScopeStarted(Rc::clone(&info)));
        let begun = self.host.monotonic();
        let result = if self.control.rollback.is_cancelled() {
            Err("the rollback was suspended before it".to_owned())
        } else {
            self.recorded(armed, &mut branch, failure).await
        };
        let elapsed = self.host.monotonic().saturating_sub(begun);
        let (status, detail) = match &result {
            Ok(()) => (ScopeStatus::Passed, armed.in_doubt.get().then(|| "its effect was in doubt".to_owned())),
            Err(why) => (ScopeStatus::Failed, Some(why.clone())),
        };
        self.emit(&Event::ScopeEnded { scope: info, status, elapsed, detail });
        match result {
            Ok(()) => keep(&self.totals.taken_back, format!("{}: {title}", armed.path.join(" / "))),
            Err(why) => self.totals.left.borrow_mut().push(Left {
                what: format!("{}: {title}", armed.path.join(" / ")),
                why,
                commands: armed.commands(),
            }),
        }
    }

    async fn recorded(
        self: &Rc<Self>,
        armed: &Rc<Armed>,
        branch: &mut Branch,
        failure: &Failure,
    ) -> Result<(), String> {
        let said = |flow: &Flow| flow.failure().map_or_else(String::new, |failure| failure.message().to_owned());
        let compensation = armed.id.clone();
        if self.replay.is_over_for(branch.line.name()) {
            self.go_live();
            let began = Recorded::CompensationBegan {
                compensation: compensation.clone(),
                text: armed.text.clone(),
                path: armed.path.clone(),
            };
            self.dispatcher.record(self.masked(began)).await.map_err(|error| error.to_string())?;
        }
        let result = match &armed.work {
            Work::Block { compensation, .. } => self.block_of(armed, compensation, branch, failure).await,
            Work::Native { action, args, captured, span } => {
                branch.go_live(*span).await.map_err(|flow| said(&flow))?;
                let call = self.call_again(armed, args, &branch.cancel);
                self.dispatcher.restore(action, &call, captured).await.map_err(|error| error.message)
            }
        };
        branch.cancel = Cancel::new();
        branch.go_live(armed.span()).await.map_err(|flow| said(&flow))?;
        let ended = Recorded::CompensationEnded {
            compensation,
            failure: result.as_ref().err().cloned(),
            commands: result.is_err().then(|| armed.commands()),
            in_doubt: armed.in_doubt.get(),
        };
        let ended = self.dispatcher.record(self.masked(ended)).await;
        result.and(ended.map_err(|error| error.to_string()))
    }

    /// A call with the arguments of the action that is taken back.
    fn call_again<'a>(&'a self, armed: &'a Armed, args: &'a Args, cancel: &'a Cancel) -> Call<'a> {
        Call {
            args,
            host: self.host.as_ref(),
            cancel,
            surroundings: &armed.surroundings,
            output: &|_, _| {},
            idempotency_key: None,
            time_left: None,
            context: vec![
                ("RBK_RUN_ID", self.id.to_string()),
                ("RBK_STEP", armed.path.join("/")),
                ("RBK_FENCE", self.dispatcher.fence().to_string()),
            ],
            grace: Duration::from_secs(5),
            is_captured: true,
            withheld: self.withheld.borrow().clone(),
            is_secret: false,
        }
    }

    /// These will not be taken back: what was kept for it goes.
    pub(super) async fn discard(&self, gone: &[Rc<Armed>]) {
        let cancel = Cancel::new();
        for armed in gone {
            if let Work::Native { action, args, captured, .. } = &armed.work {
                self.dispatcher.discard(action, &self.call_again(armed, args, &cancel), captured).await;
            }
        }
    }

    async fn block_of(
        self: &Rc<Self>,
        armed: &Armed,
        compensation: &Compensation,
        branch: &mut Branch,
        failure: &Failure,
    ) -> Result<(), String> {
        branch.set(compensation.failure, failure.to_value());
        if let Some(danger) = &compensation.modifiers.danger {
            let lost = branch.text(danger).map_err(|failure| failure.message().to_owned())?;
            self.permitted(armed, branch, &lost).await?;
        }
        let started = branch
            .start_again(&armed.backgrounds)
            .await
            .map_err(|flow| flow.failure().map_or_else(String::new, |failure| failure.message().to_owned()))?;
        let flow = branch.compensation_tries(compensation).await;
        end_all(&started).await;
        match flow {
            Flow::Fail(failure) | Flow::Stop(failure) | Flow::Pause(failure) | Flow::Rollback(failure) => {
                let suspended = self.control.rollback.is_cancelled();
                let next = match (suspended, armed.is_restore()) {
                    (true, _) => "the rollback is suspended here",
                    (false, true) => "what was borrowed is left as it is",
                    (false, false) => "the other compensations go on",
                };
                let next = next.to_owned();
                let why = failure.message().to_owned();
                self.emit(&Event::Failed { failure: Rc::new(*failure), next });
                Err(why)
            }
            Flow::Next | Flow::Break | Flow::Skip(_) | Flow::Return(_) | Flow::Finish(_) | Flow::Handler(_) => Ok(()),
        }
    }

    /// A dangerous compensation waits for a person; without one it is left, and told.
    async fn permitted(&self, armed: &Armed, branch: &mut Branch, lost: &str) -> Result<(), String> {
        let kind = match branch.unit.environment.clone().filter(|_| branch.unit.protected) {
            Some(word) => QuestionKind::Type { word: word.to_string() },
            None => QuestionKind::Confirm,
        };
        let text = format!("take back: {} — danger: {lost}", armed.text);
        let question =
            Question { kind: kind.clone(), text, details: Vec::new(), path: armed.path.clone(), answer_by: None };
        match branch.ask(&question, armed.span()).await {
            Ok(None) => Ok(()),
            Ok(Some(answer)) => {
                let permitted = match &kind {
                    QuestionKind::Type { word } => answer.text == *word,
                    _ => answer.is_yes(),
                };
                if permitted { Ok(()) } else { Err(format!("it is dangerous and {} said no", answer.by)) }
            }
            Err(_) => Err("it is dangerous and nobody is here to permit it".to_owned()),
        }
    }
}

impl Branch {
    async fn compensation_tries(&mut self, compensation: &Compensation) -> Flow {
        let limit = match &compensation.modifiers.timeout {
            Some(timeout) => match self.duration(timeout) {
                Ok(limit) => Some(limit),
                Err(failure) => return Flow::Fail(failure),
            },
            None => None,
        };
        let Some(limit) = limit else { return self.compensation_retries(compensation).await };
        let (flow, over) =
            self.under_deadline(limit, async |branch| branch.compensation_retries(compensation).await).await;
        if !over || matches!(flow, Flow::Next) {
            return flow;
        }
        let message = format!("it was stopped at its timeout of {}", super::failure::spoken(limit));
        Flow::Fail(self.failure(FailureKind::Timeout, compensation.span, message))
    }

    async fn compensation_retries(&mut self, compensation: &Compensation) -> Flow {
        let (more, pause) = match &compensation.modifiers.retry {
            Some(retry) => {
                let more = self.count(&retry.count);
                let pause = retry.after.as_ref().map_or(Ok(Duration::ZERO), |after| self.duration(after));
                match (more, pause) {
                    (Ok(more), Ok(pause)) => (more, pause),
                    (Err(failure), _) | (_, Err(failure)) => return Flow::Fail(failure),
                }
            }
            None => (0, Duration::ZERO),
        };
        let mut tries = 0;
        loop {
            let flow = self.block(&compensation.body).await;
            let again = matches!(&flow, Flow::Fail(failure) if failure.kind.is_worth_another_try());
            if !again || tries == more || self.cancel.is_cancelled() {
                return flow;
            }
            tries += 1;
            self.pause(pause).await;
        }
    }

    /// Runs the `restore`s armed since a phase began, newest first: it ends, however it ends.
    pub(super) async fn run_restores(&mut self, since: Order, flow: Flow) -> Flow {
        let restores = self.undo.take_restores(since);
        if restores.is_empty() {
            return flow;
        }
        let nothing = Failure::new(FailureKind::Fail, &self.unit.program.sources, self.first_span(), "");
        let cause = flow.failure().cloned().unwrap_or(*nothing);
        let left_before = self.run.totals.left.borrow().len();
        for restore in &restores {
            self.run.compensate(restore, &cause).await;
        }
        let left = self.run.totals.left.borrow();
        match (flow, left.get(left_before)) {
            (Flow::Next | Flow::Finish(_), Some(first)) => {
                let message = format!("what was borrowed could not be given back: {}: {}", first.what, first.why);
                Flow::Fail(self.failure(FailureKind::Action, self.first_span(), message))
            }
            (flow, _) => flow,
        }
    }

    pub(super) fn first_span(&self) -> crate::source::Span {
        let main = self.unit.program.main;
        self.unit.program.body.body.first().map_or(crate::source::Span::new(main, 0, 0), |stmt| stmt.span)
    }
}

impl Armed {
    fn span(&self) -> crate::source::Span {
        match &self.work {
            Work::Block { compensation, .. } => compensation.span,
            Work::Native { span, .. } => *span,
        }
    }

    /// Its source as it stands, for a person who must do it by hand.
    fn commands(&self) -> String {
        match &self.work {
            Work::Block { compensation, captured, .. } => {
                let source = self.unit.program.sources.text(compensation.inside);
                let value_of = |name: &str| super::undo::named(name, &self.code, captured, &self.unit);
                let lines: Vec<&str> = source.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
                super::wording::typed(&lines.join("\n"), &value_of)
            }
            Work::Native { .. } => self.text.clone(),
        }
    }
}

/// Those that an older one does as well: running it once is enough.
fn repeated(oldest_first: &[Rc<Armed>]) -> Vec<Order> {
    let mut twice = Vec::new();
    for (at, armed) in oldest_first.iter().enumerate() {
        if oldest_first[..at].iter().any(|older| older.does_the_same_as(armed)) {
            twice.push(armed.order);
        }
    }
    twice
}
