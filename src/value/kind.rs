//! What a value is at its top, for messages and for the rules of operators.

use super::{Type, Value};

/// The kinds of value. A tainted value has the kind of what it hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool,
    /// A whole number
    Int,
    /// A number with a fraction
    Float,
    /// A length of time
    Duration,
    /// An amount of data
    Size,
    /// A share of a whole
    Percent,
    /// A point in time
    Instant,
    /// Text, also that of a command's output or an HTTP answer
    Text,
    /// A list
    List,
    /// A record
    Record,
    /// Anything: known only when it has come
    Any,
}

impl Kind {
    /// With its article: `a duration`.
    pub const fn a(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a bool",
            Self::Int => "an int",
            Self::Float => "a float",
            Self::Duration => "a duration",
            Self::Size => "a size",
            Self::Percent => "a percentage",
            Self::Instant => "an instant",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Record => "a record",
            Self::Any => "a value",
        }
    }

    /// `int` or `float`.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Float)
    }

    /// The kind of the values of a type.
    pub fn of_type(ty: &Type) -> Self {
        match ty {
            Type::Any => Self::Any,
            Type::Null => Self::Null,
            Type::Bool => Self::Bool,
            Type::Int => Self::Int,
            Type::Float => Self::Float,
            Type::Duration => Self::Duration,
            Type::Size => Self::Size,
            Type::Percent => Self::Percent,
            Type::Instant => Self::Instant,
            Type::String | Type::Command | Type::Sql | Type::Url => Self::Text,
            Type::List(_) => Self::List,
            Type::Record(_) => Self::Record,
            Type::Optional(inner) | Type::Secret(inner) => Self::of_type(inner),
        }
    }

    /// The type that says no more than this.
    pub fn to_type(self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Float => Type::Float,
            Self::Duration => Type::Duration,
            Self::Size => Type::Size,
            Self::Percent => Type::Percent,
            Self::Instant => Type::Instant,
            Self::Text => Type::String,
            Self::List => Type::list(Type::Any),
            Self::Record => Type::any_record(),
            Self::Any => Type::Any,
        }
    }
}

/// How deep [`Value::type_of`] looks, and at how many items of a list.
const DEPTH: u32 = 8;
const ITEMS: usize = 64;

impl Value {
    /// What it is at its top.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Duration(_) => Kind::Duration,
            Self::Size(_) => Kind::Size,
            Self::Percent(_) => Kind::Percent,
            Self::Instant(_) => Kind::Instant,
            Self::Str(_) => Kind::Text,
            Self::List(_) => Kind::List,
            Self::Record(_) => Kind::Record,
            Self::Secret(secret) => secret.expose().kind(),
            Self::Unknown(ty) => Kind::of_type(ty),
        }
    }

    /// The narrowest type it has; of long lists and deep records only so far as is sensible.
    pub fn type_of(&self) -> Type {
        self.type_within(DEPTH)
    }

    fn type_within(&self, depth: u32) -> Type {
        match self {
            Self::List(_) | Self::Record(_) if depth == 0 => self.kind().to_type(),
            Self::List(items) => {
                let types = items.iter().take(ITEMS).map(|item| item.type_within(depth - 1));
                let seen = types.reduce(|a, b| a.join(&b));
                Type::list(match seen {
                    Some(item) if items.len() <= ITEMS => item,
                    _ => Type::Any,
                })
            }
            Self::Record(record) => {
                let fields = record.iter().map(|(name, value)| (name.clone(), value.type_within(depth - 1)));
                let ty = super::types::RecordType { fields: fields.collect(), open: record.text().is_some() };
                Type::Record(std::sync::Arc::new(ty))
            }
            Self::Secret(secret) => secret.expose().type_within(depth).secret(),
            Self::Unknown(ty) => ty.clone(),
            plain => plain.kind().to_type(),
        }
    }

    /// The text of a string, or of a record that stands for one, trimmed at its end. Secrets have none here.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            Self::Record(record) => record.text().map(|text| text.raw.trim_end()),
            _ => None,
        }
    }

    /// The value without its taint at the top. For computing with, never for showing.
    pub fn exposed(&self) -> &Value {
        match self {
            Self::Secret(secret) => secret.expose(),
            plain => plain,
        }
    }

    /// Whether it is, or holds at any depth, a secret.
    pub fn holds_secret(&self) -> bool {
        self.any(&|value| matches!(value, Self::Secret(_)) || matches!(value, Self::Unknown(ty) if ty.is_secret()))
    }

    /// Whether it is, or holds at any depth, something only a run will know.
    pub fn holds_unknown(&self) -> bool {
        self.any(&|value| matches!(value, Self::Unknown(_)))
    }

    fn any(&self, test: &impl Fn(&Value) -> bool) -> bool {
        test(self)
            || match self {
                Self::List(items) => items.iter().any(|item| item.any(test)),
                Self::Record(record) => record.iter().any(|(_, value)| value.any(test)),
                Self::Secret(secret) => secret.expose().any(test),
                _ => false,
            }
    }

    /// Taints it if `tainted`.
    #[must_use]
    pub fn tainted(self, tainted: bool) -> Self {
        match self {
            Self::Unknown(ty) if tainted => Self::Unknown(ty.secret()),
            value if tainted => Self::Secret(super::Secret::new(value)),
            value => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_types() {
        let value = Value::record([("a", Value::list([Value::Int(1), Value::Float(0.5)])), ("b", Value::Null)]);
        assert_eq!(value.type_of().to_string(), "{ a: list<float>, b: null }");
        assert!(!value.holds_secret());
        let hidden = Value::list([Value::record([("a", Value::str("x").tainted(true))])]);
        assert!(hidden.holds_secret());
        assert_eq!(Value::Int(1).tainted(true).kind(), Kind::Int);
    }

    #[test]
    fn a_record_may_be_a_text() {
        let record = crate::value::Record::new([("status", Value::Int(0))]).with_text("hello\n");
        assert_eq!(Value::Record(std::sync::Arc::new(record)).as_text(), Some("hello"));
    }
}
