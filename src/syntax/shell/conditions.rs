//! `[[ … ]]`: its operands are words, except beside the operators that make them arithmetic or patterns.

use super::cursor::Kind;
use super::lexer::{Lexer, holes_in};
use super::{At, Fragment, Place, Word};

/// Operators that evaluate both sides as shell arithmetic.
const ARITHMETIC: &[&str] = &["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];
/// Operators that read their right side as a pattern.
const PATTERNS: &[&str] = &["==", "=", "!=", "=~"];
/// Tests that take a variable's name.
const NAMES: &[&str] = &["-v", "-R"];

/// An operand, with the units it was read from.
struct Operand {
    word: Word,
    start: usize,
    end: usize,
}

impl Lexer<'_> {
    /// Reads from behind `[[` to behind `]]`.
    pub(super) fn condition(&mut self, at: At) {
        let begin = self.cursor.pos();
        let mut operands: Vec<Operand> = Vec::new();
        loop {
            self.blank_lines();
            let Some(kind) = self.cursor.peek() else {
                return self.unterminated(at, "this `[[`", "`]]`");
            };
            if let Kind::Char('(' | ')' | '&' | '|' | ';' | '<' | '>') = kind {
                self.cursor.bump();
                continue;
            }
            let start = self.cursor.pos();
            let operator = operands.last().and_then(|operand| operand.word.literal());
            let pattern = operator.is_some_and(|operator| PATTERNS.contains(&operator));
            let place = if pattern { Place::Pattern } else { Place::OneWord };
            let word = self.word_as(&place, pattern);
            if word.literal() == Some("]]") && !word.quoted {
                break;
            }
            if self.cursor.pos() == start {
                // Nothing that can be part of a word; never reached, but a loop must not hang.
                self.cursor.bump();
            }
            operands.push(Operand { word, start: start - begin, end: self.cursor.pos() - begin });
        }
        let units = self.cursor.since(begin).to_vec();
        for (index, operand) in operands.iter().enumerate() {
            let is = |neighbour: Option<&Operand>, operators: &[&str]| {
                neighbour.is_some_and(|neighbour| {
                    !neighbour.word.quoted && neighbour.word.literal().is_some_and(|text| operators.contains(&text))
                })
            };
            let before = index.checked_sub(1).and_then(|before| operands.get(before));
            let arithmetic = is(before, ARITHMETIC) || is(operands.get(index + 1), ARITHMETIC);
            if arithmetic {
                self.arithmetic_operand(operand);
            }
            if is(before, NAMES) {
                let range = units.get(operand.start..operand.end).unwrap_or_default();
                for (hole, at) in holes_in(range) {
                    self.refuse(hole, at, "a variable's name cannot come from a value", "write the name itself");
                }
            }
        }
    }

    fn arithmetic_operand(&mut self, operand: &Operand) {
        let word = &operand.word;
        let names: Vec<String> = word.variables().map(str::to_owned).collect();
        self.out.arithmetic.extend(names.into_iter().map(|name| (name, word.at)));
        if let [Fragment::Hole(hole)] = word.fragments.as_slice() {
            self.place(*hole, Place::Integer);
            return;
        }
        let holes: Vec<usize> = word.holes().collect();
        for hole in holes {
            let message = "beside this operator a value is a number of its own, and here it touches something else";
            self.refuse(hole, word.at, message, "put the sum into `$((…))`");
        }
    }
}
