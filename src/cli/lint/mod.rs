//! `rbk lint`: what is wrong with runbooks, and what could be better. It executes nothing.

mod changes;
mod files;
mod job;
mod shellcheck;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use job::Job;

use super::{NOTHING_EXECUTED, paths, terminal};
use crate::host::Host;
use crate::host::real::RealHost;
use crate::lint::Linted;
use crate::report::findings::{Counts, Format, statistics, written};
use crate::source::{FileId, Span};

/// Find what is wrong with runbooks, and what could be better; nothing is executed.
///
/// A finding is suppressed where it stands: `# rbk: ignore[rule-name] the reason`, behind the line or above it.
/// `rbk explain lint` lists the rules, `rbk explain RULE` tells of one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Runbooks, and folders with some; without any, the current folder.
    paths: Vec<PathBuf>,

    /// How findings are written.
    #[arg(long, value_enum, default_value = "human")]
    format: FormatArg,

    /// Mend what can be mended without a change of meaning.
    #[arg(long)]
    fix: bool,

    /// Mend also what should be read before it is believed; implies --fix.
    #[arg(long)]
    unsafe_fixes: bool,

    /// Only these rules: names, codes, or beginnings of codes. Instead of `select` in rbk.toml.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    select: Vec<String>,

    /// Not these rules; in addition to `ignore` in rbk.toml.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    ignore: Vec<String>,

    /// Only what holds in this environment; `all` of them otherwise.
    #[arg(short, long, value_name = "NAME", default_value = "all")]
    env: String,

    /// No last line, and no findings: the exit code tells.
    #[arg(short, long)]
    quiet: bool,

    /// How often each rule found something, instead of the findings.
    #[arg(long)]
    statistics: bool,

    /// Write a suppression with this reason above each finding.
    #[arg(long, value_name = "REASON")]
    add_ignores: Option<String>,

    /// Lint again whenever a file changes, until Ctrl-C.
    #[arg(long, conflicts_with_all = ["fix", "unsafe_fixes", "add_ignores"])]
    watch: bool,

    /// Do not ask shellcheck about commands, even where it is installed.
    #[arg(long)]
    no_shellcheck: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FormatArg {
    Human,
    Concise,
    Json,
    Sarif,
    Github,
    Junit,
}

impl FormatArg {
    const fn format(self) -> Format {
        match self {
            Self::Human => Format::Human,
            Self::Concise => Format::Concise,
            Self::Json => Format::Json,
            Self::Sarif => Format::Sarif,
            Self::Github => Format::Github,
            Self::Junit => Format::Junit,
        }
    }
}

pub(super) fn run(args: &Args) -> u8 {
    if args.watch {
        return watch::forever(&args.paths, &|| {
            once(args);
        });
    }
    once(args)
}

fn once(args: &Args) -> u8 {
    let host = RealHost::new();
    match prepare(args, &host) {
        Ok(job) => told(args, &job, &host),
        Err(code) => code,
    }
}

fn prepare(args: &Args, host: &dyn Host) -> Result<Job, u8> {
    let files = paths::runbooks(&args.paths).map_err(|why| {
        terminal::error(&why, None);
        NOTHING_EXECUTED
    })?;
    Job::new(args, files, host)
}

fn told(args: &Args, job: &Job, host: &RealHost) -> u8 {
    let (mut linted, unreadable) = files::lint_all(job, host);
    for why in &unreadable {
        terminal::error(why, None);
    }
    once_each(&mut linted, host);
    if let Err(code) = knows_environment(args, &linted) {
        return code;
    }
    let mut mended = 0;
    if args.fix || args.unsafe_fixes {
        match changes::fix_all(job, host, &mut linted, args.unsafe_fixes) {
            Ok(count) => mended = count,
            Err(code) => return code,
        }
        if mended > 0 {
            (linted, _) = files::lint_all(job, host);
        }
    }
    if let Some(reason) = &args.add_ignores {
        return changes::add_ignores(host, &linted, reason);
    }
    if !args.quiet {
        show(args, &linted, mended);
    }
    exit_code(&linted, !unreadable.is_empty())
}

