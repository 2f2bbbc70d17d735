//! gcloud 528: Cloud Run, Secret Manager, Cloud SQL, logs and a token. Shapes and messages as of
//! <https://cloud.google.com/sdk/gcloud/reference/run> and what the tool itself prints; how shares are dealt out as
//! in its own `api_lib/run/traffic.py`.

use serde_json::{Value, json};

use crate::call::{Call, Failure, Given, Takes, Wrong, failed};
use crate::serve::is_broken;

type Values = &'static [(&'static str, &'static str)];

/// Options of every command.
const SHARED: Values = &[
    ("--project", "--project"),
    ("--format", "--format"),
    ("--region", "--region"),
    ("--account", "--account"),
    ("--verbosity", "--verbosity"),
];
const SWITCHES: &[&str] = &["--quiet", "-q"];

type Verb = fn(&mut Call, &Given, &str) -> Result<(), Failure>;

/// A command: its words, its own options, how it is played.
struct Command {
    words: &'static str,
    values: Values,
    switches: &'static [&'static str],
    play: Verb,
}

const fn command(words: &'static str, values: Values, switches: &'static [&'static str], play: Verb) -> Command {
    Command { words, values, switches, play }
}

const SETTINGS: Values = &[
    ("--image", "--image"),
    ("--update-env-vars", "--update-env-vars"),
    ("--remove-env-vars", "--remove-env-vars"),
    ("--set-env-vars", "--set-env-vars"),
    ("--max-instances", "--max-instances"),
    ("--min-instances", "--min-instances"),
    ("--cpu", "--cpu"),
    ("--memory", "--memory"),
    ("--concurrency", "--concurrency"),
    ("--tag", "--tag"),
    ("--revision-suffix", "--revision-suffix"),
    ("--port", "--port"),
    ("--service-account", "--service-account"),
    ("--set-secrets", "--set-secrets"),
    ("--update-secrets", "--update-secrets"),
    ("--add-cloudsql-instances", "--add-cloudsql-instances"),
    ("--timeout", "--timeout"),
    ("--ingress", "--ingress"),
];

const COMMANDS: &[Command] = &[
    command("auth print-access-token", &[], &[], |call, _, _| {
        call.say("ya29.a-token-of-this-world");
        Ok(())
    }),
    command("run deploy", SETTINGS, &["--traffic", "--allow-unauthenticated"], deploy),
    command("run services update", SETTINGS, &["--traffic"], update),
    command("run services describe", &[], &[], describe),
    command("run services list", &[("--filter", "--filter"), ("--limit", "--limit")], &[], list_services),
    command("run services delete", &[], &[], delete_service),
    command("run services update-traffic", &[("--to-revisions", "--to-revisions")], &["--to-latest"], update_traffic),
    command("run services logs read", &[("--limit", "--limit"), ("--freshness", "--freshness")], &[], service_logs),
    command("run revisions list", &[("--service", "--service"), ("--limit", "--limit")], &[], revisions),
    command(
        "secrets create",
        &[("--data-file", "--data-file"), ("--replication-policy", "--replication-policy")],
        &[],
        create_secret,
    ),
    command("secrets list", &[("--filter", "--filter"), ("--limit", "--limit")], &[], list_secrets),
    command("secrets delete", &[], &[], |call, given, name| {
        sure(given, name)?;
        let secret = wanted(given, 0, "SECRET", name)?.to_owned();
        versions(call, &secret, name)?;
        call.part(&["secrets"]).as_object_mut().unwrap().shift_remove(&secret);
        Ok(())
    }),
    command("secrets get-iam-policy", &[], &[], |call, given, name| {
        let secret = wanted(given, 0, "SECRET", name)?.to_owned();
        versions(call, &secret, name)?;
        let members = call.state["iam"][&secret].clone();
        let bindings = if members.is_null() { json!([]) } else { json!([{ "role": ACCESSOR, "members": members }]) };
        told(call, given, name, &json!({ "bindings": bindings, "etag": "BwY" }))
    }),
    command(
        "secrets add-iam-policy-binding",
        &[("--member", "--member"), ("--role", "--role")],
        &[],
        |call, given, name| {
            let (secret, member) =
                (wanted(given, 0, "SECRET", name)?.to_owned(), option(given, "--member", name)?.to_owned());
            versions(call, &secret, name)?;
            if option(given, "--role", name)? != ACCESSOR {
                return Err(failed(
                    1,
                    format!("ERROR: (gcloud.{name}) INVALID_ARGUMENT: Role is not supported for this resource."),
                ));
            }
            match call.state["iam"][&secret].as_array_mut() {
                Some(members) => members.push(member.into()),
                None => call.state["iam"][&secret] = json!([member]),
            }
            Ok(())
        },
    ),
    command(
        "secrets remove-iam-policy-binding",
        &[("--member", "--member"), ("--role", "--role")],
        &[],
        |call, given, name| {
            let (secret, member) =
                (wanted(given, 0, "SECRET", name)?.to_owned(), option(given, "--member", name)?.to_owned());
            let members = call.state["iam"][&secret].as_array_mut();
            let members =
                members.ok_or_else(|| failed(1, format!("ERROR: (gcloud.{name}) Policy binding not found!")))?;
            members.retain(|one| *one != member);
            Ok(())
        },
    ),
    command("services enable", &[], &["--async"], |call, given, _| {
        for api in &given.words {
            call.part(&["apis"])[api] = true.into();
        }
        Ok(())
    }),
    command("services list", &[("--filter", "--filter")], &["--enabled", "--available"], |call, given, name| {
        let all = call.state["apis"].as_object().into_iter().flatten();
        let all: Vec<Value> = all.map(|(api, _)| json!({ "config": { "name": api }, "state": "ENABLED" })).collect();
        told(call, given, name, &all.into())
    }),
    command("projects describe", &[], &[], |call, given, name| {
        let project = wanted(given, 0, "PROJECT_ID", name)?.to_owned();
        if call.state["gcloud"]["no project"] == project.as_str() {
            return Err(failed(
                1,
                format!(
                    "ERROR: (gcloud.{name}) User [ada@shop.example] does not have permission to access projects instance [{project}] (or it may not exist): The caller does not have permission"
                ),
            ));
        }
        told(call, given, name, &json!({ "projectId": project, "lifecycleState": "ACTIVE" }))
    }),
    command(
        "logging metrics create",
        &[("--description", "--description"), ("--log-filter", "--log-filter")],
        &[],
        |call, given, name| {
            let metric = wanted(given, 0, "METRIC_NAME", name)?.to_owned();
            option(given, "--description", name)?;
            call.part(&["metrics"])[&metric] = option(given, "--log-filter", name)?.into();
            call.err.push_str(&format!("Created [{metric}].\n"));
            Ok(())
        },
    ),
    command("logging metrics delete", &[], &[], |call, given, name| {
        sure(given, name)?;
        let metric = wanted(given, 0, "METRIC_NAME", name)?.to_owned();
        call.part(&["metrics"]).as_object_mut().unwrap().shift_remove(&metric);
        Ok(())
    }),
    command("monitoring policies create", &[("--policy", "--policy")], &[], create_policy),
    command(
        "monitoring policies list",
        &[("--filter", "--filter"), ("--limit", "--limit")],
        &[],
        |call, given, name| {
            let all = call.state["policies"].as_array().cloned().unwrap_or_default();
            told(call, given, name, &all.into())
        },
    ),
    command("monitoring policies delete", &[], &[], |call, given, name| {
        sure(given, name)?;
        let policy = wanted(given, 0, "ALERT_POLICY", name)?.to_owned();
        call.state["policies"]
            .as_array_mut()
            .into_iter()
            .for_each(|all| all.retain(|one| one["name"] != policy.as_str()));
        Ok(())
    }),
    command("secrets versions add", &[("--data-file", "--data-file")], &[], add_version),
    command("secrets versions access", &[("--secret", "--secret")], &[], access_version),
    command("secrets versions list", &[("--filter", "--filter"), ("--limit", "--limit")], &[], list_versions),
    command("secrets versions disable", &[("--secret", "--secret")], &[], |call, given, name| {
        set_version(call, given, name, "DISABLED")
    }),
    command("secrets versions enable", &[("--secret", "--secret")], &[], |call, given, name| {
        set_version(call, given, name, "ENABLED")
    }),
    command("sql instances describe", &[], &[], describe_instance),
    command(
        "sql instances patch",
        &[("--tier", "--tier"), ("--availability-type", "--availability-type"), ("--storage-size", "--storage-size")],
        &[],
        patch_instance,
    ),
    command("sql backups create", &[("--instance", "-i"), ("--description", "--description")], &[], create_backup),
    command(
        "sql backups list",
        &[("--instance", "-i"), ("--limit", "--limit"), ("--filter", "--filter")],
        &[],
        list_backups,
    ),
    command(
        "sql backups restore",
        &[("--restore-instance", "--restore-instance"), ("--backup-instance", "--backup-instance")],
        &[],
        restore_backup,
    ),
    command(
        "logging read",
        &[("--limit", "--limit"), ("--freshness", "--freshness"), ("--order", "--order")],
        &[],
        read_logs,
    ),
];

pub(crate) fn play(call: &mut Call) -> Result<(), Failure> {
    let words = call.words.clone();
    let line = words.join(" ");
    if line == "--version" {
        call.say("Google Cloud SDK 528.0.0\ncore 2026.01.09");
        return Ok(());
    }
    let found =
        COMMANDS.iter().find(|command| line == command.words || line.starts_with(&format!("{} ", command.words)));
    let Some(command) = found else {
        let choice = words.iter().find(|word| !word.starts_with('-')).cloned().unwrap_or_default();
        return Err(failed(2, format!("ERROR: (gcloud) Invalid choice: '{choice}'.\nMaybe you meant:\n  gcloud run")));
    };
    let name = command.words.replace(' ', ".");
    let values: Vec<(&str, &str)> = SHARED.iter().chain(command.values).copied().collect();
    let switches: Vec<&str> = SWITCHES.iter().chain(command.switches).copied().collect();
    // The options of a command live as long as the program.
    let takes = Takes { values: Vec::leak(values), switches: Vec::leak(switches) };
    let given = takes.read(&words[command.words.split(' ').count()..]).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) => failed(
            2,
            format!("ERROR: (gcloud.{name}) unrecognized arguments: {flag} \n\nTo search the help text of gcloud commands, run:\n  gcloud help -- SEARCH_TERMS"),
        ),
        Wrong::NeedsValue(flag) => failed(2, format!("ERROR: (gcloud.{name}) argument {flag}: expected one argument")),
    })?;
    if given.value("--project").is_none() && call.state["gcloud"]["project"].is_null() {
        let message = format!(
            "ERROR: (gcloud.{name}) The [project] resource is not properly specified. Please specify the argument [--project] on the command line or set the property [core/project]."
        );
        return Err(failed(1, message));
    }
    (command.play)(call, &given, &name)
}

