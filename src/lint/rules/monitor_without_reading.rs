//! A monitor that looks at a value which does not change while it watches.

use crate::analysis::program::{Block, ScopeBody, StmtKind};
use crate::analysis::within;
use crate::diag::Diagnostic;
use crate::eval::Expr;
use crate::eval::expr::ExprKind;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;

rule!("RBK0327" "monitor-without-reading" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some(program) = subject.program else { return };
    for scope in within::scopes(&program.body) {
        let (ScopeBody::Monitor { body } | ScopeBody::Guard { body }) = &scope.kind else { continue };
        if reads_anew(body) {
            continue;
        }
        let word = scope.kind.word();
        let message = format!("this {word} reads nothing: what it looks at was read before it began, and stays as \
            it is");
        let help = format!("read it within the {word}, at each sample: fail_when http.get(…).status != 200, or let \
            m = …");
        found.push(RULE.at(scope.span, message, "sees the same every time").help(help));
    }
}

fn reads_anew(body: &Block) -> bool {
    let mut anew = !within::acts(body).is_empty();
    within::each(body, &mut |stmt| {
        anew |= match &stmt.kind {
            StmtKind::FailWhen(sign) => takes_time(&sign.condition),
            StmtKind::Bind { value, .. } => takes_time(value),
            _ => false,
        };
        true
    });
    anew
}

/// `run.elapsed` goes on by itself.
fn takes_time(expr: &Expr) -> bool {
    if matches!(expr.kind, ExprKind::Run(_)) {
        return true;
    }
    let mut found = false;
    expr.for_each_child(&mut |child| found = found || takes_time(child));
    found
}
