//! `rbk doc`: help on everything in the language, offline; on a file, the runbook's own.

mod constructs;
mod listing;
mod reference;
mod runbook;
mod std_module;

use std::fmt::Write as _;
use std::path::Path;

use constructs::Construct;

use super::{NOTHING_EXECUTED, opening, terminal};
use crate::catalog::target::{self, TargetForm};
use crate::catalog::{Action, Inverse, Param};
use crate::diag::{Style, did_you_mean};
use crate::functions::{self, Function};
use crate::host::real::RealHost;
use crate::report::{Ink, paint};
use crate::session;

/// Help on the language, its actions and functions; on a FILE.rbk, what that runbook does and takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// http.get, step, sort, std.git, deploy.rbk; or any text to search for.
    name: Option<String>,
    /// The standard library as one page: md.
    #[arg(long, value_enum, conflicts_with = "name")]
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// Markdown.
    Md,
}

pub(super) fn run(args: &Args) -> u8 {
    let style = terminal::stdout_style();
    if let Some(Format::Md) = args.format {
        terminal::print(&reference::markdown());
        return 0;
    }
    let Some(name) = &args.name else {
        terminal::print(&listing::everything(style, ""));
        return 0;
    };
    let path = Path::new(name);
    if session::check_file(path) {
        return match opening::program(&RealHost::new(), path) {
            Ok(program) => {
                terminal::print(&runbook::page(&program, name, style));
                0
            }
            Err(code) => code,
        };
    }
    match about(name, style) {
        Ok(text) => {
            terminal::print(&text);
            0
        }
        Err((message, help)) => {
            terminal::error(&message, Some(&help));
            NOTHING_EXECUTED
        }
    }
}

/// All names that [`about`] knows.
pub(super) fn topics() -> Vec<String> {
    listing::names()
}

/// Help on a name of the language: its page, or all that it is found in.
///
/// # Errors
/// There is nothing called so, and what to type instead.
pub(super) fn about(name: &str, style: Style) -> Result<String, (String, String)> {
    let pages = pages(name, style);
    if !pages.is_empty() {
        return Ok(pages);
    }
    let found = listing::everything(style, name);
    if !found.is_empty() {
        return Ok(found);
    }
    let names: Vec<String> = listing::names();
    let help = match did_you_mean(name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`rbk doc` lists everything".to_owned(),
    };
    Err((format!("there is nothing called `{name}`"), help))
}

/// Everything of exactly this name.
fn pages(name: &str, style: Style) -> String {
    let mut pages = Vec::new();
    pages.extend(constructs::ALL.iter().filter(|construct| construct.name == name).map(|one| construct(one, style)));
    let places = target::TARGETS.iter().filter(|form| name.strip_prefix("on.") == Some(form.name));
    pages.extend(places.map(|form| place(form, style)));
    pages.extend(session::registry().find(name).map(|found| action(found, style)));
    pages.extend(functions::all().filter(|function| function.name == name).map(|found| function(found, style)));
    pages.extend(std_module::page(name, style));
    pages.join("\n")
}

fn construct(construct: &Construct, style: Style) -> String {
    let mut text = format!("{}\n\n{}.\n", paint(style, Ink::Bold, construct.form), construct.summary);
    example(&mut text, construct.example);
    text
}

fn action(action: &Action, style: Style) -> String {
    let form = form_of(action.name, action.params);
    let returns = if action.returns == "null" { String::new() } else { format!(" -> {}", action.returns) };
    let mut text = format!("{}  {}{returns}\n\n", paint(style, Ink::Bold, &form), action.effect);
    let _ = writeln!(text, "{}.\n", action.summary.trim_end_matches('.'));
    text.push_str(&plain_markdown(action.details, style));
    parameters(&mut text, action.params);
    let _ = match &action.inverse {
        Inverse::NotNeeded => writeln!(text, "\nTaken back: not needed, it changes nothing."),
        Inverse::None(why) => writeln!(text, "\nTaken back: by nothing of its own: {why}"),
        Inverse::Captured { .. } => writeln!(text, "\nTaken back: by itself; what was there before is put back."),
    };
    for code in action.examples {
        example(&mut text, code);
    }
    text
}

