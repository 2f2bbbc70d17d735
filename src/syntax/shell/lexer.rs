//! Reads the level of commands: lists, pipelines, compound commands, redirections.
//!
//! Not a full parser of the shell: it keeps no tree, only where a command can begin, where a word is an argument, and
//! what has to be closed. What it cannot follow with certainty it reports, so that no hole is ever quoted on a guess.

use super::bashisms::{Bashism, Feature};
use super::cursor::{Cursor, Kind, Unit, units};
use super::heredoc::Pending;
use super::{At, Context, Piece, Place, Problem, Script, direct};

/// Constructs within constructs that are followed; each costs stack.
const MAX_DEPTH: usize = 40;

/// What is found while reading.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) script: Script,
    /// Something was used that only a shell understands.
    pub(super) needs_shell: bool,
    /// A problem after which the rest cannot be read; later ones would only repeat it.
    gave_up: bool,
    /// Variables that shell arithmetic evaluates.
    pub(super) arithmetic: Vec<(String, At)>,
    /// For each heredoc, by number: the command and redirection it belongs to, and the holes in its body.
    pub(super) heredocs: Vec<Heredoc>,
}

/// A heredoc on its way from the operator to the body.
#[derive(Debug, Default)]
pub(super) struct Heredoc {
    pub(super) owner: Option<(usize, usize)>,
    pub(super) holes: Vec<usize>,
}

/// Reads one row of units; a row inside it (backticks, a heredoc's body) gets a lexer of its own.
pub(super) struct Lexer<'o> {
    pub(super) cursor: Cursor,
    pub(super) out: &'o mut Output,
    pub(super) backticks: usize,
    pub(super) depth: usize,
    /// How many substitutions surround this place.
    pub(super) substitutions: usize,
    /// Heredocs whose bodies begin at the next line.
    pub(super) pending: Vec<Pending>,
}

/// What ends a list of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    /// The end of the text.
    End,
    /// `)`
    Paren,
    /// `;;` and its like, or `esac`.
    CaseItem,
}

/// How a list of commands ended.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Ended {
    #[default]
    Text,
    Paren,
    NextItem,
    Esac,
}

