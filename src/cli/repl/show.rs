//! What is shown at a stop: the step that comes next, values and where they came from, the source.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::command::WORDS;
use crate::catalog::Effect;
use crate::diag::Style;
use crate::report::human_time::took;
use crate::report::{Ink, paint, sanitize};
use crate::runtime::steer::{Held, Name, Stop};
use crate::source::{FileId, Span};
use crate::value::{Value, display};

/// So many lines of what a step does are shown.
const DEEDS: usize = 6;

/// So many lines around a place.
const AROUND: u32 = 5;

/// A value in a list is cut here, in characters.
const SHORT: usize = 70;

/// A value that was asked for is cut here, in characters.
const LONG: usize = 20_000;

/// The words before the cursor: `prod · scale out › `.
pub(super) fn prompt(held: &Held<'_>, style: Style) -> String {
    let (dot, arrow) = if style.unicode { ("·", "›") } else { ("-", ">") };
    let title =
        |path: &[std::sync::Arc<str>]| path.last().map_or_else(String::new, |title| sanitize::line(title).into());
    let place = match held.stop() {
        Stop::Step { title, .. } => sanitize::line(title).into_owned(),
        Stop::Failed { .. } => format!("{} FAILED", title(held.path())),
        Stop::Statement(span) => {
            let line = held.program().sources.get(span.file).line_column(span.start).line;
            let around = title(held.path());
            if around.is_empty() { format!("line {line}") } else { format!("{around}, line {line}") }
        }
        Stop::End(_) => "end".to_owned(),
    };
    match held.environment().0 {
        Some(environment) => format!("{environment} {dot} {place} {arrow} "),
        None => format!("{place} {arrow} "),
    }
}

/// What comes next.
pub(super) fn header(held: &Held<'_>, style: Style) -> Option<String> {
    let arrow = if style.unicode { "▶" } else { ">" };
    let place = |span: Span| held.program().sources.place_line(span);
    match held.stop() {
        Stop::Step { scope, .. } => {
            let path: Vec<_> = held.path().iter().map(|title| sanitize::line(title)).collect();
            let head = format!("{arrow} {}", paint(style, Ink::Bold, &path.join(" · ")));
            let plain = path.join(" · ").width() + 2;
            let effect = match scope.effect {
                Some(effect @ (Effect::Changes | Effect::Destroys)) => {
                    let back = if held.has_way_back(scope) { "undo ready" } else { "no undo" };
                    format!("  [{effect}; {back}]")
                }
                Some(Effect::Reads) => "  [reads]".to_owned(),
                None => format!("  [{}]", scope.kind.word()),
            };
            let place = place(scope.span);
            let room = style.width.min(100).saturating_sub(plain + effect.width() + place.width());
            let mut text = format!("{head}{effect}{}{}", " ".repeat(room.max(2)), paint(style, Ink::Dim, &place));
            let deeds = held.deeds(scope);
            for deed in deeds.iter().take(DEEDS) {
                let _ = write!(text, "\n   {}", sanitize::clip(&sanitize::line(deed), style.width.saturating_sub(3)));
            }
            if deeds.len() > DEEDS {
                let _ = write!(text, "\n   … and {} more", deeds.len() - DEEDS);
            }
            Some(text)
        }
        Stop::Statement(span) => {
            // The whole line: an action in a statement runs by itself, before the rest of it.
            let file = held.program().sources.get(span.file);
            let source = file.line(file.line_column(span.start).line).trim();
            Some(format!("{arrow} {}  {}", sanitize::line(source), paint(style, Ink::Dim, &place(span))))
        }
        Stop::Failed { .. } | Stop::End(_) => None,
    }
}

/// A value that was asked for.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Str(text) if text.contains('\n') => {
            sanitize::lines(text).map(std::borrow::Cow::into_owned).collect::<Vec<_>>().join("\n")
        }
        other => sanitize::line(&display::inspect(other, LONG)).into_owned(),
    }
}

