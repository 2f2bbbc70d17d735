//! A runbook that nobody owns.

use crate::analysis::within;
use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::syntax::tree::ExprKind;

rule!("RBK0336" "no-owner" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let empty = |text: &str| text.trim().is_empty() || text.trim() == "@";
    match (subject.header(), subject.header_entry("owner")) {
        (Some((header, _)), None) => {
            let message = "nobody owns this runbook";
            let help = "say in the header whom to ask: owner = \"@team\"";
            found.push(RULE.at(header.title.span, message, "has no `owner`").help(help));
        }
        (Some(_), Some(owner)) => {
            if let ExprKind::Str(text) = &owner.kind
                && text.as_plain().is_some_and(|text| empty(&text))
            {
                let help = "say whom to ask: owner = \"@team\"";
                found.push(RULE.at(owner.span, "the owner of this runbook is nobody", "").help(help));
            }
        }
        // A small job without a header is its author's own; one for production is not.
        (None, _) => {
            // What only lends its environments to others runs nowhere: those who use it have owners.
            let runs = subject.program.is_some_and(|program| !within::scopes(&program.body).is_empty());
            if let Some(env) = subject.production().filter(|env| runs && env.span.file == subject.file.id) {
                let message = format!("nobody owns this runbook, and it runs in {}", env.name);
                let help = "put a header above: runbook \"what it does\" { owner = \"@team\" }";
                found.push(RULE.at(env.span, message, "it counts here").help(help));
            }
        }
    }
}