/// A kind of place that `on` leads to.
fn place(form: &TargetForm, style: Style) -> String {
    let head = form_of(&format!("on {}", form.name), form.params);
    let mut text = format!("{} {{ }}\n\n{}.\n\n", paint(style, Ink::Bold, &head), form.summary);
    text.push_str(&plain_markdown(form.details, style));
    parameters(&mut text, form.params);
    for code in form.examples {
        example(&mut text, code);
    }
    text
}

/// `file.read(path, …)`
fn form_of(name: &str, params: &[Param]) -> String {
    let required = params.iter().filter(|param| param.default.is_none());
    let named: Vec<&str> = required.map(|param| param.name).collect();
    let more = if named.len() < params.len() { ", …" } else { "" };
    format!("{name}({}{more})", named.join(", "))
}

fn parameters(text: &mut String, params: &[Param]) {
    if !params.is_empty() {
        let _ = writeln!(text, "\nParameters");
    }
    let width = params.iter().map(|param| param.name.len() + param.ty.len() + 2).max().unwrap_or(0);
    for param in params {
        let signature = format!("{}: {}", param.name, param.ty);
        let default = param.default.map_or_else(|| "required. ".to_owned(), |default| format!("default {default}. "));
        let _ = writeln!(text, "  {signature:<width$}  {default}{}", param.doc);
    }
}

fn function(function: &Function, style: Style) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .skip(usize::from(function.method))
        .map(|param| format!("{}{}: {}", param.name, if param.optional { "?" } else { "" }, param.ty))
        .collect();
    let receiver =
        function.params.first().filter(|_| function.method).map_or_else(String::new, |one| format!("{}.", one.ty));
    let form = format!("{receiver}{}({}) -> {}", function.name, params.join(", "), function.returns);
    let mut text = format!("{}\n\n{}.\n\n", paint(style, Ink::Bold, &form), function.summary);
    for (code, value) in function.examples {
        let _ = writeln!(text, "    {code}  →  {value}");
    }
    text
}

fn example(text: &mut String, code: &str) {
    text.push('\n');
    for line in code.lines() {
        let _ = writeln!(text, "    {line}");
    }
}

/// Markdown as plain text: headings bold, code indented, all else as it stands.
pub(super) fn plain_markdown(markdown: &str, style: Style) -> String {
    let mut text = String::new();
    let mut code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            code = !code;
        } else if code {
            let _ = writeln!(text, "{}", if line.is_empty() { String::new() } else { format!("    {line}") });
        } else if let Some(heading) = line.strip_prefix('#') {
            let _ = writeln!(text, "{}", paint(style, Ink::Bold, heading.trim_start_matches('#').trim()));
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_an_action_has_all_it_declares() {
        for action in session::registry().iter() {
            let page = pages(action.name, Style::default());
            assert!(page.contains(action.summary.trim_end_matches('.')), "{page}");
            assert!(action.params.iter().all(|param| page.contains(param.doc)), "{page}");
        }
    }

    #[test]
    fn a_page_of_a_place_too() {
        for form in target::TARGETS {
            let page = pages(&format!("on.{}", form.name), Style::default());
            assert!(page.contains(form.summary) && page.contains(form.examples[0].lines().next().unwrap()), "{page}");
            assert!(form.params.iter().all(|param| page.contains(param.doc)), "{page}");
        }
    }

    #[test]
    fn markdown_is_read_as_text() {
        let text = plain_markdown("# Title\n\nWords.\n\n```rbk\nnote \"x\"\n```\n", Style::default());
        assert_eq!(text, "Title\n\nWords.\n\n    note \"x\"\n");
    }
}
