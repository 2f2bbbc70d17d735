//! Types as they are written, and the types of parts of values.

use std::sync::{Arc, LazyLock};

use super::lower::a;
use crate::diag::{Diagnostic, code, did_you_mean};
use crate::functions;
use crate::syntax::tree::{TypeExpr, TypeExprKind};
use crate::value::Type;
use crate::value::types::RecordType;

const NAMES: &[&str] = &[
    "string", "int", "float", "bool", "duration", "size", "percent", "instant", "any", "record", "list", "null",
    "command", "sql", "url",
];

/// A type as it is written.
pub(super) fn type_of(ty: &TypeExpr) -> Result<Type, Box<Diagnostic>> {
    match &ty.kind {
        TypeExprKind::Name(name) if &**name == "list" => Ok(Type::list(Type::Any)),
        TypeExprKind::Name(name) => Type::read(name, &|_| None).ok_or_else(|| {
            let message = format!("there is no type `{name}`");
            let help = match did_you_mean(name, NAMES.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", NAMES.join(", ")),
            };
            Box::new(Diagnostic::error(&code::WRONG_TYPE, ty.span, message, "").help(help))
        }),
        TypeExprKind::List(item) => Ok(Type::list(type_of(item)?)),
        TypeExprKind::Optional(inner) => Ok(type_of(inner)?.optional()),
        TypeExprKind::Record(fields) => {
            let fields = fields
                .iter()
                .map(|(name, ty)| Ok((Arc::clone(&name.name), type_of(ty)?)))
                .collect::<Result<Vec<_>, Box<Diagnostic>>>()?;
            Ok(Type::Record(Arc::new(RecordType { fields, open: false })))
        }
    }
}

/// The type of `value.name`, or why there is no such part: a message and a suggestion.
pub(super) fn member_type(ty: &Type, name: &str) -> Result<Type, (String, Option<String>)> {
    match ty {
        Type::Any => Ok(Type::Any),
        Type::Secret(inner) => member_type(inner, name).map(Type::secret),
        Type::Optional(inner) => member_type(inner, name).map(Type::optional),
        Type::Record(record) => match record.field(name) {
            Some(ty) => Ok(ty.clone()),
            None if record.open => Ok(Type::Any),
            None => method_type(ty, name).ok_or_else(|| {
                let known: Vec<&str> = record.fields.iter().map(|(name, _)| &**name).collect();
                let help = match did_you_mean(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `.{near}`?"),
                    None => format!("it has: {}", known.join(", ")),
                };
                (format!("it has no field `{name}`"), Some(help))
            }),
        },
        Type::Null => Err((format!("null has no `{name}`"), Some(format!("write `?.{name}`: of null it is null")))),
        other => method_type(other, name).ok_or_else(|| {
            let methods = functions::all().filter(|function| function.method).map(|function| function.name);
            let near = did_you_mean(name, methods).map(|near| format!("did you mean `.{near}`?"));
            (format!("{} has no `.{name}`", a(other)), near.or_else(|| methods_of(other)))
        }),
    }
}

/// What a value of a type has, in words.
pub(super) fn methods_of(ty: &Type) -> Option<String> {
    let works = |method: &&functions::Function| {
        let first = method.params.first().and_then(|param| Type::read(param.ty, &|_| None));
        first.is_some_and(|wanted| !matches!(wanted, Type::Any) && ty.required().fits(&wanted))
    };
    let names: Vec<String> = functions::all()
        .filter(|method| method.method)
        .filter(works)
        .map(|method| format!(".{}", method.name))
        .collect();
    (!names.is_empty() && !matches!(ty, Type::Any)).then(|| format!("it has {}", names.join(", ")))
}

/// The type of a method that needs no brackets.
fn method_type(ty: &Type, name: &str) -> Option<Type> {
    let method = functions::find_method(name)?;
    let alone = method.params.iter().skip(1).all(|param| param.optional);
    alone.then(|| functions::return_type(method, std::slice::from_ref(ty)).unwrap_or(Type::Any))
}

/// What a command gives.
pub(super) fn command_result() -> Type {
    static RESULT: LazyLock<Type> = LazyLock::new(|| {
        let text = "{ stdout: string, stderr: string, status: int, ok: bool, lines: list<string>, json: any, elapsed: duration }";
        Type::read(text, &|_| None).unwrap_or(Type::Any)
    });
    RESULT.clone()
}

/// `failure` in a handler or a compensation.
pub(super) fn failure_type() -> Type {
    let fields = [("message", Type::String), ("step", Type::String), ("kind", Type::String), ("output", Type::String)];
    closed(fields)
}

/// `outcome` in a `finally`.
pub(super) fn outcome_type() -> Type {
    closed([("status", Type::String), ("failure", failure_type().optional())])
}

fn closed<const N: usize>(fields: [(&str, Type); N]) -> Type {
    let fields = fields.into_iter().map(|(name, ty)| (Arc::from(name), ty)).collect();
    Type::Record(Arc::new(RecordType { fields, open: false }))
}
