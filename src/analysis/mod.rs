//! From trees to a program: names resolved to slots, types and units checked, effects
//! checked, for every environment at once. Nothing is executed here.

pub mod program;

pub use program::Program;
