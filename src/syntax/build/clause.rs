//! Modifiers before a block and clauses behind it.

use super::{Builder, Kids, Node};
use crate::diag::{Diagnostic, code, did_you_mean};
use crate::source::Span;
use crate::syntax::parser::Rule;
use crate::syntax::seldom::Seldom;
use crate::syntax::tree::{Clauses, CompensationClause, Expr, Modifiers, OnFail, OnFailPolicy, RetryModifier};

/// Words that `on_fail` knows.
const POLICIES: [&str; 5] = ["stop", "continue", "undo", "rollback", "ask"];

impl<'i> Builder<'i> {
    /// Reads all modifiers that come next.
    pub(super) fn modifiers(&self, kids: &mut Kids<'_, 'i>) -> Seldom<Modifiers> {
        let mut modifiers = Seldom::default();
        while let Some(rule) = kids.peek()
            && is_modifier(rule)
            && let Some(node) = kids.next()
        {
            self.modifier(&mut modifiers, &node);
        }
        modifiers
    }

    pub(super) fn modifier(&self, modifiers: &mut Modifiers, node: &Node<'i>) {
        let span = self.trimmed(node);
        modifiers.span = Some(modifiers.span.map_or(span, |all| all.to(span)));
        match node.as_rule() {
            Rule::m_when => self.once(&mut modifiers.when, node, self.modifier_value(node)),
            Rule::m_timeout => self.once(&mut modifiers.timeout, node, self.modifier_value(node)),
            Rule::m_within => self.once(&mut modifiers.within, node, self.modifier_value(node)),
            Rule::m_every => self.once(&mut modifiers.every, node, self.modifier_value(node)),
            Rule::m_for => self.once(&mut modifiers.duration, node, self.modifier_value(node)),
            Rule::m_tags => self.once(&mut modifiers.tags, node, self.modifier_value(node)),
            Rule::m_tolerate => self.once(&mut modifiers.tolerate, node, self.modifier_value(node)),
            Rule::m_danger => {
                let text = self.reason(node, "what is lost");
                self.once(&mut modifiers.danger, node, text);
            }
            Rule::m_irreversible => {
                let text = self.reason(node, "why");
                self.once(&mut modifiers.irreversible, node, text);
            }
            _ => self.once(&mut modifiers.retry, node, self.retry(node)),
        }
    }

    fn reason(&self, node: &Node<'i>, what: &str) -> crate::syntax::tree::StrLit {
        let span = self.trimmed(node);
        self.string_or(&mut self.kids(node), span, |at| {
            let word = self.first_word(node);
            Diagnostic::error(
                &code::SYNTAX,
                self.visible(at),
                format!("`{word}` says {what}, in quotes"),
                "expected text",
            )
            .help(format!("for example `{word} \"…\"`"))
        })
    }

    fn retry(&self, node: &Node<'i>) -> RetryModifier {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let count = self.expr_or(&mut kids, span.end, "`retry` says how often, for example `retry 3`");
        let mut retry = RetryModifier { count, after: None, backoff: None, span };
        for part in kids {
            let value = self.modifier_value(&part);
            let slot = if part.as_rule() == Rule::r_after { &mut retry.after } else { &mut retry.backoff };
            self.once(slot, &part, value);
        }
        retry
    }

    fn modifier_value(&self, node: &Node<'i>) -> Expr {
        let end = self.trimmed(node).end;
        let word = self.first_word(node);
        let example = match word {
            "when" => "a condition, for example `when env.protected`",
            "for" | "timeout" | "within" | "every" | "after" => "a duration, for example `30s`",
            "tags" => "a list, for example `tags [\"db\"]`",
            "backoff" => "a factor, for example `backoff 2`",
            _ => "a number, for example `tolerate 2` or `tolerate 10%`",
        };
        self.expr_or(&mut self.kids(node), end, format_args!("`{word}` is followed by {example}"))
    }

    /// Sets what may be set once.
    pub(super) fn once<T>(&self, slot: &mut Option<T>, node: &Node<'i>, value: T) {
        if slot.is_none() {
            *slot = Some(value);
            return;
        }
        let word = self.first_word(node);
        self.report(
            Diagnostic::error(&code::DUPLICATE, self.trimmed(node), format!("`{word}` stands here a second time"), "")
                .help("keep one of them"),
        );
    }

