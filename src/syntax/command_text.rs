//! Between a command in the tree and the shell's reading of it: the pieces of one, the places of the other.

use super::shell::{self, At, Piece, Script};
use super::tree::StrPart;
use crate::source::Span;

/// Reads the parts of a command or of a literal that is one.
pub fn lex(parts: &[StrPart]) -> Script {
    let pieces: Vec<Piece<'_>> = parts
        .iter()
        .map(|part| match part {
            StrPart::Text(text, _) => Piece::Text(text),
            StrPart::Hole(..) => Piece::Hole,
        })
        .collect();
    shell::lex(&pieces)
}

/// Where something that the shell's reader found stands in the source: the word that begins there, or the hole.
/// `whole` is the command.
pub fn place(parts: &[StrPart], at: At, whole: Span) -> Span {
    match parts.get(at.piece) {
        Some(StrPart::Text(text, span)) => {
            let offset = u32::try_from(at.offset).unwrap_or(0);
            let start = (span.start + offset).min(span.end.max(span.start));
            let rest = &text[at.offset.min(text.len())..];
            let word = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
            let end = (start + u32::try_from(word).unwrap_or(0)).min(span.end);
            Span::new(span.file, start, end.max(start))
        }
        Some(StrPart::Hole(_, span)) => *span,
        None => whole,
    }
}
