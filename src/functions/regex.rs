//! Methods of strings that take a regular expression.

use super::text::{bounded, text};
use super::{Function, Run, param};
use crate::value::{Value, pattern};

pub(super) static ALL: &[Function] = &[
    Function {
        name: "find_regex",
        method: true,
        summary: "The first part that matches; null if none does",
        params: &[param("text", "string"), param("regex", "string")],
        returns: "string?",
        examples: &[("\"took 84 ms\".find_regex('\\d+')", "\"84\"")],
        run: Run::Plain(|args| {
            let found = compiled(args)?.find(text(args, 0));
            Ok(found.map_or(Value::Null, |found| Value::from(found.as_str())))
        }),
    },
    Function {
        name: "find_all_regex",
        method: true,
        summary: "Every part that matches",
        params: &[param("text", "string"), param("regex", "string")],
        returns: "list<string>",
        examples: &[("\"a1 b22\".find_all_regex('\\d+')", "[\"1\", \"22\"]")],
        run: Run::Plain(|args| {
            Ok(Value::list(compiled(args)?.find_iter(text(args, 0)).map(|found| Value::from(found.as_str()))))
        }),
    },
    Function {
        name: "captures",
        method: true,
        summary: "What the groups of the first match hold: a record if they are named, else a list; null without a match",
        params: &[param("text", "string"), param("regex", "string")],
        returns: "any",
        examples: &[
            ("\"v2.14\".captures('v(\\d+)\\.(\\d+)')", "[\"2\", \"14\"]"),
            ("\"v2.14\".captures('v(?<major>\\d+)').major", "\"2\""),
        ],
        run: Run::Plain(|args| {
            let regex = compiled(args)?;
            let Some(found) = regex.captures(text(args, 0)) else { return Ok(Value::Null) };
            let group = |part: Option<::regex::Match<'_>>| part.map_or(Value::Null, |part| Value::from(part.as_str()));
            let names: Vec<_> = regex.capture_names().flatten().collect();
            if names.is_empty() {
                return Ok(Value::list(found.iter().skip(1).map(group)));
            }
            Ok(Value::record(names.into_iter().map(|name| (name, group(found.name(name))))))
        }),
    },
    Function {
        name: "replace_regex",
        method: true,
        summary: "With every match as `new`, in which `$1` and `$name` are its groups",
        params: &[param("text", "string"), param("regex", "string"), param("new", "string")],
        returns: "string",
        examples: &[("\"a1b2\".replace_regex('\\d', \"_\")", "\"a_b_\"")],
        run: Run::Plain(|args| {
            let (regex, whole, new) = (compiled(args)?, text(args, 0), text(args, 2));
            let mut out = String::new();
            let mut end = 0;
            for found in regex.captures_iter(whole) {
                let Some(matched) = found.get(0) else { continue };
                out.push_str(&whole[end..matched.start()]);
                found.expand(new, &mut out);
                end = matched.end();
                bounded(out.len())?;
            }
            out.push_str(&whole[end..]);
            bounded(out.len())?;
            Ok(Value::from(out))
        }),
    },
];

fn compiled(args: &[Value]) -> Result<::regex::Regex, String> {
    pattern::regex(text(args, 1)).map_err(|error| match error.help {
        Some(help) => format!("{}\n{help}", error.message),
        None => error.message,
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::Value;

    #[test]
    fn finds_and_replaces() {
        let on = |name: &str, args: &[&str]| {
            shown(name, true, &args.iter().map(|arg| Value::from(*arg)).collect::<Vec<_>>())
        };
        assert_eq!(on("find_regex", &["took 84 ms", r"\d+"]), "\"84\"");
        assert_eq!(on("find_regex", &["x", r"\d+"]), "null");
        assert_eq!(on("captures", &["v2.14", r"v(\d+)\.(\d+)(x)?"]), "[\"2\", \"14\", null]");
        assert_eq!(on("captures", &["v2.14", r"v(?<major>\d+)"]), "{ major: \"2\" }");
        assert_eq!(on("replace_regex", &["a1b2", r"(\d)", "<$1>"]), "\"a<1>b<2>\"");
        assert_eq!(on("find_all_regex", &["a1 b22", r"\d+"]), "[\"1\", \"22\"]");
        assert!(on("find_regex", &["a", "("]).starts_with("error: this is no regular expression: unclosed group"));
    }
}
