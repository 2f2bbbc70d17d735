//! kubectl 1.32, over the objects in `k8s`: those that were applied, with what controllers make of them.
//! Shapes and messages as of <https://kubernetes.io/docs/reference/kubectl/generated/>.

use serde_json::{Value, json};

use crate::call::{Call, Failure, Given, Takes, Verb, Wrong, failed};
use crate::serve::is_broken;

/// A kind: as in a manifest, and all that it may be called; the first is the plural with its group.
struct Kind {
    name: &'static str,
    called: &'static [&'static str],
}

const KINDS: &[Kind] = &[
    Kind {
        name: "Deployment",
        called: &["deployments.apps", "deployment.apps", "deployments", "deployment", "deploy"],
    },
    Kind { name: "ReplicaSet", called: &["replicasets.apps", "replicaset.apps", "replicasets", "replicaset", "rs"] },
    Kind {
        name: "StatefulSet",
        called: &["statefulsets.apps", "statefulset.apps", "statefulsets", "statefulset", "sts"],
    },
    Kind { name: "Pod", called: &["pods", "pod", "po"] },
    Kind { name: "Service", called: &["services", "service", "svc"] },
    Kind { name: "ConfigMap", called: &["configmaps", "configmap", "cm"] },
    Kind { name: "Node", called: &["nodes", "node", "no"] },
];

const REVISION: &str = "deployment.kubernetes.io/revision";

/// Options of every command.
const SHARED: [(&str, &str); 4] = [
    ("--namespace", "-n"),
    ("--context", "--context"),
    ("--kubeconfig", "--kubeconfig"),
    ("--request-timeout", "--request-timeout"),
];

