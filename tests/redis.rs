//! Redis: a real server, started once for all of these tests, with a password and with TLS.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rbk::catalog::{ActionError, Certainty, Inverse};
use rbk::value::Value;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use world::book::{Book, told};
use world::server::{Server, certificate, folder, free_port, missing, program, start, words};
use world::{Around, action, args};

const PASSWORD: &str = "p@ss/w:rd%20";
const ENCODED: &str = "p%40ss%2Fw%3Ard%2520";

/// The server, and its port for TLS.
fn server() -> Option<&'static (Server, u16)> {
    static SERVER: OnceLock<Option<(Server, u16)>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let Some(redis) = program(&["redis-server", "valkey-server"], &[]) else {
                missing("Redis", "redis-server");
                return None;
            };
            let (folder, switch) = folder();
            let (key, certificate) = certificate(&folder, "DNS:localhost", &switch);
            let (port, tls_port) = (free_port(), free_port());
            let (plain, tls) = (port.to_string(), tls_port.to_string());
            let own = folder.display().to_string();
            let (key, certificate) = (key.display().to_string(), certificate.display().to_string());
            let args = [
                ["--port", &plain],
                ["--tls-port", &tls],
                ["--tls-key-file", &key],
                ["--tls-cert-file", &certificate],
                ["--tls-ca-cert-file", &certificate],
                ["--tls-auth-clients", "no"],
                ["--bind", "127.0.0.1"],
                ["--requirepass", PASSWORD],
                ["--dir", &own],
                ["--save", ""],
                ["--databases", "64"],
            ];
            Some((start(&words(&switch, Path::new(&redis), args.as_flattened()), &folder, port), tls_port))
        })
        .as_ref()
}

/// A database of its own for a test, and the thread that asks it.
struct Redis {
    url: String,
    around: Around,
    runtime: Runtime,
    local: LocalSet,
}

impl Redis {
    fn at(url: String) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { url, around: Around::new(), runtime, local: LocalSet::new() }
    }

    fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (server, _) = server()?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Some(Self::at(format!("redis://:{ENCODED}@127.0.0.1:{}/{number}", server.port)))
    }

    fn call(&self, name: &str, mut given: Vec<(&str, Value)>) -> Result<Value, ActionError> {
        given.push(("server", Value::str(self.url.as_str())));
        let action = action(&format!("redis.{name}"));
        let args = args(action, given);
        let call = self.around.call(&args);
        self.local.block_on(&self.runtime, (action.run)(&call))
    }

    #[track_caller]
    fn must(&self, name: &str, given: Vec<(&str, Value)>) -> Value {
        self.call(name, given).unwrap_or_else(|error| panic!("{}", words_of(&error)))
    }

    /// What a command of Redis answers, for people.
    #[track_caller]
    fn says(&self, command: &str) -> String {
        let name = if command.starts_with(char::is_lowercase) { "query" } else { "exec" };
        self.must(name, vec![("command", Value::list(command.split(' ').map(Value::from)))]).inspect()
    }

    /// Does it and takes it back, with what others do in between; the keys, their dumps and ends must be as before.
    fn there_and_back(&self, name: &str, mut given: Vec<(&str, Value)>, between: impl FnOnce()) {
        let before = self.world();
        given.push(("server", Value::str(self.url.as_str())));
        let action = action(&format!("redis.{name}"));
        let args = args(action, given);
        let call = self.around.call(&args);
        let Inverse::Captured { capture, restore, .. } = &action.inverse else { panic!("{name} has no inverse") };
        let kept = self.local.block_on(&self.runtime, capture(&call)).unwrap();
        // As the record keeps it.
        let kept = rbk::value::codec::decode(rbk::value::codec::encode(&kept).unwrap()).unwrap();
        self.local.block_on(&self.runtime, (action.run)(&call)).unwrap();
        assert_ne!(before, self.world(), "{name} did nothing");
        between();
        self.local.block_on(&self.runtime, restore(&call, &kept)).unwrap();
        assert_eq!(before, self.world(), "{name}");
    }

    /// Every key with what it holds and when it ends.
    fn world(&self) -> Vec<String> {
        let Value::List(keys) = self.must("keys", Vec::new()) else { panic!() };
        let told = |key: &Value| {
            let of = |command: &str| self.says(&format!("{command} {}", key.to_text()));
            format!("{} {} {}", key.to_text(), of("dump"), of("pexpiretime"))
        };
        keys.iter().map(told).collect()
    }
}

