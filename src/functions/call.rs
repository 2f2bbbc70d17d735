//! Calling a builtin: arguments are checked against what it declares, secrets and unknowns are taken care of.

use super::{Apply, Function, Run};
use crate::value::{Type, Value, arithmetic, display};

/// Calls `function`. `apply` calls the `x => …` that was given, for functions that take one.
///
/// Of an unknown argument the result is unknown. Of a secret one it is secret, save where it is a bool or a
/// length: a check must be able to tell its outcome, and "the token is empty" is what one wants to hear at night.
pub fn call(function: &'static Function, args: &[Value], apply: Apply<'_, '_>) -> Result<Value, String> {
    if args.iter().any(Value::is_unknown) {
        let types: Vec<_> = args.iter().map(Value::type_of).collect();
        let ty = return_type(function, &types).unwrap_or(Type::Any);
        let tainted = types.iter().any(Type::is_secret) && function.name != PUBLIC;
        return Ok(Value::Unknown(ty).tainted(tainted));
    }
    if args.iter().any(|arg| matches!(arg, Value::Secret(_))) && function.name != PUBLIC {
        let exposed: Vec<_> = args.iter().map(|arg| arg.exposed().clone()).collect();
        // What the function given is shown of a secret is secret as well; so are its messages.
        let mut wary = |given: &[Value]| {
            let given: Vec<_> = given.iter().map(|value| value.clone().tainted(true)).collect();
            apply(&given)
        };
        return match call_plain(function, &exposed, &mut wary) {
            Ok(value @ Value::Bool(_)) => Ok(value),
            Ok(value) => Ok(value.tainted(function.name != "len")),
            // Why is told, unless that quotes what it was given.
            Err(message) => Err(without(&message, &exposed).unwrap_or_else(|| {
                format!("`{}` failed on a secret; why is not shown, it might show the secret", function.name)
            })),
        };
    }
    call_plain(function, args, apply)
}

/// A message with what it quotes of these hidden; `None` if something of them is left.
fn without(message: &str, secrets: &[Value]) -> Option<String> {
    let hide = |text: String, secret: &Value| text.replace(&display::inspect(secret, QUOTED), display::MASK);
    let message = secrets.iter().fold(message.to_owned(), hide);
    secrets.iter().all(|secret| !quotes(&message, secret)).then_some(message)
}

/// How much of a value messages quote, in characters: [`Value::brief`].
const QUOTED: usize = 40;

/// Whether a message has three characters in a row of what it must not show. What is too long to look through does.
fn quotes(message: &str, value: &Value) -> bool {
    let message = message.to_lowercase();
    let secret: Vec<char> = display::exposed_text(value).to_lowercase().chars().take(LONGEST + 1).collect();
    let is_in = |three: &[char]| message.contains(&three.iter().collect::<String>());
    secret.len() > LONGEST || secret.windows(3.min(secret.len().max(1))).any(is_in)
}

/// In characters.
const LONGEST: usize = 4096;

/// The one function whose result is not as secret as its argument.
const PUBLIC: &str = "public";

fn call_plain(function: &'static Function, args: &[Value], apply: Apply<'_, '_>) -> Result<Value, String> {
    let values = match function.run {
        Run::Plain(_) => function.params,
        Run::WithFunction(_) => &function.params[..function.params.len().saturating_sub(1)],
    };
    if args.len() > values.len() {
        return Err(format!("`{}` takes {}, not {}", shown_name(function), count(values.len()), args.len()));
    }
    if let Some(missing) = values.iter().skip(args.len()).find(|param| !param.optional) {
        return Err(format!("`{}` needs `{}` ({})", shown_name(function), missing.name, missing.ty));
    }
    // Most arguments are right as they are: copied only if one has to be turned into another kind.
    let mut turned: Option<Vec<Value>> = None;
    for (i, (param, arg)) in values.iter().zip(args).enumerate() {
        match fit(arg, param.ty) {
            Fit::AsItIs => {}
            Fit::Turned(value) => turned.get_or_insert_with(|| args.to_vec())[i] = value,
            Fit::No if param.optional && matches!(arg, Value::Null) => {}
            Fit::No if i == 0 && function.method => {
                return Err(format!("`.{}` works on {}, this is {}", function.name, a(param.ty), arg.brief()));
            }
            Fit::No => {
                let what = shown_name(function);
                return Err(format!("`{}` of `{what}` must be {}, it is {}", param.name, a(param.ty), arg.brief()));
            }
        }
    }
    let args = turned.as_deref().unwrap_or(args);
    match function.run {
        Run::Plain(run) => run(args),
        Run::WithFunction(run) => run(args, apply),
    }
}

enum Fit {
    AsItIs,
    Turned(Value),
    No,
}

