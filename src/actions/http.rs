//! HTTP requests.
//!
//! Any answer to a reading request is a result: what it must be is for an `assert` to say. A
//! changing request fails on a status of 400 and above, unless `ok` names it. When the answer to
//! one was lost nobody knows whether it happened, and the failure says so.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::args::{duration, flag, int, later, shown, text};
use super::bodies;
use crate::catalog::{Action, ActionError, Args, Call, Certainty, Effect, Inverse, Param};
use crate::host::{HttpError, HttpRequest, HttpResponse, LocalFuture};
use crate::value::{Record, Value, display, units};

pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
/// Of a larger answer nothing is taken.
const MAX_BODY: u64 = 32 * 1024 * 1024;

const ANSWER: &str =
    "{ status: int, headers: record, body: string, url: string, lines: list<string>, json: any, elapsed: duration }";

pub(super) const URL: Param =
    Param { name: "url", ty: "url", default: None, doc: "The address; what it interpolates is percent-encoded." };
pub(super) const HEADERS: Param =
    Param { name: "headers", ty: "record?", default: Some("null"), doc: "Headers by name; quote names with a dash." };
pub(super) const BEARER: Param =
    Param { name: "bearer", ty: "string?", default: Some("null"), doc: "A token for `Authorization: Bearer`." };
pub(super) const BASIC: Param = Param {
    name: "basic",
    ty: "record?",
    default: Some("null"),
    doc: "`{ user: …, password: … }` for basic authentication.",
};
pub(super) const TIMEOUT_PARAM: Param =
    Param { name: "timeout", ty: "duration", default: Some("30s"), doc: "For the whole exchange, redirects included." };
const CONNECT: Param =
    Param { name: "connect_timeout", ty: "duration", default: Some("10s"), doc: "For the connection to stand." };
const FOLLOW: Param = Param { name: "follow", ty: "int", default: Some("5"), doc: "How many redirects are followed." };
pub(super) const INSECURE: Param =
    Param { name: "insecure", ty: "bool", default: Some("false"), doc: "Accept any certificate." };
const JSON: Param = Param { name: "json", ty: "any", default: Some("null"), doc: "A value sent as JSON." };
const FORM: Param = Param { name: "form", ty: "record?", default: Some("null"), doc: "Fields sent as a form." };
const FILES: Param = Param {
    name: "files",
    ty: "record?",
    default: Some("null"),
    doc: "Files sent as a form sends them, by the names of their fields: `{ file: \"report.pdf\" }`; `form` may go along.",
};
const BODY: Param = Param { name: "body", ty: "string?", default: Some("null"), doc: "A text sent as it is." };
const OK: Param = Param {
    name: "ok",
    ty: "list<int>?",
    default: Some("null"),
    doc: "Statuses that are no failure; below 400 if left out.",
};

const IDEMPOTENT: Param = Param {
    name: "idempotent",
    ty: "bool",
    default: Some("false"),
    doc: "The server knows a second request with the same `Idempotency-Key` as the first: it may be sent again.",
};

const FILE: Param = Param { name: "file", ty: "string?", default: Some("null"), doc: "A file sent as it is." };
pub(super) const CA: Param = Param {
    name: "ca",
    ty: "string?",
    default: Some("null"),
    doc: "A file with those whose certificates are trusted, in place of the system's.",
};
const CERT: Param = Param {
    name: "cert",
    ty: "string?",
    default: Some("null"),
    doc: "A file with our own certificate, for servers that ask who we are.",
};
const KEY: Param = Param { name: "key", ty: "string?", default: Some("null"), doc: "A file with the key to `cert`." };
const COOKIES: Param = Param {
    name: "cookies",
    ty: "bool",
    default: Some("false"),
    doc: "What servers set is kept while this rbk runs, and sent back to them; a run that goes on later begins without.",
};
pub(super) const MAX_SIZE: Param =
    Param { name: "max_size", ty: "size", default: Some("32MiB"), doc: "A larger answer is a failure." };

const READING: &[Param] =
    &[URL, HEADERS, BEARER, BASIC, TIMEOUT_PARAM, CONNECT, FOLLOW, INSECURE, CA, CERT, KEY, COOKIES, MAX_SIZE];
