//! Types as written.

use std::sync::Arc;

use super::{Builder, Kids, Node};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::tree::{FnParam, TypeExpr, TypeExprKind};

/// `list<list<…` beyond this is a slip of a finger on a key.
const MAX_NESTING: usize = 16;

impl<'i> Builder<'i> {
    pub(super) fn type_expr(&self, node: &Node<'i>) -> TypeExpr {
        let span = self.trimmed(node);
        let mut open: Vec<Span> = Vec::new();
        let mut ty = TypeExpr { kind: TypeExprKind::Name(Arc::from("")), span };
        let mut wrapped = 0;
        for part in self.kids(node) {
            let at = self.trimmed(&part);
            match part.as_rule() {
                Rule::list_open => open.push(at),
                Rule::type_name => ty = TypeExpr { kind: TypeExprKind::Name(Arc::from(part.as_str())), span: at },
                Rule::type_record => ty = self.type_record(&part),
                _ => {
                    wrapped += 1;
                    if wrapped > MAX_NESTING || open.len() > MAX_NESTING {
                        self.too_deep(span);
                        return TypeExpr { kind: TypeExprKind::Name(Arc::from("any")), span };
                    }
                    let inner = ty.span.to(at);
                    ty = if part.as_str().ends_with('?') {
                        TypeExpr { kind: TypeExprKind::Optional(Box::new(ty)), span: inner }
                    } else if let Some(opened) = open.pop() {
                        TypeExpr { kind: TypeExprKind::List(Box::new(ty)), span: opened.to(at) }
                    } else {
                        self.report(Diagnostic::error(&code::SYNTAX, at, "this `>` closes nothing", ""));
                        ty
                    };
                }
            }
        }
        if let Some(opened) = open.first() {
            self.report(self.unclosed(*opened, Span { start: span.end, ..span }, "list<", ">"));
        }
        ty
    }

    fn type_record(&self, node: &Node<'i>) -> TypeExpr {
        let span = self.span(node);
        let mut fields = Vec::new();
        for part in self.kids(node) {
            if part.as_rule() == Rule::unclosed {
                self.report(self.unclosed(span, self.span(&part), "{", "}"));
                continue;
            }
            let end = self.trimmed(&part).end;
            let mut kids = self.kids(&part);
            if let Some(name) = kids.next() {
                let name = self.ident(&name);
                fields.push((name, self.type_or(&mut kids, end)));
            }
        }
        TypeExpr { kind: TypeExprKind::Record(fields), span }
    }

    /// The next node as a type; without one it is reported and taken for `any`.
    pub(super) fn type_or(&self, kids: &mut Kids<'_, 'i>, end: u32) -> TypeExpr {
        if let Some(node) = kids.accept(Rule::r#type) {
            return self.type_expr(&node);
        }
        let at = kids.accept(Rule::missing).map_or(Span::new(self.id, end, end), |node| self.span(&node));
        self.report(
            Diagnostic::error(&code::SYNTAX, self.visible(at), "a type is missing", "expected behind this")
                .help("for example `string`, `int`, `duration`, `list<string>`, `{ name: string }`"),
        );
        TypeExpr { kind: TypeExprKind::Name(Arc::from("any")), span: at }
    }

    /// `(p: type = default, …)` of an action, a check or a function.
    pub(super) fn params(&self, node: &Node<'i>) -> Vec<FnParam> {
        let open = self.span(node);
        let mut params = Vec::new();
        self.bracketed(|| {
            let mut kids = self.kids(node);
            loop {
                if let Some(param) = kids.accept(Rule::fn_param) {
                    params.extend(self.fn_param(&param));
                } else if !self.bracket_extra(&mut kids, open) {
                    break;
                }
            }
            self.bracket_end(&mut kids, open, "(", ")");
        });
        params
    }

    fn fn_param(&self, node: &Node<'i>) -> Option<FnParam> {
        let end = self.trimmed(node).end;
        let mut kids = self.kids(node);
        let name = self.ident(&kids.next()?);
        let ty = matches!(kids.peek(), Some(Rule::r#type | Rule::missing)).then(|| self.type_or(&mut kids, end));
        let default = kids
            .accept(Rule::param_value)
            .map(|value| self.expr_or(&mut self.kids(&value), end, "the default is missing"));
        Some(FnParam { name, ty, default })
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::parse_type;
    use crate::syntax::tree::TypeExprKind;

    #[test]
    fn reads_every_form() {
        assert!(matches!(parse_type("string").unwrap().kind, TypeExprKind::Name(_)));
        let list = parse_type("list<list<int>?>").unwrap();
        assert_eq!((list.span.start, list.span.end), (0, 16));
        let TypeExprKind::List(inner) = list.kind else { panic!() };
        assert!(matches!(inner.kind, TypeExprKind::Optional(_)));
        let record = parse_type("{ status: int, headers: record,\n json: any? }").unwrap();
        assert!(matches!(record.kind, TypeExprKind::Record(fields) if fields.len() == 3));
    }

    #[test]
    fn refuses_what_is_none() {
        for text in [
            "",
            "list<",
            "list<int",
            "int>",
            "{ a }",
            "{ a: }",
            "int int",
            "5",
            &"list<".repeat(50),
            &format!("int{}", "?".repeat(50)),
        ] {
            assert!(parse_type(text).is_none(), "{text}");
        }
    }
}
