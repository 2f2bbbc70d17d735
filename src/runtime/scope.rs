//! Scopes: everything with a title, modifiers and clauses, from its first event to its last.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::block::attempt;
use super::branch::Branch;
use super::event::{Event, ScopeInfo, ScopeStatus};
use super::failure::{Failure, FailureKind, spoken};
use super::flow::Flow;
use super::run::keep;
use super::selection::Title;
use super::steer::After;
use super::undo::Order;
use super::way_back;
use crate::analysis::program::{OnFail, OnInterrupt, Scope, ScopeBody};
use crate::eval::expr::{ExprKind, Part};
use crate::host::LocalFuture;
use crate::journal::Position;
use crate::value::Value;

/// What a scope put aside when it began, and takes up again when it ends.
struct Entered {
    info: Rc<ScopeInfo>,
    outer_began: Option<Position>,
    outer: Rc<ScopeInfo>,
    begun: Duration,
    order: Order,
    covered: bool,
    changed: bool,
    selected: bool,
    phase_began: Order,
    failed_checks: usize,
}

impl Branch {
    /// Runs a scope, with all that its modifiers and clauses ask for.
    pub(super) fn scope<'a>(&'a mut self, scope: &'a Arc<Scope>) -> LocalFuture<'a, Flow> {
        Box::pin(async move {
            if self.cancel.is_cancelled() {
                return self.cancelled(scope.span);
            }
            let title = self.title_to_name(scope);
            let selected = self.is_selected(scope, &title);
            let named = self.run.selection.names_scope(&self.path, &title);
            self.path.push(Arc::clone(&scope.name));
            let flow = if selected { self.selected_scope(scope, named).await } else { self.pass_over(scope) };
            self.path.pop();
            self.run.selection.ended(&self.path, &title);
            flow
        })
    }

    /// The title as `--from` and its like may name it. A name that a skipped step would have bound is not known.
    fn title_to_name(&mut self, scope: &Scope) -> Title {
        let ExprKind::Template(parts) = &scope.title.kind else { return Title::known(&scope.name) };
        if !self.run.selection.names_any() {
            return Title::default();
        }
        let pieces = parts.iter().map(|part| match part {
            Part::Text(text) => Some(text.to_string()),
            Part::Hole(hole) => match self.eval(hole) {
                Ok(Value::Null) | Err(_) => None,
                Ok(value) if value.holds_unknown() || value.holds_secret() => None,
                Ok(value) => Some(value.to_text()),
            },
        });
        Title::of(&scope.name, pieces)
    }

    fn is_selected(&self, scope: &Scope, title: &Title) -> bool {
        let selection = &self.run.selection;
        let wanted = self.typed || selection.wants(&self.path, title, self.selected);
        match &scope.kind {
            // A phase is entered for what may be selected in it.
            ScopeBody::Phase(_) => true,
            ScopeBody::Check(_) | ScopeBody::CheckUse(..) => {
                wanted && (!selection.checks_only || scope.uses.iter().all(|slot| self.get(*slot).is_some()))
            }
            ScopeBody::Step(_)
            | ScopeBody::Monitor { .. }
            | ScopeBody::Guard { .. }
            | ScopeBody::Checklist(_)
            | ScopeBody::Confirm
            | ScopeBody::Manual { .. }
            | ScopeBody::Choose(_)
            | ScopeBody::Approve { .. }
            | ScopeBody::Call { .. } => wanted && !selection.checks_only,
        }
    }

    fn pass_over(&mut self, scope: &Scope) -> Flow {
        let is_check = matches!(scope.kind, ScopeBody::Check(_) | ScopeBody::CheckUse(..));
        if !self.run.selection.checks_only || is_check {
            let why = if is_check && self.run.selection.checks_only {
                let missing = scope.uses.iter().find(|slot| self.get(**slot).is_none());
                match missing.and_then(|slot| self.name_info(*slot)) {
                    Some(info) => format!("needs `{}`, which a step binds", info.name),
                    None => "not selected".to_owned(),
                }
            } else {
                "not selected".to_owned()
            };
            self.skipped(scope, &why);
        }
        self.forget(&scope.binds);
        Flow::Next
    }