const fn takes(values: &'static [(&'static str, &'static str)], switches: &'static [&'static str]) -> Takes {
    Takes { values, switches }
}

const GET: Takes = takes(
    &[SHARED[0], SHARED[1], SHARED[2], SHARED[3], ("--output", "-o"), ("--selector", "-l"), ("--filename", "-f")],
    &["--ignore-not-found", "--all-namespaces", "-A"],
);
const WRITE: Takes = takes(
    &[
        SHARED[0],
        SHARED[1],
        SHARED[2],
        SHARED[3],
        ("--output", "-o"),
        ("--filename", "-f"),
        ("--dry-run", "--dry-run"),
        ("--timeout", "--timeout"),
    ],
    &["--wait", "--ignore-not-found"],
);
const SCALE: Takes =
    takes(&[SHARED[0], SHARED[1], SHARED[2], SHARED[3], ("--replicas", "--replicas"), ("--timeout", "--timeout")], &[]);
const ROLLOUT: Takes = takes(
    &[
        SHARED[0],
        SHARED[1],
        SHARED[2],
        SHARED[3],
        ("--timeout", "--timeout"),
        ("--to-revision", "--to-revision"),
        ("--revision", "--revision"),
    ],
    &["--watch"],
);
const LOGS: Takes = takes(
    &[
        SHARED[0],
        SHARED[1],
        SHARED[2],
        SHARED[3],
        ("--container", "-c"),
        ("--since", "--since"),
        ("--tail", "--tail"),
        ("--selector", "-l"),
    ],
    &["--previous", "-p", "--all-containers", "--timestamps"],
);
const EXEC: Takes = takes(&[SHARED[0], SHARED[1], SHARED[2], SHARED[3], ("--container", "-c")], &["--stdin", "-i"]);
const FORWARD: Takes = takes(&[SHARED[0], SHARED[1], SHARED[2], SHARED[3], ("--address", "--address")], &[]);
const WAIT: Takes = takes(
    &[SHARED[0], SHARED[1], SHARED[2], SHARED[3], ("--for", "--for"), ("--timeout", "--timeout"), ("--selector", "-l")],
    &["--all"],
);
const DRAIN: Takes = takes(
    &[
        SHARED[1],
        SHARED[2],
        SHARED[3],
        ("--timeout", "--timeout"),
        ("--grace-period", "--grace-period"),
        ("--selector", "-l"),
    ],
    &["--ignore-daemonsets", "--delete-emptydir-data", "--force"],
);

pub(crate) fn play(call: &mut Call) -> Result<(), Failure> {
    let mut words = call.words.clone();
    // What every command takes may stand before it.
    let is_shared = |word: &str| SHARED.iter().any(|(long, short)| word == *long || word == *short);
    while words.len() > 2 && is_shared(&words[0]) {
        words.rotate_left(2);
    }
    let two = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let (command, takes, skip) = match (two(0), two(1)) {
        ("get", _) => (get as Verb, GET, 1),
        ("apply", _) => (apply as _, WRITE, 1),
        ("replace", _) => (replace as _, WRITE, 1),
        ("delete", _) => (delete as _, WRITE, 1),
        ("scale", _) => (scale as _, SCALE, 1),
        ("set", "image") => (set_image as _, WRITE, 2),
        ("rollout", "status") => (rollout_status as _, ROLLOUT, 2),
        ("rollout", "undo") => (rollout_undo as _, ROLLOUT, 2),
        ("rollout", "restart") => (rollout_restart as _, ROLLOUT, 2),
        ("logs", _) => (logs as _, LOGS, 1),
        ("exec", _) => (exec as _, EXEC, 1),
        ("port-forward", _) => (port_forward as _, FORWARD, 1),
        ("wait", _) => (wait as _, WAIT, 1),
        ("cordon", _) => (cordon as _, DRAIN, 1),
        ("uncordon", _) => (uncordon as _, DRAIN, 1),
        ("drain", _) => (drain as _, DRAIN, 1),
        (other, _) => return Err(failed(1, format!("error: unknown command \"{other}\" for \"kubectl\""))),
    };
    let name = words[..skip.min(words.len())].join(" ");
    let given = takes.read(&words[skip.min(words.len())..]).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) => {
            failed(1, format!("error: unknown flag: {flag}\nSee 'kubectl {name} --help' for usage."))
        }
        Wrong::NeedsValue(flag) => {
            failed(1, format!("error: flag needs an argument: {flag}\nSee 'kubectl {name} --help' for usage."))
        }
    })?;
    if let Some(context) = given.value("--context") {
        let known = call.state["k8s"]["contexts"].as_array().is_some_and(|all| all.iter().any(|one| one == context));
        if !known {
            return Err(failed(1, format!("error: context \"{context}\" does not exist")));
        }
    }
    command(call, &given)
}

fn kind(word: &str) -> Result<&'static Kind, Failure> {
    KINDS
        .iter()
        .find(|kind| kind.called.contains(&word))
        .ok_or_else(|| failed(1, format!("error: the server doesn't have a resource type \"{word}\"")))
}

fn kind_of(object: &Value) -> &'static Kind {
    let name = object["kind"].as_str().unwrap_or_default();
    KINDS.iter().find(|kind| kind.name == name).unwrap_or_else(|| panic!("this world has no {name}"))
}

fn namespace(given: &Given) -> &str {
    given.value("--namespace").unwrap_or("default")
}

fn key(kind: &Kind, namespace: &str, name: &str) -> String {
    let namespace = if kind.name == "Node" { "" } else { namespace };
    format!("{namespace}/{}/{name}", kind.name)
}

/// `deployment/web` or `deployment web`, as keys.
fn targets(given: &Given, from: usize) -> Result<Vec<(&'static Kind, String)>, Failure> {
    let words = &given.words[from.min(given.words.len())..];
    let Some(first) = words.first() else { return Err(failed(1, "error: required resource not specified")) };
    if first.contains('/') {
        return words
            .iter()
            .map(|word| match word.split_once('/') {
                Some((of, name)) => Ok((kind(of)?, name.to_owned())),
                None => Err(failed(1, "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form")),
            })
            .collect();
    }
    let kind = kind(first)?;
    if words.len() < 2 {
        return Err(failed(1, "error: resource(s) were provided, but no name was specified"));
    }
    Ok(words[1..].iter().map(|name| (kind, name.clone())).collect())
}

