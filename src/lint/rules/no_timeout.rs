//! A command that can wait for ever, and nothing that ends it.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{CommandSite, Subject, modifiers};
use crate::lint::words::{has_flag, has_option, program};
use crate::source::Span;
use crate::syntax::shell::{SimpleCommand, Word, base_name, positionals};
use crate::syntax::tree::{Scope, ScopeKind, StmtKind};

rule!("RBK0307" "no-timeout" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    if subject.header_entry("timeout").is_some() {
        return;
    }
    let mut told: Vec<Span> = Vec::new();
    for (site, command) in subject.simple_commands() {
        let Some(what) = hangs(command) else { continue };
        let Some(scope) = unbounded(subject, site) else { continue };
        if told.contains(&scope.head) {
            continue;
        }
        told.push(scope.head);
        let message = format!("`{what}` can wait for ever, and nothing here ends it");
        let word = scope.kind.word();
        let help = format!("say how long it may take: {word} \"…\" timeout 10m {{ … }}, or for the whole run in the \
            header: timeout = 1h");
        let finding = RULE.at(site.span_of(command), message, "waits for another machine").help(help);
        let end = scope.title.span.end;
        found.push(finding.unsafe_fix(Span::new(scope.title.span.file, end, end), " timeout 10m"));
    }
}

/// The scope that should have a deadline; none if there is one, or if the place needs none.
fn unbounded<'a>(subject: &Subject<'a>, site: &CommandSite<'a>) -> Option<&'a Scope> {
    // `sh("…")` and what reads a secret have deadlines of their own.
    if site.written.is_none() || subject.reacts(site.site) {
        return None;
    }
    let mut innermost = None;
    for stmt in subject.from(site.site) {
        match &stmt.kind {
            StmtKind::Scope(scope) => {
                // A monitor ends by itself, and ends what it looks with.
                if matches!(scope.kind, ScopeKind::Monitor | ScopeKind::Guard) {
                    return None;
                }
                innermost = innermost.or(Some(&**scope));
            }
            // What uses it says how long it may take; a background process lives as long as its phase.
            StmtKind::Action(_) | StmtKind::CheckDecl(_) | StmtKind::Background(_) | StmtKind::Manual(_) => return None,
            _ => {}
        }
        if modifiers(stmt).is_some_and(|modifiers| modifiers.timeout.is_some() || modifiers.within.is_some()) {
            return None;
        }
    }
    innermost
}

/// What of a command can wait for ever, as it is known by its users.
fn hangs(command: &SimpleCommand) -> Option<String> {
    // `timeout 5m …` ends it.
    if command.words.iter().any(|word| base_name(word) == Some("timeout")) {
        return None;
    }
    let (name, words) = program(command)?;
    let verbs = positionals(words, &["-n", "--namespace", "--context", "-f", "-C", "-H", "--project", "--region"]);
    let verbs: Vec<&str> = verbs.iter().take(3).map(|word| word.literal().unwrap_or_default()).collect();
    let first = verbs.first().copied().unwrap_or_default();
    let both = |known: &[&str]| known.contains(&first).then(|| format!("{name} {first}"));
    match name {
        "ssh" | "scp" | "sftp" | "rsync" | "ansible-playbook" | "pg_dump" | "pg_restore" | "mysqldump" => {
            Some(name.to_owned())
        }
        "curl" | "wget" => (!has_deadline(words)).then(|| name.to_owned()),
        "git" => both(&["clone", "pull", "push", "fetch"]),
        "docker" | "podman" => both(&["build", "pull", "push"]),
        "npm" | "pnpm" | "yarn" => both(&["install", "ci", "publish"]),
        "terraform" | "tofu" => both(&["apply", "destroy", "init"]),
        "kubectl" | "oc" if first == "rollout" && verbs.get(1) == Some(&"status") => {
            (!has_option(words, &["--timeout"])).then(|| format!("{name} rollout status"))
        }
        "kubectl" | "oc" if first == "drain" => (!has_option(words, &["--timeout"])).then(|| format!("{name} drain")),
        "gcloud" => (verbs.contains(&"deploy") || verbs.contains(&"submit")).then(|| format!("gcloud \
            {}", verbs.join(" "))),
        "aws" if verbs.get(1) == Some(&"wait") => Some(format!("aws {first} wait")),
        "alembic" => both(&["upgrade", "downgrade"]),
        _ => None,
    }
}

fn has_deadline(words: &[Word]) -> bool {
    has_option(words, &["--max-time", "--timeout", "-T"]) || has_flag(words, 'm')
}
