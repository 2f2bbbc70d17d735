//! Names, numbers, strings, lists, records and the other operands.

use std::ops::Range;
use std::sync::Arc;

use super::{Builder, Kids, Node, error_expr, no_ident};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::numbers::{self, Number};
use crate::syntax::parser::Rule;
use crate::syntax::strings;
use crate::syntax::tree::{Expr, ExprKind, Ident, StrLit, StrPart};

impl<'i> Builder<'i> {
    pub(super) fn primary(&self, node: &Node<'i>) -> Expr {
        let span = self.span(node);
        let kind = match node.as_rule() {
            Rule::name => self.name(node),
            Rule::number => self.number(node),
            Rule::list => ExprKind::List(self.elements(node, "[", "]")),
            Rule::record => ExprKind::Record(self.record(node)),
            Rule::paren => return self.paren(node),
            Rule::if_expr => self.if_expr(node),
            Rule::try_expr => self.try_expr(node),
            _ => ExprKind::Str(self.string(node)),
        };
        Expr { kind, span }
    }

    fn name(&self, node: &Node<'i>) -> ExprKind {
        match node.as_str() {
            "null" => ExprKind::Null,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            word => match self.wrong_name(word, self.span(node)) {
                Some(kind) => kind,
                None => ExprKind::Name(self.named(word)),
            },
        }
    }

    fn number(&self, node: &Node<'i>) -> ExprKind {
        match numbers::parse(node.as_str()) {
            Ok(Number::Int(value)) => ExprKind::Int(value),
            Ok(Number::Float(value)) => ExprKind::Float(value),
            Ok(Number::Duration(value)) => ExprKind::Duration(value),
            Ok(Number::Size(value)) => ExprKind::Size(value),
            Ok(Number::Percent(value)) => ExprKind::Percent(value),
            Err(bad) => {
                let span = self.span(node);
                let mut diagnostic = Diagnostic::error(&code::BAD_NUMBER, span, bad.message, "");
                diagnostic.help = bad.help;
                if let Some(fix) = bad.fix {
                    diagnostic = diagnostic.fix(span, fix);
                }
                self.report(diagnostic);
                ExprKind::Error
            }
        }
    }

    /// What stands between the brackets of a list, or of `(…)`.
    pub(super) fn elements(&self, node: &Node<'i>, open: &str, close: &str) -> Vec<Expr> {
        let span = self.span(node);
        let mut elements = Vec::new();
        self.bracketed(|| {
            let mut kids = self.kids(node);
            loop {
                if let Some(element) = kids.accept(Rule::expr) {
                    elements.push(self.expr(&element));
                } else if !self.bracket_extra(&mut kids, span) {
                    break;
                }
            }
            self.bracket_end(&mut kids, span, open, close);
        });
        elements
    }

    fn paren(&self, node: &Node<'i>) -> Expr {
        let span = self.span(node);
        let mut elements = self.elements(node, "(", ")");
        match elements.len() {
            1 => {
                // The brackets belong to the span, so that an underline covers what was written.
                let inner = elements.remove(0);
                Expr { span, ..inner }
            }
            0 => {
                if !self.reported_since(span.start) {
                    self.report(Diagnostic::error(
                        &code::SYNTAX,
                        span,
                        "there is nothing in the brackets",
                        "expected a value",
                    ));
                }
                error_expr(span)
            }
            _ => {
                if !self.reported_since(span.start) {
                    self.report(
                        Diagnostic::error(
                            &code::SYNTAX,
                            span,
                            "several values need square brackets",
                            "this is no list",
                        )
                        .help("write `[a, b]`"),
                    );
                }
                Expr { kind: ExprKind::List(elements), span }
            }
        }
    }

    fn record(&self, node: &Node<'i>) -> Vec<(Ident, Expr)> {
        let span = self.span(node);
        let mut entries = Vec::new();
        self.bracketed(|| {
            let mut kids = self.kids(node);
            loop {
                if let Some(entry) = kids.accept(Rule::record_entry) {
                    entries.push(self.record_entry(&entry));
                } else if !self.bracket_extra(&mut kids, span) {
                    break;
                }
            }
            self.bracket_end(&mut kids, span, "{", "}");
        });
        entries
    }

