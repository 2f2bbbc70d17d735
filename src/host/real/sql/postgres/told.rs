//! What PostgreSQL said, and what to do about it. Its codes: Appendix A of its manual.

use std::error::Error as _;

use tokio_postgres::error::{DbError, ErrorPosition, SqlState};
use tokio_postgres::{Config, Error};

use super::super::placed::excerpt;
use crate::host::SqlError;

/// The innermost cause, which names the fault.
pub(super) fn words(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Why there is no connection.
pub(super) fn not_connected(error: &Error, config: &Config, peer: &str) -> SqlError {
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    if let Some(said) = error.as_db_error() {
        let failed = |message: String| SqlError::not_begun(message);
        let code = said.code();
        return if *code == SqlState::INVALID_PASSWORD {
            failed(format!("{peer} does not take the password of {user}"))
                .help("look at the password in the address; in a URL its special characters are percent-encoded")
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            failed(format!("{peer} has no database {database}"))
                .help("the last part of the address names it; \"SELECT datname FROM pg_database\" in the database postgres lists them")
        } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
            failed(format!("{peer} lets {user} not in: {}", said.message()))
                .help("is the user right? who may come from where is said in pg_hba.conf on the server; `no encryption` in the message: sslmode=require")
        } else if *code == SqlState::TOO_MANY_CONNECTIONS {
            failed(format!("{peer} takes no more connections"))
                .help("wait, or end some: \"SELECT pid, usename, state FROM pg_stat_activity\" lists them")
        } else if *code == SqlState::CANNOT_CONNECT_NOW {
            failed(format!("{peer} is not ready: {}", said.message()))
                .help("wait until it is: check \"it is up\" within 2m every 5s { … }")
        } else {
            failed(format!("{peer} refuses the connection: {}", said.message()))
        };
    }
    let said = words(error);
    let lower = said.to_lowercase();
    let message = if lower.contains("connection refused") {
        format!("{peer} refused the connection: nothing listens there")
    } else if lower.contains("no such file") {
        format!("there is no socket of PostgreSQL at {peer}")
    } else if lower.contains("lookup") || lower.contains("resolve") || lower.contains("not known") {
        format!("the name of {peer} could not be resolved")
    } else if lower.contains("certificate") || lower.contains("issuer") {
        return SqlError::not_begun(format!("the certificate of {peer} is not accepted: {said}"))
            .help("sslrootcert=/path/to/ca.pem in the address names who signed it; sslmode=require encrypts without asking who answers");
    } else if lower.contains("server does not support tls") {
        return SqlError::not_begun(format!("{peer} offers no TLS"))
            .help("sslmode=disable in the address, if the way to it is safe");
    } else if lower.contains("password missing") {
        return SqlError::not_begun(format!("{peer} wants a password of {user}"))
            .help("postgres://user:password@host/name; keep it in a secret: secret db from env_var(\"DATABASE_URL\")");
    } else {
        format!("no connection to {peer}: {said}")
    };
    SqlError::not_begun(message)
        .help("is it the right host and port, and is the server up? `net.port_open(host, port)` looks")
}

/// Why a statement failed.
pub(super) fn failed(error: &Error, text: &str, line: usize, peer: &str) -> SqlError {
    let Some(said) = error.as_db_error() else {
        // What could not be sent or read: it is about a value, and says which.
        return SqlError::new(unsendable(error));
    };
    let mut message = said.message().to_owned();
    if let Some(detail) = said.detail() {
        message = format!("{message} ({detail})");
    }
    let offset = match said.position() {
        Some(ErrorPosition::Original(at)) => offset(text, *at),
        _ => None,
    };
    let place = (offset.is_some() || line > 0).then(|| excerpt(text, offset.unwrap_or(0), line));
    let mut told = SqlError::new(message);
    told.excerpt = place;
    match help(said, peer) {
        Some(help) => told.help(help),
        None => told,
    }
}

/// The driver's own troubles with a value: `error serializing parameter 0: …`
fn unsendable(error: &Error) -> String {
    match error.source() {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    }
}

/// From a character, counted from 1, to a byte.
fn offset(text: &str, at: u32) -> Option<usize> {
    let at = usize::try_from(at).ok()?.checked_sub(1)?;
    Some(text.char_indices().nth(at).map_or(text.len(), |(offset, _)| offset))
}

fn help(said: &DbError, peer: &str) -> Option<String> {
    let code = said.code();
    let own = |text: &str| Some(text.to_owned());
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return own(
            "a read changes nothing: write sql.exec(…), in a step; or the server is a replica: ask the primary",
        );
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return Some(format!("the user of this address may not do that at {peer}: use another, or GRANT it"));
    }
    if *code == SqlState::UNDEFINED_TABLE {
        return own("look at the search_path (\"SHOW search_path\"), or write the schema before it: schema.name");
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return own(
            "somebody else holds a lock: \"SELECT pid, query FROM pg_stat_activity WHERE wait_event_type = 'Lock'\" shows who waits",
        );
    }
    if *code == SqlState::ACTIVE_SQL_TRANSACTION {
        return own("this runs in no transaction: give it a call of its own, sql.exec(…)");
    }
    if *code == SqlState::DISK_FULL {
        return own("make room on the server's disk: nothing was changed");
    }
    if *code == SqlState::INDETERMINATE_DATATYPE || *code == SqlState::AMBIGUOUS_FUNCTION {
        return own("say of what type the value is: ${x}::text, ${x}::int");
    }
    if *code == SqlState::SYNTAX_ERROR && said.message().contains("\"$") {
        return own("PostgreSQL takes a value only where an expression stands: not in CREATE, ALTER, SET and the like");
    }
    said.hint().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_no_bytes() {
        assert_eq!(offset("äx", 2), Some(2));
        assert_eq!(offset("x", 9), Some(1));
        assert_eq!(offset("x", 0), None);
    }
}
