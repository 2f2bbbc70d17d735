//! Databases: real servers, started once for all of these tests, and files of SQLite.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod world;

#[path = "sql/db.rs"]
mod db;
#[path = "sql/dump.rs"]
mod dump;
#[path = "sql/mysql.rs"]
mod mysql;
#[path = "sql/postgres.rs"]
mod postgres;
#[path = "sql/server.rs"]
mod server;
#[path = "sql/sqlite.rs"]
mod sqlite;
#[path = "sql/stopping.rs"]
mod stopping;
