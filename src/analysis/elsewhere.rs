//! What stands within `on ssh(…)` and the other places, and would speak from this machine all the same.

use std::sync::Arc;

use super::program::{
    Act, Block, Callee, Clauses, Compensation, OnFail, Program, Scope, ScopeBody, Stmt, StmtKind, UserAction,
};
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
            StmtKind::OnDir { body, .. } | StmtKind::With { body, .. } => self.block(body),
            StmtKind::Scope(scope) | StmtKind::Person(scope) | StmtKind::CallRunbook(scope) => self.scope(scope),
            StmtKind::Background(background) => {
                self.block(&background.body);
                background.ready.iter().for_each(|ready| self.block(&ready.body));
            }
            StmtKind::Try(tried) => {
                self.block(&tried.body);
                tried.otherwise.iter().for_each(|otherwise| self.block(otherwise));
            }
            StmtKind::If { then, otherwise, .. } => {
                self.block(then);
                self.block(otherwise);
            }
            StmtKind::For(each) => self.block(&each.body),
            StmtKind::Parallel(parallel) => parallel.branches.iter().for_each(|branch| self.block(branch)),
            StmtKind::Asserts(asserts) => asserts.iter().for_each(|assert| self.block(&assert.before)),
            StmtKind::FailWhen(sign) => self.block(&sign.before),
            StmtKind::Bind { .. }
            | StmtKind::NeedSecret(_)
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
            | StmtKind::Stop => {}
        }
    }

    fn scope(&mut self, scope: &Scope) {
        match &scope.kind {
            ScopeBody::Phase(block) | ScopeBody::Step(block) | ScopeBody::Check(block) => self.block(block),
            ScopeBody::Monitor { body } | ScopeBody::Guard { body } | ScopeBody::Manual { body, .. } => {
                self.block(body);
            }
            ScopeBody::Choose(branches) => branches.iter().for_each(|(_, block)| self.block(block)),
            ScopeBody::CheckUse(index, _) => self.check_use(*index, scope),
            ScopeBody::Checklist(_) | ScopeBody::Confirm | ScopeBody::Approve { .. } | ScopeBody::Call { .. } => {}
        }
        self.clauses(&scope.clauses);
    }

    fn clauses(&mut self, clauses: &Clauses) {
        self.compensation(clauses.undo.as_ref());
        self.compensation(clauses.restore.as_ref());
        clauses.probe.iter().for_each(|probe| self.block(probe));
        clauses.finally.iter().for_each(|finally| self.block(&finally.body));
        if let Some(OnFail::Handler { body, .. }) = &clauses.on_fail {
            self.block(body);
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
    let inner = |block| speaker(block, actions, depth);
    block.body.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Act(act) => match &act.callee {
            Callee::Command(_) => None,
            Callee::Native(action, _) => (!target::may_stand_within(action.name)).then_some(action.name),
            Callee::User(index, _) => speaker(&actions.get(*index as usize)?.body, actions, depth + 1),
        },
        StmtKind::On { body, .. } | StmtKind::OnDir { body, .. } | StmtKind::With { body, .. } => inner(body),
        StmtKind::Try(tried) => inner(&tried.body).or_else(|| tried.otherwise.as_ref().and_then(inner)),
        StmtKind::If { then, otherwise, .. } => inner(then).or_else(|| inner(otherwise)),
        StmtKind::For(each) => inner(&each.body),
        StmtKind::Parallel(parallel) => parallel.branches.iter().find_map(inner),
        StmtKind::Asserts(asserts) => asserts.iter().find_map(|assert| inner(&assert.before)),
        StmtKind::FailWhen(sign) => inner(&sign.before),
        StmtKind::Scope(_)
        | StmtKind::Person(_)
        | StmtKind::CallRunbook(_)
        | StmtKind::Background(_)
        | StmtKind::Bind { .. }
        | StmtKind::NeedSecret(_)
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
        | StmtKind::Stop => None,
    })
}
