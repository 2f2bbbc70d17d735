//! Commands as a runbook runs them: what counts as a failure under bash, and what is said of it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::time::{Duration, Instant};

use rbk::actions::shell;
use rbk::catalog::command::{CommandLine, CommandOptions};
use rbk::catalog::{ActionError, Args, Certainty, Exposed};
use rbk::value::Value;
use world::{Around, action, alive, args, field, marker, run_local};

fn script(text: &str) -> CommandLine {
    CommandLine::Script(text.to_owned())
}

fn direct(argv: &[&str]) -> CommandLine {
    CommandLine::Direct(argv.iter().map(|&arg| arg.to_owned()).collect())
}

fn run_with(line: &CommandLine, options: &CommandOptions, around: &Around) -> Result<Value, ActionError> {
    let none = Args::new(&[], Vec::new());
    run_local(shell::run(line, options, &around.call(&none)))
}

fn run(line: &CommandLine) -> Result<Value, ActionError> {
    run_with(line, &CommandOptions::default(), &Around::new())
}

fn stdout(text: &str) -> String {
    let value = run(&script(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(field(&value, "status"), "0", "{text}");
    field(&value, "stdout")
}

fn failure(text: &str) -> ActionError {
    match run(&script(text)) {
        Ok(value) => panic!("{text}: {value:?}"),
        Err(error) => error,
    }
}

fn status(error: &ActionError) -> String {
    field(error.value.as_ref().unwrap(), "status")
}

#[test]
fn a_failing_command_ends_the_script() {
    for text in [
        "false\necho on",
        "false; echo on",
        "true && false; echo on",
        "ls /no/such | cat; echo on",
        "true | false | true; echo on",
        "sh -c 'exit 3' | cat | cat; echo on",
        "x=$(false); echo on",
        "x=$(true | false | cat); echo on",
        "(false; echo inner); echo on",
        "{ false; }; echo on",
        "f() { false; echo inner; }; f; echo on",
        "f() { false | cat; echo inner; }; f; echo on",
        "for x in 1 2; do false; done; echo on",
        "while :; do false; break; done; echo on",
        "case a in a) false ;; esac; echo on",
        "if true; then false; fi; echo on",
        "diff <(echo a) <(echo b); echo on",
        "test 1 = 2; echo on",
        "[[ 1 == 2 ]]; echo on",
        "(( 0 )); echo on",
        "sh -c 'kill -TERM $$'; echo on",
    ] {
        let error = failure(text);
        let said = field(error.value.as_ref().unwrap(), "stdout");
        assert!(!said.contains("on\n") && !said.contains("inner"), "{text}: {said}");
        assert_eq!(error.certainty, Certainty::Failed, "{text}");
    }
    assert_eq!(status(&failure("sh -c 'exit 3' | cat")), "3");
    assert_eq!(status(&failure("(exit 9)")), "9");
    assert_eq!(status(&failure("x=$(exit 5)")), "5");
    assert_eq!(status(&failure("exit 6")), "6");
}

#[test]
fn a_reader_that_closes_early_is_no_failure() {
    for (text, out) in [
        ("yes | head -1; echo on", "y\non\n"),
        ("yes | head -1", "y\n"),
        ("x=$(yes | head -1); echo \"$x on\"", "y on\n"),
        ("(yes | head -1); echo on", "y\non\n"),
        ("(yes | head -1)", "y\n"),
        ("{ yes | head -1; }; echo on", "y\non\n"),
        ("f() { yes | head -1; echo inner; }; f; echo on", "y\ninner\non\n"),
        ("f() { yes | head -1; }; f", "y\n"),
        ("for x in 1 2; do yes $x | head -1; done; echo on", "1\n2\non\n"),
        ("yes | cat | head -1; echo on", "y\non\n"),
        ("yes | head -1 | cat; echo on", "y\non\n"),
        ("echo \"[$(yes | head -1)]\"", "[y]\n"),
    ] {
        assert_eq!(stdout(text), out, "{text}");
    }
    // A real failure beside it is one.
    assert_eq!(status(&failure("yes | head -1 | sh -c 'cat >/dev/null; exit 4'; echo on")), "4");
    assert_eq!(status(&failure("sh -c 'exit 3' | yes | head -1")), "3");
}

#[test]
fn where_a_failure_is_asked_for_it_is_none() {
    for (text, out) in [
        ("if false; then :; else echo else; fi", "else\n"),
        ("if false | cat; then :; else echo else; fi", "else\n"),
        ("false || echo or", "or\n"),
        ("false | true || echo or", "or\n"),
        ("! false; echo on", "on\n"),
        ("! true; echo on", "on\n"),
        ("true && echo and", "and\n"),
        ("false && echo and; echo on", "on\n"),
        ("while false; do :; done; echo on", "on\n"),
        ("until true; do :; done; echo on", "on\n"),
        ("x=$(false) || x=none; echo $x", "none\n"),
        ("f() { return 1; }; f || echo or", "or\n"),
        ("f() { return 1; }; if f; then :; else echo else; fi", "else\n"),
        ("grep -q x /dev/null || true; echo on", "on\n"),
        ("set +e; trap - ERR; false; echo on", "on\n"),
        ("[[ a == b ]] || echo or", "or\n"),
        ("(( 0 )) || echo or", "or\n"),
        ("", ""),
        ("# nothing\n", ""),
    ] {
        assert_eq!(stdout(text), out, "{text}");
    }
}

#[test]
fn an_unset_variable_is_a_failure() {
    let error = failure("echo \"$RBK_NO_SUCH_VARIABLE\"; echo on");
    assert!(error.message.contains("RBK_NO_SUCH_VARIABLE: unbound variable"), "{}", error.message);
    assert_eq!(stdout("echo \"${RBK_NO_SUCH_VARIABLE:-none}\""), "none\n");
}

#[test]
fn exit_codes_and_last_words_are_told() {
    for (line, message) in [
        (script("echo first >&2; echo last >&2; exit 3"), "exited with 3: last"),
        (script("echo out; exit 3"), "exited with 3: out"),
        (script("exit 3"), "exited with 3 and wrote nothing"),
        (script("printf 'last\\n\\n  \\n' >&2; exit 1"), "exited with 1: last"),
        (direct(&["false"]), "exited with 1 and wrote nothing"),
        (direct(&["sh", "-c", "kill -KILL $$"]), "was ended by SIGKILL (out of memory?) and wrote nothing"),
        (direct(&["sh", "-c", "kill -TERM $$"]), "was ended by SIGTERM and wrote nothing"),
    ] {
        let error = run(&line).unwrap_err();
        assert_eq!(error.message, message, "{line:?}");
    }
    let long = failure("head -c 5000 /dev/zero | tr '\\0' x >&2; exit 1");
    assert!(long.message.len() < 300, "{}", long.message.len());
    let error = failure("rbk-no-such-program x");
    assert!(error.message.contains("rbk-no-such-program: command not found"), "{}", error.message);
    assert!(error.help.unwrap().contains("not installed"));
    let error = failure("/dev/null; :").message;
    assert!(error.contains("126") || error.contains("ermission denied"), "{error}");
    let error = run(&direct(&["rbk-no-such-program"])).unwrap_err();
    assert_eq!(error.certainty, Certainty::NotBegun);
    assert!(error.help.unwrap().contains("needs"));
}

#[test]
fn line_numbers_in_bashs_own_messages_are_the_scripts() {
    let error = failure("true\necho 'a\n' $(\n");
    assert!(error.message.contains("syntax error") || error.message.contains("unexpected"), "{}", error.message);
    let error = failure("true\ntrue\nrbk-no-such-program");
    assert!(error.message.contains("line 3:"), "{}", error.message);
}

#[test]
fn other_codes_may_be_fine() {
    let ok = CommandOptions { ok: vec![0, 1], ..CommandOptions::default() };
    let around = Around::new();
    assert_eq!(field(&run_with(&direct(&["false"]), &ok, &around).unwrap(), "ok"), "true");
    assert!(run_with(&script("exit 2"), &ok, &around).is_err());
    let tried = CommandOptions { tried: true, ..CommandOptions::default() };
    let value = run_with(&script("echo a; exit 2"), &tried, &around).unwrap();
    assert_eq!([field(&value, "ok"), field(&value, "status")], ["false", "2"]);
    // What could not start is a failure also of a `try`: there is nothing to look at.
    assert_eq!(run_with(&direct(&["rbk-no-such"]), &tried, &around).unwrap_err().certainty, Certainty::NotBegun);
}

#[test]
fn a_deadline_of_its_own_ends_all_of_it_in_doubt() {
    let mark = marker();
    let options = CommandOptions { timeout: Some(Duration::from_millis(300)), ..CommandOptions::default() };
    for text in [
        format!("echo begun; sleep 60 # {mark}"),
        format!("echo begun; setsid sh -c ': {mark}; sleep 60; :' & sleep 60"),
        format!("echo begun; trap '' TERM; : {mark}; while :; do sleep 0.1; done | cat"),
    ] {
        let begun = Instant::now();
        let error = run_with(&script(&text), &options, &Around::new()).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(3), "{text}: {:?}", begun.elapsed());
        assert_eq!((error.certainty, error.message.as_str()), (Certainty::InDoubt, "it was stopped after 300ms"));
        assert_eq!(error.output.as_deref(), Some("begun"), "{text}");
        assert_eq!(alive(&mark), Vec::<String>::new(), "{text}");
    }
    let quick = run_with(&script("echo done"), &options, &Around::new());
    assert!(quick.is_ok());
}

#[test]
fn here_documents_and_surroundings() {
    assert_eq!(stdout("cat <<EOF | tr a-z A-Z\none $((1 + 1))\nEOF\necho on"), "ONE 2\non\n");
    assert_eq!(stdout("cat <<'EOF'\n$HOME `x`\nEOF"), "$HOME `x`\n");
    let dir = tempfile::tempdir().unwrap();
    let mut around = Around::new();
    around.surroundings.dir = Some(dir.path().to_owned());
    around.surroundings.vars = vec![
        ("RBK_A".into(), Exposed { text: "outer".into(), secret: false }),
        ("RBK_A".into(), Exposed { text: "in'ner \"".into(), secret: true }),
    ];
    around.key = Some("key-1".to_owned());
    let value = run_with(&script("pwd; echo \"$RBK_A $RBK_IDEMPOTENCY_KEY\""), &CommandOptions::default(), &around);
    let text = field(&value.unwrap(), "stdout");
    assert_eq!(text, format!("{}\nin'ner \" key-1\n", dir.path().canonicalize().unwrap().display()));
}

#[test]
fn sh_with_all_its_options() {
    let sh = action("sh");
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    let mut around = Around::new();
    around.surroundings.dir = Some(dir.path().to_owned());
    let given = args(
        sh,
        vec![
            ("command", Value::str("cat; basename \"$PWD\"; echo \"$A\"; exit 4")),
            ("stdin", Value::str("in ")),
            ("cwd", Value::str("sub")),
            ("env", Value::record([("A", Value::str("x y"))])),
            ("ok", Value::list([Value::Int(4)])),
        ],
    );
    let value = run_local((sh.run)(&around.call(&given))).unwrap();
    assert_eq!(field(&value, "stdout"), "in sub\nx y\n");
    assert_eq!([field(&value, "ok"), field(&value, "status")], ["true", "4"]);
}
