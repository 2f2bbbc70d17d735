//! `std.aws.*`, with the aws command itself against moto's server. Where either is missing this says so, and is skipped.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::library::{examples_in, module_names};
use crate::moto::Aws;
use crate::world::World;

/// Every example of every module in one run that fails at its end. What can be taken back is; the rest is told.
#[test]
fn every_example_runs_and_is_undone() {
    let Some(aws) = Aws::new() else { return };
    let mut world = World::new();
    aws.install(&world.path().join("bin"));
    for (name, value) in aws.vars() {
        world.set_var(name, &value);
    }
    let before = aws.state();
    let modules: Vec<&str> = module_names().into_iter().filter(|module| module.starts_with("std.aws.")).collect();
    let uses: String = modules.iter().map(|module| format!("use {module}\n")).collect();
    // One branch for each module: they have nothing to do with each other, and the command takes its time.
    let branches: String =
        modules.iter().map(|module| format!("phase \"{module}\" {{\n{}}}\n", examples_in(module, ""))).collect();
    let zone = before["zone"].as_str().unwrap();
    let look = format!("check \"look\" {{\n    note http.get(\"http://127.0.0.1:{}/\").body\n}}\n", aws.teller());
    let text = format!(
        "{uses}phase \"All\" {{\nparallel {{\n{}}}\n{look}step \"fail\" {{\n    fail \"on purpose\"\n}}\n}} on_fail rollback\n",
        branches.replace("\"Z1\"", &format!("\"{zone}\""))
    );
    let ran = world.run(&text);
    // Snapshots, uploads and versions stay: so a person must look.
    assert_eq!(ran.code, 4, "{}", ran.text);
    ran.tells("on purpose");
    let (_, told) =
        ran.text.lines().find_map(|line| line.split_once("note: {")).unwrap_or_else(|| panic!("{}", ran.text));
    let done: Value = serde_json::from_str(&format!("{{{told}")).unwrap();
    assert_eq!(done["parameter"], "false", "{done}");
    assert_eq!(done["secret"], "a new key", "{done}");
    assert_eq!(done["names"]["web.shop.example."], json!([60, ["203.0.113.9"]]), "{done}");
    assert_eq!(done["alias"], json!(["1", { "2": 0.1 }]), "{done}");
    assert_eq!(done["class"], "db.t3.large", "{done}");
    assert_ne!(done["service"], before["service"], "{done}");
    assert_ne!(done["group"], before["group"], "{done}");
    assert_eq!(aws.state(), before, "{}", ran.text);
}

#[test]
fn who_is_not_signed_on_is_told_what_to_do() {
    let world = World::new();
    let text = "#!/bin/bash\necho 'Unable to locate credentials. You can configure credentials by running \"aws configure\".' >&2\nexit 253\n";
    let command = world.path().join("bin/aws");
    std::fs::write(&command, text).unwrap();
    std::fs::set_permissions(&command, std::fs::Permissions::from_mode(0o755)).unwrap();
    world.fails("std.aws.ssm", "ssm.set(\"/a\", \"b\")", &["Unable to locate credentials", "aws sso login"]);
    std::fs::write(&command, "#!/bin/bash\necho '<html>'\n").unwrap();
    world.fails("std.aws.ssm", "ssm.set(\"/a\", \"b\")", &["is not JSON"]);
    std::fs::remove_file(&command).unwrap();
    world.fails("std.aws.ssm", "ssm.set(\"/a\", \"b\")", &["install aws"]);
}
