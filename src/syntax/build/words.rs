//! The words of the language, and those of other languages that people type instead.

use crate::diag::did_you_mean;

/// Words that begin a statement.
const STATEMENTS: [&str; 50] = [
    "runbook",
    "use",
    "param",
    "secret",
    "env",
    "action",
    "fn",
    "test",
    "phase",
    "step",
    "check",
    "monitor",
    "guard",
    "background",
    "finally",
    "checklist",
    "confirm",
    "manual",
    "choose",
    "approve",
    "if",
    "for",
    "parallel",
    "on",
    "with",
    "call",
    "let",
    "var",
    "assert",
    "fail_when",
    "warn_when",
    "fail",
    "rollback",
    "finish",
    "disarm",
    "point_of_no_return",
    "note",
    "warn",
    "wait",
    "return",
    "break",
    "skip",
    "retry",
    "continue",
    "undo",
    "stop",
    "on_fail",
    "restore",
    "probe",
    "ready",
];

/// Words that stand between a title and its block.
pub(super) const MODIFIERS: [&str; 14] = [
    "when",
    "timeout",
    "retry",
    "after",
    "backoff",
    "within",
    "every",
    "for",
    "danger",
    "irreversible",
    "tags",
    "tolerate",
    "parallel",
    "by",
];

/// Words that stand behind a block.
pub(super) const CLAUSES: [&str; 7] = ["undo", "restore", "probe", "on_fail", "finally", "ready", "else"];

/// What people write out of habit, and what to write here.
const HABITS: [(&[&str], &str); 17] = [
    (
        &["function", "def", "func", "fun"],
        "write `fn name(x) = …` for a pure function, `action name(…) changes { … }` for one with effects",
    ),
    (
        &["while", "until", "loop", "repeat"],
        "there are no open-ended loops; write `for x in xs { … }`, `retry 3`, or `check \"…\" within 2m every 5s { … }`",
    ),
    (&["foreach"], "write `for x in xs { … }`"),
    (&["unless"], "write `if not … { … }`"),
    (
        &["switch", "case", "match"],
        "write `if … { … } else if … { … }`, or `choose \"question\" { \"answer\" { … } }` for a person",
    ),
    (&["catch", "except", "rescue"], "write `} on_fail { … }` behind the block, or `try … else …` for a value"),
    (&["import", "include", "require", "source"], "write `use std.name` or `use \"./file.rbk\"`"),
    (&["const"], "write `let name = …`"),
    (
        &["print", "echo", "puts", "printf", "log", "console"],
        "write `note \"…\"`, which prints and records; a shell command begins with `$`",
    ),
    (&["export"], "write `with NAME = value { … }` around the commands that need the variable"),
    (&["cd"], "write `on dir(\"path\") { … }`"),
    (&["ensure", "defer"], "write `finally { … }`"),
    (&["sleep"], "write `wait 30s`"),
    (&["throw", "raise", "die", "abort"], "write `fail \"why\"`"),
    (&["exit", "quit"], "write `finish \"why\"`, which ends the run early, or `fail \"why\"`, which fails it"),
    (&["input", "variable", "parameter", "arg"], "write `param name: type`"),
    (&["stage", "job", "task", "section"], "write `phase \"title\" { … }` or `step \"title\" { … }`"),
];

/// Words that mostly begin a shell command.
const COMMANDS: [&str; 38] = [
    "ansible",
    "aws",
    "az",
    "bash",
    "cat",
    "chmod",
    "cp",
    "curl",
    "dig",
    "docker",
    "gcloud",
    "gh",
    "git",
    "grep",
    "helm",
    "journalctl",
    "jq",
    "kill",
    "kubectl",
    "ls",
    "make",
    "mkdir",
    "mv",
    "mysql",
    "npm",
    "openssl",
    "ping",
    "psql",
    "python",
    "redis",
    "rm",
    "rsync",
    "scp",
    "sed",
    "ssh",
    "sudo",
    "systemctl",
    "terraform",
];

/// What a line that begins with `word` was probably meant to be.
pub(super) enum Meant {
    /// Another spelling of this statement.
    Statement(&'static str),
    /// A habit of another language; the text says what to write.
    Habit(&'static str),
    /// A shell command.
    Command,
}

/// Guesses from the first word of a line that could not be read.
pub(super) fn meant(word: &str) -> Option<Meant> {
    if COMMANDS.contains(&word) {
        return Some(Meant::Command);
    }
    if let Some((_, help)) = HABITS.iter().find(|(habits, _)| habits.contains(&word)) {
        return Some(Meant::Habit(help));
    }
    nearest(word, &STATEMENTS).map(Meant::Statement)
}

/// The word of a list that `word` is a slip of.
pub(super) fn nearest(word: &str, words: &'static [&'static str]) -> Option<&'static str> {
    // Of words as short as `on` everything is a slip.
    if word.len() < 3 {
        return None;
    }
    did_you_mean(word, words.iter().copied())
}

/// The clause that `word` stands for in other languages, or nearly spells.
pub(super) fn clause(word: &str) -> Option<&'static str> {
    match word {
        "catch" | "except" | "rescue" | "on_error" | "onerror" | "on_failed" | "onfail" | "failure" => Some("on_fail"),
        "ensure" | "always" => Some("finally"),
        "revert" | "rollback" | "compensate" => Some("undo"),
        _ => nearest(word, &CLAUSES),
    }
}

#[cfg(test)]
mod tests {
    use super::{MODIFIERS, Meant, clause, meant, nearest};

    #[test]
    fn knows_slips_and_habits() {
        assert!(matches!(meant("phse"), Some(Meant::Statement("phase"))));
        assert!(matches!(meant("def"), Some(Meant::Habit(_))));
        assert!(matches!(meant("kubectl"), Some(Meant::Command)));
        assert!(meant("frobnicate").is_none());
        assert_eq!(nearest("timout", &MODIFIERS), Some("timeout"));
        assert_eq!(clause("on_failure"), Some("on_fail"));
    }
}