/// Says a value as `--format` wants it; a default that only people read says nothing here.
fn told(call: &mut Call, given: &Given, name: &str, value: &Value) -> Result<(), Failure> {
    match given.value("--format") {
        Some("json") => call.say_json(value),
        None => {}
        Some(other) => {
            return Err(failed(1, format!("ERROR: (gcloud.{name}) this double writes json only, and not [{other}]")));
        }
    }
    Ok(())
}

fn wanted<'a>(given: &'a Given, at: usize, what: &str, name: &str) -> Result<&'a str, Failure> {
    given.word(at).ok_or_else(|| failed(2, format!("ERROR: (gcloud.{name}) argument {what}: Must be specified.")))
}

fn option<'a>(given: &'a Given, option: &str, name: &str) -> Result<&'a str, Failure> {
    given
        .value(option)
        .ok_or_else(|| failed(2, format!("ERROR: (gcloud.{name}) argument {option}: Must be specified.")))
}

// ---------------------------------------------------------------- Cloud Run

/// Where a service lies in the state: `europe-west2/web`.
fn place(given: &Given, service: &str, name: &str) -> Result<String, Failure> {
    let region = given.value("--region").ok_or_else(|| {
        failed(1, format!("ERROR: (gcloud.{name}) Specify a region: --region, or gcloud config set run/region"))
    })?;
    Ok(format!("{region}/{service}"))
}

