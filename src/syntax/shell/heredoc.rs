//! Heredocs: the word behind `<<`, and the body that begins at the next line.

use super::cursor::{Cursor, Kind, Unit};
use super::lexer::{Heredoc, Lexer, chars, holes_in};
use super::words::{Dollar, Quoting};
use super::{At, HeredocPlace, Place, Word};

/// A heredoc whose body has not been reached.
#[derive(Debug)]
pub(super) struct Pending {
    delimiter: String,
    strip_tabs: bool,
    verbatim: bool,
    number: usize,
    at: At,
}

impl Lexer<'_> {
    /// Reads the delimiter behind `<<`; the word and the heredoc's number.
    pub(super) fn heredoc_operator(&mut self, strip_tabs: bool, at: At) -> (Word, usize) {
        let start = self.cursor.pos();
        let mut word = Word { at: self.cursor.at(), ..Word::default() };
        loop {
            match self.cursor.peek() {
                None | Some(Kind::Char(' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')')) => break,
                Some(Kind::Char('\'')) => self.single_quoted(&mut word, &Place::SingleQuoted),
                Some(Kind::Char('"')) => self.delimiter_in_double_quotes(&mut word),
                Some(Kind::Char('\\')) => {
                    self.cursor.bump();
                    word.quoted = true;
                    if let Some(Kind::Char(c)) = self.cursor.bump() {
                        word.push(c);
                    }
                }
                Some(Kind::Char(c)) => {
                    self.cursor.bump();
                    word.push(c);
                }
                Some(Kind::Hole(hole)) => {
                    self.cursor.bump();
                    self.place(hole, Place::OneWord);
                }
            }
        }
        self.refuse_since(
            start,
            "the word that ends a heredoc cannot come from a value",
            "write a word, such as `EOF`",
        );
        if self.cursor.pos() == start {
            self.problem(at, "`<<` is followed by no word", "write `<<'EOF'`, and `EOF` on the line behind the text");
        }
        let delimiter = word.text();
        if delimiter.contains(['$', '`', '\n', '\\']) {
            self.problem(at, "shells do not agree on this heredoc's delimiter", "choose a plain word, such as `EOF`");
        }
        let number = self.out.heredocs.len();
        self.out.heredocs.push(Heredoc::default());
        self.pending.push(Pending { delimiter, strip_tabs, verbatim: word.quoted, number, at });
        (word, number)
    }

    fn delimiter_in_double_quotes(&mut self, word: &mut Word) {
        let at = self.cursor.at();
        self.cursor.bump();
        word.quoted = true;
        loop {
            match self.cursor.bump() {
                None => return self.unterminated(at, "this `\"`", "another `\"`"),
                Some(Kind::Char('"')) => return,
                Some(Kind::Char(c)) => word.push(c),
                Some(Kind::Hole(hole)) => self.place(hole, Place::OneWord),
            }
        }
    }

    /// Reports heredocs whose bodies never began.
    pub(super) fn missing_bodies(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let message = format!("the text of this heredoc is missing: `{}` ends it", pending.delimiter);
            self.problem(pending.at, message, "begin the text on the next line");
        }
    }

    /// Reads the bodies that begin here, at the start of a line.
    pub(super) fn heredoc_bodies(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            self.heredoc_body(&pending);
        }
    }

    fn heredoc_body(&mut self, pending: &Pending) {
        let start = self.cursor.pos();
        let mut joined = false;
        let length = loop {
            let read = self.cursor.pos() - start;
            let rest = self.cursor.rest();
            if rest.is_empty() {
                let help = format!("write `{}` alone on a line behind the text", pending.delimiter);
                self.problem(pending.at, "this heredoc does not end", help);
                break read;
            }
            let line = rest.iter().position(|unit| unit.is('\n')).unwrap_or(rest.len());
            let units = rest.get(..line).unwrap_or_default().to_vec();
            let ends = self.ends_heredoc(pending, &units, joined);
            joined = !pending.verbatim && units.iter().rev().take_while(|unit| unit.is('\\')).count() % 2 == 1;
            self.cursor.skip(line + 1);
            if ends {
                break read;
            }
        };
        let body: Vec<Unit> = self.cursor.since(start).iter().take(length).copied().collect();
        if let Some(heredoc) = self.out.heredocs.get_mut(pending.number) {
            heredoc.holes = holes_in(&body).into_iter().map(|(hole, _)| hole).collect();
        }
        if pending.verbatim {
            for (index, unit) in body.iter().enumerate() {
                if let Kind::Hole(hole) = unit.kind() {
                    self.place(hole, Place::HeredocVerbatim(Box::new(line_of(pending, &body, index, false))));
                }
            }
        } else {
            self.deeper(|lexer| {
                let mut within = Lexer {
                    cursor: Cursor::new(body.clone()),
                    backticks: lexer.backticks,
                    depth: lexer.depth,
                    substitutions: lexer.substitutions,
                    pending: Vec::new(),
                    out: &mut *lexer.out,
                };
                within.heredoc_text(pending, &body);
            });
        }
    }

    /// Whether a line is the delimiter. One that only begins with it is reported inside `$(…)`, where bash may take it
    /// for the end too.
    fn ends_heredoc(&mut self, pending: &Pending, line: &[Unit], joined: bool) -> bool {
        let literal = line.iter().position(|unit| matches!(unit.kind(), Kind::Hole(_))).unwrap_or(line.len());
        let text: String = chars(line.get(..literal).unwrap_or_default()).collect();
        let text = if pending.strip_tabs { text.trim_start_matches('\t') } else { &text };
        if joined || !text.starts_with(&pending.delimiter) {
            return false;
        }
        let ends = text == pending.delimiter && literal == line.len();
        if !ends && self.substitutions > 0 && !pending.delimiter.is_empty() {
            let at = line.first().map_or(pending.at, |unit| unit.at());
            let message = format!("in `$(…)`, bash may take this line for the heredoc's end, `{}`", pending.delimiter);
            self.problem(at, message, "choose another delimiter, or put the end on a line of its own");
        }
        ends
    }

    /// Reads an expanded body.
    fn heredoc_text(&mut self, pending: &Pending, body: &[Unit]) {
        let mut word = Word::default();
        let mut after_name = false;
        loop {
            self.cursor.skip_joins();
            let at = self.cursor.at();
            let start = self.cursor.pos();
            let Some(kind) = self.cursor.peek() else { return };
            match kind {
                Kind::Hole(hole) => {
                    self.cursor.bump();
                    self.place(hole, Place::Heredoc(Box::new(line_of(pending, body, start, after_name))));
                }
                Kind::Char('\\') => {
                    after_name = false;
                    self.cursor.bump();
                    match self.cursor.peek() {
                        Some(Kind::Hole(_)) => self.backslash_before_hole(at),
                        Some(Kind::Char('$' | '`' | '\\')) => {
                            self.cursor.bump();
                        }
                        Some(Kind::Char(_)) | None => {}
                    }
                }
                Kind::Char('$') => {
                    after_name = self.dollar(&mut word, Quoting::Heredoc) == Dollar::Name;
                    self.on_one_line(start);
                }
                Kind::Char('`') => {
                    after_name = false;
                    self.backtick(&mut word, Quoting::Heredoc);
                }
                Kind::Char(_) => {
                    after_name = false;
                    self.cursor.bump();
                }
            }
        }
    }

    /// Sees to it that no value within an expansion in a heredoc can make a line of its own, which the shell could
    /// take for the delimiter: it looks for that line before it reads the expansion.
    fn on_one_line(&mut self, start: usize) {
        let units = self.cursor.since(start);
        if units.iter().any(|unit| unit.is('\n')) {
            self.refuse_since(
                start,
                "in a heredoc, a substitution with a value has to stand on one line",
                "put its output into a variable before the heredoc and write `$NAME` here",
            );
            return;
        }
        for (hole, _) in holes_in(units) {
            if let Some(context) = self.out.script.contexts.get_mut(hole) {
                context.one_line = true;
            }
        }
    }
}

