//! Assignments, of arrays too.

use super::bashisms::Feature;
use super::cursor::Kind;
use super::lexer::{Lexer, chars, holes_in};
use super::{Assignment, At, Place, Word};

impl Lexer<'_> {
    /// `NAME=value`, `NAME+=value`, `NAME=(…)`, `NAME[…]=value`, if that is what stands here.
    pub(super) fn assignment(&mut self) -> Option<Assignment> {
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
            .take_while(|unit| match unit.kind() {
                Kind::Char(c) => c.is_ascii_alphanumeric() || c == '_',
                Kind::Hole(_) => true,
            })
            .count();
        let name = rest.get(..length)?;
        let first = name.first()?;
        if matches!(first.kind(), Kind::Char(c) if c.is_ascii_digit()) {
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
}
