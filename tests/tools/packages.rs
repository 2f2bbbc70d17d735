//! npm and npx, uv and poetry, Alembic: what builds a release and migrates its database.

use serde_json::{Value, json};

use crate::call::{Call, Failure, Given, Takes, Verb, Wrong, failed};

const fn takes(values: &'static [(&'static str, &'static str)], switches: &'static [&'static str]) -> Takes {
    Takes { values, switches }
}

fn npm_error(code: &str, text: &str) -> Failure {
    failed(1, format!("npm error code {code}\nnpm error {text}"))
}

/// npm 11. The tool itself only warns of unknown options.
pub(crate) fn npm(call: &mut Call) -> Result<(), Failure> {
    let words = call.words.clone();
    let two = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let (takes, play, skip): (Takes, Verb, usize) = match (two(0), two(1)) {
        ("ci", _) => (takes(&[], &["--audit", "--fund"]), |_, _| Ok(()), 1),
        ("run", _) => (takes(&[], &["--silent"]), run_script, 1),
        ("view", _) => (takes(&[], &["--json"]), view, 1),
        ("publish", _) => (takes(&[("--tag", "--tag"), ("--access", "--access")], &["--dry-run"]), publish, 1),
        ("deprecate", _) => (takes(&[], &[]), deprecate, 1),
        ("dist-tag", "add") => (takes(&[], &[]), add_tag, 2),
        ("dist-tag", "rm") => (takes(&[], &[]), remove_tag, 2),
        (other, _) => return Err(failed(1, format!("Unknown command: {other:?}"))),
    };
    let given = takes.read(&words[skip..]).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) | Wrong::NeedsValue(flag) => npm_error("EUSAGE", &format!("Unknown option {flag}")),
    })?;
    play(call, &given)
}

fn run_script(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let name = given.word(0).unwrap_or_default();
    // A text is what it says; `{ "status": 1, "stdout": "2 failed" }` one that fails; `{ "sql": "SELECT …" }` asks the
    // database of DATABASE_URL, and fails if that gives anything.
    let known = call.state["npm"]["scripts"][name].clone();
    let said = match &known {
        Value::Null => return Err(npm_error("ENOSCRIPT", &format!("Missing script: {name:?}"))),
        Value::String(text) => text.clone(),
        script if script["sql"].is_string() => {
            let found = database(script["sql"].as_str().unwrap())?;
            call.status = i32::from(!found.trim().is_empty());
            format!("{name}: {}", if found.is_empty() { "ok" } else { &found })
        }
        script => {
            call.status = script["status"].as_i64().unwrap_or(0) as i32;
            script["stdout"].as_str().unwrap_or_default().to_owned()
        }
    };
    call.say(said);
    Ok(())
}

fn database(statement: &str) -> Result<String, Failure> {
    let url = std::env::var("DATABASE_URL").map_err(|_| npm_error("1", "DATABASE_URL is not set"))?;
    let asked = std::process::Command::new("psql").args(["-X", "-Atc", statement, &url]).output().unwrap();
    match asked.status.success() {
        true => Ok(String::from_utf8_lossy(&asked.stdout).into_owned()),
        false => Err(npm_error("1", &String::from_utf8_lossy(&asked.stderr))),
    }
}

/// Lighthouse 12: <https://github.com/GoogleChrome/lighthouse#cli-options>; the score is that of the state.
fn lighthouse(call: &mut Call) -> Result<(), Failure> {
    let takes = takes(
        &[("--output", "--output"), ("--output-path", "--output-path"), ("--chrome-flags", "--chrome-flags")],
        &["--quiet"],
    );
    let given = takes.read(&call.words).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) | Wrong::NeedsValue(flag) => failed(1, format!("Unknown argument: {flag}")),
    })?;
    given.word(0).filter(|url| url.starts_with("http")).ok_or_else(|| failed(1, "Please provide a url"))?;
    let score = call.state["lighthouse"]["score"].as_f64().unwrap_or(0.97);
    let report = json!({ "categories": { "performance": { "id": "performance", "score": score } } }).to_string();
    match (given.value("--output"), given.value("--output-path")) {
        (Some("json"), Some(path)) => std::fs::write(path, report).map_err(|error| failed(1, error.to_string())),
        _ => Err(failed(1, "this double of lighthouse writes --output json into --output-path only")),
    }
}

/// `web@1.0.0`
fn split(spec: &str) -> (String, String) {
    let (name, version) = spec.rsplit_once('@').unwrap_or((spec, ""));
    (name.to_owned(), version.to_owned())
}

fn published(call: &Call, name: &str) -> Result<(), Failure> {
    match call.state["npm"]["packages"][name].is_object() {
        true => Ok(()),
        false => Err(npm_error("E404", &format!("404 Not Found - GET /{name} - Not found"))),
    }
}

fn view(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let name = given.word(0).unwrap_or_default().to_owned();
    published(call, &name)?;
    let found = call.state["npm"]["packages"][&name][given.word(1).unwrap_or_default()].clone();
    call.say_json(&found);
    Ok(())
}

