//! What only reads.

use super::super::args::{int, later, no_evidence, optional_text, shown, text};
use super::{
    Asking, Does, KEY, PATTERN, SERVER, TIMEOUT, milliseconds, not_begun, number, place, unexpected, value, words,
};
use crate::catalog::{Action, ActionError, Call, Effect, Inverse, Param};
use crate::host::RedisValue;
use crate::value::{Value, units};

/// Of what a key holds, if `max_size` does not say.
const MAX_SIZE: i64 = 32 * 1024 * 1024;

pub(in crate::actions) static PING: Action = Action {
    name: "redis.ping",
    summary: "How long a Redis server takes to answer",
    details: "Fails when it does not answer, refuses the password, or still loads its data.",
    effect: Effect::Reads,
    params: &[SERVER, TIMEOUT],
    returns: "duration",
    examples: &["assert redis.ping(\"redis://localhost:6379\") < 50ms"],
    show: |args| format!("ping Redis{}", place(args)),
    run: |call| {
        later(async move {
            let asking = Asking::new(call);
            // Once to be connected.
            asking.one(words(&["PING"]), Does::Read).await?;
            let begun = call.host.monotonic();
            asking.one(words(&["PING"]), Does::Read).await?;
            let took = call.host.monotonic().saturating_sub(begun);
            Ok(Value::Duration(i64::try_from(took.as_nanos()).unwrap_or(i64::MAX)))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| Some(format!("it answered in {}", value.inspect())),
};

pub(in crate::actions) static GET: Action = Action {
    name: "redis.get",
    summary: "Read what a key of Redis holds",
    details: "`null` if there is no such key. `.json` reads the text further. Lists, hashes and sets are read by \
              `redis.query`.",
    effect: Effect::Reads,
    params: &[
        SERVER,
        KEY,
        TIMEOUT,
        Param { name: "max_size", ty: "size", default: Some("32MiB"), doc: "If the key holds more, it is a failure." },
    ],
    returns: "string?",
    examples: &["let mode = redis.get(\"redis://localhost:6379\", \"shop:mode\")"],
    show: |args| format!("get {}{}", shown(args, "key"), place(args)),
    run: |call| {
        later(async move {
            let key = text(call.args, "key");
            let most = match call.args.get("max_size") {
                Value::Size(bytes) => *bytes,
                _ => MAX_SIZE,
            };
            // One byte more than is wanted tells that there is more; nothing tells whether there is such a key at all.
            let part = words(&["GETRANGE", &key, "0", &most.to_string()]);
            let mut answers = Asking::new(call).send(vec![part, words(&["EXISTS", &key])], false, Does::Read).await?;
            let (exists, held) = (answers.pop(), answers.pop().unwrap_or(RedisValue::Nil));
            let length = if let RedisValue::Bytes(bytes) = &held { bytes.len() } else { 0 };
            if i64::try_from(length).is_ok_and(|length| length > most) {
                let most = units::size_text(most);
                return Err(ActionError::failed(format!("{key} holds more than {most}")).help(
                    "a part of it: redis.query(server, [\"GETRANGE\", key, 0, 999]); or allow more by max_size:",
                ));
            }
            let is_missing = length == 0 && exists == Some(RedisValue::Int(0));
            Ok(if is_missing { Value::Null } else { value(held) })
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| Some(format!("the key holds {}", value.inspect())),
};

pub(in crate::actions) static EXISTS: Action = Action {
    name: "redis.exists",
    summary: "Whether a key of Redis is there",
    details: "Of any type.",
    effect: Effect::Reads,
    params: &[SERVER, KEY, TIMEOUT],
    returns: "bool",
    examples: &["let locked = redis.exists(\"redis://localhost:6379\", \"deploy:lock\")"],
    show: |args| format!("look for {}{}", shown(args, "key"), place(args)),
    run: |call| {
        later(async move {
            let key = text(call.args, "key");
            let answer = Asking::new(call).one(words(&["EXISTS", &key]), Does::Read).await?;
            Ok(Value::Bool(number(&answer)? > 0))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

pub(in crate::actions) static TTL: Action = Action {
    name: "redis.ttl",
    summary: "How long a key of Redis will still be there",
    details: "`null` if it stays for good. Fails when there is no such key.",
    effect: Effect::Reads,
    params: &[SERVER, KEY, TIMEOUT],
    returns: "duration?",
    examples: &["let left = redis.ttl(\"redis://localhost:6379\", \"session:42\")"],
    show: |args| format!("time to live of {}{}", shown(args, "key"), place(args)),
    run: |call| {
        later(async move {
            let key = text(call.args, "key");
            let answer = Asking::new(call).one(words(&["PTTL", &key]), Does::Read).await?;
            // The numbers: redis.io/docs/latest/commands/pttl.
            match number(&answer)? {
                -2 => Err(ActionError::failed(format!("there is no key {}", shown(call.args, "key")))
                    .help("redis.exists(server, key) tells whether there is; redis.keys(server, \"…*\") lists some")),
                -1 => Ok(Value::Null),
                left => Ok(milliseconds(left)),
            }
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| Some(format!("it has {} left", value.inspect())),
};

pub(in crate::actions) static KEYS: Action = Action {
    name: "redis.keys",
    summary: "The keys of Redis that match a pattern, sorted",
    details: "Read by `SCAN`, in pieces, so that the server goes on serving others. Keys that come or go meanwhile may \
              be missed. More than `limit` is a failure: `redis.count` only counts.",
    effect: Effect::Reads,
    params: &[
        SERVER,
        PATTERN,
        Param { name: "limit", ty: "int", default: Some("10000"), doc: "A longer answer is a failure." },
        TIMEOUT,
    ],
    returns: "list<string>",
    examples: &["let sessions = redis.keys(\"redis://localhost:6379\", \"session:*\")"],
    show: |args| format!("keys {}{}", shown(args, "pattern"), place(args)),
    run: |call| {
        later(async move {
            let limit = int(call.args, "limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(10_000);
            let keys = scan(call, limit).await?;
            Ok(Value::list(keys.into_iter().map(|key| value(RedisValue::Bytes(key)))))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| match value {
        Value::List(keys) => Some(format!("{} keys", keys.len())),
        _ => None,
    },
};

pub(in crate::actions) static COUNT: Action = Action {
    name: "redis.count",
    summary: "How many keys of Redis match a pattern",
    details: "All of them at once (`DBSIZE`), or those of a pattern by `SCAN`, in pieces.",
    effect: Effect::Reads,
    params: &[SERVER, PATTERN, TIMEOUT],
    returns: "int",
    examples: &["let sessions = redis.count(\"redis://localhost:6379\", \"session:*\", timeout: 1m)"],
    show: |args| format!("count the keys {}{}", shown(args, "pattern"), place(args)),
    run: |call| {
        later(async move {
            if pattern(call) == "*" {
                let answer = Asking::new(call).one(words(&["DBSIZE"]), Does::Read).await?;
                return Ok(Value::Int(number(&answer)?));
            }
            let keys = scan(call, usize::MAX).await?;
            Ok(Value::Int(i64::try_from(keys.len()).unwrap_or(i64::MAX)))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| Some(format!("{} keys", value.inspect())),
};

fn pattern(call: &Call<'_>) -> String {
    optional_text(call.args, "pattern").unwrap_or_else(|| "*".to_owned())
}

/// The keys that match the call's pattern, each once, sorted.
async fn scan(call: &Call<'_>, limit: usize) -> Result<std::collections::BTreeSet<Vec<u8>>, ActionError> {
    let asking = Asking::new(call);
    let pattern = pattern(call);
    let mut found = std::collections::BTreeSet::new();
    let mut cursor = "0".to_owned();
    loop {
        let answer = asking.one(words(&["SCAN", &cursor, "MATCH", &pattern, "COUNT", "1000"]), Does::Read).await?;
        let RedisValue::List(parts) = &answer else { return Err(unexpected(&answer)) };
        let [RedisValue::Bytes(next), RedisValue::List(keys)] = parts.as_slice() else {
            return Err(unexpected(&answer));
        };
        for key in keys {
            let RedisValue::Bytes(key) = key else { return Err(unexpected(key)) };
            found.insert(key.clone());
        }
        if found.len() > limit {
            return Err(ActionError::failed(format!("more than {limit} keys match {}", shown(call.args, "pattern")))
                .help("count them: redis.count(server, pattern); or allow more: limit: …"));
        }
        cursor = String::from_utf8_lossy(next).into_owned();
        if cursor == "0" {
            return Ok(found);
        }
    }
}

pub(in crate::actions) static INFO: Action = Action {
    name: "redis.info",
    summary: "What a Redis server says of itself",
    details: "The fields of `INFO`, numbers as numbers: `.used_memory`, `.role`, `.connected_clients`, \
              `.master_link_status`, `.rdb_last_bgsave_status`. Those with several values are records: `.db0.keys`.",
    effect: Effect::Reads,
    params: &[
        SERVER,
        Param {
            name: "section",
            ty: "string?",
            default: Some("null"),
            doc: "One part of it: `\"memory\"`, `\"replication\"`, `\"persistence\"`, …",
        },
        TIMEOUT,
    ],
    returns: "record",
    examples: &["let replication = redis.info(\"redis://localhost:6379\", section: \"replication\")"],
    show: |args| format!("info{}", place(args)),
    run: |call| {
        later(async move {
            let mut command = words(&["INFO"]);
            if !matches!(call.args.get("section"), Value::Null) {
                command.push(text(call.args, "section").into_bytes());
            }
            let answer = Asking::new(call).one(command, Does::Read).await?;
            let RedisValue::Bytes(said) = &answer else { return Err(unexpected(&answer)) };
            let fields = fields(&String::from_utf8_lossy(said));
            if fields.is_empty() {
                return Err(ActionError::failed(format!("there is no section {}", shown(call.args, "section")))
                    .help("they are server, clients, memory, persistence, stats, replication, cpu, keyspace, …"));
            }
            Ok(Value::record(fields))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

/// `used_memory:1048576` a line, `# Memory` above them.
fn fields(said: &str) -> Vec<(String, Value)> {
    let lines = said.lines().filter(|line| !line.starts_with('#'));
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), parts(value)))
    };
    lines.filter_map(field).collect()
}

/// `keys=3,expires=1` as a record, anything else alone.
fn parts(value: &str) -> Value {
    let pairs: Option<Vec<_>> = value.split(',').map(|part| part.split_once('=')).collect();
    match pairs {
        Some(pairs) => Value::record(pairs.into_iter().map(|(name, value)| (name, alone(value)))),
        None => alone(value),
    }
}

/// A number, if it is written as one is: `7`, `0.25`; a version is none.
fn alone(value: &str) -> Value {
    if let Ok(n) = value.parse::<i64>()
        && n.to_string() == value
    {
        return Value::Int(n);
    }
    let is_decimal = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && value.contains('.');
    match value.parse::<f64>() {
        Ok(x) if is_decimal => Value::Float(x),
        _ => Value::str(value),
    }
}

pub(in crate::actions) static QUERY: Action = Action {
    name: "redis.query",
    summary: "Run a command of Redis that only reads",
    details: "For what has no action of its own: `LRANGE`, `HGETALL`, `SLOWLOG GET`, `CLIENT LIST`. Commands that are \
              not known to only read are refused. What has names and values in turn (`HGETALL`, `CONFIG GET`) arrives \
              as a record; bytes that are no text as hexadecimal digits.",
    effect: Effect::Reads,
    params: &[
        SERVER,
        Param { name: "command", ty: "list<any>", default: None, doc: "Its words: `[\"LRANGE\", \"jobs\", 0, 9]`." },
        TIMEOUT,
    ],
    returns: "any",
    examples: &["let waiting = redis.query(\"redis://localhost:6379\", [\"LRANGE\", \"jobs\", 0, 9])"],
    show: |args| format!("{}{}", super::words::shown(args), place(args)),
    run: |call| {
        later(async move {
            let command = super::words::given(call.args)?;
            let name = super::words::name(&command);
            if !super::words::reads(&command) {
                return Err(not_begun(format!("`{name}` is not known to only read"))
                    .help("if it changes something: redis.exec(server, […]), in a step"));
            }
            let answer = Asking::new(call).one(command, Does::Read).await?;
            Ok(if super::words::has_pairs(&name) { paired(answer) } else { value(answer) })
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: |value| Some(format!("the server says {}", value.inspect())),
};

/// Names and values in turn, as a record.
fn paired(answer: RedisValue) -> Value {
    let RedisValue::List(items) = answer else { return value(answer) };
    let mut items = items.into_iter();
    let mut fields = Vec::new();
    while let (Some(name), Some(of)) = (items.next(), items.next()) {
        fields.push((value(name).to_text(), value(of)));
    }
    Value::record(fields)
}

#[cfg(test)]
mod tests {
    use super::fields;
    use crate::value::{Value, json};

    #[test]
    fn what_a_server_says_of_itself_is_read() {
        let said = "# Server\r\nredis_version:7.0.15\r\nos:Linux 6.1 x86_64\r\n\r\n# Memory\r\nused_memory:1048576\r\n\
            mem_fragmentation_ratio:1.25\r\nmaster_replid:0012\r\ndb0:keys=3,expires=1,avg_ttl=0\r\n";
        let read = Value::record(fields(said));
        assert_eq!(
            json::exposed(&read).to_string(),
            r#"{"redis_version":"7.0.15","os":"Linux 6.1 x86_64","used_memory":1048576,"mem_fragmentation_ratio":1.25,"master_replid":"0012","db0":{"keys":3,"expires":1,"avg_ttl":0}}"#
        );
    }
}
