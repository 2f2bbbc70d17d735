//! What sounds like a secret in the arguments of a command, where every user of the machine can read it.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{CommandSite, Subject, path};
use crate::lint::words::{program, sounds_secret};
use crate::syntax::shell::Fragment;
use crate::syntax::tree::{Expr, StmtKind, StrPart};

rule!("RBK0313" "secret-in-command" Warning, check);

/// What the shell does itself starts no process whose arguments could be read.
const OF_THE_SHELL: &[&str] = &["echo", "printf", "[", "[[", "test", "export", "read", ":", "unset"];

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    // Secrets that are declared as such the analysis follows itself, as errors.
    if subject.program.is_none() {
        return;
    }
    for (site, command) in subject.simple_commands() {
        if program(command).is_some_and(|(name, _)| OF_THE_SHELL.contains(&name)) {
            continue;
        }
        for word in command.words.iter().skip(1) {
            let of_shell = word.variables().find(|name| sounds_secret(name)).map(|name| format!("${name}"));
            let of_ours = word.fragments.iter().find_map(|fragment| match fragment {
                Fragment::Hole(at) => hole(site, *at).and_then(path).filter(|name| sounds_secret(last(name))),
                Fragment::Text(_) | Fragment::Shell(_) => None,
            });
            let Some(name) = of_shell.or(of_ours) else { continue };
            let message = format!("`{name}` looks like a secret, and in an argument every user of the machine can \
                read it");
            let variable = last(name.trim_start_matches('$')).to_uppercase();
            let help = format!(
                "let the program read it from its environment: with {variable} = … {{ $ … }}; or give it on \
                    standard input: sh(\"…\", stdin: …)"
            );
            found.push(RULE.at(site.place(word.at), message, "in the arguments of a process").help(help));
        }
    }
}

/// The expression of a hole.
fn hole<'a>(site: &CommandSite<'a>, at: usize) -> Option<&'a Expr> {
    let mut holes = site.parts.iter().filter_map(|part| match part {
        StrPart::Hole(expr, _) => Some(expr),
        StrPart::Text(..) => None,
    });
    holes.nth(at)
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Names that are declared secret: they are never shown, whatever they are called.
pub(super) fn declared<'a>(subject: &Subject<'a>) -> Vec<&'a str> {
    let names = subject.sites.iter().filter_map(|site| match &site.stmt.kind {
        StmtKind::Secret(secret) => Some(&*secret.name.name),
        StmtKind::Let(binding) if binding.secret => Some(&*binding.name.name),
        _ => None,
    });
    names.collect()
}
