//! Knows where in a shell command each interpolated value stands, and quotes a value for that place.
//!
//! A command arrives as [`Piece`]s: text, and *holes* where a value will be put. [`lex`] reads them once, before any
//! value is known, and says for every hole in which [`Place`] it stands; [`quote`] later gives the text to put there.
//! The promise: whatever the value, the shell reads it as exactly that value, and never as code. Where no quoting can
//! keep the promise, `lex` reports a [`Problem`] or a [`ForeignHole`]. It reads what bash and POSIX sh read alike;
//! where they differ, it says so as a [`Bashism`] or refuses the hole.
//!
//! Pure: nothing here runs a shell. `tests/shell_quoting.rs` holds it against the real ones.

mod assignments;
mod bashisms;
mod compound;
mod conditions;
mod cursor;
mod direct;
mod expansions;
mod foreign;
mod heredoc;
mod interpreters;
mod known;
mod lexer;
mod list;
mod quote;
mod tools;
mod words;
mod wrappers;

pub use bashisms::{Bashism, Feature};
pub use direct::{LostSetting, lost_setting};
pub use foreign::{ForeignHole, Remedy};
pub use known::{Change, changes};
pub use quote::{Arg, QuoteError, quote};
pub use wrappers::{base_name, positionals};

use lexer::Lexer;

/// A part of a command as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text the shell reads, with rbk's own escapes (`$${`) already taken out.
    Text(&'a str),
    /// A value goes here.
    Hole,
}

/// A place in the pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Index into the pieces given to [`lex`].
    pub piece: usize,
    /// Byte offset within that piece's text; 0 for a hole.
    pub offset: usize,
}

/// All that is known about a command without running it.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// For each hole, in order, where it stands.
    pub contexts: Vec<Context>,
    /// It is one command that uses no shell syntax at all.
    needs_no_shell: bool,
    /// Every simple command at any depth: in pipelines, lists, subshells, bodies of `if` and `while`, and in `$(…)`
    /// (an inner one stands before the command that uses it).
    pub commands: Vec<SimpleCommand>,
    /// What cannot work, or cannot work for every value.
    pub problems: Vec<Problem>,
    /// Holes whose value a further interpreter would read as its own language.
    pub foreign: Vec<ForeignHole>,
    /// The shell's variables that are read (`$NAME`), each once, in order of appearance.
    pub variables: Vec<String>,
    /// What bash has and POSIX sh has not, in order of appearance.
    pub bashisms: Vec<Bashism>,
}

impl Script {
    /// The words of a command that can be started without a shell. Every fragment is text (quotes removed) or a hole.
    pub fn direct(&self) -> Option<&[Word]> {
        let command = self.commands.first().filter(|_| self.needs_no_shell)?;
        Some(&command.words)
    }
}

/// The place of one hole, and what surrounds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The innermost construct.
    pub place: Place,
    /// How many levels of backticks surround it; each takes away one level of backslashes.
    pub backticks: usize,
    /// In a substitution inside a heredoc: a line of the value could be taken for the heredoc's end, so that a value
    /// of several lines is refused.
    pub one_line: bool,
}

impl Context {
    /// Whether a list may stand here, as several words.
    pub fn takes_list(&self) -> bool {
        self.place == Place::Word { alone: true }
    }
}

/// Where a hole stands, as far as quoting cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Outside quotes, in or as a word of a command.
    Word {
        /// The hole is the whole word; only then can a list stand there.
        alone: bool,
    },
    /// In the word that names the program.
    Command,
    /// In the value of `NAME=…`.
    Assignment,
    /// In what `<`, `>`, `<<<` and their like name.
    Redirect,
    /// In a pattern of `case`, or beside `==`, `!=`, `=~` in `[[ … ]]`: the value is matched literally.
    Pattern,
    /// In another place that takes exactly one word, such as `case HOLE in` or an operand of `[[ … ]]`.
    OneWord,
    /// Inside `"…"`.
    DoubleQuoted {
        /// `$NAME` stands directly before, and would swallow the value's first letters.
        after_name: bool,
    },
    /// Inside `'…'`.
    SingleQuoted,
    /// Inside `$'…'`.
    AnsiC,
    /// In a heredoc whose body the shell expands.
    Heredoc(Box<HeredocPlace>),
    /// In a heredoc whose delimiter is quoted: the body is taken as it stands.
    HeredocVerbatim(Box<HeredocPlace>),
    /// In a comment.
    Comment,
    /// In `$((…))`, `((…))` or `${NAME:…}`: shell arithmetic, which would run code found in a value.
    Arithmetic,
    /// Beside `-eq` and its like in `[[ … ]]`, which is arithmetic too, without brackets.
    Integer,
    /// In the word of an unquoted `${NAME:-…}` or the pattern of an unquoted `${NAME#…}`.
    Expansion,
    /// Where nothing can stand; a [`Problem`] says why.
    Nowhere,
}

