//! Real processes under fault, in both ways of starting: without a shell, and as a shell's script.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rbk::host::real::RealHost;
use rbk::host::{Cancel, Exit, Host, Process, ProcessError, Stream};
use world::{alive, marker, run_local};

/// The same script in both ways: `sh` started as any program, and as the shell of a script.
fn both(script: &str) -> [Process; 2] {
    [false, true].map(|shell| Process {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        shell,
        grace: Duration::from_secs(5),
        ..Process::default()
    })
}

fn program(argv: &[&str]) -> [Process; 2] {
    [false, true].map(|shell| Process {
        argv: argv.iter().map(|&arg| arg.to_owned()).collect(),
        shell,
        grace: Duration::from_secs(5),
        ..Process::default()
    })
}

fn run(process: &Process) -> Result<Exit, ProcessError> {
    run_local(async { RealHost::new().run_process(process, &|_, _| {}, &Cancel::new()).await })
}

fn done(process: &Process) -> Exit {
    run(process).unwrap_or_else(|error| panic!("{process:?}: {error}"))
}

/// Runs and cancels after `after`; tells how long the end took from then.
fn cancelled(process: &Process, after: Duration) -> (Exit, Duration) {
    run_local(async {
        let host = RealHost::new();
        let cancel = Cancel::new();
        let mut asked = Instant::now();
        let ends = async {
            tokio::time::sleep(after).await;
            asked = Instant::now();
            cancel.cancel();
        };
        let (exit, ()) = tokio::join!(host.run_process(process, &|_, _| {}, &cancel), ends);
        (exit.unwrap(), asked.elapsed())
    })
}

/// The children of this process that have ended and were not reaped.
fn zombies() -> Vec<String> {
    let ours = format!("/proc/self/task/{}/children", std::process::id());
    let children = std::fs::read_to_string(ours).unwrap_or_default();
    let stat = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    children.split_whitespace().map(stat).filter(|stat| stat.contains(") Z ")).collect()
}

fn open_fds() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn a_held_output_is_not_waited_for() {
    for process in both("sleep 60 & echo hi") {
        let begun = Instant::now();
        let exit = done(&process);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert_eq!((exit.stdout.as_str(), exit.status, exit.output_held), ("hi\n", 0, true));
    }
    for process in both("(while :; do echo x; done) & echo hi") {
        let begun = Instant::now();
        let exit = done(&process);
        assert!(begun.elapsed() < Duration::from_secs(3), "a writer that never ends: {:?}", begun.elapsed());
        assert!(exit.output_held && exit.stdout.contains("hi\n"));
    }
}

#[test]
fn the_last_words_are_heard() {
    for process in both("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; printf end >&2") {
        for _ in 0..5 {
            let exit = done(&process);
            assert!(exit.stdout.ends_with("line 1999\n") && exit.stderr == "end" && !exit.output_held);
        }
    }
}

#[test]
fn one_that_ignores_term_is_killed_after_its_grace() {
    let mark = marker();
    for process in both(&format!("trap '' TERM; echo {mark}; while :; do sleep 0.1; done")) {
        let process = Process { grace: Duration::from_millis(500), ..process };
        let (exit, took) = cancelled(&process, Duration::from_millis(200));
        assert!(exit.cancelled && exit.status == 137 && exit.survivors == 0, "{exit:?}");
        assert!(took > Duration::from_millis(450) && took < Duration::from_secs(2), "{took:?}");
        assert_eq!(alive(&mark), Vec::<String>::new());
    }
}

#[test]
fn endless_output_does_not_put_off_the_kill() {
    let mark = marker();
    for process in both(&format!("trap '' TERM; : {mark}; while :; do cat /dev/zero | head -c 10000000; done")) {
        let process = Process { grace: Duration::from_millis(300), ..process };
        let (exit, took) = cancelled(&process, Duration::from_millis(300));
        assert!(exit.cancelled && took < Duration::from_secs(2), "{took:?}");
        assert_eq!(alive(&mark), Vec::<String>::new());
    }
}

