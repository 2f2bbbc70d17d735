//! `runbooks/caas`.

use std::time::Duration;

use serde_json::json;

use crate::cloud::{Cloud as World, Ran, add_sign};

const BACKEND: &str = "europe-west2/caas-backend";
const OLD: &str = "caas-backend-00002-abc=100";
const NEW: &str = "caas-backend-00003-abc=100";
const IMAGE: &str = "eu.gcr.io/caas/backend:42";

fn deploy(world: &World) -> Ran {
    world.run("deploy.rbk", "prod", &[("image", IMAGE), ("code_hash", "c0de42")])
}

#[test]
fn a_verified_deployment() {
    let world = World::of("caas");
    let ran = deploy(&world);
    ran.ends(0).calls_in_order(&[
        "uv run pytest",
        "run deploy caas-backend --image=eu.gcr.io/caas/backend:42 --format=json --quiet --no-traffic",
        "update-traffic caas-backend --to-latest",
        "GET https://caas-backend-102964896009.europe-west2.run.app/api/v1/system/info",
        "/api/v1/system/auth-test",
        "/api/v1/system/verify-code",
        "POST https://caas-backend-102964896009.europe-west2.run.app/api/v1/auth/register",
        "/api/v1/auth/login",
    ]);
    assert_eq!(world.traffic(BACKEND), NEW);
    assert!(ran.took > Duration::from_secs(5 * 60), "{:?}", ran.took);
}

/// The traffic is as before, and so is what people get.
fn rolled_back(world: &World, ran: &Ran) {
    ran.is_taken_back();
    assert_eq!(world.traffic(BACKEND), OLD, "{}", ran.text);
}

/// What is odd with the new code, and what is told of it.
#[test]
fn a_deployment_that_fails_is_rolled_back() {
    let degraded =
        json!({ "service": "caas-backend", "auth_status": "degraded-malformed-query-detected", "code_hash": "c0de42" });
    let cases = [
        ("Any health check fails", json!({ "at": "GET */system/info", "status": 503 }), "Health endpoint verification"),
        (
            "Authentication tests fail",
            json!({ "at": "POST */auth/login", "status": 401 }),
            "registration works but login fails",
        ),
        (
            "System endpoints report \"degraded\"",
            json!({ "at": "GET */system/auth-test", "json": degraded }),
            "degraded-malformed-query-detected",
        ),
        (
            "stale code",
            json!({ "at": "GET */system/verify-code", "json": { "auth_status": "operational", "code_hash": "c0de41" } }),
            "stale code must not be served",
        ),
        ("Error rate >5%", json!({ "metric": "error_rate", "value": 0.08 }), "error rate and authentication"),
        ("slow login", json!({ "at": "POST */auth/login", "status": 200, "after": 2500 }), "should be <2s"),
    ];
    for (name, mut sign, told) in cases {
        let world = World::of("caas");
        sign["on"] = IMAGE.into();
        world.sign(sign);
        let ran = deploy(&world);
        ran.tells(told);
        println!("{name}");
        rolled_back(&world, &ran);
    }
}

#[test]
fn the_first_five_minutes_count() {
    let world = World::of("caas");
    world.later(Duration::from_secs(3 * 60), |state| {
        add_sign(state, json!({ "metric": "error_rate", "on": IMAGE, "value": 0.06 }));
    });
    let ran = deploy(&world);
    rolled_back(&world, &ran);
    assert!((180..240).contains(&ran.took.as_secs()), "{:?}", ran.took);
    // After them they do not.
    let world = World::of("caas");
    world.later(Duration::from_secs(6 * 60), |state| {
        add_sign(state, json!({ "metric": "error_rate", "on": IMAGE, "value": 0.06 }));
    });
    deploy(&world).ends(0);
}

#[test]
fn a_revision_without_traffic_is_a_failed_deployment() {
    let world = World::of("caas");
    world.change(|state| state["sticks"]["caas-backend"] = 99.into());
    let ran = deploy(&world);
    ran.tells("Cloud Run occasionally fails to promote new revisions to active traffic");
    ran.ends(3);
}

#[test]
fn what_keeps_a_deployment_from_beginning() {
    // A person says no, the tests fail, or the service is not well: nothing was changed.
    let mut world = World::of("caas");
    world.answer("Rollback plan prepared", "no");
    deploy(&world).ends(1).tells("Rollback plan prepared").never_calls("gcloud run deploy");
    let world = World::of("caas");
    world.change(|state| state["programs"]["pytest"] = json!({ "status": 1, "stdout": "1 failed, 211 passed" }));
    deploy(&world).ends(1).tells("1 failed, 211 passed").never_calls("gcloud run deploy");
    let world = World::of("caas");
    world.sign(json!({ "at": "GET */auth-test", "status": 500 }));
    deploy(&world).ends(1).tells("the service is healthy before it is touched").never_calls("gcloud run deploy");
    let mut world = World::of("caas");
    world.nobody_answers();
    deploy(&world).ends(5).never_calls("gcloud run deploy");
}

