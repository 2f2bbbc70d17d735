//! docker 28 with compose 2, over the containers, images and compose services of the state. Shapes and messages as of
//! <https://docs.docker.com/reference/cli/docker/> and what the client itself prints.

use serde_json::{Value, json};

use crate::call::{Call, Failure, Given, Takes, Verb, Wrong, failed};

const RUN: Takes = Takes {
    values: &[
        ("--name", "--name"),
        ("--env", "-e"),
        ("--publish", "-p"),
        ("--volume", "-v"),
        ("--network", "--network"),
        ("--restart", "--restart"),
        ("--label", "-l"),
        ("--user", "-u"),
        ("--memory", "-m"),
        ("--cpus", "--cpus"),
    ],
    switches: &["--detach", "-d", "--rm", "--init"],
};

const fn takes(values: &'static [(&'static str, &'static str)], switches: &'static [&'static str]) -> Takes {
    Takes { values, switches }
}

pub(crate) fn play(call: &mut Call) -> Result<(), Failure> {
    let words = call.words.clone();
    let first = words.first().map(String::as_str).unwrap_or_default();
    if first == "compose" {
        return compose(call, &words[1..]);
    }
    let second = words.get(1).map(String::as_str).unwrap_or_default();
    let (name, takes, play, skip): (&str, Takes, Verb, usize) = match (first, second) {
        ("ps", _) => {
            ("ps", takes(&[("--filter", "-f"), ("--format", "--format")], &["--all", "-a", "--no-trunc"]), ps, 1)
        }
        ("inspect", _) => ("inspect", takes(&[("--type", "--type")], &[]), inspect, 1),
        ("run", _) => ("run", RUN, run, 1),
        ("start", _) => ("start", takes(&[], &[]), |call, given| set_state(call, given, "running"), 1),
        ("stop", _) => ("stop", takes(&[("--timeout", "-t")], &[]), |call, given| set_state(call, given, "exited"), 1),
        ("restart", _) => {
            ("restart", takes(&[("--timeout", "-t")], &[]), |call, given| set_state(call, given, "running"), 1)
        }
        ("rm", _) => ("rm", takes(&[], &["--force", "-f", "--volumes"]), rm, 1),
        ("logs", _) => ("logs", takes(&[("--since", "--since"), ("--tail", "-n")], &["--timestamps"]), logs, 1),
        ("exec", _) => (
            "exec",
            takes(&[("--env", "-e"), ("--user", "-u"), ("--workdir", "-w")], &["--interactive", "-i"]),
            exec,
            1,
        ),
        ("stats", _) => ("stats", takes(&[("--format", "--format")], &["--no-stream", "--all", "-a"]), stats, 1),
        ("pull", _) => ("pull", takes(&[("--platform", "--platform")], &["--quiet", "-q"]), pull, 1),
        ("push", _) => ("push", takes(&[], &["--quiet", "-q"]), push, 1),
        ("tag", _) => ("tag", takes(&[], &[]), tag, 1),
        ("rmi", _) => ("rmi", takes(&[], &["--force", "--no-prune"]), rmi, 1),
        ("image", "inspect") => ("image inspect", takes(&[("--format", "-f")], &[]), inspect_image, 2),
        ("image", "prune") => {
            ("image prune", takes(&[("--filter", "--filter")], &["--all", "-a", "--force", "-f"]), prune, 2)
        }
        (other, _) => {
            return Err(failed(
                1,
                format!("docker: unknown command: docker {other}\n\nRun 'docker --help' for more information"),
            ));
        }
    };
    // Behind the image of `run` and the container of `exec` stand words of another program.
    let mut rest = words[skip..].to_vec();
    let mut inner = Vec::new();
    if matches!(name, "run" | "exec") {
        let at = end_of_own(takes, &rest).ok_or_else(|| failed(1, format!("docker: 'docker {name}' requires at least 1 argument\n\nUsage:  docker {name} [OPTIONS] IMAGE [COMMAND] [ARG...]")))?;
        inner = rest.split_off(at + 1);
    }
    let mut given = takes.read(&rest).map_err(|wrong| refused(wrong, &format!("docker {name}")))?;
    given.rest = inner;
    play(call, &given)
}

fn refused(wrong: Wrong, name: &str) -> Failure {
    match wrong {
        Wrong::Unknown(flag) => failed(
            125,
            format!("unknown flag: {flag}\n\nUsage:  {name} [OPTIONS]\n\nRun '{name} --help' for more information"),
        ),
        Wrong::NeedsValue(flag) => {
            failed(125, format!("flag needs an argument: {flag}\n\nRun '{name} --help' for more information"))
        }
    }
}

/// Where the first word stands that is no option of docker's own.
fn end_of_own(takes: Takes, words: &[String]) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if !word.starts_with('-') {
            return Some(at);
        }
        let takes_next = !word.contains('=') && takes.values.iter().any(|(long, short)| word == long || word == short);
        at += if takes_next { 2 } else { 1 };
    }
    None
}

