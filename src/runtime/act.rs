//! Effects: what is armed before them, how they are recorded, what their failure means.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::block::attempt;
use super::branch::Branch;
use super::dispatcher::Performed;
use super::event::Event;
use super::failure::{Failure, FailureKind};
use super::flow::Flow;
use super::output::Output;
use super::replay::values;
use super::run::keep;
use super::undo::entry;
use super::unit::{Code, size};
use crate::analysis::program::{Act, Callee, UserAction};
use crate::catalog::command::{BACKGROUND_VARIABLE, CommandLine, CommandOptions, KEY_VARIABLE};
use crate::catalog::{Action, ActionError, Args, Call, Certainty, Inverse};
use crate::eval::Frame;
use crate::host::Stream;
use crate::journal::{Ending, Position, Recorded};
use crate::source::Span;
use crate::value::{Secret, Value};

/// The action that runs a command with options.
pub(super) const SH: &str = "sh";

/// How long a process may take to end itself when its step is stopped.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// A changing effect, ready to run.
pub(super) struct Performance<'a> {
    pub(super) what: &'a Performed<'a>,
    pub(super) call: &'a Call<'a>,
    /// One line of what it does.
    pub(super) summary: String,
    /// SHA-256 of its arguments, in hex.
    pub(super) digest: String,
    /// Where what it writes is shown.
    output: &'a Output<'a>,
    /// Whether something had changed in the step before it.
    changed_before: bool,
}

impl Performance<'_> {
    /// Whether its result is that of a command.
    pub(super) fn is_command(&self) -> bool {
        match self.what {
            Performed::Command(..) => true,
            Performed::Native(action) => action.name == SH,
        }
    }

    /// Whether the same twice is the same once: the action says so, or a command hands on the key it is given.
    fn is_repeatable(&self) -> bool {
        match self.what {
            Performed::Native(action) => (action.repeatable)(self.call.args),
            Performed::Command(..) => self.summary.contains(KEY_VARIABLE),
        }
    }
}

/// By what a changed story is told from the one on record. Secrets are not in it.
fn digest(action: &str, args: &Args, summary: &str) -> String {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    hasher.update(action);
    for (name, value) in args.iter() {
        hasher.update([0]);
        hasher.update(name);
        hasher.update([0]);
        hasher.update(value.inspect());
    }
    hasher.update([0]);
    hasher.update(summary);
    crate::value::hex(&hasher.finalize())
}

impl Branch {
    pub(super) async fn act(&mut self, act: &Act) -> Flow {
        match &act.callee {
            Callee::Native(action, args) => {
                let mut values = Vec::with_capacity(args.len());
                for arg in args {
                    let value = attempt!(self.eval(arg));
                    self.run.learn(&value);
                    values.push(value);
                }
                let args = Args::new(action.params, values);
                if action.name == super::people::ASK {
                    return self.ask_for_value(act, &args).await;
                }
                self.perform(&Performed::Native(action), &args, act).await
            }
            Callee::Command(template) => {
                let line = match attempt!(self.command_line(template)) {
                    Some(line) => line,
                    None => CommandLine::Script(template.text.to_string()),
                };
                let options = CommandOptions { tried: template.tried, ..CommandOptions::default() };
                self.perform(&Performed::Command(&line, &options), &Args::new(&[], Vec::new()), act).await
            }
            Callee::User(index, args) => {
                let action = Arc::clone(&self.unit.program.actions[*index as usize]);
                let mut frame = Frame::new(size(&action.frame));
                for (slot, arg) in (0u32..).zip(args) {
                    frame.set(slot, attempt!(self.eval(arg)));
                }
                self.user_action(&action, frame, act).await
            }
        }
    }

