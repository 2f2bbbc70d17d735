//! How large a value may grow. A runbook that needs more should leave it to a command.

/// Bytes of a string: 64 MiB.
pub const MAX_TEXT: usize = 64 << 20;

/// Items of a list.
pub const MAX_LIST: usize = 10_000_000;
