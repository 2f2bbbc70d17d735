//! The story on a terminal: `rbk show`.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::{AnswerTold, Fate, History, Node, Scope, What, next, since, with_path};
use crate::diag::Style;
use crate::journal::entry::{Ending, FailureEntry, QuestionEntry, Verdict};
use crate::journal::store::Standing;
use crate::report::human_time::{clock, took};
use crate::report::paint::{Ink, Mark, paint};
use crate::report::sanitize;
use crate::runtime::failure::spoken;

/// Lines of what the other side wrote.
const OUTPUT_LINES: usize = 10;

/// Draws a run.
pub fn draw(history: &History, style: Style) -> String {
    let mut page = Page { text: String::new(), style, begun: history.begun };
    page.head(history);
    page.text.push('\n');
    for node in &history.story {
        page.node(node, 0);
    }
    if !history.story.is_empty() {
        page.text.push('\n');
    }
    page.foot(history);
    page.text
}

/// `2026-11-25 23:01:07Z`
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// The sign and the words of a status.
pub fn status(status: &str) -> (Mark, Ink) {
    match status {
        "succeeded" | "finished early" => (Mark::Done, Ink::Good),
        "failed" | "rolled back" | "rollback incomplete" | "damaged" => (Mark::Failed, Ink::Bad),
        "running" => (Mark::Waiting, Ink::Busy),
        "interrupted" => (Mark::Cancelled, Ink::Warn),
        _ => (Mark::InDoubt, Ink::Warn),
    }
}

struct Page {
    text: String,
    style: Style,
    begun: Timestamp,
}

impl Page {
    fn head(&mut self, history: &History) {
        let started = &history.started;
        let mut title = sanitize::line(&started.title).into_owned();
        if let Some(environment) = &started.environment {
            let _ = write!(title, " · {}", sanitize::line(environment));
        }
        let _ = writeln!(self.text, "{}", paint(self.style, Ink::Bold, &title));
        self.item("run", &format!("{} · {} · rbk {}", started.run, started.file, started.version));
        self.item("started", &format!("{} by {} on {}", moment(history.begun), started.actor, started.host));
        for (at, (name, value)) in started.params.iter().enumerate() {
            self.item(if at == 0 { "with" } else { "" }, &format!("{name} = {}", super::summary::recall(value)));
        }
        if let Some(lock) = &started.lock {
            self.item("lock", lock);
        }
        let (mark, ink) = status(history.status());
        let words = paint(self.style, ink, history.status());
        let mark = mark.draw(self.style);
        let label = self.label("status");
        let mut line = format!("  {label} {mark} {words}, after {}", spoken(history.elapsed()));
        if let Standing::Running(holder) = &history.standing {
            let _ = write!(line, ": {}", sanitize::line(holder));
        }
        let _ = writeln!(self.text, "{line}");
    }

    fn foot(&mut self, history: &History) {
        if let Some(ended) = &history.ended {
            self.items("why", ended.reason.iter());
            if let Some(failure) = &ended.failure {
                self.item("why", &with_path(&failure.path, &first_line(&failure.message)));
            }
        }
        let counts = history.counts;
        let mut done = format!("{} passed", counts.passed);
        for (count, word) in [(counts.failed, "failed"), (counts.skipped, "skipped")] {
            if count > 0 {
                let _ = write!(done, ", {count} {word}");
            }
        }
        self.item("steps", &done);
        self.fates(history, "taken back", Mark::Done, &|fate| *fate == Fate::Done);
        self.fates(history, "under way", Mark::Waiting, &|fate| *fate == Fate::Running);
        self.left(history);
        self.fates(history, "still armed", Mark::Waiting, &|fate| *fate == Fate::Armed);
        if let Some(ended) = &history.ended {
            let lines: Vec<String> = ended.without_inverse.clone();
            self.list("no way back", Mark::InDoubt, &lines);
        }
        let doubts: Vec<String> = history.doubts.iter().map(doubt).collect();
        self.list("in doubt", Mark::InDoubt, &doubts);
        let open: Vec<String> = history.open_questions.iter().map(|question| question.text.clone()).collect();
        self.list("asked", Mark::InDoubt, &open);
        for (at, line) in next(history).iter().enumerate() {
            self.item(if at == 0 { "next" } else { "" }, line);
        }
    }

