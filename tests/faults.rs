//! The whole program under fault: real signals, real deadlines, real processes that will not go.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use world::{alive, marker};

/// A runbook in a folder of its own, and `rbk run` on it.
struct Run {
    dir: TempDir,
    marker: String,
    child: Child,
}

/// How it ended.
struct Ended {
    code: Option<i32>,
    told: String,
    /// Lines that the steps wrote, in order.
    log: Vec<String>,
    took: Duration,
}

impl Run {
    /// `MARK` in the text becomes a word that only processes of this run have in their command line.
    fn start(runbook: &str) -> Self {
        Self::start_with(runbook, &[], Stdio::null())
    }

    fn start_with(runbook: &str, arguments: &[&str], stdout: Stdio) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let marker = marker();
        fs::write(dir.path().join("run.rbk"), runbook.replace("MARK", &marker)).unwrap();
        let told = fs::File::create(dir.path().join("told")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_rbk"))
            .env("XDG_STATE_HOME", dir.path().join("state"))
            .args(["run", "run.rbk"])
            .args(arguments)
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(told)
            .spawn()
            .unwrap();
        Self { dir, marker, child }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Waits until a step has made this file.
    fn until(&self, name: &str) {
        let begun = Instant::now();
        while !self.path(name).exists() {
            assert!(begun.elapsed() < Duration::from_secs(20), "no {name}: {}", self.told());
            std::thread::sleep(Duration::from_millis(10));
        }
        // The shell that made it goes on to what it does next.
        std::thread::sleep(Duration::from_millis(100));
    }

    /// Waits until rbk has said this.
    fn until_told(&self, words: &str) {
        let begun = Instant::now();
        while !self.told().contains(words) {
            assert!(begun.elapsed() < Duration::from_secs(20), "not told {words}: {}", self.told());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn told(&self) -> String {
        fs::read_to_string(self.path("told")).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; nothing of any step may be alive then.
    fn end(mut self) -> Ended {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not end: {}", self.told());
            std::thread::sleep(Duration::from_millis(5));
        };
        let took = begun.elapsed();
        assert_eq!(status.signal(), None, "{}", self.told());
        assert_eq!(alive(&self.marker), Vec::<String>::new(), "{}", self.told());
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        Ended { code: status.code(), told: self.told(), log: log.lines().map(str::to_owned).collect(), took }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    fn is(&self, code: i32, log: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.told);
        assert_eq!(self.log, log, "{}", self.told);
        self
    }

    fn says(&self, words: &str) -> &Self {
        assert!(self.told.contains(words), "not told {words:?}:\n{}", self.told);
        self
    }
}

/// Two steps, the second of which takes its time, in several processes.
fn two_steps(header: &str, slow: &str, policy: &str) -> String {
    format!(
        r#"runbook "Two steps" {{
    {header}
}}
phase "Work" {policy}
    step "First" {{
        $ echo first >> log
    }} undo {{
        $ echo undo first >> log
    }}
    step "Second" {{
        $ {slow}
    }} undo {{
        $ echo undo second >> log
    }}
}}"#
    )
}

const SLOW: &str = "touch begun; : MARK; (: MARK; sleep 60; :) & setsid sh -c ': MARK; sleep 60; :' & sleep 60; :";
const STUBBORN: &str = "trap '' TERM INT; touch begun; while :; do sh -c ': MARK; sleep 0.1; :'; done";

#[test]
fn an_interrupted_run_tells_what_is_armed() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let run = Run::start(&two_steps("", SLOW, "{"));
        run.until("begun");
        run.signal(signal);
        let ended = run.end();
        ended
            .is(1, &["first"])
            .says("still armed")
            .says("echo undo second >> log")
            .says("echo undo first >> log")
            .says("in doubt")
            .says("    # takes back what is still armed");
        assert!(ended.took < Duration::from_secs(3), "{:?}", ended.took);
    }
}

#[test]
fn an_interrupted_run_can_take_itself_back() {
    for signal in [Signal::INT, Signal::TERM] {
        let run = Run::start(&two_steps("on_interrupt = \"rollback\"", SLOW, "{"));
        run.until("begun");
        run.signal(signal);
        run.end().is(3, &["first", "undo second", "undo first"]).says("rolled back completely");
    }
}

