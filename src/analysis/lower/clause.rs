//! Clauses: how a scope is taken back, what it does about a failure, what ends it.

use std::sync::Arc;

use super::super::names::Mark;
use super::super::program::{Block, Clauses, Compensation, CompensationKind, Finally, OnFail, StmtKind};
use super::super::types::{failure_type, outcome_type};
use super::{Doing, Lower, Place};
use crate::catalog::Effect;
use crate::diag::{Diagnostic, code};
use crate::eval::expr::{Argument, Part, SlotId};
use crate::eval::{Expr, ExprKind};
use crate::source::Span;
use crate::syntax::tree;
use crate::value::Type;

impl Lower<'_, '_, '_> {
    /// The clauses of a scope. `before` is what was bound before it: the rest may be unbound when it has failed.
    pub(super) fn clauses(&mut self, clauses: &tree::Clauses, head: Span, body: &Block, before: Mark) -> Clauses {
        let mut lowered = Clauses::default();
        if let Some(undo) = &clauses.undo {
            lowered.undo = Some(self.compensation(undo, CompensationKind::Undo, body, clauses.probe.is_some()));
        }
        if let Some(restore) = &clauses.restore {
            lowered.restore = Some(self.compensation(restore, CompensationKind::Restore, body, true));
        }
        if let Some(probe) = &clauses.probe {
            lowered.probe = Some(self.observing(probe, "probe"));
        }
        if let Some(on_fail) = &clauses.on_fail {
            lowered.on_fail = self.on_fail(on_fail, &mut lowered.undo, head, body, before);
        }
        if let Some(finally) = &clauses.finally {
            lowered.finally.push(self.finally(finally, before));
        }
        lowered
    }

    fn on_fail(
        &mut self,
        on_fail: &tree::OnFail,
        undo: &mut Option<Arc<Compensation>>,
        head: Span,
        body: &Block,
        before: Mark,
    ) -> Option<OnFail> {
        Some(match &on_fail.policy {
            tree::OnFailPolicy::Stop => OnFail::Stop,
            tree::OnFailPolicy::Continue => OnFail::Continue,
            tree::OnFailPolicy::Undo => OnFail::Undo,
            tree::OnFailPolicy::Ask => OnFail::Ask,
            tree::OnFailPolicy::Rollback(None) => OnFail::Rollback,
            tree::OnFailPolicy::Rollback(Some(clause)) => {
                if undo.is_some() {
                    let message =
                        "this scope says twice how it is taken back: by `undo { }` and by `on_fail rollback { }`";
                    let diagnostic = Diagnostic::error(&code::MISPLACED, clause.span, message, "here again");
                    self.report(
                        diagnostic
                            .label(head, "of this scope")
                            .help("keep the `undo { }`, and write: on_fail rollback"),
                    );
                }
                *undo = Some(self.compensation(clause, CompensationKind::Rollback, body, true));
                OnFail::Rollback
            }
            tree::OnFailPolicy::Handler(block) => {
                let place = Place {
                    doing: Doing::Reaction("handler"),
                    in_handler: true,
                    in_step: true,
                    in_loop: false,
                    ..self.place
                };
                let effect = self.effect;
                let bound = self.names.mark();
                self.names.doubt_since(before, &Self::maybe("the failure may have come before it was bound"));
                self.names.push();
                let failure = self.failure_name(block.span);
                let body = self.at(place, |lower| lower.block(block));
                self.names.pop("this handler");
                self.names.reset(bound);
                self.effect = effect;
                self.ends_handler(&body);
                OnFail::Handler { body, failure }
            }
            tree::OnFailPolicy::Error => return None,
        })
    }

    /// The words of a handler end it: nothing after them would run.
    fn ends_handler(&mut self, body: &Block) {
        for (at, stmt) in body.body.iter().enumerate() {
            let ends = matches!(
                stmt.kind,
                StmtKind::Retry(_) | StmtKind::Continue | StmtKind::Undo | StmtKind::Stop | StmtKind::Rollback(None)
            );
            if ends && at + 1 < body.body.len() {
                let message = "this ends the handler, and what follows never runs";
                self.misplaced(stmt.span, message, "move it to the end of the handler");
            }
        }
    }

    fn failure_name(&mut self, span: Span) -> SlotId {
        let name = tree::Ident { name: Arc::from("failure"), span };
        self.names.bind(&name.name, failure_type(), span, false).unwrap_or_default()
    }

    pub(super) fn finally(&mut self, block: &tree::Block, before: Mark) -> Finally {
        let place =
            Place { doing: Doing::Reaction("finally"), in_step: true, in_loop: false, in_handler: false, ..self.place };
        let effect = self.effect;
        let bound = self.names.mark();
        self.names.doubt_since(before, &Self::maybe("a failure may have come before it was bound"));
        self.names.push();
        let outcome = self.names.bind(&Arc::from("outcome"), outcome_type(), block.span, false).unwrap_or_default();
        let body = self.at(place, |lower| lower.block(block));
        self.names.pop("this `finally`");
        self.names.reset(bound);
        self.effect = effect;
        Finally { body, outcome }
    }

    /// `finally { }` on lines of their own within a scope.
    pub(super) fn finally_inside(&mut self, block: &tree::Block, clauses: &mut Clauses, before: Mark) {
        for stmt in &block.body {
            if let tree::StmtKind::Finally(finally) = &stmt.kind {
                let lowered = self.finally(finally, before);
                clauses.finally.push(lowered);
            }
        }
    }

    /// How something is taken back: with the names from outside that it uses, by value.
    pub(super) fn compensation(
        &mut self,
        clause: &tree::CompensationClause,
        kind: CompensationKind,
        body: &Block,
        late_is_fine: bool,
    ) -> Arc<Compensation> {
        let word = match kind {
            CompensationKind::Undo => "undo",
            CompensationKind::Rollback => "rollback",
            CompensationKind::Restore => "restore",
        };
        let modifiers = self.modifiers(&clause.modifiers, word, &["timeout", "retry"]);
        let first_inside = SlotId::try_from(self.names.infos.len()).unwrap_or(SlotId::MAX);
        let place = Place {
            doing: Doing::Reaction(word),
            in_step: true,
            in_loop: false,
            in_handler: false,
            in_action: false,
            ..self.place
        };
        let effect = self.effect;
        let outer = std::mem::take(&mut self.uses);
        self.names.push();
        let failure = self.failure_name(clause.span);
        let lowered = self.at(place, |lower| lower.block(&clause.body));
        self.names.pop("this compensation");
        let mut captures: Vec<SlotId> = self.uses.iter().copied().filter(|slot| *slot < first_inside).collect();
        captures.sort_unstable();
        captures.dedup();
        self.uses = outer;
        self.uses.extend(&captures);
        self.effect = effect;
        if !late_is_fine {
            self.late(&captures, body, clause.span);
        }
        let source = self.source(clause.body.span);
        let text = compensation_text(&source);
        let inside = inside(clause.body.span, &source);
        Arc::new(Compensation { kind, body: lowered, captures, failure, modifiers, text, span: clause.span, inside })
    }

    /// A compensation that only its own step's first change can arm leaves a gap: the change may have happened, and
    /// the name to take it back by is lost with the answer.
    fn late(&mut self, captures: &[SlotId], body: &Block, span: Span) {
        let at = body.body.iter().position(|stmt| matches!(&stmt.kind, StmtKind::Act(act) if act.effect.is_changing()));
        let Some(at) = at else { return };
        let StmtKind::Act(act) = &body.body[at].kind else { return };
        // The name may hold only a part of what was returned.
        let taken = match body.body.get(at + 1).map(|stmt| &stmt.kind) {
            Some(StmtKind::Bind { slot, value }) if act.slot.is_some_and(|result| reads(value, result)) => Some(*slot),
            _ => None,
        };
        let Some(slot) = [act.slot, taken].into_iter().flatten().find(|slot| captures.contains(slot)) else { return };
        let name = Arc::clone(&self.names.infos[slot as usize].name);
        let message = format!(
            "this takes back by `{name}`, which only the change itself returns: when its answer is lost nobody knows `{name}`"
        );
        let help = "choose the name or id beforehand, or add `probe { }` that finds out whether it happened";
        self.report(
            Diagnostic::warning(&code::LATE_COMPENSATION, span, message, "armed only after the change").help(help),
        );
    }

    /// Several lines say less at a glance than the name of the action that they take back.
    fn named_by_its_action(
        &self,
        mut made: Arc<Compensation>,
        clause: &tree::CompensationClause,
        form: &super::super::declare::ActionForm,
    ) -> Arc<Compensation> {
        let source = self.source(clause.body.span);
        let one_line = match clause.body.body.as_slice() {
            [stmt] if matches!(stmt.kind, tree::StmtKind::Value(_)) => {
                !self.declared.sources.text(stmt.span).contains('\n')
            }
            _ => false,
        };
        if !one_line && let Some(made) = Arc::get_mut(&mut made) {
            made.text = taken_back(form, &source);
        }
        made
    }

    /// The body of an action, with how it is taken back.
    #[allow(clippy::type_complexity)]
    pub(crate) fn action_body(
        &mut self,
        action: &tree::ActionDecl,
        form: &super::super::declare::ActionForm,
    ) -> (Block, Option<Arc<Compensation>>, Option<Block>) {
        let place = Place {
            doing: Doing::Action(form.effect),
            in_action: true,
            in_step: true,
            in_loop: false,
            in_handler: false,
            sampling: false,
        };
        self.place = place;
        self.returns = form.returns.clone();
        let body = self.block(&action.body);
        self.returns = Type::Any;
        let promises = !matches!(form.returns, Type::Any | Type::Null | Type::Optional(_));
        if promises && !super::stmt::leaves(&body) {
            let message = format!(
                "action `{}` returns {}, and can come to its end without `return`",
                form.name,
                super::a(&form.returns)
            );
            let help = "end it with `return …`, or leave out the `->`";
            self.report(Diagnostic::error(&code::WRONG_TYPE, form.span, message, "").help(help));
        }
        if action.effect.is_some() && form.effect.is_changing() && self.effect.unwrap_or(Effect::Reads) == Effect::Reads
        {
            let message = format!("action `{}` is declared `{}`, and only reads", form.name, form.effect);
            let help = "declare it `reads`, so that checks can call it";
            self.report(Diagnostic::warning(&code::EFFECT, form.span, message, "").help(help));
        }
        let undo = action.clauses.undo.as_ref().map(|undo| {
            let late_is_fine = action.clauses.probe.is_some();
            let made = self.compensation(undo, CompensationKind::Undo, &body, late_is_fine);
            self.named_by_its_action(made, undo, form)
        });
        let probe = action.clauses.probe.as_ref().map(|probe| self.observing(probe, "probe"));
        for (there, word, span) in [
            (action.clauses.on_fail.is_some(), "on_fail", action.name.span),
            (action.clauses.restore.is_some(), "restore", action.name.span),
            (action.clauses.finally.is_some(), "finally", action.name.span),
        ] {
            if there {
                let message = format!("`{word}` belongs to the step that calls an action, not to the action");
                self.misplaced(span, &message, "move it to the step");
            }
        }
        (body, undo, probe)
    }
}

