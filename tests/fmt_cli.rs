//! `rbk fmt` as a person, an editor and a build server meet it: what it writes, what it leaves, exit codes.

#![allow(clippy::unwrap_used)]

#[path = "world/desk.rs"]
mod desk;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use desk::Desk;

const UGLY: &str = "step   'a'  {\n  note \"b\"   # why\n}\n";
const NICE: &str = "step 'a' {\n    note \"b\"   # why\n}\n";

/// Good, then a step whose head is wrong, then good again.
const BROKEN: &str = "step   'a'  {\n  note \"b\"\n}\nstep 'bad' timout  5m {\n       note   'as it was'\n  }\nstep   'c'  {\n  note \"d\"\n}\n";
const AROUND: &str = "step 'a' {\n    note \"b\"\n}\nstep 'bad' timout  5m {\n       note   'as it was'\n  }\nstep 'c' {\n    note \"d\"\n}\n";

fn desk() -> Desk {
    Desk::new().put("ops/ugly.rbk", UGLY).put("nice.rbk", NICE).put("ops/notes.md", UGLY).put(".hidden/ugly.rbk", UGLY)
}

#[test]
fn files_and_folders_are_written() {
    let desk = desk();
    desk.rbk(&["fmt"]).exits(0).err("formatted ops/ugly.rbk\n").err("1 file formatted, 1 already");
    assert_eq!(desk.text("ops/ugly.rbk"), NICE);
    assert_eq!((desk.text("ops/notes.md"), desk.text(".hidden/ugly.rbk")), (UGLY.to_owned(), UGLY.to_owned()));
    let again = desk.rbk(&["fmt", "ops", "nice.rbk"]);
    again.exits(0).err("2 files formatted already");
    assert_eq!(again.out, "", "standard output is for data");
    // What is named is meant.
    desk.rbk(&["fmt", "ops/notes.md"]).exits(0).err("1 file formatted");
    assert_eq!(desk.text("ops/notes.md"), NICE);
}

#[test]
fn the_file_stays_the_one_it_was() {
    let desk = Desk::new().put("real.rbk", UGLY);
    let (real, link) = (desk.path().join("real.rbk"), desk.path().join("link.rbk"));
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.rbk", &link).unwrap();
    desk.rbk(&["fmt", "link.rbk"]).exits(0);
    assert!(link.is_symlink());
    assert_eq!(desk.text("real.rbk"), NICE);
    assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    // One that is in the layout is not touched at all.
    let written = real.metadata().unwrap().modified().unwrap();
    desk.rbk(&["fmt", "real.rbk"]).exits(0);
    assert_eq!(real.metadata().unwrap().modified().unwrap(), written);
}

#[test]
fn check_names_what_is_not_formatted_and_writes_nothing() {
    let desk = desk();
    let said = desk.rbk(&["fmt", "--check"]);
    said.exits(1).err("1 file not formatted, 1 formatted");
    assert_eq!(said.out, "ops/ugly.rbk\n");
    assert_eq!(desk.text("ops/ugly.rbk"), UGLY);
    let said = desk.rbk(&["fmt", "--check", "nice.rbk"]);
    said.exits(0).err("1 file formatted already");
    assert_eq!(said.out, "");
}

