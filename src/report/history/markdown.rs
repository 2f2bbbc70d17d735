//! The story as a page: the timeline of a post-mortem.

use std::fmt::Write as _;

use super::tree::{doubt, first_line, moment, verdict_words};
use super::{Fate, History, Node, What, next, with_path};
use crate::journal::entry::{Ending, FailureEntry};
use crate::report::human_time::took;
use crate::report::sanitize;
use crate::runtime::failure::{FailureKind, spoken};

/// Draws a run.
pub fn draw(history: &History) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "# {}: {}\n", text(&history.started.title), text(history.status()));
    head(&mut page, history);
    timeline(&mut page, history);
    evidence(&mut page, history);
    answers(&mut page, history);
    fates(&mut page, history);
    page
}

fn head(page: &mut String, history: &History) {
    let started = &history.started;
    let _ = writeln!(page, "| | |\n|---|---|");
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(page, "| {} | {} |", text(name), value);
    };
    row("run", &code(&started.run));
    row("runbook", &code(&started.file));
    if let Some(environment) = &started.environment {
        row("environment", &text(environment));
    }
    row("started", &format!("{}, by {} on {}", moment(history.begun), text(&started.actor), text(&started.host)));
    row("until", &format!("{} ({})", moment(history.last), spoken(history.elapsed())));
    for (name, value) in &started.params {
        row(&format!("with {name}"), &code(&super::summary::recall(value)));
    }
    if let Some(lock) = &started.lock {
        row("lock", &code(lock));
    }
    row("plan", &code(&started.plan));
    row("rbk", &text(&started.version));
    let Some(ended) = &history.ended else { return };
    if let Some(reason) = &ended.reason {
        row("why", &text(reason));
    }
    if let Some(failure) = &ended.failure {
        row("why", &text(&with_path(&failure.path, &first_line(&failure.message))));
    }
}

fn timeline(page: &mut String, history: &History) {
    let _ = writeln!(page, "\n## What happened\n\nTimes are UTC.\n\n| when | took | what |\n|---|---:|---|");
    for node in &history.story {
        moments(page, node, 0);
    }
}

/// One line for each thing, what it is within shown by its place.
fn moments(page: &mut String, node: &Node, depth: usize) {
    let when = node.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let took = node.took().map_or_else(String::new, took);
    let indent = "&emsp;".repeat(depth);
    let _ = writeln!(page, "| {when} | {took} | {indent}{} |", what(&node.what));
    if node.folded > 0 {
        let _ = writeln!(page, "| | | {indent}&emsp;… {} more that ended well |", node.folded);
    }
    for child in &node.children {
        moments(page, child, depth + 1);
    }
}

fn what(what: &What) -> String {
    match what {
        What::Scope(scope) => {
            let status = match scope.status.as_deref() {
                Some("passed") => String::new(),
                Some(status) => format!(": **{}**", text(status)),
                None => ": **no end on record**".into(),
            };
            let detail = scope.detail.as_ref().map_or_else(String::new, |detail| format!(" ({})", text(detail)));
            format!("{} {}{status}{detail}", text(&scope.kind), text(&scope.title))
        }
        What::Effect(effect) => {
            let ending = match (&effect.ending, &effect.decided) {
                (None, Some((verdict, by))) => format!(": **{}**", text(&verdict_words(*verdict, by))),
                (None, None) => ": **no outcome on record**".into(),
                (Some(Ending::Done), _) => String::new(),
                (Some(Ending::Failed(error)), _) => format!(": **failed**, {}", text(&first_line(&error.message))),
                (Some(Ending::Unknown(error)), _) => {
                    format!(": **in doubt**, {}", text(&first_line(&error.message)))
                }
            };
            let again = if effect.attempt > 1 { format!(" (try {})", effect.attempt) } else { String::new() };
            format!("{}{again}{ending}", code(&effect.summary))
        }
        What::Question { question, answer: Some(answer) } => {
            format!("“{}” **{}** answered “{}”", text(&question.text), text(&answer.by), text(&answer.text))
        }
        What::Question { question, answer: None } => format!("“{}” **not answered**", text(&question.text)),
        What::Failure { failure, next } => {
            format!("**{}** ({}). Next: {}", text(&first_line(&failure.message)), code(&failure.place), text(next))
        }
        What::Tripped(failure) => format!("**{}** ({})", text(&first_line(&failure.message)), code(&failure.place)),
        What::Note { text: words, warning: false } => format!("note: {}", text(words)),
        What::Note { text: words, warning: true } => format!("**warning**: {}", text(words)),
        What::Wait { until } => format!("waited until {}", moment(*until)),
        What::Deadline => "**its time was over**".into(),
        What::Resumed { by, how } => format!("**{}** by {}", text(how), text(by)),
        What::Steered { by, what } => {
            format!("{}{}", by.as_ref().map_or_else(String::new, |by| format!("{} ", text(by))), text(what))
        }
        What::Stop { what, times } => format!("**asked to stop** ({}, {times}×)", text(what)),
        What::Disarmed { count: 0, why } => text(why),
        What::Disarmed { count, why } => format!("{} ({count} disarmed)", text(why)),
        What::Rollback { why: None, .. } => "taken back, to the state before it".into(),
        What::Rollback { why: Some(_), count } => format!("**rollback**: {} to take back", count.unwrap_or(0)),
        What::Compensation(_, told) => {
            let ending = match &told.ended {
                None => ": **no end on record**".into(),
                Some((_, None)) => String::new(),
                Some((_, Some(why))) => format!(": **failed**, {}", text(&first_line(why))),
            };
            let path = if told.path.is_empty() { String::new() } else { format!("{}: ", text(&told.path.join(" / "))) };
            format!("undo {path}{}{ending}", code(&told.text))
        }
    }
}

