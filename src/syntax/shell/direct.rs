//! Which commands need no shell, and which only mean something to the shell that runs them.

use super::{At, Problem, Script, SimpleCommand, Word};

/// Words that the shell reads as its own where a command can begin.
pub(super) const KEYWORDS: &[&str] = &[
    "!", "[[", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in", "select",
    "then", "time", "until", "while", "{", "}",
];

/// Builtins of which there is no program, or none that does the same.
const BUILTINS: &[&str] = &[
    ".",
    ":",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "cd",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "declare",
    "dirs",
    "disown",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "fc",
    "fg",
    "getopts",
    "hash",
    "help",
    "history",
    "jobs",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "times",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "wait",
];

/// Whether a script that was found to use no shell syntax starts one program.
pub(super) fn is_one_program(script: &Script) -> bool {
    let [command] = script.commands.as_slice() else { return false };
    let plain = script.problems.is_empty() && command.assignments.is_empty() && command.redirects.is_empty();
    let builtin = command.words.first().and_then(Word::literal).is_some_and(|name| BUILTINS.contains(&name));
    plain && !builtin
}

/// A setting that ends with the command that makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LostSetting {
    /// `cd folder`: say `on dir("folder") { … }`.
    Directory {
        /// Where the command begins.
        at: At,
        /// The folder, if it is known.
        folder: Option<String>,
    },
    /// `export NAME=value` or `NAME=value`: say `with NAME = value { … }`.
    Variable {
        /// Where the command begins.
        at: At,
        /// The variable, if it is known.
        name: Option<String>,
    },
}

/// The first setting of a script that does nothing but set: each command has a shell of its own, so that a folder or
/// a variable set in it is gone when it ends.
pub fn lost_setting(script: &Script) -> Option<LostSetting> {
    let mut own = script.commands.iter().filter(|command| !command.substituted).map(setting);
    let first = own.next()??;
    own.all(|setting| setting.is_some()).then_some(first)
}

fn setting(command: &SimpleCommand) -> Option<LostSetting> {
    let at = command.at;
    let Some(program) = command.words.first() else {
        let name = command.assignments.first().map(|assignment| assignment.name.clone());
        return name.map(|name| LostSetting::Variable { at, name: Some(name) });
    };
    let argument = command.words.get(1);
    match program.literal()? {
        "cd" | "pushd" => {
            let folder = argument.and_then(Word::literal).map(str::to_owned);
            Some(LostSetting::Directory { at, folder })
        }
        "export" => {
            let name = argument.map(|word| word.prefix().split('=').next().unwrap_or_default().to_owned());
            Some(LostSetting::Variable { at, name: name.filter(|name| !name.is_empty()) })
        }
        _ => None,
    }
}

/// Reports variables that take a value of the runbook and are then evaluated by arithmetic, which runs code found in
/// them (`x='a[$(…)]'; echo $((x))`).
pub(super) fn check_arithmetic(script: &mut Script, evaluated: &[(String, At)]) {
    let mut problems = Vec::new();
    for (name, at) in evaluated {
        let assigned = script.commands.iter().flat_map(|command| &command.assignments);
        let mut tainted =
            assigned.filter(|assignment| assignment.name == *name && assignment.value.holes().next().is_some());
        if tainted.next().is_some() {
            problems.push(Problem {
                at: *at,
                message: format!("`{name}` holds a value, and the shell's arithmetic would run code found in it"),
                help: "put the value itself here, where only a number is let in".to_owned(),
            });
        }
    }
    problems.dedup();
    script.problems.extend(problems);
}
