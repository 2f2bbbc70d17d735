//! terraform 1.11, over configurations in JSON (`*.tf.json`) whose only resources are `terraform_data`. Shapes as of
//! <https://developer.hashicorp.com/terraform/internals/json-format>.

use serde_json::{Map, Value, json};

use crate::call::{Call, Failure, Given, Takes, Wrong, failed};

const PLAN: Takes = Takes {
    values: &[
        ("-out", "-out"),
        ("-var", "-var"),
        ("-var-file", "-var-file"),
        ("-target", "-target"),
        ("-lock-timeout", "-lock-timeout"),
    ],
    switches: &["-input", "-no-color", "-detailed-exitcode", "-destroy", "-lock", "-refresh-only", "-json"],
};
const APPLY: Takes = Takes {
    values: &[("-lock-timeout", "-lock-timeout")],
    switches: &["-input", "-no-color", "-auto-approve", "-lock", "-json"],
};
const INIT: Takes = Takes {
    values: &[("-backend-config", "-backend-config")],
    switches: &["-input", "-no-color", "-upgrade", "-reconfigure"],
};
const PLAIN: Takes = Takes { values: &[], switches: &["-json", "-no-color", "-raw"] };

type Verb = fn(&mut Call, &Given, &Root) -> Result<(), Failure>;

/// Where the configuration lies, and which part of the state is its own.
struct Root {
    dir: std::path::PathBuf,
    workspace: String,
}

pub(crate) fn play(call: &mut Call) -> Result<(), Failure> {
    let mut words = call.words.clone();
    let mut dir = std::path::PathBuf::from(".");
    if let Some(chosen) = words.first().and_then(|word| word.strip_prefix("-chdir=")) {
        dir = chosen.into();
        words.remove(0);
    }
    if !dir.is_dir() {
        return Err(failed(
            1,
            format!("Error handling -chdir option: chdir {}: no such file or directory", dir.display()),
        ));
    }
    let verb: Vec<&str> = words.iter().map(String::as_str).take(2).collect();
    let (takes, play, skip): (Takes, Verb, usize) = match verb.as_slice() {
        ["init", ..] => (INIT, init, 1),
        ["validate", ..] => (PLAIN, validate, 1),
        ["plan", ..] => (PLAN, plan, 1),
        ["show", ..] => (PLAIN, show, 1),
        ["apply", ..] => (APPLY, apply, 1),
        ["output", ..] => (PLAIN, output, 1),
        ["workspace", "show"] => (PLAIN, workspace_show, 2),
        ["workspace", "list"] => (PLAIN, workspace_list, 2),
        ["workspace", "select"] => (PLAIN, workspace_select, 2),
        ["workspace", "new"] => (PLAIN, workspace_new, 2),
        ["workspace", "delete"] => (PLAIN, workspace_delete, 2),
        _ => {
            return Err(failed(
                1,
                format!(
                    "Terraform has no command named {:?}.\n\nTo see all of Terraform's top-level commands, run:\n  terraform -help",
                    verb.first().unwrap_or(&"")
                ),
            ));
        }
    };
    let given = takes.read(&words[skip..]).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) => {
            failed(1, format!("Error: Failed to parse command-line flags\n\nflag provided but not defined: {flag}"))
        }
        Wrong::NeedsValue(flag) => {
            failed(1, format!("Error: Failed to parse command-line flags\n\nflag needs an argument: {flag}"))
        }
    })?;
    let workspace = call.part(&["terraform"])["workspace"].as_str().unwrap_or("default").to_owned();
    play(call, &given, &Root { dir, workspace })
}

/// All of the configuration's files in one.
fn configuration(root: &Root) -> Result<Value, Failure> {
    let mut whole = json!({ "resource": { "terraform_data": {} }, "output": {} });
    let mut any = false;
    for entry in std::fs::read_dir(&root.dir).unwrap().flatten() {
        let path = entry.path();
        if !path.to_string_lossy().ends_with(".tf.json") {
            continue;
        }
        any = true;
        let text = std::fs::read_to_string(&path).unwrap();
        let part: Value = serde_json::from_str(&text).map_err(|error| {
            failed(1, format!("Error: Argument definition required\n\n  on {} line 1:\n\n{error}", path.display()))
        })?;
        for (from, to) in [(&part["resource"]["terraform_data"], "resource"), (&part["output"], "output")] {
            let into = if to == "resource" { &mut whole["resource"]["terraform_data"] } else { &mut whole["output"] };
            for (name, value) in from.as_object().into_iter().flatten() {
                into[name] = value.clone();
            }
        }
    }
    if !any {
        return Err(failed(1, "Error: No configuration files\n\nPlan requires configuration to be present."));
    }
    Ok(whole)
}

