//! Filters in the language of jq, by way of jaq, kept pure: no clock, no environment, no output, no end of the process;
//! and finite: nothing that repeats without a bound.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jaq_core::data::JustLut;
use jaq_core::load::lex::{StrPart, Tok, Token};
use jaq_core::load::parse::Def;
use jaq_core::load::{Arena, File, Lexer, Loader};
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Compiler, Ctx, Cv, Exn, Vars};
use jaq_json::{Num, Val};
use serde_json::Value as Json;

use crate::value::arithmetic::to_float;
use crate::value::limits::{MAX_LIST, MAX_TEXT};
use crate::value::{Value, display, json};

type Data = JustLut<Val>;
type Filter = jaq_core::Filter<Data>;

/// More than any runbook has; beyond it all are forgotten and compiled again.
const KEPT: usize = 64;
/// Bytes of a filter, and how deep its brackets nest: its parser is recursive.
const MAX_FILTER: usize = 2048;
const MAX_DEPTH: usize = 40;

thread_local! {
    static COMPILED: RefCell<HashMap<Box<str>, Rc<Filter>>> = RefCell::new(HashMap::new());
}

/// What a filter makes of a value: its one result, null for none, a list for several.
pub(super) fn run(value: &Value, filter: &str) -> Result<Value, String> {
    let compiled = COMPILED.with_borrow_mut(|all| {
        if let Some(known) = all.get(filter) {
            return Ok(Rc::clone(known));
        }
        let compiled = Rc::new(compile(filter)?);
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(filter.into(), Rc::clone(&compiled));
        Ok::<_, String>(compiled)
    })?;
    let context = Ctx::<Data>::new(&compiled.lut, Vars::new([]));
    let mut results = Vec::new();
    for result in compiled.id.run((context, to_val(json::exposed(value)))) {
        if results.len() >= MAX_LIST {
            return Err(format!("the filter gives more than {MAX_LIST} results"));
        }
        match result.map_err(Exn::get_err) {
            Ok(result) => results.push(from_val(&result, 0)?),
            Err(Ok(error)) => return Err(format!("the filter failed: {}", shortened(&error.to_string()))),
            Err(Err(_)) => return Err("the filter broke off".to_owned()),
        }
    }
    Ok(match results.len() {
        0 => Value::Null,
        1 => results.swap_remove(0),
        _ => Value::list(results),
    })
}

/// Filters that look at the world, end the process or may go on for ever.
const REFUSED: &[&str] = &[
    "combinations",
    "debug",
    "env",
    "halt",
    "halt_error",
    "input",
    "inputs",
    "localtime",
    "now",
    "repeat",
    "stderr",
    "strflocaltime",
    "until",
    "while",
];

fn compile(filter: &str) -> Result<Filter, String> {
    if filter.len() > MAX_FILTER {
        return Err(format!("the filter is longer than {MAX_FILTER} bytes"));
    }
    if depth(filter) > MAX_DEPTH {
        return Err("the filter is nested too deep".to_owned());
    }
    let tokens = Lexer::new(filter).lex().map_err(|errors| {
        let at = errors.first().map_or("", |(_, at)| at);
        not_a_filter(filter, at)
    })?;
    if let Some(word) = refused(&tokens) {
        return Err(match word {
            "def" => "a filter cannot define others here: it might never end".to_owned(),
            word => format!("`{word}` cannot be used in a filter here: filters are pure, and end"),
        });
    }
    let arena = Arena::default();
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).filter(keeps);
    let modules = Loader::new(defs).load(&arena, File { code: filter, path: () }).map_err(|errors| {
        let at = errors.into_iter().find_map(|(_, error)| match error {
            jaq_core::load::Error::Lex(errors) => errors.first().map(|(_, at)| *at),
            jaq_core::load::Error::Parse(errors) => errors.first().map(|(_, at)| *at),
            jaq_core::load::Error::Io(_) => None,
        });
        not_a_filter(filter, at.unwrap_or_default())
    })?;
    Compiler::default().with_funs(funs()).compile(modules).map_err(|errors| {
        let unknown = errors.into_iter().flat_map(|(_, errors)| errors).map(|(name, _)| name.to_owned()).next();
        format!("jq knows no `{}`", unknown.unwrap_or_default())
    })
}

