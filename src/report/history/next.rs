//! What to type next, for a run that stands somewhere.

use super::{Fate, History};
use crate::journal::store::Standing;

/// The commands, most useful first, each with what it does behind a `#`.
pub fn next(history: &History) -> Vec<String> {
    let run = &history.started.run;
    let line = |command: String, why: &str| format!("{command}    # {why}");
    let back = |why: &str| line(format!("rbk rollback {run}"), why);
    let on = |why: &str| line(format!("rbk resume {run}"), why);
    let armed = !history.with_fate(|fate| *fate == Fate::Armed).is_empty();
    let open = !history.open_questions.is_empty();
    match &history.standing {
        Standing::Running(_) if open => vec![line(format!("rbk approve {run}"), "to answer from here")],
        Standing::Running(_) => vec![line(format!("rbk show {run}"), "to look again")],
        Standing::Broken => vec![on("to go on where it was broken off"), back("to take back what it did")],
        Standing::Damaged(_) => Vec::new(),
        Standing::Ended(status) => match status.as_str() {
            "succeeded" | "finished early" | "rolled back" => Vec::new(),
            "rollback incomplete" => {
                let left = !history.with_fate(|fate| !matches!(fate, Fate::Done | Fate::Disarmed(_))).is_empty();
                let mut lines = Vec::new();
                lines.extend(left.then(|| back("to try again what is left; or do by hand what is listed")));
                let changed = history.ended.as_ref().is_some_and(|ended| !ended.without_inverse.is_empty());
                lines.extend(changed.then(|| "see to what has no way back: nothing took it back".to_owned()));
                lines
            }
            "paused" if open => {
                let approval = history.open_questions.iter().any(|question| question.kind == "approve");
                let mut lines = Vec::new();
                lines.extend(approval.then(|| line(format!("rbk approve {run}"), "by whoever may; then")));
                lines.push(on("to answer, and go on"));
                lines.extend(armed.then(|| back("to take back what it did")));
                lines
            }
            _ => {
                let mut lines = vec![on("to go on, once the cause is mended")];
                lines.extend(armed.then(|| back("to take back what it did")));
                lines
            }
        },
    }
}
