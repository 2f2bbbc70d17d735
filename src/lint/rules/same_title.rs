//! Two things in one place that are called the same.

use std::collections::HashMap;

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::walk::Role;
use crate::syntax::tree::{StmtKind, StrLit};

rule!("RBK0326" "same-title" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut first: HashMap<(Option<usize>, Role, &str), &StrLit> = HashMap::new();
    for site in &subject.sites {
        let (word, title) = match &site.stmt.kind {
            StmtKind::Scope(scope) => (scope.kind.word(), &scope.title),
            StmtKind::Manual(manual) => ("manual step", &manual.title),
            StmtKind::Checklist(list) => ("checklist", &list.title),
            StmtKind::Confirm(confirm) => ("question", &confirm.question),
            StmtKind::Approve(approve) => ("approval", &approve.what),
            _ => continue,
        };
        // In a branch, only one of them runs.
        let key = (site.parent, site.role, subject.text(title.span));
        match first.get(&key) {
            None => drop(first.insert(key, title)),
            Some(before) => {
                let shown = subject.text(title.span);
                let message = format!("this {word} has the title {shown}, and so has one before it");
                let help = "say what is different about it: in the record, and for --from and --answer, a step is \
                    its title";
                found.push(RULE.at(title.span, message, "here again").label(before.span, "first here").help(help));
            }
        }
    }
}
