//! Heads without a title or block, and the rests of lines: what was probably meant.

use std::sync::Arc;

use super::words::{self, CLAUSES, MODIFIERS, Meant};
use super::{Builder, Node, offset};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::seldom::Seldom;
use crate::syntax::tree::{Block, Clauses, ExprKind, Rhs, Scope, ScopeKind, StmtKind, StrLit, StrPart};

impl<'i> Builder<'i> {
    /// A title is missing at `at`; `junk` is what stands in its place.
    pub(super) fn no_title(&self, word: Span, at: Span, junk: Option<Span>) -> Diagnostic {
        let name = self.source(word);
        let example = format!("for example `{name} \"Restart the API\"`");
        let Some(junk) = junk else {
            return Diagnostic::error(
                &code::UNQUOTED_TITLE,
                self.visible(at),
                format!("`{name}` is followed by its title in quotes"),
                "expected a title",
            )
            .help(example);
        };
        self.guess(junk).unwrap_or_else(|| {
            let title = format!("\"{}\"", self.source(junk).trim_matches(['"', '\'', '`']));
            Diagnostic::error(&code::UNQUOTED_TITLE, junk, "a title stands in quotes", "")
                .help(format!("write `{name} {title}`"))
                .fix(junk, title)
        })
    }

    pub(super) fn no_block(&self, node: &Node<'i>, at: Span) {
        let start = node.start();
        if self.reported_since(offset(start)) {
            return;
        }
        let word = self.first_word(node);
        let example = match word {
            "check" => {
                "a declared check is used with brackets, as in `check healthy(url)`; one written here has a title and a block"
            }
            _ => "a block stands between `{` and `}`",
        };
        self.report(
            Diagnostic::error(
                &code::SYNTAX,
                self.visible(at),
                format!("the block of this `{word}` is missing"),
                "expected `{`",
            )
            .help(example),
        );
    }

    /// Words between a head and its block.
    pub(super) fn head_junk(&self, node: &Node<'i>, junk: &Node<'i>) {
        if self.reported_since(offset(node.start())) {
            return;
        }
        let span = self.trimmed(junk);
        let first = self.at(span.start as usize, self.end_of_word(span.start as usize));
        let word = self.source(first);
        let head = self.first_word(node);
        let diagnostic = self.guess(span).unwrap_or_else(|| match word {
            "then" | "do" => {
                Diagnostic::error(&code::SYNTAX, first, format!("there is no `{word}`"), "the block follows at once")
                    .help("leave it out")
                    .fix(first, "")
            }
            ":" => Diagnostic::error(&code::SYNTAX, first, "a block stands between braces", "expected `{`")
                .help(format!("write `{head} … {{` and close it with `}}`")),
            _ => self.unknown_modifier(head, first),
        });
        self.report(diagnostic);
    }

    fn unknown_modifier(&self, head: &str, first: Span) -> Diagnostic {
        let word = self.source(first);
        if MODIFIERS.contains(&word) || CLAUSES.contains(&word) {
            return Diagnostic::error(
                &code::SYNTAX,
                first,
                format!("`{word}` does not belong here"),
                format!("not before the block of `{head}`"),
            );
        }
        match words::nearest(word, &MODIFIERS) {
            Some(meant) => Diagnostic::error(&code::UNKNOWN_WORD, first, format!("there is no `{word}`"), "")
                .help(format!("did you mean `{meant}`?"))
                .fix(first, meant),
            None => Diagnostic::error(
                &code::SYNTAX,
                first,
                format!("`{word}` does not belong before the block of `{head}`"),
                "expected `{`",
            ),
        }
    }

    pub(super) fn unclosed_block(&self, open: Span, at: Span) {
        if !self.reported_since(at.start) {
            self.report(self.unclosed(open, at, "{", "}"));
        }
    }