fn not_a_filter(filter: &str, at: &str) -> String {
    if at.is_empty() {
        format!("{} is no jq filter: it ends too early", display::quoted(filter, 40))
    } else {
        format!("this is no jq filter: it goes wrong at {}", display::quoted(at, 20))
    }
}

/// How deep brackets nest, and how many operators before an operand stand in a row: each is a level of recursion.
fn depth(filter: &str) -> usize {
    let (mut open, mut deepest, mut row, mut words) = (0_usize, 0, 0_usize, 0_usize);
    for byte in filter.bytes() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        row = if byte == b'-' || byte.is_ascii_whitespace() { row + usize::from(byte == b'-') } else { 0 };
        deepest = deepest.max(open).max(row);
    }
    for word in filter.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        words += usize::from(matches!(word, "if" | "try" | "reduce" | "foreach" | "label" | "as"));
    }
    deepest.max(words)
}

fn refused<'a>(tokens: &[Token<&'a str>]) -> Option<&'a str> {
    tokens.iter().enumerate().find_map(|(i, Token(text, token))| match token {
        Tok::Word if *text == "def" || REFUSED.contains(text) => {
            // `{now: 1}` names a field.
            let is_field = matches!(tokens.get(i + 1), Some(Token(":", Tok::Sym)));
            (!is_field).then_some(*text)
        }
        // `recurse` alone goes down what there is; with a filter of its own it need not end.
        Tok::Word if *text == "recurse" => {
            matches!(tokens.get(i + 1), Some(Token(_, Tok::Block(_)))).then_some("recurse(…)")
        }
        Tok::Var if *text == "$ENV" => Some(*text),
        Tok::Block(inner) => refused(inner),
        Tok::Str(parts) => parts.iter().find_map(|part| match part {
            StrPart::Term(Token(_, Tok::Block(inner))) => refused(inner),
            _ => None,
        }),
        Tok::Word | Tok::Var | Tok::Fmt | Tok::Num | Tok::Sym => None,
    })
}

fn keeps(def: &Def<&'static str>) -> bool {
    !REFUSED.contains(&def.name)
}

fn funs() -> impl Iterator<Item = Fun<Data>> {
    let impure = |name: &str| {
        matches!(
            name,
            "halt" | "env" | "now" | "localtime" | "strflocaltime" | "mktime_local" | "stderr_empty" | "debug_empty"
        )
    };
    let all = jaq_core::funs::<Data>().chain(jaq_std::funs::<Data>()).chain(jaq_json::funs::<Data>());
    let range: native::Filter<jaq_core::RunPtr<Data>> = ("range", v(3), bounded_range);
    all.filter(move |(name, _, _)| !impure(name) && *name != "range").chain(std::iter::once(native::run::<Data>(range)))
}

/// `range(from; to; by)`, refused where it would not end soon.
fn bounded_range(mut cv: Cv<'_, Data>) -> jaq_core::ValXs<'_, Val> {
    let (by, to, from) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
    let number = |value: &Val| match value {
        Val::Num(n) => Some(float(n)),
        _ => None,
    };
    let fail = |message: &str| bome(Err(jaq_json::Error::str(message)));
    let (Some(start), Some(end), Some(step)) = (number(&from), number(&to), number(&by)) else {
        return fail("range needs numbers");
    };
    let count = ((end - start) / step).ceil();
    if count.is_nan() || count > to_float(i64::try_from(MAX_LIST).unwrap_or(i64::MAX)) {
        return fail("this range is too long");
    }
    let mut next = Some(from);
    Box::new(std::iter::from_fn(move || {
        let current = next.take()?;
        if if step > 0.0 { current >= to } else { current <= to } {
            return None;
        }
        match current.clone() + by.clone() {
            Ok(following) => {
                next = Some(following);
                Some(Ok(current))
            }
            Err(error) => Some(Err(error.into())),
        }
    }))
}

fn shortened(text: &str) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if chars.next().is_some() { head + "…" } else { head }
}

fn to_val(tree: Json) -> Val {
    match tree {
        Json::Null => Val::Null,
        Json::Bool(value) => Val::Bool(value),
        Json::Number(number) => match number.as_i64().and_then(|n| isize::try_from(n).ok()) {
            Some(n) => Val::from(n),
            None => Val::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Val::from(text),
        Json::Array(items) => items.into_iter().map(to_val).collect(),
        Json::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (Val::from(name), to_val(value)));
            Val::obj(fields.collect())
        }
    }
}

