//! A request whose answer is searched by `grep`, and not looked at.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::words::program;
use crate::syntax::shell::changes;

rule!("RBK0329" "curl-grep" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (site, command) in subject.simple_commands() {
        let greps = program(command).is_some_and(|(name, _)| matches!(name, "grep" | "egrep" | "fgrep" | "rg"));
        let before = command.input_from.filter(|_| greps).and_then(|at| site.script.commands.get(at));
        let Some(before) = before else { continue };
        let asks = program(before).is_some_and(|(name, _)| matches!(name, "curl" | "wget"));
        if !asks || changes(before).is_some() {
            continue;
        }
        let message = "this searches an answer for a word, and cannot say what it was instead";
        let help = "ask and assert: assert http.get(\"https://…\").json.status == \"ok\", or .body contains \"…\"";
        let span = site.span_of(before).to(site.span_of(command));
        found.push(RULE.at(span, message, "grep says only yes or no").help(help));
    }
}
