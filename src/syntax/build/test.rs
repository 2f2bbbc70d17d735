//! `test "title" { … }`

use super::{Builder, Kids, Node, no_ident, words};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::tree::{Path, StmtKind, StrLit, TestDecl, TestStmt, TestStmtKind};

/// Words that begin a line of a test.
const LINES: [&str; 5] = ["given", "mock", "run", "expect", "let"];

impl<'i> Builder<'i> {
    pub(super) fn test(&self, node: &Node<'i>) -> StmtKind {
        let mut kids = self.kids(node);
        let title = self.title(&mut kids, self.word_span(node));
        self.junk_before(&mut kids, node);
        let body = self.listed(&mut kids, Rule::test_block, node, |inner| self.test_body(inner));
        StmtKind::Test(TestDecl { title, body })
    }

    fn test_body(&self, node: &Node<'i>) -> Vec<TestStmt> {
        let mut body: Vec<TestStmt> = Vec::new();
        for part in self.kids(node) {
            let span = self.trimmed(&part);
            match part.as_rule() {
                Rule::unclosed => self.unclosed_block(self.span(node), span),
                Rule::trailing => {
                    let previous = body.last().filter(|last| {
                        self.source(Span { start: last.span.end, end: span.start, ..span })
                            .trim_matches([' ', '\t'])
                            .is_empty()
                    });
                    let known = previous.map(|last| (StmtKind::Error, last.span));
                    if known.is_none() {
                        self.unknown_line(span);
                        body.push(TestStmt { kind: TestStmtKind::Error, span });
                    }
                    self.trailing(&part, known);
                }
                _ => body.push(TestStmt { kind: self.test_statement(&part, span), span }),
            }
        }
        body
    }

    fn test_statement(&self, node: &Node<'i>, span: Span) -> TestStmtKind {
        let mut kids = self.kids(node);
        match node.as_rule() {
            Rule::given_env => TestStmtKind::GivenEnv(self.string_or(&mut kids, span, |at| {
                Diagnostic::error(
                    &code::SYNTAX,
                    self.visible(at),
                    "the name of the environment stands in quotes",
                    "expected text",
                )
                .help("for example `given env \"staging\"`")
            })),
            Rule::given => {
                let name = self.ident_or(&mut kids, span, "`given` is followed by `env \"name\"` or `name = value`");
                let value = self.expr_or(&mut kids, span.end, "a value is missing, as in `given image = \"app:2\"`");
                TestStmtKind::Given(name, value)
            }
            Rule::mock => {
                let target = self.target(&mut kids, span, "mock");
                let pattern = self.pattern(&mut kids);
                let answer = self.expr_or(&mut kids, span.end, "what it answers is missing, as in `{ status: 200 }`");
                TestStmtKind::Mock { target, pattern, answer }
            }
            Rule::run => TestStmtKind::Run(self.title(&mut kids, self.word_span(node))),
            Rule::expect_called => {
                let negated = kids.skips(Rule::negated);
                let target = self.target(&mut kids, span, "called");
                TestStmtKind::ExpectCalled { negated, target, pattern: self.pattern(&mut kids) }
            }
            Rule::expect => {
                TestStmtKind::Expect(self.expr_or(&mut kids, span.end, "`expect` is followed by what must hold"))
            }
            _ => TestStmtKind::Let(Box::new(self.let_stmt(node))),
        }
    }

    fn unknown_line(&self, span: Span) {
        let word = self.at(span.start as usize, self.end_of_word(span.start as usize));
        let text = self.source(word);
        let diagnostic =
            Diagnostic::error(&code::UNKNOWN_WORD, word, format!("no line of a test begins with `{text}`"), "");
        self.report(match words::nearest(text, &LINES) {
            Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")).fix(word, meant),
            None => diagnostic.help("it is one of `given`, `mock`, `run`, `expect`, `let`"),
        });
    }

    fn target(&self, kids: &mut Kids<'_, 'i>, span: Span, word: &str) -> Path {
        if let Some(path) = kids.accept(Rule::path) {
            return self.path(&path);
        }
        let at = kids.accept(Rule::missing).map_or(span, |marker| self.span(&marker));
        self.missing(at, &format!("`{word}` is followed by `command` or an action, as in `{word} http.get \"…\"`"));
        Path { segments: vec![no_ident(at)], span: at }
    }

    fn pattern(&self, kids: &mut Kids<'_, 'i>) -> Option<StrLit> {
        let pattern = kids.accept(Rule::pattern)?;
        let text = self.kids(&pattern).next()?;
        Some(self.string(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, mended, one};
    use crate::syntax::tree::{StmtKind, TestStmtKind};

    #[test]
    fn reads_every_line() {
        let text = "test \"a\" {\n given env \"b\"\n given c = 1\n mock command \"d*\" { stdout: \"e\" }\n mock http.get { status: 200 }\n run \"f\"\n let g = 1\n expect g == 1\n expect not called h.i \"j\"\n}";
        let StmtKind::Test(test) = one(text) else { panic!() };
        assert_eq!(test.body.len(), 8);
        assert!(matches!(&test.body[3].kind, TestStmtKind::Mock { pattern: None, .. }));
        assert!(matches!(&test.body[7].kind, TestStmtKind::ExpectCalled { negated: true, .. }));
    }

    #[test]
    fn says_which_lines_there_are() {
        assert_eq!(mended("test \"a\" {\n    expct b == 1\n}"), "test \"a\" {\n    expect b == 1\n}");
        assert_eq!(fault("test \"a\" {\n    step \"b\" {\n        c()\n    }\n}").code.name, "unknown-word");
    }
}