    fn record_entry(&self, node: &Node<'i>) -> (Ident, Expr) {
        let end = self.trimmed(node).end;
        let mut kids = self.kids(node);
        let key = kids.next().map_or_else(|| no_ident(self.span(node)), |key| self.key(&key));
        if let Some(equals) = kids.accept(Rule::wrong_equals) {
            let at = self.span(&equals);
            self.report(
                Diagnostic::error(&code::SYNTAX, at, "in a record a colon stands behind the key", "expected `:`")
                    .help(format!("write `{}: …`", key.name))
                    .fix(self.at(key.span.end as usize, at.end as usize), ":"),
            );
        }
        let value = self.expr_or(&mut kids, end, "the value of this key is missing");
        (key, value)
    }

    fn key(&self, node: &Node<'i>) -> Ident {
        if node.as_rule() == Rule::ident {
            return self.ident(node);
        }
        let string = self.string(node);
        let name = string.as_plain().unwrap_or_else(|| {
            self.report(Diagnostic::error(&code::SYNTAX, string.span, "a key is fixed text, without `${…}`", ""));
            Arc::from("")
        });
        Ident { name, span: string.span }
    }

    /// The next node as a string, or the marker that it is missing.
    pub(super) fn string_or(
        &self,
        kids: &mut Kids<'_, 'i>,
        at: Span,
        report: impl FnOnce(Span) -> Diagnostic,
    ) -> StrLit {
        if let Some(rule) = kids.peek()
            && is_string(rule)
            && let Some(node) = kids.next()
        {
            return self.string(&node);
        }
        let span = kids.accept(Rule::missing).map_or(Span { start: at.end, ..at }, |node| self.span(&node));
        self.report(report(span));
        StrLit { parts: Vec::new(), span }
    }

    /// Any of the forms of a string.
    pub(super) fn string(&self, node: &Node<'i>) -> StrLit {
        let span = self.span(node);
        let text = node.as_str();
        let inside = |quotes: usize| span.start as usize + quotes..(span.end as usize).saturating_sub(quotes);
        let parts = match node.as_rule() {
            Rule::str_plain | Rule::str_raw => {
                let range = inside(1);
                if range.is_empty() { Vec::new() } else { vec![self.text_part(&text[1..text.len() - 1], range)] }
            }
            Rule::str_open => {
                self.open_string(span);
                let range = span.start as usize + 1..span.end as usize;
                if range.is_empty() { Vec::new() } else { vec![self.text_part(&text[1..], range)] }
            }
            Rule::str_block => self.block_parts(node, span),
            _ => self.holed_parts(node),
        };
        StrLit { parts, span }
    }

    fn text_part(&self, value: &str, range: Range<usize>) -> StrPart {
        StrPart::Text(Arc::from(value), self.at(range.start, range.end))
    }

    fn holed_parts(&self, node: &Node<'i>) -> Vec<StrPart> {
        let mut parts = Vec::new();
        let mut at = node.start() + 1;
        for hole in self.kids(node).filter(|piece| piece.as_rule() == Rule::hole) {
            if at < hole.start() {
                parts.push(self.escaped_part(at..hole.start()));
            }
            parts.push(self.hole(&hole));
            at = hole.end();
        }
        if at + 1 < node.end() {
            parts.push(self.escaped_part(at..node.end() - 1));
        }
        parts
    }

    /// A stretch of the source with its escapes resolved.
    fn escaped_part(&self, range: Range<usize>) -> StrPart {
        let mut bad = Vec::new();
        let value = strings::unescape(&self.text[range.clone()], &mut bad);
        for escape in bad {
            let at = self.at(range.start + escape.range.start, range.start + escape.range.end);
            self.report(
                Diagnostic::error(&code::BAD_STRING, at, escape.message, "").help(
                    "escapes are `\\n \\t \\r \\\\ \\\" \\$ \\u{…} \\0 \\e`; `'…'` takes backslashes as they stand",
                ),
            );
        }
        // A file from Windows says the same as one from elsewhere.
        if value.contains('\r') && value.contains("\r\n") {
            return self.text_part(&value.replace("\r\n", "\n"), range);
        }
        self.text_part(&value, range)
    }

