//! `|| true`: the command failed, and the runbook goes on as if it had not.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{CommandSite, Subject};
use crate::source::Span;
use crate::syntax::shell::SimpleCommand;
use crate::syntax::tree::StrPart;

rule!("RBK0330" "hidden-failure" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (site, command) in subject.simple_commands() {
        if let Some(start) = hides(site, command) {
            let span = Span::new(site.span.file, start, site.place(command.at).end);
            let text = subject.text(span);
            let message = format!("`{text}` hides every failure of the command before it");
            let help = "write `let done = try $ …` and look at `done.ok`; or say which exit codes are no failure: \
                sh(\"…\", ok: [0, 1])";
            let finding = RULE.at(span, message, "fails, and nobody hears of it").help(help);
            found.push(match tried(site, span) {
                Some((at, with)) => finding.unsafe_fix(at, with),
                None => finding,
            });
        } else if is_set_plus_e(command) {
            let message = "`set +e` hides every failure of the lines behind it";
            let help = "leave it out, and write `try $ …` for the one command that may fail";
            found.push(RULE.at(site.span_of(command), message, "from here on nothing fails").help(help));
        }
    }
}

/// Where the `||` begins, if this is the `true` behind one.
fn hides(site: &CommandSite<'_>, command: &SimpleCommand) -> Option<u32> {
    let [word] = command.words.as_slice() else { return None };
    let plain = command.redirects.is_empty() && command.assignments.is_empty();
    if !plain || !matches!(word.literal(), Some("true" | ":")) {
        return None;
    }
    let Some(StrPart::Text(text, span)) = site.parts.get(command.at.piece) else { return None };
    let before = text.get(..command.at.offset)?.trim_end();
    let start = before.strip_suffix("||")?.len();
    Some(span.start + u32::try_from(start).ok()?)
}

/// `$ a || true` as `try $ a`: all of the command, and what it becomes.
fn tried(site: &CommandSite<'_>, hiding: Span) -> Option<(Span, String)> {
    let written = site.written?;
    let is_end = hiding.end == written.span.end;
    let simple = site.script.commands.iter().filter(|command| !command.substituted).count() == 2;
    if written.tried || written.is_script || !is_end || !simple {
        return None;
    }
    let text: Option<String> = written
        .parts
        .iter()
        .map(|part| match part {
            StrPart::Text(text, span) if span.len() as usize == text.len() => Some(&**text),
            StrPart::Text(..) | StrPart::Hole(..) => None,
        })
        .collect();
    let text = text?;
    let kept = text.rfind("||").map(|at| text[..at].trim())?;
    let reads = if written.reads { "reads " } else { "" };
    Some((written.span, format!("try {reads}$ {kept}")))
}

fn is_set_plus_e(command: &SimpleCommand) -> bool {
    let mut words = command.words.iter().filter_map(|word| word.literal());
    words.next() == Some("set") && words.any(|word| word.starts_with('+') && word.contains('e'))
}
