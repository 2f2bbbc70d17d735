//! `phase`, `step`, `check`, `monitor`, `guard`, `background`, and their blocks.

use super::{Builder, Kids, Node};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::seldom::Seldom;
use crate::syntax::tree::{
    Background, Block, CheckUse, Clauses, Modifiers, Path, Ready, Scope, ScopeKind, StmtKind, StrLit, StrPart,
};

/// A block takes more of the stack than an expression does: in the passes behind this one, and when it runs.
const BLOCK: usize = 4;

impl<'i> Builder<'i> {
    pub(super) fn scope(&self, node: &Node<'i>) -> StmtKind {
        let mut kids = self.kids(node);
        let Some(word) = kids.next() else { return StmtKind::Error };
        let kind = match word.as_str() {
            "phase" => ScopeKind::Phase,
            "step" => ScopeKind::Step,
            "check" => ScopeKind::Check,
            "monitor" => ScopeKind::Monitor,
            _ => ScopeKind::Guard,
        };
        StmtKind::Scope(Box::new(self.scope_rest(kind, self.span(&word), &mut kids, node)))
    }

    pub(super) fn scope_rest(&self, kind: ScopeKind, word: Span, kids: &mut Kids<'_, 'i>, node: &Node<'i>) -> Scope {
        let title = self.title(kids, word);
        let modifiers = self.modifiers(kids);
        let body = self.block_or(kids, node);
        let clauses = self.clauses(kids);
        Scope { kind, head: word.to(title.span), title, modifiers, body, clauses }
    }

    /// The title behind `word`.
    pub(super) fn title(&self, kids: &mut Kids<'_, 'i>, word: Span) -> StrLit {
        let missing = kids.peek() == Some(Rule::missing);
        let junk = if missing { kids.pairs.clone().find(|node| node.as_rule() == Rule::head_junk) } else { None };
        let junk = junk.map(|node| self.trimmed(&node));
        let title = self.string_or(kids, word, |at| self.no_title(word, at, junk));
        match junk {
            // The words that should have been quoted.
            Some(span) => {
                let text = self.source(span).trim_matches(['"', '\'', '“', '”']);
                StrLit { parts: vec![StrPart::Text(text.into(), span)], span }
            }
            None => title,
        }
    }

    pub(super) fn block(&self, node: &Node<'i>) -> Block {
        let span = self.trimmed(node);
        let brackets = self.brackets.replace(0);
        let (body, unclosed) = self.deeper(BLOCK, || self.body(node.inside())).unwrap_or_else(|| {
            self.too_deep(span);
            (Vec::new(), None)
        });
        match unclosed {
            Some(at) => self.open_braces(span, at),
            None => self.weigh_indentation(span),
        }
        self.brackets.set(brackets);
        Block { body, span }
    }

    /// What stands between a head and its block, then the block or an empty one.
    pub(super) fn block_or(&self, kids: &mut Kids<'_, 'i>, node: &Node<'i>) -> Block {
        self.junk_before(kids, node);
        if let Some(block) = kids.accept(Rule::block) {
            self.block(&block)
        } else {
            let end = kids.accept(Rule::missing_block).map_or(self.trimmed(node), |marker| self.span(&marker));
            let at = Span { start: end.start, end: end.start, ..end };
            self.no_block(node, at);
            Block { body: Vec::new(), span: at }
        }
    }

    pub(super) fn junk_before(&self, kids: &mut Kids<'_, 'i>, node: &Node<'i>) {
        if let Some(junk) = kids.accept(Rule::head_junk) {
            self.head_junk(node, &junk);
        }
    }

    pub(super) fn check_use(&self, node: &Node<'i>) -> StmtKind {
        let mut kids = self.kids(node);
        let Some(name) = kids.accept(Rule::path) else { return StmtKind::Error };
        let name = self.path(&name);
        let args = kids.accept(Rule::args).map(|args| self.args(&args)).unwrap_or_default();
        let modifiers = self.modifiers(&mut kids);
        let clauses = self.clauses(&mut kids);
        StmtKind::CheckUse(Box::new(CheckUse { name, args, modifiers, clauses }))
    }

