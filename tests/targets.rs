//! Commands that run elsewhere, through the real programs that lead there: a real sshd, other users of this machine,
//! and docker, kubectl and compose played by programs that are as strict about their arguments.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rbk::host::real::RealHost;
use rbk::host::target::{Ssh, Target};
use rbk::host::{Cancel, Exit, Hop, Host, Process, ProcessError, Stream};
use world::sshd::{Sshd, free_port, me};
use world::{alive, marker, run_local};

fn hop(target: Target) -> Hop {
    Hop { target, dir: None, env: BTreeMap::new() }
}

fn machine(sshd: &Sshd) -> Target {
    let destination = format!("{}@127.0.0.1", me());
    Target::Ssh(Ssh { destination, port: Some(sshd.port), identity: None, options: sshd.options() })
}

fn direct(on: &[Hop], argv: &[&str]) -> Process {
    let argv = argv.iter().map(|&arg| arg.to_owned()).collect();
    Process { argv, on: on.to_vec(), grace: Duration::from_secs(2), ..Process::default() }
}

fn script(on: &[Hop], script: &str) -> Process {
    let argv = ["bash", "-c", &format!("set -Eeuo pipefail; {script}")].map(str::to_owned).to_vec();
    let script = Some(script.to_owned());
    Process { argv, shell: true, script, on: on.to_vec(), grace: Duration::from_secs(2), ..Process::default() }
}

async fn run_on(host: &RealHost, process: &Process) -> Result<Exit, ProcessError> {
    host.run_process(process, &|_, _| {}, &Cancel::new()).await
}

fn run(process: &Process) -> Result<Exit, ProcessError> {
    run_local(async { run_on(&RealHost::new(), process).await })
}

fn done(process: &Process) -> Exit {
    run(process).unwrap_or_else(|error| panic!("{error:?}"))
}

/// Runs it, and cancels when the marker is seen among the processes.
fn cancelled_when_seen(process: &Process, marker: &str) -> (Exit, Duration) {
    run_local(async {
        let host = RealHost::new();
        let cancel = Cancel::new();
        let mut asked = Instant::now();
        let ends = async {
            while alive(marker).is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            asked = Instant::now();
            cancel.cancel();
        };
        let (exit, ()) = tokio::join!(host.run_process(process, &|_, _| {}, &cancel), ends);
        (exit.unwrap(), asked.elapsed())
    })
}

