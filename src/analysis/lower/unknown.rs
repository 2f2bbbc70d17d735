//! What is said about a name that means nothing where it stands.

use super::Lower;
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::tree::{Stmt, StmtKind};
use crate::syntax::within;

/// Words that people bring from other languages, and what they are here.
const FOREIGN: &[(&str, &str)] = &[
    ("nil", "write `null`"),
    ("None", "write `null`"),
    ("undefined", "write `null`"),
    ("True", "write `true`"),
    ("False", "write `false`"),
    ("params", "a parameter is used by its name alone: `image`"),
    ("inputs", "a parameter is used by its name alone: `image`"),
    ("secrets", "a secret is used by its name alone"),
];

/// Where a name is bound, and why that does not count.
pub(super) struct Elsewhere {
    pub(super) at: Span,
    pub(super) label: String,
    pub(super) help: String,
}

/// What a name that means nothing was meant to be.
pub(super) enum Meant {
    /// One that is bound where this place cannot see it.
    Elsewhere(Elsewhere),
    /// One that can be written here.
    Near(String),
}

impl Lower<'_, '_, '_> {
    pub(super) fn unknown_name(&mut self, name: &str, span: Span) {
        let message = format!("nothing here is called `{name}`");
        let diagnostic = Diagnostic::error(&code::UNKNOWN_NAME, span, message, "");
        let foreign = FOREIGN.iter().find(|(word, _)| *word == name).map(|(_, help)| (*help).to_owned());
        self.report(match (self.meant(name, span), foreign) {
            (Some(Meant::Elsewhere(found)), _) => diagnostic.label(found.at, found.label).help(found.help),
            (_, Some(foreign)) => diagnostic.help(foreign),
            (Some(Meant::Near(near)), _) => diagnostic.help(format!("did you mean `{near}`?")),
            (None, None) => diagnostic.help(format!(
                "bind it above: let {name} = …, or let it be given to the runbook: param {name}: string"
            )),
        });
    }

    /// What a name may have been meant to be.
    pub(super) fn meant(&self, name: &str, span: Span) -> Option<Meant> {
        let found = self.ended(name).or_else(|| self.brought_in(name)).or_else(|| self.elsewhere(name, span));
        found.map(Meant::Elsewhere).or_else(|| {
            let near = self.of_environment(name).or_else(|| self.nearest(name));
            near.map(Meant::Near)
        })
    }

    /// A setting of the environment, or an environment, without the word before it.
    fn of_environment(&self, name: &str) -> Option<String> {
        let all = &self.declared.environments.all;
        if all.iter().any(|env| env.keys.iter().any(|(key, _)| **key == *name)) {
            return Some(format!("env.{name}"));
        }
        all.iter().any(|env| *env.name == *name).then(|| format!("environments.{name}"))
    }

    /// It was bound in something that is over.
    fn ended(&self, name: &str) -> Option<Elsewhere> {
        let (at, what) = *self.names.gone.get(name)?;
        let label = format!("bound here, and seen only inside of {what}");
        let help = match what {
            "this loop" => "collect it: `let results = for … { }` gives one record an iteration",
            _ => "bind it outside",
        };
        Some(Elsewhere { at, label, help: help.to_owned() })
    }

    /// It is a file whose names are used without its own.
    pub(super) fn brought_in(&self, name: &str) -> Option<Elsewhere> {
        let module = &self.declared.modules.all[self.module];
        let used = module.uses.iter().find(|used| {
            let path = &self.declared.modules.all[used.module].path;
            used.name.is_none() && path.file_stem().is_some_and(|stem| stem == name)
        })?;
        let label = "its names are brought in directly".to_owned();
        let help = format!("leave out `{name}.`, or name the file here: use \"…\" as {name}");
        Some(Elsewhere { at: used.span, label, help })
    }

    /// The file binds it further down, or where this place cannot see it.
    fn elsewhere(&self, name: &str, used: Span) -> Option<Elsewhere> {
        let body = &self.declared.modules.all[self.module].tree.body;
        let mut bound = Vec::new();
        within::each(body, &mut |stmt| {
            if let StmtKind::Let(binding) | StmtKind::Var(binding) = &stmt.kind
                && *binding.name.name == *name
            {
                bound.push(binding.name.span);
            }
            true
        });
        let here = opener(body, used);
        let same = |at: &&Span| opener(body, **at).map(|stmt| stmt.span) == here.map(|stmt| stmt.span);
        if let Some(at) = bound.iter().find(|at| same(at) && at.start > used.start) {
            let label = "bound only here, further down".to_owned();
            let help = format!("what runs first comes first: use `{name}` further down than the line that binds it");
            return Some(Elsewhere { at: *at, label, help });
        }
        // In the story, seen from a declaration.
        let word = match &here?.kind {
            StmtKind::Action(_) => "action",
            StmtKind::CheckDecl(_) => "check",
            StmtKind::Fn(_) => "function",
            _ => return None,
        };
        let at = *bound.iter().find(|at| opener(body, **at).is_none())?;
        let label = format!("bound in the run, which this {word} does not see");
        let help = format!("make it a parameter of the {word}, and hand `{name}` over where it is used");
        Some(Elsewhere { at, label, help })
    }
}

/// The innermost statement around a place whose names nobody sees outside of it.
fn opener(body: &[Stmt], at: Span) -> Option<&Stmt> {
    let mut innermost = None;
    within::each(body, &mut |stmt| {
        let inside = stmt.span.start <= at.start && at.end <= stmt.span.end;
        let opens = matches!(
            stmt.kind,
            StmtKind::For(_)
                | StmtKind::Parallel(_)
                | StmtKind::Action(_)
                | StmtKind::CheckDecl(_)
                | StmtKind::Fn(_)
                | StmtKind::Background(_)
        );
        if inside && opens {
            innermost = Some(stmt);
        }
        inside
    });
    innermost
}
