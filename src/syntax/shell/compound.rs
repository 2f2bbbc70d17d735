//! Compound commands: `if`, `while`, `for`, `case`, functions.

use super::bashisms::Feature;
use super::cursor::Kind;
use super::lexer::{Close, Ended, Lexer};
use super::list::Expect;
use super::{At, Place, direct};

/// A compound command that has to be closed.
pub(super) struct Open {
    pub(super) keyword: &'static str,
    pub(super) closer: &'static str,
    pub(super) at: At,
}

impl Lexer<'_> {
    /// The unquoted word that stands here, if it is a reserved one.
    pub(super) fn keyword(&self) -> Option<&'static str> {
        let units = self.cursor.rest();
        let length = units.iter().take(10).position(|unit| {
            matches!(unit.kind(), Kind::Char(' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')'))
        });
        let word = &units[..length.unwrap_or(units.len().min(10))];
        let is_it = |keyword: &&str| {
            keyword.len() == word.len() && keyword.chars().zip(word).all(|(letter, unit)| unit.is(letter))
        };
        direct::KEYWORDS.iter().copied().find(is_it)
    }

    /// Reads a reserved word and what belongs to it.
    pub(super) fn compound(&mut self, keyword: &'static str, at: At, open: &mut Vec<Open>) -> Expect {
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
}
