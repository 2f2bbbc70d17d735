//! All of the library: every example runs, what has no way back says so, and its reference is up to date.

use std::path::Path;

use crate::world::World;
use rbk::host::fake::{Called, CommandReply, FakeHost, HttpReply};
use rbk::session;
use rbk::source::FileId;
use rbk::syntax::{self, tree::StmtKind};

/// An action of a module, as its text declares it.
struct Declared {
    name: String,
    doc: String,
    changes: bool,
    undone: bool,
}

fn declared(module: &str) -> Vec<Declared> {
    let text = session::std_module(module).unwrap();
    let file = syntax::parse(FileId(0), text).file;
    let actions = file.body.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Action(action) => Some(Declared {
            name: format!("{module}.{}", action.name.name),
            doc: action.doc.as_deref().unwrap_or_default().to_owned(),
            changes: !matches!(action.effect, Some((syntax::tree::EffectWord::Reads, _))),
            undone: action.clauses.undo.is_some(),
        }),
        _ => None,
    });
    actions.collect()
}

/// The lines of a help that are indented: its example.
fn example(doc: &str) -> String {
    doc.lines().filter_map(|line| line.strip_prefix("    ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_action_has_an_example_and_says_how_it_is_taken_back() {
    let mut wrong = Vec::new();
    for module in session::std_modules() {
        for action in declared(module) {
            let name = &action.name;
            if example(&action.doc).is_empty() {
                wrong.push(format!("{name} has no example"));
            }
            let words = action.doc.split_whitespace().collect::<Vec<_>>().join(" ");
            let says = match (action.changes, action.undone) {
                (false, _) => !words.contains("aken back:"),
                (true, true) => words.contains("Taken back:"),
                (true, false) => words.contains("Not taken back:"),
            };
            if !says {
                wrong.push(format!(
                    "{name} must say how it is taken back, or why not: `Taken back: …`, `Not taken back: …`"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a service is asked to take back is what it was asked before.
#[test]
fn a_service_is_asked_to_take_it_back() {
    let run = |module: &str, step: &str| {
        let fake = FakeHost::new();
        fake.set_var("TOKEN", "secret-token");
        fake.on_http("*", "*", HttpReply::json(200, "{}"));
        fake.on_http("GET", "*", HttpReply::json(200, r#"{"status":"operational"}"#));
        let text = format!(
            "use {module}\nsecret token from env_var(\"TOKEN\")\n\
             phase \"P\" {{\n    step \"S\" {{\n        {step}\n        fail \"on purpose\"\n    }}\n}} on_fail rollback\n"
        );
        fake.fake_files().put("/case/case.rbk", &text);
        let told = crate::scripted::run(fake.clone());
        let told = told.unwrap_or_else(|| "it succeeded".to_owned());
        assert!(told.starts_with("rolled back"), "{told}\n{text}");
        let changes = fake.calls().into_iter().filter_map(|call| match call {
            Called::Http(request) if request.method != "GET" => request.body,
            _ => None,
        });
        changes.map(|body| String::from_utf8_lossy(&body).into_owned()).collect::<Vec<String>>()
    };
    let asked = run("std.pagerduty", "pagerduty.trigger(token, \"it failed\", source: \"web\", key: \"web-release\")");
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(
        asked[0].contains("\"event_action\":\"trigger\"") && asked[1].contains("\"event_action\":\"resolve\""),
        "{asked:?}"
    );
    assert!(asked.iter().all(|call| call.contains("\"dedup_key\":\"web-release\"")), "{asked:?}");
    let asked = run("std.statuspage", "statuspage.set_component(token, \"p4g3\", \"c0mp\", status: \"major_outage\")");
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].contains("major_outage") && asked[1].contains("operational"), "{asked:?}");
}

/// The names of all modules.
pub(crate) fn module_names() -> Vec<&'static str> {
    session::std_modules()
}

/// All examples of a module, each in a step of its own. A loop of one round is a scope: names do not meet.
pub(crate) fn examples_in(module: &str, modifiers: &str) -> String {
    let mut text = String::new();
    for action in declared(module) {
        let code = example(&action.doc).replace('\n', "\n        ");
        let name = action.name;
        if code.starts_with("background") {
            // It lives until its phase ends.
            text += &format!("phase \"{name}\" {{\n    {}\n}}\n", code.replace("\n    ", "\n"));
            continue;
        }
        text += &format!("step \"{name}\"{modifiers} {{\n    for once in [1] {{\n        {code}\n    }}\n}}\n");
    }
    text
}

fn examples(module: &str) -> String {
    format!("use {module}\n{}", examples_in(module, " irreversible \"an example\""))
}

#[test]
fn every_example_of_a_tool_runs() {
    let elsewhere = |module: &&str| SPEAK_HTTP.contains(module) || module.starts_with("std.aws.");
    for module in session::std_modules().into_iter().filter(|module| !elsewhere(module)) {
        let world = World::new();
        world.repository();
        if module == "std.openssl" {
            world.certificate();
        }
        let ran = world.run(&examples(module));
        assert_eq!(ran.code, 0, "{}", ran.text);
    }
}

/// Modules that speak HTTP to a service: their examples name its real address, so they run in a scripted world.
const SPEAK_HTTP: &[&str] =
    &["std.discord", "std.gcp.monitoring", "std.pagerduty", "std.sentry", "std.slack", "std.statuspage"];

#[test]
fn every_example_of_a_service_runs() {
    for module in SPEAK_HTTP {
        let secrets = "secret hook from env_var(\"HOOK\")\nsecret token from env_var(\"TOKEN\")\n";
        let text = format!("{secrets}{}", examples(module));
        let fake = FakeHost::new();
        fake.set_var("HOOK", "https://hooks.example/secret-part");
        fake.set_var("TOKEN", "secret-token");
        let component = r#"{"id":"c0mp","name":"Sign-in","status":"operational"}"#;
        // The last rule that fits answers.
        fake.on_http("*", "*", HttpReply::json(200, r#"{"id":"1nc1","status":"ok"}"#));
        fake.on_http("GET", "*/components", HttpReply::json(200, format!("[{component}]")));
        fake.on_http("GET", "*/components/*", HttpReply::json(200, component));
        fake.on_http("GET", "*/issues/*", HttpReply::json(200, "[]"));
        fake.on_http("GET", "*/events/*", HttpReply::json(200, r#"{"data":[{"failure_rate()":0.002}]}"#));
        fake.on_command("gcloud monitoring policies *", CommandReply::ok("[]"));
        fake.on_command("gcloud auth print-access-token", CommandReply::ok("ya29.token-of-a-test\n"));
        let value = r#"{"resultType":"vector","result":[{"metric":{},"value":[1700000000,"0.004"]}]}"#;
        let vector = format!(r#"{{"status":"success","data":{value}}}"#);
        fake.on_http("GET", "*/prometheus/api/v1/query?*", HttpReply::json(200, vector));
        fake.fake_files().put("/case/case.rbk", &text);
        let told = crate::scripted::run(fake);
        assert!(told.is_none(), "{module}: {told:?}\n{text}");
    }
}

/// `RBK_BLESS=1` writes it anew.
#[test]
fn the_reference_is_up_to_date() {
    let world = World::new();
    let made = String::from_utf8(world.rbk(&["doc", "--format", "md"]).stdout).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib/README.md");
    if std::env::var_os("RBK_BLESS").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == made,
        "stdlib/README.md is not what `rbk doc --format md` prints: RBK_BLESS=1 cargo test --test stdlib"
    );
}