    /// The rest of a line, behind a statement or instead of one. Gives what the line then is.
    pub(super) fn trailing(&self, node: &Node<'i>, previous: Option<(StmtKind, Span)>) -> StmtKind {
        let mut kids = self.kids(node);
        let mut junk: Option<Span> = None;
        while let Some(Rule::junk | Rule::braces) = kids.peek()
            && let Some(part) = kids.next()
        {
            let span = self.trimmed(&part);
            junk = Some(junk.map_or(span, |all| all.to(span)));
        }
        let start = previous.as_ref().map_or(offset(node.start()), |(_, span)| span.start);
        let mut scope = None;
        if !self.reported_since(start) {
            let (diagnostic, kind) = self.bad_rest(node, junk, previous.as_ref());
            self.report(diagnostic);
            scope = kind;
        }
        let body = kids.accept(Rule::block).map(|block| self.block(&block));
        let clauses = self.clauses(&mut kids);
        match (scope, body, previous) {
            (Some(kind), Some(body), previous) => {
                self.meant_scope(kind, previous.map(|(_, span)| span), junk, body, clauses)
            }
            // A word that begins no statement is no name either.
            (_, _, Some((kind, _))) if leading_name(&kind).is_none() => kind,
            _ => StmtKind::Error,
        }
    }

    /// `phse "Deploy" { … }` is read as what it was meant to be, so that its block stays in the tree.
    fn meant_scope(
        &self,
        kind: ScopeKind,
        word: Option<Span>,
        junk: Option<Span>,
        body: Block,
        clauses: Clauses,
    ) -> StmtKind {
        let at = junk.unwrap_or(body.span);
        let text = junk.map_or("", |junk| self.source(junk)).trim_matches(['"', '\'']);
        let parts = vec![StrPart::Text(Arc::from(text), at)];
        let title = StrLit { parts, span: at };
        let head = word.map_or(at, |word| word.to(at));
        StmtKind::Scope(Box::new(Scope { kind, head, title, modifiers: Seldom::default(), body, clauses }))
    }

    fn bad_rest(
        &self,
        node: &Node<'i>,
        junk: Option<Span>,
        previous: Option<&(StmtKind, Span)>,
    ) -> (Diagnostic, Option<ScopeKind>) {
        let at = junk.unwrap_or_else(|| self.at(node.start(), node.start() + 1));
        if let Some((kind, span)) = previous {
            if let Some(word) = leading_name(kind) {
                return self.bad_word(word, *span, at);
            }
            return (self.bad_behind(kind, *span, at), None);
        }
        let diagnostic = self.guess(at).unwrap_or_else(|| {
            let first = self.at(at.start as usize, self.end_of_word(at.start as usize));
            if ["./", "../", "/", "~/"].iter().any(|path| self.source(at).starts_with(path)) {
                let program = self.source(at).split_whitespace().next().unwrap_or_default();
                return Diagnostic::error(&code::UNKNOWN_WORD, first, "a line cannot begin with a path", "")
                    .help(format!("if this is a command, begin the line with `$`: `$ {program} …`"))
                    .fix(Span { end: at.start, ..at }, "$ ");
            }
            Diagnostic::error(
                &code::SYNTAX,
                first,
                format!("a line cannot begin with `{}`", self.source(first)),
                "no statement begins like this",
            )
            .help("take it away, or look for the bracket or quote that is missing above it")
        });
        (diagnostic, None)
    }

