//! Something that was to be filled in, and was not.

use std::sync::LazyLock;

use regex::Regex;

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::Subject;
use crate::source::Span;
use crate::syntax::tree::{StmtKind, StrPart};

rule!("RBK0319" "placeholder" Warning, check);

/// `<your-project>`, `<PROJECT_ID>`, `YOUR_BUCKET`, `your-project-id`, `[SHA]`, `CHANGEME`, `TODO:`.
static LEFT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        < (?i:your|insert|enter|replace|my) [-_\x20] [A-Za-z0-9_\x20-]+ >
        | < (?: [A-Z][A-Z0-9]* (?: [-_][A-Z0-9]+ )+ | [A-Z]{2,} ) >
        | \b YOUR_[A-Z0-9_]+ \b
        | \b your- (?:
            project | bucket | cluster | domain | org | team | app | service | company | token | name | account | repo
            | host | server | db | database | image | registry | namespace | zone | region
          ) (?:-[a-z]+)* \b
        | \[ [A-Z]{3,} (?:_[A-Z]+)* \]
        | \b (?: CHANGE_?ME | REPLACE_?ME | FIXME | FILL_?ME_?IN ) \b
        | \b TODO :
        ",
    )
    .ok()
});

/// A name that nobody can own, RFC 2606.
static EXAMPLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(?:[a-z0-9-]+\.)*example\.(?:com|org|net)\b").ok());

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    if !subject.may_match(LEFT.as_ref()) && !subject.source.text.contains("example.") {
        return;
    }
    let texts = subject.texts.iter().map(|(text, site)| (text.parts.as_slice(), *site, false));
    let commands = subject.commands.iter().filter(|command| command.written.is_some());
    let commands = commands.map(|command| (command.parts, command.site, reads_patterns(command)));
    for (parts, site, patterns) in texts.chain(commands) {
        // A test names what it makes up.
        if subject.from(site).any(|stmt| matches!(stmt.kind, StmtKind::Test(_))) {
            continue;
        }
        let in_production = is_in_production(subject, site);
        for part in parts {
            let StrPart::Text(text, span) = part else { continue };
            if let Some(left) = LEFT.as_ref().and_then(|left| left.find(text)) {
                let is_class = patterns && left.as_str().starts_with('[');
                if !is_class {
                    let at = within(*span, text, left.range());
                    let message = format!("`{}` was to be filled in", left.as_str());
                    let help = "write what belongs there, or make it a parameter: param name: string";
                    found.push(RULE.at(at, message, "a placeholder").help(help));
                }
            } else if in_production && let Some(example) = EXAMPLE.as_ref().and_then(|example| example.find(text)) {
                let at = within(*span, text, example.range());
                let message = format!("`{}` is an example, and this is an environment that counts", example.as_str());
                found.push(RULE.at(at, message, "nobody's").help("write the real name"));
            }
        }
    }
}

/// Whether `[ABC]` may be a set of characters there.
fn reads_patterns(command: &crate::lint::subject::CommandSite<'_>) -> bool {
    let mut programs = command.script.commands.iter().filter_map(crate::lint::words::program);
    programs.any(|(name, _)| matches!(name, "grep" | "egrep" | "sed" | "awk" | "tr" | "rg" | "find" | "ls" | "[["))
}

fn is_in_production(subject: &Subject<'_>, site: usize) -> bool {
    let StmtKind::Env(env) = &subject.sites[site].stmt.kind else { return false };
    let Some(program) = subject.program else { return false };
    program.environments.iter().any(|known| known.name == env.name.name && crate::lint::subject::is_production(known))
}

/// A part of a text, unless escapes in it make its offsets unknown.
fn within(span: Span, text: &str, range: std::ops::Range<usize>) -> Span {
    if span.len() as usize != text.len() {
        return span;
    }
    let at = |offset: usize| span.start + u32::try_from(offset).unwrap_or(0);
    Span::new(span.file, at(range.start), at(range.end))
}
