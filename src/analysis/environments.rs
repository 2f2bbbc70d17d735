//! Environments: `extends` resolved, and every one of them checked for what the runbook uses.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::declare::Declared;
use super::lower::{Lower, a};
use super::names::FrameNames;
use super::program::Environment;
use crate::diag::{Diagnostic, code, did_you_mean};
use crate::eval::{Expr, ExprKind};
use crate::source::Span;
use crate::syntax::tree;
use crate::value::{Type, Value};

/// All environments of a program, in order.
#[derive(Default)]
pub(super) struct Environments {
    pub(super) all: Vec<DeclaredEnv>,
    /// Keys that are missing somewhere and were told of.
    told: Vec<Arc<str>>,
    /// Keys that the runbook uses.
    used: HashSet<Arc<str>>,
}

/// One environment.
pub(super) struct DeclaredEnv {
    pub(super) name: Arc<str>,
    extends: Option<tree::Ident>,
    entries: Vec<tree::Entry>,
    pub(super) span: Span,
    module: usize,
    /// Its own and inherited keys, with the types of their values.
    pub(super) keys: Vec<(Arc<str>, Type)>,
}

impl Environments {
    pub(super) fn add(&mut self, env: &tree::EnvDecl, module: usize, span: Span, out: &mut Vec<Diagnostic>) {
        let name = &env.name.name;
        if self.all.iter().any(|other| other.name == *name) {
            let message = format!("environment `{name}` is declared twice");
            out.push(
                Diagnostic::error(&code::ENVIRONMENT, env.name.span, message, "here again")
                    .help("put the settings of both into one, or give one of them another name"),
            );
            return;
        }
        self.all.push(DeclaredEnv {
            name: Arc::clone(name),
            extends: env.extends.clone(),
            entries: env.entries.clone(),
            span: env.name.span,
            module,
            keys: Vec::new(),
        });
        let _ = span;
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|env| &*env.name == name)
    }

    /// Checks that what is extended exists, and that nothing extends itself.
    pub(super) fn resolve(&mut self, out: &mut Vec<Diagnostic>) {
        for at in 0..self.all.len() {
            let Some(extends) = self.all[at].extends.clone() else { continue };
            if self.find(&extends.name).is_none() {
                let names = self.all.iter().map(|env| &*env.name);
                let help = did_you_mean(&extends.name, names).map_or_else(
                    || format!("declare it: env {} {{ … }}, or leave out `extends`", extends.name),
                    |near| format!("did you mean `{near}`?"),
                );
                let message = format!("there is no environment `{}` to extend", extends.name);
                let mut diagnostic = Diagnostic::error(&code::ENVIRONMENT, extends.span, message, "");
                diagnostic.help = Some(help);
                out.push(diagnostic);
                self.all[at].extends = None;
            } else if self.chain(at).is_none() {
                let message = format!("environment `{}` extends itself in a circle", self.all[at].name);
                out.push(
                    Diagnostic::error(&code::ENVIRONMENT, extends.span, message, "this closes the circle")
                        .help(format!("leave out `extends {}`", extends.name)),
                );
                self.all[at].extends = None;
            }
        }
    }

    /// The environment and those it extends, itself first; `None` if they form a circle.
    fn chain(&self, at: usize) -> Option<Vec<usize>> {
        let mut chain = vec![at];
        let mut last = at;
        while let Some(extends) = &self.all[last].extends {
            let Some(next) = self.find(&extends.name) else { break };
            if chain.contains(&next) {
                return None;
            }
            chain.push(next);
            last = next;
        }
        Some(chain)
    }

    /// Settings that an environment gives twice.
    fn duplicates(&self, at: usize, out: &mut Vec<Diagnostic>) {
        let entries = &self.all[at].entries;
        for (index, entry) in entries.iter().enumerate() {
            if let Some(first) = entries[..index].iter().find(|other| other.key.name == entry.key.name) {
                let message = format!("environment `{}` says `{}` twice", self.all[at].name, entry.key.name);
                let diagnostic = Diagnostic::error(&code::DUPLICATE_NAME, entry.key.span, message, "here again");
                out.push(diagnostic.label(first.key.span, "first here").help("keep one of them"));
            }
        }
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.all.iter().map(|env| &*env.name).collect()
    }
}

/// The settings that rbk itself reads. Every environment has them.
const FLAGS: [&str; 2] = [Environment::PROTECTED, Environment::FOUR_EYES];

