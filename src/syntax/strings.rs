//! What the text of a string means: escapes, and the indentation of `"""` blocks.

use std::borrow::Cow;
use std::ops::Range;

/// A backslash that begins no escape; the range is in the raw text.
#[derive(Debug, PartialEq)]
pub(super) struct BadEscape {
    /// From the backslash to the character that does not fit.
    pub(super) range: Range<usize>,
    /// What is wrong.
    pub(super) message: String,
}

/// Resolves the escapes of `raw`; `$${` is a literal `${`. A bad escape stays as it stands.
pub(super) fn unescape<'t>(raw: &'t str, bad: &mut Vec<BadEscape>) -> Cow<'t, str> {
    if !raw.contains('\\') && !raw.contains("$${") {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['\\', '$']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with("$${") {
            out.push_str("${");
            3
        } else if rest.starts_with('$') {
            out.push('$');
            1
        } else {
            let from = raw.len() - rest.len();
            escape(rest, &mut out).unwrap_or_else(|(length, message)| {
                out.push_str(&rest[..length]);
                bad.push(BadEscape { range: from..from + length, message });
                length
            })
        };
        rest = &rest[taken..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Resolves the escape that `text` begins with; gives its length in bytes.
fn escape(text: &str, out: &mut String) -> Result<usize, (usize, String)> {
    let Some(c) = text[1..].chars().next() else {
        return Err((1, "nothing follows the backslash".to_owned()));
    };
    let plain = match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\0',
        'e' => '\u{1b}',
        '\\' | '"' | '$' | '\'' => c,
        'u' => return unicode(text, out),
        _ => return Err((1 + c.len_utf8(), format!("`\\{}` is no escape", c.escape_debug()))),
    };
    out.push(plain);
    Ok(2)
}

/// `\u{1F600}`
fn unicode(text: &str, out: &mut String) -> Result<usize, (usize, String)> {
    let wrong = |length| (length, "a character is written `\\u{…}` with its number in hexadecimal".to_owned());
    let inner = text.get(3..).filter(|_| text.as_bytes().get(2) == Some(&b'{')).ok_or_else(|| wrong(2))?;
    let length = inner.find('}').filter(|length| *length <= 6).ok_or_else(|| wrong(3))?;
    let character = u32::from_str_radix(&inner[..length], 16).ok().and_then(char::from_u32);
    out.push(character.ok_or_else(|| wrong(4 + length))?);
    Ok(4 + length)
}

/// The ranges of a `"""` block's text that are kept, one a line, in order. `segments` are its
/// stretches of text (between holes) as ranges of `source`.
///
/// The rest of the first line, if blank, and the line of the closing quotes are no part of
/// the text; the indentation that all lines share is taken off.
pub(super) fn dedent(source: &str, segments: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut pieces = lines(source, segments);
    // Behind a hole nothing stands that could be the line of the closing quotes.
    let closes = segments.last().is_some_and(|last| !last.is_empty());
    if closes {
        drop_closing_line(source, &mut pieces);
    }
    if pieces.first().is_some_and(|line| blank_line(source, line)) {
        pieces.remove(0);
    } else if let Some(first) = pieces.first_mut() {
        // What follows the opening quotes has no indentation to take off.
        first.begins = false;
    }
    let counts = |line: &&mut Piece| line.begins && !blank_line(source, line);
    let own = |line: &Piece| indentation(&source[line.range.clone()]);
    let indent = pieces.iter_mut().filter(counts).map(|line| own(line)).min().unwrap_or(0);
    // Only now, since an empty line says nothing about the indentation.
    if closes {
        drop_last_line_end(source, &mut pieces);
    }
    for line in pieces.iter_mut().filter(|line| line.begins) {
        line.range.start += own(line).min(indent);
    }
    pieces.into_iter().map(|line| line.range).filter(|range| !range.is_empty()).collect()
}

/// A stretch of text that ends with a line end, a hole or the block.
struct Piece {
    range: Range<usize>,
    /// It stands at the beginning of a line.
    begins: bool,
}

fn lines(source: &str, segments: &[Range<usize>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        // Only the very first stretch begins the block; the others follow a hole.
        let mut begins = index == 0;
        let mut at = segment.start;
        for line in source[segment.clone()].split_inclusive('\n') {
            pieces.push(Piece { range: at..at + line.len(), begins });
            at += line.len();
            begins = true;
        }
        // A hole may be the first thing on a line: its (empty) indentation counts.
        if index + 1 < segments.len() && begins && source[segment.clone()].ends_with('\n') {
            pieces.push(Piece { range: at..at, begins: true });
        }
    }
    pieces
}

fn indentation(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Nothing but blanks and the line end.
fn blank_line(source: &str, piece: &Piece) -> bool {
    let text = &source[piece.range.clone()];
    text.ends_with('\n') && text.trim().is_empty()
}

/// The blanks before the closing quotes are no part of the text.
fn drop_closing_line(source: &str, pieces: &mut Vec<Piece>) {
    let closing = pieces.last().is_some_and(|last| {
        last.begins && !last.range.is_empty() && source[last.range.clone()].trim_matches([' ', '\t']).is_empty()
    });
    if closing {
        pieces.pop();
    }
}

/// Nor is the line end before them.
fn drop_last_line_end(source: &str, pieces: &mut [Piece]) {
    if let Some(last) = pieces.last_mut() {
        let text = &source[last.range.clone()];
        let kept = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        last.range.end = last.range.start + kept.len();
    }
}

#[cfg(test)]
mod tests {
    use super::{dedent, unescape};

    fn block(text: &str) -> String {
        dedent(text, std::slice::from_ref(&(0..text.len()))).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn resolves_escapes() {
        let mut bad = Vec::new();
        assert_eq!(unescape(r#"a\n\t\"\\\$\u{e9}\0\e"#, &mut bad), "a\n\t\"\\$\u{e9}\0\u{1b}");
        assert_eq!(unescape("$${x} $x", &mut bad), "${x} $x");
        assert!(bad.is_empty(), "{bad:?}");
    }

    #[test]
    fn keeps_and_reports_bad_escapes() {
        let mut bad = Vec::new();
        assert_eq!(unescape(r"C:\q", &mut bad), r"C:\q");
        assert_eq!(bad[0].range, 2..4);
        for text in ["\\", "\\u", "\\u{", "\\u{110000}", "\\u{zz}", "\\u{1234567}", "\\ü"] {
            let mut bad = Vec::new();
            unescape(text, &mut bad);
            assert_eq!(bad.len(), 1, "{text}");
        }
    }

    #[test]
    fn takes_indentation_off() {
        assert_eq!(block("\n    a\n      b\n\n    c\n    "), "a\n  b\n\nc");
        assert_eq!(block("\n    a\n\n    "), "a\n");
        assert_eq!(block("\n    a\n  \n    "), "a\n");
        assert_eq!(block("one line"), "one line");
        assert_eq!(block("\n  a\n"), "a");
        assert_eq!(block("first\n  second\n  "), "first\nsecond");
        assert_eq!(block(""), "");
        assert_eq!(block("\n"), "");
    }

    #[test]
    fn counts_the_indentation_before_a_hole() {
        let text = "\n    ${a}\n      b\n    ";
        let kept = dedent(text, &[0..5, 9..text.len()]);
        assert_eq!(kept.into_iter().map(|range| &text[range]).collect::<Vec<_>>(), ["\n", "  b"]);
    }
}
