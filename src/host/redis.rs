//! What is asked of a Redis server, and what it answers.

use std::time::Duration;

/// Commands that go out together, over one connection.
#[derive(Clone, Debug)]
pub struct RedisRequest {
    /// `redis://…` or `rediss://…`, with its password in clear.
    pub url: String,
    /// In order, each with its words.
    pub commands: Vec<Vec<Vec<u8>>>,
    /// Nothing comes between them: `MULTI` and `EXEC`.
    pub together: bool,
    /// For the connection to stand.
    pub connect_timeout: Duration,
}

/// What a server answers to one command (the types of RESP 2: redis.io/docs/latest/develop/reference/protocol-spec).
#[derive(Clone, Debug, PartialEq)]
pub enum RedisValue {
    /// Nothing is there.
    Nil,
    /// A whole number.
    Int(i64),
    /// A value, or a word like `OK`.
    Bytes(Vec<u8>),
    /// Several.
    List(Vec<RedisValue>),
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct RedisError {
    /// In words, without the password of the address.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// No command reached the server.
    pub never_sent: bool,
    /// The server said no: nothing happened there.
    pub refused: bool,
    /// Ended by us, because of the cancellation.
    pub cancelled: bool,
}

impl RedisError {
    /// No command reached the server.
    pub fn never_sent(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, never_sent: true, refused: false, cancelled: false }
    }

    /// The server said no.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { never_sent: false, refused: true, ..Self::never_sent(message) }
    }

    /// The answer is lost.
    pub fn lost(message: impl Into<String>) -> Self {
        Self { never_sent: false, ..Self::never_sent(message) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
