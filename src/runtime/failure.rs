//! What went wrong, with everything a person needs to understand it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::catalog::{ActionError, Certainty};
use crate::diag::{Code, Diagnostic, code};
use crate::source::{Sources, Span};
use crate::value::Value;

/// Why a scope or a run failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which one it is in this process: on its way up it is told of more than once.
    pub id: u64,
    /// What sort.
    pub kind: FailureKind,
    /// What and where; its labels hold the values that were measured.
    pub diagnostic: Diagnostic,
    /// The files its spans point into.
    pub sources: Arc<Sources>,
    /// Titles of the scopes around it, outermost first.
    pub path: Vec<Arc<str>>,
    /// Where the measured values came from: `answered 200 in 84 ms: {…}`.
    pub evidence: Vec<String>,
    /// What the author says about it.
    pub because: Option<String>,
    /// What the other side wrote.
    pub output: Option<String>,
    /// Nobody knows whether the effect happened.
    pub in_doubt: bool,
    /// One line for progress: `auth_status = "degraded" (want "operational")`.
    pub seen: Option<String>,
    /// What was known of the effect nevertheless; the value of a `try`.
    pub value: Option<Value>,
}

/// The sorts of failure. The name is `failure.kind` in a runbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// An `assert` did not hold, or a check had no answer in time.
    Assert,
    /// An action or a command failed.
    Action,
    /// A deadline passed.
    Timeout,
    /// A monitor or guard saw its bad sign.
    Tripped,
    /// A monitor or guard saw nothing at all.
    Inconclusive,
    /// `fail "…"` or `rollback "…"`
    Fail,
    /// A person said no.
    Refused,
    /// Whoever stepped through the run went away from it, on purpose.
    Left,
    /// Nobody was there to answer.
    Unanswered,
    /// An expression could not be computed.
    Expression,
    /// Stopped from outside: a sibling failed, a guard tripped, somebody pressed Ctrl-C.
    Cancelled,
    /// The journal could not be written.
    Journal,
}

impl FailureKind {
    /// As a runbook sees it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assert => "assert",
            Self::Action => "action",
            Self::Timeout => "timeout",
            Self::Tripped => "tripped",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::Refused => "refused",
            Self::Left => "left",
            Self::Unanswered => "unanswered",
            Self::Expression => "expression",
            Self::Cancelled => "cancelled",
            Self::Journal => "journal",
        }
    }

    /// The sort with a name; what no version of this one knows failed as an action.
    pub(super) fn of_name(name: &str) -> Self {
        [
            Self::Assert,
            Self::Timeout,
            Self::Tripped,
            Self::Inconclusive,
            Self::Fail,
            Self::Refused,
            Self::Left,
            Self::Unanswered,
            Self::Expression,
            Self::Cancelled,
            Self::Journal,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
        .unwrap_or(Self::Action)
    }

    /// The code of a failure of this sort.
    pub fn code(self) -> &'static Code {
        match self {
            Self::Assert => &code::ASSERT_FAILED,
            Self::Action => &code::ACTION_FAILED,
            Self::Timeout => &code::TIMED_OUT,
            Self::Tripped => &code::TRIPPED,
            Self::Inconclusive => &code::INCONCLUSIVE,
            Self::Fail => &code::FAILED_BY_RUNBOOK,
            Self::Refused | Self::Left => &code::REFUSED,
            Self::Unanswered => &code::NOBODY_ANSWERED,
            Self::Expression => &code::NOT_COMPUTED,
            Self::Cancelled => &code::CANCELLED,
            Self::Journal => &code::JOURNAL_FAILED,
        }
    }

    /// Whether trying again could help: not after a decision, by a person or in the runbook.
    pub const fn is_worth_another_try(self) -> bool {
        match self {
            Self::Assert | Self::Action | Self::Timeout | Self::Tripped | Self::Inconclusive | Self::Expression => true,
            Self::Fail | Self::Refused | Self::Left | Self::Unanswered | Self::Cancelled | Self::Journal => false,
        }
    }
}

impl Failure {
    /// A failure at a place.
    pub fn new(kind: FailureKind, sources: &Arc<Sources>, span: Span, message: impl Into<String>) -> Box<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Box::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            kind,
            diagnostic: Diagnostic::error(kind.code(), span, message, ""),
            sources: Arc::clone(sources),
            path: Vec::new(),
            evidence: Vec::new(),
            because: None,
            output: None,
            in_doubt: false,
            seen: None,
            value: None,
        })
    }

    /// What an action said, at the place of its call.
    pub fn of_action(error: ActionError, sources: &Arc<Sources>, span: Span) -> Box<Self> {
        let mut failure = Self::new(FailureKind::Action, sources, span, error.message);
        failure.diagnostic.help = error.help;
        failure.output = error.output;
        failure.in_doubt = error.certainty == Certainty::InDoubt;
        failure.value = error.value;
        failure
    }

    /// One sentence.
    pub fn message(&self) -> &str {
        &self.diagnostic.message
    }

    /// As `failure` is bound in a handler or a compensation.
    pub fn to_value(&self) -> Value {
        Value::record([
            ("message", Value::str(self.message())),
            ("step", Value::str(self.path.join(" / "))),
            ("kind", Value::str(self.kind.name())),
            ("output", Value::str(self.output.as_deref().unwrap_or_default())),
        ])
    }
}

/// `1h02m`, `2:00` is for progress; here as people say it: `2 min 3 s`, `340 ms`.
pub fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..=59 => {
            let tenths = duration.subsec_millis() / 100;
            if tenths == 0 || seconds > 9 { format!("{seconds} s") } else { format!("{seconds}.{tenths} s") }
        }
        60..=3599 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if seconds % 3600 < 60 => format!("{} h", seconds / 3600),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_spoken() {
        let of = |ms| spoken(Duration::from_millis(ms));
        assert_eq!(of(340), "340 ms");
        assert_eq!(of(1_900), "1.9 s");
        assert_eq!(of(120_000), "2 min");
        assert_eq!(of(123_000), "2 min 3 s");
        assert_eq!(of(7_260_000), "2 h 1 min");
    }
}
