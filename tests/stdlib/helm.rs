//! `std.helm`.

use serde_json::Value;

use crate::world::World;

/// What a release runs: its last revision without what counts on.
fn runs(state: &Value, release: &str) -> Value {
    let last = state["helm"][release].as_array().and_then(|all| all.last().cloned()).unwrap_or_default();
    serde_json::json!([last["chart"], last["values"], last["status"]])
}

#[test]
fn a_release_goes_back_to_the_revision_before() {
    let world = World::new();
    let first = world.state();
    let upgrade =
        "helm.upgrade(\"web\", \"charts/web\", version: \"1.4.0\", set: { \"image.tag\": \"3\" }, namespace: \"shop\")";
    world.fails("std.helm", &format!("{upgrade}\nfail \"on purpose\""), &["rolled back completely"]);
    assert_eq!(runs(&world.state(), "shop/web"), runs(&first, "shop/web"));
    assert_eq!(world.state()["helm"]["shop/web"][2]["values"]["image.tag"], "3");

    let back = "helm.rollback(\"web\", 1, namespace: \"shop\")\nfail \"on purpose\"";
    world.fails("std.helm", back, &["rolled back completely"]);
    assert_eq!(runs(&world.state(), "shop/web"), runs(&first, "shop/web"));

    let done = world.undoes("std.helm", &["helm.upgrade(\"api\", \"charts/api\", namespace: \"shop\")"]);
    assert_eq!(done["helm"]["shop/api"][0]["status"], "deployed");
}

#[test]
fn an_upgrade_that_fails_is_taken_back() {
    let world = World::new();
    let upgrade = "helm.upgrade(\"web\", \"charts/web\", set: { \"image.tag\": \"broken\" }, namespace: \"shop\")";
    world.fails("std.helm", upgrade, &["UPGRADE FAILED: context deadline exceeded", "rolled back completely"]);
    assert_eq!(runs(&world.state(), "shop/web")[1]["image.tag"], "2");
}

#[test]
fn what_goes_wrong_is_said_with_what_to_do() {
    let world = World::new();
    let status = "helm.status(\"web\", namespace: \"shop\")";
    world.fault("helm", "signed off");
    world.fails("std.helm", status, &["sign on to it"]);
    world.fault("helm", "garbage");
    world.fails("std.helm", status, &["is not JSON"]);
    world.mend();
    world.fails("std.helm", "helm.status(\"wbe\", namespace: \"shop\")", &["release: not found"]);
    world.fails("std.helm", "helm.upgrade(\"web\", \"charts/web\", value_files: [\"no.yaml\"])", &["open no.yaml"]);
    world.uninstall("helm");
    world.fails("std.helm", status, &["install helm"]);
}
