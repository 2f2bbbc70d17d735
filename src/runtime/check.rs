//! Checks: once, or again and again until a deadline that nothing can stretch.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::block::attempt;
use super::branch::Branch;
use super::event::Event;
use super::failure::{Failure, FailureKind, spoken};
use super::flow::Flow;
use super::unit::{Code, size};
use crate::analysis::program::{Block, Scope};
use crate::eval::{Expr, Frame};

/// Between tries when the runbook does not say.
const EVERY: Duration = Duration::from_secs(5);

/// What is known of a poll when its time is over.
#[derive(Default)]
struct Tries {
    count: u32,
    last: Option<Box<Failure>>,
    last_began: Duration,
}

impl Branch {
    pub(super) async fn check(&mut self, scope: &Scope, body: &Block) -> Flow {
        let Some(within) = &scope.modifiers.within else {
            return self.block(body).await;
        };
        let limit = attempt!(self.duration(within));
        let every = match &scope.modifiers.every {
            Some(every) => attempt!(self.duration(every)),
            None => EVERY,
        };
        let mut tries = Tries::default();
        let outer = self.attempt;
        let (flow, over) =
            self.under_deadline(limit, async |branch| branch.poll(body, every, limit, &mut tries).await).await;
        self.attempt = outer;
        match flow {
            // Cancelled from within the poll means that its own time is over.
            Flow::Fail(failure)
                if over && (failure.kind.is_worth_another_try() || failure.kind == FailureKind::Cancelled) =>
            {
                Flow::Fail(self.never_passed(scope, limit, tries))
            }
            flow => flow,
        }
    }

    async fn poll(&mut self, body: &Block, every: Duration, limit: Duration, tries: &mut Tries) -> Flow {
        let begun = self.host().monotonic();
        loop {
            let at = self.host().monotonic();
            tries.count += 1;
            tries.last_began = at;
            self.attempt = tries.count;
            let failure = match self.block(body).await {
                Flow::Fail(failure) if failure.kind.is_worth_another_try() => failure,
                flow => return flow,
            };
            let now = self.host().monotonic();
            let seen = failure.seen.clone().unwrap_or_else(|| failure.message().to_owned());
            self.emit(&Event::Progress {
                scope: Rc::clone(&self.scope),
                attempt: tries.count,
                seen: Some(seen),
                elapsed: now.saturating_sub(begun),
                limit: Some(limit),
            });
            let span = failure.diagnostic.span();
            tries.last = Some(failure);
            let pause = (at + every).saturating_sub(now);
            self.run.dispatcher.wait(pause, &self.cancel).await;
            if self.time_left().is_some_and(|left| left.is_zero()) {
                // The time is over in this very moment: no try begins any more.
                self.cancel.cancelled().await;
            }
            if self.cancel.is_cancelled() {
                return self.cancelled(span);
            }
        }
    }

    fn never_passed(&self, scope: &Scope, limit: Duration, tries: Tries) -> Box<Failure> {
        let times = if tries.count == 1 { "1 try".to_owned() } else { format!("{} tries", tries.count) };
        let message = format!("check \"{}\" failed after {times} in {}", self.scope.title, spoken(limit));
        match tries.last {
            Some(mut last) => {
                last.diagnostic.message = format!("{message}\n{}", last.diagnostic.message);
                last.kind = FailureKind::Assert;
                last.diagnostic.code = FailureKind::Assert.code();
                last
            }
            None => {
                let waited = self.host().monotonic().saturating_sub(tries.last_began);
                let message = format!("{message}: there was no answer in {}", spoken(waited));
                self.failure(FailureKind::Assert, scope.span, message)
            }
        }
    }

    /// A use of a declared check: its body in a frame of its own.
    pub(super) async fn declared_check(&mut self, scope: &Arc<Scope>, index: u32, args: &[Expr]) -> Flow {
        let check = Arc::clone(&self.unit.program.checks[index as usize]);
        let mut frame = Frame::new(size(&check.frame));
        for (slot, arg) in (0u32..).zip(args) {
            frame.set(slot, attempt!(self.eval(arg)));
        }
        self.push_frame(frame, Code::Check(Arc::clone(&check)));
        let flow = self.check(scope, &check.body).await;
        self.pop_frame();
        match flow {
            Flow::Return(_) => Flow::Next,
            flow => flow,
        }
    }
}
