//! Expressions. Wherever its author began a new line, a list, a chain or a row of operators stays broken, and
//! then all of it is; what is written on one line stays there if it fits.

use super::gap::{self, Signs};
use super::items::Kind;
use super::printer::{Printer, Row, STEP};
use crate::syntax::tree::{Arg, BinaryOp, Expr, ExprKind, Ident, UnaryOp};

/// Directly inside of brackets, where the brackets have moved it in.
const INSIDE: Row = Row { hang: 0, within: false };

impl Printer<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) {
        self.settle();
        if !self.is_parenthesised(expr) {
            return self.bare(expr);
        }
        // What is around the whole value breaks first.
        self.hugging = None;
        self.group(Kind::Bracket, |p| {
            p.sign("(");
            p.first_line("", STEP);
            p.in_row(INSIDE, expr);
            p.last_line("");
            p.sign(")");
        });
    }

    /// Whether the bracket that comes next is around the whole expression. The tree does not say.
    fn is_parenthesised(&self, expr: &Expr) -> bool {
        if !self.rest().starts_with('(') {
            return false;
        }
        let begins_later = |first: &Expr| first.span.start as usize > self.at;
        match &expr.kind {
            ExprKind::Binary(_, _, left, _) => begins_later(left),
            ExprKind::Member { object, .. } => begins_later(object),
            ExprKind::Index(object, _) => begins_later(object),
            ExprKind::Call { callee, .. } => begins_later(callee),
            ExprKind::Lambda { .. } => !self.is_params(),
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Duration(_)
            | ExprKind::Size(_)
            | ExprKind::Percent(_)
            | ExprKind::Str(_)
            | ExprKind::List(_)
            | ExprKind::Record(_)
            | ExprKind::Name(_)
            | ExprKind::Unary(..)
            | ExprKind::If { .. }
            | ExprKind::Try { .. }
            | ExprKind::Error => true,
        }
    }

    /// Whether the bracket that comes next is that of the parameters of a function.
    fn is_params(&self) -> bool {
        let after = |at: usize| &self.text[gap::read(self.text, at, Signs::None).end..];
        let first = after(self.at + 1);
        let word = first.len() - first.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let next = after(self.text.len() - first.len() + word);
        !first.starts_with('(') && !next.starts_with("=>")
    }

    fn bare(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Duration(_)
            | ExprKind::Size(_)
            | ExprKind::Percent(_)
            | ExprKind::Name(_) => self.word(),
            ExprKind::Str(string) => self.string(string),
            ExprKind::List(elements) => self.brackets(("[", "]"), "", elements, super::printer::Printer::expr),
            ExprKind::Record(entries) => self.brackets(("{", "}"), " ", entries, |p, (key, value)| {
                p.ident(key);
                p.valued(value);
            }),
            ExprKind::Unary(op, operand) => {
                match op {
                    UnaryOp::Not => {
                        self.sign("not");
                        self.blank();
                    }
                    UnaryOp::Negate => self.sign("-"),
                }
                self.expr(operand);
            }
            ExprKind::Binary(..) => self.operators(expr),
            ExprKind::Member { .. } | ExprKind::Index(..) | ExprKind::Call { .. } => self.chain(expr),
            ExprKind::Lambda { params, body } => self.lambda(params, body),
            ExprKind::If { .. } => self.group(Kind::Bracket, |p| p.if_expr(expr)),
            ExprKind::Try { body, otherwise } => self.try_expr(body, otherwise.as_deref()),
            ExprKind::Error => self.is_odd(),
        }
    }

    /// A number or name. Its span may hold brackets around it, so it is read again.
    fn word(&mut self) {
        let bytes = self.rest().as_bytes();
        let number = bytes.first().is_some_and(u8::is_ascii_digit);
        let mut length = 0;
        while let Some(byte) = bytes.get(length) {
            let before = length.checked_sub(1).map(|at| bytes[at]);
            let next_is_digit = bytes.get(length + 1).is_some_and(u8::is_ascii_digit);
            let goes_on = match byte {
                b'.' => number && next_is_digit,
                b'+' | b'-' => number && matches!(before, Some(b'e' | b'E')) && next_is_digit,
                b'%' => number,
                byte => byte.is_ascii_alphanumeric() || *byte == b'_',
            };
            if !goes_on {
                break;
            }
            length += 1;
            if *byte == b'%' {
                break;
            }
        }
        if length == 0 {
            return self.is_odd();
        }
        self.take(length);
    }

    /// `: value`
    fn valued(&mut self, value: &Expr) {
        self.sign(":");
        self.blank();
        if gap::read(self.text, self.at, Signs::None).notes.is_empty() {
            return self.expr(value);
        }
        self.indent_by(STEP);
        self.expr(value);
        self.dedent();
    }

    pub(super) fn args(&mut self, args: &[Arg]) {
        if let [Arg { name: None, value }] = args
            && is_word(value)
        {
            // To put one word on a line of its own wins nothing.
            self.sign("(");
            self.skip(Signs::None).notes.into_iter().for_each(|note| self.note(note));
            self.expr(value);
            self.skip(Signs::Commas).notes.into_iter().for_each(|note| self.note(note));
            self.sign(")");
            return;
        }
        let hugging = args.last().is_some_and(|last| is_bracketed(&last.value));
        self.brackets_of(("(", ")"), "", args, hugging, |p, arg| match &arg.name {
            Some(name) => {
                p.ident(name);
                p.valued(&arg.value);
            }
            None => p.expr(&arg.value),
        });
    }

    fn lambda(&mut self, params: &[Ident], body: &Expr) {
        if self.rest().starts_with('(') {
            self.sign("(");
            for (index, param) in params.iter().enumerate() {
                if index > 0 {
                    self.comma();
                    self.blank();
                }
                self.skip(Signs::Commas).notes.into_iter().for_each(|note| self.note(note));
                self.ident(param);
            }
            self.skip(Signs::Commas).notes.into_iter().for_each(|note| self.note(note));
            self.sign(")");
        } else {
            for param in params {
                self.ident(param);
            }
        }
        self.blank();
        self.sign("=>");
        self.blank();
        self.expr(body);
    }

    /// `if c { a } else if d { b } else { e }`
    fn if_expr(&mut self, expr: &Expr) {
        let ExprKind::If { condition, then, otherwise } = &expr.kind else { return self.is_odd() };
        self.sign("if");
        self.head_value(condition);
        self.branch(then);
        self.blank();
        self.sign("else");
        if self.next_word() == "if" {
            self.blank();
            self.if_expr(otherwise);
        } else {
            self.branch(otherwise);
        }
    }

    fn branch(&mut self, value: &Expr) {
        self.blank();
        self.sign("{");
        self.first_line(" ", STEP);
        self.in_row(INSIDE, value);
        self.last_line(" ");
        self.sign("}");
    }

    fn try_expr(&mut self, body: &Expr, otherwise: Option<&Expr>) {
        self.group(Kind::Loose, |p| {
            p.sign("try");
            p.blank();
            let row = Row { hang: p.row.hang.max(STEP), within: false };
            p.in_row(row, body);
            if let Some(otherwise) = otherwise {
                p.indent_by(row.hang);
                p.line_or_break(" ");
                p.sign("else");
                p.blank();
                p.in_row(row, otherwise);
                p.dedent();
            }
        });
    }

    /// A row of operators that bind alike; what binds more tightly is a row within.
    fn operators(&mut self, expr: &Expr) {
        let ExprKind::Binary(op, ..) = &expr.kind else { return self.is_odd() };
        let mut rights = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary(other, at, left, right) = &first.kind
            && binds(*other) == binds(*op)
            && (rights.is_empty() || first.span.start == left.span.start)
        {
            rights.push((*at, &**right));
            first = left;
        }
        let Row { hang, within } = self.row;
        self.group(if within { Kind::Nested } else { Kind::Loose }, |p| {
            // The first operand begins on the line of what stands before it.
            p.in_row(Row { hang, within: true }, first);
            p.indent_by(hang);
            for (at, right) in rights.into_iter().rev() {
                p.line_or_break(" ");
                p.leaf(at);
                if gap::read(p.text, p.at, Signs::None).newline {
                    p.items.break_group();
                }
                p.blank();
                p.in_row(Row { hang: 0, within: true }, right);
            }
            p.dedent();
        });
    }

    /// A value and what sticks to it: `a.b(c)[d].e(f)`. A line may end before a method, but not before the first:
    /// most often that is the action of a module.
    fn chain(&mut self, expr: &Expr) {
        let mut links = Vec::new();
        let mut base = expr;
        while let Some(inner) = sticks_to(base)
            && (links.is_empty() || base.span.start == inner.span.start)
        {
            links.push(base);
            base = inner;
        }
        links.reverse();
        let row = Row { hang: self.row.hang.max(STEP), within: false };
        let mut calls = 0;
        // The places where a line may end.
        let mut lines = vec![false; links.len()];
        for (index, link) in links.iter().enumerate() {
            let is_call = |link: Option<&&Expr>| link.is_some_and(|link| matches!(link.kind, ExprKind::Call { .. }));
            if let ExprKind::Member { object, name, .. } = &link.kind {
                let between = &self.text[object.span.end as usize..name.span.start as usize];
                lines[index] = between.contains('\n') || (calls > 0 && is_call(links.get(index + 1)));
            }
            calls += usize::from(is_call(Some(link)));
        }
        let broken_at = lines.iter().position(|line| *line);
        self.group(Kind::Loose, |p| {
            p.in_row(row, base);
            for (index, link) in links.iter().enumerate() {
                if broken_at == Some(index) {
                    p.indent_by(row.hang);
                }
                if lines[index] {
                    p.line_or_break("");
                }
                p.link(link);
            }
            if broken_at.is_some() {
                p.dedent();
            }
        });
    }

    fn link(&mut self, link: &Expr) {
        match &link.kind {
            ExprKind::Member { name, optional, .. } => {
                self.sign(if *optional { "?." } else { "." });
                self.ident(name);
            }
            ExprKind::Call { args, .. } => self.args(args),
            ExprKind::Index(_, index) => self.index(index),
            _ => self.is_odd(),
        }
    }

    fn index(&mut self, index: &Expr) {
        self.group(Kind::Bracket, |p| {
            p.sign("[");
            p.first_line("", STEP);
            p.in_row(INSIDE, index);
            p.last_line("");
            p.sign("]");
        });
    }
}

/// What a member, an index or a call sticks to.
fn sticks_to(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Member { object, .. } | ExprKind::Index(object, _) => Some(object),
        ExprKind::Call { callee, .. } => Some(callee),
        _ => None,
    }
}

/// A number, name or short string.
fn is_word(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Duration(_)
            | ExprKind::Size(_)
            | ExprKind::Percent(_)
            | ExprKind::Str(_)
            | ExprKind::Name(_)
    )
}

/// A value in brackets of its own, or a function that gives one.
fn is_bracketed(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::List(elements) => !elements.is_empty(),
        ExprKind::Record(entries) => !entries.is_empty(),
        ExprKind::Lambda { body, .. } => is_bracketed(body),
        _ => false,
    }
}

/// Operators with the same number bind alike.
fn binds(op: BinaryOp) -> u8 {
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
