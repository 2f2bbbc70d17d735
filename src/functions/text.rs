//! Methods of strings.

use super::{Function, Run, optional, param};
use crate::value::limits::MAX_TEXT;
use crate::value::{Value, json};

macro_rules! of_text {
    ($name:literal, $summary:literal, $examples:expr, $run:expr) => {
        Function {
            name: $name,
            method: true,
            summary: $summary,
            params: &[param("text", "string")],
            returns: "string",
            examples: $examples,
            run: Run::Plain(|args| {
                let run: fn(&str) -> String = $run;
                Ok(Value::from(run(text(args, 0))))
            }),
        }
    };
}

pub(super) static ALL: &[Function] = &[
    of_text!("trim", "Without blanks and line ends at both ends", &[("\" a \".trim()", "\"a\"")], |s| s
        .trim()
        .to_owned()),
    of_text!("trim_start", "Without blanks and line ends before it", &[("\" a \".trim_start()", "\"a \"")], |s| s
        .trim_start()
        .to_owned()),
    of_text!("trim_end", "Without blanks and line ends behind it", &[("\" a \".trim_end()", "\" a\"")], |s| s
        .trim_end()
        .to_owned()),
    of_text!("lower", "In small letters", &[("\"Ab\".lower()", "\"ab\"")], str::to_lowercase),
    of_text!("upper", "In capitals", &[("\"Ab\".upper()", "\"AB\"")], str::to_uppercase),
    Function {
        name: "lines",
        method: true,
        summary: "Its lines, without their ends",
        params: &[param("text", "string")],
        returns: "list<string>",
        examples: &[("\"a\\nb\\n\".lines", "[\"a\", \"b\"]")],
        run: Run::Plain(|args| Ok(json::lines(text(args, 0)))),
    },
    Function {
        name: "words",
        method: true,
        summary: "What stands between blanks",
        params: &[param("text", "string")],
        returns: "list<string>",
        examples: &[("\"web-1  Ready\\n\".words", "[\"web-1\", \"Ready\"]")],
        run: Run::Plain(|args| Ok(Value::list(text(args, 0).split_whitespace().map(Value::from)))),
    },
    Function {
        name: "split",
        method: true,
        summary: "The parts between a separator",
        params: &[param("text", "string"), param("separator", "string")],
        returns: "list<string>",
        examples: &[("\"a,b,\".split(\",\")", "[\"a\", \"b\", \"\"]")],
        run: Run::Plain(|args| match text(args, 1) {
            "" => Err("the separator is empty\nfor the words write `.words`, for the lines `.lines`".to_owned()),
            separator => Ok(Value::list(text(args, 0).split(separator).map(Value::from))),
        }),
    },
    Function {
        name: "starts_with",
        method: true,
        summary: "Whether it begins with this",
        params: &[param("text", "string"), param("prefix", "string")],
        returns: "bool",
        examples: &[("\"rev-42\".starts_with(\"rev-\")", "true")],
        run: Run::Plain(|args| Ok(Value::Bool(text(args, 0).starts_with(text(args, 1))))),
    },
    Function {
        name: "ends_with",
        method: true,
        summary: "Whether it ends with this",
        params: &[param("text", "string"), param("suffix", "string")],
        returns: "bool",
        examples: &[("\"dump.sql.gz\".ends_with(\".gz\")", "true")],
        run: Run::Plain(|args| Ok(Value::Bool(text(args, 0).ends_with(text(args, 1))))),
    },
    Function {
        name: "remove_prefix",
        method: true,
        summary: "Without this at its beginning, if it is there",
        params: &[param("text", "string"), param("prefix", "string")],
        returns: "string",
        examples: &[("\"v1.2\".remove_prefix(\"v\")", "\"1.2\"")],
        run: Run::Plain(|args| {
            let whole = text(args, 0);
            Ok(Value::from(whole.strip_prefix(text(args, 1)).unwrap_or(whole)))
        }),
    },
    Function {
        name: "remove_suffix",
        method: true,
        summary: "Without this at its end, if it is there",
        params: &[param("text", "string"), param("suffix", "string")],
        returns: "string",
        examples: &[("\"app.conf\".remove_suffix(\".conf\")", "\"app\"")],
        run: Run::Plain(|args| {
            let whole = text(args, 0);
            Ok(Value::from(whole.strip_suffix(text(args, 1)).unwrap_or(whole)))
        }),
    },
    Function {
        name: "replace",
        method: true,
        summary: "With every `old` as `new`",
        params: &[param("text", "string"), param("old", "string"), param("new", "string")],
        returns: "string",
        examples: &[("\"a.b.c\".replace(\".\", \"-\")", "\"a-b-c\"")],
        run: Run::Plain(|args| {
            let (whole, old, new) = (text(args, 0), text(args, 1), text(args, 2));
            if old.is_empty() {
                return Err("nothing is to be replaced: the first string is empty".to_owned());
            }
            let grown = whole.matches(old).count().saturating_mul(new.len()).saturating_add(whole.len());
            bounded(grown)?;
            Ok(Value::from(whole.replace(old, new)))
        }),
    },
    Function {
        name: "pad_left",
        method: true,
        summary: "With blanks (or `fill`) before it, up to a width",
        params: &[param("text", "string"), param("width", "int"), optional("fill", "string")],
        returns: "string",
        examples: &[("\"7\".pad_left(3, \"0\")", "\"007\"")],
        run: Run::Plain(|args| Ok(Value::from(padding(args)? + text(args, 0)))),
    },
    Function {
        name: "pad_right",
        method: true,
        summary: "With blanks (or `fill`) behind it, up to a width",
        params: &[param("text", "string"), param("width", "int"), optional("fill", "string")],
        returns: "string",
        examples: &[("\"ab\".pad_right(4) + \"|\"", "\"ab  |\"")],
        run: Run::Plain(|args| Ok(Value::from(text(args, 0).to_owned() + &padding(args)?))),
    },
    Function {
        name: "repeat",
        method: true,
        summary: "The text `n` times over",
        params: &[param("text", "string"), param("n", "int")],
        returns: "string",
        examples: &[("\"=\".repeat(3)", "\"===\"")],
        run: Run::Plain(|args| {
            let n = usize::try_from(int(args, 1)).map_err(|_| "a text cannot be repeated less than 0 times")?;
            bounded(text(args, 0).len().saturating_mul(n))?;
            Ok(Value::from(text(args, 0).repeat(n)))
        }),
    },
];

