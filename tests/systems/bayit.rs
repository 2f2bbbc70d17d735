//! `runbooks/bayit`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::{Cloud, Ran, add_sign};

const BACKEND: &str = "us-east1/bayit-plus-backend";
const OLD: &str = "bayit-plus-backend-00002-abc=100";
const NEW: &str = "bayit-plus-backend-00003-abc=100";
const IMAGE: &str = "us-docker.pkg.dev/bayit/backend:102";

pub(crate) fn world() -> Cloud {
    let mut world = Cloud::of("bayit");
    world.system.world.repository();
    world.system.var("SLACK_DEPLOYMENTS", "https://hooks.slack.com/services/T0/B0/deployments");
    world.system.var("SLACK_INCIDENTS", "https://hooks.slack.com/services/T0/B0/incidents");
    world.system.var("SENTRY_TOKEN", "a-token-of-sentry");
    world.system.var("BAYIT_PROBE_PASSWORD", "a-probe-password");
    world.system.var("MONGODB_URL", "mongodb+srv://bayit:a-password-of-the-world@cluster0.example/bayit");
    world.answer("Check #incidents", "no");
    world
}

fn deploy(world: &Cloud) -> Ran {
    world.run("deploy.rbk", "production", &[("changes", "faster search")])
}

fn minutes(ran: &Ran) -> u64 {
    ran.took.as_secs() / 60
}

#[test]
fn a_production_deployment() {
    let world = world();
    let ran = deploy(&world);
    ran.ends(0).calls_in_order(&[
        "poetry run pytest tests/ -v",
        "poetry run tox",
        "gcloud run revisions list --service=bayit-plus-backend-staging",
        "GET https://staging-api.bayit.plus/health/deep",
        "GET https://sentry.io/api/0/organizations/bayit-plus/events/",
        "GET https://api.bayit.plus/health/deep",
        "POST https://hooks.slack.com",
        "gh workflow run Deploy to Production --ref=main --raw-field=staging_verification=true",
        "gh run watch",
        "GET https://api.bayit.plus/health",
        "repository-script bayit smoke_tests https://api.bayit.plus",
        "POST https://api.bayit.plus/api/v1/auth/login",
        "HEAD https://cdn.bayit.plus/1.m3u8",
        "POST https://hooks.slack.com",
    ]);
    assert_eq!(world.traffic(BACKEND), NEW);
    // Half an hour's notice, and a watch of fifteen minutes.
    assert!((45..50).contains(&minutes(&ran)), "{:?}", ran.took);
    let told = world.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("starting in 30 minutes") && told[1].contains("15m stable"), "{told:?}");
}

#[test]
fn the_window_and_open_incidents_postpone() {
    // A Wednesday; a Tuesday evening; Thursday at 9:59 and at 10:00 in New York.
    for (time, code) in [
        ("2026-01-21T16:00:00Z", 2),
        ("2026-01-20T23:00:00Z", 2),
        ("2026-01-22T14:59:00Z", 2),
        ("2026-01-22T15:00:00Z", 0),
    ] {
        let mut world = world();
        world.system.begins(time);
        let ran = deploy(&world);
        ran.ends(code);
        if code == 2 {
            ran.tells("the window of this runbook is closed").never_calls("gh workflow run");
        }
    }
    // It opened in time, and the half hour's notice leads out of it.
    let mut late = world();
    late.system.begins("2026-01-20T20:45:00Z");
    deploy(&late).ends(1).tells("avoid evenings/weekends").never_calls("gh workflow run");
    let mut open = world();
    open.answer("Check #incidents", "yes");
    deploy(&open).ends(0).tells("postponed: never deploy with open P0/P1 incidents").never_calls("gh workflow run");
    assert!(open.told().is_empty());
}

