//! `rbk fmt`: the one layout.

use std::io::Read;
use std::path::{Path, PathBuf};

use similar::{ChangeTag, TextDiff};

use super::bug::BUG;
use super::parallel::in_parallel;
use super::{NOTHING_EXECUTED, paths, terminal};
use crate::diag::{Diagnostic, Style, render};
use crate::fmt::{format, line_ends};
use crate::host::Host;
use crate::host::real::RealHost;
use crate::report::sanitize;
use crate::report::{Ink, paint};
use crate::source::{FileId, Sources};

/// Put runbooks into the one layout.
///
/// There are no options about the layout, and comments, empty lines and line ends in lists stay where they were
/// meant. What cannot be read stays as it is; the rest of its file is formatted, and the exit code is 2.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Runbooks, and folders with some; without any, the current folder. - is standard input, to standard output.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Write nothing: name the files that are not in the layout, and end with 1 if there are any.
    #[arg(long)]
    check: bool,

    /// Write nothing: show what would change, and end with 1 if anything would.
    #[arg(long)]
    diff: bool,
}

impl Args {
    const fn writes(&self) -> bool {
        !self.check && !self.diff
    }
}

/// How many faults of the sources are drawn.
const DRAWN: usize = 20;

/// How standard input is called.
const STDIN: &str = "standard input";

/// A text and what becomes of it.
#[derive(Default)]
struct Seen {
    name: String,
    before: String,
    after: String,
    /// What could not be read in it, in the text with its line ends mended.
    faults: Vec<Diagnostic>,
    /// Its formatted form says something else, so it is not used.
    unfaithful: bool,
    /// Why it could not be read or written.
    failed: Option<String>,
}

impl Seen {
    fn changes(&self) -> bool {
        self.before != self.after
    }

    fn failed(name: String, why: String) -> Self {
        Self { name, failed: Some(why), ..Self::default() }
    }
}

pub(super) fn run(args: &Args) -> u8 {
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        if args.paths.len() > 1 {
            terminal::error("- is standard input, and nothing else can be given with it", None);
            return NOTHING_EXECUTED;
        }
        return standard_input(args);
    }
    match paths::runbooks(&args.paths) {
        Ok(files) => told(args, &in_parallel(files.len(), &|at| file(args, &files[at]))),
        Err(why) => {
            terminal::error(&why, None);
            NOTHING_EXECUTED
        }
    }
}

fn standard_input(args: &Args) -> u8 {
    let mut bytes = Vec::new();
    let name = STDIN.to_owned();
    let seen = match std::io::stdin().read_to_end(&mut bytes) {
        Ok(_) => look_at(name, bytes),
        Err(why) => Seen::failed(name, format!("{STDIN} cannot be read: {why}")),
    };
    if args.writes() && seen.failed.is_none() {
        terminal::print(&seen.after);
    }
    told(args, &[seen])
}

/// Reads a file, and writes it if it is to be changed.
fn file(args: &Args, path: &Path) -> Seen {
    let name = path.display().to_string();
    let host = RealHost::new();
    let mut seen = match host.files().read(path) {
        Ok(bytes) => look_at(name, bytes),
        Err(why) => return Seen::failed(name, format!("{} cannot be read: {why}", path.display())),
    };
    if args.writes()
        && seen.changes()
        && let Err(why) = host.files().write_atomic(path, seen.after.as_bytes(), None)
    {
        seen.failed = Some(format!("{} cannot be written: {why}", seen.name));
    }
    seen
}

fn look_at(name: String, bytes: Vec<u8>) -> Seen {
    let before = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(why) => {
            let at = why.utf8_error().valid_up_to();
            return Seen::failed(name.clone(), format!("{name} is not UTF-8 (byte {at})"));
        }
    };
    let formatted = format(FileId(0), &line_ends(&before));
    let faults = formatted.diagnostics().to_vec();
    if formatted.text == before || formatted.is_faithful() {
        return Seen { name, before, after: formatted.text, faults, ..Seen::default() };
    }
    Seen { name, after: before.clone(), before, faults, unfaithful: true, ..Seen::default() }
}

