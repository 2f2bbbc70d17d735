//! What MySQL said, and what to do about it. Its numbers: the Error Message Reference of its manual.

use mysql_async::{DriverError, Error, IoError};

use super::super::placed::excerpt;
use crate::host::SqlError;

/// Why there is no connection.
pub(super) fn not_connected(error: &Error, peer: &str, user: &str, database: &str) -> SqlError {
    let failed = |message: String| SqlError::not_begun(message);
    match error {
        Error::Server(said) => match said.code {
            1045 | 1698 => failed(format!("{peer} does not take the password of {user}"))
                .help("look at user and password in the address; in a URL special characters are percent-encoded; MySQL also looks at where you come from"),
            1049 => failed(format!("{peer} has no database {database}"))
                .help("the last part of the address names it; \"SHOW DATABASES\" at an address without one lists them"),
            1044 => failed(format!("{peer} does not let {user} into the database {database}"))
                .help(format!("GRANT … ON {database}.* TO … by somebody who may")),
            1040 | 1203 => failed(format!("{peer} takes no more connections")).help("wait, or end some: \"SHOW PROCESSLIST\" lists them"),
            1130 => failed(format!("{peer} does not take connections from this machine"))
                .help("its users are bound to where they come from: \"SELECT user, host FROM mysql.user\" there"),
            _ => failed(format!("{peer} refuses the connection: {}", said.message)),
        },
        Error::Io(IoError::Tls(error)) => not_accepted(peer, &error.to_string()),
        Error::Io(IoError::Io(error)) if error.to_string().contains("certificate") => not_accepted(peer, &error.to_string()),
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            failed(format!("{peer} offers no TLS")).help("ssl-mode=DISABLED in the address, if the way to it is safe")
        }
        Error::Io(IoError::Io(error)) => {
            let message = match error.kind() {
                std::io::ErrorKind::ConnectionRefused => format!("{peer} refused the connection: nothing listens there"),
                std::io::ErrorKind::NotFound => format!("there is no socket of MySQL at {peer}"),
                _ if error.to_string().contains("lookup") => format!("the name of {peer} could not be resolved"),
                _ => format!("no connection to {peer}: {error}"),
            };
            failed(message).help("is it the right host and port, and is the server up? `net.port_open(host, port)` looks")
        }
        other => failed(format!("no connection to {peer}: {other}"))
            .help("is it the right host and port, and is the server up? `net.port_open(host, port)` looks"),
    }
}

fn not_accepted(peer: &str, said: &str) -> SqlError {
    let failed = SqlError::not_begun(format!("the certificate of {peer} is not accepted: {said}"));
    failed.help(if said.contains("CaUsedAsEndEntity") {
        // The driver takes the file for one of authorities only, unlike MySQL's own programs.
        "let it have a certificate that the authority has signed, and not the authority's own; ssl-mode=REQUIRED encrypts without asking who answers"
    } else if said.contains("not valid for name") {
        // Again unlike those programs.
        "the address must have a name that the certificate is for, with VERIFY_CA too; ssl-mode=REQUIRED encrypts without asking who answers"
    } else {
        "ssl-ca=/path/to/ca.pem in the address names who signed it; ssl-mode=REQUIRED encrypts without asking who answers"
    })
}

/// Why a statement failed. `None`: the server said nothing, the connection is broken.
pub(super) fn failed(error: &Error, text: &str, line: usize, peer: &str) -> Option<SqlError> {
    let Error::Server(said) = error else { return None };
    let offset = near(&said.message, text);
    let mut told = SqlError::new(shortened(&said.message));
    told.excerpt = (offset.is_some() || line > 0).then(|| excerpt(text, offset.unwrap_or(0), line));
    Some(match help(said.code, peer) {
        Some(help) => told.help(help),
        None => told,
    })
}

/// The message of a syntax error without the advice to look into the manual.
fn shortened(message: &str) -> String {
    match (message.find("; check the manual"), message.find(" to use near ")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &message[..from], &message[to + " to use".len()..]),
        _ => message.to_owned(),
    }
}

/// Where in the text that is which a syntax error names: `near 'FORM t' at line 1`.
fn near(message: &str, text: &str) -> Option<usize> {
    let (_, rest) = message.split_once(" near '")?;
    let (near, _) = rest.rsplit_once("' at line ")?;
    if near.is_empty() {
        return Some(text.trim_end().len());
    }
    text.find(near)
}

fn help(code: u16, peer: &str) -> Option<String> {
    let own = |text: &str| Some(text.to_owned());
    match code {
        1792 => own("a read changes nothing: write sql.exec(…), in a step"),
        1290 | 1836 => own("the server is a replica, or was set read-only: ask the primary"),
        1142 | 1143 | 1227 | 1044 | 1370 => {
            Some(format!("the user of this address may not do that at {peer}: use another, or GRANT it"))
        }
        1146 => own("the tables are listed by \"SHOW TABLES\"; another database's is written database.table"),
        1054 => own("the columns are listed by \"DESCRIBE\" and the table's name"),
        1205 | 1213 => own(
            "somebody else holds a lock: \"SHOW PROCESSLIST\" shows who works, \"SHOW ENGINE INNODB STATUS\" who waits",
        ),
        1046 => own("name the database at the end of the address: mysql://…/name"),
        1021 | 1114 => own("make room on the server's disk: nothing was changed"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_tls_is_told() {
        let told = not_connected(&Error::Driver(DriverError::NoClientSslFlagFromServer), "db-1:3306", "ada", "shop");
        assert_eq!(told.message, "db-1:3306 offers no TLS");
        assert!(told.help.is_some_and(|help| help.starts_with("ssl-mode=DISABLED")));
    }

    #[test]
    fn finds_the_place() {
        let message = "You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server version \
            for the right syntax to use near 'FORM t' at line 1";
        assert_eq!(near(message, "SELECT * FORM t"), Some(9));
        assert_eq!(shortened(message), "You have an error in your SQL syntax near 'FORM t' at line 1");
        assert_eq!(near("x near '' at line 1", "SELECT "), Some(6));
        assert_eq!(near("no place", "SELECT"), None);
    }
}
