//! One request over a connection of its own, and how long each part of it takes. Nothing is kept, and no proxy is asked:
//! it is the way from here to there that is measured.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::tls::{Trust, client};
use crate::host::{Cancel, HttpError, HttpRequest, HttpTiming};

fn failed(message: String, never_sent: bool) -> HttpError {
    HttpError { message, never_sent, cancelled: false }
}

/// Sends it, and reads the answer to its end.
pub(super) async fn measure(request: &HttpRequest, cancel: &Cancel) -> Result<HttpTiming, HttpError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => {
            Err(HttpError { message: "stopped before there was an answer".to_owned(), never_sent: false, cancelled: true })
        }
        timing = parts(request) => timing,
    }
}

async fn parts(request: &HttpRequest) -> Result<HttpTiming, HttpError> {
    let url = url::Url::parse(&request.url).map_err(|error| failed(format!("this is no address: {error}"), true))?;
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    let peer = format!("{host}:{port}");
    let begun = Instant::now();
    let addresses = tokio::net::lookup_host((host.as_str(), port)).await.map(Iterator::collect::<Vec<SocketAddr>>);
    let addresses = addresses.map_err(|_| failed(format!("the name of {peer} could not be resolved"), true))?;
    let dns = begun.elapsed();
    let (stream, address) = connect(&addresses, &peer).await?;
    let connected = begun.elapsed();
    let mut timing = HttpTiming {
        address: address.ip().to_string(),
        dns,
        connect: connected.saturating_sub(dns),
        ..HttpTiming::default()
    };
    if url.scheme() == "https" {
        let trust = match (&request.ca, request.insecure) {
            (_, true) => Trust::Anybody,
            (Some(path), false) => Trust::File(path.clone()),
            (None, false) => Trust::System,
        };
        let config = client(&trust).map_err(|why| failed(why, true))?;
        let name = ServerName::try_from(host)
            .map_err(|_| failed(format!("{peer} is no name that a certificate can have"), true))?;
        let encrypted = tokio_rustls::TlsConnector::from(config).connect(name, stream).await;
        let encrypted = encrypted.map_err(|error| failed(format!("no TLS with {peer}: {error}"), true))?;
        timing.tls = begun.elapsed().saturating_sub(connected);
        exchange(encrypted, request, &url, begun, &mut timing).await
    } else {
        exchange(stream, request, &url, begun, &mut timing).await
    }
    .map_err(|error| failed(format!("{peer} gave no answer: {error}"), false))?;
    timing.total = begun.elapsed();
    Ok(timing)
}

async fn connect(addresses: &[SocketAddr], peer: &str) -> Result<(TcpStream, SocketAddr), HttpError> {
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok((stream, *address)),
            Err(error) => last = Some(error),
        }
    }
    let message = match last {
        Some(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            format!("{peer} refused the connection: nothing listens there")
        }
        Some(error) => format!("no connection to {peer}: {error}"),
        None => format!("the name of {peer} has no address"),
    };
    Err(failed(message, true))
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &HttpRequest,
    url: &url::Url,
    begun: Instant,
    timing: &mut HttpTiming,
) -> std::io::Result<()> {
    let before: Duration = begun.elapsed();
    let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut head = format!(
        "GET {}{query} HTTP/1.1\r\nhost: {authority}\r\nuser-agent: rbk/{}\r\naccept: */*\r\nconnection: close\r\n",
        url.path(),
        env!("CARGO_PKG_VERSION")
    );
    for (name, value) in &request.headers {
        let is_plain = |text: &str| !text.chars().any(char::is_control);
        if !is_plain(name) || !is_plain(value) || name.contains(':') {
            return Err(std::io::Error::other(format!("the header {name:?} cannot be sent")));
        }
        for part in [name, ": ", value, "\r\n"] {
            head.push_str(part);
        }
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    let (mut answer, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        let read = match stream.read(&mut buffer).await {
            Ok(read) => read,
            // Many a server just goes, without the end that TLS asks for.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(error),
        };
        if timing.size == 0 {
            timing.first_byte = begun.elapsed().saturating_sub(before);
        }
        if read == 0 {
            break;
        }
        timing.size += read as u64;
        if timing.size > request.max_body {
            return Err(std::io::Error::other(format!("it is longer than {} bytes", request.max_body)));
        }
        if answer.len() < 64 {
            answer.extend_from_slice(&buffer[..read.min(64)]);
        }
    }
    let line = String::from_utf8_lossy(&answer);
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
    timing.status = status.ok_or_else(|| std::io::Error::other("it is no answer of HTTP"))?;
    Ok(())
}