#[test]
fn what_ssh_brings_back_is_what_the_command_did() {
    let Some(sshd) = Sshd::start() else { return };
    let on = [hop(machine(&sshd))];
    run_local(async {
        let host = RealHost::new();
        let exit = run_on(&host, &direct(&on, &["printf", "%s|", "a b", ""])).await.unwrap();
        assert_eq!((exit.stdout.as_str(), exit.stderr.as_str(), exit.status), ("a b||", "", 0));
        // Both outputs, and a status of its own, 255 included: ssh has that for itself.
        for status in [3, 255] {
            let work = format!("echo out; echo err >&2; exit {status}");
            let exit = run_on(&host, &script(&on, &work)).await.unwrap();
            assert_eq!((exit.stdout.as_str(), exit.stderr.as_str(), exit.status), ("out\n", "err\n", status));
            assert!(exit.lost.is_none() && !exit.cancelled, "{exit:?}");
        }
        let exit = run_on(&host, &script(&on, "kill -KILL $$")).await.unwrap();
        assert_eq!(exit.status, 137, "a signal is told as the shell tells it");
        let exit = run_on(&host, &direct(&on, &["rbk-no-such-program"])).await.unwrap();
        assert_eq!(exit.status, 127, "{exit:?}");
        // What it reads is its own, to the byte.
        let input: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let stdin = Some(input.clone().into());
        let exit = run_on(&host, &Process { stdin, ..direct(&on, &["sha256sum"]) }).await.unwrap();
        assert_eq!(exit.stdout.split(' ').next().unwrap(), sha256(&input));
        let exit = run_on(&host, &direct(&on, &["cat"])).await.unwrap();
        assert_eq!((exit.stdout.as_str(), exit.status), ("", 0), "nothing to read is an end, and no wait");
        // A large output comes whole, though its end is told on the other stream.
        let exit = run_on(&host, &script(&on, "head -c 300000 /dev/zero | tr '\\0' x; echo last >&2")).await.unwrap();
        assert_eq!((exit.stdout.len(), exit.stderr.as_str()), (300_000, "last\n"));
    });
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn folder_and_environment_hold_there() {
    let Some(sshd) = Sshd::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("a 'b\n$c");
    std::fs::create_dir(&odd).unwrap();
    let env = [("PLAIN", "p"), ("ODD", "a'b\"c\n$(touch pwned)\\ \u{e9}\n")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let on = [Hop { target: machine(&sshd), dir: Some(odd.clone()), env: env.into_iter().collect() }];
    let exit = done(&script(&on, "pwd; printf '%s|%s' \"$PLAIN\" \"$ODD\"; ls"));
    assert_eq!(exit.stdout, format!("{}\np|a'b\"c\n$(touch pwned)\\ \u{e9}\n", odd.display()));
    let gone = [Hop { dir: Some("/no/such/folder".into()), ..on[0].clone() }];
    let error = run(&direct(&gone, &["true"])).unwrap_err().to_string();
    assert!(error.contains("the folder /no/such/folder is not there (ssh "), "{error}");
    let bad = [Hop { env: BTreeMap::from([("a.b".to_owned(), String::new())]), ..on[0].clone() }];
    assert!(run(&direct(&bad, &["true"])).unwrap_err().to_string().contains("`a.b`"));
}

/// A secret of `with` must not be in the arguments of any process, here or there.
#[test]
fn no_value_stands_in_the_arguments_on_the_way() {
    let Some(sshd) = Sshd::start() else { return };
    let secret = marker();
    let env = BTreeMap::from([("TOKEN".to_owned(), secret.clone())]);
    let on = [Hop { env, ..hop(machine(&sshd)) }];
    let process = script(&on, "printenv TOKEN; while ! [ -e \"$TMPDIR_OF_TEST\" ]; do sleep 0.02; done");
    let folder = tempfile::tempdir().unwrap();
    let flag = folder.path().join("go");
    let mut process = process;
    process.on[0].env.insert("TMPDIR_OF_TEST".to_owned(), flag.display().to_string());
    let seen = std::cell::RefCell::new(Vec::new());
    let exit = run_local(async {
        let heard = |_: Stream, bytes: &[u8]| {
            if String::from_utf8_lossy(bytes).contains(&secret) {
                *seen.borrow_mut() = alive(&secret);
                std::fs::write(&flag, "").unwrap();
            }
        };
        RealHost::new().run_process(&process, &heard, &Cancel::new()).await.unwrap()
    });
    assert_eq!(exit.stdout.trim(), secret);
    assert!(seen.borrow().is_empty(), "{seen:?}");
}

#[test]
fn what_is_cancelled_is_ended_on_the_other_machine() {
    let Some(sshd) = Sshd::start() else { return };
    let on = [hop(machine(&sshd))];
    // One that ignores the wish, one in a session of its own, one that cleared its environment.
    let word = marker();
    let work =
        format!("(trap '' TERM; while :; do sleep 0.05; done) & setsid sleep 70 {word} & env -i sleep 60 & wait");
    let work = work.replace(&format!("sleep 70 {word}"), &format!("bash -c 'exec -a {word} sleep 70'"));
    let process = Process { grace: Duration::from_millis(500), ..script(&on, &work) };
    let (exit, took) = cancelled_when_seen(&process, &word);
    assert!(exit.cancelled && exit.lost.is_none(), "{exit:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(alive(&word), [""; 0], "the processes there are gone before it returns");
    // One that ends itself in order has the time for it.
    let word = marker();
    let work = format!("trap 'echo bye; exit 4' TERM; : {word}; while :; do sleep 0.05; done");
    let (exit, _) = cancelled_when_seen(&script(&on, &work), &word);
    assert!(exit.cancelled && exit.stdout == "bye\n", "{exit:?}");
    assert_eq!(alive(&word), [""; 0]);
}

#[test]
fn an_output_that_is_held_there_is_not_waited_for() {
    let Some(sshd) = Sshd::start() else { return };
    let on = [hop(machine(&sshd))];
    let word = marker();
    let begun = Instant::now();
    let exit = done(&script(&on, &format!("bash -c 'exec -a {word} sleep 60' & echo hi")));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!((exit.stdout.as_str(), exit.status, exit.output_held), ("hi\n", 0, true));
    for line in alive(&word) {
        let pid = line.split(' ').next().unwrap().to_owned();
        std::process::Command::new("kill").arg(pid).status().unwrap();
    }
}

#[test]
fn what_failed_on_the_way_is_not_what_the_command_returned() {
    let Some(sshd) = Sshd::start() else { return };
    let Target::Ssh(good) = machine(&sshd) else { unreachable!() };
    let with = |name: &str, value: String| {
        let mut ssh = good.clone();
        ssh.options.retain(|(known, _)| known != name);
        ssh.options.push((name.to_owned(), value));
        ssh
    };
    let told = |ssh: Ssh| match run(&direct(&[hop(Target::Ssh(ssh))], &["true"])).unwrap_err() {
        ProcessError::NotReached { place, reason, help } => {
            format!("{place}: {reason} -- {}", help.unwrap_or_default())
        }
        other => panic!("{other:?}"),
    };
    let unknown = told(with("UserKnownHostsFile", "/dev/null".to_owned()));
    assert!(
        unknown.contains("host key is not known here") && unknown.contains(&format!("ssh -p {}", sshd.port)),
        "{unknown}"
    );
    let other_key = std::fs::read_to_string(sshd.at("stranger.pub")).unwrap();
    let other_key: Vec<&str> = other_key.split(' ').take(2).collect();
    std::fs::write(sshd.at("known-other"), format!("[127.0.0.1]:{} {}\n", sshd.port, other_key.join(" "))).unwrap();
    let changed = told(with("UserKnownHostsFile", sshd.at("known-other").display().to_string()));
    assert!(
        changed.contains("another one than before") && changed.contains("ssh-keygen -R '[127.0.0.1]:"),
        "{changed}"
    );
    let stranger = told(with("IdentityFile", sshd.at("stranger").display().to_string()));
    assert!(stranger.contains("lets nobody in") && stranger.contains("ssh-add"), "{stranger}");
    let closed = told(Ssh { port: Some(free_port()), ..good.clone() });
    assert!(closed.contains("Connection refused") && closed.contains("look whether it is up"), "{closed}");
    let nobody = told(Ssh { destination: "root@no-such-machine.invalid".to_owned(), ..good.clone() });
    assert!(nobody.contains("no machine of the name no-such-machine.invalid"), "{nobody}");
    let setting = told(with("NoSuchSetting", "1".to_owned()));
    assert!(setting.contains("options:"), "{setting}");
}

#[test]
fn a_connection_that_is_lost_leaves_the_command_in_doubt() {
    let Some(sshd) = Sshd::start() else { return };
    let on = [hop(machine(&sshd))];
    let word = marker();
    let process = script(&on, &format!(": {word}; echo begun; kill -9 $(ps -o ppid= $PPID); sleep 30"));
    let begun = Instant::now();
    let exit = done(&process);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let lost = exit.lost.as_deref().unwrap_or_default();
    assert!(lost.contains("the connection was lost before it ended (ssh "), "{exit:?}");
}

#[test]
fn commands_share_a_connection_and_more_than_it_takes_get_another() {
    let Some(sshd) = Sshd::start() else { return };
    let on = [hop(machine(&sshd))];
    run_local(async {
        let host = RealHost::new();
        let one = direct(&on, &["sh", "-c", "echo $SSH_CONNECTION"]);
        let first = run_on(&host, &one).await.unwrap().stdout;
        assert_eq!(run_on(&host, &one).await.unwrap().stdout, first, "the same connection");
        let many = direct(&on, &["sh", "-c", "sleep 0.5; echo $SSH_CONNECTION"]);
        let all = futures_util::future::join_all((0..20).map(|_| run_on(&host, &many))).await;
        let mut seen: Vec<String> = all.into_iter().map(|exit| exit.unwrap().stdout).collect();
        assert_eq!(seen.len(), 20);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 3, "eight to a connection: {seen:?}");
    });
    // They are gone with the run.
    let begun = Instant::now();
    let ours = format!("-p {} ", sshd.port);
    while !alive(&ours).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", alive(&ours));
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Values that break careless quoting, for a shell, for two of them, and for a terminal.
const HOSTILE: &[&str] = &[
    "",
    " ",
    "a b",
    "-n",
    "--",
    "~",
    "*",
    "?",
    "[a]",
    "{a,b}",
    "!",
    "!!",
    "#",
    "# no",
    "$HOME",
    "${HOME}",
    "$(touch pwned)",
    "`touch pwned`",
    "$((1+1))",
    "\\",
    "\\\\",
    "a\\",
    "\\n",
    "\\\n",
    "%s",
    "%d%",
    "&",
    "|",
    ";",
    ";touch pwned;",
    "'",
    "''",
    "'\\''",
    "\"",
    "\\\"",
    "\n",
    "\n\n",
    " \n ",
    "a\nb",
    "\r",
    "\t",
    "\r\n",
    "\u{1}",
    "\u{1b}[31m",
    "\u{1e}",
    "\u{1e}rbk:",
    "\u{7f}",
    "\u{e9}",
    "\u{1f600}",
    "\u{200b}",
    "'\n'",
    "\"\n\"",
    "$rbk_n",
    "'\"$rbk_n\"'",
    "'; touch pwned; '",
    "\"; touch pwned; \"",
    "$'\\n'",
    "<",
    ">",
    "<(x)",
    "=",
    "A=b",
    "if",
    "}",
    ")",
    "\\'",
    "'\\",
    "EOF",
    "^a^b",
    "%PATH%",
    "\u{ff}",
];

fn arguments_of(exit: &Exit) -> Vec<String> {
    let mut values: Vec<String> = exit.stdout.split('\0').map(str::to_owned).collect();
    assert_eq!(values.pop().as_deref(), Some(""), "{exit:?}");
    values
}

/// Whatever a value holds, on the far side it is that one word, and nothing of it is run.
#[test]
fn one_value_is_one_word_on_the_other_side() {
    let Some(sshd) = Sshd::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let there = Hop { dir: Some(folder.path().to_owned()), ..hop(machine(&sshd)) };
    // Another machine on the way to the same one: two hops, each with shells of its own.
    let on_the_way =
        Hop { env: BTreeMap::from([("X".to_owned(), "it's\n$(touch pwned)".to_owned())]), ..there.clone() };
    run_local(async {
        let host = RealHost::new();
        for on in [vec![there.clone()], vec![on_the_way, there.clone()]] {
            let argv: Vec<&str> = ["printf", "%s\\0"].into_iter().chain(HOSTILE.iter().copied()).collect();
            let exit = run_on(&host, &direct(&on, &argv)).await.unwrap();
            assert_eq!(arguments_of(&exit), HOSTILE);
            // In a script, quoted by rbk as for this machine; and in the environment.
            let mut text = String::from("printf '%s\\0'");
            let mut at = on.clone();
            for (number, value) in HOSTILE.iter().enumerate() {
                let name = format!("V{number}");
                text.push_str(&format!(" '{}' \"${name}\"", value.replace('\'', "'\\''")));
                at.last_mut().unwrap().env.insert(name, (*value).to_owned());
            }
            let exit = run_on(&host, &script(&at, &format!("{text} | cat"))).await.unwrap();
            let twice: Vec<&str> = HOSTILE.iter().flat_map(|value| [*value, *value]).collect();
            assert_eq!(arguments_of(&exit), twice);
            let input: Vec<u8> = HOSTILE.concat().into_bytes();
            let stdin = Some(input.clone().into());
            let exit = run_on(&host, &Process { stdin, ..direct(&on, &["cat"]) }).await.unwrap();
            assert_eq!(exit.stdout.as_bytes(), input);
        }
    });
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a value was run");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 1, failure_persistence: None, ..proptest::prelude::ProptestConfig::default() })]

    /// The same for values that nobody thought of.
    #[test]
    fn any_value_is_one_word_on_the_other_side(
        values in proptest::collection::vec(proptest::collection::vec(proptest::sample::select(HOSTILE), 0..5), 300),
        texts in proptest::collection::vec("[^\\x00]{0,16}", 100),
    ) {
        let Some(sshd) = Sshd::start() else { return Ok(()) };
        let values: Vec<String> = values.iter().map(|atoms| atoms.concat()).chain(texts).collect();
        let folder = tempfile::tempdir().unwrap();
        let on = [Hop { dir: Some(folder.path().to_owned()), ..hop(machine(&sshd)) }];
        let argv: Vec<&str> = ["printf", "%s\\0"].into_iter().chain(values.iter().map(String::as_str)).collect();
        let exit = done(&direct(&on, &argv));
        proptest::prop_assert_eq!(arguments_of(&exit), values);
        proptest::prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a value was run");
    }
}

/// Root becomes another user by itself; anybody else by a `sudo` that does not ask.
#[test]
fn another_user_of_this_machine() {
    if rustix::process::getuid().as_raw() != 0 || !world::sshd::is_there(&["setpriv", "sudo"]) {
        eprintln!("skipped: only root becomes another user without being asked");
        return;
    }
    let on = [Hop {
        env: BTreeMap::from([("GIVEN".to_owned(), "it's".to_owned())]),
        ..hop(Target::User("nobody".to_owned()))
    }];
    let exit = done(&script(&on, "id -un; id -gn; printf '%s\\n' \"$GIVEN\" \"$USER\" \"${HOSTNAME_OF_TEST-unset}\""));
    assert_eq!(exit.stdout, "nobody\nnogroup\nit's\nnobody\nunset\n", "{exit:?}");
    // Through another one, who has no right to it: sudo says no, and does not ask.
    let twice = [on[0].clone(), hop(Target::User("root".to_owned()))];
    let error = run(&direct(&twice, &["id"])).unwrap_err();
    assert!(error.to_string().contains("only with a password, or not at all"), "{error}");
    let error = run(&direct(&[hop(Target::User("rbk-no-such-user".to_owned()))], &["id"])).unwrap_err();
    assert!(error.to_string().contains("there is no user rbk-no-such-user"), "{error}");
    // What is cancelled is ended, though it belongs to somebody else.
    let word = marker();
    let work = format!("trap '' TERM; : {word}; while :; do sleep 0.05; done");
    let process = Process { grace: Duration::from_millis(300), ..script(&on, &work) };
    let (exit, _) = cancelled_when_seen(&process, &word);
    assert!(exit.cancelled && exit.lost.is_none(), "{exit:?}");
    assert_eq!(alive(&word), [""; 0]);
}

/// The variables of the program that leads there, and the way there.
fn through(on: Target, env: &[(&str, &str)]) -> Process {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Process { env, ..direct(&[hop(on)], &["true"]) }
}

fn of(like: &Process, work: &Process) -> Process {
    Process { env: like.env.clone(), on: like.on.clone(), dir: like.dir.clone(), ..work.clone() }
}

fn container(name: &str, user: Option<&str>) -> Target {
    Target::Docker(rbk::host::target::Docker { container: name.to_owned(), user: user.map(str::to_owned) })
}

#[test]
fn in_a_container_of_a_real_engine() {
    let Some(docker) = world::docker::Docker::start() else { return };
    let address = docker.address();
    let there = |name: &str, user: Option<&str>| through(container(name, user), &[("DOCKER_HOST", &address)]);
    let inside = there(world::docker::CONTAINER, None);
    // Values, statuses and both outputs; without a bash there, its `sh` sees a failure in a pipe.
    let argv: Vec<&str> = ["printf", "%s\\0"].into_iter().chain(HOSTILE.iter().copied()).collect();
    assert_eq!(arguments_of(&done(&of(&inside, &direct(&[], &argv)))), HOSTILE);
    let exit = done(&of(&inside, &script(&[], "echo out | cat; echo err >&2; exit 255")));
    assert_eq!((exit.stdout.as_str(), exit.stderr.as_str(), exit.status), ("out\n", "err\n", 255));
    let exit = done(&of(&inside, &script(&[], "false | cat; echo on")));
    assert_eq!((exit.stdout.as_str(), exit.status), ("", 1), "{exit:?}");
    let mut set = of(&inside, &script(&[], "pwd; printf %s \"$TOKEN\"; cat"));
    set.on[0].dir = Some("/work".into());
    set.on[0].env.insert("TOKEN".to_owned(), "it's\n".to_owned());
    let exit = done(&Process { stdin: Some(b"read".to_vec().into()), ..set });
    assert_eq!(exit.stdout, "/work\nit's\nread");
    let as_other = there(world::docker::CONTAINER, Some("worker"));
    let exit = done(&of(&as_other, &direct(&[], &["sh", "-c", "touch /work/x 2>/dev/null || echo refused"])));
    assert_eq!(exit.stdout, "refused\n");
    // What is cancelled is gone from the container.
    let word = marker();
    let work =
        format!("(trap '' TERM; while :; do sleep 1; done) & setsid sh -c 'while :; do sleep 1; done' {word} & wait");
    let process = Process { grace: Duration::from_millis(500), ..of(&inside, &script(&[], &work)) };
    let (exit, _) = cancelled_when_seen(&process, &word);
    assert!(exit.cancelled && exit.lost.is_none(), "{exit:?}");
    assert_eq!(alive(&word), [""; 0]);
    let top = docker.command(&["top", world::docker::CONTAINER]).output().unwrap();
    let top = String::from_utf8_lossy(&top.stdout).into_owned();
    assert_eq!(top.lines().count(), 2, "only what the container is for: {top}");
    // What stands in the way is told with what to type.
    let told = |process: &Process| match run(process).unwrap_err() {
        ProcessError::NotReached { reason, help, .. } => format!("{reason} -- {}", help.unwrap_or_default()),
        other => panic!("{other:?}"),
    };
    assert!(told(&there("nothing", None)).contains("there is no container nothing -- look at the names: docker ps"));
    let nobody = told(&there(world::docker::CONTAINER, Some("nobody-there")));
    assert!(nobody.contains("`user:`"), "{nobody}");
    let nowhere = through(container("x", None), &[("DOCKER_HOST", "unix:///no/such/socket")]);
    assert!(told(&nowhere).contains("no docker engine answers"), "{}", told(&nowhere));
    let made = docker.command(&["create", "--name", "stopped", "tiny", "/bin/true"]).status().unwrap();
    assert!(made.success());
    assert!(told(&there("stopped", None)).contains("is not running"), "{}", told(&there("stopped", None)));
}

/// What no small machine has is played, as strictly as its documentation has it, by a program that runs the command
/// where the one that leads there cannot take it along: in a session and an environment of its own.
fn played(folder: &std::path::Path, name: &str, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/bash\nset -u\n{text}")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// `kubectl exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]`
const KUBECTL: &str = r#"
fail() { echo "$1" >&2; exit 1; }
[ "$1" = --context ] && { context=$2; shift 2; }
[ "$1" = exec ] && shift || fail "error: unknown command \"$1\" for \"kubectl\""
stdin=no pod= namespace=default container=app
while [ "$1" != -- ]; do
    case $1 in
        -i) stdin=yes; shift ;;
        -n) namespace=$2; shift 2 ;;
        -c) container=$2; shift 2 ;;
        -*) fail "error: unknown flag: $1" ;;
        *) [ -z "$pod" ] && pod=$1 || fail "error: exec POD COMMAND is not supported anymore. Use exec POD -- COMMAND instead"; shift ;;
    esac
