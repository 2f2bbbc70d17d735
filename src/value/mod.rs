//! Values: what a name is bound to while a runbook runs.
//!
//! A value is 24 bytes and clones in a few nanoseconds: texts, lists and records are shared.
//! A secret is a value like any other to the evaluator, but has neither `Display` nor `Serialize`.

pub mod arithmetic;
pub mod codec;
pub mod compare;
pub mod convert;
pub mod display;
pub mod json;
mod kind;
pub mod limits;
pub mod ops;
pub mod pattern;
mod record;
mod secret;
mod statement;
mod type_text;
pub mod types;
pub mod units;
pub mod window;

use std::sync::Arc;

pub use kind::Kind;
pub use record::{Record, Text};
pub use secret::Secret;
pub use statement::Statement;
pub use types::Type;

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number
    Int(i64),
    /// A number with a fraction
    Float(f64),
    /// A length of time, in nanoseconds
    Duration(i64),
    /// An amount of data, in bytes
    Size(i64),
    /// A share of a whole, as a ratio: `5%` is 0.05
    Percent(f64),
    /// A point in time
    Instant(jiff::Timestamp),
    /// Text
    Str(Arc<str>),
    /// A list
    List(Arc<Vec<Value>>),
    /// Named values in order
    Record(Arc<Record>),
    /// A value that must not be shown
    Secret(Secret),
    /// A value that only a run will know: what an action would have returned in a plan.
    Unknown(Type),
}

// It is copied at every step: a larger one would slow everything down.
const _: () = assert!(size_of::<Value>() <= 24);

/// Bytes as hexadecimal digits, two for each.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Value {
    /// A text.
    pub fn str(text: impl Into<Arc<str>>) -> Self {
        Self::Str(text.into())
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Self::List(Arc::new(items.into_iter().collect()))
    }

    /// A record of these fields, in this order.
    pub fn record<K: Into<Arc<str>>>(fields: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Record(Arc::new(Record::new(fields)))
    }

    /// Whether it is, or holds at its top, something only a run will know.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::str(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::str(value)
    }
}