const ASKING: &[Param] = &[
    URL,
    JSON,
    FORM,
    FILES,
    BODY,
    HEADERS,
    BEARER,
    BASIC,
    TIMEOUT_PARAM,
    CONNECT,
    INSECURE,
    FILE,
    CA,
    CERT,
    KEY,
    COOKIES,
    MAX_SIZE,
];
const CHANGING: &[Param] = &[
    URL,
    JSON,
    FORM,
    FILES,
    BODY,
    HEADERS,
    BEARER,
    BASIC,
    OK,
    IDEMPOTENT,
    TIMEOUT_PARAM,
    CONNECT,
    INSECURE,
    FILE,
    CA,
    CERT,
    KEY,
    COOKIES,
    MAX_SIZE,
];

const READING_DETAILS: &str = "Any answer is a result, whatever its status: `assert` what it must be. Redirects are \
    followed, but no header of yours goes to another host. Goes through the proxy that HTTP_PROXY, HTTPS_PROXY or \
    ALL_PROXY names, past it for what stands in NO_PROXY and for this machine itself.";
const CHANGING_DETAILS: &str = "A status of 400 and above is a failure, unless `ok` names it. Redirects are not \
    followed. When the answer is lost, nobody knows whether it happened: the failure says so, and what takes it back runs. \
    Each carries an `Idempotency-Key`. Proxies are used as by `http.get`.";
const NO_INVERSE: Inverse =
    Inverse::None("what another system did with a request only that system can take back: write an `undo { }`");

macro_rules! reading {
    ($name:ident, $action:literal, $method:literal, $summary:literal, $example:literal) => {
        pub(super) static $name: Action = Action {
            name: $action,
            summary: $summary,
            details: READING_DETAILS,
            effect: Effect::Reads,
            params: READING,
            returns: ANSWER,
            examples: &[$example],
            show: |args| format!("{} {}", $method, shown(args, "url")),
            run: |call| send($method, call),
            repeatable: |_| true,
            inverse: Inverse::NotNeeded,
            evidence,
        };
    };
}

macro_rules! changing {
    ($name:ident, $action:literal, $method:literal, $summary:literal, $example:literal) => {
        pub(super) static $name: Action = Action {
            name: $action,
            summary: $summary,
            details: CHANGING_DETAILS,
            effect: Effect::Changes,
            params: CHANGING,
            returns: ANSWER,
            examples: &[$example],
            show: |args| format!("{} {}", $method, shown(args, "url")),
            run: |call| send($method, call),
            repeatable: |args| is_repeatable($method, args),
            inverse: NO_INVERSE,
            evidence,
        };
    };
}

reading!(GET, "http.get", "GET", "Ask a server", "let health = http.get(\"http://localhost:8080/health\")");
reading!(
    HEAD,
    "http.head",
    "HEAD",
    "Ask a server for the headers of its answer",
    "let head = http.head(\"http://localhost:8080/\")"
);
pub(super) static QUERY: Action = Action {
    name: "http.query",
    summary: "Ask a server with a body: a search, GraphQL, a login that is only tried",
    details: "By `POST`, for what is a question all the same: so it may stand in a check or a monitor, and may be asked \
              again. That it changes nothing there is for the author to know. Any answer is a result, whatever its \
              status. Redirects are not followed.",
    effect: Effect::Reads,
    params: ASKING,
    returns: ANSWER,
    examples: &["let login = http.query(\"http://localhost:8080/login\", json: { user: \"probe\" })"],
    show: |args| format!("ask {} by POST", shown(args, "url")),
    run: |call| later(exchange("POST", false, call)),
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence,
};
changing!(
    POST,
    "http.post",
    "POST",
    "Send something to a server",
    "let made = http.post(\"http://localhost:8080/users\", json: { name: \"ada\" })"
);
changing!(
    PUT,
    "http.put",
    "PUT",
    "Put something in its place on a server",
    "http.put(\"http://localhost:8080/flags/beta\", json: { on: true })"
);
changing!(
    PATCH,
    "http.patch",
    "PATCH",
    "Change a part of something on a server",
    "http.patch(\"http://localhost:8080/users/1\", json: { name: \"ada\" })"
);
changing!(
    DELETE,
    "http.delete",
    "DELETE",
    "Remove something from a server",
    "http.delete(\"http://localhost:8080/users/1\", ok: [200, 204, 404])"
);

const METHOD: Param = Param { name: "method", ty: "string", default: None, doc: "`PURGE`, `OPTIONS`, …" };

/// The method, and behind it what every changing request takes.
const REQUEST_PARAMS: [Param; CHANGING.len() + 1] = {
    let mut params = [METHOD; CHANGING.len() + 1];
    let mut at = 0;
    while at < CHANGING.len() {
        params[at + 1] = CHANGING[at];
        at += 1;
    }
    params
};

