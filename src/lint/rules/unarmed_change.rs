//! An `undo` that needs a name which is bound only after the first change: until then nothing is armed.

use crate::analysis::program::{Block, Compensation, NameInfo, ScopeBody, Stmt, StmtKind};
use crate::analysis::within;
use crate::diag::Diagnostic;
use crate::eval::Expr;
use crate::eval::expr::{ExprKind, SlotId};
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::words::only_looks;

rule!("RBK0302" "unarmed-change" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(program) = subject.program else { return };
    for scope in within::scopes(&program.body) {
        if let (ScopeBody::Step(body), Some(undo)) = (&scope.kind, &scope.clauses.undo) {
            found.extend(unit(body, undo, &program.frame, subject));
        }
    }
    for action in program.actions.iter().filter(|action| action.span.file == subject.file.id) {
        if let Some(undo) = &action.undo {
            found.extend(unit(&action.body, undo, &action.frame, subject));
        }
    }
}

fn unit(body: &Block, undo: &Compensation, frame: &[NameInfo], subject: &Subject<'_>) -> Option<Diagnostic> {
    let first = body.body.iter().position(|stmt| changes(stmt, subject))?;
    let own = within::acts_of(&body.body[first]).first().and_then(|act| act.slot);
    let mut late = Vec::new();
    for (at, stmt) in body.body.iter().enumerate().skip(first + 1) {
        // What is read out of the first change's own answer is told by the analysis.
        let derived = at == first + 1
            && matches!(&stmt.kind, StmtKind::Bind { value, .. } if own.is_some_and(|slot| reads(value, slot)));
        if !derived {
            bound(stmt, &mut late);
        }
    }
    let slot = undo.captures.iter().find(|slot| late.contains(slot))?;
    let info = frame.get(*slot as usize)?;
    let name = &info.name;
    let message = format!("this takes back by `{name}`, which is bound only after the first change");
    let help = format!(
        "read `{name}` before the first change, so that the way back is armed when it begins: let {name} = reads $ …"
    );
    let finding = RULE.at(undo.span, message, format!("not armed until `{name}` is bound"));
    Some(finding.label(info.span, "bound here").label(body.body[first].span, "this is not taken back until \
        then").help(help))
}

fn changes(stmt: &Stmt, subject: &Subject<'_>) -> bool {
    within::acts_of(stmt).into_iter().any(|act| {
        act.effect.is_changing()
            && subject.command_at(act.span).is_none_or(|command| !command.script.commands.iter().all(only_looks))
    })
}

/// The slots that a statement binds for what follows it.
fn bound(stmt: &Stmt, slots: &mut Vec<SlotId>) {
    match &stmt.kind {
        StmtKind::Bind { slot, .. } => slots.push(*slot),
        StmtKind::Act(act) => slots.extend(act.slot),
        StmtKind::Try(tried) => slots.extend(tried.slot),
        kind => within::blocks(kind).into_iter().flat_map(|block| &block.body).for_each(|stmt| bound(stmt, slots)),
    }
}

fn reads(expr: &Expr, slot: SlotId) -> bool {
    if matches!(expr.kind, ExprKind::Slot(read) if read == slot) {
        return true;
    }
    let mut found = false;
    expr.for_each_child(&mut |child| found = found || reads(child, slot));
    found
}
