//! A runbook for production that two people can run at the same time.

use crate::analysis::program::Scope;
use crate::analysis::within;
use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::source::Span;

rule!("RBK0320" "no-lock" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some((env, span)) = counts(subject) else { return };
    if subject.program.is_some_and(|program| program.header.lock.is_some()) {
        return;
    }
    let message = format!("two people can run this in {env} at the same time");
    let help = "let only one run of it go on in an environment, in the header: lock = \"name-${env.name}\"";
    found.push(RULE.at(span, message, "has no `lock`").help(help));
}

/// The name of an environment that counts, if the runbook changes something and has one; and where to say so.
pub(super) fn counts(subject: &Subject<'_>) -> Option<(String, Span)> {
    let program = subject.program?;
    let env = subject.production()?;
    let changes = |scope: &&Scope| scope.effect.is_some_and(crate::catalog::Effect::is_changing);
    if !within::scopes(&program.body).iter().any(changes) {
        return None;
    }
    let header = subject.header().map(|(header, _)| header.title.span);
    let own = (env.span.file == subject.file.id).then_some(env.span);
    Some((env.name.to_string(), header.or(own)?))
}
