//! A tool that is used, and not looked for before the run begins.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::source::Span;
use crate::syntax::shell::{SimpleCommand, base_name};
use crate::syntax::tree::{ExprKind, StmtKind};

rule!("RBK0335" "undeclared-tool" Warning, check);

/// What every machine has on which rbk runs: the shell's own words, coreutils, and their like.
const EVERYWHERE: &[&str] = &[
    ".", ":", "[", "[[", "alias", "awk", "base64", "basename", "bash", "break", "builtin", "bg", "cat", "cd", "chgrp",
    "chmod", "chown", "cmp", "command", "comm", "continue", "cp", "cut", "date", "dd", "declare", "df", "diff",
    "dirname", "du", "echo", "egrep", "env", "eval", "exec", "exit", "export", "expr", "false", "fc", "fg", "fgrep",
    "find", "fold", "getopts", "grep", "groups", "gunzip", "gzip", "hash", "head", "hostname", "id", "install", "jobs",
    "join", "kill", "let", "ln", "local", "ls", "mapfile", "md5sum", "mkdir", "mkfifo", "mktemp", "mv", "nice", "nohup",
    "nproc", "od", "paste", "popd", "printenv", "printf", "ps", "pushd", "pwd", "read", "readarray", "readlink",
    "readonly", "realpath", "return", "rm", "rmdir", "sed", "seq", "set", "sh", "sha256sum", "shift", "shopt", "shred",
    "sleep", "sort", "source", "split", "stat", "stty", "sudo", "sync", "tac", "tail", "tar", "tee", "test", "time",
    "timeout", "times", "touch", "tr", "trap", "true", "truncate", "tty", "type", "typeset", "ulimit", "umask", "unalias",
    "uname", "uniq", "unset", "uptime", "wait", "wc", "who", "whoami", "xargs", "yes",
];

/// What stands before the program that matters.
const BEFORE: &[&str] = &["sudo", "env", "nohup", "nice", "timeout", "time", "exec", "command", "setsid", "xargs"];

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let Some((header, _)) = subject.header() else { return };
    let needs = subject.header_entry("needs");
    let declared: Vec<String> = needs.map_or_else(Vec::new, |needs| match &needs.kind {
        ExprKind::List(items) => items.iter().filter_map(|item| tool(&item.kind)).collect(),
        _ => Vec::new(),
    });
    // A list that is computed may hold anything.
    if needs.is_some_and(|needs| !matches!(needs.kind, ExprKind::List(_))) {
        return;
    }
    let mut missing: BTreeMap<&str, Span> = BTreeMap::new();
    for (site, command) in subject.simple_commands() {
        let elsewhere = subject.around(site.site).any(|(stmt, _)| match &stmt.kind {
            StmtKind::On(on) => !subject.text(on.target.span).starts_with("dir"),
            _ => false,
        });
        for name in names(command) {
            let known = EVERYWHERE.contains(&name) || declared.iter().any(|tool| tool == name);
            if !known && !elsewhere {
                missing.entry(name).or_insert(site.place(command.at));
            }
        }
    }
    for (name, span) in missing {
        let message = format!("`{name}` is used, and not in `needs`: when it is missing, the run finds out half-way");
        let finding = RULE.at(span, message, "not looked for before");
        found.push(match needs {
            Some(needs) => {
                let help = format!("add it in the header: needs = [\"{name}\", …]");
                // Before the closing bracket.
                let at = needs.span.end.saturating_sub(1);
                let comma = if declared.is_empty() { "" } else { ", " };
                finding.help(help).fix(Span::new(needs.span.file, at, at), format!("{comma}\"{name}\""))
            }
            None => finding.label(header.title.span, "has no `needs`").help(format!("write in the header: needs = \
                [\"{name}\"]")),
        });
    }
}

/// `gcloud >= 450`
fn tool(kind: &ExprKind) -> Option<String> {
    let ExprKind::Str(text) = kind else { return None };
    let text = text.as_plain()?;
    Some(text.split(">=").next().unwrap_or_default().trim().rsplit('/').next().unwrap_or_default().to_owned())
}

/// The programs that this machine starts for a command. One that is named by its path is part of the project.
fn names(command: &SimpleCommand) -> Vec<&str> {
    let mut found = Vec::new();
    let mut words = command.words.as_slice();
    while let Some((word, rest)) = words.split_first() {
        let Some(text) = word.literal() else { break };
        if text.contains('/') {
            break;
        }
        let Some(name) = base_name(word) else { break };
        found.push(name);
        if !BEFORE.contains(&name) {
            break;
        }
        // Options and settings of the wrapper; what a value of one is cannot be told here.
        let skipped = rest.iter().take_while(|word| word.prefix().starts_with('-') || word.prefix().contains('=')).count();
        let own = usize::from(name == "timeout");
        if rest[..skipped].iter().any(|word| word.literal().is_some_and(|text| text.len() == 2 && text.starts_with('-'))) {
            break;
        }
        words = rest.get(skipped + own..).unwrap_or_default();
    }
    found
}
