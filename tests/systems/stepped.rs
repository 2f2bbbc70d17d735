//! An incident of each system, worked by somebody who steps through its runbook: from a broken world to one that is well,
//! by what an on-call engineer types. What the runbook itself asks is answered beside, as in the other tests.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::cloud::{Cloud, Ran};
use crate::tools::settled;
use crate::{bayit, caas, casemgmt, liftlog, redcube};

/// It was said in this order, however its lines are broken.
#[track_caller]
fn says(text: &str, wanted: &[&str]) {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = flat.as_str();
    for words in wanted {
        let Some(at) = rest.find(words) else { panic!("no {words:?} in its place:\n{text}") };
        rest = &rest[at + words.len()..];
    }
}

/// A restart does not help, since the code is bad; whoever is on call goes back to the one before, has doubts, takes that
/// back, looks, and does it again.
#[test]
fn a_broken_login_is_taken_back_twice() {
    let world = Cloud::of("caas");
    caas::login_fails(&world, "eu.gcr.io/caas/backend:41");
    let ran = world.steps(
        "auth-failure.rbk",
        "prod",
        "b If still failing if good != \"\"\ndisplay active\nn\nn\np components\nn\nn\nn\n\
         note 401 for everybody since 15:40\nc\nr\nn\nc\ns\np good\nn\nundo\nprod\np active_revision()\nr\n\
         p active_revision()\nc\nn\n",
    );
    says(
        ran.ends(0).text.as_str(),
        &[
            "1. before \"4. If still failing, rollback to ${good}\" if good != \"\"",
            "2. active = \"caas-backend-00002-abc\"",
            "next: `components` is false, and the run goes on",
            "FAILED › n",
            "› p components false",
            "1. Force container restart [changes; undo ready]",
            "note: 401 for everybody since 15:40",
            "✓ Immediate Actions · 1. Force container restart",
            "check \"2. Verify system status\" failed after 12 tries in 2 min",
            "2. Verify system status FAILED › r",
            "check \"2. Verify system status\" failed after 12 tries in 2 min",
            "3. Check active revision › c",
            "▶ Immediate Actions · 4. If still failing, rollback to caas-backend-00001-abc",
            "› s ▶ cloudrun.set_traffic(",
            "› p good \"caas-backend-00001-abc\"",
            "Authentication works again › undo",
            "1. gcloud run services update-traffic caas-backend --to-revisions=LATEST=100",
            "type prod to run it: prod",
            "✓ taken back",
            "p active_revision() \"caas-backend-00003-abc\"",
            "› r ✓ Immediate Actions · 4. If still failing",
            "p active_revision() \"caas-backend-00001-abc\"",
            "✓ Immediate Actions · Authentication works again",
            "✓ Done",
        ],
    );
    assert!(!ran.text.contains("· auth_components(env.url)"), "each look of a check is told:\n{}", ran.text);
    ran.calls_in_order(&[
        "CACHE_BUST",
        "--to-revisions=caas-backend-00001-abc=100",
        "--to-revisions=LATEST=100",
        "--to-revisions=caas-backend-00001-abc=100",
        "/api/v1/auth/login",
    ]);
    assert_eq!(world.traffic("europe-west2/caas-backend"), "caas-backend-00001-abc=100");
    // Twice two minutes of looking: the clock is the run's, not that of whoever reads.
    assert!((240..300).contains(&ran.took.as_secs()), "{:?}", ran.took);
}