fn word<'a>(given: &'a Given, at: usize, name: &str) -> Result<&'a str, Failure> {
    given.word(at).ok_or_else(|| {
        failed(
            1,
            format!("docker: 'docker {name}' requires 1 argument\n\nRun 'docker {name} --help' for more information"),
        )
    })
}

fn container(call: &Call, name: &str) -> Result<Value, Failure> {
    let found = &call.state["docker"]["containers"][name];
    if found.is_null() {
        Err(failed(1, format!("Error response from daemon: No such container: {name}")))
    } else {
        Ok(found.clone())
    }
}

fn ps(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let all = given.on("--all") || given.on("-a");
    let containers = call.state["docker"]["containers"].as_object().cloned().unwrap_or_default();
    for (name, one) in containers {
        let running = one["State"]["Running"] == true;
        let picked = given.all("--filter").iter().all(|filter| match filter.split_once('=') {
            Some(("name", pattern)) => match pattern.strip_prefix("^/").and_then(|rest| rest.strip_suffix('$')) {
                Some(exact) => exact == name,
                None => name.contains(pattern),
            },
            Some(("status", status)) => one["State"]["Status"] == status,
            _ => false,
        });
        if picked && (all || running) {
            if given.value("--format") != Some("json") {
                return Err(failed(1, "this double of docker ps writes --format json only"));
            }
            let line = json!({ "ID": one["Id"], "Names": name, "Image": one["Config"]["Image"], "State": one["State"]["Status"], "Status": if running { "Up 2 hours" } else { "Exited (0) 2 hours ago" } });
            call.say(line.to_string());
        }
    }
    Ok(())
}

fn inspect(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let name = word(given, 0, "inspect")?;
    let found = container(call, name).map_err(|_| failed(1, format!("[]\nerror: no such object: {name}")))?;
    call.say_json(&json!([found]));
    Ok(())
}

fn run(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let image = word(given, 0, "run")?.to_owned();
    let number = call.next("containers");
    let name = given.value("--name").map_or_else(|| format!("quiet_{number}"), str::to_owned);
    if container(call, &name).is_ok() {
        return Err(failed(
            125,
            format!(
                "docker: Error response from daemon: Conflict. The container name \"/{name}\" is already in use by container \"0c\". You have to remove (or rename) that container to be able to reuse that name.\n\nRun 'docker run --help' for more information"
            ),
        ));
    }
    known_image(call, &image).map_err(|_| failed(125, format!("Unable to find image '{image}' locally\ndocker: Error response from daemon: pull access denied for {image}, repository does not exist or may require 'docker login'")))?;
    let id = format!("{number:064x}");
    let made = json!({
        "Id": id,
        "Name": format!("/{name}"),
        "Config": { "Image": image, "Env": given.all("--env"), "Cmd": given.rest },
        "HostConfig": { "Binds": given.all("--volume"), "NetworkMode": given.value("--network").unwrap_or("default"), "RestartPolicy": { "Name": given.value("--restart").unwrap_or("no") } },
        "Ports": given.all("--publish"),
        "State": { "Status": "running", "Running": true, "ExitCode": 0 },
    });
    call.part(&["docker", "containers"])[name] = made;
    call.say(id);
    Ok(())
}

fn set_state(call: &mut Call, given: &Given, state: &str) -> Result<(), Failure> {
    let name = word(given, 0, "start")?.to_owned();
    container(call, &name)?;
    let one = &mut call.part(&["docker", "containers"])[&name];
    one["State"]["Status"] = state.into();
    one["State"]["Running"] = (state == "running").into();
    call.say(name);
    Ok(())
}

