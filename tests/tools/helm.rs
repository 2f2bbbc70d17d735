//! helm 3, over releases with their history. Shapes and messages as of <https://helm.sh/docs/helm/>.

use serde_json::{Value, json};

use crate::call::{Call, Failure, Given, Takes, Verb, Wrong, failed};

const SHARED: [(&str, &str); 4] =
    [("--namespace", "-n"), ("--kube-context", "--kube-context"), ("--output", "-o"), ("--timeout", "--timeout")];

const fn takes(values: &'static [(&'static str, &'static str)], switches: &'static [&'static str]) -> Takes {
    Takes { values, switches }
}

const READ: Takes = takes(
    &[SHARED[0], SHARED[1], SHARED[2], ("--revision", "--revision"), ("--max", "--max"), ("--filter", "-f")],
    &["--all", "-a"],
);
const UPGRADE: Takes = takes(
    &[
        SHARED[0],
        SHARED[1],
        SHARED[2],
        SHARED[3],
        ("--values", "-f"),
        ("--set", "--set"),
        ("--set-string", "--set-string"),
        ("--version", "--version"),
        ("--description", "--description"),
    ],
    &[
        "--install",
        "-i",
        "--wait",
        "--atomic",
        "--reuse-values",
        "--reset-values",
        "--create-namespace",
        "--dry-run",
        "--force",
    ],
);
const BACK: Takes = takes(&[SHARED[0], SHARED[1], SHARED[3]], &["--wait", "--force", "--cleanup-on-fail"]);
const GONE: Takes = takes(
    &[SHARED[0], SHARED[1], SHARED[3], ("--description", "--description")],
    &["--wait", "--keep-history", "--ignore-not-found"],
);

pub(crate) fn play(call: &mut Call) -> Result<(), Failure> {
    let words = call.words.clone();
    let two = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let (takes, play, skip): (Takes, Verb, usize) = match (two(0), two(1)) {
        ("list", _) => (READ, list, 1),
        ("status", _) => (READ, status, 1),
        ("history", _) => (READ, history, 1),
        ("get", "values") => (READ, values, 2),
        ("upgrade", _) => (UPGRADE, upgrade, 1),
        ("rollback", _) => (BACK, rollback, 1),
        ("uninstall", _) => (GONE, uninstall, 1),
        (other, _) => {
            return Err(failed(
                1,
                format!("Error: unknown command \"{other}\" for \"helm\"\nRun 'helm --help' for usage."),
            ));
        }
    };
    let given = takes.read(&words[skip..]).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) => failed(1, format!("Error: unknown flag: {flag}")),
        Wrong::NeedsValue(flag) => failed(1, format!("Error: flag needs an argument: {flag}")),
    })?;
    play(call, &given)
}

fn place(given: &Given, at: usize) -> Result<String, Failure> {
    let name = given.word(at).ok_or_else(|| {
        failed(1, "Error: \"helm status\" requires 1 argument\n\nUsage:  helm status RELEASE_NAME [flags]")
    })?;
    Ok(format!("{}/{name}", given.value("--namespace").unwrap_or("default")))
}

/// All revisions of a release, the oldest first.
fn revisions(call: &Call, place: &str) -> Vec<Value> {
    call.state["helm"][place].as_array().cloned().unwrap_or_default()
}

fn found(call: &Call, place: &str) -> Result<Vec<Value>, Failure> {
    let all = revisions(call, place);
    if all.is_empty() { Err(failed(1, "Error: release: not found")) } else { Ok(all) }
}

fn json_only(given: &Given) -> Result<(), Failure> {
    if given.value("--output") == Some("json") {
        Ok(())
    } else {
        Err(failed(1, "this double of helm writes --output json only"))
    }
}

fn list(call: &mut Call, given: &Given) -> Result<(), Failure> {
    json_only(given)?;
    let prefix = format!("{}/", given.value("--namespace").unwrap_or("default"));
    let releases = call.state["helm"].as_object().cloned().unwrap_or_default();
    let shown: Vec<Value> = releases
        .into_iter()
        .filter_map(|(place, all)| {
            let name = place.strip_prefix(&prefix)?.to_owned();
            let last = all.as_array()?.last()?.clone();
            Some(json!({ "name": name, "namespace": prefix.trim_end_matches('/'), "revision": last["revision"].to_string(), "status": last["status"], "chart": last["chart"], "app_version": last["app_version"] }))
        })
        .collect();
    call.say(Value::from(shown).to_string());
    Ok(())
}

