//! What the top level of each file declares: every name and form, known before any body is lowered.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::environments::Environments;
use super::lower::Lower;
use super::modules::Modules;
use super::names::{FrameNames, Symbol};
use super::program::{EnvGlobals, Loader, NameInfo, Program};
use super::types::type_of;
use crate::catalog::{Effect, Registry};
use crate::diag::{Diagnostic, code};
use crate::eval::Expr;
use crate::eval::expr::{GlobalId, UserFunction};
use crate::source::{Sources, Span};
use crate::syntax::shell::Script;
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
    /// Functions that look at `run`, as far as they have been read.
    pub(super) look_at_run: HashSet<u32>,
    /// What was lowered last looks at `run`.
    pub(super) looks_at_run: bool,
    /// Globals that have a value when what is being lowered is computed.
    pub(super) computed: HashSet<GlobalId>,
    /// Commands as the shell reads them.
    pub(super) scripts: HashMap<Span, Arc<Script>>,
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
            lowered_functions: HashMap::default(),
            secret_vars: Vec::new(),
            function_types: HashMap::default(),
            look_at_run: HashSet::default(),
            looks_at_run: false,
            computed: HashSet::default(),
            scripts: HashMap::default(),
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
        self.globals.push(NameInfo { name: Arc::clone(name), ty, span, from: None, of_function: false });
        id
    }

    /// Gives every declared name its place.
    fn collect(&mut self) {
        let modules = self.modules;
        for (index, module) in modules.all.iter().enumerate() {
            self.symbols.push(HashMap::default());
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
}
