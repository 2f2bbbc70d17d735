//! Strings and commands, which are printed as they are written. Only the indentation of the lines of a `"""`
//! block and of the lines that carry a command on is ours, since it is no part of what they say.

use super::gap::line_start;
use super::items::{Item, Piece, Place};
use super::printer::{Printer, STEP, column};
use crate::source::Span;
use crate::syntax::tree::{Command, StrLit, StrPart};

const QUOTES: &str = "\"\"\"";

impl<'s> Printer<'s> {
    /// A string of any form.
    pub(super) fn string(&mut self, string: &StrLit) {
        self.settle();
        let written = self.source(string.span);
        if written.contains('\n') && self.at == string.span.start as usize {
            let indented = written.starts_with(QUOTES);
            let pieces =
                if indented { self.block_lines(string.span, &string.parts) } else { self.raw_lines(string.span) };
            self.items.push(Item::Lines(pieces));
            self.at = string.span.end as usize;
        } else {
            self.leaf(string.span);
        }
    }

    /// `[try] [reads] $ …`
    pub(super) fn command(&mut self, command: &Command) {
        for _ in 0..2 {
            if let word @ ("try" | "reads") = self.next_word() {
                self.sign(word);
                self.blank();
            }
        }
        self.sign("$");
        self.blank();
        self.at = self.text.len() - self.ahead().len();
        let span = Span { start: u32::try_from(self.at).unwrap_or(u32::MAX), ..command.span };
        if span.start >= span.end {
            self.is_odd();
            return;
        }
        let pieces = match self.source(span) {
            line if !line.contains('\n') => return self.leaf(span),
            _ if command.is_script => self.block_lines(span, &command.parts),
            _ => self.carried_lines(span, &command.parts),
        };
        self.items.push(Item::Lines(pieces));
        self.at = span.end as usize;
    }

    pub(super) fn source(&self, span: Span) -> &'s str {
        &self.text[span.start as usize..span.end as usize]
    }

    fn raw_lines(&self, span: Span) -> Vec<Piece<'s>> {
        self.lines_of(span).map(|(at, text)| Piece { text, at, place: Place::Raw }).collect()
    }

    /// The lines of a span, the first from where it begins.
    fn lines_of(&self, span: Span) -> impl Iterator<Item = (usize, &'s str)> {
        let mut at = span.start as usize;
        self.source(span).split('\n').map(move |text| {
            let start = at;
            at += text.len() + 1;
            (start, text)
        })
    }

    /// A `"""` block: what stands in it is moved in by one step, as a block of statements is, and its closing
    /// quotes stand below the line that it began on.
    fn block_lines(&self, span: Span, parts: &[StrPart]) -> Vec<Piece<'s>> {
        let holes: Vec<Span> = parts.iter().filter_map(hole).collect();
        let in_hole = |at: usize| holes.iter().any(|hole| ((hole.start as usize) + 1..hole.end as usize).contains(&at));
        let own = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
        let closing = |at: usize, text: &str| at + text.len() == span.end as usize && text.trim_start() == QUOTES;
        let counts = |at: usize, text: &str| !in_hole(at) && !closing(at, text) && !text.trim().is_empty();
        // What the lines share is no part of the text.
        let rest = || self.lines_of(span).skip(1);
        let shared = rest().filter(|(at, text)| counts(*at, text)).map(|(_, text)| own(text)).min();
        let step = isize::try_from(STEP).unwrap_or(0);
        let piece = |(at, text): (usize, &'s str)| {
            if in_hole(at) {
                return Piece { text, at, place: Place::Raw };
            }
            if closing(at, text) {
                return Piece { text: text.trim_start(), at: at + own(text), place: Place::From(0) };
            }
            // Blanks alone share nothing: they are all of the text.
            let Some(shared) = shared else { return Piece { text, at, place: Place::Raw } };
            let off = own(text).min(shared);
            Piece { text: &text[off..], at: at + off, place: Place::From(step) }
        };
        let first = self.source(span).split('\n').next().unwrap_or_default();
        // Blanks behind the opening quotes are no part of the text either.
        let first = if first.trim_end() == QUOTES { first.trim_end() } else { first };
        let first = Piece { text: first, at: span.start as usize, place: Place::Raw };
        std::iter::once(first).chain(rest().map(piece)).collect()
    }

    /// A command carried on by `\`: its lines move with the first one.
    fn carried_lines(&self, span: Span, parts: &[StrPart]) -> Vec<Piece<'s>> {
        let base = self.written_indent(span.start as usize);
        // Where blanks join two lines, their number says nothing. Elsewhere, in quotes, it does.
        let joints: Vec<Span> = parts.iter().filter_map(|part| self.joint(part)).collect();
        let piece = |(at, text): (usize, &'s str)| {
            let moves = joints.iter().any(|joint| ((joint.start as usize) + 1..=joint.end as usize).contains(&at));
            if at == span.start as usize || !moves {
                return Piece { text, at, place: Place::Raw };
            }
            let code = text.trim_start_matches([' ', '\t']);
            let by = isize::try_from(column(&text[..text.len() - code.len()])).unwrap_or(0);
            let by = by - isize::try_from(base).unwrap_or(0);
            // Never left of the command, whatever that comes to.
            let by = if by > 0 { by } else { isize::try_from(STEP).unwrap_or(0) };
            Piece { text: code, at: at + text.len() - code.len(), place: Place::From(by) }
        };
        self.lines_of(span).map(piece).collect()
    }

    /// The end of a line that goes on, with the blanks around it.
    fn joint(&self, part: &StrPart) -> Option<Span> {
        match part {
            StrPart::Text(_, span) => Some(*span).filter(|span| {
                let text = self.source(*span);
                text.starts_with('\\') && text[1..].trim().is_empty() && text.contains('\n')
            }),
            StrPart::Hole(..) => None,
        }
    }

    /// The indentation of the source line that `at` is on, in columns.
    fn written_indent(&self, at: usize) -> usize {
        let line = &self.text[line_start(self.text, at)..];
        column(&line[..line.len() - line.trim_start_matches([' ', '\t']).len()])
    }
}

fn hole(part: &StrPart) -> Option<Span> {
    match part {
        StrPart::Hole(_, span) => Some(*span),
        StrPart::Text(..) => None,
    }
}