fn rm(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let name = word(given, 0, "rm")?.to_owned();
    let forced = given.on("--force") || given.on("-f");
    let one = match container(call, &name) {
        Ok(one) => one,
        // As the client does it: with --force, what is not there is no error.
        Err(_) if forced => return Ok(()),
        Err(failure) => return Err(failure),
    };
    if one["State"]["Running"] == true && !forced {
        return Err(failed(
            1,
            format!(
                "Error response from daemon: cannot remove container \"/{name}\": container is running: stop the container before removing or force remove"
            ),
        ));
    }
    call.part(&["docker", "containers"]).as_object_mut().unwrap().shift_remove(&name);
    call.say(name);
    Ok(())
}

/// What a container wrote: what is said of it, or else of the image that it runs.
fn lines_of(call: &Call, container: &str) -> Vec<Value> {
    let docker = &call.state["docker"];
    let image = docker["containers"][container]["Image"].as_str().unwrap_or_default();
    let own = docker["logs"][container].as_array().or_else(|| docker["logs"][image].as_array());
    own.cloned().unwrap_or_default()
}

fn logs(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let name = word(given, 0, "logs")?;
    container(call, name)?;
    let lines = lines_of(call, name);
    let last = given.value("--tail").and_then(|tail| tail.parse().ok()).unwrap_or(lines.len());
    for line in &lines[lines.len().saturating_sub(last)..] {
        call.say(line.as_str().unwrap_or_default());
    }
    Ok(())
}

/// One sample of a container, as `{ "cpu": "12.50%", "memory": "41.00%" }` of the state says it.
fn stats(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let name = word(given, 0, "stats")?;
    container(call, name)?;
    if !given.on("--no-stream") || given.value("--format") != Some("json") {
        return Err(failed(1, "this double of docker stats gives one sample, as --format json"));
    }
    let used = &call.state["docker"]["stats"][name];
    let share = |of: &str, usual: &str| used[of].as_str().unwrap_or(usual).to_owned();
    let line = json!({ "Name": name, "CPUPerc": share("cpu", "12.50%"), "MemPerc": share("memory", "41.00%"), "MemUsage": "840MiB / 2GiB" });
    call.say(line.to_string());
    Ok(())
}

fn exec(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let name = word(given, 0, "exec")?;
    let one = container(call, name)?;
    if one["State"]["Running"] != true {
        return Err(failed(
            1,
            format!("Error response from daemon: container {} is not running", one["Id"].as_str().unwrap_or_default()),
        ));
    }
    written(call)?;
    // `"mounts": { "/docker-entrypoint-initdb.d": "initdb.d" }`: a folder of this world, by its name in the container.
    let mounts = call.state["docker"]["mounts"].as_object().cloned().unwrap_or_default();
    let here = |word: &String| {
        let found = mounts.iter().find_map(|(there, here)| Some((word.strip_prefix(there)?, here.as_str()?)));
        found.map_or_else(|| word.clone(), |(rest, here)| format!("{}{rest}", call.folder.join(here).display()))
    };
    let words: Vec<String> = given.rest.iter().map(here).collect();
    within(call, &words)
}

/// What services want to have written into a database (`"writes": [["redcube_users", "INSERT …"]]`) is there before
/// anybody looks.
fn written(call: &mut Call) -> Result<(), Failure> {
    let writes = call.state["docker"]["writes"].as_array().cloned().unwrap_or_default();
    for write in &writes {
        let (database, statement) = (write[0].as_str().unwrap_or_default(), write[1].as_str().unwrap_or_default());
        let words = ["psql", "-X", "-q", "-U", "postgres", "-d", database, "-c", statement];
        within(call, &words.map(str::to_owned))?;
    }
    if !writes.is_empty() {
        call.state["docker"]["writes"] = json!([]);
    }
    Ok(())
}

