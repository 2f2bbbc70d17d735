//! One kind of value into another.

use std::sync::Arc;

use super::units::read;
use super::{Function, Run, param};
use crate::value::arithmetic::to_int;
use crate::value::{Type, Value};

pub(super) static ALL: &[Function] = &[
    Function {
        name: "int",
        method: false,
        summary: "A whole number, from a text or a number that is whole",
        params: &[param("value", "any")],
        returns: "int",
        examples: &[("int(\"42\")", "42"), ("int(3.0)", "3")],
        run: Run::Plain(|args| match &args[0] {
            Value::Int(_) => Ok(args[0].clone()),
            Value::Float(x) if x.fract() == 0.0 => {
                to_int(*x).map(Value::Int).ok_or_else(|| "this is too large for an int".to_owned())
            }
            Value::Float(x) => Err(format!("{x} is not whole\nsay how: `round(x)`, `floor(x)`, `ceil(x)`")),
            Value::Bool(value) => Ok(Value::Int(i64::from(*value))),
            other => from_text(other, &Type::Int),
        }),
    },
    Function {
        name: "float",
        method: false,
        summary: "A number, from a text, another number or a percentage",
        params: &[param("value", "any")],
        returns: "float",
        examples: &[("float(\"2.5\")", "2.5"), ("float(5%)", "0.05")],
        run: Run::Plain(|args| match &args[0] {
            Value::Float(x) | Value::Percent(x) => Ok(Value::Float(*x)),
            Value::Int(n) => Ok(Value::Float(crate::value::arithmetic::to_float(*n))),
            other => from_text(other, &Type::Float),
        }),
    },
    Function {
        name: "bool",
        method: false,
        summary: "A bool, from the texts `true` and `false`",
        params: &[param("value", "any")],
        returns: "bool",
        examples: &[("bool(\"true\")", "true")],
        run: Run::Plain(|args| match &args[0] {
            Value::Bool(_) => Ok(args[0].clone()),
            other => from_text(other, &Type::Bool),
        }),
    },
    Function {
        name: "public",
        method: false,
        summary: "A secret as a plain value: from here on it may be shown",
        params: &[param("value", "any")],
        returns: "any",
        examples: &[("public(\"not secret\")", "\"not secret\"")],
        run: Run::Plain(|args| Ok(bare(&args[0]))),
    },
];

fn from_text(value: &Value, ty: &Type) -> Result<Value, String> {
    if value.as_text().is_none() {
        return Err(format!("{} cannot be turned into {ty}", value.brief()));
    }
    read(std::slice::from_ref(value), ty)
}

fn bare(value: &Value) -> Value {
    match value {
        Value::Secret(secret) => bare(secret.expose()),
        Value::Unknown(ty) => Value::Unknown(bare_type(ty)),
        Value::List(items) if value.holds_secret() => Value::list(items.iter().map(bare)),
        Value::Record(record) if value.holds_secret() => {
            Value::record(record.iter().map(|(name, value)| (Arc::clone(name), bare(value))))
        }
        plain => plain.clone(),
    }
}

fn bare_type(ty: &Type) -> Type {
    match ty {
        Type::Secret(inner) => (**inner).clone(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::call::tests::shown;
    use crate::value::Value;

    #[test]
    fn converts() {
        assert_eq!(shown("int", false, &[Value::from(" 42\n")]), "42");
        assert!(shown("int", false, &[Value::Float(2.5)]).contains("2.5 is not whole"));
        assert!(shown("int", false, &[Value::Null]).contains("null cannot be turned into int"));
        assert_eq!(shown("float", false, &[Value::from("2.5")]), "2.5");
        assert_eq!(shown("bool", false, &[Value::from("true")]), "true");
        let hidden = Value::list([Value::from("a").tainted(true)]);
        assert_eq!(shown("public", false, &[hidden]), "[\"a\"]");
    }
}
