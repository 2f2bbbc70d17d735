//! Records, and those that are also a text (a command's output, an HTTP answer).

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

use super::Value;

/// Named values in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub struct Record {
    fields: IndexMap<Arc<str>, Value>,
    text: Option<Text>,
}

/// The text a record stands for, and its reading as JSON, made once when first asked for.
#[derive(Clone, Debug)]
pub struct Text {
    /// As it came, before trimming.
    pub raw: Arc<str>,
    /// `.json`, or why it is none.
    pub json: OnceLock<Result<Value, String>>,
}

impl Record {
    /// A plain record.
    pub fn new<K: Into<Arc<str>>>(fields: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self { fields: fields.into_iter().map(|(key, value)| (key.into(), value)).collect(), text: None }
    }

    /// A record that is also a text: as text it is `raw`, trimmed at its end; `.lines` and `.json` read it.
    #[must_use]
    pub fn with_text(mut self, raw: impl Into<Arc<str>>) -> Self {
        self.text = Some(Text { raw: raw.into(), json: OnceLock::new() });
        self
    }

    /// A field. `.lines` and `.json` of a text are not fields: `functions` reads them.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The fields in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.fields.iter()
    }

    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The text it stands for.
    pub fn text(&self) -> Option<&Text> {
        self.text.as_ref()
    }

    /// The same with one field set.
    #[must_use]
    pub fn with(&self, name: impl Into<Arc<str>>, value: Value) -> Self {
        let mut copy = self.clone();
        copy.fields.insert(name.into(), value);
        copy
    }
}
