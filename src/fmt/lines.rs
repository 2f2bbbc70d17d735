//! The lines of the result, and what is aligned from line to line: `=` and the comments behind the code.

use unicode_width::UnicodeWidthStr;

use super::gap::{Note, line_start};
use super::items::Mark;

/// The result, line by line.
#[derive(Debug)]
pub(super) struct Lines<'s> {
    source: &'s str,
    /// The code of all lines, without indentation and line ends.
    code: String,
    all: Vec<Line<'s>>,
}

#[derive(Clone, Debug)]
struct Line<'s> {
    indent: usize,
    /// Where its code begins.
    start: usize,
    /// An empty line stands above it.
    blank: bool,
    /// It is a line of a text, and aligned with nothing.
    raw: bool,
    /// Where in its code it is aligned.
    mark: Option<(Mark, usize)>,
    /// The comment behind its code, or all of it.
    note: Option<Note<'s>>,
    /// Its comment goes on with that of the line above.
    goes_on: bool,
    /// Where its first token stands in the source.
    first: Option<usize>,
}

/// A place to come back to.
#[derive(Debug)]
pub(super) struct Saved<'s> {
    lines: usize,
    code: usize,
    /// What is begun there is gone on with.
    last: Option<Line<'s>>,
}

impl<'s> Lines<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source, code: String::with_capacity(source.len()), all: Vec::new() }
    }

    pub(super) fn save(&self) -> Saved<'s> {
        Saved { lines: self.all.len(), code: self.code.len(), last: self.all.last().cloned() }
    }

    pub(super) fn restore(&mut self, saved: &Saved<'s>) {
        self.all.truncate(saved.lines);
        self.code.truncate(saved.code);
        if let (Some(line), Some(last)) = (self.all.last_mut(), &saved.last) {
            line.clone_from(last);
        }
    }

    /// Begins a line. One on which nothing stands yet is taken.
    pub(super) fn begin(&mut self, indent: usize, blank: bool) {
        self.trim();
        let start = self.code.len();
        match self.all.last_mut() {
            Some(line) if !line.raw && line.start == start && line.note.is_none() => {
                line.indent = indent;
                line.blank |= blank;
            }
            _ => self.all.push(Line {
                indent,
                start,
                blank,
                raw: false,
                mark: None,
                note: None,
                goes_on: false,
                first: None,
            }),
        }
    }

    /// A line of a text, which is aligned with nothing.
    pub(super) fn raw(&mut self, indent: usize, text: &str, at: usize) {
        let start = self.code.len();
        let empty = self.all.pop_if(|line| !line.raw && line.start == start && line.note.is_none());
        let line = Line {
            indent: if text.is_empty() { 0 } else { indent },
            start,
            blank: empty.is_some_and(|line| line.blank),
            raw: true,
            mark: None,
            note: None,
            goes_on: false,
            first: Some(at),
        };
        self.all.push(line);
        self.code.push_str(text);
    }

    /// Takes a blank away that nothing follows.
    fn trim(&mut self) {
        if let Some(line) = self.all.last()
            && !line.raw
            && line.start < self.code.len()
            && self.code.ends_with(' ')
        {
            self.code.pop();
        }
    }

    /// Adds code to the line; `at` is where it stands in the source.
    pub(super) fn push(&mut self, text: &str, at: Option<usize>) {
        if let Some(line) = self.all.last_mut()
            && line.start == self.code.len()
        {
            line.first = at;
        }
        self.code.push_str(text);
    }

    /// Lines may be aligned here.
    pub(super) fn mark(&mut self, mark: Mark) {
        let at = self.code.len();
        if let Some(line) = self.all.last_mut() {
            line.mark = Some((mark, at - line.start));
        }
    }

    /// Whether a comment ends the line.
    pub(super) fn is_sealed(&self) -> bool {
        self.all.last().is_some_and(|line| line.note.is_some())
    }

    /// How far the line is indented.
    pub(super) fn indent(&self) -> usize {
        self.all.last().map_or(0, |line| line.indent)
    }

    /// How wide the line is.
    pub(super) fn width(&self) -> usize {
        self.all.last().map_or(0, |line| line.indent + width(&self.code[line.start..]))
    }

    /// Adds a comment: behind the code if it stood there and there is room for it, or else on a line of its own.
    pub(super) fn note(&mut self, note: Note<'s>, indent: usize) {
        self.trim();
        let empty = self.all.last().is_none_or(|line| line.start == self.code.len() && line.note.is_none());
        let behind = !note.owns_line && !empty && !self.is_sealed();
        if !behind {
            self.begin(indent, note.blank);
        }
        let goes_on = !behind && self.goes_on(note);
        if let Some(line) = self.all.last_mut() {
            line.note = Some(note);
            line.goes_on = goes_on;
        }
    }

    /// Whether a comment stands directly below one behind code, in the same column.
    fn goes_on(&self, note: Note<'s>) -> bool {
        let Some(before) = self.all.len().checked_sub(2).map(|index| &self.all[index]) else { return false };
        let Some(above) = before.note.filter(|_| before.goes_on || before.start < self.code.len()) else {
            return false;
        };
        let own = line_start(self.source, note.at);
        note.owns_line
            && own > 0
            && line_start(self.source, own - 1) == line_start(self.source, above.at)
            && width(&self.source[own..note.at]) == width(&self.source[line_start(self.source, above.at)..above.at])
    }

    fn code_of(&self, index: usize) -> &str {
        let end = self.all.get(index + 1).map_or(self.code.len(), |next| next.start);
        &self.code[self.all[index].start..end]
    }

    /// Aligns what is to be aligned, and joins the lines.
    pub(super) fn finish(self) -> String {
        let pads = self.pads();
        let columns = self.columns(&pads);
        let mut out = String::with_capacity(self.source.len() + self.source.len() / 16);
        for (index, line) in self.all.iter().enumerate() {
            if line.blank && !out.is_empty() {
                out.push('\n');
            }
            let begin = out.len();
            blanks(&mut out, line.indent);
            let code = self.code_of(index);
            match line.mark {
                Some((_, at)) if pads[index] > 0 => {
                    out.push_str(&code[..at]);
                    blanks(&mut out, pads[index]);
                    out.push_str(&code[at..]);
                }
                _ => out.push_str(code),
            }
            if let Some(note) = line.note {
                let written = line.indent + pads[index] + width(code);
                blanks(&mut out, (line.indent + columns[index]).saturating_sub(written));
                out.push_str(note.text);
            } else if !line.raw && out.len() == begin + line.indent {
                out.truncate(begin);
            }
            out.push('\n');
        }
        out
    }

    /// How many blanks each line gets at its mark.
    fn pads(&self) -> Vec<usize> {
        let mut pads = vec![0; self.all.len()];
        let mut index = 0;
        while index < self.all.len() {
            let end = self.marked(index);
            if self.is_aligned(index, end) {
                let before = |index: usize| {
                    let (_, at) = self.all[index].mark?;
                    Some(width(&self.code_of(index)[..at]))
                };
                let widest = (index..end).filter_map(before).max().unwrap_or(0);
                for (line, pad) in pads.iter_mut().enumerate().take(end).skip(index) {
                    *pad = before(line).map_or(0, |own| widest - own);
                }
            }
            index = end.max(index + 1);
        }
        pads
    }

    /// Settings are aligned, and other lines of which their author aligned two.
    fn is_aligned(&self, from: usize, end: usize) -> bool {
        let marks: Vec<Mark> = self.all[from..end].iter().filter_map(|line| Some(line.mark?.0)).collect();
        let aligned = |mark: &Mark| mark.apart && marks.iter().filter(|other| other.column == mark.column).count() > 1;
        marks.iter().any(|mark| mark.setting || aligned(mark))
    }

    /// The end of the lines from `from` on that are aligned with each other.
    fn marked(&self, from: usize) -> usize {
        let first = &self.all[from];
        let Some((mark, _)) = first.mark else { return from };
        let mut end = from + 1;
        while let Some(line) = self.all.get(end) {
            let same = line.mark.is_some_and(|(other, _)| other.setting == mark.setting);
            let comment = line.mark.is_none() && line.note.is_some() && self.code_of(end).is_empty();
            if line.raw || line.blank || line.indent != first.indent || !(same || comment) {
                break;
            }
            end += 1;
        }
        end
    }

    /// In which column behind its indentation the comment of each line begins.
    fn columns(&self, pads: &[usize]) -> Vec<usize> {
        let mut columns = vec![0; self.all.len()];
        let mut index = 0;
        while index < self.all.len() {
            let end = self.commented(index);
            if end == index {
                index += 1;
                continue;
            }
            let widest = (index..end).map(|line| pads[line] + width(self.code_of(line))).max().unwrap_or(0);
            // The author's column, if there is room for it, or else as far behind the code as the author put it.
            let votes = (index..end).filter_map(|line| self.vote(line));
            let gap = (index..end).filter_map(|line| self.gap(line)).min().unwrap_or(1);
            let column = votes.filter(|column| *column > widest).min().unwrap_or(widest + gap);
            columns[index..end].fill(column);
            index = end;
        }
        columns
    }

    /// The end of the lines from `from` on whose comments stand below each other.
    fn commented(&self, from: usize) -> usize {
        let behind = |index: usize| self.all[index].note.is_some() && !self.code_of(index).is_empty();
        if !behind(from) {
            return from;
        }
        let mut end = from + 1;
        while let Some(line) = self.all.get(end).filter(|line| line.goes_on || !(line.raw || self.all[from].raw)) {
            if line.blank || line.indent != self.all[from].indent || !(behind(end) || line.goes_on) {
                break;
            }
            end += 1;
        }
        end
    }

    /// How far behind the first token of its line the author put a comment.
    fn vote(&self, index: usize) -> Option<usize> {
        let line = &self.all[index];
        let (note, first) = (line.note?, line.first?);
        let start = line_start(self.source, note.at);
        let indent = self.source[start..note.at].len() - self.source[start..note.at].trim_start().len();
        // A line that the printer made has no column in the source, and one with tabs none that is sure.
        let code = self.source.get(first..note.at).filter(|code| !code.contains('\t'))?;
        (first == start || first == start + indent).then(|| width(code))
    }

    /// How many blanks the author put between a line and its comment.
    fn gap(&self, index: usize) -> Option<usize> {
        let note = self.all[index].note.filter(|note| !note.owns_line)?;
        let before = &self.source[..note.at];
        Some((before.len() - before.trim_end_matches(' ').len()).max(1))
    }
}

fn blanks(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// Columns on a terminal.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}
