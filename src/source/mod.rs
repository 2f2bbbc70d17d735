//! Source files, the places in them, and the table that owns them.
//!
//! A [`Span`] is twelve bytes and copies freely; everything that can be wrong
//! with a runbook carries one. Only [`Sources`] can turn it back into text.

mod line_index;

pub use line_index::{LineColumn, LineIndex};

use std::sync::Arc;

/// A file in a [`Sources`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A half-open range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file it lies in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `file`.
    pub const fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// The smallest span that holds both. They must lie in the same file.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.file, other.file);
        Span::new(self.file, self.start.min(other.start), self.end.max(other.end))
    }

    /// Its length in bytes.
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it holds no byte.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// One source text with its name and line table.
#[derive(Debug)]
pub struct SourceFile {
    /// As it is shown to people: the path as given, or `std.gcp.cloudrun`.
    pub name: String,
    /// The whole text, valid UTF-8, at most [`u32::MAX`] bytes.
    pub text: Arc<str>,
    lines: LineIndex,
}

impl SourceFile {
    /// Line and column of a byte offset, both counted from one.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        self.lines.line_column(&self.text, offset)
    }

    /// The text of a line counted from one, without its line end.
    pub fn line(&self, line: u32) -> &str {
        let (start, end) = self.lines.range(line, &self.text);
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// How many lines there are; the last may be empty.
    pub fn line_count(&self) -> u32 {
        self.lines.count()
    }
}

/// All files of one program, in the order in which they were read.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Arc<SourceFile>>,
}

impl Sources {
    /// Adds a text and gives it its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let lines = LineIndex::new(&text);
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Arc::new(SourceFile { name: name.into(), text, lines }));
        id
    }

    /// The file of an id that this table gave out.
    pub fn get(&self, id: FileId) -> &Arc<SourceFile> {
        &self.files[id.0 as usize]
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        &self.get(span.file).text[span.start as usize..span.end as usize]
    }

    /// `file:line:column`, as editors and terminals understand it.
    pub fn place(&self, span: Span) -> String {
        let file = self.get(span.file);
        let at = file.line_column(span.start);
        format!("{}:{}:{}", file.name, at.line, at.column)
    }

    /// `file:line`.
    pub fn place_line(&self, span: Span) -> String {
        let file = self.get(span.file);
        format!("{}:{}", file.name, file.line_column(span.start).line)
    }

    /// Every file, in order.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Arc<SourceFile>)> {
        self.files.iter().enumerate().map(|(i, file)| (FileId(u32::try_from(i).unwrap_or(u32::MAX)), file))
    }
}
