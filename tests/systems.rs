//! The runbooks of `runbooks/`, each run against the simulated world (`tests/tools/`) and the real parts of it (PostgreSQL,
//! Redis, git, S3 as moto plays it), hours of watching on a virtual clock: the good path, what the page says of each failure, and the way back.
//!
//! `RBK_SHOW=1` prints what each run told.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

#[path = "systems/bayit.rs"]
mod bayit;
#[path = "systems/caas.rs"]
mod caas;
#[path = "systems/casemgmt.rs"]
mod casemgmt;
#[path = "systems/clock.rs"]
mod clock;
#[path = "systems/cloud.rs"]
#[allow(dead_code, reason = "each system uses a part of it")]
mod cloud;
#[path = "systems/frame.rs"]
mod frame;
#[path = "systems/host.rs"]
mod host;
#[path = "systems/liftlog.rs"]
mod liftlog;
#[path = "stdlib/moto.rs"]
mod moto;
#[path = "systems/redcube.rs"]
mod redcube;
#[path = "systems/servers.rs"]
mod servers;
#[path = "tools/sites/mod.rs"]
#[allow(dead_code, reason = "a test asks it, and has the tools set it up")]
mod sites;
#[path = "systems/stepped.rs"]
mod stepped;
#[path = "systems/table.rs"]
mod table;
#[path = "stdlib/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the library, which use other parts of it")]
mod tools;
#[path = "systems/world.rs"]
#[allow(dead_code, reason = "each system uses a part of it")]
mod world;
