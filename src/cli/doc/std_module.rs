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
    /// Its help.
    pub(super) doc: String,
    source: String,
}

/// The first line of a module's help, if it has any.
pub(super) fn summary(module: &str) -> Option<String> {
    let text = session::std_module(module)?;
    let head = text.lines().next()?.strip_prefix("##")?;
    Some(head.trim().trim_end_matches('.').to_owned())
}

/// What a module declares.
pub(super) fn declared(module: &str) -> Vec<Declared> {
    let Some(text) = session::std_module(module) else { return Vec::new() };
    let last = module.rsplit('.').next().unwrap_or(module);
    let slice = |from: u32, to: u32| text.get(from as usize..to as usize).unwrap_or_default().trim().to_owned();
    let parsed = syntax::parse(FileId(0), text);
    let one = |name: &str, form: String, doc: Option<&str>, span: Span| Declared {
        name: format!("{last}.{name}"),
        form,
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
        StmtKind::Fn(function) => {
            let form = slice(stmt.span.start, stmt.span.end);
            Some(one(&function.name.name, form, function.doc.as_deref(), stmt.span))
        }
        _ => None,
    });
    declared.collect()
}

/// The page of `std.systemd`, or of `systemd.start`.
pub(super) fn page(name: &str, style: Style) -> Option<String> {
    let modules = session::std_modules();
    let whole = modules.iter().find(|module| **module == name || module.strip_prefix("std.") == Some(name));
    if let Some(module) = whole {
        let mut text = format!("{}\n\n", paint(style, Ink::Bold, &format!("use {module}")));
        if let Some(summary) = summary(module) {
            let _ = writeln!(text, "{summary}.\n");
        }
        for one in declared(module) {
            let last = module.rsplit('.').next().unwrap_or(module);
            let _ = writeln!(text, "{last}.{}\n    {}", one.form, one.doc.replace('\n', "\n    "));
        }
        return Some(text);
    }
    modules.iter().find_map(|module| {
        let one = declared(module).into_iter().find(|one| one.name == name)?;
        let form = paint(style, Ink::Bold, &format!("{}{}", &one.name[..name.len() - short(name).len()], one.form));
        let mut text = format!("{form}  (use {module})\n\n{}\n\n", one.doc);
        for line in one.source.lines() {
            let _ = writeln!(text, "    {line}");
        }
        Some(text)
    })
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
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
}
