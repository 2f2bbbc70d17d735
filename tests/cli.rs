//! The command line as a person meets it: arguments, exit codes, help.

#![allow(clippy::unwrap_used)]

#[path = "world/desk.rs"]
mod desk;

use desk::Desk;

const GREETING: &str = r#"
runbook "Greet" {
    owner = "@me"
}

## Who is greeted.
param who: string matching "[a-z]+"

env staging {
    file = "staging.txt"
}
env prod extends staging {
    file      = "prod.txt"
    protected = true
}

phase "Greet" {
    step "Write it down" {
        $ echo ${who} > ${env.file}
    } undo {
        $ rm -f ${env.file}
    }
    check "it is there" {
        assert file.exists(env.file)
    }
    confirm "Is it well?"
}
"#;

fn greeting() -> Desk {
    Desk::new().put("greet.rbk", GREETING)
}

#[test]
fn mistakes_in_the_arguments_execute_nothing() {
    let desk = greeting();
    desk.rbk(&["rum", "greet.rbk"]).exits(2);
    desk.rbk(&["run", "nothing.rbk"]).exits(2).err("nothing.rbk cannot be read");
    desk.rbk(&["run", "greet.rbk", "-e", "staging", "-p", "who"]).exits(2).err("name=value");
    desk.rbk(&["run", "greet.rbk", "-e", "staging"]).exits(2).err("parameter `who` is missing").err("-p who=…");
    desk.rbk(&["run", "greet.rbk", "-p", "who=x"]).exits(2).err("--env staging | --env prod");
    desk.rbk(&["run", "greet.rbk", "-e", "stagin", "-p", "who=x"]).exits(2).err("did you mean `staging`?");
    desk.rbk(&["run", "greet.rbk", "-e", "staging", "-p", "who=X1"]).exits(2).err("does not match");
    desk.rbk(&["run", "greet.rbk", "-e", "staging", "-p", "wo=x"]).exits(2).err("did you mean `who`?");
    desk.rbk(&["run", "greet.rbk", "--from", "Write it don"]).exits(2).err("did you mean 'Write it down'?");
    desk.rbk(&["run", "greet.rbk", "--approve", "Greet"]).exits(2).err("asks for no approval");
    assert!(!desk.path().join("staging.txt").exists());
}

#[test]
fn a_mistake_in_the_source_is_drawn_and_counted() {
    let desk = Desk::new().put("bad.rbk", "step \"x\" {\n    note \"${nme}\"\n}\n");
    let said = desk.rbk(&["run", "bad.rbk"]);
    said.exits(2).err("bad.rbk:2:").err("1 error · nothing was executed · rbk explain RBK0101 tells more");
    desk.rbk(&["plan", "bad.rbk"]).exits(2);
    desk.rbk(&["check", "bad.rbk"]).exits(2);
}

#[test]
fn a_run_from_flags_and_variables_and_files() {
    let desk = greeting();
    let said = desk.rbk(&["run", "greet.rbk", "-e", "staging", "-p", "who=ann", "--yes"]);
    said.exits(0).err("✓ Done: Greet").err("3 steps");
    assert_eq!(said.out, "", "standard output is for data");
    assert_eq!(std::fs::read_to_string(desk.path().join("staging.txt")).unwrap(), "ann\n");

    let variables = [("RBK_ENV", "staging"), ("RBK_PARAM_who", "bob")];
    desk.rbk_with(&["run", "greet.rbk", "--answer", "Is it well?=yes"], &variables).exits(0);
    assert_eq!(std::fs::read_to_string(desk.path().join("staging.txt")).unwrap(), "bob\n");

    let desk = desk.put("params.json", "{ \"who\": \"eve\" }");
    desk.rbk(&["run", "greet.rbk", "-e", "staging", "--param-file", "params.json", "-y"]).exits(0);
    assert_eq!(std::fs::read_to_string(desk.path().join("staging.txt")).unwrap(), "eve\n");
}