#[test]
fn diff_shows_what_would_change_and_writes_nothing() {
    let desk = desk();
    let said = desk.rbk(&["fmt", "--diff"]);
    said.exits(1).err("1 file not formatted, 1 formatted");
    assert_eq!(
        said.out,
        "--- ops/ugly.rbk\n+++ ops/ugly.rbk\n@@ -1,3 +1,3 @@\n-step   'a'  {\n-  note \"b\"   # why\n\
         +step 'a' {\n+    note \"b\"   # why\n }\n"
    );
    assert_eq!(desk.text("ops/ugly.rbk"), UGLY);
    let said = desk.rbk(&["fmt", "--diff", "nice.rbk"]);
    assert_eq!(said.exits(0).out, "");
    // What it shows is a patch.
    let patch = desk.rbk(&["fmt", "--diff", "ops"]).out;
    let desk = desk.put("fmt.patch", patch);
    let applied = Command::new("git").args(["apply", "-p0", "fmt.patch"]).current_dir(desk.path()).status().unwrap();
    assert!(applied.success());
    assert_eq!(desk.text("ops/ugly.rbk"), NICE);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let desk = desk();
    let said = desk.rbk_fed(&["fmt", "-"], UGLY);
    said.exits(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), (NICE, ""));
    assert_eq!(desk.rbk_fed(&["fmt", "-"], "").exits(0).out, "");
    // Its line ends are mended, and a mark that some editors write at the beginning is taken off.
    assert_eq!(desk.rbk_fed(&["fmt", "-"], format!("\u{feff}{}", UGLY.replace('\n', "\r\n"))).exits(0).out, NICE);
    let said = desk.rbk_fed(&["fmt", "--check", "-"], UGLY);
    said.exits(1).err("standard input is not formatted");
    assert_eq!(said.out, "");
    assert_eq!(desk.rbk_fed(&["fmt", "--check", "-"], NICE).exits(0).err, "");
    desk.rbk_fed(&["fmt", "--diff", "-"], UGLY).exits(1).out("-step   'a'  {\n");
    desk.rbk_fed(&["fmt", "-", "nice.rbk"], UGLY).exits(2).err("nothing else can be given with it");
}

#[test]
fn of_a_broken_file_the_good_parts_are_formatted() {
    let desk = Desk::new().put("broken.rbk", BROKEN).put("nice.rbk", NICE);
    let said = desk.rbk(&["fmt"]);
    said.exits(2)
        .err("broken.rbk:4:12")
        .err("did you mean `timeout`?")
        .err("1 has errors: those parts are left as they are");
    assert_eq!(desk.text("broken.rbk"), AROUND);
    desk.rbk(&["fmt", "--check"]).exits(2).err("2 files formatted already · 1 has errors");
    let said = desk.rbk_fed(&["fmt", "-"], BROKEN);
    said.exits(2).err("standard input:4:12").err("it has errors: those parts are left as they are");
    assert_eq!(said.out, AROUND);
    // Of a text that is no runbook at all nothing is lost.
    let prose = "Dear all,\n\n   the runbook   is attached.\n";
    assert_eq!(desk.rbk_fed(&["fmt", "-"], prose).exits(2).out, prose);
}

#[test]
fn what_cannot_be_read_keeps_nobody_else_back() {
    let desk = desk().put("latin.rbk", b"note \"caf\xe9\"\n");
    desk.rbk(&["fmt"]).exits(2).err("latin.rbk is not UTF-8 (byte 9)").err("1 file formatted, 1 already");
    assert_eq!(desk.text("ops/ugly.rbk"), NICE);
    assert_eq!(std::fs::read(desk.path().join("latin.rbk")).unwrap(), b"note \"caf\xe9\"\n");
    desk.rbk(&["fmt", "nothing.rbk"]).exits(2).err("nothing.rbk cannot be read: No such file");
    desk.rbk(&["fmt", "--chek"]).exits(2).err("--check");
    Desk::new().rbk(&["fmt"]).exits(2).err("there is no runbook (*.rbk) in .");
}

#[test]
fn what_cannot_be_written_stays_whole() {
    let desk = desk();
    // No file may have a byte: that stops root too.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" fmt ops";
    let output =
        Command::new("bash").args(["-c", script, env!("CARGO_BIN_EXE_rbk")]).current_dir(desk.path()).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("ops/ugly.rbk cannot be written: File too large"), "{err}");
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert_eq!(desk.text("ops/ugly.rbk"), UGLY);
    assert_eq!(std::fs::read_dir(desk.path().join("ops")).unwrap().count(), 2, "something was left behind");
}
