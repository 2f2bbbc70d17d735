//! Draws diagnostics, by miette. Source text is made safe for a terminal first.

use std::fmt::Write as _;
use std::sync::Arc;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};

use super::{Diagnostic, Severity};
use crate::source::Sources;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colours.
    pub colour: bool,
    /// With box-drawing characters.
    pub unicode: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: false, unicode: true, width: 100 }
    }
}

/// Characters of a message, label or advice; a longer one is cut. Each may quote what somebody wrote.
const LONGEST: usize = 1000;

/// Bytes of source lines that are drawn; where they are longer, the place is only named.
const WIDEST: usize = 4096;

/// Draws one diagnostic with the source lines it points at.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let diagnostic = &cut(diagnostic);
    if !can_be_drawn(diagnostic, sources) {
        return named(diagnostic, sources);
    }
    let theme = match (style.unicode, style.colour) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, _) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_context_lines(0)
        // What is to be typed is broken only at its blanks.
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation);
    let drawn = Drawn { diagnostic, source: SafeSource::new(diagnostic, sources) };
    let mut out = String::new();
    if handler.render_report(&mut out, &drawn).is_err() {
        out.clear();
        let _ = writeln!(out, "{} {}", diagnostic.code.id, diagnostic.message);
    }
    out
}

fn cut(diagnostic: &Diagnostic) -> Diagnostic {
    let cut = |text: &mut String| {
        let is_long = text.chars().nth(LONGEST).is_some();
        *text = text.chars().take(LONGEST).map(visible).collect();
        if is_long {
            text.push('…');
        }
    };
    let mut diagnostic = diagnostic.clone();
    cut(&mut diagnostic.message);
    diagnostic.labels.iter_mut().for_each(|label| cut(&mut label.text));
    diagnostic.help.as_mut().map(cut);
    diagnostic
}

fn can_be_drawn(diagnostic: &Diagnostic, sources: &Sources) -> bool {
    let text = sources.get(diagnostic.span().file).text.as_bytes();
    let is_end = |byte: &u8| *byte == b'\n';
    diagnostic.labels.iter().filter(|label| label.span.file == diagnostic.span().file).all(|label| {
        let (start, end) = (label.span.start as usize, label.span.end as usize);
        let (Some(before), Some(after)) = (text.get(..start), text.get(end..)) else { return true };
        let start = before.iter().rposition(is_end).unwrap_or(0);
        let end = end + after.iter().position(is_end).unwrap_or(after.len());
        end - start <= WIDEST
    })
}

/// Without the source: where, and what.
fn named(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let safe = |text: &str| text.chars().map(visible).collect::<String>();
    let mut out = format!("{} {}\n\n", diagnostic.code.id, diagnostic.code.name);
    let _ = writeln!(out, "  × {}", safe(&diagnostic.message));
    for label in &diagnostic.labels {
        let _ = writeln!(out, "   at {} {}", sources.place(label.span), safe(&label.text));
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(out, "  help: {}", safe(help));
    }
    out
}

/// A control character as people see it: `ESC` is `␛`, a tab one blank.
fn visible(c: char) -> char {
    match c {
        '\n' => '\n',
        '\t' => ' ',
        '\u{7f}' => '\u{2421}',
        c if c < ' ' => char::from_u32(0x2400 + c as u32).unwrap_or('?'),
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    }
}

/// The text of the diagnostic's file, and the way from its offsets to the safe text's.
#[derive(Debug)]
struct SafeSource {
    name: String,
    text: String,
    /// (offset in the source, how far the safe text is ahead of it from there on).
    shifts: Vec<(usize, isize)>,
}

impl SafeSource {
    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let file = Arc::clone(sources.get(diagnostic.span().file));
        let mut text = String::with_capacity(file.text.len());
        let mut shifts = Vec::new();
        let mut ahead = 0isize;
        for (at, c) in file.text.char_indices() {
            let shown = visible(c);
            text.push(shown);
            if shown.len_utf8() != c.len_utf8() {
                ahead += isize::try_from(shown.len_utf8()).unwrap_or(0) - isize::try_from(c.len_utf8()).unwrap_or(0);
                shifts.push((at + c.len_utf8(), ahead));
            }
        }
        Self { name: file.name.clone(), text, shifts }
    }

    fn at(&self, offset: u32) -> usize {
        let offset = offset as usize;
        let after = self.shifts.partition_point(|(from, _)| *from <= offset);
        let ahead = after.checked_sub(1).map_or(0, |i| self.shifts[i].1);
        offset.saturating_add_signed(ahead)
    }
}

impl SourceCode for SafeSource {
    /// Whole lines from the first to the last the span touches, and `before` and `after` more.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.text.as_bytes();
        if span.offset() + span.len() > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let mut start = span.offset();
        for _ in 0..=before {
            start = text[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at);
        }
        start += usize::from(text.get(start) == Some(&b'\n') && start < span.offset());
        let mut end = span.offset() + span.len().saturating_sub(1);
        for more in 0..=after {
            end = text[end..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| end + at);
            end += usize::from(more < after && end < text.len());
        }
        let data = &text[start..end];
        let line = text[..start].iter().filter(|byte| **byte == b'\n').count();
        let count = data.iter().filter(|byte| **byte == b'\n').count();
        let range = SourceSpan::new(start.into(), data.len());
        // miette names this column in the heading; the lines themselves begin at their first byte.
        let column = self.text.get(start..span.offset()).map_or(0, |before| before.chars().count());
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, range, line, column, count)))
    }
}

#[derive(Debug)]
struct Drawn<'a> {
    diagnostic: &'a Diagnostic,
    source: SafeSource,
}

impl std::fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.diagnostic.message.chars().map(visible).try_for_each(|c| f.write_char(c))
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(format!("{} {}", self.diagnostic.code.id, self.diagnostic.code.name)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Note => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let home = self.diagnostic.span().file;
        let labels = self.diagnostic.labels.iter().enumerate().filter(move |(_, label)| label.span.file == home);
        Some(Box::new(labels.map(|(i, label)| {
            let start = self.source.at(label.span.start);
            let span = SourceSpan::new(start.into(), self.source.at(label.span.end).saturating_sub(start));
            let text = (!label.text.is_empty()).then(|| label.text.clone());
            if i == 0 { LabeledSpan::new_primary_with_span(text, span) } else { LabeledSpan::new_with_span(text, span) }
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code::SYNTAX;
    use crate::source::Span;

    #[test]
    fn points_behind_control_characters_and_shows_them() {
        let mut sources = Sources::default();
        let id = sources.add("a.rbk", "# first\nlet x = \"\u{1b}[31m\" +\n");
        let diagnostic = Diagnostic::error(&SYNTAX, Span::new(id, 24, 25), "an operand is missing", "after this");
        let drawn = render(&diagnostic, &sources, Style::default());
        assert!(!drawn.contains('\u{1b}'), "{drawn}");
        assert!(drawn.contains("a.rbk:2:17"), "{drawn}");
        assert!(drawn.contains('␛'), "{drawn}");
    }
}