/// The programs of this machine stand for those of a container.
fn within(call: &mut Call, words: &[String]) -> Result<(), Failure> {
    let (program, arguments) =
        words.split_first().ok_or_else(|| failed(1, "docker: 'docker exec' requires at least 2 arguments"))?;
    let missing = |_| {
        failed(
            127,
            format!(
                "OCI runtime exec failed: exec failed: unable to start container process: exec: \"{program}\": executable file not found in $PATH: unknown"
            ),
        )
    };
    let mut command = std::process::Command::new(program);
    let piped = std::process::Stdio::piped;
    let mut child = command.args(arguments).stdin(piped()).stdout(piped()).stderr(piped()).spawn().map_err(missing)?;
    // One that does not read to its end is no fault of the writer.
    let stdin = child.stdin.take();
    let text = std::mem::take(&mut call.stdin);
    let writes =
        std::thread::spawn(move || stdin.map(|mut stdin| std::io::Write::write_all(&mut stdin, text.as_bytes())));
    let output = child.wait_with_output().unwrap();
    let _ = writes.join();
    call.out.push_str(&String::from_utf8_lossy(&output.stdout));
    call.err.push_str(&String::from_utf8_lossy(&output.stderr));
    call.status = output.status.code().unwrap_or(1);
    Ok(())
}

fn known_image(call: &Call, image: &str) -> Result<Value, Failure> {
    // An image without a name stays, and is found by its id.
    if image.starts_with("sha256:") {
        return Ok(image.into());
    }
    let found = &call.state["docker"]["images"][image];
    if found.is_null() {
        Err(failed(1, format!("[]\nError response from daemon: No such image: {image}")))
    } else {
        Ok(found.clone())
    }
}

fn pull(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let image = word(given, 0, "pull")?.to_owned();
    let remote = call.state["docker"]["registry"][&image].clone();
    if remote.is_null() {
        return Err(failed(
            1,
            format!("Error response from daemon: manifest for {image} not found: manifest unknown: manifest unknown"),
        ));
    }
    call.part(&["docker", "images"])[&image] = remote;
    call.say(format!("Status: Downloaded newer image for {image}\n{image}"));
    Ok(())
}

fn push(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let image = word(given, 0, "push")?.to_owned();
    let id = known_image(call, &image)
        .map_err(|_| failed(1, format!("An image does not exist locally with the tag: {image}")))?;
    call.part(&["docker", "registry"])[&image] = id;
    call.say(format!("{image}: digest: sha256:0000 size: 528"));
    Ok(())
}

fn tag(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let id = known_image(call, word(given, 0, "tag")?)
        .map_err(|_| failed(1, format!("Error response from daemon: No such image: {}", given.words[0])))?;
    let target = word(given, 1, "tag")?.to_owned();
    call.part(&["docker", "images"])[target] = id;
    Ok(())
}

fn rmi(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let image = word(given, 0, "rmi")?.to_owned();
    known_image(call, &image).map_err(|_| failed(1, format!("Error response from daemon: No such image: {image}")))?;
    call.part(&["docker", "images"]).as_object_mut().unwrap().shift_remove(&image);
    call.say(format!("Untagged: {image}"));
    Ok(())
}

fn inspect_image(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let image = word(given, 0, "image inspect")?;
    let id = known_image(call, image)?;
    let shown = json!([{ "Id": id, "RepoTags": [image] }]);
    call.say_json(&shown);
    Ok(())
}