/// What is wrong in a file that others use is told where that file is linted itself, and else once.
fn once_each(linted: &mut [Linted], host: &RealHost) {
    let canonical = |path: &Path| host.files().canonical(path).unwrap_or_else(|_| path.to_owned());
    let uses_others = |file: &Linted| file.found.iter().any(|found| found.span().file != file.file);
    if !linted.iter().any(uses_others) {
        return;
    }
    let mut own: Vec<PathBuf> = linted.iter().map(|file| canonical(&file.path)).collect();
    own.sort();
    let mut told: Vec<(String, Span, String)> = Vec::new();
    for file in linted {
        let (sources, main) = (Arc::clone(&file.sources), file.file);
        let root = canonical(&file.path);
        file.found.retain(|found| {
            let span = found.span();
            let name = &sources.get(span.file).name;
            // A file that is used is named by its path from the project's root, which is a folder above.
            let linted_itself = || root.ancestors().any(|folder| own.binary_search(&folder.join(name)).is_ok());
            let key = (name.clone(), Span { file: FileId(0), ..span }, found.message.clone());
            if span.file == main {
                return true;
            }
            let again = linted_itself() || told.contains(&key);
            told.push(key);
            !again
        });
    }
}

/// A misspelt environment would find nothing, and look like a clean runbook.
fn knows_environment(args: &Args, linted: &[Linted]) -> Result<(), u8> {
    if args.env == "all" || linted.iter().any(|file| file.environments.iter().any(|name| **name == *args.env)) {
        return Ok(());
    }
    let mut names: Vec<&str> = linted.iter().flat_map(|file| file.environments.iter().map(|name| &**name)).collect();
    names.sort_unstable();
    names.dedup();
    let known =
        if names.is_empty() { "none of them has one".to_owned() } else { format!("there are: {}", names.join(", ")) };
    terminal::error(&format!("no runbook here has an environment `{}`", args.env), Some(&known));
    Err(NOTHING_EXECUTED)
}

fn show(args: &Args, linted: &[Linted], mended: usize) {
    if args.statistics {
        terminal::print(&statistics(linted));
    } else {
        terminal::print(&written(linted, args.format.format(), terminal::stdout_style()));
    }
    if matches!(args.format, FormatArg::Human | FormatArg::Concise) {
        terminal::say(&last_line(linted, mended));
    }
}

/// `3 warnings in 12 files · 2 mended · rbk lint --fix mends 1 · rbk explain no-way-back tells more`
fn last_line(linted: &[Linted], mended: usize) -> String {
    let counts = Counts::of(linted);
    let files = if linted.len() == 1 { "1 file".to_owned() } else { format!("{} files", linted.len()) };
    let mut parts = vec![format!("{} in {files}", counts.words())];
    if mended > 0 {
        parts.push(format!("{mended} mended"));
    }
    let safe: usize = linted.iter().map(|file| file.fixable(false)).sum();
    let with_unsafe: usize = linted.iter().map(|file| file.fixable(true)).sum();
    if safe > 0 {
        parts.push(format!("rbk lint --fix mends {safe}"));
    }
    if with_unsafe > safe {
        parts.push(format!(
            "--unsafe-fixes mends {}",
            if safe > 0 { format!("{} more", with_unsafe - safe) } else { with_unsafe.to_string() }
        ));
    }
    // The first of the worst: of equals, `max_by_key` gives the last.
    let all: Vec<_> = linted.iter().flat_map(|file| &file.found).collect();
    let worst = all.into_iter().rev().max_by_key(|found| found.severity);
    if let Some(worst) = worst {
        parts.push(format!("rbk explain {} tells more", worst.code.name));
    }
    parts.join(" · ")
}

/// 2 where a source is wrong, 1 for findings; notes alone are none.
fn exit_code(linted: &[Linted], unreadable: bool) -> u8 {
    let counts = Counts::of(linted);
    match () {
        () if unreadable || linted.iter().any(Linted::is_broken) => NOTHING_EXECUTED,
        () if counts.errors + counts.warnings > 0 => 1,
        () => 0,
    }
}