/// Where a value came from: `(from diagnose · read pods, line 18)`.
pub(super) fn origin(held: &Held<'_>, name: &Name) -> String {
    let info = &name.info;
    let program = held.program();
    if program.params.iter().any(|param| param.name == info.name && param.span.file == info.span.file) {
        return "(parameter)".to_owned();
    }
    if matches!(&*info.name, "env" | "environments") {
        return "(environment)".to_owned();
    }
    let (titles, place) = held.origin(info);
    if place.starts_with("typed ") {
        return "(typed)".to_owned();
    }
    let line = place.rsplit(':').next().unwrap_or_default().to_owned();
    let titles: Vec<_> = titles.iter().map(|title| sanitize::line(title)).collect();
    if titles.is_empty() { format!("(line {line})") } else { format!("(from {}, line {line})", titles.join(" · ")) }
}

/// All values, a line each.
pub(super) fn values(held: &Held<'_>, style: Style) -> String {
    let names = held.names();
    let widest = names.iter().map(|name| name.info.name.width()).max().unwrap_or_default();
    let lines = names.iter().filter(|name| &*name.info.name != "environments").map(|name| {
        let value = sanitize::line(&display::inspect(&name.value, SHORT)).into_owned();
        let origin = paint(style, Ink::Dim, &origin(held, name));
        let pad = widest - name.info.name.width();
        format!("  {}{} = {value}   {origin}", name.info.name, " ".repeat(pad))
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { "  nothing is bound".to_owned() } else { lines.join("\n") }
}

/// Where the run stands, and what is armed.
pub(super) fn place(held: &Held<'_>) -> String {
    let stop = held.stop();
    let path: Vec<_> = held.path().iter().map(|title| sanitize::line(title)).collect();
    let what = match stop {
        Stop::Step { .. } => "before",
        Stop::Statement(_) => "in",
        Stop::Failed { .. } => "failed",
        Stop::End(_) => "at the end of the story",
    };
    let place = held.program().sources.place_line(stop.span());
    let mut text = format!("  {what} {}  {place}", path.join(" · "));
    let _ = write!(text, "\n  run {} · {}", held.run(), took(held.elapsed()));
    let armed = held.armed();
    if armed.is_empty() {
        text.push_str("\n  nothing is armed");
    } else {
        text.push_str("\n  armed, newest first:");
        for (number, line) in (1..).zip(&armed) {
            let _ = write!(text, "\n    {number}. {}", sanitize::line(line));
        }
    }
    text
}

/// The source around the place where the run stands, or all of it.
pub(super) fn source(held: &Held<'_>, all: bool, style: Style) -> String {
    let span = held.stop().span();
    let sources = &held.program().sources;
    let file = sources.get(span.file);
    let at = file.line_column(span.start).line;
    let count = line_count(held, span.file);
    let (first, last) = if all { (1, count) } else { (at.saturating_sub(AROUND).max(1), (at + AROUND).min(count)) };
    let arrow = if style.unicode { "▶" } else { ">" };
    let width = last.to_string().len();
    let lines = (first..=last).map(|number| {
        let text = sanitize::line(file.line(number)).into_owned();
        let mark = if number == at { arrow } else { " " };
        let line = format!("{mark} {number:>width$}  {text}");
        if number == at { paint(style, Ink::Bold, &line) } else { line }
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { "  there is no source".to_owned() } else { lines.join("\n") }
}

/// Lines with something on them.
fn line_count(held: &Held<'_>, file: FileId) -> u32 {
    let file = held.program().sources.get(file);
    let count = file.line_count();
    if count > 1 && file.line(count).is_empty() { count - 1 } else { count }
}

/// All commands.
pub(super) fn help(style: Style) -> String {
    let head = |word: &super::command::Word| format!("{} {}", word.words[0], word.takes);
    let widest = WORDS.iter().map(|word| head(word).width()).max().unwrap_or_default();
    let lines = WORDS.iter().map(|word| {
        let head = head(word);
        let pad = " ".repeat(widest - head.width());
        format!("  {}{pad}  {}", paint(style, Ink::Bold, &head), word.does)
    });
    let more = "  anything else is a statement of the language, run and put on record: $ kubectl get pods · \
                let x = … · step \"…\" { … }\n  Enter alone looks once more at what was looked at last, and never \
                changes anything; Ctrl-C clears the line, and during a step stops that step";
    lines.chain([more.to_owned()]).collect::<Vec<_>>().join("\n")
}
