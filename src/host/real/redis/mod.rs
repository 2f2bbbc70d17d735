//! Redis and Valkey by the redis crate. A connection is kept for a while for the next command to the same server.

mod address;
mod connect;
mod told;

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use redis::aio::ConnectionLike as _;

use connect::Connection;

use crate::host::{Cancel, RedisError, RedisRequest, RedisValue};

/// How long a connection that nobody uses is kept: less than any server waits before it closes one.
const IDLE: Duration = Duration::from_secs(20);

/// Connections that nobody uses just now, by address. One is in use by one request only, so that closing it ends what
/// runs on it, and nothing else.
#[derive(Default)]
pub(super) struct Servers(RefCell<HashMap<String, Vec<(Connection, Instant)>>>);

impl Servers {
    fn kept(&self, url: &str) -> Option<Connection> {
        let mut all = self.0.borrow_mut();
        let kept = all.get_mut(url)?;
        while let Some((connection, since)) = kept.pop() {
            if since.elapsed() < IDLE && connection.is_open() {
                return Some(connection);
            }
        }
        None
    }

    pub(super) async fn run(&self, request: &RedisRequest, cancel: &Cancel) -> Result<Vec<RedisValue>, RedisError> {
        let stopped = |error: RedisError| RedisError { cancelled: true, ..error };
        let mut connection = match self.kept(&request.url) {
            Some(connection) => connection,
            None => tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(stopped(RedisError::never_sent("stopped before it began"))),
                made = connect::connect(&request.url, request.connect_timeout) => made?,
            },
        };
        let answer = tokio::select! {
            biased;
            () = cancel.cancelled() => {
                // Closed by being dropped: with it ends what waits on it (`BLPOP`), but not a script that computes.
                return Err(stopped(RedisError::lost("stopped before there was an answer")));
            }
            answer = ask(&mut connection, request) => answer,
        };
        if answer.as_ref().map_or_else(|error| error.refused, |_| true) {
            let mut all = self.0.borrow_mut();
            all.entry(request.url.clone()).or_default().push((connection, Instant::now()));
        }
        answer
    }
}

async fn ask(connection: &mut Connection, request: &RedisRequest) -> Result<Vec<RedisValue>, RedisError> {
    let mut pipeline = redis::pipe();
    if request.together {
        pipeline.atomic();
    }
    for words in &request.commands {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(word.as_slice());
        }
        pipeline.add_command(command);
    }
    let count = request.commands.len();
    // In a transaction the answers before that of `EXEC` say only `QUEUED`.
    let (offset, wanted) = if request.together { (count + 1, 1) } else { (0, count) };
    let answered = connection.multiplexed.req_packed_commands(&pipeline, offset, wanted).await;
    let peer = &connection.peer;
    let mut answers = answered.map_err(|error| told::failed(&error, peer))?;
    if request.together {
        answers = match answers.pop() {
            Some(redis::Value::Array(answers)) => answers,
            _ => return Err(RedisError::lost(format!("{peer} did not answer the transaction as Redis does"))),
        };
    }
    answers.into_iter().map(|answer| taken(answer, peer)).collect()
}

fn taken(answer: redis::Value, peer: &str) -> Result<RedisValue, RedisError> {
    Ok(match answer {
        redis::Value::Nil => RedisValue::Nil,
        redis::Value::Int(n) => RedisValue::Int(n),
        redis::Value::Boolean(truth) => RedisValue::Int(truth.into()),
        redis::Value::BulkString(bytes) | redis::Value::BigNumber(bytes) => RedisValue::Bytes(bytes),
        redis::Value::SimpleString(text) | redis::Value::VerbatimString { text, .. } => {
            RedisValue::Bytes(text.into_bytes())
        }
        redis::Value::Okay => RedisValue::Bytes(b"OK".to_vec()),
        redis::Value::Double(number) => RedisValue::Bytes(number.to_string().into_bytes()),
        redis::Value::Array(items) | redis::Value::Set(items) | redis::Value::Push { data: items, .. } => {
            RedisValue::List(items.into_iter().map(|item| taken(item, peer)).collect::<Result<_, _>>()?)
        }
        redis::Value::Map(pairs) => {
            let flat = pairs.into_iter().flat_map(|(name, value)| [name, value]);
            RedisValue::List(flat.map(|item| taken(item, peer)).collect::<Result<_, _>>()?)
        }
        redis::Value::Attribute { data, .. } => taken(*data, peer)?,
        redis::Value::ServerError(error) => return Err(told::refused(error.code(), error.details(), peer)),
        other => {
            return Err(RedisError::lost(format!("{peer} answered with a kind of value that is not known: {other:?}")));
        }
    })
}