fn words_of(error: &ActionError) -> String {
    let help = error.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    format!("{:?}: {}{help}", error.certainty, error.message)
}

fn key(name: &str) -> (&'static str, Value) {
    ("key", Value::from(name))
}

#[test]
fn what_is_set_is_there() {
    let Some(redis) = Redis::new() else { return };
    assert_eq!(redis.must("get", vec![key("mode")]).inspect(), "null");
    for text in ["read-only", "", "\r\n$-1\r\n", "*3 'quotes' \"and\" ${more} \0", "čšž 🚢"] {
        redis.must("set", vec![key("mode"), ("value", Value::from(text))]);
        assert_eq!(redis.must("get", vec![key("mode")]).as_text(), Some(text));
    }
    redis.must("set", vec![key("mode"), ("value", Value::Int(7))]);
    assert_eq!(redis.must("get", vec![key("mode")]).inspect(), "\"7\"");
    assert_eq!(redis.must("exists", vec![key("mode")]).inspect(), "true");
    assert_eq!(redis.must("ttl", vec![key("mode")]).inspect(), "null");
    redis.must("set", vec![key("mode"), ("value", Value::from("x")), ("ttl", Value::Duration(90_000_000_000))]);
    let Value::Duration(left) = redis.must("ttl", vec![key("mode")]) else { panic!() };
    assert!((80_000_000_000..=90_000_000_000).contains(&left), "{left}");
    redis.must("set", vec![key("mode"), ("value", Value::from("y")), ("keep_ttl", Value::Bool(true))]);
    assert_ne!(redis.must("ttl", vec![key("mode")]).inspect(), "null");
    redis.must("expire", vec![key("mode"), ("ttl", Value::Null)]);
    assert_eq!(redis.must("ttl", vec![key("mode")]).inspect(), "null");
    // Bytes that are no text.
    redis.says("SETBIT bytes 0 1");
    assert_eq!(redis.must("get", vec![key("bytes")]).inspect(), "\"80\"");
}

#[test]
fn what_is_too_large_is_not_read() {
    let Some(redis) = Redis::new() else { return };
    redis.must("exec", vec![("command", Value::list(["SET", "empty", ""].map(Value::from)))]);
    assert_eq!(redis.must("get", vec![key("empty")]).inspect(), "\"\"");
    redis.says("SETRANGE large 2047 x");
    let most = |bytes| vec![key("large"), ("max_size", Value::Size(bytes))];
    assert!(matches!(redis.must("get", most(2048)), Value::Str(text) if text.len() == 2048));
    let error = words_of(&redis.call("get", most(2000)).unwrap_err());
    assert!(error.contains("Failed: large holds more than 2KB\nhelp: a part of it: redis.query"), "{error}");
    redis.says("SETRANGE large 33554432 x");
    let error = words_of(&redis.call("get", vec![key("large")]).unwrap_err());
    assert!(error.contains("large holds more than 32MiB"), "{error}");
}

