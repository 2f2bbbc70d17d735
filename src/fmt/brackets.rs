//! Lists in brackets, and the places inside of groups where a line may end.

use super::gap::{Note, Signs};
use super::items::{Item, Kind};
use super::printer::{Printer, Row, STEP};
use crate::syntax::tree::Expr;

impl<'s> Printer<'s> {
    /// `(a, b)`, `[a, b]` or `{ a, b }`.
    pub(super) fn brackets<T>(
        &mut self,
        signs: (&str, &str),
        flat: &'static str,
        parts: &[T],
        print: impl Fn(&mut Self, &T),
    ) {
        self.brackets_of(signs, flat, parts, false, print);
    }

    /// The same; when `hugging`, the brackets of the last part may break instead of these.
    pub(super) fn brackets_of<T>(
        &mut self,
        (open, close): (&str, &str),
        flat: &'static str,
        parts: &[T],
        hugging: bool,
        print: impl Fn(&mut Self, &T),
    ) {
        let row = std::mem::take(&mut self.row);
        let group = self.items.open(Kind::Bracket);
        if let Some(of) = self.hugging.take() {
            self.items.hug(of, group);
        }
        self.sign(open);
        if parts.is_empty() && !self.has_note() {
            self.skip(Signs::Commas);
        } else {
            self.first_line(flat, STEP);
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    self.comma();
                    self.line(" ", Signs::Commas);
                }
                self.hugging = (hugging && index + 1 == parts.len()).then_some(group);
                print(self, part);
                self.hugging = None;
            }
            if !parts.is_empty() {
                self.items.push(Item::IfBroken(","));
            }
            self.last_line(flat);
        }
        self.sign(close);
        self.items.close();
        self.row = row;
    }

    /// Behind an opening bracket. Where its author ended the line here, each part begins one.
    pub(super) fn first_line(&mut self, flat: &'static str, indent: usize) {
        let gap = self.skip(Signs::Commas);
        let own = self.notes_behind(&gap.notes);
        self.items.push(Item::Indent(indent));
        if gap.newline {
            self.items.break_group();
        }
        self.items.push(Item::Line { flat, blank: false });
        self.own_notes(&gap.notes[own..], gap.blank);
    }

    /// Between two parts.
    pub(super) fn line(&mut self, flat: &'static str, signs: Signs) -> bool {
        let gap = self.skip(signs);
        let own = self.notes_behind(&gap.notes);
        let blank = gap.notes.get(own).map_or(gap.blank, |note| note.blank);
        // Only in brackets empty lines mean something.
        self.items.push(Item::Line { flat, blank: blank && signs == Signs::Commas });
        self.own_notes(&gap.notes[own..], gap.blank);
        gap.newline
    }

    /// The same. Where its author ended the line here, the group is broken.
    pub(super) fn line_or_break(&mut self, flat: &'static str) {
        if self.line(flat, Signs::None) {
            self.items.break_group();
        }
    }

    /// Before a closing bracket.
    pub(super) fn last_line(&mut self, flat: &'static str) {
        let gap = self.skip(Signs::Commas);
        let own = self.notes_behind(&gap.notes);
        if let Some(note) = gap.notes.get(own) {
            self.items.push_hard(Item::Hard { blank: note.blank });
            self.own_notes(&gap.notes[own..], false);
        }
        self.items.push(Item::Dedent);
        self.items.push(Item::Line { flat, blank: false });
    }

    /// Prints the comments that stand behind what was printed last, and gives the number of them.
    fn notes_behind(&mut self, notes: &[Note<'s>]) -> usize {
        let own = notes.iter().position(|note| note.owns_line).unwrap_or(notes.len());
        for note in &notes[..own] {
            self.note(*note);
        }
        own
    }

    /// Prints comments on lines of their own, at the beginning of a line.
    fn own_notes(&mut self, notes: &[Note<'s>], blank: bool) {
        for (index, note) in notes.iter().enumerate() {
            self.note(Note { blank: false, ..*note });
            let blank = notes.get(index + 1).map_or(blank, |next| next.blank);
            self.items.push_hard(Item::Hard { blank });
        }
    }

    /// Prints a comment.
    pub(super) fn note(&mut self, note: Note<'s>) {
        self.items.push_hard(Item::Note(note));
    }

    /// Prints a group.
    pub(super) fn group(&mut self, kind: Kind, print: impl FnOnce(&mut Self)) {
        self.items.open(kind);
        print(self);
        self.items.close();
    }

    /// Prints an expression that goes on as `row` says.
    pub(super) fn in_row(&mut self, row: Row, expr: &Expr) {
        let outer = std::mem::replace(&mut self.row, row);
        self.expr(expr);
        self.row = outer;
    }

    /// Moves in what follows, if the group is broken.
    pub(super) fn indent_by(&mut self, by: usize) {
        self.items.push(Item::Indent(by));
    }

    /// Ends that.
    pub(super) fn dedent(&mut self) {
        self.items.push(Item::Dedent);
    }

    /// Prints a comma. Those of the source are passed over.
    pub(super) fn comma(&mut self) {
        self.items.push(Item::Word(","));
    }
}
