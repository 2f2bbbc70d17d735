//! The story for build servers: a test case for each step, check and monitor.

use std::fmt::Write as _;
use std::time::Duration;

use super::build::CASES;
use super::tree::{doubt, first_line, verdict_words};
use super::{Fate, History, Node, Scope, What, with_path};
use crate::journal::entry::{Ending, FailureEntry};

/// Draws a run as one suite.
pub fn draw(history: &History) -> String {
    let mut suite = Suite::default();
    for node in &history.story {
        suite.node(node, &mut Vec::new());
    }
    suite.ending(history);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let Suite { cases, count, failures, errors, skipped } = suite;
    let (name, time) = (attribute(&history.started.title), seconds(history.elapsed()));
    let totals = format!("tests=\"{count}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"");
    let _ = writeln!(text, "<testsuites name=\"rbk\" {totals} time=\"{time}\">");
    let begun = history.begun.strftime("%Y-%m-%dT%H:%M:%S");
    let host = attribute(&history.started.host);
    let _ = writeln!(
        text,
        "  <testsuite name=\"{name}\" {totals} time=\"{time}\" timestamp=\"{begun}\" hostname=\"{host}\">"
    );
    let _ = writeln!(text, "    <properties>");
    for (name, value) in
        [("run", &*history.started.run), ("status", history.status()), ("actor", &history.started.actor)]
    {
        let _ = writeln!(text, "      <property name=\"{name}\" value=\"{}\"/>", attribute(value));
    }
    let _ = writeln!(text, "    </properties>");
    text.push_str(&cases);
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

#[derive(Default)]
struct Suite {
    cases: String,
    count: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Suite {
    fn node(&mut self, node: &Node, path: &mut Vec<String>) {
        let title = match &node.what {
            What::Scope(scope) if CASES.contains(&&*scope.kind) => {
                self.case(node, scope, path);
                &scope.title
            }
            What::Scope(scope) => &scope.title,
            _ => return,
        };
        path.push(title.clone());
        node.children.iter().for_each(|child| self.node(child, path));
        path.pop();
    }

    fn case(&mut self, node: &Node, scope: &Scope, path: &[String]) {
        self.count += 1;
        let time = seconds(scope.elapsed.unwrap_or_default());
        let class = if path.is_empty() { scope.kind.clone() } else { path.join(" / ") };
        let (class, name) = (attribute(&class), attribute(&scope.title));
        let _ = write!(self.cases, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{time}\"");
        let failure = node.children.iter().find_map(|child| match &child.what {
            What::Failure { failure, .. } | What::Tripped(failure) => Some(&**failure),
            _ => None,
        });
        let detail = scope.detail.clone().unwrap_or_default();
        match scope.status.as_deref() {
            Some("passed" | "accepted") => self.cases.push_str("/>\n"),
            Some("skipped") => {
                self.skipped += 1;
                let _ = writeln!(self.cases, "><skipped message=\"{}\"/></testcase>", attribute(&detail));
            }
            Some("in doubt") | None => {
                self.errors += 1;
                let what = if scope.status.is_none() { "no end on record" } else { "in doubt" };
                self.bad("error", what, &words(node, failure));
            }
            Some(status) => {
                self.failures += 1;
                let message = failure.map_or_else(|| status.to_owned(), |failure| first_line(&failure.message));
                self.bad("failure", &message, &words(node, failure));
            }
        }
    }

    fn bad(&mut self, element: &str, message: &str, words: &str) {
        let (message, words) = (attribute(message), content(words));
        let _ = writeln!(self.cases, ">\n      <{element} message=\"{message}\">{words}</{element}>\n    </testcase>");
    }

    /// What the run left behind is a case too, or a build would be green over it.
    fn ending(&mut self, history: &History) {
        let mut lines: Vec<String> = history.doubts.iter().map(doubt).collect();
        for one in history.with_fate(|fate| matches!(fate, Fate::Failed { .. })) {
            if let Fate::Failed { why, .. } = &one.fate {
                lines.push(format!("left to do: {}: {}", with_path(&one.path, &one.text), first_line(why)));
            }
        }
        let status = history.status();
        let well = ["succeeded", "finished early"].contains(&status);
        self.count += 1;
        let _ = write!(self.cases, "    <testcase classname=\"run\" name=\"how it ended\" time=\"0.000\"");
        if well && lines.is_empty() {
            self.cases.push_str("/>\n");
        } else {
            self.errors += 1;
            self.bad("error", status, &lines.join("\n"));
        }
    }
}

fn words(node: &Node, failure: Option<&FailureEntry>) -> String {
    let mut lines = Vec::new();
    if let Some(failure) = failure {
        lines.push(format!("{}: {}", failure.place, failure.message));
        lines.extend(failure.labels.iter().map(|(_, _, _, text)| format!("measured: {text}")));
        lines.extend(failure.evidence.iter().cloned());
        lines.extend(failure.because.iter().map(|because| format!("because: {because}")));
        lines.extend(failure.output.iter().cloned());
    }
    for child in &node.children {
        let What::Effect(effect) = &child.what else { continue };
        match (&effect.ending, &effect.decided) {
            (None, Some((verdict, by))) => lines.push(format!("{}: {}", effect.summary, verdict_words(*verdict, by))),
            (None, None) => lines.push(format!("{}: no outcome on record", effect.summary)),
            (Some(Ending::Failed(error) | Ending::Unknown(error)), _) => {
                lines.push(format!("{}: {}", effect.summary, error.message));
            }
            (Some(Ending::Done), _) => {}
        }
    }
    lines.join("\n")
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

/// As XML has it, without the characters that it may not hold: <https://www.w3.org/TR/xml/#charsets>.
fn content(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(c),
            c if c < ' ' || ('\u{7f}'..='\u{9f}').contains(&c) || c == '\u{fffe}' || c == '\u{ffff}' => {
                safe.push('\u{fffd}');
            }
            c => safe.push(c),
        }
    }
    safe
}

/// On one line.
fn attribute(text: &str) -> String {
    content(text).replace(['\n', '\t'], " ")
}