    /// An action of the runbook: its body in a frame of its own, its `undo` armed with it.
    async fn user_action(&mut self, action: &Arc<UserAction>, frame: Frame, act: &Act) -> Flow {
        if self.frames.len() > 200 {
            let message = format!("{} calls itself without end", action.name);
            return Flow::Fail(self.failure(FailureKind::Expression, act.span, message));
        }
        self.push_frame(frame, Code::Action(Arc::clone(action)));
        let pending = match &action.undo {
            Some(undo) if !self.covered => Some(self.declare(undo, self.run.next_order())),
            _ => None,
        };
        let outer = (self.covered, self.hushed);
        self.covered |= pending.is_some();
        self.hushed |= act.secret;
        // A probe around the call looks at names of another frame.
        let probes = std::mem::replace(&mut self.probes, action.probe.iter().cloned().collect());
        let flow = self.block(&action.body).await;
        self.probes = probes;
        (self.covered, self.hushed) = outer;
        let settled = pending.and_then(|pending| self.settle(&pending));
        self.pop_frame();
        if let Some(armed) = settled {
            match self.record_armed(vec![armed], act.span).await {
                Flow::Next => {}
                flow => return flow,
            }
        }
        let value = match flow {
            Flow::Next => Value::Null,
            Flow::Return(value) => value,
            flow => return flow,
        };
        if let Some(slot) = act.slot {
            let value = attempt!(self.tainted(value, act));
            self.set(slot, value);
            // A compensation may have been waiting for this very name.
            if act.effect.is_changing() {
                let armed = self.arm_ready(true);
                if !armed.is_empty() {
                    return self.record_armed(armed, act.span).await;
                }
            }
        }
        Flow::Next
    }

    /// Runs an effect: what takes it back is armed and recorded first, its ending after.
    async fn perform(&mut self, what: &Performed<'_>, args: &Args, act: &Act) -> Flow {
        if self.cancel.is_cancelled() {
            return self.cancelled(act.span);
        }
        let surroundings = Rc::clone(&self.surroundings);
        let summary = self.run.dispatcher.show(what, args);
        let summary = match self.placed(what, summary, act.span) {
            Ok(summary) => summary,
            Err(failure) => return Flow::Fail(failure),
        };
        let scope = Rc::clone(&self.scope);
        let (show, effect, bound) = (summary.clone(), act.effect, act.slot.is_some());
        let started = Event::EffectStarted { scope: Rc::clone(&scope), show, effect, bound };
        let run = Rc::clone(&self.run);
        let cancel = self.cancel.clone();
        let pos = self.position();
        let known = match self.recall(&pos, act.span).await {
            Ok(known) => known,
            Err(flow) => return flow,
        };
        let key = match &known {
            Some(Recorded::Intent { key, .. }) => Some(key.clone()),
            _ => act.effect.is_changing().then(|| self.idempotency_key(act.span, &pos)),
        };
        let output = Output::new(&run, &scope);
        let hushed = act.secret || self.hushed;
        let heard = |stream, bytes: &[u8]| {
            // What it says of itself may be shown; what it returns is the secret.
            if !hushed || stream == Stream::Stderr {
                output.push(stream, bytes);
            }
        };
        let call = Call {
            args,
            host: run.host.as_ref(),
            cancel: &cancel,
            surroundings: &surroundings,
            output: &heard,
            idempotency_key: key.as_deref(),
            time_left: self.time_left(),
            context: self.context(),
            grace: GRACE,
            is_captured: self.captures(what, act),
            withheld: run.withheld.borrow().clone(),
            is_secret: act.secret || self.hushed,
        };

        if self.observes {
            self.emit(&started);
            let result = run.dispatcher.perform(what, &call).await;
            output.end();
            return self.ended(result, &summary, act, self.cancel.is_cancelled());
        }
        let name: Arc<str> = match what {
            Performed::Native(action) => action.name.into(),
            Performed::Command(..) => "$".into(),
        };
        if !act.effect.is_changing() {
            if let Some(known) = known {
                if super::doubt::is_another_again(what, args, &known) {
                    return self.ask_for_withheld(&summary, act).await;
                }
                if let Some(flow) = self.recalled_read(known, &summary, act) {
                    return flow;
                }
            }
            self.emit(&started);
            let result = run.dispatcher.perform(what, &call).await;
            output.end();
            let cancelled = self.cancel.is_cancelled();
            let (ending, value) = values::ending(&result, cancelled, act.slot.is_some());
            run.note(Recorded::Read { pos, action: name, summary: summary.clone(), ending, value });
            return self.ended(result, &summary, act, cancelled);
        }

        let changed_before = self.changed;
        self.touch();
        let mut armed = self.arm_ready(false);
        let own_inverse = match what {
            Performed::Native(action) if call.is_captured => match &action.inverse {
                Inverse::Captured { show, .. } => Some((*action, *show)),
                Inverse::NotNeeded | Inverse::None(_) => None,
            },
            _ => None,
        };
        let mut own = None;
        let mut before = None;
        if let Some((action, show)) = own_inverse {
            let captured = match self.captured(action, &call, known.as_ref()).await {
                Ok(captured) => captured,
                Err(error) => {
                    // It was only looked what is there: the change has not begun.
                    self.changed = changed_before;
                    return Flow::Fail(self.action_failure(error, act));
                }
            };
            before = Some(values::kept(&captured));
            let inverse = self.native_inverse(action, args, captured.clone(), act.span, show(args, &captured));
            armed.push(entry(&inverse));
            own = Some(inverse);
        }
        let digest = digest(&name, args, &summary);
        let performance = Performance { what, call: &call, summary, digest, output: &output, changed_before };
        if let Some(known) = known {
            if let Some(inverse) = own {
                self.undo.arm(inverse);
            }
            return self.recalled_effect(known, &pos, &performance, act).await;
        }
        let intent = Recorded::Intent {
            pos: pos.clone(),
            path: self.path.clone(),
            attempt: self.attempt,
            action: name,
            summary: performance.summary.clone(),
            arguments: performance.digest.clone(),
            class: act.effect,
            key: key.clone().unwrap_or_default(),
            repeatable: performance.is_repeatable(),
            armed,
            before,
        };
        match self.record(intent, act.span).await {
            Flow::Next => {}
            flow => return flow,
        }
        if let Some(inverse) = own {
            let (scope, text) = (Rc::clone(&scope), inverse.text.clone());
            self.undo.arm(inverse);
            self.emit(&Event::Armed { scope, text, restores: false });
        }
        // What is not on record does not begin.
        self.emit(&started);
        self.perform_and_conclude(&performance, &pos, act).await
    }