#[test]
fn a_deployment_that_gcloud_refuses_or_hangs() {
    let world = World::of("caas");
    world.fault("gcloud run deploy*", "refused");
    deploy(&world).ends(3).tells("PERMISSION_DENIED");
    assert_eq!(world.traffic(BACKEND), OLD);
    let world = World::of("caas");
    world.fault("gcloud run services update-traffic*--to-latest*", "hangs after");
    let ran = deploy(&world);
    ran.ends(3).tells("20:00");
    assert_eq!(world.traffic(BACKEND), OLD);
}

#[test]
fn manual_verification() {
    let world = World::of("caas");
    world.run("verify.rbk", "prod", &[]).ends(0).never_calls("POST");
    for (sign, told) in [
        (json!({ "at": "GET */system/info", "json": { "auth_status": "degraded" } }), "Check system status"),
        (json!({ "at": "GET */system/auth-test", "status": 500 }), "Verify authentication components"),
        (json!({ "at": "GET */system/verify-code", "status": 404 }), "Check code integrity"),
        (json!({ "metric": "error_rate", "value": 0.02 }), "Error Rate (should be <1%)"),
    ] {
        let world = World::of("caas");
        world.sign(sign);
        world.run("verify.rbk", "prod", &[]).ends(1).tells(told);
    }
}

fn incident(world: &World) -> Ran {
    world.run("auth-failure.rbk", "prod", &[])
}

/// Login fails with 401 where `on` is live: a revision, or all of an image.
pub(crate) fn login_fails(world: &World, on: &str) {
    world.sign(json!({ "at": "POST */auth/login", "on": on, "status": 401 }));
    world.sign(json!({
        "at": "GET */auth-test", "on": on, "status": 200,
        "json": { "service": "caas-backend", "auth_status": "degraded-malformed-query-detected", "code_hash": "c0de41" },
    }));
    world.change(|state| {
        state["logging"] = json!([{
            "severity": "ERROR",
            "textPayload": "TypeError: BaseQuery.select() missing 1 required positional argument: 'columns'",
            "resource": { "labels": { "service_name": "caas-backend", "revision_name": "caas-backend-00002-abc" } },
        }]);
    });
}

#[test]
fn an_authentication_failure_that_a_restart_mends() {
    let world = World::of("caas");
    login_fails(&world, "caas-backend-00002-abc");
    let ran = incident(&world);
    ran.ends(0).tells("the restart was enough").calls_in_order(&[
        "GET https://caas-backend-102964896009.europe-west2.run.app/api/v1/system/auth-test",
        "run services update caas-backend --format=json --quiet --update-env-vars=CACHE_BUST=",
        "/api/v1/system/auth-test",
        "/api/v1/auth/login",
    ]);
    ran.never_calls("--to-revisions");
    assert_eq!(world.traffic(BACKEND), NEW);
}

#[test]
fn an_authentication_failure_that_only_the_code_before_mends() {
    let world = World::of("caas");
    login_fails(&world, "eu.gcr.io/caas/backend:41");
    let ran = incident(&world);
    ran.ends(0).tells("the last one with other code than caas-backend-00002-abc: caas-backend-00001-abc");
    ran.calls_in_order(&[
        "--update-env-vars=CACHE_BUST=",
        "--to-revisions=caas-backend-00001-abc=100",
        "/api/v1/system/auth-test",
        "/api/v1/auth/login",
    ]);
    assert_eq!(world.traffic(BACKEND), "caas-backend-00001-abc=100");
}

#[test]
fn an_authentication_failure_where_the_traffic_was_pinned() {
    let world = World::of("caas");
    world.change(|state| {
        let traffic = &mut state["run"]["services"][BACKEND]["status"]["traffic"];
        *traffic = json!([{ "revisionName": "caas-backend-00002-abc", "percent": 100 }]);
    });
    login_fails(&world, "caas-backend-00002-abc");
    incident(&world).ends(0).calls_in_order(&["CACHE_BUST", "--to-latest"]);
    assert_eq!(world.traffic(BACKEND), NEW);
}

#[test]
fn an_authentication_failure_that_nothing_mends_is_escalated() {
    let world = World::of("caas");
    world.sign(json!({ "at": "GET */auth-test", "status": 500 }));
    let ran = incident(&world);
    ran.ends(1).tells("Level 3: complex issues requiring deep system knowledge go to senior engineering");
    assert_eq!(world.traffic(BACKEND), "caas-backend-00001-abc=100");
    // Without a revision to go back to nothing is rolled back.
    let world = World::of("caas");
    world.change(|state| drop(state["run"]["revisions"][BACKEND].as_array_mut().unwrap().remove(0)));
    world.sign(json!({ "at": "GET */auth-test", "status": 500 }));
    incident(&world).ends(1).tells("there must be a revision to go back to").never_calls("--to-revisions");
}

#[test]
fn no_authentication_failure_at_all() {
    let world = World::of("caas");
    incident(&world).ends(0).tells("there is nothing to do").never_calls("gcloud run services update");
    world.run("auth-failure.rbk", "prod", &[("force", "true")]).ends(0).calls_in_order(&["CACHE_BUST"]);
}