fn fit(value: &Value, ty: &str) -> Fit {
    match (ty, value) {
        ("any", _)
        | ("string", Value::Str(_))
        | ("int", Value::Int(_))
        | ("float", Value::Float(_) | Value::Int(_))
        | ("bool", Value::Bool(_))
        | ("duration", Value::Duration(_))
        | ("size", Value::Size(_))
        | ("percent", Value::Percent(_))
        | ("instant", Value::Instant(_))
        | ("record", Value::Record(_)) => Fit::AsItIs,
        (list, Value::List(_)) if list.starts_with("list") => Fit::AsItIs,
        // The result of a division is a float, though it may be whole.
        ("int", Value::Float(x)) if x.fract() == 0.0 => {
            arithmetic::to_int(*x).map_or(Fit::No, |n| Fit::Turned(Value::Int(n)))
        }
        ("string", record @ Value::Record(_)) => {
            record.as_text().map_or(Fit::No, |text| Fit::Turned(Value::from(text)))
        }
        // A command's output is a list of lines as well.
        ("list<any>" | "list<string>", record @ Value::Record(_)) => {
            record.as_text().map_or(Fit::No, |text| Fit::Turned(crate::value::json::lines(text)))
        }
        (_, Value::Secret(secret)) => fit(secret.expose(), ty),
        _ => Fit::No,
    }
}

fn a(ty: &str) -> String {
    match ty {
        "float" => "a number".to_owned(),
        "int" => "an int".to_owned(),
        "instant" => "an instant".to_owned(),
        "percent" => "a percentage".to_owned(),
        "any" => "any value".to_owned(),
        "list<any>" => "a list".to_owned(),
        "list<string>" => "a list of strings".to_owned(),
        "list<record>" => "a list of records".to_owned(),
        other => format!("a {other}"),
    }
}

fn shown_name(function: &Function) -> String {
    if function.method { format!(".{}", function.name) } else { function.name.to_owned() }
}

fn count(n: usize) -> String {
    if n == 1 { "one argument".to_owned() } else { format!("{n} arguments") }
}

/// The type of a call with arguments of these types, the receiver first. `None` only if the table is wrong.
pub fn return_type(function: &Function, args: &[Type]) -> Option<Type> {
    let receiver = args.first().map_or(Type::Any, Type::required);
    Type::read(function.returns, &|word| match word {
        "same" => Some(receiver.clone()),
        "item" => Some(match &receiver {
            Type::List(item) => (**item).clone(),
            _ => Type::Any,
        }),
        _ => None,
    })
}

/// Whether a parameter may be declared so.
#[cfg(test)]
pub(super) fn is_type(ty: &str) -> bool {
    ty == "fn" || (Type::read(ty, &|_| None).is_some() && !ty.starts_with('{') && !ty.ends_with('?'))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::functions::{find, find_method};
    use crate::value::display::{SHORT, inspect};

    /// Calls a builtin that takes no function and shows what it gives, for the tests of each table.
    pub(crate) fn shown(name: &str, method: bool, args: &[Value]) -> String {
        let function = if method { find_method(name) } else { find(name) }.unwrap_or_else(|| panic!("no {name}"));
        match call(function, args, &mut |_| Err("no function was given".to_owned())) {
            Ok(value) => inspect(&value, SHORT),
            Err(message) => format!("error: {message}"),
        }
    }

    #[test]
    fn arguments_are_checked() {
        let list = Value::list([Value::Int(1)]);
        assert_eq!(
            shown("trim", true, std::slice::from_ref(&list)),
            "error: `.trim` works on a string, this is a list of 1"
        );
        assert_eq!(shown("take", true, std::slice::from_ref(&list)), "error: `.take` needs `n` (int)");
        assert_eq!(
            shown("take", true, &[list.clone(), Value::from("1")]),
            "error: `n` of `.take` must be an int, it is \"1\" (a string)"
        );
        assert_eq!(shown("take", true, &[list.clone(), Value::Float(1.0)]), "[1]");
        assert_eq!(
            shown("take", true, &[list, Value::Int(1), Value::Int(1)]),
            "error: `.take` takes 2 arguments, not 3"
        );
    }

    #[test]
    fn secrets_stay_secret() {
        let secret = Value::from(" hunter2 ").tainted(true);
        assert_eq!(shown("trim", true, std::slice::from_ref(&secret)), "•••");
        assert_eq!(shown("len", true, std::slice::from_ref(&secret)), "9");
        assert_eq!(shown("is_empty", true, std::slice::from_ref(&secret)), "false");
        assert_eq!(shown("public", false, std::slice::from_ref(&secret)), "\" hunter2 \"");
        let taken = shown("take", true, &[Value::from("s3cr3t-token").tainted(true), Value::Int(1)]);
        assert_eq!(taken, "error: `.take` works on a list, this is ••• (a string)");
        let error = shown("int", false, &[secret]);
        assert!(error.starts_with("error: ") && !error.contains("hunter"), "{error}");
    }

    #[test]
    fn the_unknown_has_a_type() {
        let function = find_method("first").unwrap();
        let unknown = Value::Unknown(Type::list(Type::String));
        let result = call(function, &[unknown], &mut |_| Ok(Value::Null)).unwrap();
        assert!(matches!(result, Value::Unknown(ty) if ty.to_string() == "string?"));
    }
}
