//! SARIF 2.1.0 (OASIS), for code scanning: every rule that found something, and every finding.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{all, place};
use crate::diag::{Code, Diagnostic, Fix, Severity};
use crate::lint::Linted;
use crate::source::{LineColumn, SourceFile, Span};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn sarif(files: &[Linted]) -> String {
    let codes: BTreeMap<&str, &'static Code> = all(files).map(|(_, found)| (found.code.id, found.code)).collect();
    let index: BTreeMap<&str, usize> = codes.keys().enumerate().map(|(at, id)| (*id, at)).collect();
    let results: Vec<Value> =
        all(files).map(|(file, found)| result(file, found, index.get(found.code.id).copied())).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "rbk",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.values().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            // Columns are counted in characters, as people see them.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

fn rule(code: &Code) -> Value {
    let title = code.page.lines().next().unwrap_or_default().trim_start_matches("# ");
    json!({
        "id": code.id,
        "name": code.name,
        "shortDescription": { "text": title },
        "help": { "text": code.page, "markdown": code.page },
    })
}

fn result(file: &Linted, found: &Diagnostic, rule: Option<usize>) -> Value {
    let at = place(file, found);
    let help = found.help.as_deref().map_or_else(String::new, |help| format!("\n{help}"));
    let mut result = json!({
        "ruleId": found.code.id,
        "level": level(found.severity),
        "message": { "text": format!("{}{help}", found.message) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(at.file) },
            "region": region(at.start, at.end),
        } }],
    });
    if let Some(rule) = rule {
        result["ruleIndex"] = rule.into();
    }
    let related: Vec<Value> = found.labels.iter().skip(1).map(|label| related(file, label.span, &label.text)).collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    if let Some(fix) = &found.fix {
        result["fixes"] = json!([edit(file.sources.get(fix.span.file), fix, found)]);
    }
    result
}

fn related(file: &Linted, span: Span, text: &str) -> Value {
    let source = file.sources.get(span.file);
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&source.name) },
            "region": region(source.line_column(span.start), source.line_column(span.end)),
        },
        "message": { "text": if text.is_empty() { "see also" } else { text } },
    })
}

fn edit(source: &SourceFile, fix: &Fix, found: &Diagnostic) -> Value {
    let text = found.help.clone().unwrap_or_else(|| found.message.clone());
    json!({
        "description": { "text": text },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(&source.name) },
            "replacements": [{
                "deletedRegion": region(source.line_column(fix.span.start), source.line_column(fix.span.end)),
                "insertedContent": { "text": fix.replacement },
            }],
        }],
    })
}

fn region(start: LineColumn, end: LineColumn) -> Value {
    json!({
        "startLine": start.line, "startColumn": start.column,
        "endLine": end.line, "endColumn": end.column,
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A path as a relative reference (RFC 3986): its characters that mean something there are encoded.
fn uri(path: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const KEPT: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'[')
        .add(b'\\')
        .add(b']')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}')
        .add(b':');
    utf8_percent_encode(path, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::testing::files;
    use super::*;

    #[test]
    fn every_finding_points_at_its_rule() {
        let document: Value = serde_json::from_str(&sarif(&files())).unwrap();
        let run = &document["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        for result in results {
            let rule = &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
        }
        assert_eq!(results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "ops/d%C3%A9ploy.rbk");
        assert_eq!(results[1]["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"], "try $");
    }
}