pub(super) static REQUEST: Action = Action {
    name: "http.request",
    summary: "Send a request with any method",
    details: CHANGING_DETAILS,
    effect: Effect::Changes,
    params: &REQUEST_PARAMS,
    returns: ANSWER,
    examples: &["http.request(\"PURGE\", \"http://localhost:8080/index.html\")"],
    show: |args| format!("{} {}", shown(args, "method"), shown(args, "url")),
    run: |call| {
        later(async move {
            let method = text(call.args, "method").to_uppercase();
            exchange(&method, changes(&method), call).await
        })
    },
    repeatable: |args| is_repeatable(&text(args, "method").to_uppercase(), args),
    inverse: NO_INVERSE,
    evidence,
};

/// `PUT` and `DELETE` may be repeated by their own meaning (RFC 9110, section 9.2.2); others if the server keeps keys.
fn is_repeatable(method: &str, args: &Args) -> bool {
    matches!(method, "PUT" | "DELETE" | "GET" | "HEAD" | "OPTIONS") || flag(args, "idempotent")
}

fn send<'a>(method: &'static str, call: &'a Call<'a>) -> LocalFuture<'a, Result<Value, ActionError>> {
    later(exchange(method, changes(method), call))
}

fn changes(method: &str) -> bool {
    !matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// One that `changes` fails for its status, and its lost answer is a doubt.
async fn exchange(method: &str, changes: bool, call: &Call<'_>) -> Result<Value, ActionError> {
    let mut request = request(method, call)?;
    let limit = duration(call.args, "timeout").unwrap_or(TIMEOUT);
    let own = call.cancel.child();
    let asked = request.url.clone();
    let work = async {
        let mut redirects = if self::changes(method) { 0 } else { int(call.args, "follow").unwrap_or(5) };
        loop {
            let answer = call.host.http(&request, &own).await?;
            match next_address(&request, &answer) {
                Some(next) if redirects > 0 => {
                    redirects -= 1;
                    follow(&mut request, next);
                }
                _ => return Ok(answer),
            }
        }
    };
    let answer = {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            biased;
            answer = &mut work => answer,
            () = call.host.sleep(limit, call.cancel), if !limit.is_zero() => {
                own.cancel();
                // The request was cancelled, or its answer came in the same moment.
                work.await.map_err(|error: HttpError| if error.cancelled && !call.cancel.is_cancelled() { HttpError {
                    message: format!("{} gave no answer in {}", host_of(&asked), spoken(limit)),
                    ..error
                } } else { error })
            }
        }
    };
    match answer {
        Ok(answer) => judged(answer, &request.url, changes, call.args),
        Err(error) => Err(lost(error, changes)),
    }
}

pub(super) fn spoken(limit: Duration) -> String {
    units::duration_text(i64::try_from(limit.as_nanos()).unwrap_or(i64::MAX))
}

pub(super) fn lost(error: HttpError, changes: bool) -> ActionError {
    let certainty = match (changes, error.never_sent) {
        (_, true) => Certainty::NotBegun,
        (true, false) => Certainty::InDoubt,
        (false, false) => Certainty::Failed,
    };
    ActionError { certainty, ..ActionError::failed(error.message) }
}

fn judged(answer: HttpResponse, url: &str, changes: bool, args: &Args) -> Result<Value, ActionError> {
    let status = i64::from(answer.status);
    let ok = match args.get("ok") {
        Value::List(wanted) => wanted.iter().any(|wanted| matches!(wanted, Value::Int(n) if *n == status)),
        _ => status < 400,
    };
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    let mut headers: Vec<(Arc<str>, Value)> = Vec::new();
    for (name, value) in answer.headers {
        match headers.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, joined)) => *joined = Value::str(format!("{}, {value}", joined.to_text())),
            None => headers.push((name.into(), Value::str(value))),
        }
    }
    let body: Arc<str> = body.into();
    let record = Record::new([
        ("status", Value::Int(status)),
        ("headers", Value::record(headers)),
        ("body", Value::Str(Arc::clone(&body))),
        ("url", Value::str(url)),
        ("elapsed", Value::Duration(i64::try_from(answer.elapsed.as_nanos()).unwrap_or(i64::MAX))),
    ]);
    let value = Value::Record(Arc::new(record.with_text(Arc::clone(&body))));
    if changes && !ok {
        let said = excerpt(&body, 300);
        let failed =
            ActionError { value: Some(value), ..ActionError::failed(format!("{} answered {status}", host_of(url))) };
        return Err(failed.output(said).help(format!("if {status} is fine here, say so: ok: [{status}]")));
    }
    Ok(value)
}

