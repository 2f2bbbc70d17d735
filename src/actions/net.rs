//! Looking at the network below HTTP.

use std::time::Duration;

use super::args::{duration, int, later, no_evidence, shown, text};
use crate::catalog::{Action, ActionError, Effect, Inverse, Param};
use crate::host::NetError;
use crate::value::Value;

/// What stood in the way, for people.
pub(super) fn failed(error: NetError) -> ActionError {
    ActionError { help: error.help, ..ActionError::failed(error.message) }
}

pub(super) static PORT_OPEN: Action = Action {
    name: "net.port_open",
    summary: "Whether something accepts connections on a TCP port",
    details: "True as soon as a connection stands; it is closed at once. Refused, unreachable and too slow are all \
              false: for a check that waits until a server listens.",
    effect: Effect::Reads,
    params: &[
        Param { name: "host", ty: "string", default: None, doc: "A name or an address." },
        Param { name: "port", ty: "int", default: None, doc: "1 to 65535." },
        Param { name: "timeout", ty: "duration", default: Some("3s"), doc: "How long to wait for it." },
    ],
    returns: "bool",
    examples: &["let up = net.port_open(\"127.0.0.1\", 5432)"],
    show: |args| format!("connect to {}:{}", shown(args, "host"), shown(args, "port")),
    run: |call| {
        later(async move {
            let host = text(call.args, "host");
            let port = int(call.args, "port").and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
            let limit = duration(call.args, "timeout").unwrap_or(Duration::from_secs(3));
            Ok(Value::Bool(call.host.connects(&host, port, limit, call.cancel).await))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};
