//! The steps that only people can do.

use std::sync::Arc;

use super::super::program::{Clauses, Modifiers, Scope, ScopeBody, Stmt, StmtKind};
use super::{Doing, Lower, Place};
use crate::catalog::Effect;
use crate::diag::{Diagnostic, code};
use crate::eval::Expr;
use crate::eval::expr::SlotId;
use crate::source::Span;
use crate::syntax::seldom::Seldom;
use crate::syntax::tree::{self, StmtKind as Tree, StrLit};
use crate::value::Type;

/// What a person's step consists of, before it becomes a scope.
struct Asked {
    kind: ScopeBody,
    modifiers: Seldom<Modifiers>,
    clauses: Clauses,
    effect: Option<Effect>,
    uses: Vec<SlotId>,
    binds: Vec<SlotId>,
}

impl Lower<'_, '_, '_> {
    pub(super) fn person_statement(&mut self, stmt: &tree::Stmt, out: &mut Vec<Stmt>) {
        let title = match &stmt.kind {
            Tree::Checklist(list) => &list.title,
            Tree::Confirm(confirm) => &confirm.question,
            Tree::Manual(manual) => &manual.title,
            Tree::Choose(choose) => &choose.question,
            Tree::Approve(approve) => &approve.what,
            _ => return,
        };
        if let Doing::Observing(word) = self.place.doing {
            let message = format!("nobody can be asked in a {word}: it is tried again and again");
            self.misplaced(title.span, &message, &format!("ask before the {word}"));
        }
        if self.names.parallel > 0 {
            let message = "several parallel branches would ask at the same time";
            self.misplaced(title.span, message, "ask before the branches begin");
        }
        let lowered_title = self.title(title);
        let name = self.title_text(title);
        let mut before = Vec::new();
        let asked = match &stmt.kind {
            Tree::Checklist(list) => self.checklist(list, &mut before),
            Tree::Confirm(confirm) => self.confirm(confirm, &mut before),
            Tree::Manual(manual) => self.manual(manual, &mut before),
            Tree::Choose(choose) => self.choose(choose, &mut before),
            Tree::Approve(approve) => self.approve(approve, &mut before),
            _ => return,
        };
        out.append(&mut before);
        out.push(self.person(lowered_title, name, asked, title, stmt.span));
    }

    fn person(&mut self, title: Expr, name: Arc<str>, asked: Asked, literal: &StrLit, span: Span) -> Stmt {
        let scope = Scope {
            kind: asked.kind,
            title,
            name,
            modifiers: asked.modifiers,
            clauses: asked.clauses,
            effect: asked.effect,
            binds: asked.binds,
            uses: asked.uses,
            verdict: None,
            span: literal.span,
        };
        Stmt { kind: StmtKind::Person(Arc::new(scope)), span }
    }

    /// What all of them share: modifiers, the inside, clauses.
    fn asked(
        &mut self,
        word: &str,
        title: &StrLit,
        (modifiers, allowed): (&Seldom<tree::Modifiers>, &[&str]),
        clauses: &tree::Clauses,
        before: &mut Vec<Stmt>,
        inside: impl FnOnce(&mut Self) -> ScopeBody,
    ) -> Asked {
        let lowered = self.modifiers(modifiers, word, allowed);
        before.append(&mut self.before);
        let outside = self.enter(modifiers);
        let kind = inside(self);
        before.append(&mut self.before);
        let clauses = self.clauses(clauses, title.span, &super::super::program::Block::default(), outside.mark);
        let (effect, uses, binds) = self.leave(outside, modifiers, &clauses, word);
        Asked { kind, modifiers: lowered, clauses, effect, uses, binds }
    }

    fn checklist(&mut self, list: &tree::Checklist, before: &mut Vec<Stmt>) -> Asked {
        let modifiers = (&list.modifiers, ["when", "tags"].as_slice());
        self.asked("checklist", &list.title, modifiers, &list.clauses, before, |lower| {
            ScopeBody::Checklist(list.items.iter().map(|item| lower.title(item)).collect())
        })
    }

    fn confirm(&mut self, confirm: &tree::Confirm, before: &mut Vec<Stmt>) -> Asked {
        let modifiers = (&confirm.modifiers, ["when", "tags"].as_slice());
        self.asked("confirm", &confirm.question, modifiers, &confirm.clauses, before, |_| ScopeBody::Confirm)
    }

    fn manual(&mut self, manual: &tree::Manual, before: &mut Vec<Stmt>) -> Asked {
        let modifiers = (&manual.modifiers, ["when", "tags", "irreversible"].as_slice());
        self.asked("manual", &manual.title, modifiers, &manual.clauses, before, |lower| {
            let how = manual.how.as_ref().map(|how| lower.title(how));
            let body = manual.body.as_ref().map(|body| lower.observing(body, "manual")).unwrap_or_default();
            // A person's hands change the world as a command does.
            lower.effect = Some(Effect::Changes);
            ScopeBody::Manual { how, body }
        })
    }

    fn choose(&mut self, choose: &tree::Choose, before: &mut Vec<Stmt>) -> Asked {
        let modifiers = (&choose.modifiers, ["when", "tags"].as_slice());
        let clauses = tree::Clauses::default();
        if choose.branches.len() < 2 {
            let message = "a choice has at least two answers";
            self.report(
                Diagnostic::error(&code::MISPLACED, choose.question.span, message, "")
                    .help("to ask for consent write: confirm \"…\""),
            );
        }
        self.asked("choose", &choose.question, modifiers, &clauses, before, |lower| {
            let mark = lower.names.mark();
            let mut ways = Vec::new();
            let mut branches = Vec::new();
            for (answer, block) in &choose.branches {
                lower.names.reset(mark);
                let place = Place { in_step: lower.place.in_step, ..lower.place };
                let body = lower.at(place, |lower| lower.block(block));
                if !super::stmt::leaves(&body) {
                    ways.push(lower.names.since(mark));
                }
                let Some(text) = answer.as_plain() else {
                    let message = "an answer is written out: it can hold no value";
                    lower.report(Diagnostic::error(&code::MISPLACED, answer.span, message, ""));
                    continue;
                };
                branches.push((text, body));
            }
            lower.names.reset(mark);
            lower.names.join(ways, &Self::maybe("it is bound only for some answers"));
            ScopeBody::Choose(branches)
        })
    }

    fn approve(&mut self, approve: &tree::Approve, before: &mut Vec<Stmt>) -> Asked {
        let modifiers = (&approve.modifiers, ["when", "within", "tags"].as_slice());
        self.asked("approve", &approve.what, modifiers, &approve.clauses, before, |lower| {
            let count = approve.count.as_ref().map(|count| {
                let (value, ty) = lower.expr(count);
                lower.must_fit(&ty, &Type::Int, count.span, "how many must approve");
                value
            });
            let by = approve.by.as_ref().map(|by| {
                let (value, ty) = lower.expr(by);
                if !ty.fits(&Type::String) {
                    lower.must_fit(&ty, &Type::list(Type::String), by.span, "who may approve");
                }
                value
            });
            ScopeBody::Approve { count, by }
        })
    }
}
