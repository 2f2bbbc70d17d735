//! Lists and pipelines of simple commands, with their words and redirections.

use super::bashisms::{self, Feature};
use super::compound::Open;
use super::cursor::Kind;
use super::lexer::{Close, Ended, Lexer};
use super::{At, Place, Redirect, SimpleCommand, Word};

/// What may stand next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
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

impl Lexer<'_> {
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
        // Of a group, `( … ) | psql`, the last of its commands stands for all of them.
        building.input_from = command.or_else(|| self.out.script.commands.len().checked_sub(1));
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

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
