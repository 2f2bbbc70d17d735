//! Every statement of a file, at any depth.

use crate::syntax::tree::{Block, Clauses, OnFailPolicy, Rhs, Stmt, StmtKind};

/// Calls `f` for every statement, outer ones first. It returns whether to look into the statement.
pub(super) fn each<'t>(body: &'t [Stmt], f: &mut dyn FnMut(&'t Stmt) -> bool) {
    for stmt in body {
        one(stmt, f);
    }
}

fn one<'t>(stmt: &'t Stmt, f: &mut dyn FnMut(&'t Stmt) -> bool) {
    if !f(stmt) {
        return;
    }
    match &stmt.kind {
        StmtKind::Action(decl) => {
            each(&decl.body.body, f);
            clauses(&decl.clauses, f);
        }
        StmtKind::CheckDecl(decl) => each(&decl.body.body, f),
        StmtKind::Scope(scope) => {
            each(&scope.body.body, f);
            clauses(&scope.clauses, f);
        }
        StmtKind::CheckUse(usage) => clauses(&usage.clauses, f),
        StmtKind::Background(background) => {
            each(&background.body.body, f);
            if let Some(ready) = &background.ready {
                each(&ready.body.body, f);
            }
        }
        StmtKind::Finally(block) => each(&block.body, f),
        StmtKind::Checklist(person) => clauses(&person.clauses, f),
        StmtKind::Confirm(person) => clauses(&person.clauses, f),
        StmtKind::Approve(person) => clauses(&person.clauses, f),
        StmtKind::Manual(person) => {
            maybe(person.body.as_ref(), f);
            clauses(&person.clauses, f);
        }
        StmtKind::Choose(choose) => choose.branches.iter().for_each(|(_, block)| each(&block.body, f)),
        StmtKind::If(branch) => {
            each(&branch.then.body, f);
            maybe(branch.otherwise.as_ref(), f);
        }
        StmtKind::For(looped) => each(&looped.body.body, f),
        StmtKind::Parallel(parallel) => each(&parallel.body.body, f),
        StmtKind::On(on) => each(&on.body.body, f),
        StmtKind::With(with) => each(&with.body.body, f),
        StmtKind::Call(call) => clauses(&call.clauses, f),
        StmtKind::Let(bind) | StmtKind::Var(bind) => rhs(&bind.value, f),
        StmtKind::Assign(assign) => rhs(&assign.value, f),
        StmtKind::Value(value) => rhs(value, f),
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
        | StmtKind::Error => {}
    }
}

fn rhs<'t>(value: &'t Rhs, f: &mut dyn FnMut(&'t Stmt) -> bool) {
    match value {
        Rhs::Check(stmt) | Rhs::For(stmt) => one(stmt, f),
        Rhs::Expr(_) | Rhs::Command(_) => {}
    }
}

fn maybe<'t>(block: Option<&'t Block>, f: &mut dyn FnMut(&'t Stmt) -> bool) {
    if let Some(block) = block {
        each(&block.body, f);
    }
}

fn clauses<'t>(clauses: &'t Clauses, f: &mut dyn FnMut(&'t Stmt) -> bool) {
    for clause in [&clauses.undo, &clauses.restore].into_iter().flatten() {
        each(&clause.body.body, f);
    }
    maybe(clauses.probe.as_ref(), f);
    maybe(clauses.finally.as_ref(), f);
    match clauses.on_fail.as_deref().map(|on_fail| &on_fail.policy) {
        Some(OnFailPolicy::Rollback(Some(clause))) => each(&clause.body.body, f),
        Some(OnFailPolicy::Handler(block)) => each(&block.body, f),
        Some(
            OnFailPolicy::Stop
            | OnFailPolicy::Continue
            | OnFailPolicy::Undo
            | OnFailPolicy::Rollback(None)
            | OnFailPolicy::Ask
            | OnFailPolicy::Error,
        )
        | None => {}
    }
}
