//! Expressions: precedence, and what follows an operand.

use super::{Builder, Kids, Node, error_expr, no_ident};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::tree::{Arg, BinaryOp, Expr, ExprKind, Ident, UnaryOp};

/// An operator that waits for its right operand.
pub(super) enum Pending {
    Unary(UnaryOp, Span),
    Binary(BinaryOp, Span),
}

impl Pending {
    /// How tightly it binds; see [`BinaryOp`].
    fn precedence(&self) -> u8 {
        match self {
            Self::Unary(UnaryOp::Not, _) => 3,
            Self::Unary(UnaryOp::Negate, _) => 8,
            Self::Binary(op, _) => precedence(*op),
        }
    }
}

fn precedence(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual
        | BinaryOp::In
        | BinaryOp::Contains
        | BinaryOp::Matches => 4,
        BinaryOp::Coalesce => 5,
        BinaryOp::Add | BinaryOp::Subtract => 6,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => 7,
    }
}

impl<'i> Builder<'i> {
    pub(super) fn expr(&self, node: &Node<'i>) -> Expr {
        let kids = self.kids(node);
        self.deeper(kids.pairs.len(), || self.flat(kids)).unwrap_or_else(|| {
            let span = self.trimmed(node);
            self.too_deep(span);
            error_expr(span)
        })
    }

    /// The next node if it is an expression; otherwise `message` is reported at the marker or at `end`.
    pub(super) fn expr_or(&self, kids: &mut Kids<'_, 'i>, end: u32, message: impl std::fmt::Display) -> Expr {
        if let Some(node) = kids.accept(Rule::expr) {
            self.expr(&node)
        } else {
            let at = kids.accept(Rule::missing).map_or(Span::new(self.id, end, end), |node| self.span(&node));
            self.missing(at, &message.to_string());
            error_expr(at)
        }
    }

    /// The tokens of an expression by operator precedence, without recursion.
    fn flat(&self, mut kids: Kids<'_, 'i>) -> Expr {
        let mut operands: Vec<Expr> = Vec::new();
        // Most expressions are one operand with what sticks to it, and need no stack.
        if let Some(first) = kids.next_unless(&[Rule::prefix, Rule::paren]) {
            let mut operand = self.primary(&first);
            while let Some(node) = kids.next_unless(&[Rule::operator, Rule::line_break, Rule::missing]) {
                operand = self.tight(operand, &node);
            }
            if kids.peek().is_none() {
                return operand;
            }
            operands.push(operand);
        }
        let mut waiting: Vec<Pending> = Vec::new();
        while let Some(node) = kids.next() {
            match node.as_rule() {
                Rule::prefix => waiting.push(self.prefix(&node)),
                Rule::operator => {
                    let (op, span) = self.operator(&node, operands.last(), kids.peek());
                    let binds = precedence(op);
                    while waiting.last().is_some_and(|top| top.precedence() >= binds) {
                        reduce(&mut operands, &mut waiting);
                    }
                    waiting.push(Pending::Binary(op, span));
                }
                Rule::line_break => self.line_break(&node, waiting.last()),
                Rule::missing => operands.push(self.missing_operand(&node, waiting.last())),
                Rule::args | Rule::member | Rule::index | Rule::lambda => {
                    if let Some(operand) = operands.pop() {
                        operands.push(self.tight(operand, &node));
                    }
                }
                _ => {
                    // `(a, b) =>` is no expression in brackets.
                    let operand = if node.as_rule() == Rule::paren && kids.peek() == Some(Rule::lambda) {
                        let Some(lambda) = kids.next() else { break };
                        self.lambda(self.lambda_params(&node), self.span(&node), &lambda)
                    } else {
                        self.primary(&node)
                    };
                    operands.push(operand);
                }
            }
        }
        while !waiting.is_empty() {
            reduce(&mut operands, &mut waiting);
        }
        operands.pop().unwrap_or_else(|| error_expr(self.at(0, 0)))
    }

    fn prefix(&self, node: &Node<'i>) -> Pending {
        let span = self.trimmed(node);
        match self.source(span) {
            "-" => Pending::Unary(UnaryOp::Negate, span),
            "!" => {
                self.report(
                    Diagnostic::error(&code::OPERATOR, span, "`!` is written `not`", "")
                        .help("write `not`")
                        .fix(span, "not "),
                );
                Pending::Unary(UnaryOp::Not, span)
            }
            _ => Pending::Unary(UnaryOp::Not, span),
        }
    }

