//! Blocks and statements. Futures are boxed here and at scopes, nowhere else.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::branch::Branch;
use super::event::Event;
use super::failure::{Failure, FailureKind};
use super::flow::{Flow, HandlerEnd};
use super::run::keep;
use crate::analysis::program::{Block, ScopeBody, Stmt, StmtKind, Try};
use crate::catalog::Exposed;
use crate::eval::Expr;
use crate::eval::expr::SlotId;
use crate::host::LocalFuture;
use crate::journal::{ArmedEntry, Recorded};
use crate::source::Span;
use crate::value::{Type, Value};

/// Unwraps a value or leaves with the failure.
macro_rules! attempt {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(failure) => return $crate::runtime::flow::Flow::Fail(failure),
        }
    };
}
pub(super) use attempt;

impl Branch {
    /// Runs a block to its end, or to where it leaves.
    pub(super) fn block<'a>(&'a mut self, block: &'a Block) -> LocalFuture<'a, Flow> {
        if block.pure && !self.has_stops() {
            let flow = self.pure_block(block);
            return Box::pin(std::future::ready(flow));
        }
        Box::pin(self.statements(&block.body))
    }

    async fn statements(&mut self, body: &[Stmt]) -> Flow {
        for (at, stmt) in body.iter().enumerate() {
            if let StmtKind::Scope(scope) = &stmt.kind
                && let ScopeBody::Guard { .. } = scope.kind
            {
                return self.guarded(scope, &body[at + 1..]).await;
            }
            if let Err(flow) = self.stop_at(stmt).await {
                return flow;
            }
            match self.statement(stmt).await {
                Flow::Next => {}
                flow => return flow,
            }
        }
        Flow::Next
    }

    /// The statements after a guard.
    pub(super) fn rest<'a>(&'a mut self, body: &'a [Stmt]) -> LocalFuture<'a, Flow> {
        Box::pin(self.statements(body))
    }

    async fn statement(&mut self, stmt: &Stmt) -> Flow {
        match &stmt.kind {
            StmtKind::Bind { slot, value } => {
                let value = attempt!(self.eval(value));
                self.set(*slot, value);
                Flow::Next
            }
            StmtKind::Act(act) => self.act(act).await,
            StmtKind::Try(tried) => self.tried(tried).await,
            StmtKind::NeedSecret(index) => self.need_secret(*index).await,
            StmtKind::Scope(scope) | StmtKind::Person(scope) | StmtKind::CallRunbook(scope) => self.scope(scope).await,
            StmtKind::Background(background) => self.start_background(background).await,
            StmtKind::If { condition, then, otherwise } => self.either(condition, then, otherwise).await,
            StmtKind::For(each) if each.is_pure() => self.pure_loop(each),
            StmtKind::For(each) => self.each(each, stmt.span).await,
            StmtKind::Parallel(parallel) => self.parallel(parallel, stmt.span).await,
            StmtKind::OnDir { dir, body } => self.on_dir(dir, body).await,
            StmtKind::On { form, args, body } => self.on_place(form, args, body, stmt.span).await,
            StmtKind::With { vars, body } => self.with_variables(vars, body).await,
            StmtKind::Asserts(asserts) => self.asserts(asserts).await,
            StmtKind::FailWhen(sign) => self.bad_sign(sign).await,
            StmtKind::Fail(why) => {
                let why = attempt!(self.text(why));
                Flow::Fail(self.failure(FailureKind::Fail, stmt.span, why))
            }
            StmtKind::Rollback(None) => Flow::Handler(HandlerEnd::Rollback),
            StmtKind::Rollback(Some(why)) => {
                let why = attempt!(self.text(why));
                Flow::Rollback(self.failure(FailureKind::Fail, stmt.span, why))
            }
            StmtKind::Finish(why) => Flow::Finish(attempt!(self.text(why))),
            StmtKind::Disarm(why) => {
                let since = self.phase_began;
                self.disarm(why, since, stmt.span).await
            }
            StmtKind::PointOfNoReturn(why) => self.disarm(why, 0, stmt.span).await,
            StmtKind::Note(text) => {
                let text = attempt!(self.text(text));
                self.told(Event::Note(text.clone()), text, false, stmt.span).await
            }
            StmtKind::Warn(text) => {
                let text = attempt!(self.text(text));
                self.told(Event::Warning(text.clone()), text, true, stmt.span).await
            }
            StmtKind::Wait(duration) => {
                let duration = attempt!(self.duration(duration));
                self.wait(duration, stmt.span).await
            }
            StmtKind::Return(None) => Flow::Return(Value::Null),
            StmtKind::Return(Some(value)) => Flow::Return(attempt!(self.eval(value))),
            StmtKind::Break => Flow::Break,
            StmtKind::Skip(None) => Flow::Skip(None),
            StmtKind::Skip(Some(why)) => Flow::Skip(Some(attempt!(self.text(why)))),
            StmtKind::Retry(None) => Flow::Handler(HandlerEnd::Retry(1)),
            StmtKind::Retry(Some(count)) => {
                let count = attempt!(self.count(count));
                Flow::Handler(HandlerEnd::Retry(i64::try_from(count).unwrap_or(i64::MAX)))
            }
            StmtKind::Continue => Flow::Handler(HandlerEnd::Continue),
            StmtKind::Undo => Flow::Handler(HandlerEnd::Undo),
            StmtKind::Stop => Flow::Handler(HandlerEnd::Stop),
        }
    }

