//! Which blocks only compute.

use super::program::{Concurrency, For, Stmt, StmtKind};

/// Whether no statement, at any depth, is more than computing: no scope, action, person or time.
pub(super) fn is_pure(body: &[Stmt]) -> bool {
    body.iter().all(|stmt| match &stmt.kind {
        StmtKind::Bind { .. } | StmtKind::Fail(_) | StmtKind::Return(_) | StmtKind::Break | StmtKind::Skip(_) => true,
        StmtKind::If { then, otherwise, .. } => then.pure && otherwise.pure,
        StmtKind::For(each) => each.is_pure(),
        StmtKind::Asserts(asserts) => asserts.iter().all(|assert| assert.before.body.is_empty()),
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
        | StmtKind::Stop => false,
    })
}

impl For {
    /// Whether it only computes: one item after the other, and nothing is kept of them.
    pub fn is_pure(&self) -> bool {
        let in_order = matches!(self.parallel, Concurrency::Sequential);
        in_order && self.body.pure && self.results.is_none() && self.tolerate.is_none()
    }
}