done
shift
[ "${context-prod}" = prod ] || fail "error: context \"$context\" does not exist"
[ "$namespace/$pod" = shop/api-0 ] || fail "Error from server (NotFound): pods \"$pod\" not found"
[ "$container" = app ] || fail "Error from server (BadRequest): container $container is not valid for pod $pod"
echo "Defaulted container \"app\" out of: app, sidecar" >&2
[ "$stdin" = yes ] || exec </dev/null
env -i PATH="$PATH" IN_POD=yes setsid -w "$@"
status=$?
[ $status = 0 ] || echo "command terminated with exit code $status" >&2
exit $status
"#;

fn pod(name: &str, namespace: &str, context: &str, container: Option<&str>) -> Target {
    Target::Pod(rbk::host::target::Pod {
        name: name.to_owned(),
        namespace: Some(namespace.to_owned()),
        context: Some(context.to_owned()),
        container: container.map(str::to_owned),
    })
}

#[test]
fn in_a_pod() {
    let folder = tempfile::tempdir().unwrap();
    let path = played(folder.path(), "kubectl", KUBECTL);
    let inside = through(pod("api-0", "shop", "prod", Some("app")), &[("PATH", &path)]);
    let argv: Vec<&str> = ["printf", "%s\\0"].into_iter().chain(HOSTILE.iter().copied()).collect();
    assert_eq!(arguments_of(&done(&of(&inside, &direct(&[], &argv)))), HOSTILE);
    let exit = done(&of(&inside, &script(&[], "echo \"$IN_POD\"; echo err >&2; cat; exit 1")));
    assert_eq!((exit.stdout.as_str(), exit.stderr.as_str(), exit.status), ("yes\n", "err\n", 1), "its own words only");
    let word = marker();
    let work = format!("trap '' TERM; : {word}; while :; do sleep 0.05; done");
    let process = Process { grace: Duration::from_millis(300), ..of(&inside, &script(&[], &work)) };
    let (exit, _) = cancelled_when_seen(&process, &word);
    assert!(exit.cancelled && exit.lost.is_none(), "{exit:?}");
    assert_eq!(alive(&word), [""; 0]);
    let told = |target: Target| match run(&through(target, &[("PATH", &path)])).unwrap_err() {
        ProcessError::NotReached { reason, help, .. } => format!("{reason} -- {}", help.unwrap_or_default()),
        other => panic!("{other:?}"),
    };
    let gone = told(pod("api-9", "shop", "prod", None));
    assert!(
        gone.contains("\"api-9\" not found -- look at the names: kubectl --context prod get pods -n shop"),
        "{gone}"
    );
    assert!(told(pod("api-0", "shop", "test", None)).contains("kubectl config get-contexts"));
    assert!(told(pod("api-0", "shop", "prod", Some("db"))).contains("look at its containers"));
    let error = run(&through(pod("api-0", "shop", "prod", None), &[("PATH", "/no/such/folder")])).unwrap_err();
    assert!(matches!(&error, ProcessError::NotFound(program) if program == "kubectl"), "{error:?}");
}