#[test]
fn a_deadline_is_rolled_back_under_a_clock_of_its_own() {
    let book = two_steps("", SLOW, "timeout 1s {") + " on_fail rollback";
    let ended = Run::start(&book).end();
    ended.is(3, &["first", "undo second", "undo first"]).says("1s");
    // A deadline of the step, within one of the phase that is longer.
    let slow_undo = book
        .replace("timeout 1s {", "timeout 20s {")
        .replace("step \"Second\" {", "step \"Second\" timeout 500ms {")
        .replace("echo undo second", "sleep 1; echo undo second");
    Run::start(&slow_undo).end().is(3, &["first", "undo second", "undo first"]);
}

#[test]
fn a_failing_compensation_is_left_in_words_and_commands() {
    let book = two_steps("", "echo second >> log; exit 7", "{") + " on_fail rollback";
    let book = book.replace("$ echo undo second >> log", "$ rbk-no-such-tool --back two");
    let ended = Run::start(&book).end();
    ended.is(4, &["first", "second", "undo first"]).says("rbk-no-such-tool --back two").says("exited with 7");
}

#[test]
fn a_hanging_compensation_is_ended_by_its_deadline_and_the_rest_runs() {
    let book = two_steps("", "false", "{") + " on_fail rollback";
    let book = book
        .replace("} undo {\n        $ echo undo second >> log", "} undo timeout 1s {\n        $ sleep 60 | cat # MARK");
    let run = Run::start(&book);
    let ended = run.end();
    ended.is(4, &["first", "undo first"]).says("sleep 60");
    assert!(ended.took < Duration::from_secs(8), "{:?}", ended.took);
}

#[test]
fn twice_ends_at_once_though_a_process_ignores_it() {
    for signal in [Signal::INT, Signal::TERM] {
        let run = Run::start(&two_steps("", STUBBORN, "{"));
        run.until("begun");
        run.signal(signal);
        run.until_told("stopping");
        run.signal(signal);
        let ended = run.end();
        assert_eq!(ended.code, Some(128 + signal.as_raw()), "{}", ended.told);
        assert!(ended.took < Duration::from_secs(5), "{:?}: {}", ended.took, ended.told);
        assert_eq!(ended.log, ["first"]);
        ended.says("in doubt");
    }
}

#[test]
fn one_that_ignores_a_single_request_is_killed_after_its_grace() {
    let run = Run::start(&two_steps("", STUBBORN, "{"));
    run.until("begun");
    run.signal(Signal::INT);
    let ended = run.end();
    assert!(ended.took > Duration::from_secs(4) && ended.took < Duration::from_secs(8), "{:?}", ended.took);
    ended.is(1, &["first"]).says("in doubt");
}

#[test]
fn a_rollback_goes_on_when_asked_once() {
    let book = two_steps("", "false", "{") + " on_fail rollback";
    let book = book.replace("echo undo second >> log", "touch begun; sleep 1; echo undo second >> log # MARK");
    let run = Run::start(&book);
    run.until("begun");
    run.signal(Signal::INT);
    run.end().is(3, &["first", "undo second", "undo first"]).says("the rollback goes on");
}

#[test]
fn a_rollback_ends_when_asked_twice_and_says_what_is_left() {
    let book = two_steps("", "false", "{") + " on_fail rollback";
    let book = book.replace("echo undo second >> log", "touch begun; : MARK; sleep 60; echo undo second >> log");
    let run = Run::start(&book);
    run.until("begun");
    run.signal(Signal::INT);
    run.until_told("the rollback goes on");
    run.signal(Signal::INT);
    let ended = run.end();
    assert!(ended.took < Duration::from_secs(6), "{:?}", ended.took);
    ended.is(4, &["first"]).says("echo undo first >> log").says("echo undo second >> log");
}

