//! Scopes: phases, steps, checks, monitors, guards, and calls of other runbooks.

use std::sync::Arc;

use super::super::modules::PATHS;
use super::super::names::{Mark, Maybe};
use super::super::program::{Background, Block, Clauses, Ready, Scope, ScopeBody, Stmt, StmtKind};
use super::modifiers::{STEP, allowed};
use super::{Doing, Lower, Place};
use crate::catalog::Effect;
use crate::diag::{Diagnostic, code};
use crate::eval::Expr;
use crate::eval::expr::SlotId;
use crate::source::Span;
use crate::syntax::tree::{self, ScopeKind, StmtKind as Tree};
use crate::value::Type;

/// What a scope put aside while its inside is lowered.
pub(super) struct Outside {
    effect: Option<Effect>,
    uses: Vec<SlotId>,
    pub(super) mark: Mark,
    /// Slots from here on were made inside.
    first: SlotId,
    skipped: Option<Mark>,
    conditions: usize,
}

impl Lower<'_, '_, '_> {
    /// `phase`, `step`, `check`, `monitor`, `guard`, and uses of declared checks.
    pub(super) fn scope_statement(&mut self, stmt: &tree::Stmt, verdict: Option<SlotId>, out: &mut Vec<Stmt>) {
        match &stmt.kind {
            Tree::Scope(scope) => self.scope(scope, stmt.span, verdict, out),
            Tree::CheckUse(used) => self.check_use(used, stmt.span, verdict, out),
            _ => {}
        }
    }

    fn scope(&mut self, scope: &tree::Scope, span: Span, verdict: Option<SlotId>, out: &mut Vec<Stmt>) {
        self.may_stand(scope);
        let title = self.title(&scope.title);
        let name = self.title_text(&scope.title);
        let modifiers = self.modifiers(&scope.modifiers, scope.kind.word(), allowed(scope.kind));
        self.scope_needs(scope);
        let mut before = std::mem::take(&mut self.before);
        let outside = self.enter(&scope.modifiers);
        let finallys = scope.body.body.iter().filter(|stmt| matches!(stmt.kind, Tree::Finally(_)));
        self.taken.extend(finallys.map(|stmt| stmt.span));
        self.clauses_fit(scope);
        let (body, mut clauses) = self.scope_inside(scope, outside.mark);
        self.finally_inside(&scope.body, &mut clauses, outside.mark);
        self.left_by_skip();
        if verdict.is_some() {
            self.doubted(outside.mark, "its check may fail, and the run goes on".to_owned(), None);
        }
        let (effect, uses, binds) = self.leave(outside, &scope.modifiers, &clauses, scope.kind.word());
        out.append(&mut before);
        let lowered =
            Scope { kind: body, title, name, modifiers, clauses, effect, binds, uses, verdict, span: scope.head };
        out.push(Stmt { kind: StmtKind::Scope(Arc::new(lowered)), span });
    }

    fn scope_inside(&mut self, scope: &tree::Scope, mark: Mark) -> (ScopeBody, Clauses) {
        let outer = self.place;
        match scope.kind {
            ScopeKind::Phase => {
                let body = self.block(&scope.body);
                let clauses = self.clauses(&scope.clauses, scope.head, &body, mark);
                (ScopeBody::Phase(body), clauses)
            }
            ScopeKind::Step => {
                let place = Place { doing: Doing::Step, in_step: true, ..outer };
                let body = self.at(place, |lower| lower.block(&scope.body));
                let clauses = self.clauses(&scope.clauses, scope.head, &body, mark);
                (ScopeBody::Step(body), clauses)
            }
            ScopeKind::Check => {
                let body = self.observing(&scope.body, "check");
                let clauses = self.clauses(&scope.clauses, scope.head, &body, mark);
                (ScopeBody::Check(body), clauses)
            }
            ScopeKind::Monitor | ScopeKind::Guard => {
                let word = scope.kind.word();
                let signs = std::mem::take(&mut self.signs);
                let place = Place { doing: Doing::Observing(word), in_step: true, sampling: true, ..outer };
                self.names.push();
                let body = self.at(place, |lower| lower.block(&scope.body));
                self.names.pop("this monitor");
                if self.signs == 0 {
                    let message = format!("this {word} has no `fail_when`: nothing can make it fail");
                    let help = "say what a bad sign is: fail_when errors > 5% for 5m";
                    self.report(Diagnostic::error(&code::MISPLACED, scope.head, message, "").help(help));
                }
                self.signs = signs;
                let clauses = self.clauses(&scope.clauses, scope.head, &body, mark);
                let body = match scope.kind {
                    ScopeKind::Guard => ScopeBody::Guard { body },
                    _ => ScopeBody::Monitor { body },
                };
                (body, clauses)
            }
        }
    }

    /// Where a scope cannot stand.
    fn may_stand(&mut self, scope: &tree::Scope) {
        let word = scope.kind.word();
        match (scope.kind, self.place.doing) {
            (_, Doing::Observing(around)) => {
                let message = format!("a {word} cannot stand in a {around}");
                self.misplaced(scope.head, &message, &format!("put it before or after the {around}"));
            }
            (ScopeKind::Phase | ScopeKind::Guard, Doing::Step | Doing::Reaction(_) | Doing::Action(_)) => {
                let message = format!("a {word} stands in a phase or at the top level");
                self.misplaced(scope.head, &message, &format!("close what is around it before this {word} begins"));
            }
            (ScopeKind::Step, Doing::Step) => {
                let message = "a step cannot stand in a step: it is the smallest thing that is recorded and taken back";
                self.misplaced(scope.head, message, "make the outer one a phase");
            }
            _ => {}
        }
    }

    /// What changes nothing has nothing to take back.
    fn clauses_fit(&mut self, scope: &tree::Scope) {
        if matches!(scope.kind, ScopeKind::Phase | ScopeKind::Step) {
            return;
        }
        let word = scope.kind.word();
        let clauses = &scope.clauses;
        let spans = [
            ("undo", clauses.undo.as_ref().map(|clause| clause.span)),
            ("restore", clauses.restore.as_ref().map(|clause| clause.span)),
            ("probe", clauses.probe.as_ref().map(|block| block.span)),
        ];
        for (clause, span) in spans {
            if let Some(span) = span {
                let message = format!("a {word} changes nothing, so there is nothing to `{clause}`");
                self.misplaced(span, &message, "move it to the step whose change it belongs to");
            }
        }
    }

    /// What a scope of this kind needs to make sense.
    fn scope_needs(&mut self, scope: &tree::Scope) {
        let modifiers = &scope.modifiers;
        let head = scope.head;
        let (message, help) = match scope.kind {
            ScopeKind::Check if modifiers.within.is_some() && modifiers.every.is_none() => {
                ("this check is tried again, and does not say how often", "add it: within 2m every 5s")
            }
            ScopeKind::Check if modifiers.every.is_some() && modifiers.within.is_none() => {
                ("this check is tried again, and does not say for how long", "add it: within 2m every 5s")
            }
            ScopeKind::Check if modifiers.within.is_some() && modifiers.retry.is_some() => {
                ("`within` tries this check again already", "leave out `retry`")
            }
            ScopeKind::Monitor if modifiers.duration.is_none() => {
                ("this monitor does not say how long it watches", "add it: for 15m every 30s")
            }
            ScopeKind::Monitor | ScopeKind::Guard if modifiers.every.is_none() => {
                ("it does not say how often it looks", "add it: every 30s")
            }
            _ => return,
        };
        self.report(Diagnostic::error(&code::MODIFIER, head, message, "").help(help));
    }

    fn check_use(&mut self, used: &tree::CheckUse, span: Span, verdict: Option<SlotId>, out: &mut Vec<Stmt>) {
        let path = &used.name;
        let name: Arc<str> = path.segments.iter().map(|part| &*part.name).collect::<Vec<_>>().join(".").into();
        let Some(index) = self.find_check(path) else {
            let message = format!("there is no check `{name}`");
            let module = path.segments.first().filter(|_| path.segments.len() > 1);
            let help = match (module.and_then(|module| self.brought_in(&module.name)), self.nearest(&name)) {
                (Some(found), _) => found.help,
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => format!("declare it at the top level: check {name}() {{ … }}"),
            };
            self.report(Diagnostic::error(&code::UNKNOWN_NAME, path.span, message, "").help(help));
            return;
        };
        let forms = self.declared.checks[index as usize].1.clone();
        let args = self.arguments(&name, &forms, &used.args, span);
        let modifiers = self.modifiers(&used.modifiers, "check", allowed(ScopeKind::Check));
        if modifiers.within.is_some() != modifiers.every.is_some() {
            let message = "`within` and `every` belong together";
            self.report(Diagnostic::error(&code::MODIFIER, path.span, message, "").help("write: within 2m every 5s"));
        }
        let mut before = std::mem::take(&mut self.before);
        let outside = self.enter(&used.modifiers);
        let clauses = self.clauses(&used.clauses, path.span, &Block::default(), outside.mark);
        self.effect = self.effect.max(Some(Effect::Reads));
        let (_, uses, binds) = self.leave(outside, &used.modifiers, &clauses, "check");
        let written = match used.args.last() {
            Some(last) => format!("{})", self.source(path.span.to(last.value.span))),
            None => format!("{name}()"),
        };
        let title = written.split_whitespace().collect::<Vec<_>>().join(" ");
        out.append(&mut before);
        let scope = Scope {
            kind: ScopeBody::CheckUse(index, args),
            title: Expr { kind: crate::eval::ExprKind::Const(crate::value::Value::str(title)), span },
            name,
            modifiers,
            clauses,
            effect: Some(Effect::Reads),
            binds,
            uses,
            verdict,
            span: path.span,
        };
        out.push(Stmt { kind: StmtKind::Scope(Arc::new(scope)), span });
    }

    fn find_check(&self, path: &tree::Path) -> Option<u32> {
        use super::super::names::Symbol;
        let symbol = match path.segments.as_slice() {
            [name] => self.declared.symbols[self.module].get(&name.name)?,
            [module, name] => match self.declared.symbols[self.module].get(&module.name)? {
                Symbol::Module(module) => self.declared.symbols[*module].get(&name.name)?,
                _ => return None,
            },
            _ => return None,
        };
        match symbol {
            Symbol::Check(index) => Some(*index),
            _ => None,
        }
    }

    /// `call "./other.rbk" with { … }`
    pub(super) fn call_statement(&mut self, call: &tree::CallRunbook, span: Span, out: &mut Vec<Stmt>) {
        let Some(path) = call.path.as_plain() else {
            let message = "the runbook of a `call` is read before anything runs: its path can hold no value";
            self.report(Diagnostic::error(&code::NO_MODULE, call.path.span, message, "write the path out"));
            return;
        };
        let Some(program) = self.called(&path, call.path.span) else { return };
        let mut with = Vec::new();
        if let Some(given) = &call.with {
            match &given.kind {
                tree::ExprKind::Record(fields) => {
                    for (name, value) in fields {
                        let (lowered, ty) = self.expr(value);
                        self.called_param(&program, name, &ty, value.span);
                        with.push((Arc::clone(&name.name), lowered));
                    }
                }
                _ => {
                    let message = "`with` gives the parameters of the runbook by name";
                    self.report(
                        Diagnostic::error(&code::WRONG_ARGUMENT, given.span, message, "")
                            .help("with { version: \"2\" }"),
                    );
                }
            }
        }
        for param in program.params.iter().filter(|param| param.default.is_none()) {
            if !with.iter().any(|(name, _)| *name == param.name) {
                let message = format!("\"{path}\" needs the parameter `{}`", param.name);
                let help = format!("with {{ {}: … }}", param.name);
                self.report(Diagnostic::error(&code::WRONG_ARGUMENT, call.path.span, message, "").help(help));
            }
        }
        let modifiers = self.modifiers(&call.modifiers, "call", STEP);
        let mut before = std::mem::take(&mut self.before);
        let outside = self.enter(&call.modifiers);
        let clauses = self.clauses(&call.clauses, call.path.span, &Block::default(), outside.mark);
        let (_, uses, binds) = self.leave(outside, &call.modifiers, &clauses, "call");
        out.append(&mut before);
        let index = u32::try_from(self.declared.called.len()).unwrap_or(u32::MAX);
        self.declared.called.push(program);
        self.effect = Some(Effect::Changes);
        let scope = Scope {
            kind: ScopeBody::Call { program: index, with },
            title: self.title(&call.path),
            name: path,
            modifiers,
            clauses,
            effect: Some(Effect::Changes),
            binds,
            uses,
            verdict: None,
            span: call.path.span,
        };
        out.push(Stmt { kind: StmtKind::CallRunbook(Arc::new(scope)), span });
    }

    fn called_param(&mut self, program: &super::super::Program, name: &tree::Ident, ty: &Type, span: Span) {
        match program.params.iter().find(|param| param.name == name.name) {
            Some(param) => {
                let wanted = param.ty.clone();
                self.must_fit(ty, &wanted, span, format_args!("`{}`", name.name));
            }
            None => {
                let known: Vec<&str> = program.params.iter().map(|param| &*param.name).collect();
                let help = match crate::diag::did_you_mean(&name.name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it takes: {}", known.join(", ")),
                };
                let message = format!("the runbook has no parameter `{}`", name.name);
                self.report(Diagnostic::error(&code::WRONG_ARGUMENT, name.span, message, "").help(help));
            }
        }
    }

    /// Analyses the runbook that is called.
    fn called(&mut self, path: &str, span: Span) -> Option<Arc<super::super::Program>> {
        let from = self.declared.modules.all[self.module].path.clone();
        let loaded = match self.declared.loader.file(&from, path) {
            Ok(loaded) => loaded,
            Err(why) => {
                self.report(Diagnostic::error(&code::NO_MODULE, span, why, "").help(PATHS));
                return None;
            }
        };
        if self.declared.callers.contains(&loaded.path) || self.declared.callers.len() > 32 {
            let message = format!("\"{path}\" calls this runbook in a circle");
            self.report(
                Diagnostic::error(&code::NO_MODULE, span, message, "this closes the circle")
                    .help("take this `call` out, or move what both need into a file that they `use`"),
            );
            return None;
        }
        let (loader, registry) = (self.declared.loader, self.declared.registry);
        let analysis = super::super::analyse_called(loaded, loader, registry, self.declared.callers);
        if analysis.program.is_none() {
            let first = analysis.diagnostics.iter().find(|diagnostic| diagnostic.is_error());
            let why = first.map_or_else(String::new, |first| {
                format!(": {}: {}", analysis.sources.place(first.span()), first.message)
            });
            self.report(
                Diagnostic::error(&code::NO_MODULE, span, format!("\"{path}\" cannot run{why}"), "")
                    .help(format!("mend it first: rbk lint {path}")),
            );
        }
        analysis.program
    }

    /// A process beside the rest of its phase.
    pub(super) fn background(&mut self, background: &tree::Background, span: Span, out: &mut Vec<Stmt>) {
        if !matches!(self.place.doing, Doing::Story) {
            self.misplaced(
                background.title.span,
                "a background process stands in a phase: it lives until that ends",
                "",
            );
        }
        let title = self.title(&background.title);
        let name = self.title_text(&background.title);
        let modifiers = self.modifiers(&background.modifiers, "background", &["when"]);
        let mut before = std::mem::take(&mut self.before);
        let effect = self.effect;
        let place = Place { doing: Doing::Reaction("background"), in_step: true, ..self.place };
        self.names.push();
        let body = self.at(place, |lower| lower.block(&background.body));
        self.names.pop("this background process");
        self.effect = effect;
        let ready = background.ready.as_ref().map(|ready| {
            let mut limits = self.modifiers(&ready.modifiers, "ready", &["within", "every"]);
            let body = self.observing(&ready.body, "ready");
            Ready { within: limits.within.take(), every: limits.every.take(), body }
        });
        out.append(&mut before);
        let lowered = Background { title, name, body, ready, modifiers, span: background.title.span };
        out.push(Stmt { kind: StmtKind::Background(Arc::new(lowered)), span });
    }

    /// Begins the inside of a scope.
    pub(super) fn enter(&mut self, modifiers: &tree::Modifiers) -> Outside {
        let conditions = self.names.conditions.len();
        if let Some(when) = &modifiers.when {
            let assumed = self.assumed(when);
            self.names.conditions.extend(assumed);
        }
        let narrowed = modifiers.when.as_ref().and_then(|when| self.narrow(when));
        if narrowed.is_none() {
            // The stack is balanced by `leave`.
            self.names.narrowed.push(rustc_hash::FxHashSet::default());
        }
        Outside {
            effect: self.effect.take(),
            uses: std::mem::take(&mut self.uses),
            mark: self.names.mark(),
            first: SlotId::try_from(self.names.infos.len()).unwrap_or(SlotId::MAX),
            skipped: self.names.skipped.take(),
            conditions,
        }
    }

    /// What was bound behind a `skip` is in doubt after what it leaves.
    pub(super) fn left_by_skip(&mut self) {
        if let Some(mark) = self.names.skipped.take() {
            self.doubted(mark, "a `skip` before it may leave its block".to_owned(), None);
        }
    }

    /// Ends it: what it may have left unbound is in doubt from here on.
    pub(super) fn leave(
        &mut self,
        outside: Outside,
        modifiers: &tree::Modifiers,
        clauses: &Clauses,
        word: &str,
    ) -> (Option<Effect>, Vec<SlotId>, Vec<SlotId>) {
        self.names.skipped = outside.skipped;
        self.names.narrowed.pop();
        self.names.conditions.truncate(outside.conditions);
        let binds = self.names.slots_since(outside.mark);
        if let Some(when) = &modifiers.when {
            let text = self.source(when.span);
            let why = format!("its {word} runs only when {text}");
            let condition = self.stable(when);
            self.doubted(outside.mark, why, condition);
        } else if may_go_on(clauses) {
            self.doubted(outside.mark, format!("its {word} may fail, and the run goes on"), None);
        }
        let effect = self.effect;
        self.effect = match (outside.effect, effect) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        let mut uses = std::mem::replace(&mut self.uses, outside.uses);
        uses.retain(|slot| *slot < outside.first && !binds.contains(slot));
        uses.sort_unstable();
        uses.dedup();
        self.uses.extend(&uses);
        (effect, uses, binds)
    }

    /// Names bound in a block that may not run.
    pub(super) fn maybe(why: &str) -> Maybe {
        Maybe { why: why.to_owned(), condition: None }
    }
}

/// Whether a failure of the scope may leave the run going on behind it.
fn may_go_on(clauses: &Clauses) -> bool {
    use super::super::program::OnFail;
    fn continues(block: &Block) -> bool {
        block.body.iter().any(|stmt| match &stmt.kind {
            StmtKind::Continue => true,
            StmtKind::If { then, otherwise, .. } => continues(then) || continues(otherwise),
            _ => false,
        })
    }
    match &clauses.on_fail {
        Some(OnFail::Continue | OnFail::Ask) => true,
        Some(OnFail::Handler { body, .. }) => continues(body),
        Some(OnFail::Stop | OnFail::Undo | OnFail::Rollback) | None => false,
    }
}
