//! `runbooks/liftlog`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::{Cloud, Ran, add_sign};

const STAGING: &str = "us-central1/liftlog-python-backend-staging";
const PRODUCTION: &str = "us-central1/liftlog-python-backend-production";
const OLD: &str = "liftlog-python-backend-staging-00002-abc=100";
const NEW: &str = "liftlog-python-backend-staging-00003-abc=100";
const IMAGE: &str = "ghcr.io/liftlog/python-backend:latest";

pub(crate) fn world() -> Cloud {
    let mut world = Cloud::of("liftlog");
    world.system.var("SLACK_INCIDENTS", "https://hooks.slack.com/services/T0/B0/incidents");
    world.system.var("OPENAI_API_KEY", "sk-a-key-of-openai");
    world.system.var("LIFTLOG_DATABASE_PASSWORD", "a-database-password");
    world
}

fn empty() -> Cloud {
    let world = world();
    world.change(|state| state["secrets"] = json!({}));
    world
}

/// A port that nobody listens on.
fn port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

fn initial(world: &Cloud) -> Ran {
    let channels = r#"["projects/liftlog/notificationChannels/1", "projects/liftlog/notificationChannels/2"]"#;
    let email = ("google_play_email", "play@liftlog.iam.gserviceaccount.com");
    world.run("initial-deployment.rbk", "staging", &[email, ("channels", channels), ("proxy_port", &port())])
}

#[test]
fn the_initial_deployment() {
    let world = empty();
    let ran = initial(&world);
    ran.ends(0).calls_in_order(&[
        "gcloud services enable run.googleapis.com",
        "gcloud secrets create openai-api-key-staging",
        "gcloud secrets create google-play-key-staging",
        "terraform -chdir=infrastructure/terraform init",
        "workspace new staging",
        "plan",
        "apply",
        "cloud-sql-proxy --port=",
        "uv run alembic upgrade head",
        "GET https://liftlog-python-backend-staging-uc.a.run.app/health",
        "/v2/user/create",
        "gcloud logging metrics create error_rate",
        "gcloud monitoring policies create",
    ]);
    let state = world.state();
    assert_eq!(state["secrets"]["openai-api-key-staging"][0]["payload"], "sk-a-key-of-openai");
    let key = state["secrets"]["google-play-key-staging"][0]["payload"].as_str().unwrap();
    assert!(key.starts_with("eyAidHlwZSI6"), "{key}");
    assert_eq!(state["alembic"]["current"], "4d5e6f");
    assert_eq!(state["policies"].as_array().unwrap().len(), 3);
    let outputs = std::fs::read_to_string(world.system.path().join("infrastructure/outputs.txt")).unwrap();
    assert!(outputs.contains("service_url"), "{outputs}");
    for secret in ["sk-a-key-of-openai", "a-database-password", "a-private-key"] {
        assert!(!ran.text.contains(secret), "{secret}");
    }
}

#[test]
fn an_initial_deployment_that_fails_takes_back_what_it_can() {
    // A person does not like the plan: the secrets and the workspace go again.
    let mut refused = empty();
    let before = refused.state();
    refused.answer("Review plan carefully!", "no");
    let ran = initial(&refused);
    ran.is_taken_back().never_calls(" apply ");
    let after = refused.state();
    assert_eq!(after["secrets"], before["secrets"]);
    assert_eq!(after["terraform"]["workspace"], "default");
    // The plan deletes something.
    let deletes = empty();
    deletes.change(|state| {
        let gone = json!({ "old": { "input": "old" } });
        state["terraform"]["workspaces"]["staging"] = json!({ "resources": gone, "outputs": {} });
    });
    initial(&deletes).ends(3);
    // The migration fails: the database is as before.
    let migration = empty();
    migration.fault("uv run alembic upgrade*", "fails after");
    let ran = initial(&migration);
    ran.is_taken_back().calls_in_order(&["alembic upgrade head", "alembic downgrade base"]);
    assert_eq!(migration.state()["alembic"]["current"], "base");
    assert_eq!(migration.state()["secrets"].as_object().unwrap().len(), 4);
    // The proxy does not come up.
    let proxy = empty();
    proxy.fault("cloud-sql-proxy*", "fails");
    initial(&proxy).ends(3).never_calls("alembic upgrade");
    // The service is not well.
    let sick = empty();
    sick.sign(json!({ "at": "GET /health", "status": 503 }));
    let ran = initial(&sick);
    ran.is_taken_back().tells("Test health endpoint").never_calls("policies create");
    assert_eq!(sick.state()["alembic"]["current"], "base");
    // An alert cannot be made: those before it go.
    let alerts = empty();
    alerts.fault("gcloud monitoring policies create*Health Check*", "refused");
    initial(&alerts);
    assert_eq!(alerts.state()["policies"], json!([]));
    assert_eq!(alerts.state()["metrics"], json!({}));
    assert_eq!(alerts.state()["alembic"]["current"], "4d5e6f");
}