    fn skipped(&mut self, scope: &Scope, why: &str) {
        let info = self.describe(scope, scope.name.to_string());
        let pos = self.position();
        self.note_beginning(&pos, &info);
        self.note_end(pos, ScopeStatus::Skipped, Duration::ZERO, Some(why));
        let totals = &self.run.totals;
        totals.skipped.set(totals.skipped.get() + 1);
        let detail = Some(why.to_owned());
        self.emit(&Event::ScopeEnded { scope: info, status: ScopeStatus::Skipped, elapsed: Duration::ZERO, detail });
    }

    pub(super) fn describe(&self, scope: &Scope, title: String) -> Rc<ScopeInfo> {
        Rc::new(ScopeInfo {
            id: self.run.next_scope(),
            parent: (self.scope.id != 0).then_some(self.scope.id),
            depth: self.scope.depth + usize::from(self.scope.id != 0),
            kind: scope.kind.word(),
            title,
            effect: scope.effect,
            place: self.unit.program.sources.place_line(scope.span),
        })
    }

    async fn selected_scope(&mut self, scope: &Arc<Scope>, named: bool) -> Flow {
        if let Some(when) = &scope.modifiers.when {
            match attempt!(self.eval(when)) {
                Value::Bool(true) => {}
                Value::Bool(false) => {
                    let source = self.unit.program.sources.text(when.span);
                    let why = format!("not when {}", source.split_whitespace().collect::<Vec<_>>().join(" "));
                    self.skipped(scope, &why);
                    self.forget(&scope.binds);
                    return Flow::Next;
                }
                Value::Unknown(_) => {
                    let text = format!("when {}", self.unit.program.sources.text(when.span));
                    self.emit(&Event::Branch { text, depth: self.scope.depth });
                }
                other => return Flow::Fail(self.no_condition(when, &other)),
            }
        }
        let title = attempt!(self.text(&scope.title));
        // From here on people read it, with its values.
        if let Some(last) = self.path.last_mut() {
            *last = title.as_str().into();
        }
        match self.stop_before(scope, &title).await {
            Ok(None) => {}
            Ok(Some(why)) => {
                self.skipped(scope, &why);
                self.forget(&scope.binds);
                return Flow::Next;
            }
            Err(flow) => return flow,
        }
        let entered = self.enter(scope, title);
        self.selected |= named;
        let flow = match self.ask_about_danger(scope).await {
            Flow::Next => self.with_clauses(scope, &entered).await,
            flow => flow,
        };
        self.leave(scope, entered, flow)
    }

    fn enter(&mut self, scope: &Scope, title: String) -> Entered {
        self.asked_about = false;
        let info = self.describe(scope, title);
        self.emit(&Event::ScopeStarted(Rc::clone(&info)));
        let pos = self.position();
        self.note_beginning(&pos, &info);
        let order = self.run.next_order();
        let entered = Entered {
            outer_began: self.scope_began.replace(pos),
            outer: std::mem::replace(&mut self.scope, Rc::clone(&info)),
            info,
            begun: self.host().monotonic(),
            order,
            covered: self.covered,
            changed: std::mem::take(&mut self.changed),
            selected: self.selected,
            phase_began: self.phase_began,
            failed_checks: self.run.totals.failed_checks.get(),
        };
        match scope.kind {
            ScopeBody::Phase(_) => self.phase_began = order,
            ScopeBody::Step(_) => self.covered |= scope.clauses.undo.is_some(),
            _ => {}
        }
        entered
    }

