//! Prometheus: what its server answers to a query, and what a program says of itself in the same format.

use std::time::Duration;

use super::args::{bearer, duration, later, no_evidence, shown, text};
use crate::catalog::{Action, ActionError, Call, Effect, Inverse, Param};
use crate::functions::{increase, parse_metrics, url_component};
use crate::host::{HttpRequest, HttpResponse};
use crate::value::{Value, json, units};

/// Of a larger answer nothing is taken.
const MAX_BODY: u64 = 32 * 1024 * 1024;
const SERIES: &str = "list<{ labels: record, value: float, at: instant }>";

const SERVER: Param =
    Param { name: "server", ty: "url", default: None, doc: "The server's address: http://prometheus:9090" };
const QUERY_TEXT: Param = Param { name: "query", ty: "string", default: None, doc: "PromQL." };
const BEARER: Param =
    Param { name: "bearer", ty: "string?", default: Some("null"), doc: "A token for `Authorization: Bearer`." };
const TIMEOUT: Param = Param { name: "timeout", ty: "duration", default: Some("30s"), doc: "For the answer." };

pub(super) static QUERY: Action = Action {
    name: "prom.query",
    summary: "Ask Prometheus: the series of an instant query",
    details: "By `/api/v1/query`, which Thanos, Mimir and VictoriaMetrics have too. No series is an empty list: an \
              `assert` says how many there must be. For one number there is `prom.value`.",
    effect: Effect::Reads,
    params: &[SERVER, QUERY_TEXT, BEARER, TIMEOUT],
    returns: SERIES,
    examples: &["let down = prom.query(\"http://localhost:9090\", \"up == 0\")"],
    show: |args| format!("ask {}: {}", shown(args, "server"), shown(args, "query")),
    run: |call| later(async move { Ok(Value::list(instant(call).await?)) }),
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: ANSWERED,
};