fn from_val(value: &Val, depth: usize) -> Result<Value, String> {
    // What came from JSON is not deeper than this; what a filter builds may be.
    if depth > 200 {
        return Err("the result is nested too deep".to_owned());
    }
    Ok(match value {
        Val::Null => Value::Null,
        Val::Bool(value) => Value::Bool(*value),
        Val::Num(Num::Int(n)) => Value::Int(i64::try_from(*n).unwrap_or(i64::MAX)),
        Val::Num(number) => Value::Float(float(number)),
        Val::BStr(bytes) | Val::TStr(bytes) if bytes.len() > MAX_TEXT => {
            return Err("the string would be larger than 64MiB".to_owned());
        }
        Val::BStr(bytes) | Val::TStr(bytes) => Value::from(String::from_utf8_lossy(bytes).into_owned()),
        Val::Arr(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| from_val(item, depth + 1)).collect();
            Value::list(items?)
        }
        Val::Obj(fields) => {
            let mut out = Vec::with_capacity(fields.len());
            for (name, value) in fields.iter() {
                let name = match name {
                    Val::TStr(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    other => other.to_string(),
                };
                out.push((name, from_val(value, depth + 1)?));
            }
            Value::record(out)
        }
    })
}

fn float(number: &Num) -> f64 {
    match number {
        Num::Int(n) => to_float(i64::try_from(*n).unwrap_or(i64::MAX)),
        Num::Float(x) => *x,
        other => other.to_string().parse().unwrap_or(f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jq(input: &str, filter: &str) -> String {
        match run(&json::parse(input).unwrap(), filter) {
            Ok(value) => display::text(&value),
            Err(message) => format!("error: {message}"),
        }
    }

    #[test]
    fn filters() {
        assert_eq!(jq(r#"{"services":{"mongodb":{"latency_ms":12}}}"#, ".services.mongodb.latency_ms"), "12");
        assert_eq!(jq("[1,2,3]", "map(select(. > 1)) | add"), "5");
        assert_eq!(jq("[1,2]", ".[]"), "[1,2]");
        assert_eq!(jq("[]", ".[]"), "null");
        assert_eq!(jq(r#"{"b":1,"a":2}"#, "to_entries | map(.key)"), r#"["b","a"]"#);
        assert_eq!(jq("[[1,[2]]]", "flatten"), "[1,2]");
        assert_eq!(jq("null", "[range(3)]"), "[0,1,2]");
        assert_eq!(jq("[1,[2]]", "[.. | numbers]"), "[1,2]");
        assert_eq!(jq("\"a-b\"", "split(\"-\") | join(\"+\")"), "a+b");
        assert_eq!(jq(r#"{"now":1}"#, ".now"), "1");
        assert_eq!(jq("12345678901234567890", "."), "1.2345678901234567e19");
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(jq("1", ".a"), "error: the filter failed: cannot index 1 with \"a\"");
        assert_eq!(jq("1", ".a |"), "error: \".a |\" is no jq filter: it ends too early");
        assert_eq!(jq("1", "foo"), "error: jq knows no `foo`");
        assert_eq!(jq("1", "."), "1");
    }

    #[test]
    fn is_pure_and_ends() {
        for filter in [
            "now",
            "env",
            "$ENV",
            "halt",
            "input",
            "repeat(1)",
            "recurse(.)",
            "def f: f; f",
            "\"\\(now)\"",
            "[while(true; .)]",
        ] {
            assert!(jq("1", filter).starts_with("error: "), "{filter}: {}", jq("1", filter));
        }
        assert!(jq("1", "[range(1e12)]").contains("too long"));
        assert!(jq("1", "range(0; 1; 0)").contains("too long"));
    }

    #[test]
    fn survives_strange_filters() {
        for piece in [
            "(",
            "[",
            "-",
            ".|",
            "..|",
            "if . then ",
            "try ",
            ".a",
            "1+",
            "not ",
            ". as $x|",
            "{a:",
            "\"\\(",
            "reduce .[] as $x (",
            "?",
            "//1",
            ",.",
        ] {
            let _ = jq("1", &piece.repeat(MAX_FILTER / piece.len()));
        }
        let _ = jq("1", &"(".repeat(1_000_000));
    }
}
