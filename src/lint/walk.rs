//! One walk over a file: every statement with where it stands, every expression, text and command.

use crate::syntax::tree::{
    Arg, Block, Clauses, Command, CompensationClause, Entry, Expr, ExprKind, FailWhen, File, FnParam, Lasting,
    Modifiers, OnFailPolicy, Rhs, Stmt, StmtKind, StrLit, StrPart, TestStmt, TestStmtKind,
};

/// Which block of a statement another one stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// The top level of the file.
    Top,
    /// The block of a scope, a loop, an action, …
    Body,
    /// One of several blocks of which one runs: an `if`, a `choose`.
    Branch(usize),
    /// One of several statements that run at once.
    Parallel(usize),
    /// `undo`, or the block of `on_fail rollback`
    Undo,
    /// `restore`
    Restore,
    /// `probe`
    Probe,
    /// `finally`
    Finally,
    /// `on_fail { … }`
    Handler,
    /// `ready`
    Ready,
}

/// Takes what is found. Each is called from the outside inwards, in the order of the text.
pub(crate) trait Visitor<'t> {
    /// A statement begins; what it is made of follows.
    fn enter(&mut self, stmt: &'t Stmt, role: Role);
    /// It ends.
    fn leave(&mut self);
    /// An expression, inner ones included.
    fn expr(&mut self, expr: &'t Expr);
    /// A text: a title, a string in an expression.
    fn text(&mut self, text: &'t StrLit);
    /// A command.
    fn command(&mut self, command: &'t Command);
}

/// Walks a whole file.
pub(crate) fn file<'t>(file: &'t File, visitor: &mut dyn Visitor<'t>) {
    stmts(&file.body, Role::Top, visitor);
}

fn stmts<'t>(body: &'t [Stmt], role: Role, v: &mut dyn Visitor<'t>) {
    for stmt in body {
        one(stmt, role, v);
    }
}

fn one<'t>(stmt: &'t Stmt, role: Role, v: &mut dyn Visitor<'t>) {
    v.enter(stmt, role);
    inside(&stmt.kind, v);
    v.leave();
}

fn block<'t>(block: &'t Block, role: Role, v: &mut dyn Visitor<'t>) {
    stmts(&block.body, role, v);
}

fn inside<'t>(kind: &'t StmtKind, v: &mut dyn Visitor<'t>) {
    match kind {
        StmtKind::Header(header) => {
            literal(&header.title, v);
            entries(&header.entries, v);
        }
        StmtKind::Param(param) => {
            maybe(param.default.as_ref(), v);
            maybe(param.one_of.as_ref(), v);
        }
        StmtKind::Secret(secret) => args(&secret.args, v),
        StmtKind::Env(env) => entries(&env.entries, v),
        StmtKind::Action(action) => {
            params(&action.params, v);
            block(&action.body, Role::Body, v);
            clauses(&action.clauses, v);
        }
        StmtKind::CheckDecl(check) => {
            params(&check.params, v);
            block(&check.body, Role::Body, v);
        }
        StmtKind::Fn(function) => {
            params(&function.params, v);
            expr(&function.body, v);
        }
        StmtKind::Test(test) => test.body.iter().for_each(|line| test_line(line, v)),
        StmtKind::Scope(scope) => {
            literal(&scope.title, v);
            modifiers(&scope.modifiers, v);
            block(&scope.body, Role::Body, v);
            clauses(&scope.clauses, v);
        }
        StmtKind::CheckUse(used) => {
            args(&used.args, v);
            modifiers(&used.modifiers, v);
            clauses(&used.clauses, v);
        }
        StmtKind::Background(background) => {
            literal(&background.title, v);
            modifiers(&background.modifiers, v);
            block(&background.body, Role::Body, v);
            if let Some(ready) = &background.ready {
                modifiers(&ready.modifiers, v);
                block(&ready.body, Role::Ready, v);
            }
        }
        StmtKind::Finally(finally) => block(finally, Role::Finally, v),
        StmtKind::Checklist(_)
        | StmtKind::Confirm(_)
        | StmtKind::Manual(_)
        | StmtKind::Choose(_)
        | StmtKind::Approve(_) => people(kind, v),
        StmtKind::If(branch) => {
            expr(&branch.condition, v);
            block(&branch.then, Role::Branch(0), v);
            if let Some(otherwise) = &branch.otherwise {
                block(otherwise, Role::Branch(1), v);
            }
        }
        StmtKind::For(each) => {
            expr(&each.list, v);
            if let Some(Some(count)) = &each.parallel {
                expr(count, v);
            }
            maybe(each.tolerate.as_ref(), v);
            block(&each.body, Role::Body, v);
        }
        StmtKind::Parallel(parallel) => {
            maybe(parallel.tolerate.as_ref(), v);
            for (at, stmt) in parallel.body.body.iter().enumerate() {
                one(stmt, Role::Parallel(at), v);
            }
        }
        StmtKind::On(on) => {
            expr(&on.target, v);
            block(&on.body, Role::Body, v);
        }
        StmtKind::With(with) => {
            with.vars.iter().for_each(|(_, value)| expr(value, v));
            block(&with.body, Role::Body, v);
        }
        StmtKind::Call(call) => {
            maybe(call.with.as_ref(), v);
            modifiers(&call.modifiers, v);
            clauses(&call.clauses, v);
        }
        StmtKind::Let(binding) | StmtKind::Var(binding) => rhs(&binding.value, v),
        StmtKind::Assign(assign) => rhs(&assign.value, v),
        StmtKind::Value(value) => rhs(value, v),
        StmtKind::Assert(assert) => {
            expr(&assert.condition, v);
            maybe(assert.because.as_ref(), v);
        }
        StmtKind::FailWhen(sign) | StmtKind::WarnWhen(sign) => lasting(sign, v),
        StmtKind::Fail(value)
        | StmtKind::Finish(value)
        | StmtKind::Disarm(value)
        | StmtKind::PointOfNoReturn(value)
        | StmtKind::Note(value)
        | StmtKind::Warn(value)
        | StmtKind::Wait(value) => expr(value, v),
        StmtKind::Rollback(value) | StmtKind::Return(value) | StmtKind::Skip(value) | StmtKind::Retry(value) => {
            maybe(value.as_ref(), v);
        }
        StmtKind::Use(_) | StmtKind::Break | StmtKind::Continue | StmtKind::Undo | StmtKind::Stop | StmtKind::Error => {
        }
    }
}