/// What stands around the hole at `index` on its line.
fn line_of(pending: &Pending, body: &[Unit], index: usize, after_name: bool) -> HeredocPlace {
    let behind = body.get(index + 1..).unwrap_or_default();
    let ahead = body.get(..index).unwrap_or_default();
    let before_start = ahead.iter().rposition(|unit| unit.is('\n')).map_or(0, |newline| newline + 1);
    let before = ahead.get(before_start..).unwrap_or_default();
    let after_end = behind.iter().position(|unit| unit.is('\n')).unwrap_or(behind.len());
    let after = behind.get(..after_end).unwrap_or_default();
    let before_hole = before.iter().rposition(|unit| matches!(unit.kind(), Kind::Hole(_)));
    let after_hole = after.iter().position(|unit| matches!(unit.kind(), Kind::Hole(_)));
    let nearest = before.get(before_hole.map_or(0, |hole| hole + 1)..).unwrap_or_default();
    let next = after.get(..after_hole.unwrap_or(after.len())).unwrap_or_default();
    HeredocPlace {
        delimiter: pending.delimiter.clone(),
        strip_tabs: pending.strip_tabs,
        hole_before: before_hole.is_some(),
        hole_after: after_hole.is_some(),
        before: chars(nearest).collect(),
        after: chars(next).collect(),
        after_name,
    }
}