    fn left(&mut self, history: &History) {
        let left = history.with_fate(|fate| matches!(fate, Fate::Failed { .. }));
        for (at, one) in left.iter().enumerate() {
            let Fate::Failed { why, commands } = &one.fate else { continue };
            let words = format!("{}: {}", with_path(&one.path, &one.text), first_line(why));
            self.entry(if at == 0 { "left to do" } else { "" }, Mark::Failed, &words);
            for line in commands.iter().flat_map(|commands| sanitize::lines(commands)) {
                let _ = writeln!(self.text, "  {:<12}     {line}", "");
            }
        }
    }

    /// Newest first, as a rollback goes.
    fn fates(&mut self, history: &History, label: &str, mark: Mark, is: &dyn Fn(&Fate) -> bool) {
        let lines = history.with_fate(is);
        let doubt = |in_doubt: bool| if in_doubt { " (what it takes back may not have happened)" } else { "" };
        let line = |one: &&super::Compensation| format!("{}{}", with_path(&one.path, &one.text), doubt(one.in_doubt));
        let lines: Vec<String> = lines.iter().rev().map(line).collect();
        self.list(label, mark, &lines);
    }

    fn label(&self, label: &str) -> String {
        paint(self.style, Ink::Dim, &format!("{label:<12}"))
    }

    fn item(&mut self, label: &str, words: &str) {
        let _ = writeln!(self.text, "  {} {}", self.label(label), sanitize::line(words));
    }

