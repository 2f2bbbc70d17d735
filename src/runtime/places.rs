//! `on …`: where commands run, and what is told of it.

use std::path::PathBuf;
use std::rc::Rc;

use super::act::SH;
use super::block::attempt;
use super::branch::Branch;
use super::dispatcher::Performed;
use super::failure::{Failure, FailureKind};
use super::flow::Flow;
use crate::analysis::program::Block;
use crate::catalog::target::{TargetForm, may_stand_within, refusal};
use crate::catalog::{Args, Place, Surroundings};
use crate::eval::Expr;
use crate::source::Span;
use crate::value::Value;
use crate::value::display::LATER;

impl Branch {
    pub(super) async fn on_dir(&mut self, dir: &Expr, body: &Block) -> Flow {
        let dir = PathBuf::from(attempt!(self.text(dir)));
        let mut inner = (*self.surroundings).clone();
        let around = inner.places.last_mut().map_or(&mut inner.dir, |place| &mut place.dir);
        *around = Some(match around.take() {
            Some(outer) => outer.join(&dir),
            None => dir,
        });
        self.surrounded_by(inner, body).await
    }

    /// `on ssh(…)` and its like: what is within runs there.
    pub(super) async fn on_place(
        &mut self,
        form: &'static TargetForm,
        args: &[Expr],
        body: &Block,
        span: Span,
    ) -> Flow {
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            let value = attempt!(self.eval(arg));
            if value.holds_secret() {
                let message =
                    format!("a secret cannot say where `on {}` leads: any user of the machine can read it", form.name);
                return Flow::Fail(self.failure(FailureKind::Expression, arg.span, message));
            }
            values.push(value);
        }
        let unknown = values.iter().any(Value::is_unknown);
        let target = match (form.target)(&Args::new(form.params, values)) {
            Ok(target) => Some(target),
            Err(_) if unknown => None,
            Err(why) => {
                let message = format!("`on {}` leads nowhere: {why}", form.name);
                return Flow::Fail(self.failure(FailureKind::Expression, span, message));
            }
        };
        let target = target.filter(|_| !unknown);
        let shown = target.as_ref().map_or_else(|| format!("{} {LATER}", form.name), ToString::to_string);
        let mut inner = (*self.surroundings).clone();
        inner.places.push(Place { target, shown, dir: None, vars_around: inner.vars.len() });
        self.surrounded_by(inner, body).await
    }

    pub(super) async fn surrounded_by(&mut self, inner: Surroundings, body: &Block) -> Flow {
        let outer = std::mem::replace(&mut self.surroundings, Rc::new(inner));
        let flow = self.block(body).await;
        self.surroundings = outer;
        flow
    }

    /// What an effect does, with where it does it.
    ///
    /// # Errors
    /// It would speak from this machine, and stands in a place. The analysis refuses that; here it is refused in a
    /// runbook that is called there.
    pub(super) fn placed(&self, what: &Performed<'_>, summary: String, span: Span) -> Result<String, Box<Failure>> {
        match (what, self.surroundings.way()) {
            (_, None) => Ok(summary),
            (Performed::Native(action), Some(way)) if !may_stand_within(action.name) => {
                let (message, help) = refusal(action.name, &way);
                let mut failure = self.failure(FailureKind::Action, span, message);
                failure.diagnostic.help = Some(help);
                Err(failure)
            }
            (Performed::Native(action), Some(_)) if action.name != SH => Ok(summary),
            (_, Some(way)) => Ok(format!("on {way}: {summary}")),
        }
    }
}
