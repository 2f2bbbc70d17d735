//! The examples beside every builtin function and every native action hold: a function's gives the
//! value it states; an action's is analysed in a step, planned, and run in a scripted world.

#![allow(clippy::unwrap_used, clippy::format_push_string)]

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use rbk::actions;
use rbk::diag::{Style, render};
use rbk::functions;
use rbk::host::fake::{CommandReply, FakeHost, HttpReply, RedisReply, SqlReply};
use rbk::host::{Cancel, DnsAnswer, DnsRecord, Host, LocalFuture, RedisValue, TlsShown};
use rbk::journal::{Discard, Groups, Record};
use rbk::runtime::event::{Event, Observer};
use rbk::runtime::inputs::{Given, bind};
use rbk::runtime::outcome::Status;
use rbk::runtime::person::{Answer, Person, Question, QuestionKind};
use rbk::runtime::{Control, Elsewhere, NobodyElsewhere, Selection, Start, Unhandled, run};
use rbk::session;
use rbk::value::Value;

/// Sees nothing; the report says it all.
struct Silent;

impl Observer for Silent {
    fn observe(&self, _: &Event) {}
}

/// Agrees with everything.
struct Agreeable;

impl Person for Agreeable {
    fn ask<'a>(&'a self, question: &'a Question, _: &'a Cancel) -> LocalFuture<'a, Option<Answer>> {
        let text = match &question.kind {
            QuestionKind::Choose(options) => options.first().cloned().unwrap_or_default(),
            _ => "yes".to_owned(),
        };
        Box::pin(std::future::ready(Some(Answer::here(text, "ada"))))
    }
}

/// A world in which everything answers.
fn world() -> FakeHost {
    let host = FakeHost::new();
    host.on_command("*", CommandReply::ok("1\n"));
    host.on_http("*", "*", HttpReply::json(200, r#"{"status":"ok"}"#));
    let vector =
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1700000000,"1"]}]}}"#;
    host.on_http("GET", "*/api/v1/query?*", HttpReply::json(200, vector));
    let matrix = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
    host.on_http("GET", "*/api/v1/query_range?*", HttpReply::json(200, matrix));
    host.on_http("GET", "*/metrics", HttpReply::new(200, "up 1\n"));
    host.on_sql("*", SqlReply::rows([rbk::value::Record::new([("users", Value::Int(3))])]));
    redis(&host);
    network(&host);
    for file in [
        "/etc/motd",
        "/srv/app/releases/v1/app",
        "/site/v2/index.html",
        "/tmp/rbk-a",
        "/tmp/v2.tar.gz",
        "/tmp/rbk-example.conf",
        "/srv/app/current/app.tar",
        "/tmp/rbk-example/v1/index.html",
    ] {
        host.fake_files().put(file, "text\n");
    }
    host.fake_files().put("/srv/app/app.conf.template", "workers = ${workers}\nhost = ${db.host}\n");
    host.fake_files().put("/srv/app/migrations/002.sql", "ALTER TABLE users ADD COLUMN note text;\n");
    // What pg_dump would have written.
    host.fake_files().put("/srv/app/before.dump.part", "PGDMP");
    host.fake_files().put("/srv/app/before.db", "SQLite format 3");
    host.set_var("HOME", "/home/ada");
    host
}

/// A certificate, and a name.
fn network(host: &FakeHost) {
    let chain = vec![std::fs::read("tests/world/shop.crt").unwrap()];
    host.show_certificate(TlsShown { chain, protocol: "TLSv1.3".to_owned(), doubt: None });
    let record = DnsRecord {
        name: "shop.example".to_owned(),
        kind: "A".to_owned(),
        data: "192.0.2.1".to_owned(),
        ttl: Duration::from_secs(60),
    };
    host.answer_names(DnsAnswer { records: vec![record], no_such_name: false, server: "192.0.2.53:53".to_owned() });
}

