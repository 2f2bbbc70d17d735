//! A deadline that can never be reached, since one around it comes first.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{Subject, modifiers};
use crate::lint::times::duration;
use crate::syntax::tree::{Expr, ExprKind, Modifiers, ScopeKind, StmtKind};
use crate::value::units::duration_text;

rule!("RBK0308" "inner-timeout" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for at in 0..subject.sites.len() {
        let stmt = subject.sites[at].stmt;
        let Some(own) = modifiers(stmt) else { continue };
        for (word, expr) in limits(own, &stmt.kind) {
            found.extend(longer(subject, at, word, expr));
        }
    }
    for (expr, site) in &subject.exprs {
        let ExprKind::Call { args, .. } = &expr.kind else { continue };
        let timeout = args.iter().find(|arg| arg.name.as_ref().is_some_and(|name| &*name.name == "timeout"));
        if let Some(arg) = timeout {
            let own = longer_than_own(subject, *site, &arg.value);
            found.extend(own.or_else(|| longer(subject, *site, "timeout", &arg.value)));
        }
    }
}

/// What a scope says about how long it takes.
fn limits<'t>(modifiers: &'t Modifiers, kind: &StmtKind) -> Vec<(&'static str, &'t Expr)> {
    let watches = matches!(kind, StmtKind::Scope(scope) if scope.kind == ScopeKind::Monitor);
    // While a person is asked every clock around the question stands still.
    let is_asked = matches!(kind, StmtKind::Approve(_));
    let all = [
        ("timeout", modifiers.timeout.as_ref()),
        ("within", modifiers.within.as_ref().filter(|_| !is_asked)),
        ("for", modifiers.duration.as_ref().filter(|_| watches)),
    ];
    all.into_iter().filter_map(|(word, expr)| Some((word, expr?))).collect()
}

/// A call's own deadline against that of the statement that it is a part of.
fn longer_than_own(subject: &Subject<'_>, site: usize, expr: &Expr) -> Option<Diagnostic> {
    let own = modifiers(subject.sites[site].stmt)?.timeout.as_ref()?;
    compare(subject, "timeout", expr, own, "the step's own")
}

fn longer(subject: &Subject<'_>, site: usize, word: &str, expr: &Expr) -> Option<Diagnostic> {
    if subject.reacts(site) {
        return None;
    }
    let around = subject.around(site).filter_map(|(stmt, _)| modifiers(stmt)?.timeout.as_ref());
    let header = subject.header_entry("timeout");
    around.chain(header).find_map(|outer| compare(subject, word, expr, outer, "ends all of it"))
}

fn compare(subject: &Subject<'_>, word: &str, inner: &Expr, outer: &Expr, label: &str) -> Option<Diagnostic> {
    let (own, limit) = (duration(subject, inner)?, duration(subject, outer)?);
    if own <= limit {
        return None;
    }
    let (own, limit) = (duration_text(own), duration_text(limit));
    let message = format!("`{word} {own}` is never reached: a timeout of {limit} around it ends it before");
    let help = format!("make this one shorter than {limit}, or the other one longer than {own}");
    Some(RULE.at(inner.span, message, "longer").label(outer.span, label).help(help))
}