/// What a heredoc's end looks like, and what stands on the line of the hole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "four facts that have nothing to do with each other")]
pub struct HeredocPlace {
    /// The line that ends it.
    pub delimiter: String,
    /// `<<-`: tabs at the start of lines are taken off.
    pub strip_tabs: bool,
    /// Text between the hole and the start of its line, or the hole before it.
    pub before: String,
    /// Text between the hole and the end of its line, or the next hole.
    pub after: String,
    /// Another hole stands before it on its line.
    pub hole_before: bool,
    /// Another hole stands behind it on its line.
    pub hole_after: bool,
    /// `$NAME` stands directly before.
    pub after_name: bool,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// Text, quotes and escapes removed.
    Text(String),
    /// The value of the hole with this index.
    Hole(usize),
    /// Something the shell puts there: `$NAME`, `$(…)`, `<(…)`.
    Shell(Box<Expansion>),
}

/// What the shell expands within a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The variables read outside of an inner command.
    pub variables: Vec<String>,
    /// Holes whose value can become part of the result, as in `${NAME:-HOLE}`. Those within `$(…)` are not: they are
    /// words of a command of their own.
    pub holes: Vec<usize>,
}

/// One word of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// Where it begins.
    pub at: At,
    /// Its parts; two texts never stand side by side. None for an empty word (`''`).
    pub fragments: Vec<Fragment>,
    /// Some part of it was quoted or escaped.
    pub quoted: bool,
}

impl Word {
    /// Its text, when nothing in it depends on a value or on the shell.
    pub fn literal(&self) -> Option<&str> {
        match self.fragments.as_slice() {
            [] => Some(""),
            [Fragment::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text it certainly begins with.
    pub fn prefix(&self) -> &str {
        match self.fragments.first() {
            Some(Fragment::Text(text)) => text,
            _ => "",
        }
    }

    /// All its text, the rest left out.
    pub fn text(&self) -> String {
        let texts = self.fragments.iter().map(|fragment| match fragment {
            Fragment::Text(text) => text.as_str(),
            Fragment::Hole(_) | Fragment::Shell(_) => "",
        });
        texts.collect()
    }

    /// The holes whose value becomes part of it.
    pub fn holes(&self) -> impl Iterator<Item = usize> + '_ {
        self.fragments
            .iter()
            .flat_map(|fragment| match fragment {
                Fragment::Text(_) => [].as_slice(),
                Fragment::Hole(hole) => std::slice::from_ref(hole),
                Fragment::Shell(expansion) => expansion.holes.as_slice(),
            })
            .copied()
    }

    /// The shell's variables whose value becomes part of it.
    pub fn variables(&self) -> impl Iterator<Item = &str> + '_ {
        self.fragments
            .iter()
            .flat_map(|fragment| match fragment {
                Fragment::Text(_) | Fragment::Hole(_) => [].as_slice(),
                Fragment::Shell(expansion) => expansion.variables.as_slice(),
            })
            .map(String::as_str)
    }

    /// The word without its first `bytes` bytes of text (which must be part of [`Word::prefix`]).
    #[must_use]
    pub(crate) fn without_prefix(&self, bytes: usize) -> Word {
        let mut word = self.clone();
        if let Some(Fragment::Text(text)) = word.fragments.first_mut() {
            let rest = text.get(bytes..).unwrap_or_default().to_owned();
            if rest.is_empty() {
                word.fragments.remove(0);
            } else {
                *text = rest;
            }
        }
        word
    }
}

/// `NAME=value` before a command or on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Its value; of an array the values side by side.
    pub value: Word,
    /// Where the name begins.
    pub at: At,
}

/// `>file`, `2>&1`, `<<EOF`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The operator without the number before it: `>`, `>>`, `<<`, `&>`, …
    pub operator: String,
    /// What it names; of a heredoc the delimiter.
    pub target: Word,
    /// The holes in a heredoc's body.
    pub body_holes: Vec<usize>,
    /// Where the operator begins.
    pub at: At,
}

/// A command with its words; nothing joined to others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SimpleCommand {
    /// Where it begins.
    pub at: At,
    /// What is set for it, or, without words, in the shell.
    pub assignments: Vec<Assignment>,
    /// Program and arguments.
    pub words: Vec<Word>,
    /// Where its input and output go.
    pub redirects: Vec<Redirect>,
    /// Index in [`Script::commands`] of the command whose output it reads through a pipe.
    pub input_from: Option<usize>,
    /// It runs inside `$(…)`, backticks or `<(…)`, to make a part of another command.
    pub substituted: bool,
    /// How many of its words are of programs that only start the one behind them.
    wrapping: usize,
    /// What it is known to change.
    change: Option<Change>,
}

impl SimpleCommand {
    /// The words of the command that is run in the end: `psql …` of `sudo -u postgres psql …`.
    pub fn innermost(&self) -> &[Word] {
        self.words.get(self.wrapping..).unwrap_or_default()
    }
}

/// Something that cannot be run as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: At,
    /// What is wrong, one clause without a full stop.
    pub message: String,
    /// What to do or to type instead, one clause without a full stop.
    pub help: String,
}

/// Reads a command. Never fails: what is wrong is in [`Script::problems`], and a hole behind it has a context too.
pub fn lex(pieces: &[Piece<'_>]) -> Script {
    let mut script = Lexer::run(pieces);
    for command in &mut script.commands {
        command.wrapping = command.words.len() - wrappers::innermost(&command.words).len();
        command.change = known::change(command);
    }
    if !script.contexts.is_empty() {
        script.foreign = foreign::find(&script.commands);
    }
    script
}

#[cfg(test)]
mod tests;
