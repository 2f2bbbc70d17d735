//! `save FILE.rbk`: a session as a runbook. What was done in it becomes a part of the procedure, where it was done;
//! what was left out, failed or was taken back stays as a comment, with the reason.
//!
//! The text is the runbook's own with these changes, so that everything else of it is as its author wrote it. It is
//! formatted, and linted: what a rule finds in it is suppressed where it stands, for whoever makes it a procedure to
//! see to.

use std::fmt::Write as _;
use std::path::Path;

use crate::diag::Diagnostic;
use crate::fmt;
use crate::host::Host;
use crate::lint::{Linted, Selection};
use crate::runtime::steer::{Deed, Did, Held};
use crate::session;
use crate::source::{FileId, SourceFile, Span};

/// Rounds of suppressing: what is suppressed may uncover something else.
const ROUNDS: usize = 8;

/// Why a finding is suppressed.
const REASON: &str = "as it was done in the session; see to it before this becomes a procedure";

/// Writes it.
///
/// # Errors
/// Nothing was written, and why.
pub(super) fn save(host: &dyn Host, held: &Held<'_>, path: &Path) -> Result<(), String> {
    if !session::check_file(path) {
        return Err(format!("a runbook's name ends in .rbk: save {}.rbk", path.display()));
    }
    if matches!(host.files().metadata(path), Ok(Some(_))) {
        return Err(format!("{} is there already, and was left as it is: choose another name", path.display()));
    }
    // What follows may need what a step bound, though it was taken back: then it stays.
    let text = clean(host, path, written(held, true)).or_else(|_| clean(host, path, written(held, false)))?;
    host.files()
        .write_atomic(path, text.as_bytes(), None)
        .map_err(|why| format!("{} cannot be written: {why}", path.display()))
}

/// A change of the text: at a place, in the order of the session.
enum Change {
    Insert(String),
    /// The lines of a statement become comments.
    Comment(Span, String),
    /// A `let` becomes a `var`.
    Vary,
}

/// The session as a text, not formatted; with the steps of the runbook that were taken back as comments, or as they were.
fn written(held: &Held<'_>, leaves_out: bool) -> String {
    let program = held.program();
    let file = program.sources.get(program.main);
    let deeds = held.done();
    let mut changes: Vec<(usize, Change)> = Vec::new();
    let mut typed: Vec<String> = deeds.iter().map(|deed| typed_text(held, &deeds, deed)).collect();
    for deed in &deeds {
        if let Did::Typed { text, sets: true, failed: None, .. } = &deed.did {
            vary(held, text, &mut changes, &mut typed);
        }
    }
    for span in held.taken_back().into_iter().filter(|span| leaves_out && span.file == program.main) {
        changes.push((span.start as usize, Change::Comment(span, "tried, and taken back".to_owned())));
    }
    for (deed, text) in deeds.iter().zip(typed) {
        match (&deed.did, deed.at) {
            (Did::Typed { .. }, at) => changes.push((place(file, at, deed.behind, program.main), Change::Insert(text))),
            (Did::Skipped(why), Some(span)) => {
                changes.push((span.start as usize, Change::Comment(span, format!("left out: {why}"))));
            }
            (Did::Accepted(why), Some(span)) => {
                changes.push((span.start as usize, Change::Comment(span, format!("failed, and was accepted: {why}"))));
            }
            (Did::Skipped(_) | Did::Accepted(_), None) | (Did::Undone(_) | Did::Again(_), _) => {}
        }
    }
    let body = applied(&file.text, changes);
    if file.text.trim().is_empty() { with_header(held, &body) } else { body }
}

fn with_header(held: &Held<'_>, body: &str) -> String {
    let day = jiff::Timestamp::now().strftime("%Y-%m-%d");
    let actor = held.actor();
    format!("runbook \"Session of {day}\" {{\n    owner = \"@{actor}\"\n}}\n\n{body}")
}

