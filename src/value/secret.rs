//! Values that must not be shown.

use std::sync::Arc;

use super::Value;

/// A tainted value. It can be computed with and handed to an action; it can neither be printed nor written down.
#[derive(Clone)]
pub struct Secret(Arc<Value>);

impl Secret {
    /// Taints a value. What is a secret already stays one secret.
    pub fn new(value: Value) -> Self {
        match value {
            Value::Secret(secret) => secret,
            value => Self(Arc::new(value)),
        }
    }

    /// The value itself, for the one place that needs it: never for a message.
    pub fn expose(&self) -> &Value {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}
