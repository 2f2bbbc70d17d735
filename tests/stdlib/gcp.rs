//! `std.gcp.*`.

use serde_json::{Value, json};

use crate::world::World;

const WEB: &str = "europe-west2/web";

fn traffic(state: &Value) -> Vec<(String, i64)> {
    let entries = state["run"]["services"][WEB]["status"]["traffic"].as_array().unwrap().clone();
    let shares =
        entries.iter().map(|one| (one["revisionName"].as_str().unwrap().to_owned(), one["percent"].as_i64().unwrap()));
    shares.collect()
}

#[test]
fn traffic_goes_back_to_exactly_the_split_before() {
    let world = World::new();
    let first = world.state();
    let set = "cloudrun.set_traffic(\"web\", \"web-00001-abc\", share: 10%, region: \"europe-west2\")";
    let done = world.undoes("std.gcp.cloudrun", &[set]);
    assert_eq!(traffic(&done), [("web-00001-abc".to_owned(), 10), ("web-00002-abc".to_owned(), 90)]);
    // To the letter: what followed the latest revision does so again.
    assert_eq!(world.state(), first);

    world.does("std.gcp.cloudrun", &[set]);
    let odd = world.state();
    let steps = [
        "cloudrun.set_traffic(\"web\", \"web-00001-abc\", share: 55%, region: \"europe-west2\")",
        "cloudrun.to_latest(\"web\", region: \"europe-west2\")",
        "cloudrun.restore_traffic(\"web\", [{ revisionName: \"web-00001-abc\", percent: 100 }], region: \"europe-west2\")",
    ];
    let done = world.undoes("std.gcp.cloudrun", &steps);
    assert_eq!(traffic(&done), [("web-00001-abc".to_owned(), 100)]);
    assert_eq!(world.state(), odd);
}

#[test]
fn a_broken_release_never_keeps_the_traffic() {
    let world = World::new();
    let service = world.serve();
    let ran = world.run(&format!(
        "use std.gcp.cloudrun\n\
         phase \"Deploy\" {{\n\
             step \"Deploy\" {{\n\
                 let revision = cloudrun.deploy(\"web\", image: \"eu.gcr.io/shop/web:broken\", region: \"europe-west2\")\n\
                 note \"deployed ${{revision}}\"\n\
             }}\n\
             check \"healthy\" {{\n\
                 assert http.get(\"{}/web/health\").json.auth_status == \"operational\"\n\
             }}\n\
         }} on_fail rollback\n\
         finally {{\n\
             note \"now ${{http.get(\"{}/web/health\").json.auth_status}}\"\n\
         }}\n",
        service.url, service.url
    ));
    assert_eq!(ran.code, 3, "{}", ran.text);
    ran.tells("deployed web-00003-abc");
    ran.tells("degraded-malformed-query-detected");
    ran.tells("now operational");
    assert_eq!(traffic(&world.state()), [("web-00002-abc".to_owned(), 100)]);
}

#[test]
fn a_first_deployment_makes_the_service_and_is_taken_back_by_deleting_it() {
    let world = World::new();
    let before = world.state();
    let deploy = "cloudrun.deploy(\"liftlog\", image: \"eu.gcr.io/shop/liftlog:1\", env_vars: { STAGE: \"prod\" }, \
                  options: [\"--port=8080\", \"--allow-unauthenticated\"], region: \"europe-west2\")";
    let done = world.undoes("std.gcp.cloudrun", &[deploy]);
    let service = &done["run"]["services"]["europe-west2/liftlog"];
    assert_eq!(service["status"]["traffic"][0]["percent"], 100);
    assert_eq!(service["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"], "prod");
    let services = |state: &Value| state["run"]["services"].clone();
    assert_eq!(services(&world.state()), services(&before));
    // The second one is a deployment like any other: the service stays.
    world.does("std.gcp.cloudrun", &[deploy]);
    let split = |state: &Value| state["run"]["services"]["europe-west2/liftlog"]["status"]["traffic"].clone();
    let first = split(&world.state());
    let next = deploy.replace("liftlog:1", "liftlog:2").replace("region:", "traffic: false, region:");
    world.fails("std.gcp.cloudrun", &format!("{next}\nfail \"on purpose\""), &["rolled back completely"]);
    assert_eq!(split(&world.state())[0]["revisionName"], first[0]["revisionName"]);

    // What never came to be is not deleted, what came to be without starting is.
    let world = World::new();
    world.fault("gcloud run deploy*", "refused");
    world.fails("std.gcp.cloudrun", deploy, &["PERMISSION_DENIED", "rolled back completely"]);
    world.mend();
    let sick = deploy.replace("shop/liftlog:1", "shop/web:unstartable");
    world.fails("std.gcp.cloudrun", &sick, &["is not ready and cannot serve traffic", "rolled back completely"]);
    assert_eq!(services(&world.state()), services(&before));
    let hidden = deploy.replace("region:", "traffic: false, region:");
    world.fails("std.gcp.cloudrun", &hidden, &["the service liftlog is not there yet", "leave out `traffic: false`"]);
}

