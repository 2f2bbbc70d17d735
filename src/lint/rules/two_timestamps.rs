//! The same time of day made twice, where one was meant.

use std::collections::HashMap;

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{CommandSite, Subject, path};
use crate::lint::walk::any;
use crate::lint::words::program;
use crate::source::Span;
use crate::syntax::shell::SimpleCommand;
use crate::syntax::tree::{Expr, ExprKind, StrPart};

rule!("RBK0318" "two-timestamps" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut made: Vec<(String, Span)> = Vec::new();
    for site in &subject.commands {
        for (at, command) in site.script.commands.iter().enumerate() {
            if let Some(format) = names_something(site, at, command) {
                made.push((format!("date {format}"), site.place(command.at)));
            }
        }
    }
    for (text, _) in &subject.texts {
        for pair in text.parts.windows(2) {
            if let [StrPart::Text(before, _), StrPart::Hole(hole, span)] = pair
                && any(hole, &mut is_now)
                && before.ends_with(['-', '_', '/', '.'])
            {
                made.push((before.to_string(), *span));
            }
        }
    }
    let mut first: HashMap<String, Span> = HashMap::new();
    for (what, span) in made {
        match first.get(&what) {
            None => drop(first.insert(what, span)),
            Some(before) => {
                let message = "this makes the time once more: it is another one than before";
                let help = "make it once, above the first use, and use that name twice: let stamp = \
                    format_time(now(), \"%Y%m%d-%H%M%S\")";
                found.push(RULE.at(span, message, "a later time").label(*before, "made here first").help(help));
            }
        }
    }
}

fn is_now(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call { callee, .. } if path(callee).as_deref() == Some("now"))
}

/// The format of a `$(date +…)` that becomes part of a name; what only prints the time names nothing.
fn names_something<'c>(site: &CommandSite<'_>, at: usize, command: &'c SimpleCommand) -> Option<&'c str> {
    let Some(("date", words)) = program(command) else { return None };
    if !command.substituted {
        return None;
    }
    let format = words.iter().find_map(|word| word.literal().filter(|text| text.starts_with('+')))?;
    let user = site.script.commands[at + 1..].iter().find(|other| !other.substituted);
    let prints = user.and_then(program).is_some_and(|(name, _)| matches!(name, "echo" | "printf" | "logger"));
    (!prints).then_some(format)
}
