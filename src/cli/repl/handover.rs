//! A run that is told as usual until somebody is asked what to do about a failure; from there on it is told to whoever
//! steps through it.

use std::cell::Cell;
use std::rc::Rc;

use super::tell::Telling;
use crate::report::Reporter;
use crate::runtime::event::{Event, Observer};

/// See the module.
pub(super) struct Handover {
    usual: Rc<dyn Reporter>,
    telling: Rc<Telling>,
    is_done: Cell<bool>,
}

impl Handover {
    pub(super) fn new(usual: Rc<dyn Reporter>, telling: Rc<Telling>) -> Self {
        telling.is_silent(true);
        Self { usual, telling, is_done: Cell::new(false) }
    }

    /// Somebody is asked: the usual display makes room, for good.
    pub(super) fn hands_over(&self) {
        if !self.is_done.replace(true) {
            self.usual.hold();
            self.telling.is_silent(false);
        }
    }
}

impl Observer for Handover {
    fn observe(&self, event: &Event) {
        self.telling.observe(event);
        if !self.is_done.get() {
            self.usual.observe(event);
        }
    }
}

impl Reporter for Handover {
    fn tick(&self) {
        if !self.is_done.get() {
            self.usual.tick();
        }
    }

    fn hold(&self) {
        if self.is_done.get() { self.telling.hold() } else { self.usual.hold() }
    }

    fn go_on(&self) {
        if self.is_done.get() { self.telling.go_on() } else { self.usual.go_on() }
    }

    fn remark(&self, line: &str) {
        if self.is_done.get() { self.telling.remark(line) } else { self.usual.remark(line) }
    }
}
