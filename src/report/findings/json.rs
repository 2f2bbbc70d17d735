//! `rbk.lint/1`: one object. Names are stable; new fields may be added within the version.

use serde_json::{Value, json as object};

use super::{Counts, all, place, severity_word};
use crate::diag::{Diagnostic, Fix, Label};
use crate::lint::Linted;
use crate::source::Span;

/// The schema, in the field of that name.
pub const SCHEMA: &str = "rbk.lint/1";

pub(super) fn json(files: &[Linted]) -> String {
    let findings: Vec<Value> = all(files).map(|(file, found)| finding(file, found)).collect();
    let counts = Counts::of(files);
    let document = object!({
        "schema": SCHEMA,
        "findings": findings,
        "summary": {
            "files": files.len(),
            "errors": counts.errors,
            "warnings": counts.warnings,
            "notes": counts.notes,
            "fixable": files.iter().map(|file| file.fixable(false)).sum::<usize>(),
            "fixable_unsafe": files.iter().map(|file| file.fixable(true)).sum::<usize>(),
        },
    });
    format!("{document:#}\n")
}

fn finding(file: &Linted, found: &Diagnostic) -> Value {
    let at = place(file, found);
    let label = found.labels.first().map(|label| label.text.as_str()).filter(|text| !text.is_empty());
    object!({
        "file": at.file,
        "line": at.start.line, "column": at.start.column,
        "end_line": at.end.line, "end_column": at.end.column,
        "rule": found.code.name, "code": found.code.id,
        "severity": severity_word(found.severity),
        "message": found.message, "label": label, "help": found.help,
        "related": found.labels.iter().skip(1).map(|label| related(file, label)).collect::<Vec<_>>(),
        "fix": found.fix.as_ref().map(|fix| edit(file, fix)),
    })
}

fn related(file: &Linted, label: &Label) -> Value {
    let mut place = range(file, label.span);
    place["message"] = label.text.as_str().into();
    place
}

fn edit(file: &Linted, fix: &Fix) -> Value {
    let mut place = range(file, fix.span);
    place["replacement"] = fix.replacement.as_str().into();
    object!({ "safe": fix.safe, "edits": [place] })
}

fn range(file: &Linted, span: Span) -> Value {
    let source = file.sources.get(span.file);
    let (start, end) = (source.line_column(span.start), source.line_column(span.end));
    object!({
        "file": source.name,
        "line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::files;
    use super::*;

    #[test]
    fn has_its_version_and_every_finding() {
        let document: Value = serde_json::from_str(&json(&files())).unwrap();
        assert_eq!(document["schema"], "rbk.lint/1");
        let second = &document["findings"][1];
        assert_eq!(
            (&second["file"], &second["line"], &second["column"]),
            (&"ops/déploy.rbk".into(), &2.into(), &5.into())
        );
        assert_eq!((&second["rule"], &second["code"]), (&"raw".into(), &"RBK0205".into()));
        assert_eq!(second["fix"]["safe"], false);
        assert_eq!(second["fix"]["edits"][0]["replacement"], "try $");
        assert_eq!(document["summary"]["files"], 2);
        assert_eq!(document["summary"]["fixable"], 0);
        assert_eq!(document["summary"]["fixable_unsafe"], 1);
    }
}
