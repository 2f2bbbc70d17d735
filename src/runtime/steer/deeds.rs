//! What a step would do, and where a name was bound: read off the program, for whoever looks at it.

use std::sync::Arc;

use crate::analysis::Program;
use crate::analysis::program::{Act, Block, Callee, Scope, ScopeBody, Stmt, StmtKind};
use crate::analysis::within::{self, blocks};
use crate::catalog::Inverse;
use crate::source::Span;

/// One line of what a call does, as written.
pub(super) fn line(program: &Program, act: &Act) -> String {
    let text = match &act.callee {
        Callee::Command(template) => format!("$ {}", template.text),
        Callee::Native(..) | Callee::User(..) => program.sources.text(act.span).to_owned(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a call takes itself back.
pub(super) fn has_inverse(program: &Program, act: &Act) -> bool {
    match &act.callee {
        Callee::Native(action, _) => matches!(action.inverse, Inverse::Captured { .. }),
        Callee::User(index, _) => program.actions.get(*index as usize).is_some_and(|action| action.undo.is_some()),
        Callee::Command(_) => false,
    }
}

/// Titles of the scopes around a place of the story, as written, outermost first.
pub(super) fn titles_around(program: &Program, place: Span) -> Vec<Arc<str>> {
    let mut titles = Vec::new();
    collect(&program.body, place, &mut titles);
    titles
}

fn collect(block: &Block, place: Span, titles: &mut Vec<Arc<str>>) {
    let within =
        |stmt: &&Stmt| stmt.span.file == place.file && stmt.span.start <= place.start && place.end <= stmt.span.end;
    for stmt in block.body.iter().filter(within) {
        if let StmtKind::Scope(scope) | StmtKind::Person(scope) = &stmt.kind {
            titles.push(Arc::clone(&scope.name));
        }
        for block in blocks(&stmt.kind) {
            collect(block, place, titles);
        }
    }
}

/// The whole statement of a scope.
pub(super) fn statement_of(program: &Program, scope: &Arc<Scope>) -> Option<Span> {
    find(&program.body, scope)
}

fn find(block: &Block, wanted: &Arc<Scope>) -> Option<Span> {
    block.body.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Scope(scope) | StmtKind::Person(scope) | StmtKind::CallRunbook(scope)
            if Arc::ptr_eq(scope, wanted) =>
        {
            Some(stmt.span)
        }
        _ => blocks(&stmt.kind).into_iter().find_map(|block| find(block, wanted)),
    })
}

/// The whole statement of the scope with these titles around it, its own the last. None of a loop, which has several.
pub(super) fn statement_at(program: &Program, titles: &[Arc<str>]) -> Option<Span> {
    along(&program.body, titles)
}

fn along(block: &Block, titles: &[Arc<str>]) -> Option<Span> {
    let (first, rest) = titles.split_first()?;
    block.body.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::For(_) => None,
        StmtKind::Scope(scope) if scope.name == *first => match rest {
            [] => Some(stmt.span),
            rest => blocks(&stmt.kind).into_iter().find_map(|block| along(block, rest)),
        },
        StmtKind::Scope(_) => None,
        _ => blocks(&stmt.kind).into_iter().find_map(|block| along(block, titles)),
    })
}

/// Whether a place is that of a whole scope, and not of a statement.
pub(super) fn is_scope(program: &Program, place: Span) -> bool {
    within::any(&program.body, &|stmt| {
        matches!(stmt.kind, StmtKind::Scope(_) | StmtKind::Person(_)) && stmt.span == place
    })
}

/// Whether a place lies in the body of a step, which it is not itself.
pub(super) fn is_in_step(program: &Program, place: Span) -> bool {
    within::any(&program.body, &|stmt| {
        let StmtKind::Scope(scope) = &stmt.kind else { return false };
        let outer = stmt.span;
        let around = outer.file == place.file && outer.start <= place.start && place.end <= outer.end;
        matches!(scope.kind, ScopeBody::Step(_)) && around && outer != place
    })
}
