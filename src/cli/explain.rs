//! `rbk explain`: the page of a code.

use std::fmt::Write as _;

use super::terminal;
use crate::diag::{Code, code, did_you_mean};
use crate::report::{Ink, paint};

/// Tell what a message means and what to do about it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// RBK0401 or assert-failed; without it all are listed.
    code: Option<String>,
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(name) = &args.code else {
        terminal::print(&list());
        return 0;
    };
    if let Some(found) = code::find(name) {
        terminal::print(&page(found));
        return 0;
    }
    let known = code::ALL.iter().flat_map(|code| [code.id, code.name]);
    let help = did_you_mean(name, known)
        .map_or_else(|| "`rbk explain` lists all".to_owned(), |near| format!("did you mean `{near}`?"));
    terminal::error(&format!("there is no code `{name}`"), Some(&help));
    super::NOTHING_EXECUTED
}

fn list() -> String {
    let mut text = String::new();
    for code in code::ALL {
        let title = code.page.lines().next().unwrap_or_default().trim_start_matches("# ");
        let _ = writeln!(text, "{}  {:<24} {title}", code.id, code.name);
    }
    text
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
        assert_eq!(list.lines().count(), code::ALL.len());
        assert!(list.contains("RBK0404  tripped                  A monitor or guard saw its bad sign\n"), "{list}");
    }
}