/// `docker-compose [-f FILE] [-p NAME] exec -T [-u USER] SERVICE COMMAND`
const COMPOSE: &str = r#"
fail() { echo "$1" >&2; exit 1; }
file=compose.yaml
while :; do case $1 in -f) file=$2; shift 2 ;; -p) shift 2 ;; *) break ;; esac; done
[ -e "$file" ] || fail "no configuration file provided: not found"
[ "$1" = exec ] && [ "$2" = -T ] && shift 2 || fail "unknown command $1"
[ "$1" = -u ] && shift 2
[ "$1" = web ] || fail "service \"$1\" is not running"
shift
env -i PATH="$PATH" setsid -w "$@"
"#;

#[test]
fn in_a_service_of_compose() {
    let folder = tempfile::tempdir().unwrap();
    played(folder.path(), "docker", "echo \"docker: '$1' is not a docker command\" >&2; exit 1\n");
    let path = played(folder.path(), "docker-compose", COMPOSE);
    let project = tempfile::tempdir().unwrap();
    std::fs::write(project.path().join("prod.yaml"), "").unwrap();
    let service = |service: &str, file: Option<&str>| {
        let compose = rbk::host::target::Compose {
            service: service.to_owned(),
            file: file.map(str::to_owned),
            project: Some("shop".to_owned()),
            user: None,
        };
        let dir = Some(project.path().to_owned());
        Process { dir, ..through(Target::Compose(compose), &[("PATH", &path)]) }
    };
    let argv: Vec<&str> = ["printf", "%s\\0"].into_iter().chain(HOSTILE.iter().copied()).collect();
    let inside = service("web", Some("prod.yaml"));
    assert_eq!(arguments_of(&done(&of(&inside, &direct(&[], &argv)))), HOSTILE);
    let told = |process: &Process| match run(process).unwrap_err() {
        ProcessError::NotReached { reason, help, .. } => format!("{reason} -- {}", help.unwrap_or_default()),
        other => panic!("{other:?}"),
    };
    assert!(told(&service("db", Some("prod.yaml"))).contains("does not run -- start it: docker compose up -d db"));
    assert!(told(&service("web", None)).contains("there is no compose file here"), "{}", told(&service("web", None)));
}

