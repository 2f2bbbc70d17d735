//! From byte offsets to lines and columns.

/// A place counted as people and editors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// From one.
    pub line: u32,
    /// In characters, from one.
    pub column: u32,
    /// In UTF-16 units, from zero: the count of the language server protocol.
    pub utf16: u32,
}

/// The offsets at which the lines of a text begin.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Reads the text once.
    pub fn new(text: &str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        let starts = std::iter::once(0).chain(ends.map(|at| offset(at + 1))).collect();
        Self { starts }
    }

    /// How many lines there are; the last may be empty.
    pub fn count(&self) -> u32 {
        offset(self.starts.len())
    }

    /// The bytes of a line counted from one, line end included.
    pub fn range(&self, line: u32, text: &str) -> (usize, usize) {
        let at = (line.max(1) as usize - 1).min(self.starts.len() - 1);
        let end = self.starts.get(at + 1).map_or(text.len(), |next| *next as usize);
        (self.starts[at] as usize, end)
    }

    /// Where a byte offset lies. An offset inside a character counts as its start.
    pub fn line_column(&self, text: &str, at: u32) -> LineColumn {
        let line = self.starts.partition_point(|start| *start <= at).max(1) - 1;
        let start = self.starts[line] as usize;
        let mut end = (at as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[start..end];
        LineColumn {
            line: offset(line + 1),
            column: offset(before.chars().count() + 1),
            utf16: offset(before.encode_utf16().count()),
        }
    }
}

fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_wide_characters() {
        let text = "a\nbü😀c\n";
        let index = LineIndex::new(text);
        assert_eq!(index.count(), 3);
        let at = index.line_column(text, u32::try_from(text.find('c').unwrap()).unwrap());
        assert_eq!(at, LineColumn { line: 2, column: 4, utf16: 4 });
        assert_eq!(index.line_column(text, 0), LineColumn { line: 1, column: 1, utf16: 0 });
        assert_eq!(index.range(2, text), (2, 11));
    }
}
