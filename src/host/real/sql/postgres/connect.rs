//! Connections to PostgreSQL.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{Client, Config};

use super::told::not_connected;
use crate::host::SqlError;
use crate::host::real::tls::{Trust, client};

/// A connection, and what is needed to stop what runs on it.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) tls: Tls,
    /// `host:port`, for people.
    pub(super) peer: String,
    task: tokio::task::AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Left to itself it would first read all that the server has begun to send.
        self.task.abort();
    }
}

/// The address as the driver takes it, how it is encrypted, and whom it trusts.
fn config(url: &str) -> Result<(Config, Trust), SqlError> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut root, mut rest) = ("prefer", None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = value,
            Some(("sslrootcert", value)) => {
                root = Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned());
            }
            _ => rest.push(pair),
        }
    }
    let plain = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    let wrong = |why: String| {
        SqlError::not_begun(format!("this is no address of PostgreSQL: {why}"))
            .help("it is postgres://user:password@host:5432/name; what is no letter or digit in the password is percent-encoded, as ${password} in a literal is")
    };
    let mut config: Config = plain.parse().map_err(|error: tokio_postgres::Error| wrong(super::told::words(&error)))?;
    let verified = root.map_or(Trust::System, |path| Trust::File(path.into()));
    let given = verified != Trust::System;
    // The modes of libpq: only the last two say who must be at the other end, and `require` does with a file.
    let (mode, trust) = match mode {
        "disable" => (SslMode::Disable, Trust::Anybody),
        "allow" | "prefer" => (SslMode::Prefer, Trust::Anybody),
        "require" if given => (SslMode::Require, verified),
        "require" => (SslMode::Require, Trust::Anybody),
        "verify-ca" | "verify-full" => (SslMode::Require, verified),
        other => return Err(wrong(format!("sslmode={other} is none of disable, prefer, require, verify-full"))),
    };
    config.ssl_mode(mode);
    if config.get_application_name().is_none() {
        config.application_name("rbk");
    }
    if config.get_user().is_none() {
        config
            .user(std::env::var("PGUSER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "postgres".to_owned()));
    }
    if config.get_hosts().is_empty() {
        config.host("localhost");
    }
    Ok((config, trust))
}

fn peer(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    format!("{host}:{port}")
}

/// Makes a connection.
pub(super) async fn connect(url: &str, limit: Duration) -> Result<Connection, SqlError> {
    let (config, trust) = config(url)?;
    let peer = peer(&config);
    let tls = Tls(client(&trust).map_err(SqlError::not_begun)?);
    let made = tokio::time::timeout(limit, config.connect(tls.clone())).await;
    let Ok(made) = made else {
        return Err(SqlError::not_begun(format!("{peer} gave no answer in {limit:?}"))
            .help("is it the right host and port, and may this machine reach it (firewall, VPN, proxy)?"));
    };
    let (client, connection) = made.map_err(|error| not_connected(&error, &config, &peer))?;
    let task = tokio::spawn(async move {
        // What breaks it is told to whoever waits for an answer.
        let _ = connection.await;
    });
    // Should this process be killed, the server sees that nobody waits, and ends what runs (PostgreSQL 14).
    let _ = client.batch_execute("SET client_connection_check_interval = '2s'").await;
    Ok(Connection { client, tls, peer, task: task.abort_handle() })
}

/// TLS by rustls.
#[derive(Clone)]
pub(super) struct Tls(Arc<ClientConfig>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Tls {
    type Stream = Encrypted<S>;
    type TlsConnect = TlsTo;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, domain: &str) -> Result<TlsTo, Self::Error> {
        // A socket of this machine has no name, and is not encrypted.
        let name = if domain.is_empty() { "localhost" } else { domain };
        Ok(TlsTo { config: Arc::clone(&self.0), name: ServerName::try_from(name.to_owned())? })
    }
}

/// TLS to one server.
pub(super) struct TlsTo {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for TlsTo {
    type Stream = Encrypted<S>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Encrypted<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let connector = tokio_rustls::TlsConnector::from(self.config);
        Box::pin(async move { Ok(Encrypted(Box::new(connector.connect(self.name, stream).await?))) })
    }
}

/// A stream under TLS.
pub(super) struct Encrypted<S>(Box<tokio_rustls::client::TlsStream<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
