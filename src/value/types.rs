//! Types, as the analysis knows them before anything runs.

use std::fmt;
use std::sync::Arc;

/// A type. `Any` is compatible with everything: what JSON holds is known only when it has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Not known
    Any,
    /// Only `null`
    Null,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float`; an `int` may stand for it
    Float,
    /// `duration`
    Duration,
    /// `size`
    Size,
    /// `percent`
    Percent,
    /// `instant`
    Instant,
    /// `string`
    String,
    /// A command line: a literal is quoted where it interpolates, another string is refused
    Command,
    /// A statement of SQL: what a literal interpolates is bound
    Sql,
    /// An address: what a literal interpolates is percent-encoded by its place
    Url,
    /// `list<T>`
    List(Arc<Type>),
    /// `{ name: T, … }`; an open one may have more fields than are named
    Record(Arc<RecordType>),
    /// `T?`
    Optional(Arc<Type>),
    /// A tainted `T`
    Secret(Arc<Type>),
}

/// The fields of a record type.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RecordType {
    /// In order.
    pub fields: Vec<(Arc<str>, Type)>,
    /// Whether other fields may be there, of any type.
    pub open: bool,
}

impl Type {
    /// `list<T>`
    pub fn list(item: Type) -> Self {
        Self::List(Arc::new(item))
    }

    /// `T?`; stays as it is if it is optional, `any` or `null` already.
    #[must_use]
    pub fn optional(self) -> Self {
        match self {
            Self::Optional(_) | Self::Any | Self::Null => self,
            other => Self::Optional(Arc::new(other)),
        }
    }

    /// The type without `?`.
    #[must_use]
    pub fn required(&self) -> Self {
        match self {
            Self::Optional(inner) => (**inner).clone(),
            other => other.clone(),
        }
    }

    /// A tainted value of this type.
    #[must_use]
    pub fn secret(self) -> Self {
        match self {
            Self::Secret(_) => self,
            other => Self::Secret(Arc::new(other)),
        }
    }

    /// A record with no known fields.
    pub fn any_record() -> Self {
        Self::Record(Arc::new(RecordType { fields: Vec::new(), open: true }))
    }

    /// Whether it holds a secret anywhere.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::List(item) | Self::Optional(item) => item.is_secret(),
            Self::Record(record) => record.fields.iter().any(|(_, ty)| ty.is_secret()),
            Self::Any
            | Self::Null
            | Self::Bool
            | Self::Int
            | Self::Float
            | Self::Duration
            | Self::Size
            | Self::Percent
            | Self::Instant
            | Self::String
            | Self::Command
            | Self::Sql
            | Self::Url => false,
        }
    }

    /// Whether a value of this type may stand where `wanted` is expected.
    pub fn fits(&self, wanted: &Type) -> bool {
        match (self, wanted) {
            (_, Type::Any)
            | (Type::Any, _)
            | (Type::Null, Type::Optional(_))
            | (Type::Int, Type::Float)
            | (Type::String | Type::Url, Type::Url | Type::String)
            | (Type::String, Type::Command | Type::Sql) => true,
            (Type::Secret(a), Type::Secret(b))
            | (Type::Optional(a), Type::Optional(b))
            | (Type::List(a), Type::List(b)) => a.fits(b),
            (Type::Secret(a), b) => a.fits(b),
            (a, Type::Optional(b)) => a.fits(b),
            (Type::Record(record), Type::String) => record.open || record.is_text(),
            (Type::Record(a), Type::Record(b)) => b.fields.iter().all(|(name, wanted)| match a.field(name) {
                Some(given) => given.fits(wanted),
                None => a.open || matches!(wanted, Type::Optional(_)),
            }),
            (a, b) => a == b,
        }
    }

    /// The narrowest type both fit.
    #[must_use]
    pub fn join(&self, other: &Type) -> Type {
        match (self, other) {
            (a, b) if a == b => a.clone(),
            (Type::Null, b) => b.clone().optional(),
            (a, Type::Null) => a.clone().optional(),
            (Type::Secret(a), Type::Secret(b)) => a.join(b).secret(),
            (Type::Secret(a), b) | (b, Type::Secret(a)) => a.join(b).secret(),
            (Type::Optional(a), Type::Optional(b)) => a.join(b).optional(),
            (Type::Optional(a), b) | (b, Type::Optional(a)) => a.join(b).optional(),
            (Type::Int, Type::Float) | (Type::Float, Type::Int) => Type::Float,
            (Type::List(a), Type::List(b)) => Type::list(a.join(b)),
            (Type::Record(a), Type::Record(b)) => Type::Record(Arc::new(a.join(b))),
            _ => Type::Any,
        }
    }
}

impl RecordType {
    /// The type of a field.
    pub fn field(&self, name: &str) -> Option<&Type> {
        self.fields.iter().find(|(field, _)| &**field == name).map(|(_, ty)| ty)
    }

    /// Whether it is also a text, as a command's output and an HTTP answer are: then it reads as `.lines` and `.json`.
    pub fn is_text(&self) -> bool {
        self.field("lines").is_some() && self.field("json").is_some()
    }

    fn join(&self, other: &RecordType) -> RecordType {
        let shared = self.fields.iter().filter_map(|(name, ty)| Some((Arc::clone(name), ty.join(other.field(name)?))));
        let fields: Vec<_> = shared.collect();
        let open = self.open || other.open || fields.len() < self.fields.len() || fields.len() < other.fields.len();
        RecordType { fields, open }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::Duration => f.write_str("duration"),
            Self::Size => f.write_str("size"),
            Self::Percent => f.write_str("percent"),
            Self::Instant => f.write_str("instant"),
            Self::String => f.write_str("string"),
            Self::Command => f.write_str("command"),
            Self::Sql => f.write_str("sql"),
            Self::Url => f.write_str("url"),
            Self::List(item) => write!(f, "list<{item}>"),
            Self::Record(record) if record.fields.is_empty() => f.write_str("record"),
            Self::Record(record) => {
                f.write_str("{ ")?;
                for (i, (name, ty)) in record.fields.iter().enumerate() {
                    write!(f, "{}{name}: {ty}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(if record.open { ", … }" } else { " }" })
            }
            Self::Optional(inner) => write!(f, "{inner}?"),
            Self::Secret(inner) => write!(f, "secret {inner}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_and_joins() {
        assert!(Type::Int.fits(&Type::Float));
        assert!(!Type::Int.fits(&Type::Duration));
        assert!(Type::Null.fits(&Type::String.optional()));
        assert!(!Type::String.optional().fits(&Type::String));
        assert_eq!(Type::Null.join(&Type::Int).to_string(), "int?");
        assert_eq!(Type::Int.join(&Type::String), Type::Any);
        assert!(Type::list(Type::String.secret()).is_secret());
    }
}