/// One thing of the list before the deployment is not so: it ends there, and nothing was deployed.
#[test]
fn what_keeps_a_deployment_from_beginning() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 9] = [
        ("coverage >= 87%", |state| state["programs"]["pytest"]["stdout"] = "TOTAL 4210 900 79%".into()),
        ("Run full test suite locally", |state| state["programs"]["pytest"]["status"] = 1.into()),
        ("Run quality checks", |state| state["programs"]["tox"]["status"] = 1.into()),
        ("staging must be tested for 24+ hours", |state| {
            state["run"]["revisions"]["us-east1/bayit-plus-backend-staging"][1]["metadata"]["creationTimestamp"] =
                "2026-01-19T20:00:00.000000Z".into();
        }),
        ("Run smoke tests against staging", |state| {
            add_sign(state, json!({ "site": "bayit-plus-backend-staging", "at": "GET /health", "status": 503 }));
        }),
        ("Check staging health checks", |state| {
            let body = json!({ "status": "unhealthy" });
            add_sign(state, json!({ "site": "bayit-plus-backend-staging", "at": "GET /health/deep", "json": body }));
        }),
        ("Review staging error rate in Sentry", |state| {
            add_sign(
                state,
                json!({ "site": "bayit-plus-backend-staging", "metric": "sentry failure rate", "value": 0.02 }),
            );
        }),
        ("no new error types", |state| {
            let issues = json!([{ "title": "KeyError: 'subtitle'" }]);
            add_sign(
                state,
                json!({ "site": "bayit-plus-backend-staging", "metric": "sentry issues", "value": issues }),
            );
        }),
        ("Check production health baseline", |state| {
            let body = json!({ "status": "degraded", "services": { "openai": { "status": "down" } } });
            add_sign(state, json!({ "site": "bayit-plus-backend", "at": "GET /health/deep", "json": body }));
        }),
    ];
    for (told, change) in cases {
        let world = world();
        world.change(change);
        deploy(&world).ends(1).tells(told).never_calls("gh workflow run");
        assert_eq!(world.traffic(BACKEND), OLD);
    }
    let world = world();
    std::fs::write(world.system.path().join("backend/app/main.py"), "# FIXME: later\n").unwrap();
    deploy(&world).ends(1).tells("FIXME").never_calls("gh workflow run");
    // Degraded is OK for staging.
    let world = self::world();
    let body = json!({ "status": "degraded" });
    world.sign(json!({ "site": "bayit-plus-backend-staging", "at": "GET /health/deep", "json": body }));
    deploy(&world).ends(0);
}

/// The traffic goes as before, the team is told, and there is a ticket.
fn rolled_back(world: &Cloud, ran: &Ran) {
    ran.is_taken_back();
    assert_eq!(world.traffic(BACKEND), OLD, "{}", ran.text);
    let told = world.told();
    assert!(told.last().is_some_and(|last| last.contains("Production deployment rolled back")), "{told:?}");
    assert_eq!(world.state()["gh"]["issues"].as_array().unwrap().len(), 1);
}

#[test]
fn each_reason_to_roll_back_does() {
    let deep = |mongodb: &str, latency: u64| {
        json!({ "status": "healthy", "services": {
            "mongodb": { "status": mongodb, "latency_ms": latency }, "openai": { "status": "healthy", "latency_ms": 640 },
            "elevenlabs": { "status": "healthy", "latency_ms": 810 }, "pinecone": { "status": "healthy", "latency_ms": 120 },
        } })
    };
    let issue = json!([{ "title": "MemoryError" }]);
    // What is odd, when it begins, and in which minute of the run that ends it; the watch begins in the 30th.
    let cases = [
        ("Health checks failing (HTTP 503)", json!({ "at": "GET /health", "status": 503 }), 0, 32..34),
        ("Health checks failing (HTTP 503), later", json!({ "at": "GET /health", "status": 503 }), 35, 35..37),
        ("Error rate > 5% for 5+ minutes", json!({ "metric": "error_rate", "value": 0.07 }), 33, 38..40),
        ("Latency P95 > 2000ms for 5+ minutes", json!({ "metric": "p95", "value": 2400.0 }), 33, 38..40),
        ("Critical user flows broken (login fails)", json!({ "at": "POST */auth/login", "status": 500 }), 33, 33..35),
        ("Database connection errors", json!({ "at": "GET /health/deep", "json": deep("unhealthy", 23) }), 33, 33..35),
        ("New critical errors in Sentry", json!({ "metric": "sentry issues", "value": issue }), 33, 33..35),
        // What is no reason at once is one after fifteen minutes: each of the success criteria.
        ("Cloud Run error rate < 1%", json!({ "metric": "error_rate", "value": 0.02 }), 0, 45..47),
        ("Latency P95 < 500ms", json!({ "metric": "p95", "value": 700.0 }), 0, 45..47),
        ("Database latency < 100ms", json!({ "at": "GET /health/deep", "json": deep("healthy", 180) }), 0, 45..47),
        ("No error rate spike in Sentry", json!({ "metric": "sentry failure rate", "value": 0.03 }), 0, 45..47),
        ("Critical user flows: content", json!({ "at": "GET /api/v1/content", "status": 500 }), 33, 45..47),
        ("All smoke tests", json!({ "at": "GET /health/ready", "status": 503 }), 44, 45..47),
    ];
    for (name, mut sign, minute, ends) in cases {
        let world = world();
        sign["on"] = IMAGE.into();
        sign["site"] = "bayit-plus-backend".into();
        world.later(Duration::from_secs(minute * 60), move |state| add_sign(state, sign));
        let ran = deploy(&world);
        println!("{name}: {:?}", ran.took);
        rolled_back(&world, &ran);
        assert!(ends.contains(&minutes(&ran)), "{name}: {:?}\n{}", ran.took, ran.text);
    }
}