/// What is told of a compensation before its values are put in, in characters.
const LONGEST: usize = 160;

/// One line of what a compensation does, from its source.
fn compensation_text(source: &str) -> Arc<str> {
    let inner = source.trim_start_matches('{').trim_end_matches('}').trim();
    let inner = inner.strip_prefix("$ ").unwrap_or(inner);
    match inner.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &inner[..end]).into(),
        None if inner.is_empty() => "nothing".into(),
        None => inner.into(),
    }
}

/// What takes an action back, when that is more than one line: the action, and the first thing it was given that the
/// way back uses.
fn taken_back(form: &super::super::declare::ActionForm, source: &str) -> Arc<str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let used = |name: &str| source.split(|c: char| !is_word(c)).any(|word| word == name);
    let given = form.params.iter().find(|param| !param.optional && used(&param.name));
    let given = given.map(|param| format!("${{{}}}", param.name)).unwrap_or_default();
    format!("take back {}({given})", form.name).into()
}

/// A block without its braces.
fn inside(span: Span, text: &str) -> Span {
    let start = u32::from(text.starts_with('{'));
    let end = u32::from(text.len() > 1 && text.ends_with('}'));
    Span::new(span.file, span.start + start, span.end - end)
}

/// Whether an expression reads a part of a slot, or makes something of it.
fn reads(expr: &Expr, slot: SlotId) -> bool {
    match &expr.kind {
        ExprKind::Slot(read) => *read == slot,
        ExprKind::Member { object, .. } | ExprKind::Index(object, _) => reads(object, slot),
        ExprKind::Call { args, .. } => args.iter().any(|arg| match arg {
            Argument::Value(value) => reads(value, slot),
            Argument::Lambda { .. } => false,
        }),
        ExprKind::Template(parts) => parts.iter().any(|part| match part {
            Part::Hole(value) => reads(value, slot),
            Part::Text(_) => false,
        }),
        ExprKind::Binary(_, _, left, right) => reads(left, slot) || reads(right, slot),
        _ => false,
    }
}
