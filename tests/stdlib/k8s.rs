//! `std.k8s`.

use crate::world::World;

const WEB: &str = "shop/Deployment/web";

#[test]
fn what_is_done_is_undone() {
    let world = World::new();
    let done = world.undoes(
        "std.k8s",
        &[
            "k8s.scale(\"deploy/web\", 6, namespace: \"shop\")",
            "k8s.set_image(\"deploy/web\", \"web\", \"shop/web:3\", namespace: \"shop\")",
            "k8s.cordon(\"node-1\")",
            "k8s.drain(\"node-2\")",
        ],
    );
    let objects = &done["k8s"]["objects"];
    assert_eq!(objects[WEB]["spec"]["replicas"], 6);
    assert_eq!(objects[WEB]["spec"]["template"]["spec"]["containers"][0]["image"], "shop/web:3");
    assert_eq!(objects["/Node/node-1"]["spec"]["unschedulable"], true);
    assert_eq!(objects["/Node/node-2"]["spec"]["unschedulable"], true);
}

#[test]
fn a_rollout_goes_back_to_the_revision_before() {
    let world = World::new();
    let done = world.undoes("std.k8s", &["k8s.rollout_undo(\"web\", namespace: \"shop\")"]);
    let image = |state: &serde_json::Value| {
        state["k8s"]["objects"][WEB]["spec"]["template"]["spec"]["containers"][0]["image"].clone()
    };
    assert_eq!(image(&done), "shop/web:1");
    assert_eq!(image(&world.state()), "shop/web:2");
}

#[test]
fn what_was_applied_is_deleted_or_put_back() {
    let world = World::new();
    for file in ["deploy/web.json", "deploy/web.yaml"] {
        let done = world.undoes("std.k8s", &[&format!("k8s.apply({file:?}, namespace: \"shop\")")]);
        let objects = &done["k8s"]["objects"];
        assert_eq!(objects["shop/Service/web"]["spec"]["ports"][0]["port"], 80, "{file}");
        assert_eq!(objects[WEB]["spec"]["replicas"], 4, "{file}");
        assert!(objects["shop/Pod/web-0"].is_object(), "{file}");
    }
}

#[test]
fn a_node_that_was_closed_stays_closed() {
    let world = World::new();
    world.does("std.k8s", &["k8s.cordon(\"node-1\")"]);
    let done = world.undoes("std.k8s", &["k8s.uncordon(\"node-1\")"]);
    assert!(done["k8s"]["objects"]["/Node/node-1"]["spec"]["unschedulable"].is_null());
    // What was closed before is no affair of a rollback.
    world.fails("std.k8s", "k8s.drain(\"node-1\")\nfail \"on purpose\"", &["rolled back completely"]);
    assert_eq!(world.state()["k8s"]["objects"]["/Node/node-1"]["spec"]["unschedulable"], true);
}

#[test]
fn what_goes_wrong_is_said_with_what_to_do() {
    let world = World::new();
    let scale = "k8s.scale(\"deploy/web\", 6, namespace: \"shop\")";
    world.fault("kubectl", "signed off");
    world.fails("std.k8s", scale, &["You must be logged in to the server", "sign on to the cluster"]);
    world.fault("kubectl scale*", "refused");
    world.fails("std.k8s", scale, &["(Forbidden)", "kubectl auth can-i --list"]);
    world.fault("kubectl get*", "garbage");
    world.fails("std.k8s", scale, &["is not JSON", "Sign in to continue"]);
    world.mend();
    world.fails(
        "std.k8s",
        "k8s.scale(\"deploy/wbe\", 6, namespace: \"shop\")",
        &["deployments.apps \"wbe\" not found"],
    );
    world.fails("std.k8s", "k8s.scale(\"deploy/web\", 6, context: \"dev\")", &["kubectl config get-contexts"]);
    let broken = "k8s.set_image(\"deploy/web\", \"web\", \"shop/web:broken\", namespace: \"shop\")\n\
                  k8s.rollout_status(\"deploy/web\", timeout: 1m, namespace: \"shop\")";
    world.fails(
        "std.k8s",
        broken,
        &["timed out waiting for the condition", "kubectl describe", "rolled back completely"],
    );
    world.fails(
        "std.k8s",
        "k8s.set_image(\"deploy/web\", \"wbe\", \"x\", namespace: \"shop\")",
        &["deploy/web has no container `wbe`"],
    );
    world.uninstall("kubectl");
    world.fails("std.k8s", scale, &["install kubectl"]);
}

#[test]
fn a_change_that_hangs_is_in_doubt_and_taken_back() {
    let world = World::new();
    world.fault("kubectl scale deploy/web --replicas=6*", "hangs after");
    let ran = world.run(
        "use std.k8s\nphase \"P\" {\n    step \"Scale\" timeout 2s {\n        \
         k8s.scale(\"deploy/web\", 6, namespace: \"shop\")\n    }\n} on_fail rollback\n",
    );
    assert_eq!(ran.code, 3, "{}", ran.text);
    assert_eq!(world.state()["k8s"]["objects"][WEB]["spec"]["replicas"], 3);
}