/// Where something typed goes: a line of its own before the statement, or behind it.
fn place(file: &SourceFile, at: Option<Span>, behind: bool, main: FileId) -> usize {
    let text = &file.text;
    match at.filter(|span| span.file == main) {
        None => text.len(),
        Some(span) if behind => {
            text[span.end as usize..].find('\n').map_or(text.len(), |at| span.end as usize + at + 1)
        }
        Some(span) => text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1),
    }
}

/// A thing that was typed, as it stands in the runbook.
fn typed_text(held: &Held<'_>, deeds: &[Deed], deed: &Deed) -> String {
    let Did::Typed { text, title, looked, failed, .. } = &deed.did else { return String::new() };
    if *looked {
        return String::new();
    }
    let own = title.clone().or_else(|| step_title(text));
    let is_undone = |title: &str| {
        deeds.iter().any(|other| match &other.did {
            Did::Undone(paths) => paths.iter().any(|path| path.last().is_some_and(|last| **last == *title)),
            Did::Typed { .. } | Did::Skipped(_) | Did::Accepted(_) | Did::Again(_) => false,
        })
    };
    if let Some(why) = failed {
        return commented(text, &format!("tried, and failed: {}", why.lines().next().unwrap_or_default()));
    }
    if own.as_deref().is_some_and(is_undone) {
        return commented(text, "tried, and taken back");
    }
    let outside = deed.at.is_none_or(|at| held.depth_of(at) == 0);
    let in_step = held.is_in_step(deed);
    match title {
        _ if in_step => format!("{text}\n"),
        Some(title) => format!("step {} {{\n{text}\n}}\n", literal(title)),
        None if outside && !stands_alone(text) => format!("step {} {{\n{text}\n}}\n", literal(&short(text))),
        None => format!("{text}\n"),
    }
}

/// What may stand at the top level as it is.
fn stands_alone(text: &str) -> bool {
    let word = text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    matches!(
        word,
        "phase"
            | "step"
            | "check"
            | "monitor"
            | "confirm"
            | "checklist"
            | "manual"
            | "choose"
            | "approve"
            | "call"
            | "use"
            | "fn"
            | "action"
            | "secret"
            | "background"
            | "if"
            | "for"
            | "parallel"
    )
}

/// The title of a step that was typed whole.
fn step_title(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix("step ")?.trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(title, _)| title.to_owned())
}

fn short(text: &str) -> String {
    crate::analysis::typed::title(text)
}

/// A text as a literal, in which nothing is interpolated.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${"))
}

/// A text as a comment. Its first line begins where the text does, the others where they stood: as far as the last.
fn commented(text: &str, why: &str) -> String {
    let mut out = format!("# {why}\n");
    let around = text.lines().next_back().map_or(0, |line| line.len() - line.trim_start().len());
    for line in text.lines() {
        let blanks = line.len() - line.trim_start().len();
        let _ = writeln!(out, "#     {}", line.get(blanks.min(around)..).unwrap_or(line.trim_start()).trim_end());
    }
    out
}

/// What is set later was bound by `let`, and has to be a `var`.
fn vary(held: &Held<'_>, text: &str, changes: &mut Vec<(usize, Change)>, typed: &mut [String]) {
    let Some(name) = text.split('=').next().map(str::trim) else { return };
    let Some(found) = held.names().into_iter().rev().find(|known| *known.info.name == *name) else { return };
    let program = held.program();
    let before = format!("let {name}");
    if found.info.span.file == program.main {
        let start = found.info.span.start as usize;
        let text = &program.sources.get(program.main).text;
        if let Some(at) = text[..start].rfind("let").filter(|at| text[*at + 3..start].trim().is_empty()) {
            changes.push((at, Change::Vary));
        }
    } else if let Some(bound) = typed.iter_mut().find(|text| text.contains(&before)) {
        *bound = bound.replacen(&before, &format!("var {name}"), 1);
    }
}

