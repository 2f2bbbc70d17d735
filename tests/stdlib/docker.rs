//! `std.docker` and `std.compose`.

use crate::world::World;

#[test]
fn what_is_done_is_undone() {
    let world = World::new();
    let first = world.state();
    let done = world.undoes(
        "std.docker",
        &[
            "docker.launch(\"worker\", image: \"shop/web:2\", env_vars: { STAGE: \"prod\" }, ports: [\"8081:8080\"])",
            "docker.start(\"cache\")",
            "docker.stop(\"web\")",
            "docker.tag(\"shop/web:2\", \"shop/web:stable\")",
            "docker.tag(\"shop/web:2\", \"shop/web:1\")",
        ],
    );
    let docker = &done["docker"];
    assert_eq!(docker["containers"]["worker"]["Config"]["Env"][0], "STAGE=prod");
    assert_eq!(docker["containers"]["cache"]["State"]["Running"], true);
    assert_eq!(docker["containers"]["web"]["State"]["Running"], false);
    assert_eq!([&docker["images"]["shop/web:stable"], &docker["images"]["shop/web:1"]], ["sha256:2222", "sha256:2222"]);
    assert_eq!(world.state()["docker"], first["docker"]);
}

#[test]
fn a_container_of_that_name_is_not_removed() {
    let world = World::new();
    let launch = "docker.launch(\"web\", image: \"shop/web:3\")";
    world.fails("std.docker", launch, &["a rollback must not remove that one", "rolled back completely"]);
    assert_eq!(world.state()["docker"]["containers"]["web"]["Config"]["Image"], "shop/web:2");
}

#[test]
fn services_are_as_before() {
    let world = World::new();
    for step in ["compose.up(services: [\"worker\"])", "compose.down()", "compose.stop()", "compose.scale(\"web\", 3)"]
    {
        world.undoes("std.compose", &[step]);
    }
    let done = world.undoes("std.compose", &["compose.up()", "compose.scale(\"worker\", 4)"]);
    assert_eq!(done["compose"]["services"]["worker"]["scale"], 4);
    world.does("std.compose", &["compose.stop()"]);
    let done = world.undoes("std.compose", &["compose.start(services: [\"web\"])"]);
    assert_eq!(done["compose"]["services"]["web"]["state"], "running");
}

#[test]
fn what_goes_wrong_is_said_with_what_to_do() {
    let world = World::new();
    world.fault("docker", "refused");
    world.fails("std.docker", "docker.stop(\"web\")", &["permission denied", "in the group `docker`"]);
    world.fault("docker push*", "signed off");
    world.fails("std.docker", "docker.push(\"shop/web:2\")", &["no basic auth credentials", "docker login REGISTRY"]);
    world.fault("docker inspect*", "garbage");
    world.fails("std.docker", "docker.stop(\"web\")", &["is not JSON"]);
    world.mend();
    world.fails("std.docker", "docker.stop(\"wbe\")", &["no such object: wbe"]);
    world.fails("std.docker", "docker.pull(\"shop/web:9\")", &["manifest unknown"]);
    world.fails("std.docker", "docker.exec(\"cache\", [\"true\"])", &["is not running"]);
    world.fails("std.compose", "compose.stop(services: [\"wbe\"])", &["no such service: wbe"]);
    world.fails("std.compose", "compose.ps(file: \"no.yml\")", &["open no.yml: no such file or directory"]);
    world.uninstall("docker");
    world.fails("std.docker", "docker.stop(\"web\")", &["install docker"]);
}