fn people<'t>(kind: &'t StmtKind, v: &mut dyn Visitor<'t>) {
    match kind {
        StmtKind::Checklist(list) => {
            literal(&list.title, v);
            modifiers(&list.modifiers, v);
            list.items.iter().for_each(|item| literal(item, v));
            clauses(&list.clauses, v);
        }
        StmtKind::Confirm(confirm) => {
            literal(&confirm.question, v);
            modifiers(&confirm.modifiers, v);
            clauses(&confirm.clauses, v);
        }
        StmtKind::Manual(manual) => {
            literal(&manual.title, v);
            if let Some(how) = &manual.how {
                literal(how, v);
            }
            modifiers(&manual.modifiers, v);
            if let Some(body) = &manual.body {
                block(body, Role::Body, v);
            }
            clauses(&manual.clauses, v);
        }
        StmtKind::Choose(choose) => {
            literal(&choose.question, v);
            modifiers(&choose.modifiers, v);
            for (at, (answer, body)) in choose.branches.iter().enumerate() {
                literal(answer, v);
                block(body, Role::Branch(at), v);
            }
        }
        StmtKind::Approve(approve) => {
            literal(&approve.what, v);
            maybe(approve.count.as_ref(), v);
            maybe(approve.by.as_ref(), v);
            modifiers(&approve.modifiers, v);
            clauses(&approve.clauses, v);
        }
        _ => {}
    }
}

fn clauses<'t>(clauses: &'t Clauses, v: &mut dyn Visitor<'t>) {
    if let Some(undo) = &clauses.undo {
        compensation(undo, Role::Undo, v);
    }
    if let Some(restore) = &clauses.restore {
        compensation(restore, Role::Restore, v);
    }
    if let Some(probe) = &clauses.probe {
        block(probe, Role::Probe, v);
    }
    match clauses.on_fail.as_deref().map(|on_fail| &on_fail.policy) {
        Some(OnFailPolicy::Rollback(Some(clause))) => compensation(clause, Role::Undo, v),
        Some(OnFailPolicy::Handler(body)) => block(body, Role::Handler, v),
        Some(
            OnFailPolicy::Stop
            | OnFailPolicy::Continue
            | OnFailPolicy::Undo
            | OnFailPolicy::Rollback(None)
            | OnFailPolicy::Ask
            | OnFailPolicy::Error,
        )
        | None => {}
    }
    if let Some(finally) = &clauses.finally {
        block(finally, Role::Finally, v);
    }
}

fn compensation<'t>(clause: &'t CompensationClause, role: Role, v: &mut dyn Visitor<'t>) {
    modifiers(&clause.modifiers, v);
    block(&clause.body, role, v);
}

