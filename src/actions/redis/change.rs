//! What changes, and how it is taken back.

use super::super::args::{duration, flag, int, later, no_evidence, shown, text};
use super::before::{keep, put_back, was_there};
use super::{Asking, Does, KEY, SERVER, TIMEOUT, not_begun, number, place, unexpected, value, words};
use crate::catalog::{Action, ActionError, Args, Effect, Inverse, Param};
use crate::host::RedisValue;
use crate::value::{Value, display};

pub(in crate::actions) static SET: Action = Action {
    name: "redis.set",
    summary: "Make a key of Redis hold a value",
    details: "Whatever it held before. Without `ttl` it stays for good. Taken back: the key holds what it held, of \
              whatever type, until the moment until which it would have; or it is gone if it was not there. What it \
              held is kept in the record of the run, up to 4MiB: for a secret write an `undo { }` of the step's own.",
    effect: Effect::Changes,
    params: &[
        SERVER,
        KEY,
        Param { name: "value", ty: "any", default: None, doc: "A text or a number; a list or record is kept as JSON." },
        Param { name: "ttl", ty: "duration?", default: Some("null"), doc: "How long it will be there." },
        Param { name: "keep_ttl", ty: "bool", default: Some("false"), doc: "It ends when it would have ended." },
        TIMEOUT,
    ],
    returns: "null",
    examples: &[
        "redis.set(\"redis://localhost:6379\", \"shop:mode\", \"read-only\")",
        "redis.set(\"redis://localhost:6379\", \"banner\", \"back at 5\", ttl: 30m)",
    ],
    show: |args| format!("set {}{}", shown(args, "key"), place(args)),
    run: |call| {
        later(async move {
            let mut command = words(&["SET", &text(call.args, "key"), &display::exposed_text(call.args.get("value"))]);
            match (ttl(call.args)?, flag(call.args, "keep_ttl")) {
                (Some(_), true) => return Err(not_begun("`ttl` and `keep_ttl` contradict each other").help("give one")),
                (Some(ttl), false) => command.extend(words(&["PX", &ttl])),
                (None, true) => command.extend(words(&["KEEPTTL"])),
                (None, false) => {}
            }
            Asking::new(call).one(command, Does::Change).await?;
            Ok(Value::Null)
        })
    },
    repeatable: |args| duration(args, "ttl").is_none(),
    inverse: Inverse::Captured {
        capture: |call| later(async move { keep(call, &[text(call.args, "key")]).await }),
        restore: put_back,
        show: show_back,
        discard: |_, _| later(async {}),
    },
    evidence: no_evidence,
};

/// In whole milliseconds.
fn ttl(args: &Args) -> Result<Option<String>, ActionError> {
    if matches!(args.get("ttl"), Value::Null) {
        return Ok(None);
    }
    match duration(args, "ttl").map(|ttl| ttl.as_millis()) {
        None | Some(0) => {
            Err(not_begun("a time to live is at least a millisecond")
                .help("to remove a key now: redis.del(server, [key])"))
        }
        Some(ttl) => Ok(Some(ttl.to_string())),
    }
}

fn show_back(args: &Args, kept: &Value) -> String {
    let key = shown(args, "key");
    if was_there(kept) { format!("put what {key} held back") } else { format!("remove {key}") }
}

