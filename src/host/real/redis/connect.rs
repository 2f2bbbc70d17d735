//! Connections to Redis.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::address::{self, Address};
use super::told;
use crate::host::RedisError;
use crate::host::real::tls;

/// A connection, which is closed when it is dropped.
pub(super) struct Connection {
    pub(super) multiplexed: MultiplexedConnection,
    /// `host:port`, for people.
    pub(super) peer: String,
    task: tokio::task::AbortHandle,
}

impl Connection {
    /// Whether the server has not closed it.
    pub(super) fn is_open(&self) -> bool {
        !self.task.is_finished()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Makes a connection.
pub(super) async fn connect(url: &str, limit: Duration) -> Result<Connection, RedisError> {
    let address = address::read(url)?;
    let made = tokio::time::timeout(limit, open(&address)).await;
    made.unwrap_or_else(|_| {
        let tls =
            if address.tls.is_some() { "does it speak TLS (or only redis://)" } else { "does it want TLS (rediss://)" };
        Err(RedisError::never_sent(format!("{} gave no answer in time", address.peer()))
            .help(format!("is it the right host and port, and {tls}? may this machine reach it (firewall, VPN)?")))
    })
}

async fn open(address: &Address) -> Result<Connection, RedisError> {
    let peer = address.peer();
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await;
    let stream = stream.map_err(|error| told::not_connected(&error, &peer))?;
    // A command must not wait for the one before it to be acknowledged.
    let _ = stream.set_nodelay(true);
    let Some(trust) = &address.tls else { return sign_on(stream, address).await };
    let config = tls::client(trust).map_err(RedisError::never_sent)?;
    let name = ServerName::try_from(address.host.clone())
        .map_err(|_| RedisError::never_sent(format!("{peer} is no name that a certificate can have")))?;
    let encrypted = tokio_rustls::TlsConnector::from(config).connect(name, stream).await;
    sign_on(encrypted.map_err(|error| told::not_encrypted(&error, &peer))?, address).await
}

/// Tells who we are, and which database is meant.
async fn sign_on<S>(stream: S, address: &Address) -> Result<Connection, RedisError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut info =
        RedisConnectionInfo::default().set_db(address.database).set_lib_name("rbk", env!("CARGO_PKG_VERSION"));
    if let Some(user) = &address.user {
        info = info.set_username(user);
    }
    if let Some(password) = &address.password {
        info = info.set_password(password);
    }
    let peer = address.peer();
    // How long an answer may take is for whoever asks to say.
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let made = MultiplexedConnection::new_with_config(&info, stream, config).await;
    let (multiplexed, driver) = made.map_err(|error| told::not_signed_on(&error, address))?;
    let task = tokio::spawn(driver).abort_handle();
    Ok(Connection { multiplexed, peer, task })
}
