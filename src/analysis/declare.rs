//! What the top level of each file declares, and the order in which it is lowered.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::environments::Environments;
use super::lower::Lower;
use super::modules::Modules;
use super::names::{FrameNames, Symbol};
use super::program::{EnvGlobals, Loader, NameInfo, Param, Program, SecretDecl, SecretSource, UserAction, UserCheck};
use super::types::type_of;
use crate::catalog::{Effect, Registry};
use crate::diag::{Diagnostic, code};
use crate::eval::Expr;
use crate::eval::expr::{GlobalId, UserFunction};
use crate::source::{Sources, Span};
use crate::syntax::tree::{self, EffectWord, StmtKind};
use crate::value::Type;

/// An action's form, known before any body is lowered.
#[derive(Clone)]
pub(super) struct ActionForm {
    pub(super) name: Arc<str>,
    pub(super) params: Vec<ParamForm>,
    pub(super) effect: Effect,
    pub(super) returns: Type,
    pub(super) span: Span,
}

/// A parameter of an action, a check or a function.
#[derive(Clone)]
pub(super) struct ParamForm {
    pub(super) name: Arc<str>,
    pub(super) ty: Type,
    pub(super) default: Option<Expr>,
    pub(super) optional: bool,
}

/// A native action's form, read from its declaration.
pub(super) struct NativeForm {
    pub(super) params: Vec<ParamForm>,
    pub(super) returns: Type,
}

/// Everything declared, and what became of it.
pub(super) struct Declared<'a> {
    pub(super) modules: &'a Modules,
    pub(super) sources: &'a Arc<Sources>,
    pub(super) loader: &'a dyn Loader,
    pub(super) registry: Registry,
    pub(super) callers: &'a mut Vec<PathBuf>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// By module, by name.
    pub(super) symbols: Vec<HashMap<Arc<str>, Symbol>>,
    pub(super) globals: Vec<NameInfo>,
    pub(super) actions: Vec<Arc<ActionForm>>,
    pub(super) checks: Vec<(Arc<str>, Vec<ParamForm>)>,
    pub(super) functions: Vec<(Arc<str>, Vec<ParamForm>)>,
    pub(super) secrets: Vec<(GlobalId, Arc<str>)>,
    pub(super) environments: Environments,
    pub(super) env: Option<EnvGlobals>,
    pub(super) called: Vec<Arc<Program>>,
    pub(super) lowered_functions: HashMap<u32, UserFunction>,
    /// Environment variables set by a `with` around here whose value is a secret.
    pub(super) secret_vars: Vec<Arc<str>>,
    /// What functions return, as far as they have been read: one that calls itself is not known to itself.
    pub(super) function_types: HashMap<u32, Type>,
    /// The native actions met so far.
    pub(super) natives: HashMap<&'static str, Arc<NativeForm>>,
    /// Globals that have a value when what is being lowered is computed.
    pub(super) computed: HashSet<GlobalId>,
}