#[test]
fn keys_are_listed_and_counted() {
    let Some(redis) = Redis::new() else { return };
    let mut command = vec![Value::from("MSET")];
    command.extend((0..2500).flat_map(|n| [Value::from(format!("session:{n:04}")), Value::Int(n)]));
    redis.must("exec", vec![("command", Value::list(command))]);
    redis.says("SET other 1");
    assert_eq!(redis.must("count", Vec::new()).inspect(), "2501");
    let sessions = || ("pattern", Value::from("session:*"));
    assert_eq!(redis.must("count", vec![sessions()]).inspect(), "2500");
    let few = redis.must("keys", vec![("pattern", Value::from("session:000[12]"))]);
    assert_eq!(few.inspect(), r#"["session:0001", "session:0002"]"#);
    let error = redis.call("keys", vec![sessions(), ("limit", Value::Int(100))]).unwrap_err();
    assert!(words_of(&error).contains("more than 100 keys match session:*\nhelp: count them"), "{}", words_of(&error));
}

#[test]
fn what_takes_it_back_leaves_the_world_as_it_was() {
    let Some(redis) = Redis::new() else { return };
    redis.says("RPUSH list a b c");
    redis.says("HSET hash name ada");
    redis.says("SET text old");
    redis.says("SET ends old PX 600000");
    let value = || ("value", Value::from("new"));
    let nothing = || {};
    for name in ["text", "list", "hash", "ends", "fresh"] {
        redis.there_and_back("set", vec![key(name), value()], nothing);
        redis.there_and_back("set", vec![key(name), value(), ("ttl", Value::Duration(60_000_000_000))], nothing);
        // Somebody removed it meanwhile.
        redis.there_and_back("set", vec![key(name), value()], || drop(redis.says(&format!("DEL {name}"))));
    }
    let keys = ["list", "ends", "missing"].map(Value::from);
    redis.there_and_back("del", vec![("keys", Value::list(keys))], nothing);
    redis.there_and_back("expire", vec![key("text"), ("ttl", Value::Duration(60_000_000_000))], nothing);
    redis.there_and_back("expire", vec![key("ends"), ("ttl", Value::Duration(60_000_000_000))], nothing);
    redis.there_and_back("expire", vec![key("ends"), ("ttl", Value::Null)], nothing);
    redis.says("SET number 40");
    redis.there_and_back("incr", vec![key("number"), ("by", Value::Int(2))], nothing);
    redis.there_and_back("incr", vec![key("fresh")], nothing);
}

#[test]
fn what_others_added_stays_when_a_sum_is_taken_back() {
    let Some(redis) = Redis::new() else { return };
    redis.says("SET number 40");
    let action = action("redis.incr");
    let given = vec![("server", Value::str(redis.url.as_str())), key("number"), ("by", Value::Int(2))];
    let args = args(action, given);
    let call = redis.around.call(&args);
    let Inverse::Captured { capture, restore, .. } = &action.inverse else { panic!() };
    let kept = redis.local.block_on(&redis.runtime, capture(&call)).unwrap();
    assert_eq!(redis.local.block_on(&redis.runtime, (action.run)(&call)).unwrap().inspect(), "42");
    redis.says("INCRBY number 100");
    redis.local.block_on(&redis.runtime, restore(&call, &kept)).unwrap();
    assert_eq!(redis.must("get", vec![key("number")]).inspect(), "\"140\"");
}

#[test]
fn a_server_tells_of_itself() {
    let Some(redis) = Redis::new() else { return };
    assert!(matches!(redis.must("ping", Vec::new()), Value::Duration(took) if took > 0));
    let info = redis.must("info", Vec::new());
    assert_eq!(world::field(&info, "role"), "master");
    assert!(matches!(&info, Value::Record(info) if matches!(info.get("used_memory"), Some(Value::Int(_)))));
    let memory = redis.must("info", vec![("section", Value::from("memory"))]);
    assert!(matches!(&memory, Value::Record(memory) if memory.get("role").is_none()));
    let error = redis.call("info", vec![("section", Value::from("weather"))]).unwrap_err();
    assert!(error.message.contains("no section weather"), "{error}");
    assert_eq!(redis.says("config get databases"), r#"{ databases: "64" }"#);
    redis.says("HSET user:1 name ada age 36");
    assert_eq!(redis.says("hgetall user:1"), r#"{ name: "ada", age: "36" }"#);
}

#[test]
fn a_flush_empties_one_database() {
    let (Some(redis), Some(other)) = (Redis::new(), Redis::new()) else { return };
    redis.says("SET a 1");
    redis.says("SET b 1");
    other.says("SET c 1");
    assert_eq!(redis.must("flush", Vec::new()).inspect(), "2");
    assert_eq!(redis.must("count", Vec::new()).inspect(), "0");
    assert_eq!(other.must("count", Vec::new()).inspect(), "1");
}

#[test]
fn refusals_say_what_to_do() {
    let Some(redis) = Redis::new() else { return };
    let (server, tls_port) = server().unwrap();
    let port = server.port;
    redis.says("RPUSH list a");
    let list = |words: &str| ("command", Value::list(words.split(' ').map(Value::from)));
    for (name, given, wanted) in [
        (
            "get",
            vec![key("list")],
            "Failed: the key holds another type of value than this command is for\nhelp: see which",
        ),
        ("incr", vec![key("list")], "Failed: the key holds another type"),
        ("ttl", vec![key("none")], "Failed: there is no key none\nhelp: redis.exists"),
        ("expire", vec![key("none"), ("ttl", Value::Duration(1_000_000))], "Failed: there is no key none"),
        ("expire", vec![key("none"), ("ttl", Value::Null)], "Failed: there is no key none"),
        ("set", vec![key("k"), ("value", Value::from("v")), ("ttl", Value::Duration(0))], "NotBegun: a time to live"),
        ("query", vec![list("SET a b")], "NotBegun: `SET` is not known to only read\nhelp: if it changes something"),
        ("query", vec![list("CONFIG SET a b")], "NotBegun: `CONFIG SET` is not known to only read"),
        ("query", vec![("command", Value::list([]))], "NotBegun: the command has no words"),
        ("exec", vec![list("FLUSHALL")], "NotBegun: `FLUSHALL` removes every key\nhelp: write redis.flush"),
        ("exec", vec![list("MULTI")], "NotBegun: `MULTI` is about the connection"),
        (
            "exec",
            vec![list("FROBNICATE x")],
            "does not know this command: unknown command 'FROBNICATE'\nhelp: is it spelt",
        ),
        ("exec", vec![list("SET a")], "refuses: wrong number of arguments for 'set' command"),
    ] {
        let error = words_of(&redis.call(name, given).unwrap_err());
        assert!(error.contains(wanted), "{name}: {error}");
    }
    let (closed, second) = (free_port(), Value::Duration(1_000_000_000));
    for (url, wanted) in [
        (format!("redis://127.0.0.1:{port}"), format!("127.0.0.1:{port} wants a password\nhelp: put it into")),
        (
            format!("redis://:wrong@127.0.0.1:{port}"),
            format!("127.0.0.1:{port} does not take the password\nhelp: look at"),
        ),
        (format!("redis://ada:wrong@127.0.0.1:{port}"), "does not take the password of ada".to_owned()),
        (format!("redis://:{ENCODED}@127.0.0.1:{port}/900"), "has no database 900".to_owned()),
        (
            format!("redis://127.0.0.1:{closed}"),
            "refused the connection: nothing listens there\nhelp: is it".to_owned(),
        ),
        ("redis://nowhere.invalid".to_owned(), "nowhere.invalid:6379 could not be resolved".to_owned()),
        ("http://127.0.0.1".to_owned(), "this is no address of Redis: `http:`".to_owned()),
        (format!("rediss://:{ENCODED}@localhost:{tls_port}"), "is not accepted".to_owned()),
        (
            format!("rediss://:{ENCODED}@localhost:{port}"),
            "gave no answer in time\nhelp: is it the right host and port, and does it speak TLS".to_owned(),
        ),
        (format!("redis://:{ENCODED}@localhost:{tls_port}"), "broke off the connection before".to_owned()),
    ] {
        let error =
            words_of(&Redis::at(url.clone()).call("get", vec![key("k"), ("timeout", second.clone())]).unwrap_err());
        assert!(error.contains(&wanted), "{url}: {error}");
        assert!(!error.contains("wrong@") && !error.contains(ENCODED) && !error.contains(PASSWORD), "{error}");
    }
}

#[test]
fn with_tls_it_is_known_who_answers() {
    let Some((server, tls_port)) = server() else { return };
    let ca = server.folder.join("server.crt");
    for query in [format!("cacert={}", ca.display()), "insecure=true".to_owned()] {
        let redis = Redis::at(format!("rediss://:{ENCODED}@localhost:{tls_port}/60?{query}"));
        redis.must("ping", Vec::new());
    }
    let other = Redis::at(format!("rediss://:{ENCODED}@127.0.0.1:{tls_port}/60?cacert={}", ca.display()));
    let error = words_of(&other.call("ping", Vec::new()).unwrap_err());
    assert!(error.contains("is not accepted"), "{error}");
}

#[test]
fn what_waits_on_the_server_is_ended() {
    let (Some(redis), Some(watch)) = (Redis::new(), Redis::new()) else { return };
    let blocked = || watch.says("client list").matches("cmd=blpop").count();
    let given = || {
        vec![
            ("command", Value::list(["BLPOP", "jobs", "60"].map(Value::from))),
            ("timeout", Value::Duration(300_000_000)),
        ]
    };
    let begun = Instant::now();
    let error = redis.call("exec", given()).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(error.certainty, Certainty::InDoubt);
    assert!(words_of(&error).contains("there was no answer in 300ms\nhelp: "), "{}", words_of(&error));
    let begun = Instant::now();
    while blocked() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "it still waits on the server");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_connection_that_the_server_closed_is_made_anew() {
    let (Some(redis), Some(watch)) = (Redis::new(), Redis::new()) else { return };
    redis.must("set", vec![key("k"), ("value", Value::from("1"))]);
    let id = |redis: &Redis| {
        redis.must("query", vec![("command", Value::list(["CLIENT", "ID"].map(Value::from)))]).inspect()
    };
    let first = id(&redis);
    assert_eq!(first, id(&redis), "it is kept for the next command");
    watch.says(&format!("CLIENT KILL ID {first}"));
    let begun = Instant::now();
    // The end is seen as soon as this thread looks at the network again.
    redis.local.block_on(&redis.runtime, async { tokio::time::sleep(Duration::from_millis(50)).await });
    redis.must("set", vec![key("k"), ("value", Value::from("2"))]);
    assert_ne!(first, id(&redis));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

const BOOK: &str = r#"
secret cache from env_var("REDIS_URL")

step "Go into maintenance" {
    redis.set(cache, "shop:mode", "maintenance", ttl: 10m)
    redis.del(cache, ["cache:front"])
}
check "is it seen" {
    assert redis.get(cache, "shop:mode") == "normal"
} on_fail rollback
"#;

#[test]
fn a_run_takes_back_what_it_changed() {
    let Some(redis) = Redis::new() else { return };
    redis.says("RPUSH cache:front a b");
    redis.says("SET shop:mode normal PX 900000");
    let before = redis.world();
    let book = Book::new(BOOK);
    let mut command = book.command(&["run", "book.rbk"]);
    command.env("REDIS_URL", &redis.url);
    let told = told(command);
    told.is(3).says("\"maintenance\"").says("put what shop:mode held back").never_says(PASSWORD).never_says(ENCODED);
    assert_eq!(before, redis.world());
}

#[test]
fn an_older_server_is_asked_how_long_it_is_until_then() {
    let Some(admin) = Redis::new() else { return };
    // Such a server does not know the command; to this user it is as good as unknown.
    admin.says("ACL SETUSER older on >older-word ~* +@all -pexpiretime");
    let older = Redis::at(admin.url.replace(&format!(":{ENCODED}"), "older:older-word"));
    admin.says("SET ends old PX 600000");
    let before = admin.says("get ends");
    let end = || admin.says("pexpiretime ends").parse::<i64>().unwrap();
    let ends = end();
    let action = action("redis.set");
    let args =
        args(action, vec![("server", Value::str(older.url.as_str())), key("ends"), ("value", Value::from("new"))]);
    let call = older.around.call(&args);
    let Inverse::Captured { capture, restore, .. } = &action.inverse else { panic!() };
    let kept = older.local.block_on(&older.runtime, capture(&call)).unwrap();
    older.local.block_on(&older.runtime, (action.run)(&call)).unwrap();
    assert_eq!(admin.says("get ends"), "\"new\"");
    older.local.block_on(&older.runtime, restore(&call, &kept)).unwrap();
    assert_eq!(before, admin.says("get ends"));
    assert!((end() - ends).abs() <= 5, "{ends} {}", end());
}