fn not_found(kind: &Kind, name: &str) -> Failure {
    failed(1, format!("Error from server (NotFound): {} \"{name}\" not found", kind.called[0]))
}

fn find(call: &Call, kind: &Kind, namespace: &str, name: &str) -> Result<Value, Failure> {
    let found = &call.state["k8s"]["objects"][key(kind, namespace, name)];
    if found.is_object() { Ok(found.clone()) } else { Err(not_found(kind, name)) }
}

/// `deployment.apps/web`
fn shown(object: &Value) -> String {
    let kind = kind_of(object);
    format!("{}/{}", kind.called[1], object["metadata"]["name"].as_str().unwrap_or_default())
}

/// Puts an object into its place, and lets the controllers do their work.
pub(crate) fn put(call: &mut Call, namespace: &str, mut object: Value) {
    let kind = kind_of(&object);
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if kind.name != "Node" {
        object["metadata"]["namespace"] = namespace.into();
    }
    let place = key(kind, namespace, &name);
    let old = call.state["k8s"]["objects"][&place].clone();
    if kind.name == "Deployment" {
        roll_out(call, namespace, &mut object, &old);
    }
    call.part(&["k8s", "objects"])[place] = object;
}

fn replica_sets(call: &Call, namespace: &str, deployment: &str) -> Vec<Value> {
    let objects = call.state["k8s"]["objects"].as_object().cloned().unwrap_or_default();
    let prefix = format!("{namespace}/ReplicaSet/");
    let owned = |object: &Value| object["metadata"]["ownerReferences"][0]["name"] == deployment;
    objects
        .into_iter()
        .filter(|(place, object)| place.starts_with(&prefix) && owned(object))
        .map(|(_, object)| object)
        .collect()
}

fn revision(object: &Value) -> u64 {
    object["metadata"]["annotations"][REVISION].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// What the deployment controller does: a replica set for each template, numbered; pods that get ready, or not.
fn roll_out(call: &mut Call, namespace: &str, object: &mut Value, old: &Value) {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if object["spec"]["replicas"].is_null() {
        object["spec"]["replicas"] = 1.into();
    }
    let mut sets = replica_sets(call, namespace, &name);
    let latest = sets.iter().map(revision).max().unwrap_or(0);
    let same = sets.iter_mut().find(|set| set["spec"]["template"] == object["spec"]["template"]);
    let (mut set, revision_now) = match same {
        Some(set) if revision(set) == latest => (set.clone(), latest),
        Some(set) => (set.clone(), latest + 1),
        None => {
            let hash = format!("{name}-{:06x}", 0x5a_0000 + call.next("replica sets"));
            let set = json!({
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": hash,
                    "namespace": namespace,
                    "creationTimestamp": "2026-01-20T10:00:00Z",
                    "annotations": {},
                    "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": name }],
                },
                "spec": { "replicas": 0, "template": object["spec"]["template"] },
            });
            (set, latest + 1)
        }
    };
    set["metadata"]["annotations"][REVISION] = revision_now.to_string().into();
    object["metadata"]["annotations"][REVISION] = revision_now.to_string().into();
    let generation = old["metadata"]["generation"].as_u64().unwrap_or(0);
    let changed = old["spec"] != object["spec"];
    object["metadata"]["generation"] = (generation + u64::from(changed)).into();
    let wanted = object["spec"]["replicas"].clone();
    let containers = object["spec"]["template"]["spec"]["containers"].as_array().cloned().unwrap_or_default();
    let broken =
        containers.iter().any(|container| is_broken(&call.state, container["image"].as_str().unwrap_or_default()));
    // A rolling update keeps the old pods while the new ones are not ready.
    let ready = if broken { old["status"]["readyReplicas"].clone() } else { wanted.clone() };
    let updated = if broken { json!(1) } else { wanted.clone() };
    object["status"] = json!({
        "observedGeneration": object["metadata"]["generation"],
        "replicas": wanted,
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "conditions": [
            { "type": "Available", "status": if ready.is_null() { "False" } else { "True" } },
            { "type": "Progressing", "status": if broken { "False" } else { "True" },
              "reason": if broken { "ProgressDeadlineExceeded" } else { "NewReplicaSetAvailable" } },
        ],
    });
    for other in &mut sets {
        other["spec"]["replicas"] = 0.into();
        let place = key(&KINDS[1], namespace, other["metadata"]["name"].as_str().unwrap_or_default());
        call.part(&["k8s", "objects"])[place] = other.clone();
    }
    set["spec"]["replicas"] = wanted;
    let place = key(&KINDS[1], namespace, set["metadata"]["name"].as_str().unwrap_or_default());
    call.part(&["k8s", "objects"])[place] = set;
}

