//! The stream of events for programs: one JSON object a line. Names are stable; new fields and
//! events may be added within `rbk.run/1`.

use std::cell::Cell;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Out, Reporter, write_as_it_is};
use crate::diag::Diagnostic;
use crate::runtime::event::{Event, Observer, ScopeInfo, ScopeStatus};
use crate::runtime::failure::Failure;
use crate::runtime::outcome::{Report, Status};

/// The schema, on the first line.
pub const SCHEMA: &str = "rbk.run/1";

/// Writes events as JSON.
pub struct Json {
    out: Out,
    now: fn() -> jiff::Timestamp,
    begun: Cell<bool>,
}

impl Json {
    /// Onto a writer, with this clock.
    pub fn new(out: Box<dyn std::io::Write>, now: fn() -> jiff::Timestamp) -> Self {
        Self { out: out.into(), now, begun: Cell::new(false) }
    }
}

impl Observer for Json {
    fn observe(&self, event: &Event) {
        let mut line = Map::new();
        if !self.begun.replace(true) {
            line.insert("schema".into(), SCHEMA.into());
        }
        line.insert("at".into(), (self.now)().to_string().into());
        let (name, fields) = fields(event);
        line.insert("event".into(), name.into());
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        let mut line = Value::Object(line);
        crate::mask::current().hide_json(&mut line);
        write_as_it_is(&self.out, &escaped(&line.to_string()));
    }
}

impl Reporter for Json {}

/// JSON that a terminal shows and does not obey: control characters beyond ASCII, and what turns the direction of
/// text, are escaped as well. They stand in strings only.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

fn fields(event: &Event) -> (&'static str, Value) {
    match event {
        Event::RunStarted { run, title, environment, total } => {
            ("run_started", json!({ "run": &**run, "title": title, "environment": environment, "total": total }))
        }
        Event::ScopeStarted(info) => ("scope_started", scope(info)),
        Event::Progress { scope, attempt, seen, elapsed, limit } => (
            "progress",
            json!({
                "scope": scope.id, "attempt": attempt, "seen": seen,
                "elapsed_ms": ms(*elapsed), "limit_ms": limit.map(ms),
            }),
        ),
        Event::EffectStarted { scope, show, effect, bound: _ } => {
            ("effect_started", json!({ "scope": scope.id, "show": show, "effect": effect }))
        }
        Event::Armed { scope, text, restores } => {
            ("armed", json!({ "scope": scope.id, "text": text, "restores": restores }))
        }
        Event::Output { scope, stream, text } => {
            ("output", json!({ "scope": scope.id, "stream": stream, "text": text }))
        }
        Event::ScopeEnded { scope: info, status, elapsed, detail } => {
            let mut fields = scope(info);
            fields["status"] = scope_status(*status).into();
            fields["elapsed_ms"] = ms(*elapsed).into();
            fields["detail"] = json!(detail);
            ("scope_ended", fields)
        }
        Event::Failed { failure: failed, next } => ("failed", json!({ "failure": failure(failed), "next": next })),
        Event::Branch { text, depth } => ("branch", json!({ "text": text, "depth": depth })),
        Event::Note(text) => ("note", json!({ "text": text })),
        Event::Warning(text) => ("warning", json!({ "text": text })),
        Event::Asked { question } => ("asked", json!({ "question": question })),
        Event::Answered { question, answer, by } => {
            ("answered", json!({ "question": question, "answer": answer, "by": by }))
        }
        Event::RollbackStarted { compensations } => ("rollback_started", json!({ "compensations": compensations })),
        Event::RunEnded(ended) => ("run_ended", report(ended)),
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn scope(info: &ScopeInfo) -> Value {
    json!({
        "scope": info.id, "parent": info.parent, "depth": info.depth, "kind": info.kind,
        "title": info.title, "effect": info.effect, "place": info.place,
    })
}

const fn scope_status(status: ScopeStatus) -> &'static str {
    match status {
        ScopeStatus::Passed => "passed",
        ScopeStatus::Skipped => "skipped",
        ScopeStatus::Failed => "failed",
        ScopeStatus::Accepted => "accepted",
        ScopeStatus::Cancelled => "cancelled",
        ScopeStatus::InDoubt => "in_doubt",
    }
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Succeeded => "succeeded",
        Status::Finished => "finished_early",
        Status::Failed => "failed",
        Status::RolledBack => "rolled_back",
        Status::RollbackIncomplete => "rollback_incomplete",
        Status::Paused => "paused",
        Status::Interrupted => "interrupted",
    }
}

fn failure(failure: &Failure) -> Value {
    let Diagnostic { code, message, labels, help, .. } = &failure.diagnostic;
    let labels: Vec<Value> =
        labels.iter().map(|label| json!({ "place": failure.sources.place(label.span), "text": label.text })).collect();
    json!({
        "kind": failure.kind.name(), "code": code.id, "message": message, "help": help, "labels": labels,
        "path": failure.path.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        "evidence": failure.evidence, "because": failure.because, "output": failure.output,
        "in_doubt": failure.in_doubt,
    })
}

fn report(report: &Report) -> Value {
    let left: Vec<Value> = report
        .left
        .iter()
        .map(|left| json!({ "what": left.what, "why": left.why, "commands": left.commands }))
        .collect();
    json!({
        "run": &*report.run, "status": status(report.status), "exit_code": report.status.exit_code(),
        "reason": report.reason, "failure": report.failure.as_ref().map(failure),
        "elapsed_ms": ms(report.elapsed), "done": report.done, "skipped": report.skipped,
        "accepted": report.accepted, "taken_back": report.taken_back, "left": left, "armed": report.armed,
        "without_inverse": report.without_inverse, "stays": report.stays, "in_doubt": report.in_doubt,
    })
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::report::testing::{self, Page, ended};

    #[test]
    fn one_object_a_line() {
        let page = Page::default();
        let json = Json::new(Box::new(page.clone()), || jiff::Timestamp::UNIX_EPOCH);
        let step = testing::scope(1, None, "step", "Send it");
        json.observe(&testing::started());
        json.observe(&Event::ScopeStarted(Rc::clone(&step)));
        json.observe(&ended(&step, ScopeStatus::InDoubt, 1900, Some("lost")));
        json.observe(&Event::Failed { failure: Rc::new(testing::failure()), next: "stops".into() });
        json.observe(&Event::RunEnded(Rc::new(testing::report(Status::RollbackIncomplete))));
        let text = page.text();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            text.lines().next().unwrap(),
            r#"{"schema":"rbk.run/1","at":"1970-01-01T00:00:00Z","event":"run_started","run":"0199a3f","title":"Deploy the backend","environment":"prod","total":3}"#
        );
        assert!(lines[1..].iter().all(|line| line.get("schema").is_none()));
        assert_eq!(lines[2]["status"], "in_doubt");
        assert_eq!(lines[2]["elapsed_ms"], 1900);
        assert_eq!(lines[3]["failure"]["labels"][0]["place"], "deploy.rbk:2:12");
        assert_eq!(lines[4]["status"], "rollback_incomplete");
        assert_eq!(lines[4]["exit_code"], 4);
    }
}
