//! What is typed at a prompt: a command of the stepper, or something of the language.

use crate::diag::{Diagnostic, code};
use crate::source::FileId;
use crate::syntax;

/// A command, or a text of the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Nothing: the last look once more.
    Nothing,
    /// `n`
    Next,
    /// `s`
    Into,
    /// `c [STEP]`
    GoOn(Option<String>),
    /// `k REASON`
    Skip(String),
    /// `r`
    Again,
    /// `p EXPR`
    Print(String),
    /// `display [EXPR]`, `undisplay [N]`
    Display(Option<String>),
    /// `undisplay N`
    Undisplay(String),
    /// `set NAME = …`
    Set(String),
    /// `l`
    List,
    /// `ll`
    ListAll,
    /// `w`
    Where,
    /// `v`
    Values,
    /// `b [STEP] [if EXPR]`
    Break(Option<String>),
    /// `unbreak N`
    Unbreak(String),
    /// `undo [N | all]`
    Undo(Option<String>),
    /// `note TEXT`
    Note(String),
    /// `save FILE`
    Save(String),
    /// `pause`
    Pause,
    /// `h`
    Help(Option<String>),
    /// `q`
    Quit,
    /// Something of the language.
    Language(String),
}

impl Command {
    /// Whether it may be done again by Enter alone: it changes nothing, neither in the world nor in the session.
    pub(super) const fn only_looks(&self) -> bool {
        match self {
            Self::Print(_) | Self::List | Self::ListAll | Self::Where | Self::Values | Self::Help(_) => true,
            Self::Display(what) | Self::Break(what) => what.is_none(),
            Self::Nothing
            | Self::Next
            | Self::Into
            | Self::GoOn(_)
            | Self::Skip(_)
            | Self::Again
            | Self::Undisplay(_)
            | Self::Set(_)
            | Self::Unbreak(_)
            | Self::Undo(_)
            | Self::Note(_)
            | Self::Save(_)
            | Self::Pause
            | Self::Quit
            | Self::Language(_) => false,
        }
    }
}

/// A command as it is told to people: words, what follows them, what it does.
pub(super) struct Word {
    /// The short word, and the long one.
    pub(super) words: &'static [&'static str],
    /// `[STEP]`
    pub(super) takes: &'static str,
    /// What it does.
    pub(super) does: &'static str,
}

macro_rules! words {
    ($($words:expr, $takes:literal, $does:literal;)*) => {
        &[$(Word { words: &$words, takes: $takes, does: $does }),*]
    };
}

/// All commands, as `h` lists them.
pub(super) const WORDS: &[Word] = words! {
    ["n", "next"], "", "do what comes next: the step, or after a failure what the runbook says about it";
    ["s", "into"], "", "go into the step, and stop before each of its statements";
    ["c", "continue"], "[STEP]", "go on to a step, the next breakpoint, a failure or the end";
    ["k", "skip"], "REASON", "leave the step out; after a failure: accept it, and go on behind it";
    ["r", "again"], "", "run the step before, or the one that failed, once more";
    ["p", "print"], "EXPR", "show a value and where it came from; it may read, and never changes anything";
    ["display"], "[EXPR]", "show it at every stop; without one, list them; undisplay N ends it";
    ["set"], "NAME = EXPR", "give a name another value from here on";
    ["v", "values"], "", "all values and where they came from";
    ["l", "list"], "", "the source around this place; ll: all of it";
    ["w", "where"], "", "where the run stands, and what is armed";
    ["b", "break"], "[STEP] [if EXPR]", "stop before a step; without one, list them; unbreak N takes one out";
    ["undo"], "[N | all]", "take back the last change, or several: shows them first, and asks";
    ["note"], "TEXT", "put it into the record, with the time";
    ["save"], "FILE.rbk", "write what was done as a runbook";
    ["pause"], "", "stop here, to be gone on with later or elsewhere";
    ["h", "help"], "[NAME]", "this list, or help on anything of the language";
    ["q", "quit"], "", "leave: asks whether to roll back, to pause, or to leave it as it stands";
};

