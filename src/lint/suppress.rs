//! `# rbk: ignore[rule] reason`: behind a line, or alone on the line above it.
//!
//! A suppression without a reason, and one that suppresses nothing, are findings themselves.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::rules::{ignore_without_reason, unused_ignore};
use super::select::{Selection, is_known};
use super::subject::Subject;
use super::{Linted, find, nearest};
use crate::diag::{Diagnostic, code};
use crate::source::{SourceFile, Span};
use crate::syntax::tree::{Comment, File};

/// One suppression.
struct Ignore<'a> {
    /// The names in the brackets, each with whether it suppressed something.
    names: Vec<(&'a str, bool)>,
    has_reason: bool,
    /// The line that it is about.
    line: u32,
    span: Span,
    /// It stands on a line of its own.
    owns_line: bool,
}

/// Takes away what is suppressed, and tells of suppressions that are wrong.
pub(super) fn apply(subject: &Subject<'_>, solid: &[Span], selection: &Selection, found: &mut Vec<Diagnostic>) {
    let (file, source) = (subject.file, subject.source);
    let mut ignores: Vec<Ignore<'_>> = Vec::new();
    for comment in &file.comments {
        match read(comment, source, file) {
            Some(Ok(ignore)) => ignores.push(ignore),
            Some(Err(wrong)) if selection.takes(wrong.code) => found.push(*wrong),
            Some(Err(_)) | None => {}
        }
    }
    if ignores.is_empty() {
        return;
    }
    found.retain(|diagnostic| {
        diagnostic.span().file != file.id
            || diagnostic.is_analysis_error()
            || !is_ignored(diagnostic, source, solid, &mut ignores)
    });
    let mut wrong = Vec::new();
    for ignore in &ignores {
        judge(ignore, selection, source, &mut wrong);
    }
    wrong.retain(|diagnostic| selection.takes(diagnostic.code));
    found.extend(wrong);
}

/// Scripts and texts of several lines: a comment cannot stand in them, so that it stands above or behind them.
pub(super) fn solid(subject: &Subject<'_>) -> Vec<Span> {
    let spans = subject.commands.iter().map(|command| command.span);
    let spans = spans.chain(subject.texts.iter().map(|(text, _)| text.span));
    spans.filter(|span| subject.text(*span).contains('\n')).collect()
}

/// The lines on which a suppression of a finding can stand: its own, and the first of what it stands in.
fn lines(diagnostic: &Diagnostic, source: &SourceFile, solid: &[Span]) -> (u32, u32) {
    let at = diagnostic.span().start;
    let around = solid.iter().find(|span| span.start <= at && at < span.end);
    let line = |at| source.line_column(at).line;
    (around.map_or_else(|| line(at), |span| line(span.start)), line(at))
}

/// `Err`: it is meant as one and cannot be read.
fn read<'a>(comment: &'a Comment, source: &SourceFile, file: &File) -> Option<Result<Ignore<'a>, Box<Diagnostic>>> {
    let rest = comment.text.trim_start().strip_prefix("rbk:")?.trim_start();
    let list = rest.strip_prefix("ignore").map(str::trim_start).and_then(|rest| rest.strip_prefix('['));
    let Some((names, reason)) = list.and_then(|rest| rest.split_once(']')) else {
        let message = "this comment is meant for rbk, and rbk cannot read it";
        let finding = unused_ignore::RULE.at(comment.span, message, "");
        return Some(Err(Box::new(finding.help("write: # rbk: ignore[rule-name] the reason"))));
    };
    let own = source.line_column(comment.span.start).line;
    let line = if comment.owns_line { line_below(own, source, file) } else { own };
    let names = names.split(',').map(|name| (name.trim(), false)).collect();
    let has_reason = !reason.trim().is_empty();
    Some(Ok(Ignore { names, has_reason, line, span: comment.span, owns_line: comment.owns_line }))
}

/// The next line that is neither empty nor a comment.
fn line_below(line: u32, source: &SourceFile, file: &File) -> u32 {
    let is_comment = |at: u32| {
        file.comments.iter().any(|comment| comment.owns_line && source.line_column(comment.span.start).line == at)
    };
    let mut below = line + 1;
    while below <= source.line_count() && (source.line(below).trim().is_empty() || is_comment(below)) {
        below += 1;
    }
    below
}

