//! Everything there is, one line each; or what of it holds a text.

use std::fmt::Write as _;

use super::{constructs, std_module};
use crate::catalog::target;
use crate::diag::Style;
use crate::functions;
use crate::report::{Ink, paint};
use crate::session;

struct Entry {
    name: String,
    note: String,
    summary: String,
}

/// What holds `search`, in name or summary; everything if it is empty. Empty if there is nothing.
pub(super) fn everything(style: Style, search: &str) -> String {
    let search = search.to_lowercase();
    let mut text = String::new();
    for (title, entries) in sections() {
        let holds = |entry: &Entry| format!("{} {}", entry.name, entry.summary).to_lowercase().contains(&search);
        let found: Vec<&Entry> = entries.iter().filter(|entry| holds(entry)).collect();
        if found.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, paint(style, Ink::Bold, title));
        for Entry { name, note, summary } in found {
            let _ = writeln!(text, "  {name:<20} {note:<9} {summary}");
        }
    }
    if !text.is_empty() {
        let _ = writeln!(text, "\nrbk doc NAME tells more; rbk doc FILE.rbk, what a runbook does and takes");
    }
    text
}

/// Every name that has a page.
pub(super) fn names() -> Vec<String> {
    let mut names: Vec<String> =
        sections().into_iter().flat_map(|(_, entries)| entries).map(|entry| entry.name).collect();
    names.sort();
    names.dedup();
    names
}

fn sections() -> Vec<(&'static str, Vec<Entry>)> {
    let constructs = constructs::ALL.iter().map(|construct| Entry {
        name: construct.name.to_owned(),
        note: String::new(),
        summary: construct.summary.to_owned(),
    });
    let actions = session::registry().iter().map(|action| Entry {
        name: action.name.to_owned(),
        note: action.effect.to_string(),
        summary: action.summary.to_owned(),
    });
    let places = target::TARGETS.iter().map(|form| Entry {
        name: format!("on.{}", form.name),
        note: String::new(),
        summary: form.summary.to_owned(),
    });
    let functions = |methods: bool| {
        functions::all().filter(move |function| function.method == methods).map(|function| Entry {
            name: function.name.to_owned(),
            note: String::new(),
            summary: function.summary.to_owned(),
        })
    };
    let modules = session::std_modules().into_iter().flat_map(|module| {
        let head = Entry {
            name: module.to_owned(),
            note: "module".to_owned(),
            summary: std_module::summary(module).unwrap_or_default(),
        };
        std::iter::once(head).chain(std_module::declared(module).into_iter().map(|one| Entry {
            note: effect_of(&one.form).to_owned(),
            summary: one.doc.lines().next().unwrap_or_default().to_owned(),
            name: one.name,
        }))
    });
    vec![
        ("Constructs", constructs.collect()),
        ("Places", places.collect()),
        ("Actions", actions.collect()),
        ("Standard library", modules.collect()),
        ("Functions", functions(false).collect()),
        ("Methods", sorted(functions(true).collect())),
    ]
}

/// Methods of several types bear one name: one line is enough.
fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries.dedup_by(|a, b| a.name == b.name);
    entries
}

/// The word of the effect in `start(unit: string) changes -> bool`.
fn effect_of(form: &str) -> &str {
    let behind = form.rsplit(')').next().unwrap_or_default();
    behind.split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_listed_and_searched() {
        let all = everything(Style::default(), "");
        for name in ["phase", "on.ssh", "http.get", "std.systemd", "systemd.start", "jq"] {
            assert!(all.contains(&format!("\n  {name} ")), "{name} is missing");
        }
        let found = everything(Style::default(), "PORT");
        assert!(found.contains("net.port_open") && !found.contains("http.get"), "{found}");
        assert_eq!(everything(Style::default(), "no such thing"), "");
        assert_eq!(effect_of("is_active(unit: string) reads -> bool"), "reads");
    }
}
