//! A compact, readable dump of the tree: one line a statement, expressions fully bracketed.

use std::fmt::Write as _;

use rbk::syntax::tree::*;

/// The outline of a file.
pub(crate) fn file(file: &File) -> String {
    let mut out = String::new();
    stmts(&mut out, 0, &file.body);
    for comment in &file.comments {
        let kind = if comment.is_doc { "##" } else { "#" };
        let place = if comment.owns_line { "own" } else { "behind" };
        let _ = writeln!(out, "{kind} {place}: {}", comment.text);
    }
    out
}

fn line(out: &mut String, depth: usize, text: &str) {
    let _ = writeln!(out, "{}{text}", "  ".repeat(depth));
}

fn stmts(out: &mut String, depth: usize, body: &[Stmt]) {
    for item in body {
        stmt(out, depth, item);
    }
}

fn stmt(out: &mut String, depth: usize, item: &Stmt) {
    let inner = depth + 1;
    match &item.kind {
        StmtKind::Header(header) => {
            line(out, depth, &format!("runbook {}", string(&header.title)));
            entries(out, inner, &header.entries);
        }
        StmtKind::Use(item) => {
            let source = match &item.source {
                UseSource::Std(path) => joined(path),
                UseSource::File(file) => string(file),
            };
            let alias = item.alias.as_ref().map(|name| format!(" as {}", name.name)).unwrap_or_default();
            line(out, depth, &format!("use {source}{alias}"));
        }
        StmtKind::Param(param) => {
            let mut text = format!("param {}: {}", param.name.name, ty(&param.ty));
            opt(&mut text, " = ", param.default.as_ref().map(expr));
            opt(&mut text, " matching ", param.matching.as_ref().map(string));
            opt(&mut text, " one_of ", param.one_of.as_ref().map(expr));
            doc(&mut text, param.doc.as_deref());
            line(out, depth, &text);
        }
        StmtKind::Secret(secret) => {
            let mut text = format!("secret {} from {}({})", secret.name.name, secret.source.name, args(&secret.args));
            doc(&mut text, secret.doc.as_deref());
            line(out, depth, &text);
        }
        StmtKind::Env(env) => {
            let mut text = format!("env {}", env.name.name);
            opt(&mut text, " extends ", env.extends.as_ref().map(|name| name.name.to_string()));
            doc(&mut text, env.doc.as_deref());
            line(out, depth, &text);
            entries(out, inner, &env.entries);
        }
        StmtKind::Action(action) => {
            let mut text = format!("action {}({})", action.name.name, params(&action.params));
            opt(&mut text, " ", action.effect.map(|(word, _)| format!("{word:?}")));
            opt(&mut text, " -> ", action.returns.as_ref().map(ty));
            doc(&mut text, action.doc.as_deref());
            line(out, depth, &text);
            stmts(out, inner, &action.body.body);
            clauses(out, depth, &action.clauses);
        }
        StmtKind::CheckDecl(check) => {
            let mut text = format!("check {}({})", check.name.name, params(&check.params));
            doc(&mut text, check.doc.as_deref());
            line(out, depth, &text);
            stmts(out, inner, &check.body.body);
        }
        StmtKind::Fn(function) => {
            let mut text =
                format!("fn {}({}) = {}", function.name.name, params(&function.params), expr(&function.body));
            doc(&mut text, function.doc.as_deref());
            line(out, depth, &text);
        }
        StmtKind::Test(test) => {
            line(out, depth, &format!("test {}", string(&test.title)));
            for item in &test.body {
                line(out, inner, &test_stmt(&item.kind));
            }
        }
        StmtKind::Scope(scope) => {
            let head = format!("{} {}{}", scope.kind.word(), string(&scope.title), modifiers(&scope.modifiers));
            line(out, depth, &head);
            stmts(out, inner, &scope.body.body);
            clauses(out, depth, &scope.clauses);
        }
        StmtKind::CheckUse(check) => {
            let head =
                format!("use-check {}({}){}", joined(&check.name), args(&check.args), modifiers(&check.modifiers));
            line(out, depth, &head);
            clauses(out, depth, &check.clauses);
        }
        StmtKind::Background(item) => {
            line(out, depth, &format!("background {}{}", string(&item.title), modifiers(&item.modifiers)));
            stmts(out, inner, &item.body.body);
            if let Some(ready) = &item.ready {
                line(out, depth, &format!("+ready{}", modifiers(&ready.modifiers)));
                stmts(out, inner, &ready.body.body);
            }
        }
        StmtKind::Finally(block) => block_line(out, depth, "finally", block),
        StmtKind::Checklist(item) => {
            line(out, depth, &format!("checklist {}{}", string(&item.title), modifiers(&item.modifiers)));
            for text in &item.items {
                line(out, inner, &string(text));
            }
            clauses(out, depth, &item.clauses);
        }
        StmtKind::Confirm(item) => {
            line(out, depth, &format!("confirm {}{}", string(&item.question), modifiers(&item.modifiers)));
            clauses(out, depth, &item.clauses);
        }
        StmtKind::Manual(item) => {
            let mut text = format!("manual {}", string(&item.title));
            opt(&mut text, " how ", item.how.as_ref().map(string));
            line(out, depth, &(text + &modifiers(&item.modifiers)));
            if let Some(block) = &item.body {
                stmts(out, inner, &block.body);
            }
            clauses(out, depth, &item.clauses);
        }
        StmtKind::Choose(item) => {
            line(out, depth, &format!("choose {}{}", string(&item.question), modifiers(&item.modifiers)));
            for (answer, block) in &item.branches {
                block_line(out, inner, &string(answer), block);
            }
        }
        StmtKind::Approve(item) => {
            let mut text = format!("approve {}", string(&item.what));
            opt(&mut text, " count ", item.count.as_ref().map(expr));
            opt(&mut text, " by ", item.by.as_ref().map(expr));
            line(out, depth, &(text + &modifiers(&item.modifiers)));
            clauses(out, depth, &item.clauses);
        }
        StmtKind::If(item) => {
            block_line(out, depth, &format!("if {}", expr(&item.condition)), &item.then);
            if let Some(block) = &item.otherwise {
                block_line(out, depth, "else", block);
            }
        }
        StmtKind::For(item) => {
            let mut text = format!("for {} in {}", item.item.name, expr(&item.list));
            if let Some(limit) = &item.parallel {
                text += " parallel";
                opt(&mut text, " ", limit.as_ref().map(expr));
            }
            opt(&mut text, " tolerate ", item.tolerate.as_ref().map(expr));
            block_line(out, depth, &text, &item.body);
        }
        StmtKind::Parallel(item) => {
            let mut text = "parallel".to_owned();
            opt(&mut text, " tolerate ", item.tolerate.as_ref().map(expr));
            block_line(out, depth, &text, &item.body);
        }
        StmtKind::On(item) => block_line(out, depth, &format!("on {}", expr(&item.target)), &item.body),
        StmtKind::With(item) => {
            let vars: Vec<String> =
                item.vars.iter().map(|(name, value)| format!("{}={}", name.name, expr(value))).collect();
            block_line(out, depth, &format!("with {}", vars.join(", ")), &item.body);
        }
        StmtKind::Call(item) => {
            let mut text = format!("call {}", string(&item.path));
            opt(&mut text, " with ", item.with.as_ref().map(expr));
            line(out, depth, &(text + &modifiers(&item.modifiers)));
            clauses(out, depth, &item.clauses);
        }
        StmtKind::Let(item) => bound(out, depth, "let", item),
        StmtKind::Var(item) => bound(out, depth, "var", item),
        StmtKind::Assign(item) => rhs(out, depth, &format!("{} = ", item.name.name), &item.value),
        StmtKind::Value(value) => rhs(out, depth, "", value),
        StmtKind::Assert(item) => {
            let mut text = format!("assert {}", expr(&item.condition));
            opt(&mut text, " because ", item.because.as_ref().map(expr));
            line(out, depth, &text);
        }
        StmtKind::FailWhen(item) => line(out, depth, &fail_when("fail_when", item)),
        StmtKind::WarnWhen(item) => line(out, depth, &fail_when("warn_when", item)),
        StmtKind::Fail(value) => word(out, depth, "fail", Some(value)),
        StmtKind::Rollback(value) => word(out, depth, "rollback", value.as_ref()),
        StmtKind::Finish(value) => word(out, depth, "finish", Some(value)),
        StmtKind::Disarm(value) => word(out, depth, "disarm", Some(value)),
        StmtKind::PointOfNoReturn(value) => word(out, depth, "point_of_no_return", Some(value)),
        StmtKind::Note(value) => word(out, depth, "note", Some(value)),
        StmtKind::Warn(value) => word(out, depth, "warn", Some(value)),
        StmtKind::Wait(value) => word(out, depth, "wait", Some(value)),
        StmtKind::Return(value) => word(out, depth, "return", value.as_ref()),
        StmtKind::Skip(value) => word(out, depth, "skip", value.as_ref()),
        StmtKind::Retry(value) => word(out, depth, "retry", value.as_ref()),
        StmtKind::Break => line(out, depth, "break"),
        StmtKind::Continue => line(out, depth, "continue"),
        StmtKind::Undo => line(out, depth, "undo"),
        StmtKind::Stop => line(out, depth, "stop"),
        StmtKind::Error => line(out, depth, "ERROR"),
    }
}