#[test]
fn one_that_obeys_is_gone_at_once() {
    for process in both("exec sleep 60") {
        let (exit, took) = cancelled(&process, Duration::from_millis(100));
        assert!(exit.cancelled && exit.status == 143, "{exit:?}");
        assert!(took < Duration::from_millis(500), "{took:?}");
    }
}

#[test]
fn what_takes_time_to_end_itself_is_given_it_though_its_leader_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tidy");
    let script = format!(
        "(trap 'sleep 0.5; echo tidy > {}; exit 0' TERM; while :; do sleep 0.05; done) & exec sleep 60",
        file.display()
    );
    for process in both(&script) {
        let _ = std::fs::remove_file(&file);
        let (exit, took) = cancelled(&process, Duration::from_millis(200));
        assert!(exit.cancelled && took > Duration::from_millis(400) && took < Duration::from_secs(3), "{took:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "tidy\n");
    }
}

#[test]
fn the_whole_group_is_ended_though_its_leader_is_gone() {
    let mark = marker();
    // The leader ends while its output is still held; the cancellation falls into that time.
    for process in both(&format!("(trap '' TERM; : {mark}; while :; do sleep 0.1; done) & exit 0")) {
        let process = Process { grace: Duration::from_millis(200), ..process };
        let (exit, _) = cancelled(&process, Duration::from_millis(50));
        assert!(exit.cancelled, "{exit:?}");
        assert_eq!(alive(&mark), Vec::<String>::new());
    }
}

#[test]
fn a_daemon_that_left_its_session_does_not_survive() {
    let mark = marker();
    let daemon = format!(
        "setsid sh -c 'setsid sh -c \"trap : TERM; : {mark}; while :; do sleep 0.1; done\" >/dev/null 2>&1 &' &"
    );
    for process in both(&format!("{daemon} sleep 60")) {
        let process = Process { grace: Duration::from_millis(300), ..process };
        let (exit, took) = cancelled(&process, Duration::from_millis(400));
        assert!(exit.cancelled && exit.survivors == 0 && took < Duration::from_secs(3), "{took:?}");
        assert_eq!(alive(&mark), Vec::<String>::new());
    }
    // One that was not cancelled may go on: starting a service is what some steps are for.
    for process in both(&format!("setsid sh -c ': {mark}; sleep 3; :' >/dev/null 2>&1 &")) {
        assert_eq!(done(&process).status, 0);
    }
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(alive(&mark).len(), 2);
}

#[test]
fn a_group_of_its_own_within_the_session_gets_the_signal() {
    let mark = marker();
    for process in both(&format!("timeout 60 sh -c ': {mark}; sleep 60; :' & wait")) {
        let (exit, took) = cancelled(&process, Duration::from_millis(300));
        assert!(exit.cancelled && took < Duration::from_secs(1), "{took:?}");
        assert_eq!(alive(&mark), Vec::<String>::new());
    }
}

#[test]
fn a_cancelled_run_starts_nothing() {
    let cancel = Cancel::new();
    cancel.cancel();
    for process in both("echo hi") {
        let result = run_local(async { RealHost::new().run_process(&process, &|_, _| {}, &cancel).await });
        assert!(result.unwrap_err().to_string().contains("stopped before it began"));
    }
}