fn service(call: &Call, given: &Given, service: &str, name: &str) -> Result<(String, Value), Failure> {
    let place = place(given, service, name)?;
    let found = call.state["run"]["services"][&place].clone();
    if found.is_null() {
        return Err(failed(1, format!("ERROR: (gcloud.{name}) Cannot find service [{service}]")));
    }
    Ok((place, found))
}

fn describe(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let (_, found) = service(call, given, wanted(given, 0, "SERVICE", name)?, name)?;
    told(call, given, name, &found)
}

/// Those of the region; of `--filter` only `metadata.name=NAME`.
fn list_services(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let region = place(given, "", name)?;
    let wanted = match given.value("--filter") {
        None => None,
        Some(filter) => Some(filter.strip_prefix("metadata.name=").ok_or_else(|| {
            failed(1, format!("ERROR: (gcloud.{name}) this double filters by metadata.name= only, and not [{filter}]"))
        })?),
    };
    let services = call.state["run"]["services"].as_object().cloned().unwrap_or_default();
    let own = services.into_iter().filter(|(place, service)| {
        place.starts_with(&region) && wanted.is_none_or(|wanted| service["metadata"]["name"] == wanted)
    });
    let found: Vec<Value> = own.map(|(_, service)| service).take(limit(given)).collect();
    told(call, given, name, &found.into())
}

