//! gh 2, over one repository. Shapes and messages as of <https://cli.github.com/manual/>.

use serde_json::{Map, Value, json};

use crate::call::{Call, Failure, Given, Takes, Verb, Wrong, failed};

const REPO: (&str, &str) = ("--repo", "-R");
const JSON: (&str, &str) = ("--json", "--json");

const fn takes(values: &'static [(&'static str, &'static str)], switches: &'static [&'static str]) -> Takes {
    Takes { values, switches }
}

pub(crate) fn play(call: &mut Call) -> Result<(), Failure> {
    let words = call.words.clone();
    let two = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    let (takes, play): (Takes, Verb) = match (two(0), two(1)) {
        ("workflow", "run") => {
            (takes(&[REPO, ("--ref", "-r"), ("--raw-field", "-f"), ("--field", "-F")], &[]), workflow_run)
        }
        ("run", "list") => (
            takes(
                &[
                    REPO,
                    JSON,
                    ("--workflow", "-w"),
                    ("--branch", "-b"),
                    ("--limit", "-L"),
                    ("--event", "-e"),
                    ("--status", "-s"),
                ],
                &[],
            ),
            run_list,
        ),
        ("run", "view") => (takes(&[REPO, JSON], &[]), |call, given| view(call, given, "runs", "databaseId")),
        ("run", "watch") => (takes(&[REPO, ("--interval", "-i")], &["--exit-status", "--compact"]), run_watch),
        ("run", "cancel") => (takes(&[REPO], &[]), run_cancel),
        ("run", "rerun") => (takes(&[REPO], &["--failed"]), run_rerun),
        ("pr", "view") => (takes(&[REPO, JSON], &[]), |call, given| view(call, given, "prs", "number")),
        ("pr", "list") => {
            (takes(&[REPO, JSON, ("--head", "-H"), ("--state", "-s"), ("--limit", "-L")], &[]), |call, given| {
                let (head, state) =
                    (given.value("--head").map(str::to_owned), given.value("--state").unwrap_or("open").to_uppercase());
                list(call, given, "prs", &|one| {
                    one["state"] == state.as_str() && head.as_deref().is_none_or(|head| one["headRefName"] == head)
                })
            })
        }
        ("pr", "create") => (
            takes(
                &[REPO, ("--title", "-t"), ("--body", "-b"), ("--base", "-B"), ("--head", "-H"), ("--label", "-l")],
                &["--draft"],
            ),
            |call, given| create(call, given, "prs", "pull"),
        ),
        ("pr", "close") => (takes(&[REPO, ("--comment", "-c")], &["--delete-branch"]), |call, given| {
            close(call, given, "prs", "pull request")
        }),
        ("pr", "merge") => (
            takes(
                &[REPO, ("--match-head-commit", "--match-head-commit")],
                &["--squash", "--merge", "--rebase", "--delete-branch", "--auto"],
            ),
            pr_merge,
        ),
        ("issue", "view") => (takes(&[REPO, JSON], &[]), |call, given| view(call, given, "issues", "number")),
        ("issue", "create") => (
            takes(&[REPO, ("--title", "-t"), ("--body", "-b"), ("--label", "-l"), ("--assignee", "-a")], &[]),
            |call, given| create(call, given, "issues", "issues"),
        ),
        ("issue", "close") => (takes(&[REPO, ("--comment", "-c"), ("--reason", "-r")], &[]), |call, given| {
            close(call, given, "issues", "issue")
        }),
        ("issue", "reopen") => (takes(&[REPO], &[]), |call, given| reopen(call, given, "issues", "issue")),
        ("issue", "comment") => (takes(&[REPO, ("--body", "-b")], &[]), comment),
        ("release", "create") => (
            takes(
                &[REPO, ("--title", "-t"), ("--notes", "-n"), ("--target", "--target")],
                &["--draft", "-d", "--prerelease", "--generate-notes", "--latest"],
            ),
            release_create,
        ),
        ("release", "view") => (takes(&[REPO, JSON], &[]), |call, given| view(call, given, "releases", "tagName")),
        ("release", "list") => {
            (takes(&[REPO, JSON, ("--limit", "-L")], &[]), |call, given| list(call, given, "releases", &|_| true))
        }
        ("release", "delete") => (takes(&[REPO], &["--yes", "-y", "--cleanup-tag"]), release_delete),
        ("api", _) => (takes(&[("--method", "-X"), ("--input", "--input")], &[]), api),
        (first, second) => return Err(failed(1, format!("unknown command \"{second}\" for \"gh {first}\""))),
    };
    let skip = if two(0) == "api" { 1 } else { 2 }.min(words.len());
    let name = words[..skip].join(" ");
    let given = takes.read(&words[skip..]).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) => failed(1, format!("unknown flag: {flag}\n\nUsage:  gh {name} [flags]")),
        Wrong::NeedsValue(flag) => failed(1, format!("flag needs an argument: {flag}\n\nUsage:  gh {name} [flags]")),
    })?;
    let known = call.state["gh"]["repo"].as_str().unwrap_or("shop/web").to_owned();
    if let Some(repo) = given.value("--repo").filter(|repo| *repo != known) {
        return Err(failed(
            1,
            format!("GraphQL: Could not resolve to a Repository with the name '{repo}'. (repository)"),
        ));
    }
    play(call, &given)
}

