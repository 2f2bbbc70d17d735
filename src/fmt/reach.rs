//! What is inside of a statement: the blocks of statements, and whether it may stand on one line.

use crate::syntax::tree::{Block, If, Stmt, StmtKind};
use crate::syntax::within;

/// The blocks whose statements are inside of a statement on the page, but not inside of one of those.
pub(super) fn blocks(kind: &StmtKind) -> Vec<&Block> {
    match kind {
        StmtKind::If(item) => of_if(item),
        kind => within::blocks(kind),
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

/// Whether a statement has braces, and so little in them that they may stay on its line.
pub(super) fn has_one_line(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Header(item) => item.entries.len() <= 1,
        StmtKind::Env(item) => item.entries.len() <= 1,
        StmtKind::Checklist(item) => item.items.len() <= 1 && within::of_clauses(&item.clauses).is_empty(),
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