fn deploy(world: &Cloud, params: &[(&str, &str)]) -> Ran {
    world.run("deploy.rbk", "staging", params)
}

#[test]
fn a_routine_deployment_by_both_ways() {
    for (way, call) in [
        ("script", "repository-script liftlog deploy staging latest"),
        ("actions", "gh workflow run Python Backend Deploy --ref=main --raw-field=environment=staging"),
    ] {
        let world = world();
        let ran = deploy(&world, &[("way", way)]);
        ran.ends(0).calls_in_order(&["uv run", "gcloud projects describe", call, "/health", "/v2/user/create"]);
        for program in ["pytest", "ruff format --check .", "ruff check .", "mypy app", "bandit -r app"] {
            ran.calls_in_order(&[&format!("uv run {program}")]);
        }
        assert_eq!(world.traffic(STAGING), NEW);
        assert!((30 * 60..33 * 60).contains(&ran.took.as_secs()), "{:?}", ran.took);
    }
}

#[test]
fn production_requires_a_version() {
    let world = world();
    world.run("deploy.rbk", "production", &[]).ends(1).tells("Production requires a specific version tag");
    world.run("deploy.rbk", "production", &[("tag", "v1.2.3")]).ends(0);
    assert_eq!(world.traffic(PRODUCTION), "liftlog-python-backend-production-00003-abc=100");
    world.run("deploy.rbk", "production", &[("tag", "newest")]).ends(2);
}

#[test]
fn what_keeps_a_deployment_from_beginning() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 7] = [
        ("All tests passing", |state| state["programs"]["pytest"]["status"] = 1.into()),
        ("Code formatted", |state| state["programs"]["ruff"]["status"] = 1.into()),
        ("Type checking passing", |state| state["programs"]["mypy"]["status"] = 1.into()),
        ("No security vulnerabilities", |state| state["programs"]["bandit"]["status"] = 1.into()),
        ("GCP project configured", |state| state["gcloud"]["no project"] = "liftlog-staging".into()),
        ("Database instances running", |state| {
            state["sql"]["instances"]["liftlog-user-data-staging"]["state"] = "STOPPED".into();
        }),
        ("Secrets configured", |state| state["secrets"]["openai-api-key-staging"][0]["state"] = "DISABLED".into()),
    ];
    for (told, change) in cases {
        let world = world();
        world.change(change);
        deploy(&world, &[]).ends(1).tells(told).never_calls("liftlog deploy");
    }
    let mut world = world();
    world.answer("Rollback plan reviewed", "no");
    deploy(&world, &[]).ends(1).never_calls("liftlog deploy");
}

#[test]
fn a_deployment_that_fails_is_rolled_back() {
    let cases = [
        (json!({ "at": "GET /health", "status": 503 }), 0, "1. Check health endpoint"),
        (json!({ "at": "GET /metrics/summary", "status": 500 }), 0, "2. Check metrics"),
        (json!({ "at": "POST /v2/user/create", "json": { "user_id": "u" } }), 0, "should include user_id and password"),
        (json!({ "metric": "error_rate", "value": 0.06 }), 10, "errors > 5%"),
        (json!({ "metric": "error_rate", "value": 0.02 }), 10, "errors > 1%"),
        (json!({ "at": "GET /health", "status": 503 }), 20, "status != 200"),
    ];
    for (mut sign, minute, told) in cases {
        for way in ["script", "actions"] {
            let world = world();
            sign["on"] = IMAGE.into();
            let sign = sign.clone();
            world.later(Duration::from_secs(minute * 60), move |state| add_sign(state, sign));
            let ran = deploy(&world, &[("way", way)]);
            ran.tells(told).is_taken_back();
            assert_eq!(world.traffic(STAGING), OLD);
        }
    }
    let logs = world();
    logs.change(|state| {
        state["logging"] = json!([{
            "severity": "ERROR", "textPayload": "sqlalchemy.exc.TimeoutError",
            "resource": { "labels": { "service_name": "liftlog-python-backend-staging", "revision_name": "liftlog-python-backend-staging-00003-abc" } },
        }]);
    });
    deploy(&logs, &[]).tells("sqlalchemy.exc.TimeoutError").is_taken_back();
    let stays = world();
    stays.change(|state| state["sticks"]["liftlog-python-backend-staging"] = 9.into());
    deploy(&stays, &[]).ends(3).tells("Check Cloud Run for new revision");
    let hangs = world();
    hangs.fault("repository-script liftlog deploy*", "hangs after");
    deploy(&hangs, &[]).ends(3).tells("20 min");
    assert_eq!(hangs.traffic(STAGING), OLD);
}

