//! Reads the level of commands: lists, pipelines, compound commands, redirections.
//!
//! Not a full parser of the shell: it keeps no tree, only where a command can begin, where a word is an argument, and
//! what has to be closed. What it cannot follow with certainty it reports, so that no hole is ever quoted on a guess.

use super::bashisms::{self, Bashism, Feature};
use super::cursor::{Cursor, Kind, Unit, units};
use super::heredoc::Pending;
use super::{Assignment, At, Context, Piece, Place, Problem, Redirect, Script, SimpleCommand, Word, direct};

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
    owner: Option<(usize, usize)>,
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

/// What may stand next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Command,
    Argument,
    /// After `fi`, `)` and the like: only redirections, operators and further closing words.
    Separator,
}

/// The command being read.
#[derive(Default)]
struct Building {
    command: SimpleCommand,
    begun: bool,
    heredocs: Vec<(usize, usize)>,
    input_from: Option<usize>,
}

/// A compound command that has to be closed.
struct Open {
    keyword: &'static str,
    closer: &'static str,
    at: At,
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
        if !needs_shell {
            script.direct = direct::words(&script);
        }
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

    /// Reads commands up to `close`, which is read too.
    pub(super) fn list(&mut self, close: Close) -> Ended {
        let mut building = Building::default();
        let mut expect = Expect::Command;
        let mut open: Vec<Open> = Vec::new();
        let ended = loop {
            self.blanks();
            let at = self.cursor.at();
            let Some(kind) = self.cursor.peek() else { break Ended::Text };
            match kind {
                Kind::Char('#') => self.comment(),
                Kind::Char('\n') => {
                    self.cursor.bump();
                    self.flush(&mut building);
                    expect = Expect::Command;
                    self.heredoc_bodies();
                }
                Kind::Char(';') => {
                    self.out.needs_shell = true;
                    self.flush(&mut building);
                    expect = Expect::Command;
                    if self.case_separator(at) {
                        if close == Close::CaseItem {
                            break Ended::NextItem;
                        }
                        self.problem(at, "`;;` stands outside of `case`", "write `;`, or a new line");
                    }
                }
                Kind::Char('&') if self.cursor.sees("&>") => self.redirect(&mut building, at),
                Kind::Char('&' | '|') => {
                    expect = Expect::Command;
                    self.operator(&mut building, at);
                }
                Kind::Char('(') => expect = self.open_paren(&mut building, expect, at),
                Kind::Char(')') => {
                    self.cursor.bump();
                    self.flush(&mut building);
                    if close == Close::Paren {
                        break Ended::Paren;
                    }
                    self.problem(at, "this `)` closes nothing", "quote it, or take it away");
                    expect = Expect::Separator;
                }
                Kind::Char('<' | '>') if self.cursor.peek_at(1) != Some(Kind::Char('(')) => {
                    self.redirect(&mut building, at);
                }
                Kind::Char(_) | Kind::Hole(_) => {
                    let esac = close == Close::CaseItem && open.is_empty();
                    match self.item(&mut building, expect, &mut open, esac) {
                        Some(next) => expect = next,
                        None => break Ended::Esac,
                    }
                }
            }
        };
        self.flush(&mut building);
        if let Some(left) = open.pop() {
            let (keyword, closer) = (left.keyword, left.closer);
            self.problem(left.at, format!("`{keyword}` is not closed"), format!("close it with `{closer}`"));
        }
        ended
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

    fn comment(&mut self) {
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

    /// Reads `;` and what belongs to it; whether it ends an item of `case`.
    fn case_separator(&mut self, at: At) -> bool {
        if self.cursor.eat(";;&") || self.cursor.eat(";&") {
            self.bashism(at, Feature::FallThrough);
            return true;
        }
        self.cursor.eat(";;") || !self.cursor.eat(";")
    }

    /// `&`, `&&`, `|`, `||`, `|&`
    fn operator(&mut self, building: &mut Building, at: At) {
        self.out.needs_shell = true;
        let command = self.flush(building);
        if self.cursor.eat("&&") || self.cursor.eat("||") || self.cursor.eat("&") {
            self.split_operator();
            return;
        }
        if self.cursor.eat("|&") {
            self.bashism(at, Feature::PipeBoth);
        } else {
            self.cursor.bump();
        }
        building.input_from = command;
        self.split_operator();
    }

    /// An operator carried over a line end (`&\` and `&` on the next line) is one to the shell and two to us.
    pub(super) fn split_operator(&mut self) {
        if !self.cursor.sees("\\\n") {
            return;
        }
        if let Some(Kind::Char('&' | '|' | ';' | '<' | '>' | '(' | ')')) = self.cursor.peek_at(2) {
            let at = self.cursor.at();
            self.problem(at, "an operator is torn apart by this line end", "put a blank before the `\\`");
        }
    }

    /// `(` where a command or an argument can stand.
    fn open_paren(&mut self, building: &mut Building, expect: Expect, at: At) -> Expect {
        self.out.needs_shell = true;
        if expect == Expect::Command && !building.begun {
            if self.cursor.eat("((") {
                self.bashism(at, Feature::ArithmeticCommand);
                self.arithmetic(at, "((");
            } else {
                self.cursor.bump();
                let ended = self.deeper(|lexer| lexer.list(Close::Paren));
                if ended != Ended::Paren {
                    self.unterminated(at, "this `(`", "`)`");
                }
            }
            return Expect::Separator;
        }
        self.cursor.bump();
        let name = building.command.words.first();
        if building.command.words.len() == 1 && building.command.assignments.is_empty() {
            self.blanks();
            if self.cursor.eat(")") {
                let holes: Vec<usize> = name.map(|word| word.holes().collect()).unwrap_or_default();
                for hole in holes {
                    self.refuse(hole, at, "a function's name cannot come from a value", "write the name itself");
                }
                *building = Building::default();
                return Expect::Command;
            }
        }
        self.problem(at, "the shell cannot read a `(` here", "quote the argument it stands in");
        expect
    }

    /// Ends the command being read; its index, if there was one.
    fn flush(&mut self, building: &mut Building) -> Option<usize> {
        let done = std::mem::take(building);
        let mut command = done.command;
        if command.words.is_empty() && command.assignments.is_empty() && command.redirects.is_empty() {
            // A pipe goes on over line ends.
            building.input_from = done.input_from;
            return None;
        }
        if let Some(feature) = command.words.first().and_then(Word::literal).and_then(bashisms::builtin) {
            self.bashism(command.at, feature);
        }
        command.input_from = done.input_from;
        command.substituted = self.substitutions > 0;
        let index = self.out.script.commands.len();
        for (heredoc, redirect) in done.heredocs {
            if let Some(heredoc) = self.out.heredocs.get_mut(heredoc) {
                heredoc.owner = Some((index, redirect));
            }
        }
        self.out.script.commands.push(command);
        Some(index)
    }

    /// A word: a keyword, an assignment, a program or an argument. `None`: it was the `esac` that ends the list.
    fn item(&mut self, building: &mut Building, expect: Expect, open: &mut Vec<Open>, esac: bool) -> Option<Expect> {
        let at = self.cursor.at();
        if expect == Expect::Argument {
            self.argument(building, &Place::Word { alone: false });
            return Some(Expect::Argument);
        }
        if !building.begun {
            let keyword = self.keyword();
            if esac && keyword == Some("esac") {
                self.out.needs_shell = true;
                self.cursor.skip(4);
                return None;
            }
            // `in` is a keyword only behind `for` and `case`, which read it themselves.
            if let Some(keyword) = keyword.filter(|keyword| *keyword != "in") {
                return Some(self.compound(keyword, at, open));
            }
        }
        if expect == Expect::Separator {
            self.problem(at, "a new command begins here without anything before it", "put `;` or a new line before it");
            // Read on as a command, so that its holes have a context.
        }
        if !building.begun {
            building.begun = true;
            building.command.at = at;
        }
        if let Some(assignment) = self.assignment() {
            building.command.assignments.push(assignment);
            return Some(Expect::Command);
        }
        self.argument(building, &Place::Command);
        Some(if building.command.words.is_empty() { Expect::Command } else { Expect::Argument })
    }

    /// A word of a simple command, or the number before a redirection.
    fn argument(&mut self, building: &mut Building, place: &Place) {
        let word = self.word(place);
        let redirects = matches!(self.cursor.peek(), Some(Kind::Char('<' | '>')));
        let descriptor = redirects && !word.quoted && word.literal().is_some_and(is_number);
        if !descriptor {
            building.command.words.push(word);
        }
    }

    /// The unquoted word that stands here, if it is a reserved one.
    fn keyword(&self) -> Option<&'static str> {
        let mut text = String::new();
        for unit in self.cursor.rest().iter().take(10) {
            match unit.kind {
                Kind::Char(' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')') => break,
                Kind::Char(c) => text.push(c),
                Kind::Hole(_) => return None,
            }
        }
        direct::KEYWORDS.iter().copied().find(|keyword| *keyword == text)
    }

    /// Reads a reserved word and what belongs to it.
    fn compound(&mut self, keyword: &'static str, at: At, open: &mut Vec<Open>) -> Expect {
        self.out.needs_shell = true;
        self.cursor.skip(keyword.chars().count());
        let mut opened = |closer| open.push(Open { keyword, closer, at });
        match keyword {
            "if" => {
                opened("fi");
                Expect::Command
            }
            "while" | "until" => {
                opened("done");
                Expect::Command
            }
            "{" => {
                opened("}");
                Expect::Command
            }
            "for" | "select" => {
                opened("done");
                if keyword == "select" {
                    self.bashism(at, Feature::Select);
                }
                self.for_header()
            }
            "fi" | "done" | "}" => {
                if open.last().is_some_and(|open| open.closer == keyword) {
                    open.pop();
                } else {
                    let message = match open.last() {
                        Some(open) => format!("`{keyword}` cannot close `{}`", open.keyword),
                        None => format!("`{keyword}` closes nothing"),
                    };
                    self.problem(at, message, "take it away, or close what it stands in first");
                }
                Expect::Separator
            }
            "case" => {
                self.deeper(Self::case);
                Expect::Separator
            }
            "[[" => {
                self.bashism(at, Feature::DoubleBracket);
                self.condition(at);
                Expect::Separator
            }
            "function" => {
                self.bashism(at, Feature::FunctionKeyword);
                self.function_header();
                Expect::Command
            }
            "time" => {
                self.blanks();
                if self.cursor.sees("-p ") {
                    self.cursor.skip(3);
                }
                Expect::Command
            }
            "coproc" => {
                self.bashism(at, Feature::Coproc);
                Expect::Command
            }
            "esac" => {
                self.problem(at, "`esac` closes nothing", "take it away, or close what it stands in first");
                Expect::Separator
            }
            // `then`, `do`, `else`, `elif`, `!`
            _ => Expect::Command,
        }
    }

    fn function_header(&mut self) {
        self.blanks();
        let at = self.cursor.at();
        let name = self.word(&Place::OneWord);
        let holes: Vec<usize> = name.holes().collect();
        for hole in holes {
            self.refuse(hole, at, "a function's name cannot come from a value", "write the name itself");
        }
        self.blanks();
        if self.cursor.eat("(") {
            self.blanks();
            self.cursor.eat(")");
        }
    }

    /// `NAME in words`, `NAME`, or `((…))`, after `for`.
    fn for_header(&mut self) -> Expect {
        self.blanks();
        let at = self.cursor.at();
        if self.cursor.eat("((") {
            self.bashism(at, Feature::ArithmeticFor);
            self.arithmetic(at, "((");
            return Expect::Command;
        }
        let name = self.word(&Place::OneWord);
        let holes: Vec<usize> = name.holes().collect();
        for hole in holes {
            self.refuse(hole, at, "a variable's name cannot come from a value", "write the name itself");
        }
        self.blank_lines();
        if self.keyword() == Some("in") {
            self.cursor.skip(2);
            self.words_until_separator();
        }
        Expect::Command
    }

    fn words_until_separator(&mut self) {
        loop {
            self.blanks();
            match self.cursor.peek() {
                None | Some(Kind::Char('\n' | ';' | '#')) => return,
                Some(Kind::Char(c @ ('&' | '|' | '(' | ')'))) => {
                    let at = self.cursor.at();
                    self.problem(at, format!("the shell cannot read `{c}` in this list"), "quote it");
                    return;
                }
                Some(Kind::Char(_) | Kind::Hole(_)) => {
                    let before = self.cursor.pos();
                    self.word(&Place::Word { alone: false });
                    if self.cursor.pos() == before {
                        let at = self.cursor.at();
                        self.problem(at, "the shell cannot read this redirection in a list", "quote it");
                        return;
                    }
                }
            }
        }
    }

    /// After `case`: the subject, `in`, the items, `esac`.
    fn case(&mut self) {
        let at = self.cursor.at();
        self.blanks();
        self.word(&Place::OneWord);
        self.blank_lines();
        if self.keyword() != Some("in") {
            self.problem(at, "`case` is not followed by a word and `in`", "write `case WORD in`");
            return;
        }
        self.cursor.skip(2);
        loop {
            self.blank_lines();
            if self.keyword() == Some("esac") {
                self.cursor.skip(4);
                return;
            }
            if !self.case_patterns() {
                self.unterminated(at, "this `case`", "`esac`");
                return;
            }
            match self.list(Close::CaseItem) {
                Ended::NextItem => {}
                Ended::Esac => return,
                Ended::Text | Ended::Paren => {
                    self.unterminated(at, "this `case`", "`esac`");
                    return;
                }
            }
        }
    }

    /// `a | b)`; false when it cannot be read.
    fn case_patterns(&mut self) -> bool {
        self.cursor.eat("(");
        loop {
            self.blanks();
            let before = self.cursor.pos();
            self.word(&Place::Pattern);
            if self.cursor.pos() == before {
                return false;
            }
            self.blanks();
            if self.cursor.eat(")") {
                return true;
            }
            if !self.cursor.eat("|") {
                return false;
            }
        }
    }

    /// `NAME=value`, `NAME+=value`, `NAME=(…)`, `NAME[…]=value`, if that is what stands here.
    fn assignment(&mut self) -> Option<Assignment> {
        let (length, holes) = self.assigned_name()?;
        let at = self.cursor.at();
        self.out.needs_shell = true;
        for (hole, at) in holes {
            self.refuse(hole, at, "a variable's name cannot come from a value", "write the name itself");
        }
        let start = self.cursor.pos();
        self.cursor.skip(length);
        let name: String = chars(self.cursor.since(start)).collect();
        if self.cursor.peek() == Some(Kind::Char('[')) {
            self.bashism(at, Feature::Array);
            let start = self.cursor.pos();
            self.operand_until(']');
            self.refuse_since(
                start,
                "an index is shell arithmetic, which could run code found in a value",
                "put the list together in the runbook and pass it on as words",
            );
        }
        if self.cursor.eat("+") {
            self.bashism(at, Feature::Append);
        }
        self.cursor.eat("=");
        let value = if self.cursor.peek() == Some(Kind::Char('(')) {
            self.bashism(at, Feature::Array);
            self.array(at)
        } else {
            self.word(&Place::Assignment)
        };
        Some(Assignment { name, value, at })
    }

    /// How many units the name before `=` (or `[`, `+=`) takes, and the holes in it.
    fn assigned_name(&self) -> Option<(usize, Vec<(usize, At)>)> {
        let rest = self.cursor.rest();
        let length = rest
            .iter()
            .take_while(|unit| match unit.kind {
                Kind::Char(c) => c.is_ascii_alphanumeric() || c == '_',
                Kind::Hole(_) => true,
            })
            .count();
        let name = rest.get(..length)?;
        let first = name.first()?;
        if matches!(first.kind, Kind::Char(c) if c.is_ascii_digit()) {
            return None;
        }
        let mut behind = rest.get(length..)?;
        if behind.first()?.is('[') {
            let close = behind.iter().position(|unit| unit.is(']') || unit.is('\n'))?;
            behind = behind.get(close..).filter(|units| units.first().is_some_and(|unit| unit.is(']')))?.get(1..)?;
        }
        if behind.first()?.is('+') {
            behind = behind.get(1..)?;
        }
        behind.first()?.is('=').then(|| (length, holes_in(name)))
    }

    /// The values of `NAME=(…)`, side by side.
    fn array(&mut self, at: At) -> Word {
        self.cursor.bump();
        let mut all = Word { at, ..Word::default() };
        loop {
            self.blank_lines();
            if self.cursor.eat(")") {
                return all;
            }
            let before = self.cursor.pos();
            let word = self.word(&Place::Word { alone: false });
            if self.cursor.pos() == before {
                self.unterminated(at, "this array", "`)`");
                return all;
            }
            all.fragments.extend(word.fragments);
        }
    }

    /// A redirection, from its operator on.
    fn redirect(&mut self, building: &mut Building, at: At) {
        const OPERATORS: &[&str] = &["&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">"];
        self.out.needs_shell = true;
        if !building.begun {
            building.begun = true;
            building.command.at = at;
        }
        let Some(operator) = OPERATORS.iter().copied().find(|operator| self.cursor.sees(operator)) else {
            self.cursor.bump();
            return;
        };
        self.cursor.skip(operator.len());
        self.split_operator();
        self.blanks();
        let target = match operator {
            "<<" | "<<-" => {
                let index = building.command.redirects.len();
                let (word, number) = self.heredoc_operator(operator == "<<-", at);
                building.heredocs.push((number, index));
                word
            }
            _ => {
                let before = self.cursor.pos();
                let word = self.word(&Place::Redirect);
                if self.cursor.pos() == before {
                    self.problem(at, format!("`{operator}` names no file"), "write the file's name behind it");
                }
                word
            }
        };
        match operator {
            "&>>" | "&>" => self.bashism(at, Feature::RedirectBoth),
            ">&" if !target
                .literal()
                .is_some_and(|target| is_number(target.trim_end_matches('-')) || target == "-") =>
            {
                self.bashism(at, Feature::RedirectBoth);
            }
            "<<<" => self.bashism(at, Feature::HereString),
            _ => {}
        }
        let operator = operator.to_owned();
        building.command.redirects.push(Redirect { operator, target, body_holes: Vec::new(), at });
    }
}

/// The holes among some units.
pub(super) fn holes_in(units: &[Unit]) -> Vec<(usize, At)> {
    let holes = units.iter().filter_map(|unit| match unit.kind {
        Kind::Char(_) => None,
        Kind::Hole(hole) => Some((hole, unit.at)),
    });
    holes.collect()
}

/// The characters among some units.
pub(super) fn chars(units: &[Unit]) -> impl Iterator<Item = char> + '_ {
    units.iter().filter_map(|unit| match unit.kind {
        Kind::Char(c) => Some(c),
        Kind::Hole(_) => None,
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
