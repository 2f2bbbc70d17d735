//! Texts in the formats that configuration and reports come in: TOML and CSV.

use super::text::text;
use super::{Function, Run, optional, param};
use crate::value::Value;

pub(super) static ALL: &[Function] = &[
    Function {
        name: "parse_toml",
        method: false,
        summary: "The record a TOML text stands for; dates in it are texts",
        params: &[param("text", "string")],
        returns: "record",
        examples: &[("parse_toml(\"[package]\\nversion = '1.4'\").package.version", "\"1.4\"")],
        run: Run::Plain(|args| match text(args, 0).parse::<toml::Table>() {
            Ok(table) => Ok(of_table(table)),
            Err(error) => Err(format!("this is no TOML: {}", error.message())),
        }),
    },
    Function {
        name: "parse_csv",
        method: false,
        summary: "The rows of a CSV text, as records of texts named by its first row",
        params: &[param("text", "string"), optional("separator", "string")],
        returns: "list<record>",
        examples: &[
            ("parse_csv(\"name,age\\nada,36\\n\")", "[{ name: \"ada\", age: \"36\" }]"),
            ("parse_csv(\"a;b\\n1;2\", \";\")", "[{ a: \"1\", b: \"2\" }]"),
        ],
        run: Run::Plain(|args| {
            let separator = match args.get(1) {
                Some(Value::Null) | None => b',',
                Some(_) => match text(args, 1).as_bytes() {
                    [byte] => *byte,
                    _ => return Err("the separator is one character of ASCII: `,`, `;` or `\\t`".to_owned()),
                },
            };
            rows(text(args, 0), separator)
        }),
    },
];

fn of_table(table: toml::Table) -> Value {
    Value::record(table.into_iter().map(|(key, value)| (key, of_toml(value))))
}

fn of_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => Value::Int(number),
        toml::Value::Float(number) => Value::Float(number),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(moment) => Value::from(moment.to_string()),
        toml::Value::Array(items) => Value::list(items.into_iter().map(of_toml)),
        toml::Value::Table(table) => of_table(table),
    }
}

fn rows(text: &str, separator: u8) -> Result<Value, String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
    let wrong = |error: csv::Error| format!("this is no CSV: {error}");
    let names = reader.headers().map_err(wrong)?.clone();
    if let Some(twice) = names.iter().enumerate().find_map(|(at, name)| names.iter().take(at).find(|one| *one == name))
    {
        return Err(format!("two columns are called `{twice}`"));
    }
    let mut all = Vec::new();
    for row in reader.records() {
        let row = row.map_err(wrong)?;
        all.push(Value::record(names.iter().zip(row.iter()).map(|(name, field)| (name, Value::from(field)))));
    }
    Ok(Value::list(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::call::tests::shown;

    fn csv(text: &str) -> String {
        shown("parse_csv", false, &[Value::from(text)])
    }

    #[test]
    fn rows_are_named_by_the_first() {
        assert_eq!(csv(""), "[]");
        assert_eq!(csv("a,b\n"), "[]");
        assert_eq!(csv("a\r\n\"x \"\"y\"\"\n2\"\r\n"), "[{ a: \"x \\\"y\\\"\\n2\" }]");
        assert!(csv("a,b\n1\n").contains("error: this is no CSV: "));
        assert_eq!(csv("a,a\n1,2\n"), "error: two columns are called `a`");
    }

    #[test]
    fn toml_of_every_sort() {
        let text = "a = 1\nb = [1.5, true]\nc = 2026-11-26T04:05:06Z\n[d.e]\nf = 'g'\n";
        let all = "{ a: 1, b: [1.5, true], c: \"2026-11-26T04:05:06Z\", d: { e: { f: \"g\" } } }";
        assert_eq!(shown("parse_toml", false, &[Value::from(text)]), all);
        assert!(shown("parse_toml", false, &[Value::from("a = ")]).starts_with("error: this is no TOML: "));
    }
}
