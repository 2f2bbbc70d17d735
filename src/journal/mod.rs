//! The durable record of runs, behind one trait.
//!
//! The runner writes an [`Entry`] before and after every changing effect and stops the run
//! when one cannot be written. The journal is not an observer: nothing is shown from here,
//! and nothing that is only shown is written here.

pub mod approvers;
mod chain;
pub mod entry;
mod memory;
pub mod memory_store;
mod naming;
pub mod place;
pub mod sqlite;
pub mod store;

pub use approvers::{Approvers, Groups};
pub use entry::{
    ArmedEntry, Ended, Ending, Entry, ErrorEntry, FailureEntry, Position, QuestionEntry, Recall, Recorded, Started,
    Steer, Verdict,
};
pub use memory::{Discard, Memory};
pub use store::{JournalError, LeftAnswer, Record, Store, StoreError, StoredSource};
