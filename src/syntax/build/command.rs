//! Commands: `$ …` lines and `$ """` scripts.

use std::sync::Arc;

use super::{Builder, Node};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::tree::{Command, StrPart};

/// What interrupts the plain text of a command line.
enum Mark {
    Hole(StrPart),
    /// `\` at a line's end outside quotes, with the indentation of the next line.
    Carry(Span),
    /// The same inside `"…"`, where the shell takes only the two characters away.
    CarryQuoted(Span),
}

impl Mark {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Hole(StrPart::Hole(_, span)) | Self::Carry(span) | Self::CarryQuoted(span) => Some(*span),
            Self::Hole(StrPart::Text(..)) => None,
        }
    }
}

impl<'i> Builder<'i> {
    pub(super) fn command(&self, node: &Node<'i>) -> Command {
        let span = self.trimmed(node);
        let mut command = Command { tried: false, reads: false, is_script: false, parts: Vec::new(), span };
        for part in self.kids(node) {
            match part.as_rule() {
                Rule::cmd_word if part.as_str() == "try" => command.tried = true,
                Rule::cmd_word => command.reads = true,
                Rule::script => {
                    command.is_script = true;
                    command.parts = self.script(&part);
                }
                Rule::line => command.parts = self.command_line(&part),
                _ => {}
            }
        }
        let is_empty =
            command.parts.iter().all(|part| matches!(part, StrPart::Text(text, _) if text.trim().is_empty()));
        if is_empty && !self.reported_since(span.start) {
            self.report(
                Diagnostic::error(&code::SYNTAX, span, "the command is missing", "expected a command behind `$`")
                    .help("for example `$ systemctl restart api`"),
            );
        }
        command
    }

    fn script(&self, node: &Node<'i>) -> Vec<StrPart> {
        let span = self.span(node);
        let mut holes = Vec::new();
        let mut end = span.end as usize - 3;
        for part in self.kids(node) {
            match part.as_rule() {
                Rule::hole => holes.push(self.hole(&part)),
                Rule::unclosed => {
                    self.open_block(span);
                    end = span.end as usize;
                }
                _ => {}
            }
        }
        self.dedented(span.start as usize + 3..end, holes, |range| self.shell_text(range.start, range.end))
    }

    fn command_line(&self, node: &Node<'i>) -> Vec<StrPart> {
        let span = self.trimmed(node);
        let marks = self.marks(node);
        let mut parts = Vec::with_capacity(marks.len() * 2 + 1);
        let mut at = span.start as usize;
        for mark in marks {
            let Some(place) = mark.span() else { continue };
            let before = &self.text[at..place.start as usize];
            let joins = matches!(mark, Mark::Carry(_));
            // Blanks on both sides of a line end become the one blank that joins.
            let kept = if joins { before.trim_end_matches([' ', '\t']) } else { before };
            self.push_text(&mut parts, at, at + kept.len());
            at = place.end as usize;
            match mark {
                Mark::Hole(hole) => parts.push(hole),
                Mark::Carry(_) => {
                    let blank = kept.len() < before.len() || self.text[..at].ends_with([' ', '\t']);
                    if blank && !parts.is_empty() {
                        parts.push(StrPart::Text(Arc::from(" "), place));
                    }
                }
                Mark::CarryQuoted(_) => {}
            }
        }
        self.push_text(&mut parts, at, span.end as usize);
        parts
    }

    fn marks(&self, node: &Node<'i>) -> Vec<Mark> {
        let mut marks = Vec::new();
        for part in self.kids(node) {
            match part.as_rule() {
                Rule::hole => marks.push(Mark::Hole(self.hole(&part))),
                Rule::carry_on => marks.push(Mark::Carry(self.with_backslash(&part))),
                Rule::carry_on_quoted => marks.push(Mark::CarryQuoted(self.with_backslash(&part))),
                Rule::open_quote => self.open_quote(node, self.span(&part)),
                _ => {}
            }
        }
        marks
    }

    /// The grammar's rule begins behind the backslash.
    fn with_backslash(&self, node: &Node<'i>) -> Span {
        let span = self.span(node);
        Span { start: span.start - 1, ..span }
    }

    fn open_quote(&self, node: &Node<'i>, at: Span) {
        let line = self.span(node);
        if self.reported_since(line.start) {
            return;
        }
        self.report(
            Diagnostic::error(
                &code::BAD_STRING,
                self.visible(at),
                "a quote of this command is still open at the line's end",
                "",
            )
            .help("close it, carry the line on with `\\`, or write a script of several lines: `$ \"\"\" … \"\"\"`"),
        );
    }

    fn push_text(&self, parts: &mut Vec<StrPart>, start: usize, end: usize) {
        if start < end {
            parts.push(self.shell_text(start, end));
        }
    }

    /// Text for the shell: as it stands, but `$${` is a literal `${`.
    fn shell_text(&self, start: usize, end: usize) -> StrPart {
        let raw = &self.text[start..end];
        let value = if raw.contains("$${") || raw.contains('\r') {
            Arc::from(raw.replace("$${", "${").replace("\r\n", "\n"))
        } else {
            Arc::from(raw)
        };
        StrPart::Text(value, self.at(start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{body, command, fault};
    use crate::syntax::tree::StrPart;

    fn text(source: &str) -> String {
        let parts = command(source).parts;
        let shown = parts.into_iter().map(|part| match part {
            StrPart::Text(value, _) => value.to_string(),
            StrPart::Hole(_, span) => source[span.start as usize..span.end as usize].to_owned(),
        });
        shown.collect()
    }

    #[test]
    fn takes_the_line_as_it_stands() {
        for line in [
            "ls -la | head -3 && echo \"$HOME\" > out",
            "echo 'it''s' $# a#b $((1 + 2)) `x`",
            "echo \"$(cat \"a b\" | grep \"# x\")\" ${y}",
            "awk '{ print $1 }' { a; }",
            "grep -E '^\\s*#' file",
            "echo a\\#b \\\\",
        ] {
            assert_eq!(text(&format!("$ {line}   # comment")), line);
        }
    }

    #[test]
    fn joins_lines_as_the_shell_does() {
        assert_eq!(text("$ a \\\n     -b \\  \n  c"), "a -b c");
        assert_eq!(text("$ a\\\nb"), "ab");
        assert_eq!(text("$ echo \"a \\\n  b\""), "echo \"a   b\"");
    }

    #[test]
    fn resolves_only_the_escaped_hole() {
        assert_eq!(text("$ echo $${x} ${y} $z"), "echo ${x} ${y} $z");
        assert_eq!(
            text("$ \"\"\"\n    if a; then # x\n      echo ${b}\n    fi\n    \"\"\""),
            "if a; then # x\n  echo ${b}\nfi"
        );
    }

    #[test]
    fn text_spans_are_those_of_the_source() {
        let source = "$ \"\"\"\n    a ${b}\n    c\n    \"\"\"";
        for part in command(source).parts {
            if let StrPart::Text(value, span) = part {
                assert_eq!(value.as_ref(), &source[span.start as usize..span.end as usize]);
            }
        }
    }

    #[test]
    fn stands_where_a_command_may_stand() {
        assert_eq!(body("let a = try $ b\nc = reads $ d\n$ e").len(), 3);
        assert_eq!(fault("step \"a\" { $ b }\nf()").message, "a command owns its line");
        assert_eq!(fault("step \"a\" { let x = $ b ${c} }\nf()").message, "a command owns its line");
        assert_eq!(fault("$ echo 'a\nf()").code.name, "bad-string");
        assert_eq!(fault("$ # nothing").message, "the command is missing");
    }
}
