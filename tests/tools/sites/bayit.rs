//! The Bayit+ backend.

use serde_json::{Value, json};

use super::{Answer, Request, answered};

pub(super) fn state() -> Value {
    json!({})
}

pub(super) fn files() -> Vec<(&'static str, String)> {
    Vec::new()
}

pub(super) fn answer(_: &mut Value, _: &Request) -> Answer {
    answered(404, json!({}))
}