    /// What stands behind an operand without an operator between.
    fn tight(&self, operand: Expr, node: &Node<'i>) -> Expr {
        let span = operand.span.to(self.trimmed(node));
        let kind = match node.as_rule() {
            Rule::args => {
                let args = self.args(node);
                ExprKind::Call { callee: Box::new(operand), args }
            }
            Rule::member => return self.member(operand, node, span),
            Rule::lambda => return self.lambda(self.single_param(&operand), operand.span, node),
            _ => ExprKind::Index(Box::new(operand), Box::new(self.index(node))),
        };
        Expr { kind, span }
    }

    fn member(&self, object: Expr, node: &Node<'i>, span: Span) -> Expr {
        let mut kids = self.kids(node);
        let name = if let Some(name) = kids.accept(Rule::ident) {
            self.ident(&name)
        } else {
            let at = self.span(node);
            self.report(Diagnostic::error(&code::SYNTAX, at, "a name is missing behind the dot", "expected a name"));
            no_ident(at)
        };
        let optional = node.as_str().starts_with('?');
        Expr { kind: ExprKind::Member { object: Box::new(object), name, optional }, span }
    }

    fn index(&self, node: &Node<'i>) -> Expr {
        let open = self.span(node);
        self.bracketed(|| {
            let mut kids = self.kids(node);
            let expr = self.expr_or(&mut kids, open.end, "an index is missing");
            self.bracket_end(&mut kids, open, "[", "]");
            expr
        })
    }

    pub(super) fn args(&self, node: &Node<'i>) -> Vec<Arg> {
        let open = self.span(node);
        let mut args = Vec::new();
        self.bracketed(|| {
            let mut kids = self.kids(node);
            loop {
                let name = kids.accept(Rule::arg_name).map(|name| self.arg_name(&name));
                if name.is_some() || kids.peek() == Some(Rule::expr) {
                    let value = self.expr_or(&mut kids, open.end, "the value of this argument is missing");
                    args.push(self.arg(name, value));
                } else if !self.bracket_extra(&mut kids, open) {
                    break;
                }
            }
            self.bracket_end(&mut kids, open, "(", ")");
        });
        args
    }

    fn arg_name(&self, node: &Node<'i>) -> Ident {
        let name = node.as_str().trim_end_matches([':', ' ', '\t', '\r']);
        let start = node.start();
        Ident { name: self.named(name), span: self.at(start, start + name.len()) }
    }

    /// `f(a = 1)` is taken as `f(a: 1)`; the operator was reported.
    fn arg(&self, name: Option<Ident>, value: Expr) -> Arg {
        if name.is_some() {
            return Arg { name, value };
        }
        match value.kind {
            ExprKind::Binary(BinaryOp::Equal, op, left, right) if self.source(op) == "=" => {
                self.report_instead(
                    Diagnostic::error(
                        &code::SYNTAX,
                        op,
                        "the name of an argument is followed by a colon",
                        "expected `:`",
                    )
                    .help(format!("write `{}: …`", self.source(left.span)))
                    .fix(self.at(left.span.end as usize, op.end as usize), ":"),
                );
                match left.kind {
                    ExprKind::Name(name) => Arg { name: Some(Ident { name, span: left.span }), value: *right },
                    _ => Arg { name: None, value: *right },
                }
            }
            _ => Arg { name: None, value },
        }
    }

    fn lambda(&self, params: Vec<Ident>, start: Span, node: &Node<'i>) -> Expr {
        let span = start.to(self.trimmed(node));
        let body = self.expr_or(&mut self.kids(node), span.end, "the value of the function is missing");
        Expr { kind: ExprKind::Lambda { params, body: Box::new(body) }, span }
    }

    fn single_param(&self, operand: &Expr) -> Vec<Ident> {
        if let ExprKind::Name(name) = &operand.kind {
            return vec![Ident { name: name.clone(), span: operand.span }];
        }
        self.not_a_param(operand.span);
        Vec::new()
    }

    fn lambda_params(&self, node: &Node<'i>) -> Vec<Ident> {
        self.elements(node, "(", ")")
            .into_iter()
            .filter_map(|element| {
                if let ExprKind::Name(name) = element.kind {
                    return Some(Ident { name, span: element.span });
                }
                self.not_a_param(element.span);
                None
            })
            .collect()
    }

    fn not_a_param(&self, span: Span) {
        self.report(
            Diagnostic::error(&code::SYNTAX, span, "before `=>` stand the names of the parameters", "this is no name")
                .help("for example `x => x + 1` or `(a, b) => a + b`"),
        );
    }
}

