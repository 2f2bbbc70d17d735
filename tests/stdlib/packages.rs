//! `std.npm`, `std.alembic`, `std.prisma`, `std.openssl`, `std.systemd`, `std.git`.

use crate::world::World;

#[test]
fn tags_of_packages_go_back() {
    let world = World::new();
    let first = world.state();
    let steps = [
        "npm.set_dist_tag(\"web\", \"latest\", version: \"1.0.0\")",
        "npm.set_dist_tag(\"web\", \"canary\", version: \"1.1.0\")",
        "npm.deprecate(\"web\", version: \"1.1.0\", message: \"logs people out\")",
    ];
    let done = world.undoes("std.npm", &steps[..2]);
    assert_eq!(
        done["npm"]["packages"]["web"]["dist-tags"],
        serde_json::json!({ "latest": "1.0.0", "canary": "1.1.0" })
    );
    assert_eq!(world.state(), first);
    world.fails("std.npm", &format!("{}\nfail \"on purpose\"", steps[2]), &["rolled back completely"]);
    assert_eq!(world.state()["npm"]["packages"]["web"]["deprecated"], serde_json::json!({}));
    world.does("std.npm", &["npm.publish()"]);
    world.fails("std.npm", "npm.publish()", &["cannot publish over the previously published versions", "npm whoami"]);
    world.fault("npm", "signed off");
    world.fails("std.npm", "npm.publish()", &["sign on: npm login"]);
    world.uninstall("npm");
    world.fails("std.npm", "npm.publish()", &["install npm"]);
}

#[test]
fn a_database_goes_back_to_its_revision() {
    let world = World::new();
    let done = world
        .undoes("std.alembic", &["let before = alembic.upgrade(runner: [\"uv\", \"run\"])\nassert before == \"c3d4\""]);
    assert_eq!(done["alembic"]["current"], "e5f6");
    world.does("std.alembic", &["alembic.downgrade(\"base\")"]);
    let done = world.undoes("std.alembic", &["alembic.upgrade(\"a1b2\", runner: [\"poetry\", \"run\"])"]);
    assert_eq!(done["alembic"]["current"], "a1b2");
    assert_eq!(world.state()["alembic"]["current"], "base");
    world.fails("std.alembic", "alembic.upgrade(\"zzzz\")", &["Can't locate revision identified by 'zzzz'"]);
    world.uninstall("alembic");
    world.fails("std.alembic", "alembic.current()", &["is not installed, or not on PATH"]);
}

#[test]
fn what_waits_is_known_before_it_is_applied() {
    let world = World::new();
    let step = "let applied = prisma.deploy()\nassert applied == [\"20260119_orders\", \"20260120_index\"]\n\
                assert prisma.pending() == []";
    world.does("std.prisma", &[step]);
    world.fault("npx", "fails");
    world.fails("std.prisma", "prisma.deploy()", &["prisma migrate status: error: it failed"]);
}

#[test]
fn certificates_are_read() {
    let world = World::new();
    world.certificate();
    let steps = [
        "let end = openssl.expires(\"certs/web.pem\")\nassert end > now() + 89d\nassert end < now() + 91d",
        "assert openssl.fits(\"certs/web.pem\", key: \"certs/web.key\")",
        "assert not openssl.fits(\"certs/web.pem\", key: \"certs/other.key\")",
        "assert openssl.is_signed_by(\"certs/web.pem\", \"certs/web.pem\")",
        "assert not openssl.is_signed_by(\"certs/web.pem\", \"certs/other.pem\")",
        "let secret key = openssl.random_hex(16)\nassert public(key).len == 32\nnote \"made ${key}\"",
    ];
    world.does("std.openssl", &steps).tells("made •••");
    world.fails("std.openssl", "openssl.expires(\"certs/no.pem\")", &["certs/no.pem"]);
}

#[test]
fn units_are_as_before() {
    let world = World::new();
    let done =
        world.undoes("std.systemd", &["systemd.start(\"worker\")", "systemd.stop(\"app\")", "systemd.start(\"app\")"]);
    assert_eq!(done["systemd"], serde_json::json!({ "app": "active", "worker": "active" }));
    world.fails("std.systemd", "systemd.start(\"wroker\")", &["Unit wroker.service not found"]);
}