#[test]
fn a_question_without_a_terminal_pauses() {
    let desk = greeting();
    let said = desk.rbk(&["run", "greet.rbk", "-e", "staging", "-p", "who=ann"]);
    said.exits(5).err("nobody is here to answer: Is it well?").err("--answer 'Is it well?=yes'");
    said.err("still armed  · rm -f ").err("rbk check greet.rbk -e staging -p who=ann");
    // `--yes` is for what is ordinary: a protected environment wants its name typed.
    desk.rbk(&["run", "greet.rbk", "-e", "prod", "-p", "who=ann", "--yes"]).exits(5).err("run \"Greet\"");
    assert!(!desk.path().join("prod.txt").exists());
    let named = ["run", "greet.rbk", "-e", "prod", "-p", "who=ann", "--yes", "--answer", "run \"Greet\"=prod"];
    desk.rbk(&named).exits(0);
}

#[test]
fn a_refusal_can_take_the_run_back() {
    let desk = greeting();
    let no =
        ["run", "greet.rbk", "-e", "staging", "-p", "who=ann", "--answer", "Is it well?=no", "--on-fail", "rollback"];
    desk.rbk(&no).exits(3).err("Failed, and rolled back completely").err("taken back   ✓ Greet / Write it down");
    assert!(!desk.path().join("staging.txt").exists());
    desk.rbk(&no[..no.len() - 2]).exits(1).err("stopped where it stood");
}

#[test]
fn events_for_programs_are_on_standard_output() {
    let desk = greeting();
    let args = ["run", "greet.rbk", "-e", "staging", "-p", "who=ann", "-y", "--progress", "json"];
    let said = desk.rbk(&args);
    said.exits(0);
    let lines: Vec<serde_json::Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.first().unwrap()["schema"], "rbk.run/1");
    assert_eq!(lines.last().unwrap()["event"], "run_ended");
    assert_eq!(lines.last().unwrap()["status"], "succeeded");
    assert_eq!(said.err, "");
}

#[test]
fn a_plan_executes_nothing() {
    let desk = greeting();
    let said = desk.rbk(&["plan", "greet.rbk", "-e", "staging", "-p", "who=ann"]);
    said.exits(0)
        .out("    changes  $ echo ann > 'staging.txt'")
        .out("undo: rm -f staging.txt")
        .out("1 change, 0 destroys");
    assert!(!desk.path().join("staging.txt").exists());
    desk.rbk(&["plan", "greet.rbk", "-e", "staging", "-p", "who=ann", "--detailed-exitcode"]).exits(8);
}

#[test]
fn only_checks() {
    let desk = greeting();
    desk.rbk(&["check", "greet.rbk", "-e", "staging", "-p", "who=ann"]).exits(1).err("Not all checks passed");
    let desk = desk.put("staging.txt", "");
    desk.rbk(&["check", "greet.rbk", "-e", "staging", "-p", "who=ann"]).exits(0).err("All checks passed: Greet");
}

#[test]
fn tools_and_windows_come_before_everything() {
    let needs = "runbook \"x\" {\n    needs = [\"no-such-tool\"]\n}\nphase \"a\" {\n    note \"b\"\n}\n";
    let closed =
        "runbook \"x\" {\n    window = \"Mon 10:00-10:01 Europe/London\"\n}\nphase \"a\" {\n    note \"b\"\n}\n";
    let desk = Desk::new().put("needs.rbk", needs).put("closed.rbk", closed);
    desk.rbk(&["run", "needs.rbk"]).exits(2).err("`no-such-tool` is needed");
    let said = desk.rbk(&["run", "closed.rbk"]);
    assert!(said.code == 0 || said.err.contains("it opens Mon"), "{}", said.err);
    desk.rbk(&["run", "closed.rbk", "--answer", "window=open"]).exits(0);
}

