//! `let`, `var`, `=`, and what may stand after them.

use std::sync::Arc;

use super::super::names::Symbol;
use super::super::program::{Act, Block, Source, Stmt, StmtKind, Try};
use super::{Lower, a};
use crate::diag::{Diagnostic, code};
use crate::eval::expr::SlotId;
use crate::eval::{Expr, ExprKind};
use crate::source::Span;
use crate::syntax::tree::{self, Rhs};
use crate::value::Type;

impl Lower<'_, '_, '_> {
    /// `let` and `var`.
    pub(super) fn binding(&mut self, binding: &tree::Let, mutable: bool, span: Span, out: &mut Vec<Stmt>) {
        let wanted = binding.ty.as_ref().map(|ty| self.declared.read_type(ty));
        let value = match &binding.value {
            Rhs::Check(check) => {
                let slot = self.bind(&binding.name, Type::Bool, mutable);
                self.scope_statement(check, Some(slot), out);
                return;
            }
            Rhs::For(each) => {
                let ty = Type::read("list<{ item: any, ok: bool, value: any, error: any }>", &|_| None);
                // The name is seen only after the loop.
                let slot = self.names.temporary(Type::Any, span, None);
                self.loop_with_results(each, slot, out);
                let name = self.bind(&binding.name, ty.unwrap_or(Type::Any), mutable);
                out.push(bind(name, Expr { kind: ExprKind::Slot(slot), span }));
                return;
            }
            Rhs::Expr(_) | Rhs::Command(_) => self.rhs(&binding.value),
        };
        let (expr, mut ty) = value;
        if let Some(wanted) = wanted {
            self.must_fit(&ty, &wanted, expr.span, "this value");
            ty = if ty.is_secret() { wanted.secret() } else { wanted };
        }
        if binding.secret {
            ty = ty.secret();
            if !self.taint_last_call(&expr) {
                let message = "`let secret` takes what an action or a command returns";
                let help = "declare other secrets at the top level: secret name from env_var(\"NAME\")";
                self.report(Diagnostic::error(&code::WRONG_ARGUMENT, binding.name.span, message, "").help(help));
            }
        }
        let slot = self.bind(&binding.name, ty, mutable);
        self.bind_or_retarget(slot, expr, span, out);
    }

    /// `name = …`
    pub(super) fn assignment(&mut self, assign: &tree::Assign, span: Span, out: &mut Vec<Stmt>) {
        let name = &assign.name;
        let (expr, ty) = match &assign.value {
            Rhs::Expr(_) | Rhs::Command(_) => self.rhs(&assign.value),
            Rhs::Check(_) | Rhs::For(_) => {
                let message = "only `let` takes the result of a check or a loop";
                self.report(Diagnostic::error(&code::MISPLACED, name.span, message, ""));
                return;
            }
        };
        let Some(binding) = self.names.find(&name.name).cloned() else {
            let global = match self.declared.symbols[self.module].get(&name.name) {
                Some(Symbol::Global(global)) => Some(self.declared.globals[*global as usize].span),
                _ => None,
            };
            if global.is_some() || matches!(&*name.name, "run" | "env" | "environments") {
                let message = format!("`{}` keeps its value for the whole run", name.name);
                let help = format!("give the new value a name of its own: let other_{} = …", name.name);
                let diagnostic = Diagnostic::error(&code::NOT_ASSIGNABLE, name.span, message, "assigned here");
                let diagnostic = diagnostic.help(help);
                self.report(match global {
                    Some(first) => diagnostic.label(first, "bound here"),
                    None => diagnostic,
                });
                return;
            }
            let message = format!("nothing here is called `{}`", name.name);
            let help = format!("to bind a new name write: let {} = …", name.name);
            self.report(Diagnostic::error(&code::UNKNOWN_NAME, name.span, message, "").help(help));
            return;
        };
        if !binding.mutable {
            let message = format!("`{}` was bound by `let`, and keeps its value", name.name);
            let diagnostic = Diagnostic::error(&code::NOT_ASSIGNABLE, name.span, message, "assigned here");
            let help = format!("bind it by `var {} = …` to change it later", name.name);
            self.report(diagnostic.label(binding.span, "bound here").help(help));
            return;
        }
        if binding.parallel < self.names.parallel {
            let message = format!(
                "`{}` belongs to what is around these parallel branches: they would overwrite each other's value",
                name.name
            );
            let help = "collect the results: let results = for … parallel … { }";
            let diagnostic = Diagnostic::error(&code::NOT_ASSIGNABLE, name.span, message, "assigned here");
            self.report(diagnostic.label(binding.span, "bound here").help(help));
            return;
        }
        let unset = binding.ty == Type::Null;
        if !unset && !ty.fits(&binding.ty) && !binding.ty.fits(&ty) {
            let message = format!("`{}` is {}, and this is {}", name.name, a(&binding.ty), a(&ty));
            let help = self.conversion(&ty, &binding.ty, expr.span);
            let help = help.unwrap_or_else(|| format!("bind a name of its own: let other_{} = …", name.name));
            self.report(Diagnostic::error(&code::WRONG_TYPE, expr.span, message, format!("{ty}")).help(help));
        } else if let Some(known) = self.names.find_mut(&name.name) {
            known.ty = known.ty.join(&ty);
        }
        // What was known of the old value says nothing of the new one.
        let present = !matches!(ty, Type::Null | Type::Optional(_));
        for known in &mut self.names.narrowed {
            known.retain(|path| {
                let own = path.split('.').next() == Some(&*name.name);
                !own || (present && path.len() == name.name.len())
            });
        }
        if present && let Some(known) = self.names.narrowed.last_mut() {
            known.insert(Arc::clone(&name.name));
        }
        self.bind_or_retarget(binding.slot, expr, span, out);
    }

    /// A value after `=`, its calls put before.
    pub(super) fn rhs(&mut self, rhs: &Rhs) -> (Expr, Type) {
        match rhs {
            Rhs::Expr(expr) => self.expr(expr),
            Rhs::Command(command) => {
                let mut act = self.command(command);
                let (ty, from) = Self::command_type();
                let slot = self.names.temporary(ty.clone(), command.span, Some(from));
                act.slot = Some(slot);
                self.before.push(Stmt { kind: StmtKind::Act(Box::new(act)), span: command.span });
                (Expr { kind: ExprKind::Slot(slot), span: command.span }, ty)
            }
            Rhs::Check(_) | Rhs::For(_) => {
                (Expr::null(Span::new(self.declared.modules.file_id(self.module), 0, 0)), Type::Any)
            }
        }
    }

    /// Binds a name of the runbook, or reports that it is bound already.
    pub(super) fn bind(&mut self, name: &tree::Ident, ty: Type, mutable: bool) -> SlotId {
        if matches!(&*name.name, "run" | "env" | "environments") {
            let message = format!("`{}` has a meaning of its own and cannot be bound", name.name);
            self.report(Diagnostic::error(&code::DUPLICATE_NAME, name.span, message, "choose another name"));
            return self.names.temporary(ty, name.span, None);
        }
        if let Some(Symbol::Global(global)) = self.declared.symbols[self.module].get(&name.name) {
            let first = self.declared.globals[*global as usize].span;
            let message = format!("`{}` is bound already, for the whole runbook", name.name);
            let diagnostic = Diagnostic::error(&code::DUPLICATE_NAME, name.span, message, "here again");
            self.report(diagnostic.label(first, "first here").help("choose another name"));
            return self.names.temporary(ty, name.span, None);
        }
        match self.names.bind(&name.name, ty.clone(), name.span, mutable) {
            Ok(slot) => slot,
            Err(first) => {
                let message = format!("`{}` is bound already", name.name);
                let help = format!("choose another name, or bind it by `var {} = …` and assign it", name.name);
                let diagnostic = Diagnostic::error(&code::DUPLICATE_NAME, name.span, message, "here again");
                self.report(diagnostic.label(first, "first here").help(help));
                self.names.temporary(ty, name.span, None)
            }
        }
    }

    /// Where a call's result is bound at once, its own slot becomes the name's.
    fn bind_or_retarget(&mut self, slot: SlotId, expr: Expr, span: Span, out: &mut Vec<Stmt>) {
        out.append(&mut self.before);
        if let ExprKind::Slot(temporary) = expr.kind
            && let Some(Stmt { kind, .. }) = out.last_mut()
        {
            let target = match kind {
                StmtKind::Act(act) => &mut act.slot,
                StmtKind::Try(tried) => &mut tried.slot,
                _ => &mut None,
            };
            let is_temporary = self.names.infos.get(temporary as usize).is_some_and(|info| &*info.name == "$");
            if *target == Some(temporary) && is_temporary {
                *target = Some(slot);
                if let Some(from) = self.names.infos.get(temporary as usize).and_then(|info| info.from.clone()) {
                    self.names.set_source(slot, from);
                }
                if let StmtKind::Try(tried) = kind {
                    retarget(&mut tried.body, temporary, slot);
                    if let Some(otherwise) = &mut tried.otherwise {
                        retarget(otherwise, temporary, slot);
                    }
                }
                return;
            }
        }
        if let Some(whole) = only_slot(&expr)
            && self.names.infos.get(whole as usize).is_some_and(|info| info.from.is_some())
        {
            self.names.set_source(slot, Source::PartOf(whole));
        }
        out.push(Stmt { kind: StmtKind::Bind { slot, value: expr }, span });
    }

    fn taint_last_call(&mut self, expr: &Expr) -> bool {
        let ExprKind::Slot(slot) = expr.kind else { return false };
        match self.before.last_mut().map(|stmt| &mut stmt.kind) {
            Some(StmtKind::Act(act)) if act.slot == Some(slot) => {
                act.secret = true;
                true
            }
            _ => false,
        }
    }

    /// `try EXPR else EXPR`
    pub(super) fn try_expr(&mut self, body: &tree::Expr, otherwise: Option<&tree::Expr>, span: Span) -> (Expr, Type) {
        let outer = std::mem::take(&mut self.before);
        let (value, ty) = self.expr(body);
        let calls = std::mem::replace(&mut self.before, outer);
        let (other_calls, other) = match otherwise {
            Some(otherwise) => {
                let outer = std::mem::take(&mut self.before);
                let (value, ty) = self.expr(otherwise);
                (std::mem::replace(&mut self.before, outer), Some((value, ty)))
            }
            None => (Vec::new(), None),
        };
        let result = match &other {
            Some((_, other)) => ty.join(other),
            None => ty.clone().optional(),
        };
        let has_calls = !calls.is_empty() || !other_calls.is_empty();
        if !has_calls {
            let otherwise = other.map(|(value, _)| Box::new(value));
            return (Expr { kind: ExprKind::Try { body: Box::new(value), otherwise }, span }, result);
        }
        let slot = self.names.temporary(result.clone(), span, None);
        let block = |mut calls: Vec<Stmt>, value: Expr| {
            calls.push(bind(slot, value));
            Block { body: calls, pure: false }
        };
        let otherwise = other.map(|(value, _)| block(other_calls, value));
        let tried = Try { body: block(calls, value), otherwise, slot: Some(slot) };
        self.before.push(Stmt { kind: StmtKind::Try(Box::new(tried)), span });
        (Expr { kind: ExprKind::Slot(slot), span }, result)
    }

    /// A command or an expression on a line of its own.
    pub(super) fn value_statement(&mut self, rhs: &Rhs, span: Span, out: &mut Vec<Stmt>) {
        match rhs {
            Rhs::Command(command) => {
                let act = self.command(command);
                out.append(&mut self.before);
                out.push(Stmt { kind: StmtKind::Act(Box::new(act)), span });
            }
            Rhs::Expr(expr) => {
                let (value, ty) = self.expr(expr);
                let calls = self.before.iter().any(|stmt| matches!(stmt.kind, StmtKind::Act(_) | StmtKind::Try(_)));
                out.append(&mut self.before);
                if !calls && !matches!(expr.kind, tree::ExprKind::Error) && !has_call(expr) {
                    let message = "this computes a value, and nothing becomes of it";
                    let help = match ty {
                        Type::Bool => "to demand that it holds write: assert …",
                        _ => "bind it: let name = …",
                    };
                    self.report(Diagnostic::error(&code::MISPLACED, span, message, "").help(help));
                }
                if let Some(Stmt { kind: StmtKind::Act(act), .. }) = out.last_mut()
                    && matches!(value.kind, ExprKind::Slot(slot) if act.slot == Some(slot))
                {
                    forget_result(act);
                }
            }
            Rhs::Check(check) => self.scope_statement(check, None, out),
            Rhs::For(each) => self.statement(each, out),
        }
    }
}

/// The one name that an expression reads.
fn only_slot(expr: &Expr) -> Option<SlotId> {
    fn collect(expr: &Expr, slots: &mut Vec<SlotId>) {
        match expr.kind {
            ExprKind::Slot(slot) => slots.push(slot),
            _ => expr.for_each_child(&mut |child| collect(child, slots)),
        }
    }
    let mut slots = Vec::new();
    collect(expr, &mut slots);
    match slots.as_slice() {
        [slot] => Some(*slot),
        _ => None,
    }
}

fn forget_result(act: &mut Act) {
    act.slot = None;
}

fn has_call(expr: &tree::Expr) -> bool {
    matches!(expr.kind, tree::ExprKind::Call { .. })
}

/// `slot = value`
pub(super) fn bind(slot: SlotId, value: Expr) -> Stmt {
    let span = value.span;
    Stmt { kind: StmtKind::Bind { slot, value }, span }
}

fn retarget(block: &mut Block, from: SlotId, to: SlotId) {
    if let Some(Stmt { kind: StmtKind::Bind { slot, .. }, .. }) = block.body.last_mut()
        && *slot == from
    {
        *slot = to;
    }
}