fn delete_service(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let (place, _) = service(call, given, wanted(given, 0, "SERVICE", name)?, name)?;
    if !given.on("--quiet") && !given.on("-q") {
        return Err(failed(
            1,
            format!(
                "ERROR: (gcloud.{name}) This prompt could not be answered because you are not in an interactive session."
            ),
        ));
    }
    for part in ["services", "revisions"] {
        if let Some(all) = call.part(&["run", part]).as_object_mut() {
            all.shift_remove(&place);
        }
    }
    Ok(())
}

fn revisions(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let (place, _) = service(call, given, option(given, "--service", name)?, name)?;
    let mut all = call.state["run"]["revisions"][&place].as_array().cloned().unwrap_or_default();
    all.reverse();
    all.truncate(limit(given));
    told(call, given, name, &all.into())
}

fn limit(given: &Given) -> usize {
    given.value("--limit").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX)
}

fn deploy(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    option(given, "--image", name)?;
    let service_name = wanted(given, 0, "SERVICE", name)?.to_owned();
    let place = place(given, &service_name, name)?;
    if call.state["run"]["services"][&place].is_null() {
        if given.switch("--traffic") == Some(false) {
            return Err(failed(
                1,
                format!("ERROR: (gcloud.{name}) --no-traffic not supported when creating a new service."),
            ));
        }
        call.part(&["run", "services"])[&place] = json!({
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": { "name": service_name },
            "spec": { "template": { "metadata": { "annotations": {} }, "spec": { "containers": [{ "image": "", "env": [], "resources": { "limits": {} } }] } } },
            "status": { "traffic": [] },
        });
    }
    new_revision(call, given, &place, name)
}

fn update(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let (place, _) = service(call, given, wanted(given, 0, "SERVICE", name)?, name)?;
    if SETTINGS.iter().all(|(option, _)| given.all(option).is_empty()) {
        return Err(failed(
            1,
            format!(
                "ERROR: (gcloud.{name}) No configuration change requested. Did you mean to include the flags [--update-env-vars]?"
            ),
        ));
    }
    new_revision(call, given, &place, name)
}

/// Settings into the template, a revision of it, and the traffic to it where that follows the latest.
fn new_revision(call: &mut Call, given: &Given, place: &str, name: &str) -> Result<(), Failure> {
    let mut service = call.state["run"]["services"][place].clone();
    let service_name = service["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let template = &mut service["spec"]["template"];
    let container = &mut template["spec"]["containers"][0];
    if let Some(image) = given.value("--image") {
        container["image"] = image.into();
    }
    for (option, field) in [("--cpu", "cpu"), ("--memory", "memory")] {
        if let Some(value) = given.value(option) {
            container["resources"]["limits"][field] = value.into();
        }
    }
    let env = container["env"].as_array_mut().unwrap();
    for pair in given.all("--update-env-vars").iter().flat_map(|pairs| pairs.split(',')) {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            failed(2, format!("ERROR: (gcloud.{name}) argument --update-env-vars: Bad syntax for dict arg: [{pair}]"))
        })?;
        env.retain(|one| one["name"] != key);
        env.push(json!({ "name": key, "value": value }));
        env.sort_by_key(|one| one["name"].as_str().unwrap_or_default().to_owned());
    }
    for key in given.all("--remove-env-vars").iter().flat_map(|keys| keys.split(',')) {
        env.retain(|one| one["name"] != key);
    }
    for (option, field) in [
        ("--max-instances", "autoscaling.knative.dev/maxScale"),
        ("--min-instances", "autoscaling.knative.dev/minScale"),
    ] {
        let notes = template["metadata"]["annotations"].as_object_mut().unwrap();
        match given.value(option) {
            Some("default") => drop(notes.shift_remove(field)),
            Some(value) => drop(notes.insert(field.to_owned(), value.into())),
            None => {}
        }
    }
    let number = call.state["run"]["revisions"][place].as_array().map_or(0, Vec::len) + 1;
    let suffix = given.value("--revision-suffix").map_or_else(|| format!("{number:05}-abc"), str::to_owned);
    let revision = format!("{service_name}-{suffix}");
    let image = service["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap_or_default().to_owned();
    let starts = !call.state["unstartable"].as_array().is_some_and(|all| all.iter().any(|one| one == image.as_str()));
    let made = json!({
        "metadata": { "name": revision, "creationTimestamp": made_at(number) },
        "spec": service["spec"]["template"]["spec"],
        "status": { "conditions": [{ "type": "Ready", "status": if starts { "True" } else { "False" } }] },
    });
    let all = call.part(&["run", "revisions"]);
    match all[place].as_array_mut() {
        Some(all) => all.push(made),
        None => all[place] = json!([made]),
    }
    service["status"]["latestCreatedRevisionName"] = revision.as_str().into();
    let sticks = sticks(call, &service_name);
    let follows = given.switch("--traffic") != Some(false);
    let traffic = service["status"]["traffic"].as_array().cloned().unwrap_or_default();
    // Without traffic, what followed the latest stays with the revision that is the latest now.
    let traffic: Vec<Value> = traffic
        .into_iter()
        .map(|mut entry| {
            if entry["latestRevision"] == true {
                if follows && starts && !sticks {
                    entry["revisionName"] = revision.as_str().into();
                } else if !follows {
                    entry.as_object_mut().unwrap().shift_remove("latestRevision");
                }
            }
            entry
        })
        .collect();
    service["status"]["traffic"] = traffic.into();
    if service["status"]["traffic"].as_array().is_some_and(Vec::is_empty) {
        service["status"]["traffic"] = json!([{ "latestRevision": true, "percent": 100, "revisionName": revision }]);
    }
    if let Some(tag) = given.value("--tag") {
        let url = format!("https://{tag}---{service_name}.a.run.app");
        service["status"]["traffic"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "revisionName": revision, "tag": tag, "url": url }));
    }
    if starts {
        service["status"]["latestReadyRevisionName"] = revision.as_str().into();
    }
    if is_broken(&call.state, &image) {
        call.state["broken"].as_array_mut().unwrap().push(revision.as_str().into());
    }
    call.part(&["run", "services"])[place] = service.clone();
    if !starts {
        return Err(failed(
            1,
            format!(
                "ERROR: (gcloud.{name}) Revision '{revision}' is not ready and cannot serve traffic. The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable within the allocated timeout.\nLogs URL: https://console.cloud.google.com/logs/viewer?project=shop"
            ),
        ));
    }
    told(call, given, name, &service)
}

