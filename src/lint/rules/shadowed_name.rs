//! A name that hides another one.

use std::collections::HashMap;

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::syntax::tree::{ExprKind, Ident, StmtKind, UseSource};

rule!("RBK0324" "shadowed-name" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let known = declared(subject);
    let mut tell = |name: &Ident, what: &str| {
        if let Some((outer, outer_what)) = known.get(&*name.name).filter(|(outer, _)| outer.span != name.span) {
            let message = format!("{what} `{}` hides the {outer_what} of that name", name.name);
            let help = format!("give it a name of its own, for example `{}`", another(&name.name));
            found.push(RULE.at(name.span, message, "which is meant?").label(outer.span, "hidden there").help(help));
        }
    };
    for site in &subject.sites {
        match &site.stmt.kind {
            StmtKind::Action(action) => action.params.iter().for_each(|param| tell(&param.name, "the parameter")),
            StmtKind::CheckDecl(check) => check.params.iter().for_each(|param| tell(&param.name, "the parameter")),
            StmtKind::Fn(function) => function.params.iter().for_each(|param| tell(&param.name, "the parameter")),
            _ => {}
        }
    }
    for (expr, _) in &subject.exprs {
        if let ExprKind::Lambda { params, .. } = &expr.kind {
            for param in params {
                tell(param, "the parameter");
            }
        }
    }
}

/// What the top level declares and an expression can name. That the item of a loop hides one is an error of the
/// analysis; an action and a check stand where no value can.
fn declared<'a>(subject: &Subject<'a>) -> HashMap<&'a str, (&'a Ident, &'static str)> {
    let mut known = HashMap::new();
    for stmt in &subject.file.body {
        let (name, what) = match &stmt.kind {
            StmtKind::Param(param) => (&param.name, "parameter"),
            StmtKind::Secret(secret) => (&secret.name, "secret"),
            StmtKind::Let(binding) => (&binding.name, "value"),
            StmtKind::Fn(function) => (&function.name, "function"),
            StmtKind::Use(used) => match (&used.alias, &used.source) {
                (Some(alias), _) => (alias, "module"),
                (None, UseSource::Std(path)) => match path.segments.last() {
                    Some(last) => (last, "module"),
                    None => continue,
                },
                (None, UseSource::File(_)) => continue,
            },
            _ => continue,
        };
        known.insert(&*name.name, (name, what));
    }
    known
}

/// `host` for `hosts`, `this_host` for `host`.
fn another(name: &str) -> String {
    match name.strip_suffix('s') {
        Some(one) if one.len() > 2 => one.to_owned(),
        _ => format!("this_{name}"),
    }
}
