//! A step that changes something, and nothing that takes it back or says that nothing can.

use crate::analysis::Program;
use crate::analysis::program::{Act, Block, Callee, Scope, ScopeBody, StmtKind};
use crate::analysis::within;
use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::way_back::has_no_way_back;
use crate::lint::words::only_looks;

rule!("RBK0301" "no-way-back" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(program) = subject.program {
        look(&program.body, false, program, subject, found);
    }
}

fn look(block: &Block, covered: bool, program: &Program, subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (at, stmt) in block.body.iter().enumerate() {
        // The author thought of it: from there on what came before is not taken back.
        let covered = covered || has_point(&block.body[at + 1..]);
        match &stmt.kind {
            StmtKind::Scope(scope) => {
                let covered = covered || says_how(scope);
                if let ScopeBody::Step(body) = &scope.kind {
                    if !covered {
                        found.extend(step(scope, body, program, subject));
                    }
                } else {
                    for body in within::body(scope) {
                        look(body, covered, program, subject, found);
                    }
                }
            }
            kind => {
                for body in within::blocks(kind) {
                    look(body, covered, program, subject, found);
                }
            }
        }
    }
}

fn has_point(rest: &[crate::analysis::program::Stmt]) -> bool {
    rest.iter().any(|stmt| matches!(stmt.kind, StmtKind::PointOfNoReturn(_)))
}

/// Whether a scope says how it is taken back, or why not.
fn says_how(scope: &Scope) -> bool {
    scope.clauses.undo.is_some()
        || scope.clauses.restore.is_some()
        || scope.modifiers.danger.is_some()
        || scope.modifiers.irreversible.is_some()
}

fn step(scope: &Scope, body: &Block, program: &Program, subject: &Subject<'_>) -> Option<Diagnostic> {
    let mut past = false;
    within::each(body, &mut |stmt| {
        past |= matches!(stmt.kind, StmtKind::PointOfNoReturn(_));
        true
    });
    if past {
        return None;
    }
    let lost = within::acts(body).into_iter().find(|act| is_lost(act, program, subject))?;
    let what = what(lost, program);
    let message = format!("nothing takes back what step \"{}\" changes", scope.name);
    let looks = if matches!(lost.callee, Callee::Command(_)) { "; if it only looks, write `reads $ …`" } else { "" };
    let help = format!(
        "add `undo {{ … }}` behind its `}}`, or say why not before its `{{`: irreversible \"…\" or danger \"what is \
            lost\"{looks}"
    );
    Some(RULE.at(scope.span, message, "this step").label(lost.span, what).help(help))
}

fn is_lost(act: &Act, program: &Program, subject: &Subject<'_>) -> bool {
    if !has_no_way_back(act, &program.actions) {
        return false;
    }
    match subject.command_at(act.span) {
        Some(command) => !command.script.commands.iter().all(only_looks),
        None => true,
    }
}

fn what(act: &Act, program: &Program) -> String {
    match &act.callee {
        Callee::Command(_) => "changes something, and has no way back".to_owned(),
        Callee::Native(action, _) => format!("{} has no way back of its own", action.name),
        Callee::User(index, _) => {
            let name = program.actions.get(*index as usize).map_or("this action", |action| &action.name);
            format!("{name} has no `undo`")
        }
    }
}
