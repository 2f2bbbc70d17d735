//! The commands of a file as another reader of the shell's language would see them, and the way back to their places.

use super::rules::shellcheck;
use super::subject::Subject;
use crate::diag::Diagnostic;
use crate::source::{SourceFile, Sources, Span};
use crate::syntax;
use crate::syntax::tree::StrPart;

/// What stands for a value: a word that means nothing to the shell.
const VALUE: &str = "rbk_value";

/// What stands before each script: how rbk runs it.
const PROLOGUE: &str = "# shellcheck shell=bash\nset -euo pipefail\n";

/// A command that a shell reads.
#[derive(Clone, Debug)]
pub struct ShellScript {
    /// Its text, values replaced by a word.
    pub text: String,
    /// Where its parts begin in the text and where they stand in the source; of a value all of it.
    parts: Vec<(usize, Span, bool)>,
    whole: Span,
}

/// The commands of a text that need a shell; none if the text cannot be read.
pub fn scripts(text: &str) -> Vec<ShellScript> {
    let mut sources = Sources::default();
    let id = sources.add("", text);
    let parsed = syntax::parse(id, text);
    if parsed.diagnostics.iter().any(Diagnostic::is_error) {
        return Vec::new();
    }
    let source: &SourceFile = sources.get(id);
    let subject = Subject::new(&parsed.file, source, None, None, None);
    let shell = subject.commands.iter().filter(|command| {
        command.written.is_some() && command.script.direct().is_none() && command.script.problems.is_empty()
    });
    shell.map(|command| script(command.parts, command.span)).collect()
}

fn script(command: &[StrPart], whole: Span) -> ShellScript {
    let mut text = PROLOGUE.to_owned();
    let mut parts = Vec::with_capacity(command.len());
    for part in command {
        match part {
            StrPart::Text(piece, span) => {
                parts.push((text.len(), *span, span.len() as usize == piece.len()));
                text.push_str(piece);
            }
            StrPart::Hole(_, span) => {
                parts.push((text.len(), *span, false));
                text.push_str(VALUE);
            }
        }
    }
    text.push('\n');
    ShellScript { text, parts, whole }
}

impl ShellScript {
    /// Where something stands that is told by line and column, both from one, columns in characters.
    pub fn span(&self, from: (usize, usize), to: (usize, usize)) -> Span {
        let (Some(start), Some(end)) = (self.offset(from), self.offset(to)) else { return self.whole };
        match (self.place(start), self.place(end.saturating_sub(1).max(start))) {
            (Some(start), Some(end)) if start.start <= end.end => start.to(end),
            (Some(start), _) => start,
            _ => self.whole,
        }
    }

    fn offset(&self, (line, column): (usize, usize)) -> Option<usize> {
        let begins = self.text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum::<usize>();
        let rest = self.text.get(begins..)?;
        let within = rest.char_indices().nth(column.checked_sub(1)?).map_or(rest.len(), |(at, _)| at);
        Some(begins + within)
    }

    fn place(&self, offset: usize) -> Option<Span> {
        let at = self.parts.partition_point(|(begins, ..)| *begins <= offset).checked_sub(1)?;
        let (begins, span, is_exact) = self.parts[at];
        if !is_exact {
            return Some(span);
        }
        let start = span.start + u32::try_from(offset - begins).ok()?;
        (start < span.end).then(|| Span::new(span.file, start, start + 1))
    }
}

/// A finding of shellcheck.
pub fn shellcheck_finding(span: Span, number: u64, message: &str) -> Diagnostic {
    let message = message.trim().trim_end_matches('.');
    let help =
        format!("shellcheck calls this SC{number}; mend the command, or say why not: # rbk: ignore[shellcheck] …");
    shellcheck::RULE.at(span, message, format!("SC{number}")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_the_source() {
        let text = "step \"a\" {\n    $ ls ${x} | wc -l\n    $ ls\n    $ \"\"\"\n    a=1\n      rm -rf ü \"$a\"\n   \
             \"\"\"\n}\n";
        let found = scripts(text);
        assert_eq!(found.len(), 2, "a command without shell syntax is not asked about");
        let of = |span: Span| &text[span.start as usize..span.end as usize];
        assert_eq!(found[0].text, format!("{PROLOGUE}ls rbk_value | wc -l\n"));
        assert_eq!(of(found[0].span((3, 4), (3, 13))), "${x}");
        assert_eq!(of(found[0].span((3, 16), (3, 18))), "wc");
        assert_eq!(of(found[1].span((4, 12), (4, 16))), "\"$a\"");
        assert_eq!(found[0].span((99, 1), (99, 2)), found[0].whole);
    }
}