    fn items<'w>(&mut self, label: &str, words: impl Iterator<Item = &'w String>) {
        words.for_each(|words| self.item(label, words));
    }

    fn entry(&mut self, label: &str, mark: Mark, words: &str) {
        let _ = writeln!(self.text, "  {} {} {}", self.label(label), mark.draw(self.style), sanitize::line(words));
    }

    fn list(&mut self, label: &str, mark: Mark, lines: &[String]) {
        for (at, words) in lines.iter().enumerate() {
            self.entry(if at == 0 { label } else { "" }, mark, words);
        }
    }

    /// A line of the story, with its time since the run began.
    fn say(&mut self, at: Timestamp, depth: usize, line: &str) {
        let time = paint(self.style, Ink::Dim, &format!("{:>7}", clock(since(self.begun, at))));
        let _ = writeln!(self.text, "{time}  {:indent$}{line}", "", indent = depth * 2);
    }

    /// One that goes on below it.
    fn more(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{:7}  {:indent$}    {line}", "", "", indent = depth * 2);
    }

    fn node(&mut self, node: &Node, depth: usize) {
        self.what(node, depth);
        if node.folded > 0 {
            let many = format!("… {} more that ended well", node.folded);
            self.more(depth, &paint(self.style, Ink::Dim, &many));
        }
        for child in &node.children {
            self.node(child, depth + 1);
        }
    }

    fn what(&mut self, node: &Node, depth: usize) {
        let style = self.style;
        match &node.what {
            What::Scope(scope) => self.scope(node, scope, depth),
            What::Effect(effect) => {
                let (mark, words) = match (&effect.ending, &effect.decided) {
                    (None, Some((verdict, by))) => (Mark::Accepted, verdict_words(*verdict, by)),
                    (None, None) => (Mark::InDoubt, "no outcome on record".into()),
                    (Some(Ending::Done), _) => (Mark::Done, String::new()),
                    (Some(Ending::Failed(error)), _) => (Mark::Failed, first_line(&error.message)),
                    (Some(Ending::Unknown(error)), _) => {
                        (Mark::InDoubt, format!("in doubt: {}", first_line(&error.message)))
                    }
                };
                let took = node.took().map_or_else(String::new, |time| format!("  {}", took(time)));
                let again = if effect.attempt > 1 { format!("  try {}", effect.attempt) } else { String::new() };
                let summary = sanitize::line(&effect.summary);
                let words = words_after(&words);
                self.say(node.at, depth, &format!("{} {summary}{took}{again}{words}", mark.draw(style)));
            }
            What::Question { question, answer } => self.question(node.at, depth, question, answer.as_ref()),
            What::Failure { failure, next } => self.failure(node.at, depth, failure, Some(next)),
            What::Tripped(failure) => self.failure(node.at, depth, failure, None),
            What::Note { text, warning: false } => self.say(node.at, depth, &format!("note: {}", sanitize::line(text))),
            What::Note { text, warning: true } => {
                let mark = Mark::Accepted.draw(style);
                self.say(node.at, depth, &format!("{mark} warning: {}", sanitize::line(text)));
            }
            What::Wait { until } => self.say(node.at, depth, &format!("waits until {}", moment(*until))),
            What::Deadline => self.say(node.at, depth, "its time is over"),
            What::Resumed { by, how } => {
                let (by, how) = (sanitize::line(by), sanitize::line(how));
                self.say(node.at, depth, &paint(style, Ink::Bold, &format!("— {how} by {by}, {}", moment(node.at))));
            }
            What::Steered { by, what } => {
                let by = by.as_ref().map_or_else(String::new, |by| format!("{} ", sanitize::line(by)));
                self.say(node.at, depth, &paint(style, Ink::Bold, &format!("› {by}{}", sanitize::line(what))));
            }
            What::Stop { what, times } => {
                let times = if *times > 1 { format!(" for the {times}. time") } else { String::new() };
                self.say(
                    node.at,
                    depth,
                    &format!("{} asked to stop: {}{times}", Mark::Cancelled.draw(style), sanitize::line(what)),
                );
            }
            What::Disarmed { count, why } => {
                let count = if *count == 0 { String::new() } else { format!(" ({count} disarmed)") };
                self.say(node.at, depth, &format!("{}{count}", sanitize::line(why)));
            }
            What::Rollback { why: None, .. } => self.say(node.at, depth, "taken back, to the state before it"),
            What::Rollback { why: Some(_), count } => {
                let count = count.unwrap_or(0);
                self.say(node.at, depth, &format!("rolling back: {count} to take back, newest first"));
            }
            What::Compensation(_, told) => {
                let (mark, words) = match &told.ended {
                    None => (Mark::InDoubt, "no end on record".to_owned()),
                    Some((_, None)) => (Mark::Done, String::new()),
                    Some((_, Some(why))) => (Mark::Failed, first_line(why)),
                };
                let took = node.took().map_or_else(String::new, |time| format!("  {}", took(time)));
                let text = with_path(&told.path, &told.text);
                let (text, words) = (sanitize::line(&text), words_after(&words));
                self.say(node.at, depth, &format!("{} undo {text}{took}{words}", mark.draw(style)));
            }
        }
    }

    fn scope(&mut self, node: &Node, scope: &Scope, depth: usize) {
        let (mark, word) = match scope.status.as_deref() {
            Some("passed") => (Mark::Done, ""),
            Some("skipped") => (Mark::Skipped, "skipped"),
            Some("accepted") => (Mark::Accepted, "failed, and the run went on"),
            Some("cancelled") => (Mark::Cancelled, "stopped"),
            Some("in doubt") => (Mark::InDoubt, "in doubt"),
            Some(_) => (Mark::Failed, ""),
            None => (Mark::Waiting, "no end on record"),
        };
        let mut line =
            format!("{} {} {}", mark.draw(self.style), sanitize::line(&scope.kind), sanitize::line(&scope.title));
        if let Some(time) = scope.elapsed.filter(|_| scope.status.as_deref() != Some("skipped")) {
            let _ = write!(line, "  {}", took(time));
        }
        for words in [Some(word).filter(|word| !word.is_empty()), scope.detail.as_deref()].into_iter().flatten() {
            let _ = write!(line, "  {}", sanitize::line(words));
        }
        self.say(node.at, depth, &line);
        let failed = matches!(scope.status.as_deref(), Some("failed" | "in doubt" | "accepted"));
        if let Some(read) = scope.failed_read.as_ref().filter(|_| failed) {
            self.more(depth, &format!("last answer: {}", sanitize::line(read)));
        }
    }

    fn question(&mut self, at: Timestamp, depth: usize, question: &QuestionEntry, answer: Option<&AnswerTold>) {
        let text = sanitize::line(&question.text);
        let Some(answer) = answer else {
            let until = question.expires.map_or_else(String::new, |until| format!(", until {}", moment(until)));
            let mark = Mark::InDoubt.draw(self.style);
            self.say(at, depth, &format!("{mark} asked, without an answer yet{until}: {text}"));
            for line in question.details.iter().flat_map(|text| sanitize::lines(text)) {
                self.more(depth, &line);
            }
            return;
        };
        let (by, said) = (sanitize::line(&answer.by), sanitize::line(&answer.text));
        let waited = since(at, answer.at);
        let waited = if waited < Duration::from_secs(1) { String::new() } else { format!(" after {}", took(waited)) };
        self.say(at, depth, &format!("? {text}"));
        self.more(depth, &format!("{by} answered {said}{waited}, {}", moment(answer.at)));
        for line in answer.evidence.iter().flat_map(|text| sanitize::lines(text)) {
            self.more(depth, &format!("│ {line}"));
        }
    }

    fn failure(&mut self, at: Timestamp, depth: usize, failure: &FailureEntry, next: Option<&String>) {
        let mark = Mark::Failed.draw(self.style);
        let mut lines = sanitize::lines(&failure.message);
        let first = lines.next().unwrap_or_default();
        let place = paint(self.style, Ink::Dim, &format!("[{}]", sanitize::line(&failure.place)));
        self.say(at, depth, &format!("{mark} {first}  {place}"));
        let rest: Vec<String> = lines.map(Into::into).collect();
        for line in &rest {
            self.more(depth, line);
        }
        let labels = failure.labels.iter().map(|(_, _, _, text)| text).filter(|text| !text.is_empty());
        for text in labels {
            self.more(depth, &format!("measured: {}", sanitize::line(text)));
        }
        let arrow = if self.style.unicode { "↳" } else { "->" };
        for line in &failure.evidence {
            self.more(depth, &format!("{arrow} {}", sanitize::line(line)));
        }
        if let Some(because) = &failure.because {
            self.more(depth, &format!("because: {}", sanitize::line(because)));
        }
        let bar = if self.style.unicode { "│" } else { "|" };
        let output: Vec<String> =
            failure.output.iter().flat_map(|output| sanitize::lines(output).map(Into::into)).collect();
        for line in &output[output.len().saturating_sub(OUTPUT_LINES)..] {
            self.more(depth, &format!("{bar} {line}"));
        }
        if failure.in_doubt {
            self.more(depth, "in doubt: nobody knows whether its effect happened");
        }
        for (label, words) in [("help", failure.help.as_ref()), ("next", next)] {
            if let Some(words) = words.filter(|words| !words.is_empty()) {
                self.more(depth, &format!("{label}: {}", sanitize::line(words)));
            }
        }
    }
}

/// `Deploy / second: POST https://x: the connection was lost`
pub(super) fn doubt(doubt: &super::Doubt) -> String {
    let text = with_path(&doubt.path, &doubt.summary);
    match &doubt.error {
        Some(error) => format!("{text}: {}", first_line(&error.message)),
        None => format!("{text}: its outcome is not on record"),
    }
}

pub(super) fn verdict_words(verdict: Verdict, by: &str) -> String {
    let words = match verdict {
        Verdict::Happened => "it happened",
        Verdict::DidNot => "it did not happen",
        Verdict::Again => "to be run again",
    };
    format!("in doubt, and decided by {by}: {words}")
}

pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn words_after(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("  {}", sanitize::line(words)) }
}
