//! Goes through the tree and the source side by side.
//!
//! The tree says what comes next, the source how it is written: a name or a sign of the tree is looked for at
//! the place in the source that has been reached, and nothing but blanks and comments is passed over on the
//! way. So no token and no comment can get lost, and what the tree does not know of (two pairs of brackets, a
//! rest that could not be read) is noticed: the statement then stays as it was written.

use super::gap::{self, Gap, Note, Signs, line_start};
use super::items::{Item, Items, Mark, Piece, Place};
use super::layout::{WIDTH, layout, one_line};
use super::lines::{Lines, Saved, width};
use super::reach;
use crate::source::Span;
use crate::syntax::tree::{Block, Comment, File, Ident, Stmt};

/// How far a block is moved in.
pub(super) const STEP: usize = 4;

/// Prints one file.
pub(super) struct Printer<'s> {
    pub(super) text: &'s str,
    /// What stands before this is printed.
    pub(super) at: usize,
    pub(super) items: Items<'s>,
    lines: Lines<'s>,
    /// The indentation of the statements that are being printed.
    pub(super) indent: usize,
    /// How an expression goes on over a line end.
    pub(super) row: Row,
    /// Where diagnostics point, in order.
    faults: &'s [usize],
    /// Where comments begin, in order.
    comments: Vec<usize>,
    /// The source is not what the tree says.
    odd: bool,
    /// The statement keeps its block on its line.
    one_line: bool,
    /// The group whose last part is next.
    pub(super) hugging: Option<usize>,
    /// Comments that move behind the next opening brace.
    hoisted: Vec<Note<'s>>,
}

/// How an expression goes on over a line end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// How far it is moved in.
    pub(super) hang: usize,
    /// It is part of a row of operators.
    pub(super) within: bool,
}

impl Default for Row {
    fn default() -> Self {
        Self { hang: STEP, within: false }
    }
}

/// A place to come back to.
struct Reached<'s> {
    at: usize,
    lines: Saved<'s>,
}