    /// The body with its tries and deadline; then what the clauses say.
    async fn with_clauses(&mut self, scope: &Arc<Scope>, entered: &Entered) -> Flow {
        let is_phase = matches!(scope.kind, ScopeBody::Phase(_));
        let undo = scope.clauses.undo.as_ref().map(|undo| self.declare(undo, entered.order));
        let restore = scope.clauses.restore.as_ref().map(|restore| self.declare(restore, entered.order));
        let backgrounds = match scope.kind {
            ScopeBody::Phase(_) => Some(std::mem::take(&mut self.backgrounds)),
            _ => None,
        };
        if let Some(outer) = &backgrounds {
            // Compensations armed in an inner phase may need what the outer one started.
            let running = outer.borrow().clone();
            self.backgrounds.borrow_mut().extend(running);
        }

        let (outer, asked) = (self.rolls_back, self.asks);
        if let Some(policy) = &scope.clauses.on_fail {
            self.rolls_back = matches!(policy, OnFail::Rollback);
            self.asks = matches!(policy, OnFail::Ask);
        }
        let tries_around = self.earlier_tries.len();
        let mut handled = 0;
        let probes = self.probes.len();
        self.probes.extend(scope.clauses.probe.clone());
        let flow = loop {
            let flow = if self.has_stops() && !is_phase {
                self.stoppable(async |branch| branch.tries(scope).await).await
            } else {
                self.tries(scope).await
            };
            let flow = match self.stop_after(scope, flow).await {
                After::Leave(flow) => flow,
                After::Accept(failure) => {
                    self.accept(scope, &failure);
                    break Flow::Next;
                }
                After::Again => {
                    self.begin_again(scope, entered.order);
                    continue;
                }
            };
            match self.decide(scope, flow, entered.order, handled).await {
                super::policy::Decision::Leave(flow) => break flow,
                super::policy::Decision::Again => {
                    handled += 1;
                    self.begin_again(scope, entered.order);
                }
            }
        };
        self.earlier_tries.truncate(tries_around);
        self.probes.truncate(probes);
        self.rolls_back = outer && scope.verdict.is_none();
        self.asks = asked;
        let goes_back = self.will_be_taken_back(&flow);

        let settled: Vec<_> = [undo, restore].iter().flatten().filter_map(|pending| self.settle(pending)).collect();
        let flow = if settled.is_empty() {
            flow
        } else {
            match self.record_armed(settled, scope.span).await {
                Flow::Next => flow,
                stopped => stopped,
            }
        };
        let flow = self.finally_of(&scope.clauses.finally, flow).await;
        let gives_back = is_phase && !goes_back && !self.is_suspended(&flow);
        let flow = if gives_back { self.run_restores(entered.order, flow).await } else { flow };
        if let Some(around) = backgrounds {
            self.end_backgrounds(&around).await;
            self.backgrounds = around;
        }
        self.rolls_back = outer;
        flow
    }

    /// Whether the end of a scope is the beginning of a rollback: then what it borrowed, and what its `finally`
    /// clears away, is still there for its compensations.
    pub(super) fn will_be_taken_back(&self, flow: &Flow) -> bool {
        match flow {
            Flow::Rollback(_) => true,
            Flow::Fail(_) => self.rolls_back,
            _ => false,
        }
    }

    /// Whether the run stops here to be gone on with: then what is borrowed stays borrowed.
    pub(super) fn is_suspended(&self, flow: &Flow) -> bool {
        match flow {
            Flow::Pause(_) => true,
            Flow::Fail(_) => self.run.control.was_asked() && self.unit.program.header.on_interrupt == OnInterrupt::Hold,
            _ => false,
        }
    }

    async fn tries(&mut self, scope: &Arc<Scope>) -> Flow {
        let observed = matches!(scope.kind, ScopeBody::Check(_) | ScopeBody::CheckUse(..) | ScopeBody::Monitor { .. });
        if observed && !self.observes {
            return self.observation(scope).await;
        }
        self.tries_in_time(scope).await
    }

    /// Tries the body as often as `retry` says, within `timeout`.
    pub(super) async fn tries_in_time(&mut self, scope: &Arc<Scope>) -> Flow {
        let Some(limit) = &scope.modifiers.timeout else {
            return self.retried(scope).await;
        };
        let limit = attempt!(self.duration(limit));
        let (flow, over) = self.under_deadline(limit, async |branch| branch.retried(scope).await).await;
        if over { self.out_of_time(scope, limit, flow) } else { flow }
    }

    fn out_of_time(&self, scope: &Scope, limit: Duration, flow: Flow) -> Flow {
        let cause = match flow {
            Flow::Fail(failure) => failure,
            flow => return flow,
        };
        let message =
            format!("{} \"{}\" was stopped at its timeout of {}", scope.kind.word(), self.scope.title, spoken(limit));
        let span = scope.modifiers.timeout.as_ref().map_or(scope.span, |timeout| timeout.span);
        let mut failure = self.failure(FailureKind::Timeout, span, message);
        failure.in_doubt = cause.in_doubt;
        failure.output.clone_from(&cause.output);
        failure.evidence.clone_from(&cause.evidence);
        if cause.diagnostic.span().file == span.file {
            failure
                .diagnostic
                .labels
                .push(crate::diag::Label { span: cause.diagnostic.span(), text: "this was running".to_owned() });
        }
        Flow::Fail(failure)
    }