fn applied(text: &str, mut changes: Vec<(usize, Change)>) -> String {
    changes.sort_by_key(|(at, _)| *at);
    let mut out = String::with_capacity(text.len() * 2);
    let mut done = 0;
    for (at, change) in changes {
        if at < done {
            // Within what became a comment.
            if let Change::Insert(new) = change {
                out.push_str(&new);
            }
            continue;
        }
        match change {
            Change::Insert(new) => {
                out.push_str(&text[done..at]);
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push('\n');
                }
                out.push_str(&new);
                done = at;
            }
            Change::Vary => {
                out.push_str(&text[done..at]);
                out.push_str("var");
                done = at + "let".len();
            }
            Change::Comment(span, why) => {
                out.push_str(&text[done..at]);
                out.push_str(&commented(&text[at..span.end as usize], &why));
                done = text[span.end as usize..].find('\n').map_or(text.len(), |end| span.end as usize + end + 1);
            }
        }
    }
    out.push_str(&text[done..]);
    out
}

/// Formats it, and suppresses what is found in it.
///
/// # Errors
/// It would not be a runbook: names that a step left out would have bound, and their like.
fn clean(host: &dyn Host, path: &Path, text: String) -> Result<String, String> {
    let mut text = fmt::format(FileId(0), &text).text;
    for _ in 0..ROUNDS {
        let opened = session::open_text(host, path, &text);
        if let Some(error) = opened.analysis.diagnostics.iter().find(|found| found.is_error()) {
            let place = opened.analysis.sources.place_line(error.span());
            return Err(format!("the session makes no runbook as it is: {place}: {}", error.message));
        }
        let linted = Linted::new(path, &opened.analysis, &Selection::default(), Vec::new());
        let found: Vec<&Diagnostic> = linted.found.iter().filter(|found| found.span().file == linted.file).collect();
        if found.is_empty() {
            return Ok(text);
        }
        text = suppressed(linted.source(), &found);
    }
    Ok(text)
}

/// The same text with a comment above each line about which something was found.
fn suppressed(source: &SourceFile, found: &[&Diagnostic]) -> String {
    let mut out = String::new();
    for number in 1..=source.line_count() {
        let here = found.iter().filter(|one| source.line_column(one.span().start).line == number);
        let mut names: Vec<&str> = here.map(|one| one.code.name).collect();
        names.sort_unstable();
        names.dedup();
        let line = source.line(number);
        if !names.is_empty() {
            let indent = line.len() - line.trim_start().len();
            let _ = writeln!(out, "{}# rbk: ignore[{}] {REASON}", &line[..indent], names.join(", "));
        }
        out.push_str(line);
        if number < source.line_count() {
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_put_where_they_were_made() {
        let text = "phase \"a\" {\n    step \"b\" {\n        let x = 1\n    }\n    step \"c\" {\n    }\n}\n";
        let span = |what: &str| {
            let at = text.find(what).unwrap();
            let end = at + text[at..].find("    }").unwrap() + 5;
            Span::new(FileId(0), u32::try_from(at).unwrap(), u32::try_from(end).unwrap())
        };
        let c = span("step \"c\"");
        let at = text.find("    step \"c\"").unwrap();
        let changes = vec![
            (at, Change::Insert("note \"here\"\n".into())),
            (c.start as usize, Change::Comment(c, "left out: why".into())),
            (text.find("let").unwrap(), Change::Vary),
        ];
        assert_eq!(
            applied(text, changes),
            "phase \"a\" {\n    step \"b\" {\n        var x = 1\n    }\nnote \"here\"\n    # left out: why\n\
             #     step \"c\" {\n#     }\n}\n"
        );
    }

    #[test]
    fn titles_of_typed_steps() {
        assert_eq!(step_title("step \"By hand\" {\n}").as_deref(), Some("By hand"));
        assert_eq!(step_title("$ step \"x\""), None);
        assert_eq!(literal("say \"${x}\""), "\"say \\\"$${x}\\\"\"");
    }
}
