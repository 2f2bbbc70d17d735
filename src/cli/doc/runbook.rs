//! A runbook's own help: what it is, what it takes, what it does.

use std::fmt::Write as _;

use crate::analysis::Program;
use crate::analysis::program::Param;
use crate::diag::Style;
use crate::eval::Expr;
use crate::eval::expr::ExprKind;
use crate::report::outline::Outline;
use crate::report::{Ink, paint, sanitize};
use crate::runtime::inputs::{Given, missing};

/// The page of a runbook in a file.
pub(super) fn page(program: &Program, file: &str, style: Style) -> String {
    let header = &program.header;
    let title = header.title.as_ref().map_or_else(|| file.to_owned(), |title| text_of(program, title));
    let mut page = format!("{}\n", paint(style, Ink::Bold, &sanitize::line(&title)));
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(page, "  {label:<9} {}", sanitize::line(text));
    };
    for (label, text) in [("owner", &header.owner), ("version", &header.version)] {
        if let Some(text) = text {
            line(label, text);
        }
    }
    for (label, value) in [
        ("window", header.window.as_ref().map(|window| &window.value)),
        ("timeout", header.timeout.as_ref()),
        ("lock", header.lock.as_ref()),
    ] {
        if let Some(value) = value {
            line(label, &text_of(program, value));
        }
    }
    let needs: Vec<String> = header
        .needs
        .iter()
        .map(|need| {
            need.at_least.as_ref().map_or_else(|| need.tool.clone(), |least| format!("{} >= {least}", need.tool))
        })
        .collect();
    if !needs.is_empty() {
        line("needs", &needs.join(", "));
    }
    if !header.tags.is_empty() {
        line("tags", &header.tags.join(", "));
    }
    header.links.iter().for_each(|(name, link)| line("link", &format!("{name}: {link}")));

    section(&mut page, style, "Parameters", program.params.iter().map(|param| param_line(program, param)));
    let environments = program.environments.iter().map(|environment| {
        let protected = if environment.protected { "  protected: its name must be typed" } else { "" };
        format!("{}{protected}", environment.name)
    });
    section(&mut page, style, "Environments", environments);
    let secrets =
        program.secrets.iter().map(|secret| format!("{}  from {}", secret.name, source_line(program, secret.span)));
    section(&mut page, style, "Secrets", secrets);
    let steps = Outline::of(program).items.into_iter().map(|item| {
        let effect = item
            .effect
            .filter(|effect| effect.is_changing())
            .map_or_else(String::new, |effect| format!("  [{effect}]"));
        let mut text = format!("{:indent$}{} {}{effect}", "", item.kind, item.name, indent = 2 * item.depth);
        for back in &item.taken_back_by {
            let _ = write!(text, "\n{:indent$}{back}", "", indent = 2 * item.depth + 4);
        }
        text
    });
    section(&mut page, style, "What it does", steps);
    if program.has_story {
        let env = program.environments.first().map_or_else(String::new, |first| format!(" -e {}", first.name));
        let _ = write!(page, "\nrbk plan {file}{env}");
        for param in missing(program, &Given::default()) {
            let _ = write!(page, " -p {}=…", param.name);
        }
        page.push('\n');
    }
    page
}

fn section(page: &mut String, style: Style, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{}", paint(style, Ink::Bold, title));
    for line in lines.iter().flat_map(|text| sanitize::lines(text)) {
        let _ = writeln!(page, "  {line}");
    }
}

fn param_line(program: &Program, param: &Param) -> String {
    let mut text = format!("{}: {}", param.name, param.ty);
    match &param.default {
        Some(default) => {
            let _ = write!(text, " = {}", source_line(program, default.span));
        }
        None => text.push_str("  required"),
    }
    if let Some(pattern) = &param.matching {
        let _ = write!(text, "  matching \"{pattern}\"");
    }
    if let Some(choices) = &param.one_of {
        let _ = write!(text, "  one of {}", source_line(program, choices.span));
    }
    for line in param.doc.iter().flat_map(|doc| doc.lines()) {
        let _ = write!(text, "\n    {line}");
    }
    text
}

/// A literal's text; anything else as it is written.
fn text_of(program: &Program, expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Const(value) => value.to_text(),
        _ => source_line(program, expr.span),
    }
}

fn source_line(program: &Program, span: crate::source::Span) -> String {
    let text = program.sources.text(span);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