/// After a deployment that turned out bad.
fn bad() -> Cloud {
    let world = world();
    deploy(&world, &[]).ends(0);
    world.change(|state| state["broken"] = json!([IMAGE]));
    world
}

#[test]
fn a_rollback_by_both_ways_and_to_a_named_revision() {
    for way in ["script", "gcloud"] {
        let world = bad();
        let ran = world.run("rollback.rbk", "staging", &[("way", way)]);
        ran.ends(0)
            .tells("it is critical")
            .tells("liftlog-python-backend-staging-00003-abc → liftlog-python-backend-staging-00002-abc");
        assert_eq!(world.traffic(STAGING), OLD);
    }
    let world = bad();
    let named = ("revision", "liftlog-python-backend-staging-00001-abc");
    world.run("rollback.rbk", "staging", &[named]).ends(0);
    assert_eq!(world.traffic(STAGING), "liftlog-python-backend-staging-00001-abc=100");
    world
        .run("rollback.rbk", "staging", &[("revision", "nothing"), ("now_", "true")])
        .ends(1)
        .never_calls("update-traffic");
}

#[test]
fn the_decision_tree() {
    // Not critical: fixed quickly, or not.
    let mut fix = world();
    fix.answer("Can it be fixed quickly?", "yes");
    fix.run("rollback.rbk", "staging", &[]).ends(0).tells("attempt the fix").never_calls("update-traffic");
    let mut slow = world();
    slow.answer("Can it be fixed quickly?", "no");
    slow.run("rollback.rbk", "staging", &[])
        .ends(0)
        .calls_in_order(&["--to-revisions=liftlog-python-backend-staging-00001-abc=100"]);
    // Critical for its errors: nobody is asked.
    let errors = world();
    errors.sign(json!({ "metric": "error_rate", "on": "liftlog-python-backend-staging-00002-abc", "value": 0.07 }));
    errors.run("rollback.rbk", "staging", &[]).ends(0).calls_in_order(&["--to-revisions="]);
}

#[test]
fn key_metrics_and_their_actions() {
    let quiet = world();
    quiet.run("metrics.rbk", "staging", &[]).ends(0).tells("0 slow requests");
    for (metric, value, action) in [
        ("error_rate", 0.02, "Investigate logs"),
        ("p95", 620.0, "Check database queries"),
        ("p99", 1400.0, "Investigate slow endpoints"),
        ("connections", 91.0, "Scale database"),
        ("memory", 0.9, "Scale Cloud Run instances"),
        ("cpu", 0.85, "Scale Cloud Run instances"),
    ] {
        let world = world();
        world.sign(json!({ "metric": metric, "value": value }));
        world.run("metrics.rbk", "staging", &[]).ends(0).tells(action);
    }
    let more = world();
    more.sign(json!({ "metric": "error_rate", "value": 0.005 }));
    more.run("metrics.rbk", "staging", &[]).ends(0).tells("error rate 0.5%: normal is < 0.1%");
}

pub(crate) fn log(text: &str) -> Value {
    json!([{ "severity": "ERROR", "textPayload": text, "resource": { "labels": { "service_name": "liftlog-python-backend-staging" } } }])
}

#[test]
fn a_service_that_will_not_start() {
    let start = |world: &Cloud| world.run("service-wont-start.rbk", "staging", &[]);
    start(&world()).ends(0).tells("it answers");
    // The secrets may not be read.
    let secret = world();
    secret.change(|state| {
        state["logging"] = log("PermissionDenied: 403 Permission denied on secret: openai-api-key-staging")
    });
    secret.sign(json!({ "at": "GET /health", "status": 503 }));
    secret.later(Duration::from_secs(60), |state| state["signs"] = json!([]));
    start(&secret).ends(0).calls_in_order(&["secrets add-iam-policy-binding openai-api-key-staging"]);
    assert_eq!(secret.state()["iam"].as_object().unwrap().len(), 4);
    // The code is broken.
    let code = bad();
    code.change(|state| state["logging"] = log("ModuleNotFoundError: No module named 'app.sync'"));
    start(&code).ends(0).calls_in_order(&["--to-revisions=liftlog-python-backend-staging-00002-abc=100"]);
    assert_eq!(code.traffic(STAGING), OLD);
    // The database is down, and a person starts it.
    let database = world();
    database.change(|state| state["sql"]["instances"]["liftlog-user-data-staging"]["state"] = "STOPPED".into());
    database.sign(json!({ "at": "GET /health", "status": 503 }));
    database.later(Duration::from_secs(60), |state| state["signs"] = json!([]));
    start(&database).ends(0).tells("Check connection string, credentials");
    // Nothing helps.
    let lost = world();
    lost.sign(json!({ "at": "GET /health", "status": 503 }));
    start(&lost).ends(1).tells("It starts");
}

