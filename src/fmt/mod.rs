//! The one layout of a runbook.
//!
//! It is read at three in the morning, by somebody who did not write it. So what belongs together stands
//! together as its author grouped it, and everything else always looks the same:
//!
//! - **A statement a line**, moved in by four blanks for each block around it. A block that its author wrote on
//!   one line stays there if it holds one plain statement and fits; nothing is put on one line that was not.
//! - **A head is one line**: the word, the title, the modifiers in the order written, `{`. Clauses begin on the
//!   line of the brace, `else` too.
//! - **100 columns.** What is wider is broken: first `because`, then loose operators before tight ones, then
//!   lists, calls, records. Then each part has a line of its own, with a comma behind the last one. An operator
//!   and the dot of a method begin their line. If the last argument is a list, a record or a function that
//!   gives one, its brackets break and the call's do not.
//! - **A line end of the author is kept as a wish**: where one stands behind an opening bracket, before an
//!   operator or before a dot, that list, row or chain stays broken, all of it.
//! - **Empty lines** are the author's, but at most one in a row, and none at the ends of a block.
//! - **Comments** stay where they are: on a line of their own above what they are about, or behind the code of
//!   their line. Those on lines that follow each other begin in one column: the author's, if there is room. One
//!   directly below such a comment, in its column, goes on with it.
//! - **Settings** of a header or an environment are aligned at their `=`; so are `let`s on lines that follow
//!   each other, where one of them already is (two blanks before a `=`).
//! - **Commands and strings** are as they were written. The lines of a `"""` block are moved in as a block is,
//!   its closing quotes stand below the line it began on; the text that it stands for is the same, blank by
//!   blank. The lines of a command that `\` carries on move with its first line.
//! - Line ends are `\n`, the last line has one, no line ends in blanks.
//!
//! **What cannot be read stays**, to the byte: the innermost statement with a fault in it. What is around it is
//! formatted, and so is what is inside it in blocks that are whole.
//!
//! How it works: [`printer`] walks the tree and the source together and collects the [`items`] of a statement,
//! [`layout`] chooses where its lines end, [`lines`] aligns what is on lines below each other. Nothing here is
//! executed and nothing but the text is looked at.

mod brackets;
mod declaration;
mod expr;
mod gap;
mod items;
mod layout;
mod lines;
mod printer;
mod reach;
mod same;
mod scope;
mod statement;
mod text;

use std::borrow::Cow;

use printer::Printer;

use crate::diag::Diagnostic;
use crate::source::FileId;
use crate::syntax::{Parsed, parse};

/// A text in the one layout.
#[derive(Clone, Debug)]
pub struct Formatted {
    /// The text; where faults were found, their statements are as they were.
    pub text: String,
    /// What the text was made of.
    source: Parsed,
}

/// A text without a byte order mark, and with `\n` at the end of its lines: what [`format`] takes.
pub fn line_ends(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

/// Formats a text whose line ends are as [`line_ends`] makes them.
pub fn format(id: FileId, text: &str) -> Formatted {
    let source = parse(id, text);
    let faults: Vec<usize> = source.diagnostics.iter().map(|found| found.span().start as usize).collect();
    // A text that was not read at all has one fault and no tree.
    let unread = source.file.body.is_empty() && !faults.is_empty();
    let formatted = if unread { None } else { Printer::new(text, &faults, &source.file.comments).file(&source.file) };
    Formatted { text: formatted.unwrap_or_else(|| text.to_owned()), source }
}

impl Formatted {
    /// What could not be read, in the order of the text that was given.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.source.diagnostics
    }

    /// Whether the text says what the one it was made of said: the same tree, the same comments, the same faults.
    /// It always does, or [`format`] is wrong; before a file is replaced, that is worth a second look.
    pub fn is_faithful(&self) -> bool {
        same::same(&self.source, &parse(self.source.file.id, &self.text))
    }
}
