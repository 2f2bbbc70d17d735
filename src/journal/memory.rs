//! Records that live as long as the process.

use std::cell::RefCell;

use super::{Entry, JournalError, Record};
use crate::host::LocalFuture;

/// Keeps every entry: for tests.
#[derive(Debug, Default)]
pub struct Memory {
    entries: RefCell<Vec<Entry>>,
}

impl Memory {
    /// What was written so far, in order.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.borrow().clone()
    }
}

impl Record for Memory {
    fn write(&self, entry: Entry) -> LocalFuture<'_, Result<(), JournalError>> {
        self.note(entry);
        Box::pin(std::future::ready(Ok(())))
    }

    fn note(&self, entry: Entry) {
        self.entries.borrow_mut().push(entry);
    }

    fn fence(&self) -> u64 {
        1
    }
}

/// Keeps nothing: a run whose record ends with it, in memory that does not grow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Record for Discard {
    fn write(&self, _: Entry) -> LocalFuture<'_, Result<(), JournalError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn note(&self, _: Entry) {}

    fn fence(&self) -> u64 {
        1
    }
}
