//! What the services of the simulated world answer: how their live revisions are, and what goes wrong with them.
//! Nothing here reads or writes anything but the state, so that a test with a clock of its own can ask it, too.
//!
//! `state["signs"]` is a list of what is odd: `{ "at": "POST */auth/login", "site": "caas-backend", "on": "IMAGE",
//! "status": 401, "json": {…} }`. `on` is a revision or an image, and it is seen as long as that is live;
//! `unless_env` takes it away once the live revision has that variable, `once_disabled` waits until a version of that
//! secret is disabled; `metric` in place of `at` is a number that Cloud Monitoring or Sentry tell. The first that fits is
//! seen.

mod bayit;
mod caas;
mod casemgmt;
pub(crate) mod cloudrun;
mod liftlog;
mod outside;
pub(crate) mod redcube;

use serde_json::{Value, json};

/// A request to a site.
pub(crate) struct Request {
    pub(crate) method: String,
    /// The name of a service, or what stands for a host: `monitoring`, `sentry`, `slack`.
    pub(crate) site: String,
    pub(crate) path: String,
    /// Decoded.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) bearer: Option<String>,
    /// Under which address this machine was asked: `127.0.0.1:8099`; empty where the host has a name of its own.
    pub(crate) here: String,
}

/// What it answers, and after how many milliseconds.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) after: u64,
}

pub(crate) fn answered(status: u16, body: Value) -> Answer {
    Answer { status, body, after: 20 }
}

/// Hosts of services that belong to nobody here.
const OUTSIDE: &[(&str, &str)] = &[
    ("monitoring.googleapis.com", "monitoring"),
    ("sentry.io", "sentry"),
    ("hooks.slack.com", "slack"),
    ("events.pagerduty.com", "pagerduty"),
];

impl Request {
    /// From an address as a client writes it; where the service is told by its host, and on this machine by the first
    /// part of the path. `None` where nobody answers under that name.
    pub(crate) fn of(state: &Value, method: &str, url: &str, body: &[u8], bearer: Option<&str>) -> Option<Self> {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (site, path) = if host.starts_with("127.0.0.1") || host.is_empty() {
            let (site, path) = path.split_once('/').unwrap_or((path, ""));
            (state["hosts"][site].as_str().unwrap_or(site), path)
        } else {
            let outside = OUTSIDE.iter().find(|(known, _)| *known == host).map(|(_, site)| *site);
            (outside.or_else(|| cloudrun::site_of(state, host))?, path)
        };
        let here = if host.starts_with("127.0.0.1") { host.to_owned() } else { String::new() };
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        Some(Self {
            method: method.to_owned(),
            site: site.to_owned(),
            path: format!("/{path}"),
            query: query.map(|(name, value)| (decoded(name), decoded(value))).collect(),
            body: serde_json::from_slice(body).unwrap_or(Value::Null),
            bearer: bearer.map(str::to_owned),
            here,
        })
    }