#[test]
fn what_does_not_last_is_no_reason() {
    for (metric, value) in [("error_rate", 0.07), ("p95", 2400.0)] {
        let world = world();
        let sign = json!({ "metric": metric, "on": IMAGE, "value": value });
        world.later(Duration::from_secs(33 * 60), move |state| add_sign(state, sign));
        world.later(Duration::from_secs(37 * 60), |state| state["signs"] = json!([]));
        deploy(&world).ends(0);
    }
}

#[test]
fn a_red_workflow_a_traffic_that_stays_and_errors_in_the_logs() {
    let red = world();
    red.change(|state| state["gh"]["deploys"]["Deploy to Production"]["conclusion"] = "failure".into());
    rolled_back(&red, &deploy(&red));
    let stays = world();
    stays.change(|state| state["sticks"]["bayit-plus-backend"] = 99.into());
    let ran = deploy(&stays);
    ran.ends(3).tells("the new revision has the traffic");
    let errors = world();
    errors.change(|state| {
        state["logging"] = json!([{
            "severity": "ERROR", "textPayload": "ServerSelectionTimeoutError",
            "resource": { "labels": { "service_name": "bayit-plus-backend", "revision_name": "bayit-plus-backend-00003-abc" } },
        }]);
    });
    let ran = deploy(&errors);
    ran.tells("ServerSelectionTimeoutError");
    rolled_back(&errors, &ran);
    let slow = world();
    slow.fault("gh run watch*", "hangs");
    let ran = deploy(&slow);
    ran.tells("15 min");
    rolled_back(&slow, &ran);
}

#[test]
fn migrations_are_reviewed_and_backed_up_first() {
    let world = world();
    let params = [("changes", "subtitles"), ("migrations", "true"), ("backups", "backup")];
    let ran = world.run("deploy.rbk", "production", &params);
    ran.ends(0).tells("Migrations are idempotent").calls_in_order(&["mongodump --config=", "gh workflow run"]);
    assert!(!ran.text.contains("a-password-of-the-world"));
    let failing = self::world();
    failing.fault("mongodump*", "fails");
    let ran = failing.run("deploy.rbk", "production", &params);
    ran.ends(1).never_calls("gh workflow run");
    let mut destructive = self::world();
    destructive.answer("No destructive operations", "no");
    destructive
        .run("deploy.rbk", "production", &params)
        .ends(1)
        .never_calls("gh workflow run")
        .never_calls("mongodump");
}

fn broken_release() -> Cloud {
    let world = world();
    deploy(&world).ends(0);
    world.change(|state| state["broken"] = json!([IMAGE]));
    world
}