    async fn retried(&mut self, scope: &Arc<Scope>) -> Flow {
        let Some(retry) = &scope.modifiers.retry else {
            return self.body(scope).await;
        };
        let more = attempt!(self.count(&retry.count));
        let mut pause = match &retry.after {
            Some(after) => attempt!(self.duration(after)),
            None => Duration::ZERO,
        };
        let factor = match &retry.backoff {
            Some(backoff) => match attempt!(self.eval(backoff)) {
                Value::Int(n) => u32::try_from(n).map_or(1.0, f64::from),
                Value::Float(x) => x.max(1.0),
                _ => 1.0,
            },
            None => 1.0,
        };
        let outer = self.attempt;
        let tries_around = self.earlier_tries.len();
        let since = self.run.next_order();
        let mut tries = 0;
        let flow = loop {
            tries += 1;
            self.attempt = u32::try_from(tries).unwrap_or(u32::MAX);
            let flow = self.body(scope).await;
            let Flow::Fail(failure) = &flow else { break flow };
            if tries > more || !failure.kind.is_worth_another_try() || self.cancel.is_cancelled() {
                break flow;
            }
            let seen = Some(failure.seen.clone().unwrap_or_else(|| failure.message().to_owned()));
            let (info, attempt, elapsed) = (Rc::clone(&self.scope), self.attempt, pause);
            self.emit(&Event::Progress { scope: info, attempt, seen, elapsed, limit: None });
            self.pause(pause).await;
            if self.cancel.is_cancelled() {
                break self.cancelled(scope.span);
            }
            self.begin_again(scope, since);
            pause = pause.mul_f64(factor).min(Duration::from_secs(24 * 3600));
        };
        self.attempt = outer;
        self.earlier_tries.truncate(tries_around);
        flow
    }

    /// Before another try. What was armed before a change stays, since it leads to the world before the first
    /// try; what takes back something that a try made is armed once for each.
    fn begin_again(&mut self, scope: &Scope, since: Order) {
        self.earlier_tries.push((since, self.run.next_order()));
        self.clear(&scope.binds);
        for pending in self.pending.iter().filter(|pending| pending.path == self.path) {
            let late = pending.armed.borrow().as_ref().is_some_and(|armed| armed.late);
            if late {
                pending.armed.take();
                pending.touched.set(false);
            }
        }
    }

    async fn body(&mut self, scope: &Arc<Scope>) -> Flow {
        match &scope.kind {
            ScopeBody::Phase(body) | ScopeBody::Step(body) => self.block(body).await,
            ScopeBody::Check(body) => self.check(scope, body).await,
            ScopeBody::CheckUse(index, args) => self.declared_check(scope, *index, args).await,
            ScopeBody::Monitor { body } => self.monitor(scope, body).await,
            // A guard is run by the block it stands in; alone there is nothing for it to watch over.
            ScopeBody::Guard { .. } => Flow::Next,
            ScopeBody::Checklist(items) => self.checklist(items).await,
            ScopeBody::Confirm => self.confirm(scope).await,
            ScopeBody::Manual { how, body } => self.manual(scope, how.as_ref(), body).await,
            ScopeBody::Choose(branches) => self.choose(scope, branches).await,
            ScopeBody::Approve { count, by } => self.approve(scope, count.as_ref(), by.as_ref()).await,
            ScopeBody::Call { program, with } => self.call(scope, *program, with).await,
        }
    }

