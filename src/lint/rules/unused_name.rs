//! A name that is bound and never used.

use std::collections::HashSet;

use crate::diag::{Diagnostic, code};
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::source::Span;
use crate::syntax::tree::{Expr, ExprKind, FnParam, Ident, Let, Rhs, Stmt, StmtKind, TestStmtKind, UseSource};

rule!("RBK0323" "unused-name" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    // What is misspelt where it is used looks unused.
    if found.iter().any(|found| [code::UNKNOWN_NAME.id, code::HOLE_NAME.id].contains(&found.code.id)) {
        return;
    }
    let used = used(subject);
    let unused = |name: &Ident| !used.contains(&*name.name) && !name.name.starts_with('_');
    // Others use what a library declares.
    let is_runbook = subject.is_runbook();
    for site in &subject.sites {
        let top = site.parent.is_none();
        if top && !is_runbook && !matches!(site.stmt.kind, StmtKind::Use(_) | StmtKind::Action(_) | StmtKind::CheckDecl(_)) {
            continue;
        }
        match &site.stmt.kind {
            StmtKind::Let(binding) | StmtKind::Var(binding) if unused(&binding.name) => {
                found.push(binding_finding(subject, binding, site.stmt));
            }
            StmtKind::Param(param) if unused(&param.name) => {
                found.push(plain("parameter", &param.name, "use it, or remove the line"));
            }
            StmtKind::Secret(secret) if unused(&secret.name) => {
                found.push(plain("secret", &secret.name, "use it, or remove the line"));
            }
            StmtKind::Fn(function) if unused(&function.name) => {
                found.push(plain("function", &function.name, "use it, or remove it"));
            }
            StmtKind::Action(action) => {
                if is_runbook && unused(&action.name) {
                    found.push(plain("action", &action.name, "call it in a step, or remove it"));
                }
                params(subject, site.stmt, &action.params, found);
            }
            StmtKind::CheckDecl(check) => {
                if is_runbook && unused(&check.name) {
                    let help = format!("use it: check {}(…), or remove it", check.name.name);
                    found.push(plain("check", &check.name, &help));
                }
                params(subject, site.stmt, &check.params, found);
            }
            StmtKind::Use(used) => {
                let name = used.alias.as_ref().or(match &used.source {
                    UseSource::Std(path) => path.segments.last(),
                    // It may bring in environments, and names of its own.
                    UseSource::File(_) => None,
                });
                if let Some(name) = name.filter(|name| unused(name)) {
                    let finding = plain("module", name, "remove the line");
                    found.push(finding.fix(line(subject, site.stmt.span), ""));
                }
            }
            _ => {}
        }
    }
}

fn plain(what: &str, name: &Ident, help: &str) -> Diagnostic {
    let message = format!("the {what} `{}` is never used", name.name);
    let help = if help.starts_with("use it, or remove the line") {
        format!("{help}; a name that begins with `_` may stay unused")
    } else {
        help.to_owned()
    };
    RULE.at(name.span, message, "never used").help(help)
}

fn binding_finding(subject: &Subject<'_>, binding: &Let, stmt: &Stmt) -> Diagnostic {
    let name = &binding.name;
    let message = format!("`{}` is bound and never used", name.name);
    let finding = RULE.at(name.span, message, "never used");
    let value = match &binding.value {
        Rhs::Command(command) => Some(command.span),
        Rhs::Expr(value) if matches!(value.kind, ExprKind::Call { .. }) => Some(value.span),
        Rhs::Check(_) | Rhs::For(_) | Rhs::Expr(_) => None,
    };
    match value {
        // What it does stays; only the name goes.
        Some(value) if !binding.secret => {
            let finding = finding.help(format!("leave out `let {} =`, or use it", name.name));
            let is_action = subject.program.is_some() && matches!(&binding.value, Rhs::Command(_));
            let prefix = Span::new(value.file, stmt.span.start, value.start);
            if is_action { finding.fix(prefix, "") } else { finding.unsafe_fix(prefix, "") }
        }
        _ => finding.help("use it, or remove the line; a name that begins with `_` may stay unused"),
    }
}

/// Parameters of an action or a check that its body does not use.
fn params(subject: &Subject<'_>, stmt: &Stmt, params: &[FnParam], found: &mut Vec<Diagnostic>) {
    for param in params {
        let name = &param.name;
        let inside = |expr: &Expr| stmt.span.start <= expr.span.start && expr.span.end <= stmt.span.end;
        let names = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(used) if *used == name.name);
        let is_used = subject.exprs.iter().any(|(expr, _)| names(expr) && inside(expr));
        if !is_used && !name.name.starts_with('_') {
            let message = format!("the parameter `{}` is never used", name.name);
            found.push(RULE.at(name.span, message, "never used").help("use it, or take it out here and where it is \
                given"));
        }
    }
}

/// Every name that stands somewhere as a value, or is called.
fn used<'a>(subject: &Subject<'a>) -> HashSet<&'a str> {
    let mut used: HashSet<&str> = subject
        .exprs
        .iter()
        .filter_map(|(expr, _)| match &expr.kind {
            ExprKind::Name(name) => Some(&**name),
            _ => None,
        })
        .collect();
    for site in &subject.sites {
        match &site.stmt.kind {
            StmtKind::CheckUse(check) => used.extend(check.name.segments.first().map(|name| &*name.name)),
            StmtKind::Assign(assign) => drop(used.insert(&assign.name.name)),
            StmtKind::Test(test) => used.extend(test.body.iter().filter_map(|line| match &line.kind {
                TestStmtKind::Mock { target, .. } | TestStmtKind::ExpectCalled { target, .. } => {
                    target.segments.first().map(|name| &*name.name)
                }
                _ => None,
            })),
            _ => {}
        }
    }
    used
}

/// A line with its end.
fn line(subject: &Subject<'_>, span: Span) -> Span {
    let text = subject.source.text.as_bytes();
    let end = span.end as usize;
    let end = if text.get(end) == Some(&b'\n') { end + 1 } else { end };
    Span::new(span.file, span.start, u32::try_from(end).unwrap_or(span.end))
}
