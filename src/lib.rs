//! rbk: the language and interpreter that make runbooks run.
//!
//! The modules are floors; a module uses only those above it in this list.
//! `src/README.md` says what each is for and what must always hold in it.

pub mod diag;
pub mod mask;
pub mod source;

pub mod host;
pub mod syntax;
pub mod value;

pub mod catalog;

pub mod eval;
pub mod functions;

pub mod analysis;

pub mod fmt;
pub mod journal;

pub mod lint;

pub mod runtime;

pub mod session;

pub mod actions;

pub mod report;

pub mod cli;

/// Trees are made of many small parts. With this they are read and given back a fifth faster than with glibc's.
/// Its second version: the third asks for huge pages, which a short run pays for and never uses.
#[cfg(not(fuzzing))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
