//! The `rbk` command.

fn main() {}
