//! What Redis said, and what to do about it. Its words: `src/server.c`, `createSharedObjects`.

use super::address::Address;
use crate::host::RedisError;

const LOOK: &str = "is it the right host and port, and is the server up? `net.port_open(host, port)` looks";

/// Why there is no connection.
pub(super) fn not_connected(error: &std::io::Error, peer: &str) -> RedisError {
    let message = match error.kind() {
        std::io::ErrorKind::ConnectionRefused => format!("{peer} refused the connection: nothing listens there"),
        _ if error.to_string().contains("lookup") => format!("the name of {peer} could not be resolved"),
        _ => format!("no connection to {peer}: {error}"),
    };
    RedisError::never_sent(message).help(LOOK)
}

/// Why TLS did not begin.
pub(super) fn not_encrypted(error: &std::io::Error, peer: &str) -> RedisError {
    let said = error.to_string();
    if said.contains("certificate") || said.contains("Issuer") {
        return RedisError::never_sent(format!("the certificate of {peer} is not accepted: {said}")).help(
            "?cacert=/path/to/ca.pem in the address names who signed it; ?insecure=true encrypts without asking who answers",
        );
    }
    RedisError::never_sent(format!("{peer} does not speak TLS: {said}"))
        .help("without TLS the address begins with redis://; with it a server often has another port")
}

/// Why a server does not take us.
pub(super) fn not_signed_on(error: &redis::RedisError, address: &Address) -> RedisError {
    let peer = address.peer();
    let said = error.to_string();
    let never = RedisError::never_sent;
    if error.kind() == redis::ErrorKind::AuthenticationFailed || said.contains("WRONGPASS") {
        let whose = address.user.as_deref().map_or_else(String::new, |user| format!(" of {user}"));
        return never(format!("{peer} does not take the password{whose}"))
            .help("look at user and password in the address; in a URL special characters are percent-encoded");
    }
    if said.contains("DB index is out of range") {
        return never(format!("{peer} has no database {}", address.database))
            .help("the path of the address is its number; a cluster has 0 alone");
    }
    match error.code() {
        Some(code) => RedisError { never_sent: true, ..refused(code, error.detail(), &peer) },
        None if error.is_io_error() || error.is_connection_dropped() => {
            never(format!("{peer} broke off the connection before it was signed on to: {said}"))
                .help("does it want TLS (rediss://)? Is it Redis that listens there?")
        }
        None => never(format!("{peer} does not answer as Redis does: {said}")).help("is it Redis that listens there?"),
    }
}

/// Why there is no answer to a command.
pub(super) fn failed(error: &redis::RedisError, peer: &str) -> RedisError {
    if let Some(of) = error.clone().into_server_errors().and_then(|errors| errors.first().cloned()) {
        return refused(of.1.code(), of.1.details(), peer);
    }
    match error.code() {
        Some(code) => refused(code, error.detail(), peer),
        None => RedisError::lost(format!("{peer} broke off before there was an answer: {error}")),
    }
}

/// The server's no.
pub(super) fn refused(code: &str, detail: Option<&str>, peer: &str) -> RedisError {
    let detail = detail.unwrap_or_default();
    let (message, help) = match code {
        "NOAUTH" => (
            format!("{peer} wants a password"),
            "put it into the address: redis://:password@host, as a secret: secret cache from env_var(\"REDIS_URL\")",
        ),
        "NOPERM" => (
            format!("the user of this address may not do that: {detail}"),
            "see what it may: ACL WHOAMI, ACL GETUSER name",
        ),
        "WRONGTYPE" => (
            "the key holds another type of value than this command is for".to_owned(),
            "see which: redis.query(server, [\"TYPE\", key]); a list is read with LRANGE, a hash with HGETALL, a set with SMEMBERS",
        ),
        "READONLY" => (
            format!("{peer} is a replica, which only reads"),
            "write to its master, which redis.info(server).master_host names",
        ),
        "MOVED" | "ASK" => (
            format!(
                "{peer} is a node of a cluster, and the key is on another: {}",
                detail.rsplit(' ').next().unwrap_or(detail)
            ),
            "name that node in the address",
        ),
        "CLUSTERDOWN" => (
            format!("the cluster of {peer} does not serve this key: {detail}"),
            "see its state: redis.query(server, [\"CLUSTER\", \"INFO\"])",
        ),
        "CROSSSLOT" => ("these keys are on different nodes of the cluster".to_owned(), "one call for each key"),
        "LOADING" => (
            format!("{peer} still loads its data from disk"),
            "wait for it: check \"redis is up\" within 5m every 5s { redis.ping(server) }",
        ),
        "MASTERDOWN" => {
            (format!("{peer} is a replica that has lost its master"), "see redis.info(server).master_link_status")
        }
        "OOM" => (
            format!("{peer} has no memory left: {detail}"),
            "see redis.info(server).used_memory_human and maxmemory; keys with a time to live make room",
        ),
        "MISCONF" => (
            format!("{peer} takes no writes, since it cannot save to disk"),
            "look at the disk of the server and at its log",
        ),
        "NOREPLICAS" => (
            format!("{peer} takes no writes, since too few replicas follow it"),
            "see redis.info(server).connected_slaves",
        ),
        "BUSY" => (format!("{peer} is busy with a script"), "SCRIPT KILL ends one that has not written yet"),
        "BUSYKEY" => ("the key is there already".to_owned(), "look at it: redis.get(server, key)"),
        "DENIED" => (
            format!("{peer} takes connections from its own machine only (protected mode)"),
            "give it a password, or bind it to the right address",
        ),
        _ if detail.starts_with("unknown command") => (
            format!("{peer} does not know this command: {}", detail.split(',').next().unwrap_or(detail)),
            "is it spelt right, and new enough a server? redis.info(server).redis_version tells",
        ),
        "ERR" => (format!("{peer} refuses: {detail}"), ""),
        code => (format!("{peer} refuses: {code} {detail}"), ""),
    };
    let refused = RedisError::refused(message);
    if help.is_empty() { refused } else { refused.help(help) }
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[test]
    fn a_refusal_says_what_to_do() {
        let moved = refused("MOVED", Some("3999 10.0.0.7:6381"), "cache:6379");
        assert!(moved.message.ends_with("10.0.0.7:6381") && moved.refused, "{moved:?}");
        let unknown = refused("ERR", Some("unknown command 'GTE', with args beginning with: 'k' "), "cache:6379");
        assert_eq!(unknown.message, "cache:6379 does not know this command: unknown command 'GTE'");
        assert!(unknown.help.is_some());
        assert_eq!(refused("ERR", Some("syntax error"), "cache:6379").message, "cache:6379 refuses: syntax error");
    }
}