    pub(crate) fn query(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let hex: Vec<u8> = bytes.by_ref().take(2).collect();
                let hex = std::str::from_utf8(&hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                out.push(hex.unwrap_or(b'?'));
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Answers, and keeps in the state what came of it.
pub(crate) fn answer(state: &mut Value, request: &Request) -> Answer {
    let line = format!("{} {}", request.method, request.path);
    if let Some(sign) = sign(state, &request.site, "at", &line) {
        let status = sign["status"].as_u64().unwrap_or(200) as u16;
        let body = if sign["json"].is_null() { json!({ "error": "it failed" }) } else { sign["json"].clone() };
        return Answer { status, body, after: sign["after"].as_u64().unwrap_or(20) };
    }
    match request.site.as_str() {
        "monitoring" | "sentry" | "slack" | "pagerduty" => outside::answer(state, request),
        "redcube" | "openrouter" => redcube::answer(state, request),
        site if site.starts_with("casemgmt-") => casemgmt::answer(state, request),
        site if site.starts_with("caas-") => caas::answer(state, request),
        site if site.starts_with("bayit-") => bayit::answer(state, request),
        site if site.starts_with("liftlog-") => liftlog::answer(state, request),
        site => plain(state, site),
    }
}

/// A sign whose value is null is a number that is not there.
fn number(state: &Value, site: &str, name: &str, usual: f64) -> Option<f64> {
    match sign(state, site, "metric", name) {
        Some(sign) => sign["value"].as_f64(),
        None => Some(usual),
    }
}

/// What goes over the wire: a text as it is, all else as JSON.
pub(crate) fn wire(body: &Value) -> (&'static str, String) {
    match body {
        Value::String(text) => ("text/plain", text.clone()),
        body => ("application/json", body.to_string()),
    }
}

/// The first sign that is seen of this: of a request by its `at`, of a number by its `metric`.
fn sign(state: &Value, site: &str, by: &str, what: &str) -> Option<Value> {
    let live = cloudrun::live(state, site);
    let fits = |sign: &&Value| {
        let text = |name: &str| sign[name].as_str();
        let here = text("site").is_none_or(|of| of == site);
        let image = casemgmt::image(state, site).or_else(|| redcube::image(state, site));
        let on = text("on").is_none_or(|on| {
            live.as_ref().is_some_and(|live| live.name == on || live.image == on) || image.as_deref() == Some(on)
        });
        let mended = text("unless_env").is_some_and(|name| live.as_ref().is_some_and(|live| live.has_env(name)));
        let disabled = |one: &Value| one["state"] == "DISABLED";
        let versions = |key| state["secrets"][key].as_array().is_some_and(|all| all.iter().any(disabled));
        let begun = text("once_disabled").is_none_or(versions);
        here && on && begun && !mended && text(by).is_some_and(|pattern| like(pattern, what))
    };
    state["signs"].as_array()?.iter().find(fits).cloned()
}

/// Whether a pattern with `*` fits the whole text.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((first, rest)) => text.strip_prefix(first).is_some_and(|text| {
            rest.is_empty() || (0..=text.len()).any(|at| text.is_char_boundary(at) && like(rest, &text[at..]))
        }),
    }
}

/// Any Cloud Run service by the revision that has most of the traffic, any deployment by its pods.
fn plain(state: &Value, name: &str) -> Answer {
    if let Some(live) = cloudrun::live(state, name) {
        let broken = live.is_broken(state);
        let word = if broken { "degraded-malformed-query-detected" } else { "operational" };
        let body = json!({ "service": name, "auth_status": word, "revision": live.name });
        return answered(if broken { 503 } else { 200 }, body);
    }
    let objects = state["k8s"]["objects"].as_object().into_iter().flatten();
    let found = objects.into_iter().find(|(key, _)| key.ends_with(&format!("/Deployment/{name}")));
    let Some((_, deployment)) = found else {
        return answered(404, json!({ "error": format!("there is no {name}") }));
    };
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(0);
    let ready = deployment["status"]["readyReplicas"].as_i64().unwrap_or(0);
    let word = if ready > 0 { "ok" } else { "down" };
    answered(if ready > 0 { 200 } else { 503 }, json!({ "status": word, "ready": ready, "wanted": wanted }))
}

/// A system's state to begin with, by the name of its folder under `runbooks/`.
pub(crate) fn begin(system: &str) -> Option<Value> {
    match system {
        "caas" => Some(caas::state()),
        "casemgmt" => Some(casemgmt::state()),
        "redcube" => Some(redcube::state()),
        "bayit" => Some(bayit::state()),
        "liftlog" => Some(liftlog::state()),
        _ => None,
    }
}

/// Files that a system's runbooks find.
pub(crate) fn files(system: &str) -> Vec<(&'static str, String)> {
    match system {
        "bayit" => bayit::files(),
        "casemgmt" => casemgmt::files(),
        "redcube" => redcube::files(),
        "liftlog" => liftlog::files(),
        _ => Vec::new(),
    }
}