/// A new revision of a service from this image, and the traffic to it: what a workflow does.
pub(crate) fn release(call: &mut Call, place: &str, image: &str) -> Result<(), Failure> {
    let mut given = Given::default();
    given.values.insert("--image", vec![image.to_owned()]);
    new_revision(call, &given, place, "run.deploy")?;
    let to = call.state["run"]["services"][place]["status"]["latestReadyRevisionName"].clone();
    if call.state["sticks"][place.rsplit('/').next().unwrap_or_default()].is_null() {
        all_traffic_to(call, place, to.as_str().unwrap_or_default());
    }
    Ok(())
}

pub(crate) fn all_traffic_to(call: &mut Call, place: &str, revision: &str) {
    let traffic = json!([{ "revisionName": revision, "percent": 100 }]);
    call.part(&["run", "services"])[place]["status"]["traffic"] = traffic;
}

/// When a revision is made: `TOOLS_NOW`, or a minute after the other.
fn made_at(number: usize) -> String {
    std::env::var("TOOLS_NOW").unwrap_or_else(|_| format!("2026-01-20T10:{:02}:00.000000Z", number % 60))
}

/// Cloud Run sometimes does not promote a new revision: `"sticks": { "caas-backend": 1 }` is how often.
fn sticks(call: &mut Call, service: &str) -> bool {
    let count = call.state["sticks"][service].as_u64().unwrap_or(0);
    if count > 0 {
        call.state["sticks"][service] = (count - 1).into();
    }
    count > 0
}

