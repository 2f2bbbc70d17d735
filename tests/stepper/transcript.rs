//! The session that the design of the stepper is drawn by: checkout answers 5xx, more pods do not help, and they are taken
//! back, in a protected environment, against the double of kubectl.

use std::process::Command;

use serde_json::json;

use crate::terminal::Terminal;
use crate::tools::World;

/// `pods` is bound on line 18, and `scale out` is line 31.
const BOOK: &str = r#"# Checkout answers 5xx: see whether more pods help.
runbook "checkout 5xx" {
    owner = "@checkout"
}

env prod {
    protected = true
}

use std.k8s

phase "diagnose" {
    step "read error rate" {
        let log = reads $ kubectl -n shop logs deploy/checkout
        let error_rate = percent(log.lines.count(line => line contains " 502 ") * 100.0 / log.lines.len)
    }
    step "pods" {
        let pods = k8s.ready("deploy/checkout", namespace: "shop")
    }
}

action rate() reads -> percent {
    let log = $ kubectl -n shop logs deploy/checkout
    let failed = log.lines.count(line => line contains " 502 ")
    return percent(failed * 100.0 / log.lines.len)
}

phase "mitigate" {
    # Twice as many: those that are there are busy.

    step "scale out" {
        $ kubectl -n shop scale deploy/checkout --replicas=12
    } undo {
        $ kubectl -n shop scale deploy/checkout --replicas=${pods.ready}
    }
    check "verify" within 1s every 200ms {
        assert rate() < 1%
    }
} on_fail rollback
"#;

/// The screen, but for what is another one each time.
const WANTED: &str = include_str!("checkout-5xx.txt");

const CHECKOUT: &str = "shop/Deployment/checkout";

fn world() -> World {
    let world = World::new();
    let mut state = world.state();
    let mut checkout = state["k8s"]["objects"]["shop/Deployment/web"].clone();
    checkout["metadata"]["name"] = "checkout".into();
    checkout["spec"]["replicas"] = 6.into();
    for count in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
        checkout["status"][count] = 6.into();
    }
    state["k8s"]["objects"][CHECKOUT] = checkout;
    let line = |number: usize| if number.is_multiple_of(21) { "POST /pay 502 3.1s" } else { "POST /pay 200 0.1s" };
    state["k8s"]["logs"]["checkout"] = (0..500).map(line).map(|line| json!(line)).collect();
    std::fs::write(world.path().join("state.json"), state.to_string()).unwrap();
    std::fs::write(world.path().join("checkout-5xx.rbk"), BOOK).unwrap();
    world
}

fn step(world: &World) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rbk"));
    command
        .args(["step", "checkout-5xx.rbk", "-e", "prod"])
        .current_dir(world.path())
        .env_clear()
        .env("PATH", format!("{0}/bin:{0}/system", world.path().display()))
        .env("HOME", world.path())
        .env("XDG_STATE_HOME", world.path().join("rbk-state"))
        .env("TOOLS_WORLD", world.path())
        .env("LANG", "C.UTF-8")
        .env("NO_COLOR", "1");
    command
}

/// A line without what is another one each time: times, how many tries there were, the run's id, who types.
fn settled(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || ".:/".contains(c));
    let word = |at: usize| {
        let (before, word, after) = (at.checked_sub(1).map(|at| words[at]), words[at], words.get(at + 1).copied());
        let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        match after {
            _ if word.len() > 12 && word.chars().all(|c| c.is_ascii_hexdigit()) => "RUN",
            Some("tries" | "s" | "ms") if is_number(word) => "N",
            Some("answered") => "WHO",
            _ if before == Some("by") => "WHO",
            _ if unit.len() < word.len() && matches!(unit, "ms" | "s") => "TIME",
            _ if word.contains(':') && is_number(word) => "CLOCK",
            _ => word,
        }
    };
    (0..words.len()).map(word).collect::<Vec<_>>().join(" ")
}

/// Waits for a prompt with these words behind what was typed before, and types at it.
fn types(terminal: &mut Terminal, seen: &mut usize, prompt: &str, line: &str) {
    let asked = || terminal.plain().get(*seen..).is_some_and(|rest| rest.contains(prompt));
    terminal.until(prompt, asked);
    let before = terminal.plain().rfind('\n').map_or(0, |at| at + 1);
    terminal.types(&format!("{line}\r"));
    // The line is drawn anew for each key, and ends when it is read.
    let end = || terminal.plain().get(before..).and_then(|rest| rest.find('\n'));
    terminal.until("the end of the line", || end().is_some());
    *seen = before + end().unwrap_or_default() + 1;
}

#[test]
fn the_transcript_of_the_design() {
    let world = world();
    let mut terminal = Terminal::start(step(&world));
    let seen = &mut 0;
    for (prompt, line) in [
        ("type prod to go on, or no › ", "prod"),
        ("read error rate › ", "c scale out"),
        ("prod · scale out › ", "p pods.ready"),
        ("prod · scale out › ", "n"),
        ("prod · verify › ", "n"),
        ("prod · verify FAILED › ", "note scaling does not help; suspect payments"),
        ("prod · verify FAILED › ", "undo"),
        ("type prod to run it: ", "prod"),
        ("prod · verify FAILED › ", "q"),
        ("r, p, l or n: ", "l"),
    ] {
        types(&mut terminal, seen, prompt, line);
    }
    let code = terminal.ended().code();
    let lines = terminal.lines().into_iter().filter(|line| !line.is_empty());
    let shown = lines.map(|line| settled(&line)).collect::<Vec<_>>().join("\n");
    assert_eq!(shown, WANTED.trim(), "\n{shown}\n");
    assert_eq!(code, Some(1));
    assert_eq!(world.state()["k8s"]["objects"][CHECKOUT]["spec"]["replicas"], 6);
}
