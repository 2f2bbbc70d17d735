//! `finally`: what runs however a scope ends, and when.

use std::rc::Rc;

use super::branch::Branch;
use super::event::Event;
use super::failure::Failure;
use super::flow::Flow;
use super::outcome::{Status, outcome_value};
use super::replay::Line;
use crate::analysis::program::Finally;
use crate::host::Cancel;
use crate::value::Value;

impl Branch {
    /// Runs `finally` blocks, under a cancellation of their own. When the run is being taken back they wait until that is over.
    pub(super) async fn finally_of(&mut self, blocks: &[Finally], flow: Flow) -> Flow {
        let mut flow = flow;
        // `rbk check` only looks, and a `finally` may do anything.
        let blocks = if self.run.selection.checks_only { &[] } else { blocks };
        for finally in blocks {
            if self.will_be_taken_back(&flow) {
                let line = Line::at_the_end(self.run.deferred.borrow().len());
                let branch = self.fork(self.undo.clone(), line);
                self.run.deferred.borrow_mut().push((finally.clone(), branch));
                continue;
            }
            let status = match &flow {
                Flow::Fail(_) | Flow::Stop(_) | Flow::Rollback(_) => Status::Failed,
                Flow::Pause(_) => Status::Paused,
                Flow::Finish(_) => Status::Finished,
                Flow::Next | Flow::Break | Flow::Skip(_) | Flow::Return(_) | Flow::Handler(_) => Status::Succeeded,
            };
            let outcome = outcome_value(status, flow.failure());
            let line = self.leave_line("f");
            let failed = self.run_finally(finally, outcome).await;
            self.line = line;
            if let Some(failure) = failed
                && matches!(flow, Flow::Next)
            {
                flow = Flow::Fail(failure);
            }
        }
        flow
    }

    /// Runs one `finally`. A failure in it is told, and never hides what went before.
    pub(super) async fn run_finally(&mut self, finally: &Finally, outcome: Value) -> Option<Box<Failure>> {
        let outer = std::mem::replace(&mut self.cancel, Cancel::new());
        let outer_deadline = self.deadline.take();
        let stepped = std::mem::replace(&mut self.stepped, false);
        self.set(finally.outcome, outcome);
        let flow = self.block(&finally.body).await;
        self.stepped = stepped;
        self.cancel = outer;
        self.deadline = outer_deadline;
        match flow {
            Flow::Fail(failure) | Flow::Stop(failure) | Flow::Pause(failure) | Flow::Rollback(failure) => {
                self.emit(&Event::Failed {
                    failure: Rc::new((*failure).clone()),
                    next: "`finally` ends here; what went before stands".to_owned(),
                });
                Some(failure)
            }
            _ => None,
        }
    }
}