impl Lexer<'_> {
    /// Reads a whole command.
    pub(super) fn run(pieces: &[Piece<'_>]) -> Script {
        let mut out = Output::default();
        let nowhere = Context { place: Place::Nowhere, backticks: 0, one_line: false };
        let holes = pieces.iter().filter(|piece| **piece == Piece::Hole).count();
        out.script.contexts = vec![nowhere; holes];
        let mut lexer = Lexer {
            cursor: Cursor::new(units(pieces)),
            out: &mut out,
            backticks: 0,
            depth: 0,
            substitutions: 0,
            pending: Vec::new(),
        };
        lexer.list(Close::End);
        lexer.missing_bodies();
        let Output { mut script, needs_shell, heredocs, arithmetic, .. } = out;
        for heredoc in heredocs {
            let Some((command, redirect)) = heredoc.owner else { continue };
            let owner = script.commands.get_mut(command).and_then(|command| command.redirects.get_mut(redirect));
            if let Some(redirect) = owner {
                redirect.body_holes = heredoc.holes;
            }
        }
        direct::check_arithmetic(&mut script, &arithmetic);
        script.needs_no_shell = !needs_shell && direct::is_one_program(&script);
        script
    }

    /// Reports what cannot work.
    pub(super) fn problem(&mut self, at: At, message: impl Into<String>, help: impl Into<String>) {
        if !self.out.gave_up {
            self.out.script.problems.push(Problem { at, message: message.into(), help: help.into() });
        }
    }

    /// Reports something without an end; nothing is reported after it.
    pub(super) fn unterminated(&mut self, at: At, what: &str, closer: &str) {
        self.problem(at, format!("{what} is not closed"), format!("close it with {closer}"));
        self.out.gave_up = true;
        self.cursor.finish();
    }

    /// Notes a feature that POSIX sh has not.
    pub(super) fn bashism(&mut self, at: At, feature: Feature) {
        self.out.needs_shell = true;
        self.out.script.bashisms.push(Bashism { at, feature });
    }

    /// Notes that a variable is read.
    pub(super) fn reads_variable(&mut self, name: &str) {
        let variables = &mut self.out.script.variables;
        if !variables.iter().any(|known| known == name) {
            variables.push(name.to_owned());
        }
    }

    /// Says where a hole stands.
    pub(super) fn place(&mut self, hole: usize, place: Place) {
        if let Some(context) = self.out.script.contexts.get_mut(hole) {
            *context = Context { place, backticks: self.backticks, one_line: false };
        }
    }

    /// Refuses every hole among the units read since `start`, where it was not refused already.
    pub(super) fn refuse_since(&mut self, start: usize, message: &str, help: &str) {
        for (hole, at) in holes_in(self.cursor.since(start)) {
            let Some(context) = self.out.script.contexts.get_mut(hole) else { continue };
            if context.place != Place::Nowhere {
                context.place = Place::Nowhere;
                self.problem(at, message, help);
            }
        }
    }

    /// Refuses one hole.
    pub(super) fn refuse(&mut self, hole: usize, at: At, message: &str, help: &str) {
        self.place(hole, Place::Nowhere);
        self.problem(at, message, help);
    }

    /// Goes one construct deeper, unless that is too deep.
    pub(super) fn deeper<T: Default>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            let at = self.cursor.at();
            self.problem(at, "this command is nested too deeply", "take it apart into several commands");
            self.out.gave_up = true;
            self.cursor.finish();
            return T::default();
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Reads the inside of `$(…)`, `<(…)`: `(` is already read.
    pub(super) fn substitution(&mut self, at: At, what: &str) {
        self.out.needs_shell = true;
        let outer = std::mem::take(&mut self.pending);
        self.substitutions += 1;
        let ended = self.deeper(|lexer| lexer.list(Close::Paren));
        self.substitutions -= 1;
        if ended != Ended::Paren {
            self.unterminated(at, what, "`)`");
        }
        self.missing_bodies();
        self.pending = outer;
    }

    /// Skips blanks and joined lines.
    pub(super) fn blanks(&mut self) {
        loop {
            self.cursor.skip_joins();
            match self.cursor.peek() {
                Some(Kind::Char(' ' | '\t')) => {
                    self.cursor.bump();
                }
                _ => return,
            }
        }
    }

    /// Skips blanks, comments and line ends.
    pub(super) fn blank_lines(&mut self) {
        loop {
            self.blanks();
            match self.cursor.peek() {
                Some(Kind::Char('#')) => self.comment(),
                Some(Kind::Char('\n')) => {
                    self.cursor.bump();
                    self.heredoc_bodies();
                }
                _ => return,
            }
        }
    }

    pub(super) fn comment(&mut self) {
        self.out.needs_shell = true;
        while let Some(kind) = self.cursor.peek() {
            match kind {
                Kind::Char('\n') => return,
                Kind::Char(_) => {}
                Kind::Hole(hole) => self.place(hole, Place::Comment),
            }
            self.cursor.bump();
        }
    }
}

/// The holes among some units.
pub(super) fn holes_in(units: &[Unit]) -> Vec<(usize, At)> {
    let holes = units.iter().filter_map(|unit| match unit.kind() {
        Kind::Char(_) => None,
        Kind::Hole(hole) => Some((hole, unit.at())),
    });
    holes.collect()
}

/// The characters among some units.
pub(super) fn chars(units: &[Unit]) -> impl Iterator<Item = char> + '_ {
    units.iter().filter_map(|unit| match unit.kind() {
        Kind::Char(c) => Some(c),
        Kind::Hole(_) => None,
    })
}