fn initialised(call: &Call) -> Result<(), Failure> {
    if call.state["terraform"]["initialised"] == true {
        return Ok(());
    }
    Err(failed(
        1,
        "Error: Inconsistent dependency lock file\n\nTo make the initial dependency selections that will initialize the dependency lock file, run:\n  terraform init",
    ))
}

fn init(call: &mut Call, _: &Given, root: &Root) -> Result<(), Failure> {
    configuration(root)?;
    call.part(&["terraform"])["initialised"] = true.into();
    call.say("Terraform has been successfully initialized!");
    Ok(())
}

fn validate(call: &mut Call, given: &Given, root: &Root) -> Result<(), Failure> {
    configuration(root)?;
    match given.on("-json") {
        true => call.say_json(
            &json!({ "format_version": "1.0", "valid": true, "error_count": 0, "warning_count": 0, "diagnostics": [] }),
        ),
        false => call.say("Success! The configuration is valid."),
    }
    Ok(())
}

/// What is there, by address.
fn resources(call: &mut Call, root: &Root) -> Map<String, Value> {
    let workspaces = call.part(&["terraform", "workspaces"]);
    workspaces[&root.workspace]["resources"].as_object().cloned().unwrap_or_default()
}

fn plan(call: &mut Call, given: &Given, root: &Root) -> Result<(), Failure> {
    initialised(call)?;
    let whole = configuration(root)?;
    let there = resources(call, root);
    let mut wanted = Map::new();
    if !given.on("-destroy") {
        for (name, one) in whole["resource"]["terraform_data"].as_object().into_iter().flatten() {
            wanted.insert(format!("terraform_data.{name}"), filled(&one["input"], given));
        }
    }
    let mut changes = Vec::new();
    for (address, after) in &wanted {
        let (actions, before) = match there.get(address) {
            None => (json!(["create"]), Value::Null),
            Some(before) if before == after => (json!(["no-op"]), before.clone()),
            Some(before) => (json!(["update"]), before.clone()),
        };
        changes.push(json!({ "address": address, "type": "terraform_data", "change": { "actions": actions, "before": { "input": before }, "after": { "input": after } } }));
    }
    for (address, before) in there.iter().filter(|(address, _)| !wanted.contains_key(*address)) {
        changes.push(json!({ "address": address, "type": "terraform_data", "change": { "actions": ["delete"], "before": { "input": before }, "after": null } }));
    }
    let differs = changes.iter().any(|change| change["change"]["actions"] != json!(["no-op"]));
    let outputs: Map<String, Value> = whole["output"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, one)| (name.clone(), filled(&one["value"], given)))
        .collect();
    if let Some(out) = given.value("-out") {
        let serial = call.state["terraform"]["serial"].as_u64().unwrap_or(0);
        let saved = json!({ "format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changes, "wanted": wanted, "outputs": outputs, "workspace": root.workspace, "serial": serial });
        std::fs::write(root.dir.join(out), saved.to_string()).unwrap();
    }
    let count = |action: &str| changes.iter().filter(|change| change["change"]["actions"][0] == action).count();
    match differs {
        true => call.say(format!(
            "Plan: {} to add, {} to change, {} to destroy.",
            count("create"),
            count("update"),
            count("delete")
        )),
        false => call.say("No changes. Your infrastructure matches the configuration."),
    }
    if given.on("-detailed-exitcode") && differs {
        call.status = 2;
    }
    Ok(())
}

/// `${var.name}` in a configuration's text.
fn filled(value: &Value, given: &Given) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    let mut text = text.to_owned();
    for pair in given.all("-var") {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        text = text.replace(&format!("${{var.{name}}}"), value);
    }
    text.into()
}

fn saved(root: &Root, file: &str) -> Result<Value, Failure> {
    let text = std::fs::read_to_string(root.dir.join(file)).map_err(|_| {
        failed(
            1,
            format!("Error: Failed to load \"{file}\" as a plan file\n\nError: stat {file}: no such file or directory"),
        )
    })?;
    serde_json::from_str(&text).map_err(|_| failed(1, format!("Error: Failed to load \"{file}\" as a plan file")))
}

fn show(call: &mut Call, given: &Given, root: &Root) -> Result<(), Failure> {
    let mut plan = saved(root, given.word(0).unwrap_or_default())?;
    if !given.on("-json") {
        return Err(failed(1, "this double of terraform show writes -json only"));
    }
    let own = plan.as_object_mut().unwrap();
    for name in ["wanted", "outputs", "workspace", "serial"] {
        own.shift_remove(name);
    }
    call.say(plan.to_string());
    Ok(())
}

