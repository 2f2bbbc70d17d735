//! `--format sarif` is what the standard says: the part of SARIF 2.1.0 that rbk writes, as its public JSON schema
//! (oasis-tcs/sarif-spec, sarif-2.1/schema) has it.

#![allow(clippy::unwrap_used, clippy::format_push_string)]

use std::process::Command;

use serde_json::Value;

/// What a value must be.
#[derive(Clone, Copy)]
enum Is {
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A whole number of at least this.
    AtLeast(u64),
    Object(&'static str),
    Array(&'static str),
}

/// An object of the schema: its name, the fields it must have, and those of its fields that rbk writes. The schema
/// allows no others than it lists.
type Form = (&'static str, &'static [&'static str], &'static [(&'static str, Is)]);

use Is::{Array, AtLeast, Object, OneOf, Text};

const FORMS: &[Form] = &[
    ("log", &["version", "runs"], &[("$schema", Text), ("version", OneOf(&["2.1.0"])), ("runs", Array("run"))]),
    (
        "run",
        &["tool"],
        &[
            ("tool", Object("tool")),
            ("columnKind", OneOf(&["utf16CodeUnits", "unicodeCodePoints"])),
            ("results", Array("result")),
        ],
    ),
    ("tool", &["driver"], &[("driver", Object("toolComponent"))]),
    ("toolComponent", &["name"], &[("name", Text), ("version", Text), ("rules", Array("reportingDescriptor"))]),
    (
        "reportingDescriptor",
        &["id"],
        &[
            ("id", Text),
            ("name", Text),
            ("shortDescription", Object("multiformatMessageString")),
            ("help", Object("multiformatMessageString")),
        ],
    ),
    ("multiformatMessageString", &["text"], &[("text", Text), ("markdown", Text)]),
    (
        "result",
        &["message"],
        &[
            ("ruleId", Text),
            ("ruleIndex", AtLeast(0)),
            ("level", OneOf(&["none", "note", "warning", "error"])),
            ("message", Object("message")),
            ("locations", Array("location")),
            ("relatedLocations", Array("location")),
            ("fixes", Array("fix")),
        ],
    ),
    ("message", &["text"], &[("text", Text)]),
    ("location", &[], &[("physicalLocation", Object("physicalLocation")), ("message", Object("message"))]),
    (
        "physicalLocation",
        &["artifactLocation"],
        &[("artifactLocation", Object("artifactLocation")), ("region", Object("region"))],
    ),
    ("artifactLocation", &[], &[("uri", Text)]),
    (
        "region",
        &["startLine"],
        &[("startLine", AtLeast(1)), ("startColumn", AtLeast(1)), ("endLine", AtLeast(1)), ("endColumn", AtLeast(1))],
    ),
    ("fix", &["artifactChanges"], &[("description", Object("message")), ("artifactChanges", Array("artifactChange"))]),
    (
        "artifactChange",
        &["artifactLocation", "replacements"],
        &[("artifactLocation", Object("artifactLocation")), ("replacements", Array("replacement"))],
    ),
    (
        "replacement",
        &["deletedRegion"],
        &[("deletedRegion", Object("region")), ("insertedContent", Object("artifactContent"))],
    ),
    ("artifactContent", &[], &[("text", Text)]),
];

/// What is wrong with a value, and where.
fn wrong(value: &Value, form: &str, at: &str, out: &mut String) {
    let (_, required, fields) = FORMS.iter().find(|(name, ..)| *name == form).unwrap();
    let Some(object) = value.as_object() else {
        *out += &format!("{at}: no object\n");
        return;
    };
    for field in required.iter().filter(|field| !object.contains_key(**field)) {
        *out += &format!("{at}: no {field}\n");
    }
    for (name, value) in object {
        let at = format!("{at}.{name}");
        let Some((_, is)) = fields.iter().find(|(known, _)| known == name) else {
            *out += &format!("{at}: a {form} has no such field\n");
            continue;
        };
        let right = match is {
            Text => value.is_string(),
            OneOf(texts) => value.as_str().is_some_and(|text| texts.contains(&text)),
            AtLeast(least) => value.as_u64().is_some_and(|number| number >= *least),
            Object(form) => {
                wrong(value, form, &at, out);
                true
            }
            Array(form) => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    wrong(item, form, &format!("{at}[{index}]"), out);
                }
                value.is_array()
            }
        };
        if !right {
            *out += &format!("{at}: not as the schema has it: {value}\n");
        }
    }
}

#[test]
fn a_log_has_the_form_of_the_standard() {
    let folder = tempfile::tempdir().unwrap();
    let text = "use std.git\n\nparam size: int = 3\nstep \"Größe ${size}\" {\n    $ ssh web\n    $ sleep 5 || true\n}\n\
                check \"x\" {\n    let answer = http.get(\"http://a\")\n}\nphase \"y\" {\n    note \"a\"\n}\n";
    std::fs::write(folder.path().join("a file.rbk"), text).unwrap();
    std::fs::write(folder.path().join("clean.rbk"), "note \"a\"\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rbk"))
        .current_dir(folder.path())
        .args(["lint", "--no-shellcheck", "--format", "sarif", "."])
        .output()
        .unwrap();
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = String::new();
    wrong(&log, "log", "log", &mut found);
    assert!(found.is_empty(), "{found}");
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() > 3, "{log:#}");
    assert!(results.iter().any(|result| result["fixes"].is_array()), "no fix is shown: {log:#}");
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "a%20file.rbk");
}

#[test]
fn what_the_standard_does_not_allow_is_found() {
    let log = serde_json::json!({ "version": "2.0.0", "runs": [{ "results": [{ "level": "bad", "extra": 1 }] }] });
    let mut found = String::new();
    wrong(&log, "log", "log", &mut found);
    assert_eq!(found.lines().count(), 5, "{found}");
}
