//! Blocks that only compute, run without the asynchronous machinery.

use super::block::attempt;
use super::branch::Branch;
use super::failure::FailureKind;
use super::flow::Flow;
use crate::analysis::program::{Block, For, StmtKind};
use crate::value::Value;

impl Branch {
    pub(super) fn pure_block(&mut self, block: &Block) -> Flow {
        for stmt in &block.body {
            let flow = match &stmt.kind {
                StmtKind::Bind { slot, value } => {
                    let value = attempt!(self.eval(value));
                    self.set(*slot, value);
                    continue;
                }
                StmtKind::If { condition, then, otherwise } => match attempt!(self.eval(condition)) {
                    Value::Bool(true) => self.pure_block(then),
                    Value::Bool(false) => self.pure_block(otherwise),
                    Value::Unknown(_) => {
                        let before = self.frame().clone();
                        self.pure_block(then);
                        let after_then = std::mem::replace(self.frame(), before);
                        self.pure_block(otherwise);
                        self.frame().join_unknown(&after_then);
                        continue;
                    }
                    other => Flow::Fail(self.no_condition(condition, &other)),
                },
                StmtKind::For(each) => self.pure_for(each),
                StmtKind::Asserts(asserts) => match self.judge(asserts) {
                    Some(failure) => Flow::Fail(failure),
                    None => Flow::Next,
                },
                StmtKind::Fail(why) => {
                    let why = attempt!(self.text(why));
                    Flow::Fail(self.failure(FailureKind::Fail, stmt.span, why))
                }
                StmtKind::Return(None) => Flow::Return(Value::Null),
                StmtKind::Return(Some(value)) => Flow::Return(attempt!(self.eval(value))),
                StmtKind::Break => Flow::Break,
                StmtKind::Skip(None) => Flow::Skip(None),
                StmtKind::Skip(Some(why)) => Flow::Skip(Some(attempt!(self.text(why)))),
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
                    Flow::Next
                }
            };
            match flow {
                Flow::Next => {}
                flow => return flow,
            }
        }
        Flow::Next
    }

    fn pure_for(&mut self, each: &For) -> Flow {
        let items = match attempt!(self.eval(&each.list)) {
            Value::List(items) => items,
            Value::Unknown(_) => return Flow::Next,
            other => return Flow::Fail(self.not_a_list(&each.list, &other)),
        };
        for item in items.iter() {
            self.set(each.item, item.clone());
            match self.pure_block(&each.body) {
                Flow::Next | Flow::Skip(_) => {}
                Flow::Break => break,
                flow => return flow,
            }
            if self.cancel.is_cancelled() {
                return self.cancelled(each.list.span);
            }
        }
        Flow::Next
    }
}