/// What the first word of a text means, if what follows it is no operator: `n = 3` is a statement.
pub(super) fn parse(text: &str) -> Command {
    let text = text.trim();
    if text.is_empty() {
        return Command::Nothing;
    }
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let some = (!rest.is_empty()).then(|| rest.to_owned());
    let language = || Command::Language(text.to_owned());
    if continues_an_expression(rest) {
        return language();
    }
    let alone = |command: Command| if rest.is_empty() { command } else { language() };
    match word {
        "n" | "next" => alone(Command::Next),
        "s" | "into" => alone(Command::Into),
        "c" | "continue" => Command::GoOn(some),
        "k" | "skip" if !rest.starts_with('"') || word == "k" => Command::Skip(unquoted(rest)),
        "r" | "again" => alone(Command::Again),
        "p" | "print" if some.is_some() => Command::Print(rest.to_owned()),
        "display" => Command::Display(some),
        "undisplay" => Command::Undisplay(rest.to_owned()),
        "set" if some.is_some() => Command::Set(rest.to_owned()),
        "l" | "list" => alone(Command::List),
        "ll" => alone(Command::ListAll),
        "w" | "where" => alone(Command::Where),
        "v" | "values" => alone(Command::Values),
        "b" | "break" => Command::Break(some),
        "unbreak" => Command::Unbreak(rest.to_owned()),
        "undo" => Command::Undo(some),
        "note" if some.is_some() => Command::Note(unquoted(rest)),
        "save" if some.is_some() => Command::Save(rest.to_owned()),
        "pause" => alone(Command::Pause),
        "h" | "help" | "?" => Command::Help(some),
        "q" | "quit" | "exit" => alone(Command::Quit),
        _ => language(),
    }
}

/// Whether more lines belong to what is typed: something of the language is open at its end.
pub(super) fn is_unfinished(text: &str) -> bool {
    match parse(text) {
        Command::Language(text) | Command::Print(text) | Command::Set(text) | Command::Display(Some(text)) => {
            let is_open = |found: &Diagnostic| found.code == &code::UNCLOSED;
            text.ends_with('\\') || syntax::parse(FileId(0), &text).diagnostics.iter().any(is_open)
        }
        _ => false,
    }
}

/// Whether a text of several lines has commands of the stepper in it, of which each is a line of its own.
pub(super) fn holds_commands(text: &str) -> bool {
    let is_command = |line: &str| {
        !matches!(parse(line), Command::Language(_) | Command::Print(_) | Command::Set(_) | Command::Display(_))
    };
    text.trim().split_once('\n').is_some_and(|(first, _)| is_command(first))
}

/// Whether a text goes on with a name before it, and is nothing that follows a command.
fn continues_an_expression(rest: &str) -> bool {
    let operators = ["=", "+", "*", "/", "<", ">", "!=", "??", "?.", ".", ")", ","];
    operators.iter().any(|operator| rest.starts_with(operator))
}

/// A text with the quotes around it taken off, if somebody typed some.
fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.filter(|inner| !inner.contains('"')).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_the_language_are_told_apart() {
        assert_eq!(parse("  "), Command::Nothing);
        assert_eq!(parse("n"), Command::Next);
        assert_eq!(parse("n = 3"), Command::Language("n = 3".into()));
        assert_eq!(parse("n + 1"), Command::Language("n + 1".into()));
        assert_eq!(parse("c scale out"), Command::GoOn(Some("scale out".into())));
        assert_eq!(parse("c"), Command::GoOn(None));
        assert_eq!(parse("k it is done already"), Command::Skip("it is done already".into()));
        assert_eq!(parse("skip \"why\""), Command::Language("skip \"why\"".into()));
        assert_eq!(parse("p pods.ready"), Command::Print("pods.ready".into()));
        assert_eq!(parse("p"), Command::Language("p".into()));
        assert_eq!(parse("note scaling does not help"), Command::Note("scaling does not help".into()));
        assert_eq!(parse("note \"it helps\""), Command::Note("it helps".into()));
        assert_eq!(parse("set replicas = 12"), Command::Set("replicas = 12".into()));
        assert_eq!(parse("$ kubectl get pods"), Command::Language("$ kubectl get pods".into()));
        assert_eq!(parse("undo all"), Command::Undo(Some("all".into())));
        assert_eq!(parse("b verify if rate > 5%"), Command::Break(Some("verify if rate > 5%".into())));
        assert_eq!(parse("let n = 3"), Command::Language("let n = 3".into()));
    }

    #[test]
    fn what_is_open_wants_more_lines() {
        for open in
            ["for n in [1, 2] {", "step \"x\" {\n    $ true", "p [1,", "set n = {", "$ echo a \\", "let t = \"\"\""]
        {
            assert!(is_unfinished(open), "{open}");
        }
        for whole in ["", "n", "note it is { open", "k (really", "p [1]", "for n in [1] {\n    $ true\n}", "p n +"] {
            assert!(!is_unfinished(whole), "{whole}");
        }
    }

    #[test]
    fn commands_are_one_a_line() {
        assert!(holds_commands("n\nn"));
        assert!(holds_commands("c\nlet x = 1"));
        assert!(!holds_commands("n"));
        assert!(!holds_commands("for n in [1] {\n    note n\n}"));
        assert!(!holds_commands("p [1,\n2]"));
    }
}