    /// Whether an effect has an inverse of its own that is armed with it.
    fn captures(&self, what: &Performed<'_>, act: &Act) -> bool {
        let has_own = matches!(what, Performed::Native(action) if matches!(action.inverse, Inverse::Captured { .. }));
        has_own && act.effect.is_changing() && !self.covered && !self.observes
    }

    /// What stands before the change, for the action's own inverse.
    async fn captured(
        &self,
        action: &'static Action,
        call: &Call<'_>,
        known: Option<&Recorded>,
    ) -> Result<Value, ActionError> {
        let before = match known {
            Some(Recorded::Intent { before: Some(before), .. }) => values::recalled(before),
            _ => None,
        };
        match before {
            Some(before) => Ok(before),
            None => self.run.dispatcher.capture(action, call).await,
        }
    }

    /// Runs a changing effect whose intent is on record.
    pub(super) async fn perform_and_conclude(
        &mut self,
        performance: &Performance<'_>,
        pos: &Position,
        act: &Act,
    ) -> Flow {
        let Performance { what, call, summary, .. } = performance;
        let run = Rc::clone(&self.run);
        let result = run.dispatcher.perform(what, call).await;
        performance.output.end();
        let cancelled = self.cancel.is_cancelled();
        let (ending, value) = values::ending(&result, cancelled, act.slot.is_some());
        if matches!(ending, Ending::Unknown(_)) {
            self.mark_in_doubt(summary);
            if let Some(key) = call.idempotency_key {
                self.doubtful.push((act.span, self.path.clone(), key.to_owned()));
            }
        }
        if matches!(&result, Err(error) if error.certainty == Certainty::NotBegun) {
            self.changed = performance.changed_before;
        }
        let flow = self.ended(result, summary, act, cancelled);
        let armed = if matches!(flow, Flow::Next) { self.arm_ready(true) } else { Vec::new() };
        let outcome = Recorded::Outcome { pos: pos.clone(), ending, value, armed };
        if outcome.must_be_durable() {
            return match self.record(outcome, act.span).await {
                Flow::Next => flow,
                stopped => stopped,
            };
        }
        run.note(outcome);
        flow
    }