/// `rev-1=60,LATEST=40`: those not named keep what is left, in proportion.
fn update_traffic(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let (place, mut service) = service(call, given, wanted(given, 0, "SERVICE", name)?, name)?;
    if given.on("--to-latest") && sticks(call, wanted(given, 0, "SERVICE", name)?) {
        return Ok(());
    }
    let refused = |why: &str| failed(1, format!("ERROR: (gcloud.{name}) {why}"));
    let latest = service["status"]["latestReadyRevisionName"].as_str().unwrap_or_default().to_owned();
    let mut wanted: Vec<(String, i64)> = Vec::new();
    if given.on("--to-latest") {
        wanted.push(("LATEST".to_owned(), 100));
    }
    for pair in given.all("--to-revisions").iter().flat_map(|pairs| pairs.split(',')) {
        let (revision, share) = pair.split_once('=').unwrap_or((pair, ""));
        let share: i64 = share.parse().map_err(|_| failed(2, format!("ERROR: (gcloud.{name}) argument --to-revisions: Bad syntax for dict arg: [{pair}]. Please see `gcloud topic flags-file` or `gcloud topic escaping` for information on providing list or dictionary flag values with special characters.")))?;
        let known = call.state["run"]["revisions"][&place].as_array().cloned().unwrap_or_default();
        if revision != "LATEST" && !known.iter().any(|one| one["metadata"]["name"] == revision) {
            return Err(refused(&format!("Revision '{revision}' not found.")));
        }
        wanted.push((revision.to_owned(), share));
    }
    if wanted.is_empty() {
        return Err(failed(
            2,
            format!("ERROR: (gcloud.{name}) Exactly one of (--to-latest | --to-revisions) must be specified."),
        ));
    }
    let key = |entry: &Value| {
        if entry["latestRevision"] == true {
            "LATEST".to_owned()
        } else {
            entry["revisionName"].as_str().unwrap_or_default().to_owned()
        }
    };
    let traffic = service["status"]["traffic"].as_array().cloned().unwrap_or_default();
    let named: i64 = wanted.iter().map(|(_, share)| share).sum();
    if named > 100 {
        return Err(refused("Over 100% of traffic is specified."));
    }
    let others: Vec<(String, i64)> = traffic
        .iter()
        .map(|entry| (key(entry), entry["percent"].as_i64().unwrap_or(0)))
        .filter(|(of, share)| *share > 0 && !wanted.iter().any(|(one, _)| one == of))
        .collect();
    if others.is_empty() && named < 100 {
        return Err(refused("Every target with traffic is updated but 100% of traffic has not been specified."));
    }
    wanted.extend(dealt(&others, 100 - named));
    let tags = traffic.into_iter().filter(|entry| !entry["tag"].is_null()).map(|mut entry| {
        entry.as_object_mut().unwrap().shift_remove("percent");
        entry
    });
    let shares = wanted.into_iter().filter(|(_, share)| *share > 0).map(|(of, share)| match of.as_str() {
        "LATEST" => json!({ "latestRevision": true, "percent": share, "revisionName": latest }),
        of => json!({ "percent": share, "revisionName": of }),
    });
    let mut all: Vec<Value> = shares.collect();
    all.sort_by_key(|entry| entry["revisionName"].as_str().unwrap_or_default().to_owned());
    all.extend(tags);
    service["status"]["traffic"] = all.into();
    let traffic = service["status"]["traffic"].clone();
    call.part(&["run", "services"])[place] = service;
    told(call, given, name, &traffic)
}

/// What is left, in proportion, in whole percent; what rounding lost goes to those that lost the most.
fn dealt(others: &[(String, i64)], left: i64) -> Vec<(String, i64)> {
    let sum: i64 = others.iter().map(|(_, share)| share).sum();
    if left == 0 || sum == 0 {
        return Vec::new();
    }
    let mut dealt: Vec<(String, i64, i64)> =
        others.iter().map(|(of, share)| (of.clone(), share * left / sum, share * left % sum)).collect();
    let lost = left - dealt.iter().map(|(_, share, _)| share).sum::<i64>();
    dealt.sort_by_key(|(_, share, rest)| (-rest, *share));
    for one in dealt.iter_mut().take(lost as usize) {
        one.1 += 1;
    }
    dealt.into_iter().map(|(of, share, _)| (of, share)).collect()
}

fn service_logs(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let service_name = wanted(given, 0, "SERVICE", name)?.to_owned();
    service(call, given, &service_name, name)?;
    let entries = call.state["logging"].as_array().cloned().unwrap_or_default();
    let own: Vec<&Value> =
        entries.iter().filter(|entry| entry["resource"]["labels"]["service_name"] == service_name.as_str()).collect();
    for entry in own.iter().rev().take(limit(given)).rev() {
        let line = format!(
            "{} {}",
            entry["timestamp"].as_str().unwrap_or_default(),
            entry["textPayload"].as_str().unwrap_or_default()
        );
        call.say(line);
    }
    Ok(())
}

// ---------------------------------------------------------------- logs

/// The newest first. Of a filter this double understands severity, the name of a service or revision, slow requests,
/// and logins that failed.
fn read_logs(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let filter = given.word(0).unwrap_or_default().to_owned();
    let entries = call.state["logging"].as_array().cloned().unwrap_or_default();
    let fits = |entry: &Value| {
        let severity = entry["severity"].as_str().unwrap_or_default();
        let payload = &entry["jsonPayload"];
        let slow = payload["duration_ms"].as_u64().unwrap_or(0) > 1000;
        let denied = payload["error_type"] == "AuthenticationError";
        let unauthorised = entry["httpRequest"]["status"] == 401;
        for (asked, fits) in [
            ("jsonPayload.duration_ms>1000", slow),
            ("jsonPayload.error_type=\"AuthenticationError\"", denied),
            ("httpRequest.status=401", unauthorised),
        ] {
            if filter.contains(asked) && !fits {
                return false;
            }
        }
        let labels = &entry["resource"]["labels"];
        let service = labels["service_name"].as_str().unwrap_or_default();
        let revision = labels["revision_name"].as_str().unwrap_or_default();
        (!filter.contains("revision_name=") || filter.contains(&format!("revision_name=\"{revision}\"")))
            && (!filter.contains("severity>=ERROR") || matches!(severity, "ERROR" | "CRITICAL" | "ALERT" | "EMERGENCY"))
            && (!filter.contains("service_name=") || filter.contains(&format!("service_name=\"{service}\"")))
    };
    let mut found: Vec<Value> = entries.into_iter().filter(fits).rev().collect();
    found.truncate(limit(given));
    told(call, given, name, &found.into())
}

