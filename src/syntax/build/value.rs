//! Statements about values: `let`, `assert`, `note`, … and what may stand behind `=`.

use super::{Builder, Kids, Node, error_expr};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::tree::{Assert, Assign, Expr, ExprKind, FailWhen, Lasting, Let, Rhs, Stmt, StmtKind};

impl<'i> Builder<'i> {
    pub(super) fn let_stmt(&self, node: &Node<'i>) -> Let {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let secret = kids.skips(Rule::let_secret);
        let word = self.first_word(node);
        let name = self.ident_or(&mut kids, span, format_args!("the name is missing, as in `{word} name = …`"));
        // `: type` and a missing value both may leave a marker; only a type is followed by more.
        let typed = matches!(kids.peek(), Some(Rule::r#type));
        let ty = typed.then(|| self.type_or(&mut kids, span.end));
        let value = self.rhs(
            &mut kids,
            span,
            &format!("`{word}` gives the name a value, as in `{word} {} = …`", shown(&name.name)),
        );
        Let { secret, name, ty, value }
    }

    pub(super) fn assign(&self, node: &Node<'i>) -> StmtKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let name = self.ident_or(&mut kids, span, "a name is missing");
        let value = self.rhs(&mut kids, span, "a value is missing behind `=`");
        StmtKind::Assign(Box::new(Assign { name, value }))
    }

    fn rhs(&self, kids: &mut Kids<'_, 'i>, span: Span, message: &str) -> Rhs {
        match kids.peek() {
            Some(Rule::command) => match kids.next() {
                Some(node) => Rhs::Command(self.command(&node)),
                None => Rhs::Expr(error_expr(span)),
            },
            Some(Rule::rhs_check | Rule::rhs_for) => match kids.next().and_then(|node| self.kids(&node).next()) {
                Some(node) if node.as_rule() == Rule::r#for => Rhs::For(Box::new(self.statement(&node, None))),
                Some(node) => Rhs::Check(Box::new(self.statement(&node, None))),
                None => Rhs::Expr(error_expr(span)),
            },
            _ => Rhs::Expr(self.expr_or(kids, span.end, message)),
        }
    }

    pub(super) fn value(&self, node: &Node<'i>) -> StmtKind {
        let span = self.trimmed(node);
        let rhs = self.rhs(&mut self.kids(node), span, "a value is missing");
        if let Rhs::Expr(Expr { kind: ExprKind::Binary(_, op, ..), .. }) = &rhs
            && self.source(*op) == "="
        {
            self.assigned_to_part(*op);
        }
        StmtKind::Value(rhs)
    }

    /// `a.b = 1`
    fn assigned_to_part(&self, op: Span) {
        self.report_instead(
            Diagnostic::error(&code::SYNTAX, op, "only a name can be given a value", "what stands before this is none")
                .help("make a new record with `let`; two values are compared by `==`"),
        );
    }

    pub(super) fn assert(&self, node: &Node<'i>) -> StmtKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let condition = self.expr_or(&mut kids, span.end, "`assert` is followed by what must hold");
        let because = kids.accept(Rule::because).map(|why| self.inner_value(&why, "`because` is followed by text"));
        StmtKind::Assert(Assert { condition, because })
    }

    pub(super) fn fail_when(&self, node: &Node<'i>) -> StmtKind {
        let span = self.trimmed(node);
        let word = self.first_word(node);
        let mut kids = self.kids(node);
        kids.next();
        let condition = self.expr_or(&mut kids, span.end, format_args!("`{word}` is followed by the bad sign"));
        let lasting = kids.next().map(|part| match part.as_rule() {
            Rule::lasting_times => Lasting::Times(self.inner_value(&part, "`times` is followed by a number")),
            _ => Lasting::For(self.inner_value(&part, "`for` is followed by a duration")),
        });
        let sign = FailWhen { condition, lasting };
        if word == "warn_when" { StmtKind::WarnWhen(sign) } else { StmtKind::FailWhen(sign) }
    }

    pub(super) fn word_statement(&self, node: &Node<'i>) -> StmtKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let word = kids.next().map_or("", |word| word.as_str());
        let value = kids.accept(Rule::expr).map(|value| self.expr(&value));
        let needed = |value: Option<Expr>, what: &str| {
            value.unwrap_or_else(|| {
                self.report(
                    Diagnostic::error(
                        &code::SYNTAX,
                        span,
                        format!("`{word}` is followed by {what}"),
                        "nothing follows this",
                    )
                    .help(format!("for example `{word} {}`", if word == "wait" { "30s" } else { "\"…\"" })),
                );
                error_expr(Span { start: span.end, ..span })
            })
        };
        match word {
            "note" => StmtKind::Note(needed(value, "what is to be noted")),
            "warn" => StmtKind::Warn(needed(value, "what is to be said")),
            "wait" => StmtKind::Wait(needed(value, "a duration")),
            "fail" => StmtKind::Fail(needed(value, "the reason")),
            "finish" => StmtKind::Finish(needed(value, "the reason")),
            "disarm" => StmtKind::Disarm(needed(value, "the reason")),
            "point_of_no_return" => StmtKind::PointOfNoReturn(needed(value, "the reason")),
            "rollback" => StmtKind::Rollback(value),
            "return" => StmtKind::Return(value),
            "retry" => StmtKind::Retry(value),
            _ => StmtKind::Skip(value),
        }
    }

    /// A word that stands alone.
    pub(super) fn ender(node: &Node<'i>) -> StmtKind {
        match node.as_str() {
            "break" => StmtKind::Break,
            "continue" => StmtKind::Continue,
            "undo" => StmtKind::Undo,
            _ => StmtKind::Stop,
        }
    }

    /// A command that does not begin its line. It is read for what it is, and refused.
    pub(super) fn inline_command(&self, node: &Node<'i>) -> Stmt {
        let span = self.trimmed(node);
        let dollar = span.start + super::offset(self.source(span).find('$').unwrap_or(0));
        self.report(Self::command_not_alone(Span { start: dollar, ..span }));
        Stmt { kind: StmtKind::Error, span }
    }
}

fn shown(name: &str) -> &str {
    if name.is_empty() { "name" } else { name }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{body, fault, one};
    use crate::syntax::tree::{Lasting, Rhs, StmtKind};

    #[test]
    fn reads_what_may_stand_behind_an_equals_sign() {
        let kinds =
            body("let a = 1\nlet b = $ ls\nlet c = check \"d\" { e() }\nlet f = for g in h { i() }\nj = check k()");
        let rhs = |index: usize| match &kinds[index].kind {
            StmtKind::Let(item) => &item.value,
            StmtKind::Assign(item) => &item.value,
            other => panic!("{other:?}"),
        };
        assert!(matches!(rhs(0), Rhs::Expr(_)) && matches!(rhs(1), Rhs::Command(_)));
        assert!(matches!(rhs(2), Rhs::Check(_)) && matches!(rhs(3), Rhs::For(_)) && matches!(rhs(4), Rhs::Check(_)));
    }

    #[test]
    fn words_of_statements_may_be_names() {
        assert_eq!(
            body("let step = 1\nstep = 2\nstep.id\nnote step + check\nlet r = { note: wait, in: 1 }\nf(if: 1, step)")
                .len(),
            6
        );
        assert!(matches!(one("let secret = 1"), StmtKind::Let(item) if !item.secret));
        assert!(matches!(one("let secret a = f()"), StmtKind::Let(item) if item.secret));
    }

    #[test]
    fn reads_how_long_a_sign_must_last() {
        assert!(
            matches!(one("fail_when a > 5% for 5m"), StmtKind::FailWhen(item) if matches!(item.lasting, Some(Lasting::For(_))))
        );
        assert!(
            matches!(one("warn_when a times 3"), StmtKind::WarnWhen(item) if matches!(item.lasting, Some(Lasting::Times(_))))
        );
    }

    #[test]
    fn says_what_is_missing() {
        assert_eq!(fault("let x").message, "`let` gives the name a value, as in `let x = …`");
        assert_eq!(fault("note").message, "`note` is followed by what is to be noted");
        assert_eq!(fault("a.b = 1").message, "only a name can be given a value");
    }
}