    pub(super) fn path(&self, node: &Node<'i>) -> Path {
        Path { segments: self.kids(node).map(|segment| self.ident(&segment)).collect(), span: self.span(node) }
    }

    pub(super) fn background(&self, node: &Node<'i>) -> StmtKind {
        let word = self.word_span(node);
        let mut kids = self.kids(node);
        let title = self.title(&mut kids, word);
        let modifiers = self.modifiers(&mut kids);
        let body = self.block_or(&mut kids, node);
        let ready = kids.accept(Rule::ready).map(|ready| self.ready(&ready));
        StmtKind::Background(Box::new(Background { title, modifiers, body, ready }))
    }

    fn ready(&self, node: &Node<'i>) -> Ready {
        let mut kids = self.kids(node);
        let modifiers = self.modifiers(&mut kids);
        let body = self.block_or(&mut kids, node);
        Ready { modifiers, body, span: self.trimmed(node) }
    }

    /// A clause that follows no block: it is refused.
    pub(super) fn stray_clause(&self, node: &Node<'i>) -> StmtKind {
        let word = self.first_word(node);
        let span = self.word_span(node);
        self.report(
            Diagnostic::error(&code::MISPLACED_CLAUSE, span, format!("this `{word}` follows no block"), "")
                .help(format!("it stands behind the closing brace of what it belongs to: `}} {word} …`")),
        );
        let mut unused = Clauses::default();
        for clause in self.kids(node) {
            self.clause(&mut unused, &clause);
        }
        StmtKind::Error
    }

    /// The word that a statement begins with.
    pub(super) fn word_span(&self, node: &Node<'i>) -> Span {
        let start = node.start();
        self.at(start, self.end_of_word(start))
    }

    /// Title, modifiers and clauses of a statement without a block.
    pub(super) fn titled(&self, node: &Node<'i>) -> (StrLit, Seldom<Modifiers>, Clauses) {
        let mut kids = self.kids(node);
        let title = self.title(&mut kids, self.word_span(node));
        let modifiers = self.modifiers(&mut kids);
        (title, modifiers, self.clauses(&mut kids))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, one};
    use crate::syntax::tree::{ScopeKind, StmtKind};

    #[test]
    fn tells_the_three_checks_apart() {
        assert!(matches!(one("check \"a\" { b() }"), StmtKind::Scope(scope) if scope.kind == ScopeKind::Check));
        assert!(matches!(one("check a(b) within 2m every 5s on_fail stop"), StmtKind::CheckUse(_)));
        assert!(matches!(one("check lib.a(b)"), StmtKind::CheckUse(_)));
        assert!(matches!(one("check a(b: string) { c() }"), StmtKind::CheckDecl(_)));
    }

    #[test]
    fn takes_modifiers_in_any_order() {
        for text in [
            "step \"a\" when b timeout 5m retry 3 after 5s backoff 2 tags [\"x\"] { c() }",
            "step \"a\" tags [\"x\"] retry 3 backoff 2 after 5s timeout 5m when b { c() }",
        ] {
            let StmtKind::Scope(scope) = one(text) else { panic!("{text}") };
            let retry = scope.modifiers.retry.clone().unwrap();
            assert!(retry.after.is_some() && retry.backoff.is_some() && scope.modifiers.tags.is_some(), "{text}");
        }
    }

    #[test]
    fn stands_on_one_line() {
        let StmtKind::Scope(scope) = one("check \"x\" within 2m every 5s { assert a == 1; assert b }") else {
            panic!()
        };
        assert_eq!(scope.body.body.len(), 2);
    }

    #[test]
    fn wants_a_title_and_a_block() {
        assert_eq!(fault("step {\n    a()\n}").code.name, "unquoted-title");
        assert_eq!(fault("step \"a\"\nb()").message, "the block of this `step` is missing");
        assert_eq!(fault("check healthy within 2m").code.name, "unquoted-title");
    }

    #[test]
    fn blames_the_block_whose_brace_is_missing() {
        let text = "phase \"a\" {\n    step \"b\" {\n        c()\n    step \"d\" {\n        e()\n    }\n}\nphase \"f\" { g() }";
        let fault = fault(text);
        assert_eq!(&text[..fault.span().start as usize], "phase \"a\" {\n    step \"b\" ");
    }
}
