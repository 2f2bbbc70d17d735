//! Statements that never run.

use std::collections::HashMap;

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{Subject, modifiers};
use crate::lint::walk::Role;
use crate::syntax::tree::{Block, ExprKind, Stmt, StmtKind};

rule!("RBK0325" "unreachable" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    // What ends its block, by the block: the statement around it and which of its blocks it is.
    let mut ended: HashMap<(Option<usize>, Role), &Stmt> = HashMap::new();
    for site in &subject.sites {
        if matches!(site.stmt.kind, StmtKind::Test(_) | StmtKind::Finally(_)) || is_declaration(&site.stmt.kind) {
            continue;
        }
        never(site.stmt, found);
        if matches!(site.role, Role::Parallel(_)) {
            continue;
        }
        let key = (site.parent, site.role);
        match ended.get(&key) {
            // Told once; the rest of the block is behind it.
            Some(end) => {
                let message = "this never runs: what stands before it leaves the block";
                let help = "move it above, or put a condition around what leaves: if … { … }";
                found.push(RULE.at(site.stmt.span, message, "never reached").label(end.span, "leaves here").help(help));
                ended.remove(&key);
            }
            None if leaves(site.stmt) => drop(ended.insert(key, site.stmt)),
            None => {}
        }
    }
}

fn is_declaration(kind: &StmtKind) -> bool {
    matches!(
        kind,
        StmtKind::Header(_)
            | StmtKind::Use(_)
            | StmtKind::Param(_)
            | StmtKind::Secret(_)
            | StmtKind::Env(_)
            | StmtKind::Action(_)
            | StmtKind::CheckDecl(_)
            | StmtKind::Fn(_)
    )
}

/// `when false`, `if false`
fn never(stmt: &Stmt, found: &mut Vec<Diagnostic>) {
    let when = modifiers(stmt).and_then(|modifiers| modifiers.when.as_ref());
    let condition = when.or(match &stmt.kind {
        StmtKind::If(branch) => Some(&branch.condition),
        _ => None,
    });
    if let Some(condition) = condition.filter(|condition| matches!(condition.kind, ExprKind::Bool(false))) {
        let help = "remove it, or write the condition under which it runs; to try a part of a runbook: rbk run \
            --only \"title\"";
        found.push(RULE.at(condition.span, "this never runs: its condition is `false`", "never true").help(help));
    }
}

fn leaves(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Fail(_)
        | StmtKind::Rollback(Some(_))
        | StmtKind::Finish(_)
        | StmtKind::Return(_)
        | StmtKind::Break
        | StmtKind::Skip(_) => true,
        StmtKind::If(branch) => {
            block_leaves(&branch.then) && branch.otherwise.as_ref().is_some_and(block_leaves)
        }
        StmtKind::Choose(choose) => choose.branches.iter().all(|(_, block)| block_leaves(block)),
        StmtKind::On(on) => block_leaves(&on.body),
        StmtKind::With(with) => block_leaves(&with.body),
        _ => false,
    }
}

fn block_leaves(block: &Block) -> bool {
    block.body.iter().any(leaves)
}
