//! Statements of SQL: what a literal interpolates is bound, and what its words say it does must fit the action.

use super::Lower;
use super::command::is_raw;
use crate::catalog::{Action, Effect};
use crate::diag::{Diagnostic, code};
use crate::eval::expr::Part;
use crate::eval::{Expr, ExprKind};
use crate::source::Span;
use crate::syntax::sql::{self, Deed, Dialect, Place};
use crate::syntax::tree::{self, StrPart};
use crate::value::Type;

/// `sql`, `list<sql>`
pub(super) fn takes_statements(ty: &Type) -> bool {
    matches!(ty, Type::Sql) || matches!(ty, Type::List(item) if **item == Type::Sql)
}

impl Lower<'_, '_, '_> {
    /// The value of a parameter of type `sql`: a literal, a parameter of that type handed on, or `raw(…)`. For one of
    /// type `list<sql>` a list of them.
    pub(super) fn statement_argument(&mut self, value: &tree::Expr, ty: &Type, param: &str, of: &str) -> Expr {
        match &value.kind {
            tree::ExprKind::List(items) if *ty != Type::Sql => {
                let items = items.iter().map(|item| self.statement_argument(item, &Type::Sql, param, of)).collect();
                Expr { kind: ExprKind::List(items), span: value.span }
            }
            tree::ExprKind::Str(literal) => self.statement_literal(literal),
            tree::ExprKind::Call { callee, args } if is_raw(callee) && args.len() == 1 => {
                self.warn_raw(value.span);
                let (lowered, ty) = self.expr(&args[0].value);
                self.must_fit(&ty, &Type::String, args[0].value.span, "a statement");
                lowered
            }
            tree::ExprKind::Error => self.expr(value).0,
            _ => {
                let (lowered, given) = self.expr(value);
                if given == *ty {
                    return lowered;
                }
                if !given.fits(ty) {
                    self.must_fit(&given, ty, value.span, format_args!("`{param}` of `{of}`"));
                    return lowered;
                }
                let message = "a statement is given as a literal, so that what it interpolates can be bound";
                let help = "write the text here, with ${…} for values; raw(…) takes any text as it is";
                self.report(Diagnostic::error(&code::NOT_A_LITERAL, value.span, message, "").help(help));
                lowered
            }
        }
    }

    fn statement_literal(&mut self, literal: &tree::StrLit) -> Expr {
        let mut pieces = vec![String::new()];
        let mut values = Vec::new();
        let mut parts = Vec::with_capacity(literal.parts.len());
        for part in &literal.parts {
            match part {
                StrPart::Text(text, _) => {
                    if let Some(last) = pieces.last_mut() {
                        last.push_str(text);
                    }
                    parts.push(Part::Text(text.clone()));
                }
                StrPart::Hole(hole, span) => {
                    pieces.push(String::new());
                    values.push(*span);
                    if let tree::ExprKind::Call { callee, .. } = &hole.kind
                        && is_raw(callee)
                    {
                        let message = "`raw(…)` cannot be a part of a statement: every value in one is bound";
                        let help = "to put a statement together as text give the whole as raw(text)";
                        self.report(Diagnostic::error(&code::NOT_A_LITERAL, *span, message, "").help(help));
                        parts.push(Part::Hole(Expr::null(*span)));
                        continue;
                    }
                    // NULL is a value like any other.
                    parts.push(Part::Hole(self.expr(hole).0));
                }
            }
        }
        let length = pieces.iter().map(String::len).sum::<usize>() + values.len();
        for problem in sql::problems(&sql::lex(&pieces, Dialect::Any), length) {
            let span = match problem.place {
                Place::Value(at) => values.get(at).copied().unwrap_or(literal.span),
                Place::Bytes(start, end) => place(&literal.parts, start, end).unwrap_or(literal.span),
            };
            self.report(Diagnostic::error(&code::STATEMENT, span, problem.message, "").help(problem.help));
        }
        Expr { kind: ExprKind::Sql(parts), span: literal.span }
    }

    /// What a call does by the words of the statements that it is given: more than its action says, or too much
    /// for one that only reads.
    pub(super) fn effect_of_statements(&mut self, action: &Action, values: &[Expr]) -> Effect {
        let mut effect = action.effect;
        for statement in values.iter().flat_map(statements) {
            let ExprKind::Sql(parts) = &statement.kind else { continue };
            let Some(class) = sql::class(&sql::lex(&pieces(parts), Dialect::Any)) else { continue };
            if class.is_transaction {
                let message =
                    format!("`{}` would begin or end a transaction, and that is not left to a statement", class.words);
                let help =
                    "one call is one transaction; several statements in one: sql.transaction(db, [\"…\", \"…\"])";
                self.report(Diagnostic::error(&code::STATEMENT, statement.span, message, "").help(help));
            } else if action.effect == Effect::Reads && class.deed > Deed::Reads {
                let deed = if class.deed == Deed::Destroys { "destroys" } else { "changes" };
                let message = format!("`{}` {deed} something, and `{}` only reads", class.words, action.name);
                let help = "write sql.exec(…), in a step";
                self.report(
                    Diagnostic::error(&code::EFFECT, statement.span, message, format!("this {deed}")).help(help),
                );
            } else if class.deed == Deed::Destroys {
                effect = effect.max(Effect::Destroys);
            }
        }
        effect
    }
}

fn statements(value: &Expr) -> &[Expr] {
    match &value.kind {
        ExprKind::List(items) => items,
        _ => std::slice::from_ref(value),
    }
}

fn pieces(parts: &[Part]) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for part in parts {
        match (part, pieces.last_mut()) {
            (Part::Text(text), Some(last)) => last.push_str(text),
            _ => pieces.push(String::new()),
        }
    }
    pieces
}

/// Where bytes of the statement stand in the source. A literal with escapes is somewhat longer there.
fn place(parts: &[StrPart], start: usize, end: usize) -> Option<Span> {
    let mut before = 0;
    for part in parts {
        let length = match part {
            StrPart::Text(text, _) => text.len(),
            StrPart::Hole(..) => 1,
        };
        if start < before + length || start == before {
            return Some(match part {
                StrPart::Hole(_, span) => *span,
                StrPart::Text(_, span) => {
                    let offset = |at: usize| u32::try_from(at.saturating_sub(before)).unwrap_or(0);
                    let from = (span.start + offset(start)).min(span.end);
                    let to = (span.start + offset(end.min(before + length))).min(span.end);
                    Span::new(span.file, from, to.max(from))
                }
            });
        }
        before += length;
    }
    None
}