fn prune(call: &mut Call, given: &Given) -> Result<(), Failure> {
    if !given.on("--force") && !given.on("-f") {
        return Err(failed(1, "Error: it asks, and there is no terminal"));
    }
    let used: Vec<Value> = call.state["docker"]["containers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, one)| one["Config"]["Image"].clone())
        .collect();
    call.part(&["docker", "images"])
        .as_object_mut()
        .unwrap()
        .retain(|image, _| used.iter().any(|one| one == image.as_str()));
    call.say("Total reclaimed space: 12MB");
    Ok(())
}

// ---------------------------------------------------------------- compose

/// docker-compose, the program of its own.
pub(crate) fn play_compose(call: &mut Call) -> Result<(), Failure> {
    let words = call.words.clone();
    compose(call, &words)
}

const COMPOSE: Takes = Takes {
    values: &[("--file", "-f"), ("--project-name", "-p"), ("--profile", "--profile"), ("--env-file", "--env-file")],
    switches: &["--progress"],
};

fn compose(call: &mut Call, words: &[String]) -> Result<(), Failure> {
    let at = end_of_own(COMPOSE, words).ok_or_else(|| failed(1, "Usage:  docker compose [OPTIONS] COMMAND"))?;
    let own = COMPOSE.read(&words[..at]).map_err(|wrong| refused(wrong, "docker compose"))?;
    if own.value("--file").is_none() && call.state["compose"]["here"] == false {
        return Err(failed(14, "no configuration file provided: not found"));
    }
    if let Some(file) = own.value("--file").filter(|file| !std::path::Path::new(file).exists()) {
        return Err(failed(14, format!("open {file}: no such file or directory")));
    }
    let (verb, rest) = (words[at].as_str(), &words[at + 1..]);
    let (takes, play): (Takes, Verb) = match verb {
        "ps" => (takes(&[("--format", "--format")], &["--all", "-a"]), compose_ps),
        "up" => (
            takes(
                &[("--scale", "--scale"), ("--wait-timeout", "--wait-timeout"), ("--pull", "--pull")],
                &[
                    "--detach",
                    "-d",
                    "--wait",
                    "--build",
                    "--no-recreate",
                    "--no-deps",
                    "--no-build",
                    "--force-recreate",
                ],
            ),
            up,
        ),
        "down" => (takes(&[("--timeout", "-t")], &["--remove-orphans"]), |call, given| each(call, given, None)),
        "start" => (takes(&[], &["--wait"]), |call, given| each(call, given, Some("running"))),
        "stop" => (takes(&[("--timeout", "-t")], &[]), |call, given| each(call, given, Some("exited"))),
        "restart" => (takes(&[("--timeout", "-t")], &["--no-deps"]), |call, given| each(call, given, Some("running"))),
        "rm" => (takes(&[], &["--force", "-f", "--stop", "-s"]), |call, given| each(call, given, None)),
        "build" => (takes(&[("--build-arg", "--build-arg")], &["--pull", "--no-cache", "--quiet"]), build),
        "pull" => (takes(&[], &["--quiet", "-q"]), |_, _| Ok(())),
        "logs" => (takes(&[("--since", "--since"), ("--tail", "-n")], &["--no-color", "--timestamps"]), compose_logs),
        "exec" => (takes(&[("--env", "-e"), ("--user", "-u")], &["--no-TTY", "-T"]), compose_exec),
        other => return Err(failed(1, format!("unknown docker command: \"compose {other}\""))),
    };
    let mut own = rest.to_vec();
    let mut inner = Vec::new();
    if verb == "exec" {
        let at = end_of_own(takes, &own).ok_or_else(|| failed(1, "requires at least 2 arg(s), only received 0"))?;
        inner = own.split_off(at + 1);
    }
    let mut given = takes.read(&own).map_err(|wrong| refused(wrong, &format!("docker compose {verb}")))?;
    given.rest = inner;
    for service in &given.words {
        if call.state["compose"]["services"][service].is_null() {
            return Err(failed(1, format!("no such service: {service}")));
        }
    }
    play(call, &given)
}

/// One line of JSON for each container.
fn compose_ps(call: &mut Call, given: &Given) -> Result<(), Failure> {
    if given.value("--format") != Some("json") {
        return Err(failed(1, "this double of docker compose ps writes --format json only"));
    }
    let all = given.on("--all") || given.on("-a");
    let services = call.state["compose"]["services"].as_object().cloned().unwrap_or_default();
    for (name, service) in services {
        let state = service["state"].as_str().unwrap_or_default();
        if state.is_empty() || (state != "running" && !all) {
            continue;
        }
        for number in 1..=service["scale"].as_u64().unwrap_or(1) {
            let line = json!({ "Name": service["container"].as_str().map_or_else(|| format!("shop-{name}-{number}"), str::to_owned), "Service": name, "State": state, "Health": if state == "running" { "healthy" } else { "" }, "Image": service["image"], "ExitCode": 0 });
            call.say(line.to_string());
        }
    }
    Ok(())
}

fn chosen(call: &Call, given: &Given) -> Vec<String> {
    if given.words.is_empty() {
        let services = call.state["compose"]["services"].as_object().cloned().unwrap_or_default();
        return services.into_iter().map(|(name, _)| name).collect();
    }
    given.words.clone()
}

fn up(call: &mut Call, given: &Given) -> Result<(), Failure> {
    if !given.on("--detach") && !given.on("-d") && !given.on("--wait") {
        return Err(failed(1, "it would stay in the foreground"));
    }
    for name in chosen(call, given) {
        let service = &mut call.part(&["compose", "services"])[&name];
        service["state"] = "running".into();
        if service["scale"].is_null() {
            service["scale"] = 1.into();
        }
        let service = service.clone();
        run_container(call, &service);
    }
    for pair in given.all("--scale") {
        let (name, count) = pair
            .split_once('=')
            .ok_or_else(|| failed(1, format!("invalid --scale option {pair:?}. Should be SERVICE=NUM")))?;
        call.part(&["compose", "services"])[name]["scale"] = count.parse::<u64>().unwrap_or(1).into();
    }
    Ok(())
}

/// A service with a container of a name of its own runs, from now on, the image that its image's name means now, with the
/// variables of `.env`.
fn run_container(call: &mut Call, service: &Value) {
    let Some(name) = service["container"].as_str() else { return };
    let image = service["image"].as_str().unwrap_or_default();
    let id = call.state["docker"]["images"][image].clone();
    let env = std::fs::read_to_string(call.folder.join(".env")).unwrap_or_default();
    let env: Vec<&str> = env.lines().filter(|line| line.contains('=')).collect();
    call.part(&["docker", "containers"])[name] = json!({
        "Id": format!("{:064x}", name.len()),
        "Image": id,
        "Config": { "Image": image, "Env": env },
        "State": { "Status": "running", "Running": true, "ExitCode": 0 },
    });
}

/// `"builds": "sha256:…"` of a service is what a build of its folder gives.
fn build(call: &mut Call, given: &Given) -> Result<(), Failure> {
    for name in chosen(call, given) {
        let service = call.state["compose"]["services"][&name].clone();
        let Some(image) = service["image"].as_str().filter(|_| service["builds"].is_string()) else { continue };
        call.part(&["docker", "images"])[image] = service["builds"].clone();
        call.err.push_str(&format!(" {name}  Built\n"));
    }
    Ok(())
}

/// Every chosen service that has a container gets this state, or loses it.
fn each(call: &mut Call, given: &Given, state: Option<&str>) -> Result<(), Failure> {
    for name in chosen(call, given) {
        let service = &mut call.part(&["compose", "services"])[&name];
        if service["state"].is_null() {
            continue;
        }
        match state {
            Some(state) => {
                service["state"] = state.into();
                // What a restart mends is mended: `"restarts": { … }` goes over the state of docker.
                let mends = service["restarts"].clone();
                let service = service.clone();
                if let Some(container) = service["container"].as_str() {
                    let running = &mut call.part(&["docker", "containers"])[container]["State"];
                    running["Running"] = (state == "running").into();
                    running["Status"] = state.into();
                }
                if state == "running" && mends.is_object() {
                    merge(call.part(&["docker"]), &mends);
                }
            }
            None => {
                service.as_object_mut().unwrap().shift_remove("state");
                service.as_object_mut().unwrap().shift_remove("scale");
            }
        }
    }
    Ok(())
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            from.iter().for_each(|(name, value)| merge(into.entry(name.clone()).or_insert(Value::Null), value));
        }
        (into, from) => *into = from.clone(),
    }
}

fn compose_logs(call: &mut Call, given: &Given) -> Result<(), Failure> {
    for name in chosen(call, given) {
        let container = call.state["compose"]["services"][&name]["container"].as_str().unwrap_or(&name).to_owned();
        let lines = lines_of(call, &container);
        let last = given.value("--tail").and_then(|tail| tail.parse().ok()).unwrap_or(lines.len());
        for line in &lines[lines.len().saturating_sub(last)..] {
            call.say(format!("{name}-1  | {}", line.as_str().unwrap_or_default()));
        }
    }
    Ok(())
}

fn compose_exec(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let name = given.words.first().cloned().unwrap_or_default();
    if call.state["compose"]["services"][&name]["state"] != "running" {
        return Err(failed(1, format!("service \"{name}\" is not running")));
    }
    within(call, &given.rest.clone())
}