#[test]
fn hurry_ends_the_grace() {
    for process in both("trap '' TERM; while :; do sleep 0.1; done") {
        let took = run_local(async {
            let host = RealHost::new();
            let cancel = Cancel::new();
            let begun = Instant::now();
            let ends = async {
                tokio::time::sleep(Duration::from_millis(200)).await;
                cancel.cancel();
                tokio::time::sleep(Duration::from_millis(100)).await;
                host.hurry();
            };
            let (exit, ()) = tokio::join!(host.run_process(&process, &|_, _| {}, &cancel), ends);
            assert_eq!(exit.unwrap().status, 137);
            begun.elapsed()
        });
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn endless_output_takes_bounded_memory() {
    let before = peak_kib();
    for process in both("timeout 2 yes; echo end >&2") {
        let exit = done(&process);
        assert!(exit.stdout.len() < 400 * 1024 && exit.stdout.contains("bytes left out"));
        assert_eq!(exit.stderr, "end\n");
    }
    for process in both("head -c 100000000 /dev/zero | tr '\\0' x") {
        let exit = done(&process);
        assert!(exit.stdout.len() < 400 * 1024 && exit.stdout.starts_with("xxx"));
    }
    assert!(peak_kib() - before < 64 * 1024, "{} KiB more", peak_kib() - before);
}

#[test]
fn bad_utf8_is_replaced_and_characters_stay_whole() {
    for process in both("printf 'a\\377b'; printf '\\342\\202' >&2; sleep 0.1; printf '\\254' >&2") {
        let pieces = std::cell::RefCell::new(Vec::new());
        let output = |stream, bytes: &[u8]| {
            if stream == Stream::Stderr {
                pieces.borrow_mut().push(bytes.to_vec());
            }
        };
        let exit = run_local(async { RealHost::new().run_process(&process, &output, &Cancel::new()).await }).unwrap();
        assert_eq!((exit.stdout.as_str(), exit.stderr.as_str()), ("a\u{fffd}b", "€"));
        assert_eq!(*pieces.borrow(), ["€".as_bytes()]);
    }
}

#[test]
fn input_reaches_it_whole_and_may_be_ignored() {
    let input: std::sync::Arc<[u8]> = vec![b'i'; 1024 * 1024].into();
    for process in both("wc -c") {
        let exit = done(&Process { stdin: Some(input.clone()), ..process });
        assert_eq!(exit.stdout.trim(), "1048576");
    }
    for process in both("cat | wc -c; cat") {
        assert_eq!(done(&process).stdout.trim(), "0", "without input it is empty");
    }
    for script in ["exit 7", "exec <&-; exit 7", "head -c 10 >/dev/null; sleep 0.2; exit 7"] {
        for process in both(script) {
            let begun = Instant::now();
            let exit = done(&Process { stdin: Some(input.clone()), ..process });
            assert_eq!(exit.status, 7, "{script}");
            assert!(begun.elapsed() < Duration::from_secs(2));
        }
    }
    // Both at once: a filter must not wait for us while we wait for it.
    for process in both("cat") {
        let exit = done(&Process { stdin: Some(input.clone()), ..process });
        assert!(exit.stdout.contains("bytes left out"));
    }
    for process in both("cat") {
        assert_eq!(done(&Process { stdin: Some(Vec::new().into()), ..process }).stdout, "");
    }
}

#[test]
fn what_cannot_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "#!/bin/sh\necho hi\n").unwrap();
    let told = |process: &Process| run(process).unwrap_err().to_string();
    for process in program(&["rbk-no-such-program", "x"]) {
        assert_eq!(told(&process), "`rbk-no-such-program` is not installed, or not on PATH");
    }
    for process in program(&["/no/such/program"]) {
        assert!(matches!(run(&process), Err(ProcessError::NotFound(_))));
    }
    for process in program(&["true"]) {
        let error = told(&Process { dir: Some("/no/such/folder".into()), ..process });
        assert_eq!(error, "`true` could not be started: the folder /no/such/folder is not there");
    }
    let [direct, shell] = program(&[plain.to_str().unwrap()]);
    assert!(told(&direct).contains("chmod +x"), "{}", told(&direct));
    assert!(told(&shell).contains("ermission denied"), "{}", told(&shell));
    assert!(run(&Process { argv: Vec::new(), ..direct.clone() }).is_err());
    assert!(run(&Process { argv: vec!["true".into(), "a\0b".into()], ..direct }).is_err());
    assert!(run(&Process { argv: vec!["true".into(), "a\0b".into()], ..shell }).is_err());
}

