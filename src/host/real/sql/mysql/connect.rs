//! Connections to MySQL and MariaDB.

use std::time::Duration;

use mysql_async::{Conn, DriverError, Error, Opts, OptsBuilder, SslOpts};
use percent_encoding::percent_decode_str;

use super::told::not_connected;
use crate::host::SqlError;

/// A connection, and what is needed to stop what runs on it.
pub(super) struct Connection {
    pub(super) conn: Conn,
    pub(super) opts: Opts,
    /// `host:port`, for people.
    pub(super) peer: String,
}

/// How much is asked of TLS: the modes of the program `mysql`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Disabled,
    Preferred,
    Required,
    VerifyCa,
    VerifyIdentity,
}

struct Address {
    builder: OptsBuilder,
    mode: Mode,
    ca: Option<String>,
    peer: String,
    user: String,
    database: String,
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn address(url: &str) -> Result<Address, SqlError> {
    let wrong = |why: String| {
        SqlError::not_begun(format!("this is no address of MySQL: {why}"))
            .help("it is mysql://user:password@host:3306/name; what is no letter or digit in the password is percent-encoded, as ${password} in a literal is")
    };
    // MySQL's own scheme, so that both are read alike.
    let parsed =
        url::Url::parse(&url.replacen("mariadb://", "mysql://", 1)).map_err(|error| wrong(error.to_string()))?;
    let host = parsed.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = parsed.port().unwrap_or(3306);
    let user = match parsed.username() {
        "" => std::env::var("USER").unwrap_or_else(|_| "root".to_owned()),
        name => decoded(name),
    };
    let database = decoded(parsed.path().trim_start_matches('/'));
    let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let mut peer = format!("{shown}:{port}");
    let mut builder = OptsBuilder::default()
        .ip_or_hostname(host)
        .tcp_port(port)
        .user(Some(user.clone()))
        .pass(parsed.password().map(decoded))
        .db_name(Some(database.clone()).filter(|name| !name.is_empty()))
        .prefer_socket(false)
        // As elsewhere a row counts that the WHERE found, also where it had the new value already.
        .client_found_rows(true)
        // So that a timestamp is the instant that it is.
        .setup(vec!["SET time_zone = '+00:00'"]);
    let (mut mode, mut ca, mut through_socket) = (Mode::Preferred, None, false);
    for (name, value) in parsed.query_pairs() {
        match (&*name, value.to_ascii_uppercase().as_str()) {
            ("ssl-mode", "DISABLED") => mode = Mode::Disabled,
            ("ssl-mode", "PREFERRED") => mode = Mode::Preferred,
            ("ssl-mode", "REQUIRED") => mode = Mode::Required,
            ("ssl-mode", "VERIFY_CA") => mode = Mode::VerifyCa,
            ("ssl-mode", "VERIFY_IDENTITY") => mode = Mode::VerifyIdentity,
            ("ssl-ca", _) => ca = Some(value.into_owned()),
            ("socket", _) => {
                peer.clone_from(&value.to_string());
                builder = builder.socket(Some(value.into_owned()));
                through_socket = true;
            }
            _ => {
                let known = "ssl-mode (DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY), ssl-ca and socket";
                return Err(wrong(format!("`{name}={value}` is not known; these are: {known}")));
            }
        }
    }
    if through_socket {
        // The driver cannot encrypt there, and nobody is on the way who could listen.
        mode = match mode {
            Mode::Disabled | Mode::Preferred => Mode::Disabled,
            Mode::Required | Mode::VerifyCa | Mode::VerifyIdentity => {
                return Err(wrong("a socket is on this machine, and is not encrypted: leave out ssl-mode".to_owned()));
            }
        };
    }
    Ok(Address { builder, mode, ca, peer, user, database })
}

impl Address {
    /// What TLS must be like; `None` is without.
    fn tls(&self) -> Option<SslOpts> {
        // A second installation is refused, and means that the first stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let opts = match self.mode {
            Mode::Disabled => return None,
            Mode::Preferred | Mode::Required => {
                return Some(
                    SslOpts::default().with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true),
                );
            }
            Mode::VerifyCa => SslOpts::default().with_danger_skip_domain_validation(true),
            Mode::VerifyIdentity => SslOpts::default(),
        };
        Some(match &self.ca {
            Some(path) => {
                opts.with_disable_built_in_roots(true).with_root_certs(vec![std::path::PathBuf::from(path).into()])
            }
            None => {
                let system = rustls_native_certs::load_native_certs().certs;
                opts.with_root_certs(system.into_iter().map(|found| found.to_vec().into()).collect())
            }
        })
    }
}

/// Makes a connection.
pub(super) async fn connect(url: &str, limit: Duration) -> Result<Connection, SqlError> {
    let address = address(url)?;
    let made = tokio::time::timeout(limit, async {
        let opts: Opts = address.builder.clone().ssl_opts(address.tls()).into();
        match Conn::new(opts.clone()).await {
            Err(Error::Driver(DriverError::NoClientSslFlagFromServer)) if address.mode == Mode::Preferred => {
                let opts: Opts = address.builder.clone().into();
                Conn::new(opts.clone()).await.map(|conn| (conn, opts))
            }
            made => made.map(|conn| (conn, opts)),
        }
    })
    .await;
    let peer = address.peer;
    let Ok(made) = made else {
        return Err(SqlError::not_begun(format!("{peer} gave no answer in {limit:?}"))
            .help("is it the right host and port, and may this machine reach it (firewall, VPN, proxy)?"));
    };
    match made {
        Ok((conn, opts)) => Ok(Connection { conn, opts, peer }),
        Err(error) => Err(not_connected(&error, &peer, &address.user, &address.database)),
    }
}