fn all<'a>(call: &'a mut Call, kind: &str) -> &'a mut Vec<Value> {
    let part = &mut call.part(&["gh"])[kind];
    if !part.is_array() {
        *part = json!([]);
    }
    part.as_array_mut().unwrap()
}

/// Only the fields that were asked for; a field that there is not is refused, as by the tool.
fn fields(value: &Value, given: &Given) -> Result<Value, Failure> {
    let asked = given.value("--json").ok_or_else(|| failed(1, "this double of gh writes --json only"))?;
    let mut out = Map::new();
    for name in asked.split(',') {
        let known = value.get(name).ok_or_else(|| {
            failed(
                1,
                format!(
                    "Unknown JSON field: {name:?}\nAvailable fields:\n  {}",
                    value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join("\n  ")
                ),
            )
        })?;
        out.insert(name.to_owned(), known.clone());
    }
    Ok(out.into())
}

fn list(call: &mut Call, given: &Given, kind: &str, fits: &dyn Fn(&Value) -> bool) -> Result<(), Failure> {
    let limit = given.value("--limit").and_then(|text| text.parse().ok()).unwrap_or(20);
    let found: Vec<Value> = all(call, kind).iter().rev().filter(|one| fits(one)).take(limit).cloned().collect();
    let shown: Result<Vec<Value>, Failure> = found.iter().map(|one| fields(one, given)).collect();
    call.say(Value::from(shown?).to_string());
    Ok(())
}

fn find<'a>(call: &'a mut Call, kind: &str, key: &str, wanted: &str) -> Result<&'a mut Value, Failure> {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let missing = match kind {
        "releases" => "release not found".to_owned(),
        "runs" => format!(
            "failed to get run: HTTP 404: Not Found (https://api.github.com/repos/shop/web/actions/runs/{wanted})"
        ),
        _ => format!(
            "GraphQL: Could not resolve to an issue or pull request with the number of {wanted}. (repository.issue)"
        ),
    };
    let wanted = wanted.rsplit('/').next().unwrap_or(wanted);
    all(call, kind).iter_mut().find(|one| plain(&one[key]) == wanted).ok_or_else(|| failed(1, missing))
}

fn word(given: &Given) -> Result<String, Failure> {
    given.word(0).map(str::to_owned).ok_or_else(|| failed(1, "accepts 1 arg(s), received 0"))
}

fn view(call: &mut Call, given: &Given, kind: &str, key: &str) -> Result<(), Failure> {
    let found = find(call, kind, key, &word(given)?)?.clone();
    let shown = fields(&found, given)?;
    call.say(shown.to_string());
    Ok(())
}

