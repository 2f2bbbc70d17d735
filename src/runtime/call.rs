//! `call`: another runbook as one step of this one, in the same record.

use std::sync::Arc;

use super::block::attempt;
use super::branch::Branch;
use super::failure::FailureKind;
use super::flow::Flow;
use super::inputs::{Given, GivenValue, bind};
use super::unit::{Code, size};
use crate::analysis::program::Scope;
use crate::eval::{Expr, Frame};

impl Branch {
    pub(super) async fn call(&mut self, scope: &Scope, program: u32, with: &[(Arc<str>, Expr)]) -> Flow {
        let program = Arc::clone(&self.unit.program.called[program as usize]);
        let shared = self.unit.environment.as_deref();
        let has_it = shared.is_some_and(|name| program.environments.iter().any(|other| &*other.name == name));
        let mut given = Given { environment: shared.filter(|_| has_it).map(str::to_owned), ..Given::default() };
        for (name, expr) in with {
            let value = attempt!(self.eval(expr));
            given.params.insert(name.to_string(), GivenValue::Value(value));
        }
        let unit = match bind(&program, &given) {
            Ok(unit) => unit,
            Err(errors) => {
                let why: Vec<String> = errors.into_iter().map(|error| error.message).collect();
                return Flow::Fail(self.failure(FailureKind::Expression, scope.span, why.join("; ")));
            }
        };
        let outer = std::mem::replace(&mut self.unit, unit);
        self.push_frame(Frame::new(size(&program.frame)), Code::Story(Arc::clone(&program)));
        let flow = self.block(&program.body).await;
        let finally: Vec<_> = program.finally.iter().cloned().collect();
        let flow = self.finally_of(&finally, flow).await;
        self.pop_frame();
        self.unit = outer;
        match flow {
            // The called runbook is over; this one goes on.
            Flow::Finish(why) => {
                self.emit(&super::event::Event::Note(format!("\"{}\" finished early: {why}", scope.name)));
                Flow::Next
            }
            flow => flow,
        }
    }
}
