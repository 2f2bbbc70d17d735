//! What stands in a statement: the one place that knows which statements of the tree hold blocks.

use super::tree::{Block, Clauses, OnFailPolicy, Rhs, Stmt, StmtKind};

/// Calls `f` for every statement, outer ones first. It returns whether to look into the statement.
pub fn each<'t>(body: &'t [Stmt], f: &mut dyn FnMut(&'t Stmt) -> bool) {
    for stmt in body {
        if f(stmt) {
            within(&stmt.kind, f);
        }
    }
}

fn within<'t>(kind: &'t StmtKind, f: &mut dyn FnMut(&'t Stmt) -> bool) {
    match valued(kind) {
        // It is a statement of its own, though no block is around it.
        Some(stmt) => each(std::slice::from_ref(stmt), f),
        None => blocks(kind).into_iter().for_each(|block| each(&block.body, f)),
    }
}

/// The check or loop whose value a statement binds.
fn valued(kind: &StmtKind) -> Option<&Stmt> {
    let value = match kind {
        StmtKind::Let(item) | StmtKind::Var(item) => &item.value,
        StmtKind::Assign(item) => &item.value,
        StmtKind::Value(value) => value,
        _ => return None,
    };
    match value {
        Rhs::Expr(_) | Rhs::Command(_) => None,
        Rhs::Check(stmt) | Rhs::For(stmt) => Some(stmt),
    }
}

/// The blocks whose statements are inside of a statement, but not inside of one of those.
pub fn blocks(kind: &StmtKind) -> Vec<&Block> {
    match kind {
        StmtKind::Action(item) => std::iter::once(&item.body).chain(of_clauses(&item.clauses)).collect(),
        StmtKind::Scope(item) => std::iter::once(&item.body).chain(of_clauses(&item.clauses)).collect(),
        StmtKind::CheckDecl(item) => vec![&item.body],
        StmtKind::CheckUse(item) => of_clauses(&item.clauses),
        StmtKind::Background(item) => {
            std::iter::once(&item.body).chain(item.ready.as_ref().map(|ready| &ready.body)).collect()
        }
        StmtKind::Finally(block) => vec![block],
        StmtKind::Checklist(item) => of_clauses(&item.clauses),
        StmtKind::Confirm(item) => of_clauses(&item.clauses),
        StmtKind::Manual(item) => item.body.iter().chain(of_clauses(&item.clauses)).collect(),
        StmtKind::Choose(item) => item.branches.iter().map(|(_, block)| block).collect(),
        StmtKind::Approve(item) => of_clauses(&item.clauses),
        StmtKind::If(item) => std::iter::once(&item.then).chain(&item.otherwise).collect(),
        StmtKind::For(item) => vec![&item.body],
        StmtKind::Parallel(item) => vec![&item.body],
        StmtKind::On(item) => vec![&item.body],
        StmtKind::With(item) => vec![&item.body],
        StmtKind::Call(item) => of_clauses(&item.clauses),
        StmtKind::Let(_) | StmtKind::Var(_) | StmtKind::Assign(_) | StmtKind::Value(_) => {
            valued(kind).map(|stmt| blocks(&stmt.kind)).unwrap_or_default()
        }
        StmtKind::Header(_)
        | StmtKind::Use(_)
        | StmtKind::Param(_)
        | StmtKind::Secret(_)
        | StmtKind::Env(_)
        | StmtKind::Fn(_)
        | StmtKind::Test(_)
        | StmtKind::Assert(_)
        | StmtKind::FailWhen(_)
        | StmtKind::WarnWhen(_)
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
        | StmtKind::Stop
        | StmtKind::Error => Vec::new(),
    }
}

/// The blocks of the clauses of a scope, in the order in which the layout has them.
pub fn of_clauses(clauses: &Clauses) -> Vec<&Block> {
    let undo = clauses.undo.iter().chain(&clauses.restore).map(|clause| &clause.body);
    let on_fail = clauses.on_fail.as_ref().and_then(|on_fail| match &on_fail.policy {
        OnFailPolicy::Handler(block) => Some(block),
        OnFailPolicy::Rollback(clause) => clause.as_ref().map(|clause| &clause.body),
        OnFailPolicy::Stop | OnFailPolicy::Continue | OnFailPolicy::Undo | OnFailPolicy::Ask | OnFailPolicy::Error => {
            None
        }
    });
    undo.chain(&clauses.probe).chain(on_fail).chain(&clauses.finally).collect()
}
