//! The story for programs: `rbk.run/1`. Names are stable; new fields may be added.

use serde_json::{Value, json};

use super::{Compensation, EffectTold, Fate, History, Node, What};
use crate::journal::entry::{Ending, ErrorEntry, FailureEntry, Recall, Verdict};
use crate::journal::store::Standing;

/// A run as JSON.
pub fn draw(history: &History) -> Value {
    let History { started, begun, last, .. } = history;
    let value = |value: &Recall| match value {
        Recall::Value(value) => value.clone(),
        Recall::Withheld => json!({ "withheld": true }),
    };
    let params: serde_json::Map<String, Value> =
        started.params.iter().map(|(name, param)| (name.clone(), value(param))).collect();
    let ended = history.ended.as_ref();
    json!({
        "schema": crate::report::json::SCHEMA,
        "run": &*started.run,
        "title": started.title,
        "file": started.file,
        "environment": started.environment,
        "actor": started.actor,
        "host": started.host,
        "version": started.version,
        "plan": started.plan,
        "params": params,
        "lock": started.lock,
        "started": begun.to_string(),
        "last": last.to_string(),
        "status": history.status(),
        "holder": match &history.standing { Standing::Running(holder) => Some(holder), _ => None },
        "elapsed_ms": ms(history.elapsed()),
        "failure": ended.and_then(|ended| ended.failure.as_ref()).map(failure),
        "reason": ended.and_then(|ended| ended.reason.clone()),
        "counts": {
            "passed": history.counts.passed, "failed": history.counts.failed, "skipped": history.counts.skipped,
        },
        "timeline": history.story.iter().map(node).collect::<Vec<_>>(),
        "compensations": history.compensations.iter().map(compensation).collect::<Vec<_>>(),
        "without_inverse": ended.map(|ended| ended.without_inverse.clone()).unwrap_or_default(),
        "in_doubt": history.doubts.iter().map(|doubt| json!({
            "path": doubt.path, "effect": doubt.summary, "error": doubt.error.as_ref().map(error),
        })).collect::<Vec<_>>(),
        "open_questions": history.open_questions,
    })
}

fn node(told: &Node) -> Value {
    let mut fields = what(&told.what);
    fields["at"] = told.at.to_string().into();
    if let Some(took) = told.took() {
        fields["elapsed_ms"] = ms(took).into();
    }
    if told.folded > 0 {
        fields["left_out"] = told.folded.into();
    }
    if !told.children.is_empty() {
        fields["within"] = told.children.iter().map(node).collect();
    }
    fields
}

fn what(what: &What) -> Value {
    match what {
        What::Scope(scope) => json!({
            "what": "scope", "kind": scope.kind, "title": scope.title, "place": scope.place, "effect": scope.effect,
            "status": scope.status, "detail": scope.detail, "reads": scope.reads,
        }),
        What::Effect(effect) => effect_fields(effect),
        What::Question { question, answer } => json!({
            "what": "question", "question": question,
            "answer": answer.as_ref().map(|answer| json!({
                "text": answer.text, "by": answer.by, "at": answer.at.to_string(), "evidence": answer.evidence,
            })),
        }),
        What::Failure { failure: failed, next } => {
            json!({ "what": "failure", "failure": failure(failed), "next": next })
        }
        What::Tripped(failed) => json!({ "what": "tripped", "failure": failure(failed) }),
        What::Note { text, warning } => json!({ "what": if *warning { "warning" } else { "note" }, "text": text }),
        What::Wait { until } => json!({ "what": "wait", "until": until.to_string() }),
        What::Deadline => json!({ "what": "deadline passed" }),
        What::Resumed { by, how } => json!({ "what": "resumed", "by": by, "how": how }),
        What::Steered { by, what } => json!({ "what": "steered", "by": by, "did": what }),
        What::Stop { what, times } => json!({ "what": "stop asked", "signal": what, "times": times }),
        What::Disarmed { count, why } => json!({ "what": "disarmed", "count": count, "why": why }),
        What::Rollback { why, count } => json!({
            "what": if why.is_some() { "rollback" } else { "undo" },
            "failure": why.as_deref().map(failure), "compensations": count,
        }),
        What::Compensation(_, told) => json!({
            "what": "compensation", "text": told.text, "path": told.path,
            "status": match &told.ended { None => None, Some((_, None)) => Some("done"), Some(_) => Some("failed") },
            "failure": told.ended.as_ref().and_then(|(_, why)| why.clone()),
        }),
    }
}

fn effect_fields(effect: &EffectTold) -> Value {
    let (status, failed) = match &effect.ending {
        None => (None, None),
        Some(Ending::Done) => (Some("done"), None),
        Some(Ending::Failed(failed)) => (Some("failed"), Some(failed)),
        Some(Ending::Unknown(failed)) => (Some("unknown"), Some(failed)),
    };
    json!({
        "what": "effect", "effect": effect.summary, "class": effect.class, "path": effect.path,
        "attempt": effect.attempt, "key": effect.key, "status": status, "error": failed.map(error),
        "decided": effect.decided.as_ref().map(|(verdict, by)| json!({ "verdict": verdict_name(*verdict), "by": by })),
    })
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Happened => "happened",
        Verdict::DidNot => "did not",
        Verdict::Again => "again",
    }
}

fn compensation(one: &Compensation) -> Value {
    let (status, why, commands) = match &one.fate {
        Fate::Armed => ("armed", None, None),
        Fate::Running => ("no end on record", None, None),
        Fate::Done => ("done", None, None),
        Fate::Failed { why, commands } => ("failed", Some(why), commands.as_ref()),
        Fate::Disarmed(why) => ("disarmed", Some(why), None),
    };
    let captures: serde_json::Map<String, Value> =
        one.captures.iter().map(|(name, value)| (name.to_string(), value.clone().into())).collect();
    json!({
        "text": one.text, "path": one.path, "captures": captures, "status": status, "why": why, "commands": commands,
        "in_doubt": one.in_doubt,
    })
}

fn failure(failure: &FailureEntry) -> Value {
    json!({
        "kind": failure.kind,
        "message": failure.message,
        "place": failure.place,
        "path": failure.path,
        "measured": failure.labels.iter().map(|(_, _, _, text)| text).filter(|text| !text.is_empty()).collect::<Vec<_>>(),
        "evidence": failure.evidence,
        "because": failure.because,
        "output": failure.output,
        "help": failure.help,
        "in_doubt": failure.in_doubt,
    })
}

fn error(error: &ErrorEntry) -> Value {
    json!({ "message": error.message, "help": error.help, "output": error.output, "cancelled": error.cancelled })
}

fn ms(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
