//! Reads one table, and tells of what is wrong in it.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diag::{Diagnostic, code, did_you_mean};
use crate::source::{FileId, Span};

/// A table, where it stands, and what was found wrong so far.
pub(super) struct Reader<'t, 'w> {
    table: &'t DeTable<'t>,
    /// `lint`; empty at the top.
    path: &'t str,
    file: FileId,
    wrong: &'w mut Vec<Diagnostic>,
}

impl<'t, 'w> Reader<'t, 'w> {
    pub(super) fn new(table: &'t DeTable<'t>, path: &'t str, file: FileId, wrong: &'w mut Vec<Diagnostic>) -> Self {
        Self { table, path, file, wrong }
    }

    /// Tells of every key that is not one of these.
    pub(super) fn keys(&mut self, known: &[&str]) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let help = match did_you_mean(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", known.join(", ")),
            };
            let message = format!("there is no setting `{}`", self.named(name));
            let span = self.span(&key.span());
            self.wrong.push(Diagnostic::error(&code::SETTINGS, span, message, "").help(help));
        }
    }

    /// A table within it.
    pub(super) fn table(&mut self, key: &str) -> Option<&'t DeTable<'t>> {
        let value = self.get(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.tell(
                value,
                format!("`{}` is a table", self.named(key)),
                format!("write [{}] above its lines", self.named(key)),
            );
        }
        table
    }

    /// A list of texts, each with its place; empty if it is not there.
    pub(super) fn texts(&mut self, key: &str) -> Vec<(String, Span)> {
        self.get(key).map_or_else(Vec::new, |value| self.list(key, value))
    }

    /// Every key of a table within it, as a list of texts.
    pub(super) fn within(&mut self, key: &str) -> Vec<(String, Vec<(String, Span)>)> {
        let Some(table) = self.table(key) else { return Vec::new() };
        let entries: Vec<_> = table.iter().collect();
        entries.into_iter().map(|(key, value)| (key.get_ref().to_string(), self.list(key.get_ref(), value))).collect()
    }

    fn list(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Vec<(String, Span)> {
        let items = value.get_ref().as_array();
        let all = items.filter(|items| items.iter().all(|item| item.get_ref().is_str()));
        let Some(items) = all else {
            let one = value.get_ref().as_str().map_or_else(|| "…".to_owned(), str::to_owned);
            let message = format!("`{}` is a list of texts", self.named(key));
            self.tell(value, message, format!("write: {key} = [\"{one}\"]"));
            return Vec::new();
        };
        let text = |item: &Spanned<DeValue<'_>>| {
            (item.get_ref().as_str().unwrap_or_default().to_owned(), self.span(&item.span()))
        };
        items.iter().map(text).collect()
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.tell(value, format!("`{}` is true or false", self.named(key)), format!("write: {key} = true"));
        }
        flag
    }

    /// Tells of a value.
    pub(super) fn wrong_at(&mut self, span: Span, message: String, help: String) {
        self.wrong.push(Diagnostic::error(&code::SETTINGS, span, message, "").help(help));
    }

    fn tell(&mut self, value: &Spanned<DeValue<'_>>, message: String, help: String) {
        let span = self.span(&value.span());
        self.wrong_at(span, message, help);
    }

    fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn named(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn span(&self, range: &std::ops::Range<usize>) -> Span {
        Span::new(self.file, super::offset(range.start), super::offset(range.end))
    }
}