/// The objects of the files given by `-f`.
fn manifests(call: &Call, given: &Given) -> Result<Vec<Value>, Failure> {
    let files = given.all("--filename");
    if files.is_empty() {
        return Err(failed(1, "error: must specify one of -f and -k"));
    }
    let mut objects = Vec::new();
    for file in files {
        let text = match file.as_str() {
            "-" => call.stdin.clone(),
            path => std::fs::read_to_string(path)
                .map_err(|_| failed(1, format!("error: the path \"{path}\" does not exist")))?,
        };
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).map_err(|error| {
            failed(1, format!("error: error parsing {file}: error converting YAML to JSON: yaml: {error}"))
        })?;
        for value in documents.into_iter().filter(|value| !value.is_null()) {
            match value["items"].as_array() {
                Some(items) => objects.extend(items.clone()),
                None => objects.push(value),
            }
        }
    }
    Ok(objects)
}

fn said(call: &mut Call, given: &Given, objects: &[Value], word: &str) -> Result<(), Failure> {
    match given.value("--output") {
        None => objects.iter().for_each(|object| {
            let line = format!("{} {word}", shown(object));
            call.say(line);
        }),
        Some("name") => objects.iter().for_each(|object| call.say(shown(object))),
        Some("json") => match objects {
            [one] => call.say_json(one),
            all => call.say_json(&json!({ "apiVersion": "v1", "kind": "List", "items": all })),
        },
        Some(other) => {
            return Err(failed(
                1,
                format!(
                    "error: unable to match a printer suitable for the output format \"{other}\", allowed formats are: json,name,yaml"
                ),
            ));
        }
    }
    Ok(())
}

fn get(call: &mut Call, given: &Given) -> Result<(), Failure> {
    if !given.all("--filename").is_empty() {
        let mut found = Vec::new();
        for object in manifests(call, given)? {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            match find(call, kind_of(&object), namespace(given), name) {
                Ok(object) => found.push(object),
                Err(_) if given.on("--ignore-not-found") => {}
                Err(failure) => return Err(failure),
            }
        }
        return if found.is_empty() { Ok(()) } else { said(call, given, &found, "") };
    }
    let first = given.word(0).ok_or_else(|| failed(1, "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources."))?;
    if first.contains('/') || given.words.len() > 1 {
        let mut found = Vec::new();
        for (kind, name) in targets(given, 0)? {
            match find(call, kind, namespace(given), &name) {
                Ok(object) => found.push(object),
                Err(_) if given.on("--ignore-not-found") => {}
                Err(failure) => return Err(failure),
            }
        }
        return if found.is_empty() { Ok(()) } else { said(call, given, &found, "") };
    }
    let kind = kind(first)?;
    let everywhere = given.on("--all-namespaces") || given.on("-A") || kind.name == "Node";
    let objects = call.state["k8s"]["objects"].as_object().cloned().unwrap_or_default();
    let prefix = format!("{}/", namespace(given));
    let fits = |place: &String, object: &Value| {
        object["kind"] == kind.name && (everywhere || place.starts_with(&prefix)) && selected(object, given)
    };
    let found: Vec<Value> =
        objects.into_iter().filter(|(place, object)| fits(place, object)).map(|(_, object)| object).collect();
    match given.value("--output") {
        // A list is a list, however many there are.
        Some("json") => call.say_json(
            &json!({ "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": "" }, "items": found }),
        ),
        _ => said(call, given, &found, "")?,
    }
    Ok(())
}

