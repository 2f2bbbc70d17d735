//! Addresses of databases.

use percent_encoding::percent_decode_str;

use crate::host::SqlError;

/// What speaks at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Sqlite,
    Postgres,
    MySql,
}

/// Which database an address is one of.
pub(super) fn scheme(url: &str) -> Result<Scheme, SqlError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(Scheme::Sqlite),
        Some("postgres" | "postgresql") => Ok(Scheme::Postgres),
        Some("mysql" | "mariadb") => Ok(Scheme::MySql),
        _ => Err(unknown()),
    }
}

fn unknown() -> SqlError {
    SqlError::not_begun("this is no address of a database that rbk knows")
        .help("write postgres://user:password@host/name, mysql://user:password@host/name, or sqlite:path/to/file.db")
}

/// `sqlite:path?mode=rwc`: the path, and whether a new file may be made.
pub(super) fn sqlite(url: &str) -> Result<(String, bool), SqlError> {
    let rest = url.strip_prefix("sqlite:").ok_or_else(unknown)?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let makes = match query {
        "" | "mode=rw" => false,
        "mode=rwc" => true,
        other => {
            return Err(SqlError::not_begun(format!("`?{other}` says nothing about a file of SQLite"))
                .help("only ?mode=rwc is known: make a new file if there is none"));
        }
    };
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    if path.is_empty() || path == ":memory:" {
        return Err(SqlError::not_begun("a database in memory is gone before anybody could ask it")
            .help("name a file, for example \"sqlite:${run.dir}/work.db?mode=rwc\""));
    }
    Ok((path, makes))
}