/// An input `fail=yes` makes a run that fails. A workflow that deploys does so:
/// `"deploys": { "Deploy to Production": { "place": "us-east1/web", "image": "web:2", "conclusion": "failure" } }`,
/// with an input `rollback_revision` to that revision.
fn workflow_run(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let workflow = word(given)?;
    let known =
        call.state["gh"]["workflows"].as_array().is_some_and(|all| all.iter().any(|one| one == workflow.as_str()));
    if !known {
        return Err(failed(1, format!("could not find any workflows named {workflow}")));
    }
    let inputs = given.all("--raw-field");
    if let Some(wrong) = inputs.iter().find(|pair| !pair.contains('=')) {
        return Err(failed(1, format!("field {wrong:?} requires a value separated by an '=' sign")));
    }
    // A pipeline with an environment stops before it until somebody approves.
    let pipeline = call.state["gh"]["pipelines"][&workflow].clone();
    let fails = pipeline["fails"] == true || inputs.iter().any(|pair| pair == "fail=yes");
    let waits = !fails && pipeline["environment"].is_string();
    let conclusion = if fails {
        "failure"
    } else if waits {
        ""
    } else {
        "success"
    };
    let deploys = call.state["gh"]["deploys"][&workflow].clone();
    let conclusion = deploys["conclusion"].as_str().unwrap_or(conclusion);
    if let (Some(place), Some(image)) = (deploys["place"].as_str(), deploys["image"].as_str()) {
        match inputs.iter().find_map(|pair| pair.strip_prefix("rollback_revision=")).filter(|to| !to.is_empty()) {
            Some(to) => crate::gcloud::all_traffic_to(call, place, to),
            None => crate::gcloud::release(call, place, image)?,
        }
    }
    let number = 8000 + call.next("workflow runs");
    let branch = given.value("--ref").unwrap_or("main");
    all(call, "runs").push(json!({
        "databaseId": number,
        "workflowName": workflow,
        "status": if waits { "waiting" } else { "completed" },
        "conclusion": conclusion,
        "headBranch": branch,
        "headSha": "9c1185a5c5e9fc54612808977ee8f548b2258d31",
        "event": "workflow_dispatch",
        "displayTitle": workflow,
        "createdAt": "2026-01-20T10:00:00Z",
        "url": format!("https://github.com/shop/web/actions/runs/{number}"),
        "pending": if waits { json!([{ "environment": { "id": 500 + number, "name": pipeline["environment"] } }]) } else { json!([]) },
    }));
    call.say(format!("✓ Created workflow_dispatch event for {workflow} at {branch}"));
    Ok(())
}

/// The deployments that a run waits for: `GET` and `POST /repos/OWNER/REPO/actions/runs/ID/pending_deployments`, as of
/// <https://docs.github.com/en/rest/actions/workflow-runs>. Nothing else of the API is here.
fn api(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let path = word(given)?;
    let known = call.state["gh"]["repo"].as_str().unwrap_or("shop/web").to_owned();
    let not_found = || failed(1, "gh: Not Found (HTTP 404)");
    let rest = path.replace("{owner}/{repo}", &known);
    let rest = rest.trim_start_matches('/').strip_prefix(&format!("repos/{known}/actions/runs/")).map(str::to_owned);
    let rest = rest.ok_or_else(not_found)?;
    let id = rest.strip_suffix("/pending_deployments").ok_or_else(not_found)?.to_owned();
    let run = find(call, "runs", "databaseId", &id).map_err(|_| not_found())?;
    let pending = run["pending"].as_array().cloned().unwrap_or_default();
    match given.value("--method").unwrap_or("GET") {
        "GET" => {
            call.say(Value::from(pending).to_string());
            return Ok(());
        }
        "POST" => {}
        _ => return Err(not_found()),
    }
    let answer: Value =
        serde_json::from_str(&call.stdin).map_err(|_| failed(1, "gh: Problems parsing JSON (HTTP 400)"))?;
    let ids = answer["environment_ids"].as_array().cloned().unwrap_or_default();
    let wanted = pending.iter().filter(|one| ids.contains(&one["environment"]["id"])).count();
    if answer["state"] != "approved" || !answer["comment"].is_string() || ids.is_empty() || wanted != ids.len() {
        return Err(failed(1, "gh: Validation Failed (HTTP 422)"));
    }
    let run = find(call, "runs", "databaseId", &id)?;
    (run["pending"], run["status"], run["conclusion"]) = (json!([]), "completed".into(), "success".into());
    let name = run["workflowName"].as_str().unwrap_or_default().to_owned();
    let pipeline = call.state["gh"]["pipelines"][&name].clone();
    if let Some((namespace, deployment)) = pipeline["deploys"].as_str().and_then(|at| at.split_once('/')) {
        let mut object = call.state["k8s"]["objects"][format!("{namespace}/Deployment/{deployment}")].clone();
        object["spec"]["template"]["spec"]["containers"][0]["image"] = pipeline["image"].clone();
        crate::kubectl::put(call, namespace, object);
    }
    call.say("[]");
    Ok(())
}

fn run_list(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let same = |one: &Value, option: &str, field: &str| given.value(option).is_none_or(|wanted| one[field] == wanted);
    list(call, given, "runs", &|one| {
        same(one, "--workflow", "workflowName")
            && same(one, "--branch", "headBranch")
            && same(one, "--event", "event")
            && same(one, "--status", "status")
    })
}

fn run_watch(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let id = word(given)?;
    let run = find(call, "runs", "databaseId", &id)?.clone();
    let conclusion = run["conclusion"].as_str().unwrap_or_default();
    call.say(format!(
        "Run {} ({id}) has already completed with '{conclusion}'",
        run["workflowName"].as_str().unwrap_or_default()
    ));
    if given.on("--exit-status") && conclusion != "success" {
        call.status = 1;
    }
    Ok(())
}

