//! The journal: every store keeps the same promises, and the one on disk keeps them under kill -9, rot and a full disk.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "journal/commands.rs"]
mod commands;
#[path = "journal/conformance.rs"]
mod conformance;
#[path = "journal/damage.rs"]
mod damage;
#[path = "journal/disk.rs"]
mod disk;
#[path = "journal/files.rs"]
mod files;
#[path = "journal/processes.rs"]
mod processes;
#[path = "journal/story.rs"]
mod story;
