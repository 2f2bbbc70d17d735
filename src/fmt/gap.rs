//! What stands between two tokens: blanks, line ends, comments.

/// A comment where it stands in the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note<'s> {
    /// From `#` on, without blanks at its end.
    pub(super) text: &'s str,
    /// Where it begins.
    pub(super) at: usize,
    /// Nothing but blanks stands before it on its line.
    pub(super) owns_line: bool,
    /// An empty line stands above it.
    pub(super) blank: bool,
}

/// What was between two tokens.
#[derive(Debug, Default)]
pub(super) struct Gap<'s> {
    /// The comments, in order.
    pub(super) notes: Vec<Note<'s>>,
    /// There was a line end.
    pub(super) newline: bool,
    /// An empty line stands directly above what follows.
    pub(super) blank: bool,
    /// There was a `;`.
    pub(super) semicolon: bool,
    /// Where what follows begins.
    pub(super) end: usize,
}

/// Signs that are passed over besides blanks, since the printer writes its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Signs {
    /// None.
    None,
    /// `,`
    Commas,
    /// `,` and `;`
    Separators,
}

/// Reads on from `at`, which is the end of a token or the beginning of the text.
pub(super) fn read(text: &str, at: usize, signs: Signs) -> Gap<'_> {
    let bytes = text.as_bytes();
    let mut gap = Gap { end: at, ..Gap::default() };
    let mut line_ends = 0;
    let mut owns_line = at == 0;
    while let Some(byte) = bytes.get(gap.end) {
        match byte {
            b' ' | b'\t' | b'\r' => {}
            b'\n' => {
                line_ends += 1;
                owns_line = true;
                gap.newline = true;
            }
            b',' if signs != Signs::None => {}
            b';' if signs == Signs::Separators => gap.semicolon = true,
            b'#' => {
                let length = text[gap.end..].find('\n').unwrap_or(text.len() - gap.end);
                let note = text[gap.end..gap.end + length].trim_end();
                gap.notes.push(Note { text: note, at: gap.end, owns_line, blank: line_ends > 1 });
                gap.end += length;
                line_ends = 0;
                continue;
            }
            _ => break,
        }
        gap.end += 1;
    }
    gap.blank = line_ends > 1;
    gap
}

/// Where the line begins that `at` is on.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_up_to_the_next_token() {
        let text = "a # one\n\n  # two  \n b";
        let gap = read(text, 1, Signs::None);
        assert_eq!(gap.end, text.len() - 1);
        assert!(gap.newline && !gap.blank && !gap.semicolon);
        let notes: Vec<_> = gap.notes.iter().map(|note| (note.text, note.owns_line, note.blank)).collect();
        assert_eq!(notes, [("# one", false, false), ("# two", true, true)]);
    }

    #[test]
    fn passes_over_the_signs_that_are_asked_for() {
        assert_eq!(read(" , ; x", 0, Signs::None).end, 1);
        assert_eq!(read(" , ; x", 0, Signs::Commas).end, 3);
        assert!(read(" , ; x", 0, Signs::Separators).semicolon);
    }
}
