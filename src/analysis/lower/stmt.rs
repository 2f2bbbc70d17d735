//! Statements.

use std::sync::Arc;

use super::super::names::{Mark, Maybe};
use super::super::program::{Assert, Block, Concurrency, FailWhen, For, Lasting, Parallel, Stmt, StmtKind};
use super::call::param_forms;
use super::{Lower, Place};
use crate::catalog::target;
use crate::diag::{Diagnostic, code, did_you_mean};
use crate::eval::Expr;
use crate::eval::expr::SlotId;
use crate::source::Span;
use crate::syntax::tree::{self, StmtKind as Tree};
use crate::value::Type;

impl Lower<'_, '_, '_> {
    /// Lowers a statement, with what must run before it.
    pub(in crate::analysis) fn statement(&mut self, stmt: &tree::Stmt, out: &mut Vec<Stmt>) {
        let span = stmt.span;
        match &stmt.kind {
            Tree::Let(binding) => self.binding(binding, false, span, out),
            Tree::Var(binding) => self.binding(binding, true, span, out),
            Tree::Assign(assign) => self.assignment(assign, span, out),
            Tree::Value(rhs) => self.value_statement(rhs, span, out),
            Tree::Scope(_) | Tree::CheckUse(_) => self.scope_statement(stmt, None, out),
            Tree::Checklist(_) | Tree::Confirm(_) | Tree::Manual(_) | Tree::Choose(_) | Tree::Approve(_) => {
                self.person_statement(stmt, out);
            }
            Tree::Call(call) => self.call_statement(call, span, out),
            Tree::Background(background) => self.background(background, span, out),
            Tree::If(branch) => self.if_statement(branch, span, out),
            Tree::For(_) => self.loop_statement(stmt, None, out),
            Tree::Parallel(parallel) => self.parallel_statement(parallel, span, out),
            Tree::On(on) => self.on_statement(on, span, out),
            Tree::With(with) => self.with_statement(with, span, out),
            Tree::Assert(assert) => self.assert_statement(assert, span, out),
            Tree::FailWhen(sign) => self.sign(sign, false, span, out),
            Tree::WarnWhen(sign) => self.sign(sign, true, span, out),
            Tree::Fail(why) => self.saying(why, span, out, StmtKind::Fail),
            Tree::Finish(why) => self.saying(why, span, out, StmtKind::Finish),
            Tree::Disarm(why) => self.saying(why, span, out, StmtKind::Disarm),
            Tree::PointOfNoReturn(why) => self.saying(why, span, out, StmtKind::PointOfNoReturn),
            Tree::Note(text) => self.saying(text, span, out, StmtKind::Note),
            Tree::Warn(text) => self.saying(text, span, out, StmtKind::Warn),
            Tree::Wait(duration) => {
                let (value, ty) = self.expr(duration);
                self.must_fit(&ty, &Type::Duration, duration.span, "what is waited for");
                self.push(StmtKind::Wait(value), span, out);
            }
            Tree::Rollback(Some(why)) => self.saying(why, span, out, |why| StmtKind::Rollback(Some(why))),
            Tree::Rollback(None) => self.handler_word("rollback", StmtKind::Rollback(None), span, out),
            Tree::Continue => self.handler_word("continue", StmtKind::Continue, span, out),
            Tree::Undo => self.handler_word("undo", StmtKind::Undo, span, out),
            Tree::Stop => self.handler_word("stop", StmtKind::Stop, span, out),
            Tree::Retry(times) => {
                let times = times.as_ref().map(|times| {
                    let (value, ty) = self.expr(times);
                    self.must_fit(&ty, &Type::Int, times.span, "how often to retry");
                    value
                });
                self.handler_word("retry", StmtKind::Retry(times), span, out);
            }
            Tree::Return(value) => {
                if !self.place.in_action {
                    self.misplaced(
                        span,
                        "`return` stands only in an action",
                        "to end the run early write: finish \"why\"",
                    );
                }
                let value = value.as_ref().map(|value| {
                    let (lowered, ty) = self.expr(value);
                    let wanted = self.returns.clone();
                    self.must_fit(&ty, &wanted, value.span, "what the action returns");
                    lowered
                });
                self.push(StmtKind::Return(value), span, out);
            }
            Tree::Break => {
                if !self.place.in_loop {
                    self.misplaced(span, "`break` stands only in a loop", "to leave a step write: skip \"why\"");
                }
                self.push(StmtKind::Break, span, out);
            }
            Tree::Skip(why) => {
                if !self.place.in_step && !self.place.in_loop {
                    self.misplaced(
                        span,
                        "`skip` leaves a step, a check or an iteration, and this is none",
                        "to end the run early write: finish \"why\"",
                    );
                }
                let why = why.as_ref().map(|why| self.text(why));
                if self.names.skipped.is_none() {
                    self.names.skipped = Some(self.names.mark());
                }
                self.push(StmtKind::Skip(why), span, out);
            }
            Tree::Finally(_) => {
                // One that stands directly in a scope is part of that scope.
                if !self.taken.contains(&span) {
                    let message = "this `finally` belongs to nothing that ends: it stands in no phase or step directly";
                    self.misplaced(span, message, "move it to the end of the phase or step around it");
                }
            }
            Tree::Header(_)
            | Tree::Use(_)
            | Tree::Param(_)
            | Tree::Secret(_)
            | Tree::Env(_)
            | Tree::Action(_)
            | Tree::CheckDecl(_)
            | Tree::Fn(_)
            | Tree::Test(_) => {
                let help = "move it out of the braces around it";
                self.misplaced(span, "a declaration stands at the top level of the file", help);
            }
            Tree::Error => {}
        }
    }

    pub(super) fn push(&mut self, kind: StmtKind, span: Span, out: &mut Vec<Stmt>) {
        out.append(&mut self.before);
        out.push(Stmt { kind, span });
    }

    pub(in crate::analysis) fn misplaced(&mut self, span: Span, message: &str, help: &str) {
        let mut diagnostic = Diagnostic::error(&code::MISPLACED, span, message, "");
        if !help.is_empty() {
            diagnostic = diagnostic.help(help);
        }
        self.report(diagnostic);
    }

    /// An expression that people read.
    pub(super) fn text(&mut self, expr: &tree::Expr) -> Expr {
        match &expr.kind {
            tree::ExprKind::Str(literal) => self.title(literal),
            _ => self.expr(expr).0,
        }
    }

    fn saying(&mut self, text: &tree::Expr, span: Span, out: &mut Vec<Stmt>, kind: impl FnOnce(Expr) -> StmtKind) {
        let text = self.text(text);
        self.push(kind(text), span, out);
    }

    fn handler_word(&mut self, word: &str, kind: StmtKind, span: Span, out: &mut Vec<Stmt>) {
        if !self.place.in_handler {
            let message = format!("`{word}` ends a handler, and this is none");
            let help = match word {
                "rollback" => "to take the run back from here write: rollback \"why\"",
                "continue" => "to leave an iteration write: skip",
                _ => "it stands at the end of: on_fail { … }",
            };
            self.misplaced(span, &message, help);
        }
        self.push(kind, span, out);
    }

    fn if_statement(&mut self, branch: &tree::If, span: Span, out: &mut Vec<Stmt>) {
        let (condition, ty) = self.expr(&branch.condition);
        self.must_fit(&ty, &Type::Bool, branch.condition.span, "a condition");
        let mut before = std::mem::take(&mut self.before);
        let mark = self.names.mark();
        let narrowed = self.narrow(&branch.condition);
        let conditions = self.names.conditions.len();
        let assumed = self.assumed(&branch.condition);
        self.names.conditions.extend(assumed);
        let then = self.block(&branch.then);
        self.names.conditions.truncate(conditions);
        self.widen(narrowed);
        let mut ways = Vec::new();
        if !leaves(&then) {
            ways.push(self.names.since(mark));
        }
        self.names.reset(mark);
        let narrowed = self.narrow_unless(&branch.condition);
        let otherwise = branch.otherwise.as_ref().map_or_else(Block::default, |block| self.block(block));
        self.widen(narrowed);
        if !leaves(&otherwise) {
            ways.push(self.names.since(mark));
        }
        let stable = if branch.otherwise.is_none() { self.stable(&branch.condition) } else { None };
        let why = Maybe { why: "it is bound only in one branch of an `if`".to_owned(), condition: stable };
        self.names.reset(mark);
        self.names.join(ways, &why);
        if leaves(&then) {
            self.learn(&branch.condition, false);
        }
        out.append(&mut before);
        let otherwise = Block { pure: super::super::pure::is_pure(&otherwise.body), ..otherwise };
        out.push(Stmt { kind: StmtKind::If { condition, then, otherwise }, span });
    }

    fn loop_statement(&mut self, stmt: &tree::Stmt, results: Option<SlotId>, out: &mut Vec<Stmt>) {
        let Tree::For(each) = &stmt.kind else { return };
        let (list, ty) = self.expr(&each.list);
        let item_type = match &ty {
            Type::List(item) => (**item).clone(),
            Type::Any => Type::Any,
            other => {
                self.must_fit(other, &Type::list(Type::Any), each.list.span, "what `for` goes through");
                Type::Any
            }
        };
        let parallel = match &each.parallel {
            None => Concurrency::Sequential,
            Some(None) => Concurrency::Unbounded,
            Some(Some(count)) => {
                let (value, ty) = self.expr(count);
                self.must_fit(&ty, &Type::Int, count.span, "how many at a time");
                Concurrency::AtMost(value)
            }
        };
        let tolerate = each.tolerate.as_ref().map(|tolerate| self.tolerate(tolerate));
        let mut before = std::mem::take(&mut self.before);
        let is_parallel = !matches!(parallel, Concurrency::Sequential);
        let first_slot = SlotId::try_from(self.names.infos.len()).unwrap_or(SlotId::MAX);
        self.names.push();
        let skipped = self.names.skipped.take();
        self.names.parallel += usize::from(is_parallel);
        let item = self.bind(&each.item, item_type, false);
        let place = Place { in_loop: true, ..self.place };
        let body = self.at(place, |lower| lower.block(&each.body));
        self.names.parallel -= usize::from(is_parallel);
        self.names.skipped = skipped;
        self.names.pop("this loop");
        let last_slot = SlotId::try_from(self.names.infos.len()).unwrap_or(SlotId::MAX);
        let binds = (first_slot..last_slot).collect();
        let value = results.and_then(|_| last_value(&body));
        out.append(&mut before);
        let lowered = For { item, list, parallel, tolerate, body, results, value, binds };
        out.push(Stmt { kind: StmtKind::For(Box::new(lowered)), span: stmt.span });
    }

    pub(super) fn loop_with_results(&mut self, stmt: &tree::Stmt, slot: SlotId, out: &mut Vec<Stmt>) {
        self.loop_statement(stmt, Some(slot), out);
    }

    pub(super) fn tolerate(&mut self, tolerate: &tree::Expr) -> Expr {
        let (value, ty) = self.expr(tolerate);
        if !matches!(ty, Type::Int | Type::Percent | Type::Any) {
            self.must_fit(&ty, &Type::Percent, tolerate.span, "what `tolerate` allows");
        }
        value
    }

    fn parallel_statement(&mut self, parallel: &tree::Parallel, span: Span, out: &mut Vec<Stmt>) {
        let tolerate = parallel.tolerate.as_ref().map(|tolerate| self.tolerate(tolerate));
        let mut before = std::mem::take(&mut self.before);
        let mut branches = Vec::new();
        self.names.parallel += 1;
        for stmt in &parallel.body.body {
            self.names.push();
            branches.push(self.statements(std::slice::from_ref(stmt)));
            self.names.pop("this parallel branch");
        }
        self.names.parallel -= 1;
        out.append(&mut before);
        let lowered = Parallel { branches, tolerate, binds: Vec::new() };
        out.push(Stmt { kind: StmtKind::Parallel(Box::new(lowered)), span });
    }

    fn on_statement(&mut self, on: &tree::On, span: Span, out: &mut Vec<Stmt>) {
        let target = match &on.target.kind {
            tree::ExprKind::Call { callee, args } => match &callee.kind {
                tree::ExprKind::Name(name) => Some((&**name, args.as_slice(), callee.span)),
                _ => None,
            },
            _ => None,
        };
        match target {
            Some(("dir", [folder], _)) if folder.name.is_none() => {
                let (dir, ty) = self.expr(&folder.value);
                self.must_fit(&ty, &Type::String, folder.value.span, "a folder");
                let mut before = std::mem::take(&mut self.before);
                let body = self.block(&on.body);
                out.append(&mut before);
                out.push(Stmt { kind: StmtKind::OnDir { dir, body }, span });
            }
            Some((word, args, _)) if target::find(word).is_some() => {
                let Some(form) = target::find(word) else { return };
                let args = self.arguments(&format!("on {word}"), &param_forms(form.params), args, on.target.span);
                let mut before = std::mem::take(&mut self.before);
                let body = self.block(&on.body);
                out.append(&mut before);
                // What is wrong with the place is told of the place, not of all that runs there.
                out.push(Stmt { kind: StmtKind::On { form, args, body }, span: on.target.span });
            }
            _ => {
                let names = target::TARGETS.iter().map(|form| form.name).chain(["dir"]);
                let message = "`on` says where commands run, and this is no such place";
                let help = match target.and_then(|(word, ..)| did_you_mean(word, names.clone())) {
                    Some(near) => format!("did you mean `on {near}(…)`?"),
                    None => format!(
                        "it is one of: {}",
                        names.map(|name| format!("on {name}(…)")).collect::<Vec<_>>().join(", ")
                    ),
                };
                self.report(Diagnostic::error(&code::UNKNOWN_NAME, on.target.span, message, "").help(help));
                self.block(&on.body);
            }
        }
    }

    fn with_statement(&mut self, with: &tree::With, span: Span, out: &mut Vec<Stmt>) {
        let mut vars = Vec::new();
        let known = self.declared.secret_vars.len();
        let mut secret = Vec::new();
        for (name, value) in &with.vars {
            let (lowered, ty) = self.expr(value);
            if ty.is_secret() {
                secret.push(Arc::clone(&name.name));
            }
            vars.push((Arc::clone(&name.name), lowered));
        }
        self.declared.secret_vars.extend(secret);
        let mut before = std::mem::take(&mut self.before);
        let body = self.block(&with.body);
        self.declared.secret_vars.truncate(known);
        out.append(&mut before);
        out.push(Stmt { kind: StmtKind::With { vars, body }, span });
    }

    fn assert_statement(&mut self, assert: &tree::Assert, span: Span, out: &mut Vec<Stmt>) {
        let outer = std::mem::take(&mut self.before);
        let (condition, ty) = self.expr(&assert.condition);
        if !ty.fits(&Type::Bool) {
            let message = format!("an assert says what must be true, and this is {}", super::a(&ty));
            let help = format!("compare it with something: assert {} == …", self.source(assert.condition.span));
            self.report(
                Diagnostic::error(&code::WRONG_TYPE, assert.condition.span, message, format!("{ty}")).help(help),
            );
        }
        self.learn(&assert.condition, true);
        let because = assert.because.as_ref().map(|because| self.text(because));
        let calls = std::mem::replace(&mut self.before, outer);
        let before = Block { pure: super::super::pure::is_pure(&calls), body: calls };
        let lowered = Assert { before, condition, because, span };
        // Adjacent asserts are one group.
        if let Some(Stmt { kind: StmtKind::Asserts(group), .. }) = out.last_mut() {
            group.push(lowered);
            return;
        }
        self.push(StmtKind::Asserts(vec![lowered]), span, out);
    }

    fn sign(&mut self, sign: &tree::FailWhen, warns: bool, span: Span, out: &mut Vec<Stmt>) {
        if !self.place.sampling {
            let word = if warns { "warn_when" } else { "fail_when" };
            let message = format!("`{word}` stands only in a monitor or a guard, which watch for a time");
            self.misplaced(span, &message, "to look once write: assert …");
        }
        let outer = std::mem::take(&mut self.before);
        let (condition, ty) = self.expr(&sign.condition);
        self.must_fit(&ty, &Type::Bool, sign.condition.span, "a bad sign");
        let calls = std::mem::replace(&mut self.before, outer);
        let lasting = match &sign.lasting {
            None => Lasting::Once,
            Some(tree::Lasting::For(duration)) => {
                let (value, ty) = self.expr(duration);
                self.must_fit(&ty, &Type::Duration, duration.span, "how long it must last");
                Lasting::For(value)
            }
            Some(tree::Lasting::Times(count)) => {
                let (value, ty) = self.expr(count);
                self.must_fit(&ty, &Type::Int, count.span, "how often it must be seen");
                Lasting::Times(value)
            }
        };
        let index = self.signs;
        self.signs += 1;
        let before = Block { pure: super::super::pure::is_pure(&calls), body: calls };
        let lowered = FailWhen { index, warns, before, condition, lasting };
        self.push(StmtKind::FailWhen(Box::new(lowered)), span, out);
    }

    /// Lowers a block in which what is bound may not come to be.
    pub(super) fn doubted(&mut self, mark: Mark, why: String, condition: Option<Arc<str>>) {
        self.names.doubt_since(mark, &Maybe { why, condition });
    }
}

/// Whether a block never comes to its end.
pub(super) fn leaves(block: &Block) -> bool {
    block.body.last().is_some_and(|stmt| match &stmt.kind {
        StmtKind::Fail(_)
        | StmtKind::Rollback(_)
        | StmtKind::Finish(_)
        | StmtKind::Return(_)
        | StmtKind::Break
        | StmtKind::Skip(_)
        | StmtKind::Retry(_)
        | StmtKind::Undo
        | StmtKind::Stop => true,
        StmtKind::If { then, otherwise, .. } => leaves(then) && leaves(otherwise),
        StmtKind::With { body, .. } | StmtKind::OnDir { body, .. } | StmtKind::On { body, .. } => leaves(body),
        _ => false,
    })
}

/// The slot that the last statement of an iteration binds.
fn last_value(body: &Block) -> Option<SlotId> {
    match &body.body.last()?.kind {
        StmtKind::Bind { slot, .. } => Some(*slot),
        StmtKind::Act(act) => act.slot,
        StmtKind::Try(tried) => tried.slot,
        StmtKind::Scope(scope) => scope.binds.last().copied(),
        _ => None,
    }
}