    /// A key by which the other side knows a request again: a new one, but for one whose answer was lost.
    fn idempotency_key(&mut self, span: Span, pos: &Position) -> String {
        let known = self.doubtful.iter().position(|(of, path, _)| *of == span && *path == self.path);
        match known {
            Some(at) => self.doubtful.swap_remove(at).2,
            None => format!("{}-{pos}", self.run.id),
        }
    }

    /// Binds the result, or makes a failure of the error.
    pub(super) fn ended(
        &mut self,
        result: Result<Value, ActionError>,
        summary: &str,
        act: &Act,
        cancelled: bool,
    ) -> Flow {
        match result {
            Ok(value) => {
                if let Some(slot) = act.slot {
                    let value = attempt!(self.tainted(value, act));
                    self.set(slot, value);
                }
                Flow::Next
            }
            Err(error) => {
                if let Some(value) = error.value.as_ref().filter(|_| act.secret || self.hushed) {
                    // It failed, and may have written the secret before.
                    self.run.learn(&Value::Secret(Secret::new(value.clone())));
                }
                let mut failure = self.action_failure(error, act);
                if cancelled {
                    failure.kind = FailureKind::Cancelled;
                    failure.diagnostic.code = FailureKind::Cancelled.code();
                }
                failure.evidence.push(summary.to_owned());
                Flow::Fail(failure)
            }
        }
    }

    fn action_failure(&self, error: ActionError, act: &Act) -> Box<Failure> {
        let mask = &self.run.mask;
        let error = ActionError {
            message: mask.hidden(error.message),
            help: error.help.map(|help| mask.hidden(help)),
            output: error.output.map(|output| mask.hidden(output)),
            ..error
        };
        let mut failure = Failure::of_action(error, &self.unit.program.sources, act.span);
        failure.path.clone_from(&self.path);
        // What only looks can be looked at again: nothing about it is in doubt.
        failure.in_doubt &= act.effect.is_changing();
        failure
    }

    /// The result of a call, hidden from here on if it is a `let secret`.
    pub(super) fn tainted(&self, value: Value, act: &Act) -> Result<Value, Box<Failure>> {
        if !act.secret {
            return Ok(value);
        }
        self.run.learn_secret(&value).map_err(|why| {
            let mut failure = self.failure(FailureKind::Expression, act.span, format!("this secret {}", why.message));
            failure.diagnostic.help = Some(why.help);
            failure
        })?;
        Ok(Value::Secret(Secret::new(value)))
    }

    /// What a process learns of the run.
    pub(super) fn context(&self) -> Vec<(&'static str, String)> {
        let run = self.run.id.to_string();
        let background = self.in_background.then(|| (BACKGROUND_VARIABLE, run.clone()));
        let fence = self.run.dispatcher.fence().to_string();
        let always = [("RBK_RUN_ID", run), ("RBK_STEP", self.path.join("/")), ("RBK_FENCE", fence)];
        always.into_iter().chain(background).collect()
    }

    pub(super) fn mark_in_doubt(&self, summary: &str) {
        keep(&self.run.totals.in_doubt, format!("{}: {summary}", self.path.join(" / ")));
        for pending in &self.pending {
            if let Some(armed) = pending.armed.borrow().as_ref() {
                armed.in_doubt.set(true);
            }
        }
    }

    /// Every scope around has changed something now.
    pub(super) fn touch(&mut self) {
        self.changed = true;
        for pending in &self.pending {
            pending.touched.set(true);
        }
    }
}