// ---------------------------------------------------------------- secrets

fn versions<'a>(call: &'a mut Call, secret: &str, name: &str) -> Result<&'a mut Vec<Value>, Failure> {
    let found = call.part(&["secrets"])[secret].as_array_mut();
    found.ok_or_else(|| {
        failed(1, format!("ERROR: (gcloud.{name}) NOT_FOUND: Secret [projects/1029/secrets/{secret}] not found."))
    })
}

const ACCESSOR: &str = "roles/secretmanager.secretAccessor";

fn create_secret(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let secret = wanted(given, 0, "SECRET", name)?.to_owned();
    if !call.part(&["secrets"])[&secret].is_null() {
        return Err(failed(
            1,
            format!(
                "ERROR: (gcloud.{name}) Resource in projects [shop] is the subject of a conflict: Secret [projects/1029/secrets/{secret}] already exists."
            ),
        ));
    }
    call.part(&["secrets"])[&secret] = json!([]);
    if given.value("--data-file").is_some() { add_version(call, given, name) } else { Ok(()) }
}

fn list_secrets(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let all = call.state["secrets"].as_object().into_iter().flatten();
    let all: Vec<Value> = all.map(|(secret, _)| json!({ "name": format!("projects/1029/secrets/{secret}") })).collect();
    told(call, given, name, &all.into())
}

fn create_policy(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let text = option(given, "--policy", name)?.to_owned();
    let mut policy: Value = serde_json::from_str(&text)
        .map_err(|_| failed(1, format!("ERROR: (gcloud.{name}) Could not parse the policy")))?;
    let promql = &policy["conditions"][0]["conditionPrometheusQueryLanguage"];
    if promql["query"].as_str().is_none_or(str::is_empty)
        || promql["duration"].as_str().is_none_or(|d| !d.ends_with('s'))
    {
        return Err(failed(
            1,
            format!("ERROR: (gcloud.{name}) INVALID_ARGUMENT: Field alert_policy.conditions[0] had an invalid value."),
        ));
    }
    let number = call.next("policies");
    policy["name"] = format!("projects/shop/alertPolicies/{number}").into();
    match call.state["policies"].as_array_mut() {
        Some(all) => all.push(policy.clone()),
        None => call.state["policies"] = json!([policy.clone()]),
    }
    call.err.push_str(&format!("Created alert policy [projects/shop/alertPolicies/{number}].\n"));
    told(call, given, name, &policy)
}

fn add_version(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let secret = wanted(given, 0, "SECRET", name)?.to_owned();
    let payload = match option(given, "--data-file", name)? {
        "-" => call.stdin.clone(),
        file => std::fs::read_to_string(file).map_err(|_| {
            failed(
                1,
                format!(
                    "ERROR: (gcloud.{name}) Unable to read file [{file}]: [Errno 2] No such file or directory: '{file}'"
                ),
            )
        })?,
    };
    let versions = versions(call, &secret, name)?;
    let number = versions.len() + 1;
    let made = json!({ "name": format!("projects/1029/secrets/{secret}/versions/{number}"), "state": "ENABLED", "payload": payload });
    versions.push(made.clone());
    call.err.push_str(&format!("Created version [{number}] of the secret [{secret}].\n"));
    told(call, given, name, &shown(made))
}

/// A version as it is told: without what is in it.
fn shown(mut version: Value) -> Value {
    version.as_object_mut().unwrap().shift_remove("payload");
    version
}

fn list_versions(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let secret = wanted(given, 0, "SECRET", name)?.to_owned();
    let mut all: Vec<Value> = versions(call, &secret, name)?.iter().rev().cloned().map(shown).collect();
    if given.value("--filter") == Some("state=ENABLED") {
        all.retain(|version| version["state"] == "ENABLED");
    }
    all.truncate(limit(given));
    told(call, given, name, &all.into())
}

