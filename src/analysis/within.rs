//! What stands in a block of the program at any depth: the one place that knows which statements hold blocks.

use super::program::{Act, Block, Clauses, OnFail, Scope, ScopeBody, Stmt, StmtKind};

/// Calls `f` for every statement of a block at any depth, those of clauses left out. It returns whether to look into
/// the statement.
pub fn each<'p>(block: &'p Block, f: &mut dyn FnMut(&'p Stmt) -> bool) {
    for stmt in &block.body {
        if f(stmt) {
            for inner in blocks(&stmt.kind) {
                each(inner, f);
            }
        }
    }
}

/// Every call of an action or a command in a block, at any depth.
pub fn acts(block: &Block) -> Vec<&Act> {
    block.body.iter().flat_map(acts_of).collect()
}

/// Every call of an action or a command in a statement, at any depth.
pub fn acts_of(stmt: &Stmt) -> Vec<&Act> {
    match &stmt.kind {
        StmtKind::Act(act) => vec![act],
        kind => blocks(kind).into_iter().flat_map(acts).collect(),
    }
}

/// Every scope of a block, at any depth.
pub fn scopes(block: &Block) -> Vec<&Scope> {
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
pub fn blocks(kind: &StmtKind) -> Vec<&Block> {
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
pub fn body(scope: &Scope) -> Vec<&Block> {
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

/// The blocks of the clauses of a scope.
pub fn of_clauses(clauses: &Clauses) -> Vec<&Block> {
    let compensations = [&clauses.undo, &clauses.restore].into_iter().flatten().map(|clause| &clause.body);
    let handler = match &clauses.on_fail {
        Some(OnFail::Handler { body, .. }) => Some(body),
        _ => None,
    };
    compensations
        .chain(&clauses.probe)
        .chain(clauses.finally.iter().map(|finally| &finally.body))
        .chain(handler)
        .collect()
}

/// Whether something holds for a statement of a block, those of clauses left out.
pub fn any(block: &Block, holds: &dyn Fn(&Stmt) -> bool) -> bool {
    block.body.iter().any(|stmt| holds(stmt) || blocks(&stmt.kind).into_iter().any(|block| any(block, holds)))
}
