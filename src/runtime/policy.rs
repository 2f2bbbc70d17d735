//! What a scope does about a failure: the innermost policy decides.

use std::rc::Rc;

use super::branch::Branch;
use super::event::Event;
use super::failure::{Failure, FailureKind};
use super::flow::{Flow, HandlerEnd};
use super::person::{Question, QuestionKind};
use super::undo::Order;
use crate::analysis::program::{Block, OnFail, Scope};
use crate::eval::expr::SlotId;
use crate::journal::Recorded;

/// Whether a scope is left, and how.
pub(super) enum Decision {
    Leave(Flow),
    /// The body runs once more.
    Again,
}

impl Branch {
    /// Looks at how the body ended; `handled` counts how often it was begun again.
    pub(super) async fn decide(&mut self, scope: &Scope, flow: Flow, since: Order, handled: i64) -> Decision {
        let failure = match flow {
            Flow::Fail(failure) => failure,
            flow => return Decision::Leave(flow),
        };
        // Whoever cancelled the work decides about it; nothing in it has a say.
        let final_already = matches!(failure.kind, FailureKind::Cancelled | FailureKind::Journal);
        let Some(policy) = scope.clauses.on_fail.as_ref().filter(|_| !final_already && !self.run.selection.checks_only)
        else {
            return Decision::Leave(Flow::Fail(failure));
        };
        match policy {
            OnFail::Stop => Decision::Leave(Flow::Stop(failure)),
            OnFail::Rollback => Decision::Leave(Flow::Rollback(failure)),
            OnFail::Continue => Decision::Leave(self.go_on(scope, failure)),
            OnFail::Undo => Decision::Leave(self.undo_scope(failure, since).await),
            OnFail::Ask => self.ask_what_to_do(scope, failure, since).await,
            OnFail::Handler { body, failure: slot } => self.handle(scope, body, *slot, failure, since, handled).await,
        }
    }

    fn go_on(&mut self, scope: &Scope, failure: Box<Failure>) -> Flow {
        self.accept(scope, &failure);
        self.emit(&Event::Failed { failure: Rc::new(*failure), next: "accepted; the run goes on".to_owned() });
        Flow::Next
    }

    /// Takes back this scope; then the failure goes on up.
    async fn undo_scope(&mut self, failure: Box<Failure>, since: Order) -> Flow {
        let inner: Vec<_> = self.pending.iter().filter(|pending| pending.order >= since).cloned().collect();
        let settled: Vec<_> = inner.iter().filter_map(|pending| self.settle(pending)).collect();
        if !settled.is_empty()
            && let Flow::Stop(stopped) = self.record_armed(settled, failure.diagnostic.span()).await
        {
            return Flow::Stop(stopped);
        }
        if let Some(pos) = self.scope_began.clone() {
            self.run.note(Recorded::UndoBegan { pos });
        }
        let nodes = self.undo.take_since(since);
        let next = format!("taking back \"{}\"", self.path.last().map(AsRef::as_ref).unwrap_or_default());
        self.emit(&Event::Failed { failure: Rc::new((*failure).clone()), next });
        self.run.take_back(nodes, &failure).await;
        Flow::Fail(failure)
    }

    async fn handle(
        &mut self,
        scope: &Scope,
        body: &Block,
        slot: SlotId,
        failure: Box<Failure>,
        since: Order,
        handled: i64,
    ) -> Decision {
        self.set(slot, failure.to_value());
        let next = "its handler runs".to_owned();
        self.emit(&Event::Failed { failure: Rc::new((*failure).clone()), next });
        let line = self.leave_line("h");
        let ended = self.block(body).await;
        self.line = line;
        match ended {
            Flow::Handler(HandlerEnd::Retry(times)) if handled < times => Decision::Again,
            Flow::Handler(HandlerEnd::Continue) => {
                self.accept(scope, &failure);
                Decision::Leave(Flow::Next)
            }
            Flow::Handler(HandlerEnd::Undo) => Decision::Leave(self.undo_scope(failure, since).await),
            Flow::Handler(HandlerEnd::Rollback) => Decision::Leave(Flow::Rollback(failure)),
            Flow::Handler(HandlerEnd::Stop | HandlerEnd::Retry(_)) | Flow::Next => Decision::Leave(Flow::Stop(failure)),
            // What the handler itself says, a failure in it included, stands for what it handled.
            flow => Decision::Leave(flow),
        }
    }

    async fn ask_what_to_do(&mut self, scope: &Scope, failure: Box<Failure>, since: Order) -> Decision {
        self.emit(&Event::Failed { failure: Rc::new((*failure).clone()), next: "asking what to do".to_owned() });
        let options = ["retry", "continue", "undo", "rollback", "stop"].map(str::to_owned).to_vec();
        let question = Question {
            kind: QuestionKind::Choose(options),
            text: format!("{} \"{}\" failed. What now?", scope.kind.word(), self.scope.title),
            details: vec![failure.message().to_owned()],
            path: self.path.clone(),
            answer_by: None,
        };
        let answer = match self.ask(&question, scope.span).await {
            Ok(answer) => answer,
            Err(Flow::Pause(_)) => return Decision::Leave(Flow::Pause(failure)),
            Err(flow) => return Decision::Leave(flow),
        };
        match answer.as_ref().map_or("stop", |answer| answer.text.as_str()) {
            "retry" => Decision::Again,
            "continue" => Decision::Leave(self.go_on(scope, failure)),
            "undo" => Decision::Leave(self.undo_scope(failure, since).await),
            "rollback" => Decision::Leave(Flow::Rollback(failure)),
            _ => Decision::Leave(Flow::Stop(failure)),
        }
    }
}
