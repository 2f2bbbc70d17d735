//! Groups of asserts: all are evaluated, and all failures told.

use super::branch::Branch;
use super::failure::{Failure, FailureKind};
use super::flow::Flow;
use crate::analysis::program::{Assert, NameInfo, Source};
use crate::diag::Label;
use crate::eval;
use crate::eval::expr::{Expr, ExprKind, SlotId};
use crate::value::Value;

impl Branch {
    pub(super) async fn asserts(&mut self, asserts: &[Assert]) -> Flow {
        let mut failed: Option<Box<Failure>> = None;
        for assert in asserts {
            match self.block(&assert.before).await {
                Flow::Next => {}
                // An answer that did not come fails its assert; the others of the group are still told.
                Flow::Fail(failure) if failure.kind.is_worth_another_try() && !failure.in_doubt => {
                    self.join(&mut failed, failure, assert);
                    continue;
                }
                flow => return flow,
            }
            if let Some(failure) = self.judge(std::slice::from_ref(assert)) {
                match &mut failed {
                    None => failed = Some(failure),
                    Some(first) => add(first, *failure),
                }
            }
        }
        failed.map_or(Flow::Next, Flow::Fail)
    }

    fn join(&mut self, failed: &mut Option<Box<Failure>>, mut failure: Box<Failure>, assert: &Assert) {
        failure.because = self.because(assert);
        match failed {
            None => *failed = Some(failure),
            Some(first) => add(first, *failure),
        }
    }

    /// Evaluates asserts whose calls have been made.
    pub(super) fn judge(&mut self, asserts: &[Assert]) -> Option<Box<Failure>> {
        let mut failed: Option<Box<Failure>> = None;
        for assert in asserts {
            let failure = match self.eval(&assert.condition) {
                Ok(Value::Bool(true) | Value::Unknown(_)) => continue,
                Ok(Value::Bool(false)) => self.does_not_hold(assert),
                Ok(other) => self.no_condition(&assert.condition, &other),
                Err(mut failure) => {
                    failure.evidence = self.evidence(&assert.condition);
                    failure.because = self.because(assert);
                    failure
                }
            };
            match &mut failed {
                None => failed = Some(failure),
                Some(first) => add(first, *failure),
            }
        }
        failed
    }

    fn because(&mut self, assert: &Assert) -> Option<String> {
        assert.because.as_ref().and_then(|because| self.text(because).ok())
    }

    fn does_not_hold(&mut self, assert: &Assert) -> Box<Failure> {
        let source = self.unit.program.sources.text(assert.condition.span);
        let message = format!("`{}` does not hold", one_line(source));
        let mut failure = self.failure(FailureKind::Assert, assert.condition.span, message);
        let parts = self.with_evaluator(|context| eval::explain(&assert.condition, context));
        if !parts.is_empty() {
            failure.diagnostic.labels = parts
                .into_iter()
                .map(|part| Label { span: part.span, text: self.run.mask.hidden(part.text) })
                .collect();
        }
        failure.seen = self.seen(&assert.condition, true);
        failure.evidence = self.evidence(&assert.condition);
        failure.because = self.because(assert);
        failure
    }

    /// What a condition saw, in one line, against what it should be.
    pub(super) fn seen(&mut self, condition: &Expr, expected: bool) -> Option<String> {
        let sources = std::sync::Arc::clone(&self.unit.program.sources);
        let seen = self.with_evaluator(|context| {
            eval::wanted(condition, expected, context, &|span| sources.text(span).to_owned())
        });
        seen.map(|seen| self.run.mask.hidden(seen))
    }

    /// One line for each answer the values of an expression were read from, and where those were bound.
    pub(super) fn evidence(&mut self, expr: &Expr) -> Vec<String> {
        let mut slots = Vec::new();
        slots_of(expr, &mut slots);
        let sources = std::sync::Arc::clone(&self.unit.program.sources);
        let mut lines = Vec::new();
        for slot in slots {
            let Some(info) = self.name_info(slot) else { continue };
            let (mut from, span, name) = (info.from.clone(), info.span, std::sync::Arc::clone(&info.name));
            let mut holder = slot;
            if let Some(Source::PartOf(whole)) = from {
                holder = whole;
                from = self.name_info(whole).and_then(|info| info.from.clone());
            }
            let Some(value) = self.get(holder) else { continue };
            let said = match from {
                Some(Source::Action(action)) => (action.evidence)(value),
                Some(Source::Command) => command_evidence(value),
                Some(Source::User(action)) => Some(format!("{action} returned {}", value.inspect())),
                Some(Source::PartOf(_)) | None => continue,
            };
            let Some(said) = said else { continue };
            // A name made by lowering stands where its value is used: its place says nothing more.
            if name.starts_with('$') {
                lines.push(said);
            } else {
                lines.push(format!("{name}, {}: {said}", sources.place_line(span)));
            }
        }
        lines.dedup();
        lines.into_iter().map(|line| self.run.mask.hidden(line)).collect()
    }

    /// What is known of a name of the code that runs.
    pub(super) fn name_info(&self, slot: SlotId) -> Option<&NameInfo> {
        self.codes.last()?.names().get(slot as usize)
    }
}

/// A second failure of the same group: its labels and evidence beside the first's.
fn add(first: &mut Failure, other: Failure) {
    let same_file = first.diagnostic.span().file == other.diagnostic.span().file;
    let message = &mut first.diagnostic.message;
    message.push_str("\nand ");
    message.push_str(&other.diagnostic.message);
    if same_file {
        first.diagnostic.labels.extend(other.diagnostic.labels);
    }
    for line in other.evidence {
        if !first.evidence.contains(&line) {
            first.evidence.push(line);
        }
    }
    if let Some(because) = other.because {
        first.because = Some(match first.because.take() {
            Some(mine) => format!("{mine}; {because}"),
            None => because,
        });
    }
    first.in_doubt |= other.in_doubt;
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `exited with 1 after 0.2 s: last line of what it wrote`
fn command_evidence(value: &Value) -> Option<String> {
    let Value::Record(record) = value else { return None };
    let status = record.get("status")?.to_text();
    let text = record.text().map(|text| text.raw.trim_end()).unwrap_or_default();
    let last = text.lines().last().unwrap_or_default();
    let shown: String = last.chars().take(120).collect();
    Some(if shown.is_empty() {
        format!("exited with {status}, wrote nothing")
    } else {
        format!("exited with {status}: {shown}")
    })
}

fn slots_of(expr: &Expr, out: &mut Vec<SlotId>) {
    if let ExprKind::Slot(slot) = &expr.kind {
        if !out.contains(slot) {
            out.push(*slot);
        }
        return;
    }
    expr.for_each_child(&mut |child| slots_of(child, out));
}
