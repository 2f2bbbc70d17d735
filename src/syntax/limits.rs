//! What a text may be at most, seen before pest reads it.
//!
//! Pest descends by recursion, so brackets, holes and chains of `=>` and `try` are counted
//! first, by a scan that knows strings, comments and commands. It need not be exact: a text
//! that deceives it meets pest's own guard of the stack, and the builder counts again.

use crate::diag::{Diagnostic, code};
use crate::source::{FileId, Span};

/// The longest text, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// How many brackets may be open at a place.
const MAX_NESTING: usize = 100;

/// Checks a text and tells how deeply it is nested; the error names the first place that is too much.
pub(super) fn check(id: FileId, text: &str) -> Result<usize, Box<Diagnostic>> {
    if text.len() > MAX_BYTES {
        return Err(Box::new(
            Diagnostic::error(
                &code::TOO_LARGE,
                Span::new(id, 0, 0),
                format!("the file has {} bytes; rbk reads {MAX_BYTES} at most", text.len()),
                "",
            )
            .help("split it: `use \"./part.rbk\"` brings in actions and checks, `call` runs another runbook as a step"),
        ));
    }
    match Scan::new(text.as_bytes()).run() {
        Ok(depth) => Ok(depth),
        Err(at) => {
            let start = u32::try_from(at).unwrap_or(u32::MAX);
            let end = u32::try_from(at + 1).unwrap_or(u32::MAX);
            Err(Box::new(
                Diagnostic::error(
                    &code::TOO_LARGE,
                    Span::new(id, start, end),
                    format!("this is nested too deeply: more than {MAX_NESTING} levels"),
                    "the level too many",
                )
                .help("give the inner parts names with `let`, or make them actions"),
            ))
        }
    }
}

/// What a closing brace ends, and how the text goes on behind it.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Round,
    Square,
    Curly,
    /// `${` in a string, a block, a command line or a script.
    Hole(Mode),
    /// `=>` or `try`: open until the next comma or line.
    Prefix,
}

/// What kind of text is being read.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Code,
    /// `"…"`
    Text,
    /// `"""…"""`
    Block,
    /// `$ …` to the line's end
    Command,
    /// `$ """…"""`
    Script,
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    mode: Mode,
    open: Vec<Open>,
    /// Round brackets of the command line.
    shell: usize,
    /// A `$` here would begin a command.
    fresh: bool,
}

