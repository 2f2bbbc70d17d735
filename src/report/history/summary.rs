//! The list of runs, and values of the record in a few words.

use std::fmt::Write as _;

use serde_json::json;

use super::tree::{moment, status};
use crate::diag::Style;
use crate::journal::entry::Recall;
use crate::journal::store::{LockInfo, RunSummary, Standing};
use crate::report::paint::{Ink, paint};
use crate::report::sanitize;

/// Columns that a value may take.
const VALUE: usize = 60;

/// A line a run.
pub fn list(runs: &[RunSummary], style: Style) -> String {
    let widest = |of: &dyn Fn(&RunSummary) -> usize, least| runs.iter().map(of).max().unwrap_or(0).max(least);
    let run_width = widest(&|run| run.run.len(), 3);
    let status_width = widest(&|run| word(&run.standing).len(), 6);
    let mut text = String::new();
    let head = format!("{:run_width$}  {:16}  {:status_width$}    {}", "RUN", "STARTED (UTC)", "STATUS", "WHAT");
    let _ = writeln!(text, "{}", paint(style, Ink::Dim, &head));
    for run in runs {
        let words = word(&run.standing);
        let (mark, ink) = status(words);
        let (mark, padded) = (mark.draw(style), paint(style, ink, &format!("{words:status_width$}")));
        let started = match run.standing {
            Standing::Damaged(_) => "?".to_owned(),
            _ => run.started.strftime("%Y-%m-%d %H:%M").to_string(),
        };
        let what = sanitize::line(&what(run)).into_owned();
        let used = run_width + 2 + 16 + 2 + 2 + status_width + 2;
        let what = sanitize::clip(&what, style.width.saturating_sub(used).max(20)).into_owned();
        let _ = writeln!(text, "{:run_width$}  {started:16}  {mark} {padded}  {what}", sanitize::line(&run.run));
    }
    text
}

fn what(run: &RunSummary) -> String {
    match (&run.standing, &run.environment) {
        (Standing::Damaged(what), _) => what.clone(),
        (_, Some(environment)) => format!("{} · {environment} · {}", run.title, run.actor),
        (_, None) => format!("{} · {}", run.title, run.actor),
    }
}

/// A standing in a word or two.
pub fn word(standing: &Standing) -> &str {
    match standing {
        Standing::Running(_) => "running",
        Standing::Broken => "broken off",
        Standing::Ended(status) => status,
        Standing::Damaged(_) => "damaged",
    }
}

/// A line a lock.
pub fn locks(locks: &[LockInfo], style: Style) -> String {
    let mut text = String::new();
    for lock in locks {
        let (mark, ink) = status(word(&lock.standing));
        let words = paint(style, ink, word(&lock.standing));
        let name = paint(style, Ink::Bold, &sanitize::line(&lock.name));
        let since = moment(lock.since);
        let (run, owner, host) = (sanitize::line(&lock.run), sanitize::line(&lock.owner), sanitize::line(&lock.host));
        let _ = writeln!(text, "{name}  since {since}, by run {run} of {owner} on {host}");
        let holder = match &lock.standing {
            Standing::Running(holder) => format!(": {}", sanitize::line(holder)),
            _ => String::new(),
        };
        let _ = writeln!(text, "  {} {words}{holder}  {}", mark.draw(style), sanitize::line(&lock.title));
    }
    text
}

/// The list for programs.
pub fn list_json(runs: &[RunSummary]) -> serde_json::Value {
    let run = |run: &RunSummary| {
        json!({
            "run": run.run,
            "title": run.title,
            "file": run.file,
            "environment": run.environment,
            "actor": run.actor,
            "started": run.started.to_string(),
            "last": run.last.to_string(),
            "status": word(&run.standing),
            "holder": match &run.standing { Standing::Running(holder) => Some(holder), _ => None },
            "damage": match &run.standing { Standing::Damaged(what) => Some(what), _ => None },
            "entries": run.entries,
        })
    };
    json!({ "schema": crate::report::json::SCHEMA, "runs": runs.iter().map(run).collect::<Vec<_>>() })
}

/// The locks for programs.
pub fn locks_json(locks: &[LockInfo]) -> serde_json::Value {
    let lock = |lock: &LockInfo| {
        json!({
            "name": lock.name,
            "run": lock.run,
            "owner": lock.owner,
            "host": lock.host,
            "title": lock.title,
            "since": lock.since.to_string(),
            "status": word(&lock.standing),
            "holder": match &lock.standing { Standing::Running(holder) => Some(holder), _ => None },
        })
    };
    json!({ "schema": crate::report::json::SCHEMA, "locks": locks.iter().map(lock).collect::<Vec<_>>() })
}

/// A value in a few words.
pub(super) fn recall(value: &Recall) -> String {
    match value {
        Recall::Withheld => "(a secret)".into(),
        Recall::Value(value) => {
            let text = match value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            sanitize::clip(&sanitize::line(&text), VALUE).into_owned()
        }
    }
}
