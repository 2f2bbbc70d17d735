//! Statements: which signs and parts each consists of, in the order in which they stand.

use super::gap::Signs;
use super::items::Kind;
use super::printer::{Printer, Row, STEP};
use super::reach;
use crate::syntax::tree::{
    Assert, Assign, Expr, FailWhen, For, If, Lasting, Let, On, Parallel, Rhs, StmtKind, StrLit, TestDecl, TestStmt,
    TestStmtKind, With,
};

impl Printer<'_> {
    /// Prints a statement into the line.
    pub(super) fn kind(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Header(item) => self.header(item),
            StmtKind::Use(item) => self.use_decl(item),
            StmtKind::Param(item) => self.param(item),
            StmtKind::Secret(item) => self.secret(item),
            StmtKind::Env(item) => self.env(item),
            StmtKind::Action(item) => self.action(item),
            StmtKind::CheckDecl(item) => self.check_decl(item),
            StmtKind::Fn(item) => self.fn_decl(item),
            StmtKind::Test(item) => self.test(item),
            StmtKind::Scope(item) => self.scope(item),
            StmtKind::CheckUse(item) => self.check_use(item),
            StmtKind::Background(item) => self.background(item),
            StmtKind::Finally(block) => {
                self.sign("finally");
                self.block(block);
            }
            StmtKind::Checklist(item) => self.checklist(item),
            StmtKind::Confirm(item) => self.confirm(item),
            StmtKind::Manual(item) => self.manual(item),
            StmtKind::Choose(item) => self.choose(item),
            StmtKind::Approve(item) => self.approve(item),
            StmtKind::If(item) => self.if_stmt(item),
            StmtKind::For(item) => self.for_stmt(item),
            StmtKind::Parallel(item) => self.parallel(item),
            StmtKind::On(item) => self.on(item),
            StmtKind::With(item) => self.with(item),
            StmtKind::Call(item) => self.call(item),
            StmtKind::Let(item) => self.bound("let", item),
            StmtKind::Var(item) => self.bound("var", item),
            StmtKind::Assign(item) => self.assign(item),
            StmtKind::Value(value) => self.rhs(value),
            StmtKind::Assert(item) => self.assert(item),
            StmtKind::FailWhen(item) => self.fail_when("fail_when", item),
            StmtKind::WarnWhen(item) => self.fail_when("warn_when", item),
            StmtKind::Fail(value) => self.said("fail", Some(value)),
            StmtKind::Rollback(value) => self.said("rollback", value.as_ref()),
            StmtKind::Finish(value) => self.said("finish", Some(value)),
            StmtKind::Disarm(value) => self.said("disarm", Some(value)),
            StmtKind::PointOfNoReturn(value) => self.said("point_of_no_return", Some(value)),
            StmtKind::Note(value) => self.said("note", Some(value)),
            StmtKind::Warn(value) => self.said("warn", Some(value)),
            StmtKind::Wait(value) => self.said("wait", Some(value)),
            StmtKind::Return(value) => self.said("return", value.as_ref()),
            StmtKind::Break => self.sign("break"),
            StmtKind::Skip(value) => self.said("skip", value.as_ref()),
            StmtKind::Retry(value) => self.said("retry", value.as_ref()),
            StmtKind::Continue => self.sign("continue"),
            StmtKind::Undo => self.sign("undo"),
            StmtKind::Stop => self.sign("stop"),
            StmtKind::Error => self.is_odd(),
        }
    }

    /// A word with a value behind it.
    fn said(&mut self, word: &str, value: Option<&Expr>) {
        self.sign(word);
        if let Some(value) = value {
            self.blank();
            self.expr(value);
        }
    }

    /// ` word value` in the head of a block. Where it goes on over a line end it is moved in twice, so that it
    /// is not taken for a statement of the block.
    pub(super) fn in_head(&mut self, word: &str, value: &Expr) {
        self.blank();
        self.sign(word);
        self.head_value(value);
    }

    /// ` value` in the head of a block.
    pub(super) fn head_value(&mut self, value: &Expr) {
        self.blank();
        self.in_row(Row { hang: 2 * STEP, within: false }, value);
    }

    // -- control

    fn if_stmt(&mut self, item: &If) {
        self.sign("if");
        self.head_value(&item.condition);
        self.block(&item.then);
        let Some(otherwise) = &item.otherwise else { return };
        self.blank();
        let notes = self.skip(Signs::None).notes;
        let brace = reach::else_if(otherwise).map_or(self.at, |next| next.then.span.start as usize);
        if self.has_note_in_head(brace) {
            // Comments stay in their order.
            for note in notes {
                self.note(note);
            }
        } else {
            // They are about what is done then.
            self.hoist(notes);
        }
        self.sign("else");
        if let Some(next) = reach::else_if(otherwise) {
            self.blank();
            self.if_stmt(next);
        } else {
            self.block(otherwise);
        }
    }

    fn for_stmt(&mut self, item: &For) {
        self.sign("for");
        self.blank();
        self.ident(&item.item);
        self.in_head("in", &item.list);
        // In either order.
        for _ in 0..2 {
            match (self.next_word(), &item.parallel, &item.tolerate) {
                ("parallel", Some(limit), _) => {
                    self.blank();
                    self.sign("parallel");
                    if let Some(limit) = limit {
                        self.head_value(limit);
                    }
                }
                ("tolerate", _, Some(most)) => self.in_head("tolerate", most),
                _ => break,
            }
        }
        self.block(&item.body);
    }

    fn parallel(&mut self, item: &Parallel) {
        self.sign("parallel");
        if let Some(most) = &item.tolerate {
            self.in_head("tolerate", most);
        }
        self.block(&item.body);
    }

    fn on(&mut self, item: &On) {
        self.sign("on");
        self.head_value(&item.target);
        self.block(&item.body);
    }

    fn with(&mut self, item: &With) {
        self.sign("with");
        self.blank();
        self.group(Kind::Bracket, |p| {
            p.indent_by(2 * STEP);
            for (index, (name, value)) in item.vars.iter().enumerate() {
                if index > 0 {
                    p.comma();
                    if p.line(" ", Signs::Commas) && index == 1 {
                        p.items.break_group();
                    }
                }
                p.ident(name);
                p.blank();
                p.sign("=");
                p.blank();
                p.expr(value);
            }
            p.skip(Signs::Commas).notes.into_iter().for_each(|note| p.note(note));
            p.dedent();
        });
        self.block(&item.body);
    }

    // -- values

    fn bound(&mut self, word: &str, item: &Let) {
        self.sign(word);
        self.blank();
        if item.secret {
            self.sign("secret");
            self.blank();
        }
        self.ident(&item.name);
        if let Some(ty) = &item.ty {
            self.typed(ty);
        }
        self.equals(&item.value);
    }

    fn assign(&mut self, item: &Assign) {
        self.ident(&item.name);
        self.equals(&item.value);
    }

    fn equals(&mut self, value: &Rhs) {
        self.blank();
        self.mark(false);
        self.sign("=");
        self.blank();
        self.rhs(value);
    }

    fn rhs(&mut self, value: &Rhs) {
        match value {
            Rhs::Expr(value) => self.expr(value),
            Rhs::Command(command) => self.command(command),
            Rhs::Check(stmt) | Rhs::For(stmt) => self.kind(&stmt.kind),
        }
    }

    fn assert(&mut self, item: &Assert) {
        self.sign("assert");
        self.blank();
        let Some(because) = &item.because else { return self.expr(&item.condition) };
        self.group(Kind::Loose, |p| {
            p.expr(&item.condition);
            p.indent_by(STEP);
            p.line_or_break(" ");
            p.sign("because");
            p.blank();
            p.expr(because);
            p.dedent();
        });
    }

    fn fail_when(&mut self, word: &str, item: &FailWhen) {
        self.sign(word);
        self.blank();
        self.expr(&item.condition);
        let (word, value) = match &item.lasting {
            Some(Lasting::For(value)) => ("for", value),
            Some(Lasting::Times(value)) => ("times", value),
            None => return,
        };
        self.blank();
        self.said(word, Some(value));
    }

    // -- tests

    fn test(&mut self, item: &TestDecl) {
        self.sign("test");
        self.blank();
        self.string(&item.title);
        self.braces(&item.body, Signs::Separators);
    }

    pub(super) fn test_line(&mut self, line: &TestStmt) {
        match &line.kind {
            TestStmtKind::GivenEnv(name) => {
                self.sign("given");
                self.blank();
                self.sign("env");
                self.blank();
                self.string(name);
            }
            TestStmtKind::Given(name, value) => {
                self.sign("given");
                self.blank();
                self.ident(name);
                self.blank();
                self.mark(false);
                self.sign("=");
                self.blank();
                self.expr(value);
            }
            TestStmtKind::Mock { target, pattern, answer } => {
                self.sign("mock");
                self.blank();
                self.leaf(target.span);
                self.pattern(pattern.as_ref());
                self.blank();
                self.expr(answer);
            }
            TestStmtKind::Run(path) => {
                self.sign("run");
                self.blank();
                self.string(path);
            }
            TestStmtKind::Expect(value) => self.said("expect", Some(value)),
            TestStmtKind::ExpectCalled { negated, target, pattern } => {
                self.sign("expect");
                self.blank();
                if *negated {
                    self.sign("not");
                    self.blank();
                }
                self.sign("called");
                self.blank();
                self.leaf(target.span);
                self.pattern(pattern.as_ref());
            }
            TestStmtKind::Let(item) => self.bound("let", item),
            TestStmtKind::Error => self.is_odd(),
        }
    }

    fn pattern(&mut self, pattern: Option<&StrLit>) {
        if let Some(pattern) = pattern {
            self.blank();
            self.string(pattern);
        }
    }
}
