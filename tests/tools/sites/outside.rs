//! Services that others run: Cloud Monitoring (in PromQL), Sentry, Slack, PagerDuty.

use serde_json::{Value, json};

use super::{Answer, Request, answered, number, sign};

pub(super) fn answer(state: &mut Value, request: &Request) -> Answer {
    match request.site.as_str() {
        "monitoring" => monitoring(state, request),
        "sentry" => sentry(state, request),
        kind => {
            let told = &mut state["told"];
            if !told.is_array() {
                *told = json!([]);
            }
            let told = told.as_array_mut().unwrap();
            told.push(json!({ "to": kind, "body": request.body }));
            answered(200, json!({ "status": "success" }))
        }
    }
}

/// The numbers that are asked for, by what only their query has; and what they are on a quiet day.
const METRICS: &[(&str, &str, f64)] = &[
    ("response_code_class=\"5xx\"", "error_rate", 0.0005),
    ("histogram_quantile(0.99, sum by (le) (rate(run_googleapis_com:request_latencies_bucket", "p99", 320.0),
    ("histogram_quantile(0.95, sum by (le) (rate(run_googleapis_com:request_latencies_bucket", "p95", 180.0),
    ("container_memory_utilizations_bucket", "memory", 0.52),
    ("container_cpu_utilizations_bucket", "cpu", 0.31),
    ("database_postgresql_num_backends", "connections", 23.0),
    ("container_instance_count", "instances", 3.0),
    ("run_googleapis_com:request_count", "requests", 41.5),
];

/// <https://cloud.google.com/monitoring/promql>
fn monitoring(state: &Value, request: &Request) -> Answer {
    let refused = |status: u16, kind: &str, error: &str| {
        answered(status, json!({ "status": "error", "errorType": kind, "error": error }))
    };
    if request.bearer.as_deref().is_none_or(|token| !token.starts_with("ya29.")) {
        return answered(401, json!({ "error": { "code": 401, "status": "UNAUTHENTICATED" } }));
    }
    if !request.path.ends_with("/location/global/prometheus/api/v1/query") {
        return answered(404, json!({ "error": { "code": 404, "status": "NOT_FOUND" } }));
    }
    let query = request.query("query");
    let Some((_, name, usual)) = METRICS.iter().find(|(mark, _, _)| query.contains(mark)) else {
        return refused(400, "bad_data", &format!("there is no such metric in: {query}"));
    };
    let service = query.split_once("service_name=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
    let value = number(state, service, name, *usual);
    let result = match value {
        Some(value) => json!([{ "metric": {}, "value": [1_768_903_200, value.to_string()] }]),
        None => json!([]),
    };
    answered(200, json!({ "status": "success", "data": { "resultType": "vector", "result": result } }))
}

/// <https://docs.sentry.io/api/>
fn sentry(state: &Value, request: &Request) -> Answer {
    if request.bearer.is_none() {
        return answered(401, json!({ "detail": "Authentication credentials were not provided." }));
    }
    if request.path.ends_with("/events/") {
        let field = request.query("field");
        let site = state["sentry"][request.query("environment")].as_str().unwrap_or_default().to_owned();
        let data = match number(state, &site, "sentry failure rate", 0.002) {
            Some(rate) => json!([{ field: rate }]),
            None => json!([]),
        };
        return answered(200, json!({ "data": data, "meta": { "fields": { field: "percentage" } } }));
    }
    if request.path.ends_with("/issues/") {
        let query = request.query("query");
        let environment = query.split_once("environment:").and_then(|(_, rest)| rest.split(' ').next());
        let site = state["sentry"][environment.unwrap_or_default()].as_str().unwrap_or_default().to_owned();
        let found = sign(state, &site, "metric", "sentry issues").map_or(json!([]), |sign| sign["value"].clone());
        return answered(200, found);
    }
    answered(404, json!({ "detail": "The requested resource does not exist" }))
}
