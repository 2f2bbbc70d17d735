//! Expressions: names to slots, types of everything.

use std::sync::Arc;

use super::super::facts;
use super::super::names::Symbol;
use super::super::types::member_type;
use super::Lower;
use crate::diag::{Diagnostic, code, did_you_mean};
use crate::eval::expr::{Part, RunField};
use crate::eval::{Expr, ExprKind};
use crate::functions;
use crate::source::Span;
use crate::syntax::tree::{self, BinaryOp};
use crate::value::types::RecordType;
use crate::value::{Type, Value, ops};

/// What a name means where it stands.
pub(super) enum Meaning {
    Value(Expr, Type),
    Symbol(Symbol),
    Run,
    Unknown,
}

/// `postgres://…`: it goes to the database alone.
fn is_database(literal: &tree::StrLit) -> bool {
    let first = literal.parts.first();
    let Some(tree::StrPart::Text(text, _)) = first else { return false };
    ["postgres://", "postgresql://", "mysql://", "mariadb://", "redis://", "rediss://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
}

impl Lower<'_, '_, '_> {
    /// An expression, its calls of actions put before the statement.
    pub(crate) fn expr(&mut self, expr: &tree::Expr) -> (Expr, Type) {
        let span = expr.span;
        let guarded = std::mem::take(&mut self.guarded);
        let (kind, ty) = match &expr.kind {
            tree::ExprKind::Null => (ExprKind::Const(Value::Null), Type::Null),
            tree::ExprKind::Bool(value) => (ExprKind::Const(Value::Bool(*value)), Type::Bool),
            tree::ExprKind::Int(value) => (ExprKind::Const(Value::Int(*value)), Type::Int),
            tree::ExprKind::Float(value) => (ExprKind::Const(Value::Float(*value)), Type::Float),
            tree::ExprKind::Duration(value) => (ExprKind::Const(Value::Duration(*value)), Type::Duration),
            tree::ExprKind::Size(value) => (ExprKind::Const(Value::Size(*value)), Type::Size),
            tree::ExprKind::Percent(value) => (ExprKind::Const(Value::Percent(*value)), Type::Percent),
            tree::ExprKind::Str(literal) => return self.string(literal),
            tree::ExprKind::List(items) => {
                let mut ty: Option<Type> = None;
                let mut lowered = Vec::with_capacity(items.len());
                for item in items {
                    let (item, item_type) = self.expr(item);
                    ty = Some(ty.map_or(item_type.clone(), |known| known.join(&item_type)));
                    lowered.push(item);
                }
                (ExprKind::List(lowered), Type::list(ty.unwrap_or(Type::Any)))
            }
            tree::ExprKind::Record(fields) => {
                let mut lowered = Vec::with_capacity(fields.len());
                let mut types = Vec::with_capacity(fields.len());
                for (at, (name, value)) in fields.iter().enumerate() {
                    if let Some((first, _)) = fields[..at].iter().find(|(other, _)| other.name == name.name) {
                        let message = format!("this record has two fields `{}`", name.name);
                        let diagnostic = Diagnostic::error(&code::DUPLICATE_NAME, name.span, message, "here again");
                        self.report(diagnostic.label(first.span, "first here").help("keep one of them"));
                        continue;
                    }
                    let (value, ty) = self.expr(value);
                    types.push((Arc::clone(&name.name), ty));
                    lowered.push((Arc::clone(&name.name), value));
                }
                let ty = Type::Record(Arc::new(RecordType { fields: types, open: false }));
                (ExprKind::Record(lowered), ty)
            }
            tree::ExprKind::Name(name) => {
                self.guarded = guarded;
                let value = self.name(name, span);
                self.guarded = false;
                return value;
            }
            tree::ExprKind::Unary(op, operand) => {
                let (value, ty) = self.expr(operand);
                let ty = self.present(ty, operand.span);
                let ty = self.typed(ops::unary_type(*op, &ty), span);
                (ExprKind::Unary(*op, Box::new(value)), ty)
            }
            tree::ExprKind::Binary(op, op_span, left, right) => self.binary(*op, *op_span, left, right),
            tree::ExprKind::Member { object, name, optional } => {
                self.guarded = guarded;
                let (value, ty) = self.member(object, name, *optional, span);
                let known =
                    matches!(ty, Type::Optional(_)) && facts::path(expr).is_some_and(|path| self.is_known(&path));
                return (value, if known { ty.required() } else { ty });
            }
            tree::ExprKind::Index(object, at) => {
                self.guarded = guarded;
                let (object, ty) = self.expr(object);
                self.guarded = false;
                let (at, _) = self.expr(at);
                let ty = match ty {
                    Type::List(item) => (*item).clone(),
                    Type::Secret(_) => Type::Any.secret(),
                    _ => Type::Any,
                };
                (ExprKind::Index(Box::new(object), Box::new(at)), ty)
            }
            tree::ExprKind::Call { callee, args } => return self.call(callee, args, span),
            tree::ExprKind::Lambda { .. } => {
                let message = "a function `x => …` stands only as an argument: `xs.map(x => …)`";
                let help = "to give it a name, declare it at the top level: fn name(x) = …";
                self.report(Diagnostic::error(&code::WRONG_ARGUMENT, span, message, "").help(help));
                (ExprKind::Const(Value::Null), Type::Any)
            }
            tree::ExprKind::If { condition, then, otherwise } => {
                let (condition_value, ty) = self.expr(condition);
                self.must_fit(&ty, &Type::Bool, condition.span, "a condition");
                let outer = self.no_calls.replace("`if … { } else { }`");
                let narrowed = self.narrow(condition);
                let (then, then_type) = self.expr(then);
                self.widen(narrowed);
                let (otherwise, other_type) = self.expr(otherwise);
                self.no_calls = outer;
                let kind = ExprKind::If {
                    condition: Box::new(condition_value),
                    then: Box::new(then),
                    otherwise: Box::new(otherwise),
                };
                (kind, then_type.join(&other_type))
            }
            tree::ExprKind::Try { body, otherwise } => return self.try_expr(body, otherwise.as_deref(), span),
            tree::ExprKind::Error => (ExprKind::Const(Value::Null), Type::Any),
        };
        (Expr { kind, span }, ty)
    }

    /// The type of an operation, or a report of why it has none.
    fn typed(&mut self, ty: Result<Type, ops::OpError>, span: Span) -> Type {
        match ty {
            Ok(ty) => ty,
            Err(error) => {
                let mut diagnostic = Diagnostic::error(&code::WRONG_TYPE, span, error.message, "");
                diagnostic.help = error.help;
                self.report(diagnostic);
                Type::Any
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, op_span: Span, left: &tree::Expr, right: &tree::Expr) -> (ExprKind, Type) {
        let null = |expr: &tree::Expr| matches!(expr.kind, tree::ExprKind::Null);
        let compares_null = matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) && (null(left) || null(right));
        self.guarded = op == BinaryOp::Coalesce || compares_null;
        let (left_value, left_type) = self.expr(left);
        self.guarded = compares_null;
        let lazy = match op {
            BinaryOp::And => Some("`and`"),
            BinaryOp::Or => Some("`or`"),
            BinaryOp::Coalesce => Some("`??`"),
            _ => None,
        };
        let outer = self.no_calls;
        if lazy.is_some() {
            self.no_calls = lazy;
        }
        let narrowed = match op {
            BinaryOp::And => self.narrow(left),
            BinaryOp::Or => self.narrow_unless(left),
            _ => None,
        };
        let (right_value, right_type) = self.expr(right);
        self.widen(narrowed);
        self.no_calls = outer;
        self.guarded = false;
        let (mut left_type, mut right_type) = (left_type, right_type);
        if !matches!(op, BinaryOp::Coalesce | BinaryOp::Equal | BinaryOp::NotEqual) {
            left_type = self.present(left_type, left.span);
            right_type = self.present(right_type, right.span);
        }
        if op == BinaryOp::Matches {
            self.regex_literal(right);
        }
        let ty = match ops::binary_type(op, &left_type, &right_type) {
            Ok(ty) => ty,
            Err(error) => {
                let mut diagnostic = Diagnostic::error(&code::WRONG_TYPE, op_span, error.message, "");
                diagnostic.labels[0].text = format!("{left_type} {} {right_type}", op.symbol());
                diagnostic.help = error.help;
                self.report(diagnostic);
                Type::Any
            }
        };
        let value = ExprKind::Binary(op, op_span, Box::new(left_value), Box::new(right_value));
        (value, ty)
    }

    /// A regular expression that is written out is tried at once.
    fn regex_literal(&mut self, expr: &tree::Expr) {
        if let tree::ExprKind::Str(literal) = &expr.kind
            && let Some(plain) = literal.as_plain()
            && let Err(error) = crate::value::pattern::regex(&plain)
        {
            let mut diagnostic = Diagnostic::error(&code::WRONG_ARGUMENT, expr.span, error.message, "");
            diagnostic.help = error.help;
            self.report(diagnostic);
        }
    }

    /// A text with holes.
    pub(crate) fn string(&mut self, literal: &tree::StrLit) -> (Expr, Type) {
        if let Some(text) = literal.as_plain() {
            return (Expr { kind: ExprKind::Const(Value::str(text)), span: literal.span }, Type::String);
        }
        let (parts, secret) = self.parts(&literal.parts);
        let ty = if secret { Type::String.secret() } else { Type::String };
        (Expr { kind: ExprKind::Template(parts), span: literal.span }, ty)
    }

    /// The same where an address is wanted: holes are encoded by their place in it.
    pub(super) fn address(&mut self, literal: &tree::StrLit) -> (Expr, Type) {
        let (parts, secret) = self.parts(&literal.parts);
        if secret && !is_database(literal) {
            let message = "a secret in an address is written into the logs of every server on its way";
            let help = "send it in a header where the other side takes it there: bearer: token";
            self.report(Diagnostic::warning(&code::SECRET_EXPOSED, literal.span, message, "").help(help));
        }
        let ty = if secret { Type::Url.secret() } else { Type::Url };
        (Expr { kind: ExprKind::Url(parts), span: literal.span }, ty)
    }

    fn parts(&mut self, parts: &[tree::StrPart]) -> (Vec<Part>, bool) {
        let for_people = std::mem::take(&mut self.for_people);
        let mut secret = false;
        let parts = parts
            .iter()
            .map(|part| match part {
                tree::StrPart::Text(text, _) => Part::Text(Arc::clone(text)),
                tree::StrPart::Hole(hole, _) => {
                    let (value, ty) = self.expr(hole);
                    let ty = if for_people { ty } else { self.present(ty, hole.span) };
                    secret |= ty.is_secret();
                    Part::Hole(value)
                }
            })
            .collect();
        (parts, secret)
    }

    fn name(&mut self, name: &Arc<str>, span: Span) -> (Expr, Type) {
        match self.meaning(name, span) {
            Meaning::Value(value, ty) => (value, ty),
            Meaning::Symbol(symbol) => {
                let (what, help) = match symbol {
                    Symbol::Action(_) => ("an action", format!("call it: {name}(…)")),
                    Symbol::Function(_) => ("a function", format!("call it: {name}(…)")),
                    Symbol::Check(_) => ("a check", format!("use it on a line of its own: check {name}(…)")),
                    Symbol::Module(_) => ("a module", format!("name something in it: {name}.…")),
                    Symbol::Global(_) => ("a name", String::new()),
                };
                let message = format!("`{name}` is {what}, and no value");
                self.report(Diagnostic::error(&code::WRONG_ARGUMENT, span, message, "").help(help));
                (Expr::null(span), Type::Any)
            }
            Meaning::Run => {
                let message = "`run` is no value; its parts are";
                let help = "run.id, run.dir, run.actor, run.started, run.elapsed, run.attempt";
                self.report(Diagnostic::error(&code::UNKNOWN_MEMBER, span, message, "").help(help));
                (Expr::null(span), Type::Any)
            }
            Meaning::Unknown => {
                self.unknown_name(name, span);
                (Expr::null(span), Type::Any)
            }
        }
    }

    /// What a name stands for here.
    pub(super) fn meaning(&mut self, name: &Arc<str>, span: Span) -> Meaning {
        if let Some(binding) = self.names.find(name).cloned() {
            let mut ty = binding.ty;
            if let Some(maybe) = &binding.maybe {
                let known = self.is_known(name)
                    || maybe.condition.as_ref().is_some_and(|condition| self.names.conditions.contains(condition));
                if !known {
                    ty = ty.optional();
                    if !self.guarded {
                        let message = format!("`{name}` may have no value here: {}", maybe.why);
                        let help =
                            format!("say what it is then: `{name} ?? …`, or ask first: `if {name} != null {{ … }}`");
                        let diagnostic = Diagnostic::error(&code::UNBOUND, span, message, "used here");
                        self.report(diagnostic.label(binding.span, "bound here").help(help));
                        ty = Type::Any;
                    }
                }
            } else if let Type::Optional(inner) = &ty
                && self.is_known(name)
            {
                ty = (**inner).clone();
            }
            self.uses.push(binding.slot);
            return Meaning::Value(Expr { kind: ExprKind::Slot(binding.slot), span }, ty);
        }
        match &**name {
            "run" => return Meaning::Run,
            "env" | "environments" => {
                let Some(places) = self.declared.env else {
                    let message = "this runbook has no environments";
                    let help = "declare one: env prod { url = \"https://…\" }";
                    self.report(Diagnostic::error(&code::ENVIRONMENT, span, message, "").help(help));
                    return Meaning::Value(Expr::null(span), Type::Any);
                };
                let global = if &**name == "env" { places.env } else { places.all };
                return Meaning::Value(Expr { kind: ExprKind::Global(global), span }, Type::any_record());
            }
            _ => {}
        }
        match self.declared.symbols[self.module].get(name).copied() {
            Some(Symbol::Global(global)) => match self.global(global, span) {
                Meaning::Value(value, Type::Optional(inner)) if self.is_known(name) => {
                    Meaning::Value(value, (*inner).clone())
                }
                meaning => meaning,
            },
            Some(symbol) => Meaning::Symbol(symbol),
            None => Meaning::Unknown,
        }
    }

    fn global(&mut self, global: u32, span: Span) -> Meaning {
        let ty = self.declared.globals[global as usize].ty.clone();
        let is_secret = self.declared.secrets.iter().any(|(id, _)| *id == global);
        if self.early && !is_secret && !self.declared.computed.contains(&global) {
            let name = Arc::clone(&self.declared.globals[global as usize].name);
            let at = self.declared.globals[global as usize].span;
            let what = self.pure_only.unwrap_or("this");
            let message = format!("`{name}` has no value yet when {what} is computed");
            let help = "environments are computed first, then parameters, then each `let`, in the order of the file";
            let diagnostic = Diagnostic::error(&code::UNKNOWN_NAME, span, message, "too early");
            self.report(diagnostic.label(at, "computed later").help(help));
            return Meaning::Value(Expr::null(span), Type::Any);
        }
        if let Some(secret) = self.declared.secrets.iter().position(|(id, _)| *id == global) {
            if let Some(what) = self.pure_only {
                let message = format!("a secret is read only when a step needs it: it is not known in {what}");
                self.report(Diagnostic::error(&code::MISPLACED, span, message, "").help("use it in the step itself"));
            }
            let kind = super::super::program::StmtKind::NeedSecret(u32::try_from(secret).unwrap_or(u32::MAX));
            self.before.push(super::super::program::Stmt { kind, span });
        }
        Meaning::Value(Expr { kind: ExprKind::Global(global), span }, ty)
    }

    /// The nearest thing that has a name here.
    pub(super) fn nearest(&self, name: &str) -> Option<String> {
        let symbols = &self.declared.symbols[self.module];
        let visible = self.names.visible().map(AsRef::as_ref).chain(symbols.keys().map(AsRef::as_ref));
        let builtin = functions::all().filter(|function| !function.method).map(|function| function.name);
        let native = self.declared.registry.iter().map(|action| action.name);
        let words = ["env", "run", "null", "true", "false"];
        let families =
            self.declared.registry.iter().filter_map(|action| action.name.split_once('.')).map(|(family, _)| family);
        did_you_mean(name, visible.chain(families).chain(builtin).chain(native).chain(words)).map(str::to_owned)
    }

    fn member(&mut self, object: &tree::Expr, name: &tree::Ident, optional: bool, span: Span) -> (Expr, Type) {
        if let tree::ExprKind::Name(whole) = &object.kind
            && self.names.find(whole).is_none()
        {
            match &**whole {
                "run" => return self.run_field(name, span),
                "env" if self.declared.env.is_some() => {
                    let guarded = std::mem::take(&mut self.guarded) || optional;
                    let ty = if guarded && self.declared.only_some_have(&name.name) {
                        Type::Any
                    } else {
                        self.declared.env_key(name).unwrap_or_else(|diagnostic| {
                            if let Some(diagnostic) = diagnostic {
                                self.report(*diagnostic);
                            }
                            Type::Any
                        })
                    };
                    let (object, _) = self.name(whole, object.span);
                    self.guarded = false;
                    return (member_of(object, name, optional, span), ty);
                }
                "environments" if self.declared.env.is_some() => {
                    let names = self.declared.environments.names();
                    if !names.contains(&&*name.name) {
                        let help = format!("there are: {}", names.join(", "));
                        let message = format!("there is no environment `{}`", name.name);
                        self.report(Diagnostic::error(&code::ENVIRONMENT, name.span, message, "").help(help));
                    }
                    let (object, _) = self.name(whole, object.span);
                    return (member_of(object, name, optional, span), Type::any_record());
                }
                _ => {}
            }
            if let Some(Symbol::Module(module)) = self.declared.symbols[self.module].get(whole).copied() {
                return self.module_member(module, whole, name, span);
            }
        }
        self.guarded |= optional;
        let (value, ty) = self.expr(object);
        self.guarded = false;
        let base = if optional { ty.required() } else { ty.clone() };
        if let Type::Optional(_) = &base {
            let message = format!("this may be null, and null has no `{}`", name.name);
            let help = format!("write `?.{}`, or `?? …` to say what it is then", name.name);
            self.report(Diagnostic::error(&code::UNBOUND, name.span, message, format!("{ty}")).help(help));
            return (member_of(value, name, optional, span), Type::Any);
        }
        let mut part = match member_type(&base, &name.name) {
            Ok(part) => part,
            Err((message, help)) => {
                let mut diagnostic = Diagnostic::error(&code::UNKNOWN_MEMBER, name.span, message, "");
                diagnostic.help = help;
                self.report(diagnostic);
                Type::Any
            }
        };
        if optional && matches!(ty, Type::Optional(_)) {
            part = part.optional();
        }
        (member_of(value, name, optional, span), part)
    }

    fn module_member(&mut self, module: usize, whole: &str, name: &tree::Ident, span: Span) -> (Expr, Type) {
        match self.declared.symbols[module].get(&name.name).copied() {
            Some(Symbol::Global(global)) => match self.global(global, span) {
                Meaning::Value(value, ty) => (value, ty),
                _ => (Expr::null(span), Type::Any),
            },
            Some(_) => {
                let message = format!("`{whole}.{}` is no value", name.name);
                self.report(
                    Diagnostic::error(&code::WRONG_ARGUMENT, span, message, "")
                        .help(format!("call it: {whole}.{}(…)", name.name)),
                );
                (Expr::null(span), Type::Any)
            }
            None => {
                self.unknown_in_module(module, whole, name);
                (Expr::null(span), Type::Any)
            }
        }
    }

    pub(super) fn unknown_in_module(&mut self, module: usize, whole: &str, name: &tree::Ident) {
        let known: Vec<&str> = self.declared.symbols[module].keys().map(AsRef::as_ref).collect();
        let help = match did_you_mean(&name.name, known.iter().copied()) {
            Some(near) => format!("did you mean `{whole}.{near}`?"),
            None => {
                let mut known = known;
                known.sort_unstable();
                format!("it has: {}", known.join(", "))
            }
        };
        let message = format!("module `{whole}` has no `{}`", name.name);
        self.report(Diagnostic::error(&code::UNKNOWN_NAME, name.span, message, "").help(help));
    }

    fn run_field(&mut self, name: &tree::Ident, span: Span) -> (Expr, Type) {
        let (field, ty) = match &*name.name {
            "id" => (RunField::Id, Type::String),
            "dir" => (RunField::Dir, Type::String),
            "actor" => (RunField::Actor, Type::String),
            "started" => (RunField::Started, Type::Instant),
            "elapsed" => (RunField::Elapsed, Type::Duration),
            "attempt" => (RunField::Attempt, Type::Int),
            other => {
                let known = ["id", "dir", "actor", "started", "elapsed", "attempt"];
                let help = match did_you_mean(other, known) {
                    Some(near) => format!("did you mean `run.{near}`?"),
                    None => format!("it has: {}", known.join(", ")),
                };
                let message = format!("`run` has no `{other}`");
                self.report(Diagnostic::error(&code::UNKNOWN_MEMBER, name.span, message, "").help(help));
                return (Expr::null(span), Type::Any);
            }
        };
        self.looks_at_run(&format!("`run.{}`", name.name), span);
        (Expr { kind: ExprKind::Run(field), span }, ty)
    }
}

fn member_of(object: Expr, name: &tree::Ident, optional: bool, span: Span) -> Expr {
    let kind =
        ExprKind::Member { object: Box::new(object), name: Arc::clone(&name.name), name_span: name.span, optional };
    Expr { kind, span }
}
