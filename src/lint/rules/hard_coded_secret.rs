//! A secret that is written out in the runbook, for everybody who can read the repository.

use std::sync::LazyLock;

use regex::Regex;

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::lint::words::{program, sounds_secret};
use crate::source::Span;
use crate::syntax::shell::{SimpleCommand, Word};
use crate::syntax::tree::{Expr, ExprKind, Rhs, StmtKind, StrPart};

rule!("RBK0316" "hard-coded-secret" Error, check);

/// Tokens that can be told by their form, as those who give them out describe it.
static TOKENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        \b (?: AKIA | ASIA ) [0-9A-Z]{16} \b
        | \b gh[pousr]_[A-Za-z0-9]{36,} \b
        | \b glpat-[A-Za-z0-9_-]{20,}
        | \b xox[abprs]-[A-Za-z0-9-]{10,}
        | \b [sr]k_live_[A-Za-z0-9]{16,} \b
        | \b AIza[0-9A-Za-z_-]{35}
        | -----BEGIN\x20(?:[A-Z]+\x20)?PRIVATE\x20KEY-----
        | \b eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.
        ",
    )
    .ok()
});

/// How such an option begins.
static OPTION_NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("--(?:pass|token|api|secret|client-secret)").ok());

/// `--password=word`, `--token word`
static OPTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        -- (?: password | passwd | token | api-?key | secret | client-secret | secret-key )
        [=\x20] ( [A-Za-z0-9+/_.!@\#%^*-]{4,} ) (?: \s | $ )
        ",
    )
    .ok()
});

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let texts = subject.texts.iter().map(|(text, site)| (text.parts.as_slice(), *site, false));
    let commands = subject.commands.iter().filter(|command| command.written.is_some());
    let commands = commands.map(|command| (command.parts, command.site, true));
    let written = subject.may_match(TOKENS.as_ref()) || subject.may_match(OPTION_NAME.as_ref());
    for (parts, site, is_command) in texts.chain(commands).filter(|_| written) {
        if is_test(subject, site) {
            continue;
        }
        for part in parts {
            let StrPart::Text(text, span) = part else { continue };
            let is_token = TOKENS.as_ref().is_some_and(|tokens| tokens.is_match(text));
            let is_option = is_command
                && OPTION.as_ref().and_then(|option| option.captures(text)).is_some_and(|captures| {
                    captures.get(1).is_some_and(|value| !value.as_str().starts_with('-'))
                });
            if is_token || is_option {
                found.push(finding(*span, "this text"));
            }
        }
    }
    for (site, command) in subject.simple_commands().filter(|(site, _)| !is_test(subject, site.site)) {
        if let Some(word) = credentials(command) {
            found.push(finding(site.place(word.at), "this argument"));
        }
    }
    for at in 0..subject.sites.len() {
        if !is_test(subject, at) {
            for (name, value) in named(&subject.sites[at].stmt.kind) {
                if sounds_secret(name) && is_written_out(value) {
                    found.push(finding(value.span, &format!("`{name}`")));
                }
            }
        }
    }
}

/// `curl -u name:word`, `--user name:word`
fn credentials(command: &SimpleCommand) -> Option<&Word> {
    let (name, words) = program(command)?;
    let mut after = words.windows(2).filter(|pair| matches!(pair[0].literal(), Some("-u" | "--user")));
    let word = after.find_map(|pair| Some(&pair[1]).filter(|word| word.literal().is_some()))?;
    let (_, secret) = word.literal()?.split_once(':')?;
    (matches!(name, "curl" | "curlie" | "xh" | "http") && !secret.is_empty()).then_some(word)
}

fn finding(span: Span, what: &str) -> Diagnostic {
    let message = format!("{what} has a secret written out: everybody who can read this file has it");
    let help = "change that secret, since it is known now, and read the new one when it runs: secret name from \
        env_var(\"NAME\")";
    RULE.at(span, message, "a secret").help(help)
}

fn is_test(subject: &Subject<'_>, site: usize) -> bool {
    subject.from(site).any(|stmt| matches!(stmt.kind, StmtKind::Test(_)))
}

/// The names that a statement gives to values.
fn named(kind: &StmtKind) -> Vec<(&str, &Expr)> {
    match kind {
        StmtKind::Let(binding) | StmtKind::Var(binding) => match &binding.value {
            Rhs::Expr(value) => vec![(&binding.name.name, value)],
            Rhs::Command(_) | Rhs::Check(_) | Rhs::For(_) => Vec::new(),
        },
        StmtKind::Param(param) => param.default.iter().map(|value| (&*param.name.name, value)).collect(),
        StmtKind::Env(env) => env.entries.iter().map(|entry| (&*entry.key.name, &entry.value)).collect(),
        StmtKind::With(with) => with.vars.iter().map(|(name, value)| (&*name.name, value)).collect(),
        _ => Vec::new(),
    }
}

/// A word that could be one; a path or a sentence is none.
fn is_written_out(value: &Expr) -> bool {
    let ExprKind::Str(text) = &value.kind else { return false };
    let Some(text) = text.as_plain() else { return false };
    let is_mask = text.chars().all(|c| matches!(c, '*' | '•' | 'x' | 'X' | '.'));
    text.len() >= 4 && !text.contains([' ', '/', '<', '$']) && !is_mask
}