#[test]
fn settings_are_as_before_and_the_traffic_too() {
    let world = World::new();
    let update = "cloudrun.update(\"web\", env_vars: { STAGE: \"canary\", LOG_LEVEL: \"debug\" }, max_instances: 20, \
                  min_instances: 2, memory: \"2Gi\", region: \"europe-west2\")";
    let before = world.state();
    world.fails("std.gcp.cloudrun", &format!("{update}\nfail \"on purpose\""), &["rolled back completely"]);
    let after = world.state();
    let template = |state: &Value| state["run"]["services"][WEB]["spec"]["template"].clone();
    assert_eq!(template(&after), template(&before));
    assert_eq!(traffic(&after), traffic(&before));
    world.does("std.gcp.cloudrun", &[update]);
    let container = &template(&world.state())["spec"]["containers"][0];
    assert_eq!(
        container["env"],
        json!([{ "name": "LOG_LEVEL", "value": "debug" }, { "name": "STAGE", "value": "canary" }])
    );
    assert_eq!(container["resources"]["limits"]["memory"], "2Gi");
}

#[test]
fn a_new_version_of_a_secret_is_disabled() {
    let world = World::new();
    let add = "secrets.add_version(\"web-api-key\", value: \"the new key\")\nfail \"on purpose\"";
    world.fails("std.gcp.secrets", add, &["take back secrets.add_version(web-api-key)", "rolled back completely"]);
    let versions = world.state()["secrets"]["web-api-key"].clone();
    assert_eq!([&versions[0]["state"], &versions[1]["state"]], ["ENABLED", "DISABLED"]);
    assert_eq!(versions[1]["payload"], "the new key");
    world.undoes("std.gcp.secrets", &["secrets.disable(\"web-api-key\", version: \"1\")"]);
    world.undoes("std.gcp.secrets", &["secrets.enable(\"web-api-key\", version: \"2\")"]);
    // One that never came to be is not looked for.
    world.fault("gcloud secrets versions add*", "refused");
    world.fails("std.gcp.secrets", add, &["PERMISSION_DENIED", "gcloud auth list", "rolled back completely"]);
}

#[test]
fn what_is_made_is_deleted_again() {
    let world = World::new();
    let done = world.undoes("std.gcp.secrets", &["secrets.create(\"web-session-key\", value: \"a first key\")"]);
    assert_eq!(done["secrets"]["web-session-key"][0]["payload"], "a first key");
    world.fails(
        "std.gcp.secrets",
        "secrets.create(\"web-api-key\", value: \"x-x-x-x\")",
        &["must not delete that one"],
    );
    let alert = "monitoring.create_alert(\"high\", query: \"up < 1\", holds: 5m, channels: [\"projects/shop/notificationChannels/1\"], project: \"shop\")";
    let before = world.state();
    world.fails("std.gcp.monitoring", &format!("{alert}\nfail \"on purpose\""), &["rolled back completely"]);
    assert_eq!(world.state()["policies"], json!([]), "{before}");
    world.does("std.gcp.monitoring", &[alert]);
    let policy = world.state()["policies"][0].clone();
    assert_eq!(policy["conditions"][0]["conditionPrometheusQueryLanguage"]["duration"], "300s");
    world.fails("std.gcp.monitoring", alert, &["must not delete that one"]);
}

#[test]
fn an_instance_gets_its_machine_back_and_a_backup_stays() {
    let world = World::new();
    let patch = "cloudsql.patch(\"shop-db\", tier: \"db-custom-4-15360\", availability: \"REGIONAL\")";
    let done = world.undoes("std.gcp.cloudsql", &[patch]);
    assert_eq!(done["sql"]["instances"]["shop-db"]["settings"]["availabilityType"], "REGIONAL");
    let backup = "cloudsql.backup(\"shop-db\", description: \"before\")\nfail \"on purpose\"";
    let ran = world.fails("std.gcp.cloudsql", backup, &[]);
    assert_eq!(ran.code, 4, "{}", ran.text);
    assert_eq!(world.state()["sql"]["backups"]["shop-db"][1]["description"], "before");
}

#[test]
fn what_goes_wrong_is_said_with_what_to_do() {
    let world = World::new();
    let set = "cloudrun.set_traffic(\"web\", \"web-00001-abc\", share: 10%, region: \"europe-west2\")";
    world.fault("gcloud", "signed off");
    world.fails("std.gcp.cloudrun", set, &["gcloud auth login"]);
    world.fault("gcloud run services describe*", "garbage");
    world.fails("std.gcp.cloudrun", set, &["is not JSON"]);
    world.mend();
    world.fails("std.gcp.cloudrun", "cloudrun.url(\"web\")", &["Specify a region"]);
    world.fails("std.gcp.cloudrun", "cloudrun.url(\"wbe\", region: \"europe-west2\")", &["Cannot find service [wbe]"]);
    let deploy = "cloudrun.deploy(\"web\", image: \"eu.gcr.io/shop/web:unstartable\", region: \"europe-west2\")";
    world.fails("std.gcp.cloudrun", deploy, &["is not ready and cannot serve traffic", "rolled back completely"]);
    let too_much = "cloudrun.set_traffic(\"web\", \"web-00009-abc\", share: 10%, region: \"europe-west2\")";
    world.fails("std.gcp.cloudrun", too_much, &["Revision 'web-00009-abc' not found"]);
    world.uninstall("gcloud");
    world.fails("std.gcp.cloudrun", set, &["install gcloud"]);
}