fn apply(call: &mut Call, given: &Given, root: &Root) -> Result<(), Failure> {
    let Some(file) = given.word(0) else {
        return Err(failed(1, "this double of terraform apply takes a saved plan only: without one it would ask"));
    };
    let plan = saved(root, file)?;
    let serial = call.state["terraform"]["serial"].as_u64().unwrap_or(0);
    if plan["serial"] != serial {
        return Err(failed(
            1,
            "Error: Saved plan is stale\n\nThe given plan file can no longer be applied because the state was changed by another operation after the plan was created.",
        ));
    }
    let workspaces = call.part(&["terraform", "workspaces"]);
    workspaces[&root.workspace] = json!({ "resources": plan["wanted"], "outputs": plan["outputs"] });
    call.part(&["terraform"])["serial"] = (serial + 1).into();
    call.say("Apply complete!");
    Ok(())
}

fn output(call: &mut Call, given: &Given, root: &Root) -> Result<(), Failure> {
    let outputs =
        call.part(&["terraform", "workspaces"])[&root.workspace]["outputs"].as_object().cloned().unwrap_or_default();
    match given.word(0) {
        None => {
            let all: Map<String, Value> = outputs
                .into_iter()
                .map(|(name, value)| (name, json!({ "sensitive": false, "type": "string", "value": value })))
                .collect();
            call.say_json(&all.into());
        }
        Some(name) => {
            let value = outputs.get(name).ok_or_else(|| {
                failed(1, format!("Error: Output \"{name}\" not found\n\nThe output variable requested could not be found in the state file. If you recently added this to your configuration, be sure to run `terraform apply`, since the state won't be updated with new output variables until that command is run."))
            })?;
            call.say(value.to_string());
        }
    }
    Ok(())
}

fn workspace_show(call: &mut Call, _: &Given, root: &Root) -> Result<(), Failure> {
    call.say(&root.workspace);
    Ok(())
}

fn workspace_list(call: &mut Call, _: &Given, root: &Root) -> Result<(), Failure> {
    let all = call.part(&["terraform", "workspaces"]).as_object().cloned().unwrap_or_default();
    for (name, _) in all {
        call.say(format!("{} {name}", if name == root.workspace { "*" } else { " " }));
    }
    Ok(())
}

fn workspace_select(call: &mut Call, given: &Given, _: &Root) -> Result<(), Failure> {
    let name = given.word(0).unwrap_or_default().to_owned();
    if call.part(&["terraform", "workspaces"])[&name].is_null() {
        call.part(&["terraform", "workspaces"]).as_object_mut().unwrap().shift_remove(&name);
        return Err(failed(
            1,
            format!(
                "Workspace \"{name}\" doesn't exist.\n\nYou can create this workspace with the \"new\" subcommand\nor include the \"-or-create\" flag with the \"select\" subcommand."
            ),
        ));
    }
    call.part(&["terraform"])["workspace"] = name.as_str().into();
    call.say(format!("Switched to workspace \"{name}\"."));
    Ok(())
}

fn workspace_new(call: &mut Call, given: &Given, _: &Root) -> Result<(), Failure> {
    let name = given.word(0).unwrap_or_default().to_owned();
    if call.part(&["terraform", "workspaces"])[&name].is_object() {
        return Err(failed(1, format!("Workspace \"{name}\" already exists")));
    }
    call.part(&["terraform", "workspaces"])[&name] = json!({ "resources": {}, "outputs": {} });
    call.part(&["terraform"])["workspace"] = name.as_str().into();
    call.say(format!("Created and switched to workspace \"{name}\"!"));
    Ok(())
}

fn workspace_delete(call: &mut Call, given: &Given, root: &Root) -> Result<(), Failure> {
    let name = given.word(0).unwrap_or_default().to_owned();
    if name == root.workspace {
        return Err(failed(
            1,
            format!(
                "Workspace \"{name}\" is your active workspace.\n\nYou cannot delete the currently active workspace. Please switch\nto another workspace and try again."
            ),
        ));
    }
    let there =
        call.part(&["terraform", "workspaces"])[&name]["resources"].as_object().is_some_and(|all| !all.is_empty());
    if there {
        return Err(failed(1, format!("Workspace \"{name}\" is currently tracking the following resource instances")));
    }
    call.part(&["terraform", "workspaces"]).as_object_mut().unwrap().shift_remove(&name);
    call.say(format!("Deleted workspace \"{name}\"!"));
    Ok(())
}
