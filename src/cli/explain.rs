//! `rbk explain`: the page of a code.

use std::fmt::Write as _;

use super::terminal;
use crate::diag::{Code, Severity, code, did_you_mean};
use crate::lint;
use crate::report::{Ink, paint};

/// Tell what a message means and what to do about it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// RBK0401, assert-failed, or a rule of `rbk lint`; `lint` lists the rules. Without it all are listed.
    code: Option<String>,
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(name) = &args.code else {
        terminal::print(&list());
        return 0;
    };
    if name == "lint" {
        terminal::print(&super::doc::plain_markdown(&index(), terminal::stdout_style()));
        return 0;
    }
    if let Some(found) = code::find(name).or_else(|| lint::find(name).map(|rule| &rule.code)) {
        terminal::print(&page(found));
        return 0;
    }
    let known = all().flat_map(|code| [code.id, code.name]);
    let help = did_you_mean(name, known)
        .map_or_else(|| "`rbk explain` lists all".to_owned(), |near| format!("did you mean `{near}`?"));
    terminal::error(&format!("there is no code `{name}`"), Some(&help));
    super::NOTHING_EXECUTED
}

/// Every code, by number.
fn all() -> impl Iterator<Item = &'static Code> {
    let mut all: Vec<&'static Code> =
        code::ALL.iter().copied().chain(lint::rules().iter().map(|rule| &rule.code)).collect();
    all.sort_by_key(|code| code.id);
    all.into_iter()
}

fn list() -> String {
    let mut text = String::new();
    for code in all() {
        let title = code.page.lines().next().unwrap_or_default().trim_start_matches("# ");
        let _ = writeln!(text, "{}  {:<24} {title}", code.id, code.name);
    }
    text
}

/// The page of all rules.
fn index() -> String {
    let mut rules = String::new();
    for rule in lint::rules() {
        let severity = match rule.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let _ = writeln!(rules, "    {}  {:<22}  {severity:<7}  {}", rule.code.id, rule.code.name, rule.title());
    }
    lint::INDEX.replace("{rules}\n", &rules)
}

fn page(code: &Code) -> String {
    let style = terminal::stdout_style();
    let mut text = format!("{} {}\n\n", paint(style, Ink::Dim, code.id), paint(style, Ink::Dim, code.name));
    text.push_str(&super::doc::plain_markdown(code.page, style));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_with_its_title() {
        let list = list();
        assert_eq!(list.lines().count(), code::ALL.len() + lint::rules().len());
        assert!(list.lines().is_sorted(), "{list}");
        assert!(index().contains("no-way-back"));
        assert!(list.contains("RBK0404  tripped                  A monitor or guard saw its bad sign\n"), "{list}");
    }
}