    pub(super) fn first_word(&self, node: &Node<'i>) -> &'i str {
        let start = node.start();
        &self.text[start..self.end_of_word(start)]
    }

    /// Reads all clauses that come next.
    pub(super) fn clauses(&self, kids: &mut Kids<'_, 'i>) -> Clauses {
        let mut clauses = Clauses::default();
        let mut misplaced = false;
        while let Some(rule) = kids.peek()
            && is_clause(rule)
            && let Some(node) = kids.next()
        {
            if rule == Rule::misplaced {
                misplaced = true;
                continue;
            }
            if std::mem::take(&mut misplaced) {
                self.misplaced_clause(&node);
            }
            self.clause(&mut clauses, &node);
        }
        clauses
    }

    pub(super) fn clause(&self, clauses: &mut Clauses, node: &Node<'i>) {
        match node.as_rule() {
            Rule::c_undo => self.once(&mut clauses.undo, node, Box::new(self.compensation(node))),
            Rule::c_restore => self.once(&mut clauses.restore, node, Box::new(self.compensation(node))),
            Rule::c_probe => self.once(&mut clauses.probe, node, self.clause_block(node)),
            Rule::c_finally => self.once(&mut clauses.finally, node, self.clause_block(node)),
            _ => self.once(&mut clauses.on_fail, node, Box::new(self.on_fail(node))),
        }
    }

    fn misplaced_clause(&self, node: &Node<'i>) {
        let word = self.first_word(node);
        let start = node.start();
        let at = self.at(start, start + word.len());
        let brace = self.text[..start].trim_end();
        let mut diagnostic = Diagnostic::error(
            &code::MISPLACED_CLAUSE,
            at,
            format!("`{word}` begins on the line of the block's closing brace"),
            "on a line of its own here",
        );
        diagnostic = diagnostic.help(format!("write `}} {word} …`"));
        if brace.ends_with('}') {
            diagnostic = diagnostic.fix(self.at(brace.len(), start), " ");
        }
        self.report(diagnostic);
    }

    pub(super) fn compensation(&self, node: &Node<'i>) -> CompensationClause {
        let span = self.trimmed(node);
        let mut kids = self.kids(node);
        let modifiers = self.modifiers(&mut kids);
        let body = self.block_or(&mut kids, node);
        CompensationClause { modifiers, body, span }
    }

    fn clause_block(&self, node: &Node<'i>) -> crate::syntax::tree::Block {
        self.block_or(&mut self.kids(node), node)
    }

    fn on_fail(&self, node: &Node<'i>) -> OnFail {
        let span = self.trimmed(node);
        let mut policy = OnFailPolicy::Error;
        for part in self.kids(node) {
            policy = match part.as_rule() {
                Rule::block => OnFailPolicy::Handler(self.block(&part)),
                Rule::p_rollback => OnFailPolicy::Rollback(self.rollback_block(&part)),
                Rule::policy_word => self.policy(&part),
                _ => {
                    self.report(
                        Diagnostic::error(&code::SYNTAX, span, "`on_fail` says what is done about a failure", "")
                            .help("write `stop`, `continue`, `undo`, `rollback`, `ask` or a block `{ … }`"),
                    );
                    OnFailPolicy::Error
                }
            };
        }
        OnFail { policy, span }
    }

    fn rollback_block(&self, node: &Node<'i>) -> Option<Box<CompensationClause>> {
        let mut kids = self.kids(node);
        kids.peek()?;
        let start = kids.pairs.peek()?.start();
        let modifiers = self.modifiers(&mut kids);
        let body = self.block_or(&mut kids, node);
        let span = self.at(start, body.span.end as usize);
        Some(Box::new(CompensationClause { modifiers, body, span }))
    }

    fn policy(&self, node: &Node<'i>) -> OnFailPolicy {
        let span = self.span(node);
        match node.as_str() {
            "stop" => OnFailPolicy::Stop,
            "continue" => OnFailPolicy::Continue,
            "undo" => OnFailPolicy::Undo,
            "ask" => OnFailPolicy::Ask,
            word => {
                let mut diagnostic =
                    Diagnostic::error(&code::UNKNOWN_WORD, span, format!("`on_fail` knows no `{word}`"), "");
                diagnostic = match did_you_mean(word, POLICIES) {
                    Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")).fix(span, meant),
                    None => {
                        diagnostic.help("it is one of `stop`, `continue`, `undo`, `rollback`, `ask` or a block `{ … }`")
                    }
                };
                self.report(diagnostic);
                OnFailPolicy::Error
            }
        }
    }

    /// `N of` and the like read the value of a small inner rule.
    pub(super) fn inner_value(&self, node: &Node<'i>, message: &str) -> Expr {
        let end: Span = self.trimmed(node);
        self.expr_or(&mut self.kids(node), end.end, message)
    }
}

pub(super) fn is_modifier(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::m_when
            | Rule::m_timeout
            | Rule::m_within
            | Rule::m_every
            | Rule::m_for
            | Rule::m_tags
            | Rule::m_tolerate
            | Rule::m_danger
            | Rule::m_irreversible
            | Rule::m_retry
    )
}