fn status(call: &mut Call, given: &Given) -> Result<(), Failure> {
    json_only(given)?;
    let place = place(given, 0)?;
    let last = found(call, &place)?.pop().unwrap();
    let shown = json!({ "name": given.words[0], "version": last["revision"], "info": { "status": last["status"], "description": last["description"] }, "config": last["values"] });
    call.say(shown.to_string());
    Ok(())
}

fn history(call: &mut Call, given: &Given) -> Result<(), Failure> {
    json_only(given)?;
    let mut all = found(call, &place(given, 0)?)?;
    let max = given.value("--max").and_then(|text| text.parse().ok()).unwrap_or(256);
    all.drain(..all.len().saturating_sub(max));
    for one in &mut all {
        one.as_object_mut().unwrap().shift_remove("values");
    }
    call.say(Value::from(all).to_string());
    Ok(())
}

fn values(call: &mut Call, given: &Given) -> Result<(), Failure> {
    json_only(given)?;
    let last = found(call, &place(given, 0)?)?.pop().unwrap();
    call.say(last["values"].to_string());
    Ok(())
}

fn push(call: &mut Call, place: &str, mut made: Value) {
    let mut all = revisions(call, place);
    for one in &mut all {
        if one["status"] == "deployed" {
            one["status"] = "superseded".into();
        }
    }
    made["revision"] = (all.len() + 1).into();
    all.push(made);
    call.part(&["helm"])[place] = all.into();
}

fn upgrade(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let place = place(given, 0)?;
    let chart = given
        .word(1)
        .ok_or_else(|| {
            failed(1, "Error: \"helm upgrade\" requires 2 arguments\n\nUsage:  helm upgrade [RELEASE] [CHART] [flags]")
        })?
        .to_owned();
    let all = revisions(call, &place);
    if all.is_empty() && !given.on("--install") && !given.on("-i") {
        return Err(failed(1, format!("Error: UPGRADE FAILED: {:?} has no deployed releases", given.words[0])));
    }
    if all.last().is_some_and(|last| last["status"].as_str().is_some_and(|status| status.starts_with("pending"))) {
        return Err(failed(1, "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress"));
    }
    if let Some(file) = given.all("--values").iter().find(|file| !std::path::Path::new(file).exists()) {
        return Err(failed(1, format!("Error: open {file}: no such file or directory")));
    }
    let mut values = match given.on("--reuse-values") {
        true => all.last().map_or(json!({}), |last| last["values"].clone()),
        false => json!({}),
    };
    for pair in given.all("--set").iter().chain(given.all("--set-string")).flat_map(|pairs| pairs.split(',')) {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| failed(1, format!("Error: failed parsing --set data: key {pair:?} has no value")))?;
        values[name] = value.into();
    }
    let broken = values["image.tag"] == "broken";
    let version = given.value("--version").unwrap_or("1.0.0");
    let made = json!({
        "status": if broken { "failed" } else { "deployed" },
        "chart": format!("{}-{version}", chart.rsplit('/').next().unwrap_or(&chart)),
        "app_version": "2",
        "description": if broken { "Upgrade \"web\" failed: context deadline exceeded" } else { "Upgrade complete" },
        "values": values,
    });
    push(call, &place, made);
    if broken {
        return Err(failed(1, "Error: UPGRADE FAILED: context deadline exceeded"));
    }
    call.say(format!("Release {:?} has been upgraded. Happy Helming!", given.words[0]));
    Ok(())
}

fn rollback(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let place = place(given, 0)?;
    let all = found(call, &place)?;
    let wanted: usize = match given.word(1) {
        Some(text) => {
            text.parse().map_err(|_| failed(1, format!("Error: could not convert revision to a number: {text}")))?
        }
        None => all.len().saturating_sub(1),
    };
    let one =
        all.get(wanted.wrapping_sub(1)).ok_or_else(|| failed(1, format!("Error: release has no {wanted} version")))?;
    let mut made = one.clone();
    made["status"] = "deployed".into();
    made["description"] = format!("Rollback to {wanted}").into();
    push(call, &place, made);
    call.say("Rollback was a success! Happy Helming!");
    Ok(())
}

fn uninstall(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let place = place(given, 0)?;
    match found(call, &place) {
        Err(_) if given.on("--ignore-not-found") => return Ok(()),
        Err(_) => {
            return Err(failed(
                1,
                format!("Error: uninstall: Release not loaded: {}: release: not found", given.words[0]),
            ));
        }
        Ok(_) => {}
    }
    call.part(&["helm"]).as_object_mut().unwrap().shift_remove(&place);
    call.say(format!("release {:?} uninstalled", given.words[0]));
    Ok(())
}
