//! Scopes, what people do, and what stands before and behind a block.

use super::gap::Signs;
use super::printer::{Entry, Printer};
use super::reach;
use crate::syntax::tree::{
    Approve, Background, Block, CallRunbook, CheckUse, Checklist, Choose, Clauses, CompensationClause, Confirm, Manual,
    Modifiers, OnFail, OnFailPolicy, RetryModifier, Scope, StrLit, TestStmt,
};

impl Printer<'_> {
    pub(super) fn scope(&mut self, item: &Scope) {
        self.titled(item.kind.word(), &item.title);
        self.modifiers(&item.modifiers);
        self.block(&item.body);
        self.clauses(&item.clauses);
    }

    fn titled(&mut self, word: &str, title: &StrLit) {
        self.sign(word);
        self.blank();
        self.string(title);
    }

    pub(super) fn check_use(&mut self, item: &CheckUse) {
        self.sign("check");
        self.blank();
        self.leaf(item.name.span);
        self.args(&item.args);
        self.modifiers(&item.modifiers);
        self.clauses(&item.clauses);
    }

    pub(super) fn background(&mut self, item: &Background) {
        self.titled("background", &item.title);
        self.modifiers(&item.modifiers);
        self.block(&item.body);
        if let Some(ready) = &item.ready {
            self.blank();
            self.sign("ready");
            self.modifiers(&ready.modifiers);
            self.block(&ready.body);
        }
    }

    // -- people

    pub(super) fn checklist(&mut self, item: &Checklist) {
        self.titled("checklist", &item.title);
        self.modifiers(&item.modifiers);
        self.braces(&item.items, Signs::Separators);
        self.clauses(&item.clauses);
    }

    pub(super) fn confirm(&mut self, item: &Confirm) {
        self.titled("confirm", &item.question);
        self.modifiers(&item.modifiers);
        self.clauses(&item.clauses);
    }

    pub(super) fn manual(&mut self, item: &Manual) {
        self.titled("manual", &item.title);
        if let Some(how) = &item.how {
            self.blank();
            self.string(how);
        }
        self.modifiers(&item.modifiers);
        if let Some(block) = &item.body {
            self.block(block);
        }
        self.clauses(&item.clauses);
    }

    pub(super) fn choose(&mut self, item: &Choose) {
        self.titled("choose", &item.question);
        self.modifiers(&item.modifiers);
        self.braces(&item.branches, Signs::Separators);
    }

    pub(super) fn approve(&mut self, item: &Approve) {
        self.titled("approve", &item.what);
        self.modifiers(&item.modifiers);
        if let (Some(by), "by") = (&item.by, self.next_word()) {
            match &item.count {
                Some(count) => {
                    self.in_head("by", count);
                    self.in_head("of", by);
                }
                None => self.in_head("by", by),
            }
            self.modifiers(&item.modifiers);
        }
        self.clauses(&item.clauses);
    }

    pub(super) fn call(&mut self, item: &CallRunbook) {
        self.titled("call", &item.path);
        self.modifiers(&item.modifiers);
        if let (Some(with), "with") = (&item.with, self.next_word()) {
            self.in_head("with", with);
            self.modifiers(&item.modifiers);
        }
        self.clauses(&item.clauses);
    }

    // -- before a block

    /// Those that come next, in the order in which they are written.
    fn modifiers(&mut self, item: &Modifiers) {
        loop {
            let word = self.next_word();
            let value = match word {
                "when" => &item.when,
                "timeout" => &item.timeout,
                "within" => &item.within,
                "every" => &item.every,
                "for" => &item.duration,
                "tags" => &item.tags,
                "tolerate" => &item.tolerate,
                "retry" => {
                    let Some(retry) = &item.retry else { return };
                    self.retry(retry);
                    continue;
                }
                "danger" | "irreversible" => {
                    let text = if word == "danger" { &item.danger } else { &item.irreversible };
                    let Some(text) = text else { return };
                    self.blank();
                    self.titled(word, text);
                    continue;
                }
                _ => return,
            };
            let Some(value) = value else { return };
            self.in_head(word, value);
        }
    }

    fn retry(&mut self, item: &RetryModifier) {
        self.in_head("retry", &item.count);
        loop {
            let word = self.next_word();
            let value = match word {
                "after" => &item.after,
                "backoff" => &item.backoff,
                _ => return,
            };
            let Some(value) = value else { return };
            self.in_head(word, value);
        }
    }

    // -- behind a block

    /// Those that come next, in the order in which they are written.
    pub(super) fn clauses(&mut self, item: &Clauses) {
        loop {
            let word = self.next_word();
            match word {
                "undo" | "restore" => {
                    let clause = if word == "undo" { &item.undo } else { &item.restore };
                    let Some(clause) = clause else { return };
                    self.blank();
                    self.sign(word);
                    self.compensation(clause);
                }
                "probe" | "finally" => {
                    let block = if word == "probe" { &item.probe } else { &item.finally };
                    let Some(block) = block else { return };
                    self.blank();
                    self.sign(word);
                    self.block(block);
                }
                "on_fail" => {
                    let Some(on_fail) = &item.on_fail else { return };
                    self.blank();
                    self.sign(word);
                    self.on_fail(on_fail);
                }
                _ => return,
            }
        }
    }

    fn compensation(&mut self, item: &CompensationClause) {
        self.modifiers(&item.modifiers);
        self.block(&item.body);
    }

    fn on_fail(&mut self, item: &OnFail) {
        let word = match &item.policy {
            OnFailPolicy::Handler(block) => return self.block(block),
            OnFailPolicy::Stop => "stop",
            OnFailPolicy::Continue => "continue",
            OnFailPolicy::Undo => "undo",
            OnFailPolicy::Rollback(_) => "rollback",
            OnFailPolicy::Ask => "ask",
            OnFailPolicy::Error => return self.is_odd(),
        };
        self.blank();
        self.sign(word);
        if let OnFailPolicy::Rollback(Some(clause)) = &item.policy {
            self.compensation(clause);
        }
    }
}

impl Entry for StrLit {
    fn start(&self) -> usize {
        self.span.start as usize
    }

    fn print(&self, printer: &mut Printer<'_>) {
        printer.string(self);
        printer.flush();
    }

    fn print_inline(&self, printer: &mut Printer<'_>) {
        printer.string(self);
    }
}

/// An answer and what is done then.
impl Entry for (StrLit, Block) {
    fn start(&self) -> usize {
        self.0.span.start as usize
    }

    fn print(&self, printer: &mut Printer<'_>) {
        let (text, block) = self;
        let written = printer.source(text.span.to(block.span));
        if written.contains('\n') || !reach::is_short(block) || !printer.on_one_line(|p| self.print_inline(p)) {
            self.print_inline(printer);
            printer.flush();
        }
    }

    fn print_inline(&self, printer: &mut Printer<'_>) {
        let (text, block) = self;
        printer.string(text);
        printer.block(block);
    }
}

impl Entry for TestStmt {
    fn start(&self) -> usize {
        self.span.start as usize
    }

    fn print(&self, printer: &mut Printer<'_>) {
        printer.test_line(self);
        printer.flush();
    }

    fn print_inline(&self, printer: &mut Printer<'_>) {
        printer.test_line(self);
    }
}