#[test]
fn a_high_error_rate() {
    let high = |value: f64| {
        let world = world();
        world.sign(json!({ "metric": "error_rate", "value": value }));
        world.later(Duration::from_secs(120), |state| state["signs"] = json!([]));
        world
    };
    let run = |world: &Cloud| world.run("high-error-rate.rbk", "staging", &[]);
    run(&world()).ends(0).tells("not high");
    for (pattern, call) in [
        ("database timeouts", "gcloud sql instances patch liftlog-user-data-staging --quiet --tier=db-custom-4-15360"),
        ("memory errors", "--memory=4Gi"),
    ] {
        let mut world = high(0.04);
        world.answer("Which pattern is it?", pattern);
        run(&world).ends(0).calls_in_order(&[call]);
    }
    let mut outside = high(0.04);
    outside.answer("Which pattern is it?", "external API");
    run(&outside).ends(0).tells("https://status.openai.com");
    let mut lasting = world();
    lasting.sign(json!({ "metric": "error_rate", "value": 0.04 }));
    lasting.answer("Which pattern is it?", "external API");
    run(&lasting).ends(1).tells("The error rate is normal again");
}

#[test]
fn slow_responses_and_an_exhausted_pool() {
    let mut slow = world();
    slow.change(|state| {
        state["logging"] = json!([{
            "severity": "INFO", "jsonPayload": { "duration_ms": 2300, "path": "/v2/events" },
            "resource": { "labels": { "service_name": "liftlog-python-backend-staging" } },
        }]);
    });
    slow.sign(json!({ "metric": "p95", "value": 900.0 }));
    slow.later(Duration::from_secs(60), |state| state["signs"] = json!([]));
    slow.answer("What makes it slow?", "processors");
    let ran = slow.run("slow-responses.rbk", "staging", &[]);
    ran.ends(0).tells("/v2/events (1)").calls_in_order(&["--cpu=2"]);
    world().run("slow-responses.rbk", "staging", &[]).ends(0).tells("in time");

    let mut pool = world();
    pool.change(|state| state["logging"] = log("asyncpg: connection pool exhausted"));
    pool.sign(json!({ "metric": "connections", "value": 95.0 }));
    pool.later(Duration::from_secs(60), |state| state["signs"] = json!([]));
    pool.answer("Is the pool too small", "database");
    let ran = pool.run("connection-pool.rbk", "staging", &[]);
    ran.ends(0).tells("pool_size=5, max_overflow=10").calls_in_order(&["sql instances patch"]);
    world().run("connection-pool.rbk", "staging", &[]).ends(0).tells("the pool is not exhausted");
}

#[test]
fn an_incident_from_the_alert_to_the_post_mortem() {
    let mut world = bad();
    world.answer("Assign incident commander", "grace");
    world.answer("Severity level?", "P0");
    world.answer("Consider rollback", "yes");
    world.answer("Identify root cause", "the image of today");
    let ran = world.run("incident.rbk", "staging", &[("impact", "nobody can sync")]);
    ran.ends(0).tells("Measured: P0").tells("Write post-mortem");
    assert_eq!(world.traffic(STAGING), OLD);
    assert!((30 * 60..33 * 60).contains(&ran.took.as_secs()), "{:?}", ran.took);
    let told = world.told();
    for (at, status) in ["Investigating", "Identified", "Monitoring", "Resolved"].iter().enumerate() {
        assert!(
            told[at].contains(&format!("Status: {status}")) && told[at].contains("Impact: nobody can sync"),
            "{told:?}"
        );
    }
    // It comes back within the half hour.
    let mut again = self::world();
    again.answer("Assign incident commander", "grace");
    again.answer("Severity level?", "P2");
    again.answer("Identify root cause", "unknown");
    again.later(Duration::from_secs(600), |state| add_sign(state, json!({ "metric": "error_rate", "value": 0.03 })));
    again.run("incident.rbk", "staging", &[("impact", "slow")]).ends(1).tells("Monitor for 30 minutes");
}

