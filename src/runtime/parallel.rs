//! Structured concurrency: `for` and `parallel`. A failure that is not tolerated cancels the
//! siblings, and they are waited for before anything else happens.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::block::attempt;
use super::branch::Branch;
use super::failure::{Failure, FailureKind};
use super::flow::Flow;
use super::replay::Line;
use super::undo::UndoList;
use crate::analysis::program::{Block, Concurrency, For, Parallel};
use crate::eval::Expr;
use crate::eval::expr::SlotId;
use crate::source::Span;
use crate::value::{Type, Value};

/// How many branches may fail.
enum Tolerance {
    Number(usize),
    Share(f64),
}

impl Tolerance {
    fn allows(&self, failed: usize, all: usize) -> bool {
        match self {
            Self::Number(number) => failed <= *number,
            Self::Share(share) => as_float(failed) <= as_float(all) * share + 1e-9,
        }
    }
}

fn as_float(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

/// How an iteration or branch ended.
struct Ended {
    at: usize,
    flow: Flow,
    branch: Box<Branch>,
}

impl Branch {
    fn tolerance(&mut self, tolerate: Option<&Expr>) -> Result<Tolerance, Box<Failure>> {
        let Some(expr) = tolerate else { return Ok(Tolerance::Number(0)) };
        match self.eval(expr)? {
            Value::Int(n) => Ok(Tolerance::Number(usize::try_from(n).unwrap_or(0))),
            Value::Percent(share) => Ok(Tolerance::Share(share)),
            Value::Unknown(_) => Ok(Tolerance::Number(0)),
            other => {
                let message = format!("`tolerate` takes a number or a percentage, and this is {}", other.inspect());
                Err(self.failure(FailureKind::Expression, expr.span, message))
            }
        }
    }

    pub(super) async fn each(&mut self, each: &For, span: Span) -> Flow {
        let (items, before) = match attempt!(self.eval(&each.list)) {
            Value::List(items) => (items, None),
            // Only a run will know what it goes through: shown once, and what it changes is unknown.
            Value::Unknown(_) => (Arc::new(vec![Value::Unknown(Type::Any)]), Some(self.frame().clone())),
            other => return Flow::Fail(self.not_a_list(&each.list, &other)),
        };
        let tolerance = attempt!(self.tolerance(each.tolerate.as_ref()));
        let outer = self.rolls_back;
        // What is tolerated takes nothing back.
        self.rolls_back &= each.tolerate.is_none();
        let flow = self.iterations(each, &items, &tolerance, span).await;
        self.rolls_back = outer;
        if let Some(before) = before {
            self.frame().join_unknown(&before);
        }
        flow
    }

    async fn iterations(&mut self, each: &For, items: &[Value], tolerance: &Tolerance, span: Span) -> Flow {
        let at_once = match &each.parallel {
            Concurrency::Sequential => return self.one_by_one(each, items, tolerance, span).await,
            Concurrency::Unbounded => items.len().max(1),
            Concurrency::AtMost(count) => attempt!(self.count(count)).max(1),
        };
        let make = |branch: &Branch, at: usize, line: Line| {
            let mut child = branch.fork(UndoList::default(), line);
            child.set(each.item, items[at].clone());
            child.path.push(item_name(&items[at], at));
            child
        };
        let (mut ended, outcome) = self.side_by_side(items.len(), at_once, tolerance, span, make, |_| &each.body).await;
        ended.sort_by_key(|ended| ended.at);
        if let Some(results) = each.results {
            let records = ended.iter().map(|end| {
                let value = each.value.and_then(|slot| end.branch.get(slot).cloned());
                result_record(&items[end.at], &end.flow, value)
            });
            let records = Value::list(records);
            self.set(results, records);
        }
        outcome
    }

    async fn one_by_one(&mut self, each: &For, items: &[Value], tolerance: &Tolerance, span: Span) -> Flow {
        let mut records = Vec::new();
        let mut failed = 0;
        for (at, item) in items.iter().enumerate() {
            if self.cancel.is_cancelled() {
                return self.cancelled(span);
            }
            self.clear(&each.binds);
            self.set(each.item, item.clone());
            self.path.push(item_name(item, at));
            let flow = self.block(&each.body).await;
            self.path.pop();
            if each.results.is_some() {
                let value = each.value.and_then(|slot| self.get(slot).cloned());
                records.push(result_record(item, &flow, value));
            }
            match flow {
                Flow::Next | Flow::Skip(_) => {}
                Flow::Break => break,
                Flow::Fail(failure) if failure.kind.is_worth_another_try() && !failure.in_doubt => {
                    failed += 1;
                    if !tolerance.allows(failed, items.len()) {
                        return Flow::Fail(failure);
                    }
                    self.tolerated(&failure);
                }
                flow => return flow,
            }
        }
        if let Some(results) = each.results {
            self.set(results, Value::list(records));
        }
        Flow::Next
    }

    fn tolerated(&self, failure: &Failure) {
        let line = format!("tolerated: {}: {}", failure.path.join(" / "), failure.message());
        super::run::keep(&self.run.totals.accepted, line.clone());
        self.emit(&super::event::Event::Warning(line));
    }

    pub(super) async fn parallel(&mut self, parallel: &Parallel, span: Span) -> Flow {
        let tolerance = attempt!(self.tolerance(parallel.tolerate.as_ref()));
        let count = parallel.branches.len();
        let make = |branch: &Branch, _, line: Line| branch.fork(UndoList::default(), line);
        let (mut ended, outcome) =
            self.side_by_side(count, count, &tolerance, span, make, |at| &parallel.branches[at]).await;
        ended.sort_by_key(|ended| ended.at);
        for end in &ended {
            self.take_over(&end.branch, &parallel.binds);
        }
        outcome
    }

    /// What a branch bound, for what follows.
    fn take_over(&mut self, branch: &Branch, binds: &[SlotId]) {
        for slot in binds {
            if let Some(value) = branch.get(*slot) {
                self.set(*slot, value.clone());
            }
        }
    }

    /// Runs `count` branches, at most `at_once` at a time. Returns when none of them runs any more.
    #[allow(clippy::too_many_arguments)]
    async fn side_by_side<'b>(
        &mut self,
        count: usize,
        at_once: usize,
        tolerance: &Tolerance,
        span: Span,
        make: impl Fn(&Branch, usize, Line) -> Branch,
        body: impl Fn(usize) -> &'b Block,
    ) -> (Vec<Ended>, Flow) {
        // The phase's own compensation comes before those of the branches.
        let order = self.run.next_order();
        let place = self.position();
        let together = self.cancel.child();
        let mut lists = Vec::new();
        let mut running = FuturesUnordered::new();
        let mut next = 0;
        let mut ended = Vec::new();
        let mut failed = 0;
        let mut decisive: Option<Flow> = None;
        self.undo.fork(order, Vec::new());
        loop {
            while next < count && running.len() < at_once && decisive.is_none() && !together.is_cancelled() {
                let mut child = make(self, next, Line::leaving(&place, &format!(".{next}")));
                child.cancel = together.child();
                lists.push(child.undo.clone());
                self.undo.set_branches(order, &lists);
                let at = next;
                let block = body(at);
                running.push(async move {
                    let flow = child.block(block).await;
                    Ended { at, flow, branch: Box::new(child) }
                });
                next += 1;
            }
            let Some(end) = running.next().await else { break };
            match &end.flow {
                Flow::Next | Flow::Skip(_) => {}
                Flow::Fail(failure) if failure.kind == FailureKind::Cancelled && decisive.is_some() => {}
                Flow::Fail(failure) if failure.kind.is_worth_another_try() && !failure.in_doubt => {
                    failed += 1;
                    if tolerance.allows(failed, count) {
                        self.tolerated(failure);
                    } else if decisive.is_none() {
                        decisive = Some(Flow::Fail(failure.clone()));
                        together.cancel();
                    }
                }
                Flow::Break => together.cancel(),
                flow => {
                    if decisive.is_none() {
                        decisive = Some(copy(flow));
                        together.cancel();
                    }
                }
            }
            ended.push(end);
        }
        if self.cancel.is_cancelled() && decisive.is_none() {
            return (ended, self.cancelled(span));
        }
        (ended, decisive.unwrap_or(Flow::Next))
    }
}