    fn block_parts(&self, node: &Node<'i>, span: Span) -> Vec<StrPart> {
        let mut holes = Vec::new();
        let mut end = span.end as usize;
        for piece in self.kids(node) {
            match piece.as_rule() {
                Rule::hole => holes.push(self.hole(&piece)),
                Rule::unclosed => self.open_block(span),
                _ => {}
            }
        }
        if self.text[..end].ends_with("\"\"\"") && end >= span.start as usize + 6 {
            end -= 3;
        }
        self.dedented(span.start as usize + 3..end, holes, |range| self.escaped_part(range))
    }

    /// Text and holes of a block in order, without the indentation that its lines share.
    pub(super) fn dedented(
        &self,
        inside: Range<usize>,
        holes: Vec<StrPart>,
        part: impl Fn(Range<usize>) -> StrPart,
    ) -> Vec<StrPart> {
        let mut segments = Vec::with_capacity(holes.len() + 1);
        let mut at = inside.start;
        for hole in &holes {
            if let StrPart::Hole(_, span) = hole {
                segments.push(at..span.start as usize);
                at = span.end as usize;
            }
        }
        segments.push(at..inside.end.max(at));
        let mut parts = Vec::new();
        let mut holes = holes.into_iter().peekable();
        for range in strings::dedent(self.text, &segments) {
            while let Some(StrPart::Hole(_, span)) = holes.peek()
                && (span.start as usize) < range.start
            {
                parts.extend(holes.next());
            }
            parts.push(part(range));
        }
        parts.extend(holes);
        parts
    }

    /// `${expr}`
    pub(super) fn hole(&self, node: &Node<'i>) -> StrPart {
        let span = self.span(node);
        let expr = self.bracketed(|| {
            let mut expr = error_expr(span);
            for inner in self.kids(node) {
                match inner.as_rule() {
                    Rule::expr => expr = self.expr(&inner),
                    Rule::missing | Rule::hole_junk | Rule::unclosed if !self.reported_since(span.start) => {
                        self.bad_hole(span, &inner);
                    }
                    _ => {}
                }
            }
            expr
        });
        StrPart::Hole(expr, span)
    }
}

/// Whether a node of this rule is a string.
pub(super) fn is_string(rule: Rule) -> bool {
    matches!(rule, Rule::str_plain | Rule::str_holes | Rule::str_raw | Rule::str_block | Rule::str_open)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{expr, fault, mended};
    use crate::syntax::tree::{ExprKind, StrPart};

    fn parts(text: &str) -> Vec<String> {
        let ExprKind::Str(string) = expr(text).kind else { panic!("{text}") };
        string
            .parts
            .into_iter()
            .map(|part| match part {
                StrPart::Text(value, _) => value.to_string(),
                StrPart::Hole(_, span) => text[span.start as usize..span.end as usize].to_owned(),
            })
            .collect()
    }

    #[test]
    fn reads_every_form_of_a_string() {
        assert_eq!(parts(r#""a ${b} c""#), ["a ", "${b}", " c"]);
        assert_eq!(parts(r#""a\n\"$x $${y}""#), ["a\n\"$x ${y}"]);
        assert_eq!(parts(r"'a\n ${b}'"), [r"a\n ${b}"]);
        assert_eq!(parts("\"\"\"\n    a\n      ${b}\n    \"\"\""), ["a\n", "  ", "${b}"]);
        assert_eq!(parts(r#""${f("}", { a: "${x}" })}""#), [r#"${f("}", { a: "${x}" })}"#]);
        assert!(parts("\"\"").is_empty() && parts("''").is_empty());
    }

    #[test]
    fn tells_what_is_wrong_with_a_string() {
        assert_eq!(fault("note \"a").message, "the closing quote is missing");
        assert_eq!(fault("note \"\"\"\na").message, "nothing closes this `\"\"\"`");
        assert!(fault("$ echo ${x:-1}").help.is_some_and(|help| help.contains("$x") && help.contains("$${x:-1}")));
    }

    #[test]
    fn mends_numbers() {
        assert_eq!(mended("wait 5 m"), "wait 5m");
        assert_eq!(mended("wait 10mins"), "wait 10m");
        assert_eq!(mended("assert a > 5 %"), "assert a > 5%");
    }

    #[test]
    fn mends_records_and_words() {
        assert_eq!(mended("let r = { a = 1 }"), "let r = { a: 1 }");
        assert_eq!(mended("let r = [a b]"), "let r = [a, b]");
        assert_eq!(mended("let r = None"), "let r = null");
    }
}