/// `app=web,tier=front`
fn selected(object: &Value, given: &Given) -> bool {
    let labels = &object["metadata"]["labels"];
    given.value("--selector").is_none_or(|selector| {
        selector.split(',').all(|term| term.split_once('=').is_some_and(|(name, value)| labels[name] == value))
    })
}

fn apply(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let objects = manifests(call, given)?;
    let mut lines = Vec::new();
    for object in &objects {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let before = find(call, kind_of(object), namespace(given), name).ok();
        let mut after = before.clone().unwrap_or_else(|| object.clone());
        merge(&mut after, object);
        let word = match &before {
            None => "created",
            Some(before) if *before == after => "unchanged",
            Some(_) => "configured",
        };
        lines.push((after.clone(), word));
        if !matches!(given.value("--dry-run"), Some("client" | "server")) && word != "unchanged" {
            put(call, namespace(given), after);
        }
    }
    match given.value("--output") {
        None => lines.iter().for_each(|(object, word)| call.say(format!("{} {word}", shown(object)))),
        Some(_) => said(call, given, &objects, "")?,
    }
    Ok(())
}

/// Fields of the manifest over those that are there; lists are taken whole.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn replace(call: &mut Call, given: &Given) -> Result<(), Failure> {
    for object in manifests(call, given)? {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        find(call, kind_of(&object), namespace(given), &name)?;
        let line = format!("{} replaced", shown(&object));
        put(call, namespace(given), object);
        call.say(line);
    }
    Ok(())
}

fn delete(call: &mut Call, given: &Given) -> Result<(), Failure> {
    for (kind, name) in targets(given, 0)? {
        let object = match find(call, kind, namespace(given), &name) {
            Ok(object) => object,
            Err(_) if given.on("--ignore-not-found") => continue,
            Err(failure) => return Err(failure),
        };
        let place = key(kind, namespace(given), &name);
        let objects = call.part(&["k8s", "objects"]).as_object_mut().unwrap();
        objects.shift_remove(&place);
        if kind.name == "Deployment" {
            objects.retain(|_, object| object["metadata"]["ownerReferences"][0]["name"] != name.as_str());
        }
        let line = format!("{} \"{name}\" deleted", shown(&object).split('/').next().unwrap_or_default());
        call.say(line);
    }
    Ok(())
}

fn scale(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let count: i64 = given
        .value("--replicas")
        .ok_or_else(|| failed(1, "error: required flag(s) \"replicas\" not set"))?
        .parse()
        .map_err(|_| {
            failed(1, "error: invalid argument for \"--replicas\" flag: strconv.ParseInt: parsing: invalid syntax")
        })?;
    for (kind, name) in targets(given, 0)? {
        let mut object = find(call, kind, namespace(given), &name)?;
        object["spec"]["replicas"] = count.into();
        let line = format!("{} scaled", shown(&object));
        put(call, namespace(given), object);
        call.say(line);
    }
    Ok(())
}