#[test]
fn a_script_without_an_interpreter_is_the_shells() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bare");
    std::fs::write(&path, "echo \"$1 of $0\"\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let [direct, _] = program(&["./bare", "a b"]);
    let exit = done(&Process { dir: Some(folder.path().to_owned()), ..direct });
    assert!(exit.stdout.starts_with("a b of "), "{exit:?}");
}

#[test]
fn where_and_with_what_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let env = BTreeMap::from([("RBK_TEST_A".to_owned(), "one two".to_owned()), ("HOME".to_owned(), "/h".to_owned())]);
    for process in both("pwd; echo \"$RBK_TEST_A|$HOME|$PATH\"; env | grep -c ^RBK_PROCESS=; ps -o sid= -p $$; echo $$")
    {
        let exit = done(&Process { dir: Some(folder.path().to_owned()), env: env.clone(), ..process });
        let lines: Vec<&str> = exit.stdout.lines().map(str::trim).collect();
        assert_eq!(lines[0], folder.path().canonicalize().unwrap().to_str().unwrap());
        assert_eq!(lines[1], format!("one two|/h|{}", std::env::var("PATH").unwrap()));
        assert_eq!(lines[2], "1");
        assert_eq!(lines[3], lines[4], "it leads a session of its own");
    }
}

#[test]
fn endings_are_the_shells() {
    for (script, status) in [("exit 3", 3), ("kill -KILL $$", 137), ("kill -TERM $$", 143), ("kill -SEGV $$", 139)] {
        for process in both(script) {
            let exit = done(&process);
            assert_eq!((exit.status, exit.cancelled), (status, false), "{script}");
        }
    }
    // Rust ignores SIGPIPE in itself; a child that inherited that would never end here.
    for process in both("sh -c 'yes; echo $? >&2' | head -1; kill -PIPE $$; echo alive") {
        let exit = done(&process);
        assert_eq!((exit.status, exit.stdout.as_str(), exit.stderr.as_str()), (141, "y\n", "141\n"));
    }
}

#[test]
fn outputs_closed_early_are_no_end() {
    for process in both("exec >&- 2>&-; sleep 0.5; exit 4") {
        let exit = done(&process);
        assert_eq!(exit.status, 4);
        assert!(exit.elapsed >= Duration::from_millis(400), "{:?}", exit.elapsed);
    }
}

#[test]
fn nothing_is_left_over() {
    let [direct, shell] = both("echo out; echo err >&2; (sleep 0.3 >/dev/null 2>&1 &)");
    for process in [&direct, &shell] {
        done(process);
    }
    let before = open_fds();
    for _ in 0..20 {
        done(&direct);
        done(&shell);
        let _ = run(&Process { argv: vec!["rbk-no-such-program".to_owned()], ..direct.clone() });
        let _ = run(&Process { argv: vec!["rbk-no-such-program".to_owned()], ..shell.clone() });
    }
    // Other tests run beside this one, in the same process.
    assert!(open_fds() <= before + 30, "{before} → {}", open_fds());
    std::thread::sleep(Duration::from_millis(600));
    done(&direct);
    std::thread::sleep(Duration::from_millis(600));
    done(&Process { argv: vec!["true".to_owned()], ..direct });
    let left = zombies().into_iter().filter(|stat| stat.contains("(sleep)")).count();
    assert!(left <= 2, "{:?}", zombies());
}

#[test]
fn a_dropped_run_leaves_nothing_behind() {
    let mark = marker();
    for process in both(&format!(": {mark}; (while :; do sleep 0.1; done) & sleep 60; :")) {
        run_local(async {
            let host = RealHost::new();
            let cancel = Cancel::new();
            let work = host.run_process(&process, &|_, _| {}, &cancel);
            assert!(tokio::time::timeout(Duration::from_millis(200), work).await.is_err());
        });
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(alive(&mark), Vec::<String>::new());
    }
}