fn version_at<'a>(call: &'a mut Call, given: &Given, name: &str) -> Result<&'a mut Value, Failure> {
    let secret = option(given, "--secret", name)?.to_owned();
    let number = wanted(given, 0, "VERSION", name)?.to_owned();
    let all = versions(call, &secret, name)?;
    let at = match number.as_str() {
        "latest" => all.len(),
        number => number.parse().unwrap_or(0),
    };
    let missing = || {
        failed(
            1,
            format!(
                "ERROR: (gcloud.{name}) NOT_FOUND: Secret Version [projects/1029/secrets/{secret}/versions/{number}] not found."
            ),
        )
    };
    all.get_mut(at.wrapping_sub(1)).ok_or_else(missing)
}

fn access_version(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let version = version_at(call, given, name)?.clone();
    if version["state"] != "ENABLED" {
        let full = version["name"].as_str().unwrap_or_default();
        return Err(failed(
            1,
            format!("ERROR: (gcloud.{name}) FAILED_PRECONDITION: Secret Version [{full}] is in DISABLED state."),
        ));
    }
    call.out.push_str(version["payload"].as_str().unwrap_or_default());
    Ok(())
}

fn set_version(call: &mut Call, given: &Given, name: &str, state: &str) -> Result<(), Failure> {
    let version = version_at(call, given, name)?;
    version["state"] = state.into();
    let version = shown(version.clone());
    told(call, given, name, &version)
}

// ---------------------------------------------------------------- Cloud SQL

fn instance<'a>(call: &'a mut Call, instance: &str, name: &str) -> Result<&'a mut Value, Failure> {
    let found = &mut call.part(&["sql", "instances"])[instance];
    if found.is_null() {
        return Err(failed(
            1,
            format!(
                "ERROR: (gcloud.{name}) HTTPError 404: The Cloud SQL instance does not exist. This command requires permission: cloudsql.instances.get"
            ),
        ));
    }
    Ok(found)
}

fn describe_instance(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let found = instance(call, wanted(given, 0, "INSTANCE", name)?, name)?.clone();
    told(call, given, name, &found)
}

/// A question that only `--quiet` answers: without a terminal it is not asked, and the default is no.
fn sure(given: &Given, name: &str) -> Result<(), Failure> {
    if given.on("--quiet") || given.on("-q") {
        return Ok(());
    }
    Err(failed(1, format!("ERROR: (gcloud.{name}) Aborted by user.")))
}

fn patch_instance(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    sure(given, name)?;
    let found = instance(call, wanted(given, 0, "INSTANCE", name)?, name)?;
    for (option, field) in
        [("--tier", "tier"), ("--availability-type", "availabilityType"), ("--storage-size", "dataDiskSizeGb")]
    {
        if let Some(value) = given.value(option) {
            found["settings"][field] = value.into();
        }
    }
    call.err.push_str("Patching Cloud SQL instance...done.\n");
    Ok(())
}

fn create_backup(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let of = option(given, "--instance", name)?.to_owned();
    instance(call, &of, name)?;
    let number = call.next("backups");
    let made = json!({
        "id": (1_700_000_000_000_u64 + number).to_string(),
        "instance": of,
        "description": given.value("--description"),
        "status": "SUCCESSFUL",
        "type": "ON_DEMAND",
        "windowStartTime": format!("2026-01-20T10:{:02}:00.000Z", number % 60),
    });
    let all = call.part(&["sql", "backups"]);
    match all[&of].as_array_mut() {
        Some(all) => all.push(made),
        None => all[&of] = json!([made]),
    }
    call.err.push_str(&format!("Backing up Cloud SQL instance...done.\n[{of}] backed up.\n"));
    Ok(())
}

fn list_backups(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    let of = option(given, "--instance", name)?.to_owned();
    instance(call, &of, name)?;
    let mut all = call.state["sql"]["backups"][&of].as_array().cloned().unwrap_or_default();
    all.reverse();
    all.truncate(limit(given));
    told(call, given, name, &all.into())
}

fn restore_backup(call: &mut Call, given: &Given, name: &str) -> Result<(), Failure> {
    sure(given, name)?;
    let id = wanted(given, 0, "ID", name)?.to_owned();
    let into = option(given, "--restore-instance", name)?.to_owned();
    let of = given.value("--backup-instance").unwrap_or(&into).to_owned();
    let known =
        call.state["sql"]["backups"][&of].as_array().is_some_and(|all| all.iter().any(|one| one["id"] == id.as_str()));
    if !known {
        return Err(failed(1, format!("ERROR: (gcloud.{name}) HTTPError 404: The requested backup does not exist.")));
    }
    instance(call, &into, name)?["restoredFrom"] = id.into();
    call.err.push_str(&format!("Restoring Cloud SQL instance...done.\nRestored [{into}].\n"));
    Ok(())
}
