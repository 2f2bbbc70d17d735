//! Real servers, started once: PostgreSQL, shared with the tests of `sql.*`, and Redis.

#![allow(dead_code, unreachable_pub, reason = "shared with other tests, which use other parts of it")]

#[path = "../sql/db.rs"]
pub(crate) mod db;
#[path = "../sql/server.rs"]
pub(crate) mod server;
#[path = "../world/mod.rs"]
pub(crate) mod world;

use std::path::Path;
use std::sync::OnceLock;

use world::server::{Server, folder, free_port, missing, program, start, words};

/// The address of a Redis. `None` if it is not installed.
pub(crate) fn redis() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let Some(redis) = program(&["redis-server", "valkey-server"], &[]) else {
            missing("Redis", "redis-server");
            return None;
        };
        let (folder, switch) = folder();
        let (port, own) = (free_port(), folder.display().to_string());
        let number = port.to_string();
        let args = ["--port", &number, "--bind", "127.0.0.1", "--dir", &own, "--save", ""];
        Some(start(&words(&switch, Path::new(&redis), &args), &folder, port))
    });
    server.as_ref().map(|server| format!("redis://127.0.0.1:{}", server.port))
}
