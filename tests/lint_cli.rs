//! `rbk lint` as a person and as a build server meet it: exit codes, formats, fixes, settings.

#![allow(clippy::unwrap_used)]

#[path = "world/desk.rs"]
mod desk;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use desk::{Desk, Said};
use serde_json::Value;

trait Lint {
    fn lint(&self, args: &[&str]) -> Said;
}

impl Lint for Desk {
    /// Without shellcheck, which is not on every machine.
    fn lint(&self, args: &[&str]) -> Said {
        self.rbk(&[&["lint", "--no-shellcheck"], args].concat())
    }
}

const CLEAN: &str = "check \"up\" {\n    assert net.port_open(\"127.0.0.1\", 80)\n}\n";
const DIRTY: &str = "use std.git\n\nstep \"Restart\" {\n    $ systemctl restart shop\n    $ sleep 5\n}\n";

fn desk() -> Desk {
    Desk::new().put("ops/dirty.rbk", DIRTY).put("clean.rbk", CLEAN)
}

#[test]
fn exit_codes_are_those_of_the_interface() {
    let desk = desk().put("broken.rbk", "step \"a\" {\n    note \"${b}\"\n}\n");
    desk.lint(&["clean.rbk"]).exits(0).err("nothing found in 1 file");
    desk.lint(&["ops"]).exits(1).err("3 warnings in 1 file · rbk lint --fix mends 2").err("rbk explain unused-name");
    desk.lint(&["."]).exits(2).err("1 error, 3 warnings in 3 files");
    desk.lint(&["nothing"]).exits(2).err("nothing cannot be read");
    desk.lint(&["--select", "no-way-bak"]).exits(2).err("did you mean `no-way-back`?");
    desk.lint(&["-e", "prod", "clean.rbk"]).exits(2).err("no runbook here has an environment `prod`");
    desk.lint(&["--quiet", "ops"]).exits(1);
    assert_eq!(desk.lint(&["-q", "ops"]).out, "");
    let empty = Desk::new();
    empty.lint(&[]).exits(2).err("there is no runbook (*.rbk) in .");
}

#[test]
fn rules_are_chosen() {
    let desk = desk();
    desk.lint(&["--select", "no-way-back", "ops"]).exits(1).err("1 warning");
    desk.lint(&["--ignore", "RBK03", "ops"]).exits(0);
    desk.lint(&["--ignore", "no-way-back,unused-name", "--ignore", "sleep-in-command", "ops"]).exits(0);
    desk.lint(&["--statistics", "ops"]).exits(1).out("    1  unused-name  (1 with a fix)\n");
}

#[test]
fn settings_of_the_project_hold() {
    let desk =
        desk().put("rbk.toml", "[lint]\nignore = [\"unused-name\"]\n[lint.per-file]\n\"ops/\" = [\"no-way-back\"]\n");
    desk.lint(&["ops"]).exits(1).err("1 warning in 1 file").out("sleep-in-command");
    let desk = desk.put("rbk.toml", "[lint]\nignroe = []\n");
    desk.lint(&["ops"]).exits(2).err("there is no setting `lint.ignroe`").err("did you mean `ignore`?");
    let desk = desk.put("other.toml", "[lint]\nselect = [\"sleep-in-command\"]\n");
    let variables = [("RBK_CONFIG", "other.toml")];
    desk.rbk_with(&["lint", "--no-shellcheck", "ops"], &variables).exits(1).err("1 warning in 1 file");
}

#[test]
fn each_file_has_the_settings_of_its_own_project() {
    let desk = Desk::new()
        .put("a/rbk.toml", "[lint]\nignore = [\"unused-name\"]\n")
        .put("a/one.rbk", DIRTY)
        .put("b/rbk.toml", "[lint]\nselect = [\"sleep-in-command\"]\n")
        .put("b/deep/two.rbk", DIRTY)
        .put("three.rbk", DIRTY);
    let said = desk.lint(&["--format", "concise", "."]);
    said.exits(1).err("6 warnings in 3 files");
    let of = |file: &str| said.out.lines().filter(|line| line.starts_with(file)).count();
    assert_eq!((of("a/one.rbk"), of("b/deep/two.rbk"), of("three.rbk")), (2, 1, 3), "{}", said.out);
    // What is asked on the command line holds for all of them.
    desk.lint(&["--select", "unused-name", "."]).exits(1).err("2 warnings in 3 files");
    desk.lint(&["--fix", "."]).exits(1);
    assert!(desk.text("a/one.rbk").contains("use std.git") && !desk.text("three.rbk").contains("use std.git"));
    let desk = desk.put("b/rbk.toml", "[lint]\nslect = []\n");
    desk.lint(&["."]).exits(2).err("b/rbk.toml:2:1").err("did you mean `select`?");
}

