//! A database, as actions are called on it.

use std::cell::RefCell;
use std::time::Duration;

use rbk::catalog::ActionError;
use rbk::value::{Record, Statement, Value};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::world::{Around, action, args};

/// Like a run: one thread, whose connections are kept.
pub struct Db {
    pub url: String,
    pub around: RefCell<Around>,
    runtime: Runtime,
    local: LocalSet,
}

/// A statement from its pieces and values.
pub fn sql(pieces: &[&str], values: Vec<Value>) -> Value {
    Statement { pieces: pieces.iter().map(|&piece| piece.into()).collect(), values }.into_value()
}

impl Db {
    pub fn new(url: impl Into<String>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { url: url.into(), around: RefCell::new(Around::new()), runtime, local: LocalSet::new() }
    }

    /// Calls an action.
    pub fn call(&self, name: &str, given: Vec<(&str, Value)>) -> Result<Value, ActionError> {
        self.call_stopped_after(name, given, None)
    }

    /// The same, stopped after a while.
    pub fn call_stopped_after(
        &self,
        name: &str,
        mut given: Vec<(&str, Value)>,
        stop: Option<Duration>,
    ) -> Result<Value, ActionError> {
        let action = action(name);
        given.push(("db", Value::str(self.url.as_str())));
        let args = args(action, given);
        let around = self.around.borrow();
        let call = around.call(&args);
        self.local.block_on(&self.runtime, async {
            let stops = async {
                match stop {
                    Some(after) => tokio::time::sleep(after).await,
                    None => std::future::pending().await,
                }
                around.cancel.cancel();
                std::future::pending::<()>().await;
            };
            tokio::select! {
                result = (action.run)(&call) => result,
                () = stops => unreachable!(),
            }
        })
    }

    pub fn query(&self, pieces: &[&str], values: Vec<Value>) -> Result<Value, ActionError> {
        self.call("sql.query", vec![("statement", sql(pieces, values))])
    }

    pub fn exec(&self, pieces: &[&str], values: Vec<Value>) -> Result<Value, ActionError> {
        self.call("sql.exec", vec![("statement", sql(pieces, values))])
    }

    /// A statement without values that must succeed.
    pub fn must(&self, text: &str) {
        self.exec(&[text], Vec::new()).unwrap_or_else(|error| panic!("{text}: {}", told(&error)));
    }

    pub fn value(&self, pieces: &[&str], values: Vec<Value>) -> Result<Value, ActionError> {
        self.call("sql.value", vec![("statement", sql(pieces, values))])
    }

    /// The value of an expression of SQL, as people see it.
    pub fn shown(&self, expression: &str) -> String {
        match self.value(&[&format!("SELECT {expression}")], Vec::new()) {
            Ok(value) => format!("{:?} {}", value.kind(), value.inspect()),
            Err(error) => format!("error: {}", told(&error)),
        }
    }

    /// How a value comes back that goes through the database.
    pub fn there_and_back(&self, value: Value, cast: &str) -> String {
        match self.value(&["SELECT ", cast], vec![value]) {
            Ok(value) => format!("{:?} {}", value.kind(), value.inspect()),
            Err(error) => format!("error: {}", told(&error)),
        }
    }
}

/// The rows of an answer.
pub fn rows(value: &Value) -> Vec<Record> {
    match value {
        Value::List(rows) => rows
            .iter()
            .map(|row| match row {
                Value::Record(row) => (**row).clone(),
                other => panic!("{other:?} is no row"),
            })
            .collect(),
        other => panic!("{other:?} are no rows"),
    }
}

/// A failure with all that is said of it.
pub fn told(error: &ActionError) -> String {
    let mut told = format!("{:?}: {}", error.certainty, error.message);
    for (word, more) in [("output", &error.output), ("help", &error.help)] {
        if let Some(more) = more {
            told.push_str(&format!("\n{word}: {more}"));
        }
    }
    told
}

/// Texts that would be something else in some language.
pub const HOSTILE: &[&str] = &[
    "",
    "'",
    "''",
    "\\",
    "\\'",
    "'; DROP TABLE victims; --",
    "\"; DELETE FROM victims; --",
    "1 OR 1=1",
    "$1",
    "?",
    "%s",
    "{}",
    "NULL",
    "{1,2,\"\\\"",
    "E'\\n'",
    "$$",
    "/* */",
    "ünï 😀",
    "a\nb\tc\r",
];
