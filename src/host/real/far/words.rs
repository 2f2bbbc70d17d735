//! The text that the far side's `sh` runs, on one line.
//!
//! What is given to a place stands on its standard input, one line for each hop and then what the command itself
//! reads: so nothing of it is in anybody's list of processes, and a second shell on the way (a login shell, that of
//! `sudo`) never reads a value. `sh` takes its line by `read`, which takes not a byte more, and `eval`s it. Every
//! value in it stands in single quotes; a line end in a value is a variable that holds one.

use std::fmt::Write as _;
use std::path::Path;

use super::super::talk::Talk;
use crate::host::{Hop, Process};

/// What is started at each place: it holds no value, and no quote that a login shell could read otherwise.
pub(super) const LOADER: &str = "IFS= read -r rbk_l && eval \"$rbk_l\"";

/// The environment variable by which what runs at a place is found there.
pub(super) const THERE: &str = "RBK_THERE";

/// Why a command cannot be sent.
#[derive(Debug)]
pub(super) struct Unsendable(pub(super) String);

/// A value as one word.
pub(super) fn word(text: &str) -> Result<String, Unsendable> {
    if text.contains('\0') {
        return Err(Unsendable("an argument holds a NUL byte".to_owned()));
    }
    Ok(format!("'{}'", text.replace('\'', "'\\''").replace('\n', "'\"$rbk_n\"'")))
}

pub(super) fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<String, Unsendable> {
    let words = texts.into_iter().map(word).collect::<Result<Vec<_>, _>>()?;
    Ok(words.join(" "))
}

/// The line of a hop that is not the last: it starts what leads to the next one.
pub(super) fn passage(mark: &str, at: usize, hop: &Hop, next: &[String]) -> Result<String, Unsendable> {
    let arrival = arrival(mark, at, hop)?;
    Ok(format!("{arrival}exec {}\n", words(next.iter().map(String::as_str))?))
}

/// The line of the last hop: it runs the command, and tells its beginning and its end.
pub(super) fn work(mark: &str, at: usize, hop: &Hop, process: &Process) -> Result<String, Unsendable> {
    let arrival = arrival(mark, at, hop)?;
    let command = command(mark, process)?;
    let (begin, end) = (tell_both(mark, "begin", ""), tell_both(mark, "end:%s", " \"$rbk_s$rbk_p\""));
    Ok(format!("{arrival}{begin}rbk_p=; {command}; rbk_s=$?; {end}exit \"$rbk_s\"\n"))
}

/// The line of the last hop when it runs a script of ours.
pub(super) fn own_script(mark: &str, at: usize, hop: &Hop, script: &str) -> Result<String, Unsendable> {
    let arrival = arrival(mark, at, &Hop { env: std::collections::BTreeMap::new(), ..hop.clone() })?;
    let (begin, end) = (tell_both(mark, "begin", ""), tell_both(mark, "end:0", ""));
    Ok(format!("{arrival}{begin}eval {}; {end}exit 0\n", word(script)?))
}

/// Says that the place was reached, and lays out what holds there.
fn arrival(mark: &str, at: usize, hop: &Hop) -> Result<String, Unsendable> {
    let mut line = format!("rbk_n=$(printf '\\n.'); rbk_n=${{rbk_n%.}}; {}", tell(mark, &format!("at:{at}")));
    for (name, value) in &hop.env {
        if !is_name(name) {
            return Err(Unsendable(format!("a shell has no variable of the name `{name}`, and cannot set it there")));
        }
        let _ = write!(line, "export {name}={}; ", word(value)?);
    }
    if let Some(dir) = &hop.dir {
        let dir = Path::new(".").join(dir);
        let failed = tell(mark, "no-folder:");
        let dir = word(&dir.to_string_lossy())?;
        let _ = write!(line, "CDPATH= cd -- {dir} || {{ {failed}exit 1; }}; ");
    }
    Ok(line)
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn tell(mark: &str, what: &str) -> String {
    format!("printf '{}' >&2; ", Talk::word(mark, what))
}

fn tell_both(mark: &str, what: &str, values: &str) -> String {
    let word = Talk::word(mark, what);
    format!("printf '{word}'{values}; printf '{word}'{values} >&2; ")
}

/// The command itself, in a shell of its own: `exec` starts a program also where the shell has a builtin of its name.
fn command(mark: &str, process: &Process) -> Result<String, Unsendable> {
    let Some(script) = process.script.as_ref().filter(|_| process.shell) else {
        return Ok(format!("(exec {})", words(process.argv.iter().map(String::as_str))?));
    };
    let bash = words(process.argv.iter().map(String::as_str))?;
    let plain = if script.contains('|') {
        // Without bash nobody can tell an early-closed reader from a failure: `:sh` says that 141 is one.
        let strict = word(&format!("set -euo pipefail; {script}"))?;
        let refused = tell(mark, "no-pipefail:");
        format!(
            "elif (set -o pipefail) 2>/dev/null; then (exec sh -c {strict}); rbk_s=$?; rbk_p=:sh; (exit $rbk_s); else {refused}exit 1; fi"
        )
    } else {
        format!("else (exec sh -euc {}); fi", word(script)?)
    };
    Ok(format!("if command -v bash >/dev/null 2>&1; then (exec {bash}); {plain}"))
}