/// What the runbook gives is too little. It is taken back, and more is given by hand, by the same actions.
#[test]
fn memory_is_short_and_more_is_given_by_hand() {
    let mut world = bayit::world();
    world.answer("Which issue is it?", "high memory usage");
    let backend = json!({ "labels": { "service_name": "bayit-plus-backend" } });
    let line = json!({ "severity": "ERROR", "textPayload": "OOMKilled", "resource": backend });
    world.change(|state| state["logging"] = json!([line]));
    for short in ["bayit-plus-backend-00002-abc", "bayit-plus-backend-00003-abc"] {
        world.sign(json!({ "at": "GET /health/deep", "status": 503, "on": short }));
    }
    let more = "cloudrun.update(env.service, memory: \"8Gi\", region: env.region, project: env.project)";
    let ran = world.steps(
        "common-issues.rbk",
        "production",
        &format!(
            "n\nn\nv\nn\nn\nundo\nyes\nundo\nproduction\nlet more = {more}\np more\n\
             cloudrun.to_latest(env.service, region: env.region, project: env.project)\nset larger = more\nr\nw\nn\n"
        ),
    );
    says(
        ran.ends(0).text.as_str(),
        &[
            "memory = \"4Gi\" (parameter)",
            "✓ Which issue is it? · Issue: High Memory Usage · Scale up memory to 4Gi",
            "failed after 30 tries in 5 min",
            "next: on_fail rollback, 1 compensation: take back cloudrun.update(bayit-plus-backend)",
            "FAILED › undo",
            "type production to run it: yes",
            "nothing was taken back",
            "type production to run it: production",
            "✓ taken back: cloudrun.update(bayit-plus-backend)",
            "p more \"bayit-plus-backend-00005-abc\"",
            "larger = \"bayit-plus-backend-00005-abc\"",
            "FAILED › r ✓ Which issue is it? · Issue: High Memory Usage · It is well with more memory",
            "armed, newest first: 1. gcloud run services update-traffic bayit-plus-backend",
            "2. take back cloudrun.update(bayit-plus-backend)",
            "✓ Done",
        ],
    );
    assert!(!ran.text.contains("line   ="), "what only a function sees is none of the values:\n{}", ran.text);
    let place = "us-east1/bayit-plus-backend";
    assert_eq!(world.traffic(place), "bayit-plus-backend-00005-abc=100");
    let service = &world.state()["run"]["services"][place];
    assert_eq!(service["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"], "8Gi");
}

fn no_access() -> Cloud {
    let world = liftlog::world();
    world.change(|state| {
        state["logging"] = liftlog::log("PermissionDenied: 403 Permission denied on secret: openai-api-key-staging");
    });
    world.sign(json!({ "at": "GET /health", "status": 503 }));
    world.later(Duration::from_secs(60), |state| state["signs"] = json!([]));
    world
}

/// Only one of four keys is given back, by a step of their own: that becomes the procedure, and does the same again.
#[test]
fn a_session_becomes_the_next_procedure() {
    let world = no_access();
    let binding = "\"openai-api-key-${env.stage}\" --member=\"serviceAccount:${service_account}\" \
                   --role=roles/secretmanager.secretAccessor --project=${env.project}";
    let ran = world.steps(
        "service-wont-start.rbk",
        "staging",
        &format!(
            "b If secret if not allowed\nc\nn\np errors.len\nc\nn\nc\nl\nk only the key of OpenAI is missing\n\
             step \"Let the service read the key of OpenAI\" {{\n$ gcloud secrets add-iam-policy-binding {binding}\n\
             }} undo {{\n$ gcloud secrets remove-iam-policy-binding {binding}\n}}\n\
             note the binding was gone since the rotation\nw\nc\nsave books/saved.rbk\nn\n"
        ),
    );
    says(
        ran.ends(0).text.as_str(),
        &[
            "p errors.len 1",
            "2. No secret access denied FAILED › n",
            "▶ Resolution · If secret issue",
            "▶ 64 step \"If secret issue",
            "skipped only the key of OpenAI is missing",
            "✓ Resolution · Let the service read the key of OpenAI",
            "1. gcloud secrets remove-iam-policy-binding \"openai-api-key-staging\"",
            "✓ Resolution · It starts",
            "written: books/saved.rbk",
        ],
    );
    assert_eq!(world.state()["iam"].as_object().unwrap().len(), 1, "{}", ran.text);

    let saved = std::fs::read_to_string(world.system.path().join("books/saved.rbk")).unwrap();
    let folder = world.system.path();
    let mut lint = Command::new(env!("CARGO_BIN_EXE_rbk"));
    let linted = lint.args(["lint", "books/saved.rbk"]).current_dir(folder).env("HOME", folder).output().unwrap();
    assert!(linted.status.success(), "{}\n{saved}", String::from_utf8_lossy(&linted.stderr));
    for words in ["# left out: only the key of OpenAI is missing", "note \"the binding was gone since the rotation\""] {
        assert!(saved.contains(words), "no {words:?} in:\n{saved}");
    }

    let again = no_access();
    again.system.copy();
    std::fs::write(again.system.path().join("books/saved.rbk"), saved).unwrap();
    let second: Ran = again.run_own("books/saved.rbk", "staging");
    second.ends(0).tells("note: the binding was gone since the rotation");
    assert_eq!(settled(again.state()), settled(world.state()));
}

