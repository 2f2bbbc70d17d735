//! Builtin pure functions and methods, as static tables.

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

/// How it is computed. Messages are without a place: the caller adds it.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// From values.
    Plain(fn(&[Value]) -> Result<Value, String>),
    /// From values and one function, which stands last.
    WithFunction(fn(&[Value], Apply<'_, '_>) -> Result<Value, String>),
}

/// Calls the function given as an argument.
pub type Apply<'a, 'b> = &'a mut (dyn FnMut(&[Value]) -> Result<Value, String> + 'b);
