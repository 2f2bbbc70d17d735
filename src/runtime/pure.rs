//! Blocks and loops that only compute, run without the asynchronous machinery and under one evaluator.

use std::sync::Arc;

use super::branch::Branch;
use super::failure::{Failure, FailureKind};
use super::flow::Flow;
use super::parallel::item_name;
use crate::analysis::program::{Assert, Block, For, StmtKind};
use crate::eval::{Budget, Context, DEFAULT_STEPS, EvalError, Expr};
use crate::host::Cancel;
use crate::source::Span;
use crate::value::{Type, Value};

/// Between two looks at whether the work was cancelled: looking takes longer than an iteration.
const UNWATCHED: usize = 1024;

/// How a block ended. What needs the branch is said once the evaluator is done with.
enum End<'p> {
    Next,
    Break,
    Skip(Option<String>),
    Return(Value),
    Error(EvalError),
    Fail(String, Span),
    Judge(&'p [Assert]),
    NoCondition(&'p Expr, Value),
    NoList(&'p Expr, Value),
    Cancelled(Span),
}

/// Unwraps a value or ends the block.
macro_rules! compute {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return End::Error(error),
        }
    };
}

impl Branch {
    pub(super) fn pure_block(&mut self, block: &Block) -> Flow {
        self.pure(|computing| computing.block(block))
    }

    /// A `for` whose body only computes, in a block that does more.
    pub(super) fn pure_loop(&mut self, each: &For) -> Flow {
        self.pure(|computing| computing.each(each))
    }

    fn pure<'p>(&mut self, work: impl FnOnce(&mut Computing<'_, '_>) -> End<'p>) -> Flow {
        let cancel = self.cancel.clone();
        let (end, iterations) = self.with_evaluator(|context| {
            let mut computing = Computing { context, cancel: &cancel, iterations: Vec::new() };
            (work(&mut computing), computing.iterations)
        });
        let outside = self.path.len();
        self.path.extend(iterations.into_iter().rev());
        let flow = self.flow_of(end);
        self.path.truncate(outside);
        flow
    }

    fn flow_of(&mut self, end: End<'_>) -> Flow {
        match end {
            End::Next => Flow::Next,
            End::Break => Flow::Break,
            End::Skip(why) => Flow::Skip(why),
            End::Return(value) => Flow::Return(value),
            End::Error(error) => Flow::Fail(self.not_computed(error)),
            End::Fail(why, span) => Flow::Fail(self.failure(FailureKind::Fail, span, why)),
            End::Judge(asserts) => self.judge(asserts).map_or(Flow::Next, Flow::Fail),
            End::NoCondition(condition, value) => Flow::Fail(self.no_condition(condition, &value)),
            End::NoList(list, value) => Flow::Fail(self.not_a_list(list, &value)),
            End::Cancelled(span) => self.cancelled(span),
        }
    }

    pub(super) fn not_a_list(&self, list: &Expr, value: &Value) -> Box<Failure> {
        let message = format!("`for` goes through a list, and this is {}", value.inspect());
        self.failure(FailureKind::Expression, list.span, message)
    }
}

/// A block or loop while it is computed.
struct Computing<'c, 'a> {
    context: &'c mut Context<'a>,
    cancel: &'c Cancel,
    /// The iterations within which it ended early, the innermost first.
    iterations: Vec<Arc<str>>,
}

