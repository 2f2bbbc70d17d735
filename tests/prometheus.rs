//! Prometheus: a real server, started once for all of these tests, which reads a small exporter of ours.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rbk::catalog::ActionError;
use rbk::value::Value;

use world::book::Book;
use world::server::{Server, free_port, missing, program, start, words};
use world::{Around, action, args, field, run_local};

/// What the exporter shows: of the requests `/moving` counts how often it was asked itself.
fn shown(path: &str) -> String {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let moving = if path == "/moving" { ASKED.fetch_add(10, Ordering::Relaxed) } else { 0 };
    format!(
        r#"# HELP shop_requests_total Requests.
# TYPE shop_requests_total counter
shop_requests_total{{code="200",path="/a \"b\""}} 970
shop_requests_total{{code="500",path="/"}} 30
# TYPE shop_moving_total counter
shop_moving_total {moving}
# TYPE shop_queue gauge
shop_queue{{name="mail"}} 7
shop_queue{{name="jobs"}} NaN
# TYPE shop_seconds histogram
shop_seconds_bucket{{le="0.1"}} 100
shop_seconds_bucket{{le="0.5"}} 180
shop_seconds_bucket{{le="2"}} 196
shop_seconds_bucket{{le="+Inf"}} 200
shop_seconds_sum 61.5
shop_seconds_count 200
"#
    )
}

fn exporter() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (mut asked, mut piece) = (Vec::new(), [0; 1024]);
            while !asked.windows(4).any(|four| four == b"\r\n\r\n") {
                match stream.read(&mut piece) {
                    Ok(read) if read > 0 => asked.extend_from_slice(&piece[..read]),
                    _ => break,
                }
            }
            let asked = String::from_utf8_lossy(&asked).into_owned();
            let text = shown(asked.split(' ').nth(1).unwrap_or_default());
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close\r\n";
            let _ = stream.write_all(format!("{head}content-length: {}\r\n\r\n{text}", text.len()).as_bytes());
        }
    });
    port
}

struct Prometheus {
    _server: Server,
    url: String,
    /// Of the exporter.
    exporter: String,
}

/// The server, once it has read the exporter twice.
fn prometheus() -> Option<&'static Prometheus> {
    static SERVER: OnceLock<Option<Prometheus>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let Some(program) = program(&["prometheus"], &[]) else {
                missing("Prometheus", "prometheus");
                return None;
            };
            let folder = tempfile::Builder::new().prefix("rbk-prom-").tempdir().unwrap().keep();
            let (port, exporter) = (free_port(), exporter());
            let config = format!(
                "global:\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\nscrape_configs:\n  - job_name: shop\n    \
                 static_configs:\n      - targets: [\"127.0.0.1:{exporter}\"]\n"
            );
            std::fs::write(folder.join("prometheus.yml"), config).unwrap();
            let args = [
                format!("--config.file={}", folder.join("prometheus.yml").display()),
                format!("--storage.tsdb.path={}", folder.join("data").display()),
                format!("--web.listen-address=127.0.0.1:{port}"),
            ];
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let _server = start(&words(&[], &program, &args), &folder, port);
            let found = Prometheus {
                _server,
                url: format!("http://127.0.0.1:{port}"),
                exporter: format!("http://127.0.0.1:{exporter}"),
            };
            let begun = Instant::now();
            // Until it is ready it refuses, and then it knows nothing yet.
            while !matches!(found.value("count_over_time(shop_requests_total{code=\"500\"}[1m])"), Ok(count) if count >= 2.0)
            {
                assert!(begun.elapsed() < Duration::from_secs(60), "it has not read the exporter");
                std::thread::sleep(Duration::from_millis(50));
            }
            Some(found)
        })
        .as_ref()
}

fn call(name: &str, given: Vec<(&str, Value)>) -> Result<Value, ActionError> {
    let action = action(name);
    let args = args(action, given);
    let around = Around::new();
    run_local((action.run)(&around.call(&args)))
}