/// Into a step that cannot be taken back, statement by statement, and a look at the database behind it.
#[test]
fn a_lost_database_is_started_again() {
    let Some(cube) = redcube::Cube::new() else { return };
    cube.system.change(|state| {
        state["docker"]["containers"]["redcube_postgres"]["State"]["Running"] = false.into();
        state["compose"]["services"]["postgres"]["state"] = "exited".into();
    });
    let count = "docker exec redcube_postgres psql -X -U postgres -d postgres -At -c \"SELECT count(*) FROM users;\"";
    let typed = format!("n\nn\np up\ns\nn\np restarted\nn\nn\n$ {count}\nv\nn\nw\nn\n");
    let ran = cube.system.run("database-lost.rbk", redcube::asks().steps(&typed));
    assert_eq!(ran.code, 0, "{}", ran.text);
    says(
        &ran.text,
        &[
            "1. Check database status FAILED › n",
            "skipped not when up",
            "▶ Database Connection Lost · 2. Restart database [changes; no undo]",
            "p up false",
            "▶ let restarted = now()",
            "▶ compose.restart(services: [\"postgres\"])",
            "p restarted 2026-01-20T",
            "✓ Database Connection Lost · 2. Restart database",
            "✓ Database Connection Lost · 3. Verify connections restored",
            "│ 20",
            "up = false (from Database Connection Lost, line 15)",
            "✓ Database Connection Lost · Everything is well again",
            "nothing is armed",
            "✓ Done",
        ],
    );
    assert!(cube.system.calls().iter().any(|call| call == "docker compose restart postgres"));
    let state = cube.system.state();
    assert_eq!(state["docker"]["containers"]["redcube_postgres"]["State"]["Running"], true);
    assert_eq!(state["compose"]["services"]["postgres"]["state"], "running");
}

/// A step that others have done is left out, the rollback is one step, and what people are told is set by hand.
#[test]
fn production_is_down_and_rolled_back() {
    let Some(cases) = casemgmt::Cases::new() else { return };
    casemgmt::deployed(&cases);
    cases.sign(json!({ "at": "* /*", "site": "casemgmt-api", "on": casemgmt::NEW, "status": 502 }));
    let asks = casemgmt::asks()
        .says("Identify root cause", "application")
        .says("Determine impact scope", "complete")
        .says("Decide on rollback", "rollback");
    let typed = "b The system is back if pods_ready > 0\nn\nn\nn\nk the team is in the call already\n\
                 note everything answers 502 since the deployment\nn\nn\np suspicion\nn\nc\nset scope = \"partial\"\nw\nc\nn\n";
    let ran = cases.system.run("production-down.rbk", asks.steps(typed));
    assert_eq!(ran.code, 0, "{}", ran.text);
    says(
        &ran.text,
        &[
            "Check system status FAILED › n",
            "Notify team › k the team is in the call already",
            "skipped the team is in the call already",
            "note: everything answers 502 since the deployment",
            "p suspicion \"application\"",
            "./rollback.rbk · 1. Immediate Rollback · Rollback to previous version",
            "▶ 3. Resolution · The system is back",
            "scope = \"partial\"",
            "armed, newest first: 1. kubectl rollout undo deployment/case-management-frontend --to-revision=3",
            "✓ 3. Resolution · Communicate status to stakeholders",
            "✓ Done",
        ],
    );
    assert_eq!(cases.image(casemgmt::BACKEND), "ghcr.io/case/case-management-backend:2");
    let told = cases.system.state()["told"].to_string();
    assert!(!told.contains("production is down:") && told.contains("application, partial outage"), "{told}");
}