pub(in crate::actions) static DEL: Action = Action {
    name: "redis.del",
    summary: "Remove keys of Redis",
    details: "Returns how many there were: one that is not there is no failure. Taken back: they hold what they held, \
              up to 4MiB together. In a step with an `undo` of its own they are gone for good.",
    effect: Effect::Changes,
    params: &[SERVER, Param { name: "keys", ty: "list<string>", default: None, doc: "The keys." }, TIMEOUT],
    returns: "int",
    examples: &["let removed = redis.del(\"redis://localhost:6379\", [\"cache:front\", \"cache:menu\"])"],
    show: |args| format!("remove {}{}", shown(args, "keys"), place(args)),
    run: |call| {
        later(async move {
            let keys = keys(call.args);
            if keys.is_empty() {
                return Ok(Value::Int(0));
            }
            let mut command = words(&["DEL"]);
            command.extend(keys.into_iter().map(String::into_bytes));
            let answer = Asking::new(call).one(command, Does::Change).await?;
            Ok(Value::Int(number(&answer)?))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::Captured {
        capture: |call| later(async move { keep(call, &keys(call.args)).await }),
        restore: put_back,
        show: |args, _| format!("put what {} held back", shown(args, "keys")),
        discard: |_, _| later(async {}),
    },
    evidence: no_evidence,
};

fn keys(args: &Args) -> Vec<String> {
    match args.get("keys") {
        Value::List(keys) => keys.iter().map(display::exposed_text).collect(),
        _ => Vec::new(),
    }
}

pub(in crate::actions) static EXPIRE: Action = Action {
    name: "redis.expire",
    summary: "Say how long a key of Redis will be there",
    details: "`ttl: null` lets it stay for good. Fails when there is no such key. Taken back: it ends when it would \
              have ended.",
    effect: Effect::Changes,
    params: &[
        SERVER,
        KEY,
        Param { name: "ttl", ty: "duration?", default: None, doc: "From now; `null` for good." },
        TIMEOUT,
    ],
    returns: "null",
    examples: &["redis.expire(\"redis://localhost:6379\", \"session:42\", ttl: 10m)"],
    show: |args| format!("let {} live for {}{}", shown(args, "key"), shown(args, "ttl"), place(args)),
    run: |call| {
        later(async move {
            let (key, asking) = (text(call.args, "key"), Asking::new(call));
            let Some(ttl) = ttl(call.args)? else {
                let answers =
                    asking.together(vec![words(&["EXISTS", &key]), words(&["PERSIST", &key])], Does::Change).await?;
                return answers.first().map_or(Ok(0), number).and_then(|there| is_there(call.args, there));
            };
            let answer = asking.one(words(&["PEXPIRE", &key, &ttl]), Does::Change).await?;
            is_there(call.args, number(&answer)?)
        })
    },
    repeatable: |_| false,
    inverse: Inverse::Captured {
        capture: |call| later(async move { keep(call, &[text(call.args, "key")]).await }),
        restore: put_back,
        show: |args, _| format!("let {} live as long as before", shown(args, "key")),
        discard: |_, _| later(async {}),
    },
    evidence: no_evidence,
};

fn is_there(args: &Args, there: i64) -> Result<Value, ActionError> {
    if there > 0 {
        return Ok(Value::Null);
    }
    Err(ActionError::failed(format!("there is no key {}", shown(args, "key")))
        .help("redis.exists(server, key) tells whether there is; redis.keys(server, \"…*\") lists some"))
}

pub(in crate::actions) static INCR: Action = Action {
    name: "redis.incr",
    summary: "Add to the number that a key of Redis holds",
    details: "Returns the sum; one that is not there counts as 0. Taken back by subtracting as much, so that what \
              others added meanwhile stays.",
    effect: Effect::Changes,
    params: &[
        SERVER,
        KEY,
        Param { name: "by", ty: "int", default: Some("1"), doc: "How much; less than 0 subtracts." },
        TIMEOUT,
    ],
    returns: "int",
    examples: &["let generation = redis.incr(\"redis://localhost:6379\", \"cache:generation\")"],
    show: |args| format!("add {} to {}{}", shown(args, "by"), shown(args, "key"), place(args)),
    run: |call| {
        later(async move {
            let by = int(call.args, "by").unwrap_or(1).to_string();
            let command = words(&["INCRBY", &text(call.args, "key"), &by]);
            let answer = Asking::new(call).one(command, Does::Change).await?;
            Ok(Value::Int(number(&answer)?))
        })
    },
    repeatable: |_| false,
    inverse: Inverse::Captured {
        capture: |call| {
            later(async move {
                let command = words(&["EXISTS", &text(call.args, "key")]);
                let answer = Asking::new(call).one(command, Does::Read).await?;
                Ok(Value::Bool(number(&answer)? > 0))
            })
        },
        restore: |call, was_there| {
            later(async move {
                let (key, asking) = (text(call.args, "key"), Asking::new(call));
                let by = int(call.args, "by").unwrap_or(1).to_string();
                let answer = asking.one(words(&["DECRBY", &key, &by]), Does::Change).await?;
                // Nobody else has added to it: then it is gone, as it was.
                if matches!(was_there, Value::Bool(false)) && number(&answer)? == 0 {
                    asking.one(words(&["DEL", &key]), Does::Change).await?;
                }
                Ok(())
            })
        },
        show: |args, _| format!("subtract {} from {}", shown(args, "by"), shown(args, "key")),
        discard: |_, _| later(async {}),
    },
    evidence: |value| Some(format!("it is {} now", value.inspect())),
};

pub(in crate::actions) static FLUSH: Action = Action {
    name: "redis.flush",
    summary: "Remove every key of one database of Redis",
    details: "That of the address: `redis://host/3`. Returns how many there were. The server frees the memory \
              afterwards (`FLUSHDB ASYNC`) and goes on serving.",
    effect: Effect::Destroys,
    params: &[SERVER, TIMEOUT],
    returns: "int",
    examples: &["redis.flush(\"redis://localhost:6379/3\")"],
    show: |args| format!("remove all keys{}", place(args)),
    run: |call| {
        later(async move {
            let commands = vec![words(&["DBSIZE"]), words(&["FLUSHDB", "ASYNC"])];
            let answers = Asking::new(call).together(commands, Does::Change).await?;
            let count = answers.first().ok_or_else(|| unexpected(&RedisValue::Nil))?;
            Ok(Value::Int(number(count)?))
        })
    },
    repeatable: |_| true,
    inverse: Inverse::None("what the keys held is gone: a cache fills again, anything else comes from a backup"),
    evidence: |value| Some(format!("{} keys were there", value.inspect())),
};

pub(in crate::actions) static EXEC: Action = Action {
    name: "redis.exec",
    summary: "Run a command of Redis that changes something",
    details: "For what has no action of its own: `LPUSH`, `HSET`, `CONFIG SET`, `CLIENT PAUSE`.",
    effect: Effect::Changes,
    params: &[
        SERVER,
        Param {
            name: "command",
            ty: "list<any>",
            default: None,
            doc: "Its words: `[\"HSET\", \"flags\", \"beta\", 1]`.",
        },
        TIMEOUT,
    ],
    returns: "any",
    examples: &["redis.exec(\"redis://localhost:6379\", [\"CONFIG\", \"SET\", \"maxmemory\", \"2gb\"])"],
    show: |args| format!("{}{}", super::words::shown(args), place(args)),
    run: |call| {
        later(async move {
            let command = super::words::given(call.args)?;
            let name = super::words::name(&command);
            match name.as_str() {
                "FLUSHDB" | "FLUSHALL" => {
                    return Err(not_begun(format!("`{name}` removes every key"))
                        .help("write redis.flush(server): then a plan says so"));
                }
                "MULTI" | "EXEC" | "DISCARD" | "WATCH" | "SUBSCRIBE" | "PSUBSCRIBE" | "SSUBSCRIBE" | "MONITOR"
                | "SELECT" | "AUTH" | "HELLO" | "RESET" | "QUIT" => {
                    return Err(not_begun(format!("`{name}` is about the connection, which rbk keeps for itself"))
                        .help("the address names user and database; each call is one command"));
                }
                _ => {}
            }
            Ok(value(Asking::new(call).one(command, Does::Change).await?))
        })
    },
    repeatable: |_| false,
    inverse: Inverse::None("nobody knows what takes a command back: write an `undo { }` with the one that does"),
    evidence: |value| Some(format!("the server says {}", value.inspect())),
};