impl Prometheus {
    fn ask(&self, name: &str, query: &str, mut more: Vec<(&str, Value)>) -> Result<Value, ActionError> {
        more.push(("server", Value::str(self.url.as_str())));
        more.push(("query", Value::str(query)));
        call(name, more)
    }

    fn value(&self, query: &str) -> Result<f64, ActionError> {
        match self.ask("prom.value", query, Vec::new())? {
            Value::Float(value) => Ok(value),
            other => panic!("{other:?} is no float"),
        }
    }

    #[track_caller]
    fn refuses(&self, name: &str, query: &str, wanted: &str) {
        let error = self.ask(name, query, Vec::new()).unwrap_err();
        let said = format!("{}\nhelp: {}", error.message, error.help.unwrap_or_default());
        assert!(said.contains(wanted), "{query}: {said}");
    }
}

fn items(value: Value) -> Vec<Value> {
    match value {
        Value::List(items) => items.iter().cloned().collect(),
        other => panic!("{other:?} is no list"),
    }
}

fn part(value: &Value, name: &str) -> Value {
    match value {
        Value::Record(record) => record.get(name).unwrap_or_else(|| panic!("no {name} in {value:?}")).clone(),
        other => panic!("{other:?} is no record"),
    }
}

#[test]
fn an_instant_query_has_its_series() {
    let Some(prometheus) = prometheus() else { return };
    let series = |query: &str| items(prometheus.ask("prom.query", query, Vec::new()).unwrap());
    let found = series("shop_requests_total{path=\"/a \\\"b\\\"\"}");
    assert_eq!(found.len(), 1, "what the query quotes arrives");
    assert_eq!(
        (field(&found[0], "value").as_str(), field(&part(&found[0], "labels"), "code").as_str()),
        ("970", "200")
    );
    assert_eq!(field(&part(&found[0], "labels"), "job"), "shop");
    assert!(
        matches!(part(&found[0], "at"), Value::Instant(at) if at.duration_until(jiff::Timestamp::now()).as_secs() < 60)
    );
    assert_eq!(series("up == 0").len(), 0);
    assert_eq!(field(&series("scalar(sum(shop_requests_total))")[0], "value"), "1000");
    assert_eq!(prometheus.value("sum(shop_requests_total) + 2").unwrap(), 1002.0);
    assert_eq!(prometheus.value("vector(1) / 0").unwrap(), f64::INFINITY);
    assert!(prometheus.value("shop_queue{name=\"jobs\"}").unwrap().is_nan());
}

#[test]
fn a_range_has_its_values_in_the_order_of_time() {
    let Some(prometheus) = prometheus() else { return };
    let second = |n: i64| Value::Duration(n * 1_000_000_000);
    let more = vec![("last", second(20)), ("step", second(1))];
    let found = items(prometheus.ask("prom.range", "time() - 5", more).unwrap());
    let (values, times) = (items(part(&found[0], "values")), items(part(&found[0], "times")));
    assert_eq!((found.len(), values.len(), times.len()), (1, 21, 21));
    for (value, time) in values.iter().zip(&times) {
        let (Value::Float(value), Value::Instant(time)) = (value, time) else { panic!("{value:?} {time:?}") };
        assert!((time.as_duration().as_secs_f64() - 5.0 - value).abs() < 0.01, "{value} belongs to {time}");
    }
    assert!(times.is_sorted_by(|a, b| matches!((a, b), (Value::Instant(a), Value::Instant(b)) if a < b)));
    let many = items(prometheus.ask("prom.range", "shop_queue", Vec::new()).unwrap());
    let names: Vec<_> = many.iter().map(|one| field(&part(one, "labels"), "name")).collect();
    assert_eq!(names, ["jobs", "mail"]);
}

