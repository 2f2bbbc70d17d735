//! Runs a program: scopes, tries, deadlines, parallel branches, what is armed, rollback,
//! cancellation, events, outcome.
//!
//! Everything runs on one thread. Work is never dropped half-way: it is cancelled and waited
//! for, so that nothing of it lives when its compensation begins.

mod act;
mod arm;
mod assert;
mod background;
mod block;
mod branch;
mod call;
mod check;
mod command_line;
mod deadline;
pub mod dispatcher;
mod doubt;
pub mod event;
pub mod failure;
mod finally;
mod flow;
mod hide;
pub mod inputs;
mod left;
mod live;
mod monitor;
mod observe;
pub mod outcome;
mod output;
mod parallel;
mod people;
pub mod person;
mod places;
mod plan;
mod policy;
mod pure;
pub mod replay;
mod rollback;
mod run;
mod scope;
mod secrets;
mod selection;
mod start;
pub mod steer;
mod undo;
mod unit;
mod way_back;
mod wording;

pub use live::{Elsewhere, Live, NobodyElsewhere};
pub use plan::Plan;
pub use run::{Control, Stopping, last_words};
pub use selection::{Selection, Title, is_named};
pub use start::{Before, Start, Unhandled, run};
pub use unit::Unit;