impl<'t> Scan<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0, mode: Mode::Code, open: Vec::new(), shell: 0, fresh: true }
    }

    /// Reads on to the end and gives the greatest depth, or the place that is nested too deeply.
    fn run(mut self) -> Result<usize, usize> {
        let mut deepest = 0;
        while self.at < self.text.len() {
            match self.mode {
                Mode::Code => self.code(),
                Mode::Text | Mode::Block | Mode::Script => self.quoted(),
                Mode::Command => self.command(),
            }
            let depth = self.open.len() + self.shell;
            deepest = deepest.max(depth);
            if depth > MAX_NESTING {
                return Err(self.at.min(self.text.len()) - 1);
            }
        }
        Ok(deepest)
    }

    fn rest(&self) -> &'t [u8] {
        &self.text[self.at.min(self.text.len())..]
    }

    /// Reads on behind the next byte that matters.
    fn next_of(&mut self, matters: impl Fn(u8) -> bool) -> Option<u8> {
        let found = self.rest().iter().position(|byte| matters(*byte));
        self.at = found.map_or(self.text.len(), |ahead| self.at + ahead + 1);
        found.map(|_| self.text[self.at - 1])
    }

    fn line_end(&self) -> usize {
        self.rest().iter().position(|byte| *byte == b'\n').map_or(self.text.len(), |length| self.at + length)
    }

    fn code(&mut self) {
        let byte = self.text[self.at];
        self.at += 1;
        let fresh = std::mem::replace(&mut self.fresh, false);
        match byte {
            b' ' | b'\t' | b'\r' => self.fresh = fresh,
            b'\n' => {
                self.end_prefixes();
                self.fresh = true;
            }
            b',' => self.end_prefixes(),
            b';' | b'=' => {
                self.fresh = true;
                if self.rest().first() == Some(&b'>') {
                    self.at += 1;
                    self.open.push(Open::Prefix);
                }
            }
            b'#' => self.at = self.line_end(),
            b'\'' => {
                let end = self.rest().iter().position(|byte| matches!(byte, b'\'' | b'\n'));
                if let Some(length) = end.filter(|length| self.rest()[*length] == b'\'') {
                    self.at += length + 1;
                }
            }
            b'"' => self.open_quote(Mode::Text, Mode::Block),
            b'$' if fresh => self.open_command(),
            b'(' => self.open.push(Open::Round),
            b'[' => self.open.push(Open::Square),
            b'{' => {
                self.open.push(Open::Curly);
                self.fresh = true;
            }
            b')' => self.close(Open::Round),
            b']' => self.close(Open::Square),
            b'}' => self.close_brace(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            _ => {}
        }
    }

    fn open_quote(&mut self, short: Mode, long: Mode) {
        if self.rest().starts_with(b"\"\"") {
            self.at += 2;
            self.mode = long;
        } else {
            self.mode = short;
        }
    }

    fn open_command(&mut self) {
        let blanks = self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if self.rest()[blanks..].starts_with(b"\"\"\"") {
            self.at += blanks + 3;
            self.mode = Mode::Script;
        } else {
            self.mode = Mode::Command;
            self.shell = 0;
        }
    }

    fn word(&mut self) {
        let start = self.at - 1;
        self.at += self.rest().iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        match &self.text[start..self.at] {
            // A command may follow; an expression recurses.
            b"try" => {
                self.open.push(Open::Prefix);
                self.fresh = true;
            }
            b"reads" => self.fresh = true,
            _ => {}
        }
    }

    fn end_prefixes(&mut self) {
        while self.open.last() == Some(&Open::Prefix) {
            self.open.pop();
        }
    }

    fn close(&mut self, kind: Open) {
        self.end_prefixes();
        if self.open.last() == Some(&kind) {
            self.open.pop();
        }
    }

    /// A brace also ends the round and square brackets that were forgotten inside it.
    fn close_brace(&mut self) {
        let found = self.open.iter().rposition(|open| matches!(open, Open::Curly | Open::Hole(_)));
        let Some(index) = found else { return };
        if let Open::Hole(mode) = self.open[index] {
            self.mode = mode;
        }
        self.open.truncate(index);
    }

    /// A string, block or script: only its end and holes matter.
    fn quoted(&mut self) {
        let Some(byte) = self.next_of(|byte| matches!(byte, b'\\' | b'\n' | b'"' | b'$')) else { return };
        match byte {
            b'\\' if self.mode != Mode::Script && self.rest().first() != Some(&b'\n') => self.at += 1,
            b'\n' if self.mode == Mode::Text => {
                self.mode = Mode::Code;
                self.at -= 1;
            }
            b'"' if self.mode == Mode::Text => self.mode = Mode::Code,
            b'"' if self.rest().starts_with(b"\"\"") => {
                self.at += 2;
                self.mode = Mode::Code;
            }
            b'$' => self.dollar(),
            _ => {}
        }
    }

    fn dollar(&mut self) {
        if self.rest().starts_with(b"${") {
            self.at += 2;
        } else if self.rest().starts_with(b"{") {
            self.at += 1;
            self.open.push(Open::Hole(self.mode));
            self.mode = Mode::Code;
        }
    }

    fn command(&mut self) {
        let Some(byte) = self.next_of(|byte| matches!(byte, b'\n' | b'\\' | b'#' | b'(' | b')' | b'$')) else { return };
        match byte {
            b'\n' => {
                self.at -= 1;
                self.mode = Mode::Code;
                self.shell = 0;
            }
            b'\\' => {
                self.at += self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count().max(1);
                if self.rest().first() == Some(&b'\n') {
                    self.at += 1;
                }
            }
            b'#' if matches!(self.text.get(self.at.wrapping_sub(2)), Some(b' ' | b'\t')) => self.at = self.line_end(),
            b'(' => self.shell += 1,
            b')' => self.shell = self.shell.saturating_sub(1),
            b'$' => self.dollar(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scan;

    fn too_deep(text: &str) -> bool {
        Scan::new(text.as_bytes()).run().is_err()
    }

    #[test]
    fn counts_brackets_of_every_kind() {
        for open in ["(", "[", "{", "f(", "[{a: ", "\"${", "x => ", "try ", "if a {", "$ $("] {
            assert!(too_deep(&open.repeat(200)), "{open}");
            assert!(!too_deep(&open.repeat(20)), "{open}");
        }
    }

    #[test]
    fn passes_over_strings_comments_and_commands() {
        for line in [
            "note '(((('",
            "note \"((((\"",
            "# ((((",
            "note \"${f(\"((((\")}\"",
            "let x = f(1) # ((((",
            "$ echo '((' $${{ \"${x}\" [[ {",
            "let a = b.map(x => x.y)",
            "note \"$${((\"",
            "note \"\\\"((\"",
        ] {
            assert!(!too_deep(&format!("{line}\n").repeat(1000)), "{line}");
        }
        assert!(!too_deep(&"$ \"\"\"\n((((${x}\n\"\"\"\n".repeat(1000)));
    }

    #[test]
    fn forgets_what_a_brace_closed() {
        assert!(!too_deep(&"step \"x\" { f( }\n".repeat(1000)));
    }
}
