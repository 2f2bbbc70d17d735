//! How long the parts of a request take.

use std::time::Duration;

use super::args::{duration, later, shown};
use super::http::{
    BASIC, BEARER, CA, HEADERS, INSECURE, MAX_SIZE, TIMEOUT, TIMEOUT_PARAM, URL, host_of, lost, request, spoken,
};
use crate::catalog::{Action, Effect, Inverse};
use crate::host::HttpError;
use crate::value::Value;

pub(super) static TIMING: Action = Action {
    name: "http.timing",
    summary: "How long each part of a request takes",
    details: "One `GET` over a connection of its own, straight to the server, whatever proxies are set: `dns` until its \
              address is known, `connect` until the connection stands, `tls` until that does (nothing without), \
              `first_byte` from the request until the answer begins, `total` all of it. No redirect is followed.",
    effect: Effect::Reads,
    params: &[URL, HEADERS, BEARER, BASIC, TIMEOUT_PARAM, INSECURE, CA, MAX_SIZE],
    returns: "{ status: int, address: string, dns: duration, connect: duration, tls: duration, first_byte: duration, \
              total: duration, size: size }",
    examples: &["let took = http.timing(\"http://localhost:8080/health\")\n    assert took.first_byte < 200ms"],
    show: |args| format!("measure GET {}", shown(args, "url")),
    run: |call| {
        later(async move {
            let request = request("GET", call)?;
            let own = call.cancel.child();
            let limit = duration(call.args, "timeout").unwrap_or(TIMEOUT);
            let mut work = std::pin::pin!(call.host.timing(&request, &own));
            let timing = tokio::select! {
                biased;
                timing = &mut work => timing,
                () = call.host.sleep(limit, call.cancel), if !limit.is_zero() => {
                    own.cancel();
                    let late = format!("{} gave no answer in {}", host_of(&request.url), spoken(limit));
                    work.await.map_err(|error| HttpError { message: late, ..error })
                }
            };
            let timing = timing.map_err(|error| lost(error, false))?;
            let took = |time: Duration| Value::Duration(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
            Ok(Value::record([
                ("status", Value::Int(timing.status.into())),
                ("address", Value::from(timing.address)),
                ("dns", took(timing.dns)),
                ("connect", took(timing.connect)),
                ("tls", took(timing.tls)),
                ("first_byte", took(timing.first_byte)),
                ("total", took(timing.total)),
                ("size", Value::Size(i64::try_from(timing.size).unwrap_or(i64::MAX))),
            ]))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| Some(format!("it took {}", value.inspect())),
};