#[test]
fn backup_and_restore() {
    let instance = "liftlog-user-data-staging";
    let world = world();
    world.run("backup.rbk", "staging", &[]).ends(0);
    assert_eq!(world.state()["sql"]["backups"][instance].as_array().unwrap().len(), 2);
    let ran = world.run("restore.rbk", "staging", &[]);
    ran.ends(0).calls_in_order(&["sql backups create", "sql backups restore 1700000000001"]);
    assert_eq!(world.state()["sql"]["instances"][instance]["restoredFrom"], "1700000000001");
    world
        .run("restore.rbk", "staging", &[("backup", "17")])
        .ends(3)
        .tells("the backup must be there")
        .never_calls("backups restore");
    // The data is not as it should be: what was there before is restored.
    let mut wrong = self::world();
    wrong.answer("Is the data as it should be?", "no");
    let ran = wrong.run("restore.rbk", "staging", &[]);
    ran.ends(3).calls_in_order(&["sql backups restore 1699999999999", "sql backups restore 1700000000001"]);
}

#[test]
fn a_secret_is_rotated_and_the_old_one_disabled_last() {
    let states = |world: &Cloud| -> Vec<String> {
        let versions = world.state()["secrets"]["web-auth-api-key-staging"].as_array().unwrap().clone();
        versions.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    };
    let world = world();
    let ran = world.run("rotate-secret.rbk", "staging", &[]);
    ran.ends(0).calls_in_order(&[
        "secrets versions add web-auth-api-key-staging",
        "liftlog deploy staging latest",
        "/health",
        "secrets versions disable 1",
    ]);
    assert_eq!(states(&world), ["DISABLED", "ENABLED"]);
    assert!(ran.took >= Duration::from_secs(15 * 60), "{:?}", ran.took);
    // The new revision is not well with it: the old version was never touched.
    let sick = self::world();
    sick.sign(json!({ "at": "GET /health", "on": IMAGE, "status": 503 }));
    let ran = sick.run("rotate-secret.rbk", "staging", &[]);
    ran.never_calls("secrets versions disable 1 ").is_taken_back();
    assert_eq!(states(&sick), ["ENABLED", "DISABLED"]);
    assert_eq!(sick.traffic(STAGING), OLD);
    // Somebody still uses the old one: it is enabled again.
    let used = self::world();
    used.sign(json!({ "at": "GET /health", "once_disabled": "web-auth-api-key-staging", "status": 401 }));
    let ran = used.run("rotate-secret.rbk", "staging", &[]);
    ran.calls_in_order(&["secrets versions disable 1", "secrets versions enable 1"]).is_taken_back();
    assert_eq!(states(&used), ["ENABLED", "DISABLED"]);
    assert_eq!(used.traffic(STAGING), OLD);
}

#[test]
fn scaling_of_service_and_database() {
    let world = world();
    let ran = world.run("scale-service.rbk", "staging", &[("max_instances", "20"), ("cpu", "2"), ("memory", "4Gi")]);
    ran.ends(0).calls_in_order(&["--max-instances=20 --cpu=2 --memory=4Gi"]);
    world.run("scale-service.rbk", "staging", &[]).ends(3).tells("name max_instances, cpu or memory");
    let ran = world.run("scale-database.rbk", "production", &[("high_availability", "true")]);
    ran.ends(0)
        .calls_in_order(&["sql instances patch liftlog-user-data-production --quiet --availability-type=REGIONAL"]);
    // What is not well afterwards is as before.
    let sick = self::world();
    let template = |world: &Cloud| world.state()["run"]["services"][STAGING]["spec"]["template"].clone();
    let before = template(&sick);
    sick.sign(json!({ "at": "GET /health", "status": 503 }));
    sick.run("scale-service.rbk", "staging", &[("memory", "1Gi")]).is_taken_back();
    assert_eq!(template(&sick), before);
    assert_eq!(sick.traffic(STAGING), OLD);
    sick.run("scale-database.rbk", "staging", &[("tier", "db-custom-4-15360")]).is_taken_back();
    assert_eq!(sick.state()["sql"]["instances"]["liftlog-user-data-staging"]["settings"]["tier"], "db-custom-2-7680");
    let mut later = self::world();
    later.answer("The database restarts", "no");
    later.run("scale-database.rbk", "staging", &[("tier", "x")]).ends(3).never_calls("sql instances patch");
}

#[test]
fn manual_cleanup() {
    world().run("cleanup.rbk", "staging", &[]).ends(0).tells("Delete expired shared items");
}
