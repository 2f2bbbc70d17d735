//! `file.template`: a file that is made of another one and of values.

use super::args::{file_error, int, later, no_evidence, not_begun, path, shown, text};
use super::kept::{Keep, aside, discard, put_back, show_back};
use crate::catalog::{Action, ActionError, Effect, Inverse, Param};
use crate::diag::did_you_mean;
use crate::functions;
use crate::value::{Record, Value, display};

pub(super) static TEMPLATE: Action = Action {
    name: "file.template",
    summary: "Write a file that is made of a template and of values",
    details: "Each `${name}` in the template becomes the field of `values` of that name, `${db.host}` a field of a \
              field; `$${` is a `${` that stays. Nothing but names stands there: what has to be computed is computed in \
              the runbook. A name without a value, and a value without a place, are failures: one of both is misspelt. \
              A value of several lines is one too, since it could be anything there, unless the place is alone on its \
              line: then each line is indented as that is.\n\n\
              What comes out is written whole or not at all; if the file is one of JSON, YAML or TOML by its name, it \
              must be readable as that. With a secret among the values a new file gets the mode 0600. Taken back: what \
              was there before is back, or the file is gone if there was none.",
    effect: Effect::Changes,
    params: &[
        Param { name: "path", ty: "string", default: None, doc: "The file that is written." },
        Param { name: "from", ty: "string", default: None, doc: "The template, a file." },
        Param { name: "values", ty: "record", default: None, doc: "By their names." },
        Param {
            name: "mode",
            ty: "int?",
            default: Some("null"),
            doc: "Permissions of a new file, as a decimal number; 420 (0644) if left out.",
        },
    ],
    returns: "null",
    examples: &[
        "file.template(\"/etc/app.conf\", from: \"/srv/app/app.conf.template\", values: { workers: 4, db: { host: \"db-1\" } })",
    ],
    show: |args| format!("write {} from the template {}", shown(args, "path"), shown(args, "from")),
    run: |call| {
        later(async move {
            let (to, from) = (path(call, "path"), path(call, "from"));
            let files = call.host.files();
            let template = files.read(&from).map_err(|error| file_error("read", &from, &error))?;
            let template = String::from_utf8(template)
                .map_err(|_| not_begun(format!("{} is not text in UTF-8", from.display())))?;
            let given = call.args.get("values");
            let values = match given {
                Value::Secret(secret) => secret.expose(),
                plain => plain,
            };
            let Value::Record(values) = values else { return Err(not_begun("`values` is no record")) };
            let filled = fill(&template, values).map_err(|(line, what, help)| {
                not_begun(format!("{}, line {line}: {what}", from.display())).help(help)
            })?;
            readable(&text(call.args, "path"), &filled)?;
            let mode = int(call.args, "mode").and_then(|mode| u32::try_from(mode).ok());
            let mode = mode.or_else(|| given.holds_secret().then_some(0o600));
            let written = files.write_atomic(&to, filled.as_bytes(), mode);
            written.map_err(|error| file_error("written", &to, &error))?;
            Ok(Value::Null)
        })
    },
    repeatable: |_| true,
    inverse: Inverse::Captured {
        capture: |call| aside(call, "path", Keep::TextInMemory),
        restore: put_back,
        show: show_back,
        discard,
    },
    evidence: no_evidence,
};

/// The line, what is wrong there, what to do.
type Wrong = (usize, String, String);

/// The template with its values.
fn fill(template: &str, values: &Record) -> Result<String, Wrong> {
    let mut out = String::with_capacity(template.len());
    let mut used = Vec::new();
    for (at, line) in template.split_inclusive('\n').enumerate() {
        let mut rest = line;
        while let Some(dollar) = rest.find("${") {
            let (before, after) = rest.split_at(dollar);
            if let Some(before) = before.strip_suffix('$') {
                out.push_str(before);
                out.push_str("${");
                rest = &after[2..];
                continue;
            }
            out.push_str(before);
            let after = &after[2..];
            let end = after.find('}').ok_or_else(|| {
                (at + 1, "`${` has no `}` on its line".to_owned(), "a `${` that is to stay is written `$${`".to_owned())
            })?;
            let name = after[..end].trim();
            let value = found(name, values).map_err(|(what, help)| (at + 1, what, help))?;
            used.push(name.split('.').next().unwrap_or(name).to_owned());
            rest = &after[end + 1..];
            let alone = line.trim_start().starts_with("${") && rest.trim().is_empty() && before.trim().is_empty();
            out.push_str(
                &in_place(&value, name, alone.then_some(before)).map_err(|(what, help)| (at + 1, what, help))?,
            );
        }
        out.push_str(rest);
    }
    match values.iter().find(|(name, _)| !used.iter().any(|one| **one == ***name)) {
        None => Ok(out),
        Some((name, _)) => {
            let places: Vec<&str> = used.iter().map(String::as_str).collect();
            let near =
                did_you_mean(name, places).map_or_else(String::new, |near| format!("; it has a place for `{near}`"));
            Err((
                template.lines().count().max(1),
                format!("the template has no place for `{name}`{near}"),
                format!("write ${{{name}}} where it belongs, or leave it out of `values`"),
            ))
        }
    }
}