/// The text of an argument that was checked to be one.
pub(super) fn text(args: &[Value], at: usize) -> &str {
    args.get(at).and_then(Value::as_text).unwrap_or_default()
}

/// The number of an argument that was checked to be one.
pub(super) fn int(args: &[Value], at: usize) -> i64 {
    match args.get(at) {
        Some(Value::Int(n)) => *n,
        _ => 0,
    }
}

pub(super) fn bounded(bytes: usize) -> Result<(), String> {
    if bytes > MAX_TEXT { Err("the string would be larger than 64MiB".to_owned()) } else { Ok(()) }
}

fn padding(args: &[Value]) -> Result<String, String> {
    let fill = match args.get(2) {
        Some(_) => text(args, 2),
        None => " ",
    };
    if fill.is_empty() {
        return Err("there is nothing to fill with".to_owned());
    }
    let missing = usize::try_from(int(args, 1)).unwrap_or(0).saturating_sub(text(args, 0).chars().count());
    bounded(missing.saturating_mul(4))?;
    Ok(fill.chars().cycle().take(missing).collect())
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::Value;

    #[test]
    fn works_on_texts() {
        let on = |name: &str, text: &str, more: &[Value]| shown(name, true, &[&[Value::from(text)], more].concat());
        assert_eq!(on("trim", " a\n", &[]), "\"a\"");
        assert_eq!(on("split", "a,b", &[Value::from(",")]), "[\"a\", \"b\"]");
        assert!(on("split", "a,b", &[Value::from("")]).starts_with("error: the separator is empty"));
        assert_eq!(on("words", " a  b ", &[]), "[\"a\", \"b\"]");
        assert_eq!(on("replace", "a.b", &[Value::from("."), Value::from("")]), "\"ab\"");
        assert_eq!(on("pad_left", "7", &[Value::Int(3), Value::from("0")]), "\"007\"");
        assert_eq!(on("pad_right", "7", &[Value::Int(-3)]), "\"7\"");
        assert_eq!(on("repeat", "ab", &[Value::Int(2)]), "\"abab\"");
        assert_eq!(on("repeat", "ab", &[Value::Int(i64::MAX)]), "error: the string would be larger than 64MiB");
        assert!(on("pad_left", "a", &[Value::Int(i64::MAX)]).contains("64MiB"));
        assert_eq!(on("remove_prefix", "v1", &[Value::from("v")]), "\"1\"");
    }
}
