//! Puts the program together: every declaration lowered in the order in which it is computed, then the story.

use std::sync::Arc;

use super::declare::Declared;
use super::lower::Lower;
use super::names::{FrameNames, Symbol};
use super::program::{
    Block, Environment, Finally, Header, NameInfo, Param, Program, SecretDecl, SecretSource, UserAction, UserCheck,
};
use crate::diag::{Diagnostic, code};
use crate::eval::Expr;
use crate::eval::expr::{GlobalId, UserFunction};
use crate::source::Span;
use crate::syntax::tree::{self, StmtKind};
use crate::value::Type;
use crate::value::pattern::regex;

/// What a runbook is besides its story.
pub(super) struct Declarations {
    lets: Vec<(GlobalId, Expr)>,
    secrets: Vec<SecretDecl>,
    pub(super) actions: Vec<Arc<UserAction>>,
    pub(super) checks: Vec<Arc<UserCheck>>,
    params: Vec<Param>,
    environments: Vec<Environment>,
}

/// What runs, and the names that it binds.
#[derive(Default)]
pub(super) struct Story {
    pub(super) header: Header,
    pub(super) body: Block,
    pub(super) finally: Option<Finally>,
    pub(super) frame: Vec<NameInfo>,
}

impl Declared<'_> {
    /// Lowers everything: declarations first, then the story.
    pub(super) fn program(&mut self) -> Program {
        let modules = self.modules;
        let mut declarations = self.declarations();
        self.bodies(&mut declarations);
        let mut names = FrameNames::new();
        let mut lower = Lower::new(self, modules.main(), &mut names);
        let (header, body, finally) = lower.story(&modules.all[modules.main()].tree);
        self.misspelt_flags();
        self.assembled(declarations, Story { header, body, finally, frame: names.infos })
    }

    /// All that is declared, but for the bodies of actions and checks.
    pub(super) fn declarations(&mut self) -> Declarations {
        let modules = self.modules;
        let main = modules.main();
        let mut lets = Vec::new();
        let mut secrets = Vec::new();
        let mut params = Vec::new();
        // Environments first: their keys and types are what everything else is checked against.
        let environments = self.lower_environments();
        // In the order in which they are computed when a run begins.
        self.computed.extend(self.env.iter().map(|places| places.all));
        for stmt in &modules.all[main].tree.body {
            if let StmtKind::Param(param) = &stmt.kind {
                let param = self.lower_param(main, param, stmt.span);
                self.computed.insert(param.global);
                params.push(param);
            }
        }
        for (index, module) in modules.all.iter().enumerate() {
            for stmt in &module.tree.body {
                match &stmt.kind {
                    StmtKind::Let(binding) => lets.extend(self.lower_let(index, binding, stmt.span)),
                    StmtKind::Fn(function) => self.lower_function(index, function),
                    _ => {}
                }
            }
        }
        for (index, module) in modules.all.iter().enumerate() {
            for stmt in &module.tree.body {
                if let StmtKind::Secret(secret) = &stmt.kind {
                    secrets.push(self.lower_secret(index, secret, stmt.span));
                }
            }
        }
        Declarations { lets, secrets, actions: Vec::new(), checks: Vec::new(), params, environments }
    }

    /// The bodies of actions and checks.
    pub(super) fn bodies(&mut self, declarations: &mut Declarations) {
        for (index, module) in self.modules.all.iter().enumerate() {
            for stmt in &module.tree.body {
                match &stmt.kind {
                    StmtKind::Action(action) => {
                        declarations.actions.push(Arc::new(self.lower_action(index, action)));
                    }
                    StmtKind::CheckDecl(check) => declarations.checks.push(Arc::new(self.lower_check(index, check))),
                    _ => {}
                }
            }
        }
    }

    /// The whole.
    pub(super) fn assembled(&mut self, declarations: Declarations, story: Story) -> Program {
        let modules = self.modules;
        let main = modules.main();
        let Declarations { lets, secrets, actions, checks, params, environments } = declarations;
        let Story { header, body, finally, frame } = story;
        let has_story = !body.body.is_empty();
        let functions = (0..self.functions.len())
            .map(|index| {
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                self.lowered_functions.remove(&index).unwrap_or_else(|| UserFunction {
                    name: Arc::from(""),
                    params: 0,
                    frame_size: 0,
                    body: Expr::null(Span::new(modules.file_id(main), 0, 0)),
                })
            })
            .collect();
        Program {
            sources: Arc::clone(self.sources),
            main: modules.file_id(main),
            header,
            params,
            secrets,
            environments,
            env_globals: self.env,
            lets,
            globals: self.globals.clone(),
            body,
            finally,
            frame,
            actions,
            checks,
            functions,
            called: std::mem::take(&mut self.called),
            has_story,
        }
    }

    fn global_of(&self, module: usize, name: &str) -> GlobalId {
        match self.symbols[module].get(name) {
            Some(Symbol::Global(global)) => *global,
            _ => 0,
        }
    }

    fn lower_param(&mut self, module: usize, param: &tree::Param, span: Span) -> Param {
        let global = self.global_of(module, &param.name.name);
        let ty = self.globals[global as usize].ty.clone();
        let mut names = FrameNames::new();
        let mut lower = Lower::new(self, module, &mut names);
        lower.early = true;
        let default = param.default.as_ref().map(|default| {
            let (expr, given) = lower.pure(default, "a default");
            lower.must_fit(&given, &ty, default.span, "the default");
            expr
        });
        let one_of = param.one_of.as_ref().map(|choices| {
            let (expr, given) = lower.pure(choices, "the choices");
            lower.must_fit(&given, &Type::list(ty.clone()), choices.span, "the choices");
            expr
        });
        let matching = param.matching.as_ref().and_then(|pattern| {
            let text = pattern.as_plain().unwrap_or_default();
            match regex(&text) {
                Ok(_) => Some(text),
                Err(wrong) => {
                    let mut diagnostic = Diagnostic::error(&code::WRONG_ARGUMENT, pattern.span, wrong.message, "");
                    diagnostic.help = wrong.help;
                    lower.report(diagnostic);
                    None
                }
            }
        });
        Param {
            name: Arc::clone(&param.name.name),
            global,
            ty,
            default,
            matching,
            one_of,
            doc: param.doc.clone(),
            span,
        }
    }

    fn lower_let(&mut self, module: usize, binding: &tree::Let, _: Span) -> Option<(GlobalId, Expr)> {
        let global = self.global_of(module, &binding.name.name);
        let tree::Rhs::Expr(value) = &binding.value else {
            let message = "at the top level only values are bound; what touches the world stands in a phase or a step";
            self.report(
                Diagnostic::error(&code::MISPLACED, binding.name.span, message, "")
                    .help("move this line into the phase or step that needs it"),
            );
            return None;
        };
        let wanted = binding.ty.as_ref().map(|ty| self.read_type(ty));
        let mut names = FrameNames::new();
        let mut lower = Lower::new(self, module, &mut names);
        lower.early = true;
        let (expr, ty) = lower.pure(value, "a `let` of the top level");
        if let Some(wanted) = &wanted {
            lower.must_fit(&ty, wanted, value.span, "this value");
        }
        self.computed.insert(global);
        self.globals[global as usize].ty = wanted.unwrap_or(ty);
        Some((global, expr))
    }

    fn lower_function(&mut self, module: usize, function: &tree::FnDecl) {
        let Some(Symbol::Function(index)) = self.symbols[module].get(&function.name.name).copied() else { return };
        let forms = self.functions[index as usize].1.clone();
        let mut names = FrameNames::new();
        for (param, form) in function.params.iter().zip(&forms) {
            let _ = names.bind(&form.name, form.ty.clone(), param.name.span, false);
        }
        self.looks_at_run = false;
        let mut lower = Lower::new(self, module, &mut names);
        let (body, ty) = lower.pure(&function.body, "a function");
        let lowered = UserFunction {
            name: Arc::clone(&function.name.name),
            params: u32::try_from(forms.len()).unwrap_or(u32::MAX),
            frame_size: u32::try_from(names.infos.len()).unwrap_or(u32::MAX),
            body,
        };
        self.lowered_functions.insert(index, lowered);
        if self.looks_at_run {
            self.look_at_run.insert(index);
        }
        self.function_types.insert(index, ty);
    }

    fn lower_secret(&mut self, module: usize, secret: &tree::SecretDecl, span: Span) -> SecretDecl {
        let global = self.global_of(module, &secret.name.name);
        let mut names = FrameNames::new();
        let mut lower = Lower::new(self, module, &mut names);
        let source = match (&*secret.source.name, secret.args.as_slice()) {
            ("command", [arg]) => SecretSource::Command(lower.command_of(&arg.value)),
            (word @ ("env_var" | "file" | "prompt"), [arg]) => {
                let (expr, ty) = lower.pure(&arg.value, "where a secret is read from");
                lower.must_fit(&ty, &Type::String, arg.value.span, "this");
                match word {
                    "env_var" => SecretSource::EnvVar(expr),
                    "file" => SecretSource::File(expr),
                    _ => SecretSource::Prompt(expr),
                }
            }
            _ => {
                let message = format!("a secret cannot be read from `{}`", secret.source.name);
                let help = "one of: env_var(\"NAME\"), file(\"path\"), command(\"…\"), prompt(\"question\")";
                lower.report(Diagnostic::error(&code::WRONG_ARGUMENT, secret.source.span, message, "").help(help));
                SecretSource::EnvVar(Expr::null(secret.source.span))
            }
        };
        SecretDecl { name: Arc::clone(&secret.name.name), global, source, span }
    }

    fn lower_action(&mut self, module: usize, action: &tree::ActionDecl) -> UserAction {
        let index = match self.symbols[module].get(&action.name.name) {
            Some(Symbol::Action(index)) => *index,
            _ => 0,
        };
        let form = Arc::clone(&self.actions[index as usize]);
        let mut names = FrameNames::new();
        for (param, form) in action.params.iter().zip(&form.params) {
            let _ = names.bind(&form.name, form.ty.clone(), param.name.span, false);
        }
        let mut lower = Lower::new(self, module, &mut names);
        let (body, undo, probe) = lower.action_body(action, &form);
        UserAction {
            name: Arc::clone(&form.name),
            effect: form.effect,
            frame: names.infos,
            params: u32::try_from(action.params.len()).unwrap_or(u32::MAX),
            body,
            undo,
            probe,
            doc: action.doc.clone(),
            span: action.name.span,
        }
    }

    fn lower_check(&mut self, module: usize, check: &tree::CheckDecl) -> UserCheck {
        let index = match self.symbols[module].get(&check.name.name) {
            Some(Symbol::Check(index)) => *index,
            _ => 0,
        };
        let forms = self.checks[index as usize].1.clone();
        let mut names = FrameNames::new();
        for (param, form) in check.params.iter().zip(&forms) {
            let _ = names.bind(&form.name, form.ty.clone(), param.name.span, false);
        }
        let mut lower = Lower::new(self, module, &mut names);
        let body = lower.observing(&check.body, "check");
        UserCheck {
            name: Arc::clone(&check.name.name),
            frame: names.infos,
            params: u32::try_from(check.params.len()).unwrap_or(u32::MAX),
            body,
            doc: check.doc.clone(),
            span: check.name.span,
        }
    }
}