/// The flow of a branch for the block around it; the branch keeps its own.
fn copy(flow: &Flow) -> Flow {
    match flow {
        Flow::Fail(failure) => Flow::Fail(failure.clone()),
        Flow::Stop(failure) => Flow::Stop(failure.clone()),
        Flow::Rollback(failure) => Flow::Rollback(failure.clone()),
        Flow::Pause(failure) => Flow::Pause(failure.clone()),
        Flow::Finish(why) => Flow::Finish(why.clone()),
        Flow::Return(value) => Flow::Return(value.clone()),
        Flow::Skip(why) => Flow::Skip(why.clone()),
        Flow::Next | Flow::Break | Flow::Handler(_) => Flow::Next,
    }
}

/// How an iteration is called among the titles of scopes.
pub(super) fn item_name(item: &Value, at: usize) -> Arc<str> {
    let text = match item {
        Value::Record(_) | Value::List(_) | Value::Secret(_) => format!("[{}]", at + 1),
        item => format!("[{}]", crate::mask::current().hide(&item.to_text())),
    };
    text.chars().take(60).collect::<String>().into()
}

fn result_record(item: &Value, flow: &Flow, value: Option<Value>) -> Value {
    let ok = flow.failure().is_none();
    Value::record([
        ("item", item.clone()),
        ("ok", Value::Bool(ok)),
        ("value", if ok { value.unwrap_or(Value::Null) } else { Value::Null }),
        ("error", flow.failure().map_or(Value::Null, |failure| Value::str(failure.message()))),
    ])
}
