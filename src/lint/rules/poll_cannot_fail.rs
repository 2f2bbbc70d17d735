//! A check that passes whatever it sees, and a sign that can never trip its monitor.

use crate::analysis::program::{Act, Block, Callee, ScopeBody, StmtKind};
use crate::analysis::within;
use crate::diag::Diagnostic;
use crate::lint::rule::rule;
use crate::lint::subject::{Subject, modifiers};
use crate::lint::times::{duration, number};
use crate::source::Span;
use crate::syntax::tree::{self, Lasting};
use crate::value::units::duration_text;

rule!("RBK0310" "poll-cannot-fail" Warning, check);

/// Actions that answer a question: whatever the answer is, they do not fail for it.
const ASK: &[&str] = &["http.get", "http.head", "http.query", "file.exists", "file.list", "net.port_open", "env_var", "now"];

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    signs(subject, found);
    let Some(program) = subject.program else { return };
    for scope in within::scopes(&program.body) {
        if let ScopeBody::Check(body) = &scope.kind {
            found.extend(poll(subject, body, scope.span));
        }
    }
    for check in program.checks.iter().filter(|check| check.span.file == subject.file.id) {
        found.extend(poll(subject, &check.body, check.span));
    }
}

fn poll(subject: &Subject<'_>, body: &Block, span: Span) -> Option<Diagnostic> {
    let mut fails = false;
    let mut asks: Option<Span> = None;
    within::each(body, &mut |stmt| {
        match &stmt.kind {
            StmtKind::Asserts(_) | StmtKind::Fail(_) | StmtKind::Scope(_) | StmtKind::Rollback(_) => fails = true,
            StmtKind::Act(act) if answers(act) => asks = asks.or(Some(act.span)),
            StmtKind::Act(act) => fails |= can_fail(subject, act),
            // A failure within is a value.
            StmtKind::Try(_) => return false,
            _ => {}
        }
        true
    });
    if fails {
        return None;
    }
    let Some(asks) = asks else {
        let help = "say what must hold: assert …; a command fails the check by its exit code, unless it is tried";
        return Some(RULE.at(span, "nothing in this check can fail", "always passes").help(help));
    };
    let what = subject.text(asks);
    let message = format!("this check passes whatever `{}` answers", what.split('(').next().unwrap_or(what));
    let help = "say what the answer must be: assert answer.status == 200";
    Some(RULE.at(span, message, "always passes").label(asks, "503 is an answer, too").help(help))
}

fn answers(act: &Act) -> bool {
    matches!(&act.callee, Callee::Native(action, _) if ASK.contains(&action.name))
}

/// Whether the exit code of a command counts.
fn can_fail(subject: &Subject<'_>, act: &Act) -> bool {
    match &act.callee {
        Callee::Command(template) => {
            let hidden = subject.command_at(act.span).is_some_and(|command| {
                let text = command.text();
                let text = text.trim_end();
                text.ends_with("|| true") || text.ends_with("|| :")
            });
            !template.tried && !hidden
        }
        Callee::Native(..) | Callee::User(..) => true,
    }
}

/// `fail_when … for 10m` in a monitor that ends after five.
fn signs(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for at in 0..subject.sites.len() {
        let (tree::StmtKind::FailWhen(sign) | tree::StmtKind::WarnWhen(sign)) = &subject.sites[at].stmt.kind else {
            continue;
        };
        let watch = subject.around(at).find_map(|(stmt, _)| modifiers(stmt).filter(|own| own.duration.is_some()));
        let Some((watch, lasting)) = watch.zip(sign.lasting.as_ref()) else { continue };
        let Some(whole) = watch.duration.as_ref().and_then(|expr| duration(subject, expr)) else { continue };
        let (needed, span) = match lasting {
            Lasting::For(expr) => (duration(subject, expr), expr.span),
            Lasting::Times(expr) => {
                let pause = watch.every.as_ref().and_then(|every| duration(subject, every));
                // The first sample is taken at once.
                (pause.zip(number(expr)).map(|(pause, times)| pause.saturating_mul(times - 1)), expr.span)
            }
        };
        if let Some(needed) = needed.filter(|needed| *needed > whole) {
            let (needed, whole) = (duration_text(needed), duration_text(whole));
            let message = format!("this can never trip: it takes {needed}, and the monitor ends after {whole}");
            let help = format!("make it shorter than {whole}, or let the monitor watch for longer");
            found.push(RULE.at(span, message, "longer than all of it").help(help));
        }
    }
}
