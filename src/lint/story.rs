//! Walks over the program: what a block does, outer things first.

use std::sync::Arc;

use crate::analysis::program::{Act, Block, Callee, Scope, ScopeBody, Stmt, StmtKind, UserAction};
use crate::catalog::Inverse;

/// Calls `f` for every statement of a block at any depth, those of clauses left out. It returns whether to look into
/// the statement.
pub(crate) fn each<'p>(block: &'p Block, f: &mut dyn FnMut(&'p Stmt) -> bool) {
    for stmt in &block.body {
        if f(stmt) {
            for inner in blocks(&stmt.kind) {
                each(inner, f);
            }
        }
    }
}

/// Every call of an action or a command in a block, at any depth.
pub(crate) fn acts(block: &Block) -> Vec<&Act> {
    block.body.iter().flat_map(acts_of).collect()
}

/// Every call of an action or a command in a statement, at any depth.
pub(crate) fn acts_of(stmt: &Stmt) -> Vec<&Act> {
    match &stmt.kind {
        StmtKind::Act(act) => vec![act],
        kind => blocks(kind).into_iter().flat_map(acts).collect(),
    }
}

/// Every scope of a block, at any depth.
pub(crate) fn scopes(block: &Block) -> Vec<&Scope> {
    let mut found = Vec::new();
    each(block, &mut |stmt| {
        if let StmtKind::Scope(scope) | StmtKind::Person(scope) | StmtKind::CallRunbook(scope) = &stmt.kind {
            found.push(&**scope);
        }
        true
    });
    found
}

/// The blocks directly inside a statement, without those of its clauses.
pub(crate) fn blocks(kind: &StmtKind) -> Vec<&Block> {
    match kind {
        StmtKind::Scope(scope) | StmtKind::Person(scope) | StmtKind::CallRunbook(scope) => body(scope),
        StmtKind::Background(background) => vec![&background.body],
        StmtKind::Try(tried) => std::iter::once(&tried.body).chain(&tried.otherwise).collect(),
        StmtKind::If { then, otherwise, .. } => vec![then, otherwise],
        StmtKind::For(each) => vec![&each.body],
        StmtKind::Parallel(parallel) => parallel.branches.iter().collect(),
        StmtKind::OnDir { body, .. } | StmtKind::On { body, .. } | StmtKind::With { body, .. } => vec![body],
        StmtKind::Asserts(asserts) => asserts.iter().map(|assert| &assert.before).collect(),
        StmtKind::FailWhen(sign) => vec![&sign.before],
        StmtKind::Bind { .. }
        | StmtKind::Act(_)
        | StmtKind::NeedSecret(_)
        | StmtKind::Fail(_)
        | StmtKind::Rollback(_)
        | StmtKind::Finish(_)
        | StmtKind::Disarm(_)
        | StmtKind::PointOfNoReturn(_)
        | StmtKind::Note(_)
        | StmtKind::Warn(_)
        | StmtKind::Wait(_)
        | StmtKind::Return(_)
        | StmtKind::Break
        | StmtKind::Skip(_)
        | StmtKind::Retry(_)
        | StmtKind::Continue
        | StmtKind::Undo
        | StmtKind::Stop => Vec::new(),
    }
}

/// The blocks of a scope, without those of its clauses.
pub(crate) fn body(scope: &Scope) -> Vec<&Block> {
    match &scope.kind {
        ScopeBody::Phase(block) | ScopeBody::Step(block) | ScopeBody::Check(block) => vec![block],
        ScopeBody::Monitor { body } | ScopeBody::Guard { body } | ScopeBody::Manual { body, .. } => vec![body],
        ScopeBody::Choose(branches) => branches.iter().map(|(_, block)| block).collect(),
        ScopeBody::CheckUse(..)
        | ScopeBody::Checklist(_)
        | ScopeBody::Confirm
        | ScopeBody::Approve { .. }
        | ScopeBody::Call { .. } => Vec::new(),
    }
}

/// Deeper than actions call each other; one that calls itself ends here.
const MAX_DEPTH: usize = 8;

/// Whether a call changes something, and nothing of its own takes that back.
pub(crate) fn has_no_way_back(act: &Act, actions: &[Arc<UserAction>]) -> bool {
    fn deep(act: &Act, actions: &[Arc<UserAction>], depth: usize) -> bool {
        act.effect.is_changing()
            && match &act.callee {
                Callee::Command(_) => true,
                Callee::Native(action, _) => matches!(action.inverse, Inverse::None(_)),
                Callee::User(index, _) => actions.get(*index as usize).is_none_or(|action| {
                    depth < MAX_DEPTH
                        && action.undo.is_none()
                        && acts(&action.body).into_iter().any(|inner| deep(inner, actions, depth + 1))
                }),
            }
    }
    deep(act, actions, 0)
}
