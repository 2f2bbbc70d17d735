//! What only a person can do or say.

use super::clause::is_modifier;
use super::literal::is_string;
use super::{Builder, Kids, Node};
use crate::diag::{Diagnostic, code};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::seldom::Seldom;
use crate::syntax::tree::{Approve, Block, Checklist, Choose, Confirm, Manual, StmtKind, StrLit};

impl<'i> Builder<'i> {
    pub(super) fn checklist(&self, node: &Node<'i>) -> StmtKind {
        let mut kids = self.kids(node);
        let title = self.title(&mut kids, self.word_span(node));
        let modifiers = self.modifiers(&mut kids);
        self.junk_before(&mut kids, node);
        let items = self.listed(&mut kids, Rule::items, node, |inner| self.items(inner));
        let clauses = self.clauses(&mut kids);
        StmtKind::Checklist(Box::new(Checklist { title, modifiers, items, clauses }))
    }

    /// A block with entries of its own kind, or the marker that it is missing.
    pub(super) fn listed<T>(
        &self,
        kids: &mut Kids<'_, 'i>,
        rule: Rule,
        node: &Node<'i>,
        build: impl FnOnce(&Node<'i>) -> Vec<T>,
    ) -> Vec<T> {
        if let Some(inner) = kids.accept(rule) {
            return build(&inner);
        }
        let at = kids.accept(Rule::missing_block).map_or(self.trimmed(node), |marker| self.span(&marker));
        self.no_block(node, Span { end: at.start, ..at });
        Vec::new()
    }

    fn items(&self, node: &Node<'i>) -> Vec<StrLit> {
        let mut items = Vec::new();
        for item in self.kids(node) {
            match item.as_rule() {
                rule if is_string(rule) => items.push(self.string(&item)),
                Rule::unclosed => self.unclosed_block(self.span(node), self.span(&item)),
                _ => self.report(self.bad_entry(
                    &item,
                    "an item of a checklist is text in quotes",
                    "\"Rollback plan reviewed\"",
                )),
            }
        }
        items
    }

    pub(super) fn confirm(&self, node: &Node<'i>) -> StmtKind {
        let (question, modifiers, clauses) = self.titled(node);
        StmtKind::Confirm(Box::new(Confirm { question, modifiers, clauses }))
    }

    pub(super) fn manual(&self, node: &Node<'i>) -> StmtKind {
        let mut kids = self.kids(node);
        let title = self.title(&mut kids, self.word_span(node));
        let how = kids.accept(Rule::how).and_then(|how| self.kids(&how).next().map(|text| self.string(&text)));
        let modifiers = self.modifiers(&mut kids);
        let body = kids.accept(Rule::block).map(|block| self.block(&block));
        let clauses = self.clauses(&mut kids);
        StmtKind::Manual(Box::new(Manual { title, how, modifiers, body, clauses }))
    }

    pub(super) fn choose(&self, node: &Node<'i>) -> StmtKind {
        let mut kids = self.kids(node);
        let question = self.title(&mut kids, self.word_span(node));
        let modifiers = self.modifiers(&mut kids);
        self.junk_before(&mut kids, node);
        let branches = self.listed(&mut kids, Rule::answers, node, |inner| self.answers(inner));
        StmtKind::Choose(Box::new(Choose { question, modifiers, branches }))
    }

    fn answers(&self, node: &Node<'i>) -> Vec<(StrLit, Block)> {
        let mut answers = Vec::new();
        for answer in self.kids(node) {
            match answer.as_rule() {
                Rule::answer => {
                    let mut kids = self.kids(&answer);
                    if let Some(text) = kids.next() {
                        let text = self.string(&text);
                        answers.push((text, self.block_or(&mut kids, &answer)));
                    }
                }
                Rule::unclosed => self.unclosed_block(self.span(node), self.span(&answer)),
                _ => {
                    let mut kids = self.kids(&answer);
                    if let Some(words) = kids.next() {
                        let message = "an answer is text in quotes with a block behind it";
                        self.report(self.bad_entry(&words, message, "\"Yes\" { … }"));
                    }
                    if let Some(block) = kids.accept(Rule::block) {
                        drop(self.block(&block));
                    }
                }
            }
        }
        answers
    }

    pub(super) fn approve(&self, node: &Node<'i>) -> StmtKind {
        let mut kids = self.kids(node);
        let what = self.title(&mut kids, self.word_span(node));
        let mut modifiers = Seldom::default();
        let mut who = None;
        while let Some(rule) = kids.peek()
            && (rule == Rule::by || is_modifier(rule))
            && let Some(part) = kids.next()
        {
            if rule == Rule::by {
                let parties = self.by(&part);
                self.once(&mut who, &part, parties);
            } else {
                self.modifier(&mut modifiers, &part);
            }
        }
        let clauses = self.clauses(&mut kids);
        let (count, by) = who.map_or((None, None), |(count, by)| (count, Some(by)));
        StmtKind::Approve(Box::new(Approve { what, count, by, modifiers, clauses }))
    }

    /// `by […]`, `by 2 of […]`
    fn by(&self, node: &Node<'i>) -> (Option<crate::syntax::tree::Expr>, crate::syntax::tree::Expr) {
        let end = self.trimmed(node).end;
        let mut kids = self.kids(node);
        let first = self.expr_or(&mut kids, end, "`by` says who may approve, for example `by [\"@release-managers\"]`");
        match kids.accept(Rule::of) {
            Some(of) => (Some(first), self.inner_value(&of, "`of` is followed by the list of those who may approve")),
            None => (None, first),
        }
    }

    /// A line of a header, checklist or choice that is none.
    pub(super) fn bad_entry(&self, node: &Node<'i>, message: &str, example: &str) -> crate::diag::Diagnostic {
        let span = self.trimmed(node);
        self.guess(span).unwrap_or_else(|| {
            Diagnostic::error(&code::SYNTAX, span, message, "this is none").help(format!("for example `{example}`"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, one};
    use crate::syntax::tree::StmtKind;

    #[test]
    fn reads_what_people_are_asked() {
        let StmtKind::Checklist(list) = one("checklist \"a\" { \"b\" \"c\", \"d\"\n\"e\" }") else { panic!() };
        assert_eq!(list.items.len(), 4);
        let StmtKind::Approve(approve) = one("approve \"a\" within 5m by 2 of [\"@b\"] when c on_fail stop") else {
            panic!()
        };
        assert!(approve.count.is_some() && approve.by.is_some() && approve.modifiers.when.is_some());
        let StmtKind::Manual(manual) = one("manual \"a\" \"\"\"\n    b\n    \"\"\" timeout 5m { c() }") else {
            panic!()
        };
        assert_eq!(manual.how.unwrap().as_plain().as_deref(), Some("b"));
        assert!(manual.body.is_some());
        let StmtKind::Choose(choose) = one("choose \"a\" { \"b\" { c() }\n \"d\" { e() } }") else { panic!() };
        assert_eq!(choose.branches.len(), 2);
        assert!(matches!(one("confirm \"a\" timeout 5m on_fail continue"), StmtKind::Confirm(_)));
    }

    #[test]
    fn wants_items_in_quotes() {
        assert_eq!(fault("checklist \"a\" {\n    b\n    \"c\"\n}").message, "an item of a checklist is text in quotes");
        assert_eq!(
            fault("choose \"a\" {\n    b { c() }\n}").message,
            "an answer is text in quotes with a block behind it"
        );
    }
}