#[test]
fn each_way_to_roll_back_leads_back() {
    for (option, call) in [
        ("1 script", "repository-script bayit rollback -e production -n 1"),
        ("2 GitHub Actions", "rollback_revision=bayit-plus-backend-00002-abc"),
        ("3 gcloud", "--to-revisions=bayit-plus-backend-00002-abc=100"),
    ] {
        let mut world = broken_release();
        world.answer("Which way?", option);
        let ran = world.run("rollback.rbk", "production", &[("reason", "health check failure")]);
        ran.ends(0).calls_in_order(&[call, "GET https://api.bayit.plus/health/deep", "POST https://hooks.slack.com"]);
        assert_eq!(world.traffic(BACKEND), OLD);
        assert_eq!(world.state()["gh"]["issues"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_rollback_to_a_revision_that_is_named_or_is_not_there() {
    let mut world = broken_release();
    world.answer("Which way?", "3 gcloud");
    let to = |name: &str| world.run("rollback.rbk", "production", &[("reason", "login fails"), ("revision", name)]);
    to("bayit-plus-backend-00009-abc").ends(1).never_calls("update-traffic");
    to("bayit-plus-backend-00001-abc").ends(0);
    assert_eq!(world.traffic(BACKEND), "bayit-plus-backend-00001-abc=100");
}

#[test]
fn a_rollback_that_does_not_help_says_so() {
    let mut world = broken_release();
    world.change(|state| state["broken"] = json!([IMAGE, "us-docker.pkg.dev/bayit/backend:101"]));
    world.answer("Which way?", "3 gcloud");
    world.run("rollback.rbk", "production", &[("reason", "all is down")]).ends(1).tells("Verify service health");
}

fn canary(world: &Cloud) -> Ran {
    world.run("high-risk.rbk", "production", &[("image", IMAGE), ("changes", "a new player")])
}

#[test]
fn a_canary_gets_a_tenth_for_half_an_hour_and_then_all() {
    let world = world();
    let ran = canary(&world);
    ran.ends(0).calls_in_order(&[
        "gcloud run deploy bayit-plus-backend --image=us-docker.pkg.dev/bayit/backend:102 --format=json --quiet --no-traffic",
        "--to-revisions=bayit-plus-backend-00003-abc=10",
        "--to-revisions=bayit-plus-backend-00003-abc=25",
        "--to-revisions=bayit-plus-backend-00003-abc=50",
        "--to-revisions=bayit-plus-backend-00003-abc=100",
    ]);
    assert_eq!(world.traffic(BACKEND), NEW);
    // 30 for a tenth, three times 5, and 30 for all.
    assert!((75..80).contains(&minutes(&ran)), "{:?}", ran.took);
}

#[test]
fn a_canary_that_is_sick_never_gets_more() {
    for (sign, minute) in
        [(json!({ "metric": "error_rate", "value": 0.09 }), 10), (json!({ "metric": "p95", "value": 3000.0 }), 20)]
    {
        let world = world();
        world.later(Duration::from_secs(minute * 60), move |state| add_sign(state, sign));
        let ran = canary(&world);
        ran.never_calls("abc=25").is_taken_back();
        assert_eq!(world.traffic(BACKEND), OLD, "{}", ran.text);
    }
    // With all of the traffic it still counts.
    let world = world();
    world.later(Duration::from_secs(60 * 60), |state| {
        add_sign(state, json!({ "at": "GET /health", "on": IMAGE, "status": 503 }));
    });
    canary(&world).is_taken_back();
    assert_eq!(world.traffic(BACKEND), OLD);
}

fn hotfix(world: &Cloud) -> Ran {
    world.run("hotfix.rbk", "production", &[("branch", "hotfix/login"), ("changes", "login works again")])
}

#[test]
fn a_hotfix_goes_by_the_short_list() {
    let mut world = world();
    // At night, on a Saturday, with staging of an hour ago.
    world.system.begins("2026-01-24T03:00:00Z");
    let ran = hotfix(&world);
    ran.ends(0).calls_in_order(&[
        "poetry run pytest",
        "gh workflow run Deploy to Staging --ref=hotfix/login",
        "repository-script bayit smoke_tests https://staging-api.bayit.plus",
        "gh workflow run Deploy to Production --ref=hotfix/login",
    ]);
    ran.never_calls("poetry run tox").tells("Schedule post-mortem");
    assert!((30..33).contains(&minutes(&ran)), "{:?}", ran.took);
    assert_eq!(world.traffic(BACKEND), NEW);
}

#[test]
fn a_hotfix_that_fails_on_staging_or_in_production() {
    let staging = world();
    staging.sign(json!({ "site": "bayit-plus-backend-staging", "at": "GET /health/ready", "status": 503 }));
    hotfix(&staging).ends(1).never_calls("Deploy to Production");
    let production = world();
    let sign = json!({ "site": "bayit-plus-backend", "at": "POST */auth/login", "on": IMAGE, "status": 500 });
    production.later(Duration::from_secs(20 * 60), move |state| add_sign(state, sign));
    hotfix(&production).is_taken_back();
    assert_eq!(production.traffic(BACKEND), OLD);
}

fn issue(world: &mut Cloud, which: &str) -> Ran {
    world.answer("Which issue is it?", which);
    world.run("common-issues.rbk", "production", &[])
}

#[test]
fn the_four_common_issues() {
    // Not fully started: well after half a minute. Or it is something else.
    let mut starting = world();
    starting.sign(json!({ "at": "GET /health", "status": 503 }));
    starting.later(Duration::from_secs(20), |state| state["signs"] = json!([]));
    issue(&mut starting, "health check fails after deployment").ends(0);
    let mut down = world();
    down.sign(json!({ "at": "GET /health", "status": 503 }));
    issue(&mut down, "health check fails after deployment").ends(1).tells("rbk run rollback.rbk");

    let log = |text: &str| json!([{ "severity": "ERROR", "textPayload": text, "resource": { "labels": { "service_name": "bayit-plus-backend" } } }]);
    let mut mongodb = world();
    mongodb.change(|state| state["logging"] = log("pymongo.errors.ServerSelectionTimeoutError: timed out"));
    mongodb.sign(json!({ "at": "GET /health/ready", "status": 503 }));
    mongodb.later(Duration::from_secs(60), |state| state["signs"] = json!([]));
    let ran = issue(&mut mongodb, "MongoDB connection timeout");
    ran.ends(0).tells("Add Cloud Run IP range if needed");
    assert!(!ran.text.contains("a-password-of-the-world"));
    let mut secret = world();
    secret.change(|state| {
        state["logging"] = log("ServerSelectionTimeoutError");
        state["secrets"]["mongodb-url"][0]["payload"] = "http://wrong-address".into();
    });
    issue(&mut secret, "MongoDB connection timeout").ends(1).tells("the secret must be an address of MongoDB Atlas");

    let mut memory = world();
    memory.change(|state| state["logging"] = log("OOMKilled"));
    issue(&mut memory, "high memory usage")
        .ends(0)
        .calls_in_order(&["run services update bayit-plus-backend --format=json --quiet --memory=4Gi"]);
    let mut sick = world();
    sick.change(|state| state["logging"] = log("OOMKilled"));
    sick.sign(json!({ "at": "GET /health/deep", "status": 503 }));
    issue(&mut sick, "high memory usage").is_taken_back();
    assert_eq!(sick.traffic(BACKEND), OLD);

    let mut slow = world();
    issue(&mut slow, "slow deployment").ends(0);
    slow.sign(json!({ "at": "GET /health", "status": 200, "after": 6000 }));
    issue(&mut slow, "slow deployment").ends(1).tells("a slow health check holds the deployment up");
}

#[test]
fn the_day_after_and_the_month() {
    let quiet = world();
    let ran = quiet.run("after-deployment.rbk", "production", &[]);
    ran.ends(0);
    assert!((23 * 60..24 * 60).contains(&minutes(&ran)), "{:?}", ran.took);
    let loud = world();
    loud.later(Duration::from_secs(5 * 3600), |state| {
        add_sign(state, json!({ "metric": "error_rate", "value": 0.02 }))
    });
    let ran = loud.run("after-deployment.rbk", "production", &[]);
    ran.ends(1).tells("errors > max_error_rate");
    assert!((6 * 60..7 * 60).contains(&minutes(&ran)), "{:?}", ran.took);
    let month = broken_release();
    month.run("metrics.rbk", "production", &[]).ends(0);
    month.change(|state| state["gh"]["runs"][0]["conclusion"] = "failure".into());
    month.run("metrics.rbk", "production", &[]).ends(1);
}
