//! Calls: of builtins, functions, methods, and of actions, which become statements of their own.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::declare::{NativeForm, ParamForm};
use super::super::names::Symbol;
use super::super::program::{Act, Callee, Source, Stmt, StmtKind};
use super::super::types::methods_of;
use super::expr::Meaning;
use super::sql::takes_statements;
use super::{Lower, a};
use crate::catalog::{Action, Effect, Param};
use crate::diag::{Diagnostic, code, did_you_mean};
use crate::eval::expr::Argument;
use crate::eval::{Expr, ExprKind};
use crate::functions::{self, Function};
use crate::source::Span;
use crate::syntax::{self, tree};
use crate::value::Type;

impl Lower<'_, '_, '_> {
    pub(super) fn call(&mut self, callee: &tree::Expr, args: &[tree::Arg], span: Span) -> (Expr, Type) {
        match &callee.kind {
            tree::ExprKind::Name(name) => self.call_name(name, callee.span, args, span),
            tree::ExprKind::Member { object, name, optional } => {
                if let tree::ExprKind::Name(whole) = &object.kind
                    && self.names.find(whole).is_none()
                {
                    if let Some(Symbol::Module(module)) = self.declared.symbols[self.module].get(whole).copied() {
                        return match self.declared.symbols[module].get(&name.name).copied() {
                            Some(symbol) => self.call_symbol(symbol, &name.name, args, span),
                            None => {
                                self.unknown_in_module(module, whole, name);
                                self.skip_args(args, span)
                            }
                        };
                    }
                    let full = format!("{whole}.{}", name.name);
                    if let Some(action) = self.declared.registry.find(&full) {
                        return self.call_native(action, args, span);
                    }
                    if self.declared.registry.has_module(whole) {
                        let names = self.declared.registry.iter().map(|action| action.name);
                        let help = match did_you_mean(&full, names) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => format!("`rbk doc {whole}` lists what there is"),
                        };
                        let message = format!("there is no action `{full}`");
                        self.report(Diagnostic::error(&code::UNKNOWN_NAME, callee.span, message, "").help(help));
                        return self.skip_args(args, span);
                    }
                }
                self.call_method(object, name, *optional, args, span)
            }
            tree::ExprKind::Error => self.skip_args(args, span),
            _ => {
                let message = "this is no function or action that could be called";
                self.report(Diagnostic::error(&code::WRONG_ARGUMENT, callee.span, message, ""));
                self.skip_args(args, span)
            }
        }
    }

    /// The arguments of something that does not exist are still read, for their own mistakes.
    fn skip_args(&mut self, args: &[tree::Arg], span: Span) -> (Expr, Type) {
        for arg in args {
            if !matches!(arg.value.kind, tree::ExprKind::Lambda { .. }) {
                self.expr(&arg.value);
            }
        }
        (Expr::null(span), Type::Any)
    }

    fn call_name(&mut self, name: &Arc<str>, name_span: Span, args: &[tree::Arg], span: Span) -> (Expr, Type) {
        match self.meaning(name, name_span) {
            Meaning::Symbol(symbol) => self.call_symbol(symbol, name, args, span),
            Meaning::Value(_, ty) => {
                let message = format!("`{name}` is {}, and cannot be called", a(&ty));
                self.report(
                    Diagnostic::error(&code::WRONG_ARGUMENT, name_span, message, "")
                        .help(format!("write `{name}` alone, or declare what is called: fn {name}(…) = …")),
                );
                self.skip_args(args, span)
            }
            Meaning::Run | Meaning::Unknown => {
                if let Some(action) = self.declared.registry.find(name) {
                    return self.call_native(action, args, span);
                }
                if let Some(function) = functions::find(name) {
                    return self.call_builtin(function, Vec::new(), Vec::new(), args, span);
                }
                if &**name == "raw" {
                    let message = "`raw(…)` stands only in a command, or where a command is given";
                    let help = "leave out `raw`: nothing is quoted here";
                    self.report(Diagnostic::error(&code::WRONG_ARGUMENT, name_span, message, "").help(help));
                } else if self.declared.registry.has_module(name) || self.names.gone.contains_key(name) {
                    self.unknown_name(name, name_span);
                } else {
                    let message = format!("there is no action or function `{name}`");
                    let mut diagnostic = Diagnostic::error(&code::UNKNOWN_NAME, name_span, message, "");
                    diagnostic.help = Some(match self.nearest(name) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("for a program of that name write it as a command: $ {name} …"),
                    });
                    self.report(diagnostic);
                }
                self.skip_args(args, span)
            }
        }
    }

    fn call_symbol(&mut self, symbol: Symbol, name: &Arc<str>, args: &[tree::Arg], span: Span) -> (Expr, Type) {
        match symbol {
            Symbol::Action(index) => self.call_action(index, args, span),
            Symbol::Function(index) => {
                let forms = self.declared.functions[index as usize].1.clone();
                let args = self.arguments(name, &forms, args, span);
                let ty = self.returned_by(index, span);
                (Expr { kind: ExprKind::UserFn { function: index, args }, span }, ty)
            }
            Symbol::Check(_) => {
                let message = format!("`{name}` is a check, and stands on a line of its own");
                let help = format!("check {name}(…), or let ok = check {name}(…)");
                self.report(Diagnostic::error(&code::WRONG_ARGUMENT, span, message, "").help(help));
                self.skip_args(args, span)
            }
            Symbol::Module(_) | Symbol::Global(_) => {
                let message = format!("`{name}` is no function or action that could be called");
                self.report(Diagnostic::error(&code::WRONG_ARGUMENT, span, message, ""));
                self.skip_args(args, span)
            }
        }
    }

    fn call_action(&mut self, index: u32, args: &[tree::Arg], span: Span) -> (Expr, Type) {
        let form = Arc::clone(&self.declared.actions[index as usize]);
        let values = self.arguments(&form.name, &form.params, args, span);
        let from = Source::User(Arc::clone(&form.name));
        self.hoist(Callee::User(index, values), form.effect, form.returns.clone(), from, &form.name, span)
    }

    fn call_native(&mut self, action: &'static Action, args: &[tree::Arg], span: Span) -> (Expr, Type) {
        let native = kept_form(action);
        let values = self.arguments(action.name, &native.params, args, span);
        let returns = native.returns.clone();
        let effect = self.effect_of_statements(action, &values);
        self.hoist(Callee::Native(action, values), effect, returns, Source::Action(action), action.name, span)
    }

    /// Puts a call before the statement, and its result in the expression's place.
    pub(super) fn hoist(
        &mut self,
        callee: Callee,
        effect: Effect,
        ty: Type,
        from: Source,
        name: &str,
        span: Span,
    ) -> (Expr, Type) {
        if let Some(what) = self.pure_only {
            let message = format!("`{name}` asks the world something, and {what} only computes");
            let help = "call it in a step or check, bind the result with `let`, and use the name here";
            self.report(Diagnostic::error(&code::MISPLACED, span, message, "").help(help));
            return (Expr::null(span), Type::Any);
        }
        if let Some(what) = self.no_calls {
            let source = self.source(span);
            let message = format!("`{name}` is an action, and under {what} it would run only sometimes");
            let help = format!("bind it first: let value = {source}");
            self.report(Diagnostic::error(&code::BIND_FIRST, span, message, "").help(help));
            return (Expr::null(span), Type::Any);
        }
        self.happens(effect, format_args!("`{name}`"), span);
        let slot = self.names.temporary(ty.clone(), span, Some(from));
        let act = Act { callee, slot: Some(slot), effect, secret: false, span };
        self.before.push(Stmt { kind: StmtKind::Act(Box::new(act)), span });
        (Expr { kind: ExprKind::Slot(slot), span }, ty)
    }

    /// One value for each parameter: those given by place, by name, and the defaults.
    pub(super) fn arguments(&mut self, name: &str, forms: &[ParamForm], args: &[tree::Arg], span: Span) -> Vec<Expr> {
        let mut values: Vec<Option<Expr>> = vec![None; forms.len()];
        let mut next = 0;
        for arg in args {
            let at = match &arg.name {
                Some(given) => match forms.iter().position(|form| form.name == given.name) {
                    Some(at) => at,
                    None => {
                        let names = forms.iter().map(|form| &*form.name);
                        let help = match did_you_mean(&given.name, names) {
                            Some(near) => format!("did you mean `{near}:`?"),
                            None => takes(name, forms),
                        };
                        let message = format!("`{name}` has no parameter `{}`", given.name);
                        self.report(Diagnostic::error(&code::WRONG_ARGUMENT, given.span, message, "").help(help));
                        self.expr(&arg.value);
                        continue;
                    }
                },
                None => {
                    next += 1;
                    next - 1
                }
            };
            let Some(form) = forms.get(at) else {
                let message = format!("`{name}` takes {}", count(forms.len()));
                self.report(
                    Diagnostic::error(&code::WRONG_ARGUMENT, arg.value.span, message, "one too many")
                        .help(takes(name, forms)),
                );
                self.expr(&arg.value);
                continue;
            };
            if values[at].is_some() {
                let message = format!("parameter `{}` of `{name}` is given twice", form.name);
                self.report(
                    Diagnostic::error(&code::WRONG_ARGUMENT, arg.value.span, message, "here again")
                        .help("keep one of them"),
                );
                continue;
            }
            values[at] = Some(self.argument(&arg.value, &form.ty, &form.name, name));
        }
        let missing: Vec<&str> = forms
            .iter()
            .zip(&values)
            .filter(|(form, value)| value.is_none() && !form.optional)
            .map(|(form, _)| &*form.name)
            .collect();
        if !missing.is_empty() {
            let message = format!("`{name}` needs `{}`", missing.join("`, `"));
            self.report(Diagnostic::error(&code::WRONG_ARGUMENT, span, message, "").help(takes(name, forms)));
        }
        let defaults = forms.iter().map(|form| form.default.clone().unwrap_or_else(|| Expr::null(span)));
        values.into_iter().zip(defaults).map(|(value, default)| value.unwrap_or(default)).collect()
    }

    /// A value for a parameter: what a literal interpolates into a command or an address is escaped there.
    fn argument(&mut self, value: &tree::Expr, ty: &Type, param: &str, of: &str) -> Expr {
        match (&value.kind, ty) {
            (tree::ExprKind::Str(literal), Type::Url) => self.address(literal).0,
            (_, Type::Command) => self.command_argument(value),
            _ if takes_statements(ty) => self.statement_argument(value, ty, param, of),
            _ => {
                let (lowered, given) = self.expr(value);
                // No action has a blank in its name: this says where commands run, in arguments of a process.
                if of.starts_with("on ") && given.is_secret() {
                    let message = format!("a secret in `{of}(…)` can be read by every user of the machine");
                    let help =
                        "name the place by what is no secret, and give the secret to its commands: with NAME = …";
                    self.report(
                        Diagnostic::error(&code::SECRET_EXPOSED, value.span, message, format!("{given}")).help(help),
                    );
                    return lowered;
                }
                self.must_fit(&given, ty, value.span, format_args!("`{param}` of `{of}`"));
                lowered
            }
        }
    }

    fn call_method(
        &mut self,
        object: &tree::Expr,
        name: &tree::Ident,
        optional: bool,
        args: &[tree::Arg],
        span: Span,
    ) -> (Expr, Type) {
        if let tree::ExprKind::Name(whole) = &object.kind
            && matches!(self.meaning_of(whole, object.span), Meaning::Unknown)
        {
            // What it would be asked for is not known either.
            self.unknown_name(whole, object.span);
            return self.skip_args(args, span);
        }
        self.guarded |= optional;
        let told = self.declared.diagnostics.len();
        let (value, ty) = self.expr(object);
        self.guarded = false;
        if self.declared.diagnostics.len() > told
            && matches!(ty, Type::Any)
            && functions::find_method(&name.name).is_none()
        {
            // What it is called on is unknown already.
            return (Expr::null(span), Type::Any);
        }
        let Some(method) = functions::find_method(&name.name) else {
            let methods = functions::all().filter(|function| function.method).map(|function| function.name);
            let mut diagnostic = Diagnostic::error(
                &code::UNKNOWN_MEMBER,
                name.span,
                format!("there is no method `.{}()`", name.name),
                "",
            );
            diagnostic.help = did_you_mean(&name.name, methods)
                .map(|near| format!("did you mean `.{near}()`?"))
                .or_else(|| methods_of(&ty));
            self.report(diagnostic);
            return self.skip_args(args, span);
        };
        if let Type::Optional(_) = &ty
            && !optional
        {
            let message = format!("this may be null, and null has no `.{}`", name.name);
            let help = "say what it is then: `(… ?? …)`".to_owned();
            self.report(Diagnostic::error(&code::UNBOUND, object.span, message, format!("{ty}")).help(help));
        }
        let receiver = ty.required();
        if let Some(wanted) = method.params.first().and_then(|param| Type::read(param.ty, &|_| None))
            && !receiver.fits(&wanted)
            && !(matches!(wanted, Type::List(_)) && matches!(receiver, Type::Record(_)))
        {
            let message = format!("`.{}` works on {}, and this is {}", name.name, a(&wanted), a(&receiver));
            let mut diagnostic = Diagnostic::error(&code::WRONG_TYPE, object.span, message, format!("{receiver}"));
            diagnostic.help = methods_of(&receiver);
            self.report(diagnostic);
        }
        if optional {
            // `a?.trim()` is null when `a` is: the evaluator has it as an `if`.
            let call = self.call_builtin(method, vec![Argument::Value(value.clone())], vec![receiver], args, span);
            let is_null = Expr {
                kind: ExprKind::Binary(
                    tree::BinaryOp::Equal,
                    name.span,
                    Box::new(value),
                    Box::new(Expr::null(name.span)),
                ),
                span,
            };
            let kind = ExprKind::If {
                condition: Box::new(is_null),
                then: Box::new(Expr::null(span)),
                otherwise: Box::new(call.0),
            };
            return (Expr { kind, span }, call.1.optional());
        }
        self.call_builtin(method, vec![Argument::Value(value)], vec![receiver], args, span)
    }

    fn call_builtin(
        &mut self,
        function: &'static Function,
        mut lowered: Vec<Argument>,
        mut types: Vec<Type>,
        args: &[tree::Arg],
        span: Span,
    ) -> (Expr, Type) {
        let shown = if function.method { format!(".{}", function.name) } else { function.name.to_owned() };
        for arg in args {
            let at = match &arg.name {
                Some(name) => function.params.iter().position(|param| *param.name == *name.name),
                None => Some(lowered.len()),
            };
            let Some(param) = at.filter(|at| *at == lowered.len()).and_then(|at| function.params.get(at)) else {
                let params: Vec<&str> = function.params.iter().map(|param| param.name).collect();
                let message =
                    format!("`{shown}` takes {}", count(function.params.len() - usize::from(function.method)));
                let help = format!("it takes, in this order: {}", params[usize::from(function.method)..].join(", "));
                self.report(Diagnostic::error(&code::WRONG_ARGUMENT, arg.value.span, message, "").help(help));
                return (Expr::null(span), Type::Any);
            };
            if param.ty == "fn" {
                lowered.push(self.function_argument(&arg.value, types.first(), &shown));
                types.push(Type::Any);
                continue;
            }
            let (value, ty) = self.expr(&arg.value);
            if let Some(wanted) = Type::read(param.ty, &|_| None) {
                self.must_fit(&ty, &wanted, arg.value.span, format_args!("`{}` of `{shown}`", param.name));
            }
            lowered.push(Argument::Value(value));
            types.push(ty);
        }
        let missing: Vec<&str> = function
            .params
            .iter()
            .skip(lowered.len())
            .filter(|param| !param.optional)
            .map(|param| param.name)
            .collect();
        if !missing.is_empty() {
            let message = format!("`{shown}` needs `{}`", missing.join("`, `"));
            let help = format!("`rbk doc {}` shows examples", function.name);
            self.report(Diagnostic::error(&code::WRONG_ARGUMENT, span, message, "").help(help));
            return (Expr::null(span), Type::Any);
        }
        let mut ty = functions::return_type(function, &types).unwrap_or(Type::Any);
        let hides = function.name != "public" && !matches!(ty, Type::Bool | Type::Int);
        if hides && types.iter().any(Type::is_secret) && !ty.is_secret() {
            ty = ty.secret();
        }
        (Expr { kind: ExprKind::Call { function, args: lowered }, span }, ty)
    }

    /// `x => …`, or the name of a function.
    fn function_argument(&mut self, value: &tree::Expr, receiver: Option<&Type>, of: &str) -> Argument {
        let item = match receiver {
            Some(Type::List(item)) => (**item).clone(),
            _ => Type::Any,
        };
        let (params, body) = match &value.kind {
            tree::ExprKind::Lambda { params, body } => (params.as_slice(), body),
            tree::ExprKind::Name(name) if self.names.find(name).is_none() => {
                if let Some(Symbol::Function(index)) = self.declared.symbols[self.module].get(name).copied() {
                    let slot = self.names.temporary(item, value.span, None);
                    let arg = Expr { kind: ExprKind::Slot(slot), span: value.span };
                    let kind = ExprKind::UserFn { function: index, args: vec![arg] };
                    return Argument::Lambda { params: vec![slot], body: Box::new(Expr { kind, span: value.span }) };
                }
                self.no_function(value.span, of);
                return Argument::Value(Expr::null(value.span));
            }
            _ => {
                self.no_function(value.span, of);
                return Argument::Value(Expr::null(value.span));
            }
        };
        self.names.push();
        let mut slots = Vec::new();
        for (at, param) in params.iter().enumerate() {
            let ty = if at == 0 { item.clone() } else { Type::Any };
            slots.extend(self.names.bind_parameter(&param.name, ty, param.span));
        }
        let outer = self.no_calls.replace("`=>`");
        let (body, _) = self.expr(body);
        self.no_calls = outer;
        self.names.pop("this function");
        Argument::Lambda { params: slots, body: Box::new(body) }
    }

    fn no_function(&mut self, span: Span, of: &str) {
        let message = format!("`{of}` wants a function here");
        self.report(Diagnostic::error(&code::WRONG_ARGUMENT, span, message, "").help("write one: x => x.name"));
    }
}