fn word(out: &mut String, depth: usize, name: &str, value: Option<&Expr>) {
    let mut text = name.to_owned();
    opt(&mut text, " ", value.map(expr));
    line(out, depth, &text);
}

fn bound(out: &mut String, depth: usize, word: &str, item: &Let) {
    let mut head = format!("{word} {}{}", if item.secret { "secret " } else { "" }, item.name.name);
    opt(&mut head, ": ", item.ty.as_ref().map(ty));
    rhs(out, depth, &(head + " = "), &item.value);
}

fn rhs(out: &mut String, depth: usize, head: &str, value: &Rhs) {
    match value {
        Rhs::Expr(value) => line(out, depth, &format!("{head}{}", expr(value))),
        Rhs::Command(item) => line(out, depth, &format!("{head}{}", command(item))),
        Rhs::Check(item) | Rhs::For(item) => {
            line(out, depth, head.trim_end());
            stmt(out, depth + 1, item);
        }
    }
}

fn command(item: &Command) -> String {
    let words = format!("{}{}", if item.tried { "try " } else { "" }, if item.reads { "reads " } else { "" });
    format!("{words}${} {}", if item.is_script { " script" } else { "" }, parts(&item.parts))
}

fn fail_when(word: &str, item: &FailWhen) -> String {
    let lasting = match &item.lasting {
        Some(Lasting::For(value)) => format!(" for {}", expr(value)),
        Some(Lasting::Times(value)) => format!(" times {}", expr(value)),
        None => String::new(),
    };
    format!("{word} {}{lasting}", expr(&item.condition))
}