/// Tells what was done, and gives the exit code.
fn told(args: &Args, all: &[Seen]) -> u8 {
    let is_bug = |seen: &&Seen| seen.unfaithful && seen.faults.is_empty();
    for seen in all.iter().filter(|seen| seen.changes() && seen.failed.is_none()) {
        if args.diff {
            terminal::print(&difference(seen, terminal::stdout_style()));
        } else if args.check && seen.name != STDIN {
            terminal::print(&format!("{}\n", seen.name));
        } else if args.writes() && seen.name != STDIN {
            terminal::say(&format!("formatted {}", sanitize::line(&seen.name)));
        }
    }
    for why in all.iter().filter_map(|seen| seen.failed.as_ref()) {
        terminal::error(why, None);
    }
    tell_faults(all);
    for seen in all.iter().filter(is_bug) {
        terminal::error(
            &format!("the layout of {} would change what it says, so it was left as it is", seen.name),
            Some("this is a bug in rbk: please report it with the file"),
        );
    }
    if let Some(line) = last_line(args, all) {
        terminal::say(&line);
    }
    match () {
        () if all.iter().any(|seen| is_bug(&seen)) => u8::try_from(BUG).unwrap_or(NOTHING_EXECUTED),
        () if all.iter().any(|seen| seen.failed.is_some() || !seen.faults.is_empty()) => NOTHING_EXECUTED,
        () if !args.writes() && all.iter().any(Seen::changes) => 1,
        () => 0,
    }
}

/// Only what is shown is drawn: a file that is no runbook at all has a fault on every line.
fn tell_faults(all: &[Seen]) {
    let count: usize = all.iter().map(|seen| seen.faults.len()).sum();
    let mut left = DRAWN;
    for seen in all.iter().filter(|seen| !seen.faults.is_empty()) {
        if left == 0 {
            break;
        }
        let mut sources = Sources::default();
        sources.add(seen.name.clone(), line_ends(&seen.before).as_ref());
        for fault in seen.faults.iter().take(left) {
            terminal::say(render(fault, &sources, terminal::stderr_style()).trim_end());
        }
        left = left.saturating_sub(seen.faults.len());
    }
    if count > DRAWN {
        terminal::say(&format!("\nand {} more", count - DRAWN));
    }
}

/// `2 files formatted, 5 were so already · 1 cannot be read in places: those are left as they are`
fn last_line(args: &Args, all: &[Seen]) -> Option<String> {
    let read: Vec<&Seen> = all.iter().filter(|seen| seen.failed.is_none()).collect();
    let changed = read.iter().filter(|seen| seen.changes()).count();
    let faulty = read.iter().filter(|seen| !seen.faults.is_empty()).count();
    let of = |n: usize| if n == 1 { "1 file".to_owned() } else { format!("{n} files") };
    let left = match faulty {
        0 => String::new(),
        1 => " · 1 has errors: those parts are left as they are".to_owned(),
        n => format!(" · {n} have errors: those parts are left as they are"),
    };
    match all {
        _ if read.is_empty() => None,
        // Its text is on standard output.
        [one] if one.name == STDIN => match (args.writes(), one.changes()) {
            (false, true) if !args.diff => Some(format!("{STDIN} is not formatted{left}")),
            _ => Some(left.trim_start_matches(" · ").replace("1 has", "it has")).filter(|left| !left.is_empty()),
        },
        _ => {
            let rest = read.len() - changed;
            Some(match (args.writes(), changed, rest) {
                (_, 0, rest) => format!("{} formatted already{left}", of(rest)),
                (true, changed, 0) => format!("{} formatted{left}", of(changed)),
                (true, changed, rest) => format!("{} formatted, {rest} already{left}", of(changed)),
                (false, changed, 0) => format!("{} not formatted{left}", of(changed)),
                (false, changed, rest) => format!("{} not formatted, {rest} formatted{left}", of(changed)),
            })
        }
    }
}

/// A unified diff; where colours are shown, made safe for a terminal.
fn difference(seen: &Seen, style: Style) -> String {
    let diff = TextDiff::from_lines(&seen.before, &seen.after);
    let mut unified = diff.unified_diff();
    unified.header(&seen.name, &seen.name);
    if !style.colour {
        return unified.to_string();
    }
    let mut out = String::new();
    let mut add = |ink: Option<Ink>, sign: &str, line: &str| {
        let line = format!("{sign}{}", sanitize::line(line.trim_end_matches('\n')));
        out.push_str(&ink.map_or_else(|| line.clone(), |ink| paint(style, ink, &line)));
        out.push('\n');
    };
    add(Some(Ink::Bold), "--- ", &seen.name);
    add(Some(Ink::Bold), "+++ ", &seen.name);
    for hunk in unified.iter_hunks() {
        add(Some(Ink::Busy), "", &hunk.header().to_string());
        for change in hunk.iter_changes() {
            match change.tag() {
                ChangeTag::Delete => add(Some(Ink::Bad), "-", change.value()),
                ChangeTag::Insert => add(Some(Ink::Good), "+", change.value()),
                ChangeTag::Equal => add(None, " ", change.value()),
            }
        }
    }
    out
}
