//! Modules of the standard library, read from their text: its `##` lines are their help.

use std::fmt::Write as _;

use crate::diag::Style;
use crate::report::{Ink, paint};
use crate::session;
use crate::source::{FileId, Span};
use crate::syntax::tree::StmtKind;
use crate::syntax::{self};

/// Something that a module declares.
pub(super) struct Declared {
    /// `systemd.start`
    pub(super) name: String,
    /// `start(unit: string) changes`
    pub(super) form: String,
    /// Its help: Markdown, examples in indented lines.
    pub(super) doc: String,
    source: String,
}

/// What a module says of itself: the `##` lines that it begins with.
pub(super) fn head(module: &str) -> String {
    let text = session::std_module(module).unwrap_or_default();
    let lines = text.lines().map_while(|line| line.strip_prefix("##"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// The first line of a module's help, if it has any.
pub(super) fn summary(module: &str) -> Option<String> {
    let head = head(module);
    let first = head.lines().next()?;
    Some(first.trim().trim_end_matches('.').to_owned())
}

/// The name by which a module is used where it is brought in: `cloudrun` of `std.gcp.cloudrun`.
pub(super) fn short(module: &str) -> &str {
    module.rsplit('.').next().unwrap_or(module)
}

/// What a module declares for others. A function without help is its own affair.
pub(super) fn declared(module: &str) -> Vec<Declared> {
    let Some(text) = session::std_module(module) else { return Vec::new() };
    let slice = |from: u32, to: u32| text.get(from as usize..to as usize).unwrap_or_default().trim().to_owned();
    let parsed = syntax::parse(FileId(0), text);
    let one = |name: &str, form: String, doc: Option<&str>, span: Span| Declared {
        name: format!("{}.{name}", short(module)),
        form: form.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(", )", ")"),
        doc: doc.unwrap_or_default().to_owned(),
        source: slice(span.start, span.end),
    };
    let declared = parsed.file.body.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Action(action) => {
            let form = slice(action.name.span.start, action.body.span.start);
            Some(one(&action.name.name, form, action.doc.as_deref(), stmt.span))
        }
        StmtKind::CheckDecl(check) => {
            let form = format!("check {}", slice(check.name.span.start, check.body.span.start));
            Some(one(&check.name.name, form, check.doc.as_deref(), stmt.span))
        }
        StmtKind::Fn(function) if function.doc.is_some() => {
            let form = slice(stmt.span.start, stmt.span.end);
            Some(one(&function.name.name, form, function.doc.as_deref(), stmt.span))
        }
        _ => None,
    });
    declared.collect()
}

/// Whether `name` names a module: `std.gcp.cloudrun`, `gcp.cloudrun` or `cloudrun`.
fn is_called(module: &str, name: &str) -> bool {
    module == name || module.strip_suffix(name).is_some_and(|before| before.ends_with('.'))
}

/// The page of `std.systemd`, of `systemd.start` or `gcp.cloudrun.deploy`, or of what is beneath `gcp`.
pub(super) fn page(name: &str, style: Style) -> Option<String> {
    let modules = session::std_modules();
    if let Some(module) = modules.iter().find(|module| is_called(module, name)) {
        return Some(module_page(module, style));
    }
    let beneath: Vec<&&str> = modules.iter().filter(|module| is_beneath(module, name)).collect();
    if !beneath.is_empty() {
        let mut text = String::new();
        for module in beneath {
            let _ = writeln!(text, "use {module:<24} {}", summary(module).unwrap_or_default());
        }
        return Some(text);
    }
    let (of, last) = name.rsplit_once('.')?;
    modules.iter().filter(|module| is_called(module, of)).find_map(|module| {
        let one = declared(module).into_iter().find(|one| short(&one.name) == last)?;
        let form = paint(style, Ink::Bold, &format!("{}.{}", short(module), one.form));
        let mut text = format!("{form}  (use {module})\n\n{}\n\n", one.doc);
        for line in one.source.lines() {
            let _ = writeln!(text, "    {line}");
        }
        Some(text)
    })
}

/// `std.gcp.cloudrun` is beneath `gcp`, and beneath `std.gcp`.
fn is_beneath(module: &str, name: &str) -> bool {
    let full = format!("{}.", name.strip_prefix("std.").unwrap_or(name));
    module.strip_prefix("std.").is_some_and(|module| module.starts_with(&full))
}

fn module_page(module: &str, style: Style) -> String {
    let mut text = format!("{}\n\n{}\n\n", paint(style, Ink::Bold, &format!("use {module}")), head(module));
    for one in declared(module) {
        let first = one.doc.lines().next().unwrap_or_default();
        let _ = writeln!(text, "{}.{}\n    {first}", short(module), one.form);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_of_modules_have_pages() {
        let page = page("systemd.start", Style::default()).unwrap();
        assert!(page.starts_with("systemd.start(unit: string) changes  (use std.systemd)\n\nStart a unit."), "{page}");
        assert!(page.contains("    } undo {"), "{page}");
    }

    #[test]
    fn every_declaration_is_documented() {
        for module in session::std_modules() {
            assert!(summary(module).is_some(), "{module}");
            let declared = declared(module);
            assert!(!declared.is_empty(), "{module}");
            for one in declared {
                assert!(!one.doc.is_empty(), "{}", one.name);
            }
        }
    }

    #[test]
    fn names_may_be_long_or_short() {
        for name in ["std.systemd", "systemd"] {
            assert!(
                page(name, Style::default()).unwrap().contains("systemd.restart(unit: string) changes\n    Restart")
            );
        }
        assert!(page("std.systemd.start", Style::default()).is_some());
        assert!(page("systemd.no_such", Style::default()).is_none() && page("d", Style::default()).is_none());
    }
}
