//! Blocks that only compute, run without the asynchronous machinery and under one evaluator.

use super::branch::Branch;
use super::failure::{Failure, FailureKind};
use super::flow::Flow;
use crate::analysis::program::{Assert, Block, For, StmtKind};
use crate::eval::{Budget, Context, DEFAULT_STEPS, EvalError, Expr};
use crate::host::Cancel;
use crate::source::Span;
use crate::value::Value;

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
        let cancel = self.cancel.clone();
        match self.with_evaluator(|context| run(context, block, &cancel)) {
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

fn run<'p>(context: &mut Context<'_>, block: &'p Block, cancel: &Cancel) -> End<'p> {
    for stmt in &block.body {
        // What is bounded is the work of one statement.
        context.budget = Budget::new(DEFAULT_STEPS);
        match step(context, &stmt.kind, stmt.span, cancel) {
            End::Next => {}
            end => return end,
        }
    }
    End::Next
}

/// The statements of a loop: its work counts as one statement's.
fn run_within<'p>(context: &mut Context<'_>, block: &'p Block, cancel: &Cancel) -> End<'p> {
    for stmt in &block.body {
        match step(context, &stmt.kind, stmt.span, cancel) {
            End::Next => {}
            end => return end,
        }
    }
    End::Next
}

fn step<'p>(context: &mut Context<'_>, kind: &'p StmtKind, span: Span, cancel: &Cancel) -> End<'p> {
    match kind {
        StmtKind::Bind { slot, value } => {
            compute!(context.assign(*slot, value));
            End::Next
        }
        StmtKind::If { condition, then, otherwise } => match compute!(context.eval(condition)) {
            Value::Bool(true) => run_within(context, then, cancel),
            Value::Bool(false) => run_within(context, otherwise, cancel),
            Value::Unknown(_) => {
                let before = context.frame.clone();
                run_within(context, then, cancel);
                let after_then = std::mem::replace(context.frame, before);
                run_within(context, otherwise, cancel);
                context.frame.join_unknown(&after_then);
                End::Next
            }
            other => End::NoCondition(condition, other),
        },
        StmtKind::For(each) => iterate(context, each, cancel),
        StmtKind::Asserts(asserts) => {
            for assert in asserts {
                match context.eval(&assert.condition) {
                    Ok(Value::Bool(true) | Value::Unknown(_)) => {}
                    _ => return End::Judge(asserts),
                }
            }
            End::Next
        }
        StmtKind::Fail(why) => End::Fail(compute!(context.eval(why)).to_text(), span),
        StmtKind::Return(None) => End::Return(Value::Null),
        StmtKind::Return(Some(value)) => End::Return(compute!(context.eval(value))),
        StmtKind::Break => End::Break,
        StmtKind::Skip(None) => End::Skip(None),
        StmtKind::Skip(Some(why)) => End::Skip(Some(compute!(context.eval(why)).to_text())),
        StmtKind::Act(_)
        | StmtKind::Try(_)
        | StmtKind::NeedSecret(_)
        | StmtKind::Scope(_)
        | StmtKind::Background(_)
        | StmtKind::Person(_)
        | StmtKind::Parallel(_)
        | StmtKind::OnDir { .. }
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

fn iterate<'p>(context: &mut Context<'_>, each: &'p For, cancel: &Cancel) -> End<'p> {
    let items = match compute!(context.eval(&each.list)) {
        Value::List(items) => items,
        Value::Unknown(_) => return End::Next,
        other => return End::NoList(&each.list, other),
    };
    for (count, item) in items.iter().enumerate() {
        context.frame.set(each.item, item.clone());
        match run_within(context, &each.body, cancel) {
            End::Next | End::Skip(_) => {}
            End::Break => break,
            end => return end,
        }
        if count % UNWATCHED == UNWATCHED - 1 && cancel.is_cancelled() {
            return End::Cancelled(each.list.span);
        }
    }
    End::Next
}