/// Applies the last waiting operator.
fn reduce(operands: &mut Vec<Expr>, waiting: &mut Vec<Pending>) {
    let (Some(top), Some(right)) = (waiting.pop(), operands.pop()) else { return };
    let reduced = match top {
        Pending::Unary(op, at) => Expr { span: at.to(right.span), kind: ExprKind::Unary(op, Box::new(right)) },
        Pending::Binary(op, at) => {
            let Some(left) = operands.pop() else {
                operands.push(right);
                return;
            };
            let span = left.span.to(right.span);
            Expr { kind: ExprKind::Binary(op, at, Box::new(left), Box::new(right)), span }
        }
    };
    operands.push(reduced);
}

impl Pending {
    /// Where the operator stands.
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Unary(_, span) | Self::Binary(_, span) => *span,
        }
    }
}

impl<'i> Builder<'i> {
    /// `try EXPR else EXPR`
    pub(super) fn try_expr(&self, node: &Node<'i>) -> ExprKind {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let body = self.expr_or(&mut kids, span.end, "a value is missing behind `try`");
        let otherwise = kids
            .accept(Rule::try_else)
            .map(|part| Box::new(self.inner_value(&part, "a value is missing behind `else`")));
        ExprKind::Try { body: Box::new(body), otherwise }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{expr, fault, mended};
    use crate::syntax::tree::{BinaryOp, Expr, ExprKind};

    /// Brackets around every operation.
    fn shape(expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Name(name) => name.to_string(),
            ExprKind::Int(value) => value.to_string(),
            ExprKind::Unary(op, value) => format!("({op:?} {})", shape(value)),
            ExprKind::Binary(op, _, left, right) => format!("({} {} {})", shape(left), op.symbol(), shape(right)),
            ExprKind::Member { object, name, optional } => {
                format!("{}{}{}", shape(object), if *optional { "?." } else { "." }, name.name)
            }
            ExprKind::Index(object, index) => format!("{}[{}]", shape(object), shape(index)),
            ExprKind::Call { callee, args } => format!("{}/{}", shape(callee), args.len()),
            ExprKind::Lambda { params, body } => format!("(|{}| {})", params.len(), shape(body)),
            ExprKind::Try { body, otherwise } => {
                format!("(try {}{})", shape(body), if otherwise.is_some() { " else" } else { "" })
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn binds_as_the_tree_says() {
        for (text, expected) in [
            ("a or b and not c == d", "(a or (b and (Not (c == d))))"),
            ("a + b * c - d", "((a + (b * c)) - d)"),
            ("a ?? b + c < d", "((a ?? (b + c)) < d)"),
            ("-a.b * 2", "((Negate a.b) * 2)"),
            ("a - b - c", "((a - b) - c)"),
            ("not not a", "(Not (Not a))"),
            ("a == not b", "(a == (Not b))"),
            ("a.in.not?.if(1, x: 2)[0]", "a.in.not?.if/2[0]"),
            ("x => y => x + y", "(|1| (|1| (x + y)))"),
            ("(a, b) => a", "(|2| a)"),
            ("() => 1", "(|0| 1)"),
            ("try a.b() else 1", "(try a.b/0 else)"),
            ("a ?? try b", "(a ?? (try b))"),
            ("notx and iffy or tryst", "((notx and iffy) or tryst)"),
        ] {
            assert_eq!(shape(&expr(text)), expected, "{text}");
        }
    }

    #[test]
    fn goes_on_where_a_line_begins_with_an_operator() {
        assert_eq!(shape(&expr("a # why\n  and b\n  .c")), "(a and b.c)");
        assert_eq!(shape(&expr("(a +\n b)")), "(a + b)");
        assert_eq!(fault("let x = a +\n    b").message, "the expression breaks off at the line's end");
    }

    #[test]
    fn covers_operator_and_operands() {
        let text = "a  ==  b";
        let ExprKind::Binary(BinaryOp::Equal, op, ..) = expr(text).kind else { panic!("{text}") };
        assert_eq!((op.start, op.end), (3, 5));
    }

    #[test]
    fn mends_operators_of_other_languages() {
        assert_eq!(mended("assert a && b"), "assert a and b");
        assert_eq!(mended("assert !a"), "assert not a");
        assert_eq!(mended("if a = b { c() }"), "if a == b { c() }");
        assert_eq!(mended("f(a = 1)"), "f(a: 1)");
        assert_eq!(mended("let r = a % 2"), "let r = a mod 2");
    }
}
