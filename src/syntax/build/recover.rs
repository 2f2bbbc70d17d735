//! What was probably meant: messages for markers and junk.

use super::expr::Pending;
use super::{Builder, Kids, Node, error_expr};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::numbers;
use crate::syntax::parser::Rule;
use crate::syntax::tree::{BinaryOp, Expr, ExprKind};

/// Sorts by place and keeps the first of each line: what follows on it is mostly a consequence.
pub(super) fn one_a_line(mut diagnostics: Vec<Diagnostic>, text: &str) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span().start, diagnostic.code.id != code::BAD_STRING.id));
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics {
        let same_line = kept
            .last()
            .is_some_and(|last| !text[last.span().start as usize..diagnostic.span().start as usize].contains('\n'));
        if !same_line {
            kept.push(diagnostic);
        }
    }
    kept
}

impl<'i> Builder<'i> {
    /// Something is missing at `at`.
    pub(super) fn missing(&self, at: Span, message: &str) {
        self.report(Diagnostic::error(&code::SYNTAX, self.visible(at), message, "expected behind this"));
    }

    /// An empty place is shown by the word before it on its line: something is expected behind that.
    pub(super) fn visible(&self, at: Span) -> Span {
        if !at.is_empty() {
            return at;
        }
        let before = &self.text[..at.start as usize];
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        let end = line + before[line..].trim_end().len();
        let word = before[line..end].trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        let sign = before[line..end].chars().next_back().map_or(0, char::len_utf8);
        let start = (line + word).min(end.saturating_sub(sign).max(line));
        if start < end { self.at(start, end) } else { at }
    }

    pub(super) fn operator(&self, node: &Node<'i>, left: Option<&Expr>, next: Option<Rule>) -> (BinaryOp, Span) {
        let span = self.span(node);
        let (op, wrong) = match node.as_str() {
            "or" => (BinaryOp::Or, None),
            "and" => (BinaryOp::And, None),
            "==" => (BinaryOp::Equal, None),
            "!=" => (BinaryOp::NotEqual, None),
            "<" => (BinaryOp::Less, None),
            "<=" => (BinaryOp::LessEqual, None),
            ">" => (BinaryOp::Greater, None),
            ">=" => (BinaryOp::GreaterEqual, None),
            "in" => (BinaryOp::In, None),
            "contains" => (BinaryOp::Contains, None),
            "matches" => (BinaryOp::Matches, None),
            "??" => (BinaryOp::Coalesce, None),
            "+" => (BinaryOp::Add, None),
            "-" => (BinaryOp::Subtract, None),
            "*" => (BinaryOp::Multiply, None),
            "/" => (BinaryOp::Divide, None),
            "mod" => (BinaryOp::Modulo, None),
            "&&" => (BinaryOp::And, Some("and")),
            "||" => (BinaryOp::Or, Some("or")),
            "===" | "=" => (BinaryOp::Equal, Some("==")),
            "!==" | "<>" => (BinaryOp::NotEqual, Some("!=")),
            "=~" => (BinaryOp::Matches, Some("matches")),
            "%" => (BinaryOp::Modulo, Some("mod")),
            _ => (BinaryOp::Multiply, Some("*")),
        };
        if let Some(right) = wrong {
            self.report(self.wrong_operator(span, right, left, next));
        }
        (op, span)
    }

    fn wrong_operator(&self, span: Span, right: &str, left: Option<&Expr>, next: Option<Rule>) -> Diagnostic {
        let written = self.source(span);
        let number = left.filter(|left| matches!(left.kind, ExprKind::Int(_) | ExprKind::Float(_)));
        if let ("%", Some(number), Some(Rule::missing) | None) = (written, number, next) {
            let fix = format!("{}%", self.source(number.span));
            return Diagnostic::error(
                &code::BAD_NUMBER,
                number.span.to(span),
                "a percentage is written without a blank",
                "",
            )
            .help(format!("write `{fix}`"))
            .fix(number.span.to(span), fix);
        }
        let message = match written {
            "=" => "`=` gives a value; two values are compared by `==`".to_owned(),
            "%" => "the remainder of a division is the word `mod`; `%` belongs to a percentage".to_owned(),
            "**" => "there is no power operator".to_owned(),
            _ => format!("`{written}` is written `{right}`"),
        };
        let diagnostic = Diagnostic::error(&code::OPERATOR, span, message, "");
        if written == "**" {
            return diagnostic.help("write it out: `x * x`");
        }
        diagnostic.help(format!("write `{right}`")).fix(span, right)
    }