/// The form of a native action, read once on each thread: it is the same in every file.
fn kept_form(action: &'static Action) -> Arc<NativeForm> {
    thread_local! {
        static FORMS: RefCell<HashMap<*const Action, Arc<NativeForm>>> = RefCell::default();
    }
    FORMS.with_borrow_mut(|forms| Arc::clone(forms.entry(action).or_insert_with(|| Arc::new(native_form(action)))))
}

/// A native action as its calls are checked. Its types and defaults are texts of the language.
fn native_form(action: &'static Action) -> NativeForm {
    let params = param_forms(action.params);
    NativeForm { params, returns: Type::read(action.returns, &|_| None).unwrap_or(Type::Any) }
}

/// Parameters as calls are checked.
pub(super) fn param_forms(params: &[Param]) -> Vec<ParamForm> {
    let form = |param: &Param| ParamForm {
        name: Arc::from(param.name),
        ty: Type::read(param.ty, &|_| None).unwrap_or(Type::Any),
        default: param.default.map(constant),
        optional: param.default.is_some(),
    };
    params.iter().map(form).collect()
}

/// A default of a native action: a literal, or a list of literals.
fn constant(text: &str) -> Expr {
    let (expr, _) = syntax::parse_expr(crate::source::FileId(u32::MAX), text);
    literal(&expr)
}