impl<'a> Declared<'a> {
    pub(super) fn new(
        modules: &'a Modules,
        sources: &'a Arc<Sources>,
        loader: &'a dyn Loader,
        registry: Registry,
        callers: &'a mut Vec<PathBuf>,
    ) -> Self {
        let mut declared = Self {
            modules,
            sources,
            loader,
            registry,
            callers,
            diagnostics: Vec::new(),
            symbols: Vec::new(),
            globals: Vec::new(),
            actions: Vec::new(),
            checks: Vec::new(),
            functions: Vec::new(),
            secrets: Vec::new(),
            environments: Environments::default(),
            env: None,
            called: Vec::new(),
            lowered_functions: HashMap::new(),
            secret_vars: Vec::new(),
            function_types: HashMap::new(),
            natives: HashMap::new(),
            computed: HashSet::new(),
        };
        declared.collect();
        declared
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    fn global(&mut self, name: &Arc<str>, ty: Type, span: Span) -> GlobalId {
        let id = GlobalId::try_from(self.globals.len()).unwrap_or(GlobalId::MAX);
        self.globals.push(NameInfo { name: Arc::clone(name), ty, span, from: None });
        id
    }

    /// Gives every declared name its place.
    fn collect(&mut self) {
        let modules = self.modules;
        for (index, module) in modules.all.iter().enumerate() {
            self.symbols.push(HashMap::new());
            for used in &module.uses {
                match &used.name {
                    Some(name) => self.declare(index, name, Symbol::Module(used.module), used.span),
                    None => {
                        let brought: Vec<_> = self.symbols[used.module]
                            .iter()
                            .filter(|(_, symbol)| !matches!(symbol, Symbol::Module(_)))
                            .map(|(name, symbol)| (Arc::clone(name), *symbol))
                            .collect();
                        for (name, symbol) in brought {
                            self.symbols[index].entry(name).or_insert(symbol);
                        }
                    }
                }
            }
            for stmt in &module.tree.body {
                self.collect_one(index, stmt);
            }
        }
        self.environments.resolve(&mut self.diagnostics);
        if !self.environments.all.is_empty() {
            let span = self.environments.all[0].span;
            let env = self.global(&Arc::from("env"), Type::any_record(), span);
            let all = self.global(&Arc::from("environments"), Type::any_record(), span);
            self.env = Some(EnvGlobals { env, all });
        }
    }

    fn declare(&mut self, module: usize, name: &Arc<str>, symbol: Symbol, span: Span) {
        if ["env", "environments", "run"].contains(&&**name) {
            let message = format!("`{name}` has a meaning of its own and cannot be declared");
            self.report(Diagnostic::error(&code::DUPLICATE_NAME, span, message, "choose another name"));
            return;
        }
        if let Some(known) = self.symbols[module].insert(Arc::clone(name), symbol)
            && known != symbol
        {
            let message = format!("`{name}` is declared twice");
            self.report(
                Diagnostic::error(&code::DUPLICATE_NAME, span, message, "here again")
                    .help("choose another name for one of them"),
            );
        }
    }

    fn collect_one(&mut self, module: usize, stmt: &tree::Stmt) {
        let is_main = module == self.modules.main();
        match &stmt.kind {
            StmtKind::Param(param) => {
                if !is_main {
                    let message = "a file that is used can have no parameters: only the runbook itself is given some";
                    self.report(
                        Diagnostic::error(&code::MISPLACED, stmt.span, message, "")
                            .help("make it a parameter of the actions and checks that need it"),
                    );
                }
                let ty = self.read_type(&param.ty);
                let global = self.global(&param.name.name, ty, param.name.span);
                self.declare(module, &param.name.name, Symbol::Global(global), param.name.span);
            }
            StmtKind::Secret(secret) => {
                let global = self.global(&secret.name.name, Type::String.secret(), secret.name.span);
                self.secrets.push((global, Arc::clone(&secret.name.name)));
                self.declare(module, &secret.name.name, Symbol::Global(global), secret.name.span);
            }
            StmtKind::Let(binding) => {
                let global = self.global(&binding.name.name, Type::Any, binding.name.span);
                self.declare(module, &binding.name.name, Symbol::Global(global), binding.name.span);
            }
            StmtKind::Env(env) => self.environments.add(env, module, stmt.span, &mut self.diagnostics),
            StmtKind::Action(action) => self.collect_action(module, action),
            StmtKind::CheckDecl(check) => {
                let params = self.param_forms(module, &check.params, true);
                let index = u32::try_from(self.checks.len()).unwrap_or(u32::MAX);
                self.checks.push((Arc::clone(&check.name.name), params));
                self.declare(module, &check.name.name, Symbol::Check(index), check.name.span);
            }
            StmtKind::Fn(function) => {
                let params = self.param_forms(module, &function.params, false);
                let index = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
                self.functions.push((Arc::clone(&function.name.name), params));
                self.declare(module, &function.name.name, Symbol::Function(index), function.name.span);
            }
            _ => {}
        }
    }

    fn collect_action(&mut self, module: usize, action: &tree::ActionDecl) {
        let params = self.param_forms(module, &action.params, true);
        let effect = match action.effect {
            Some((EffectWord::Reads, _)) => Effect::Reads,
            Some((EffectWord::Changes, _)) => Effect::Changes,
            Some((EffectWord::Destroys, _)) => Effect::Destroys,
            None => {
                let message = format!("action `{}` does not say what it does to the world", action.name.name);
                let help = format!("write `action {}(…) reads`, `changes` or `destroys`", action.name.name);
                self.report(
                    Diagnostic::error(&code::EFFECT, action.name.span, message, "reads, changes or destroys?")
                        .help(help),
                );
                Effect::Destroys
            }
        };
        let returns = action.returns.as_ref().map_or(Type::Any, |ty| self.read_type(ty));
        let file = self.sources.get(self.modules.file_id(module)).name.clone();
        // People know an action of the library by its module: `cloudrun.deploy`.
        let name: Arc<str> = match file.strip_prefix("std.") {
            Some(path) => format!("{}.{}", path.rsplit('.').next().unwrap_or(path), action.name.name).into(),
            None => Arc::clone(&action.name.name),
        };
        let index = u32::try_from(self.actions.len()).unwrap_or(u32::MAX);
        self.actions.push(Arc::new(ActionForm { name, params, effect, returns, span: action.name.span }));
        self.declare(module, &action.name.name, Symbol::Action(index), action.name.span);
    }

    fn param_forms(&mut self, module: usize, params: &[tree::FnParam], typed: bool) -> Vec<ParamForm> {
        let mut forms = Vec::new();
        for param in params {
            let ty = match &param.ty {
                Some(ty) => self.read_type(ty),
                None => {
                    if typed {
                        let message = format!("parameter `{}` has no type", param.name.name);
                        let help = format!(
                            "write `{}: string`, or int, bool, duration, list<string>, any, …",
                            param.name.name
                        );
                        self.report(Diagnostic::error(&code::WRONG_TYPE, param.name.span, message, "").help(help));
                    }
                    Type::Any
                }
            };
            let default = param.default.as_ref().map(|default| {
                let mut names = FrameNames::new();
                let mut lower = Lower::new(self, module, &mut names);
                let (expr, given) = lower.pure(default, "a default");
                lower.must_fit(&given, &ty, default.span, "the default");
                expr
            });
            let optional = default.is_some();
            forms.push(ParamForm { name: Arc::clone(&param.name.name), ty, default, optional });
        }
        forms
    }

    pub(super) fn read_type(&mut self, ty: &tree::TypeExpr) -> Type {
        match type_of(ty) {
            Ok(ty) => ty,
            Err(diagnostic) => {
                self.report(*diagnostic);
                Type::Any
            }
        }
    }

    /// Lowers everything: declarations first, then the story.
    pub(super) fn program(&mut self) -> Program {
        let modules = self.modules;
        let main = modules.main();
        let mut lets = Vec::new();
        let mut secrets = Vec::new();
        let mut actions = Vec::new();
        let mut checks = Vec::new();
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
                match &stmt.kind {
                    StmtKind::Secret(secret) => secrets.push(self.lower_secret(index, secret, stmt.span)),
                    StmtKind::Action(action) => actions.push(Arc::new(self.lower_action(index, action))),
                    StmtKind::CheckDecl(check) => checks.push(Arc::new(self.lower_check(index, check))),
                    _ => {}
                }
            }
        }
        let mut names = FrameNames::new();
        let mut lower = Lower::new(self, main, &mut names);
        let (header, body, finally) = lower.story(&modules.all[main].tree);
        let has_story = !body.body.is_empty();
        let frame = names.infos;
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
            match regex::Regex::new(&text) {
                Ok(_) => Some(text),
                Err(error) => {
                    let why = error.to_string();
                    let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                    lower.report(Diagnostic::error(
                        &code::WRONG_ARGUMENT,
                        pattern.span,
                        format!("this is no regular expression: {why}"),
                        "",
                    ));
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
        let mut lower = Lower::new(self, module, &mut names);
        let (body, ty) = lower.pure(&function.body, "a function");
        let lowered = UserFunction {
            name: Arc::clone(&function.name.name),
            params: u32::try_from(forms.len()).unwrap_or(u32::MAX),
            frame_size: u32::try_from(names.infos.len()).unwrap_or(u32::MAX),
            body,
        };
        self.lowered_functions.insert(index, lowered);
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
