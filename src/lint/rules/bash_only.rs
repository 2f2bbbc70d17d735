//! What bash has and `sh` has not, in a script that `sh` reads.

use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{CommandSite, Subject};
use crate::lint::words::program;
use crate::source::Span;
use crate::syntax::shell::{Piece, Word, lex};
use crate::syntax::tree::StrPart;

rule!("RBK0331" "bash-only" Warning, check);

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for site in &subject.commands {
        if let Some(first) = first_line(site)
            && reads_only_posix(first)
            && let Some(bashism) = site.script.bashisms.first()
        {
            found.push(finding(site.place(bashism.at), &bashism.feature.to_string(), first));
        }
    }
    for (site, command) in subject.simple_commands() {
        let Some((name @ ("sh" | "dash" | "ash"), words)) = program(command) else { continue };
        let Some((word, script)) = inner(words) else { continue };
        if let Some(bashism) = lex(&[Piece::Text(&script)]).bashisms.first() {
            found.push(finding(site.place(word.at), &bashism.feature.to_string(), &format!("{name} -c")));
        }
    }
}

fn finding(span: Span, feature: &str, shell: &str) -> Diagnostic {
    let message = format!("`{feature}` is bash's, and `{shell}` reads this: on many machines that is another shell");
    let help = "write it as sh has it (`[ … ]` for `[[ … ]]`, `. file` for `source file`), or say `bash` there";
    RULE.at(span, message, "bash only").help(help)
}

/// `#!/bin/sh` above a script.
fn first_line<'a>(site: &CommandSite<'a>) -> Option<&'a str> {
    let Some(StrPart::Text(text, _)) = site.parts.first() else { return None };
    text.lines().find(|line| !line.trim().is_empty()).filter(|line| line.starts_with("#!")).map(str::trim_end)
}

fn reads_only_posix(line: &str) -> bool {
    let shell = line.trim_start_matches("#!").split_whitespace().next_back().unwrap_or_default();
    matches!(shell.rsplit('/').next(), Some("sh" | "dash" | "ash"))
}

/// The script of `sh -c 'script'`.
fn inner(words: &[Word]) -> Option<(&Word, String)> {
    let at = words.iter().position(|word| {
        word.literal().is_some_and(|text| text.starts_with('-') && !text.starts_with("--") && text.ends_with('c'))
    })?;
    let word = words.get(at + 1)?;
    Some((word, word.text()))
}
