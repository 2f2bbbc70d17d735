//! The standard library in a simulated world (`tests/tools/`): each example runs; what has an inverse is done and
//! undone, and the world is as before; and what goes wrong is said in words that say what to do.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "stdlib/aws.rs"]
mod aws;
#[path = "stdlib/docker.rs"]
mod docker;
#[path = "stdlib/gcp.rs"]
mod gcp;
#[path = "stdlib/gh.rs"]
mod gh;
#[path = "stdlib/git.rs"]
mod git;
#[path = "stdlib/helm.rs"]
mod helm;
#[path = "stdlib/k8s.rs"]
mod k8s;
#[path = "stdlib/library.rs"]
mod library;
#[path = "stdlib/moto.rs"]
mod moto;
#[path = "stdlib/packages.rs"]
mod packages;
#[path = "stdlib/scripted.rs"]
mod scripted;
#[path = "stdlib/terraform.rs"]
mod terraform;
#[path = "stdlib/world.rs"]
mod world;