#[test]
fn a_pipe_is_not_run_where_its_failure_would_go_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let path = played(folder.path(), "kubectl", KUBECTL);
    let mut inside = through(pod("api-0", "shop", "prod", None), &[("PATH", &path)]);
    // A place with a plain `sh` and little else.
    let few = folder.path().join("few");
    std::fs::create_dir(&few).unwrap();
    for program in ["cat", "printf", "grep"] {
        std::os::unix::fs::symlink(format!("/usr/bin/{program}"), few.join(program)).unwrap();
    }
    std::os::unix::fs::symlink("/usr/bin/dash", few.join("sh")).unwrap();
    inside.on[0].env.insert("PATH".to_owned(), few.display().to_string());
    let exit = done(&of(&inside, &script(&[], "if true; then printf yes; fi; false; printf no")));
    assert_eq!((exit.stdout.as_str(), exit.status), ("yes", 1));
    let error = run(&of(&inside, &script(&[], "printf a | cat")));
    let knows = std::process::Command::new("dash").args(["-c", "set -o pipefail"]).output().unwrap().status.success();
    match error {
        Err(ProcessError::NoBash { place }) => assert!(!knows && place.starts_with("pod "), "{place}"),
        other => assert!(knows && other.unwrap().stdout == "a"),
    }
}