#[test]
fn codes_are_explained() {
    let desk = Desk::new();
    desk.rbk(&["explain", "rbk0404"])
        .exits(0)
        .out("A monitor or guard saw its bad sign")
        .out("    monitor \"login works\"");
    desk.rbk(&["explain", "tripped"]).exits(0).out("RBK0404");
    desk.rbk(&["explain", "triped"]).exits(2).err("did you mean `tripped`?");
    desk.rbk(&["explain"]).exits(0).out("RBK0001").out("RBK0411");
}

#[test]
fn everything_has_help() {
    let desk = greeting();
    desk.rbk(&["doc"]).exits(0).out("http.get").out("systemd.start").out("on_fail");
    desk.rbk(&["doc", "net.port_open"]).exits(0).out("timeout: duration  default 3s.");
    desk.rbk(&["doc", "step"]).exits(0).out("} undo {");
    desk.rbk(&["doc", "std.systemd"]).exits(0).out("systemd.restart(unit: string) changes");
    desk.rbk(&["doc", "listens"]).exits(2).err("there is nothing called `listens`");
    desk.rbk(&["doc", "tcp"]).exits(0).out("net.port_open");
    desk.rbk(&["doc", "http.gte"]).exits(2).err("did you mean `http.get`?");
    let own = desk.rbk(&["doc", "greet.rbk"]);
    own.exits(0)
        .out("Greet\n  owner     @me\n")
        .out("who: string  required  matching \"[a-z]+\"\n      Who is greeted.");
    own.out("prod  protected").out("step Write it down  [changes]").out("rbk plan greet.rbk -e staging -p who=…");
}

#[test]
fn shells_complete() {
    let desk = Desk::new();
    desk.rbk(&["completions", "bash"]).exits(0).out("complete -F _rbk");
    desk.rbk(&["completions", "fish"]).exits(0).out("detailed-exitcode");
}

#[test]
fn the_step_that_is_suggested_can_be_begun_with() {
    let desk = Desk::new().put(
        "book.rbk",
        r#"
let suffix = "b"
phase "Send ${suffix}" {
    step "Note" irreversible "no" {
        let revision = $ echo rev-1
    }
    for share in [10%, 50%, 100%] {
        step "Send ${share} to ${revision}" irreversible "no" {
            for n in [1, 2] {
                $ sh -c 'echo "$0" >> log; test -e fixed || test "$0" != 50%-2' ${share}-${n}
            }
        }
    }
}
"#,
    );
    let said = desk.rbk(&["run", "book.rbk"]);
    said.exits(1);
    assert!(said.err.contains("rbk resume "), "{}", said.err);
    let name = "Send b/[50%]/Send 50% to rev-1";
    std::fs::write(desk.path().join("fixed"), "").unwrap();
    // What the skipped step would have bound is not known then: the title is found all the same.
    for name in [name, "Send 50% to rev-1", "send b/send 50% to rev-9"] {
        std::fs::write(desk.path().join("log"), "").unwrap();
        desk.rbk(&["run", "book.rbk", "--from", name]).exits(0);
        let log = std::fs::read_to_string(desk.path().join("log")).unwrap();
        assert_eq!(log.lines().collect::<Vec<_>>(), ["50%-1", "50%-2", "100%-1", "100%-2"], "{name}");
    }
    // As it is written it means every iteration.
    std::fs::write(desk.path().join("log"), "").unwrap();
    desk.rbk(&["run", "book.rbk", "--only", "Send ${share} to ${revision}"]).exits(0);
    assert_eq!(std::fs::read_to_string(desk.path().join("log")).unwrap().lines().count(), 6);
    // One that never comes up is no success.
    desk.rbk(&["run", "book.rbk", "--from", "Send 70% to rev-1"]).exits(1).err("nothing was run");
    desk.rbk(&["run", "book.rbk", "--from", "Sand 50%"]).exits(2).err("there is no step or phase");
}