    /// What is told at the end of a scope, and what its ending means for the block around it.
    fn leave(&mut self, scope: &Arc<Scope>, entered: Entered, flow: Flow) -> Flow {
        let elapsed = self.host().monotonic().saturating_sub(entered.begun);
        let (status, detail, flow) = match self.verdict(scope, flow) {
            // What failed did not pass, even where the run goes on.
            (ScopeStatus::Passed, detail, flow) if self.accepted.contains(&entered.info.id) => {
                (ScopeStatus::Accepted, detail, flow)
            }
            (ScopeStatus::Passed, detail, flow) if self.run.totals.failed_checks.get() > entered.failed_checks => {
                (ScopeStatus::Failed, detail, flow)
            }
            verdict => verdict,
        };
        self.accepted.retain(|id| *id != entered.info.id);
        let totals = &self.run.totals;
        let counts = !matches!(scope.kind, ScopeBody::Phase(_));
        match status {
            ScopeStatus::Passed if counts => totals.done.set(totals.done.get() + 1),
            ScopeStatus::Skipped => totals.skipped.set(totals.skipped.get() + 1),
            _ => {}
        }
        // What is covered from outside is taken back there, or is a compensation itself.
        if self.changed && way_back::is_change(scope, status) && !entered.covered {
            self.note_the_way_back(scope, entered.order);
        }
        self.remember_step(scope, &entered.info, status);
        if let Some(pos) = std::mem::replace(&mut self.scope_began, entered.outer_began) {
            self.note_end(pos, status, elapsed, detail.as_deref());
        }
        self.emit(&Event::ScopeEnded { scope: Rc::clone(&entered.info), status, elapsed, detail });
        self.scope = entered.outer;
        self.covered = entered.covered;
        self.changed |= entered.changed;
        self.selected = entered.selected;
        self.phase_began = entered.phase_began;
        flow
    }

    fn verdict(&mut self, scope: &Arc<Scope>, flow: Flow) -> (ScopeStatus, Option<String>, Flow) {
        match flow {
            Flow::Next => {
                if let Some(slot) = scope.verdict {
                    self.set(slot, Value::Bool(true));
                }
                (ScopeStatus::Passed, None, Flow::Next)
            }
            Flow::Skip(why) if !matches!(scope.kind, ScopeBody::Phase(_)) => (ScopeStatus::Skipped, why, Flow::Next),
            Flow::Fail(failure) if scope.verdict.is_some() && failure.kind.is_worth_another_try() => {
                if let Some(slot) = scope.verdict {
                    self.set(slot, Value::Bool(false));
                }
                let said = failure.seen.clone().unwrap_or_else(|| failure.message().to_owned());
                (ScopeStatus::Accepted, Some(said), Flow::Next)
            }
            Flow::Fail(failure) if self.run.selection.checks_only && failure.kind.is_worth_another_try() => {
                if matches!(scope.kind, ScopeBody::Phase(_)) {
                    return (ScopeStatus::Failed, None, Flow::Next);
                }
                let totals = &self.run.totals;
                totals.failed_checks.set(totals.failed_checks.get() + 1);
                self.emit(&Event::Failed { failure: Rc::new(*failure), next: "the other checks go on".to_owned() });
                (ScopeStatus::Failed, None, Flow::Next)
            }
            Flow::Fail(_) | Flow::Stop(_) | Flow::Rollback(_) | Flow::Pause(_) => {
                let status = match flow.failure() {
                    Some(failure) if failure.in_doubt => ScopeStatus::InDoubt,
                    Some(failure) if failure.kind == FailureKind::Cancelled => ScopeStatus::Cancelled,
                    _ => ScopeStatus::Failed,
                };
                (status, None, flow)
            }
            Flow::Finish(why) => (ScopeStatus::Passed, Some(why.clone()), Flow::Finish(why)),
            Flow::Break | Flow::Skip(_) | Flow::Return(_) | Flow::Handler(_) => (ScopeStatus::Passed, None, flow),
        }
    }

    /// `danger "what is lost"`: in a protected environment the environment's name is typed first.
    async fn ask_about_danger(&mut self, scope: &Scope) -> Flow {
        let Some(danger) = &scope.modifiers.danger else { return Flow::Next };
        let lost = attempt!(self.text(danger));
        self.type_to_go_on(&format!("{} \"{}\": {lost}", scope.kind.word(), self.scope.title), scope.span).await
    }

    /// A failure that is accepted: told at the end, and the run goes on.
    pub(super) fn accept(&mut self, scope: &Scope, failure: &Failure) {
        keep(&self.run.totals.accepted, format!("{}: {}", self.path.join(" / "), failure.message()));
        self.accepted.push(self.scope.id);
        self.forget(&scope.binds);
    }
}