fn is_clause(rule: Rule) -> bool {
    matches!(rule, Rule::misplaced | Rule::c_undo | Rule::c_restore | Rule::c_probe | Rule::c_finally | Rule::c_on_fail)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, mended, one};
    use crate::syntax::tree::{OnFailPolicy, StmtKind};

    fn policy(text: &str) -> OnFailPolicy {
        let StmtKind::Scope(scope) = one(&format!("step \"x\" {{ a() }} {text}")) else { panic!("{text}") };
        scope.clauses.on_fail.unwrap().policy
    }

    #[test]
    fn reads_every_policy() {
        assert!(matches!(policy("on_fail stop"), OnFailPolicy::Stop));
        assert!(matches!(policy("on_fail continue"), OnFailPolicy::Continue));
        assert!(matches!(policy("on_fail undo"), OnFailPolicy::Undo));
        assert!(matches!(policy("on_fail ask"), OnFailPolicy::Ask));
        assert!(matches!(policy("on_fail rollback"), OnFailPolicy::Rollback(None)));
        assert!(matches!(policy("on_fail rollback { b() }"), OnFailPolicy::Rollback(Some(_))));
        assert!(matches!(policy("on_fail { retry 3 }"), OnFailPolicy::Handler(_)));
        let OnFailPolicy::Rollback(Some(clause)) = policy("on_fail rollback timeout 5m { b() }") else { panic!() };
        assert!(clause.modifiers.timeout.is_some());
    }

    #[test]
    fn takes_clauses_in_any_order_once() {
        let StmtKind::Scope(scope) = one(
            "step \"x\" { a() } undo danger \"d\" { b() } restore { c() } probe { d() } finally { e() } on_fail stop",
        ) else {
            panic!()
        };
        let clauses = scope.clauses;
        assert!(clauses.undo.is_some() && clauses.restore.is_some() && clauses.probe.is_some());
        assert!(clauses.finally.is_some() && clauses.on_fail.is_some());
        assert_eq!(fault("step \"x\" { a() } undo { b() } undo { c() }").code.name, "duplicate-modifier");
        assert_eq!(fault("step \"x\" when a timeout 5m when b { a() }").code.name, "duplicate-modifier");
    }

    #[test]
    fn brings_back_a_clause_on_a_line_of_its_own() {
        assert_eq!(mended("step \"x\" { a() }\nundo { b() }"), "step \"x\" { a() } undo { b() }");
        assert_eq!(mended("phase \"x\" { a() }\n\non_fail rollback"), "phase \"x\" { a() } on_fail rollback");
        assert_eq!(fault("undo { b() }").code.name, "misplaced-clause");
    }

    #[test]
    fn corrects_slips() {
        assert_eq!(mended("step \"x\" { a() } on_fail rolback"), "step \"x\" { a() } on_fail rollback");
        assert_eq!(mended("step \"x\" { a() } on_failure stop"), "step \"x\" { a() } on_fail stop");
        assert_eq!(mended("step \"x\" timout 5m { a() }"), "step \"x\" timeout 5m { a() }");
    }
}