/// What stands between braces.
pub(super) trait Entry {
    /// Where it begins.
    fn start(&self) -> usize;
    /// Prints it, lines and all.
    fn print(&self, printer: &mut Printer<'_>);
    /// Prints it into a line.
    fn print_inline(&self, printer: &mut Printer<'_>);
}

impl Entry for Stmt {
    fn start(&self) -> usize {
        self.span.start as usize
    }

    fn print(&self, printer: &mut Printer<'_>) {
        printer.statement(self);
    }

    fn print_inline(&self, printer: &mut Printer<'_>) {
        printer.kind(&self.kind);
    }
}

impl<'s> Printer<'s> {
    pub(super) fn new(text: &'s str, faults: &'s [usize], comments: &[Comment]) -> Self {
        Self {
            text,
            comments: comments.iter().map(|comment| comment.span.start as usize).collect(),
            at: 0,
            items: Items::default(),
            lines: Lines::new(text),
            indent: 0,
            row: Row::default(),
            faults,
            odd: false,
            one_line: false,
            hugging: None,
            hoisted: Vec::new(),
        }
    }

    /// Prints the whole file; `None` if it cannot be done.
    pub(super) fn file(mut self, file: &File) -> Option<String> {
        self.body(&file.body, Signs::Separators);
        self.between(self.text.len(), file.body.is_empty(), true, Signs::Separators);
        (!self.odd).then(|| self.lines.finish())
    }

    // -- statements

    fn body<T: Entry>(&mut self, entries: &[T], signs: Signs) {
        for (index, entry) in entries.iter().enumerate() {
            self.between(entry.start(), index == 0, false, signs);
            entry.print(self);
        }
    }

    /// What stands between two statements, or around them.
    fn between(&mut self, upto: usize, first: bool, last: bool, signs: Signs) {
        let mut first = first;
        loop {
            let gap = gap::read(self.text, self.at, signs);
            let goes_on = gap.semicolon && !gap.newline && self.text[gap.end..].starts_with('-');
            // On a line of its own it would belong to the statement above.
            self.odd |= goes_on;
            for note in &gap.notes {
                let blank = note.blank && !first;
                self.lines.note(Note { blank, ..*note }, self.indent);
                first &= !note.owns_line;
            }
            self.at = gap.end;
            let more = self.at < upto;
            if !last || more {
                self.lines.begin(self.indent, gap.blank && !first);
            }
            if !more {
                return;
            }
            // What could not be read.
            let end = self.text[self.at..upto].find('\n').map_or(upto, |length| self.at + length);
            self.lines.raw(0, &self.text[self.at..end], self.at);
            self.at = end;
            first = false;
        }
    }

    /// Prints a statement on lines of its own.
    fn statement(&mut self, stmt: &Stmt) {
        if self.is_faulty(stmt) {
            self.verbatim(stmt.span);
            return;
        }
        let reached = self.reached();
        if !self.source(stmt.span).contains('\n')
            && reach::has_one_line(stmt)
            && self.on_one_line(|printer| printer.kind(&stmt.kind))
        {
            return;
        }
        let odd = std::mem::take(&mut self.odd);
        self.kind(&stmt.kind);
        self.flush();
        let whole = self.at == stmt.span.end as usize;
        if self.odd || !whole {
            self.come_back(&reached);
            self.verbatim(stmt.span);
        }
        self.odd = odd;
    }

    /// Prints what its author wrote on one line, if it fits on one.
    pub(super) fn on_one_line(&mut self, print: impl FnOnce(&mut Self)) -> bool {
        let reached = self.reached();
        let odd = std::mem::take(&mut self.odd);
        self.one_line = true;
        print(self);
        self.one_line = false;
        let fits = self.indent + one_line(&self.items.all) <= WIDTH && !self.odd;
        if fits {
            self.flush();
        } else {
            self.come_back(&reached);
        }
        self.odd = odd;
        fits
    }

    fn reached(&self) -> Reached<'s> {
        Reached { at: self.at, lines: self.lines.save() }
    }

    fn come_back(&mut self, to: &Reached<'s>) {
        self.at = to.at;
        self.lines.restore(&to.lines);
        self.items.clear();
        self.row = Row::default();
        self.hugging = None;
        self.hoisted.clear();
        self.odd = false;
    }

    /// Whether something in a statement could not be read, and in no statement inside it.
    fn is_faulty(&self, stmt: &Stmt) -> bool {
        let within = |span: Span, at: usize| (span.start as usize..=span.end as usize).contains(&at);
        let first = self.faults.partition_point(|at| *at < stmt.span.start as usize);
        let mut own = self.faults[first..].iter().take_while(|at| within(stmt.span, **at)).peekable();
        if own.peek().is_none() {
            return false;
        }
        if !self.source(stmt.span).contains('\n') {
            return true;
        }
        // A statement that shares its line with what is around it cannot stay as it is.
        let begins_line = |span: &Span| {
            let start = span.start as usize;
            self.text[line_start(self.text, start)..start].trim().is_empty()
        };
        let blocks = reach::blocks(&stmt.kind);
        let inner: Vec<Span> =
            blocks.iter().flat_map(|block| &block.body).map(|inner| inner.span).filter(begins_line).collect();
        own.any(|at| !inner.iter().any(|span| within(*span, *at)))
    }

    /// Leaves a stretch of the source as it was written.
    fn verbatim(&mut self, span: Span) {
        let (start, end) = (span.start as usize, span.end as usize);
        let line = line_start(self.text, start);
        // Its first line keeps its indentation too, so that its shape stays.
        let alone = self.text[line..start].trim().is_empty();
        let mut at = if alone { line } else { start };
        for (index, text) in self.text[at..end].split('\n').enumerate() {
            self.lines.raw(if index == 0 && !alone { self.indent } else { 0 }, text, at);
            at += text.len() + 1;
        }
        self.at = end;
    }

    /// Chooses the lines of what was collected.
    pub(super) fn flush(&mut self) {
        self.lines.begin(self.indent, false);
        layout(&self.items.all, &mut self.lines, self.indent);
        self.items.clear();
    }

    // -- braces

    /// `{ … }` with statements.
    pub(super) fn block(&mut self, block: &Block) {
        self.braces(&block.body, Signs::Separators);
    }

    /// `{ … }`, each entry on a line of its own.
    pub(super) fn braces<T: Entry>(&mut self, entries: &[T], signs: Signs) {
        self.blank();
        let mut hoisted = std::mem::take(&mut self.hoisted);
        hoisted.append(&mut self.skip(Signs::None).notes);
        self.sign("{");
        if self.one_line || (entries.is_empty() && hoisted.is_empty() && self.closes_at_once(signs)) {
            for entry in entries {
                self.blank();
                entry.print_inline(self);
                self.blank();
            }
            self.skip(signs);
            self.sign("}");
            return;
        }
        let row = std::mem::take(&mut self.row);
        self.flush();
        self.indent += STEP;
        for note in hoisted {
            // At the beginning of a block an empty line means nothing.
            self.lines.note(Note { blank: false, ..note }, self.indent);
        }
        self.body(entries, signs);
        self.between(self.at, entries.is_empty(), true, signs);
        self.indent -= STEP;
        self.row = row;
        self.lines.begin(self.indent, false);
        self.sign("}");
    }

    /// There is no place for comments between a head and its block: these move behind the brace.
    pub(super) fn hoist(&mut self, mut notes: Vec<Note<'s>>) {
        self.hoisted.append(&mut notes);
    }

    fn closes_at_once(&self, signs: Signs) -> bool {
        let gap = gap::read(self.text, self.at, signs);
        gap.notes.is_empty() && self.text[gap.end..].starts_with('}')
    }

    // -- tokens

    /// Passes over what stands before the next token. The comments are the caller's to print.
    pub(super) fn skip(&mut self, signs: Signs) -> Gap<'s> {
        let gap = gap::read(self.text, self.at, signs);
        self.at = gap.end;
        gap
    }

