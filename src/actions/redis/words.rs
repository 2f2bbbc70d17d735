//! Commands as they are given, and which of them only read.

use crate::catalog::{ActionError, Args};
use crate::value::{Value, display};

/// Commands that the server itself flags `readonly`, or that only tell of it (redis.io/docs/latest/commands).
const READ: &[&str] = &[
    "BITCOUNT",
    "BITFIELD_RO",
    "BITPOS",
    "COMMAND",
    "DBSIZE",
    "DUMP",
    "ECHO",
    "EVALSHA_RO",
    "EVAL_RO",
    "EXISTS",
    "EXPIRETIME",
    "FCALL_RO",
    "GEODIST",
    "GEOHASH",
    "GEOPOS",
    "GEORADIUSBYMEMBER_RO",
    "GEORADIUS_RO",
    "GEOSEARCH",
    "GET",
    "GETBIT",
    "GETRANGE",
    "HEXISTS",
    "HEXPIRETIME",
    "HGET",
    "HGETALL",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HPTTL",
    "HRANDFIELD",
    "HSCAN",
    "HSTRLEN",
    "HTTL",
    "HVALS",
    "INFO",
    "JSON.GET",
    "JSON.MGET",
    "JSON.TYPE",
    "KEYS",
    "LASTSAVE",
    "LCS",
    "LINDEX",
    "LLEN",
    "LPOS",
    "LRANGE",
    "MGET",
    "PEXPIRETIME",
    "PFCOUNT",
    "PING",
    "PTTL",
    "RANDOMKEY",
    "ROLE",
    "SCAN",
    "SCARD",
    "SDIFF",
    "SINTER",
    "SINTERCARD",
    "SISMEMBER",
    "SMEMBERS",
    "SMISMEMBER",
    "SORT_RO",
    "SRANDMEMBER",
    "SSCAN",
    "STRLEN",
    "SUNION",
    "TIME",
    "TTL",
    "TYPE",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREAD",
    "XREVRANGE",
    "ZCARD",
    "ZCOUNT",
    "ZDIFF",
    "ZINTER",
    "ZINTERCARD",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZRANDMEMBER",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZRANK",
    "ZREVRANGE",
    "ZREVRANGEBYLEX",
    "ZREVRANGEBYSCORE",
    "ZREVRANK",
    "ZSCAN",
    "ZSCORE",
    "ZUNION",
];

/// Likewise, of commands whose second word says what they do.
const READ_PAIRS: &[(&str, &[&str])] = &[
    ("ACL", &["CAT", "GETUSER", "LIST", "USERS", "WHOAMI"]),
    ("CLIENT", &["GETNAME", "ID", "INFO", "LIST"]),
    ("CLUSTER", &["COUNTKEYSINSLOT", "INFO", "KEYSLOT", "LINKS", "MYID", "NODES", "SHARDS", "SLOTS"]),
    ("CONFIG", &["GET"]),
    ("FUNCTION", &["LIST", "STATS"]),
    ("LATENCY", &["DOCTOR", "HISTORY", "LATEST"]),
    ("MEMORY", &["DOCTOR", "STATS", "USAGE"]),
    ("MODULE", &["LIST"]),
    ("OBJECT", &["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"]),
    ("PUBSUB", &["CHANNELS", "NUMPAT", "NUMSUB", "SHARDCHANNELS", "SHARDNUMSUB"]),
    ("SCRIPT", &["EXISTS"]),
    ("SLOWLOG", &["GET", "LEN"]),
    ("XINFO", &["CONSUMERS", "GROUPS", "STREAM"]),
];

/// Their answers have names and values in turn.
const PAIRS: &[&str] = &["HGETALL", "CONFIG GET", "MEMORY STATS", "XINFO STREAM"];

/// The words of the call's command.
pub(super) fn given(args: &Args) -> Result<Vec<Vec<u8>>, ActionError> {
    let Value::List(words) = args.get("command") else {
        return Err(super::not_begun("the command is no list of words"));
    };
    if words.is_empty() {
        return Err(super::not_begun("the command has no words").help("for example [\"LLEN\", \"jobs\"]"));
    }
    Ok(words.iter().map(|word| display::exposed_text(word).into_bytes()).collect())
}

/// A command for people.
pub(super) fn shown(args: &Args) -> String {
    super::super::args::shown(args, "command")
}

/// `CONFIG GET`, `LRANGE`: what a command is called.
pub(super) fn name(command: &[Vec<u8>]) -> String {
    let word = |at: usize| command.get(at).map(|word| String::from_utf8_lossy(word).to_ascii_uppercase());
    let first = word(0).unwrap_or_default();
    match word(1) {
        Some(second) if READ_PAIRS.iter().any(|(known, _)| *known == first) => format!("{first} {second}"),
        _ => first,
    }
}

/// Whether it is known to only read.
pub(super) fn reads(command: &[Vec<u8>]) -> bool {
    let name = name(command);
    match name.split_once(' ') {
        Some((first, second)) => READ_PAIRS.iter().any(|(known, seconds)| *known == first && seconds.contains(&second)),
        None => READ.contains(&name.as_str()),
    }
}

/// Whether its answer has names and values in turn.
pub(super) fn has_pairs(name: &str) -> bool {
    PAIRS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Vec<Vec<u8>> {
        text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn what_reads_is_known_by_its_words() {
        for text in ["get k", "LRANGE jobs 0 9", "config get maxmemory", "SLOWLOG GET 5", "CLIENT LIST"] {
            assert!(reads(&command(text)), "{text}");
        }
        for text in
            ["SET k v", "CONFIG SET a b", "CLIENT KILL ID 4", "CONFIG", "FLUSHALL", "EVAL x 0", "SORT k STORE l"]
        {
            assert!(!reads(&command(text)), "{text}");
        }
        assert!(READ.is_sorted());
    }
}
