//! Arming: how each change can be taken back, ready before the change begins.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::branch::Branch;
use super::event::Event;
use super::undo::{Armed, Work, entry};
use super::unit::Code;
use crate::catalog::{Action, Args};
use crate::eval::expr::SlotId;
use crate::journal::ArmedEntry;
use crate::source::Span;
use crate::value::Value;

impl Branch {
    /// Declares a compensation of a scope or action that begins.
    pub(super) fn declare(
        &mut self,
        compensation: &Arc<crate::analysis::program::Compensation>,
        order: super::undo::Order,
    ) -> Rc<super::undo::Pending> {
        let pending = Rc::new(super::undo::Pending {
            compensation: Arc::clone(compensation),
            list: self.undo.clone(),
            order,
            frame: self.frames.len() - 1,
            path: self.path.clone(),
            surroundings: Rc::clone(&self.surroundings),
            unit: self.unit.clone(),
            scope: Rc::clone(&self.scope),
            armed: RefCell::default(),
            touched: std::cell::Cell::default(),
        });
        self.pending.push(Rc::clone(&pending));
        pending
    }

    /// Arms a compensation whose scope is over, if it changed something; from here on it stands by itself.
    #[must_use = "what was armed is recorded"]
    pub(super) fn settle(&mut self, pending: &Rc<super::undo::Pending>) -> Option<ArmedEntry> {
        let late = pending.touched.get() && pending.armed.borrow().is_none();
        let armed = if late { self.arm(pending, self.run.next_order(), true) } else { None };
        self.pending.retain(|other| !Rc::ptr_eq(other, pending));
        armed
    }

    /// Arms what is declared around here, is not armed, and has all its names.
    pub(super) fn arm_ready(&mut self, late: bool) -> Vec<ArmedEntry> {
        let ready: Vec<_> = self
            .pending
            .iter()
            .filter(|pending| pending.armed.borrow().is_none() && pending.touched.get())
            .cloned()
            .collect();
        ready
            .iter()
            .filter_map(|pending| {
                // One whose names were bound when its scope began keeps its place before everything in it.
                let order = if self.ready_from_start(pending) { pending.order } else { self.run.next_order() };
                self.arm(pending, order, late)
            })
            .collect()
    }

    fn ready_from_start(&self, pending: &super::undo::Pending) -> bool {
        // What was armed since then came after it: it was ready before its scope's first effect.
        !pending.list.newest_first().iter().any(|armed| armed.order >= pending.order)
    }

    /// `late`: by what a change returned, not before it.
    fn arm(&self, pending: &Rc<super::undo::Pending>, order: super::undo::Order, late: bool) -> Option<ArmedEntry> {
        if let Some(known) = self.armed_by_an_earlier_try(pending) {
            *pending.armed.borrow_mut() = Some(known);
            return None;
        }
        let frame = &self.frames[pending.frame];
        let mut captured = Vec::with_capacity(pending.compensation.captures.len());
        for slot in &pending.compensation.captures {
            captured.push((*slot, frame.get(*slot)?.clone()));
        }
        let armed = Rc::new(Armed {
            order,
            id: self.position(),
            text: self.with_values(pending, &captured),
            work: Work::Block {
                compensation: Arc::clone(&pending.compensation),
                captured,
                frame_size: u32::try_from(frame.size()).unwrap_or(u32::MAX),
            },
            path: pending.path.clone(),
            surroundings: Rc::clone(&pending.surroundings),
            unit: pending.unit.clone(),
            code: self.codes[pending.frame].clone(),
            backgrounds: self.backgrounds.borrow().clone(),
            in_doubt: std::cell::Cell::default(),
            late,
        });
        let record = entry(&armed);
        *pending.armed.borrow_mut() = Some(Rc::clone(&armed));
        let (scope, text, restores) = (Rc::clone(&pending.scope), armed.text.clone(), armed.is_restore());
        self.emit(&Event::Armed { scope, text, restores });
        pending.list.arm(armed);
        Some(record)
    }

    /// When a scope is tried again, the world to go back to is the one before the first try.
    fn armed_by_an_earlier_try(&self, pending: &super::undo::Pending) -> Option<Rc<Armed>> {
        let since = self.earlier_tries.iter().map(|(since, _)| *since).min()?;
        let until = self.earlier_tries.iter().map(|(_, until)| *until).max()?;
        self.run.root.newest_first().into_iter().find(|armed| {
            let same = match &armed.work {
                Work::Block { compensation, .. } => !armed.late && Arc::ptr_eq(compensation, &pending.compensation),
                Work::Native { .. } => false,
            };
            same && (since..until).contains(&armed.order) && armed.path == pending.path
        })
    }

    /// What a compensation will do, with the values it captured put in.
    fn with_values(&self, pending: &super::undo::Pending, captured: &[(SlotId, Value)]) -> String {
        let code = &self.codes[pending.frame];
        let one_line = pending.compensation.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let filled = super::wording::filled(&one_line, &|name| super::undo::named(name, code, captured, &pending.unit));
        // Options that were not given leave a gap.
        filled.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn native_inverse(
        &self,
        action: &'static Action,
        args: &Args,
        captured: Value,
        span: Span,
        text: String,
    ) -> Rc<Armed> {
        Rc::new(Armed {
            order: self.run.next_order(),
            id: self.position(),
            work: Work::Native { action, args: args.clone(), captured, span },
            text,
            path: self.path.clone(),
            surroundings: Rc::clone(&self.surroundings),
            unit: self.unit.clone(),
            code: Code::Story(Arc::clone(&self.unit.program)),
            backgrounds: Vec::new(),
            in_doubt: std::cell::Cell::default(),
            late: false,
        })
    }
}