fn publish(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let version = call.state["npm"]["here"].as_str().unwrap_or_default().to_owned();
    let tag = given.value("--tag").unwrap_or("latest").to_owned();
    let package = &mut call.part(&["npm", "packages"])["web"];
    let all = package["versions"].as_array_mut().unwrap();
    if all.iter().any(|one| one == version.as_str()) {
        return Err(npm_error(
            "E403",
            &format!(
                "403 Forbidden - PUT /web - You cannot publish over the previously published versions: {version}."
            ),
        ));
    }
    all.push(version.as_str().into());
    package["dist-tags"][&tag] = version.as_str().into();
    call.say(format!("+ web@{version}"));
    Ok(())
}

fn deprecate(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let (name, version) = split(given.word(0).unwrap_or_default());
    let message =
        given.word(1).ok_or_else(|| npm_error("EUSAGE", "Usage: npm deprecate <package-spec> <message>"))?.to_owned();
    published(call, &name)?;
    let all = call.part(&["npm", "packages", "web", "deprecated"]).as_object_mut().unwrap();
    match message.is_empty() {
        true => drop(all.shift_remove(&version)),
        false => drop(all.insert(version, message.into())),
    }
    Ok(())
}

fn add_tag(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let (name, version) = split(given.word(0).unwrap_or_default());
    published(call, &name)?;
    let package = &mut call.part(&["npm", "packages"])[&name];
    if !package["versions"].as_array().is_some_and(|all| all.iter().any(|one| one == version.as_str())) {
        return Err(npm_error("E404", &format!("404 Not Found - version not found: {name}@{version}")));
    }
    let tag = given.word(1).unwrap_or("latest").to_owned();
    package["dist-tags"][&tag] = version.into();
    Ok(())
}

fn remove_tag(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let name = given.word(0).unwrap_or_default().to_owned();
    published(call, &name)?;
    let tag = given.word(1).unwrap_or_default().to_owned();
    let tags = call.part(&["npm", "packages", &name, "dist-tags"]).as_object_mut().unwrap();
    tags.shift_remove(&tag).map(|_| ()).ok_or_else(|| npm_error("E404", &format!("{tag} is not a dist-tag on {name}")))
}

/// `uv run PROGRAM …`, `poetry run PROGRAM …`, `npx PROGRAM …`: the programs they know are these here.
pub(crate) fn runner(call: &mut Call) -> Result<(), Failure> {
    if call.words.first().is_some_and(|word| word == "run") {
        call.words.remove(0);
    }
    if call.words.is_empty() {
        return Err(failed(2, "error: the following required arguments were not provided:\n  <COMMAND>"));
    }
    let program = call.words.remove(0);
    match program.as_str() {
        "alembic" => alembic(call),
        "prisma" => crate::prisma::play(call),
        "lighthouse" => lighthouse(call),
        // What only says whether all is well: `"programs": { "pytest": { "status": 1, "stdout": "1 failed" } }`.
        other if call.state["programs"][other].is_object() => {
            let said = call.state["programs"][other].clone();
            call.say(said["stdout"].as_str().unwrap_or("ok"));
            call.status = said["status"].as_i64().unwrap_or(0) as i32;
            Ok(())
        }
        other => Err(failed(
            2,
            format!("error: Failed to spawn: `{other}`\n  Caused by: No such file or directory (os error 2)"),
        )),
    }
}

/// Alembic 1: <https://alembic.sqlalchemy.org/en/latest/cookbook.html>
pub(crate) fn alembic(call: &mut Call) -> Result<(), Failure> {
    let takes = takes(&[("--config", "-c"), ("--name", "-n")], &["--verbose", "-v", "--sql"]);
    let given = takes.read(&call.words).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) | Wrong::NeedsValue(flag) => {
            failed(2, format!("alembic: error: unrecognized arguments: {flag}"))
        }
    })?;
    let all: Vec<String> = call.state["alembic"]["revisions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect();
    let current = call.state["alembic"]["current"].as_str().unwrap_or("base").to_owned();
    let head = all.last().cloned().unwrap_or_default();
    // 0 is the database before the first revision.
    let number = |name: &str| match name {
        "base" => Some(0),
        "head" => Some(all.len()),
        name => all.iter().position(|one| one == name).map(|at| at + 1),
    };
    match given.word(0) {
        Some("current") if current == "base" => {}
        Some("current") => call.say(if current == head { format!("{current} (head)") } else { current }),
        Some("heads") => call.say(format!("{head} (head)")),
        Some(verb @ ("upgrade" | "downgrade")) => {
            let target = given.word(1).ok_or_else(|| failed(2, format!("usage: alembic {verb} [-h] [--sql] revision\nalembic {verb}: error: the following arguments are required: revision")))?;
            let wanted = number(target)
                .ok_or_else(|| failed(255, format!("FAILED: Can't locate revision identified by '{target}'")))?;
            let at = number(&current).unwrap_or(0);
            if (verb == "upgrade") == (wanted < at) && wanted != at {
                return Err(failed(
                    255,
                    format!("FAILED: Destination {target} is not a valid {verb} target from current head(s)"),
                ));
            }
            let now = if wanted == 0 { "base".to_owned() } else { all[wanted - 1].clone() };
            call.err.push_str(&format!("INFO  [alembic.runtime.migration] Running {verb} {current} -> {now}\n"));
            call.part(&["alembic"])["current"] = now.into();
        }
        _ => return Err(failed(2, "usage: alembic [-h] [--version] {current,downgrade,heads,upgrade} ...")),
    }
    Ok(())
}
