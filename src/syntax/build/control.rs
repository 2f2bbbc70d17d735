//! `if`, `for`, `parallel`, `on`, `with`, `call`.

use super::clause::is_modifier;
use super::{Builder, Node, error_expr, no_ident};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::seldom::Seldom;
use crate::syntax::tree::{Block, CallRunbook, Expr, ExprKind, For, Ident, If, On, Parallel, Stmt, StmtKind, With};

impl<'i> Builder<'i> {
    /// `else if` is flat in the pairs and nested in the tree, so it is built from its end.
    pub(super) fn if_stmt(&self, node: &Node<'i>) -> StmtKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        // Condition and block are no deeper than the `if`; each `else if` is.
        let chain = kids.pairs.len().saturating_sub(2);
        let built = self.deeper(chain, || {
            let condition = self.condition(&mut kids, span, "if");
            let then = self.block_or(&mut kids, node);
            let mut arms = Vec::new();
            while let Some(arm) = kids.accept(Rule::else_if) {
                arms.push(self.else_if(&arm));
            }
            let last = kids.accept(Rule::r#else).map(|last| self.block_or(&mut self.kids(&last), &last));
            let otherwise = arms.into_iter().rev().fold(last, |otherwise, (condition, then, head)| {
                let end = otherwise.as_ref().map_or(then.span, |block| block.span);
                let span = head.to(end);
                let kind = StmtKind::If(Box::new(If { condition, then, otherwise }));
                Some(Block { body: vec![Stmt { kind, span }], span })
            });
            StmtKind::If(Box::new(If { condition, then, otherwise }))
        });
        built.unwrap_or_else(|| {
            self.too_deep(span);
            StmtKind::Error
        })
    }

    /// Condition, block, and where its `if` stands.
    fn else_if(&self, node: &Node<'i>) -> (Expr, Block, Span) {
        let mut kids = self.kids(node);
        let all = self.trimmed(node);
        if let Some(wrong) = kids.accept(Rule::wrong_elif) {
            let at = self.span(&wrong);
            self.report(
                Diagnostic::error(&code::UNKNOWN_WORD, at, format!("`{}` is written `else if`", wrong.as_str()), "")
                    .help("write `else if`")
                    .fix(at, "else if"),
            );
        }
        let condition = self.condition(&mut kids, all, "else if");
        let then = self.block_or(&mut kids, node);
        let word = self.text[all.start as usize..].find("if").unwrap_or(0);
        let head = self.at(all.start as usize + word, all.start as usize + word + 2);
        (condition, then, head)
    }

    fn condition(&self, kids: &mut super::Kids<'_, 'i>, span: Span, word: &str) -> Expr {
        self.expr_or(kids, span.end, format_args!("a condition is missing behind `{word}`"))
    }

    /// `if c { a } else { b }` as a value.
    pub(super) fn if_expr(&self, node: &Node<'i>) -> ExprKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        // Condition and block are no deeper than the `if`; each `else if` is.
        let chain = kids.pairs.len().saturating_sub(2);
        let built = self.deeper(chain, || {
            let condition = self.condition(&mut kids, span, "if");
            let then = self.branch(&mut kids, node);
            let mut arms = vec![(condition, then, span)];
            while let Some(arm) = kids.accept(Rule::if_expr_more) {
                let mut inner = self.kids(&arm);
                let all = self.trimmed(&arm);
                let condition = self.condition(&mut inner, all, "else if");
                arms.push((condition, self.branch(&mut inner, &arm), all));
            }
            let last = if let Some(marker) = kids.accept(Rule::no_else) {
                self.report(
                    Diagnostic::error(
                        &code::SYNTAX,
                        self.visible(self.span(&marker)),
                        "this `if` gives no value when its condition fails",
                        "expected `else { … }`",
                    )
                    .help("an `if` that is a value needs `else { … }`"),
                );
                error_expr(self.span(&marker))
            } else {
                self.branch(&mut kids, node)
            };
            arms.into_iter().rev().fold(last, |otherwise, (condition, then, at)| Expr {
                span: at.to(otherwise.span),
                kind: ExprKind::If {
                    condition: Box::new(condition),
                    then: Box::new(then),
                    otherwise: Box::new(otherwise),
                },
            })
        });
        built.map_or_else(
            || {
                self.too_deep(span);
                ExprKind::Error
            },
            |expr| expr.kind,
        )
    }

    /// `{ expr }`
    fn branch(&self, kids: &mut super::Kids<'_, 'i>, node: &Node<'i>) -> Expr {
        self.junk_before(kids, node);
        let Some(branch) = kids.accept(Rule::branch) else {
            let at = kids.accept(Rule::missing_block).map_or(self.trimmed(node), |marker| self.span(&marker));
            self.no_block(node, Span { end: at.start, ..at });
            return error_expr(at);
        };
        let span = self.span(&branch);
        self.bracketed(|| {
            let mut inner = self.kids(&branch);
            let expr = self.expr_or(&mut inner, span.end, "a value is missing between these braces");
            self.bracket_end(&mut inner, span, "{", "}");
            expr
        })
    }

    pub(super) fn for_stmt(&self, node: &Node<'i>) -> StmtKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let item = self.ident_or(&mut kids, span, "the name of the item is missing, as in `for host in hosts`");
        if let Some(marker) = kids.accept(Rule::missing) {
            // `for x hosts`: the list may still follow.
            self.missing(self.span(&marker), "`in` is missing, as in `for host in hosts`");
        }
        let list =
            self.expr_or(&mut kids, item.span.end, "what `for` goes through is missing, as in `for host in hosts`");
        let (mut parallel, mut tolerate) = (None, None);
        let mut head = self.at(span.start as usize, list.span.end as usize);
        while let Some(rule) = kids.peek()
            && matches!(rule, Rule::f_parallel | Rule::m_tolerate)
            && let Some(part) = kids.next()
        {
            head = head.to(self.trimmed(&part));
            if rule == Rule::f_parallel {
                let limit = self.kids(&part).next().map(|limit| self.expr(&limit));
                self.once(&mut parallel, &part, limit);
            } else {
                let value = self.inner_value(&part, "`tolerate` is followed by a number or a percentage");
                self.once(&mut tolerate, &part, value);
            }
        }
        let body = self.block_or(&mut kids, node);
        StmtKind::For(Box::new(For { item, list, parallel, tolerate, body, head }))
    }

    pub(super) fn ident_or(
        &self,
        kids: &mut super::Kids<'_, 'i>,
        near: Span,
        message: impl std::fmt::Display,
    ) -> Ident {
        if let Some(name) = kids.accept(Rule::ident) {
            return self.ident(&name);
        }
        let at = kids.accept(Rule::missing).map_or(Span { start: near.end, ..near }, |marker| self.span(&marker));
        self.missing(at, &message.to_string());
        no_ident(at)
    }

    pub(super) fn parallel(&self, node: &Node<'i>) -> StmtKind {
        let mut kids = self.kids(node);
        let tolerate = kids
            .accept(Rule::m_tolerate)
            .map(|part| self.inner_value(&part, "`tolerate` is followed by a number or a percentage"));
        StmtKind::Parallel(Parallel { tolerate, body: self.block_or(&mut kids, node) })
    }

    pub(super) fn on(&self, node: &Node<'i>) -> StmtKind {
        let span = self.word_span(node);
        let mut kids = self.kids(node);
        let target = self.expr_or(
            &mut kids,
            span.end,
            "`on` says where, for example `on ssh(\"web-1\")` or `on dir(\"infra\")`",
        );
        StmtKind::On(On { target, body: self.block_or(&mut kids, node) })
    }

    pub(super) fn with(&self, node: &Node<'i>) -> StmtKind {
        let word = self.word_span(node);
        let mut kids = self.kids(node);
        let mut vars = Vec::new();
        while let Some(var) = kids.accept(Rule::with_var) {
            let end = self.trimmed(&var).end;
            let mut inner = self.kids(&var);
            if let Some(name) = inner.next() {
                let name = self.ident(&name);
                vars.push((name, self.expr_or(&mut inner, end, "the value of this variable is missing")));
            }
        }
        if vars.is_empty() {
            self.missing(
                Span { start: word.end, ..word },
                "`with` sets variables for the commands within, as in `with NAME = value { … }`",
            );
        }
        StmtKind::With(Box::new(With { vars, body: self.block_or(&mut kids, node) }))
    }

    pub(super) fn call(&self, node: &Node<'i>) -> StmtKind {
        let mut kids = self.kids(node);
        let path = self.title(&mut kids, self.word_span(node));
        let mut modifiers = Seldom::default();
        let mut with = None;
        while let Some(rule) = kids.peek()
            && (rule == Rule::call_with || is_modifier(rule))
            && let Some(part) = kids.next()
        {
            if rule == Rule::call_with {
                let value = self.inner_value(&part, "`with` is followed by the parameters, as in `with { a: 1 }`");
                self.once(&mut with, &part, value);
            } else {
                self.modifier(&mut modifiers, &part);
            }
        }
        let clauses = self.clauses(&mut kids);
        StmtKind::Call(Box::new(CallRunbook { path, with, modifiers, clauses }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, mended, one};
    use crate::syntax::tree::{ExprKind, StmtKind};

    #[test]
    fn nests_else_if() {
        let StmtKind::If(first) = one("if a { b() } else if c { d() }\nelse { e() }") else { panic!() };
        let inner = first.otherwise.unwrap();
        let StmtKind::If(second) = &inner.body[0].kind else { panic!() };
        assert!(second.otherwise.is_some());
    }

    #[test]
    fn does_not_take_the_block_for_a_record() {
        let StmtKind::For(item) = one("for x in [{ a: 1 }] parallel 20 tolerate 10% { f(x) }") else { panic!() };
        assert!(item.parallel.is_some_and(|limit| limit.is_some()) && item.tolerate.is_some());
        let StmtKind::For(item) = one("for x in xs parallel { f(x) }") else { panic!() };
        assert!(item.parallel.is_some_and(|limit| limit.is_none()));
        assert!(matches!(one("parallel tolerate 1 { a(); b() }"), StmtKind::Parallel(item) if item.tolerate.is_some()));
    }

    #[test]
    fn reads_targets_and_variables() {
        let StmtKind::On(on) = one("on pod(\"api-0\", namespace: \"shop\") { f() }") else { panic!() };
        assert!(matches!(on.target.kind, ExprKind::Call { .. }));
        let StmtKind::With(with) = one("with A = x, B = \"y\" { f() }") else { panic!() };
        assert_eq!(with.vars.len(), 2);
    }

    #[test]
    fn mends_other_languages() {
        assert_eq!(mended("if a { b() } elif c { d() }"), "if a { b() } else if c { d() }");
        assert_eq!(mended("if a then { b() }"), "if a  { b() }");
        assert_eq!(fault("let x = if a { b }").message, "this `if` gives no value when its condition fails");
        assert_eq!(fault("if { a() }").message, "a condition is missing behind `if`");
        assert_eq!(fault("for x xs { a() }").message, "`in` is missing, as in `for host in hosts`");
    }
}