fn block_line(out: &mut String, depth: usize, head: &str, block: &Block) {
    line(out, depth, head);
    stmts(out, depth + 1, &block.body);
}

fn entries(out: &mut String, depth: usize, entries: &[Entry]) {
    for entry in entries {
        line(out, depth, &format!("{} = {}", entry.key.name, expr(&entry.value)));
    }
}

fn opt(text: &mut String, before: &str, value: Option<String>) {
    if let Some(value) = value {
        text.push_str(before);
        text.push_str(&value);
    }
}

fn doc(text: &mut String, doc: Option<&str>) {
    opt(text, " -- ", doc.map(|doc| doc.replace('\n', " | ")));
}

fn joined(path: &Path) -> String {
    path.segments.iter().map(|segment| segment.name.as_ref()).collect::<Vec<_>>().join(".")
}

fn modifiers(item: &Modifiers) -> String {
    let mut text = String::new();
    opt(&mut text, " when ", item.when.as_ref().map(expr));
    opt(&mut text, " timeout ", item.timeout.as_ref().map(expr));
    if let Some(retry) = &item.retry {
        opt(&mut text, " retry ", Some(expr(&retry.count)));
        opt(&mut text, " after ", retry.after.as_ref().map(expr));
        opt(&mut text, " backoff ", retry.backoff.as_ref().map(expr));
    }
    opt(&mut text, " within ", item.within.as_ref().map(expr));
    opt(&mut text, " every ", item.every.as_ref().map(expr));
    opt(&mut text, " for ", item.duration.as_ref().map(expr));
    opt(&mut text, " danger ", item.danger.as_ref().map(string));
    opt(&mut text, " irreversible ", item.irreversible.as_ref().map(string));
    opt(&mut text, " tags ", item.tags.as_ref().map(expr));
    opt(&mut text, " tolerate ", item.tolerate.as_ref().map(expr));
    text
}

fn clauses(out: &mut String, depth: usize, item: &Clauses) {
    let compensation = |out: &mut String, word: &str, clause: &CompensationClause| {
        block_line(out, depth, &format!("+{word}{}", modifiers(&clause.modifiers)), &clause.body);
    };
    if let Some(clause) = &item.undo {
        compensation(out, "undo", clause);
    }
    if let Some(clause) = &item.restore {
        compensation(out, "restore", clause);
    }
    if let Some(block) = &item.probe {
        block_line(out, depth, "+probe", block);
    }
    if let Some(on_fail) = &item.on_fail {
        match &on_fail.policy {
            OnFailPolicy::Rollback(Some(clause)) => compensation(out, "on_fail rollback", clause),
            OnFailPolicy::Handler(block) => block_line(out, depth, "+on_fail", block),
            OnFailPolicy::Rollback(None) => line(out, depth, "+on_fail rollback"),
            OnFailPolicy::Stop => line(out, depth, "+on_fail stop"),
            OnFailPolicy::Continue => line(out, depth, "+on_fail continue"),
            OnFailPolicy::Undo => line(out, depth, "+on_fail undo"),
            OnFailPolicy::Ask => line(out, depth, "+on_fail ask"),
            OnFailPolicy::Error => line(out, depth, "+on_fail ERROR"),
        }
    }
    if let Some(block) = &item.finally {
        block_line(out, depth, "+finally", block);
    }
}

