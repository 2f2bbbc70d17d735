//! Which blocks only compute.

use super::program::{Stmt, StmtKind};

/// Whether no statement, at any depth, is more than computing: no scope, action, person or time.
pub(super) fn is_pure(body: &[Stmt]) -> bool {
    body.iter().all(|stmt| match &stmt.kind {
        StmtKind::Bind { .. } | StmtKind::Fail(_) | StmtKind::Return(_) | StmtKind::Break | StmtKind::Skip(_) => true,
        StmtKind::If { then, otherwise, .. } => then.pure && otherwise.pure,
        StmtKind::For(each) => {
            let in_order = matches!(each.parallel, super::program::Concurrency::Sequential);
            in_order && each.body.pure && each.results.is_none() && each.tolerate.is_none()
        }
        StmtKind::Asserts(asserts) => asserts.iter().all(|assert| assert.before.body.is_empty()),
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
        | StmtKind::Stop => false,
    })
}
