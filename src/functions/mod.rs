//! Builtin pure functions and methods, as static tables.
//!
//! A table says what a function takes, gives and looks like; [`call`] checks arguments against it,
//! so that a function itself sees only what it declared, and never a secret or an unknown at its top.

mod call;
mod collection;
mod convert;
mod encode;
mod flags;
mod formats;
mod jq;
mod json;
mod list;
mod list_fn;
mod member;
mod metrics;
mod number;
mod record;
mod regex;
#[cfg(test)]
mod taint;
mod text;
mod time;
mod units;
mod yaml;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use call::{call, return_type};
pub use encode::{from_base64, is_version_at_least, to_base64, url_component};
pub use member::{AccessError, index, member};
pub use metrics::{increase, parse_metrics};

use crate::value::Value;

/// A builtin.
#[derive(Debug)]
pub struct Function {
    /// As it is called: `len`, `map`, `jq`.
    pub name: &'static str,
    /// Whether it is called as `value.name(…)`; the receiver is then its first parameter.
    /// A method with no further parameter may be written without brackets: `xs.first`.
    pub method: bool,
    /// One line.
    pub summary: &'static str,
    /// In order.
    pub params: &'static [Parameter],
    /// A type as in the language; `item` is the receiver's element, `same` the receiver's type.
    pub returns: &'static str,
    /// Expressions and what they are: `("[3, 1].sort()", "[1, 3]")`; each is a test.
    pub examples: &'static [(&'static str, &'static str)],
    /// Computes it.
    pub run: Run,
}

/// A parameter of a builtin.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// A type as in the language; `fn` is a function `x => …`.
    pub ty: &'static str,
    /// Whether it may be left out.
    pub optional: bool,
}

/// How it is computed. Messages are without a place: the caller adds it. A second line is the advice.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// From values.
    Plain(fn(&[Value]) -> Result<Value, String>),
    /// From values and one function, which stands last.
    WithFunction(fn(&[Value], Apply<'_, '_>) -> Result<Value, String>),
}

/// Calls the function given as an argument.
pub type Apply<'a, 'b> = &'a mut (dyn FnMut(&[Value]) -> Result<Value, String> + 'b);

static TABLES: &[&[Function]] = &[
    collection::ALL,
    text::ALL,
    regex::ALL,
    list::ALL,
    list_fn::ALL,
    record::ALL,
    number::ALL,
    units::ALL,
    time::ALL,
    json::ALL,
    formats::ALL,
    yaml::ALL,
    metrics::ALL,
    flags::ALL,
    encode::ALL,
    convert::ALL,
];

static BY_NAME: LazyLock<HashMap<(bool, &'static str), &'static Function>> =
    LazyLock::new(|| all().map(|function| ((function.method, function.name), function)).collect());

/// All of them, subject by subject.
pub fn all() -> impl Iterator<Item = &'static Function> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The function called `name(…)`.
pub fn find(name: &str) -> Option<&'static Function> {
    BY_NAME.get(&(false, name)).copied()
}

/// The method called `x.name(…)`.
pub fn find_method(name: &str) -> Option<&'static Function> {
    BY_NAME.get(&(true, name)).copied()
}

/// A parameter that must be given.
const fn param(name: &'static str, ty: &'static str) -> Parameter {
    Parameter { name, ty, optional: false }
}

/// A parameter that may be left out.
const fn optional(name: &'static str, ty: &'static str) -> Parameter {
    Parameter { name, ty, optional: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_tables_are_well_made() {
        let mut seen = HashSet::new();
        for function in all() {
            let name = function.name;
            assert!(seen.insert((function.method, name)), "{name} is there twice");
            assert!(!function.summary.is_empty() && !function.examples.is_empty(), "{name} explains nothing");
            assert!(!function.summary.ends_with('.'), "{name}: the summary is one line, not a sentence");
            assert!(return_type(function, &[]).is_some(), "{name} returns no type: {}", function.returns);
            let mut optional = false;
            for (i, param) in function.params.iter().enumerate() {
                assert!(call::is_type(param.ty), "{name}: {} is no type", param.ty);
                let last = i + 1 == function.params.len();
                assert_eq!(param.ty == "fn", last && matches!(function.run, Run::WithFunction(_)), "{name}");
                assert!(!optional || param.optional, "{name}: what may be left out stands last");
                optional = param.optional;
            }
            assert!(!function.method || !function.params.is_empty(), "{name} has no receiver");
        }
    }

    #[test]
    fn finds_by_name() {
        assert!(find("jq").is_some());
        assert!(find_method("len").is_some());
        assert!(find("map").is_none());
    }
}