fn evidence(page: &mut String, history: &History) {
    let mut failures = Vec::new();
    history.story.iter().for_each(|node| collect(node, &mut failures));
    if failures.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n## Evidence");
    for failure in failures {
        let _ = writeln!(page, "\n### {}\n", text(&with_path(&failure.path, &first_line(&failure.message))));
        let rest: Vec<&str> = failure.message.lines().skip(1).collect();
        let mut lines: Vec<String> = rest.iter().map(|line| text(line)).collect();
        lines.push(format!("at {}", code(&failure.place)));
        let labels = failure.labels.iter().map(|(_, _, _, label)| label).filter(|label| !label.is_empty());
        lines.extend(labels.map(|label| format!("measured: {}", code(label))));
        lines.extend(failure.evidence.iter().map(|line| text(line)));
        lines.extend(failure.because.iter().map(|because| format!("because: {}", text(because))));
        lines.extend(failure.in_doubt.then(|| "nobody knows whether its effect happened".to_owned()));
        for line in lines {
            let _ = writeln!(page, "- {line}");
        }
        if let Some(output) = failure.output.as_ref().filter(|output| !output.trim().is_empty()) {
            block(page, output);
        }
    }
}

fn collect<'n>(node: &'n Node, failures: &mut Vec<&'n FailureEntry>) {
    if let What::Failure { failure, .. } | What::Tripped(failure) = &node.what {
        // Who paused or left a run decided so: that is in the story, and nothing was measured.
        failures.extend((failure.kind != FailureKind::Left.name()).then_some(&**failure));
    }
    node.children.iter().for_each(|child| collect(child, failures));
}

fn answers(page: &mut String, history: &History) {
    let mut rows = Vec::new();
    history.story.iter().for_each(|node| asked(node, &mut rows));
    if rows.is_empty() {
        return;
    }
    let _ =
        writeln!(page, "\n## Who said what\n\n| when | who | question | answer | evidence |\n|---|---|---|---|---|");
    page.push_str(&rows.concat());
}

fn asked(node: &Node, rows: &mut Vec<String>) {
    if let What::Question { question, answer: Some(answer) } = &node.what {
        let (when, by, said) = (moment(answer.at), text(&answer.by), text(&answer.text));
        let evidence: Vec<String> = answer.evidence.iter().map(|line| text(line)).collect();
        rows.push(format!("| {when} | {by} | {} | {said} | {} |\n", text(&question.text), evidence.join("; ")));
    }
    node.children.iter().for_each(|child| asked(child, rows));
}

fn fates(page: &mut String, history: &History) {
    let list = |page: &mut String, title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = writeln!(page, "\n## {title}\n");
            for line in lines {
                let _ = writeln!(page, "- {line}");
            }
        }
    };
    let of = |is: &dyn Fn(&Fate) -> bool| -> Vec<String> {
        let found = history.with_fate(is);
        found.iter().rev().map(|one| text(&with_path(&one.path, &one.text))).collect()
    };
    list(page, "Taken back", of(&|fate| *fate == Fate::Done));
    let left = history.with_fate(|fate| matches!(fate, Fate::Failed { .. } | Fate::Running));
    if !left.is_empty() {
        let _ = writeln!(page, "\n## Left to do\n");
    }
    for one in left {
        let (why, commands) = match &one.fate {
            Fate::Failed { why, commands } => (first_line(why), commands.as_ref()),
            _ => ("it began, and no end is on record".to_owned(), None),
        };
        let _ = writeln!(page, "- {}: {}", text(&with_path(&one.path, &one.text)), text(&why));
        if let Some(commands) = commands {
            block(page, commands);
        }
    }
    list(page, "Still armed", of(&|fate| *fate == Fate::Armed));
    let without = history.ended.iter().flat_map(|ended| &ended.without_inverse).map(|line| text(line));
    list(page, "No way back", without.collect());
    list(page, "In doubt", history.doubts.iter().map(|one| text(&doubt(one))).collect());
    list(page, "Next", next(history).iter().map(|line| code(line)).collect());
}

/// Text that says nothing to Markdown, on one line.
fn text(text: &str) -> String {
    let mut safe = String::new();
    for c in sanitize::line(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Code, on one line, also in a table.
fn code(code: &str) -> String {
    let line = sanitize::line(code).replace('|', "\\|");
    let ticks = longest_run(&line) + 1;
    let fence = "`".repeat(ticks);
    if ticks == 1 { format!("`{line}`") } else { format!("{fence} {line} {fence}") }
}

/// Lines of code, in an item of a list or below it.
fn block(page: &mut String, lines: &str) {
    let fence = "`".repeat((longest_run(lines) + 1).max(3));
    let _ = writeln!(page, "\n{fence}text");
    for line in sanitize::lines(lines) {
        let _ = writeln!(page, "{line}");
    }
    let _ = writeln!(page, "{fence}");
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_is_no_markdown() {
        assert_eq!(text("a|b <b> *c* `d`\n\u{1b}[1m"), "a\\|b &lt;b> \\*c\\* \\`d\\`⏎␛\\[1m");
        assert_eq!(code("$ a | b"), "`$ a \\| b`");
        assert_eq!(code("a `b` c"), "`` a `b` c ``");
        let mut page = String::new();
        block(&mut page, "```\nrm -rf\n```");
        assert_eq!(page, "\n````text\n```\nrm -rf\n```\n````\n");
    }
}
