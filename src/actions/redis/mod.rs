//! Redis and Valkey, by their address.
//!
//! What a key held before it is changed is kept as the server's own dump, which has every type of value, with the
//! moment at which it ends: taken back, the key is as it was, also if the change overwrote a list by a text.

mod ask;
mod before;
mod change;
mod words;

pub(super) use ask::{COUNT, EXISTS, GET, INFO, KEYS, PING, QUERY, TTL};
pub(super) use change::{DEL, EXEC, EXPIRE, FLUSH, INCR, SET};

use std::time::Duration;

use super::address;
use super::args::{duration, not_begun, text};
use crate::catalog::{ActionError, Args, Call, Certainty, Param};
use crate::host::{RedisError, RedisRequest, RedisValue};
use crate::value::{Value, hex, units};

const SERVER: Param = Param {
    name: "server",
    ty: "url",
    default: None,
    doc: "`redis://user:password@host:6379/0`, with TLS `rediss://…`; `?cacert=FILE` names who signed its certificate.",
};
const KEY: Param = Param { name: "key", ty: "string", default: None, doc: "The key." };
const PATTERN: Param = Param {
    name: "pattern",
    ty: "string",
    default: Some("\"*\""),
    doc: "`*` is anything, `?` one letter, `[ab]` one of these.",
};
const TIMEOUT: Param =
    Param { name: "timeout", ty: "duration", default: Some("10s"), doc: "For all of it, the connection included." };

/// Where a command goes, for people.
fn place(args: &Args) -> String {
    address::place(args, "server")
}

fn words(words: &[&str]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

/// Whether an answer that is lost leaves a doubt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Read,
    Change,
}

/// The commands of one call, all of them within its `timeout`.
struct Asking<'c> {
    call: &'c Call<'c>,
    url: String,
    limit: Duration,
    begun: Duration,
}

impl<'c> Asking<'c> {
    fn new(call: &'c Call<'c>) -> Self {
        address::learn_password(call.args, "server");
        let limit = duration(call.args, "timeout").unwrap_or(Duration::from_secs(10));
        Self { call, url: text(call.args, "server"), limit, begun: call.host.monotonic() }
    }

    async fn one(&self, command: Vec<Vec<u8>>, does: Does) -> Result<RedisValue, ActionError> {
        let mut answers = self.send(vec![command], false, does).await?;
        answers.pop().ok_or_else(|| ActionError::failed("the server did not answer"))
    }

    /// All of them with nothing in between.
    async fn together(&self, commands: Vec<Vec<Vec<u8>>>, does: Does) -> Result<Vec<RedisValue>, ActionError> {
        self.send(commands, true, does).await
    }

    async fn send(
        &self,
        commands: Vec<Vec<Vec<u8>>>,
        together: bool,
        does: Does,
    ) -> Result<Vec<RedisValue>, ActionError> {
        let call = self.call;
        let left = self.limit.saturating_sub(call.host.monotonic().saturating_sub(self.begun));
        // A little less, so that it is told when it is the connection that does not stand.
        let request = RedisRequest { url: self.url.clone(), commands, together, connect_timeout: left / 10 * 9 };
        let own = call.cancel.child();
        let mut work = std::pin::pin!(call.host.redis(&request, &own));
        let answer = tokio::select! {
            biased;
            answer = &mut work => answer,
            () = call.host.sleep(left, call.cancel) => {
                own.cancel();
                work.await.map_err(|error| if error.cancelled && !call.cancel.is_cancelled() {
                    let limit = units::duration_text(i64::try_from(self.limit.as_nanos()).unwrap_or(i64::MAX));
                    let help = "what keeps it busy: redis.query(server, [\"SLOWLOG\", \"GET\"]); if it needs longer: timeout: 1m";
                    RedisError { message: format!("there was no answer in {limit}"), ..error }.help(help)
                } else { error })
            }
        };
        answer.map_err(|error| failed(error, does))
    }
}

fn failed(error: RedisError, does: Does) -> ActionError {
    let certainty = match does {
        _ if error.never_sent => Certainty::NotBegun,
        Does::Change if !error.refused => Certainty::InDoubt,
        _ => Certainty::Failed,
    };
    ActionError { help: error.help, certainty, ..ActionError::failed(error.message) }
}

fn unexpected(answer: &RedisValue) -> ActionError {
    ActionError::failed(format!("the server's answer is not as expected: {}", value(answer.clone()).inspect()))
        .help("is it Redis or Valkey that listens there?")
}

fn number(answer: &RedisValue) -> Result<i64, ActionError> {
    match answer {
        RedisValue::Int(n) => Ok(*n),
        other => Err(unexpected(other)),
    }
}

/// An answer as a value. Bytes that are no text are hexadecimal digits.
fn value(answer: RedisValue) -> Value {
    match answer {
        RedisValue::Nil => Value::Null,
        RedisValue::Int(n) => Value::Int(n),
        RedisValue::Bytes(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Value::from(text),
            Err(error) => Value::from(hex(error.as_bytes())),
        },
        RedisValue::List(items) => Value::list(items.into_iter().map(value)),
    }
}

/// Milliseconds as a duration.
fn milliseconds(n: i64) -> Value {
    Value::Duration(n.saturating_mul(1_000_000))
}
