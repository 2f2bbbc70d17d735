//! What stands within `on ssh(…)` and the other places, and would speak from this machine all the same.

use std::sync::Arc;

use super::program::{Act, Block, Callee, Compensation, Program, Scope, ScopeBody, Stmt, StmtKind, UserAction};
use super::within;
use crate::catalog::target;
use crate::diag::{Diagnostic, code};

/// Deeper than actions call each other; one that calls itself ends here.
const MAX_DEPTH: usize = 16;

/// Tells of every native action within a place, also of those in actions that are called there.
pub(super) fn check(program: &Program, found: &mut Vec<Diagnostic>) {
    let mut walk = Walk { program, place: None, found };
    walk.block(&program.body);
    program.finally.iter().for_each(|finally| walk.block(&finally.body));
    for action in &program.actions {
        walk.block(&action.body);
        walk.compensation(action.undo.as_ref());
        action.probe.iter().for_each(|probe| walk.block(probe));
    }
    program.checks.iter().for_each(|check| walk.block(&check.body));
}

struct Walk<'p> {
    program: &'p Program,
    /// As it is written around here.
    place: Option<String>,
    found: &'p mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn block(&mut self, block: &Block) {
        block.body.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Act(act) => self.act(act),
            StmtKind::On { form, body, .. } => {
                let outer = self.place.replace(format!("{}(…)", form.name));
                self.block(body);
                self.place = outer;
            }
            kind => within::blocks(kind).into_iter().for_each(|block| self.block(block)),
        }
        match &stmt.kind {
            StmtKind::Scope(scope) | StmtKind::Person(scope) | StmtKind::CallRunbook(scope) => {
                if let ScopeBody::CheckUse(index, _) = scope.kind {
                    self.check_use(index, scope);
                }
                for block in within::of_clauses(&scope.clauses) {
                    self.block(block);
                }
            }
            StmtKind::Background(background) => background.ready.iter().for_each(|ready| self.block(&ready.body)),
            _ => {}
        }
    }

    fn compensation(&mut self, compensation: Option<&Arc<Compensation>>) {
        if let Some(compensation) = compensation {
            self.block(&compensation.body);
        }
    }

    fn act(&mut self, act: &Act) {
        let Some(place) = &self.place else { return };
        match &act.callee {
            Callee::Command(_) => {}
            Callee::Native(action, _) if target::may_stand_within(action.name) => {}
            Callee::Native(action, _) => {
                let (message, help) = target::refusal(action.name, place);
                self.found.push(Diagnostic::error(&code::NOT_AVAILABLE, act.span, message, "").help(help));
            }
            Callee::User(index, _) => {
                let Some(action) = self.program.actions.get(*index as usize) else { return };
                if let Some(native) = speaker(&action.body, &self.program.actions, 0) {
                    let message = format!(
                        "`{}` calls `{native}`, which speaks from the machine that rbk runs on, and this stands in \
                         `on {place}`",
                        action.name
                    );
                    let help = "put it outside of the `on`";
                    self.found.push(Diagnostic::error(&code::NOT_AVAILABLE, act.span, message, "").help(help));
                }
            }
        }
    }

    fn check_use(&mut self, index: u32, scope: &Scope) {
        let (Some(place), Some(check)) = (&self.place, self.program.checks.get(index as usize)) else { return };
        if let Some(native) = speaker(&check.body, &self.program.actions, 0) {
            let message = format!(
                "check `{}` calls `{native}`, which speaks from the machine that rbk runs on, and this stands in \
                 `on {place}`",
                check.name
            );
            let help = "put it outside of the `on`";
            self.found.push(Diagnostic::error(&code::NOT_AVAILABLE, scope.span, message, "").help(help));
        }
    }
}

/// The first native action within that would speak from this machine.
fn speaker(block: &Block, actions: &[Arc<UserAction>], depth: usize) -> Option<&'static str> {
    if depth > MAX_DEPTH {
        return None;
    }
    within::acts(block).into_iter().find_map(|act| match &act.callee {
        Callee::Command(_) => None,
        Callee::Native(action, _) => (!target::may_stand_within(action.name)).then_some(action.name),
        Callee::User(index, _) => speaker(&actions.get(*index as usize)?.body, actions, depth + 1),
    })
}
