//! What no text may do to the parser: overflow its stack, or take long.

use std::time::{Duration, Instant};

use rbk::source::FileId;
use rbk::syntax::{Parsed, parse};

/// Generous, for builds that are not optimised on machines that are busy.
const LONG: Duration = Duration::from_secs(60);

fn timed(text: &str) -> Parsed {
    let start = Instant::now();
    let parsed = parse(FileId(0), text);
    let took = start.elapsed();
    let head: String = text.chars().take(40).collect();
    assert!(took < LONG, "{took:?} for {} bytes of {head:?}", text.len());
    parsed
}

#[test]
fn deep_texts_are_refused() {
    for open in [
        "(",
        "[",
        "{",
        "f(",
        "[{a: ",
        "note \"${",
        "x => ",
        "try ",
        "if a {",
        "$ $(",
        "$ \"$(",
        "$ ${",
        "not ",
        "- ",
        "-",
        "!",
        "list<",
        "a.",
        "a[",
        "x = x => ",
        "step \"x\" {",
        "step \"x\" {\n",
        "if a { 1 } else ",
        "a + ",
        "a ?? ",
        "if x { } else ",
        "param x: list<",
        "check \"a\" {\n",
        "\"\"\"${",
        "note [",
        "on x { ",
        "f(x => ",
        "{ a: ",
        "let a = if b { c } else if d { ",
        "choose \"x\" { \"a\" { ",
        "f(a: ",
        "x\n.y",
        "x\n+",
        "param x: { a: ",
        "let r = for x in y { ",
        "action f(a: { b: ",
        "a = ",
        "`",
        "«",
    ] {
        let parsed = timed(&open.repeat(100_000));
        assert!(!parsed.diagnostics.is_empty(), "{open}");
        timed(&format!("let x = {}", open.repeat(5_000)));
        timed(&format!("step \"x\" {{\n{}", open.repeat(95)));
    }
    // For the grammar these are words of a command; the shell's reader refuses them.
    timed(&"$ ((".repeat(100_000));
}

#[test]
fn sane_depth_is_read() {
    for (open, middle, close) in [("(", "1", ")"), ("[", "1", "]"), ("f(", "1", ")"), ("{ a: ", "1", " }")] {
        let text = format!("let x = {}{middle}{}", open.repeat(90), close.repeat(90));
        assert!(timed(&text).diagnostics.is_empty(), "{open}");
    }
    let text = format!("{}{}", "phase \"x\" {\n".repeat(90), "}\n".repeat(90));
    assert_eq!(timed(&text).diagnostics, []);
    let text = format!("let x = {}1{}", "if a { ".repeat(90), " } else { 2 }".repeat(90));
    assert_eq!(timed(&text).diagnostics, []);
}

#[test]
fn long_lists_are_read() {
    let list = format!("let x = [{}]", "1, ".repeat(100_000));
    assert!(timed(&list).diagnostics.is_empty());
    let record = format!("let x = {{{}}}", "key: 1,\n".repeat(20_000));
    assert!(timed(&record).diagnostics.is_empty());
    let text = format!("note \"{}\"", "x${a} ".repeat(50_000));
    assert_eq!(timed(&text).diagnostics, []);
    let script = format!("$ \"\"\"\n{}\"\"\"\n", "  echo ${a} b\n".repeat(50_000));
    assert!(timed(&script).diagnostics.is_empty());
    let lines = "    $ echo ${a} 'b' \"c\"\n".repeat(50_000);
    assert!(timed(&lines).diagnostics.is_empty());
}

#[test]
fn unclosed_things_take_no_long_time() {
    for line in [
        "f(",
        "[1,",
        "{",
        "note \"",
        "$ echo '",
        "\"\"\"",
        "note \"${",
        "foo bar {",
        "check x(",
        "$ \"$(",
        "a = {",
        "$ '",
        "'",
        "}",
    ] {
        timed(&format!("{line}\n").repeat(20_000));
    }
}