fn set_image(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let (targets, images): (Vec<&String>, Vec<&String>) = given.words.iter().partition(|word| !word.contains('='));
    let target = Given { words: targets.into_iter().cloned().collect(), ..Given::default() };
    for (kind, name) in self::targets(&target, 0)? {
        let mut object = find(call, kind, namespace(given), &name)?;
        for pair in &images {
            let (container, image) = pair.split_once('=').unwrap_or_default();
            let containers = object["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap();
            let found = containers.iter_mut().find(|one| one["name"] == container || container == "*");
            let one =
                found.ok_or_else(|| failed(1, format!("error: unable to find container named \"{container}\"")))?;
            one["image"] = image.into();
        }
        let line = format!("{} image updated", shown(&object));
        put(call, namespace(given), object);
        call.say(line);
    }
    Ok(())
}

fn rollout_status(call: &mut Call, given: &Given) -> Result<(), Failure> {
    for (kind, name) in targets(given, 0)? {
        let object = find(call, kind, namespace(given), &name)?;
        let status = &object["status"];
        if status["updatedReplicas"] != object["spec"]["replicas"] {
            let line = format!(
                "Waiting for deployment \"{name}\" rollout to finish: {} out of {} new replicas have been updated...",
                status["updatedReplicas"], object["spec"]["replicas"]
            );
            call.say(line);
            let message = if given.value("--timeout").is_some() {
                "error: timed out waiting for the condition".to_owned()
            } else {
                format!("error: deployment \"{name}\" exceeded its progress deadline")
            };
            return Err(failed(1, message));
        }
        call.say(format!("deployment \"{name}\" successfully rolled out"));
    }
    Ok(())
}

fn rollout_undo(call: &mut Call, given: &Given) -> Result<(), Failure> {
    for (kind, name) in targets(given, 0)? {
        let mut object = find(call, kind, namespace(given), &name)?;
        let now = revision(&object);
        let mut sets = replica_sets(call, namespace(given), &name);
        sets.sort_by_key(revision);
        let wanted = given.value("--to-revision").and_then(|text| text.parse().ok()).unwrap_or(0);
        let set = match wanted {
            0 => sets
                .iter()
                .rev()
                .find(|set| revision(set) != now)
                .ok_or_else(|| failed(1, format!("error: no rollout history found for deployment \"{name}\"")))?,
            wanted => sets
                .iter()
                .find(|set| revision(set) == wanted)
                .ok_or_else(|| failed(1, format!("error: unable to find specified revision {wanted} in history")))?,
        };
        if set["spec"]["template"] == object["spec"]["template"] {
            let line = format!(
                "{} skipped rollback (current template already matches revision {})",
                shown(&object),
                revision(set)
            );
            call.say(line);
            continue;
        }
        object["spec"]["template"] = set["spec"]["template"].clone();
        let line = format!("{} rolled back", shown(&object));
        put(call, namespace(given), object);
        call.say(line);
    }
    Ok(())
}

fn rollout_restart(call: &mut Call, given: &Given) -> Result<(), Failure> {
    for (kind, name) in targets(given, 0)? {
        let mut object = find(call, kind, namespace(given), &name)?;
        let at = format!("2026-01-20T10:00:{:02}Z", call.next("restarts"));
        object["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = at.into();
        let line = format!("{} restarted", shown(&object));
        put(call, namespace(given), object);
        call.say(line);
    }
    Ok(())
}

fn port_forward(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let (Some(target), Some(ports)) = (given.word(0), given.word(1)) else {
        return Err(failed(1, "error: TYPE/NAME and list of ports are required for port-forward"));
    };
    let (kind, name) = match target.split_once('/') {
        Some((of, name)) => (kind(of)?, name),
        None => (kind("pod")?, target),
    };
    find(call, kind, namespace(given), name)?;
    let (local, remote) = ports.split_once(':').unwrap_or((ports, ports));
    let local: u16 = local.parse().map_err(|_| {
        failed(
            1,
            format!(
                "error: error parsing local port '{local}': strconv.ParseUint: parsing \"{local}\": invalid syntax"
            ),
        )
    })?;
    call.say(format!("Forwarding from 127.0.0.1:{local} -> {remote}"));
    call.listens = Some(local);
    Ok(())
}

fn logs(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let target = given.word(0).ok_or_else(|| failed(1, "error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples"))?;
    let (kind, name) = match target.split_once('/') {
        Some((of, name)) => (kind(of)?, name),
        None => (kind("pod")?, target),
    };
    find(call, kind, namespace(given), name)?;
    let lines: Vec<String> = call.state["k8s"]["logs"][name]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| line.as_str().map(str::to_owned))
        .collect();
    let last = given.value("--tail").and_then(|tail| tail.parse().ok()).unwrap_or(lines.len());
    for line in &lines[lines.len().saturating_sub(last)..] {
        call.say(line);
    }
    Ok(())
}

fn exec(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let target = given.word(0).unwrap_or_default();
    if given.rest.is_empty() {
        return Err(failed(1, "error: you must specify at least one command for the container"));
    }
    let (kind, name) = match target.split_once('/') {
        Some((of, name)) => (kind(of)?, name),
        None => (kind("pod")?, target),
    };
    find(call, kind, namespace(given), name)?;
    // The programs of this machine stand for those of the pod.
    let output = std::process::Command::new(&given.rest[0]).args(&given.rest[1..]).output().map_err(|_| {
        failed(126, format!("OCI runtime exec failed: exec failed: unable to start container process: exec: \"{}\": executable file not found in $PATH: unknown", given.rest[0]))
    })?;
    call.out.push_str(&String::from_utf8_lossy(&output.stdout));
    call.err.push_str(&String::from_utf8_lossy(&output.stderr));
    match output.status.code() {
        Some(0) => Ok(()),
        code => Err(failed(code.unwrap_or(1), format!("command terminated with exit code {}", code.unwrap_or(1)))),
    }
}

fn wait(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let condition = given.value("--for").ok_or_else(|| failed(1, "error: must specify --for"))?;
    for (kind, name) in targets(given, 0)? {
        let found = find(call, kind, namespace(given), &name);
        let met = match condition.strip_prefix("condition=") {
            Some(wanted) => {
                let object = found?;
                let all = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
                all.iter().any(|one| {
                    one["type"].as_str().is_some_and(|of| of.eq_ignore_ascii_case(wanted)) && one["status"] == "True"
                })
            }
            None if condition == "delete" => found.is_err(),
            None => return Err(failed(1, format!("error: unrecognized condition: \"{condition}\""))),
        };
        if !met {
            return Err(failed(
                1,
                format!(
                    "error: timed out waiting for the condition on {}/{name}",
                    kind.called[2.min(kind.called.len() - 1)]
                ),
            ));
        }
        call.say(format!("{}/{name} condition met", kind.called[1]));
    }
    Ok(())
}

fn nodes(given: &Given) -> Result<Vec<String>, Failure> {
    if given.words.is_empty() {
        return Err(failed(1, "error: USAGE: cordon NODE [flags]\nSee 'kubectl cordon -h' for help and examples"));
    }
    Ok(given.words.iter().map(|word| word.trim_start_matches("node/").to_owned()).collect())
}

fn schedule(call: &mut Call, name: &str, stopped: bool) -> Result<(), Failure> {
    let mut node = find(call, kind("node")?, "", name)?;
    let word = if stopped { "cordoned" } else { "uncordoned" };
    let was = node["spec"]["unschedulable"] == true;
    if was == stopped {
        call.say(format!("node/{name} already {word}"));
        return Ok(());
    }
    match stopped {
        true => node["spec"]["unschedulable"] = true.into(),
        false => drop(node["spec"].as_object_mut().unwrap().shift_remove("unschedulable")),
    }
    put(call, "", node);
    call.say(format!("node/{name} {word}"));
    Ok(())
}

fn cordon(call: &mut Call, given: &Given) -> Result<(), Failure> {
    nodes(given)?.iter().try_for_each(|name| schedule(call, name, true))
}

fn uncordon(call: &mut Call, given: &Given) -> Result<(), Failure> {
    nodes(given)?.iter().try_for_each(|name| schedule(call, name, false))
}

fn drain(call: &mut Call, given: &Given) -> Result<(), Failure> {
    for name in nodes(given)? {
        schedule(call, &name, true)?;
        let node = find(call, kind("node")?, "", &name)?;
        if node["metadata"]["annotations"]["daemonset"] == "yes" && !given.on("--ignore-daemonsets") {
            return Err(failed(
                1,
                format!(
                    "error: unable to drain node \"{name}\" due to error: cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): kube-system/agent, continuing command..."
                ),
            ));
        }
        call.say(format!("node/{name} drained"));
    }
    Ok(())
}