    /// Tells and records what the runbook says, unless it was said before.
    async fn told(&mut self, event: Event, text: String, warning: bool, span: Span) -> Flow {
        let pos = self.position();
        match self.recall(&pos, span).await {
            Ok(None) => {}
            Ok(Some(_)) => return Flow::Next,
            Err(flow) => return flow,
        }
        self.emit(&event);
        self.run.note(Recorded::Noted { pos, text, warning });
        Flow::Next
    }

    /// `wait`: until a moment that is on record, so that a resumed run waits for what is left of it.
    async fn wait(&mut self, duration: Duration, span: Span) -> Flow {
        let pos = self.position();
        let left = match self.recall(&pos, span).await {
            Ok(Some(Recorded::WaitBegan { until, .. })) => {
                if self.closed == Some(true) || self.run.replay.goes_on_after(&pos) {
                    return Flow::Next;
                }
                if let Err(flow) = self.go_live(span).await {
                    return flow;
                }
                Duration::try_from(until.duration_since(self.host().now())).unwrap_or_default()
            }
            Ok(Some(_)) => return self.diverged(span, "something else than a wait"),
            Ok(None) => {
                let until = jiff::SignedDuration::try_from(duration).ok();
                let until = until.and_then(|duration| self.host().now().checked_add(duration).ok());
                let until = until.unwrap_or(jiff::Timestamp::MAX);
                match self.record(Recorded::WaitBegan { pos, until }, span).await {
                    Flow::Next => duration,
                    flow => return flow,
                }
            }
            Err(flow) => return flow,
        };
        self.run.dispatcher.wait(left, &self.cancel).await;
        if self.cancel.is_cancelled() { self.cancelled(span) } else { Flow::Next }
    }

    /// A pause between tries; there is none while the record is gone through.
    pub(super) async fn pause(&self, duration: Duration) {
        if self.run.replay.is_live() {
            self.run.dispatcher.wait(duration, &self.cancel).await;
        }
    }

    /// Records compensations that were armed later than any effect, unless that was done before.
    pub(super) async fn record_armed(&mut self, armed: Vec<ArmedEntry>, span: Span) -> Flow {
        let pos = self.position();
        match self.recall(&pos, span).await {
            Ok(None) => self.record(Recorded::Armed { pos, armed }, span).await,
            Ok(Some(_)) => Flow::Next,
            Err(flow) => flow,
        }
    }

    /// Writes to the journal; a run whose record cannot be written stops.
    pub(super) async fn record(&mut self, event: Recorded, span: Span) -> Flow {
        let run = Rc::clone(&self.run);
        match run.dispatcher.record(run.masked(event)).await {
            Ok(()) => Flow::Next,
            Err(error) => Flow::Stop(self.failure(FailureKind::Journal, span, error.to_string())),
        }
    }