pub(super) static VALUE: Action = Action {
    name: "prom.value",
    summary: "Ask Prometheus for one number",
    details: "Fails when there is no series or more than one: an alert that looks at nothing must not be green. Where \
              none means zero say so in the query: `… or vector(0)`.",
    effect: Effect::Reads,
    params: &[SERVER, QUERY_TEXT, BEARER, TIMEOUT],
    returns: "float",
    examples: &["let errors = prom.value(\"http://localhost:9090\", \"sum(rate(http_errors_total[5m]))\")"],
    show: |args| format!("ask {}: {}", shown(args, "server"), shown(args, "query")),
    run: |call| {
        later(async move {
            let series = instant(call).await?;
            match series.as_slice() {
                [Value::Record(one)] => Ok(one.get("value").cloned().unwrap_or(Value::Null)),
                [] => Err(ActionError::failed("the query has no series, so there is no number")
                    .help("look at its name and labels; where none means zero: … or vector(0)")),
                many => {
                    Err(ActionError::failed(format!("the query has {} series, and one number is wanted", many.len()))
                        .help("put them together: sum(…), max(…); or take them all: prom.query(…)"))
                }
            }
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: ANSWERED,
};

pub(super) static RANGE: Action = Action {
    name: "prom.range",
    summary: "Ask Prometheus: the series of a query over the last while",
    details: "By `/api/v1/query_range`, until now. `values` are in the order of time.",
    effect: Effect::Reads,
    params: &[
        SERVER,
        QUERY_TEXT,
        Param { name: "last", ty: "duration", default: Some("1h"), doc: "How far back." },
        Param { name: "step", ty: "duration", default: Some("1m"), doc: "Between two values." },
        BEARER,
        TIMEOUT,
    ],
    returns: "list<{ labels: record, values: list<float>, times: list<instant> }>",
    examples: &["let load = prom.range(\"http://localhost:9090\", \"node_load1\", last: 15m)"],
    show: |args| {
        format!("ask {} for the last {}: {}", shown(args, "server"), shown(args, "last"), shown(args, "query"))
    },
    run: |call| {
        later(async move {
            let seconds = |name, otherwise| duration(call.args, name).unwrap_or(otherwise).as_secs_f64();
            let now = call.host.now().as_duration().as_secs_f64();
            let begin = now - seconds("last", Duration::from_secs(3600));
            let step = seconds("step", Duration::from_secs(60));
            let asked = format!("query_range?start={begin:.3}&end={now:.3}&step={step}&query=");
            let data = ask(call, &asked).await?;
            let series = data["result"].as_array().ok_or_else(unexpected)?;
            let one = |series: &serde_json::Value| {
                let points = series["values"].as_array()?.iter().map(point).collect::<Option<Vec<_>>>()?;
                let (times, values): (Vec<_>, Vec<_>) = points.into_iter().unzip();
                let labels = json::from_json(series["metric"].clone());
                Some(Value::record([
                    ("labels", labels),
                    ("values", Value::list(values)),
                    ("times", Value::list(times)),
                ]))
            };
            series.iter().map(one).collect::<Option<Vec<_>>>().map(Value::list).ok_or_else(unexpected)
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: ANSWERED,
};

pub(super) static SCRAPE: Action = Action {
    name: "prom.scrape",
    summary: "Read the metrics that a program shows of itself",
    details: "The samples of its `/metrics`, for `.metric(name)`, `.ratio(part, whole)` and `.quantile(0.95, name)`. \
              Counters count from the program's start: with `over: 30s` it is read twice, so far apart, and what counts \
              up is what came between, as `increase(…)` of PromQL has it. Without it a burst of errors drowns in all \
              that went well before.",
    effect: Effect::Reads,
    params: &[
        Param { name: "url", ty: "url", default: None, doc: "Where the metrics are: http://localhost:8080/metrics" },
        Param { name: "over", ty: "duration?", default: Some("null"), doc: "What counts up is told for this while." },
        BEARER,
        TIMEOUT,
    ],
    returns: "list<{ name: string, labels: record, value: float }>",
    examples: &["let metrics = prom.scrape(\"http://localhost:8080/metrics\", over: 30s)"],
    show: |args| format!("read the metrics of {}", shown(args, "url")),
    run: |call| {
        later(async move {
            let url = text(call.args, "url");
            let first = metrics(call, &url).await?;
            let read = match duration(call.args, "over") {
                None => parse_metrics(&first),
                Some(while_) => {
                    call.host.sleep(while_, call.cancel).await;
                    increase(&first, &metrics(call, &url).await?)
                }
            };
            read.map_err(|why| {
                ActionError::failed(format!("these are no metrics: {why}"))
                    .help("look at the address: metrics are a text in Prometheus' format, often at /metrics")
            })
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

/// What stands in the record of a failed assert.
type Evidence = fn(&Value) -> Option<String>;
const ANSWERED: Evidence = |value| Some(format!("Prometheus answered {}", value.inspect()));

async fn metrics(call: &Call<'_>, url: &str) -> Result<String, ActionError> {
    match get(call, url.to_owned()).await? {
        (200, body) => Ok(body),
        (status, _) => Err(ActionError::failed(format!("its metrics were asked for, and it answered {status}"))
            .help("look at the address, and whether it wants a token: bearer: …")),
    }
}

async fn instant(call: &Call<'_>) -> Result<Vec<Value>, ActionError> {
    let data = ask(call, "query?query=").await?;
    let of = |labels: Value, sample: &serde_json::Value| {
        let (at, value) = point(sample)?;
        Some(Value::record([("labels", labels), ("value", value), ("at", at)]))
    };
    let found = match data["resultType"].as_str() {
        Some("scalar") => of(Value::record::<&str>([]), &data["result"]).map(|one| vec![one]),
        Some("vector") => data["result"].as_array().and_then(|series| {
            series.iter().map(|one| of(json::from_json(one["metric"].clone()), &one["value"])).collect()
        }),
        _ => {
            return Err(ActionError::failed("this query has no numbers of one moment")
                .help("a range `[5m]` needs a function around it: rate(…[5m]); or ask with prom.range(…)"));
        }
    };
    found.ok_or_else(unexpected)
}

/// `[1435781430.781, "1"]`
fn point(sample: &serde_json::Value) -> Option<(Value, Value)> {
    let (at, value) = (sample.get(0)?.as_f64()?, sample.get(1)?.as_str()?.parse().ok()?);
    let at = jiff::SignedDuration::try_from_secs_f64(at).ok().and_then(|at| jiff::Timestamp::from_duration(at).ok())?;
    Some((Value::Instant(at), Value::Float(value)))
}

fn unexpected() -> ActionError {
    ActionError::failed("the answer is none of Prometheus' API").help("look at the server's address, without /api/v1")
}

/// What is in `data` of an answer of the API (prometheus.io/docs/prometheus/latest/querying/api).
async fn ask(call: &Call<'_>, asked: &str) -> Result<serde_json::Value, ActionError> {
    let server = text(call.args, "server");
    let query = url_component(&text(call.args, "query"));
    let (status, body) = get(call, format!("{}/api/v1/{asked}{query}", server.trim_end_matches('/'))).await?;
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    match answer["status"].as_str() {
        Some("success") => Ok(answer["data"].clone()),
        Some("error") => {
            let why = answer["error"].as_str().unwrap_or("it does not say why");
            Err(ActionError::failed(format!("Prometheus refused the query: {why}"))
                .help("try it on the server's own page: the place of a mistake is told there"))
        }
        _ if status != 200 => Err(ActionError::failed(format!("Prometheus answered {status}"))
            .help("look at the server's address, without /api/v1, and whether it wants a token: bearer: …")),
        _ => Err(unexpected()),
    }
}

/// Where a redirect leads.
fn leads_to(asked: &str, answer: &HttpResponse) -> Option<url::Url> {
    let (_, location) = answer.headers.iter().find(|(name, _)| name == "location")?;
    let next = url::Url::parse(asked).ok()?.join(location).ok()?;
    (300..400).contains(&answer.status).then_some(next)
}

/// Status and body.
async fn get(call: &Call<'_>, url: String) -> Result<(u16, String), ActionError> {
    let headers = bearer(call.args).into_iter().collect();
    let connect_timeout = Some(Duration::from_secs(10));
    let request = HttpRequest {
        method: "GET".to_owned(),
        url,
        headers,
        connect_timeout,
        max_body: MAX_BODY,
        ..HttpRequest::default()
    };
    let limit = duration(call.args, "timeout").unwrap_or(Duration::from_secs(30));
    let own = call.cancel.child();
    let mut work = std::pin::pin!(call.host.http(&request, &own));
    let answer = tokio::select! {
        biased;
        answer = &mut work => answer,
        () = call.host.sleep(limit, call.cancel) => {
            own.cancel();
            let answer = work.await;
            if answer.is_err() && !call.cancel.is_cancelled() {
                let limit = units::duration_text(i64::try_from(limit.as_nanos()).unwrap_or(i64::MAX));
                return Err(ActionError::failed(format!("there was no answer in {limit}")));
            }
            answer
        }
    };
    let answer = answer.map_err(|error| ActionError::failed(error.message))?;
    if let Some(next) = leads_to(&request.url, &answer) {
        return Err(ActionError::failed(format!("it answered {} and leads on to {next}", answer.status))
            .help("give that address, if it is the right one; nothing is sent on to it by itself"));
    }
    Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
}