fn is_ignored(diagnostic: &Diagnostic, source: &SourceFile, solid: &[Span], ignores: &mut [Ignore<'_>]) -> bool {
    let (first, own) = lines(diagnostic, source, solid);
    let mut ignored = false;
    for ignore in ignores.iter_mut().filter(|ignore| ignore.line == own || ignore.line == first) {
        for (name, used) in &mut ignore.names {
            let code = diagnostic.code;
            if code.name.eq_ignore_ascii_case(name) || code.id.eq_ignore_ascii_case(name) {
                *used = true;
                ignored = true;
            }
        }
    }
    ignored
}

fn judge(ignore: &Ignore<'_>, selection: &Selection, source: &SourceFile, found: &mut Vec<Diagnostic>) {
    let mut idle = Vec::new();
    for (name, used) in &ignore.names {
        if !is_known(name) {
            let message = format!("there is no rule `{name}`");
            let help = nearest(name).map_or_else(
                || "`rbk explain lint` lists all rules".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            found.push(unused_ignore::RULE.at(ignore.span, message, "suppresses nothing").help(help));
        } else if !used && is_asked(name, selection) {
            idle.push(*name);
        }
    }
    if !idle.is_empty() {
        let message = format!("nothing to ignore here: `{}` finds nothing on that line", idle.join("`, `"));
        let finding = unused_ignore::RULE.at(ignore.span, message, "suppresses nothing");
        let whole = idle.len() == ignore.names.len();
        found.push(if whole {
            finding.help("remove this comment").fix(with_blanks(ignore, source), "")
        } else {
            finding.help(format!("take `{}` out of the brackets", idle.join("`, `")))
        });
    }
    if !ignore.has_reason {
        let message = "this suppression does not say why";
        let help = "write the reason behind the brackets: # rbk: ignore[…] the other team takes it back";
        found.push(ignore_without_reason::RULE.at(ignore.span, message, "why?").help(help));
    }
}

/// Whether a suppression of it could have suppressed something in this run.
fn is_asked(name: &str, selection: &Selection) -> bool {
    match (find(name), code::find(name)) {
        // What only shellcheck says is not always there.
        (Some(rule), _) => rule.code.name != "shellcheck" && selection.takes(&rule.code),
        (None, Some(code)) => selection.takes(code),
        (None, None) => false,
    }
}

/// A comment with the blanks before it, and with its line if it owns that.
fn with_blanks(ignore: &Ignore<'_>, source: &SourceFile) -> Span {
    let text = source.text.as_bytes();
    let mut start = ignore.span.start as usize;
    while start > 0 && matches!(text[start - 1], b' ' | b'\t') {
        start -= 1;
    }
    let mut end = ignore.span.end as usize;
    if ignore.owns_line && text.get(end) == Some(&b'\n') {
        end += 1;
    }
    Span::new(ignore.span.file, u32::try_from(start).unwrap_or(0), u32::try_from(end).unwrap_or(0))
}

/// The text of a file with a suppression above each of its findings, all with this reason; and for how many
/// findings.
pub fn with_ignores(linted: &Linted, why: &str) -> (String, usize) {
    let source = linted.source();
    let mut by_line: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    let mut count = 0;
    let own = |found: &&Diagnostic| {
        found.span().file == linted.file && !found.is_analysis_error() && !is_about_ignores(found)
    };
    for diagnostic in linted.found.iter().filter(own) {
        let (line, _) = lines(diagnostic, source, &linted.solid);
        let names = by_line.entry(line).or_default();
        if !names.contains(&diagnostic.code.name) {
            names.push(diagnostic.code.name);
        }
        count += 1;
    }
    let mut out = String::with_capacity(source.text.len() + by_line.len() * 60);
    for (number, line) in (1..).zip(source.text.split_inclusive('\n')) {
        if let Some(names) = by_line.get(&number) {
            let indent: String = line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
            let _ = writeln!(out, "{indent}# rbk: ignore[{}] {why}", names.join(", "));
        }
        out.push_str(line);
    }
    (out, count)
}

fn is_about_ignores(diagnostic: &Diagnostic) -> bool {
    [&unused_ignore::RULE.code, &ignore_without_reason::RULE.code].contains(&diagnostic.code)
}
