//! What happens, told without secrets: every event passes here before anybody observes it.

use std::rc::Rc;

use super::event::{Event, ScopeInfo};
use super::failure::Failure;
use super::outcome::{Left, Report};
use crate::diag::{Diagnostic, Label};
use crate::mask::Mask;

/// The event as others may see it.
pub(super) fn event(mask: &Mask, event: &Event) -> Event {
    let hide = |text: &String| mask.hide(text).into_owned();
    let hide_some = |text: &Option<String>| text.as_ref().map(hide);
    match event {
        Event::RunStarted { run, title, environment, total } => {
            Event::RunStarted { run: run.clone(), title: hide(title), environment: environment.clone(), total: *total }
        }
        Event::ScopeStarted(info) => Event::ScopeStarted(scope(mask, info)),
        Event::Progress { scope: info, attempt, seen, elapsed, limit } => Event::Progress {
            scope: scope(mask, info),
            attempt: *attempt,
            seen: hide_some(seen),
            elapsed: *elapsed,
            limit: *limit,
        },
        Event::EffectStarted { scope: info, show, effect, bound } => {
            Event::EffectStarted { scope: scope(mask, info), show: hide(show), effect: *effect, bound: *bound }
        }
        Event::Armed { scope: info, text, restores } => {
            Event::Armed { scope: scope(mask, info), text: hide(text), restores: *restores }
        }
        Event::Output { scope: info, stream, text } => {
            Event::Output { scope: scope(mask, info), stream: *stream, text: hide(text) }
        }
        Event::ScopeEnded { scope: info, status, elapsed, detail } => Event::ScopeEnded {
            scope: scope(mask, info),
            status: *status,
            elapsed: *elapsed,
            detail: hide_some(detail),
        },
        Event::Failed { failure: failed, next } => {
            Event::Failed { failure: Rc::new(failure(mask, failed)), next: hide(next) }
        }
        Event::Branch { text, depth } => Event::Branch { text: hide(text), depth: *depth },
        Event::Note(text) => Event::Note(hide(text)),
        Event::Warning(text) => Event::Warning(hide(text)),
        Event::Asked { question } => Event::Asked { question: hide(question) },
        Event::Answered { question, answer, by } => {
            Event::Answered { question: hide(question), answer: hide(answer), by: by.clone() }
        }
        Event::RollbackStarted { compensations } => Event::RollbackStarted { compensations: *compensations },
        Event::RunEnded(ended) => Event::RunEnded(Rc::clone(ended)),
    }
}

fn scope(mask: &Mask, info: &Rc<ScopeInfo>) -> Rc<ScopeInfo> {
    match mask.hide(&info.title) {
        std::borrow::Cow::Borrowed(_) => Rc::clone(info),
        std::borrow::Cow::Owned(title) => {
            let ScopeInfo { id, parent, depth, kind, title: _, effect, place } = &**info;
            let (id, parent, depth, kind, effect, place) = (*id, *parent, *depth, *kind, *effect, place.clone());
            Rc::new(ScopeInfo { id, parent, depth, kind, title, effect, place })
        }
    }
}

/// A failure as others may see it; what it was read from, for a `try`, is not for them.
pub(super) fn failure(mask: &Mask, failure: &Failure) -> Failure {
    let hide = |text: &String| mask.hide(text).into_owned();
    let hide_some = |text: &Option<String>| text.as_ref().map(hide);
    let Diagnostic { code, severity, message, labels, help, fix } = &failure.diagnostic;
    Failure {
        id: failure.id,
        kind: failure.kind,
        diagnostic: Diagnostic {
            code,
            severity: *severity,
            message: hide(message),
            labels: labels.iter().map(|label| Label { span: label.span, text: hide(&label.text) }).collect(),
            help: hide_some(help),
            fix: fix.clone(),
        },
        sources: failure.sources.clone(),
        path: failure.path.iter().map(|title| mask.hide(title).into()).collect(),
        evidence: failure.evidence.iter().map(hide).collect(),
        because: hide_some(&failure.because),
        output: hide_some(&failure.output),
        in_doubt: failure.in_doubt,
        seen: hide_some(&failure.seen),
        value: None,
    }
}

/// The end as others may see it.
pub(super) fn report(mask: &Mask, report: Report) -> Report {
    let hide = |text: String| mask.hidden(text);
    let all = |texts: Vec<String>| texts.into_iter().map(hide).collect();
    let left = |left: Left| Left { what: hide(left.what), why: hide(left.why), commands: hide(left.commands) };
    Report {
        failure: report.failure.map(|one| failure(mask, &one)),
        reason: report.reason.map(hide),
        accepted: all(report.accepted),
        taken_back: all(report.taken_back),
        left: report.left.into_iter().map(left).collect(),
        armed: all(report.armed),
        without_inverse: all(report.without_inverse),
        stays: all(report.stays),
        in_doubt: all(report.in_doubt),
        ..report
    }
}