    /// A name, and something behind it that makes no statement of the two.
    fn bad_word(&self, word: &str, line: Span, rest: Span) -> (Diagnostic, Option<ScopeKind>) {
        let at = Span { end: line.start + offset(word.len()), ..line };
        let text = self.source(rest);
        if let Some(diagnostic) = self.guess(rest) {
            return (diagnostic, None);
        }
        if let Some(value) = text.strip_prefix(':') {
            let value = if value.trim().is_empty() { "…" } else { value.trim() };
            let diagnostic = Diagnostic::error(
                &code::SYNTAX,
                Span { end: rest.start + 1, ..rest },
                "a name is given a value with `=`",
                "",
            )
            .help(format!("write `let {word} = {value}`; in a header or an environment `{word} = {value}`"));
            return (diagnostic, None);
        }
        let unknown = Diagnostic::error(&code::UNKNOWN_WORD, at, format!("no statement begins with `{word}`"), "");
        match words::meant(word) {
            Some(Meant::Statement(meant)) => {
                (unknown.help(format!("did you mean `{meant}`?")).fix(at, meant), scope_kind(meant))
            }
            Some(Meant::Habit(help)) => (unknown.help(help), None),
            Some(Meant::Command) => (self.no_dollar(unknown, at), None),
            None if text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '/' | '.')) => {
                (self.no_dollar(unknown, at), None)
            }
            None => (unknown, None),
        }
    }

    fn no_dollar(&self, unknown: Diagnostic, at: Span) -> Diagnostic {
        unknown
            .help(format!("if this is a command, begin the line with `$`: `$ {} …`", self.source(at)))
            .fix(Span { end: at.start, ..at }, "$ ")
    }

    /// Something behind a whole statement.
    fn bad_behind(&self, kind: &StmtKind, line: Span, rest: Span) -> Diagnostic {
        if let Some(diagnostic) = self.guess(rest) {
            return diagnostic;
        }
        let first = self.at(rest.start as usize, self.end_of_word(rest.start as usize));
        let word = self.source(first);
        let has_block = self.text[..line.end as usize].ends_with('}');
        if MODIFIERS.contains(&word) && has_block {
            return Diagnostic::error(
                &code::MISPLACED_CLAUSE,
                first,
                format!("`{word}` stands before the block"),
                "too late here",
            )
            .help(format!("write `… {word} … {{`"));
        }
        let known = if has_block {
            words::clause(word)
        } else {
            words::nearest(word, &MODIFIERS).or_else(|| words::clause(word))
        };
        if let Some(meant) = known.filter(|meant| *meant != word) {
            return Diagnostic::error(&code::UNKNOWN_WORD, first, format!("there is no `{word}`"), "")
                .help(format!("did you mean `{meant}`?"))
                .fix(first, meant);
        }
        if let StmtKind::Value(Rhs::Expr(_)) | StmtKind::Let(_) | StmtKind::Assign(_) | StmtKind::Assert(_) = kind
            && matches!(word, "then" | "do" | "end" | "fi" | "done")
        {
            return Diagnostic::error(&code::SYNTAX, first, format!("there is no `{word}`"), "").help("leave it out");
        }
        let shown = if first.is_empty() { "this" } else { word };
        Diagnostic::error(
            &code::SYNTAX,
            first,
            format!("`{shown}` does not belong here"),
            "the statement ends before this",
        )
        .help("each statement has a line of its own, or `;` between two")
    }
}

/// The name that an expression on a line of its own begins with, if little else was read.
fn leading_name(kind: &StmtKind) -> Option<&str> {
    let StmtKind::Value(Rhs::Expr(expr)) = kind else { return None };
    let mut expr = expr;
    loop {
        match &expr.kind {
            ExprKind::Name(name) => return Some(name),
            // `kubectl -n prod get pods`, `git log`, `foo.bar baz`
            ExprKind::Binary(_, _, left, _) => expr = left,
            _ => return None,
        }
    }
}

fn scope_kind(word: &str) -> Option<ScopeKind> {
    match word {
        "phase" => Some(ScopeKind::Phase),
        "step" => Some(ScopeKind::Step),
        "check" => Some(ScopeKind::Check),
        "monitor" => Some(ScopeKind::Monitor),
        "guard" => Some(ScopeKind::Guard),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, mended};

    #[test]
    fn corrects_the_first_word() {
        assert_eq!(mended("phse \"a\" { b() }"), "phase \"a\" { b() }");
        assert_eq!(mended("asert a == 1"), "assert a == 1");
        assert_eq!(mended("kubectl get pods"), "$ kubectl get pods");
        assert_eq!(mended("./deploy.sh --now").as_str(), "$ ./deploy.sh --now");
    }

    #[test]
    fn quotes_a_title() {
        assert_eq!(mended("step Deploy the API { a() }"), "step \"Deploy the API\" { a() }");
        assert_eq!(fault("step “Deploy” { a() }").message, "this is a typographic quote");
    }

    #[test]
    fn tells_what_other_languages_are_here() {
        for (text, word) in [
            ("function f() { g() }", "fn name"),
            ("while a { b() }", "retry"),
            ("echo \"a\"", "note"),
            ("import foo", "use"),
        ] {
            assert!(fault(text).help.is_some_and(|help| help.contains(word)), "{text}");
        }
    }

    #[test]
    fn sends_modifiers_before_the_block() {
        assert_eq!(fault("step \"a\" { b() } timeout 5m").code.name, "misplaced-clause");
        assert_eq!(fault("let a = 1 let b = 2").message, "`let` does not belong here");
    }
}