fn literal(expr: &tree::Expr) -> Expr {
    use crate::value::Value;
    let value = match &expr.kind {
        tree::ExprKind::Bool(value) => Value::Bool(*value),
        tree::ExprKind::Int(value) => Value::Int(*value),
        tree::ExprKind::Float(value) => Value::Float(*value),
        tree::ExprKind::Duration(value) => Value::Duration(*value),
        tree::ExprKind::Size(value) => Value::Size(*value),
        tree::ExprKind::Percent(value) => Value::Percent(*value),
        tree::ExprKind::Str(literal) => Value::str(literal.as_plain().unwrap_or_default()),
        tree::ExprKind::List(items) => {
            return Expr { kind: ExprKind::List(items.iter().map(literal).collect()), span: expr.span };
        }
        _ => Value::Null,
    };
    Expr { kind: ExprKind::Const(value), span: expr.span }
}

fn count(n: usize) -> String {
    match n {
        0 => "no arguments".to_owned(),
        1 => "one argument".to_owned(),
        n => format!("{n} arguments"),
    }
}

fn takes(name: &str, forms: &[ParamForm]) -> String {
    let params = forms.iter().map(|form| format!("{}{}: {}", form.name, if form.optional { "?" } else { "" }, form.ty));
    format!("it is {name}({})", params.collect::<Vec<_>>().join(", "))
}