#[test]
fn fixes_are_written_and_keep_the_rest() {
    let desk = desk();
    desk.lint(&["--fix", "ops"]).exits(1).err("1 warning in 1 file · 2 mended");
    assert_eq!(desk.text("ops/dirty.rbk"), "\nstep \"Restart\" {\n    $ systemctl restart shop\n    wait 5s\n}\n");
    // What is not certain waits to be asked for.
    let ssh = "step \"Copy\" irreversible \"it adds a file\" {\n    $ scp a web-1:b || true\n}\n";
    let desk = desk.put("ops/dirty.rbk", ssh);
    desk.lint(&["--fix", "ops"]).exits(1).err("--unsafe-fixes mends 2");
    assert_eq!(desk.text("ops/dirty.rbk"), ssh);
    desk.lint(&["--unsafe-fixes", "ops"]).exits(0).err("2 mended");
    assert!(desk.text("ops/dirty.rbk").contains("step \"Copy\" timeout 10m irreversible"));
    assert!(desk.text("ops/dirty.rbk").contains("    try $ scp a web-1:b\n"));
}

#[test]
fn suppressions_are_written_with_their_reason() {
    let desk = desk();
    desk.lint(&["--add-ignores", " ", "ops"]).exits(2).err("says in one line why");
    desk.lint(&["--add-ignores", "known, OPS-12", "ops"]).exits(0).err("3 suppressions written");
    assert!(desk.text("ops/dirty.rbk").starts_with("# rbk: ignore[unused-name] known, OPS-12\nuse std.git\n"));
    desk.lint(&["ops"]).exits(0);
}

#[test]
fn machines_get_their_formats() {
    let desk = desk();
    let json: Value = serde_json::from_str(&desk.lint(&["--format", "json", "ops"]).exits(1).out).unwrap();
    assert_eq!(json["schema"], "rbk.lint/1");
    assert_eq!(json["findings"][0]["file"], "ops/dirty.rbk");
    assert_eq!(json["findings"].as_array().unwrap().len(), 3);
    desk.lint(&["--format", "github", "ops"]).exits(1).out("::warning file=ops/dirty.rbk,line=1,");
    desk.lint(&["--format", "junit", "."]).exits(1).out("<testcase name=\"lint\" classname=\"clean.rbk\"/>");
    desk.lint(&["--format", "concise", "ops"]).exits(1).out("ops/dirty.rbk:5:7: warning[sleep-in-command] ");
    let sarif: Value = serde_json::from_str(&desk.lint(&["--format", "sarif", "ops"]).exits(1).out).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 3);
}

#[test]
fn what_a_library_has_wrong_is_told_with_who_uses_it() {
    let desk = Desk::new()
        .put("lib.rbk", "fn double(x: int) = y * 2\n")
        .put("a.rbk", "use \"./lib.rbk\" as lib\ncheck \"a\" {\n    assert lib.double(2) == 4\n}\n");
    desk.lint(&["a.rbk"]).exits(2).out("lib.rbk:1:");
    // Linted itself, it is told once.
    let said = desk.lint(&["--format", "concise", "."]);
    said.exits(2);
    assert_eq!(said.out.matches("nothing here is called `y`").count(), 1, "{}", said.out);
}

#[test]
fn nothing_is_executed() {
    let desk = Desk::new().put(
        "a.rbk",
        "secret s from command(\"touch ran\")\nstep \"a\" irreversible \"b\" {\n    $ touch ran\n    with A = s {\n        $ touch ran\n    }\n}\n",
    );
    desk.lint(&["a.rbk"]);
    assert!(!desk.path().join("ran").exists());
}

#[test]
fn a_change_is_linted_again() {
    let desk = desk();
    let mut child = desk
        .command(&["lint", "--no-shellcheck", "--watch", "clean.rbk"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut until = |wanted: &str| lines.find(|line| line.contains(wanted));
    assert!(until("nothing found in 1 file").is_some());
    assert!(until("watching for changes").is_some());
    let desk = desk.put("clean.rbk", DIRTY);
    assert!(until("3 warnings in 1 file").is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    drop(desk);
}

#[test]
fn new_settings_above_the_runbooks_are_seen() {
    let desk = desk().put("rbk.toml", "");
    let mut command = desk.command(&["lint", "--no-shellcheck", "--watch", "ops"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut until = |wanted: &str| lines.find(|line| line.contains(wanted));
    assert!(until("3 warnings in 1 file").is_some());
    assert!(until("watching for changes").is_some());
    let desk = desk.put("rbk.toml", "[lint]\nignore = [\"RBK03\"]\n");
    assert!(until("nothing found in 1 file").is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    drop(desk);
}

#[test]
fn shellcheck_is_asked_where_it_is() {
    if Command::new("shellcheck").arg("--version").output().is_err() {
        return;
    }
    let script = "step \"a\" irreversible \"b\" {\n    $ for f in $(ls *.txt); do ./a \"$f\"; done\n}\n";
    let desk = Desk::new().put("a.rbk", script);
    let said = desk.rbk(&["lint", "--format", "concise", "a.rbk"]);
    said.exits(1);
    assert!(said.out.starts_with("a.rbk:2:16: warning[shellcheck] "), "{}", said.out);
    desk.lint(&["a.rbk"]).exits(0);
    let desk = desk.put("rbk.toml", "[lint]\nshellcheck = false\n");
    desk.rbk(&["lint", "a.rbk"]).exits(0);
}