impl Computing<'_, '_> {
    fn block<'p>(&mut self, block: &'p Block) -> End<'p> {
        for stmt in &block.body {
            // What is bounded is the work of one statement.
            self.context.budget = Budget::new(DEFAULT_STEPS);
            match self.step(&stmt.kind, stmt.span) {
                End::Next => {}
                end => return end,
            }
        }
        End::Next
    }

    /// The statements of a loop or branch: their work counts as that of the statement around them.
    fn inner<'p>(&mut self, block: &'p Block) -> End<'p> {
        for stmt in &block.body {
            match self.step(&stmt.kind, stmt.span) {
                End::Next => {}
                end => return end,
            }
        }
        End::Next
    }

    fn step<'p>(&mut self, kind: &'p StmtKind, span: Span) -> End<'p> {
        match kind {
            StmtKind::Bind { slot, value } => {
                compute!(self.context.assign(*slot, value));
                End::Next
            }
            StmtKind::If { condition, then, otherwise } => match compute!(self.context.eval(condition)) {
                Value::Bool(true) => self.inner(then),
                Value::Bool(false) => self.inner(otherwise),
                Value::Unknown(_) => {
                    let before = self.context.frame.clone();
                    self.inner(then);
                    let after_then = std::mem::replace(self.context.frame, before);
                    self.inner(otherwise);
                    self.context.frame.join_unknown(&after_then);
                    // How the two ended does not count.
                    self.iterations.clear();
                    End::Next
                }
                other => End::NoCondition(condition, other),
            },
            StmtKind::For(each) => self.each(each),
            StmtKind::Asserts(asserts) => {
                for assert in asserts {
                    match self.context.eval(&assert.condition) {
                        Ok(Value::Bool(true) | Value::Unknown(_)) => {}
                        _ => return End::Judge(asserts),
                    }
                }
                End::Next
            }
            StmtKind::Fail(why) => End::Fail(compute!(self.context.shown(why)), span),
            StmtKind::Return(None) => End::Return(Value::Null),
            StmtKind::Return(Some(value)) => End::Return(compute!(self.context.eval(value))),
            StmtKind::Break => End::Break,
            StmtKind::Skip(None) => End::Skip(None),
            StmtKind::Skip(Some(why)) => End::Skip(Some(compute!(self.context.shown(why)))),
            StmtKind::Act(_)
            | StmtKind::Try(_)
            | StmtKind::NeedSecret(_)
            | StmtKind::Scope(_)
            | StmtKind::Background(_)
            | StmtKind::Person(_)
            | StmtKind::Parallel(_)
            | StmtKind::OnDir { .. }
            | StmtKind::On { .. }
            | StmtKind::With { .. }
            | StmtKind::CallRunbook(_)
            | StmtKind::FailWhen(_)
            | StmtKind::Rollback(_)
            | StmtKind::Finish(_)
            | StmtKind::Disarm(_)
            | StmtKind::PointOfNoReturn(_)
            | StmtKind::Note(_)
            | StmtKind::Warn(_)
            | StmtKind::Wait(_)
            | StmtKind::Retry(_)
            | StmtKind::Continue
            | StmtKind::Undo
            | StmtKind::Stop => {
                debug_assert!(false, "a pure block holds none of these");
                End::Next
            }
        }
    }

    fn each<'p>(&mut self, each: &'p For) -> End<'p> {
        let items = match compute!(self.context.eval(&each.list)) {
            Value::List(items) => items,
            Value::Unknown(_) => return self.each_of_unknown(each),
            other => return End::NoList(&each.list, other),
        };
        for (at, item) in items.iter().enumerate() {
            match self.iteration(each, item) {
                End::Next | End::Skip(_) => {}
                End::Break => break,
                end => {
                    self.iterations.push(item_name(item, at));
                    return end;
                }
            }
            if at % UNWATCHED == UNWATCHED - 1 && self.cancel.is_cancelled() {
                return End::Cancelled(each.list.span);
            }
        }
        End::Next
    }

    fn iteration<'p>(&mut self, each: &'p For, item: &Value) -> End<'p> {
        for slot in &each.binds {
            self.context.frame.clear(*slot);
        }
        self.context.frame.set(each.item, item.clone());
        self.inner(&each.body)
    }

    /// Only a run will know how many iterations there are: whatever they change is unknown.
    fn each_of_unknown<'p>(&mut self, each: &'p For) -> End<'p> {
        let before = self.context.frame.clone();
        let end = self.iteration(each, &Value::Unknown(Type::Any));
        self.context.frame.join_unknown(&before);
        match end {
            End::Skip(_) | End::Break => End::Next,
            end => end,
        }
    }
}