fn params(items: &[FnParam]) -> String {
    let shown = items.iter().map(|param| {
        let mut text = param.name.name.to_string();
        opt(&mut text, ": ", param.ty.as_ref().map(ty));
        opt(&mut text, " = ", param.default.as_ref().map(expr));
        text
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn args(items: &[Arg]) -> String {
    let shown = items.iter().map(|arg| match &arg.name {
        Some(name) => format!("{}: {}", name.name, expr(&arg.value)),
        None => expr(&arg.value),
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn ty(item: &TypeExpr) -> String {
    match &item.kind {
        TypeExprKind::Name(name) => name.to_string(),
        TypeExprKind::List(inner) => format!("list<{}>", ty(inner)),
        TypeExprKind::Optional(inner) => format!("{}?", ty(inner)),
        TypeExprKind::Record(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, inner)| format!("{}: {}", name.name, ty(inner))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
    }
}

fn test_stmt(item: &TestStmtKind) -> String {
    match item {
        TestStmtKind::GivenEnv(name) => format!("given env {}", string(name)),
        TestStmtKind::Given(name, value) => format!("given {} = {}", name.name, expr(value)),
        TestStmtKind::Mock { target, pattern, answer } => {
            format!("mock {} {} {}", joined(target), pattern.as_ref().map(string).unwrap_or_default(), expr(answer))
        }
        TestStmtKind::Run(path) => format!("run {}", string(path)),
        TestStmtKind::Expect(value) => format!("expect {}", expr(value)),
        TestStmtKind::ExpectCalled { negated, target, pattern } => {
            let not = if *negated { "not " } else { "" };
            format!("expect {not}called {} {}", joined(target), pattern.as_ref().map(string).unwrap_or_default())
        }
        TestStmtKind::Let(item) => {
            let mut out = String::new();
            bound(&mut out, 0, "let", item);
            out.trim_end().to_owned()
        }
        TestStmtKind::Error => "ERROR".to_owned(),
    }
}

fn string(item: &StrLit) -> String {
    format!("\"{}\"", parts(&item.parts))
}

fn parts(items: &[StrPart]) -> String {
    let shown = items.iter().map(|part| match part {
        StrPart::Text(text, _) => text.escape_debug().to_string(),
        StrPart::Hole(value, _) => format!("${{{}}}", expr(value)),
    });
    shown.collect::<Vec<_>>().join("·")
}

fn list(items: &[Expr]) -> String {
    items.iter().map(expr).collect::<Vec<_>>().join(", ")
}

fn expr(item: &Expr) -> String {
    match &item.kind {
        ExprKind::Null => "null".to_owned(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Duration(value) => format!("{value}ns"),
        ExprKind::Size(value) => format!("{value}B"),
        ExprKind::Percent(value) => format!("{value:?}ratio"),
        ExprKind::Str(value) => string(value),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Record(items) => {
            let shown: Vec<String> =
                items.iter().map(|(key, value)| format!("{}: {}", key.name, expr(value))).collect();
            format!("{{{}}}", shown.join(", "))
        }
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Unary(UnaryOp::Not, value) => format!("(not {})", expr(value)),
        ExprKind::Unary(UnaryOp::Negate, value) => format!("(-{})", expr(value)),
        ExprKind::Binary(op, _, left, right) => format!("({} {} {})", expr(left), op.symbol(), expr(right)),
        ExprKind::Member { object, name, optional } => {
            format!("{}{}.{}", expr(object), if *optional { "?" } else { "" }, name.name)
        }
        ExprKind::Index(object, index) => format!("{}[{}]", expr(object), expr(index)),
        ExprKind::Call { callee, args: items } => format!("{}({})", expr(callee), args(items)),
        ExprKind::Lambda { params, body } => {
            let names: Vec<&str> = params.iter().map(|name| name.name.as_ref()).collect();
            format!("(|{}| {})", names.join(", "), expr(body))
        }
        ExprKind::If { condition, then, otherwise } => {
            format!("(if {} {{{}}} else {{{}}})", expr(condition), expr(then), expr(otherwise))
        }
        ExprKind::Try { body, otherwise } => match otherwise {
            Some(other) => format!("(try {} else {})", expr(body), expr(other)),
            None => format!("(try {})", expr(body)),
        },
        ExprKind::Error => "ERROR".to_owned(),
    }
}
