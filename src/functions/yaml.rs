//! YAML text.

use super::text::text;
use super::{Function, Run, param};
use crate::value::{Type, Value, json};

pub(super) static ALL: &[Function] = &[
    Function {
        name: "parse_yaml",
        method: false,
        summary: "The value a YAML text of one document stands for",
        params: &[param("text", "string")],
        returns: "any",
        examples: &[("parse_yaml(\"image: shop:2\\nports: [80, 443]\").ports", "[80, 443]")],
        run: Run::Plain(|args| {
            let mut documents = documents(text(args, 0))?;
            match documents.len() {
                0 => Ok(Value::Null),
                1 => Ok(documents.remove(0)),
                n => Err(format!("this YAML has {n} documents\nread them as a list: parse_yaml_all(…)")),
            }
        }),
    },
    Function {
        name: "parse_yaml_all",
        method: false,
        summary: "The values the documents of a YAML text stand for, those between `---`",
        params: &[param("text", "string")],
        returns: "list<any>",
        examples: &[("parse_yaml_all(\"a: 1\\n---\\na: 2\").map(one => one.a)", "[1, 2]")],
        run: Run::Plain(|args| documents(text(args, 0)).map(Value::list)),
    },
    Function {
        name: "to_yaml",
        method: false,
        summary: "A value as YAML text",
        params: &[param("value", "any")],
        returns: "string",
        examples: &[("to_yaml({ a: [1, \"x\"] })", "\"a:\\n- 1\\n- x\\n\"")],
        run: Run::Plain(|args| {
            let value = &args[0];
            let tainted = value.holds_secret();
            if value.holds_unknown() {
                return Ok(Value::Unknown(Type::String).tainted(tainted));
            }
            let written = serde_saphyr::to_string(&json::exposed(value));
            let text = written.map_err(|_| "this value has no form in YAML".to_owned())?;
            Ok(Value::from(text).tainted(tainted))
        }),
    },
];

/// Its limits on depth, aliases and size are the parser's own: a text that grows when it is read is refused.
fn documents(text: &str) -> Result<Vec<Value>, String> {
    // As YAML 1.2 has it: `no` is a country, `007` an agent, and neither is what it was in 1.1.
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    let read: Result<Vec<serde_json::Value>, _> = serde_saphyr::from_multiple_with_options(text, options);
    match read {
        Ok(documents) => Ok(documents.into_iter().map(json::from_json).collect()),
        Err(error) => {
            let said = error.to_string();
            let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it cannot be read");
            Err(format!("this is no YAML: {}", first.trim().chars().take(200).collect::<String>()))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::Value;

    fn yaml(text: &str) -> String {
        shown("parse_yaml", false, &[Value::from(text)])
    }

    #[test]
    fn what_configuration_is_made_of() {
        let text = "a: 1\nb: 1.5\nc: [true, null, ~]\nd: no\ne: \"05\"\nf: |\n  x\n  y\ng: &g {h: 1}\ni: *g\n'k k': 2026-11-26\nl: 007\n";
        let all = r#"{"a":1,"b":1.5,"c":[true,null,null],"d":"no","e":"05","f":"x\ny\n","g":{"h":1},"i":{"h":1},"k k":"2026-11-26","l":"007"}"#;
        let read = super::documents(text).unwrap();
        assert_eq!(crate::value::json::masked(&read[0]).to_string(), all);
        assert_eq!(
            (yaml(""), yaml("# nothing\n"), yaml("x")),
            ("null".to_owned(), "null".to_owned(), "\"x\"".to_owned())
        );
        assert!(yaml("a: 1\n---\nb: 2\n").starts_with("error: this YAML has 2 documents"));
        assert!(yaml("a: [1\n").starts_with("error: this is no YAML: "));
        assert!(yaml("a: 1\na: 2\n").starts_with("error: "), "two of one name");
    }

    #[test]
    fn what_would_grow_without_end_is_refused() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (one, next) in ('a'..='h').zip('b'..='i') {
            let uses = vec![format!("*{one}"); 9].join(", ");
            bomb.push_str(&format!("{next}: &{next} [{uses}]\n"));
        }
        assert!(yaml(&bomb).starts_with("error: this is no YAML"), "aliases of aliases");
        assert!(yaml(&"[".repeat(100_000)).starts_with("error: this is no YAML"), "brackets in brackets");
    }

    #[test]
    fn written_it_reads_the_same() {
        let value = Value::record([
            (
                "a",
                Value::list([
                    Value::Int(1),
                    Value::Null,
                    Value::from("no"),
                    Value::from("05"),
                    Value::from("a: b\n# c"),
                ]),
            ),
            ("b", Value::record([("c d", Value::Bool(true))])),
        ]);
        let Value::Str(text) = (match super::ALL[2].run {
            super::Run::Plain(run) => run(std::slice::from_ref(&value)).unwrap(),
            super::Run::WithFunction(_) => unreachable!(),
        }) else {
            panic!("no text")
        };
        assert_eq!(yaml(&text), value.inspect());
        let secret = Value::list([Value::from("hunter2").tainted(true)]);
        assert_eq!(shown("to_yaml", false, &[secret]), "•••");
    }
}