    pub(super) fn missing_operand(&self, node: &Node<'i>, operator: Option<&Pending>) -> Expr {
        let at = self.span(node);
        let operator = operator.map(Pending::span);
        let word = operator.map_or("", |span| self.source(span).trim());
        let (place, message) = match operator {
            Some(span) => (span, format!("a value is missing behind `{word}`")),
            None => (self.visible(at), "a value is missing".to_owned()),
        };
        self.report(Diagnostic::error(&code::SYNTAX, place, message, "expected a value behind this"));
        error_expr(at)
    }

    /// A line ends in an operator.
    pub(super) fn line_break(&self, node: &Node<'i>, operator: Option<&Pending>) {
        // The comments of the break are read by whoever walks it.
        drop(self.kids(node));
        if self.brackets.get() > 0 {
            return;
        }
        let Some(span) = operator.map(Pending::span) else { return };
        let word = self.source(span);
        self.report(
            Diagnostic::error(
                &code::SYNTAX,
                span,
                "the expression breaks off at the line's end",
                "nothing follows this",
            )
            .help(format!("begin the next line with `{word}`, or put brackets around the whole")),
        );
    }

    /// A word of the language where a value is expected.
    pub(super) fn wrong_name(&self, word: &str, span: Span) -> Option<ExprKind> {
        let (kind, written) = match word {
            "True" | "TRUE" => (ExprKind::Bool(true), "true"),
            "False" | "FALSE" => (ExprKind::Bool(false), "false"),
            "nil" | "None" | "NULL" | "Null" | "undefined" => (ExprKind::Null, "null"),
            "and" | "or" | "in" | "contains" | "matches" | "mod" | "else" | "not" => {
                self.report(Diagnostic::error(&code::SYNTAX, span, format!("a value is missing before `{word}`"), ""));
                return Some(ExprKind::Error);
            }
            _ => return None,
        };
        self.report(
            Diagnostic::error(&code::SYNTAX, span, format!("`{word}` is written `{written}`"), "")
                .help(format!("write `{written}`"))
                .fix(span, written),
        );
        Some(kind)
    }

    /// Reads what does not belong into a bracket: a missing comma, junk. False at the end.
    pub(super) fn bracket_extra(&self, kids: &mut Kids<'_, 'i>, open: Span) -> bool {
        match kids.peek() {
            Some(Rule::missing_comma) => {
                let Some(node) = kids.next() else { return false };
                if !self.reported_since(open.start) && !Self::unclosed_later(kids) {
                    let at = self.span(&node);
                    let next = self.at(at.start as usize, self.end_of_word(at.start as usize));
                    let before = self.text[..at.start as usize].trim_end().len();
                    self.report(
                        Diagnostic::error(&code::SYNTAX, next, "a comma is missing before this", "expected `,`")
                            .fix(self.at(before, before), ","),
                    );
                }
                true
            }
            Some(Rule::bracket_junk) => {
                let Some(node) = kids.next() else { return false };
                if !self.reported_since(open.start) {
                    self.report(self.leftover(&node));
                }
                true
            }
            _ => false,
        }
    }

    /// Whether the bracket is closed by nothing: then that is its one fault.
    fn unclosed_later(kids: &Kids<'_, 'i>) -> bool {
        kids.pairs.clone().last().is_some_and(|last| last.as_rule() == Rule::unclosed)
    }

