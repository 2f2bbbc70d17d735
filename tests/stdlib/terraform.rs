//! `std.terraform`: with the double here, and with Terraform itself where that is installed.

use std::process::Command;

use crate::world::World;

const APPLIED: &str = "let plan = terraform.plan(dir: \"infra\", vars: { stage: \"staging\" })\n\
                       note \"${plan.add}/${plan.change}/${plan.destroy}\"\n\
                       terraform.apply(plan.file, dir: \"infra\")";

#[test]
fn a_plan_counts_and_is_what_is_applied() {
    let world = World::new();
    let ran = world.does("std.terraform", &["terraform.init(dir: \"infra\")", APPLIED]);
    ran.tells("note: 2/0/0");
    counts(&world);
}

/// After two resources were added: one changes, one goes, nothing changes.
fn counts(world: &World) {
    world.does(
        "std.terraform",
        &["assert terraform.output(\"url\", dir: \"infra\") == \"https://staging.shop.example\""],
    );
    let changed = "let plan = terraform.plan(dir: \"infra\", vars: { stage: \"prod\" })\n\
                   assert plan.change == 1\nassert plan.add == 0\nassert plan.changes[0].address == \"terraform_data.web\"";
    world.does("std.terraform", &[changed]);
    let gone = "let plan = terraform.plan(dir: \"infra\", vars: { stage: \"staging\" }, destroy: true)\n\
                assert plan.destroy == 2";
    world.does("std.terraform", &[gone]);
    let same = "let plan = terraform.plan(dir: \"infra\", vars: { stage: \"staging\" })\nassert not plan.changed";
    world.does("std.terraform", &[same]);
}

#[test]
fn the_workspace_before_is_selected_again() {
    let world = World::new();
    let done = world.undoes("std.terraform", &["terraform.select_workspace(\"staging\", dir: \"infra\")"]);
    assert_eq!(done["terraform"]["workspace"], "staging");
    let done = world.undoes("std.terraform", &["terraform.new_workspace(\"preview\", dir: \"infra\")"]);
    assert_eq!(done["terraform"]["workspace"], "preview");
    let taken = "terraform.new_workspace(\"staging\", dir: \"infra\")";
    world.fails("std.terraform", taken, &["a rollback must not delete that one", "rolled back completely"]);
}

#[test]
fn what_goes_wrong_is_said_with_what_to_do() {
    let world = World::new();
    let plan = "terraform.plan(dir: \"infra\")";
    world.fails("std.terraform", plan, &["Inconsistent dependency lock file", "terraform.init()"]);
    world.fails("std.terraform", "terraform.plan(dir: \"infar\")", &["no such file or directory"]);
    world.does("std.terraform", &["terraform.init(dir: \"infra\")", APPLIED]);
    world.fails(
        "std.terraform",
        "terraform.apply(\"rbk.tfplan\", dir: \"infra\")",
        &["Saved plan is stale", "plan again"],
    );
    world.fault("terraform*show*", "garbage");
    world.fails("std.terraform", plan, &["is not JSON"]);
    world.fault("terraform", "signed off");
    world.fails("std.terraform", plan, &["sign on to the cloud"]);
    world.uninstall("terraform");
    world.fails("std.terraform", plan, &["install terraform"]);
}

/// The double says what the real one says.
#[test]
fn terraform_itself_agrees() {
    let found = Command::new("sh").args(["-c", "command -v terraform"]).output().unwrap();
    if !found.status.success() {
        eprintln!("skipped: there is no terraform here");
        return;
    }
    let world = World::new();
    world.install("terraform", String::from_utf8_lossy(&found.stdout).trim());
    let configuration = r#"
        variable "stage" { default = "none" }
        resource "terraform_data" "web" { input = "web-${var.stage}" }
        resource "terraform_data" "db" { input = "db" }
        output "url" { value = "https://${var.stage}.shop.example" }
    "#;
    std::fs::remove_file(world.path().join("infra/main.tf.json")).unwrap();
    std::fs::write(world.path().join("infra/main.tf"), configuration).unwrap();
    let ran =
        world.does("std.terraform", &["terraform.init(dir: \"infra\")", "terraform.validate(dir: \"infra\")", APPLIED]);
    ran.tells("note: 2/0/0");
    counts(&world);
    let spaces = "terraform.new_workspace(\"preview\", dir: \"infra\")\nassert terraform.workspace(dir: \"infra\") == \"preview\"\nfail \"on purpose\"";
    world.fails("std.terraform", spaces, &["rolled back completely"]);
    world.does("std.terraform", &["assert terraform.workspace(dir: \"infra\") == \"default\""]);
}
