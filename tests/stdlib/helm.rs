//! `std.helm`.

use std::process::Command;

use serde_json::{Value, json};

use crate::world::World;

/// What a release runs: its last revision without what counts on.
fn runs(state: &Value, release: &str) -> Value {
    let last = state["helm"][release].as_array().and_then(|all| all.last().cloned()).unwrap_or_default();
    json!([last["chart"], last["values"], last["status"]])
}

#[test]
fn a_release_goes_back_to_the_revision_before() {
    let world = World::new();
    let first = world.state();
    let upgrade =
        "helm.upgrade(\"web\", \"charts/web\", version: \"1.4.0\", set: { \"image.tag\": \"3\" }, namespace: \"shop\")";
    world.fails("std.helm", &format!("{upgrade}\nfail \"on purpose\""), &["rolled back completely"]);
    assert_eq!(runs(&world.state(), "shop/web"), runs(&first, "shop/web"));
    assert_eq!(world.state()["helm"]["shop/web"][2]["values"]["image"]["tag"], "3");

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
    assert_eq!(runs(&world.state(), "shop/web")[1]["image"]["tag"], "2");
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

/// The double by hand: its status, and what it says.
fn helm(world: &World, args: &[&str]) -> (Option<i32>, String) {
    let mut helm = Command::new(world.path().join("bin/helm"));
    let ran = helm.args(args).current_dir(world.path()).env("TOOLS_WORLD", world.path()).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    (ran.status.code(), said(&ran.stdout) + &said(&ran.stderr))
}

fn values(world: &World, release: &str) -> Value {
    let (status, said) = helm(world, &["get", "values", release, "-n", "shop", "-o", "json"]);
    assert_eq!(status, Some(0), "{said}");
    serde_json::from_str(&said).unwrap()
}

#[test]
fn values_are_put_together_in_the_order_of_helm() {
    let world = World::new();
    std::fs::write(world.path().join("prod.yaml"), "replicas: 5\nimage: { tag: prod }\nhosts: [a, b]\n").unwrap();
    std::fs::write(world.path().join("motd"), "hello,\nall").unwrap();
    let upgrade = |more: &[&str]| {
        let args = [&["upgrade", "web", "charts/web", "-n", "shop"], more].concat();
        let (status, said) = helm(&world, &args);
        assert_eq!(status, Some(0), "{said}");
        values(&world, "web")
    };
    let image = json!({ "repository": "shop/web", "tag": "prod" });
    assert_eq!(
        upgrade(&["-f", "deploy/web-values.yaml", "--values", "prod.yaml"]),
        json!({ "replicas": 5, "image": image, "hosts": ["a", "b"] })
    );
    // The later file stands above, a list is replaced whole, and `--set-string` is read after `--set` wherever it stands.
    assert_eq!(
        upgrade(&[
            "--set-string",
            "image.tag=7",
            "--set",
            r"image.tag=6,port=8080,on=true,code=007,none=null,hosts={x,y z},deep.list[1].a=1,odd\.key=a\,b",
            "-f",
            "prod.yaml,deploy/web-values.yaml",
            "--set-json",
            r#"labels={"a":[1,"2"]},n="3""#,
            "--set-file",
            "motd=motd",
        ]),
        json!({
            "replicas": 2,
            "image": { "tag": "7", "repository": "shop/web" },
            "hosts": ["x", "y z"],
            "labels": { "a": [1, "2"] },
            "n": "3",
            "port": 8080,
            "on": true,
            "code": "007",
            "none": null,
            "deep": { "list": [null, { "a": 1 }] },
            "odd.key": "a,b",
            "motd": "hello,\nall",
        })
    );
    // Those of before are taken on when none are given, and beneath new ones on request only.
    upgrade(&["--set", "a.b=1,a.c=2"]);
    assert_eq!(upgrade(&[]), json!({ "a": { "b": 1, "c": 2 } }));
    assert_eq!(upgrade(&["--reuse-values", "--set", "a.b=null,a.d=3"]), json!({ "a": { "c": 2, "d": 3 } }));
    assert_eq!(upgrade(&["--set", "x=1"]), json!({ "x": 1 }));
    assert_eq!(upgrade(&["--reset-values"]), Value::Null);
    let revision = ["get", "values", "web", "-n", "shop", "-o", "json", "--revision", "2"];
    assert_eq!(helm(&world, &revision), (Some(0), r#"{"image":{"tag":"2"}}"#.to_owned()));
    let status: Value = serde_json::from_str(&helm(&world, &["status", "web", "-n", "shop", "-o", "json"]).1).unwrap();
    assert_eq!((&status["version"], &status["namespace"]), (&json!(9), &json!("shop")));
    let last: Value =
        serde_json::from_str(&helm(&world, &["history", "web", "-n", "shop", "--max", "1", "-o", "json"]).1).unwrap();
    assert_eq!((last.as_array().unwrap().len(), &last[0]["revision"]), (1, &json!(9)));
}

#[test]
fn the_double_is_as_strict_as_helm() {
    let world = World::new();
    std::fs::write(world.path().join("list.yaml"), "- a\n").unwrap();
    std::fs::write(world.path().join("broken.yaml"), "a: [1\n").unwrap();
    let upgrade = ["upgrade", "web", "charts/web", "-n", "shop"];
    for (args, wanted) in [
        (&["status", "-o", "json"][..], "\"helm status\" requires 1 argument"),
        (&["get", "values", "web", "api", "-o", "json"], "\"helm get values\" requires 1 argument"),
        (&["upgrade", "web"], "\"helm upgrade\" requires 2 arguments"),
        (&["list", "web", "-o", "json"], "\"helm list\" accepts no arguments"),
        (&["status", "web", "-n", "shop", "-o", "xml"], "for \"-o, --output\" flag: invalid format type"),
        (&["status", "web", "-n", "shop", "-o", "json", "--max", "1"], "unknown flag: --max"),
        (&["status", "web", "-n", "shop", "-o", "json", "--revision", "9"], "release: not found"),
        (&["history", "web", "-n", "shop", "-o", "json", "--max", "few"], "invalid argument \"few\""),
        (&[&upgrade[..], &["-f", "none.yaml"]].concat(), "open none.yaml: no such file or directory"),
        (&[&upgrade[..], &["-f", "list.yaml"]].concat(), "failed to parse list.yaml"),
        (&[&upgrade[..], &["-f", "broken.yaml"]].concat(), "failed to parse broken.yaml: error converting YAML"),
        (&[&upgrade[..], &["--set", "image.tag"]].concat(), "failed parsing --set data: key \"tag\" has no value"),
        (&[&upgrade[..], &["--set", "a={b"]].concat(), "list must terminate with '}'"),
        (&[&upgrade[..], &["--set-json", "a=b"]].concat(), "failed parsing --set-json data"),
        (&[&upgrade[..], &["--set-file", "a=none"]].concat(), "open none: no such file or directory"),
    ] {
        let (status, said) = helm(&world, args);
        assert!(status == Some(1) && said.contains(wanted), "{args:?}: {status:?} {said}");
    }
    assert_eq!(world.state()["helm"]["shop/web"].as_array().unwrap().len(), 2, "nothing came of any of them");
}

#[test]
fn what_is_set_arrives_as_it_is() {
    let world = World::new();
    let upgrade = r#"helm.upgrade("web", "charts/web", namespace: "shop", value_files: ["deploy/web-values.yaml"], set: {
    "image.tag": "0123,replicas=0",
    "hosts": ["{a", "b c"],
    "port": 8080,
    "motd": "it's \\ \"so\"",
})"#;
    world.does("std.helm", &[upgrade]);
    assert_eq!(
        values(&world, "web"),
        json!({
            "replicas": 2,
            "image": { "repository": "shop/web", "tag": "0123,replicas=0" },
            "hosts": ["{a", "b c"],
            "port": 8080,
            "motd": "it's \\ \"so\"",
        })
    );
}