#[test]
fn a_stale_container_is_found_by_each_of_its_signs_and_refreshed() {
    let stale = |world: &World, hash: &str| world.run("stale-container.rbk", "prod", &[("code_hash", hash)]);
    let world = World::of("caas");
    stale(&world, "c0de41").ends(0).tells("what was deployed is what is served").never_calls("update");

    // The newest revision never got the traffic.
    let world = World::of("caas");
    world.change(|state| {
        let traffic = &mut state["run"]["services"][BACKEND]["status"]["traffic"];
        *traffic = json!([{ "revisionName": "caas-backend-00001-abc", "percent": 100 }]);
    });
    stale(&world, "c0de41").ends(0).calls_in_order(&["CACHE_BUST", "--to-latest", "/verify-code"]);
    assert_eq!(world.traffic(BACKEND), NEW);

    // The container serves code from before, until it is started anew.
    let world = World::of("caas");
    let old = json!({ "auth_status": "operational", "code_hash": "c0de40" });
    world.sign(json!({ "at": "GET */verify-code", "unless_env": "CACHE_BUST", "json": old }));
    stale(&world, "c0de41").ends(0).tells("code_hash = \"c0de40\"").calls_in_order(&["CACHE_BUST"]);

    // Both revisions write the same errors.
    let world = World::of("caas");
    world.change(|state| {
        let line = |revision: &str| {
            json!({
                "severity": "ERROR", "textPayload": "KeyError: 'tenant'",
                "resource": { "labels": { "service_name": "caas-backend", "revision_name": revision } },
            })
        };
        state["logging"] = json!([line("caas-backend-00001-abc"), line("caas-backend-00002-abc")]);
    });
    stale(&world, "c0de41").ends(0).tells("Same error patterns").calls_in_order(&["CACHE_BUST"]);

    // What a refresh does not mend is taken back, to the traffic before.
    let world = World::of("caas");
    world.sign(json!({ "at": "GET */verify-code", "json": { "auth_status": "operational", "code_hash": "c0de40" } }));
    stale(&world, "c0de41").ends(3);
    assert_eq!(world.traffic(BACKEND), OLD);
}

fn watch(world: &World) -> Ran {
    world.run("auth-monitor.rbk", "prod", &[("watch", "1h")])
}

#[test]
fn the_monitor_alerts_after_three_consecutive_failures() {
    let world = World::of("caas");
    watch(&world).ends(0);
    assert!(world.told().is_empty());

    let world = World::of("caas");
    let fails = |state: &mut serde_json::Value| add_sign(state, json!({ "at": "GET */auth-test", "status": 500 }));
    let heals = |state: &mut serde_json::Value| state["signs"] = json!([]);
    // Two failures are none, three are.
    world.later(Duration::from_secs(10 * 60), fails);
    world.later(Duration::from_secs(10 * 60 + 50), heals);
    world.later(Duration::from_secs(20 * 60), fails);
    let ran = watch(&world);
    ran.ends(1).tells("auth-failure.rbk -e prod");
    assert!((20 * 60..23 * 60).contains(&ran.took.as_secs()), "{:?}", ran.took);
    assert!(world.told()[0].contains("CRITICAL: CAAS on prod"), "{:?}", world.told());
}

#[test]
fn the_monitor_warns_of_more_than_a_tenth_in_five_minutes() {
    let world = World::of("caas");
    for minute in [10, 12] {
        let at = Duration::from_secs(minute * 60);
        world.later(at, |state| add_sign(state, json!({ "at": "GET */auth-test", "status": 500 })));
        world.later(at + Duration::from_secs(25), |state| state["signs"] = json!([]));
    }
    watch(&world).ends(0).tells("share > 10%");
    // One in ten is a tenth, and no more.
    let world = World::of("caas");
    world.later(Duration::from_secs(600), |state| add_sign(state, json!({ "at": "GET */auth-test", "status": 500 })));
    world.later(Duration::from_secs(625), |state| state["signs"] = json!([]));
    let ran = watch(&world);
    assert!(!ran.ends(0).text.contains("share > 10%"), "{}", ran.text);
}

#[test]
fn the_monitor_alerts_at_once_of_stale_code() {
    let world = World::of("caas");
    world.later(Duration::from_secs(600), |state| {
        add_sign(state, json!({ "at": "GET */verify-code", "json": { "code_hash": "c0de39" } }));
    });
    let ran = watch(&world);
    ran.ends(1).tells("c0de39");
    assert!((600..640).contains(&ran.took.as_secs()), "{:?}", ran.took);
    assert!(world.told()[0].contains("CRITICAL"), "{:?}", world.told());
}

#[test]
fn a_post_mortem_is_asked_for_and_written() {
    let mut world = World::of("caas");
    for part in ["Timeline", "Root Cause", "Impact", "Resolution", "Prevention", "Action Items"] {
        world.answer(part, &format!("about {part}"));
    }
    let ran = world.run("post-mortem.rbk", "", &[]);
    ran.ends(0);
}