    /// Passes over what stands before the next token where no line was meant to end.
    pub(super) fn settle(&mut self) {
        for note in self.skip(Signs::None).notes {
            self.items.push_hard(Item::Note(note));
        }
    }

    /// Whether a comment stands between here and a brace further on, and not directly before that.
    pub(super) fn has_note_in_head(&self, brace: usize) -> bool {
        let here = self.comments.partition_point(|at| *at < self.at);
        let end = self.comments.partition_point(|at| *at < brace);
        let mut next = brace;
        self.comments[here..end.max(here)].iter().rev().any(|at| {
            let line_end = self.text[*at..next].find('\n').map_or(next, |length| at + length);
            let is_apart = !self.text[line_end..next].trim().is_empty();
            next = *at;
            is_apart
        })
    }

    /// Whether a comment comes next.
    pub(super) fn has_note(&self) -> bool {
        !gap::read(self.text, self.at, Signs::Commas).notes.is_empty()
    }

    /// What comes next.
    pub(super) fn rest(&self) -> &'s str {
        &self.text[self.at..]
    }

    /// What comes next on this line.
    pub(super) fn ahead(&self) -> &'s str {
        self.rest().trim_start_matches([' ', '\t', '\r'])
    }

    /// The next word on this line, if a word comes next.
    pub(super) fn next_word(&self) -> &'s str {
        let rest = self.ahead();
        &rest[..rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())]
    }

    /// Prints a word or sign of the language.
    pub(super) fn sign(&mut self, sign: &str) {
        self.settle();
        if self.rest().starts_with(sign) {
            self.take(sign.len());
        } else {
            self.odd = true;
        }
    }

    /// Prints a name.
    pub(super) fn ident(&mut self, ident: &Ident) {
        self.leaf(ident.span);
    }

    /// Prints what is left as it is written, and lies on one line.
    pub(super) fn leaf(&mut self, span: Span) {
        self.settle();
        if self.at == span.start as usize && span.end > span.start {
            self.take(span.len() as usize);
        } else {
            self.odd = true;
        }
    }

    /// Prints so many bytes.
    pub(super) fn take(&mut self, length: usize) {
        let text = &self.text[self.at..self.at + length];
        self.items.push(Item::Text(Piece { text, at: self.at, place: Place::Raw }));
        self.at += length;
    }

    /// Prints a blank.
    pub(super) fn blank(&mut self) {
        self.items.push(Item::Word(" "));
    }

    /// Notes that the source is not what the tree says.
    pub(super) fn is_odd(&mut self) {
        self.odd = true;
    }

    /// Marks the `=` that comes next.
    pub(super) fn mark(&mut self, setting: bool) {
        let equals = self.text.len() - self.ahead().len();
        let line = self.text[line_start(self.text, self.at)..equals].trim_start();
        let mark = Mark { setting, column: width(line), apart: equals - self.at > 1 };
        self.items.push(Item::Mark(mark));
    }
}

/// The width of blanks; a tab goes on to the next multiple of four.
pub(super) fn column(blanks: &str) -> usize {
    blanks
        .chars()
        .fold(0, |at, c| if c == '\t' { (at / STEP + 1) * STEP } else { at + width(c.encode_utf8(&mut [0; 4])) })
}