    async fn disarm(&mut self, why: &Expr, since: u64, span: Span) -> Flow {
        let why = attempt!(self.text(why));
        let list = if since == 0 { self.run.root.clone() } else { self.undo.clone() };
        let gone = list.disarm(since);
        // What has no way back is given up with the rest, for the same reason.
        let given_up =
            self.run.totals.without_inverse.borrow_mut().extract_if(.., |(order, _)| *order >= since).count();
        if given_up > 0 || !gone.is_empty() {
            let place = if since == 0 { "all before this".to_owned() } else { self.path.join(" / ") };
            keep(&self.run.totals.stays, format!("{place}: {why}"));
        }
        self.run.discard(&gone).await;
        for pending in &self.pending {
            if pending.order >= since {
                pending.touched.set(false);
            }
        }
        let compensations = gone.iter().map(|armed| armed.id.clone()).collect();
        let count = if gone.len() == 1 { "1 compensation".to_owned() } else { format!("{} compensations", gone.len()) };
        let pos = self.position();
        match self.recall(&pos, span).await {
            Ok(None) => {}
            Ok(Some(_)) => return Flow::Next,
            Err(flow) => return flow,
        }
        self.emit(&Event::Note(format!("{why} ({count} disarmed)")));
        self.record(Recorded::Disarmed { pos, compensations, why }, span).await
    }

    /// `try … else …`: a definite failure becomes a value; an effect in doubt does not.
    async fn tried(&mut self, tried: &Try) -> Flow {
        match self.block(&tried.body).await {
            Flow::Fail(failure) if failure.kind.is_worth_another_try() && !failure.in_doubt => match &tried.otherwise {
                Some(otherwise) => self.block(otherwise).await,
                None => {
                    if let Some(slot) = tried.slot {
                        self.set(slot, failure.value.unwrap_or(Value::Null));
                    }
                    Flow::Next
                }
            },
            flow => flow,
        }
    }

    /// `if`; both ways when only a run will know.
    async fn either(&mut self, condition: &Expr, then: &Block, otherwise: &Block) -> Flow {
        match attempt!(self.eval(condition)) {
            Value::Bool(true) => self.block(then).await,
            Value::Bool(false) => self.block(otherwise).await,
            Value::Unknown(_) => {
                let text = self.unit.program.sources.text(condition.span).to_owned();
                let depth = self.scope.depth;
                self.emit(&Event::Branch { text: format!("if {text}"), depth });
                let before = self.frame().clone();
                let first = self.block(then).await;
                let after_then = std::mem::replace(self.frame(), before);
                self.emit(&Event::Branch { text: "otherwise".to_owned(), depth });
                let second = self.block(otherwise).await;
                self.frame().join_unknown(&after_then);
                match (first, second) {
                    (first, second) if first.is_a_way_out() != second.is_a_way_out() => Flow::Next,
                    (Flow::Fail(failure), _) | (_, Flow::Fail(failure)) => Flow::Fail(failure),
                    _ => Flow::Next,
                }
            }
            other => Flow::Fail(self.no_condition(condition, &other)),
        }
    }

    pub(super) fn no_condition(&self, condition: &Expr, value: &Value) -> Box<Failure> {
        let message = format!("a condition must be true or false, and this is {}", value.inspect());
        self.failure(FailureKind::Expression, condition.span, message)
    }

    async fn with_variables(&mut self, vars: &[(Arc<str>, Expr)], body: &Block) -> Flow {
        let mut inner = (*self.surroundings).clone();
        for (name, expr) in vars {
            let value = attempt!(self.eval(expr));
            self.run.learn(&value);
            let secret = value.holds_secret();
            let text = crate::value::display::exposed_text(&value).into();
            inner.vars.push((Arc::clone(name), Exposed { text, secret }));
        }
        self.surrounded_by(inner, body).await
    }

    /// Makes names unbound, or unknown in a plan.
    pub(super) fn forget(&mut self, slots: &[SlotId]) {
        if self.run.dispatcher.time_passes() {
            self.clear(slots);
        } else {
            for slot in slots {
                self.set(*slot, Value::Unknown(Type::Any));
            }
        }
    }
}
