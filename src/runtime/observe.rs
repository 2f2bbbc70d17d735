//! Scopes on record: where they begin and end, and what came of those that only look.

use std::sync::Arc;
use std::time::Duration;

use super::branch::Branch;
use super::event::{ScopeInfo, ScopeStatus};
use super::failure::FailureKind;
use super::flow::Flow;
use super::replay::values;
use crate::analysis::program::Scope;
use crate::journal::{Position, Recorded};

impl Branch {
    pub(super) fn note_beginning(&self, pos: &Position, info: &ScopeInfo) {
        if self.run.replay.has_begun(pos) {
            return;
        }
        self.run.note(Recorded::ScopeBegan {
            pos: pos.clone(),
            depth: info.depth,
            kind: info.kind.to_owned(),
            title: info.title.clone(),
            place: info.place.clone(),
            effect: info.effect,
        });
    }

    pub(super) fn note_end(&self, pos: Position, status: ScopeStatus, elapsed: Duration, detail: Option<&str>) {
        if self.run.replay.has_ended_well(&pos) {
            return;
        }
        let detail = detail.map(str::to_owned);
        self.run.note(Recorded::ScopeEnded { pos, status: status.name().to_owned(), detail, elapsed });
    }

    /// A check or a monitor: on record is what came of it, and a resumed run takes that for the thing itself.
    pub(super) async fn observation(&mut self, scope: &Arc<Scope>) -> Flow {
        let pos = self.position();
        let known = match self.recall(&pos, scope.span).await {
            Ok(known) => known,
            Err(flow) => return flow,
        };
        if let Some(known) = known
            && let Some(flow) = self.recalled_observation(known, scope)
        {
            return flow;
        }
        let observing = self.observe_at(&pos);
        let flow = self.tries_in_time(scope).await;
        self.observed(observing);
        let (failure, skipped) = match &flow {
            Flow::Next => (None, None),
            Flow::Skip(why) => (None, Some(why.clone())),
            Flow::Fail(failure) if failure.kind != FailureKind::Cancelled => {
                (Some(Box::new(values::failure_entry(failure))), None)
            }
            _ => return flow,
        };
        let binds = scope.binds.iter().filter_map(|slot| Some((*slot, values::kept(self.get(*slot)?)))).collect();
        self.run.note(Recorded::Observed { pos, failure, binds, skipped });
        flow
    }

    /// `None`: it bound a secret, which is not on record, and is looked at again.
    fn recalled_observation(&mut self, known: Recorded, scope: &Scope) -> Option<Flow> {
        let Recorded::Observed { failure, binds, skipped, .. } = known else {
            return Some(self.diverged(scope.span, "something else than a check"));
        };
        let mut bound = Vec::with_capacity(binds.len());
        for (slot, value) in &binds {
            bound.push((*slot, values::recalled(value)?));
        }
        for (slot, value) in bound {
            self.set(slot, value);
        }
        Some(match (failure, skipped) {
            (Some(failure), _) => Flow::Fail(values::failure(&failure, &self.unit.program.sources)),
            (None, Some(why)) => Flow::Skip(why),
            (None, None) => Flow::Next,
        })
    }
}