pub(super) fn request(method: &str, call: &Call<'_>) -> Result<HttpRequest, ActionError> {
    let args = call.args;
    let mut headers = Vec::new();
    if let Value::Record(given) = args.get("headers") {
        for (name, value) in given.iter() {
            headers.push((name.to_string(), display::exposed_text(value)));
        }
    }
    let has =
        |headers: &[(String, String)], name: &str| headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    headers.extend(super::args::bearer(args));
    if let Value::Record(basic) = exposed(args.get("basic")) {
        let part = |name: &str| basic.get(name).map(display::exposed_text).unwrap_or_default();
        let pair = crate::functions::to_base64(format!("{}:{}", part("user"), part("password")).as_bytes());
        headers.push(("authorization".to_owned(), format!("Basic {pair}")));
    }
    let (body, kind) = bodies::body(call)?;
    if let Some(kind) = kind
        && !has(&headers, "content-type")
    {
        headers.push(("content-type".to_owned(), kind));
    }
    if let Some(key) = call.idempotency_key
        && !has(&headers, "idempotency-key")
    {
        headers.push(("idempotency-key".to_owned(), key.to_owned()));
    }
    Ok(HttpRequest { method: method.to_owned(), headers, body, cookies: flag(args, "cookies"), ..way(call)? })
}

/// To whom, for how long, how large, and who must be at the other end.
fn way(call: &Call<'_>) -> Result<HttpRequest, ActionError> {
    let args = call.args;
    let file = |name: &str| {
        let given = super::args::optional_text(args, name)?;
        Some(call.surroundings.dir.as_ref().map_or_else(|| PathBuf::from(&given), |dir| dir.join(&given)))
    };
    let identity = match (file("cert"), file("key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err(super::args::not_begun("`cert` and `key` belong together").help("give the files of both")),
    };
    Ok(HttpRequest {
        url: text(args, "url"),
        connect_timeout: duration(args, "connect_timeout"),
        max_body: match args.get("max_size") {
            Value::Size(bytes) => u64::try_from(*bytes).unwrap_or(0),
            _ => MAX_BODY,
        },
        insecure: flag(args, "insecure"),
        ca: file("ca"),
        identity,
        ..HttpRequest::default()
    })
}

fn exposed(value: &Value) -> &Value {
    match value {
        Value::Secret(secret) => secret.expose(),
        value => value,
    }
}

/// Where a redirect leads.
fn next_address(request: &HttpRequest, answer: &HttpResponse) -> Option<url::Url> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let (_, location) = answer.headers.iter().find(|(name, _)| name == "location")?;
    url::Url::parse(&request.url).ok()?.join(location).ok()
}

/// Goes on to the next address. Another host, port or scheme gets none of the headers that were given.
fn follow(request: &mut HttpRequest, next: url::Url) {
    let same = url::Url::parse(&request.url).is_ok_and(|here| here.origin() == next.origin());
    if !same {
        request.headers.retain(|(name, _)| name.eq_ignore_ascii_case("accept"));
    }
    request.url = next.into();
}

pub(super) fn host_of(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    parsed.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "the server".to_owned())
}

/// `answered 200 in 84 ms: {"service":…}`
fn evidence(value: &Value) -> Option<String> {
    let Value::Record(answer) = value else { return None };
    let status = answer.get("status")?.to_text();
    let elapsed = match answer.get("elapsed")? {
        Value::Duration(nanoseconds) => nanoseconds / 1_000_000,
        _ => 0,
    };
    let body = excerpt(&answer.text()?.raw, 160);
    let what = if body.is_empty() { "with nothing".to_owned() } else { body };
    Some(format!("answered {status} in {elapsed} ms: {what}"))
}

/// The beginning of a body on one line, control characters made visible.
fn excerpt(body: &str, limit: usize) -> String {
    let mask = crate::mask::current();
    let body = &*mask.hide(body);
    let mut out = String::new();
    for (count, c) in body.trim().chars().enumerate() {
        if count == limit {
            out.push_str(" …");
            break;
        }
        match c {
            '\n' | '\t' | '\r' => out.push(' '),
            c if c < ' ' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('?')),
            c => out.push(c),
        }
    }
    out
}