    /// The end of a bracket, or the marker that there is none.
    pub(super) fn bracket_end(&self, kids: &mut Kids<'_, 'i>, open: Span, opening: &str, closing: &str) {
        while self.bracket_extra(kids, open) {}
        let Some(node) = kids.accept(Rule::unclosed) else { return };
        let line_end = super::offset(self.end_of_line(open.start as usize));
        let is_open_text = |other: &Diagnostic| {
            other.code == &code::BAD_STRING || other.code == &code::UNCLOSED && self.source(other.span()) == "\"\"\""
        };
        let explained = self.reported_since(open.start)
            && self
                .diagnostics
                .borrow()
                .iter()
                .rev()
                .take_while(|other| other.span().start >= open.start)
                .any(|other| other.span().start < line_end || is_open_text(other));
        if explained {
            return;
        }
        self.report(self.unclosed(open, self.span(&node), opening, closing));
    }

    /// Remembers a block whose closing brace stands further left than the line that opened it:
    /// the brace was probably meant for a block around it.
    pub(super) fn weigh_indentation(&self, block: Span) {
        let before = &self.text[..block.end.saturating_sub(1) as usize];
        let line_before = before.trim_end_matches([' ', '\t']);
        if !(line_before.is_empty() || line_before.ends_with('\n')) {
            return;
        }
        let head = &self.text[..block.start as usize];
        let line = &head[head.rfind('\n').map_or(0, |newline| newline + 1)..];
        if before.len() - line_before.len() < line.len() - line.trim_start().len() {
            self.suspects.borrow_mut().push(block);
        }
    }

    /// A block that nothing closes, or the one inside it that took its brace.
    pub(super) fn open_braces(&self, block: Span, at: Span) {
        let mut suspects = self.suspects.borrow_mut();
        let inside = suspects.iter().position(|suspect| suspect.start > block.start && suspect.end <= at.start);
        let Some(index) = inside else {
            self.report(self.unclosed(block, at, "{", "}"));
            return;
        };
        let suspect = suspects.remove(index);
        let opener = Span { end: suspect.start + 1, ..suspect };
        self.report(
            Diagnostic::error(&code::UNCLOSED, opener, "nothing closes this `{`", "opened here")
                .label(
                    Span { start: suspect.end - 1, ..suspect },
                    "by its indentation this `}` closes a block around it",
                )
                .help("close it with `}`"),
        );
    }

    /// Nothing closes what was opened at `open`.
    pub(super) fn unclosed(&self, open: Span, at: Span, opening: &str, closing: &str) -> Diagnostic {
        let opener = Span { end: open.start + offset_of(opening), ..open };
        let last = self.text[..at.start as usize].trim_end().len();
        let end = self.visible(Span { start: super::offset(last), end: super::offset(last), ..at });
        let diagnostic =
            Diagnostic::error(&code::UNCLOSED, opener, format!("nothing closes this `{opening}`"), "opened here")
                .help(format!("close it with `{closing}`"));
        if end.start < opener.end {
            diagnostic
        } else {
            diagnostic.label(end, format!("`{closing}` expected behind this"))
        }
    }

    pub(super) fn open_string(&self, span: Span) {
        let quote = &self.source(span)[..1];
        self.report(
            Diagnostic::error(
                &code::BAD_STRING,
                span,
                "the closing quote is missing",
                format!("expected `{quote}` before the line's end"),
            )
            .help("text of several lines stands between `\"\"\"` and `\"\"\"`"),
        );
    }

    pub(super) fn open_block(&self, span: Span) {
        let opener = Span { end: span.start + 3, ..span };
        self.report(
            Diagnostic::error(&code::UNCLOSED, opener, "nothing closes this `\"\"\"`", "opened here")
                .help("close it with `\"\"\"` on a line of its own"),
        );
    }