impl Declared<'_> {
    /// Lowers the settings of every environment, inherited ones included.
    pub(super) fn lower_environments(&mut self) -> Vec<Environment> {
        let mut lowered = Vec::new();
        for at in 0..self.environments.all.len() {
            self.environments.duplicates(at, &mut self.diagnostics);
            let chain = self.environments.chain(at).unwrap_or_else(|| vec![at]);
            let mut entries: Vec<(Arc<str>, Expr)> = Vec::new();
            let mut keys: Vec<(Arc<str>, Type)> = Vec::new();
            let mut protected = false;
            for (depth, env) in chain.into_iter().enumerate() {
                let (own, module) = (self.environments.all[env].entries.clone(), self.environments.all[env].module);
                for entry in own {
                    if keys.iter().any(|(known, _)| *known == entry.key.name) {
                        continue;
                    }
                    let mut names = FrameNames::new();
                    let before = self.diagnostics.len();
                    let mut lower = Lower::new(self, module, &mut names);
                    lower.early = true;
                    let (expr, ty) = lower.pure(&entry.value, "a setting of an environment");
                    if let Some(flag) = FLAGS.into_iter().find(|flag| *flag == &*entry.key.name) {
                        lower.must_fit(&ty, &Type::Bool, entry.value.span, format_args!("`{flag}`"));
                        // One that is computed is known when it is chosen; until then it counts as set.
                        protected |=
                            flag == Environment::PROTECTED && !matches!(expr.kind, ExprKind::Const(Value::Bool(false)));
                    }
                    if depth > 0 {
                        // What is wrong in an inherited setting is told where it is declared.
                        self.diagnostics.truncate(before);
                    }
                    keys.push((Arc::clone(&entry.key.name), ty));
                    entries.push((entry.key.name, expr));
                }
            }
            let span = self.environments.all[at].span;
            for flag in FLAGS {
                if !keys.iter().any(|(known, _)| &**known == flag) {
                    keys.push((Arc::from(flag), Type::Bool));
                    entries.push((Arc::from(flag), Expr { kind: ExprKind::Const(Value::Bool(false)), span }));
                }
            }
            let env = &mut self.environments.all[at];
            env.keys = keys;
            lowered.push(Environment { name: Arc::clone(&env.name), protected, entries, span: env.span });
        }
        self.conflicting_settings();
        lowered
    }

    /// A setting is of one type in every environment: a runbook that fits one must fit the others.
    fn conflicting_settings(&mut self) {
        let mut first: HashMap<&str, (&DeclaredEnv, &Type)> = HashMap::new();
        let mut found = Vec::new();
        for env in &self.environments.all {
            for (key, ty) in &env.keys {
                let Some(entry) = env.entries.iter().find(|entry| entry.key.name == *key) else { continue };
                let (other, known) = *first.entry(key).or_insert((env, ty));
                if ty.fits(known) || known.fits(ty) || FLAGS.contains(&&**key) {
                    continue;
                }
                let message = format!("`{key}` is {} here, and {} in environment {}", a(ty), a(known), other.name);
                let help = format!("write {} here, or {} in environment {}", a(known), a(ty), other.name);
                let diagnostic =
                    Diagnostic::error(&code::ENVIRONMENT, entry.value.span, message, format!("{ty}")).help(help);
                let before = other.entries.iter().find(|entry| entry.key.name == *key).map(|entry| entry.value.span);
                found.push(match before.filter(|before| before.file == entry.span.file) {
                    Some(before) => diagnostic.label(before, format!("{known}")),
                    None => diagnostic,
                });
            }
        }
        self.diagnostics.append(&mut found);
    }

    /// `protcted = true` protects nothing. A setting that nothing uses, and that looks like one of rbk's own, is one.
    pub(super) fn misspelt_flags(&mut self) {
        let mut found = Vec::new();
        for env in &self.environments.all {
            for entry in &env.entries {
                let key = &entry.key;
                let ty = env.keys.iter().find(|(name, _)| *name == key.name).map_or(&Type::Any, |(_, ty)| ty);
                let Some(near) = did_you_mean(&key.name, FLAGS) else { continue };
                if FLAGS.contains(&&*key.name) || !Type::Bool.fits(ty) || self.environments.used.contains(&key.name) {
                    continue;
                }
                let message = format!("`{}` is read by nobody: environment `{}` is not {near}", key.name, env.name);
                let help =
                    format!("did you mean `{near}`? a setting of your own is one that is used: env.{}", key.name);
                found.push(Diagnostic::error(&code::ENVIRONMENT, key.span, message, "means nothing").help(help));
            }
        }
        self.diagnostics.append(&mut found);
    }

    /// Whether one environment gives a setting, and another does not.
    pub(super) fn only_some_have(&self, key: &str) -> bool {
        let has = |env: &DeclaredEnv| env.keys.iter().any(|(name, _)| **name == *key);
        self.environments.all.iter().any(has) && !self.environments.all.iter().all(has)
    }

    /// The type of `env.key` over all environments, or what to say about it.
    pub(super) fn env_key(&mut self, key: &tree::Ident) -> Result<Type, Option<Box<Diagnostic>>> {
        self.environments.used.insert(Arc::clone(&key.name));
        let all = &self.environments.all;
        if &*key.name == "name" {
            return Ok(Type::String);
        }
        let without: Vec<&DeclaredEnv> =
            all.iter().filter(|env| !env.keys.iter().any(|(name, _)| *name == key.name)).collect();
        if without.is_empty() {
            let mut types = all.iter().filter_map(|env| env.keys.iter().find(|(name, _)| *name == key.name));
            let first = types.next().map_or(Type::Any, |(_, ty)| ty.clone());
            return Ok(types.fold(first, |joined, (_, ty)| joined.join(ty)));
        }
        // Told once, at its first use.
        if self.environments.told.contains(&key.name) {
            return Err(None);
        }
        let known = all.iter().flat_map(|env| env.keys.iter().map(|(name, _)| &**name));
        let near = did_you_mean(&key.name, known).map(str::to_owned);
        let names: Vec<&str> = without.iter().map(|env| &*env.name).collect();
        let message = if without.len() == all.len() {
            format!("no environment has `{}`", key.name)
        } else {
            format!("`{}` is missing in environment {}", key.name, names.join(", "))
        };
        let help = match near {
            Some(near) => format!("did you mean `env.{near}`? otherwise add `{} = …` there", key.name),
            None => format!("add `{} = …` to {}", key.name, names.join(", ")),
        };
        let mut diagnostic =
            Diagnostic::error(&code::MISSING_IN_ENVIRONMENT, key.span, message, "used here").help(help);
        if without.len() < all.len() {
            for env in without.iter().take(3).filter(|env| env.span.file == key.span.file) {
                diagnostic = diagnostic.label(env.span, "does not have it");
            }
        }
        self.environments.told.push(Arc::clone(&key.name));
        Err(Some(Box::new(diagnostic)))
    }
}
