//! What is inside of a statement: the blocks of statements, and whether it may stand on one line.

use crate::syntax::tree::{Block, Clauses, If, OnFailPolicy, Rhs, Stmt, StmtKind};

/// The blocks whose statements are inside of a statement, but not inside of one of those.
pub(super) fn blocks(kind: &StmtKind) -> Vec<&Block> {
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
        StmtKind::If(item) => of_if(item),
        StmtKind::For(item) => vec![&item.body],
        StmtKind::Parallel(item) => vec![&item.body],
        StmtKind::On(item) => vec![&item.body],
        StmtKind::With(item) => vec![&item.body],
        StmtKind::Call(item) => of_clauses(&item.clauses),
        StmtKind::Let(item) | StmtKind::Var(item) => of_value(&item.value),
        StmtKind::Assign(item) => of_value(&item.value),
        StmtKind::Value(value) => of_value(value),
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

/// `else if` is an `if` of its own in the tree, but not on the page.
fn of_if(item: &If) -> Vec<&Block> {
    let mut blocks = vec![&item.then];
    let mut otherwise = item.otherwise.as_ref();
    while let Some(block) = otherwise {
        match else_if(block) {
            Some(next) => {
                blocks.push(&next.then);
                otherwise = next.otherwise.as_ref();
            }
            None => {
                blocks.push(block);
                otherwise = None;
            }
        }
    }
    blocks
}

/// The `if` that a block behind `else` consists of, braces not written.
pub(super) fn else_if(block: &Block) -> Option<&If> {
    match block.body.as_slice() {
        [Stmt { kind: StmtKind::If(next), span }] if *span == block.span => Some(next),
        _ => None,
    }
}

fn of_value(value: &Rhs) -> Vec<&Block> {
    match value {
        Rhs::Expr(_) | Rhs::Command(_) => Vec::new(),
        Rhs::Check(stmt) | Rhs::For(stmt) => blocks(&stmt.kind),
    }
}

fn of_clauses(clauses: &Clauses) -> Vec<&Block> {
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

/// Whether a statement has braces, and so little in them that they may stay on its line.
pub(super) fn has_one_line(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Header(item) => item.entries.len() <= 1,
        StmtKind::Env(item) => item.entries.len() <= 1,
        StmtKind::Checklist(item) => item.items.len() <= 1 && of_clauses(&item.clauses).is_empty(),
        StmtKind::Choose(_) | StmtKind::Test(_) => false,
        kind => matches!(blocks(kind).as_slice(), [block] if is_short(block)),
    }
}

/// Whether a block holds at most one statement, and that one no braces of its own.
pub(super) fn is_short(block: &Block) -> bool {
    match block.body.as_slice() {
        [] => true,
        [stmt] => !has_braces(&stmt.kind),
        _ => false,
    }
}

fn has_braces(kind: &StmtKind) -> bool {
    let listed = matches!(
        kind,
        StmtKind::Header(_) | StmtKind::Env(_) | StmtKind::Checklist(_) | StmtKind::Choose(_) | StmtKind::Test(_)
    );
    listed || matches!(kind, StmtKind::Error) || !blocks(kind).is_empty()
}