fn run_cancel(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let run = find(call, "runs", "databaseId", &word(given)?)?;
    if run["status"] == "completed" {
        return Err(failed(1, "Cannot cancel a workflow run that is completed"));
    }
    run["status"] = "completed".into();
    run["conclusion"] = "cancelled".into();
    call.say("✓ Request to cancel workflow submitted.");
    Ok(())
}

fn run_rerun(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let run = find(call, "runs", "databaseId", &word(given)?)?;
    run["conclusion"] = "success".into();
    Ok(())
}

fn create(call: &mut Call, given: &Given, kind: &str, path: &str) -> Result<(), Failure> {
    let title = given.value("--title").ok_or_else(|| failed(1, "must provide `--title` and `--body` (or `--fill` or `fill-first` or `--fillverbose`) when not running interactively"))?.to_owned();
    let body = given
        .value("--body")
        .ok_or_else(|| failed(1, "must provide `--title` and `--body` when not running interactively"))?
        .to_owned();
    let number = 40 + call.next("numbers");
    let labels: Vec<Value> = given.all("--label").iter().map(|label| json!({ "name": label })).collect();
    let url = format!("https://github.com/shop/web/{path}/{number}");
    let made = json!({
        "number": number, "title": title, "body": body, "state": "OPEN", "labels": labels, "url": url, "comments": [],
        "mergeable": "MERGEABLE", "headRefName": given.value("--head").unwrap_or("main"), "reviewDecision": "APPROVED", "latestReviews": [],
    });
    all(call, kind).push(made);
    call.say(url);
    Ok(())
}

fn close(call: &mut Call, given: &Given, kind: &str, what: &str) -> Result<(), Failure> {
    let one = find(call, kind, "number", &word(given)?)?;
    one["state"] = "CLOSED".into();
    let line = format!("✓ Closed {what} shop/web#{} ({})", one["number"], one["title"].as_str().unwrap_or_default());
    call.err.push_str(&format!("{line}\n"));
    Ok(())
}

fn reopen(call: &mut Call, given: &Given, kind: &str, _: &str) -> Result<(), Failure> {
    find(call, kind, "number", &word(given)?)?["state"] = "OPEN".into();
    Ok(())
}

fn comment(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let body =
        given.value("--body").ok_or_else(|| failed(1, "flags required when not running interactively"))?.to_owned();
    let one = find(call, "issues", "number", &word(given)?)?;
    one["comments"].as_array_mut().unwrap().push(json!({ "body": body }));
    let url = format!("{}#issuecomment-1", one["url"].as_str().unwrap_or_default());
    call.say(url);
    Ok(())
}

fn pr_merge(call: &mut Call, given: &Given) -> Result<(), Failure> {
    if !["--squash", "--merge", "--rebase"].iter().any(|way| given.on(way)) {
        return Err(failed(1, "--merge, --rebase, or --squash required when not running interactively"));
    }
    let one = find(call, "prs", "number", &word(given)?)?;
    if one["mergeable"] != "MERGEABLE" {
        return Err(failed(
            1,
            "X Pull request shop/web#41 is not mergeable: the merge commit cannot be cleanly created.",
        ));
    }
    one["state"] = "MERGED".into();
    Ok(())
}

fn release_create(call: &mut Call, given: &Given) -> Result<(), Failure> {
    let tag = word(given)?;
    if find(call, "releases", "tagName", &tag).is_ok() {
        return Err(failed(1, format!("a release with the same tag name already exists: {tag}")));
    }
    let url = format!("https://github.com/shop/web/releases/tag/{tag}");
    let made = json!({
        "tagName": tag,
        "name": given.value("--title").unwrap_or(&tag),
        "body": given.value("--notes").unwrap_or_default(),
        "isDraft": given.on("--draft") || given.on("-d"),
        "isPrerelease": given.on("--prerelease"),
        "assets": given.words[1..],
        "url": url,
    });
    all(call, "releases").push(made);
    call.say(url);
    Ok(())
}

fn release_delete(call: &mut Call, given: &Given) -> Result<(), Failure> {
    if !given.on("--yes") && !given.on("-y") {
        return Err(failed(1, "--yes required when not running interactively"));
    }
    let tag = word(given)?;
    find(call, "releases", "tagName", &tag)?;
    all(call, "releases").retain(|one| one["tagName"] != tag.as_str());
    Ok(())
}