/// A server of Redis that is well.
fn redis(host: &FakeHost) {
    let text = |text: &str| RedisValue::Bytes(text.as_bytes().to_vec());
    host.on_redis("*", RedisReply::value(RedisValue::Int(1)));
    host.on_redis("GET *", RedisReply::text("read-write"));
    host.on_redis("INFO *", RedisReply::text("# Replication\r\nrole:master\r\n"));
    host.on_redis(
        "SCAN *",
        RedisReply::value(RedisValue::List(vec![text("0"), RedisValue::List(vec![text("session:1")])])),
    );
    // No key is there.
    host.on_redis("DUMP *", RedisReply::value(RedisValue::Int(-1)));
}

/// Analyses and runs a runbook; what is wrong with it, in words.
fn faults(text: &str, plan: bool) -> Option<String> {
    let fake = world();
    fake.fake_files().put("/case/example.rbk", text);
    let host: Rc<dyn Host> = Rc::new(fake);
    let opened = session::open(host.as_ref(), Path::new("/case/example.rbk")).unwrap();
    let wrong: Vec<String> = opened
        .analysis
        .diagnostics
        .iter()
        .map(|diagnostic| render(diagnostic, &opened.analysis.sources, Style::default()))
        .collect();
    if !wrong.is_empty() {
        return Some(format!("{text}\n{}", wrong.join("\n")));
    }
    let program = opened.analysis.program.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let report = tokio::task::LocalSet::new().block_on(&runtime, async {
        let record: Rc<dyn Record> = Rc::new(Discard);
        let elsewhere: Rc<dyn Elsewhere> = Rc::new(NobodyElsewhere);
        let person: Rc<dyn Person> = Rc::new(Agreeable);
        run(Start {
            unit: bind(&program, &Given::default()).unwrap(),
            id: "example".into(),
            host: Rc::clone(&host),
            dispatcher: if plan { session::plan(false) } else { session::live(&host, &record, &person, &elsewhere) },
            observer: Rc::new(Silent),
            control: Rc::new(Control::default()),
            selection: Selection::default(),
            on_fail: Unhandled::Stop,
            before: None,
            groups: Groups::default(),
            stepping: None,
        })
        .await
    });
    let why = report.failure.as_ref().map(|failure| {
        let labels: Vec<&str> = failure.diagnostic.labels.iter().map(|label| label.text.as_str()).collect();
        format!("{text}\n{}: {}", failure.message(), labels.join("; "))
    });
    why.or_else(|| (report.status != Status::Succeeded).then(|| format!("{text}\n{}", report.status.name())))
}

#[test]
fn functions_give_what_their_examples_say() {
    let mut wrong = Vec::new();
    for function in functions::all() {
        for (code, value) in function.examples {
            wrong.extend(faults(&format!("phase \"P\" {{\n    assert ({code}) == ({value})\n}}\n"), false));
        }
    }
    assert!(wrong.is_empty(), "{} examples:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn places_are_as_their_examples_say() {
    let mut wrong = Vec::new();
    for form in rbk::catalog::target::TARGETS {
        for code in form.examples {
            let text = format!("step \"S\" irreversible \"an example\" {{\n    {}\n}}\n", code.replace('\n', "\n    "));
            for plan in [true, false] {
                wrong.extend(faults(&text, plan));
            }
        }
    }
    assert!(wrong.is_empty(), "{} examples:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn actions_do_what_their_examples_say() {
    let mut wrong = Vec::new();
    for action in actions::ALL {
        assert!(!action.examples.is_empty(), "{} has no example", action.name);
        for code in action.examples {
            let text = format!("step \"S\" irreversible \"an example\" {{\n    {code}\n}}\n");
            for plan in [true, false] {
                wrong.extend(faults(&text, plan));
            }
        }
    }
    assert!(wrong.is_empty(), "{} examples:\n\n{}", wrong.len(), wrong.join("\n\n"));
}
