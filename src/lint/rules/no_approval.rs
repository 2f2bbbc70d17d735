//! A runbook for production that asks nobody.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::syntax::tree::StmtKind;

use super::no_lock::counts;

rule!("RBK0321" "no-approval" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some((env, span)) = counts(subject) else { return };
    let asks = |kind: &StmtKind| matches!(kind, StmtKind::Approve(_) | StmtKind::Confirm(_) | StmtKind::Manual(_));
    let asked = subject.sites.iter().any(|site| asks(&site.stmt.kind));
    let protected = subject.production().is_some_and(|env| env.protected);
    if asked || protected {
        return;
    }
    let message = format!("this changes {env}, and asks nobody");
    let help = format!("protect the environment, whose name is then typed first: env {env} {{ protected = true }}; \
        or ask: approve \"…\" by [\"@team\"] within 30m");
    found.push(RULE.at(span, message, "no `approve`, no `protected`").help(help));
}
