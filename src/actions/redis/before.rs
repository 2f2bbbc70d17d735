//! What keys held before they were changed: kept, and put back.

use super::super::args::later;
use super::{Asking, Does, number, unexpected, words};
use crate::catalog::{ActionError, Call, Certainty};
use crate::functions::{from_base64, to_base64};
use crate::host::{LocalFuture, RedisValue};
use crate::value::Value;

/// More than this is not kept: it would have to be in the record of the run.
const LARGEST: usize = 4 * 1024 * 1024;

/// Reads what the keys hold, each with the moment at which it ends.
pub(super) async fn keep(call: &Call<'_>, keys: &[String]) -> Result<Value, ActionError> {
    let asking = Asking::new(call);
    let (mut kept, mut size) = (Vec::new(), 0);
    for key in keys {
        let (dump, until) = dump(&asking, key).await?;
        let mut fields = vec![("key", Value::str(key.as_str()))];
        if let RedisValue::Bytes(dump) = &dump {
            size += dump.len();
            if size > LARGEST {
                return Err(super::not_begun(
                    "what is there now is larger than 4MiB, and cannot be kept to be put back",
                )
                .help("write what takes it back yourself: } undo { … }; then nothing is kept"));
            }
            fields.push(("dump", Value::from(to_base64(dump))));
            if until >= 0 {
                fields.push(("until", Value::Int(until)));
            }
        }
        kept.push(Value::record(fields));
    }
    Ok(Value::List(kept.into()))
}

/// What a key holds, and the moment at which it ends, less than 0 if it does not.
async fn dump(asking: &Asking<'_>, key: &str) -> Result<(RedisValue, i64), ActionError> {
    let both = vec![words(&["DUMP", key]), words(&["PEXPIRETIME", key])];
    match asking.together(both, Does::Read).await.map(<[RedisValue; 2]>::try_from) {
        Ok(Ok([dump, until])) => Ok((dump, number(&until)?)),
        Ok(Err(answers)) => Err(unexpected(&RedisValue::List(answers))),
        // Before Redis 7 only how long it is until then can be asked for, which is a millisecond less exact.
        Err(error) if error.certainty == Certainty::Failed => {
            let all = vec![words(&["DUMP", key]), words(&["PTTL", key]), words(&["TIME"])];
            match asking.together(all, Does::Read).await.map(<[RedisValue; 3]>::try_from)? {
                Ok([dump, left, now]) => {
                    let left = number(&left)?;
                    Ok((dump, if left < 0 { left } else { clock(&now)?.saturating_add(left) }))
                }
                Err(answers) => Err(unexpected(&RedisValue::List(answers))),
            }
        }
        Err(error) => Err(error),
    }
}

/// The server's own clock, in milliseconds: ours may differ.
fn clock(answer: &RedisValue) -> Result<i64, ActionError> {
    let part = |part: &RedisValue| match part {
        RedisValue::Bytes(digits) => std::str::from_utf8(digits).ok()?.parse::<i64>().ok(),
        RedisValue::Int(n) => Some(*n),
        _ => None,
    };
    match answer {
        RedisValue::List(parts) if parts.len() == 2 => {
            let (seconds, micros) = part(&parts[0]).zip(part(&parts[1])).ok_or_else(|| unexpected(answer))?;
            Ok(seconds.saturating_mul(1000).saturating_add(micros / 1000))
        }
        other => Err(unexpected(other)),
    }
}

/// Makes each key hold what it held, until the moment until which it would have.
pub(super) fn put_back<'a>(call: &'a Call<'a>, kept: &'a Value) -> LocalFuture<'a, Result<(), ActionError>> {
    later(async move {
        let Value::List(kept) = kept else { return Ok(()) };
        let asking = Asking::new(call);
        let mut commands = Vec::with_capacity(kept.len());
        for one in kept.iter() {
            let Value::Record(one) = one else { continue };
            let Some(Value::Str(key)) = one.get("key") else { continue };
            commands.push(match one.get("dump") {
                Some(Value::Str(dump)) => {
                    let dump = from_base64(dump).ok_or_else(|| ActionError::failed("what was kept cannot be read"))?;
                    let until = one.get("until").map_or_else(|| "0".to_owned(), Value::to_text);
                    let mut command = words(&["RESTORE", key, &until]);
                    command.push(dump);
                    command.extend(words(&["REPLACE", "ABSTTL"]));
                    command
                }
                _ => words(&["DEL", key]),
            });
        }
        if !commands.is_empty() {
            asking.together(commands, Does::Change).await?;
        }
        Ok(())
    })
}

/// Whether a key was there.
pub(super) fn was_there(kept: &Value) -> bool {
    let Value::List(kept) = kept else { return false };
    kept.iter().any(|one| matches!(one, Value::Record(one) if one.get("dump").is_some()))
}
