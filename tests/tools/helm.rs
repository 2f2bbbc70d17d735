//! helm 3, over releases with their history. Shapes and messages as of <https://helm.sh/docs/helm/>.

use serde_json::{Value, json};

use crate::call::{Call, Failure, Given, Takes, Verb, Wrong, failed};
use crate::helm_values;

const NAMESPACE: (&str, &str) = ("--namespace", "-n");
const CONTEXT: (&str, &str) = ("--kube-context", "--kube-context");
const OUTPUT: (&str, &str) = ("--output", "-o");
const TIMEOUT: (&str, &str) = ("--timeout", "--timeout");
const REVISION: (&str, &str) = ("--revision", "--revision");

const fn takes(values: &'static [(&'static str, &'static str)], switches: &'static [&'static str]) -> Takes {
    Takes { values, switches }
}

const LIST: Takes = takes(&[NAMESPACE, CONTEXT, OUTPUT], &["--all", "-a"]);
const STATUS: Takes = takes(&[NAMESPACE, CONTEXT, OUTPUT, REVISION], &[]);
const HISTORY: Takes = takes(&[NAMESPACE, CONTEXT, OUTPUT, ("--max", "--max")], &[]);
const VALUES: Takes = takes(&[NAMESPACE, CONTEXT, OUTPUT, REVISION], &[]);
const UPGRADE: Takes = takes(
    &[
        NAMESPACE,
        CONTEXT,
        OUTPUT,
        TIMEOUT,
        ("--values", "-f"),
        ("--set", "--set"),
        ("--set-string", "--set-string"),
        ("--set-json", "--set-json"),
        ("--set-file", "--set-file"),
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
const BACK: Takes = takes(&[NAMESPACE, CONTEXT, TIMEOUT], &["--wait", "--force", "--cleanup-on-fail"]);
const GONE: Takes = takes(
    &[NAMESPACE, CONTEXT, TIMEOUT, ("--description", "--description")],
    &["--wait", "--keep-history", "--ignore-not-found"],
);

pub(crate) fn play(call: &mut Call) -> Result<(), Failure> {
    let words = call.words.clone();
    let two = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let (takes, play, skip): (Takes, Verb, usize) = match (two(0), two(1)) {
        ("list", _) => (LIST, list, 1),
        ("status", _) => (STATUS, status, 1),
        ("history", _) => (HISTORY, history, 1),
        ("get", "values") => (VALUES, values, 2),
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
    arguments(&words[..skip].join(" "), given.words.len())?;
    play(call, &given)
}

/// Each verb wants so many words, and no more.
fn arguments(verb: &str, count: usize) -> Result<(), Failure> {
    let (least, most, usage) = match verb {
        "list" => (0, 0, ""),
        "upgrade" => (2, 2, " [RELEASE] [CHART]"),
        "rollback" => (1, 2, " <RELEASE> [REVISION]"),
        "uninstall" => (1, usize::MAX, " RELEASE_NAME [...]"),
        _ => (1, 1, " RELEASE_NAME"),
    };
    if (least..=most).contains(&count) {
        return Ok(());
    }
    let wanted = match (least, most) {
        (0, 0) => "accepts no arguments".to_owned(),
        (least, most) if least == most => format!("requires {least} argument{}", if least == 1 { "" } else { "s" }),
        (least, _) => format!("requires at least {least} argument"),
    };
    Err(failed(1, format!("Error: \"helm {verb}\" {wanted}\n\nUsage:  helm {verb}{usage} [flags]")))
}

fn place(given: &Given) -> String {
    format!("{}/{}", given.value("--namespace").unwrap_or("default"), given.words[0])
}

/// One revision of a release: the last, or that of `--revision`.
fn one(call: &Call, given: &Given) -> Result<Value, Failure> {
    let mut all = found(call, &place(given))?;
    let Some(text) = given.value("--revision") else { return Ok(all.pop().unwrap()) };
    let wanted: u64 = text.parse().map_err(|_| {
        failed(1, format!("Error: invalid argument {text:?} for \"--revision\" flag: strconv.ParseInt: parsing {text:?}: invalid syntax"))
    })?;
    let wanted = |one: &Value| wanted == 0 || one["revision"] == wanted;
    all.into_iter().rev().find(wanted).ok_or_else(|| failed(1, "Error: release: not found"))
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
    match given.value("--output") {
        Some("json") => Ok(()),
        None | Some("table" | "yaml") => Err(failed(1, "this double of helm writes --output json only")),
        Some(other) => {
            Err(failed(1, format!("Error: invalid argument {other:?} for \"-o, --output\" flag: invalid format type")))
        }
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
            let is_shown = given.on("--all") || given.on("-a") || last["status"] == "deployed" || last["status"] == "failed";
            is_shown.then_some(())?;
            Some(json!({ "name": name, "namespace": prefix.trim_end_matches('/'), "revision": last["revision"].to_string(), "status": last["status"], "chart": last["chart"], "app_version": last["app_version"] }))
        })
        .collect();
    call.say(Value::from(shown).to_string());
    Ok(())
}

fn status(call: &mut Call, given: &Given) -> Result<(), Failure> {
    json_only(given)?;
    let one = one(call, given)?;
    let mut shown = json!({
        "name": given.words[0],
        "info": { "status": one["status"], "description": one["description"] },
        "config": one["values"],
        "version": one["revision"],
        "namespace": given.value("--namespace").unwrap_or("default"),
    });
    if one["values"] == json!({}) {
        shown.as_object_mut().unwrap().shift_remove("config");
    }
    call.say(shown.to_string());
    Ok(())
}

fn history(call: &mut Call, given: &Given) -> Result<(), Failure> {
    json_only(given)?;
    let mut all = found(call, &place(given))?;
    let max = match given.value("--max") {
        None => 256,
        Some(text) => text
            .parse()
            .map_err(|_| failed(1, format!("Error: invalid argument {text:?} for \"--max\" flag: strconv.ParseInt: parsing {text:?}: invalid syntax")))?,
    };
    all.drain(..all.len().saturating_sub(max));
    for one in &mut all {
        one.as_object_mut().unwrap().shift_remove("values");
    }
    call.say(Value::from(all).to_string());
    Ok(())
}

fn values(call: &mut Call, given: &Given) -> Result<(), Failure> {
    json_only(given)?;
    let one = one(call, given)?;
    // Of a release without values it says `null`.
    call.say(if one["values"] == json!({}) { "null".to_owned() } else { one["values"].to_string() });
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
    let place = place(given);
    let chart = given.words[1].clone();
    let all = revisions(call, &place);
    if all.is_empty() && !given.on("--install") && !given.on("-i") {
        return Err(failed(1, format!("Error: UPGRADE FAILED: {:?} has no deployed releases", given.words[0])));
    }
    if all.last().is_some_and(|last| last["status"].as_str().is_some_and(|status| status.starts_with("pending"))) {
        return Err(failed(1, "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress"));
    }
    let (new, none) = (helm_values::given(given)?, serde_json::Map::new());
    let old = all.last().and_then(|last| last["values"].as_object()).unwrap_or(&none);
    let values = Value::Object(match () {
        () if given.on("--reset-values") => new,
        () if given.on("--reuse-values") => helm_values::over(new, old),
        // Given none at all, helm takes those of before.
        () if new.is_empty() => old.clone(),
        () => new,
    });
    let broken = values["image"]["tag"] == "broken";
    let version = given.value("--version").unwrap_or("1.0.0");
    let made = json!({
        "status": if broken { "failed" } else { "deployed" },
        "chart": format!("{}-{version}", chart.rsplit('/').next().unwrap_or(&chart)),
        "app_version": "2",
        "description": match given.value("--description") {
            _ if broken => format!("Upgrade {:?} failed: context deadline exceeded", given.words[0]),
            Some(text) => text.to_owned(),
            None if all.is_empty() => "Install complete".to_owned(),
            None => "Upgrade complete".to_owned(),
        },
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
    let place = place(given);
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
    let place = place(given);
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
