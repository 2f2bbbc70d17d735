//! Scripted Redis servers.

use crate::host::{Cancel, RedisError, RedisRequest, RedisValue};

/// How a scripted server answers.
#[derive(Clone, Debug)]
pub struct RedisReply(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Each(RedisValue),
    Fails(RedisError),
    Hangs,
}

impl RedisReply {
    /// This, to each command.
    pub fn value(value: RedisValue) -> Self {
        Self(Kind::Each(value))
    }

    /// This text, to each command.
    pub fn text(text: &str) -> Self {
        Self::value(RedisValue::Bytes(text.as_bytes().to_vec()))
    }

    /// It refuses, or cannot be reached.
    pub fn fails(error: RedisError) -> Self {
        Self(Kind::Fails(error))
    }

    /// It works until it is cancelled.
    pub fn hangs() -> Self {
        Self(Kind::Hangs)
    }
}

/// What a pattern is compared with: the words of each command joined by blanks, several by `; `.
pub(super) fn line_of(request: &RedisRequest) -> String {
    let line = |words: &Vec<Vec<u8>>| {
        let words: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
        words.join(" ")
    };
    request.commands.iter().map(line).collect::<Vec<_>>().join("; ")
}

pub(super) async fn play(
    reply: RedisReply,
    request: &RedisRequest,
    cancel: &Cancel,
) -> Result<Vec<RedisValue>, RedisError> {
    match reply.0 {
        Kind::Each(value) => Ok(vec![value; request.commands.len()]),
        Kind::Fails(error) => Err(error),
        Kind::Hangs => {
            cancel.cancelled().await;
            Err(RedisError { cancelled: true, ..RedisError::lost("stopped before there was an answer") })
        }
    }
}
