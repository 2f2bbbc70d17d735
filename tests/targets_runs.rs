//! Whole runs whose steps run on other machines: many of them, some that do not answer, deadlines, ways back, and
//! an rbk that is killed while a command goes on there.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::time::{Duration, Instant};

use world::book::Book;
use world::sshd::{Sshd, free_port, me};
use world::{alive, marker};

fn book(sshd: &Sshd, text: &str) -> Book {
    let on = format!("on ssh(\"{}@127.0.0.1\", port: {}, options: {})", me(), sshd.port, sshd.options_in_rbk());
    Book::new(text.replace("@here", &on).replace("@options", &sshd.options_in_rbk()).replace("@me", &me()))
}

/// Fifty machines are fifty addresses of the loopback device; two of them do not answer.
const FLEET: &str = r#"
param count: int = 50
param closed: int
param open: int

step "Write the version" timeout 2m irreversible "a test" {
    let hosts = range(1, count + 1).map(n => { name: "127.0.0.${n}", port: if n == 7 or n == 23 { closed } else { open } })
    let done = for host in hosts parallel 20 tolerate SHARE {
        with VERSION = "it's ${host.name}" {
            on ssh("@me@${host.name}", port: host.port, options: @options) {
                on dir("DIR") {
                    $ printf '%s\n' "$VERSION" > ${host.name}
                }
            }
        }
    }
    let failed = done.filter(one => not one.ok)
    note "failed: ${failed.map(one => one.item.name).join(" ")}"
}
"#;

#[test]
fn fifty_machines_of_which_two_do_not_answer() {
    let Some(sshd) = Sshd::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = FLEET.replace("DIR", &folder.path().display().to_string());
    let ports = [format!("closed={}", free_port()), format!("open={}", sshd.port)];
    let run = |share: &str, count: &str| {
        let book = book(&sshd, &text.replace("SHARE", share));
        book.rbk(&["run", "book.rbk", "-p", &ports[0], "-p", &ports[1], "-p", count])
    };
    run("10%", "count=50").is(0).says("failed: 127.0.0.7 127.0.0.23");
    let mut written: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    written.sort();
    let mut wanted: Vec<_> = (1..51).filter(|n| ![7, 23].contains(n)).map(|n| format!("it's 127.0.0.{n}\n")).collect();
    wanted.sort();
    assert_eq!(written, wanted);
    // One may fail, and two do.
    run("1", "count=24").is(1).says("cannot be reached: connect to host 127.0.0.").says("Connection refused");
}

#[test]
fn a_deadline_ends_it_there_and_the_way_back_goes_there() {
    let Some(sshd) = Sshd::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (dir, word) = (folder.path().display().to_string(), marker());
    let text = r#"
param word: string
# The connection stands before the clock runs.
check "it answers" {
    @here {
        $ true
    }
}
step "Slow" timeout 2s {
    @here {
        on dir("DIR") {
            $ echo begun > state
            $ : ${word}; sleep 60
        }
    }
} undo {
    @here {
        on dir("DIR") {
            $ test "$(cat state)" = begun; echo back > state
        }
    }
} on_fail rollback
"#;
    let book = book(&sshd, &text.replace("DIR", &dir));
    let told = book.rbk(&["run", "book.rbk", "-p", &format!("word={word}")]);
    told.is(3).says("was stopped at its timeout").never_says("may still be running");
    assert_eq!(std::fs::read_to_string(folder.path().join("state")).unwrap(), "back\n");
    assert_eq!(alive(&word), [""; 0]);
}

#[test]
fn what_goes_on_there_when_rbk_is_killed_is_waited_for() {
    let Some(sshd) = Sshd::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().display().to_string();
    let text = r#"
step "Slow" {
    @here {
        on dir("DIR") {
            $ touch begun; while ! [ -e go ]; do sleep 0.02; done; echo done >> ledger
        }
    }
} undo {
    note "nothing"
} probe {
    @here {
        on dir("DIR") {
            let there = try $ grep -q done ledger
            assert there.ok
        }
    }
}
"#;
    let book = book(&sshd, &text.replace("DIR", &dir));
    let at = |name: &str| folder.path().join(name);
    let mut run = book.command(&["run", "book.rbk"]).spawn().unwrap();
    let begun = Instant::now();
    while !at("begun").exists() {
        assert!(begun.elapsed() < Duration::from_secs(20) && run.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    // The connection is gone with rbk; the command is not.
    let ours = format!("-p {} ", sshd.port);
    while !alive(&ours).is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let goes_on = std::thread::spawn({
        let go = at("go");
        move || {
            std::thread::sleep(Duration::from_secs(1));
            std::fs::write(go, "").unwrap();
        }
    });
    let told = book.rbk(&["resume", "@latest"]);
    goes_on.join().unwrap();
    told.is(0).says("still running from before: process ").says("it happened (its probe)");
    assert_eq!(std::fs::read_to_string(at("ledger")).unwrap(), "done\n", "and not twice");
}

#[test]
fn a_plan_tells_where_and_connects_to_nothing() {
    let told = Book::new(
        "step \"S\" irreversible \"x\" {\n    on ssh(\"root@no-such-machine.invalid\") {\n        $ true\n    }\n}\n",
    );
    told.rbk(&["plan", "book.rbk"]).is(0).says("on ssh root@no-such-machine.invalid: $ true");
    let told = told.run();
    told.is(1).says("no machine of the name no-such-machine.invalid").says("ssh -G no-such-machine.invalid");
}