/// The text of a value: `name`, `db.host`.
fn found(name: &str, values: &Record) -> Result<String, (String, String)> {
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if !name.split('.').all(is_name) {
        return Err((
            format!("`${{{name}}}` is no name"),
            "compute it in the runbook and give it a name; a `${` that is to stay is written `$${`".to_owned(),
        ));
    }
    let mut value = None;
    let mut within = values.clone();
    for part in name.split('.') {
        let Some(next) = within.get(part).cloned() else {
            let known: Vec<&str> = within.iter().map(|(name, _)| &**name).collect();
            let near = did_you_mean(part, known.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`? A `${{` that is to stay is written `$${{`"),
                None => format!(
                    "give it in `values`, which has {}; a `${{` that is to stay is written `$${{`",
                    known.join(", ")
                ),
            };
            return Err((format!("there is no value for `{name}`"), help));
        };
        let exposed = match &next {
            Value::Secret(secret) => secret.expose().clone(),
            plain => plain.clone(),
        };
        within = match &exposed {
            Value::Record(record) => (**record).clone(),
            _ => Record::new::<&str>([]),
        };
        value = Some(exposed);
    }
    match value {
        None | Some(Value::Null) => {
            Err((format!("the value of `{name}` is null"), "write null as the file means it, as a text".to_owned()))
        }
        Some(value) => Ok(display::exposed_text(&value)),
    }
}

/// A value as it stands in its place. `alone` is the indentation of one that has a line for itself.
fn in_place(value: &str, name: &str, alone: Option<&str>) -> Result<String, (String, String)> {
    let value = value.trim_end_matches('\n');
    if value.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err((format!("the value of `{name}` has control characters"), "look where it comes from".to_owned()));
    }
    match alone {
        _ if !value.contains('\n') => Ok(value.to_owned()),
        Some(indent) => Ok(value.replace('\n', &format!("\n{indent}"))),
        None => Err((
            format!("the value of `{name}` has several lines, and there is more on the line of its place"),
            "give the place a line of its own, or take one line of the value: .trim(), .lines[0]".to_owned(),
        )),
    }
}

/// Whether a file is what its name says.
fn readable(name: &str, text: &str) -> Result<(), ActionError> {
    let (kind, function) = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("json") => ("JSON", "parse_json"),
        Some("yaml" | "yml") => ("YAML", "parse_yaml_all"),
        Some("toml") => ("TOML", "parse_toml"),
        _ => return Ok(()),
    };
    let Some(function) = functions::find(function) else { return Ok(()) };
    let apply = &mut |_: &[Value]| Err("there is nothing to be called".to_owned());
    match functions::call(function, &[Value::from(text)], apply) {
        Ok(_) => Ok(()),
        Err(why) => Err(not_begun(format!("with these values it is no {kind}: {}", crate::mask::current().hide(&why)))
            .help("put quotes around the places in the template, or look at the values")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn filled(template: &str, values: &[(&str, &str)]) -> String {
        let values = Record::new(values.iter().map(|(name, value)| (*name, Value::from(*value))));
        match fill(template, &values) {
            Ok(text) => text,
            Err((line, what, help)) => format!("{line}: {what} ({help})"),
        }
    }

    #[test]
    fn names_become_values() {
        assert_eq!(filled("a = ${a}\nb=${ b }${a}", &[("a", "1"), ("b", "x")]), "a = 1\nb=x1");
        assert_eq!(filled("$${HOME} $HOME ${a}", &[("a", "1")]), "${HOME} $HOME 1");
        let values = Record::new([("db", Value::record([("host", Value::from("db-1")), ("port", Value::Int(5432))]))]);
        assert_eq!(fill("${db.host}:${db.port}", &values).unwrap(), "db-1:5432");
        // What a value holds is not looked at again.
        assert_eq!(filled("${a}", &[("a", "${b} $${c}")]), "${b} $${c}");
    }

    #[test]
    fn what_is_misspelt_is_told() {
        assert!(
            filled("x\n${hots}", &[("host", "1")]).starts_with("2: there is no value for `hots` (did you mean `host`?")
        );
        assert!(filled("${host}", &[("host", "1"), ("prot", "2")]).contains("no place for `prot`"));
        assert!(filled("${a", &[("a", "1")]).starts_with("1: `${` has no `}`"));
        assert!(filled("${a + 1}", &[("a", "1")]).starts_with("1: `${a + 1}` is no name"));
        assert!(filled("${a.b}", &[("a", "1")]).starts_with("1: there is no value for `a.b`"));
    }

    #[test]
    fn several_lines_need_a_line_of_their_own() {
        assert_eq!(filled("cert:\n  ${pem}\nend", &[("pem", "one\ntwo\n")]), "cert:\n  one\n  two\nend");
        assert!(
            filled("user = ${name}", &[("name", "ada\nadmin = true")])
                .starts_with("1: the value of `name` has several lines")
        );
        assert!(filled("${a}", &[("a", "\u{1b}[2J")]).starts_with("1: the value of `a` has control characters"));
    }
}
