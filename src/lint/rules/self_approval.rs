//! An approval that whoever starts the run can give.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{Subject, path};
use crate::lint::walk::any;
use crate::syntax::tree::{ExprKind, StmtKind};

rule!("RBK0322" "self-approval" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for site in &subject.sites {
        let StmtKind::Approve(approve) = &site.stmt.kind else { continue };
        let help = "name those who may, and who are others than those who run it: by [\"@release-managers\"]";
        let Some(by) = &approve.by else {
            let message = "anybody may give this approval, also the one who runs it";
            found.push(RULE.at(approve.what.span, message, "does not say by whom").help(help));
            continue;
        };
        if any(by, &mut |part| path(part).as_deref() == Some("run.actor")) {
            let message = "this asks the one who runs it to approve it";
            found.push(RULE.at(by.span, message, "started the run").help(help));
        } else if matches!(&by.kind, ExprKind::List(list) if list.is_empty()) {
            found.push(RULE.at(by.span, "nobody may give this approval", "empty").help(help));
        }
    }
}