fn modifiers<'t>(modifiers: &'t Modifiers, v: &mut dyn Visitor<'t>) {
    let Modifiers { when, timeout, retry, within, every, duration, danger, irreversible, tags, tolerate, span: _ } =
        modifiers;
    for value in [when, timeout, within, every, duration, tags, tolerate] {
        maybe(value.as_ref(), v);
    }
    if let Some(retry) = retry {
        expr(&retry.count, v);
        maybe(retry.after.as_ref(), v);
        maybe(retry.backoff.as_ref(), v);
    }
    for text in [danger, irreversible].into_iter().flatten() {
        literal(text, v);
    }
}

fn rhs<'t>(value: &'t Rhs, v: &mut dyn Visitor<'t>) {
    match value {
        Rhs::Expr(value) => expr(value, v),
        Rhs::Command(command) => {
            v.command(command);
            holes(&command.parts, v);
        }
        Rhs::Check(stmt) | Rhs::For(stmt) => one(stmt, Role::Body, v),
    }
}

fn lasting<'t>(sign: &'t FailWhen, v: &mut dyn Visitor<'t>) {
    expr(&sign.condition, v);
    if let Some(Lasting::For(value) | Lasting::Times(value)) = &sign.lasting {
        expr(value, v);
    }
}

fn test_line<'t>(line: &'t TestStmt, v: &mut dyn Visitor<'t>) {
    match &line.kind {
        TestStmtKind::Given(_, value) | TestStmtKind::Expect(value) => expr(value, v),
        TestStmtKind::Mock { answer, .. } => expr(answer, v),
        TestStmtKind::Let(binding) => rhs(&binding.value, v),
        TestStmtKind::GivenEnv(_) | TestStmtKind::Run(_) | TestStmtKind::ExpectCalled { .. } | TestStmtKind::Error => {}
    }
}

fn entries<'t>(entries: &'t [Entry], v: &mut dyn Visitor<'t>) {
    for entry in entries {
        expr(&entry.value, v);
    }
}

fn params<'t>(params: &'t [FnParam], v: &mut dyn Visitor<'t>) {
    for param in params {
        maybe(param.default.as_ref(), v);
    }
}

fn args<'t>(args: &'t [Arg], v: &mut dyn Visitor<'t>) {
    for arg in args {
        expr(&arg.value, v);
    }
}

fn maybe<'t>(value: Option<&'t Expr>, v: &mut dyn Visitor<'t>) {
    if let Some(value) = value {
        expr(value, v);
    }
}

fn literal<'t>(text: &'t StrLit, v: &mut dyn Visitor<'t>) {
    v.text(text);
    holes(&text.parts, v);
}

fn holes<'t>(parts: &'t [StrPart], v: &mut dyn Visitor<'t>) {
    for part in parts {
        if let StrPart::Hole(value, _) = part {
            expr(value, v);
        }
    }
}

fn expr<'t>(value: &'t Expr, v: &mut dyn Visitor<'t>) {
    v.expr(value);
    match &value.kind {
        ExprKind::Str(text) => literal(text, v),
        _ => for_each_child(value, &mut |child| expr(child, v)),
    }
}

/// Calls `f` with each expression directly inside another; of a text with each of its holes.
pub(crate) fn for_each_child<'t>(value: &'t Expr, f: &mut dyn FnMut(&'t Expr)) {
    match &value.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Duration(_)
        | ExprKind::Size(_)
        | ExprKind::Percent(_)
        | ExprKind::Name(_)
        | ExprKind::Error => {}
        ExprKind::Str(text) => {
            for part in &text.parts {
                if let StrPart::Hole(hole, _) = part {
                    f(hole);
                }
            }
        }
        ExprKind::List(items) => items.iter().for_each(f),
        ExprKind::Record(fields) => fields.iter().for_each(|(_, value)| f(value)),
        ExprKind::Unary(_, inner) | ExprKind::Member { object: inner, .. } | ExprKind::Lambda { body: inner, .. } => {
            f(inner);
        }
        ExprKind::Binary(_, _, a, b) | ExprKind::Index(a, b) => {
            f(a);
            f(b);
        }
        ExprKind::Call { callee, args } => {
            f(callee);
            for arg in args {
                f(&arg.value);
            }
        }
        ExprKind::If { condition, then, otherwise } => {
            f(condition);
            f(then);
            f(otherwise);
        }
        ExprKind::Try { body, otherwise } => {
            f(body);
            if let Some(otherwise) = otherwise {
                f(otherwise);
            }
        }
    }
}

/// Whether an expression or one within it is such a one.
pub(crate) fn any(value: &Expr, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
    if test(value) {
        return true;
    }
    let mut found = false;
    for_each_child(value, &mut |child| found = found || any(child, test));
    found
}
