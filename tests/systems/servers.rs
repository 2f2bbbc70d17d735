//! A real PostgreSQL, shared with the tests of `sql.*`.

#![allow(dead_code, unreachable_pub, reason = "shared with other tests, which use other parts of it")]

#[path = "../sql/db.rs"]
pub(crate) mod db;
#[path = "../sql/server.rs"]
pub(crate) mod server;
#[path = "../world/mod.rs"]
pub(crate) mod world;