#[test]
fn parallel_branches_are_gone_before_anything_is_taken_back() {
    let book = r#"runbook "Parallel" {
}
phase "Work" {
    for n in [1, 2, 3] parallel 3 {
        step "Branch ${n}" {
            $ touch at-${n}; if [ ${n} = 2 ]; then while [ ! -e at-1 ] || [ ! -e at-3 ]; do sleep 0.05; done; exit 5; fi; exec -a MARK-${n} sleep 60
        } undo {
            $ echo "${n} $(pgrep -fc ^MARK)" >> log || true
        }
    }
} on_fail rollback"#;
    let ended = Run::start(book).end();
    assert_eq!(ended.code, Some(3), "{}", ended.told);
    ended.says("exited with 5");
    let mut log = ended.log.clone();
    log.sort();
    assert_eq!(log, ["1 0", "2 0", "3 0"], "{}", ended.told);
}

#[test]
fn finally_runs_whatever_happens() {
    let book = two_steps("", SLOW, "{") + "\nfinally {\n    $ echo finally >> log\n}";
    let run = Run::start(&book);
    run.until("begun");
    run.signal(Signal::INT);
    run.end().is(1, &["first", "finally"]);
}

#[test]
fn a_background_process_ends_with_its_phase() {
    let book = r#"runbook "Background" {
}
phase "Work" {
    background "proxy" {
        $ trap '' TERM; touch proxy; while :; do (exec -a MARK sleep 0.1); done
    } ready within 10s every 100ms {
        assert file.exists("proxy")
    }
    step "Use it" {
        $ echo used >> log
    }
}
phase "After" {
    step "It is gone" {
        $ pgrep -fc ^MARK >> log || true
    }
}"#;
    Run::start(book).end().is(0, &["used", "0"]);
}

#[test]
fn a_closed_output_does_not_end_a_run() {
    let book = two_steps("", "for i in 1 2 3; do echo $i; sleep 0.1; done; echo second >> log", "{");
    for arguments in [&["--progress", "json"][..], &["--progress", "plain", "--verbose"]] {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        let run = Run::start_with(&book, arguments, Stdio::from(write));
        drop(read);
        run.end().is(0, &["first", "second"]);
    }
    // Both outputs are closed, as when the terminal of `rbk run 2>&1 | head -1` is gone.
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("run.rbk"), &book).unwrap();
    let script = "\"$0\" run run.rbk --verbose 2>&1 | head -1; exit ${PIPESTATUS[0]}";
    let mut command = Command::new("bash");
    command.env("XDG_STATE_HOME", dir.path().join("state"));
    command.args(["-c", script, env!("CARGO_BIN_EXE_rbk")]).current_dir(dir.path()).stdin(Stdio::null());
    let status = command.stdout(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(fs::read_to_string(dir.path().join("log")).unwrap(), "first\nsecond\n");
}

#[test]
fn values_in_here_documents_reach_the_command_as_they_are() {
    let book = r#"runbook "Here" {
}
let nasty = "a'b \"c\" $HOME `x` \\ end"
phase "Work" {
    step "Write" {
        $ """
        cat <<EOF >> log
        ${nasty}
        EOF
        cat >> log <<'EOF'
        $HOME stays
        EOF
        """
    }
}"#;
    Run::start(book).end().is(0, &["a'b \"c\" $HOME `x` \\ end", "$HOME stays"]);
}

/// As in a container that was entered: the session's leader lives outside of what the process can see.
#[test]
fn a_session_led_from_outside_of_the_pid_namespace_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("run.rbk"), two_steps("", "echo second >> log", "{")).unwrap();
    let mut unshare = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        unshare.arg("--map-root-user");
    }
    unshare.args(["--pid", "--fork", "--mount-proc"]).current_dir(dir.path()).stdin(Stdio::null());
    unshare.env("XDG_STATE_HOME", dir.path().join("state"));
    let ended = unshare.args([env!("CARGO_BIN_EXE_rbk"), "run", "run.rbk"]).output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    if told.starts_with("unshare: ") {
        println!("skipped: no namespace of its own can be made here: {told}");
        return;
    }
    assert_eq!(ended.status.code(), Some(0), "{told}");
    assert_eq!(fs::read_to_string(dir.path().join("log")).unwrap(), "first\nsecond\n");
}