    pub(super) fn bad_hole(&self, span: Span, inner: &Node<'i>) {
        let text = self.source(span);
        let name: String = text[2..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let diagnostic = match inner.as_rule() {
            Rule::unclosed => Diagnostic::error(
                &code::BAD_STRING,
                Span { end: span.start + 2, ..span },
                "nothing closes this `${`",
                "opened here",
            )
            .help("close it with `}`, or write `$${` for a literal `${`"),
            _ if text.trim_end_matches('}').trim().len() <= 2 => Diagnostic::error(
                &code::BAD_STRING,
                span,
                "there is nothing between `${` and `}`",
                "expected an expression",
            )
            .help("write a name between them, as in `${image}`, or `$${}` for a literal `${}`"),
            _ => Diagnostic::error(&code::BAD_STRING, span, "this cannot be read as an expression", "`${…}` is rbk's")
                .help(shell_help(text, &name)),
        };
        self.report(diagnostic);
    }

    /// Text that stands where nothing may stand.
    pub(super) fn leftover(&self, node: &Node<'i>) -> Diagnostic {
        let span = self.trimmed(node);
        self.guess(span).unwrap_or_else(|| {
            let word = self.at(span.start as usize, self.end_of_word(span.start as usize));
            Diagnostic::error(
                &code::SYNTAX,
                word,
                format!("`{}` does not belong here", self.source(word)),
                "unexpected",
            )
        })
    }

    /// A number's unit that stands apart, smart quotes and the like.
    pub(super) fn guess(&self, span: Span) -> Option<Diagnostic> {
        let text = self.source(span);
        let first = text.chars().next()?;
        if matches!(first, '“' | '”' | '„' | '‘' | '’' | '«' | '»') {
            let at = Span { end: span.start + offset_of(&first.to_string()), ..span };
            return Some(
                Diagnostic::error(&code::BAD_STRING, at, "this is a typographic quote", "")
                    .help("write the straight quote `\"`")
                    .fix(at, "\""),
            );
        }
        let word = self.at(span.start as usize, self.end_of_word(span.start as usize));
        let before = self.text[..span.start as usize].trim_end_matches([' ', '\t']);
        let digits =
            before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_')).len();
        if digits > 0
            && before.len() < span.start as usize
            && let Some(unit) = numbers::unit_for(self.source(word))
        {
            let number = self.at(before.len() - digits, word.end as usize);
            let fix = format!("{}{unit}", &before[before.len() - digits..]);
            return Some(
                Diagnostic::error(&code::BAD_NUMBER, number, "a unit sticks to its number", "no blank between them")
                    .help(format!("write `{fix}`"))
                    .fix(number, fix),
            );
        }
        if text.starts_with('?') {
            return Some(
                Diagnostic::error(&code::OPERATOR, Span { end: span.start + 1, ..span }, "there is no `? :`", "")
                    .help("write `if condition { a } else { b }`"),
            );
        }
        if text.starts_with("$ ") {
            return Some(Self::command_not_alone(span));
        }
        None
    }

    pub(super) fn command_not_alone(span: Span) -> Diagnostic {
        Diagnostic::error(&code::COMMAND_LINE, span, "a command owns its line", "this must begin a line")
            .help("put the command on a line of its own; it goes on to the line's end")
    }

    /// The end of the word, number or single sign that begins at `from`.
    pub(super) fn end_of_word(&self, from: usize) -> usize {
        let rest = &self.text[from..];
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let first = rest.chars().next().map_or(0, char::len_utf8);
        from + word.max(first)
    }
}

fn offset_of(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// What to write instead of the shell's `${…}` forms.
fn shell_help(text: &str, name: &str) -> String {
    let literal = format!("$${}", &text[1..]);
    if name.is_empty() {
        format!("for the shell's own form write `{literal}`")
    } else {
        format!("for the shell's variable write `${name}`, for its longer forms `{literal}`")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::fault;
    use crate::source::FileId;
    use crate::syntax::parse;

    #[test]
    fn a_forgotten_bracket_is_one_fault() {
        for text in [
            "let a = [1, 2\nlet b = 3\nc()",
            "f(a, b\nstep \"c\" {\n    d()\n}",
            "let a = { b: 1\nassert c",
            "assert (a == 1\nb()\nc()",
        ] {
            assert_eq!(fault(text).code.name, "unclosed", "{text}");
        }
        assert_eq!(fault("env a {\n    b = 1\n\nparam c: string").code.name, "unclosed");
        assert_eq!(fault("a()\n}\nb()").message, "this `}` closes nothing");
    }

    #[test]
    fn tells_one_thing_a_line() {
        let diagnostics = parse(FileId(0), "assert a = = b && && c )\nassert ok\nstep x y ( {\n}\n").diagnostics;
        assert_eq!(diagnostics.len(), 2, "{diagnostics:?}");
    }
}