#[test]
fn what_it_refuses_is_told_in_its_words() {
    let Some(prometheus) = prometheus() else { return };
    for name in ["prom.query", "prom.value", "prom.range"] {
        prometheus.refuses(name, "sum(", "Prometheus refused the query: ");
        prometheus.refuses(name, "", "Prometheus refused the query: ");
        prometheus.refuses(name, "rate(shop_queue)", "expected type range vector");
    }
    prometheus.refuses(
        "prom.value",
        "nobody_knows_it",
        "the query has no series, so there is no number\nhelp: look at",
    );
    prometheus.refuses("prom.value", "shop_queue", "the query has 2 series, and one number is wanted\nhelp: put them");
    for query in ["shop_queue[5m]", "\"text\""] {
        prometheus.refuses("prom.query", query, "no numbers of one moment\nhelp: a range `[5m]` needs a function");
    }
    let more = vec![("last", Value::Duration(i64::MAX / 2)), ("step", Value::Duration(1_000_000_000))];
    let error = prometheus.ask("prom.range", "up", more).unwrap_err();
    assert!(error.message.contains("exceeded maximum resolution of 11,000 points"), "{error}");
    // The address of a page, or of what is no Prometheus at all.
    for server in [format!("{}/graph", prometheus.url), prometheus.exporter.clone()] {
        let given = vec![("server", Value::str(server.as_str())), ("query", Value::from("up"))];
        let error = call("prom.query", given).unwrap_err();
        assert!(error.help.clone().unwrap_or_default().contains("without /api/v1"), "{server}: {error}");
    }
}

#[test]
fn what_a_program_shows_counts_as_it_does_for_prometheus() {
    let Some(prometheus) = prometheus() else { return };
    let expected = |query: &str| prometheus.value(query).unwrap();
    let (p50, p95) = ("histogram_quantile(0.5, shop_seconds_bucket)", "histogram_quantile(0.95, shop_seconds_bucket)");
    let ratio = "sum(shop_requests_total{code=\"500\"}) / sum(shop_requests_total)";
    Book::new(format!(
        r#"
check "the same numbers" {{
    let shown = prom.scrape("{exporter}/metrics")
    assert shown.metric("shop_queue", {{ name: "mail" }}) == 7
    assert shown.quantile(0.5, "shop_seconds") == seconds({p50})
    assert shown.quantile(0.95, "shop_seconds") == seconds({p95})
    assert shown.metric("shop_requests_total", {{ code: "500" }}) / shown.metric("shop_requests_total") == {ratio}
    let moving = prom.scrape("{exporter}/moving", over: 200ms)
    assert moving.metric("shop_moving_total") == 10
    let own = prom.scrape("{url}/metrics")
    assert own.metric("prometheus_ready") == 1
    assert own.quantile(0.9, "prometheus_http_request_duration_seconds") < 10s
}}
"#,
        exporter = prometheus.exporter,
        url = prometheus.url,
        p50 = expected(p50),
        p95 = expected(p95),
        ratio = expected(ratio),
    ))
    .run()
    .is(0);
    let refused = |path: &str| {
        call("prom.scrape", vec![("url", Value::str(format!("{}{path}", prometheus.url)))]).unwrap_err().message
    };
    let said = refused("/api/v1/status/buildinfo");
    assert!(said.contains("these are no metrics"), "{said}");
    assert_eq!(refused("/nowhere"), "its metrics were asked for, and it answered 404");
    // Its front page leads on.
    let said = refused("/");
    assert!(said.contains("and leads on to") && said.contains(&format!("{}/", prometheus.url)), "{said}");
}

#[test]
fn a_monitor_watches_a_query() {
    let Some(prometheus) = prometheus() else { return };
    let watch = |limit: &str| {
        Book::new(format!(
            "monitor \"errors\" for 600ms every 200ms {{\n    fail_when prom.value(\"{}\", \"sum(shop_requests_total{{code=~'5..'}}) / sum(shop_requests_total)\") > {limit}\n}}\n",
            prometheus.url
        ))
        .run()
    };
    watch("5%").is(0);
    watch("1%").is(1).says("0.03");
}
